"""Adapters are foreign text: one SELECT a table, over their own folders only, and it can change nothing."""

from __future__ import annotations

import hashlib
import shutil
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
import small_company

from finops_toolkit.books import Books, open_books
from finops_toolkit.errors import ContractError, UsageError

BOOKS = """
name = "Foreign"
closed_through = "2025-03"
[sources]
ledger = { file = "ledger.csv" }
plants = { file = "plants.csv", delimiter = ";", columns = ["id", "label"] }
"""
SELECTS = {
    "units": "SELECT id AS unit, label AS name, NULL AS parent, 'EUR' AS currency FROM plants",
    "accounts": "-- the chart\nSELECT DISTINCT konto AS account, konto AS name, "
    "CASE WHEN konto < '4000' THEN 'cash' ELSE 'revenue' END AS line FROM ledger;",
    "journal": "SELECT beleg AS entry, ROW_NUMBER() OVER (PARTITION BY beleg ORDER BY konto) AS line, "
    "datum AS posted, konto AS account, werk AS unit, CAST(betrag AS DECIMAL(19, 4)) AS amount FROM ledger",
}
LEDGER = "beleg,datum,konto,werk,betrag\n1,2025-03-01,1000,W1,100.50\n1,2025-03-01,4000,W1,-100.50\n"


@pytest.fixture
def foreign(tmp_path: Path) -> tuple[Path, Path]:
    """An adapter that works, and the folder with its raw files."""
    adapter, source = tmp_path / "adapter", tmp_path / "source"
    adapter.mkdir()
    source.mkdir()
    (adapter / "books.toml").write_text(BOOKS)
    for name, select in SELECTS.items():
        (adapter / f"{name}.sql").write_text(select)
    (source / "ledger.csv").write_text(LEDGER)
    (source / "plants.csv").write_text("W1;Werk 1\nW2;Werk 2\n")
    (tmp_path / "secret.csv").write_text("unit,name,parent,currency\nSECRET,s,,EUR\n")
    return adapter, source


def hashes(*folders: Path) -> dict[str, str]:
    """What lies in some folders, byte by byte."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_an_adapter_needs_no_python(foreign: tuple[Path, Path]) -> None:
    """SELECTs and a short TOML make books of foreign files."""
    books = open_books(*foreign)
    assert books.name == "Foreign" and list(books.units.unit) == ["TOTAL", "W1", "W2"]
    assert books.panel().matrix("revenue").tolist() == [[1_005_000], [1_005_000], [0]]
    assert books.findings()[0].rule == "opening_balances"


FORBIDDEN = {
    "two statements": "SELECT 1 AS unit; SELECT 2",
    "DROP": "DROP TABLE raw.units",
    "CREATE": "CREATE TABLE x AS SELECT 1",
    "COPY out": "COPY (SELECT 1) TO '{source}/out.csv'",
    "COPY in a subquery": "SELECT * FROM (COPY (SELECT 1) TO '{source}/out.csv')",
    "COPY through query()": "SELECT * FROM query('COPY (SELECT 1) TO ''{source}/out.csv''')",
    "INSERT in a WITH": "WITH x AS (INSERT INTO raw.units VALUES (1) RETURNING *) SELECT * FROM x",
    "ATTACH": "ATTACH '{outside}/other.db' AS other",
    "INSTALL": "INSTALL httpfs",
    "LOAD": "LOAD httpfs",
    "SET": "SET enable_external_access = true",
    "PRAGMA": "PRAGMA database_list",
    "CALL": "CALL pragma_version()",
    "EXPORT": "EXPORT DATABASE '{source}/dump'",
    "nothing": "",
    "a comment": "-- later",
    "broken SQL": "SELEC unit FORM plants",
    "another table": "SELECT * FROM plant",
    "another column": "SELECT id AS unit, town AS name, 'EUR' AS currency FROM plants",
    "a value that fails": "SELECT CAST('x' AS INTEGER) AS unit, 'n' AS name, 'EUR' AS currency",
    "passwords": "SELECT * FROM read_csv('/etc/passwd', delim = ':', header = false)",
    "passwords as text": "SELECT content AS unit FROM read_text('/etc/passwd')",
    "a file outside": "SELECT * FROM read_csv('{outside}/secret.csv')",
    "a file outside, as a table": "SELECT * FROM '{outside}/secret.csv'",
    "a file outside, by dots": "SELECT * FROM read_csv('{source}/../secret.csv')",
    "files outside, by a pattern": "SELECT * FROM read_csv('{outside}/*.csv', union_by_name = true)",
    "names of files outside": "SELECT file AS unit FROM glob('{outside}/*')",
    "a folder's name continued": "SELECT * FROM read_csv('{source}2/secret.csv')",
    "a file from the net": "SELECT * FROM read_csv('https://example.org/x.csv')",
    "a variable of Python": "SELECT * FROM opened",
    "another database": "SELECT * FROM sqlite_scan('{source}/x.db', 'units')",
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_an_adapter_may_not_do(foreign: tuple[Path, Path], name: str) -> None:
    """Whatever is no SELECT over its own files is refused as an error of that table; nothing is changed."""
    adapter, source = foreign
    shutil.copytree(source, f"{source}2")
    shutil.copy(source.parent / "secret.csv", f"{source}2")
    select = FORBIDDEN[name].format(source=source, outside=source.parent)
    (adapter / "units.sql").write_text(select)
    before = hashes(source.parent)
    with pytest.raises(ContractError) as caught:
        open_books(adapter, source)
    assert "units" in str(caught.value) and "SECRET" not in str(caught.value)
    assert hashes(source.parent) == before


def test_a_link_in_the_source_leads_nowhere_else(foreign: tuple[Path, Path]) -> None:
    """A link out of the source folder is not followed."""
    adapter, source = foreign
    (source / "plants.csv").unlink()
    (source / "plants.csv").symlink_to(source.parent / "secret.csv")
    with pytest.raises(ContractError, match="plants"):
        open_books(adapter, source)


BROKEN_SOURCES = {
    "the file is away": (
        'ledger = { file = "nowhere.csv" }',
        "source ledger (nowhere.csv) cannot be read: there is no such file",
    ),
    "a file outside": ('ledger = { file = "../secret.csv" }', "it leads out of the folder"),
    "an absolute path": ('ledger = { file = "/etc/passwd" }', "it leads out of the folder"),
    "no file": ("ledger = { }", "[sources.ledger] is not understood"),
    "not even a table": ('ledger = "ledger.csv"', "[sources.ledger] is not understood"),
    "an option nobody knows": (
        'ledger = { file = "ledger.csv", skip = 1 }',
        "[sources.ledger] is not understood",
    ),
    "columns as text": (
        'ledger = { file = "ledger.csv", columns = "a" }',
        "[sources.ledger] is not understood",
    ),
    "columns twice": ('ledger = { file = "ledger.csv", columns = ["a", "A"] }', "column a more than once"),
    "an encoding nobody knows": (
        'ledger = { file = "ledger.csv", encoding = "klingon" }',
        "unknown encoding: klingon",
    ),
    "too few columns": ('ledger = { file = "ledger.csv", columns = ["a", "b"] }', "line 1 has more values"),
}


@pytest.mark.parametrize("name", BROKEN_SOURCES)
def test_sources(foreign: tuple[Path, Path], name: str) -> None:
    """A source that is not there or not understood is said by its name."""
    adapter, source = foreign
    line, message = BROKEN_SOURCES[name]
    (adapter / "books.toml").write_text(BOOKS.replace('ledger = { file = "ledger.csv" }', line))
    with pytest.raises(ContractError) as caught:
        open_books(adapter, source)
    assert message in str(caught.value)


def test_usage_of_adapters(foreign: tuple[Path, Path], tmp_path: Path) -> None:
    """An adapter needs its source folder, and only an adapter takes one."""
    adapter, source = foreign
    with pytest.raises(UsageError, match="needs the folder its raw files lie in"):
        open_books(adapter)
    with pytest.raises(UsageError, match="no folder"):
        open_books(adapter, source / "nowhere")
    with pytest.raises(UsageError, match="no folder"):
        open_books(adapter, source / "ledger.csv")
    data = small_company.write(tmp_path / "plain", {"units": small_company.tables()["units"]})
    with pytest.raises(UsageError, match="--source goes with an adapter"):
        open_books(data, source)


def test_a_stray_query_makes_no_adapter(tmp_path: Path) -> None:
    """A folder of tables stays one if somebody left a query in it."""
    (tmp_path / "my query.sql").write_text("SELECT 1")
    data = {name: small_company.tables()[name] for name in ("units", "orders", "products")}
    books = open_books(small_company.write(tmp_path, data))
    assert [finding.rule for finding in books.findings()] == ["customer_known"] or books.tables
    assert ("my query", "unknown_table") in {(f.table, f.rule) for f in books.findings()}


def test_a_table_beside_the_selects_is_not_overlooked(foreign: tuple[Path, Path]) -> None:
    """In an adapter's folder a file of data is not read, and that is said."""
    adapter, source = foreign
    (adapter / "targets.csv").write_text("kpi,unit,month,value\notif,W1,2025-01,0.9\n")
    said = [finding for finding in open_books(adapter, source).findings() if finding.table == "targets"]
    assert len(said) == 1 and "targets.sql" in str(said[0])


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """Books of a plain folder."""
    return open_books(small_company.write(tmp_path_factory.mktemp("plain"), kind="parquet"))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd', delim = ':', header = false)",
        "COPY (SELECT 1) TO '/tmp/finops_out.csv'",
        "ATTACH '/tmp/finops_out.db' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET allowed_directories = ['/']",
        "SET autoinstall_known_extensions = true",
        "SET extension_directory = '/tmp'",
        "SELECT * FROM read_parquet('https://example.org/x.parquet')",
    ],
)  # fmt: skip
def test_the_connection_is_locked(books: Books, statement: str) -> None:
    """Not even the package's own code can read elsewhere, load an extension, or undo that."""
    with pytest.raises(duckdb.Error):
        books.opened.connection.raw_sql(statement)


def test_nothing_is_written(tmp_path: Path) -> None:
    """Opening, checking and computing leave the data as it was, and no file beside it."""
    folder = small_company.write(tmp_path / "data", kind="parquet")
    before = hashes(tmp_path)
    books = open_books(folder)
    books.findings()
    books.panel()
    books.rows("journal")
    assert hashes(tmp_path) == before
    for path in folder.iterdir():
        path.chmod(0o400)
    folder.chmod(0o500)
    try:
        assert open_books(folder).findings() == []
    finally:
        folder.chmod(0o700)


def findings(books: Books, rule: str) -> list[str]:
    """What is said by one rule."""
    return [str(finding) for finding in books.findings() if finding.rule == rule]


TIED = """
[tables.journal]
from = "ledger"
amount = "betrag"
column = "amount"
"""


def test_every_row_of_a_source_is_used_or_rejected(foreign: tuple[Path, Path]) -> None:
    """Rows left out with a reason tie out, by rows and by money; rows just gone are a difference."""
    adapter, source = foreign
    (adapter / "books.toml").write_text(BOOKS + TIED)
    (source / "ledger.csv").write_text(LEDGER + "2,2025-03-02,1000,W1,7.25\n2,2025-03-02,9999,W1,-7.25\n")
    (adapter / "journal.sql").write_text(SELECTS["journal"] + " WHERE beleg <> '2'")
    (adapter / "journal.rejected.sql").write_text(
        "SELECT 'entry 2 is a test' AS reason, betrag AS amount FROM ledger WHERE konto = '9999'"
    )
    books = open_books(adapter, source)
    (tie,) = books.opened.ties
    assert (tie.read, tie.used, tie.rows_missing) == (4, 2, 1)
    assert (tie.amount_read, tie.amount_used, tie.amount_missing) == (0, 0, 72_500)
    (said,) = findings(books, "tied")
    assert "1 of 4 rows of ledger are neither used nor rejected; 7.25 of amount" in said
    (adapter / "journal.rejected.sql").write_text(
        "SELECT 'entry 2 is a test' AS reason, betrag AS amount FROM ledger WHERE beleg = '2'"
    )
    books = open_books(adapter, source)
    assert not findings(books, "tied")
    assert [(part.reason, part.rows, part.amount) for part in books.opened.ties[0].rejected] == [
        ("entry 2 is a test", 2, 0)
    ]


def test_a_join_that_doubles_rows_is_said(foreign: tuple[Path, Path]) -> None:
    """A SELECT that gives more than there was counts rows twice; one that adds rows up says how many."""
    adapter, source = foreign
    (adapter / "books.toml").write_text(BOOKS + TIED)
    (adapter / "journal.sql").write_text(
        "SELECT beleg || p.id AS entry, 1 AS line, datum AS posted, konto AS account, werk AS unit, "
        "CAST(betrag AS DECIMAL(19, 4)) AS amount FROM ledger, plants AS p WHERE konto = '1000'"
    )
    assert "-201.00 of amount" in findings(open_books(adapter, source), "tied")[0]
    (adapter / "journal.sql").write_text(
        "SELECT 'all' AS entry, ROW_NUMBER() OVER (ORDER BY konto) AS line, MIN(datum) AS posted, "
        "konto AS account, MIN(werk) AS unit, SUM(CAST(betrag AS DECIMAL(19, 4))) AS amount, "
        "COUNT(*) AS source_rows FROM ledger GROUP BY konto"
    )
    (source / "ledger.csv").write_text(LEDGER + "2,2025-03-02,1000,W1,7.25\n2,2025-03-02,4000,W1,-7.25\n")
    books = open_books(adapter, source)
    assert (books.opened.ties[0].used, books.opened.ties[0].rows_missing) == (4, 0)
    assert not findings(books, "tied") and not findings(books, "extra_column")


@pytest.mark.parametrize(
    ("tie", "said"),
    [
        ('[tables.nothing]\nfrom = "ledger"', "the contract has no such table"),
        ('[tables.journal]\nfrom = "sales"', "there is no source sales; there is ledger, plants"),
        ('[tables.journal]\nfrom = "ledger"\namount = "betrag"', "amount and column go together"),
        ('[tables.journal]\nfrom = "ledger"\namount = "betrag"\ncolumn = "entry"', "no column of money"),
        ('[tables.journal]\nfrom = "ledger"\namount = "betrug"\ncolumn = "amount"', "betrug"),
        ('[tables.journal]\nfrom = "ledger"\namount = "1); DROP TABLE x; --"\ncolumn = "amount"', "journal"),
        ("[tables]\njournal = 1", "write from"),
    ],
)
def test_ties_that_make_no_sense(foreign: tuple[Path, Path], tie: str, said: str) -> None:
    """What is wrong with a tie is said by the table's name."""
    adapter, source = foreign
    (adapter / "books.toml").write_text(BOOKS + tie)
    with pytest.raises(ContractError) as caught:
        open_books(adapter, source)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("select", "said"),
    [
        ("SELECT id AS unit\n  , label AS name\n FORM plants", "line 3: "),
        ("-- plants\nSELECT id AS unit,\n       lable AS name\nFROM plants", "line 3: "),
        ("\n\nSELECT id AS unit, label AS name FROM palnts", "line 3: "),
    ],
)
def test_errors_point_at_the_line_of_the_select(foreign: tuple[Path, Path], select: str, said: str) -> None:
    """The line as the editor counts it, its text, and the place in it."""
    adapter, source = foreign
    (adapter / "units.sql").write_text(select)
    with pytest.raises(ContractError) as caught:
        open_books(adapter, source)
    message = str(caught.value)
    line = select.splitlines()[2]
    wrong = next(word for word in ("FORM", "lable", "palnts") if word in line)
    assert f"units.sql cannot be read: {said}" in message
    shown, pointer = next((a, b) for a, b in pairwise(message.splitlines()) if a.strip() == line.strip())
    assert shown[pointer.index("^") :].startswith(wrong)


def test_values_are_found_in_the_source(foreign: tuple[Path, Path]) -> None:
    """A value that cannot be read is named with its file, row and column, whatever the SELECT made of it."""
    adapter, source = foreign
    (source / "ledger.csv").write_text("beleg,datum,konto,werk,betrag\n1,31.03.2025,1000,W1,1.5\n")
    (adapter / "journal.sql").write_text(
        "SELECT beleg AS entry, 1 AS line, day_eu(datum) AS posted, konto AS account, werk AS unit, "
        "number_eu(betrag) AS amount FROM ledger"
    )
    with pytest.raises(ContractError) as caught:
        open_books(adapter, source)
    assert "1 value of amount is no money: '1.5' in row 2 of ledger.csv, column betrag" in str(caught.value)
    assert "if all are like '1.5', take number_us(betrag)" in str(caught.value)
    row = "1,31.03.2025,1000,W1,1.5\n"
    (source / "ledger.csv").write_text(f"beleg,datum,konto,werk,betrag\n{row}{row}")
    with pytest.raises(ContractError, match=r"2 values of amount are no money: '1\.5' in rows 2, 3"):
        open_books(adapter, source)


FAILING = {
    "a date in another style": ("posted", "datum", "31.12.2024", "'31.12.2024' is read by day_eu(datum)"),
    "a date that may be two": ("posted", "datum", "01/02/2024", "is 2024-02-01 with day_eu(datum)"),
    "a computed amount": ("amount", "CAST(betrag AS DECIMAL(19, 4)) * 2", "1.234,50", "number_eu(betrag)"),
    "a computed amount, of no style": (
        "amount",
        "CAST(betrag AS DECIMAL(19, 4)) * 2",
        "n/a",
        "leave the row",
    ),
    "a column that is not there": ("amount", "betrg", "1.00", "did you mean betrag"),
    "a macro without its value": ("amount", "number_eu(betrag, 1)", "1.00", "write number_eu(t)"),
    "text as a number": ("amount", "-betrag", "1.00", "needs numbers"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_mistake_is_said_once_with_its_place_and_its_mending(foreign: tuple[Path, Path], name: str) -> None:
    """The value stands with file, row and column, also within a computed amount; no word is the engine's."""
    adapter, source = foreign
    column, expression, value, said = FAILING[name]
    cells = {"posted": "datum", "amount": "betrag"} | {column: expression}
    row = {"datum": "2025-03-01", "betrag": "1.00"} | {"datum" if column == "posted" else "betrag": value}
    (source / "ledger.csv").write_text(
        f'beleg,datum,konto,werk,betrag\n1,2025-03-01,1000,W1,2\n1,{row["datum"]},4000,W1,"{row["betrag"]}"\n'
    )
    (adapter / "journal.sql").write_text(
        f"SELECT beleg AS entry, ROW_NUMBER() OVER () AS line, {cells['posted']} AS posted,\n"
        f"konto AS account, werk AS unit,\n{cells['amount']} AS amount\nFROM ledger"
    )
    errors = [f for f in open_books(adapter, source, strict=False).findings() if f.level == "error"]
    text = str(errors[0])
    assert said in text
    assert "row 3" in text or value == "1.00"
    assert errors[0].text.count(value) == (value != "1.00")
    assert not [word for word in ("Candidate", "Conversion", "Macro", "Binder") if word in text]


def test_money_that_cannot_be_read_is_named_when_a_table_is_tied(foreign: tuple[Path, Path]) -> None:
    """The amount of [tables.…] is SQL over the source: its values have a place, too."""
    adapter, source = foreign
    tie = '[tables.journal]\nfrom = "ledger"\namount = "CAST(betrag AS DECIMAL(19, 4))"\ncolumn = "amount"\n'
    (adapter / "books.toml").write_text(BOOKS + tie)
    (adapter / "journal.sql").write_text(SELECTS["journal"] + " WHERE konto <> '9'")
    (source / "ledger.csv").write_text(LEDGER + "2,2025-03-01,9,W1,none\n")
    with pytest.raises(ContractError) as caught:
        open_books(adapter, source)
    assert "'none' is no number (ledger.csv, row 4, column betrag)" in str(caught.value)


def with_a_view(adapter: Path, view: str = "SELECT *, beleg AS entry FROM ledger") -> None:
    """Two views, one on the other; accounts and the journal are made of the second."""
    (adapter / "a_rows.view.sql").write_text(view)
    (adapter / "postings.view.sql").write_text("SELECT * FROM a_rows WHERE konto <> '9'")
    for table in ("accounts", "journal"):
        (adapter / f"{table}.sql").write_text(SELECTS[table].replace("FROM ledger", "FROM postings"))


def test_what_several_selects_start_from_is_written_once(foreign: tuple[Path, Path]) -> None:
    """A view is a table for the other SELECTs, and for those of the rows left out; the tie is to the file."""
    adapter, source = foreign
    with_a_view(adapter)
    tie = '[tables.journal]\nfrom = "ledger"\namount = "CAST(betrag AS DECIMAL(19, 4))"\ncolumn = "amount"\n'
    (adapter / "books.toml").write_text(BOOKS + tie)
    (adapter / "journal.rejected.sql").write_text(
        "SELECT 'statistical' AS reason, CAST(betrag AS DECIMAL(19, 4)) AS amount "
        "FROM a_rows WHERE konto = '9'"
    )
    (source / "ledger.csv").write_text(LEDGER + "2,2025-03-01,9,W1,7.25\n")
    books = open_books(adapter, source)
    assert books.panel().matrix("revenue").tolist() == [[1_005_000], [1_005_000], [0]]
    (tied,) = books.opened.ties
    assert (tied.read, tied.used, tied.rows_missing, tied.amount_missing) == (3, 2, 0, 0)
    assert [(part.reason, part.rows) for part in tied.rejected] == [("statistical", 1)]
    (source / "ledger.csv").write_text(LEDGER + "2,2025-03-01,8,W1,7.25\n")
    (adapter / "postings.view.sql").write_text("SELECT * FROM a_rows WHERE konto <> '8'")
    assert open_books(adapter, source).opened.ties[0].amount_missing == 72_500


def test_a_view_that_is_wrong_is_said_once(foreign: tuple[Path, Path]) -> None:
    """The line of the view is shown; what is made of it says that it waits for it."""
    adapter, source = foreign
    with_a_view(adapter, "SELECT *,\n  belge AS entry\nFROM ledger")
    said = {
        f.table: f.text for f in open_books(adapter, source, strict=False).findings() if f.level == "error"
    }
    assert (
        "a_rows.view.sql cannot be read: line 2: no source that it reads has a column belge" in said["a_rows"]
    )
    assert "it needs the source a_rows, which could not be read" in said["postings"]
    assert "it needs the source postings, which could not be read" in said["journal"]


@pytest.mark.parametrize("macro_in_view", [False, True])
def test_a_value_that_came_through_views_has_its_place(
    foreign: tuple[Path, Path], macro_in_view: bool
) -> None:
    """The file and row it stands in, whether the view has already tried to read it or not."""
    adapter, source = foreign
    with_a_view(
        adapter,
        "SELECT * REPLACE (number_us(betrag) AS betrag) FROM ledger" if macro_in_view else "FROM ledger",
    )
    (source / "ledger.csv").write_text(LEDGER.replace("-100.50", "-100.5O"))
    with pytest.raises(ContractError, match=r"'-100\.5O' is no number \(ledger\.csv, row 3, column betrag\)"):
        open_books(adapter, source)
