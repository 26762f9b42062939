"""Hashes of what the books give: the same for equal values, whoever holds them and wherever they came from.

A column is hashed as the values it has, not as the bytes a library keeps them in: text may be Python's or
Arrow's, whole numbers of any width, days and moments of any unit. A value that is missing is not the same as
an empty text or a zero; rows and columns in another order, or under another name, are something else.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from .finding import Finding
    from .panel import Panel


def hash_of(value: Any) -> str:
    """The SHA-256 of plain data: texts, numbers, lists, mappings by text. TypeError for others."""
    text = json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def frame_hash(frame: pd.DataFrame) -> str:
    """The SHA-256 of a frame's columns and rows in their order; of its index nothing."""
    columns = [_Column(name) for name in frame.columns]
    for place, column in enumerate(columns):
        column.add(_as_arrow(frame.iloc[:, place]))
    return _together(columns, len(frame))


def structure_hash(panel: Panel) -> str:
    """The SHA-256 of all that a panel holds but the figures: units, months, measures and what these cover."""
    measures = {name: asdict(measure) for name, measure in panel.measures.items()}
    calendar = [panel.months, panel.closed, panel.closings]
    calendar += [panel.begun, panel._preliminary] if panel.begun > panel.closed else []
    calendar += [panel.calendar.pattern, panel.calendar.year_end] if panel.calendar.pattern else []
    return hash_of([panel.units, panel.parents, calendar, measures, panel.missing, panel._coverage])


def unit_hash(panel: Panel, unit: str) -> str:
    """The SHA-256 of all figures of one unit: every measure, the rows counted, the histograms."""
    row, digest = panel.index(unit), hashlib.sha256()
    if panel.statements is not None:
        # What movements cover decides which periods have figures.
        for covers in (panel.statements.months, panel.statements.days, panel.statements.sheets):
            digest.update(covers[row].astype("<i8").tobytes())
    for held in (panel._values, panel._rows):
        for name in sorted(held):
            digest.update(f"{name}\n".encode())
            digest.update(held[name][row].astype("<i8").tobytes())
    for name in sorted(panel._histograms):
        frame = panel._histograms[name]
        own = frame.loc[frame["unit"] == unit, ["month", "days", "count"]].astype("int64")
        digest.update(f"{name} {frame_hash(own.sort_values(['month', 'days']))}\n".encode())
    return digest.hexdigest()


def findings_hash(findings: Iterable[Finding]) -> str:
    """The SHA-256 of findings: their words, counts and amounts, and the rows they show."""
    return hash_of(
        [
            [
                one.level,
                one.table,
                one.rule,
                one.text,
                one.count,
                _plain(one.amount),
                one.hint,
                frame_hash(one.rows),
            ]
            for one in findings
        ]
    )


def _plain(amount: Any) -> int | None:
    return None if amount is None else int(amount)


def batches_hash(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> str:
    """The SHA-256 of a table that comes in parts, however it was cut into them."""
    passing = PassingHash(schema)
    for batch in batches:
        passing.add(batch)
    return passing.digest()


class PassingHash:
    """The SHA-256 of a table whose parts pass by, on their way to somewhere else."""

    def __init__(self, schema: pa.Schema):
        self.rows, self._columns = 0, [_Column(field.name) for field in schema]
        # A table without rows has columns of a kind, too.
        self.add(pa.RecordBatch.from_pylist([], schema))

    def add(self, batch: pa.RecordBatch) -> None:
        """The next rows."""
        self.rows += len(batch)
        for column, array in zip(self._columns, batch.columns, strict=True):
            column.add(array)

    def digest(self) -> str:
        """The hash of all rows so far."""
        return _together(self._columns, self.rows)


def _together(columns: Iterable[_Column], rows: int) -> str:
    return hash_of([rows, [column.digest() for column in columns]])


class _Column:
    """The hash of a column under way: of its kind, and of parts that grow with each further array."""

    def __init__(self, name: Any):
        self.name = str(name)
        self.kind = ""
        self.parts = (hashlib.sha256(), hashlib.sha256())

    def add(self, array: pa.Array) -> None:
        self.kind, *parts = _encoded(array)
        for digest, part in zip(self.parts, parts, strict=True):
            digest.update(part)

    def digest(self) -> list[str]:
        return [self.name, self.kind, *(part.hexdigest() for part in self.parts)]


def _encoded(array: pa.Array) -> tuple[str, bytes, bytes]:
    """Kind of an array; where its values are, or how long; and the values one after the other."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return _encoded(array.dictionary_decode())
    if pa.types.is_null(kind) or _is_text(kind):
        return ("text", *_text(array.cast(pa.large_string())))
    if not _is_number(kind):
        return ("other", *_text(pa.array([_said(value) for value in array.to_pylist()], pa.large_string())))
    return *_values(array), np.asarray(array.is_valid()).tobytes()


def _values(array: pa.Array) -> tuple[str, bytes]:
    """Kind and values of an array of numbers, days or moments; zero stands for what is missing."""
    kind = array.type
    if pa.types.is_boolean(kind):
        return "boolean", _numbers(array.cast(pa.uint8())).tobytes()
    if pa.types.is_uint64(kind):
        return "unsigned", _numbers(array).tobytes()
    if pa.types.is_integer(kind):
        return "integer", _numbers(array.cast(pa.int64())).tobytes()
    if pa.types.is_floating(kind):
        values = _numbers(array.cast(pa.float64()))
        # There are many NaNs, and no reader can tell one from another.
        return "number", np.where(np.isnan(values), np.nan, values).tobytes()
    if pa.types.is_date(kind):
        return "date", _numbers(array.cast(pa.date32()).cast(pa.int32())).tobytes()
    if pa.types.is_timestamp(kind):
        return f"moment {kind.tz or ''}".rstrip(), _moments(array).tobytes()
    return f"decimal {kind.scale}", _decimals(array).tobytes()


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _is_number(kind: pa.DataType) -> bool:
    plain = (
        pa.types.is_boolean,
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_date,
        pa.types.is_timestamp,
    )
    return any(test(kind) for test in plain) or (pa.types.is_decimal(kind) and kind.bit_width <= 128)


def _text(array: pa.Array) -> tuple[bytes, bytes]:
    """Lengths in bytes (-1: missing), and the texts one after the other."""
    if not len(array):
        return b"", b""
    filled = pc.fill_null(array, "")
    _, places, data = filled.buffers()
    ends = np.frombuffer(places, dtype="<i8")[filled.offset : filled.offset + len(filled) + 1]
    lengths = np.diff(ends)
    if array.null_count:
        lengths = np.where(np.asarray(array.is_valid()), lengths, -1)
    return lengths.tobytes(), b"" if data is None else data[int(ends[0]) : int(ends[-1])].to_pybytes()


def _numbers(array: pa.Array) -> np.ndarray:
    filled = pc.fill_null(array, 0) if array.null_count else array
    return np.asarray(filled.to_numpy(zero_copy_only=False))


def _moments(array: pa.Array) -> np.ndarray:
    """Seconds and billionths of them: [value, 2], whatever unit they are kept in."""
    each = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[array.type.unit]
    seconds, rest = np.divmod(_numbers(array.cast(pa.int64())), each)
    return np.column_stack([seconds, rest * (10**9 // each)])


def _decimals(array: pa.Array) -> np.ndarray:
    """The unscaled integers as their lower and upper 64 bits: [value, 2]."""
    wide = array.cast(pa.decimal128(38, array.type.scale))
    words = np.frombuffer(wide.buffers()[1], dtype="<i8") if len(wide) else np.zeros(0, "<i8")
    pairs = words.reshape(-1, 2)[wide.offset : wide.offset + len(wide)]
    return np.where(np.asarray(array.is_valid())[:, None], pairs, 0)


def _as_arrow(series: pd.Series) -> pa.Array:
    """A column of a frame as an array of the kind its values have."""
    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "biufM":
        return pa.array(series.to_numpy(), from_pandas=False)
    if isinstance(dtype, pd.CategoricalDtype):
        return _as_arrow(series.astype(dtype.categories.dtype))
    try:
        if dtype.kind == "O" and isinstance(dtype, np.dtype):
            return pa.array(series, _kind_of(series), from_pandas=True)
        array = pa.array(series, from_pandas=True)
        return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return pa.array([_said(value) for value in series], pa.large_string()).cast(pa.large_binary())


def _kind_of(series: pd.Series) -> pa.DataType:
    """The type of a column of Python's objects, where they all have one. TypeError where they do not."""
    kind = pd.api.types.infer_dtype(series, skipna=True)
    if kind in ("string", "empty"):
        return pa.large_string()
    if kind == "boolean":
        return pa.bool_()
    # A moment is a kind of date to Python; cut down to its day it would be another value.
    if kind == "date" and all(type(value) is dt.date for value in series.dropna()):
        return pa.date32()
    raise TypeError(f"values of several types, or of none that is known: {kind}")


def _said(value: Any) -> str:
    return f"{type(value).__name__} {value!r}".encode("utf-8", "backslashreplace").decode()
