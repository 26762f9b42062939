"""Snapshots that are kept: which of them is of a source as it is now, found without opening anything.

This is how an up-to-date batch is recognised: no library of figures is imported here.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.metadata import version
from pathlib import Path

from .outline import Outline
from .stamps import UNSETTLED_SECONDS, place_of, settled, source_folder, stamps

RECORD = "snapshot.json"
OUTLINE = "outline.json"
_OPENING = 60.0  # seconds that opening and writing a snapshot may take; its files must be older than that
_LIBRARIES = ("duckdb", "ibis-framework", "numpy", "pandas", "pyarrow")


def find_snapshot(folder: Path, data: str | Path | None, source: str | Path | None) -> Path | None:
    """The snapshot in `folder` that was made of just this source as it is now; None where there is none.

    Its tables are not looked at: whoever opens books from it checks them. Raises UsageError where there is no
    such source.
    """
    now = stamps(data, source)
    of = place_of(data), None if source is None else str(source_folder(source))
    for place in sorted(folder.glob("[!.]*")):
        try:
            text = (place / RECORD).read_bytes()
            record = json.loads(text)
            same = (
                hashlib.sha256(text).hexdigest() == place.name
                and record["version"] == books_version()
                and (record["data"], record["source"]) == of
                and record["stamps"] == now
                # A file written to while the snapshot was made may look the same and hold something else.
                and settled(now, (place / RECORD).stat().st_mtime - _OPENING + UNSETTLED_SECONDS)
            )
            if same and _digest(place / OUTLINE) == record["files"][OUTLINE]:
                return place
        except (OSError, ValueError, KeyError, TypeError):
            continue  # damaged, or written by another version: no snapshot for us
    return None


def read_outline(place: Path) -> Outline:
    """The outline of the books in a snapshot that find_snapshot gave."""
    return Outline.from_json((place / OUTLINE).read_bytes())


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def books_version() -> str:
    """The hash of the code that opens and computes books: its modules, the contract and its libraries."""
    folder = Path(__file__).resolve().parent
    files = [
        *folder.glob("*.py"),
        *folder.glob("*.toml"),
        *(folder.parent / name for name in ("calendars.py", "periods.py")),
    ]
    parts = [path.read_bytes() for path in sorted(files)]
    parts += [f"{name} {version(name)}".encode() for name in _LIBRARIES]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
