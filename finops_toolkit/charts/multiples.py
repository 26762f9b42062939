"""Small multiples: the same columns for each unit, product or customer, on one scale."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..errors import UsageError
from ..tables.model import Column, Table
from ..wording import share_text, short_month
from .layout import LABEL, fit, heading, prepare, shorten, text_width
from .rows import label, table_name
from .slots import WIDTH, month_words, size_in_points
from .structure import LOOKS, SCENARIO_NAMES
from .style import (
    ACTUAL,
    FAMILY,
    QUIET,
    SCENARIOS,
    TEXT,
    Scale,
    check_columns,
    house_style,
    in_units,
    scale_for,
    variance_colour,
)
from .time import numbers, two_digits
from .words import amount_text, describe, ranking_message, spoken

_FLUSH: tuple[Literal["left"], Literal["right"]] = ("left", "right")
ACROSS = 4  # panels beside each other, at most
HEAD, FOOT, BETWEEN = 27.0, 14.0, 16.0  # points above each panel, beneath them all, beside each
TALL = 62.0  # points of a panel


def small_multiples(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    by: str = "unit",
    month: str = "month",
    value: str = "actual",
    plan: str | None = None,
    scenario: str = "BU",
    message: str = "",
    who: str = "",
    what: str = "",
    when: str = "",
    unit: str = "",
    good: str = "up",
) -> Axes:
    """A panel for each of `by`, all on one scale, with name, last value and variance; four beside each other.

    `frame`: long, a row for each of `by` and month (Period M or any labels); plain units. The panels come in
    the frame's order; a month that a panel lacks stays empty. A dotted line at the same height in all panels
    says the scale. Raises UsageError where a pair of `by` and month comes twice.
    """
    check_columns(frame, [by, month, value, plan])
    values, aims = _wide(frame, by, month, value), _wide(frame, by, month, plan)
    names = [str(name) for name in values.columns]
    sign = 1 if good == "up" else -1
    effect = (values.to_numpy() - aims.to_numpy()) * sign
    rows = math.ceil(len(names) / ACROSS)
    columns = math.ceil(len(names) / rows)
    scale = scale_for([*values.to_numpy().ravel(), *aims.to_numpy().ravel()])
    scale = two_digits(scale, effect[-1])
    with house_style():
        ax = prepare(ax, WIDTH, (rows * (HEAD + TALL) + FOOT) / 72 / 0.98)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines["bottom"].set_visible(False)
        mark = _round_number([*values.to_numpy().ravel(), *aims.to_numpy().ravel()])
        side = text_width(label(scale, mark), 8.0) + 5
        limits = _limits(values.to_numpy(), aims.to_numpy())
        for place, name in enumerate(names):
            below = place + columns >= len(names)
            panel = _panel(ax, place, rows, columns, side)
            panel.set_ylim(*limits)
            _draw(panel, values.iloc[:, place].to_numpy(), aims.iloc[:, place].to_numpy(), scenario, mark)
            _name(panel, name, values.iloc[:, place], effect[:, place], aims.iloc[:, place], scale)
            _ends(panel, values.index, below)
            if place % columns == 0:
                at, how = (
                    (0, mark),
                    {
                        "va": "center",
                        "ha": "right",
                        "fontsize": 8.0,
                        "color": QUIET,
                        "fontfamily": list(FAMILY),
                    },
                )
                panel.annotate(label(scale, mark), at, (-4, 0), xycoords=("axes fraction", "data"),
                               textcoords="offset points", parse_math=False, gid="scale", **how)  # type: ignore[arg-type] # fmt: skip
        heading(ax, message, [who, in_units(what, scale.title(unit)), _key(when, plan, scenario)])
    text = _text(values, effect, plan, scenario, message, who, what or value, unit, good)
    describe(ax, text, _table(values, aims, effect, plan, scenario, good, scale, by, what or value, unit))
    return fit(ax)


def _wide(frame: pd.DataFrame, by: str, month: str, column: str | None) -> pd.DataFrame:
    """A column a panel in the frame's order, a row a month; a month that nobody has is there, empty."""
    if frame.duplicated([by, month]).any():
        twice = frame[frame.duplicated([by, month])].iloc[0]
        raise UsageError(
            f"{twice[by]} has {twice[month]} more than once.", f"Give one row for each {by} and {month}."
        )
    kept = frame[[by, month]].assign(_value=numbers(frame, column))
    wide = kept.pivot(index=month, columns=by, values="_value")[list(dict.fromkeys(frame[by]))]
    if isinstance(wide.index, pd.PeriodIndex):
        return wide.reindex(pd.period_range(wide.index.min(), wide.index.max(), freq=wide.index.freq))
    return wide.reindex(list(dict.fromkeys(frame[month])))


def _limits(values: np.ndarray, aims: np.ndarray) -> tuple[float, float]:
    every = np.concatenate([values.ravel(), aims.ravel()])
    every = every[np.isfinite(every)]
    low, high = min(0.0, every.min(initial=0.0)), max(0.0, every.max(initial=0.0))
    span = (high - low) or 1.0
    return low - 0.02 * span, high + 0.04 * span


def _round_number(values: list[float]) -> float:
    """A round number near the largest value, which the scale line stands at."""
    top = max((value for value in values if np.isfinite(value)), key=abs, default=0.0)
    if top == 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(abs(top)))
    return math.copysign(
        max(step for step in (1.0, 2.0, 5.0) if step * size <= abs(top) * 1.0001) * size, top
    )


def _panel(ax: Axes, place: int, rows: int, columns: int, side: float) -> Axes:
    """Inset axes at a place of the grid, counted along the rows."""
    width, height = size_in_points(ax)
    wide = (width - side - BETWEEN * (columns - 1)) / columns
    if columns < 3:
        wide = min(wide, 190.0)
    tall = (height - FOOT) / rows - HEAD
    left = side + place % columns * (wide + BETWEEN)
    bottom = FOOT + (rows - 1 - place // columns) * (tall + HEAD)
    panel = ax.inset_axes((left / width, bottom / height, wide / width, max(tall, 8.0) / height))
    for edge in panel.spines.values():
        edge.set_visible(False)
    panel.tick_params(length=0)
    panel.set_yticks([])
    panel.patch.set_alpha(0)
    return panel


def _draw(panel: Axes, values: np.ndarray, aims: np.ndarray, scenario: str, mark: float) -> None:
    """Columns, references behind them, and the line that says the scale."""
    count = len(values)
    panel.set_xlim(-0.6, max(count, 4) - 0.4)
    beside = -0.14 if scenario == "PY" else 0.14
    slot = size_in_points(panel)[0] / max(count, 4)
    known = np.flatnonzero(np.isfinite(aims))
    if slot >= 5 and len(known):
        look = {**SCENARIOS[scenario], "linewidth": 0.8}
        panel.bar(known + beside, aims[known], width=0.62, zorder=1, gid=scenario, **look)
    elif len(known):
        # Outlines as narrow as this run together: their tops alone remain.
        across, level = np.repeat(np.arange(count), 2) + np.tile([-0.5, 0.5], count), np.repeat(aims, 2)
        panel.plot(across, level, color=ACTUAL, lw=0.8, zorder=3, gid="target")
    known = np.flatnonzero(np.isfinite(values))
    panel.bar(known, values[known], width=0.62, zorder=2, gid="AC", **SCENARIOS["AC"])
    ends = [-0.6, max(count, 4) - 0.4]
    panel.plot(ends, [0, 0], color=QUIET, lw=0.8, zorder=4, gid="zero")
    panel.plot(ends, [mark, mark], color=QUIET, lw=0.7, ls=(0, (1, 2)), zorder=4, gid="scale")


def _name(
    panel: Axes, name: str, values: pd.Series, effect: np.ndarray, aims: pd.Series, scale: Scale
) -> None:
    """Above a panel its name, and beneath that the last value with its variance."""
    wide = size_in_points(panel)[0]
    how: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "parse_math": False}
    how |= {"ha": "left", "va": "baseline", "fontsize": LABEL, "fontfamily": list(FAMILY)}
    short = shorten(name, wide, LABEL, bold=True)
    panel.annotate(short, (0, 1), (0, 15), fontweight="bold", color=TEXT, **how)
    last = float(values.iloc[-1])
    shown = label(scale, last) if np.isfinite(last) else "none"
    panel.annotate(shown, (0, 1), (0, 4), color=TEXT, **how)
    if np.isfinite(effect[-1]):
        delta, aim = float(effect[-1]), float(aims.iloc[-1])
        text = f"Δ {label(scale, delta, sign=True)}"
        share = (
            f" ({share_text(delta / aim, sign=True, places=0)})" if aim > 0 and abs(delta) < 10 * aim else ""
        )
        left = text_width(shown) + 7
        text += share if left + text_width(text + share) <= wide + BETWEEN - 4 else ""
        panel.annotate(text, (0, 1), (left, 4), color=variance_colour(delta), **how)


def _ends(panel: Axes, index: pd.Index, below: bool) -> None:
    """The first and the last month under the lowest panels."""
    if not below:
        panel.set_xticks([])
        return
    months = isinstance(index, pd.PeriodIndex)
    names = [short_month(m.year * 12 + m.month - 1) if months else str(m) for m in (index[0], index[-1])]
    places = [0, len(index) - 1] if len(index) > 1 else [0]
    half = size_in_points(panel)[0] / 2 - 4
    shown = [shorten(name, half, 8.0) for name in names[: len(places)]]
    panel.set_xticks(places, shown, parse_math=False, fontsize=8.0, family=list(FAMILY))
    for place, tick in enumerate(panel.get_xticklabels()):
        # Flush with the columns' outer edges, so that neighbours' names keep apart.
        tick.set_horizontalalignment(_FLUSH[place] if len(index) > 3 else "center")


def _key(when: str, plan: str | None, scenario: str) -> str:
    parts = ["one scale for all panels (dotted line)"]
    if plan:
        drawn = f"AC dark, {SCENARIO_NAMES[scenario]} {LOOKS[scenario]}"
        parts = [drawn, "Δ in the last month, better (+) or worse (−)", *parts]
    return f"{when}{': ' if when else ''}{'; '.join(parts)}"


def _text(
    values: pd.DataFrame, effect: np.ndarray, plan: str | None, scenario: str, message: str, who: str,
    what: str, unit: str, good: str,
) -> str:  # fmt: skip
    """The message, or what stands out in the last month; then each panel's last value."""
    names, last = [str(name) for name in values.columns], values.iloc[-1].to_list()
    word, other = month_words(values.index)[-1], SCENARIO_NAMES[scenario]
    differences = list(effect[-1]) if plan else [math.nan] * len(names)
    if not message:
        message = ranking_message("", f"{what} in {word}", names, last, differences, unit, good, other)
    told = []
    for name, value, difference in zip(names, last, differences, strict=True):
        gap = f" ({amount_text(float(difference), unit, sign=True)})" if np.isfinite(difference) else ""
        told.append(f"{name} {amount_text(float(value), unit)}{gap}")
    said = f"{what} in {word}" + (f", difference to {other} in brackets, plus is better" if plan else "")
    return spoken(who, message, f"{said}: {', '.join(told)}")


def _table(
    values: pd.DataFrame, aims: pd.DataFrame, effect: np.ndarray, plan: str | None, scenario: str, good: str,
    scale: Scale, by: str, what: str, unit: str,
) -> Table:  # fmt: skip
    """A row for each panel and month."""
    size = {"unit": scale.title(unit), "divisor": int(scale.size), "places": scale.places}
    columns = [Column("name", by.replace("_", " ").capitalize()), Column("month", "Month")]
    columns += [Column("actual", "AC", "number", **size)]  # type: ignore[arg-type]
    if plan:
        columns += [Column("plan", scenario, "number", **size)]  # type: ignore[arg-type]
        columns += [Column("delta", f"Δ{scenario}", "number", signed=True, **size)]  # type: ignore[arg-type]
    cells: list[tuple[Any, ...]] = []
    formulas: dict[tuple[int, str], str] = {}
    marks: dict[tuple[int, str], str] = {}
    for place, name in enumerate(values.columns):
        for row, word in enumerate(month_words(values.index, short=True)):
            given = [values.iloc[row, place], *([aims.iloc[row, place], effect[row, place]] if plan else [])]
            if plan and np.isfinite(effect[row, place]):
                at = (len(cells), "delta")
                formulas[at] = "={actual}-{plan}" if good == "up" else "={plan}-{actual}"
                marks[at] = "good" if given[-1] > 0 else "bad" if given[-1] < 0 else "quiet"
            cells.append((str(name), word, *(float(v) if np.isfinite(v) else None for v in given)))
    keys = tuple(f"r{row + 1}" for row in range(len(cells)))
    return Table(
        table_name("panels", what), tuple(columns), tuple(cells), keys, what, marks=marks, formulas=formulas
    )
