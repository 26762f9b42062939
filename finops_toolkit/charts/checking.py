"""The chart check: what on a drawn figure breaks the notation, each finding with the element and the cure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import rgb_to_hsv, to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text

from .seen import Bar, Seen, Words, contrast, luminance, see
from .style import BAD, GOOD
from .words import alt_text

SMALLEST = 7.0  # points
WRITTEN, LARGE, DRAWN = 4.5, 3.0, 3.0  # contrasts: of text, of large text, of what is drawn
# A text stands on what covers this share of the pixels behind it; what covers less is an edge or a line.
STANDS_ON, CROSSED = 0.25, 0.04
BRIDGE = ("start", "step", "subtotal", "end")
_NO_FIGURE = re.compile(r"(?<!\w)(nan|NaN|NaT|inf|Inf|None(?! of)|<NA>)(?!\w)")
_DECIMALS = re.compile(r"\d\.\d{5,}")
_WORD = re.compile(r"[^\W\d_]{3,}")
_SIGNED = re.compile(
    r"[+−▲▼△▽✓✗±]|(?<!\w)-\d|\b(?:better|worse|good|bad|miss(?:es|ed)?|met|on target|over|under|above"
    r"|below|late|favourable|adverse|outside|gain|loss|lost|won)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(r"(?:\bin |\(|\[)([^()\[\]\n]+?)[)\]]?$")


@dataclass(frozen=True)
class Finding:
    """What breaks the notation: the rule's name, and a sentence with the element and what to do."""

    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.text}"


def check_chart(chart: Axes | Figure) -> list[Finding]:
    """Whatever breaks the notation on the figure of `chart`, as drawn; nothing for a good one.

    Any matplotlib figure will do. What it cannot guess it reads from gids: bars "AC", "PY", "BU", "FC",
    "delta", "delta_share", the parts of a bridge "start", "step", "subtotal", "end", a bar cut on purpose
    "cut"; base lines "zero"; the heading's texts "message" and "lines". Bars with another gid (say, a period
    in a timeline) need no base line; those of `bar` and `barh` without a gid do.
    """
    seen = see(chart)
    return [Finding(rule, text) for rule, look in RULES.items() for text in dict.fromkeys(look(seen))]


def _quote(text: str) -> str:
    short = " ".join(text.split())
    return f"“{short if len(short) <= 40 else short[:39] + '…'}”"


def _log_axes(seen: Seen) -> Iterator[str]:
    for ax in seen.axes:
        for side, scale in (("x", ax.get_xscale()), ("y", ax.get_yscale())):
            if scale != "linear":
                yield f"The {side} axis is {scale}: draw amounts on a linear one."


def _base_lines(ax: Axes, seen: Seen, upright: bool, bars: list[Bar]) -> list[float]:
    """Where a line runs past most bars: an axhline or axvline, a straight line, or the axis itself."""
    places = [bar.place for bar in bars]
    needed = max(0.5 * (max(places) - min(places)), 0.5 * bars[0].thick)
    found = []
    for owner, line in seen.lines:
        if owner is not ax or line.get_linestyle() == "None" or line.get_linewidth() == 0:
            continue
        along, across = line.get_data() if upright else line.get_data()[::-1]
        try:
            ends, values = np.asarray(along, dtype=float), np.asarray(across, dtype=float)
        except (TypeError, ValueError):
            continue
        whole = line.get_transform() is not ax.transData  # an axhline runs from 0 to 1 of the axes
        if len(values) > 1 and np.ptp(values) == 0 and (whole or np.ptp(ends) >= needed):
            found.append(float(values[0]))
    low, high = sorted(ax.get_ylim() if upright else ax.get_xlim())
    edges = (("bottom", low), ("top", high)) if upright else (("left", low), ("right", high))
    found += [value for side, value in edges if side in ax.spines and ax.spines[side].get_visible()]
    return found


def _by_axes(seen: Seen) -> Iterator[tuple[Axes, bool, list[Bar], float]]:
    """Axes with bars of one direction, and how small a difference on their value axis is none."""
    for ax in seen.axes:
        for upright in (True, False):
            bars = [bar for bar in seen.bars if bar.ax is ax and bar.upright == upright]
            if bars:
                low, high = sorted(ax.get_ylim() if upright else ax.get_xlim())
                yield ax, upright, bars, (high - low) * 2e-3


def _zero_lines(seen: Seen) -> Iterator[str]:
    for ax, upright, bars, near in _by_axes(seen):
        lines = _base_lines(ax, seen, upright, bars)
        astray, bare = 0, set()
        for bar in bars:
            if bar.kind in ("step", "cut"):
                continue
            on_line = any(abs(bar.base - line) <= near for line in lines)
            stacked = any(
                other is not bar and abs(other.end - bar.base) <= near and abs(other.place - bar.place) < 1e-9
                for other in bars
            )
            if abs(bar.base) <= near and not on_line and not stacked:
                bare.add(0.0)
            elif abs(bar.base) > near and not on_line and not stacked:
                astray += 1
        if bare:
            yield "The bars' zero line is missing: draw one through 0."
        if astray:
            yield f"{astray} of {len(bars)} bars begin neither at zero nor at a base line: let them."


def _cut_axes(seen: Seen) -> Iterator[str]:
    for ax, upright, bars, near in _by_axes(seen):
        low, high = sorted(ax.get_ylim() if upright else ax.get_xlim())
        reach = [value for bar in bars for value in (bar.base, bar.end)]
        if min(reach) < low - near or max(reach) > high + near:
            yield (
                f"The {'y' if upright else 'x'} axis shows {low:,.6g} to {high:,.6g} and cuts bars "
                f"from {min(reach):,.6g} to {max(reach):,.6g}: show them whole, with zero."
            )


def _widths(seen: Seen) -> Iterator[str]:
    for _, _, bars, _ in _by_axes(seen):
        groups: dict[object, list[float]] = {}
        for bar in bars:
            groups.setdefault(bar.kind or bar.group, []).append(bar.thick)
        for kind, thick in groups.items():
            if max(thick) > min(thick) * 1.02:
                name = f"of {kind}" if isinstance(kind, str) else "of one series"
                yield f"Bars {name} are {min(thick):.3g} to {max(thick):.3g} wide: make them equally wide."


def _units(seen: Seen) -> dict[int, str]:
    """The unit of each axes, by id: from its lines, its axis' label, its host, or the figure's only one."""
    found: dict[int, str] = {}
    for ax in seen.axes:
        label = (ax.yaxis if _value_axis(ax, seen) else ax.xaxis).get_label_text()
        found[id(ax)] = _unit_of([*_upper_lines(ax.texts), label])
    for ax in seen.axes:
        for inset in ax.child_axes:
            if not found.get(id(inset)):
                found[id(inset)] = found[id(ax)]
    over = _unit_of(
        _upper_lines([*seen.figure.texts, *(t for part in seen.figure.subfigs for t in part.texts)])
    )
    found = {key: unit or over for key, unit in found.items()}
    only = {unit for unit in found.values() if unit}
    return {key: unit or min(only) for key, unit in found.items()} if len(only) == 1 else found


def _upper_lines(texts: Iterable[Text]) -> list[str]:
    """The heading's first two lines: who, and what in which unit."""
    return [line for text in texts if text.get_gid() == "lines" for line in text.get_text().split("\n")[:2]]


def _unit_of(lines: list[str]) -> str:
    return next((match[1] for line in lines if (match := _UNIT.search(line.strip()))), "")


def _value_axis(ax: Axes, seen: Seen) -> bool:
    """Whether values run upwards."""
    return next((bar.upright for bar in seen.bars if bar.ax is ax), True)


def _scales(seen: Seen) -> Iterator[str]:
    units = _units(seen)
    groups: dict[tuple[str, bool], list[float]] = {}
    for ax in seen.axes:
        if not units[id(ax)] or not (ax.lines or ax.containers or ax.collections):
            continue
        if not any(bar.ax is ax for bar in seen.bars) and not ax.lines:
            continue
        upright = _value_axis(ax, seen)
        limits, box = (ax.get_ylim() if upright else ax.get_xlim()), ax.bbox
        long = box.height if upright else box.width
        groups.setdefault((units[id(ax)], upright), []).append(long / abs(limits[1] - limits[0]))
    for (unit, _), scales in groups.items():
        if max(scales) > min(scales) * 1.01:
            yield (
                f"{len(scales)} panels in {unit} have unequal scales, up to {max(scales) / min(scales):,.3g} "
                "times: give them all the same one."
            )


def _clipped(seen: Seen) -> Iterator[str]:
    wide, tall = seen.size
    for words in seen.words:
        whole = words.artist.get_clip_box() if words.artist.get_clip_on() else None
        left, bottom, right, top = whole.extents if whole is not None else (0, 0, wide, tall)
        out = max(left - words.low[0], bottom - words.low[1], words.high[0] - right, words.high[1] - top)
        if out > seen.point:
            yield f"{_quote(words.text)} is clipped by {out / seen.point:.0f} pt: make room for it."


def _overlaps(seen: Seen) -> Iterator[str]:
    if len(seen.words) < 2:
        return
    lows, highs = (np.array([getattr(words, side) for words in seen.words]) for side in ("low", "high"))
    share = np.minimum(highs[:, None], highs) - np.maximum(lows[:, None], lows)
    for first, second in np.argwhere(np.triu((share > seen.point * 0.6).all(axis=2), 1)):
        one, other = seen.words[first], seen.words[second]
        if (one.upright and other.upright) or _meet(one, other):
            yield f"{_quote(one.text)} and {_quote(other.text)} overlap: move, shorten or leave out one."


def _meet(one: Words, other: Words) -> bool:
    """Whether two turned boxes share any place: no side of either parts them."""
    for box in (one.box, other.box):
        for side in (box[1] - box[0], box[3] - box[0]):
            if not side.any():
                continue
            first, second = one.box @ side, other.box @ side
            if first.max() <= second.min() or second.max() <= first.min():
                return False
    return True


def _small_text(seen: Seen) -> Iterator[str]:
    for words in seen.words:
        size = float(words.artist.get_fontsize())
        if size < SMALLEST - 0.01:
            yield f"{_quote(words.text)} is {size:.1f} pt: write it in {SMALLEST:.0f} pt or more."


def _legends(seen: Seen) -> Iterator[str]:
    legends = [*seen.figure.legends, *(ax.get_legend() for ax in seen.axes)]
    if any(legend is not None and legend.get_visible() for legend in legends):
        yield "There is a legend: write each name beside its series."


def _bridges(seen: Seen) -> Iterator[str]:
    for _, _, all_bars, _ in _by_axes(seen):
        bars = sorted((bar for bar in all_bars if bar.kind in BRIDGE), key=lambda bar: bar.place)
        if not bars:
            continue
        kinds = [bar.kind for bar in bars]
        if "start" not in kinds or "end" not in kinds:
            yield "The bridge has no bar of its start or none of its end: draw both."
            continue
        if kinds.index("end") < kinds.index("start"):
            bars.reverse()
        reached, close = 0.0, 1e-9 * max(abs(value) for bar in bars for value in (bar.base, bar.end))
        for number, bar in enumerate(bars):
            if bar.kind == "step":
                if min(abs(bar.base - reached), abs(bar.end - reached)) > close:
                    yield f"Step {number} of the bridge begins at {bar.base:,.6g}, not at {reached:,.6g}."
                reached = bar.end if abs(bar.base - reached) <= abs(bar.end - reached) else bar.base
                continue
            total = bar.end if abs(bar.end) >= abs(bar.base) else bar.base
            if bar.kind != "start" and abs(total - reached) > close:
                yield (
                    f"The bridge does not close: its {bar.kind} is {total:,.6g}, its steps sum to "
                    f"{reached:,.6g}. Mend the steps or show the rest as one."
                )
            reached = total


def _text_contrast(seen: Seen) -> Iterator[str]:
    for words, poor, need in _behind(seen):
        if poor.mean() >= STANDS_ON:
            yield f"{_quote(words.text)} has less than {need}:1 contrast: write it darker, lighter or beside."


def _crossed(seen: Seen) -> Iterator[str]:
    for words, poor, _ in _behind(seen):
        if CROSSED <= poor.mean() < STANDS_ON and not words.haloed:
            yield f"{_quote(words.text)} runs over an edge or a line: move it off, or give it a white margin."


def _behind(seen: Seen) -> Iterator[tuple[Words, np.ndarray, float]]:
    """Each text with the pixels behind it that it cannot be told from, and the contrast it needs."""
    for words in seen.words:
        behind = seen.behind(words)
        if not behind.size:
            continue
        artist = words.artist
        size, bold = float(artist.get_fontsize()), _bold(artist.get_fontweight())
        large = size >= 18 or (size >= 14 and bold)
        need = LARGE if large else WRITTEN
        shade = to_rgba(artist.get_color(), artist.get_alpha())
        own = luminance(shade) * shade[3] + float(np.median(behind)) * (1 - shade[3])
        yield words, contrast(own, behind) < need - 0.01, need


def _bold(weight: object) -> bool:
    return weight in ("bold", "heavy", "black", "semibold", "demi") or str(weight) >= "600"


def _drawn_contrast(seen: Seen) -> Iterator[str]:
    for ax in seen.axes:
        ground = luminance(ax.get_facecolor()) if ax.patch.get_alpha() != 0 else 1.0
        for bar in (bar for bar in seen.bars if bar.ax is ax):
            patch = bar.patch
            shades = [to_rgba(patch.get_facecolor())]
            if patch.get_linewidth() >= 0.5 or patch.get_hatch():
                shades.append(to_rgba(patch.get_edgecolor()))
            if abs(bar.end - bar.base) > 0 and max(_strength(shade, ground) for shade in shades) < DRAWN:
                name = bar.kind or "a series"
                yield f"Bars of {name} have less than 3:1 contrast: darken them or their edge."
        for owner, line in seen.lines:
            drawn = owner is ax and np.size(line.get_xdata()) > 1 and line.get_linestyle() != "None"
            if drawn and _strength(to_rgba(line.get_color(), line.get_alpha()), ground) < DRAWN:
                yield "A line has less than 3:1 contrast: darken it."


def _strength(shade: tuple[float, ...], ground: float) -> float:
    """Contrast of a colour, thinned by its alpha, with the ground."""
    return float(contrast(luminance(shade) * shade[3] + ground * (1 - shade[3]), ground))


def _alt(seen: Seen) -> Iterator[str]:
    words = alt_text(seen.figure)
    if not words.strip():
        yield "There is no alternative text: describe the chart in a sentence."
    elif not any(letter.isdigit() for letter in words) and "none" not in words:
        yield "The alternative text holds no figure: say what the chart shows."


def _heading(seen: Seen) -> Iterator[str]:
    texts = {words.artist.get_gid() for words in seen.words}
    titles = [ax.get_title(loc=place) for ax in seen.axes for place in ("left", "center", "right")]
    titles = [title for title in (*titles, seen.figure.get_suptitle()) if title.strip()]
    if "message" not in texts and not titles:
        yield "There is no message: say in a sentence above what the chart shows."
    named = any(ax.get_xlabel() or ax.get_ylabel() for ax in seen.axes)
    if "lines" not in texts and len(titles) < 2 and not named:
        yield "There are no lines that say who, what in which unit, and when: write them under the message."


def _no_figures(seen: Seen) -> Iterator[str]:
    for text in (*(words.text for words in seen.words), alt_text(seen.figure)):
        if match := _NO_FIGURE.search(text):
            yield f"{_quote(text)} says {match[0]}: say “none” and why, or leave it out."


def _decimals(seen: Seen) -> Iterator[str]:
    for text in (*(words.text for words in seen.words), alt_text(seen.figure)):
        if _DECIMALS.search(text):
            yield f"{_quote(text)} has more than four decimals: round it."


def _verdict(colour: object) -> str:
    """What a colour says, good or bad or nothing: the house's two colours do, and any strong green or red."""
    shade = to_rgba(colour)  # type: ignore[arg-type]
    if shade[3] < 0.5:
        return ""
    for name, own in (("good", GOOD), ("bad", BAD)):
        if np.allclose(shade[:3], to_rgb(own), atol=0.01):
            return name
    hue, strength, light = rgb_to_hsv(shade[:3])
    if strength < 0.5 or light < 0.3:
        return ""
    return "bad" if hue < 0.04 or hue > 0.96 else "good" if 0.25 < hue < 0.47 else ""


def _colour_alone(seen: Seen) -> Iterator[str]:
    for words in seen.words:
        told_too = _SIGNED.search(words.text) or _WORD.search(words.text)
        if not told_too and _verdict(words.artist.get_color()):
            yield f"{_quote(words.text)} is coloured as good or bad: add a sign, a mark or a word."
    signed = [words for words in seen.words if _SIGNED.search(words.text)]
    for _, _, bars, _ in _by_axes(seen):
        told = [(bar, _verdict(bar.patch.get_facecolor())) for bar in bars if bar.end != bar.base]
        told = [(bar, verdict) for bar, verdict in told if verdict]
        ways = {verdict: {bar.end > bar.base for bar, one in told if one == verdict} for _, verdict in told}
        # Good ones all one way and bad ones all the other: the side says it, too.
        by_side = len(ways) == 2 and all(len(way) == 1 for way in ways.values())
        if not told or (by_side and ways["good"] != ways["bad"]):
            continue
        mute = [bar for bar, _ in told if not any(_near(bar, words, seen) for words in signed)]
        hatched = {
            verdict: {bar.patch.get_hatch() for bar, one in told if one == verdict} for _, verdict in told
        }
        if mute and not (len(hatched) == 2 and not hatched["good"] & hatched["bad"]):
            yield f"{len(mute)} bars are good or bad by colour alone: add a sign, a mark or a word to each."


def _near(bar: Bar, words: Words, seen: Seen) -> bool:
    """Whether a text stands within a label's distance of the bar."""
    left, bottom, right, top = bar.patch.get_window_extent().extents
    apart = np.maximum([left - words.high[0], bottom - words.high[1]], words.low - [right, top])
    return bool((apart < 10 * seen.point).all())


RULES: dict[str, Callable[[Seen], Iterator[str]]] = {
    "log": _log_axes,
    "zero": _zero_lines,
    "cut": _cut_axes,
    "width": _widths,
    "scale": _scales,
    "clipped": _clipped,
    "overlap": _overlaps,
    "small": _small_text,
    "legend": _legends,
    "bridge": _bridges,
    "contrast": _text_contrast,
    "crossed": _crossed,
    "faint": _drawn_contrast,
    "alt": _alt,
    "heading": _heading,
    "none": _no_figures,
    "decimals": _decimals,
    "colour": _colour_alone,
}
