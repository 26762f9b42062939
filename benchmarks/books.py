"""The books against hand-written SQL and pandas: checking a ledger, and its monthly measures."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd

from finops_toolkit.books import open_books
from finops_toolkit.books.opening import open_folder
from finops_toolkit.books.panel import build_panel

from .timing import Row, compare

_ACCOUNTS = """account,name,line
1000,Cash,cash
1100,Receivables,receivables
1200,Inventory,inventory
2000,Payables,payables
3000,Equity,equity
4000,Sales,revenue
5000,Cost of goods sold,cogs
6000,Administration,administration
"""
PARENTS = {"TOP": None, **dict.fromkeys((f"U{n}" for n in range(8)), "TOP")}
_UNITS = "unit,name,parent,currency\nTOP,Company,,EUR\n" + "".join(
    f"U{n},Plant {n},TOP,EUR\n" for n in range(8)
)


def write_ledger(folder: Path, lines: int) -> None:
    """A ledger of balanced two-line entries over eight units and three years."""
    (folder / "accounts.csv").write_text(_ACCOUNTS)
    (folder / "units.csv").write_text(_UNITS)
    path = str(folder / "journal.parquet").replace("'", "''")
    duckdb.sql(
        f"""COPY (SELECT 'E' || (i // 2) AS entry, i % 2 + 1 AS line,
            DATE '2023-01-01' + CAST((i // 2) % 1096 AS INTEGER) AS posted,
            CASE i % 2
                WHEN 0 THEN ['1000', '1100', '5000'][(i // 2) % 3 + 1]
                ELSE ['1100', '4000', '1200'][(i // 2) % 3 + 1]
            END AS account,
            'U' || ((i // 2) % 8) AS unit,
            CAST((1 - i % 2 * 2) * ((i // 2) % 9973 + 0.25) AS DECIMAL(19, 4)) AS amount
            FROM range({lines}) t(i)) TO '{path}'"""
    )


def ours_measures(folder: Path) -> int:
    """Every ledger measure by unit and month, rolled up; checking the books is timed apart."""
    tables = open_folder(folder, None).tables
    return int(build_panel(tables, PARENTS, None).matrix("revenue")[0].sum())


def sql_measures(folder: Path) -> int:
    """The same sums, hand-written: every account's movement by unit and month, then revenue."""
    total = duckdb.execute(
        f"""SELECT SUM(flow) FROM (
                SELECT account, unit, DATE_TRUNC('month', posted) AS month, SUM(amount) AS flow
            FROM read_parquet('{folder / "journal.parquet"}') GROUP BY ALL) WHERE account = '4000'"""
    ).fetchall()[0][0]
    return -int(total * 10_000)


def pandas_measures(folder: Path) -> int:
    """The same sums with pandas, as most analysts would write them; floats, so only about right."""
    frame = pd.read_parquet(folder / "journal.parquet")
    frame["amount"] = frame.amount.astype("float64")
    frame["month"] = pd.to_datetime(frame.posted).dt.to_period("M")
    flows = frame.groupby(["account", "unit", "month"])["amount"].sum()
    return -round(flows.loc["4000"].sum() * 10_000)


def ours_check(folder: Path) -> int:
    """Every rule of the contract on the ledger."""
    return len(open_books(folder, strict=False).contract_findings)


def pandas_check(folder: Path) -> int:
    """The rules an analyst would check with pandas: keys, empty cells, accounts and units known, dates."""
    frame = pd.read_parquet(folder / "journal.parquet")
    accounts = set(pd.read_csv(folder / "accounts.csv", dtype=str).account)
    units = set(pd.read_csv(folder / "units.csv").unit)
    posted = pd.to_datetime(frame.posted)
    return int(
        frame.duplicated(["entry", "line"]).any()
        + frame[["entry", "line", "posted", "account", "unit", "amount"]].isna().any(axis=None)
        + (~frame.account.isin(accounts)).any()
        + (~frame.unit.isin(units)).any()
        + ((posted < "1950-01-01") | (posted > "2149-12-31")).any()
    )


def run(lines: int = 4_000_000) -> list[Row]:
    """The rows of the table, for a ledger of `lines` lines."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_ledger(folder, lines)

        def on(function: Callable[[Path], int]) -> Callable[[], int]:
            return lambda: function(folder)

        million = f"{lines // 1_000_000} million ledger lines"
        others = {"hand-written SQL": on(sql_measures), "pandas": on(pandas_measures)}
        return [
            compare(f"Monthly measures, {million}", on(ours_measures), others),
            compare(f"Checking the contract, {million}", on(ours_check), {"pandas": on(pandas_check)}),
        ]
