"""Days are whole numbers since 1970-01-01, months are indices from the run-up on."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

FIRST_YEAR = 2023  # the books open on 1 January of this year
RUN_UP = 9  # months simulated before, so that the opening balance has a past
NEVER = 2**30  # a day that does not come


def day_of(year: int, month: int, day: int = 1) -> int:
    """Day number of a calendar date."""
    return int(np.datetime64(f"{year:04d}-{month:02d}-{day:02d}", "D").astype(np.int64))


def to_workday(day: np.ndarray) -> np.ndarray:
    """The day itself, or the Monday after a weekend."""
    weekday = (day + 3) % 7
    return day + np.where(weekday == 5, 2, np.where(weekday == 6, 1, 0))


def nearest_workday(day: np.ndarray) -> np.ndarray:
    """The day itself, the Friday before a Saturday or the Monday after a Sunday."""
    weekday = (day + 3) % 7
    return day + np.where(weekday == 5, -1, np.where(weekday == 6, 1, 0))


def to_friday(day: np.ndarray) -> np.ndarray:
    """The day itself if it is a Friday, or the next one: suppliers are paid in a weekly run."""
    return day + (4 - (day + 3) % 7) % 7


@dataclass(frozen=True)
class Calendar:
    """Months of the run; `start` has the first day of each and the day after the last."""

    months: int  # months simulated, run-up included
    ordinal: np.ndarray  # year * 12 + month - 1, for 12 months more than are simulated
    start: np.ndarray
    workdays: list[np.ndarray]

    @classmethod
    def of(cls, years: int) -> Calendar:
        """The calendar of so many years after the run-up."""
        months = RUN_UP + 12 * years
        ordinal = FIRST_YEAR * 12 - RUN_UP + np.arange(months + 12)
        starts = (
            (ordinal[: months + 1] - 1970 * 12)
            .astype("datetime64[M]")
            .astype("datetime64[D]")
            .astype(np.int64)
        )
        workdays = []
        for a, b in itertools.pairwise(starts):
            days = np.arange(a, b)
            workdays.append(days[(days + 3) % 7 < 5])
        return cls(months, ordinal, starts, workdays)

    @property
    def opening_day(self) -> int:
        """The day before the books begin."""
        return int(self.start[RUN_UP]) - 1

    @property
    def last_day(self) -> int:
        """The day the books end."""
        return int(self.start[-1]) - 1

    def month_of(self, day: np.ndarray) -> np.ndarray:
        """Index of the month a day falls into (beyond the last month: that month's index plus one)."""
        return np.searchsorted(self.start, day, side="right") - 1

    def index(self, text: str) -> int:
        """Index of a month written 2024-03; may lie before the run-up or beyond the end."""
        year, month = text.split("-")
        return int(year) * 12 + int(month) - 1 - int(self.ordinal[0])

    def text(self, month: int) -> str:
        """The month of an index as 2024-03."""
        year, m = divmod(int(self.ordinal[0]) + month, 12)
        return f"{year:04d}-{m + 1:02d}"

    def last_workday(self) -> np.ndarray:
        """Last working day of each month."""
        return np.array([days[-1] for days in self.workdays])
