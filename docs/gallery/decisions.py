"""Charts of decisions: driver trees, timelines, portfolio maps."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from finops_toolkit.charts.trees import driver_tree


def driver_tree_of_return() -> Axes:
    """A result and what drives it: where a small change moves the whole, and who can make it."""
    rows = [
        ("roce", None, "Return on capital employed", 0.124, -0.018, "%", "up", ""),
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


CHARTS = (driver_tree_of_return,)
