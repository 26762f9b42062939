"""Output folders without a journal: run.json says whose reports they hold, and these are taken over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .files import digest_of

_RUNS = "run.json"
# What run.json called a report's files before there was a journal, and what a record calls them.
_FORMER = {"page": "html", "pdf": "pdf", "workbook": "xlsx", "notebook": "ipynb", "failure": "failure"}


def refuse_foreign(out: Path, books: str) -> None:
    """Raise UsageError when a folder holds the reports of other books, or a run.json of something else."""
    known = _manifest(out)
    if known is not None and known["books"] != books:
        raise UsageError(
            f"The folder {out} holds the reports of {known['books']}, not of {books}.",
            "Choose another --out.",
        )


def adopted(out: Path) -> dict[str, tuple[dict[str, Any], dict[str, list[Any]]]]:
    """The reports of a folder that has a run.json and no journal: place → record, and path → SHA-256,
    bytes and time of change in ns of each file.

    Records of a former layout have no key: their reports are there, and stale. A file whose record says
    its hash has time 0, so that it is checked by that hash. Raises OSError.
    """
    known = (_manifest(out) or {}).get("reports", {})
    try:
        return {place: _taken_over(out, {"place": place, **record}) for place, record in known.items()}
    except (KeyError, TypeError, AttributeError):
        raise _foreign(out) from None


def _taken_over(out: Path, record: dict[str, Any]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    if "files" not in record:
        paths = {kind: record.pop(name, "") for name, kind in _FORMER.items()}
        if paths["failure"]:
            paths["kept"] = f"{record['place']}.failed.ipynb"
        record["files"] = {
            kind: {"path": path, "bytes": (out / path).stat().st_size, "sha256": digest_of(out / path)}
            for kind, path in paths.items()
            if path and (out / path).is_file()
        }
    return record, {file["path"]: [file["sha256"], file["bytes"], 0] for file in record["files"].values()}


def _foreign(out: Path) -> UsageError:
    return UsageError(
        f"{out / _RUNS} was not written by finops report.", "Choose another --out, or move that file away."
    )


def _manifest(out: Path) -> dict[str, Any] | None:
    try:
        known = json.loads((out / _RUNS).read_text(encoding="utf-8"))
        if not isinstance(known["reports"], dict) or not isinstance(known["books"], str):
            raise TypeError
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise UsageError(f"{out} is a file, not a folder.", "Choose another --out.") from None
    except (ValueError, KeyError, TypeError):
        raise _foreign(out) from None
    return dict(known)
