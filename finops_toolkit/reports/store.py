"""The output folder: the files of a report all together or not at all, and what is known of each report."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import signal
import stat
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from ..errors import FinopsError, UsageError
from .adopting import adopted, refuse_foreign
from .files import digest_of, make_folder, sync_folder, write_new
from .journal import Journal
from .lock import locked

FOLDER = ".finops"  # in the output folder: what the store keeps for itself
_ASIDE = f"{FOLDER}/aside"  # files that are not in their place yet
_FORMAT = 1  # of the journal
_SLACK = 1 << 16  # bytes of the journal that may be out of date before it is written anew
_HINTS = {
    errno.ENOSPC: "Make room, then run the same command again: it does only the rest.",
    errno.EDQUOT: "Make room, then run the same command again: it does only the rest.",
    errno.EACCES: "Allow writing there, or close the program that has it open, or choose another --out.",
    errno.EPERM: "Allow writing there, or close the program that has it open, or choose another --out.",
    errno.EROFS: "Allow writing there, or choose another --out.",
    errno.EISDIR: "Move that folder away, then run the same command again.",
    errno.EEXIST: "Move that file away, then run the same command again.",
    errno.ENOTDIR: "Move that file away, then run the same command again.",
    errno.ENAMETOOLONG: "Choose an --out with a shorter path.",
    errno.EXDEV: "A report is put in its place at once only on the disk of --out: choose another --out.",
}


class NotWritten(FinopsError):
    """Files could not be written; `cause` is one line of why. What was there before is there."""

    def __init__(self, cause: str, hint: str | None = None):
        super().__init__(cause, hint)
        self.cause = cause


@dataclass(frozen=True)
class _Commit:
    """What a line of the journal asks for: files from aside to their places, and what is to go."""

    mark: str
    moves: Mapping[str, str]  # path of a file -> its name aside
    deleted: tuple[str, ...]


@contextmanager
def open_store(out: Path, books: str) -> Iterator[Store]:
    """The output folder of `books`, locked, with whatever an earlier batch left half done made whole.

    Raises UsageError when another batch is writing there, when the folder holds the reports of other books
    or a run.json of something else, and when it cannot be written.
    """
    with contextlib.ExitStack() as stack:
        try:
            refuse_foreign(out, books)
            make_folder(os.path.abspath(out / _ASIDE))
            remark = stack.enter_context(locked(out / FOLDER / "lock"))
            store = Store(out, books, [remark] if remark else [])
            stack.callback(store.close)
        except OSError as problem:
            raise UsageError(
                f"The folder {out} cannot be written: {_why(problem)}.", _hint(problem)
            ) from None
        yield store


class Store:
    """An output folder that this process holds the lock of; `open_store` makes one. For one thread.

    folder  : the output folder
    records : place → the latest record of it (JSON), to be changed by `commit` and `note` alone
    remarks : sentences for people: what was found damaged, what could not be put in its place
    """

    def __init__(self, out: Path, books: str, remarks: list[str]):
        self.records: dict[str, dict[str, Any]] = {}
        self.remarks = remarks
        self.folder = out
        self._root = os.path.abspath(out)
        # place -> path of a file -> its SHA-256, bytes and time of change in ns, as committed
        self._files: dict[str, dict[str, list[Any]]] = {}
        self._unfinished: dict[str, _Commit] = {}
        self._token, self._count = os.urandom(4).hex(), 0
        self._journal = Journal(out / FOLDER / "journal")
        try:
            self._open(books)
        except BaseException:
            self._journal.close()
            raise

    def commit(self, place: str, files: Mapping[str, bytes | None], record: dict[str, Any]) -> None:
        """Write the files of a report (None: it is to be gone) and its record, all together or not at all.

        Names are relative to the output folder; files of the place that are not named stay. A file that
        has this content already is left alone. Raises NotWritten: the report and the record before are
        then there as they were. Where only the renaming failed, the new record stands, its files are safe
        aside, and the next to write here or to open the folder puts them in their place.
        """
        for name in files:
            _refuse_path(name)
        with _undisturbed():
            with self._clear(place):
                self._settle(place)
                stamps, commit = self._journaled(place, files, record)
            self.records[place], self._files[place] = record, stamps
            if commit.moves or commit.deleted:
                self._unfinished[place] = commit
            with self._clear(place, written=True):
                self._settle(place)

    def note(self, place: str, record: dict[str, Any]) -> None:
        """Keep a record; the files of the place stay as they are. Raises NotWritten."""
        if self.records.get(place) == record:
            return
        with _undisturbed(), self._clear(place):
            self._settle(place)
            files = self._files.setdefault(place, {})
            # Not synced: it outlives this process, and after a power failure its report is only stale.
            self._journal.append(_line(place, record, files), sync=False)
            self.records[place] = record

    def finish(self, files: Mapping[str, bytes]) -> None:
        """Write files of the whole folder, run.json and index.html, each old or new. Raises NotWritten."""
        with _undisturbed(), self._clear(" and ".join(files)):
            self._settle_all()
            mark = self._mark()
            new = {
                n: content for n, content in files.items() if not self._unchanged(None, n, _stamp(content))
            }
            moves = {name: f"{mark}-{number}" for number, name in enumerate(new)}
            try:
                self._write_aside(moves, new)
                self._apply(_Commit(mark, moves, ()))
            except BaseException:
                self._drop(moves.values())
                raise

    def files(self, place: str) -> list[str]:
        """The paths of a report's files, relative to the folder, as committed."""
        return list(self._files.get(place, ()))

    def check(self, place: str) -> dict[str, str]:
        """Which files of a report are not as they were committed: path → "missing" or "changed"."""
        found = {}
        for name, stamp in self._files.get(place, {}).items():
            digest, size, changed = stamp
            path = f"{self._root}/{name}"
            try:
                seen = os.stat(path)
                if seen.st_size != size or (seen.st_mtime_ns != changed and digest_of(path) != digest):
                    found[name] = "changed"
                else:
                    stamp[2] = seen.st_mtime_ns
            except OSError:
                found[name] = "missing"
        return found

    def close(self) -> None:
        """Finish what could not be finished before, as far as it can be now, and close the journal."""
        self._settle_all()
        self._journal.close()

    # Opening

    def _open(self, books: str) -> None:
        """Read the journal, do again what was begun, remove what nobody knows of."""
        header: dict[str, Any] = {}
        live: dict[str, dict[str, Any]] = {}
        sizes: dict[str, int] = {}
        for line, size in zip(self._journal.lines, self._journal.sizes, strict=True):
            if "done" in line:
                self._unfinished = {p: c for p, c in self._unfinished.items() if c.mark != line["done"]}
            elif "place" not in line:
                header = line
            else:
                place = line["place"]
                live[place], sizes[place] = line, size
                self._unfinished.pop(place, None)  # a commit only begins when the one before is done
                if "commit" in line:
                    self._unfinished[place] = _Commit(line["commit"], line["moves"], tuple(line["deleted"]))
        self._journal.lines = []
        self._refuse_header(header, books)
        for place, line in live.items():
            self.records[place], self._files[place] = line["record"], line["files"]
        if not live:
            for place, (record, files) in adopted(self.folder).items():
                self.records[place], self._files[place] = record, files
        self._settle_all()
        self._drop(set(os.listdir(self._path(_ASIDE))) - self._wanted())
        lost = self._journal.damaged
        if lost:
            lines = f"{lost} line{'s' * (lost > 1)} of {self._journal.path} {'was' if lost == 1 else 'were'}"
            self.remarks.append(f"{lines} damaged: the reports they told of count as stale.")
        if not header:
            self._compact(books)
        elif lost or self._journal.size > 2 * sum(sizes.values()) + _SLACK:
            with contextlib.suppress(OSError):  # the journal as it was will do
                self._compact(books)

    def _refuse_header(self, header: Mapping[str, Any], books: str) -> None:
        if header.get("finops", _FORMAT) != _FORMAT:
            raise UsageError(
                f"The folder {self.folder} was written by a later version of finops report.",
                "Use that version, or choose another --out.",
            )
        if header.get("books", books) != books:
            raise UsageError(
                f"The folder {self.folder} holds the reports of {header['books']}, not of {books}.",
                "Choose another --out.",
            )

    def _wanted(self) -> set[str]:
        """What lies aside because the journal asks for it."""
        return {name for commit in self._unfinished.values() for name in commit.moves.values()}

    def _compact(self, books: str) -> None:
        """Write the journal anew: its header, and the latest of each place."""
        lines: list[dict[str, Any]] = [{"finops": _FORMAT, "books": books}]
        for place, record in self.records.items():
            lines.append(_line(place, record, self._files[place], self._unfinished.get(place)))
        self._journal.rewrite(lines, Path(self._aside("journal")))

    # Commits

    def _journaled(
        self, place: str, files: Mapping[str, bytes | None], record: dict[str, Any]
    ) -> tuple[dict[str, list[Any]], _Commit]:
        """All of a commit but the renaming: files aside and the line in the journal, or neither."""
        mark, before = self._mark(), self._files.get(place, {})
        stamps = {name: stamp for name, stamp in before.items() if name not in files}
        new: dict[str, bytes] = {}
        for name, content in files.items():
            if content is not None:
                stamps[name] = stamp = _stamp(content)
                if not self._unchanged(before.get(name), name, stamp):
                    new[name] = content
        moves = {name: f"{mark}-{number}" for number, name in enumerate(new)}
        deleted = tuple(name for name, content in files.items() if content is None and self._is_file(name))
        try:
            for name, changed in zip(new, self._write_aside(moves, new), strict=True):
                stamps[name][2] = changed
            self._journal.append(_line(place, record, stamps, _Commit(mark, moves, deleted)), sync=True)
        except BaseException:
            # A line that could not be taken back is finished by whoever opens the folder next.
            if self._journal.sound:
                self._drop(moves.values())
            raise
        return stamps, _Commit(mark, moves, deleted)

    def _write_aside(self, moves: Mapping[str, str], new: Mapping[str, bytes]) -> list[int]:
        """Write files aside, once it is sure that there is a place for each; when each was changed, in ns."""
        if not new:
            return []
        disk = os.stat(self._path(_ASIDE)).st_dev
        for name in new:
            path = self._path(name)
            folder = os.path.dirname(path)
            make_folder(folder)
            if os.stat(folder).st_dev != disk:
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), path)
            with contextlib.suppress(FileNotFoundError):
                if stat.S_ISDIR(os.lstat(path).st_mode):
                    raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
                if os.name == "nt":
                    os.rename(path, path)  # refused there while another program has the file open
        written = write_new({self._aside(moves[name]): content for name, content in new.items()})
        sync_folder(self._path(_ASIDE))
        return written

    def _settle(self, place: str) -> None:
        """Do what the journal asks for at a place. Raises OSError; it is then asked for as before."""
        commit = self._unfinished.get(place)
        if commit is not None:
            self._apply(commit)
            del self._unfinished[place]
            with contextlib.suppress(OSError):  # it would be found done when it is done again
                self._journal.append({"done": commit.mark}, sync=False)

    def _settle_all(self) -> None:
        for place in list(self._unfinished):
            try:
                self._settle(place)
            except OSError as problem:
                said = f"{place} is made, but could not be put in its place: {_why(problem)}."
                if said not in self.remarks:
                    self.remarks.append(said)

    def _apply(self, commit: _Commit) -> None:
        """Renames and deletions, however many of them are done already, and all of it on the disk."""
        folders: dict[str, None] = {}
        for name, aside in commit.moves.items():
            path, source = self._path(name), self._aside(aside)
            folders[os.path.dirname(path)] = None
            if os.path.lexists(source):
                make_folder(os.path.dirname(path))
                os.replace(source, path)
        for name in commit.deleted:
            # Contents of reports that say the same are one file.
            if self._is_file(name) and not any(name in files for files in self._files.values()):
                os.unlink(self._path(name))
                folders[os.path.dirname(self._path(name))] = None
        for folder in folders:
            sync_folder(folder)

    def _drop(self, asides: Iterable[str]) -> None:
        for aside in asides:
            with contextlib.suppress(OSError):
                os.unlink(self._aside(aside))

    # Files

    def _mark(self) -> str:
        self._count += 1
        return f"{self._token}-{self._count}"

    def _path(self, name: str) -> str:
        return os.path.join(self._root, *name.split("/"))

    def _aside(self, name: str) -> str:
        return self._path(f"{_ASIDE}/{name}")

    def _is_file(self, name: str) -> bool:
        """Whether there is a file to delete; a folder of that name is not ours."""
        path = self._path(name)
        return os.path.lexists(path) and (os.path.islink(path) or not os.path.isdir(path))

    def _unchanged(self, before: list[Any] | None, name: str, stamp: list[Any]) -> bool:
        """Whether a file has this content already; the stamp then gets its time of change."""
        path = self._path(name)
        try:
            seen = os.stat(path)
            stamp[2] = seen.st_mtime_ns
            return seen.st_size == stamp[1] and (stamp == before or digest_of(path) == stamp[0])
        except OSError:
            return False

    @contextmanager
    def _clear(self, what: str, written: bool = False) -> Iterator[None]:
        """OSError as a clear error that says what remains."""
        try:
            yield
        except OSError as problem:
            why = _why(problem)
            if problem.errno in (errno.EISDIR, errno.EEXIST, errno.ENOTDIR) and problem.filename:
                why += f" ({os.path.relpath(problem.filename, self._root)})"
            if written:
                raise NotWritten(
                    f"{what} is made, but could not be put in its place: {why}",
                    "It is kept aside, and the next call puts it there.",
                ) from problem
            raise NotWritten(f"{what} could not be written: {why}", _hint(problem)) from problem


def _line(
    place: str, record: Mapping[str, Any], files: Mapping[str, list[Any]], commit: _Commit | None = None
) -> dict[str, Any]:
    """A line of the journal: all that is known of a place from then on, and what it asks to be done."""
    line: dict[str, Any] = {"place": place, "record": record, "files": files}
    if commit and (commit.moves or commit.deleted):
        line |= {"commit": commit.mark, "moves": commit.moves, "deleted": commit.deleted}
    return line


def _stamp(content: bytes) -> list[Any]:
    """SHA-256, bytes and time of change of a file that is still to be written."""
    return [hashlib.sha256(content).hexdigest(), len(content), 0]


def _refuse_path(name: str) -> None:
    """Names come of safe_name: one that leads out of the folder, or into the store's own, is a mistake."""
    parts = name.split("/")
    own = parts[0].lower() == FOLDER and parts[1:2] != ["contents"]
    if own or "\\" in name or any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"{name!r} is not a path inside the output folder")


def _why(problem: OSError) -> str:
    return problem.strerror or str(problem)


def _hint(problem: OSError) -> str:
    return _HINTS.get(problem.errno or 0, "When that is mended, run the same command again.")


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Answer Ctrl-C and a request to end after what is being written, not in the middle of it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears signals
        return
    heard: list[int] = []

    def later(number: int, frame: FrameType | None) -> None:
        heard.append(number)

    # A signal without a handler of Python's ends the process at once or is ignored: nothing to put off.
    handlers = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)}
    handlers = {signum: handler for signum, handler in handlers.items() if callable(handler)}
    for signum in handlers:
        signal.signal(signum, later)
    try:
        yield
    finally:
        for signum, handler in handlers.items():
            signal.signal(signum, handler)
        for number in heard:
            signal.raise_signal(number)
