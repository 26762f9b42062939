"""Charts over time, left to right: columns against a plan with the variances above, and a line with its
target.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..wording import measure_text, missing
from .layout import fit, heading, prepare, write
from .style import (
    ACTUAL,
    BAD,
    GUIDE,
    QUIET,
    SCENARIOS,
    Scale,
    check_columns,
    house_style,
    in_units,
    month_names,
    scale_for,
    variance_colour,
)
from .words import describe, series_text

# Above this many columns only the ends and the extremes carry a value: the others would overlap.
LABELLED = 26


def columns_with_plan(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    actual: str = "actual",
    plan: str | None = None,
    scenario: str | None = None,
    message: str = "",
    who: str = "",
    what: str = "",
    when: str = "",
    unit: str = "",
    good: str = "up",
) -> Axes:
    """A column a month, the plan outlined (or last year light) behind it, variances above on one scale.

    `frame`: index months (Period M) or any labels in order, columns in plain units; a missing month stays
    empty.
    `scenario` "BU" or "PY" says what `plan` is; by default last year where the column is called so.
    `good` "up" or "down": which way is favourable; a variance drawn upwards is favourable.
    """
    check_columns(frame, [actual, plan])
    scenario = scenario or ("PY" if plan == "last_year" else "BU")
    values = frame[actual].to_numpy(dtype=float)
    reference = frame[plan].to_numpy(dtype=float) if plan else np.full(len(frame), np.nan)
    effect = (values - reference) * (1 if good == "up" else -1)
    with house_style():
        ax = prepare(ax, 8.0, 2.6 if plan else 2.0)
        scale = scale_for([*values, *reference])
        places = np.arange(len(frame))
        if plan:
            ax.bar(places - 0.12, np.nan_to_num(reference), width=0.62, zorder=1, **SCENARIOS[scenario])
        ax.bar(places + (0.06 if plan else 0), np.nan_to_num(values), width=0.62, zorder=2, **SCENARIOS["AC"])
        top = np.nanmax([0.0, *values, *reference])
        span = (top - np.nanmin([0.0, *values, *reference])) or 1.0
        _column_labels(ax, places, values, scale, span)
        ax.axhline(0, color=QUIET, lw=0.9, zorder=3)
        if plan and np.isfinite(effect).any():
            _variance_tier(ax, places, effect, scale, top, span)
        else:
            ax.set_ylim(top=top + span * 0.12)  # room for the labels below the heading
        ax.set_xticks(
            places, month_names(frame.index), parse_math=False, fontsize=8 if len(frame) <= LABELLED else 7
        )
        ax.set_xlim(-0.7, len(frame) - 0.3)
        ax.set_yticks([])
        ax.spines["bottom"].set_visible(False)
        names = {
            "BU": "AC dark, budget outlined, Δ = better (+) or worse (−) than budget",
            "PY": "AC dark, last year light, Δ = better (+) or worse (−) than last year",
            "FC": "AC dark, forecast hatched, Δ = above (+) or below (−) the forecast",
        }
        heading(
            ax,
            message,
            [
                who,
                in_units(what, scale.title(unit)),
                f"{when}{': ' if when else ''}{names[scenario]}" if plan else when,
            ],
        )
    describe(
        ax,
        f"{who}: {message} {series_text(what or actual, list(values), _words(frame.index), unit)}".strip(
            ": "
        ),
    )
    return fit(ax)


def _words(index: pd.Index) -> list[str]:
    if isinstance(index, pd.PeriodIndex):
        return [f"{month:%B %Y}" for month in index]
    return [str(value) for value in index]


def _column_labels(ax: Axes, places: Any, values: np.ndarray, scale: Scale, span: float) -> None:
    size = 8 if len(values) <= 14 else 6.6
    known = [i for i, value in enumerate(values) if np.isfinite(value)]
    chosen = set(known)
    if len(known) > LABELLED:
        chosen = {known[0], known[-1], int(np.nanargmax(values)), int(np.nanargmin(values))}
    for i in chosen:
        up = values[i] >= 0
        write(
            ax,
            places[i] + 0.06,
            values[i] + span * (0.015 if up else -0.015),
            scale.label(values[i]),
            ha="center",
            va="bottom" if up else "top",
            fontsize=size,
            zorder=4,
        )


def _variance_tier(ax: Axes, places: Any, effect: np.ndarray, scale: Scale, top: float, span: float) -> None:
    """The variances on a line of their own above the columns, on the columns' own scale."""
    known = effect[np.isfinite(effect)]
    line = top + span * 0.2 - min(0.0, float(known.min()))
    size = 8 if len(effect) <= 14 else 6.6
    ax.axhline(line, color=QUIET, lw=0.9, zorder=3)
    shown = list(range(len(effect)))
    if len(known) > LABELLED:
        shown = sorted(
            {
                int(np.nanargmax(effect)),
                int(np.nanargmin(effect)),
                int(np.flatnonzero(np.isfinite(effect))[-1]),
            }
        )
    ax.bar(
        places,
        np.nan_to_num(effect),
        bottom=line,
        width=0.5,
        zorder=2,
        color=[variance_colour(value) for value in np.nan_to_num(effect)],
    )
    for i in shown:
        if np.isfinite(effect[i]):
            up = effect[i] >= 0
            write(
                ax,
                places[i],
                line + effect[i] + span * (0.015 if up else -0.015),
                scale.label(effect[i], sign=True),
                ha="center",
                va="bottom" if up else "top",
                color=variance_colour(effect[i]),
                fontsize=size,
            )
    write(ax, -0.75, line, "Δ", ha="right", va="center", color=QUIET)
    ax.set_ylim(top=line + max(0.0, float(known.max())) + span * 0.1)


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
    """A KPI over months with its target (a column or one number) and, where given, control limits (low,
    high).

    Points on the wrong side of the target, or outside the limits, are ringed. Ends and extremes carry values
    in the KPI's `measure` ("%" takes shares). A rate need not start at zero; `zero=True` makes it.
    """
    column = target if isinstance(target, str) else None
    check_columns(frame, [value, column])
    values = frame[value].to_numpy(dtype=float)
    aims = (
        frame[column].to_numpy(dtype=float)
        if column
        else np.full(len(frame), np.nan if target is None else target)
    )
    places = np.arange(len(frame))
    with house_style():
        ax = prepare(ax, 8.0, 2.4)
        ax.plot(places, values, color=ACTUAL, lw=1.6, marker="o", ms=3, zorder=3)
        if np.isfinite(aims).any():
            ax.plot(places, aims, color=GUIDE, lw=1.2, ls=(0, (5, 2)), drawstyle="steps-mid", zorder=2)
            last = int(np.flatnonzero(np.isfinite(aims))[-1])
            write(
                ax,
                len(frame) - 0.6,
                aims[last],
                f"target {measure_text(aims[last], measure)}",
                va="center",
                color=GUIDE,
            )
        for name, limit in zip(("lower limit", "upper limit"), limits or (), strict=False):
            ax.axhline(limit, color=QUIET, lw=0.9, ls=(0, (2, 2)), zorder=1)
            write(
                ax,
                len(frame) - 0.6,
                limit,
                f"{name} {measure_text(limit, measure)}",
                va="center",
                color=QUIET,
            )
        wrong = _wrong(values, aims, limits, good)
        ax.scatter(
            places[wrong], values[wrong], s=46, facecolors="none", edgecolors=BAD, linewidths=1.3, zorder=4
        )
        _line_labels(ax, values, measure)
        ax.set_xticks(
            places, month_names(frame.index), parse_math=False, fontsize=8 if len(frame) <= LABELLED else 7
        )
        ax.set_xlim(-0.7, len(frame) - 0.3)
        ax.margins(y=0.2)
        if zero:
            ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
        ax.set_yticks([])
        ring = (
            "ringed = misses the target"
            if np.isfinite(aims).any()
            else "ringed = outside the limits"
            if limits
            else ""
        )
        heading(ax, message, [who, what, f"{when}{': ' if when and ring else ''}{ring}"], space=8)
    spoken = _spoken(values, _words(frame.index), measure)
    aim = f" Target {measure_text(float(aims[-1]), measure)}." if len(aims) and np.isfinite(aims[-1]) else ""
    describe(ax, f"{who}: {message} {what}: {spoken}{aim}".strip(": "))
    return fit(ax)


def _wrong(values: np.ndarray, aims: np.ndarray, limits: tuple[float, float] | None, good: str) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        wrong = values < aims if good == "up" else values > aims
        if limits is not None:
            wrong = wrong | (values < limits[0]) | (values > limits[1])
    return wrong


def _line_labels(ax: Axes, values: np.ndarray, measure: str) -> None:
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return
    # The last value always; a first, highest or lowest one only where it does not sit on a label's neighbour.
    chosen: list[int] = []
    apart = 1 + len(values) // 14
    for i in (int(known[-1]), int(np.nanargmax(values)), int(np.nanargmin(values)), int(known[0])):
        if all(abs(i - other) > apart for other in chosen):
            chosen.append(i)
    for i in chosen:
        up = i == int(np.nanargmax(values)) or values[i] >= np.nanmean(values)
        ax.annotate(
            measure_text(float(values[i]), measure),
            (i, values[i]),
            (0, 6 if up else -6),
            ha="center",
            va="bottom" if up else "top",
            textcoords="offset points",
            fontsize=8,
            parse_math=False,
        )


def _spoken(values: Sequence[float], labels: Sequence[str], measure: str) -> str:
    known = [(value, label) for value, label in zip(values, labels, strict=True) if not missing(float(value))]
    if not known:
        return "none."
    low, high = min(known), max(known)
    text = f"{measure_text(float(known[-1][0]), measure)} in {known[-1][1]}"
    if len(known) > 1:
        text += f"; lowest {measure_text(float(low[0]), measure)} in {low[1]}"
        text += f", highest {measure_text(float(high[0]), measure)} in {high[1]}"
    return f"{text}."
