"""Figures of reported statements: which periods and lines have none, and why.

Where movements come by quarter or year, a period has a figure only if it is made of whole movements, and a
balance only where one was reported. A line that was not reported is not applicable: it is not zero.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


class Reading(Protocol):
    """What reads the figures: its panel and units, the first month, and its numbered reasons."""

    panel: Any
    units: list[str]
    begin: int

    def code(self, text: str) -> int:
        """The number of a reason."""
        ...


def unreported(
    scope: Reading, name: str, first: npt.NDArray, last: npt.NDArray, closing: bool, may_lack: bool
) -> npt.NDArray:
    """Numbers of the reasons why a ledger measure has no figure, [unit, period]; 0 where it has one.

    first, last: each period's months (ordinals); of a balance, `last` is the month at whose end it is wanted.
    may_lack: a line that is not there counts as nothing.
    """
    statements = scope.panel.statements
    rows = np.array([scope.panel.index(unit) for unit in scope.units], dtype="int64")
    low, high = first - scope.begin, last - scope.begin
    held = scope.panel.rows(name)
    if closing:
        whole = statements.reported(high)
        some = every = held[:, np.clip(high, 0, held.shape[1] - 1)] > 0
    else:
        whole, _ = statements.tiles(low, high)
        some, every = statements.present(held, low, high)
    why = np.zeros((len(rows), len(first)), "int64")
    for row, column in zip(*np.nonzero(~whole[rows]), strict=True):
        span = int(first[column]), int(last[column])
        why[row, column] = scope.code(statements.refused(int(rows[row]), *span, scope.begin, closing))
    if may_lack:
        return why
    text = name.replace("_", " ")
    absent = [scope.code(f"not applicable: the statements of {unit} show no {text}") for unit in scope.units]
    partly = [scope.code(f"the statements of {unit} show {text} in part only") for unit in scope.units]
    missing = np.where(every[rows], 0, np.array(partly)[:, None])
    missing = np.where(some[rows], missing, np.array(absent)[:, None])
    return np.where(why == 0, missing, why)


def reported_days(scope: Reading, first: npt.NDArray, last: npt.NDArray) -> npt.NDArray:
    """The days each period's movements cover by the companies' own dates, [unit, period]; 0 where unknown."""
    rows = [scope.panel.index(unit) for unit in scope.units]
    whole, days = scope.panel.statements.tiles(first - scope.begin, last - scope.begin)
    return np.where(whole, days, 0)[rows]
