"""The output folder: what is committed is there whole, whatever happens, and nothing good is lost."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from finops_toolkit.errors import UsageError
from finops_toolkit.reports.journal import Journal
from finops_toolkit.reports.lock import locked
from finops_toolkit.reports.store import NotWritten, open_store

FAULTS = Path(__file__).with_name("store_faults.py")
JOURNAL = ".finops/journal"
FILES = {"a/b.html": b"page", "a/b.pdf": b"pdf"}


def committed(out: Path, files: dict[str, bytes | None] | None = None, **record: Any) -> None:
    """One report in a folder."""
    with open_store(out, "B") as store:
        store.commit("a/b", files or FILES, record or {"n": 1})


def contents(out: Path) -> dict[str, bytes]:
    """All files of a folder but the store's own."""
    paths = [path for path in out.rglob("*") if path.is_file() and ".finops" not in path.parts]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


def failing(monkeypatch: pytest.MonkeyPatch, call: str, number: int, ending: str = "") -> None:
    """Let a call to the system fail, for paths of an ending only."""
    real = getattr(os, call)

    def fail(*words: Any, **named: Any) -> Any:
        if str(words[-1] if call == "replace" else words[0]).endswith(ending):
            raise OSError(number, os.strerror(number), str(words[0]))
        return real(*words, **named)

    monkeypatch.setattr(os, call, fail)


def test_a_report_is_committed(tmp_path: Path) -> None:
    """Its files are there, its record too when the folder is opened again, and nothing lies about."""
    committed(tmp_path)

    assert contents(tmp_path) == FILES
    assert sorted(os.listdir(tmp_path / ".finops")) == ["aside", "journal", "lock"]
    assert os.listdir(tmp_path / ".finops/aside") == []
    with open_store(tmp_path, "B") as store:
        assert store.records == {"a/b": {"n": 1}}
        assert store.files("a/b") == list(FILES)
        assert store.check("a/b") == {} and store.remarks == []


def test_files_go_and_stay(tmp_path: Path) -> None:
    """None deletes; what is not named stays; a folder of a deleted name is not ours."""
    committed(tmp_path)
    (tmp_path / "a/b.xlsx").mkdir()
    committed(tmp_path, {"a/b.pdf": None, "a/b.failed.html": b"why", "a/b.xlsx": None}, n=2)

    assert contents(tmp_path) == {"a/b.html": b"page", "a/b.failed.html": b"why"}
    assert (tmp_path / "a/b.xlsx").is_dir()
    with open_store(tmp_path, "B") as store:
        assert sorted(store.files("a/b")) == ["a/b.failed.html", "a/b.html"]


def test_the_same_is_not_written_again(tmp_path: Path) -> None:
    """Equal content keeps its file, time included; the record is the new one."""
    committed(tmp_path)
    before = {name: (tmp_path / name).stat() for name in FILES}
    committed(tmp_path, {**FILES, "a/b.pdf": b"other"}, n=2)
    after = {name: (tmp_path / name).stat() for name in FILES}

    assert before["a/b.html"] == after["a/b.html"]
    assert before["a/b.pdf"].st_ino != after["a/b.pdf"].st_ino
    with open_store(tmp_path, "B") as store:
        assert store.records["a/b"] == {"n": 2} and store.check("a/b") == {}


def test_edits_are_seen(tmp_path: Path) -> None:
    """A file that is missing or another is named, also where its size is the same; a copy is the same."""
    committed(tmp_path)
    (tmp_path / "a/b.pdf").unlink()
    (tmp_path / "a/b.html").write_bytes(b"PAGE")
    with open_store(tmp_path, "B") as store:
        assert store.check("a/b") == {"a/b.html": "changed", "a/b.pdf": "missing"}
        assert store.check("unknown") == {}
        store.commit("a/b", FILES, {"n": 1})
        assert store.check("a/b") == {}
        os.utime(tmp_path / "a/b.html", (1, 1))
        assert store.check("a/b") == {}


def test_checking_is_fast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """3,000 files are compared with the journal in less than 50 ms."""
    monkeypatch.setattr(os, "fsync", lambda file: None)
    names = ("html", "pdf", "xlsx")
    with open_store(tmp_path, "B") as store:
        store.commit(
            "x", {f"{i}/{j}.{end}": b"x" for i in range(10) for j in range(100) for end in names}, {}
        )

        def seconds() -> float:
            began = time.perf_counter()
            assert store.check("x") == {}
            return time.perf_counter() - began

        assert min(seconds() for _ in range(5)) < 0.05


def test_few_bytes_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 reports with all formats, records and the index: at most twice the bytes of the results."""
    written = 0
    real = os.write

    def count(file: int, content: bytes) -> int:
        nonlocal written
        written += len(content)
        return real(file, content)

    monkeypatch.setattr(os, "write", count)
    monkeypatch.setattr(os, "fsync", lambda file: None)
    sizes = {"html": 300_000, "pdf": 120_000, "xlsx": 60_000, "ipynb": 250_000}
    record = {"reads": [f"{i:064x}" for i in range(60)], "key": {str(i): f"{i:064x}" for i in range(20)}}
    results = 0
    with open_store(tmp_path, "B") as store:
        for i in range(200):
            files: dict[str, bytes | None] = {f"{i}/r.{end}": bytes([i]) * n for end, n in sizes.items()}
            store.commit(f"{i}/r", files, record)
            results += sum(sizes.values())
        everything = json.dumps(store.records).encode()
        for index in (b"x" * 100_000, b"y" * 100_000):
            store.finish({"run.json": everything, "index.html": index})

    assert written <= 2 * results
    assert written <= 1.1 * results  # in fact it is hardly more than once


def test_the_journal_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often reports are made again, the journal keeps to twice what it has to say, and a bit."""
    monkeypatch.setattr(os, "fsync", lambda file: None)
    for round_ in range(12):
        with open_store(tmp_path, "B") as store:
            for i in range(20):
                store.commit(str(i), {f"{i}.html": b"%d" % round_}, {"round": round_, "text": "x" * 2000})
    with open_store(tmp_path, "B") as store:
        live = len(json.dumps(store.records)) + 200 * 20
        assert all(record["round"] == 11 for record in store.records.values()) and len(store.records) == 20

    assert (tmp_path / JOURNAL).stat().st_size < 3 * live + (1 << 16)


def test_notes(tmp_path: Path) -> None:
    """A record without files takes the place of the one before; the same again is not written."""
    committed(tmp_path)
    with open_store(tmp_path, "B") as store:
        store.note("a/b", {"status": "failed"})
        size = (tmp_path / JOURNAL).stat().st_size
        store.note("a/b", {"status": "failed"})
        store.note("c", {"text": "\ud800 ü"})
        assert (tmp_path / JOURNAL).stat().st_size < size + 200
    with open_store(tmp_path, "B") as store:
        assert store.records == {"a/b": {"status": "failed"}, "c": {"text": "\ud800 ü"}}
        assert store.check("a/b") == {} and list(store.files("a/b")) == list(FILES)


@pytest.mark.parametrize("name", ["../x", "/x", "a/../x", "a//b", ".finops/lock", ".FINOPS/x", "a\\b", ""])
def test_nothing_is_written_elsewhere(tmp_path: Path, name: str) -> None:
    """A path that leads out of the folder or into the store's own is refused before anything is done."""
    with open_store(tmp_path / "out", "B") as store, pytest.raises(ValueError, match="not a path inside"):
        store.commit("x", {"good.html": b"", name: b"x"}, {})
    assert contents(tmp_path) == {}


# One at a time


def holder(out: Path) -> subprocess.Popen[str]:
    """A process that holds a folder, and says so."""
    code = """if True:
        import sys
        from pathlib import Path
        from finops_toolkit.reports.store import open_store
        with open_store(Path(sys.argv[1]), "B"):
            print("held", flush=True)
            sys.stdin.read()
    """
    return subprocess.Popen(
        [sys.executable, "-c", code, str(out)], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another batch that has the folder open."""
    process = holder(tmp_path)
    assert process.stdout and process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_one_batch_at_a_time(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    """The second is told who is there since when and what to do; once the first is dead it may."""
    with pytest.raises(UsageError) as told, open_store(tmp_path, "B"):
        pass
    assert (
        f"process {other.pid} on" in told.value.message
        and f"since {time.strftime('%Y-')}" in told.value.message
    )
    assert told.value.hint and "--out" in told.value.hint

    other.kill()
    other.wait()
    committed(tmp_path)
    assert contents(tmp_path) == FILES


def test_the_same_process_twice(tmp_path: Path) -> None:
    """Nor may one process open a folder twice."""
    with open_store(tmp_path, "B"), pytest.raises(UsageError, match=f"process {os.getpid()} on"):
        open_store(tmp_path, "B").__enter__()
    committed(tmp_path)


def test_no_child_holds_the_lock(tmp_path: Path) -> None:
    """Neither a forked child nor a program that lives on keeps the folder from the next batch."""
    with open_store(tmp_path, "B"):
        child = os.fork()
        if child == 0:
            signal.pause()
            os._exit(0)
        program = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        committed(tmp_path)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        program.kill()
        program.wait()


def test_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system without locks the batch runs, and it is said that nothing keeps a second one out."""
    import fcntl

    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    with open_store(tmp_path, "B") as store:
        assert len(store.remarks) == 1 and "has no locks" in store.remarks[0]


def test_a_lock_that_was_removed_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock that counts is the one that lies there: one removed between opening and locking is not."""
    import fcntl

    path, real, times = tmp_path / "lock", fcntl.flock, []

    def removed(*words: Any) -> None:
        real(*words)
        if not times:
            path.unlink()
        times.append(1)

    monkeypatch.setattr(fcntl, "flock", removed)
    with locked(path):
        assert len(times) == 2 and json.loads(path.read_text())["pid"] == os.getpid()


# Whose folder


def test_other_books_are_refused(tmp_path: Path) -> None:
    """A folder of other books is left alone, by its journal as well as by its run.json."""
    committed(tmp_path / "x")
    with pytest.raises(UsageError, match="holds the reports of B, not of C"):
        open_store(tmp_path / "x", "C").__enter__()
    (tmp_path / "run.json").write_text('{"books": "Other", "reports": {}}')
    with pytest.raises(UsageError, match="holds the reports of Other, not of B"):
        open_store(tmp_path, "B").__enter__()
    assert not (tmp_path / ".finops").exists()


@pytest.mark.parametrize("text", ["{}", "[]", "x", '{"books": "B", "reports": 1}', "\xff"])
def test_a_foreign_run_json_is_refused(tmp_path: Path, text: str) -> None:
    """A run.json that something else wrote is not overwritten."""
    (tmp_path / "run.json").write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match=r"was not written by finops report"):
        open_store(tmp_path, "B").__enter__()
    assert os.listdir(tmp_path) == ["run.json"]


def test_a_later_version_is_refused(tmp_path: Path) -> None:
    """A journal of a format that is not known is not touched."""
    committed(tmp_path)
    journal = Journal(tmp_path / JOURNAL)
    journal.rewrite([{"finops": 2, "books": "B"}], tmp_path / "aside")
    journal.close()
    before = (tmp_path / JOURNAL).read_bytes()
    with pytest.raises(UsageError, match="a later version"):
        open_store(tmp_path, "B").__enter__()
    assert (tmp_path / JOURNAL).read_bytes() == before


def test_former_folders_are_taken_over(tmp_path: Path) -> None:
    """Reports of a folder without a journal are known, without key; their files are theirs."""
    old = {"status": "failed", "page": "a/b.html", "pdf": "a/b.pdf", "workbook": "", "notebook": "gone.ipynb",
           "failure": "a/b.failed.html"}  # fmt: skip
    paths = {"html": "a/b.html", "pdf": "a/b.pdf", "failure": "a/b.failed.html", "kept": "a/b.failed.ipynb"}
    (tmp_path / "a").mkdir()
    files = FILES | {"a/b.failed.html": b"why", "a/b.failed.ipynb": b"kept"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "run.json").write_text(json.dumps({"books": "B", "reports": {"a/b": old}}))
    for _ in range(2):
        with open_store(tmp_path, "B") as store:
            record = store.records["a/b"]
            assert "key" not in record and record["status"] == "failed" and record["place"] == "a/b"
            assert {kind: file["path"] for kind, file in record["files"].items()} == paths
            assert sorted(store.files("a/b")) == sorted(files) and store.check("a/b") == {}
    assert {name: contents(tmp_path)[name] for name in files} == files


def test_a_copy_without_the_journal(tmp_path: Path) -> None:
    """A copy without hidden folders still knows its reports, by the hashes of run.json."""
    committed(tmp_path / "x")
    with open_store(tmp_path / "x", "B") as store:
        file = {"path": "a/b.html", "bytes": 4, "sha256": store._files["a/b"]["a/b.html"][0]}
        reports = {"a/b": {"key": {"k": 1}, "files": {"html": file}}}
        store.finish({"run.json": json.dumps({"books": "B", "reports": reports}).encode()})
    shutil.rmtree(tmp_path / "x/.finops")
    with open_store(tmp_path / "x", "B") as store:
        assert store.records["a/b"]["key"] == {"k": 1} and store.check("a/b") == {}
    shutil.rmtree(tmp_path / "x/.finops")
    (tmp_path / "x/a/b.html").write_bytes(b"PAGE")
    with open_store(tmp_path / "x", "B") as store:
        assert store.check("a/b") == {"a/b.html": "changed"}


# What goes wrong


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "Make room"), (errno.EROFS, "Allow writing"), (errno.EIO, "run the same command again")],
)
@pytest.mark.parametrize("call", ["write", "fsync", "open"])
def test_a_report_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, said: str
) -> None:
    """It is said why and what to do; the report before is there with its record; the rest goes on."""
    committed(tmp_path)
    with open_store(tmp_path, "B") as store:
        with monkeypatch.context() as patch:
            failing(patch, call, number)
            with pytest.raises(NotWritten, match=f"a/b could not be written: {os.strerror(number)}") as told:
                store.commit("a/b", {"a/b.html": b"new", "a/b.pdf": b"new"}, {"n": 2})
        assert told.value.hint and said in told.value.hint
        assert (contents(tmp_path), store.records) == (FILES, {"a/b": {"n": 1}})
        assert os.listdir(tmp_path / ".finops/aside") == []
        store.commit("c", {"c.html": b"c"}, {"n": 3})
    with open_store(tmp_path, "B") as store:
        assert store.records == {"a/b": {"n": 1}, "c": {"n": 3}} and store.remarks == []


def test_a_place_that_is_taken(tmp_path: Path) -> None:
    """A folder where a file should be, a file where a folder should be, a name that is too long: said."""
    committed(tmp_path)
    (tmp_path / "d.html").mkdir()
    with open_store(tmp_path, "B") as store:
        with pytest.raises(NotWritten, match=r"Is a directory \(d.html\)") as told:
            store.commit("d", {"d.pdf": b"x", "d.html": b"x"}, {})
        assert told.value.hint == "Move that folder away, then run the same command again."
        with pytest.raises(NotWritten, match=r"(Not a directory|File exists) \(a/b.html"):
            store.commit("d", {"d.pdf": b"x", "a/b.html/c.html": b"x"}, {})
        with pytest.raises(NotWritten, match="File name too long") as told:
            store.commit("d", {"d.pdf": b"x", "n" * 300: b"x"}, {})
        assert told.value.hint and "shorter" in told.value.hint
        assert store.records == {"a/b": {"n": 1}}
    assert contents(tmp_path) == FILES


def test_a_folder_on_another_disk(tmp_path: Path) -> None:
    """Where a rename cannot be had, nothing is begun, and it is said why."""
    disk = Path("/dev/shm")
    if not disk.is_dir() or disk.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is only one disk here")
    (tmp_path / "x").symlink_to(disk)
    with open_store(tmp_path, "B") as store, pytest.raises(NotWritten, match="cross-device") as told:
        store.commit("x/r", {"r.html": b"r", f"x/{tmp_path.name}.html": b"r"}, {})
    assert told.value.hint and "--out" in told.value.hint and contents(tmp_path) == {}


def test_a_file_that_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the last step fails, the report is safe aside: the next to write or to open puts it there."""
    committed(tmp_path)
    new: dict[str, bytes | None] = {"a/b.html": b"new", "a/b.pdf": b"new", "a/b.xlsx": b"new"}
    with monkeypatch.context() as patch:
        failing(patch, "replace", errno.EACCES, ".pdf")
        with open_store(tmp_path, "B") as store:
            with pytest.raises(NotWritten, match="is made, but could not be put in its place: Permission"):
                store.commit("a/b", new, {"n": 2})
            with pytest.raises(NotWritten):
                store.note("a/b", {"n": 3})
            with pytest.raises(NotWritten):
                store.commit("a/b", {"a/b.html": b"newer"}, {"n": 4})
            store.commit("c", {"c.html": b"c"}, {})
        with open_store(tmp_path, "B") as store:
            assert store.records["a/b"] == {"n": 2} and set(store.check("a/b")) == {"a/b.pdf", "a/b.xlsx"}
            assert store.remarks == ["a/b is made, but could not be put in its place: Permission denied."]
    with open_store(tmp_path, "B") as store:
        assert store.records["a/b"] == {"n": 2} and store.check("a/b") == {} and store.remarks == []
    assert contents(tmp_path) == {**new, "c.html": b"c"}


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    """A deletion is not repeated once a later line tells of the report, even if its end was not recorded."""
    committed(tmp_path)
    committed(tmp_path, {"a/b.pdf": None}, n=2)
    with open_store(tmp_path, "B") as store:
        store.note("a/b", {"n": 3})
    lines = (tmp_path / JOURNAL).read_bytes().splitlines(keepends=True)
    (tmp_path / JOURNAL).write_bytes(b"".join(line for line in lines if b'"done"' not in line))
    (tmp_path / "a/b.pdf").write_bytes(b"by hand")
    with open_store(tmp_path, "B"):
        pass
    assert (tmp_path / "a/b.pdf").read_bytes() == b"by hand"


def test_equal_contents_are_one_file(tmp_path: Path) -> None:
    """What two reports share stays until neither has it."""
    shared = ".finops/contents/x.json"
    with open_store(tmp_path, "B") as store:
        store.commit("a", {shared: b"{}"}, {})
        store.commit("b", {shared: b"{}"}, {})
        store.commit("a", {shared: None}, {})
        assert (tmp_path / shared).exists() and store.files("a") == [] and store.check("b") == {}
        store.commit("b", {shared: None}, {})
        assert not (tmp_path / shared).exists()


def test_a_folder_that_vanishes(tmp_path: Path) -> None:
    """If the folder is removed during a batch, it is said, and nothing is written into the void."""
    with open_store(tmp_path / "out", "B") as store:
        shutil.rmtree(tmp_path / "out")
        with pytest.raises(NotWritten, match="No such file"):
            store.commit("a", {"a.html": b"x"}, {})
        (tmp_path / "out/.finops/aside").mkdir(parents=True)
        with pytest.raises(NotWritten, match="No such file"):
            store.note("a", {})
        assert store.records == {}


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said before anything runs, whatever the call that fails; a file in place of the folder too."""
    for call in ("mkdir", "write", "fsync", "replace", "open"):
        with monkeypatch.context() as patch:
            failing(patch, call, errno.ENOSPC)
            with pytest.raises(UsageError, match="cannot be written: No space left") as told:
                open_store(tmp_path / call, "B").__enter__()
            assert told.value.hint and "Make room" in told.value.hint
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is a file, not a folder"):
        open_store(tmp_path / "file", "B").__enter__()


def test_an_error_of_the_batch_is_not_the_folders(tmp_path: Path) -> None:
    """What the batch raises by itself is not taken for a folder that cannot be written."""
    with pytest.raises(FileNotFoundError), open_store(tmp_path, "B"):
        raise FileNotFoundError
    committed(tmp_path)


def test_ctrl_c_comes_after_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a commit is answered when it is done: report, record and batch agree."""
    real = os.replace

    def struck(*words: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        real(*words)

    with open_store(tmp_path, "B") as store:
        monkeypatch.setattr(os, "replace", struck)
        with pytest.raises(KeyboardInterrupt):
            store.commit("a/b", FILES, {"n": 1})
        assert (store.records, store.check("a/b"), contents(tmp_path)) == ({"a/b": {"n": 1}}, {}, FILES)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_end_is_old_or_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """run.json and the index are each whole; if they cannot be written, the old ones are there."""
    with open_store(tmp_path, "B") as store:
        old = {"run.json": b'{"books": "B", "reports": {}}', "index.html": b"old"}
        store.finish(old)
        for call in ("write", "replace"):
            with monkeypatch.context() as patch:
                failing(patch, call, errno.ENOSPC)
                with pytest.raises(NotWritten, match=r"run.json and index.html could not be written"):
                    store.finish({"run.json": b"new", "index.html": b"new"})
            assert contents(tmp_path) == old
            assert os.listdir(tmp_path / ".finops/aside") == []
        before = (tmp_path / "index.html").stat()
        store.finish({**old, "run.json": b'{"books": "B", "reports": {} }'})
        assert (tmp_path / "index.html").stat() == before


# The journal


def lines_of(path: Path) -> list[dict[str, Any]]:
    """What a journal says."""
    journal = Journal(path)
    journal.close()
    return journal.lines


def test_a_torn_journal(tmp_path: Path) -> None:
    """Cut at every byte: the whole lines are there, the torn one is gone, and the next is added after."""
    path = tmp_path / "journal"
    journal = Journal(path)
    for number in range(4):
        journal.append({"n": number, "text": "ü\n•" * number}, sync=False)
    journal.close()
    whole, lines = path.read_bytes(), lines_of(path)
    ends = [i + 1 for i, byte in enumerate(whole) if byte == 10]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        known = sum(end <= cut for end in ends)
        journal = Journal(path)
        assert (journal.lines, journal.damaged) == (lines[:known], 0)
        assert path.read_bytes() == whole[: journal.size]
        journal.append({"new": True}, sync=False)
        journal.close()
        assert lines_of(path) == [*lines[:known], {"new": True}]


def test_a_damaged_journal(tmp_path: Path) -> None:
    """Any byte changed: the line it is in is missing and counted, the others are there."""
    path = tmp_path / "journal"
    journal = Journal(path)
    for number in range(3):
        journal.append({"n": number}, sync=False)
    journal.close()
    whole, lines = path.read_bytes(), lines_of(path)
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        damaged = Journal(path)
        damaged.close()
        assert all(line in lines for line in damaged.lines)
        assert len(damaged.lines) >= (1 if whole[place] == 10 else 2)
        assert damaged.damaged == 1 or place == len(whole) - 1


def test_a_damaged_line_is_said(tmp_path: Path) -> None:
    """The reports that a damaged line told of are unknown, the others known; it is said once."""
    with open_store(tmp_path, "B") as store:
        for name in "abc":
            store.commit(name, {f"{name}.html": name.encode()}, {"name": name})
    path = tmp_path / JOURNAL
    path.write_bytes(path.read_bytes().replace(b'"name":"b"', b'"name":"?"'))
    with open_store(tmp_path, "B") as store:
        assert sorted(store.records) == ["a", "c"]
        assert "1 line of" in store.remarks[0] and "count as stale" in store.remarks[0]
    with open_store(tmp_path, "B") as store:
        assert store.remarks == [] and sorted(store.records) == ["a", "c"]
    assert sorted(contents(tmp_path)) == ["a.html", "b.html", "c.html"]


# Every moment


def struck(tmp_path: Path, start: str, *strikes: str) -> int:
    """Strike a batch at every call to the system; how many cases that were."""
    run = subprocess.run(
        [sys.executable, FAULTS, tmp_path, start, *strikes], capture_output=True, text=True, timeout=1500
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["wrong"] == [], run.stderr
    return int(told["cases"])


@pytest.mark.skipif(sys.platform != "linux", reason="forks for each case and asks /proc which files are open")
@pytest.mark.parametrize("strike", ["kill", "power/3", "ENOSPC~/3"])
def test_every_report_is_old_or_new(tmp_path: Path, strike: str) -> None:
    """Killed, out of power or out of disk at any call: old or new in all formats, as its record says."""
    assert struck(tmp_path, "prepared", strike) > (70 if strike == "kill" else 20)


STARTS = ["new", "prepared", "former", "outgrown"]
STRIKES = ["kill", "killed-after", "torn", "short", "interrupt", "power", "some", "EACCES", "EROFS+",
           *(f"{name}{more}" for name in ("ENOSPC", "EIO") for more in ("", "+", "~"))]  # fmt: skip


@pytest.mark.prove
@pytest.mark.skipif(sys.platform != "linux", reason="forks for each case and asks /proc which files are open")
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("strike", STRIKES)
def test_every_strike_at_every_moment(tmp_path: Path, start: str, strike: str) -> None:
    """The same for every kind of strike, and for folders new, known, former and outgrown."""
    assert struck(tmp_path, start, strike) > 70


class Batches(RuleBasedStateMachine):
    """Commits, notes, kills at any call, edits by hand and new beginnings, in any order, against a model."""

    places = Bundle("places")

    @initialize()
    def begin(self) -> None:
        """An empty folder; what is expected in it."""
        import tempfile

        self.folder = Path(tempfile.mkdtemp())
        self.known: dict[str, tuple[dict[str, bytes], dict[str, Any]]] = {}
        self.edited: set[str] = set()
        self.count = 0

    @rule(target=places, place=st.sampled_from(["a", "b/c", "b/d", "ü/e/f"]))
    def place(self, place: str) -> str:
        """A report."""
        return place

    def wanted(self, place: str, ends: set[str], content: int) -> dict[str, bytes | None]:
        """A version of a report: some formats, the others gone."""
        files: dict[str, bytes | None] = {f"{place}.{end}": None for end in ("html", "pdf", "xlsx")}
        return files | {f"{place}.{end}": f"{end} {content}".encode() for end in ends}

    @rule(place=places, ends=st.sets(st.sampled_from(["html", "pdf", "xlsx"])), content=st.integers(0, 3),
          number=st.integers(0, 40), strike=st.sampled_from(["", "kill", "torn", "fail"]))  # fmt: skip
    def commit(self, place: str, ends: set[str], content: int, number: int, strike: str) -> None:
        """A commit, perhaps in a process that is struck at some call."""
        self.count += 1
        record, files = {"n": self.count}, self.wanted(place, ends, content)
        child = os.fork() if strike else 0
        if child == 0:
            code = 3
            try:
                if strike:
                    strike_at(number, strike)
                with open_store(self.folder, "B") as store:
                    store.commit(place, files, record)
                code = 0
            except (NotWritten, UsageError):
                code = 1
            finally:
                if strike:
                    os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if strike else 0
        assert code in (0, 1, 9)
        with open_store(self.folder, "B") as store:
            done = store.records.get(place) == record
        assert done or code != 0
        if done:
            self.known[place] = ({name: c for name, c in files.items() if c is not None}, record)
            self.edited -= set(files)

    @rule(place=places)
    def note(self, place: str) -> None:
        """A record without files."""
        self.count += 1
        with open_store(self.folder, "B") as store:
            store.note(place, {"n": self.count})
        self.known[place] = (self.known.get(place, ({}, {}))[0], {"n": self.count})

    @rule(place=places, gone=st.booleans())
    def edit(self, place: str, gone: bool) -> None:
        """Someone edits or removes a file of a report."""
        for name in list(self.known.get(place, ({}, {}))[0])[:1]:
            path = self.folder / name
            if gone:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(b"by hand")
            self.edited.add(name)

    @invariant()
    def agrees(self) -> None:
        """The folder holds what the model says, and knows what was edited."""
        with open_store(self.folder, "B") as store:
            assert store.remarks == []
            assert store.records == {place: record for place, (_, record) in self.known.items()}
            for place, (files, _) in self.known.items():
                assert set(store.files(place)) == set(files)
                assert set(store.check(place)) == self.edited & set(files)
        there = {name: c for name, c in contents(self.folder).items() if name not in self.edited}
        expected = {name: c for files, _ in self.known.values() for name, c in files.items()}
        assert there == {name: c for name, c in expected.items() if name not in self.edited}
        assert os.listdir(self.folder / ".finops/aside") == []

    def teardown(self) -> None:
        """The folder goes."""
        shutil.rmtree(self.folder, ignore_errors=True)


def strike_at(number: int, strike: str) -> None:
    """Let this process be killed, or its call fail, at a call to the system."""
    count = 0

    def wrapped(name: str) -> Any:
        real = getattr(os, name)

        def call(*words: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == number:
                if strike == "torn" and name == "write":
                    real(words[0], words[1][: len(words[1]) // 2])
                if strike == "fail":
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os._exit(9)
            return real(*words, **named)

        return call

    for name in ("open", "write", "fsync", "replace", "unlink", "mkdir", "ftruncate"):
        setattr(os, name, wrapped(name))


@pytest.mark.prove
@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_any_course_of_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of courses of events, each of many steps."""
    from hypothesis.stateful import run_state_machine_as_test

    monkeypatch.setattr(os, "fsync", lambda file: None)
    run_state_machine_as_test(
        Batches, settings=settings(max_examples=300, stateful_step_count=25, deadline=None)
    )
