"""The statement: profit, and the balances that hold cash, for the period, the year to date and the whole
year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from ..books import Books, Panel
from ..periods import Period
from ..wording import SCALE, joined, missing, money_text, sentence, share_text
from .figures import LINES, Figure, Line, actual, budget, in_period
from .outlook import METHODS, outlook, sales_forecast

SCOPES = ("period", "ytd", "outlook")
BALANCES = ("cash", "receivables", "inventory", "payables")
COLUMNS = (
    "line",
    "name",
    "nature",
    "total",
    "scope",
    "actual",
    "budget",
    "last_year",
    "delta",
    "delta_share",
    "delta_last_year",
    "delta_last_year_share",
    "reason",
    "reason_budget",
    "reason_last_year",
    "note",
)
HEADLINES = {"revenue": "Revenue", "ebit": "Operating profit", "cash": "Cash"}
_SUMS = ("actual", "budget", "last_year", "delta", "delta_last_year")


@dataclass(frozen=True)
class Statement:
    """`table`: a row for each line and scope, amounts as Int64 ten-thousandths, NA with a reason where there
    is none.

    Columns: line, name, nature, total, scope, actual, budget, last_year, delta, delta_share, delta_last_year,
    delta_last_year_share, reason (the first of the three), reason_budget, reason_last_year, note. A delta is
    positive when it is good for profit or cash; a share is none against a reference of zero or less. `scopes`
    maps each scope to its label, `methods` each line to how its outlook was made (outlook.METHODS); `notes`
    are sentences. `trends`: the headline lines in the 13 months to the period's end, in plain units, None
    where there is none.
    """

    table: pd.DataFrame
    text: str
    scopes: dict[str, str]
    notes: tuple[str, ...]
    unit: str
    period: Period
    methods: Mapping[str, str] = field(default_factory=dict)
    trends: Mapping[str, list[float | None]] = field(default_factory=dict)

    @property
    def has_figures(self) -> bool:
        """Whether the period itself has any amount, booked or budgeted."""
        return bool(self.table.loc[self.table["scope"] == "period", ["actual", "budget"]].notna().any().any())

    @property
    def has_budget(self) -> bool:
        """Whether any line has a budget."""
        return bool(self.table["budget"].notna().any())

    def value(self, line: str, scope: str = "period", column: str = "actual") -> int | None:
        """One amount of the table in ten-thousandths; None where there is none."""
        row = self._rows.get((line, scope))
        if row is None or missing(self.table[column].iloc[row]):
            return None
        return int(self.table[column].iloc[row])

    @cached_property
    def _rows(self) -> dict[tuple[str, str], int]:
        """Where each line's row of a scope is."""
        places = zip(self.table["line"], self.table["scope"], strict=True)
        return {place: number for number, place in enumerate(places)}


def statement(books: Books, unit: str, period: Period | str) -> Statement:
    """Revenue to net profit, cash, receivables, inventory and payables of a unit, against budget and last
    year.

    Scopes: the period, the fiscal year to the period's end and the full-year outlook as known then. Lines
    with
    nothing in any column are left out. Raises UsageError for an unknown unit or period.
    """
    unit, when, panel = books.unit(unit), books.period(period), books.panel()
    ytd, year = when.ytd(books.fiscal_start), when.year(books.fiscal_start)
    rows, notes, methods = [], [], {}
    for line in LINES:
        found = [("period", *in_period(panel, unit, line, when))]
        if ytd.months != when.months:
            found.append(("ytd", *in_period(panel, unit, line, ytd)))
        if year.last > when.last:
            figure, methods[line.id] = outlook(panel, unit, line, year, when.last)
            found.append(("outlook", figure, *_whole_year(panel, unit, line, year)))
        if _empty(found):
            methods.pop(line.id, None)
            continue
        for scope, *figures in found:
            rows.append(_row(line, scope, *figures))
            notes += [f"{line.name}: {figure.note}" for figure in figures if figure.note]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    for column in _SUMS:
        table[column] = table[column].astype("Int64")
    to_date = f"Year to {ytd.end:%B %Y}" if year.last > when.last else f"{year.text}, complete"
    scopes = {"period": when.label, "ytd": to_date, "outlook": f"Outlook {year.text}"}
    scopes = {scope: label for scope, label in scopes.items() if scope in set(table["scope"])}
    result = Statement(table, "", scopes, (), unit, when)
    made = _method_notes(methods, year) if table["actual"].notna().any() else []
    words = [*made, *dict.fromkeys(sentence(note) for note in notes)]
    words.append(sales_forecast(books, unit, year, when.last, result.value("revenue", "outlook")))
    said = tuple(word for word in words if word)
    trends = {line: _trend(panel, unit, line, range(when.last - 12, when.last + 1)) for line in HEADLINES}
    return Statement(table, _text(result, books), scopes, said, unit, when, methods, trends)


def _trend(panel: Panel, unit: str, line: str, months: range) -> list[float | None]:
    chosen = next(each for each in LINES if each.id == line)
    amounts = [actual(panel, unit, chosen, month, month).amount for month in months]
    return [None if amount is None else amount / SCALE for amount in amounts]


def _whole_year(panel: Panel, unit: str, line: Line, year: Period) -> tuple[Figure, Figure]:
    return budget(panel, unit, line, year.first, year.last), actual(
        panel, unit, line, year.first - 12, year.last - 12
    )


def _empty(found: list) -> bool:
    return not any(figure.amount for _, *figures in found for figure in figures)


def _row(line: Line, scope: str, now: Figure, plan: Figure, before: Figure) -> dict[str, object]:
    row: dict[str, object] = {
        "line": line.id,
        "name": line.name,
        "nature": line.nature,
        "total": line.total,
        "scope": scope,
        "actual": now.amount,
        "budget": plan.amount,
        "last_year": before.amount,
    }
    for name, reference in (("delta", plan.amount), ("delta_last_year", before.amount)):
        known = now.amount is not None and reference is not None
        delta = line.good * (now.amount - reference) if known else None  # type: ignore[operator]
        row[name] = delta
        row[f"{name}_share"] = (
            delta / reference if delta is not None and reference is not None and reference > 0 else None
        )
    row["reason"] = now.reason or plan.reason or before.reason
    row["reason_budget"], row["reason_last_year"] = plan.reason, before.reason
    row["note"] = now.note or plan.note or before.note
    return row


def _method_notes(methods: dict[str, str], year: Period) -> list[str]:
    """How the outlook was made: the method most lines share, and the lines that differ."""
    if not methods:
        return [sentence(f"{year.label} is complete: what was booked stands in place of an outlook")]
    simple = {line.id: line for line in LINES if not line.total}
    groups: dict[str, list[str]] = {}
    for line, how in methods.items():
        if line in simple and how != "done":
            groups.setdefault(how, []).append(simple[line].name.lower())
    if not groups:
        return []
    main = max(groups, key=lambda how: len(groups[how]))
    text = f"Outlook: what is booked, plus {METHODS[main]}"
    others = [f"{joined(names)}: {METHODS[how]}" for how, names in groups.items() if how != main]
    return [sentence(f"{text}. Otherwise {'; '.join(others)}" if others else text)]


def _text(result: Statement, books: Books) -> str:
    """Revenue and operating profit of the period and the year to date against the reference, in two
    sentences.
    """
    against, column = ("budget", "budget") if result.has_budget else ("last year", "last_year")
    sentences = []
    for scope, label in result.scopes.items():
        words = []
        for line, name in (("revenue", "revenue"), ("ebit", "operating profit")):
            now, reference = result.value(line, scope), result.value(line, scope, column)
            if now is None:
                continue
            gap = "" if reference is None else f" ({_gap(now - reference, reference)} {against})"
            words.append(f"{name} {money_text(now, books.currency or None)}{gap}")
        if words:
            sentences.append(f"{label}: {joined(words)}")
    return (
        sentence(". ".join(sentences)) if sentences else "There is no revenue and no profit in these books."
    )


def _gap(gap: int, reference: int) -> str:
    if gap == 0:
        return "as in the"
    size = share_text(abs(gap) / reference) if reference > 0 else money_text(abs(gap))
    return f"{size} {'above' if gap > 0 else 'below'}"


def headline_figures(result: Statement, currency: str = "", threshold: int = 0) -> list[dict[str, Any]]:
    """The period's revenue, operating profit and cash for an index of reports: label, value, status, trend.

    The status is "good" or "bad" against budget, else last year, where the difference reaches `threshold`
    (ten-thousandths); "none" where it does not, or where there is nothing to compare with.
    """
    figures = []
    for line, name in HEADLINES.items():
        now = result.value(line)
        if now is None:
            continue
        label, value, status = name, money_text(now), "none"
        for against, column in (("budget", "delta"), ("last year", "delta_last_year")):
            delta = result.value(line, column=column)
            if delta is not None:
                label, value = f"{name}, to {against}", f"{value} ({money_text(delta, sign=True)})"
                status = "none" if abs(delta) < max(threshold, 1) else "good" if delta > 0 else "bad"
                break
        unit = f" ({currency})" if currency else ""
        trend = result.trends.get(line, [])
        figures.append({"label": label + unit, "value": value, "status": status, "trend": trend})
    return figures
