"""What a result depends on: the tornado of its inputs, the one that moves it most on top."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ..errors import UsageError
from ..tables.model import Column, NativeChart, Table
from ..wording import missing, number_text
from .layout import fit, heading, shorten, text_width, write
from .rows import GAP, Rows, Tier, common_scale, label, make_rows, table_name
from .style import BAD, GOOD, QUIET, Scale, check_columns, house_style, in_units, scale_for
from .words import amount_text, describe, spoken

# Adverse is hatched as well: told apart without colour.
ADVERSE = {"facecolor": BAD, "edgecolor": "white", "hatch": "/////", "linewidth": 0.0}


def tornado(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    base: float,
    name: str = "name",
    low: str = "low",
    high: str = "high",
    low_text: str = "low_text",
    high_text: str = "high_text",
    message: str = "",
    who: str = "",
    what: str = "",
    when: str = "",
    unit: str = "",
    good: str = "up",
) -> Axes:
    """How far each input moves a result from its base, the input that moves it most on top.

    `frame`: a row an input with the result (plain units) at the input's `low` and `high` end, and, where
    there are such columns, those ends in words ("−10 %", "EUR 92"). Bars start at the base; labels say by how
    much the result differs from it and at which end of the input. Good and adverse differences have a sign;
    adverse ones are hatched, too. A missing result is "none" and comes last.
    """
    check_columns(frame, [name, low, high])
    if not np.isfinite(base):
        raise UsageError(
            f"The base of a tornado is {base}, which is no amount.", "Give base=, the result as planned."
        )
    shown = _ordered(frame, base, name, (low, high), (low_text, high_text))
    scale = scale_for([end for row in shown for end, _ in row[1]])
    with house_style():
        place = make_rows(ax, [row[0] for row in shown], head=15)
        half = place.room / 2
        labels = [_end_labels(row[1], scale, half * 0.6) for row in shown]
        tier = Tier([(0.0, text_width(_base_text(base, unit)) / 2, side) for side in (True, False)])
        for at_ends in labels:
            for end, text, right in at_ends:
                tier.add(end, text, right)
        points = common_scale([tier], place.room - 2)
        for number, (row, texts) in enumerate(zip(shown, labels, strict=True)):
            _swing(place, number, row[1], texts, base, points, 1 if good == "up" else -1)
        place.line(base, gid="zero", zorder=4)
        write(
            place.ax, base, -0.55, _base_text(base, unit), ha="center", va="bottom", color=QUIET, gid="tier"
        )
        left = base - (tier.sides(points)[0] + 1) / points
        place.ax.set_xlim(left, left + place.room / points)
        second = in_units(f"Change of {what}" if what else "Change", scale.title(unit))
        third = f"{when}{': ' if when else ''}difference from base; hatched = worse"
        heading(place.ax, message, [who, second, third], left=place.left)
    table = _tornado_table(shown, base, scale, what, unit)
    describe(place.ax, _tornado_text(shown, base, message, who, what, unit), table)
    return fit(place.ax)


Ends = list[tuple[float, str]]


def _ordered(
    frame: pd.DataFrame, base: float, name: str, ends: tuple[str, str], words: tuple[str, str]
) -> list[tuple[str, Ends]]:
    """(name, [(difference at the low end, its words), (at the high end, …)]), the widest first."""
    rows = []
    for row in frame.to_dict("records"):
        said = [str(row[key]) if key in row and not missing(row[key]) else side
                for key, side in zip(words, ("low", "high"), strict=True)]  # fmt: skip
        moved = [np.nan if missing(row[key]) else float(row[key]) - base for key in ends]
        rows.append((str(row[name]), list(zip(moved, said, strict=True))))

    def spread(row: tuple[str, Ends]) -> float:
        known = [end for end, _ in row[1] if np.isfinite(end)]
        return max([0.0, *known]) - min([0.0, *known]) if known else -1.0

    return sorted(rows, key=spread, reverse=True)


def _base_text(base: float, unit: str) -> str:
    return f"base {amount_text(base, unit)}"


def _end_labels(ends: Ends, scale: Scale, room: float) -> list[tuple[float, str, bool]]:
    """The labels at a row's two sides: where each stands, its text, and whether it is the right one."""
    texts = [f"{label(scale, end, sign=True)} at {words}" if np.isfinite(end) else f"none at {words}"
             for end, words in ends]  # fmt: skip
    drawn = [float(np.nan_to_num(end)) for end, _ in ends]
    # An end that moves nothing stands on the side that the other one leaves free.
    rights = [drawn[i] > 0 or (drawn[i] == 0 and drawn[1 - i] < 0) for i in (0, 1)]
    rights[1] |= drawn == [0.0, 0.0]
    if rights[0] != rights[1]:
        return [
            (end, shorten(text, room), right) for end, text, right in zip(drawn, texts, rights, strict=True)
        ]
    # Both ends move the result the same way: one label outside both, the nearer end first.
    order = sorted((0, 1), key=lambda i: abs(drawn[i]), reverse=not rights[0])
    text = shorten("; ".join(texts[i] for i in order), room * 1.6)
    return [(max(drawn, key=abs), text, rights[0])]


def _swing(
    place: Rows,
    row: int,
    ends: Ends,
    labels: list[tuple[float, str, bool]],
    base: float,
    points: float,
    way: int,
) -> None:
    """A row's two bars from the base, and their labels; `way`: 1 where more is better, else −1."""
    colours: dict[float, str] = {}
    for end, text, right in labels:
        far = text.split("; ")[-1 if right else 0]  # of the end further off, where one label is for both
        colour = QUIET if far.startswith(("none", "0", "≈")) else GOOD if end * way > 0 else BAD
        colours[end] = colour
        at = base + end + (GAP if right else -GAP) / points
        write(place.ax, at, row, text, va="center", ha="left" if right else "right", color=colour, zorder=7)
    known = sorted((end for end, _ in ends if np.isfinite(end)), key=abs, reverse=True)
    one_side = len(known) == 2 and known[0] * known[1] > 0
    for end in known[:1] if one_side else known:
        fill: dict[str, Any] = ADVERSE if colours[end] == BAD else {"color": colours[end]}
        place.ax.barh(row, end, left=base, height=0.56, gid="delta", zorder=2, **fill)
    if one_side:
        # Both ends lie on one side: a gap marks where the shorter one ends.
        gap = 1.6 / points
        corner = (base + known[1] - gap / 2, row - 0.29)
        place.ax.add_patch(Rectangle(corner, gap, 0.58, facecolor="white", gid="swing", zorder=3))


def _tornado_text(
    shown: list[tuple[str, Ends]], base: float, message: str, who: str, what: str, unit: str
) -> str:
    def told(row: tuple[str, Ends]) -> str:
        ends = [
            (number_text(float(end), sign=True) if np.isfinite(end) else "none", at) for end, at in row[1]
        ]
        return f"{row[0]} {', '.join(f'{moved} at {at}' for moved, at in ends)}"

    name = what or "the result"
    most = f"{shown[0][0]} moves {name} most: {told(shown[0]).removeprefix(shown[0][0]).strip()}"
    more = f" and {len(shown) - 12} more" if len(shown) > 12 else ""
    rows = "; ".join(map(told, shown[:12])) + more
    return spoken(
        who, message or most, f"{name[:1].upper()}{name[1:]} at base {amount_text(base, unit)}", rows
    )


def _tornado_table(shown: list[tuple[str, Ends]], base: float, scale: Scale, what: str, unit: str) -> Table:
    size: dict[str, Any] = {
        "kind": "number", "unit": scale.title(unit), "places": scale.places, "divisor": int(scale.size),
        "signed": True,
    }  # fmt: skip
    rows = tuple(
        (name, ends[0][1], float(ends[0][0]) if np.isfinite(ends[0][0]) else None,
         ends[1][1], float(ends[1][0]) if np.isfinite(ends[1][0]) else None)
        for name, ends in shown
    )  # fmt: skip
    return Table(
        table_name("tornado", what),
        (Column("name", "Input"), Column("low_end", "Low end"), Column("low", "Change at low end", **size),
         Column("high_end", "High end"), Column("high", "Change at high end", **size)),
        rows, caption=what or "Sensitivity", note=f"Differences from the base, {amount_text(base, unit)}.",
        chart=NativeChart("bars", "name", ("low", "high"), what),
    )  # fmt: skip
