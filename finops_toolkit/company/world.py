"""The company's fixed facts as arrays: standards, customers, prices, rates, expected demand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from . import names
from . import parameters as P
from .calendar import RUN_UP, Calendar
from .chance import Chance
from .truths import Effects

INTERCOMPANY_CUSTOMER = 0  # index of the buying sister unit among the customers
HISTORY = 36  # months of demand known before the run-up begins


@dataclass(frozen=True)
class Standards:
    """Products and their standards. Money in cents; bills of material in tenths; hours in hundredths."""

    family: np.ndarray
    list_price: np.ndarray
    material: np.ndarray
    labour: np.ndarray
    overhead: np.ndarray
    hours: np.ndarray  # hundredths of an hour a unit
    bom_item: np.ndarray  # [product, 3] material index
    bom_tenths: np.ndarray  # [product, 3] tenths of a unit of material
    material_price: np.ndarray  # cents, by material

    @property
    def cost(self) -> np.ndarray:
        """Standard cost of a unit, in cents."""
        return self.material + self.labour + self.overhead

    @property
    def transfer_price(self) -> np.ndarray:
        """What a sister unit pays: standard cost and the markup, in cents."""
        return (self.cost * (100 + P.TRANSFER_MARKUP) + 50) // 100


def make_standards() -> Standards:
    """Standards from the parameters, in whole cents without rounding differences."""
    family = np.array([p[2] for p in P.PRODUCTS])
    price = np.array([p[3] for p in P.PRODUCTS], dtype=np.int64) * 100
    tenths = np.array([m[2] for m in P.MATERIALS], dtype=np.int64)  # tenths of a EUR
    item = np.array([[m for m, _ in P.BILLS_OF_MATERIAL[f]] for f in family])
    share = np.array([[s for _, s in P.BILLS_OF_MATERIAL[f]] for f in family])
    amount = share * P.MATERIAL_SHARE * price[:, None] / 10  # in tenths of a EUR
    bom = np.maximum(np.rint(amount / tenths[item] * 10).astype(np.int64), 1)
    material = (bom * tenths[item]).sum(axis=1)  # tenths of a unit x tenths of a EUR = cents
    hours = np.maximum(np.rint(P.LABOUR_SHARE * price / P.LABOUR_RATE * 100).astype(np.int64), 1)
    overhead = np.rint(P.OVERHEAD_SHARE * price).astype(np.int64)
    return Standards(
        family, price, material, hours * P.LABOUR_RATE // 100, overhead, hours, item, bom, tenths * 10
    )


@dataclass(frozen=True)
class Customers:
    """Customers; index 0 is the sister unit that buys actuators."""

    name: list[str]
    unit: np.ndarray
    segment: np.ndarray
    terms: np.ndarray
    habit: np.ndarray  # days it usually pays after the due date
    vat: np.ndarray  # percent
    discount: np.ndarray  # percent
    weight: np.ndarray
    first: np.ndarray  # month index from which it orders
    last: np.ndarray  # month index after which it orders no more
    partial: np.ndarray  # takes partial deliveries


def make_customers(calendar: Calendar, chance: Chance) -> Customers:
    """Customers in yearly cohorts: a cohort draws from its own stream, so later ones change nothing."""
    columns: dict[str, list] = {key: [] for key in Customers.__dataclass_fields__}

    def add(**values: ArrayLike) -> None:
        for key, value in values.items():
            columns[key].append(np.asarray(value))

    buyer = np.array([P.BUYER])
    add(
        unit=np.array([P.SELLER]),
        segment=[4],
        terms=[30],
        habit=[0],
        vat=[0],
        discount=[0],
        weight=[0.0],
        first=[10**6],
        last=[-1],
        partial=[False],
    )
    labels = [f"{P.UNIT_NAMES[P.PLANTS[buyer[0]]]} (sister unit)"]
    cohorts = (calendar.months - RUN_UP) // 12 + 1
    for cohort in range(cohorts):
        rng = chance.at("customers", cohort)
        for u in range(len(P.PLANTS)):
            n = P.CUSTOMERS if cohort == 0 else P.NEW_CUSTOMERS
            segment = np.searchsorted(np.cumsum(P.SEGMENT_CHANCES)[:-1], rng.random(n), side="right")
            start = np.full(n, -1) if cohort == 0 else RUN_UP + 12 * (cohort - 1) + rng.integers(0, 12, n)
            life = np.floor(rng.exponential(130, n)).astype(np.int64) + 8
            rank = np.arange(1, n + 1) if cohort == 0 else rng.integers(8, 20, n)
            discount = np.array(P.SEGMENT_DISCOUNTS)[segment] + rng.integers(-2, 3, n)
            export = rng.random(n) < 0.45
            add(
                unit=np.full(n, u),
                segment=segment,
                terms=np.array(P.SEGMENT_TERMS)[segment],
                habit=rng.integers(-4, 15, n),
                vat=np.where(export | (u == P.DOLLAR_PLANT), 0, 20),
                discount=np.maximum(discount, 0),
                weight=1 / (rank + 3.0),
                first=start,
                last=start + life,
                partial=rng.random(n) < 0.65,
            )
    arrays = {key: np.concatenate(parts) for key, parts in columns.items() if parts}
    labels += names.customer_names(len(arrays["unit"]) - 1, chance.division)
    return Customers(name=labels, **arrays)


@dataclass(frozen=True)
class Pairs:
    """Products by plant: what a plant sells, and whether it makes it or buys it from a sister unit."""

    product: np.ndarray
    unit: np.ndarray
    base: np.ndarray  # units a month at the start
    sourced: np.ndarray  # bought from the sister unit
    resource: np.ndarray  # -1 where sourced
    weight: np.ndarray  # share of the order lines of the plant
    ideal: np.ndarray  # hundredths of a minute a unit


def make_pairs(standards: Standards, calendar: Calendar) -> Pairs:
    """Pairs of product and plant with their expected volume and ideal rate."""
    rows = []
    for u, shares in enumerate(P.FAMILY_SHARES):
        for family, share in shares.items():
            products = np.flatnonzero(standards.family == family)
            for p, part in zip(products, P.PRODUCT_SHARES[len(products)], strict=True):
                rows.append((p, u, P.SALES[u] * 100 * share * part / (0.92 * standards.list_price[p])))
    product, unit = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    base = np.array([r[2] for r in rows])
    sourced = (unit == P.BUYER) & (standards.family[product] == 4)
    resource = np.full(len(rows), -1)
    for r, (_, u, _, made) in enumerate(P.RESOURCES):
        resource[(unit == u) & np.isin(product, made)] = r
    sales = base * standards.list_price[product]
    weight = np.sqrt(sales)
    weight /= np.bincount(unit, weight)[unit]
    made_units = base.copy()  # what a plant must make: its own sales and the sister unit's
    for i in np.flatnonzero(sourced):
        made_units[(unit == P.SELLER) & (product == product[i])] += base[i]
    # ideal minutes in proportion to the labour in a unit, so that the resource is loaded as the parameters
    # say
    ideal = np.zeros(len(rows))
    oee = np.array(P.AVAILABILITY) * np.array(P.SPEED) * np.array(P.FINAL_GOOD)
    for r in range(len(P.RESOURCES)):
        at = np.flatnonzero(resource == r)
        minutes = P.SHIFT_HOURS[r] * 60 * 21.7 * P.LOAD[r] * oee[unit[at[0]]]
        work = made_units[at] * np.sqrt(standards.hours[product[at]])
        ideal[at] = minutes * np.sqrt(standards.hours[product[at]]) / work.sum()
    return Pairs(product, unit, base, sourced, resource, weight, np.rint(ideal * 100).astype(np.int64))


@dataclass(frozen=True)
class World:
    """Everything that is fixed before the first order comes in."""

    calendar: Calendar
    chance: Chance
    effects: Effects
    standards: Standards
    customers: Customers
    pairs: Pairs
    buyer_of: (
        np.ndarray
    )  # [pair] of the selling plant: the pair of the same product at the sister unit, else -1
    expected: np.ndarray  # [month + 12, pair] outside orders expected without noise
    drawn: np.ndarray  # [month, pair] outside orders with the noise of the month
    price: (
        np.ndarray
    )  # [month, pair] cents before discount, in the books' currency or dollars at the dollar plant
    rate_average: np.ndarray  # ten-thousandths of a EUR for a dollar
    rate_closing: np.ndarray
    material_price: np.ndarray  # [month, material] cents

    def with_sister(self, units: np.ndarray) -> np.ndarray:
        """Units by pair (last axis), the selling plant's with what its sister needs of the same product."""
        return units + np.where(self.buyer_of >= 0, units[..., self.buyer_of], 0)


def make_world(seed: int, years: int, division: int, active: tuple[str, ...]) -> World:
    """Draw the fixed facts of a division."""
    calendar = Calendar.of(years)
    chance = Chance(seed, division)
    effects = Effects(calendar, active)
    standards = make_standards()
    pairs = make_pairs(standards, calendar)
    expected = _expected_sales(calendar, pairs, standards, effects)
    average, closing = _rates(calendar, Chance(seed))
    return World(
        calendar,
        chance,
        effects,
        standards,
        make_customers(calendar, chance),
        pairs,
        _buyer_of(pairs),
        expected,
        expected[: calendar.months] * _noise(calendar, chance, pairs, standards),
        _prices(calendar, pairs, standards, effects),
        average,
        closing,
        _material_prices(calendar, chance, standards),
    )


def _buyer_of(pairs: Pairs) -> np.ndarray:
    out = np.full(len(pairs.product), -1)
    for i in np.flatnonzero(pairs.sourced):
        out[(pairs.unit == P.SELLER) & (pairs.product == pairs.product[i])] = i
    return out


def _expected_sales(calendar: Calendar, pairs: Pairs, standards: Standards, effects: Effects) -> np.ndarray:
    family = standards.family[pairs.product]
    month = calendar.ordinal % 12
    years = np.arange(len(month)) / 12
    growth = np.array(P.FAMILY_GROWTH)[family] + np.array(P.PLANT_GROWTH)[pairs.unit]
    season = np.array(P.SEASONS)[family][:, month].T
    return pairs.base * season * (1 + growth) ** years[:, None] * effects.demand[:, pairs.product, pairs.unit]


def _noise(calendar: Calendar, chance: Chance, pairs: Pairs, standards: Standards) -> np.ndarray:
    """Slow swings of each market (family and plant) and product, as factors around 1."""
    family = standards.family[pairs.product]
    state = np.zeros(len(pairs.product))
    out = np.empty((calendar.months, len(state)))
    for t in range(calendar.months):
        rng = chance.at("latent", t)
        markets = rng.standard_normal((5, len(P.PLANTS))) * 0.018
        state = 0.75 * state + markets[family, pairs.unit] + rng.standard_normal(len(state)) * 0.025
        out[t] = np.clip(1 + state, 0.7, 1.4)
    return out


def _prices(calendar: Calendar, pairs: Pairs, standards: Standards, effects: Effects) -> np.ndarray:
    """List prices by month: up each January, down where a price war is on."""
    year = calendar.ordinal[: calendar.months] // 12 - 2023
    rise = (1 + np.array(P.PRICE_RISE)[standards.family[pairs.product]]) ** year[:, None]
    price = (
        standards.list_price[pairs.product]
        * rise
        * effects.price[: calendar.months, pairs.product, pairs.unit]
    )
    dollars = np.where(pairs.unit == P.DOLLAR_PLANT, 1.08, 1.0)
    return np.rint(price * dollars).astype(np.int64)


def _rates(calendar: Calendar, chance: Chance) -> tuple[np.ndarray, np.ndarray]:
    """Average and closing rate of the dollar, a slow walk around 0.925."""
    level, average, closing = 0.925, [], []
    for t in range(calendar.months):
        step = chance.at("rates", t).standard_normal(2)
        before = level
        level = level + 0.12 * (0.925 - level) + 0.011 * step[0]
        average.append((before + level) / 2 + 0.002 * step[1])
        closing.append(level)
    return np.rint(np.array(average) * 1e4).astype(np.int64), np.rint(np.array(closing) * 1e4).astype(
        np.int64
    )


def _material_prices(calendar: Calendar, chance: Chance, standards: Standards) -> np.ndarray:
    """Market prices of materials: the standard of 2022, a slow rise and a swing that fades."""
    state = np.zeros(len(P.MATERIALS))
    out = np.empty((calendar.months, len(state)))
    for t in range(calendar.months):
        noise = chance.at("prices", t).standard_normal(len(state) + 1)
        state = 0.92 * state + 0.010 * noise[:-1] + 0.006 * noise[-1]
        out[t] = (1 + 0.008 * (t / 12 - 1)) * np.clip(1 + state, 0.8, 1.25)
    return np.maximum(np.rint(out * standards.material_price), 1).astype(np.int64)
