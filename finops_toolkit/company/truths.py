"""What is planted in the company: each truth with its size, its dates and where it can be seen.

An analysis should find these; `simulate(without=...)` leaves any of them out, so the effect of one is the
difference between two runs under the same seed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

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
    end: str | None
    units: tuple[str, ...]
    what: tuple[str, ...]  # families, resources, suppliers, segments, products concerned
    where: str  # table and measure in which it is seen


TRUTHS = (
    Truth("price_war", "price war", "A competitor undercuts ball valves in the markets of North and South; the sales "
          "price of the family falls by 8 % and stays down.", -0.08, "share of the price", "2025-03", None,
          ("NORTH", "SOUTH"), ("Ball valves",), "orders.price by family and unit; gross margin"),
    Truth("failing_machine", "failing machine", "The spindle of pump line E-L1 wears out: 20 points more downtime, so "
          "less is made, more is late and more goes by premium freight.", 0.20, "share of planned minutes", "2025-08",
          None, ("EAST",), ("E-L1",), "production.run_minutes / planned_minutes by resource; premium freight; OTIF"),
    Truth("late_supplier", "late supplier", "The foundry Odlewnia Sanok delivers six weeks later than before; at East "
          "castings run out and pumps come late.", 42, "days", "2024-04", "2024-09", ("NORTH", "SOUTH", "EAST", "WEST"), ("S07",),
          "purchases.received - promised by supplier; OTIF of the plants"),
    Truth("slow_payers", "slow payers", "Distributors pay 20 days later than before.", 20, "days", "2024-10", None,
          ("NORTH", "SOUTH", "EAST", "WEST"), ("distributor",), "invoices.paid - issued by segment; DSO"),
    Truth("biased_forecast", "biased forecast", "The agreed sales forecast of West is set 18 % too high; the plant "
          "makes what is forecast, so stock is built: absorbed overhead lifts profit while cash falls.", 0.18,
          "share of the forecast", "2025-01", None, ("WEST",), (), "forecasts (consensus) against orders; stock; "
          "account 5290; cash"),
    Truth("faster_changeovers", "initiative with effect", "Faster changeovers at North lift the availability of its "
          "lines by 5 points.", 0.05, "share of planned minutes", "2024-03", None, ("NORTH",),
          ("N-L1", "N-L2", "N-L3"), "production.run_minutes / planned_minutes; initiative IN-01"),
    Truth("dispatch_slots", "initiative with effect", "Fixed dispatch slots at East take 3 points off the lines that its warehouse "
          "ships late.", -0.03, "share of order lines", "2025-02", None, ("EAST",), (),
          "order lines shipped after the requested date; initiative IN-02"),
    Truth("scrap_training", "initiative without effect", "The scrap training at South has no effect.", 0.0,
          "share of units made", "2024-09", None, ("SOUTH",), (), "production.good / made; initiative IN-03"),
    Truth("cheap_brass", "conflicting KPIs", "Purchasing at South moves brass to Dravsko Metal: the price falls by 6 %, "
          "purchasing's KPI improves, and 2.5 points more of the ball valves are scrapped.", 0.025,
          "share of units made", "2024-06", None, ("SOUTH",), ("S14", "M02", "S-L1"),
          "material price variance against scrap cost; purchases.price; production.good / made"),
    Truth("lapsed_meetings", "lapsed meetings", "The S&OP meeting of West is not held for six months; what is raised "
          "there waits 40 days longer for a decision.", 40, "days", "2025-05", "2025-10", ("WEST",), (),
          "meetings.held; decisions.decided - raised"),
    Truth("pump_spike", "seasonal anomaly", "A heat wave lifts the orders for pumps by 40 % in one month.", 0.40,
          "share of orders", "2024-07", "2024-07", ("EAST", "WEST"), ("Pumps",), "orders.quantity by family and month"),
)  # fmt: skip
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
