"""Spark: a cluster, Spark Connect, or this machine alone; tables of its catalog, or a lake of Parquet files.

Spark rounds a product of decimals to fewer places unless told otherwise: it is told.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import ibis
import ibis.expr.operations as ops
import pyarrow as pa
from ibis.backends.pyspark import Backend
from ibis.backends.pyspark.datatypes import PySparkType
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from ..errors import UsageError
from .address import Address
from .contract import load_contract
from .engine import SPACES, Engine, in_a_sentence

# Of a session, whatever the cluster's own defaults are: decimals exact or an error, time without zones.
_SESSION = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
}
# Of a Spark that is started here, for this process alone.
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}


class _Compiler(PySparkCompiler):
    """Ibis's SQL, with what is trimmed from a text said in so many words."""

    __slots__ = ()

    def visit_Strip(self, op: Any, *, arg: Any) -> Any:
        return self.f.btrim(arg, SPACES)


class SparkEngine(Engine, Backend):
    """A database of Spark's catalog (the URL's, else the current one), or a lake: a folder of Parquet."""

    failures: ClassVar[tuple[type[Exception], ...]] = (PySparkException, Py4JError)
    compiler = _Compiler()

    def __init__(self, address: Address):
        super().__init__(address.text)
        if ibis.options.pyspark is None:
            # Ibis does so for a backend that it makes itself; the SQL of a float asks for them.
            self.register_options()
        self.address = address
        self._started: SparkSession | None = None
        self._viewed: set[str] = set()

    @property
    def session(self) -> SparkSession:
        """The session. Raises UsageError where Spark cannot be started or reached."""
        if self._started is None:
            try:
                started = _session(self.address)
                for name, value in _SESSION.items():
                    started.conf.set(name, value)
                if self.address.database:
                    started.catalog.setCurrentDatabase(self.address.database)
            except Exception as error:  # what a missing Java or server raises belongs to no one family
                raise UsageError(
                    f"{self.address.text} cannot be reached: {in_a_sentence(error)}",
                    "Look at host, port and database. Spark on this machine needs Java 17 or 21 (JAVA_HOME).",
                ) from error
            self._started = self._session = started
        return self._started

    def tables_there(self) -> list[str]:
        """As Engine says. Of a lake, the contract's tables that it has."""
        if self.address.option("lake"):
            return [name for name in load_contract().tables if self._lies_there(name)]
        with self.answering():
            return sorted(row.tableName for row in self.session.sql("SHOW TABLES").collect())

    def settings_there(self) -> str:
        """As Engine says: a lake's books.toml."""
        lake = self.address.option("lake").rstrip("/")
        try:
            found = self.session.read.text(f"{lake}/books.toml", wholetext=True).collect() if lake else []
        except PySparkException as error:
            if error.getCondition() == "PATH_NOT_FOUND":
                return ""
            with self.answering():
                raise
        return found[0][0] if found else ""

    def columns_of(self, table: str) -> dict[str, Any]:
        """As Engine says."""
        session = self.session
        self._lies_there(table)
        with self.answering():
            fields = session.table(table).schema.fields
        return {field.name: PySparkType.to_ibis(field.dataType) for field in fields}

    def table_named(self, table: str, columns: dict[str, Any]) -> ops.DatabaseTable:
        """As Engine says."""
        return ops.DatabaseTable(table, schema=columns, source=self, namespace=ops.Namespace())

    def answer(self, sql: str, schema: pa.Schema, rows: int | None) -> Iterator[pa.RecordBatch]:
        """As Engine says. Spark sends all of it at once."""
        yield from self.session.sql(sql).toArrow().cast(schema).to_batches(max_chunksize=rows)

    def _run_pre_execute_hooks(self, expr: Any) -> None:
        for table in expr.op().find(ops.DatabaseTable):
            self._lies_there(table.name)

    def _lies_there(self, table: str) -> bool:
        """Whether a lake has a table: a folder of part files, or one file. From here on it has a name."""
        session, lake = self.session, self.address.option("lake").rstrip("/")
        if not lake or table in self._viewed:
            return True
        for path in (f"{lake}/{table}", f"{lake}/{table}.parquet"):
            try:
                # Part files may differ: a column that only some have is not to be lost.
                found = session.read.option("mergeSchema", "true").parquet(path)
                found.createOrReplaceTempView(table)
            except PySparkException as error:
                if error.getCondition() != "PATH_NOT_FOUND":
                    with self.answering():
                        raise
            else:
                self._viewed.add(table)
                return True
        return False


def _session(address: Address) -> SparkSession:
    builder = SparkSession.builder.appName("finops")
    if address.scheme == "sc":
        return builder.remote(f"sc://{address.server}").create()
    local = address.server.startswith("local")
    builder = builder.master(address.server if local else f"spark://{address.server}")
    for name, value in _LOCAL.items() if local else ():
        builder = builder.config(name, value)
    hears = signal.getsignal(signal.SIGINT)
    # What others set in this process's session is theirs.
    session = builder.getOrCreate().newSession()
    if threading.current_thread() is threading.main_thread() and hears is not None:
        # Spark answers Ctrl-C from now on, and goes on doing so when it is long stopped: with a traceback.
        signal.signal(signal.SIGINT, hears)
    if local:
        session.conf.set("spark.sql.shuffle.partitions", session.sparkContext.defaultParallelism)
    return session
