"""What a chart says to those who cannot see it, and the figures it was drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..tables.model import Table
from ..wording import missing, number_text

_TABLES: WeakKeyDictionary[Axes, Table] = WeakKeyDictionary()


def describe(ax: Axes, text: str, table: Table | None = None) -> None:
    """Keep with the axes the chart's text for those who cannot see it, and the figures it shows."""
    ax.set_label(text)
    if table is not None:
        _TABLES[ax] = table


def alt_text(chart: Axes | Figure) -> str:
    """The chart's text for those who cannot see it; "" where none was given."""
    texts = [str(ax.get_label()) for ax in _axes(chart)]
    return " ".join(text for text in texts if text and not text.startswith("<"))


def chart_table(chart: Axes | Figure) -> Table | None:
    """The figures the chart was drawn from, the first axes' where there are several; None if not kept."""
    return next((_TABLES[ax] for ax in _axes(chart) if ax in _TABLES), None)


def _axes(chart: Axes | Figure) -> Sequence[Axes]:
    return chart.axes if isinstance(chart, Figure) else [chart]


def series_text(name: str, values: Sequence[float], labels: Sequence[str], unit: str) -> str:
    """One series in words: its last, lowest and highest value."""
    known = [(value, label) for value, label in zip(values, labels, strict=True) if not missing(value)]
    if not known:
        return f"{name}: none."
    low, high = min(known), max(known)
    last = f"{name} {number_text(known[-1][0])} {unit}".strip()
    if len(known) == 1:
        return f"{last} in {known[-1][1]}."
    return (
        f"{last} in {known[-1][1]}; lowest {number_text(low[0])} in {low[1]}, "
        f"highest {number_text(high[0])} in {high[1]}."
    )
