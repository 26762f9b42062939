"""Ledger measures: from accounts by unit and month to statement lines, costs by behaviour and by driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import pandas as pd

from ..wording import joined
from .calendars import Tables, month_of
from .contract import load_contract
from .measures import EXACT, Measure

# What stands between the names of a unit and of its sister.
SISTER = "\x1f"
_NO_ACCOUNT: frozenset[str] = frozenset()
_CREDIT_LINES = ("revenue", "other_income", "intercompany_result")
_LIABILITIES = ("payables", "other_current_liabilities", "debt", "other_liabilities", "equity")
_EXPENSES = ("cogs", "selling", "distribution", "administration", "research", "depreciation")
# Without any account of these lines there is nothing to compute with; the others are then simply zero.
_MUST_EXIST = ("cash", "receivables", "inventory", "payables")

# A source without a balance sheet may end at a profit of any kind: where none of these lines has an account,
# the amount is not nothing but unknown.
_TOGETHER = (("revenue",), ("cogs",), _EXPENSES[1:], ("interest", "tax"))

# What stands on the two sides of the balance sheet: its difference is nothing.
ASSETS = (
    "cash",
    "receivables",
    "inventory",
    "other_current_assets",
    "fixed_assets",
    "accumulated_depreciation",
    "other_assets",
    "intercompany_balance",
)
SOURCES = (*_LIABILITIES, "profit_to_date", "translation_difference")

# Measures that only a group has: text, and whether they are a movement or a balance.
GROUP = {
    "minority_result": ("Net profit that belongs to others", "flow"),
    "minority_equity": ("Equity that belongs to others", "closing"),
    "translation_difference": ("Translation difference, in equity", "closing"),
}

DRIVERS = {
    "standard_cost_of_sales": ("standard_cost", "Cost of sales at standard"),
    "scrap_cost": ("scrap", "Cost of scrap"),
    "stock_adjustment_cost": ("stock_adjustment", "Stock written off, less found"),
    "warranty_cost": ("warranty", "Warranty cost"),
    "premium_freight": ("premium_freight", "Premium freight"),
    "material_price_variance": ("material_price", "Purchase price variance, positive when adverse"),
    "material_usage_variance": ("material_usage", "Material usage variance, positive when adverse"),
    "labour_variance": ("labour", "Labour variance, positive when adverse"),
    "overhead_spending": ("overhead_spending", "Overhead spent"),
    "overhead_absorption": (
        "overhead_absorption",
        "Overhead not absorbed by what was made, less over-absorbed",
    ),
    "people_cost": ("people", "Cost of people outside production"),
    "maintenance_cost": ("maintenance", "Maintenance"),
}


def line_texts() -> dict[str, str]:
    """The statement lines in words."""
    return {
        "revenue": "Revenue",
        "other_income": "Other income",
        "cogs": "Cost of goods sold",
        "selling": "Selling",
        "distribution": "Distribution",
        "administration": "Administration",
        "research": "Research",
        "depreciation": "Depreciation outside production",
        "interest": "Interest",
        "tax": "Income tax",
        "intercompany_result": "Result from sister units",
        "cash": "Cash",
        "receivables": "Receivables",
        "inventory": "Inventory",
        "other_current_assets": "Other current assets",
        "fixed_assets": "Fixed assets at cost",
        "accumulated_depreciation": "Accumulated depreciation (negative)",
        "other_assets": "Other assets",
        "intercompany_balance": "Balance with sister units",
        "payables": "Payables",
        "other_current_liabilities": "Other current liabilities",
        "debt": "Debt",
        "other_liabilities": "Other liabilities",
        "equity": "Equity without the result of the books",
        "unmapped": "Not mapped to a statement line, debit positive",
    }


def result_signs(lines: Any) -> dict[str, int]:
    """The lines of profit and loss that are among some, with their sign in the result."""
    return {
        line: 1 if line in _CREDIT_LINES else -1 for line in load_contract().lines_profit if line in lines
    }


@dataclass(frozen=True)
class LedgerSum:
    """A measure and the rows of an account × unit × month frame that make it; `sign` turns credits."""

    measure: Measure
    accounts: frozenset[str]
    sign: int
    column: str  # "flow", "moved", "closing", or "change" of it
    accumulate: bool
    reason: str | None = None


def ledger_movements(tables: Tables, between: bool = False) -> tuple[ibis.Table, str] | None:
    """(account, unit, month, flow, moved, closing, rows, sisters) from the journal, else from balances; and
    which of them.

    `flow` is everything posted, `moved` the same without opening balances: what happened in the month.
    `sisters` counts the rows that name a sister unit; `between`: of these alone, by unit and sister.
    """
    if "journal" in tables:
        journal = _sisters(tables["journal"]) if between else tables["journal"]
        # Of millions of rows few open the books: these are summed apart, and sums are cast, not rows.
        flow = journal.amount.sum().cast(EXACT)
        opening = journal.amount.sum(where=journal.kind == "opening").cast(EXACT)
        return journal.group_by(
            ["account", "unit", tables.period_of(journal.posted).name("month")]
        ).aggregate(
            flow=flow,
            moved=flow - opening.fill_null(0),
            closing=ibis.null(EXACT),
            rows=journal.count(),
            sisters=journal.partner.count(),
        ), "journal"
    if "balances" in tables:
        balances = _sisters(tables["balances"]) if between else tables["balances"]
        columns = {name: balances[name].cast(EXACT).sum() for name in ("flow", "closing")}
        columns["moved"] = columns["flow"]
        grouped = balances.group_by(["account", "unit", month_of(balances.month).name("month")])
        counts = {"rows": balances.count(), "sisters": balances.partner.count()}
        return grouped.aggregate(**columns, **counts), "balances"
    return None


def _sisters(table: ibis.Table) -> ibis.Table:
    """The rows that name a sister unit, each under the names of both."""
    rows = table.filter(table.partner.notnull() & (table.partner != table.unit))
    return rows.mutate(unit=rows.unit.concat(SISTER, rows.partner))


def current_budget(tables: Tables) -> ibis.Table:
    """Budget rows of the latest version of each unit and month."""
    budget = tables["budget"]
    newest = budget.group_by(["unit", "month"]).aggregate(version_=budget.version.max())
    newest = newest.rename(unit_="unit", month_="month")
    return budget.join(
        newest,
        [budget.unit == newest.unit_, budget.month == newest.month_, budget.version == newest.version_],
    ).drop("unit_", "month_", "version_")


def budget_movements(tables: Tables) -> ibis.Table:
    """(account, unit, month, flow, closing, quantity, rows) of the current budget."""
    budget = current_budget(tables)
    return budget.group_by(["account", "unit", month_of(budget.month).name("month")]).aggregate(
        flow=budget.amount.cast(EXACT).sum(),
        closing=budget.amount.cast(EXACT).sum(),
        quantity=budget.quantity.cast(EXACT).sum(),
        rows=budget.count(),
    )


def measure_names(prefix: str = "") -> list[str]:
    """The names of all that ledger_sums gives, whatever the chart of accounts."""
    contract = load_contract()
    only_booked = () if prefix else ("profit_to_date", "depreciation_charge")
    lines = (*contract.lines_profit, *contract.lines_balance, "unmapped", *only_booked)
    return [prefix + name for name in (*lines, "variable_cost", "fixed_cost", *DRIVERS)]


def ledger_sums(
    accounts: pd.DataFrame, needs: tuple[str, ...], closings_given: bool, prefix: str = ""
) -> Iterator[LedgerSum]:
    """All ledger measures for a chart of accounts (columns account, line, behaviour?, driver?)."""
    contract, words = load_contract(), line_texts()
    budget = prefix != ""
    source = "budget" if budget else "ledger"
    of_line = _accounts_by(accounts, "line")

    def measure(name: str, text: str, nature: str = "flow") -> Measure:
        return Measure(
            prefix + name, f"Budget: {text.lower()}" if budget else text, "money", nature, source, needs
        )

    # A source may end at a profit: without any balance there is no equity of 0, and nothing to balance.
    sheet = not of_line.keys().isdisjoint(contract.lines_balance)
    unbalanced = None if sheet else "no account belongs to a line of the balance sheet"
    unknown = {} if sheet else _beyond(of_line)
    for line in contract.lines_profit:
        sign, ids = -1 if line in _CREDIT_LINES else 1, of_line.get(line, _NO_ACCOUNT)
        yield LedgerSum(measure(line, words[line]), ids, sign, "flow", False, unknown.get(line))
    for line in contract.lines_balance:
        ids = of_line.get(line, _NO_ACCOUNT)
        sign = -1 if line in _LIABILITIES else 1
        reason = f"no account belongs to the line {line!r}" if not ids and line in _MUST_EXIST else unbalanced
        accumulate = not closings_given
        column = "closing" if closings_given else "flow"
        yield LedgerSum(measure(line, words[line], "closing"), ids, sign, column, accumulate, reason)
    ids = of_line.get("unmapped", _NO_ACCOUNT)
    reason = None if ids else "every account has a statement line"
    yield LedgerSum(measure("unmapped", words["unmapped"]), ids, 1, "flow", False, reason)
    if not budget:
        # Where closing balances are given, equity holds the result unless profit accounts carry balances too.
        result = measure("profit_to_date", "Result accumulated in the books, not yet in equity", "closing")
        column = "closing" if closings_given else "flow"
        profit = _accounts_of(of_line, contract.lines_profit)
        yield LedgerSum(result, profit, -1, column, not closings_given, unbalanced)
        charge = measure("depreciation_charge", "Depreciation of the month, wherever it was charged")
        ids = of_line.get("accumulated_depreciation", _NO_ACCOUNT)
        if ids:
            # From balances only, the month's movement is the change of the balance: the panel takes it.
            yield LedgerSum(charge, ids, -1, "change" if closings_given else "moved", False)
        else:
            # Fixed assets are kept net: what was charged is what stands as expense.
            yield LedgerSum(charge, of_line.get("depreciation", _NO_ACCOUNT), 1, "flow", False)
    yield from _by_attribute(accounts, measure, _accounts_of(of_line, _EXPENSES))


def _accounts_by(accounts: pd.DataFrame, column: str) -> dict[str, frozenset[str]]:
    """The accounts by what a column says of them; those of which it says nothing are left out."""
    found: dict[str, set[str]] = {}
    for account, value in accounts.loc[accounts[column].notna(), ["account", column]].to_numpy():
        found.setdefault(value, set()).add(account)
    return {value: frozenset(ids) for value, ids in found.items()}


def _accounts_of(of_line: Mapping[str, frozenset[str]], lines: Sequence[str]) -> frozenset[str]:
    """The accounts of several lines."""
    return _NO_ACCOUNT.union(*(of_line.get(line, _NO_ACCOUNT) for line in lines))


def _beyond(of_line: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """The lines of profit and loss that a source without a balance sheet does not reach, and why."""
    return {
        line: f"no account belongs to {joined(lines, 'or')}, and no balance sheet shows that it is nothing"
        for lines in _TOGETHER
        if of_line.keys().isdisjoint(lines)
        for line in lines
    }


def _by_attribute(
    accounts: pd.DataFrame, measure: Callable[[str, str], Measure], expenses: frozenset[str]
) -> Iterator[LedgerSum]:
    by_behaviour, by_driver = _accounts_by(accounts, "behaviour"), _accounts_by(accounts, "driver")
    for behaviour in ("variable", "fixed"):
        ids = by_behaviour.get(behaviour, _NO_ACCOUNT) & expenses
        reason = None if by_behaviour else "no account is marked as variable or fixed"
        text = f"{behaviour.capitalize()} cost"
        yield LedgerSum(measure(f"{behaviour}_cost", text), ids, 1, "flow", False, reason)
    for name, (driver, text) in DRIVERS.items():
        ids = by_driver.get(driver, _NO_ACCOUNT)
        reason = None if ids else f"no account is marked with the driver {driver!r}"
        yield LedgerSum(measure(name, text), ids, 1, "flow", False, reason)
