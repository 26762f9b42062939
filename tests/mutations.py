"""Ways to break a folder of tables: what people, spreadsheets, transfers and disks do to files.

A way is a function of a `Work` (a table about to be written, or written) and a random generator. It stands
in WAYS under its own name, with the stage at which it acts: "cells" (values and rows), "columns", "layout"
(how text is written), "arrow" (types of Parquet), "bytes" (of the finished file), "folder" and "settings".
A way marked harmless leaves what the table says as it is: such a folder must be read, not refused.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import os
import re
import shutil
import socket
import sqlite3
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random

import foreign
import pyarrow as pa
import pyarrow.parquet as pq
import small_company
from broken_data import DATE, MONEY, NO_DATE, NO_INTEGER, NO_MONEY

from finops_toolkit.books.contract import load_contract

# Foreign files that an adapter reads: the folder holds SELECTs, the file lies in the folder `raw` beside.
FOREIGN = (
    "raw.csv",
    "raw.xlsx",
    "raw.sqlite",
    "raw.json",
    "raw.jsonl",
    "raw.zip",
    "raw.tar.gz",
    "raw.csv.gz",
)
TEXTS = ("csv", *FOREIGN)
STAGES = ("cells", "columns", "arrow", "layout", "bytes", "folder", "settings")


@dataclass
class Work:
    """A table and how it is to be written; after that, the file that was written."""

    name: str
    header: list[str]
    rows: list[list[str]]
    kind: str = "csv"
    delimiter: str = ","
    end: str = "\n"
    quoting: int = csv.QUOTE_MINIMAL
    encoding: str = "utf-8"
    title: str = ""
    arrow: list[Callable[[pa.Table], pa.Table]] = field(default_factory=list)
    options: dict[str, object] = field(default_factory=dict)
    folder: Path = Path()
    written: pa.Table | None = None
    # What was done, in words that help to find it.
    done: list[str] = field(default_factory=list)

    @property
    def raw(self) -> Path:
        """The folder of foreign files."""
        return self.folder.parent / "raw"

    @property
    def path(self) -> Path:
        """The file of the table."""
        if self.kind in FOREIGN:
            return self.raw / f"{self.name}{self.kind.removeprefix('raw')}"
        return self.folder / f"{self.name}.{self.kind}"

    def types(self) -> list[str]:
        """The contract's type of each column; "text" of one it does not know."""
        known = load_contract().tables[self.name].columns
        return [known[name].type if name in known else "text" for name in self.header]

    def text(self) -> bytes:
        """The table as a text file."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self.delimiter, quoting=self.quoting, lineterminator=self.end)
        writer.writerow(self.header)
        writer.writerows(self.rows)
        errors = "surrogatepass" if "utf" in self.encoding else "replace"
        return (self.title + out.getvalue()).encode(self.encoding, errors)

    def write(self) -> None:
        """Write the file, and for a foreign one the adapter that reads it."""
        if self.kind in FOREIGN:
            self.raw.mkdir()
            foreign.write_adapter(self.folder, self.name, self.path.name, small_company.tables()[self.name])
            foreign.WRITERS[self.kind](self)
        elif self.kind == "csv":
            self.path.write_bytes(self.text())
        else:
            rows = [dict(zip(self.header, row, strict=True)) for row in self.rows]
            table = small_company.arrow(self.name, rows)
            for change in self.arrow:
                table = change(table)
            pq.write_table(table, self.path, **self.options)
            self.written = table


@dataclass(frozen=True)
class Way:
    """A way to break: its name, the stage at which it acts, for which kinds of file, and whether it may be
    refused.
    """

    name: str
    stage: str
    kinds: tuple[str, ...]
    act: Callable[[Work, Random], None]
    harmless: bool


WAYS: dict[str, Way] = {}


def way(stage: str, *kinds: str, harmless: bool = False) -> Callable:
    """Put a function among the ways."""

    def keep(act: Callable[[Work, Random], None]) -> Callable:
        assert stage in STAGES
        assert act.__name__ not in WAYS
        WAYS[act.__name__] = Way(act.__name__, stage, kinds or (*TEXTS, "parquet"), act, harmless)
        return act

    return keep


# --- cells and rows -------------------------------------------------------------------------------

ODD = (
    "=cmd|' /C calc'!A0", "=1+1", "@SUM(A1:A9)", "+cmd|x", "-2+3", '=HYPERLINK("http://x","y")',
    "=1+2;cmd", "%00", "\0", "1\0", "\x1b[31mred", "\u202e12", "12\u202c", "\u200b", "12\u200b", "\u00a0",
    "12\u00a0",
    "\u00a012", "12\t", "\t", "\x1a", "\ufeff12", "\ufeff", "\ufffd", "\U0001f600", "a\u0308", "‮rtl", "١٢",
    "１２", "½", "12e", "1e400", "-1e400", "1e-400", "1e14", "1e15", "1E+2", "1e999999999", "0x1F", "0b1",
    "0o7",
    "1_000", "1_0.5", "1,5", "1.234,56", "1,234.56", "1'234.56", "1 234", "1\u202f234", "(12.50)", "12.50-",
    "12.50CR",
    "12 EUR", "€12", "12%", "1/2", "1:30", "TRUE", "WAHR", "ja", "nein", "yes", "Y", "on", "x", "-", "--",
    "n/a",
    "N/A", "#N/A", "#REF!", "#DIV/0!", "NULL", "null", "None", "nil", "NaN", "-nan", "inf", "-Infinity", "∞",
    "9" * 19, "9" * 40, "-" + "9" * 30, "922337203685477.5807", "-922337203685477.5808",
    "9223372036854775808",
    "18446744073709551616", "0.00004", "0.00005", "-0.00005", "0.000049999999999999999", "1e-5", "5e-5",
    "1e-13",
    "-0", "+0", "00", "007", "0.10", ".5", "5.", "+5", "45657", "45657.5", "1735603200000", "1735603200",
    "0001-01-01", "0000-01-01", "-0001-01-01", "1899-12-30", "1900-02-29", "2999-12-31", "9999-12-31",
    "10000-01-01",
    "2025-1-5", "2025/01/05", "2025-02-29", "2025-01-32", "2025-13-01", "20250105", "05.01.2025", "5/1/2025",
    "2025-01-05T24:00:00", "2025-01-05 25:00", "2025-01-05T23:30:00-05:00", "2025-01-05 00:30:00+14:00",
    "2025-01-05T10:00:00Z", "2025-01-05 10:00:00 Europe/Berlin", "2025-01-05 (BC)", "2025-01-05 BC",
    "2025-W01-1",
    "2025-005", "2025-01", "2025-1", "2025", "Jan 2025", "infinity", "epoch", "now", "today", "00000000",
    "0000-00-00",
    "a\nb", "a\r\nb", "a\rb", 'a"b', '"', '""', "'", "''", "a,b", "a;b", "a|b", "a\tb", "\\", "\\n", "\\N",
    "a\\",
    "DROP TABLE journal; --", "'; SELECT 1; --", "{}", "[]", '{"a": 1}', "${x}", "{{x}}",
    "<script>alert(1)</script>",
    "../../etc/passwd", "C:\\x", "\ud83d", "x" * 300,
)  # fmt: skip
POOLS = {"money": (*NO_MONEY, *MONEY), "date": (*NO_DATE, *DATE), "integer": NO_INTEGER}


def _place(work: Work, random: Random) -> tuple[int, int]:
    return random.randrange(len(work.rows)), random.randrange(len(work.header))


def _put(work: Work, row: int, column: int, value: str) -> None:
    work.rows[row][column] = value
    work.done.append(f"row {row + 1}, {work.header[column]} = {value[:80]!r}")


@way("cells", *TEXTS)
def odd_value(work: Work, random: Random) -> None:
    """Anything anywhere."""
    _put(work, *_place(work, random), random.choice(ODD))


@way("cells", *TEXTS)
def wrong_value(work: Work, random: Random) -> None:
    """A value that its column's type does not have, or has in another spelling."""
    typed = [at for at, kind in enumerate(work.types()) if kind not in ("id", "text")]
    column = random.choice(typed or [0])
    pool = POOLS.get(work.types()[column], POOLS["money"])
    _put(work, random.randrange(len(work.rows)), column, random.choice((*pool, *ODD)))


@way("cells", *TEXTS)
def wrong_column_of_values(work: Work, random: Random) -> None:
    """A whole column in the manner of another country or program."""
    column = random.randrange(len(work.header))
    manner = random.choice(
        (
            lambda t: t.replace(".", ","), lambda t: f"({t.lstrip('-')})" if t[:1] == "-" else t,
            lambda t: t.lstrip("-") + "-" if t[:1] == "-" else t, lambda t: t + " EUR" if t else t,
            lambda t: ".".join(reversed(t.split("-"))) if t.count("-") == 2 else t, lambda t: t.replace("-",
            "/"),
            lambda t: t.replace("-", ""), str.upper, str.lower, lambda t: t + " ", lambda t: " " + t,
            lambda t: t + ".0" if t.isdigit() else t, lambda t: t.lstrip("0"), lambda t: t.zfill(12),
            lambda t: "'" + t, lambda t: f'="{t}"', lambda t: t + "\u00a0", lambda t: "\u200e" + t,
            lambda t: t + "T00:00:00+02:00", lambda t: t.replace("0", "O"), lambda t: t.replace("A",
            "\u0410"),
        )
    )  # fmt: skip
    for row in work.rows:
        row[column] = manner(row[column])
    work.done.append(f"all of {work.header[column]}, like {work.rows[0][column]!r}")


@way("cells", *TEXTS, "parquet")
def look_alike(work: Work, random: Random) -> None:
    """An identifier in another alphabet, case or with an invisible sign."""
    row, column = _place(work, random)
    old = work.rows[row][column]
    if work.types()[column] not in ("id", "text") or not old:
        column = 0
        old = work.rows[row][column]
    if work.types()[column] not in ("id", "text"):
        return
    change = random.choice(
        (
            lambda t: t.replace("A", "\u0410").replace("B", "\u0412"), str.lower, str.swapcase,
            lambda t: t + " ", lambda t: " " + t, lambda t: t + "\u200b", lambda t: "\u200f" + t,
            lambda t: t + "\t",
            lambda t: t + "\u00a0", lambda t: t.replace("1", "l"), lambda t: "0" + t, lambda t: t + ".0",
            lambda t: t + "\u0000", lambda t: t[:1] + "\u0301" + t[1:],
        )
    )  # fmt: skip
    _put(work, row, column, change(old))


@way("cells")
def empty_cell(work: Work, random: Random) -> None:
    """Nothing where something was."""
    _put(work, *_place(work, random), "")


@way("cells")
def empty_column(work: Work, random: Random) -> None:
    """Nothing in a whole column."""
    column = random.randrange(len(work.header))
    for row in work.rows:
        row[column] = ""
    work.done.append(f"{work.header[column]} is empty")


@way("cells")
def row_twice(work: Work, random: Random) -> None:
    """A row stands there twice, side by side or far apart."""
    row = random.choice(work.rows)
    work.rows.insert(random.randrange(len(work.rows) + 1), list(row))
    work.done.append(f"twice: {row}")


@way("cells")
def all_twice(work: Work, random: Random) -> None:
    """An export appended to itself."""
    work.rows += [list(row) for row in work.rows]
    work.done.append("all rows twice")


@way("cells")
def row_away(work: Work, random: Random) -> None:
    """A row is not there."""
    if len(work.rows) > 1:
        work.done.append(f"without {work.rows.pop(random.randrange(len(work.rows)))}")


@way("cells", harmless=True)
def rows_in_another_order(work: Work, random: Random) -> None:
    """The rows are shuffled."""
    random.shuffle(work.rows)


@way("cells")
def values_swapped(work: Work, random: Random) -> None:
    """Two cells of a row have changed places."""
    row = random.choice(work.rows)
    one, two = (random.randrange(len(row)) for _ in range(2))
    if work.kind == "csv" or work.types()[one] == work.types()[two]:
        row[one], row[two] = row[two], row[one]
        work.done.append(f"{work.header[one]} and {work.header[two]} swapped: {row}")


def _numbers(work: Work) -> list[int]:
    return [at for at, kind in enumerate(work.types()) if kind in ("money", "quantity", "rate")]


@way("cells")
def sign_swapped(work: Work, random: Random) -> None:
    """A minus too many, or one lost: in one row or in all."""
    places = _numbers(work)
    if not places:
        return
    column, rows = random.choice(places), random.choice((work.rows, [random.choice(work.rows)]))
    for row in rows:
        if row[column]:
            row[column] = row[column][1:] if row[column][0] == "-" else "-" + row[column]
    work.done.append(f"sign of {work.header[column]} in {len(rows)} rows")


@way("cells")
def scaled_values(work: Work, random: Random) -> None:
    """Thousands, cents or a percentage in place of units."""
    places = _numbers(work)
    if not places:
        return
    column, factor = random.choice(places), random.choice(("0.001", "0.01", "100", "1000", "1000000000"))
    for row in random.choice((work.rows, [random.choice(work.rows)])):
        if _number("".join(row[column : column + 1])):
            row[column] = format(Decimal(row[column]) * Decimal(factor), "f")
            row[column] = row[column][:12] if work.kind == "parquet" else row[column]
    work.done.append(f"{work.header[column]} times {factor}")


@way("cells", *TEXTS)
def header_again(work: Work, random: Random) -> None:
    """The line of columns stands between the rows, as in a printed report."""
    work.rows.insert(random.randrange(len(work.rows) + 1), list(work.header))


@way("cells", *TEXTS)
def total_row(work: Work, random: Random) -> None:
    """A line of totals."""
    row = ["" for _ in work.header]
    row[0] = random.choice(("Total", "Summe", "Sum:", ""))
    for column in _numbers(work):
        numbers = [
            Decimal(other[column]) for other in work.rows if _number("".join(other[column : column + 1]))
        ]
        row[column] = str(sum(numbers))
    work.rows.insert(random.choice((len(work.rows), random.randrange(len(work.rows)))), row)
    work.done.append(f"total {row}")


def _number(text: str) -> bool:
    return (
        bool(text)
        and text.lstrip("-").replace(".", "", 1).isascii()
        and text.lstrip("-").replace(".", "", 1).isdigit()
    )


@way("cells", "csv", "raw.csv")
def shifted_row(work: Work, random: Random) -> None:
    """A row slid by a cell, to the right or to the left, with or without one more."""
    at = random.randrange(len(work.rows))
    row = work.rows[at]
    work.rows[at] = random.choice(
        (["", *row], ["", *row[:-1]], row[1:], [*row[1:], ""], [*row, ""], row[:-1])
    )
    work.done.append(f"row {at + 1} shifted: {work.rows[at]}")


@way("cells", *TEXTS)
def rows_of_nothing(work: Work, random: Random) -> None:
    """Rows of empty cells at the end, as spreadsheets write them."""
    work.rows += [[""] * len(work.header)] * random.randrange(1, 4)


@way("cells", *TEXTS)
def huge_cell(work: Work, random: Random) -> None:
    """A cell of up to ten megabytes: somebody pasted a book."""
    row, column = _place(work, random)
    work.rows[row][column] = random.choice(("x", "9", "a b ", '"', "ü", "1,")) * random.choice(
        (70_000, 1_000_000, 10_000_000 // 2)
    )
    work.done.append(f"row {row + 1}, {work.header[column]}: {len(work.rows[row][column]):,} letters")


# --- columns --------------------------------------------------------------------------------------


def _column(work: Work, random: Random) -> int:
    return random.randrange(len(work.header))


@way("columns")
def column_away(work: Work, random: Random) -> None:
    """A column is not there."""
    column = _column(work, random)
    work.done.append(f"without {work.header.pop(column)}")
    for row in work.rows:
        del row[column : column + 1]


@way("columns", *TEXTS)
def column_renamed(work: Work, random: Random) -> None:
    """A column with another name: translated, misspelt, with signs nobody sees."""
    column = _column(work, random)
    old = work.header[column]
    work.header[column] = random.choice(
        (old + "s", old[::-1], "\ufeff" + old, old + "\u200b", old.replace("a", "\u0430"), old.replace("o",
        "\u043e"), "", "column1",
         old + "_1", old + "\x1b[31m", old + "\n", f"[{old}]", f"`{old}`", '"' + old + '"', old + "\0",
         "\u202e" + old,
         old.replace("_", " "), "x" * 3000, "1", "SELECT", old + ";", "'; DROP TABLE x", "\ud83d",
         "\u00a0" + old, old + "\t")
    )  # fmt: skip
    work.done.append(f"{old} is called {work.header[column][:60]!r}")


@way("columns", "csv", harmless=True)
def column_in_another_case(work: Work, random: Random) -> None:
    """AMOUNT, Amount or with blanks around."""
    column = _column(work, random)
    old = work.header[column]
    work.header[column] = random.choice(
        (old.upper(), old.capitalize(), f" {old}", f"{old}  ", f"  {old.title()} ")
    )


@way("columns", *TEXTS)
def columns_swapped(work: Work, random: Random) -> None:
    """Two columns have each other's name."""
    one, two = _column(work, random), _column(work, random)
    work.header[one], work.header[two] = work.header[two], work.header[one]
    work.done.append(f"{work.header[one]} and {work.header[two]} have changed names")


@way("columns", *TEXTS)
def column_twice(work: Work, random: Random) -> None:
    """A column stands there twice, with the same values or others, spelt the same or nearly."""
    column = _column(work, random)
    name = random.choice((work.header[column], work.header[column].upper(), work.header[column] + " "))
    work.header.append(name)
    other = random.random() < 0.5
    for row in work.rows:
        row.append("" if other else row[min(column, len(row) - 1)])
    work.done.append(f"twice: {name!r}")


@way("columns", *TEXTS, harmless=True)
def more_columns(work: Work, random: Random) -> None:
    """Columns nobody asked for."""
    for number in range(random.choice((1, 2, 9))):
        work.header.insert(0, f"extra{number}")
        for row in work.rows:
            row.insert(0, "x")


@way("columns", "csv", harmless=True)
def five_thousand_columns(work: Work, random: Random) -> None:
    """Every field a system has."""
    del work.rows[30:]
    work.header += [f"field{number}" for number in range(5000)]
    for row in work.rows:
        row += [""] * 5000


@way("columns", *TEXTS, harmless=True)
def columns_in_another_order(work: Work, random: Random) -> None:
    """The columns are shuffled."""
    order = list(range(len(work.header)))
    random.shuffle(order)
    work.header = [work.header[at] for at in order]
    work.rows = [[row[at] for at in order if at < len(row)] for row in work.rows]


@way("columns", "csv", "raw.csv")
def no_header(work: Work, random: Random) -> None:
    """The line of columns is not there."""
    work.header = work.rows.pop(0)


@way("columns", "csv", "raw.csv")
def title_above(work: Work, random: Random) -> None:
    """Lines above the columns: a title, a date, Excel's sep=, an empty line."""
    work.title = random.choice(
        (
            "Journal 2025\n",
            "\n",
            "sep=,\n",
            "sep=;\n",
            "# made by x\n",
            "a,b\n\n",
            " \n",
            "\n\n\n",
            ",,,\n",
            "\ufeff\n",
        )
    )
    work.done.append(f"above the columns: {work.title!r}")


# --- how text is written --------------------------------------------------------------------------


@way("layout", "csv", "raw.csv", harmless=True)
def other_delimiter(work: Work, random: Random) -> None:
    """Semicolons, tabs or bars."""
    work.delimiter = random.choice(";\t|")


@way("layout", "csv", "raw.csv")
def strange_delimiter(work: Work, random: Random) -> None:
    """A delimiter that nobody expects."""
    work.delimiter = random.choice("^~: \x1f\x01§")


@way("layout", "csv", "raw.csv", harmless=True)
def other_line_ends(work: Work, random: Random) -> None:
    """Windows or an old Macintosh."""
    work.end = random.choice(("\r\n", "\r"))


@way("layout", "csv", "raw.csv", harmless=True)
def all_quoted(work: Work, random: Random) -> None:
    """Every value in quotation marks."""
    work.quoting = csv.QUOTE_ALL


@way("layout", "csv", "raw.csv", harmless=True)
def byte_order_mark(work: Work, random: Random) -> None:
    """The mark with which Windows begins a text."""
    if work.encoding == "utf-8":
        work.encoding = "utf-8-sig"


@way("layout", "csv", "raw.csv")
def other_encoding(work: Work, random: Random) -> None:
    """Another encoding, with a letter in which it shows."""
    work.encoding = random.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "latin-1",
    "cp1252", "cp437", "mac-roman",
                                   "cp500", "shift-jis", "utf-7", "gb18030"))  # fmt: skip
    at = work.types().index("text") if "text" in work.types() else 0
    work.rows[-1][min(at, len(work.rows[-1]) - 1)] += random.choice("üéß")
    work.done.append(f"in {work.encoding}")


# --- bytes ----------------------------------------------------------------------------------------


def bytes_of(work: Work, change: Callable[[bytes], bytes]) -> None:
    """Change the bytes of the file, if it is still there."""
    if work.path.is_file():
        work.path.write_bytes(change(work.path.read_bytes()))


@way("bytes")
def cut_short(work: Work, random: Random) -> None:
    """A transfer that broke off, anywhere."""
    share = random.random()
    bytes_of(work, lambda b: b[: int(len(b) * share)])
    work.done.append(f"cut at {share:.4f}")


@way("bytes")
def bytes_flipped(work: Work, random: Random) -> None:
    """A bit or a few of them are others: memory, disk, wire."""

    def change(old: bytes) -> bytes:
        new = bytearray(old)
        for _ in range(random.choice((1, 1, 1, 4))):
            if new:
                new[random.randrange(len(new))] ^= 1 << random.randrange(8)
        return bytes(new)

    bytes_of(work, change)


@way("bytes", "csv", "raw.csv")
def byte_put_in(work: Work, random: Random) -> None:
    """A byte too many: a quotation mark, NUL, line end, end of file, half a letter."""
    byte = random.choice(
        (
            b'"',
            b"'",
            b"\0",
            b"\n",
            b"\r",
            b"\r\n",
            b"\x1a",
            b"\xff",
            b"\xc3",
            b"\xef\xbb\xbf",
            b",",
            b";",
            b"\\",
            b"\xa0",
            b"\xe2\x80\xae",
            b"\x85",
            b"\xe2\x80\xa8",
        )
    )

    def change(old: bytes) -> bytes:
        at = random.randrange(len(old) + 1)
        work.done.append(f"{byte!r} at byte {at}")
        return old[:at] + byte + old[at:]

    bytes_of(work, change)


@way("bytes", "csv", "raw.csv")
def bytes_lost(work: Work, random: Random) -> None:
    """A few bytes are not there."""
    at, length = random.random(), random.choice((1, 1, 2, 10, 100))
    bytes_of(work, lambda b: b[: int(len(b) * at)] + b[int(len(b) * at) + length :])
    work.done.append(f"{length} bytes lost at {at:.4f}")


@way("bytes")
def block_of_nothing(work: Work, random: Random) -> None:
    """A block of NULs, as a disk gives it that was full; or of noise."""
    noise = random.random() < 0.3
    start, length = random.random(), random.choice((16, 200, 4096))

    def change(old: bytes) -> bytes:
        at = int(len(old) * start)
        new = random.randbytes(length) if noise else b"\0" * length
        return old[:at] + new + old[at + length :]

    bytes_of(work, change)


@way("bytes", "csv", "raw.csv")
def lines_end_in_two_ways(work: Work, random: Random) -> None:
    """Two files of two systems, one after the other."""
    count = random.randrange(1, 9)
    bytes_of(work, lambda b: b.replace(b"\n", random.choice((b"\r\n", b"\r", b"\n\r", b"\r\r\n")), count))


@way("bytes", "csv", harmless=True)
def no_last_line_end(work: Work, random: Random) -> None:
    """The last line does not end, or ends a few times."""
    if work.encoding in ("utf-8", "utf-8-sig") and work.end == "\n":
        ends = random.choice((b"", b"\n", b"\n\n", b"\n\n\n\n"))
        bytes_of(work, lambda b: b.rstrip(b"\n") + ends)


@way("bytes")
def twice_in_one(work: Work, random: Random) -> None:
    """The file copied behind itself."""
    bytes_of(work, lambda b: b + b)


@way("bytes")
def another_format(work: Work, random: Random) -> None:
    """The name says one thing, the bytes another: packed, a page of HTML, JSON, a workbook, nothing."""

    def archive(old: bytes) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(work.path.name, old)
        return out.getvalue()

    def bomb(_: bytes) -> bytes:
        return gzip.compress(b"\0" * 30_000_000)

    bytes_of(
        work,
        random.choice(
            (gzip.compress, archive, bomb, lambda b: b"", lambda b: b"\n", lambda b: b"PAR1",
            lambda b: b"PAR1" * 9,
             lambda b: b"<!DOCTYPE html><html><body>Please log in</body></html>\n" * 30,
             lambda b: b'[{"a": 1, "b": 2}]', lambda b: b"{}\n" * 40,
             lambda b: b"SQLite format 3\0" + b[:500], lambda b: b"%PDF-1.7\n" + b,
             lambda b: b"\xd0\xcf\x11\xe0" + b"\0" * 900, lambda b: b[::-1],
             lambda b: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n",
             lambda b: random.randbytes(3000), lambda b: b"ORC" + b)
        ),
    )  # fmt: skip


# --- types of Parquet -----------------------------------------------------------------------------


def _retyped(
    work: Work, random: Random, change: Callable[[list], pa.Array | pa.ChunkedArray], kinds: tuple[str, ...]
) -> None:
    """One column of these types made anew from its values."""
    known = [name for name, kind in zip(work.header, work.types(), strict=True) if kind in kinds]
    if not known:
        return
    name = random.choice(known)

    def act(table: pa.Table) -> pa.Table:
        if name not in table.column_names or not len(table):
            return table
        return table.set_column(table.column_names.index(name), name, change(table.column(name).to_pylist()))

    work.arrow.append(act)
    work.done.append(f"{name} in another type")


@way("arrow", "parquet", harmless=True)
def number_in_another_type(work: Work, random: Random) -> None:
    """Money and quantities as doubles, text, wider decimals."""
    kind = random.choice(
        (
            pa.float64(),
            pa.string(),
            pa.large_string(),
            pa.decimal128(38, 12),
            pa.decimal128(38, 8),
            pa.decimal256(60, 8),
        )
    )

    def change(values: list) -> pa.Array:
        if pa.types.is_floating(kind):
            return pa.array([None if v is None else float(v) for v in values], kind)
        if pa.types.is_decimal(kind):
            return pa.array(values, kind)
        return pa.array([None if v is None else str(v) for v in values], kind)

    _retyped(work, random, change, ("money", "quantity", "rate"))


@way("arrow", "parquet")
def number_spoilt(work: Work, random: Random) -> None:
    """A number as a type that holds less of it, or one value in it that is none."""
    choice = random.randrange(8)
    odd = random.choice(
        (float("nan"), float("inf"), -float("inf"), 1e300, 5e-324, 1e15, 999999999999999.9, -0.0)
    )

    def change(values: list) -> pa.Array:
        at = random.randrange(len(values))
        floats = [None if v is None else float(v) for v in values]
        match choice:
            case 0:
                return pa.array([*floats[:at], odd, *floats[at + 1 :]])
            case 1:
                return pa.array(floats, pa.float32())
            case 2:
                import numpy as np

                return pa.array([None if v is None else np.float16(v) for v in floats], pa.float16())
            case 3:
                return pa.array([None if v is None else int(v) for v in values], pa.int64())
            case 4:
                return pa.array([None if v is None else abs(int(v)) for v in values], pa.uint64())
            case 5:
                return pa.array(
                    [None if v is None else v + Decimal("0.00004999") for v in values], pa.decimal128(38, 12)
                )
            case 6:
                return pa.array([None if v is None else v * 10**25 for v in values], pa.decimal256(70, 8))
            case _:
                return pa.array([2**64 - 1] * len(values), pa.uint64())

    _retyped(work, random, change, ("money", "quantity", "rate", "integer"))


@way("arrow", "parquet")
def type_that_is_none(work: Work, random: Random) -> None:
    """Lists, records, maps, bytes, durations: no column of a table of facts."""
    wrap = random.choice(
        (lambda v: [v], lambda v: {"x": v}, lambda v: str(v).encode(), lambda v: True, lambda v: dt.time(1),
        lambda v: dt.timedelta(1), lambda v: None,
         lambda v: dt.date(2025, 1, 1), lambda v: [[v], []], lambda v: {"x": [{"y": v}]},
         lambda v: b"\xff\xfe", lambda v: [("k", 1)])
    )  # fmt: skip

    def change(values: list) -> pa.Array:
        wrapped = [wrap(v) for v in values]
        if wrapped[0] == [("k", 1)]:
            return pa.array(wrapped, pa.map_(pa.string(), pa.int64()))
        return pa.nulls(len(values)) if wrapped[0] is None else pa.array(wrapped)

    _retyped(
        work,
        random,
        change,
        ("money", "quantity", "rate", "integer", "date", "month", "time", "id", "text", "boolean"),
    )


@way("arrow", "parquet", harmless=True)
def identifier_in_another_type(work: Work, random: Random) -> None:
    """Identifiers as categories or long text."""
    choice = random.randrange(3)

    def change(values: list) -> pa.Array:
        kind = (pa.string(), pa.large_string(), pa.string_view())[choice]
        return (
            pa.array(values).cast(pa.string()).dictionary_encode() if choice == 0 else pa.array(values, kind)
        )

    _retyped(work, random, change, ("id", "text"))


@way("arrow", "parquet")
def identifier_as_number(work: Work, random: Random) -> None:
    """Identifiers that pandas took for numbers: as floats with holes, as short integers."""
    kind = random.choice(
        (pa.float64(), pa.int32(), pa.decimal128(12, 2), pa.float32(), pa.uint64(), pa.int64())
    )

    def change(values: list) -> pa.Array:
        if not all(v is None or v.isdigit() for v in values):
            return pa.array(values, pa.string())
        of = float if pa.types.is_floating(kind) else Decimal if pa.types.is_decimal(kind) else int
        return pa.array([None if v is None else of(v) for v in values], kind)

    _retyped(work, random, change, ("id",))


@way("arrow", "parquet")
def day_in_another_type(work: Work, random: Random) -> None:
    """Dates as moments, with and without a zone, as text, as numbers, far away."""
    zone = random.choice(
        (None, None, "UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "+14:00")
    )
    unit = random.choice(("s", "ms", "us", "ns"))
    choice, hour = random.randrange(7), random.choice((0, 0, 12, 23))

    def change(values: list) -> pa.Array:
        days = [None if v is None else dt.datetime(v.year, v.month, v.day, hour) for v in values]
        match choice:
            case 0 | 1 | 2:
                if zone is None:
                    return pa.array(days, pa.timestamp(unit))
                import pyarrow.compute as pc

                return pc.assume_timezone(pa.array(days, pa.timestamp(unit)), zone)
            case 3:
                return pa.array([None if v is None else v.isoformat() for v in values])
            case 4:
                return pa.array([None if v is None else v.toordinal() for v in values])
            case 5:
                return pa.array(
                    [
                        *days[:-1],
                        random.choice(
                            (dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31), dt.datetime(2999, 1, 1))
                        ),
                    ],
                    pa.timestamp("us"),
                )
            case _:
                return pa.array(
                    [None if v is None else dt.date(v.year, v.month, v.day) for v in values], pa.date64()
                )

    _retyped(work, random, change, ("date", "month", "time"))


@way("arrow", "parquet", harmless=True)
def another_way_to_write(work: Work, random: Random) -> None:
    """Another codec, version, size of pages and of groups of rows."""
    work.options |= {
        "compression": random.choice(("none", "snappy", "gzip", "zstd", "brotli", "lz4")),
        "version": random.choice(("1.0", "2.4", "2.6")),
        "row_group_size": random.choice((1, 7, 100_000)),
        "use_dictionary": random.random() < 0.5,
        "data_page_version": random.choice(("1.0", "2.0")),
        "write_statistics": random.random() < 0.5,
        "write_page_checksum": random.random() < 0.5,
        "use_deprecated_int96_timestamps": random.random() < 0.3,
        "store_schema": random.random() < 0.5,
        "data_page_size": random.choice((1, 1024 * 1024)),
        "store_decimal_as_integer": random.random() < 0.5,
    }


@way("arrow", "parquet", harmless=True)
def index_of_pandas(work: Work, random: Random) -> None:
    """A column that pandas adds."""
    work.arrow.append(lambda t: t.append_column("__index_level_0__", pa.array(range(len(t)))))


@way("arrow", "parquet")
def parquet_column_twice(work: Work, random: Random) -> None:
    """Parquet lets two columns have one name."""
    name = random.choice(work.header)
    other = random.choice((name, name.upper(), name + " ", name + "_1"))
    work.arrow.append(lambda t: t.append_column(other, t.column(name)) if name in t.column_names else t)
    work.done.append(f"twice: {other!r}")


@way("arrow", "parquet")
def no_rows(work: Work, random: Random) -> None:
    """A table of no rows, or of no columns."""
    none = random.random() < 0.3
    work.arrow.append(lambda t: t.select([]) if none else t.slice(0, 0))


@way("bytes", "parquet", harmless=True)
def groups_of_no_rows(work: Work, random: Random) -> None:
    """Groups of no rows between the others, as a cluster writes them."""
    if not work.path.is_file():
        return
    try:
        table = pq.read_table(work.path)
    except (pa.ArrowException, OSError):
        return  # it was broken before
    with pq.ParquetWriter(work.path, table.schema) as writer:
        for start in range(0, len(table), 20):
            writer.write_table(table.slice(0, 0))
            writer.write_table(table.slice(start, 20))
        writer.write_table(table.slice(0, 0))


@way("bytes", "parquet")
def footer_spoilt(work: Work, random: Random) -> None:
    """The last bytes of Parquet, which tell where everything is, are others: lengths, magic, encryption."""

    def change(old: bytes) -> bytes:
        choice = random.randrange(5)
        if choice == 0:
            return old[:-4] + random.choice((b"PARE", b"ORC1", b"PAR2", b"\0\0\0\0"))
        if choice == 1:
            return (
                old[:-8]
                + random.choice((0, 1, 2**31 - 1, 2**32 - 1, len(old), len(old) - 12)).to_bytes(4, "little")
                + old[-4:]
            )
        if choice == 2:
            return b"PARE" + old[4:-4] + b"PARE"
        length = int.from_bytes(old[-8:-4], "little")
        new = bytearray(old)
        for _ in range(random.choice((1, 1, 3))):
            new[len(old) - 8 - random.randrange(1, max(2, min(length, len(old) - 12)))] = random.randrange(
                256
            )
        return bytes(new)

    bytes_of(work, change)


# --- the folder -----------------------------------------------------------------------------------


@way("folder")
def link_in_place(work: Work, random: Random) -> None:
    """A link in the table's place: out of the folder, to itself, to nothing, to a device."""
    if not work.path.exists():
        return
    outside = work.folder.parent / f"outside_{work.path.name}"
    target = random.choice(
        (
            outside,
            work.path,
            work.folder / "away",
            Path("/dev/zero"),
            Path("/dev/null"),
            work.folder,
            Path("/etc/passwd"),
            Path("/proc/self/mem"),
            Path("/dev/stdin"),
        )
    )
    work.path.rename(outside)
    work.path.symlink_to(target)
    work.done.append(f"a link to {target}")


@way("folder", harmless=True)
def link_inside(work: Work, random: Random) -> None:
    """A link to a file of the same folder, or a second name of it."""
    if work.path.is_file() and not work.path.is_symlink():
        real = work.path.parent / f".real_{work.path.name}"
        work.path.rename(real)
        random.choice((work.path.symlink_to, work.path.hardlink_to))(real)


@way("folder")
def no_file_in_place(work: Work, random: Random) -> None:
    """A folder, a pipe nobody writes to or a socket in the table's place."""
    work.path.unlink(missing_ok=True)
    choice = random.randrange(4)
    if choice == 0:
        work.path.mkdir()
    elif choice == 1:
        os.mkfifo(work.path)
    elif choice == 2:
        work.path.mkdir()
        (work.path / "part-0.parquet").write_bytes(b"PAR1")
    else:
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(str(work.path))
    work.done.append(("folder", "pipe", "folder of parts", "socket")[choice])


@way("folder")
def pipe_beside(work: Work, random: Random) -> None:
    """A pipe or a device where another file of the folder is looked for."""
    name = random.choice(
        ("books.toml", "kpis.toml", "README.md", "stock.csv", "orders.parquet", "notes.txt", "orders.sql")
    )
    path = work.folder / name
    path.unlink(missing_ok=True)
    if random.random() < 0.7:
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    work.done.append(f"{name} is a pipe or a device")


@way("folder")
def name_in_two_cases(work: Work, random: Random) -> None:
    """Journal.csv beside journal.csv, or the table in two formats."""
    if work.path.is_file() and not work.path.is_symlink():
        other = random.choice(
            (
                work.path.with_name(work.path.name.capitalize()),
                work.path.with_name(work.path.name.upper()),
                work.path.with_suffix(".CSV"),
            )
        )
        shutil.copy(work.path, other)
        work.done.append(f"and {other.name}")


@way("folder", harmless=True)
def strange_neighbours(work: Work, random: Random) -> None:
    """Files of other programs and with names of all kinds."""
    for name in random.sample(("Thumbs.db", ".DS_Store", "~$journal.xlsx", "._journal.csv", "a\nb.txt",
    "x" * 200 + ".md", "con.txt", "-rf.txt", "*.md", "a [1].md", "\u202ecod.txt", "$(x).txt", "desktop.ini",
    "notes.docx"), 4):  # fmt: skip
        (work.folder / name).write_bytes(b"\0\xff")
    with open(os.fsencode(work.folder) + b"/\xff\xfe.dat", "wb") as file:
        file.write(b"x")


@way("folder")
def table_with_a_strange_name(work: Work, random: Random) -> None:
    """A table whose name nobody knows: with a version, a blank, a line feed, bytes that are no text."""
    name = random.choice(
        (
            f"{work.name} (1).csv",
            f"{work.name}.csv.bak",
            f"{work.name}_final.csv",
            f"{work.name}\n.csv",
            f" {work.name}.csv",
            f"{work.name} .csv",
            f"{work.name}.csv.gz",
            f"{work.name}.xlsx",
            f"{work.name}\x1b[31m.csv",
        )
    )
    (work.folder / name).write_bytes(work.path.read_bytes() if work.path.is_file() else b"x")
    work.done.append(f"and {name!r}")


# --- books.toml -----------------------------------------------------------------------------------

LINES = (
    "name = 5", "name = ''", "name = '\\u001b[31mred'", 'name = "\\u001b[31mred"', 'name = "a\\nb"',
    "name = 'a'\nname = 'b'", "name = 2025-01-01",
    "currency = 'euro'", "currency = ''", "currency = ['EUR']", "currency = 1", "fiscal_year_start = 0",
    "fiscal_year_start = 13",
    "fiscal_year_start = 1.0", "fiscal_year_start = true", "fiscal_year_start = -1",
    "fiscal_year_start = 99999999999999999999", "fiscal_year_start = 0x4",
    "closed_through = 2025-03-31", "closed_through = '2025-3'", "closed_through = '2025-00'",
    "closed_through = '0001-01'", "closed_through = '2999-12'",
    "closed_through = '2149-12'", "closed_through = '1950-01'", "closed_through = ''",
    "closed_through = 'FY2025'", "closed_through = '2025-03 '", "closed_through = inf",
    "closed_through = '２０２５-03'", "closed_through = nan", "sources = 1", "sources = []",
    "[sources]\nx = 1",
    "[sources.x]\nfile = '../../etc/passwd'", "[sources.x]\nfile = '/etc/passwd'",
    "account_map = '../x.csv'", "account_map = 5", "account_map = '/dev/zero'", "account_map = ''",
    "notes = 'x'", "notes = [1]", "[[notes]]", "[[notes]]\ntext = 5",
    "[[notes]]\ntable = 5\ntext = 'x'", "[[notes]]\ntext = 'x'\nlevel = 'error'", "made = 1", "made = {}",
    "[made]\nx = [[[[]]]]", "unknown = 1", "'' = 1", "'a\\nb' = 1", "[a.b.c.d]", "x" * 5000 + " = 1",
    "a = " + "[" * 200 + "]" * 200, "a = " + "{x = " * 200 + "1" + "}" * 200,
    "description = '''\nlong\n'''", "description = " + "'" + "x" * 100_000 + "'", "name", "= 1", "[",
    "[[x]", "name = '", "\0", "\x1b", "\ufeffname = 'x'", "name = 'x' # \ud83d",
    "[tables.journal]\nfrom = 'x'", "a" + ".a" * 2000 + " = 1", "a = " + "[" * 5000, "a = " + "9" * 5000,
    "calendar = '4-4-5'", "calendar = 5", "[calendar]\nweeks = '4-4-5'",
)  # fmt: skip


@way("settings")
def settings_line(work: Work, random: Random) -> None:
    """A line too many, or a wrong one, in books.toml."""
    path, line = work.folder / "books.toml", random.choice(LINES)
    before = path.read_text() if work.kind in FOREIGN and path.is_file() else small_company.BOOKS
    before = random.choice((before, ""))
    path.unlink(missing_ok=True)
    path.write_bytes((before + line + "\n").encode("utf-8", "surrogatepass"))
    work.done.append(f"books.toml: {line[:80]!r}")


@way("settings")
def settings_bytes(work: Work, random: Random) -> None:
    """books.toml with bytes lost, flipped or put in."""
    new = bytearray(small_company.BOOKS.encode())
    for _ in range(random.choice((1, 2, 5))):
        at = random.randrange(len(new))
        match random.randrange(3):
            case 0:
                del new[at : at + random.choice((1, 5))]
            case 1:
                new[at] ^= 1 << random.randrange(8)
            case _:
                new[at:at] = random.choice((b"\0", b'"', b"\r", b"\xff", b"[", b"=", b"\n", b"#"))
    (work.folder / "books.toml").unlink(missing_ok=True)
    (work.folder / "books.toml").write_bytes(bytes(new))
    work.done.append(f"books.toml: {bytes(new)!r}")


# --- foreign files and the adapter over them ------------------------------------------------------


@way("bytes", "raw.json", "raw.jsonl")
def odd_json(work: Work, random: Random) -> None:
    """JSON as programs really write it: NaN, a key twice, commas too many, deep nests, another top."""
    old, new = random.choice(
        ((b"null", b"NaN"), (b"null", b"Infinity"), (b'{"', b'{"amount": 1, "'), (b"},", b"},,"), (b'"',
        b"'"), (b"{", b"// note\n{"),
         (b"null", b"{}"), (b"null", b"[1, [2]]"), (b"null", b"[" * 5000 + b"]" * 5000), (b"null", b"true"),
         (b"null", b"1e400"), (b"null", b'"\\ud800"'),
         (b"null", b'"\\u0000"'), (b"data", b"daten"), (b"rows", b"Rows"), (b"null", b"9" * 5000), (b": ",
         b":"), (b"null", b"-0"), (b"null", b"1E2"))
    )  # fmt: skip
    count = random.choice((1, 1, -1))
    bytes_of(work, lambda b: b.replace(old, new, count))
    work.done.append(f"{old!r} is {new[:40]!r}")


@way("bytes", "raw.json", "raw.jsonl")
def json_in_another_encoding(work: Work, random: Random) -> None:
    """UTF-16, a mark before, Latin-1, an end of another system."""
    encoding = random.choice(("utf-16", "utf-8-sig", "utf-32", "utf-16-le"))
    bytes_of(work, lambda b: b.decode().encode(encoding))
    work.done.append(f"in {encoding}")


@way("bytes", "raw.sqlite")
def odd_database(work: Work, random: Random) -> None:
    """Bytes in a cell, a number that is text in one row, another name, a view, what is not merged."""
    column = random.choice(work.header)
    statement = random.choice(
        (f'UPDATE "{work.name}" SET "{column}" = x\'00ff\' WHERE rowid = 1',
        f'UPDATE "{work.name}" SET "{column}" = x\'31\'',
         f'UPDATE "{work.name}" SET "{column}" = \'12abc\' WHERE rowid = 2',
         f'UPDATE "{work.name}" SET "{column}" = 9007199254740993 WHERE rowid = 1',
         f'UPDATE "{work.name}" SET "{column}" = 9e999 WHERE rowid = 1',
         f'ALTER TABLE "{work.name}" RENAME TO other', f'DELETE FROM "{work.name}"',
         f'DROP TABLE "{work.name}"',
         f'ALTER TABLE "{work.name}" RENAME TO t; CREATE VIEW "{work.name}" AS SELECT * FROM t',
         f'ALTER TABLE "{work.name}" RENAME TO t; '
         f'CREATE VIEW "{work.name}" AS SELECT * FROM t WHERE json(1, 2)',
         f'PRAGMA journal_mode = WAL; DELETE FROM "{work.name}" WHERE rowid = 1',
         f'UPDATE "{work.name}" SET "{column}" = CAST(x\'ff31\' AS TEXT) WHERE rowid = 1',
         f'ALTER TABLE "{work.name}" ADD COLUMN "{column} " DEFAULT 1')
    )  # fmt: skip
    if not work.path.is_file():
        return
    with closing(sqlite3.connect(work.path)) as database, suppress(sqlite3.Error):
        database.executescript(statement)
    work.done.append(statement)


@way("bytes", "raw.xlsx")
def odd_workbook(work: Work, random: Random) -> None:
    """A workbook with an error in a cell, a cell far away, parts that are away, bombs in it."""
    if not work.path.is_file():
        return
    parts = {}
    with zipfile.ZipFile(work.path) as packed:
        for name in packed.namelist():
            parts[name] = packed.read(name)
    sheet = "xl/worksheets/sheet1.xml"
    choice = random.randrange(8)
    xml = parts[sheet]
    number = re.search(rb'<c r="[A-Z]+2"(><v>[^<]*</v></c>)', xml)
    match choice:
        case 0:
            row = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
            parts[sheet] = xml.replace(b"</sheetData>", row)
        case 1:
            cell = f'<c r="{chr(64 + len(work.header))}2" t="e"><v>#REF!</v></c></row>'.encode()
            at = xml.index(b"</row>", xml.index(b'<row r="2"'))
            last = rb'<c r="' + chr(64 + len(work.header)).encode() + rb'2"[^/]*?(/>|</v></c>)$'
            parts[sheet] = re.sub(last, b"", xml[:at]) + cell + xml[at + 6 :]
        case 2:
            parts[sheet] = xml + b" " * 300_000_000
        case 3:
            bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
                f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">'.encode() for n in range(9)
            )
            parts[sheet] = xml.replace(b"<worksheet", bomb + b"]><worksheet", 1).replace(b"<v>", b"<v>&j;", 1)
        case 4:
            del parts[random.choice(sorted(parts))]
        case 5 if number:
            parts[sheet] = xml.replace(number[0], number[0].replace(number[1], b"><v>1e999</v></c>"), 1)
        case 6:
            parts[sheet] = xml.replace(b"<v>0</v>", b"<v>99999999</v>", 1)
        case _:
            parts["../../evil.xml"] = b"x"
    with zipfile.ZipFile(work.path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    work.done.append(f"workbook, choice {choice}")


@way("bytes", "raw.zip", "raw.tar.gz", "raw.csv.gz")
def odd_archive(work: Work, random: Random) -> None:
    """Names that lead out, links, a bomb, a password, a member twice, an archive in the archive, nothing."""
    if not work.path.is_file():
        return
    choice, text = random.randrange(9), work.text()
    if work.kind == "raw.csv.gz":
        content = (b"\0" * 700_000_000, text + b"\n" * 1000, text, b"", b"\xff" * 99, text, text, text, text)[
            choice
        ]
        work.path.write_bytes(
            gzip.compress(content, 1) + random.choice((b"", b"trailing", gzip.compress(b"")))
        )
    elif work.kind == "raw.zip":
        with warnings.catch_warnings(), zipfile.ZipFile(work.path, "w", zipfile.ZIP_DEFLATED) as packed:
            warnings.simplefilter("ignore")
            name = (
                "../../evil.csv",
                "/etc/evil.csv",
                "a\\..\\b.csv",
                "bomb.csv",
                "one.csv",
                "dir/",
                "x.zip",
                "con.csv",
                "naïve\u202e.csv",
            )[choice]
            packed.writestr(name, b"\0" * 700_000_000 if choice == 3 else text)
            if choice == 4:
                packed.writestr(name, text)
        if choice == 7:
            data = bytearray(work.path.read_bytes())
            at = data.index(b"PK\x01\x02")
            data[6] |= 1
            data[at + 8] |= 1
            work.path.write_bytes(bytes(data))
    else:
        with tarfile.open(work.path, "w:gz", compresslevel=1) as packed:
            info = tarfile.TarInfo(
                (
                    "../../evil.csv",
                    "/etc/evil.csv",
                    "a/../b.csv",
                    "bomb.csv",
                    "one.csv",
                    "dir",
                    "link.csv",
                    "pipe.csv",
                    "hard.csv",
                )[choice]
            )
            info.type = {5: tarfile.DIRTYPE, 6: tarfile.SYMTYPE, 7: tarfile.FIFOTYPE, 8: tarfile.LNKTYPE}.get(
                choice, tarfile.REGTYPE
            )
            info.linkname = "/etc/passwd" if choice in (6, 8) else ""
            data = b"\0" * 700_000_000 if choice == 3 else text if choice < 5 else b""
            info.size = len(data)
            packed.addfile(info, io.BytesIO(data))
    work.done.append(f"archive, choice {choice}")


SELECTS = (
    "", ";", "SELECT 1", "SELECT * FROM Raw; SELECT 2", "SELECT * FROM", "SELEC * FROM Raw",
    "SELECT nothing FROM Raw", "SELECT * FROM Nowhere",
    "DROP TABLE Raw", "CREATE TABLE x AS SELECT 1", "COPY (SELECT 1) TO '/tmp/evil.csv'",
    "ATTACH '/tmp/evil.db'", "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_csv('../../x.csv')", "SELECT * FROM '/etc/passwd'", "SELECT * FROM glob('/etc/*')",
    "PRAGMA database_list", "INSTALL httpfs", "SELECT error('no')",
    "SELECT * FROM Raw, Raw AS b", "SELECT * FROM Raw LIMIT 1", "SELECT * FROM Raw WHERE FALSE",
    "SELECT * FROM Raw -- \u202e", "\ufeffSELECT * FROM Raw",
    "SELECT * FROM Raw UNION ALL SELECT * FROM Raw", "SELECT CAST('x' AS INTEGER) FROM Raw",
    "SELECT * FROM Raw WHERE 1/0 = 1", "SELECT getenv('HOME') FROM Raw", "(((", "'" , "/*", "\0",
    "SELECT " + "(" * 2000 + "1" + ")" * 2000,
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
    "SELECT COLUMNS('a.*') FROM Raw", "SET threads = 1",
    "SELECT *, 1 AS \"\x1b[31m\" FROM Raw", "FROM Raw", "SELECT list(entry) FROM Raw", "EXPLAIN SELECT 1",
    "DESCRIBE Raw", "VALUES (1)",
)  # fmt: skip


@way("settings", *FOREIGN)
def odd_select(work: Work, random: Random) -> None:
    """A SELECT that is wrong, is none, or wants what it must not have."""
    select = random.choice(SELECTS)
    path = work.folder / f"{work.name}.sql"
    if random.random() < 0.1:
        path.write_bytes(b"SELECT '\xff' FROM Raw")
    else:
        path.write_text(select)
    work.done.append(f"{path.name}: {select[:80]!r}")


ENTRIES = (
    "delimiter = '||'", "delimiter = ''", "delimiter = '\\n'", "quote = 'ab'", "quote = ''",
    "encoding = 'klingon'", "encoding = 'utf-16'", "encoding = 'cp1252'", "encoding = 'rot13'",
    "encoding = 'hex'",
    "header = 2", "header = 99", "header = -1", "header = 0", "header = true", "header = 1000000",
    "columns = ['a', 'a']", "columns = []", "columns = ['entry']", "sheet = 'Nowhere'", "sheet = '*'",
    "sheet = 5",
    "table = 'nowhere'", "table = 'sqlite_master'", "records = 'a.b'", "records = ''", "records = '.'",
    "inside = '*.csv'", "inside = 'x'", "inside = '['", "inside = ''", "inside = '../*'", "format = 'pdf'",
    "format = 'text'", "format = 'parquet'",
    "format = 'excel'", "format = 'json'", "format = 'sqlite'", "format = 'xes'", "format = 'companyfacts'",
    "unknown = 1",
)  # fmt: skip
PLACES = (
    "../x.csv",
    "/etc/passwd",
    "/dev/zero",
    "*",
    "**/*",
    "nowhere.csv",
    "",
    ".",
    "[",
    "a\\u0000b",
    "\\u001b[31m",
    "~/x",
    "x" * 400,
    "*.nothing",
    "books.toml",
)


@way("settings", *FOREIGN)
def odd_entry(work: Work, random: Random) -> None:
    """A source that says what cannot be, or names a file that is elsewhere."""
    path = work.folder / "books.toml"
    if not path.is_file():
        return
    text = path.read_text(errors="replace")
    if random.random() < 0.3:
        place = random.choice(PLACES)
        text = text.replace(f'file = "{work.path.name}"', f'file = "{place}"')
        work.done.append(f"file = {place[:50]!r}")
    else:
        line = random.choice(ENTRIES)
        text = text.replace("[sources.Raw]\n", f"[sources.Raw]\n{line}\n")
        work.done.append(line)
    path.write_text(text)


@way("folder", *FOREIGN)
def map_of_accounts(work: Work, random: Random) -> None:
    """An account map that is none: a pipe, elsewhere, with letters that are none, of bytes."""
    path, name = (
        work.folder / "books.toml",
        random.choice(("map.csv", "../map.csv", "/dev/zero", "map.xlsx", "nowhere.csv", "map")),
    )
    text = path.read_text() if path.is_file() else ""
    path.write_text(f"account_map = {name!r}\n{text}")
    content = random.choice(
        (b"", b"account,line\n1,cash\n", b"a;b\n\xff;1\n", b"PK\3\4", b"account,line\n1\n", b"\0" * 99)
    )
    place = work.folder / "map.csv"
    if random.random() < 0.2:
        os.mkfifo(place)
    else:
        place.write_bytes(content)
    (work.folder / "map.xlsx").write_bytes(content)
    work.done.append(f"account_map = {name!r}, {content[:20]!r}")
