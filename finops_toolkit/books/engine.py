"""What engines other than DuckDB have in common: they start late, and answer in the types DuckDB answers in.

The same expressions give the same figures in the same types and order on every engine. What an engine says
when it fails is said as an error of ours, in a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import ibis.expr.operations as ops
import pandas as pd
import pyarrow as pa
from ibis.formats.pandas import PandasData

from ..errors import ContractError
from .address import Address

# What stands around a text by mistake: every character that Unicode calls a space, as DuckDB trims them.
SPACES = " \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u202f\u205f\u3000"


class Engine:
    """A server with tables, reached when an expression is first executed. Mixed into a backend of Ibis."""

    failures: ClassVar[tuple[type[Exception], ...]] = ()
    address: Address

    def release(self) -> None:
        """From here on each read sees the tables as they then are; until then all see the same state."""

    def tables_there(self) -> list[str]:
        """The tables and views that may be read. Raises UsageError where the server cannot be reached."""
        raise NotImplementedError

    def settings_there(self) -> str:
        """The text of a books.toml beside the tables; empty where there is none."""
        return ""

    def columns_of(self, table: str) -> dict[str, Any]:
        """The Ibis type of each column of a table."""
        raise NotImplementedError

    def table_named(self, table: str, columns: dict[str, Any]) -> ops.DatabaseTable:
        """A table as it lies, by its name and columns: the server need not be asked."""
        raise NotImplementedError

    def answer(self, sql: str, schema: Any, rows: int | None) -> Iterator[pa.RecordBatch]:
        """What a query gives, in the schema's Arrow types: so many rows at a time, or (None) all at once."""
        raise NotImplementedError

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Within it, what the engine says is a ContractError: the last line of a stack helps nobody."""
        try:
            yield
        except self.failures as error:
            raise ContractError(
                f"{self.address.text} gave no answer: {in_a_sentence(error)}",
                "Look whether the database is there and whether its tables may be read, then try again.",
            ) from error

    def to_pyarrow_batches(
        self, expr: Any, /, *, params: Any = None, limit: Any = None, chunk_size: int | None = None, **_: Any
    ) -> pa.RecordBatchReader:
        """As the base class has it."""
        table = expr.as_table()
        with self.answering():
            self._run_pre_execute_hooks(table)  # type: ignore[attr-defined]
            sql = self.compile(table, params=params, limit=limit)  # type: ignore[attr-defined]
        schema = table.schema().to_pyarrow()

        def batches() -> Iterator[pa.RecordBatch]:
            with self.answering():
                yield from self.answer(sql, schema, chunk_size)

        return pa.RecordBatchReader.from_batches(schema, batches())

    def to_pyarrow(self, expr: Any, /, **more: Any) -> Any:
        """As the base class has it."""
        return expr.__pyarrow_result__(self.to_pyarrow_batches(expr, **more).read_all())

    def execute(self, expr: Any, /, **more: Any) -> Any:
        """As the base class has it; the columns are of the kinds that DuckDB's backend gives."""
        table = expr.as_table()
        arrow = self.to_pyarrow_batches(table, **more).read_all()
        columns = zip(arrow.column_names, arrow.columns, strict=True)
        frame = pd.DataFrame(
            {
                name: column.to_pylist() if column.null_count else column.to_pandas()
                for name, column in columns
            }
        )
        return expr.__pandas_result__(PandasData.convert_table(frame, table.schema()))


def in_a_sentence(error: Exception) -> str:
    """The first line of what an engine says, without its codes."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= 300 else text[:300] + "…"
