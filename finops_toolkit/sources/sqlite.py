"""A table or view of a SQLite file. SQLite keeps what it was given in each cell, whatever the column says."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import pathname2url

import pyarrow as pa

from .records import text_of
from .sql import quote
from .text import unique


def read_sqlite(path: Path, entry: Mapping[str, Any]) -> pa.Table:
    """A table: columns of whole numbers as int64, of numbers as double, else text. ValueError otherwise."""
    wanted = entry.get("table")
    try:
        with closing(_open(path)) as connection:
            names = tables_of(connection)
            if wanted not in names:
                what = f"no table {wanted!r}" if wanted else "several tables: say which with table ="
                raise ValueError(f"it has {what}; there is {', '.join(names)}")
            cursor = connection.execute(f"SELECT * FROM {quote(str(wanted))}")
            columns = [str(description[0]) for description in cursor.description]
            unique(columns)
            rows = cursor.fetchall()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise ValueError(f"the database cannot be read: {error}") from None
    return pa.table({name: _column([row[place] for row in rows]) for place, name in enumerate(columns)})


def tables_of(connection: sqlite3.Connection) -> list[str]:
    """The tables and views of an open file, by name."""
    found = connection.execute(
        "SELECT name FROM sqlite_master "
        "WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    return [str(name) for (name,) in found]


def _open(path: Path) -> sqlite3.Connection:
    # What another program has written and not yet merged lies beside the file, and belongs to it.
    unmerged = path.with_name(path.name + "-wal")
    mode = "mode=ro" if unmerged.exists() and unmerged.stat().st_size else "mode=ro&immutable=1"
    return sqlite3.connect(f"file:{pathname2url(str(path))}?{mode}", uri=True)


def _column(values: list[Any]) -> pa.Array:
    kinds = {type(value) for value in values if value is not None}
    if bytes in kinds:
        # Pictures and the like: no column of the contract takes them, and they are not nothing either.
        shown = [f"({len(value):,} bytes)" if isinstance(value, bytes) else value for value in values]
        return pa.array([text_of(value) for value in shown], pa.string())
    if kinds == {int} and all(value is None or -(2**63) <= value < 2**63 for value in values):
        return pa.array(values, pa.int64())
    if kinds and kinds <= {int, float}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([text_of(value) for value in values], pa.string())
