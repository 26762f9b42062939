"""A portfolio map: what could be done as bubbles over two measures, what was chosen filled."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import ScaledTranslation

from ..errors import UsageError
from ..tables.model import Column, Table
from ..wording import BLANK, joined, missing
from .layout import LABEL, fit, heading, place_labels, prepare
from .style import ACTUAL, OUTLINE, QUIET, TEXT, Scale, check_columns, house_style, in_units, scale_for
from .words import amount_text, describe, in_sentence, spoken

_LARGEST = 22.0  # points: the largest bubble's radius; less where there are many


def portfolio_map(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    across: str,
    up: str,
    area: str,
    units: tuple[str, str, str] = ("", "", ""),
    lines: tuple[float | None, float | None] = (None, None),
    quadrants: tuple[str, str, str, str] | None = None,
    message: str = "",
    who: str = "",
    what: str = "Portfolio",
    when: str = "",
) -> Axes:
    """A bubble a row at (x, y), its area as large as its size, its name beside it.

    `frame`: name, x, y, size (plain units; shares where the unit is "%"), optionally chosen (True is filled,
    False outlined) and group (written with the name). `across`, `up`, `area` say what x, y and size are,
    `units` in what unit. `lines`: where x and y part the quadrants; `quadrants` names them: top left, top
    right, bottom left, bottom right. A size of zero or below has no area: it is drawn as a cross, and said.
    Raises UsageError where a row has no x or y.
    """
    check_columns(frame, ["name", "x", "y", "size"])
    rows = _rows(frame)
    message = message or _message(rows, area, units[2])
    with house_style():
        ax = prepare(ax, 8.0, 4.2)
        ax.spines["left"].set_visible(True)
        radii = _radii([row["size"] for row in rows])
        _limits(ax, rows, radii, lines)
        _axes_words(ax, in_units(across, units[0]), in_units(up, units[1]), units)
        _sizes(ax, rows, radii, area, units[2])
        heading(ax, message, [who, what, f"{when}{': ' if when else ''}{_notation(rows, area)}"], space=26)
        fit(ax)
        _limits(ax, rows, radii, lines)  # anew: the width is known now
        named = _quadrants(ax, lines, quadrants)
        _bubbles(ax, rows, radii)
        order = sorted(range(len(rows)), key=lambda at: (not rows[at]["chosen"], -rows[at]["size"]))
        places = [(rows[at]["x"], rows[at]["y"]) for at in order]
        labels = [rows[at]["label"] for at in order]
        left_out = place_labels(
            ax,
            places,
            labels,
            radii=[radii[at] for at in order],
            avoid=named,
            lines=[line for line in ax.lines if line.get_gid() in ("limit", "zero")],
        )
        if left_out:
            _say_left_out(ax, len(left_out))
    told = [_told(row, across, up, area, units) for row in rows]
    describe(ax, spoken(who, message, *told), _table(rows, across, up, area, units))
    return fit(ax)


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as plain figures; those without a place are refused, all at once."""
    rows, wrong = [], []
    for row in frame.to_dict("records"):
        x, y, size = (math.nan if missing(row[key]) else float(row[key]) for key in ("x", "y", "size"))
        name = str(row["name"])
        if not (math.isfinite(x) and math.isfinite(y)):
            wrong.append(repr(name))
        group = "" if missing(row.get("group")) else str(row["group"])
        chosen = row.get("chosen")
        rows.append(
            {
                "name": name,
                "group": group,
                "label": f"{name}, {group}" if group else name,
                "x": x,
                "y": y,
                "size": size if math.isfinite(size) else 0.0,
                "shown": size,
                "judged": chosen is not None and not missing(chosen),
                "chosen": True if chosen is None or missing(chosen) else bool(chosen),
            }
        )
    if wrong:
        told = f"No place on the map without x and y: {joined(wrong)}."
        raise UsageError(told, "Fill both columns, or leave the rows out.")
    return rows


def _radii(sizes: list[float]) -> list[float]:
    """The radii in points, so that areas are as the sizes; 3 for the cross of what has no area."""
    largest = _LARGEST if len(sizes) <= 12 else _LARGEST * math.sqrt(12 / len(sizes))
    top = max([*sizes, 0.0]) or 1.0
    return [largest * math.sqrt(size / top) if size > 0 else 3.0 for size in sizes]


def _limits(
    ax: Axes, rows: list[dict[str, Any]], radii: list[float], lines: tuple[float | None, float | None]
) -> None:
    """Limits that hold every bubble whole and the lines, with some room for names."""
    figure = ax.get_figure(root=True)
    extent = ax.get_window_extent()
    for key, line, pixels in (("x", lines[0], extent.width), ("y", lines[1], extent.height)):
        values = [row[key] for row in rows] + ([] if line is None else [line])
        low, high = min(values), max(values)
        spread = (high - low) or abs(high) or 1.0
        edge = (max(radii) + 8) / max(40.0, pixels / figure.dpi * 72 - 2 * max(radii) - 16)  # type: ignore[union-attr]
        room = (low - spread * edge, high + spread * edge) if high > low else (low - spread, high + spread)
        (ax.set_xlim if key == "x" else ax.set_ylim)(*room)


def _axes_words(ax: Axes, across: str, up: str, units: tuple[str, str, str]) -> None:
    """A few values on each axis as people write them, and what they are: below right and above left."""
    for axis, unit in ((ax.xaxis, units[0]), (ax.yaxis, units[1])):
        axis.set_major_locator(MaxNLocator(5))
        axis.set_major_formatter(FuncFormatter(partial(_tick, axis, unit == "%")))
        axis.set_tick_params(length=3, color=QUIET, labelsize=8.5)
    style: dict[str, Any] = {
        "textcoords": "offset points", "fontsize": LABEL, "color": TEXT, "parse_math": False,
        "fontweight": "bold", "xycoords": "axes fraction",
    }  # fmt: skip
    ax.annotate(f"{across} →", (1, 0), (0, -20), ha="right", va="top", **style)
    ax.annotate(f"↑ {up}", (0, 1), (-4, 5), ha="left", va="bottom", **style)


def _tick(axis: Axis, share: bool, value: float, _: int | None) -> str:
    """A value at an axis, in as many decimals as tell it from its neighbour; its unit stands in the title."""
    ticks = axis.get_majorticklocs() * (100 if share else 1)
    scale = scale_for(ticks)
    shown = ticks / scale.size
    places = next((n for n in range(5) if np.allclose(shown, shown.round(n), atol=1e-6 * 10**-n)), 5)
    text = Scale(scale.size, scale.letter, places).label(value * (100 if share else 1))
    return text + (BLANK + scale.letter if scale.letter and text != "0" else "")


def _sizes(ax: Axes, rows: list[dict[str, Any]], radii: list[float], area: str, unit: str) -> None:
    """Two bubbles of round sizes at the right, labelled: how large an area is how much."""
    top = max(row["size"] for row in rows)
    if top <= 0:
        return
    largest = max(radius for radius, row in zip(radii, rows, strict=True) if row["size"] > 0)
    figure = ax.get_figure(root=True)
    below = 4.0
    style: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "parse_math": False}
    ax.annotate(area, (1, 1), (14, -below), va="top", fontsize=LABEL, fontweight="bold", color=TEXT, **style)
    below += 18
    for size in (_round(top), _round(top / 5)):
        radius = largest * math.sqrt(size / top)
        place = ScaledTranslation((14 + largest) / 72, -(below + radius) / 72, figure.dpi_scale_trans)  # type: ignore[union-attr]
        ax.scatter(
            [1], [1], s=(2 * radius) ** 2, facecolors="white", edgecolors=QUIET, linewidths=1.0,
            clip_on=False, transform=ax.transAxes + place, gid="size",
        )  # fmt: skip
        at = (20 + 2 * largest, -(below + radius))
        ax.annotate(amount_text(size, unit), (1, 1), at, va="center", fontsize=LABEL, color=TEXT, **style)
        below += 2 * radius + 7


def _round(size: float) -> float:
    """The largest of 1, 2 or 5 times a power of ten that is not above the size."""
    power = 10.0 ** math.floor(math.log10(size))
    return next(step * power for step in (5, 2, 1) if step * power <= size * (1 + 1e-9))


def _quadrants(
    ax: Axes, lines: tuple[float | None, float | None], names: tuple[str, str, str, str] | None
) -> list[Any]:
    """Zero and the parting lines, and the quadrants' names in the corners; returns these texts."""
    dashes: dict[str, Any] = {"color": QUIET, "lw": 0.9, "ls": (0, (3, 3)), "zorder": 0.8, "gid": "limit"}
    zero: dict[str, Any] = {"color": QUIET, "lw": 0.8, "zorder": 0.8, "gid": "zero"}
    if ax.get_xlim()[0] < 0 < ax.get_xlim()[1] and lines[0] != 0:
        ax.axvline(0, **zero)
    if ax.get_ylim()[0] < 0 < ax.get_ylim()[1] and lines[1] != 0:
        ax.axhline(0, **zero)
    if lines[0] is not None:
        ax.axvline(lines[0], **dashes)
    if lines[1] is not None:
        ax.axhline(lines[1], **dashes)
    corners = ((0, 1, 5, -4), (1, 1, -5, -4), (0, 0, 5, 4), (1, 0, -5, 4))
    style: dict[str, Any] = {
        "xycoords": "axes fraction", "textcoords": "offset points", "fontsize": LABEL, "color": QUIET,
        "fontstyle": "italic", "parse_math": False,
    }  # fmt: skip
    return [
        ax.annotate(
            name, (x, y), (right, above), ha="right" if x else "left", va="top" if y else "bottom", **style
        )
        for name, (x, y, right, above) in zip(names or (), corners, strict=False)
        if name
    ]


def _bubbles(ax: Axes, rows: list[dict[str, Any]], radii: list[float]) -> None:
    """The bubbles, large ones below small ones; crosses for what has no area."""
    for at in sorted(range(len(rows)), key=lambda at: -radii[at]):
        row = rows[at]
        if row["size"] <= 0:
            ax.plot([row["x"]], [row["y"]], "x", color=TEXT, ms=6, mew=1.4, zorder=4, gid="no size")
            continue
        fill = {"facecolors": ACTUAL, "linewidths": 0.8}
        fill["edgecolors"] = "white" if radii[at] > 3 else ACTUAL  # a white edge would eat a small one
        empty = {"facecolors": "white", "edgecolors": OUTLINE, "linewidths": 1.3}
        chosen: dict[str, Any] = fill if row["chosen"] else empty
        ax.scatter([row["x"]], [row["y"]], s=(2 * radii[at]) ** 2, zorder=3, gid="bubble", **chosen)


def _say_left_out(ax: Axes, number: int) -> None:
    text = f"{number} without a name: no room" if number > 1 else "1 without a name: no room"
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "top"}
    ax.annotate(text, (0, 0), (0, -20), fontsize=LABEL, color=QUIET, ha="left", parse_math=False, **place)


def _notation(rows: list[dict[str, Any]], area: str) -> str:
    parts = [f"area = {in_sentence(area)}"]
    if any(row["judged"] for row in rows):
        parts.append("solid = chosen, outlined = not chosen")
    if any(row["size"] <= 0 for row in rows):
        parts.append("× = none or below zero")
    return ", ".join(parts)


def _message(rows: list[dict[str, Any]], area: str, unit: str) -> str:
    """How many are chosen and with how much; else which one is largest."""
    total = sum(max(0.0, row["size"]) for row in rows)
    largest = max(rows, key=lambda row: row["size"])
    if any(row["judged"] for row in rows):
        chosen = [row for row in rows if row["chosen"] and row["judged"]]
        spent = sum(max(0.0, row["size"]) for row in chosen)
        sums = f"{amount_text(spent, unit)} of {amount_text(total, unit)}"
        return f"{len(chosen)} of {len(rows)} chosen, {in_sentence(area)}: {sums}"
    return f"{area}: {largest['name']} is largest, {amount_text(largest['size'], unit)}"


def _told(row: dict[str, Any], across: str, up: str, area: str, units: tuple[str, str, str]) -> str:
    chosen = "" if not row["judged"] else " (chosen)" if row["chosen"] else " (not chosen)"
    parts = [
        f"{in_sentence(said)} {amount_text(row[key], unit)}"
        for said, key, unit in zip((across, up, area), ("x", "y", "shown"), units, strict=True)
    ]
    return f"{row['label']}{chosen}: {', '.join(parts)}"


def _table(rows: list[dict[str, Any]], across: str, up: str, area: str, units: tuple[str, str, str]) -> Table:
    """The rows with both measures and size."""
    grouped, judged = (any(row[key] for row in rows) for key in ("group", "judged"))
    columns = [Column("name", "Name")]
    columns += [Column("group", "Group")] if grouped else []
    for key, head, unit in (("x", across, units[0]), ("y", up, units[1]), ("shown", area, units[2])):
        share = unit == "%"
        places = 1 if share or any(row[key] % 1 for row in rows if math.isfinite(row[key])) else 0
        columns.append(Column(key, head, "share" if share else "number", "" if share else unit, places))
    columns += [Column("answer", "Chosen")] if judged else []
    cells = [{**row, "answer": "yes" if row["chosen"] else "no"} for row in rows]
    keys = [column.key for column in columns]
    return Table("portfolio", tuple(columns), tuple(tuple(cell[key] for key in keys) for cell in cells))
