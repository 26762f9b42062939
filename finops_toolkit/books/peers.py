"""Peers: companies side by side in one set of books, each with its own fiscal year and latest statement.

Nothing is added up over them, and a word that means other months for each of them is refused where nobody
says whose months are meant.
"""

from __future__ import annotations

import calendar
import re
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..periods import month_text

if TYPE_CHECKING:
    from .facts import Facts


def fiscal_starts(facts: Facts) -> dict[str, int]:
    """The month each company's fiscal year begins with; of books that are no peers, nothing."""
    if not facts.opened.settings.get("peers") or "units" not in facts.tables:
        return {}
    table = facts.tables["units"]
    frame = table.select("unit", "fiscal_year_start").to_pandas().dropna()
    return {str(unit): int(start) for unit, start in frame.itertuples(index=False)}


def as_meant(facts: Facts, text: str, unit: str | None) -> tuple[str, int]:
    """A period's text as it is meant of a unit, and the month its fiscal year begins with.

    Where statements come by quarter or year, "latest-closed" means the latest twelve months that were
    reported. UsageError for a fiscal year of several companies that have different ones.
    """
    starts, written = facts.fiscal_starts, str(text).strip()
    names = list(facts.units.unit)
    unit = names[0] if len(names) == 1 else unit
    # Where there is a journal, movements are of single months, and the panel need not be asked.
    if written == "latest-closed" and "journal" not in facts.tables and facts.panel.statements is not None:
        written = f"{month_text(latest(facts, unit))}-R12"
    if unit is not None:
        return written, starts.get(unit, facts.fiscal_start)
    meant = set(starts.values())
    if len(meant) > 1 and re.fullmatch(r"FY.*|.*YTD", written, re.IGNORECASE):
        years = [f"{name} begins with {calendar.month_name[start]}" for name, start in starts.items()]
        shown = ", ".join(years[:5]) + (" …" if len(years) > 5 else "")
        raise UsageError(
            f"{written} is not the same months for all companies of {facts.name}: the year of {shown}.",
            "Name one unit, or write twelve months by their last one: 2024-09-R12.",
        )
    return written, meant.pop() if len(meant) == 1 else facts.fiscal_start


def latest(facts: Facts, unit: str | None) -> int:
    """The last month (an ordinal) that movements of a unit stand at; None: of any unit."""
    stated = facts.panel.statements
    assert stated is not None
    at = stated.months[stated.units.index(unit)] if unit in stated.units else stated.months.max(axis=0)
    return facts.panel.months[int(at.nonzero()[0].max())] if at.any() else facts.closed
