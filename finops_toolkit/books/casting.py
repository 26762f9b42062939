"""From the types a file happens to have to the types of the contract, without losing a value in silence.

Every expression is SQL of DuckDB, the engine that opens files. A value that cannot be read as its type
becomes NULL *and* is counted: the caller turns the count into an error.
"""

from __future__ import annotations

from .contract import ENGINE_TYPES, Column

_SIGNED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_INTEGERS = (*_SIGNED, *("U" + name for name in _SIGNED))

# What the engine says of a column of dates when none of them lies outside the years 1 to 9999.
SOUND_DATE = "DATE within the calendar"

# Which families of raw types can be read as which type of the contract.
_READABLE = {
    "id": {"text", "integer", "decimal", "double", "date", "time", "zoned", "boolean"},
    "text": {"text", "integer", "decimal", "double", "date", "time", "zoned", "boolean"},
    "date": {"text", "date", "time", "zoned"},
    "month": {"text", "date", "time", "zoned"},
    "time": {"text", "date", "time", "zoned"},
    "money": {"text", "integer", "decimal", "double"},
    "quantity": {"text", "integer", "decimal", "double"},
    "rate": {"text", "integer", "decimal", "double"},
    "integer": {"text", "integer", "decimal", "double"},
    "boolean": {"text", "integer", "boolean"},
}
EXAMPLES = {
    "date": "2025-11-30",
    "month": "2025-11 or 2025-11-01",
    "time": "2025-11-30 14:05:00",
    "money": "1234.56",
    "quantity": "12.5",
    "rate": "0.35",
    "integer": "42",
    "boolean": "true or false",
    "id": "A-100",
    "text": "any text",
}


def family(raw_type: str) -> str:
    """The family a DuckDB type belongs to; "other" for lists, blobs and the like."""
    if raw_type.endswith("]"):
        return "other"
    if raw_type in _INTEGERS:
        return "integer"
    if raw_type.startswith("DECIMAL"):
        return "decimal"
    if raw_type in ("DOUBLE", "FLOAT"):
        return "double"
    if raw_type == "VARCHAR" or raw_type.startswith("ENUM"):
        return "text"
    if raw_type.startswith("TIMESTAMP"):
        return "zoned" if raw_type.startswith("TIMESTAMPTZ") or raw_type.endswith("TIME ZONE") else "time"
    known = {"DATE": "date", SOUND_DATE: "date", "BOOLEAN": "boolean", "UUID": "text", '"NULL"': "null"}
    return known.get(raw_type, "other")


def readable(raw_type: str, column: Column) -> bool:
    """Whether values of a raw type can be read as the column's type at all."""
    kind = family(raw_type)
    return kind == "null" or kind in _READABLE[column.type]


def cast(raw: str, raw_type: str, column: Column) -> str:
    """SQL that reads the quoted column `raw` as the contract's type; NULL where that fails."""
    kind, target = family(raw_type), ENGINE_TYPES[column.type]
    if kind == "null":
        return f"CAST(NULL AS {target})"
    if raw_type == SOUND_DATE or (raw_type == target and kind not in ("text", "date", "time")):
        # As the contract wants it already: each query that reads the column would pay for the cast.
        return raw
    if kind == "text":
        raw = f"NULLIF(TRIM(CAST({raw} AS VARCHAR)), '')"
    if column.type in ("id", "text"):
        if kind in ("double", "decimal"):
            # pandas writes whole numbers with gaps as 1.0, 2.0: they are the identifiers 1 and 2.
            whole = f"{raw} = TRUNC({raw})" + (f" AND ISFINITE({raw})" if kind == "double" else "")
            return f"CASE WHEN {whole} THEN CAST(TRY_CAST({raw} AS HUGEINT) AS VARCHAR) END"
        return raw if kind == "text" else f"CAST({raw} AS VARCHAR)"
    if column.type in ("date", "month", "time"):
        return _day(raw, kind, column, target)
    if column.type == "integer":
        if kind == "text":
            return f"CASE WHEN REGEXP_FULL_MATCH({raw}, '[+-]?[0-9]+') THEN TRY_CAST({raw} AS BIGINT) END"
        if kind in ("double", "decimal"):
            return f"CASE WHEN {raw} = TRUNC({raw}) THEN TRY_CAST({raw} AS BIGINT) END"
    if column.type == "boolean" and kind == "integer":
        return f"CASE {raw} WHEN 1 THEN TRUE WHEN 0 THEN FALSE END"
    if kind == "text" and target.startswith("DECIMAL"):
        # The engine reads 1_5 as 15, as programmers write numbers.
        return f"CASE WHEN NOT CONTAINS({raw}, '_') THEN TRY_CAST({raw} AS {target}) END"
    return f"TRY_CAST({raw} AS {target})"


def _day(raw: str, kind: str, column: Column, target: str) -> str:
    """A date or time; the engine's own infinities, years before 1 and words like 'epoch' are none."""
    value = f"TRY_CAST({raw} AS {target})"
    if kind == "zoned":
        # Midnight in Berlin is the day before in Greenwich, and Parquet keeps Greenwich only: what is not
        # midnight there may be either day.
        moment = f"CAST({raw} AS TIMESTAMPTZ)"
        sound = f"ISFINITE({moment})"
        if column.type != "time":
            sound += f" AND EPOCH_US({moment}) % 86400000000 = 0"
        raw = f"CASE WHEN {sound} THEN MAKE_TIMESTAMP(EPOCH_US({moment})) END"
        value = f"TRY_CAST({raw} AS {target})"
    if column.type == "month":
        if kind == "text":
            value = f"COALESCE({value}, TRY_CAST({raw} || '-01' AS DATE))"
        value = f"CAST(DATE_TRUNC('month', {value}) AS DATE)"
    sound = f"{value} BETWEEN '0001-01-01' AND '9999-12-31'"
    if kind == "text":
        sound += f" AND REGEXP_MATCHES({raw}, '^[0-9]{{4}}[-/]')"
    return f"CASE WHEN {sound} THEN {value} END"


def unreadable(raw: str, raw_type: str, expression: str) -> str | None:
    """SQL condition of the rows whose value is there but could not be read; None where that cannot be."""
    kind = family(raw_type)
    if kind in ("null", "boolean") or expression == raw or raw_type == SOUND_DATE:
        return None
    if kind == "text":
        raw = f"NULLIF(TRIM(CAST({raw} AS VARCHAR)), '')"
        if expression == raw:
            return None
    return f"({raw} IS NOT NULL AND ({expression}) IS NULL)"


def rounded(raw: str, raw_type: str, column: Column, expression: str) -> str | None:
    """SQL condition of the rows with more decimals than the contract keeps."""
    kind = family(raw_type)
    if ENGINE_TYPES[column.type][:7] != "DECIMAL":
        return None
    if kind == "double":
        # A double has no exact decimals: only what a person would see as further digits counts.
        return f"(ABS({raw} - CAST({expression} AS DOUBLE)) > 1e-6)"
    if kind == "decimal" and int(raw_type.rstrip(")").split(",")[1]) > int(
        ENGINE_TYPES[column.type][:-1].split(",")[1]
    ):
        return f"({raw} <> {expression})"
    if kind == "text":
        return f"(TRY_CAST(TRIM({raw}) AS DECIMAL(38,12)) <> {expression})"
    return None
