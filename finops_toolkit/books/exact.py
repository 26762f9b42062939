"""From the engine's decimals to int64 ten-thousandths, exactly or not at all."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from ..errors import ContractError
from .checking import SCALE


def exact_integers(column: pa.ChunkedArray) -> np.ndarray:
    """Sums from the engine as int64 ten-thousandths; an empty sum is 0.

    Decimals of scale 4 are their own unscaled integers. Raises ContractError beyond 922 trillion.
    """
    if not pa.types.is_decimal(column.type):
        return column.fill_null(0).to_numpy().astype("int64") * SCALE
    chunk = column.cast(pa.decimal128(38, 4)).combine_chunks()
    if isinstance(chunk, pa.ChunkedArray):
        chunk = pa.concat_arrays(chunk.chunks) if chunk.num_chunks else pa.array([], pa.decimal128(38, 4))
    words = np.frombuffer(chunk.buffers()[1], dtype="<i8")[2 * chunk.offset : 2 * (chunk.offset + len(chunk))]
    low, high = words[0::2].copy(), words[1::2]
    empty = ~np.asarray(chunk.is_valid())
    low[empty] = 0
    if ((high != (low >> 63)) & ~empty).any():
        raise _too_large()
    return low


def _too_large() -> ContractError:
    return ContractError(
        "A sum is larger than 922 trillion: that is no company's books.",
        "Look for amounts in the wrong unit with `finops check`.",
    )


def fits(sums: np.ndarray | pd.Series) -> None:
    """ContractError where one of some sums (of absolute values, as floats) may not fit an int64.

    numpy adds integers beyond it without a word, and gets another sign.
    """
    if len(sums) and float(np.max(sums)) > 9.2e18:
        raise _too_large()


def rounded(numerators: Any, denominator: int) -> Any:
    """Python's whole numbers divided by one, half to even: a number, or an array of them as int64."""
    quotient, rest = numerators // denominator, numerators % denominator
    if not isinstance(numerators, np.ndarray):
        return quotient + (2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1))
    up = (2 * rest > denominator) | ((2 * rest == denominator) & (quotient % 2 == 1))
    found = quotient + up.astype(bool)
    fits(np.abs(found.astype(float)))
    return found.astype("int64")


def fetch(table: ibis.Table, keys: list[str], values: list[str]) -> pd.DataFrame:
    """Keys as they are, values as int64 ten-thousandths."""
    return exact_frame(table.to_pyarrow(), keys, values)


def exact_frame(arrow: pa.Table, keys: list[str], values: list[str]) -> pd.DataFrame:
    """As fetch, from what the engine gave."""
    data: dict[str, Any] = {key: arrow[key].to_pandas() for key in keys}
    data |= {name: exact_integers(arrow[name]) for name in values}
    return pd.DataFrame(data)
