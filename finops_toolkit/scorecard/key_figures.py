"""The scorecard's KPIs of finance, operations, customers and collaboration against target, with their
trend.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..books import Books
from ..kpis import Catalogue, catalogue_of, values
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
MOST = 16  # KPIs shown where there is no ledger


@dataclass(frozen=True)
class KeyFigures:
    """`table`: kpi, name, group, value, measure, target, met, trend (list), reason, currency, attainment,
    last_year (the value of the same period a year earlier, NaN where there is none).

    A row for each KPI that has a value; `absent` says in a sentence which have none, and why.
    """

    table: pd.DataFrame
    text: str
    absent: str

    @property
    def headlines(self) -> list[dict[str, Any]]:
        """The first three for an index of reports: label, value, status against target, trend."""
        return [
            {
                "label": row["name"],
                "value": measure_text(row["value"], row["measure"], row["currency"]),
                "status": "none" if missing(row["met"]) else "good" if row["met"] else "bad",
                "trend": [None if missing(value) else float(value) for value in row["trend"]],
            }
            for row in self.table.head(3).to_dict("records")
        ]


def key_figures(
    books: Books,
    unit: str,
    period: Period | str,
    kpis: Sequence[str] | None = None,
    months: int = TREND_MONTHS,
) -> KeyFigures:
    """KPIs of a unit in a period against target, and their last `months` months as a trend.

    kpis: those of the SCORECARD by default; of books without a ledger those that have a value, at most MOST.
    """
    unit, when = books.unit(unit), books.period(period)
    known = catalogue_of(books)
    chosen = list(SCORECARD if kpis is None else kpis)
    bare = kpis is None and "revenue" not in books.panel().measures
    chosen = _valued(books, unit, when) or chosen if bare else chosen
    frame = values(books, chosen, unit, when)
    first = max(when.last - months + 1, books.first)
    span = [books.period(month_text(month)) for month in range(first, when.last + 1)]
    trend = values(books, chosen, unit, span).groupby("kpi", sort=False)["value"].agg(list)
    table = pd.DataFrame(
        {
            "kpi": frame["kpi"],
            "name": [known[kpi].name for kpi in frame["kpi"]],
            "group": [known[kpi].group for kpi in frame["kpi"]],
            "value": frame["value"],
            "measure": _in_currency(frame["measure"], books.currency),
            "target": frame["target"],
            "met": frame["met"],
            "trend": [trend[kpi] for kpi in frame["kpi"]],
            "reason": frame["reason"],
            "currency": books.currency or None,
            "attainment": frame["attainment"],
            "last_year": _last_year(books, chosen, unit, when),
        }
    )
    shown = table[table["value"].notna()].reset_index(drop=True)
    if bare:
        return KeyFigures(shown, _text_of_records(shown, known), _absent_by_far(len(shown), len(known)))
    return KeyFigures(shown, _text(table), _absent(table))


def _valued(books: Books, unit: str, period: Period) -> list[str]:
    """The KPIs that have a value: amounts of money first, then in the catalogue's order; of too many the
    scorecard's own stay.
    """
    frame = values(books, None, unit, period)
    frame = frame[frame["value"].notna()]
    kept = sorted(frame["kpi"], key=lambda kpi: kpi not in SCORECARD)[:MOST]
    amounts = set(frame["kpi"][frame["measure"] == "money"])
    return sorted((kpi for kpi in frame["kpi"] if kpi in kept), key=lambda kpi: kpi not in amounts)


def _last_year(books: Books, kpis: list[str], unit: str, period: Period) -> list[float]:
    """The values a year earlier; NaN where the books do not reach back."""
    return list(values(books, kpis, unit, period.previous_year())["value"])


def _in_currency(measures: pd.Series, currency: str) -> pd.Series:
    """Measures of money for one of something, with the currency in it: "USD/customer"."""
    return measures.str.replace("money/", f"{currency or 'money'}/", regex=False)


def _text_of_records(table: pd.DataFrame, known: Catalogue) -> str:
    """Against target as always; where nothing has one, how many are better than a year earlier."""
    both = table[table["last_year"].notna()]
    if table["target"].notna().any() or both.empty:
        return _text(table)
    signs = {"up": 1, "down": -1}
    better = sum(
        (row.value - row.last_year) * signs[known[row.kpi].good] > 0
        if known[row.kpi].good in signs
        else abs(row.value) < abs(row.last_year)
        for row in both.itertuples()
    )
    return f"{better} of {counted(len(both), 'KPI')} are better than a year earlier; none has a target."


def _absent_by_far(shown: int, known: int) -> str:
    """Without a ledger most KPIs have no value: which, and for which tables, fills a page of its own."""
    few = f"{shown} of {known} KPIs are shown" if shown else f"None of {known} KPIs has a value here"
    return f"{few}; finops check says which tables the others need."


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
