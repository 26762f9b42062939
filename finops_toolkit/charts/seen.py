"""What is seen on a figure: words and bars with their places in pixels, and what lies behind the words."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation, Text

# Bars by their gid: scenarios, variances, the parts of a bridge, and one that is cut on purpose.
BARS = frozenset(("AC", "PY", "BU", "FC", "delta", "delta_share", "start", "step", "subtotal", "end", "cut"))
_DEEP = re.compile(r"[gjpqyQJ,;()\[\]{}|/$@_§ç]")
_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
_LEVELS = np.arange(256) / 255
_LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4)


@dataclass(frozen=True)
class Words:
    """A text that is seen: `box` is its ink's four corners in pixels, anticlockwise from the lower left."""

    artist: Text
    text: str
    box: np.ndarray
    upright: bool

    @property
    def low(self) -> np.ndarray:
        """The lower left of its bounding box."""
        return self.box.min(axis=0)

    @property
    def high(self) -> np.ndarray:
        """The upper right of its bounding box."""
        return self.box.max(axis=0)

    @property
    def haloed(self) -> bool:
        """Whether a margin of light keeps it off what it stands on."""
        effects = self.artist.get_path_effects() or ()
        return any(
            isinstance(one, withStroke)
            and luminance(getattr(one, "_gc", {}).get("foreground", "black")) > 0.8
            for one in effects
        )


@dataclass(frozen=True)
class Bar:
    """A bar in data: it runs from `base` to `end` along its value axis and is `thick` across, at `place`."""

    patch: Rectangle
    ax: Axes
    kind: str
    group: int
    upright: bool
    base: float
    end: float
    place: float
    thick: float


@dataclass
class Seen:
    """A figure as it is drawn."""

    figure: Figure
    axes: list[Axes]
    words: list[Words]
    bars: list[Bar]
    pixels: np.ndarray  # height × width × RGB, from the top, without the words
    lines: list[tuple[Axes, Line2D]] = field(default_factory=list)

    @property
    def point(self) -> float:
        """Pixels of a typographic point."""
        return float(self.figure.dpi) / 72

    @cached_property
    def size(self) -> tuple[float, float]:
        """Width and height in pixels."""
        return float(self.figure.bbox.width), float(self.figure.bbox.height)

    def behind(self, words: Words) -> np.ndarray:
        """The luminance of the pixels that a text stands on; empty outside the figure."""
        box = words.artist.get_bbox_patch()
        if box is not None and to_rgba(box.get_facecolor())[3] > 0.5:
            return np.array([luminance(box.get_facecolor())])
        tall = self.pixels.shape[0]
        left, bottom = np.floor(words.low).astype(int)
        right, top = np.ceil(words.high).astype(int)
        region = self.pixels[max(0, tall - top) : max(0, tall - bottom), max(0, left) : max(0, right)]
        return (_LINEAR[region] @ _WEIGHTS).ravel()


def luminance(colour: Any) -> float:
    """Relative luminance after WCAG 2, from 0 (black) to 1 (white)."""
    parts = np.array(to_rgb(colour))
    return float(np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ _WEIGHTS)


def contrast(one: Any, other: Any) -> Any:
    """Contrast of two luminances after WCAG 2, from 1 to 21; arrays give arrays."""
    return (np.maximum(one, other) + 0.05) / (np.minimum(one, other) + 0.05)


class _Wordless(RendererAgg):
    """Draws everything but words: what is left is what they stand on."""

    _depth = 0
    figure: Figure

    def open_group(self, s: str, gid: str | None = None) -> None:
        self._depth += s == "text"

    def close_group(self, s: str) -> None:
        self._depth -= s == "text"

    def draw_path(self, *given: Any, **named: Any) -> None:
        if not self._depth:
            super().draw_path(*given, **named)

    def draw_text(self, *given: Any, **named: Any) -> None:
        pass

    def draw_mathtext(self, *given: Any, **named: Any) -> None:
        pass


def see(chart: Axes | Figure) -> Seen:
    """Draw the chart's whole figure, off screen, and say what is on it. Nothing on it is changed."""
    figure = chart.get_figure(root=True)
    assert isinstance(figure, Figure)
    with warnings.catch_warnings():
        # A glyph that no font holds is drawn as a box: that is for the data to mend, not for the chart.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        canvas = _Wordless(figure.bbox.width, figure.bbox.height, figure.dpi)
        canvas.figure = figure
        figure.draw(canvas)
        axes = list(_all_axes(figure.axes))
        words = [_words(text, canvas) for text in _texts(figure, axes)]
    bars = [bar for ax in axes for bar in _bars(ax)]
    lines = [(ax, line) for ax in axes for line in ax.lines if line.get_visible()]
    pixels = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    return Seen(figure, axes, words, bars, pixels, lines)


def _all_axes(axes: Any) -> Iterator[Axes]:
    """Those given and the insets within them, as far as they are visible, each once."""
    done: set[int] = set()
    waiting = list(axes)
    while waiting:
        ax = waiting.pop(0)
        if id(ax) not in done and ax.get_visible():
            done.add(id(ax))
            yield ax
            waiting.extend(child for child in ax.child_axes if isinstance(child, Axes))


def _texts(figure: Figure, axes: list[Axes]) -> Iterator[Text]:
    """Every text artist that is drawn: headings, labels, names at ticks, titles, legends."""
    found: dict[int, Text] = {}
    parents: list[Any] = [figure, *figure.subfigs]
    for parent in [*parents, *axes]:
        for text in (*parent.texts, *_titles(parent)):
            found[id(text)] = text
        for legend in (*getattr(parent, "legends", ()), getattr(parent, "legend_", None)):
            if legend is not None and legend.get_visible():
                found.update({id(text): text for text in (*legend.get_texts(), legend.get_title())})
    for ax in axes:
        if ax.axison:
            for axis in (ax.xaxis, ax.yaxis):
                if axis.get_visible():
                    found.update({id(text): text for text in _at_axis(axis)})
    for text in found.values():
        if text.get_visible() and text.get_text().strip() and text.get_alpha() != 0:
            # An annotation outside its axes is not drawn where its place is not.
            if isinstance(text, Annotation) and not text._check_xy(None):  # type: ignore[attr-defined]
                continue
            yield text


def _titles(parent: Any) -> list[Text]:
    if isinstance(parent, Axes):
        return [parent.title, *(getattr(parent, side) for side in ("_left_title", "_right_title"))]
    return [text for text in (getattr(parent, name, None) for name in _FIGURE_TITLES) if text is not None]


_FIGURE_TITLES = ("_suptitle", "_supxlabel", "_supylabel")


def _at_axis(axis: Any) -> Iterator[Text]:
    low, high = sorted(axis.get_view_interval())
    slack = (high - low) * 1e-6
    yield axis.label
    yield axis.offsetText
    for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
        if low - slack <= tick.get_loc() <= high + slack and tick.get_visible():
            yield tick.label1
            yield tick.label2


def _words(text: Text, canvas: Any) -> Words:
    """A text and its ink: the box less the room for descenders where it has none, and less the leading."""
    angle = text.get_rotation() % 360
    upright = angle % 90 == 0
    box = text.get_window_extent(canvas)
    size = text.get_fontsize() * canvas.points_to_pixels(1)
    last = text.get_text().rstrip().split("\n")[-1]
    below, above, side = size * (0.06 if _DEEP.search(last) else 0.22), size * 0.06, size * 0.05
    if angle in (90, 270):
        left, right = (above, below) if angle == 90 else (below, above)
        corners = _corners(box.x0 + left, box.y0 + side, box.x1 - right, box.y1 - side)
    elif upright:
        corners = _corners(box.x0 + side, box.y0 + below, box.x1 - side, box.y1 - above)
    else:
        flat = Text(0, 0, text.get_text(), fontproperties=text.get_fontproperties())
        flat.set_parse_math(text.get_parse_math())
        flat.set_figure(canvas.figure)
        plain = flat.get_window_extent(canvas)
        half = np.array([plain.width / 2 - side, plain.height / 2 - (above + below) / 2])
        turn = math.radians(angle)
        spin = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
        signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
        corners = (signs * half) @ spin + [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]
    return Words(text, text.get_text().strip(), corners, upright)


def _corners(left: float, bottom: float, right: float, top: float) -> np.ndarray:
    return np.array([(left, bottom), (right, bottom), (right, top), (left, top)])


def _bars(ax: Axes) -> Iterator[Bar]:
    """The bars of axes: those made by bar, barh and hist, and rectangles whose gid says that they are."""
    group: dict[int, tuple[int, bool | None]] = {}
    for number, container in enumerate(one for one in ax.containers if isinstance(one, BarContainer)):
        upright = getattr(container, "orientation", None)
        for bar in container.patches:
            group[id(bar)] = (number, None if upright is None else upright == "vertical")
    known = [upright for _, upright in group.values() if upright is not None]
    for patch in ax.patches:
        kind = str(patch.get_gid() or "")
        if not isinstance(patch, Rectangle) or not _shown(patch):
            continue
        if kind not in BARS and (kind or id(patch) not in group):
            continue
        number, upright = group.get(id(patch), (-1, None))
        if upright is None:
            upright = known[0] if known else True
        x, y, wide, tall = patch.get_x(), patch.get_y(), patch.get_width(), patch.get_height()
        if not np.isfinite([x, y, wide, tall]).all():
            continue
        if upright:
            yield Bar(patch, ax, kind, number, True, y, y + tall, x + wide / 2, abs(wide))
        else:
            yield Bar(patch, ax, kind, number, False, x, x + wide, y + tall / 2, abs(tall))


def _shown(patch: Patch) -> bool:
    """Whether there is anything to see of it: a fill, an edge or a hatching."""
    edge = to_rgba(patch.get_edgecolor())[3] > 0 and patch.get_linewidth() > 0
    return patch.get_visible() and (to_rgba(patch.get_facecolor())[3] > 0 or edge or bool(patch.get_hatch()))
