"""Many reports: the batch against papermill, from the shell and in a pool, and the bare computations."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import nbformat.v4 as v4

from .timing import Row

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks" / "reports" / "monthly_scorecard.ipynb"
BIN = Path(sys.executable).parent
JOBS = 2
_AT_ONCE = 24  # reports by the slow ways, a sample of the same runs: they take minutes
Run = tuple[str, str]
_PARAMETERS = 'data: str = ""\nsource: str = ""\n'


def wanted(count: int) -> list[Run]:
    """So many units and months of the generated company."""
    from finops_toolkit.books import open_books
    from finops_toolkit.periods import month_text

    books = open_books()
    months = [month_text(month) for month in range(books.closed, books.first - 1, -1)]
    return [(unit, month) for month in months for unit in books.units.unit][:count]


def ours(runs: Sequence[Run], out: Path) -> float:
    """Seconds of one `finops report`, everything included, its start and its check of the data too."""
    grid = out.with_suffix(".csv")
    grid.write_text("unit,period\n" + "".join(f"{unit},{period}\n" for unit, period in runs))
    return _seconds(_report("monthly_scorecard", grid, out))


def idle(count: int, folder: Path) -> float:
    """Seconds in which a batch of so many reports, all up to date, is recognised.

    They are of a short notebook, so that they are made in a minute: whether a report is stale is asked of its
    record, its files and the data's, whatever made it.
    """
    cells = [
        v4.new_code_cell(f"number: int = 0\n{_PARAMETERS}", metadata={"tags": ["parameters"]}),
        v4.new_code_cell("from finops_toolkit.books import open_books\nopen_books().units.loc[0, 'name']"),
    ]
    notebook, grid = folder / "short.ipynb", folder / "short.csv"
    nbformat.write(v4.new_notebook(cells=cells), notebook)
    grid.write_text("number\n" + "".join(f"{number}\n" for number in range(count)))
    command = [*_report(notebook, grid, folder / "short"), "--by", "none"]
    _seconds(command)
    return min(_seconds(command) for _ in range(3))


def _report(notebook: object, grid: Path, out: Path) -> list[object]:
    words = [BIN / "finops", "report", notebook, "--runs", grid, "--out", out]
    return [*words, "--formats", "html", "--jobs", JOBS]


def by_xargs(runs: Sequence[Run], out: Path) -> float:
    """Seconds of `xargs -P2 papermill`, the way of the shell; it makes notebooks and no pages."""
    out.mkdir()
    lines = "".join(
        f"-p unit {unit} -p period {period} {NOTEBOOK} {out}/{unit}-{period}.ipynb\n" for unit, period in runs
    )
    words = [
        "xargs",
        f"-P{JOBS}",
        "-L1",
        BIN / "papermill",
        "--no-progress-bar",
        "--no-log-output",
        "-k",
        "python3",
    ]
    return _seconds(words, lines)


def by_pool(runs: Sequence[Run], out: Path) -> float:
    """Seconds of two processes that call papermill, each with everything imported once; no pages either."""
    out.mkdir()
    began = time.perf_counter()
    with ProcessPoolExecutor(JOBS, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_papermill, runs, [out] * len(runs)))
    return time.perf_counter() - began


def _papermill(run: Run, out: Path) -> None:
    import papermill

    papermill.execute_notebook(
        NOTEBOOK,
        out / f"{run[0]}-{run[1]}.ipynb",
        parameters={"unit": run[0], "period": run[1]},
        kernel_name="python3",
        progress_bar=False,
    )


def bare(runs: Sequence[Run], out: Path) -> float:
    """Seconds of two warm Python processes for the same computations, charts and pages: books opened once, no
    notebook, no kernel, no process a report. Their start is not counted: this is the limit.
    """
    out.mkdir()
    with ProcessPoolExecutor(JOBS, multiprocessing.get_context("spawn"), _warm_up) as pool:
        list(pool.map(_bare, [runs[0]] * JOBS, [out] * JOBS))
        began = time.perf_counter()
        list(pool.map(_bare, runs, [out] * len(runs)))
        return time.perf_counter() - began


_books: Any = None


def _warm_up() -> None:
    global _books
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    import matplotlib

    matplotlib.use("agg")
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    from finops_toolkit import books

    InteractiveShell.instance().display_pub = CapturingDisplayPublisher()
    _books = books.open_books()
    _books.panel()
    books.open_books = lambda *words, **more: _books


def _bare(run: Run, out: Path) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    from finops_toolkit.reports import report_page

    notebook = nbformat.read(NOTEBOOK, 4)
    names: dict[str, Any] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            shown = InteractiveShell.instance().display_pub.outputs = []
            exec(compile(cell.source, "cell", "exec"), names)
            if "parameters" in cell.metadata.get("tags", []):
                names |= {"unit": run[0], "period": run[1]}
            cell.outputs = [_output(one) for one in shown]
    (out / f"{run[0]}-{run[1]}.html").write_text(
        report_page(notebook, run, [], "Scorecard"), encoding="utf-8"
    )


def _output(shown: Any) -> Any:
    import base64

    data = {k: base64.b64encode(v).decode() if isinstance(v, bytes) else v for k, v in shown["data"].items()}
    return v4.new_output("display_data", data, metadata=shown["metadata"])


def _seconds(command: Sequence[object], given: str = "", **environment: str) -> float:
    began = time.perf_counter()
    around = {**os.environ, **environment}
    done = subprocess.run(
        [str(word) for word in command], input=given, text=True, capture_output=True, cwd=ROOT, env=around
    )
    if done.returncode:
        raise RuntimeError(
            f"{command[0]} ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}"
        )
    return time.perf_counter() - began


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def batch(count: int = 200) -> list[Row]:
    """Making `count` scorecards, and finding that there is nothing to do; seconds a report."""
    runs = wanted(count)
    some = runs[:: max(1, len(runs) // _AT_ONCE)][:_AT_ONCE]
    with _folder() as folder:
        made = ours(runs, folder / "ours") / len(runs)
        others = {
            "xargs -P2 papermill": by_xargs(some, folder / "xargs") / len(some),
            "a pool calling papermill": by_pool(some, folder / "pool") / len(some),
            "the bare limit": bare(runs, folder / "bare") / len(runs),
        }
        missing = [n for n in ("xargs", "pool") if len(list((folder / n).iterdir())) != len(some)]
        pages = len(list((folder / "ours").rglob("*.html"))) - 1
        if missing or pages != len(runs) or len(list((folder / "bare").iterdir())) != len(runs):
            raise AssertionError(f"not every way made its reports: {missing}, {pages} pages")
        seconds = idle(1000, folder)
        known = json.loads((folder / "ours" / "run.json").read_text())["reports"]
        results = sum(file["bytes"] for report in known.values() for file in report["files"].values())
        print(f"# {results / len(runs) / 1e3:.0f} kB a report", file=sys.stderr)
        return [
            Row(f"A scorecard as a page, {len(runs)} in a batch", made, others),
            Row("1,000 reports found up to date", seconds, {"making 1,000 scorecards": made * 1000}),
        ]


def nbval() -> list[Row]:
    """All notebooks and solutions through nbval in one process: warm kernels on books opened once, as `make
    test` has them; ordinary kernels on such books; and ordinary kernels that open them, one each.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "notebooks", "exercises/solutions"]
    _seconds(command)  # the books' snapshot is there now, and its reading cached
    (snapshot,) = (ROOT / ".pytest_cache/d/books").glob("*/[!.]*")
    cold = [*command, "--noconftest"]
    ways = {
        "ours": lambda: _seconds(command),
        "cold kernels, books opened once": lambda: _seconds(cold, FINOPS_SNAPSHOT=str(snapshot)),
        "cold kernels": lambda: _seconds(cold),
    }
    seconds = {way: min(run() for _ in range(2)) for way, run in ways.items()}
    return [Row("nbval over all notebooks", seconds.pop("ours"), seconds)]
