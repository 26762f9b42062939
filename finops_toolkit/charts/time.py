"""Columns over time, from left to right, against a plan and last year, with the variances above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..tables.model import Column, NativeChart, Table
from ..wording import MINUS, joined
from .layout import fit, heading, text_width, write
from .rows import label as amount_label
from .rows import table_name
from .slots import (
    Label,
    Slots,
    Tier,
    make_slots,
    month_words,
)
from .structure import LOOKS, MOST, SCENARIO_NAMES
from .style import (
    QUIET,
    SCENARIOS,
    TEXT,
    Scale,
    check_columns,
    house_style,
    in_units,
    scale_for,
    variance_colour,
)
from .words import describe, series_message, series_text, spoken

COLUMN, BESIDE = 0.56, 0.16  # a column's width and how far its references stand beside it, in slots
PINS = 26.0  # points that the longest pin takes
BETWEEN = 9.0  # points between tiers


@dataclass(frozen=True)
class _Figures:
    """What is drawn, an entry a month; NaN where there is nothing. `shown`: actual, then forecast."""

    index: pd.Index
    values: np.ndarray
    coming: np.ndarray
    aims: np.ndarray
    past: np.ndarray
    effect: np.ndarray
    scenario: str
    good: str

    @property
    def shown(self) -> np.ndarray:
        """The actual, and the forecast after it."""
        return np.where(np.isfinite(self.values), self.values, self.coming)

    @property
    def share(self) -> np.ndarray:
        """The variance as a share of its reference; none where that is not above zero."""
        safe = np.where(self.aims > 0, self.aims, np.nan)
        return self.effect / safe

    @property
    def last(self) -> int:
        """The last month with an actual, −1 where there is none."""
        return int(max(np.flatnonzero(np.isfinite(self.values)), default=-1))

    @property
    def compared(self) -> bool:
        """Whether there is a variance to show."""
        return bool(np.isfinite(self.effect).any())


def columns_with_plan(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    actual: str = "actual",
    plan: str | None = None,
    last_year: str | None = None,
    forecast: str | None = None,
    scenario: str | None = None,
    relative: bool = False,
    message: str = "",
    who: str = "",
    what: str = "",
    when: str = "",
    unit: str = "",
    good: str = "up",
) -> Axes:
    """A column a month with its plan (outlined, behind it to the right) and last year (light, to the left),
    above them the variances on the same scale, and with `relative` as pins in %.

    `frame`: index months (Period M) or any labels in order, columns in plain units; a missing month stays
    empty. `forecast`: drawn hatched after the last actual. `scenario` "BU", "PY" or "FC" says what `plan` is;
    by default last year where the column is called so. `good` "up" or "down": which way is favourable; a
    variance drawn upwards is favourable. A percentage of a reference of zero or less is none; a pin beyond
    ±100 % ends in an arrow's head.
    """
    check_columns(frame, [actual, plan, last_year, forecast])
    rows = _figures(frame, [actual, plan, last_year, forecast], scenario, good)
    relative = relative and rows.compared
    with house_style():
        names = [f"Δ{rows.scenario} %"[: None if relative else -2]] if rows.compared else []
        side = max((text_width(name) + 8 for name in names), default=0.0)
        slots = make_slots(ax, frame.index, 1.75 + 0.85 * rows.compared + 0.8 * relative, left=side)
        scale = _scale(rows, slots.wide)
        tiers = [_columns(rows, scale)]
        tiers += [_deltas(rows, scale)] if rows.compared else []
        tiers += [_pins(rows)] if relative else []
        for tier in tiers:
            tier.choose(slots, _ends(tier.labels))
        points, bases = _stand(slots, tiers)
        _draw_columns(slots, rows)
        if rows.compared:
            _draw_deltas(slots, rows, bases[1] / points)
        if relative:
            _draw_pins(slots, rows, bases[2] / points, points)
        for name, base, tier in zip(("", "Δ", "%"), bases, tiers, strict=False):
            slots.line(base / points, gid="zero", zorder=4)
            tier.write(slots, base, points)
            text = {"": "", "Δ": f"Δ{rows.scenario}", "%": f"Δ{rows.scenario} %"}[name]
            at = slots.across(0.5), base / points
            if text:
                write(slots.ax, *at, text, va="center", color=QUIET, gid="tier")
        key = _key(rows, relative, tiers[0])
        when_line = f"{when}{': ' if when and key else ''}{key}"
        heading(slots.ax, message, [who, in_units(what, scale.title(unit)), when_line])
    text = _columns_text(rows, message, who, what or actual, unit)
    describe(slots.ax, text, _columns_table(rows, scale, what or actual, unit))
    return fit(slots.ax)


def numbers(frame: pd.DataFrame, column: str | None) -> np.ndarray:
    """A column as floats, NaN where there is no number or no column."""
    if column is None:
        return np.full(len(frame), np.nan)
    values = frame[column].to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _figures(frame: pd.DataFrame, columns: Sequence[str | None], scenario: str | None, good: str) -> _Figures:
    actual, plan, last_year, forecast = columns
    if plan is None and last_year is not None:
        plan, last_year, scenario = last_year, None, scenario or "PY"
    values, aims, past, coming = (numbers(frame, name) for name in (actual, plan, last_year, forecast))
    last = max(np.flatnonzero(np.isfinite(values)), default=-1)
    coming = np.where(np.arange(len(frame)) > last, coming, np.nan)
    effect = (np.where(np.isfinite(values), values, coming) - aims) * (1 if good == "up" else -1)
    scenario = scenario or ("PY" if plan == "last_year" else "BU")
    return _Figures(frame.index, values, coming, aims, past, effect, scenario, good)


def _scale(rows: _Figures, wide: float) -> Scale:
    """One unit for all labels; a decimal more where variances would have one digit only, and it has room."""
    scale = scale_for([*rows.shown, *rows.aims, *rows.past])
    finer = two_digits(scale, rows.effect)
    top = float(np.abs(rows.shown[np.isfinite(rows.shown)]).max(initial=0.0))
    return finer if text_width(finer.label(-top)) + 4 <= wide else scale


def two_digits(scale: Scale, variances: np.ndarray) -> Scale:
    """The scale with a decimal more where the largest variance would have one digit only."""
    most = float(np.abs(variances[np.isfinite(variances)]).max(initial=0.0))
    few = bool(scale.letter) and 0 < most / scale.size * 10**scale.places < 9.5
    return replace(scale, places=scale.places + 1) if few else scale


def _sides(rows: _Figures) -> list[tuple[str, np.ndarray, float]]:
    """The scenarios that are drawn, those behind first: name, values, how far beside the slot's middle."""
    beside = -BESIDE if rows.scenario == "PY" else BESIDE
    drawn = [("PY", rows.past, -BESIDE), (rows.scenario, rows.aims, beside)]
    drawn += [("AC", rows.values, 0.0), ("FC", rows.coming, 0.0)]
    return [one for one in drawn if np.isfinite(one[1]).any()]


def _bars(values: np.ndarray, beside: float, width: float) -> np.ndarray:
    places = np.flatnonzero(np.isfinite(values))
    low, high = np.minimum(values[places], 0), np.maximum(values[places], 0)
    middle = places + beside
    return np.column_stack([middle - width / 2, middle + width / 2, low, high])


def _columns(rows: _Figures, scale: Scale) -> Tier:
    """The columns with their values; "–" where a month within the actuals has none."""
    parts = [_bars(values, beside, COLUMN) for _, values, beside in _sides(rows)]
    tier = Tier(np.vstack(parts) if parts else np.empty((0, 4)))
    for place, value in enumerate(rows.shown):
        if np.isfinite(value):
            tier.labels.append(
                Label(place, amount_label(scale, float(value)), float(value), value >= 0, TEXT)
            )
        elif place < rows.last:
            tier.labels.append(Label(place, "–", 0.0, True, QUIET))
    if not tier.labels:
        tier.labels.append(Label((len(rows.shown) - 1) / 2, "no figures", 0.0, True, QUIET))
    return tier


def _deltas(rows: _Figures, scale: Scale) -> Tier:
    tier = Tier(_bars(rows.effect, 0.0, 0.5))
    for place, value in enumerate(rows.effect):
        if np.isfinite(value):
            text = amount_label(scale, float(value), sign=True)
            tier.labels.append(Label(place, text, float(value), value >= 0, _told_colour(text, value)))
    return tier


def _told_colour(text: str, effect: float) -> str:
    """Good or bad where the text has a sign to say it too; quiet for what comes to zero."""
    return variance_colour(effect) if MINUS in text or "+" in text else QUIET


def _stretch(rows: _Figures) -> float:
    """Points of a pin of 100 %: the longest takes PINS, but one of a few per cent stays short."""
    known = np.abs(rows.share[np.isfinite(rows.share)])
    return PINS / max(0.1, min(MOST, float(known.max(initial=0.0))))


def _pins(rows: _Figures) -> Tier:
    """The relative variances with their true numbers; lengths in points."""
    pins = np.clip(rows.share, -MOST, MOST) * _stretch(rows)
    tier = Tier(_bars(pins, 0.0, 0.1))
    for place, share in enumerate(rows.share):
        if np.isfinite(share):
            text = _percent(float(share), rows)
            colour = _told_colour(text, share)
            tier.labels.append(Label(place, text, float(pins[place]), share >= 0, colour, off=3.5))
        elif np.isfinite(rows.effect[place]):
            tier.labels.append(Label(place, "–", 0.0, True, QUIET))
    return tier


def _places(rows: _Figures) -> int:
    known = np.abs(rows.share[np.isfinite(rows.share)])
    return 1 if known.max(initial=0.0) < 0.1 else 0


def _percent(share: float, rows: _Figures) -> str:
    text = f"{abs(share) * 100:,.{_places(rows)}f}"
    if not any(digit in text for digit in "123456789"):
        return "0" if share == 0 else "≈0"
    sign = MINUS if share < 0 else "+"
    # Against a reference of next to nothing no one reads more digits.
    return f">{sign}99,999" if abs(share) >= 1000 else f"{sign}{text}"


def _ends(labels: Sequence[Label]) -> list[int]:
    """The labels that are always shown: last, first, highest, lowest."""
    known = [i for i, label in enumerate(labels) if label.text != "–"]
    if not known:
        return []
    by_value = sorted(known, key=lambda i: labels[i].value)
    return [known[-1], by_value[-1], by_value[0], known[0]]


def _stand(slots: Slots, tiers: Sequence[Tier]) -> tuple[float, list[float]]:
    """Points a unit, the largest with which tiers and labels have room, and the tiers' base lines (points
    over zero). The axes take that range.
    """

    def stacked(points: float) -> tuple[float, float, list[float]]:
        below, top = tiers[0].place(slots, points)
        bases = [0.0]
        for number, tier in enumerate(tiers[1:], 1):
            down, up = tier.place(slots, points if number == 1 else 1.0)
            bases.append(top + BETWEEN + max(down, 5.0))
            top = bases[-1] + max(up, 5.0)
        return below + 2, top + 3, bases

    reach = max((float(np.abs(tier.bars[:, 2:]).max(initial=0.0)) for tier in tiers[:2]), default=0.0)
    low, high = 0.2 * slots.high / (reach or 1.0) / len(tiers), slots.high / (reach or 1.0)
    for _ in range(24):
        middle = (low + high) / 2
        below, top, _ = stacked(middle)
        low, high = (middle, high) if below + top <= slots.high else (low, middle)
    below, top, bases = stacked(low)
    slots.ax.set_ylim(-below / low, max(top, slots.high - below) / low)
    return low, bases


def _draw_columns(slots: Slots, rows: _Figures) -> None:
    for order, (name, values, beside) in enumerate(_sides(rows)):
        known = np.flatnonzero(np.isfinite(values))
        look = {"width": COLUMN, "zorder": 1 + order / 4, "gid": name, **SCENARIOS[name]}
        slots.ax.bar(known + beside, values[known], **look)


def _draw_deltas(slots: Slots, rows: _Figures, base: float) -> None:
    """Variances of the forecast are hatched as it is."""
    for place in np.flatnonzero(np.isfinite(rows.effect)):
        colour = variance_colour(rows.effect[place])
        look: dict[str, Any] = {"facecolor": colour, "edgecolor": colour}
        if not np.isfinite(rows.values[place]):
            look = {**SCENARIOS["FC"], "edgecolor": colour}
        slots.ax.bar(place, rows.effect[place], bottom=base, width=0.5, zorder=2, gid="delta", **look)


def _draw_pins(slots: Slots, rows: _Figures, base: float, points: float) -> None:
    for place in np.flatnonzero(np.isfinite(rows.share)):
        share = float(rows.share[place])
        pin, colour = float(np.clip(share, -MOST, MOST)), variance_colour(share)
        end = pin * _stretch(rows) / points
        wide = min(0.2, 2 / slots.wide)
        slots.ax.bar(place, end, bottom=base, width=wide, color=colour, zorder=3, gid="delta_share")
        mark = "s" if pin == share else "^" if share > 0 else "v"
        size = min(4.5 if pin == share else 6.5, 0.6 * slots.wide)
        gid = "pin" if pin == share else "cut"
        slots.ax.plot(place, base + end, mark, color=colour, ms=size, zorder=5, gid=gid)


def _key(rows: _Figures, relative: bool, columns: Tier) -> str:
    """How each scenario is drawn, and what was left out."""
    drawn = sorted((name for name, _, _ in _sides(rows)), key=["AC", "FC", "PY", "BU"].index)
    if drawn in (["AC"], []):
        parts = []
    else:
        parts = [", ".join(f"{'AC' if n == 'AC' else SCENARIO_NAMES[n]} {LOOKS[n]}" for n in drawn)]
    parts += ["Δ better (+) or worse (−)"] if rows.compared else []
    if relative and (np.isfinite(rows.effect) & ~(rows.aims > 0)).any():
        parts += ["no % of zero or less"]
    if relative and (np.abs(rows.share[np.isfinite(rows.share)]) > MOST).any():
        parts += ["arrow beyond ±100 %"]
    if any(label.text == "–" for label in columns.labels):
        parts += ["– no figure"]
    return "; ".join(parts)


def _columns_text(rows: _Figures, message: str, who: str, what: str, unit: str) -> str:
    """The chart in words: the message, or what the last month says; then the series and its gaps."""
    words = month_words(rows.index)
    until = rows.last + 1 or len(words)
    values, aims = list(rows.values[:until]), list(rows.aims[:until])
    step = "month" if isinstance(rows.index, pd.PeriodIndex) else "time"
    compared = aims if np.isfinite(aims).any() else None
    other = SCENARIO_NAMES[rows.scenario]
    if not message:
        message = series_message("", what, values, compared, words[:until], unit, rows.good, other, step)
    told = [series_text(what, values, words[:until], unit)]
    if np.isfinite(rows.coming).any():
        told += [series_text("Forecast", list(rows.coming), words, unit)]
    if rows.compared:
        told += [series_text(f"Difference to {other}, plus is better,", list(rows.effect), words, unit)]
    gaps = [word for word, value in zip(words[:until], values, strict=True) if not np.isfinite(value)]
    if gaps and rows.last >= 0:
        told += [f"No figure for {joined(gaps[:6])}" + (f" and {len(gaps) - 6} more" if gaps[6:] else "")]
    return spoken(who, message, *told)


def _columns_table(rows: _Figures, scale: Scale, what: str, unit: str) -> Table:
    """The months as a table, the variances as formulas."""
    size = {"unit": scale.title(unit), "divisor": int(scale.size), "places": scale.places}
    series = {"actual": ("AC", rows.values), "forecast": ("FC", rows.coming)}
    series |= {"plan": (rows.scenario, rows.aims), "last_year": ("PY", rows.past)}
    kept = {key: one for key, one in series.items() if key == "actual" or np.isfinite(one[1]).any()}
    columns = [Column("month", "Month" if isinstance(rows.index, pd.PeriodIndex) else "")]
    columns += [Column(key, head, "number", **size) for key, (head, _) in kept.items()]  # type: ignore[arg-type]
    arrays = [values for _, values in kept.values()]
    formulas, marks, notes = {}, {}, {}
    if rows.compared:
        columns += [Column("delta", f"Δ{rows.scenario}", "number", signed=True, **size)]  # type: ignore[arg-type]
        columns += [Column("share", f"Δ{rows.scenario}", "share", "%", _places(rows), signed=True)]
        arrays += [rows.effect, rows.share]
    for row, effect in enumerate(rows.effect):
        if np.isfinite(effect):
            own = "actual" if np.isfinite(rows.values[row]) else "forecast"
            formulas[row, "delta"] = f"={{{own}}}-{{plan}}" if rows.good == "up" else f"={{plan}}-{{{own}}}"
            marks[row, "delta"] = "good" if effect > 0 else "bad" if effect < 0 else "quiet"
            if np.isfinite(rows.share[row]):
                formulas[row, "share"] = "={delta}/{plan}"
            else:
                notes[row, "share"] = f"No percentage: the {SCENARIO_NAMES[rows.scenario]} is not above zero."
    cells = tuple(
        (name, *(float(array[row]) if np.isfinite(array[row]) else None for array in arrays))
        for row, name in enumerate(month_words(rows.index, short=True))
    )
    chart = NativeChart("columns", "month", tuple(kept), what)
    return Table(
        table_name("columns", what), tuple(columns), cells, tuple(f"r{row + 1}" for row in range(len(cells))),
        what, marks=marks, notes=notes, formulas=formulas, chart=chart,
    )  # fmt: skip
