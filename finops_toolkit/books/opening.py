"""Opening: from a folder of tables, or an adapter over foreign files, to typed tables in one engine.

Whatever is wrong is collected, never raised one at a time. The connection sees only the folders it was
given, downloads nothing, and its configuration is locked.
"""

from __future__ import annotations

import difflib
import re
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import ibis.expr.operations as ops
from ibis.backends.sql.datatypes import DuckDBType

from ..errors import ContractError, UsageError
from ..sources.sql import quote
from ..sources.text import check_lines, reason, scan, scan_parts
from .adapting import REJECTED, VIEW, SelectError, make_views, register_sources, run_select
from .address import Address
from .casting import EXAMPLES, SOUND_DATE, cast, readable, rounded, unreadable
from .contract import ENGINE_TYPES, Column, Table, load_contract
from .finding import Finding
from .locking import lock_down
from .mending import how_to_write, values_are_no, values_text
from .settings import read_settings
from .stamps import Stamps, data_folder, is_read, parts_of_table, source_folder, stamp, stamps
from .tying import ROWS, Tie, is_rejected, tie_out

if TYPE_CHECKING:
    from .snapshot import Snapshot

# A table of so many rows is read to its end and held in memory: damage anywhere in it is found before it is
# used, and no query opens its file again. Of longer tables this would cost more than their figures: damage is
# found by whoever reads the column.
_HELD = 50_000

# Columns of a file by the contract's names: what the file calls them, and the engine's type.
Found = dict[str, tuple[str, str]]


@dataclass
class Opened:
    """What opening found: the connection, the typed tables, their row counts, the settings, the findings."""

    folder: Path  # of a server there is none: a path at which nothing can lie
    connection: Any
    settings: dict[str, Any]
    tables: dict[str, ibis.Table] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    # Of each table that is read where it lies: its file, and its columns as the file has them.
    in_place: dict[str, tuple[Path, Found]] = field(default_factory=dict)
    # Of each column, the values that are there and could not be read: they are not empty.
    unread: dict[tuple[str, str], int] = field(default_factory=dict)
    # Parquet is read again and again where it lies: the stamps of the files when opened.
    stamps: dict[Path, list[int]] = field(default_factory=dict)
    # Stamps of everything the source consists of, taken before any of it was read.
    before: Stamps = field(default_factory=dict)
    source: Path | None = None
    # Of a database: where it is, and what it calls the contract's tables.
    address: Address | None = None
    called: dict[str, str] = field(default_factory=dict)
    # An adapter's sources with their rows, views among them; SELECTs by view and table; how tables tie.
    sources: dict[str, int] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)
    selects: dict[str, str] = field(default_factory=dict)
    ties: list[Tie] = field(default_factory=list)
    # What is known of these books without reading their tables.
    snapshot: Snapshot | None = None

    @property
    def place(self) -> str:
        """Where the books lie: the full path of a folder, or the URL of a database."""
        return str(self.folder) if self.address is None else self.address.text

    @property
    def name(self) -> str:
        """What the place is called, in short."""
        return self.folder.name if self.address is None else self.address.name

    def check_unchanged(self) -> None:
        """ContractError where a file was written to since it was opened: figures of two files would mix."""
        changed = [path.name for path, found in self.stamps.items() if stamp(path)[:2] != found[:2]]
        if changed:
            raise ContractError(
                f"{', '.join(changed)} changed while the books were open.",
                "Open them again once the files are written.",
            )

    def release(self) -> None:
        """Let a server go on: until the figures are there, it keeps the state that all of them are of."""
        if self.address is not None and self.address.file is None:
            self.connection.release()

    def error(self, table: str, rule: str, text: str, **more: Any) -> None:
        """Note something that makes a table unusable."""
        self.findings.append(Finding("error", table, rule, text, **more))


def open_folder(data: str | Path | None, source: str | Path | None) -> Opened:
    """Open `data` (None: the generated company; a bundled adapter's name; a folder) over `source`.

    Raises UsageError where there is nothing to open. Everything wrong inside is in `.findings`.
    """
    folder = data_folder(data)
    contract = load_contract().tables
    files = sorted(path for path in folder.iterdir() if is_read(path))
    adapter = any(path.suffix.lower() == ".sql" and path.stem.lower() in contract for path in files)
    raw = None
    if adapter:
        if source is None:
            raise UsageError(
                f"{folder.name} is an adapter: it needs the folder its raw files lie in.",
                "Say where with --source FOLDER (source= in Python).",
            )
        raw = source_folder(source)
    elif source is not None:
        raise UsageError(
            f"--source goes with an adapter, and {folder} holds no SELECTs (*.sql).",
            "Leave --source out, or give an adapter folder.",
        )
    opened = Opened(folder, ibis.duckdb.connect(), {}, before=stamps(folder, raw), source=raw)
    opened.settings, opened.findings = read_settings(folder)
    if raw is None:
        lock_down(opened.connection, [folder])
    else:
        with tempfile.TemporaryDirectory(prefix="finops_toolkit_") as scratch:
            lock_down(opened.connection, [folder, raw, Path(scratch)])
            register_sources(opened, raw, Path(scratch))
        make_views(opened, [path for path in files if path.name.endswith(VIEW)])
    readable = (".sql",) if adapter else (".parquet", ".csv")
    done: set[str] = set()
    for path in files:
        name = path.stem.lower()
        if adapter and is_rejected(path) and name.removesuffix(REJECTED) in contract:
            continue  # read where the table is tied to its source
        if adapter and path.name.endswith(VIEW):
            continue  # read above, for the others
        in_parts = not adapter and bool(parts_of_table(path))
        if not in_parts and (path.suffix.lower() not in readable or name not in contract):
            _note_unread(opened, path, adapter)
        elif name in done:
            text = f"{name} is there more than once: {path.name} is one of them"
            opened.error(name, "twice", text, hint="keep one of them")
            opened.tables.pop(name, None)
        else:
            done.add(name)
            open_table(opened, contract[name], path)
    if raw is not None:
        tie_out(opened)
    if not opened.tables and not opened.findings:
        raise UsageError(
            f"{folder} holds none of the contract's tables.",
            "Put files like journal.parquet or journal.csv there, or SELECTs like journal.sql; "
            "datasets/company/DICTIONARY.md describes the tables.",
        )
    return opened


def _note_unread(opened: Opened, path: Path, adapter: bool) -> None:
    """Say of a file that looks like a table that it is not read. Other files are nobody's business."""
    contract, name = load_contract().tables, path.name.split(".")[0].lower()
    table = path.suffix.lower() in (".parquet", ".csv", ".sql")
    if adapter and (path.name == opened.settings.get("account_map") or (table and path.suffix != ".sql")):
        if name not in contract or path.with_suffix(".sql").exists():
            return
        hint = f"in an adapter's folder tables come from SELECTs: write {name}.sql"
    elif name in contract and path.name != "books.toml":
        hint = f"save it as {name}.parquet or {name}.csv"
    elif table:
        close = difflib.get_close_matches(name, contract, 1)
        hint = f"did you mean {close[0]}?" if close else "the contract's tables are " + ", ".join(contract)
    else:
        return
    text = f"{path.name} is no table of the contract and is not read"
    opened.findings.append(Finding("note", path.stem, "unknown_table", text, hint=hint))


def raw_view(table: Table, path: Path) -> str:
    """The statement that makes a table's Parquet file, or a folder of them, a view of the engine as it is."""
    found = scan_parts(parts_of_table(path)) if path.is_dir() else scan(path)
    return f"CREATE VIEW raw.{quote(table.name)} AS SELECT * FROM {found}"


def typed_view(table: Table, found: Found, kind: str = "VIEW") -> str:
    """The statement that makes the view of a table's columns in the contract's types, or a TABLE of them.

    Every typed table has every column: what reads it need not ask which are there.
    """
    select = [
        cast(quote(found[column.name][0]), found[column.name][1], column)
        if column.name in found
        else f"CAST(NULL AS {ENGINE_TYPES[column.type]})"
        for column in table.columns.values()
    ]
    named = [f"{text} AS {quote(name)}" for text, name in zip(select, table.columns, strict=True)]
    name = quote(table.name)
    return f"CREATE {kind} books.{name} AS SELECT {', '.join(named)} FROM raw.{name}"


def typed_table(connection: Any, table: Table) -> ibis.Table:
    """The typed view of a table: its columns are the contract's, so that the engine need not be asked."""
    return ops.DatabaseTable(
        table.name,
        schema=_schema(table.name),
        source=connection,
        namespace=ops.Namespace(database="books"),
    ).to_expr()


@cache
def _schema(name: str) -> ibis.Schema:
    columns = load_contract().tables[name].columns.values()
    return ibis.schema({column.name: engine_type(column.type) for column in columns})


@cache
def engine_type(kind: str) -> Any:
    """The Ibis type of a kind of column: what the contract calls id, money or month."""
    return DuckDBType.from_string(ENGINE_TYPES[kind])


def open_table(opened: Opened, table: Table, path: Path, view: str | None = None) -> None:
    """Register one typed table, or the errors that make it unusable.

    view: the statement that makes it out of the file, where that holds more than this table.
    """
    connection, name = opened.connection, table.name
    raw = f"raw.{quote(name)}"
    try:
        if view is not None:
            connection.raw_sql(view)
        elif parts_of_table(path):
            opened.stamps |= {part: stamp(part) for part in parts_of_table(path)}
            connection.raw_sql(raw_view(table, path))
        elif not path.is_file():
            raise ValueError("it is no file")
        elif path.suffix.lower() == ".sql":
            opened.selects[table.name] = run_select(opened, raw, path)
        elif path.stat().st_size == 0:
            raise ValueError("it is empty (0 bytes)")
        elif path.suffix.lower() == ".csv":
            # Text is parsed once; Parquet stays where it lies.
            check_lines(connection, path)
            connection.raw_sql(f"CREATE TABLE {raw} AS SELECT * FROM {scan(path)}")
        else:
            opened.stamps[path] = stamp(path)
            connection.raw_sql(raw_view(table, path))
        described = connection.raw_sql(f"DESCRIBE {raw}").fetchall()
        _no_column_twice([str(column) for column, *_ in described], table)
        count = connection.raw_sql(f"SELECT COUNT(*) FROM {raw}").fetchall()[0][0]
    except SelectError as error:
        hint = error.hint or f"mend {path.name}, or what it reads"
        opened.error(name, "unreadable", f"{path.name} cannot be read: {error}", hint=hint)
        return
    except (duckdb.Error, ValueError, OSError) as error:
        opened.error(
            name,
            "unreadable",
            f"{path.name} cannot be read: {reason(error)}",
            hint="repair the file, or take it away to work without it",
        )
        return
    if count == 0:
        opened.error(
            name,
            "empty",
            f"{path.name} has no rows",
            hint="take the file away if there is nothing of this kind",
        )
        return
    opened.rows[name] = count
    found = {column.strip().lower(): (column, kind) for column, kind, *_ in described}
    if columns_usable(opened, table, path.name, found, readable):
        if path in opened.stamps or path.is_dir():
            opened.in_place[name] = (path, found)
        _register_typed(opened, table, path, raw, found)


def _no_column_twice(columns: list[str], table: Table) -> None:
    """ValueError where nobody can say which column is meant; the engine calls the second `amount_1`."""
    names = [column.strip().lower() for column in columns]
    bases = [re.sub(r"_\d+$", "", name) for name in names]
    twice = [name for name in table.columns if name in names and bases.count(name) > 1]
    if twice:
        raise ValueError(f"it has the column {', '.join(twice)} more than once")


def _listed(names: Iterable[str]) -> str:
    """Names in a row, cut where somebody's web page or data dump would make a page of them."""
    shown = [name if len(name) <= 40 else name[:40] + "…" for name in names]
    return ", ".join(shown[:30]) + (f" … ({len(shown):,} in all)" if len(shown) > 30 else "")


def columns_usable(
    opened: Opened, table: Table, shown: str, found: Found, may_be: Callable[[str, Column], bool]
) -> bool:
    """Whether a table has the columns it needs, in types that may be read; what is wrong is a finding."""
    missing = [c for c in table.columns.values() if c.name not in found and not c.optional]
    extra = [c for c in found if c not in table.columns]
    wrong = [c for c in table.columns.values() if c.name in found and not may_be(found[c.name][1], c)]
    if missing:
        opened.error(
            table.name,
            "missing_column",
            f"{shown} lacks " + ", ".join(c.name for c in missing),
            count=len(missing),
            hint=f"it has {_listed(found)}; needed: " + "; ".join(f"{c.name} – {c.text}" for c in missing),
        )
    for column in wrong:
        opened.error(
            table.name,
            "wrong_type",
            f"{shown}: {column.name} holds {found[column.name][1]}, which is no {column.type}",
            hint=f"write it like {EXAMPLES[column.type]}",
        )
    extra = [name for name in extra if name != ROWS or table.name not in opened.selects]
    if extra:
        opened.findings.append(
            Finding("note", table.name, "extra_column", f"not read: {_listed(extra)}", count=len(extra))
        )
    return not missing and not wrong


def _register_typed(opened: Opened, table: Table, path: Path, raw: str, found: Found) -> None:
    connection = opened.connection
    counts, labels = [], []
    _note_sound_dates(connection, table, raw, found)
    for column in table.columns.values():
        if column.name not in found:
            continue
        name, kind = found[column.name]
        expression = cast(quote(name), kind, column)
        for rule, condition in (
            ("unreadable_value", unreadable(quote(name), kind, expression)),
            ("rounded", rounded(quote(name), kind, column, expression)),
        ):
            if condition:
                counts.append(f"COUNT(*) FILTER ({condition})")
                labels.append((rule, column, name, condition))
    try:
        held = "TABLE" if opened.rows[table.name] <= _HELD else "VIEW"
        connection.raw_sql(typed_view(table, found, held))
        result = connection.raw_sql(f"SELECT {', '.join(counts)} FROM {raw}").fetchall()[0] if counts else ()
        for (rule, column, name, condition), count in zip(labels, result, strict=True):
            if count:
                _report_values(opened, table, path, raw, rule, column, name, condition, count)
    except duckdb.Error as error:
        opened.error(
            table.name,
            "unreadable",
            f"{path.name} cannot be read: {reason(error)}",
            hint="the file may be half-written; write it again",
        )
        return
    opened.tables[table.name] = typed_table(connection, table)


def _note_sound_dates(connection: Any, table: Table, raw: str, found: Found) -> None:
    """Mark columns of dates in which none is infinite or before the year 1: they can be read as they are."""
    dates = [
        name
        for name, column in table.columns.items()
        if column.type == "date" and found.get(name, "")[1:] == ("DATE",)
    ]
    if not dates:
        return
    sound = ", ".join(
        f"MIN({column}) >= DATE '0001-01-01' AND MAX({column}) <= DATE '9999-12-31'"
        for column in (quote(found[name][0]) for name in dates)
    )
    try:
        results = connection.raw_sql(f"SELECT {sound} FROM {raw}").fetchall()[0]
    except duckdb.Error:
        return  # said where the table is read
    for name, result in zip(dates, results, strict=True):
        if result is not False:  # None: there is no date in it
            found[name] = (found[name][0], SOUND_DATE)


def _report_values(
    opened: Opened,
    table: Table,
    path: Path,
    raw: str,
    rule: str,
    column: Any,
    name: str,
    condition: str,
    count: int,
) -> None:
    # Shown with the row's number in the file: a value that cannot be read may well be the key itself.
    rows = opened.connection.raw_sql(
        f"SELECT row, LEFT(CAST({quote(name)} AS VARCHAR), 60) AS {quote(column.name)} FROM "
        f"(SELECT ROW_NUMBER() OVER () AS row, * FROM {raw}) WHERE {condition} ORDER BY row LIMIT 5"
    ).df()
    if rule == "rounded":
        opened.findings.append(
            Finding(
                "note",
                table.name,
                rule,
                f"{column.name} has more decimals than are kept in {count:,} rows: rounded",
                count,
                rows=rows,
            )
        )
        return
    opened.unread[table.name, column.name] = count
    values = list(rows[column.name])
    select = table.name in opened.selects
    # The line that names the columns is the first of a text file.
    places = [f"row {row}" if path.suffix.lower() != ".csv" else f"line {row + 1}" for row in rows.row]
    shown, source = values_text(opened, table.name, column.name, values, places)
    more = f" … and {count - len(rows):,} more" if count > len(rows) else ""
    opened.error(
        table.name,
        rule,
        f"{path.name}: {values_are_no(column, count)}: {shown}{more}",
        count=count,
        rows=rows,
        hint=how_to_write(values, column.type, source if select else name, select),
    )


def unusable(opened: Opened, findings: list[Finding]) -> ContractError:
    """The error that lists everything that makes the data unusable."""
    errors = [finding for finding in findings if finding.level == "error"]
    things = "1 problem makes" if len(errors) == 1 else f"{len(errors)} problems make"
    return ContractError(
        f"{things} {opened.name} unusable:\n" + "\n".join(f"- {finding}" for finding in errors),
        "`finops check` shows them all with the rows concerned.",
    )
