"""What lies in a zip, a tar or a gz: unpacked into a folder of our own, under names of our own."""

from __future__ import annotations

import fnmatch
import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".gz")
_MOST_BYTES = 512 * 1024**2
_MOST_TIMES = 200
_BLOCK = 1024**2


def is_archive(path: Path) -> bool:
    """Whether a file is one that others are packed in. (A compressed event log is read as it is.)"""
    name = path.name.lower()
    return name.endswith(ARCHIVES) and not name.endswith(".xes.gz")


def unpack(path: Path, inside: str, scratch: Path) -> list[tuple[str, Path]]:
    """Unpack the members whose name or path matches `inside`; (name, file) of each, in order of names.

    Names of members are never used as paths. ValueError where nothing matches, the archive is damaged, or
    what comes out is more than 200 times as large as it (and above 512 MB): nobody packs tables like that.
    """
    left = max(_MOST_BYTES, _MOST_TIMES * path.stat().st_size)
    found: list[tuple[str, Path]] = []
    place = scratch / f"unpacked{len(list(scratch.iterdir()))}"
    place.mkdir()
    try:
        for name, file in _members(path, inside):
            target = place / f"{len(found)}{PurePosixPath(name).suffix.lower()}"
            with target.open("wb") as out:
                while block := file.read(_BLOCK):
                    left -= len(block)
                    if left < 0:
                        raise ValueError("what it unpacks to is too large to be tables: unpack it yourself")
                    out.write(block)
            found.append((name, target))
    except RuntimeError as error:
        # A password, or a way to pack that nobody here knows.
        raise ValueError(f"the archive cannot be unpacked: {str(error).split(chr(10))[0][:200]}") from None
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError):
        raise ValueError("the archive cannot be unpacked: it is damaged, or not whole") from None
    if not found:
        raise ValueError(f"nothing in it is called {inside!r}")
    return sorted(found)


def _members(path: Path, inside: str) -> Iterator[tuple[str, Any]]:
    name = path.name.lower()

    def wanted(member: str) -> bool:
        return fnmatch.fnmatch(member, inside) or fnmatch.fnmatch(PurePosixPath(member).name, inside)

    if name.endswith(".zip"):
        with zipfile.ZipFile(path) as packed:
            for entry in packed.infolist():
                if not entry.is_dir() and wanted(entry.filename):
                    with packed.open(entry) as file:
                        yield entry.filename, file
    elif name.endswith((".tar", ".tar.gz", ".tgz")):
        with tarfile.open(path) as tar:
            for member in tar:
                # A link in an archive leads wherever its maker likes.
                if member.isfile() and wanted(member.name):
                    content = tar.extractfile(member)
                    if content is not None:
                        yield member.name, content
    else:
        with gzip.open(path) as single:
            yield path.name[:-3], single
