"""How a file is read: Parquet as it lies, text by its first line; nothing is guessed from the values."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path
from typing import Any

from .sql import literal

_DELIMITERS = (",", ";", "\t", "|")
UTF8_HINT = "save it as “CSV UTF-8”"


def pattern(path: Path) -> str:
    """A path as the engine takes it: a folder may be called “2025 [final]”, which is no pattern."""
    return re.sub(r"([*?\[])", r"[\1]", path.as_posix())


def scan(path: Path, entry: dict[str, Any] | None = None) -> str:
    """The engine's table function for a file; ValueError where its first line names no columns.

    Values of a text file come as text: the contract decides on their types. `entry` may give the
    delimiter, quote, encoding, and the columns of a file that has no line for them.
    """
    name = literal(pattern(path))
    if path.suffix.lower() == ".parquet":
        # A folder called “unit=A” is no column either.
        return f"read_parquet({name}, hive_partitioning = false)"
    entry = entry or {}
    delimiter, columns, quote, encoding = _layout(path, entry)
    types = ", ".join(f"{literal(str(column))}: 'VARCHAR'" for column in columns)
    options = (
        "auto_detect = false, strict_mode = true, null_padding = false, ignore_errors = false, skip = 0",
        f"header = {str('columns' not in entry).lower()}, hive_partitioning = false",
        f"delim = {literal(delimiter)}, quote = {literal(quote)}, escape = {literal(quote)}",
        f"encoding = {literal(encoding)}, columns = {{{types}}}",
    )
    return f"read_csv({name}, {', '.join(options)})"


def check_lines(connection: Any, path: Path, entry: dict[str, Any] | None = None) -> None:
    """ValueError where a line of a text file has more values than there are columns.

    The engine takes a line with one empty value too many, and that may be a shifted one: 1,5 for 1.5.
    Where a value runs over several lines, nothing can be said of a line, and nothing is.
    """
    if path.suffix.lower() == ".parquet":
        return
    delimiter, columns, quote, encoding = _layout(path, entry or {})
    bare = f"REGEXP_REPLACE(line, '{quote}[^{quote}]*{quote}', '', 'g')" if quote == '"' else "line"
    more = f"(LENGTH({bare}) - LENGTH(REPLACE({bare}, {literal(delimiter)}, ''))) / {len(delimiter)}"
    unclear = f"BOOL_OR(CONTAINS({bare}, {literal(quote)}))" if quote else "FALSE"
    number = connection.raw_sql(
        f"SELECT CASE WHEN NOT {unclear} THEN MIN(number) FILTER ({more} >= {len(columns)}) END "
        f"FROM (SELECT ROW_NUMBER() OVER () AS number, line FROM read_csv({literal(pattern(path))}, "
        "auto_detect = false, header = false, delim = '\x01', quote = '', escape = '', strict_mode = false, "
        f"encoding = {literal(encoding)}, hive_partitioning = false, columns = {{'line': 'VARCHAR'}}))"
    ).fetchall()[0][0]
    if number is not None:
        raise ValueError(f"line {number:,} has more values than there are columns ({len(columns)})")


def _layout(path: Path, entry: dict[str, Any]) -> tuple[str, list[str], str, str]:
    """Delimiter, columns, quotation mark and encoding of a text file."""
    encoding = str(entry.get("encoding", "utf-8"))
    quote = str(entry.get("quote", '"'))
    delimiter, columns = entry.get("delimiter"), entry.get("columns")
    if columns is None:
        delimiter, columns = _first_line(path, delimiter, quote, encoding)
    _unique(columns)
    return str(delimiter or ","), columns, quote, encoding


def _first_line(path: Path, delimiter: str | None, quote: str, encoding: str) -> tuple[str, list[str]]:
    """The delimiter (the likeliest where none is given) and the columns that the first line names."""
    with path.open("rb") as file:
        start = file.read(2)
    if start in (b"\xff\xfe", b"\xfe\xff") and encoding == "utf-8":
        raise ValueError(f"it is UTF-16 text; {UTF8_HINT}")
    try:
        with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding) as text:
            line = text.readline(1_000_000).rstrip("\n")
    except UnicodeDecodeError:
        raise ValueError(f"it is not UTF-8 text; {UTF8_HINT}") from None
    except LookupError:
        raise ValueError(f"there is no encoding {encoding!r}") from None
    if not line.strip():
        raise ValueError("its first line is empty: it must name the columns")
    if delimiter is None:
        delimiter = max(_DELIMITERS, key=line.count)
    if len(delimiter) == 1 and quote:
        columns = next(csv.reader([line], delimiter=delimiter, quotechar=quote))
    else:
        columns = line.split(delimiter)
    return delimiter, [name.strip() or f"column{number}" for number, name in enumerate(columns, 1)]


def _unique(columns: list[str]) -> None:
    """Two columns of one name: nobody can say which is meant. Case and spaces make no difference."""
    counted = Counter(str(column).strip().lower() for column in columns)
    twice = [name for name, count in counted.items() if count > 1]
    if twice:
        raise ValueError(f"it has the column {', '.join(name[:40] for name in twice[:5])} more than once")


def reason(error: Exception) -> str:
    """What went wrong with a file, in a sentence without the engine's own vocabulary where that can be."""
    text = str(error)
    line = re.search(r"CSV Error on Line: (\d+)", text)
    where = f"line {int(line[1]):,}" if line else "a line"
    counts = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if counts:
        return f"{where} has {counts[2]} values, the first line names {counts[1]} columns"
    if "utf-8" in text.lower() and line:
        return f"{where} is not UTF-8 text; {UTF8_HINT}"
    if "unterminated quote" in text:
        return f"in {where} a quotation mark is opened and not closed"
    if "disabled by configuration" in text:
        return "it leads out of the folder"
    if "state machine" in text:
        return "its lines end in different ways, or its quotation marks do not pair"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    shown = lines[0] if lines else type(error).__name__
    pointer = next((line for line in lines if line.startswith("LINE ")), "")
    # The pointer shows a place in an adapter's SELECT; in the engine's own statement it says nothing.
    return (
        f"{shown} {pointer}".strip() if "read_csv" not in pointer and "read_parquet" not in pointer else shown
    )
