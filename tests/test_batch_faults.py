"""`finops report` in real processes, struck: the truth about every run, and nothing good is ever lost."""

from __future__ import annotations

import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import nbformat.v4 as v4
import pytest
import small_company

from finops_toolkit.reports.executors import process_pool
from finops_toolkit.reports.outcomes import good
from finops_toolkit.reports.store import open_store

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
BOOKS = "Aldermere Flow Control"  # the generated company
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
    "removes": ("import shutil; shutil.rmtree(data)", "done", ""),
    "sweeps": ("import shutil; shutil.rmtree('out')", "done", ""),
    "fills": ("print('x' * 4_000_000)", "done", ""),
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
        command = [sys.executable, "-m", "finops_toolkit.cli", "report", "act.ipynb"]
        command += [] if "--unit" in words else ["--unit", "NORTH"]
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
        """What run.json says of each report, by its number and act."""
        known = json.loads((self.out / "run.json").read_text())["reports"].values()
        return {_number(report): report for report in known}

    def files(self) -> dict[str, tuple[bytes, ...]]:
        """Of each report the bytes of its formats, by number and act, once what was begun is made whole."""
        with open_store(self.out, BOOKS) as store:
            places = {_number(record): place for place, record in store.records.items()}
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

    def leavings(self) -> list[Path]:
        """Files left in the folder for temporary ones."""
        return [path for path in self.temp.rglob("*") if not path.is_dir()]

    def is_clean(self) -> None:
        """Nothing is left behind: no process, no file where there was none."""
        until(lambda: not self.processes(), "processes are left", GONE)
        assert not self.leavings()
        assert not list((self.out / ".finops/aside").iterdir())


def _number(record: dict[str, Any]) -> str:
    given = record["parameters"]
    return f"{given.get('number', 0)}{given.get('act', '')}"


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
        report = reports[f"{number}{act}"]
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


@pytest.mark.prove
def test_every_outcome_is_the_true_one_and_all_others_are_right(
    chaos: tuple[Scene, list[str], Said, Said],
) -> None:
    """Runs that raise, hang, eat memory, die, print without end and kill their worker disturb no other."""
    scene, acts, said, _ = chaos

    judge(scene, acts, said)


@pytest.mark.prove
def test_a_second_batch_on_the_folder_is_refused(chaos: tuple[Scene, list[str], Said, Said]) -> None:
    """It ends with 2, and names the process that is writing there."""
    *_, second = chaos

    assert second.code == 2 and second.made == set()
    assert re.search(r"^finops: Another batch is writing to .*: process \d+ on ", second.errors)


@dataclass
class Strike:
    """What is done to a call, and when: once the journal has grown so many bytes, so many seconds later.

    `kind` is SIGKILL, SIGINT (as Ctrl-C, to the whole group), SIGTERM (to the call alone), or worker: one of
    its worker processes gets SIGKILL.
    """

    kind: str
    growth: int
    delay: float

    def carry_out(self, scene: Scene, process: subprocess.Popen[str]) -> bool:
        """Whether it came in time."""
        start, lock = scene.journal(), scene.out / ".finops/lock"
        until(lambda: process.poll() is not None or (lock.exists() and lock.stat().st_size), "a lock")
        until(lambda: process.poll() is not None or scene.journal() - start >= self.growth, "some growth")
        end = time.monotonic() + self.delay
        while time.monotonic() < end and process.poll() is None:
            time.sleep(0.0005)
        if process.poll() is not None:
            return False
        if self.kind == "worker":
            workers = [p for p in scene.processes() if b"spawn_main" in _of(p, "cmdline")]
            if workers:
                os.kill(workers[self.growth % len(workers)], signal.SIGKILL)
        elif self.kind == "SIGINT":
            os.killpg(process.pid, signal.SIGINT)
        else:
            os.kill(process.pid, getattr(signal, self.kind))
        return True


def _of(process: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{process}/{name}").read_bytes()
    except OSError:
        return b""


def strikes(seed: int, kinds: Sequence[str], reports: int) -> list[Strike]:
    """Strikes at random moments of a batch, more of them in its first part, so that something is left."""
    chance = random.Random(seed)
    found = []
    for kind in kinds:
        growth = int(chance.random() ** 2 * 2500 * reports)
        early = chance.random() < 0.2  # while it starts: nothing has grown yet
        found.append(Strike(kind, 0 if early else growth, chance.uniform(0, 3 if early else 0.3)))
    return found


def chain(scene: Scene, version: int, blows: Sequence[Strike]) -> dict[str, int]:
    """Make all reports of a version, struck again and again; after each blow nothing of them is broken.

    Old is what stood there before, new what stands there at the end: after each blow each report is wholly
    the one or the other, and the next call makes just those that are old. Returns counts.
    """
    old = scene.files() if scene.journal() else {}
    numbers = {str(n) for n in range((scene.folder / "runs.csv").read_text().count("\n") - 1)}
    seen, todo, counts = [], numbers, dict.fromkeys(("blows", "late", "repeated"), 0)
    begun = len(scene.begun())
    for blow in [*blows, None]:
        process = scene.start(version)
        came = blow is not None and blow.carry_out(scene, process)
        said = scene.ended(process)
        counts["blows" if came else "late"] += blow is not None
        until(lambda: not scene.processes(), f"{blow}: {scene.processes()} are left", GONE)
        assert "Traceback" not in said.errors
        if "make " in said.out or said.code == 0:
            assert said.made == todo, blow
        if not came or (blow and blow.kind == "worker"):
            assert said.code == 0, said
        elif blow and blow.kind in ("SIGINT", "SIGTERM"):
            assert said.code in (130, -signal.SIGTERM if blow.kind == "SIGTERM" else 130), said
        now = scene.files()
        seen.append(now)
        todo = {n for n in numbers if now.get(n, ()) == old.get(n, ())}
        if came and said.code == 130 and "interrupted: " in said.out:
            states = {n: scene.reports()[n]["status"] for n in numbers}
            assert {n for n, s in states.items() if s in ("interrupted", "not started")} == todo
            assert set(states.values()) <= {"done", "interrupted", "not started"}
            assert f"interrupted: {len(todo)}\N{NO-BREAK SPACE}report" in said.out
        if came and blow and blow.kind != "SIGKILL":
            assert not scene.leavings()
    new = seen[-1]
    assert set(new) >= numbers and all(scene.reports()[n]["status"] == "done" for n in numbers)
    for now in seen:
        wrong = [n for n in numbers if now.get(n, ()) not in (old.get(n, ()), new[n])]
        assert not wrong
    for number in numbers:
        assert f"report {number} version {version} ".encode() in new[number][1]
    counts["repeated"] = len(scene.begun()) - begun - len(numbers)
    scene.is_clean()
    return counts


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(20))
def test_two_hundred_blows_lose_nothing(
    tmp_path: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same at 200 random moments, most of them SIGKILL, ten of them over each batch of forty reports."""
    scene = Scene(tmp_path)
    scene.runs([""] * 40)
    first = scene.call(1)
    assert first.code == 0
    kinds = random.Random(seed).choices(("SIGKILL", "SIGINT", "SIGTERM", "worker"), (7, 1, 1, 1), k=10)
    blows = strikes(seed, kinds, 12)

    counts = chain(scene, 2, blows)
    with capsys.disabled():
        print(f"seed {seed}: {counts} {kinds}")


@pytest.mark.prove
def test_whatever_strikes_a_batch_nothing_good_is_lost(chaos: tuple[Scene, list[str], Said, Said]) -> None:
    """SIGKILL, a request to end and a killed worker, one after the other, in a folder that holds others: each
    report is old or new, no kernel is left, and each call makes only the rest.
    """
    scene = chaos[0]
    scene.runs([""] * 6)
    blows = [Strike("SIGKILL", 1, 0.05), Strike("SIGTERM", 1, 0.0)]

    counts = chain(scene, 2, [*blows, Strike("worker", 1, 0.0)])
    assert counts["repeated"] <= 12


def test_what_a_worker_had_put_aside_goes_with_the_batch() -> None:
    """A worker that is ended while it cleans up leaves nothing for good."""
    with process_pool(1) as pool:
        scratch = pool.submit(tempfile.gettempdir).result()
        aside = Path(f"{scratch}-1")
        aside.mkdir()
        (aside / "said").touch()

    assert not aside.exists() and not Path(scratch).exists()


def test_nothing_is_begun_where_nothing_can_be_written(tmp_path: Path) -> None:
    """A file where the folder would be, and Ctrl-C during planning: 2 and 130, each said in a line."""
    scene = Scene(tmp_path)
    scene.runs([""])
    (tmp_path / "file").write_text("mine")
    said = scene.call(1, out=tmp_path / "file/out")
    (tmp_path / "runs.csv").unlink()
    os.mkfifo(tmp_path / "runs.csv")
    planning = scene.start(1)
    with open(tmp_path / "runs.csv", "w"):  # once it is being read
        os.killpg(planning.pid, signal.SIGINT)
        stopped = scene.ended(planning)

    assert said.code == 2 and said.errors.startswith(f"finops: {tmp_path}/file/out is a file")
    assert (stopped.code, stopped.errors) == (130, "finops: interrupted\n")
    assert not scene.out.exists() and (tmp_path / "file").read_text() == "mine" and not scene.begun()
    assert not scene.processes() and not scene.leavings()


@pytest.mark.prove
def test_two_hundred_runs_and_the_truth_about_each(tmp_path: Path) -> None:
    """A tenth of them raise, hang, eat memory, die, print without end or kill their worker."""
    scene, acts = Scene(tmp_path), acts_of(200)
    scene.runs(acts)

    judge(scene, acts, scene.call(1, "--timeout", "20", "--memory", "1000"))


@pytest.mark.prove
def test_data_that_vanishes_is_named_by_the_runs_that_miss_it(tmp_path: Path) -> None:
    """A run removes the folder of the data: those before it stand, those after it name the folder."""
    scene = Scene(tmp_path)
    small_company.write(tmp_path / "data")
    scene.runs(["", "", "", "removes", "", "", "", ""])
    said = scene.call(1, "--unit", "A", "--data", "data", "--jobs", "1")
    reports = scene.reports()

    assert said.code == 1 and "Traceback" not in said.errors
    assert [r["status"] for _, r in sorted(reports.items())] == ["done"] * 4 + ["failed"] * 4
    assert all("data" in reports[str(n)]["cause"] for n in range(4, 8))
    again = scene.call(1, "--unit", "A", "--data", "data", "--jobs", "1")
    assert again.code == 2 and "data" in again.errors
    scene.is_clean()


@pytest.mark.prove
def test_a_folder_that_vanishes_is_told_of_and_the_next_call_makes_it_anew(tmp_path: Path) -> None:
    """A run removes the output folder: what cannot be written then is said, in a line each."""
    scene = Scene(tmp_path)
    scene.runs(["", "", "sweeps", "", ""])
    said = scene.call(1, "--jobs", "1")

    assert said.code == 1 and "Traceback" not in said.errors and "of finops_toolkit itself" not in said.errors
    assert "could not be written" in said.out + said.errors
    scene.runs([""] * 5)
    assert scene.call(1).code == 0 and set(scene.files()) == set("01234")
    scene.is_clean()


@pytest.mark.prove
def test_a_report_for_which_there_is_no_room_is_no_loss(tmp_path: Path) -> None:
    """A report too large for the disk fails with that cause, stands as it was before, and is made later."""
    scene = Scene(tmp_path)
    scene.runs(["", "fills", "", ""])
    assert scene.call(1).code == 0
    before = scene.files()
    with scene.start(2) as process:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
        said = scene.ended(process)
    after, reports = scene.files(), scene.reports()

    assert said.code == 1 and "Traceback" not in said.errors
    assert {n: r["status"] for n, r in reports.items() if r["status"] != "done"} == {"1fills": "failed"}
    assert "could not be written: File too large" in reports["1fills"]["cause"]
    assert after["1fills"] == before["1fills"] and not any(after[n] == before[n] for n in "023")
    assert scene.call(2).code == 0
    scene.is_clean()
