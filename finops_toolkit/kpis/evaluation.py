"""The value of a formula's tree, over arrays: every unit and period at once.

Money stays exact, as int64 ten-thousandths, through sums, differences and products with whole numbers; the
first division or general product turns it to float64. A cell without a value carries its reason's number.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ..wording import SCALE
from .formulas import SPREAD_FUNCTIONS, Call, Comparison, Name, Node, Number, Sum

# Beyond this a sum of ten-thousandths might not fit 64 bits: the work goes on in doubles.
EXACT_LIMIT = float(2**62)


class Cells(NamedTuple):
    """Values and, where there is none, why.

    `data` holds int64 ten-thousandths as long as it is exact, float64 in plain units after that; `why` holds
    0 where the value is defined, else the number of the reason. Both broadcast to the source's shape.
    """

    data: npt.NDArray
    why: npt.NDArray


class Source(Protocol):
    """What formulas are computed from: named values, by period, and numbered reasons."""

    def look_up(self, name: str, when: str, back: int) -> Cells:
        """A named value; `when` is ending or opening, `back` the months to go back."""
        ...

    def spread(self, name: str, share: float, back: int) -> Cells:
        """The quantile of what was counted one by one."""
        ...

    def countback(self, balance: str, flow: str, back: int) -> Cells:
        """Days of the latest flow that make up the balance."""
        ...

    def not_positive(self, denominator: Node, back: int) -> tuple[int, int]:
        """The numbers of the reasons for a denominator of zero and for one below."""
        ...


def evaluate(tree: Node, source: Source, when: str = "ending", back: int = 0) -> Cells:
    """The value of a tree for every cell of the source.

    Sums, differences and products with whole numbers stay exact (int64 ten-thousandths); the first division
    or general product turns to float64. A denominator that is zero or less leaves the cell without a value.
    `when` says which balance a bare closing measure stands for, `back` how many months earlier to look.
    """
    if isinstance(tree, Number):
        scaled = tree.value * SCALE
        exact = scaled == scaled.to_integral_value() and abs(scaled) < EXACT_LIMIT
        return Cells(np.asarray(int(scaled)) if exact else np.asarray(float(tree.value)), np.asarray(0))
    if isinstance(tree, Name):
        return source.look_up(tree.name, when, back)
    if isinstance(tree, Call):
        return _call(tree, source, when, back)
    if isinstance(tree, Sum):
        return _add([(sign, evaluate(node, source, when, back)) for sign, node in tree.terms])
    first, *rest = tree.factors
    result = evaluate(first[1], source, when, back)
    number_so_far = _is_whole(first[1])
    for sign, node in rest:
        factor = evaluate(node, source, when, back)
        if sign == "/":
            result = _divide(result, factor, source.not_positive(node, back))
        else:
            whole = "left" if number_so_far else "right" if _is_whole(node) else ""
            result = _multiply(result, factor, whole)
        number_so_far = False
    return result


def _call(tree: Call, source: Source, when: str, back: int) -> Cells:
    names = [one.name for one in tree.arguments if isinstance(one, Name)]
    inner = tree.arguments[0]
    if tree.function in SPREAD_FUNCTIONS:
        return source.spread(names[0], SPREAD_FUNCTIONS[tree.function], back)
    if tree.function == "countback":
        return source.countback(names[0], names[1], back)
    if tree.function == "prior_year":
        return evaluate(inner, source, when, back + 12)
    if tree.function in ("ending", "opening"):
        return evaluate(inner, source, tree.function, back)
    opening, ending = (evaluate(inner, source, one, back) for one in ("opening", "ending"))
    if tree.function == "change":
        return _add([(1, ending), (-1, opening)])
    total = _add([(1, opening), (1, ending)])
    return Cells(plain(total.data) / 2, total.why)


def plain(data: npt.NDArray) -> npt.NDArray:
    """Exact ten-thousandths as float64 in plain units; what is float64 already stays."""
    return data / SCALE if np.issubdtype(data.dtype, np.integer) else data


def first_reason(*whys: npt.NDArray) -> npt.NDArray:
    """Cell by cell the first reason that is not 0."""
    result = np.asarray(whys[0])
    for why in whys[1:]:
        result = np.where(result, result, why)
    return result


def _is_whole(tree: Node) -> bool:
    return isinstance(tree, Number) and tree.value == tree.value.to_integral_value()


def _exact(*all_cells: Cells) -> bool:
    return all(np.issubdtype(cells.data.dtype, np.integer) for cells in all_cells)


def _size(cells: Cells) -> float:
    return float(np.abs(cells.data.astype("float64")).max(initial=0.0))


def _add(terms: list[tuple[int, Cells]]) -> Cells:
    why = first_reason(*(cells.why for _, cells in terms))
    everything = [cells for _, cells in terms]
    exact = _exact(*everything) and sum(map(_size, everything)) < EXACT_LIMIT
    parts = [sign * (cells.data if exact else plain(cells.data)) for sign, cells in terms]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return Cells(np.asarray(total), why)


def _multiply(left: Cells, right: Cells, whole: str) -> Cells:
    why = first_reason(left.why, right.why)
    if whole and _exact(left, right) and _size(left) * _size(right) < EXACT_LIMIT * SCALE:
        number, other = (left, right) if whole == "left" else (right, left)
        return Cells(np.asarray(number.data // SCALE * other.data), why)
    return Cells(np.asarray(plain(left.data) * plain(right.data)), why)


def _divide(left: Cells, right: Cells, reasons: tuple[int, int]) -> Cells:
    zero, negative = reasons
    below = right.data
    why = first_reason(left.why, right.why, np.where(below == 0, zero, np.where(below < 0, negative, 0)))
    return Cells(plain(left.data) / np.where(below > 0, plain(below), np.nan), why)


_COMPARE = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def holds(condition: Comparison, source: Source, when: str = "ending", back: int = 0) -> npt.NDArray:
    """Where a condition is met; False where one side has no value."""
    left, right = (evaluate(side, source, when, back) for side in (condition.left, condition.right))
    met = (
        _COMPARE[condition.sign](left.data, right.data)
        if _exact(left, right)
        else _COMPARE[condition.sign](plain(left.data), plain(right.data))
    )
    return met & (left.why == 0) & (right.why == 0)
