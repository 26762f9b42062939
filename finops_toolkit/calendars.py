"""Calendars: months, or periods of whole weeks (4-4-5, 4-5-4, 5-4-4) in years of 52 or 53 weeks.

A period of a week calendar is numbered like a month, by the calendar month it mostly covers: so periods are
written, added and subtracted as months are, and twelve of them make a year.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from .errors import UsageError

PATTERNS = ("4-4-5", "4-5-4", "5-4-4")
_WEEKDAYS = tuple(name.lower() for name in calendar.day_name)
_MONTHS = tuple(name.lower() for name in calendar.month_name)
YEAR_ENDS = '"last saturday of september" or "saturday nearest to 31 january"'


@dataclass(frozen=True)
class Calendar:
    """What period a day lies in, and when a period begins and ends. Without a pattern: calendar months.

    pattern: the weeks of a quarter's three periods. A year ends on the last `weekday` (Monday 0) on or before
    `reach` days after `day` of `month`: day 31 and reach 0 is the last one of the month, reach 3 the nearest
    to a day. A 53rd week belongs to the year's last period. `year_end` is how people say it.
    """

    pattern: str = ""
    year_end: str = ""
    weekday: int = 0
    month: int = 12
    day: int = 31
    reach: int = 0

    @property
    def fiscal_start(self) -> int:
        """The month, 1 to 12, that the year's first period is called by."""
        return (self.closing + 1) % 12 + 1

    @property
    def closing(self) -> int:
        """The number of a year's last period less 12 × the year it is called by: 8 for September.

        It is the month that holds the day two weeks before the year's end.
        """
        middle = self._anchor(2001) - dt.timedelta(days=14)
        return (middle.year - 2001) * 12 + middle.month - 1

    @property
    def weeks_before(self) -> tuple[int, ...]:
        """How many weeks of the year lie before each of its twelve periods."""
        first, second, third = (int(weeks) for weeks in self.pattern.split("-"))
        quarter = first + second + third
        return tuple(
            quarter * number + before for number in range(4) for before in (0, first, first + second)
        )

    def year_ends(self, year: int) -> dt.date:
        """The last day of the year that is anchored in a calendar year."""
        latest = self._anchor(year) + dt.timedelta(days=self.reach)
        return latest - dt.timedelta(days=(latest.weekday() - self.weekday) % 7)

    def start(self, period: int) -> dt.date:
        """The first day of a period."""
        if not self.pattern:
            return dt.date(period // 12, period % 12 + 1, 1)
        year, number = divmod(period - self.closing + 11, 12)
        return self.year_ends(year - 1) + dt.timedelta(days=1 + 7 * self.weeks_before[number])

    def end(self, period: int) -> dt.date:
        """The last day of a period."""
        return self.start(period + 1) - dt.timedelta(days=1)

    def days(self, first: int, last: int) -> int:
        """The days from a period to another, both included."""
        return self.start(last + 1).toordinal() - self.start(first).toordinal()

    def period_of(self, day: dt.date) -> int:
        """The period a day lies in."""
        if not self.pattern:
            return day.year * 12 + day.month - 1
        year = day.year - 1 + sum(day > self.year_ends(year) for year in (day.year - 1, day.year))
        week = (day - self.year_ends(year - 1)).days - 1
        number = sum(week >= 7 * before for before in self.weeks_before) - 1
        return year * 12 + self.closing - 11 + number

    def _anchor(self, year: int) -> dt.date:
        day = min(self.day, calendar.monthrange(year, self.month)[1])
        return dt.date(year, self.month, day)


MONTHS = Calendar()


def calendar_of(pattern: str | None, year_end: str | None) -> Calendar:
    """The calendar that books.toml describes. Raises UsageError where it cannot be understood."""
    if pattern is None and year_end is None:
        return MONTHS
    if pattern not in PATTERNS:
        raise UsageError(
            f"calendar = {pattern!r} is no calendar of weeks." if pattern else "year_end goes with calendar.",
            f"Write {', '.join(PATTERNS)}, or leave calendar and year_end out for calendar months.",
        )
    if year_end is None:
        raise UsageError(
            f"calendar = {pattern!r} needs the day that years end on.", f"Write year_end = {YEAR_ENDS}."
        )
    words = re.sub(r"\s+", " ", year_end.strip().lower())
    last = re.fullmatch(r"last (\w+) (?:of|in) (\w+)", words)
    near = re.fullmatch(r"(\w+) nearest (?:to )?(\d{1,2}) (\w+)", words)
    weekday, day, month = (last[1], 31, last[2]) if last else near.groups() if near else ("", 0, "")
    known = weekday in _WEEKDAYS and month in _MONTHS[1:]
    # The 29th of February is not in every year.
    longest = calendar.monthrange(2001, _MONTHS.index(month))[1] if known else 0
    if not known or not (last or 1 <= int(day) <= longest):
        raise UsageError(f"year_end = {year_end!r} is not understood.", f"Write {YEAR_ENDS}.")
    number, at = _MONTHS.index(month), 31 if last else int(day)
    return Calendar(pattern, words, _WEEKDAYS.index(weekday), number, at, 0 if last else 3)
