"""Batches as rows of plain values, for files that know no decimals; a lost digit is refused."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from ..errors import FinopsError

# A double keeps so many decimal digits whatever the number.
_DIGITS = 15


def plain_rows(batch: pa.RecordBatch, table: str, keeper: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a batch: decimals as floats, all else as Python has it, None for what is empty.

    Raises FinopsError for an amount of more digits than a double keeps; `keeper` says whose limit it is.
    """
    columns = [
        _floats(array, f"{table}.{name}", keeper) if pa.types.is_decimal(array.type) else array.to_pylist()
        for name, array in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return zip(*columns, strict=True)


def _floats(array: pa.Array, column: str, keeper: str) -> list[float | None]:
    words = np.frombuffer(array.buffers()[1], dtype="<i8")[2 * array.offset : 2 * (array.offset + len(array))]
    low, high = words[0::2], words[1::2]
    there = np.asarray(array.is_valid())
    # A whole number of few digits divided by a power of ten is the double nearest to the decimal.
    if not ((np.abs(low) >= 10**_DIGITS) & there).any() and (high == low >> 63)[there].all():
        found = (low / 10.0**array.type.scale).tolist()
        return [value if kept else None for value, kept in zip(found, there, strict=True)]
    return [_double(value, column, keeper) for value in array.to_pylist()]


def _double(value: Decimal | None, column: str, keeper: str) -> float | None:
    if value is None:
        return None
    if len(value.normalize().as_tuple().digits) > _DIGITS:
        raise FinopsError(
            f"{column} holds {value}: {keeper} keeps {_DIGITS} digits, and this has more.",
            "Export to Parquet, CSV, DuckDB or PostgreSQL: they keep decimals exactly.",
        )
    return float(value)
