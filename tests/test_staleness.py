"""What is stale, and why: nothing is made again without a reason, nothing with a reason is left as it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import nbformat.v4 as v4
import pytest
import small_company

from finops_toolkit.cli import main

CELL = 'data: str = ""\nunit: str = "A"\nperiod: str = "latest-closed"\ntop: int = 3\n'
READS = """\
from finops_toolkit.books import open_books
books = open_books(data or None)
print(books.rows("decisions", unit=unit, limit=top)["decision"].tolist())
print(books.panel().series("revenue", unit)[-1])
"""
# Files that have just been written prove nothing by their stamps. Here nobody waits for them to grow old.
YOUNG = ("stamps.UNSETTLED_SECONDS", "kept.UNSETTLED_SECONDS", "kept._OPENING")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a notebook that reads the books, and a small company's books."""
    for name in YOUNG:
        monkeypatch.setattr(f"finops_toolkit.books.{name}", 0)
    small_company.write(tmp_path / "company", kind="parquet")
    write(tmp_path)
    return tmp_path


def write(folder: Path, extra: str = "") -> None:
    """The notebook, with another cell perhaps."""
    cells = [v4.new_code_cell(CELL, id="first", metadata={"tags": ["parameters"]})]
    cells += [v4.new_code_cell(code, id=f"cell{place}") for place, code in enumerate([READS, extra]) if code]
    nbformat.write(v4.new_notebook(cells=cells), folder / "short.ipynb")


def report(folder: Path, *words: str, code: int = 0) -> None:
    """`finops report` on the folder's notebook and books, into its `out`."""
    place = ["--data", str(folder / "company"), "--out", str(folder / "out"), "--formats", "html"]
    assert main(["report", str(folder / "short.ipynb"), *place, "--jobs", "1", *words]) == code


def reasons(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, str]:
    """What --why says of each unit's report."""
    capsys.readouterr()
    report(folder, "--why", *words)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("make ", "keep "))]
    return {line.split()[2]: line.split(": ", 1)[1] for line in lines}


def change(path: Path, sql: str) -> None:
    """Write a Parquet file anew from a SELECT over `old`, its former rows."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE old AS FROM read_parquet('{path}')")
        path.unlink()
        connection.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")


def test_only_what_is_stale_is_made_and_each_reason_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In turn: first, unchanged, a parameter, code, a lost page, a page edited by someone, --force."""
    units = ("--unit", "A", "--unit", "B")
    same = "data, notebook and parameters are the same"
    page = folder / "out/2025-03/A/short.html"

    assert reasons(folder, capsys, *units) == dict.fromkeys(("A", "B"), "it was never made")
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (folder / "out").rglob("*.html")}
    run = (folder / "out/run.json").read_bytes()
    assert reasons(folder, capsys, *units) == dict.fromkeys(("A", "B"), same)
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in (folder / "out").rglob("*.html")} == before
    assert json.loads(run)["reports"] == json.loads((folder / "out/run.json").read_text())["reports"]

    assert reasons(folder, capsys, *units, "--param", "top=2") == dict.fromkeys(
        ("A", "B"), "top was not set, is 2"
    )
    page.unlink()
    (folder / "out/2025-03/B/short.html").write_text("edited")
    assert reasons(folder, capsys, *units, "--param", "top=2") == {
        "A": "short.html is missing",
        "B": "short.html is changed",
    }
    write(folder, "print('more')")
    assert reasons(folder, capsys, *units, "--param", "top=2") == dict.fromkeys(
        ("A", "B"), "its notebook changed"
    )
    assert set(reasons(folder, capsys, *units, "--param", "top=2", "--force").values()) == {"asked for"}
    assert reasons(folder, capsys, *units, "--param", "top=2", "--formats", "html,ipynb")["A"] == (
        "it has no ipynb"
    )


def test_one_plant_s_data_makes_only_its_own_reports_stale(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A changed amount of one plant: its report and its parent's are made, the others' are kept.

    A file written anew with the same rows makes nothing stale.
    """
    path = folder / "company/decisions.parquet"
    reasons(folder, capsys)
    other = "CASE WHEN unit = 'A' THEN 'X' || decision ELSE decision END AS decision"
    change(path, f"SELECT * REPLACE ({other}) FROM old")
    found = reasons(folder, capsys)
    told = "the data it reads changed: decisions of"
    assert [found.pop(unit) for unit in ("A", "CO")] == [f"{told} A", f"{told} CO"]
    assert set(found) == {"B"}
    assert set(found.values()) == {"nothing that it reads of the data changed"}
    change(path, "SELECT * FROM old")
    assert set(reasons(folder, capsys).values()) == {"nothing that it reads of the data changed"}


def test_a_file_that_the_notebook_opens_is_data_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A CSV that the notebook reads, and a module beside it: a report is stale when either changes."""
    (folder / "own.csv").write_text("a\n1\n")
    (folder / "beside.py").write_text("factor = 2\n")
    write(folder, "import beside, pandas\nprint(pandas.read_csv('own.csv').a[0] * beside.factor)")
    one = ("--unit", "A")

    assert reasons(folder, capsys, *one) == {"A": "it was never made"}
    assert reasons(folder, capsys, *one) == {"A": "data, notebook and parameters are the same"}
    (folder / "own.csv").write_text("a\n3\n")
    assert reasons(folder, capsys, *one) == {"A": "files it opens changed: own.csv"}
    (folder / "beside.py").write_text("factor = 3\n")
    assert reasons(folder, capsys, *one) == {"A": "files it opens changed: beside.py"}
    assert ">9\n" in (folder / "out/2025-03/A/short.html").read_text()


def test_nothing_heavy_is_opened_when_nothing_is_stale(folder: Path) -> None:
    """An up-to-date batch imports no library of figures, and starts no kernel."""
    report(folder, "--unit", "A")
    words = ["report", str(folder / "short.ipynb"), "--data", str(folder / "company"), "--unit", "A"]
    script = f"""
import sys
from finops_toolkit.books import kept, stamps
from finops_toolkit.cli import main
{"; ".join(f"{name} = 0" for name in YOUNG)}
assert main({[*words, "--out", str(folder / "out"), "--formats", "html"]!r}) == 0
print(*({{"pandas", "ibis", "duckdb", "papermill", "IPython"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)

    assert "1 unchanged" in done.stdout, done.stderr
    assert done.stdout.splitlines()[-1] == ""
