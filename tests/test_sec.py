"""SEC filings as books: figures of the 10-Ks come out, periods without a whole statement have none.

The oracles are the published figures and the raw JSON, read here a second time by a few lines that know
nothing of the adapter. Rules are tried on small filings written by hand.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import zipfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import small_company

from finops_toolkit import cli, kpis
from finops_toolkit.books import open_books
from finops_toolkit.books.panel_file import panel_from_bytes, panel_to_bytes
from finops_toolkit.errors import ContractError, UsageError
from finops_toolkit.sources.sec import months_of, read_sec
from finops_toolkit.terminal_peers import show_peers

ADAPTER = Path(__file__).resolve().parent.parent / "datasets" / "adapters" / "sec"
FILES = {
    "apple": "CIK0000320193.json.gz",
    "nvidia": "CIK0001045810.json.gz",
    "snowflake": "snow_facts.json.gz",
}
SCALE = 10_000
MILLION = 1_000_000
# One tag of each item that a company used throughout: what the raw file is read by.
FLOWS = {
    "apple": {"cogs": "CostOfGoodsAndServicesSold", "research": "ResearchAndDevelopmentExpense",
              "tax": "IncomeTaxExpenseBenefit", "ebit": "OperatingIncomeLoss", "net_profit": "NetIncomeLoss"},
    "nvidia": {"revenue": "Revenues", "cogs": "CostOfRevenue", "research": "ResearchAndDevelopmentExpense",
               "tax": "IncomeTaxExpenseBenefit", "ebit": "OperatingIncomeLoss",
               "net_profit": "NetIncomeLoss"},
    "snowflake": {"revenue": "RevenueFromContractWithCustomerExcludingAssessedTax",
                  "cogs": "CostOfGoodsAndServicesSold", "ebit": "OperatingIncomeLoss",
                  "selling": "SellingAndMarketingExpense"},
}  # fmt: skip


@pytest.fixture(scope="module")
def source(shared_data: Path) -> Path:
    """The folder with the three companies' facts."""
    return shared_data / "sec_companyfacts"


@pytest.fixture(scope="module")
def sec(source: Path) -> Any:
    """The three companies' books. Shared: only read them."""
    return open_books(ADAPTER, source)


def value(books: Any, kpi: str, unit: str, period: str, **options: Any) -> float:
    """A KPI's value; fails with the reason where there is none."""
    row = kpis.values(books, kpi, unit, books.period(period, unit), **options).iloc[0]
    assert not row.reason, row.reason
    return float(row.value)


def reason(books: Any, kpi: str, unit: str, period: str) -> str:
    """Why a KPI has no value."""
    row = kpis.values(books, kpi, unit, books.period(period, unit)).iloc[0]
    assert row.value != row.value
    return str(row.reason)


def latest_facts(source: Path, company: str, tag: str) -> dict[tuple[str | None, str], int]:
    """What was filed last for each exact period of a tag, from the raw file."""
    facts = json.loads(gzip.decompress((source / FILES[company]).read_bytes()))["facts"]["us-gaap"]
    found = {}
    for fact in sorted(facts[tag]["units"]["USD"], key=lambda one: (one["filed"], one["accn"])):
        found[fact.get("start"), fact["end"]] = fact["val"]
    return found


def day_number(text: str) -> int:
    """A day as a number that days can be counted with."""
    import datetime as dt

    return dt.date.fromisoformat(text).toordinal()


# --- the published figures -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "period", "figures"),
    [
        ("apple", "FY2024", {"revenue": 391_035, "cogs_total": 210_352, "gross_profit": 180_683}),
        ("nvidia", "FY2025", {"revenue": 130_497, "cogs_total": 32_639, "gross_profit": 97_858}),
        ("apple", "FY2023", {"revenue": 383_285, "cogs_total": 214_137, "ebit": 114_301,
                             "pretax_profit": 113_736, "net_profit": 96_995, "total_assets": 352_583,
                             "total_equity": 62_146}),
    ],
)  # fmt: skip
def test_figures_of_the_annual_reports(sec: Any, unit: str, period: str, figures: dict[str, int]) -> None:
    """Statement figures of the 10-Ks come out to the million they are published in."""
    assert {name: value(sec, name, unit, period) / MILLION for name in figures} == figures


@pytest.mark.parametrize(
    ("unit", "month", "figures"),
    [
        ("apple", "2024-09", {"receivables": 33_410, "inventory": 7_286, "payables": 68_960}),
        ("nvidia", "2025-01", {"receivables": 23_065, "inventory": 10_080, "payables": 6_310}),
        ("apple", "2023-09", {"receivables": 29_508, "inventory": 6_331, "payables": 62_611}),
        ("apple", "2022-09", {"receivables": 28_184, "inventory": 4_946, "payables": 64_115}),
    ],
)
def test_balances_of_the_annual_reports(sec: Any, unit: str, month: str, figures: dict[str, int]) -> None:
    """Balances stand at the month's end that the fiscal year's end is nearest to."""
    panel = sec.panel()
    at = panel.months.index(sec.period(month).last)
    assert {name: panel.series(name, unit)[at] / SCALE / MILLION for name in figures} == figures


def test_ratios_of_apple_2023(sec: Any) -> None:
    """Days by average balances and 365 days, and the five factors of DuPont, as published."""
    days = {"dso": 27.4699, "dio": 9.6109, "dpo": 108.0033, "ccc": -70.9225}
    found = {name: value(sec, f"{name}_average", "apple", "FY2023", days=365) for name in days}
    assert {name: round(one, 4) for name, one in found.items()} == days
    factors = {"tax_burden": 0.8528, "interest_burden": 0.9951, "operating_margin": 0.2982,
               "asset_turnover": 1.0868, "equity_multiplier": 6.2520, "roe": 1.7195}  # fmt: skip
    assert {name: round(value(sec, name, "apple", "FY2023"), 4) for name in factors} == factors


def test_the_days_are_the_years_own(sec: Any) -> None:
    """Apple's fiscal year 2023 had 53 weeks: 371 days, not 365."""
    assert round(value(sec, "dso_average", "apple", "FY2023"), 2) == 27.92
    assert round(value(sec, "ccc_average", "apple", "FY2023"), 2) == -72.09


# --- against the raw files -------------------------------------------------------------------------


@pytest.mark.parametrize("unit", list(FILES))
def test_four_quarters_are_the_year(sec: Any, source: Path, unit: str) -> None:
    """Of every flow and year: the four quarters come to the annual report's figure, as filed last, to the
    cent; and each of the first three quarters is the figure that was filed for it.
    """
    years = 0
    for name, tag in FLOWS[unit].items():
        kpi = {"cogs": "cogs_total"}.get(name, name)
        for (start, end), filed in latest_facts(source, unit, tag).items():
            length = day_number(end) - day_number(start) + 1 if start else 0
            month, _ = months_of(start, end)
            if month is None or not (350 <= length <= 380):
                continue
            last = int(month[:4]) * 12 + int(month[5:7]) - 1
            panel = sec.panel()
            at = panel.months.index(last)
            if panel.statements.months[panel.index(unit), at] != 3:
                continue  # before quarters were filed
            text = f"{month[:7]}-R12"
            if name in ("research", "tax", "selling"):
                assert panel.series(name, unit)[at - 11 : at + 1].sum() == filed * SCALE, (name, text)
            else:
                assert value(sec, kpi, unit, text) == filed, (name, text)
            years += 1
    assert years >= {"apple": 60, "nvidia": 80, "snowflake": 16}[unit]


@pytest.mark.parametrize("unit", list(FILES))
def test_quarters_are_those_filed(sec: Any, source: Path, unit: str) -> None:
    """Operating income of each quarter that was filed by itself, the derived fourth ones among them."""
    compared, stated = Counter({"same": 0}), sec.panel().statements.months[sec.panel().index(unit)]
    for (start, end), filed in latest_facts(source, unit, "OperatingIncomeLoss").items():
        length = day_number(end) - day_number(start) + 1 if start else 0
        month, _ = months_of(start, end)
        if month is None or not 80 <= length <= 100:
            continue
        # Of years before quarters were filed single ones stand in later reports: their year is one movement.
        if stated[sec.panel().months.index(sec.period(month[:7]).last)]:
            compared["same" if value(sec, "ebit", unit, f"{month[:7]}-R3") == filed else end] += 1
    assert compared.pop("same") >= {"apple": 50, "nvidia": 50, "snowflake": 16}[unit]
    assert not compared


@pytest.mark.parametrize("unit", list(FILES))
def test_balance_sheets_balance(sec: Any, source: Path, unit: str) -> None:
    """At every balance sheet's day debits are credits, and the assets are the total that was filed."""
    table = sec.tables["balances"]
    sums = table.filter(table.unit == unit).group_by("month").aggregate(total=table.closing.sum()).to_pandas()
    assert set(sums.total.dropna()) == {Decimal(0)}
    filed = latest_facts(source, unit, "Assets")
    for (_, end), amount in filed.items():
        month, _ = months_of(None, end)
        assert month is not None
        panel = sec.panel()
        at = panel.months.index(int(month[:4]) * 12 + int(month[5:7]) - 1)
        lines = ("cash", "receivables", "inventory", "other_current_assets", "fixed_assets", "other_assets")
        assert sum(panel.series(line, unit)[at] for line in lines) == amount * SCALE, end
    assert len(filed) >= {"apple": 60, "nvidia": 60, "snowflake": 15}[unit]


def test_every_fact_is_used_or_left_out_with_a_reason(sec: Any, source: Path) -> None:
    """As many facts are accounted for as the files hold."""
    held = 0
    for file in FILES.values():
        facts = json.loads(gzip.decompress((source / file).read_bytes()))["facts"]
        held += sum(
            len(unit) for tags in facts.values() for tag in tags.values() for unit in tag["units"].values()
        )
    (tie,) = sec.opened.ties
    assert tie.read == held == 59_645
    assert tie.rows_missing == 0 and tie.used > 2_900
    assert not [one for one in sec.findings() if one.level != "note"]


def test_what_is_not_there_is_not_zero(sec: Any) -> None:
    """Snowflake has no inventory: no days of it, and no cash cycle; its total assets are those it reports."""
    for kpi in ("dio", "dio_average", "ccc", "nwc", "inventory_turns"):
        text = reason(sec, kpi, "snowflake", "FY2025")
        assert text == "not applicable: the statements of snowflake show no inventory"
    assert value(sec, "total_assets", "snowflake", "FY2025") == 9_033_938_000
    assert "depreciation charge" in reason(sec, "ebitda", "apple", "FY2024")


# --- periods, units --------------------------------------------------------------------------------


def test_periods_without_whole_statements(sec: Any) -> None:
    """A month, a calendar quarter across fiscal ones, a time before the first statement: none, and why."""
    assert "2024-08 cannot be made of what was reported" in reason(sec, "revenue", "apple", "2024-08")
    text = reason(sec, "dso", "nvidia", "2024-Q4")
    assert text.endswith("statements are by quarter, to the end of January, April, July and October")
    assert reason(sec, "revenue", "snowflake", "2018-12-R12")
    assert value(sec, "revenue", "nvidia", "FY2025-Q4") == 39_331_000_000
    assert value(sec, "revenue", "nvidia", "2025-01-R3") == 39_331_000_000
    assert value(sec, "revenue", "apple", "2024-Q3") == 94_930_000_000


def test_a_fiscal_year_is_the_companys_own(sec: Any) -> None:
    """FY2024 means Apple's October to September when Apple is asked; of several companies it is refused."""
    spans = {unit: sec.period("FY2024", unit) for unit in FILES}
    assert [spans["apple"].start.isoformat(), spans["nvidia"].start.isoformat()] == [
        "2023-10-01",
        "2023-02-01",
    ]
    with pytest.raises(UsageError, match="apple begins with October, nvidia begins with February") as caught:
        sec.period("FY2024")
    assert "2024-09-R12" in str(caught.value.hint)
    assert sec.period("latest-closed", "apple").text == "2025-12-R12"
    assert sec.period("latest-closed", "snowflake").text == "2025-04-R12"


def test_peers_are_not_added_up(sec: Any) -> None:
    """There is no unit above the companies."""
    assert list(sec.units.unit) == list(FILES) and sec.units.parent.isna().all()


def test_one_company_alone(source: Path, tmp_path: Path) -> None:
    """Where one company is opened, its fiscal year needs no unit."""
    shutil.copy(source / FILES["apple"], tmp_path)
    books = open_books("sec", tmp_path)
    assert books.period("FY2024").start.isoformat() == "2023-10-01"


def test_the_panel_is_kept_with_its_statements(sec: Any) -> None:
    """A snapshot's panel refuses the same periods."""
    stated = panel_from_bytes(panel_to_bytes(sec.facts.panel)).statements
    assert stated is not None
    assert (stated.months == sec.panel().statements.months).all()
    assert (stated.days == sec.panel().statements.days).all()


# --- small filings -----------------------------------------------------------------------------------

YEAR = {
    "Q1": ("2023-01-01", "2023-03-31"),
    "Q2": ("2023-04-01", "2023-06-30"),
    "Q3": ("2023-07-01", "2023-09-30"),
    "H1": ("2023-01-01", "2023-06-30"),
    "FY": ("2023-01-01", "2023-12-31"),
}
Fact = tuple[str, str, Any, str]  # tag, period ("Q1", or a day), value, filed


def filing(facts: list[Fact], name: str = "Small Co", cik: int = 7, unit: str = "USD") -> dict[str, Any]:
    """A companyfacts document."""
    tags: dict[str, Any] = {}
    for number, (tag, when, amount, filed) in enumerate(facts):
        start, end = YEAR.get(when, when.split("/") if "/" in when else (None, when))
        fact = {"end": end, "val": amount, "accn": f"0000000007-23-{number:06d}", "fy": 2023, "fp": "FY",
                "form": "10-K", "filed": filed}  # fmt: skip
        held = tags.setdefault(tag, {"label": tag, "description": "", "units": {}})["units"]
        held.setdefault(unit, []).append(({"start": start} if start else {}) | fact)
    return {"cik": cik, "entityName": name, "facts": {"us-gaap": tags}}


def whole_year(revenue: str = "Revenues", leave: tuple[str, ...] = ()) -> list[Fact]:
    """Statements of a year: revenue 100, 110, 120 and 450 in the year, a quarter of it cost, 10 % profit."""
    found: list[Fact] = []
    for when, amount in (("Q1", 100), ("Q2", 110), ("Q3", 120), ("FY", 450)):
        if when not in leave:
            for tag, times in ((revenue, 1000), ("CostOfRevenue", 250)):
                found.append((tag, when, amount * times, "2024-02-01"))
            for tag in ("OperatingIncomeLoss", "NetIncomeLoss"):
                found.append((tag, when, amount * 100, "2024-02-01"))
    for day in ("2022-12-31", "2023-03-31", "2023-06-30", "2023-09-30", "2023-12-31"):
        found += [("Assets", day, 900_000, "2024-02-01"), ("AssetsCurrent", day, 500_000, "2024-02-01"),
                  ("AccountsReceivableNetCurrent", day, 90_000, "2024-02-01"),
                  ("LiabilitiesAndStockholdersEquity", day, 900_000, "2024-02-01"),
                  ("StockholdersEquity", day, 400_000, "2024-02-01")]  # fmt: skip
    return found


def opened(folder: Path, *documents: dict[str, Any]) -> Any:
    """The books of some companies' documents."""
    for number, document in enumerate(documents):
        (folder / f"CIK{number}.json").write_text(json.dumps(document))
    return open_books("sec", folder)


def left_out(books: Any) -> dict[str, int]:
    """How many facts were left out, by reason."""
    (tie,) = books.opened.ties
    assert tie.rows_missing == 0
    return {part.reason: part.rows for part in tie.rejected}


def test_the_fourth_quarter_is_what_the_year_leaves(tmp_path: Path) -> None:
    """450 less 100, 110 and 120."""
    books = opened(tmp_path, filing(whole_year()))
    assert value(books, "revenue", "small", "2023-Q4") == 120_000
    assert value(books, "gross_margin", "small", "2023") == 0.75


def test_the_figure_filed_last_counts(tmp_path: Path) -> None:
    """A restatement takes over from the first report, and is counted; the same figure again is not one."""
    facts = [
        *whole_year(),
        ("Revenues", "Q2", 111_000, "2024-05-01"),
        ("Revenues", "Q1", 100_000, "2024-05-01"),
    ]
    books = opened(tmp_path, filing(facts))
    assert value(books, "revenue", "small", "2023-Q2") == 111_000
    assert value(books, "revenue", "small", "2023-Q4") == 119_000  # the year still is the year
    told = left_out(books)
    assert told["filed again later with another figure: the later one counts"] == 1
    assert told["filed again later with the same figure"] == 1


def test_changing_tags(tmp_path: Path) -> None:
    """Of two tags of one item the first of the map counts, whenever filed; else the one there is."""
    facts = [(tag, when, amount, filed) for tag, when, amount, filed in whole_year("SalesRevenueNet")]
    facts += [("Revenues", "Q3", 130_000, "2023-11-01")]
    facts += [("RevenueFromContractWithCustomerExcludingAssessedTax", "Q3", 77_000, "2024-06-01")]
    books = opened(tmp_path, filing(facts))
    found = [value(books, "revenue", "small", f"2023-Q{quarter}") for quarter in (1, 2, 3, 4)]
    assert found == [100_000, 110_000, 130_000, 110_000]
    assert left_out(books)["another tag of the same item comes first"] == 2


def test_a_quarter_out_of_the_half_year(tmp_path: Path) -> None:
    """A second quarter that is not filed by itself is the half year less the first."""
    facts = [fact for fact in whole_year() if fact[1] != "Q2"]
    facts += [(tag, "H1", amount, "2023-08-01") for tag, amount in
              (("Revenues", 215_000), ("CostOfRevenue", 52_500), ("OperatingIncomeLoss", 21_000),
               ("NetIncomeLoss", 21_000))]  # fmt: skip
    books = opened(tmp_path, filing(facts))
    assert value(books, "revenue", "small", "2023-Q2") == 115_000
    assert value(books, "revenue", "small", "2023") == 450_000


@pytest.mark.parametrize(("leave", "months"), [(("Q3",), 6), (("Q2", "Q3"), 9), (("Q1", "Q2", "Q3"), 12)])
def test_quarters_that_are_missing(tmp_path: Path, leave: tuple[str, ...], months: int) -> None:
    """What is left of a year stands as one movement: the year is there, its last quarter is none."""
    books = opened(tmp_path, filing(whole_year(leave=leave)))
    assert value(books, "revenue", "small", "2023") == 450_000
    assert "cannot be made of what was reported" in reason(books, "revenue", "small", "2023-Q4")
    stated = books.panel().statements
    assert stated.months[0, -1] == months


def test_a_line_reported_for_a_part_of_the_year(tmp_path: Path) -> None:
    """A cost that one quarter does not show leaves no year's margin, and does not count as zero."""
    facts = [
        fact for fact in whole_year() if fact[:2] not in (("CostOfRevenue", "Q2"), ("CostOfRevenue", "FY"))
    ]
    books = opened(tmp_path, filing(facts))
    assert reason(books, "gross_margin", "small", "2023") == "the statements of small show cogs in part only"
    text = "not applicable: the statements of small show no cogs"
    assert reason(books, "gross_margin", "small", "2023-Q2") == text
    assert value(books, "ebit", "small", "2023") == 45_000


def test_a_balance_that_was_not_reported(tmp_path: Path) -> None:
    """Without a balance sheet at the quarter's end there are no days outstanding, and the reason says so."""
    facts = [fact for fact in whole_year() if fact[1] != "2023-06-30"]
    books = opened(tmp_path, filing(facts))
    assert "no balances were reported at the end of 2023-06" in reason(books, "dso", "small", "2023-Q2")
    assert "no balances were reported at the end of 2023-06" in reason(
        books, "dso_average", "small", "2023-Q3"
    )
    assert value(books, "dso", "small", "2023") == 90 / 450 * 365


def test_53_weeks(tmp_path: Path) -> None:
    """A year from 2022-12-26 to 2023-12-31 is 2023, and has 371 days."""
    fact = {"FY": "2022-12-26/2023-12-31", "Q1": "2022-12-26/2023-04-02", "Q2": "2023-04-03/2023-07-02",
            "Q3": "2023-07-03/2023-10-01"}  # fmt: skip
    days = {"2023-03-31": "2023-04-02", "2023-06-30": "2023-07-02", "2023-09-30": "2023-10-01",
            "2022-12-31": "2022-12-25"}  # fmt: skip
    facts = [
        (tag, fact.get(when, days.get(when, when)), amount, filed)
        for tag, when, amount, filed in whole_year()
    ]
    books = opened(tmp_path, filing(facts))
    assert value(books, "dso", "small", "2023") == 90 / 450 * 371
    assert value(books, "dso", "small", "2023-Q2") == pytest.approx(90 / 110 * 91)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2022-09-25", "2023-09-30", ("2023-09-01", "12")),
        ("2024-01-29", "2025-01-26", ("2025-01-01", "12")),
        ("2016-02-01", "2016-05-01", ("2016-04-01", "3")),
        ("2016-05-02", "2016-07-31", ("2016-07-01", "3")),
        (None, "2025-01-26", ("2025-01-01", "0")),
        (None, "2024-10-15", (None, None)),
        (None, "2024-02-30", (None, None)),
        (None, "9999-12-31", ("9999-12-01", "0")),
        ("0001-01-01", "0001-03-31", (None, None)),
        ("2024-12-31", "2024-01-01", (None, None)),
        ("soon", "2024-01-31", (None, None)),
        ("2024-01-01", None, (None, None)),
    ],
)
def test_months_of_a_period(start: str | None, end: str | None, expected: tuple[Any, Any]) -> None:
    """Periods end with the month whose end is nearest, at most ten days away."""
    assert months_of(start, end) == expected


def test_values_that_are_no_numbers(tmp_path: Path) -> None:
    """They are left out with their reason; the figures filed before them do not change."""
    odd = (float("nan"), float("inf"), "n/a", None, True, {"a": 1}, [1], "1e400")
    facts: list[Fact] = [("Revenues", "Q1", one, f"2024-06-{day:02d}") for day, one in enumerate(odd, 1)]
    books = opened(tmp_path, filing([*whole_year(), *facts]))
    assert value(books, "revenue", "small", "2023-Q1") == 100_000
    assert left_out(books)["its value is no number"] == len(odd)


def test_digits_are_kept(tmp_path: Path) -> None:
    """Values are text, digit by digit: a float would have changed them."""
    path = tmp_path / "one.json"
    path.write_text(json.dumps(filing([("Assets", "2023-12-31", 0, "x")])).replace('"val": 0', '"val": 0.10'))
    assert read_sec(path, {"format": "companyfacts"})["value"].to_pylist() == ["0.10"]


def test_other_currencies_and_names(tmp_path: Path) -> None:
    """The currency of most facts is the company's; two companies of one name keep their number."""
    documents = [filing(whole_year(), "Same Inc.", 11, "EUR"), filing(whole_year(), "SAME CORP", 22)]
    shares = filing([("Revenues", "Q1", 5, "2024-06-01")], "Same Inc.", 11, "shares")
    documents[0]["facts"]["us-gaap"]["Revenues"]["units"] |= shares["facts"]["us-gaap"]["Revenues"]["units"]
    books = opened(tmp_path, *documents)
    assert dict(zip(books.units.unit, books.units.currency, strict=True)) == {
        "same-11": "EUR",
        "same-22": "USD",
    }
    assert left_out(books)["not in the currency the company reports in"] == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no JSON that can be read"),
        (b'{"cik": 1, "facts": {', "no JSON that can be read"),
        (b"[1, 2]", "no companyfacts JSON"),
        (b'{"cik": 1, "facts": {"us-gaap": [1]}}', "us-gaap holds list"),
        (b'{"cik": 1, "facts": {"us-gaap": {"Assets": {"units": {"USD": [3]}}}}}', "Assets holds"),
        (b"\xff\xfe\x00", "no JSON that can be read"),
        (b"[" * 100_000, "no JSON that can be read"),
    ],
)
def test_damaged_files(tmp_path: Path, content: bytes, said: str) -> None:
    """A clear error, never a traceback."""
    (tmp_path / "CIK2.json").write_bytes(content)
    with pytest.raises(ValueError, match=said):
        read_sec(tmp_path / "CIK2.json", {"format": "companyfacts"})


def test_a_damaged_file_among_others(tmp_path: Path) -> None:
    """The books are unusable, and the error names the file."""
    (tmp_path / "CIK1.json").write_text(json.dumps(filing(whole_year())))
    (tmp_path / "CIK2.json").write_bytes(b'{"cik": 1, "facts": {')
    with pytest.raises(ContractError, match=r"CIK2.json: it is no JSON that can be read"):
        open_books("sec", tmp_path)


def test_a_gzip_that_ends_early(tmp_path: Path) -> None:
    """Truncated by a download that broke off."""
    whole = gzip.compress(json.dumps(filing(whole_year())).encode())
    (tmp_path / "CIK1.json.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ContractError, match=r"cannot be unpacked|no JSON"):
        open_books("sec", tmp_path)


# --- the quarterly data sets -------------------------------------------------------------------------

SUB = "adsh cik name sic countryba form period fy fp filed accepted instance"
NUM = "adsh tag version coreg ddate qtrs uom value footnote"


def data_set(path: Path, facts: list[Fact], more: str = "", num: str = NUM) -> None:
    """A quarter's zip in the published layout; `more`: further lines of num.txt."""
    filings = sorted({filed for *_, filed in facts})
    head = "0000000007\tSMALL CO\t3570\tUS\t10-K\t20231231\t2023\tFY"
    rows = [f"000-{n}\t{head}\t{day.replace('-', '')}\t\tx.xml" for n, day in enumerate(filings)]
    lines = []
    for tag, when, amount, filed in facts:
        start, end = YEAR.get(when, (None, when))
        quarters = 0 if start is None else (int(end[5:7]) - int(start[5:7]) + 1) // 3
        number = f"000-{filings.index(filed)}"
        lines.append(
            f"{number}\t{tag}\tus-gaap/2023\t\t{end.replace('-', '')}\t{quarters}\tUSD\t{amount}.0000\t"
        )
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("sub.txt", SUB.replace(" ", "\t") + "\n" + "\n".join(rows) + "\n")
        packed.writestr("num.txt", num.replace(" ", "\t") + "\n" + "\n".join(lines) + "\n" + more)
        packed.writestr("tag.txt", "tag\tversion\tcustom\tabstract\n")
        packed.writestr("pre.txt", "adsh\treport\tline\tstmt\n")


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """A copy of the adapter that reads data sets, as docs/peers.md tells."""
    folder = tmp_path / "adapter"
    shutil.copytree(ADAPTER, folder)
    text = (folder / "books.toml").read_text()
    entry = '[sources.facts]\nformat = "companyfacts"\nfile = "*.json*"\n'
    assert entry in text
    new = '[sources.facts]\nformat = "statement_data_sets"\nfile = "*.zip"\ncompanies = ["7"]\n'
    (folder / "books.toml").write_text(text.replace(entry, new))
    return folder


def test_data_sets_give_the_same_books(tmp_path: Path, sets: Path) -> None:
    """The same facts as a data set and as companyfacts: equal statements. Parts of a company are left out."""
    for name in ("json", "zip"):
        (tmp_path / name).mkdir()
    part = "000-0\tRevenues\tus-gaap/2023\tSubsidiaryLlc\t20230331\t1\tUSD\t5.0000\t\n"
    data_set(tmp_path / "zip" / "2024q1.zip", whole_year(), part)
    one, other = opened(tmp_path / "json", filing(whole_year())), open_books(sets, tmp_path / "zip")
    for kpi in ("revenue", "gross_margin", "ebit", "total_assets", "dso", "roe"):
        assert value(one, kpi, "small", "2023") == value(other, kpi, "small", "2023")
    assert value(other, "revenue", "small", "2023-Q4") == 120_000
    assert left_out(other)["a part of the company, not the whole"] == 1


def test_data_sets_choose_companies(tmp_path: Path, sets: Path) -> None:
    """Only the companies that the entry names are read; a set without them is said to hold nothing."""
    data_set(tmp_path / "2024q1.zip", whole_year())
    assert (
        read_sec(tmp_path / "2024q1.zip", {"format": "statement_data_sets", "companies": ["8"]}).num_rows == 0
    )
    assert read_sec(tmp_path / "2024q1.zip", {"format": "statement_data_sets"}).num_rows == len(whole_year())


@pytest.mark.parametrize(
    ("break_", "said"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:200]), "no data set that can be read"),
        (lambda path: data_set(path, whole_year(), num="adsh tag"), "num.txt lacks version, ddate"),
        (lambda path: zipfile.ZipFile(path, "w").close(), "sub.txt is not in it"),
        (lambda path: data_set(path, whole_year(), "000-0\tRevenues\n"), "no data set that can be read"),
    ],
)
def test_damaged_data_sets(tmp_path: Path, break_: Any, said: str) -> None:
    """A clear error for a set that is cut off, of another layout, or none."""
    path = tmp_path / "2024q1.zip"
    data_set(path, whole_year())
    break_(path)
    with pytest.raises(ValueError, match=said):
        read_sec(path, {"format": "statement_data_sets"})


# --- books of one's own that come by quarter -----------------------------------------------------------


def quarterly(folder: Path, rows: str) -> Any:
    """Books in the contract's tables with two plants under a group, movements by quarter."""
    (folder / "units.csv").write_text(
        "unit,name,parent,currency\nG,Group,,EUR\nA,Plant A,G,EUR\nB,Plant B,G,EUR\n"
    )
    (folder / "accounts.csv").write_text(
        "account,name,line\n4000,Sales,revenue\n5000,Cost,cogs\n1200,Trade,receivables\n"
    )
    (folder / "balances.csv").write_text("account,unit,month,flow,closing,months\n" + rows)
    return open_books(folder)


def test_a_group_needs_all_its_plants(tmp_path: Path) -> None:
    """A plant by month and one by quarter: the group's quarter is there, its month is not."""
    rows = "".join(f"4000,A,2024-0{month},-10,,\n" for month in range(1, 7))
    rows += "4000,B,2024-03,-100,,3\n4000,B,2024-06,-100,,3\n1200,A,2024-06,,5,\n1200,B,2024-06,,7,\n"
    books = quarterly(tmp_path, rows)
    assert value(books, "revenue", "G", "2024-Q2") == 130
    assert value(books, "revenue", "A", "2024-05") == 10
    assert reason(books, "revenue", "G", "2024-05") and reason(books, "revenue", "B", "2024-06")


def test_movements_of_different_spans(tmp_path: Path) -> None:
    """One unit and month cannot hold movements of a quarter and of a month: an error that says which."""
    rows = "4000,A,2024-03,-10,,3\n5000,A,2024-03,4,,1\n1200,A,2024-03,,5,\n"
    with pytest.raises(ContractError, match="movements of A at 2024-03 cover 1 to 3 months"):
        quarterly(tmp_path, rows).panel()


def test_a_hole_between_statements(tmp_path: Path) -> None:
    """A quarter nobody filed is a difference with its months."""
    rows = "4000,A,2024-03,-10,,3\n4000,A,2024-09,-10,,3\n1200,A,2024-09,,5,\n"
    found = [one for one in quarterly(tmp_path, rows).findings() if one.rule == "months_missing"]
    assert found[0].rows.to_dict("records") == [{"unit": "A", "from": "2024-04", "to": "2024-06"}]


def test_months_stay_months(tmp_path: Path) -> None:
    """Movements of single months: nothing of this applies, and a month without a booking is zero."""
    books = quarterly(tmp_path, "4000,A,2024-03,-10,,\n5000,B,2024-04,4,,\n1200,A,2024-04,,5,\n")
    assert books.panel().statements is None
    assert value(books, "revenue", "B", "2024-04") == 0


# --- peers -------------------------------------------------------------------------------------------


def test_beside_peers(sec: Any, tmp_path: Path) -> None:
    """Own twelve months beside each peer's latest ones, and the median of those that have a value."""
    rows = "".join(f"4000,A,2025-{month:02d},-10,,\n5000,A,2025-{month:02d},5,,\n" for month in range(1, 12))
    rows = "4000,A,2024-12,-10,,\n5000,A,2024-12,5,,\n" + rows + "1200,A,2025-11,,20,\n"
    frame = kpis.beside_peers(quarterly(tmp_path, rows), sec, ["dso", "gross_margin", "dio", "revenue"])
    assert set(frame.unit) == {"G"} and set(frame.period) == {"2025-11-R12"}
    dso = frame[frame.kpi == "dso"].set_index("peer")
    ends = {"apple": "2025-09-R12", "nvidia": "2025-10-R12", "snowflake": "2025-04-R12"}
    assert dict(dso.peer_period) == ends
    assert dict(dso.peer_value) == {peer: value(sec, "dso", peer, text) for peer, text in ends.items()}
    assert dso["median"].iloc[0] == sorted(dso.peer_value)[1] and dso["value"].iloc[0] == 20 / 120 * 365
    dio = frame[frame.kpi == "dio"].set_index("peer")
    assert dio.peer_reason["snowflake"] == "not applicable: the statements of snowflake show no inventory"
    assert dio.peers_with_value.iloc[0] == 2 and dio.reason.iloc[0]
    assert dio["median"].iloc[0] == (dio.peer_value["apple"] + dio.peer_value["nvidia"]) / 2
    amounts = frame[frame.kpi == "revenue"]
    assert set(amounts.peer_reason) == {"in USD, not in EUR"} and amounts["median"].isna().all()
    assert set(frame[frame.kpi == "gross_margin"]["value"]) == {0.5}


def test_peers_of_another_time(sec: Any) -> None:
    """Twelve months that ended more than a year before are no comparison."""
    frame = kpis.beside_peers(sec, sec, "dso", "apple", "2018-09-R12")
    assert list(frame.peer) == ["nvidia", "snowflake"]
    row = frame.set_index("peer").loc["snowflake"]
    assert row.peer_reason == "no twelve months of it are reported that end between 2017-09 and 2018-09"
    assert frame.peers_with_value.iloc[0] == 1


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """The facts of three small companies; the third has no trade receivables."""
    for number, name in enumerate(("One Inc", "Two Inc", "Three Inc")):
        facts = [fact for fact in whole_year() if number < 2 or fact[0] != "AccountsReceivableNetCurrent"]
        (tmp_path / f"CIK{number}.json").write_text(json.dumps(filing(facts, name, 10 + number)))
    return tmp_path


def test_peers_on_the_command_line(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For people a column a peer, with its months, and why a figure is none."""
    words = ["kpis", "sec", "--source", str(three), "--unit", "one", "--period", "FY2023"]
    assert cli.main([*words, "--kpi", "revenue,dso", "--peers", "sec", "--peers-source", str(three)]) == 0
    out = capsys.readouterr().out
    assert "two 2023-12-R12" in out and "(of 1)" in out and "statements of three show no receivables" in out


def test_peers_of_another_time_on_the_command_line(
    three: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Books that no peer's year reaches: one's own values stand there, and why the peers have none, once."""
    words = ["kpis", "northwind", "--source", str(shared_data / "northwind")]
    assert cli.main([*words, "--peers", "sec", "--peers-source", str(three)]) == 0
    said = capsys.readouterr().out
    assert "On time in full" in said and "95.0" in said
    assert said.count("no twelve months of it") == 1


def test_peers_without_a_value_to_compare(
    three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing on either side is said in a sentence, not by an empty page."""
    data = small_company.tables()
    kept = {name: data[name] for name in ("units", "products", "customers", "orders", "deliveries")}
    folder = small_company.write(tmp_path / "ours", kept)
    words = ["kpis", str(folder), "--period", "2025-03", "--peers", "sec", "--peers-source", str(three)]
    assert cli.main(words) == 0
    assert "Neither Small Company nor SEC filings has a KPI with a value" in capsys.readouterr().out


def test_peers_for_machines(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same rows as CSV and as JSON, with nothing where there is no value."""
    books = open_books("sec", three)
    frame = kpis.beside_peers(books, books, ["revenue", "dso"], "one", "FY2023")
    show_peers(books, books, frame, kpis.catalogue_of(books), "csv")
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert tuple(rows[0]) == kpis.PEER_COLUMNS and len(rows) == 4
    show_peers(books, books, frame, kpis.catalogue_of(books), "json")
    found = {(row["kpi"], row["peer"]): row for row in json.loads(capsys.readouterr().out)}
    assert found["revenue", "two"]["peer_value"] == 450_000 and found["revenue", "two"]["unit"] == "one"
    assert found["dso", "three"]["peer_value"] is None and found["dso", "three"]["peer_reason"]


def test_peers_source_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder for peers without their books is wrong usage."""
    assert cli.main(["kpis", "--peers-source", str(tmp_path)]) == 2
    assert "--peers" in capsys.readouterr().err


def test_all_companies_each_with_its_own_year(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a period each company shows its own latest twelve months, named."""
    for number, (name, left) in enumerate((("One Inc", "FY"), ("Two Inc", ""))):
        facts = [fact for fact in whole_year() if fact[1] != left]
        facts += [(tag, "2022-10-01/2022-12-31", 400, "2023-02-01") for tag in ("Revenues", "NetIncomeLoss")]
        (tmp_path / f"CIK{number}.json").write_text(json.dumps(filing(facts, name, 10 + number)))
    assert cli.main(["kpis", "sec", "--source", str(tmp_path), "--kpi", "revenue"]) == 0
    out = capsys.readouterr().out
    assert "one 2023-09-R12" in out and "two 2023-12-R12" in out
