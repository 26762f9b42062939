"""KPI cards: the value, its target in words and a sparkline, a card a KPI."""

from __future__ import annotations

import re
import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..wording import measure_text, missing
from .layout import fit, heading, prepare, write
from .style import ACTUAL, BAD, GOOD, GUIDE, QUIET, check_columns, house_style
from .words import describe

VERDICTS = {
    True: ("on target", GOOD, "▲"),
    False: ("misses target", BAD, "▼"),
    None: ("no target", QUIET, ""),
}


def kpi_cards(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    columns: int = 4,
    message: str = "",
    who: str = "",
    what: str = "",
    when: str = "",
) -> Axes:
    """Cards in rows of `columns`, read left to right.

    `frame`: name, value (number or none), measure, target (number or none), met (True, False or None),
    trend (list of numbers, oldest first), and optionally reason (shown in place of a missing value) and
    currency. The verdict is a word and a mark, and a colour.
    """
    check_columns(frame, ["name", "value", "measure", "target", "met", "trend"])
    rows = -(-len(frame) // columns)
    with house_style():
        ax = prepare(ax, 8.0, 0.4 + 0.88 * rows)
        ax.set_xlim(0, columns)
        ax.set_ylim(rows, 0)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines["bottom"].set_visible(False)
        for place, row in enumerate(frame.to_dict("records")):
            _card(ax, place % columns, place // columns, row)
        heading(ax, message, [who, what, when])
    describe(
        ax,
        " ".join(
            part
            for part in (f"{who}:" if who else "", message, *map(_spoken, frame.to_dict("records")))
            if part
        ),
    )
    return fit(ax)


def _card(ax: Axes, left: float, top: float, row: dict) -> None:
    ax.plot([left + 0.03, left + 0.95], [top + 0.06] * 2, color=QUIET, lw=0.8)
    name = _short(str(row["name"]))
    write(ax, left + 0.03, top + 0.12, name, va="top", fontsize=8.5)
    if missing(row["value"]):
        reason = textwrap.fill(f"none: {row.get('reason') or 'not known'}", 27, max_lines=4, placeholder=" …")
        write(ax, left + 0.03, top + 0.32, reason, va="top", fontsize=7.2, color=QUIET)
        return
    value = measure_text(row["value"], row["measure"], row.get("currency"))
    write(
        ax,
        left + 0.03,
        top + 0.32,
        value,
        va="top",
        fontsize=13 if len(value) < 11 else 10.5,
        fontweight="bold",
    )
    verdict, colour, mark = VERDICTS[None if missing(row["met"]) else bool(row["met"])]
    target = "" if missing(row["target"]) else f" {measure_text(row['target'], row['measure'])}"
    write(
        ax, left + 0.03, top + 0.64, f"{mark} {verdict}{target}".strip(), va="top", color=colour, fontsize=8
    )
    _sparkline(ax, left + 0.03, top + 0.97, row["trend"], row["target"], colour)


def _short(name: str, width: int = 27) -> str:
    """A name that fits its card: what it is called for short, "(DSO)", where it says so itself."""
    known = re.search(r"\(([^()]+)\)$", name)
    if len(name) > width and known:
        return known[1]
    return textwrap.shorten(name, width, placeholder=" …")


def _sparkline(
    ax: Axes, left: float, bottom: float, trend: list[float], target: float | None, colour: str
) -> None:
    values = np.array([np.nan if missing(value) else float(value) for value in trend])
    if np.isfinite(values).sum() < 2:
        return
    aim = np.nan if missing(target) else float(target)  # type: ignore[arg-type]
    low, high = np.nanmin([*values, aim]), np.nanmax([*values, aim])
    spread = (high - low) or 1.0
    across = left + np.linspace(0, 0.86, len(values))
    ax.plot(across, bottom - (values - low) / spread * 0.15, color=ACTUAL, lw=1.1)
    if np.isfinite(aim):
        ax.plot(
            across[[0, -1]], [bottom - (aim - low) / spread * 0.15] * 2, color=GUIDE, lw=0.8, ls=(0, (4, 2))
        )
    if np.isfinite(values[-1]):
        ax.plot(across[-1], bottom - (values[-1] - low) / spread * 0.15, "o", ms=3.4, color=colour)


def _spoken(row: dict) -> str:
    if missing(row["value"]):
        return f"{row['name']}: none, because {row.get('reason') or 'it is not known'}."
    verdict = VERDICTS[None if missing(row["met"]) else bool(row["met"])][0]
    target = "" if missing(row["target"]) else f" of {measure_text(row['target'], row['measure'])}"
    return (
        f"{row['name']} {measure_text(row['value'], row['measure'], row.get('currency'))}, {verdict}{target}."
    )
