"""What the plants and head office spend besides material and direct labour, month by month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import parameters as P
from .flow import Flow
from .world import INTERCOMPANY_CUSTOMER, World

SPENDING = (0.90, 0.98, 0.94, 1.02)  # overhead spent to overhead in the standards, at the start
OVERHEAD_PARTS = {"5200": 0.48, "5210": 0.14, "5220": 0.18, "5230": 0.20}
PLANT_COSTS = {  # share of the sales a plant had at the start
    "6000": 0.038,
    "6010": 0.011,
    "6120": 0.012,
    "6200": 0.022,
    "6210": 0.011,
    "6300": 0.006,
    "6310": 0.002,
}
HEAD_OFFICE = {
    "6200": 205_000,
    "6210": 85_000,
    "6300": 105_000,
    "6310": 38_000,
    "6010": 48_000,
}  # EUR a month
INSURANCE = (0.0040, 60_000)  # share of sales at a plant; EUR a year at head office
COMMISSION, FREIGHT, PREMIUM = 0.012, 0.026, 0.09  # of the sales value; premium of a delivery sent by express
EXPRESS_ABOVE = -0.1  # standard normal value above which a late delivery goes by express: 54 %
DEPRECIATION = (95_000, 72_000, 82_000, 66_000, 15_000)  # EUR a month
SPINDLE_REPAIRS = 21_000  # EUR a month while a machine fails
SEASON_OF_MARKETING = (1.0, 0.8, 1.5, 1.2, 0.9, 0.8, 0.7, 0.6, 1.4, 1.3, 1.0, 0.8)


@dataclass(frozen=True)
class Spending:
    """Cents by month and unit for each account: `bills` come from suppliers, `people` through the payroll."""

    bills: dict[str, np.ndarray]
    people: dict[str, np.ndarray]
    normal_overhead: np.ndarray  # [month, plant] charged to production
    depreciation: np.ndarray
    investment: np.ndarray
    insurance_year: np.ndarray  # [year, unit] premium paid in January


def sales_value(world: World, flow: Flow) -> np.ndarray:
    """Net value of deliveries to outside customers less returns by month and plant, in cents."""
    d = flow.deliveries
    outside = d["customer"] != INTERCOMPANY_CUSTOMER
    return _sum(world, d["day"][outside], world.pairs.unit[d["pair"][outside]], d["amount"][outside])


def _sum(world: World, day: np.ndarray, unit: np.ndarray, amount: np.ndarray) -> np.ndarray:
    out = np.zeros((world.calendar.months, len(P.UNITS)), dtype=np.int64)
    np.add.at(out, (world.calendar.month_of(day), unit), amount)
    return out


def normal_overhead(world: World) -> np.ndarray:
    """Overhead of a normal month by plant, in cents: set each January from the trend of volumes."""
    pairs, std = world.pairs, world.standards
    family = std.family[pairs.product]
    growth = 1 + np.array(P.FAMILY_GROWTH)[family] + np.array(P.PLANT_GROWTH)[pairs.unit]
    year = world.calendar.ordinal[: world.calendar.months] // 12
    middle = np.maximum(year - 2022 + (9 - 7) / 12, 0)
    made = np.where(pairs.resource >= 0, world.with_sister(pairs.base) * std.overhead[pairs.product], 0.0)
    amount = made * growth ** middle[:, None]
    return np.stack([np.rint(amount[:, pairs.unit == u].sum(axis=1)) for u in range(4)], axis=1).astype(
        np.int64
    )


def express_freight(world: World, flow: Flow) -> np.ndarray:
    """Premium freight by month and unit: half of what leaves late goes by express."""
    d = flow.deliveries
    unit = world.pairs.unit[d["pair"]]
    noise, _ = world.chance.draws("shipping", world.calendar.month_of(d["day"]), unit, normals=1)
    late = (d["day"] > d["requested"]) & (d["quantity"] > 0) & (d["customer"] != INTERCOMPANY_CUSTOMER)
    late &= noise[:, 0] > EXPRESS_ABOVE
    return _sum(world, d["day"][late], unit[late], np.rint(d["amount"][late] * PREMIUM).astype(np.int64))


def make_spending(world: World, flow: Flow, incidents: np.ndarray) -> Spending:
    """Everything spent, with inflation, the season of marketing and the noise of each month."""
    calendar = world.calendar
    months, units = calendar.months, len(P.UNITS)
    inflation = (1 + P.INFLATION) ** (np.arange(months) / 12)[:, None]
    raises = (1 + P.INFLATION) ** np.floor((np.arange(months) + 3) / 12)[:, None]  # wages go up each January
    noise = np.stack([world.chance.at("costs", t).standard_normal((16, units)) for t in range(months)])
    noise = 1 + 0.04 * np.clip(noise, -2.5, 2.5)
    season = np.array(SEASON_OF_MARKETING)[calendar.ordinal[:months] % 12][:, None]
    normal = normal_overhead(world)
    base_overhead = np.append(normal[0] * np.array(SPENDING), 0.0)
    running = _sum(
        world, flow.runs["finished"], world.pairs.unit[flow.runs["pair"]], flow.runs["run_minutes"]
    )
    usual = np.maximum(np.median(running[:12], axis=0), 1)
    sales = np.append(np.array(P.SALES, dtype=float), 0.0) * 100
    bills: dict[str, np.ndarray] = {}
    people: dict[str, np.ndarray] = {}
    for k, (account, share) in enumerate(OVERHEAD_PARTS.items()):
        level = base_overhead * share * (raises if account == "5200" else inflation)
        if account == "5220":
            level = level * (0.35 + 0.65 * running / usual)
        (people if account == "5200" else bills)[account] = level * (
            1 + (noise[:, k] - 1) * (0.3, 2, 1, 0.6)[k]
        )
    failing = np.zeros((months, units))
    units_of_resource = [r[1] for r in P.RESOURCES]
    np.maximum.at(failing.T, units_of_resource, (world.effects.downtime > 0.1).T.astype(float))
    bills["5210"] = bills["5210"] + failing * SPINDLE_REPAIRS * 100 * noise[:, 15]
    for k, (account, share) in enumerate(PLANT_COSTS.items()):
        level = sales * share
        level[P.HQ] = HEAD_OFFICE.get(account, 0) * 100
        is_people = account in ("6000", "6120", "6200", "6300")
        level = level * (raises if is_people else inflation) * (season if account == "6010" else 1)
        (people if is_people else bills)[account] = level * (
            1 + (noise[:, 4 + k] - 1) * (0.25 if is_people else 1.5)
        )
    sold = sales_value(world, flow)
    bills["6020"] = np.maximum(sold, 0) * COMMISSION
    bills["6100"] = np.maximum(sold, 0) * FREIGHT * (1 + (noise[:, 13] - 1) * 0.8)
    bills["6110"] = express_freight(world, flow)
    complaint = incidents["kind"] == 0
    bills["5150"] = _sum(
        world, incidents["day"][complaint], incidents["unit"][complaint], incidents["cost"][complaint]
    )
    premium = np.append(sales[:4] * INSURANCE[0] * 12, INSURANCE[1] * 100)
    years = calendar.ordinal[:months:12][-1] // 12 - 2022 + 2
    depreciation = np.array(DEPRECIATION) * 100 * (1.012 ** (np.arange(months) // 12))[:, None]
    whole = {a: np.rint(v).astype(np.int64) for a, v in bills.items()}
    wages = {a: np.rint(v).astype(np.int64) for a, v in people.items()}
    return Spending(
        whole,
        wages,
        normal,
        np.rint(depreciation).astype(np.int64),
        np.rint(depreciation * 0.93 * (1 + 3 * (noise[:, 14] - 1))).astype(np.int64),
        np.rint(premium * 1.03 ** np.arange(years)[:, None] / 12).astype(np.int64) * 12,
    )
