"""Headline figures: what a notebook hands up to the index page of its batch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import UsageError
from ..wording import missing

MIME = "application/vnd.finops.headline+json"
STATUSES = ("good", "bad", "none")


def headline(figures: Sequence[Mapping[str, Any]]) -> None:
    """Hand figures up to the index page; call it once, in the notebook's last cell.

    Each figure is a mapping with `label` ("Cash"), `value` as people read it ("1.2 m"), `status`: good, bad
    or none (neither), and if it has one its `trend`: numbers, oldest first, None where there is none. Raises
    UsageError for anything else. Shows nothing in the notebook.
    """
    from IPython.display import display

    checked = []
    for figure in figures:
        known = _checked(figure)
        if known is None or set(figure) - {"label", "value", "status", "trend"}:
            raise UsageError(
                f"The headline figure {dict(figure)!r} is not understood.",
                "Give label, value, status (good, bad or none) and perhaps trend, a list of numbers.",
            )
        checked.append(known)
    display({MIME: checked}, raw=True)


def headline_of(notebook: Any) -> list[dict[str, Any]]:
    """The headline figures an executed notebook handed up; what is not understood is left out."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    figures = [figure for output in outputs for figure in output.get("data", {}).get(MIME, [])]
    return [known for figure in figures if (known := _checked(figure)) is not None]


def _checked(figure: Any) -> dict[str, Any] | None:
    """The figure as the index page takes it; None where it is none."""
    if not isinstance(figure, Mapping):
        return None
    known: dict[str, Any] = {key: str(figure.get(key, "")) for key in ("label", "value", "status")}
    trend = figure.get("trend") or []
    if not known["label"] or known["status"] not in STATUSES or not isinstance(trend, list | tuple):
        return None
    if not all(missing(value) or (_is_number(value) and math.isfinite(value)) for value in trend):
        return None
    if trend:
        known["trend"] = [None if missing(value) else float(value) for value in trend]
    return known


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
