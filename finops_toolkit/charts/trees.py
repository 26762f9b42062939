"""The driver tree: a result at the left, what it is made of to the right, each with its difference."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ..errors import UsageError
from ..tables.model import Column, Table
from ..wording import BLANK, joined, missing, number_text, sentence
from .layout import LABEL, fit, heading, prepare, text_width, wrap, write
from .style import BAD, OUTLINE, QUIET, TEXT, check_columns, house_style, variance_colour
from .words import amount_text, describe, spoken

OPERATORS = {"×": "×", "*": "×", "x": "×", "+": "+", "−": "−", "-": "−", "÷": "÷", "/": "÷", "": ""}
_WIDEST = 190.0  # points: a box
LEVELS = 5  # more columns leave no room for names
_BETWEEN, _PAD, _VALUE = 30.0, 5.0, 10.5  # points: between columns, within boxes; the size of values


def driver_tree(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    message: str = "",
    who: str = "",
    what: str = "Drivers",
    when: str = "",
    unit: str = "",
    against: str = "plan",
) -> Axes:
    """A box a node, the result at the left, its drivers to the right: name, value, difference to `against`.

    `frame`: node, parent (missing for the one result), name, value (number or text), delta (value less
    reference, or missing); optionally measure ("%" takes shares, "days", "EUR"; else `unit`), good ("up" or
    "down": which way is favourable), operator (×, +, − or ÷: joins a driver to the one above it). Leaves
    stand in the frame's order. ▲ is better, ▼ is worse, whatever the sign. Raises UsageError that says all
    that makes it no tree: two results, loops, unknown parents, more than five levels.
    """
    check_columns(frame, ["node", "parent", "name", "value", "delta"])
    nodes = _nodes(frame, unit)
    order = _checked(nodes)
    rest = order if message else order[1:]  # a message from the data begins with the result
    message = message or _message(order, against)
    with house_style():
        levels = max(node["level"] for node in order) + 1
        figure_width = 8.0 if levels > 2 else 6.5
        ax, width, height = _canvas(ax, order, levels, figure_width)
        for node in order:
            _box(ax, node, width, height)
            _connectors(ax, node, width)
        better = f"▲ better, ▼ worse than {against}"
        heading(ax, message, [who, what, f"{when}: {better}" if when else better], space=6)
    describe(ax, spoken(who, message, *(_told(node, against) for node in rest)), _table(order, against))
    return fit(ax)


def _nodes(frame: pd.DataFrame, unit: str) -> list[dict[str, Any]]:
    """The rows as nodes: all columns there, with what was left out filled in."""
    rows = []
    for row in frame.to_dict("records"):
        measure = row.get("measure", unit)
        delta = row["delta"]
        rows.append(
            {
                "node": _key(row["node"]),
                "parent": None if missing(row["parent"]) or row["parent"] == "" else _key(row["parent"]),
                "name": str(row["name"]),
                "value": row["value"],
                "delta": math.nan if missing(delta) or not math.isfinite(delta) else float(delta),
                "measure": unit if missing(measure) else str(measure),
                "good": "up" if missing(row.get("good")) else str(row["good"]),
                "operator": "" if missing(row.get("operator")) else str(row["operator"]).strip(),
                "children": [],
            }
        )
    return rows


def _key(value: Any) -> str:
    """What a node is called; a whole number stays one where a missing parent made the column float."""
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)


def _checked(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The nodes from the result outwards, with children and level; all that is wrong is said at once."""
    names = [node["node"] for node in nodes]
    wrong = [
        f"the node {name!r} stands there twice" for name in dict.fromkeys(names) if names.count(name) > 1
    ]
    known = {node["node"]: node for node in nodes}
    roots = [node for node in nodes if node["parent"] is None]
    if len(roots) != 1:
        told = joined(repr(node["node"]) for node in roots) if roots else "none"
        wrong.append(f"there must be one result (without a parent), and there is {told}")
    for node in nodes:
        if node["parent"] is not None and node["parent"] not in known:
            wrong.append(f"{node['node']!r} hangs on {node['parent']!r}, which is not there")
        elif node["parent"] is not None:
            known[node["parent"]]["children"].append(node)
        if node["good"] not in ("up", "down"):
            wrong.append(f"{node['node']!r} has good {node['good']!r}, not 'up' or 'down'")
        if node["operator"] not in OPERATORS:
            wrong.append(f"{node['node']!r} has the operator {node['operator']!r}, not ×, +, − or ÷")
    wrong += [f"{name!r} leads back to itself" for name in known if _loops(name, known)]
    order: list[dict[str, Any]] = []
    if not wrong:
        _walk(roots[0], 0, order)
        deep = max(node["level"] for node in order) + 1
        if deep > LEVELS:
            wrong.append(f"it has {deep} levels, and {LEVELS} can be read")
    if wrong:
        raise UsageError(
            f"This is no driver tree: {'; '.join(wrong)}.",
            "Mend the columns node, parent, good and operator.",
        )
    return order


def _loops(name: str, known: dict[str, dict[str, Any]]) -> bool:
    at = known[name]["parent"]
    for _ in known:
        if at == name:
            return True
        at = known[at]["parent"] if at in known else None
    return False


def _walk(node: dict[str, Any], level: int, order: list[dict[str, Any]]) -> float:
    """Level and row for a node and all below it: leaves one after the other, others amid their drivers."""
    node["level"] = level
    order.append(node)
    rows = [_walk(child, level + 1, order) for child in node["children"]]
    leaves = [other["row"] for other in order if "row" in other and not other["children"]]
    node["row"] = (rows[0] + rows[-1]) / 2 if rows else float(len(leaves))
    return node["row"]


def _canvas(
    ax: Axes | None, order: list[dict[str, Any]], levels: int, inches: float
) -> tuple[Axes, float, float]:
    """Axes measured in points, with the places and words of all boxes; the boxes' width and height."""
    leaves = sum(not node["children"] for node in order)
    across = inches * 72 * 0.98
    if ax is not None:
        across = ax.get_window_extent().width / ax.get_figure(root=True).dpi * 72  # type: ignore[union-attr]
    width = min(_WIDEST, (across - 2 - _BETWEEN * (levels - 1)) / levels)
    for node in order:
        node["lines"] = wrap(node["name"], width - 2 * _PAD)
        node["shown"], node["change"] = _value_text(node), _delta_text(node)
    stacked = any(
        text_width(node["shown"], _VALUE, True) + text_width(node["change"]) + 8 > width - 2 * _PAD
        for node in order
    )
    names = max(len(node["lines"]) for node in order)
    height = 2 * _PAD + names * LABEL * 1.2 + _VALUE * 1.3 + (LABEL * 1.25 if stacked else 0)
    pitch = height + 8
    ax = prepare(ax, inches, (leaves * pitch) / 72)
    for node in order:
        node["x"], node["y"] = node["level"] * (width + _BETWEEN), node["row"] * pitch
        node["stacked"] = stacked
    ax.set_xlim(-1, max(across, 1.0) - 1)
    ax.set_ylim(leaves * pitch - 7, -1)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines["bottom"].set_visible(False)
    return ax, width, height


def _effect(node: dict[str, Any]) -> float:
    """The difference as business effect: better above zero; 0 where there is none."""
    delta = 0.0 if math.isnan(node["delta"]) else node["delta"]
    return delta if node["good"] == "up" else -delta


def _value_text(node: dict[str, Any]) -> str:
    value = node["value"]
    return value if isinstance(value, str) else amount_text(value, node["measure"])


def _delta_text(node: dict[str, Any]) -> str:
    """The difference with its mark: "▼ −84 k"; shares in points; "" where there is none."""
    delta = node["delta"]
    if math.isnan(delta):
        return ""
    if node["measure"] == "%":
        text = f"{number_text(round(delta * 100, 1), sign=True)}{BLANK}points"
    else:
        money = len(node["measure"]) == 3 and node["measure"].isupper()
        text = amount_text(delta, "money" if money else node["measure"], sign=True)
    if not any(digit in text for digit in "123456789"):
        return text
    return f"{'▲' if _effect(node) > 0 else '▼'}{BLANK}{text}"


def _box(ax: Axes, node: dict[str, Any], width: float, height: float) -> None:
    """One box: the name over the value, the difference beside or below it; what is worse has a bold edge."""
    x, y, effect = node["x"], node["y"], _effect(node)
    edge: dict[str, Any] = (
        {"edgecolor": BAD, "linewidth": 1.8} if effect < 0 else {"edgecolor": OUTLINE, "linewidth": 0.8}
    )
    ax.add_patch(Rectangle((x, y), width, height, facecolor="white", zorder=2, gid="box", **edge))
    write(ax, x + _PAD, y + _PAD, "\n".join(node["lines"]), va="top", linespacing=1.0, zorder=3)
    bottom = y + height - _PAD
    raised = bottom - (LABEL * 1.25 if node["stacked"] else 0)
    shown = {"fontsize": _VALUE, "fontweight": "bold", "va": "bottom", "zorder": 3}
    write(ax, x + _PAD, raised, wrap(node["shown"], width - 2 * _PAD, _VALUE, True, 1)[0], **shown)
    if node["change"]:
        colour = variance_colour(effect) if node["change"][0] in "▲▼" else TEXT
        right = {"ha": "right", "va": "bottom", "color": colour, "zorder": 3}
        write(ax, x + width - _PAD, bottom, node["change"], **right)


def _connectors(ax: Axes, node: dict[str, Any], width: float) -> None:
    """Lines from a node to its drivers, and between these the signs that join them."""
    if not node["children"]:
        return
    middles = [child["y"] for child in node["children"]]
    tall = ax.patches[-1].get_height() / 2  # type: ignore[attr-defined]
    right, elbow = node["x"] + width, node["x"] + width + _BETWEEN / 2
    line: dict[str, Any] = {"color": QUIET, "lw": 0.9, "zorder": 1, "gid": "connector"}
    ax.plot([right, elbow], [node["y"] + tall] * 2, **line)
    ax.plot([elbow, elbow], [middles[0] + tall, middles[-1] + tall], **line)
    for before, child in zip([None, *node["children"]], node["children"], strict=False):
        ax.plot([elbow, child["x"]], [child["y"] + tall] * 2, **line)
        if before is not None and child["operator"]:
            at = (before["y"] + child["y"]) / 2 + tall
            sign = {"ha": "center", "va": "center", "fontsize": 11, "fontweight": "bold", "zorder": 4}
            disc = {"boxstyle": "circle,pad=0.12", "facecolor": "white", "edgecolor": QUIET, "linewidth": 0.7}
            write(ax, elbow, at, OPERATORS[child["operator"]], bbox=disc, gid="operator", **sign)


def _told(node: dict[str, Any], against: str) -> str:
    text = f"{node['name']} {_value_text(node)}"
    if math.isnan(node["delta"]):
        return text
    change = _delta_text(node).lstrip("▲▼").strip(BLANK)
    effect = _effect(node)
    judged = "better" if effect > 0 else "worse"
    return f"{text}, {f'{change} ({judged})' if _delta_text(node)[0] in '▲▼' else f'on {against}'}"


def _message(order: list[dict[str, Any]], against: str) -> str:
    """The result and the leaves that are worse than planned."""
    worse = [node["name"] for node in order if not node["children"] and _effect(node) < 0]
    text = _told(order[0], against)
    if len(order) == 1:
        return text
    if not worse:
        return f"{text}; no driver is worse than {against}"
    more = [f"{len(worse) - 3}{BLANK}more"] if len(worse) > 3 else []
    return f"{text}; worse than {against}: {joined([*worse[:3], *more])}"


def _table(order: list[dict[str, Any]], against: str) -> Table:
    """The tree as rows, from the result outwards."""
    names = {node["node"]: node["name"] for node in order}
    columns = (
        Column("name", "Driver"),
        Column("part_of", "Part of"),
        Column("value", "Value", "number", places=1),
        Column("unit", "Unit"),
        Column("delta", f"Δ to {against}", "number", places=1, signed=True),
        Column("effect", "Effect"),
    )
    rows: list[tuple] = []
    formats: dict[tuple[int, str], tuple[str, int]] = {}
    marks: dict[tuple[int, str], str] = {}
    for place, node in enumerate(order):
        effect = _effect(node)
        word = "better" if effect > 0 else "worse" if effect < 0 else ""
        delta = None if math.isnan(node["delta"]) else node["delta"]
        value = None if missing(node["value"]) else node["value"]
        if node["measure"] == "%":
            formats |= {(place, "value"): ("share", 1), (place, "delta"): ("share", 1)}
        if effect:
            marks[place, "delta"] = "good" if effect > 0 else "bad"
        rows.append((node["name"], names.get(node["parent"], ""), value, node["measure"], delta, word))
    caption = sentence(f"Drivers of {order[0]['name']}")
    return Table("driver_tree", columns, tuple(rows), caption=caption, formats=formats, marks=marks)
