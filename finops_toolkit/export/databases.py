"""An export into a database: one transaction, and only what an export wrote is replaced."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import pyarrow as pa

from ..errors import UsageError
from ..sources.sql import literal, quote
from .describing import MARKER, MARKER_TABLE, MODEL_TABLE, Record, model_rows
from .model import StarTable

Row = tuple[Any, ...]

TYPES = {
    **dict.fromkeys(("id", "text"), "TEXT"),
    **dict.fromkeys(("date", "month"), "DATE"),
    **dict.fromkeys(("money", "quantity"), "DECIMAL(19,4)"),
    "rate": "DECIMAL(19,8)",
    "time": "TIMESTAMP",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
    "number": "DOUBLE PRECISION",
    "key": "INTEGER",
}


class Engine(Protocol):
    """What an export asks of a database. `keys` says which tables get their keys: all, or dimensions only."""

    place: str
    keys: str
    comments: bool

    def run(self, sql: str) -> list[Row]:
        """Run a statement; the rows it gives."""

    def names(self) -> set[str]:
        """The tables and views that are there."""

    def insert(self, table: StarTable, batch: pa.RecordBatch) -> None:
        """Append rows to a table."""

    def empty(self, tables: Sequence[str]) -> bool:
        """Empty tables and keep them, where that spares what others built on them; False: drop them."""

    def constrain(self, table: StarTable, sql: str) -> None:
        """Add a key to a filled table, where it cannot be declared before."""


class Database:
    """A database being filled, inside a transaction that its engine began and ends."""

    def __init__(self, engine: Engine, tables: Sequence[StarTable]):
        self.engine = engine
        self.tables = [*tables, MODEL_TABLE, MARKER_TABLE]
        self._keep = self._clear()
        self._insert(MODEL_TABLE, iter([model_rows(tables)]))

    def fill(self, table: StarTable, batches: Iterator[pa.RecordBatch]) -> None:
        """One table with its rows, keys and comments."""
        self._insert(table, batches)

    def finish(self, record: Record) -> None:
        """The relations between the tables, and the table that says what was exported."""
        self._insert(MARKER_TABLE, iter([self._marked(record)]))
        if not self._keep:
            for table in self.tables:
                for sql in self._foreign(table):
                    self.engine.constrain(table, sql)

    def _insert(self, table: StarTable, batches: Iterator[pa.RecordBatch]) -> None:
        if not self._keep:
            self.engine.run(self._definition(table))
        for batch in batches:
            if len(batch):
                self.engine.insert(table, batch)
        if self.engine.comments and not self._keep:
            self.engine.run(f"COMMENT ON TABLE {quote(table.name)} IS {literal(table.text)}")
            for column in table.columns.values():
                named = f"{quote(table.name)}.{quote(column.name)}"
                self.engine.run(f"COMMENT ON COLUMN {named} IS {literal(column.text)}")

    def _clear(self) -> bool:
        """Take away what the export before wrote; True where its tables stay, emptied.

        UsageError where a table of somebody else has one of the names.
        """
        there = self.engine.names()
        before: list[Row] = []
        if MARKER in there:
            try:
                before = self.engine.run(f"SELECT table_name, model FROM {quote(MARKER)}")
            except Exception:
                raise UsageError(
                    f"{self.engine.place} has a table {MARKER} that no export wrote.", "Give another place."
                ) from None
        written = {str(name) for name, _ in before} | ({MARKER} if before else set())
        foreign = sorted({table.name for table in self.tables} & (there - written))
        if foreign:
            raise UsageError(
                f"{self.engine.place} has tables that no export wrote: {', '.join(foreign[:5])}.",
                "They stay as they are. Give another file, or another schema (?schema=NAME).",
            )
        ours = sorted(written & there)
        same = {model for _, model in before} == {self._model} and written == {t.name for t in self.tables}
        if same and set(ours) == written and self.engine.empty(ours):
            return True
        for name in sorted(ours, key=lambda name: (not name.startswith("fact_"), name)):
            self.engine.run(f"DROP TABLE {quote(name)}")
        return False

    @property
    def _model(self) -> str:
        """The hash of all definitions: with the same ones, tables can be filled again as they are."""
        parts = [self._definition(table) for table in self.tables]
        parts += [sql for table in self.tables for sql in self._foreign(table)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _marked(self, record: Record) -> pa.RecordBatch:
        rows = record.rows().to_pylist()
        rows.append(rows[0] | {"table_name": MODEL_TABLE.name, "row_count": None, "sha256": None})
        return pa.RecordBatch.from_pylist(
            [row | {"model": self._model} for row in rows], schema=MARKER_TABLE.schema
        )

    def _definition(self, table: StarTable) -> str:
        columns = [
            f"{quote(c.name)} {TYPES[c.type]}{'' if c.optional else ' NOT NULL'}"
            for c in table.columns.values()
        ]
        if (table.primary_key and self.engine.keys != "dimensions") or table.kind == "dimension":
            columns.append(f"PRIMARY KEY ({', '.join(quote(name) for name in table.key)})")
        if self.engine.keys == "declared":
            columns += [
                f"FOREIGN KEY ({quote(own)}) REFERENCES {there}" for own, there in self._references(table)
            ]
        return f"CREATE TABLE {quote(table.name)} ({', '.join(columns)})"

    def _references(self, table: StarTable) -> list[tuple[str, str]]:
        keys = {one.name: one.key[0] for one in self.tables if one.kind == "dimension"}
        return [
            (c.name, f"{quote(c.to)} ({quote(keys[c.to])})")
            for c in table.columns.values()
            if c.to is not None
        ]

    def _foreign(self, table: StarTable) -> list[str]:
        if self.engine.keys != "added":
            return []
        return [
            f"ALTER TABLE {quote(table.name)} ADD FOREIGN KEY ({quote(own)}) REFERENCES {there}"
            for own, there in self._references(table)
        ]
