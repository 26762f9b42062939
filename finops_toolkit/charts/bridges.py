"""The bridge: how one amount became another, step by step, closing exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from matplotlib.axes import Axes

from ..tables.model import Column, NativeChart, Table
from ..variance import Bridge, condensed
from ..wording import MINUS, SCALE, money_text
from .layout import fit, heading, text_width, write
from .rows import GAP, Rows, Tier, break_mark, common_scale, label, make_rows, table_name
from .style import QUIET, SCENARIOS, TEXT, Scale, house_style, in_units, scale_for, variance_colour
from .words import describe, spoken

FLAT = 0.08  # steps that together move less than this share of the level would be slivers: the level is cut
STUB = 1.0  # what is then left of the level, in lengths of that movement


@dataclass(frozen=True)
class _Bar:
    """A row: `amount` from `base` to `end`, in plain units."""

    key: str
    name: str
    kind: str
    amount: float
    base: float
    end: float


def bridge(
    result: Bridge,
    ax: Axes | None = None,
    *,
    message: str = "",
    who: str = "",
    what: str = "Profit bridge",
    when: str = "",
    currency: str = "",
    start: str | None = None,
    keep: int = 9,
    subtotals: Mapping[str, str] | None = None,
) -> Axes:
    """A waterfall from the start at the top to the end at the bottom; good steps run right, adverse ones
    left.

    `result` is a Bridge; beyond `keep` steps the smallest are drawn as one. `subtotals`: key of a step → the
    name of the level reached after it, drawn as a bar of its own; with subtotals every step is drawn. `start`
    is the scenario it starts from: "BU" outlined or "PY" light; by default "PY" where the bridge starts from
    last year. Labels are signed and coloured by business effect (positive = good).

    Bars start at zero. Only where the steps move the level by less than 8 % would they be slivers: then the
    same amount is left out of start, end and subtotals. Their bars show a gap, the heading says how much was
    left out, and a broken line stands for the zero line; the steps, and the difference of start and end, stay
    to scale.
    """
    short = result if subtotals else condensed(result, keep)
    start = start or ("PY" if str(result.table["name"].iloc[0]).casefold() == "last year" else "BU")
    bars = _bars(short, subtotals or {})
    # The steps decide the unit: a step of 26 k in a profit of 1.5 m would be 0.03.
    scale = scale_for([bar.amount for bar in bars if bar.kind == "step"] or [bar.end for bar in bars])
    floor = _floor(bars)
    bars = [bar if bar.kind == "step" else replace(bar, base=floor) for bar in bars]
    with house_style():
        place = make_rows(ax, [bar.name for bar in bars], head=4, pitch=20.5)
        sides = [bar.amount >= 0 for bar in bars]
        points = common_scale([_tier(bars, floor, scale, sides)], place.room - 2)
        if not floor:
            sides = _sides(bars, scale, points)
            points = common_scale([_tier(bars, floor, scale, sides)], place.room - 2)
        for row, bar in enumerate(bars):
            _draw(place, row, bar, floor, start, scale, points)
            _label(place, row, bar, sides[row], scale, points)
            if row:
                before = bars[row - 1].end
                place.ax.plot([before] * 2, [row - 1.3, row + 0.3], color=QUIET, lw=0.7, zorder=1)
        place.line(floor, gid="cut" if floor else "zero", ls=(0, (2, 2)) if floor else "-", zorder=4)
        left = floor - (_tier(bars, floor, scale, sides).sides(points)[0] + 1) / points
        place.ax.set_xlim(left, left + place.room / points)
        for row, bar in enumerate(bars):
            if bar.kind != "step":
                place.ax.get_yticklabels()[row].set_fontweight("bold")
        cut = f"{label(scale, floor)} left out of start and end, at the gap" if floor else ""
        third = ": ".join(part for part in (when, cut) if part)
        heading(
            place.ax, message, [who, in_units(what, scale.title(currency)).strip(), third], left=place.left
        )
    describe(place.ax, _text(short, message, who), _table(bars, scale, what, currency))
    return fit(place.ax)


def _bars(result: Bridge, subtotals: Mapping[str, str]) -> list[_Bar]:
    """The rows with their running ends, summed as integers: the drawing closes as exactly as the bridge."""
    bars: list[_Bar] = []
    level = 0
    columns = (result.table[column] for column in ("step", "name", "kind", "amount"))
    for key, name, kind, amount in zip(*columns, strict=True):
        base = level if kind == "step" else 0
        level = base + int(amount)
        bars.append(_Bar(str(key), str(name), str(kind), int(amount) / SCALE, base / SCALE, level / SCALE))
        if kind == "step" and key in subtotals:
            whole = level / SCALE
            bars.append(_Bar(f"{key}_level", subtotals[key], "subtotal", whole, 0.0, whole))
    return bars


def _floor(bars: list[_Bar]) -> float:
    """The amount left out of every level; 0 where bars start at zero."""
    ends = [bar.end for bar in bars]
    moved, low, high = max(ends) - min(ends), min(ends), max(ends)
    if low > 0 and 0 < moved < FLAT * low:
        return low - STUB * moved
    if high < 0 and 0 < moved < -FLAT * high:
        return high + STUB * moved
    return 0.0


def _tier(bars: list[_Bar], floor: float, scale: Scale, sides: list[bool]) -> Tier:
    tier = Tier()
    for bar, right in zip(bars, sides, strict=True):
        tier.add(_outer(bar, right) - floor, _words(bar, scale), right, bar.kind != "step")
        tier.add(_outer(bar, not right) - floor)
    return tier


def _sides(bars: list[_Bar], scale: Scale, points: float) -> list[bool]:
    """For each label whether it stands right of its bar: where the bar points to, unless a step's would run
    over the zero line there.
    """
    sides = []
    for bar in bars:
        right = bar.amount >= 0
        away = _outer(bar, right) * points * (-1 if right else 1)  # points to the zero line
        runs_over = bar.kind == "step" and 0 < away < text_width(_words(bar, scale)) + GAP + 2
        sides.append(right != runs_over)
    return sides


def _outer(bar: _Bar, right: bool) -> float:
    return max(bar.base, bar.end) if right else min(bar.base, bar.end)


def _words(bar: _Bar, scale: Scale) -> str:
    return label(scale, bar.amount, sign=bar.kind == "step")


def _colour(bar: _Bar, scale: Scale) -> str:
    """Good or bad by effect; a step that rounds to nothing is neither."""
    return variance_colour(bar.amount) if _words(bar, scale)[0] in ("+", MINUS) else QUIET


def _draw(place: Rows, row: int, bar: _Bar, floor: float, start: str, scale: Scale, points: float) -> None:
    step = bar.kind == "step"
    colour = _colour(bar, scale)
    fill: dict[str, Any] = SCENARIOS[start] if bar.kind == "start" else SCENARIOS["AC"]
    if step:
        fill = {"facecolor": colour, "edgecolor": colour}
    place.ax.barh(row, bar.end - bar.base, left=bar.base, height=0.5 if step else 0.62, zorder=2,
                  gid=bar.kind, **fill)  # fmt: skip
    if floor and not step:
        across = 4 / points
        break_mark(place.ax, floor + 14 / points * (1 if floor > 0 else -1), row, across, 0.42)


def _label(place: Rows, row: int, bar: _Bar, right: bool, scale: Scale, points: float) -> None:
    step, text = bar.kind == "step", _words(bar, scale)
    write(
        place.ax,
        _outer(bar, right) + (GAP if right else -GAP) / points,
        row,
        text,
        va="center",
        ha="left" if right else "right",
        color=_colour(bar, scale) if step else TEXT,
        fontweight="normal" if step else "bold",
        zorder=7,
    )


def _text(result: Bridge, message: str, who: str) -> str:
    steps = ", ".join(
        f"{name} {money_text(amount, sign=True)}"
        for name, amount in zip(result.steps["name"], result.steps["amount"], strict=True)
    )
    return spoken(who, message or result.text, f"Steps: {steps or 'none'}")


def _table(bars: list[_Bar], scale: Scale, what: str, currency: str) -> Table:
    """Start, steps and end with the running level; subtotals and the end as sums of what is above them."""
    columns = [Column("step", "Step")]
    for key, head, signed in (("amount", "Amount", False), ("level", "Level", False)):
        columns.append(
            Column(key, head, "number", scale.title(currency), scale.places, int(scale.size), signed)
        )
    keys = [f"b{row}" for row in range(len(bars))]
    formulas: dict[tuple[int, str], str] = {}
    summed: list[str] = []
    for row, bar in enumerate(bars):
        if bar.kind in ("subtotal", "end"):
            formulas[row, "amount"] = f"=SUM({','.join(summed)})"
        else:
            summed.append(f"{{{keys[row]}.amount}}")
        if row:
            before = f"{{{keys[row - 1]}.level}}+{{amount}}" if bar.kind == "step" else "{amount}"
            formulas[row, "level"] = f"={before}"
    return Table(
        table_name("bridge", what), tuple(columns), tuple((bar.name, bar.amount, bar.end) for bar in bars),
        tuple(keys), what, formulas=formulas, chart=NativeChart("bridge", "step", ("amount",), what),
        totals=tuple(row for row, bar in enumerate(bars) if bar.kind != "step"),
        marks={(row, "amount"): "good" if bar.amount > 0 else "bad"
               for row, bar in enumerate(bars) if bar.kind == "step" and bar.amount},
    )  # fmt: skip
