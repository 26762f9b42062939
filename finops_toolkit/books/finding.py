"""A finding: what the contract or the reconciliation has to say about the data."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Any

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

    def __post_init__(self) -> None:
        # Names and values come from files of any origin. What is shown must not command the terminal, and
        # a sign that nobody sees would make two names look the same.
        for name in ("table", "text", "hint"):
            object.__setattr__(self, name, visible(getattr(self, name)))
        texts = [name for name, kind in self.rows.dtypes.items() if kind.kind == "O"]
        if texts:
            shown = {name: self.rows[name].map(visible) for name in texts}
            object.__setattr__(self, "rows", self.rows.assign(**shown))

    def __str__(self) -> str:
        return f"{self.table}: {self.text}" + (f" ({self.hint})" if self.hint else "")


def visible(value: Any) -> Any:
    """A text with every sign that is no letter, mark or blank written out. Other values stay."""
    if not isinstance(value, str) or value.isprintable():
        return value
    # Line feeds and the blanks that do not break are the house's own.
    return "".join(
        repr(letter)[1:-1] if letter != "\n" and unicodedata.category(letter)[0] == "C" else letter
        for letter in value
    )
