"""Outline, stamps and snapshot: the books as a batch found them, the very same, and ready at once."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_company
from pandas.testing import assert_frame_equal

from finops_toolkit.books import Books, open_books, snapshot
from finops_toolkit.books.contract import load_contract
from finops_toolkit.books.opening import open_folder
from finops_toolkit.books.outline import Outline
from finops_toolkit.books.snapshot import VARIABLE, books_version, load_snapshot, snapshot_of, write_snapshot
from finops_toolkit.books.stamps import settled, stamp, stamps
from finops_toolkit.errors import ContractError, UsageError

ROOT = Path(__file__).resolve().parent.parent
ADAPTER = ROOT / "datasets" / "adapters" / "adventureworks"
PLAN = """
import json, sys, time
from finops_toolkit.books.outline import Outline
from finops_toolkit.books.stamps import settled, stamps
outline = Outline.from_json(open(sys.argv[1]).read())
outline.unit(outline.units[-1].unit), outline.below(outline.units[0].unit), outline.reported()
outline.period("latest-closed")
settled(stamps(None, None), time.time())
print(json.dumps([name for name in ("pandas", "numpy", "ibis", "duckdb", "pyarrow") if name in sys.modules]))
"""
# Loads the snapshot, forks, and opens in the child: what a batch does. Prints threads before and after, then
# what the child found out.
FORK = """
import json, os
import numpy, pandas, pyarrow, ibis, duckdb
from finops_toolkit.books import open_books, snapshot
count = lambda: len(os.listdir("/proc/self/task"))
before = count()
snapshot.warm()
print(json.dumps([before, count()]), flush=True)
if os.fork() == 0:
    books = open_books()
    ready = [books.opened.snapshot is not None, books.opened.connection.connected]
    panel = int(books.panel().matrix("revenue").sum())
    rows = int(books.sums("orders", [], [])["rows"].iloc[0])
    print(json.dumps([ready, panel, rows, count() > before]), flush=True)
    os._exit(0)
os.wait()
"""


def snapshot_books(
    books: Books, folder: Path, monkeypatch: pytest.MonkeyPatch, data: Any = None, source: Any = None
) -> Books:
    """The same books, opened from a snapshot just written."""
    monkeypatch.setenv(VARIABLE, str(write_snapshot(books, folder, books.outline)))
    found = open_books(data, source)
    assert found.opened.snapshot is not None
    return found


def assert_same(first: Books, second: Books) -> None:
    """Both books say the same of everything: tables, calendar, panel, findings and every kind of read."""
    assert (first.name, first.currency, first.folder) == (second.name, second.currency, second.folder)
    assert (first.missing, first.first, first.closed) == (second.missing, second.first, second.closed)
    assert (first.opened.rows, first.opened.settings) == (second.opened.rows, second.opened.settings)
    assert list(first.tables) == list(second.tables)
    assert first.outline == second.outline
    assert_frame_equal(first.units, second.units)
    assert_same_panel(first.panel(), second.panel())
    assert_frame_equal(first.reconciliation(), second.reconciliation())
    assert first.findings() == second.findings()
    for one, other in zip(first.findings(), second.findings(), strict=True):
        assert_frame_equal(one.rows, other.rows)
    top = first.units.unit.iloc[0]
    for name in first.facts.tables:
        spec = load_contract().tables[name]
        tables = [
            books.facts.tables[name].order_by([*spec.columns]).to_pyarrow() for books in (first, second)
        ]
        assert tables[0].equals(tables[1]), name
        assert_frame_equal(first.rows(name, limit=50), second.rows(name, limit=50))
        by = [column for column in ("unit",) if column in spec.columns] + (["month"] if spec.date else [])
        exact = [c.name for c in spec.columns.values() if c.type in ("money", "quantity")]
        assert_frame_equal(first.sums(name, by, exact), second.sums(name, by, exact))
        assert_frame_equal(first.sums(name, [], exact, top), second.sums(name, [], exact, top))
    reads = [{read.id: read.sha256 for read in books.reads} for books in (first, second)]
    assert {key: reads[0].get(key) for key in reads[1]} == reads[1]


def assert_same_panel(first: Any, second: Any) -> None:
    """Field by field, whatever fields a panel has; only who listens to it may differ."""
    for field in dataclasses.fields(first):
        one, other = getattr(first, field.name), getattr(second, field.name)
        if field.name in ("_values", "_rows"):
            assert list(one) == list(other)
            assert [name for name in one if not np.array_equal(one[name], other[name])] == []
        elif field.name == "_histograms":
            assert list(one) == list(other)
            for name in one:
                assert_frame_equal(one[name], other[name])
        elif field.compare:
            assert one == other, field.name


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder with a few tables of a small company as CSV."""
    tables = small_company.tables()
    few = {name: tables[name] for name in ("units", "accounts", "journal", "departments")}
    return small_company.write(tmp_path / "small", few)


# --- outline -----------------------------------------------------------------------------------------------


def test_outline_is_enough_to_plan(books: Books) -> None:
    """Units, periods and the footer's reconciliation come out of the outline as they do out of the books."""
    outline = Outline.from_json(books.outline.to_json())

    assert outline == books.outline
    booked = set(books.sums("journal", by=["unit"], sums=[])["unit"])
    assert outline.reported() == [unit for unit in books.units.unit if booked & set(books.below(unit))]
    assert [outline.below(unit) for unit in outline.reported()] == [books.below(u) for u in books.units.unit]
    assert outline.below("COMPANY") == list(books.units.unit) and outline.below("north") == ["NORTH"]
    for text in ("latest-closed", "2025-Q3", "2025-10-R12"):
        assert outline.period(text) == books.period(text)
    assert outline.agreement.agreeing == list(books.reconciliation()["pair"].unique())


def test_outline_says_what_differs(small: Path) -> None:
    """A pair that does not agree has the number of its unit-months; other differences name their table."""
    tables = small_company.tables()
    for row in tables["journal"]:
        row["account"] = {"4000": "4900"}.get(row["account"], row["account"])
    small_company.write(small, tables)
    found = open_books(small)
    outline = found.outline

    assert "revenue" in outline.agreement.differing
    (told,) = [f for f in found.findings() if f.rule == "revenue_agree"]
    assert outline.agreement.differing["revenue"] == told.count > 0
    assert len(outline.agreement.others) == len(
        [f for f in found.findings() if f.level == "difference" and not f.rule.endswith("_agree")]
    )


def test_outline_understands_units_as_the_books_do(books: Books) -> None:
    """Ids and names in any case; what is no unit is refused with the units there are."""
    outline = books.outline

    assert outline.unit(" plant north, tilbrook ") == books.unit("north") == "NORTH"
    with pytest.raises(UsageError) as refused:
        outline.unit("NORHT")
    assert "Did you mean NORTH?" in str(refused.value)
    with pytest.raises(UsageError):
        outline.period("1999")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"agreement": 1}', '"x"', "null"])
def test_no_outline_is_refused(text: str) -> None:
    """A text that is no outline is a ValueError, whatever it is."""
    with pytest.raises(ValueError, match=r"."):
        Outline.from_json(text)


def test_a_plan_needs_no_engine(books: Books, tmp_path: Path) -> None:
    """Outline and stamps import neither frames nor engine: an up-to-date batch is recognised at once."""
    path = tmp_path / "outline.json"
    path.write_text(books.outline.to_json())
    run = subprocess.run(
        [sys.executable, "-c", PLAN, str(path)], capture_output=True, text=True, timeout=60, cwd=ROOT
    )

    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == []


# --- stamps ------------------------------------------------------------------------------------------------


def test_stamps_see_all_of_an_adapter(tmp_path: Path) -> None:
    """Files of the adapter and of its source count, in subfolders too; a new, changed or lost one shows."""
    adapter, source = tmp_path / "adapter", tmp_path / "source"
    (source / "2025" / "q1").mkdir(parents=True)
    adapter.mkdir()
    deep = source / "2025" / "q1" / "ledger.csv"
    for path in (adapter / "journal.sql", source / "plants.csv", deep):
        path.write_text("a")
    found = stamps(adapter, source)

    assert set(found) == {str(p) for p in (adapter / "journal.sql", source / "plants.csv", deep)}
    deep.write_text("ab")
    changed = stamps(adapter, source)
    assert [path for path in found if found[path] != changed[path]] == [str(deep)]
    deep.unlink()
    assert set(stamps(adapter, source)) == set(found) - {str(deep)}


def test_stamps_see_a_copy_that_keeps_its_time(tmp_path: Path) -> None:
    """Another content of the same size, with the time of writing set back, is another stamp."""
    path = tmp_path / "journal.csv"
    path.write_text("a")
    before = stamps(tmp_path, None)
    wait_for_the_clock(path)
    path.write_text("b")
    os.utime(path, ns=(before[str(path)][1], before[str(path)][1]))

    assert stamps(tmp_path, None)[str(path)][:2] == before[str(path)][:2]
    assert stamps(tmp_path, None) != before


def wait_for_the_clock(path: Path) -> None:
    """Until a file written now has a later time than this one: file systems count in ticks."""
    other = path.with_name("clock")
    until = time.monotonic() + 5
    while time.monotonic() < until:
        other.write_text("")
        if other.stat().st_ctime_ns > path.stat().st_ctime_ns:
            break
    other.unlink()


def test_stamps_of_tables_leave_out_what_is_not_read(small: Path) -> None:
    """What lies below a folder of tables, or is hidden there, is nobody's business."""
    before = stamps(small, None)
    (small / "reports").mkdir()
    (small / "reports" / "page.html").write_text("x")
    (small / ".lock").write_text("x")
    (small / "~$journal.xlsx").write_text("x")

    assert stamps(small, None) == before
    (small / "more.csv").write_text("x")
    assert stamps(small, None) != before


def test_young_stamps_prove_nothing(tmp_path: Path) -> None:
    """A file written to within the tick of its stamp may change again unseen: such stamps are not settled."""
    path = tmp_path / "journal.csv"
    path.write_text("a")
    found = stamps(tmp_path, None)
    written = path.stat().st_ctime

    assert not settled(found, written)
    assert not settled(found, written + 1.9)
    assert settled(found, written + 2.1)
    os.utime(path, (written + 1000, written + 1000))
    assert not settled(stamps(tmp_path, None), written + 500)
    assert stamp(tmp_path / "gone.csv") == [-1, -1, -1]


# --- snapshot ----------------------------------------------------------------------------------------------


def test_snapshot_of_the_company_is_the_company(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read from Parquet where it lies: tables, figures, findings and reads are the same with and without."""
    again = open_books()
    assert_same(again, snapshot_books(again, tmp_path, monkeypatch))

    assert list(tmp_path.glob("*/tables/*")) == []


@pytest.mark.prove
def test_snapshot_of_adventure_works_is_adventure_works(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read through an adapter's SELECTs: the snapshot holds its tables, and they are the same to the cent."""
    source = shared_data / "adventureworks"
    works = open_books(ADAPTER, source)
    found = snapshot_books(works, tmp_path, monkeypatch, "adventureworks", source)
    assert_same(works, found)

    assert sorted(path.stem for path in tmp_path.glob("*/tables/*")) == sorted(works.tables)


def test_snapshot_of_a_small_company_is_the_same(
    kept: tuple[Books, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read from text, with differences among the findings: the snapshot has its tables; all is the same."""
    plain, place = kept
    monkeypatch.setenv(VARIABLE, str(place))
    found = open_books(plain.folder)

    assert found.opened.snapshot is not None
    assert any(len(finding.rows) for finding in found.findings())
    assert_same(plain, found)


def test_snapshot_connects_only_for_rows(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ready without an engine; a read of one table makes the engine look at this table alone."""
    snapshot_books(books, tmp_path, monkeypatch)
    found = open_books()
    found.panel(), found.units, found.findings(), found.reconciliation(), found.period("latest-closed")
    assert "journal" in found.tables and "amount" in found.tables["journal"].columns
    engine = found.opened.connection
    assert not engine.connected

    found.rows("orders", limit=1)
    known = engine.raw_sql("SELECT view_name FROM duckdb_views() WHERE schema_name = 'books'").fetchall()
    assert known == [("orders",)]


def test_snapshot_is_shared_by_forked_processes(books: Books, tmp_path: Path) -> None:
    """A process that loads a snapshot starts no thread by it, and its children have the books at once."""
    if sys.platform != "linux":
        pytest.skip("threads are counted in /proc")
    path = write_snapshot(books, tmp_path, books.outline)
    environment = os.environ | {VARIABLE: str(path), "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "-c", FORK], capture_output=True, text=True, timeout=60, cwd=ROOT, env=environment
    )

    assert run.returncode == 0, run.stderr
    (before, after), child = map(json.loads, run.stdout.splitlines())
    revenue, orders = int(books.panel().matrix("revenue").sum()), books.opened.rows["orders"]
    assert after == before
    assert child == [[True, False], revenue, orders, True]


def test_shared_panel_cannot_be_spoiled(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Books of one process share a snapshot's arrays: nobody can write into another's figures."""
    found = snapshot_books(books, tmp_path, monkeypatch)
    name = next(iter(found.panel()._histograms))
    with pytest.raises(ValueError, match="read-only"):
        found.panel().matrix("revenue")[0, 0] = 1
    found.panel().histogram(name).loc[:, "count"] = 0

    assert_same_panel(books.panel(), open_books().panel())


def test_the_same_books_are_the_same_snapshot(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot is called by what it holds: written again, also from itself, it is one, and no remains."""
    first = write_snapshot(books, tmp_path, books.outline)
    monkeypatch.setenv(VARIABLE, str(first))
    known = open_books()

    assert known.opened.snapshot is not None
    assert write_snapshot(open_books(), tmp_path, known.outline) == first
    assert write_snapshot(books, tmp_path, books.outline) == first
    assert [path.name for path in tmp_path.iterdir()] == [first.name]
    other = write_snapshot(known, tmp_path / "other", known.outline)
    assert other.name == first.name and load_snapshot(other) is not None


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Books, Path]:
    """Books of a small company with differences, from text, and their snapshot. Shared: only read them."""
    folder = tmp_path_factory.mktemp("kept")
    tables = small_company.tables()
    tables["journal"] = tables["journal"][:-1]
    plain = open_books(small_company.write(folder / "tables", tables))
    return plain, write_snapshot(plain, folder / "snapshots", plain.outline)


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "record altered": lambda place: _flip(place / "snapshot.json"),
    "record lost": lambda place: (place / "snapshot.json").unlink(),
    "panel altered": lambda place: _flip(place / "panel.npz"),
    "panel cut off": lambda place: os.truncate(place / "panel.npz", 100),
    "table altered": lambda place: _flip(place / "tables" / "journal.parquet"),
    "table lost": lambda place: (place / "tables" / "journal.parquet").unlink(),
    "outline of others": lambda place: (place / "outline.json").write_text("{}"),
    "findings altered": lambda place: _flip(next((place / "findings").iterdir())),
    "gone": shutil.rmtree,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_snapshot_is_not_used(
    damage: str, kept: tuple[Books, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever befell the files of a snapshot, loaded or not: it is not used, and can be written anew."""
    plain, place = kept
    copy = tmp_path / place.name
    shutil.copytree(place, copy)
    monkeypatch.setenv(VARIABLE, str(copy))
    assert snapshot_of(plain.folder, None) is not None
    DAMAGES[damage](copy)

    assert snapshot_of(plain.folder, None) is None
    assert write_snapshot(plain, tmp_path, plain.outline) == copy
    assert snapshot_of(plain.folder, None) is not None
    assert list(tmp_path.iterdir()) == [copy]


def test_without_its_snapshot_books_open_as_ever(
    kept: tuple[Books, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot that is damaged is no reason to stop, nor to say anything else."""
    plain, place = kept
    shutil.copytree(place, tmp_path / place.name)
    _flip(tmp_path / place.name / "panel.npz")
    monkeypatch.setenv(VARIABLE, str(tmp_path / place.name))
    found = open_books(plain.folder)

    assert found.opened.snapshot is None
    assert found.outline == plain.outline
    assert_same_panel(plain.panel(), found.panel())


def test_snapshot_of_other_data_is_not_used(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other folders, other files in the folder, and other code than it was made by: not this snapshot's."""
    plain = open_books(small)
    place = write_snapshot(plain, tmp_path / "snapshots", plain.outline)
    monkeypatch.setenv(VARIABLE, str(place))
    shutil.copytree(small, tmp_path / "copy")

    assert snapshot_of(small, None) is not None
    assert snapshot_of(None, None) is None
    assert snapshot_of(tmp_path / "copy", None) is None
    assert snapshot_of(tmp_path / "nowhere", None) is None
    assert snapshot_of(small, small) is None
    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "books_version", lambda: "another")
        snapshot._loaded.clear()
        assert snapshot_of(small, None) is None
    assert snapshot_of(small, None) is not None
    (small / "departments.csv").unlink()
    assert snapshot_of(small, None) is None
    assert not open_books(small).has("departments")


def test_version_is_of_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One letter of any module of the books, or of the contract, makes another version."""
    package = tmp_path / "finops_toolkit"
    shutil.copytree(ROOT / "finops_toolkit" / "books", package / "books")
    for name in ("periods.py", "calendars.py"):
        shutil.copy(ROOT / "finops_toolkit" / name, package)
    module = sys.modules[books_version.__module__]
    monkeypatch.setattr(module, "__file__", str(package / "books" / "any.py"))
    versions = {books_version.__wrapped__(), books_version.__wrapped__()}
    for name in ("books/measures.py", "books/contract.toml", "periods.py", "calendars.py"):
        path = package / name
        path.write_text(path.read_text(encoding="utf-8") + "#", encoding="utf-8")
        versions.add(books_version.__wrapped__())

    assert len(versions) == 5


def test_changed_source_makes_no_snapshot(small: Path, tmp_path: Path) -> None:
    """Files written to after the books were opened: what these hold is of no one state and not kept."""
    plain = open_books(small)
    (small / "departments.csv").unlink()
    with pytest.raises(ContractError, match="changed while the books were open"):
        write_snapshot(plain, tmp_path / "snapshots", plain.outline)

    assert list((tmp_path / "snapshots").iterdir()) == []


def test_unsound_books_make_no_snapshot(small: Path, tmp_path: Path) -> None:
    """Books with errors are nothing to report from."""
    (small / "journal.csv").write_text("entry\n1\n")
    broken = open_books(small, strict=False)

    with pytest.raises(ContractError, match="unusable"):
        write_snapshot(broken, tmp_path / "snapshots", None)  # type: ignore[arg-type]


def test_parquet_in_place_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table read where it lies and written to meanwhile: a read of the snapshot's books says so."""
    tables = small_company.tables()
    few = {name: tables[name] for name in ("units", "accounts", "journal")}
    folder = small_company.write(tmp_path / "tables", few, "parquet")
    plain = open_books(folder)
    found = snapshot_books(plain, tmp_path / "snapshots", monkeypatch, folder)
    shutil.copy(folder / "journal.parquet", tmp_path / "journal.parquet")
    os.utime(tmp_path / "journal.parquet", (1, 1))
    shutil.copy2(tmp_path / "journal.parquet", folder / "journal.parquet")

    with pytest.raises(ContractError, match=r"journal\.parquet changed while the books were open"):
        found.rows("journal")


def test_csv_of_a_snapshot_is_of_one_state(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables that were text are in the snapshot: opened books keep showing them as they were."""
    found = snapshot_books(open_books(small), tmp_path / "snapshots", monkeypatch, small)
    before = open_books(small).rows("journal")
    (small / "journal.csv").write_text("entry\n")

    assert_frame_equal(found.rows("journal"), before)


# --- the machine shared ------------------------------------------------------------------------------------


def test_jobs_share_cores_and_memory(
    small: Path, kept: tuple[Books, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """FINOPS_JOBS divides DuckDB's threads and memory; without it the engine has the machine to itself."""

    def engine() -> tuple[int, float]:
        query = "SELECT current_setting('threads'), current_setting('memory_limit')"
        threads, memory = open_folder(small, None).connection.raw_sql(query).fetchall()[0]
        amount, unit = memory.split()
        return threads, float(amount) * {"KiB": 1, "MiB": 1024, "GiB": 1024**2, "TiB": 1024**3}[unit]

    threads, memory = engine()
    monkeypatch.setenv("FINOPS_JOBS", "4")
    assert engine()[0] == max(1, threads // 4)
    assert engine()[1] == pytest.approx(memory / 4, rel=0.1)
    plain, place = kept
    monkeypatch.setenv(VARIABLE, str(place))
    found = open_books(plain.folder)
    assert found.opened.connection.raw_sql("SELECT current_setting('threads')").fetchall() == [(engine()[0],)]
    late = open_books(plain.folder)
    for text in ("0", "-1", "four", "1.5"):
        monkeypatch.setenv("FINOPS_JOBS", text)
        with pytest.raises(UsageError, match="FINOPS_JOBS"):
            open_folder(small, None)
        with pytest.raises(UsageError, match="FINOPS_JOBS"):
            late.rows("journal")
