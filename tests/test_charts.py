"""Charts: they show the figures given, in the notation, legibly, with words for those who cannot see them."""

from __future__ import annotations

import io
import itertools
import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from finops_toolkit import charts, display
from finops_toolkit.charts import style
from finops_toolkit.errors import UsageError
from finops_toolkit.variance import make_bridge

SCALE = 10_000


def months(n: int, first: str = "2024-11") -> pd.PeriodIndex:
    """The index of a frame by month."""
    return pd.period_range(first, periods=n, freq="M")


def plan_frame(n: int = 13) -> pd.DataFrame:
    """Actual and budget of n months, the actual of the third one missing."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {"actual": rng.normal(3e6, 4e5, n), "budget": rng.normal(3e6, 2e5, n)}, index=months(n)
    )
    if n > 2:
        frame.iloc[2, 0] = np.nan
    return frame


STEPS = [("price", "Sales prices", -212_000), ("volume", "Sales volume", 40_000), ("scrap", "Scrap", -84_000)]
BRIDGE = make_bridge(
    ("Budget", 820_000 * SCALE), [(s, n, a * SCALE) for s, n, a in STEPS], ("Actual", 564_000 * SCALE)
)
CARDS = pd.DataFrame(
    {
        "name": ["On time in full (OTIF)", "Days sales outstanding (DSO)", "NPS"],
        "value": [0.88, 44.2, np.nan],
        "measure": ["%", "days", "points"],
        "target": [0.95, 46.0, 30.0],
        "met": [False, True, None],
        "trend": [[0.9, np.nan, 0.88], [40.0, 41.0, 44.2], []],
        "reason": ["", "", "nobody was asked"],
    }
)
NAMED = pd.DataFrame(
    {"name": ["Ball $x$ valves", "A" * 60], "actual": [1.2e6, -3e5], "budget": [1.3e6, 2.5e5]}
)
SHARES = pd.DataFrame({"name": ["OTIF", "DSO"], "attainment": [0.93, 2.4], "value_text": ["88 %", "19 days"]})


def all_charts():
    """One of each kind, with what its words must say."""
    heading = {"message": "Ball valves fell short", "who": "Plant North", "when": "November 2025"}
    plan = plan_frame()
    return {
        "columns": charts.columns_with_plan(plan, plan="budget", what="Revenue", unit="EUR", **heading),
        "line": charts.line_with_target(plan[["actual"]] / 3.3e6, value="actual", target=0.95, measure="%",
                                        what="OTIF", **heading),
        "bridge": charts.bridge(BRIDGE, currency="EUR", **heading),
        "bars": charts.bars_with_variance(NAMED, what="Revenue", unit="EUR", **heading),
        "bullet": charts.bullet(SHARES, **heading),
        "cards": charts.kpi_cards(CARDS, what="KPIs", **heading),
    }  # fmt: skip


def drawn(ax) -> list:
    """The texts of a chart that are seen, with their boxes in pixels."""
    figure = ax.figure
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    texts = [text for text in (*ax.texts, *ax.get_yticklabels(), *ax.get_xticklabels()) if text.get_text()]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in texts if text.get_visible()]


def contrast(colour: str) -> float:
    """Contrast of a colour on white after WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    light = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 1.05 / (0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2] + 0.05)


def test_colours_can_be_read():
    """Written on white at 4.5:1, drawn at 3:1."""
    assert min(contrast(c) for c in (style.TEXT, style.QUIET, style.GOOD, style.BAD, style.GUIDE)) >= 4.5
    assert min(contrast(c) for c in (style.ACTUAL, style.LAST_YEAR, style.OUTLINE)) >= 3


def test_every_chart_returns_its_axes_and_speaks():
    """Each returns the axes it drew on, keeps nothing in pyplot, and says in words who, the message and
    values.
    """
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    for name, ax in all_charts().items():
        words = charts.alt_text(ax)
        assert "Plant North" in words, name
        assert "Ball valves fell short" in words, name
        assert any(character.isdigit() for character in words), name
    assert plt.get_fignums() == before


def test_a_chart_draws_on_the_axes_it_is_given():
    """With `ax` given nothing else is made."""
    ax = charts.new_axes(6, 3)

    assert charts.bridge(BRIDGE, ax) is ax
    assert ax.figure.axes == [ax]


@pytest.mark.parametrize("name", ["columns", "line", "bridge", "bars", "bullet", "cards"])
def test_no_text_covers_another(name):
    """The labels of a chart do not overlap."""
    boxes = drawn(all_charts()[name])
    clashes = [(a, b) for (a, first), (b, second) in itertools.combinations(boxes, 2)
               if first.shrunk(0.98, 0.86).overlaps(second.shrunk(0.98, 0.86))]  # fmt: skip

    assert clashes == []


@pytest.mark.parametrize("n", [1, 2, 3, 13, 24, 40])
def test_columns_stay_legible_however_many(n):
    """From one month to forty: labels never overlap, a missing month has none."""
    ax = charts.columns_with_plan(plan_frame(n), plan="budget", what="Revenue", when="x")
    boxes = [(text, box) for text, box in drawn(ax) if any(c.isdigit() for c in text) and "\n" not in text]
    values = [(t, b.shrunk(0.9, 0.8)) for t, b in boxes]

    assert [(a, b) for (a, x), (b, y) in itertools.combinations(values, 2) if x.overlaps(y)] == []
    assert n > 1 or len(values) == 2


def test_columns_are_as_high_as_their_values_and_variances_share_the_scale():
    """The columns' and the variances' heights are the figures themselves, on one axis that starts at zero."""
    frame = pd.DataFrame({"actual": [100.0, 80.0], "budget": [90.0, 100.0]}, index=months(2))
    ax = charts.columns_with_plan(frame, plan="budget", good="down")
    heights = [bar.get_height() for bar in ax.patches]

    assert heights == [90, 100, 100, 80, -10, 20]
    assert ax.get_ylim()[0] <= 0


def test_good_and_bad_are_by_effect_and_told_by_a_sign_too():
    """A cost over budget is drawn down, in the colour of bad, with a minus; under budget up, green, with a
    plus.
    """
    frame = pd.DataFrame({"actual": [100.0, 80.0], "budget": [90.0, 100.0]}, index=months(2))
    ax = charts.columns_with_plan(frame, plan="budget", good="down")
    labels = {text.get_text(): text.get_color() for text in ax.texts if text.get_text()[0] in "+−"}

    assert labels == {"−10": style.BAD, "+20": style.GOOD}


def test_the_bridge_closes_as_drawn():
    """Each step begins where the last one ended, and the last ends at the end's bar."""
    ax = charts.bridge(BRIDGE)
    ends = [bar.get_x() + bar.get_width() for bar in ax.patches]
    starts = [bar.get_x() for bar in ax.patches]

    assert starts[1:-1] == pytest.approx(ends[:-2])
    assert ends[-2] == pytest.approx(ends[-1])
    assert (starts[0], starts[-1]) == (0, 0)


def test_text_from_data_is_no_formula():
    """A "$" in a name is written as it is."""
    ax = charts.bars_with_variance(NAMED)

    assert not any(label.get_parse_math() for label in ax.get_yticklabels())
    assert "Ball $x$ valves" in [text for text, _ in drawn(ax)]


def test_missing_columns_are_named_and_nothing_is_not_drawn():
    """One error names all that is missing; an empty frame is an error, not an empty picture."""
    with pytest.raises(UsageError, match="attainment and value_text"):
        charts.bullet(NAMED)
    with pytest.raises(UsageError, match="nothing to draw"):
        charts.bullet(SHARES.iloc[:0])


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1.24e6, 3e4], ("1.24", "0.03", "m")), ([84_300, 120], ("84", "0", "k")),
     ([12.5, 3], ("12.5", "3.0", "")), ([2.1e9], ("2.10", "2.10", "b")), ([0, 0], ("0", "0", ""))],
)  # fmt: skip
def test_one_unit_for_all_labels(values, expected):
    """The largest value decides the unit and the decimals of all labels."""
    scale = style.scale_for(values)

    assert (scale.label(values[0]), scale.label(values[-1]), scale.letter) == expected


def shown(monkeypatch, function, *args, **kwargs) -> list[tuple[dict, dict]]:
    """What a function of display hands to the notebook."""
    import IPython.display

    found: list[tuple[dict, dict]] = []
    monkeypatch.setattr(
        IPython.display, "display", lambda data, metadata=None, raw=False: found.append((data, metadata))
    )
    function(*args, **kwargs)
    return found


def test_a_chart_is_shown_once_with_its_alternative_text_and_the_same_bytes(monkeypatch):
    """One PNG without a date, its words in the metadata and as plain text."""
    first, second = (
        shown(monkeypatch, display.show, charts.bridge(BRIDGE, message="Short")) for _ in range(2)
    )

    assert len(first) == 1
    data, metadata = first[0]
    assert sorted(data) == ["application/vnd.finops.table+json", "image/png", "text/plain"]
    assert metadata["image/png"]["alt"] == data["text/plain"]
    assert data["image/png"] == second[0][0]["image/png"]
    assert len(data["image/png"]) < 120_000


def test_a_chart_without_words_is_refused():
    """No alternative text, no picture."""
    with pytest.raises(UsageError, match="no alternative text"):
        display.show_chart(charts.new_axes())


ATTACK = "<script>alert(1)</script><img src=x onerror=alert(2)> $\\href{javascript:1}{x}$"


def test_text_from_data_is_no_markup(monkeypatch):
    """Names full of markup are shown as text, in sentences and in tables, and are no formulas."""
    frame = pd.DataFrame({ATTACK: [ATTACK], "n": [1234567.0]})
    for thing in (ATTACK, frame):
        html = shown(monkeypatch, display.show, thing)[0][0]["text/html"]
        assert "<script" not in html
        assert "<img" not in html
        assert "tex2jax_ignore" in html


def test_tables_are_for_people(monkeypatch):
    """Thousands separators, no index, headings with a scope, a missing value as "none"."""
    frame = pd.DataFrame({"the_name": ["A", "B"], "amount": [1234567.0, np.nan]}, index=[7, 8])
    html = shown(monkeypatch, display.show, frame)[0][0]["text/html"]

    assert "1,234,567" in html
    assert ">none<" in html
    assert '<th scope="col"' in html
    assert "the name" in html
    assert ">7<" not in html


def test_nothing_is_shown_for_an_empty_text_and_others_are_refused(monkeypatch):
    """An empty sentence leaves no paragraph; what cannot be shown is named."""
    assert shown(monkeypatch, display.show, "") == []
    with pytest.raises(UsageError, match="A dict cannot be shown"):
        display.show(json.loads("{}"))


def test_a_saved_chart_holds_no_date():
    """The PNG of a figure is the same whenever it is made."""
    images = []
    for _ in range(2):
        buffer = io.BytesIO()
        charts.kpi_cards(CARDS).figure.savefig(buffer, format="png", metadata={"Software": None})
        images.append(buffer.getvalue())

    assert images[0] == images[1]
    assert b"tIME" not in images[0]
