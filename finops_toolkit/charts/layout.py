"""Where a chart's words stand: the heading, the names of rows, the labels; a figure that holds them all."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import numpy as np
from matplotlib import font_manager, patheffects
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text
from matplotlib.textpath import text_to_path

from .style import FAMILY, QUIET, TEXT, register_fonts

MESSAGE, LINES, LABEL = 12.5, 9.5, 9.0  # points
MARGIN = 0.04  # inches around everything
_LINE = 1.2  # height of a line of text, in its size
_OWN: WeakSet[Figure] = WeakSet()
_LATIN = re.compile("[ -\u024f\u2010-\u22ff\u25a0-\u25ff]+")
# Around a marker: right and left first, then above and below, then the corners.
_WAYS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))


@dataclass
class _Heading:
    """What the heading says, whole, and the texts that show it; `left`, `space` in points."""

    message: str
    lines: list[str]
    space: float
    left: float
    shown: dict[str, Annotation]


_HEADINGS: WeakKeyDictionary[Axes, _Heading] = WeakKeyDictionary()


def new_axes(width: float = 8.0, height: float = 3.0) -> Axes:
    """Empty axes on a figure of their own (inches), outside pyplot: nothing is shown or kept behind the
    back.
    """
    from .style import house_style

    with house_style():
        figure = Figure(figsize=(width, height))
        figure.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=0.99)
        _OWN.add(figure)
        return figure.add_subplot()


def prepare(ax: Axes | None, width: float, height: float) -> Axes:
    """The axes given, or new ones of this size (inches, heading aside), without frame."""
    axes = new_axes(width, height) if ax is None else ax
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    return axes


def text_width(text: str, size: float = LABEL, bold: bool = False) -> float:
    """How wide a line of text is drawn at most, in points."""
    if not text.strip():
        return 0.25 * size * len(text)
    # Letters are rounded to whole pixels when drawn: lines come out up to 5 % wider than they are.
    return 1.05 * (max(_reach(text, bold), 0.0) * (size / text_to_path.FONT_SCALE))


@lru_cache(maxsize=4096)
def _reach(text: str, bold: bool) -> float:
    """How far a text's letters reach to the right, at the size that matplotlib keeps outlines in.

    Setting a line takes half a millisecond. Where each letter begins depends on the one before it alone, in
    Latin script and outside ligatures: so the steps from letter to letter are kept, and added.
    """
    if not _LATIN.fullmatch(text):
        return _set(text, bold)[1]
    start, farthest = 0.0, _set(text[0], bold)[1]
    for pair in map("".join, pairwise(text)):
        step = _set(pair, bold)[0]
        if step is None:
            return _set(text, bold)[1]
        start += step
        farthest = max(farthest, start + _set(pair[1], bold)[1])
    return farthest


@lru_cache(maxsize=8192)
def _set(text: str, bold: bool) -> tuple[float | None, float]:
    """Where the second of two letters begins (None in a ligature), and how far right the text reaches."""
    font, outlines = _outlines(bold)
    font.set_size(text_to_path.FONT_SCALE, text_to_path.DPI)
    letters, _, _ = text_to_path.get_glyphs_with_font(font, text, outlines)
    # A glyph reaches farthest at a vertex: the extents of its curves are the same and take much longer.
    ends = [x + outlines[glyph][0][:, 0].max() for glyph, x, *_ in letters if len(outlines[glyph][0])]
    return letters[1][1] if len(letters) == 2 else None, float(max(ends, default=-math.inf))


@lru_cache(maxsize=2)
def _outlines(bold: bool) -> tuple[Any, dict[str, Any]]:
    """The font that charts are written with, and the outlines of its letters met so far."""
    register_fonts()
    weight = "bold" if bold else "normal"
    files = [font_manager.findfont(FontProperties(family=[name], weight=weight)) for name in FAMILY]
    return font_manager.get_font(files), {}


def wrap(text: str, width: float, size: float = LABEL, bold: bool = False, lines: int = 2) -> list[str]:
    """A text in lines of at most `width` points, the last one cut with "…" where more lines were needed."""
    done: list[str] = []
    for word in text.split():
        longer = f"{done[-1]} {word}" if done else word
        if done and text_width(longer, size, bold) <= width:
            done[-1] = longer
        else:
            done.append(word)
    kept = [*done[: lines - 1], " ".join(done[lines - 1 :])] if len(done) > lines else done
    return [shorten(line, width, size, bold) for line in kept]


def shorten(text: str, width: float, size: float = LABEL, bold: bool = False) -> str:
    """A text cut with "…" so that it is at most `width` points wide."""
    if text_width(text, size, bold) <= width:
        return text
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle].rstrip() + "…", size, bold) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip(" ,.;:–-") + "…"


def heading(ax: Axes, message: str, lines: Sequence[str], space: float = 4.0, left: float = 0.0) -> None:
    """The message in bold (two lines at most) over up to three lines: who; what and unit; when and scenarios.

    `left` moves it (points), so that it begins where the names of categories do; `space` (points) keeps it
    off the drawing.
    """
    note: dict[str, Any] = {
        "xycoords": "axes fraction",
        "textcoords": "offset points",
        "parse_math": False,
        "va": "bottom",
        "ha": "left",
        "color": TEXT,
        "fontfamily": list(FAMILY),
        "linespacing": _LINE,
    }
    kept = [" ".join(line.split()) for line in lines if line.strip()][:3]
    shown = {}
    if kept:
        shown["lines"] = ax.annotate("", (0, 1), (left, space), fontsize=LINES, gid="lines", **note)
    if message.strip():
        bold = {"fontsize": MESSAGE, "fontweight": "bold", "gid": "message", **note}
        shown["message"] = ax.annotate("", (0, 1), (left, space), **bold)
    _HEADINGS[ax] = _Heading(message, kept, space, left, shown)
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    _say_heading(ax, figure.get_size_inches()[0] * 72 * ax.get_position().width - left)


def _say_heading(ax: Axes, room: float) -> None:
    """The heading's words in the room there is (points)."""
    heading = _HEADINGS[ax]
    if "lines" in heading.shown:
        heading.shown["lines"].set_text("\n".join(shorten(line, room, LINES) for line in heading.lines))
    if "message" in heading.shown:
        above = heading.space + (4 + LINES * 1.1 * len(heading.lines) if heading.lines else 0)
        words = wrap(heading.message, room, MESSAGE, bold=True)
        heading.shown["message"].set_text("\n".join(words))
        heading.shown["message"].xyann = (heading.left, above)


def category_names(ax: Axes, names: Iterable[str], widest: float = 170.0) -> float:
    """Names of rows, flush left beside the axes, in two lines or cut where wider than `widest` (points).

    Returns the heading's shift (points) to begin where they do.
    """
    shown = ["\n".join(wrap(str(name), widest, LABEL)) for name in names]
    width = max((text_width(line, LABEL) for name in shown for line in name.split("\n")), default=0.0) + 8
    ax.set_yticks(range(len(shown)), shown, parse_math=False, ha="left", fontsize=LABEL, linespacing=1.0)
    ax.tick_params(axis="y", pad=width)
    figure = ax.get_figure()
    if isinstance(figure, Figure) and figure in _OWN:
        # Alone on its figure the chart makes room for its names, so that it is no wider than its neighbours.
        figure.subplots_adjust(left=min(0.5, (width + 2) / 72 / figure.get_size_inches()[0]))
    return -width


def write(ax: Axes, x: float, y: float, text: str, **how: Any) -> None:
    """A label at a place in data coordinates, taken literally: "$" in a product's name starts no formula."""
    # A thin white margin keeps a label legible where it meets an outline.
    margin = [patheffects.withStroke(linewidth=2.2, foreground="white")]
    family = {"fontfamily": list(FAMILY), "fontsize": LABEL}
    literal = {"color": TEXT, "parse_math": False, "path_effects": margin, **family}
    ax.text(x, y, text, **{**literal, **how})


def fit(ax: Axes) -> Axes:
    """Make a figure of our own just large enough for everything on it: same width, as high as needed.

    The heading is broken anew for the width there is in the end. Only where names and labels would leave
    less than 0.3 of the width to the drawing does the figure become wider. On axes that a caller gave,
    nothing is moved: their figure is theirs.
    """
    figure = ax.get_figure(root=True)
    if not isinstance(figure, Figure) or figure not in _OWN:
        return ax
    width, height = (float(inches) for inches in figure.get_size_inches())
    place = ax.get_position()
    left, right, tall = place.x0 * width, (1 - place.x1) * width, place.height * height
    renderer = _measuring(figure.dpi)
    # Shrinking the axes moves the labels within them, so that what is missing is found in steps.
    for _ in range(12):
        if ax in _HEADINGS:
            _say_heading(ax, (width - left - MARGIN) * 72 - _HEADINGS[ax].left)
        box = figure.get_tightbbox(renderer)
        short_left, short_right = MARGIN - box.x0, box.x1 - (width - MARGIN)
        left, right = left + max(0.0, short_left), right + max(0.0, short_right)
        width = max(width, (left + right) / 0.7)
        at = ax.get_position()
        before = float(figure.get_size_inches()[1])
        below = MARGIN + at.y0 * before - box.y0
        above = MARGIN + box.y1 - at.y1 * before
        height = below + tall + above
        figure.set_size_inches(width, height)
        figure.subplots_adjust(
            left=left / width, right=1 - right / width, bottom=below / height, top=1 - above / height
        )
        if max(short_left, short_right, abs(height - before)) < 0.01:
            break
    return ax


@lru_cache(maxsize=4)
def _measuring(dpi: float) -> RendererAgg:
    """What texts are measured with. One for all figures: matplotlib keeps the measures for each renderer."""
    return RendererAgg(1, 1, dpi)


def fitted(figure: Figure) -> bool:
    """Whether the figure is one of ours, which holds all that is on it."""
    return figure in _OWN


def place_labels(
    ax: Axes,
    points: Sequence[tuple[float, float]],
    texts: Sequence[str],
    *,
    radii: Sequence[float] | float = 3.0,
    avoid: Iterable[Text] = (),
    lines: Iterable[Line2D] = (),
    widest: float = 120.0,
    **how: Any,
) -> list[int]:
    """Labels beside points (data coordinates) so that none covers another, a marker or the axes' edge.

    `radii`: of the markers, in points; `avoid`: texts that are there already; `lines`:
    are kept clear of words where there is room elsewhere. A label stands right of its
    marker, left, above, below or at a corner; else further out with a thin line to its marker. The first
    given are placed first. Call it last, when the axes have their size. Returns the indices for which there
    was no room at all: their labels are not drawn.
    """
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    renderer = _measuring(figure.dpi)
    pixel = figure.dpi / 72
    centres = ax.transData.transform(np.asarray(points, dtype=float).reshape(-1, 2))
    sizes = np.broadcast_to(np.asarray(radii, dtype=float) * pixel, len(centres))
    taken: list[Any] = [text.get_window_extent(renderer).extents for text in avoid if text.get_text()]
    clear = [line.get_window_extent(renderer).extents for line in lines]
    inside = np.array(ax.get_window_extent(renderer).extents)
    left_out = []
    for index, (words, centre) in enumerate(zip(texts, centres, strict=True)):
        write(ax, *points[index], "\n".join(wrap(str(words), widest)), linespacing=1.0, zorder=6, **how)
        label = ax.texts[-1]
        label.set(ha="left", va="bottom")
        extent = label.get_window_extent(renderer)
        wanted = np.array([extent.width, extent.height])
        around = (centre, wanted, sizes[index], centres, sizes, inside, pixel)
        found = _free_place(np.array([*taken, *clear]), *around) or _free_place(np.array(taken), *around)
        if found is None:
            label.remove()
            left_out.append(index)
            continue
        box, line = found
        # A text's box begins where its first letter does, not at its anchor.
        shift = box[:2] - extent.min
        label.set_position(tuple(ax.transData.inverted().transform(centre + shift)))
        taken += [box, *(np.concatenate([at - 1, at + 1]) for at in line)]
        if len(line):
            across, up = ax.transData.inverted().transform(line[[0, -1]]).T
            ax.add_artist(Line2D(across, up, color=QUIET, linewidth=0.7, zorder=5, gid="leader"))
    return left_out


def _free_place(
    taken: np.ndarray,
    centre: np.ndarray,
    wanted: np.ndarray,
    radius: float,
    centres: np.ndarray,
    sizes: np.ndarray,
    inside: np.ndarray,
    pixel: float,
) -> tuple[np.ndarray, np.ndarray] | None:
    """The first free box for a label and the line to it (points on it, none where it is near); in pixels."""
    gap = 1.5 * pixel
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    far = np.column_stack([np.cos(turns), np.sin(turns)])
    near = np.array(_WAYS, dtype=float) / np.hypot(*np.transpose(_WAYS))[:, None]
    middles = [centre + near * (radius + 3 * pixel) + np.sign(near) * wanted / 2]
    for out in (11, 16, 22, 29, 37, 46, 56, 68, 82, 98, 118, 142, 170, 205, 245, 295, 355):
        middles.append(centre + far * (radius + out * pixel) + np.clip(far * 3, -1, 1) * wanted / 2)
    middle = np.concatenate(middles)
    boxes = np.hstack([middle - wanted / 2, middle + wanted / 2])
    free = (boxes[:, :2] >= inside[:2] + gap).all(axis=1) & (boxes[:, 2:] <= inside[2:] - gap).all(axis=1)
    to = np.clip(centres[None], boxes[:, None, :2], boxes[:, None, 2:]) - centres[None]
    free &= (np.hypot(to[..., 0], to[..., 1]) >= sizes + gap).all(axis=1)
    for at in np.flatnonzero(free):
        box = boxes[at]
        if _covers(taken, box[None], gap):
            continue
        if at < len(_WAYS):
            return box, np.empty((0, 2))
        end = np.clip(centre, box[:2], box[2:])
        length = float(np.hypot(*(end - centre)))
        line = np.linspace(centre + (end - centre) * radius / length, end, int(length / (2 * pixel)) + 2)
        if not _covers(taken, np.hstack([line, line]), 0):
            return box, line
    return None


def _covers(taken: np.ndarray, boxes: np.ndarray, gap: float) -> bool:
    """Whether one of the boxes comes nearer than the gap to one that is taken."""
    if not len(taken):
        return False
    apart = (taken[None, :, :2] < boxes[:, None, 2:] + gap) & (taken[None, :, 2:] > boxes[:, None, :2] - gap)
    return bool(apart.all(axis=2).any())
