"""Actions: what was decided, by whom, for when, whether it was done, and whether it worked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from ..books import Books
from ..kpis import accumulates, catalogue_of, values
from ..periods import Period, month_label
from ..wording import counted, measure_text, missing, sentence
from .owners import department_name, departments

# Months compared before the decision and after the action was closed.
WINDOW = 3
# A change of less than this share of the value before is no change.
NOTICEABLE = 0.02
# More decisions than a unit takes in its books' lifetime: the read stays bounded.
MOST = 50_000
# Measures of which more is better; of costs, receivables and stock less is.
MORE_IS_BETTER = ("revenue", "other_income", "intercompany_result", "cash", "payables", "absorbed_overhead")
STATUSES = ("late", "open", "closed late", "closed")


@dataclass(frozen=True)
class FollowUp:
    """`table`: decision, text, unit, owner, about, decided, due, closed, status, value, worked; late ones
    first.
    """

    table: pd.DataFrame
    text: str


def decisions_until(books: Books, unit: str, day: dt.date) -> pd.DataFrame:
    """Decisions of a unit and those below it, decided by a day, as they stood on it: closed later is open."""
    if "decisions" not in books.tables:
        return pd.DataFrame()
    frame = books.rows("decisions", unit, limit=MOST)
    for column in ("raised", "decided", "due", "closed"):
        frame[column] = [
            None if missing(value) else pd.Timestamp(value).date() for value in frame.get(column, [])
        ]
    # .loc: a plain [] takes an empty list for a choice of columns.
    frame = frame.loc[[value is not None and value <= day for value in frame["decided"]]].copy()
    frame["closed"] = [value if value is not None and value <= day else None for value in frame["closed"]]
    for column in ("about", "owner", "value"):
        if column not in frame:
            frame[column] = None
    frame["status"] = [_status(row.due, row.closed, day) for row in frame.itertuples()]
    return frame.reset_index(drop=True)


def _status(due: dt.date | None, closed: dt.date | None, day: dt.date) -> str:
    if closed is None:
        return "late" if due is not None and due < day else "open"
    return "closed late" if due is not None and closed > due else "closed"


def actions_follow_up(
    books: Books, unit: str, period: Period | str, waiting: int = 5, done: int = 3
) -> FollowUp:
    """Actions open at the period's end (late ones first, then the larger), and those closed lately.

    At most `waiting` of the former and `done` of the latter: closed in the period's last month or the three
    before it.

    `worked` compares the KPI, line or driver an action is about in the three months before the decision with
    up to three whole months after it was closed. That is before and after, not proof of a cause.
    """
    unit, when = books.unit(unit), books.period(period)
    if "decisions" not in books.tables:
        return FollowUp(pd.DataFrame(), "Actions: none, because the books hold no table of decisions.")
    frame = decisions_until(books, unit, when.end)
    recent = [
        row.closed is None or when.calendar.period_of(row.closed) > when.last - WINDOW - 1
        for row in frame.itertuples()
    ]
    frame = frame[recent] if len(frame) else frame
    if frame.empty:
        return FollowUp(
            pd.DataFrame(), f"Actions: none were open or closed lately at the end of {when.label}."
        )
    text = _summary(frame)
    rank = frame["status"].map({name: place for place, name in enumerate(STATUSES)})
    size = pd.to_numeric(frame["value"], errors="coerce").fillna(0)
    frame = frame.assign(rank=rank, size=-size).sort_values(["rank", "size", "due", "decision"])
    still = frame["closed"].isna()
    frame = pd.concat([frame[still].head(waiting), frame[~still].head(done)])
    known = departments(books)
    frame["owner"] = [department_name(known, owner) for owner in frame["owner"]]
    frame["worked"] = [_worked(books, row, when) for row in frame.itertuples()]
    columns = [
        "decision",
        "text",
        "unit",
        "owner",
        "about",
        "decided",
        "due",
        "closed",
        "status",
        "value",
        "worked",
    ]
    return FollowUp(frame[columns].reset_index(drop=True), text)


def _summary(frame: pd.DataFrame) -> str:
    counts = frame["status"].value_counts()
    late, waiting = int(counts.get("late", 0)), int(counts.get("open", 0))
    done = int(counts.get("closed", 0)) + int(counts.get("closed late", 0))
    words = [
        f"{counted(late + waiting, 'action')} open, {late} of them late"
        if late + waiting
        else "No action is open"
    ]
    if done:
        words.append(f"{done} closed lately, {int(counts.get('closed late', 0))} of them after the due date")
    return sentence("; ".join(words))


def _worked(books: Books, row, period: Period) -> str:
    """Whether the measure an action is about moved the right way, in words."""
    if row.closed is None:
        return "not done yet"
    if missing(row.about):
        return "it names no figure to judge it by"
    decided, done = period.calendar.period_of(row.decided), period.calendar.period_of(row.closed)
    last = min(done + WINDOW, period.last)
    if last <= done:
        return "too early to say"
    before = (max(decided - WINDOW, books.first), decided - 1)
    if before[1] < before[0]:
        return "there is nothing before it to compare with"
    found = _measured(books, str(row.about), row.unit, (before, (done + 1, last)))
    if isinstance(found, str):
        return found
    old, new, good, name, measure = found
    words = f"{name} {measure_text(old, measure)} → {measure_text(new, measure)}"
    change = (new - old) * (1 if good == "up" else -1)
    if abs(new - old) <= NOTICEABLE * abs(old):
        return f"no change: {words}"
    return f"{'better' if change > 0 else 'worse'}: {words}"


def _measured(books: Books, about: str, unit: str, spans) -> tuple[float, float, str, str, str] | str:
    """Values before and after of a KPI, or the monthly average of a line or driver; or why there are none."""
    known = catalogue_of(books)
    if about in known:
        kpi = known[about]
        periods = [Period(f"{first}-{last}", "span", first, last, month_label(last)) for first, last in spans]
        frame = values(books, about, unit, periods)
        if frame["value"].isna().any():
            reason = frame.loc[frame["value"].isna(), "reason"].iloc[0]
            return f"cannot be judged: {reason}"
        good = "up" if kpi.good == "up" else "down"
        old, new = (float(value) for value in frame["value"])
        flows = {key for key, measure in books.panel().measures.items() if measure.nature == "flow"}
        if accumulates(kpi, known, flows):
            old, new = (value / len(span.months) for value, span in zip((old, new), periods, strict=True))
        if kpi.good == "zero":
            old, new = abs(old), abs(new)
        return old, new, good, kpi.name, kpi.measure
    panel = books.panel()
    name = (
        about if about in panel.measures else f"{about}_cost" if f"{about}_cost" in panel.measures else None
    )
    if name is None:
        return f"there is no figure called {about}"
    row = panel.series(name, unit)
    means = []
    for first, last in spans:
        months = row[panel.months.index(first) : panel.months.index(last) + 1]
        means.append(
            float(months.mean() / 10_000 if panel.measures[name].nature == "flow" else months[-1] / 10_000)
        )
    return means[0], means[1], "up" if name in MORE_IS_BETTER else "down", panel.measures[name].text, "money"
