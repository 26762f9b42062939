"""What a folder of reports holds: run.json, from which the index page is made.

Dates and durations stand here and nowhere else: reports are the same bytes for the same inputs.
docs/manifest.md says what each field means, manifest.schema.json says it to machines.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import platform
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypedDict

from .. import __version__
from ..errors import UsageError

NAME = "run.json"
SCHEMA = 1  # goes up when a field changes its meaning or goes away
SCHEMA_FILE = Path(__file__).with_name("manifest.schema.json")
# What the bytes of a report depend on beside this package.
LIBRARIES = (
    "duckdb",
    "great-tables",
    "matplotlib",
    "nbconvert",
    "numpy",
    "pandas",
    "pyarrow",
    "typst",
    "xlsxwriter",
)


class File(TypedDict):
    """A file of a report: its path below the folder, its size and its SHA-256."""

    path: str
    bytes: int
    sha256: str


class IssueFields(TypedDict):
    """An issue as run.json has it: see issues.Issue."""

    version: int
    state: str
    changes: list[str]


class Record(TypedDict, total=False):
    """What run.json says of a run. docs/manifest.md has every field in words."""

    place: str
    report: str
    title: str
    unit: str
    unit_label: str
    period: str
    period_label: str
    period_order: int
    variant: str
    order: int
    parameters: dict[str, Any]
    status: str
    cause: str
    headline: list[dict[str, Any]]
    files: dict[str, File]
    key: dict[str, str]
    source: str
    reads: str
    opened: dict[str, str]
    issue: IssueFields
    contents: str
    seconds: float
    ended: str
    engine: str
    attempts: int


class MadeWith(TypedDict):
    """The versions a batch ran with."""

    package: str
    python: str
    libraries: dict[str, str]


class Manifest(TypedDict):
    """run.json as a whole."""

    schema: int
    books: str
    data: str
    fingerprint: str
    reconciliation: str
    made_with: MadeWith
    options: dict[str, Any]
    started: str
    ended: str | None
    seconds: float | None
    outcomes: dict[str, int]
    reports: dict[str, Record]


@dataclass(frozen=True)
class Batch:
    """What run.json says of the batch itself: `data` and `reconciliation` in words, the `fingerprint` of the
    data, the `options` of the command, when it `started` and, once it has, `ended` (both with time zone).
    """

    books: str
    data: str
    fingerprint: str
    reconciliation: str
    started: dt.datetime
    ended: dt.datetime | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def manifest_of(batch: Batch, records: Mapping[str, Any], statuses: Iterable[str] = ()) -> Manifest:
    """The manifest of a folder: its `records` by place, and how the runs of this batch ended (`statuses`)."""
    counts = Counter(statuses)
    return {
        "schema": SCHEMA,
        "books": batch.books,
        "data": batch.data,
        "fingerprint": batch.fingerprint,
        "reconciliation": batch.reconciliation,
        "made_with": made_with(),
        "options": dict(batch.options),
        "started": moment(batch.started),
        "ended": moment(batch.ended) if batch.ended else None,
        "seconds": round((batch.ended - batch.started).total_seconds(), 3) if batch.ended else None,
        "outcomes": {status: counts[status] for status in sorted(counts)},
        "reports": dict(records),
    }


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """run.json: readable, and the same for the same manifest."""
    text = json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True)
    return (text + "\n").encode("utf-8", "backslashreplace")


def fingerprint(parts: Mapping[str, Any]) -> str:
    """The SHA-256 of what stands for the data: reads with their hashes, or files with their stamps."""
    packed = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(packed.encode("ascii")).hexdigest()


def moment(time: dt.datetime) -> str:
    """A point in time as run.json writes it: UTC, to the second."""
    return time.astimezone(dt.UTC).isoformat(timespec="seconds")


def made_with() -> MadeWith:
    """The versions of this package, of Python and of the libraries that reports are made with."""
    libraries = {}
    for name in LIBRARIES:
        try:
            libraries[name] = version(name)
        except PackageNotFoundError:
            continue  # an extra that is not installed had no part in it
    return {"package": __version__, "python": platform.python_version(), "libraries": libraries}


def known_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a folder, None where it has none. Raises UsageError for one that is not ours."""
    path = folder / NAME
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(known["reports"], dict) or not isinstance(known["books"], str):
            raise TypeError
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError):
        raise UsageError(
            f"{path} was not written by finops report.", "Give a folder that finops report has written."
        ) from None
    return dict(known)
