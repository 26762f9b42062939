"""Plants ship whole or in parts from what is there, first come first served, and take returns back."""

from __future__ import annotations

import numpy as np

from . import parameters as P
from .calendar import to_workday
from .demand import net_cents, to_euro
from .world import INTERCOMPANY_CUSTOMER, World

DELIVERY = np.dtype(
    [
        ("order", "i8"),
        ("line", "i8"),
        ("pair", "i8"),
        ("customer", "i8"),
        ("day", "i8"),
        ("quantity", "i8"),
        ("amount", "i8"),
        ("dollars", "i8"),
        ("price", "i8"),
        ("dollar_price", "i8"),
        ("discount", "i8"),
        ("requested", "i8"),
    ]
)
SMALLEST_PART = 0.25  # of a line, below which nothing is sent in advance


def ship(
    world: World,
    t: int,
    lines: np.ndarray,
    stock: np.ndarray,
    made: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Ship what can be shipped in a month.

    `lines` are open order lines (their `left` is changed), `stock` is units by pair at the start, `made` is
    pair, day and units that come in during the month. Returns deliveries and the units shipped by pair.

    For each pair, lines queue by their target date; a line goes out in full on the first day at which all
    that came in covers the queue up to it. If its customer takes parts, what is there on the target day goes
    first.
    """
    calendar, pairs = world.calendar, len(world.pairs.product)
    start, last = int(calendar.start[t]), int(calendar.workdays[t][-1])
    due = np.flatnonzero((lines["target"] <= last) & (lines["left"] > 0))
    pair = lines["pair"][due]
    target = np.maximum(lines["target"][due], calendar.workdays[t][0])
    queue = np.lexsort((lines["line"][due], lines["order"][due], lines["target"][due], pair))
    due, pair, target = due[queue], pair[queue], target[queue]
    left = lines["left"][due]
    total = np.cumsum(left)
    base = np.concatenate([[0], total])[np.searchsorted(pair, np.arange(pairs))]
    upto = total - base[pair]

    at = np.concatenate([np.arange(pairs), made[0]])
    day = np.concatenate([np.full(pairs, start - 1), made[1]])
    order = np.lexsort((day, at))
    at, day = at[order], day[order]
    supply = np.cumsum(np.concatenate([stock, made[2]])[order])
    first = np.searchsorted(at, np.arange(pairs + 1))
    before = np.concatenate([[0], supply])[first]

    event = np.searchsorted(supply, before[pair] + upto, side="left")
    whole = event < first[pair + 1]
    full_day = np.maximum(target, np.where(whole, day[np.minimum(event, len(day) - 1)], target))
    reached = np.searchsorted(at * 1_000_000 + day, pair * 1_000_000 + target, side="right") - 1
    on_day = np.clip(supply[reached] - before[pair] - (upto - left), 0, left)
    split = lines["partial"][due] & (on_day >= np.maximum(SMALLEST_PART * left, 1)) & (on_day < left)
    rest = whole & split
    index = np.concatenate([due[whole & ~split], due[split], due[rest]])
    days = np.concatenate([full_day[whole & ~split], target[split], full_day[rest]])
    units = np.concatenate([left[whole & ~split], on_day[split], (left - on_day)[rest]])
    np.subtract.at(lines["left"], index, units)
    out = _deliveries(world, t, lines[index], days, units)
    return out, np.bincount(out["pair"], out["quantity"], minlength=pairs).astype(np.int64)


def _deliveries(world: World, t: int, lines: np.ndarray, days: np.ndarray, units: np.ndarray) -> np.ndarray:
    out = np.zeros(len(lines), dtype=DELIVERY)
    for name in ("order", "line", "pair", "customer", "price", "discount", "requested"):
        out[name] = lines[name]
    out["dollar_price"], out["day"], out["quantity"] = lines["dollars"], days, units
    return _priced(world, t, out)


def _priced(world: World, t: int, out: np.ndarray) -> np.ndarray:
    """Net value; where a customer is invoiced in dollars, from those at the month's average rate."""
    out["dollars"] = net_cents(out["quantity"], out["dollar_price"], out["discount"])
    euro = net_cents(out["quantity"], out["price"], out["discount"])
    out["amount"] = np.where(out["dollar_price"] > 0, to_euro(out["dollars"], world.rate_average[t]), euro)
    return out[np.lexsort((out["line"], out["order"], out["day"]))]


def announce_returns(world: World, t: int, delivered: np.ndarray) -> np.ndarray:
    """Returns that will come of a month's deliveries: rows like deliveries with the day of the return."""
    unit = world.pairs.unit[delivered["pair"]]
    _, luck = world.chance.draws("returns", t, unit, uniforms=3)
    resource = np.maximum(world.pairs.resource[delivered["pair"]], 0)
    share = np.array(P.RETURNS)[unit] * (1 + 20 * world.effects.scrap[t, resource])
    back = (luck[:, 0] < share) & (delivered["customer"] != INTERCOMPANY_CUSTOMER)
    out = delivered[back].copy()
    part = np.where(luck[back, 1] < 0.4, 1.0, luck[back, 1])
    days = out["day"] + 6 + np.floor(luck[back, 2] * 25).astype(np.int64)
    out["day"] = to_workday(np.maximum(days, world.calendar.start[t + 1]))  # never in the month of delivery
    out["quantity"] = -np.maximum(np.rint(out["quantity"] * part), 1)
    return out


def take_back(world: World, t: int, announced: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The returns of a month, valued, and what is still announced for later."""
    now = announced["day"] < world.calendar.start[t + 1]
    return _priced(world, t, announced[now].copy()), announced[~now]
