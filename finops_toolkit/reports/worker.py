"""One run in a worker process: execute the notebook, make its pages, hand them back with how it went.

A worker writes nothing to the output folder: what it made goes back as bytes, so that it may run in another
process or on another machine, and the batch alone decides when an old report gives way to a new one.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import FinopsError
from .outcomes import good
from .pages import Facts, failure_page, report_page
from .parameters import parameters_of
from .plan import Run
from .secrets import redacted

if TYPE_CHECKING:
    from .warm import Zygote

FORMATS = ("html", "pdf", "xlsx", "ipynb")
FAILURE, KEPT = "failure", "kept"  # the page of a run that failed, and its notebook as far as it got
ENDINGS = {**{name: f".{name}" for name in FORMATS}, FAILURE: ".failed.html", KEPT: ".failed.ipynb"}
_NOT_SHOWN = {"data", "source", "unit", "period"}  # in the heading or among the facts already
_ATTEMPTS = 2  # for what may pass a second time


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `status` is one of outcomes.WORDS, `cause` one line for people, `seconds` the time it
    took, `attempts` how often it was tried.
    """

    run: Run
    status: str
    cause: str = ""
    seconds: float = 0.0
    attempts: int = 1

    @property
    def good(self) -> bool:
        """Whether its report stands as it should."""
        return good(self.status)


@dataclass(frozen=True)
class Job:
    """What all runs of a batch have in common.

    `notebooks` are the notebooks' texts by path, read once for the whole batch; `facts` stand in the footers;
    `timeout` is in seconds, `memory` in bytes for a run (None: no limit); `jobs` is how many run at a time on
    a machine; `snapshot` is the folder of the books' snapshot, "" where there is none; `calls` are functions
    ("module:function") that are called once before the first run.
    """

    notebooks: Mapping[Path, str]
    facts: Facts
    formats: tuple[str, ...] = ("html",)
    timeout: float = 600.0
    memory: int | None = None
    jobs: int = 1
    snapshot: str = ""
    calls: tuple[str, ...] = ()

    def notebook(self, run: Run) -> Any:
        """A run's notebook (a NotebookNode of its own)."""
        import nbformat

        return nbformat.reads(self.notebooks[run.notebook], as_version=4)

    @cached_property
    def environment(self) -> dict[str, str]:
        """What the books in a kernel need to know of the batch."""
        known = {"FINOPS_JOBS": str(self.jobs)}
        return known | ({"FINOPS_SNAPSHOT": self.snapshot} if self.snapshot else {})


@dataclass(frozen=True)
class Earlier:
    """What there is of a report before a run: the file of a good page ("" for none), its issue and its
    contents (None where it is not known what it said).
    """

    page: str = ""
    issue: Mapping[str, Any] | None = None
    contents: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Made:
    """What came of a run: the outcome, files by kind (a format, `failure` or `kept`), what the report says,
    its issue, the reads it made of the books, headline figures, and what it ran in.
    """

    outcome: Outcome
    files: Mapping[str, bytes] = field(default_factory=dict)
    contents: Mapping[str, Any] | None = None
    issue: Mapping[str, Any] | None = None
    reads: Sequence[Mapping[str, Any]] = ()
    headline: Sequence[Mapping[str, Any]] = ()
    engine: str = ""


def make(run: Run, job: Job, earlier: Earlier | None = None) -> Made:
    """Make one report. Does not raise for what goes wrong in the notebook or in making its pages: the
    Outcome says it.
    """
    from .headlines import headline_of

    began, attempt = time.monotonic(), 0
    try:
        ended, reads, attempt = _executed(run, job)
        if ended.status == "done":
            try:
                made = _published(run, job, ended.notebook, earlier or Earlier())
                outcome = Outcome(run, "done", "", time.monotonic() - began, attempt)
                headline = headline_of(ended.notebook)
                return replace(made, outcome=outcome, reads=reads, headline=headline, engine=_engine(ended))
            except _Unmade as problem:
                ended = replace(ended, status="failed", cause=str(problem))
        files = _failed(run, job, ended, earlier or Earlier())
        outcome = Outcome(run, ended.status, redacted(ended.cause), time.monotonic() - began, attempt)
        return Made(outcome, files, reads=reads, engine=_engine(ended))
    except Exception as problem:
        # A batch goes on whatever happens to one of its runs; the cause is named, not hidden.
        said = f"its worker met an error: {type(problem).__name__}: {problem}"
        return Made(Outcome(run, "failed", redacted(said), time.monotonic() - began, attempt))


def _executed(run: Run, job: Job) -> tuple[Any, list[dict[str, Any]], int]:
    """How the notebook ended, the reads it made, and how many attempts it took."""
    from .kernels import execute
    from .orphans import orphans_ended

    attempt, zygote = 0, _warm_process(job)
    for attempt in range(1, _ATTEMPTS + 1):  # noqa: B007
        with tempfile.TemporaryDirectory(prefix="finops-", ignore_cleanup_errors=True) as scratch:
            record = Path(scratch, "reads.jsonl")
            with orphans_ended(zygote):
                ended = execute(
                    job.notebook(run),
                    run.parameters,
                    run.notebook.parent,
                    job.timeout,
                    memory=job.memory,
                    environment={**job.environment, "FINOPS_READS": str(record)},
                    zygote=zygote,
                )
            reads = _reads(record)
        if not ended.again:
            break
    return ended, reads, attempt


_warm: dict[tuple[object, ...], Zygote] = {}  # this process' own, for the job it works on


def _warm_process(job: Job) -> Zygote:
    """The process that a job's runs are forked from: with what their notebooks import, and the snapshot."""
    from .imports import imports_of
    from .kernels import warm_process

    modules = sorted({name for text in job.notebooks.values() for name in imports_of(text)})
    key = (*modules, *job.calls, *sorted(job.environment.items()))
    if key not in _warm:
        for process in _warm.values():
            process.close()
        _warm.clear()
        calls = [*job.calls, *(["finops_toolkit.books.snapshot:warm"] if job.snapshot else [])]
        _warm[key] = warm_process(modules, calls, job.environment)
    return _warm[key]


def _reads(record: Path) -> list[dict[str, Any]]:
    """The reads a run has recorded; a line torn by the end of its kernel is none."""
    found: dict[str, dict[str, Any]] = {}
    with contextlib.suppress(OSError):
        for line in record.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                found.setdefault(line, json.loads(line))
    return list(found.values())


def _engine(ended: Any) -> str:
    """What a run ran in, and why it was not the warm process where it was not."""
    return f"{ended.engine}: {ended.fallback}" if ended.fallback else ended.engine


def _facts(run: Run, job: Job) -> list[tuple[str, str]]:
    notebook = job.notebook(run)
    known = {name: p.default for name, p in parameters_of(notebook, run.notebook.name).items()}
    shown = {k: v for k, v in {**known, **run.parameters}.items() if k not in _NOT_SHOWN}
    facts = [("Unit", f"{run.unit.label} ({run.unit.value})")] if run.unit else []
    facts += [("Period", f"{run.period.label} ({run.period.value})")] if run.period else []
    facts.append(("Parameters", ", ".join(f"{k} = {v}" for k, v in shown.items()) or "none"))
    return [*job.facts[:1], *facts, *job.facts[1:]]


class _Unmade(Exception):
    """A format that could not be made, and why."""


def _published(run: Run, job: Job, notebook: Any, earlier: Earlier) -> Made:
    """The report in every format asked for, all of them or none, with what it says and which issue it is."""
    from .contents import contents_of
    from .issues import Issue, issue_facts, issue_heading, issue_of

    contents = contents_of(notebook)
    before = None if earlier.issue is None else Issue.from_json(earlier.issue)
    issue = issue_of(contents, run.final, before, earlier.contents)
    facts = [*_facts(run, job), *issue_facts(issue)]
    heading = [*run.heading, *issue_heading(issue)]
    files: dict[str, bytes] = {}
    for name in job.formats:
        try:
            content = _MAKERS[name](notebook, heading, facts, run.title)
        except Exception as problem:
            said = (
                problem.message
                if isinstance(problem, FinopsError)
                else f"{type(problem).__name__}: {problem}"
            )
            raise _Unmade(f"its {_CALLED[name]} could not be made: {said}") from problem
        files[name] = _bytes(content) if isinstance(content, str) else content
    return Made(Outcome(run, "done"), files, contents, issue.to_json())


def _failed(run: Run, job: Job, ended: Any, earlier: Earlier) -> dict[str, bytes]:
    """The page of a run that failed and its notebook as far as it got, free of secrets."""
    import nbformat

    kept = Path(run.place).name + ENDINGS[KEPT]
    page = failure_page(
        run.title,
        run.heading,
        _facts(run, job),
        cause=redacted(f"{ended.status[:1].upper()}{ended.status[1:]}: {ended.cause}"),
        source=redacted(ended.source),
        # Before it is cut: the end of a key says no more what it is.
        tail="\n".join(redacted(ended.tail.strip()).splitlines()[-25:]),
        notebook=kept,
        earlier=Path(earlier.page).name,
    )
    notebook = nbformat.from_dict(redacted(ended.notebook))
    return {FAILURE: _bytes(page), KEPT: _bytes(nbformat.writes(notebook) + "\n")}


def _bytes(text: str) -> bytes:
    """A text as a file; half a character, which no file can hold, is a question mark."""
    return text.encode("utf-8", "replace")


def _pdf(notebook: Any, heading: Sequence[str], facts: Facts, title: str) -> bytes:
    from .pdf import report_pdf

    return report_pdf(notebook, heading, facts, title)


def _workbook(notebook: Any, heading: Sequence[str], facts: Facts, title: str) -> bytes:
    from .workbook import report_workbook

    return report_workbook(notebook, heading, facts, title)


def _notebook(notebook: Any, *_: Any) -> str:
    import nbformat

    return nbformat.writes(notebook) + "\n"


_MAKERS: dict[str, Callable[..., str | bytes]] = {
    "html": report_page,
    "pdf": _pdf,
    "xlsx": _workbook,
    "ipynb": _notebook,
}
_CALLED = {"html": "page", "pdf": "PDF", "xlsx": "workbook", "ipynb": "notebook"}
