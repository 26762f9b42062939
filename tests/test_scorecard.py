"""The scorecard against a company of two plants small enough to reckon by hand."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from finops_toolkit.books import open_books
from finops_toolkit.errors import UsageError
from finops_toolkit.scorecard import (
    actions_follow_up,
    attention,
    key_figures,
    opening,
    sources,
    statement,
    trend,
)
from finops_toolkit.scorecard.key_figures import SCORECARD
from finops_toolkit.variance import profit_bridge, sales_bridge
from finops_toolkit.variance.profit import why_no_reference

SCALE = 10_000
ACCOUNTS = """account,name,line,behaviour,driver
1000,Bank,cash,,
1100,Customers,receivables,,
1200,Stock,inventory,,
2000,Suppliers,payables,,
3000,Capital,equity,,
4000,Sales,revenue,,sales
5000,Cost of sales,cogs,variable,standard_cost
5130,Scrap,cogs,variable,scrap
6000,Sales people,selling,fixed,people
"""
# month → unit → (P sold, price of P, Q sold, scrap); Q costs 20 to the customer, P 6 and Q 12 to make, people
# 100.
MONTHS = [f"{year}-{month:02d}" for year in (2024, 2025) for month in range(1, 13)][:15]
NORMAL = (100, 10, 50, 20)
MARCH = {("2025-03", "A"): (100, 9, 60, 50)}


def books_at(folder: Path, without: tuple[str, ...] = ()):
    """The company's tables as CSV files, opened; `without` leaves tables out."""
    journal, budget, deliveries, production = [], [], [], []
    for month in MONTHS:
        day = f"{month}-15"
        for unit in ("A", "B"):
            p, price, q, scrap = MARCH.get((month, unit), NORMAL)
            sold, cost = p * price + q * 20, p * 6 + q * 12
            entry = f"{unit}{month}"
            lines = [
                ("1100", sold),
                ("4000", -sold),
                ("5000", cost),
                ("1200", -cost),
                ("5130", scrap),
                ("1200", -scrap),
                ("6000", 100),
                ("1000", -100),
            ]
            journal += [(entry, n, day, account, unit, amount) for n, (account, amount) in enumerate(lines)]
            deliveries += [
                (f"{entry}P", f"C-{unit}", unit, "P", day, p, p * price, p * 6),
                (f"{entry}Q", f"C-{unit}", unit, "Q", day, q, q * 20, q * 12),
            ]
            production.append(
                (entry, unit, f"LINE-{unit}", "P", day, 100, 90, 1, 200, 200 - scrap, 200 - scrap)
            )
            if month.startswith("2025"):
                budget += _budget(month, unit)
    if "budget" not in without:
        for month in (f"2025-{n:02d}" for n in range(4, 13)):
            budget += _budget(month, "A") + _budget(month, "B")
    tables = {
        "journal": pd.DataFrame(journal, columns=["entry", "line", "posted", "account", "unit", "amount"]),
        "budget": pd.DataFrame(
            budget, columns=["version", "month", "unit", "account", "product", "amount", "quantity"]
        ),
        "deliveries": pd.DataFrame(
            deliveries,
            columns=["delivery", "customer", "unit", "product", "shipped", "quantity", "amount", "cost"],
        ),
        "production": pd.DataFrame(
            production,
            columns=[
                "run",
                "unit",
                "resource",
                "product",
                "finished",
                "planned_minutes",
                "run_minutes",
                "ideal_minutes",
                "made",
                "first_pass_good",
                "good",
            ],
        ),
    }
    for name, frame in tables.items():
        if name not in without:
            frame.to_csv(folder / f"{name}.csv", index=False)
    for name, text in TEXTS.items():
        if name not in without:
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "books.toml").write_text('name = "Two plants"\ncurrency = "EUR"\nclosed_through = "2025-03"\n')
    return open_books(folder)


def _budget(month: str, unit: str) -> list[tuple]:
    rows = [
        ("4000", "P", -1000, 100),
        ("4000", "Q", -1000, 50),
        ("5000", "", 1200, ""),
        ("5130", "", 20, ""),
        ("6000", "", 100, ""),
    ]
    return [
        ("2025", f"{month}-01", unit, account, product, amount, each)
        for account, product, amount, each in rows
    ]


TEXTS = {
    "accounts": ACCOUNTS,
    "units": """unit,name,parent,kind,currency
CO,Two plants,,company,EUR
A,Plant A,CO,plant,EUR
B,Plant B secret,CO,plant,EUR
""",
    "products": """product,name,family,kind,standard_cost,material_cost,labour_cost,overhead_cost,list_price
P,Plain,Plains,finished,6,6,0,0,10
Q,Quality,Fines,finished,12,12,0,0,20
""",
    "customers": """customer,name,segment,terms_days
C-A,Customer <b>A</b>,shop,30
C-B,Customer B secret,shop,30
""",
    "departments": """department,name,function
FIN,Finance,finance
QUA,Quality control,quality
SAL,Sales force,sales
""",
    "invoices": """invoice,customer,unit,issued,due,paid,amount
I1,C-A,A,2025-01-10,2025-02-10,,240
I2,C-A,A,2025-01-10,2025-02-10,2025-04-05,60
I3,C-A,A,2025-03-10,2025-04-10,,999
I4,C-B,B,2025-01-10,2025-02-10,,7777
""",
    "decisions": """decision,unit,about,text,owner,raised,decided,due,closed,value
D1,A,scrap_rate,Train the crew,QUA,2025-02-01,2025-02-05,2025-03-10,,1200
D2,A,scrap,Mend the press,QUA,2024-10-01,2024-10-05,2024-12-31,2024-12-15,600
D3,A,gross_margin,Raise prices,SAL,2025-03-01,2025-03-05,2025-05-31,2025-04-20,5000
D4,B,scrap,Plan of B secret,QUA,2025-02-01,2025-02-05,2025-03-10,,1
""",
    "comments": """unit,month,about,owner,text
A,2025-03-01,scrap,QUA,The press is worn.
B,2025-03-01,scrap,QUA,Comment of B secret
""",
}


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """The two plants, whole."""
    return books_at(tmp_path_factory.mktemp("plants"))


def test_profit_bridge_reckoned_by_hand(books):
    """Prices −100; volume 10 × 5⅓ and mix 10 × 2⅔ of margin; scrap −30: from 680 to 630."""
    bridge = profit_bridge(books, "A", books.period("2025-03"))

    steps = {row.step: row.amount / SCALE for row in bridge.steps.itertuples()}
    assert (bridge.start / SCALE, bridge.end / SCALE) == (680, 630)
    assert steps == pytest.approx({"volume": 53.3333, "mix": 26.6667, "price": -100, "scrap": -30})


def test_profit_bridge_against_last_year_and_the_whole_company(books):
    """March 2024 was as budgeted, so the steps are the same; the company's are the plants' sums, here A's
    alone.
    """
    period = books.period("2025-03")
    plant = profit_bridge(books, "A", period, "last_year").steps["amount"].tolist()

    assert plant == profit_bridge(books, "A", period).steps["amount"].tolist()
    assert profit_bridge(books, "B", period).steps.empty
    company = profit_bridge(books, "CO", period)
    assert (company.start / SCALE, company.end / SCALE, company.step("scrap") / SCALE) == (1360, 1310, -30)


def test_every_bridge_closes_and_sums_over_the_units(books):
    """For every unit and kind of period the bridge ends at the ledger's operating profit, with residual 0."""
    for text in ("2025-03", "2025-Q1", "2025-YTD", "2024", "2025-03-R12"):
        period = books.period(text)
        for unit in ("CO", "A", "B"):
            for against in ("budget", "last_year"):
                if why_no_reference(books, unit, period, against):
                    with pytest.raises(UsageError, match="There is no profit bridge"):
                        profit_bridge(books, unit, period, against)
                    continue
                bridge = profit_bridge(books, unit, period, against)
                result = statement(books, unit, period)
                assert bridge.residual == 0
                assert bridge.end == result.value("ebit")
                assert bridge.start == result.value("ebit", column=against)


def test_sales_bridge_uses_products(books):
    """Revenue 2,000 → 2,100: prices −100, and 200 for ten more Q."""
    bridge = sales_bridge(books, "A", books.period("2025-03"), method="joint")

    assert {row.step: row.amount / SCALE for row in bridge.steps.itertuples()} == {
        "price": -100,
        "volume": 200,
    }


def test_without_products_in_the_budget_the_margin_is_split(tmp_path):
    """No deliveries: revenue +100 at the old margin of 40 % is +40, the margin's fall takes 60, scrap 30."""
    bare = books_at(tmp_path, ("deliveries",))
    bridge = profit_bridge(bare, "A", bare.period("2025-03"))

    assert {row.step: row.amount / SCALE for row in bridge.steps.itertuples()} == {
        "level": 40,
        "margin": -60,
        "scrap": -30,
    }
    assert "no sales records" in bridge.note


def test_sales_records_that_contradict_the_ledger_are_not_used(tmp_path):
    """Deliveries that miss the ledger by more than 1 % explain no price; the note says by how much they
    miss.
    """
    contrary = books_at(tmp_path)
    frame = pd.read_csv(tmp_path / "deliveries.csv")
    frame.loc[frame["unit"] == "A", "amount"] *= 2
    frame.to_csv(tmp_path / "deliveries.csv", index=False)
    contrary = open_books(tmp_path)

    note = profit_bridge(contrary, "A", contrary.period("2025-03")).note
    assert "sales records show sales of EUR\u00a04.2\u00a0k, the ledger EUR\u00a02.1\u00a0k" in note


def test_statement_of_a_month_the_year_to_date_and_the_outlook(books):
    """Month and year to date are the ledger's; the outlook adds the remaining budget at the rate so far."""
    result = statement(books, "A", "2025-03")

    assert [result.value("revenue", s) / SCALE for s in ("period", "ytd", "outlook")] == pytest.approx(
        [2100, 6100, 6100 + 18000 * 6100 / 6000]
    )
    assert [result.value("revenue", "outlook", c) / SCALE for c in ("budget", "last_year")] == [24000, 24000]
    assert result.value("ebit", column="delta") / SCALE == -50
    assert result.value("cogs", column="delta") / SCALE == -150
    assert result.value("inventory") / SCALE == -(14 * 1220 + 1370)
    assert "at the rate reached so far" in result.notes[0]


def test_outlook_knows_nothing_later_than_the_period(books):
    """The outlook of January is made of January and the budget, though February and March are booked."""
    early = statement(books, "A", "2025-01").value("revenue", "outlook")

    assert early / SCALE == 24000


def test_no_percentage_against_a_reference_of_zero_or_less(books):
    """Δ% is none where the reference is not positive; the amount still stands."""
    row = statement(books, "A", "2025-03").table.query("line == 'inventory' and scope == 'period'").iloc[0]

    assert row["last_year"] < 0
    assert row["delta_last_year"] > 0
    assert pd.isna(row["delta_last_year_share"])


def test_without_a_budget_last_year_stands_in(tmp_path):
    """No budget table: the columns say none with the reason, and the items compare with last year."""
    bare = books_at(tmp_path, ("budget",))
    result, items = statement(bare, "A", "2025-03"), attention(bare, "A", "2025-03", materiality_amount=10)

    assert not result.has_budget
    assert items.against == "last_year"
    assert "because there is no budget" in items.note
    assert "last year" in items.table["what"].iloc[0]


def test_items_are_ranked_with_cause_owner_due_action_and_comment(books):
    """Prices −100, scrap −30, then 300 overdue that counts with a twelfth: what, why, who, when, and the
    remark.
    """
    items = attention(books, "A", "2025-03", materiality_amount=10)
    table = items.table

    assert table["item"].tolist() == ["price", "scrap", "receivables"]
    assert [money / SCALE for money in table["money"]] == [-100, -30, -300]
    assert "10.0\u00a0% under budgeted prices" in table["cause"][0]
    assert "LINE-A scrapped 25.0\u00a0% of what it made (10.0\u00a0%" in table["cause"][1]
    assert "Customer <b>A</b> 300" in table["cause"][2]
    assert table["owner"].tolist() == ["Sales force", "Quality control", "Finance"]
    assert table["due"].tolist() == [dt.date(2025, 5, 31), dt.date(2025, 3, 10), None]
    assert table["status"].tolist() == ["open", "late", "none"]
    assert table["comment"].tolist() == [
        "No comment from the owner yet.",
        "The press is worn.",
        "No comment from the owner yet.",
    ]
    assert "Sales volume and mix" in items.bright


def test_over_a_year_cash_counts_in_full(books):
    """In the twelve months to March the 300 overdue outweigh prices −100."""
    items = attention(books, "A", "2025-03-R12", materiality_amount=10)

    assert items.table["item"].tolist()[0] == "receivables"
    assert "in full" in items.note


def test_materiality_is_the_larger_of_amount_and_share(books):
    """At 2 % of 2,100 revenue (42) scrap −30 is not shown; at an amount of 500 nothing is."""
    by_share = attention(books, "A", "2025-03", materiality_amount=10, materiality_percent=2)
    none = attention(books, "A", "2025-03", materiality_amount=500)

    assert by_share.table["item"].tolist() == ["price", "receivables"]
    assert none.table.empty
    assert "nothing went wrong by EUR\u00a0500" in none.text
    with pytest.raises(UsageError, match="negative"):
        attention(books, "A", "2025-03", materiality_amount=-1)


def test_actions_late_first_and_whether_they_worked(books):
    """An action after the period's end is as it stood then; an effect is judged before against after."""
    follow = actions_follow_up(books, "A", "2025-03")

    assert follow.table["decision"].tolist() == ["D1", "D3", "D2"]
    assert follow.table["status"].tolist() == ["late", "open", "closed"]
    assert follow.table["worked"].tolist()[:2] == ["not done yet", "not done yet"]
    assert follow.table["worked"][2].startswith("worse: Cost of scrap 20")
    assert "2\u00a0actions open, 1 of them late" in follow.text


def test_a_units_report_holds_no_other_units_figures(books):
    """Nothing of plant B, not its customers, decisions, comments or amounts, is in what plant A is shown."""
    period = "2025-03"
    results = [
        statement(books, "A", period),
        attention(books, "A", period, 9, 0, 0),
        actions_follow_up(books, "A", period),
        trend(books, "A", period),
        key_figures(books, "A", period),
        sources(books, "A", period),
    ]
    said = json.dumps([[r.table.astype(str).values.tolist(), r.text] for r in results])

    assert "secret" not in said
    assert "777" not in said


def test_the_company_names_the_unit_behind_an_item(books):
    """Above the plants an item says which of them carries it."""
    cause = attention(books, "CO", "2025-03", materiality_amount=10).table.set_index("item")["cause"]["price"]

    assert "Plant A −100 of −100" in cause


def test_missing_tables_are_said_not_shown_empty(tmp_path):
    """Only accounts, units and a journal: every part answers, and says why it has nothing."""
    bare = books_at(
        tmp_path,
        (
            "budget",
            "deliveries",
            "production",
            "invoices",
            "decisions",
            "comments",
            "departments",
            "customers",
            "products",
        ),
    )
    items = attention(bare, "A", "2025-03", materiality_amount=10)

    assert items.table["owner"].tolist() == ["Operations", "Quality"]
    assert "no table of decisions" in actions_follow_up(bare, "A", "2025-03").text
    assert "because there is no table of production" in key_figures(bare, "A", "2025-03").absent
    assert trend(bare, "A", "2025-03").reference == "last_year"


def test_without_a_ledger_it_opens_with_what_there_is(tmp_path):
    """Orders and deliveries only: values and last year's first, one sentence for what is not there, and
    nothing is said to have gone well in money that nobody booked.
    """
    bare = books_at(tmp_path, ("accounts", "journal", "budget", "invoices", "decisions", "comments"))
    figures = key_figures(bare, "A", "2025-03")
    told = opening(bare, "A", "2025-03", figures)

    # March: 100 P at 9 and 60 Q at 20; a year before 100 at 10 and 50 at 20.
    row = figures.table.set_index("kpi").loc["sales_delivered"]
    assert (row["value"], row["last_year"]) == (100 * 9 + 60 * 20, 100 * 10 + 50 * 20)
    assert "Sales delivered: EUR\u00a02.1\u00a0k (last year EUR\u00a02.0\u00a0k)" in told.text
    assert told.lacks.count("ledger") == 1 and "a journal, or balances, with accounts" in told.lacks
    items = attention(bare, "A", "2025-03")
    assert (items.text, items.note, len(items.table)) == ("", "", 0)
    assert not statement(bare, "A", "2025-03").has_figures
    assert "none by month, because needs a journal" in trend(bare, "A", "2025-03").text
    assert figures.headlines[0]["label"] == "Sales delivered"


def test_with_a_ledger_it_opens_with_the_items(books):
    """Nothing stands before the items where profit is booked, and the KPIs are the scorecard's own."""
    figures = key_figures(books, "A", "2025-03")
    told = opening(books, "A", "2025-03", figures)

    assert (told.profit, told.text, told.lacks) == (True, "", "")
    assert set(figures.table["kpi"]) <= set(SCORECARD)


def test_reported_statements_say_which_period_to_ask_for(shared_data):
    """Apple reports by quarter: a month has no profit, no bridge and no zero; the latest quarter is named."""
    sec = open_books("sec", shared_data / "sec_companyfacts")
    figures = key_figures(sec, "apple", "2025-11")
    told = opening(sec, "apple", "2025-11", figures)

    assert not told.profit and told.text == ""
    assert "statements are by quarter" in told.lacks and "-R12" in told.lacks
    ask = re.search(r"Ask for (\S+) or (\S+)\.", told.lacks)
    for period in ask.groups():
        assert opening(sec, "apple", period, figures).profit
        assert attention(sec, "apple", period).against == "last_year"
    items = attention(sec, "apple", "2025-11")
    assert items.bridge is None and items.table.empty
    assert "nothing went wrong" not in items.text + attention(sec, "apple", "2025-12").text


def test_first_month_of_the_books_has_nothing_to_compare_with(books):
    """January 2024: no budget and no year before; the items say so instead of comparing with nothing."""
    items = attention(books, "A", "2024-01")

    assert items.bridge is None
    assert "Profit items: none, because the budget does not cover January 2024" in items.note


def test_trend_counts_the_worse_months(books):
    """March 2025 is the only month of the budget that was worse."""
    run = trend(books, "A", "2025-03")

    assert run.reference == "budget"
    assert run.table["actual"].tolist()[-3:] == [680, 680, 630]
    assert "worse than budget in 1 of 3 months" in run.text


def test_unknown_names_are_answered(books):
    """A unit, period, line or reference that is not there is named, with what there is."""
    with pytest.raises(UsageError, match="The units are CO, A, B"):
        statement(books, "C", "2025-03")
    with pytest.raises(UsageError, match="The lines are revenue"):
        trend(books, "A", "2025-03", "profit")
    with pytest.raises(UsageError, match="budget or last_year"):
        profit_bridge(books, "A", books.period("2025-03"), "plan")
