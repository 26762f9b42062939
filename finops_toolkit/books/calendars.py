"""The period of a date in the engine: the same calendars, as expressions of whole numbers and days."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import sqlglot as sg

from ..calendars import MONTHS, Calendar
from .contract import load_contract

# Days are counted from the first of January of year 1, a Monday: as Python's date.toordinal, less 1.
_FIRST = dt.date(1, 1, 1)


class Tables(dict[str, ibis.Table]):
    """Typed tables by name, with the calendar that says what period a date lies in.

    `held`: what was made of them and is used again, for as long as figures are computed.
    """

    def __init__(self, tables: Any = (), calendar: Calendar = MONTHS):
        super().__init__(tables)
        self.calendar = calendar
        self.held: dict[str, ibis.Table] = {}

    def period_of(self, date: Any) -> Any:
        """The period a date lies in, an ordinal."""
        return period_of(self.calendar, date)

    def period_of_rows(self, name: str) -> Any:
        """The period each row of a table belongs to. What is given as a month is the period of that name."""
        return period_of_rows(self.calendar, name, self[name])


def period_of_rows(calendar: Calendar, name: str, table: ibis.Table) -> Any:
    """The period each row of a table of the contract belongs to."""
    spec = load_contract().tables[name]
    date = table[str(spec.date)]
    return month_of(date) if spec.columns[str(spec.date)].type == "month" else period_of(calendar, date)


def month_of(date: Any) -> Any:
    """The calendar month of a date, an ordinal: of a value that is a month, in every calendar the period."""
    return date.year().cast("int64") * 12 + date.month().cast("int64") - 1


def period_of(calendar: Calendar, date: Any) -> Any:
    """The period of a date or moment, an ordinal, as an Ibis expression of whole numbers.

    Portable: it counts weeks and divides, and needs neither tables nor functions of ours. It is kept short:
    every measure's query holds it.
    """
    if not calendar.pattern:
        return month_of(date)
    date = date.cast("date")
    year = date.year().cast("int64")
    # Weeks are numbered by the weekday that years end on: this is the first such day on or after the date.
    day = date.delta(ibis.literal(_FIRST), unit="day").cast("int64")
    week = (day + (6 - calendar.weekday)) // 7
    # Year ends lie up to three days beyond their calendar year, on either side.
    ends = [_year_ends(calendar, year - back) for back in range(3)]

    def within(back: int) -> Any:
        """The period of a week of the year that began after the year end `back` years ago."""
        first = (year + (1 - back)) * 12 + (calendar.closing - 11)
        # 3 of 13 weeks: rounded down after a head start, a quotient has the pattern's steps.
        number = ((week - ends[back] - 1) * 3 + _HEAD_START[calendar.pattern]) // 13
        return first + ibis.least(number, 11)

    return ibis.cases((week > ends[0], within(0)), (week > ends[1], within(1)), else_=within(2)).cast("int64")


_HEAD_START = {"4-4-5": 2, "4-5-4": 1, "5-4-4": 0}


def _year_ends(calendar: Calendar, year: Any) -> Any:
    """The number of the last week of the year anchored in a calendar year."""
    # Counted in years that begin with March, leap days come last: days are a sum of quotients.
    before_march = calendar.month < 3 and not _is_leap_end(calendar)
    counted = year - 1 if before_march else year
    days = counted * 1461 // 4 - counted // 100 + counted // 400
    sample = 2000 if before_march else 2001
    anchor = dt.date(2001, calendar.month, 28 if _is_leap_end(calendar) else _day_in(calendar))
    fixed = (anchor - _FIRST).days - (sample * 1461 // 4 - sample // 100 + sample // 400)
    return (days + (fixed + calendar.reach - calendar.weekday)) // 7


def _is_leap_end(calendar: Calendar) -> bool:
    """Whether the anchor is the last day of February, whichever that is."""
    return calendar.month == 2 and calendar.day == 31


def _day_in(calendar: Calendar) -> int:
    return min(calendar.day, (dt.date(2001, calendar.month % 12 + 1, 1) - dt.timedelta(days=1)).day)


def period_sql(calendar: Calendar, column: str, dialect: str = "duckdb") -> str:
    """The period of the date column t."column" as SQL, for reads that are written as SQL."""
    table = ibis.table({column: "date"}, name="t")
    text = ibis.to_sql(table.select(period_=period_of(calendar, table[column])), dialect=dialect)
    expression = sg.parse_one(str(text), dialect=dialect).expressions[0].this
    for found in expression.find_all(sg.exp.Column):
        found.set("table", sg.to_identifier("t"))
    return expression.sql(dialect)
