"""What a KPI's figures reconcile to: the pairs of ledger and subledger it draws on, and their difference."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..wording import SCALE
from .entries import Catalogue, Kpi, measures_of
from .evaluation import Cells, evaluate
from .formulas import Name, Sum
from .scope import Scope

# Cost of goods sold is reconciled by the part of it that deliveries carry: cost of sales at standard.
STANDS_FOR = {"cogs": "standard_cost_of_sales"}


def pairs_of(kpi: Kpi, kpis: Catalogue, measures: Any) -> list[Any]:
    """The pairs (books.reconciling.Pair) a KPI's formula draws on, from either side."""
    from ..books.reconciling import PAIRS

    used = {STANDS_FOR.get(name, name) for name in measures_of(kpi, kpis)}
    return [
        pair
        for pair in PAIRS
        if used & {pair.ledger, pair.subledger} and pair.ledger in measures and pair.subledger in measures
    ]


def difference(scope: Scope, pair: Any) -> tuple[Cells, Cells, Cells]:
    """Ledger, subledger and ledger - subledger for every unit and period; balances at the period's end."""
    ledger, subledger = (
        scope.spread_out(scope.look_up(name, "ending", 0)) for name in (pair.ledger, pair.subledger)
    )
    both = evaluate(Sum(((1, Name(pair.ledger)), (-1, Name(pair.subledger)))), scope)
    return ledger, subledger, scope.spread_out(both)


def agreement(scope: Scope, kpi: Kpi) -> npt.NDArray:
    """In words for every unit and period whether the books agree that a KPI draws on; "" where none do."""
    texts = [_agreement(scope, pair) for pair in pairs_of(kpi, scope.kpis, scope.panel.measures)]
    result = np.full(scope.shape, "", dtype=object)
    for number, text in enumerate(texts):
        result = result + np.where((result != "") & (text != ""), "; ", "") + text if number else text
    return result


def _agreement(scope: Scope, pair: Any) -> npt.NDArray:
    def compare() -> npt.NDArray:
        _, _, gap = difference(scope, pair)
        sums, place = np.unique(gap.data, return_inverse=True)
        words = np.array([pair_text(pair.name, int(amount)) for amount in sums], dtype=object)
        return np.where(gap.why == 0, words[place.reshape(scope.shape)], "")

    return scope.remember(("agreement", pair.name), compare)


def pair_text(name: str, amount: int | None) -> str:
    """One pair's result in words; the amount is ledger - subledger in ten-thousandths."""
    if amount is None:
        return f"{name}: not compared"
    return (
        f"{name}: agrees" if amount == 0 else f"{name}: ledger − subledger = {Decimal(amount) / SCALE:,.2f}"
    )


def reconciliation_table(scope: Scope, pairs: Sequence[Any]) -> pd.DataFrame:
    """For one unit and period: [pair, text, ledger, subledger, difference, reason]; exact Decimals."""
    rows = []
    for pair in pairs:
        parts = difference(scope, pair)
        why = int(parts[2].why[0, 0])
        amounts = [None if why else Decimal(int(cells.data[0, 0])) / SCALE for cells in parts]
        rows.append((pair.name, pair.text, *amounts, scope.reasons[why]))
    return pd.DataFrame(rows, columns=["pair", "text", "ledger", "subledger", "difference", "reason"])
