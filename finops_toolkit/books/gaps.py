"""What is not there: months without rows, rows after the close, orders nobody knows, balances from nowhere.

Nothing of this breaks a rule, and a total shows none of it: so it is said.
"""

from __future__ import annotations

import ibis
import pandas as pd

from ..periods import month_text
from .calendars import Tables
from .checking import SCALE, first_rows, scaled
from .exact import fetch
from .finding import Finding
from .ledger import ledger_movements
from .measures import EXACT
from .panel import Panel

# Books in which something happens every month.
_MONTHLY = ("journal", "balances", "orders", "deliveries", "invoices", "stock")


def gaps(tables: Tables, panel: Panel) -> list[Finding]:
    """All findings about what is not there."""
    found = []
    early, late = {}, {}
    for name in _MONTHLY:
        if name in tables:
            rows = _rows_by_month(name, tables)
            by_month = name != "balances" or panel.statements is None
            found += _absent_months(name, rows, panel) if by_month else _absent_statements(panel)
            late[name] = {month: n for month, n in rows.items() if month > panel.closed}
            # Invoices and orders from before are what open items and the backlog begin with.
            if name not in ("invoices", "orders"):
                early[name] = {month: n for month, n in rows.items() if month < panel.months[0]}
    first, last = month_text(panel.months[0]), month_text(panel.closed)
    found += _outside(
        early, "before_first", f"Rows before the ledger's first month, {first}, are in no report"
    )
    found += _outside(late, "after_close", f"Rows after the last closed month, {last}, are in no report")
    found += _snapshots(tables, panel.closed)
    found += _unknown_orders(tables)
    found += _opening(tables, panel)
    found += _unmapped(tables)
    return found


def _rows_by_month(name: str, tables: Tables) -> dict[int, int]:
    table = tables[name]
    counted = (
        table.group_by(tables.period_of_rows(name).name("month")).aggregate(rows=table.count()).to_pandas()
    )
    return {int(m): int(n) for m, n in zip(counted.month, counted.rows, strict=True)}


def _absent_months(name: str, rows: dict[int, int], panel: Panel) -> list[Finding]:
    """Months without a row up to the last closed one."""
    absent = [m for m in range(max(min(rows), panel.months[0]), panel.closed + 1) if m not in rows]
    if not absent:
        return []
    months = "1 month" if len(absent) == 1 else f"{len(absent):,} months"
    text = f"{name} has no row in {months} up to the last closed one: {_some(absent)}"
    shown = pd.DataFrame({"month": [month_text(m) for m in absent[:5]]})
    hint = "figures of these months are missing or nothing: look for a file that was not exported whole"
    return [Finding("difference", name, "months_missing", text, len(absent), None, shown, hint)]


def _absent_statements(panel: Panel) -> list[Finding]:
    """Of movements over several months: what they mean for periods, and where there is none between two."""
    stated = panel.statements
    assert stated is not None
    text = "movements cover several months each: a period has figures only if it is made of whole ones"
    hint = "ask for twelve months (2024-09-R12), three (2024-09-R3) or a fiscal year, where they end with one"
    found = [Finding("note", "balances", "statements", text, hint=hint)]
    holes = stated.holes()
    if holes:
        rows = [[unit, month_text(panel.months[a]), month_text(panel.months[b])] for unit, a, b in holes[:5]]
        shown = pd.DataFrame(rows, columns=["unit", "from", "to"])
        text = "months between two movements that neither covers, or that both do"
        found.append(Finding("difference", "balances", "months_missing", text, len(holes), None, shown))
    return found


def _outside(tables: dict[str, dict[int, int]], rule: str, text: str) -> list[Finding]:
    """Rows by table and month that are read and checked, and stand in no report."""
    tables = {name: months for name, months in tables.items() if months}
    if not tables:
        return []
    shown = pd.DataFrame(
        {
            "table": list(tables),
            "rows": [sum(months.values()) for months in tables.values()],
            "from": [month_text(min(months)) for months in tables.values()],
            "to": [month_text(max(months)) for months in tables.values()],
        }
    )
    return [Finding("note", "books", rule, text, int(shown.rows.sum()), None, shown)]


def _some(months: list[int]) -> str:
    shown = ", ".join(month_text(month) for month in months[:5])
    return shown + (" …" if len(months) > 5 else "")


def _snapshots(tables: Tables, closed: int) -> list[Finding]:
    """Months in which a unit that had stock before has no snapshot: its stock would count as nothing."""
    if "stock" not in tables:
        return []
    stock = tables["stock"]
    counted = stock.group_by(["unit", tables.period_of(stock.date).name("month")]).aggregate(
        rows=stock.count()
    )
    have = counted.to_pandas()
    everywhere = set(have.month)
    absent = [
        (unit, month)
        for unit, months in have.groupby("unit").month
        for month in sorted(everywhere - set(months))
        if months.min() < month <= closed
    ]
    if not absent:
        return []
    rows = pd.DataFrame(
        {"unit": [unit for unit, _ in absent[:5]], "month": [month_text(int(m)) for _, m in absent[:5]]}
    )
    text = f"Units have no snapshot of their stock in {len(absent):,} months: it counts as nothing there"
    return [Finding("difference", "stock", "snapshot_missing", text, len(absent), None, rows)]


def _unknown_orders(tables: Tables) -> list[Finding]:
    """Deliveries against an order line that is not there: the order would never be seen as delivered."""
    if not {"orders", "deliveries"} <= set(tables):
        return []
    deliveries, orders = tables["deliveries"], tables["orders"]
    named = deliveries.filter(deliveries.order.notnull())
    lost = named.anti_join(orders, ["order", "line"])
    total = lost.aggregate(n=lost.count(), a=lost.amount.cast(EXACT).sum()).to_pyarrow().to_pylist()[0]
    if not total["n"]:
        return []
    text = "order and line are not in orders: these deliveries fulfil nothing"
    rows = first_rows(lost, ("delivery",), ibis.literal(True))
    return [Finding("difference", "deliveries", "order_known", text, total["n"], scaled(total["a"]), rows)]


def _opening(tables: Tables, panel: Panel) -> list[Finding]:
    """Without opening balances every balance of a journal starts from nothing, and no equation shows it."""
    if "journal" not in tables or "equity" not in panel.measures or panel.matrix("equity")[:, -1].any():
        return []
    text = "No capital is booked in the journal: without opening balances every balance starts from nothing"
    return [Finding("difference", "journal", "opening_balances", text, 0)]


def _unmapped(tables: Tables) -> list[Finding]:
    """Accounts that nobody has given a statement line, those with most money first."""
    movements = ledger_movements(tables)
    if "accounts" not in tables or movements is None:
        return []
    accounts = tables["accounts"].filter(tables["accounts"].line == "unmapped").select("account", "name")
    names = accounts.to_pandas()
    if names.empty:
        return []
    ledger = movements[0].semi_join(accounts, "account")
    booked = fetch(ledger, ["account"], ["flow", "closing", "rows"])
    # A source may give movements or only balances: the larger of the two is the money behind an account.
    booked["money"] = booked[["flow", "closing"]].abs().max(axis=1)
    shown = names.merge(booked.groupby("account", as_index=False).sum(), on="account", how="left").fillna(0)
    shown = shown.sort_values(["money", "account"], ascending=[False, True], kind="stable")
    money = int(shown.money.sum())
    shown = shown.assign(rows=shown.rows.astype("int64") // SCALE)
    for column in ("flow", "closing", "money"):
        shown[column] /= SCALE
    first = ", ".join(shown.account.head(5)) + (" …" if len(shown) > 5 else "")
    things = "1 account has" if len(shown) == 1 else f"{len(shown):,} accounts have"
    text = f"{things} no statement line: {first}; the money stands as “not mapped”"
    hint = "give each of them a line, in the table accounts or in the adapter's map of accounts"
    return [Finding("difference", "accounts", "unmapped", text, len(shown), money, shown.head(5), hint)]
