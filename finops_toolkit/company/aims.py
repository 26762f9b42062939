"""Goals, targets and initiatives: what the company wants, by when, and by what means."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from .accounts import LINES
from .budgeting import Budget
from .masters import Ids
from .tables import decimals, months, rate, table
from .world import World

# goal, words, parent, weight in percent of the parent, department, KPI
GOALS = (
    ("G", "Earn a tenth of sales and turn it into cash", None, 100, "MGT", "operating_margin"),
    ("G1", "Release cash from working capital", "G", 30, "FIN", "ccc"),
    ("G11", "Customers pay when agreed", "G1", 40, "FIN", "dso"),
    ("G12", "Less stock for the same service", "G1", 40, "LOG", "dio"),
    ("G13", "Pay suppliers when agreed, not before", "G1", 20, "PUR", "dpo"),
    ("G2", "Make and ship what was promised at a lower cost", "G", 35, "OPS", "gross_margin"),
    ("G21", "Orders on time and in full", "G2", 30, "LOG", "otif"),
    ("G22", "Machines that run", "G2", 25, "OPS", "oee"),
    ("G23", "Right at the first pass", "G2", 20, "QUA", "first_pass_yield"),
    ("G24", "Less scrap", "G2", 15, "QUA", "scrap_rate"),
    ("G25", "Suppliers on time", "G2", 10, "PUR", "supplier_on_time"),
    ("G3", "Customers who stay and pay a fair price", "G", 25, "SAL", "nps"),
    ("G31", "Satisfied customers", "G3", 40, "SAL", "csat"),
    ("G32", "Grow with the market", "G3", 35, "SAL", "revenue_growth"),
    ("G33", "Material below its standard price", "G3", 25, "PUR", "material_price_variance"),
    ("G4", "One plan for finance and operations", "G", 10, "MGT", "action_closure"),
    ("G41", "A forecast one can plan by", "G4", 50, "SAL", "forecast_wape"),
    ("G42", "Meet, decide, close", "G4", 50, "MGT", "meeting_cadence"),
)

# KPI: target of North, South, East, West, the company; change a year; department
TARGETS = {
    "dso": ((48, 50, 48, 46, 48), -1, "FIN"),
    "dio": ((52, 54, 48, 64, 54), -1, "LOG"),
    "dpo": ((36, 40, 40, 45, 40), 0, "PUR"),
    "ccc": ((62, 62, 54, 60, 60), -2, "FIN"),
    "inventory_turns": ((7.0, 6.8, 7.5, 5.8, 6.8), 0.1, "LOG"),
    "otif": ((0.90, 0.84, 0.90, 0.88, 0.88), 0.01, "LOG"),
    "oee": ((0.74, 0.67, 0.71, 0.69, 0.70), 0.01, "OPS"),
    "first_pass_yield": ((0.955, 0.930, 0.945, 0.940, 0.943), 0.003, "QUA"),
    "scrap_rate": ((0.015, 0.032, 0.024, 0.027, 0.024), -0.001, "QUA"),
    "supplier_on_time": ((0.84, 0.84, 0.84, 0.82, 0.84), 0.01, "PUR"),
    "forecast_wape": ((0.14, 0.14, 0.14, 0.12, 0.14), -0.005, "SAL"),
    "premium_freight_share": ((0.0025, 0.0035, 0.0025, 0.0030, 0.0028), 0, "LOG"),
    "nps": ((35, 24, 30, 32, 30), 1, "SAL"),
    "csat": ((0.85, 0.78, 0.82, 0.83, 0.82), 0.005, "SAL"),
    "meeting_cadence": ((0.95, 0.95, 0.95, 0.95, 0.95), 0, "MGT"),
    "action_closure": ((0.80, 0.80, 0.80, 0.80, 0.80), 0, "MGT"),
    "decision_latency": ((10, 14, 10, 10, 11), 0, "MGT"),
}

# id, words, unit, department, KPI, start, outlay, benefit a year (EUR), years, requires, excludes
INITIATIVES = (
    (
        "IN-01",
        "Faster changeovers",
        "NORTH",
        "OPS",
        "availability",
        "2024-03",
        180_000,
        260_000,
        5,
        None,
        None,
    ),
    ("IN-02", "Fixed dispatch slots", "EAST", "LOG", "otif", "2025-02", 60_000, 110_000, 4, None, None),
    (
        "IN-03",
        "Scrap training for the shifts",
        "SOUTH",
        "QUA",
        "scrap_rate",
        "2024-09",
        45_000,
        120_000,
        3,
        None,
        None,
    ),
    (
        "IN-04",
        "New spindle for pump line E-L1",
        "EAST",
        "ENG",
        "oee",
        None,
        240_000,
        330_000,
        7,
        None,
        "IN-05",
    ),
    ("IN-05", "Hire a second pump line", "EAST", "OPS", "otif", None, 90_000, 180_000, 2, None, "IN-04"),
    ("IN-06", "Electronic invoices and reminders", "HQ", "FIN", "dso", None, 70_000, 130_000, 5, None, None),
    (
        "IN-07",
        "Castings kept by the foundry on call",
        "NORTH",
        "PUR",
        "supplier_on_time",
        None,
        40_000,
        65_000,
        4,
        None,
        None,
    ),
    (
        "IN-08",
        "Optical inspection of ball valves",
        "SOUTH",
        "QUA",
        "first_pass_yield",
        None,
        320_000,
        190_000,
        6,
        None,
        None,
    ),
    (
        "IN-09",
        "Brass back to the former suppliers",
        "SOUTH",
        "PUR",
        "scrap_rate",
        None,
        5_000,
        140_000,
        3,
        None,
        None,
    ),
    (
        "IN-10",
        "Demand planning with customers' data",
        "WEST",
        "SAL",
        "forecast_wape",
        None,
        150_000,
        240_000,
        5,
        "IN-11",
        None,
    ),
    ("IN-11", "Clean order history", "HQ", "FIN", "forecast_wape", None, 40_000, 15_000, 5, None, None),
    (
        "IN-12",
        "Heat recovery at the paint shop",
        "NORTH",
        "ENG",
        "gross_margin",
        None,
        210_000,
        58_000,
        10,
        None,
        None,
    ),
    ("IN-13", "Automatic store", "SOUTH", "LOG", "dio", None, 900_000, 215_000, 8, None, "IN-14"),
    ("IN-14", "Kanban for ball valve parts", "SOUTH", "OPS", "dio", None, 35_000, 90_000, 4, None, "IN-13"),
    ("IN-15", "Sell the slow stock of actuators", "WEST", "SAL", "dio", None, 25_000, 85_000, 1, None, None),
    (
        "IN-16",
        "Joint price review with key accounts",
        "NORTH",
        "SAL",
        "gross_margin",
        None,
        15_000,
        170_000,
        2,
        None,
        None,
    ),
)


def goal_table() -> dict[str, pa.Table]:
    """The goal tree; weights of the children of a goal add up to one."""
    goal, words, parent, weight, owner, kpi = zip(*GOALS, strict=True)
    return {
        "goals": table(
            "goals",
            {
                "goal": list(goal),
                "name": list(words),
                "parent": list(parent),
                "weight": rate(np.array(weight) * 10**6),
                "owner": list(owner),
                "kpi": list(kpi),
            },
        )
    }


def target_table(budgets: list[Budget], name: Ids) -> dict[str, pa.Table]:
    """Targets valid from each January; margins are those of the budget, the others from the list above."""
    plants = name.units[:4]
    top = "COMPANY" if name.division == 0 else f"DIVISION-{name.division + 1:02d}"
    rows = []
    for step, budget in enumerate(budgets):
        month = budget.year * 12
        for kpi, (levels, change, owner) in TARGETS.items():
            for unit, level in zip([*plants, top], levels, strict=True):
                rows.append((kpi, unit, month, round((level + change * step) * 10**8), owner))
        for kpi, owner in (("gross_margin", "SAL"), ("operating_margin", "MGT")):
            for u, unit in enumerate([*plants, top]):
                rows.append((kpi, unit, month, _margin(budget, kpi, u), owner))
    rows.sort()
    kpis, units, starts, values, owners = (list(column) for column in zip(*rows, strict=True))
    columns = {
        "kpi": kpis,
        "unit": units,
        "month": months(np.array(starts)),
        "value": rate(np.array(values)),
        "owner": owners,
    }
    return {"targets": table("targets", columns)}


def _margin(budget: Budget, kpi: str, unit: int) -> int:
    """Margin of a plant (4: the whole company) in the year's budget, to a tenth of a percent, times 10**8."""
    year = budget.by_account.sum(axis=0)
    total = year.sum(axis=0) if unit == 4 else year[unit]
    lines = np.array(LINES)
    sales = -int(total[lines == "revenue"].sum())
    costs = (
        ["cogs"]
        if kpi == "gross_margin"
        else ["cogs", "selling", "distribution", "administration", "research", "depreciation", "other_income"]
    )
    return (sales - int(total[np.isin(lines, costs)].sum())) * 1000 // max(sales, 1) * 10**5


def initiative_table(world: World, name: Ids) -> dict[str, pa.Table]:
    """Initiatives; one that starts after the data ends is still a proposal."""
    last = world.calendar.text(world.calendar.months - 1)
    units = dict(zip(("NORTH", "SOUTH", "EAST", "WEST", "HQ"), name.units, strict=True))
    ids, words, unit, owner, kpi, start, outlay, benefit, years, needs, bars = zip(*INITIATIVES, strict=True)
    begun = np.array([s is not None and s <= last for s in start])
    first = np.array([int(s[:4]) * 12 + int(s[5:]) - 1 if s else 0 for s in start])
    mark = lambda values: [None if v is None else v + name.mark for v in values]  # noqa: E731
    return {
        "initiatives": table(
            "initiatives",
            {
                "initiative": mark(ids),
                "name": list(words),
                "unit": [units[u] for u in unit],
                "owner": list(owner),
                "kpi": list(kpi),
                "start": months(first, ~begun),
                "outlay": decimals(np.array(outlay) * 10_000, 4),
                "benefit": decimals(np.array(benefit) * 10_000, 4),
                "years": decimals(np.array(years) * 10_000, 4),
                "requires": mark(needs),
                "excludes": mark(bars),
            },
        )
    }
