"""The full-year outlook: what is booked, and what the rest of the year may bring, by a method that is named.

It uses nothing later than the period's end. Flows: the remaining budget at the rate reached so far; where the
rate means little, the remaining budget as it is; without a budget, last year's remaining months at this
year's
growth; without either, the average month so far. Balances: today's, moved as the budget (else last year)
moves.
"""

from __future__ import annotations

from ..books import Books, Panel
from ..periods import Period
from ..variance.bridges import ratio
from ..wording import date_text, money_text
from .figures import LINES, Figure, Line, actual, budget

METHODS = {
    "rate": "the remaining budget at the rate reached so far",
    "budget": "the remaining budget as it is",
    "growth": "last year's remaining months at this year's growth",
    "last_year": "last year's remaining months as they were",
    "average": "the average month so far",
    "stays": "today's balance",
    "done": "the year is complete",
}
# A rate outside these bounds says more about timing than about the year.
RATES = (0.5, 2.0)


def outlook(panel: Panel, unit: str, line: Line, year: Period, last: int) -> tuple[Figure, str]:
    """The outlook of a line for the fiscal year `year`, known at the end of month `last`, and its method."""
    if line.total:
        return _total(panel, unit, line, year, last)
    so_far = actual(panel, unit, line, year.first, last)
    if so_far.amount is None or last >= year.last:
        return so_far, "done"
    if line.nature == "closing":
        return _balance(panel, unit, line, year, last, so_far.amount)
    for name, plain, source, shift in (("rate", "budget", budget, 0), ("growth", "last_year", actual, 12)):
        done = source(panel, unit, line, year.first - shift, last - shift).amount
        rest = source(panel, unit, line, last + 1 - shift, year.last - shift).amount
        if done is None or rest is None:
            continue
        if done and RATES[0] <= so_far.amount / done <= RATES[1]:
            return Figure(so_far.amount + ratio(rest * so_far.amount, done)), name
        return Figure(so_far.amount + rest), plain
    months = last - year.first + 1
    return Figure(so_far.amount + ratio(so_far.amount * (year.last - last), months)), "average"


def _balance(panel: Panel, unit: str, line: Line, year: Period, last: int, now: int) -> tuple[Figure, str]:
    for name, source, shift in (("budget", budget, 0), ("last_year", actual, 12)):
        here = source(panel, unit, line, last - shift, last - shift).amount
        end = source(panel, unit, line, year.last - shift, year.last - shift).amount
        if here is not None and end is not None:
            return Figure(now + end - here), name
    return Figure(now), "stays"


def _total(panel: Panel, unit: str, line: Line, year: Period, last: int) -> tuple[Figure, str]:
    simple = {part: each for each in LINES if not each.total for part in each.parts}
    total, method = 0, "done"
    for part, sign in line.parts.items():
        figure, how = outlook(panel, unit, simple[part], year, last)
        if figure.amount is None:
            return figure, how
        total += sign * figure.amount
        method = how if method == "done" else method
    return Figure(total), method


def sales_forecast(books: Books, unit: str, year: Period, last: int, outlook_revenue: int | None) -> str:
    """A sentence that holds the agreed sales forecast for the rest of the year against the outlook; ""
    without one.
    """
    if "forecasts" not in books.tables or last >= year.last or outlook_revenue is None:
        return ""
    rest = books_span(books, last + 1, year.last)
    if rest is None or not books.has("forecasts", "amount"):
        return ""
    frame = books.sums("forecasts", ["month", "made_on"], ["amount"], unit, rest, {"version": "consensus"})
    frame = frame[[str(day)[:10] <= year.calendar.start(last + 1).isoformat() for day in frame["made_on"]]]
    if frame.empty:
        return ""
    newest = frame.sort_values("made_on").groupby("month").tail(1)
    if set(newest["month"]) != set(range(last + 1, year.last + 1)) or not newest["amount"].all():
        return ""
    expected = int(newest["amount"].sum())
    booked = actual(books.panel(), unit, LINES[0], year.first, last).amount or 0
    gap = booked + expected - outlook_revenue
    made = newest["made_on"].max()
    orders = money_text(expected, books.currency or None)
    size = f"{money_text(abs(gap))} {'more' if gap > 0 else 'less'}"
    return (
        f"The agreed sales forecast of {date_text(made)} has orders of {orders} in the months left: "
        f"{size} than the revenue in this outlook."
    )


def books_span(books: Books, first: int, last: int) -> Period | None:
    """A period of whole months, also beyond the closed ones; None where the books have no such months."""
    if last < first:
        return None
    return Period(f"{first}-{last}", "span", first, last, "")
