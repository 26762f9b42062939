"""Charts of structure, from top to bottom: categories against a reference, with the variances beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..tables.model import Column, NativeChart, Table
from ..wording import MINUS, missing, number_text, share_text
from .layout import fit, heading, shorten, text_width, write
from .rows import GAP, Rows, Tier, break_mark, common_scale, draw_bar, label, make_rows, table_name
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
from .words import describe, ranking_message, spoken

SCENARIO_NAMES = {"AC": "actual", "BU": "budget", "PY": "last year", "FC": "forecast"}
LOOKS = {"AC": "dark", "BU": "outlined", "PY": "light", "FC": "hatched"}
MOST = 1.0  # a relative variance is drawn to ±100 %, beyond it cut and marked
PINS = 40.0  # points that the longest pin takes
SPOKEN = 12  # rows that the alternative text lists


@dataclass(frozen=True)
class _Figures:
    """What is drawn, an entry a row. `limit`, `limit_delta`: the longest bar that is drawn whole."""

    names: list[str]
    reasons: list[str]
    values: np.ndarray
    aims: np.ndarray
    past: np.ndarray
    effect: np.ndarray
    share: np.ndarray
    limit: np.ndarray
    limit_delta: np.ndarray
    total: bool
    scenario: str
    shown: str

    def cut(self, value: float, row: int) -> float:
        """A value as far as it is drawn; 0 where there is none."""
        return float(np.clip(np.nan_to_num(value), -self.limit[row], self.limit[row]))

    def delta(self, row: int) -> float:
        """A variance as far as it is drawn; 0 where there is none."""
        return float(np.clip(np.nan_to_num(self.effect[row]), -self.limit_delta[row], self.limit_delta[row]))

    def outer(self, row: int) -> tuple[float, bool]:
        """Where a row's label stands: the end of the longest bar on its value's side; is it the right one?"""
        ends = [self.cut(end, row) for end in (self.values[row], self.aims[row], self.past[row])]
        lead = next((end for end in ends if end), 0.0)
        return (max(0.0, *ends), True) if lead >= 0 else (min(0.0, *ends), False)

    def bold(self, row: int) -> bool:
        """Whether the row is the total."""
        return self.total and row == len(self.names) - 1

    def said(self, row: int, scale: Scale) -> str:
        """A row's value as its label says it."""
        if np.isfinite(self.values[row]):
            return label(scale, self.values[row])
        why = self.reasons[row]
        return shorten(f"none: {why}", 150.0) if why else "none"


def bars_with_variance(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    name: str = "name",
    actual: str = "actual",
    reference: str = "budget",
    scenario: str = "BU",
    last_year: str | None = None,
    shown: str = "AC",
    relative: bool = False,
    total: str = "",
    cut: float | None = None,
    message: str = "",
    who: str = "",
    what: str = "",
    when: str = "",
    unit: str = "",
    good: str = "up",
) -> Axes:
    """A bar a category against its reference, and to the right the variance on the same scale.

    Rows are drawn in the frame's order; columns in plain units, a missing value is "none" (and why, where the
    frame has a column `reason`). Variances are favourable positive: `good` says which way that is.
    `scenario` is what the reference is ("BU", "PY", "FC"), `shown` what `actual` is ("AC", or "FC" for an
    outlook); `last_year`: a column drawn light beside both. `relative` adds the variances in percent as pins:
    none against a reference of zero or less, cut and marked beyond ±100 %. `total` names a last row, the sum,
    in bold. A bar longer than `cut`, or of a total that would dwarf its parts, is cut and marked; its label
    is the true value.
    """
    check_columns(frame, [name, actual, reference, last_year])
    columns = [actual, reference, last_year]
    rows = _figures(frame, name, columns, good, total, cut, scenario, shown)
    # The parts decide the unit and the decimals; a total has room for its digits.
    parts = slice(0, len(frame))
    scale = scale_for([*rows.values[parts], *rows.aims[parts], *rows.past[parts]])
    with house_style():
        place = make_rows(ax, rows.names, head=15, pitch=24.0 if last_year else 19.5)
        value, delta, pins = _tiers(rows, scale)
        stretch = PINS / (pins.reach or 1.0)
        beside = sum(pins.sides(stretch)) + 16 if relative else 0.0
        points = common_scale([value, delta], place.room - 30 - beside)
        line = (value.sides(points)[1] + 26 + delta.sides(points)[0]) / points
        _values(place, rows, scale, points)
        _variances(place, rows, scale, points, line)
        if relative:
            far = line + (delta.sides(points)[1] + 16 + pins.sides(stretch)[0]) / points
            _pins(place, rows, points, far, stretch)
        start = -(value.sides(points)[0] + 1) / points
        place.ax.set_xlim(start, start + place.room / points)
        if rows.total:
            place.ax.get_yticklabels()[-1].set_fontweight("bold")
            place.ax.axhline(len(rows.names) - 1.5, color=QUIET, lw=0.7, zorder=0)
        key = f"{when}{': ' if when else ''}{_key(rows, relative)}"
        heading(place.ax, message, [who, in_units(what, scale.title(unit)).strip(), key], left=place.left)
    describe(
        place.ax, _bars_text(rows, message, who, what, unit, good), _bars_table(rows, scale, what, unit, good)
    )
    return fit(place.ax)


def _figures(
    frame: pd.DataFrame,
    name: str,
    columns: Sequence[str | None],
    good: str,
    total: str,
    cut: float | None,
    scenario: str,
    shown: str,
) -> _Figures:
    values, aims, past = (
        np.full(len(frame), np.nan)
        if column is None
        else pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        for column in columns
    )
    longest = max(np.nanmax(np.abs([0.0, *column])) for column in (values, aims, past))
    shift = np.nanmax(np.abs([0.0, *(values - aims)]))
    names, reasons = [str(one) for one in frame[name]], [""] * len(frame)
    if "reason" in frame.columns:
        reasons = ["" if missing(why) else str(why) for why in frame["reason"]]
    limit, limit_delta = (np.full(len(frame), np.inf if cut is None else float(cut)) for _ in range(2))
    if total:
        names, reasons = [*names, total], [*reasons, ""]
        values, aims, past = (np.append(column, column.sum()) for column in (values, aims, past))
        # A total that dwarfs its parts would press them flat.
        sums = max(np.nanmax(np.abs([0.0, column[-1]])) for column in (values, aims, past))
        limit = np.append(limit, 2 * longest if sums > 4 * longest > 0 else np.inf)
        most = max(2 * shift, 0.5 * longest)
        change = abs(np.nan_to_num(values[-1] - aims[-1]))
        limit_delta = np.append(limit_delta, most if change > 2 * most > 0 else np.inf)
    effect = (values - aims) * (1 if good == "up" else -1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = np.where(aims > 0, effect / aims, np.nan)
    # Against next to nothing a percentage says nothing.
    share = np.where(np.abs(share) < 1e6, share, np.nan)
    return _Figures(
        names, reasons, values, aims, past, effect, share, limit, limit_delta, bool(total), scenario, shown
    )


def _tiers(rows: _Figures, scale: Scale) -> tuple[Tier, Tier, Tier]:
    """The room that values, variances and pins need."""
    value, delta, pins = Tier(), Tier(), Tier()
    head = text_width(f"Δ{rows.scenario} %") / 2
    for tier in (delta, pins):
        tier.ends += [(0.0, head, True), (0.0, head, False)]
    for row in range(len(rows.names)):
        bold = rows.bold(row)
        end, right = rows.outer(row)
        value.add(end, rows.said(row, scale), right, bold)
        for one in (rows.values[row], rows.aims[row], rows.past[row]):
            value.add(rows.cut(one, row))
        delta.add(rows.delta(row), _signed(rows, row, scale), rows.delta(row) >= 0, bold)
        pin = float(np.clip(np.nan_to_num(rows.share[row]), -MOST, MOST))
        pins.add(pin, _percent(rows, row), pin >= 0, bold)
    return value, delta, pins


def _signed(rows: _Figures, row: int, scale: Scale) -> str:
    if np.isfinite(rows.effect[row]):
        # Variances are smaller than values: where all are below one of the unit, one more decimal tells them.
        parts = np.abs(rows.effect[: len(rows.names) - rows.total])
        finer = scale.letter and 0 < np.nanmax([0.0, *parts]) < scale.size
        places = min(2, scale.places + 1) if finer else scale.places
        return label(replace(scale, places=places), rows.effect[row], sign=True)
    return "none" if np.isfinite(rows.values[row]) else ""


def _percent(rows: _Figures, row: int) -> str:
    if not np.isfinite(rows.effect[row]):
        return ""
    share = rows.share[row]
    return "none" if not np.isfinite(share) else share_text(float(share), sign=True, places=_places(rows))


def _places(rows: _Figures) -> int:
    """Decimals of the percentages: one where all are small."""
    return 1 if np.nanmax([0.0, *np.abs(rows.share)]) < 0.1 else 0


def _values(place: Rows, rows: _Figures, scale: Scale, points: float) -> None:
    """The bars of all scenarios: last year above, actual in front, the reference below, overlapping."""
    three = bool(np.isfinite(rows.past).any())
    wide = 0.42 if three else 0.56
    bars = [(rows.past, "PY", -0.2, 1), (rows.aims, rows.scenario, 0.2 if three else 0.1, 2)]
    bars += [(rows.values, rows.shown, 0.0 if three else -0.05, 3)]
    for row in range(len(rows.names)):
        for column, scenario, shift, order in bars:
            if np.isfinite(column[row]):
                drawn = rows.cut(column[row], row)
                how = {"gid": scenario, "zorder": order, **SCENARIOS[scenario]}
                place.ax.barh(row + shift, drawn, height=wide, **how)
        for side in {np.sign(one[row]) for one, *_ in bars if abs(one[row]) > rows.limit[row]}:
            # One gap through all of the row's bars, where those are that are cut.
            at = side * (rows.limit[row] - 14 / points)
            break_mark(place.ax, at, row, 4 / points, 0.44)
        end, right = rows.outer(row)
        _label(place, row, end, right, rows.said(row, scale), points, rows,
               TEXT if np.isfinite(rows.values[row]) else QUIET)  # fmt: skip
    place.line(0.0, gid="zero", zorder=4)


def _label(
    place: Rows, row: int, end: float, right: bool, text: str, points: float, rows: _Figures, colour: str
) -> None:
    if text:
        write(
            place.ax,
            end + (GAP if right else -GAP) / points,
            row,
            text,
            va="center",
            ha="left" if right else "right",
            color=colour,
            fontweight="bold" if rows.bold(row) else "normal",
            zorder=7,
        )


def _variances(place: Rows, rows: _Figures, scale: Scale, points: float, line: float) -> None:
    """The absolute variances: thicker bars on a base line of their own, on the values' scale."""
    for row in range(len(rows.names)):
        drawn, effect = rows.delta(row), float(rows.effect[row])
        text = _signed(rows, row, scale)
        # What rounds to nothing is neither good nor bad.
        colour = variance_colour(effect) if text[:1] in ("+", MINUS) else QUIET
        if np.isfinite(effect):
            how = {"left": line, "color": colour, "gid": "delta", "zorder": 3}
            draw_bar(place, row, drawn, drawn == effect, points, 0.68, **how)
        _label(place, row, line + drawn, drawn >= 0, text, points, rows, colour)
    place.line(line, gid="zero", zorder=4)
    _head(place, line, f"Δ{rows.scenario}")


def _head(place: Rows, x: float, text: str) -> None:
    write(place.ax, x, -0.55, text, ha="center", va="bottom", color=QUIET, gid="tier")


def _pins(place: Rows, rows: _Figures, points: float, line: float, stretch: float) -> None:
    """The relative variances as pins on their own base line; beyond ±100 % an arrow's head for a square."""
    for row in range(len(rows.names)):
        share, text = float(rows.share[row]), _percent(rows, row)
        if not np.isfinite(share):
            _label(place, row, line, True, text, points, rows, QUIET)
            continue
        pin, colour = float(np.clip(share, -MOST, MOST)), variance_colour(share)
        across, whole = pin * stretch / points, pin == share
        place.ax.barh(row, across, left=line, height=0.09, color=colour, zorder=3, gid="delta_share")
        mark = "s" if whole else ">" if share > 0 else "<"
        place.ax.plot(
            line + across,
            row,
            mark,
            color=colour,
            ms=4.5 if whole else 6.5,
            zorder=5,
            gid="pin" if whole else "cut",
        )
        # The label keeps clear of the pin's head.
        out = GAP / points if pin >= 0 else -GAP / points
        _label(place, row, line + across + out / 2, pin >= 0, text, points, rows, colour)
    place.line(line, gid="zero", zorder=4)
    _head(place, line, f"Δ{rows.scenario} %")


def _key(rows: _Figures, relative: bool) -> str:
    """The heading's third line: how each scenario is drawn, and what was left out."""
    drawn = [(rows.shown, rows.shown if rows.shown == "AC" else SCENARIO_NAMES[rows.shown])]
    drawn += [(rows.scenario, SCENARIO_NAMES[rows.scenario])]
    if np.isfinite(rows.past).any() and rows.scenario != "PY":
        drawn += [("PY", "last year")]
    parts = [", ".join(f"{words} {LOOKS[scenario]}" for scenario, words in drawn)]
    parts += ["Δ better (+) or worse (−)"]
    if relative and (np.isfinite(rows.effect) & ~(rows.aims > 0)).any():
        parts += ["no % of zero or less"]
    if any(rows.cut(v, i) != v for i, v in enumerate(rows.values) if np.isfinite(v)):
        parts += ["a gap: bar cut"]
    return "; ".join(parts)


def _bars_text(rows: _Figures, message: str, who: str, what: str, unit: str, good: str) -> str:
    """The chart in words: the message, or what stands out; then the rows, those that differ most first."""
    parts = len(rows.names) - rows.total
    order = sorted(range(parts), key=lambda row: -abs(np.nan_to_num(rows.effect[row])))
    other = SCENARIO_NAMES[rows.scenario]

    def told(row: int) -> str:
        if not np.isfinite(rows.values[row]):
            return f"{rows.names[row]} none" + (f", because {rows.reasons[row]}" if rows.reasons[row] else "")
        text = f"{rows.names[row]} {number_text(float(rows.values[row]))}"
        delta = rows.effect[row]
        return text + (f" ({number_text(float(delta), sign=True)})" if np.isfinite(delta) else "")

    if not message:
        name = what or "values"
        message = ranking_message(
            "",
            name,
            rows.names[:parts],
            list(rows.values[:parts]),
            list(rows.effect[:parts]),
            unit,
            good,
            other,
        )
    listed = [len(rows.names) - 1] * rows.total + (list(range(parts)) if parts <= SPOKEN else order[:SPOKEN])
    more = f" and {parts - SPOKEN} more" if parts > SPOKEN else ""
    said = f"{what or 'Values'}, difference to {other} in brackets, plus is better"
    return spoken(who, message, f"{said}: {', '.join(map(told, listed))}{more}")


def _bars_table(rows: _Figures, scale: Scale, what: str, unit: str, good: str) -> Table:
    """The rows as a table: variances, shares and the total as formulas."""
    size = {"kind": "number", "unit": scale.title(unit), "divisor": int(scale.size), "places": scale.places}
    past = bool(np.isfinite(rows.past).any())
    columns = [Column("name", "Name"), Column("shown", rows.shown, **size)]  # type: ignore[arg-type]
    columns += [Column("reference", rows.scenario, **size)]  # type: ignore[arg-type]
    columns += [Column("last_year", "PY", **size)] if past else []  # type: ignore[arg-type]
    columns += [Column("delta", f"Δ{rows.scenario}", signed=True, **size)]  # type: ignore[arg-type]
    columns += [Column("share", f"Δ{rows.scenario}", "share", "%", _places(rows), signed=True)]
    arrays = [rows.values, rows.aims, *([rows.past] if past else []), rows.effect, rows.share]
    cells = [
        (name, *(float(array[row]) if np.isfinite(array[row]) else None for array in arrays))
        for row, name in enumerate(rows.names)
    ]
    keys = tuple(f"r{row + 1}" for row in range(len(cells)))
    formulas: dict[tuple[int, str], str] = {}
    marks: dict[tuple[int, str], str] = {}
    for row, effect in enumerate(rows.effect):
        if np.isfinite(effect):
            formulas[row, "delta"] = "={shown}-{reference}" if good == "up" else "={reference}-{shown}"
            marks[row, "delta"] = "good" if effect > 0 else "bad" if effect < 0 else "quiet"
        if np.isfinite(rows.share[row]):
            formulas[row, "share"] = "={delta}/{reference}"
    last = len(cells) - 1
    for column, array in zip(("shown", "reference", "last_year"), arrays, strict=False):
        if rows.total and column in [one.key for one in columns] and np.isfinite(array[-1]):
            formulas[last, column] = f"=SUM({','.join(f'{{{key}.{column}}}' for key in keys[:-1])})"
    notes = {(row, "shown"): why for row, why in enumerate(rows.reasons) if why}
    return Table(
        table_name("bars", what), tuple(columns), tuple(cells), keys, what or "Values",
        totals=(last,) if rows.total else (), marks=marks, notes=notes, formulas=formulas,
        chart=NativeChart("bars", "name", ("shown", "reference"), what),
    )  # fmt: skip
