"""Rows from top to bottom: their height, their names, and one scale that leaves room for every label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from ..wording import missing, number_text
from .layout import LABEL, category_names, prepare, shorten, text_width, wrap
from .style import ACTUAL, QUIET, Scale

GAP = 4.0  # points between a bar's end and its label
WIDTH = 8.0  # inches of a figure of our own
NAMES = 170.0  # points that a row's name may take


@dataclass(frozen=True)
class Rows:
    """Axes with rows 0, 1, 2 … downwards. `room`: points across; `pitch`: points a row; `left`: the heading's
    shift (points).
    """

    ax: Axes
    room: float
    pitch: float
    left: float
    count: int

    def line(self, x: float, colour: str = QUIET, width: float = 0.9, **how: Any) -> None:
        """A line down all rows, such as the one that bars start at."""
        self.ax.plot([x, x], [-0.55, self.count - 0.45], color=colour, lw=width, **{"zorder": 3, **how})


def make_rows(ax: Axes | None, names: Sequence[str], head: float = 0.0, pitch: float = 19.5) -> Rows:
    """Rows with their names, on the axes given or on new ones as high as the rows need.

    `head`: points left free above the first row. Names take two lines where the rows are few and high enough.
    """
    narrow = len(names) > 20
    deep = any(len(wrap(str(name), NAMES)) > 1 for name in names)
    own = min(pitch, 16.5) if narrow else max(pitch, 25.0) if deep else pitch
    axes = prepare(ax, WIDTH, (head + own * len(names) + 4) / 72 / 0.98)
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    height = figure.get_size_inches()[1] * 72 * axes.get_position().height - head - 4
    high = max(1.0, height / len(names))
    shown = [shorten(" ".join(str(name).split()), NAMES) for name in names] if high < 24 else list(names)
    left = category_names(axes, shown, NAMES)
    axes.set_ylim(len(names) - 0.5 + 4 / high, -0.5 - head / high)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    return Rows(axes, figure.get_size_inches()[0] * 72 * axes.get_position().width, high, left, len(names))


@dataclass
class Tier:
    """What stands on one base line: bars to both sides of it, in the chart's unit, and the labels at their
    ends.
    """

    ends: list[tuple[float, float, bool]] = field(default_factory=list)  # end, points of label, right of it

    def add(self, end: float, text: str = "", right: bool = True, bold: bool = False) -> None:
        """A bar's end, and the label that stands outside it."""
        room = text_width(text, LABEL, bold) + GAP + 1 if text else 0.0
        self.ends.append((end, room, right))

    def sides(self, scale: float) -> tuple[float, float]:
        """The points needed left and right of the base line, at this scale (points a unit)."""
        left = [-end * scale + (0 if right else room) for end, room, right in self.ends]
        right_ = [end * scale + (room if right else 0) for end, room, right in self.ends]
        return max([0.0, *left]), max([0.0, *right_])

    @property
    def reach(self) -> float:
        """The longest bar."""
        return max((abs(end) for end, _, _ in self.ends), default=0.0)


def common_scale(tiers: Iterable[Tier], room: float) -> float:
    """Points a unit, the same for all tiers, so that bars and labels together take just the room."""
    tiers = list(tiers)
    reach = max((tier.reach for tier in tiers), default=0.0)
    if reach <= 0:
        return 1.0
    # Labels that leave no room at all, on axes too narrow for them, still leave the bars a quarter.
    low, high = 0.25 * room / reach / (2 * len(tiers)), room / reach
    for _ in range(60):
        middle = (low + high) / 2
        needed = sum(sum(tier.sides(middle)) for tier in tiers)
        low, high = (middle, high) if needed <= room else (low, middle)
    return low


def label(scale: Scale, value: float | None, sign: bool = False) -> str:
    """The number at an element; one too small for the chart's unit in a unit of its own ("3 k"), not "0"."""
    text = scale.label(value, sign)
    if text != "0" or missing(value) or not value or abs(value) < scale.size * 1e-9:
        return text
    own = number_text(float(value), sign)
    return own if own[-1].isalpha() and scale.letter else f"≈{text}"


def draw_bar(
    place: Rows, row: float, value: float, whole: bool, points: float, high: float, **how: Any
) -> None:
    """A bar from its base line, with a gap near its end where it is not drawn whole."""
    place.ax.barh(row, value, height=high, **how)
    if not whole:
        at = how.get("left", 0.0) + value - np.sign(value) * 14 / points
        break_mark(place.ax, at, row, 4 / points, high / 2 + 0.1)


def break_mark(ax: Axes, x: float, y: float, across: float, high: float) -> None:
    """A slanted gap through a bar, an edge at each side: here a piece of it is left out.

    `across`: the gap's width in data units; `high`: half of the mark's height in rows.
    """
    lean = across * 0.6
    left, right = x - across / 2, x + across / 2
    corners = [
        (left + lean, y - high),
        (right + lean, y - high),
        (right - lean, y + high),
        (left - lean, y + high),
    ]
    ax.add_patch(Polygon(corners, closed=True, facecolor="white", edgecolor="none", zorder=5, gid="cut"))
    for side in (left, right):
        ax.plot([side + lean, side - lean], [y - high, y + high], color=ACTUAL, lw=0.9, zorder=6, gid="cut")


def table_name(kind: str, what: str) -> str:
    """A table's name from what it shows: "bars_revenue"."""
    words = re.sub(r"[^a-z0-9]+", "_", what.casefold()).strip("_")
    return f"{kind}_{words}"[:28].rstrip("_")
