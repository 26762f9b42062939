"""Out to the world: KPIs, measures and the contract's tables as a star schema, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..books import Books
from ..books.address import address_of
from ..books.digest import PassingHash
from ..errors import FinopsError, UsageError
from ..periods import Period
from .describing import Filled, Record
from .model import StarTable
from .rows import Star

FORMS = ("parquet", "csv")
_FILES = {
    **dict.fromkeys((".duckdb", ".ddb"), "duckdb"),
    **dict.fromkeys((".sqlite", ".sqlite3", ".db"), "sqlite"),
    ".xlsx": "xlsx",
}

Opener = Callable[[Sequence[StarTable]], AbstractContextManager[Any]]


def export(
    books: Books,
    to: str | Path,
    *,
    units: Sequence[str] | None = None,
    periods: Sequence[str | Period] | None = None,
    form: str = "parquet",
    progress: Callable[[int, int], None] | None = None,
) -> Record:
    """Write the star schema of some books to a place, all or nothing; what was written.

    to: a folder (of Parquet or CSV files: `form`), a file .xlsx, .duckdb or .sqlite, or a URL duckdb:// or
    postgres://. units: only these and those below them; periods: only their months. What an export wrote
    there before is replaced; anything else is left alone: raises UsageError where it is in the way.
    """
    spans = None if periods is None else [books.period(one) for one in periods]
    chosen = None if units is None else [books.unit(one) for one in units]
    months = None if spans is None else [month for span in spans for month in span.months]
    place = opener(to, form)
    star = Star(books, chosen, months)
    filled: list[Filled] = []
    try:
        with place(star.tables) as target:
            for table in star.tables:
                if progress is not None:
                    progress(len(filled), len(star.tables))
                filled.append(_fill(target, table, star))
            # Figures of two states of a file would mix.
            books.opened.check_unchanged()
            words = [", ".join(span.text for span in spans or []), ", ".join(chosen or [])]
            record = Record(books.name, words[0] or "all", words[1] or "all", tuple(filled))
            target.finish(record)
    except OSError as problem:
        raise FinopsError(
            f"{to} could not be written: {problem.strerror or problem}.", "Nothing was changed there."
        ) from None
    return record


def _fill(target: Any, table: StarTable, star: Star) -> Filled:
    """Write one table, and hash and count what is written while it passes."""
    passing = PassingHash(table.schema)

    def noted() -> Iterator[pa.RecordBatch]:
        for batch in star.batches(table):
            passing.add(batch)
            yield batch

    target.fill(table, noted())
    return Filled(table.name, passing.rows, passing.digest())


def opener(to: str | Path, form: str) -> Opener:
    """What a place is: given the tables, a context that gives the target and puts it in place at its end.

    Nothing is touched. Raises UsageError for a place that no export can go to.
    """
    from . import engines, folders, workbooks

    address = address_of(to)
    if address is not None and address.engine == "postgres":
        return lambda tables: engines.postgres_schema(address, tables)
    if address is not None and (file := address.file) is not None:
        return lambda tables: engines.duckdb_file(file, address.option("schema"), tables)
    if address is not None:
        raise UsageError(f"An export cannot go to {address.scheme}://.", "Export to a folder of Parquet.")
    place = Path(to).expanduser().absolute()
    kind = _FILES.get(place.suffix.lower(), "")
    if not kind:
        return lambda tables: folders.folder(place, form, tables)
    if form != "parquet":
        raise UsageError("--format csv is for a folder.", f"Give a folder instead of {place.name}.")
    if kind == "xlsx":
        return lambda tables: workbooks.workbook(place, tables)
    if kind == "sqlite":
        return lambda tables: engines.sqlite_file(place, tables)
    return lambda tables: engines.duckdb_file(place, "", tables)
