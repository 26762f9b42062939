"""What the tables hold: kinds of columns, keys, joins between tables, and rows that are no records.

Forms are told from a sample of distinct values; rows, empty cells and keys are counted over everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from ..sources.loading import Loaded, load
from ..sources.macros import make_macros
from ..sources.sql import literal, quote
from ..sources.text import reason
from ..wording import counted
from .formats import Form, form_of, uses_comma
from .looking import Look, Source
from .words import plain, reserved, totals, unaccented

_SAMPLE_ROWS = 3_000
_AT_ONCE = 40  # columns an engine is asked about in one statement
_MOST_KEYS = 5  # that a column is compared with
_MOST_COLUMNS = 400  # of a table, looked at closely
# What lines of a text may be like, by the key of books.toml that says so.
_LINES = {
    "short_rows": "some lines end early: what they lack at the end is taken as empty",
    "trailing_delimiter": "each line ends in a delimiter: nothing stands behind it",
}
_PLACES = ("row_", "file_", "sheet_")


@dataclass
class Profile:
    """A column: how many values, how many different ones (about), their form, and a few of them."""

    name: str
    type: str
    filled: int = 0
    distinct: int = 0
    form: Form = field(default_factory=lambda: Form("empty"))
    examples: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)  # distinct ones of the sample
    least: float = 0.0
    most: float = 0.0
    unique: bool = False

    @property
    def kind(self) -> str:
        """The kind of its values, see Form."""
        return self.form.kind

    @property
    def sql(self) -> str:
        """Its name, quoted where SQL needs that: a name from data is never anything but a name."""
        plain_name = (
            re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", self.name) and self.name.lower() not in reserved()
        )
        return self.name if plain_name else quote(self.name)


@dataclass
class Apart:
    """Rows that are no records: a condition in SQL, why, how many, and one of them."""

    condition: str
    reason: str
    count: int
    example: str


@dataclass
class Table:
    """A source in the engine with what is known about it. `columns` leaves out row_, file_ and sheet_."""

    source: Source
    rows: int
    columns: dict[str, Profile]
    places: tuple[str, ...] = ()
    apart: list[Apart] = field(default_factory=list)
    comma: bool | None = None
    unprofiled: int = 0
    # Of columns set one below the other: the table they stand in side by side, and how they are read.
    origin: str = ""
    relation: str = ""
    counted: str = ""
    total: str = ""
    asked: str = ""

    @property
    def name(self) -> str:
        """Its name in the SELECTs."""
        return self.source.name


@dataclass(frozen=True)
class Join:
    """Each value of `column` in `table` is found in the column `key` of `other`, where it stands once."""

    table: str
    column: str
    other: str
    key: str
    share: float
    to: Profile


class _Statements:
    """An engine under the name by which the macros are made."""

    def __init__(self, engine: Any) -> None:
        self.raw_sql = engine.execute


def profile(seen: Look, shown: Callable[[int, int], None] | None = None) -> tuple[Any, dict[str, Table]]:
    """The engine with every table that could be read, and their profiles. What cannot goes to `unread`."""
    engine = duckdb.connect()
    engine.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
    make_macros(_Statements(engine))
    tables: dict[str, Table] = {}
    for number, source in enumerate(seen.sources):
        try:
            loaded = _load(engine, source, seen.folder)
            if not loaded.rows:
                seen.unread.append((source.shown, "it has no rows"))
                continue
            tables[source.name] = _table(engine, source, loaded.rows)
        except Exception as error:  # Each library has its own errors, and a file may be broken in any way.
            seen.unread.append((source.shown, reason(error)[:300]))
        if shown:
            shown(number + 1, len(seen.sources))
    seen.sources = [source for source in seen.sources if source.name in tables]
    return engine, tables


def profile_view(engine: Any, origin: Table, name: str, sql: str, each: str) -> Table:
    """The profile of a table's columns set one below the other, each a month or an account: `sql` stands
    after FROM.
    """
    engine.execute(f"CREATE VIEW {quote(name)} AS SELECT * FROM {sql}")
    rows = engine.execute(f"SELECT COUNT(*) FROM {quote(name)}").fetchall()[0][0]
    below = counted(rows // max(origin.rows, 1), each)
    shown = f"{origin.source.shown}, its {below} one below the other"
    source = Source(name, origin.source.entry, shown, origin.source.notes)
    table = _table(engine, source, rows)
    table.origin, table.relation = origin.name, sql
    return table


def _load(engine: Any, source: Source, folder: Path) -> Loaded:
    """Load a source. Rows shorter than the header, and a delimiter that ends each row, are written down."""
    for _ in range(len(_LINES) + 1):
        try:
            return load(engine, source.name, folder, source.entry)
        except ValueError as error:
            key = next((key for key in _LINES if f"say {key} = true" in str(error)), "")
            if not key or key in source.entry:
                raise
            source.entry[key] = True
            where = re.search(r"\bline [\d,]+", str(error))
            source.notes.append(_LINES[key] + (f" ({where[0]} is the first)" if where else ""))
    raise ValueError("its lines are of different lengths")


def _table(engine: Any, source: Source, rows: int) -> Table:
    described = engine.execute(f"DESCRIBE {quote(source.name)}").fetchall()
    names = [(str(name), str(kind)) for name, kind, *_ in described]
    places = tuple(name for name, _ in names if name in _PLACES)
    kept = [(name, kind) for name, kind in names if name not in _PLACES]
    columns = {name: Profile(name, kind) for name, kind in kept[:_MOST_COLUMNS]}
    table = Table(source, rows, columns, places, unprofiled=max(0, len(kept) - _MOST_COLUMNS))
    sample = _sample(engine, table)
    table.comma = uses_comma(list(sample.values()))
    for name, values in sample.items():
        column = columns[name]
        column.values = values
        column.examples = [value[:40] for value in values[:4]]
        column.form = _form(column, values, table.comma)
    _count(engine, table)
    table.apart = list(_rows_apart(engine, table))
    if table.apart:
        for name, values in _sample(engine, table, _without(table)).items():
            columns[name].values = values
            columns[name].examples = [value[:40] for value in values[:4]]
            columns[name].form = _form(columns[name], values, table.comma)
    _ranges(engine, table)
    return table


def _without(table: Table) -> str:
    """The condition of the rows that are records, over the table under the alias m."""
    return " AND ".join(f"({one.condition}) IS NOT TRUE" for one in table.apart) or "TRUE"


def text(column: Profile, alias: str = "") -> str:
    """SQL of a column's value as trimmed text, empty as NULL."""
    named = f"{alias}{column.sql}" if column.type == "VARCHAR" else f"CAST({alias}{column.sql} AS VARCHAR)"
    return f"NULLIF(TRIM({named}), '')"


def _sample(engine: Any, table: Table, where: str = "TRUE") -> dict[str, list[str]]:
    """Distinct values of each column in a sample: the first rows, the last, and some between."""
    taken = f"SELECT * FROM {quote(table.name)} m WHERE {where}"
    if table.rows > 20 * _SAMPLE_ROWS:
        taken += f" USING SAMPLE reservoir({_SAMPLE_ROWS} ROWS) REPEATABLE (7)"
    elif table.rows > _SAMPLE_ROWS:
        taken = f"SELECT * FROM ({taken}) USING SAMPLE reservoir({_SAMPLE_ROWS} ROWS) REPEATABLE (7)"
    found: dict[str, list[str]] = {}
    columns = list(table.columns.values())
    if not columns:
        return found
    # A cell of megabytes tells no more than its beginning.
    select = ", ".join(f"SUBSTR({text(column)}, 1, 200)" for column in columns)
    rows = engine.execute(f"SELECT {select} FROM ({taken})").fetchall()
    for place, column in enumerate(columns):
        found[column.name] = list(dict.fromkeys(row[place] for row in rows if row[place] is not None))
    return found


def _form(column: Profile, values: Sequence[str], comma: bool | None) -> Form:
    """The form of a column by its type in the engine, or by its texts."""
    kind = column.type.split("(")[0]
    if kind in (
        "DATE",
        "TIMESTAMP",
        "TIMESTAMP_NS",
        "TIMESTAMP_MS",
        "TIMESTAMP_S",
        "TIMESTAMP WITH TIME ZONE",
    ):
        return Form("date", "typed")
    if kind == "BOOLEAN":
        return Form("boolean")
    if kind in ("DOUBLE", "FLOAT", "DECIMAL"):
        whole = all(re.fullmatch(r"-?\d+(\.0*)?", value) for value in values)
        return Form("number", "typed", whole=whole and bool(values), point_zero=whole)
    if kind.endswith("INT") or kind.endswith("INTEGER"):
        found = form_of(values, comma)
        return found if found.kind == "month" else Form("number", "typed", whole=True)
    if kind != "VARCHAR":
        return Form("text")
    return form_of(values, comma)


def _count(engine: Any, table: Table) -> None:
    columns = list(table.columns.values())
    for part in (columns[i : i + _AT_ONCE] for i in range(0, len(columns), _AT_ONCE)):
        select = ", ".join(f"COUNT({text(c)}), APPROX_COUNT_DISTINCT({text(c)})" for c in part)
        row = engine.execute(f"SELECT {select} FROM {quote(table.name)}").fetchall()[0]
        for place, column in enumerate(part):
            column.filled, column.distinct = row[2 * place], min(row[2 * place], row[2 * place + 1])
    maybe = [c for c in columns if c.filled >= table.rows * 0.5 and c.distinct >= 0.85 * c.filled]
    for column in maybe[:60]:
        found = engine.execute(f"SELECT COUNT(DISTINCT {text(column)}) FROM {quote(table.name)}").fetchall()[
            0
        ][0]
        column.distinct, column.unique = found, found == column.filled and column.filled > 0


def _rows_apart(engine: Any, table: Table) -> Iterable[Apart]:
    """Repeated header rows, and rows of totals: conditions over the table under the alias m."""
    columns = [column for column in table.columns.values() if column.type == "VARCHAR"]
    if not columns:
        return
    name = f"{quote(table.name)} m"
    named = [c for c in columns if not re.fullmatch(r"column\d+", c.name)]
    if len(named) > 1:
        repeated = " AND ".join(f"TRIM(m.{c.sql}) = {literal(c.name)}" for c in named[:4])
        yield from _apart(engine, name, repeated, "repeated header row", named)
    usual = [c for c in table.columns.values() if c.filled >= 0.6 * table.rows]
    if len(usual) < 2:
        return
    starts = "|".join(sorted({word[:3] for word in totals()}))
    quick = f"'^[ *#]*(?i:{starts})|^ *[*]+ *$'"
    for part in (columns[i : i + _AT_ONCE] for i in range(0, len(columns), _AT_ONCE)):
        select = ", ".join(f"COUNT(*) FILTER (REGEXP_MATCHES(m.{c.sql}, {quick}))" for c in part)
        counts = engine.execute(f"SELECT {select} FROM {name}").fetchall()[0]
        for column, count in zip(part, counts, strict=True):
            if count:
                yield from _totals_in(engine, name, column, quick, usual, columns)


def _totals_in(
    engine: Any, name: str, column: Profile, quick: str, usual: Sequence[Profile], shown: Sequence[Profile]
) -> Iterable[Apart]:
    """Rows that sum others up: their word in one cell, and a cell empty that every record fills."""
    some_empty = " + ".join(f"CAST({text(c, 'm.')} IS NULL AS INTEGER)" for c in usual[:30])
    found = engine.execute(
        f"SELECT DISTINCT SUBSTR(TRIM(m.{column.sql}), 1, 60) FROM {name} "
        f"WHERE REGEXP_MATCHES(m.{column.sql}, {quick}) AND {some_empty} >= 1 LIMIT 200"
    ).fetchall()
    starts = set()
    for (cell,) in found:
        said = re.match(r"([*# ]*)(.*)", cell, re.DOTALL)
        if not said:
            continue
        if said[1].strip() == cell.strip():
            starts.add("*")
            continue
        # The longest beginning that is a word for a total: "Summe 1000" begins with "Summe".
        words = re.split(r"(?<=\w)[\s:.,*#\d(-]+", unaccented(said[2]).lower())
        for length in range(min(3, len(words)), 0, -1):
            if " ".join(words[:length]).strip(" :*#") in totals():
                starts.add(said[1] + said[2][: len(" ".join(words[:length]).rstrip(" :*#"))])
                break
    for start in sorted(starts):
        says = f"TRIM(m.{column.sql}) ILIKE {literal(_like(start) + '%')} ESCAPE '!'"
        if start == "*":
            says = f"REGEXP_FULL_MATCH(TRIM(m.{column.sql}), '[*]+')"
        for empty in sorted(usual, key=lambda c: (c.kind != "date", -c.filled)):
            condition = f"{says} AND {text(empty, 'm.')} IS NULL"
            both = engine.execute(
                f"SELECT COUNT(*), COUNT(*) FILTER ({text(empty, 'm.')} IS NULL) FROM {name} WHERE {says}"
            ).fetchall()[0]
            if both[0] == both[1] > 0:
                yield from _apart(engine, name, condition, "row of totals", shown)
                break


def _like(start: str) -> str:
    """A text as the beginning of a LIKE pattern."""
    return re.sub(r"([!%_])", r"!\1", start)


def _apart(engine: Any, name: str, condition: str, reason: str, shown: Sequence[Profile]) -> Iterable[Apart]:
    count = engine.execute(f"SELECT COUNT(*) FROM {name} WHERE {condition}").fetchall()[0][0]
    if count:
        cells = ", ".join(f"SUBSTR({text(c, 'm.')}, 1, 30)" for c in shown[:8])
        row = engine.execute(f"SELECT {cells} FROM {name} WHERE {condition} LIMIT 1").fetchall()[0]
        yield Apart(condition, reason, count, " · ".join(str(cell) for cell in row if cell is not None))


def number(column: Profile, alias: str = "") -> str:
    """SQL of a numeric column as text or number that the contract can read."""
    named = f"{alias}{column.sql}"
    return {"eu": f"number_eu({named})", "us": f"number_us({named})"}.get(column.form.form, named)


def _ranges(engine: Any, table: Table) -> None:
    """The least and the largest value of the numeric columns: what they can mean depends on it."""
    columns = [column for column in table.columns.values() if column.kind == "number"]
    for part in (columns[i : i + _AT_ONCE] for i in range(0, len(columns), _AT_ONCE)):
        taken = quote(table.name)
        if table.rows > 1_000_000:
            taken = f"(SELECT * FROM {taken} USING SAMPLE reservoir(200000 ROWS) REPEATABLE (7))"
        values = [f"TRY_CAST({number(column)} AS DOUBLE)" for column in part]
        select = ", ".join(f"MIN({value}), MAX({value})" for value in values)
        row = engine.execute(f"SELECT {select} FROM {taken}").fetchall()[0]
        for place, column in enumerate(part):
            column.least, column.most = row[2 * place] or 0.0, row[2 * place + 1] or 0.0


def key_text(column: Profile, alias: str = "") -> str:
    """SQL of a value as an identifier: trimmed text, whole numbers without .0."""
    named = f"{alias}{column.sql}"
    if column.type in ("DOUBLE", "FLOAT") or column.type.startswith("DECIMAL"):
        return (
            f"CAST(CAST({named} AS BIGINT) AS VARCHAR)" if column.form.whole else f"CAST({named} AS VARCHAR)"
        )
    if column.type != "VARCHAR":
        return f"CAST({named} AS VARCHAR)"
    return f"REGEXP_REPLACE(TRIM({named}), '[.]0$', '')" if column.form.point_zero else f"TRIM({named})"


def joins(engine: Any, tables: dict[str, Table]) -> list[Join]:
    """Columns whose values are found in a column that stands for a table's rows: by name, then by values."""
    found = []
    keys = [
        (table, c)
        for table in tables.values()
        if not table.source.view
        for c in table.columns.values()
        if c.unique
        and c.filled > 1
        and c.kind in ("number", "code", "text")
        and (c.form.whole or c.kind != "number")
    ]
    for table in tables.values():
        for column in table.columns.values():
            if column.kind not in ("number", "code", "text", "currency") or not column.filled:
                continue
            if column.kind == "number" and not column.form.whole:
                continue
            alike = [pair for pair in keys if pair[0] is not table and _alike(column, pair[1], pair[0])]
            # Files of one layout stand side by side: none of them leads to another.
            alike = [
                pair
                for pair in alike
                if set(pair[0].columns) != set(table.columns) and _likely(column, pair[1])
            ]
            for other, key in sorted(alike, key=lambda pair: pair[0].rows)[:_MOST_KEYS]:
                share = _contained(engine, table, column, other, key)
                if share >= 0.8:
                    found.append(Join(table.name, column.name, other.name, key.name, share, key))
    return found


def _alike(column: Profile, key: Profile, other: Table) -> bool:
    """Whether a column's name says that it points to a table's key."""
    if any(re.fullmatch(r"column\d+", one.name) for one in (column, key)):
        return False
    mine, its, table = plain(column.name), plain(key.name), plain(other.source.name)
    if mine == its:
        return mine not in ("name", "description", "bezeichnung", "text", "id")
    stems = {
        re.sub(r"^(dim|fact|tbl)|(s|en|e)$", "", table),
        re.sub(r"(id|key|no|nr|number|code|nummer)$", "", its),
    }
    bare = re.sub(r"(id|key|no|nr|number|code|nummer)$", "", mine)
    return len(bare) > 1 and (bare in stems or any(len(stem) > 3 and bare.endswith(stem) for stem in stems))


def _likely(column: Profile, key: Profile) -> bool:
    """Whether the sampled values make a join possible, before the engine is asked."""
    kinds = {column.kind, key.kind}
    return kinds != {"number", "text"} and column.distinct <= 1.3 * key.distinct + 10


def _contained(engine: Any, table: Table, column: Profile, other: Table, key: Profile) -> float:
    mine, its = key_text(column), key_text(key)
    row = engine.execute(
        f"SELECT COUNT(*), COUNT(k.v) FROM (SELECT DISTINCT {mine} AS v FROM {quote(table.name)} m "
        f"WHERE {text(column)} IS NOT NULL AND {_without(table)} LIMIT 2000) m "
        f"LEFT JOIN (SELECT {its} AS v FROM {quote(other.name)}) k ON k.v = m.v"
    ).fetchall()[0]
    return row[1] / row[0] if row[0] else 0.0


def span(engine: Any, table: Table, column: Profile, sql: str) -> tuple[str, str] | None:
    """First and last day of a column that `sql` reads as dates; None where it holds none."""
    row = engine.execute(
        f"SELECT MIN(d), MAX(d) FROM (SELECT TRY_CAST({sql} AS DATE) AS d FROM {quote(table.name)})"
    ).fetchall()[0]
    return (str(row[0]), str(row[1])) if row[0] else None
