"""A report as a workbook: a sheet for each table, with formulas that recompute.

Every text is written as text, whatever it begins with; formulas come from the tables' own, and are written
with our value beside them, so that a viewer that computes nothing shows the same figures. The same notebook
gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..tables.model import REFERENCE, Column, Table, tables_of
from ..wording import counted, missing
from .pages import Facts
from .workbook_cells import AUTHOR, LINK, Formats, cell_name, clean, quoted, row_height, sheet_names, widths
from .workbook_charts import draw, in_words

REPORT = "Report"
WHEN = dt.datetime(2000, 1, 1)  # no clock in the file: the same figures give the same bytes
TALL = 40  # rows from which on notes and charts stand where they are seen without scrolling
_COVER = (34.0, 90.0)  # widths of the columns of the cover
_FORMULA_LIMIT = 8_192
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@dataclass(frozen=True)
class Placed:
    """A table and where it stands: its sheet, the row of its heads and of its first values (from 0)."""

    table: Table
    sheet: str
    head: int

    @property
    def first(self) -> int:
        """The row of the first values."""
        return self.head + 1

    @property
    def last(self) -> int:
        """The row of the last values; that of the heads where there are none."""
        return self.head + len(self.table.rows)

    @property
    def tall(self) -> bool:
        """Whether what stands below would not be seen."""
        return len(self.table.rows) > TALL


def report_workbook(notebook: Any, heading: Sequence[str] = (), facts: Facts = (), title: str = "") -> bytes:
    """An executed notebook's tables as an Excel workbook: a cover, then a sheet for each table.

    `heading` is the lines below the title, `facts` what stands on the cover: (name, text). Formulas whose
    tables are not all here leave their value. Text from data is never a formula, a link or a number.
    """
    import xlsxwriter

    found = [table for table in tables_of(notebook) if table.columns]
    tables = [table for table in found if not any(_holds(other, table) for other in found)]
    names = sheet_names([REPORT, *(table.caption or table.name for table in tables)])[1:]
    places = [_place(table, name) for table, name in zip(tables, names, strict=True)]
    known: dict[str, Placed] = {}
    for place in places:
        known.setdefault(place.table.name, place)
    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(buffer, dict(_OPTIONS))
    titled = title or "Report"
    workbook.set_properties({"title": clean(titled, 255), "author": AUTHOR, "created": WHEN})
    workbook.set_size(2400, 1500)
    formats = Formats(workbook)
    cover = workbook.add_worksheet(REPORT)
    footer = " · ".join([titled, *heading])
    written = sum(_write(workbook, formats, place, known, footer) for place in places)
    _write_cover(cover, formats, places, [titled, *heading], facts, written)
    workbook.close()
    return buffer.getvalue()


def _holds(other: Table, table: Table) -> bool:
    """Whether another table shows all figures of this one, and computes them: one sheet is enough."""
    if other is table or table.formulas or table.chart or not (other.formulas and table.rows and other.rows):
        return False
    ours, theirs = _columns(table), _columns(other)
    return ours[0] == theirs[0] and all(column in theirs for column in ours if column[0] != "text")


def _columns(table: Table) -> list[tuple[Any, ...]]:
    """The columns of a table: the kind of each and its values."""
    return [
        (column.kind, *values)
        for column, values in zip(table.columns, zip(*table.rows, strict=True), strict=True)
    ]


def _place(table: Table, sheet: str) -> Placed:
    """Title, way back, a note if the table is tall, a blank row, the groups' heads if any, the heads."""
    lines = 3 + bool(table.note and len(table.rows) > TALL) + any(c.group for c in table.columns)
    return Placed(table, sheet, lines)


# --- the cover ---------------------------------------------------------------------------------------


def _write_cover(
    sheet: Any, formats: Formats, places: Sequence[Placed], heading: Sequence[str], facts: Facts, written: int
) -> None:
    plain, bold = formats.of(wrap=True, top=True), formats.of(bold=True, top=True)
    for number, width in enumerate(_COVER):
        sheet.set_column(number, number, width)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, clean(heading[0]), formats.of(bold=True, size=16))
    row = 1
    for line in heading[1:]:
        sheet.write_string(row, 0, clean(line), formats.of(size=12))
        row += 1
    row += 1
    for name, text in facts:
        sheet.write_string(row, 0, clean(name), bold)
        sheet.write_string(row, 1, clean(text), plain)
        sheet.set_row(row, row_height([name, text], _COVER))
        row += 1
    row += bool(facts)
    sheet.write_string(row, 0, "Sheets", formats.of(bold=True, size=12))
    for place in places:
        row += 1
        sheet.write_url(
            row, 0, f"internal:{quoted(place.sheet)}!A1", formats.of(top=True, **LINK), clean(place.sheet)
        )
        contents = clean(_contents(place.table))
        sheet.write_string(row, 1, contents, plain)
        sheet.set_row(row, row_height([place.sheet, contents], _COVER))
    words = [
        f"{counted(written, 'figure')} in this workbook are formulas and recompute; the others are values.",
        "A cell with a mark in its corner has a note: the definition, the source, or why there is no figure.",
        "An empty cell has no figure. A blue underlined name leads to the rows its figures are made of.",
    ]
    for text in words:
        row += 1
        sheet.write_string(row + 1, 0, text, formats.of(mark="quiet"))
    _for_print(sheet, clean(" · ".join(heading)), landscape=False, one_page=False)


def _contents(table: Table) -> str:
    words = counted(len(table.rows), "row") if table.rows else "Empty"
    return f"{words}{', with a chart' if table.chart else ''}. {table.note}".strip()


def _for_print(sheet: Any, title: str, landscape: bool, one_page: bool) -> None:
    sheet.set_paper(9)
    if landscape:
        sheet.set_landscape()
    sheet.fit_to_pages(1, int(one_page))
    sheet.set_margins(0.5, 0.5, 0.6, 0.7)
    # In a footer & begins a command.
    text = title.replace("\n", " ")[:90].replace("&", "&&")
    # The blank keeps a text that begins with digits apart from the size of the letters.
    sheet.set_footer(f"&L&8 {text}&C&8 &A&R&8 Page &P of &N")


# --- a table's sheet ---------------------------------------------------------------------------------


def _write(workbook: Any, formats: Formats, place: Placed, known: dict[str, Placed], title: str) -> int:
    """One table on its sheet; the number of formulas written."""
    table, sheet = place.table, workbook.add_worksheet(place.sheet)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, clean(table.caption or place.sheet), formats.of(bold=True, size=14))
    sheet.write_url(1, 0, f"internal:{quoted(REPORT)}!A1", formats.of(**LINK), "All sheets")
    if table.note and place.tall:
        sheet.write_string(2, 0, clean(table.note), formats.of(mark="quiet"))
    wide = widths(table)
    for number, width in enumerate(wide):
        sheet.set_column(number, number, width)
    _write_heads(sheet, formats, place)
    formulas = 0
    for row, texts in enumerate(table.texts()):
        height = row_height(texts, wide)
        if height > row_height([], []):
            sheet.set_row(place.first + row, height)
        for number, column in enumerate(table.columns):
            formulas += _write_cell(sheet, formats, place, known, (row, number, column))
    _write_below(workbook, sheet, formats, place)
    # The heads stay in sight, and the names of the rows where figures stand to the right of them.
    names = table.columns[0].kind == "text" and not table.columns[0].wide and len(table.columns) > 6
    sheet.freeze_panes(place.first, int(names))
    if table.rows:
        sheet.autofilter(place.head, 0, place.last, len(table.columns) - 1)
    first = place.head - any(column.group for column in table.columns)
    sheet.repeat_rows(first, place.head)
    _for_print(sheet, clean(title), landscape=True, one_page=not place.tall)
    # Account numbers are texts, and sums differ from their neighbours: neither is a mistake to flag.
    everywhere = f"A1:{cell_name(place.last, len(table.columns))}"
    sheet.ignore_errors(
        dict.fromkeys(("number_stored_as_text", "formula_differs", "formula_range"), everywhere)
    )
    if table.hidden:
        sheet.set_tab_color("#B8BEC3")
    return formulas


def _write_heads(sheet: Any, formats: Formats, place: Placed) -> None:
    columns = place.table.columns
    start = 0
    while start < len(columns):
        stop, group = start, columns[start].group
        while stop + 1 < len(columns) and columns[stop + 1].group == group:
            stop += 1
        if group:
            style = formats.of(bold=True, center=True, line=True)
            if stop > start:
                sheet.merge_range(place.head - 1, start, place.head - 1, stop, "", style)
            sheet.write_string(place.head - 1, start, clean(group), style)
        start = stop + 1
    for number, column in enumerate(columns):
        unit = f"\n{column.unit}" if column.unit else ""
        text = column.kind == "text"
        style = formats.of(
            bold=True, wrap=True, right=not text, line=True, fill=True, indent=text and number > 0
        )
        sheet.write_string(place.head, number, clean(column.head + unit), style)
    heads = [f"{column.head}\n{column.unit}" if column.unit else column.head for column in columns]
    sheet.set_row(place.head, row_height(heads, widths(place.table)))


def _write_cell(
    sheet: Any,
    formats: Formats,
    place: Placed,
    known: dict[str, Placed],
    where: tuple[int, int, Column],
) -> int:
    """One value with its look, note, link and formula; 1 if it is a formula."""
    row, number, column = where
    table, at = place.table, (place.first + row, number)
    value, key = table.rows[row][number], (row, column.key)
    own = table.column_at(row, column)
    link = _target(table.links.get(key, ""), known)
    look = formats.cell(
        own, bold=row in table.totals, mark=table.marks.get(key, ""), linked=bool(link), indent=number > 0
    )
    if link:
        sheet.write_url(*at, f"internal:{link}", look, "")
    text = _write_value(sheet, at, own, value, look)
    note = clean(table.notes.get(key, ""), 2_000)
    if note:
        lines = sum(1 + len(line) // 42 for line in note.splitlines())
        sheet.write_comment(
            *at, note, {"author": AUTHOR, "width": 300, "height": 24 + 17 * lines, "font_size": 9}
        )
    formula = "" if text else resolve(table.formulas.get(key, ""), place, row, known)
    if not formula or missing(value):
        return 0
    cached = value if isinstance(value, str) else float(value)
    sheet.write_formula(*at, "=" + formula, look, cached)
    return 1


def _write_value(sheet: Any, at: tuple[int, int], column: Column, value: Any, look: Any) -> bool:
    """A value by its own kind, as text where it is none of a number or a day; True for text."""
    if missing(value) or value in (float("inf"), float("-inf")):
        sheet.write_blank(*at, None, look)
    elif isinstance(value, dt.date) and column.kind == "date" and value.year >= 1900:
        sheet.write_datetime(*at, dt.datetime(value.year, value.month, value.day), look)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        sheet.write_number(*at, value, look)
    else:
        sheet.write_string(*at, clean(column.text(value)), look)
        return True
    return False


def _target(link: str, known: dict[str, Placed]) -> str:
    """Where a link leads: "table" or "table:row"; "" where it leads nowhere."""
    name, _, row = link.partition(":")
    place = known.get(name)
    if place is None or (row and row not in place.table.keys):
        return ""
    line = place.first + place.table.keys.index(row) if row else 0
    return f"{quoted(place.sheet)}!A{line + 1}"


def _write_below(workbook: Any, sheet: Any, formats: Formats, place: Placed) -> None:
    """The note and the chart: below a short table, the chart beside a tall one."""
    table, row = place.table, place.last + 2
    width = len(table.columns)
    if table.note and not place.tall:
        style = formats.of(mark="quiet", wrap=True, top=True)
        if width > 1:
            sheet.merge_range(row, 0, row, width - 1, "", style)
        sheet.write_string(row, 0, clean(table.note), style)
        sheet.set_row(row, row_height([table.note], [sum(widths(table))]))
        row += 2
    chart = draw(workbook, sheet, place)
    if chart is not None:
        corner = (place.head, width + 1) if place.tall else (row, 0)
        said = {"description": clean(in_words(table), 1_000), "object_position": 2}
        sheet.insert_chart(*corner, chart, said)


# --- formulas ----------------------------------------------------------------------------------------


def resolve(formula: str, place: Placed, row: int, known: dict[str, Placed]) -> str:
    """A formula with the cells that its references mean; "" where one of them is not in this workbook."""
    lost = False

    def cells(found: Any) -> str:
        nonlocal lost
        other = known.get(found["table"]) if found["table"] else place
        keys = [column.key for column in other.table.columns] if other else []
        if other is None or found["column"] not in keys:
            lost = True
            return ""
        number = keys.index(found["column"])
        sheet = "" if other is place else f"{quoted(other.sheet)}!"
        if found["row"]:
            if found["row"] not in other.table.keys:
                lost = True
                return ""
            return sheet + cell_name(other.first + other.table.keys.index(found["row"]), number, bool(sheet))
        if not found["table"]:
            return cell_name(place.first + row, number)
        if not other.table.rows:
            lost = True
            return ""
        return f"{sheet}{cell_name(other.first, number, True)}:{cell_name(other.last, number, True)}"

    text = REFERENCE.sub(cells, formula)
    return "" if lost or len(text) > _FORMULA_LIMIT - 1 else text
