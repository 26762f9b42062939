"""An engine that is not there yet: it starts when an expression is executed, with the tables that uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.operations as ops
from ibis.backends.duckdb import Backend

from .address import Address
from .database import attach
from .locking import lock_down


class DeferredEngine(Backend):
    """DuckDB for expressions over typed tables, connected when the first one is executed.

    views: for each typed table the statements that make it; they run when an expression uses the table.
    folders: what the connection may read from; address: of a database file that is attached. Many reports
    read no table at all, most a few of them.
    """

    def __init__(
        self, views: Mapping[str, Sequence[str]], folders: Sequence[Path], address: Address | None = None
    ):
        super().__init__()
        self._views, self._folders, self._address = dict(views), list(folders), address
        self._connection: Any = None

    @property
    def connected(self) -> bool:
        """Whether anything was executed so far."""
        return self._connection is not None

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The connection, by the name the base class has for it."""
        if self._connection is None:
            self.do_connect()
            try:
                if self._address is None:
                    lock_down(self, self._folders)
                else:
                    attach(self, self._address)
            except Exception:
                # One that is not locked down is not to be found here by the next read.
                self._connection = None
                raise
        return self._connection

    @con.setter
    def con(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def _run_pre_execute_hooks(self, expr: Any) -> None:
        connection = self.con
        for table in expr.op().find(ops.DatabaseTable):
            for statement in self._views.pop(table.name, ()):
                connection.execute(statement)
        super()._run_pre_execute_hooks(expr)
