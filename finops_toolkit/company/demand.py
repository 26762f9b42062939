"""Customers order, and the plants forecast what they will order."""

from __future__ import annotations

import numpy as np

from . import parameters as P
from .calendar import nearest_workday, to_workday
from .world import HISTORY, INTERCOMPANY_CUSTOMER, World

HORIZON = 6  # months ahead in a forecast snapshot
LINES_PER_ORDER = 1.9

LINE = np.dtype(
    [
        ("order", "i8"),
        ("line", "i8"),
        ("pair", "i8"),
        ("customer", "i8"),
        ("ordered", "i8"),
        ("requested", "i8"),
        ("promised", "i8"),
        ("target", "i8"),
        ("quantity", "i8"),
        ("left", "i8"),
        ("price", "i8"),
        ("dollars", "i8"),
        ("discount", "i8"),
        ("partial", "?"),
    ]
)


def net_cents(quantity: np.ndarray, price: np.ndarray, discount: np.ndarray) -> np.ndarray:
    """Quantity × price less a discount in percent, in whole cents, half up; odd in the quantity."""
    return np.sign(quantity) * ((np.abs(quantity) * price * (100 - discount) + 50) // 100)


def to_euro(dollar_cents: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Dollar cents at a rate in ten-thousandths, in whole cents, half up."""
    return np.sign(dollar_cents) * ((np.abs(dollar_cents) * rate + 5000) // 10_000)


def outside_orders(world: World, t: int, next_order: int) -> np.ndarray:
    """The order lines of outside customers in a month, sorted by day, numbered from `next_order`."""
    rng = world.chance.at("orders", t)
    pairs, people, days = world.pairs, world.customers, world.calendar.workdays[t]
    parts = []
    for u in range(len(P.PLANTS)):
        of_unit = np.flatnonzero(pairs.unit == u)
        activity = (world.drawn[t, of_unit] / pairs.base[of_unit] * pairs.weight[of_unit]).sum()
        # customers order on rhythms of their own: their number varies half as much as by pure chance
        mean_count = P.ORDERS[u] * activity
        count = int(
            np.rint(mean_count + 0.5 * np.sqrt(mean_count) * np.clip(rng.standard_normal(), -2.5, 2.5))
        )
        here = np.flatnonzero((people.unit == u) & (people.first <= t) & (t <= people.last))
        share = np.cumsum(people.weight[here])
        customer = here[np.searchsorted(share, rng.random(count) * share[-1], side="right")]
        day = days[(_spread(rng, count) * len(days)).astype(np.int64)]
        lines = 1 + np.minimum(rng.poisson(LINES_PER_ORDER - 1, count), 4)
        lead = (
            7 + (_spread(rng, count) * 22).astype(np.int64) + np.where(people.segment[customer] == 2, 10, 0)
        )
        total = int(lines.sum())
        cut = np.cumsum(pairs.weight[of_unit])
        pair = of_unit[np.minimum(np.searchsorted(cut, _spread(rng, total), side="right"), len(of_unit) - 1)]
        mean = world.drawn[t, pair] / (P.ORDERS[u] * activity * LINES_PER_ORDER * pairs.weight[pair])
        quantity = np.maximum(np.rint(mean * np.exp(0.52 * rng.standard_normal(total) - 0.1352)), 1)
        parts.append((customer, day, lead, lines, pair, quantity.astype(np.int64), rng.random((total, 2))))
    customer, day, lead, lines = (np.concatenate([p[k] for p in parts]) for k in range(4))
    pair, quantity, luck = (np.concatenate([p[k] for p in parts]) for k in range(4, 7))
    rank = np.empty(len(day), dtype=np.int64)
    rank[np.argsort(day, kind="stable")] = np.arange(len(day))
    owner = np.repeat(np.arange(len(day)), lines)
    rows = np.zeros(len(pair), dtype=LINE)
    rows["order"] = next_order + rank[owner]
    rows["line"] = 1 + np.arange(len(pair)) - np.repeat(np.cumsum(lines) - lines, lines)
    rows["pair"], rows["quantity"], rows["left"] = pair, quantity, quantity
    rows["customer"], rows["ordered"] = customer[owner], day[owner]
    rows["requested"] = nearest_workday(day + lead)[owner]
    _dates_and_prices(world, t, rows, luck)
    return rows[np.argsort(rows["order"] * 16 + rows["line"], kind="stable")]


def _spread(rng: np.random.Generator, count: int) -> np.ndarray:
    """Numbers from 0 to 1 that cover the range evenly, in random order: chance without clusters."""
    return (rng.permutation(count) + rng.random(count)) / max(count, 1)


def _dates_and_prices(world: World, t: int, rows: np.ndarray, luck: np.ndarray) -> None:
    unit = world.pairs.unit[rows["pair"]]
    # the warehouse ships up to three days ahead of the date asked for, or late for reasons of its own
    late_share = np.array(P.SHIPPING_DELAY)[unit] + world.effects.shipping_delay[t, unit]
    late = luck[:, 0] < late_share
    rows["promised"] = rows["requested"]
    ahead = np.floor(luck[:, 1] * 4).astype(np.int64)
    rows["target"] = nearest_workday(rows["requested"] + np.where(late, 1 + ahead * 2, -ahead - 1))
    rows["target"] = np.maximum(rows["target"], rows["ordered"])
    rows["discount"] = world.customers.discount[rows["customer"]]
    rows["partial"] = world.customers.partial[rows["customer"]]
    price = world.price[t, rows["pair"]]
    dollar = unit == P.DOLLAR_PLANT
    rows["dollars"] = np.where(dollar, price, 0)
    rows["price"] = np.where(dollar, to_euro(price, world.rate_average[t]), price)


def sister_orders(world: World, t: int, next_order: int, wanted: np.ndarray) -> np.ndarray:
    """The two orders a month that the buying plant places with its sister; `wanted` is units by pair."""
    pairs, days = world.pairs, world.calendar.workdays[t]
    seller = {int(p): i for i, p in enumerate(pairs.product) if pairs.unit[i] == P.SELLER}
    sourced = np.flatnonzero(pairs.sourced)
    parts = []
    for step, day in enumerate((days[1], days[10])):
        share = wanted[sourced] // 2 if step == 0 else wanted[sourced] - wanted[sourced] // 2
        rows = np.zeros(len(sourced), dtype=LINE)
        rows["order"], rows["line"] = next_order + step, 1 + np.arange(len(sourced))
        rows["pair"] = [seller[int(pairs.product[i])] for i in sourced]
        rows["quantity"] = rows["left"] = share
        rows["customer"], rows["ordered"] = INTERCOMPANY_CUSTOMER, day
        rows["requested"] = rows["promised"] = to_workday(np.array(day + 14))
        rows["target"] = to_workday(np.array(day + 10))
        rows["price"] = world.standards.transfer_price[pairs.product[sourced]]
        parts.append(rows[share > 0])
    return np.concatenate(parts)


def demand_before(world: World) -> np.ndarray:
    """Orders by month and pair in the three years before the run-up, as the plants remember them."""
    rng = world.chance.at("memory")
    months = np.arange(HISTORY)
    year_before = world.expected[(months % 12)] * (1 - 0.01 * ((HISTORY - 1 - months) // 12 + 1))[:, None]
    return np.rint(year_before * (1 + 0.10 * np.clip(rng.standard_normal(year_before.shape), -2.5, 2.5)))


def forecast(world: World, t: int, history: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The snapshot made on the last day of the month before t.

    Statistical and consensus, [step, pair] units.

    `history` is outside orders by month and pair up to the month before t; what the sister unit will need of
    the selling plant is added from its own forecast. The model takes the mean of the last twelve months of a
    product, the trend of its family and the season of its family over the last two years; the consensus adds
    what the departments know of their markets, and what they wish.
    """
    family = world.standards.family[world.pairs.product]
    belongs = (family[:, None] == np.arange(5)).astype(float)
    by_family = history[-36:] @ belongs
    year, year_before = by_family[-12:].sum(axis=0), by_family[-24:-12].sum(axis=0)
    trend = np.clip(year / year_before, 0.9, 1.1)
    steps = np.arange(HORIZON)
    season = (by_family[-24 + steps] / year_before + by_family[-12 + steps] / year) * 6
    level = history[-12:].mean(axis=0)
    statistical = level * (1 + 0.8 * (season[:, family] - 1)) * trend[family] ** ((6.5 + steps) / 12)[:, None]
    rng = world.chance.at("forecasts", t)
    noise = np.clip(rng.standard_normal((HORIZON, len(family))), -2.5, 2.5) * 0.06
    unit = world.pairs.unit
    known = world.expected[t : t + HORIZON]
    consensus = (0.5 * statistical + 0.5 * known) * (1 + noise) * (1 + np.array(P.FORECAST_BIAS)[unit])
    consensus = world.with_sister(consensus) * (1 + world.effects.bias[t, unit])
    return np.rint(world.with_sister(statistical)).astype(np.int64), np.rint(consensus).astype(np.int64)
