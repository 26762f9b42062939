"""What a PDF holds, as plain data: the page read by pandoc, its tables as cells, its pictures as bytes.

The template that typesets it (template/report.typ) is code and never changes; everything else is data in
JSON. So no text can become Typst: there is no Typst made of it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import subprocess
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import FinopsError
from ..tables.html import footnotes_of, note_lines
from ..tables.model import Column, Table
from ..wording import BLANK

FONTS = Path(__file__).parent.parent / "fonts"
MISSING = "\ufffd"  # stands for what no font has
_LONGEST = 16  # letters of a word between two places where a line may break
_DEEPEST = 8  # lists in lists, marks in marks: from here on only their text
_TALL = 1500  # letters from which on a row may be broken by a page
_HEAD = 120  # letters that a head may have, which stands on every sheet
_LINK = 2000  # letters of an address that Typst still takes
_PICTURE = re.compile(r'(<img\b[^>]*? src=")(data:[^"]*)"')
# What the page folds away stands open in no print.
_FOLDED = re.compile(r'<details class="(?:code|figures)">.*?</details>', re.DOTALL)
_MARKS = {"Emph": "emph", "Strong": "strong", "Superscript": "super", "Subscript": "sub"}
_SIDES = {"AlignLeft": "left", "AlignRight": "right", "AlignCenter": "center"}


def blocks_of(body: str, tables: dict[str, Table]) -> list[Any]:
    """A page's cleaned body as blocks for the template; `tables` are put where their ids stand."""
    pictures: list[str] = []

    def kept(found: re.Match[str]) -> str:
        # pandoc need not read what it would only hand on.
        pictures.append(found[2])
        return f'{found[1]}picture:{len(pictures) - 1}"'

    read = _pandoc(_PICTURE.sub(kept, _FOLDED.sub("", body)))
    reader = _Reader(pictures, tables)
    blocks = reader.blocks(read)
    return _linked(blocks, reader.anchors)


def _pandoc(html: str) -> list[Any]:
    """The blocks pandoc finds in HTML; it may read no file and no address. Raises FinopsError."""
    import pypandoc

    command = [pypandoc.get_pandoc_path(), "--sandbox", "--from=html-auto_identifiers", "--to=json"]
    ended = subprocess.run(command, input=html.encode("utf-8", "replace"), capture_output=True, check=False)
    if ended.returncode:
        said = ended.stderr.decode("utf-8", "replace").strip()
        raise FinopsError(f"pandoc could not read the page: {said or f'exit code {ended.returncode}'}.")
    return json.loads(ended.stdout)["blocks"]


# --- text --------------------------------------------------------------------------------------------


@cache
def _drawn() -> frozenset[int]:
    """The characters the fonts of the PDF hold."""
    from matplotlib import get_data_path
    from matplotlib.ft2font import FT2Font

    files = [FONTS / "SourceSansPro-Regular.ttf", Path(get_data_path(), "fonts/ttf/DejaVuSans.ttf")]
    return frozenset().union(*(FT2Font(str(file)).get_charmap() for file in files))


def text(said: str) -> str:
    """Text as it can be set: `�` where no font has a character, and long words with places to break at.

    Marks of writing direction and others that are not seen are left out: in a PDF they stick to the letter
    before them, wherever it stands, and nobody can find a word with it.
    """
    if not said.isascii() or not said.isprintable():
        said = "".join(c if _is_drawn(c) else MISSING for c in said if not _is_unseen(c))
    return re.sub(rf"[^\s\u200b]{{{_LONGEST}}}(?=[^\s\u200b]{{8}})", "\\g<0>\u200b", said)


def spoken(said: str) -> str:
    """Text that is read aloud and not drawn: one line without control characters."""
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in said).split())


def short(said: str, longest: int = _HEAD) -> str:
    """Text that stands on every sheet, cut with an ellipsis where it is too long for that."""
    return said if len(said) <= longest else f"{said[: longest - 1]}…"


def _is_drawn(character: str) -> bool:
    return character in "\n\t\u200b\u200c\u200d" or ord(character) in _drawn() or character == BLANK


def _is_unseen(character: str) -> bool:
    """A format character, save those that part words or join letters."""
    return unicodedata.category(character) == "Cf" and character not in "\u200b\u200c\u200d"


def _plain(nodes: Sequence[Any]) -> str:
    """The words of inlines or blocks, whatever they stand in."""
    words: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, list):
            for part in node:
                walk(part)
        elif isinstance(node, dict):
            kind, content = node.get("t"), node.get("c", "")
            if kind == "Str":
                words.append(content)
            elif kind in ("Space", "SoftBreak", "LineBreak"):
                words.append(" ")
            elif kind in ("Code", "CodeBlock", "Math"):
                words.append(content[1])
            elif kind not in ("RawInline", "RawBlock"):
                walk(content)

    walk(list(nodes))
    return "".join(words)


# --- the page as pandoc read it ----------------------------------------------------------------------


class _Reader:
    """From pandoc's tree to the template's: fewer kinds, nothing deeper than it can be set."""

    def __init__(self, pictures: list[str], tables: dict[str, Table]):
        self.pictures, self.tables = pictures, tables
        self.anchors: set[str] = set()

    def blocks(self, nodes: Sequence[Any], depth: int = 0) -> list[Any]:
        """Blocks, those without a look of their own dissolved."""
        found: list[Any] = []
        for node in nodes:
            kind, content = node["t"], node.get("c")
            if kind == "Div":
                name = content[0][0]
                found += self.data(name) if name in self.tables else self.anchor(name)
                found += self.blocks(content[1], depth)
            elif kind == "Figure":
                found += self.anchor(content[0][0])
                parts = self.blocks(content[2], depth)
                said = self.inlines(self.flat(content[1][1]))
                found += [{"is": "figure", "in": parts, "caption": said}] if said else parts
            else:
                found += self.block(kind, content, depth)
        return found

    def block(self, kind: str, content: Any, depth: int) -> list[Any]:
        """One block that has a look."""
        if kind in ("Para", "Plain"):
            return self.paragraph(content)
        if kind == "LineBlock":
            return [{"is": "para", "in": self.inlines(line)} for line in content]
        if kind == "Header":
            level, (name, _, _), words = content
            # The heading is the place itself: an anchor before it could stay on the page before.
            own = name if self.anchor(name) else ""
            return [{"is": "heading", "level": level, "name": own, "in": self.inlines(words)}]
        if kind == "CodeBlock":
            error = "error" in content[0][1]
            return [{"is": "pre", "text": text(content[1]), "error": error}]
        if kind == "HorizontalRule":
            return [{"is": "rule"}]
        if kind == "Table":
            return [self.table(content)]
        if kind not in ("BulletList", "OrderedList", "DefinitionList", "BlockQuote"):
            return []
        if depth >= _DEEPEST:
            return [{"is": "para", "in": [text(_plain([content]))]}]
        if kind == "BlockQuote":
            return [{"is": "quote", "in": self.blocks(content, depth + 1)}]
        if kind == "DefinitionList":
            return [
                {"is": "term", "in": self.inlines(term),
                 "said": [block for part in said for block in self.blocks(part, depth + 1)]}
                for term, said in content
            ]  # fmt: skip
        start, items = (content[0][0], content[1]) if kind == "OrderedList" else (None, content)
        return [{"is": "list", "start": start, "in": [self.blocks(item, depth + 1) for item in items]}]

    def paragraph(self, nodes: Sequence[Any]) -> list[Any]:
        """A paragraph; a picture that stands alone in it is a figure."""
        if len(nodes) == 1 and nodes[0]["t"] == "Image":
            return [{**self.image(nodes[0]["c"]), "alone": True}]
        inlines = self.inlines(nodes)
        return [{"is": "para", "in": inlines}] if inlines else []

    def flat(self, blocks: Sequence[Any] | None) -> list[Any]:
        """The inlines of a caption or a cell, with breaks between its paragraphs."""
        found: list[Any] = []
        for block in blocks or ():
            kind, content = block["t"], block.get("c")
            if found:
                found.append({"t": "LineBreak"})
            if kind in ("Para", "Plain"):
                found += content
            elif kind == "Div":
                found += self.flat(content[1])
            else:
                found.append({"t": "Str", "c": _plain([block])})
        return found

    def inlines(self, nodes: Sequence[Any], depth: int = 0) -> list[Any]:
        """Inlines: texts as strings, marks and links as nodes."""
        found: list[Any] = []
        for node in nodes:
            kind, content = node["t"], node.get("c")
            if kind in ("Str", "Space", "SoftBreak"):
                word = content if kind == "Str" else " "
                if found and isinstance(found[-1], str):
                    found[-1] += word
                else:
                    found.append(word)
            elif kind == "LineBreak":
                found.append({"is": "break"})
            elif depth >= _DEEPEST:
                found.append(_plain([node]))
            elif kind in _MARKS:
                found.append({"is": _MARKS[kind], "in": self.inlines(content, depth + 1)})
            elif kind in ("Code", "Math"):
                found.append({"is": "code", "text": text(content[1])})
            elif kind == "Link":
                target = content[2][0]
                inside = self.inlines(content[1], depth + 1)
                found += [{"is": "link", "to": target, "in": inside}] if len(target) <= _LINK else inside
            elif kind == "Image":
                found.append(self.image(content))
            elif kind == "Span":
                found += [*self.anchor(content[0][0]), *self.inlines(content[1], depth)]
            elif kind in ("Underline", "Strikeout", "SmallCaps"):
                found += self.inlines(content, depth)
            elif kind in ("Quoted", "Cite"):
                found += self.inlines(content[1], depth)
        return [text(part) if isinstance(part, str) else part for part in found]

    def anchor(self, name: str) -> list[Any]:
        """A place that links may name; the first of one name counts."""
        if not name or name in self.anchors:
            return []
        self.anchors.add(name)
        return [{"is": "anchor", "name": name}]

    def image(self, content: Any) -> dict[str, Any]:
        """A picture: its bytes, its width in CSS pixels as far as said, its words."""
        (_, _, known), words, (source, _) = content
        if source.startswith("picture:"):
            source = self.pictures[int(source.removeprefix("picture:"))]
        kind, _, packed = source.partition(";base64,")
        try:
            data = base64.b64decode(packed)
        except (binascii.Error, ValueError):
            data = b""
        wide = re.fullmatch(r"(\d+)(px)?", dict(known).get("width", ""))
        alt = spoken(_plain(words)) or "Picture"
        return {"is": "image", "svg": "svg" in kind, "bytes": list(data), "alt": alt,
                "width": int(wide[1]) if wide else None}  # fmt: skip

    # --- tables --------------------------------------------------------------------------------------

    def data(self, name: str) -> list[Any]:
        """A table that came as data."""
        return [data_table(self.tables.pop(name))]

    def table(self, content: Any) -> dict[str, Any]:
        """A table that came as markup: a head for each column, each cell where it stands."""
        _, (_, caption), columns, (_, head), bodies, (_, foot) = content
        width = len(columns)
        heads = _grid(head, width)
        first = heads[0] if len(heads) > 1 else []
        groups = [self.flat(cell[4]) if cell else [] for cell in first] or [[]] * width
        body = _grid([row for part in bodies for row in [*part[2], *part[3]]] + foot, width)
        rows = [
            {
                "total": bool(row[0]) and "bold" in dict(row[0][0][2]).get("style", ""),
                "cells": [
                    _cell(self.inlines(self.flat(cell[4])) if cell else [], _colour(cell)) for cell in row
                ],
            }
            for row in body
        ]
        sides = [
            next((_SIDES[row[i][1]["t"]] for row in body if row[i] and row[i][1]["t"] in _SIDES), "left")
            for i in range(width)
        ]
        shown = [
            _head(self.inlines(self.flat(heads[-1][i][4])) if heads and heads[-1][i] else [], "",
                  _plain(groups[i]), sides[i])
            for i in range(width)
        ]  # fmt: skip
        return _table(shown, rows, _plain(self.flat(caption)), [])


def _grid(rows: Sequence[Any], width: int) -> list[list[Any]]:
    """Cells by row and column; what a cell spans is None. A spanning head counts for all it spans."""
    grid: list[list[Any]] = [[None] * width for _ in rows]
    taken: set[tuple[int, int]] = set()
    for number, (_, cells) in enumerate(rows):
        place = 0
        for cell in cells:
            while (number, place) in taken:
                place += 1
            if place >= width:
                break
            _, _, down, across, _ = cell
            for i in range(down):
                taken |= {(number + i, place + j) for j in range(across)}
            grid[number][place] = cell
            for j in range(1, across):
                if number == 0 and len(rows) > 1 and place + j < width:
                    grid[number][place + j] = cell
    return grid


def _colour(cell: Any) -> str:
    said = re.search(
        r"(?<![\w-])color: ?(#[0-9a-fA-F]{6})\b", dict(cell[0][2]).get("style", "") if cell else ""
    )
    return said[1] if said else ""


def data_table(table: Table) -> dict[str, Any]:
    """A Table as data for the template: heads, cells as people read them, marks, notes below."""
    letters: dict[tuple[int, str], str] = {}
    below = []
    for letter, (note, cells) in zip("abcdefgh", footnotes_of(table).items(), strict=False):
        below.append([letter, text(note)])
        for cell in cells:
            letters[cell] = letters.get(cell, "") + letter
    below += [["", text(line)] for line in ([] if below else note_lines(table))]
    below = [["", text(table.note)], *below] if table.note else below
    rows = []
    for number, row in enumerate(table.texts()):
        cells_ = []
        for column, said in zip(table.columns, row, strict=True):
            where = (number, column.key)
            mark = table.marks.get(where, "")
            said = said.replace(" ", BLANK) if column.kind == "date" else said
            cells_.append(_cell([text(said)], mark, letters.get(where, "")))
        rows.append({"total": number in table.totals, "cells": cells_})
    heads = [
        _head([text(column.head)], _unit(column), column.group, _side(column)) for column in table.columns
    ]
    return _table(heads, rows, table.caption, below)


def _unit(column: Column) -> str:
    return column.unit or ("%" if column.kind == "share" else "")


def _side(column: Column) -> str:
    return "right" if column.kind in ("number", "share") else "left"


def _head(words: list[Any], unit: str, group: str, side: str) -> dict[str, Any]:
    return {"in": _short(words), "unit": text(short(unit)), "group": text(short(group)), "side": side}


def _short(words: list[Any]) -> list[Any]:
    # A head stands on every sheet, so it must leave room for the rows.
    said = _said(words).replace("\u200b", "")
    return words if len(said) <= _HEAD else [text(short(said))]


def _cell(words: list[Any], mark: str = "", letter: str = "") -> dict[str, Any]:
    return {"in": words, "mark": mark, "letter": letter}


def _table(
    heads: list[dict[str, Any]], rows: list[dict[str, Any]], caption: str, below: list[list[str]]
) -> dict[str, Any]:
    """A table for the template, with what it needs to set widths: each column's longest word."""
    longest = ["" for _ in heads]
    for row in rows:
        row["tall"] = sum(len(_said(cell["in"])) for cell in row["cells"]) > _TALL
    for place, head in enumerate(heads):
        texts = [_said(head["in"]), head["unit"], *(_said(row["cells"][place]["in"]) for row in rows)]
        words = [word for said in texts for word in re.split(r"[ \t\n\u200b]+", said)]
        longest[place] = max(words, key=len)
    return {"is": "table", "heads": heads, "rows": rows, "caption": text(caption), "below": below,
            "longest": longest}  # fmt: skip


def _said(nodes: Sequence[Any]) -> str:
    """The words of inlines of ours."""
    return "".join(
        node
        if isinstance(node, str)
        else " "
        if node["is"] == "break"
        else node.get("text") or _said(node.get("in", ()))
        for node in nodes
    )


def _linked(nodes: Any, anchors: set[str]) -> Any:
    """The same tree without links that lead nowhere."""
    if isinstance(nodes, list):
        return [_linked(node, anchors) for node in nodes]
    if isinstance(nodes, dict) and nodes.get("is") == "image":
        return nodes
    if isinstance(nodes, dict):
        made = {key: _linked(value, anchors) for key, value in nodes.items()}
        if nodes.get("is") == "link" and (
            not nodes["to"] or (nodes["to"][:1] == "#" and nodes["to"][1:] not in anchors)
        ):
            return {"is": "span", "in": made["in"]}
        return made
    return nodes
