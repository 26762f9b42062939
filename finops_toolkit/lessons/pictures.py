"""Pictures of lessons: frames for the charts of plants beside each other, of goals and of decisions."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..alignment import Attainment
from ..books import Books
from ..collaboration import DONE, DONE_LATE, LATE, DecisionLog
from ..kpis import values
from ..periods import Period
from ..wording import SCALE, counted, joined, missing, share_text


def plants(books: Books) -> list[str]:
    """The units right below the top that are plants; all units below it where none is called one."""
    frame = books.units
    below = frame[frame["parent"] == frame["unit"].iloc[0]]
    found = below[below["kind"] == "plant"] if "kind" in below else below
    return list((found if len(found) else below)["unit"])


def by_plant(books: Books, kpi: str, period: Period | str, months: int = 13) -> pd.DataFrame:
    """A KPI (a share) plant by plant and month by month: [unit, month, actual], in percent; empty where none
    has it.
    """
    last = books.period(period).last
    first = max(books.first, last - months + 1)
    spans = [f"{month // 12}-{month % 12 + 1:02d}" for month in range(first, last + 1)]
    frame = values(books, kpi, plants(books), spans) if plants(books) else pd.DataFrame({"value": []})
    if not frame["value"].notna().any():
        return pd.DataFrame(columns=["unit", "month", "actual"])
    names = books.units.set_index("unit")["name"]
    return pd.DataFrame(
        {
            "unit": [names[unit] for unit in frame["unit"]],
            "month": frame["period"].astype("period[M]"),
            "actual": frame["value"] * 100,
        }
    )


def by_plant_text(frame: pd.DataFrame, name: str) -> str:
    """Where the KPI of `by_plant` stood lowest in the last month, against the best of the others."""
    last = frame[(frame["month"] == frame["month"].max()) & frame["actual"].notna()].sort_values("actual")
    if len(last) < 2:
        return f"{name}, plant by plant"
    low, high = last.iloc[0], last.iloc[-1]
    return (
        f"{name}: {low['unit']} is lowest with {share_text(low['actual'] / 100)}, "
        f"{high['unit']} best with {share_text(high['actual'] / 100)}"
    )


def goals_by_unit(found: Sequence[tuple[str, Attainment]]) -> pd.DataFrame:
    """How far each unit is from the target of each measured goal that nothing serves: a row a goal, a column
    a unit.

    Shares of the target, below zero where it was missed; units without any are left out.
    """
    columns = {}
    for unit, result in found:
        table = result.table
        if len(table):
            ends = table[~table["goal"].isin(table["parent"].dropna()) & table["uncapped"].notna()]
            if len(ends):
                columns[unit] = ends.set_index("name")["uncapped"].astype(float) - 1
    return pd.DataFrame(columns)


def goals_by_unit_text(frame: pd.DataFrame) -> str:
    """The goal that most units missed, in a sentence."""
    missed = (frame < 0).sum(axis=1)
    if not missed.max():
        return "Every unit reached every goal that can be measured"
    known = int(frame.loc[missed.idxmax()].notna().sum())
    if missed.max() == known:
        names = joined([str(name) for name in missed.index[missed == frame.notna().sum(axis=1)]])
        return f"Missed by every unit: {names}"
    return f"{missed.idxmax()}: missed by {missed.max()} of {counted(known, 'unit')}"


def goal_boxes(table: pd.DataFrame) -> pd.DataFrame:
    """An attainment as boxes of a driver tree: [node, parent, name, value, delta, measure], the delta against
    100 %.
    """
    return pd.DataFrame(
        {
            "node": table["goal"],
            "parent": table["parent"],
            "name": table["name"],
            "value": table["attainment"],
            "delta": table["attainment"] - 1,
            "measure": "%",
        }
    )


def decision_bars(log: DecisionLog, most: int = 12) -> pd.DataFrame:
    """Decisions as bars of a timeline: [name, owner, start, end, status, due], what is not done and then what
    was closed last; at most so many.
    """
    left = log.unfinished()
    done = log.table[log.table["status"].isin([DONE, DONE_LATE])].sort_values("closed", ascending=False)
    rows = pd.concat([left, done]).head(most).sort_values("raised", kind="stable")
    status = {LATE: "late", DONE: "done", DONE_LATE: "done"}
    return pd.DataFrame(
        {
            "name": rows["text"],
            "owner": rows["owner"],
            "start": rows["raised"],
            "end": rows["closed"],
            "status": [status.get(one, "open") for one in rows["status"]],
            "due": rows["due"],
        }
    ).reset_index(drop=True)


def decision_text(frame: pd.DataFrame) -> str:
    """How many of the bars are late, and which of them waits longest."""
    late = frame[frame["status"] == "late"].sort_values("start", kind="stable")
    if late.empty:
        return f"None of {counted(len(frame), 'decision')} is late"
    names = joined([str(name) for name in late["name"].head(1)])
    return f"{counted(len(late), 'decision')} late, the oldest: {names}"


def sales_by_family(books: Books, parts: pd.DataFrame) -> pd.DataFrame:
    """Sales of a bridge's products by family, largest first: [name, actual, budget] in plain units."""
    rows = parts[["product", "amount_0", "amount_1"]].copy()
    rows["name"] = rows["product"].astype(str)
    if "products" in books.tables:
        known = books.rows("products", columns=["product", "family"], limit=1_000_000)
        families = known.set_index("product")["family"]
        rows["name"] = [families.get(one, one) for one in rows["product"]]
        rows["name"] = ["other" if missing(name) else name for name in rows["name"]]
    sums = rows.groupby("name")[["amount_1", "amount_0"]].sum() / SCALE
    sums.columns = pd.Index(["actual", "budget"])
    return sums.sort_values("budget", ascending=False).reset_index()


def sales_by_family_text(frame: pd.DataFrame, against: str) -> str:
    """The family that is furthest from its reference, in a sentence."""
    gap = frame["actual"] - frame["budget"]
    row = frame.loc[gap.abs().idxmax()]
    size = abs(gap.loc[gap.abs().idxmax()])
    share = f" ({share_text(size / row['budget'])})" if row["budget"] > 0 else ""
    word = "below" if row["actual"] < row["budget"] else "above"
    return f"{row['name']} are furthest from {against}: {size / 1000:,.0f}\u00a0k{share} {word}"
