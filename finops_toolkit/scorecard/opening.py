"""What a scorecard opens with where the ledger has no figures of the period: what there is, what is not."""

from __future__ import annotations

from dataclasses import dataclass

from ..books import Books, Panel
from ..periods import Period, month_text
from ..wording import joined, measure_text, missing, sentence
from .figures import LINES, actual, budget
from .key_figures import KeyFigures

_FIRST = 4  # KPIs named in the sentence
_BACK = 24  # months back in which statements are looked for
_SPANS = (12, 3)


@dataclass(frozen=True)
class Opening:
    """`profit`: whether the ledger has a profit or loss of the period. Where it has none `text` says what
    there is instead and `lacks` what is not there, and what would bring it; else both are empty.
    """

    profit: bool
    text: str = ""
    lacks: str = ""


def opening(books: Books, unit: str, period: Period | str, figures: KeyFigures) -> Opening:
    """What to open the scorecard of a unit and period with. Raises UsageError for an unknown one."""
    unit, when, panel = books.unit(unit), books.period(period), books.panel()
    found = actual(panel, unit, LINES[0], when.first, when.last)
    if found.amount is not None:
        return Opening(True)
    if "revenue" not in panel.measures:
        lacks = (
            "There is no ledger, so profit and cash, and what moved them, are not here: a journal, or "
            "balances, with accounts would bring them."
        )
        if any(budget(panel, unit, line, when.first, when.last).amount for line in LINES):
            lacks = f"There is a budget and nothing to hold against it. {lacks}"
        return Opening(False, _there_is(figures), lacks)
    spans = reported_spans(panel, unit)
    ask = f". Ask for {joined(spans, 'or')}" if spans else ""
    return Opening(
        False,
        _there_is(figures),
        sentence(f"The profit of {when.label} is not here, because {found.reason}{ask}"),
    )


def reported_spans(panel: Panel, unit: str) -> list[str]:
    """Of books by quarter or year the latest periods of a unit with a profit, the longest first."""
    if panel.statements is None:
        return []
    spans = []
    for months in _SPANS:
        for last in range(panel.closed, max(panel.closed - _BACK, panel.months[0] + months - 1), -1):
            if actual(panel, unit, LINES[0], last - months + 1, last).amount is not None:
                spans.append(f"{month_text(last)}-R{months}")
                break
    return spans


def _there_is(figures: KeyFigures) -> str:
    """The first KPIs with their values, and those of a year before."""
    words = []
    for row in figures.table.head(_FIRST).to_dict("records"):
        value, before = (
            None if missing(row[key]) else measure_text(row[key], row["measure"], row["currency"])
            for key in ("value", "last_year")
        )
        words.append(f"{row['name']}: {value}" + (f" (last year {before})" if before else ""))
    return sentence("; ".join(words))
