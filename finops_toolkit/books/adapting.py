"""Adapters: foreign files as tables of the engine, and SELECTs over them, with errors that say where."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ..sources.loading import check_entry, load
from ..sources.macros import make_macros
from ..sources.sql import quote
from ..sources.text import reason
from .mending import failed_value, line_of, names_in, place_in

if TYPE_CHECKING:
    from .opening import Opened

REJECTED = ".rejected"
VIEW = ".view.sql"


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


def make_views(opened: Opened, paths: Iterable[Path]) -> None:
    """Make a table of each NAME.view.sql, in their order: what several SELECTs of an adapter start from.

    It counts as a source called NAME.
    """
    named = {path.name.removesuffix(VIEW): path for path in paths}
    opened.views = dict.fromkeys(named, "")
    for name, path in named.items():
        try:
            opened.views[name] = run_select(opened, quote(name), path)
        except (SelectError, OSError, UnicodeDecodeError) as error:
            opened.error(name, "unreadable", f"{path.name} cannot be read: {error}")
        else:
            rows = opened.connection.raw_sql(f"SELECT COUNT(*) FROM {quote(name)}").fetchall()[0][0]
            opened.sources[name] = int(rows)


class SelectError(ValueError):
    """What is wrong with a SELECT, with its line and place where they are known, and how to mend it."""

    hint = ""


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


def run_select(opened: Opened, raw: str, path: Path) -> str:
    """Make the table `raw` of what a file's SELECT gives, and give the SELECT. Raises SelectError."""
    query = read_select(path)
    named = (*opened.settings.get("sources", {}), *opened.views)
    own = path.name.removesuffix(VIEW)
    needed = names_in(query, [name for name in named if name not in opened.sources and name != own])
    if needed:
        raise SelectError(f"it needs the source {', '.join(needed)}, which could not be read")
    try:
        opened.connection.raw_sql(f"CREATE TABLE {raw} AS\n{query}")
    except duckdb.Error as error:
        if "disabled by configuration" in str(error):
            raise SelectError(reason(error)) from None
        raise _what_fails(opened, query, str(error)) from None
    return query


def _what_fails(opened: Opened, query: str, error: str) -> SelectError:
    """What is wrong with a SELECT: the value that it cannot read, with its place, or what the engine says."""
    line, shown = line_of(query, error, 1)
    failed = failed_value(opened, query, error, shown)
    if failed:
        wrong = SelectError(f"{failed[0]}" if line is None else f"line {line}: {failed[0]}{shown}")
        wrong.hint = failed[1]
        return wrong
    absent = re.search(r"Table with name (\S+) does not exist", error)
    if absent:
        return SelectError(
            f"{'' if line is None else f'line {line}: '}{absent[1]} is no source; {_there_is(opened)}{shown}"
        )
    return SelectError(place_in(query, error, 1))


def _there_is(opened: Opened) -> str:
    return f"the sources are {', '.join(opened.sources)}" if opened.sources else "books.toml names no sources"
