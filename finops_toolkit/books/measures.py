"""The monthly measures: what is counted and summed for each unit and month, as Ibis expressions.

A query is one table (or join) with a unit and a month, and the sums to take of it. The engine only counts
and sums decimals; it never averages or divides, so every engine gives the same figures. Ledger measures,
which come from accounts, are in ledger.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.operations as ops

from .calendars import Tables

EXACT = "decimal(38, 4)"


@dataclass(frozen=True)
class Measure:
    """A named monthly figure.

    unit: money, quantity, count, minutes, hours or days. nature: "flow" adds over months, "closing" is a
    balance at the month's end and adds over units only. `source` is the book it is taken from.
    """

    name: str
    text: str
    unit: str
    nature: str
    source: str
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Sum:
    """A measure of a query: what is summed (None counts rows) and over which rows (None: all)."""

    name: str
    text: str
    unit: str = "count"
    value: Callable[[Any], Any] | None = None
    where: Callable[[Any], Any] | None = None
    nature: str = "flow"


@dataclass(frozen=True)
class Query:
    """A table with the columns `unit` and `month`, and its sums.

    accumulate: the sums are movements of a balance and are added up over the months.
    sparse: a month without a row means that nothing happened, not that the data ends.
    """

    needs: tuple[str, ...]
    source: str
    build: Callable[[Tables], ibis.Table]
    sums: tuple[Sum, ...]
    accumulate: bool = False
    sparse: bool = False


# What is made of longer tables is not held: computing it again costs less than the memory.
_HELD = 1_000_000


def once(tables: Tables, of: str, name: str, build: Callable[[], ibis.Table]) -> ibis.Table:
    """What several queries are made of, from the table `of`: where DuckDB computes it, it is computed once.

    On a server it is part of each query: who may read its tables need not be allowed to make any.
    """
    if name not in tables.held:
        table = build()
        engine = table._find_backend()
        if engine.name == "duckdb" and tables[of].count().to_pyarrow().as_py() <= _HELD:
            engine.raw_sql(f"CREATE OR REPLACE TEMP TABLE held_{name} AS {engine.compile(table)}")
            space = ops.Namespace(catalog="temp", database="main")
            table = ops.DatabaseTable(f"held_{name}", table.schema(), engine, space).to_expr()
        tables.held[name] = table
    return tables.held[name]


def let_go(tables: Tables) -> None:
    """Drop what was held."""
    for table in tables.held.values():
        if isinstance(table.op(), ops.DatabaseTable):
            table._find_backend().raw_sql(f"DROP TABLE temp.{table.op().name}")
    tables.held.clear()


def times(left: Any, right: Any) -> Any:
    """Money × rate: multiplied exactly, rounded to ten-thousandths, ready to be summed."""
    return (left * right).cast(EXACT)


def dated(tables: Tables, table: ibis.Table, date: str) -> ibis.Table:
    """The rows that have the date, with the month it lies in."""
    return table.filter(table[date].notnull()).mutate(month=tables.period_of(table[date]))


def plain(name: str, date: str) -> Callable[[Tables], ibis.Table]:
    """A query's table: all rows, by the month of a date."""
    return lambda tables: dated(tables, tables[name], date)


def external(tables: Tables, name: str, party: str) -> ibis.Table:
    """A table without the rows whose customer or supplier is a sister unit."""
    table, parties = tables[name], tables.get(party + "s")
    if parties is None:
        return table
    sisters = parties.filter(parties.segment == "intercompany")[party]
    return table.filter(~(table[party].notnull() & table[party].isin(sisters)))


def external_dated(name: str, party: str, date: str) -> Callable[[Tables], ibis.Table]:
    """A query's table: the rows with outside customers or suppliers, by the month of a date."""
    return lambda tables: dated(tables, external(tables, name, party), date)


@dataclass(frozen=True)
class Histogram:
    """Whole days by unit and month, counted: medians and percentiles roll up from it."""

    name: str
    text: str
    source: str
    needs: tuple[str, ...]
    build: Callable[[Tables], ibis.Table]
