"""What a workbook's cells look like, how wide they are, and which texts a sheet may hold and be called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from ..tables.html import BAD, GOOD, INK, LINE, QUIET
from ..tables.model import Column, Table

AUTHOR = "finops_toolkit"
MOST = 32_767  # UTF-16 units in a cell
LINK: dict[str, Any] = {"color": "#1F4E9E", "underline": True}
_COLOURS = {"good": GOOD, "bad": BAD, "quiet": QUIET, "": INK}
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_NOT_A_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_LONGEST_NAME = 31
_WIDE, _TEXT, _NARROW, _ROOM = 34, 40, 9, 3  # widths in letters
_PAGE = 110.0  # letters across a landscape page
_LINE = 15.0  # height of a line in points
_MOST_LINES = 27  # a row is at most 409 points high


def clean(text: Any, most: int = MOST) -> str:
    """A text as a workbook may hold it: nothing that XML cannot say, and cut visibly where it is too long."""
    said = _NOT_XML.sub("\ufffd", str(text))
    if len(said) > most // 2 and _units(said) > most:
        said = said[: most - 1]
        while _units(said) > most - 1:
            said = said[: -max(1, (_units(said) - most + 1) // 2)]
        said += "…"
    return said


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def sheet_names(wanted: Sequence[str]) -> list[str]:
    """A valid name for each sheet, at most 31 signs, no two the same in whatever letters."""
    taken: set[str] = {"history"}  # Excel keeps that one for itself
    names = []
    for text in wanted:
        base = " ".join(_NOT_A_NAME.sub(" ", clean(text).replace("_", " ")).split()).strip("' ") or "Table"
        base = base[:1].upper() + base[1:]
        number, name = 1, _cut(base, _LONGEST_NAME)
        while name.casefold() in taken:
            number += 1
            ending = f" ({number})"
            name = _cut(base, _LONGEST_NAME - len(ending)) + ending
        taken.add(name.casefold())
        names.append(name)
    return names


def _cut(text: str, most: int) -> str:
    if _units(text) <= most:
        return text
    while _units(text) > most - 1:
        text = text[:-1]
    return text.rstrip("' ") + "…"


def quoted(sheet: str) -> str:
    """A sheet's name as formulas and links write it."""
    return "'" + sheet.replace("'", "''") + "'"


def cell_name(row: int, column: int, fixed: bool = False) -> str:
    """A cell as formulas call it, rows and columns from 0: C7, or $C$7 when fixed."""
    letters, rest = "", column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(65 + digit) + letters
    return f"${letters}${row + 1}" if fixed else f"{letters}{row + 1}"


def number_format(column: Column) -> str:
    """The number format of a column: thousands by their commas, variances with their sign, shares in %."""
    if column.kind == "date":
        return "d mmm yyyy"
    decimals = f".{'0' * column.places}" if column.places else ""
    if column.kind == "share":
        shape, zero = f"#,##0{decimals}%", f"0{decimals}%"
    else:
        steps = max(0, (len(str(column.divisor)) - 1) // 3)
        shape, zero = f"#,##0{decimals}{',' * steps}", f"0{decimals}"
    return f"+{shape};-{shape};{zero}" if column.signed else shape


class Formats:
    """The looks of cells, each made once."""

    def __init__(self, workbook: Any):
        self._workbook, self._made = workbook, {}  # type: ignore[var-annotated]

    def of(self, mark: str = "", **look: Any) -> Any:
        """A look by its words: bold, size, color, underline, wrap, right, center, top, line, fill, indent,
        total, number.
        """
        key = (mark, *sorted(look.items()))
        if key not in self._made:
            words: dict[str, Any] = {"font_color": look.get("color", _COLOURS[mark])}
            words |= {"bold": True} if look.get("bold") else {}
            words |= {"underline": 1} if look.get("underline") else {}
            words |= {"font_size": look["size"]} if "size" in look else {}
            words |= {"text_wrap": True} if look.get("wrap") else {}
            words |= {"align": "right"} if look.get("right") else {}
            words |= {"align": "center"} if look.get("center") else {}
            words |= {"valign": "top"} if look.get("top") else {}
            words |= {"bottom": 1, "bottom_color": QUIET} if look.get("line") else {}
            words |= {"bg_color": "#F1F3F4"} if look.get("fill") else {}
            words |= {"align": "left", "indent": 1} if look.get("indent") else {}
            words |= {"top": 1, "top_color": LINE} if look.get("total") else {}
            words |= {"num_format": look["number"]} if "number" in look else {}
            self._made[key] = self._workbook.add_format(words)
        return self._made[key]

    def cell(self, column: Column, bold: bool, mark: str, linked: bool, indent: bool) -> Any:
        """The look of a value of a column; `indent` keeps a text apart from figures to its left."""
        look: dict[str, Any] = {"top": True}
        if column.kind == "text":
            look["wrap"] = True
            look["number"] = "@"  # typed over, it stays a text
            look |= {"indent": True} if indent else {}
        else:
            look |= {"number": number_format(column), "right": True}
        look |= {"bold": True, "total": True} if bold else {}
        look |= {"bold": True} if mark in ("good", "bad") else {}
        look |= LINK if linked else {}
        return self.of(mark, **look)


def widths(table: Table) -> list[float]:
    """The width of each column in letters: its longest text, within reason."""
    texts = table.texts()
    found = []
    for number, column in enumerate(table.columns):
        head = max((len(word) for word in f"{column.head} {column.unit}".split()), default=0) + _ROOM
        longest = max((len(row[number]) for row in texts), default=0)
        most = _WIDE if column.wide else _TEXT
        found.append(float(min(max(longest + 2, head, _NARROW), max(most, head))))
    # A narrow table has room for its longest text: the page is as wide either way.
    room = _PAGE - sum(found)
    for number, column in enumerate(table.columns):
        if column.kind == "text" and room > 0:
            more = min(max((len(row[number]) for row in texts), default=0) + 2.0 - found[number], room)
            found[number] += max(more, 0.0)
            room -= max(more, 0.0)
    if table.columns[0].kind == "text":
        found[0] = max(found[0], 12.0)  # the way back stands in it
    return found


def row_height(texts: Sequence[str], columns: Sequence[float]) -> float:
    """The height of a row whose texts wrap in columns of these widths; a program need not measure it."""
    lines = 1
    for text, width in zip(texts, columns, strict=True):
        if len(text) > width - 2 or "\n" in text:
            room = max(int(width), 4)
            lines = max(lines, sum(max(len(wrap(line, room)), 1) for line in text.split("\n")))
    return _LINE * min(lines, _MOST_LINES)
