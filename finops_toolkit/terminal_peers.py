"""What `finops kpis --peers` shows: one's own figures, the peers', and what lies in the middle."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.text import Text

from .terminal import console, grid, print_json, section, without_nan
from .wording import joined, measure_text

if TYPE_CHECKING:
    import pandas as pd

    from .books import Books

_NAMED = 4  # KPIs named behind a reason


def show_peers(books: Books, peers: Books, frame: pd.DataFrame, kpis: Mapping[str, Any], form: str) -> None:
    """KPIs beside those of peers: a table a unit and period for people, or every row as CSV or JSON."""
    if form == "csv":
        frame.to_csv(sys.stdout, index=False, lineterminator="\n")
        return
    if form == "json":
        print_json([without_nan(row) for row in frame.to_dict("records")])
        return
    if frame.empty:
        console().print(f"Neither {books.name} nor {peers.name} has a KPI with a value to compare.")
    for (unit, period), rows in frame.groupby(["unit", "period"], sort=False):
        _show_one(f"{books.name}, {unit}, {period}, beside {peers.name}", rows, kpis)


def _show_one(title: str, frame: pd.DataFrame, kpis: Mapping[str, Any]) -> None:
    out = console()
    out.print(Text(title, style="bold"))
    spans = frame[frame.peer_period != ""].groupby("peer", sort=False).peer_period.first()
    names = list(dict.fromkeys(frame.peer))
    heads = {"KPI": "", "own": "right", "median of peers": "right"}
    heads |= {f"{name} {spans.get(name, '')}".strip(): "right" for name in names}
    cells = []
    for kpi, lines in frame.groupby("kpi", sort=False):
        first = lines.iloc[0]
        middle = measure_text(first["median"], first.measure)
        if first.peers_with_value < len(lines) and first.peers_with_value:
            middle += f" (of {first.peers_with_value})"
        theirs = [measure_text(value, first.measure) for value in lines.peer_value]
        cells.append([kpis[kpi].name, measure_text(first.value, first.measure), middle, *theirs])
    out.print(grid(heads, cells))
    reasons = _reasons(frame, kpis)
    if reasons:
        heads = {"reason": "", "of": "", "KPIs": "right", "": ""}
        section(out, "Why there is none", grid(heads, reasons))
    out.print()


def _reasons(frame: pd.DataFrame, kpis: Mapping[str, Any]) -> list[list[Any]]:
    """Each reason once, the commonest first: whose values lack for it, how many KPIs, and which."""
    own = frame.drop_duplicates("kpi")
    told = [(why, "own", kpi) for why, kpi in zip(own.reason, own.kpi, strict=True) if why]
    told += [
        (why, peer, kpi)
        for why, peer, kpi in zip(frame.peer_reason, frame.peer, frame.kpi, strict=True)
        if why
    ]
    lacking: dict[tuple[str, str], list[str]] = {}
    for why, whose, kpi in told:
        lacking.setdefault((why, whose), []).append(kpis[kpi].name)
    folded: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (why, whose), names in lacking.items():
        folded.setdefault((why, tuple(names)), []).append(whose)
    rows = []
    for (why, named), those in sorted(folded.items(), key=lambda item: -len(item[0][1])):
        more = [f"{len(named) - _NAMED} more"] if len(named) > _NAMED + 1 else []
        shown = [*(named[:_NAMED] if more else named), *more]
        rows.append([why, joined(those), len(named), joined(shown)])
    return rows
