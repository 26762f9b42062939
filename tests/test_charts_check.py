"""The chart check finds nothing in good charts, and in each broken one the very thing that was broken."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import matplotlib.patheffects as effects
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from finops_toolkit import charts
from finops_toolkit.charts import check_chart, style
from finops_toolkit.charts.checking import RULES
from finops_toolkit.variance import make_bridge

SCALE = 10_000
STEPS = [("price", "Sales prices", -212_000), ("volume", "Sales volume", 40_000), ("scrap", "Scrap", -84_000)]
SAID = {"message": "Revenue fell short", "who": "Plant North", "when": "2025"}
FACTS = "Revenue of plant North: 3.1 m in March, 6 % under plan."


def columns() -> Axes:
    """Six months against the budget."""
    frame = pd.DataFrame(
        {"actual": [2.9e6, 3.1e6, 3.4e6, 2.8e6, 3.0e6, 2.6e6], "budget": [3e6] * 5 + [3.1e6]},
        index=pd.period_range("2025-01", periods=6, freq="M"),
    )
    return charts.columns_with_plan(frame, plan="budget", what="Revenue", unit="EUR", **SAID)


def bridge() -> Axes:
    """Profit from budget to actual, its parts marked."""
    ends = ("Budget", 820_000 * SCALE), ("Actual", 564_000 * SCALE)
    result = make_bridge(ends[0], [(step, name, a * SCALE) for step, name, a in STEPS], ends[1])
    ax = charts.bridge(result, currency="EUR", **SAID)
    for bar, kind in zip(ax.patches, ["start", "step", "step", "step", "end"], strict=True):
        bar.set_gid(kind)
    return ax


def foreign() -> Axes:
    """Columns by plain matplotlib that keep to the notation."""
    ax = Figure(figsize=(6, 3), layout="constrained").add_subplot()
    bars = ax.bar(["Jan", "Feb", "Mar"], [3.0, 2.0, 4.0], color="#444444")
    ax.bar_label(bars)
    ax.set_ylim(0, 5)
    ax.set_yticks([])
    ax.set_title("March was best")
    ax.set_ylabel("Revenue in EUR m")
    ax.set_label(FACTS)
    return ax


def panels() -> Axes:
    """Two panels in one unit on one scale, by plain matplotlib."""
    figure = Figure(figsize=(6, 3), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for ax, values, name in ((left, [3.0, 2.0], "North"), (right, [1.0, 4.0], "South")):
        ax.bar_label(ax.bar(["Jan", "Feb"], values, color="#444444"))
        ax.set_title(name)
    left.set_ylim(0, 5)
    left.set_ylabel("Revenue in EUR m")
    left.set_label(FACTS)
    return left


def signed() -> Axes:
    """Good and bad bars on both sides of zero, each with its signed figure."""
    ax = Figure(figsize=(6, 3), layout="constrained").add_subplot()
    bars = ax.barh(["Ball valves", "Gate valves"], [2.0, 1.0], color=[style.GOOD, style.BAD])
    ax.bar_label(bars, labels=["+2", "−1"])
    ax.axvline(0, color="#555555")
    ax.set_xlim(0, 3)
    ax.set_title("Gate valves were dear")
    ax.set_xlabel("Effect on profit in EUR m")
    ax.set_label(FACTS)
    return ax


GOOD: list[Callable[[], Axes]] = [columns, bridge, foreign, panels, signed]


def rules(ax: Axes) -> set[str]:
    """The rules that a chart breaks."""
    return {finding.rule for finding in check_chart(ax)}


@pytest.mark.parametrize("make", GOOD)
def test_a_good_chart_has_no_finding(make: Callable[[], Axes]) -> None:
    """The house's charts and plain figures that keep the notation pass."""
    assert check_chart(make()) == []


def find(ax: Axes, text: str) -> Any:
    """The artist that says this."""
    return next(one for one in ax.texts if text in one.get_text())


def lengthen(ax: Axes) -> None:
    """A step is drawn a little longer than the next one begins."""
    bar = next(bar for bar in ax.patches if bar.get_gid() == "step")
    bar.set_width(bar.get_width() * 0.999)


def no_zero(ax: Axes) -> None:
    """Take the spine and every line."""
    for line in list(ax.lines):
        line.remove()
    ax.spines["bottom"].set_visible(False)


def cross(ax: Axes, halo: bool = False) -> None:
    """A text over the edge of an outlined bar that is wider than it."""
    ax.bar([0.5], [4.8], width=0.05, color="#444444")
    text = ax.text(0.5, 4, "a label here", ha="center")
    if halo:
        text.set_path_effects([effects.withStroke(linewidth=2, foreground="white")])


def thin(ax: Axes) -> None:
    """One of the bars is half as wide as its siblings."""
    ax.patches[0].set_width(ax.patches[0].get_width() / 2)


def rescale(ax: Axes) -> None:
    """The second panel on a scale of its own."""
    second = ax.figure.axes[1]
    second.sharey = None
    second._shared_axes["y"].remove(second)
    second.set_ylim(0, 8)


def inset(ax: Axes) -> None:
    """An inset in the same unit on another scale."""
    small = ax.inset_axes((0.6, 0.75, 0.15, 0.2))
    small.bar([0], [1.0], color="#444444")
    small.set_axis_off()
    small.axhline(0)


def all_adverse(ax: Axes) -> None:
    """The labels lose their signs."""
    for text in ax.texts:
        text.set_text(text.get_text().strip("+−"))


BROKEN: list[tuple[str, Callable[[], Axes], Callable[[Axes], Any]]] = [
    ("log", foreign, lambda ax: ax.set_yscale("symlog")),
    ("zero", foreign, no_zero),
    ("zero", columns, no_zero),
    ("zero", foreign, lambda ax: ax.patches[1].set_y(0.5)),
    ("zero", bridge, lambda ax: [bar.set_gid("AC") for bar in ax.patches]),
    ("cut", foreign, lambda ax: ax.set_ylim(1, 5)),
    ("cut", foreign, lambda ax: ax.set_ylim(0, 3.5)),
    ("cut", bridge, lambda ax: ax.set_xlim(300_000, 900_000)),
    ("width", foreign, thin),
    ("width", columns, thin),
    ("scale", panels, rescale),
    ("scale", foreign, inset),
    ("clipped", foreign, lambda ax: ax.figure.text(0.97, 0.5, "a long remark")),
    ("clipped", columns, lambda ax: ax.text(5.2, 0, "far too long a remark " * 3, va="top")),
    ("overlap", foreign, lambda ax: [ax.text(0.5, 4, text) for text in ("North", "South")]),
    ("overlap", columns, lambda ax: find(ax, "2.9").set_position(find(ax, "3.1").get_position())),
    ("overlap", foreign, lambda ax: [ax.text(0.5, 4, text, rotation=30) for text in ("North", "South")]),
    ("small", foreign, lambda ax: ax.text(0.5, 4, "a note", fontsize=6.5)),
    ("legend", foreign, lambda ax: ax.legend(["AC"], loc="upper center")),
    ("legend", columns, lambda ax: ax.figure.legend(ax.patches[:1], ["AC"], loc="center")),
    ("bridge", bridge, lengthen),
    ("bridge", bridge, lambda ax: ax.patches[-1].set_width(ax.patches[-1].get_width() + 1)),
    ("bridge", bridge, lambda ax: ax.patches[-1].set_gid("AC")),
    ("contrast", foreign, lambda ax: ax.text(0.5, 4, "a note", color="#888888")),
    ("contrast", foreign, lambda ax: ax.text(0.5, 4, "a note", alpha=0.4)),
    ("contrast", foreign, lambda ax: ax.text(0, 1, "12", ha="center", color="#000000")),
    ("contrast", foreign, lambda ax: ax.text(0.5, 4, "a note", bbox={"facecolor": "#555555"})),
    ("contrast", columns, lambda ax: find(ax, "3.4").set_y(2e6)),
    ("crossed", foreign, cross),
    ("faint", foreign, lambda ax: [bar.set_facecolor("#cccccc") for bar in ax.patches]),
    ("faint", foreign, lambda ax: ax.plot([0, 2], [4.4, 4.4], color="#bbbbbb")),
    ("alt", foreign, lambda ax: ax.set_label("")),
    ("alt", columns, lambda ax: ax.set_label("Revenue by month.")),
    ("heading", foreign, lambda ax: ax.set_title("")),
    ("heading", foreign, lambda ax: ax.set_ylabel("")),
    ("heading", columns, lambda ax: find(ax, "fell short").remove()),
    ("heading", columns, lambda ax: find(ax, "Plant North").remove()),
    ("none", foreign, lambda ax: ax.text(0.5, 4, "nan")),
    ("none", columns, lambda ax: ax.set_label("Revenue 3 m, target None.")),
    ("none", foreign, lambda ax: ax.text(0.5, 4, "−inf %")),
    ("decimals", foreign, lambda ax: ax.text(0.5, 4, "2.3333333")),
    ("colour", signed, all_adverse),
    ("colour", foreign, lambda ax: ax.text(0.5, 4, "12.0", color=style.BAD)),
    ("colour", foreign, lambda ax: [b.set_color(c) for b, c in zip(ax.patches, "rgr", strict=True)]),
]


@pytest.mark.parametrize(("rule", "make", "spoil"), BROKEN)
def test_what_is_broken_is_found(rule: str, make: Callable[[], Axes], spoil: Callable[[Axes], Any]) -> None:
    """One thing at a time is broken on a good chart: its rule is named, in a sentence."""
    ax = make()
    spoil(ax)
    found = check_chart(ax)

    assert rule in {finding.rule for finding in found}
    assert all(len(finding.text) > 20 and finding.text.endswith((".", "?")) for finding in found)


def test_every_rule_is_broken_once() -> None:
    """No rule is without an example that breaks it."""
    assert {rule for rule, _, _ in BROKEN} == set(RULES)


FINE: list[tuple[Callable[[], Axes], Callable[[Axes], Any]]] = [
    (foreign, lambda ax: cross(ax, halo=True)),
    (foreign, lambda ax: ax.text(0, 1, "12", ha="center", color="white")),
    (foreign, lambda ax: ax.text(0.5, 4, "None of them grew")),
    (foreign, lambda ax: ax.text(0.5, 4, "Finance, Nantes")),
    (foreign, lambda ax: ax.text(0.5, 4, "12.0 worse", color=style.BAD)),
    (foreign, lambda ax: ax.text(0.42, 3.5, "a large one", color="#888888", fontsize=18)),
    (foreign, lambda ax: ax.add_patch(Rectangle((0.5, 1), 1, 1, gid="span", facecolor="#eeeeee", zorder=0))),
    (foreign, lambda ax: [ax.text(x, 4.2, "North", rotation=60) for x in (0.45, 0.7)]),
    (columns, lambda ax: ax.annotate("not seen", (99, 1), annotation_clip=True)),
    (foreign, lambda ax: ax.plot([0, 1], [4.4, 4.6], color="#bbbbbb", ls="None", marker="o")),
]


@pytest.mark.parametrize(("make", "change"), FINE)
def test_what_is_allowed_is_not_found(make: Callable[[], Axes], change: Callable[[Axes], Any]) -> None:
    """What looks like a fault and is none has no finding."""
    ax = make()
    change(ax)

    assert check_chart(ax) == []


def test_stacked_columns_need_no_base_of_their_own() -> None:
    """A part that stands on another's end begins where it should."""
    ax = foreign()
    ax.set_ylim(0, 9)
    ax.texts[0].remove()
    ax.bar(["Jan", "Feb", "Mar"], [1.0, 2.0, 3.0], bottom=[3.0, 2.0, 4.0], color="#777777")

    assert "zero" not in rules(ax)


def test_the_check_changes_nothing_on_the_figure() -> None:
    """The caller's canvas, size and pixels are the same afterwards, and pyplot keeps no figure."""
    import matplotlib.pyplot as plt
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    ax = columns()
    FigureCanvasAgg(ax.figure).draw()
    canvas, before = ax.figure.canvas, np.asarray(ax.figure.canvas.buffer_rgba()).copy()
    check_chart(ax)
    canvas.draw()

    assert ax.figure.canvas is canvas
    assert np.array_equal(before, np.asarray(canvas.buffer_rgba()))
    assert plt.get_fignums() == []


def test_pyplot_and_seaborn_figures_can_be_checked() -> None:
    """Whoever drew the figure: faint lines, a legend and missing words are named."""
    import matplotlib.pyplot as plt
    import seaborn as sns

    figure, ax = plt.subplots()
    frame = pd.DataFrame({"month": ["Jan", "Feb"] * 2, "sales": [3, 4, 5, 1.0], "plant": list("NNSS")})
    sns.barplot(frame, x="month", y="sales", hue="plant", ax=ax, palette=["#dddddd", "#222222"])
    found = rules(ax)
    plt.close(figure)

    assert {"legend", "faint", "alt", "heading"} <= found
    assert found.isdisjoint({"zero", "cut", "width", "log"})


def test_the_check_is_quick_and_warns_of_nothing() -> None:
    """Less than 150 ms for a chart, and no warning for a script that no font of ours holds."""
    ax = columns()
    ax.text(0, 1e5, "北京", color="white")
    started = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_chart(ax)

    assert time.process_time() - started < 0.6  # with room for a machine that is busy
