"""A rehearsal: what every report does for the first time, done once before, with figures of no company.

A process from which others are forked calls it after its imports. Fonts are then known, letters measured,
styles read, the KPIs' definitions parsed: the forked reports begin where otherwise the second one would.
Nothing is shown, and nothing that a report says depends on it.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from . import charts
from .books.contract import load_contract
from .display import picture
from .kpis import catalogue
from .tables import table_html, table_of
from .variance import make_bridge
from .wording import SCALE

MONTHS = 13
# Letters and signs that headings and labels are made of: how they follow each other is measured once.
LETTERS = (
    "The quick brown fox jumps over the lazy dog: 0123456789 EUR (k), +1,234.5 %; −6,789.0 m · Q.E.D. & JKWZ"
)


def rehearse() -> None:
    """Draw each chart of a scorecard, make a table, and read the contract and the KPIs' definitions."""
    load_contract()
    kpis = catalogue()
    steps = [(f"step{number}", LETTERS[number:], (-1) ** number * number * SCALE) for number in range(1, 9)]
    end = sum(amount for _, _, amount in steps)
    cards = [
        {"name": kpi.name, "value": 98.7, "measure": "%", "target": 95.0, "met": bool(place % 2),
         "trend": [float(month % 5) for month in range(MONTHS)]}
        for place, kpi in enumerate(kpis.values())
    ]  # fmt: skip
    months = pd.period_range("2001-01", periods=MONTHS, freq="M", name="month")
    columns = pd.DataFrame({"actual": range(100, 100 + MONTHS), "plan": 105.5}, index=months).astype(float)
    said: dict[str, Any] = {"message": LETTERS, "who": LETTERS, "when": "January 2001"}
    drawn = [
        charts.bridge(make_bridge(("Budget", 0), steps, ("Actual", end)), currency="EUR", **said),
        charts.kpi_cards(pd.DataFrame(cards), what="KPIs", **said),
        charts.columns_with_plan(columns, plan="plan", what="EBIT", unit="EUR", **said),
    ]
    for axes in drawn:
        picture(axes.figure)
    frame = pd.DataFrame(
        {"what": ["a", "b"], "amount": [1.0, -2.0], "day": pd.to_datetime(["2001-01-31"] * 2)}
    )
    table = table_of(frame, "rehearsal", LETTERS, signed=["amount"])
    table.to_json(), table.plain(), table_html(table)
