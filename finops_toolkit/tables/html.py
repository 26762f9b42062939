"""A table as HTML: built by great-tables, then made compact, with its styles at the elements.

great-tables' own page is 10 kB of style sheet and ids for each table. A notebook without trust strips style
sheets, so what a reader needs stands inline here: alignment, marks, totals and the lines between rows. The
padding is left to the page, which has another one for a phone and for paper.
"""

from __future__ import annotations

import re
from html import escape
from itertools import groupby, pairwise
from typing import Any

import pandas as pd

from ..wording import BLANK, joined
from .model import Column, Table

# The words of charts.style for good and bad; black and grey are those of the pages.
GOOD, BAD, QUIET, INK, LINE = "#008053", "#A03000", "#56636e", "#1d252c", "#d5dbe0"
FOOTNOTES = 4  # more kinds of notes than these are said in one line, marks would be noise
MARKED = 200  # and so are marks at more cells than these
_STYLES = {"good": f"color:{GOOD};font-weight:bold", "bad": f"color:{BAD};font-weight:bold",
           "quiet": f"color:{QUIET}"}  # fmt: skip
_TABLE = "border-collapse:collapse;font-size:{size}em;font-variant-numeric:tabular-nums;"
_TABLE += f"margin:.4em 0;background:#fff;color:{INK}"
_BELOW = f"margin:.2em 0 .8em;font-size:.8em;color:{QUIET}"
_MANY = 8  # columns from which on the letters are smaller


def table_html(table: Table) -> str:
    """The table as HTML that looks the same in a notebook and on a page; all text is escaped.

    Units stand in the head. Notes of cells become footnotes with letters; where there are more than four
    different ones, a line below names them with their rows. The same table gives the same bytes.
    """
    if not table.columns:
        return ""
    footnotes = footnotes_of(table)
    # Cells are set one by one, which pandas does far faster in its plain kind of text.
    with pd.option_context("mode.string_storage", "python"):
        html = _great(table, footnotes).as_raw_html()
    return _compact(html, table, [] if footnotes else note_lines(table))


def footnotes_of(table: Table) -> dict[str, list[tuple[int, str]]]:
    """Note → the cells it belongs to, where they are few enough for footnotes."""
    found: dict[str, list[tuple[int, str]]] = {}
    for where, note in sorted(table.notes.items(), key=lambda item: item[0][0]):
        found.setdefault(note, []).append(where)
    return found if len(found) <= FOOTNOTES and len(table.notes) <= MARKED else {}


def note_lines(table: Table) -> list[str]:
    """All notes in one line, each with the rows it belongs to."""
    rows: dict[str, list[str]] = {}
    for (row, _), note in sorted(table.notes.items(), key=lambda item: item[0][0]):
        names = rows.setdefault(note, [])
        name = table.columns[0].text(table.rows[row][0]).strip()
        if name not in names:
            names.append(name)
    said = [f"{joined([*names[:3], *(['others'] if len(names) > 3 else [])])}: {note}"
            for note, names in rows.items()]  # fmt: skip
    return ["; ".join(said)] if said else []


# --- built by great-tables ---------------------------------------------------------------------------


def _great(table: Table, footnotes: dict[str, list[tuple[int, str]]]) -> Any:
    """The table as great-tables knows it: stub, spanners, labels, alignment, styles, footnotes."""
    from great_tables import GT, loc, style

    keys = [column.key for column in table.columns]
    texts = [
        [text.replace(" ", BLANK) if column.kind == "date" else text
         for column, text in zip(table.columns, row, strict=True)]
        for row in table.texts()
    ]  # fmt: skip
    made = GT(pd.DataFrame(texts, columns=keys, dtype=object))
    made = made.tab_stub(rowname_col=keys[0]).tab_stubhead(_label(table.columns[0]))
    made = made.cols_label(cases={column.key: _label(column) for column in table.columns[1:]})
    right = [column.key for column in table.columns[1:] if column.kind in ("number", "share")]
    made = made.cols_align("left").cols_align("right", columns=right)
    runs = groupby(table.columns[1:], key=lambda column: column.group)
    for number, (group, columns) in enumerate(runs):
        if group:
            own = [column.key for column in columns]
            made = made.tab_spanner(group, columns=own, id=f"group{number}", gather=False)
    bold = style.text(weight="bold")
    if table.totals:
        made = made.tab_style(bold, [loc.body(rows=list(table.totals)), loc.stub(rows=list(table.totals))])
    for mark, css in _STYLES.items():
        for key in dict.fromkeys(key for (_, key), said in table.marks.items() if said == mark):
            rows = [row for (row, column), said in table.marks.items() if column == key and said == mark]
            made = made.tab_style(style.css(css), _place(loc, keys, rows, key))
    for note, cells in footnotes.items():
        made = made.tab_footnote(note, [_place(loc, keys, [row], key) for row, key in cells])
    made = made.tab_source_note(table.note) if table.note else made
    made = made.tab_header(table.caption) if table.caption else made
    return made.opt_footnote_marks("letters")


def _place(loc: Any, keys: list[str], rows: list[int], key: str) -> Any:
    return loc.stub(rows=rows) if key == keys[0] else loc.body(columns=key, rows=rows)


def _label(column: Column) -> Any:
    """The head of a column: its words, and its unit below them."""
    from great_tables import html

    unit = column.unit or ("%" if column.kind == "share" else "")
    below = f'<br><small style="font-weight:normal;color:{QUIET}">{escape(unit)}</small>' if unit else ""
    return html(escape(column.head) + below)


# --- made compact ------------------------------------------------------------------------------------

# All text is escaped by now: "<" only ever begins one of great-tables' own tags.
_CELL = re.compile(r"<(tr|t[hd])\b([^>]*)>")
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
_MARK = re.compile(r'<span class="gt_footnote_marks"[^>]*>(.*?)</span>', re.DOTALL)
_SPANNER = re.compile(r'\s*<span class="gt_column_spanner">(.*?)</span>\s*', re.DOTALL)
_HEADING = re.compile(r'<tr class="gt_heading">\s*<td[^>]*>(.*?)</td>\s*</tr>', re.DOTALL)
_BELOW_NOTE = re.compile(r'<td class="gt_(?:source|foot)note"[^>]*>(.*?)</td>', re.DOTALL)


def _compact(html: str, table: Table, lines: list[str]) -> str:
    """great-tables' markup with what our pages need and nothing else; its notes stand below the table."""
    html = html[html.index("<table") : html.index("</table>")]
    html = _SPANNER.sub(r"\1", _MARK.sub(r'<sup style="line-height:0">\1</sup>', html))
    html, _, foot = html.partition("<tfoot>")
    caption = _HEADING.search(html)
    html = _HEADING.sub("", html)
    head, body = html[html.index("<thead>") :].split("<tbody", 1)
    size = ".75" if len(table.columns) > _MANY else ".9"
    notes = [re.sub(r"</?span[^>]*>", "", note).strip() for note in _BELOW_NOTE.findall(foot)]
    notes += [escape(line) for line in lines]
    written = [f'<div class="tex2jax_ignore"><table cellpadding="4" style="{_TABLE.format(size=size)}">']
    if caption:
        style = f"text-align:left;font-weight:bold;padding:.2em 0;color:{INK}"
        written.append(f'<caption style="{style}">{caption[1].strip()}</caption>')
    written.append(_CELL.sub(_HeadCells(table), head))
    written.append("<tbody>" + _CELL.sub(_BodyCells(table), body.partition(">")[2]) + "</table>")
    written += [f'<p style="{_BELOW}">{"<br>".join(notes)}</p>'] if notes else []
    return re.sub(r">\s*\n\s*<", "><", "".join(written)).strip() + "</div>"


def _attributes(known: dict[str, str], style: str) -> str:
    spans = "".join(
        f' {name}="{known[name]}"' for name in ("colspan", "rowspan") if known.get(name, "1") != "1"
    )
    scope = f' scope="{known["scope"]}"' if "scope" in known else ""
    return f'{scope}{spans} style="{style}"' if style else f"{scope}{spans}"


class _HeadCells:
    """The tags of the head, written anew in their order."""

    def __init__(self, table: Table):
        grouped = [column for column in table.columns[1:] if column.group]
        free = [column for column in table.columns[1:] if not column.group]
        first = table.columns[0]
        # Two rows where there are groups: in the first row the groups and the columns without one.
        self.order = [first, *free, *grouped] if grouped else list(table.columns)
        self.seen, self.room = 0, _room(table)

    def __call__(self, found: re.Match[str]) -> str:
        known = dict(_ATTRIBUTE.findall(found[2]))
        if found[1] == "tr":
            return '<tr style="background:none">'
        if "gt_column_spanner_outer" in known["class"]:
            style = f"text-align:center;border-bottom:1px solid {QUIET}"
            return f"<th{_attributes(known, style)}>"
        column = self.order[self.seen]
        self.seen += 1
        style = f"text-align:{_side(column)}{self.room[column.key]};vertical-align:bottom"
        width = ";min-width:14em" if column.wide else ";min-width:8em" if column is self.order[0] else ""
        style += f";border-bottom:1px solid {INK}{width if column.kind == 'text' else ''}"
        return f"<th{_attributes(known, style)}>"


class _BodyCells:
    """The tags of the body, written anew in their order."""

    def __init__(self, table: Table):
        self.table, self.row, self.place, self.room = table, -1, 0, _room(table)
        self.top = ";vertical-align:top" if any(column.wide for column in table.columns) else ""

    def __call__(self, found: re.Match[str]) -> str:
        if found[1] == "tr":
            self.row, self.place = self.row + 1, 0
            total = f"border-top:2px solid {QUIET};" if self.row in self.table.totals else ""
            return f'<tr style="background:none;{total}border-bottom:1px solid {LINE}">'
        known = dict(_ATTRIBUTE.findall(found[2]))
        column = self.table.columns[self.place]
        self.place += 1
        own = known.get("style", "").replace(": ", ":").rstrip("; ")
        weight = ";font-weight:normal" if found[1] == "th" and "font-weight" not in own else ""
        style = (
            f"text-align:{_side(column)}{self.room[column.key]}{self.top}{weight}{';' + own if own else ''}"
        )
        return f"<{found[1]}{_attributes(known, style)}>"


def _room(table: Table) -> dict[str, str]:
    """Room beside the cells where it is not the page's: less where columns are many, more between groups."""
    room = {column.key: "" for column in table.columns}
    if len(table.columns) > _MANY:
        for before, column in pairwise(table.columns):
            left = "1.2" if column.group != before.group else ".35"
            room[column.key] = f";padding-left:{left}em;padding-right:.35em"
    return room


def _side(column: Column) -> str:
    return "right" if column.kind in ("number", "share") else "left"
