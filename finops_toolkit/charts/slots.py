"""Slots from left to right: their width, the names of months beneath them, and labels that keep apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..wording import MONTHS
from .layout import LABEL, prepare, text_width, wrap, write
from .style import FAMILY, QUIET, month_names

SIZES = (LABEL, 8.0, 7.5)  # of labels, the first that lets all fit
WIDTH = 8.0  # inches of a figure of our own
WIDEST = 72.0  # points of a slot: few columns do not become walls
TALL = 0.72  # height of figures without descenders, in their size
GAP = 2.0  # points between a label and what it stands at


@dataclass(frozen=True)
class Slots:
    """Axes with slots at x = 0, 1, 2 …: `wide` points each after `left` points, `high` points of height."""

    ax: Axes
    count: int
    wide: float
    left: float
    high: float

    def at(self, place: Any) -> Any:
        """Points from the axes' left edge to a place."""
        return self.left + (place + 0.5) * self.wide

    def across(self, points: float) -> float:
        """The place at these points from the left edge."""
        return (points - self.left) / self.wide - 0.5

    def line(self, y: float, **how: Any) -> None:
        """A line across all slots, such as the one that columns stand on."""
        style = {"color": QUIET, "lw": 0.9, "zorder": 3, **how}
        self.ax.plot([-0.5, self.count - 0.5], [y, y], **style)


def size_in_points(ax: Axes) -> tuple[float, float]:
    """Width and height of axes, insets too, before anything is drawn."""
    figure, locator = ax.get_figure(root=True), ax.get_axes_locator()
    assert isinstance(figure, Figure)
    box = locator(ax, None) if locator is not None else ax.get_position()  # type: ignore[arg-type]
    width, height = figure.get_size_inches() * 72
    return float(box.width * width), float(box.height * height)


def make_slots(
    ax: Axes | None, index: pd.Index, height: float, left: float = 0.0, right: float = 0.0
) -> Slots:
    """Slots on the axes given, or on new ones of this height (inches), with the months' names beneath.

    `left`, `right`: points kept free at the sides for what is written there.
    """
    ax = prepare(ax, WIDTH, height)
    width, high = size_in_points(ax)
    count = len(index)
    left, right = max(left, 1.0), max(right, 1.0)
    for _ in range(2):
        # Names wider than their slots need room at both ends, too.
        slot = min(WIDEST, max(width - left - right, 0.3 * width) / count)
        names = _names(index, slot)
        ends = [text_width(line, SIZES[1]) / 2 - slot / 2 for i in (0, -1) for line in names[i].split("\n")]
        left, right = max(left, *ends), max(right, *ends)
    slot = min(WIDEST, max(width - left - right, 0.3 * width) / count)
    ax.set_xlim(-0.5 - left / slot, -0.5 + (width - left) / slot)
    shown = [place for place, name in enumerate(names) if name]
    ax.set_xticks(
        shown, [names[place] for place in shown], parse_math=False, fontsize=SIZES[1], family=list(FAMILY)
    )
    ax.set_yticks([])
    ax.spines["bottom"].set_visible(False)
    return Slots(ax, count, slot, left, high)


def _names(index: pd.Index, slot: float) -> list[str]:
    """A name for each slot, "" where there is no room: months keep their quarters, others every so many."""
    size, months = SIZES[1], isinstance(index, pd.PeriodIndex)
    names = month_names(index)
    widths = [max(text_width(line, size) for line in name.split("\n")) for name in names]
    if max(widths) + 4 <= slot:
        return names
    if not months and slot >= 34:
        return ["\n".join(wrap(name, slot - 5, size)) for name in names]
    for step in (2, 3, 6, 12, 24, 60, len(names)):
        if max(widths) + 4 <= slot * step or step >= len(names):
            break
    first = (
        next((i for i, month in enumerate(index) if (month.month - 1) % min(step, 12) == 0), 0)
        if months
        else 0
    )
    kept = range(first, len(names), step)
    years = (
        {place: f"{MONTHS[index[place].month - 1]}\n{index[place].year}" for place in kept} if months else {}
    )
    return [
        "" if place not in kept
        else years[place] if months and (place == first or index[place].month == 1)
        else names[place].split("\n")[0] if months
        else names[place]
        for place in range(len(names))
    ]  # fmt: skip


def month_words(index: pd.Index, short: bool = False) -> list[str]:
    """Months as people say them, "November 2025", or "Nov 2025"; other labels as they are."""
    if not isinstance(index, pd.PeriodIndex):
        return [str(value) for value in index]
    return [f"{MONTHS[month.month - 1]} {month.year}" if short else f"{month:%B %Y}" for month in index]


@dataclass
class Label:
    """A label at a column's end: `value` is the end (data units) that it stands beyond, upwards or down."""

    place: float
    text: str
    value: float
    up: bool
    colour: str
    size: float = LABEL
    baseline: float = 0.0  # points from the tier's base line, once placed
    start: float = 0.0
    middle: float = 0.0  # where it stands across, in slots
    off: float = 0.0  # points more that it keeps, from a pin's head

    @property
    def half(self) -> float:
        """Half of its width, in points."""
        return text_width(self.text, self.size) / 2


@dataclass
class Tier:
    """Columns on one base line with the labels at their ends: `bars` are (left, right, low, high), across in
    slots, upwards in the tier's unit.
    """

    bars: np.ndarray
    labels: list[Label] = field(default_factory=list)

    def choose(self, slots: Slots, always: Sequence[int]) -> None:
        """All labels where the widest neighbours fit side by side, in the largest size that lets them; else
        those at `always` (indices of the labels) only.
        """
        for size in SIZES:
            for label in self.labels:
                label.size = size
            ordered = sorted(self.labels, key=lambda label: label.place)
            pairs = pairwise(ordered)
            if all(a.half + b.half + 3 <= (b.place - a.place) * slots.wide for a, b in pairs):
                return
        self.labels = [self.labels[i] for i in dict.fromkeys(always)]
        for label in self.labels:
            label.size = SIZES[1]

    def place(self, slots: Slots, scale: float) -> tuple[float, float]:
        """Stand the labels at their bars' ends, clear of all bars and each other, at `scale` points a unit.

        Returns how far down and up (points) the tier reaches from its base line.
        """
        low = high = 0.0
        if len(self.bars):
            low, high = min(0.0, self.bars[:, 2].min() * scale), max(0.0, self.bars[:, 3].max() * scale)
        taken: list[tuple[float, float, float, float]] = []
        for label in self.labels:
            half, tall = label.half + 1.0, label.size * TALL
            # Labels wider than their slots keep inside at both ends: at the left stands the tier's name.
            ends = slots.left + half, slots.at(slots.count - 0.5) - half + 2
            middle = max(ends[0], min(ends[1], slots.at(label.place)))
            label.middle = slots.across(middle)
            label.start = label.value * scale
            sign = 1 if label.up else -1
            edge = max(sign * label.start, 0.0) + label.off
            if len(self.bars):
                # What stands above or beneath the label's whole width, a wide one's neighbours, too.
                left, right = slots.across(middle - half), slots.across(middle + half)
                over = self.bars[(self.bars[:, 0] < right) & (self.bars[:, 1] > left)]
                if len(over):
                    edge = max(edge, (over[:, 3] if label.up else -over[:, 2]).max() * scale)
            edge += GAP
            for near, far, bottom, top in sorted(taken, key=lambda box: sign * box[2]):
                reach = (edge, edge + tall) if label.up else (-edge - tall, -edge)
                if (
                    near < middle + half
                    and far > middle - half
                    and bottom < reach[1] + 1.5
                    and top > reach[0] - 1.5
                ):
                    edge = (top if label.up else -bottom) + 1.5
            label.baseline = edge if label.up else -edge - tall
            taken.append((middle - half, middle + half, label.baseline, label.baseline + tall))
            low, high = min(low, label.baseline), max(high, label.baseline + tall)
        return -low, high

    def write(self, slots: Slots, base: float, scale: float) -> None:
        """The labels, at a base line `base` points over zero; what was moved off has a line to its bar."""
        for label in self.labels:
            y = (base + label.baseline) / scale
            how = {
                "ha": "center",
                "va": "baseline",
                "fontsize": label.size,
                "color": label.colour,
                "zorder": 6,
            }
            write(slots.ax, label.middle, y, label.text, **how)
            end = label.baseline - 1 if label.up else label.baseline + label.size * TALL + 1
            if label.value and abs(end - label.start) > 6 + label.off:
                ends = [(base + label.start) / scale, (base + end) / scale]
                slots.ax.plot([label.place] * 2, ends, color=QUIET, lw=0.6, zorder=5, gid="leader")


def side_labels(
    slots: Slots, labels: Sequence[tuple[float, str, str, bool]], unit: float, bottom: float
) -> None:
    """Labels at the right end of lines, moved apart where lines lie close: (y, text, colour, bold).

    `unit`: points a unit of y; `bottom`: y at the axes' lower edge.
    """
    if not labels:
        return
    apart = LABEL * 1.2
    order = sorted(range(len(labels)), key=lambda i: labels[i][0])
    wanted = [(labels[i][0] - bottom) * unit for i in order]
    # The nearest places that keep their order and their distance: blocks that push each other share a mean.
    blocks: list[list[float]] = []
    for step, y in enumerate(wanted):
        blocks.append([y - step * apart])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    free = [float(np.mean(block)) for block in blocks for _ in block]
    highest = max(3.0, slots.high - 3 - (len(free) - 1) * apart)
    right = slots.count - 0.5
    for step, i in enumerate(order):
        y = min(max(free[step], 3.0), highest) + step * apart
        value, text, colour, bold = labels[i]
        weight = "bold" if bold else "normal"
        x = right + 9 / slots.wide
        write(
            slots.ax,
            x,
            bottom + (y - LABEL * 0.33) / unit,
            text,
            va="baseline",
            color=colour,
            fontweight=weight,
        )
        if abs(y - wanted[step]) > 2:
            ends = [value, bottom + y / unit]
            slots.ax.plot([right, x - 1.5 / slots.wide], ends, color=QUIET, lw=0.6, gid="leader")


def side_room(labels: Sequence[str]) -> float:
    """The points that labels at the right end of lines need."""
    return max((text_width(text, LABEL, bold=True) for text in labels), default=0.0) + 13


def point_labels(
    slots: Slots, points: Sequence[tuple[float, float]], texts: Sequence[str], lines: np.ndarray, unit: float,
    bottom: float,
    free: float = 1.0,
    off: float = 6.0,
) -> None:  # fmt: skip
    """Labels above or below points of a line, off the line and off each other; none where there is no room.

    `lines`: points (place, y) of all that is drawn, close together. `free`: points kept free at the
    top; `off`: points between a label and its point.
    """
    drawn: np.ndarray = np.column_stack([slots.at(lines[:, 0]), (lines[:, 1] - bottom) * unit])
    taken: list[tuple[float, float, float, float]] = []
    tall, size = SIZES[1] * TALL, SIZES[1]
    for (place, y), text in zip(points, texts, strict=True):
        half = text_width(text, size) / 2
        x, at, best = slots.at(place), (y - bottom) * unit, None
        tries = [(0.0, up) for out in (off, off + 5, off + 11) for up in (out, -out - tall)]
        tries += [(side * (half + off), up) for up in (3.0, -3 - tall) for side in (-1, 1)]
        for rank, (across, up) in enumerate(tries):
            left, right, low, high = x + across - half, x + across + half, at + up, at + up + tall
            if low < 1 or high > slots.high - free or left < 0 or right > slots.at(slots.count - 0.5) + 2:
                continue
            if any(left < b + 2 and right > a - 2 and low < d + 2 and high > c - 2 for a, b, c, d in taken):
                continue
            inside = (drawn[:, 0] > left - 1) & (drawn[:, 0] < right + 1)
            inside &= (drawn[:, 1] > low - 1.5) & (drawn[:, 1] < high + 1.5)
            cost = (int(inside.sum()), rank)
            if best is None or cost < best[0]:
                best = cost, (left, right, low, high)
        # A label that would lie across the line says less than the line does.
        if best and best[0][0] <= 4:
            left, right, low, high = best[1]
            taken.append(best[1])
            middle = slots.across((left + right) / 2)
            how = {"ha": "center", "va": "baseline", "fontsize": size, "zorder": 6}
            write(slots.ax, middle, bottom + low / unit, text, **how)


def along(places: np.ndarray, values: np.ndarray) -> np.ndarray:
    """A line as points close together, gaps left out: (place, y) a row."""
    steps = np.linspace(0, 1, 12)
    pairs = zip(places[:-1], places[1:], values[:-1], values[1:], strict=True)
    parts = [np.column_stack([a + (b - a) * steps, c + (d - c) * steps]) for a, b, c, d in pairs]
    every = np.vstack([np.column_stack([places, values]), *parts])
    return every[np.isfinite(every).all(axis=1)]


def upright(
    slots: Slots, values: Sequence[float], zero: bool = False, pad: float = 15.0
) -> tuple[float, float]:
    """Give the axes the range of these values, `pad` points free above and below for labels.

    Returns the points a unit, and y at the axes' lower edge.
    """
    known = [float(value) for value in values if np.isfinite(value)] + ([0.0] if zero else [])
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        spare = 0.1 * abs(high) or 1.0
        low, high = low - spare, high + spare
    unit = max(slots.high - 2 * pad, 0.3 * slots.high) / (high - low)
    bottom = low - (slots.high - (high - low) * unit) / 2 / unit
    slots.ax.set_ylim(bottom, bottom + slots.high / unit)
    return unit, bottom
