"""A report as PDF: its page through pandoc and Typst, from wheels alone."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import FinopsError, UsageError
from ..tables.html import BAD, GOOD, INK, LINE, QUIET
from ..tables.model import MIME, Table
from .clean import Cleaner
from .outline import outlined
from .pages import Facts, report_body
from .parameters import title_of
from .pdf_document import FONTS, MISSING, blocks_of, short, spoken, text

_TEMPLATE = Path(__file__).with_name("template") / "report.typ"
_COLOURS = {"good": GOOD, "bad": BAD, "quiet": QUIET, "ink": INK, "line": LINE}


def report_pdf(notebook: Any, heading: Sequence[str] = (), facts: Facts = (), title: str = "") -> bytes:
    """An executed notebook as a PDF: the same texts, tables and charts as its page, on numbered sheets.

    Tables that the notebook holds as data are typeset from the data. The same notebook gives the same bytes.
    Raises FinopsError where pandoc or Typst fails, with what it said.
    """
    name = title_of(notebook, "")
    title = title or name or "Report"
    shown, tables = _marked(notebook)
    cleaner = Cleaner(title)
    if not name:
        cleaner.headings.append((1, title))
    body, _ = outlined(report_body(shown, cleaner), title)
    blocks = blocks_of(body, tables)
    if not name:
        blocks = [{"is": "heading", "level": 1, "name": "", "in": [text(title)]}, *blocks]
    document: dict[str, Any] = {
        "title": spoken(" · ".join([title, *heading])),
        "strip": [text(part) for part in ([] if title == name else [title]) + list(heading)],
        "books": text(facts[0][1]) if facts else "",
        "footer": text(short(" · ".join([title, *heading]))),
        "blocks": blocks,
        "facts": [[text(key), text(said)] for key, said in facts],
        "colours": _COLOURS,
    }
    if MISSING in json.dumps(document, ensure_ascii=False):
        lacking = (
            f"What the fonts of this file do not hold stands as {MISSING}; the page of the report shows it."
        )
        document["facts"].append(["Characters", lacking])
    return _typeset(document)


def _marked(notebook: Any) -> tuple[Any, dict[str, Table]]:
    """A copy in which each shown table that came as data is a mark of its own, and the tables by mark.

    The mark has a hash of the whole notebook in it, so that no text in the notebook can be one.
    """
    marked = copy.deepcopy(notebook)
    hashed = hashlib.sha256(json.dumps(notebook, sort_keys=True, default=str).encode()).hexdigest()[:24]
    tables: dict[str, Table] = {}
    for cell in marked.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data and MIME in data:
                try:
                    table = Table.from_json(data[MIME])
                except (KeyError, TypeError, ValueError, AttributeError, UsageError):
                    continue  # its markup is shown, as on the page
                mark = f"table-{hashed}-{len(tables)}"
                tables[mark] = table
                data["text/html"] = f'<div id="{mark}"></div>'
    return marked, tables


def _typeset(document: dict[str, Any]) -> bytes:
    """The document set by the template; pictures that cannot be read are named instead of shown."""
    import typst

    try:
        return _compiled(_template(), document)
    except typst.TypstError as problem:
        if not _without_unreadable(document["blocks"]):
            raise FinopsError(f"Typst could not set the PDF: {problem}") from problem
    try:
        return _compiled(_template(), document)
    except typst.TypstError as problem:
        raise FinopsError(f"Typst could not set the PDF: {problem}") from problem


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


def _compiled(template: bytes, document: Any) -> bytes:
    import typst
    from matplotlib import get_data_path

    # Everything lies in memory: no file of this machine is in reach, no font but the ones named.
    files: Any = {"main.typ": template, "document.json": json.dumps(document).encode()}
    return typst.compile(
        files,
        root=FONTS,
        font_paths=[FONTS, Path(get_data_path(), "fonts/ttf")],
        ignore_system_fonts=True,
        format="pdf",
        # Tagged, with a title, a language and a text for each picture, or there is no PDF.
        pdf_standards="ua-1",
        timestamp=0,
    )


def _without_unreadable(nodes: Any) -> bool:
    """Put words in place of pictures that Typst cannot read; True if there was one."""
    found = False
    for node in nodes if isinstance(nodes, list) else nodes.values() if isinstance(nodes, dict) else ():
        if isinstance(node, dict) and node.get("is") == "image":
            if not _readable(node):
                found = True
                words = text(f"[A picture that cannot be read: {node['alt']}]")
                alone = node.get("alone")
                node.clear()
                node.update({"is": "para" if alone else "span", "in": [words]})
        elif isinstance(node, list | dict):
            found = _without_unreadable(node) or found
    return found


def _readable(picture: dict[str, Any]) -> bool:
    import typst

    try:
        _compiled(b'#set document(title: "Picture")\n#image(bytes(json("document.json")), alt: "Picture")',
                  picture["bytes"])  # fmt: skip
    except typst.TypstError:
        return False
    return True
