"""Periods: months, quarters, years, year to date and rolling twelve, on the company's own fiscal year.

A month is an ordinal, year x 12 + month - 1, so that months add and subtract like numbers. In a calendar of
weeks it is a period of four or five of them; which days it holds, the calendar says.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from .calendars import MONTHS, Calendar
from .errors import UsageError

ALLOWED = (
    "latest-closed, a month 2025-11, a quarter 2025-Q4, a year 2025, a fiscal year FY2025, its quarter "
    "FY2025-Q4, 2025-YTD, 2025-11-YTD, twelve months 2025-11-R12 or three 2025-11-R3"
)


def month_ordinal(date: dt.date) -> int:
    """The month a date lies in, as an ordinal."""
    return date.year * 12 + date.month - 1


def month_start(month: int) -> dt.date:
    """The first day of a month."""
    return dt.date(month // 12, month % 12 + 1, 1)


def month_end(month: int) -> dt.date:
    """The last day of a month."""
    first = month_start(month)
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def month_text(month: int) -> str:
    """A month as it is written everywhere: 2025-11."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def month_label(month: int) -> str:
    """A month for people: November 2025."""
    return f"{calendar.month_name[month % 12 + 1]} {month // 12}"


@dataclass(frozen=True)
class Period:
    """A span of whole months, `first` to `last` (ordinals, both included).

    `text` is how it is written (it parses back to the same period), `label` is for people;
    `kind` is month, quarter, year, fiscal, ytd or rolling.
    """

    text: str
    kind: str
    first: int
    last: int
    label: str
    calendar: Calendar = MONTHS

    @property
    def months(self) -> list[int]:
        """The months in order."""
        return list(range(self.first, self.last + 1))

    @property
    def start(self) -> dt.date:
        """First day."""
        return self.calendar.start(self.first)

    @property
    def end(self) -> dt.date:
        """Last day."""
        return self.calendar.end(self.last)

    @property
    def days(self) -> int:
        """Actual days."""
        return self.calendar.days(self.first, self.last)

    def previous_year(self) -> Period:
        """The same months a year earlier."""
        return self._make(self.kind, self.first - 12, self.last - 12)

    def ytd(self, fiscal_start: int = 1) -> Period:
        """From the start of the fiscal year the period ends in, to its last month."""
        return self._make("ytd", fiscal_year_first(self.last, fiscal_start), self.last)

    def rolling(self) -> Period:
        """The twelve months that end with it."""
        return self._make("rolling", self.last - 11, self.last)

    def month(self) -> Period:
        """Its last month."""
        return self._make("month", self.last, self.last)

    def year(self, fiscal_start: int = 1) -> Period:
        """The whole fiscal year the period ends in."""
        first = fiscal_year_first(self.last, fiscal_start)
        return self._make("fiscal" if fiscal_start != 1 else "year", first, first + 11)

    def shifted(self, months: int) -> Period:
        """The period of the same kind and length so many months later; months that make it one again."""
        return self._make(self.kind, self.first + months, self.last + months)

    def _make(self, kind: str, first: int, last: int) -> Period:
        return _make(kind, first, last, self.calendar)


def fiscal_year_first(month: int, fiscal_start: int = 1) -> int:
    """First month of the fiscal year that holds a month."""
    return month - (month - (fiscal_start - 1)) % 12


def _make(kind: str, first: int, last: int, calendar: Calendar) -> Period:
    if kind == "month":
        text, label = month_text(last), month_label(last)
    elif kind == "quarter" and first % 3 == 0:
        text, label = f"{first // 12:04d}-Q{first % 12 // 3 + 1}", f"Q{first % 12 // 3 + 1} {first // 12}"
    elif kind == "year" and first % 12 == 0:
        text = label = f"{first // 12:04d}"
    elif kind == "fiscal":
        text = f"FY{last // 12:04d}"
        label = f"fiscal year {last // 12} ({month_label(first)} to {month_label(last)})"
    elif kind == "ytd":
        text, label = f"{month_text(last)}-YTD", f"{month_label(first)} to {month_label(last)}"
    else:
        months = last - first + 1
        text, label = f"{month_text(last)}-R{months}", f"{months} months to {month_label(last)}"
    return Period(text, kind, first, last, label, calendar)


def parse_period(text: str, closed: int, fiscal_start: int = 1, calendar: Calendar = MONTHS) -> Period:
    """A period from the way people write it.

    `closed` is the last closed month (an ordinal), `fiscal_start` the month number the fiscal year
    begins with. A fiscal year is named after the calendar year it ends in; its quarter is three months by
    their last, since 2025-Q4 is October to December for everyone. Raises UsageError.
    """
    written = str(text).strip()
    if written == "latest-closed":
        return _make("month", closed, closed, calendar)
    pattern = r"(FY)?(\d{4})(?:-(?:(\d{2})(?:-(YTD|R12|R3))?|Q([1-4])|(YTD)))?"
    found = re.fullmatch(pattern, written, re.IGNORECASE | re.ASCII)
    if not found or (found[1] and written[6:] and not found[5]):
        raise UsageError(f"The period {written!r} is not understood.", f"Write {ALLOWED}.")
    year, month = int(found[2]), int(found[3] or 1)
    if not (1900 <= year <= 9998 and 1 <= month <= 12):
        raise UsageError(f"The period {written!r} is no month of the calendar.", f"Write {ALLOWED}.")
    ordinal = year * 12 + month - 1
    if found[1]:
        # The fiscal year that ends in `year`: with an April start, FY2025 is April 2024 to March 2025.
        last = year * 12 + (fiscal_start - 2) % 12
        if found[5]:
            last -= 3 * (4 - int(found[5]))
            return _make("rolling", last - 2, last, calendar)
        return _make("fiscal", last - 11, last, calendar)
    if found[5]:
        first = year * 12 + (int(found[5]) - 1) * 3
        return _make("quarter", first, first + 2, calendar)
    if found[6]:
        # To the last closed month of that year, or to its end once it is over.
        last = min(year * 12 + 11, closed)
        if last < year * 12:
            raise UsageError(
                f"{written} has no closed month yet: the books are closed to {month_text(closed)}.",
                f"Write {ALLOWED}.",
            )
        return _make("ytd", fiscal_year_first(last, fiscal_start), last, calendar)
    if found[3] is None:
        return _make("year", year * 12, year * 12 + 11, calendar)
    if found[4] and found[4].upper() == "YTD":
        return _make("ytd", fiscal_year_first(ordinal, fiscal_start), ordinal, calendar)
    if found[4]:
        return _make("rolling", ordinal - (2 if found[4].upper() == "R3" else 11), ordinal, calendar)
    return _make("month", ordinal, ordinal, calendar)
