"""Meetings, the decision log and a forecast that leans: by hand on the small company, then the planted
truths.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import small_company

from finops_toolkit import collaboration
from finops_toolkit.books import Books, open_books

WAITS = "waits for a decision"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """The company one can compute by hand."""
    return open_books(small_company.write(tmp_path_factory.mktemp("small")))


def test_cadence_by_hand(small: Books) -> None:
    """Plant A, first quarter: four scheduled, three held, two with finance and operations; 59 days
    without.
    """
    row = collaboration.cadence(small, "A", "2025-Q1").table.iloc[0]

    assert (row["scheduled"], row["held"], row["lapsed"], row["both_sides"]) == (4, 3, 1, 2)
    assert row["longest_gap_days"] == 59
    assert str(row["last_held"]) == "2025-03-10"


def test_a_gap_reaches_back_and_to_the_end(small: Books) -> None:
    """In February A's meeting lapsed: from the one of 3 January to the end of the month are 56 days."""
    row = collaboration.cadence(small, "A", "2025-02").table.iloc[0]

    assert (row["held"], row["longest_gap_days"]) == (0, 56)


def test_a_meeting_elsewhere_fills_no_gap(small: Books) -> None:
    """B's meeting of February does not shorten A's gap in the whole company's figures."""
    assert collaboration.cadence(small, "CO", "2025-Q1").table.iloc[0]["longest_gap_days"] >= 59


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2025-01", {"X": "overdue", "Y": WAITS}),
        (
            "2025-02",
            {"X": "closed late", "Y": WAITS, "Z": "open", "W": WAITS},
        ),
        ("2025-03", {"Y": WAITS, "Z": "closed", "W": "overdue"}),
    ],
)
def test_the_log_is_as_it_stood(small: Books, period: str, expected: dict[str, str]) -> None:
    """At the end of each month: what was decided or closed later is not known yet, what was done before is
    gone.
    """
    table = collaboration.decision_log(small, "CO", period).table

    assert dict(zip(table["decision"], table["status"], strict=True)) == expected


def test_ages_and_values_by_hand(small: Books) -> None:
    """End of March: Y waits 89 days, W was decided 26 days ago and is worth 119."""
    log = collaboration.decision_log(small, "CO", "2025-03")
    table = log.table.set_index("decision")

    assert table.loc["Y", "age_days"] == 89 and table.loc["W", "age_days"] == 26
    assert table.loc["W", "value"] == 119_0000
    ages = log.ageing().set_index("band")
    assert ages.loc["61 to 90 days", ["waiting", "open"]].tolist() == [1, 0]
    assert ages.loc["15 to 30 days", ["waiting", "open", "value"]].tolist() == [0, 1, 119_0000]
    assert list(log.unfinished()["decision"]) == ["W", "Y"]


def test_days_to_decide_by_hand(small: Books) -> None:
    """X took 3 days in January, Z 2 in February, W 28 in March."""
    found = [collaboration.days_to_decide(small, "CO", f"2025-0{month}") for month in (1, 2, 3)]

    assert found == [[3], [2], [28]]


def test_missing_tables_are_said(tmp_path: Path) -> None:
    """Without meetings, decisions or forecasts there is a reason and an empty table."""
    data = small_company.tables()
    for name in ("meetings", "decisions", "forecasts"):
        del data[name]
    poor = open_books(small_company.write(tmp_path, data))

    asked = (collaboration.cadence, collaboration.decision_log, collaboration.forecast_cost)
    for found in [ask(poor, "A", "2025-Q1") for ask in asked]:
        assert found.table.empty and "none, because" in found.text
    assert collaboration.days_to_decide(poor, "A", "2025-Q1") == []


# --- what is planted in the shipped company --------------------------------------------------------


def test_the_lapsed_meetings_are_found(books: Books) -> None:
    """West held no S&OP meeting from May to October 2025, and nothing else lapsed so long anywhere."""
    gaps = {}
    for unit in ("NORTH", "SOUTH", "EAST", "WEST"):
        table = collaboration.cadence(books, unit, "2025-YTD").table.set_index("kind")
        gaps[unit] = int(table.loc["S&OP", "longest_gap_days"])
    lapsed = collaboration.cadence(books, "WEST", "2025-YTD").meetings
    rows = zip(lapsed["date"], lapsed["held"], lapsed["kind"], strict=True)
    months = {day.month for day, held, kind in rows if not held and kind == "S&OP"}

    assert {5, 6, 7, 8, 9, 10} <= months
    assert gaps["WEST"] > 180 and max(gaps[unit] for unit in ("NORTH", "SOUTH", "EAST")) < 100


def test_waiting_grew_while_meetings_lapsed(books: Books) -> None:
    """Decisions of West made from June to November 2025 had waited longer than those of the year before."""
    before = collaboration.days_to_decide(books, "WEST", "2024")
    during = [
        day
        for month in range(6, 12)
        for day in collaboration.days_to_decide(books, "WEST", f"2025-{month:02d}")
    ]

    assert sum(during) / len(during) > sum(before) / len(before) + 15


def test_the_leaning_forecast_is_found(books: Books) -> None:
    """West's agreed forecast of 2025 is planted 18 % too high; the year before, and other plants, lie near
    zero.
    """

    def share(unit: str, period: str) -> float:
        facts = collaboration.forecast_cost(books, unit, period).facts
        return facts["bias"] / facts["ordered"]

    assert 0.12 < share("WEST", "2025-YTD") < 0.27
    assert abs(share("WEST", "2024")) < 0.08
    assert abs(share("SOUTH", "2025-YTD")) < 0.08


def test_stock_splits_into_cash_and_overhead(books: Books) -> None:
    """Material and labour plus overhead are the change of finished stock, and that is the change of the
    table.
    """
    facts = collaboration.forecast_cost(books, "WEST", "2025-YTD").facts
    rows = books.rows("products", where={"kind": "finished"}, limit=100).set_index("product")
    ends = [
        books.rows("stock", "WEST", None, where={"date": day}, limit=1000)
        for day in ("2024-12-31", "2025-11-30")
    ]
    values = [end[end["product"].isin(rows.index)]["value"].sum() for end in ends]
    overhead = [(end["quantity"] * end["product"].map(rows["overhead_cost"])).sum() for end in ends]

    assert facts["cash_in_stock"] + facts["overhead_in_stock"] == facts["stock_change"]
    assert facts["stock_change"] / 10_000 == pytest.approx(values[1] - values[0], abs=0.01)
    assert facts["overhead_in_stock"] / 10_000 == pytest.approx(overhead[1] - overhead[0], abs=1)
