"""A finding: what the contract or the reconciliation has to say about the data."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

LEVELS = ("error", "difference", "note")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or worth knowing.

    level: "error" (unusable: nothing is computed), "difference" (the work goes on and the amount is
    shown) or "note". `count` is the number of rows concerned, `amount` the money or quantity behind them
    in ten-thousandths (None where nothing can be summed), `rows` the first five of them by key.
    """

    level: str
    table: str
    rule: str
    text: str
    count: int = 0
    amount: int | None = None
    rows: pd.DataFrame = field(default_factory=pd.DataFrame, compare=False, repr=False)
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.table}: {self.text}" + (f" ({self.hint})" if self.hint else "")
