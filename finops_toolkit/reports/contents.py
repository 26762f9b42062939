"""What a report says, as data: its texts, tables, charts and headline figures, to compare two issues by.

It is read from the executed notebook, whatever notebook it is: tables and charts of ours bring their figures
as data, other outputs count by their text and their picture. The same notebook gives the same contents.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from ..errors import UsageError
from ..tables.model import MIME as TABLE
from ..tables.model import Column, Table
from .headlines import MIME as HEADLINE
from .headlines import headline_of

# Cells up to which a table is kept whole; of a larger one a hash and the number of rows are kept. What only
# the workbook shows (rows of the ledger, records) is worth less room than what stands on the page.
_SHOWN_CELLS, _HIDDEN_CELLS = 20_000, 1_000
_LONGEST = 20_000  # characters of one output's text; of a longer one its beginning and a hash are kept
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
_TEXTS = ("text/plain", "text/markdown", "text/latex", "text/html")
_DEFAULTS = {column.name: column.default for column in fields(Column)}
_HEADING = re.compile(r"#{1,6}\s+(.*?)\s*#*")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")  # where an object lay in memory: another in each run
_NUMBERED = re.compile(r"[a-z]?\d+")  # a row's key that is only its place


def contents_of(notebook: Any) -> dict[str, Any]:
    """What an executed notebook says, as JSON.

    `texts`: [heading it stands under, text] in order, a paragraph of Markdown or a line of output each.
    `tables`: name, caption, note, role (shown, chart or hidden), columns, keys, rows, formats, notes; instead
    of the rows of a large table there are its `count` and `sha256`. `charts`: heading, name of their table,
    alt text and sha256 of the picture. `headline`: the figures handed up to the index page.
    """
    found: dict[str, Any] = {"texts": [], "tables": [], "charts": [], "headline": headline_of(notebook)}
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for text in filter(None, (part.strip() for part in re.split(r"\n\s*\n", cell.source))):
                title = _HEADING.fullmatch(text.split("\n", 1)[0])
                heading = title[1] if title else heading
                found["texts"].append([heading, text])
        for output in cell.get("outputs", []):
            _take(output, heading, found)
    return found


def contents_bytes(contents: Mapping[str, Any]) -> bytes:
    """Contents as JSON, the same for the same contents; their SHA-256 is their name on the disk."""
    return json.dumps(contents, sort_keys=True, separators=(",", ":")).encode("ascii")


def table_in(packed: Mapping[str, Any]) -> Table:
    """A table of contents as a Table, without what only a workbook needs; without rows where it is large."""
    bare = {"totals": (), "marks": (), "formulas": (), "links": (), "chart": None}
    rows = packed.get("rows", ())
    keys = packed["keys"] if rows else ()
    at = {name: packed.get(name, ()) for name in ("formats", "notes")}
    return Table.from_json({**bare, **packed, **at, "rows": rows, "keys": keys, "hidden": False})


def _take(output: Any, heading: str, found: dict[str, Any]) -> None:
    """Add one output of a cell to what was found; what is only for the ear or for the log says nothing."""
    data, known = output.get("data", {}), output.get("metadata", {})
    if output.output_type == "stream" and output.name == "stdout":
        found["texts"] += [[heading, line] for line in _lines(output.text)]
    elif output.output_type == "error":
        found["texts"] += [[heading, line] for line in _lines(f"{output.ename}: {output.evalue}")]
    if not data or known.get("spoken"):
        return
    picture = next((mime for mime in _PICTURES if data.get(mime)), None)
    shown = picture or any(mime in data for mime in _TEXTS)
    table = _table(data.get(TABLE), "chart" if picture else "shown" if shown else "hidden")
    if table is not None:
        found["tables"].append(table)
    if picture:
        alt = known.get(picture, {}).get("alt") or known.get("alt") or ""
        name = table["name"] if table else ""
        chart = {"under": heading, "name": name, "alt": str(alt), "sha256": _picture_hash(data[picture])}
        found["charts"].append(chart)
    elif table is None and HEADLINE not in data:
        mime = next((mime for mime in _TEXTS if data.get(mime)), None)
        if mime:
            text = re.sub(r"<[^>]*>", " ", data[mime]) if mime == "text/html" else data[mime]
            found["texts"] += [[heading, line] for line in _lines(text)]


def _lines(text: str) -> Iterator[str]:
    """The lines of an output that say something; of a very long output its first lines and a hash."""
    from nbconvert.filters import strip_ansi

    plain = _ADDRESS.sub("0x…", strip_ansi(text))
    if len(plain) > _LONGEST:
        mark = hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
        plain = f"{plain[:_LONGEST]}\n… {len(plain):,} characters, SHA-256 {mark}"
    yield from (line.strip() for line in plain.splitlines() if line.strip())


def _picture_hash(data: str) -> str:
    """A picture's SHA-256: of its bytes, so that line breaks in base64 do not count."""
    try:
        content = data.encode() if data.lstrip().startswith("<") else base64.b64decode(data, validate=False)
    except (ValueError, binascii.Error):
        content = data.encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()


def _table(packed: Any, role: str) -> dict[str, Any] | None:
    """A table that came as data, as contents keep it; None for what is none."""
    if not isinstance(packed, Mapping):
        return None
    try:
        if packed["hidden"]:
            role = "hidden"
        packed = _without_levels(packed)
        count = len(packed["rows"]) * len(packed["columns"])
        kept = {"role": role, **{name: packed[name] for name in ("name", "caption", "note")}}
        kept["columns"] = [_bare(column) for column in packed["columns"]]
        if count > (_HIDDEN_CELLS if role == "hidden" else _SHOWN_CELLS):
            said = json.dumps([kept["columns"], packed["keys"], packed["rows"]], sort_keys=True)
            digest = hashlib.sha256(said.encode("ascii")).hexdigest()
            return {**kept, "count": len(packed["rows"]), "sha256": digest}
        table = Table.from_json(packed)
    except (KeyError, TypeError, ValueError, AttributeError, UsageError):
        return None
    return {
        **kept,
        "keys": row_keys(table),
        "rows": packed["rows"],
        **{name: packed[name] for name in ("formats", "notes")},
    }


def _without_levels(packed: Mapping[str, Any]) -> Mapping[str, Any]:
    """A bridge without its running level: where a bar hangs says nothing that the steps do not."""
    chart = packed["chart"] or {}
    if chart.get("kind") != "bridge":
        return packed
    kept = {chart["across"], *chart["series"]}
    places = [place for place, column in enumerate(packed["columns"]) if column["key"] in kept]
    return {
        **packed,
        "columns": [packed["columns"][place] for place in places],
        "rows": [[row[place] for place in places] for row in packed["rows"]],
        "formulas": [],  # the levels' own are of the workbook
        **{
            name: [at for at in packed[name] if at[1] in kept]
            for name in ("formats", "notes", "marks", "links")
        },
    }


def _bare(column: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in column.items() if value != _DEFAULTS[name]}


def row_keys(table: Table) -> list[str]:
    """What a row is called in both of two issues: its key, or its first cell where the key only counts."""
    if table.keys and not all(_NUMBERED.fullmatch(key) for key in table.keys):
        return list(table.keys)
    return numbered([table.columns[0].text(row[0]) if row else "" for row in table.rows])


def numbered(names: Sequence[str]) -> list[str]:
    """The names, each told apart from an earlier one that is the same: "a", "b", "a (2)"."""
    seen: set[str] = set()
    told = []
    for name in names:
        number, one = 1, name
        while one in seen:
            number += 1
            one = f"{name} ({number})"
        seen.add(one)
        told.append(one)
    return told
