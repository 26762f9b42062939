"""A batch in real kernels: every outcome is the true one, nothing good is lost, no kernel is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import nbformat.v4 as v4
import pytest
from batches import made

from finops_toolkit.reports.plan import Choice, plan_runs, read_templates
from finops_toolkit.reports.worker import Outcome

CELL = 'unit: str = ""\nperiod: str = ""\ncode: str = "001"\ntop: int = 3'
MONTH = [Choice("2025-11", "November 2025", 24310)]
LIMIT = 15.0
MEMORY = 1_500_000_000
# What a notebook does, and how its run must end: status and cause.
ENDS: dict[str, tuple[str, str, str | tuple[str, ...]]] = {
    "good": ("print(unit, period, repr(code), top)", "done", ""),
    "picture": ("import matplotlib.pyplot as plt\nplt.plot([3, 1, 2]);", "done", ""),
    "raises": (
        "def f():\n    raise ValueError('no <b>stock</b>\\nmore')\nf()",
        "failed",
        "ValueError: no <b>stock</b> (in",
    ),
    "exits": ("import sys; sys.exit()", "failed", "SystemExit: the notebook stopped itself"),
    "asks": ("input('name')", "failed", "StdinNotImplementedError: "),
    "hangs": ("import time; time.sleep(600)", "timed out", "took longer than 15 s (in cell 2)"),
    "leaves": (
        "import os; os._exit(7)",
        "kernel died",
        "the kernel ended itself with exit code 7 (in cell 2)",
    ),
    "killed": (
        "import os; os.kill(os.getpid(), 9)",
        "kernel died",
        "the kernel was ended by SIGKILL, most likely",
    ),
    "crashes": (
        "import ctypes; ctypes.string_at(0)",
        "kernel died",
        "the kernel was ended by SIGSEGV (in cell 2)",
    ),
    "eats": (
        "kept = []\nwhile True: kept.append(b'x' * 50_000_000)",
        "out of memory",
        ("MemoryError", "took more memory than its limit of 1.5 GB"),  # whichever comes first
    ),
    "floods": ("while True: print('x' * 100_000)", "kernel died", "printed more than 50 million characters"),
}
SURROUNDINGS = """
import json, os, sys, matplotlib
print(json.dumps([sys.executable, os.getcwd(), os.environ["PYTHONHASHSEED"], os.environ["OMP_NUM_THREADS"],
                  matplotlib.rcParams["axes.grid"], globals().get("started", False)]))
"""


def write(folder: Path, name: str, *cells: Any) -> Path:
    """A notebook with a parameters cell; texts become code cells."""
    first = v4.new_code_cell(CELL, metadata={"tags": ["parameters"]})
    rest = [v4.new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    path = folder / f"{name}.ipynb"
    nbformat.write(v4.new_notebook(cells=[first, *rest]), path)
    return path


def batch(paths: list[Path], out: Path, timeout: float = 60, **given: str) -> dict[str, Outcome]:
    """Run notebooks for one unit, two at a time; outcomes by notebook."""
    runs = plan_runs(read_templates(paths), [Choice("A/B", "Plant A")], MONTH, given, {})
    return {outcome.run.report: outcome for outcome in made(runs, out, ("html", "ipynb"), timeout, MEMORY)}


def printed(path: Path) -> str:
    """What the executed notebook printed."""
    cells = nbformat.read(path, 4).cells
    return "".join(o.get("text", "") for cell in cells for o in cell.get("outputs", []))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Outcome]]]:
    """One batch of all that can happen, where a foreign python3 kernel and own settings lie about."""
    folder = tmp_path_factory.mktemp("mixed")
    spec = folder / "foreign/kernels/python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text('{"argv": ["/bin/false"], "display_name": "x", "language": "python"}')
    startup = folder / "ipython/profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "own.py").write_text("started = True")
    (folder / "mpl").mkdir()
    (folder / "mpl/matplotlibrc").write_text("axes.grid: True")
    paths = [write(folder, name, code) for name, (code, _, _) in ENDS.items()]
    paths.append(write(folder, "around", SURROUNDINGS))
    allowed = v4.new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]})
    paths.append(write(folder, "allowed", allowed, "print('after')"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder / "foreign"))
        patch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("MPLCONFIGDIR", str(folder / "mpl"))
        yield folder, batch(paths, folder / "out", LIMIT, code="007'\"\\\n{unit}", top="5")


@pytest.mark.parametrize("name", ENDS)
def test_every_outcome_is_the_true_one(mixed: tuple[Path, dict[str, Outcome]], name: str) -> None:
    """What a notebook does to itself or its kernel is named by its true cause and stops no other."""
    folder, outcomes = mixed
    _, status, cause = ENDS[name]
    base = folder / "out" / outcomes[name].run.place
    there = {
        end: Path(f"{base}{end}").exists() for end in (".html", ".ipynb", ".failed.html", ".failed.ipynb")
    }

    assert outcomes[name].status == status
    assert outcomes[name].cause.startswith(cause) if cause else outcomes[name].cause == ""
    assert list(there.values()) == (
        [True, True, False, False] if status == "done" else [False, False, True, True]
    )


def test_parameters_arrive_as_they_are(mixed: tuple[Path, dict[str, Outcome]]) -> None:
    """Text with quotes, backslashes and braces arrives as that text, a number as a number."""
    folder, outcomes = mixed
    said = printed(folder / "out" / f"{outcomes['good'].run.place}.ipynb")

    assert said == "A/B 2025-11 " + repr("007'\"\\\n{unit}") + " 5\n"


def test_the_kernel_is_ours(mixed: tuple[Path, dict[str, Outcome]]) -> None:
    """This interpreter, in the notebook's folder, no settings of the user, one thread, the same hashes."""
    folder, outcomes = mixed
    around = json.loads(printed(folder / "out" / f"{outcomes['around'].run.place}.ipynb"))

    assert around == [sys.executable, str(folder), "0", "1", False, False]


def test_pictures_are_there(mixed: tuple[Path, dict[str, Outcome]]) -> None:
    """A chart reaches the page as an image."""
    folder, outcomes = mixed

    assert (
        'src="data:image/png;base64,'
        in (folder / "out" / f"{outcomes['picture'].run.place}.html").read_text()
    )


def test_an_allowed_error_is_none(mixed: tuple[Path, dict[str, Outcome]]) -> None:
    """A cell tagged raises-exception may raise, and the notebook goes on."""
    folder, outcomes = mixed

    assert outcomes["allowed"].status == "done"
    assert printed(folder / "out" / f"{outcomes['allowed'].run.place}.ipynb") == "after\n"


def test_a_failure_has_a_page(mixed: tuple[Path, dict[str, Outcome]]) -> None:
    """It shows the cell, the last of the error and the parameters, as text; the notebook is kept."""
    folder, outcomes = mixed
    page = (folder / "out" / f"{outcomes['raises'].run.place}.failed.html").read_text()

    assert "raise ValueError(&#39;no &lt;b&gt;stock" in page
    assert "more</pre>" in page and "top = 5" in page and "<b>stock" not in page
    kept = nbformat.read(folder / "out" / f"{outcomes['raises'].run.place}.failed.ipynb", 4)
    assert kept.cells[-1].outputs[0].ename == "ValueError"


def test_the_manifest_and_the_index_say_the_same(mixed: tuple[Path, dict[str, Outcome]]) -> None:
    """run.json has every run with its status and cause; the index page links what is there."""
    folder, outcomes = mixed
    reports = json.loads((folder / "out/run.json").read_text())["reports"]
    index = (folder / "out/index.html").read_text()

    assert {r["report"]: r["status"] for r in reports.values()} == {k: o.status for k, o in outcomes.items()}
    linked = [file["path"] for r in reports.values() for kind, file in r["files"].items() if kind != "kept"]
    assert len(linked) > len(reports) and all(path in index for path in linked)
    assert "timed out" in index and "1970" not in index


def test_a_good_report_outlives_a_failure(tmp_path: Path) -> None:
    """A report that fails later stands unchanged beside its failure, and equal runs give equal bytes."""
    path = write(tmp_path, "s", "if top == 4: raise KeyError('gone')\nprint('made')")
    out = tmp_path / "out"
    (place,) = {o.run.place for o in batch([path], out).values()}
    page, kept = out / f"{place}.html", out / f"{place}.ipynb"
    before = page.read_bytes(), kept.read_bytes(), (out / "index.html").read_bytes()

    assert batch([path], out, top="4")["s"].status == "failed"
    assert (page.read_bytes(), kept.read_bytes()) == before[:2]
    assert f'href="{page.name}"' in (out / f"{place}.failed.html").read_text()
    assert "the earlier report" in (out / "index.html").read_text()

    assert batch([path], out)["s"].status == "done"
    assert not (out / f"{place}.failed.html").exists() and not (out / f"{place}.failed.ipynb").exists()
    assert (page.read_bytes(), kept.read_bytes(), (out / "index.html").read_bytes()) == before


def test_files_that_cannot_be_written_fail_the_run(tmp_path: Path) -> None:
    """A place that is taken by a folder is named as the cause, and the batch goes on to its end."""
    (tmp_path / "out/2025-11").mkdir(parents=True)
    path = write(tmp_path, "s", "1")
    place = plan_runs(read_templates([path]), [Choice("A/B", "")], MONTH, {}, {})[0].place
    (tmp_path / "out" / f"{place}.html/x").mkdir(parents=True)

    outcome = batch([path], tmp_path / "out")["s"]
    assert outcome.status == "failed"
    assert "could not be written: Is a directory" in outcome.cause


SCRIPT = """
import sys
from pathlib import Path
from batches import made
from finops_toolkit.reports.plan import plan_runs, read_templates
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    runs = plan_runs(read_templates([folder / "quick.ipynb", folder / "slow.ipynb"]), None, None, {}, {})
    outcomes = made(runs, folder / "out")
    print(*(outcome.status for outcome in outcomes), sep=",")
"""


def alive(process: int) -> bool:
    """Whether a process runs (one that has ended and waits to be collected does not)."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_no_kernel_outlives_its_batch(tmp_path: Path, ending: signal.Signals) -> None:
    """Ctrl-C, and death without a word, end the kernels; what was done is kept."""
    write(tmp_path, "quick", "print('done')")
    mark = tmp_path / "kernel"
    write(
        tmp_path,
        "slow",
        f"import os, pathlib\npathlib.Path({str(mark)!r}).write_text(str(os.getpid()))",
        "while True: pass",
    )
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
    ) as running:
        limit = time.monotonic() + 60
        page = tmp_path / "out/quick.html"
        while not (mark.exists() and mark.read_text() and page.exists()) and time.monotonic() < limit:
            time.sleep(0.05)
        kernel = int(mark.read_text())
        # Ctrl-C reaches every process of the terminal's group; SIGKILL only the one it is for.
        os.killpg(running.pid, ending) if ending == signal.SIGINT else running.kill()
        said, errors = running.communicate(timeout=30)
    limit = time.monotonic() + 5
    while alive(kernel) and time.monotonic() < limit:
        time.sleep(0.05)

    assert not alive(kernel)
    assert "done" in page.read_text()
    if ending == signal.SIGINT:
        assert (said, errors) == ("done,interrupted\n", "")
        assert "interrupted" in (tmp_path / "out/index.html").read_text()
