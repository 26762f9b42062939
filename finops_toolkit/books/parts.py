"""Own figures of units by month, as the engine counted and summed them: what a panel is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import ibis
import numpy as np
import pandas as pd

from . import ledger
from .calendars import Tables
from .exact import fetch, fits
from .measures import EXACT, Measure, Query
from .measures_plants import MAKING
from .measures_sales import ITEMS, ORDERS
from .measures_together import TOGETHER

QUERIES: tuple[Query, ...] = (*ORDERS, *ITEMS, *MAKING, *TOGETHER)


@dataclass
class Part:
    """Own figures of some measures: a frame (unit, month, one int64 column a measure and rows a measure)."""

    frame: pd.DataFrame
    measures: list[Measure]
    source: str
    accumulate: frozenset[str] = frozenset()
    change: frozenset[str] = frozenset()
    sparse: bool = False
    closings: bool = False
    missing: dict[str, str] = field(default_factory=dict)


def query_parts(tables: Tables, root: str) -> list[Part]:
    """The parts of all queries the tables allow; rows without a unit are the `root`'s."""
    parts = []
    for query in QUERIES:
        if not set(query.needs) <= set(tables):
            continue
        frame = _counted(query, query.build(tables), root)
        held = ", ".join(query.needs)
        missing = {
            item.name: f"the data holds no values for it in {held}"
            for item in query.sums
            if frame.empty or (item.value and not item.where and not frame[f"rows {item.name}"].any())
        }
        measures = [Measure(s.name, s.text, s.unit, s.nature, query.source, query.needs) for s in query.sums]
        names = frozenset(s.name for s in query.sums) if query.accumulate else frozenset()
        parts.append(Part(frame, measures, query.source, names, sparse=query.sparse, missing=missing))
    return parts


def _counted(query: Query, table: ibis.Table, root: str) -> pd.DataFrame:
    """The sums of a query by unit and month, and of how many rows each is."""
    sums: dict[str, Any] = {}
    rows: dict[str, str] = {}  # of what only counts, the rows are what it counts
    for item in query.sums:
        where = None if item.where is None else item.where(table)
        if item.value is None:
            sums[item.name] = table.count(where=where)
            rows[item.name] = item.name
            continue
        value = item.value(table)
        sums[item.name] = (value if value.type().is_integer() else value.cast(EXACT)).sum(where=where)
        rows[item.name] = f"rows {item.name}"
        sums[rows[item.name]] = table.count(where=value.notnull() if where is None else where)
    frame = fetch(table.group_by(["unit", "month"]).aggregate(**sums), ["unit", "month"], list(sums))
    # Only events may come without a unit: they belong to the company as a whole.
    frame["unit"] = frame["unit"].fillna(root)
    return frame.assign(**{f"rows {name}": frame[column] for name, column in rows.items()})


def ledger_parts(tables: Tables) -> list[Part]:
    """The ledger's part and the budget's, as far as the tables hold them."""
    if "accounts" not in tables:
        return []
    accounts = tables["accounts"].to_pyarrow().to_pandas()
    parts = []
    found = ledger.ledger_movements(tables)
    if found is not None:
        table, name = found
        keys, values = ["account", "unit", "month"], ["flow", "moved", "closing", "rows"]
        frame = fetch(table, keys, [*values, "sisters"])
        sisters = ledger.ledger_movements(tables, between=True) if frame.pop("sisters").any() else None
        if sisters is not None:
            between = fetch(sisters[0], keys, values)
            # These rows are counted already, under their unit.
            frame = pd.concat([frame, between.assign(rows=0)], ignore_index=True)
        balance = accounts.line.isin(ledger.load_contract().lines_balance)
        on_balance = frame.account.isin(accounts.account[balance])
        _move_unmapped(frame, accounts)
        closings = name == "balances" and bool(frame.closing[on_balance].any())
        sums = list(ledger.ledger_sums(accounts, (name, "accounts"), closings))
        parts.append(_ledger_part(frame, sums, "ledger"))
        parts[-1].closings = closings
    if "budget" in tables:
        frame = fetch(
            ledger.budget_movements(tables),
            ["account", "unit", "month"],
            ["flow", "closing", "quantity", "rows"],
        )
        sums = list(ledger.ledger_sums(accounts, ("budget", "accounts"), True, "budget_"))
        part = _ledger_part(frame, sums, "budget")
        budgeted = frozenset(frame.account)
        for item in sums:
            # A line nobody budgeted has no budget; it does not have a budget of nothing.
            if not item.accounts & budgeted:
                part.missing[item.measure.name] = "it is not budgeted"
        _add_budget_quantity(part, frame, accounts)
        parts.append(part)
    return parts


def _move_unmapped(frame: pd.DataFrame, accounts: pd.DataFrame) -> None:
    """Where an unmapped account has balances and no movements, its movements are the change of its balances.

    Nobody has said what the account is: either way its money must show.
    """
    nowhere = accounts.account[accounts.line == "unmapped"]
    if nowhere.empty:
        return
    unmapped = frame[frame.account.isin(nowhere)]
    for _, rows in unmapped.sort_values("month").groupby(["account", "unit"]):
        if not rows.flow.any():
            frame.loc[rows.index, "flow"] = rows.closing.diff().fillna(rows.closing).astype("int64")


def _add_budget_quantity(part: Part, frame: pd.DataFrame, accounts: pd.DataFrame) -> None:
    sales = frame[frame.account.isin(accounts.account[accounts.line == "revenue"])]
    name = "budget_sales_quantity"
    if not sales.quantity.any():
        part.missing[name] = "the budget holds no quantities"
        return
    grouped = sales.groupby(["unit", "month"], as_index=False)[["quantity", "rows"]].sum()
    grouped = grouped.rename(columns={"quantity": name, "rows": f"rows {name}"})
    part.frame = part.frame.merge(grouped, on=["unit", "month"], how="left")
    part.frame[[name, f"rows {name}"]] = part.frame[[name, f"rows {name}"]].fillna(0).astype("int64")
    part.measures.append(
        Measure(name, "Budget: units sold", "quantity", "flow", "budget", ("budget", "accounts"))
    )


def _ledger_part(frame: pd.DataFrame, sums: list[ledger.LedgerSum], source: str) -> Part:
    # Of each row, the place of its unit and month among those there are.
    units, months = pd.factorize(frame.unit)[0], pd.factorize(frame.month)[0]
    _, first, place = np.unique(units * (len(frame) + 1) + months, return_index=True, return_inverse=True)
    for column in ("flow", "closing"):
        fits(np.bincount(place, np.abs(frame[column].to_numpy(dtype="float64"))))
    keys = frame[["unit", "month"]].iloc[first].reset_index(drop=True)
    codes, accounts = pd.factorize(frame.account)
    columns: dict[str, Any] = {}
    for item in sums:
        if item.reason:
            continue
        used = np.fromiter((account in item.accounts for account in accounts), bool, len(accounts))[codes]
        taken = "closing" if item.column == "change" else item.column
        for column, name, sign in ((taken, "", item.sign), ("rows", "rows ", 1)):
            total = np.zeros(len(keys), "int64")
            np.add.at(total, place[used], sign * frame[column].to_numpy()[used])
            columns[name + item.measure.name] = total
    return Part(
        pd.concat([keys, pd.DataFrame(columns, index=keys.index)], axis=1),
        [item.measure for item in sums if not item.reason],
        source,
        frozenset(item.measure.name for item in sums if item.accumulate),
        frozenset(item.measure.name for item in sums if item.column == "change"),
        missing={item.measure.name: item.reason for item in sums if item.reason},
    )
