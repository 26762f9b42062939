"""Every chart stays sound and legible with three categories and forty, with nothing, and with too much."""

from __future__ import annotations

import inspect
import warnings

import pytest
from chart_cases import CASES, DRAW

from finops_toolkit import charts
from finops_toolkit.charts import check_chart

pytestmark = pytest.mark.filterwarnings("ignore:Glyph .* missing from font")
# What is hardest. The proofs try all figures on all charts, the tests these, fewer where a chart comes twice.
HARD = ("one", "forty", "mixed", "zeros", "nothing known", "huge range", "names")
HARDEST = ("forty", "missing", "names")
ALL = [(kind, name) for kind in DRAW for name in CASES]
SOME = [(kind, name) for kind, name in ALL if name in (HARDEST if "," in kind else HARD)]
# Their alternative text names months.
OVER_TIME = ("columns", "line", "control", "fan")
NO_CHARTS = {"Finding", "alt_text", "check_chart", "new_axes", "chart_table", "describe"}


@pytest.mark.parametrize(("kind", "name"), SOME)
def test_a_chart_stays_sound(kind: str, name: str) -> None:
    """Whatever the figures and the names are, the chart check finds nothing and nothing warns.

    A script that no font of ours holds (Chinese) is drawn as boxes; the alternative text has its words.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        ax = DRAW[kind](CASES[name])

    assert [str(finding) for finding in check_chart(ax)] == []


@pytest.mark.prove
@pytest.mark.parametrize(("kind", "name"), [pair for pair in ALL if pair not in SOME])
def test_a_chart_stays_sound_whatever_comes(kind: str, name: str) -> None:
    """The same for all charts and figures."""
    assert [str(finding) for finding in check_chart(DRAW[kind](CASES[name]))] == []


def test_every_chart_is_put_under_stress() -> None:
    """No public chart is left out."""
    public = {name for name in charts.__all__ if inspect.isfunction(getattr(charts, name))}

    assert public - NO_CHARTS == {kind.split(",")[0] for kind in DRAW}


@pytest.mark.parametrize("kind", [kind for kind in DRAW if not kind.startswith(OVER_TIME)])
def test_names_reach_the_words(kind: str) -> None:
    """Names of any script and with any sign are in the alternative text as they are."""
    given = CASES["names"]
    words = charts.alt_text(DRAW[kind](given).get_figure(root=True))
    said = [name for name in given.names if name in words]

    assert len(said) >= 2
