"""Every chart that a lesson or a report shows keeps to the notation, and looks as it is stored."""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from pictures import differences

from docs.gallery import word_boxes
from finops_toolkit import display
from finops_toolkit.books import open_books
from finops_toolkit.charts import check_chart
from finops_toolkit.charts.layout import fitted

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
REPORT = NOTEBOOKS / "reports" / "monthly_scorecard.ipynb"
LESSONS = sorted(path for path in NOTEBOOKS.rglob("*.ipynb") if path != REPORT)
UNITS = ["COMPANY", "SOUTH", "EAST", "WEST", "HQ"]  # and NORTH, for which it is stored
MAKE = "run `make notebooks`, look at what has changed, and store the new ones"


@dataclass
class Shown:
    """A notebook's charts, as they are shown: the findings of each, its picture and where its words are."""

    findings: list[str] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    words: list[list[Any] | None] = field(default_factory=list)


def name(path: Path) -> str:
    """A notebook's name for the report."""
    return path.relative_to(ROOT).as_posix()


def run(path: Path, monkeypatch: pytest.MonkeyPatch, **parameters: str) -> Shown:
    """Run a notebook's cells here, one after the other, and look at each chart that it shows."""
    shown = Shown()
    monkeypatch.setattr(display, "show_chart", watcher(shown, display.show_chart))
    monkeypatch.setattr("IPython.display.display", lambda data=None, *rest, **named: keep(shown, data))
    monkeypatch.setattr("finops_toolkit.books.open_books", opened)
    monkeypatch.chdir(NOTEBOOKS)
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, f"{path.name}: {cell['id']}", "exec"), names)
            if "parameters" in cell.metadata.get("tags", []):
                names.update(parameters)
    return shown


# Books are only read, so that one opening does for all notebooks.
opened = functools.cache(open_books)


def keep(shown: Shown, data: Any) -> None:
    """Keep the picture of what is displayed, if it is one."""
    if isinstance(data, dict) and "image/png" in data:
        shown.pictures.append(data["image/png"])


def watcher(shown: Shown, show: Callable[..., None]) -> Callable[..., None]:
    """`show_chart`, which looks before it shows."""

    def watched(chart: Any, alt: str | None = None) -> None:
        figure = chart.get_figure(root=True)
        number = len(shown.words) + 1
        shown.findings += [f"chart {number}: {finding}" for finding in check_chart(figure)]
        boxes = [box for _, box in word_boxes(figure, display.PRINTED)]
        # On a figure that is cut to its contents the places are others.
        shown.words.append(boxes if fitted(figure) else None)
        show(chart, alt)

    return watched


def stored(path: Path) -> list[bytes]:
    """The pictures in a notebook's outputs, in order."""
    outputs = [out for cell in nbformat.read(path, as_version=4).cells for out in cell.get("outputs", [])]
    images = [out["data"]["image/png"] for out in outputs if "image/png" in out.get("data", {})]
    return [base64.b64decode(image) for image in images]


@pytest.mark.parametrize("path", [*LESSONS, REPORT], ids=name)
def test_every_chart_of_a_notebook_is_sound_and_as_stored(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chart check finds nothing in them, and their pictures are those that are stored."""
    shown, before = run(path, monkeypatch), stored(path)

    assert shown.findings == []
    assert len(shown.pictures) == len(before), MAKE
    for number, (old, new, words) in enumerate(zip(before, shown.pictures, shown.words, strict=True), 1):
        assert differences(old, new, words) == [], f"chart {number}: {MAKE}"


@pytest.mark.parametrize("unit", UNITS)
def test_every_chart_of_a_report_is_sound(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scorecard's charts keep to the notation for every unit."""
    shown = run(REPORT, monkeypatch, unit=unit)

    assert shown.pictures
    assert shown.findings == []


@pytest.mark.prove
@pytest.mark.parametrize("period", ["2025-11", "2025-06", "2025-01", "2024-02", "2024", "2025-Q3"])
@pytest.mark.parametrize("unit", ["NORTH", *UNITS])
@pytest.mark.parametrize("path", [*LESSONS, REPORT], ids=name)
def test_every_chart_of_every_unit_and_period_is_sound(
    path: Path, unit: str, period: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every chart of every notebook, for all units and unlike periods."""
    assert run(path, monkeypatch, unit=unit, period=period).findings == []
