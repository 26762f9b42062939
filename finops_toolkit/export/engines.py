"""The databases that an export can fill: DuckDB and SQLite files, and PostgreSQL."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv

from ..books.address import Address
from ..errors import FinopsError, UsageError
from ..sources.sql import literal, quote
from .aside import written_aside
from .cells import plain_rows
from .databases import Database, Row
from .model import StarTable


class DuckDB:
    """A DuckDB file. Dimensions have their primary key; those of long facts would not fit into memory."""

    keys, comments = "dimensions", True

    def __init__(self, connection: Any, place: str):
        self.connection, self.place = connection, place

    def run(self, sql: str) -> list[Row]:
        """Run a statement; the rows it gives."""
        found: list[Row] = self.connection.execute(sql).fetchall()
        return found

    def names(self) -> set[str]:
        """The tables and views of the schema."""
        sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
        return {str(name) for (name,) in self.run(sql)}

    def insert(self, table: StarTable, batch: pa.RecordBatch) -> None:
        """Append rows as they come."""
        self.connection.register("arriving", pa.Table.from_batches([batch]))
        self.run(f"INSERT INTO {quote(table.name)} SELECT * FROM arriving")
        self.connection.unregister("arriving")

    def empty(self, tables: Sequence[str]) -> bool:
        """Never: within a transaction DuckDB takes a key that was deleted for one that is there."""
        return False

    def constrain(self, table: StarTable, sql: str) -> None:
        """Nothing is added: see `keys`."""


class SQLite:
    """A SQLite file. It knows no decimals: amounts are doubles; one that would lose a digit is refused."""

    keys, comments = "declared", False

    def __init__(self, connection: Any, place: str):
        self.connection, self.place = connection, place

    def run(self, sql: str) -> list[Row]:
        """Run a statement; the rows it gives."""
        found: list[Row] = self.connection.execute(sql).fetchall()
        return found

    def names(self) -> set[str]:
        """The tables and views."""
        return {
            str(name)
            for (name,) in self.run("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        }

    def insert(self, table: StarTable, batch: pa.RecordBatch) -> None:
        """Append rows; days and moments as ISO text, which SQLite's functions read."""
        marks = ", ".join("?" * len(table.columns))
        texts = [
            pa.compute.strftime(array, format="%Y-%m-%d %H:%M:%S")
            if pa.types.is_timestamp(array.type)
            else array.cast(pa.string())
            if pa.types.is_date(array.type)
            else array
            for array in batch.columns
        ]
        rows = plain_rows(pa.RecordBatch.from_arrays(texts, names=batch.schema.names), table.name, "SQLite")
        self.connection.executemany(f"INSERT INTO {quote(table.name)} VALUES ({marks})", rows)

    def empty(self, tables: Sequence[str]) -> bool:
        """Never: to drop them is quicker, and nothing depends on a table."""
        return False

    def constrain(self, table: StarTable, sql: str) -> None:
        """Nothing is added: keys were declared with the table."""


class Postgres:
    """A schema of a PostgreSQL database, with all keys declared: BI tools read the relations from there."""

    keys, comments = "added", True

    def __init__(self, connection: Any, place: str):
        self.connection, self.place = connection, place

    def run(self, sql: str) -> list[Row]:
        """Run a statement; the rows it gives."""
        cursor = self.connection.execute(sql)
        return cursor.fetchall() if cursor.description else []

    def names(self) -> set[str]:
        """The tables and views of the schema."""
        sql = "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
        return {str(name) for (name,) in self.run(f"{sql} AND relkind IN ('r', 'v', 'm', 'f', 'p')")}

    def insert(self, table: StarTable, batch: pa.RecordBatch) -> None:
        """Append rows by COPY: an empty field is NULL, a quoted one is a text."""
        text = io.BytesIO()
        csv.write_csv(batch, text, csv.WriteOptions(include_header=False))
        with self.connection.cursor().copy(f"COPY {quote(table.name)} FROM STDIN (FORMAT csv)") as copy:
            copy.write(text.getvalue())

    def empty(self, tables: Sequence[str]) -> bool:
        """Emptied tables keep the views and the rights that others gave them."""
        self.run(f"TRUNCATE {', '.join(quote(name) for name in tables)}")
        return True

    def constrain(self, table: StarTable, sql: str) -> None:
        """Add a foreign key; PostgreSQL checks it at once."""
        self.run(sql)


@contextmanager
def duckdb_file(place: Path, schema: str, tables: Sequence[StarTable]) -> Iterator[Database]:
    """A DuckDB file to fill: a new one is written aside, one that is there gets a transaction."""
    import duckdb

    with _at(place) as path:
        try:
            connection = duckdb.connect(str(path))
        except duckdb.Error as problem:
            raise UsageError(f"{place} cannot be opened: {_said(problem)}", "Is it open elsewhere?") from None
        try:
            connection.execute("BEGIN")
            if schema:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quote(schema)}")
                connection.execute(f"SET schema = {literal(schema)}")
            yield Database(DuckDB(connection, str(place)), tables)
            connection.execute("COMMIT")
        except duckdb.Error as problem:
            raise FinopsError(f"{place} could not be written: {_said(problem)}") from problem
        finally:
            connection.close()  # takes back what was not committed


@contextmanager
def sqlite_file(place: Path, tables: Sequence[StarTable]) -> Iterator[Database]:
    """A SQLite file to fill: a new one is written aside, one that is there gets a transaction."""
    import sqlite3

    with _at(place) as path:
        try:
            # Transactions begin and end where it is written, not where the library sees fit.
            connection = sqlite3.connect(path, isolation_level=None)
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield Database(SQLite(connection, str(place)), tables)
                connection.execute("COMMIT")
            finally:
                connection.close()
        except sqlite3.Error as problem:
            raise FinopsError(f"{place} could not be written: {_said(problem)}") from problem


@contextmanager
def _at(place: Path) -> Iterator[Path]:
    if place.exists():
        yield place
        return
    with written_aside(place) as aside:
        yield aside


@contextmanager
def postgres_schema(address: Address, tables: Sequence[StarTable]) -> Iterator[Database]:
    """A schema of a PostgreSQL database to fill, in one transaction. Passwords come as psql takes them."""
    try:
        import psycopg
    except ImportError:
        raise UsageError("PostgreSQL needs psycopg.", "Install it: pip install psycopg[binary]") from None
    schema = address.option("schema") or "public"
    try:
        with psycopg.connect(**_parameters(address)) as connection:
            # One export at a time: whoever comes second waits for the first to end.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"finops_export {schema}"])
            there = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema]).fetchone()
            if there is None:
                connection.execute(f"CREATE SCHEMA {quote(schema)}".encode())
            connection.execute(f"SET LOCAL search_path = {quote(schema)}".encode())
            yield Database(Postgres(connection, address.text), tables)
    except psycopg.errors.DependentObjectsStillExist as problem:
        raise UsageError(
            f"Tables of the export before cannot be replaced: {problem.diag.message_detail}",
            "The tables have other columns now. Drop what depends on them, or export into another schema.",
        ) from problem
    except psycopg.Error as problem:
        raise FinopsError(
            f"{address.text} could not be written: {_said(problem)}",
            "Set PGPASSWORD, or write the password into ~/.pgpass, if it is asked for.",
        ) from None


def _parameters(address: Address) -> dict[str, Any]:
    host, _, port = address.server.rpartition(":") if ":" in address.server else (address.server, "", "")
    given = {
        "host": address.option("host") or host.strip("[]"),
        "port": port,
        "user": address.user,
        "dbname": address.database,
        "service": address.option("service"),
        "sslmode": address.option("sslmode"),
        "sslrootcert": address.option("sslrootcert"),
        "application_name": "finops export",
    }
    return {name: value for name, value in given.items() if value}


def _said(problem: Exception) -> str:
    return " ".join(str(problem).split())
