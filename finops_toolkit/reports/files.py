"""Names and files on the disk: safe names for whatever a unit is called, files really written."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

# Names that Windows keeps for devices, whatever their case.
_RESERVED = re.compile(r"(con|prn|aux|nul|conin|conout|com\d|lpt\d)", re.IGNORECASE)
_LONGEST = 60  # bytes in UTF-8; a path of three such names stays under every system's limit


def safe_name(text: str) -> str:
    """A file or folder name made from any text: letters, digits, `_` and `-`, never a path.

    A text that is already such a name stays as it is; any other gets a short hash of the original, so
    that two different texts do not meet in one name.
    """
    plain = unicodedata.normalize("NFKC", text)
    kept = "".join(c if c in "-_" or unicodedata.category(c)[0] in "LNM" else "-" for c in plain)
    kept = re.sub(r"-{2,}", "-", kept).strip("-").encode()[:_LONGEST].decode(errors="ignore")
    if kept and kept == text and not _RESERVED.fullmatch(kept):
        return kept
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{kept or 'unnamed'}-{mark}"


def same_name(path: str) -> str:
    """The form in which two names are one file on some system: case and composition do not count."""
    return unicodedata.normalize("NFKC", path).casefold()


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a file so that at every moment it is the old one or the new one, never a part.

    Raises OSError (disk full, folder not writable); the old file is then still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(aside, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def digest_of(path: str | Path) -> str:
    """The SHA-256 of a file, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_new(contents: Mapping[str, bytes]) -> list[int]:
    """Write files that are not there yet and see them onto the disk; when each was modified, in ns.

    Raises OSError; what was begun stays for the caller to remove.
    """
    opened: list[int] = []
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        for path, content in contents.items():
            opened.append(os.open(path, flags, 0o666))
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(opened[-1], rest) :]
        # All written before the first is synced: the disk takes them together, in half the time.
        for file in opened:
            os.fsync(file)
        return [os.fstat(file).st_mtime_ns for file in opened]
    finally:
        for file in opened:
            os.close(file)


def sync_folder(path: str | Path) -> None:
    """See onto the disk which names a folder holds: a rename is only safe after that."""
    if os.name == "nt":
        return  # a folder cannot be opened there, and renames go through the log of the file system
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    except OSError as problem:
        if problem.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems know no such thing
            raise
    finally:
        os.close(folder)


def make_folder(path: str) -> None:
    """Make a folder with those above it, each seen onto the disk; FileExistsError where a file is there."""
    if not os.path.isdir(path):
        above = os.path.dirname(path)
        make_folder(above)
        os.mkdir(path)
        sync_folder(above)
