"""What `finops kpis` shows: the values, and in a short list at the end why the others have none."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from .terminal import console, grid, print_json, section, without_nan
from .wording import joined, measure_text

if TYPE_CHECKING:
    import pandas as pd

    from .books import Books

COLUMNS = ["kpi", "unit", "period", "value", "measure", "basis", "reason", "target"]
_ACROSS = 7  # columns of values at most, however wide the screen is
_NARROW = 9  # a column of values is hardly ever less wide
_NAMED = 3  # KPIs named for a reason; the others are counted


def show_kpis(
    books: Books, frame: pd.DataFrame, kpis: Mapping[str, Any], form: str, every: bool = False
) -> None:
    """KPI values as a table for people, or as CSV or JSON with full precision and an empty value where none
    is.

    every: show the KPIs without a value too, a row each. CSV and JSON hold them always.
    """
    if form == "csv":
        frame[COLUMNS].to_csv(sys.stdout, index=False, lineterminator="\n")
        return
    if form == "json":
        print_json([without_nan(row) for row in frame[COLUMNS].to_dict("records")])
        return
    out = console()
    pairs = frame[["unit", "period"]].drop_duplicates()
    if len(pairs) > 1 and pairs.unit.is_unique and pairs.period.nunique() > 1:
        # Companies whose years end in different months.
        frame = frame.assign(unit=frame.unit + " " + frame.period, period="each its own months")
    units, periods = frame.unit.unique(), frame.period.unique()
    valued = frame.kpi[frame.reason == ""].unique()
    shown = frame if every else frame[frame.kpi.isin(valued)]
    words = [books.name, *(str(one[0]) for one in (units, periods) if len(one) == 1)]
    title = f"{', '.join(words)}{f', in {books.currency}' if books.currency else ''}"
    out.print(Text(title, style="bold"))
    if not len(shown):
        out.print("No KPI has a value here. finops check shows what there is, and from when to when.")
    elif len(units) == len(periods) == 1 or (len(units) > 1 and len(periods) > 1):
        _show_rows(out, books, shown, kpis, every)
    else:
        _show_across(out, books, shown, kpis, "unit" if len(periods) == 1 else "period")
    if not every:
        _show_reasons(out, frame, kpis, len(valued))
    elif len(pairs) > 1 and (len(units) == 1 or len(periods) == 1):
        _show_each_reason(out, frame, kpis)


def _show_rows(out: Console, books: Books, frame: pd.DataFrame, kpis: Mapping[str, Any], every: bool) -> None:
    """A row for each KPI, unit and period, with the target, and with the reason where each is shown."""
    heads = {"KPI": ""}
    heads |= {name: "" for name in ("unit", "period") if frame[name].nunique() > 1}
    aimed, told = frame.target.notna().any(), every and (frame.reason != "").any()
    rows = []
    for row in frame.itertuples():
        cells = [kpis[row.kpi].name, *(getattr(row, name) for name in list(heads)[1:])]
        cells.append(_text(row.value, row.measure, books))
        cells += ["" if row.target != row.target else _text(row.target, row.measure, books)] * bool(aimed)
        rows.append(cells + [row.reason] * bool(told))
    heads |= {"value": "right"} | ({"target": "right"} if aimed else {})
    out.print(grid(heads | ({"why there is none": ""} if told else {}), rows))


def _show_across(
    out: Console, books: Books, frame: pd.DataFrame, kpis: Mapping[str, Any], across: str
) -> None:
    """Units or periods side by side, as many as the screen takes; the others below."""
    heads = list(dict.fromkeys(frame[across]))
    rows = {
        kpi: {getattr(row, across): _text(row.value, row.measure, books) for row in lines.itertuples()}
        for kpi, lines in frame.groupby("kpi", sort=False)
    }
    left = max(len(kpis[kpi].name) for kpi in rows) + 2
    wide = max(_NARROW, *(len(text) for cells in rows.values() for text in cells.values())) + 2
    most = max(1, min(_ACROSS, (out.width - left) // wide))
    for start in range(0, len(heads), most):
        some = heads[start : start + most]
        if start:
            out.print()
        cells = [[kpis[kpi].name, *(row.get(head, "") for head in some)] for kpi, row in rows.items()]
        out.print(grid({"KPI": "", **dict.fromkeys(some, "right")}, cells))


def _show_reasons(out: Console, frame: pd.DataFrame, kpis: Mapping[str, Any], valued: int) -> None:
    """Why KPIs have no value, the commonest reason first; a KPI without any is told once."""
    without = frame[frame.reason != ""]
    if without.empty:
        return
    some = without.kpi.isin(frame.kpi[frame.reason == ""])
    told = without[some | ~without.kpi.duplicated()].drop_duplicates(["kpi", "reason"])
    groups = sorted(told.groupby("reason", sort=False).kpi, key=lambda group: -len(group[1]))
    rows = []
    for reason, ids in groups:
        names = [kpis[kpi].name for kpi in ids]
        more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED + 1 else []
        rows.append([reason, len(names), joined(names[:_NAMED] + more if more else names)])
    section(out, "Why there is none", grid({"reason": "", "KPIs": "right", "": ""}, rows))
    out.print()
    out.print(f"{valued} of {frame.kpi.nunique()} KPIs have a value. --all shows a row for each of them.")


def _show_each_reason(out: Console, frame: pd.DataFrame, kpis: Mapping[str, Any]) -> None:
    without = frame[frame.reason != ""].drop_duplicates(["kpi", "reason"])
    if len(without):
        rows = [[kpis[row.kpi].name, row.reason] for row in without.itertuples()]
        section(out, "Why there is none", grid({"KPI": "", "reason": ""}, rows))


def _text(value: float, measure: str, books: Books) -> str:
    """A value without its currency, which stands above; "2.4 k USD/customer" names it."""
    named = measure.replace("money/", f"{books.currency}/") if books.currency else measure
    return measure_text(value, named, None)
