"""The scorecard's KPIs of finance, operations, customers and collaboration against target, with their
trend.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ..books import Books
from ..kpis import catalogue_of, values
from ..periods import Period, month_text
from ..wording import counted, joined, measure_text, missing, sentence

# Four a row: finance, operations, customers, working together.
SCORECARD = (
    *("operating_margin", "gross_margin", "dso", "dio"),
    *("oee", "scrap_rate", "first_pass_yield", "supplier_on_time"),
    *("otif", "nps", "csat", "customer_retention"),
    *("forecast_wape", "meeting_cadence", "decision_latency", "action_closure"),
)
TREND_MONTHS = 13


@dataclass(frozen=True)
class KeyFigures:
    """`table`: kpi, name, group, value, measure, target, met, trend (list), reason, currency, attainment.

    A row for each KPI that has a value; `absent` says in a sentence which have none, and why.
    """

    table: pd.DataFrame
    text: str
    absent: str


def key_figures(
    books: Books, unit: str, period: Period | str, kpis: Sequence[str] = SCORECARD, months: int = TREND_MONTHS
) -> KeyFigures:
    """KPIs of a unit in a period against target, and their last `months` months as a trend."""
    unit, when = books.unit(unit), books.period(period)
    known = catalogue_of(books)
    frame = values(books, list(kpis), unit, when)
    first = max(when.last - months + 1, books.first)
    span = [books.period(month_text(month)) for month in range(first, when.last + 1)]
    trend = values(books, list(kpis), unit, span).groupby("kpi", sort=False)["value"].agg(list)
    table = pd.DataFrame(
        {
            "kpi": frame["kpi"],
            "name": [known[kpi].name for kpi in frame["kpi"]],
            "group": [known[kpi].group for kpi in frame["kpi"]],
            "value": frame["value"],
            "measure": frame["measure"],
            "target": frame["target"],
            "met": frame["met"],
            "trend": [trend[kpi] for kpi in frame["kpi"]],
            "reason": frame["reason"],
            "currency": books.currency or None,
            "attainment": frame["attainment"],
        }
    )
    return KeyFigures(table[table["value"].notna()].reset_index(drop=True), _text(table), _absent(table))


def _text(table: pd.DataFrame) -> str:
    """How many KPIs miss their target, and the two that miss it by most."""
    aimed = table[
        [
            not missing(met) and not missing(value)
            for met, value in zip(table["met"], table["value"], strict=True)
        ]
    ]
    if aimed.empty:
        return (
            "No KPI of the scorecard has a target here."
            if table["value"].notna().any()
            else "No KPI has a value here."
        )
    missed = aimed[~aimed["met"].astype(bool)].sort_values("attainment", kind="stable", na_position="first")
    if missed.empty:
        return f"All {counted(len(aimed), 'KPI')} with a target reach it."
    worst = joined(
        f"{row.name_} {measure_text(row.value, row.measure, row.currency)} "
        f"(target {measure_text(row.target, row.measure, row.currency)})"
        for row in missed.rename(columns={"name": "name_"}).head(2).itertuples()
    )
    count = f"{len(missed)} of {counted(len(aimed), 'KPI')} with a target"
    verb, most = "misses" if len(missed) == 1 else "miss", " by most" if len(missed) > 2 else ""
    return f"{count} {verb} it: {worst}{most}."


def _absent(table: pd.DataFrame) -> str:
    gone = table[table["value"].isna()]
    if gone.empty:
        return ""
    groups = gone.groupby("reason", sort=False)["name"].agg(list)
    return "None: " + sentence(
        "; ".join(f"{joined(names)}, because {_subject(why)}" for why, names in groups.items())
    )


def _subject(why: str) -> str:
    """A reason as it reads after "because"; the commonest, a missing table, in four words."""
    table = re.fullmatch(r"needs (.+), which the data does not have", why)
    return f"there is no table of {table[1]}" if table else f"it {why}" if why.startswith("needs ") else why
