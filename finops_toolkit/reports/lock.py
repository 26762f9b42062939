"""The lock of an output folder: one batch at a time, and a batch that died never stands in the way."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import UsageError

# What a file system answers that knows no locks (network folders, mostly).
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}
_held: set[int] = set()  # open files of this process's locks
_watched: list[bool] = []  # whether forks let go of them; nothing is registered on import


@contextmanager
def locked(path: Path) -> Iterator[str]:
    """Hold the lock at `path`, whose content then says who holds it: pid, host and start.

    The operating system holds it, so that it ends with this process in whatever way. Yields "", or a
    sentence for people when the file system has no locks and nothing keeps a second batch out. Raises
    UsageError, with the other batch's pid, host and start, when it is held, and OSError.
    """
    file, remark = _taken(path)
    _held.add(file)
    if not _watched and hasattr(os, "register_at_fork"):
        # A forked child shares the lock: one that lives on would hold it after its parent has ended.
        os.register_at_fork(after_in_child=_let_go)
        _watched.append(True)
    try:
        said = {"pid": os.getpid(), "host": socket.gethostname(), "since": _now()}
        os.ftruncate(file, 0)
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, json.dumps(said).encode() + b"\n")
        yield remark
    finally:
        if file in _held:  # not so in a forked child, where the number may be another file's by now
            _held.discard(file)
            with contextlib.suppress(OSError):
                os.ftruncate(file, 0)
            if os.name == "posix":
                import fcntl

                # For all who share it: a child forked this moment may not have let go yet.
                with contextlib.suppress(OSError):
                    fcntl.flock(file, fcntl.LOCK_UN)
            os.close(file)


def _now() -> str:
    return dt.datetime.now().astimezone().isoformat(timespec="seconds")


def _let_go() -> None:
    for file in _held:
        os.close(file)
    _held.clear()


def _taken(path: Path) -> tuple[int, str]:
    """The locked file, and what to say where nothing was locked."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)  # not inherited by programs it starts
        try:
            remark = _lock(file, path)
            # Someone may have removed the file between our opening and our locking it.
            if path.exists() and os.path.samestat(os.fstat(file), os.stat(path)):
                return file, remark
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _lock(file: int, path: Path) -> str:
    try:
        if sys.platform == "win32":
            import msvcrt

            # Far behind the content, which others must be able to read: locks are mandatory there.
            os.lseek(file, 1 << 30, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        if problem.errno in _NO_LOCKS:
            return (
                f"The file system of {path.parent.parent} has no locks: nothing keeps a second batch out. "
                "See to it that only one runs at a time."
            )
        if problem.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            raise
        raise UsageError(
            f"Another batch is writing to {path.parent.parent}{_holder(file)}.",
            "Wait until it has ended, or choose another --out.",
        ) from None
    return ""


def _holder(file: int) -> str:
    """Who holds a lock, as far as its content says."""
    try:
        os.lseek(file, 0, os.SEEK_SET)
        said = json.loads(os.read(file, 4096))
        return f": process {said['pid']} on {said['host']}, since {said['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
