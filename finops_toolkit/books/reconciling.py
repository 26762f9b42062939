"""Reconciliation: does the ledger say what the subledgers say, to the cent, month by month?

A difference is not hidden and does not stop the work: it is a finding with its money by month.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pandas as pd

from ..periods import month_text
from .calendars import Tables, month_of
from .checking import SCALE, first_rows, scaled
from .consolidation import sister_findings
from .contract import load_contract
from .exact import fetch
from .finding import Finding
from .ledger import ASSETS, SOURCES
from .measures import EXACT
from .panel import Panel
from .translation import translation_findings

if TYPE_CHECKING:
    from .facts import Facts


@dataclass(frozen=True)
class Pair:
    """A ledger measure and the subledger measure it must equal, with the tables needed."""

    name: str
    ledger: str
    subledger: str
    text: str


PAIRS = (
    Pair("revenue", "revenue", "delivered_amount", "Revenue in the ledger against the value of deliveries"),
    Pair(
        "cost of sales",
        "standard_cost_of_sales",
        "delivered_cost",
        "Cost of sales at standard in the ledger against the cost of deliveries",
    ),
    Pair("receivables", "receivables", "open_invoices", "Receivables in the ledger against open invoices"),
    Pair("payables", "payables", "open_bills", "Payables in the ledger against open bills"),
    Pair("inventory", "inventory", "stock_value", "Inventory in the ledger against the value of stock"),
)


@dataclass(frozen=True)
class Reconciliation:
    """table: [pair, unit, month, ledger, subledger, difference] in ten-thousandths; and the findings."""

    table: pd.DataFrame
    findings: list[Finding]


def reconcile(facts: Facts) -> Reconciliation:
    """Compare every pair the books hold, and the entries, the units in stock and the two ledgers."""
    panel, tables = facts.panel, facts.tables
    frames, findings = [], []
    for pair in PAIRS:
        frame = _compare(panel, pair)
        if frame is None:
            continue
        frames.append(frame)
        findings += _pair_finding(panel, pair, frame)
    findings += _unbalanced_entries(tables)
    findings += _two_ledgers(tables)
    findings += _balance_sheet(panel)
    said = "translate" in facts.opened.settings
    findings += translation_findings(tables, panel, facts.group.rates, said, facts.units)
    findings += sister_findings(panel)
    findings += _units_in_stock(tables, panel)
    columns = ["pair", "unit", "month", "ledger", "subledger", "difference"]
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    return Reconciliation(table, findings)


def _compare(panel: Panel, pair: Pair) -> pd.DataFrame | None:
    """Both sides by unit where it was booked; None where a side cannot be had."""
    if pair.ledger not in panel.measures or pair.subledger not in panel.measures:
        return None
    last = min(panel.coverage(pair.ledger)[1], panel.coverage(pair.subledger)[1])
    first = max(panel.coverage(pair.ledger)[0], panel.coverage(pair.subledger)[0])
    months = [month for month in panel.months if first <= month <= last]
    span = slice(first - panel.months[0], last - panel.months[0] + 1)
    ledger, subledger = (panel.own(name)[:, span] for name in (pair.ledger, pair.subledger))
    used = (ledger != 0).any(axis=1) | (subledger != 0).any(axis=1)
    units = [unit for unit, here in zip(panel.units, used, strict=True) if here]
    return pd.DataFrame(
        {
            "pair": pair.name,
            "unit": np.repeat(units, len(months)),
            "month": np.tile(months, len(units)),
            "ledger": ledger[used].ravel(),
            "subledger": subledger[used].ravel(),
            "difference": (ledger - subledger)[used].ravel(),
        }
    )


def _pair_finding(panel: Panel, pair: Pair, frame: pd.DataFrame) -> list[Finding]:
    off = frame[frame.difference != 0]
    if off.empty:
        return []
    by_month = frame.groupby("month")[["ledger", "subledger", "difference"]].sum().reset_index()
    closing = panel.measures[pair.ledger].nature == "closing"
    amount = int(by_month.difference.iloc[-1] if closing else by_month.difference.sum())
    when = f"at the end of {month_text(int(by_month.month.iloc[-1]))}" if closing else "over all months"
    worst = off.reindex(off.difference.abs().sort_values(ascending=False, kind="stable").index).head(5)
    worst = worst.sort_values(["unit", "month"])
    shown = worst.assign(
        month=[month_text(int(m)) for m in worst.month],
        **{column: worst[column] / SCALE for column in ("ledger", "subledger", "difference")},
    )
    text = f"{pair.text}: they differ in {off.month.nunique()} of {by_month.month.nunique()} months, "
    text += f"{when} by {amount / SCALE:,.2f}"
    hint = "each figure names the book it comes from; the other book's value stands beside it"
    return [Finding("difference", "ledger", f"{pair.name}_agree", text, len(off), amount, shown, hint)]


def _unbalanced_entries(tables: Tables) -> list[Finding]:
    """Every entry balances, in each unit it touches. Statistical accounts hold no money."""
    if "journal" not in tables:
        return []
    journal = tables["journal"]
    if "accounts" in tables:
        accounts = tables["accounts"]
        journal = journal.anti_join(accounts.filter(accounts.line == "statistical"), "account")
    entries = journal.group_by(["entry", "unit"]).aggregate(
        posted=journal.posted.min(), amount=journal.amount.cast(EXACT).sum()
    )
    fails = entries.amount != 0
    total = (
        entries.aggregate(n=fails.sum(), amount=entries.amount.abs().sum(where=fails))
        .to_pyarrow()
        .to_pylist()[0]
    )
    if not total["n"]:
        return []
    rows = first_rows(entries, ("entry", "unit"), fails)
    text = "An entry does not balance: debits and credits of a unit differ"
    return [
        Finding(
            "difference", "journal", "entry_balances", text, int(total["n"]), scaled(total["amount"]), rows
        )
    ]


def _two_ledgers(tables: Tables) -> list[Finding]:
    """Where there are entries and balances, the balances are what the entries come to."""
    if not {"journal", "balances", "accounts"} <= set(tables):
        return []
    keys = ["account", "unit", "month"]
    journal, balances = tables["journal"], tables["balances"]
    by = [journal.account, journal.unit, tables.period_of(journal.posted).name("month")]
    posted = fetch(journal.group_by(by).aggregate(flow=journal.amount.cast(EXACT).sum()), keys, ["flow"])
    by = [balances.account, balances.unit, month_of(balances.month).name("month")]
    sums = {name: balances[name].cast(EXACT).sum() for name in ("flow", "closing")}
    held = fetch(balances.group_by(by).aggregate(**sums), keys, list(sums))
    both = pd.concat([posted[keys], held[keys]])
    rows = pd.MultiIndex.from_frame(both[keys[:2]].drop_duplicates().sort_values(keys[:2]))
    months = range(int(both.month.min()), int(held.month.max()) + 1)

    def grid(frame: pd.DataFrame, column: str) -> pd.DataFrame:
        wide = frame.pivot(index=keys[:2], columns="month", values=column)
        return wide.reindex(index=rows, columns=months).fillna(0).astype("int64")

    moved = grid(posted, "flow")
    gaps = []
    if held.flow.any():
        gaps.append(grid(held, "flow") - moved)
    if held.closing.any():
        accounts = tables["accounts"].to_pandas()
        standing = accounts.account[accounts.line.isin(load_contract().lines_balance)]
        gap = grid(held, "closing") - moved.cumsum(axis=1)
        gaps.append(gap[gap.index.get_level_values(0).isin(standing)])
    off = pd.concat(
        [gap.loc[:, int(held.month.min()) :].stack() for gap in gaps] or [pd.Series(dtype="int64")]
    )
    off = off[off != 0]
    if off.empty:
        return []
    shown = off.head(5).rename("difference").reset_index()
    shown = shown.assign(month=[month_text(int(m)) for m in shown.month], difference=shown.difference / SCALE)
    text = (
        f"The balances differ from the journal in {len(off):,} account-months; figures come from the journal"
    )
    return [Finding("difference", "balances", "ledgers_agree", text, len(off), int(off.abs().sum()), shown)]


def _balance_sheet(panel: Panel) -> list[Finding]:
    """Assets equal liabilities, equity and the result so far, in every unit and month."""
    if "equity" not in panel.measures:
        return []
    gap = np.zeros_like(panel.matrix("equity"))
    for sign, names in ((1, ASSETS), (-1, SOURCES)):
        for name in names:
            if name in panel.measures:
                gap += sign * panel.own(name)
    first, last = panel.coverage("equity")
    gap = gap[:, first - panel.months[0] : last - panel.months[0] + 1]
    if not np.any(gap):
        return []
    unit, month = np.nonzero(gap)
    rows = pd.DataFrame(
        {
            "unit": [panel.units[u] for u in unit[:5]],
            "month": [month_text(first + int(m)) for m in month[:5]],
            "assets less liabilities and equity": gap[unit[:5], month[:5]] / SCALE,
        }
    )
    text = f"The balance sheet does not balance in {len(unit):,} of {gap.size:,} unit-months"
    hint = _left_by_unmapped(panel, gap, first)
    return [
        Finding("difference", "ledger", "balance_sheet", text, len(unit), int(gap[:, -1].sum()), rows, hint)
    ]


def _left_by_unmapped(panel: Panel, gap: np.ndarray, first: int) -> str | None:
    """What accounts without a statement line have to do with the gap; None where there are none."""
    if "unmapped" not in panel.measures or not panel.own("unmapped").any():
        return None
    begin = first - panel.months[0]
    booked = panel.own("unmapped").cumsum(axis=1)[:, begin : begin + gap.shape[1]]
    left = gap + booked
    if not left.any():
        return "the accounts that are not mapped to a statement line are all of it"
    amount = int(left[:, -1].sum()) / SCALE
    return (
        f"accounts that are not mapped to a statement line are part of it; without them {amount:,.2f} is left"
    )


def _units_in_stock(tables: Tables, panel: Panel) -> list[Finding]:
    """Opening + made + bought − shipped − used + adjusted = closing, by product, unit and month."""
    if "stock" not in tables or not set(_MOVES) & set(tables):
        return []
    unknown = _without_origin(tables)
    if unknown:
        text = (
            f"Units in stock cannot be followed: {unknown:,} products delivered are neither made nor bought"
        )
        return [Finding("note", "stock", "units_balance", text, unknown)]
    keys = ["unit", "product", "month"]
    moves = _movements(tables)
    moved = moves.group_by(keys).aggregate(into=moves.into.sum(), out=moves.out.sum())
    flows = fetch(moved, keys, ["into", "out"])
    if not set(_MOVES) <= set(tables):
        # Without a book of every movement, only what comes in and goes out by the books can be checked.
        both = flows.groupby(keys[:2])[["into", "out"]].transform(lambda values: values.any())
        flows = flows[both["into"] & both["out"]]
    stock = tables["stock"]
    stock = stock.mutate(month=tables.period_of(stock.date))
    ends = stock.group_by(keys).aggregate(
        closing=stock.quantity.cast(EXACT).argmax(stock.date), adjusted=stock.adjustment.cast(EXACT).sum()
    )
    held = fetch(ends, keys, ["closing", "adjusted"])
    if not set(_MOVES) <= set(tables):
        held = held.merge(flows[keys[:2]].drop_duplicates())
    if held.empty:
        return []
    months = range(int(held.month.min()), min(int(held.month.max()), panel.closed) + 1)

    def grid(frame: pd.DataFrame, column: str) -> pd.DataFrame:
        # A product without a snapshot in a month has no stock then; one without a movement did not move.
        wide = frame.pivot(index=["unit", "product"], columns="month", values=column)
        return wide.reindex(index=rows, columns=months).fillna(0).astype("int64")

    rows = pd.MultiIndex.from_frame(
        pd.concat([held[keys[:2]], flows[keys[:2]]]).drop_duplicates().sort_values(keys[:2])
    )
    closing = grid(held, "closing")
    gap = closing.shift(axis=1) + grid(flows, "into") + grid(flows, "out") + grid(held, "adjusted") - closing
    gap = gap.iloc[:, 1:].astype("int64").stack()
    off = gap[gap != 0]
    if off.empty:
        return []
    shown = off.head(5).rename("gap").reset_index()
    shown = shown.assign(month=[month_text(int(m)) for m in shown.month], gap=shown.gap / SCALE)
    text = "Units: opening + made + bought − shipped − used + adjusted is not the closing stock"
    return [Finding("difference", "stock", "units_balance", text, len(off), int(off.sum()), shown)]


_MOVES: dict[str, tuple[str, Callable[[ibis.Table], ibis.expr.types.Value], str]] = {
    "deliveries": ("shipped", lambda t: -t.quantity, "product"),
    "production": ("finished", lambda t: t.good, "product"),
    "purchases": ("received", lambda t: t.received_quantity - t.rejected_quantity.fill_null(0), "product"),
    "consumption": ("used", lambda t: -t.actual_quantity, "item"),
}


def _without_origin(tables: Tables) -> int:
    """Products delivered that no book brings in, where the books of making or of buying are absent."""
    if "deliveries" not in tables or {"production", "purchases"} <= set(tables):
        return 0
    delivered = tables["deliveries"].select("product").distinct()
    for name in ("production", "purchases"):
        if name in tables:
            delivered = delivered.anti_join(tables[name], "product")
    return int(delivered.count().to_pyarrow().as_py())


def _movements(tables: Tables) -> ibis.Table:
    """Every movement of units by product, unit and month: what comes in, and (negative) what goes out."""
    parts = []
    for name, (date, quantity, product) in _MOVES.items():
        if name in tables:
            table = tables[name].filter(tables[name][date].notnull())
            if name == "consumption":
                table = table.filter(table.kind == "material")
            # A return comes in, but it says nothing of where the goods once came from.
            moved, inward = quantity(table).cast(EXACT), name in ("production", "purchases")
            parts.append(
                table.select(
                    "unit",
                    product=table[product],
                    month=tables.period_of(table[date]),
                    into=moved if inward else ibis.null(EXACT),
                    out=ibis.null(EXACT) if inward else moved,
                )
            )
    return parts[0] if len(parts) == 1 else ibis.union(*parts)
