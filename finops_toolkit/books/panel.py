"""The panel: every monthly measure by unit, exact, rolled up over the unit tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..errors import ContractError, UsageError
from ..periods import month_text
from ..wording import joined
from . import ledger
from .calendars import MONTHS, Calendar, Tables
from .checking import SCALE
from .closing import is_over, last_days
from .consolidation import WHOLE, Between, Group, belonging_to_others, between_of, enters, roll_up, taken_out
from .exact import fits
from .measures import Measure, external, let_go
from .measures_together import HISTOGRAMS
from .parts import QUERIES, Part, ledger_parts, query_parts
from .statements import Statements, first_covered, statements_of
from .translation import DIFFERENCE, translate


@dataclass
class Panel:
    """Monthly measures by unit.

    `matrix(name)` is int64 ten-thousandths [unit, month] for every measure, counts too; rows follow
    `units` (parents included, in tree order) and columns `months` (ordinals). `missing` says of a
    measure that cannot be had, why. Ask for the figures of the units that matter and no others: what is
    asked for decides which reports are stale when a unit's data change.
    """

    units: list[str]
    months: list[int]
    closed: int
    parents: dict[str, str | None]
    # Whether the ledger's balances were given, or added up from all movements before.
    closings: bool = False
    # Of books by quarter or year: what their movements cover.
    statements: Statements | None = None
    calendar: Calendar = MONTHS
    # The last month that has begun to be booked: after the closed one, if its rows follow without a gap.
    begun: int = 0
    # By which share units enter those above them, in hundred-millionths; those not named enter in full.
    shares: dict[str, int] = field(default_factory=dict)
    measures: dict[str, Measure] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    _values: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    _rows: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    _coverage: dict[str, tuple[int, int]] = field(default_factory=dict, repr=False)
    _preliminary: dict[str, int] = field(default_factory=dict, repr=False)
    # What sister units booked with each other, at the lowest unit above both: [unit, month].
    _taken_out: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    # What the two sides say of it, by unit and sister: [pair, month], of the result and of the balances.
    between: Between | None = field(default=None, repr=False, compare=False)
    _histograms: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    # Told which unit's figures are asked for, before they are given.
    _asked: Callable[[str], None] | None = field(default=None, repr=False, compare=False)

    def series(self, measure: str, unit: str) -> np.ndarray:
        """int64 ten-thousandths by month of one unit: the month's movement, or the balance at its end."""
        found: np.ndarray = self._known(self._values, measure)
        return found[self._places([unit])[0]]

    def matrix(self, measure: str, units: Sequence[str] | None = None) -> np.ndarray:
        """As `series`, [unit, month]: of these units in this order, or of all (None)."""
        found: np.ndarray = self._known(self._values, measure)
        places = self._places(units)
        return found if units is None else found[places]

    def own(self, measure: str) -> np.ndarray:
        """As `matrix`, but only what was booked on each unit itself, not on the units below it."""
        found = self.matrix(measure)
        total = found.copy()
        for row, unit in enumerate(self.units):
            parent = self.parents[unit]
            if parent is not None:
                total[self.units.index(parent)] -= enters(found[row], self.shares.get(unit, WHOLE))
        return total + self._taken_out.get(measure, 0)

    def rows(self, measure: str, units: Sequence[str] | None = None) -> np.ndarray:
        """int64 [unit, month]: how many rows of the source were counted, for these units or all (None)."""
        found: np.ndarray = self._known(self._rows, measure)
        places = self._places(units)
        return found if units is None else found[places]

    def coverage(self, measure: str, preliminary: bool = False) -> tuple[int, int]:
        """First and last month (ordinals) that the source of a measure covers.

        preliminary: with the months after the last closed one that have begun to be booked.
        """
        first, last = self._known(self._coverage, measure)
        return first, max(last, self._preliminary.get(measure, last)) if preliminary else last

    def histogram(self, name: str, units: Sequence[str] | None = None) -> pd.DataFrame:
        """Frame [unit, month, days, count] of a distribution, rolled up over the unit tree: of these units,
        or of all (None).
        """
        found: pd.DataFrame = self._known(self._histograms, name)
        self._places(units)
        return found if units is None else found[found["unit"].isin(units)]

    def frame(self, measures: Iterable[str], unit: str | None = None) -> pd.DataFrame:
        """Measures of one unit (None: the whole) by month, as floats in plain units, for showing.

        Months a measure does not cover are empty, and those at which no movement of several months stands.
        """
        unit = self.units[0] if unit is None else unit
        data = {}
        for name in measures:
            first, last = self.coverage(name)
            values = self.series(name, unit) / SCALE
            there = np.array([(first <= m <= last) for m in self.months], dtype=bool)
            if self.statements is not None and self.measures[name].source == "ledger":
                there &= self.rows(name, [unit])[0] > 0
            data[name] = np.where(there, values, np.nan)
        months = pd.PeriodIndex([pd.Period(year=m // 12, month=m % 12 + 1, freq="M") for m in self.months])
        return pd.DataFrame(data, index=months.rename("month"))

    def index(self, unit: str) -> int:
        """Row of a unit."""
        if unit not in self.units:
            raise UsageError(f"There is no unit {unit!r}.", f"The units are {', '.join(self.units)}.")
        return self.units.index(unit)

    def _places(self, units: Sequence[str] | None) -> np.ndarray:
        """Rows of units whose figures are asked for, which is told on; None: all."""
        asked = self.units if units is None else units
        places = np.array([self.index(unit) for unit in asked], dtype="int64")
        if self._asked is not None:
            for unit in asked:
                self._asked(unit)
        return places

    def _known(self, where: dict[str, Any], name: str) -> Any:
        if name in where:
            return where[name]
        if name in self.missing:
            raise UsageError(f"There is no {name} in these books: {self.missing[name]}.")
        raise UsageError(f"There is no measure {name!r}.", f"The measures are {', '.join(sorted(where))}.")


def build_panel(
    tables: Tables, parents: dict[str, str | None], closed: int | None, group: Group | None = None
) -> Panel:
    """All measures the tables allow. `parents`: unit → parent in tree order; `closed`: None to find it.

    group: how units become a whole; None: each in full, its amounts as they stand.
    """
    group = group or Group({})
    parts = ledger_parts(tables) + query_parts(tables, next(iter(parents), ""))
    spans = [part for part in parts if len(part.frame)]
    if not spans:
        raise ContractError(
            "There is no row with a month in these books.", "Look at the date columns with `finops check`."
        )
    if closed is None:
        closed = _last_full_month(spans)
        if closed - 1 in {int(month) for part in spans for month in part.frame.month}:
            closed -= not is_over(tables.calendar, last_days(tables), closed)
    # The ledger says when the books begin; open items may be older, and then stand in the opening balance.
    begins = [part for part in spans if part.source == "ledger"] or spans
    first = min(int(part.frame.month.min()) for part in begins)
    covered = first_covered(tables)
    first = first if covered is None else min(first, covered)
    if closed < first:
        raise ContractError(
            f"The books are closed to {month_text(closed)}, before their first month {month_text(first)}.",
            "Look at closed_through in books.toml.",
        )
    planned = [int(part.frame.month.max()) for part in spans if part.source in ("ledger", "budget")]
    last = max([closed, *planned])
    closings = any(part.closings for part in parts)
    panel = Panel(
        list(parents),
        list(range(first, last + 1)),
        closed,
        parents,
        closings,
        calendar=tables.calendar,
        shares=group.entering,
    )
    panel.begun = _begun(spans, closed)
    if covered is not None:
        panel.statements = statements_of(tables, parents, panel.months)
    for part in parts:
        _add(panel, part, group)
    _tell_missing(panel, tables)
    if "orders" in tables and "customer" in tables["orders"].columns:
        _add_customers(panel, tables)
    else:
        for name in CUSTOMERS:
            panel.missing[name] = "needs orders with customers"
    for histogram in HISTOGRAMS:
        if set(histogram.needs) <= set(tables):
            _add_histogram(panel, histogram, tables)
        else:
            _miss(panel, histogram.name, tables, histogram.needs)
    for name in ledger_names():
        if name not in panel.measures and name not in panel.missing:
            panel.missing[name] = (
                "needs a budget"
                if name.startswith("budget_")
                else "needs a journal or balances, with accounts"
            )
    let_go(tables)
    return panel


def ledger_names() -> list[str]:
    """Every ledger and budget measure there can be, whatever these books hold."""
    names = [name for prefix in ("", "budget_") for name in ledger.measure_names(prefix)]
    return [*names, *ledger.GROUP, "budget_sales_quantity"]


def _miss(panel: Panel, name: str, tables: Tables, needs: tuple[str, ...]) -> None:
    absent = [table for table in needs if table not in tables]
    panel.missing[name] = f"needs {joined(absent or needs)}, which the data does not have"


def _last_full_month(parts: list[Part]) -> int:
    """The last month of the ledger (else of anything) that is no stub: a tenth of the usual rows or more."""
    actual = [part for part in parts if part.source != "budget"] or parts
    part = next((p for p in actual if p.source == "ledger"), actual[0])
    counted = [c for c in part.frame.columns if str(c).startswith("rows ")]
    by_month = part.frame.groupby("month")[counted].sum().sum(axis=1)
    usual = by_month.iloc[-13:].median()
    full = by_month[by_month >= usual / 10]
    return int(full.index.max())


def _add(panel: Panel, part: Part, group: Group) -> None:
    """Scatter a part into matrices, accumulate, translate, roll up, and note what its source covers."""
    panel.missing |= part.missing
    if part.frame.empty:
        return
    pairs = (
        sorted({unit for unit in part.frame.unit if ledger.SISTER in unit}) if part.source == "ledger" else []
    )
    places = [*panel.units, *pairs]
    frame = part.frame[part.frame.unit.isin(places) & (part.frame.month <= panel.months[-1])]
    before = (frame.month < panel.months[0]).to_numpy()
    unit = frame.unit.map({name: row for row, name in enumerate(places)}).to_numpy(dtype="int64")
    month = (frame.month.to_numpy(dtype="int64") - panel.months[0]).clip(min=0)
    shape = (len(places), len(panel.months))
    measures = {measure.name: measure for measure in part.measures if measure.name not in part.missing}
    own = {}
    for name in measures:
        values, rows = np.zeros(shape, "int64"), np.zeros(shape, "int64")
        used = slice(None) if name in part.accumulate else ~before
        np.add.at(values, (unit[used], month[used]), frame[name].to_numpy()[used])
        np.add.at(rows, (unit[used], month[used]), frame[f"rows {name}"].to_numpy()[used] // SCALE)
        sizes = np.abs(values).astype(float)
        fits((sizes.cumsum(axis=1) if name in part.accumulate else sizes).sum(axis=0))
        if name in part.accumulate:
            values = values.cumsum(axis=1)
        if name in part.change:
            values = np.diff(values, axis=1, prepend=values[:, :1])
        own[name] = values
        panel._rows[name] = roll_up(panel.parents, rows[: len(panel.units)], {})
    panel.measures |= measures
    begins = _business_begins(part)
    if group.rates is not None and group.rates.of:
        needed = panel.closed if part.source != "budget" else panel.months[0] - 1
        own = translate(group.rates, places, panel.months, needed, own, measures)
    for name, values in own.items():
        booked = values[: len(panel.units)]
        if pairs:
            panel._taken_out[name] = taken_out(panel.parents, pairs, values[len(panel.units) :], panel.shares)
            booked = booked - panel._taken_out[name]
        panel._values[name] = roll_up(panel.parents, booked, panel.shares)
        if name in measures:
            panel._coverage[name] = _coverage(panel, part, name, begins)
            _note_preliminary(panel, part, name)
    if part.source == "ledger":
        _add_group(
            panel, group, part, {name: values[len(panel.units) :] for name, values in own.items()}, pairs
        )


def _add_group(
    panel: Panel, group: Group, part: Part, between: dict[str, np.ndarray], pairs: list[str]
) -> None:
    """What only a group has: the difference of translation, what belongs to others, what sisters say."""
    if pairs:
        panel.between = between_of(pairs, between)
    needs = next(iter(part.measures)).needs
    found = {name: panel._values[name] for name in (DIFFERENCE,) if name in panel._values}
    signs = ledger.result_signs(panel._values)
    if group.shares and not group.proportional:
        totals = {"minority_result": [sign * panel._values[name] for name, sign in signs.items()]}
        if "equity" in panel._values:
            totals["minority_equity"] = [panel._values[name] for name in ("equity", "profit_to_date", *found)]
        for name, parts in totals.items():
            found[name] = belonging_to_others(panel.parents, np.sum(parts, axis=0), group.shares)
    for name, values in found.items():
        text, nature = ledger.GROUP[name]
        like = "equity" if nature == "closing" else "revenue"
        panel.measures[name] = Measure(name, text, "money", nature, "ledger", (*needs, "units"))
        panel._values[name], panel._rows[name] = values, panel._rows[like]
        panel._coverage[name] = panel._coverage[like]
        if like in panel._preliminary:
            panel._preliminary[name] = panel._preliminary[like]
    reasons = {
        "minority_result": "every unit is owned in full, or enters by its share",
        "minority_equity": "every unit is owned in full, or enters by its share, or there are no balances",
        "translation_difference": "nothing is translated",
    }
    panel.missing |= {name: reason for name, reason in reasons.items() if name not in found}


def _begun(parts: list[Part], closed: int) -> int:
    """The last month of the ledger that follows the closed one without a gap."""
    months = {int(month) for part in parts if part.source == "ledger" for month in part.frame.month}
    while closed + 1 in months:
        closed += 1
    return closed


def _note_preliminary(panel: Panel, part: Part, name: str) -> None:
    """How far a source reaches beyond the last closed month: what happens seldom, as far as has begun."""
    if part.source == "budget" or panel.begun <= panel.closed or panel._coverage[name][1] < panel.closed:
        return
    last = panel.begun if part.sparse or name in part.accumulate else int(part.frame.month.max())
    if last > panel.closed:
        panel._preliminary[name] = min(last, panel.begun)


def _business_begins(part: Part) -> int | None:
    """The first month of business of a ledger: the entry that opens the books moves balances, and is none."""
    if part.source != "ledger":
        return None
    lines = [line for line in ledger.load_contract().lines_profit if line in part.frame]
    booked = part.frame.month[part.frame[lines].any(axis=1)]
    return int(booked.min()) if len(booked) else None


def _coverage(panel: Panel, part: Part, name: str, begins: int | None) -> tuple[int, int]:
    first, last = int(part.frame.month.min()), int(part.frame.month.max())
    first = max(first, panel.months[0])
    if part.source == "budget":
        budgeted = part.frame.month[part.frame[f"rows {name}"] > 0]
        return (int(budgeted.min()), int(budgeted.max())) if len(budgeted) else (first, first - 1)
    if part.source == "ledger" and panel.measures[name].nature == "flow":
        first = first if begins is None else begins
        # What covers several months begins before the month it stands at.
        first = first if panel.statements is None else panel.months[0]
        # A movement taken from balances needs the balance before.
        first = max(first, panel.months[0] + 1) if name in part.change else first
    last = min(last, panel.closed)
    # Nothing happened for a while is not the end of a table, if it is one where things happen seldom.
    if (part.sparse or name in part.accumulate) and panel.closed - last <= 12:
        last = panel.closed
    if part.sparse and first - panel.months[0] <= 12:
        first = panel.months[0]
    return first, last


# What data without a single one do not tell: whether it never happened, or nobody wrote it down.
UNRECORDED = {
    "returned_quantity": "no return is in the data: none came back, or none was recorded",
    "returned_amount": "no return is in the data: none came back, or none was recorded",
    "safety_incidents": "no safety incident is in the data: none happened, or none was recorded",
    "complaints": "no complaint is in the data: none was made, or none was recorded",
    "quality_events": "no quality event is in the data: none happened, or none was recorded",
}


def _tell_missing(panel: Panel, tables: Tables) -> None:
    """Why measures cannot be had: their tables are not there, or no unit has a row of them in any month."""
    for name, why in UNRECORDED.items():
        if name in panel.measures and not panel.rows(name).any():
            panel.missing[name] = why
            for held in (panel.measures, panel._values, panel._rows, panel._coverage):
                held.pop(name, None)
    for query in QUERIES:
        for item in query.sums:
            if item.name not in panel.measures and item.name not in panel.missing:
                _miss(panel, item.name, tables, query.needs)


CUSTOMERS = {
    "active_customers": "Customers who ordered in the month",
    "customers_prior": "Customers who ordered 13 to 24 months ago",
    "customers_kept": "Of these, customers who ordered again in the last 12 months",
}


def _add_customers(panel: Panel, tables: Tables) -> None:
    """Retention, counted by customer and unit: a customer of two plants counts once for each."""
    orders = external(tables, "orders", "customer")
    orders = orders.filter(orders.customer.notnull() & orders.ordered.notnull())
    seen = orders.select("unit", "customer", month=tables.period_of(orders.ordered)).distinct().to_pandas()
    if seen.empty:
        for name in CUSTOMERS:
            panel.missing[name] = "no customer is named in orders"
        return
    seen = seen[
        seen.unit.isin(panel.units) & (seen.month <= panel.months[-1]) & (seen.month >= panel.months[0])
    ]
    width = len(panel.months)
    shape = (len(panel.units), width)
    values = {name: np.zeros(shape, "int64") for name in CUSTOMERS}
    for row, unit in enumerate(panel.units):
        own = seen[seen.unit == unit]
        code = own.customer.astype("category").cat.codes.to_numpy()
        bought = np.zeros((int(code.max()) + 1 if len(code) else 0, width), bool)
        bought[code, own.month.to_numpy() - panel.months[0]] = True
        values["active_customers"][row] = bought.sum(axis=0)
        # Months bought in, counted up to each month: a window is a difference of two counts.
        counted = np.concatenate([np.zeros((len(bought), 1), "int64"), bought.cumsum(axis=1)], axis=1)
        for month in range(23, width):
            prior = counted[:, month - 11] - counted[:, month - 23] > 0
            again = counted[:, month + 1] - counted[:, month - 11] > 0
            values["customers_prior"][row, month] = prior.sum()
            values["customers_kept"][row, month] = (prior & again).sum()
    first, last = int(seen.month.min()), min(int(seen.month.max()), panel.closed)
    for name, text in CUSTOMERS.items():
        if name != "active_customers" and last < first + 23:
            panel.missing[name] = f"needs orders of 24 months, and there are {last - first + 1}"
            continue
        nature = "flow" if name == "active_customers" else "closing"
        panel.measures[name] = Measure(name, text, "count", nature, "orders", ("orders",))
        panel._values[name] = roll_up(panel.parents, values[name] * SCALE, panel.shares)
        panel._rows[name] = roll_up(panel.parents, values[name], {})
        panel._coverage[name] = (first if name == "active_customers" else first + 23, last)


def _add_histogram(panel: Panel, histogram: Any, tables: Tables) -> None:
    table = histogram.build(tables)
    table = table.mutate(unit=table.unit.fill_null(panel.units[0]))
    counted = table.group_by(["unit", "month", "days"]).aggregate(count=table.count()).to_pandas()
    counted = counted[counted.unit.isin(panel.units) & counted.month.between(panel.months[0], panel.closed)]
    frames = [counted]
    for unit, parent in panel.parents.items():
        while parent is not None:
            frames.append(counted[counted.unit == unit].assign(unit=parent))
            parent = panel.parents[parent]
    rolled = pd.concat(frames).groupby(["unit", "month", "days"], as_index=False)["count"].sum()
    panel.measures[histogram.name] = Measure(
        histogram.name, histogram.text, "days", "histogram", histogram.source, histogram.needs
    )
    panel._histograms[histogram.name] = rolled
    panel._coverage[histogram.name] = (panel.months[0], panel.closed)
