"""The bridge: how one amount became another, step by step, closing exactly."""

from __future__ import annotations

from matplotlib.axes import Axes

from ..variance import Bridge, condensed
from ..wording import SCALE, money_text
from .layout import category_names, fit, heading, prepare, write
from .style import QUIET, SCENARIOS, TEXT, house_style, scale_for, variance_colour
from .words import describe


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
) -> Axes:
    """A waterfall from the start at the top to the end at the bottom; good steps run right, adverse ones
    left.

    `result` is a Bridge; beyond `keep` steps the smallest are drawn as one. `start` is the scenario it starts
    from: "BU" outlined or "PY" light; by default "PY" where the bridge starts from last year. Labels are
    signed and coloured by business effect (positive = good).
    """
    short = condensed(result, keep)
    start = start or ("PY" if str(result.table["name"].iloc[0]).casefold() == "last year" else "BU")
    rows = short.table
    with house_style():
        ax = prepare(ax, 8.0, 1.2 + 0.21 * len(rows))
        amounts = [int(value) / SCALE for value in rows["amount"]]
        # The steps decide the unit: a step of 26 k in a profit of 1.5 m would be 0.03.
        scale = scale_for(amounts[1:-1] or amounts)
        ends: list[float] = []
        for place, (kind, amount) in enumerate(zip(rows["kind"], amounts, strict=True)):
            base = ends[-1] if kind == "step" else 0.0
            fill = SCENARIOS[start] if kind == "start" else SCENARIOS["AC"]
            if kind == "step":
                fill = {"facecolor": variance_colour(amount), "edgecolor": variance_colour(amount)}
            ax.barh(place, amount, left=base, height=0.62 if kind != "step" else 0.5, zorder=2, **fill)
            ends.append(base + amount)
            if place:
                ax.plot([ends[-2]] * 2, [place - 1.3, place + 0.3], color=QUIET, lw=0.7, zorder=1)
        _labels(ax, rows, amounts, ends, scale)
        ax.axvline(0, color=QUIET, lw=0.9, zorder=3)
        left = category_names(ax, rows["name"])
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.set_xticks([])
        ax.spines["bottom"].set_visible(False)
        heading(
            ax, message, [who, f"{what} in {scale.title(currency)}" if currency else what, when], left=left
        )
    steps = ", ".join(
        f"{row.name_} {money_text(row.amount, sign=True)}"
        for row in short.steps.rename(columns={"name": "name_"}).itertuples()
    )
    describe(ax, f"{who}: {message or result.text} Steps: {steps or 'none'}.".removeprefix(": "))
    return fit(ax)


def _labels(ax: Axes, rows, amounts, ends, scale) -> None:
    """Values right of the bar's right end, left of it for adverse steps; room is made on both sides."""
    reach = [*ends, *(end - amount for end, amount in zip(ends, amounts, strict=True)), 0.0]
    low, high = min(reach), max(reach)
    span = (high - low) or 1.0
    ax.set_xlim(low - span * (0.1 if low < 0 or min(amounts) < 0 else 0.01), high + span * 0.1)
    for place, (kind, amount, end) in enumerate(zip(rows["kind"], amounts, ends, strict=True)):
        step = kind == "step"
        right = amount >= 0
        colour = variance_colour(amount) if step else TEXT
        write(
            ax,
            end + span * (0.008 if right else -0.008),
            place,
            scale.label(amount, sign=step),
            va="center",
            ha="left" if right else "right",
            color=colour,
            fontweight="normal" if step else "bold",
        )
