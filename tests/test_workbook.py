"""Workbooks, recalculated by LibreOffice: every formula comes to our value, and no text becomes a formula."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
import subprocess
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from attacks import ATTACKS
from hypothesis import given
from hypothesis import strategies as st

from finops_toolkit import scorecard
from finops_toolkit.books import Books, open_books
from finops_toolkit.kpis import catalogue_of
from finops_toolkit.reports.workbook import REPORT, report_workbook
from finops_toolkit.reports.workbook_cells import cell_name, clean, sheet_names
from finops_toolkit.scorecard.key_figures import SCORECARD
from finops_toolkit.sheets import actions_table, items_table, statement_table
from finops_toolkit.tables import MIME, Column, NativeChart, Table
from finops_toolkit.tables.html import BAD, GOOD
from finops_toolkit.workings import workings

ADAPTER = Path(__file__).resolve().parent.parent / "datasets" / "adapters" / "adventureworks"
CASES = {"north": ("NORTH", "latest-closed"), "company": ("COMPANY", "2025-Q1"), "young": ("HQ", "2023-02")}
WORKS = {"works": ("adventureworks-cycle", "latest-closed")}
# More of the same, for the proofs.
MORE = {"year": ("WEST", "2024"), "rolling": ("SOUTH", "2025-06-R12")}
MORE_WORKS = {"europe": ("european", "2013-05")}
FORMULAS = [
    "=1+1", "+1+1", "-1+1", "@SUM(1,1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "=cmd|' /C calc'!A0",
    '=HYPERLINK("https://evil.example","x")', "{=1+1}", "=2+5+cmd|' /C calc'!A0", "'=1+1", '"=1+1"',
    "https://evil.example", "mailto:a@evil.example", "internal:'Report'!A1", "external:x.xlsx",
    "file:///etc/passwd",
    "1234", "1e5", "0x1F", "TRUE", "#REF!", "#N/A", "2025-01-01", "007", "_x0041_",
    "a\x00b", "\x1b[31m", "\ud800",
    "\uffff", "A1", "R1C1", "&A&P&G", "[evil.xlsx]Sheet1!A1", "=", "%", "\uff1d1+1", "\u202e=1+1",
]  # fmt: skip
HOSTILE = [*FORMULAS, *ATTACKS]
TALL = (
    "Ledger by account and month",
    *(f"Rows of {table}" for table in ("orders", "deliveries", "forecasts")),
)


def proved(names: Iterable[str]) -> list[Any]:
    """Cases that only the proofs look at."""
    return [pytest.param(name, marks=pytest.mark.prove) for name in names]


def notebook_of(*tables: Table) -> Any:
    """An executed notebook with these tables."""
    return SimpleNamespace(cells=[{"outputs": [{"data": {MIME: table.to_json()}}]} for table in tables])


def scorecard_tables(books: Books, unit: str, period: str, kpis: Sequence[str] = SCORECARD) -> list[Table]:
    """The tables of a monthly scorecard, as its notebook hands them up."""
    result = scorecard.statement(books, unit, period)
    attention = scorecard.attention(books, unit, period)
    figures = scorecard.key_figures(books, unit, period, kpis, months=1)
    actions = scorecard.actions_follow_up(books, unit, period)
    return [
        items_table(attention, books.currency),
        statement_table(result, books.currency, attention.threshold),
        *([actions_table(actions, books.currency)] if len(actions.table) else []),
        *workings(books, result, figures),
    ]


def hostile_table() -> Table:
    """Texts that would be formulas, links, numbers or markup, wherever a table may hold a text."""
    first = HOSTILE[0]
    columns = (Column("text", first, unit=first, group=first), Column("wide", "=1+1", wide=True, group=first),
               Column("value", "@SUM(1)", "number", "=1+1"))  # fmt: skip
    rows = tuple((text, text, float(number)) for number, text in enumerate(HOSTILE))
    notes = {(number, "text"): text for number, text in enumerate(HOSTILE)}
    links = {(number, "text"): "hostile:x" for number in range(5)} | {(6, "text"): "=1+1"}
    chart = NativeChart("columns", "text", ("value",), first)
    return Table("hostile", columns, rows, caption=first, note="=1+1", notes=notes, links=links, chart=chart)


def bridge_table() -> Table:
    """A bridge that goes below zero and comes back."""
    columns = (Column("step", "Step"), Column("amount", "Amount", "number", "EUR k", divisor=1000))
    amounts = (463_000.0, -600_000.0, 100_000.0, -20_000.0, 70_000.0, 13_000.0)
    rows = tuple(zip(("Budget", "Volume", "Price", "Cost", "Other", "Actual"), amounts, strict=True))
    return Table("bridge", columns, rows, caption="Bridge", chart=NativeChart("bridge", "step", ("amount",)))


def without_values(data: bytes) -> bytes:
    """The workbook with none of our values beside the formulas: whoever opens it must compute."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                part = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", part)
            new.writestr(name, part)
    return made.getvalue()


@pytest.fixture(scope="module")
def written(books: Books, request: pytest.FixtureRequest) -> dict[str, bytes]:
    """Workbooks by name: scorecards, the hostile texts, a bridge, and Adventure Works where its data are."""
    proofs = request.config.getoption("markexpr") == "prove"
    cases, real = (CASES | MORE, WORKS | MORE_WORKS) if proofs else (CASES, WORKS)
    made = {name: report_workbook(notebook_of(*scorecard_tables(books, *case)), title="Monthly scorecard")
            for name, case in cases.items()}  # fmt: skip
    heading, facts = HOSTILE[:2], [(text, text) for text in HOSTILE]
    made["hostile"] = report_workbook(notebook_of(hostile_table()), heading, facts, "=1+1")
    everything = scorecard_tables(books, "SOUTH", "2025-Q2", list(catalogue_of(books)))
    made["kpis"] = report_workbook(notebook_of(*everything))
    made["bridge"] = report_workbook(notebook_of(bridge_table()))
    source = ADAPTER.parents[3] / "shared" / "data" / "adventureworks"
    if source.is_dir():
        works = open_books(ADAPTER, source)
        made |= {name: report_workbook(notebook_of(*scorecard_tables(works, *case)))
                 for name, case in real.items()}  # fmt: skip
    return made


@pytest.fixture(scope="module")
def north(written: dict[str, bytes]) -> Any:
    """One workbook as we wrote it, opened: only read it."""
    return openpyxl.load_workbook(io.BytesIO(written["north"]))


@pytest.fixture(scope="module")
def recalculated(
    written: dict[str, bytes], soffice: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The same workbooks as LibreOffice computes them, and `edited`: north with 1,000 more revenue booked."""
    folder = tmp_path_factory.mktemp("recalculated")
    (folder / "in").mkdir()
    for name, data in written.items():
        (folder / "in" / f"{name}.xlsx").write_bytes(without_values(data))
    edited = openpyxl.load_workbook(io.BytesIO(written["north"]))
    cell = _booked(edited["Ledger by account and month"], "Revenue", dt.date(2025, 11, 30))
    cell.value += 1_000
    edited.save(folder / "in" / "edited.xlsx")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    files = [str(path) for path in sorted((folder / "in").iterdir())]
    subprocess.run([soffice, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(folder / "out"),
                    *files], check=True, capture_output=True, timeout=240)  # fmt: skip
    return {path.stem: openpyxl.load_workbook(path, data_only=True) for path in (folder / "out").iterdir()}


def _booked(sheet: Any, line: str, month: dt.date) -> Any:
    """The actual amount of a line's first account in a month, as a cell."""
    for row in sheet.iter_rows(min_row=1):
        if row[0].value == line and getattr(row[3].value, "date", lambda: None)() == month:
            return row[4]
    raise AssertionError(f"no row of {line} in {month}")


def cells_of(workbook: Any) -> Iterator[tuple[str, Any]]:
    """Every cell that holds something, with its sheet."""
    for sheet in workbook.worksheets:
        for row in sheet.iter_rows():
            yield from ((sheet.title, cell) for cell in row if cell.value is not None)


def formulas_of(data: bytes) -> dict[tuple[str, str], str]:
    """(sheet, cell) → formula."""
    workbook = openpyxl.load_workbook(io.BytesIO(data))
    return {
        (sheet, cell.coordinate): cell.value for sheet, cell in cells_of(workbook) if cell.data_type == "f"
    }


def differing(data: bytes, computed: Any) -> list[str]:
    """Formulas whose computed value is not the one we wrote: half a cent, or a billionth of it."""
    ours, wrong = openpyxl.load_workbook(io.BytesIO(data), data_only=True), []
    for (sheet, place), formula in formulas_of(data).items():
        old, new = ours[sheet][place].value, computed[sheet][place].value
        if isinstance(old, str):
            same = old == new
        else:
            near = 0.005 if abs(old) > 1 else 1e-9
            same = isinstance(new, int | float) and math.isclose(old, new, rel_tol=1e-9, abs_tol=near)
        if not same:
            wrong.append(f"{sheet}!{place} {formula}: {old} became {new}")
    return wrong


# --- formulas ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*CASES, "bridge", *proved(MORE)])
def test_every_formula_comes_to_our_value(
    name: str, written: dict[str, bytes], recalculated: Mapping[str, Any]
) -> None:
    """LibreOffice, given no values of ours, computes from the ledger's rows what the package computed."""
    assert len(formulas_of(written[name])) > 30
    assert differing(written[name], recalculated[name]) == []


def test_every_kpi_of_the_catalogue_recalculates(
    written: dict[str, bytes], recalculated: Mapping[str, Any], books: Books
) -> None:
    """Averages, changes, figures a year earlier and KPIs made of KPIs: all are formulas over their inputs."""
    assert differing(written["kpis"], recalculated["kpis"]) == []
    sheet = openpyxl.load_workbook(io.BytesIO(written["kpis"]))["KPIs against target"]
    kinds = {row[0].value: row[2].data_type for row in sheet.iter_rows(min_row=5) if row[2].value is not None}
    known = {kpi.name: kpi.formula for kpi in catalogue_of(books).values()}
    dead = {known[name] for name, kind in kinds.items() if kind == "n"}
    assert len(kinds) > 80
    assert dead and all(formula.startswith(("median(", "p90(", "countback(")) for formula in dead)


@pytest.mark.parametrize("name", [*WORKS, *proved(MORE_WORKS)])
def test_real_books_recalculate(
    name: str, shared_data: Path, written: dict[str, bytes], recalculated: Mapping[str, Any]
) -> None:
    """The same for books nobody here made, kept as balances instead of a journal."""
    assert len(formulas_of(written[name])) > 100
    assert differing(written[name], recalculated[name]) == []


def test_no_cell_shows_an_error(recalculated: Mapping[str, Any]) -> None:
    """Nowhere #REF!, #NAME?, #VALUE! or a division by zero."""
    for name, workbook in recalculated.items():
        wrong = [f"{sheet}!{cell.coordinate} {cell.value}" for sheet, cell in cells_of(workbook)
                 if cell.data_type == "e"]  # fmt: skip
        assert not wrong, (name, wrong[:5])


def test_every_amount_of_the_statement_is_live(north: Any, books: Books) -> None:
    """No amount of the statement is a dead number, and none of the tables' formulas is lost on the way."""
    tables = scorecard_tables(books, *CASES["north"])
    live = [cell for _, cell in cells_of(north) if cell.data_type == "f"]
    assert len(live) == sum(len(table.formulas) for table in tables)
    sheet = north["Profit and cash"]
    kinds = [cell.data_type for row in sheet.iter_rows(min_row=6, max_row=22, min_col=2) for cell in row
             if cell.value is not None]  # fmt: skip
    assert len(kinds) == 252 and set(kinds) == {"f"}


def test_a_changed_row_moves_what_is_made_of_it(
    written: dict[str, bytes], recalculated: Mapping[str, Any]
) -> None:
    """1,000 more revenue in the ledger's rows: revenue, profit and margin follow, the cash does not."""
    before = openpyxl.load_workbook(io.BytesIO(written["north"]), data_only=True)
    after = recalculated["edited"]

    def values(workbook: Any, sheet: str, column: int) -> dict[str, float]:
        return {
            row[0]: row[column] for row in workbook[sheet].iter_rows(min_row=6, values_only=True) if row[0]
        }

    old, new = (values(workbook, "Profit and cash", 1) for workbook in (before, after))
    moved = {line: round(new[line] - old[line], 2) for line in old if isinstance(old[line], float)}
    assert {line for line, by in moved.items() if by} == {
        "Revenue", "Gross profit", "Operating profit (EBIT)", "Net profit"}  # fmt: skip
    assert {by for by in moved.values() if by} == {1_000.0}
    margin = [values(workbook, "KPIs against target", 2)["Gross margin"] for workbook in (before, after)]
    revenue, profit = old["Revenue"], old["Gross profit"]
    assert margin == pytest.approx([profit / revenue, (profit + 1_000) / (revenue + 1_000)], rel=1e-9)


def test_formulas_without_their_tables_stay_values(books: Books) -> None:
    """A statement alone keeps its figures: sums of rows that are not here are values, not errors."""
    (statement,) = [table for table in scorecard_tables(books, *CASES["north"]) if table.name == "statement"]
    data = report_workbook(notebook_of(statement))
    made = formulas_of(data)
    assert made and not any("SUMIFS" in formula for formula in made.values())
    sheet = openpyxl.load_workbook(io.BytesIO(data), data_only=True)["Profit and cash"]
    assert sheet["B6"].value == pytest.approx(statement.rows[0][1])


def test_a_long_formula_stays_a_value() -> None:
    """What a program would refuse to read is not written as a formula."""
    column = Column("a", "A", "number")
    table = Table("long", (column,), ((1.0,), (1.0,)), formulas={(0, "a"): "0" + "+0" * 5_000, (1, "a"): "1"})
    assert list(formulas_of(report_workbook(notebook_of(table))).values()) == ["=1"]


# --- text is text ------------------------------------------------------------------------------------


def test_hostile_texts_stay_texts(written: dict[str, bytes], recalculated: Mapping[str, Any]) -> None:
    """Whatever a text begins with, it is a text for us and for LibreOffice, and nothing is computed of it."""
    assert formulas_of(written["hostile"]) == {}
    for workbook in (openpyxl.load_workbook(io.BytesIO(written["hostile"])), recalculated["hostile"]):
        texts = [cell for _, cell in cells_of(workbook) if cell.column < 3]
        assert {cell.data_type for cell in texts} == {"s"}
        sheet = workbook.worksheets[1]
        for column in (1, 2):
            kept = [sheet.cell(7 + number, column).value for number in range(len(HOSTILE))]
            assert [_lines(text) for text in kept] == [_lines(clean(text)) for text in HOSTILE]
        facts = [cell.value for cell in workbook[REPORT]["B"] if cell.value is not None][: len(HOSTILE)]
        assert [_lines(text) for text in facts] == [_lines(clean(text)) for text in HOSTILE]


def _lines(text: str) -> str:
    """A text with one kind of line end, and with what openpyxl leaves written as _x000D_ read."""
    text = re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def test_nothing_hostile_leads_outside(written: dict[str, bytes]) -> None:
    """No link leaves the workbook, no title of a chart is a reference, no part is loaded from elsewhere."""
    with zipfile.ZipFile(io.BytesIO(written["hostile"])) as parts:
        for name in parts.namelist():
            text = parts.read(name).decode("utf-8", "replace")
            assert 'TargetMode="External"' not in text, name
            if name.startswith("xl/charts/"):
                found = re.findall(r"<c:f>([^<]*)</c:f>", text)
                assert found and all(one.startswith("'=1+1'!$") for one in found)
                assert "<a:t> =1+1" in text
        assert not [name for name in parts.namelist() if "external" in name or "macro" in name.lower()]


@given(st.lists(st.text(max_size=40) | st.sampled_from(["History", "report", "REPORT", "a" * 40, "'", ""])))
def test_sheets_have_valid_names_each_once(wanted: list[str]) -> None:
    """Whatever captions say, the names are valid for Excel, and XlsxWriter takes every one of them."""
    names = sheet_names([REPORT, *wanted])
    assert len({name.casefold() for name in names}) == len(names) == len(wanted) + 1
    workbook = xlsxwriter.Workbook(io.BytesIO())
    for name in names:
        assert 1 <= len(name.encode("utf-16-le")) // 2 <= 31
        assert not set(name) & set("[]:*?/\\") and name.strip("'") == name and name.casefold() != "history"
        workbook.add_worksheet(name)


@given(st.text(max_size=60), st.integers(2, 40))
def test_long_texts_are_cut_where_one_sees_it(text: str, most: int) -> None:
    """A text that fits stays; one that does not ends in … and fits."""
    said = clean(text, most)
    assert len(said.encode("utf-16-le")) // 2 <= most
    assert said.endswith("…") or len(said) == len(text)


def test_a_text_of_a_million_signs_fits_a_cell() -> None:
    """Excel's limit for a cell is met with a mark, not by dropping the text."""
    table = Table("long", (Column("a", "A"),), (("=" * 1_000_000,),))
    sheet = openpyxl.load_workbook(io.BytesIO(report_workbook(notebook_of(table)))).worksheets[1]
    assert len(sheet["A5"].value) == 32_767 and sheet["A5"].value.endswith("…")


# --- what a controller finds -------------------------------------------------------------------------


def test_the_same_notebook_gives_the_same_bytes(books: Books) -> None:
    """No clock and no order of chance in the file."""
    tables = scorecard_tables(books, *CASES["company"])
    first, second = (report_workbook(notebook_of(*tables, bridge_table()), ["x"], [("a", "b")], "t")
                     for _ in range(2))  # fmt: skip
    assert first == second
    assert openpyxl.load_workbook(io.BytesIO(first)).properties.created == dt.datetime(2000, 1, 1)
    with zipfile.ZipFile(io.BytesIO(first)) as parts:
        assert {part.date_time[0] for part in parts.infolist()} == {1980}


def test_the_cover_names_the_sheets_and_leads_to_them(north: Any) -> None:
    """Every sheet is on the cover with a link, and each has one back."""
    links = [cell.hyperlink.location for _, cell in cells_of(north) if cell.hyperlink][
        : len(north.sheetnames) - 1
    ]
    assert links == [f"'{name}'!A1" for name in north.sheetnames[1:]]
    for sheet in north.worksheets[1:]:
        assert sheet["A2"].hyperlink.location == f"'{REPORT}'!A1"


def test_a_line_leads_to_the_rows_it_was_made_of(north: Any) -> None:
    """Following a line of the statement, or a KPI, one stands on its first row."""
    for name in ("Profit and cash", "KPIs against target", "Inputs of the KPIs"):
        linked = [row[0] for row in north[name].iter_rows(min_row=4) if row[0].hyperlink]
        assert len(linked) > 5
        for cell in linked:
            sheet, place = cell.hyperlink.location.rsplit("!", 1)
            target = north[sheet.strip("'")][place].value
            assert target == cell.value if name == "Profit and cash" else target


def test_sheets_filter_scroll_and_print(north: Any) -> None:
    """Heads stay in sight and on every printed page, rows can be filtered, pages are numbered."""
    for sheet in north.worksheets[1:]:
        head = int(re.match(r"[A-Z]+(\d+)", sheet.freeze_panes)[1]) - 1  # type: ignore[index]
        assert sheet.auto_filter.ref.startswith(f"A{head}:")
        assert str(sheet.print_title_rows).endswith(str(head))
        assert sheet.page_setup.orientation == "landscape"
        # A short table and its chart stay on one page, a tall one runs over several.
        tall = sheet.title in TALL
        assert (sheet.page_setup.fitToHeight == 0) == tall
        assert "&P" in sheet.oddFooter.right.text
        assert sheet.auto_filter.ref.endswith(str(sheet.max_row)) or sheet.max_row <= head + 40


def test_figures_are_read_as_on_the_page(north: Any) -> None:
    """Thousands, signed variances, shares and days by number format; the value stays whole."""
    sheet = north["Profit and cash"]
    assert [sheet.cell(6, column).number_format for column in (2, 4, 5)] == [
        "#,##0,", "+#,##0,;-#,##0,;0", "+#,##0.0%;-#,##0.0%;0.0%"]  # fmt: skip
    heads = [sheet.cell(5, column).value for column in (1, 2, 4, 5)]
    assert heads == ["Line", "AC\nEUR k", "ΔBU\nEUR k", "ΔBU\n%"]
    assert sheet["B4"].value == "November 2025" and "B4:F4" in map(str, sheet.merged_cells.ranges)
    gross = next(row for row in sheet.iter_rows(min_row=6) if row[0].value == "Gross profit")
    assert gross[1].font.bold and not sheet["B6"].font.bold
    colours = {cell.font.color.rgb[2:] for cell in sheet["D"] if cell.font.bold and cell.row > 5}
    assert {GOOD[1:], BAD[1:]} <= colours
    rows = north["Ledger by account and month"]
    assert rows["D6"].number_format == "d mmm yyyy" and rows["D6"].is_date


def test_what_is_missing_is_empty_and_says_why(north: Any) -> None:
    """No figure: an empty cell, which a formula takes for nothing, with a note of ours that says why."""
    sheet = north["Profit and cash"]
    row = next(row for row in sheet.iter_rows(min_row=6) if row[0].value == "Sister units")
    assert row[4].value is None
    assert row[4].comment.text.startswith("none, because ") and row[4].comment.author == "finops_toolkit"
    kpis = north["KPIs against target"]
    margin = next(row[0] for row in kpis.iter_rows(min_row=5) if row[0].value == "Gross margin")
    assert "Formula: (revenue - cogs) / revenue" in margin.comment.text


def test_a_bridge_is_drawn_from_its_cells(written: dict[str, bytes], recalculated: Mapping[str, Any]) -> None:
    """The native bridge stands on its invisible base, also across zero, and says its figures in words."""
    sheet = recalculated["bridge"]["Bridge"]
    found = [
        [cell.value for cell in row] for row in sheet.iter_rows(min_row=5, max_row=10, min_col=17, max_col=22)
    ]
    shown = [[round(value / 1000) for value in row[:3]] for row in found]
    assert shown == [[0, 463, 0], [0, 463, -137], [-37, 0, -100], [-37, 0, -20], [0, 13, -57], [0, 13, 0]]
    assert found[1][5] == "Volume\n-600" and found[2][5] == "Price\n+100" and found[5][5] == "Actual\n13"
    with zipfile.ZipFile(io.BytesIO(written["bridge"])) as parts:
        drawing = parts.read("xl/drawings/drawing1.xml").decode()
        assert 'descr="Bridge (Amount, EUR k): Budget 463, Volume −600, Price 100' in drawing
        assert b'<c:grouping val="stacked"/>' in parts.read("xl/charts/chart1.xml")


def test_a_table_another_one_computes_has_no_sheet() -> None:
    """The figures behind a picture stand once, where they are formulas."""
    columns = (Column("a", "A"), Column("b", "B", "number"), Column("c", "C", "number"))
    live = Table("live", columns, (("x", 1.0, 2.0),), caption="Live", formulas={(0, "c"): "{b}*2"})
    dead = Table("dead", columns[:2], (("x", 1.0),), caption="Dead")
    other = Table("other", columns[:2], (("x", 3.0),), caption="Other")
    workbook = openpyxl.load_workbook(io.BytesIO(report_workbook(notebook_of(dead, live, other))))
    assert workbook.sheetnames == [REPORT, "Live", "Other"]


def test_empty_tables_and_no_tables_make_a_workbook() -> None:
    """A report without rows is a workbook too."""
    empty = Table("none", (Column("a", "A"),), (), chart=NativeChart("line", "a", ("a",)))
    for notebook in (notebook_of(), notebook_of(empty)):
        assert openpyxl.load_workbook(io.BytesIO(report_workbook(notebook))).sheetnames[0] == REPORT


@pytest.mark.parametrize("kind", ["columns", "bars", "line"])
def test_charts_draw_the_tables_cells(kind: str) -> None:
    """Each kind of chart reads the table's own cells, actual first, so that it follows a changed cell."""
    columns = (Column("month", "Month"), Column("actual", "AC", "number"), Column("budget", "BU", "number"))
    rows = tuple((f"{number}", float(number), 2.0) for number in range(3))
    chart = NativeChart(kind, "month", ("actual", "budget"))
    data = report_workbook(notebook_of(Table("run", columns, rows, caption="Run", chart=chart)))
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        found = re.findall(r"<c:f>([^<]*)</c:f>", parts.read("xl/charts/chart1.xml").decode())
    assert {"Run!$B$5:$B$7", "Run!$C$5:$C$7", "Run!$A$5:$A$7"} <= {one.replace("'", "") for one in found}


@given(st.integers(0, 1_048_575), st.integers(0, 16_383))
def test_cells_are_called_as_excel_calls_them(row: int, column: int) -> None:
    """Ours against openpyxl's."""
    letters = openpyxl.utils.get_column_letter(column + 1)
    assert cell_name(row, column) == f"{letters}{row + 1}"
    assert cell_name(row, column, True) == f"${letters}${row + 1}"
