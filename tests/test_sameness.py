"""The same inputs give the same bytes, wherever and however they are made; what is issued again says so."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import nbformat
import nbformat.v4 as v4
import openpyxl
import pypdf
import pytest
import small_company
from test_cli import TABLES

from finops_toolkit import cli, reporting
from finops_toolkit.reports import executors, kernels, plan, worker

ROOT = Path(__file__).resolve().parent.parent
FORMATS = "html,pdf,xlsx,ipynb"
ALL = ("--formats", FORMATS)
# What must not show in a report: clock, language, order of hashes, who may read files, where one stands.
ELSEWHERE = {
    "TZ": "Asia/Kolkata",
    "LC_ALL": "tr_TR.UTF-8",
    "LANG": "C",
    "PYTHONHASHSEED": "77",
    "COLUMNS": "40",
}


def report(
    out: Path, *words: object, folder: Path = ROOT, around: Mapping[str, str] = {}, umask: int = -1
) -> str:
    """Run `finops report` in a process of its own, all formats; what it printed."""
    command = [
        sys.executable,
        "-m",
        "finops_toolkit.cli",
        "report",
        "--out",
        out,
        "--formats",
        FORMATS,
        *words,
    ]
    ended = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**os.environ, **around},
        umask=umask,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def reports(out: Path) -> dict[str, bytes]:
    """Every file of every report by its name; run.json, which holds the dates, is none."""
    inside = (path.relative_to(out) for path in out.rglob("*") if path.is_file())
    shown = [name for name in inside if name.parts[0] != ".finops" and name.name != "run.json"]
    return {name.as_posix(): (out / name).read_bytes() for name in shown}


def versions(out: Path) -> dict[str, tuple[int, str]]:
    """Version and state by unit."""
    records = json.loads((out / "run.json").read_text())["reports"].values()
    return {record["unit"]: (record["issue"]["version"], record["issue"]["state"]) for record in records}


def differing(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    """The names of files that are not the same on both sides."""
    return [name for name in {**one, **other} if one.get(name) != other.get(name)]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small company's tables."""
    return small_company.write(tmp_path_factory.mktemp("same") / "books", small_company.tables())


@pytest.fixture(scope="module")
def once(company: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A folder of scorecards in all formats, and every file of it as it was first made."""
    out = tmp_path_factory.mktemp("same") / "out"
    report(out, "--data", company, "--unit", "B", "--jobs", 2)
    return out, reports(out)


def test_made_again_elsewhere_nothing_changes(
    company: Path, once: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    """Forced, from another folder, in another time zone and language, with other hashes, one at a time."""
    out, before = once
    words = ("--data", company, "--unit", "B", "--jobs", 1, "--force")
    report(out, *words, folder=tmp_path, around=ELSEWHERE, umask=0o77)

    assert len(before) == 5 and differing(before, reports(out)) == []
    assert versions(out) == {"B": (1, "final")}


@pytest.mark.prove
def test_an_ordinary_kernel_makes_the_same(
    company: Path, once: tuple[Path, dict[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the warm process and without a snapshot of the books, all formats have the same bytes."""
    monkeypatch.setattr(kernels, "execute", functools.partial(kernels.execute, way="kernel"))
    words = ["report", "--data", str(company), "--unit", "B", "--formats", FORMATS]
    arguments = cli.parser().parse_args(words)
    data = reporting.Data(arguments.data, "", tmp_path)
    templates = plan.read_templates(reporting._notebooks([]))
    (run,) = reporting._runs(arguments, data.outline, templates, {})
    facts = reporting._facts(data.outline, named=True)
    job = worker.Job({t.path: t.text for t in templates}, facts, tuple(FORMATS.split(",")))
    made = worker.make(run, job)

    assert (made.outcome.status, made.engine) == ("done", "kernel")
    there = {f"{run.place}{worker.ENDINGS[kind]}": content for kind, content in made.files.items()}
    assert differing(there, {name: once[1].get(name, b"") for name in there}) == []


# --- issued again -------------------------------------------------------------------------------------

CELLS = """
from IPython.display import display
from finops_toolkit.books import open_books
from finops_toolkit.tables import MIME, Column, Table, table_html
books = open_books(data or None, source or None)
sums = books.sums("journal", by=["account"], sums=["amount"], unit=unit, period=period)
rows = tuple((account, amount / 10_000) for account, amount in zip(sums["account"], sums["amount"]))
columns = (Column("account", "Account"), Column("amount", "AC", "number", "EUR", 2))
table = Table("costs", columns, rows, tuple("a" + account for account, _ in rows), "Costs")
display({MIME: table.to_json(), "text/html": table_html(table), "text/plain": ""}, raw=True)
"""


@pytest.fixture
def again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., set[str]]:
    """Make a report of the costs of each unit in tmp_path/out; the units whose files are new."""
    own = 'data: str = ""\nsource: str = ""\nunit: str = ""\nperiod: str = "latest-closed"'
    first = v4.new_code_cell(own, metadata={"tags": ["parameters"]})
    cells = [v4.new_markdown_cell("# Costs"), first, v4.new_code_cell(CELLS)]
    nbformat.write(v4.new_notebook(cells=cells), tmp_path / "costs.ipynb")
    # In this process, and nothing is drawn: it is the issues that are tried here.
    monkeypatch.setattr(executors, "process_pool", lambda count: ThreadPoolExecutor(1))
    monkeypatch.setattr(reporting, "_REHEARSAL", "os:getpid")

    def make(rent: int = 30, closed: bool = True, force: bool = False) -> set[str]:
        data = tmp_path / "books"
        data.mkdir(exist_ok=True)
        for name, text in TABLES.items():
            (data / f"{name}.csv").write_text(text.replace("30.00", f"{rent}.00"))
        (data / "books.toml").write_text('closed_through = "2025-02"\n' if closed else "")
        words = ["report", tmp_path / "costs.ipynb", "--data", data, "--out", tmp_path / "out"]
        words += ["--period", "2025-02", "--why", *ALL, *(["--force"] if force else [])]
        before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("costs.html")}
        assert cli.main([str(word) for word in words]) == 0
        pages = (tmp_path / "out").rglob("costs.html")
        return {page.parent.name for page in pages if before.get(page) != page.stat().st_mtime_ns}

    return make


def said(out: Path, unit: str) -> list[str]:
    """What page, PDF and workbook of a unit's costs say."""
    return texts(out / "2025-02" / unit / "costs")


def texts(base: Path) -> list[str]:
    """What a report's page, PDF and workbook say, as plain text each."""
    page = re.sub(r"<style>.*?</style>|<[^>]*>", " ", base.with_suffix(".html").read_text(), flags=re.DOTALL)
    pdf = " ".join(p.extract_text() for p in pypdf.PdfReader(base.with_suffix(".pdf")).pages)
    book = openpyxl.load_workbook(base.with_suffix(".xlsx"))
    cells = [str(c.value) for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
    return [" ".join(text.split()) for text in (page, pdf, " ".join(cells))]


def test_a_report_issued_again_says_what_changed(
    again: Callable[..., set[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of one plant's data only that plant and its parent are issued again, and say what is new; a version's
    number is never used twice, and what is made again unchanged stays what it was.
    """
    out = tmp_path / "out"
    assert again() == {"NORTH", "SOUTH", "GROUP"}
    assert again() == set()
    north = {name: content for name, content in reports(out).items() if "/NORTH/" in name}

    assert again(rent=42) == {"SOUTH", "GROUP"}
    assert versions(out) == {"NORTH": (1, "final"), "SOUTH": (2, "final"), "GROUP": (2, "final")}
    for text in [*said(out, "SOUTH"), *said(out, "GROUP")]:
        assert "version 2" in text and "Changed since version 1" in text
        assert "6000, AC: 30.00 → 42.00 EUR" in text and "1000, AC: −30.00 → −42.00 EUR" in text

    assert again() == {"SOUTH", "GROUP"}
    assert versions(out)["SOUTH"] == (3, "final")
    assert all("6000, AC: 42.00 → 30.00 EUR" in text for text in said(out, "SOUTH"))
    third = reports(out)
    capsys.readouterr()
    assert len(north) == 4 and differing(north, {name: third[name] for name in north}) == []

    assert again(force=True) == set()  # what is there already is not even written
    assert capsys.readouterr().err.count("done: costs") == 3
    assert differing(third, reports(out)) == [] and versions(out)["SOUTH"] == (3, "final")

    assert again(closed=False) == {"NORTH", "SOUTH", "GROUP"}
    assert versions(out)["NORTH"] == (2, "preliminary")
    assert all("version 2" in text and "preliminary" in text for text in said(out, "NORTH"))
    again()
    assert versions(out) == {"NORTH": (3, "final"), "SOUTH": (5, "final"), "GROUP": (5, "final")}
    assert all("Preliminary before, final now" in text for text in said(out, "NORTH"))


# --- all of it, on the generated company ----------------------------------------------------------------

COMPANY = ROOT / "datasets" / "company"


@pytest.mark.prove
def test_all_units_are_the_same_wherever_made(tmp_path: Path) -> None:
    """All six scorecards: two folders, two environments, another order and number of jobs, all formats."""
    one, other = tmp_path / "one", tmp_path / "other/two"
    report(one, "--jobs", 2)
    units = [word for unit in reversed(list(versions(one))) for word in ("--unit", unit)]
    report(other, "--jobs", 1, *units, folder=tmp_path, around=ELSEWHERE, umask=0o77)

    made = reports(one)
    assert len(made) == 6 * 4 + 1 and differing(made, reports(other)) == []


def edited(folder: Path, amount: int) -> None:
    """The administration's pay of one plant and month is `amount` more, in the journal and its balances."""
    more = {"J100235 4": amount, "J100235 6": -amount}  # a cost, and what is owed to the staff
    lines = "case entry || ' ' || line" + "".join(f" when '{k}' then {v}" for k, v in more.items())
    lines += " else 0 end"
    moves = f"case account when '6200' then {amount} when '2110' then {-amount} else 0 end"
    place = "unit = 'SOUTH' and month"
    columns = {
        "journal": {name: f"{name} + {lines}" for name in ("amount", "amount_currency")},
        "balances": {
            "flow": f"flow + if({place} = '2025-11-01', {moves}, 0)",
            "closing": f"closing + if({place} >= '2025-11-01', {moves}, 0)",
        },
    }
    for table, changed in columns.items():
        told = ", ".join(f"cast({how} as decimal(19, 4)) as {name}" for name, how in changed.items())
        query = f"select * replace ({told}) from '{COMPANY / table}.parquet'"
        duckdb.sql(f"copy ({query}) to '{folder / table}.new' (format parquet)")
        (folder / f"{table}.new").replace(folder / f"{table}.parquet")


@pytest.mark.prove
def test_one_amount_of_one_plant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten thousand more cost of one plant: its scorecard and the company's are version 2 and say so."""
    books, out, before = tmp_path / "books", tmp_path / "out", tmp_path / "before"
    shutil.copytree(COMPANY, books)
    report(out, "--data", books)
    shutil.copytree(out, before)
    edited(books, 10_000)
    told = report(out, "--data", books, "--why").splitlines()

    assert sorted(line.split()[2] for line in told if line.startswith("make ")) == ["COMPANY", "SOUTH"]
    assert {unit: version for unit, (version, _) in versions(out).items() if version > 1} == {
        "COMPANY": 2,
        "SOUTH": 2,
    }
    said = {
        "SOUTH": [
            "Administration, November 2025, AC: 86 → 96 EUR k",
            "(EBIT), November 2025, AC: 56 → 46 EUR k",
        ],
        "COMPANY": ["Administration, November 2025, AC: 697 → 707 EUR k"],
    }
    for unit, sentences in said.items():
        for text in texts(out / "2025-11" / unit / "monthly_scorecard"):
            assert "version 2" in text and all(sentence in text for sentence in sentences)
    assert cli.main(["diff", str(before), str(out)]) == 1
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[-5:] for line in lines if "Administration" in line] == [
        ["697", "707", "+10", "EUR", "k"],
        ["86", "96", "+10", "EUR", "k"],
    ]

    shutil.copytree(COMPANY, books, dirs_exist_ok=True)
    report(out, "--data", books)
    assert versions(out)["SOUTH"] == (3, "final") and versions(out)["NORTH"] == (1, "final")
