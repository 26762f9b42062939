"""Plants plan from the agreed forecast and make in runs."""

from __future__ import annotations

import numpy as np

from . import parameters as P
from .world import World

RUN = np.dtype(
    [
        ("pair", "i8"),
        ("resource", "i8"),
        ("finished", "i8"),
        ("planned_minutes", "i8"),
        ("run_minutes", "i8"),
        ("planned", "i8"),
        ("made", "i8"),
        ("first_pass", "i8"),
        ("good", "i8"),
        ("hours", "i8"),
        ("wage", "i8"),
    ]
)
# `hours` are tenths of an hour of labour, `wage` tenths of a EUR for an hour
PARTIAL_CORRECTION = (
    0.35  # share of a stock difference that one month's plan makes good: production is levelled
)


def capacity_minutes(world: World, t: int) -> np.ndarray:
    """Minutes each resource can be planned for in a month."""
    return np.array(P.SHIFT_HOURS) * 60 * len(world.calendar.workdays[t])


def plan(world: World, t: int, wanted: np.ndarray, stock: np.ndarray, overdue: np.ndarray) -> np.ndarray:
    """Units planned by pair (for sourced pairs: units to order from the sister).

    `wanted` is the agreed forecast of this month, the next and so on. The forecast of the month, what is
    overdue, and part of the way to the stock aimed at, as far as the machines can do it.
    """
    pairs = world.pairs
    aim = np.array(P.COVER_MONTHS)[pairs.unit] * (wanted[0] + wanted[1]) / 2
    units = np.maximum(wanted[0] + overdue + PARTIAL_CORRECTION * (aim - stock), 0)
    minutes = units * pairs.ideal / 100 / _planned_oee(world, t)[pairs.resource]
    made = pairs.resource >= 0
    load = np.bincount(pairs.resource[made], minutes[made], minlength=len(P.RESOURCES))
    squeeze = np.minimum(1.0, capacity_minutes(world, t) / np.maximum(load, 1.0))
    return np.rint(np.where(made, units * squeeze[pairs.resource], units)).astype(np.int64)


def _planned_oee(world: World, t: int) -> np.ndarray:
    """OEE the planners reckon with, by resource: the plant's normal one, and gains that are there to stay."""
    unit = np.array([r[1] for r in P.RESOURCES])
    gain = np.minimum(world.effects.downtime[t], 0.0)
    return (np.array(P.AVAILABILITY)[unit] - gain) * np.array(P.SPEED)[unit] * np.array(P.FINAL_GOOD)[unit]


def runs(world: World, t: int, planned: np.ndarray) -> np.ndarray:
    """The runs of a month as they would go if material were always there."""
    pairs, days = world.pairs, world.calendar.workdays[t]
    wanted = np.where(pairs.resource >= 0, planned, 0)
    lots = np.clip(np.rint(wanted / world.with_sister(pairs.base) * 3.2), 1, 6)
    count = np.where(wanted > 0.05 * pairs.base, lots, 0).astype(np.int64)
    pair = np.repeat(np.arange(len(count)), count)
    order = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    n, unit, resource = len(pair), pairs.unit[pair], pairs.resource[pair]
    noise, luck = world.chance.draws("runs", t, unit, normals=5, uniforms=1)
    noise = np.clip(noise, -2.5, 2.5)
    rows = np.zeros(n, dtype=RUN)
    rows["pair"], rows["resource"] = pair, resource
    rows["planned"] = wanted[pair] // count[pair] + (order < wanted[pair] % count[pair])
    place = (order + luck[:, 0]) / count[pair]
    rows["finished"] = days[np.minimum((place * len(days)).astype(np.int64), len(days) - 1)]
    ideal = pairs.ideal[pair]
    rows["planned_minutes"] = np.rint(rows["planned"] * ideal / 100 / _planned_oee(world, t)[resource]) + 1
    down = 1 - np.array(P.AVAILABILITY)[unit] + world.effects.downtime[t, resource]
    down = np.clip(down + 0.035 * noise[:, 0] + 0.015 * np.sin(2.1 * t + unit), 0.03, 0.7)
    rows["run_minutes"] = np.rint(rows["planned_minutes"] * (1 - down))
    speed = np.minimum(np.array(P.SPEED)[unit] + 0.025 * noise[:, 1], 0.995)
    rows["made"] = np.floor(rows["run_minutes"] * speed * 100 / ideal)
    scrap = np.clip(
        1 - np.array(P.FINAL_GOOD)[unit] + world.effects.scrap[t, resource] + 0.007 * noise[:, 2], 0.001, 0.3
    )
    rework = np.array(P.FINAL_GOOD)[unit] - np.array(P.FIRST_PASS)[unit]
    rework = np.clip(rework * (1 + world.effects.scrap[t, resource] * 12) + 0.006 * noise[:, 3], 0.002, 0.3)
    rows["good"] = np.rint(rows["made"] * (1 - scrap))
    rows["first_pass"] = np.maximum(np.rint(rows["made"] * (1 - scrap - rework)), 0)
    years = (world.calendar.ordinal[t] // 12) - 2022
    product = pairs.product[pair]
    pace = (
        1.0
        + 0.03 * noise[:, 4]
        + np.array((-0.015, 0.02, 0.0, 0.01))[unit]
        + 0.12 * np.maximum(down - 0.25, 0)
    )
    rows["hours"] = np.rint(rows["made"] * world.standards.hours[product] / 10 * pace)
    rows["wage"] = np.rint(P.LABOUR_RATE / 10 * (1 + 0.55 * P.INFLATION * years)).astype(np.int64)
    rows = rows[rows["good"] > 0]
    return rows[np.argsort(rows["finished"], kind="stable")]


def material_used(world: World, t: int, rows: np.ndarray) -> np.ndarray:
    """Units of material each run takes, [run, 3], scrap and waste included."""
    product = world.pairs.product[rows["pair"]]
    noise, _ = world.chance.draws("waste", t, world.pairs.unit[rows["pair"]], normals=3)
    waste = 1.004 + 0.012 * np.clip(noise, -2.5, 2.5)
    used = rows["made"][:, None] * world.standards.bom_tenths[product] / 10 * waste
    return np.maximum(np.rint(used), 1).astype(np.int64)


def wait_for_material(
    world: World, t: int, rows: np.ndarray, used: np.ndarray, stock: np.ndarray, receipts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Delay each run until its materials are there; drop the runs for which they do not come this month.

    `stock` is [material, plant] units at the start; `receipts` has material, unit, received and accepted
    units. Returns the runs that were made and the material they took.
    """
    items = world.standards.bom_item[world.pairs.product[rows["pair"]]]
    place = (
        items * len(P.PLANTS) + world.pairs.unit[rows["pair"]][:, None]
    )  # material and plant as one number
    places = stock.size
    start = world.calendar.start[t]
    at = np.concatenate([np.arange(places), receipts["material"] * len(P.PLANTS) + receipts["unit"]])
    day = np.concatenate([np.full(places, start - 1), receipts["received"]])
    units = np.concatenate([stock.ravel(), receipts["accepted"]])
    order = np.lexsort((day, at))
    at, day, units = at[order], day[order], np.cumsum(units[order])
    first = np.searchsorted(at, np.arange(places + 1))
    before = np.concatenate([[0], units])[first]  # cumulated supply before each place's own
    flat, need = place.ravel(), used.ravel()
    queue = np.argsort(flat * 1_000_000 + np.repeat(rows["finished"], 3), kind="stable")
    total = np.cumsum(need[queue])
    begin = np.searchsorted(flat[queue], np.arange(places))
    base = np.concatenate([[0], total])[begin]
    level = np.empty(len(flat), dtype=np.int64)
    level[queue] = total - base[flat[queue]]
    event = np.searchsorted(units, before[flat] + level, side="left")
    there = event < first[flat + 1]
    ready = np.where(there, day[np.minimum(event, len(day) - 1)], 0).reshape(-1, 3).max(axis=1)
    made = there.reshape(-1, 3).all(axis=1)
    rows["finished"] = np.minimum(np.maximum(rows["finished"], ready), world.calendar.workdays[t][-1])
    return rows[made], used[made]
