"""Tables in workbooks, databases and JSON documents: which there are, and where their columns are named."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .layout import header_row

_ROWS = 200
_DEEP = 5  # levels of nesting looked through for lists of records


def excel_sheets(path: Path) -> Iterator[tuple[str, int | None, list[str], str]]:
    """Each sheet as (name, row of the header counted from 1, columns, why it is not read or "")."""
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_path(str(path))
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)[: _ROWS + 60]
        texts = [[_cell(value) for value in row] for row in rows]
        filled = [index for index, row in enumerate(texts) if any(cell.strip() for cell in row)]
        if len(filled) < 2:
            yield name, None, [], "it holds no table"
            continue
        header, columns = header_row([texts[index] for index in filled])
        yield name, None if header is None else filled[header] + 1, columns, ""


def _cell(value: Any) -> str:
    """A cell as text, as reading gives it: whole numbers without a point."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def sqlite_tables(path: Path) -> Iterator[tuple[str, bool, str]]:
    """Each table and view as (name, whether it is a view, why it is not read or "")."""
    connection = sqlite3.connect(f"file:{path.resolve().as_posix().replace('?', '%3f')}?mode=ro", uri=True)
    try:
        listed = connection.execute(
            "SELECT name, type = 'view' FROM sqlite_master WHERE type IN ('table', 'view') "
            "AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name"
        ).fetchall()
        for name, view in listed:
            quoted = '"' + name.replace('"', '""') + '"'
            try:
                empty = connection.execute(f"SELECT 1 FROM {quoted} LIMIT 1").fetchone() is None
            except sqlite3.Error as error:
                yield name, bool(view), f"it cannot be read: {error}"
                continue
            yield name, bool(view), "it is empty" if empty else ""
    finally:
        connection.close()


def companyfacts(start: bytes) -> bool:
    """Whether a JSON file is a company's XBRL facts as the SEC serves them."""
    head = start[:4000]
    return b'"facts"' in head and (b'"cik"' in head or b'"entityName"' in head)


def json_tables(path: Path, inner: str) -> Iterator[tuple[str, list[str], str]]:
    """Each list of records as (path to it, columns, a remark or ""). ValueError where there is none."""
    packed = path.suffix.lower() == ".gz"
    opened = gzip.open if packed else open
    with opened(path, "rt", encoding="utf-8-sig") as file:
        if inner.lower().endswith((".jsonl", ".ndjson")):
            first = next((line for line in file if line.strip()), "")
            record = json.loads(first)
            if not isinstance(record, dict):
                raise ValueError("its lines are no records in braces")
            yield "", list(record), "a record a line"
            return
        try:
            document = json.load(file)
        except json.JSONDecodeError as error:
            if "Extra data" in str(error):
                raise ValueError("it holds a record a line: rename it to .jsonl") from None
            raise ValueError(f"it is no sound JSON: {error}") from None
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
    found = list(_lists(document, "", 0))
    if not found:
        raise ValueError("it holds no list of records")
    for where, records in found:
        columns = list(dict.fromkeys(key for record in records[:_ROWS] for key in record))
        yield where, columns, f"the records lie under {where}" if where else ""


def _lists(value: Any, where: str, depth: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Lists of records in a document, by their path. A name with a dot in it cannot be named by a path."""
    if isinstance(value, list):
        if value and all(isinstance(item, dict) for item in value[:_ROWS]):
            yield where, value
    elif isinstance(value, dict) and depth < _DEEP:
        for key, inner in value.items():
            if "." not in key:
                yield from _lists(inner, f"{where}.{key}".strip("."), depth + 1)
