"""Numbers, dates and lists as people write them: pure text, no data behind it.

Money arrives as int ten-thousandths (SCALE to the unit), everything else as plain numbers. A missing value is
the word "none"; the minus is the typographic one, the blank before a unit does not break.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

SCALE = 10_000
NONE = "none"
MINUS = "−"
BLANK = "\u00a0"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
STEPS = ((Decimal(10) ** 9, "b"), (Decimal(10) ** 6, "m"), (Decimal(10) ** 3, "k"))


def missing(value: Any) -> bool:
    """True for None, NaN, NaT and pandas' NA."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and math.isnan(value)


def _signed(text: str, negative: bool, sign: bool) -> str:
    zero = not any(digit in text for digit in "123456789")
    if zero:
        return "0" if not sign else "±0"
    return (MINUS if negative else "+" if sign else "") + text


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def number_text(value: float | int | Decimal | None, sign: bool = False) -> str:
    """1,240,000 → "1.2 m", 84,300 → "84 k", 950 → "950", 3.25 → "3.3"; sign=True puts a "+" on a gain.

    Two to four digits that count: one decimal under ten of a unit and for tens of millions.
    """
    if missing(value):
        return NONE
    exact = Decimal(str(value))
    size = abs(exact)
    for place, (step, letter) in enumerate(STEPS):
        # 999,700 is 1.0 m, not 1,000 k: the next unit begins where rounding would reach it.
        if size >= step - (step / 2000 if place < len(STEPS) - 1 else Decimal("0.5")):
            scaled = size / step
            tens = letter != "k" and scaled < 100
            places = 1 if _rounded(scaled, 1) < 10 or tens else 0
            return _signed(f"{_rounded(scaled, places):,}{BLANK}{letter}", exact < 0, sign)
    whole = size == size.to_integral_value() or size >= 100
    return _signed(f"{_rounded(size, 0 if whole else 1)}", exact < 0, sign)


def money_text(amount: int | None, currency: str | None = None, sign: bool = False) -> str:
    """An amount in ten-thousandths as "EUR 1.2 m", "84 k", "−950"; with sign=True "+84 k". Cents are
    dropped.
    """
    if missing(amount):
        return NONE
    assert amount is not None
    units = _rounded(Decimal(int(amount)) / SCALE, 0)
    text = number_text(units, sign)
    return text if currency is None else f"{currency}{BLANK}{text}"


def share_text(share: float | None, sign: bool = False, places: int = 1) -> str:
    """0.0623 → "6.2 %"."""
    if missing(share):
        return NONE
    assert share is not None
    exact = Decimal(str(share)) * 100
    rounded = _rounded(abs(exact), 0 if abs(exact) >= 1000 else places)
    text = _signed(f"{rounded:,}", exact < 0, sign)
    return f"{text}{BLANK}%"


def measure_text(value: float | None, measure: str, currency: str | None = None, sign: bool = False) -> str:
    """A KPI's value in its own measure: "%" is a share, "money" plain units of currency, others as they
    are.
    """
    if missing(value):
        return NONE
    assert value is not None
    if measure == "%":
        return share_text(value, sign)
    if measure == "money":
        return money_text(round(value * SCALE), currency, sign)
    exact = Decimal(str(value))
    places = 2 if measure == "x" and abs(exact) < 10 else 0 if abs(exact) >= 100 or exact == int(exact) else 1
    text = number_text(value, sign) if abs(value) >= 1000 else f"{_rounded(abs(exact), places)}"
    text = text if abs(value) >= 1000 else _signed(text, exact < 0, sign)
    return text if measure in ("", "count", "index", "ratio") else f"{text}{BLANK}{measure}"


def short_month(ordinal: int) -> str:
    """Month ordinal (year·12 + month − 1) as "Nov 25"."""
    year, month = divmod(ordinal, 12)
    return f"{MONTHS[month]} {year % 100:02d}"


def date_text(day: dt.date | None) -> str:
    """30 Nov 2025, or "none"."""
    if missing(day):
        return NONE
    assert day is not None
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number and its noun: "1 action", "3 actions"."""
    return f"{number:,}{BLANK}{noun if number == 1 else plural or noun + 's'}"


def joined(parts: Iterable[str], last: str = "and") -> str:
    """A list in words: "a", "a and b", "a, b and c"."""
    words: Sequence[str] = list(parts)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else NONE


def sentence(text: str) -> str:
    """A text with a capital at the start and a full stop at the end."""
    text = text.strip()
    if not text:
        return text
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def is_whole(text: str) -> bool:
    """Whether a text can be written to a file: half a character (a lone surrogate) cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
