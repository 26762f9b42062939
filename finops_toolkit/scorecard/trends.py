"""A line of the statement month by month, against budget and last year, and what it shows in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ..books import Books
from ..errors import UsageError
from ..periods import Period, month_label
from ..wording import money_text, sentence
from .figures import LINES, actual, budget

SCALE = 10_000


@dataclass(frozen=True)
class Trend:
    """`table`: index month, columns actual, budget, last_year in plain units, empty where there is none.

    `text` says why there is none where no month has an actual. `reference` is the column to compare with:
    budget, last_year, or None; `good` is "up" or "down".
    """

    table: pd.DataFrame
    text: str
    reference: str | None
    good: str
    name: str


def trend(books: Books, unit: str, period: Period | str, line: str = "ebit", months: int = 13) -> Trend:
    """A line of the statement in the `months` months to the period's end. Raises UsageError for an unknown
    line.
    """
    unit, when, panel = books.unit(unit), books.period(period), books.panel()
    chosen = next((each for each in LINES if each.id == line), None)
    if chosen is None:
        raise UsageError(
            f"There is no line {line!r}.", f"The lines are {', '.join(each.id for each in LINES)}."
        )
    span = range(max(when.last - months + 1, books.first), when.last + 1)
    rows, why = [], ""
    for month in span:
        found = (
            actual(panel, unit, chosen, month, month),
            budget(panel, unit, chosen, month, month),
            actual(panel, unit, chosen, month - 12, month - 12),
        )
        why = found[0].reason
        rows.append([None if figure.amount is None else figure.amount / SCALE for figure in found])
    index = pd.PeriodIndex([pd.Period(year=m // 12, month=m % 12 + 1, freq="M") for m in span], name="month")
    table = pd.DataFrame(rows, index=index, columns=["actual", "budget", "last_year"], dtype="float64")
    reference = next((name for name in ("budget", "last_year") if table[name].notna().any()), None)
    good = "up" if chosen.good > 0 else "down"
    if table["actual"].isna().all():
        return Trend(table, f"{chosen.name}: none by month, because {why}.", reference, good, chosen.name)
    return Trend(
        table, _text(table, chosen.name, reference, chosen.good, books), reference, good, chosen.name
    )


def _text(table: pd.DataFrame, name: str, reference: str | None, good: int, books: Books) -> str:
    """How often it was worse than the reference, and how the last month stood."""
    known = table["actual"].dropna()
    last = known.index[-1]
    label = month_label(last.year * 12 + last.month - 1)
    words = f"{name} was {money_text(round(known.iloc[-1] * SCALE), books.currency or None)} in {label}"
    if reference is None:
        return sentence(words)
    both = table[["actual", reference]].dropna()
    worse = int(((both["actual"] - both[reference]) * good < 0).sum())
    other = "budget" if reference == "budget" else "last year"
    return sentence(f"{words}; it was worse than {other} in {worse} of {len(both)} months")
