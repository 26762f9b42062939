"""What is not there: months without rows, rows after the close, orders nobody knows, balances from nowhere.

Nothing of this breaks a rule, and a total shows none of it: so it is said.
"""

from __future__ import annotations

import ibis
import pandas as pd

from ..periods import month_start, month_text
from .checking import first_rows, scaled
from .contract import load_contract
from .finding import Finding
from .measures import EXACT, Tables, month_of
from .panel import Panel

# Books in which something happens every month.
_MONTHLY = ("journal", "balances", "orders", "deliveries", "invoices", "stock")


def gaps(tables: Tables, panel: Panel) -> list[Finding]:
    """All findings about what is not there."""
    found = []
    for name in _MONTHLY:
        if name in tables:
            found += _months(name, tables[name], panel)
    found += _snapshots(tables, panel.closed)
    found += _unknown_orders(tables)
    found += _opening(tables, panel)
    return found


def _months(name: str, table: ibis.Table, panel: Panel) -> list[Finding]:
    """Months without a row up to the last closed one, and rows after it."""
    spec, closed = load_contract().tables[name], panel.closed
    month = month_of(table[spec.date])
    counted = table.group_by(month.name("month")).aggregate(rows=table.count()).to_pandas()
    rows = {int(m): int(n) for m, n in zip(counted.month, counted.rows, strict=True)}
    found = []
    absent = [m for m in range(max(min(rows), panel.months[0]), closed + 1) if m not in rows]
    if absent:
        text = f"{name} has no row in {len(absent):,} months up to the last closed one: {_some(absent)}"
        shown = pd.DataFrame({"month": [month_text(m) for m in absent[:5]]})
        hint = "figures of these months are missing or nothing: look for a file that was not exported whole"
        found.append(Finding("difference", name, "months_missing", text, len(absent), None, shown, hint))
    late = sum(n for m, n in rows.items() if m > closed)
    if late:
        after = table[spec.date] >= ibis.literal(month_start(closed + 1))
        money = None
        if name in ("deliveries", "invoices"):
            total = table.aggregate(a=table.amount.cast(EXACT).sum(where=after))
            money = scaled(total.to_pyarrow()["a"][0].as_py())
        text = f"{late:,} rows of {name} come after the last closed month, {month_text(closed)}: not reported"
        rows_after = first_rows(table, spec.key, after)
        found.append(Finding("note", name, "after_close", text, late, money, rows_after))
    return found


def _some(months: list[int]) -> str:
    shown = ", ".join(month_text(month) for month in months[:5])
    return shown + (" …" if len(months) > 5 else "")


def _snapshots(tables: Tables, closed: int) -> list[Finding]:
    """Months in which a unit that had stock before has no snapshot: its stock would count as nothing."""
    if "stock" not in tables:
        return []
    stock = tables["stock"]
    counted = stock.group_by(["unit", month_of(stock.date).name("month")]).aggregate(rows=stock.count())
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
