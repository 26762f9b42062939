"""Working together: are the meetings held, do decisions age, and what did a leaning forecast cost?

Everything is as it stood at the end of the period: what was decided or closed later is still open.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from .books import Books
from .errors import UsageError
from .periods import Period, month_end
from .wording import SCALE, counted, joined, missing, money_text, number_text, sentence, share_text

MOST = 100_000
BANDS = ((0, 14), (15, 30), (31, 60), (61, 90), (91, None))
WAITING, OPEN, LATE, DONE, DONE_LATE = "waits for a decision", "open", "overdue", "closed", "closed late"


@dataclass(frozen=True)
class Cadence:
    """`table`: kind, scheduled, held, lapsed, both_sides (finance and operations present), longest_gap_days,
    last_held; `meetings` is every meeting of the period.
    """

    table: pd.DataFrame
    text: str
    meetings: pd.DataFrame


def cadence(books: Books, unit: str, period: Period | str) -> Cadence:
    """Meetings held against scheduled, by kind; the longest gap reaches to the period's end."""
    unit, span = books.unit(unit), books.period(period)
    empty = pd.DataFrame()
    if "meetings" not in books.tables:
        return Cadence(empty, "Meetings: none, because the books hold no meetings.", empty)
    frame = books.rows("meetings", unit, order=["date"], limit=MOST)
    frame["date"] = _days(frame["date"])
    before, frame = (
        frame[frame["date"] < span.start],
        frame[[span.start <= d <= span.end for d in frame["date"]]],
    )
    if frame.empty:
        return Cadence(empty, f"Meetings: none, because none was scheduled at {unit} in {span.label}.", empty)
    present = frame["present"].fillna("").str.replace(" ", "").str.split(";")
    frame = frame.assign(held=frame["held"].fillna(False).astype(bool))
    together = np.array([{"finance", "operations"} <= set(names) for names in present])
    frame["both_sides"] = frame["held"] & together
    rows = []
    for kind, group in frame.groupby("kind", sort=True):
        # The gap runs per unit: a meeting at one plant does not make up for another's.
        gaps: list[int] = []
        last: dt.date | None = None
        for one, own in group.groupby("unit", sort=True):
            earlier = before[(before["kind"] == kind) & (before["unit"] == one) & before["held"].astype(bool)]
            held = list(own.loc[own["held"], "date"])
            start = max(earlier["date"]) if len(earlier) else span.start
            points = [start, *held, span.end]
            gaps.append(max((b - a).days for a, b in pairwise(points)))
            last = max([day for day in (last, *held) if day is not None], default=None)
        rows.append(
            {
                "kind": kind,
                "scheduled": len(group),
                "held": int(group["held"].sum()),
                "lapsed": int((~group["held"]).sum()),
                "both_sides": int(group["both_sides"].sum()),
                "longest_gap_days": max(gaps),
                "last_held": last,
            }
        )
    table = pd.DataFrame(rows)
    scheduled, kept = int(table["scheduled"].sum()), int(table["held"].sum())
    text = f"{unit}, {span.label}: {kept} of {scheduled} meetings held"
    text += f", {int(table['both_sides'].sum())} of them with finance and operations at one table"
    worst = table.sort_values("longest_gap_days", ascending=False).iloc[0]
    text += f". Longest time without one: {int(worst['longest_gap_days'])} days ({worst['kind']})"
    return Cadence(table, sentence(text), frame.reset_index(drop=True))


def _days(column: pd.Series) -> list[dt.date | None]:
    return [None if missing(value) else pd.Timestamp(value).date() for value in column]


# --- the decision log ------------------------------------------------------------------------------


@dataclass(frozen=True)
class DecisionLog:
    """`table`: decision, text, unit, owner, raised, decided, due, closed, status, age_days, value; the oldest
    first among what is not done. `age_days` runs from raised (or decided) to the end of the period, or to
    its closing.
    """

    table: pd.DataFrame
    text: str

    def ageing(self) -> pd.DataFrame:
        """What is not done, by age: [band, waiting, open, value] (value in ten-thousandths)."""
        rows = []
        for low, high in BANDS:
            inside = self.table[
                (self.table["age_days"] >= low) & (self.table["age_days"] <= (high or np.inf))
            ]
            waiting, active = inside["status"] == WAITING, inside["status"].isin([OPEN, LATE])
            band = f"{low} to {high} days" if high else f"more than {low - 1} days"
            rows.append(
                {
                    "band": band,
                    "waiting": int(waiting.sum()),
                    "open": int(active.sum()),
                    "value": int(inside.loc[waiting | active, "value"].sum()),
                }
            )
        return pd.DataFrame(rows)

    def unfinished(self) -> pd.DataFrame:
        """What waits or is open, overdue first, then the largest in money."""
        rank = self.table["status"].map({LATE: 0, WAITING: 1, OPEN: 2})
        left = self.table.assign(rank=rank, size=-self.table["value"])[rank.notna()]
        return left.sort_values(["rank", "size", "raised"], kind="stable").drop(columns=["rank", "size"])


def decision_log(books: Books, unit: str, period: Period | str) -> DecisionLog:
    """The log as it stood at the end of the period: what was raised by then and not closed before the period
    began.

    `value` is the effect expected in a year, in ten-thousandths.
    """
    unit, span = books.unit(unit), books.period(period)
    columns = [
        "decision",
        "text",
        "unit",
        "owner",
        "raised",
        "decided",
        "due",
        "closed",
        "status",
        "age_days",
        "value",
    ]
    none = pd.DataFrame(columns=columns)
    if "decisions" not in books.tables:
        return DecisionLog(none, "Decisions: none, because the books hold no decisions.")
    frame = books.rows("decisions", unit, order=["raised"], limit=MOST)
    for name in ("raised", "decided", "due", "closed"):
        frame[name] = pd.Series(_days(frame[name]), index=frame.index, dtype=object)
    frame = frame[[day <= span.end for day in frame["raised"]]].copy()
    for name in ("decided", "closed"):
        frame[name] = [day if day is not None and day <= span.end else None for day in frame[name]]
    frame = frame[[day is None or day >= span.start for day in frame["closed"]]]
    if frame.empty:
        return DecisionLog(none, f"Decisions: none, because none was open at {unit} in {span.label}.")
    frame["status"] = [_status(row, span.end) for row in frame.itertuples()]
    frame["age_days"] = [
        ((row.closed or span.end) - (row.decided or row.raised)).days for row in frame.itertuples()
    ]
    amounts = pd.to_numeric(frame["value"], errors="coerce").fillna(0)
    frame["value"] = (amounts * SCALE).round().astype("int64")
    owners = _names(books)
    frame["owner"] = [None if missing(one) else owners.get(one, one) for one in frame["owner"]]
    table = frame[columns].sort_values(["age_days", "decision"], ascending=[False, True], ignore_index=True)
    return DecisionLog(table, _log_text(table, unit, span, books))


def _status(row, end: dt.date) -> str:
    if row.decided is None:
        return WAITING
    if row.closed is None:
        return LATE if row.due is not None and row.due < end else OPEN
    return DONE_LATE if row.due is not None and row.closed > row.due else DONE


def _names(books: Books) -> dict[str, str]:
    if "departments" not in books.tables:
        return {}
    rows = books.rows("departments", columns=["department", "name"], limit=MOST)
    return dict(zip(rows["department"], rows["name"], strict=True))


def _log_text(table: pd.DataFrame, unit: str, span: Period, books: Books) -> str:
    counts = table["status"].value_counts()
    waits, active, late = (int(counts.get(name, 0)) for name in (WAITING, OPEN, LATE))
    text = (
        f"{unit}, end of {span.label}: {counted(waits, 'question waits', 'questions wait')} for a decision; "
    )
    text += f"{counted(active + late, 'action is', 'actions are')} open, {late} of them overdue"
    left = int(table.loc[table["status"].isin([WAITING, OPEN, LATE]), "value"].sum())
    if left > 0:
        text += (
            f". Together they are worth {money_text(left, books.currency)} a year, by those who raised them"
        )
    return sentence(text)


def days_to_decide(books: Books, unit: str, period: Period | str) -> list[int]:
    """Days from raised to decided, one for each decision that was made in the period."""
    span = books.period(period)
    if "decision_days" not in books.panel().measures:
        return []
    frame = books.panel().histogram("decision_days", [books.unit(unit)])
    frame = frame[frame["month"].between(span.first, span.last)]
    pairs = zip(frame["days"], frame["count"], strict=True)
    return [int(days) for days, count in pairs for _ in range(int(count))]


# --- a forecast that leans -------------------------------------------------------------------------


@dataclass(frozen=True)
class ForecastCost:
    """`table`: one row a month (index Period M): forecast, ordered, bias (units), bias_share, stock_units,
    stock_value, cash. `facts` are the sums the text is made of: ten-thousandths for money and units.
    """

    table: pd.DataFrame
    text: str
    facts: dict[str, int]


def forecast_cost(books: Books, unit: str, period: Period | str) -> ForecastCost:
    """What the agreed forecast said, what was ordered, and what became of finished stock and cash meanwhile.

    The cash in additional stock is its material and labour: overhead is paid whether or not it is parked
    there (it only leaves the profit statement for the balance sheet).
    """
    unit, span, panel = books.unit(unit), books.period(period), books.panel()
    wanted = ("consensus_forecast", "forecast_actual", "stock_quantity", "stock_finished_value", "cash")
    absent = [name for name in wanted[:2] if name not in panel.measures]
    if absent:
        return ForecastCost(pd.DataFrame(), "Forecast: none, because the books hold no forecasts.", {})
    first, last = panel.months.index(span.first), panel.months.index(span.last) + 1
    data = {name: panel.series(name, unit) for name in wanted if name in panel.measures}
    said, came = (int(data[name][first:last].sum()) for name in wanted[:2])
    if said == 0 or came <= 0:
        return ForecastCost(
            pd.DataFrame(), f"Forecast: none, because none was made for {unit} in {span.label}.", {}
        )
    table = pd.DataFrame(
        {name: values[first:last] / SCALE for name, values in data.items()},
        index=pd.PeriodIndex([month_end(m) for m in span.months], freq="M"),
    )
    table = table.rename(
        columns={
            "consensus_forecast": "forecast",
            "forecast_actual": "ordered",
            "stock_finished_value": "stock_value",
        }
    )
    table["bias"] = table["forecast"] - table["ordered"]
    table["bias_share"] = table["bias"] / table["ordered"].where(table["ordered"] > 0)
    facts = {"forecast": said, "ordered": came, "bias": said - came} | _stock_facts(books, unit, span)
    return ForecastCost(table, _forecast_text(facts, unit, span, books), facts)


def _stock_facts(books: Books, unit: str, span: Period) -> dict[str, int]:
    """Change of finished stock over the period, in value and in the cash that is in it."""
    if "stock" not in books.tables or "products" not in books.tables:
        return {}
    products = books.rows("products", where={"kind": "finished"}, limit=MOST).set_index("product")
    ends = {}
    for name, day in (("before", span.calendar.end(span.first - 1)), ("after", span.end)):
        try:
            rows = books.sums("stock", ["product"], ["quantity", "value"], unit, None, {"date": day})
        except UsageError:
            return {}
        rows = rows[rows["product"].isin(products.index)].set_index("product")
        share = 1 - (products["overhead_cost"] / products["standard_cost"]).reindex(rows.index).fillna(0)
        ends[name] = (len(rows), int(rows["value"].sum()), int((rows["value"] * share).sum()))
    if not ends["before"][0] or not ends["after"][0]:
        return {}
    change, paid = (ends["after"][i] - ends["before"][i] for i in (1, 2))
    return {"stock_change": change, "cash_in_stock": paid, "overhead_in_stock": change - paid}


def _forecast_text(facts: dict[str, int], unit: str, span: Period, books: Books) -> str:
    share = facts["bias"] / facts["ordered"]
    size, side = share_text(abs(share)), "above" if share > 0 else "below"
    text = f"{unit}, {span.label}: the agreed forecast was {size} {side} what was ordered"
    text += f" ({number_text(facts['bias'] / SCALE, sign=True)} units)"
    if "stock_change" in facts:
        change = facts["stock_change"]
        text += f". Finished stock {'rose' if change >= 0 else 'fell'} by "
        text += f"{money_text(abs(change), books.currency)}, "
        text += joined(
            [
                f"{money_text(abs(facts['cash_in_stock']))} of it material and labour, which is cash,",
                f"{money_text(abs(facts['overhead_in_stock']))} overhead "
                f"{'that left' if change >= 0 else 'that came back to'} the profit statement",
            ]
        )
    return sentence(text)
