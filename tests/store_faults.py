"""Every moment at which an output folder can be struck: a script, light enough to fork for each of them.

`python store_faults.py FOLDER START STRIKE…` makes a folder of reports, runs a batch on it with each strike
at each call to the system, opens what is left and prints, as JSON, how many cases there were and what was
wrong.
"""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from finops_toolkit.errors import FinopsError, UsageError
from finops_toolkit.reports.store import Store, open_store

CALLS = ("open", "write", "fsync", "replace", "unlink", "mkdir", "ftruncate")
BOOKS = "Struck"
# place -> version -> file -> content. A version is there in all its files, and with no other, or it is not.
REPORTS = {
    "a": {1: {"a.html": b"page 1", "a.pdf": b"pdf 1", "a.ipynb": b"same"},
          2: {"a.html": b"page two", "a.xlsx": b"sheet 2", "a.ipynb": b"same"},
          3: {"a.html": b"page three", "a.pdf": b"pdf 3", "a.ipynb": b"same"}},
    "2025/N/b": {1: {"2025/N/b.html": b"b1", "2025/N/b.pdf": b"p1"},
                 2: {"2025/N/b.html": b"b2", "2025/N/b.pdf": b"p2"}},
    "2025/S/c": {1: {"2025/S/c.html": b"c1", "2025/S/c.pdf": b"p1", ".finops/contents/1.json": b"{}"}},
}  # fmt: skip
ENDS = (".html", ".pdf", ".xlsx", ".ipynb")


def commit(store: Store, place: str, version: int) -> None:
    """Commit a version of a report: its files, and none of the other formats."""
    files: dict[str, bytes | None] = {place + end: None for end in ENDS}
    store.commit(place, files | REPORTS[place][version], {"version": version})


def prepared(out: Path, start: str) -> None:
    """What the batch finds: no folder, the first versions of two reports, these as they were kept before
    there was a journal, or with a journal that is nearly all out of date.
    """
    if start == "new":
        return
    with open_store(out, BOOKS) as store:
        commit(store, "a", 1)
        commit(store, "2025/N/b", 1)
        for number in range(300 if start == "outgrown" else 0):
            store.note("a", {"version": 1, "note": f"{number}" * 200})
        former = {"page": ".html", "pdf": ".pdf", "notebook": ".ipynb"}
        reports = {
            place: {"version": 1, "failure": ""}
            | {kind: place + end for kind, end in former.items() if place + end in files[1]}
            for place, files in REPORTS.items()
            if place in store.records
        }
        store.finish({"run.json": manifest(1, reports), "index.html": b"index 1"})
    if start == "former":
        shutil.rmtree(out / ".finops")


def manifest(version: int, reports: dict[str, Any]) -> bytes:
    """What run.json holds."""
    return json.dumps({"books": BOOKS, "reports": reports, "version": version}).encode()


def batch(out: Path, told: Callable[[str], None]) -> None:
    """A batch: two reports made again, a new one, a remark to one; what cannot be written is passed over.

    `told` hears of each report that the store says is written.
    """

    def tried(what: str, step: Callable[[], None]) -> None:
        try:
            step()
            told(what)
        except FinopsError as problem:
            if not problem.hint or "Errno" in problem.message:
                raise AssertionError(problem) from None
        except KeyboardInterrupt:
            told("interrupted")

    with open_store(out, BOOKS) as store:
        tried("a", lambda: commit(store, "a", 2))
        tried("2025/S/c", lambda: commit(store, "2025/S/c", 1))
        if "2025/N/b" in store.records:
            tried("", lambda: store.note("2025/N/b", {"version": 1, "note": "failed"}))
        tried("2025/N/b", lambda: commit(store, "2025/N/b", 2))
        tried("a again", lambda: commit(store, "a", 3))
        ends = {"run.json": manifest(2, store.records), "index.html": b"index 2"}
        tried("end", lambda: store.finish(ends))
        told(f"records {json.dumps(store.records)}")


def wrong_with(out: Path, told: list[str], start: str) -> list[str]:
    """What is not as it must be in a folder that a batch left: nothing, one hopes."""
    wrong = []
    there = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    with open_store(out, BOOKS) as store:
        if os.listdir(out / ".finops/aside"):
            wrong.append("something was left aside")
        expected = {".finops/lock", ".finops/journal", "run.json", "index.html"}
        for place, record in store.records.items():
            version = REPORTS[place][record["version"]]
            expected |= set(version)
            if sorted(store.files(place)) != sorted(version) or store.check(place):
                wrong.append(f"{place}: {store.files(place)} {store.check(place)}")
            for name, content in version.items():
                if not (out / name).exists() or (out / name).read_bytes() != content:
                    wrong.append(f"{place} is version {record['version']}, but {name} is not")
        for said, version in (("a", 2), ("2025/S/c", 1), ("2025/N/b", 2), ("a again", 3)):
            known = store.records.get(said.split()[0], {}).get("version", 0)
            if said in told and known < version:
                wrong.append(f"{said} was said to be written and is not")
        if start != "new" and not {"a", "2025/N/b"} <= set(store.records):
            wrong.append("a report is lost")
        last = [line for line in told if line.startswith("records ")]
        if "interrupted" in told and last != [f"records {json.dumps(store.records)}"]:
            wrong.append("an interrupted batch and its folder do not say the same")
        there = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
        if there - {"run.json", "index.html"} != expected - {"run.json", "index.html"}:
            wrong.append(f"files: {sorted(there ^ expected)}")
        shown = [(out / name).read_text() if name in there else "" for name in ("run.json", "index.html")]
        shown[0] = str(json.loads(shown[0])["version"]) if shown[0] else ""
        first = ["", ""] if start == "new" else ["1", "index 1"]
        known = shown[0] in (first[0], "2") and shown[1] in (first[1], "index 2")
        if not known or ("end" in told and shown != ["2", "index 2"]):
            wrong.append(f"run.json and the index: {shown}")
        records = json.dumps(store.records)
    with open_store(out, BOOKS) as store:
        if json.dumps(store.records) != records or store.remarks:
            wrong.append(f"opened again it is another: {store.remarks}")
        for place in REPORTS:
            version = max(REPORTS[place])
            commit(store, place, version)
            if store.check(place) or store.records[place] != {"version": version}:
                wrong.append(f"{place} cannot be made again")
    return wrong


class Disk:
    """Calls to the system, counted, and struck at the `number`-th.

    kill, killed-after : the process ends before or after the call; torn: half of what it writes is written
    interrupt          : Ctrl-C; short: half of what it writes is written, and the process goes on
    power              : what was not synced is lost; some: by chance, some of it
    any other name     : OSError of that name; with a + from then on; with a ~ by chance from then on
    """

    def __init__(self, number: int, strike: str):
        self.number, self.strike, self.count = number, strike, 0
        self.real = {name: getattr(os, name) for name in CALLS}
        self.undo: list[tuple[int, Callable[[], object]]] = []  # the file or folder to sync -> how it is lost
        self.backup = Path(sys.argv[1]) / "backup"
        self.chance = random.Random(number)

    def __enter__(self) -> Disk:
        for name in CALLS:
            setattr(os, name, self._call(name))
        return self

    def __exit__(self, *_: object) -> None:
        for name, real in self.real.items():
            setattr(os, name, real)

    def _call(self, name: str) -> Callable[..., Any]:
        def call(*words: Any, **named: Any) -> Any:
            if name == "open" and not words[1] & os.O_CREAT:
                return self.real[name](*words, **named)
            self.count += 1
            struck = self.count == self.number
            if struck and self.strike == "short" and name == "write":
                return self.real[name](words[0], words[1][: len(words[1]) // 2])
            if struck or (self.count > self.number and self._goes_on()):
                self._strike(name, words)
            if self.strike in ("power", "some"):
                self._remember(name, words)
            if name == "fsync":
                return None  # a killed process loses nothing of what it wrote: only a power failure does
            result = self.real[name](*words, **named)
            if struck and self.strike == "killed-after":
                os._exit(9)
            return result

        return call

    def _goes_on(self) -> bool:
        return self.strike.endswith("+") or (self.strike.endswith("~") and self.chance.random() < 0.1)

    def _strike(self, name: str, words: Any) -> None:
        if self.strike == "torn" and name == "write":
            self.real["write"](words[0], words[1][: len(words[1]) // 2])
        if self.strike in ("power", "some"):
            self._fail()
        if self.strike in ("kill", "torn", "power", "some"):
            os._exit(9)
        if self.strike == "interrupt":
            signal.raise_signal(signal.SIGINT)
        elif self.strike not in ("killed-after", "short"):
            number = getattr(errno, self.strike.rstrip("+~"))
            if name == "write" and number == errno.ENOSPC:
                self.real["write"](words[0], words[1][: len(words[1]) // 3])
            raise OSError(number, os.strerror(number), str(words[0]))

    def _fail(self) -> None:
        """Lose what was not synced: all of it or, by chance, some; the latest is undone first."""
        for _, lost in reversed(self.undo):
            if self.strike == "power" or self.chance.random() < 0.5:
                try:
                    lost()
                except OSError:
                    assert self.strike == "some"  # a file in a folder that is lost, a name that is taken

    def _remember(self, name: str, words: Any) -> None:
        """How a call is undone, until the file or folder that it changes is synced."""
        if name in ("fsync", "write", "ftruncate"):
            file = os.fstat(words[0]).st_ino
            if name == "fsync":
                self.undo = [kept for kept in self.undo if kept[0] != file]
                return
            before = Path(f"/proc/self/fd/{words[0]}").read_bytes()
            kept = os.dup(words[0])

            def lost() -> None:
                self.real["ftruncate"](kept, 0)
                os.lseek(kept, 0, os.SEEK_SET)
                self.real["write"](kept, before)

            self.undo.append((file, lost))
            return
        target, saved = (
            os.path.abspath(words[-1] if name == "replace" else words[0]),
            f"{self.backup}/{self.count}",
        )
        there = os.path.exists(target)
        if there and name in ("replace", "unlink"):
            os.link(target, saved)

        def undone() -> None:
            if name == "mkdir":
                os.rmdir(target)
            elif name == "replace" and os.path.exists(target):
                os.rename(target, os.path.abspath(words[0]))
            elif name == "open" and not there and os.path.exists(target):  # else renamed, which is not lost
                self.real["unlink"](target)
            if os.path.exists(saved):
                os.link(saved, target)

        self.undo.append((os.stat(os.path.dirname(target)).st_ino, undone))


def struck(out: Path, number: int, strike: str) -> tuple[list[str], int]:
    """Run the batch in a process of its own, struck; what it said was written, and its exit code."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            real = os.write
            with Disk(number, strike) as disk:
                batch(out, lambda what: real(writing, f"{what}\n".encode()) and None)
            code = 0 if disk.count >= number else 8  # 8: there are fewer calls than that
        except UsageError:
            code = 2  # the folder could not be opened, and that was said
        except KeyboardInterrupt:
            code = 130
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read().split("\n")
    return told, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(folder: Path, start: str, strikes: list[str]) -> dict[str, Any]:
    """Every strike at every call; `kill/3` strikes at every third."""
    os.fsync = lambda file: None  # what a killed process has written is there; Disk knows of power failures
    prepared(folder / "first", start)
    cases, wrong = 0, []
    for strike, _, step in (strike.partition("/") for strike in strikes):
        for number in range(1, 10_000, int(step or 1)):
            out = folder / "out"
            shutil.rmtree(out, ignore_errors=True)
            shutil.rmtree(folder / "backup", ignore_errors=True)
            (folder / "backup").mkdir()
            if start != "new":
                shutil.copytree(folder / "first", out)
            told, code = struck(out, number, strike)
            if code == 8:
                break
            cases += 1
            found = wrong_with(out, told, start) if code in (0, 2, 9, 130) else [f"ended with {code}"]
            wrong += [f"{strike} at call {number}: {what}" for what in found]
    return {"cases": cases, "wrong": wrong[:20]}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3:])))
