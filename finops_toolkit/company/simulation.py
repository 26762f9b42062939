"""One call: the whole company as tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finops_toolkit.errors import UsageError

from . import (
    aims,
    budgeting,
    closing,
    cost_ledger,
    customers_say,
    facts,
    handoffs,
    masters,
    meetings,
    plans,
    remarks,
)
from .cost_ledger import Bills, make_bills
from .costs import Spending, make_spending, sales_value
from .flow import Flow, run_months
from .incidents import make_incidents
from .journal import Journal
from .sales_ledger import Invoices, post_sales
from .truths import active_truths, as_records
from .world import World, make_world

ONCE = ("departments", "accounts", "products", "rates", "goals")  # the same in every division: written once


@dataclass
class Division:
    """One simulated division: its events, its documents and its journal."""

    world: World
    flow: Flow
    incidents: np.ndarray
    spending: Spending
    invoices: Invoices
    bills: Bills
    journal: Journal
    budgets: list[budgeting.Budget]
    moved: np.ndarray  # [month, unit, account] cents


def simulate_division(seed: int, years: int, division: int, active: tuple[str, ...]) -> Division:
    """Simulate the events of a division and post them."""
    world = make_world(seed, years, division, active)
    flow = run_months(world)
    incidents = make_incidents(world, flow)
    spending = make_spending(world, flow, incidents)
    journal = Journal(world.calendar)
    closing.post_capital(world, spending, (flow.opening_stock, flow.opening_materials), journal)
    invoices = post_sales(world, flow, journal)
    cost_ledger.post_production(world, flow, journal)
    cost_ledger.post_counts(world, flow, journal)
    bills = make_bills(world, flow, spending)
    cost_ledger.post_bills(world, flow, bills, journal)
    cost_ledger.post_spending(world, spending, journal)
    closing.post_month_ends(world, sales_value(world, flow), journal)
    budgets = budgeting.make_budgets(world, flow, journal.movements())
    closing.post_cash_pool(world, np.stack([b.transfers for b in (budgets[0], *budgets)]), journal)
    moved = journal.movements()
    budgeting.plan_cash(world, budgets, moved)
    return Division(world, flow, incidents, spending, invoices, bills, journal, budgets, moved)


def division_tables(run: Division) -> dict[str, pa.Table]:
    """All tables of a division in the contract's types."""
    name = masters.Ids(run.world.chance.division)
    world, flow = run.world, run.flow
    tables = masters.master_tables(world, name)
    tables |= facts.orders_and_deliveries(world, flow, name)
    tables |= facts.production_tables(world, flow, name)
    tables |= facts.purchase_table(world, flow, name)
    tables |= facts.stock_table(world, flow, name)
    tables |= facts.documents(world, run.invoices, run.bills, name)
    tables |= facts.journal_table(world, run.journal.book(), name)
    tables |= facts.incident_table(world, run.incidents, flow, name)
    tables |= plans.forecast_table(world, flow, name)
    tables |= plans.budget_table(world, run.budgets, name)
    tables |= plans.balance_table(world, run.moved, name)
    tables |= customers_say.survey_table(world, flow, name)
    tables |= handoffs.event_table(world, flow, run.bills, name)
    tables |= aims.goal_table() | aims.target_table(run.budgets, name) | aims.initiative_table(world, name)
    scheduled = meetings.meeting_rows(world)
    tables |= meetings.meeting_table(scheduled, name) | meetings.decision_table(world, scheduled, name)
    tables |= remarks.comment_table(world, flow, run.budgets, run.moved, name)
    return tables


def check_size(seed: int, years: int, scale: float) -> int:
    """The number of divisions; UsageError for values that make no company."""
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise UsageError(f"seed is {seed!r}.", "Allowed: a whole number from 0.")
    if not isinstance(years, int) or not 1 <= years <= 20:
        raise UsageError(f"years is {years!r}.", "Allowed: a whole number from 1 to 20.")
    if scale != int(scale) or not 1 <= scale <= 99:
        raise UsageError(
            f"scale is {scale!r}.", "Allowed: a whole number from 1 to 99, the number of divisions."
        )
    return int(scale)


def simulate(
    seed: int = 7, years: int = 3, scale: float = 1, without: Iterable[str] = ()
) -> tuple[dict[str, pa.Table], list[dict]]:
    """The generated company in memory: its tables in the contract's types, and the truths planted in it.

    `without` names planted truths to leave out (see `truths.IDS`): the effect of one is the difference
    between two simulations under the same seed. `scale` is the number of divisions, each with its own
    plants, customers and books; only the first holds planted truths. Raises UsageError for values that make
    no company.
    """
    divisions = check_size(seed, years, scale)
    active = active_truths((without,) if isinstance(without, str) else tuple(without))
    parts: dict[str, list[pa.Table]] = {}
    for division in range(divisions):
        for name, rows in tables_of(seed, years, division, active).items():
            parts.setdefault(name, []).append(rows)
    return {name: pa.concat_tables(rows) for name, rows in parts.items()}, as_records(
        active, last_month(years)
    )


def tables_of(seed: int, years: int, division: int, active: tuple[str, ...]) -> dict[str, pa.Table]:
    """The tables one division adds; what all divisions share comes with the first."""
    tables = division_tables(simulate_division(seed, years, division, active if division == 0 else ()))
    return {name: rows for name, rows in tables.items() if division == 0 or name not in ONCE}


def last_month(years: int) -> str:
    """The last month there is data of."""
    return f"{2022 + years}-12"


def closed_through(years: int) -> str:
    """The last closed month: the one after it is posted and still open, as in any company's books.

    So a report of the latest closed month has a year to date and an outlook to look at.
    """
    return f"{2022 + years}-11"
