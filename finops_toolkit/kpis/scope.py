"""The values of KPIs for all units and periods at once, and the reason where there is none.

Numerators and denominators are rolled up, never ratios: over the units they come rolled up from the panel,
over the months flows are added and balances are taken at the period's end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import UsageError
from ..periods import Period, month_text
from ..wording import SCALE
from .entries import Catalogue, Kpi, Rule
from .evaluation import Cells, evaluate, first_reason, holds, plain
from .formulas import Call, Name, Node, denominators, text_of
from .reported import reported_days, unreported


class Scope:
    """The figures of some units and periods, as KPI formulas read them; every array is [unit, period].

    `days` replaces the actual days of every period, to reproduce figures published with 365.
    `reasons` numbers the texts; 0 means that there is a value.
    """

    def __init__(
        self,
        panel: Any,
        kpis: Catalogue,
        units: Sequence[str],
        periods: Sequence[Period],
        days: float | None = None,
    ):
        self.panel, self.kpis, self.days = panel, kpis, days
        self.units, self.periods = list(units), list(periods)
        self.first = np.array([period.first for period in periods], dtype="int64")
        self.last = np.array([period.last for period in periods], dtype="int64")
        self.shape = (len(units), len(periods))
        self.begin = panel.months[0] if panel.months else 0
        self.reasons: list[str] = [""]
        self._codes: dict[str, int] = {"": 0}
        self._memo: dict[tuple, Any] = {}
        self._within: list[Kpi] = []

    def code(self, text: str) -> int:
        """The number of a reason."""
        if text not in self._codes:
            self._codes[text] = len(self.reasons)
            self.reasons.append(text)
        return self._codes[text]

    def remember(self, key: tuple, compute: Callable[[], Any]) -> Any:
        """What `compute` gives, computed once for a key."""
        if key not in self._memo:
            self._memo[key] = compute()
        return self._memo[key]

    # --- KPIs ---

    def kpi(self, kpi: Kpi, when: str = "ending", back: int = 0) -> Cells:
        """A KPI's cells; conditions that refuse it leave a reason instead of a value."""
        return self.rules(kpi, self.formula(kpi, kpi.tree, when, back), when, back)

    def formula(self, kpi: Kpi, tree: Node, when: str = "ending", back: int = 0) -> Cells:
        """A formula in a KPI's name: its words say why there is no value."""

        def compute() -> Cells:
            self._within.append(kpi)
            try:
                return evaluate(tree, self, when, back)
            finally:
                self._within.pop()

        return self.remember(("formula", kpi.id, tree, when, back), compute)

    def rules(self, kpi: Kpi, cells: Cells, when: str, back: int) -> Cells:
        """The cells without those that the KPI's conditions refuse."""
        why = self.rule_codes(kpi.refuse, when, back)
        return Cells(cells.data, first_reason(why, cells.why)) if kpi.refuse else cells

    def rule_codes(self, rules: Sequence[Rule], when: str = "ending", back: int = 0) -> npt.NDArray:
        """Cell by cell the number of the first rule's text that is met, 0 for none."""
        whys = [
            np.where(holds(rule.condition, self, when, back), self.code(self._earlier(rule.text, back)), 0)
            for rule in rules
        ]
        return first_reason(*whys) if whys else np.asarray(0)

    def spread_out(self, cells: Cells) -> Cells:
        """Cells as full arrays of the scope's shape."""
        return Cells(np.broadcast_to(cells.data, self.shape), np.broadcast_to(cells.why, self.shape))

    # --- what formulas ask for ---

    def look_up(self, name: str, when: str, back: int) -> Cells:
        """A measure, `days`, `months`, an assumption or another KPI."""
        if name in self.panel.measures or name in self.panel.missing:
            may_lack = bool(self._within) and name in self._within[-1].may_lack
            key = ("measure", name, when, back, may_lack)
            return self.remember(key, lambda: self._measure(name, when, back, may_lack))
        if name == "months":
            return Cells((self.last - self.first + 1) * SCALE, np.asarray(0))
        if name == "days":
            return Cells(self._days(back), np.asarray(0))
        if name in self.kpis.assumptions:
            return Cells(np.asarray(self.kpis.assumptions[name].value), np.asarray(0))
        return self.kpi(self.kpis[name], when, back)

    def spread(self, name: str, share: float, back: int) -> Cells:
        """The quantile of whole days counted in the panel's histogram, interpolated between neighbours."""
        if name in self.panel.missing:
            return Cells(np.asarray(np.nan), np.asarray(self.code(self.panel.missing[name])))
        days, running = self._histogram(name)
        low, high, why = self._span(name, back)
        counts = np.cumsum(running[:, high + 1] - running[:, low], axis=2)
        total = counts[:, :, -1]
        nothing = self._zero_words() or f"there were no {_words(name)} in the period"
        place = share * (np.maximum(total, 1) - 1)
        below = np.floor(place)
        lower, upper = (days[(counts > at[:, :, None]).argmax(axis=2)] for at in (below, np.ceil(place)))
        value = lower + (upper - lower) * (place - below)
        why = first_reason(why, np.where(total == 0, self.code(self._earlier(nothing, back)), 0))
        return Cells(np.where(total == 0, np.nan, value), why)

    def countback(self, balance: str, flow: str, back: int) -> Cells:
        """Days of the latest months whose flow makes up the balance, the last of them in part."""
        closing = self.look_up(balance, "ending", back)
        monthly = plain(self.panel.matrix(flow, self.units)) if flow not in self.panel.missing else None
        if monthly is None:
            return Cells(np.asarray(np.nan), np.asarray(self.code(self.panel.missing[flow])))
        if self._stated(flow):
            text = f"{_words(flow)} is not reported by month, so it cannot be counted back"
            return Cells(np.asarray(np.nan), np.asarray(self.code(text)))
        left = np.broadcast_to(plain(closing.data), self.shape).astype("float64").copy()
        days = np.zeros(self.shape)
        why = first_reason(closing.why, np.where(left < 0, self.code(f"{_words(balance)} is negative"), 0))
        why = np.broadcast_to(why, self.shape)
        first, _ = self.covered(flow) or (self.begin, self.begin)
        for step in range(len(self.panel.months)):
            month = self.last - back - step
            known = (month >= first) & (month < self.begin + len(self.panel.months))
            sold = monthly[:, np.clip(month - self.begin, 0, len(self.panel.months) - 1)]
            share = np.where(sold > 0, np.clip(left / np.where(sold > 0, sold, 1), 0, 1), left > 0)
            days += np.where(known, share * self._days_between(month, month), 0)
            left = np.where(known, np.maximum(left - np.maximum(sold, 0), 0), left)
        older = self.code(f"{_words(balance)} is older than the first month with {_words(flow)}")
        return Cells(days, first_reason(why, np.where(left > 0, older, 0)))

    def not_positive(self, denominator: Node, back: int) -> tuple[int, int]:
        """The reasons for a denominator of zero and for one below it."""
        words = _words(text_of(denominator))
        zero = self._zero_words() or f"{words} is zero in the period"
        negative = f"{words} is negative, so a ratio to it would mislead"
        return self.code(self._earlier(zero, back)), self.code(self._earlier(negative, back))

    # --- the panel's figures ---

    def _measure(self, name: str, when: str, back: int, may_lack: bool) -> Cells:
        if name in self.panel.missing:
            return Cells(np.asarray(0), np.asarray(self.code(self.panel.missing[name])))
        closing = self.panel.measures[name].nature == "closing"
        matrix = self.panel.matrix(name, self.units)
        opening = closing and when == "opening"
        low, high, why = self._span(name, back, closing, opening)
        if self._stated(name):
            at = self.first - 1 if opening else self.last
            why = first_reason(why, unreported(self, name, self.first - back, at - back, closing, may_lack))
        if closing:
            return Cells(matrix[:, high], why)
        running = np.zeros((len(self.units), matrix.shape[1] + 1), dtype="int64")
        np.cumsum(matrix, axis=1, out=running[:, 1:])
        return Cells(running[:, high + 1] - running[:, low], why)

    def _stated(self, name: str) -> bool:
        """Whether a measure's figures stand only where statements were reported."""
        return self.panel.statements is not None and self.panel.measures[name].source == "ledger"

    def _span(
        self, name: str, back: int, closing: bool = False, opening: bool = False
    ) -> tuple[npt.NDArray, npt.NDArray, npt.NDArray]:
        """First and last column of each period, inside the panel, and the reason where it is not covered."""
        covered = self.covered(name)
        wanted_first = (
            self.last - back if closing and not opening else self.first - back - (1 if opening else 0)
        )
        wanted_last = wanted_first if opening else self.last - back
        table = self.panel.measures[name].needs[0] if name in self.panel.measures else name
        if covered is None:
            why = np.full(len(self.last), self.code(f"the data has no rows of {table}"))
        else:
            first, last = covered
            text = f"{table} covers {month_text(first)} to {month_text(last)} only"
            outside = (wanted_first < first) | (wanted_last > last)
            why = np.where(outside, self.code(self._earlier(text, back)), 0)
            for column in np.flatnonzero(wanted_first < first):
                ask = self._ask_for(
                    self.periods[column], first - wanted_first[column], last - wanted_last[column]
                )
                why[column] = self.code(self._earlier(text, back) + ask)
            if opening:
                before = f"the opening balance is not available: {table} begins in {month_text(first)}"
                why = np.where(wanted_first < first, self.code(self._earlier(before, back)), why)
        end = max(len(self.panel.months) - 1, 0)
        return (np.clip(wanted_first - self.begin, 0, end), np.clip(wanted_last - self.begin, 0, end), why)

    def _ask_for(self, period: Period, early: int, room: int) -> str:
        """The first period of its kind that is covered, if it begins `early` months too soon and may end
        `room` months later: a hint in words.
        """
        step = {"quarter": 3, "year": 12, "fiscal": 12, "rolling": 1}.get(period.kind)
        if step is None:
            return ""
        later = -(-int(early) // step) * step
        return f": ask for {period.shifted(later).text} or later" if later <= room else ""

    def covered(self, name: str) -> tuple[int, int] | None:
        """First and last month a measure's source covers; None where it holds no rows."""
        try:
            return self.panel.coverage(name, bool((self.last > self.panel.closed).any()))
        except UsageError:
            return None

    def spread_count(self, name: str, back: int) -> int:
        """How many were counted in the first unit and period."""
        _, running = self._histogram(name)
        low, high, _ = self._span(name, back)
        return int((running[0, high[0] + 1] - running[0, low[0]]).sum())

    def _histogram(self, name: str) -> tuple[npt.NDArray, npt.NDArray]:
        """The days that occur, and counts [unit, months before, day] added up over the months."""

        def compute() -> tuple[npt.NDArray, npt.NDArray]:
            frame = self.panel.histogram(name, self.units)
            days = np.unique(np.append(frame["days"].to_numpy("int64"), 0))
            place = {unit: number for number, unit in enumerate(dict.fromkeys(self.units))}
            counts = np.zeros((len(place), len(self.panel.months) + 1, len(days)), dtype="int64")
            month = frame["month"].to_numpy("int64") - self.begin + 1
            np.add.at(
                counts,
                (
                    frame["unit"].map(place).to_numpy("int64"),
                    month,
                    np.searchsorted(days, frame["days"].to_numpy("int64")),
                ),
                frame["count"].to_numpy("int64"),
            )
            return days, np.cumsum(counts[[place[unit] for unit in self.units]], axis=1)

        return self.remember(("histogram", name), compute)

    def _days(self, back: int) -> npt.NDArray:
        if self.days is not None:
            return np.full(len(self.last), float(self.days))
        days = self._days_between(self.first - back, self.last - back)
        if self.panel.statements is not None:
            own = reported_days(self, self.first - back, self.last - back)
            days = np.where(own > 0, own, days)
        return days * SCALE

    def _days_between(self, first: npt.NDArray, last: npt.NDArray) -> npt.NDArray:
        """Days of the books' calendar from the first period to the last, both included."""
        days = [self.panel.calendar.days(int(a), int(b)) for a, b in zip(first, last, strict=True)]
        return np.array(days, dtype="int64")

    def _zero_words(self) -> str:
        """The KPI's own words for having nothing to divide by, if its formula divides only once."""
        kpi = self._within[-1] if self._within else None
        if kpi is None or not kpi.zero:
            return ""
        divides = len(denominators(kpi.tree))
        return kpi.zero if divides == 1 or (divides == 0 and _counts_days(kpi.tree)) else ""

    def _earlier(self, text: str, back: int) -> str:
        return f"a year earlier: {text}" if back else text


def scope_of(
    books: Any,
    everything: Catalogue,
    units: str | Sequence[str] | None = None,
    periods: str | Period | Sequence[str | Period] | None = None,
    days: float | None = None,
) -> tuple[Scope, list[str], list[Period]]:
    """The figures of some units and periods for formulas, with the units' ids and the periods.

    None means all units, and the latest closed month. Raises UsageError for a unit or period not there.
    """
    panel = books.panel()
    names = list(panel.units) if units is None else [books.unit(one) for one in several(units)]
    spans = [books.period(one) for one in (["latest-closed"] if periods is None else several(periods))]
    return Scope(panel, everything, names, spans, days), names, spans


def several(one_or_more: Any) -> list[Any]:
    """One or several of something as a list."""
    return [one_or_more] if isinstance(one_or_more, str | Period) else list(one_or_more)


def _counts_days(tree: Node) -> bool:
    return isinstance(tree, Call) and all(isinstance(one, Name) for one in tree.arguments)


def _words(text: str) -> str:
    return text.replace("_", " ")
