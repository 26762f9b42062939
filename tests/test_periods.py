"""Periods: how people write them, what months and days they hold, on any fiscal year."""

from __future__ import annotations

import calendar
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_toolkit.errors import UsageError
from finops_toolkit.periods import (
    Period,
    month_end,
    month_label,
    month_ordinal,
    month_start,
    month_text,
    parse_period,
)

CLOSED = 2025 * 12 + 10  # November 2025
MONTHS = st.integers(1900 * 12 + 12, 9998 * 12 + 11)
STARTS = st.integers(1, 12)


def span(text: str, fiscal_start: int = 1) -> tuple[str, str, str]:
    """A period as kind, first and last month."""
    period = parse_period(text, CLOSED, fiscal_start)
    return period.kind, month_text(period.first), month_text(period.last)


@pytest.mark.parametrize(
    ("text", "fiscal_start", "expected"),
    [
        ("latest-closed", 1, ("month", "2025-11", "2025-11")),
        ("2025-03", 1, ("month", "2025-03", "2025-03")),
        (" 2025-03 ", 4, ("month", "2025-03", "2025-03")),
        ("2025-Q1", 1, ("quarter", "2025-01", "2025-03")),
        ("2025-q4", 7, ("quarter", "2025-10", "2025-12")),
        ("2024", 1, ("year", "2024-01", "2024-12")),
        ("FY2025", 1, ("fiscal", "2025-01", "2025-12")),
        ("FY2025", 4, ("fiscal", "2024-04", "2025-03")),
        ("fy2025", 12, ("fiscal", "2024-12", "2025-11")),
        ("FY2025", 2, ("fiscal", "2024-02", "2025-01")),
        ("2025-YTD", 1, ("ytd", "2025-01", "2025-11")),
        ("2025-YTD", 10, ("ytd", "2025-10", "2025-11")),
        ("2024-YTD", 1, ("ytd", "2024-01", "2024-12")),
        ("2025-05-YTD", 1, ("ytd", "2025-01", "2025-05")),
        ("2025-05-YTD", 7, ("ytd", "2024-07", "2025-05")),
        ("2025-07-ytd", 7, ("ytd", "2025-07", "2025-07")),
        ("2025-05-R12", 7, ("rolling", "2024-06", "2025-05")),
        ("2025-01-R3", 7, ("rolling", "2024-11", "2025-01")),
        ("FY2025-Q4", 2, ("rolling", "2024-11", "2025-01")),
        ("FY2025-Q1", 10, ("rolling", "2024-10", "2024-12")),
    ],
)
def test_ways_to_write_a_period(text: str, fiscal_start: int, expected: tuple[str, str, str]) -> None:
    """Each form means the months people mean by it. A fiscal year is named after the year it ends in."""
    assert span(text, fiscal_start) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "2025-13", "2025-00", "25-01", "2025-1", "2025/11", "2025-Q5", "2025-Q0", "Q4 2025", "2025-R12",
        "FY25", "FY2025-11", "FY2025-YTD", "FY2025-Q5", "2025-11-30", "November 2025", "2025-11-R13",
        "2026-YTD", "last", "0000", "9999", "1899-12", "\uff12\uff10\uff12\uff15", "2025-11; DROP", "latest",
        "2025-11-R6", "-2025", "2025-", "2025-11-",
    ],
)  # fmt: skip
def test_what_is_no_period(text: str) -> None:
    """Anything else is wrong usage, and the message names the ways to write a period."""
    with pytest.raises(UsageError) as caught:
        parse_period(text, CLOSED)
    assert "2025-Q4" in str(caught.value) and "latest-closed" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("2025-11", "November 2025"),
        ("2025-Q4", "Q4 2025"),
        ("2025", "2025"),
        ("FY2025", "fiscal year 2025 (April 2024 to March 2025)"),
        ("2025-06-YTD", "April 2025 to June 2025"),
        ("2025-11-R12", "12 months to November 2025"),
    ],
)
def test_labels(text: str, label: str) -> None:
    """A period has a label for people."""
    assert parse_period(text, CLOSED, 4).label == label


@given(MONTHS)
def test_months_are_dates(month: int) -> None:
    """An ordinal is a month: to a date and back, with its last day and its name."""
    first, last = month_start(month), month_end(month)
    assert month_ordinal(first) == month_ordinal(last) == month
    assert first.day == 1
    assert last == dt.date.max or (last + dt.timedelta(1)).day == 1
    assert month_text(month) == first.isoformat()[:7]
    assert month_label(month) == f"{calendar.month_name[first.month]} {first.year}"


@given(MONTHS, STARTS, st.sampled_from(["{m}", "{y}", "{y}-Q2", "FY{y}", "{y}-YTD", "{m}-YTD", "{m}-R12"]))
def test_written_and_read_again(month: int, fiscal_start: int, form: str) -> None:
    """A period's text reads back as the same months, whatever the fiscal year."""
    text = form.format(m=month_text(month), y=month_text(month)[:4])
    period = parse_period(text, month, fiscal_start)
    again = parse_period(period.text, month, fiscal_start)
    assert (again.first, again.last) == (period.first, period.last)
    assert again == period or period.kind == "fiscal"


@given(MONTHS, STARTS)
def test_months_and_days(month: int, fiscal_start: int) -> None:
    """Months are whole and in order; days are those of the calendar; a year has twelve months."""
    latest = parse_period("latest-closed", month, fiscal_start)
    year, rolling, to_date = latest.year(fiscal_start), latest.rolling(), latest.ytd(fiscal_start)
    assert len(year.months) == len(rolling.months) == 12
    assert year.days in (365, 366)
    assert month in year.months and year.first == to_date.first and to_date.last == month
    assert year.first % 12 == fiscal_start - 1
    assert to_date.days == sum(calendar.monthrange(m // 12, m % 12 + 1)[1] for m in to_date.months)
    assert rolling.end == latest.end and latest.month() == latest


@given(MONTHS, STARTS)
def test_a_year_earlier(month: int, fiscal_start: int) -> None:
    """The previous year's period is the same months twelve earlier, of the same kind."""
    for text in ("latest-closed", f"{month_text(month)}-R12", f"FY{month_text(month)[:4]}"):
        period = parse_period(text, month, fiscal_start)
        before = period.previous_year()
        assert (before.first, before.last, before.kind) == (period.first - 12, period.last - 12, period.kind)
        assert [m - 12 for m in period.months] == before.months


def test_to_date_of_a_leap_february() -> None:
    """February of a leap year has its 29th day, and last year's February has not."""
    period = parse_period("2024-02", CLOSED)
    assert (period.days, period.previous_year().days) == (29, 28)
    assert (period.start, period.end) == (dt.date(2024, 2, 1), dt.date(2024, 2, 29))
    assert isinstance(period, Period)
