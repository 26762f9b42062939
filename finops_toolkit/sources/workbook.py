"""What the reader of workbooks does not say: cells with an error, and cells so far away that memory ends."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

# The reader lays out a sheet as a rectangle to its last cell. More cells than this are no table.
_MOST_CELLS = 50_000_000
_CELL = re.compile(rb'<(?:\w+:)?c(?:\s+r="([A-Z]{1,3})([0-9]{1,7})")?((?:\s[^>]*)?)>')
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)<")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

Errors = dict[tuple[int, int], str]


def errors_in(path: Path) -> Mapping[str, Errors]:
    """Of each sheet of an .xlsx or .xlsm file, its cells (row, column from 0) with errors, like "#REF!".

    The reader gives nothing for them, and a sum that is #REF! is not nothing. Other formats have none here.
    Raises ValueError where a sheet reaches so far that it cannot be laid out, or the file is damaged.
    """
    if path.suffix.lower() not in (".xlsx", ".xlsm") or not zipfile.is_zipfile(path):
        return {}
    try:
        with zipfile.ZipFile(path) as packed:
            return {name: _errors(name, packed.read(part)) for name, part in _parts(packed).items()}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ElementTree.ParseError):
        # A password is a RuntimeError, and so is a way to pack that nobody knows.
        raise ValueError("the workbook cannot be read: it is damaged, or protected") from None


def _parts(packed: zipfile.ZipFile) -> dict[str, str]:
    """The part of the file that each sheet lies in."""
    held = set(packed.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= held:
        return {}
    relations = ElementTree.fromstring(packed.read("xl/_rels/workbook.xml.rels"))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    parts = {}
    for element in ElementTree.fromstring(packed.read("xl/workbook.xml")).iter():
        if element.tag.rpartition("}")[2] == "sheet":
            target = targets.get(element.get(_RELATION), "")
            part = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
            if part in held:
                parts[element.get("name", "")] = part
    return parts


def _errors(name: str, xml: bytes) -> Errors:
    found, columns, rows = {}, set(), set()
    for cell in _CELL.finditer(xml):
        letters, number, rest = cell.groups()
        if letters:
            columns.add(letters)
            rows.add(number)
        if b't="e"' in rest:
            if not letters:
                raise ValueError(f"the sheet {name} has an error in a cell, and does not say in which")
            value = _VALUE.search(xml, cell.end())
            found[int(number) - 1, _place(letters) - 1] = value[1].decode() if value else "#ERROR"
    width, height = max(map(_place, columns), default=0), max(map(int, rows), default=0)
    if width * height > _MOST_CELLS:
        text = f"the sheet {name} reaches to row {height:,} and column {width:,}: too far for a table"
        raise ValueError(f"{text}. Delete what stands far away")
    return found


def _place(letters: bytes) -> int:
    """A column's number: A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
