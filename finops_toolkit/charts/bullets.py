"""KPIs as bullets: a bar against the target, from top to bottom, with a word whether it is met."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..tables.model import Column, NativeChart, Table
from ..wording import missing, share_text
from .layout import fit, heading, shorten, text_width, write
from .rows import GAP, Tier, common_scale, draw_bar, make_rows, table_name
from .style import ACTUAL, BAD, GUIDE, QUIET, TEXT, check_columns, house_style
from .words import describe, spoken

REACH = (-0.5, 2.0)  # shares of the target between which a bar is drawn whole


def bullet(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    name: str = "name",
    attainment: str = "attainment",
    value_text: str = "value_text",
    message: str = "",
    who: str = "",
    what: str = "Attainment of target",
    when: str = "",
) -> Axes:
    """A bar a KPI as a share of its target (1 = target, more is better), the target a line at 100 %.

    `value_text` is the KPI's own value as people write it. Bars end at 200 % (and at −50 %), beyond that they
    are cut and marked; a thin bar shows what is short of the target. A missing attainment is "none", and why
    where the frame has a column `reason`. A word and a mark say whether the target is met, and a colour.
    """
    check_columns(frame, [name, attainment, value_text])
    shares = pd.to_numeric(frame[attainment], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    names = [str(one) for one in frame[name]]
    reasons = ["" if missing(why) else str(why) for why in frame.get("reason", [None] * len(frame))]
    texts = ["" if missing(text) else str(text) for text in frame[value_text]]
    words = [_attained(*row) for row in zip(shares, texts, reasons, strict=True)]
    with house_style():
        place = make_rows(ax, names, head=15)
        tier = Tier([(1.0, text_width("target 100 %") / 2, True)])
        labels = [shorten(text, place.room * 0.5) for text in words]
        drawn = np.clip(np.nan_to_num(shares), *REACH)
        for end, text in zip(drawn, labels, strict=True):
            tier.add(float(end))
            tier.add(max(1.0, float(end)), text)
        points = common_scale([tier], place.room - 2)
        for row, (share, end) in enumerate(zip(shares, drawn, strict=True)):
            if np.isfinite(share):
                draw_bar(place, row, float(end), end == share, points, 0.5, color=ACTUAL, gid="AC", zorder=2)
            if share < 1:
                ax = place.ax
                ax.barh(row, end - 1, left=1, height=0.1, color=BAD, gid="delta_share", zorder=1)
            known = TEXT if share >= 1 else BAD if np.isfinite(share) else QUIET
            at = max(1.0, float(end)) + (GAP + 1) / points
            write(place.ax, at, row, labels[row], va="center", color=known)
        place.line(0.0, gid="zero", zorder=4)
        place.line(1.0, GUIDE, 1.8, gid="target", zorder=4)
        write(place.ax, 1.0, -0.55, "target 100 %", ha="center", va="bottom", color=GUIDE, gid="tier")
        left = -(tier.sides(points)[0] + 1) / points
        place.ax.set_xlim(left, left + place.room / points)
        heading(place.ax, message, [who, what, when], left=place.left)
    rows = ", ".join(f"{one} {text}" for one, text in zip(names, words, strict=True))
    scored = shares[np.isfinite(shares)]
    met = f"{int((scored >= 1).sum())} of {len(scored)} meet their target"
    describe(
        place.ax,
        spoken(who, message or met, rows),
        _bullet_table(names, texts, shares, reasons, what),
    )
    return fit(place.ax)


def _attained(share: float, text: str, reason: str) -> str:
    if not np.isfinite(share):
        return f"none: {reason}" if reason else "none"
    words = f"{text} · {share_text(float(share), places=0)} " + ("▲ meets" if share >= 1 else "▼ misses")
    low, high = (share_text(end, places=0) for end in REACH)
    return words + (
        f" (cut at {high})" if share > REACH[1] else f" (cut at {low})" if share < REACH[0] else ""
    )


def _bullet_table(
    names: list[str], texts: list[str], shares: np.ndarray, reasons: list[str], what: str
) -> Table:
    known = np.isfinite(shares)
    return Table(
        table_name("bullet", what),
        (Column("name", "Name"), Column("value", "Value"), Column("attainment", "Of target", "share", "%")),
        tuple((one, text or None, float(share) if there else None)
              for one, text, share, there in zip(names, texts, shares, known, strict=True)),
        caption=what,
        marks={(row, "attainment"): "good" if shares[row] >= 1 else "bad"
               for row in np.flatnonzero(known).tolist()},
        notes={(row, "attainment"): reason for row, reason in enumerate(reasons) if reason},
        chart=NativeChart("bars", "name", ("attainment",), what),
    )  # fmt: skip
