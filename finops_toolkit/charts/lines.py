"""A line over time with its target and limits, each named with its value at its right end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..tables.model import Column, NativeChart, Table
from ..wording import joined, measure_text
from .layout import fit, heading, write
from .rows import table_name
from .slots import Slots, along, make_slots, month_words, point_labels, side_labels, side_room, upright
from .style import ACTUAL, BAD, GUIDE, QUIET, TEXT, check_columns, house_style
from .time import numbers
from .words import describe, series_message, series_text, spoken


def line_with_target(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    value: str = "value",
    target: str | float | None = None,
    limits: tuple[float, float] | None = None,
    measure: str = "",
    good: str = "up",
    message: str = "",
    who: str = "",
    what: str = "",
    when: str = "",
    zero: bool = False,
) -> Axes:
    """A KPI over months with its target (a column or one number) and, where given, limits (low, high).

    Points on the wrong side of the target, or outside the limits, are ringed. Ends and extremes carry values
    in the KPI's `measure` ("%" takes shares). A rate need not start at zero; `zero=True` makes it.
    """
    column = target if isinstance(target, str) else None
    check_columns(frame, [value, column])
    values = numbers(frame, value)
    aims = numbers(frame, column)
    if target is not None and column is None:
        aims = np.full(len(frame), float(target))
    named = [("target", float(aim), GUIDE) for aim in aims[np.isfinite(aims)][-1:]]
    named += [
        (f"{side} limit", limit, QUIET) for side, limit in zip(("lower", "upper"), limits or (), strict=False)
    ]
    label = labeller(np.array([*values, *aims, *(limits or ())]), measure)
    ends = [(y, f"{name} {label(y)}", colour, False) for name, y, colour in named]
    if np.isfinite(values[-1:]).all():
        ends = [(float(values[-1]), label(float(values[-1])), TEXT, True), *ends]
    wrong = _wrong(values, aims, limits, good)
    with house_style():
        slots = make_slots(ax, frame.index, 2.2, right=side_room([text for _, text, _, _ in ends]))
        unit, bottom = upright(slots, [*values, *aims, *(limits or ())], zero)
        lines = _draw_line(slots, values, aims, limits)
        places = np.flatnonzero(wrong)
        slots.ax.scatter(
            places, values[places], s=46, facecolors="none", edgecolors=BAD, linewidths=1.3, zorder=4
        )
        if zero:
            slots.line(0, gid="zero")
        told = _told(values)
        points = [(float(i), float(values[i])) for i in told]
        point_labels(slots, points, [label(y) for _, y in points], lines, unit, bottom)
        side_labels(slots, ends, unit, bottom)
        if not np.isfinite(values).any():
            write(slots.ax, 0, bottom + 6 / unit, "no figures", color=QUIET)
        misses = ["misses the target"] * bool(np.isfinite(aims).any()) + ["outside the limits"] * bool(limits)
        ring = f"ringed = {joined(misses, 'or')}" if misses and wrong.any() else ""
        heading(slots.ax, message, [who, what, f"{when}{': ' if when and ring else ''}{ring}"])
    describe(slots.ax, _line_text(frame, values, aims, message, who, what or value, measure, good),
             _line_table(frame.index, values, aims, limits, what or value, measure))  # fmt: skip
    return fit(slots.ax)


def labeller(values: np.ndarray, measure: str) -> Callable[[float], str]:
    """How all values of a line are written: a whole one among fractions has its decimal, too ("3.0")."""
    known = values[np.isfinite(values)]
    whole = measure in ("%", "money", "x") or not (known % 1).any() or np.abs(known).max() >= 100

    def text(value: float) -> str:
        if whole or value % 1 or not value:
            return measure_text(value, measure)
        # The decimal is added to what the measure writes: 3 days → 3.0 days.
        digits = f"{abs(value):.0f}"
        return measure_text(value, measure).replace(digits, f"{digits}.0", 1)

    return text


def _draw_line(
    slots: Slots, values: np.ndarray, aims: np.ndarray, limits: tuple[float, float] | None
) -> np.ndarray:
    """The line, its target and limits; returned as points close together, for labels to keep off."""
    places = np.arange(len(values), dtype=float)
    slots.ax.plot(places, values, color=ACTUAL, lw=1.6, marker="o", ms=3, zorder=3, gid="AC")
    drawn = [along(places, values)]
    if np.isfinite(aims).any():
        across, aim = np.repeat(places, 2) + np.tile([-0.5, 0.5], len(places)), np.repeat(aims, 2)
        slots.ax.plot(across, aim, color=GUIDE, lw=1.2, ls=(0, (5, 2)), zorder=2, gid="target")
        drawn.append(along(across, aim))
    for limit in limits or ():
        slots.line(limit, ls=(0, (2, 2)), zorder=1, gid="limit")
        drawn.append(
            along(np.array([-0.5, *places, len(places) - 0.5]), np.full(len(places) + 2, float(limit)))
        )
    return np.vstack(drawn)


def _wrong(values: np.ndarray, aims: np.ndarray, limits: tuple[float, float] | None, good: str) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        wrong = values < aims if good == "up" else values > aims
        if limits is not None:
            wrong = wrong | (values < limits[0]) | (values > limits[1])
    return wrong


def _told(values: np.ndarray) -> list[int]:
    """The points that carry their value in the drawing: last known, extremes, first; not the very last, whose
    value stands at the right.
    """
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return []
    chosen = [int(known[-1]), int(np.nanargmax(values)), int(np.nanargmin(values)), int(known[0])]
    return [place for place in dict.fromkeys(chosen) if place != len(values) - 1]


def _line_text(
    frame: pd.DataFrame, values: np.ndarray, aims: np.ndarray, message: str, who: str, what: str,
    measure: str, good: str,
) -> str:  # fmt: skip
    words = month_words(frame.index)
    aimed = bool(np.isfinite(aims).any())
    step = "month" if isinstance(frame.index, pd.PeriodIndex) else "time"
    if not message:
        against = list(aims) if aimed else None
        message = series_message("", what, list(values), against, words, measure, good, "target", step)
    last = f"Target {measure_text(float(aims[np.isfinite(aims)][-1]), measure)}" if aimed else ""
    return spoken(who, message, series_text(what, list(values), words, measure), last)


def _line_table(
    index: pd.Index, values: np.ndarray, aims: np.ndarray, limits: tuple[float, float] | None, what: str,
    measure: str,
) -> Table:  # fmt: skip
    series = {"value": (what, values), "target": ("Target", aims)}
    for key, limit in zip(("lower", "upper"), limits or (), strict=False):
        series[key] = (f"{key.title()} limit", np.full(len(values), float(limit)))
    return series_table("line", index, series, what, measure)


def series_table(
    kind: str, index: pd.Index, series: dict[str, tuple[str, np.ndarray]], what: str, measure: str,
    notes: dict[tuple[int, str], str] | None = None,
) -> Table:  # fmt: skip
    """Lines as a table, a column each that holds anything; `series`: key → (head, values)."""
    kept = {key: one for n, (key, one) in enumerate(series.items()) if n == 0 or np.isfinite(one[1]).any()}
    share = measure == "%"
    size: dict[str, Any] = {
        "kind": "share" if share else "number",
        "unit": "" if measure == "money" else measure,
    }
    top = max((float(np.abs(v[np.isfinite(v)]).max(initial=0.0)) for _, v in kept.values()), default=0.0)
    size["places"] = 1 if share or top < 1000 else 0
    columns = [Column("month", "Month" if isinstance(index, pd.PeriodIndex) else "")]
    columns += [Column(key, head, **size) for key, (head, _) in kept.items()]
    cells = tuple(
        (name, *(float(v[row]) if np.isfinite(v[row]) else None for _, v in kept.values()))
        for row, name in enumerate(month_words(index, short=True))
    )
    keys = tuple(f"r{row + 1}" for row in range(len(cells)))
    chart = NativeChart("line", "month", tuple(kept), what)
    name = table_name(kind, what)
    return Table(name, tuple(columns), cells, keys, what, notes=notes or {}, chart=chart)
