"""One picture of each kind of chart, with the call that draws it: docs/charts.md is made from this.

Each function draws on figures written beside it and returns the axes; its docstring says when to use the
chart. The test suite checks every one of them against the notation and against the stored pictures.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from finops_toolkit.charts.layout import fitted

from . import decisions, over_time, structure

GALLERY: dict[str, Callable[[], Any]] = {
    function.__name__: function for module in (over_time, structure, decisions) for function in module.CHARTS
}


def picture(ax: Any) -> bytes:
    """A chart as the PNG that is stored in docs/charts: no date and no version in it."""
    figure, buffer = ax.get_figure(root=True), io.BytesIO()
    edge = None if fitted(figure) else "tight"
    figure.savefig(buffer, format="png", dpi=110, bbox_inches=edge, metadata={"Software": None})
    return buffer.getvalue()
