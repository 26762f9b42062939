"""Broken folders by the thousand: a clear error, or totals exactly right. See `fuzzing`, which judges.

No traceback, no hang, no sum that changed in silence, no row that went away. `python tests/fuzzing.py 7:4711`
repeats a case.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
import re
import sqlite3
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import fuzzing
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import small_company
from broken_data import text
from fuzzing import Case, Verdict
from mutations import FOREIGN, WAYS

from finops_toolkit.books import Books, open_books
from finops_toolkit.cli import main
from finops_toolkit.errors import ContractError

BATCH = 250
BATCHES = 40
SEED = 2026


def sound(verdicts: list[Verdict]) -> None:
    """Every case came to what is right; else the first few that did not, with one way if that will do."""
    bugs = [verdict for verdict in verdicts if verdict.bug is not None]
    assert not bugs, "\n".join(
        [f"{len(bugs)} of {len(verdicts)}:", *(fuzzing.told(fuzzing.shrunk(bug)) for bug in bugs[:5])]
    )


def each_way(turn: int) -> list[Case]:
    """Every way once, for CSV, Parquet and a foreign file in turn, on a table that stands alone.

    What takes long, such as bombs, has its part in the ten thousand.
    """
    cases = []
    for place, way in enumerate(way for way in WAYS.values() if way.name not in fuzzing.RARE):
        foreign = [kind for kind in FOREIGN if kind in way.kinds]
        kinds = [kind for kind in ("csv", "parquet") if kind in way.kinds]
        kinds += [foreign[(place + turn) % len(foreign)]] if foreign else []
        for kind in kinds:
            table = ("incidents", "capacity", "stock")[turn % 3]
            cases.append(Case(turn, 1000 * place + len(cases), (table,), table, kind, (way.name,)))
    return cases


@pytest.mark.parametrize("turn", [0, pytest.param(1, marks=pytest.mark.prove)])
def test_every_way(turn: int) -> None:
    """Each way to break a file, in each kind of file it fits."""
    sound(fuzzing.run(each_way(turn)))


@pytest.mark.prove
@pytest.mark.parametrize("batch", range(BATCHES))
def test_ten_thousand(batch: int) -> None:
    """Cases of one way and of several, on tables alone and together."""
    sound(fuzzing.run(fuzzing.case(SEED, number) for number in range(batch * BATCH, (batch + 1) * BATCH)))


def test_there_are_ten_thousand() -> None:
    """As many as promised, all of them different, and each way has its part."""
    cases = [fuzzing.case(SEED, number) for number in range(BATCHES * BATCH)]
    assert len(cases) >= 10_000
    used = Counter(way for case in cases for way in case.ways)
    assert set(used) == set(WAYS)


@pytest.mark.prove
@pytest.mark.parametrize("table", ["journal", "rates"])
def test_parquet_cut_every_few_bytes(tmp_path: Path, table: str) -> None:
    """However much of a Parquet file has arrived: without its end it is refused."""
    names = {"journal": ("units", "accounts", "journal")}.get(table, (table,))
    small_company.write(tmp_path, {name: small_company.tables()[name] for name in names}, "parquet")
    path = tmp_path / f"{table}.parquet"
    whole = path.read_bytes()
    for length in range(0, len(whole), 23):
        path.write_bytes(whole[:length])
        message = _refused(tmp_path)
        assert path.name in message and fuzzing.unclear(message) is None, length


def _refused(folder: Path) -> str:
    with pytest.raises(ContractError) as caught:
        open_books(folder)
    return str(caught.value)


# --- the commands ---------------------------------------------------------------------------------


def _commands(numbers: range) -> int:
    """Cases through the command line; how many were refused. Runs where a hang can be killed."""
    refused, root = 0, fuzzing.room()
    for number in numbers:
        case = fuzzing.case(SEED + 1, number)
        work = fuzzing.build(case, root / str(number) / "data")
        source = ["--source", str(work.raw)] if case.kind in FOREIGN else []
        codes = {}
        for command in (["check"], ["kpis"], ["report", "--out", str(root / "out")]):
            if command[0] == "report" and codes["kpis"] == 0:
                continue  # it would make reports
            out, problems = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(problems):
                given = ["--data"] if command[0] == "report" else []
                code = main([*command, *given, str(work.folder), *source])
            codes[command[0]] = code
            said = problems.getvalue()
            again = f"{case} {case.ways} {command[0]} {code}: {said[:600]}"
            assert code in (0, 2, 3), again
            assert "Traceback" not in said + out.getvalue(), again
            if command[0] != "check" and code:
                # A message, and a line that says what to do.
                assert said.startswith("finops: ") and said.count("\n") >= 2, again
            assert fuzzing.unclear(said) is None, f"{again}\n{fuzzing.unclear(said)}"
        assert (codes["check"] == 0) == (codes["kpis"] == 0), f"{case} {codes}"
        refused += codes["kpis"] != 0
    return refused


@pytest.mark.parametrize("numbers", [pytest.param(range(12), id="12")])
def test_commands(numbers: range) -> None:
    """`finops check`, `kpis` and `report` end with 2 or 3 and a message where the data are broken."""
    assert _commands(numbers)


@pytest.mark.prove
def test_a_hundred_through_the_commands() -> None:
    """As above, a hundred more."""
    assert _commands(range(12, 112)) > 40


# --- the judge ------------------------------------------------------------------------------------


PLAIN = Case(1, 1, ("units", "accounts", "journal"), "journal", "csv", ())


def test_what_is_not_broken_is_right() -> None:
    """Without a way to break it, every kind of file is read, and every cell and sum is right."""
    kinds = ("csv", "parquet", *FOREIGN)
    cases = [Case(1, number, PLAIN.tables, "journal", kind, ()) for number, kind in enumerate(kinds)]
    said = {(verdict.outcome, verdict.bug) for verdict in fuzzing.run(cases)}
    assert said == {("correct", None)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows.pop(), "rows read"),
        (lambda rows: rows[5].update(amount=(Decimal("-199.99"),)), "amount is Decimal"),
        (lambda rows: rows[5].update(posted=(dt.date(2024, 12, 30),)), "posted is"),
        (lambda rows: rows[5].update(amount=(fuzzing.BAD,)), "amount is Decimal"),
        (lambda rows: rows[5].update(department=("FIN",)), "department is None"),
    ],
)
def test_the_judge_sees_a_difference(tmp_path: Path, change: Callable, words: str) -> None:
    """A row, a cent or a day between the books and the file is a bug: the judge is no yes-man."""
    work = fuzzing.build(PLAIN, tmp_path / "data")
    honest = fuzzing.read_honestly(PLAIN, work)
    assert fuzzing.judge(PLAIN, work, honest).bug is None
    change(honest.rows["journal"])
    assert words in str(fuzzing.judge(PLAIN, work, honest).bug)


def test_the_judge_sees_a_wrong_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sum in the panel that is off by a ten-thousandth is a bug."""
    work = fuzzing.build(PLAIN, tmp_path / "data")
    honest = fuzzing.read_honestly(PLAIN, work)
    real = Books.panel

    def off(self: Books) -> object:
        panel = real(self)
        panel.matrix("cash")[0][1] += 1
        return panel

    monkeypatch.setattr(Books, "panel", off)
    assert "cash of month" in str(fuzzing.judge(PLAIN, work, honest).bug)


HANGS_AND_CRASHES = """
import os, time, fuzzing
real = fuzzing.judge
def judge(case, *rest):
    if case.number == 1:
        time.sleep(600)
    if case.number == 2:
        os._exit(9)
    if case.number == 3:
        raise KeyError("x")
    return real(case, *rest)
fuzzing.judge, fuzzing.PATIENCE = judge, 5.0
cases = [fuzzing.Case(1, number, ("rates",), "rates", "csv", ()) for number in range(5)]
print([str(verdict.bug).partition(" (")[0] for verdict in fuzzing.run_here(cases)])
"""


@pytest.mark.prove
def test_a_hang_and_a_crash_are_seen() -> None:
    """A case that hangs or ends its process is a bug, and the cases behind it are judged all the same."""
    program = [sys.executable, "-c", HANGS_AND_CRASHES]
    done = subprocess.run(program, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
    said = ["None", "it hangs", "the process died", "KeyError: 'x'", "None"]
    assert done.stdout.strip() == str(said)


# --- what was found -------------------------------------------------------------------------------


def _books(folder: Path, table: str, arrow: pa.Table) -> Path:
    folder.mkdir(exist_ok=True)
    pq.write_table(arrow, folder / f"{table}.parquet")
    return folder


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_midnight_elsewhere_is_not_the_day_before(tmp_path: Path, unit: str) -> None:
    """Parquet keeps moments of a zone in Greenwich's time: midnight in Berlin is the evening before.

    Such a column of dates was read a day early, in silence; for the first of a month in the month before.
    """
    import pyarrow.compute as pc

    table = small_company.arrow("invoices", small_company.tables()["invoices"])
    days = table.column("issued").cast(pa.timestamp(unit))
    at = table.column_names.index("issued")
    _books(tmp_path, "invoices", table.set_column(at, "issued", pc.assume_timezone(days, "Europe/Berlin")))
    assert "issued are no date: '2024-12-09 23:00:00+00'" in _refused(tmp_path)
    _books(tmp_path, "invoices", table.set_column(at, "issued", pc.assume_timezone(days, "UTC")))
    assert open_books(tmp_path).rows("invoices").issued.iloc[0].date() == dt.date(2024, 12, 10)


def test_numbers_as_programmers_write_them(tmp_path: Path) -> None:
    """1_5 is a slip of the keyboard, not fifteen."""
    small_company.write(tmp_path, {"invoices": small_company.tables()["invoices"]})
    text(lambda t: t.replace("119.00", "1_19.00", 1), "invoices")(tmp_path)
    assert "1 value of amount is no money: '1_19.00'" in _refused(tmp_path)


def test_signs_that_nobody_sees_are_written_out(tmp_path: Path) -> None:
    """A colour command, a right-to-left mark or a blank of no width in a name is shown as what it is."""
    small_company.write(tmp_path, {"invoices": small_company.tables()["invoices"]})
    text(lambda t: t.replace("amount", "am\u200bount\x1b[31m\u202e", 1), "invoices")(tmp_path)
    message = _refused(tmp_path)
    assert r"am\u200bount\x1b[31m\u202e" in message and fuzzing.unclear(message) is None


def test_an_unknown_value_is_named_with_its_place(tmp_path: Path) -> None:
    """Who reads the message alone, in a log of the night, can go to the row."""
    small_company.write(tmp_path, {name: small_company.tables()[name] for name in PLAIN.tables})
    text(lambda t: t.replace("E07,1,2025-01-31,5400", "E07,1,2025-01-31,5401"))(tmp_path)
    assert "account is not in accounts: account '5401' in entry 'E07', line 1" in _refused(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe in place of books.toml held every command for ever; a broken link was passed over in silence."""
    small_company.write(tmp_path, {"rates": small_company.tables()["rates"]}, books=None)
    os.mkfifo(tmp_path / "books.toml")
    assert "books.toml cannot be read: it is no file" in _refused(tmp_path)
    (tmp_path / "books.toml").unlink()
    (tmp_path / "books.toml").symlink_to(tmp_path / "away.toml")
    assert "books.toml cannot be read: it is no file" in _refused(tmp_path)


@pytest.mark.parametrize("line", ["a = " + "[" * 5000, "a = " + "9" * 5000, "name = '\udcff'"])
def test_settings_that_are_no_toml(tmp_path: Path, line: str) -> None:
    """Nests too deep for Python, numbers too long for it, bytes that are no text: said, not thrown."""
    small_company.write(tmp_path, {"rates": small_company.tables()["rates"]}, books=None)
    (tmp_path / "books.toml").write_bytes(line.encode("utf-8", "surrogateescape"))
    message = _refused(tmp_path)
    assert "books.toml cannot be read" in message and fuzzing.unclear(message) is None


def test_a_column_damaged_where_no_rule_looks(tmp_path: Path) -> None:
    """A page of names was damaged: the books opened, and a report failed later with the engine's words."""
    table = small_company.arrow("units", small_company.tables()["units"])
    pq.write_table(table, tmp_path / "units.parquet", compression="none", use_dictionary=False)
    path = tmp_path / "units.parquet"
    column = pq.ParquetFile(path).metadata.row_group(0).column(table.column_names.index("name"))
    damaged = bytearray(path.read_bytes())
    start = column.data_page_offset
    damaged[start : start + 12] = b"\xff" * 12
    path.write_bytes(bytes(damaged))
    assert "units.parquet cannot be read: it is no Parquet file, or not the whole" in _refused(tmp_path)


def _workbook(folder: Path, change: Callable[[bytes], bytes]) -> Path:
    """An adapter over a workbook of invoices whose sheet was changed."""
    case = Case(1, 1, ("invoices",), "invoices", "raw.xlsx", ())
    work = fuzzing.build(case, folder / "data")
    with zipfile.ZipFile(work.path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    parts["xl/worksheets/sheet1.xml"] = change(parts["xl/worksheets/sheet1.xml"])
    with zipfile.ZipFile(work.path, "w") as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    return work.raw


def test_an_error_in_a_cell_is_not_nothing(tmp_path: Path) -> None:
    """The reader of workbooks gives nothing for #REF!: the tax of an invoice went away in silence."""
    raw = _workbook(
        tmp_path,
        lambda xml: re.sub(rb'<c r="H2"><v>[^<]*</v></c>', b'<c r="H2" t="e"><v>#REF!</v></c>', xml),
    )
    with pytest.raises(ContractError, match="of tax is no money: '#REF!'"):
        open_books(tmp_path / "data", raw)


def test_a_cell_far_away(tmp_path: Path) -> None:
    """One cell in the last corner of a sheet is laid out as 17 billion cells: the process died of it."""
    row = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    raw = _workbook(tmp_path, lambda xml: xml.replace(b"</sheetData>", row))
    with pytest.raises(ContractError, match="reaches to row 1,048,576 and column 16,384"):
        open_books(tmp_path / "data", raw)


def test_a_key_twice_in_a_record(tmp_path: Path) -> None:
    """JSON with {"amount": 1, "amount": 2}: the first amount went away in silence."""
    work = fuzzing.build(Case(1, 1, ("invoices",), "invoices", "raw.json", ()), tmp_path / "data")
    work.path.write_text(work.path.read_text().replace('"amount"', '"amount": 5, "amount"', 1))
    with pytest.raises(ContractError, match="holds a record with 'amount' more than once"):
        open_books(work.folder, work.raw)


def test_bytes_in_a_database_are_not_nothing(tmp_path: Path) -> None:
    """A number that SQLite keeps as bytes went away in silence."""
    work = fuzzing.build(Case(1, 1, ("invoices",), "invoices", "raw.sqlite", ()), tmp_path / "data")
    with contextlib.closing(sqlite3.connect(work.path)) as database:
        database.execute("UPDATE invoices SET tax = x'31' WHERE invoice = 'I1'")
        database.commit()
    with pytest.raises(ContractError, match=r"of tax is no money: '\(1 bytes\)'"):
        open_books(work.folder, work.raw)


def test_no_unit_anywhere(tmp_path: Path) -> None:
    """Events may come without a unit; where nothing has one, they belong to the company as a whole."""
    rows = [row | {"unit": ""} for row in small_company.tables()["events"]]
    small_company.write(tmp_path, {"events": rows})
    books = open_books(tmp_path)
    assert books.units.unit.tolist() == ["TOTAL"] and not books.findings()
    assert books.panel().matrix("event_steps").sum() == len(rows) * 10_000


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: "sep=,\n" + t, "its first line is 'sep=,', which only Excel reads"),
        (lambda t: t.replace("119.00", "9" * 4_000_000, 1), "line 2 is longer than 2 MB"),
    ],
)
def test_what_a_line_is_wrong_with(tmp_path: Path, change: Callable[[str], str], words: str) -> None:
    """The engine says of these that a line has other columns, or nothing at all."""
    small_company.write(tmp_path, {"invoices": small_company.tables()["invoices"]})
    text(change, "invoices")(tmp_path)
    message = _refused(tmp_path)
    assert words in message and len(message) < 1000
