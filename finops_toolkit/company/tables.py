"""From arrays of whole numbers to Arrow tables in the contract's types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finops_toolkit.books.contract import load_contract

ARROW = {
    "id": pa.string(),
    "text": pa.string(),
    "date": pa.date32(),
    "month": pa.date32(),
    "time": pa.timestamp("us"),
    "money": pa.decimal128(19, 4),
    "quantity": pa.decimal128(19, 4),
    "rate": pa.decimal128(19, 8),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
}


def decimals(values: np.ndarray, scale: int, missing: np.ndarray | None = None) -> pa.Array:
    """Whole numbers of 10**-scale as exact decimals."""
    low = np.ascontiguousarray(values, dtype=np.int64)
    words = np.empty((len(low), 2), dtype=np.int64)
    words[:, 0], words[:, 1] = low, low >> 63
    array = pa.Array.from_buffers(pa.decimal128(19, scale), len(low), [None, pa.py_buffer(words.tobytes())])
    return _blank(array, missing)


def _blank(array: pa.Array, missing: np.ndarray | None) -> pa.Array:
    if missing is None or not missing.any():
        return array
    return pc.if_else(pa.array(missing), pa.scalar(None, array.type), array)


def money(cents: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Whole cents as money."""
    return decimals(np.asarray(cents, dtype=np.int64) * 100, 4, missing)


def quantity(units: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Whole units as a quantity."""
    return decimals(np.asarray(units, dtype=np.int64) * 10_000, 4, missing)


def rate(hundred_millionths: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Whole hundred-millionths as a rate."""
    return decimals(hundred_millionths, 8, missing)


def dates(days: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Day numbers as dates."""
    days = np.asarray(days)
    safe = days if missing is None else np.where(missing, 0, days)
    return _blank(pa.array(safe.astype(np.int32)).cast(pa.date32()), missing)


def months(ordinals: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Month ordinals (year * 12 + month - 1) as the first day of the month."""
    first = (np.asarray(ordinals) - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]")
    return dates(first.astype(np.int64), missing)


def pick(codes: np.ndarray, words: Sequence[str | None], missing: np.ndarray | None = None) -> pa.Array:
    """Words by their position; -1 is missing."""
    codes = np.asarray(codes, dtype=np.int64)
    gone = (codes < 0) if missing is None else missing | (codes < 0)
    taken = pa.array(list(words), pa.string()).take(pa.array(np.where(gone, 0, codes)))
    return _blank(taken, gone)


def ids(prefix: str, numbers: np.ndarray, width: int = 6, missing: np.ndarray | None = None) -> pa.Array:
    """Identifiers such as I000123."""
    digits = pc.utf8_lpad(pa.array(np.asarray(numbers, dtype=np.int64)).cast(pa.string()), width, "0")
    return _blank(pc.binary_join_element_wise(prefix, digits, ""), missing)


def table(name: str, columns: Mapping[str, pa.Array | Sequence]) -> pa.Table:
    """A table with all columns of the contract in its order; what is not given is empty."""
    spec = load_contract().tables[name].columns
    unknown = set(columns) - set(spec)
    if unknown:
        raise KeyError(f"{name} has no column {sorted(unknown)}")
    rows = len(next(iter(columns.values())))
    arrays = []
    for column, rule in spec.items():
        kind = ARROW[rule.type]
        value = columns.get(column)
        if value is None:
            arrays.append(pa.nulls(rows, kind))
            continue
        array = value if isinstance(value, (pa.Array, pa.ChunkedArray)) else pa.array(value, kind)
        arrays.append(array if array.type == kind else array.cast(kind))
    return pa.table(arrays, names=list(spec))
