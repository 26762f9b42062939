"""The journal of an output folder: lines only ever added, each with its checksum; a torn last one goes."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .files import sync_folder

_MARK = 16  # hex digits of a line's SHA-256 in front of it
_APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)


class Journal:
    """A file of lines, a JSON object each. `lines` holds those found on opening, `damaged` counts those
    that were whole lines once and are not any more; what was written in part only is cut off.
    `sizes` are the bytes of each line, `size` those of the file.

    Raises OSError when it cannot be read or written.
    """

    def __init__(self, path: Path):
        self.path = path
        self._file = os.open(path, _APPEND, 0o666)
        content = path.read_bytes()
        self.lines: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        self.damaged = 0
        self.size = end = 0
        for raw in _split(content):
            end += len(raw)
            line = _read(raw)
            if line is not None:
                self.lines.append(line)
                self.sizes.append(len(raw))
                self.size = end
            else:
                self.damaged += raw.endswith(b"\n")
        self._cut()

    def append(self, line: dict[str, Any], sync: bool) -> None:
        """Add a line in one write and, with `sync`, see it onto the disk.

        Raises OSError when it could not be added, and FileNotFoundError when the journal was removed from
        the disk meanwhile; `sound` then says whether no part of the line is left.
        """
        self._still_there()
        self._cut()
        raw = _written(line)
        try:
            if os.write(self._file, raw) != len(raw):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            if sync:
                os.fsync(self._file)
        except BaseException:
            with contextlib.suppress(OSError):
                self._cut()
            raise
        self.size += len(raw)

    @property
    def sound(self) -> bool:
        """Whether the file ends where its last good line does."""
        try:
            return os.fstat(self._file).st_size == self.size
        except OSError:
            return False

    def rewrite(self, lines: Iterable[dict[str, Any]], aside: Path) -> None:
        """Replace all lines, by way of a new file at `aside`; the old file or the new one is there."""
        content = b"".join(map(_written, lines))
        file = os.open(aside, _APPEND | os.O_TRUNC, 0o666)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(file, rest) :]
            os.fsync(file)
        finally:
            os.close(file)
        os.close(self._file)  # Windows replaces no file that is open
        self._file = -1
        try:
            os.replace(aside, self.path)
            self.size = len(content)
        finally:
            self._file = os.open(self.path, _APPEND, 0o666)
        sync_folder(self.path.parent)

    def close(self) -> None:
        """See all lines onto the disk."""
        with contextlib.suppress(OSError):
            os.fsync(self._file)
        with contextlib.suppress(OSError):
            os.close(self._file)

    def _cut(self) -> None:
        if not self.sound:
            os.ftruncate(self._file, self.size)

    def _still_there(self) -> None:
        """Else lines would go into a file that no longer has a name, and be lost in silence."""
        if not os.path.samestat(os.fstat(self._file), os.stat(self.path)):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.path))


def _split(content: bytes) -> list[bytes]:
    """Lines end with a line feed and nothing else."""
    parts = content.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + [part for part in parts[-1:] if part]


def _written(line: dict[str, Any]) -> bytes:
    text = json.dumps(line, separators=(",", ":"), allow_nan=False).encode()
    return hashlib.sha256(text).hexdigest()[:_MARK].encode() + b" " + text + b"\n"


def _read(raw: bytes) -> dict[str, Any] | None:
    """A line as it was written, or None."""
    mark, text = raw[:_MARK], raw[_MARK + 1 : -1]
    if raw[_MARK:] != b" " + text + b"\n" or hashlib.sha256(text).hexdigest()[:_MARK].encode() != mark:
        return None
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None
