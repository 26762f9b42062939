"""Stored pictures are what is drawn today, and the comparison of pictures sees data and not fonts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from pictures import differences

from docs.gallery import GALLERY, picture
from finops_toolkit import charts
from finops_toolkit.charts import style

ROOT = Path(__file__).resolve().parent.parent
STORED = ROOT / "docs" / "charts"
MAKE = "run `make pictures`, look at what has changed, and store the new ones"
MONTHS = pd.period_range("2025-01", periods=8, freq="M")
SALES = pd.DataFrame(
    {"actual": [2.9, 3.1, 3.4, 2.8, 3.0, 2.6, 3.3, 2.2], "budget": [3.0] * 7 + [2.9]}, index=MONTHS
)
SAID = {"message": "Revenue fell short", "who": "Plant North", "what": "Revenue", "when": "2025"}


def room() -> Axes:
    """Axes of a fixed place, so that another font moves nothing but letters."""
    figure = Figure(figsize=(8, 3.4), dpi=110)
    return figure.add_axes((0.04, 0.12, 0.92, 0.64))


def columns(scenario: str = "BU") -> Axes:
    """Columns in the unit EUR m, with the plan and the variances."""
    return charts.columns_with_plan(SALES * 1e6, room(), plan="budget", scenario=scenario, unit="EUR", **SAID)


def line() -> Axes:
    """A line with its target."""
    return charts.line_with_target(SALES / 3.6, room(), value="actual", target=0.85, measure="%", **SAID)


KINDS: list[Callable[[], Axes]] = [columns, line]


@pytest.mark.parametrize("make", KINDS)
def test_the_same_chart_is_the_same(make: Callable[[], Axes]) -> None:
    """Drawn twice, a chart does not differ."""
    assert differences(picture(make()), picture(make())) == []


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("hinting", ["none", "no_autohint", "force_autohint"])
def test_hinting_is_no_difference(make: Callable[[], Axes], hinting: str) -> None:
    """Letters that another machine lays on its pixels in another way do not matter."""
    before = picture(make())
    with mpl.rc_context({"text.hinting": hinting}):
        assert differences(before, picture(make())) == []


@pytest.mark.parametrize("make", KINDS)
def test_another_font_is_no_difference(make: Callable[[], Axes]) -> None:
    """The same chart in DejaVu Sans, wider and heavier, passes."""
    before, ax = picture(make()), make()
    for text in ax.figure.findobj(Text):
        text.set_fontfamily("DejaVu Sans")

    assert differences(before, picture(ax)) == []


@pytest.mark.parametrize("share", [-0.03, 0.03])
@pytest.mark.parametrize("scenario", ["BU", "PY", "FC"])
def test_a_changed_bar_is_found(scenario: str, share: float) -> None:
    """A bar of any scenario, or a variance, that is 3 % of the axis higher or lower is a difference."""
    before, ax = picture(columns(scenario)), columns(scenario)
    low, high = ax.get_ylim()
    for bar in ax.patches[:: 3 if scenario == "BU" else 7]:
        tall = bar.get_height()
        if tall:
            bar.set_height(tall + share * (high - low))
            assert differences(before, picture(ax)) != [], (bar.get_gid(), bar.get_x(), tall)
            bar.set_height(tall)
    assert differences(before, picture(ax)) == []


def move(ax: Axes, place: int, by: float) -> None:
    """One point of the line somewhere else: not a number removes it."""
    series = max(ax.lines, key=lambda one: len(np.unique(one.get_ydata())))
    values = np.array(series.get_ydata(), dtype=float)
    values[place] += by * np.ptp(ax.get_ylim())
    series.set_ydata(values)


@pytest.mark.parametrize("place", [0, 3, 7])
@pytest.mark.parametrize("by", [-0.03, 0.03, np.nan])
def test_a_changed_or_missing_point_is_found(place: int, by: float) -> None:
    """A point of a line moved by 3 % of the axis, or left out, is a difference."""
    before, ax = picture(line()), line()
    move(ax, place, by)

    assert differences(before, picture(ax)) != []


def test_a_swapped_colour_is_found() -> None:
    """Good drawn as bad, and actual as last year."""
    for own, other in ((style.GOOD, style.BAD), (style.ACTUAL, style.LAST_YEAR)):
        before, ax = picture(columns()), columns()
        bar = next(bar for bar in ax.patches if mpl.colors.same_color(bar.get_facecolor(), own))
        bar.set_facecolor(other)
        assert differences(before, picture(ax)) != []


def test_lost_hatching_is_found() -> None:
    """A forecast without its hatching would be a budget."""
    before, ax = picture(columns("FC")), columns("FC")
    for bar in ax.patches:
        bar.set_hatch(None)

    assert differences(before, picture(ax)) != []


def test_words_are_compared_as_words() -> None:
    """A label that is gone, changed or new is named; nothing is said of pixels."""
    before, ax = picture(columns()), columns()
    label = next(text for text in ax.texts if text.get_text() == "3.4" or text.get_text() == "3.40")
    said = label.get_text()
    label.set_visible(False)
    assert differences(before, picture(ax))[0] == f"The words “{said}” are gone."
    label.set_visible(True)
    label.set_text("3.9")
    assert differences(before, picture(ax)) == [f"The words “{said}” are gone.", "The words “3.9” are new."]


def test_another_size_is_found() -> None:
    """Pictures of unlike sizes are not compared any further."""
    small = columns()
    small.figure.set_size_inches(8, 3.5)

    assert differences(picture(columns()), picture(small))[0].startswith("The sizes are")


def test_every_chart_of_the_gallery_has_its_picture() -> None:
    """No stored picture is missing, none is left over."""
    assert sorted(path.stem for path in STORED.glob("*.png")) == sorted(GALLERY), MAKE


@pytest.mark.parametrize("name", sorted(GALLERY))
def test_the_stored_picture_is_what_is_drawn_today(name: str) -> None:
    """Fonts aside, the gallery's charts look as they do in the documentation."""
    stored = STORED / f"{name}.png"
    if not stored.exists():
        pytest.fail(f"{stored.relative_to(ROOT)} is missing: {MAKE}")

    assert differences(stored.read_bytes(), picture(GALLERY[name]())) == [], MAKE


@pytest.mark.parametrize("name", sorted(GALLERY))
def test_every_chart_of_the_gallery_keeps_to_the_notation(name: str) -> None:
    """The chart check finds nothing."""
    assert charts.check_chart(GALLERY[name]()) == []
