"""The charts a workbook draws itself, from the cells of a table: they follow when a cell is changed."""

from __future__ import annotations

from typing import Any

from ..tables.html import BAD, GOOD, INK, LINE, QUIET
from ..tables.model import Table
from ..wording import missing
from .workbook_cells import cell_name, clean, number_format

WIDTH, HEIGHT = 760, 340
ACTUAL, BEFORE = "#404040", "#A6A6A6"
_KINDS = {"columns": "column", "bars": "bar", "line": "line", "bridge": "column"}
_HELPERS = ("base", "above", "below", "from", "to", "name")
_MANY = 14  # categories up to which values stand at the columns
_PLAN, _PAST, _AHEAD = (
    ("plan", "budget", "target", "limit"),
    ("last_year", "before", "previous"),
    ("forecast", "outlook"),
)


def draw(workbook: Any, sheet: Any, place: Any) -> Any:
    """The native chart of a placed table; None where it has none, or nothing to draw."""
    table: Table = place.table
    chart = table.chart
    keys = [column.key for column in table.columns]
    if (
        chart is None
        or not table.rows
        or chart.kind not in _KINDS
        or not {chart.across, *chart.series} <= set(keys)
    ):
        return None
    options = {"type": _KINDS[chart.kind]}
    if chart.kind == "bridge":
        options["subtype"] = "stacked"
    drawn = workbook.add_chart(options)
    across = [place.sheet, place.first, keys.index(chart.across), place.last, keys.index(chart.across)]
    if chart.kind == "bridge":
        _bridge(drawn, sheet, place)
    else:
        for order, key in enumerate(chart.series):
            _series(drawn, place, across, keys.index(key), order)
    _dress(drawn, table, len(chart.series))
    return drawn


def in_words(table: Table) -> str:
    """A table's chart for those who do not see it: its title and the figures of its first series."""
    assert table.chart is not None
    keys = [column.key for column in table.columns]
    across, first = keys.index(table.chart.across), keys.index(table.chart.series[0])
    texts = table.texts()
    figures = [f"{row[across]} {row[first]}" for row in texts[:_MANY]]
    figures += [f"and {len(texts) - _MANY} more"] if len(texts) > _MANY else []
    column = table.columns[first]
    unit = f" ({column.head}, {column.unit})" if column.unit else f" ({column.head})"
    return f"{table.chart.title or table.caption or table.name}{unit}: {', '.join(figures)}."


def no_reference(text: str) -> str:
    """A title that a program does not take for a reference to a cell, as it does where it begins with =."""
    said = clean(text, 250)
    return f" {said}" if said.startswith("=") else said or " "


def _series(drawn: Any, place: Any, across: list[Any], number: int, order: int) -> None:
    chart, column = place.table.chart, place.table.columns[number]
    series: dict[str, Any] = {
        "name": no_reference(column.head),
        "categories": across,
        "values": [place.sheet, place.first, number, place.last, number],
    }
    if chart.kind == "line":
        dashed = {"dash_type": "dash"} if _like(column.key, _PLAN + _AHEAD) else {}
        series["line"] = {
            "color": ACTUAL if order == 0 else QUIET,
            "width": 2 if order == 0 else 1.25,
        } | dashed
    else:
        series |= _fill(column.key, order)
        series["gap"] = 60
    if len(chart.series) == 1 and len(place.table.rows) <= _MANY:
        series["data_labels"] = {"value": True, "num_format": number_format(column), "font": {"size": 8}}
    drawn.add_series(series)


def _like(key: str, words: tuple[str, ...]) -> bool:
    return any(word in key for word in words)


def _fill(key: str, order: int) -> dict[str, Any]:
    """How a scenario looks: actual solid, plan outlined, the year before light, what is ahead hatched."""
    if _like(key, _PLAN):
        return {"fill": {"color": "#FFFFFF"}, "border": {"color": ACTUAL, "width": 1.25}}
    if _like(key, _PAST):
        return {"fill": {"color": BEFORE}}
    if _like(key, _AHEAD):
        return {
            "pattern": {"pattern": "wide_upward_diagonal", "fg_color": ACTUAL, "bg_color": "#FFFFFF"},
            "border": {"color": ACTUAL},
        }
    return {"fill": {"color": ACTUAL if order == 0 else BEFORE}}


def _bridge(drawn: Any, sheet: Any, place: Any) -> None:
    """Stacked columns: an invisible base, and what stands above and below zero, computed beside the table.

    Start and end stand on zero; a step stands where the one before it ended, also across zero. The names
    below the columns hold the amounts, so that they are never out of date.
    """
    table, first, last = place.table, place.first, place.last
    keys = [column.key for column in table.columns]
    across, values = keys.index(table.chart.across), keys.index(table.chart.series[0])
    helper = len(keys) + 14  # beyond the chart
    for offset, name in enumerate(_HELPERS):
        sheet.write_string(place.head, helper + offset, f"bridge: {name}")
    points, level = [], 0.0
    for number, row in enumerate(table.rows):
        amount = 0.0 if missing(row[values]) else float(row[values])
        ends = number in (0, len(table.rows) - 1) or number in table.totals
        begin, level = (0.0, amount) if ends else (level, level + amount)
        cells = (first + number, across, values, helper)
        for offset, (formula, cached) in enumerate(
            _step(table, cells, (str(row[across]), begin, level, ends))
        ):
            sheet.write_formula(first + number, helper + offset, f"={formula}", None, cached)
        points.append({"fill": {"color": _step_colour(table, number, ends, amount)}})
    sheet.set_column(helper, helper + len(_HELPERS) - 1, None, None, {"hidden": True})
    drawn.show_hidden_data()
    for offset in range(3):
        invisible = {"fill": {"none": True}, "border": {"none": True}}
        series: dict[str, Any] = {
            "name": _HELPERS[offset],
            "categories": [place.sheet, first, helper + 5, last, helper + 5],
            "values": [place.sheet, first, helper + offset, last, helper + offset],
            "gap": 40,
        }
        drawn.add_series(series | ({"points": points} if offset else invisible))


def _step(
    table: Table, cells: tuple[int, int, int, int], step: tuple[str, float, float, bool]
) -> list[tuple[str, float | str]]:
    """Formulas and values of a step's helpers, in the order of _HELPERS."""
    row, across, values, helper = cells
    name, begin, level, ends = step
    column = table.columns[values]
    value, start, stop = (cell_name(row, at) for at in (values, helper + 3, helper + 4))
    low, high = f"MIN({start},{stop})", f"MAX({start},{stop})"
    sign = "" if ends else f'IF({value}>0,"+","")&'
    amount = level - begin
    plus = "+" if amount > 0 and not ends else ""
    shown = f"{amount / column.divisor:,.{column.places}f}"
    return [
        (f"MAX({low},0)+MIN({high},0)", max(min(begin, level), 0.0) + min(max(begin, level), 0.0)),
        (f"MAX({high},0)-MAX({low},0)", max(begin, level, 0.0) - max(min(begin, level), 0.0)),
        (f"MIN({low},0)-MIN({high},0)", min(begin, level, 0.0) - min(max(begin, level), 0.0)),
        ("0" if ends else cell_name(row - 1, helper + 4), begin),
        (value if ends else f"{start}+{value}", level),
        (
            f"{cell_name(row, across)}&CHAR(10)&{sign}FIXED({value}/{column.divisor},{column.places})",
            f"{clean(name)}\n{plus}{shown}",
        ),
    ]


def _step_colour(table: Table, number: int, ends: bool, amount: float) -> str:
    if ends:
        return ACTUAL
    assert table.chart is not None
    mark = table.marks.get((number, table.chart.series[0]), "")
    return {"good": GOOD, "bad": BAD}.get(mark, GOOD if amount >= 0 else BAD)


def _dress(drawn: Any, table: Table, series: int) -> None:
    """Title, axes and legend: quiet, with the unit; a legend only where there are several series."""
    chart = table.chart
    assert chart is not None
    unit = next(column.unit for column in table.columns if column.key == chart.series[0])
    column = next(column for column in table.columns if column.key == chart.series[0])
    words = chart.title or table.caption or table.name
    said = f"{words}, {unit}" if unit and unit not in words else words
    drawn.set_title(
        {
            "name": no_reference(said),
            "name_font": {"size": 11, "bold": True, "color": INK},
            "overlay": False,
        }
    )
    quiet = {"color": QUIET, "size": 9}
    value_axis: dict[str, Any] = {
        "num_format": number_format(column),
        "num_font": quiet,
        "line": {"none": True},
        "major_gridlines": {"visible": True, "line": {"color": LINE, "width": 0.5}},
    }
    name_axis: dict[str, Any] = {"num_font": quiet, "line": {"color": INK}, "label_position": "low"}
    if chart.kind == "bars":
        # Bars read from the top down, as the table does.
        drawn.set_y_axis({**name_axis, "reverse": True})
        drawn.set_x_axis(value_axis)
    else:
        drawn.set_x_axis(name_axis)
        drawn.set_y_axis(value_axis)
    drawn.set_legend({"position": "bottom"} if series > 1 and chart.kind != "bridge" else {"none": True})
    drawn.set_size({"width": WIDTH, "height": HEIGHT})
    drawn.show_blanks_as("gap")
