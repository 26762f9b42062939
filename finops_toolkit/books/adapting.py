"""Adapters: foreign files as tables of the engine, and SELECTs over them, with errors that say where."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from ..sources.loading import check_entry, load
from ..sources.macros import make_macros
from ..sources.sql import literal, quote
from ..sources.text import reason

if TYPE_CHECKING:
    from .opening import Opened

REJECTED = ".rejected"
_REMARK = re.compile(r" \(not written like .*\)$")
# How many values are looked for in the source, and in how many of its rows.
_LOOKED_FOR = 5


def register_sources(opened: Opened, raw: Path, scratch: Path) -> None:
    """Make a table of each source that books.toml names, and the macros that SELECTs may use.

    scratch: an empty folder that the engine may read. What is wrong is among the findings.
    """
    make_macros(opened.connection)
    entries = dict(opened.settings.get("sources", {}))
    if "account_map" in opened.settings:
        entries["account_map"] = {"file": opened.settings["account_map"], "beside": True}
    for name, entry in entries.items():
        wrong = check_entry(entry)
        if wrong:
            hint = "docs/sources.md says what a source may say"
            opened.error("books.toml", "source", f"[sources.{name}] is not understood: {wrong}", hint=hint)
            continue
        base = opened.folder if entry.get("beside") else raw
        try:
            loaded = load(opened.connection.con, name, base, entry, scratch)
        except (duckdb.Error, OSError, ValueError, LookupError) as error:
            text = f"the source {name} ({entry['file']}) cannot be read: {reason(error)}"
            hint = f"look at [sources.{name}] in books.toml, and into {base}"
            opened.error("books.toml", "source", text, hint=hint)
        else:
            opened.sources[name] = loaded.rows


class SelectError(ValueError):
    """What is wrong with a SELECT, with its line and the place in it where that is known."""


def one_select(text: str) -> str:
    """The text of an adapter's file if it is one SELECT; SelectError otherwise.

    Line breaks before it stay: the engine counts lines, and so does whoever mends it.
    """
    statements = duckdb.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise SelectError("it must hold exactly one SELECT")
    return text.rstrip().rstrip(";")


def read_select(path: Path) -> str:
    """The SELECT of a file. SelectError where it is none."""
    text = path.read_text(encoding="utf-8-sig")
    try:
        return one_select(text)
    except duckdb.Error as error:
        raise SelectError(place_in(text, str(error), 0)) from None


def place_in(text: str, error: str, before: int) -> str:
    """What the engine says of a SELECT: the line and place in `text`, `before` lines of ours above it."""
    lines = error.splitlines()
    said = re.sub(r"^(\w+ )+Error: ", "", lines[0]).strip() if lines else "it cannot be run"
    # Which columns there would be stands in lines of its own.
    said += "".join(f" {line.strip()}" for line in lines[1:4] if line.startswith("Candidate"))
    for number, shown in enumerate(lines):
        found = re.match(r"LINE (\d+): (.*)", shown)
        if found is None:
            continue
        line = int(found[1]) - before
        written = text.splitlines()[line - 1] if 0 < line <= len(text.splitlines()) else found[2]
        pointer = lines[number + 1].find("^") if number + 1 < len(lines) else -1
        at = pointer - len(f"LINE {found[1]}: ")
        if found[2].startswith("..."):
            at += written.find(found[2].strip(".")[:20]) - 3
        caret = f"\n    {' ' * at}^" if 0 <= at <= len(written) else ""
        return f"line {line}: {said}\n    {written}{caret}"
    return said


def run_select(opened: Opened, raw: str, path: Path) -> None:
    """Make the table `raw` of what a file's SELECT gives. SelectError says where it is wrong."""
    query = read_select(path)
    unread = [name for name in opened.settings.get("sources", {}) if name not in opened.sources]
    needed = names_in(query, unread)
    if needed:
        raise SelectError(f"it needs the source {', '.join(needed)}, which could not be read")
    try:
        opened.connection.raw_sql(f"CREATE TABLE {raw} AS\n{query}")
    except duckdb.Error as error:
        if "disabled by configuration" in str(error):
            raise SelectError(reason(error)) from None
        said = place_in(query, str(error), 1)
        if re.search(r"Table with name \S+ does not exist", said):
            said = re.sub(r"does not exist!?( Did you mean.*)?", f"is no source; {_there_is(opened)}", said)
        raise SelectError(said) from None
    opened.selects[path.stem.lower()] = query


def _there_is(opened: Opened) -> str:
    return f"the sources are {', '.join(opened.sources)}" if opened.sources else "books.toml names no sources"


def names_in(query: str, names: Iterable[str]) -> list[str]:
    """The sources a SELECT speaks of."""
    return [name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", query)]


def where_from(opened: Opened, table: str, values: list[Any]) -> str:
    """Where values that cannot be read stand in the source: file, row and column; "" where they do not.

    A SELECT's row has no row in a file; its text mostly has.
    """
    query = opened.selects.get(table, "")
    wanted = [_REMARK.sub("", str(value)).strip() for value in values[:_LOOKED_FOR]]
    names = names_in(query, opened.sources)
    found = [place for value in wanted if (place := _place_of(opened, names, value))]
    return "; ".join(dict.fromkeys(found))


def _place_of(opened: Opened, names: list[str], value: str) -> str:
    for name in names:
        described = opened.connection.raw_sql(f"DESCRIBE {quote(name)}").fetchall()
        texts = [column for column, kind, *_ in described if kind == "VARCHAR" and column != "file_"]
        columns = {column for column, *_ in described}
        if not texts or "row_" not in columns:
            continue
        sought = " ".join(
            f"WHEN TRIM({quote(column)}) = {literal(value)} THEN {literal(column)}" for column in texts
        )
        file = "file_" if "file_" in columns else "NULL"
        hit = opened.connection.raw_sql(
            f"SELECT row_, {file}, place FROM (SELECT *, CASE {sought} END AS place FROM {quote(name)}) "
            "WHERE place IS NOT NULL ORDER BY 2, 1 LIMIT 1"
        ).fetchall()
        if hit:
            row, label, column = hit[0]
            label = label or opened.settings["sources"].get(name, {}).get("file", name)
            return f"{value!r} stands in {label}, row {row}, column {column}"
    return ""
