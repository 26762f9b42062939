"""What is planted in the company: each truth with its size, its dates and where it can be seen.

An analysis should find these; `simulate(without=...)` leaves any of them out, so the effect of one is the
difference between two runs under the same seed.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from finops_toolkit.errors import UsageError

from . import parameters as P
from .calendar import Calendar


@dataclass(frozen=True)
class Truth:
    """A planted truth. `size` is in `size_unit`; `end` is the last month, None while it lasts."""

    id: str
    kind: str
    text: str
    size: float
    size_unit: str
    start: str
    units: tuple[str, ...]
    what: tuple[str, ...]  # families, resources, suppliers, segments, products concerned
    where: str  # table and measure in which it is seen
    end: str | None = None


def _read() -> tuple[Truth, ...]:
    rows: list[dict[str, Any]] = tomllib.loads(
        files(__package__).joinpath("truths.toml").read_text(encoding="utf-8")
    )["truths"]
    return tuple(Truth(**{**row, "units": tuple(row["units"]), "what": tuple(row["what"])}) for row in rows)


TRUTHS = _read()
IDS = tuple(truth.id for truth in TRUTHS)


def active_truths(without: tuple[str, ...]) -> tuple[str, ...]:
    """The ids that are left; UsageError for an id that is not planted."""
    unknown = [name for name in without if name not in IDS]
    if unknown:
        raise UsageError(
            f"No planted truth is called {', '.join(map(repr, unknown))}.", f"Allowed: {', '.join(IDS)}."
        )
    return tuple(name for name in IDS if name not in without)


def as_records(active: tuple[str, ...], last_month: str) -> list[dict]:
    """The truths that begin within the data, as plain records for the file."""
    return [asdict(t) for t in TRUTHS if t.id in active and t.start <= last_month]


class Effects:
    """What the active truths do, month by month, to the simulation's parameters."""

    def __init__(self, calendar: Calendar, active: tuple[str, ...]):
        self.calendar = calendar
        self.active = active
        months = calendar.months
        self.price = np.ones((months + 12, len(P.PRODUCTS), len(P.PLANTS)))
        self.demand = np.ones((months + 12, len(P.PRODUCTS), len(P.PLANTS)))
        self.downtime = np.zeros((months, len(P.RESOURCES)))
        self.scrap = np.zeros((months, len(P.RESOURCES)))
        self.supplier_delay = np.zeros((months, len(P.SUPPLIERS)))
        self.payment_delay = np.zeros((months, len(P.SEGMENTS)))
        self.bias = np.zeros((months, len(P.PLANTS)))
        self.shipping_delay = np.zeros((months, len(P.PLANTS)))
        self.cheap_brass = np.zeros(months, dtype=bool)
        self.lapsed = np.zeros(months, dtype=bool)
        for truth in TRUTHS:
            if truth.id in active:
                self._plant(truth)

    def _plant(self, truth: Truth) -> None:
        first = max(0, self.calendar.index(truth.start))
        stop = self.calendar.months + 12 if truth.end is None else self.calendar.index(truth.end) + 1
        time = slice(first, max(first, stop))
        units = [P.UNITS.index(u) for u in truth.units]
        resources = [i for i, r in enumerate(P.RESOURCES) if r[0] in truth.what]
        suppliers = [i for i, s in enumerate(P.SUPPLIERS) if s[0] in truth.what]
        segments = [i for i, s in enumerate(P.SEGMENTS) if s in truth.what]
        products = [i for i, p in enumerate(P.PRODUCTS) if P.FAMILIES[p[2]] in truth.what]
        match truth.id:
            case "price_war":
                for u in units:
                    self.price[time, products, u] *= 1 + truth.size
            case "pump_spike":
                for u in units:
                    self.demand[time, products, u] *= 1 + truth.size
            case "failing_machine":
                self.downtime[time, resources] += truth.size
            case "faster_changeovers":
                self.downtime[time, resources] -= truth.size
            case "late_supplier":
                self.supplier_delay[time, suppliers] += truth.size
            case "slow_payers":
                self.payment_delay[time, segments] += truth.size
            case "biased_forecast":
                self.bias[time, units] += truth.size
            case "dispatch_slots":
                self.shipping_delay[time, units] += truth.size
            case "cheap_brass":
                self.scrap[time, resources] += truth.size
                self.cheap_brass[time] = True
            case "lapsed_meetings":
                self.lapsed[time] = True
