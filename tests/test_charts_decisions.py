"""Charts of decisions: trees, timelines and maps show the figures given, and no word covers another."""

from __future__ import annotations

import datetime as dt
import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import date2num

from docs.gallery import decisions
from finops_toolkit.charts import driver_tree, portfolio_map, timeline
from finops_toolkit.charts.checking import check_chart
from finops_toolkit.charts.layout import fit, heading, new_axes, place_labels, prepare, text_width, write
from finops_toolkit.charts.style import BAD, GOOD, house_style
from finops_toolkit.charts.words import alt_text, chart_table
from finops_toolkit.errors import UsageError

TODAY = dt.date(2025, 11, 30)
NAMES = [
    "Scrap",
    "A name that is so long that it needs more than one line, and then some",
    "Prix $x$ é",
    "W" * 60,
]
few = settings(max_examples=8)


def boxes_of(ax: Axes) -> list:
    """The words seen on a chart with their boxes in pixels."""
    renderer = FigureCanvasAgg(ax.figure).get_renderer()
    ax.figure.draw(renderer)
    texts = list(ax.texts)
    for axis, (low, high) in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, sorted(ax.get_ylim()))):
        ticks = zip(axis.get_ticklabels(), axis.get_ticklocs(), strict=True)
        texts += [label for label, at in ticks if low <= at <= high]
    seen = [text for text in texts if text.get_text().strip() and text.get_visible()]
    return [(text, text.get_window_extent(renderer)) for text in seen]


def assert_legible(ax: Axes) -> None:
    """No word covers another or leaves the figure, none is below 7.5 points, and the chart check agrees."""
    boxes = boxes_of(ax)
    width, height = ax.figure.get_size_inches() * ax.figure.dpi
    for (one, first), (other, second) in itertools.combinations(boxes, 2):
        meet = first.shrunk(0.98, 0.8).overlaps(second.shrunk(0.98, 0.8))
        assert not meet, (one.get_text(), other.get_text())
    for text, box in boxes:
        inside = box.x0 >= -0.5 and box.y0 >= -0.5 and box.x1 <= width + 0.5 and box.y1 <= height + 0.5
        assert inside, text.get_text()
        assert text.get_fontsize() >= 7.5
    assert check_chart(ax) == []


def tree_frame(parents: list[int], names: list[str]) -> pd.DataFrame:
    """A tree: node i + 1 hangs on node parents[i] of those before it."""
    rows = [(0, None, names[0], 1.0, -0.1)]
    rows += [(i + 1, p % (i + 1), names[(i + 1) % len(names)], 1e4 * i, (-1) ** i * 10.0**i)
             for i, p in enumerate(parents)]  # fmt: skip
    return pd.DataFrame(rows, columns=["node", "parent", "name", "value", "delta"])


def shallow(parents: list[int]) -> list[int]:
    """The same parents, but none deeper than the fourth level."""
    levels, kept = [0], []
    for i, p in enumerate(parents):
        p %= i + 1
        p = p if levels[p] < 3 else 0
        kept.append(p)
        levels.append(levels[p] + 1)
    return kept


def bodies(ax: Axes) -> list:
    """The boxes of a tree, in the order of its table."""
    return [patch for patch in ax.patches if patch.get_gid() == "box"]


@few
@given(st.lists(st.integers(0, 30), max_size=20), st.permutations(NAMES))
def test_boxes_of_a_tree_stand_apart(parents, names):
    """Whatever the tree: a box a node, no two boxes meet, and all words can be read."""
    frame = tree_frame(shallow(parents), names)
    ax = driver_tree(frame, unit="EUR", who="Plant North")
    placed = bodies(ax)
    for one, other in itertools.combinations(placed, 2):
        across = abs(one.get_x() - other.get_x()) >= one.get_width()
        assert across or abs(one.get_y() - other.get_y()) >= one.get_height()

    assert len(placed) == len(frame)
    assert_legible(ax)


def test_a_parent_stands_at_the_middle_of_its_drivers():
    """Three leaves one row apart; the result level with the second; drivers right of it."""
    frame = pd.DataFrame({"node": list("rabc"), "parent": [None, "r", "r", "r"], "name": list("RABC"),
                          "value": [6, 1, 2, 3], "delta": [0, 1, -1, math.nan]})  # fmt: skip
    ax = driver_tree(frame)
    result, a, b, c = bodies(ax)

    assert result.get_y() == pytest.approx(b.get_y())
    assert b.get_y() - a.get_y() == pytest.approx(c.get_y() - b.get_y())
    assert result.get_x() + result.get_width() < a.get_x() == b.get_x() == c.get_x()


def test_good_and_bad_in_a_tree_have_a_mark_a_sign_and_a_colour():
    """A cost above plan: plus, pointing down, in the colour of bad, edge bold; below plan the other way."""
    frame = pd.DataFrame({"node": ["r", "c"], "parent": [None, "r"], "name": ["Profit", "Cost"],
                          "value": [10.0, 5.0], "delta": [2.0, 1.0], "good": ["up", "down"]})  # fmt: skip
    ax = driver_tree(frame, against="budget")
    shown = {text.get_text().replace("\u00a0", " "): text.get_color() for text in ax.texts}

    assert shown["▲ +2"] == GOOD
    assert shown["▼ +1"] == BAD
    assert bodies(ax)[1].get_linewidth() > bodies(ax)[0].get_linewidth()
    assert "Profit 10, +2 (better); worse than budget: Cost" in alt_text(ax).replace("\u00a0", " ")
    assert chart_table(ax).marks == {(0, "delta"): "good", (1, "delta"): "bad"}


def test_operators_stand_between_the_drivers_they_join():
    """Each sign lies between its driver and the one above, on the line that joins them."""
    ax = decisions.driver_tree_of_return()
    signs = [text for text in ax.texts if text.get_gid() == "operator"]
    boxes = bodies(ax)

    assert [text.get_text() for text in signs] == ["×", "−", "÷", "+", "+"]
    for sign in signs:
        assert all(not (b.get_x() < sign.get_position()[0] < b.get_x() + b.get_width()) for b in boxes)


def test_all_that_makes_it_no_tree_is_said_at_once():
    """Two results, a loop, an unknown parent, a node twice, a wrong operator: one error."""
    rows = [
        ("a", None, "+"),
        ("b", "z", "+"),
        ("c", "d", "+"),
        ("d", "c", "%"),
        ("e", None, ""),
        ("e", "a", ""),
    ]
    frame = pd.DataFrame(rows, columns=["node", "parent", "operator"]).assign(name="x", value=1, delta=0)
    with pytest.raises(UsageError) as error:
        driver_tree(frame)

    for told in ("'e' stands there twice", "'a' and 'e'", "'z', which is not", "'c' leads back", "'%'"):
        assert told in str(error.value)
    deep = tree_frame(list(range(6)), ["x"])
    with pytest.raises(UsageError, match="7 levels"):
        driver_tree(deep)


day = st.integers(0, 900).map(lambda n: TODAY - dt.timedelta(n))


@st.composite
def decisions_frames(draw):
    """Decisions with dates in every order that can be, some still open, some without a due date."""
    rows = []
    for i in range(draw(st.integers(1, 40))):
        start = draw(day)
        status = draw(st.sampled_from(["done", "open", "late"]))
        end = start + dt.timedelta(draw(st.integers(0, (TODAY - start).days))) if status == "done" else None
        due = draw(st.one_of(st.none(), st.just(start + dt.timedelta(draw(st.integers(0, 700))))))
        rows.append((f"{draw(st.sampled_from(NAMES))} {i}", draw(st.sampled_from(["M. Keller", "Ø" * 40])),
                     start, end, status, due))  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "owner", "start", "end", "status", "due"])


@few
@given(decisions_frames())
def test_bars_of_a_timeline_are_their_dates(frame):
    """Each bar begins at its start and ends at its end, or today where there is none; words stay apart."""
    marks = {"budget agreed": TODAY - dt.timedelta(40), "stocktaking": TODAY + dt.timedelta(31)}
    ax = timeline(frame, today=TODAY, milestones=marks, who="Plant North")
    bars = [patch for patch in ax.patches if patch.get_gid() == "period"]

    assert [bar.get_x() for bar in bars] == [date2num(value) for value in frame["start"]]
    ends = [date2num(TODAY if pd.isna(value) else value) for value in frame["end"]]
    assert [bar.get_x() + bar.get_width() for bar in bars] == pytest.approx(ends)
    assert sum(line.get_gid() == "due" for line in ax.lines) == frame["due"].notna().sum()
    assert_legible(ax)


def test_late_is_a_word_and_a_pattern():
    """Done is solid, open is outlined, late is hatched and written with its days; the message counts them."""
    frame = pd.DataFrame({
        "name": ["a", "b", "c"], "owner": ["X", "Y", None], "status": ["done", "late", "open"],
        "start": pd.to_datetime(["2025-09-01", "2025-09-02", "2025-12-05"]),
        "end": pd.to_datetime(["2025-10-20", None, None]),
        "due": pd.to_datetime(["2025-10-15", "2025-11-01", None]),
    })  # fmt: skip
    ax = timeline(frame, today=TODAY)
    texts = [text.get_text().replace("\u00a0", " ") for text in ax.texts]
    done, late, waiting = (patch for patch in ax.patches if patch.get_gid() == "period")

    assert {"done 20 Oct, 5 days late", "late, 29 days", "open, from 5 Dec", "nobody"} <= set(texts)
    assert late.get_hatch()
    assert not done.get_hatch()
    assert done.get_facecolor() != waiting.get_facecolor()
    assert "Decisions: 1 of 3 late, b (Y, 29 days)" in alt_text(ax).replace("\u00a0", " ")
    assert [row[-1] for row in chart_table(ax).rows] == [5, 29, None]


def test_dates_that_cannot_be_are_named_all_at_once():
    """No start, an end before the start, an unknown status, done without an end: one error."""
    rows = [("a", None, None, "open"), ("b", TODAY, TODAY - dt.timedelta(3), "x"), ("c", TODAY, None, "done")]
    frame = pd.DataFrame(rows, columns=["name", "start", "end", "status"]).assign(owner="X")
    with pytest.raises(UsageError) as error:
        timeline(frame, today=TODAY)

    for told in ("'a' has no start", "'b' ends on", "'x'", "'c' is done and has no end"):
        assert told in str(error.value)


@pytest.mark.parametrize("span", [1, 5, 20, 61, 63, 200, 700, 2000, 9000])
def test_dates_on_the_axis_do_not_meet_and_name_their_year(span):
    """From days to decades: two dates at least, none covers another, the first one says its year."""
    frame = pd.DataFrame({"name": ["a"], "owner": ["X"], "start": [TODAY - dt.timedelta(span)], "end": [None],
                          "status": ["open"]})  # fmt: skip
    ax = timeline(frame, today=TODAY)
    labels = [label.get_text() for label in ax.get_xticklabels()]

    assert len(labels) >= 2
    assert any(year in labels[0] for year in map(str, range(2000, 2027)))
    assert_legible(ax)


WORDS = {"across": "Time until it pays", "up": "Return a year", "area": "Investment"}
sizes = st.one_of(st.floats(1, 1e9), st.just(0.0), st.just(-5.0), st.just(math.nan))


@st.composite
def maps(draw):
    """Bubbles anywhere, heaped or apart, with all kinds of sizes and names."""
    n = draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    spread = draw(st.sampled_from([0.0, 1e-3, 1.0, 1e6]))
    names = draw(st.sampled_from([NAMES, ["Item"]]))
    frame = pd.DataFrame({"name": [f"{names[i % len(names)]} {i}" for i in range(n)],
                          "x": rng.normal(5, spread, n), "y": rng.normal(0, spread, n),
                          "size": draw(st.lists(sizes, min_size=n, max_size=n))})  # fmt: skip
    return frame.assign(chosen=rng.uniform(size=n) > 0.5) if draw(st.booleans()) else frame


@few
@given(maps())
def test_names_of_bubbles_never_meet(frame):
    """Every name is drawn or counted as left out; words, markers and edges never meet."""
    ax = portfolio_map(frame, **WORDS, units=("months", "%", "EUR"), lines=(5, 0), who="Plant North",
                       quadrants=("quick wins", "worth the wait", "small change", "think again"))  # fmt: skip
    renderer = FigureCanvasAgg(ax.figure).get_renderer()
    centres = ax.transData.transform(frame[["x", "y"]])
    names = [text.get_window_extent(renderer) for text in ax.texts if text.get_zorder() == 6]
    radius = dict.fromkeys(map(tuple, frame[["x", "y"]].to_numpy()), 0.0)
    for dots in ax.collections:
        if dots.get_gid() == "bubble":
            at = tuple(np.asarray(dots.get_offsets()[0], dtype=float))
            radius[at] = max(radius[at], math.sqrt(dots.get_sizes()[0]) / 2 * ax.figure.dpi / 72)
    for box in names:
        for centre, size in zip(
            centres, map(radius.get, map(tuple, frame[["x", "y"]].to_numpy())), strict=True
        ):
            nearest = np.clip(centre, box.min, box.max)
            assert np.hypot(*(nearest - centre)) >= size - 0.5
    left_out = [text.get_text() for text in ax.texts if "without a name" in text.get_text()]

    assert len(names) + (int(left_out[0].split()[0]) if left_out else 0) == len(frame)
    assert_legible(ax)


def test_areas_are_as_the_sizes_and_say_how_large():
    """Areas in proportion; the reference bubbles on the same measure; all bubbles whole within the axes."""
    frame = pd.DataFrame({"name": list("abc"), "x": [1, 2, 3], "y": [0.1, 0.2, 0.3], "size": [1e5, 4e5, 9e5]})
    ax = portfolio_map(frame, **WORDS, units=("months", "%", "EUR"))
    areas = {at: dots.get_sizes()[0] for dots in ax.collections if dots.get_gid() == "bubble"
             for at in [float(dots.get_offsets()[0][0])]}  # fmt: skip
    reference = [dots.get_sizes()[0] for dots in ax.collections if dots.get_gid() == "size"]
    texts = [text.get_text().replace("\u00a0", " ") for text in ax.texts]

    assert [areas[2] / areas[1], areas[3] / areas[1]] == pytest.approx([4, 9])
    assert reference[0] / areas[1] == pytest.approx(5)
    assert {"EUR 500 k", "EUR 100 k", "Investment"} <= set(texts)
    inside = ax.get_window_extent()
    for dots in (dots for dots in ax.collections if dots.get_gid() == "bubble"):
        x, y = ax.transData.transform(dots.get_offsets()[0])
        reach = math.sqrt(dots.get_sizes()[0]) / 2 * ax.figure.dpi / 72
        assert inside.x0 <= x - reach and x + reach <= inside.x1
        assert inside.y0 <= y - reach and y + reach <= inside.y1


def test_what_has_no_size_is_a_cross_and_said():
    """A size of zero, below zero or none at all has no area: a cross, and the heading says what it means."""
    frame = pd.DataFrame(
        {"name": list("abcd"), "x": [1, 2, 3, 4], "y": [1, 2, 3, 4], "size": [0, -3, math.nan, 5]}
    )
    ax = portfolio_map(frame, **WORDS)
    lines = next(text.get_text() for text in ax.texts if text.get_gid() == "lines")

    assert sum(line.get_gid() == "no size" for line in ax.lines) == 3
    assert sum(dots.get_gid() == "bubble" for dots in ax.collections) == 1
    assert "× = none or below zero" in lines
    assert "c: time until it pays 3, return a year 3, investment none" in alt_text(ax).lower()


def test_a_bubble_needs_a_place():
    """Rows without x or y are refused by name."""
    frame = pd.DataFrame({"name": ["a", "b", "c"], "x": [1, None, 3], "y": [1, 2, None], "size": [1, 1, 1]})
    with pytest.raises(UsageError, match="'b' and 'c'"):
        portfolio_map(frame, **WORDS)


def test_chosen_is_told_by_the_fill():
    """Chosen is filled, not chosen is outlined, and the message adds them up."""
    frame = pd.DataFrame(
        {"name": ["a", "b"], "x": [1, 2], "y": [1, 2], "size": [3e5, 1e5], "chosen": [True, False]}
    )
    ax = portfolio_map(frame, **WORDS, units=("", "", "EUR"))
    fills = [tuple(dots.get_facecolor()[0]) for dots in ax.collections if dots.get_gid() == "bubble"]

    assert len(set(fills)) == 2
    assert "1 of 2 chosen, investment: EUR 300 k of EUR 400 k" in alt_text(ax).replace("\u00a0", " ")


@few
@given(st.integers(1, 25), st.integers(0, 50), st.floats(0.0, 0.4))
def test_labels_are_placed_in_the_same_way_every_time(n, seed, spread):
    """The same points get the same places, in data coordinates within the axes."""
    points = np.random.default_rng(seed).normal(0.5, spread, (n, 2)).clip(0.05, 0.95).tolist()
    places = []
    for _ in range(2):
        ax = new_axes(6, 3)
        ax.set(xlim=(0, 1), ylim=(0, 1))
        place_labels(ax, points, [f"label {i}" for i in range(n)])
        places.append([(text.get_text(), text.get_position()) for text in ax.texts])

    assert places[0] == places[1]


@pytest.mark.parametrize("width", [3.0, 5.0, 8.0])
@pytest.mark.parametrize("label", ["short", "a long label at the right-hand side of the drawing"])
def test_a_figure_holds_its_words_whatever_they_are(width, label):
    """A long message, long names and labels at the right: all inside, the message in two lines at most."""
    with house_style():
        ax = prepare(None, width, 1.5)
        ax.set(xlim=(0, 10), ylim=(0, 3))
        ax.set_yticks([0, 1, 2], [*NAMES[:2], "c" * 70])
        write(ax, 10, 1, label)
        heading(ax, "A message that goes on and on, " * 8, ["Plant North", "Revenue in EUR m " * 9, "x"])
    fit(ax)
    box = ax.figure.get_tightbbox(FigureCanvasAgg(ax.figure).get_renderer())
    inches = ax.figure.get_size_inches()
    message = next(text.get_text() for text in ax.texts if text.get_gid() == "message")

    assert box.x0 >= 0 and box.y0 >= 0
    assert box.x1 <= inches[0] and box.y1 <= inches[1]
    assert len(message.split("\n")) == 2


def test_a_figure_of_small_multiples_holds_their_words():
    """Axes within axes are held, too: their titles and dates lie inside the figure."""
    with house_style():
        ax = prepare(None, 8.0, 2.0)
        for place in range(3):
            small = ax.inset_axes([place / 3, 0, 0.3, 1])
            small.set_xlabel("below")
            small.annotate("a label that stands out to the right", (1, 1), (20, 0), xycoords="axes fraction",
                           textcoords="offset points")  # fmt: skip
        heading(ax, "Small ones", ["a"], space=20)
    fit(ax)
    box = ax.figure.get_tightbbox(FigureCanvasAgg(ax.figure).get_renderer())

    assert box.x0 >= 0 and box.x1 <= ax.figure.get_size_inches()[0]
    assert box.y0 >= 0 and box.y1 <= ax.figure.get_size_inches()[1]


@pytest.mark.parametrize("dpi", [72, 100, 120, 200, 300])
def test_words_are_no_wider_than_measured(dpi):
    """What is broken into lines by measure fits when it is drawn, at every resolution, and not by far."""
    for words, size in itertools.product((NAMES[1], "Revenue −4.2 m $x$", "Ångström ▲ ÷"), (8, 9, 9.5)):
        ax = new_axes()
        ax.figure.set_dpi(dpi)
        write(ax, 0, 0, words, fontsize=size)
        width = ax.texts[0].get_window_extent(FigureCanvasAgg(ax.figure).get_renderer()).width / dpi * 72
        assert 0.85 <= width / text_width(words, size) <= 1.01


@pytest.mark.parametrize("draw", decisions.CHARTS, ids=lambda function: function.__name__)
def test_the_gallery_is_legible(draw):
    """The pictures of the gallery hold to the notation, and to what is drawn on a given axes, too."""
    ax = draw()

    assert_legible(ax)
    assert chart_table(ax) is not None
