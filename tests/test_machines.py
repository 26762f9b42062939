"""More than one machine: a cluster is checked before it is used, and the loss of a worker loses nothing."""

from __future__ import annotations

import configparser
import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import nbformat.v4
import psutil
import pytest
import yaml
from cluster_runs import failing, noted
from distributed.cli import dask_scheduler, dask_worker

from finops_toolkit.cli import parser
from finops_toolkit.errors import FinopsError, UsageError
from finops_toolkit.reports import executors
from finops_toolkit.reports.executors import cluster, lost
from finops_toolkit.reports.plan import Run, plan_runs, read_templates
from finops_toolkit.reports.software import digest, software
from finops_toolkit.reports.worker import Job, make

HERE = Path(__file__).parent
LIMIT = 30.0


def until(condition: Callable[[], Any], what: str) -> Any:
    """What a condition comes to, once it is true; polls, and gives up after LIMIT seconds."""
    end = time.monotonic() + LIMIT
    while not (found := condition()):
        assert time.monotonic() < end, what
        time.sleep(0.02)
    return found


@dataclass
class Machines:
    """A scheduler and workers in processes of their own, on loopback."""

    folder: Path
    url: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, module: str, *words: str) -> subprocess.Popen[bytes]:
        """One of Dask's own commands."""
        command = [sys.executable, "-m", f"distributed.cli.{module}", *words, "--no-dashboard"]
        paths = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
        with open(self.folder / f"{module}.log", "ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": paths},
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def scheduler(self) -> None:
        """The scheduler, on a port it finds itself."""
        file = self.folder / "scheduler.json"
        self.start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        text = until(lambda: file.exists() and file.read_text(), "the scheduler did not start")
        self.url = text.split('"address": "')[1].split('"')[0]

    def worker(self, threads: int = 1) -> subprocess.Popen[bytes]:
        """One worker more."""
        options = ["--nthreads", str(threads), "--no-nanny", "--memory-limit", "0", "--host", "127.0.0.1"]
        return self.start("dask_worker", self.url, *options)

    def end(self) -> None:
        """Kill them all."""
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(LIMIT)


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    """A scheduler without workers."""
    software.cache_clear()  # the package as its files are now, as workers started now will have it
    made = Machines(tmp_path)
    try:
        made.scheduler()
        yield made
    finally:
        made.end()


def test_a_cluster_that_goes_away_is_given_up(
    machines: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no worker for long, or no scheduler, what is left comes back as lost instead of never."""
    monkeypatch.setattr(executors, "_PATIENCE", 1.0)
    for number, gone in enumerate(["worker", "scheduler"]):
        worker = machines.worker()
        with cluster(machines.url) as executor:
            runs = [executor.submit(noted, tmp_path, number) for _ in range(2)]
            until((tmp_path / f"{number}.began").exists, "a run that began")
            (worker if gone == "worker" else machines.processes[0]).kill()
            wait(runs, LIMIT)

        for run in runs:
            with pytest.raises(CancelledError) as problem:
                run.result(0)
            assert "went away" in lost(problem.value)


def test_losses_are_told_from_failures() -> None:
    """A broken pool is a lost worker; whatever a run raises itself is not."""
    assert lost(BrokenProcessPool()) == "its worker process went down"
    assert lost(RuntimeError("KilledWorker")) == lost(FinopsError("x")) == ""


def test_clusters_that_are_not_ready_are_refused(
    machines: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster is refused where nothing answers, without Dask, without workers, and where a worker differs:
    its threads, software, notebooks and data are compared before the first run.
    """
    with monkeypatch.context() as patch:
        patch.setattr(executors, "_REACH", 0.3)
        for url, said in (
            ("tcp://127.0.0.1:1", "No Dask scheduler answers at tcp://127.0.0.1:1"),
            ("smoke://signal", "No Dask scheduler answers at smoke://signal"),
            (machines.url, "has no workers"),
        ):
            with pytest.raises(UsageError, match=said), cluster(url):
                pass
        patch.setitem(sys.modules, "distributed", None)
        with pytest.raises(UsageError, match=r"finops-toolkit\[cluster\]"), cluster(machines.url):
            pass
    machines.worker(threads=2)
    here = tmp_path / "here"
    for folder, text in ((here, "mine"), (tmp_path, "theirs")):
        (folder / "data").mkdir(parents=True)
        (folder / "same.ipynb").write_text("{}")
        (folder / "other.ipynb").write_text(text)
        (folder / "data/journal.csv").write_text(text)
    (here / "mine.ipynb").write_text("{}")
    monkeypatch.chdir(here)
    ours = {**software(), "pandas": "9.9", "Python": "2.7", "finops_toolkit": "0", "unheard-of": "1"}
    del ours["papermill"]
    monkeypatch.setattr(executors, "software", lambda: ours)
    paths = [Path(name) for name in ("same.ipynb", "other.ipynb", "mine.ipynb", "data")]

    with pytest.raises(UsageError) as problem, cluster(machines.url, paths):
        pass
    said = str(problem.value)
    for part in (
        "2 reports in one process; start it with --nthreads 1",
        f"pandas is {software()['pandas']}, here it is 9.9",
        "Python is",
        "unheard-of is missing, here it is 1",
        "here it is missing",
        "other files of finops_toolkit",
        "it does not see mine.ipynb",
        "other.ipynb is not the same there",
        "data is not the same there",
    ):
        assert part in said, part
    assert "same.ipynb is" not in said


def test_a_worker_without_the_package_is_named() -> None:
    """What Dask makes of a missing package, and any other error of a worker, is said in a line."""
    bare = Exception("ModuleNotFoundError(\"No module named 'finops_toolkit'\")")

    assert "is not installed there" in next(executors._complaints({}, bare))
    assert next(executors._complaints({}, OSError(13, "no"))) == "PermissionError: [Errno 13] no"


def test_a_worker_that_joins_later_is_checked_too() -> None:
    """A run given to a worker with other software is refused there, not made."""
    with pytest.raises(FinopsError, match="joined the cluster later"):
        executors._carry_out("batch", "other", failing, ["made"], {})
    with pytest.raises(ValueError, match="made"):
        executors._carry_out("batch", digest(software()), failing, ["made"], {})


CELL = 'number: int = 0\nfolder: str = ""'
WAITING = """
import os, pathlib, time
here = pathlib.Path(folder)
with open(here / f"{number}.child", "a") as file:
    file.write(f"{os.getpid()}\\n")
while number and not (here / "release").exists():
    time.sleep(0.02)
while not number:
    time.sleep(60)
print("made", number)
"""


def waiting_notebook(folder: Path) -> Path:
    """A notebook that says which process it runs in, and waits; number 0 waits for ever."""
    parameters = nbformat.v4.new_code_cell(CELL, id="first", metadata={"tags": ["parameters"]})
    cells = [parameters, nbformat.v4.new_code_cell(WAITING, id="second")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "waiting.ipynb")
    return folder / "waiting.ipynb"


def ended(process: int) -> bool:
    """Is there no such process any more, or only its name?"""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    return True


def kill_a_worker(folder: Path) -> str:
    """Kill the worker of one of three notebooks that wait; its number, once its kernel has ended, too."""
    until(lambda: len(list(folder.glob("*.child"))) == 3, "three notebooks at once")
    first = next(iter(folder.glob("*.child")))
    kernel = psutil.Process(int(until(first.read_text, "a kernel that says which it is")))
    worker = kernel.parent().parent()  # the warm process is between them
    assert "distributed.cli.dask_worker" in worker.cmdline()
    worker.kill()
    until(lambda: ended(kernel.pid), "the kernel of a killed worker to end")
    return first.stem


def begun(folder: Path) -> dict[str, int]:
    """How often the notebook of each number has begun."""
    return {path.stem: len(path.read_text().split()) for path in folder.glob("*.child")}


@pytest.mark.prove
def test_a_batch_on_a_cluster_outlives_a_worker(machines: Machines, tmp_path: Path) -> None:
    """`finops report --cluster`: a worker is killed in the middle, and all reports are right, each made once
    but the one that was in its hands.
    """
    path = waiting_notebook(tmp_path)
    (tmp_path / "runs.csv").write_text("number\n" + "".join(f"{number}\n" for number in range(1, 13)))
    for _ in range(3):
        machines.worker()
    command = [sys.executable, "-m", "finops_toolkit.cli", "report", str(path), "--by", "none"]
    command += ["--runs", "runs.csv", "--param", f"folder={tmp_path}", "--cluster", machines.url]
    command += ["--formats", "html,ipynb"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as batch:
        try:
            killed = kill_a_worker(tmp_path)
            (tmp_path / "release").touch()
            said, errors = batch.communicate(timeout=2 * LIMIT)
        finally:
            batch.kill()  # where something went wrong it would wait for ever

    assert batch.returncode == 0 and "Traceback" not in errors, said + errors
    reports = json.loads((tmp_path / "reports/run.json").read_text())["reports"]
    assert sorted(r["parameters"]["number"] for r in reports.values()) == list(range(1, 13))
    for report in reports.values():
        assert (report["status"], report["engine"]) == ("done", "warm")
        for kind in ("html", "ipynb"):
            text = (tmp_path / "reports" / report["files"][kind]["path"]).read_text()
            assert f"made {report['parameters']['number']}\n" in text.replace("\\n", "\n")
    times = begun(tmp_path)
    assert times.pop(killed) == 2 and set(times.values()) == {1} and len(times) == 11


def test_notebooks_outlive_their_worker_and_no_run_outlives_the_batch(
    machines: Machines, tmp_path: Path
) -> None:
    """Runs are made in workers, in threads of them; a killed worker's is made elsewhere, all right and once,
    and its kernel ends with it; leaving the cluster ends what is still being made. An exception of a run
    arrives as it was raised, and is not taken for the loss of a worker.
    """
    path = waiting_notebook(tmp_path)
    job = Job({path: path.read_text()}, [])
    for _ in range(3):
        machines.worker()

    def run(number: int) -> Run:
        return plan_runs(
            read_templates([path]), None, None, {"number": str(number), "folder": str(tmp_path)}, {}
        )[0]

    with cluster(machines.url, [path]) as executor:
        runs = [executor.submit(make, run(number), job) for number in range(1, 13)]
        killed = kill_a_worker(tmp_path)
        (tmp_path / "release").touch()
        assert not wait(runs, LIMIT).not_done
        problem = executor.submit(failing, "no stock").exception(LIMIT)
        endless = executor.submit(make, run(0), job)
        last = int(until(lambda: (f := tmp_path / "0.child").exists() and f.read_text(), "an endless run"))
    until(lambda: ended(last), "the endless run to end with the batch")

    made = [future.result() for future in runs]
    assert [(m.outcome.status, m.engine) for m in made] == [("done", "warm")] * 12
    assert all(f"made {number}\n".encode() in m.files["html"] for number, m in enumerate(made, 1))
    assert endless.cancelled()
    assert isinstance(problem, ValueError) and str(problem) == "no stock" and lost(problem) == ""
    times = begun(tmp_path)
    assert times.pop(killed) == 2 and set(times.values()) == {1} and len(times) == 12


PAGE = (HERE.parent / "docs" / "machines.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    """The blocks of docs/machines.md in one language."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_page_on_machines_shows_what_works() -> None:
    """Dask's commands on the page are understood by Dask, ours by our parser, its files by their readers,
    and workers on it have one thread.
    """
    commands = [line.split() for block in blocks("sh") for line in block.splitlines()]
    started = {words[1]: words[2:] for words in commands if words[0] == "dask"}
    resource = yaml.safe_load(blocks("yaml")[0])["spec"]
    pods = {name: resource[name]["spec"]["containers"][0]["args"][2:] for name in ("scheduler", "worker")}
    units = [configparser.ConfigParser(interpolation=None) for _ in blocks("ini")]
    for unit, text in zip(units, blocks("ini"), strict=True):
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        unit.read_string(text)

    for given in (started, pods):
        dask_scheduler.main.make_context("dask scheduler", list(given["scheduler"]))
        worker = dask_worker.main.make_context("dask worker", list(given["worker"]))
        assert (worker.params["nthreads"], worker.params["memory_limit"]) == (1, "0")
    ours = re.findall(r"^[^`\n]*?\bfinops (report .*)$", PAGE, re.MULTILINE)
    clouds = [parser().parse_args(shlex.split(line.rstrip("\\"))).cluster for line in ours]
    assert len(ours) >= 6 and "tcp://10.0.0.1:8786" in clouds
    for text in blocks("python"):
        compile(text, "machines.md", "exec")
    assert units[0]["Service"]["KillSignal"] == "SIGINT" and units[1]["Timer"]["Persistent"] == "true"
