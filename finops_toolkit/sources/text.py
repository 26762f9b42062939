"""How a file is read: Parquet as it lies, text by its first line; nothing is guessed from the values."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .sql import literal, quote

_DELIMITERS = (",", ";", "\t", "|")
# The column after the last delimiter, where each row ends in one.
AFTER = "after_last_"
UTF8_HINT = "save it as “CSV UTF-8”"
_LONGEST_LINE = 1_000_000


@dataclass(frozen=True)
class Layout:
    """How a text file is laid out. header: the line that names the columns, from 1; 0 where none does.

    short_rows: values at a row's end may be missing. trailing_delimiter: each row ends in a delimiter.
    """

    delimiter: str
    columns: tuple[str, ...]
    quote: str
    encoding: str
    header: int
    short_rows: bool = False
    trailing_delimiter: bool = False


def pattern(path: Path) -> str:
    """A path as the engine takes it: a folder may be called “2025 [final]”, which is no pattern."""
    return re.sub(r"([*?\[])", r"[\1]", path.as_posix())


def scan(path: Path, entry: Mapping[str, Any] | None = None) -> str:
    """The engine's table function for a file; ValueError where its first line names no columns.

    Values of a text file come as text: the contract decides on their types. `entry` may give the
    delimiter, quote, encoding, the line of the header, and the columns of a file that has no line for them.
    """
    if path.suffix.lower() == ".parquet":
        # A folder called “unit=A” is no column either.
        return f"read_parquet({literal(pattern(path))}, hive_partitioning = false)"
    return _read_csv([path], layout(path, entry or {}), ())


def scan_parts(paths: Sequence[Path]) -> str:
    """The table function for Parquet files that are one table: matched by column, whichever file has it.

    What folders are called, as in year=2025, is a column of text.
    """
    files = ", ".join(literal(pattern(path)) for path in paths)
    options = "union_by_name = true, hive_partitioning = true, hive_types_autocast = false"
    return f"read_parquet([{files}], {options})"


def scan_files(paths: Sequence[Path], found: Layout, extra: Sequence[str] = ()) -> str:
    """The table function for text files of one layout, one below the other; `extra` are further options.

    Raises ValueError where the line that names the columns is another in one of them: what stands below
    would be taken for something it is not.
    """
    for path in paths[1:] if found.header else ():
        other = layout(path, {"delimiter": found.delimiter, "quote": found.quote, "header": found.header})
        if other.columns != found.columns:
            raise ValueError(
                f"{path.name} names the columns {', '.join(other.columns)[:200]}, "
                f"{paths[0].name} names {', '.join(found.columns)[:200]}: give each an entry of its own"
            )
    return _read_csv(paths, found, extra)


def _read_csv(paths: Sequence[Path], found: Layout, extra: Sequence[str]) -> str:
    columns = (*found.columns, *([AFTER] if found.trailing_delimiter else []))
    types = ", ".join(f"{literal(str(column))}: 'VARCHAR'" for column in columns)
    # What a line lacks cannot be told by several readers of one file at once, where values hold line breaks.
    padded = "null_padding = true, parallel = false" if found.short_rows else "null_padding = false"
    # The line with the names has no delimiter at its end: it is one of those that are passed over.
    first = (
        (found.header, False) if found.trailing_delimiter else (max(found.header - 1, 0), found.header > 0)
    )
    names = ", ".join(literal(pattern(path)) for path in paths)
    options = (
        f"auto_detect = false, strict_mode = true, {padded}, ignore_errors = false",
        f"skip = {first[0]}, header = {str(first[1]).lower()}",
        "hive_partitioning = false",
        f"delim = {literal(found.delimiter)}, quote = {literal(found.quote)}",
        f"escape = {literal(found.quote)}",
        f"encoding = {literal(found.encoding)}, columns = {{{types}}}",
        *extra,
    )
    return f"read_csv([{names}], {', '.join(options)})"


def check_lines(engine: Any, path: Path, entry: Mapping[str, Any] | None = None) -> None:
    """ValueError where a line of a text file has more values than there are columns.

    `engine` runs SQL (raw_sql). It takes a line with one empty value too many, and that may be a shifted one:
    1,5 for 1.5. Where a value runs over several lines, nothing can be said of a line, and nothing is.
    """
    if path.suffix.lower() == ".parquet":
        return
    found = layout(path, entry or {})
    delimiter, mark, columns = found.delimiter, found.quote, len(found.columns) + found.trailing_delimiter
    bare = f"REGEXP_REPLACE(line, '{mark}[^{mark}]*{mark}', '', 'g')" if mark == '"' else "line"
    more = f"(LENGTH({bare}) - LENGTH(REPLACE({bare}, {literal(delimiter)}, ''))) / {len(delimiter)}"
    unclear = f"BOOL_OR(CONTAINS({bare}, {literal(mark)}))" if mark else "FALSE"
    number = engine.raw_sql(
        f"SELECT CASE WHEN NOT {unclear} THEN MIN(number) FILTER ({more} >= {columns}) END "
        f"FROM (SELECT ROW_NUMBER() OVER () AS number, line FROM read_csv({literal(pattern(path))}, "
        "auto_detect = false, header = false, delim = '\x01', quote = '', escape = '', strict_mode = false, "
        f"encoding = {literal(found.encoding)}, hive_partitioning = false, columns = {{'line': 'VARCHAR'}})) "
        f"WHERE number >= {found.header}"
    ).fetchall()[0][0]
    if number is not None:
        raise ValueError(f"line {number:,} has more values than there are columns ({len(found.columns)})")


def layout(path: Path, entry: Mapping[str, Any]) -> Layout:
    """How a text file is laid out: what an entry says, and the columns as its header line names them."""
    encoding = str(entry.get("encoding", "utf-8"))
    mark = str(entry.get("quote", '"'))
    delimiter, columns = entry.get("delimiter"), entry.get("columns")
    header = int(entry.get("header", 0 if columns is not None else 1))
    if columns is None and header < 1:
        raise ValueError('header = 0 says that no line names the columns: give columns = ["…"]')
    if columns is None:
        delimiter, columns = _header_line(path, delimiter, mark, encoding, header)
    unique(columns)
    short, trailing = (bool(entry.get(key)) for key in ("short_rows", "trailing_delimiter"))
    return Layout(str(delimiter or ","), tuple(map(str, columns)), mark, encoding, header, short, trailing)


def _header_line(
    path: Path, delimiter: str | None, mark: str, encoding: str, header: int
) -> tuple[str, list[str]]:
    """The delimiter (the likeliest where none is given) and the columns that the header line names."""
    with path.open("rb") as file:
        start = file.read(2)
    if start in (b"\xff\xfe", b"\xfe\xff") and encoding == "utf-8":
        raise ValueError(f"it is UTF-16 text; {UTF8_HINT}")
    try:
        with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding) as text:
            for _ in range(header - 1):
                text.readline(_LONGEST_LINE)
            line = text.readline(_LONGEST_LINE).rstrip("\n")
    except UnicodeDecodeError:
        raise ValueError(f"it is not {encoding.upper()} text; {UTF8_HINT}") from None
    except LookupError:
        raise ValueError(f"there is no encoding {encoding!r}") from None
    if not line.strip():
        which = "first line" if header == 1 else f"line {header}"
        raise ValueError(f"its {which} is empty: it must name the columns")
    if re.fullmatch('"?sep=."?', line):
        raise ValueError(f"its first line is {line!r}, which only Excel reads: take that line away")
    if delimiter is None:
        delimiter = max(_DELIMITERS, key=line.count)
    if len(delimiter) == 1 and mark:
        columns = next(csv.reader([line], delimiter=delimiter, quotechar=mark))
    else:
        columns = line.split(delimiter)
    return delimiter, named(columns)


def named(columns: Sequence[str]) -> list[str]:
    """Names of columns without blanks around them; one without a name is called by its place."""
    return [name.strip() or f"column{number}" for number, name in enumerate(columns, 1)]


def unique(columns: Sequence[str]) -> None:
    """Two columns of one name: nobody can say which is meant. Case and spaces make no difference."""
    counted = Counter(str(column).strip().lower() for column in columns)
    twice = [name for name, count in counted.items() if count > 1]
    if twice:
        raise ValueError(f"it has the column {', '.join(name[:40] for name in twice[:5])} more than once")


def numbered(engine: Any, name: str, scanned: str, found: Layout, several: bool) -> None:
    """Make a table of what is scanned, with the row in its file (`row_`), and of which file (`file_`).

    Rows are counted as a person does in an editor where no value runs over several lines.
    """
    own = {column.lower() for column in found.columns}
    _nothing_after(engine, scanned, found)
    first = f"ROW_NUMBER() OVER () + {found.header}"
    # The files lie one below the other in the order they were given.
    within = f"place - MIN(place) OVER (PARTITION BY file_) + {found.header + 1}"
    kept = ", ".join(quote(column) for column in found.columns)
    if not several:
        row = "" if "row_" in own else f", {first} AS row_"
        engine.raw_sql(f"CREATE TABLE {quote(name)} AS SELECT {kept}{row} FROM {scanned}")
        return
    row = "" if "row_" in own else f", {within} AS row_"
    engine.raw_sql(
        f"CREATE TABLE {quote(name)} AS SELECT {kept}{row}, file_ FROM "
        f"(SELECT *, ROW_NUMBER() OVER () AS place FROM {scanned}) ORDER BY place"
    )


def _nothing_after(engine: Any, scanned: str, found: Layout) -> None:
    """ValueError where something stands behind the delimiter that is to be the last of each row."""
    if found.trailing_delimiter:
        more = engine.raw_sql(
            f"SELECT ANY_VALUE({AFTER}), COUNT(*) FROM {scanned} WHERE TRIM({AFTER}) <> ''"
        ).fetchall()[0]
        if more[1]:
            rows = "1 row has" if more[1] == 1 else f"{more[1]:,} rows have"
            raise ValueError(f"{rows} more values than there are columns, like {more[0]!r}")


# What an engine says of Parquet that is damaged, and what it means.
_HALF = "it is no Parquet file, or not the whole of one: parts are damaged or missing"
_SAID = {
    "is encrypted": "it is encrypted",
    "Invalid unicode|[Ii]nvalid UTF": "there are bytes in it that are no text",
    "magic bytes|too small to be a Parquet|Footer length|TProtocol|TType|don't know what type": _HALF,
    "Prefetch registered|read enough bytes|bit width|Out of buffer|metadata is corrupt": _HALF,
    "decompress|Failed to read file|converted type|stats size|[Pp]arquet|[Tt]hrift": _HALF,
}


def reason(error: Exception) -> str:
    """What went wrong with a file, in a sentence without the engine's own vocabulary where that can be."""
    text = str(error)
    if "codec can't" in text:
        return "it is not UTF-8 text; save it as UTF-8"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    line = re.search(r"CSV Error on Line: (\d+)", text)
    where = f"line {int(line[1]):,}" if line else "a line"
    counts = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if counts:
        return f"{where} has {counts[2]} values, the first line names {counts[1]} columns"
    if "utf-8" in text.lower() and line:
        return f"{where} is not UTF-8 text; {UTF8_HINT}"
    if "unterminated quote" in text:
        return f"in {where} a quotation mark is opened and not closed"
    if "Maximum line size" in text:
        return f"{where} is longer than 2 MB: a quotation mark may be open, or a cell holds a whole text"
    if "disabled by configuration" in text:
        return "it leads out of the folder"
    if "state machine" in text:
        return "its lines end in different ways, or its quotation marks do not pair"
    for sign, meaning in _SAID.items():
        if re.search(sign, text):
            return meaning
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if line:
        return f"{where} cannot be taken apart: look at its quotation marks"
    shown = re.sub(r"^(\w+ )+Error: ", "", lines[0]) if lines else type(error).__name__
    pointer = next((line for line in lines if line.startswith("LINE ")), "")
    # The pointer shows a place in an adapter's SELECT; in the engine's own statement it says nothing.
    return (
        f"{shown} {pointer}".strip() if "read_csv" not in pointer and "read_parquet" not in pointer else shown
    )
