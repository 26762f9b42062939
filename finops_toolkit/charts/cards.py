"""KPI cards: the value, its target in words and a sparkline, a card a KPI."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import UsageError
from ..tables.model import Column, Table
from ..wording import measure_text, missing
from .layout import fit, heading, prepare, shorten, text_width, wrap, write
from .rows import WIDTH, table_name
from .style import ACTUAL, BAD, GOOD, GUIDE, QUIET, TEXT, check_columns, house_style
from .words import describe, spoken

VERDICTS = {
    True: ("on target", GOOD, "▲"),
    False: ("misses target", BAD, "▼"),
    None: ("no target", QUIET, ""),
}
# Points from a card's top: name, value, verdict, and the sparkline's upper and lower end.
NAME, VALUE, VERDICT, HIGH, LOW = 6.0, 18.0, 42.0, 60.0, 82.0
CARD = 96.0  # points from one card's top to the next's
BETWEEN = 16.0  # points between cards
SIZES = (17.0, 15.0, 13.0, 11.0, 9.0)  # of a value: the first at which it fits


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
    currency. The verdict is a word and a mark, and a colour. Each sparkline has a scale of its own, its
    target dashed; it shows the course, not the size. Raises UsageError for less than one column.
    """
    check_columns(frame, ["name", "value", "measure", "target", "met", "trend"])
    if columns < 1:
        raise UsageError(f"{columns} columns of cards cannot be drawn.", "Give columns=1 or more.")
    records = frame.to_dict("records")
    count = -(-len(records) // columns)
    with house_style():
        ax = prepare(ax, WIDTH, (CARD * count + 2) / 72 / 0.98)
        figure = ax.get_figure(root=True)
        assert isinstance(figure, Figure)
        room = figure.get_size_inches()[0] * 72 * ax.get_position().width
        ax.set_xlim(0, room)
        ax.set_ylim(CARD * count, -2)
        ax.set_axis_off()
        across = (room + BETWEEN) / columns
        for place, row in enumerate(records):
            _card(ax, place % columns * across, place // columns * CARD, across - BETWEEN, row)
        heading(ax, message, [who, what, when], space=10)
    judged = [bool(row["met"]) for row in records if not missing(row["met"]) and not missing(row["value"])]
    met = f"{sum(judged)} of {len(judged)} on target" if judged else "None has a target"
    describe(ax, spoken(who, message or met, " ".join(map(_spoken, records))), _table(records, what))
    return fit(ax)


def _card(ax: Axes, left: float, top: float, wide: float, row: dict[Any, Any]) -> None:
    """A card whose corner is at (left, top), in points."""
    verdict, colour, mark = _verdict(row)
    ax.plot([left, left + wide], [top, top], color=colour, lw=2.0, solid_capstyle="butt", gid="rule")
    write(ax, left, top + NAME, _short(str(row["name"]), wide), va="top")
    if missing(row["value"]):
        write(ax, left, top + VALUE + 2, "none", va="top", fontsize=13, fontweight="bold", color=QUIET)
        lines = wrap(str(row.get("reason") or "not known"), wide, 8.5, lines=4)
        write(ax, left, top + VERDICT, "\n".join(lines), va="top", fontsize=8.5, color=QUIET, linespacing=1.1)
        return
    value = _value(row, "value")
    size = next((size for size in SIZES if text_width(value, size, bold=True) <= wide), SIZES[-1])
    value = shorten(value, wide, size, bold=True)
    write(ax, left, top + VALUE + 17, value, va="baseline", fontsize=size, fontweight="bold", color=TEXT)
    words = f"{mark} {verdict}".strip()
    if text_width(words) > wide:
        words = words.replace(" target", "")
    write(ax, left, top + VERDICT, shorten(words, wide), va="top", color=colour)
    _sparkline(ax, left, top, wide - 4, row["trend"], row["target"], colour)


def _verdict(row: dict[Any, Any]) -> tuple[str, str, str]:
    """Words, colour and mark: "misses target 95.0 %"."""
    judged = None if missing(row["met"]) or missing(row["value"]) else bool(row["met"])
    words, colour, mark = VERDICTS[judged]
    if missing(row["target"]):
        return words, colour, mark
    return f"{words if judged is not None else 'target'} {_value(row, 'target')}", colour, mark


def _value(row: dict[Any, Any], key: str) -> str:
    currency = row.get("currency")
    return measure_text(row[key], row["measure"], None if missing(currency) else str(currency))


def _short(name: str, wide: float) -> str:
    """A name that fits its card: what it is called for short, "(DSO)", where it says so itself."""
    name = " ".join(name.split())
    known = re.search(r"\(([^()]+)\)$", name)
    if known and text_width(name) > wide:
        name = known[1]
    return shorten(name, wide)


def _sparkline(
    ax: Axes, left: float, top: float, wide: float, trend: Sequence[float], target: Any, colour: str
) -> None:
    """The course of the values, the last one marked, and the target dashed."""
    values = np.array([np.nan if missing(value) else float(value) for value in trend], dtype=float)
    if np.isfinite(values).sum() < 2:
        write(ax, left, top + HIGH + 2, "no trend yet", va="top", fontsize=8, color=QUIET)
        return
    aim = np.nan if missing(target) else float(target)
    low, high = np.nanmin([*values, aim]), np.nanmax([*values, aim])
    x = left + 2 + np.linspace(0, wide - 4, len(values))
    shares = (np.append(values, aim) - low) / (high - low) if high > low else np.append(values, aim) * 0 + 0.5
    y = top + LOW - shares * (LOW - HIGH)
    if np.isfinite(aim):
        ax.plot(x[[0, -1]], [y[-1]] * 2, color=GUIDE, lw=1.0, ls=(0, (4, 2)), gid="target", zorder=2)
    ax.plot(x, y[:-1], color=ACTUAL, lw=1.5, solid_joinstyle="round", zorder=3, gid="AC")
    known = np.isfinite(values)
    alone = known & ~np.append(False, known[:-1]) & ~np.append(known[1:], False)
    ax.plot(x[alone], y[:-1][alone], "o", ms=2.2, color=ACTUAL, zorder=3)
    last = int(np.flatnonzero(known)[-1])
    ax.plot(x[last], y[last], "o", ms=5.5, color=colour, mec="white", mew=0.9, zorder=4)


def _spoken(row: dict[Any, Any]) -> str:
    if missing(row["value"]):
        return f"{row['name']}: none, because {row.get('reason') or 'it is not known'}."
    return f"{row['name']} {_value(row, 'value')}, {_verdict(row)[0]}."


def _table(records: Sequence[dict[Any, Any]], what: str) -> Table:
    rows: list[tuple[Any, ...]] = []
    formats: dict[tuple[int, str], tuple[str, int]] = {}
    marks: dict[tuple[int, str], str] = {}
    notes: dict[tuple[int, str], str] = {}
    for place, row in enumerate(records):
        measure, judged = str(row["measure"]), None if missing(row["met"]) else bool(row["met"])
        unit = str(row.get("currency") or "") if measure == "money" else measure
        numbers = [None if missing(row[key]) else float(row[key]) for key in ("value", "target")]
        rows.append((str(row["name"]), *numbers, unit, VERDICTS[judged][0]))
        for key in ("value", "target"):
            formats[place, key] = (
                ("share", 1) if measure == "%" else ("number", 0 if measure == "money" else 1)
            )
        if judged is not None:
            marks[place, "verdict"] = "good" if judged else "bad"
        if missing(row["value"]):
            notes[place, "value"] = f"None, because {row.get('reason') or 'it is not known'}."
    numeric = [Column(key, key.capitalize(), "number", places=1) for key in ("value", "target")]
    columns = (Column("name", "KPI"), *numeric, Column("unit", "Unit"), Column("verdict", "Verdict"))
    return Table(
        table_name("cards", what), columns, tuple(rows), (), what, formats=formats, marks=marks, notes=notes
    )
