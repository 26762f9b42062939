"""Records as a table of texts: what a workbook, a JSON document or an event log holds, as it is written."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from .text import unique
from .workbook import errors_in


def table_of(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> pa.Table:
    """Rows of texts as a table of text columns. ValueError where two columns have one name."""
    unique(columns)
    held: list[list[str | None]] = [[] for _ in columns]
    for row in rows:
        for place, values in enumerate(held):
            values.append(row[place] if place < len(row) else None)
    return pa.table(
        [pa.array(values, pa.string()) for values in held],
        schema=pa.schema([(c, pa.string()) for c in columns]),
    )


def table_of_records(records: Iterable[Mapping[str, str | None]]) -> pa.Table:
    """Records as a table of text columns, in the order in which names first appear."""
    kept = list(records)
    columns = list(dict.fromkeys(name for record in kept for name in record))
    return table_of(columns, ([record.get(name) for name in columns] for record in kept))


def text_of(value: Any) -> str | None:
    """A value as text: whole floats without a point, dates as ISO, None and "" as None.

    Floats are written with the fewest digits that give the same number again: what the sheet shows.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def read_json(path: Path, entry: Mapping[str, Any]) -> pa.Table:
    """Records of a JSON document (`records`: the path to their list) or of JSON lines.

    Numbers keep the digits they are written with. ValueError where there is no list of records.
    """
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        found: Any = []
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    found.append(_parsed(line, f"line {number:,}"))
    else:
        found = _parsed(path.read_text(encoding="utf-8-sig"), "it")
        for name in filter(None, str(entry.get("records", "")).split(".")):
            if not isinstance(found, dict) or name not in found:
                held = ", ".join(list(found)[:10]) if isinstance(found, dict) else f"a {type(found).__name__}"
                raise ValueError(f"it has no {name!r} where records = says so; there is {held}")
            found = found[name]
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise ValueError('it holds no list of records; say where it is with records = "path.to.list"')
    records = [{name: text_of(value) for name, value in record.items()} for record in found]
    return _with_rows(table_of_records(records), 1)


def _parsed(text: str, what: str) -> Any:
    def refuse(word: str) -> None:
        raise ValueError(f"{what} holds {word}, which is no number")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        record = dict(pairs)
        if len(record) < len(pairs):
            twice = next(name for name in record if sum(name == other for other, _ in pairs) > 1)
            raise ValueError(f"{what} holds a record with {twice!r} more than once")
        return record

    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=refuse, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{what} is no JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from None
    except RecursionError:
        raise ValueError(f"{what} is nested too deep") from None


def read_excel(path: Path, entry: Mapping[str, Any]) -> pa.Table:
    """A sheet of a workbook; several, one below the other, where `sheet` is a pattern ("2025-*").

    `header` is the row that names the columns, `columns` names them in its place, or where there is no such
    row (header 0). Rows with nothing in them are none. ValueError where the
    workbook cannot be read, or has no such sheet.
    """
    import fnmatch

    import python_calamine

    try:
        errors = errors_in(path)
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        wanted = str(entry.get("sheet", book.sheet_names[0] if book.sheet_names else ""))
        names = [name for name in book.sheet_names if name == wanted] or fnmatch.filter(
            book.sheet_names, wanted
        )
        if not names:
            raise ValueError(f"it has no sheet {wanted!r}; there is {', '.join(book.sheet_names)}")
        several = len(names) > 1 or wanted not in names
        tables = []
        for name in names:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for (row, column), error in errors.get(name, {}).items():
                rows[row][column] = error
            table = _sheet(rows, int(entry.get("header", "columns" not in entry)), name, entry.get("columns"))
            if several:
                table = table.append_column("sheet_", pa.array([name] * len(table), pa.string()))
            tables.append(table)
    except (python_calamine.CalamineError, OSError) as error:
        raise ValueError(f"the workbook cannot be read: {error}") from None
    if any(table.column_names != tables[0].column_names for table in tables):
        raise ValueError(
            f"the sheets {', '.join(names)} have different columns: give each an entry of its own"
        )
    return pa.concat_tables(tables)


def _sheet(rows: list[list[Any]], header: int, name: str, named: Sequence[str] | None) -> pa.Table:
    if len(rows) < header:
        raise ValueError(f"the sheet {name} has {len(rows)} rows: row {header} cannot name the columns")
    if named is None and header < 1:
        raise ValueError('header = 0 says that no row names the columns: give columns = ["…"]')
    heads = [(text_of(cell) or "").strip() for cell in (named or rows[header - 1])]
    width = max(len(heads), *map(len, rows)) if rows else len(heads)
    below = [[*map(text_of, row), *[None] * (width - len(row))] for row in rows[header:]]
    if named and any(any(row[len(named) :]) for row in below):
        raise ValueError(f"the sheet {name} has more columns than the {len(named)} that columns = […] names")
    heads += [""] * (width - len(heads))
    # What stands right of the last named column belongs to no table, unless something is in it.
    used = [place for place, head in enumerate(heads) if head or any(row[place] for row in below)]
    if not any(heads):
        raise ValueError(f"row {header} of the sheet {name} is empty: it must name the columns")
    columns = [heads[place] or f"column{place + 1}" for place in used]
    numbers = [number for number, row in enumerate(below) if any(row[place] for place in used)]
    table = table_of(columns, ([below[number][place] for place in used] for number in numbers))
    return (
        table
        if "row_" in columns
        else table.append_column("row_", pa.array([number + header + 1 for number in numbers], pa.int64()))
    )


def _with_rows(table: pa.Table, first: int) -> pa.Table:
    if "row_" in table.column_names:
        return table
    return table.append_column("row_", pa.array(range(first, first + len(table)), pa.int64()))
