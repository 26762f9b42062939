"""What `finops kpis --peers` shows: one's own figures, the peers', and what lies in the middle."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.text import Text

from .terminal import console, grid, print_json, section, without_nan
from .wording import measure_text

if TYPE_CHECKING:
    import pandas as pd

    from .books import Books


def show_peers(books: Books, peers: Books, frame: pd.DataFrame, kpis: Mapping[str, Any], form: str) -> None:
    """KPIs beside those of peers: a table a unit and period for people, or every row as CSV or JSON."""
    if form == "csv":
        frame.to_csv(sys.stdout, index=False, lineterminator="\n")
        return
    if form == "json":
        print_json([without_nan(row) for row in frame.to_dict("records")])
        return
    for (unit, period), rows in frame.groupby(["unit", "period"], sort=False):
        _show_one(f"{books.name}, {unit}, {period}, beside {peers.name}", rows, kpis)


def _show_one(title: str, frame: pd.DataFrame, kpis: Mapping[str, Any]) -> None:
    out = console()
    out.print(Text(title, style="bold"))
    spans = frame[frame.peer_period != ""].groupby("peer", sort=False).peer_period.first()
    names = list(dict.fromkeys(frame.peer))
    heads = {"KPI": "", "own": "right", "median of peers": "right"}
    heads |= {f"{name} {spans.get(name, '')}".strip(): "right" for name in names}
    cells, reasons = [], []
    for kpi, lines in frame.groupby("kpi", sort=False):
        first = lines.iloc[0]
        middle = measure_text(first["median"], first.measure)
        if first.peers_with_value < len(lines) and first.peers_with_value:
            middle += f" (of {first.peers_with_value})"
        theirs = [measure_text(value, first.measure) for value in lines.peer_value]
        cells.append([kpis[kpi].name, measure_text(first.value, first.measure), middle, *theirs])
        if first.reason:
            reasons.append([kpis[kpi].name, "own", first.reason])
        reasons += [
            [kpis[kpi].name, peer, why]
            for peer, why in zip(lines.peer, lines.peer_reason, strict=True)
            if why
        ]
    out.print(grid(heads, cells))
    if reasons:
        section(out, "Why there is none", grid({"KPI": "", "of": "", "reason": ""}, reasons))
    out.print()
