"""The folder of the generated company: the same bytes each time, whole or not there, in nobody's place."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from simulated import tables

from finops_toolkit.books import open_books
from finops_toolkit.books.contract import load_contract
from finops_toolkit.company import write_company, writing
from finops_toolkit.company.enlarging import KEPT
from finops_toolkit.errors import UsageError

SHIPPED = Path(__file__).parent.parent / "datasets" / "company"
MADE = [f"{name}.parquet" for name in load_contract().tables] + ["books.toml", "planted_truths.json"]
LOCKED_ARROW = "26.0.1"


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each file that the simulation makes."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in MADE}


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """The company, written again."""
    return write_company(tmp_path_factory.mktemp("company") / "data")


def test_the_shipped_files_hold_what_the_simulation_makes():
    """Every shipped table has the contents that the simulation makes today."""
    for name, expected in tables().items():
        assert pq.read_table(SHIPPED / f"{name}.parquet").equals(expected), name


@pytest.mark.skipif(pa.__version__ != LOCKED_ARROW, reason="bytes are promised under the lock's pyarrow")
def test_the_shipped_files_are_the_bytes_the_simulation_writes(written):
    """Writing the company again gives the shipped files byte by byte."""
    assert digests(written) == digests(SHIPPED)


def test_writing_twice_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    """Same seed, same bytes."""
    one = digests(write_company(tmp_path / "one", seed=3, years=1))
    assert digests(write_company(tmp_path / "two", seed=3, years=1)) == one
    other = digests(write_company(tmp_path / "other", seed=4, years=1))
    assert other["journal.parquet"] != one["journal.parquet"]


def test_the_shipped_files_are_small():
    """The shipped company takes at most 10 MB."""
    assert sum(f.stat().st_size for f in SHIPPED.iterdir()) < 10_000_000


def test_books_toml_says_what_the_books_are(written):
    """Name, currency, fiscal year and last closed month stand beside the tables."""
    books = tomllib.loads((written / "books.toml").read_text(encoding="utf-8"))
    assert books["currency"] == "EUR"
    assert books["fiscal_year_start"] == 1
    assert books["closed_through"] == "2025-11"
    assert books["made"] == {"generated": True, "seed": 7, "years": 3, "scale": 1}


def test_progress_is_told_and_divisions_are_row_groups(tmp_path):
    """A larger scale is written division by division, each a row group, and progress is told after each."""
    told = []
    folder = write_company(
        tmp_path / "large", years=1, scale=2, progress=lambda done, total: told.append((done, total))
    )
    assert told == [(1, 2), (2, 2)]
    assert pq.ParquetFile(folder / "journal.parquet").num_row_groups == 2
    assert pq.read_table(folder / "journal.parquet").equals(tables(years=1, scale=2)["journal"])


def test_a_company_is_replaced_and_what_is_not_ours_is_kept(tmp_path):
    """Writing into a generated company replaces its tables; other files stay."""
    folder = write_company(tmp_path / "data", seed=1, years=1)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    write_company(folder, seed=2, years=1)
    assert tomllib.loads((folder / "books.toml").read_text(encoding="utf-8"))["made"]["seed"] == 2
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert not list(tmp_path.glob(".*"))


def test_a_folder_with_something_else_is_refused(tmp_path):
    """A folder that holds anything but a generated company, or a file of that name, is left alone."""
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(UsageError, match="not empty"):
        write_company(tmp_path)
    with pytest.raises(UsageError, match="is a file"):
        write_company(tmp_path / "thesis.txt")
    assert [f.name for f in tmp_path.iterdir()] == ["thesis.txt"]


def test_own_books_are_not_taken_for_a_generated_company(tmp_path):
    """A folder with somebody's books.toml is not ours to replace."""
    (tmp_path / "books.toml").write_text('name = "Mine"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="no generated company"):
        write_company(tmp_path)


def test_a_run_that_breaks_leaves_nothing_behind(tmp_path, monkeypatch):
    """When the simulation fails half-way, neither a half-written company nor a stray folder is left."""

    def fail(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(writing, "tables_of", fail)
    with pytest.raises(RuntimeError):
        write_company(tmp_path / "data", years=1)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_breaks_while_replacing_is_finished_by_the_next(tmp_path, monkeypatch):
    """Killed while files are moved, the folder is no company, and the next run makes it whole."""
    folder = write_company(tmp_path / "data", seed=1, years=1)
    before, moved = writing.os.replace, []

    def some(source, target):
        if len(moved) == 5:
            raise KeyboardInterrupt
        moved.append(target)
        before(source, target)

    monkeypatch.setattr(writing.os, "replace", some)
    with pytest.raises(KeyboardInterrupt):
        write_company(folder, seed=2, years=1)
    assert not (folder / "books.toml").exists()
    monkeypatch.undo()
    write_company(folder, seed=2, years=1)
    assert digests(folder) == digests(write_company(tmp_path / "fresh", seed=2, years=1))
    assert not (folder / "unfinished.txt").exists()


def test_a_ledger_of_any_length(tmp_path: Path) -> None:
    """Copied entries are entries of their own: as many lines as asked for, and sums that many times."""
    folder = write_company(tmp_path / "long", years=1, lines=300_000)
    once = write_company(tmp_path / "once", years=1)
    long, short = (pq.read_metadata(place / "journal.parquet").num_rows for place in (folder, once))
    copies = -(-300_000 // short)
    assert long == copies * short >= 300_000 and copies > 1
    books = open_books(folder)
    assert not [finding for finding in books.findings() if finding.level != "note"]
    revenue = open_books(once).panel().matrix("revenue")
    assert (books.panel().matrix("revenue") == revenue * copies).all()
    assert sorted(path.stem for path in folder.glob("*.parquet")) == sorted(KEPT)
