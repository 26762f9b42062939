"""Loading: from an entry of an adapter's books.toml to a table of the engine."""

from __future__ import annotations

import codecs
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from .archives import is_archive, unpack
from .eventlog import read_xes
from .records import read_excel, read_json
from .sec import read_sec
from .sql import literal, quote
from .sqlite import read_sqlite
from .text import check_lines, layout, numbered, reason, scan, scan_files

Reader = Callable[[Path, Mapping[str, Any]], pa.Table]

# By format: what reads a file of it into Arrow; text and Parquet are read by the engine itself.
READERS: dict[str, Reader] = {
    "excel": read_excel,
    "json": read_json,
    "sqlite": read_sqlite,
    "xes": read_xes,
    "companyfacts": read_sec,
    "statement_data_sets": read_sec,
}
_KEYS = {
    "text": {"delimiter", "quote", "encoding", "columns", "header", "short_rows", "trailing_delimiter"},
    "parquet": set(),
    "excel": {"sheet", "header", "columns"},
    "json": {"records"},
    "sqlite": {"table"},
    "xes": set(),
    "companyfacts": set(),
    "statement_data_sets": {"companies"},
}
_SUFFIXES = {
    ".parquet": "parquet",
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"), "excel"),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), "json"),
    **dict.fromkeys((".sqlite", ".sqlite3", ".db", ".db3"), "sqlite"),
    ".xes": "xes",
}
_COMMON = {"file", "inside", "format", "beside"}
_TYPES: dict[str, type] = {
    **dict.fromkeys(("columns", "companies"), list),
    **dict.fromkeys(("beside", "short_rows", "trailing_delimiter"), bool),
    "header": int,
}
_WORDS = {str: "text", int: "a whole number", list: "a list of names", bool: "true or false"}


@dataclass(frozen=True)
class Loaded:
    """What was loaded: how many rows, from which files (members of an archive by their names)."""

    rows: int
    files: tuple[str, ...]


def format_of(path: Path) -> str:
    """The format that a file's name tells: text where it tells none."""
    name = path.name.lower()
    return "xes" if name.endswith(".xes.gz") else _SUFFIXES.get(Path(name).suffix, "text")


def check_entry(entry: Any) -> str | None:
    """What is wrong with an entry's keys and values, in a sentence; None where it is sound."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("file"), str) or not entry["file"]:
        return 'it needs file = "…"'
    known = _COMMON.union(*_KEYS.values())
    odd = [key for key in entry if key not in known]
    if odd:
        return f"it has {', '.join(map(str, odd))}; allowed are {', '.join(sorted(known))}"
    for key, value in entry.items():
        kind = _TYPES.get(key, str)
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            return f"{key} = {value!r}: it must be {_WORDS[kind]}"
    if entry.get("format", "text") not in _KEYS:
        return f"format = {entry['format']!r}; allowed are {', '.join(sorted(_KEYS))}"
    if (
        not all(isinstance(name, str) and name for name in entry.get("columns", []))
        or entry.get("columns") == []
    ):
        return "columns must be a list of names"
    if not 0 <= entry.get("header", 1) <= 1_000_000:
        return f"header = {entry['header']}: it is the line that names the columns, counted from 1"
    return None


def load(
    engine: duckdb.DuckDBPyConnection,
    name: str,
    folder: Path,
    entry: Mapping[str, Any],
    scratch: Path | None = None,
) -> Loaded:
    """Make the table `name` of what an entry's files hold; docs/sources.md says what an entry may say.

    scratch: an empty folder that the engine may read, for what has to be unpacked first (None: one is made
    and removed). Raises ValueError, OSError or duckdb.Error where that cannot be.
    """
    if scratch is None:
        with tempfile.TemporaryDirectory() as made:
            return load(engine, name, folder, entry, Path(made))
    wrong = check_entry(entry)
    if wrong:
        raise ValueError(wrong)
    paths = find_files(folder, entry["file"])
    # A pattern says that there may be more: its SELECTs find `file_` even in the month that has one file.
    several = not (folder / entry["file"]).is_file() or "inside" in entry
    found: list[tuple[str, Path]] = []
    for path in paths:
        if is_archive(path) and entry.get("format") != "statement_data_sets":
            found += unpack(path, entry.get("inside", "*"), scratch)
            if packed := next((member for member, file in found if _is_zip(file)), ""):
                raise ValueError(f"{packed} in it is an archive, too: unpack {path.name} first")
        elif "inside" in entry:
            raise ValueError(f"{path.name} is no archive, so nothing lies inside it")
        else:
            found.append((path.relative_to(folder.resolve()).as_posix(), path))
    files = [path for _, path in found]
    kind = entry.get("format") or format_of(files[0])
    odd = sorted(set(entry) - _COMMON - _KEYS[kind])
    if odd:
        allowed = ", ".join(sorted(_KEYS[kind])) or "none"
        raise ValueError(f"{', '.join(odd)} means nothing for {kind}; allowed are {allowed}")
    if kind == "text":
        _load_text(engine, name, found, entry, scratch, several)
    elif kind == "parquet":
        _load_parquet(engine, name, files, several, kept=not any(map(is_archive, paths)))
    else:
        _load_arrow(engine, name, found, entry, READERS[kind], several)
    rows = engine.execute(f"SELECT COUNT(*) FROM {quote(name)}").fetchall()[0][0]
    for path in files:
        if scratch in path.parents:
            path.unlink()
    return Loaded(int(rows), tuple(label for label, _ in found))


def _is_zip(path: Path) -> bool:
    """Whether a file that calls itself a zip is one: SAP packs text under that name, too."""
    if path.suffix != ".zip":
        return False
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def find_files(folder: Path, file: str) -> list[Path]:
    """The files of a folder that a name or a pattern means, in order of names.

    ValueError where there is none, or where one lies elsewhere, be it by a link.
    """
    root = folder.resolve()
    if Path(file).is_absolute() or ".." in Path(file).parts:
        raise ValueError("it leads out of the folder")
    direct = root / file
    try:
        paths = [direct] if direct.is_file() else sorted(path for path in root.glob(file) if path.is_file())
    except (ValueError, NotImplementedError) as error:
        raise ValueError(f"this is no pattern of files: {error}") from None
    if not paths:
        raise ValueError("there is no such file")
    resolved = [path.resolve() for path in paths]
    if any(root not in path.parents for path in resolved):
        raise ValueError("it leads out of the folder")
    return resolved


def _load_text(
    engine: Any,
    name: str,
    found: Sequence[tuple[str, Path]],
    entry: Mapping[str, Any],
    scratch: Path,
    several: bool,
) -> None:
    paths, settings = [path for _, path in found], dict(entry)
    if any(path.stat().st_size == 0 for path in paths):
        raise ValueError(f"{next(path.name for path in paths if not path.stat().st_size)} is empty (0 bytes)")
    if codecs.lookup(settings.get("encoding", "utf-8")).name not in ("utf-8", "utf-8-sig"):
        paths = [_as_utf8(path, str(settings["encoding"]), scratch) for path in paths]
    settings["encoding"] = "utf-8"
    sql = _Sql(engine)
    try:
        for path in paths:
            check_lines(sql, path, settings)
        form = layout(paths[0], settings)
        scanned = scan_files(paths, form, ["filename = 'file_'"] if several else ())
        numbered(sql, name, scanned, form, several)
    except (duckdb.Error, ValueError) as error:
        raise ValueError(_with_remedy(reason(error))) from None
    if several:
        # The engine names files by path; people know them by their names.
        for (label, _), path in zip(found, paths, strict=True):
            engine.execute(
                f"UPDATE {quote(name)} SET file_ = {literal(label)} WHERE file_ = {literal(path.as_posix())}"
            )


def _with_remedy(said: str) -> str:
    """What is wrong with lines of a text, and what an entry may say if they are meant to be so."""
    values = re.search(r"has (\d+) values, the first line names (\d+) columns", said)
    if values and int(values[1]) < int(values[2]):
        return f"{said}: if what lacks at the end is empty, say short_rows = true"
    if "more values than there are columns (" in said:
        return f"{said}: if each line ends in a delimiter, say trailing_delimiter = true"
    return said


def _as_utf8(path: Path, encoding: str, scratch: Path) -> Path:
    """A copy in the engine's encoding: of others it knows too little (no euro sign in Windows text)."""
    target = scratch / f"text{len(list(scratch.iterdir()))}.csv"
    try:
        with (
            path.open(encoding=encoding, newline="") as text,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            shutil.copyfileobj(text, out, 1024**2)
    except UnicodeError:
        raise ValueError(f"{path.name} is not {encoding} text: try another encoding") from None
    return target


def _load_parquet(engine: Any, name: str, files: Sequence[Path], several: bool, kept: bool) -> None:
    if not several and kept:
        engine.execute(f"CREATE VIEW {quote(name)} AS SELECT * FROM {scan(files[0])}")
        return
    listed = ", ".join(literal(path.as_posix()) for path in files)
    engine.execute(
        f"CREATE TABLE {quote(name)} AS SELECT * FROM read_parquet([{listed}], hive_partitioning = false, "
        "union_by_name = false, filename = 'file_')"
    )


def _load_arrow(
    engine: Any,
    name: str,
    found: Sequence[tuple[str, Path]],
    entry: Mapping[str, Any],
    reader: Reader,
    several: bool,
) -> None:
    tables = []
    for label, path in found:
        try:
            table = reader(path, entry)
        except ValueError as error:
            raise ValueError(f"{label}: {error}" if several else str(error)) from None
        tables.append(
            table.append_column("file_", pa.array([label] * len(table), pa.string())) if several else table
        )
    if any(set(table.column_names) != set(tables[0].column_names) for table in tables):
        raise ValueError(
            f"the files of {entry['file']} have different columns: give each an entry of its own"
        )
    whole = pa.concat_tables(
        [table.select(tables[0].column_names) for table in tables], promote_options="permissive"
    )
    engine.register("loaded_", whole)
    try:
        engine.execute(f"CREATE TABLE {quote(name)} AS SELECT * FROM loaded_")
    finally:
        engine.unregister("loaded_")


@dataclass(frozen=True)
class _Sql:
    """An engine by the name under which Ibis runs SQL."""

    engine: Any

    def raw_sql(self, statement: str) -> Any:
        return self.engine.execute(statement)
