"""One run in a worker process: execute the notebook, write its pages, say how it went."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import FinopsError
from .files import replace_file
from .pages import Facts, failure_page, report_page
from .parameters import parameters_of, read_notebook
from .plan import Run

FORMATS = ("html", "pdf", "xlsx", "ipynb")
_NOT_SHOWN = {"data", "source", "unit", "period"}  # in the heading or among the facts already


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `status` is done, failed, timed out, kernel died, interrupted or not started.

    `cause` is one line for people, `seconds` the time it took, `headline` the figures for the index page.
    """

    run: Run
    status: str
    cause: str = ""
    seconds: float = 0.0
    headline: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Job:
    """What all runs of a batch have in common: output folder, facts for the footer, formats, seconds for a
    run.
    """

    out: Path
    facts: Facts
    formats: tuple[str, ...] = ("html",)
    timeout: float = 600.0


def prepare(stopped: Any) -> None:
    """Make this process a worker: deaf to Ctrl-C (its parent answers), and gone with its kernels once
    `stopped` (the reading end of a pipe) closes, be it that the parent closed it or died.
    """
    threading.Thread(target=_leave_when, args=(stopped,), daemon=True).start()
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"


def _leave_when(stopped: Any) -> None:
    from .kernels import end_kernels

    with contextlib.suppress(EOFError, OSError):
        stopped.recv_bytes()
    end_kernels()
    os._exit(1)


def make(run: Run, job: Job) -> Outcome:
    """Make one report. Does not raise for what goes wrong in the notebook or with the files: the Outcome
    says it.
    """
    from .headlines import headline_of
    from .kernels import execute

    began = time.monotonic()
    try:
        notebook = read_notebook(run.notebook)
        facts = [*job.facts[:1], *_facts(run, notebook), *job.facts[1:]]
        ended = execute(notebook, run.parameters, run.notebook.parent, job.timeout)
        headline = headline_of(ended.notebook)
        made: dict[str, str | bytes] = {}
        if ended.status == "done":
            try:
                made = _made(run, job, ended.notebook, facts)
            except _Unmade as problem:
                ended = replace(ended, status="failed", cause=str(problem))
        if ended.status == "done":
            _write_report(run, job, made)
        else:
            _write_failure(run, job, ended, facts)
        return Outcome(run, ended.status, ended.cause, time.monotonic() - began, headline)
    except OSError as problem:
        cause = f"its files could not be written: {problem.strerror or problem}"
    except Exception as problem:
        # A batch goes on whatever happens to one of its runs; the cause is named, not hidden.
        cause = f"{type(problem).__name__}: {problem}"
    return Outcome(run, "failed", cause, time.monotonic() - began)


def _facts(run: Run, notebook: Any) -> list[tuple[str, str]]:
    known = {name: p.default for name, p in parameters_of(notebook, run.notebook.name).items()}
    shown = {k: v for k, v in {**known, **run.parameters}.items() if k not in _NOT_SHOWN}
    facts = [("Unit", f"{run.unit.label} ({run.unit.value})")] if run.unit else []
    facts += [("Period", f"{run.period.label} ({run.period.value})")] if run.period else []
    return [*facts, ("Parameters", ", ".join(f"{k} = {v}" for k, v in shown.items()) or "none")]


def _paths(run: Run, job: Job) -> dict[str, Path]:
    base = job.out / run.place
    ends = {**{name: f".{name}" for name in FORMATS}, "failure": ".failed.html", "kept": ".failed.ipynb"}
    return {name: base.with_name(base.name + end) for name, end in ends.items()}


class _Unmade(Exception):
    """A format that could not be made, and why."""


def _made(run: Run, job: Job, notebook: Any, facts: Facts) -> dict[str, str | bytes]:
    """The report in every format asked for: all of them, or none."""
    made: dict[str, str | bytes] = {}
    for name in job.formats:
        try:
            made[name] = _MAKERS[name](notebook, run.heading, facts, run.title)
        except Exception as problem:
            said = f"{type(problem).__name__}: {problem}"
            if isinstance(problem, FinopsError):
                said = problem.message
            raise _Unmade(f"its {_CALLED[name]} could not be made: {said}") from problem
    return made


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


def _write_report(run: Run, job: Job, made: dict[str, str | bytes]) -> None:
    paths = _paths(run, job)
    for name, content in made.items():
        replace_file(paths[name], content)
    # A format not asked for this time would show the report before this one; a failure is over.
    for name in set(paths) - set(made):
        paths[name].unlink(missing_ok=True)


def _write_failure(run: Run, job: Job, ended: Any, facts: Facts) -> None:
    import nbformat

    paths = _paths(run, job)
    page = failure_page(
        run.title,
        run.heading,
        facts,
        cause=f"{ended.status[:1].upper()}{ended.status[1:]}: {ended.cause}",
        source=ended.source,
        tail="\n".join(ended.tail.strip().splitlines()[-25:]),
        notebook=paths["kept"].name,
        earlier=next((paths[name].name for name in FORMATS if paths[name].exists()), ""),
    )
    replace_file(paths["kept"], nbformat.writes(ended.notebook) + "\n")
    replace_file(paths["failure"], page)
