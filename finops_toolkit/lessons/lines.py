"""Lines of lessons: goals, KPIs, decisions and definitions as tables whose cells are already words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from ..alignment import Attainment
from ..books import Books
from ..books.contract import load_contract
from ..errors import UsageError
from ..kpis import catalogue_of, values
from ..periods import Period
from ..scorecard import Statement
from ..sheets import kpi_format
from ..story import Story
from ..tables import Column, Table
from ..wording import measure_text, missing

ASSESSMENT = (
    ("Strategic alignment", "I can say which goal of the company my own KPI serves.", "operating_margin"),
    ("Data-driven decisions", "When we argue, we look the number up in one place.", "forecast_wape"),
    (
        "Resource allocation",
        "Budget and capacity go where they bring most for the company.",
        "opex_vs_budget",
    ),
    ("Measurement", "After a project we check whether it worked.", "action_closure"),
    ("Collaboration", "Finance and operations sit at one table every month.", "meeting_cadence"),
)


def tables_held(books: Books) -> pd.DataFrame:
    """The tables of the contract: [table, a_row_is, rows], no number of rows for absent ones."""
    rows = []
    for name, table in load_contract().tables.items():
        rows.append({"table": name, "a_row_is": table.text, "rows": books.sizes.get(name)})
    return pd.DataFrame(rows).astype({"rows": "Int64"})


def self_assessment(ratings: Sequence[int]) -> pd.DataFrame:
    """The five aspects with their statements and one's own ratings, 1 to 5. Raises UsageError for anything
    else.
    """
    if len(ratings) != len(ASSESSMENT) or any(mark not in (1, 2, 3, 4, 5) for mark in ratings):
        raise UsageError(f"The ratings are {list(ratings)!r}.", "Give five whole numbers from 1 to 5.")
    rows = [(aspect, text, mark) for (aspect, text, _), mark in zip(ASSESSMENT, ratings, strict=True)]
    return pd.DataFrame(rows, columns=["aspect", "statement", "yours"])


def kpi_lines(
    books: Books, kpis: Sequence[str], unit: str | Sequence[str], periods: Sequence[Period | str]
) -> Table:
    """KPIs as a table: KPI, business unit and period where there are several, value, target, unit, reached,
    note.

    `note` is why there is no value, or the KPI's warning.
    """
    known = catalogue_of(books)
    frame = values(books, list(kpis), unit, list(periods))
    rows, formats = [], {}
    for number, row in enumerate(frame.itertuples()):
        met = {True: "yes", False: "no"}.get(row.met, "–")
        note = f"none, because {row.reason}" if row.reason else row.note
        rows.append((known[row.kpi].name, row.unit, books.period(row.period).label, _plain(row.value),
                     _plain(row.target), _measure(row.measure, books.currency), met, note))  # fmt: skip
        formats[number, "value"] = kpi_format(row.measure, row.value)
        formats[number, "target"] = kpi_format(row.measure, row.target)
    columns = [
        Column("kpi", "KPI"),
        Column("of", "Business unit"),
        Column("period", "Period"),
        Column("value", "Value", "number"),
        Column("target", "Target", "number"),
        Column("unit", "Unit"),
        Column("reached", "Reached?"),
        Column("note", "Note", wide=True),
    ]
    dull = {key for key, place in (("of", 1), ("period", 2)) if len({row[place] for row in rows}) < 2}
    name = rows[0][0] if dull < {"of", "period"} and len({row[0] for row in rows}) == 1 else ""
    dull |= {"kpi"} if name else set()
    dull |= set() if any(row[4] is not None for row in rows) else {"target", "reached"}
    dull |= set() if any(row[7] for row in rows) else {"note"}
    return replace(_without(columns, rows, formats, dull, "kpis"), caption=name)


def _plain(value: Any) -> float | None:
    return None if missing(value) else float(value)


def _measure(measure: str, currency: str) -> str:
    """A KPI's measure as a unit; an amount says of which currency."""
    return measure.replace("money", currency or "money")


def _without(
    columns: list[Column],
    rows: list[tuple[Any, ...]],
    formats: dict[tuple[int, str], tuple[str, int]],
    dull: set[str],
    name: str,
) -> Table:
    """A table of these columns, but for the dull ones."""
    kept = [place for place, column in enumerate(columns) if column.key not in dull]
    return Table(
        name,
        tuple(columns[place] for place in kept),
        tuple(tuple(row[place] for place in kept) for row in rows),
        formats={where: said for where, said in formats.items() if where[1] not in dull},
    )


def story_lines(story: Story) -> pd.DataFrame:
    """The events of an order as a table for people: [date, event, operations, finance, amount]."""
    return story.table[["date", "event", "operations", "finance", "amount"]]


def goal_lines(table: pd.DataFrame, currency: str = "") -> Table:
    """A goal tree, or its attainment, as a table; what serves another goal is indented below it."""
    rows, formats = [], {}
    for number, row in enumerate(table.to_dict("records")):
        measure = row.get("measure") or ""
        rows.append(("\u2003" * int(row["depth"]) + str(row["name"]), _plain(row["weight"]),
                     *(None if missing(row[key]) else row[key] for key in ("owner_name", "kpi_name")),
                     *(_plain(row.get(key)) for key in ("value", "target")),
                     _measure(measure, currency), _plain(row.get("attainment"))))  # fmt: skip
        for key in ("value", "target"):
            formats[number, key] = kpi_format(measure, row.get(key))
    columns = [
        Column("goal", "Goal", wide=True),
        Column("weight", "Weight", "share", "%"),
        Column("owner", "Owner"),
        Column("kpi", "KPI"),
        Column("value", "Value", "number"),
        Column("target", "Target", "number"),
        Column("unit", "Unit"),
        Column("reached", "Reached", "share", "%"),
    ]
    dull = set() if "attainment" in table else {"value", "target", "unit", "reached"}
    return _without(columns, rows, formats, dull, "goals")


def leaves_of(table: pd.DataFrame, currency: str = "") -> pd.DataFrame:
    """The measured goals that nothing serves, for a bullet chart: [name, attainment, value_text, owner,
    lost].
    """
    ends = ~table["goal"].isin(table["parent"].dropna())
    rows = (
        table[table["kpi_name"].notna() & ends & table["attainment"].notna()].copy() if len(table) else table
    )
    if rows.empty:
        return pd.DataFrame(columns=["name", "attainment", "value_text", "owner", "lost"])
    rows["value_text"] = [
        measure_text(v, m, currency) for v, m in zip(rows["value"], rows["measure"], strict=True)
    ]
    rows["lost"] = (1 - rows["attainment"]) * rows["share"]
    rows["owner"] = rows["owner_name"].fillna("nobody")
    rows["attainment"] = rows["uncapped"]
    return rows[["goal", "name", "attainment", "value_text", "owner", "lost"]].reset_index(drop=True)


def pull_lines(table: pd.DataFrame) -> pd.DataFrame:
    """The pairs of KPIs in words: who wants what, how it hangs together, whether it shows."""
    rows = []
    for row in table.to_dict("records"):
        shows = {True: "yes", False: "no", None: f"none, because {row['reason']}"}[row["against"]]
        rows.append(
            {
                "one side": f"{row['name']} ({row['owner']})",
                "other side": f"{row['other_name']} ({row['other_owner']})",
                "why they might": row["because"],
                "correlation": row["correlation"],
                "do they pull apart?": shows,
            }
        )
    return pd.DataFrame(rows)


def unit_totals(rows: Sequence[tuple[str, Attainment]]) -> pd.DataFrame:
    """Units and how far each reached the top goal: [unit, reached, met, measured]; those without a figure
    left out.
    """
    found = []
    for unit, result in rows:
        if not missing(result.total):
            leaves = leaves_of(result.table)
            found.append(
                {
                    "unit": unit,
                    "reached": float(result.total),
                    "goals met": int((leaves["attainment"] >= 1).sum()),
                    "measured": len(leaves),
                }
            )
    return pd.DataFrame(found)


def conflict_lines(table: pd.DataFrame, currency: str) -> Table:
    """KPIs with two definitions: what one side says and its value, what the other says and its value."""
    rows: list[tuple[Any, ...]] = []
    formats = {}
    for number, row in enumerate(table.to_dict("records")):
        rows.append((row["name"], f"{row['owner']}, from the {row['source']}", _plain(row["value"]),
                     f"{row['rival_owner']}, from the {row['rival_source']}", _plain(row["rival"]),
                     _measure(row["measure"], currency)))  # fmt: skip
        formats[number, "value"] = kpi_format(row["measure"], row["value"])
        formats[number, "rival"] = kpi_format(row["measure"], row["rival"])
    columns = [
        Column("kpi", "KPI"),
        Column("one", "One says"),
        Column("value", "Its value", "number"),
        Column("other", "The other says"),
        Column("rival", "Its value", "number"),
        Column("unit", "Unit"),
    ]
    return _without(columns, rows, formats, set(), "definitions")


def owner_lines(owners: dict[str, list[str]]) -> pd.DataFrame:
    """Owners and their KPIs, the longest list first: [owner, KPIs, among them]."""
    ranked = sorted(owners.items(), key=lambda item: (-len(item[1]), item[0]))
    rows = [(owner.capitalize(), len(names), ", ".join(names[:4])) for owner, names in ranked]
    return pd.DataFrame(rows, columns=["owner", "KPIs", "among them"])


def product_lines(books: Books, parts: pd.DataFrame) -> pd.DataFrame:
    """Products with the effect of their prices (ten-thousandths): [product, name, family, price effect]."""
    rows = parts[["product", "price"]].rename(columns={"price": "price effect"}).reset_index(drop=True)
    if "products" in books.tables:
        names = books.rows("products", columns=["product", "name", "family"], limit=1_000_000)
        rows = rows.merge(names, on="product", how="left")
    return rows[[name for name in ("product", "name", "family", "price effect") if name in rows]]


def outlook_lines(result: Statement) -> pd.DataFrame:
    """The full-year outlook of a statement, its main lines: [line, actual, budget, last_year]; empty once it
    is over.
    """
    rows = result.table[result.table["scope"] == "outlook"]
    rows = rows[rows["line"].isin(["revenue", "gross_profit", "ebit", "cash"])]
    if rows.empty or result.value("revenue", "outlook") == result.value("revenue", "ytd"):
        return rows.iloc[:0][["name"]]
    return (
        rows[["name", "actual", "budget", "last_year"]]
        .rename(columns={"name": "line"})
        .reset_index(drop=True)
    )
