"""The command line: exit codes, errors that say what to do, output that machines can read, help at once."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import nbformat.v4 as v4
import pytest
from test_manifest import wrong

import finops_toolkit
from finops_toolkit import cli, commands, reporting
from finops_toolkit.errors import ContractError, FinopsError, UsageError

Run = Callable[..., tuple[int, str, str]]
TABLES = {
    "units": "unit,name,parent,kind,currency\nGROUP,The group,,company,EUR\n"
    "NORTH,Plant North,GROUP,plant,EUR\n"
    "SOUTH,Plant South,GROUP,plant,EUR\nIDLE,Never used,GROUP,plant,EUR\n",
    "accounts": "account,name,line,behaviour,driver\n1000,Cash,cash,,\n4000,Sales,revenue,,\n"
    "6000,Rent,administration,fixed,\n",
    "journal": "entry,line,posted,account,unit,amount\n"
    "1,1,2025-01-10,1000,NORTH,100.00\n1,2,2025-01-10,4000,NORTH,-100.00\n"
    "2,1,2025-02-10,6000,SOUTH,30.00\n2,2,2025-02-10,1000,SOUTH,-30.00\n",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small company's books."""
    folder = tmp_path_factory.mktemp("books")
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text)
    (folder / "books.toml").write_text('name = "Small"\ncurrency = "EUR"\nclosed_through = "2025-02"\n')
    return folder


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """The same books with two things wrong."""
    for name, text in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text.replace("4000,Sales,revenue", "4000,Sales,nonsense"))
    (tmp_path / "customers.csv").write_text("")
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process: exit code, output, errors."""

    def finops(*words: object) -> tuple[int, str, str]:
        try:
            code = cli.main([str(word) for word in words])
        except SystemExit as left:
            code = int(left.code or 0)
        return code, *capsys.readouterr()

    return finops


def notebook(folder: Path, *cells: str, parameters: str | None = None) -> Path:
    """A report notebook with a parameters cell."""
    own = 'data: str = ""\nsource: str = ""\nunit: str = ""\nperiod: str = "latest-closed"\ntop: int = 3'
    first = v4.new_code_cell(own if parameters is None else parameters, metadata={"tags": ["parameters"]})
    path = folder / "sheet.ipynb"
    nbformat.write(
        v4.new_notebook(cells=[v4.new_markdown_cell("# Sheet"), first, *map(v4.new_code_cell, cells)]), path
    )
    return path


READS = """
from finops_toolkit.books import open_books
books = open_books(data or None, source or None)
booked = books.sums("journal", by=["unit"], sums=["amount"], unit=unit)["rows"].sum()
print(books.name, unit, period, top, booked)
if unit == "SOUTH" and top == 9:
    raise RuntimeError("no rent")
"""


def test_report_makes_one_report_for_each_unit(
    run: Run, data: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    """From a relative D a report for each unit with bookings, parents included; one that fails makes it 1."""
    path = notebook(tmp_path, READS)
    monkeypatch.chdir(data.parent)
    words = (
        "report",
        path,
        "--data",
        data.name,
        "--jobs",
        2,
        "--out",
        tmp_path / "out",
        "--period",
        "2025-01,2025-02",
    )
    code, out, errors = run(*words, "--formats", "html", "--param", "top=9")

    made = sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.html"))
    good = [f"2025-0{month}/{unit}/sheet.html" for month in (1, 2) for unit in ("GROUP", "NORTH")]
    bad = [f"2025-0{month}/SOUTH/sheet.failed.html" for month in (1, 2)]
    assert made == sorted([*good, *bad, "index.html"])
    assert code == 1
    assert out.splitlines()[0].startswith(f"4\xa0reports in {tmp_path / 'out' / 'index.html'}")
    assert out.count("failed: sheet SOUTH 2025-0") == 2 and "RuntimeError: no rent (in cell 3)" in out
    assert errors.count("done: sheet") == 4
    page = (tmp_path / "out/2025-01/NORTH/sheet.html").read_text()
    assert "Small NORTH 2025-01 9 2" in page and "Small (EUR)" in page and "January 2025 (2025-01)" in page
    assert "Plant South" in (tmp_path / "out/index.html").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--unit", "NORHT"], "GROUP, NORTH, SOUTH, IDLE"),
        (["--period", "2031-05"], "2025-01"),
        (["--period", "soon"], "latest-closed"),
        (["--param", "tpo=3"], "top (int, default 3)"),
        (["--param", "top=3.5"], "a whole number"),
        (["--param", "top"], "name=value"),
        (["--param", "a b=3"], "name=value"),
        (["--param", "top=3", "--param", "top=4"], "twice"),
        (["--param", "unit=NORTH"], "--unit"),
        (["--param", "top=\udc80"], "UTF-8"),
        (["--formats", "docx"], "html, pdf, xlsx and ipynb"),
        (["--formats", ""], "html, pdf, xlsx and ipynb"),
        (["--by", "none", "--unit", "NORTH"], "--by none"),
        (["--source", "."], "--source"),
        (["--jobs", "0"], "whole number from 1"),
        (["--timeout", "-1"], "seconds"),
        (["--by", "planet"], "planet"),
        (["--nonsense"], "--nonsense"),
        (["--memory", "50"], "megabytes, 100 or more"),
        (["--memory", "2GB"], "megabytes, 100 or more"),
        (["--runs", "nowhere.csv"], "nowhere.csv"),
        (["--runs", __file__], "is no CSV"),
        (["--upload", "wherever"], "s3://bucket/folder"),
        (["--upload", "nosuch://place"], "s3://, gs://"),
        (["--upload", "ftp://me:hush@127.0.0.1/x"], "holds a password"),
        (["--cluster", "tcp://127.0.0.1:1"], "dask scheduler"),
        (["--cluster", "nonsense"], "dask scheduler"),
        (["--out", __file__], "is a file"),
    ],
)
def test_wrong_usage_runs_nothing(
    run: Run, data: Path, tmp_path: Path, monkeypatch: Any, words: list[str], said: str
) -> None:
    """What is not allowed ends with 2, names what is allowed, and writes nothing."""
    monkeypatch.setattr("finops_toolkit.reports.executors._REACH", 1)
    path = notebook(tmp_path, "1")
    code, out, errors = run("report", path, "--data", data, "--out", tmp_path / "out", *words)

    assert (code, out) == (2, "")
    assert said in errors and "Traceback" not in errors
    assert not (tmp_path / "out").exists()


def test_notebooks_that_cannot_be_run(run: Run, data: Path, tmp_path: Path) -> None:
    """A missing notebook, one without parameters cell and one without `data` when --data is given: 2."""
    out = ("--out", tmp_path / "out", "--data", data)
    assert run("report", tmp_path / "x.ipynb", *out)[0] == 2
    assert "parameters cell" in run("report", notebook(tmp_path, "1", parameters="print(1)"), *out)[2]
    assert "`data: str`" in run("report", notebook(tmp_path, "1", parameters="unit: str = ''"), *out)[2]
    assert not (tmp_path / "out").exists()


ODD = """
from finops_toolkit.books import open_books
import os
open_books(data).sums("journal", by=["unit"], sums=["amount"], unit=unit)
print(unit + chr(0xDC80) + "m")
place = "sftp://finance:{}secret@files.example.org/books".format("hunter2")
if unit == "SOUTH":
    raise ValueError(chr(0xDC80) + place + os.environ["BANK_TOKEN"])
"""
TOKEN = "tok-7f3a9c2e51d84b60"


@pytest.fixture(scope="module")
def odd(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder of two reports, one failed; what two calls on it said: the first made them, then once more."""
    folder = tmp_path_factory.mktemp("odd")
    path = notebook(folder, ODD, parameters=r'data: str = ""; unit: str = ""; mark: str = "\udc81"')
    words = ["report", path, "--data", data, "--out", folder / "out", "--unit", "NORTH", "--unit", "SOUTH"]
    words += ["--formats", "html,pdf,xlsx,ipynb", "--upload", f"file://{folder}/up?key={TOKEN}"]
    command = [sys.executable, "-m", "finops_toolkit.cli", *map(str, words)]
    around = {**os.environ, "BANK_TOKEN": TOKEN}
    calls = [subprocess.run(command, env=around, capture_output=True, text=True) for _ in range(2)]
    assert [call.returncode for call in calls] == [1, 1], calls[0].stderr
    return folder / "out", [call.stdout + call.stderr for call in calls]


def test_half_characters_stop_nothing(odd: tuple[Path, list[str]]) -> None:
    """What no file can hold (a lone surrogate) is replaced, in outputs and errors, texts and parameters."""
    out, said = odd

    assert "done: sheet NORTH" in said[0] and "ValueError" in said[0]
    assert (out / "NORTH/sheet.html").read_text().count("NORTH\ufffdm") == 1
    assert "NORTH\ufffdm" in (out / "NORTH/sheet.ipynb").read_text()
    assert "SOUTH\ufffdm" in (out / "SOUTH/sheet.failed.ipynb").read_text()
    assert "Plant South" in (out / "index.html").read_text()


def test_no_secret_is_told(odd: tuple[Path, list[str]]) -> None:
    """A password in a URL and a token of the environment stand in no file and in nothing that is printed."""
    out, said = odd
    told = {str(path): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    told |= {name: gzip.decompress(content) for name, content in told.items() if name.endswith(".gz")}
    told |= {f"call {number}": text.encode() for number, text in enumerate(said)}

    assert len(told) > 10 and b"sftp://" in told[str(out / "SOUTH/sheet.failed.html")]
    for secret in (b"hunter2secret", TOKEN.encode()):
        assert [name for name, content in told.items() if secret in content] == []


def test_run_json_keeps_to_the_schema(odd: tuple[Path, list[str]]) -> None:
    """Also where one report is unchanged and one failed again, half a character in its words."""
    manifest = json.loads((odd[0] / "run.json").read_text())

    assert wrong(manifest) == [] and manifest["outcomes"] == {"failed": 1, "unchanged": 1}
    assert manifest["options"]["upload"].endswith("/up?key=•••")


def test_bad_data_runs_nothing(run: Run, broken: Path, tmp_path: Path) -> None:
    """Data that breaks the contract ends with 3 and every error, and no report is begun."""
    code, out, errors = run("report", notebook(tmp_path, "1"), "--data", broken, "--out", tmp_path / "out")

    assert (code, out) == (3, "")
    assert "accounts" in errors and "customers" in errors and "Traceback" not in errors
    assert not (tmp_path / "out").exists()


def test_another_company_is_not_mixed_in(run: Run, data: Path, tmp_path: Path) -> None:
    """A folder with the reports of other books is left as it is."""
    (tmp_path / "run.json").write_text('{"books": "Other", "reports": {}}')
    code, _, errors = run("report", notebook(tmp_path, "1"), "--data", data, "--out", tmp_path)

    assert code == 2 and "Other" in errors


def test_a_folder_that_cannot_be_written(run: Run, data: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """A full or locked disk is said before anything runs."""

    def full(*words: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("finops_toolkit.reports.files.os.replace", full)
    code, _, errors = run("report", notebook(tmp_path, "1"), "--data", data, "--out", tmp_path / "out")

    assert code == 2 and "No space left" in errors


def test_check_tells_everything(run: Run, data: Path, broken: Path) -> None:
    """Good data ends with 0, broken data with 3 and all findings; JSON says the same as the page."""
    code, out, _ = run("check", data)
    assert code == 0 and "Small (EUR)" in out and "journal" in out and "Missing tables" in out
    assert "orders" in out and "otif" in out

    code, out, _ = run("check", broken)
    assert code == 3 and "Not usable: 2" in out and "nonsense" in out and "customers" in out

    code, out, _ = run("check", broken, "--json")
    told = json.loads(out)
    assert code == 3 and told["usable"] is False
    assert {f["table"] for f in told["findings"] if f["level"] == "error"} == {"accounts", "customers"}

    told = json.loads(run("check", data, "--json")[1])
    assert told["usable"] and told["closed"] == "2025-02"
    assert {"table": "journal", "rows": 4, "from": "2025-01", "to": "2025-02"} in told["tables"]


def test_check_of_nothing(run: Run, tmp_path: Path) -> None:
    """A folder that is not there, and one that holds nothing, are errors of usage."""
    assert run("check", tmp_path / "nowhere")[0] == 2
    assert run("check", tmp_path)[0] == 2


def test_kpis_for_machines(run: Run, data: Path) -> None:
    """CSV and JSON have the designed columns, full precision, and an empty value with a reason where none
    is.
    """
    words = (
        "kpis",
        data,
        "--period",
        "2025-01",
        "--unit",
        "NORTH",
        "--unit",
        "SOUTH",
        "--kpi",
        "revenue,otif",
    )
    code, out, _ = run(*words, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))

    assert code == 0
    assert list(rows[0]) == ["kpi", "unit", "period", "value", "measure", "basis", "reason", "target"]
    assert [(r["kpi"], r["unit"], r["value"]) for r in rows[:2]] == [
        ("revenue", "NORTH", "100.0"),
        ("revenue", "SOUTH", "0.0"),
    ]
    assert rows[2]["value"] == "" and "orders" in rows[2]["reason"]

    told = json.loads(run(*words, "--format", "json")[1])
    assert [r["value"] for r in told[:3]] == [100.0, 0.0, None]


def test_kpis_for_people(run: Run, data: Path) -> None:
    """The table has units across or a line for each, and says why there is no value; a trace shows its
    formula.
    """
    assert "NORTH" in run("kpis", data)[1].splitlines()[1]
    assert "why there is none" in run("kpis", data, "--unit", "NORTH", "--all")[1]
    assert "2025-01" in run("kpis", data, "--period", "2025-01,2025-02")[1]
    code, out, _ = run("kpis", data, "--kpi", "revenue", "--trace", "--period", "2025-01")
    assert code == 0 and "revenue" in out and "100" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--kpi", "revenu"], "revenue"),
        (["--unit", "X"], "NORTH"),
        (["--period", "X"], "latest-closed"),
        (["--trace"], "--kpi"),
        (["--kpi", "revenue", "--kpi", "dso", "--trace"], "one KPI"),
    ],
)
def test_kpis_that_are_not_there(run: Run, data: Path, words: list[str], said: str) -> None:
    """An unknown KPI, unit or period ends with 2 and names what is meant or allowed."""
    code, _, errors = run("kpis", data, *words)

    assert code == 2 and said in errors


def test_make_data_passes_its_options(run: Run, tmp_path: Path, monkeypatch: Any) -> None:
    """Seed, years and scale reach the simulation as numbers; what is left out is left to it."""
    given: dict[str, Any] = {}
    monkeypatch.setattr(
        "finops_toolkit.company.write_company", lambda folder, **words: given.update(words, folder=folder)
    )
    code, _, _ = run("make-data", tmp_path / "new", "--seed", "7", "--scale", "2")
    given.pop("progress")(1, 2)

    assert code == 0 and given == {"folder": tmp_path / "new", "seed": 7, "scale": 2}
    assert run("make-data", tmp_path / "new", "--years", "0")[0] == 2
    (tmp_path / "books.toml").write_text("name = 'My own company'")
    assert run("make-data", tmp_path)[0] == 2


def test_lab_opens_the_project(run: Run, monkeypatch: Any) -> None:
    """JupyterLab is started by this interpreter, with the project as its root and the given options."""
    seen: list[list[str]] = []
    monkeypatch.setattr(commands.os, "execv", lambda program, words: seen.append(words))
    monkeypatch.setattr(commands.subprocess, "call", seen.append)
    monkeypatch.setattr(commands, "PROJECT", Path(finops_toolkit.__file__).parents[1])
    run("lab", "--", "--no-browser")

    assert seen[0][0] == sys.executable and seen[0][1:3] == ["-m", "jupyterlab"] and "--no-browser" in seen[0]


def test_a_missing_project_is_said(run: Run, data: Path, monkeypatch: Any, tmp_path: Path) -> None:
    """Without the project's notebooks beside the package the commands say so, and what to do."""
    monkeypatch.setattr(commands, "PROJECT", tmp_path)
    monkeypatch.setattr(reporting, "PROJECT", tmp_path)

    for words in (("lab",), ("report", "--data", data)):
        code, _, errors = run(*words)
        assert code == 2 and "pip install -e" in errors


@pytest.mark.parametrize(
    ("problem", "code", "said"),
    [
        (UsageError("no such thing", "do this"), 2, "finops: no such thing\ndo this\n"),
        (ContractError("bad data"), 3, "finops: bad data\n"),
        (FinopsError("other"), 1, "finops: other\n"),
        (KeyboardInterrupt(), 130, "finops: interrupted\n"),
        (ZeroDivisionError("x"), 1, "FINOPS_TRACEBACK=1"),
    ],
)
def test_every_end_has_its_code(
    run: Run, monkeypatch: Any, problem: BaseException, code: int, said: str
) -> None:
    """Errors of the user, of the data, interrupts and errors of our own each end with their code and no
    traceback.
    """

    def fail(arguments: object) -> int:
        raise problem

    monkeypatch.delenv("FINOPS_TRACEBACK", raising=False)
    monkeypatch.setattr(commands, "check", fail)
    ended, out, errors = run("check")

    assert (ended, out) == (code, "")
    assert said in errors and "Traceback" not in errors


def test_a_traceback_on_request(run: Run, monkeypatch: Any) -> None:
    """With FINOPS_TRACEBACK=1 an error of our own comes with all it has to say."""
    monkeypatch.setenv("FINOPS_TRACEBACK", "1")
    monkeypatch.setattr(commands, "check", lambda arguments: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        run("check")


@pytest.mark.parametrize("words", [[], ["report"], ["diff"], ["check"], ["kpis"], ["make-data"], ["lab"]])
def test_help_answers_at_once(words: list[str]) -> None:
    """Help loads the standard library and a few lines of ours: the fastest of three takes less than 0.3 s."""
    command = [sys.executable, "-X", "importtime", "-m", "finops_toolkit.cli", *words, "--help"]
    took = []
    for _ in range(3):
        began = time.perf_counter()
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        took.append(time.perf_counter() - began)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in ended.stderr.splitlines()}

    assert ended.stdout.startswith("usage: finops")
    assert (
        loaded & {"pandas", "numpy", "ibis", "duckdb", "rich", "papermill", "matplotlib", "nbformat"} == set()
    )
    assert min(took) < 0.3


def test_version(run: Run) -> None:
    """The version is the package's."""
    assert run("--version")[:2] == (0, f"finops_toolkit {finops_toolkit.__version__}\n")


@pytest.mark.skipif(os.name == "nt", reason="pipes of a POSIX shell")
@pytest.mark.parametrize("form", ["table", "csv"])
def test_a_reader_that_has_enough(data: Path, form: str) -> None:
    """A pipe that closes early is no error and no noise."""
    finops = f'"{sys.executable}" -m finops_toolkit.cli kpis "{data}" --format {form}'
    ended = subprocess.run(
        ["bash", "-c", finops + " | true; exit ${PIPESTATUS[0]}"], capture_output=True, text=True
    )

    assert (ended.returncode, ended.stderr) == (0, "")
