"""When months are over: which one is not, and what was entered into months that were over long ago."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..calendars import Calendar
from ..periods import month_text
from .calendars import Tables
from .checking import SCALE
from .contract import load_contract
from .exact import fetch
from .finding import Finding
from .measures import EXACT

# Books in which something is entered all through a month, the first that is there decides.
_DAILY = ("journal", "deliveries", "invoices", "orders")
# A month whose last week is empty is not over, unless months end so early in these books.
_WEEK = 7
# Days after the end of a month in which its last entries are made.
LATE_DAYS = 10


def last_days(tables: Tables) -> dict[int, dt.date]:
    """The last day with a row of each month; empty where the ledger comes by the month."""
    name = next((name for name in _DAILY if name in tables), None)
    if name is None or ("journal" not in tables and "balances" in tables):
        return {}
    table, date = tables[name], str(load_contract().tables[name].date)
    table = table.filter(table[date].notnull())
    days = table.group_by(tables.period_of(table[date]).name("month")).aggregate(day=table[date].max())
    rows = days.to_pyarrow().to_pylist()
    return {int(row["month"]): row["day"] for row in rows}


def is_over(calendar: Calendar, days: Mapping[int, dt.date], month: int) -> bool:
    """Whether rows reach into a month's last week, or as far as in one of the twelve months before."""
    left = {one: (calendar.end(one) - day).days for one, day in days.items() if month - 12 <= one <= month}
    before = [early for one, early in left.items() if one < month]
    return month not in left or left[month] < _WEEK or bool(before and left[month] <= max(before))


def closing_findings(tables: Tables, closed: int, settings: Mapping[str, Any]) -> list[Finding]:
    """The month that is not over, and what was entered late."""
    return [*_unfinished(tables, closed, settings), *_late(tables, closed, settings)]


def _unfinished(tables: Tables, closed: int, settings: Mapping[str, Any]) -> list[Finding]:
    if "closed_through" in settings:
        return []
    days = last_days(tables)
    day = days.get(closed + 1)
    if day is None or is_over(tables.calendar, days, closed + 1):
        return []
    month = month_text(closed + 1)
    text = (
        f"{month} is not over: its last row is of {day.isoformat()}; asked for, its figures are preliminary"
    )
    hint = f'write closed_through = "{month}" in books.toml if nothing more will come'
    return [Finding("note", "books", "not_over", text, 1, None, hint=hint)]


def _late(tables: Tables, closed: int, settings: Mapping[str, Any]) -> list[Finding]:
    """Journal lines entered when their month had been over for days, or had been closed.

    Only the day of entry tells: a document's own date says when something happened, not when it was booked.
    """
    if "journal" not in tables:
        return []
    journal = tables["journal"]
    journal = journal.filter(journal.entered.notnull())
    amount = journal.amount.cast(EXACT)
    keys = {"month": tables.period_of(journal.posted), "entered": journal.entered}
    grouped = journal.group_by(**keys).aggregate(rows=journal.count(), money=amount.sum(where=amount > 0))
    frame = fetch(grouped, list(keys), ["rows", "money"])
    if frame.empty:
        return []
    frame["rows"] //= SCALE
    entered = pd.to_datetime(frame["entered"]).dt.date
    days = int(settings.get("late_days", LATE_DAYS))
    ends = [tables.calendar.end(int(month)) for month in frame["month"]]
    late = [(day - end).days > days for day, end in zip(entered, ends, strict=True)]
    found = []
    if any(late):
        text = f"entered more than {days} days after their month was over"
        found.append(_said("note", "late_postings", text, frame[late]))
    if "closed_on" in settings and "closed_through" in settings:
        closed_on = settings["closed_on"]
        after = frame[(frame["month"] <= closed) & (entered > closed_on)]
        if len(after):
            text = f"entered into months up to {month_text(closed)} after these were closed on {closed_on}"
            found.append(_said("difference", "after_closing", text, after))
    return found


def _said(level: str, rule: str, text: str, frame: pd.DataFrame) -> Finding:
    """A finding with the lines and the money (the debits) by month, the months with most money first."""
    months = frame.groupby("month", as_index=False).agg(
        rows=("rows", "sum"), money=("money", "sum"), last_entered=("entered", "max")
    )
    months = months.sort_values(["money", "month"], ascending=[False, True], kind="stable")
    rows, money = int(months["rows"].sum()), int(months["money"].sum())
    first = ", ".join(
        f"{month_text(int(month))} {amount / SCALE:,.2f}"
        for month, amount in zip(months["month"][:3], months["money"][:3], strict=True)
    )
    shown = months.head(5).assign(
        month=[month_text(int(month)) for month in months["month"][:5]], money=months["money"][:5] / SCALE
    )
    text = f"{rows:,} lines were {text}: {first}{' …' if len(months) > 3 else ''}"
    return Finding(level, "journal", rule, text, rows, money, shown.reset_index(drop=True))
