"""Heat maps: numbers by rows and columns on shades that survive black-and-white print, each written in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize, TwoSlopeNorm
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Affine2D

from ..errors import UsageError
from ..tables.model import Column, Table
from ..wording import counted, missing
from .layout import LABEL, fit, heading, new_axes, text_width, wrap, write
from .rows import WIDTH, label, make_rows, table_name
from .seen import contrast, luminance
from .style import LAST_YEAR, TEXT, Scale, house_style, in_units, month_names, scale_for
from .words import amount_text, describe, spoken

# Light to dark, so that the order survives without colour. Around a centre both ends are dark: the numbers'
# signs, or the marks, tell them apart.
MORE = ("#F4F7FA", "#BFD7EA", "#5B9BC8", "#0B4F82")
AROUND = ("#8E3306", "#E79A66", "#FFFFFF", "#6DB9A4", "#005A46")
SIZES = (9.0, 8.5, 8.0, 7.5)  # points: the first in which all numbers fit their cells


def heat_map(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    unit: str = "",
    centre: float | None = None,
    marks: pd.DataFrame | None = None,
    message: str = "",
    who: str = "",
    what: str = "",
    when: str = "",
    good: str = "up",
) -> Axes:
    """Numbers by two dimensions: darker is more, or, with a `centre`, further from it.

    `frame`: a row a row and a column a column, named by its index and its columns; plain units, shares where
    `unit` is "%". With a `centre` (0 for variances) the better side is green, the worse one brown; `good`
    says which way is better. `marks`: a frame of the same rows and columns; True is written as ▲, False as ▼.
    A missing number is "–" on a hatched cell. Numbers keep one scale; where not even small ones would fit
    the cells, they are left out and the heading says so.
    """
    if frame.empty:
        raise UsageError(
            "There is nothing to draw: the frame has no rows or no columns.", "Check the selection."
        )
    values = frame.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    values = np.where(np.isfinite(values), values, np.nan)
    signs = _signs(frame, marks)
    names = [str(name) for name in frame.index]
    with house_style():
        pitch = 16.5 if len(names) > 20 else 21.0
        axes = new_axes(WIDTH, (pitch * len(names) + 30) / 72 / 0.98) if ax is None else ax
        shades = _shades(axes, values, centre, good)
        heads = month_names(frame.columns)
        place = make_rows(axes, names, head=26)
        wide = place.room / values.shape[1]
        scale, size = _fitting(values, unit, centre is not None, signs, wide - 4)
        _heads(axes, heads, wide)
        for row, column in np.ndindex(*values.shape):
            text = _cell(float(values[row, column]), scale, unit, centre is not None, str(signs[row, column]))
            _write(
                axes, row, column, text if size or text == "–" else "", shades[row, column], size or SIZES[-1]
            )
        axes.set_xlim(-0.5, values.shape[1] - 0.5)
        rule = "darker = more" if centre is None else "green = better, brown = worse, darker = further off"
        rule += "" if size else "; the cells are too small for numbers"
        third = f"{when}{': ' if when else ''}{rule}"
        heading(axes, message, [who, in_units(what, _unit(scale, unit)).strip(), third], left=place.left)
    if isinstance(frame.columns, pd.PeriodIndex):
        heads = [f"{month:%b %Y}" for month in frame.columns]
    describe(
        axes,
        _text(values, names, heads, message, who, what, unit),
        _table(values, names, heads, scale, what, unit),
    )
    return fit(axes)


def _signs(frame: pd.DataFrame, marks: pd.DataFrame | None) -> np.ndarray:
    """For each cell ▲, ▼ or nothing."""
    if marks is None:
        return np.full(frame.shape, "", dtype=object)
    if marks.shape != frame.shape:
        raise UsageError(
            "The marks are {} × {}, the numbers {} × {}.".format(*marks.shape, *frame.shape),
            "Give a mark (True, False or None) for each number.",
        )
    flat = ["" if missing(mark) else "▲" if mark else "▼" for mark in marks.to_numpy(dtype=object).ravel()]
    return np.array(flat, dtype=object).reshape(frame.shape)


def _shades(ax: Axes, values: np.ndarray, centre: float | None, good: str) -> np.ndarray:
    """Draw the cells; the colour of each."""
    import seaborn

    known = values[np.isfinite(values)]
    if not known.size:
        return np.ones((*values.shape, 4))
    low, high = float(known.min()), float(known.max())
    norm = Normalize(low, high if high > low else low + 1.0)
    colours: tuple[str, ...] = MORE
    if centre is not None:
        reach = max(abs(low - centre), abs(high - centre)) or 1.0
        norm = TwoSlopeNorm(centre, centre - reach, centre + reach)
        colours = AROUND if good == "up" else AROUND[::-1]
    cmap = LinearSegmentedColormap.from_list("finops", colours)
    drawn = {"cbar": False, "linewidths": 1.2, "linecolor": "white"}
    seaborn.heatmap(values, ax=ax, cmap=cmap, norm=norm, xticklabels=False, yticklabels=False, **drawn)
    # Cells around the whole numbers, as the names of rows stand.
    ax.collections[-1].set_transform(Affine2D().translate(-0.5, -0.5) + ax.transData)
    return np.asarray(cmap(norm(np.nan_to_num(values, nan=low))))


def _fitting(
    values: np.ndarray, unit: str, signed: bool, signs: np.ndarray, wide: float
) -> tuple[Scale, float]:
    """The scale and the size (points) in which every number fits its cell; size 0 where none does."""
    known = values[np.isfinite(values)] * (100 if unit == "%" else 1)
    first = scale_for(known)
    if unit == "%":
        first = Scale(1.0, "", 1 if known.size and np.abs(known).max() < 10 else 0)
    scales = [replace(first, places=places) for places in range(first.places, -1, -1)]
    if unit != "%":
        larger = [(1e3, "k"), (1e6, "m"), (1e9, "b")]
        scales += [
            Scale(size, letter, places) for size, letter in larger if size > first.size for places in (1, 0)
        ]
    for scale in scales:
        texts = {
            _cell(value, scale, unit, signed, sign)
            for value, sign in zip(values.ravel(), signs.ravel(), strict=True)
        }
        for size in SIZES:
            if max(text_width(text, size) for text in texts) <= wide:
                return scale, size
    return first, 0.0


def _cell(value: float, scale: Scale, unit: str, signed: bool, sign: str) -> str:
    if not np.isfinite(value):
        return "–"
    text = label(scale, value * (100 if unit == "%" else 1), sign=signed)
    return f"{sign}{text}" if sign else text


def _unit(scale: Scale, unit: str) -> str:
    return unit if unit == "%" else scale.title(unit)


def _heads(ax: Axes, heads: Sequence[str], wide: float) -> None:
    """The columns' names above the first row, in two lines or cut where wider than their column; where the
    columns are narrow, only every second, third … name.
    """
    widest = max(text_width(line) for head in heads for line in head.split("\n")) + 6
    every = 1 if wide >= 28 else max(1, math.ceil(min(widest, 40) / wide))
    for column in range(0, len(heads), every):
        lines = heads[column].split("\n")
        if len(lines) == 1:
            lines = wrap(heads[column], wide * every - 3, LABEL)
        write(ax, column, -0.56, "\n".join(lines), ha="center", va="bottom", linespacing=1.0, gid="tier")


def _write(ax: Axes, row: int, column: int, text: str, shade: np.ndarray, size: float) -> None:
    """A cell's number, dark or white, whichever tells better; a missing one on hatching."""
    if text == "–":
        hatch: dict[str, Any] = {
            "facecolor": "white",
            "edgecolor": LAST_YEAR,
            "linewidth": 0.0,
            "hatch": "///",
        }
        ax.add_patch(Rectangle((column - 0.47, row - 0.46), 0.94, 0.92, gid="missing", **hatch))
        clear = [withStroke(linewidth=5, foreground="white")]
        write(ax, column, row, text, ha="center", va="center", fontsize=LABEL, path_effects=clear)
        return
    light = luminance(shade)
    colour = max(("white", TEXT, "black"), key=lambda one: min(7.0, float(contrast(luminance(one), light))))
    write(ax, column, row, text, ha="center", va="center", fontsize=size, color=colour, path_effects=[])


def _text(
    values: np.ndarray,
    names: Sequence[str],
    heads: Sequence[str],
    message: str,
    who: str,
    what: str,
    unit: str,
) -> str:
    """The message, or the highest number; then highest, lowest and what is missing."""
    absent = int((~np.isfinite(values)).sum())
    none = f"{absent} of {values.size} missing" if absent else ""
    size = f"{what or 'Numbers'}, {counted(len(names), 'row')} by {counted(len(heads), 'column')}"
    if absent == values.size:
        return spoken(who, message or "No number is known", size, none)

    def told(place: Any) -> str:
        row, column = divmod(int(place), values.shape[1])
        return f"{amount_text(float(values[row, column]), unit)} for {names[row]}, {heads[column]}"

    most, least = told(np.nanargmax(values)), told(np.nanargmin(values))
    return spoken(who, message or f"Highest is {most}", size, f"Highest {most}; lowest {least}", none)


def _table(
    values: np.ndarray,
    names: Sequence[str],
    heads: Sequence[str],
    scale: Scale,
    what: str,
    unit: str,
) -> Table:
    size: dict[str, Any] = {"kind": "number", "unit": scale.title(unit), "places": scale.places}
    size |= {"divisor": int(scale.size)} if unit != "%" else {"kind": "share", "unit": "%"}
    columns = [Column(f"c{place + 1}", head, **size) for place, head in enumerate(heads)]
    rows = tuple(
        (name, *(float(value) if np.isfinite(value) else None for value in row))
        for name, row in zip(names, values, strict=True)
    )
    return Table(
        table_name("heat", what), (Column("name", "Name"), *columns), rows, caption=what or "Numbers"
    )
