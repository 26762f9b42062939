"""Budgets, set each October from what was known then: the actuals of the twelve months before, and plans.

Nothing after October of the year before enters a budget, so what happens later cannot change it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import parameters as P
from .accounts import CODES, INDEX, PROFIT
from .calendar import FIRST_YEAR, RUN_UP
from .closing import CASH, LOAN, LOAN_RATE, PAYOUT, REPAYMENT
from .costs import SEASON_OF_MARKETING, normal_overhead
from .flow import Flow
from .world import INTERCOMPANY_CUSTOMER, World

STRETCH = 0.012  # growth hoped for on top of the trend
# what the plants promise to save on each account that moves with volume, as a factor on the past
AMBITION = {
    "5100": 0.5,
    "5110": 0.9,
    "5120": 1.0,
    "5125": 0.9,
    "5130": 0.93,
    "5140": 0.85,
    "5150": 0.95,
    "5220": 1.01,
    "6020": 1.0,
    "6030": 0.9,
    "6100": 1.0,
    "6110": 0.75,
    "4100": 1.0,
}
BY_PRODUCT = ("4000", "5000", "5010")
PLANNED_ELSEWHERE = ("4010", "5280", "5290", "6400", "7000", "7100", "7200", "7210", "4200")
BALANCES = ("1100", "1200", "1210", "2000")
EARLIEST = 2  # months of the run-up that are too early to learn from


@dataclass(frozen=True)
class Budget:
    """One year's budget. Amounts in cents, debit positive; balance-sheet accounts hold closing balances."""

    year: int
    by_account: np.ndarray  # [12, unit, account]
    amounts: np.ndarray  # [12, pair, 3] sales, variable and overhead cost of sales
    quantity: np.ndarray  # [12, pair]
    transfers: np.ndarray  # [plant] a month to head office


def make_budgets(world: World, flow: Flow, moved: np.ndarray) -> list[Budget]:
    """A budget for each year of the books. `moved` is [month, unit, account] before the cash pool."""
    last = (int(world.calendar.ordinal[world.calendar.months - 1])) // 12
    shipped, amount = _shipped(world, flow)
    return [_budget(world, year, shipped, amount, moved) for year in range(FIRST_YEAR, last + 1)]


def _shipped(world: World, flow: Flow) -> tuple[np.ndarray, np.ndarray]:
    """Units and value delivered to outside customers by month and pair, returns left out."""
    d = flow.deliveries[
        (flow.deliveries["quantity"] > 0) & (flow.deliveries["customer"] != INTERCOMPANY_CUSTOMER)
    ]
    shape = (world.calendar.months, len(world.pairs.product))
    units, value = np.zeros(shape), np.zeros(shape)
    at = (world.calendar.month_of(d["day"]), d["pair"])
    np.add.at(units, at, d["quantity"])
    np.add.at(value, at, d["amount"])
    return units, value


def _season(world: World) -> np.ndarray:
    """Shipments by calendar month and pair, 1 on average: part of an order leaves in the next month."""
    season = np.array(P.SEASONS)[world.standards.family[world.pairs.product]].T
    return 0.35 * season + 0.65 * np.roll(season, 1, axis=0)


def _whole(amount: np.ndarray) -> np.ndarray:
    """Budgets are written in whole EUR."""
    return np.rint(np.asarray(amount) / 100).astype(np.int64) * 100


def _budget(world: World, year: int, shipped: np.ndarray, amount: np.ndarray, moved: np.ndarray) -> Budget:
    pairs, std, ordinal = world.pairs, world.standards, world.calendar.ordinal
    first = RUN_UP + 12 * (year - FIRST_YEAR)
    known = np.arange(max(EARLIEST, first - 14), first - 2)
    season, family = _season(world), std.family[pairs.product]
    level = shipped[known].sum(axis=0) / season[ordinal[known] % 12].sum(axis=0)
    growth = 1 + np.array(P.FAMILY_GROWTH)[family] + np.array(P.PLANT_GROWTH)[pairs.unit] + STRETCH
    quantity = np.rint(level * growth * season).astype(np.int64)
    price = amount[known].sum(axis=0) / np.maximum(shipped[known].sum(axis=0), 1)
    price = np.rint(price * (1 + np.array(P.PRICE_RISE)[family])).astype(np.int64)
    product = pairs.product
    amounts = np.stack(
        [
            _whole(-quantity * price),
            quantity * (std.material + std.labour)[product],
            quantity * std.overhead[product],
        ],
        axis=2,
    )
    by = np.zeros((12, len(P.UNITS), len(CODES)), dtype=np.int64)
    for k, code in enumerate(BY_PRODUCT):
        np.add.at(by[:, :, INDEX[code]].T, pairs.unit, amounts[:, :, k].T)
    revenue = -by[:, :, INDEX["4000"]]
    _costs(by, revenue, moved[known])
    _overhead(world, by, quantity, first)
    _head_office(by, revenue, moved, known, first)
    result = by[:, :, np.array(PROFIT)].sum(axis=2)
    by[:, :, INDEX["7100"]] = _whole(-result * 0.25)
    _balances(by, moved, known)
    free = -by[:, :4, np.array(PROFIT)].sum(axis=(0, 2)) + 0.07 * by[:, :4, INDEX["6400"]].sum(axis=0)
    transfers = np.maximum(np.rint(free * 0.92 / 12 / 500_000) * 500_000, 0).astype(np.int64)
    return Budget(year, by, amounts, quantity, transfers)


def _costs(by: np.ndarray, revenue: np.ndarray, past: np.ndarray) -> None:
    """Fixed accounts grow with inflation from their past; variable ones keep their share of sales."""
    sales = np.maximum(-past[:, :, INDEX["4000"]].sum(axis=0), 1)
    by[:, :, INDEX["4010"]] = _whole(revenue * past[:, :, INDEX["4010"]].sum(axis=0) / sales)
    marketing = np.array(SEASON_OF_MARKETING)[:, None]
    for code, at in INDEX.items():
        if code < "4100" or code in BY_PRODUCT or code in PLANNED_ELSEWHERE:
            continue
        total = past[:, :, at].sum(axis=0)
        if code in AMBITION:
            by[:, :, at] = _whole(revenue * total / sales * AMBITION[code])
        else:
            level = total / len(past) * (1 + P.INFLATION * 0.9)
            by[:, :, at] = _whole(level * (marketing if code == "6010" else np.ones((12, 1))))
    ratio = past[:, :, INDEX["7200"]].sum(axis=0) / np.maximum(sales[P.BUYER], 1)
    margin = _whole(revenue[:, P.BUYER] * ratio[P.BUYER])
    by[:, P.BUYER, INDEX["7200"]], by[:, P.SELLER, INDEX["7200"]] = margin, -margin


def _overhead(world: World, by: np.ndarray, quantity: np.ndarray, first: int) -> None:
    """The normal charge of the year, and what is absorbed: made half a month before it is shipped."""
    pairs = world.pairs
    charge = normal_overhead(world)[first]
    made = (quantity + np.roll(quantity, -1, axis=0)) / 2
    seller = pairs.unit == P.SELLER
    for i in np.flatnonzero(pairs.sourced):
        made[:, seller & (pairs.product == pairs.product[i])] += made[:, [i]]
    made[:, pairs.sourced] = 0
    absorbed = np.zeros((12, len(P.UNITS)))
    np.add.at(absorbed.T, pairs.unit, (made * world.standards.overhead[pairs.product]).T)
    by[:, :4, INDEX["5280"]] = -_whole(charge)
    by[:, :, INDEX["5290"]] = -_whole(absorbed)
    by[:, :4, INDEX["5290"]] += _whole(charge)


def _head_office(
    by: np.ndarray, revenue: np.ndarray, moved: np.ndarray, known: np.ndarray, first: int
) -> None:
    by[:, :, INDEX["6400"]] = _whole(moved[known[-1], :, INDEX["6400"]] * 1.012)
    loan = np.maximum(LOAN - REPAYMENT * (first + np.arange(12)), 0) * 100
    by[:, P.HQ, INDEX["7000"]] = _whole(loan * LOAN_RATE / 12)
    fee = _whole(revenue[:, :4] * 0.0276)
    by[:, :4, INDEX["7210"]] = fee
    by[:, P.HQ, INDEX["7210"]] = -fee.sum(axis=1)


def _three_months(flow: np.ndarray) -> np.ndarray:
    """Sum over a month and the two before it; the first months of a year borrow from its last."""
    return flow + np.roll(flow, 1, axis=0) + np.roll(flow, 2, axis=0)


def _balances(by: np.ndarray, moved: np.ndarray, known: np.ndarray) -> None:
    """Closing balances in the proportion to three months of sales or cost of sales that they had."""
    closing = np.cumsum(moved[: known[-1] + 1], axis=0)[known]
    sales = -_three_months(moved[: known[-1] + 1, :, INDEX["4000"]])[known]
    cost = _three_months(moved[: known[-1] + 1][:, :, [INDEX["5000"], INDEX["5010"]]].sum(axis=2))[known]
    planned_sales = _three_months(-by[:, :, INDEX["4000"]])
    planned_cost = _three_months(by[:, :, INDEX["5000"]] + by[:, :, INDEX["5010"]])
    for code in BALANCES:
        base, planned = (sales, planned_sales) if code == "1100" else (cost, planned_cost)
        plants = slice(0, len(P.PLANTS))
        ratio = closing[:, plants, INDEX[code]].mean(axis=0) / np.maximum(base[:, plants].mean(axis=0), 1)
        by[:, plants, INDEX[code]] = _whole(planned[:, plants] * ratio * 0.985)
    by[:, P.HQ, INDEX["2000"]] = _whole(closing[:, P.HQ, INDEX["2000"]].mean())


def plan_cash(world: World, budgets: list[Budget], moved: np.ndarray) -> None:
    """Fill in the closing cash of each budget; `moved` is [month, unit, account] with the cash pool."""
    cash = np.cumsum(moved[:, :, INDEX["1000"]], axis=0)
    result = -moved[:, :, np.array(PROFIT)].sum(axis=(1, 2))
    for budget in budgets:
        by, first = budget.by_account, RUN_UP + 12 * (budget.year - FIRST_YEAR)
        earned = -by[:, :, np.array(PROFIT)].sum(axis=2) + by[:, :, INDEX["6400"]] * 7 // 100
        october = np.cumsum(moved[: first - 2], axis=0)[-1]
        bound = np.zeros((13, len(P.UNITS)), dtype=np.int64)
        for code in BALANCES:
            bound[0] += october[:, INDEX[code]]
            bound[1:] += by[:, :, INDEX[code]]
        bound[0, :4] = bound[
            1, :4
        ]  # a plant begins the year with its usual cash, whatever stock and invoices it holds
        flow = earned - np.diff(bound, axis=0)
        flow[:, :4] -= budget.transfers
        flow[:, P.HQ] += budget.transfers.sum() - REPAYMENT * 100
        known = result[max(EARLIEST, first - 14) : first - 2]
        flow[4, P.HQ] -= int(known.sum() * 12 / len(known) * PAYOUT)
        start = np.append(np.array(CASH[:4]) * 100, cash[first - 3, P.HQ])
        by[:, :, INDEX["1000"]] = _whole(start + np.cumsum(flow, axis=0))


def budget_rows(world: World, budgets: list[Budget]) -> dict[str, np.ndarray]:
    """Budgets as columns: `month` 0 to 11, `product` and `quantity` -1 where there is none."""
    parts: list[dict[str, np.ndarray]] = []
    split = [INDEX[c] for c in BY_PRODUCT]
    pairs = world.pairs
    for budget in budgets:
        rest = budget.by_account.copy()
        rest[:, :, split] = 0
        month, unit, account = np.nonzero(rest)
        none = np.full(len(month), -1)
        parts.append(
            {
                "month": month,
                "unit": unit,
                "account": account,
                "product": none,
                "amount": rest[month, unit, account],
                "quantity": none,
                "year": np.full(len(month), budget.year),
            }
        )
        month, pair, kind = (x.ravel() for x in np.indices(budget.amounts.shape))
        parts.append(
            {
                "month": month,
                "unit": pairs.unit[pair],
                "account": np.array(split)[kind],
                "product": pairs.product[pair],
                "amount": budget.amounts.ravel(),
                "quantity": budget.quantity[month, pair],
                "year": np.full(len(month), budget.year),
            }
        )
    out = {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
    order = np.lexsort((out["product"], out["account"], out["unit"], out["month"], out["year"]))
    return {k: v[order] for k, v in out.items()}
