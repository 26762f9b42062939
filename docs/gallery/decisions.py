"""Charts of decisions: driver trees, timelines, portfolio maps."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from matplotlib.axes import Axes

from finops_toolkit.charts.portfolio import portfolio_map
from finops_toolkit.charts.timelines import timeline
from finops_toolkit.charts.trees import driver_tree


def driver_tree_of_return() -> Axes:
    """A result and what drives it: where a small change moves the whole, and who can make it."""
    rows = [
        ("roce", None, "Return on capital", 0.124, -0.018, "%", "up", ""),
        ("margin", "roce", "Operating margin", 0.081, -0.009, "%", "up", ""),
        ("turn", "roce", "Capital turnover", 1.53, -0.05, "x", "up", "×"),
        ("gross", "margin", "Gross margin", 0.312, -0.006, "%", "up", ""),
        ("overhead", "margin", "Overhead share", 0.231, 0.003, "%", "down", "−"),
        ("price", "gross", "Net price a piece", 84.2, 0.9, "EUR", "up", ""),
        ("cost", "gross", "Cost a piece", 57.9, 1.1, "EUR", "down", ""),
        ("revenue", "turn", "Revenue", 50_500_000, -700_000, "EUR", "up", ""),
        ("capital", "turn", "Capital employed", 33_000_000, 600_000, "EUR", "down", "÷"),
        ("assets", "capital", "Fixed assets", 21_000_000, 0, "EUR", "down", ""),
        ("stock", "capital", "Stock", 5_900_000, 800_000, "EUR", "down", "+"),
        ("receivables", "capital", "Receivables", 6_100_000, -200_000, "EUR", "down", "+"),
    ]
    columns = ["node", "parent", "name", "value", "delta", "measure", "good", "operator"]
    return driver_tree(
        pd.DataFrame(rows, columns=columns),
        message="Dearer pieces and more stock cost Plant North 1.8 points of return",
        who="Plant North",
        what="Return on capital employed and its drivers",
        when="12 months to November 2025",
        against="budget",
    )


def timeline_of_decisions() -> Axes:
    """Decisions from raised to closed: which are late, who has them, and since when."""
    rows = [
        ("Second supplier for castings", "M. Keller", (2025, 6, 16), (2025, 8, 22), "done", (2025, 8, 29)),
        ("Weekend shift on line 2", "J. Brandt", (2025, 7, 7), (2025, 9, 12), "done", (2025, 8, 15)),
        ("Price list 2026", "S. Ortega", (2025, 8, 18), None, "late", (2025, 10, 31)),
        ("Safety stock of ball valves", "L. Novak", (2025, 9, 1), (2025, 9, 26), "done", (2025, 9, 30)),
        ("Scrap on machine 14", "J. Brandt", (2025, 9, 15), None, "late", (2025, 11, 14)),
        ("Payment terms of key accounts", "A. Lind", (2025, 10, 6), None, "open", (2025, 12, 19)),
        ("Forecast by product family", "S. Ortega", (2025, 11, 10), None, "open", (2026, 1, 16)),
    ]
    frame = pd.DataFrame(
        [(n, o, dt.date(*a), dt.date(*b) if b else None, s, dt.date(*d)) for n, o, a, b, s, d in rows],
        columns=["name", "owner", "start", "end", "status", "due"],
    )
    return timeline(
        frame,
        today=dt.date(2025, 11, 30),
        milestones={"budget agreed": dt.date(2025, 10, 15), "stocktaking": dt.date(2025, 12, 31)},
        message="Two decisions are late; the price list has waited a month",
        who="Plant North",
        what="Decisions of the monthly meeting",
        when="June to November 2025",
    )


def portfolio_of_initiatives() -> Axes:
    """What could be done over two measures: what pays, what is soon there, and what it costs."""
    rows = [
        ("Scrap on line 2", 4, 0.62, 180_000, True),
        ("Second castings supplier", 7, 0.41, 90_000, True),
        ("Automatic warehouse", 22, 0.17, 1_450_000, False),
        ("Price list by segment", 3, 0.55, 40_000, True),
        ("New ERP module", 18, 0.08, 620_000, False),
        ("Heat recovery", 13, 0.24, 380_000, True),
        ("Sea instead of air freight", 2, 0.33, 25_000, True),
        ("Solar roof", 16, 0.13, 850_000, False),
        ("Predictive maintenance", 11, 0.29, 260_000, False),
    ]
    return portfolio_map(
        pd.DataFrame(rows, columns=["name", "x", "y", "size", "chosen"]),
        across="Time until it pays",
        up="Return a year",
        area="Investment",
        units=("months", "%", "EUR"),
        lines=(12, 0.2),
        quadrants=("quick wins", "worth the wait", "small change", "think again"),
        message="Five initiatives for EUR 715 k bring most of the return within a year",
        who="Plant North",
        what="Initiatives for 2026",
        when="as of November 2025",
    )


CHARTS = (driver_tree_of_return, timeline_of_decisions, portfolio_of_initiatives)
