"""Materials are ordered against the plan, and come on time, late or not good enough."""

from __future__ import annotations

import numpy as np

from . import parameters as P
from .calendar import to_workday
from .world import World

RECEIPT = np.dtype(
    [
        ("purchase", "i8"),
        ("line", "i8"),
        ("supplier", "i8"),
        ("unit", "i8"),
        ("material", "i8"),
        ("ordered", "i8"),
        ("promised", "i8"),
        ("received", "i8"),
        ("quantity", "i8"),
        ("rejected", "i8"),
        ("accepted", "i8"),
        ("price", "i8"),
    ]
)
BRASS, CHEAP_SUPPLIER, CHEAP_PRICE, SOUTH = 1, 13, 0.94, 1
WEEKS = 4


def material_need(world: World, units: np.ndarray) -> np.ndarray:
    """Materials that so many units by pair take, [material, plant], with a normal allowance."""
    made = world.pairs.resource >= 0
    product, unit = world.pairs.product[made], world.pairs.unit[made]
    out = np.zeros((len(P.MATERIALS), len(P.PLANTS)))
    amount = np.asarray(units)[made, None] * world.standards.bom_tenths[product] / 10 * 1.04
    np.add.at(out, (world.standards.bom_item[product], np.repeat(unit[:, None], 3, axis=1)), amount)
    return out


def purchase_lines(
    world: World, t: int, planned: np.ndarray, later: np.ndarray, position: np.ndarray, next_purchase: int
) -> np.ndarray:
    """Order lines placed in a month, with what will come of them.

    `planned` and `later` are units by pair to be made this month and next; `position` is stock and open
    orders, [material, plant].
    """
    rng = world.chance.at("purchases", t)
    now, then = material_need(world, planned), material_need(world, later)
    wanted = np.maximum(now + (1 + np.array(P.MATERIAL_COVER)) * then - position, 0)
    material, unit = np.nonzero(then > 0)
    amount = wanted[material, unit]
    material, unit, amount = (np.repeat(x, WEEKS) for x in (material, unit, amount))
    week = np.tile(np.arange(WEEKS), len(material) // WEEKS)
    luck, noise = rng.random((len(material), 4)), np.clip(rng.standard_normal((len(material), 2)), -2.5, 2.5)
    choice = (luck[:, 0] >= P.MAIN_SHARE).astype(np.int64)
    supplier = np.array(P.MATERIAL_SUPPLIERS)[material, choice]
    if world.effects.cheap_brass[t]:
        supplier = np.where((material == BRASS) & (unit == SOUTH), CHEAP_SUPPLIER, supplier)
    traits = np.array([s[4:8] for s in P.SUPPLIERS])[supplier]
    days = world.calendar.workdays[t]
    rows = np.zeros(len(material), dtype=RECEIPT)
    rows["supplier"], rows["unit"], rows["material"] = supplier, unit, material
    rows["quantity"] = np.rint(amount / WEEKS * (0.9 + 0.2 * luck[:, 1]))
    rows["ordered"] = days[np.minimum(week * 5 + np.floor(luck[:, 2] * 3).astype(np.int64), len(days) - 1)]
    rows["promised"] = to_workday(rows["ordered"] + traits[:, 0].astype(np.int64))
    # a supplier is usually a day early or on the day, sometimes some days late; a late supplier is late by
    # more
    delay = np.rint(traits[:, 1] - 1.5 + 2.0 * noise[:, 0] + world.effects.supplier_delay[t, supplier])
    rows["received"] = np.maximum(to_workday(rows["promised"] + delay.astype(np.int64)), rows["ordered"] + 3)
    rows["received"] = to_workday(rows["received"])
    bad = luck[:, 3] < 5 * traits[:, 2]
    rows["rejected"] = np.where(bad, np.rint(rows["quantity"] * (0.12 + 0.06 * np.abs(noise[:, 1]))), 0)
    rows["accepted"] = rows["quantity"] - rows["rejected"]
    factor = np.where(supplier == CHEAP_SUPPLIER, CHEAP_PRICE, traits[:, 3])
    rows["price"] = np.maximum(np.rint(world.material_price[t, material] * factor), 1)
    rows = rows[rows["quantity"] > 0]
    # one purchase order for a plant, a supplier and a week, numbered by day
    group = (
        (rows["unit"] * len(P.SUPPLIERS) + rows["supplier"]) * 32 + rows["ordered"] - world.calendar.start[t]
    )
    rows = rows[np.lexsort((rows["material"], group, rows["ordered"]))]
    group = (rows["unit"] * len(P.SUPPLIERS) + rows["supplier"]) * 10**6 + rows["ordered"]
    new = np.concatenate([[True], group[1:] != group[:-1]]) if len(rows) else np.zeros(0, dtype=bool)
    number = np.cumsum(new) - 1
    rows["purchase"] = next_purchase + number
    rows["line"] = 1 + np.arange(len(rows)) - np.flatnonzero(new)[number]
    return rows
