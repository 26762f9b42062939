"""Pages in a real browser: they hold on a desktop, a phone and paper, work by keyboard, and run nothing."""

from __future__ import annotations

import base64
import importlib.util
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import nbformat.v4 as v4
import pytest
import small_company
from attacks import ATTACKS

from finops_toolkit.reports.changes import KINDS, Change
from finops_toolkit.reports.diff import Differences, Outcome, Report, diff_page
from finops_toolkit.reports.index import index_page
from finops_toolkit.reports.pages import failure_page, report_page
from finops_toolkit.tables.model import MIME as TABLE
from finops_toolkit.tables.model import Column, Table

ROOT = Path(__file__).resolve().parent.parent
# The pages of three units are alike but for their figures: the proofs look at them, too.
FIRST, ALIKE = ("COMPANY", "NORTH", "HQ"), ("SOUTH", "EAST", "WEST")
UNITS = (*FIRST, *(pytest.param(unit, marks=pytest.mark.prove) for unit in ALIKE))
NAMES = (*UNITS, "index", "many", "failure", "diff", "lesson", "facilitator", "kinds")
DESKTOP, PHONE = (1280, 800), (390, 844)
FACTS = [("Books", "Nordic Tools (EUR)"), ("Made with", "finops_toolkit 9.9")]
# What stands outside the window, is cut off by its own box, or is an image without text or content.
CLIPPED = """() => {
  const wrong = [], width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) wrong.push("the page scrolls sideways");
  for (const one of document.body.querySelectorAll("*")) {
    if (!one.checkVisibility() || one.closest(".spoken, .skip, thead")) continue;
    const box = one.getBoundingClientRect(), own = one.tagName + " " + one.className;
    const outside = box.width && (box.right > width + 1 || box.left < -1);
    if (outside && !one.closest(".wide")) wrong.push(own + " leaves the window");
    const cuts = ["hidden", "clip"].includes(getComputedStyle(one).overflowX);
    if (cuts && one.scrollWidth > one.clientWidth + 1) wrong.push(own + " is cut off");
    const image = one.tagName === "IMG";
    if (image && !(one.complete && one.naturalWidth && one.alt.trim())) wrong.push("an image: " + one.alt);
  }
  return wrong;
}"""


def record(unit: str, order: int, **more: Any) -> dict[str, Any]:
    """A report as run.json has it."""
    trend = [1e6 * (order % 7 - 3 + month % 5) if month != 4 else None for month in range(13)]
    figures = [("Revenue, to budget (EUR)", "12.3 m (−1.2 m)", "bad"), ("Cash (EUR)", "340 k", "none")]
    headline = [{"label": a, "value": b, "status": c, "trend": trend} for a, b, c in figures]
    own = {"unit": unit, "unit_label": f"Plant {unit}", "order": order, "headline": headline}
    links = {"files": {kind: {"path": f"{unit}/s.{kind}"} for kind in ("html", "pdf", "xlsx", "ipynb")}}
    period = {"period": "2025-11", "period_label": "November 2025", "period_order": 24310}
    return {
        "report": "s",
        "title": "Scorecard",
        "status": "done",
        "cause": "",
        **own,
        **links,
        **period,
        **more,
    }


def many() -> str:
    """An index of 200 units with two reports in two months; the report of one unit failed."""
    records = [record(f"U{n:03}", n, report=report, title=report.title())
               for n in range(200) for report in ("scorecard", "cash")]  # fmt: skip
    before = {"period": "2025-10", "period_label": "October 2025", "period_order": 24309}
    records += [{**one, **before} for one in records]
    failure = {
        "status": "timed out",
        "cause": "took longer than 600 s (in cell 7)",
        "files": {**records[130]["files"], "failure": {"path": "x.failed.html"}},
    }
    records[130] |= {**failure, "headline": []}
    return index_page({"books": "Nordic", "reports": dict(enumerate(records))}, FACTS)


def figures(rows: int, columns: int = 7) -> Table:
    """A table of that size."""
    heads = (Column("unit", "Unit"), *(Column(f"c{n}", f"Column {n}", "number") for n in range(1, columns)))
    body = tuple((f"Plant {row}", *(1234.5 * row for _ in range(1, columns))) for row in range(rows))
    return Table("long", heads, body, caption=f"A table of {rows} rows")


def picture() -> str:
    """A chart as a notebook holds it."""
    from matplotlib.figure import Figure

    file = io.BytesIO()
    figure = Figure(figsize=(9, 4))
    figure.add_subplot().plot([3, 1, 2])
    figure.savefig(file, dpi=120)
    return base64.b64encode(file.getvalue()).decode()


def kinds() -> str:
    """A page with every kind of output."""
    from finops_toolkit.tables.html import table_html

    chart = {"image/png": picture(), TABLE: figures(4).to_json()}
    long = {"text/html": table_html(figures(120)), TABLE: figures(120).to_json()}
    drawing = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><path d='M0 0L9 9' stroke='#123'/></svg>"
    )
    table = "<table><thead><tr><th></th><th>b</th></tr></thead><tr><td>1</td><td>2</td></tr></table>"
    shown: list[dict[str, Any]] = [
        {"image/svg+xml": drawing},
        long,
        {"text/html": table},
        {"text/markdown": "### Three\n\n|a|b|\n|-|-|\n|1|2|\n\n> said\n\n1. one\n2. two"},
        {"text/latex": "$x$"},
        {"text/plain": "w" * 400},
        {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "a slider"},
    ]
    outputs = [
        v4.new_output("display_data", chart, metadata={"image/png": {"alt": "Cash falls from 3 to 2"}}),
        *(v4.new_output("display_data", data) for data in shown),
        v4.new_output("stream", text="printed " * 60),
        v4.new_output("stream", name="stderr", text="a message"),
        v4.new_output("error", ename="KeyError", evalue="x", traceback=["KeyError: x" * 30]),
    ]
    one = "## One\n\n" + "Donaudampfschifffahrt" * 9 + " [there](https://example.org)"
    texts = ["# Every kind", one, "#### Deep"]
    cells = [v4.new_markdown_cell(text) for text in texts]
    cells += [v4.new_code_cell("total = sum(rows)\n" * 3 + "x" * 200, outputs=outputs)]
    cells += [v4.new_markdown_cell(f"## Chapter {n}\n\n" + "Words to read. " * 60) for n in range(3)]
    return report_page(v4.new_notebook(cells=cells), ["Plant North", "November 2025"], FACTS)


def difference(*texts: str) -> str:
    """A page of differences, of everything that can differ, with these texts in all places."""
    long = "Donaudampfschifffahrtsgesellschaft" * 3
    changes, outcomes, reports = [], [], []
    for each in texts or ("Plant North", long):
        report = Report(f"2025-11/{each}/s", each, each, each)
        sides = [(each, f"{each} now"), (None, each), (each, None)]
        changes += [
            Change(kind, each, each, each, *side, "shown", each, 1.5, each)
            for kind in KINDS
            for side in sides
        ]
        changes += [Change("figure", each, each, each, each, each, role) for role in ("chart", "hidden")]
        outcomes.append(Outcome(report, each, each, each))
        reports += [replace(report, changes=tuple(changes)), replace(report, unknown=each)]
    facts = tuple((each, each, each) for each in texts or (long,))
    some = tuple(reports)
    return diff_page(Differences("a", "b", some, some, some, tuple(outcomes), 1, 1, facts), FACTS)


def made(folder: Path, *words: str) -> None:
    """Run `finops report`."""
    command = [
        sys.executable,
        "-m",
        "finops_toolkit.cli",
        "report",
        "--out",
        str(folder),
        "--formats",
        "html",
    ]
    run = subprocess.run([*command, "--jobs", "2", *words], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.fixture(scope="module")
def pages(
    chromium: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, Path]:
    """Every page there is, freshly made, by name."""
    folder = tmp_path_factory.mktemp("pages")
    units = (*FIRST, *(ALIKE if request.config.getoption("markexpr") == "prove" else ()))
    made(folder, *(word for unit in units for word in ("--unit", unit)))
    found = {unit: folder / "2025-11" / unit / "monthly_scorecard.html" for unit in units}
    found["index"] = folder / "index.html"
    spec = importlib.util.spec_from_file_location("stored", ROOT / ".ci" / "notebooks.py")
    assert spec is not None and spec.loader is not None
    stored = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stored)
    stored.write_session(folder)
    found |= {"lesson": folder / "one_set_of_books.html", "facilitator": folder / "facilitator.html"}
    source, tail = "def f():\n    raise ValueError('no stock')\nf()", "ValueError: no stock\n" + "at x " * 90
    said = {"cause": "Failed: ValueError: no stock (in cell 2)", "source": source, "tail": tail}
    links = {"notebook": "s.failed.ipynb", "earlier": "s.html"}
    failure = failure_page("Scorecard", ["Plant North"], FACTS, **said, **links)
    for name, html in (("many", many()), ("kinds", kinds()), ("failure", failure), ("diff", difference())):
        found[name] = folder / f"{name}.html"
        found[name].write_text(html, encoding="utf-8")
    return found


@contextmanager
def opened(browser: Any, path: Path, size: tuple[int, int] = DESKTOP, **words: Any) -> Iterator[Any]:
    """A page in a window of its own; when it closes, nothing may have been asked for, said or run."""
    window = browser.new_context(viewport=dict(zip(("width", "height"), size, strict=True)), **words)
    happened: list[str] = []
    try:
        page = window.new_page()
        window.route(re.compile("^(?!file:|data:)"), lambda route: route.abort())
        page.on("request", lambda r: happened.append(r.url) if r.url != path.as_uri() and
                not r.url.startswith(("data:image/", f"{path.as_uri()}#")) else None)  # fmt: skip
        page.on("console", lambda message: happened.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: happened.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (happened.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        window.on("page", lambda other: happened.append("a second window"))
        page.goto(path.as_uri())
        yield page
        assert page.evaluate("window.hit") is None
    finally:
        window.close()
    assert happened == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", NAMES)
def test_a_page_holds_in_its_window(browser: Any, pages: dict[str, Path], name: str, size: Any) -> None:
    """Nothing leaves the window or is cut off, every image is there with its text, nothing is asked for."""
    with opened(browser, pages[name], size) as page:
        assert page.evaluate(CLIPPED) == []
        # Opened folds hold too.
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
        assert page.evaluate(CLIPPED) == []


@pytest.mark.parametrize("unit", UNITS)
def test_a_scorecard_can_be_sent(pages: dict[str, Path], unit: str) -> None:
    """The monthly scorecard is one file of less than a megabyte, and says what it was made from."""
    html = pages[unit].read_text(encoding="utf-8")
    footer = html[html.index("<footer") :]

    assert len(html.encode()) < 1_000_000
    assert re.findall("(?i)https?://[^\"'< ]*", html) == []
    for words in ("Aldermere Flow Control (EUR)", "2025-11", "materiality_amount", "reconciliation", "0."):
        assert words in footer


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", [name for name in NAMES if name != "many"])
def test_everyone_can_use_it(browser: Any, pages: dict[str, Path], name: str, size: Any) -> None:
    """The accessibility checker axe-core finds nothing to mend, with all folds open."""
    from axe_playwright_python.sync_playwright import Axe

    with opened(browser, pages[name], size, bypass_csp=True) as page:
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
        found = Axe().run(page).response["violations"]
        said = [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found]
        assert said == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", ["NORTH", "lesson", "kinds"])
def test_contents_jump_to_their_chapter(browser: Any, pages: dict[str, Path], name: str, size: Any) -> None:
    """Each line of the contents is seen, or in a fold that Enter opens, and leads to its heading."""
    with opened(browser, pages[name], size) as page:
        page.evaluate("""document.addEventListener("click", () => { window.clicked = true; })""")
        links = page.locator("nav.contents:visible a")
        if size == PHONE:
            page.locator("nav.contents:visible summary").focus()
            page.keyboard.press("Enter")
        assert links.count() >= 4
        for number in range(links.count()):
            links.nth(number).focus()
            page.keyboard.press("Enter")
            place = links.nth(number).get_attribute("href")[1:]
            heading = page.locator(f'[id="{place}"]')
            assert heading.inner_text() == links.nth(number).inner_text()
            top = heading.bounding_box()["y"]
            assert 0 <= top < size[1]


@pytest.mark.parametrize("name", ["NORTH", "kinds"])
def test_folds_open_by_keyboard(browser: Any, pages: dict[str, Path], name: str) -> None:
    """Each fold is shut at first and opens and shuts by Enter; a chart's fold holds a table."""
    with opened(browser, pages[name]) as page:
        folds = page.locator("main details, footer details")
        assert folds.count() >= 2
        for number in range(folds.count()):
            fold = folds.nth(number)
            assert not fold.evaluate("fold => fold.open")
            fold.locator("summary").focus()
            page.keyboard.press("Enter")
            assert fold.evaluate("fold => fold.open")
            if fold.get_attribute("class") == "figures":
                assert fold.locator("td").first.is_visible()
        assert page.locator("footer details pre").first.is_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", ["NORTH", "index", "failure", "kinds"])
def test_the_keyboard_goes_through_in_order(
    browser: Any, pages: dict[str, Path], name: str, size: Any
) -> None:
    """Tab goes from the skip link down the page as it is read; what has the focus is in sight and marked."""
    where = """() => {
      const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
      const order = [...document.querySelectorAll("*")].indexOf(one);
      return {name: one.className || one.tagName, order, marked: style.outlineStyle !== "none",
              seen: box.bottom > 0 && box.top < innerHeight && box.width > 0 && box.height > 0};
    }"""
    with opened(browser, pages[name], size) as page:
        stops = []
        for _ in range(400):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
            stops.append(page.evaluate(where))
        assert stops[0]["name"] == "skip" and len(stops) >= 3
        assert [stop for stop in stops if not (stop["marked"] and stop["seen"])] == []
        assert [stop["order"] for stop in stops] == sorted({stop["order"] for stop in stops})

        page.locator(".skip").focus()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"


def printed(browser: Any, path: Path) -> list[Any]:
    """The sheets of a page as it is printed."""
    from pypdf import PdfReader

    with opened(browser, path) as page:
        content = page.pdf(prefer_css_page_size=True, print_background=False)
    sheets = list(PdfReader(io.BytesIO(content)).pages)
    sizes = {(round(sheet.mediabox.width), round(sheet.mediabox.height)) for sheet in sheets}
    assert sizes <= {(595, 842), (596, 842)}
    return sheets


def last_words(sheet: Any, number: str) -> str:
    """The lowest line of text on a sheet, its number aside; "" where a picture stands below it."""
    texts: list[tuple[float, str]] = []
    pictures: list[float] = []

    def text(said: str, outer: Any, inner: Any, *_: Any) -> None:
        if said.strip() and said.strip() != number:
            texts.append((outer[1] * inner[4] + outer[3] * inner[5] + outer[5], said.strip()))

    def operand(operator: bytes, _: Any, outer: Any, __: Any) -> None:
        if operator == b"Do":
            pictures.append(min(outer[5], outer[5] + outer[3]))

    sheet.extract_text(visitor_text=text, visitor_operand_before=operand)
    lowest = min(y for y, _ in texts)
    words = " ".join(said for y, said in texts if abs(y - lowest) < 1)
    return "" if pictures and min(pictures) < lowest else words


@pytest.mark.parametrize("unit", UNITS)
def test_a_scorecard_prints_well(browser: Any, pages: dict[str, Path], unit: str) -> None:
    """On A4: few numbered sheets, no folds and contents, no heading alone at the foot of a sheet."""
    sheets = printed(browser, pages[unit])
    headings = re.findall(r"<h[23] id=[^>]*>(.*?)</h", pages[unit].read_text(encoding="utf-8"))
    texts = [sheet.extract_text() for sheet in sheets]

    assert len(sheets) <= 4
    for number, sheet in enumerate(sheets, 1):
        place = f"{number} / {len(sheets)}"
        assert place in texts[number - 1]
        last = last_words(sheet, place)
        assert not any(last and last in heading for heading in headings), last
    assert not re.search("Figures of this chart|Skip to|Contents\n|The code this page", "\n".join(texts))


def test_a_long_table_prints_with_its_head(browser: Any, pages: dict[str, Path]) -> None:
    """Each sheet that a table goes on to repeats its head."""
    texts = [sheet.extract_text() for sheet in printed(browser, pages["kinds"])]
    sheets = [text for text in texts if re.search(r"Plant \d+", text)]

    assert len(sheets) >= 2
    assert all("Column" in text for text in sheets)


def test_the_index_finds_rows(browser: Any, pages: dict[str, Path]) -> None:
    """Typing leaves the rows that have all the words, says how many, hides months without any; and back."""
    with opened(browser, pages["many"]) as page:
        rows, box, said = (
            page.locator("tr[data-words]:visible"),
            page.locator("#find"),
            page.locator("#found"),
        )
        assert rows.count() == 400 and said.inner_text() == ""
        assert rows.first.locator("th").inner_text() == "Plant U065"

        page.keyboard.press("Tab")
        while page.evaluate("document.activeElement.id") != "find":
            page.keyboard.press("Tab")
        for words, count in (("plant u13", 20), ("U13 scorecard", 20), ("TIMED", 1), ("longer than 600", 1),
                             ("not made", 1), ("needs attention", 400), ("nothing of this", 0)):  # fmt: skip
            box.fill("")
            page.keyboard.type(words)
            assert (rows.count(), said.inner_text()) == (count, f"{count} of 400 rows")
            assert page.locator("section.period:visible").count() == min(2, count)
        box.fill("")
        assert rows.count() == 400


def test_the_index_reads_without_its_script(browser: Any, pages: dict[str, Path]) -> None:
    """Where no script runs all rows are shown, and there is no box that does nothing."""
    with opened(browser, pages["many"], java_script_enabled=False) as page:
        assert page.locator("tr[data-words]:visible").count() == 400
        assert not page.locator("#find").is_visible()


def test_a_large_index_keeps_its_heads(browser: Any, pages: dict[str, Path]) -> None:
    """Far down and to the right in 200 rows, the heads of column and row are still in sight."""
    with opened(browser, pages["many"], (900, 700)) as page:
        region = page.locator(".wide.batch").first
        region.scroll_into_view_if_needed()
        region.evaluate("one => { one.scrollTop = 3000; one.scrollLeft = 200; }")
        outer = region.bounding_box()
        head = region.locator("thead th").nth(2).bounding_box()
        row = region.locator("tbody th").first.bounding_box()

        assert abs(head["y"] - outer["y"]) < 2
        assert abs(row["x"] - outer["x"]) < 2


TEXTS = ("text/html", "text/markdown", "text/plain", "text/latex")
PLACES = (*TEXTS, "application/javascript", "image/svg+xml")
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
CHUNKS = {"report": 40, "failure": 40, "index": 6, "diff": 20}  # attacks on one page


def cells_of(text: str) -> list[Any]:
    """Cells with an attack in every place that text can reach."""
    from finops_toolkit.tables.html import table_html

    column = Column("name", text)
    table = Table("names", (column,), ((text,),), caption=text, note=text, notes={(0, "name"): text})
    chart = {"image/png": DOT, TABLE: table.to_json()}
    outputs = [v4.new_output("display_data", {place: text}) for place in PLACES]
    outputs += [
        v4.new_output("display_data", {"text/html": table_html(table)}),
        v4.new_output("display_data", chart, metadata={"alt": text}),
        v4.new_output("stream", text=text),
        v4.new_output("stream", name="stderr", text=text),
        v4.new_output("error", ename=text, evalue=text, traceback=[text]),
    ]
    return [v4.new_markdown_cell(f"## {text}\n\n{text}"), v4.new_code_cell(text, outputs=outputs)]


def attacked(kind: str, texts: list[str]) -> str:
    """A page with attacks in all places."""
    text = " ".join(texts)
    if kind == "report":
        cells = [cell for each in texts for cell in cells_of(each)]
        notebook = v4.new_notebook(cells=cells)
        return report_page(notebook, [text], [(text, text)], title=text, code="cell")
    if kind == "failure":
        said = dict.fromkeys(("cause", "source", "tail", "notebook", "earlier"), text)
        return failure_page(text, [text], [(text, text)], **said)
    if kind == "diff":
        return difference(*texts)
    records = []
    for each in texts:
        places = ("unit_label", "report", "title", "cause", "period_label")
        links = {"files": {kind: {"path": each} for kind in ("html", "failure", "pdf")}}
        headline = [{"label": each, "value": each, "status": "bad", "trend": [1, 2]}]
        one = record("x", 0, **dict.fromkeys(places, each), **links, headline=headline)
        records += [{**one, "unit": each}, {**one, "unit": f"{each}2", "status": each}]
    return index_page({"books": text, "reports": dict(enumerate(records))}, [(text, text)])


STIR = """() => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  for (const one of document.body.querySelectorAll("*"))
    for (const name of ["mouseover", "mouseenter", "focus", "toggle", "load", "error", "animationstart"])
      one.dispatchEvent(new Event(name, {bubbles: true}));
  for (const link of document.links)
    if (!/^(https?:|file:|mailto:)/.test(link.protocol)) window.hit = link.href;
}"""


@pytest.mark.parametrize("kind", CHUNKS)
def test_no_attack_runs_in_a_browser(browser: Any, tmp_path: Path, kind: str) -> None:
    """No attack, in whatever place, runs, asks for anything or opens a window, even when it is stirred."""
    chunk = CHUNKS[kind]
    for start in range(0, len(ATTACKS), chunk):
        path = tmp_path / f"{start}.html"
        path.write_text(attacked(kind, ATTACKS[start : start + chunk]), encoding="utf-8")
        with opened(browser, path) as page:
            page.evaluate(STIR)
            assert page.locator("h1").count() == 1


@pytest.fixture(scope="module")
def company(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of a small company where everything that has a name is called like an attack."""
    folder = tmp_path_factory.mktemp("attacked")
    texts = [text for text in ATTACKS if text.isprintable()]
    data, number = small_company.tables(), 0
    columns = "units.name customers.name customers.segment products.name products.family comments.text "
    columns += "decisions.text suppliers.name goals.name departments.name accounts.name initiatives.name"
    for name, column in (place.split(".") for place in columns.split()):
        for row in data[name]:
            row[column] = f"{texts[number % len(texts)]} {number}"
            number += 1
    books = small_company.BOOKS.replace("Small Company", "<img src=x onerror=window.hit=1>")
    small_company.write(folder / "books", data, books=books)
    made(folder / "out", "--data", str(folder / "books"), "--period", "2025-03", "--unit", "A")
    return folder / "out"


def test_attacks_in_the_books_run_nowhere(browser: Any, company: Path) -> None:
    """From the table of customers to the browser: names, comments and memos stay text, on every page."""
    found = sorted(company.rglob("*.html"))

    assert len(found) == 2
    for path in found:
        with opened(browser, path) as page:
            page.evaluate(STIR)
            assert page.locator("h1").count() == 1
            assert "onerror" in page.locator("body").inner_text()


def test_the_lesson_is_the_stored_one(pages: dict[str, Path]) -> None:
    """The lesson's page has every chapter of its notebook."""
    notebook = nbformat.read(ROOT / "notebooks/01_one_set_of_books.ipynb", 4)
    texts = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    chapters = re.findall(r"^## ", texts, re.MULTILINE)

    assert len(re.findall("<h2 ", pages["lesson"].read_text(encoding="utf-8"))) >= len(chapters) > 2
