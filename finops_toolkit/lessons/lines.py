"""Lines of lessons: goals, KPIs, decisions and definitions as tables whose cells are already words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ..alignment import Attainment
from ..books import Books
from ..books.contract import load_contract
from ..errors import UsageError
from ..kpis import catalogue_of, values
from ..periods import Period
from ..scorecard import Statement
from ..story import Story
from ..wording import SCALE, date_text, measure_text, missing, money_text, share_text

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
    """The tables of the contract: [table, what a row is, rows], absent ones with no rows."""
    rows = []
    for name, table in load_contract().tables.items():
        count = books.opened.rows.get(name) if name in books.tables else None
        rows.append(
            {"table": name, "a row is": table.text, "rows": "none" if count is None else f"{count:,}"}
        )
    return pd.DataFrame(rows)


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
) -> pd.DataFrame:
    """KPIs in words: [KPI, unit and period where there are several, value, target, reached, note].

    `note` is why there is no value, or the KPI's warning.
    """
    known = catalogue_of(books)
    frame = values(books, list(kpis), unit, list(periods))
    rows = []
    for row in frame.itertuples():
        aim = _worded(row.target, row.measure, books)
        met = {True: "yes", False: "no"}.get(row.met, "–")
        rows.append(
            {
                "KPI": known[row.kpi].name,
                "unit": row.unit,
                "period": books.period(row.period).label,
                "value": _worded(row.value, row.measure, books),
                "target": aim,
                "reached": met,
                "note": f"none, because {row.reason}" if row.reason else row.note,
            }
        )
    table = pd.DataFrame(rows)
    several = {name for name in ("unit", "period") if table[name].nunique() > 1}
    dull = {"unit", "period"} - several
    if not frame["target"].notna().any():
        dull |= {"target", "reached"}
    if not (table["note"] != "").any():
        dull.add("note")
    return table.drop(columns=sorted(dull))


def _worded(value: float, measure: str, books: Books) -> str:
    """A KPI's value in words; an amount for each unit made says of which currency."""
    return measure_text(value, measure, books.currency).replace("money", books.currency or "money")


def story_lines(story: Story, currency: str) -> pd.DataFrame:
    """The events of an order as a table for people, the dates unbroken."""
    rows = story.table[["date", "event", "operations", "finance"]].copy()
    rows["date"] = [date_text(day).replace(" ", "\u00a0") for day in story.table["date"]]
    rows[f"amount in {currency}"] = [money_text(amount) for amount in story.table["amount"]]
    return rows


def goal_lines(table: pd.DataFrame, currency: str = "") -> pd.DataFrame:
    """A goal tree, or its attainment, in words; what serves another goal is indented below it."""
    rows = []
    for row in table.to_dict("records"):
        line = {
            "goal": "\u2003" * int(row["depth"]) + str(row["name"]),
            "weight": share_text(row["weight"], places=0),
            "owner": "–" if missing(row["owner_name"]) else row["owner_name"],
            "KPI": "–" if missing(row["kpi_name"]) else row["kpi_name"],
        }
        if "attainment" in row:
            line["value"] = measure_text(row["value"], row["measure"], currency)
            line["target"] = measure_text(row["target"], row["measure"], currency)
            line["reached"] = share_text(row["attainment"], places=0)
        rows.append(line)
    return pd.DataFrame(rows)


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
                "correlation": "–"
                if missing(row["correlation"])
                else f"{row['correlation']:+.2f}".replace("-", "−"),
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
                    "reached": share_text(result.total, places=0),
                    "goals met": int((leaves["attainment"] >= 1).sum()),
                    "measured": len(leaves),
                }
            )
    return pd.DataFrame(found)


def conflict_lines(table: pd.DataFrame, currency: str) -> pd.DataFrame:
    """KPIs with two definitions in words: [KPI, one says, value, the other says, value]."""
    rows = [
        (
            row.name_,
            f"{row.owner}, from the {row.source}",
            measure_text(row.value, row.measure, currency),
            f"{row.rival_owner}, from the {row.rival_source}",
            measure_text(row.rival, row.measure, currency),
        )
        for row in table.rename(columns={"name": "name_"}).itertuples()
    ]
    return pd.DataFrame(rows, columns=["KPI", "one says", "one value", "the other says", "other value"])


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


def day(value: Any) -> str:
    """A date for a table, unbroken."""
    return date_text(value).replace(" ", "\u00a0")


def cents(amount: int) -> str:
    """Ten-thousandths to the cent, for a table that proves something."""
    return f"{amount / SCALE:,.2f}".replace("-", "−")
