"""`finops report` in real processes, struck: the truth about every run, and nothing good is ever lost."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import nbformat.v4 as v4
import pytest

from finops_toolkit.reports.outcomes import good
from finops_toolkit.reports.store import open_store

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
LIMIT = 240.0
GONE = 2.0  # seconds after which nothing of a batch that was killed may run
FORMATS = ("html", "ipynb")
CELL = """\
data: str = ""
unit: str = "NORTH"
period: str = "latest-closed"
number: int = 0
act: str = ""
version: int = 1
"""
BEGINS = """\
import os, pathlib, signal, subprocess, sys, time
from finops_toolkit.books import open_books
def parent(process):
    return int(pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
def left():
    around = [path for path in pathlib.Path("/proc").iterdir() if path.name.isdigit()]
    def is_left(path):
        try:
            return b"PARKED=1" in (path / "environ").read_bytes()
        except OSError:
            return False
    return sum(map(is_left, around)) if number >= 10 else 0
with open(os.environ["BEGUN"], "a") as file:
    file.write(f"{number}\\n")
revenue = open_books(data or None).panel().series("revenue", unit)[-1]
"""
ACTS = {
    "raises": ("raise KeyError('no such plant')", "failed", "KeyError: 'no such plant' (in cell 3)"),
    "hangs": ("while True: time.sleep(60)", "timed out", "took longer than "),
    "eats": ("kept = []\nwhile True: kept.append(b'x' * 50_000_000)", "out of memory", ""),
    "killed": ("os.kill(os.getpid(), 9)", "kernel died", "the kernel was ended by SIGKILL"),
    "crashes": ("import ctypes; ctypes.string_at(0)", "kernel died", "the kernel was ended by SIGSEGV"),
    "prints": ("while True: print('x' * 100_000)", "kernel died", "printed more than 50 million characters"),
    "slays": (
        "os.kill(parent(parent(os.getpid())), 9); time.sleep(60)",
        "kernel died",
        "its worker process went down, twice",
    ),
    "wanders": (
        "os.chdir('/'); os.umask(0o077); os.environ['LEFT'] = 'here'; sys.path.insert(0, '/nowhere')\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGUSR1, print)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])\n"
        "pathlib.Path(os.environ['BEGUN'] + '.own').write_text('a file of its own')\n"
        "import pandas; pandas.DataFrame = None; pandas.options.display.max_rows = 1",
        "done",
        "",
    ),
    "parks": (
        "around = {**os.environ, 'PARKED': '1'}\n"
        "for apart in (False, True):\n"
        "    subprocess.Popen(['sleep', '600'], env=around, start_new_session=apart)\n"
        "subprocess.run('setsid sleep 600 & setsid sleep 600 &', shell=True, env=around)",
        "done",
        "",
    ),
}
SAYS = """\
import pandas
told = [os.getcwd(), oct(os.umask(0o22)), os.environ.get("LEFT"), sys.path[0], str(signal.getsignal(15)),
        str(signal.getsignal(10)), len(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        pandas.DataFrame is None, pandas.options.display.max_rows, left()]
print(f"report {number} version {version} revenue {revenue}", *told)
"""
WANDERS = {"wanders"}  # what it says of itself is another thing


def notebook(folder: Path) -> Path:
    """The notebook of all these runs: it reads the books, does its act, and says what is around it."""
    acts = "\n".join(
        f"if act == {name!r}:\n    " + code.replace("\n", "\n    ") for name, (code, _, _) in ACTS.items()
    )
    cells = [v4.new_code_cell(CELL, id="first", metadata={"tags": ["parameters"]})]
    cells += [v4.new_code_cell(code, id=f"cell{n}") for n, code in enumerate((BEGINS, acts, SAYS))]
    nbformat.write(v4.new_notebook(cells=cells), folder / "act.ipynb")
    return folder / "act.ipynb"


def until(condition: Callable[[], Any], what: str, limit: float = LIMIT) -> Any:
    """What a condition comes to, once it is true; polls, and gives up after some seconds."""
    end = time.monotonic() + limit
    while not (found := condition()):
        assert time.monotonic() < end, what
        time.sleep(0.002)
    return found


@dataclass
class Scene:
    """A folder with a notebook, tables of runs and an output folder, and the processes working there."""

    folder: Path
    out: Path = field(init=False)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        self.out, self.temp = self.folder / "out", self.folder / "temp"
        self.temp.mkdir()
        notebook(self.folder)

    def runs(self, acts: Sequence[str]) -> None:
        """Ask for a report for each act, numbered."""
        rows = [f"{number},{act}\n" for number, act in enumerate(acts)]
        (self.folder / "runs.csv").write_text("number,act\n" + "".join(rows))

    def start(self, version: int, *words: str, out: Path | None = None) -> subprocess.Popen[str]:
        """`finops report`, in a process group of its own."""
        command = [sys.executable, "-m", "finops_toolkit.cli", "report", "act.ipynb", "--unit", "NORTH"]
        command += ["--runs", "runs.csv", "--out", str(out or self.out), "--formats", ",".join(FORMATS)]
        command += ["--jobs", "2", "--param", f"version={version}", "--why", *words]
        around = {"TMPDIR": str(self.temp), "MARK": self.mark, "BEGUN": str(self.folder / "begun")}
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**os.environ, **around},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ended(self, process: subprocess.Popen[str]) -> Said:
        """What a call said, once it has ended."""
        with process:
            said, errors = process.communicate(timeout=LIMIT)
        return Said(process.returncode, said, errors)

    def call(self, version: int, *words: str, out: Path | None = None) -> Said:
        """One call from beginning to end."""
        return self.ended(self.start(version, *words, out=out))

    def processes(self) -> list[int]:
        """All processes that any call has started, and what these started, that still run."""
        found = []
        for path in Path("/proc").iterdir():
            try:
                if path.name.isdigit() and f"MARK={self.mark}".encode() in (path / "environ").read_bytes():
                    found.append(int(path.name))
            except OSError:
                continue
        return found

    def begun(self) -> list[int]:
        """The numbers of the runs whose notebooks have begun, one for each time."""
        path = self.folder / "begun"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def reports(self) -> dict[str, dict[str, Any]]:
        """What run.json says of each report, by its number."""
        known = json.loads((self.out / "run.json").read_text())["reports"].values()
        return {str(report["parameters"].get("number", 0)): report for report in known}

    def files(self) -> dict[str, tuple[bytes, ...]]:
        """Of each report the bytes of its formats, by its number, once what was begun is made whole."""
        header = json.loads((self.out / ".finops/journal").read_text().partition("\n")[0])
        with open_store(self.out, header["books"]) as store:
            places = {str(r["parameters"].get("number", 0)): p for p, r in store.records.items()}
            assert not any(store.check(place) for place in places.values())
        assert not list((self.out / ".finops/aside").iterdir())
        found = {}
        for number, place in places.items():
            there = [path for end in FORMATS if (path := self.out / f"{place}.{end}").exists()]
            assert len(there) in (0, len(FORMATS)), f"a part of {place}"
            found[number] = tuple(path.read_bytes() for path in there)
        return found

    def journal(self) -> int:
        """Bytes of the journal."""
        path = self.out / ".finops/journal"
        return path.stat().st_size if path.exists() else 0

    def is_clean(self) -> None:
        """Nothing is left behind: no process, no file where there was none."""
        until(lambda: not self.processes(), f"processes are left: {self.processes()}", GONE)
        assert not list(self.temp.iterdir())
        assert not list((self.out / ".finops/aside").iterdir())


@dataclass
class Said:
    """How a call ended and what it said."""

    code: int
    out: str
    errors: str

    @property
    def made(self) -> set[str]:
        """The numbers of the reports that it was to make."""
        return {n or "0" for n in re.findall(r"^make .*?(?:number = (\d+))?[^\d:]*:", self.out, re.MULTILINE)}


def acts_of(count: int, seed: int = 0) -> list[str]:
    """As many runs, a tenth of which (one of each kind at least) fail in all ways; two are a bad example."""
    bad = [name for name, (_, status, _) in ACTS.items() if status != "done"]
    acts = ["parks", "wanders", *(bad[n % len(bad)] for n in range(max(len(bad), count // 10)))]
    places = sorted(random.Random(seed).sample(range(2, count), len(acts) - 2))
    every = ["parks", "wanders", *[""] * (count - 2)]
    for place, act in zip(places, acts[2:], strict=True):
        every[place] = act
    return every


def judge(scene: Scene, acts: Sequence[str], said: Said) -> None:
    """Every outcome is the true one, every good report is right, and nothing is left behind."""
    reports = scene.reports()
    wrong, told = [], {}
    for number, act in enumerate(acts):
        report = reports[str(number)]
        status, cause = ACTS[act][1:] if act else ("done", "")
        if report["status"] != status or not report["cause"].startswith(cause):
            wrong.append((number, act, report["status"], report["cause"]))
        line = f"  {report['status']}: "
        assert good(status) or any(
            part.startswith(line) and report["cause"] in part for part in said.out.splitlines()
        )
        if status == "done" and not wrong:
            cells = nbformat.read(scene.out / report["files"]["ipynb"]["path"], 4).cells
            text = "".join(o.get("text", "") for cell in cells for o in cell.get("outputs", []))
            head, _, rest = text.strip().partition(" revenue ")
            assert head == f"report {number} version 1"
            assert head in (scene.out / report["files"]["html"]["path"]).read_text()
            if act not in WANDERS:
                told[rest] = number

    assert not wrong
    assert len(reports) == len(acts) and said.code == 1 and "Traceback" not in said.errors
    assert len(told) == 1, "what is around a run is another where another went before"
    assert next(iter(told)).endswith(" 0 False 60 0"), told
    assert (scene.folder / "begun.own").read_text() == "a file of its own"
    scene.is_clean()


@pytest.fixture(scope="module")
def chaos(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scene, list[str], Said, Said]:
    """A batch of twenty runs of which eight are bad, and a second batch called while it runs."""
    scene, acts = Scene(tmp_path_factory.mktemp("chaos")), acts_of(20)
    scene.runs(acts)
    first = scene.start(1, "--timeout", "8", "--memory", "1000")
    until(scene.begun, "the first run to begin")
    second = scene.call(1)
    return scene, acts, scene.ended(first), second


def test_every_outcome_is_the_true_one_and_all_others_are_right(
    chaos: tuple[Scene, list[str], Said, Said],
) -> None:
    """Runs that raise, hang, eat memory, die, print without end and kill their worker disturb no other."""
    scene, acts, said, _ = chaos

    judge(scene, acts, said)


def test_a_second_batch_on_the_folder_is_refused(chaos: tuple[Scene, list[str], Said, Said]) -> None:
    """It ends with 2, and names the process that is writing there."""
    *_, second = chaos

    assert second.code == 2 and second.made == set()
    assert re.search(r"^finops: Another batch is writing to .*: process \d+ on ", second.errors)
