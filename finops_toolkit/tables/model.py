"""A table as data: columns with a kind and a unit, rows with keys, marks, notes, and formulas for a workbook.

One table is what a notebook shows, a page prints and a sheet of a workbook computes. It travels with a
notebook's output as JSON (under MIME), so that whoever makes a page or a workbook reads values, not markup.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from ..errors import UsageError
from ..wording import MINUS, date_text, joined, missing

MIME = "application/vnd.finops.table+json"
KINDS = ("text", "number", "share", "date")
MARKS = ("good", "bad", "quiet")
# A reference in a formula: {column} in the same row, {row.column}, {table:column} all rows of a column,
# {table:row.column}. Only our own code writes formulas; text from data never gets into one.
REFERENCE = re.compile(r"\{(?:(?P<table>[a-z]\w*):)?(?:(?P<row>[A-Za-z0-9_-]+)\.)?(?P<column>[a-z]\w*)\}")
EXACT = Context(prec=400)  # room for any number a float can be
_PLACED = ("formats", "marks", "notes", "formulas", "links")
_KEY = re.compile(r"[a-z]\w*")


@dataclass(frozen=True)
class Column:
    """A column: `key` for formulas, `head` for people.

    kind: text, number, share (0.12 is shown as 12 %) or date. `unit` stands in the head, never at the values
    ("EUR k", "days"). `places`: decimals shown. `divisor`: 1000 shows thousands, the value stays whole.
    `signed`: a variance, written with + or −. `group`: the head above several columns. `wide`: running text.
    """

    key: str
    head: str
    kind: str = "text"
    unit: str = ""
    places: int = 0
    divisor: int = 1
    signed: bool = False
    group: str = ""
    wide: bool = False

    def text(self, value: Any) -> str:
        """A value as it stands in the table; "–" where there is none."""
        if _unknown(value):
            return "–"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, dt.date):
            return date_text(value)
        if self.kind not in ("number", "share") or isinstance(value, str):
            return str(value)
        # Halves go up, as in the sentences (wording) and in a workbook.
        exact = Decimal(str(value))
        shown = exact * 100 if self.kind == "share" else exact / self.divisor
        rounded = f"{abs(shown).quantize(Decimal(1).scaleb(-self.places), ROUND_HALF_UP, EXACT):,f}"
        if not any(digit in rounded for digit in "123456789"):
            return rounded
        return f"{MINUS if shown < 0 else '+' if self.signed else ''}{rounded}"


@dataclass(frozen=True)
class NativeChart:
    """A chart a workbook draws beside the table. kind: columns, bars, line or bridge; `across`: the column of
    categories; `series`: columns of values, actual first. A bridge has one series: start, steps, end.
    """

    kind: str
    across: str
    series: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True)
class Table:
    """`name` is what formulas call it and what its sheet is named after; `caption` its title for people.

    rows: tuples of str, int, float, bool, dt.date or None, one value a column. keys: a row's name for
    formulas. totals: indices of rows in bold. By (row index, column key): formats (kind, places) where a cell
    is of another kind than its column; marks good, bad or quiet; notes (definition, source, or why there is
    none); formulas (see REFERENCE), which must come to the value; links ("table" or "table:row") to where the
    figure is made. `hidden`: shown in the workbook only. Raises UsageError for columns, rows or references
    that do not fit together.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    keys: tuple[str, ...] = ()
    caption: str = ""
    note: str = ""
    totals: tuple[int, ...] = ()
    formats: Mapping[tuple[int, str], tuple[str, int]] = field(default_factory=dict)
    marks: Mapping[tuple[int, str], str] = field(default_factory=dict)
    notes: Mapping[tuple[int, str], str] = field(default_factory=dict)
    formulas: Mapping[tuple[int, str], str] = field(default_factory=dict)
    links: Mapping[tuple[int, str], str] = field(default_factory=dict)
    chart: NativeChart | None = None
    hidden: bool = False

    def __post_init__(self) -> None:
        """Nothing that points nowhere."""
        known = [column.key for column in self.columns]
        wrong = [key for key in (self.name, *known) if not _KEY.fullmatch(key)]
        wrong += [column.kind for column in self.columns if column.kind not in KINDS]
        wrong += [mark for mark in self.marks.values() if mark not in MARKS]
        wrong += [key for key in known if known.count(key) > 1]
        for places in (self.formats, self.marks, self.notes, self.formulas, self.links):
            wrong += [f"{key} in row {row}" for row, key in places
                      if key not in known or not 0 <= row < len(self.rows)]  # fmt: skip
        if any(len(row) != len(known) for row in self.rows):
            wrong.append("a row of another length")
        if self.keys and (len(self.keys) != len(self.rows) or len(set(self.keys)) != len(self.keys)):
            wrong.append("keys that do not name the rows")
        if wrong:
            raise UsageError(
                f"The table {self.name!r} does not hold together: {joined(wrong)}.",
                "Keys are lower-case words, each once; what is placed names a row and a column.",
            )

    def texts(self) -> list[list[str]]:
        """The cells as people read them."""
        return [
            [
                self.column_at(number, column).text(value)
                for column, value in zip(self.columns, row, strict=True)
            ]
            for number, row in enumerate(self.rows)
        ]

    def column_at(self, row: int, column: Column) -> Column:
        """The column as it is in this row: of its own kind and decimals where the table says so."""
        if (row, column.key) not in self.formats:
            return column
        kind, places = self.formats[row, column.key]
        return replace(column, kind=kind, places=places, divisor=1)

    def plain(self) -> str:
        """The table as plain text, for where nothing else can be shown: caption, heads, units, rows, note."""
        units = [column.unit or ("%" if column.kind == "share" else "") for column in self.columns]
        lines = [[column.head for column in self.columns], *([units] if any(units) else []), *self.texts()]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]
        left = [column.kind not in ("number", "share") for column in self.columns]
        rows = [
            "  ".join(
                cell.ljust(width) if flush else cell.rjust(width)
                for cell, width, flush in zip(line, widths, left, strict=True)
            ).rstrip()
            for line in lines
        ]
        return "\n".join(filter(None, [self.caption, self._groups(widths), *rows, self.note]))

    def _groups(self, widths: Sequence[int]) -> str:
        """The heads above several columns, each where its first column begins."""
        line, start, before = "", 0, ""
        for column, width in zip(self.columns, widths, strict=True):
            if column.group != before:
                line = f"{line[: max(start - 1, 0)].ljust(start)}{column.group}" if column.group else line
            start, before = start + width + 2, column.group
        return line

    def to_json(self) -> dict[str, Any]:
        """As JSON; `tables_of` reads it back."""
        packed = dict(vars(self))
        packed["columns"] = tuple(dict(vars(column)) for column in self.columns)
        packed["chart"] = None if self.chart is None else asdict(self.chart)
        packed["rows"] = [[_packed(value) for value in row] for row in self.rows]
        for name in _PLACED:
            packed[name] = [[row, key, said] for (row, key), said in getattr(self, name).items()]
        return packed

    @staticmethod
    def from_json(packed: Mapping[str, Any]) -> Table:
        """The table that `to_json` packed."""
        columns = tuple(Column(**column) for column in packed["columns"])
        rows = tuple(tuple(_unpacked(value) for value in row) for row in packed["rows"])
        placed: dict[str, Any] = {
            name: {
                (row, key): tuple(said) if isinstance(said, list) else said for row, key, said in packed[name]
            }
            for name in _PLACED
        }
        chart = packed["chart"] and NativeChart(
            **{**packed["chart"], "series": tuple(packed["chart"]["series"])}
        )
        return Table(
            packed["name"],
            columns,
            rows,
            tuple(packed["keys"]),
            packed["caption"],
            packed["note"],
            tuple(packed["totals"]),
            **placed,
            chart=chart,
            hidden=packed["hidden"],
        )


def _unknown(value: Any) -> bool:
    """A missing value, or one that is no number: neither is ever shown as "nan" or "inf"."""
    return missing(value) or (isinstance(value, float) and math.isinf(value))


def _packed(value: Any) -> Any:
    if _unknown(value):
        return None
    if isinstance(value, dt.date):
        return {"date": value.isoformat()[:10]}
    return value.item() if hasattr(value, "item") else value


def _unpacked(value: Any) -> Any:
    return dt.date.fromisoformat(value["date"]) if isinstance(value, dict) else value


def tables_of(notebook: Any) -> list[Table]:
    """The tables an executed notebook holds, in its order; what is not understood is left out."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            packed = output.get("data", {}).get(MIME)
            if isinstance(packed, dict):
                try:
                    found.append(Table.from_json(packed))
                except (KeyError, TypeError, ValueError, UsageError):
                    continue
    return found
