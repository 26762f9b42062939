"""The months one after the other: what was ordered, planned, bought, made, shipped and counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import buying, demand, making, selling
from . import parameters as P
from .calendar import RUN_UP
from .world import HISTORY, INTERCOMPANY_CUSTOMER, World


@dataclass
class Flow:
    """All events of a run in the order in which they happened (run-up included)."""

    lines: np.ndarray  # order lines as ordered
    open_at_start: np.ndarray  # order lines open when the books begin, `left` is what was still to be shipped
    deliveries: np.ndarray  # returns are negative
    runs: np.ndarray
    used: np.ndarray  # [run, 3] material
    receipts: np.ndarray  # purchase lines
    stock: np.ndarray  # [month, pair] finished units at the end
    counted: np.ndarray  # [month, pair] units written off (negative) or found
    materials: np.ndarray  # [month, material, plant] at the end
    materials_counted: np.ndarray
    statistical: np.ndarray  # [month, step, pair]
    consensus: np.ndarray
    orders: np.ndarray  # [month, pair] units ordered by outside customers
    planned: np.ndarray  # [month, pair]
    opening_stock: np.ndarray  # before the run-up
    opening_materials: np.ndarray


class _State:
    """What one month hands to the next."""

    def __init__(self, world: World):
        cover = np.array(P.COVER_MONTHS)[world.pairs.unit]
        need = world.with_sister(world.expected[0])
        self.stock = np.rint(need * cover * 0.85).astype(np.int64)
        self.stock = np.where(world.pairs.sourced, self.stock // 2, self.stock)
        self.materials = np.rint(buying.material_need(world, need) * 1.5).astype(np.int64)
        self.open = np.zeros(0, dtype=demand.LINE)
        self.coming = np.zeros(0, dtype=buying.RECEIPT)
        self.announced = np.zeros(0, dtype=selling.DELIVERY)
        self.history = demand.demand_before(world)
        self.next_order, self.next_purchase = 1, 1


def run_months(world: World) -> Flow:
    """Simulate every month of the calendar."""
    state = _State(world)
    opening = state.stock.copy(), state.materials.copy()
    months: dict[str, list[np.ndarray]] = {}
    open_at_start = state.open
    for t in range(world.calendar.months):
        for name, value in _month(world, t, state).items():
            months.setdefault(name, []).append(value)
        if t == RUN_UP - 1:
            open_at_start = state.open[state.open["customer"] >= 0].copy()
    joined = {
        name: np.concatenate(months[name]) for name in ("lines", "deliveries", "runs", "used", "receipts")
    }
    stacked = {name: np.stack(parts) for name, parts in months.items() if name not in joined}
    return Flow(
        open_at_start=open_at_start,
        opening_stock=opening[0],
        opening_materials=opening[1],
        **joined,
        **stacked,
    )


def _month(world: World, t: int, state: _State) -> dict[str, np.ndarray]:
    pairs = world.pairs
    statistical, consensus = demand.forecast(world, t, state.history)
    late = state.open[state.open["requested"] < world.calendar.start[t]]
    overdue = np.bincount(late["pair"], late["left"], minlength=len(pairs.product)).astype(np.int64)
    sister_open = _still_to_come(world, state)
    planned = making.plan(world, t, consensus, state.stock + sister_open, overdue)

    lines = demand.outside_orders(world, t, state.next_order)
    state.next_order = int(lines["order"][-1]) + 1 if len(lines) else state.next_order
    sister = demand.sister_orders(world, t, state.next_order, np.where(pairs.sourced, planned, 0))
    state.next_order += 2
    ordered = np.bincount(lines["pair"], lines["quantity"], minlength=len(pairs.product)).astype(np.int64)
    lines = np.concatenate([lines, sister])
    state.open = np.concatenate([state.open, lines])
    state.history = np.concatenate([state.history, ordered[None]])[-HISTORY:]

    rows, used, receipts = _make(world, t, state, planned, consensus[1])
    made = (rows["pair"], rows["finished"], rows["good"])
    deliveries, shipped = _ship_all(world, t, state, made)
    returned, state.announced = selling.take_back(world, t, state.announced)
    state.announced = np.concatenate([state.announced, selling.announce_returns(world, t, deliveries)])
    into = np.bincount(rows["pair"], rows["good"], minlength=len(pairs.product)).astype(np.int64)
    back = -np.bincount(returned["pair"], returned["quantity"], minlength=len(pairs.product)).astype(np.int64)
    stock = state.stock + into - shipped + back + _from_sister(world, deliveries)
    counted, materials_counted = _count(world, t, stock, state.materials, back)
    state.stock = stock + counted
    state.materials = state.materials + materials_counted
    return {
        "lines": lines,
        "deliveries": np.concatenate([deliveries, returned]),
        "runs": rows,
        "used": used,
        "receipts": receipts,
        "stock": state.stock,
        "counted": counted,
        "materials": state.materials,
        "materials_counted": materials_counted,
        "statistical": statistical,
        "consensus": consensus,
        "orders": ordered,
        "planned": planned,
    }


def _make(
    world: World, t: int, state: _State, planned: np.ndarray, later: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Order material, receive it, make: returns runs, material used, and the month's purchase lines."""
    position = state.materials.astype(float)
    np.add.at(position, (state.coming["material"], state.coming["unit"]), state.coming["accepted"])
    placed = buying.purchase_lines(world, t, planned, later, position, state.next_purchase)
    state.next_purchase = int(placed["purchase"][-1]) + 1 if len(placed) else state.next_purchase
    coming = np.concatenate([state.coming, placed])
    here = coming["received"] < world.calendar.start[t + 1]
    receipts, state.coming = coming[here], coming[~here]
    rows = making.runs(world, t, planned)
    used = making.material_used(world, t, rows)
    rows, used = making.wait_for_material(world, t, rows, used, state.materials, receipts)
    state.materials = state.materials.copy()  # the month before keeps its own
    np.add.at(state.materials, (receipts["material"], receipts["unit"]), receipts["accepted"])
    items = world.standards.bom_item[world.pairs.product[rows["pair"]]]
    np.subtract.at(state.materials, (items, world.pairs.unit[rows["pair"]][:, None]), used)
    return rows, used, placed


def _ship_all(
    world: World, t: int, state: _State, made: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Plants ship what they make; then the buying plant ships what came from its sister."""
    sourced = world.pairs.sourced
    own = ~sourced[state.open["pair"]]
    first, second = state.open[own], state.open[~own]
    deliveries, shipped = selling.ship(world, t, first, state.stock, made)
    came = deliveries[deliveries["customer"] == INTERCOMPANY_CUSTOMER]
    arrived = (world.buyer_of[came["pair"]], came["day"], came["quantity"])
    more, shipped_more = selling.ship(world, t, second, state.stock, arrived)
    both = np.concatenate([first, second])
    state.open = both[both["left"] > 0]
    deliveries = np.concatenate([deliveries, more])
    order = np.lexsort((deliveries["line"], deliveries["order"], deliveries["day"]))
    return deliveries[order], shipped + shipped_more


def _from_sister(world: World, deliveries: np.ndarray) -> np.ndarray:
    came = deliveries[deliveries["customer"] == INTERCOMPANY_CUSTOMER]
    pair = world.buyer_of[came["pair"]]
    return np.bincount(pair, came["quantity"], minlength=len(world.pairs.product)).astype(np.int64)


def _still_to_come(world: World, state: _State) -> np.ndarray:
    """Units the buying plant has ordered from its sister and not received, by its pair."""
    waiting = state.open[state.open["customer"] == INTERCOMPANY_CUSTOMER]
    pair = world.buyer_of[waiting["pair"]]
    return np.bincount(pair, waiting["left"], minlength=len(world.pairs.product)).astype(np.int64)


def _count(
    world: World, t: int, stock: np.ndarray, materials: np.ndarray, back: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Half of what comes back is written off; a quarter's last month has a count of everything."""
    rng = world.chance.at("counts", t)
    noise = np.clip(rng.standard_normal(stock.size + materials.size), -2.5, 2.5)
    gone = -((back + 1) // 2)
    if world.calendar.ordinal[t] % 3 != 2:
        return np.maximum(gone, -stock), np.zeros_like(materials)
    found = np.rint(stock * (0.004 * noise[: stock.size] - 0.0015)).astype(np.int64)
    more = np.rint(materials * (0.006 * noise[stock.size :].reshape(materials.shape) - 0.002)).astype(
        np.int64
    )
    return np.maximum(gone + found, -stock), np.maximum(more, -materials)
