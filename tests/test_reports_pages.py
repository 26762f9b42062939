"""Pages load and run nothing, whatever text the data holds; headings are in order, pictures have a text."""

from __future__ import annotations

import base64
import importlib.util
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat.v4 as v4
import pytest
import small_company
from attacks import ATTACKS
from hypothesis import given
from hypothesis import strategies as st

from finops_toolkit.errors import UsageError
from finops_toolkit.reports.clean import Cleaner
from finops_toolkit.reports.headlines import MIME, headline, headline_of
from finops_toolkit.reports.index import index_page, sparkline
from finops_toolkit.reports.pages import failure_page, report_page
from finops_toolkit.tables.model import MIME as TABLE
from finops_toolkit.tables.model import Column, Table

if TYPE_CHECKING:
    from finops_toolkit.books import Books

ROOT = Path(__file__).resolve().parent.parent
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


class Page(HTMLParser):
    """What a page asks a browser to load or to do."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def wrong(self) -> list[str]:
        """Everything that would load or run something, or send someone away unasked."""
        bad = {
            "script",
            "iframe",
            "object",
            "embed",
            "base",
            "link",
            "form",
            "input",
            "button",
            "video",
            "audio",
        }
        found = [tag for tag, _ in self.tags if tag in bad]
        for tag, attributes in self.tags:
            for name, value in attributes.items():
                loads = name in ("src", "srcset", "background", "data", "poster", "xlink:href", "action")
                if loads and not (name == "src" and value.startswith("data:image/")):
                    found.append(f"{tag} {name}={value}")
                if name == "href" and not re.match(r"https?://|mailto:|#|[^:]*$", value):
                    found.append(f"{tag} {name}={value}")
                if name.startswith("on") or (name == "style" and re.search(r"url\(|position|@", value)):
                    found.append(f"{tag} {name}={value}")
                if tag == "meta" and name == "http-equiv" and value != "Content-Security-Policy":
                    found.append(f"{tag} {value}")
        return found


def show(**data: str) -> Any:
    """A display output."""
    return v4.new_output("display_data", {key.replace("_", "/"): value for key, value in data.items()})


def page(*cells: Any, **words: Any) -> str:
    """The page of a notebook with these cells."""
    return report_page(v4.new_notebook(cells=[v4.new_markdown_cell("# Title"), *cells]), **words)


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_becomes_code(attack: str) -> None:
    """A known attack does nothing in any place that text from data can reach."""
    outputs = [
        show(text_html=attack),
        show(text_markdown=attack),
        show(text_plain=attack),
        show(text_latex=attack),
        show(application_javascript="alert(1)"),
        v4.new_output("stream", text=attack),
        v4.new_output("stream", name="stderr", text=attack),
        v4.new_output("error", ename=attack, evalue=attack, traceback=[attack]),
        v4.new_output("display_data", {"image/png": attack}, metadata={"alt": attack}),
        v4.new_output("display_data", {"image/svg+xml": attack}),
    ]
    cells = [v4.new_markdown_cell(attack), v4.new_code_cell(attack, outputs=outputs)]
    facts = [(attack, attack)]
    record = {
        **dict.fromkeys(("report", "title", "unit", "unit_label", "period", "period_label", "cause"), attack),
        "files": {kind: {"path": attack} for kind in ("html", "ipynb", "failure")},
        **{"status": "failed", "order": 0, "period_order": 0},
    }
    trend = [1.0, None, 2.0, -1.0]
    record["headline"] = [{"label": attack, "value": attack, "status": "bad", "trend": trend}]
    index = index_page({"books": attack, "reports": {"x": record, "y": {**record, "status": "done"}}}, facts)
    own = r'(?s)<script>\n"use strict";.*?</script>|<input id="find" type="search"[\w\s="]*>'
    assert len(re.findall(own, index)) == 2
    pages = [
        page(*cells, heading=[attack], facts=facts, title=attack, code="end"),
        page(*cells, heading=[attack], facts=facts, code="cell"),
        failure_page(
            attack, [attack], facts, cause=attack, source=attack, tail=attack, notebook="", earlier=""
        ),
        re.sub(own, "", index),
    ]

    for html in pages:
        assert Page(html).wrong() == []
        assert len(re.findall(r"(?i)<html|</html>|<body|</body>|<main|</main>", html)) == 6
        assert "49" not in re.sub(r"(?s)<style>.*?</style>", "", html)
        assert "default-src 'none'" in html.replace("&#39;", "'")


@given(
    st.lists(st.one_of(st.sampled_from(ATTACKS), st.text(alphabet="<>/='\" \tabhrefscriptsvgstyle-!&;#x&")))
)
def test_no_mixture_becomes_code(parts: list[str]) -> None:
    """Attacks put together, cut and nested do nothing either, and cleaning what is clean changes nothing."""
    clean = Cleaner("t").fragment("".join(parts))

    assert Page(clean).wrong() == []
    assert Cleaner("t").fragment(clean) == clean


def test_a_fragment_cannot_swallow_the_next() -> None:
    """What a fragment leaves open is closed, what it closes without opening is dropped."""
    cleaner = Cleaner("t")

    assert cleaner.fragment("<table><tr><td>a<div>") == "<table><tr><td>a<div></div></td></tr></table>"
    assert cleaner.fragment("</div></section>b") == "b"


def test_what_helpers_make_comes_through() -> None:
    """Tables with their styles, figures with a text and small vector drawings look as they were made."""
    html = (
        '<style>#T1 .x {color: red; position: relative}</style><table id="T1"><thead><tr>'
        '<th scope="col" colspan="2">a &amp; b</th></tr></thead></table>'
        f'<figure><img src="data:image/png;base64,{PIXEL}" alt="Up"><figcaption>c</figcaption></figure>'
        '<svg viewbox="0 0 9 9"><path d="M0 0L9 9" stroke="#123"></path><title>t</title></svg>'
        '<a href="https://example.org/x?a=1&amp;b=2" rel="noopener noreferrer">x</a><a href="#top">top</a>'
    )

    assert Cleaner("t").fragment(html) == html


@pytest.mark.parametrize(
    ("arrived", "written"),
    [
        ("<h1>a</h1><h2>b</h2><h3>c</h3>", "h1 h2 h3"),
        ("<h1>a</h1><h3>b</h3><h5>c</h5><h2>d</h2>", "h1 h2 h3 h2"),
        ("<h1>a</h1><h1>b</h1>", "h1 h2"),
        ("<h3>a</h3>", "h2"),
    ],
)
def test_headings_are_in_order(arrived: str, written: str) -> None:
    """One heading of level one, and no level left out on the way down."""
    assert " ".join(re.findall(r"<(h\d)>", Cleaner("t").fragment(arrived))) == written


def test_contents_lead_to_the_chapters() -> None:
    """Each chapter of a page is in its contents, in order, under an id that is there once; few need none."""
    same = [v4.new_markdown_cell(f"## {name}") for name in ("Cash & <i>debt</i>", "Cash", "Cash", "content")]
    html = page(*same, v4.new_markdown_cell("### Below"))
    links = re.findall(r'<li><a href="#(.*?)">(.*?)</a></li>', html)
    ids = re.findall(r'id="(.*?)"', html)

    assert [text for _, text in links[:5]] == [
        "Cash &amp; debt",
        "Cash",
        "Cash",
        "content",
        "Books, period and version",
    ]
    assert len(set(ids)) == len(ids) and {place for place, _ in links} <= set(ids)
    assert "<nav" not in page(*same[:2])


def test_a_chapter_whose_code_shows_nothing_is_left_out() -> None:
    """Its heading and its words go, hidden tables do not count; a chapter of words only stays."""
    silent = v4.new_code_cell("x = 1", outputs=[v4.new_output("display_data", {MIME: []})])
    loud = v4.new_code_cell("x", outputs=[show(text_plain="said")])
    heads = [v4.new_markdown_cell(f"## {name}\n\nabout {name}") for name in ("Words", "Silent", "Loud")]
    html = page(heads[0], heads[1], silent, heads[2], loud)

    assert "about Words" in html and "about Loud" in html and "said" in html
    assert "about Silent" not in html and ">Silent<" not in html


def test_wide_tables_have_their_own_place_to_scroll() -> None:
    """Every table, not one within another, is a region that the keyboard reaches, under a name of its own."""
    table = "<table><tr><td>1</td></tr></table>"
    named = "<table><caption>Open &amp; due</caption><tr><td><table></table></td></tr></table>"
    outputs = [show(text_html=table), show(text_html=named), show(text_markdown="|a|\n|-|\n|1|")]
    html = page(v4.new_markdown_cell("## Cash"), v4.new_code_cell("x", outputs=outputs))
    regions = re.findall(r'<div class="wide" role="region" tabindex="0" aria-label="(.*?)"><table', html)

    assert regions == ["Table: Cash", "Table: Open &amp; due", "Table: Cash 2"]
    assert html.count("<table") == 4 and html.count("</table></div>") == 3


def test_charts_have_their_own_place_to_scroll() -> None:
    """A chart is a region under the name of its chapter: on a phone it is wider than the window."""
    outputs = [v4.new_output("display_data", {"image/png": PIXEL}, metadata={"alt": "Down"})] * 2
    html = page(v4.new_markdown_cell("## Cash <b>"), v4.new_code_cell("x", outputs=outputs))
    regions = re.findall(
        r'<figure class="chart"><div class="wide" role="region" tabindex="0" (.*?)><img', html
    )

    assert regions == ['aria-label="Chart: Cash"', 'aria-label="Chart: Cash 2"']


def test_the_typeface_comes_along() -> None:
    """Every page carries its typeface: European letters and signs in two weights, in less than 60 kB."""
    from fontTools.ttLib import TTFont

    faces = re.findall(r"font/woff;base64,([A-Za-z0-9+/=]+)\)", page())
    known = [set(TTFont(io.BytesIO(base64.b64decode(face))).getBestCmap()) for face in faces]

    assert len(known) == 2 and sum(map(len, faces)) < 60_000
    assert all(set(map(ord, "Zürich Łódź −1.2 % €–×→Δ±…")) <= letters for letters in known)


def test_the_stored_typeface_is_that_of_the_charts() -> None:
    """What is stored is what .ci/typeface.py cuts from the fonts of the charts: letters and their widths."""
    from fontTools.ttLib import TTFont

    spec = importlib.util.spec_from_file_location("typeface", ROOT / ".ci" / "typeface.py")
    assert spec is not None and spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    for weight, stored in maker.WEIGHTS.items():
        fonts = [TTFont(maker.FONTS / stored), TTFont(io.BytesIO(maker.cut(maker.SOURCES[weight])))]
        letters, widths = zip(*((font.getBestCmap(), font["hmtx"].metrics) for font in fonts), strict=True)

        assert letters[0] == letters[1] and widths[0] == widths[1]


def test_a_chart_brings_its_figures() -> None:
    """Below a chart stands a fold with the figures it was drawn from; what is no table leaves no fold."""
    table = Table("cash", (Column("unit", "Unit"), Column("cash", "Cash", "number")), (("<b>North", 12.0),))
    for packed, folds in ((table.to_json(), 1), ({"name": 3}, 0), ("<b>", 0), ([], 0), ({}, 0)):
        shown = v4.new_output("display_data", {"image/png": PIXEL, TABLE: packed})
        html = page(v4.new_code_cell("x", outputs=[shown]))
        found = re.findall(r'(?s)<details class="figures">.*?</details>', html)

        assert len(found) == folds
        assert all("&lt;b&gt;North" in fold and "12" in fold for fold in found)
        assert html.count("<img") == 1


def test_a_page_has_one_title() -> None:
    """A notebook without a heading of its own gets its title as one."""
    own = page(v4.new_markdown_cell("## Part"))
    none = report_page(v4.new_notebook(cells=[v4.new_markdown_cell("text")]), title="Cash <b>")

    assert re.findall("<h1>(.*?)</h1>", own) == ["Title"]
    assert re.findall("<h1>(.*?)</h1>", none) == ["Cash &lt;b&gt;"]
    assert "<title>Cash &lt;b&gt;</title>" in none


def test_pictures_have_a_text() -> None:
    """A picture's own text is kept; one without gets the heading it stands under."""
    outputs = [
        v4.new_output("display_data", {"image/png": PIXEL}, metadata={"alt": "Cash falls"}),
        v4.new_output("display_data", {"image/png": PIXEL}),
        show(text_html=f'<img src="data:image/png;base64,{PIXEL}">'),
        v4.new_output("display_data", {"image/svg+xml": "<svg/>"}),
    ]
    html = page(v4.new_markdown_cell("## Cash is short & dear"), v4.new_code_cell("x", outputs=outputs))
    texts = [attributes["alt"] for tag, attributes in Page(html).tags if tag == "img"]

    assert texts == ["Cash falls", *["Cash is short & dear"] * 3]


def test_code_is_hidden_but_there() -> None:
    """The code stands behind one fold at the end or one at each cell, never open."""
    cell = v4.new_code_cell("total = 1 < 2", outputs=[v4.new_output("execute_result", {"text/plain": "7"})])

    for place in ("end", "cell"):
        html = page(cell, code=place)
        folded = re.findall(r"(?s)<details class=\"code\">.*?</details>", html)
        assert len(folded) == 1 and "total = 1 &lt; 2" in folded[0]
        assert html.count("total = 1") == 1
        assert '<pre class="printed">7</pre>' in html


def test_the_footer_says_where_it_comes_from() -> None:
    """Books, period, parameters and version stand in the footer, and the page names its language."""
    html = page(facts=[("Books", "Nordic Tools"), ("Made with", "finops_toolkit 9.9")], heading=["North"])
    footer = html[html.index("<footer") :]

    assert "Nordic Tools" in footer and "finops_toolkit 9.9" in footer
    assert '<html lang="en">' in html and '<meta name="viewport"' in html
    assert "<title>Title · North</title>" in html


def test_the_footer_says_what_differs(tmp_path: Path) -> None:
    """Which pairs of ledger and records agree and which do not; no money, which may be another unit's."""
    from finops_toolkit import reporting
    from finops_toolkit.books import open_books

    def said(name: str, data: small_company.Tables) -> str:
        books = open_books(str(small_company.write(tmp_path / name, data)))
        facts = reporting._facts(books.outline, named=True)
        return dict(facts)["Contract and reconciliation"].replace("\u00a0", " ")

    whole = small_company.tables()
    assert said("a", whole) == (
        "Agree to the cent: revenue, cost of sales, receivables, payables and inventory; no differences."
    )
    whole["deliveries"][0]["amount"] = "300.00"  # it was 270
    assert said("b", whole) == (
        "Agree to the cent: cost of sales, receivables, payables and inventory; "
        "differ: revenue (1 unit-month); finops check lists them, with the money."
    )
    del whole["journal"]
    assert said("c", whole).startswith("Nothing to reconcile: no ledger with records beside it")


def test_headlines_have_a_trend(books: Books) -> None:
    """Revenue, profit and cash go up with thirteen months to the period's end; a month without is none."""
    from finops_toolkit import scorecard

    result = scorecard.statement(books, "NORTH", "2025-11")
    early = scorecard.statement(books, "NORTH", "2023-02")
    figures = scorecard.headline_figures(result, "EUR")

    assert [len(figure["trend"]) for figure in figures] == [13, 13, 13]
    for line, figure in zip(("revenue", "ebit", "cash"), figures, strict=True):
        assert figure["trend"][-1] == (result.value(line) or 0) / 10_000
    assert early.trends["revenue"][:11] == [None] * 11 and None not in early.trends["revenue"][11:]


def test_headlines_go_up() -> None:
    """Figures come out of a notebook as they were handed up; they show nothing on its page."""
    figures = [
        {"label": "Cash", "value": "1.2 m", "status": "good"},
        {"label": "Debt", "value": "3", "status": "none", "trend": [1.0, None, 2.5]},
    ]
    wrong = ("12", ["1"], [True], [float("inf")], {"a": 1}, 7)
    broken = [{"label": "x", "status": "great"}, 3, *({**figures[1], "trend": trend} for trend in wrong)]
    outputs = [v4.new_output("display_data", {MIME: [*figures, *broken]})]
    notebook = v4.new_notebook(cells=[v4.new_code_cell("x", outputs=outputs)])

    assert headline_of(notebook) == figures
    assert "1.2 m" not in report_page(notebook)


@pytest.mark.parametrize(
    "figure",
    [
        {},
        {"label": "x", "value": "1"},
        {"label": "x", "status": "ok"},
        {"a": 1},
        {"label": "x", "status": "good", "trend": ["1"]},
    ],
)
def test_a_wrong_headline_is_refused(figure: dict[str, Any]) -> None:
    """What is no headline is an error in the notebook, not a hole in the index."""
    with pytest.raises(UsageError, match="headline"):
        headline([figure])


def files(**paths: str) -> dict[str, Any]:
    """Files of a report as run.json has them, by kind."""
    return {"files": {kind: {"path": path} for kind, path in paths.items()}}


def record(unit: str, order: int, **more: Any) -> dict[str, Any]:
    """A report as run.json has it."""
    own = {
        "unit": unit,
        "unit_label": f"Plant {unit}",
        "order": order,
        **files(html=f"2025-11/{unit}/s.html"),
    }
    period = {"period": "2025-11", "period_label": "November 2025", "period_order": 24310}
    rest = {"report": "s", "title": "Scorecard", "status": "done", "cause": "", "headline": []}
    return {**own, **period, **rest, **more}


def test_the_index_shows_first_what_needs_attention() -> None:
    """A failed report comes first, with its cause and the earlier one, then bad figures, then tree order."""
    bad = [{"label": "Cash", "value": "−3 k", "status": "bad"}]
    there = files(html="2025-11/D/s.html", failure="2025-11/D/s.failed.html")
    failure = {"status": "timed out", "cause": "took 5 s", **there}
    records = [record("A", 0), record("B", 1), record("C", 2, headline=bad), record("D", 3, **failure)]
    old = record("A", 0, period="2025-10", period_label="October 2025", period_order=24309)
    html = index_page({"books": "Nordic", "reports": dict(enumerate([old, *records]))}, [])

    assert re.findall(r'<th scope="row" role="rowheader">Plant (\w)', html) == ["D", "C", "A", "B", "A"]
    assert re.findall(r"<h2 id=.*?>(.*?)</h2>", html)[:2] == ["November 2025", "October 2025"]
    assert (
        "took 5 s" in html and 'href="2025-11/D/s.failed.html"' in html and 'href="2025-11/D/s.html"' in html
    )
    assert html.index("−3 k") > html.index("Plant C")


@given(st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9))))
def test_a_sparkline_shows_every_value(trend: list[float | None]) -> None:
    """A point for each value, in order, within the picture; higher values stand higher, a gap breaks it."""
    line = sparkline(trend)
    known = [value for value in trend if value is not None]
    if len(known) < 2:
        assert line is None
        return
    assert line is not None
    marks = re.findall(r"([ML])([\d.]+) ([\d.]+)", line["path"])
    points = [(float(x), float(y)) for _, x, y in marks]
    starts = sum(
        value is not None and (not place or trend[place - 1] is None) for place, value in enumerate(trend)
    )

    assert len(points) == len(known) and [mark for mark, _, _ in marks].count("M") == starts
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert all(0 <= x <= line["width"] and 0 <= y <= line["height"] for x, y in points)
    assert points[known.index(max(known))][1] <= min(y for _, y in points)
    assert (line["zero"] is not None) == (min(known) < 0 < max(known))


def test_the_index_links_every_format() -> None:
    """Each format that is there has its link; what was not made has none."""
    there = files(html="2025-11/A/s.html", pdf="a/s.pdf", xlsx="a/s.xlsx", ipynb="a/s.ipynb")
    html = index_page({"books": "x", "reports": {"x": record("A", 0, **there), "y": record("B", 1)}}, [])

    links = re.findall(r'<a href="([^"#]*)">(\w+)<span', html)
    assert links == [
        ("2025-11/A/s.html", "Page"),
        ("a/s.pdf", "PDF"),
        ("a/s.xlsx", "Excel"),
        ("a/s.ipynb", "Notebook"),
        ("2025-11/B/s.html", "Page"),
    ]


def test_links_of_the_index_are_quoted() -> None:
    """A place with spaces and signs is a path for a browser."""
    html = index_page({"books": "x", "reports": {"x": record("A", 0, **files(html="a b/#ü%.html"))}}, [])

    assert 'href="a%20b/%23%C3%BC%25.html"' in html
