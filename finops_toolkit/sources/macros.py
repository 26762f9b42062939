"""SQL macros for SELECTs over foreign text: numbers, signs and dates as other systems write them.

Each gives the canonical text, and NULL for an empty value. What it cannot read it gives back with a remark on
how it should be written: no type of the contract but text takes that, so the check names the value and its
place, and nothing becomes empty, or another number, in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

# A number's digits in groups of three or in none, whatever marks the groups.
_EU = r"[0-9]{1,3}(([.   ''’][0-9]{3})+|[0-9]*)(,[0-9]*)?|,[0-9]+"
_US = r"[0-9]{1,3}(([,   ''’][0-9]{3})+|[0-9]*)(\.[0-9]*)?|\.[0-9]+"

_ISO = "[0-9]{4}-[0-9]{2}-[0-9]{2}"


def _text(name: str) -> str:
    return f"TRIM(CAST({name} AS VARCHAR))"


def _unread(example: str) -> str:
    return f"CAST(t AS VARCHAR) || ' (not written like {example})'"


def _number(name: str, shape: str, groups: str, decimal: str, example: str) -> str:
    text = _text("t")
    bare = rf"REGEXP_REPLACE({text}, '^[-−(+ ]+|[-−)+ ]+$', '', 'g')"
    minus = rf"REGEXP_MATCHES({text}, '^[-−(]|[-−)]$')"
    # One sign at most, and a bracket on both sides or on none.
    sound = rf"REGEXP_FULL_MATCH({text}, '[-−+]? ?[^-−+()]+|[^-−+()]+ ?[-−+]|\([^-−+()]+\)')"
    digits = f"REPLACE(REGEXP_REPLACE({bare}, '{groups}', '', 'g'), '{decimal}', '.')"
    return (
        f"CREATE MACRO {name}(t) AS CASE WHEN {text} = '' THEN NULL "
        f"WHEN {sound} AND REGEXP_FULL_MATCH({bare}, '{shape}') "
        f"THEN CASE WHEN {minus} THEN '-' ELSE '' END || {digits} ELSE {_unread(example)} END"
    )


def _day(name: str, shape: str, places: tuple[int, int, int], example: str) -> str:
    text = _text("t")
    year, month, day = (f"REGEXP_EXTRACT({text}, '{shape}', {group})" for group in places)
    iso = f"{year} || '-' || LPAD({month}, 2, '0') || '-' || LPAD({day}, 2, '0')"
    return (
        f"CREATE MACRO {name}(t) AS CASE WHEN {text} IN ('', '00000000', '0') THEN NULL "
        # 2024-12-31 is that day for everyone.
        f"WHEN REGEXP_FULL_MATCH({text}, '{_ISO}') AND TRY_CAST({text} AS DATE) IS NOT NULL THEN {text} "
        f"WHEN REGEXP_FULL_MATCH({text}, '{shape}') AND TRY_CAST({iso} AS DATE) IS NOT NULL THEN {iso} "
        f"ELSE {_unread(example)} END"
    )


_AMOUNT, _SIDE = _text("amount"), f"UPPER({_text('indicator')})"
_SIGNED = f"""CREATE MACRO signed(amount, indicator) AS CASE
    WHEN amount IS NULL THEN NULL
    WHEN {_SIDE} IN ('S', 'D', 'DR', 'SOLL', 'DEBIT', 'DEBE') THEN {_AMOUNT}
    WHEN {_SIDE} IN ('H', 'C', 'CR', 'HABEN', 'CREDIT', 'HABER') THEN
        CASE WHEN {_AMOUNT} LIKE '-%' THEN SUBSTR({_AMOUNT}, 2) ELSE '-' || {_AMOUNT} END
    ELSE {_AMOUNT} || ' ' || COALESCE(indicator, 'without a sign') END"""

# An account map with one account in a row has no end of a range.
_ACCOUNT, _LOW = _text("account"), _text("low")
_HIGH = f"COALESCE(NULLIF({_text('high')}, ''), {_LOW})"
_NUMBERS = " AND ".join(f"REGEXP_FULL_MATCH({text}, '[0-9]{{1,38}}')" for text in (_ACCOUNT, _LOW, _HIGH))
_IN_RANGE = f"""CREATE MACRO in_range(account, low, high) AS CASE WHEN {_NUMBERS}
    THEN CAST({_ACCOUNT} AS HUGEINT) BETWEEN CAST({_LOW} AS HUGEINT) AND CAST({_HIGH} AS HUGEINT)
    ELSE {_ACCOUNT} BETWEEN {_LOW} AND {_HIGH} END"""

MACROS = {
    "number_eu": _number("number_eu", _EU, "[.   ''’]", ",", "1.234,56"),
    "number_us": _number("number_us", _US, "[,   ''’]", ".", "1,234.56"),
    "signed": _SIGNED,
    "day_sap": _day("day_sap", "([0-9]{4})([0-9]{2})([0-9]{2})", (1, 2, 3), "20241231"),
    "day_eu": _day("day_eu", "([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})", (3, 2, 1), "31.12.2024"),
    "day_us": _day("day_us", "([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})", (3, 1, 2), "12/31/2024"),
    "in_range": _IN_RANGE,
}


def make_macros(engine: Any) -> None:
    """Make the macros in an engine (raw_sql)."""
    for statement in MACROS.values():
        engine.raw_sql(statement)


def readings(values: Sequence[str], kind: str) -> dict[str, str]:
    """The macros of a kind ("number" or "day") that read every one of some values, with what the first gives.

    Asked of an engine of its own: what a macro reads is told by the macro, and by nothing else.
    """
    if not values:
        return {}
    found = {}
    with duckdb.connect() as engine:
        for name in (name for name in MACROS if name.startswith(f"{kind}_")):
            engine.execute(MACROS[name])
            texts = [engine.execute(f"SELECT {name}(?)", [value]).fetchall()[0][0] for value in values]
            if all(text and not text.endswith(")") for text in texts):
                found[name] = texts[0]
    return found
