"""Named breakages of the data, each with its own outcome: a refusal, a finding, or totals exactly right.

What is broken at random, by the thousand, stands in test_fuzz.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import small_company
from broken_data import (
    COLUMNS,
    DATE,
    FILES,
    MONEY,
    MUTATIONS,
    NO_DATE,
    NO_INTEGER,
    NO_MONEY,
    SETTINGS,
    TABLES,
    TYPES,
    VALUES,
    parquet,
    swap,
    totals,
)

from finops_toolkit.books import open_books
from finops_toolkit.errors import ContractError, FinopsError, UsageError


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good small folder of five tables as CSV; each test breaks its own copy."""
    data = {name: small_company.tables()[name] for name in TABLES}
    return small_company.write(tmp_path_factory.mktemp("sound"), data)


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    shutil.copytree(sound, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture(scope="module")
def right(sound: Path) -> dict[str, list[list[int]]]:
    """The right totals."""
    return totals(open_books(sound))


def test_there_are_a_hundred_ways() -> None:
    """The table of mutations is as long as promised, and no name stands in two of its parts."""
    parts = (FILES, COLUMNS, VALUES, TYPES, SETTINGS)
    assert sum(map(len, parts)) == len(MUTATIONS) >= 150
    values = (NO_MONEY, MONEY, NO_DATE, DATE, NO_INTEGER)
    assert len(MUTATIONS) + sum(map(len, values)) >= 200


@pytest.mark.parametrize("name", MUTATIONS)
def test_broken(folder: Path, right: dict[str, list[list[int]]], name: str) -> None:
    """Each breakage is refused, found, or does no harm: as its row of the table says."""
    mutate, outcome = MUTATIONS[name]
    mutate(folder)
    outcome.check(folder, right)


@pytest.mark.parametrize(
    ("column", "values", "kind"),
    [("amount", NO_MONEY, "money"), ("posted", NO_DATE, "date"), ("line", NO_INTEGER, "integer")],
)
def test_values_that_are_none(folder: Path, column: str, values: tuple[str, ...], kind: str) -> None:
    """Nothing is guessed: each of these values is refused, counted and shown with its line, none is rounded,
    cut or turned into another.
    """
    rows = small_company.tables()["journal"]
    for row, value in zip(rows, values, strict=False):
        row[column] = value
    (folder / "journal.csv").write_text(small_company.csv_text(rows), encoding="utf8")
    with pytest.raises(ContractError, match=f"{len(values)} values of {column} are no {kind}"):
        open_books(folder)
    said = [f for f in open_books(folder, strict=False).findings() if f.table == "journal"]
    assert said[0].rule == "unreadable_value"
    assert f"{column}_present" not in {finding.rule for finding in said}
    assert said[0].count == len(values)
    assert said[0].rows.row.tolist() == [1, 2, 3, 4, 5]
    assert said[0].rows[column].tolist() == list(values[:5])


def test_values_written_in_other_ways(folder: Path, right: dict[str, list[list[int]]]) -> None:
    """A number or a date that can only mean one thing is read as that, however it is written."""
    for money, date in zip(MONEY, [*DATE, *DATE], strict=False):
        rows = small_company.tables()["journal"]
        rows[0] |= {"amount": money, "posted": date, "line": "+1"}
        (folder / "journal.csv").write_text(small_company.csv_text(rows), encoding="utf8")
        assert totals(open_books(folder)) == right


LOOKED_AT = (
    "binary garbage",
    "cut in the middle of a line",
    "unknown unit",
    "a unit twice",
    "an amount no company has",
    "money as lists",
    "books.toml broken",
)


@pytest.mark.parametrize("name", LOOKED_AT)
def test_broken_books_can_still_be_looked_at(folder: Path, name: str) -> None:
    """`finops check` shows the findings of books that cannot be opened; what is unusable is not in them."""
    MUTATIONS[name][0](folder)
    books = open_books(folder, strict=False)
    errors = [finding for finding in books.findings() if finding.level == "error"]
    assert errors
    assert not {finding.table for finding in errors} & set(books.tables)
    assert set(books.missing).isdisjoint(books.tables)


def test_all_problems_at_once(folder: Path) -> None:
    """Whoever mends the data gets one list: not the first problem of the first table only."""
    for name in ("unknown key", "unknown statement line", "unknown parent", "paid before issue"):
        MUTATIONS[name][0](folder)
    rows = small_company.tables()["journal"]
    rows[0]["amount"], rows[1]["posted"], rows[2]["unit"], rows[3]["account"] = "1,5", "31.12.2024", "X", ""
    (folder / "journal.csv").write_text(small_company.csv_text(rows), encoding="utf8")
    (folder / "stock.parquet").write_bytes(b"PAR1")
    (folder / "rates.csv").write_text("currency,month\nUSD,2025-01\n")
    with pytest.raises(ContractError) as caught:
        open_books(folder)
    message = str(caught.value)
    assert message.startswith("9 problems make data unusable:")
    for words in (
        "has a key 'closed'",
        "line is none of",
        "parent is not in units",
        "1 value of amount is no money: '1,5' in line 2 (write them like 1234.56: 1.5 for '1,5')",
        "1 value of posted is no date: '31.12.2024' in line 3",
        "unit is not in units",
        "account is empty",
        "stock.parquet cannot be read",
        "rates.csv lacks average, closing",
    ):
        assert words in message
    # A difference does not stop the work and is no problem of this list.
    assert "paid" not in message


def test_rows_read_are_rows_used_or_rejected(folder: Path) -> None:
    """No row gets lost between the file and the books: what cannot be used is counted."""
    rows = small_company.tables()["journal"]
    for number in (3, 8, 50):
        rows[number]["amount"] = "?"
    (folder / "journal.csv").write_text(small_company.csv_text(rows), encoding="utf8")
    books = open_books(folder, strict=False)
    rejected = next(f for f in books.contract_findings if f.rule == "unreadable_value")
    used = books.opened.connection.raw_sql('SELECT COUNT(amount) FROM books."journal"').fetchall()[0][0]
    assert books.opened.rows["journal"] == len(rows) == used + rejected.count


@pytest.mark.parametrize("how", ["other amounts", "half of it", "gone"])
def test_a_file_that_changes_meanwhile(folder: Path, how: str) -> None:
    """An export that overwrites a file while a report reads it is refused: figures of two files never mix."""
    parquet()(folder)
    books = open_books(folder)
    path = folder / "journal.parquet"
    if how == "other amounts":
        parquet(lambda table: table.slice(0, 50))(_copy_csv(folder))
    elif how == "half of it":
        path.write_bytes(path.read_bytes()[:1000])
    else:
        path.unlink()
    with pytest.raises(ContractError, match=r"journal\.parquet changed while the books were open"):
        books.panel()
    assert {read.name: read.sha256[:7] for read in books.reads[1:]} == {"panel": "failed:"}


def _copy_csv(folder: Path) -> Path:
    (folder / "journal.csv").write_text("to be replaced")
    return folder


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_without_permission(folder: Path) -> None:
    """A file or folder that may not be read is said, with the name."""
    (folder / "journal.csv").chmod(0)
    with pytest.raises(ContractError, match=r"journal\.csv"):
        open_books(folder)
    folder.chmod(0)
    try:
        with pytest.raises(UsageError, match="may not be read"):
            open_books(folder)
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize(
    "name",
    [
        "data [2025]",
        "data *",
        "what?",
        "it's",
        'the "final" one',
        "ünïcödé 数据",
        "unit=B",
        "a;b",
        "a,b",
        "%20",
        "$HOME",
        "-x",
        "~",
    ],
)
def test_folders_of_any_name(
    sound: Path, tmp_path: Path, right: dict[str, list[list[int]]], name: str
) -> None:
    """A folder's name is a name: no pattern, no column, no code. Its neighbours are not read in its place."""
    for neighbour in ("data 2", "data x", "whatx", "data 0"):
        shutil.copytree(sound, tmp_path / neighbour)
        swap("666.40", "999.99")(tmp_path / neighbour)
    shutil.copytree(sound, tmp_path / name)
    assert totals(open_books(tmp_path / name)) == right
    if name in ("data [2025]", "unit=B"):
        parquet()(tmp_path / name)
        assert totals(open_books(str(tmp_path / name) + "/")) == right


@pytest.mark.parametrize(
    "data",
    [
        "no/such/folder",
        "https://example.org/data",
        "postgresql://user@host/db",
        "s3://bucket/x",
        "x" * 5000,
        "a\0b",
        "~nobody-of-this-name/x",
        "adventureworks2",
        "..\\..",
        "con:",
        "; DROP TABLE x",
        "\n",
    ],
)
def test_no_folder(data: str) -> None:
    """What is no folder is wrong usage (exit 2), with what may be given in its place."""
    with pytest.raises(UsageError) as caught:
        open_books(data)
    assert caught.value.exit_code == 2 and caught.value.hint


def test_a_file_is_no_folder(folder: Path) -> None:
    """A single file given in place of the folder is wrong usage."""
    with pytest.raises(UsageError, match="no folder"):
        open_books(folder / "journal.csv")


def test_a_folder_without_tables(tmp_path: Path) -> None:
    """An empty folder, or one with other things in it, is wrong usage and says what is looked for."""
    with pytest.raises(UsageError, match="none of the contract's tables"):
        open_books(tmp_path)
    (tmp_path / "README.md").write_text("hello")
    with pytest.raises(UsageError, match=r"DICTIONARY"):
        open_books(tmp_path)


def test_only_master_data(tmp_path: Path) -> None:
    """Tables without a month give books without figures: said as such, and `finops check` shows it."""
    small_company.write(tmp_path, {"products": small_company.tables()["products"]}, books=None)
    books = open_books(tmp_path)
    with pytest.raises(ContractError, match="no row with a month"):
        books.panel()
    assert [finding.table for finding in books.findings()] == ["books"]


def test_every_error_is_a_finops_error() -> None:
    """The two errors that users see are of one family, with exit codes 2 and 3."""
    assert issubclass(ContractError, FinopsError) and issubclass(UsageError, FinopsError)
    assert (UsageError.exit_code, ContractError.exit_code) == (2, 3)


@pytest.mark.prove
def test_a_million_bad_rows(tmp_path: Path) -> None:
    """However many rows fail, the findings stay small, and it takes seconds."""
    data = {name: small_company.tables()[name] for name in ("units", "accounts")}
    small_company.write(tmp_path, data)
    count = 1_000_000
    table = pa.table(
        {
            "entry": pa.array([f"E{n // 2}" for n in range(count)]),
            "line": pa.array([1] * count),
            "posted": pa.array(["31.12.2024"] * count),
            "account": pa.array(["nobody"] * count),
            "unit": pa.array(["X"] * count),
            "amount": pa.array(["1,5"] * count),
        }
    )
    pq.write_table(table, tmp_path / "journal.parquet")
    with pytest.raises(ContractError) as caught:
        open_books(tmp_path)
    assert "1,000,000 values" in str(caught.value) and len(str(caught.value)) < 3000
    findings = open_books(tmp_path, strict=False).findings()
    assert all(len(finding.rows) <= 5 for finding in findings)
    assert {f.rule for f in findings} >= {"unreadable_value", "account_known", "unit_known", "unique_key"}
