"""From a frame to a table: kinds and decimals by what the columns hold, heads in words."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from ..errors import UsageError
from ..wording import MONTHS, SCALE, joined, missing
from .model import Column, Table

FORMATS = ("share", "money", "cents", "text")
LARGE = 100_000  # from this amount on money is shown in thousands
_SHORT = {"kpi": "KPI", "kpis": "KPIs", "id": "ID"}
_WIDE = 40  # characters from which on a text is running text


def table_of(
    frame: pd.DataFrame,
    name: str = "table",
    caption: str = "",
    names: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    formats: Mapping[str, str | int] | None = None,
    signed: Sequence[str] = (),
) -> Table:
    """A frame as a Table, its index left out: every row and every column of it.

    By column: `names` are heads, `units` stand below them. `formats` says what the figures are: a number of
    decimals, "share" (0.12 is 12 %), "money" (int ten-thousandths, all of a table whole or all in
    thousands), "cents" (int ten-thousandths, to the cent) or "text" (taken literally, as the number of a
    document). `signed` columns are variances, written with + or −. Else numbers have no decimals where all
    are whole or some are above a hundred thousand, two below ten, else one. Raises UsageError for columns
    that are unknown or not unique.
    """
    names, units, formats = names or {}, units or {}, formats or {}
    heads = [str(column) for column in frame.columns]
    twice = sorted({head for head in heads if heads.count(head) > 1})
    if twice:
        raise UsageError(f"The frame has columns of one name: {joined(twice)}.", "Name each column once.")
    unknown = sorted({*names, *units, *formats, *signed} - set(heads))
    wrong = sorted(f"{said!r}" for said in formats.values() if said not in FORMATS and type(said) is not int)
    if unknown or wrong:
        raise UsageError(
            f"Not known to the table: {joined([*unknown, *wrong])}.",
            f"Columns are {joined(heads)}; formats a number of decimals or {joined(FORMATS, 'or')}.",
        )
    # All money of a table is in one scale: what stands side by side is compared.
    money = [abs(value) for place, head in enumerate(heads) if formats.get(head) == "money"
             for value in frame.iloc[:, place] if not missing(value)]  # fmt: skip
    divisor = 1000 if max(money, default=0) >= LARGE * SCALE else 1
    columns: list[Column] = []
    values = []
    for place, head in enumerate(heads):
        column, cells = _column(head, list(frame.iloc[:, place]), formats.get(head), divisor)
        unit = " ".join(part for part in (units.get(head, ""), column.unit) if part)
        key, words = _key(head, [known.key for known in columns]), names.get(head, _words(head))
        columns.append(replace(column, key=key, head=words, unit=unit, signed=head in signed))
        values.append(cells)
    rows = tuple(zip(*values, strict=True)) if values else ()
    return Table(name, tuple(columns), rows, caption=caption)


def _words(head: str) -> str:
    """A column's name as words, with a capital: "age_days" is "Age days"."""
    words = [_SHORT.get(word, word) for word in head.replace("_", " ").split(" ")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def _key(head: str, taken: list[str]) -> str:
    """A column's name as a key for formulas, each once."""
    key = re.sub(r"[^a-z0-9_]+", "_", head.lower()).strip("_") or "column"
    key = key if key[0].isalpha() else f"column_{key}"
    number = 2
    while key in taken:
        key, number = f"{key.rstrip('0123456789')}{number}", number + 1
    return key


def _column(head: str, values: list[Any], said: str | int | None, divisor: int) -> tuple[Column, list[Any]]:
    """Kind, decimals and divisor of a column, and its values in plain Python."""
    known = [value for value in values if not missing(value)]
    if said in ("money", "cents"):
        divisor, places = (divisor, 0) if said == "money" else (1, 2)
        kind = Column("c", "", "number", "k" if divisor > 1 else "", places, divisor)
        return kind, [None if missing(value) else int(value) / SCALE for value in values]
    if said == "share":
        return Column("c", "", "share", "%", 1), [_number(value) for value in values]
    if head.lower() == "year" and said is None:
        said = "text"
    if known and said != "text" and all(_is_number(value) for value in known):
        numbers = [_number(value) for value in values]
        places = (
            said if isinstance(said, int) else _places([abs(value) for value in numbers if value is not None])
        )
        return Column("c", "", "number", "", places), numbers
    if known and said != "text" and all(_is_day(value) for value in known):
        return Column("c", "", "date"), [
            None if missing(value) else dt.date(value.year, value.month, value.day) for value in values
        ]
    texts = [None if missing(value) else str(value) if said == "text" else _text(value) for value in values]
    wide = any(len(str(text)) >= _WIDE for text in texts)
    return Column("c", "", wide=wide), texts


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool | str | bytes | dt.timedelta) and (
        isinstance(value, int | float) or pd.api.types.is_number(value) or type(value).__name__ == "Decimal"
    )


def _number(value: Any) -> float | int | None:
    """As plain Python; what is not finite is none."""
    if missing(value) or abs(float(value)) == float("inf"):
        return None
    return int(value) if pd.api.types.is_integer(value) else float(value)


def _is_day(value: Any) -> bool:
    whole = not isinstance(value, dt.datetime) or value.time() == dt.time()
    return isinstance(value, dt.date) and whole


def _places(sizes: list[float]) -> int:
    if all(size == int(size) for size in sizes):
        return 0
    if max(sizes) >= LARGE and min(size for size in sizes if size) >= 1:
        return 0
    return 2 if max(sizes) < 10 else 1


def _text(value: Any) -> str | bool:
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return bool(value)
    if isinstance(value, pd.Period) and value.freqstr == "M":
        return f"{MONTHS[value.month - 1]} {value.year}"
    if isinstance(value, dt.datetime):
        return f"{value.day} {MONTHS[value.month - 1]} {value.year} {value:%H:%M}"
    if _is_number(value):
        number = _number(value)
        return Column("c", "", "number", places=_places([abs(number)] if number is not None else [])).text(
            number
        )
    return str(value)
