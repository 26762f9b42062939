"""Files as people have them become tables of the engine: nothing guessed, nothing lost, nothing executed."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sqlite3
import tarfile
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from finops_toolkit.sources import archives
from finops_toolkit.sources.loading import check_entry, load
from finops_toolkit.sources.macros import MACROS


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    """An engine with the macros."""
    connection = duckdb.connect()
    for statement in MACROS.values():
        connection.execute(statement)
    return connection


def loaded(folder: Path, **entry: Any) -> list[dict[str, Any]]:
    """The rows that an entry gives."""
    connection = duckdb.connect()
    found = load(connection, "it", folder, entry)
    rows = connection.execute("SELECT * FROM it")
    names = [description[0] for description in rows.description]
    held = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    assert found.rows == len(held)
    return held


ROWS = [
    {"Konto": "0004711", "Text": "Käse; süß", "Betrag": "1.234,56-"},
    {"Konto": "12", "Text": "€ 5", "Betrag": "7"},
]


def text_of(rows: list[dict[str, str]], delimiter: str = ";") -> str:
    """Rows as a text file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "iso8859-15"])
def test_text_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    """Text comes as it is written, leading zeros and all, in whatever encoding the entry names."""
    (tmp_path / "a.csv").write_bytes(text_of(ROWS).encode(encoding))
    named = {} if encoding.startswith("utf-8") else {"encoding": encoding}
    found = loaded(tmp_path, file="a.csv", **named)
    assert [{k: v for k, v in row.items() if k != "row_"} for row in found] == ROWS
    assert [row["row_"] for row in found] == [2, 3]


def test_the_wrong_encoding_is_said(tmp_path: Path) -> None:
    """Text that is not what the entry says is refused, not read as something else."""
    (tmp_path / "a.csv").write_bytes(text_of(ROWS).encode("cp1252"))
    with pytest.raises(ValueError, match="UTF-8"):
        loaded(tmp_path, file="a.csv")
    (tmp_path / "b.csv").write_bytes(b"a;b\n1;\x81\n")
    with pytest.raises(ValueError, match="cp1252"):
        loaded(tmp_path, file="b.csv", encoding="cp1252")


def test_lines_above_the_header(tmp_path: Path) -> None:
    """Header = 4: what stands above is not read, rows keep the numbers an editor shows."""
    (tmp_path / "a.csv").write_text("Report of May\n\n'quoted\nx;y\n1;2\n3;4\n")
    assert loaded(tmp_path, file="a.csv", header=4) == [
        {"x": "1", "y": "2", "row_": 5},
        {"x": "3", "y": "4", "row_": 6},
    ]


def test_many_files_as_one(tmp_path: Path) -> None:
    """A pattern reads all its files in order of names, and each row says where it comes from."""
    (tmp_path / "d").mkdir()
    for day in (2, 1):
        (tmp_path / "d" / f"0{day}.csv").write_text(f"x,y\n{day},a\n{day},b\n")
    found = loaded(tmp_path, file="d/*.csv")
    assert [(row["x"], row["row_"], row["file_"]) for row in found] == [
        ("1", 2, "d/01.csv"),
        ("1", 3, "d/01.csv"),
        ("2", 2, "d/02.csv"),
        ("2", 3, "d/02.csv"),
    ]
    (tmp_path / "d" / "03.csv").write_text("y,x\n1,2\n")
    with pytest.raises(ValueError, match=r"03\.csv names the columns y, x"):
        loaded(tmp_path, file="d/*.csv")


def workbook(path: Path) -> None:
    """A workbook as people make them: a title, the header in row 4, an empty row, all kinds of cells."""
    import datetime as dt

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "May"
    sheet["A1"] = "Sales report"
    sheet.append([])
    sheet.append([])
    rows = [["No", "Name", "Day", "Amount", "Paid"], ["0042", "Ä", dt.datetime(2025, 5, 1), 1234.5, True], []]
    rows += [[43, None, dt.datetime(2025, 5, 2, 8, 30), 0.1, False], [44, "=1+1", None, 12, None]]
    for place, row in enumerate(rows, 4):
        for column, value in enumerate(row, 1):
            sheet.cell(place, column, value)
    copy = book.create_sheet("June")
    for place, row in enumerate(rows[:2], 4):
        for column, value in enumerate(row, 1):
            copy.cell(place, column, value)
    book.save(path)


def test_excel(tmp_path: Path) -> None:
    """Cells come as text: whole numbers without a point, dates as ISO, with the row they stand in."""
    workbook(tmp_path / "a.xlsx")
    found = loaded(tmp_path, file="a.xlsx", header=4)
    assert found[0] == {
        "No": "0042",
        "Name": "Ä",
        "Day": "2025-05-01",
        "Amount": "1234.5",
        "Paid": "true",
        "row_": 5,
    }
    assert found[1] == {
        "No": "43",
        "Name": None,
        "Day": "2025-05-02 08:30:00",
        "Amount": "0.1",
        "Paid": "false",
        "row_": 7,
    }
    both = loaded(tmp_path, file="a.xlsx", header=4, sheet="*")
    assert [row["sheet_"] for row in both] == ["May", "May", "May", "June"]
    with pytest.raises(ValueError, match="there is May, June"):
        loaded(tmp_path, file="a.xlsx", sheet="July")
    (tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(ValueError, match="workbook cannot be read"):
        loaded(tmp_path, file="b.xlsx")


def test_json(tmp_path: Path) -> None:
    """Numbers keep their digits, what is nested stays JSON, and the list may lie anywhere in the document."""
    records = (
        '[{"id": "007", "n": 1.10, "big": 12345678901234567890, "ok": true}, {"id": null, "tags": ["a", 1]}]'
    )
    (tmp_path / "a.json").write_text(f'{{"value": {{"items": {records}}}}}')
    found = loaded(tmp_path, file="a.json", records="value.items")
    assert found[0] == {
        "id": "007",
        "n": "1.10",
        "big": "12345678901234567890",
        "ok": "true",
        "tags": None,
        "row_": 1,
    }
    assert found[1]["tags"] == '["a", "1"]' or found[1]["tags"] == '["a", 1]'
    (tmp_path / "a.jsonl").write_text('{"x": 1}\n\n{"x": 2}\n')
    assert [row["x"] for row in loaded(tmp_path, file="a.jsonl")] == ["1", "2"]
    for text, message in {
        '{"value": {}}': "there is",
        "[1, 2]": "no list of records",
        '[{"x": NaN}]': "NaN, which is no number",
        '[{"x": 1}': "no JSON",
        "[" * 100_000: "nested too deep|no JSON",
    }.items():
        (tmp_path / "b.json").write_text(text)
        with pytest.raises(ValueError, match=message):
            loaded(tmp_path, file="b.json", **({"records": "value.items"} if "value" in text else {}))


def test_sqlite(tmp_path: Path) -> None:
    """Numbers keep their type, mixed columns are text, bytes are said, and what is not merged yet counts."""
    path = tmp_path / "a.db"
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = wal")
    writer.execute('CREATE TABLE "order details" (id INTEGER, price REAL, code, picture BLOB)')
    writer.execute("INSERT INTO \"order details\" VALUES (1, 2.5, '007', X'00')")
    writer.execute('INSERT INTO "order details" VALUES (2, 3, 7, NULL)')
    writer.commit()
    found = loaded(tmp_path, file="a.db", table="order details")
    writer.close()
    assert found == [
        {"id": 1, "price": 2.5, "code": "007", "picture": "(1 bytes)"},
        {"id": 2, "price": 3.0, "code": "7", "picture": None},
    ]
    with pytest.raises(ValueError, match="there is order details"):
        loaded(tmp_path, file="a.db", table="orders")
    (tmp_path / "b.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(ValueError, match="database cannot be read"):
        loaded(tmp_path, file="b.db", table="x")


XES = """<?xml version="1.0"?><log xmlns="http://www.xes-standard.org/">
<global scope="event"><string key="concept:name" value="x"/></global>
<trace><string key="concept:name" value="PO 1"/><float key="value" value="12.50"/>
<event><string key="concept:name" value="Create"/>
<date key="time:timestamp" value="2018-01-02T12:53:00+00:00"/></event>
<event><string key="concept:name" value="Pay"/>
<date key="time:timestamp" value="2018-02-02T12:53:00+00:00"/></event>
</trace><trace><event><string key="concept:name" value="Create"/></event></trace></log>"""


@pytest.mark.parametrize("packed", [False, True])
def test_event_logs(tmp_path: Path, packed: bool) -> None:
    """A row is an event, with what its trace says; a trace without a name is called by its number."""
    name = "log.xes.gz" if packed else "log.xes"
    (tmp_path / name).write_bytes(gzip.compress(XES.encode()) if packed else XES.encode())
    found = loaded(tmp_path, file=name)
    assert [(row["case"], row["step"], row["concept:name"], row["trace:value"]) for row in found] == [
        ("PO 1", "1", "Create", "12.50"),
        ("PO 1", "2", "Pay", "12.50"),
        ("2", "1", "Create", None),
    ]
    (tmp_path / name).write_bytes(gzip.compress(XES[:-20].encode()) if packed else XES[:-20].encode())
    with pytest.raises(ValueError, match="event log cannot be read"):
        loaded(tmp_path, file=name)


def pack(path: Path, members: dict[str, bytes]) -> None:
    """An archive of some members."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in members.items():
                packed.writestr(name, data)
    else:
        with tarfile.open(path, "w:gz") as tar:
            for name, data in members.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_archives(tmp_path: Path, name: str) -> None:
    """Members are read where they lie; their names are never paths, and a link among them is nothing."""
    pack(tmp_path / name, {"../../evil.csv": b"x\n1\n", "data/b.csv": b"x\n2\n", "readme.txt": b"no"})
    assert [(row["x"], row["file_"]) for row in loaded(tmp_path, file=name, inside="*.csv")] == [
        ("1", "../../evil.csv"),
        ("2", "data/b.csv"),
    ]
    assert not (tmp_path.parent.parent / "evil.csv").exists()
    with pytest.raises(ValueError, match=r"nothing in it is called '\*\.xls'"):
        loaded(tmp_path, file=name, inside="*.xls")
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"archive cannot be unpacked|nothing in it"):
        loaded(tmp_path, file=name, inside="*.csv")


def test_a_single_gz(tmp_path: Path) -> None:
    """A compressed file needs no more than its name."""
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"x\n1\n"))
    assert [row["x"] for row in loaded(tmp_path, file="a.csv.gz")] == ["1"]


@pytest.mark.parametrize("name", ["bomb.zip", "bomb.tar.gz", "bomb.csv.gz"])
def test_what_unpacks_to_too_much(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that unpacks to hundreds of times its size is refused on the way, not on a full disk."""
    monkeypatch.setattr(archives, "_MOST_BYTES", 1_000_000)
    data = b"x\n" + b"1\n" * 20_000_000
    if name == "bomb.csv.gz":
        (tmp_path / name).write_bytes(gzip.compress(data))
    else:
        pack(tmp_path / name, {"a.csv": data})
    with pytest.raises(ValueError, match="too large to be tables"):
        loaded(tmp_path, file=name)


def test_links_out_of_the_folder(tmp_path: Path) -> None:
    """A source's files lie in its folder, whatever a link or a pattern says."""
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.csv").write_text("x\n1\n")
    (inside / "link.csv").symlink_to(outside / "secret.csv")
    for file in ("link.csv", "*.csv", "../out/secret.csv", str(outside / "secret.csv")):
        with pytest.raises(ValueError, match="out of the folder"):
            loaded(inside, file=file)
    with pytest.raises(ValueError, match="no such file"):
        loaded(inside, file="x*.csv")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({}, "file"),
        ({"file": ""}, "file"),
        ({"file": "a", "skip": 1}, "skip; allowed are"),
        ({"file": "a", "header": "4"}, "a whole number"),
        ({"file": "a", "header": True}, "a whole number"),
        ({"file": "a", "header": -1}, "counted from 1"),
        ({"file": "a", "columns": []}, "list of names"),
        ({"file": "a", "format": "dbf"}, "allowed are"),
        ("a.csv", "file"),
    ],
)
def test_entries_that_make_no_sense(entry: Any, said: str) -> None:
    """What an entry may not say is named, with what it may."""
    assert said in str(check_entry(entry))


def test_options_of_another_format(tmp_path: Path) -> None:
    """A sheet of a text file means a misunderstanding."""
    (tmp_path / "a.csv").write_text("x\n1\n")
    with pytest.raises(ValueError, match="sheet means nothing for text"):
        loaded(tmp_path, file="a.csv", sheet="May")


def grouped(number: Decimal, group: str, decimal: str) -> str:
    """A number as people write it."""
    whole, _, rest = f"{abs(number):,f}".partition(".")
    return whole.replace(",", group) + (decimal + rest if rest else "")


@given(
    number=st.decimals(-(10**12), 10**12, places=4, allow_nan=False),
    group=st.sampled_from([".", " ", "'", ""]),
    way=st.sampled_from(["before", "after", "brackets"]),
)
def test_numbers_in_both_ways_of_writing(
    engine: duckdb.DuckDBPyConnection, number: Decimal, group: str, way: str
) -> None:
    """Every number comes back to the last digit, however its groups and its sign are written."""
    for macro, mark, decimal in (("number_eu", group, ","), ("number_us", group.replace(".", ","), ".")):
        text = grouped(number, mark, decimal)
        if number < 0:
            text = {"before": f"-{text}", "after": f"{text}-", "brackets": f"({text})"}[way]
        found = engine.execute(f"SELECT {macro}(?)", [text]).fetchall()[0][0]
        assert Decimal(found) == number, text


@given(text=st.text("0123456789.,-+() '€eE", max_size=12))
def test_what_is_no_number_never_becomes_one(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    """A macro gives a number, nothing for nothing, or the text with a remark that no number could hold."""
    for macro in ("number_eu", "number_us"):
        found = engine.execute(f"SELECT {macro}(?)", [text]).fetchall()[0][0]
        if found is None:
            assert not text.strip()
        elif not found.endswith("56)"):
            digits = "".join(c for c in text if c.isdigit())
            assert digits == "".join(c for c in found if c.isdigit())
            assert (
                engine.execute("SELECT TRY_CAST(? AS DECIMAL(38, 6))", [found]).fetchall()[0][0] is not None
            )


@given(day=st.dates())
def test_days(engine: duckdb.DuckDBPyConnection, day: Any) -> None:
    """A day comes back from each way of writing it, only from its own, and as 2024-12-31 from all."""
    year, month, date = f"{day.year:04}", f"{day.month:02}", f"{day.day:02}"
    for macro, text in {
        "day_sap": f"{year}{month}{date}",
        "day_eu": f"{date}.{month}.{year}",
        "day_us": f"{month}/{date}/{year}",
    }.items():
        assert engine.execute(f"SELECT {macro}(?)", [text]).fetchall()[0][0] == day.isoformat()
        assert engine.execute(f"SELECT {macro}(?)", [day.isoformat()]).fetchall()[0][0] == day.isoformat()
        for no_day in ("2024-02-30x", "2024-02-30"):
            assert "not written like" in engine.execute(f"SELECT {macro}('{no_day}')").fetchall()[0][0]


@pytest.mark.parametrize(
    ("call", "gives"),
    [
        ("signed('5.00', 'S')", "5.00"),
        ("signed('5.00', 'h')", "-5.00"),
        ("signed('-5.00', 'H')", "5.00"),
        ("signed('5', 'X')", "5 X"),
        ("signed('5', NULL)", "5 without a sign"),
        ("signed(NULL, 'H')", None),
        ("day_sap('00000000')", None),
        ("day_sap('20250230')", "20250230 (not written like 20241231)"),
        ("in_range('0000500010', '400000', '499999')", False),
        ("in_range('0000400010', '400000', '400010')", True),
        ("in_range('4000', '4000', NULL)", True),
        ("in_range('A12', 'A10', 'A19')", True),
        ("in_range('500', '400', '499')", False),
    ],
)
def test_signs_and_ranges(engine: duckdb.DuckDBPyConnection, call: str, gives: Any) -> None:
    """Debit and credit give signs, what is neither is no number; accounts compare as numbers if they are."""
    assert engine.execute(f"SELECT {call}").fetchall()[0][0] == gives


def test_json_is_read_as_python_reads_it(tmp_path: Path) -> None:
    """Against the standard library: as many records, the same texts."""
    records = [{"a": f"ü{n}", "b": n} for n in range(500)]
    (tmp_path / "a.json").write_text(json.dumps(records))
    assert [(row["a"], row["b"]) for row in loaded(tmp_path, file="a.json")] == [
        (record["a"], str(record["b"])) for record in records
    ]


def tuples(folder: Path, **entry: Any) -> list[tuple[Any, ...]]:
    """The rows that an entry gives, without the names of their columns."""
    return [tuple(row.values()) for row in loaded(folder, **entry)]


def test_rows_that_end_early_are_read_where_the_entry_says_so(tmp_path: Path) -> None:
    """Without it they stop the reading, and the error says what to write; a row too long stops it always."""
    (tmp_path / "short.csv").write_text('a;b;c\n1;2;3\n4;5\n6;"x\ny"\n')
    with pytest.raises(ValueError, match=r"line 3 has 2 values.*short_rows = true"):
        tuples(tmp_path, file="short.csv", delimiter=";")
    rows = tuples(tmp_path, file="short.csv", delimiter=";", short_rows=True)
    assert [row[:3] for row in rows] == [("1", "2", "3"), ("4", "5", None), ("6", "x\ny", None)]
    (tmp_path / "long.csv").write_text("a;b\n1;2;3\n")
    with pytest.raises(ValueError, match="line 2 has more values"):
        tuples(tmp_path, file="long.csv", delimiter=";", short_rows=True)


def test_a_delimiter_that_ends_each_row_stands_for_no_column(tmp_path: Path) -> None:
    """Nothing may stand behind it: a value there would be lost."""
    (tmp_path / "trailing.csv").write_text("title\n\na;b\n1;2;\n3;;\n")
    entry = {"file": "trailing.csv", "delimiter": ";", "header": 3}
    with pytest.raises(ValueError, match="trailing_delimiter = true"):
        tuples(tmp_path, **entry)
    assert tuples(tmp_path, **entry, trailing_delimiter=True) == [("1", "2", 4), ("3", None, 5)]
    (tmp_path / "trailing.csv").write_text("title\n\na;b\n1;2;\n3;4;5\n")
    with pytest.raises(ValueError, match="1 row has more values than there are columns, like '5'"):
        tuples(tmp_path, **entry, trailing_delimiter=True)


def test_a_sheets_columns_get_the_names_that_the_entry_gives(tmp_path: Path) -> None:
    """Where its own repeat, or there are none; a column more than is named is refused."""
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        page = book.add_worksheet()
        for number, row in enumerate([["Amount", "Amount"], [1, 2], [3, 4]]):
            page.write_row(number, 0, row)
    with pytest.raises(ValueError, match="more than once"):
        tuples(tmp_path, file="book.xlsx")
    named = tuples(tmp_path, file="book.xlsx", header=1, columns=["Debit", "Credit"])
    assert named == [("1", "2", 2), ("3", "4", 3)]
    assert len(tuples(tmp_path, file="book.xlsx", columns=["Debit", "Credit"])) == 3
    with pytest.raises(ValueError, match="more columns than the 1"):
        tuples(tmp_path, file="book.xlsx", header=1, columns=["Debit"])
    with pytest.raises(ValueError, match="no row names the columns"):
        tuples(tmp_path, file="book.xlsx", header=0)


def test_archives_hold_workbooks_but_no_archives(tmp_path: Path) -> None:
    """An archive in an archive is named; text that calls itself one, as SAP packs it, is read."""
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        book.add_worksheet().write_row(0, 0, ["a"])
        book.get_worksheet_by_name("Sheet1").write_row(1, 0, ["x"])
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as packed:
        packed.writestr("a.csv", "a\n1\n")
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as packed:
        packed.write(tmp_path / "book.xlsx", "book.xlsx")
        packed.write(tmp_path / "inner.zip", "inner.zip")
        packed.writestr("TABLE.zip", "a\nz\n")
    assert tuples(tmp_path, file="outer.zip", inside="book.xlsx") == [("x", 2, "book.xlsx")]
    assert tuples(tmp_path, file="outer.zip", inside="TABLE.zip", format="text") == [("z", 2, "TABLE.zip")]
    with pytest.raises(ValueError, match=r"inner\.zip in it is an archive, too: unpack outer\.zip first"):
        tuples(tmp_path, file="outer.zip", inside="inner.zip")
