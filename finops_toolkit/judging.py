"""Judging an answer: right or not, what it was taken for, and the hint that fits the mistake.

Nothing here executes what a learner wrote, and no answer, however odd, raises an error.
"""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any

from .wording import joined, measure_text

TOLERANCE = 0.005
Wrong = Sequence[tuple[float | None, str]]


@dataclass(frozen=True)
class Feedback:
    """What came of an answer: right or not, a sentence, and what to try next. True when the answer is
    right.
    """

    right: bool
    message: str
    hint: str = ""

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return " ".join(part for part in ("✔" if self.right else "✘", self.message, self.hint) if part)

    def _repr_html_(self) -> str:
        mark, colour = ("✔ Right.", "#008053") if self.right else ("✘ Not yet.", "#A03000")
        hint = f"<br>{escape(self.hint)}" if self.hint else ""
        return (
            f'<p style="border-left:4px solid {colour};padding-left:.6em">'
            f"<b>{mark}</b> {escape(self.message)}{hint}</p>"
        )


def judge_number(
    answer: Any,
    expected: float | None,
    *,
    measure: str = "",
    currency: str = "",
    wrong: Wrong = (),
    why: str = "",
    tolerance: float = TOLERANCE,
) -> Feedback:
    """Judge a number within a relative tolerance; `wrong` pairs typical wrong values with the hint that fits.

    measure "%" takes shares: 0.352, or the text "35.2 %". `why` is said when the answer is right. Where the
    books have no value (`expected` None) the right answer is None.
    """
    given = _number(answer, measure)
    if expected is None:
        if answer is None:
            return Feedback(True, "There is no value here, and None says so.", why)
        return Feedback(False, "The books have no value here.", f"The answer is None. {why}".strip())
    if isinstance(given, str):
        return Feedback(False, given, "")
    if _near(given, expected, tolerance):
        return Feedback(True, f"{measure_text(expected, measure, currency)} it is.", why)
    shown = measure_text(given, measure, currency) if abs(given) < 1e15 else f"{given:.3g}"
    for value, hint in wrong:
        if value is not None and _near(given, value, tolerance):
            return Feedback(False, f"{shown} is a common answer, and not the one asked for.", hint)
    return Feedback(False, f"{shown} is not it.", _general_hint(given, expected, measure, tolerance))


def _near(given: float, value: float, tolerance: float) -> bool:
    return math.isfinite(value) and abs(given - value) <= tolerance * abs(value) + 1e-12


def _general_hint(given: float, expected: float, measure: str, tolerance: float) -> str:
    if _near(-given, expected, tolerance):
        return "The size is right, the sign is not."
    if measure == "%" and _near(given / 100, expected, tolerance):
        return f"Write a share, {given / 100:.4g}, or the text '{given:.4g} %'."
    for factor, words in ((1000.0, "thousands"), (1_000_000.0, "millions")):
        if _near(given * factor, expected, tolerance) or _near(given / factor, expected, tolerance):
            return f"The digits are right: look at the unit ({words})."
    near = abs(given - expected) <= 0.05 * abs(expected)
    return (
        "It is close: did you round on the way? Round only what you show."
        if near
        else "It is too high."
        if given > expected
        else "It is too low."
    )


def _number(answer: Any, measure: str) -> float | str:
    """The number an answer stands for, or the sentence that says why it is none."""
    if answer is None or answer is Ellipsis:
        return "There is no answer yet."
    if isinstance(answer, str):
        return _read(answer, measure)
    if hasattr(answer, "item") and getattr(answer, "size", 0) == 1:
        try:
            answer = answer.item()
        except (TypeError, ValueError):
            return "The answer should be a single number."
    if isinstance(answer, bool) or not isinstance(answer, (numbers.Real, Decimal)):
        return f"The answer should be a single number; this is of type {type(answer).__name__}."
    try:
        value = float(answer)
    except (ValueError, OverflowError):
        return "The answer is no number that can be judged."
    if math.isnan(value):
        return "The answer is NaN: somewhere a missing value came into the calculation."
    if math.isinf(value):
        return "The answer is infinite: somewhere it was divided by zero."
    return value


def _read(text: str, measure: str) -> float | str:
    plain = text.strip().replace("−", "-").replace("\u00a0", " ").replace(" ", "").replace("'", "")
    if not plain:
        return "There is no answer yet."
    found = re.fullmatch(r"([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?)(%|k|m)?", plain)
    if not found or not re.search(r"\d", found[1]):
        return f"{text.strip()[:40]!r} is no number; write it like 1250 or 1,250.50 or 12.5 %."
    value = float(found[1].replace(",", ""))
    scale = {"%": 0.01 if measure == "%" else 1.0, "k": 1e3, "m": 1e6, None: 1.0}[found[2]]
    return value * scale if math.isfinite(value * scale) else "The answer is no number that can be judged."


def judge_choice(answer: Any, right: str, because: Mapping[str, str]) -> Feedback:
    """Judge a letter; `because` says for each letter why it is right or what speaks against it."""
    letter = str(answer).strip().strip("().").lower()[:20] if isinstance(answer, str) else ""
    if not letter:
        return Feedback(False, "There is no answer yet.", f"Choose one of {joined(because, 'or')}.")
    if letter not in because:
        return Feedback(False, f"{letter!r} is no choice.", f"Choose one of {joined(because, 'or')}.")
    return Feedback(letter == right, because[letter])
