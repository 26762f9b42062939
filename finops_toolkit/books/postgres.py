"""PostgreSQL: read only, one state of the database for all figures, text in the order of its bytes.

Credentials are libpq's business: PGPASSWORD, PGPASSFILE or ~/.pgpass, PGSERVICE. They never come here.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar

import ibis.expr.operations as ops
import psycopg
import pyarrow as pa
import sqlglot as sg
import sqlglot.expressions as sge
from ibis.backends.postgres import Backend
from ibis.backends.sql.compilers.postgres import PostgresCompiler
from ibis.expr import datatypes
from ibis.util import gen_name
from psycopg.conninfo import make_conninfo

from ..errors import UsageError
from .address import Address
from .engine import SPACES, Engine, in_a_sentence

_FETCHED = 100_000  # rows turned into Arrow at a time
_SETTINGS = "-c TimeZone=UTC -c default_transaction_read_only=on -c cursor_tuple_fraction=1"


class _Compiler(PostgresCompiler):
    """Ibis's SQL, with what PostgreSQL leaves to a locale or does in its own way said in so many words."""

    __slots__ = ()

    def visit_SortKey(self, op: Any, *, arg: Any, ascending: bool, nulls_first: bool) -> Any:
        if op.dtype.is_string():
            arg = sge.Collate(this=arg, expression=sg.to_identifier("C", quoted=True))
        return super().visit_SortKey(op, arg=arg, ascending=ascending, nulls_first=nulls_first)

    def visit_Strip(self, op: Any, *, arg: Any) -> Any:
        # A column of a type of its own (an enumeration) is text only once it is cast.
        return self.f.btrim(self.cast(arg, datatypes.string), SPACES)


class PostgresEngine(Engine, Backend):
    """A schema of a PostgreSQL database. Until it is released, all reads see it as the first of them did."""

    failures: ClassVar[tuple[type[Exception], ...]] = (psycopg.Error,)
    compiler = _Compiler()

    def __init__(self, address: Address):
        super().__init__(address.text)
        self.address = address
        self._connection: psycopg.Connection | None = None
        self._released = False

    @property
    def con(self) -> psycopg.Connection:
        """The connection, by the name the base class has for it. UsageError where there is none to be had."""
        if self._connection is None:
            self._connection = self._connected()
        return self._connection

    def _connected(self) -> psycopg.Connection:
        address = self.address
        given = {name: address.option(name) for name in ("service", "sslmode", "sslrootcert", "host")}
        host, _, port = address.server.rpartition(":") if ":" in address.server else (address.server, "", "")
        given |= {"user": address.user, "dbname": address.database, "port": port}
        given |= {"host": host.strip("[]")} if host else {}
        try:
            asked = make_conninfo(
                options=_SETTINGS,
                application_name="finops",
                **{name: value for name, value in given.items() if value},
            )
            connection = psycopg.connect(asked)
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
        except psycopg.Error as error:
            raise UsageError(
                f"{address.text} cannot be reached: {in_a_sentence(error)}",
                "Look at host, port, user and database. The password comes from PGPASSWORD, ~/.pgpass or "
                "PGSERVICE, never from the URL.",
            ) from error
        connection.autocommit = self._released
        return connection

    def release(self) -> None:
        """As Engine says. A transaction left open would keep others from changing the tables."""
        self._released = True
        if self._connection is not None and not self._connection.closed:
            self._connection.rollback()
            self._connection.autocommit = True

    @property
    def schema(self) -> str:
        """The schema that the tables are in: the URL's, else the first of the server's search path."""
        return self.address.option("schema") or str(self._rows("SELECT current_schema()")[0][0])

    def tables_there(self) -> list[str]:
        """As Engine says. A schema that is not there has no tables."""
        names = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s ORDER BY 1"
        return [str(name) for (name,) in self._rows(names, self.schema)]

    def columns_of(self, table: str) -> dict[str, Any]:
        """As Engine says."""
        with self.answering():
            return {
                name: kind(nullable=True)
                for name, kind in self.get_schema(table, database=self.schema).items()
            }

    def table_named(self, table: str, columns: dict[str, Any]) -> ops.DatabaseTable:
        """As Engine says."""
        # Without a schema in the URL the server's search path finds the table.
        place = ops.Namespace(database=self.address.option("schema") or None)
        return ops.DatabaseTable(table, schema=columns, source=self, namespace=place)

    def answer(self, sql: str, schema: pa.Schema, rows: int | None) -> Iterator[pa.RecordBatch]:
        """As Engine says. In parts the rows stay on the server; all at once it may use all its cores."""
        name = "" if rows is None else gen_name("finops")
        with self.con.transaction(), self.con.cursor(name, binary=True) as cursor:
            cursor.execute(sql)
            while found := cursor.fetchmany(rows or _FETCHED):
                columns = zip(schema, zip(*found, strict=True), strict=True)
                yield pa.record_batch(
                    [_array(values, field.type) for field, values in columns], schema=schema
                )

    def _rows(self, sql: str, *given: Any) -> list[tuple[Any, ...]]:
        with self.answering(), self.con.transaction():
            return self.con.execute(sql, given).fetchall()


def _array(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    """Values as they came from the server, in a type of Arrow: exactly, or not at all."""
    if pa.types.is_integer(kind):
        # A sum of whole numbers is a decimal to PostgreSQL.
        return pa.array([int(one) if isinstance(one, Decimal) else one for one in values], kind)
    return pa.array(values, kind)
