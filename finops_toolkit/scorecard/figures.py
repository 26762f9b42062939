"""Single figures of the statement: a line of the ledger or a subtotal, for a unit and a period, or why there
is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..books import Panel
from ..periods import Period, month_label
from ..wording import joined

# A subtotal's budget counts lines without a budget as 0 up to this share of all its parts; beyond, there is
# none.
LEFT_OUT = 0.02


@dataclass(frozen=True)
class Line:
    """A line of the statement: the ledger lines in it and their sign in the line's own figure.

    `good` is +1 where more is better for profit or cash, −1 where less is.
    """

    id: str
    name: str
    parts: Mapping[str, int]
    good: int
    nature: str = "flow"
    total: bool = False


@dataclass(frozen=True)
class Figure:
    """An amount in ten-thousandths, or None and the reason; `note` is what a reader must know of it."""

    amount: int | None
    reason: str = ""
    note: str = ""


_GROSS = {"revenue": 1, "cogs": -1}
_EBIT = {
    **_GROSS,
    "other_income": 1,
    "selling": -1,
    "distribution": -1,
    "administration": -1,
    "research": -1,
    "depreciation": -1,
    "intercompany_result": 1,
}
LINES = (
    Line("revenue", "Revenue", {"revenue": 1}, 1),
    Line("cogs", "Cost of goods sold", {"cogs": 1}, -1),
    Line("gross_profit", "Gross profit", _GROSS, 1, total=True),
    Line("other_income", "Other income", {"other_income": 1}, 1),
    Line("selling", "Selling", {"selling": 1}, -1),
    Line("distribution", "Distribution", {"distribution": 1}, -1),
    Line("administration", "Administration", {"administration": 1}, -1),
    Line("research", "Research", {"research": 1}, -1),
    Line("depreciation", "Depreciation", {"depreciation": 1}, -1),
    Line("intercompany_result", "Sister units", {"intercompany_result": 1}, 1),
    Line("ebit", "Operating profit (EBIT)", _EBIT, 1, total=True),
    Line("interest", "Interest", {"interest": 1}, -1),
    Line("tax", "Income tax", {"tax": 1}, -1),
    Line("net_profit", "Net profit", {**_EBIT, "interest": -1, "tax": -1}, 1, total=True),
    Line("minority_result", "Of which of others", {"minority_result": 1}, 1),
    Line("unmapped", "Not mapped (debit positive)", {"unmapped": 1}, -1),
    Line("cash", "Cash", {"cash": 1}, 1, "closing"),
    Line("receivables", "Receivables", {"receivables": 1}, -1, "closing"),
    Line("inventory", "Inventory", {"inventory": 1}, -1, "closing"),
    Line("payables", "Payables", {"payables": 1}, 1, "closing"),
    Line("translation_difference", "Translation difference", {"translation_difference": 1}, 1, "closing"),
)


def covered(panel: Panel, measure: str, first: int, last: int, preliminary: bool = False) -> str:
    """Why a measure has no value in these months; "" where it has one, if only a `preliminary` one."""
    if measure in panel.missing:
        return panel.missing[measure]
    if measure not in panel.measures:
        return f"the books hold no {measure.replace('_', ' ')}"
    begin, end = panel.coverage(measure, preliminary)
    if first < begin or last > end:
        return f"the records cover {month_label(begin)} to {month_label(end)}"
    return ""


def _part(panel: Panel, unit: str, measure: str, first: int, last: int, nature: str) -> tuple[int, int]:
    """Amount and rows of a covered measure: the sum of the months, or the balance at the last one's end."""
    amounts, rows = panel.series(measure, unit), panel.rows(measure, [unit])[0]
    stop = panel.months.index(last) + 1
    if nature == "closing":
        return int(amounts[stop - 1]), int(rows[:stop].sum())
    start = panel.months.index(first)
    return int(amounts[start:stop].sum()), int(rows[start:stop].sum())


def actual(panel: Panel, unit: str, line: Line, first: int, last: int, preliminary: bool = False) -> Figure:
    """What was booked in the months first to last (a closing line: at the end of the last)."""
    total = 0
    for part, sign in line.parts.items():
        reason = covered(panel, part, last if line.nature == "closing" else first, last, preliminary)
        if not reason and panel.statements is not None:
            closing = line.nature == "closing"
            reason = panel.statements.refusal(unit, first, last, panel.months[0], closing)
        if reason:
            return Figure(None, reason)
        total += sign * _part(panel, unit, part, first, last, line.nature)[0]
    return Figure(total)


def budget(panel: Panel, unit: str, line: Line, first: int, last: int) -> Figure:
    """What was budgeted. A part that was booked but never budgeted counts as 0 while it is small."""
    if "budget_revenue" in panel.missing:
        return Figure(None, panel.missing["budget_revenue"])
    total, left_out, parts, counted = 0, [], [], 0
    for part, sign in line.parts.items():
        name = f"budget_{part}"
        amount, rows = 0, 0
        # Of a ledger that ends before this line. Without a ledger the budget stands by itself.
        if part in panel.missing and name in panel.missing and "revenue" in panel.measures:
            return Figure(None, panel.missing[part])
        if name in panel.measures:
            reason = covered(panel, name, last if line.nature == "closing" else first, last)
            if reason:
                return Figure(None, f"the budget: {reason}")
            amount, rows = _part(panel, unit, name, first, last, line.nature)
        known = not covered(panel, part, last if line.nature == "closing" else first, last)
        booked = _part(panel, unit, part, first, last, line.nature)[0] if known else 0
        total += sign * amount
        counted += rows
        parts.append(abs(booked))
        if rows == 0 and (booked or not line.total):
            left_out.append((part.replace("_", " "), abs(booked)))
    if not counted and not any(parts):
        return Figure(None, "nothing is budgeted in these months")
    if not left_out:
        return Figure(total)
    words = joined(name for name, _ in left_out)
    missed = sum(booked for _, booked in left_out)
    if not line.total or missed > LEFT_OUT * sum(parts):
        return Figure(None, f"the budget leaves out {words}" if line.total else "not in the budget")
    return Figure(total, note=f"the budget leaves out {words}: counted as 0")


def in_period(panel: Panel, unit: str, line: Line, period: Period) -> tuple[Figure, Figure, Figure]:
    """Actual, budget and last year of a line in a period."""
    before = period.previous_year()
    return (
        actual(panel, unit, line, period.first, period.last, period.last > panel.closed),
        budget(panel, unit, line, period.first, period.last),
        actual(panel, unit, line, before.first, before.last),
    )
