"""Recorded reads: what a report took from the books is known, can be read again, and tells what is stale."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import small_company
from hypothesis import example, given
from hypothesis import strategies as st

from finops_toolkit import scorecard
from finops_toolkit.books import Books, details, open_books
from finops_toolkit.books.details import table_hash
from finops_toolkit.books.digest import batches_hash, frame_hash
from finops_toolkit.books.facts import Facts
from finops_toolkit.books.reads import Read, read_id
from finops_toolkit.books.replaying import replay
from finops_toolkit.errors import FinopsError, UsageError
from finops_toolkit.workings import workings

ROOT = Path(__file__).resolve().parents[1]


def analyse(books: Books, name: str) -> None:
    """What the monthly scorecard of a unit takes from the books."""
    unit, period = books.unit(name), books.period("latest-closed")
    items = scorecard.attention(books, unit, period, 3, 10_000.0, 0.2)
    statement = scorecard.statement(books, unit, period)
    figures = scorecard.key_figures(books, unit, period)
    scorecard.trend(books, unit, period, "ebit")
    scorecard.actions_follow_up(books, unit, period)
    scorecard.sources(books, unit, period)
    workings(books, statement, figures)
    scorecard.headline_figures(statement, books.currency, items.threshold)


def reads_of(facts: Facts, unit: str) -> list[Read]:
    """The reads of a unit's scorecard, by books that read nothing else."""
    books = Books(facts)
    analyse(books, unit)
    return books.reads


def changed(books: Books, reads: list[Read]) -> list[tuple[str, dict[str, Any]]]:
    """The reads that give something else now."""
    return [(r.name, r.arguments) for r in reads if replay(books, r.name, r.arguments) != r.sha256]


# --- one plant's data ------------------------------------------------------------------------------


def _later(value: dt.date) -> dt.date:
    return value + dt.timedelta(days=1)


def _more(value: Decimal) -> Decimal:
    return value + Decimal("0.0001")


# For each table with a unit: a column and what becomes of its values in the rows of one plant.
CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "journal": ("account", lambda _: "6220"),
    "orders": ("price", _more),
    "production": ("planned_minutes", _more),
    "purchases": ("price", _more),
    "consumption": ("standard_quantity", _more),
    "decisions": ("text", lambda text: f"{text} (again)"),
    "surveys": ("nps", lambda value: (value + 1) % 11),
    "meetings": ("present", lambda _: "finance"),
    "capacity": ("hours", _more),
    "forecasts": ("quantity", _more),
    "targets": ("value", _more),
    "incidents": ("cost", _more),
    "events": ("department", lambda _: "FIN"),
}


def change(folder: Path, table: str, unit: str) -> None:
    """Change one column of a unit's rows."""
    column, become = CHANGES[table]
    path = folder / f"{table}.parquet"
    found = pq.read_table(path)
    own = pc.and_(pc.equal(found["unit"], unit), pc.is_valid(found[column]))
    if table == "journal":
        # From one cost account of a line to another of the same line: profit and balance sheet stay.
        own = pc.and_(own, pc.equal(found["account"], "6210"))
    places = np.flatnonzero(pc.fill_null(own, False).to_numpy())
    values = found[column].to_pylist()
    before = [values[place] for place in places]
    for place in places:
        values[place] = become(values[place])
    assert [values[place] for place in places] != before
    field = found.schema.field(column)
    other = found.set_column(found.schema.get_field_index(column), field, pa.array(values, field.type))
    pq.write_table(other, path)


def rewrite(folder: Path) -> None:
    """Write every table again: the same rows backwards, otherwise compressed, in small row groups."""
    for path in sorted(folder.glob("*.parquet")):
        table = pq.read_table(path)
        if path.stem != "units":
            # Siblings are shown in the order of their rows: there, order says something.
            table = table.take(pa.array(np.arange(len(table))[::-1]))
        pq.write_table(table, path, compression="zstd", row_group_size=997, use_dictionary=False)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the generated company: only read it."""
    folder = tmp_path_factory.mktemp("reads") / "company"
    return Path(shutil.copytree(ROOT / "datasets" / "company", folder))


@pytest.fixture(scope="module")
def recorded(pristine: Path) -> dict[str, list[Read]]:
    """What the scorecards of two plants read, and the figures of the company."""
    facts = open_books(pristine).facts
    whole = Books(facts)
    whole.panel().series("revenue", "COMPANY")
    return {unit: reads_of(facts, unit) for unit in ("NORTH", "SOUTH")} | {"COMPANY": whole.reads}


@pytest.fixture
def company(pristine: Path, tmp_path: Path) -> Iterator[Path]:
    """The generated company in the place the reads were recorded at, to be changed and put back."""
    kept = shutil.copytree(pristine, tmp_path / "kept")
    yield pristine
    shutil.rmtree(pristine)
    shutil.copytree(kept, pristine)


def test_what_depends_on_a_plant(company: Path, recorded: dict[str, list[Read]]) -> None:
    """Files written anew change no read; one plant's rows change its report's reads, and no other plant's."""
    rewrite(company)
    for table in ("orders", "production", "surveys", "decisions"):
        change(company, table, "NORTH")
    books = open_books(company)

    assert changed(books, recorded["SOUTH"]) == []
    stale = changed(books, recorded["NORTH"])
    assert ("panel", {"unit": "NORTH"}) in stale
    assert "decisions" in {arguments["table"] for name, arguments in stale if name == "rows"}
    assert {arguments.get("unit") for _, arguments in stale} == {"NORTH"}
    assert changed(books, recorded["COMPANY"]) == [("panel", {"unit": "COMPANY"})]


@pytest.mark.prove
def test_each_table_in_turn(company: Path, tmp_path: Path) -> None:
    """One column of one plant, table by table: its report and the company's are stale, no other plant's."""
    facts = open_books(company).facts
    reads = {unit: reads_of(facts, unit) for unit in ("NORTH", "COMPANY", "SOUTH", "EAST", "WEST")}
    before = shutil.copytree(company, tmp_path / "before")
    for table in CHANGES:
        shutil.copy2(before / f"{table}.parquet", company / f"{table}.parquet")
        change(company, table, "NORTH")
        books = open_books(company)
        found = {unit: changed(books, made) for unit, made in reads.items()}
        # A target is a unit's own; all else is in the company's figures.
        assert found["NORTH"] and (found["COMPANY"] or table == "targets"), table
        # The two ledgers of the company now differ, and every report says how many differences there are.
        said = [("finding_levels", {})] if table == "journal" else []
        assert all(found[unit] in ([], said) for unit in ("SOUTH", "EAST", "WEST")), (table, found)
        shutil.copy2(before / f"{table}.parquet", company / f"{table}.parquet")


# --- every way to get data -------------------------------------------------------------------------

WAYS: dict[str, Callable[[Books], Any]] = {
    "below": lambda books: books.below("CO"),
    "closed": lambda books: books.closed,
    "contract_findings": lambda books: books.contract_findings,
    "currency": lambda books: books.currency,
    "file": lambda books: books.file("kpis.toml"),
    "finding_levels": lambda books: books.finding_levels(),
    "findings": lambda books: books.findings(),
    "first": lambda books: books.first,
    "fiscal_start": lambda books: books.fiscal_start,
    "calendar": lambda books: books.calendar,
    "has": lambda books: books.has("orders", "unit"),
    "kept_in": lambda books: books.kept_in("A"),
    "missing": lambda books: books.missing,
    "name": lambda books: books.name,
    "outline": lambda books: books.outline,
    "panel": lambda books: books.panel().series("revenue", "A"),
    "peers": lambda books: books.peers,
    "period": lambda books: books.period("latest-closed"),
    "plain": lambda books: books.plain("A"),
    "read": lambda books: books.read("rows", {"table": "orders", "limit": 5}),
    "reconciliation": lambda books: books.reconciliation("A", "2025-03"),
    "rows": lambda books: books.rows("journal", "A", "2025-03", where={"posted": [dt.date(2025, 3, 31)]}),
    "sizes": lambda books: books.sizes,
    "sums": lambda books: books.sums("orders", ["unit"], ["quantity"], where={"quantity": Decimal(5)}),
    "tables": lambda books: books.tables["orders"],
    "unit": lambda books: books.unit("A"),
    "units": lambda books: books.units,
}
# A place, what is for the engine's room alone, what tells of reads, and what is made of them.
NO_DATA = {"folder", "facts", "opened", "reads", "read_hash", "remembered"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small company typed in by hand: only read it."""
    return small_company.write(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def small(folder: Path) -> Facts:
    """Its facts, for books of one's own."""
    return open_books(folder).facts


def test_every_way_is_a_read(small: Facts) -> None:
    """Whatever books give is recorded, and read again gives the same hash, once and only once."""
    again = Books(small)
    public = {name for name in {*vars(Books), *vars(again)} if not name.startswith("_")}
    assert public == {*WAYS, *NO_DATA}
    for name, way in WAYS.items():
        books = Books(small)
        way(books)
        made = books.reads
        assert len(made) > 1, name
        way(books)
        assert books.reads == made, name
        assert json.loads(json.dumps([read.arguments for read in made])) == [read.arguments for read in made]
        assert changed(again, made) == [], name


def test_part_of_a_wider_read(folder: Path) -> None:
    """Sums of one unit and month, taken out of a read of the whole and a longer time, are those that the
    engine gives, with the same hash; and one unit's never hold another's.
    """
    by = ["unit", "month", "account"]
    wide = open_books(folder)
    whole = wide.sums("journal", by, ["amount"], wide.units["unit"].iloc[0])
    for unit, months in (("A", "2025-03"), ("B", "2025-Q1")):
        alone = open_books(folder)
        given = alone.sums("journal", by, ["amount"], unit, months)
        with mock.patch.object(details, "read_sums", side_effect=AssertionError("asked the engine")):
            part = wide.sums("journal", by, ["amount"], unit, months)
        pd.testing.assert_frame_equal(part, given)
        assert 0 < len(part) < len(whole) and set(part["unit"]) == {unit}
        assert wide.reads[-1] == alone.reads[-1]
    other = open_books(folder)
    other.sums("journal", by, ["amount"], "A")
    with mock.patch.object(details, "read_sums", side_effect=AssertionError("asked the engine")):
        with pytest.raises(AssertionError, match="asked the engine"):
            other.sums("journal", by, ["amount"], "B")
        with pytest.raises(AssertionError, match="asked the engine"):
            other.sums("journal", ["account"], ["amount"], "A", "2025-03")


def test_units_are_read_one_by_one(small: Facts) -> None:
    """The figures of a unit are read when they are asked for, and no other unit's; all are, where all are."""
    books = Books(small)
    panel, units = books.panel(), lambda: [r.arguments["unit"] for r in books.reads if "unit" in r.arguments]
    assert units() == []
    panel.series("revenue", "A")
    panel.rows("revenue", ["A"])
    panel.histogram("decision_days", ["A"])
    assert units() == ["A"]
    assert panel.matrix("revenue", ["B", "A"]).tolist() == panel.matrix("revenue")[[2, 1]].tolist()
    assert sorted(units()) == ["A", "B", "CO"]


def test_what_is_given_is_the_readers_own(small: Facts) -> None:
    """A frame asked for twice is read once, and what one reader does to it no other sees."""
    books = Books(small)
    first = books.rows("products")
    first["name"] = "mine"
    first.loc[0, "product"] = "mine"
    second = books.rows("products")
    assert "mine" not in set(second["name"]) | set(second["product"])
    units = books.units
    units["name"] = "mine"
    assert "mine" not in set(books.units["name"])


def test_reads_of_a_snapshot(
    small: Facts, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Books from a snapshot's Parquet give what the same books from CSV gave."""
    from finops_toolkit.books.snapshot import write_snapshot

    books = Books(small)
    for way in WAYS.values():
        way(books)
    for table in books.tables:
        books.rows(table)
    monkeypatch.setenv("FINOPS_SNAPSHOT", str(write_snapshot(books, tmp_path, books.outline)))
    other = open_books(folder)
    assert other.opened.snapshot is not None
    assert changed(other, books.reads) == []


def test_what_cannot_be_had(small: Facts, tmp_path: Path) -> None:
    """That something is not there is a read, too; a read that cannot be made any more equals no hash."""
    data = small_company.tables()
    lacking = {name: rows for name, rows in data.items() if name != "surveys"}
    books, without = Books(small), open_books(small_company.write(tmp_path, lacking))
    with pytest.raises(UsageError):
        without.rows("surveys")
    assert [read.name for read in without.reads] == ["source", "tables"]
    books.rows("surveys", "A")
    with pytest.raises(UsageError):
        books.rows("surveys", "A", where={"town": "Rome"})
    assert books.reads[-1].sha256.startswith("failed: ")
    assert changed(books, books.reads) == []
    for read in [*books.reads[-2:], Read("panel", {"unit": "X"}, ""), Read("dreams", {}, "")]:
        assert len(replay(without, read.name, read.arguments)) != 64
    assert changed(without, [read for read in books.reads if read.name == "tables"]) == []


# --- the record ------------------------------------------------------------------------------------


def test_each_read_is_written_at_once(small: Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file is asked for, every read stands there before its data are used, in one line, once."""
    file = tmp_path / "reads.jsonl"
    file.write_text('{"of": "somebody else"}\n')
    monkeypatch.setenv("FINOPS_READS", str(file))
    books = Books(small)
    for way in (*WAYS.values(), *WAYS.values()):
        way(books)
        lines = [json.loads(line) for line in file.read_text().splitlines()[1:]]
        assert lines == [{"name": r.name, "arguments": r.arguments, "sha256": r.sha256} for r in books.reads]
    assert len({read_id(line["name"], line["arguments"]) for line in lines}) == len(lines)


def test_a_record_that_cannot_be_written(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read that cannot be recorded is not given: its report would never be known to be stale."""
    monkeypatch.setenv("FINOPS_READS", str(tmp_path / "no such folder" / "reads.jsonl"))
    with pytest.raises(FinopsError, match="cannot be recorded"):
        Books(small)


# --- the hash --------------------------------------------------------------------------------------

DAY = dt.date(2025, 1, 31)
VALUES: dict[str, list[Any]] = {
    "text": ["", "a", "b", "ab", "nan", "None", "0", "ä\n", None],
    "integer": [-1, 0, 1, 100],
    "number": [0.0, 1.0, -1.0, 0.1, float("nan"), float("inf")],
    "boolean": [True, False],
    "date": [DAY, DAY + dt.timedelta(1), None],
    "moment": [dt.datetime(2025, 1, 31, 12), dt.datetime(2025, 1, 31, 12, 0, 1), None],
}
# The same values may be held in several ways.
HELD: dict[str, list[str]] = {
    "text": ["object", "str", "string[pyarrow]", "string[python]", "category"],
    "integer": ["int8", "int32", "int64"],
    "number": ["float64"],
    "boolean": ["bool"],
    "date": ["object"],
    "moment": ["datetime64[s]", "datetime64[us]", "datetime64[ns]"],
}
Model = list[tuple[str, str, tuple[Any, ...]]]


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Columns of a frame: name, kind and values."""
    rows = draw(st.integers(0, 3))
    kinds = draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=3))
    column = st.sampled_from(["a", "b"])
    return [
        (draw(column), kind, tuple(draw(st.sampled_from(VALUES[kind])) for _ in range(rows)))
        for kind in kinds
    ]


def held(draw: Callable[..., Any], model: Model) -> pd.DataFrame:
    """A frame of a model, its columns held in one of the ways they may be."""
    columns = [pd.Series(list(v), dtype=draw(st.sampled_from(HELD[kind]))) for _, kind, v in model]
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame()
    return frame.set_axis([name for name, _, _ in model], axis=1)


def said(model: Model) -> str:
    """What a model says, for comparing; nothing but missing objects are of no kind."""
    return repr(
        [
            (name, "text" if kind == "date" and not any(values) else kind, values)
            for name, kind, values in model
        ]
        + [len(model[0][2]) if model else 0]
    )


@given(st.data(), models(), models(), st.booleans())
@example(None, [("a", "text", ("a", "a"))], [("a", "text", ("b", "b"))], False)
@example(None, [("a", "text", ("a", "b"))], [("a", "text", ("ab", ""))], False)
@example(None, [("a", "text", (None,))], [("a", "text", ("",))], False)
@example(None, [("a", "integer", (1, 1, 0, 0))], [("a", "integer", ())], False)
def test_equal_frames_and_no_others(data: Any, one: Model, other: Model, same: bool) -> None:
    """Frames have one hash exactly where they say the same: names, kinds, values, missing ones and order."""
    other = one if same else other
    draw = (lambda strategy: _first(strategy)) if data is None else data.draw
    equal = frame_hash(held(draw, one)) == frame_hash(held(draw, other))
    assert equal == (said(one) == said(other))


def _first(strategy: Any) -> Any:
    """The first of what may be drawn."""
    return strategy.elements[0]


def test_rows_of_several_types() -> None:
    """What Python takes for equal and people do not is different: 1 and True and "1", days and moments."""
    values = [1, True, "1", 1.0, Decimal("1"), Decimal("1.0"), DAY, dt.datetime(2025, 1, 31), None]
    frames = [pd.DataFrame({"a": pd.Series(["x", value], dtype=object)}) for value in values]
    frames.append(pd.DataFrame({"a": pd.Series([DAY, dt.datetime(2025, 1, 31, 12)], dtype=object)}))
    frames.append(pd.DataFrame({"a": pd.Series([DAY, DAY], dtype=object)}))
    assert len({frame_hash(frame) for frame in frames}) == len(frames)


def test_a_whole_table(small: Facts) -> None:
    """The hash of a whole table knows every row, how often it is there, and not where."""
    connection = Books(small).opened.connection
    rows = pa.table({"a": ["x", "x", "y", None], "b": pa.array([1, 1, 2, 3], pa.decimal128(19, 4))})
    orders = [[0, 1, 2, 3], [3, 1, 2, 0], [0, 2, 3], [0, 1, 2, 2, 3], [2, 3], []]
    hashes = []
    for number, order in enumerate(orders):
        connection.con.register(f"rows_{number}", rows.take(pa.array(order, pa.int64())))
        connection.raw_sql(f"CREATE VIEW books.rows_{number} AS SELECT * FROM rows_{number}")
        table = connection.table(f"rows_{number}", database="books")
        hashes.append(table_hash(table, f"rows_{number}"))
    assert hashes[0] == hashes[1] and len(set(hashes)) == len(hashes) - 1
    parts = [rows.slice(place, 1).to_batches()[0] for place in range(4)]
    assert batches_hash(rows.schema, parts) == batches_hash(rows.schema, rows.combine_chunks().to_batches())
