"""PDFs hold what the page holds, as text and structure; nothing in the data can typeset or load anything."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import nbformat.v4 as v4
import pypandoc
import pypdf
import pytest
from PIL import ImageFont

from finops_toolkit.errors import FinopsError
from finops_toolkit.reports import batch, kernels, pdf, pdf_document, worker
from finops_toolkit.reports.pdf import report_pdf
from finops_toolkit.reports.plan import plan_runs, read_templates
from finops_toolkit.reports.record import earlier_of
from finops_toolkit.reports.store import open_store
from finops_toolkit.tables import MIME, Column, Table, table_html

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'
FACTS = [("Books", "Example Manufacturing (EUR)"), ("Made with", "finops_toolkit")]
MARGIN, WIDTH = 42.0, 595.3  # points: the margins are 15 mm, a sheet is 210 mm wide
ATTACKS = [
    '#import "@preview/x:1.0": *',
    '#read("/etc/passwd")',
    "#{1 + 1} #sys.inputs #panic()",
    "#set page(width: 1cm)",
    "$x$ $ sum_1^2 $ \\(x\\) \\[x\\]",
    '@ref <label> #label("x") [^1]',
    "*_bold_* ~~gone~~ `raw` ```typ #1```",
    "// comment /* on */ <!-- out -->",
    "back\\slash \\u{41} \\# \\",
    "] } ) [ { (",
    "\"double\" 'single' “curly” ´`",
    "= heading == two",
    "- list -- --- ...",
    "/ term: said",
    "~ <div id='table-0'> <img src=x>",
    "{{ 7 * 7 }}{% include 'page.css' %}",
    "\\input{/etc/passwd} \\write18{id}",
    "{row.column} =1+1 +1 -1 @SUM",
]


def read(content: bytes) -> pypdf.PdfReader:
    """The PDF, opened."""
    return pypdf.PdfReader(io.BytesIO(content))


def words(content: bytes) -> str:
    """All text of the PDF without blanks: where a line breaks is not the question."""
    return bare("".join(sheet.extract_text() for sheet in read(content).pages))


def bare(text: str) -> str:
    """Text without blanks and places to break at."""
    return re.sub(r"[\s\u200b]", "", text)


def show(**data: Any) -> Any:
    """A display output."""
    return v4.new_output("display_data", {key.replace("_", "/"): value for key, value in data.items()})


def shown(table: Table) -> Any:
    """A table's output: its markup, and its data."""
    return v4.new_output("display_data", {"text/html": table_html(table), MIME: table.to_json()})


def notebook(*outputs: Any, text: str = "# Title") -> Any:
    """A notebook with these outputs under a heading."""
    return v4.new_notebook(cells=[v4.new_markdown_cell(text), v4.new_code_cell("1", outputs=list(outputs))])


def structure(content: bytes) -> list[tuple[str, str]]:
    """The tags of the PDF in reading order, each with its alternative text."""
    found: list[tuple[str, str]] = []

    def walk(node: Any) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for part in node:
                walk(part)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append((node["/S"], str(node.get("/Alt", ""))))
            walk(node.get("/K"))

    walk(read(content).trailer["/Root"]["/StructTreeRoot"])
    return found


def outside(content: bytes) -> list[str]:
    """Texts that begin or end beyond the margins; their width is that of the regular letters."""
    letters = ImageFont.truetype(str(pdf_document.FONTS / "SourceSansPro-Regular.ttf"), 100)
    found: list[str] = []
    for sheet in read(content).pages:

        def look(text: str, cm: Any, tm: Any, _font: Any, size: float) -> None:
            left = tm[4] * cm[0] + cm[4]
            lines = [line for line in text.splitlines() if line.strip()]
            wide = max((letters.getlength(line.strip()) for line in lines), default=0)
            right = left + wide * size * abs(tm[0] * cm[0]) / 100
            if lines and not (left >= MARGIN and right <= WIDTH - MARGIN + 3):
                found.append(f"{text[:60]!r} from {left:.0f} to {right:.0f}")

        sheet.extract_text(visitor_text=look)
    return found


def long_table(rows: int, columns: int = 3, name: str = "Customer") -> Table:
    """A table with a text and numbers."""
    heads = [
        Column("name", name),
        *(Column(f"c{i}", f"Head {i}", "number", "EUR k") for i in range(1, columns)),
    ]
    body = tuple((f"Row {i}", *(1_000_000 + i * k for k in range(1, columns))) for i in range(rows))
    return Table("long", tuple(heads), body, caption="A long one", totals=(rows - 1,))


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_stays_text(attack: str) -> None:
    """Whatever a text says, the PDF says it literally, in every place that data can reach."""
    table = Table("t", (Column("a", attack, group=attack, unit=attack), Column("b", "b", "number")),
                  ((attack, 1.0), (attack, -2.5)), caption=attack, note=attack, notes={(0, "a"): attack},
                  marks={(1, "b"): "bad"}, totals=(1,))  # fmt: skip
    places = [show(text_html=f"<p>{escape(attack)}</p>"), show(text_plain=attack), show(text_latex=attack),
              v4.new_output("stream", text=attack), shown(table), show(text_html=table_html(table)),
              v4.new_output("error", ename="E", evalue="", traceback=[attack])]  # fmt: skip
    made = report_pdf(notebook(*places), [attack], [(attack, attack)], title=attack)

    # Strip, footer and facts; five texts; two tables, whose heads may be broken into lines beside each other.
    assert words(made).count(bare(attack)) >= 22
    assert read(made).metadata.title.count(attack) == 2


def test_hostile_outputs_harm_nothing() -> None:
    """Control characters, endless words, writing directions and pictures that are none make a PDF, too."""
    hostile = ["a\u202eb\u2066c\u200fd", "nul\x00 bell\x07 esc\x1b[1m \x7f\x9f", "x" * 10_000]
    hostile += ["\ufeff\u2028\u2029x", "\ue000\U0010ffff", "中文客户 سلام שלום 😀", "e\u0301\u0301\u0301"]
    for said in (" ".join(hostile[:2]), hostile[2], " ".join(hostile[3:])):
        table = Table(
            "t", (Column("a", said, group=said), Column("b", said, "number")), ((said, 1),), caption=said
        )
        broken = [
            v4.new_output("display_data", {mime: data}, metadata={"alt": said})
            for mime in ("image/png", "image/jpeg", "image/svg+xml")
            for data in (said, PIXEL, "<svg>")
        ]
        made = report_pdf(
            notebook(shown(table), show(text_plain=said), *broken), [said], [(said, said)], title=said
        )

        assert bare("Books, period and version") in words(made)
        assert outside(made) == []


def test_what_no_font_has_is_said() -> None:
    """A character without a glyph stands as �, and the last lines say so; Arabic and Greek are there."""
    made = words(report_pdf(notebook(show(text_plain="中 Δ سلام")), facts=FACTS))

    assert "\ufffdΔ" in made
    assert bare("fonts of this file do not hold") in made
    assert "\ufffd" not in words(report_pdf(notebook(show(text_plain="Δ سلام −5")), facts=FACTS))


def test_no_mark_can_be_forged() -> None:
    """A table stands where it was shown, once, though other outputs name a place like its own."""
    forged = show(text_html="".join(f'<div id="table-{i}">x</div>' for i in range(3)))
    made = words(report_pdf(notebook(forged, shown(long_table(2)), forged)))

    assert made.count("Along") == 1
    assert made.index("xxx") < made.index("Along")


def test_structure() -> None:
    """Title, language, numbered sheets, bookmarks from the headings, and each picture with its words."""
    picture = v4.new_output(
        "display_data", {"image/png": PIXEL}, metadata={"image/png": {"alt": "Sales 4.2 m"}}
    )
    text = (
        "# What happened\n\n## Why\n\n[there](#Why) and [outside](https://example.org/x?y=1#z) [gone](#none)"
    )
    made = report_pdf(
        notebook(picture, shown(long_table(3)), text=text), ["North", "May 2025"], FACTS, "Scorecard"
    )
    pages = read(made)
    root = pages.trailer["/Root"]
    links = [note.get_object() for page in pages.pages for note in page.get("/Annots", [])]
    tags = structure(made)

    assert pages.metadata.title == "Scorecard · North · May 2025"
    assert root["/Lang"] == "en" and root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pages.page_labels == ["1"]
    assert [mark["/Title"] for mark in pages.outline if not isinstance(mark, list)] == ["What happened"]
    assert [mark["/Title"] for mark in pages.outline[1]] == ["Why", "Books, period and version"]
    assert [link["/A"]["/URI"] for link in links if "/URI" in link.get("/A", {})] == [
        "https://example.org/x?y=1#z"
    ]
    assert len(links) == 2
    assert ("/Figure", "Sales 4.2 m") in tags
    assert [tag for tag, _ in tags].count("/TH") == 3
    assert bare("page 1 of 1") in words(made)
    assert bare("Example Manufacturing (EUR)") in words(made).partition("Whathappened")[0]


def test_long_table_has_its_head_on_each_sheet() -> None:
    """A hundred rows go over sheets, each with the head, no row lost or broken."""
    made = report_pdf(notebook(shown(long_table(100))))
    texts = [sheet.extract_text() for sheet in read(made).pages]
    full = [text for text in texts if "Row" in text]

    assert len(full) >= 2
    assert all("Customer" in text and "EUR k" in text for text in full)
    assert re.findall(r"Row (\d+)", "\n".join(texts)) == [str(i) for i in range(100)]


@pytest.mark.parametrize(("columns", "name"), [(14, "Customer"), (40, "Customer"), (9, "L" * 300)])
def test_wide_table_fits(columns: int, name: str) -> None:
    """Fourteen columns fit on the sheet; of forty, what does not fit beside the others stands below them."""
    made = report_pdf(notebook(shown(long_table(4, columns, name))))

    assert outside(made) == []
    assert all(f"Head{i}EUR" in words(made) or f"Head{i}" in words(made) for i in range(1, columns))


def test_outputs_are_shown_as_on_the_page() -> None:
    """A widget is named, an error and printed lines stand there; code and what is folded away do not."""
    outputs = [
        show(**{"application/vnd.jupyter.widget-view+json": {}, "text_plain": "IntSlider()"}),
        v4.new_output("stream", text="printed  line\nsecond"),
        v4.new_output("stream", name="stderr", text="a warning"),
        v4.new_output("error", ename="E", evalue="", traceback=["went wrong"]),
        show(**{"image/svg+xml": SQUARE}),
        show(text_html='<table><tr><th>Unit</th><th style="text-align:right">EUR</th></tr>'
                       '<tr><td colspan="2">North <b>plant</b></td></tr></table>'),
        show(text_markdown="1. first\n   - inner\n2. second\n\n> quoted\n\n---\n\n`code`"),
    ]  # fmt: skip
    made = report_pdf(
        v4.new_notebook(cells=[v4.new_code_cell("secret = 1", outputs=outputs)]), title="Report"
    )
    text = words(made)

    for said in (
        "An interactive control",
        "printed  line",
        "went wrong",
        "North plant",
        "inner",
        "quoted",
        "code",
    ):
        assert bare(said) in text
    for said in ("secret", "a warning", "IntSlider"):
        assert bare(said) not in text
    assert [tag for tag, _ in structure(made)].count("/Figure") == 1


def test_same_bytes_in_every_process() -> None:
    """The same notebook gives the same bytes, now and in another process; another text gives others."""
    code = (
        "import hashlib, sys; sys.path.insert(0, 'tests'); import test_reports_pdf as t\n"
        "print(hashlib.sha256(t.sample()).hexdigest())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ended.stdout.strip() == hashlib.sha256(sample()).hexdigest()
    assert sample() == sample()
    assert sample("other") != sample()


def sample(text: str = "same") -> bytes:
    """A small PDF with a table and a picture."""
    return report_pdf(
        notebook(shown(long_table(5)), show(**{"image/png": PIXEL}), show(text_plain=text)), ["North"], FACTS
    )


def test_causes_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pandoc or Typst fails, the error says which of them and what it said."""
    monkeypatch.setattr(pdf, "_template", lambda: b"#nothing")
    with pytest.raises(FinopsError, match="Typst could not set the PDF: unknown variable: nothing"):
        sample()
    monkeypatch.undo()
    monkeypatch.setattr(pypandoc, "get_pandoc_path", lambda: sys.executable)
    with pytest.raises(FinopsError, match="pandoc could not read the page: unknown option --sandbox"):
        sample()


def test_pandoc_reads_no_file(tmp_path: Path) -> None:
    """A page that asks for a file or an address gets neither."""
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden words")
    html = f'<p>x</p><iframe src="{secret}"></iframe><object data="{secret}"></object><img src="{secret}">'

    assert "hidden" not in str(pdf_document._pandoc(html))
    assert "hidden" not in words(report_pdf(notebook(show(text_html=html))))


# --- the batch ---------------------------------------------------------------------------------------


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Make the report of a tiny notebook, taken as executed; gives the outcome and the files there are."""
    first = v4.new_code_cell("value: int = 1", metadata={"tags": ["parameters"]})
    nbformat.write(v4.new_notebook(cells=[v4.new_markdown_cell("# Tiny"), first]), tmp_path / "tiny.ipynb")
    run = plan_runs(read_templates([tmp_path / "tiny.ipynb"]), None, None, {}, {})[0]

    def made(*formats: str, status: str = "done") -> tuple[worker.Outcome, dict[str, bytes]]:
        ended = lambda book, *_, **__: kernels.Execution(book, status, "why")  # noqa: E731
        monkeypatch.setattr(kernels, "execute", ended)
        monkeypatch.setattr(worker, "_warm_process", lambda _: SimpleNamespace(pid=0))
        job = worker.Job({run.notebook: run.notebook.read_text(encoding="utf-8")}, FACTS, formats)
        with open_store(tmp_path / "out", "Test") as store:
            result = worker.make(run, job, earlier_of(store, run))
            outcome = batch._kept(result, job, store, 0, "")
        there = [path for path in (tmp_path / "out").iterdir() if path.is_file()]
        return outcome, {path.name: path.read_bytes() for path in there}

    return made


def test_formats_are_those_asked_for(make: Callable[..., Any]) -> None:
    """Each format asked for is there, and none that is left from an earlier time."""
    outcome, files = make("html", "pdf", "ipynb")

    assert outcome.status == "done"
    assert set(files) == {"tiny.html", "tiny.pdf", "tiny.ipynb"}
    assert bare("Tiny") in words(files["tiny.pdf"])
    assert set(make("pdf")[1]) == {"tiny.pdf"}


def test_all_formats_or_none(make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A PDF that cannot be made fails the report by name; all formats stay as they were until then."""
    _, before = make("html", "pdf")
    with monkeypatch.context() as patch:
        patch.setattr(pdf, "_template", lambda: b"#nothing")
        outcome, after = make("html", "pdf")
    failure = after.pop("tiny.failed.html").decode()
    del after["tiny.failed.ipynb"]

    assert outcome.status == "failed"
    assert outcome.cause.startswith(
        "its PDF could not be made: Typst could not set the PDF: unknown variable"
    )
    assert after == before
    assert "its PDF could not be made" in failure and 'href="tiny.html"' in failure
    assert set(make("html", "pdf")[1]) == {"tiny.html", "tiny.pdf"}


def test_failure_leads_to_the_earlier_report(make: Callable[..., Any]) -> None:
    """The page of a failed run leads to the report before it, in whatever format that is."""
    make("pdf")
    outcome, files = make("html", "pdf", status="failed")

    assert outcome.status == "failed"
    assert set(files) == {"tiny.pdf", "tiny.failed.html", "tiny.failed.ipynb"}
    assert b'href="tiny.pdf"' in files["tiny.failed.html"]


# --- the project's own notebooks ---------------------------------------------------------------------

ROOT = Path(__file__).resolve().parent.parent
STORED = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "notebooks").rglob("*.ipynb"))


@pytest.mark.parametrize("name", STORED)
def test_stored_notebooks(name: str) -> None:
    """Each notebook of the project makes a PDF within its margins; the scorecard takes three sheets."""
    made = report_pdf(nbformat.read(ROOT / name, 4), ["North"], FACTS)

    assert outside(made) == []
    assert "\ufffd" not in words(made)
    assert len(read(made).pages) <= (3 if "scorecard" in name else 20)


@pytest.mark.prove
def test_scorecards_of_all_units(tmp_path: Path) -> None:
    """Every unit's scorecard takes three sheets at most, and says on the first what to do."""
    from finops_toolkit.cli import main

    assert main(["report", "--by", "unit", "--out", str(tmp_path), "--formats", "pdf"]) == 0
    made = [path.read_bytes() for path in tmp_path.rglob("*.pdf")]

    assert len(made) == 6
    for content in made:
        first = read(content).pages[0].extract_text()
        assert len(read(content).pages) <= 3
        assert "Three items that matter most" in first and "Profit and cash" in first
        assert outside(content) == []
