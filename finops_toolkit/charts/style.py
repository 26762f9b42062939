"""What all charts share: colours of the scenarios, the heading, scaled labels, the text for those who cannot
see.
"""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import UsageError
from ..wording import MINUS, joined, missing, number_text, short_month

STYLE = Path(__file__).parent.parent / "finops.mplstyle"
# Contrast on white is at least 3:1 for what is drawn and 4.5:1 for what is written; tests compute it.
ACTUAL = "#3A3A3A"
LAST_YEAR = "#909090"
OUTLINE = "#3A3A3A"
TEXT = "#222222"
QUIET = "#5F5F5F"
GOOD = "#00745A"
BAD = "#B8480A"
GUIDE = "#0B5C99"
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
    with mpl.rc_context(fname=str(STYLE)):
        yield


def new_axes(width: float = 8.0, height: float = 3.0) -> Axes:
    """Empty axes on a figure of their own (inches), outside pyplot: nothing is shown or kept behind the
    back.
    """
    with house_style():
        figure = Figure(figsize=(width, height))
        figure.subplots_adjust(left=0.01, right=0.99)
        return figure.add_subplot()


def prepare(ax: Axes | None, width: float, height: float) -> Axes:
    """The axes given, or new ones of this size, without frame."""
    axes = new_axes(width, height) if ax is None else ax
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    return axes


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


def heading(ax: Axes, message: str, lines: Sequence[str], space: float = 4.0, left: float = 0.0) -> None:
    """The message in bold (two lines at most) over up to three lines: who; what and unit; when and scenarios.

    `left` moves it (points), so that it begins where the names of categories do.
    """
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    inches = figure.get_size_inches()[0] * ax.get_position().width - left / 72
    width = max(28, int(inches * 11.2))
    wrapped = textwrap.wrap(message, width=width) if message else []
    if len(wrapped) > 2:
        wrapped = [wrapped[0], textwrap.shorten(" ".join(wrapped[1:]), width, placeholder=" …")]
    kept = [line for line in lines if line]
    note: dict[str, Any] = {
        "xycoords": "axes fraction",
        "textcoords": "offset points",
        "parse_math": False,
        "va": "bottom",
        "ha": "left",
        "color": TEXT,
        "linespacing": 1.2,
    }
    if kept:
        ax.annotate("\n".join(kept), (0, 1), (left, space), fontsize=8.5, **note)
    if wrapped:
        above = space + 6 + 12.2 * len(kept)
        ax.annotate("\n".join(wrapped), (0, 1), (left, above), fontsize=11, fontweight="bold", **note)


def category_names(ax: Axes, names: Iterable[str]) -> float:
    """Names of rows, flush left beside the axes; returns the heading's shift (points) to begin where they
    do.
    """
    shown = [textwrap.shorten(str(name), 36, placeholder=" …") for name in names]
    width = 4.75 * max((len(name) for name in shown), default=0) + 6
    ax.set_yticks(range(len(shown)), shown, parse_math=False, ha="left")
    ax.tick_params(axis="y", pad=width)
    figure = ax.get_figure()
    if isinstance(figure, Figure) and len(figure.axes) == 1:
        # Alone on its figure the chart makes room for its names, so that it is no wider than its neighbours.
        figure.subplots_adjust(left=min(0.5, (width + 2) / 72 / figure.get_size_inches()[0]))
    return -width


def write(ax: Axes, x: float, y: float, text: str, **how: Any) -> None:
    """A label at a place in data coordinates, taken literally: "$" in a product's name starts no formula."""
    # A thin white margin keeps a label legible where it meets an outline.
    margin = [patheffects.withStroke(linewidth=2.2, foreground="white")]
    ax.text(x, y, text, **{"fontsize": 8, "color": TEXT, "parse_math": False, "path_effects": margin, **how})


def describe(ax: Axes, text: str) -> None:
    """Keep the chart's text for those who cannot see it with the axes."""
    ax.set_label(text)


def alt_text(chart: Axes | Figure) -> str:
    """The chart's text for those who cannot see it; "" where none was given."""
    figure = chart if isinstance(chart, Figure) else None
    axes = [chart] if figure is None else figure.axes
    texts = [str(ax.get_label()) for ax in axes]
    return " ".join(text for text in texts if text and not text.startswith("<"))


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
        text = short_month(month.year * 12 + month.month - 1)
        names.append(text.replace(" ", "\n20") if place == 0 or month.month == 1 else text[:3])
    return names


def series_text(name: str, values: Sequence[float], labels: Sequence[str], unit: str) -> str:
    """One series in words: its last, lowest and highest value."""
    known = [(value, label) for value, label in zip(values, labels, strict=True) if not missing(value)]
    if not known:
        return f"{name}: none."
    low, high = min(known), max(known)
    last = f"{name} {number_text(known[-1][0])} {unit}".strip()
    if len(known) == 1:
        return f"{last} in {known[-1][1]}."
    return (
        f"{last} in {known[-1][1]}; lowest {number_text(low[0])} in {low[1]}, "
        f"highest {number_text(high[0])} in {high[1]}."
    )


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
