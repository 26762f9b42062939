"""A batch: the runs of a plan in parallel processes, what came of each, and the index page of the folder."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from .manifest import read_manifest, write_manifest
from .plan import Run
from .worker import Job, Outcome, make, prepare

_ATTEMPTS = 2  # for a run whose worker process went down: it may not have been the run's fault


def run_batch(
    runs: Sequence[Run],
    job: Job,
    books: str,
    jobs: int = 1,
    progress: Callable[[Outcome, int, int], None] = lambda outcome, done, total: None,
) -> list[Outcome]:
    """Make every report of a plan, `jobs` at a time, and write run.json and the index page.

    `progress` is called after each run with its outcome, how many are done and how many there are. An
    interrupt (Ctrl-C) ends the kernels and keeps what is done; the outcomes of the rest then say so. Raises
    UsageError when the folder holds the reports of other books.
    """
    manifest = read_manifest(job.out, books)
    outcomes: dict[Run, Outcome] = {}
    # Written before any work: a folder that cannot be written is known at once.
    write_manifest(job.out, manifest, job.facts)
    try:
        left, attempt = list(runs), 1
        while left and attempt <= _ATTEMPTS:
            for outcome in _pooled(left, job, jobs):
                outcomes[outcome.run] = outcome
                progress(outcome, len(outcomes), len(runs))
            left, attempt = [run for run in left if run not in outcomes], attempt + 1
        for run in left:
            outcomes[run] = Outcome(run, "failed", "its worker process went down twice")
            progress(outcomes[run], len(outcomes), len(runs))
    except KeyboardInterrupt:
        for run in runs:
            outcomes.setdefault(run, Outcome(run, "interrupted", "the batch was interrupted"))
    with _interrupts_ignored():
        for order, run in enumerate(runs):
            manifest["reports"][run.place] = _record(outcomes[run], job, order)
        write_manifest(job.out, manifest, job.facts)
    return [outcomes[run] for run in runs]


def _pooled(runs: Sequence[Run], job: Job, jobs: int) -> Iterator[Outcome]:
    """Outcomes as they come; it ends early when a worker process goes down. Whoever stops listening ends
    the workers.
    """
    context = multiprocessing.get_context("spawn")
    # Workers hold the reading end: it closes when this process closes it or ends in whatever way.
    stopped, stop = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(min(jobs, len(runs)), context, prepare, (stopped,))
    try:
        with _interrupts_ignored():  # the workers inherit it: Ctrl-C is answered here alone
            waiting: set[Future[Outcome]] = {pool.submit(make, run, job) for run in runs}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                if not isinstance(future.exception(), BrokenProcessPool):
                    yield future.result()
        pool.shutdown()
    finally:
        stop.close()
        with _interrupts_ignored():
            pool.shutdown(wait=True, cancel_futures=True)
        stopped.close()


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears signals
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _record(outcome: Outcome, job: Job, order: int) -> dict[str, Any]:
    """What run.json says of a run."""
    run = outcome.run

    def there(ending: str) -> str:
        return run.place + ending if (job.out / (run.place + ending)).exists() else ""

    failed = outcome.status != "done"
    return {
        "report": run.report,
        "title": run.title,
        "unit": run.unit.value if run.unit else "",
        "unit_label": run.unit.label if run.unit else "",
        "period": run.period.value if run.period else "",
        "period_label": run.period.label if run.period else "",
        "period_order": run.period.order if run.period else 0,
        "order": run.unit.order if run.unit else order,
        "parameters": run.parameters,
        "status": outcome.status,
        "cause": outcome.cause,
        "headline": outcome.headline,
        "page": there(".html"),
        "pdf": there(".pdf"),
        "workbook": there(".xlsx"),
        "notebook": there(".ipynb"),
        "failure": there(".failed.html") if failed else "",
        "seconds": round(outcome.seconds, 3),
        "ended": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }
