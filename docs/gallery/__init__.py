"""One picture of each kind of chart, with the call that draws it: docs/charts.md is made from this.

Each function draws on figures written beside it and returns the axes; its docstring says when to use the
chart. The test suite checks every one of them against the notation and against the stored pictures.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

from finops_toolkit.charts.seen import see

from . import decisions, over_time, structure

GALLERY: dict[str, Callable[[], Any]] = {
    function.__name__: function for module in (over_time, structure, decisions) for function in module.CHARTS
}


DPI = 110


def picture(ax: Any) -> bytes:
    """A chart as the PNG that is stored in docs/charts: no date and no version in it, but its words."""
    figure, buffer = ax.get_figure(root=True), io.BytesIO()
    words = json.dumps([[text, *box] for text, box in word_boxes(ax, DPI)])
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None, "Words": words})
    return buffer.getvalue()


def word_boxes(ax: Any, dpi: float) -> list[tuple[str, list[int]]]:
    """Each text of a chart with its box in a picture of that resolution: left, top, right, bottom."""
    seen = see(ax)
    scale = dpi / seen.figure.dpi
    found = []
    for words in seen.words:
        (left, low), (right, high) = words.low * scale, words.high * scale
        tall = seen.size[1] * scale
        found.append((words.text, [round(side) for side in (left, tall - high, right, tall - low)]))
    return sorted(found)
