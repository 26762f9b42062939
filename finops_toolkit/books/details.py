"""Detail reads: rows and exact sums of one table, from the engine.

A read comes as plain data, as it is recorded: {"table", "unit", "months", "where", …}. So what was recorded
can be read again, and gives what it gave then if the data are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import ibis
import pandas as pd
from ibis.common.exceptions import IbisError

from ..errors import UsageError
from ..periods import month_end, month_start
from .checking import SCALE
from .contract import Table, load_contract
from .digest import batches_hash
from .exact import fetch
from .files import reason
from .measures import EXACT, Tables, month_of
from .reads import value_of

Arguments = Mapping[str, Any]


def read_rows(tables: Tables, arguments: Arguments, inside: Sequence[str | None] | None) -> pd.DataFrame:
    """Books.rows. inside: the units whose rows are wanted (None among them: rows without one); None: all."""
    spec, scoped = _scoped(tables, arguments, inside)
    order, columns = arguments.get("order", []), arguments.get("columns")
    wanted = [*order, *spec.key]
    names = [name.lstrip("-") for name in wanted]
    _require(spec, scoped, [*names[: len(order)], *(columns or ())])
    keys = [
        scoped[name].desc(nulls_first=False) if text.startswith("-") else scoped[name]
        for name, text in zip(names, wanted, strict=True)
        if name in scoped.columns
    ]
    result = scoped.order_by(keys).limit(arguments["limit"])
    if columns is not None:
        result = result.select(*columns)
    exact = {
        name: result[name].cast("float64") for name in result.columns if result[name].type().is_decimal()
    }
    with _understood(spec.name):
        return result.mutate(**exact).to_pandas() if exact else result.to_pandas()


def read_sums(tables: Tables, arguments: Arguments, inside: Sequence[str | None] | None) -> pd.DataFrame:
    """Books.sums; `inside` as in read_rows."""
    spec, scoped = _scoped(tables, arguments, inside)
    by, sums = arguments["by"], arguments["sums"]
    if "month" in by and spec.date:
        scoped = scoped.mutate(month=month_of(scoped[spec.date]))
    _require(spec, scoped, [*by, *sums])
    inexact = [name for name in sums if spec.columns[name].type not in ("money", "quantity", "integer")]
    if inexact:
        raise UsageError(
            f"{', '.join(inexact)} of {spec.name} cannot be summed.",
            "Sum money, quantities or whole numbers.",
        )
    total = {name: scoped[name].cast(EXACT).sum() for name in sums}
    whole = scoped.aggregate if not by else scoped.group_by(by).aggregate
    grouped = whole(**total, rows=scoped.count())
    grouped = grouped.order_by(by) if by else grouped
    with _understood(spec.name):
        frame = fetch(grouped, by, [*sums, "rows"])
    frame["rows"] //= SCALE
    return frame


def table_hash(table: ibis.Table) -> str:
    """The hash of all rows of a table, in whatever order its file has them."""
    ordered = table.order_by([table[name] for name in table.columns])
    # Not by to_pyarrow_batches: this DuckDB no longer has what ibis calls for it.
    return batches_hash(table.schema().to_pyarrow(), ordered.to_pyarrow().to_batches())


def _scoped(
    tables: Tables, arguments: Arguments, inside: Sequence[str | None] | None
) -> tuple[Table, ibis.Table]:
    spec, scoped = load_contract().tables[arguments["table"]], tables[arguments["table"]]
    if inside is not None:
        named = scoped.unit.isin([unit for unit in inside if unit is not None])
        scoped = scoped.filter(named | scoped.unit.isnull() if None in inside else named)
    if "months" in arguments:
        first, last = arguments["months"]
        ends = (ibis.date(day.isoformat()) for day in (month_start(first), month_end(last)))
        scoped = scoped.filter(scoped[spec.date].cast("date").between(*ends))
    for column, plain in arguments.get("where", {}).items():
        _require(spec, scoped, [column])
        value = value_of(plain)
        with _understood(spec.name):
            many = isinstance(value, list)
            scoped = scoped.filter(scoped[column].isin(value) if many else scoped[column] == value)
    return spec, scoped


def _require(spec: Table, table: ibis.Table, columns: Sequence[str]) -> None:
    absent = [name for name in columns if name not in table.columns]
    if absent:
        raise UsageError(
            f"{spec.name} has no column {', '.join(absent)}.", f"It has {', '.join(table.columns)}."
        )


@contextmanager
def _understood(table: str) -> Iterator[None]:
    """What the engine cannot compare or read is the reader's mistake, and no traceback."""
    try:
        yield
    except (duckdb.Error, IbisError) as error:
        hint = "Compare a column with values of its own type."
        raise UsageError(f"This cannot be read from {table}: {reason(error)}", hint) from error
