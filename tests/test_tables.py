"""Tables: what a frame holds is what a reader, a page and a workbook get, and text from data stays text."""

from __future__ import annotations

import datetime as dt
import json
import re
import string
import time
from html import escape
from html.parser import HTMLParser
from itertools import chain
from typing import Any

import nbconvert
import nbformat
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops_toolkit import display, tables
from finops_toolkit.charts import style
from finops_toolkit.errors import UsageError
from finops_toolkit.reports import report_page
from finops_toolkit.reports.clean import Cleaner
from finops_toolkit.tables import Column, Table, html, table_html, table_of
from finops_toolkit.wording import money_text, share_text

ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></tr></table><svg onload=alert(1)>",
    "$\\href{javascript:alert(1)}{x}$",
    "**bold** _it_ [a](javascript:alert(1))",
    "&lt;b&gt; &amp;",
    "<NA>",
    "</caption><style>td{color:red}</style>",
)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), max_size=12)
quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Reader(HTMLParser):
    """A table's HTML as a screen reader has it: cells by row with tag and attributes, caption, text below."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[tuple[str, dict[str, str], str]]] = []
        self.caption, self.below, self.tags, self._cell = "", "", [], ""
        self._part = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Cells and parts begin."""
        self.tags.append(tag)
        if tag in ("thead", "tbody", "caption", "p"):
            self._part = tag
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = tag
            self.rows[-1].append((tag, {name: value or "" for name, value in attrs}, ""))

    def handle_endtag(self, tag: str) -> None:
        """Cells end."""
        self._cell = "" if tag in ("td", "th") else self._cell

    def handle_data(self, data: str) -> None:
        """Text goes where it stands."""
        if self._cell:
            tag, attrs, text = self.rows[-1][-1]
            self.rows[-1][-1] = (tag, attrs, text + data)
        elif self._part == "caption":
            self.caption += data
        elif self._part == "p":
            self.below += data

    def texts(self) -> list[list[str]]:
        """The texts of the cells."""
        return [[text for _, _, text in row] for row in self.rows]


def statement() -> Table:
    """A small statement with all there can be."""
    columns = (
        Column("line", "Line"),
        Column("ac", "AC", "number", "EUR k", divisor=1000, group="November"),
        Column("delta", "ΔBU", "number", "EUR k", divisor=1000, signed=True, group="November"),
        Column("share", "ΔBU", "share", "%", 1, signed=True, group="November"),
        Column("due", "Due", "date"),
        Column("why", "Why", wide=True),
    )
    rows = (
        ("Revenue", 1_234_500, 12_000, 0.0625, dt.date(2025, 11, 30), "more sold"),
        ("Cost", -900_000, -30_000, None, None, ""),
        ("Profit", 334_500, 0, None, dt.date(2025, 1, 1), "x"),
    )
    return Table(
        "statement",
        columns,
        rows,
        ("revenue", "cost", "profit"),
        "Profit and cash",
        "By month.",
        totals=(2,),
        marks={(0, "delta"): "good", (1, "delta"): "bad", (1, "share"): "quiet"},
        notes={(1, "share"): "none, because nothing was planned"},
        formats={(2, "share"): ("number", 2)},
        formulas={(2, "ac"): "{revenue.ac}+{cost.ac}"},
        links={(0, "line"): "rows:revenue"},
        chart=tables.NativeChart("columns", "line", ("ac",)),
    )


VALUES = st.one_of(
    st.none(), st.integers(-(10**12), 10**12), st.floats(allow_nan=False), WORDS, st.booleans()
)
FRAMES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(VALUES, min_size=width, max_size=width), max_size=6).map(
        lambda rows: pd.DataFrame(rows, columns=list(string.ascii_letters[:width]), dtype=object)
    )
)


@quick
@given(FRAMES)
def test_no_row_no_column_and_no_text_is_lost(frame: pd.DataFrame) -> None:
    """Every cell of the frame is a cell of the page, once and in its place, as the table words it."""
    table = table_of(frame)
    found = Reader(table_html(table)).texts()

    assert (len(table.rows), len(table.columns)) == frame.shape
    assert found[-len(table.rows) :] == table.texts() if len(frame) else len(found) <= 2
    for text, value in zip(chain.from_iterable(table.texts()), frame.to_numpy().ravel(), strict=True):
        assert text == value if isinstance(value, str) else text


@quick
@given(FRAMES)
def test_a_table_travels_as_json(frame: pd.DataFrame) -> None:
    """Packed as JSON that any reader takes and unpacked, it is the same table."""
    table = table_of(frame)

    assert Table.from_json(json.loads(json.dumps(table.to_json(), allow_nan=False))) == table


def test_all_parts_of_a_table_travel() -> None:
    """Formats, marks, notes, formulas, links, dates, groups, totals and the native chart."""
    assert Table.from_json(json.loads(json.dumps(statement().to_json()))) == statement()


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_from_data_is_no_markup(attack: str) -> None:
    """In a cell, a head, a unit, a group, a caption or a note it is read as it was written; a page's cleaner
    finds nothing to take away.
    """
    columns = (Column("a", attack, group=""), Column("b", attack, "number", attack, group=attack))
    table = Table(
        "t", columns, ((attack, 1), ("x", None)), caption=attack, note=attack, notes={(1, "b"): attack}
    )
    text = table_html(table)
    read = Reader(text)
    cleaned = Reader(Cleaner("t").fragment(text))

    assert set(read.tags) <= {
        "div",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "br",
        "small",
        "sup",
        "p",
    }
    assert read.texts()[-2][0] == attack and read.caption == attack
    assert read.below.count(attack) == 2
    assert read.texts()[0] == [attack, attack] and read.texts()[1] == [attack * 2]
    assert (cleaned.texts(), cleaned.caption, cleaned.below) == (read.texts(), read.caption, read.below)
    assert 'class="tex2jax_ignore"' in text
    many = Table("t", columns, ((attack, None),) * 5, notes={(n, "b"): f"{n} {attack}" for n in range(5)})
    assert Reader(table_html(many)).below.count(attack) == 10


def test_a_page_keeps_the_look() -> None:
    """The cleaner leaves every style, scope, span and class that the table came with."""
    text = table_html(statement())
    cleaned = Cleaner("t").fragment(text)

    for known in (r'style="([^"]*)"', r'scope="(\w+)"', r'(?:col|row)span="(\d+)"', r'class="(\w+)"'):
        plain = [one.replace("; ", ";") for one in re.findall(known, text)]
        assert [one.replace("; ", ";") for one in re.findall(known, cleaned)] == plain


def test_the_markup_says_what_is_what() -> None:
    """A caption, heads of columns, groups and rows with their scope; numbers stand right, text left."""
    read = Reader(table_html(statement()))
    groups, heads, *body = read.rows

    assert read.caption == "Profit and cash"
    assert [a["scope"] for _, a, _ in groups] == ["col", "colgroup", "col", "col"]
    assert groups[1][1]["colspan"] == "3" and groups[0][1]["rowspan"] == "2"
    assert [text for _, _, text in heads] == ["ACEUR k", "ΔBUEUR k", "ΔBU%"]
    assert all(a["style"].startswith("text-align:right") for _, a, _ in heads)
    for row in body:
        assert (row[0][0], row[0][1]["scope"]) == ("th", "row")
        sides = [re.match(r"text-align:(\w+)", a["style"])[1] for _, a, _ in row]  # type: ignore[index]
        assert sides == ["left", "right", "right", "right", "left", "left"]


def test_marks_and_totals_are_seen_without_colour() -> None:
    """Good and bad have a sign and are bold in the colours of the charts; totals are bold below a line."""
    text = table_html(statement())
    first, second, last = Reader(text).rows[-3:]

    assert first[2][2] == "+12" and f"color:{style.GOOD};font-weight:bold" in first[2][1]["style"]
    assert second[2][2] == "−30" and f"color:{style.BAD};font-weight:bold" in second[2][1]["style"]
    assert all("font-weight:bold" in attrs["style"] for _, attrs, _ in last)
    assert text.count("border-top:2px") == 1
    assert (html.GOOD, html.BAD) == (style.GOOD, style.BAD)


def test_few_notes_are_footnotes_and_many_are_a_line() -> None:
    """Up to four kinds of notes have a letter at the cell; more are said below, with their rows."""
    columns = (Column("a", "A"), Column("b", "B", "number"))
    rows = tuple((f"row {number}", None) for number in range(6))
    few = Table("t", columns, rows, notes={(n, "b"): f"none, because {n % 4}" for n in range(6)})
    many = Table("t", columns, rows, notes={(n, "b"): f"none, because {n}" for n in range(6)})
    found, line = Reader(table_html(few)), Reader(table_html(many))

    assert [row[1] for row in found.texts()[1:]] == ["–a", "–b", "–c", "–d", "–a", "–b"]
    assert all(f"none, because {n}" in found.below for n in range(4))
    assert [row[1] for row in line.texts()[1:]] == ["–"] * 6
    assert all(f"row {n}: none, because {n}" in line.below for n in range(6))


def test_the_same_table_gives_the_same_bytes() -> None:
    """No identifier, no chance and no clock is in it; two tables on a page have no name in common."""
    assert table_html(statement()) == table_html(statement())
    assert not re.search(r"\sid=|headers=|<style", table_html(statement()))


def test_a_long_table_is_made_in_time_and_stays_small() -> None:
    """A thousand rows of twelve columns: a few seconds at most, and at most four times their bare HTML."""
    columns = (Column("c0", "Row"), *(Column(f"c{n}", f"C{n}", "number") for n in range(1, 8)))
    table = Table(
        "t", columns, tuple((f"row {r}", *(r * n * 1000 for n in range(1, 8))) for r in range(1000))
    )
    bare = "".join("<tr>" + "".join(f"<td>{x}</td>" for x in row) + "</tr>" for row in table.texts())
    start = time.process_time()

    assert len(table_html(table)) < 4 * len(bare)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        (Column("a", "A", "number"), 1234567.4, "1,234,567"),
        (Column("a", "A", "number", divisor=1000, signed=True), 12_499, "+12"),
        (Column("a", "A", "number", places=2), -0.004, "0.00"),
        (Column("a", "A", "number", signed=True), 0, "0"),
        (Column("a", "A", "number", places=1), -2.25, "−2.3"),
        (Column("a", "A", "share", places=1), 0.0625, "6.3"),
        (Column("a", "A", "share", places=1), -0.141, "−14.1"),
        (Column("a", "A", "number"), float("nan"), "–"),
        (Column("a", "A", "number"), float("inf"), "–"),
        (Column("a", "A", "date"), dt.date(2025, 11, 30), "30 Nov 2025"),
        (Column("a", "A"), True, "yes"),
        (Column("a", "A"), None, "–"),
    ],
)
def test_values_are_worded_for_people(column: Column, value: Any, text: str) -> None:
    """Thousands separated, the minus typographic, zero without a sign, none a dash, never nan."""
    assert column.text(value) == text


@quick
@given(st.integers(-(10**13), 10**13).filter(lambda money: abs(money) >= 10**10))
def test_tables_and_sentences_round_alike(money: int) -> None:
    """The thousands of an amount and the percent of a share are the same in a table and in a sentence."""
    k = Column("a", "A", "number", divisor=1000).text(money / 10_000)
    said = money_text(money).replace("\u00a0k", "")
    share = money / 10**14

    assert k == said or not money_text(money).endswith("k")
    assert Column("a", "A", "share", places=1).text(share) in (
        share_text(share).replace("\u00a0%", ""),
        "0.0",
    )


def test_kinds_come_from_the_columns() -> None:
    """Whole numbers, fractions, shares, dates, months, yes and no, years and texts; heads in words."""
    frame = pd.DataFrame(
        {
            "kpi": ["a", "b"],
            "age_days": [1, 2000],
            "ratio": [0.5, 1.25],
            "hours": [12.5, 130.0],
            "due": pd.to_datetime(["2025-11-30", None]),
            "month": pd.period_range("2025-11", periods=2, freq="M"),
            "met": [True, False],
            "year": [2024, 2025],
            "reached": [0.5, None],
            "amount": [1_234_567_890, -10_000],
        }
    )
    table = table_of(frame, formats={"reached": "share", "amount": "cents"}, units={"amount": "EUR"})
    column = {one.key: one for one in table.columns}

    assert [one.head for one in table.columns][:3] == ["KPI", "Age days", "Ratio"]
    assert table.texts() == [
        ["a", "1", "0.50", "12.5", "30 Nov 2025", "Nov 2025", "yes", "2024", "50.0", "123,456.79"],
        ["b", "2,000", "1.25", "130.0", "–", "Dec 2025", "no", "2025", "–", "−1.00"],
    ]
    assert table_of(pd.DataFrame({"a": [3_878_252.77, 365.0]})).texts() == [["3,878,253"], ["365"]]
    assert (column["amount"].unit, column["reached"].unit, column["due"].kind) == ("EUR", "%", "date")


def test_money_of_a_table_is_in_one_scale() -> None:
    """A large amount puts all of them into thousands; the values stay whole."""
    frame = pd.DataFrame({"a": [50_000 * 10_000], "b": [2_000_000 * 10_000]})
    both = table_of(frame, formats={"a": "money", "b": "money"}, units={"a": "EUR", "b": "EUR"})
    small = table_of(frame[["a"]], formats={"a": "money"}, units={"a": "EUR"})

    assert both.texts() == [["50", "2,000"]] and both.columns[0].unit == "EUR k"
    assert both.rows == ((50_000.0, 2_000_000.0),)
    assert small.texts() == [["50,000"]] and small.columns[0].unit == "EUR"


@pytest.mark.parametrize(
    ("columns", "told", "said"),
    [
        (["a", "a"], {}, "columns of one name: a"),
        (["a", "b"], {"names": {"c": "C"}}, "Not known to the table: c"),
        (["a", "b"], {"formats": {"a": "percent"}}, "'percent'"),
    ],
)
def test_what_does_not_fit_the_frame_is_refused(columns: list[str], told: dict[str, Any], said: str) -> None:
    """A name twice, a column or a format that is not there: the message says which."""
    with pytest.raises(UsageError, match=said):
        table_of(pd.DataFrame([[1, 2]], columns=columns), **told)


def test_plain_text_is_aligned() -> None:
    """Every line of figures is as wide as the others; group, head and unit stand above, the note below."""
    caption, groups, heads, units, *rows, note = statement().plain().splitlines()

    assert caption == "Profit and cash" and note == "By month."
    assert groups.index("November") == heads.index("AC") - len("1,235") + len("AC")
    assert len({row[: heads.index("Due")].rstrip()[-1:] != "" for row in rows}) == 1
    assert {
        row.index(text) + len(text) for row, text in zip(rows, ("1,235", "−900", "335"), strict=True)
    } == {heads.index("AC") + 2}
    assert units.split() == ["EUR", "k", "EUR", "k", "%"]


# --- shown in a notebook -------------------------------------------------------------------------------


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict, dict]]:
    """What is displayed: data and metadata."""
    import IPython.display

    found: list[tuple[dict, dict]] = []
    monkeypatch.setattr(
        IPython.display, "display", lambda data, metadata=None, **_: found.append((data, metadata or {}))
    )
    return found


def test_a_table_is_shown_with_its_data(page: list[tuple[dict, dict]]) -> None:
    """A frame and a Table come as HTML, as plain text and as data that give the same table."""
    frame = pd.DataFrame({"unit": ["NORTH"], "value": [1234.5]})
    display.show(frame, statement())

    for (data, _), table in zip(page, (table_of(frame), statement()), strict=True):
        assert data["text/html"] == table_html(table) and data["text/plain"] == table.plain()
        assert Table.from_json(data[tables.MIME]) == table


def test_a_chart_is_shown_with_its_words(page: list[tuple[dict, dict]]) -> None:
    """Any figure, of ours or not, given its text: at the image for pages, and below it for JupyterLab, which
    knows no text at images; without a text it is refused with what to do.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2, 1))
    figure.add_subplot().plot([1, 2])
    with pytest.raises(UsageError, match="no alternative text"):
        display.show_chart(figure)
    display.show_chart(figure, alt="Two <points>, rising.")
    (image, metadata), (words, spoken) = page

    assert image["image/png"][:4] == b"\x89PNG" and metadata["image/png"]["alt"] == "Two <points>, rising."
    assert "Two &lt;points&gt;, rising." in words["text/html"] and spoken["spoken"]


def test_a_charts_words_are_on_every_page_once() -> None:
    """Our page has them at the image and nowhere else; nbconvert's own page has them, too."""
    words, png = "Revenue <falls> for the third month.", "iVBORw0KGgo="
    outputs = [
        nbformat.v4.new_output("display_data", {"image/png": png}, metadata={"image/png": {"alt": words}}),
        nbformat.v4.new_output("display_data", {"text/html": escape(words)}, metadata={"spoken": True}),
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("show(x)", outputs=outputs)])
    stock, _ = nbconvert.HTMLExporter().from_notebook_node(notebook)

    assert report_page(notebook).count(escape(words)) == 1
    assert f'alt="{escape(words)}"' in report_page(notebook)
    assert escape(words) in stock
