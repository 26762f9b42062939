"""Opening a database: from a URL to typed tables, in DuckDB or on a server, read and never written.

A table of a server has types: nothing is read out of text there. What is not of the contract's type is said,
and a view of the database mends it.
"""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import ibis

from ..errors import ContractError, UsageError
from ..sources.sql import literal, quote
from ..sources.text import reason
from .address import Address
from .contract import Column, Table, load_contract
from .engine import Engine
from .finding import Finding
from .locking import lock_down
from .mending import values_are_no
from .opening import Found, Opened, columns_usable, engine_type, open_table
from .settings import settings_in, sound_settings
from .stamps import stamps

# The name by which a DuckDB file is attached: its own may be taken.
_ATTACHED = "file"
# A table with the company's settings, beside the contract's: columns key and value, both text.
_SETTINGS = "books"


def beside(address: Address) -> Path:
    """Where files beside a database lie: in the folder of its own file; of a server nowhere."""
    file = address.file
    return Path(os.devnull) / address.name if file is None else file.parent


def open_database(address: Address) -> Opened:
    """Open the database at an address. Raises UsageError where there is nothing to open."""
    opened = _open_duckdb(address) if address.file is not None else _open_server(address)
    if not opened.tables and not any(finding.level == "error" for finding in opened.findings):
        raise UsageError(
            f"{address.text} holds none of the contract's tables, or none that may be read.",
            "Tables or views must be called like journal or orders (datasets/company/DICTIONARY.md); "
            "another schema is named with ?schema=NAME.",
        )
    return opened


# --- a DuckDB file --------------------------------------------------------------------------------


def attach(connection: Any, address: Address) -> None:
    """Attach the file of an address, to be read only, and lock the connection down."""
    path = Path(address.database)
    if not path.is_file():
        raise UsageError(f"There is no file {path}.", "Write duckdb:///folder/books.duckdb.")
    try:
        connection.raw_sql(f"ATTACH {literal(path.as_posix())} AS {_ATTACHED} (READ_ONLY)")
    except duckdb.Error as error:
        raise UsageError(
            f"{path} cannot be opened: {reason(error)}",
            "It must be a DuckDB file, and no program may have it open for writing.",
        ) from error
    lock_down(connection, [path.parent])


def attached_view(address: Address, table: Table, called: str) -> str:
    """The statement that makes a table of the attached file a view, as it is."""
    return f"CREATE VIEW raw.{quote(table.name)} AS SELECT * FROM {_attached(address, called)}"


def _attached(address: Address, called: str) -> str:
    return f"{_ATTACHED}.{quote(address.option('schema') or 'main')}.{quote(called)}"


def _open_duckdb(address: Address) -> Opened:
    path = Path(address.database)
    connection = ibis.duckdb.connect()
    before = stamps(address.text, None)
    attach(connection, address)
    opened = Opened(path.parent, connection, {}, before=before, address=address)
    opened.stamps = {Path(name): found for name, found in before.items()}
    names = connection.raw_sql(
        f"SELECT table_name FROM information_schema.tables WHERE table_catalog = '{_ATTACHED}' "
        f"AND table_schema = {literal(address.option('schema') or 'main')} ORDER BY 1"
    ).fetchall()
    tables = dict(_contract_tables(opened, [str(name) for (name,) in names]))
    settings = tables.pop(_SETTINGS, None)
    if settings is not None:
        query = f"SELECT key, value FROM {_attached(address, settings)}"
        _set(opened, lambda: connection.raw_sql(query).fetchall())
    for name, called in tables.items():
        try:
            empty = not connection.raw_sql(f"SELECT 1 FROM {_attached(address, called)} LIMIT 1").fetchall()
        except duckdb.Error as error:
            opened.error(name, "unreadable", f"{called} cannot be read: {reason(error)}")
            continue
        if empty:
            _note_empty(opened, name)
        else:
            table = load_contract().tables[name]
            opened.called[name] = called
            open_table(opened, table, path, attached_view(address, table, called))
    return opened


# --- a server -------------------------------------------------------------------------------------


def engine_of(address: Address) -> Engine:
    """The engine for an address, not connected yet. UsageError where what it needs is not installed."""
    try:
        if address.engine == "postgres":
            from .postgres import PostgresEngine

            return PostgresEngine(address)
        from .spark import SparkEngine

        return SparkEngine(address)
    except ImportError as error:
        raise UsageError(
            f"{address.scheme}:// needs a library that is not installed: {error.name}.",
            f'Install it with: pip install "finops_toolkit[{address.engine}]"',
        ) from error


def reopened(engine: Engine, table: Table, called: str, found: Found) -> ibis.Table:
    """A typed table of a server, from what was found of it once: the server is not asked."""
    columns = {name: ibis.dtype(kind) for name, kind in found.values()}
    return typed(engine.table_named(called, columns).to_expr(), table, found)


def typed(raw: ibis.Table, table: Table, found: Found) -> ibis.Table:
    """All columns of a table in the contract's types; those that are not there are empty."""
    columns = {
        column.name: _cast(raw[found[column.name][0]], column)
        if column.name in found
        else ibis.null(engine_type(column.type))
        for column in table.columns.values()
    }
    return raw.select(**columns)


def _open_server(address: Address) -> Opened:
    engine = engine_of(address)
    opened = Opened(beside(address), engine, {}, address=address)
    opened.before = stamps(address.text, None)
    tables = dict(_contract_tables(opened, engine.tables_there()))
    settings = tables.pop(_SETTINGS, None)
    if settings is None:
        opened.settings, found = settings_in(engine.settings_there())
        opened.findings += found
    else:
        named = engine.table_named(settings, {"key": "string", "value": "string"}).to_expr()
        _set(opened, lambda: [(row["key"], row["value"]) for row in named.to_pyarrow().to_pylist()])
    for name, called in tables.items():
        try:
            _open_table(opened, engine, load_contract().tables[name], called)
        except ContractError as error:
            hint = "the user needs SELECT on it, and each part of a view must still be there"
            opened.error(name, "unreadable", f"{called} cannot be read: {error.message}", hint=hint)
    return opened


def _open_table(opened: Opened, engine: Engine, table: Table, called: str) -> None:
    """Register one typed table of a server, or the errors that make it unusable."""
    kinds = engine.columns_of(called)
    found = {name.strip().lower(): (name, str(kind)) for name, kind in kinds.items()}
    if len(found) < len(kinds):
        opened.error(table.name, "unreadable", f"{called} has columns that differ in case or spaces alone")
        return
    if not columns_usable(
        opened, table, called, found, lambda kind, column: readable(ibis.dtype(kind), column)
    ):
        return
    raw = engine.table_named(called, kinds).to_expr()
    doubts = list(_doubts(raw, table, found))
    counted = {str(place): doubt.fails.fill_null(False).sum() for place, doubt in enumerate(doubts)}
    counts = raw.aggregate(rows=raw.count(), **counted).to_pyarrow().to_pylist()[0]
    if not counts["rows"]:
        _note_empty(opened, table.name)
        return
    for place, doubt in enumerate(doubts):
        if counts[str(place)]:
            _report(opened, raw, table, found, doubt, int(counts[str(place)]))
    opened.rows[table.name] = counts["rows"]
    opened.called[table.name] = called
    opened.in_place[table.name] = (opened.folder, found)
    opened.tables[table.name] = typed(raw, table, found)


@dataclass(frozen=True)
class _Doubt:
    """Rows of a server's table whose value the contract's type does not hold, or not as it is."""

    column: Column
    rule: str
    fails: Any


def readable(kind: Any, column: Column) -> bool:
    """Whether a server's type can be read as a column's type: exact numbers, days, text as themselves."""
    whole = kind.is_integer() or (kind.is_decimal() and kind.scale == 0)
    if column.type in ("id", "text"):
        return bool(kind.is_string() or kind.is_uuid() or whole)
    if column.type in ("date", "month", "time"):
        return bool(kind.is_date() or kind.is_timestamp())
    if column.type == "boolean":
        return bool(kind.is_boolean())
    return bool(whole or (column.type != "integer" and kind.is_decimal()))


def _cast(raw: Any, column: Column) -> Any:
    """A server's column in the contract's type."""
    if column.type in ("id", "text"):
        return (raw if raw.type().is_string() else raw.cast("string")).strip().nullif("")
    if column.type == "month":
        return raw.cast("date").truncate("M").cast("date")
    return raw if raw.type() == engine_type(column.type) else raw.cast(engine_type(column.type))


def _doubts(raw: ibis.Table, table: Table, found: Found) -> Iterator[_Doubt]:
    for column in table.columns.values():
        if column.name not in found:
            continue
        value = raw[found[column.name][0]]
        if column.type in ("date", "month", "time"):
            kind = value.type()
            bounds = [ibis.literal(text).cast(kind) for text in ("0001-01-01", "9999-12-31")]
            yield _Doubt(column, "unreadable_value", ~value.between(*bounds))
        elif value.type().is_decimal():
            target = engine_type(column.type)
            digits = 18 if column.type == "integer" else target.precision - target.scale
            holds = value.abs() < ibis.literal(10**digits)
            yield _Doubt(column, "unreadable_value", ~holds)
            if column.type in ("money", "quantity", "rate") and (value.type().scale or 99) > target.scale:
                kept = ibis.ifelse(holds, value, ibis.null(value.type())).cast(target)
                yield _Doubt(column, "rounded", value != kept)


def _report(opened: Opened, raw: ibis.Table, table: Table, found: Found, doubt: _Doubt, count: int) -> None:
    name = doubt.column.name
    shown = {key: raw[found[key][0]] for key in (*table.key, name)}
    few = raw.filter(doubt.fails).select(**{key: value.cast("string") for key, value in shown.items()})
    rows = few.order_by(list(table.key)).limit(5).to_pandas()
    if doubt.rule == "rounded":
        text = f"{name} has more decimals than are kept in {count:,} rows: rounded"
        opened.findings.append(Finding("note", table.name, doubt.rule, text, count, rows=rows))
        return
    opened.unread[table.name, name] = count
    values = ", ".join(repr(value) for value in rows[name])
    text = f"{values_are_no(doubt.column, count)}: {values}"
    opened.error(table.name, doubt.rule, text, count=count, rows=rows, hint="mend them in the database")


# --- both -----------------------------------------------------------------------------------------


def _contract_tables(opened: Opened, names: list[str]) -> Iterator[tuple[str, str]]:
    """Of the tables there, those of the contract (and the settings): their name there and here."""
    wanted = {*load_contract().tables, _SETTINGS}
    lower = [name.strip().lower() for name in names]
    for name, called in zip(lower, names, strict=True):
        if name not in wanted:
            continue
        if lower.count(name) == 1:
            yield name, called
        elif lower.index(name) == names.index(called):
            hint = "rename one of them"
            opened.error(name, "twice", f"{name} is there more than once, in capitals and not", hint=hint)


def _note_empty(opened: Opened, name: str) -> None:
    text = f"{name} is there and has no rows: it is taken as not there"
    opened.findings.append(Finding("note", name, "empty", text))


def _set(opened: Opened, read: Any) -> None:
    """Take the settings from rows of key and value."""
    try:
        rows = read()
    except (duckdb.Error, ContractError) as error:
        said = error.message if isinstance(error, ContractError) else reason(error)
        hint = "it has two columns of text, key and value"
        opened.error(_SETTINGS, "settings", f"the table {_SETTINGS} cannot be read: {said}", hint=hint)
        return
    given = {str(key).strip(): _value(str(value).strip()) for key, value in rows}
    opened.settings, found = sound_settings(given)
    place = f"the table {_SETTINGS}"
    opened.findings += [replace(one, text=one.text.replace("books.toml", place)) for one in found]


def _value(text: str) -> Any:
    """A setting as books.toml would have it; what is text there needs no quotes here."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value if isinstance(value, str | int | dt.date | list | dict) else text
