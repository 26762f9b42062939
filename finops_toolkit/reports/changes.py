"""What changed between two issues of a report: figures, texts, charts, rows and tables, matched by name.

A figure is found again by its table, its row and its column, wherever it stands. Numbers are the same when
they are exactly the same, not when they are rounded to the same text.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from ..tables.model import Column, Table
from .contents import contents_bytes, numbered, table_in

KINDS = ("figure", "text", "chart", "row", "column", "table", "headline")
_FINEST = 20  # decimals up to which two figures that differ are told apart


@dataclass(frozen=True)
class Change:
    """One thing that two issues say differently.

    `kind` is one of KINDS; `role` says where the table stands: shown, chart, or hidden in the workbook.
    `where`: the table's caption or the heading, `row` and `column` as people call them. `before`, `after`: as
    people read them, None where there was none; the same where only the form differs (a picture drawn
    otherwise, rows of a large table). Of a number: its `unit`, and `amount`, after less before in whole
    units, with its `difference` as people read it.
    """

    kind: str
    where: str
    row: str = ""
    column: str = ""
    before: str | None = None
    after: str | None = None
    role: str = "shown"
    unit: str = ""
    amount: float | None = None
    difference: str = ""

    @property
    def what(self) -> str:
        """Row and column in one: "Revenue, November 2025, AC"."""
        return ", ".join(part for part in (self.row, self.column) if part)


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What two contents (see contents_of) say differently, in the order of the report; [] if nothing.

    An order that differs, or decimals shown, are no change.
    """
    return [
        *_headlines(before, after),
        *_tables(before["tables"], after["tables"]),
        *_charts(before["charts"], after["charts"]),
        *_texts(before["texts"], after["texts"]),
    ]


def _paired(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[tuple[Any, Any, Any]]:
    """(name, old, new), None on the side that has it not; what is gone comes last."""
    for name in [*new, *(name for name in old if name not in new)]:
        yield name, old.get(name), new.get(name)


def _headlines(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    sides = [
        dict(zip(numbered([figure["label"] for figure in side["headline"]]), side["headline"], strict=True))
        for side in (before, after)
    ]
    for label, old, new in _paired(*sides):
        texts = [None if figure is None else figure["value"] for figure in (old, new)]
        if old != new:
            yield Change("headline", "Headline figures", label, "", texts[0], texts[1])


# --- tables ------------------------------------------------------------------------------------------


def _tables(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Iterator[Change]:
    sides = [dict(zip(numbered([t["name"] for t in side]), side, strict=True)) for side in (before, after)]
    for _, old, new in _paired(*sides):
        one = new or old
        where, role = one["caption"] or one["name"].replace("_", " "), one["role"]
        if old is None or new is None or "count" in old or "count" in new:
            if old != new:
                yield Change("table", where, "", "", _rows_text(old), _rows_text(new), role)
        elif contents_bytes(old) != contents_bytes(new):  # as JSON: to Python 0 and False are equal
            yield from (replace(change, role=role) for change in _cells(where, old, new))


def _rows_text(table: Mapping[str, Any] | None) -> str | None:
    if table is None:
        return None
    count = table["count"] if "count" in table else len(table["rows"])
    return f"{count:,} row{'s' * (count != 1)}"


def _cells(where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """What differs in a table that both issues have: words around it, rows, columns, cells, their notes."""
    for name in ("caption", "note"):
        if old[name] != new[name]:
            yield Change("text", where, "", f"{name} of the table", old[name] or None, new[name] or None)
    tables = (table_in(old), table_in(new))
    columns = [{column.key: (place, column) for place, column in enumerate(t.columns)} for t in tables]
    rows = [{key: place for place, key in enumerate(side["keys"])} for side in (old, new)]
    shared = []
    for key, one, other in _paired(*columns):
        words = [None if known is None else _head(known[1]) for known in (one, other)]
        if words[0] != words[1]:
            kind = "text" if one and other else "column"
            yield Change(kind, where, "", "head of a column" if kind == "text" else "", words[0], words[1])
        if one and other:
            shared.append((key, one[0], other[0]))
    for _, first, second in _paired(*rows):
        if first is None or second is None:
            names = [
                None if place is None else _label(table, place)
                for table, place in zip(tables, (first, second), strict=True)
            ]
            yield Change("row", where, "", "", names[0], names[1])
            continue
        for key, left, right in shared:
            yield from _cell(where, key, (tables[0], first, left), (tables[1], second, right))


def _head(column: Column) -> str:
    """A column's head as people read it, with its unit."""
    return f"{_name(column)} ({column.unit})" if column.unit else _name(column)


def _name(column: Column) -> str:
    return ", ".join(part for part in (column.group, column.head) if part)


def _label(table: Table, row: int) -> str:
    if not table.columns:
        return ""
    first = table.columns[0]
    text = first.text(table.rows[row][0])
    return f"{first.head} {text}" if first.kind == "number" else text


def _cell(where: str, key: str, old: tuple[Table, int, int], new: tuple[Table, int, int]) -> Iterator[Change]:
    """What differs in one cell: (table, row, place of the column) on either side."""
    sides = (old, new)
    values = [table.rows[row][place] for table, row, place in sides]
    columns = [table.column_at(row, table.columns[place]) for table, row, place in sides]
    label, head = _label(new[0], new[1]), _name(columns[1])
    if not _same(*values):
        yield _changed(Change("text", where, label, head), values, columns)
    notes = [table.notes.get((row, key)) for table, row, _ in sides]
    if notes[0] != notes[1]:
        yield Change("text", where, label, f"{head} (note)", notes[0], notes[1])


def _same(old: Any, new: Any) -> bool:
    """Exactly the same: 1 and 1.0 are, 1 and True or "1" are not."""
    return old == new and (_number(old) == _number(new)) and isinstance(old, bool) == isinstance(new, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _changed(change: Change, values: Sequence[Any], columns: Sequence[Column]) -> Change:
    """The change of a cell whose values differ, with as many decimals as it takes to see it."""
    figures = [_number(value) for value in values]
    if not any(figures):
        return replace(change, before=_said(values[0], columns[0]), after=_said(values[1], columns[1]))
    units = [column.unit or ("%" if column.kind == "share" else "") for column in columns]
    texts = [_said(value, column) for value, column in zip(values, columns, strict=True)]
    places = max(column.places for column in columns)
    while texts[0] == texts[1] and places < _FINEST:
        places += 1
        texts = [_said(value, replace(column, places=places))
                 for value, column in zip(values, columns, strict=True)]  # fmt: skip
    if texts[0] == texts[1]:
        texts = [repr(value) for value in values]
    if units[0] != units[1]:
        texts = [text and f"{text} {unit}".strip() for text, unit in zip(texts, units, strict=True)]
        units = ["", ""]
    change = replace(change, kind="figure", before=texts[0], after=texts[1], unit=units[1])
    if not all(figures):
        return change
    gap = Decimal(str(values[1])) - Decimal(str(values[0]))
    amount = float(gap)
    signed = replace(columns[1], signed=True, places=places)
    return replace(change, amount=amount, difference=signed.text(amount))


def _said(value: Any, column: Column) -> str | None:
    if value is None:
        return None
    return column.text(value) if _number(value) or isinstance(value, bool | dt.date) else str(value)


# --- charts and texts --------------------------------------------------------------------------------


def _charts(before: Sequence[Mapping[str, str]], after: Sequence[Mapping[str, str]]) -> Iterator[Change]:
    # By the name of its table, or by the heading where it has none.
    names = [
        numbered([chart["name"] or f"under {chart['under']}" for chart in side]) for side in (before, after)
    ]
    sides = [dict(zip(own, side, strict=True)) for own, side in zip(names, (before, after), strict=True)]
    for _, old, new in _paired(*sides):
        said = [None if chart is None else chart["alt"] for chart in (old, new)]
        if old is None or new is None or (old["alt"], old["sha256"]) != (new["alt"], new["sha256"]):
            yield Change("chart", (new or old)["under"], "", "", said[0], said[1], role="chart")


def _texts(before: Sequence[Sequence[str]], after: Sequence[Sequence[str]]) -> Iterator[Change]:
    """Under each heading: a text that stands on one side only is paired with the next such one there."""
    sides: list[dict[str, list[str]]] = [{}, {}]
    for lines, side in zip((before, after), sides, strict=True):
        for heading, text in lines:
            side.setdefault(heading, []).append(text)
    for heading, old, new in _paired(*sides):
        gone, come = _without(old or [], new or []), _without(new or [], old or [])
        for place in range(max(len(gone), len(come))):
            texts = [side[place] if place < len(side) else None for side in (gone, come)]
            yield Change("text", heading, "", "", texts[0], texts[1])


def _without(texts: Sequence[str], others: Sequence[str]) -> list[str]:
    """The texts that the others have not, each as many times as it is there more often."""
    left = Counter(others)
    only = []
    for text in texts:
        if left[text]:
            left[text] -= 1
        else:
            only.append(text)
    return only
