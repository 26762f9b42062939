"""Tying out: every row of a source, and its money, is used or rejected with a reason, never just gone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from ..sources.sql import quote
from ..sources.text import reason
from ..wording import joined
from .adapting import REJECTED, one_select, run_select
from .checking import SCALE
from .contract import Table, load_contract
from .finding import Finding
from .mending import failed_value, place_in

if TYPE_CHECKING:
    from .opening import Opened

# A column a SELECT may give beside the contract's: how many rows of the source each row stands for.
ROWS = "source_rows"
_MONEY = "DECIMAL(38, 4)"
_ALLOWED = {"from", "amount", "column"}
_HINT = "docs/sources.md says how a table is tied to what it was made from"


@dataclass(frozen=True)
class Rejected:
    """Rows of a source that were left out on purpose, and why; amount in ten-thousandths or None."""

    reason: str
    rows: int
    amount: int | None


@dataclass(frozen=True)
class Tie:
    """A table against what it was made from: rows, and money in ten-thousandths (None: none is named)."""

    table: str
    sources: tuple[str, ...]
    read: int
    used: int
    rejected: tuple[Rejected, ...]
    column: str | None = None
    amount_read: int | None = None
    amount_used: int | None = None

    @property
    def rows_missing(self) -> int:
        """Rows neither used nor rejected; negative where some were used more than once."""
        return self.read - self.used - sum(part.rows for part in self.rejected)

    @property
    def amount_missing(self) -> int | None:
        """Money neither used nor rejected."""
        if self.amount_read is None or self.amount_used is None:
            return None
        return self.amount_read - self.amount_used - sum(part.amount or 0 for part in self.rejected)


def tie_out(opened: Opened) -> None:
    """Compare each table that books.toml ties to its sources; what does not tie is among the findings."""
    declared = set(opened.settings.get("sources", {}))
    for name, entry in opened.settings.get("tables", {}).items():
        if isinstance(entry, dict) and set(_names(entry)) & (declared - set(opened.sources)):
            continue  # it is said already that a source cannot be read
        table = load_contract().tables.get(name)
        wrong = _wrong(opened, table, entry)
        if wrong:
            opened.error("books.toml", "tie", f"[tables.{name}] is not understood: {wrong}", hint=_HINT)
        elif name in opened.tables:
            try:
                tie = _tie(opened, name, entry)
            except (duckdb.Error, ValueError, OSError) as error:
                query = f"{entry['from']} {entry.get('amount', '')}"
                failed = failed_value(opened, query, str(error))
                said, hint = failed or (_said(error), _HINT)
                text = f"[tables.{name}] cannot be tied to its source: {said}"
                opened.error("books.toml", "tie", text, hint=hint)
            else:
                opened.ties.append(tie)
                opened.findings += _findings(tie)


def _names(entry: dict[str, Any]) -> list[str]:
    given = entry.get("from", [])
    return [name for name in (given if isinstance(given, list) else [given]) if isinstance(name, str)]


def _wrong(opened: Opened, table: Table | None, entry: Any) -> str | None:
    if table is None:
        return "the contract has no such table"
    if not isinstance(entry, dict) or set(entry) - _ALLOWED or "from" not in entry:
        return 'write from = "SOURCE"; with money also amount = "SQL over the source" and column = "amount"'
    names = [entry["from"]] if isinstance(entry["from"], str) else entry["from"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return "from names a source, or several in a list"
    absent = [name for name in names if name not in opened.sources]
    if absent:
        return f"there is no source {', '.join(absent)}; there is {', '.join(opened.sources) or 'none'}"
    if ("amount" in entry) != ("column" in entry):
        return "amount and column go together"
    if "column" in entry:
        column = table.columns.get(entry["column"])
        if column is None or column.type not in ("money", "quantity"):
            return f"{entry['column']} is no column of money or quantity"
    return None


def _tie(opened: Opened, name: str, entry: dict[str, Any]) -> Tie:
    sources = (entry["from"],) if isinstance(entry["from"], str) else tuple(entry["from"])
    read = sum(opened.sources[source] for source in sources)
    amount_read = amount_used = None
    if "amount" in entry:
        expression = one_select(f"SELECT {entry['amount']}")[len("SELECT ") :]
        amounts = [
            _one(
                opened,
                f"SELECT SUM(CAST(CAST(({expression}) AS DECIMAL(19, 4)) AS {_MONEY})) FROM {quote(source)}",
            )
            for source in sources
        ]
        amount_read = sum(amounts)
        column = quote(entry["column"])
        amount_used = _one(opened, f"SELECT SUM(CAST({column} AS {_MONEY})) FROM books.{quote(name)}")
    raw = f"raw.{quote(name)}"
    used = _count(opened, raw)
    rejected = _rejected(opened, name, "amount" in entry)
    return Tie(name, sources, read, used, rejected, entry.get("column"), amount_read, amount_used)


def _count(opened: Opened, raw: str) -> int:
    columns = [str(row[0]).lower() for row in opened.connection.raw_sql(f"DESCRIBE {raw}").fetchall()]
    counted = f"SUM({ROWS})" if ROWS in columns else "COUNT(*)"
    return int(opened.connection.raw_sql(f"SELECT {counted} FROM {raw}").fetchall()[0][0] or 0)


def _rejected(opened: Opened, name: str, money: bool) -> tuple[Rejected, ...]:
    path = opened.folder / f"{name}{REJECTED}.sql"
    if not path.is_file():
        return ()
    raw = f"raw.{quote(name + REJECTED)}"
    try:
        run_select(opened, raw, path)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    columns = [str(row[0]).lower() for row in opened.connection.raw_sql(f"DESCRIBE {raw}").fetchall()]
    needed = ["reason", *(["amount"] if money else [])]
    if not set(needed) <= set(columns):
        raise ValueError(f"{path.name} must give {joined(needed)}; it gives {', '.join(columns)}")
    counted = f"SUM({ROWS})" if ROWS in columns else "COUNT(*)"
    summed = f"SUM(CAST(CAST(amount AS DECIMAL(19, 4)) AS {_MONEY}))" if money else "NULL"
    rows = opened.connection.raw_sql(
        f"SELECT COALESCE(CAST(reason AS VARCHAR), 'no reason given'), {counted}, {summed} FROM {raw} "
        "GROUP BY 1 ORDER BY 2 DESC, 1"
    ).fetchall()
    return tuple(
        Rejected(why, int(count), None if amount is None else int(amount * SCALE))
        for why, count, amount in rows
    )


def _one(opened: Opened, statement: str) -> int:
    value = opened.connection.raw_sql(statement).fetchall()[0][0]
    return 0 if value is None else int(value * SCALE)


def _findings(tie: Tie) -> list[Finding]:
    rows, amount = tie.rows_missing, tie.amount_missing
    if not rows and not amount:
        return []
    what = ", ".join(tie.sources)
    parts = []
    if rows > 0:
        parts.append(f"{rows:,} of {tie.read:,} rows of {what} are neither used nor rejected")
    elif rows < 0:
        parts.append(
            f"{-rows:,} rows more are used or rejected than the {tie.read:,} of {what}: some count twice"
        )
    if amount:
        parts.append(f"{amount / SCALE:,.2f} of {tie.column} in {what} is not accounted for")
    hint = f"look at joins and WHERE in {tie.table}.sql; "
    hint += f"rows left out on purpose belong in {tie.table}{REJECTED}.sql"
    return [Finding("difference", tie.table, "tied", "; ".join(parts), abs(rows), amount, hint=hint)]


def _said(error: Exception) -> str:
    return place_in("", str(error), 0) if isinstance(error, duckdb.Error) else reason(error)


def is_rejected(path: Path) -> bool:
    """Whether a file says which rows of a table's source are left out."""
    return path.name.lower().endswith(f"{REJECTED}.sql")
