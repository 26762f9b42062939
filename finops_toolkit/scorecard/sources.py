"""Methods and sources: what a reader needs to trust or to repeat a report."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from .. import __version__
from ..books import Books
from ..periods import Period, month_label
from ..wording import counted, joined, money_text, sentence

# Pairs of balances: they are compared at the period's end, the others over its months.
BALANCES = ("receivables", "payables", "inventory")


@dataclass(frozen=True)
class Sources:
    """`table`: [what, how] in words; `text`: whether ledger and records agree for the unit, in money."""

    table: pd.DataFrame
    text: str


def sources(books: Books, unit: str, period: Period | str) -> Sources:
    """Books, checks and reconciliation behind a unit's report; the page names unit, period and parameters."""
    unit, when = books.unit(unit), books.period(period)
    text = reconciliation_text(books, unit, when)
    months = f"{month_label(books.first)} to {month_label(books.closed)}"
    rows = [
        ("Books", f"{books.name}, {months}; finops_toolkit {__version__}"),
        ("Ledger and records", text),
        ("Checks of the data", _checks(books)),
        ("Tables that are missing", joined(books.missing) if books.missing else "none"),
    ]
    return Sources(pd.DataFrame(rows, columns=["what", "how"]), text)


def _checks(books: Books) -> str:
    words = [counted(count, level) for level, count in books.finding_levels().items()]
    return sentence(f"{joined(words)} in all units; finops check shows them")


def reconciliation_text(books: Books, unit: str, period: Period) -> str:
    """Where ledger and records differ for a unit at the period's end (flows: in the period), in money."""
    frame = books.reconciliation(unit, period)
    if frame.empty:
        return "Nothing to reconcile: no ledger with records beside it for this unit and period."
    differing, agreeing = [], []
    for pair, rows in frame.groupby("pair", sort=True):
        chosen = rows[rows["month"] == period.last] if pair in BALANCES else rows
        gap = int(chosen["difference"].sum())
        quiet = not (chosen["difference"] != 0).any()
        agreeing.append(str(pair)) if quiet else differing.append(f"{pair} {money_text(gap, sign=True)}")
    words = [f"agree to the cent: {joined(agreeing)}"] if agreeing else []
    words += [f"ledger less records: {joined(differing)}"] if differing else []
    return sentence("; ".join(words))
