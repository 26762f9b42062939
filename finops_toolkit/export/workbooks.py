"""An export as a workbook: a sheet a table, and two that describe them. Text from data is only ever text."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import unescape

import pyarrow as pa

from ..books.contract import load_contract
from ..errors import FinopsError, UsageError
from ..reports.workbook_cells import AUTHOR, clean
from .aside import written_aside
from .cells import plain_rows
from .describing import MARKER, MARKER_TABLE, MODEL, MODEL_TABLE, Record, model_rows
from .model import Column, StarTable, star_tables

MOST_ROWS = 1_048_576
# Excel counts days from here; what is older stands in the sheet as text.
_FIRST_DAY = dt.date(1900, 3, 1)
_FORMATS = {
    **dict.fromkeys(("id", "text"), "@"),
    **dict.fromkeys(("date", "month"), "yyyy-mm-dd"),
    "time": "yyyy-mm-dd hh:mm:ss",
    **dict.fromkeys(("money", "quantity"), "#,##0.00##"),
    "rate": "0.########",
}
_WIDTHS = {**dict.fromkeys(("id", "date", "month"), 12), "text": 24, "time": 20}


class Workbook:
    """A workbook being written. Rows go to the disk as they come, whatever their number."""

    def __init__(self, book: Any, tables: Sequence[StarTable]):
        self.book, self.tables = book, tables
        self._looks = {kind: book.add_format({"num_format": look}) for kind, look in _FORMATS.items()}
        self._head = book.add_format({"bold": True, "bottom": 1})
        self._record = book.add_worksheet(MARKER)
        self._fill(book.add_worksheet(MODEL), MODEL_TABLE, iter([model_rows(tables)]))

    def fill(self, table: StarTable, batches: Iterator[pa.RecordBatch]) -> None:
        """One table as a sheet. FinopsError where it has more rows than a sheet can hold."""
        self._fill(self.book.add_worksheet(table.name), table, batches)

    def finish(self, record: Record) -> None:
        """The sheet that says what was exported."""
        self._fill(self._record, MARKER_TABLE, iter([record.rows()]))

    def _fill(self, sheet: Any, table: StarTable, batches: Iterator[pa.RecordBatch]) -> None:
        columns = list(table.columns.values())
        sheet.freeze_panes(1, 0)
        for number, column in enumerate(columns):
            width = max(_WIDTHS.get(column.type, 14), len(column.name) + 2)
            sheet.set_column(number, number, width, self._looks.get(column.type))
            sheet.write_string(0, number, column.name, self._head)
        row = 1
        for batch in batches:
            if row + len(batch) > MOST_ROWS:
                raise FinopsError(
                    f"{table.name} has more rows than the {MOST_ROWS - 1:,} a sheet of Excel holds.",
                    "Export fewer months (--period) or units (--unit), or to Parquet or a database.",
                )
            for values in plain_rows(batch, table.name, "Excel"):
                for number, (column, value) in enumerate(zip(columns, values, strict=True)):
                    if value is not None:
                        self._write(sheet, row, number, column, value)
                row += 1

    def _write(self, sheet: Any, row: int, number: int, column: Column, value: Any) -> None:
        look = self._looks.get(column.type)
        if isinstance(value, str):
            sheet.write_string(row, number, clean(value), look)
        elif isinstance(value, bool):
            sheet.write_boolean(row, number, value)
        elif isinstance(value, dt.date):
            day = value.date() if isinstance(value, dt.datetime) else value
            if day < _FIRST_DAY:
                sheet.write_string(row, number, value.isoformat(), look)
            else:
                sheet.write_datetime(row, number, value, look)
        else:
            sheet.write_number(row, number, value, look)


@contextmanager
def workbook(place: Path, tables: Sequence[StarTable]) -> Iterator[Workbook]:
    """A workbook to fill, put in place at the end. UsageError where another file lies there."""
    import xlsxwriter

    with written_aside(place) as aside:
        _only_an_export(place)
        # Numbers that XML cannot say are an error here; of strings nothing is guessed.
        book = xlsxwriter.Workbook(str(aside), {"constant_memory": True, "strings_to_numbers": False})
        try:
            book.set_properties({"author": AUTHOR, "created": dt.datetime(2000, 1, 1)})
            yield Workbook(book, tables)
        except BaseException:
            # Its temporary files go with it; the half workbook is removed from aside.
            book.close()
            raise
        book.close()


def _only_an_export(place: Path) -> None:
    if not place.exists():
        return
    known = {MARKER, MODEL, *(table.name for table in star_tables(list(load_contract().tables)))}
    try:
        with zipfile.ZipFile(place) as parts:
            text = parts.read("xl/workbook.xml").decode("utf-8")
        sheets = {unescape(name) for name in re.findall(r'<sheet [^>]*?name="([^"]*)"', text)}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        sheets = set()
    if MARKER not in sheets or not sheets <= known:
        others = ", ".join(sorted(sheets - known)[:3])
        raise UsageError(
            f"{place} is there, and no export wrote it"
            + (f": it has the sheet {others}." if others else "."),
            "Give another file. A workbook of your own can read the sheets of this one.",
        )
