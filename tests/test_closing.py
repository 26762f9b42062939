"""Months that are not over, and what is entered into months that were."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import small_company
from hypothesis import given
from hypothesis import strategies as st

from finops_toolkit.books import Books, open_books
from finops_toolkit.books.closing import is_over
from finops_toolkit.books.finding import Finding
from finops_toolkit.books.outline import Outline
from finops_toolkit.books.panel_file import panel_from_bytes, panel_to_bytes
from finops_toolkit.calendars import MONTHS, calendar_of
from finops_toolkit.errors import UsageError
from finops_toolkit.kpis import values
from finops_toolkit.scorecard import statement

MONEY = 10_000


def books_of(folder: Path, rows: list[tuple[str, str, str]], more: str = "") -> Books:
    """Books with these entries, each a sale for cash: posted, entered, amount."""
    journal = []
    for number, (posted, entered, amount) in enumerate(rows):
        for line, (account, sign) in enumerate((("1", ""), ("4", "-"))):
            journal.append(
                {
                    "entry": str(number),
                    "line": str(line),
                    "posted": posted,
                    "entered": entered,
                    "account": account,
                    "unit": "U",
                    "amount": sign + amount,
                }
            )
    data: small_company.Tables = {
        "units": [{"unit": "U", "name": "Unit", "currency": "EUR"}],
        "accounts": [
            {"account": "1", "name": "Cash", "line": "cash"},
            {"account": "4", "name": "Sales", "line": "revenue"},
        ],
        "journal": journal,
    }
    return open_books(small_company.write(folder, data, books=f'name = "U"\ncurrency = "EUR"\n{more}'))


def daily(last: str, first: str = "2025-01-01") -> list[tuple[str, str, str]]:
    """A sale a day up to a day."""
    day, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    return [((day + dt.timedelta(days=n)).isoformat(), "", "10") for n in range((end - day).days + 1)]


def finding(books: Books, rule: str) -> list[Finding]:
    """The findings of a rule."""
    return [found for found in books.findings() if found.rule == rule]


def test_a_month_to_the_20th_is_not_closed(tmp_path: Path) -> None:
    """The journal ends on 20 March: the latest closed month is February, and a note says why."""
    books = books_of(tmp_path, daily("2025-03-20"))
    assert books.period("latest-closed").text == "2025-02"
    (note,) = finding(books, "not_over")
    assert "2025-03 is not over: its last row is of 2025-03-20" in note.text
    assert 'closed_through = "2025-03"' in note.hint
    with pytest.raises(UsageError):
        books.period("2025-04")


def test_a_month_that_is_not_over_can_be_asked_for(tmp_path: Path) -> None:
    """March to the 20th, asked for: its figures so far, called preliminary; and so the year to it."""
    books = books_of(tmp_path, daily("2025-03-20"))
    period = books.period("2025-03")
    assert period.label == "March 2025, preliminary"
    assert statement(books, "U", period).value("revenue") == 20 * 10 * MONEY
    frame = values(books, ["revenue"], ["U"], ["2025-02", "2025-03"])
    assert frame["value"].tolist() == [280.0, 200.0]
    assert books.period("2025-03-YTD").label.endswith("preliminary")
    assert "preliminary" not in books.period("2025-02").label
    again = panel_from_bytes(panel_to_bytes(books.facts.panel))
    assert again.coverage("revenue", preliminary=True) == books.panel().coverage("revenue", preliminary=True)


def test_a_batch_may_plan_a_preliminary_month(tmp_path: Path) -> None:
    """The outline knows the month that has begun, and no later one."""
    outline = books_of(tmp_path, daily("2025-03-20")).outline
    assert outline.period("2025-03").label == "March 2025, preliminary"
    assert Outline.from_json(outline.to_json()) == outline
    with pytest.raises(UsageError):
        outline.period("2025-04")


def test_a_month_to_its_last_working_day_is_closed(tmp_path: Path) -> None:
    """The last week need not be full: rows to 28 March are a whole March."""
    books = books_of(tmp_path, daily("2025-03-28"))
    assert books.period("latest-closed").text == "2025-03"
    assert not finding(books, "not_over")


def test_books_that_always_end_early_are_closed(tmp_path: Path) -> None:
    """Where every month is posted on its first day, an early end says nothing."""
    rows = [(f"2025-0{month}-01", "", "10") for month in range(1, 5)]
    assert books_of(tmp_path, rows).period("latest-closed").text == "2025-04"


def test_closed_through_is_believed(tmp_path: Path) -> None:
    """What books.toml says comes first."""
    books = books_of(tmp_path, daily("2025-03-20"), 'closed_through = "2025-03"\n')
    assert books.period("latest-closed").text == "2025-03"
    assert not finding(books, "not_over")


def test_periods_of_weeks_end_when_they_end(tmp_path: Path) -> None:
    """With years to the last Friday of March, March 2025 ends on the 28th: rows to the 24th are all of it."""
    weeks = 'calendar = "4-4-5"\nyear_end = "last friday of march"\n'
    books = books_of(tmp_path, daily("2025-03-24"), weeks)
    assert books.period("latest-closed").text == "2025-03"


@given(st.integers(2000 * 12, 2100 * 12), st.lists(st.integers(0, 27), min_size=2, max_size=14))
def test_a_month_that_reaches_as_far_as_another_is_over(month: int, left: list[int]) -> None:
    """Over: within the last week, or no earlier than the earliest of the twelve months before."""
    calendar = calendar_of("4-4-5", "last saturday of september")
    for one in (MONTHS, calendar):
        days = {month - n: one.end(month - n) - dt.timedelta(days=early) for n, early in enumerate(left)}
        assert is_over(one, days, month) == (left[0] < 7 or left[0] <= max(left[1:13]))


LATE = [
    ("2025-01-15", "2025-01-15", "100"),
    ("2025-01-31", "2025-02-10", "20"),
    ("2025-01-31", "2025-02-11", "30"),
    ("2025-02-28", "2025-04-02", "40"),
    ("2025-03-31", "2025-04-01", "50"),
]


def test_late_postings_are_told_by_month(tmp_path: Path) -> None:
    """More than ten days after the month: 30 of January (day 11) and 40 of February, most money first."""
    (note,) = finding(books_of(tmp_path, LATE), "late_postings")
    assert note.level == "note" and note.count == 4 and note.amount == 70 * MONEY
    assert "2025-02 40.00, 2025-01 30.00" in note.text
    assert note.rows["month"].tolist() == ["2025-02", "2025-01"]


def test_how_late_is_late_can_be_said(tmp_path: Path) -> None:
    """With late_days = 30 only February's is late."""
    (note,) = finding(books_of(tmp_path, LATE, "late_days = 30\n"), "late_postings")
    assert note.amount == 40 * MONEY and "more than 30 days" in note.text


def test_what_is_entered_after_the_close_is_a_difference(tmp_path: Path) -> None:
    """Closed through February on 15 March: the 40 entered on 2 April came after that."""
    more = 'closed_through = "2025-02"\nclosed_on = 2025-03-15\n'
    (found,) = finding(books_of(tmp_path, LATE, more), "after_closing")
    assert found.level == "difference" and found.amount == 40 * MONEY
    assert "after these were closed on 2025-03-15" in found.text


def test_without_days_of_entry_nothing_is_said(tmp_path: Path) -> None:
    """The date of a document is not the day it was entered: nothing is concluded from it."""
    books = open_books(small_company.write(tmp_path))
    assert not finding(books, "late_postings") and not finding(books, "after_closing")
