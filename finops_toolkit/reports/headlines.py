"""Headline figures: what a notebook hands up to the index page of its batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import UsageError

MIME = "application/vnd.finops.headline+json"
STATUSES = ("good", "bad", "none")


def headline(figures: Sequence[Mapping[str, str]]) -> None:
    """Hand figures up to the index page; call it once, in the notebook's last cell.

    Each figure is a mapping with `label` ("Cash"), `value` as people read it ("1.2 m") and `status`:
    good, bad or none (neither). Raises UsageError for anything else. Shows nothing in the notebook.
    """
    from IPython.display import display

    checked = []
    for figure in figures:
        label, value, status = (str(figure.get(key, "")) for key in ("label", "value", "status"))
        if not label or status not in STATUSES or set(figure) - {"label", "value", "status"}:
            raise UsageError(
                f"The headline figure {dict(figure)!r} is not understood.",
                "Give label, value and status (good, bad or none).",
            )
        checked.append({"label": label, "value": value, "status": status})
    display({MIME: checked}, raw=True)


def headline_of(notebook: Any) -> list[dict[str, str]]:
    """The headline figures an executed notebook handed up; what is not understood is left out."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for figure in output.get("data", {}).get(MIME, []):
                if isinstance(figure, dict) and figure.get("status") in STATUSES:
                    found.append({key: str(figure.get(key, "")) for key in ("label", "value", "status")})
    return found
