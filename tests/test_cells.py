"""Cells in a forked process: what the notebook shows, and how a run ends, is what a real kernel gives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import nbformat.v4 as v4
import pytest
import torture

from finops_toolkit.reports import kernels
from finops_toolkit.reports.tidying import tidy
from finops_toolkit.reports.warm import ColdStart, Zygote, forbidden

ROOT = Path(__file__).resolve().parent.parent
MEGA = 1_000_000
pytestmark = pytest.mark.skipif(bool(forbidden()), reason="processes cannot be forked here")
NOTEBOOKS = [
    path.relative_to(ROOT).as_posix()
    for folder in ("notebooks", "exercises/solutions")
    for path in sorted((ROOT / folder).rglob("*.ipynb"))
]
QUICK = ("exercises/solutions/01_one_set_of_books.ipynb",)
LONG = ("hangs deaf", "prints by a program")
WARM_UP = """
def draw():
    import matplotlib
    import matplotlib.pyplot as plt
    plt.rcParams["axes.grid"] = True
    plt.plot([1, 2])
    plt.gcf().canvas.draw()
"""


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """A warm process in which a chart has been drawn, as a batch does."""
    folder = tmp_path_factory.mktemp("warm")
    (folder / "warm_up.py").write_text(WARM_UP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        with kernels.warm_process(["pandas"], ["warm_up:draw"]) as warm:
            yield warm


def book(*sources: str) -> Any:
    """A notebook of code cells, after its parameters."""
    first = v4.new_code_cell("top: int = 1", metadata={"tags": ["parameters"]})
    return v4.new_notebook(cells=[first, *map(v4.new_code_cell, sources)])


@pytest.fixture
def run(zygote: Zygote, tmp_path: Path) -> Any:
    """Run cells warm; options are those of `execute`."""

    def execute(*sources: str, timeout: float = 30, **options: Any) -> kernels.Execution:
        given = {"zygote": zygote, "way": "warm", **options}
        return kernels.execute(book(*sources), {"top": 2}, tmp_path, timeout, **given)

    # PYTHONPATH counts at an interpreter's start, so the run must have the one of the warm process.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", zygote.environment["PYTHONPATH"])
        yield execute


def shown(ended: kernels.Execution, cell: int = -1) -> str:
    """What a cell showed as text."""
    outputs = ended.notebook.cells[cell].outputs
    return "".join(o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in outputs)


@pytest.fixture(scope="module")
def tortured(zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What each cell of the torture notebook showed, by way; in one folder, because its name is shown."""
    folder = tmp_path_factory.mktemp("tortured")
    told = {}
    for way in ("kernel", "warm"):
        for left in folder.iterdir():
            left.unlink()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", zygote.environment["PYTHONPATH"])
            ended = kernels.execute(torture.notebook(), {"top": 2}, folder, 120, zygote=zygote, way=way)
        assert (ended.status, ended.engine) == ("done", way), f"{ended.cause}: {ended.source}"
        assert (folder / "ended").read_text() == "yes", "what a cell registers for the end is run"
        told[way] = torture.told(ended.notebook)
    return told


@pytest.mark.parametrize("name", [*torture.NAMES, "metadata"])
def test_a_cell_shows_what_a_kernel_shows(tortured: dict[str, dict[str, Any]], name: str) -> None:
    """Outputs of all kinds, their metadata and the cell's number are the same, byte by byte, pictures too."""
    assert tortured["warm"][name] == tortured["kernel"][name]


def test_the_torture_notebook_asks_something(tortured: dict[str, dict[str, Any]]) -> None:
    """Equal and empty would prove nothing: pictures, widgets, errors and texts are there."""
    told = {name: json.dumps(what) for name, what in tortured["warm"].items()}

    assert sum("image/png" in what for what in told.values()) >= 8
    assert "image/svg+xml" in told["picture-as-lines"] and "image/jpeg" in told["picture"]
    assert sum('"output_type": "error"' in what for what in told.values()) >= 20
    assert "StdinNotImplementedError" in told["input"] and "KeyboardInterrupt" in told["signal"]
    assert "IntSliderModel" in told["metadata"]
    assert "in the background" in told["task"] + told["task-after"]
    assert told["descriptor"].count("\\n") == 9


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.prove) for name in NOTEBOOKS]
)
def test_a_notebook_of_the_project_is_the_same(zygote: Zygote, name: str) -> None:
    """Every notebook, executed warm and in a real kernel, is the same file, pictures and widgets included."""
    made = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", zygote.environment["PYTHONPATH"])
        for way in ("kernel", "warm"):
            source = nbformat.read(ROOT / name, 4)
            ended = kernels.execute(source, {}, (ROOT / name).parent, 300, zygote=zygote, way=way)
            assert (ended.status, ended.engine) == ("done", way)
            made.append(nbformat.writes(ended.notebook))

    assert made[0] == made[1]


def test_the_place_of_what_is_printed_is_certain(run: Any) -> None:
    """What C code and processes write stands where it was written, however fast, and each time."""
    mixed = (
        "import os\nfor n in range(200):\n    print(n)\n    os.write(1, b'%d!\\n' % n)\nos.system('echo end')"
    )
    expected = "".join(f"{n}\n{n}!\n" for n in range(200)) + "end\n"

    for _ in range(3):
        assert shown(run(mixed)).removesuffix("0") == expected


def test_bytes_that_are_cut_are_put_together(run: Any) -> None:
    """A letter of several bytes that a program writes in two goes is that letter."""
    assert shown(run("import os\nos.write(1, b'\\xc3'); print(end=''); os.write(1, b'\\xbc\\n');")) == "ü\n"


def test_two_runs_are_the_same_bytes(run: Any) -> None:
    """Widgets have other names in each run, warnings name a process; the notebook does not show it."""
    cells = (
        "import ipywidgets as w, warnings\nbox = w.HBox([w.IntSlider(), w.Label('x')]); box",
        "warnings.warn('careful')",
    )
    one, two = (nbformat.writes(run(*cells).notebook) for _ in range(2))

    assert "HBoxModel" in one and "careful" in one and "ipykernel_" not in one
    assert one.split('"id"')[0] == two.split('"id"')[0]
    assert json.loads(one)["metadata"] == json.loads(two)["metadata"]


LOOSE, FLOOD = "kernel died", "printed more than 50 million characters"
LATE, FULL = "took longer than 2 s (in cell 2)", "took more memory than its limit of 400 MB (in cell 2)"
DEAF = """
import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
time.sleep(60)
"""
NONSENSE = """
import time
get_ipython().kernel.iopub_thread.socket.sendall(b'{"channel"\\n')
time.sleep(60)
"""
ODD = """
line = b'["iopub", {"msg_id": 1, "msg_type": 2}, {}, {}, [], []]\\n'
get_ipython().kernel.iopub_thread.socket.sendall(line)
"""
EATING = """
import time
x = []
while True:
    x.append(bytearray(10_000_000)); time.sleep(0.01)
"""
EATING_ELSEWHERE = """
import subprocess, sys
code = "import time; x = bytearray(600_000_000); time.sleep(60)"
subprocess.run([sys.executable, "-c", code])
"""
UNFIT = "from IPython.display import display\ndisplay({'x/y': {'deep': 1}}, raw=True)"
# What a cell does, and how its run must end: status and the first words of its cause.
ENDS = {
    "leaves": ("import os; os._exit(7)", LOOSE, "the kernel ended itself with exit code 7 (in cell 2)"),
    "killed": ("import os; os.kill(os.getpid(), 9)", LOOSE, "the kernel was ended by SIGKILL, most"),
    "crashes": ("import ctypes; ctypes.string_at(0)", LOOSE, "the kernel was ended by SIGSEGV (in cell 2)"),
    "aborts": ("import os; os.abort()", LOOSE, "the kernel was ended by SIGABRT (in cell 2)"),
    "hangs": ("while True: pass", "timed out", LATE),
    "hangs deaf": (DEAF, "timed out", LATE),
    "prints": ("while True: print('x' * 100_000)", LOOSE, FLOOD),
    "prints by a program": ("import subprocess; subprocess.run('yes')", LOOSE, FLOOD),
    "prints by writing": ("import os\nwhile True: os.write(2, b'x' * 60_000)", LOOSE, FLOOD),
    "talks nonsense": (NONSENSE, LOOSE, "sent what is no message and was ended"),
    "talks oddly": (ODD, "done", ""),
    "has no memory": ("x = bytearray(10**11)", "out of memory", "MemoryError (in cell 2)"),
    "has no memory in NumPy": ("import numpy; numpy.ones(10**10)", "out of memory", "MemoryError: Unable"),
    "eats memory": (EATING, "out of memory", FULL),
    "eats memory elsewhere": (EATING_ELSEWHERE, "out of memory", FULL),
    "shows what is none": (UNFIT, "failed", "its output does not fit a notebook: NotebookValidationError"),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.prove) if name in LONG else name for name in ENDS]
)
def test_the_end_is_the_true_one(run: Any, name: str) -> None:
    """However a cell ends its process, or has it ended, the outcome and the cause are named."""
    source, status, cause = ENDS[name]
    limits = {"memory": 400 * MEGA} if "memory" in cause or "memory" in name else {}
    ended = run(source, timeout=2 if "hangs" in name else 30, **limits)

    assert (ended.status, ended.cause[: len(cause)]) == (status, cause)
    assert ended.engine == "warm" and (ended.cell == 2)


def test_last_words_are_heard(run: Any) -> None:
    """What is printed before a crash stands in the notebook, what the crash says in its tail."""
    ended = run(
        "import ctypes, faulthandler; faulthandler.enable(); print('so far', flush=True); ctypes.string_at(0)"
    )

    assert shown(ended) == "so far\n"
    assert "Fatal Python error: Segmentation fault" in ended.tail


def test_what_only_a_kernel_has_runs_in_one(run: Any) -> None:
    """Cells that ask for ports, a debugger or windows get a real kernel, and the reason is said."""
    ended = run("%connect_info", way="auto")

    assert (ended.status, ended.engine) == ("done", "kernel")
    assert ended.fallback == "the notebook uses what only a kernel has: %connect_info"
    assert "shell_port" in shown(ended)


def test_a_kernel_steps_in(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no warm process, or it breaks by our doing, a real kernel runs the cells: and why."""
    other = run("1 + 1", way="auto", environment={"PYTHONHASHSEED": "5"})
    assert (other.status, other.engine) == ("done", "kernel")
    assert other.fallback == "the warm process was started with another PYTHONHASHSEED"

    monkeypatch.setattr("finops_toolkit.reports.forked._CELLS", "finops_toolkit.reports.cells:nothing")
    broken = run("1 + 1", way="auto")
    assert (broken.status, broken.engine, shown(broken)) == ("done", "kernel", "2")
    assert broken.fallback.startswith("the warm process failed: ")

    with pytest.raises(ColdStart):
        run("1", way="warm", environment={"PYTHONHASHSEED": "5"})


def alive(process: int) -> bool:
    """Whether a process runs."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def within(seconds: float, condition: Any) -> bool:
    """Whether a condition comes true in time."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(condition())


def test_nothing_is_left_behind(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of all kinds leave no open file, no thread, no process and no folder."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    started = "import subprocess; other = subprocess.Popen(['sleep', '99']); print(other.pid)"

    def count() -> tuple[int, int, list[Path]]:
        run("1")  # a warm process forgets the children that have ended when it forks the next
        files = len(os.listdir("/proc/self/fd"))
        return files, threading.active_count(), list((tmp_path / "temporary").iterdir())

    before = count()
    for source in ("import os; os._exit(1)", "1 / 0", "while True: pass"):
        run(source, timeout=1)
    other = int(shown(run(started)))

    assert within(5, lambda: count() <= before), (count(), before)
    assert before[2] == []
    assert not alive(other)


ORPHAN = """
import sys
from pathlib import Path
import nbformat.v4 as v4
from finops_toolkit.reports import kernels
cells = [v4.new_code_cell("top: int = 1", metadata={"tags": ["parameters"]}), v4.new_code_cell(sys.argv[1])]
if __name__ == "__main__":
    kernels.execute(v4.new_notebook(cells=cells), {}, Path.cwd(), 100, way="warm")
"""
SLEEPS = """
import os, subprocess, pathlib
other = subprocess.Popen(["sleep", "60"])
pathlib.Path("there.new").write_text(f"{os.getpid()} {other.pid}")
os.rename("there.new", "there")
while True: pass
"""


def test_no_cell_outlives_its_worker(tmp_path: Path) -> None:
    """The worker is killed without a word: the cell and what it has started are gone in two seconds."""
    (tmp_path / "orphan.py").write_text(ORPHAN)
    there = tmp_path / "there"
    with subprocess.Popen([sys.executable, "orphan.py", SLEEPS], cwd=tmp_path) as worker:
        assert within(60, there.exists)
        worker.send_signal(signal.SIGKILL)
    processes = [int(number) for number in there.read_text().split()]

    assert within(2, lambda: not any(map(alive, processes)))


def test_papermill_has_the_engine(tmp_path: Path) -> None:
    """`papermill --engine finops` gives a notebook as papermill does, with all its options."""
    made = book(
        "import os; print(top, os.path.basename(os.getcwd()))",
        "import matplotlib.pyplot as plt\nplt.plot([1]);",
    )
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, tmp_path / "in.ipynb")
    (tmp_path / "sub").mkdir()
    command = [
        sys.executable,
        "-m",
        "papermill",
        "--engine",
        "finops",
        "in.ipynb",
        "out.ipynb",
        "-p",
        "top",
        "7",
    ]
    options = ["--cwd", "sub", "--log-output", "--execution-timeout", "60", "--no-progress-bar"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    said = subprocess.run(
        command + options, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100
    )
    assert said.returncode == 0, said.stderr
    notebook = nbformat.read(tmp_path / "out.ipynb", 4)

    assert notebook.cells[2].outputs[0].text == "7 sub\n" and "7 sub" in said.stderr
    assert "image/png" in notebook.cells[3].outputs[0].data
    assert notebook.metadata.papermill.parameters == {"top": 7}
    assert notebook.metadata.papermill.exception is None
    assert [cell.metadata.papermill.status for cell in notebook.cells] == ["completed"] * 4
    assert "iopub.execute_input" in notebook.cells[2].metadata.execution
    assert notebook.metadata.language_info.name == "python"
    assert "ordinary kernel" not in said.stderr


def test_the_entry_point_is_light() -> None:
    """Whoever imports papermill loads every engine there is: ours loads nothing that can break."""
    heavy = ["papermill", "nbclient", "ipykernel", "IPython", "zmq", "nbformat", "pandas"]
    code = f"import sys, finops_toolkit.reports.engine; print([m for m in {heavy} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert (said.stdout, said.stderr) == ("[]\n", "")


def output(kind: str, text: str) -> Any:
    """A text on stdout or stderr, or a result."""
    if kind == "result":
        return v4.new_output("display_data", data={"text/plain": text})
    return v4.new_output("stream", name=kind, text=text)


def test_pieces_become_one() -> None:
    """Texts with nothing between them are one of stdout and one of stderr, in this order."""
    pieces = [
        ("stderr", "e"),
        ("stdout", "a"),
        ("stdout", "b"),
        ("result", "r"),
        ("stdout", "c"),
        ("stderr", "f"),
    ]
    notebook = book("")
    notebook.cells[1].outputs = [output(kind, text) for kind, text in [*pieces, ("stdout", "d")]]
    tidy(notebook)

    told = [o.get("name", "result") + " " + o.get("text", "") for o in notebook.cells[1].outputs]
    assert told == ["stdout ab", "stderr e", "result ", "stdout cd", "stderr f"]


def test_a_kill_for_want_of_memory_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system counts the processes it kills for want of memory: only such a death is called one."""
    from finops_toolkit.reports import limits

    counted = SimpleNamespace(kills=4)
    monkeypatch.setattr(limits, "oom_kills", lambda: counted.kills)
    watch = limits.Watch(os.getpid(), lambda: None, time.monotonic() + 60)
    assert watch.death(-9)[0] == "kernel died"
    counted.kills = 5
    assert watch.death(-9)[0] == "out of memory" and watch.death(-11)[0] == "kernel died"


def test_what_is_printed_within_an_output_widget_is_the_widget_s(run: Any) -> None:
    """It stands in the widget's state and not below the cell.

    This is not compared with a real kernel: there nbclient now and then waits for its end for ever.
    """
    ended = run(
        "import ipywidgets as w\nfrom IPython.display import clear_output",
        "o = w.Output(); display(o)\nwith o: print('inside')\nprint('outside')",
        "with o: clear_output(); print('again')",
    )
    states = ended.notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
    (widget,) = [one["state"] for one in states if one["model_name"] == "OutputModel"]

    assert ended.status == "done", ended.cause
    assert "outside" in shown(ended, -2) and "inside" not in shown(ended, -2)
    assert [output["text"] for output in widget["outputs"]] == ["again\n"]
