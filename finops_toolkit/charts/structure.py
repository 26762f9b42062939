"""Charts of structure, from top to bottom: categories against a reference, and KPIs as bullets against
target.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..wording import number_text, share_text
from .layout import category_names, fit, heading, prepare, write
from .style import (
    ACTUAL,
    BAD,
    GUIDE,
    QUIET,
    SCENARIOS,
    check_columns,
    house_style,
    in_units,
    scale_for,
    variance_colour,
)
from .words import describe

SCENARIO_NAMES = {"BU": "budget", "PY": "last year", "FC": "forecast"}


def bars_with_variance(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    name: str = "name",
    actual: str = "actual",
    reference: str = "budget",
    scenario: str = "BU",
    message: str = "",
    who: str = "",
    what: str = "",
    when: str = "",
    unit: str = "",
    good: str = "up",
) -> Axes:
    """A bar a category against its reference, and to the right the variance on the same scale.

    Rows are drawn in the frame's order. Variances are favourable positive: `good` says which way that is.
    """
    check_columns(frame, [name, actual, reference])
    values, aims = (frame[column].to_numpy(dtype=float) for column in (actual, reference))
    effect = (values - aims) * (1 if good == "up" else -1)
    places = np.arange(len(frame))
    with house_style():
        ax = prepare(ax, 8.0, 1.0 + 0.27 * len(frame))
        scale = scale_for([*values, *aims])
        both = [0.0, *values, *aims]
        span = (np.nanmax(both) - np.nanmin(both)) or 1.0
        ax.barh(places + 0.09, np.nan_to_num(aims), height=0.6, zorder=1, **SCENARIOS[scenario])
        ax.barh(places - 0.05, np.nan_to_num(values), height=0.6, zorder=2, **SCENARIOS["AC"])
        line = np.nanmax(both) + span * 0.22 - np.nanmin([0.0, *effect])
        ax.barh(
            places,
            np.nan_to_num(effect),
            left=line,
            height=0.48,
            zorder=2,
            color=[variance_colour(value) for value in np.nan_to_num(effect)],
        )
        for place in places:
            _row_labels(ax, place, values[place], effect[place], line, span, scale)
        for zero in (0.0, line):
            ax.plot([zero, zero], [-0.6, len(frame) - 0.4], color=QUIET, lw=0.9, zorder=3)
        write(ax, line, -0.75, "Δ", ha="center", va="bottom", color=QUIET)
        left = category_names(ax, frame[name])
        ax.set_ylim(len(frame) - 0.3, -1.3)
        ax.set_xlim(np.nanmin(both) - span * 0.02, line + np.nanmax([0.0, *effect]) + span * 0.12)
        ax.set_xticks([])
        ax.spines["bottom"].set_visible(False)
        other = SCENARIO_NAMES[scenario]
        heading(
            ax,
            message,
            [
                who,
                in_units(what, scale.title(unit)),
                f"{when}: AC dark, {other} {'light' if scenario == 'PY' else 'outlined'}, "
                f"Δ = better (+) or worse (−)",
            ],
            left=left,
        )
    rows = ", ".join(
        f"{label} {number_text(value)} ({number_text(delta, sign=True)})"
        for label, value, delta in zip(frame[name], values, effect, strict=True)
    )
    describe(ax, f"{who}: {message} {what}, difference to {other} in brackets: {rows}.".strip(": "))
    return fit(ax)


def _row_labels(ax: Axes, place, value, effect, line, span, scale) -> None:
    if not np.isfinite(value):
        write(ax, span * 0.01, place, "none", va="center", color=QUIET)
        return
    right = value >= 0
    write(
        ax,
        value + span * (0.01 if right else -0.01),
        place,
        scale.label(value),
        va="center",
        ha="left" if right else "right",
        zorder=4,
    )
    if np.isfinite(effect):
        right = effect >= 0
        write(
            ax,
            line + effect + span * (0.01 if right else -0.01),
            place,
            scale.label(effect, sign=True),
            va="center",
            ha="left" if right else "right",
            color=variance_colour(effect),
        )


def bullet(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    name: str = "name",
    attainment: str = "attainment",
    value_text: str = "value_text",
    message: str = "",
    who: str = "",
    what: str = "Attainment of target",
    when: str = "",
) -> Axes:
    """A bar a KPI as a share of its target (1 = target, more is better), the target a line at 100 %.

    `value_text` is the KPI's own value as people write it. Bars are cut at 200 % and marked so.
    """
    check_columns(frame, [name, attainment, value_text])
    shares = frame[attainment].to_numpy(dtype=float)
    places = np.arange(len(frame))
    with house_style():
        ax = prepare(ax, 8.0, 0.9 + 0.27 * len(frame))
        met = np.nan_to_num(shares) >= 1
        ax.barh(
            places,
            np.clip(np.nan_to_num(shares), 0, 2),
            height=0.5,
            color=[ACTUAL if good else BAD for good in met],
        )
        ax.plot([1, 1], [-0.6, len(frame) - 0.4], color=GUIDE, lw=1.6)
        write(ax, 1, -0.65, "target", ha="center", va="bottom", color=GUIDE)
        for place, (share, text) in enumerate(zip(shares, frame[value_text], strict=True)):
            words = "none" if not np.isfinite(share) else f"{text} · {share_text(float(share), places=0)}"
            words += (
                " (cut at 200 %)" if share > 2 else "" if share >= 1 or not np.isfinite(share) else " misses"
            )
            write(ax, max(1.0, min(2.0, float(np.nan_to_num(share)))) + 0.02, place, words, va="center")
        left = category_names(ax, frame[name])
        ax.set_ylim(len(frame) - 0.3, -1.2)
        ax.set_xlim(0, 2.5)
        ax.set_xticks([])
        ax.spines["bottom"].set_visible(False)
        heading(ax, message, [who, what, when], left=left)
    rows = ", ".join(
        f"{label} {text} ({share_text(float(share), places=0)} of target)"
        for label, text, share in zip(frame[name], frame[value_text], shares, strict=True)
    )
    describe(ax, f"{who}: {message} {rows}.".strip(": "))
    return fit(ax)
