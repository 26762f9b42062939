"""Detail reads as Ibis expressions, for every engine but DuckDB: the rows, sums and hashes SQL gives there.

DuckDB is asked in plain SQL (details.py): a report makes dozens of reads, and compiling an expression takes
longer than DuckDB takes to answer. To a server the way is longer than that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_
from typing import Any

import ibis
import pyarrow as pa

from ..calendars import Calendar
from ..errors import UsageError
from .calendars import period_of_rows
from .contract import Column, Table
from .measures import EXACT

_INEXACT = ("money", "quantity", "rate")  # shown as floats


def narrowed(
    table: ibis.Table,
    spec: Table,
    inside: Sequence[str | None] | None,
    days: tuple[dt.date, dt.date] | None,
    where: Mapping[str, Sequence[Any]],
) -> ibis.Table:
    """The rows of these units (None among them: rows of none), between two days, with one of these values."""
    conditions = []
    if inside is not None:
        within = table.unit.isin([unit for unit in inside if unit is not None])
        conditions.append(within | table.unit.isnull() if None in inside else within)
    if days is not None:
        first, last = (ibis.literal(day).cast("date") for day in days)
        conditions.append(table[str(spec.date)].cast("date").between(first, last))
    for name, values in where.items():
        conditions.append(_is_one_of(table[name], spec.columns[name], [v for v in values if v is not None]))
    return table.filter(reduce(and_, conditions)) if conditions else table


def rows(
    table: ibis.Table, spec: Table, columns: Sequence[str], order: Sequence[str], limit: int
) -> pa.Table:
    """The first rows by `order` ("-column" for descending) and key, what is empty last."""
    keys = [
        ibis.desc(table[text[1:]]) if text.startswith("-") else ibis.asc(table[text])
        for text in [*order, *spec.key]
    ]
    # What is put in order is the value itself, not the float it is shown as.
    first = table.order_by(keys).limit(limit)
    shown = {
        name: first[name].cast("float64") if spec.columns[name].type in _INEXACT else first[name]
        for name in columns
    }
    return first.select(**shown).to_pyarrow()


def sums(
    table: ibis.Table, spec: Table, by: Sequence[str], summed: Sequence[str], calendar: Calendar
) -> pa.Table:
    """Exact sums by some columns ("month": the period of a row) in their order, with a column `rows`."""
    # Under names of their own: a table may have a column `month`, and it is summed by the period.
    keys = {
        f"by_{place}": period_of_rows(calendar, spec.name, table)
        if name == "month" and spec.date
        else table[name]
        for place, name in enumerate(by)
    }
    values = {name: table[name].cast(EXACT).sum() for name in summed}
    if not keys:
        return table.aggregate(**values, rows=table.count()).to_pyarrow()
    grouped = table.group_by(**keys).aggregate(**values, rows=table.count())
    arrow = grouped.order_by(list(keys)).to_pyarrow()
    return arrow.rename_columns([*by, *summed, "rows"])


def ordered(table: ibis.Table) -> ibis.Table:
    """All rows, by their first column, then the second, and so on."""
    return table.order_by([table[name] for name in table.columns])


def _is_one_of(value: Any, column: Column, values: Sequence[Any]) -> Any:
    if not values:
        return ibis.literal(False)
    if column.type in ("date", "month", "time"):
        return value.isin([ibis.literal(_moment(one, column)).cast(value.type()) for one in values])
    if any(isinstance(one, float) for one in values):
        return value.cast("float64").isin([float(one) for one in values])
    return value.isin(list(values))


def _moment(value: Any, column: Column) -> dt.date:
    """A day or moment to compare with, maybe written as text."""
    try:
        moment = dt.datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise UsageError(
            f"{column.name} cannot be compared with {value!r}: it is no {column.type}.",
            "Write a day like 2025-11-30.",
        ) from None
    return moment if column.type == "time" else moment.date()
