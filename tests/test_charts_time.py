"""Charts over time show the figures given, mark what is missing or left out, and stay legible."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from docs.gallery import over_time
from finops_toolkit import charts
from finops_toolkit.charts import alt_text, check_chart
from finops_toolkit.charts.seen import luminance, see
from finops_toolkit.charts.slots import SIZES
from finops_toolkit.charts.words import chart_table
from finops_toolkit.errors import UsageError

NONE = float("nan")
SAID = {"message": "Revenue is under plan", "who": "Plant North", "what": "Revenue", "when": "2025"}
# What a chart of any figures must keep; the rest is judged on believable ones.
LEGIBLE = {"overlap", "clipped", "cut", "small", "zero", "none", "decimals", "width", "contrast", "crossed"}


def months(count: int, first: str = "2024-11") -> pd.PeriodIndex:
    """The index of a frame by month."""
    return pd.period_range(first, periods=count, freq="M")


def frame_of(**columns: list[float]) -> pd.DataFrame:
    """A frame by month."""
    return pd.DataFrame(columns, index=months(len(next(iter(columns.values())))), dtype=float)


def bars(ax, gid: str) -> list:
    """The bars of a scenario or a tier."""
    return [patch for patch in ax.patches if patch.get_gid() == gid]


def texts(ax) -> list[str]:
    """All that is written in the axes."""
    return [text.get_text() for text in ax.texts]


def points_high(ax, height: float) -> float:
    """How many points high something in data units is drawn."""
    low, high = ax.get_ylim()
    tall = ax.figure.get_size_inches()[1] * 72 * ax.get_position().height
    return height / (high - low) * tall


def legible(ax) -> list[str]:
    """What the chart check says against a chart's legibility; text under the smallest size of labels."""
    found = [str(finding) for finding in check_chart(ax) if finding.rule in LEGIBLE]
    sizes = [float(words.artist.get_fontsize()) for words in see(ax).words]
    return found + [f"{size} pt" for size in sizes if size < SIZES[-1]]


# --- columns ---


def test_columns_and_variances_are_the_figures():
    """Bars are as high as actual, plan, last year; variances are actual less plan; all on one scale."""
    frame = frame_of(actual=[100, 80, -20], plan=[90, 100, 10], last_year=[70, 60, 50])
    ax = charts.columns_with_plan(frame, plan="plan", last_year="last_year", relative=True, **SAID)

    assert [bar.get_height() for bar in bars(ax, "AC")] == [100, 80, -20]
    assert [bar.get_height() for bar in bars(ax, "BU")] == [90, 100, 10]
    assert [bar.get_height() for bar in bars(ax, "PY")] == [70, 60, 50]
    assert [bar.get_height() for bar in bars(ax, "delta")] == [10, -20, -30]
    assert all(bar.get_y() == 0 for gid in ("AC", "BU", "PY") for bar in bars(ax, gid))


def test_last_year_stands_left_of_the_actual_and_the_plan_right_of_it():
    """The order of the scenarios is last year, actual, plan, with the actual in front."""
    frame = frame_of(actual=[100], plan=[90], last_year=[70])
    ax = charts.columns_with_plan(frame, plan="plan", last_year="last_year", **SAID)
    (past,), (own,), (plan,) = (bars(ax, gid) for gid in ("PY", "AC", "BU"))

    assert past.get_x() < own.get_x() < plan.get_x()
    assert own.get_zorder() > max(past.get_zorder(), plan.get_zorder())


def test_less_is_better_turns_the_variances():
    """Costs over plan are drawn down in the colour of bad with a minus, those under it up."""
    ax = charts.columns_with_plan(frame_of(actual=[100, 80], plan=[90, 100]), plan="plan", good="down")

    assert [bar.get_height() for bar in bars(ax, "delta")] == [-10, 20]
    assert {"−10", "+20"} <= set(texts(ax))


def test_pins_show_the_share_of_the_plan():
    """Pins are as long as their percentages are to each other, and say them."""
    ax = charts.columns_with_plan(
        frame_of(actual=[110, 80], plan=[100, 100]), plan="plan", relative=True, **SAID
    )
    one, other = (bar.get_height() for bar in bars(ax, "delta_share"))

    assert other / one == pytest.approx(-2)
    assert {"+10", "−20", "ΔBU", "ΔBU %"} <= set(texts(ax))


def test_a_pin_beyond_all_bounds_is_cut_with_a_mark_and_tells_the_truth():
    """Beyond 100 % the pin ends in an arrow's head, is no longer than 100 % would be, and says its number."""
    frame = frame_of(actual=[100, 200, 990], plan=[100, 100, 10])
    ax = charts.columns_with_plan(frame, plan="plan", relative=True, **SAID)
    pins = [bar.get_height() for bar in bars(ax, "delta_share")]
    heads = [line.get_marker() for line in ax.lines if line.get_gid() == "cut"]

    assert pins[2] == pytest.approx(pins[1])
    assert heads == ["^"]
    assert "+9,800" in texts(ax)
    assert any("arrow beyond ±100 %" in text for text in texts(ax))


def test_no_percentage_of_zero_or_less():
    """A reference of zero or less gives no pin but a dash; the heading and the table say so."""
    frame = frame_of(actual=[100, 80, 50], plan=[0, -10, 40])
    ax = charts.columns_with_plan(frame, plan="plan", relative=True, **SAID)

    assert len(bars(ax, "delta_share")) == 1
    assert texts(ax).count("–") == 2
    assert any("no % of zero or less" in text for text in texts(ax))
    assert chart_table(ax).rows[0][-1] is None
    assert "not above zero" in chart_table(ax).notes[0, "share"]


def test_missing_is_a_gap_and_zero_is_a_zero():
    """A month without a figure has no bar and a dash, said in words too; a zero says 0."""
    ax = charts.columns_with_plan(frame_of(actual=[100, NONE, 0, 90], plan=[100] * 4), plan="plan", **SAID)
    places = [round(bar.get_x() + bar.get_width() / 2, 6) for bar in bars(ax, "AC")]

    assert places == [0, 2, 3]
    assert len(bars(ax, "delta")) == 3
    assert "–" in texts(ax)
    assert "0" in texts(ax)
    assert "No figure for December 2024" in alt_text(ax)
    assert chart_table(ax).rows[1] == ("Dec 2024", None, 100.0, None, None)


def test_the_forecast_is_hatched_and_comes_after_the_last_actual():
    """Only months after the last actual show the forecast, hatched, and so do their variances."""
    frame = frame_of(actual=[100, 90, NONE, NONE], forecast=[1, 2, 80, 70], plan=[100] * 4)
    ax = charts.columns_with_plan(frame, plan="plan", forecast="forecast", **SAID)

    assert [bar.get_height() for bar in bars(ax, "FC")] == [80, 70]
    assert all(bar.get_hatch() for bar in bars(ax, "FC"))
    assert [bool(bar.get_hatch()) for bar in bars(ax, "delta")] == [False, False, True, True]
    assert [bar.get_height() for bar in bars(ax, "delta")] == [0, -10, -20, -30]
    assert chart_table(ax).formulas[3, "delta"] == "={forecast}-{plan}"


def test_a_label_stands_above_the_plan_where_that_is_higher():
    """The value is written over the higher of column and outline, not across the outline."""
    ax = charts.columns_with_plan(frame_of(actual=[80, 100], plan=[100, 80]), plan="plan", **SAID)
    low = {text.get_text(): text.get_position()[1] for text in ax.texts}

    assert low["80"] > 100
    assert low["100"] > 100


@pytest.mark.parametrize("count", [1, 3, 13, 40])
def test_ends_and_extremes_are_always_labelled(count):
    """However many columns, the first, last, highest and lowest say their values."""
    values = [1000.0 + (12 + place) * (-1) ** place for place in range(count)]
    ax = charts.columns_with_plan(frame_of(actual=values), **SAID)

    assert {f"{value / 1000:.2f}" for value in (values[0], values[-1], min(values), max(values))} <= set(
        texts(ax)
    )


def test_one_huge_column_keeps_the_scale_true():
    """A column a thousand times the others is drawn whole, and what is too small to see is not called 0."""
    ax = charts.columns_with_plan(
        frame_of(actual=[3e6, 3e9, 2e6], plan=[3e6, 3e6, 2.5e6]), plan="plan", **SAID
    )

    assert [bar.get_height() for bar in bars(ax, "AC")] == [3e6, 3e9, 2e6]
    assert "3.0 m".replace(" ", "\u00a0") in texts(ax)


def test_without_any_figure_it_says_so():
    """All missing: no bar, the words "no figures", and "none" in the alternative text."""
    ax = charts.columns_with_plan(frame_of(actual=[NONE] * 3), **SAID)

    assert bars(ax, "AC") == []
    assert "no figures" in texts(ax)
    assert "none" in alt_text(ax)


def test_without_a_message_the_words_have_one():
    """The alternative text leads with what the last month says."""
    frame = frame_of(actual=[90, 91, 94], plan=[100] * 3)
    ax = charts.columns_with_plan(frame, plan="plan", who="Plant North", what="Revenue")
    words = alt_text(ax).replace("\u00a0", " ")

    assert words.startswith("Plant North: Revenue 94, 6 % under budget, third month in a row.")


MANY = st.one_of(
    st.floats(-1e9, 1e9),
    st.sampled_from([0.0, NONE, 1.0, -1.0, 1e6, 3.2e6, -4e3, 1e-3]),
)


@settings(max_examples=25, deadline=None, derandomize=True, phases=[Phase.generate])
@given(st.data())
def test_columns_of_any_figures_are_legible(data):
    """From 1 to 40 columns of any size and sign, with gaps: no error, nothing overlaps, all is inside."""
    count = data.draw(st.integers(1, 40))
    columns = {
        name: data.draw(st.lists(MANY, min_size=count, max_size=count))
        for name in ("actual", "plan", "last_year", "forecast")
    }
    ax = charts.columns_with_plan(
        frame_of(**columns), plan="plan", last_year="last_year", forecast="forecast", relative=True,
        unit="EUR", **SAID,
    )  # fmt: skip

    assert legible(ax) == []


@settings(max_examples=20, deadline=None, derandomize=True, phases=[Phase.generate])
@given(st.data())
def test_lines_of_any_figures_are_legible(data):
    """A line, its target and its limits: no error, nothing overlaps, all is inside."""
    count = data.draw(st.integers(1, 40))
    draw = lambda: data.draw(st.lists(MANY, min_size=count, max_size=count))  # noqa: E731
    frame = frame_of(value=draw(), target=draw())
    limits = data.draw(st.sampled_from([None, (-5.0, 5.0), (0.0, 1e6)]))
    ax = charts.line_with_target(frame, target="target", limits=limits, zero=data.draw(st.booleans()), **SAID)

    assert legible(ax) == []


# --- lines ---


def test_target_and_last_value_keep_apart():
    """Where the line ends at its target the two labels stand one above the other, both inside the figure."""
    frame = frame_of(value=[0.9, 0.95], target=[0.95, 0.9501])
    ax = charts.line_with_target(frame, target="target", limits=(0.9499, 0.9502), measure="%", **SAID)

    assert {"95.0\u00a0%", "target 95.0\u00a0%"} <= set(texts(ax))
    assert legible(ax) == []


def test_the_line_and_its_target_are_the_figures():
    """The line runs through the values, gaps included; the target steps at its months; misses are ringed."""
    ax = charts.line_with_target(
        frame_of(value=[1, NONE, 3], target=[2, 2, 4]), target="target", good="up", **SAID
    )
    line = next(line for line in ax.lines if line.get_gid() == "AC")
    target = next(line for line in ax.lines if line.get_gid() == "target")

    assert np.array_equal(line.get_ydata(), [1, NONE, 3], equal_nan=True)
    assert list(target.get_ydata()) == [2, 2, 2, 2, 4, 4]
    assert [tuple(at) for at in ax.collections[0].get_offsets()] == [(0, 1), (2, 3)]


# --- control charts ---


def control(count: int = 8, **how):
    """A process whose limits step once, with one signal."""
    half = count // 2
    frame = frame_of(
        value=[5.0 + 0.3 * (-1) ** place for place in range(count)],
        centre=[5.0] * half + [4.0] * (count - half),
        lower=[4.0] * half + [3.0] * (count - half),
        upper=[6.0] * half + [5.0] * (count - half),
    ).assign(out=[place == 1 for place in range(count)])
    return charts.control_chart(frame, signals="out", **{**SAID, **how})


def test_a_control_chart_draws_the_limits_it_is_given():
    """Limits step where they change, with a vertical line there, and are named with their last values."""
    ax = control()
    limits = [list(line.get_ydata()) for line in ax.lines if line.get_gid() == "limit"]
    phases = [list(line.get_xdata()) for line in ax.lines if line.get_gid() == "phase"]

    assert limits == [[6.0] * 8 + [5.0] * 8, [4.0] * 8 + [3.0] * 8]
    assert phases == [[3.5, 3.5]]
    assert {"upper limit 5.0", "centre 4.0", "lower limit 3.0"} <= set(texts(ax))


def test_signals_have_a_shape_of_their_own():
    """A point that signals is a ringed diamond, told in words, and no colour is needed to see it."""
    ax = control()
    marks = [(line.get_marker(), *line.get_xdata()) for line in ax.lines if line.get_gid() == "signal"]

    assert marks == [("D", 1)]
    assert len(ax.collections) == 1
    assert "1 signal: December 2024 (4.7)" in alt_text(ax).replace("\u00a0", " ")
    assert chart_table(ax).notes == {(1, "value"): "Signal"}


@pytest.mark.parametrize("count", [1, 2, 3, 24, 40])
def test_control_charts_are_legible(count):
    """From one point to forty nothing overlaps, nothing is cut."""
    assert legible(control(count, measure="days")) == []


# --- fans ---


def fan(history: int, ahead: int, **how):
    """A history and what may come, with five quantiles."""
    count = history + ahead
    frame = frame_of(actual=[1e6 + 5e4 * place for place in range(history)] + [NONE] * ahead)
    for name, width in (("p10", -2), ("p25", -1), ("p50", 0), ("p75", 1), ("p90", 2)):
        frame[name] = [NONE] * history + [1e6 + 3e4 * width * (step + 1) for step in range(count - history)]
    return charts.fan_chart(frame, unit="EUR", **{**SAID, **how})


def test_a_fan_opens_from_the_last_actual():
    """The bands begin at the last actual and end at the quantiles, named with their values at the right."""
    ax = fan(3, 2)
    edges = [line.get_ydata() for line in ax.lines if line.get_gid() == "band"]

    assert [list(edge[2:]) for edge in edges[:2]] == [[1.1e6, 0.94e6, 0.88e6], [1.1e6, 1.06e6, 1.12e6]]
    assert {"80 %: up to 1.12", "80 %: from 0.88", "median 1.00"} <= set(texts(ax))
    assert not ax.get_legend()


def test_bands_differ_without_colour():
    """Bands of a fan keep apart in shades of gray, the inner one darker."""
    shades = [luminance(to_rgb(band.get_facecolor()[0])) for band in fan(3, 2).collections]

    assert shades[0] > shades[1] * 1.4


@pytest.mark.parametrize(("history", "ahead"), [(0, 4), (1, 1), (3, 0), (20, 20)])
def test_fans_are_legible(history, ahead):
    """Without history, with nothing ahead, with forty months: nothing overlaps, nothing is cut."""
    assert legible(fan(history, ahead, zero=True)) == []


def test_a_band_upside_down_is_refused():
    """A band whose low end lies over its high one is an error that names both."""
    with pytest.raises(UsageError, match="p90 is over p10"):
        fan(3, 2, bands=[("p90", "p10", "80 %")])


# --- small multiples ---


def panels(count: int, length: int = 13, **how):
    """Units of different size, each with a plan."""
    rows = [
        (f"Unit {unit}", month, 1e5 * (unit + 1) + 1e3 * place, 1e5 * (unit + 1))
        for unit in range(count)
        for place, month in enumerate(months(length))
    ]
    frame = pd.DataFrame(rows, columns=["unit", "month", "actual", "plan"])
    return charts.small_multiples(frame, plan="plan", unit="EUR", **{**SAID, **how})


@pytest.mark.parametrize("count", [1, 2, 5, 12, 14])
def test_panels_share_one_scale(count):
    """A panel a unit, four at most beside each other, with the same range and the same height."""
    ax = panels(count)
    shapes = {(panel.get_ylim(), round(panel.get_window_extent().height, 3)) for panel in ax.child_axes}
    lefts = {round(panel.get_window_extent().x0) for panel in ax.child_axes}

    assert len(ax.child_axes) == count
    assert len(shapes) == 1
    assert len(lefts) <= 4
    assert [finding for finding in check_chart(ax) if finding.rule in {*LEGIBLE, "scale"}] == []


def test_panels_show_the_figures_and_leave_gaps():
    """Each panel's columns are its unit's figures at their months; a month that it lacks stays empty."""
    index = months(3)
    frame = pd.DataFrame(
        [("A", index[0], 1.0), ("A", index[2], 3.0), ("B", index[1], 5.0)],
        columns=["unit", "month", "actual"],
    )
    ax = charts.small_multiples(frame, **SAID)
    drawn = [
        [(round(bar.get_x() + bar.get_width() / 2, 6), bar.get_height()) for bar in bars(panel, "AC")]
        for panel in ax.child_axes
    ]

    assert drawn == [[(0, 1.0), (2, 3.0)], [(1, 5.0)]]
    assert "none" in [text.get_text() for text in ax.child_axes[1].texts]
    assert chart_table(ax).rows[1] == ("A", "Dec 2024", None)


def test_panels_say_their_last_variance():
    """Above each panel stand its name, the last value and the variance, by effect and with its sign."""
    ax = panels(1, 3, good="down")

    assert [text.get_text().replace("\u00a0", " ") for text in ax.child_axes[0].texts][:3] == [
        "Unit 0",
        "102.0",
        "Δ −2.0 (−2 %)",
    ]


def test_a_month_that_comes_twice_is_refused():
    """Two rows for one unit and month are an error, not a sum nobody asked for."""
    frame = pd.DataFrame({"unit": ["A", "A"], "month": [months(1)[0]] * 2, "actual": [1.0, 2.0]})
    with pytest.raises(UsageError, match="A has 2024-11 more than once"):
        charts.small_multiples(frame)


# --- all ---


@pytest.mark.parametrize("draw", over_time.CHARTS, ids=lambda draw: draw.__name__)
def test_the_gallery_keeps_the_notation(draw):
    """Nothing on the pictures breaks the notation, and each carries its figures as a table."""
    ax = draw()

    assert [str(finding) for finding in check_chart(ax)] == []
    assert chart_table(ax).rows


def test_charts_draw_on_axes_they_are_given():
    """On a caller's axes, small ones too, the labels keep apart and no axes are added to the figure."""
    ax = charts.new_axes(4.5, 2.8)
    frame = frame_of(actual=[3.1e6, 2.9e6, 3.3e6], plan=[3e6] * 3)

    assert charts.columns_with_plan(frame, ax, plan="plan", relative=True, **SAID) is ax
    assert ax.figure.axes == [ax]
    assert legible(ax) == []
    assert points_high(ax, 3.3e6) > 20
