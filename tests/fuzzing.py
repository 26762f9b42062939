"""A fuzzer for the books: good folders, broken in every way of `mutations`, and a judge of what is right.

A case is a seed and a number: `python tests/fuzzing.py 1:4711 --keep DIR` repeats it, leaving its folder.
The judge reads the broken file by itself, with csv, decimal and datetime or with Arrow. What the books
accept must be what it reads, cell by cell, row by row and to the cent in the panel; what they refuse must be
refused in words that a person can act on. Cases run in forked children, which are killed when they hang.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import datetime as dt
import io
import json
import os
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path
from random import Random
from typing import Any

import duckdb  # noqa: F401 - imported before children are forked, as are the books
import foreign
import ibis  # noqa: F401
import pyarrow as pa
import pyarrow.parquet as pq
import small_company
from mutations import FOREIGN, STAGES, WAYS, Work

from finops_toolkit.books import Books, Finding, open_books, opening
from finops_toolkit.books.contract import Table, load_contract
from finops_toolkit.errors import FinopsError

SECONDS = 5.0  # of CPU that a case may take
PATIENCE = 20.0  # seconds until a child counts as hung, on a machine with other work
MEMORY = 1_500  # MB that a case may add

# Tables that stand together, and those of them that are broken. The others are broken alone.
BASES = {
    "ledger": (("units", "accounts", "journal"), ("journal", "journal", "journal", "accounts", "units")),
    "documents": (("units", "customers", "invoices"), ("invoices", "invoices", "customers", "units")),
}
ALONE = ("budget", "balances", "orders", "deliveries", "production", "consumption", "purchases", "stock",
"capacity", "surveys",
         "incidents", "rates", "targets", "meetings", "decisions", "comments", "events", "bills",
         "forecasts")  # fmt: skip
# What takes long to write and to read is tried less often.
RARE = {
    "odd_archive": 0.4,
    "odd_workbook": 0.6,
    "huge_cell": 0.1,
    "five_thousand_columns": 0.05,
    "another_format": 0.5,
}

BAD = "no value of this type"
# Words of engines and of programs, which say nothing to an analyst.
ENGINE_WORDS = re.compile(
    r"INTERNAL|Traceback|\b(Binder|Parser|Catalog|IO|Conversion|Input|Invalid|Serialization|Fatal|Memory|"
    r"Permission|implemented) Error|duckdb|DuckDB|Arrow|pyarrow|thrift|TProtocol|std::|read_csv|read_parquet|"
    r"auto_detect|null_padding|ignore_errors|strict_mode|state machine|\[Errno|Exception|[Vv]ector|"
    r"0x[0-9a-f]{6}|pragma|allowed_directories|NoneType|KeyError|magic bytes|STRUCT_|ICU|codec can't"
)


@dataclass(frozen=True)
class Case:
    """A good folder and the ways in which it is broken."""

    seed: int
    number: int
    tables: tuple[str, ...]
    broken: str
    kind: str
    ways: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.seed}:{self.number}"


@dataclass
class Verdict:
    """What came of a case. `bug` says which rule was broken; None where none was."""

    case: str
    outcome: str  # "error", "difference", "note" or "correct"
    bug: str | None = None
    message: str = ""
    ways: tuple[str, ...] = ()
    done: list[str] = field(default_factory=list)
    seconds: float = 0.0


def case(seed: int, number: int, only: Sequence[str] | None = None) -> Case:
    """The case of that number. `only`: with these of its ways, to find out which of them does it."""
    random = Random(f"{seed}:{number}")
    if random.random() < 0.35:
        tables, choices = BASES[random.choice(sorted(BASES))]
        broken = random.choice(choices)
    else:
        broken = random.choice([name for name in ALONE if name in small_company.TEXT])
        tables = (broken,)
    kind = random.choice(("csv", "csv", "csv", "csv", "parquet", "parquet", "foreign"))
    kind = random.choice(FOREIGN) if kind == "foreign" else kind
    fitting = [way for way in WAYS.values() if kind in way.kinds]
    weights = [RARE.get(way.name, 1.0) for way in fitting]
    count = random.choice((1, 1, 1, 1, 1, 2, 2, 3))
    ways = tuple(dict.fromkeys(way.name for way in random.choices(fitting, weights, k=count)))
    ways = tuple(sorted(ways, key=lambda name: STAGES.index(WAYS[name].stage)))
    if only is not None:
        ways = tuple(only)
        kind = kind if all(kind in WAYS[name].kinds for name in ways) else WAYS[ways[0]].kinds[0]
    return Case(seed, number, tables, broken, kind, ways)


def build(case: Case, folder: Path) -> Work:
    """Write the good tables and break the one."""
    folder.mkdir(parents=True)
    data = small_company.tables()
    small_company.write(folder, {name: data[name] for name in case.tables if name != case.broken})
    rows = data[case.broken]
    work = Work(case.broken, list(rows[0]), [list(row.values()) for row in rows], case.kind, folder=folder)
    written = False
    for name in case.ways:
        if not written and WAYS[name].stage in ("bytes", "folder", "settings"):
            work.write()
            written = True
        # Each way has its own chance: without the others it does the same.
        WAYS[name].act(work, Random(f"{case.seed}:{case.number}:{name}"))
    if not written:
        work.write()
    return work


# --- what a file honestly holds -------------------------------------------------------------------


class Unreadable(Exception):
    """The file, or its table, cannot be read by anybody who is careful."""


def honest_rows(path: Path, spec: Table, delimiter: str) -> list[dict[str, tuple]]:
    """Each row of a file: of each column of the contract, the values it may be read as. BAD: as none.

    Raises Unreadable.
    """
    if not path.is_file() or path.parent.resolve() != path.resolve().parent:
        raise Unreadable("no file of this folder")
    return _honest(*_table(path, spec.name, delimiter), spec)


def _honest(header: list[str], rows: list[list[Any]], spec: Table) -> list[dict[str, tuple]]:
    names = [name.strip().lower() for name in header]
    for name, column in spec.columns.items():
        if names.count(name) > 1:
            raise Unreadable(f"{name} more than once")
        if name not in names and not column.optional:
            raise Unreadable(f"no {name}")
    if not rows:
        raise Unreadable("no rows")
    places = {name: names.index(name) for name in spec.columns if name in names}
    return [
        {
            name: honest_value(row[places[name]], spec.columns[name].type) if name in places else (None,)
            for name in spec.columns
        }
        for row in rows
    ]


def _table(path: Path, name: str, delimiter: str) -> tuple[list[str], list[list[Any]]]:
    if path.suffix.lower() == ".parquet":
        return _parquet(path)
    try:
        held = foreign.table_of(path, name)
    except Exception as error:
        # A damaged archive may come out as anything.
        raise Unreadable(f"{type(error).__name__}: {error}") from None
    return _csv(held, delimiter) if isinstance(held, bytes) else held


def _csv(data: bytes, delimiter: str) -> tuple[list[str], list[list[str]]]:
    csv.field_size_limit(2**31 - 1)
    try:
        text = data.decode("utf-8-sig")
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        records = [record for record in lines if record]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(str(error)) from None
    if not records:
        raise Unreadable("nothing in it")
    if any(len(record) != len(records[0]) for record in records):
        raise Unreadable("lines of different lengths")
    return records[0], records[1:]


def _parquet(path: Path) -> tuple[list[str], list[list[Any]]]:
    try:
        with pq.ParquetFile(path) as file:
            table = file.read()
        return _plain(table)
    except Exception as error:
        # A flipped byte may come out of Arrow as anything.
        raise Unreadable(f"{type(error).__name__}: {error}") from None


def _plain(table: pa.Table) -> tuple[list[str], list[list[Any]]]:
    columns = [column.to_pylist() for column in table.columns]
    return table.column_names, [list(row) for row in zip(*columns, strict=True)]


def honest_value(value: Any, kind: str) -> tuple:
    """What a cell may be read as: one value, or several where careful people differ; BAD for none."""
    if value is None:
        return (None,)
    if not isinstance(value, str):
        return _typed(value, kind)
    text = value.strip(" ")
    if text == "":
        return (None,)
    if kind in ("id", "text"):
        # Blanks that nobody sees may stay or go.
        return tuple(dict.fromkeys((text, value.strip() or None)))
    # A number or a date with such blanks around it may be read or not; of blanks alone there is none.
    bare = text.strip()
    if not bare:
        return (None, BAD)
    found = _read(bare, kind)
    return tuple(dict.fromkeys((*found, BAD))) if bare != text else found


def _read(text: str, kind: str) -> tuple:
    if kind in ("money", "quantity", "rate"):
        if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", text):
            return (BAD,)
        return (_fixed(Decimal(text), kind),)
    if kind == "integer":
        good = re.fullmatch(r"[+-]?[0-9]{1,19}", text) and -(2**63) <= int(text) < 2**63
        return (int(text),) if good else (BAD,)
    if kind == "boolean":
        words = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
        maybe = {"yes": True, "y": True, "no": False, "n": False}
        if text.lower() in maybe:
            return (maybe[text.lower()], BAD)
        return (words.get(text.lower(), BAD),)
    return _moment(text, kind)


def _moment(text: str, kind: str) -> tuple:
    if kind == "month" and re.fullmatch("[0-9]{4}-[0-9]{1,2}", text):
        text += "-01"
    found = re.fullmatch(
        r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})"
        r"(?:[T ]+([0-9]{1,2}):([0-9]{1,2})?(?::([0-9]{1,2})?(?:\.([0-9]{0,9}))?)?)?(.*)",
        text,
        re.DOTALL,
    )
    if not found:
        return (BAD,)
    year, _, month, day, hour, minute, second, part, rest = found.groups()
    try:
        clock = dt.time(
            int(hour or 0), int(minute or 0), int(second or 0), int(((part or "") + "000000")[:6])
        )
        moment = dt.datetime.combine(dt.date(int(year), int(month), int(day)), clock)
    except ValueError:
        return (BAD,)
    if hour and re.fullmatch(r"\s*[A-Za-z]+/[A-Za-z_]+", rest):
        # A zone by its name: the clock on the wall there, and nothing else.
        rest = ""
    zone = re.fullmatch(r"\s*(Z|UTC|([+-])([0-9]{2}):?([0-9]{2})?)", rest) if hour else None
    if rest and not zone:
        return (BAD,)
    if kind != "time":
        day_ = moment.date().replace(day=1) if kind == "month" else moment.date()
        return (day_, BAD) if zone else (day_,)
    if zone:
        away = dt.timedelta(hours=int(zone[3] or 0), minutes=int(zone[4] or 0)) * (
            -1 if zone[2] == "-" else 1
        )
        # The clock on the wall where it was written, or in Greenwich.
        return (moment, moment - away, BAD)
    return (moment,)


def _fixed(number: Decimal, kind: str) -> Any:
    """A number as the contract keeps it; BAD where it does not fit."""
    places = 8 if kind == "rate" else 4
    with localcontext() as context:
        context.prec = 1500
        if abs(number) >= Decimal(10) ** (19 - places):
            return BAD
        fixed = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return fixed if abs(fixed) < Decimal(10) ** (19 - places) else BAD


def _typed(value: Any, kind: str) -> tuple:
    """A value of Parquet. Doubles have no exact decimals: what they come to may differ in the last place."""
    numeric = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    if kind in ("money", "quantity", "rate") and numeric:
        if isinstance(value, float):
            if value != value or value in (float("inf"), float("-inf")):
                return (BAD,)
            near = (value, value * (1 + 2**-52), value * (1 - 2**-52))
            exact = [Decimal(repr(value)), *map(Decimal, near)]
            return tuple(dict.fromkeys(_fixed(number, kind) for number in exact))
        return (_fixed(Decimal(value), kind),)
    if kind == "integer" and isinstance(value, dt.timedelta):
        return (value // dt.timedelta(microseconds=1), BAD)  # Parquet knows it as a number only
    if kind == "integer" and numeric:
        return (
            (int(value) if value == int(value) and abs(value) < 2**63 else BAD,)
            if value == value and abs(value) != float("inf")
            else (BAD,)
        )
    if kind in ("id", "text"):
        if isinstance(value, dt.timedelta):
            return (str(value // dt.timedelta(microseconds=1)), BAD)
        if isinstance(value, (dict, list)):
            return (json.dumps(value, ensure_ascii=False), BAD)
        if isinstance(value, bytes):
            return (f"({len(value):,} bytes)", BAD)
        if isinstance(value, bool):
            return (str(value).lower(), BAD)
        if numeric:
            if value != value or abs(value) == float("inf") or value != int(value):
                return (BAD,)
            return (str(int(value)),)
        return (str(value), BAD) if isinstance(value, (dt.date, dt.datetime)) else (BAD,)
    if kind in ("date", "month", "time") and isinstance(value, dt.date):
        return _typed_moment(value, kind)
    if kind == "boolean" and isinstance(value, (bool, int)) and value in (0, 1):
        return (bool(value),)
    return (BAD,)


def _typed_moment(value: dt.date, kind: str) -> tuple:
    """A day as the file's own zone has it; one that falls on another day elsewhere may be refused."""
    zone = getattr(value, "tzinfo", None)
    if kind == "time":
        moment = value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())
        if getattr(moment, "nanosecond", 0) or zone is None:
            moment = moment.to_pydatetime() if hasattr(moment, "to_pydatetime") else moment
            return (moment,)
        return (moment.astimezone(dt.UTC).replace(tzinfo=None), BAD)
    day = value.date() if isinstance(value, dt.datetime) else value
    day = day.replace(day=1) if kind == "month" else day
    return (day, BAD) if zone is not None else (day,)


# --- the judge ------------------------------------------------------------------------------------


@dataclass
class Honest:
    """What the judge read: of each table its rows, or why there are none."""

    rows: dict[str, list[dict[str, tuple]]] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    # Of Parquet: what was written, before anything happened to its bytes.
    written: dict[str, list[dict[str, tuple]]] = field(default_factory=dict)


def read_honestly(case: Case, work: Work) -> Honest:
    """Read all tables of the folder."""
    found = Honest()
    contract = load_contract().tables
    for name in case.tables:
        paths = [
            path
            for path in work.folder.iterdir()
            if path.stem.lower() == name and path.suffix.lower() in (".csv", ".parquet")
        ]
        if work.kind in FOREIGN:
            paths = [work.path if name == case.broken else work.raw / f"{name}.csv"]
        try:
            if len(paths) != 1:
                raise Unreadable("not there" if not paths else "more than one file")
            found.rows[name] = honest_rows(
                paths[0], contract[name], work.delimiter if name == case.broken else ","
            )
        except Unreadable as error:
            found.why[name] = str(error)
            if work.written is not None and name == case.broken:
                with contextlib.suppress(Unreadable):
                    found.written[name] = _honest(*_plain(work.written), contract[name])
    return found


def judge(case: Case, work: Work, honest: Honest) -> Verdict:
    """Open the folder, and hold what comes of it against what is right."""
    verdict = Verdict(str(case), "error", None, "", case.ways, work.done)
    try:
        books = open_books(work.folder, work.raw if work.kind in FOREIGN else None, strict=False)
        findings = books.findings()
    except FinopsError as error:
        verdict.message = str(error)
        verdict.bug = None if error.message and error.hint else "an error without a hint"
    else:
        levels = [finding.level for finding in findings]
        verdict.outcome = next(
            (level for level in ("error", "difference", "note") if level in levels), "correct"
        )
        verdict.message = "\n".join(str(finding) for finding in findings)
        verdict.bug = next(_wrong(case, books, findings, honest), None)
        verdict.bug = verdict.bug or next(_unclear_findings(findings), None)
        refused = {finding.table for finding in findings if finding.level == "error"} & {
            case.broken,
            "books.toml",
        }
        if verdict.bug is None and refused and all(WAYS[name].harmless for name in case.ways):
            verdict.bug = "what does no harm is refused"
        if verdict.outcome == "error":
            verdict.message = str(opening.unusable(books.opened, findings))
    verdict.bug = verdict.bug or unclear(verdict.message)
    return verdict


def unclear(message: str) -> str | None:
    """Why a message is not fit for people; None where it is."""
    if found := ENGINE_WORDS.search(message):
        return f"an engine's word in the message: {found[0]}"
    if strange := [
        letter
        for letter in message
        if letter != "\n" and unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co")
    ]:
        return f"a sign in the message that a terminal obeys or nobody sees: {strange[0]!r}"
    return f"a message of {len(message):,} letters" if len(message) > 6000 else None


def _unclear_findings(findings: list[Finding]) -> Iterator[str]:
    for finding in findings:
        if finding.level == "error" and not finding.hint:
            yield f"an error without a hint: {finding}"


def _wrong(case: Case, books: Books, findings: list[Finding], honest: Honest) -> Iterator[str]:
    """The rules that were broken."""
    contract = load_contract().tables
    failed = {finding.table for finding in findings if finding.level == "error"}
    for name in case.tables:
        spec, rows, read = contract[name], honest.rows.get(name), books.opened.rows.get(name)
        if name not in books.tables:
            if name not in failed:
                yield f"{name} went away in silence"
            said = {f.rule for f in findings if f.table == name}
            counted = case.kind not in FOREIGN and "missing_column" not in said
            if rows is not None and read is not None and read != len(rows) and counted:
                yield f"{name}: {read} rows read, there are {len(rows)}"
            # An entry that reads the file in another way is refused for what it makes of it.
            plain = not said & {"unreadable", "twice", "empty"} and "odd_entry" not in case.ways
            if rows is not None and plain:
                yield from _uncounted(name, spec, rows, findings)
            continue
        if rows is None:
            right = honest.written.get(name)
            if right is None or any(True for _ in _different(books, spec, right)):
                # Arrow may stumble over what the engine does not look at: then it is as it was written.
                yield f"{name} was read, and it cannot be: {honest.why[name]}"
            continue
        if "tied" in {finding.rule for finding in findings if finding.table == name}:
            # A SELECT that takes rows away, or twice: it is said how many, and how much money.
            return
        if read != len(rows):
            yield f"{name}: {read} rows read, there are {len(rows)}"
        yield from _different(books, spec, rows)
        yield from _uncounted(name, spec, rows, findings)
        keys = Counter(tuple(row[key][0] for key in spec.key) for row in rows)
        if len(keys) != len(rows):
            yield f"{name}: a key stands there twice, and nobody said so"
        for row in rows:
            for column in spec.columns.values():
                if not column.optional and row[column.name] == (None,):
                    yield f"{name}: {column.name} is empty, and nobody said so"
    if not failed and {"units", "accounts", "journal"} <= set(honest.rows) and "journal" in books.tables:
        yield from _panel_differs(books, findings, honest)


def _different(books: Books, spec: Table, rows: list[dict[str, tuple]]) -> Iterator[str]:
    names = ", ".join(f'"{name}"' for name in spec.columns)
    typed = books.opened.connection.raw_sql(f'SELECT {names} FROM books."{spec.name}"').fetchall()
    if len(typed) != len(rows):
        yield f"{spec.name}: {len(typed)} rows used, there are {len(rows)}"
    for number, (used, row) in enumerate(zip(typed, rows, strict=False), 1):
        for value, (column, right) in zip(used, row.items(), strict=True):
            if value not in right:
                yield f"{spec.name}: row {number}, {column} is {value!r:.200}, the file holds {right!r:.200}"


def _uncounted(
    name: str, spec: Table, rows: list[dict[str, tuple]], findings: list[Finding]
) -> Iterator[str]:
    """Values that cannot be read are counted, exactly."""
    if any(
        finding.rule == "source" or (finding.table == name and finding.rule == "tied") for finding in findings
    ):
        return
    for column in spec.columns:
        least = sum(row[column] == (BAD,) for row in rows)
        most = sum(BAD in row[column] for row in rows)
        about = [
            f
            for f in findings
            if f.table == name and f.rule in ("unreadable_value", "wrong_type", "missing_column")
        ]
        said = [
            f
            for f in about
            if f.rule != "missing_column" and re.search(rf"\b{re.escape(column)} (are|is|holds) ", f.text)
        ]
        if any(f.rule in ("wrong_type", "missing_column") for f in about):
            continue
        count = sum(f.count for f in said)
        if not least <= count <= most:
            yield f"{name}: {least} to {most} values of {column} cannot be read, {count} are said"


_CREDIT = ("revenue", "other_income", "intercompany_result", "payables", "other_current_liabilities",
"debt", "other_liabilities", "equity")  # fmt: skip
_FLOWS = load_contract().lines_profit
_BALANCES = load_contract().lines_balance


def _panel_differs(books: Books, findings: list[Finding], honest: Honest) -> Iterator[str]:
    """The panel, month by month and line by line, against sums of what the files hold."""
    panel = books.panel()
    lines = {row["account"][0]: row["line"][0] for row in honest.rows["accounts"]}
    sums: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    outside = 0
    for row in honest.rows["journal"]:
        day, amount, account = row["posted"][0], row["amount"][0], row["account"][0]
        if account not in lines:
            yield f"account {account!r} is nowhere, and nobody said so"
            return
        month = day.year * 12 + day.month - 1
        outside += month > panel.closed
        sums[lines[account], month] += amount
    if outside and "after_close" not in {finding.rule for finding in findings}:
        yield f"{outside} rows lie after the close, and nobody said so"
    exact = all(len(row["amount"]) == 1 for row in honest.rows["journal"])
    for line in (*_FLOWS, *_BALANCES):
        if line not in panel.measures or not exact:
            continue
        sign, found = (-1 if line in _CREDIT else 1), panel.matrix(line)[0]
        for at, month in enumerate(panel.months):
            if month > panel.closed:
                continue
            if line in _FLOWS:
                right = sums[line, month]
            else:
                right = sum(
                    (amount for (of, when), amount in sums.items() if of == line and when <= month),
                    Decimal(0),
                )
            if int(found[at]) != int(sign * right * 10_000):
                yield f"{line} of month {month} is {int(found[at]) / 10_000}, the files hold {sign * right}"


# --- running --------------------------------------------------------------------------------------


def attempt(case: Case, root: Path, oracle: bool = True, tell: Any = None) -> Verdict:
    """Build a case, judge it, clean up. Anything that is no FinopsError is a bug."""
    folder = root / f"case{case.number}" / "data"
    tell = tell or (lambda stage: None)
    verdict = Verdict(str(case), "error", None, "", case.ways)
    try:
        work = build(case, folder)
        verdict.done = work.done
        tell("o" if oracle else "j")
        honest = (
            read_honestly(case, work)
            if oracle
            else Honest({}, dict.fromkeys(case.tables, "it ends the judge"))
        )
        tell("j")
        peak, began = _peak(), time.process_time()
        verdict = judge(case, work, honest)
        verdict.seconds = time.process_time() - began
        if verdict.bug is None and verdict.seconds > SECONDS:
            verdict.bug = f"it took {verdict.seconds:.1f} s"
        if verdict.bug is None and _peak() - peak > MEMORY:
            verdict.bug = f"it took {_peak() - peak:,} MB"
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)[-6:]
        places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
        verdict.bug = f"{type(error).__name__}: {error!s:.300} ({places})"
    finally:
        shutil.rmtree(folder.parent, ignore_errors=True)
    return verdict


def _peak() -> int:
    """MB this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def room() -> Path:
    """A new folder for cases: in memory where the system has a place for that."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="finops_fuzz_", dir=memory if os.access(memory, os.W_OK) else None))


def run(cases: Iterable[Case]) -> list[Verdict]:
    """Judge cases, from wherever: a fork of a process that has opened books may wait for a lock for ever."""
    listed = json.dumps([asdict(one) for one in cases])
    program = [sys.executable, str(Path(__file__)), "-"]
    done = subprocess.run(program, input=listed, stdout=subprocess.PIPE, text=True, check=True)
    return [Verdict(**json.loads(line)) for line in done.stdout.splitlines()]


def run_here(cases: Iterable[Case], batch: int = 200) -> list[Verdict]:
    """Judge cases in forked children: one that hangs is killed, the rest goes on. No books are open here."""
    waiting, verdicts, root = list(cases), [], room()
    blind: set[int] = set()
    try:
        while waiting:
            done, stage = _child(waiting[:batch], root, blind)
            verdicts += done
            waiting = waiting[len(done) :]
            if stage is None:
                continue
            ended = waiting[0]
            shutil.rmtree(root / f"case{ended.number}", ignore_errors=True)
            if stage == "o" and ended.number not in blind:
                # It was the judge that died of the file, not the books: without him.
                blind.add(ended.number)
                continue
            bug = "it hangs" if stage == "hang" else "the process died"
            verdicts.append(Verdict(str(ended), "error", bug, "", ended.ways))
            waiting = waiting[1:]
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return verdicts


def _child(cases: list[Case], root: Path, blind: set[int]) -> tuple[list[Verdict], str | None]:
    """Verdicts of a child, and at what it ended before it was through; None if it was through."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "w", buffering=1) as out:
            _judge_all(cases, root, blind, out)
        os._exit(0)
    os.close(writing)
    verdicts, stage = [], "j"
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        rest = b""
        while len(verdicts) < len(cases):
            ready, _, _ = select.select([pipe], [], [], PATIENCE)
            data = pipe.read(65536) if ready else b""
            if not ready:
                os.kill(child, signal.SIGKILL)
                stage = "o" if stage == "o" else "hang"
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line in (b"o", b"j"):
                    stage = line.decode()
                else:
                    verdicts.append(Verdict(**json.loads(line)))
    os.waitpid(child, 0)
    return verdicts, stage if len(verdicts) < len(cases) else None


def _judge_all(cases: list[Case], root: Path, blind: set[int], out: Any) -> None:
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silent, stream)
    os.environ["FINOPS_JOBS"] = "2"
    try:
        # What is imported and compiled once counts for no case.
        attempt(Case(0, -1, ("rates",), "rates", "csv", ()), root)
        for one in cases:
            verdict = attempt(one, root, one.number not in blind, lambda stage: print(stage, file=out))
            print(json.dumps(asdict(verdict)), file=out)
    finally:
        out.flush()
        os._exit(0)


def shrunk(verdict: Verdict) -> Verdict:
    """The same bug with a single way, if one of the case's ways is enough; else as it is."""
    seed, number = map(int, verdict.case.split(":"))
    if len(verdict.ways) > 1:
        for name in verdict.ways:
            (alone,) = run([case(seed, number, [name])])
            if alone.bug is not None:
                return alone
    return verdict


def told(verdict: Verdict) -> str:
    """A bug, and how to see it again."""
    return (
        f"{verdict.case} {'+'.join(verdict.ways)}: {verdict.bug}\n  done: {'; '.join(verdict.done)[:400]}\n"
        f"  message: {verdict.message[:600]!r}\n"
        f"  again: python tests/fuzzing.py {verdict.case} --ways {','.join(verdict.ways)} --keep DIR; "
        "finops check DIR/data"
    )


def counts(verdicts: list[Verdict]) -> str:
    """How many cases of each way came to what; cases of several ways count under each."""
    table: dict[str, Counter] = defaultdict(Counter)
    for verdict in verdicts:
        for name in verdict.ways:
            table[name][verdict.outcome if verdict.bug is None else "BUG"] += 1
    heads = ("error", "difference", "note", "correct", "BUG")
    lines = [f"{'':30}" + "".join(f"{head:>12}" for head in heads)]
    lines += [f"{name:30}" + "".join(f"{table[name][head]:>12,}" for head in heads) for name in sorted(table)]
    total = Counter(verdict.outcome if verdict.bug is None else "BUG" for verdict in verdicts)
    return "\n".join([*lines, f"{'cases':30}" + "".join(f"{total[head]:>12,}" for head in heads)])


def main() -> int:
    """`fuzzing.py SEED:NUMBER` repeats a case; `fuzzing.py SEED --cases N` runs N of them and counts.

    `fuzzing.py -` takes cases from its input and writes verdicts.
    """
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("case", help="SEED or SEED:NUMBER")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--kind", help="only of this kind of file; raw of all foreign ones")
    parser.add_argument("--ways", help="only these, separated by commas")
    parser.add_argument("--keep", type=Path, help="leave the broken folder here, as DIR/data")
    parser.add_argument("--save", type=Path, help="write the verdicts as JSON lines")
    arguments = parser.parse_args()
    if arguments.case == "-":
        for verdict in run_here(Case(**given) for given in json.load(sys.stdin)):
            print(json.dumps(asdict(verdict)))
        return 0
    seed, _, number = arguments.case.partition(":")
    only = arguments.ways.split(",") if arguments.ways else None
    if arguments.keep:
        print(build(case(int(seed), int(number), only), arguments.keep / "data").done)
    if number:
        numbers: Iterable[int] = [int(number)]
    else:
        numbers = range(arguments.start, arguments.start + arguments.cases)
    began = time.monotonic()
    chosen = (case(int(seed), number, only) for number in numbers)
    verdicts = run_here(one for one in chosen if one.kind.startswith(arguments.kind or ""))
    if arguments.save:
        arguments.save.write_text("".join(json.dumps(asdict(verdict)) + "\n" for verdict in verdicts))
    if number:
        print(verdicts[0])
    print(counts(verdicts), f"{time.monotonic() - began:.0f} s", sep="\n")
    bugs = [verdict for verdict in verdicts if verdict.bug is not None]
    for verdict in bugs[:100]:
        print(told(verdict))
    return len(bugs) > 0


if __name__ == "__main__":
    sys.exit(main())
