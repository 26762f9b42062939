"""The tables of plans, forecast and budget, and the monthly balances of the ledger."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from . import parameters as P
from .accounts import CODES, PROFIT
from .budgeting import Budget, budget_rows
from .calendar import RUN_UP
from .flow import Flow
from .masters import PRODUCT_IDS, Ids
from .tables import dates, money, months, pick, quantity, table
from .world import World


def budget_table(world: World, budgets: list[Budget], name: Ids) -> dict[str, pa.Table]:
    """The budgets of all years; sales and cost of sales by product with their units."""
    rows = budget_rows(world, budgets)
    years = [b.year for b in budgets]
    return {
        "budget": table(
            "budget",
            {
                "version": pick(rows["year"] - years[0], [str(y) for y in years]),
                "month": months(rows["year"] * 12 + rows["month"]),
                "unit": name.unit(rows["unit"]),
                "account": pick(rows["account"], CODES),
                "product": pick(rows["product"], PRODUCT_IDS),
                "amount": money(rows["amount"]),
                "quantity": quantity(rows["quantity"], rows["product"] < 0),
            },
        )
    }


def balance_table(world: World, moved: np.ndarray, name: Ids) -> dict[str, pa.Table]:
    """Movement and closing balance of each account by unit and month: the journal, summed."""
    moved = moved.copy()
    before = moved[:RUN_UP].sum(axis=0)
    profit = np.array(PROFIT)
    before[:, CODES.index("3100")] += before[:, profit].sum(axis=1)
    before[:, profit] = 0
    flow = moved[RUN_UP:]
    closing = before + np.cumsum(flow, axis=0)
    used = np.argwhere(((flow != 0).any(axis=0) | (before != 0)).T)  # account, unit
    account, unit = used[:, 0], used[:, 1]
    rows, count = len(flow), len(used)
    month = np.tile(np.arange(rows), count)
    account, unit = np.repeat(account, rows), np.repeat(unit, rows)
    return {
        "balances": table(
            "balances",
            {
                "account": pick(account, CODES),
                "unit": name.unit(unit),
                "month": months(world.calendar.ordinal[RUN_UP + month]),
                "flow": money(flow[month, unit, account]),
                "closing": money(closing[month, unit, account]),
            },
        )
    }


def forecast_table(world: World, flow: Flow, name: Ids) -> dict[str, pa.Table]:
    """The snapshot of each month: made on the last day of the month before, for six months."""
    calendar, pairs = world.calendar, world.pairs
    months_, steps = flow.consensus.shape[:2]
    order = np.lexsort((pairs.unit, pairs.product))
    parts = []
    for code, values in enumerate((flow.consensus, flow.statistical)):
        made, pair, step = (x.ravel() for x in np.indices((months_ - RUN_UP, len(order), steps)))
        units = values[RUN_UP:][made, step, order[pair]]
        price = world.price[RUN_UP + made, order[pair]] * 93 // 100
        dollars = pairs.unit[order[pair]] == P.DOLLAR_PLANT
        euro = np.where(dollars, price * world.rate_average[RUN_UP + made - 1] // 10_000, price)
        parts.append(
            table(
                "forecasts",
                {
                    "version": [("consensus", "statistical")[code]] * len(made),
                    "product": pick(pairs.product[order[pair]], PRODUCT_IDS),
                    "unit": name.unit(pairs.unit[order[pair]]),
                    "month": months(calendar.ordinal[RUN_UP + made + step]),
                    "made_on": dates(calendar.start[RUN_UP + made] - 1),
                    "quantity": quantity(units),
                    "amount": money(units * euro),
                },
            )
        )
    return {"forecasts": pa.concat_tables(parts)}
