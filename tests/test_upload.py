"""A finished batch elsewhere: no reader finds a link to what is not there, and an upload cut off goes on."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

from finops_toolkit.errors import FinopsError, UsageError
from finops_toolkit.reports.upload import open_target, upload

USER, PASSWORD = "reports", "s3cret-w0rd"


def write(
    folder: Path, reports: dict[str, str], books: str = "Test", ended: str | None = "2025-12-01"
) -> None:
    """A batch whose reports hold these texts, with what a toolkit keeps for itself beside them."""
    records: dict[str, Any] = {}
    for place, text in reports.items():
        path, contents = folder / f"{place}.html", hashlib.sha256(place.encode()).hexdigest()
        for file, content in ((path, text), (folder / f".finops/contents/{contents}.json", place)):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        page = {
            "path": f"{place}.html",
            "bytes": len(text),
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        }
        records[place] = {"files": {"html": page}, "contents": contents}
    (folder / "run.json").write_text(json.dumps({"books": books, "ended": ended, "reports": records}))
    (folder / "index.html").write_text(" ".join(reports))
    (folder / ".finops/journal").write_text("internal")
    (folder / ".finops/contents/0000.json").write_text("of nobody")


def shown(folder: Path) -> dict[str, str]:
    """All files of a folder that readers and `finops diff` see."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def expected(reports: dict[str, str], folder: Path) -> dict[str, str]:
    """What lies at the other place after a batch of these reports is uploaded."""
    own = shown(folder)
    named = {hashlib.sha256(place.encode()).hexdigest() for place in reports}
    return {
        **{f"{place}.html": text for place, text in reports.items()},
        **{name: own[name] for name in own if name.split("/")[-1].removesuffix(".json") in named},
        **{name: own[name] for name in ("run.json", "index.html")},
    }


@pytest.fixture
def ftp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """A real FTP server on loopback: its URL, and the folder it writes to."""
    folder = tmp_path / "ftp"
    folder.mkdir()
    known = DummyAuthorizer()
    known.add_user(USER, PASSWORD, str(folder), perm="elradfmwMT")
    handler = type("Handler", (FTPHandler,), {"authorizer": known, "auth_failed_timeout": 0})
    server = FTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"timeout": 0.02})
    thread.start()
    monkeypatch.setitem(fsspec.config.conf, "ftp", {"username": USER, "password": PASSWORD})
    monkeypatch.setenv("FSSPEC_FTP_PASSWORD", PASSWORD)
    try:
        yield f"ftp://127.0.0.1:{server.address[1]}", folder
    finally:
        server.close_all()
        thread.join(10)


@pytest.mark.parametrize("kind", ["file", "memory", "ftp"])
def test_a_batch_arrives_whole(tmp_path: Path, ftp: tuple[str, Path], kind: str) -> None:
    """Reports, index, run.json and what diff needs arrive, and no more; the same again sends the last two."""
    reports = {"2025-11/NORTH/card": "north", "2025-11/SOUTH/card": "ü", "card/top=5": ""}
    write(tmp_path / "out", reports)
    url = {"file": f"file://{tmp_path}/there", "memory": "memory://there", "ftp": f"{ftp[0]}/a/b"}[kind]
    target = open_target(url)
    first = upload(tmp_path / "out", target)
    again = upload(tmp_path / "out", open_target(url))
    if kind == "memory":
        target.system.get(target.root, str(tmp_path / "there"), recursive=True)

    assert (first.sent, first.kept, first.removed) == (8, 0, 0)
    assert (again.sent, again.kept, again.bytes) == (2, 6, again.bytes)
    assert shown(ftp[1] / "a/b" if kind == "ftp" else tmp_path / "there") == expected(
        reports, tmp_path / "out"
    )


def test_only_what_changed_is_sent_and_only_what_is_asked_removed(tmp_path: Path) -> None:
    """A changed report of the same size is sent, one that was lost there too; files of others stay."""
    out, there = tmp_path / "out", tmp_path / "there"
    write(out, {"a": "aaa", "b": "bbb", "c": "ccc"})
    target = open_target(f"file://{there}")
    upload(out, target)
    (there / "notes.txt").write_text("mine")
    (there / "b.html").unlink()
    for path in (out / "c.html", out / "a.html"):
        path.unlink()
    write(out, {"a": "AAA", "b": "bbb"})

    done = upload(out, target)
    assert (done.sent, done.kept, done.removed) == (4, 2, 0)
    assert shown(there)["a.html"] == "AAA" and shown(there)["c.html"] == "ccc"
    write(out, {"a": "AAA"})
    assert upload(out, target, remove=True).removed == 2
    assert {"notes.txt", "c.html"} <= set(shown(there)) and "b.html" not in shown(there)


def test_an_upload_cut_off_anywhere_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever write fails: what the index there names is there, and the next upload makes it right,
    also where the batch has meanwhile gone back to what it was.
    """
    out = tmp_path / "out"
    old = {"a": "old a", "b": "old b"}
    new = {"a": "new a", "b": "old b", "c": "new c"}
    for step in range(40):
        there = tmp_path / f"there{step}"
        target = open_target(f"file://{there}")
        write(out, old)
        upload(out, target)
        write(out, new)
        count = 0

        def failing(real: Any, step: int = step) -> Any:
            def call(*words: Any, **named: Any) -> Any:
                nonlocal count
                count += 1
                if count == step + 1:
                    raise ConnectionResetError(104, "Connection reset by peer")
                return real(*words, **named)

            return call

        with monkeypatch.context() as patch:
            for name in ("put_file", "mv", "pipe_file", "rm_file"):
                patch.setattr(target.system, name, failing(getattr(target.system, name)))
            with contextlib.suppress(FinopsError):
                upload(out, target)
        if count <= step:
            break
        for place in (there / "index.html").read_text().split():
            assert (there / f"{place}.html").exists(), (step, place)
        if step % 2:
            write(out, old)
        upload(out, target, remove=True)
        want = expected(old if step % 2 else new, out)
        assert {name: shown(there)[name] for name in want} == want, step
        assert not (there / ".finops/uploading.json").exists()
    assert 8 < step < 39


def test_what_arrived_before_the_cut_is_not_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a cut in the middle of many reports only the rest is sent."""
    write(tmp_path / "out", {f"r{number}": str(number) for number in range(200)})
    target = open_target(f"file://{tmp_path}/there")
    real, count = target.system.mv, 0

    def reset(*words: Any) -> None:
        nonlocal count
        count += 1
        if count == 150:
            raise TimeoutError("timed out")
        real(*words)

    with monkeypatch.context() as patch:
        patch.setattr(target.system, "mv", reset)
        with pytest.raises(FinopsError, match="timed out"):
            upload(tmp_path / "out", target)

    done = upload(tmp_path / "out", target)
    assert done.kept == 128 and done.sent == 400 - 128 + 2


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("reports", "is no URL to upload to"),
        ("nope://x/y", "Nothing is known of nope://"),
        ("s3://bucket/x", "pip install s3fs"),
        ("gs://bucket/x", "pip install gcsfs"),
        ("ftp://me:hunter2hunter2@host/x", "FSSPEC_FTP_USERNAME and FSSPEC_FTP_PASSWORD"),
        ("ftp://127.0.0.1:1/x", "could not be reached: ConnectionRefusedError"),
    ],
)
def test_places_that_cannot_be_are_refused(monkeypatch: pytest.MonkeyPatch, url: str, said: str) -> None:
    """An unknown protocol, a package that is missing, a password in the URL, nobody there: before any run."""
    for name in ("s3fs", "gcsfs"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UsageError) as problem:
        open_target(url)

    assert said in str(problem.value)
    assert "hunter2" not in str(problem.value)


def test_wrong_credentials_are_said_and_not_shown(
    ftp: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login that fails says where credentials are taken from, and shows none."""
    monkeypatch.setitem(fsspec.config.conf, "ftp", {"username": USER, "password": PASSWORD + "x"})
    with pytest.raises(UsageError) as problem:
        open_target(ftp[0] + "/x")

    assert "FSSPEC_FTP_PASSWORD" in str(problem.value) and "530" in str(problem.value)
    assert PASSWORD not in str(problem.value)


def test_secrets_of_the_environment_are_taken_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a library writes into its error, values of keys and passwords are not in ours."""
    write(tmp_path / "out", {"a": "a"})
    target = open_target(f"file://{tmp_path}/there")

    def refuse(*words: Any, **named: Any) -> None:
        raise RuntimeError(f"denied for {PASSWORD}")

    monkeypatch.setenv("SOME_SECRET_KEY", PASSWORD)
    monkeypatch.setattr(target.system, "put_file", refuse)
    with pytest.raises(FinopsError, match="denied for •••"):
        upload(tmp_path / "out", target)


def test_what_is_no_finished_batch_is_not_sent(tmp_path: Path) -> None:
    """No batch, one that has not ended, one that changed since, other books there, a foreign run.json."""
    out, there = tmp_path / "out", tmp_path / "there"
    out.mkdir()
    there.mkdir()
    target = open_target(f"file://{there}")

    def refused(said: str) -> None:
        with pytest.raises(UsageError, match=said):
            upload(out, target)
        assert not (there / "index.html").exists()

    refused("no finished batch")
    write(out, {"a": "a"}, ended=None)
    refused("has not come to its end")
    write(out, {"../a": "a"})
    refused("not written by finops report")
    write(out, {"a": "a"})
    (out / "a.html").write_text("changed")
    refused("is not what run.json says")
    write(out, {"a": "a"})
    (there / "run.json").write_text("{}")
    refused("not written by finops report")
    write(there, {"a": "a"}, books="Other")
    (there / "index.html").unlink()
    refused("holds the reports of Other, not of Test")
