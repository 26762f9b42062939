"""Peers beside one's own KPIs: the same formula, twelve months each, and what lies in the middle of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import UsageError
from ..periods import Period, month_text
from .entries import Catalogue, catalogue_of
from .results import values
from .scope import several

PEER_COLUMNS = (
    "kpi", "unit", "period", "value", "measure", "reason", "peer", "peer_period", "peer_value", "peer_reason",
    "median", "peers_with_value",
)  # fmt: skip
# A peer's year that ended longer before one's own is another time.
_MONTHS_APART = 12


def beside_peers(
    books: Any,
    peers: Any,
    kpis: str | Sequence[str] | None = None,
    units: str | Sequence[str] | None = None,
    periods: str | Period | Sequence[str | Period] | None = None,
    *,
    extra: str | Path | None = None,
) -> pd.DataFrame:
    """One's own KPIs beside those of the companies in the books `peers`: a row each KPI, unit, period, peer.

    Everything is of twelve months: one's own end with the period asked for (None: the latest), a peer's are
    its latest reported ones that end with them or up to a year before: `period` and `peer_period` name them.
    kpis: None means those that are no amounts and that a peer has a value of (one's own, where none has).
    units: None means the whole.
    `median` is over the peers that have a value, `peers_with_value` how many; values are float64 in the KPI's
    measure, NaN where there is none, and the reasons say why. Amounts are compared in one currency only.

    Raises UsageError for an unknown KPI, unit or period, and where there is no peer.
    """
    everything = catalogue_of(books, extra)
    own_file = extra if extra is not None else books.file("kpis.toml")
    chosen = [kpi.id for kpi in everything.values() if kpi.measure != "money"]
    if kpis is not None:
        chosen = [everything.find(one).id for one in several(kpis)]
    names = [books.units.unit[0]] if units is None else [books.unit(one) for one in several(units)]
    blocks = []
    for unit in names:
        for one in ["latest-closed"] if periods is None else several(periods):
            span = books.period(one, unit).rolling()
            own = values(books, chosen, unit, span, extra=extra).set_index("kpi")
            found = [_of_peer(peers, peer, chosen, span, own_file) for peer in _companies(books, peers, unit)]
            blocks.append(_block(own, pd.concat(found), everything, books.currency, peers, unit, span))
    frame = pd.concat(blocks, ignore_index=True)
    if kpis is None:
        # Where no peer has a value, as in books of another time, one's own stand there, and why.
        known = set(frame.kpi[frame.peers_with_value > 0]) or set(frame.kpi[frame.value.notna()])
        frame = frame[frame.kpi.isin(known)].reset_index(drop=True)
    return frame


def _companies(books: Any, peers: Any, unit: str) -> list[str]:
    """The companies to compare with: those at the top, without oneself."""
    tops = peers.units[peers.units.parent.isna()].unit
    itself = unit if (peers.folder, peers.name) == (books.folder, books.name) else None
    found = [str(name) for name in tops if name != itself]
    if not found:
        raise UsageError(f"{peers.name} holds no company to compare {unit} with.", "Give books of peers.")
    return found


def _of_peer(peers: Any, peer: str, kpis: list[str], own: Period, extra: Any) -> pd.DataFrame:
    """A peer's values of its latest comparable twelve months: PEER_COLUMNS of the peer, by kpi."""
    end = _latest_end(peers, peer, own.last)
    if end is None:
        first, last = month_text(own.last - _MONTHS_APART), month_text(own.last)
        why = f"no twelve months of it are reported that end between {first} and {last}"
        return pd.DataFrame(
            {"kpi": kpis, "peer": peer, "peer_period": "", "peer_value": np.nan, "peer_reason": why}
        )
    frame = values(peers, kpis, peer, peers.period(f"{month_text(end)}-R12", peer), extra=extra)
    frame = frame.rename(columns={"period": "peer_period", "value": "peer_value", "reason": "peer_reason"})
    return frame[["kpi", "peer_period", "peer_value", "peer_reason"]].assign(peer=peer)


def _latest_end(peers: Any, peer: str, last: int) -> int | None:
    """The last month at which the peer's twelve months of revenue, cost or profit end; None where none do."""
    panel = peers.panel()
    row = [panel.index(peer)]
    for month in range(min(last, panel.closed), max(last - _MONTHS_APART, panel.months[0] + 10) - 1, -1):
        at = np.array([month - panel.months[0]])
        if panel.statements is None or panel.statements.tiles(at - 11, at)[0][row].all():
            return month
    return None


def _block(
    own: pd.DataFrame,
    found: pd.DataFrame,
    everything: Catalogue,
    currency: str,
    peers: Any,
    unit: str,
    span: Period,
) -> pd.DataFrame:
    money = found.kpi.map(lambda kpi: everything[kpi].measure.startswith("money"))
    foreign = dict(zip(peers.units.unit, peers.units.currency, strict=True))
    for place, peer in enumerate(found.peer):
        theirs = foreign[peer] or peers.currency
        if money.iloc[place] and theirs != currency:
            found.iloc[place, found.columns.get_loc("peer_value")] = np.nan
            why = f"in {theirs or 'a currency that is not named'}, not in {currency or 'one that is named'}"
            found.iloc[place, found.columns.get_loc("peer_reason")] = why
    middle = found.groupby("kpi", sort=False).peer_value.agg(median="median", peers_with_value="count")
    found = found.join(middle, on="kpi").join(own[["value", "measure", "reason"]], on="kpi")
    found = found.assign(unit=unit, period=span.text)
    order = {kpi: place for place, kpi in enumerate(own.index)}
    found = found.sort_values("kpi", key=lambda kpi: kpi.map(order), kind="stable")
    return found[list(PEER_COLUMNS)]
