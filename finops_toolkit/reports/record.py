"""What is known of a report: its record in the journal and in run.json, and beside it what it says."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import opened
from .plan import Run
from .secrets import redacted
from .staleness import key_of
from .store import FOLDER, Store
from .worker import ENDINGS, FORMATS, Earlier, Job, Made

_CONTENTS = f"{FOLDER}/contents/"


def record_of(
    made: Made, job: Job, before: Mapping[str, Any] | None, order: int, source: str
) -> dict[str, Any]:
    """The record of a run: see docs/manifest.md for every field.

    A run that failed keeps what is known of the good report `before` it, and so stays stale.
    """
    run, outcome, before = made.outcome.run, made.outcome, before or {}
    files = {
        kind: {"path": run.place + ENDINGS[kind], "bytes": len(content), "sha256": sha256(content)}
        for kind, content in made.files.items()
    }
    done = outcome.status == "done"
    if not done:
        files = {**{k: v for k, v in before.get("files", {}).items() if k in FORMATS}, **files}
    parts = _parts(made)
    return {
        "place": run.place,
        "report": run.report,
        "title": run.title,
        "unit": run.unit.value if run.unit else "",
        "unit_label": run.unit.label if run.unit else "",
        "period": run.period.value if run.period else "",
        "period_label": run.period.label if run.period else "",
        "period_order": run.period.order if run.period else 0,
        "variant": run.variant,
        "order": run.unit.order if run.unit else order,
        "parameters": redacted(dict(run.parameters)),
        "status": outcome.status,
        "cause": outcome.cause,
        "headline": list(made.headline) if done else before.get("headline", []),
        "files": files,
        "key": key_of(run, job),
        "source": source if done else "",
        "reads": sha256(parts["reads"]) if made.reads else "",
        "opened": {r["arguments"]["path"]: r["sha256"] for r in made.reads if r["name"] == opened.NAME},
        "contents": sha256(parts["contents"]) if done else before.get("contents", ""),
        **({"issue": issue} if (issue := made.issue if done else before.get("issue")) else {}),
        "engine": made.engine,
        "attempts": outcome.attempts,
        "seconds": round(outcome.seconds, 3),
        "ended": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }


def sidecars(made: Made) -> dict[str, bytes]:
    """What a report says and what it read, as files of the output folder, named by their content."""
    return {
        _sidecar(sha256(content)): gzip.compress(content, 6, mtime=0) for content in _parts(made).values()
    }


def _parts(made: Made) -> dict[str, bytes]:
    parts = {"reads": _json([r for r in made.reads if r["name"] != opened.NAME])} if made.reads else {}
    return parts | ({} if made.contents is None else {"contents": _json(made.contents)})


def load(folder: Path, digest: str) -> Any:
    """What such a file of an output folder holds; None where it is not there or not what its name says."""
    if not digest:
        return None
    try:
        content = gzip.decompress((folder / _sidecar(digest)).read_bytes())
    except (OSError, EOFError, gzip.BadGzipFile):
        return None
    return json.loads(content) if sha256(content) == digest else None


def earlier_of(store: Store, run: Run) -> Earlier:
    """What there is of a report before a run."""
    record = store.records.get(run.place)
    if record is None:
        return Earlier()
    page = next((record["files"][kind]["path"] for kind in FORMATS if kind in record["files"]), "")
    return Earlier(page, record.get("issue"), load(store.folder, record.get("contents", "")))


def is_sidecar(path: str) -> bool:
    """Whether a file of the output folder holds what a report says or read."""
    return path.startswith(_CONTENTS)


def _sidecar(digest: str) -> str:
    return f"{_CONTENTS}{digest}.json.gz"


def sha256(content: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")
