"""Pages: an executed notebook as one self-contained HTML file, and the page of a run that failed.

A page loads nothing and runs nothing: its Content-Security-Policy forbids both, and what comes from a
notebook is cleaned (see clean.py) or escaped before that.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..tables.model import MIME as TABLE
from ..tables.model import Table
from .clean import Cleaner
from .headlines import MIME
from .outcomes import MEANINGS
from .outline import outlined
from .parameters import title_of
from .typeface import font_faces

_TEMPLATES = Path(__file__).with_name("template")
POLICY = (
    "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)
_SHOWN = [
    "text/html",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/markdown",
    "text/latex",
    "text/plain",
]

_WORTH_CONTENTS = 3  # chapters from which on a page has a table of contents

Facts = Sequence[tuple[str, str]]


def report_page(
    notebook: Any, heading: Sequence[str] = (), facts: Facts = (), title: str = "", code: str = "end"
) -> str:
    """An executed notebook as one HTML page.

    `title` is what the report is called; the page's heading is the notebook's own, where it has one.
    `heading` stands above it (unit, period), `facts` in the footer (books, parameters, version); `code`
    puts the code behind one fold at the "end" or behind one at each "cell".
    """
    name = title_of(notebook, "")
    title = title or name or "Report"
    cleaner = Cleaner(title)
    if not name:
        cleaner.headings.append((1, title))
    body, contents = outlined(report_body(notebook, cleaner, code), title)
    if not name:
        body = f"<h1>{escape(title)}</h1>\n{body}"
    chapters = [entry for entry in contents if entry.level == 2]
    sources = [c.source for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    return shell_page(
        "shell",
        title=" · ".join([title, *heading]),
        heading=heading if title == name else [title, *heading] if name else heading,
        body=markup(body),
        contents=chapters if len(chapters) >= _WORTH_CONTENTS else [],
        facts=facts,
        code=sources if code == "end" else [],
    )


def failure_page(
    report: str,
    heading: Sequence[str],
    facts: Facts,
    *,
    cause: str,
    status: str = "",
    source: str = "",
    tail: str = "",
    notebook: str = "",
    earlier: str = "",
) -> str:
    """The page of a run that failed.

    `cause` is one line; as far as known there are the outcome's name (`status`), the failing cell (`source`),
    the last lines of the error (`tail`), and links to the `notebook` as far as it got and to the `earlier`
    report.
    """
    return shell_page(
        "failure",
        title=" · ".join([report, *heading, "failed"]),
        report=report,
        heading=heading,
        facts=facts,
        cause=cause,
        meaning=MEANINGS.get(status, ""),
        source=source,
        tail=tail,
        notebook=notebook,
        earlier=earlier,
    )


def shell_page(template: str, **content: Any) -> str:
    """One of our own pages, from template/NAME.html.j2; everything put in is escaped."""
    css = font_faces() + (_TEMPLATES / "page.css").read_text(encoding="utf-8")
    content = {"heading": (), "contents": (), "facts": (), "code": (), "policy": POLICY, **content}
    return _templates().get_template(f"{template}.html.j2").render(css=markup(css), kind=template, **content)


def report_body(notebook: Any, cleaner: Cleaner, code: str = "end") -> str:
    """The notebook's texts and outputs in order, as cleaned HTML without a page around it."""
    from nbconvert.exporters import TemplateExporter
    from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter

    exporter = _exporter()
    exporter.register_filter("clean", cleaner.fragment)
    kinds = WidgetsDataTypeFilter(notebook_metadata={"": notebook.metadata}, parent=exporter)
    exporter.register_filter("filter_data_type", kinds)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbconvert warns of outputs that we leave out on purpose
        # HTMLExporter's own way parses the page once more, for texts of pictures that have one here.
        body, _ = TemplateExporter.from_notebook_node(exporter, _shown(notebook), resources={"code": code})
    return body


def _shown(notebook: Any) -> Any:
    """The notebook with what its page shows: headlines are for the index page, hidden tables for the
    workbook, a chart's text is at its image. Cells and outputs are its own, but not changed.
    """
    shown = type(notebook)(notebook)
    cells: list[Any] = []
    for cell in notebook.cells:
        one = type(cell)(cell)
        one["outputs"] = [
            output
            for output in cell.get("outputs", [])
            if set(output.get("data", {"": ""})) - {MIME, TABLE}
            and not output.get("metadata", {}).get("spoken")
        ]
        cells.append(one)
    shown["cells"] = _without_empty_chapters(cells)
    return shown


def _without_empty_chapters(cells: list[Any]) -> list[Any]:
    """The cells without the headings, and what stands under them, whose code has nothing to show."""
    chapters: list[list[Any]] = [[]]
    for cell in cells:
        if cell.cell_type == "markdown" and cell.source.lstrip().startswith("## "):
            chapters.append([])
        chapters[-1].append(cell)
    kept = []
    for number, chapter in enumerate(chapters):
        code = [cell for cell in chapter if cell.cell_type == "code" and cell.source.strip()]
        silent = number and code and not any(cell.outputs for cell in code)
        kept += code if silent else chapter
    return kept


@cache
def _exporter() -> Any:
    """The exporter with our template, compiled once; it changes nothing in a notebook beforehand."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(
        template_name="notebook",
        extra_template_basedirs=[str(_TEMPLATES)],
        exclude_anchor_links=True,
        default_preprocessors=[],
    )
    exporter.config.NbConvertBase.display_data_priority = _SHOWN
    exporter.register_filter("picture", _picture)
    exporter.register_filter("figures", _figures)
    return exporter


def _picture(output: Any, mime: str) -> str:
    """An output's image as an <img> with its alternative text, if the output has one."""
    import base64

    data = output.data[mime]
    if mime == "image/svg+xml":
        data = base64.b64encode(data.encode()).decode()
    known = {**output.get("metadata", {}), **output.get("metadata", {}).get(mime, {})}
    size = "".join(
        f' {k}="{escape(str(known[k]))}"' for k in ("width", "height") if isinstance(known.get(k), int)
    )
    alt = escape(str(known.get("alt") or ""))
    return f'<img src="data:{mime};base64,{"".join(data.split())}" alt="{alt}"{size}>'


def _figures(output: Any) -> str:
    """The figures a chart was drawn from, as a table; "" where it brought none that are understood."""
    from ..tables.html import table_html

    try:
        return table_html(Table.from_json(output.data[TABLE]))
    except (KeyError, TypeError, ValueError, AttributeError, UsageError):
        return ""


@cache
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


def markup(text: str) -> Any:
    """Markup of our own, which shell_page must not escape."""
    from markupsafe import Markup

    return Markup(text)
