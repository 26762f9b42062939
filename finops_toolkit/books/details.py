"""Detail reads: rows and exact sums of one table, from the engine.

A read comes as plain data, as it is recorded: {"table", "unit", "months", "where", …}. So what was recorded
can be read again, and gives what it gave then if the data are the same. A report makes dozens of these reads,
and to compile an expression takes longer than DuckDB takes to answer: to it they are plain SQL.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import ibis
import pandas as pd
import pyarrow as pa

from ..calendars import MONTHS, Calendar
from ..errors import UsageError
from ..sources.sql import literal, quote
from ..sources.text import reason
from . import expressed
from .calendars import period_sql
from .checking import SCALE
from .contract import Column, Table, load_contract
from .digest import batches_hash
from .exact import exact_frame
from .measures import EXACT
from .reads import value_of

Arguments = Mapping[str, Any]

# Rows of a table that are hashed at a time.
_ROWS = 122_880
# What a column of a type may be compared with; True is a number to Python, and no number here.
_COMPARED: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("id", "text"), (str,)),
    **dict.fromkeys(("date", "month", "time"), (str, dt.date)),
    **dict.fromkeys(("money", "quantity", "rate", "integer"), (int, float, Decimal)),
    "boolean": (bool,),
}


def read_rows(
    table: ibis.Table,
    arguments: Arguments,
    inside: Sequence[str | None] | None,
    calendar: Calendar = MONTHS,
) -> pd.DataFrame:
    """Books.rows of a typed table. inside: the units wanted (None among them: rows of none); None: all."""
    spec = load_contract().tables[arguments["table"]]
    order = arguments.get("order", [])
    wanted = arguments.get("columns", list(spec.columns))
    _require(spec, [*(text.lstrip("-") for text in order), *wanted])
    if not _is_duckdb(table):
        part = _narrowed(table, spec, arguments, inside, calendar)
        arrow = expressed.rows(part, spec, wanted, order, arguments["limit"])
        return _with_days(arrow, spec, wanted)
    chosen = ", ".join(_shown(spec.columns[name]) for name in wanted)
    ordered = ", ".join(
        f"t.{quote(text.lstrip('-'))} {'DESC' if text.startswith('-') else 'ASC'} NULLS LAST"
        for text in [*order, *spec.key]
    )
    scope = _scope(spec, arguments, inside, calendar)
    arrow = _answer(table, spec, f"SELECT {chosen} {scope} ORDER BY {ordered} LIMIT {arguments['limit']}")
    return _with_days(arrow, spec, wanted)


def _with_days(arrow: pa.Table, spec: Table, wanted: Sequence[str]) -> pd.DataFrame:
    frame = arrow.to_pandas(date_as_object=False, use_threads=False)
    # Days are days, whatever the engine counts them in.
    return frame.astype(
        {name: "datetime64[s]" for name in wanted if spec.columns[name].type in ("date", "month")}
    )


def read_sums(
    table: ibis.Table,
    arguments: Arguments,
    inside: Sequence[str | None] | None,
    calendar: Calendar = MONTHS,
) -> pd.DataFrame:
    """Books.sums of a typed table; `inside` as in read_rows."""
    spec = load_contract().tables[arguments["table"]]
    by, sums = list(arguments["by"]), list(arguments["sums"])
    month = "month" if spec.date else None
    _require(spec, [*(name for name in by if name != month), *sums])
    inexact = [name for name in sums if spec.columns[name].type not in ("money", "quantity", "integer")]
    if inexact:
        raise UsageError(
            f"{', '.join(inexact)} of {spec.name} cannot be summed.",
            "Sum money, quantities or whole numbers.",
        )
    if not _is_duckdb(table):
        part = _narrowed(table, spec, arguments, inside, calendar)
        return _counted(expressed.sums(part, spec, by, sums, calendar), by, sums)
    keys = [_month(spec, calendar) if name == month else f"t.{quote(name)}" for name in by]
    chosen = [f"{key} AS {quote(name)}" for key, name in zip(keys, by, strict=True)]
    chosen += [f"SUM(CAST(t.{quote(name)} AS {EXACT})) AS {quote(name)}" for name in sums]
    scope = _scope(spec, arguments, inside, calendar)
    grouped = f"GROUP BY {', '.join(keys)} ORDER BY {', '.join(f'{key} ASC NULLS LAST' for key in keys)}"
    sql = f"SELECT {', '.join([*chosen, 'COUNT(*) AS rows'])} {scope} {grouped if by else ''}"
    return _counted(_answer(table, spec, sql), by, sums)


def _counted(arrow: pa.Table, by: list[str], sums: list[str]) -> pd.DataFrame:
    frame = exact_frame(arrow, by, [*sums, "rows"])
    frame["rows"] //= SCALE
    return frame


def table_hash(table: ibis.Table, name: str) -> str:
    """The hash of all rows of a typed table, in whatever order its file has them."""
    if not _is_duckdb(table):
        parts = expressed.ordered(table).to_pyarrow_batches(chunk_size=_ROWS)
        return batches_hash(parts.schema, parts)
    reader = _engine(table).con.sql(f"SELECT * FROM books.{quote(name)} ORDER BY ALL").to_arrow_reader(_ROWS)
    return batches_hash(reader.schema, reader)


def _answer(table: ibis.Table, spec: Table, sql: str) -> pa.Table:
    engine = _engine(table)
    try:
        return engine.con.sql(sql).to_arrow_table()
    except duckdb.Error as error:
        # What the engine cannot compare or read is the reader's mistake, and no traceback.
        hint = "Compare a column with values of its own type."
        raise UsageError(f"This cannot be read from {spec.name}: {reason(error)}", hint) from error


def _is_duckdb(table: ibis.Table) -> bool:
    return table._find_backend().name == "duckdb"


def _engine(table: ibis.Table) -> Any:
    engine = table._find_backend()
    # Tables of a snapshot come into the engine with the first expression that uses them.
    engine._run_pre_execute_hooks(table)
    return engine


def _narrowed(
    table: ibis.Table,
    spec: Table,
    arguments: Arguments,
    inside: Sequence[str | None] | None,
    calendar: Calendar,
) -> ibis.Table:
    """As _scope, as an expression."""
    days = None
    if "months" in arguments:
        first, last = arguments["months"]
        calendar = _kept_by(spec, calendar)
        days = calendar.start(first), calendar.end(last)
    where = {name: _compared(spec, name, plain) for name, plain in arguments.get("where", {}).items()}
    return expressed.narrowed(table, spec, inside, days, where)


def _compared(spec: Table, name: str, plain: Any) -> list[Any]:
    """The values a column is compared with. UsageError where it is not there or of another type."""
    _require(spec, [name])
    value = value_of(plain)
    values = value if isinstance(value, list) else [value]
    for one in values:
        _literal(spec, spec.columns[name], one)
    return values


def _scope(spec: Table, arguments: Arguments, inside: Sequence[str | None] | None, calendar: Calendar) -> str:
    """FROM and WHERE of a read."""
    conditions = []
    if inside is not None:
        known = ", ".join(literal(unit) for unit in inside if unit is not None)
        conditions.append(f"(t.unit IN ({known}){' OR t.unit IS NULL' if None in inside else ''})")
    if "months" in arguments:
        first, last = arguments["months"]
        calendar = _kept_by(spec, calendar)
        days = f"DATE '{calendar.start(first)}' AND DATE '{calendar.end(last)}'"
        conditions.append(f"CAST(t.{quote(str(spec.date))} AS DATE) BETWEEN {days}")
    for name, plain in arguments.get("where", {}).items():
        values = [_literal(spec, spec.columns[name], one) for one in _compared(spec, name, plain)]
        conditions.append(f"t.{quote(name)} IN ({', '.join(values)})" if values else "FALSE")
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"FROM books.{quote(spec.name)} AS t {where}"


def _literal(spec: Table, column: Column, value: Any) -> str:
    if value is None:
        return "NULL"
    if not isinstance(value, _COMPARED[column.type]) or isinstance(value, bool) != (column.type == "boolean"):
        raise UsageError(
            f"This cannot be read from {spec.name}: {column.name} is {column.type}, {value!r} is not.",
            "Compare a column with values of its own type.",
        )
    if isinstance(value, float):
        return f"CAST({literal(repr(value))} AS DOUBLE)"
    return literal(str(value)) if isinstance(value, str | dt.date) else str(value)


def _shown(column: Column) -> str:
    name = quote(column.name)
    return (
        f"CAST(t.{name} AS DOUBLE) AS {name}" if column.type in ("money", "quantity", "rate") else f"t.{name}"
    )


def _kept_by(spec: Table, calendar: Calendar) -> Calendar:
    """The calendar of a table's date: what is given as a month is the period of that name in every one."""
    return MONTHS if spec.columns[str(spec.date)].type == "month" else calendar


def _month(spec: Table, calendar: Calendar) -> str:
    if _kept_by(spec, calendar).pattern:
        return period_sql(calendar, str(spec.date))
    date = f"t.{quote(str(spec.date))}"
    return f"CAST(YEAR({date}) AS BIGINT) * 12 + CAST(MONTH({date}) AS BIGINT) - 1"


def _require(spec: Table, columns: Sequence[str]) -> None:
    absent = [name for name in columns if name not in spec.columns]
    if absent:
        raise UsageError(
            f"{spec.name} has no column {', '.join(absent)}.", f"It has {', '.join(spec.columns)}."
        )
