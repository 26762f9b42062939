"""The same books from each engine: opened, checked by the contract, and every monthly measure computed.

Each engine is asked by a process of its own, timed from after its imports. Servers are those of the tests.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from tests.engines import java_home, postgres

from .books import make_ledger
from .timing import Row

MILLIONS = (1, 10, 100)
_RUNS = 3
_SERVERS = 10  # million lines; a server is not given more here
_SPARK = 1  # million lines; it takes minutes
_ASK = """
import sys, time
from finops_toolkit.books import open_books
import ibis, ibis.formats.pandas
ibis.duckdb
start = time.perf_counter()
panel = open_books(sys.argv[1]).panel()
print(time.perf_counter() - start, panel.matrix("revenue")[0].sum())
"""


def run(millions: Sequence[int] = MILLIONS) -> list[Row]:
    """A row for each length of the ledger: a folder of Parquet files, and how much longer the others take."""
    rows = []
    for million in millions:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "folder"
            make_ledger(folder, million)
            runs = _RUNS if million <= _SERVERS else 1
            others = {"a lake": _of_lake, "a DuckDB file": _of_duckdb}
            others |= {"PostgreSQL": _of_postgres} if million <= _SERVERS else {}
            others |= {"Spark": _of_spark} if million <= _SPARK else {}
            ours = _asked(str(folder), runs)
            found = {label: way(folder, runs) for label, way in others.items()}
            answers = {answer for _, answer in (ours, *found.values())}
            if len(answers) > 1:
                raise AssertionError(f"the engines disagree: {answers}")
            label = f"From files, {million} million ledger lines"
            rows.append(Row(label, ours[0], {label: seconds for label, (seconds, _) in found.items()}))
    return rows


def _asked(address: str, runs: int, environment: Mapping[str, str] | None = None) -> tuple[float, str]:
    """Median seconds, and the revenue it comes to."""
    words = [sys.executable, "-c", _ASK, address]
    around = {**os.environ, **(environment or {})}
    found = []
    for _ in range(runs):
        done = subprocess.run(words, env=around, capture_output=True, text=True, check=True)
        found.append(done.stdout.split()[-2:])
    return statistics.median(float(seconds) for seconds, _ in found), found[0][1]


def _settings(folder: Path) -> dict[str, str]:
    """What books.toml says, for a table: a database has no such file."""
    said = tomllib.loads((folder / "books.toml").read_text(encoding="utf8"))
    return {name: said[name] for name in ("name", "currency", "closed_through")}


def _of_lake(folder: Path, runs: int) -> tuple[float, str]:
    lake = folder.with_name("lake")
    shutil.copytree(folder, lake, ignore=shutil.ignore_patterns("journal.parquet"))
    parts = "year(posted) AS year, month(posted) AS part"
    duckdb.execute(
        f"COPY (SELECT *, {parts} FROM '{folder}/journal.parquet') TO '{lake}/journal' "
        "(FORMAT parquet, PARTITION_BY (year, part))"
    )
    found = _asked(str(lake), runs)
    shutil.rmtree(lake)
    return found


def _of_duckdb(folder: Path, runs: int) -> tuple[float, str]:
    file = folder.with_name("books.duckdb")
    with duckdb.connect(str(file)) as database:
        for path in folder.glob("*.parquet"):
            database.execute(f"CREATE TABLE {path.stem} AS SELECT * FROM '{path}'")
        database.execute("CREATE TABLE books (key TEXT, value TEXT)")
        database.executemany("INSERT INTO books VALUES (?, ?)", list(_settings(folder).items()))
    return _asked(f"duckdb://{file}", runs)


def _of_postgres(folder: Path, runs: int) -> tuple[float, str]:
    with postgres() as server:
        server.load("books", folder, _settings(folder))
        server.execute("ANALYZE")
        return _asked(server.url("books"), runs, {"PGPASSWORD": server.password})


def _of_spark(folder: Path, runs: int) -> tuple[float, str]:
    home = java_home(folder.with_name("java"))
    return _asked(f"spark://local[2]/?lake={folder}", 1, {"JAVA_HOME": home})
