"""What all charts share: the fonts, the colours of the scenarios, one scale for all labels of a chart."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd

from ..errors import UsageError
from ..wording import MINUS, joined, missing, short_month

STYLE = Path(__file__).parent.parent / "finops.mplstyle"
FONTS = Path(__file__).parent.parent / "fonts"
FAMILY = ("Source Sans Pro", "DejaVu Sans")  # the second, matplotlib's own, for what the first lacks
# Contrast on white is at least 3:1 for what is drawn and 4.5:1 for what is written. Good, bad, guide, actual
# and last year can be told apart by people who see no red, no green or no blue; in gray, bad is the darker.
# Tests compute both.
ACTUAL = "#3A3A3A"
LAST_YEAR = "#909090"
OUTLINE = "#3A3A3A"
TEXT = "#222222"
QUIET = "#5F5F5F"
GOOD = "#008053"
BAD = "#A03000"
GUIDE = "#004E9E"
# Scenario fills: actual solid dark, previous year light, plan and budget outlined, forecast hatched.
SCENARIOS: dict[str, dict[str, Any]] = {
    "AC": {"facecolor": ACTUAL, "edgecolor": ACTUAL},
    "PY": {"facecolor": LAST_YEAR, "edgecolor": LAST_YEAR},
    "BU": {"facecolor": "white", "edgecolor": OUTLINE, "linewidth": 1.1},
    "FC": {"facecolor": "white", "edgecolor": OUTLINE, "linewidth": 0.8, "hatch": "//////"},
}


@contextlib.contextmanager
def house_style() -> Iterator[None]:
    """The house's matplotlib settings, for as long as something is drawn; the caller's stay as they are."""
    register_fonts()
    with mpl.rc_context(fname=str(STYLE)):
        yield


@cache
def register_fonts() -> None:
    """Make the bundled fonts known to matplotlib, once a process."""
    from matplotlib import font_manager

    for path in sorted(FONTS.glob("*.ttf")):
        font_manager.fontManager.addfont(path)


@dataclass(frozen=True)
class Scale:
    """One unit for all labels of a chart: divide by `size`, write `places` decimals, the unit stands in the
    title.
    """

    size: float
    letter: str
    places: int

    def label(self, value: float | None, sign: bool = False) -> str:
        """The number at an element, without its unit; "none" where there is no value."""
        if missing(value):
            return "none"
        assert value is not None
        rounded = round(abs(value) / self.size, self.places)
        if rounded == 0:
            return "0"
        return f"{MINUS if value < 0 else '+' if sign else ''}{rounded:,.{self.places}f}"

    def title(self, unit: str) -> str:
        """The unit for the title: "EUR m", "k units"."""
        return " ".join(part for part in (unit, self.letter) if part)


def scale_for(values: Iterable[Any], places: int | None = None) -> Scale:
    """The scale that suits the largest of the values: b, m, k or plain, with two to four digits that
    count.
    """
    sizes = [abs(float(value)) for value in values if not missing(value)]
    top = max(sizes, default=0.0)
    for size, letter in ((1e9, "b"), (1e6, "m"), (1e3, "k"), (1.0, "")):
        if top >= size or size == 1.0:
            digits = top / size
            chosen = (
                2 if digits < 3 and letter else 1 if (digits < 100 and letter != "k") or digits < 10 else 0
            )
            if not letter and all(value == int(value) for value in sizes):
                chosen = 0
            return Scale(size, letter, chosen if places is None else places)
    raise AssertionError


def in_units(what: str, units: str) -> str:
    """The heading's second line: what is drawn and, where there is one, its unit."""
    return f"{what} in {units}" if units else what


def variance_colour(effect: float) -> str:
    """Good, bad or neither by the business effect."""
    return GOOD if effect > 0 else BAD if effect < 0 else QUIET


def month_names(index: pd.Index) -> list[str]:
    """Axis labels of months: "Nov", and the year beneath the first and each January. Other indexes as they
    are.
    """
    if not isinstance(index, pd.PeriodIndex):
        return [str(value) for value in index]
    names = []
    for place, month in enumerate(index):
        text = short_month(month.year * 12 + month.month - 1)[:3]
        names.append(f"{text}\n{month.year}" if place == 0 or month.month == 1 else text)
    return names


def check_columns(frame: pd.DataFrame, columns: Iterable[str | None]) -> None:
    """Raise a UsageError that names all missing columns, or says that there is nothing to draw."""
    absent = [column for column in columns if column is not None and column not in frame.columns]
    if absent:
        raise UsageError(
            f"The chart needs the column {joined(absent)}; the frame has {joined(map(str, frame.columns))}.",
            "Name the columns in the call.",
        )
    if frame.empty:
        raise UsageError("There is nothing to draw: the frame has no rows.", "Check the unit and the period.")
