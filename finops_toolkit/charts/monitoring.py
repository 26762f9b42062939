"""Watching a process and looking ahead: a control chart with its limits, and a fan of what may come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb

from ..errors import UsageError
from ..wording import counted, joined
from .layout import fit, heading, shorten, write
from .lines import labeller, series_table
from .slots import Slots, along, make_slots, month_words, point_labels, side_labels, side_room, upright
from .style import (
    ACTUAL,
    GUIDE,
    QUIET,
    TEXT,
    check_columns,
    house_style,
    in_units,
    scale_for,
    variance_colour,
)
from .time import numbers
from .words import amount_text, describe, series_message, spoken

PHASE = 13.0  # points above the drawing for the phases' names
# Pairs of quantiles that make a band, the widest first.
QUANTILES = (("p5", "p95", "90 %"), ("p10", "p90", "80 %"), ("p25", "p75", "50 %"))


def control_chart(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    value: str = "value",
    centre: str | float | None = "centre",
    lower: str | float | None = "lower",
    upper: str | float | None = "upper",
    signals: str | None = None,
    phase: str | None = None,
    measure: str = "",
    good: str = "",
    message: str = "",
    who: str = "",
    what: str = "",
    when: str = "",
) -> Axes:
    """A process over time between its limits; points that signal are ringed diamonds with their values.

    Draws what it is given and computes no limits. `centre`, `lower`, `upper`: columns, which may step from
    phase to phase, or numbers; None for none. `signals`: a column of True and False. `phase`: a column of
    names; without it a phase begins where a limit changes. `good` "up" or "down" colours the signals by their
    effect; by default a signal is neither.
    """
    limits = {"upper": upper, "centre": centre, "lower": lower}
    columns = [column for column in (value, *limits.values(), signals, phase) if isinstance(column, str)]
    check_columns(frame, columns)
    values = numbers(frame, value)
    lines = {name: _limit(frame, given) for name, given in limits.items()}
    flagged = frame[signals].fillna(False).astype(bool).to_numpy() if signals else np.zeros(len(frame), bool)
    flagged = flagged & np.isfinite(values)
    starts = _phases(frame, lines, phase)
    label = labeller(np.concatenate([values, *lines.values()]), measure)
    ends = _line_ends(values, lines, label)
    with house_style():
        slots = make_slots(ax, frame.index, 2.3, right=side_room([text for _, text, _, _ in ends]))
        names = PHASE if phase else 0.0
        unit, bottom = upright(slots, [*values, *np.concatenate(list(lines.values()))], pad=15 + names)
        drawn = _draw_process(slots, values, lines)
        for place in starts:
            reach = [bottom, bottom + (slots.high - 2) / unit]
            slots.ax.plot([place - 0.5] * 2, reach, color=QUIET, lw=0.7, zorder=1, gid="phase")
        if phase:
            _phase_names(slots, frame[phase].astype(str).tolist(), starts, bottom + (slots.high - 9) / unit)
        _mark(slots, values, flagged, lines["centre"], good)
        told = _told(values, flagged)
        points = [(float(i), float(values[i])) for i in told]
        texts = [label(y) for _, y in points]
        point_labels(slots, points, texts, drawn, unit, bottom, 1 + names, 8.5)
        side_labels(slots, ends, unit, bottom)
        key = "ringed diamond = signal" if flagged.any() else "no signal"
        key = key if signals else ""
        heading(slots.ax, message, [who, what, f"{when}{': ' if when and key else ''}{key}"])
    text = _control_text(frame.index, values, lines, flagged, message, who, what or value, measure)
    notes = {(int(row), "value"): "Signal" for row in np.flatnonzero(flagged)}
    heads = {"upper": "Upper limit", "centre": "Centre", "lower": "Lower limit"}
    series = {"value": (what or value, values), **{key: (heads[key], line) for key, line in lines.items()}}
    describe(slots.ax, text, series_table("control", frame.index, series, what or value, measure, notes))
    return fit(slots.ax)


def _limit(frame: pd.DataFrame, given: str | float | None) -> np.ndarray:
    if given is None or isinstance(given, str):
        return numbers(frame, given)
    return np.full(len(frame), float(given))


def _phases(frame: pd.DataFrame, lines: dict[str, np.ndarray], phase: str | None) -> list[int]:
    """Where a phase begins, the first aside; none where limits change with nearly every point."""
    if phase:
        names = frame[phase].astype(str).tolist()
        return [i for i in range(1, len(names)) if names[i] != names[i - 1]]
    steps = np.zeros(max(0, len(frame) - 1), dtype=bool)
    for line in lines.values():
        steps |= ~np.isclose(line[1:], line[:-1], equal_nan=True, rtol=1e-9, atol=0)
    places = [int(i) + 1 for i in np.flatnonzero(steps)]
    return places if len(places) <= len(frame) / 3 else []


def _line_ends(
    values: np.ndarray, lines: dict[str, np.ndarray], label: Callable[[float], str]
) -> list[tuple[float, str, str, bool]]:
    """What stands at the right: the last value, and the limits as they are in the end."""
    ends = []
    if np.isfinite(values[-1]):
        ends.append((float(values[-1]), label(float(values[-1])), TEXT, True))
    for name, line in lines.items():
        if np.isfinite(line).any():
            last = float(line[np.isfinite(line)][-1])
            text = f"{name}{' limit' if name != 'centre' else ''} {label(last)}"
            ends.append((last, text, GUIDE if name == "centre" else QUIET, False))
    return ends


def _draw_process(slots: Slots, values: np.ndarray, lines: dict[str, np.ndarray]) -> np.ndarray:
    """The line between its limits; all as points close together, for labels to keep off."""
    places = np.arange(len(values), dtype=float)
    slots.ax.plot(places, values, color=ACTUAL, lw=1.4, marker="o", ms=3, zorder=3, gid="AC")
    drawn = [along(places, values)]
    for name, line in lines.items():
        across, level = np.repeat(places, 2) + np.tile([-0.5, 0.5], len(places)), np.repeat(line, 2)
        look: dict[str, Any] = {"color": QUIET, "lw": 1.0, "ls": (0, (4, 2)), "gid": "limit"}
        if name == "centre":
            look = {"color": GUIDE, "lw": 1.0, "gid": "centre"}
        slots.ax.plot(across, level, zorder=2, **look)
        drawn.append(along(across, level))
    return np.vstack(drawn)


def _phase_names(slots: Slots, names: list[str], starts: list[int], y: float) -> None:
    begins = [0, *starts]
    for begin, end in zip(begins, [*starts, slots.count], strict=True):
        text = shorten(names[begin], (end - begin) * slots.wide - 6, 8.0)
        if len(text) > 1:
            how: dict[str, Any] = {"fontsize": 8.0, "color": QUIET, "va": "baseline"}
            write(slots.ax, begin - 0.5 + 3 / slots.wide, y, text, **how)


def _mark(slots: Slots, values: np.ndarray, flagged: np.ndarray, centre: np.ndarray, good: str) -> None:
    for place in np.flatnonzero(flagged):
        effect = values[place] - centre[place] if np.isfinite(centre[place]) else 0.0
        colour = variance_colour(effect if good == "up" else -effect) if good else ACTUAL
        slots.ax.plot(place, values[place], "D", color=colour, ms=4.8, zorder=4, gid="signal")
        ring: dict[str, Any] = {"facecolors": "none", "edgecolors": colour, "linewidths": 1.3}
        slots.ax.scatter([place], [values[place]], s=95, zorder=4, **ring)


def _told(values: np.ndarray, flagged: np.ndarray) -> list[int]:
    """The points that carry their value: those that signal, the extremes, the first and the last."""
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return []
    chosen = [
        *(int(i) for i in np.flatnonzero(flagged)),
        int(np.nanargmax(values)),
        int(np.nanargmin(values)),
    ]
    chosen += [int(known[-1]), int(known[0])]
    return [place for place in dict.fromkeys(chosen) if place != len(values) - 1]


def _control_text(
    index: pd.Index, values: np.ndarray, lines: dict[str, np.ndarray], flagged: np.ndarray, message: str,
    who: str, what: str, measure: str,
) -> str:  # fmt: skip
    words, label = month_words(index), labeller(np.concatenate([values, *lines.values()]), measure)
    places = np.flatnonzero(flagged)
    found = [f"{words[i]} ({label(float(values[i]))})" for i in places[-6:]]
    more = f"{len(places) - 6} earlier ones, " if len(places) > 6 else ""
    signals = f"{counted(len(places), 'signal')}: {more}{joined(found)}" if found else "No signal"
    step = "month" if isinstance(index, pd.PeriodIndex) else "time"
    last = series_message("", what, list(values), None, words, measure, step=step)
    ends = [text for _, text, _, bold in _line_ends(values, lines, label) if not bold]
    return spoken(
        who, message or last, last if message else "", signals, f"Now {joined(ends)}" if ends else ""
    )


def fan_chart(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    actual: str = "actual",
    median: str = "p50",
    bands: Sequence[tuple[str, str, str]] | None = None,
    plan: str | None = None,
    plan_name: str = "plan",
    message: str = "",
    who: str = "",
    what: str = "",
    when: str = "",
    unit: str = "",
    zero: bool = False,
) -> Axes:
    """History as a line, then the median of what may come within bands that open from the last actual.

    `bands`: (low column, high column, share of outcomes within, "80 %"); by default those of p5, p10, p25,
    p75, p90 and p95 that the frame has. `plan`: a column, drawn dashed and called `plan_name`. Plain units.
    Raises UsageError where a band's low end lies over its high one.
    """
    pairs = list(bands) if bands is not None else [q for q in QUANTILES if {q[0], q[1]} <= set(frame.columns)]
    check_columns(frame, [actual, median, plan, *(name for low, high, _ in pairs for name in (low, high))])
    values, middle, aims = (numbers(frame, name) for name in (actual, median, plan))
    fans = [(numbers(frame, low), numbers(frame, high), label) for low, high, label in pairs]
    for (low, high, _), (bottom_of, top_of, _) in zip(pairs, fans, strict=True):
        with np.errstate(invalid="ignore"):
            if (bottom_of > top_of).any():
                raise UsageError(
                    f"The band lies upside down: {low} is over {high}.", "Give (low, high, name)."
                )
    fans.sort(key=lambda fan: -float(np.nansum(fan[1] - fan[0])))
    scale = scale_for([*values, *middle, *aims, *(v for low, high, _ in fans for v in (*low, *high))])
    ends = _fan_ends(middle, fans, aims, plan_name, scale.label)
    with house_style():
        slots = make_slots(ax, frame.index, 2.6, right=side_room([text for _, text, _, _ in ends]))
        reach = [*values, *middle, *aims, *(v for low, high, _ in fans for v in (*low, *high))]
        per, bottom = upright(slots, reach, zero)
        drawn = _draw_fan(slots, values, middle, fans, aims)
        known = np.flatnonzero(np.isfinite(values))
        if zero:
            slots.line(0, gid="zero")
        if len(known):
            told = dict.fromkeys([known[-1], int(np.nanargmax(values)), int(np.nanargmin(values)), known[0]])
            points = [(float(i), float(values[i])) for i in told]
            point_labels(slots, points, [scale.label(y) for _, y in points], drawn, per, bottom)
        side_labels(slots, ends, per, bottom)
        shares = joined([label for _, _, label in reversed(fans)])
        key = f"actual solid, then the median; {shares} of outcomes lie in the bands" if fans else ""
        key += ("; " if key else "") + f"{plan_name} dashed" if np.isfinite(aims).any() else ""
        heading(slots.ax, message, [who, in_units(what, scale.title(unit)),
                                    f"{when}{': ' if when and key else ''}{key}"])  # fmt: skip
    series = {"value": ("AC", values), "median": ("Median", middle), "plan": (plan_name.capitalize(), aims)}
    for number, (lows, highs, label) in enumerate(fans, 1):
        series |= {f"low{number}": (f"{label} from", lows), f"high{number}": (f"{label} to", highs)}
    text = _fan_text(frame.index, values, middle, fans, message, who, what or actual, unit)
    describe(slots.ax, text, series_table("fan", frame.index, series, what or actual, unit))
    return fit(slots.ax)


def _fan_ends(
    middle: np.ndarray, fans: Sequence[tuple], aims: np.ndarray, plan_name: str, label: Any
) -> list[tuple[float, str, str, bool]]:
    """What stands at the right: the median, the bands' ends, the plan, as they are in the end."""
    ends = []
    if np.isfinite(middle).any():
        last = float(middle[np.isfinite(middle)][-1])
        ends.append((last, f"median {label(last)}", TEXT, True))
    for low, high, name in fans:
        for side, words in ((high, "up to"), (low, "from")):
            if np.isfinite(side).any():
                last = float(side[np.isfinite(side)][-1])
                ends.append((last, f"{name}: {words} {label(last)}", GUIDE, False))
    if np.isfinite(aims).any():
        last = float(aims[np.isfinite(aims)][-1])
        ends.append((last, f"{plan_name} {label(last)}", QUIET, False))
    return ends


def _draw_fan(
    slots: Slots, values: np.ndarray, middle: np.ndarray, fans: Sequence[tuple], aims: np.ndarray
) -> np.ndarray:
    """Bands from light to dark, the median, the history; all as points close together."""
    places = np.arange(len(values), dtype=float)
    known = np.flatnonzero(np.isfinite(values))

    def opened(line: np.ndarray) -> np.ndarray:
        """A line of the fan that begins at the last actual."""
        line = line.copy()
        if len(known) and np.isfinite(line).any() and known[-1] < np.flatnonzero(np.isfinite(line))[0]:
            line[known[-1]] = values[known[-1]]
        return line

    drawn = [along(places, values), along(places, opened(middle))]
    shades = np.linspace(0.22, 0.55, len(fans)) if len(fans) > 1 else [0.3]
    for (low, high, _), strength in zip(fans, shades, strict=False):
        colour = to_hex(tuple(1 - strength * (1 - part) for part in to_rgb(GUIDE)))
        edges = opened(low), opened(high)
        slots.ax.fill_between(places, *edges, color=colour, lw=0, zorder=1, gid="band")
        for edge in edges:
            slots.ax.plot(places, edge, color=GUIDE, lw=0.7, zorder=2, gid="band")
            drawn.append(along(places, edge))
    if np.isfinite(aims).any():
        slots.ax.plot(places, aims, color=QUIET, lw=1.1, ls=(0, (5, 2)), zorder=3, gid="target")
        drawn.append(along(places, aims))
    slots.ax.plot(places, opened(middle), color=ACTUAL, lw=1.6, ls=(0, (1, 1)), zorder=4, gid="median")
    slots.ax.plot(places, values, color=ACTUAL, lw=1.8, marker="o", ms=2.5, zorder=5, gid="AC")
    return np.vstack(drawn)


def _fan_text(
    index: pd.Index, values: np.ndarray, middle: np.ndarray, fans: Sequence[tuple], message: str, who: str,
    what: str, unit: str,
) -> str:  # fmt: skip
    """The message, or what is expected at the end; then the last actual."""
    words = month_words(index)
    expected = ""
    known = np.flatnonzero(np.isfinite(middle))
    if len(known):
        last = known[-1]
        expected = f"{what} {amount_text(float(middle[last]), unit)} expected in {words[last]}"
        for low, high, label in fans:
            if np.isfinite([low[last], high[last]]).all():
                ends = f"{amount_text(float(low[last]), unit)} and {amount_text(float(high[last]), unit)}"
                expected += f", {label} of outcomes between {ends}"
    until = max(np.flatnonzero(np.isfinite(values)), default=-1) + 1
    history = series_message("", what, list(values[:until]), None, words[:until], unit) if until else ""
    return spoken(
        who, message or expected, expected if message else "", f"So far: {history}" if history else ""
    )
