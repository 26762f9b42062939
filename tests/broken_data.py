"""More than a hundred ways to break the small company's files, each with what must come of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import small_company

from finops_toolkit.books import Books, Finding, open_books
from finops_toolkit.errors import ContractError

Mutate = Callable[[Path], object]

TABLES = ("units", "accounts", "journal")


def totals(books: Books) -> dict[str, list[list[int]]]:
    """What the tables come to, in every unit and month."""
    panel = books.panel()
    return {name: panel.matrix(name).tolist() for name in ("revenue", "cogs", "cash", "receivables")}


# --- how to break --------------------------------------------------------------------------------


def text(change: Callable[[str], str], table: str = "journal") -> Mutate:
    """Change the text of a CSV file."""

    def act(folder: Path) -> None:
        path = folder / f"{table}.csv"
        path.write_text(change(path.read_text(encoding="utf8")), encoding="utf8", newline="")

    return act


def swap(old: str, new: str, count: int = 1, table: str = "journal") -> Mutate:
    """Replace some text in a CSV file."""

    def change(whole: str) -> str:
        assert old in whole
        return whole.replace(old, new, count)

    return text(change, table)


def raw(change: Callable[[bytes], bytes], table: str = "journal") -> Mutate:
    """Change the bytes of a CSV file."""

    def act(folder: Path) -> None:
        path = folder / f"{table}.csv"
        path.write_bytes(change(path.read_bytes()))

    return act


def cell(column: str, value: str, row: int = 0, table: str = "journal") -> Mutate:
    """Write a value into a cell."""

    def act(folder: Path) -> None:
        rows = small_company.tables()[table]
        assert column in rows[0]
        rows[row][column] = value
        (folder / f"{table}.csv").write_text(small_company.csv_text(rows), encoding="utf8")

    return act


def parquet(change: Callable[[pa.Table], pa.Table] = lambda table: table, table: str = "journal") -> Mutate:
    """Parquet in place of CSV, changed as Arrow."""

    def act(folder: Path) -> None:
        (folder / f"{table}.csv").unlink()
        arrow = small_company.arrow(table, small_company.tables()[table])
        pq.write_table(change(arrow), folder / f"{table}.parquet")

    return act


def column(name: str, change: Callable[[list], pa.Array], table: str = "journal") -> Mutate:
    """Parquet with one column made anew from its values."""

    def act(arrow: pa.Table) -> pa.Table:
        at = arrow.column_names.index(name)
        return arrow.set_column(at, name, change(arrow.column(name).to_pylist()))

    return parquet(act, table)


def cut(share: float) -> Mutate:
    """A Parquet file of which only the first part was written."""

    def act(folder: Path) -> None:
        parquet()(folder)
        path = folder / "journal.parquet"
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])

    return act


def settings(content: str | bytes) -> Mutate:
    """Another books.toml."""

    def act(folder: Path) -> None:
        (folder / "books.toml").write_bytes(content if isinstance(content, bytes) else content.encode())

    return act


def all_of(*mutations: Mutate) -> Mutate:
    """Several breakages together."""

    def act(folder: Path) -> None:
        for mutate in mutations:
            mutate(folder)

    return act


def documents(folder: Path) -> None:
    """Invoices beside the journal, so that its receivables have something to agree with."""
    data = {name: small_company.tables()[name] for name in ("customers", "invoices")}
    small_company.write(folder, data, books=None)


def no_change(_: Path) -> None:
    """Nothing is broken."""


# --- what must come of it ------------------------------------------------------------------------


class Outcome:
    """What must come of a breakage."""

    def check(self, folder: Path, right: dict[str, list[list[int]]]) -> None:
        """Open the folder and see."""
        raise NotImplementedError


class Refused(Outcome):
    """Opening says no with exit code 3, and the message holds these words."""

    def __init__(self, *words: str):
        self.words = words

    def check(self, folder: Path, right: dict[str, list[list[int]]]) -> None:
        """Open and read the message."""
        with pytest.raises(ContractError) as caught:
            open_books(folder).panel()
        assert caught.value.exit_code == 3
        message = str(caught.value)
        for word in self.words:
            assert word in message, message
        assert "Traceback" not in message and len(message) < 4000


class Found(Outcome):
    """The work goes on and a finding says so, with count and amount where they are known."""

    def __init__(self, table: str, rule: str, count: int | None = None, amount: str | None = None):
        self.table, self.rule, self.count, self.amount = table, rule, count, amount

    def check(self, folder: Path, right: dict[str, list[list[int]]]) -> None:
        """Open and look for it."""
        finding = find(open_books(folder), self.table, self.rule)
        if self.count is not None:
            assert finding.count == self.count
        if self.amount is not None:
            assert finding.amount == int(Decimal(self.amount) * 10_000)


class Same(Outcome):
    """Totals are exactly right, and every row is there."""

    def check(self, folder: Path, right: dict[str, list[list[int]]]) -> None:
        """Open and compare."""
        books = open_books(folder)
        assert totals(books) == right
        assert books.opened.rows["journal"] == len(small_company.tables()["journal"])
        assert [finding for finding in books.findings() if finding.level != "note"] == []


class Noted(Same):
    """Totals are exactly right and something is said."""

    def __init__(self, table: str, rule: str):
        self.table, self.rule = table, rule

    def check(self, folder: Path, right: dict[str, list[list[int]]]) -> None:
        """Open, compare, and look for what is said."""
        super().check(folder, right)
        find(open_books(folder), self.table, self.rule)


def find(books: Books, table: str, rule: str) -> Finding:
    """The one finding of that rule."""
    said = {(finding.table, finding.rule): finding for finding in books.findings()}
    assert (table, rule) in said, said
    return said[table, rule]


same = Same()
FILES: dict[str, tuple[Mutate, Outcome]] = {
    "nothing broken": (no_change, same),
    "CSV of 0 bytes": (raw(lambda b: b""), Refused("journal.csv", "empty (0 bytes)")),
    "CSV with its first line only": (
        text(lambda t: t.splitlines()[0] + "\n"),
        Refused("journal.csv", "no rows"),
    ),
    "CSV of one line feed": (raw(lambda b: b"\n"), Refused("journal.csv", "first line is empty")),
    "CSV of line feeds": (raw(lambda b: b"\n" * 9), Refused("journal.csv", "first line is empty")),
    "binary garbage": (raw(lambda b: bytes(range(256)) * 20), Refused("journal.csv", "UTF-8")),
    "NUL bytes": (raw(lambda b: b"\0" * 4096), Refused("journal.csv")),
    "a NUL byte in an amount": (
        raw(lambda b: b.replace(b"119.00", b"119\0.00", 1)),
        Refused("amount", "1 value of"),
    ),
    "a web page": (
        raw(lambda b: b"<!DOCTYPE html>\n<html><head><title>Log in</title></head>" + b"<p>x, y</p>\n" * 500),
        Refused("journal.csv"),
    ),
    "a web page in one line": (
        raw(lambda b: b"<html>" + b"<p>Please, log in</p>" * 9000),
        Refused("journal.csv"),
    ),
    "JSON": (
        raw(lambda b: b'[{"entry": "E00", "line": 1, "amount": 1.5}, ' * 400 + b"]\n1\n"),
        Refused("journal.csv"),
    ),
    "a workbook": (raw(lambda b: b"PK\3\4" + bytes(range(256)) * 20), Refused("journal.csv", "UTF-8")),
    "a packed file": (
        raw(lambda b: b"\x1f\x8b\x08" + bytes(range(256)) * 20),
        Refused("journal.csv", "UTF-8"),
    ),
    "ten thousand columns": (
        text(lambda t: ",".join(f"c{n}" for n in range(10_000)) + "\n" + "," * 9_999 + "\n"),
        Refused("journal.csv lacks entry", "10,000 in all"),
    ),
    "UTF-16": (raw(lambda b: b.decode().encode("utf-16")), Refused("journal.csv", "UTF-16", "CSV UTF-8")),
    "UTF-16 without a mark": (raw(lambda b: b.decode().encode("utf-16-le")), Refused("journal.csv")),
    "Latin-1": (
        raw(lambda b: b.replace(b"Aachen", "Köln".encode("latin-1")), "units"),
        Refused("units.csv", "not UTF-8", "CSV UTF-8"),
    ),
    "Latin-1 deep in the file": (
        all_of(documents, raw(lambda b: b + b"C9,M\xfcller,trade,30\n" * 9000, "customers")),
        Refused("customers.csv", "UTF-8"),
    ),
    "byte order mark": (raw(lambda b: b"\xef\xbb\xbf" + b), same),
    "semicolons": (text(lambda t: t.replace(",", ";")), same),
    "tabs": (text(lambda t: t.replace(",", "\t")), same),
    "bars": (text(lambda t: t.replace(",", "|")), same),
    "semicolons and decimal commas": (
        text(lambda t: t.replace(",", ";").replace(".", ",")),
        Refused("journal.csv", "amount", "no money", "like 1234.56"),
    ),
    "decimal comma between commas": (
        swap("E07,1,2025-01-31,5400,A,120.00,cost,MAN", "E07,1,2025-01-31,5400,A,120,00,cost,MAN"),
        Refused("journal.csv", "line 35"),
    ),
    "decimal comma with nothing behind": (
        swap("119.00,opening,", "119,5,opening,"),
        Refused("journal.csv", "line 3", "more values"),
    ),
    "carriage return and line feed": (raw(lambda b: b.replace(b"\n", b"\r\n")), same),
    "carriage returns": (raw(lambda b: b.replace(b"\n", b"\r")), same),
    "mixed ends of lines": (
        raw(lambda b: b.replace(b"\n", b"\r\n", 9)),
        Refused("journal.csv", "end in different ways"),
    ),
    "no end of the last line": (text(str.rstrip), same),
    "cut in the middle of a line": (text(lambda t: t[:-30]), Refused("journal.csv", "line 105 has 3 values")),
    "quotation mark opened": (swap("E05,1", '"E05,1'), Refused("journal.csv", "line 26", "quotation mark")),
    "two quotation marks opened": (
        all_of(swap("E05,1", '"E05,1'), swap("E07,2", 'E07,"2')),
        Refused("journal.csv", "quotation mark"),
    ),
    "everything quoted": (
        text(lambda t: "\n".join('"' + line.replace(",", '","') + '"' for line in t.splitlines()) + "\n"),
        same,
    ),
    "line break in a value": (swap("Plant Aachen", '"Plant\nAachen"', table="units"), same),
    "quotation marks in a value": (swap("Plant Aachen", '"Plant ""Aachen"", old"', table="units"), same),
    "an inch mark in a value": (swap("Plant Aachen", 'Plant 3" pipe', table="units"), same),
    "a line too short": (swap("119.00,payment,", "119.00"), Refused("journal.csv", "line 26 has 6 values")),
    "a line too long": (
        swap("119.00,payment,", "119.00,payment,,,x"),
        Refused("journal.csv", "line 26 has more values"),
    ),
    "an empty value too many": (
        swap("119.00,payment,", "119.00,payment,,"),
        Refused("journal.csv", "line 26"),
    ),
    "a first line too short": (swap("kind,department", "kind"), Refused("journal.csv", "line 2")),
    "a title above the columns": (text(lambda t: "Journal of 2025\n" + t), Refused("journal.csv", "line 2")),
    "a comment above the columns": (
        text(lambda t: "# exported today\n" + t),
        Refused("journal.csv", "line 2"),
    ),
    "a line that begins like a comment": (
        swap("E07,1", "#E07,1"),
        Found("journal", "entry_balances", 2, "240"),
    ),
    "empty lines": (swap("E07,1", "\n\nE07,1"), same),
    "a total at the end": (
        text(lambda t: t + "Total,,,,,0.00,,\n"),
        Refused("journal", "line is empty", "posted is empty", "account is empty"),
    ),
    "the file twice, as CSV and Parquet": (
        lambda d: small_company.write(d, {"journal": small_company.tables()["journal"]}, "parquet"),
        Refused("journal", "more than once", "keep one"),
    ),
    "the file twice, first one broken": (
        all_of(
            lambda d: small_company.write(d, {"journal": small_company.tables()["journal"]}, "parquet"),
            raw(lambda b: b""),
        ),
        Refused("journal", "more than once"),
    ),
    "capital letters": (lambda d: (d / "journal.csv").rename(d / "JOURNAL.CSV"), same),
    "hidden files of other programs": (
        lambda d: [
            (d / name).write_bytes(b"\0\1") for name in (".journal.csv", "~$journal.csv", "._units.csv")
        ],
        same,
    ),
    "other files": (
        lambda d: [(d / name).write_bytes(b"\0") for name in ("README.md", "Thumbs.db", "plan.xlsx")],
        same,
    ),
    "a table nobody knows": (
        lambda d: (d / "jurnal2.csv").write_text("a\n1\n"),
        Noted("jurnal2", "unknown_table"),
    ),
    "a workbook in place of a table": (
        lambda d: (d / "orders.xlsx").write_bytes(b"PK"),
        Noted("orders", "unknown_table"),
    ),
    "a packed table": (
        lambda d: (d / "orders.csv.gz").write_bytes(b"\x1f\x8b"),
        Noted("orders.csv", "unknown_table"),
    ),
    "folder in place of a file": (
        lambda d: ((d / "journal.csv").unlink(), (d / "journal.csv").mkdir()),
        Refused("journal.csv", "no file"),
    ),
    "link to a file outside": (
        lambda d: (
            (d / "journal.csv").rename(d.parent / "j.csv"),
            (d / "journal.csv").symlink_to(d.parent / "j.csv"),
        ),
        Refused("journal.csv", "out of the folder"),
    ),
    "link to nothing": (
        lambda d: ((d / "journal.csv").unlink(), (d / "journal.csv").symlink_to(d / "away.csv")),
        Refused("journal.csv"),
    ),
    "link to another table": (
        lambda d: (d / "balances.csv").symlink_to(d / "journal.csv"),
        Refused("balances.csv", "lacks month"),
    ),
    "text named Parquet": (
        lambda d: (d / "journal.csv").rename(d / "journal.parquet"),
        Refused("journal.parquet", "cannot be read"),
    ),
    "Parquet named CSV": (
        all_of(parquet(), lambda d: (d / "journal.parquet").rename(d / "journal.csv")),
        Refused("journal.csv"),
    ),
    "Parquet": (parquet(), same),
    "Parquet of 0 bytes": (
        all_of(parquet(), lambda d: (d / "journal.parquet").write_bytes(b"")),
        Refused("0 bytes"),
    ),
    "Parquet of four bytes": (
        all_of(parquet(), lambda d: (d / "journal.parquet").write_bytes(b"PAR1")),
        Refused("journal.parquet"),
    ),
    "Parquet without rows": (parquet(lambda t: t.slice(0, 0)), Refused("journal.parquet", "no rows")),
    "Parquet without columns": (parquet(lambda t: t.select([])), Refused("journal.parquet")),
    "Parquet between its marks": (
        all_of(parquet(), lambda d: (d / "journal.parquet").write_bytes(b"PAR1" + b"\7" * 300 + b"PAR1")),
        Refused("journal.parquet"),
    ),
    **{
        f"Parquet cut at {share:.0%}": (cut(share), Refused("journal.parquet", "cannot be read"))
        for share in (0.01, 0.5, 0.9999)
    },
}

COLUMNS: dict[str, tuple[Mutate, Outcome]] = {
    "a required column away": (
        swap("amount", "value"),
        Refused("journal.csv lacks amount", "it has", "needed"),
    ),
    "two required columns away": (
        text(lambda t: t.replace("posted", "date", 1).replace("account", "gl", 1)),
        Refused("lacks posted, account"),
    ),
    "an optional column away": (swap("kind,department", "kind,abteilung"), Noted("journal", "extra_column")),
    "a column more": (
        text(lambda t: "".join(f"{line},x\n" for line in t.splitlines())),
        Noted("journal", "extra_column"),
    ),
    "an index of pandas": (
        text(lambda t: "".join(f"{n or ''},{line}\n" for n, line in enumerate(t.splitlines()))),
        Noted("journal", "extra_column"),
    ),
    "capital letters in a column": (swap("amount", "AMOUNT"), same),
    "spaces around a column": (swap("amount", " amount "), same),
    "columns in another order": (
        text(lambda t: "".join(",".join(reversed(line.split(","))) + "\n" for line in t.splitlines())),
        same,
    ),
    "a column twice": (
        swap("kind,department", "kind,amount"),
        Refused("journal.csv", "column amount more than once"),
    ),
    "a column twice, in capitals": (
        swap("kind,department", "kind,Amount"),
        Refused("column amount more than once"),
    ),
    "a column twice, with a space": (
        swap("kind,department", "kind, amount"),
        Refused("column amount more than once"),
    ),
    "a column twice in Parquet": (
        parquet(lambda t: t.append_column("Amount", t.column("amount"))),
        Refused("journal.parquet", "amount"),
    ),
    "a column twice in Parquet, with a space": (
        parquet(lambda t: t.append_column("amount ", t.column("amount"))),
        Refused("journal.parquet", "amount"),
    ),
    "no names of columns": (text(lambda t: t.split("\n", 1)[1]), Refused("journal.csv lacks entry")),
}

NO_MONEY = (
    "NaN",
    "nan",
    "inf",
    "-inf",
    "Infinity",
    "1e30",
    "99999999999999999",
    "1,234.56",
    "1.234,56",
    "1'000.00",
    "1 000",
    "$5",
    "5 EUR",
    "€5",
    "(5)",
    "5-",
    "--5",
    "abc",
    "#REF!",
    "0x10",
    "1.2.3",
    "٣",
    "½",
    "-",
    "NULL",
    "None",
    "TRUE",
)
MONEY = ("1000", "+1000.0", "1000.0000000", " 1000 ", "1e3", "01000")
NO_DATE = (
    "31.12.2024",
    "12/31/2024",
    "31/12/2024",
    "20241231",
    "2025-02-30",
    "2024-13-01",
    "0000-00-00",
    "2024-12-00",
    "45657",
    "45657.0",
    "Dec 31 2024",
    "31-Dec-24",
    "24-12-31",
    "today",
    "infinity",
    "epoch",
    "2024-12-31x",
    "2024-12",
    "NaT",
    "-2024-12-31",
    "99999-01-01",
    "2024-W52-2",
)
DATE = ("2024-12-31 00:00:00", "2024/12/31", "2024-12-31T23:59:59", " 2024-12-31 ")
NO_INTEGER = ("1.5", "one", "1.0", "1e0", "99999999999999999999", "١", "1 0")
VALUES: dict[str, tuple[Mutate, Outcome]] = {
    "amount empty": (cell("amount", ""), Refused("journal", "amount is empty")),
    "amount of spaces": (cell("amount", "   "), Refused("journal", "amount is empty")),
    "amount with more decimals": (cell("amount", "1000.00004"), Noted("journal", "rounded")),
    "date empty": (cell("posted", ""), Refused("journal", "posted is empty")),
    "date of year 1": (cell("posted", "0001-01-01"), Refused("posted lies outside 1950 to 2149")),
    "date of year 2999": (cell("posted", "2999-12-31"), Refused("posted lies outside 1950 to 2149")),
    "date long ago": (cell("posted", "1955-01-01"), Found("journal", "months_missing")),
    "date after the close": (cell("posted", "2025-06-30", 103), Found("books", "after_close", 1)),
    "unknown account": (cell("account", "9999"), Refused("journal", "account is not in accounts")),
    "account as a float": (cell("account", "1000.0"), Refused("journal", "account is not in accounts")),
    "account with a leading zero": (cell("account", "01000"), Refused("account is not in accounts")),
    "account with spaces around": (cell("account", " 1000 "), same),
    "unknown unit": (cell("unit", "X"), Refused("journal", "unit is not in units")),
    "unit in small letters": (cell("unit", "a"), Refused("journal", "unit is not in units")),
    "unit empty": (cell("unit", ""), Refused("journal", "unit is empty")),
    "unknown customer": (
        all_of(documents, cell("customer", "C9", 1, "invoices")),
        Found("invoices", "customer_known", 1, "666.40"),
    ),
    "unknown statement line": (
        cell("line", "turnover", 12, "accounts"),
        Refused("accounts", "line is none of revenue"),
    ),
    "unknown behaviour": (
        cell("behaviour", "mixed", 15, "accounts"),
        Refused("behaviour is none of variable, fixed"),
    ),
    "parent of itself": (cell("parent", "A", 1, "units"), Refused("units", "leads back", "A")),
    "parents in a circle": (
        all_of(
            swap("A,Plant Aachen,CO", "A,Plant Aachen,B", table="units"),
            swap("Bonn,CO", "Bonn,A", table="units"),
        ),
        Refused("units", "parent leads back to where it started: A, B"),
    ),
    "unknown parent": (cell("parent", "ZZ", 1, "units"), Refused("units", "parent is not in units")),
    "the first line twice": (
        text(lambda whole: whole + whole.splitlines()[0] + "\n"),
        Refused("is no date: 'posted' in line", "the names of the columns stand there once more"),
    ),
    "a row twice": (
        swap("E07,1,", "E07,2,2025-01-31,1000,A,-120.00,cost,\nE07,1,"),
        Refused("entry, line must be unique"),
    ),
    "a key twice": (cell("line", "2"), Refused("entry, line must be unique: 1 value stands in 2 rows")),
    "a unit twice": (cell("unit", "A", 2, "units"), Refused("units", "unit must be unique")),
    "an account twice": (
        cell("account", "1000", 1, "accounts"),
        Refused("accounts", "account must be unique"),
    ),
    "an entry that does not balance": (
        cell("amount", "119.01", 24),
        Found("journal", "entry_balances", 1, "0.01"),
    ),
    "an entry that balances only over units": (cell("unit", "B", 24), Found("journal", "entry_balances", 2)),
    "a line away": (
        text(lambda t: "\n".join(t.splitlines()[:-1]) + "\n"),
        Found("journal", "entry_balances", 1, "100"),
    ),
    "an entry away": (
        all_of(
            documents,
            text(lambda t: "".join(f"{line}\n" for line in t.splitlines() if not line.startswith("E12"))),
        ),
        Found("ledger", "receivables_agree"),
    ),
    "no opening entry": (
        text(lambda t: "".join(f"{line}\n" for line in t.splitlines() if line[:3] not in ("E00", "E01"))),
        Found("journal", "opening_balances"),
    ),
    "signs swapped": (
        all_of(
            documents,
            text(
                lambda t: (
                    "\n".join(
                        [
                            t.splitlines()[0],
                            *(
                                ",".join([*(p := line.split(","))[:5], str(-Decimal(p[5])), *p[6:]])
                                for line in t.splitlines()[1:]
                            ),
                        ]
                    )
                    + "\n"
                )
            ),
        ),
        Found("ledger", "receivables_agree", None, "-999.60"),
    ),
    "a month away": (
        text(lambda t: "".join(f"{line}\n" for line in t.splitlines() if ",2025-02-" not in line)),
        Found("journal", "months_missing", 1),
    ),
    "thousands in place of units": (
        text(lambda t: t.replace("E03,1,2025-01-15,1100,A,666.40", "E03,1,2025-01-15,1100,A,0.6664")),
        Found("journal", "entry_balances", 1),
    ),
    "paid before issue": (
        cell("paid", "2025-01-14", 1, "invoices"),
        Found("invoices", "paid_after_issue", 1, "666.40"),
    ),
    "an invoice in another month": (
        cell("issued", "2025-02-01", 1, "invoices"),
        Found("invoices", "due_after_issue", 1),
    ),
    "an amount no company has": (
        all_of(swap("1000.00", "922337203685477.5807"), swap("-3969.00", "-922337203685477.5807")),
        Refused("922 trillion"),
    ),
    "amounts that fit alone and not together": (
        all_of(swap("1000.00", "900000000000000"), swap("500.00", "900000000000000")),
        Refused("922 trillion"),
    ),
}


def as_type(kind: pa.DataType) -> Callable[[list], pa.Array]:
    """The values in another Arrow type."""
    return lambda values: pa.array([str(v) for v in values], pa.string()).cast(kind)


def floats(values: list) -> list[float]:
    """The values as floats."""
    return [float(value) for value in values]


def moments(zone: str | None, unit: str) -> Callable[[list], pa.Array]:
    """Dates as moments: at midnight of a time zone."""
    return lambda days: pa.array(
        [dt.datetime(d.year, d.month, d.day) for d in days], pa.timestamp(unit, zone)
    )


TYPES: dict[str, tuple[Mutate, Outcome]] = {
    "money as float": (column("amount", lambda v: pa.array(floats(v))), same),
    "money as float with NaN": (
        column("amount", lambda v: pa.array([float("nan"), *floats(v)[1:]])),
        Refused("amount", "no money", "nan"),
    ),
    "money as infinite float": (
        column("amount", lambda v: pa.array([float("inf"), *floats(v)[1:]])),
        Refused("amount", "no money", "inf"),
    ),
    "money as huge float": (
        column("amount", lambda v: pa.array([1e30, *floats(v)[1:]])),
        Refused("amount", "no money"),
    ),
    "money as float with dust": (column("amount", lambda v: pa.array([x + 1e-9 for x in floats(v)])), same),
    "money as short float": (
        column("amount", lambda v: pa.array(floats(v), pa.float32())),
        Noted("journal", "rounded"),
    ),
    "money as text": (column("amount", as_type(pa.string())), same),
    "money as long text": (column("amount", as_type(pa.large_string())), same),
    "money as whole numbers": (
        all_of(documents, column("amount", lambda v: pa.array([int(x) for x in v]))),
        Found("ledger", "receivables_agree"),
    ),
    "money as wide decimals": (column("amount", lambda v: pa.array(v, pa.decimal128(38, 10))), same),
    "money as decimals with dust": (
        column("amount", lambda v: pa.array([x + Decimal("0.00000001") for x in v], pa.decimal128(38, 8))),
        Noted("journal", "rounded"),
    ),
    "money as very wide decimals": (column("amount", lambda v: pa.array(v, pa.decimal256(50, 4))), same),
    "money as yes and no": (
        column("amount", lambda v: pa.array([True] * len(v))),
        Refused("amount holds BOOLEAN", "no money"),
    ),
    "money as dates": (
        column("amount", lambda v: pa.array([dt.date(2025, 1, 1)] * len(v))),
        Refused("amount holds DATE", "no money"),
    ),
    "money as lists": (
        column("amount", lambda v: pa.array([[x] for x in v])),
        Refused("amount holds DECIMAL(", "[]"),
    ),
    "money as records": (
        column("amount", lambda v: pa.array([{"x": 1}] * len(v))),
        Refused("amount holds STRUCT"),
    ),
    "money as bytes": (column("amount", lambda v: pa.array([b"1"] * len(v))), Refused("amount holds BLOB")),
    "money of no type": (column("amount", lambda v: pa.nulls(len(v))), Refused("amount is empty")),
    "dates as text": (column("posted", as_type(pa.string())), same),
    "dates as moments": (column("posted", moments(None, "ns")), same),
    "dates as moments of Greenwich": (column("posted", moments("UTC", "us")), same),
    "dates as whole numbers": (
        column("posted", lambda v: pa.array([20240101] * len(v))),
        Refused("posted holds BIGINT", "no date"),
    ),
    "dates as floats": (
        column("posted", lambda v: pa.array([45657.0] * len(v))),
        Refused("posted holds DOUBLE"),
    ),
    "dates as times of day": (
        column("posted", lambda v: pa.array([dt.time(1)] * len(v))),
        Refused("posted holds TIME"),
    ),
    "dates as durations": (
        column("posted", lambda v: pa.array([dt.timedelta(1)] * len(v))),
        Refused("posted holds"),
    ),
    "identifiers as whole numbers": (column("account", lambda v: pa.array([int(x) for x in v])), same),
    "identifiers as floats": (column("account", lambda v: pa.array(floats(v))), same),
    "identifiers as broken floats": (
        column("account", lambda v: pa.array([0.5, *floats(v)[1:]])),
        Refused("account", "0.5"),
    ),
    "identifiers as decimals": (
        column("account", lambda v: pa.array([Decimal(x) for x in v], pa.decimal128(9, 2))),
        same,
    ),
    "identifiers as categories": (column("account", lambda v: pa.array(v).dictionary_encode()), same),
    "identifiers as bytes": (
        column("account", lambda v: pa.array([x.encode() for x in v])),
        Refused("account holds BLOB"),
    ),
    "integers as floats": (column("line", lambda v: pa.array(floats(v))), same),
    "integers as broken floats": (
        column("line", lambda v: pa.array([1.5, *floats(v)[1:]])),
        Refused("line", "no integer", "1.5"),
    ),
    "integers as short ones": (column("line", lambda v: pa.array(v, pa.uint8())), same),
    "integers as text": (column("line", as_type(pa.string())), same),
}

SETTINGS: dict[str, tuple[Mutate, Outcome]] = {
    "books.toml away": (lambda d: (d / "books.toml").unlink(), same),
    "books.toml empty": (settings(""), same),
    "books.toml with a byte order mark": (
        settings(b'\xef\xbb\xbfname = "x"\nclosed_through = "2025-03"\n'),
        same,
    ),
    "books.toml broken": (settings("name = Small\n"), Refused("books.toml cannot be read", "line 1")),
    "books.toml in UTF-16": (settings("name = 'x'\n".encode("utf-16")), Refused("books.toml cannot be read")),
    "books.toml binary": (settings(bytes(range(256))), Refused("books.toml cannot be read")),
    "books.toml a folder": (
        lambda d: ((d / "books.toml").unlink(), (d / "books.toml").mkdir()),
        Refused("books.toml cannot be read"),
    ),
    "unknown key": (
        settings("closed = '2025-03'\n"),
        Refused("books.toml has a key 'closed'", "closed_through"),
    ),
    "name a number": (settings("name = 5\n"), Refused("books.toml: name = 5", "text in quotes")),
    "no month closed_through": (settings("closed_through = '2025-13'\n"), Refused("2025-13", "like 2025-11")),
    "closed_through a quarter": (settings("closed_through = '2025-Q1'\n"), Refused("2025-Q1", "no month")),
    "closed_through a word": (settings("closed_through = 'March'\n"), Refused("March", "like 2025-11")),
    "closed_through latest-closed": (
        settings("closed_through = 'latest-closed'\n"),
        Refused("closed_through"),
    ),
    "closed_through without quotes": (
        settings("closed_through = 2025-03-31\n"),
        Refused("closed_through", "text in quotes"),
    ),
    "closed_through before the data": (
        settings("closed_through = '2020-01'\n"),
        Refused("2020-01", "2024-12", "closed_through"),
    ),
    "closed_through after the data": (
        settings("closed_through = '2025-05'\n"),
        Found("journal", "months_missing", 2),
    ),
    "closed_through in another age": (
        settings("closed_through = '9998-12'\n"),
        Refused("9998-12", "closed_through"),
    ),
    "fiscal year from month 13": (
        settings("fiscal_year_start = 13\n"),
        Refused("fiscal_year_start = 13", "1 to 12"),
    ),
    "fiscal year from month 0": (settings("fiscal_year_start = 0\n"), Refused("fiscal_year_start = 0")),
    "fiscal year from a word": (
        settings("fiscal_year_start = 'April'\n"),
        Refused("fiscal_year_start", "whole number"),
    ),
    "fiscal year from true": (
        settings("fiscal_year_start = true\n"),
        Refused("fiscal_year_start", "whole number"),
    ),
    "notes that are none": (settings("notes = ['careful']\n"), Refused("note 'careful'")),
    "a note": (
        settings("closed_through = '2025-03'\n[[notes]]\ntable = 'journal'\ntext = 'careful'\n"),
        Noted("journal", "source"),
    ),
}
MUTATIONS = FILES | COLUMNS | VALUES | TYPES | SETTINGS
