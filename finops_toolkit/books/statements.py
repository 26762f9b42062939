"""Statements: books whose movements come by quarter or year, and which months those cover.

A movement then stands at the last of its months, and the others hold nothing: a month alone has no figure,
and a period has one only where it is made of whole movements.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import ibis
import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import ContractError
from ..periods import month_end, month_start, month_text

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Statements:
    """What each unit itself reported, every array [unit, month], in the panel's order.

    months, days: what the movements that stand at a month cover, back from its end; 0 where there are none.
    sheets: whether balances were reported at the month's end. `parents` is the unit tree.
    """

    months: Ints
    days: Ints
    sheets: npt.NDArray[np.bool_]
    units: list[str]
    parents: dict[str, str | None]

    def tiles(self, first: Ints, last: Ints) -> tuple[npt.NDArray[np.bool_], Ints]:
        """Whether each period, columns `first` to `last`, is made of whole movements, and its days.

        Both [unit, period]; a unit above others needs it of all that report, and takes the longest days.
        """
        shape = (len(self.units), len(first))
        at = np.broadcast_to(last, shape).copy()
        whole, days, rows = (
            np.ones(shape, bool),
            np.zeros(shape, "int64"),
            np.arange(len(self.units))[:, None],
        )
        while (open_ := whole & (at >= first)).any():
            place = np.clip(at, 0, self.months.shape[1] - 1)
            covered = np.where(open_, self.months[rows, place], 0)
            whole &= ~open_ | ((covered > 0) & (at >= 0))
            days += np.where(open_ & whole, self.days[rows, place], 0)
            at -= covered
        return self._of_all_below(whole & (at == np.asarray(first) - 1), days)

    def reported(self, at: Ints) -> npt.NDArray[np.bool_]:
        """Whether balances were reported at the end of columns `at`, [unit, period]."""
        found = self.sheets[:, np.clip(at, 0, self.sheets.shape[1] - 1)]
        return self._of_all_below(found, np.zeros(found.shape, "int64"))[0]

    def present(self, rows: Ints, first: Ints, last: Ints) -> tuple[npt.NDArray, npt.NDArray]:
        """Of a line with so many `rows` [unit, month]: whether it has any in each period, and at all ends.

        The ends are the months at which movements of the period stand. Both [unit, period].
        """
        low, high = np.clip(first, 0, rows.shape[1]), np.clip(last + 1, 0, rows.shape[1])
        ends = _between(self._anywhere_below(self.months > 0), low, high)
        found = _between(rows > 0, low, high)
        return found > 0, found >= ends

    def refusal(self, unit: str, first: int, last: int, begin: int, closing: bool) -> str:
        """Why a unit has no movement from month `first` to `last`, or no balance at the end; "" if it has.

        Months are ordinals, `begin` is the one of the first column.
        """
        row, low, high = self.units.index(unit), np.array([first - begin]), np.array([last - begin])
        whole = self.reported(high) if closing else self.tiles(low, high)[0]
        return "" if whole[row, 0] else self.refused(row, first, last, begin, closing)

    def refused(self, unit: int, first: int, last: int, begin: int, closing: bool) -> str:
        """The words of a refusal, for the unit of a row."""
        span = month_text(last) if first == last else f"{month_text(first)} to {month_text(last)}"
        what = f"{span} cannot be made of what was reported"
        if closing:
            what = f"no balances were reported at the end of {month_text(last)}"
        return f"{what}: statements are {self.habit(unit, begin)}"

    def holes(self) -> list[tuple[str, int, int]]:
        """Unit, and first and last column of each stretch between its movements that none of them covers."""
        found = []
        for row, unit in enumerate(self.units):
            ends = self.months[row].nonzero()[0]
            for before, end in pairwise(ends):
                if end - self.months[row, end] != before:
                    found.append((unit, int(before) + 1, int(end - self.months[row, end])))
        return found

    def habit(self, unit: int, begin: int) -> str:
        """How a unit reports, in words: "by quarter, to the end of March, June, September and December"."""
        stand: npt.NDArray[Any] = self._anywhere_below(self.months > 0)[unit]
        own = stand.nonzero()[0][-4:]
        lengths = {int(self.months[row, column]) for row in self._below(unit) for column in own}
        names = [calendar.month_name[month] for month in sorted({int(begin + at) % 12 + 1 for at in own})]
        many = {frozenset({3}): "by quarter", frozenset({12}): "by year"}
        if not names:
            return "without movements"
        joined = ", ".join(names[:-1]) + (" and " if names[:-1] else "") + names[-1]
        return f"{many.get(frozenset(lengths - {0}), 'by periods of several months')}, to the end of {joined}"

    def _below(self, unit: int) -> list[int]:
        inside = {self.units[unit]}
        for name in self.units:
            if self.parents[name] in inside:
                inside.add(name)
        return [row for row, name in enumerate(self.units) if name in inside]

    def _anywhere_below(self, own: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.array([own[self._below(row)].any(axis=0) for row in range(len(self.units))], dtype=bool)

    def _of_all_below(self, whole: npt.NDArray, days: Ints) -> tuple[npt.NDArray[np.bool_], Ints]:
        reports: npt.NDArray[Any] = np.asarray((self.months > 0).any(axis=1) | self.sheets.any(axis=1))
        every, longest = np.zeros(whole.shape, bool), np.zeros(days.shape, "int64")
        for row in range(len(self.units)):
            below = [one for one in self._below(row) if reports[one]]
            if below:
                every[row], longest[row] = whole[below].all(axis=0), days[below].max(axis=0)
        return every, longest


def _between(there: npt.NDArray[Any], low: Ints, high: Ints) -> Ints:
    """How many of each unit's months are `there` from columns `low` to before `high`, [unit, period]."""
    running = np.zeros((there.shape[0], there.shape[1] + 1), dtype="int64")
    np.cumsum(there, axis=1, out=running[:, 1:])
    return running[:, high] - running[:, low]


def first_covered(tables: Mapping[str, ibis.Table]) -> int | None:
    """The first month (an ordinal) that movements cover; None where all of them are of single months."""
    if "journal" in tables or "balances" not in tables:
        return None
    moved = tables["balances"].filter(lambda t: t.flow.notnull())
    begins = moved.month.year() * 12 + moved.month.month() - moved.months.fill_null(1)
    found = moved.aggregate(longest=moved.months.max(), first=begins.min()).to_pyarrow().to_pylist()[0]
    return int(found["first"]) if (found["longest"] or 1) > 1 else None


def statements_of(
    tables: Mapping[str, ibis.Table], parents: dict[str, str | None], months: Sequence[int]
) -> Statements:
    """The statements of some books over `months` (ordinals), where some movements cover several.

    Raises ContractError where movements of one unit and month cover different spans.
    """
    balances = tables["balances"]
    moved = balances.filter(balances.flow.notnull())
    spans = moved.mutate(months=moved.months.fill_null(1)).group_by(["unit", "month"])
    found = spans.aggregate(
        low=lambda t: t.months.min(), high=lambda t: t.months.max(), days=lambda t: t.days.max()
    )
    held = balances.filter(balances.closing.notnull()).select("unit", "month").distinct()
    return _filled(found.to_pandas(), held.to_pandas(), parents, months)


def _filled(
    found: pd.DataFrame, held: pd.DataFrame, parents: dict[str, str | None], months: Sequence[int]
) -> Statements:
    units = list(parents)
    shape = (len(units), len(months))
    covers, days, sheets = np.zeros(shape, "int64"), np.zeros(shape, "int64"), np.zeros(shape, bool)
    place = {unit: row for row, unit in enumerate(units)}
    for unit, date, low, high, length in found.itertuples(index=False):
        month = _ordinal(date)
        if low != high or low < 1:
            raise ContractError(
                f"balances: movements of {unit} at {month_text(month)} cover {low} to {high} months.",
                "Give movements of one unit and month the same number of months, 1 or more.",
            )
        if unit in place and months[0] <= month <= months[-1]:
            first, last = month_start(month - int(high) + 1), month_end(month)
            covers[place[unit], month - months[0]] = high
            days[place[unit], month - months[0]] = (last - first).days + 1 if pd.isna(length) else length
    for unit, date in held.itertuples(index=False):
        if unit in place and months[0] <= _ordinal(date) <= months[-1]:
            sheets[place[unit], _ordinal(date) - months[0]] = True
    return Statements(covers, days, sheets, units, parents)


def _ordinal(date: Any) -> int:
    return int(date.year) * 12 + int(date.month) - 1
