"""A timeline of decisions: from raised to closed, against the dates they were due and today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num, num2date

from ..errors import UsageError
from ..tables.model import Column, Table
from ..wording import BLANK, MONTHS, counted, date_text, missing
from .layout import LABEL, fit, heading, prepare, shorten, text_width, wrap
from .style import ACTUAL, BAD, GUIDE, LAST_YEAR, OUTLINE, QUIET, TEXT, check_columns, house_style
from .words import describe, spoken

FILLS: dict[str, dict[str, Any]] = {
    "done": {"facecolor": ACTUAL, "edgecolor": ACTUAL},
    "open": {"facecolor": "white", "edgecolor": OUTLINE, "linewidth": 1.1},
    "late": {"facecolor": "white", "edgecolor": BAD, "linewidth": 1.1, "hatch": "xxxxx"},
}
_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)  # months between two dates on the axis


def timeline(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    today: dt.date,
    milestones: Mapping[str, dt.date] | None = None,
    message: str = "",
    who: str = "",
    what: str = "Decisions",
    when: str = "",
) -> Axes:
    """A bar a row from start to end, a diamond where it was due, the status in words at the right.

    `frame`: name, owner, start, end (missing: still open, drawn to today), status ("done", "open" or
    "late"), optionally due; dates as datetime.date or Timestamp. `milestones`: dates that concern all rows.
    Rows stand in the frame's order, one to forty. Without a `message` the late ones are counted. Raises
    UsageError that names all rows without a start, with an end before it, or with an unknown status.
    """
    check_columns(frame, ["name", "owner", "start", "end", "status"])
    rows = _rows(frame, _day(today) or today)
    marks = [
        (_day(day) or day, f"{name}, {date_text(_day(day))}") for name, day in (milestones or {}).items()
    ]
    marks.append((_day(today) or today, f"today, {date_text(_day(today))}"))
    message = message or _message(what, rows)
    with house_style():
        names = [wrap(row["name"], 175.0) for row in rows]
        pitch = 24.0 if any(len(lines) > 1 for lines in names) else 18.0
        ax = prepare(ax, 8.0, len(rows) * pitch / 72 + 0.05)
        days = [row[key] for row in rows for key in ("start", "until", "due") if row[key]]
        known = [date2num(day) for day in (*days, *(day for day, _ in marks))]
        edge = max(2.0, (max(known) - min(known)) * 0.02)
        ax.set_xlim(min(known) - edge, max(known) + edge)
        ax.set_ylim(len(rows) - 0.45, -0.55)
        ax.set_xticks([])
        ax.set_yticks([])
        left = _names(ax, names, rows)
        for place, row in enumerate(rows):
            _bar(ax, place, row)
        fit(ax)  # names and words take their room before dates are chosen for what is left
        _axis_of_months(ax)
        above = _marked_days(ax, marks)
        lines = [who, what, f"{when}{': ' if when else ''}{_notation(rows)}"]
        heading(ax, message, lines, space=above + 4, left=left)
    told = [f"{row['name']} ({row['owner']}): {row['told']}" for row in rows]
    describe(ax, spoken(who, message, *told), _table(rows, what))
    return fit(ax)


def _day(value: Any) -> dt.date | None:
    """A date of whatever kind as a date; None where there is none."""
    return None if missing(value) else pd.Timestamp(value).date()


def _rows(frame: pd.DataFrame, today: dt.date) -> list[dict[str, Any]]:
    """The rows with real dates, where each bar ends, and its status in words; all that is wrong at once."""
    rows, wrong = [], []
    for row in frame.to_dict("records"):
        start, end, due = (_day(row.get(key)) for key in ("start", "end", "due"))
        name, status = str(row["name"]), str(row["status"])
        if start is None:
            wrong.append(f"{name!r} has no start")
        elif end is not None and end < start:
            wrong.append(f"{name!r} ends on {date_text(end)}, before its start on {date_text(start)}")
        if status not in FILLS:
            wrong.append(f"{name!r} has the status {status!r}, not 'done', 'open' or 'late'")
        if status == "done" and end is None:
            wrong.append(f"{name!r} is done and has no end")
        if wrong or start is None:
            continue
        owner = "" if missing(row["owner"]) else str(row["owner"])
        found = {"name": name, "owner": owner or "nobody", "start": start, "end": end, "due": due}
        found |= {"status": status, "until": end or max(start, today)}
        rows.append({**found, **_told(found, today)})
    if wrong:
        raise UsageError(f"These rows cannot be drawn: {'; '.join(wrong)}.", "Mend the columns of the frame.")
    return rows


def _told(row: dict[str, Any], today: dt.date) -> dict[str, Any]:
    """The status in words, and by how many days the row is late (None where it is not)."""
    end, due = row["end"], row["due"]
    past = ((end or today) - due).days if due else 0
    late = past if past > 0 and (row["status"] == "late" or end) else None
    if end:
        words = f"done {_short(end, today)}"
        words += f", {counted(late, 'day')} late" if late else " late" if row["status"] == "late" else ""
    elif row["status"] == "late":
        words = f"late, {counted(late, 'day')}" if late else "late"
    elif row["start"] > today:
        words = f"open, from {_short(row['start'], today)}"
    else:
        words = (
            f"open, due {_short(due, today)}"
            if due
            else f"open, {counted((today - row['start']).days, 'day')}"
        )
    return {"told": words, "late": late}


def _short(day: dt.date, today: dt.date) -> str:
    """12 Nov, and the year where it is not the present one."""
    text = f"{day.day}{BLANK}{MONTHS[day.month - 1]}"
    return text if day.year == today.year else f"{text}{BLANK}{day.year}"


def _names(ax: Axes, names: list[list[str]], rows: list[dict[str, Any]]) -> float:
    """Names and owners flush left beside the axes, the status in words at the right; returns the shift."""
    owners = [shorten(row["owner"], 90.0) for row in rows]
    for_owners = max(map(text_width, owners)) + 10
    for_names = max(text_width(line) for lines in names for line in lines) + 12
    left = -(for_owners + for_names)
    for place, row in enumerate(rows):
        late: dict[str, Any] = {"color": BAD, "fontweight": "bold"} if row["status"] == "late" else {}
        cells: tuple[tuple[str, int, float, dict[str, Any]], ...] = (
            ("\n".join(names[place]), 0, left, {}),
            (owners[place], 0, -for_owners, {"color": QUIET}),
            (row["told"], 1, 8.0, late),
        )
        for words, side, shift, style in cells:
            one = "\n" not in words  # on one base line, whatever letters hang below it
            ax.annotate(
                words, (side, place), (shift, -3 if one else 0), xycoords=("axes fraction", "data"),
                textcoords="offset points", va="baseline" if one else "center", ha="left", parse_math=False,
                linespacing=1.0, annotation_clip=False, **{"color": TEXT, "fontsize": LABEL, **style},
            )  # fmt: skip
    return left


def _bar(ax: Axes, place: int, row: dict[str, Any]) -> None:
    """The bar from start to end, filled by status, and the diamond where it was due."""
    start, until = date2num(row["start"]), date2num(row["until"])
    ax.barh(place, until - start, left=start, height=0.52, zorder=2, gid="period", **FILLS[row["status"]])
    if row["due"]:
        diamond: dict[str, Any] = {
            "marker": "D",
            "ms": 5,
            "mfc": "white",
            "mec": TEXT,
            "mew": 1.1,
            "ls": "none",
        }
        ax.plot([date2num(row["due"])], [place], zorder=4, gid="due", **diamond)


def _axis_of_months(ax: Axes) -> None:
    """Dates below: days where the span is short, else months as far apart as their names need, with years."""
    first, last = (num2date(at).date() for at in ax.get_xlim())
    width = ax.get_window_extent().width / ax.get_figure(root=True).dpi * 72  # type: ignore[union-attr]
    a_day = width / (last - first).days
    if (last - first).days < 62:
        step = next(days for days in (1, 2, 7, 14, 28) if days * a_day > 38 or days == 28)
        days = [first + dt.timedelta(n) for n in range(1, (last - first).days, step)]
        names = [f"{day.day}{BLANK}{MONTHS[day.month - 1]}" for day in days]
        names[0] += f"\n{days[0].year}"
        names[1:] = [name + (f"\n{day.year}" if day.year != before.year else "")
                     for name, day, before in zip(names[1:], days[1:], days, strict=False)]  # fmt: skip
    else:
        step = next(months for months in _STEPS if months * 30.4 * a_day > 26 or months == _STEPS[-1])
        months = range(first.year * 12 + first.month, last.year * 12 + last.month)
        days = [dt.date(month // 12, month % 12 + 1, 1) for month in months if month % min(step, 12) == 0]
        days = [day for day in days if step < 12 or day.year % (step // 12) == 0]
        names = [str(day.year) if step >= 12 else MONTHS[day.month - 1] for day in days]
        if step < 12:
            years = [place == 0 or day.year != days[place - 1].year for place, day in enumerate(days)]
            names = [f"{name}\n{day.year}" if new else name
                     for name, day, new in zip(names, days, years, strict=True)]  # fmt: skip
    ax.set_xticks([date2num(day) for day in days], names, fontsize=8, linespacing=1.0)
    ax.tick_params(axis="x", length=3, color=QUIET)
    for day in days:
        ax.axvline(date2num(day), color=LAST_YEAR, lw=0.4, zorder=0.5)


def _marked_days(ax: Axes, marks: list[tuple[dt.date, str]]) -> float:
    """Today and the milestones as lines, named above; returns the height of the names (points).

    An earlier name stands above a later one where they would meet, so that no line crosses a name.
    """
    pixels = 72 / ax.get_figure(root=True).dpi  # type: ignore[union-attr]
    placed: list[tuple[float, int]] = []
    for day, words in sorted(marks, reverse=True):
        at = date2num(day)
        across = ax.transData.transform((at, 0))[0] * pixels
        reach = across + text_width(words, 8.5) + 8
        level = 1 + max((other for begin, other in placed if begin < reach), default=-1)
        placed.append((across, level))
        colour = GUIDE if words.startswith("today,") else QUIET
        dashes = "-" if words.startswith("today,") else (0, (4, 2))
        ax.axvline(at, color=colour, lw=1.2, ls=dashes, zorder=3, gid="day")
        place: dict[str, Any] = {
            "xycoords": ("data", "axes fraction"),
            "textcoords": "offset points",
            "annotation_clip": False,
        }
        high = 3 + 11.5 * level
        ax.annotate(
            "", (at, 1), (0, high + 9), arrowprops={"arrowstyle": "-", "color": colour, "lw": 1.2,
            "shrinkA": 0, "shrinkB": 0}, **place,
        )  # fmt: skip
        ax.annotate(words, (at, 1), (3, high), fontsize=8.5, color=colour, parse_math=False, **place)
    return 3 + 11.5 * (1 + max(level for _, level in placed))


def _notation(rows: list[dict[str, Any]]) -> str:
    """What the fills mean, of those that are there."""
    words = {"done": "solid = done", "open": "outlined = open", "late": "crossed = late"}
    used = [words[status] for status in words if any(row["status"] == status for row in rows)]
    return ", ".join([*used, "◆ = due"] if any(row["due"] for row in rows) else used).replace("◆", "◇")


def _message(what: str, rows: list[dict[str, Any]]) -> str:
    """How many are late, and which one longest."""
    late = [row for row in rows if row["status"] == "late"]
    waiting = sum(row["status"] == "open" for row in rows)
    if not late:
        return f"{what}: none of {len(rows)} late, {waiting} open"
    longest = max(late, key=lambda row: row["late"] or 0)
    days = f", {counted(longest['late'], 'day')}" if longest["late"] else ""
    most = f"{longest['name']} ({longest['owner']}{days})"
    return f"{what}: {len(late)} of {len(rows)} late, {'longest ' if len(late) > 1 else ''}{most}"


def _table(rows: list[dict[str, Any]], what: str) -> Table:
    """The rows with their dates."""
    columns = (
        Column("name", what),
        Column("owner", "Owner"),
        Column("status", "Status"),
        Column("start", "Start", "date"),
        Column("due", "Due", "date"),
        Column("end", "End", "date"),
        Column("late", "Late", "number", "days"),
    )
    keys = [column.key for column in columns]
    marks = {(place, "status"): "bad" for place, row in enumerate(rows) if row["status"] == "late"}
    return Table("timeline", columns, tuple(tuple(row[key] for key in keys) for row in rows), marks=marks)
