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
