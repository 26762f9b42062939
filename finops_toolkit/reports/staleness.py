"""What is stale: a run is made again when its notebook, its parameters, what its page is to say, the package,
the libraries or the data that it read are no longer those of the report that is there.

The data is known by the recorded reads: source files that are as they were (size and time of writing) make
nothing stale. Otherwise each distinct read is made once more and its hash compared, so that an edit which
changes no read of a report does not make it again, on any source and without declarations.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from . import opened
from .plan import Run
from .software import software
from .worker import Job

# What differs, in words; the order is that of telling.
_PARTS = {
    "notebook": "its notebook changed",
    "presentation": "what stands in its heading or footer changed",
    "package": "finops_toolkit changed",
    "software": "Python or a library changed",
}
_PASSING = {"execution", "papermill", "collapsed", "scrolled"}  # metadata of a cell that no page shows
_READS = {"panel": "monthly figures", "tables": "which tables there are", "company": "units and names"}
_NAMED = 3  # changes told one by one


@dataclass(frozen=True)
class Verdict:
    """Whether a run is to be made, and why; `confirmed` where the data changed but nothing that it read."""

    run: Run
    stale: bool
    why: str
    confirmed: bool = False


def key_of(run: Run, job: Job) -> dict[str, str]:
    """What a run depends on besides its parameters and the data: a hash for each part."""
    shown = [run.title, run.heading, run.final, [list(fact) for fact in job.facts]]
    return {
        "notebook": notebook_hash(job.notebooks[run.notebook]),
        "presentation": _hash(shown),
        "package": software()["finops_toolkit"],
        "software": _software(),
    }


@dataclass(frozen=True)
class Known:
    """What the output folder knows: the `records` by place; `damaged(place)`, which of a report's files are
    missing or changed; and `reads(digest)`, the reads that a record tells of, None where they are lost.
    """

    records: Mapping[str, Mapping[str, Any]]
    damaged: Callable[[str], Mapping[str, str]]
    reads: Callable[[str], Sequence[Mapping[str, Any]] | None]


def verdicts(
    runs: Sequence[Run],
    job: Job,
    there: Known,
    source: str,
    replay: Callable[[Mapping[str, Any]], str],
    force: bool = False,
) -> list[Verdict]:
    """Of each run whether it is stale, and why; with `force` all are.

    `source` is the fingerprint of the source files now ("" where they may still be written to);
    `replay(read)` gives the hash that a recorded read has now, and is asked once for each distinct read.
    """
    known: dict[str, str] = {}

    def now(read: Mapping[str, Any]) -> str:
        name = _hash([read["name"], read["arguments"]])
        if name not in known:
            known[name] = replay(read)
        return known[name]

    def moved(digest: str) -> list[str] | None:
        found = there.reads(digest)
        return None if found is None else [read_words(read) for read in found if now(read) != read["sha256"]]

    found = [_verdict(run, job, there, source, moved) for run in runs]
    return [replace(v, stale=True, why="asked for") if force and not v.stale else v for v in found]


def _verdict(
    run: Run,
    job: Job,
    there: Known,
    source: str,
    moved: Callable[[str], list[str] | None],
) -> Verdict:
    record = there.records.get(run.place)
    if record is None or not record.get("key"):
        return Verdict(run, True, "it was never made" if record is None else "how it was made is not known")
    if record["status"] != "done":
        return Verdict(run, True, f"last time: {record['status']}")
    changed = _changed(run, job, record)
    if changed:
        return Verdict(run, True, "; ".join(changed))
    absent = [name for name in job.formats if name not in record["files"]]
    if absent:
        return Verdict(run, True, f"it has no {', '.join(absent)}")
    gone = there.damaged(run.place)
    if gone:
        words = ", ".join(f"{path.rpartition('/')[2]} is {what}" for path, what in gone.items())
        return Verdict(run, True, words)
    if not record.get("reads"):
        return Verdict(run, True, "it reads no data, so nobody can tell what it depends on")
    other = [path for path, digest in record["opened"].items() if opened.hash_now(path) != digest]
    if other:
        return Verdict(
            run, True, f"files it opens changed: {_told(path.rpartition('/')[2] for path in other)}"
        )
    if source and record.get("source") == source:
        return Verdict(run, False, "data, notebook and parameters are the same")
    changed_reads = moved(record["reads"])
    if changed_reads is None:
        return Verdict(run, True, "what it read of the data is not known any more")
    if changed_reads:
        return Verdict(run, True, f"the data it reads changed: {_told(changed_reads)}")
    return Verdict(run, False, "nothing that it reads of the data changed", confirmed=True)


def _changed(run: Run, job: Job, record: Mapping[str, Any]) -> list[str]:
    """What differs of parameters and key, in words."""
    before, after = record["parameters"], run.parameters
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    words = [
        f"{name} was {before.get(name, 'not set')!s}, is {after.get(name, 'not set')!s}" for name in names
    ]
    key = key_of(run, job)
    return [*words, *(text for part, text in _PARTS.items() if record["key"].get(part) != key[part])]


@cache
def _software() -> str:
    """Python, the system and the libraries; the package stands for itself."""
    return _hash({name: version for name, version in software().items() if name != "finops_toolkit"})


def read_words(read: Mapping[str, Any]) -> str:
    """A recorded read for people: what was read, and of which unit."""
    given = read["arguments"]
    what = str(given.get("table") or _READS.get(read["name"], read["name"].replace("_", " ")))
    return f"{what} of {given['unit']}" if given.get("unit") else what


def _told(words: Iterable[str]) -> str:
    told = list(dict.fromkeys(words))
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return ", ".join(told[:_NAMED]) + more


def source_fingerprint(stamps: Mapping[str, Any]) -> str:
    """One name for the state of a source's files."""
    return _hash(dict(stamps))


@cache
def notebook_hash(text: str) -> str:
    """What a notebook does and says, whatever an editor noted about its last run."""
    cells = json.loads(text)["cells"]
    kept = [{k: v for k, v in cell.items() if k not in ("outputs", "execution_count")} for cell in cells]
    for cell in kept:
        cell["metadata"] = {k: v for k, v in cell["metadata"].items() if k not in _PASSING}
    return _hash(kept)


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode("ascii")).hexdigest()
