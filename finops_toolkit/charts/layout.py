"""Where a chart's words stand: the heading, the names of rows, the labels; a figure that holds them all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from weakref import WeakSet

from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from .style import FAMILY, TEXT, register_fonts

MESSAGE, LINES, LABEL = 12.5, 9.5, 9.0  # points
MARGIN = 0.04  # inches around everything
_LINE = 1.2  # height of a line of text, in its size
_OWN: WeakSet[Figure] = WeakSet()


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


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = LABEL, bold: bool = False) -> float:
    """How wide a line of text is drawn, in points."""
    register_fonts()
    if not text.strip():
        return 0.25 * size * len(text)
    font = FontProperties(family=list(FAMILY), weight="bold" if bold else "normal", size=size)
    return float(TextPath((0, 0), text.replace("$", r"\$"), prop=font).get_extents().x1)


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
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    room = figure.get_size_inches()[0] * 72 * ax.get_position().width - left
    kept = [shorten(line, room, LINES) for line in lines if line]
    wrapped = wrap(message, room, MESSAGE, bold=True) if message else []
    note: dict[str, Any] = {
        "xycoords": "axes fraction",
        "textcoords": "offset points",
        "parse_math": False,
        "va": "bottom",
        "ha": "left",
        "color": TEXT,
        "linespacing": _LINE,
    }
    if kept:
        ax.annotate("\n".join(kept), (0, 1), (left, space), fontsize=LINES, gid="lines", **note)
    if wrapped:
        above = space + 4 + LINES * 1.1 * len(kept)
        text = "\n".join(wrapped)
        ax.annotate(text, (0, 1), (left, above), fontsize=MESSAGE, fontweight="bold", gid="message", **note)


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
    literal = {"fontsize": LABEL, "color": TEXT, "parse_math": False, "path_effects": margin}
    ax.text(x, y, text, **{**literal, **how})


def fit(ax: Axes) -> Axes:
    """Make a figure of our own just large enough for everything on it: same width, as high as needed.

    On axes that a caller gave, nothing is moved: their figure is theirs.
    """
    figure = ax.get_figure(root=True)
    if not isinstance(figure, Figure) or figure not in _OWN or len(figure.axes) != 1:
        return ax
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    width, height = (float(inches) for inches in figure.get_size_inches())
    place = ax.get_position()
    left, right, tall = place.x0 * width, (1 - place.x1) * width, place.height * height
    canvas = FigureCanvasAgg(figure)
    for _ in range(3):
        box = figure.get_tightbbox(canvas.get_renderer())
        left += max(0.0, MARGIN - box.x0)
        right += max(0.0, box.x1 - (width - MARGIN))
        at = ax.get_position()
        below = MARGIN + at.y0 * height - box.y0
        above = MARGIN + box.y1 - at.y1 * height
        height = below + tall + above
        figure.set_size_inches(width, height)
        figure.subplots_adjust(
            left=left / width, right=1 - right / width, bottom=below / height, top=1 - above / height
        )
        if box.x0 >= 0 and box.x1 <= width:
            break
    return ax


def fitted(figure: Figure) -> bool:
    """Whether the figure is one of ours, which holds all that is on it."""
    return figure in _OWN
