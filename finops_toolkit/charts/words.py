"""What a chart says to those who cannot see it, and the figures it was drawn from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..tables.model import Table
from ..wording import BLANK, counted, measure_text, missing, number_text, sentence, share_text

_TABLES: WeakKeyDictionary[Axes, Table] = WeakKeyDictionary()
_ORDINALS = tuple("second third fourth fifth sixth seventh eighth ninth tenth".split())  # noqa: SIM905
# A gap below half a thousandth is none: nobody calls 99.97 % of a plan a miss.
_EVEN = 0.0005
# From here on a percentage is no longer a picture of the gap; the amount is.
_TOO_FAR = 10.0


def describe(ax: Axes, text: str, table: Table | None = None) -> None:
    """Keep with the axes the chart's text for those who cannot see it, and the figures it shows."""
    ax.set_label(text)
    if table is not None:
        _TABLES[ax] = table


def alt_text(chart: Axes | Figure) -> str:
    """The chart's text for those who cannot see it; "" where none was given."""
    texts = [str(ax.get_label()) for ax in _axes(chart)]
    return " ".join(text for text in texts if text and text != "<colorbar>")


def chart_table(chart: Axes | Figure) -> Table | None:
    """The figures the chart was drawn from, the first axes' where there are several; None if not kept."""
    return next((_TABLES[ax] for ax in _axes(chart) if ax in _TABLES), None)


def _axes(chart: Axes | Figure) -> Sequence[Axes]:
    return chart.axes if isinstance(chart, Figure) else [chart]


def spoken(who: str, message: str, *details: str) -> str:
    """The parts of an alternative text as sentences: "Plant North: Valves fell short. Revenue 4.2 m."

    Empty parts leave no trace, neither a colon nor a second full stop; a message that begins with `who`
    does not say it twice.
    """
    who, *rest = (" ".join(part.split(" ")).strip(" :") for part in (who, message, *details))
    who = who.rstrip(" :.")
    told = [part for part in rest if part.strip(" .:")]
    if who and not (told and told[0].startswith(f"{who}:")):
        told[:1] = [f"{who}: {told[0]}" if told else who]
    return " ".join(_ended(part) for part in told)


def _ended(part: str) -> str:
    return part[0].upper() + part[1:] if part[-1] in ".!?…" else sentence(part)


def amount_text(value: float | None, unit: str = "", sign: bool = False) -> str:
    """A value with its unit: "EUR 4.2 m", "93.5 %" (unit "%" takes shares), "44.2 days"; else "none"."""
    if not _known(value):
        return "none"
    if len(unit) == 3 and unit.isupper():
        return f"{unit}{BLANK}{number_text(value, sign)}"
    return measure_text(value, "" if unit == "money" else unit, sign=sign)


def _known(value: Any) -> bool:
    return not missing(value) and math.isfinite(float(value))


def side_of(value: float, reference: float, unit: str = "") -> int:
    """1 over the reference, −1 under it, 0 where the gap is nothing once it is rounded."""
    gap = value - reference
    if unit == "%":
        none = round(abs(gap) * 100, 1) == 0
    elif _as_share(value, reference):
        none = abs(gap) < _EVEN * reference
    else:
        none = abs(gap) < 0.05
    return 0 if none else 1 if gap > 0 else -1


def _as_share(value: float, reference: float) -> bool:
    return reference > 0 and value >= 0 and abs(value - reference) / reference < _TOO_FAR


def _gap_size(value: float, reference: float, unit: str) -> str:
    size = abs(value - reference)
    if unit == "%":
        return f"{number_text(round(size * 100, 1))}{BLANK}points"
    if _as_share(value, reference):
        share = size / reference
        return share_text(share, places=0 if share >= 0.0095 else 1)
    return amount_text(size, unit)


def gap_text(value: float, reference: float, unit: str = "", against: str = "plan") -> str:
    """The gap to the reference: "6 % under plan", "1.5 points over target", "on plan".

    A percentage of the reference where that is above zero and the percentage says something; else the
    amount. Between shares (unit "%") the gap is in percentage points.
    """
    side = side_of(value, reference, unit)
    if side == 0:
        return f"on {against}"
    return f"{_gap_size(value, reference, unit)} {'over' if side > 0 else 'under'} {against}"


def series_message(
    who: str,
    name: str,
    values: Sequence[float],
    references: Sequence[float] | None,
    labels: Sequence[str],
    unit: str = "",
    good: str = "up",
    against: str = "plan",
    step: str = "month",
) -> str:
    """A message from a series: "Plant North: revenue EUR 4.2 m, 6 % under plan, third month in a row".

    `values`, `references` in plain units (shares for unit "%"), `labels` as people say them ("November
    2025"); a value that is not there is said, and the last that is there is told. Where less is better
    (`good` "down") a gap is called better or worse. Without references the last value is told beside its
    rank or the one before.
    """
    wanted = list(references) if references is not None else [math.nan] * len(values)
    rows = list(zip(values, wanted, labels, strict=True))
    head = f"{who}: {in_sentence(name)}" if who else name[:1].upper() + name[1:]
    places = [place for place, row in enumerate(rows) if _known(row[0])]
    if not places:
        return f"{head}: none"
    last = places[-1]
    value, reference, label = rows[last]
    told = amount_text(value, unit)
    if last < len(rows) - 1:
        told = f"none in {rows[-1][2]}; last {told} in {label}"
    if _known(reference):
        side = side_of(value, reference, unit)
        judged = "" if good == "up" else {1: " (worse)", -1: " (better)", 0: ""}[side]
        count = streak([row[0] for row in rows[: last + 1]], [row[1] for row in rows[: last + 1]], unit)
        row = f", {_ordinal(count)} {step} in a row" if count > 1 else ""
        return f"{head} {told}, {gap_text(value, reference, unit, against)}{judged}{row}"
    if last == len(rows) - 1:
        told += f" in {label}"
    return f"{head} {told}{_beside([rows[place] for place in places], unit, step)}"


def streak(values: Sequence[float], references: Sequence[float], unit: str = "") -> int:
    """How many of the last steps in a row lie on the same side of their reference; a gap ends the count."""
    count, side = 0, None
    for value, reference in zip(reversed(values), reversed(references), strict=True):
        if not (_known(value) and _known(reference)):
            break
        here = side_of(value, reference, unit)
        if count and here != side:
            break
        side, count = here, count + 1
    return count


def _ordinal(count: int) -> str:
    if count <= len(_ORDINALS) + 1:
        return _ORDINALS[count - 2]
    ending = "th" if count % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    return f"{count}{ending}"


def _beside(rows: Sequence[tuple], unit: str, step: str) -> str:
    """Without a reference: the last value's rank among three or more, or the change since the one before."""
    if len(rows) < 2:
        return ""
    values = [float(row[0]) for row in rows]
    last, before = values[-1], values[-2]
    if len(values) > 2 and last > max(values[:-1]):
        return f", the highest of {counted(len(values), step)}"
    if len(values) > 2 and last < min(values[:-1]):
        return f", the lowest of {counted(len(values), step)}"
    side = side_of(last, before, unit)
    if side == 0:
        return f", as in {rows[-2][2]}"
    return f", {_gap_size(last, before, unit)} {'more' if side > 0 else 'less'} than in {rows[-2][2]}"


def in_sentence(name: str) -> str:
    """A measure's name within a sentence: "revenue", but "OTIF" and "Net Promoter Score" as they are."""
    return name[:1].lower() + name[1:] if name[1:] == name[1:].lower() and len(name) > 1 else name


def ranking_message(
    who: str,
    name: str,
    names: Sequence[str],
    values: Sequence[float],
    effects: Sequence[float] | None,
    unit: str = "",
    good: str = "up",
    against: str = "plan",
) -> str:
    """A message from a comparison: "Plant North: revenue under plan in 3 of 5, most in Valves: EUR 84 k".

    `effects`: gaps to the reference, favourable positive (plain units; shares for unit "%"). Without any, the
    largest value and its share of the total are told.
    """
    head = f"{who}: {in_sentence(name)}" if who else name[:1].upper() + name[1:]
    told = [(str(label), float(value)) for label, value in zip(names, values, strict=True) if _known(value)]
    if not told:
        return f"{head}: none"
    gaps = [math.nan] * len(names) if effects is None else effects
    way = 1 if good == "up" else -1
    known = [
        (float(effect), str(label), side_of(float(value), float(value) - way * float(effect), unit))
        for label, value, effect in zip(names, values, gaps, strict=True)
        if _known(value) and _known(effect)
    ]
    if not known:
        return f"{head}: {_largest(told, unit)}"
    adverse = [row for row in known if row[0] < 0 and row[2]]
    chosen = adverse or [row for row in known if row[0] > 0 and row[2]]
    if not chosen:
        count = f"all {len(known)}" if len(known) == len(names) > 1 else f"{len(known)} of {len(names)}"
        return f"{head} on {against} in {count}"
    kind = "over" if (good == "up") != bool(adverse) else "under"
    size, label, _ = max(chosen, key=lambda row: abs(row[0]))
    points = f"{number_text(round(abs(size) * 100, 1))}{BLANK}points"
    text = points if unit == "%" else amount_text(abs(size), unit)
    if len(names) == 1:
        return f"{head} {text} {kind} {against} in {label}"
    return f"{head} {kind} {against} in {len(chosen)} of {len(names)}, most in {label}: {text}"


def _largest(told: Sequence[tuple[str, float]], unit: str) -> str:
    label, value = max(told, key=lambda row: row[1])
    text = f"{label} {amount_text(value, unit)}"
    if len(told) == 1:
        return text
    text = f"largest is {text}"
    if unit != "%" and min(row[1] for row in told) >= 0 and value > 0:
        text += f", {share_text(value / sum(row[1] for row in told), places=0)} of the total"
    return text


def series_text(name: str, values: Sequence[float], labels: Sequence[str], unit: str) -> str:
    """One series in words: its last, lowest and highest value; shares where the unit is "%"."""
    known = [(value, label) for value, label in zip(values, labels, strict=True) if _known(value)]
    if not known:
        return f"{name}: none."
    low, high = min(known, key=lambda row: row[0]), max(known, key=lambda row: row[0])
    last = f"{name} {amount_text(known[-1][0], unit)}".strip()
    if len(known) == 1:
        return f"{last} in {known[-1][1]}."
    return (
        f"{last} in {known[-1][1]}; lowest {amount_text(low[0], unit)} in {low[1]}, "
        f"highest {amount_text(high[0], unit)} in {high[1]}."
    )
