"""Five sources nobody here made: every row accounted for, every figure counted a second time.

The second counting knows nothing of the adapters: pandas and regular expressions over the raw files, with
decimals where money is summed.
"""

from __future__ import annotations

import csv
import gzip
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

from finops_toolkit import kpis
from finops_toolkit.books import Books, open_books
from finops_toolkit.periods import month_text

ADAPTERS = Path(__file__).resolve().parent.parent / "datasets" / "adapters"
FOLDERS = {
    "profitability": "obvience/customer_profitability",
    "supplier_quality": "obvience/supplier_quality",
    "customer_feedback": "obvience/customer_feedback",
    "oakland": "budget_oakland",
    "bpi2019": "eventlogs",
}
SCALE = 10_000

Opener = Callable[[str], Books]
Row = dict[str, str]


@pytest.fixture(scope="module")
def opened(shared_data: Path) -> Opener:
    """Books by the name of their adapter, opened once. Shared: only read them."""
    held: dict[str, Books] = {}

    def of(name: str) -> Books:
        if name not in held:
            held[name] = open_books(name, shared_data / FOLDERS[name])
        return held[name]

    return of


@pytest.fixture(scope="module")
def raw(shared_data: Path) -> Callable[[str, str], list[Row]]:
    """Rows of a raw CSV file, all text, by the adapter's name and the file's."""

    def of(name: str, file: str) -> list[Row]:
        with (shared_data / FOLDERS[name] / file).open(encoding="utf-8", newline="") as text:
            return list(csv.DictReader(text))

    return of


def frame(books: Books, table: str) -> Any:
    """A typed table as pandas, decimals exact."""
    return books.tables[table].to_pandas()


def valued(books: Books, unit: str, period: str) -> dict[str, float]:
    """KPIs that have a value, of one unit and period. The others say why not, in words."""
    table = kpis.values(books, units=[unit], periods=[period])
    without = table[table.value.isna()]
    assert without.reason.str.len().gt(10).all()
    return dict(table[table.value.notna()].set_index("kpi").value)


def total(books: Books, measure: str, unit: str, starts: str) -> Decimal:
    """A measure's movement over the months whose text begins so (a year, or a month), exact."""
    panel = books.panel()
    row = zip(panel.months, panel.series(measure, unit), strict=True)
    return Decimal(sum(int(value) for month, value in row if month_text(month).startswith(starts))) / SCALE


# --- every row, and its money, is used or rejected with a reason ----------------------------------------

ROWS = {
    ("profitability", "balances"): (47_646, 25_658, {"budget, not actual: in the table budget": 21_988}),
    ("profitability", "budget"): (47_646, 21_988, {"actual, not budget: in the table balances": 25_658}),
    ("supplier_quality", "incidents"): (6_145, 6_145, {}),
    ("customer_feedback", "surveys"): (45_218, 45_218, {}),
    ("customer_feedback", "incidents"): (
        126_644,
        15_254,
        {"a support ticket that was not escalated is no complaint": 111_390},
    ),
    ("oakland", "budget"): (26_982, 26_982, {}),
    ("bpi2019", "events"): (
        338_247,
        338_205,
        {
            "vendor's document dated before the company's own first step": 37,
            "vendor's document dated after the company's own last step": 5,
        },
    ),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_every_row_is_accounted_for(opened: Opener, name: str) -> None:
    """Rows read = rows used + rows rejected by reason, and the same for money; nothing stops the work."""
    books = opened(name)
    found = {
        (name, tie.table): (tie.read, tie.used, {part.reason: part.rows for part in tie.rejected})
        for tie in books.opened.ties
    }
    assert found == {key: value for key, value in ROWS.items() if key[0] == name}
    for tie in books.opened.ties:
        assert tie.rows_missing == 0 and not tie.amount_missing
    money = {tie.table for tie in books.opened.ties if tie.amount_read is not None}
    summed = {
        "profitability": {"balances", "budget"},
        "oakland": {"budget"},
        "supplier_quality": {"incidents"},
    }
    assert money == summed.get(name, set())
    # A date out of the question, a value that is no number, a key that repeats: there is none left.
    assert not [str(f) for f in books.findings() if f.level == "error"]
    assert not [str(f) for f in books.contract_findings if f.level == "difference"]


@pytest.mark.parametrize("name", FOLDERS)
def test_every_adapter_has_its_page(name: str) -> None:
    """A page says what is mapped, what comes out and what does not; the notes say it in `check`."""
    page = (ADAPTERS / name / "README.md").read_text(encoding="utf-8")
    for part in (
        f"finops check {name} --source",
        "## What becomes what",
        "## The figures come out",
        "## KPIs",
        "## Traps",
    ):
        assert part in page
    assert "[[notes]]" in (ADAPTERS / name / "books.toml").read_text(encoding="utf-8")


# --- customer profitability ----------------------------------------------------------------------------

COSTS = (
    "Material Costs",
    "Labor Costs Variable",
    "Taxes",
    "Rev for Exp Travel",
    "Travel Expenses",
    "Cost Third Party",
)


@pytest.fixture(scope="module")
def facts(raw: Callable[[str, str], list[Row]]) -> list[Row]:
    """Fact.csv."""
    return raw("profitability", "Fact.csv")


def fact_sum(facts: list[Row], columns: tuple[str, ...], scenario: str, starts: str = "") -> Decimal:
    """Exact sum of columns of Fact.csv for a scenario and the beginning of YearPeriod."""
    chosen = [f for f in facts if f["Scenario Key"] == scenario and f["YearPeriod"].startswith(starts)]
    return sum((Decimal(row[column]) for row in chosen for column in columns), Decimal(0))


@pytest.mark.parametrize(
    ("year", "revenue", "cogs", "budget"),
    [
        ("2013", "28182224.99", "20680504.65", "28938178.40"),
        ("2014", "89695674.16", "55420640.57", "88392921.40"),
    ],
)
def test_profitability_years(
    opened: Opener, facts: list[Row], year: str, revenue: str, cogs: str, budget: str
) -> None:
    """Revenue, cost of goods sold and budgeted revenue are the source's own report's, to the last digit."""
    books, cent = opened("profitability"), Decimal("0.01")
    for measure, columns, scenario, said in (
        ("revenue", ("Revenue",), "1", revenue),
        ("cogs", COSTS, "1", cogs),
        ("budget_revenue", ("Revenue",), "2", budget),
        ("budget_cogs", COSTS, "2", None),
        ("other_income", ("Subscription Revenue",), "1", None),
    ):
        found = total(books, measure, "firm", year)
        assert found == fact_sum(facts, columns, scenario, year)
        assert said is None or found.quantize(cent) == Decimal(said)


def test_profitability_by_unit_and_month(opened: Opener, facts: list[Row]) -> None:
    """Every account of every business unit and month is the sum of its rows; costs are debits."""
    expected: dict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
    for row in facts:
        unit, month = f"bu-{int(float(row['BU Key']))}", f"{row['YearPeriod'][:4]}-{row['YearPeriod'][4:]}"
        for column in (*COSTS, "Revenue", "Subscription Revenue"):
            sign = 1 if column in COSTS else -1
            expected[row["Scenario Key"], column, unit, month] += sign * Decimal(row[column])
    books = opened("profitability")
    found: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for scenario, table, column in (("1", "balances", "flow"), ("2", "budget", "amount")):
        for row in frame(books, table).itertuples():
            found[scenario, row.account, row.unit, str(row.month)[:7]] += getattr(row, column)
    assert {k: v for k, v in found.items() if v} == {k: v for k, v in expected.items() if v}
    units = books.units.set_index("unit")
    assert len(units) == 30 and units.parent.isna().sum() == 1
    assert Counter(units.kind) == {"business unit": 26, "division": 3, "company": 1}
    assert set(units[units.kind == "business unit"].parent) == {"core", "growth", "minor"}


def test_profitability_kpis(opened: Opener) -> None:
    """What the gross margin needs has a value; what needs balances, sales or fixed cost says why not."""
    year = valued(opened("profitability"), "firm", "2014-YTD")
    assert round(year["gross_margin"], 3) == 0.382 and round(year["revenue_vs_budget"], 3) == 1.015
    none = {
        "contribution_margin",
        "break_even_revenue",
        "roic",
        "dso",
        "dio",
        "return_rate",
        "roe",
        "total_equity",
        "otif",
        "copq_share",
    }
    assert not none & set(year)
    # No balance sheet is not one that does not balance.
    assert not [f for f in opened("profitability").findings() if f.rule.startswith("balance_sheet")]
    autumn = [valued(opened("profitability"), "firm", f"2014-{month:02}") for month in (8, 9, 10, 11)]
    before = [valued(opened("profitability"), "firm", f"2013-{month:02}") for month in (8, 9, 10, 11)]
    growth = sum(m["revenue"] for m in autumn) / sum(m["revenue"] for m in before) - 1
    assert round(growth, 3) == 0.578


def test_profitability_names_what_no_list_has(opened: Opener, facts: list[Row]) -> None:
    """Product 50 and 21 customers stand in no list of the source: they are there all the same."""
    books = opened("profitability")
    assert set(frame(books, "products")["product"]) == {row["Product Key"] for row in facts}
    customers = frame(books, "customers")
    assert {row["Customer Key"] for row in facts} <= set(customers.customer)
    assert len(customers) == 348 and customers.name.isna().sum() == 21


def test_profitability_traps(facts: list[Row]) -> None:
    """What the page says: repeated rows, 21.7 million to and fro, a budget like the actuals."""
    actual = [row for row in facts if row["Scenario Key"] == "1"]
    assert len(actual) - len({tuple(row.values()) for row in actual}) == 9_258
    large = [r for r in actual if abs(Decimal(r["Travel Expenses"])) > 1_000_000]
    assert len(large) == 24 and {r["BU Key"] for r in large} == {"49.0"}
    left = {
        m: sum(Decimal(r["Travel Expenses"]) for r in large if r["YearPeriod"] == m)
        for m in ("201410", "201411")
    }
    assert left == {"201410": Decimal("4532.02"), "201411": Decimal("-4532.02")}
    key = ("Customer Key", "Product Key", "BU Key", "YearPeriod")
    budget = {tuple(r[k] for k in key) for r in facts if r["Scenario Key"] == "2"}
    assert round(sum(tuple(r[k] for k in key) in budget for r in actual) / len(actual), 3) == 0.996


def test_the_latest_month_misleads(opened: Opener, facts: list[Row]) -> None:
    """Third parties' cost falls to a sixth in November 2014, and the margin doubles: the notes say so."""
    books = opened("profitability")
    margins = [valued(books, "firm", f"2014-{month}")["gross_margin"] for month in ("08", "10", "11")]
    assert [round(margin, 3) for margin in margins] == [0.575, 0.311, 0.667]
    costs = [fact_sum(facts, ("Cost Third Party",), "1", month) for month in ("201410", "201411")]
    assert [round(cost / 1_000_000, 2) for cost in costs] == [Decimal("3.26"), Decimal("0.53")]
    assert any("66.7 %" in str(finding) for finding in books.findings())


def test_a_column_without_a_line_is_shown(shared_data: Path, tmp_path: Path) -> None:
    """An account missing from accounts.csv is money on a line of its own: never lost, never guessed."""
    adapter = tmp_path / "profitability"
    shutil.copytree(ADAPTERS / "profitability", adapter)
    lines = (adapter / "accounts.csv").read_text().splitlines(keepends=True)
    (adapter / "accounts.csv").write_text("".join(line for line in lines if not line.startswith("Taxes")))
    books = open_books(adapter, shared_data / FOLDERS["profitability"])
    assert total(books, "unmapped", "firm", "2014") == Decimal("55630")
    assert [tie.amount_missing for tie in books.opened.ties] == [0, 0]


# --- supplier quality ----------------------------------------------------------------------------------


def test_quality_incidents(opened: Opener, raw: Callable[[str, str], list[Row]]) -> None:
    """Incidents by plant and month as in the file; none is made a complaint or a cost."""
    plants = {row["Plant ID"]: row["Plant"] for row in raw("supplier_quality", "Plant.csv")}
    metrics = raw("supplier_quality", "Metrics.csv")
    books = opened("supplier_quality")
    incidents, units = frame(books, "incidents"), frame(books, "units").set_index("unit").name
    expected = Counter((plants[row["Plant ID"]], row["Date"]) for row in metrics)
    assert (
        Counter(zip(incidents.unit.map(units), incidents.date.astype(str).str[:10], strict=True)) == expected
    )
    assert set(incidents.kind) == {"quality"} and incidents.cost.isna().all()
    # The number is the line of the file: the header is line 1.
    assert sorted(incidents.incident.astype(int)) == list(range(2, len(metrics) + 2))
    years = Counter(row["Date"][:4] for row in metrics)
    assert years == {"2013": 2_757, "2014": 3_388}
    assert sum(Decimal(row["Defect Qty"]) for row in metrics) == 56_010_955
    assert sum(Decimal(row["Downtime min"]) for row in metrics) == 139_288


def test_quality_kpis_by_plant_and_month(opened: Opener, raw: Callable[[str, str], list[Row]]) -> None:
    """Nonconformances, defects and downtime of every plant and month are the sums of the raw rows."""
    books = opened("supplier_quality")
    names = {name: unit for unit, name in frame(books, "units").set_index("unit").name.items()}
    plants = {row["Plant ID"]: names[row["Plant"]] for row in raw("supplier_quality", "Plant.csv")}
    expected: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    for row in raw("supplier_quality", "Metrics.csv"):
        for unit in (plants[row["Plant ID"]], "company"):
            more = (Decimal(1), Decimal(row["Defect Qty"]), Decimal(row["Downtime min"]))
            kept = expected[unit, row["Date"][:7]]
            expected[unit, row["Date"][:7]] = [a + b for a, b in zip(kept, more, strict=True)]
    ids = ["supplier_quality_events", "defective_quantity", "quality_downtime", "downtime_per_quality_event"]
    months = [f"{year}-{month:02}" for year in (2013, 2014) for month in range(1, 13)]
    table = kpis.values(books, ids, periods=months)
    assert len(table) == 4 * 24 * len(names)
    for (unit, month), rows in table.set_index("kpi").groupby(["unit", "period"]):
        events, defects, minutes = expected[unit, month]
        assert rows.value[ids[:3]].tolist() == [events, defects, minutes], (unit, month)
        mean = rows.loc["downtime_per_quality_event"]
        if events:
            assert mean.value == pytest.approx(float(minutes / events), rel=1e-12)
        else:
            assert mean.isna().value and "how long" in mean.reason
    year = kpis.values(books, ids, ["company"], ["2014"]).set_index("kpi").value
    assert year[ids[:3]].tolist() == [3_388, 32_983_053, 76_607]


def test_quality_kpis(opened: Opener) -> None:
    """Without purchases there is no rate of defects, without hours none of incidents: no KPI is 0."""
    found = valued(opened("supplier_quality"), "company", "2014")
    assert not {
        "supplier_ppm",
        "supplier_on_time",
        "incident_rate",
        "complaint_rate",
        "complaints",
        "copq_share",
        "oee",
    } & set(found)


# --- customer feedback ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def customers(raw: Callable[[str, str], list[Row]]) -> dict[str, Row]:
    """Customer_Table.csv by customer, with the country's name."""
    countries = {r["Geography ID"]: r["Country-Region"] for r in raw("customer_feedback", "Geography.csv")}
    rows = raw("customer_feedback", "Customer_Table.csv")
    return {row["Customer ID"]: {**row, "country": countries[row["Geography ID"]].lower()} for row in rows}


def test_satisfied_is_what_the_source_calls_high(opened: Opener, customers: dict[str, Row]) -> None:
    """4 and 5 of 5 are exactly the customers whose rating the source calls High, in each country."""
    surveys = frame(opened("customer_feedback"), "surveys")
    satisfied = dict(zip(surveys.response, surveys.csat >= 4, strict=True))
    assert satisfied == {key: row["Rating"] == "High" for key, row in customers.items()}
    assert dict(zip(surveys.response, surveys.unit, strict=True)) == {
        k: r["country"] for k, r in customers.items()
    }
    assert set(surveys.csat) == {1, 2, 3, 4, 5} and surveys.nps.isna().all()
    assert sum(satisfied.values()) == 39_925
    order = sorted((int(row["Original Score"]), key) for key, row in customers.items())
    answers = surveys.set_index("response").csat
    assert answers[[key for _, key in order]].is_monotonic_increasing
    high = Counter(row["Original Score"] for row in customers.values() if row["Rating"] == "High")
    assert (min(high.values()), max(high.values())) == (7_894, 8_024)


def test_ratings_have_a_value_in_one_month_only(opened: Opener, raw: Callable[[str, str], list[Row]]) -> None:
    """Answers without a date stand on the last day of the tickets; other months have none, not 0."""
    books = opened("customer_feedback")
    last = max(row["Date Completed"] for row in raw("customer_feedback", "Support_Tickets.csv"))
    assert {str(day)[:10] for day in frame(books, "surveys").date} == {last} == {"2018-12-10"}
    assert round(valued(books, "firm", "2018-12")["csat"], 4) == round(39_925 / 45_218, 4)
    assert round(valued(books, "germany", "2018-12-R3")["csat"], 4) == round(6_260 / 6_852, 4)
    assert "csat" not in valued(books, "firm", "2018-11")
    assert not {"nps", "complaint_rate"} & set(valued(books, "firm", "2018-12"))


def test_escalated_tickets(
    opened: Opener, customers: dict[str, Row], raw: Callable[[str, str], list[Row]]
) -> None:
    """Complaints are the escalated tickets, in the month they were opened and the country of the customer."""
    tickets = raw("customer_feedback", "Support_Tickets.csv")
    expected = Counter(
        (customers[row["Customer ID"]]["country"], row["Date Created"])
        for row in tickets
        if row["Escalated"] == "1"
    )
    books = opened("customer_feedback")
    incidents = frame(books, "incidents")
    assert Counter(zip(incidents.unit, incidents.date.astype(str).str[:10], strict=True)) == expected
    assert set(incidents.kind) == {"complaint"}
    assert total(books, "complaints", "firm", "2018") == 15_254
    assert total(books, "complaints", "uk", "2018") == 7_675


# --- Oakland -------------------------------------------------------------------------------------------

WITHIN = {"Interfund Transfers", "Internal Service Funds", "Transfers from Fund Balance"}


@pytest.fixture(scope="module")
def budgets(raw: Callable[[str, str], list[Row]]) -> dict[tuple[str, str], list[Row]]:
    """The three files by fiscal year and version."""
    return {
        (year, version): raw("oakland", f"FY{year[2:4]}-{year[7:]}__{version}.csv")
        for year, version in (("2013-2014", "adopted"), ("2014-2015", "adopted"), ("2014-2015", "adjusted"))
    }


def test_oakland_by_department_and_fund(opened: Opener, budgets: dict[tuple[str, str], list[Row]]) -> None:
    """Each version holds what its file holds, by department, fund and category: all of it in June."""
    expected: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for (year, version), rows in budgets.items():
        for row in rows:
            sign = -1 if row["account_type"] == "Revenue" else 1
            account = f"{row['fund_code']} {row['account_category'] or 'Expense'}"
            key = (version, f"{year[5:]}-06", row["department"] or "City of Oakland", account)
            expected[key] += sign * Decimal(row["amount"])
    books = opened("oakland")
    found: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    names = frame(books, "units").set_index("unit").name
    for row in frame(books, "budget").itertuples():
        found[row.version[2:], str(row.month)[:7], names[row.unit], row.account] += row.amount
    assert {k: v for k, v in found.items() if v} == {k: v for k, v in expected.items() if v}
    gone = {("adjusted", "2015-06", name) for name in ("Administrative Services", "Community Services")}
    assert {key[:3] for key in found if key not in expected} == gone


@pytest.mark.parametrize(
    ("year", "version", "revenue", "expense", "within"),
    [
        ("2013-2014", "adopted", 1_094_522_416, 1_094_533_634, 296_276_557),
        ("2014-2015", "adopted", 1_090_238_743, 1_090_122_151, 272_375_820),
        ("2014-2015", "adjusted", 1_148_691_330, 1_148_691_330, 305_520_066),
    ],
)
def test_oakland_totals(
    opened: Opener,
    budgets: dict[tuple[str, str], list[Row]],
    year: str,
    version: str,
    revenue: int,
    expense: int,
    within: int,
) -> None:
    """The page's totals are the files'; by fiscal year the panel takes the adjusted budget and it alone."""
    rows = budgets[year, version]
    assert sum(int(r["amount"]) for r in rows if r["account_type"] == "Revenue") == revenue
    assert sum(int(r["amount"]) for r in rows if r["account_type"] == "Expense") == expense
    assert sum(int(r["amount"]) for r in rows if r["account_category"] in WITHIN) == within
    if (year, version) == ("2014-2015", "adopted"):
        return
    books, period = opened("oakland"), f"{year[5:]}-06"
    assert total(books, "budget_administration", "oakland", period) == expense
    assert total(books, "budget_intercompany_result", "oakland", period) == within
    outside = sum(total(books, name, "oakland", period) for name in ("budget_revenue", "budget_other_income"))
    assert outside == revenue - within


def test_oakland_has_no_actuals(opened: Opener) -> None:
    """Without actual figures there is no KPI: not one, and none of them 0."""
    assert valued(opened("oakland"), "oakland", "FY2015") == {}
    assert valued(opened("oakland"), "police-department", "2015-06") == {}


# --- BPI Challenge 2019 --------------------------------------------------------------------------------

Step = tuple[str, datetime, str]


@pytest.fixture(scope="module")
def log(shared_data: Path) -> list[list[Step]]:
    """The cases of the log in its order, each with its steps: case, time, activity. Read line by line."""
    cases: list[list[Step]] = []
    case, time, inside = "", "", False
    attribute = re.compile(r'key="(concept:name|time:timestamp)" value="([^"]*)"')
    with gzip.open(
        shared_data / FOLDERS["bpi2019"] / "16_bpic2019_1t_per_variant.xes.gz", "rt", encoding="utf-8"
    ) as lines:
        for line in lines:
            if "<trace>" in line:
                cases.append([])
            elif "<event>" in line:
                inside = True
            elif "</event>" in line:
                inside = False
            elif found := attribute.search(line):
                if found[1] == "time:timestamp":
                    time = found[2]
                elif inside:
                    cases[-1].append((case, datetime.fromisoformat(time).replace(tzinfo=None), found[2]))
                else:
                    case = found[2]
    return cases


@cache
def by_whom(activity: str) -> str:
    """Who usually does it, told from its words alone."""
    words = (
        ("VEN", ("Vendor creates",)),
        ("REQ", ("SRM:", "Requisition")),
        ("REC", ("Goods Receipt", "Service Entry", "Storage Location")),
        ("AP", ("Invoice", "Payment Block")),
    )
    return next((who for who, parts in words if any(part in activity for part in parts)), "PUR")


@pytest.fixture(scope="module")
def plausible(log: list[list[Step]]) -> list[list[Step]]:
    """The log without vendors' dates before or after everything the company did itself."""
    own = [time for case in log for _, time, activity in case if not activity.startswith("Vendor")]
    first, last = min(own), max(own)
    return [[step for step in case if first <= step[1] <= last] for case in log]


def test_bpi_steps(opened: Opener, log: list[list[Step]], plausible: list[list[Step]]) -> None:
    """Every step of the log in its order, in UTC, with the department its words tell."""
    assert (len(log), sum(map(len, log))) == (11_973, 338_247)
    assert len({activity for case in log for _, _, activity in case}) == 42
    found = frame(opened("bpi2019"), "events").sort_values(["case", "step"])
    steps = [step for case in sorted(plausible, key=lambda case: case[0][0]) for step in case]
    assert found.case.tolist() == [case for case, _, _ in steps]
    assert (found.time.to_numpy() == np.array([time for _, time, _ in steps], dtype="datetime64[us]")).all()
    assert found.activity.tolist() == [activity for _, _, activity in steps]
    assert found.department.tolist() == [by_whom(activity) for _, _, activity in steps]


def test_bpi_kpis(opened: Opener, plausible: list[list[Step]]) -> None:
    """Hand-offs, cases finished and steps done again of 2018, counted a second time from the XML."""
    waits: list[int] = []
    steps = again = finished = 0
    for case in plausible:
        seen: set[str] = set()
        before: Step | None = None
        for step in case:
            _, time, activity = step
            if time.year == 2018:
                steps += 1
                again += activity in seen
                if before is not None and by_whom(before[2]) != by_whom(activity):
                    waits.append((time.date() - before[1].date()).days)
            seen.add(activity)
            before = step
        finished += bool(case) and case[-1][1].year == 2018
    assert steps == 333_413
    books = opened("bpi2019")
    assert valued(books, "company", "2018") == {
        "handoff_days": median(waits),
        "handoffs_per_case": pytest.approx(len(waits) / finished),
        "rework_share": pytest.approx(again / steps),
    }
    assert total(books, "handoffs", "company", "2018") == len(waits)


def test_bpi_dates(log: list[list[Step]]) -> None:
    """Only vendors' documents are dated before 2017 or after the log was taken."""
    odd = [
        (time.year, activity) for case in log for _, time, activity in case if not 2017 <= time.year <= 2019
    ]
    assert len(odd) == 37 and all(activity.startswith("Vendor creates") for _, activity in odd)
    assert (min(odd)[0], max(odd)[0]) == (1948, 2020)
    repeated = Counter(step for case in log for step in case)
    assert sum(repeated.values()) - len(repeated) == 173_895
