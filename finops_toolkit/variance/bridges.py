"""Bridges that close exactly: price-volume-mix, the flexible budget, overhead parked in stock.

Amounts and quantities are integers, ten-thousandths of a unit. Every step but one is rounded to a
ten-thousandth and the last takes what is left, so start + steps = end with nothing over.
A variance is positive when it is favourable: more revenue, less cost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from ..errors import UsageError
from ..wording import joined, money_text

METHODS = ("joint", "average")
PVM_COLUMNS = ("old_quantity", "new_quantity", "old_amount", "new_amount")
STEP_NAMES = {
    "price": "Price",
    "volume": "Volume",
    "joint": "Price × volume",
    "mix": "Mix",
    "new": "New products",
    "lost": "Products no longer sold",
    "unpriced": "Sold without a net quantity",
}


@dataclass(frozen=True)
class Bridge:
    """From one amount to another in steps that add up exactly.

    `table`: step, name, amount (int ten-thousandths), kind (start, step, end), in order.
    `parts`: what each step is made of (by product, account …), a frame of its own.
    `note`: what a reader must know of the method. A bridge that does not close cannot be made.
    """

    table: pd.DataFrame
    text: str
    parts: pd.DataFrame = field(default_factory=pd.DataFrame)
    note: str = ""

    def __post_init__(self) -> None:
        if self.residual != 0:
            raise ValueError(f"The bridge does not close: {self.residual} ten-thousandths are left over")

    @property
    def start(self) -> int:
        """Where it starts, in ten-thousandths."""
        return int(self.table["amount"].iloc[0])

    @property
    def end(self) -> int:
        """Where it ends, in ten-thousandths."""
        return int(self.table["amount"].iloc[-1])

    @property
    def steps(self) -> pd.DataFrame:
        """The steps alone: step, name, amount."""
        return self.table.loc[self.table["kind"] == "step", ["step", "name", "amount"]].reset_index(drop=True)

    @property
    def residual(self) -> int:
        """Start + Σ steps − end: always 0."""
        return self.start + sum(int(value) for value in self.steps["amount"]) - self.end

    def step(self, name: str) -> int:
        """The amount of one step, 0 where the bridge has no such step."""
        return self._amounts.get(name, 0)

    @cached_property
    def _amounts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for step, amount in zip(self.steps["step"], self.steps["amount"], strict=True):
            found[step] = found.get(step, 0) + int(amount)
        return found


def make_bridge(
    start: tuple[str, int],
    steps: Iterable[tuple[str, str, int]],
    end: tuple[str, int],
    parts: pd.DataFrame | None = None,
    note: str = "",
    currency: str | None = None,
) -> Bridge:
    """A bridge of (name, amount), [(step, name, amount) …], (name, amount); steps of 0 are left out.

    Its sentence names the change, its two largest steps and the largest against it. Raises ValueError if it
    does not close.
    """
    kept = [(step, name, int(amount)) for step, name, amount in steps if int(amount) != 0]
    rows = [("start", start[0], int(start[1]), "start")]
    rows += [(step, name, amount, "step") for step, name, amount in kept]
    rows.append(("end", end[0], int(end[1]), "end"))
    table = pd.DataFrame(rows, columns=["step", "name", "amount", "kind"])
    table[["amount"]] = exact_integers(table[["amount"]].astype(object))
    change = int(end[1]) - int(start[1])
    why = _reasons(kept, change)
    text = f"{end[0]} {money_text(end[1], currency)} is {money_text(abs(change), currency)} "
    text += f"{'above' if change > 0 else 'below'} {start[0].lower()} {money_text(start[1], currency)}"
    text = text if change else f"{end[0]} {money_text(end[1], currency)} equals {start[0].lower()}"
    return Bridge(
        table, f"{text}: {why}." if kept else f"{text}.", pd.DataFrame() if parts is None else parts, note
    )


def _reasons(steps: list[tuple[str, str, int]], change: int) -> str:
    """The two largest steps in the direction of the change, and a larger or nearly as large one against
    it.
    """

    def words(chosen: list[tuple[str, str, int]]) -> str:
        return joined(
            f"{name[0].lower()}{name[1:]} {money_text(amount, sign=True)}" for _, name, amount in chosen
        )

    ranked = sorted(steps, key=lambda row: -abs(row[2]))
    if not change:
        return words(ranked[:2]) if ranked else ""
    along = [row for row in ranked if (row[2] > 0) == (change > 0)]
    against = [row for row in ranked if (row[2] > 0) != (change > 0)][:1]
    text = words(along[:2])
    if against and 2 * abs(against[0][2]) >= abs(along[0][2]):
        text += f", against {words(against)}"
    return text


def condensed(bridge: Bridge, keep: int = 8, name: str = "Everything else") -> Bridge:
    """The same bridge with only the `keep` largest steps by size; the others become one last step."""
    steps = bridge.steps
    if len(steps) <= keep:
        return bridge
    largest = set(sorted(steps.index, key=lambda place: -abs(int(steps["amount"][place])))[: keep - 1])
    rest = sum(int(value) for value in steps.loc[[i not in largest for i in steps.index], "amount"])
    rows = [
        (row.step, row.name_, int(row.amount))
        for row in steps.rename(columns={"name": "name_"}).itertuples()
        if row.Index in largest
    ]
    ends = bridge.table["name"].iloc[[0, -1]].tolist()
    short = make_bridge((ends[0], bridge.start), [*rows, ("rest", name, rest)], (ends[1], bridge.end))
    return Bridge(short.table, bridge.text, bridge.parts, bridge.note)


def ratio(numerator: int, denominator: int) -> int:
    """Numerator / denominator to the nearest integer, halves away from zero, exact for any size."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    top, bottom = abs(numerator), abs(denominator)
    return sign * ((2 * top + bottom) // (2 * bottom))


def _need(frame: pd.DataFrame, columns: Iterable[str]) -> None:
    absent = [column for column in columns if column not in frame.columns]
    if absent:
        raise UsageError(
            f"The frame lacks {joined(absent)}; it has {joined(map(str, frame.columns))}.",
            "Rename the columns, or name them in the call.",
        )


def product_effects(
    frame: pd.DataFrame,
    *,
    old_quantity: str = "old_quantity",
    new_quantity: str = "new_quantity",
    old_amount: str = "old_amount",
    new_amount: str = "new_amount",
    method: str = "joint",
) -> pd.DataFrame:
    """The effects of price, volume (and joint or mix) for each row; each row's effects add to its change.

    A row is a product (summed beforehand); quantity and amount are int ten-thousandths. With p = amount ÷
    quantity:

    joint    price (p1−p0)·q0 · volume (q1−q0)·p0 · joint (p1−p0)·(q1−q0)
    average  price (p1−p0)·q1 · volume (q1−q0)·P · mix (q1−q0)·(p0−P), P = Σ old amount ÷ Σ old quantity of
    the
             products sold in both; the mix needs units that can be added (pieces with pieces).

    A product of one side only stands whole under new or lost; one whose net quantity on a side is not
    positive has no price and stands whole under unpriced.
    Published example: prices 10, 15, 20 → 11, 15, 23 and quantities 1000, 800, 500 → 1000, 700, 800 give
    2,500 + 4,500 + 900 (joint) and 3,400 + 2,782.61 + 1,717.39 (average).
    """
    if method not in METHODS:
        raise UsageError(f"Method {method!r} is not known.", f"Allowed: {joined(METHODS, 'or')}.")
    names = (old_quantity, new_quantity, old_amount, new_amount)
    _need(frame, names)
    rows = [tuple(int(value) for value in row) for row in frame[list(names)].itertuples(index=False)]
    both = [q0 > 0 and q1 > 0 for q0, q1, _, _ in rows]
    all_quantity = sum(row[0] for row, kept in zip(rows, both, strict=True) if kept)
    all_amount = sum(row[2] for row, kept in zip(rows, both, strict=True) if kept)
    found = [
        _effects_of_one(q0, q1, a0, a1, kept, method, all_quantity, all_amount)
        for (q0, q1, a0, a1), kept in zip(rows, both, strict=True)
    ]
    table = [[effects.get(step, 0) for step in STEP_NAMES] for effects in found]
    return exact_integers(pd.DataFrame(table, index=frame.index, columns=list(STEP_NAMES), dtype=object))


def exact_integers(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame of Python integers as int64; as it is where one does not fit (a price from a ten-thousandth of
    a unit).
    """
    try:
        return frame.astype("int64")
    except OverflowError:
        return frame


def _effects_of_one(
    q0: int, q1: int, a0: int, a1: int, both: bool, method: str, all_quantity: int, all_amount: int
) -> dict[str, int]:
    if not both:
        if q0 == 0 and a0 == 0:
            return {"new": a1}
        if q1 == 0 and a1 == 0:
            return {"lost": -a0}
        return {"unpriced": a1 - a0}
    if method == "joint":
        price = ratio(a1 * q0, q1) - a0
        volume = ratio(a0 * (q1 - q0), q0)
        return {"price": price, "volume": volume, "joint": a1 - a0 - price - volume}
    price = a1 - ratio(a0 * q1, q0)
    volume = ratio(all_amount * (q1 - q0), all_quantity)
    return {"price": price, "volume": volume, "mix": a1 - a0 - price - volume}


def price_volume_mix(
    frame: pd.DataFrame,
    *,
    product: str = "product",
    method: str = "joint",
    start: str = "Budget",
    end: str = "Actual",
    currency: str | None = None,
    **columns: str,
) -> Bridge:
    """Sales from one period (or plan) to another, by product: see `product_effects` for the methods and
    columns.

    Rows of one product are added first. Returns a Bridge; `parts` holds the effects by product.
    """
    names = {name: columns.get(name, name) for name in PVM_COLUMNS}
    unknown = [name for name in columns if name not in PVM_COLUMNS]
    if unknown:
        raise UsageError(f"{joined(unknown)} is no argument.", f"Allowed: {joined(PVM_COLUMNS)}.")
    _need(frame, [product, *names.values()])
    totals = frame.groupby(product, sort=True)[list(names.values())].sum()
    effects = product_effects(totals, method=method, **names)
    sums = {step: sum(int(value) for value in effects[step]) for step in STEP_NAMES}
    old = sum(int(value) for value in totals[names["old_amount"]])
    new = sum(int(value) for value in totals[names["new_amount"]])
    steps = [(step, STEP_NAMES[step], amount) for step, amount in sums.items()]
    return make_bridge((start, old), steps, (end, new), totals.join(effects).reset_index(), method, currency)


def flexible_budget(frame: pd.DataFrame, static_volume: int, actual_volume: int) -> pd.DataFrame:
    """Static budget, flexible budget and actual, line by line, with the two variances between them.

    `frame`: line, kind ("income" or "cost"), behaviour ("variable" or "fixed"), static, actual (int
    ten-thousandths, both natural sign). Flexible = static × actual volume ÷ static volume for a variable
    line.
    Adds flexible, volume_variance (flexible − static) and flexible_variance (actual − flexible), both
    favourable positive, so costs are turned; together they are exactly actual − static. The last row is the
    income.
    Raises UsageError where the static volume is not positive. After Horngren: Milan Statuary.
    """
    _need(frame, ["line", "kind", "behaviour", "static", "actual"])
    if static_volume <= 0:
        raise UsageError(
            f"The budgeted volume is {static_volume}: no flexible budget can be made from it.",
            "Compare with last year instead.",
        )
    rows = []
    for row in frame.itertuples(index=False):
        sign = 1 if row.kind == "income" else -1
        static, actual = int(row.static), int(row.actual)
        flexible = ratio(static * actual_volume, static_volume) if row.behaviour == "variable" else static
        rows.append(
            (
                row.line,
                row.kind,
                row.behaviour,
                static,
                flexible,
                actual,
                sign * (flexible - static),
                sign * (actual - flexible),
            )
        )
    columns = [
        "line",
        "kind",
        "behaviour",
        "static",
        "flexible",
        "actual",
        "volume_variance",
        "flexible_variance",
    ]
    table = pd.DataFrame(rows, columns=columns)
    turned = table["kind"].map({"income": 1, "cost": -1})
    total: dict[str, object] = {"line": "Operating income", "kind": "income", "behaviour": "total"}
    total |= {name: int((table[name] * turned).sum()) for name in ("static", "flexible", "actual")}
    total |= {name: int(table[name].sum()) for name in ("volume_variance", "flexible_variance")}
    return pd.concat([table, pd.DataFrame([total])], ignore_index=True)


def overhead_in_stock(fixed_overhead: int, made: int, sold: int) -> int:
    """Profit that absorption costing gains by making more than is sold: fixed overhead × (made − sold) ÷
    made.

    Fixed overhead in ten-thousandths, made and sold in any one unit; negative when stock is run down.
    300 k of overhead, 15,000 made and 10,000 sold: profit is 100 k higher while cash falls.
    """
    if made <= 0:
        return 0
    return ratio(fixed_overhead * (made - sold), made)
