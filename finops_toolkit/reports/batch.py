"""A batch: runs given to an executor, and what came of each written by one hand."""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager, suppress
from dataclasses import replace

from .executors import Workers
from .executors import lost as lost_worker
from .plan import Run
from .record import earlier_of, is_sidecar, record_of, sidecars
from .staleness import Verdict
from .store import NotWritten, Store
from .worker import ENDINGS, Job, Made, Outcome, make

Progress = Callable[[Outcome, int, int], None]


def run_batch(
    verdicts: Sequence[Verdict],
    job: Job,
    store: Store,
    pool: Workers,
    source: str = "",
    progress: Progress = lambda outcome, done, total: None,
) -> list[Outcome]:
    """Make every report that is stale, and say of each run how it ended, in the order of `verdicts`.

    `source` is the fingerprint of the source files before the books were read; `progress` is called after
    each run with its outcome, how many are done and how many there are. An interrupt (Ctrl-C) ends the
    kernels and keeps what is done; the outcomes of the rest then say so.
    """
    ended: dict[str, Outcome] = {}

    def settle(outcome: Outcome) -> None:
        ended[outcome.run.place] = outcome
        progress(outcome, len(ended), len(verdicts))

    order = {verdict.run.place: place for place, verdict in enumerate(verdicts)}
    for verdict in verdicts:
        if not verdict.stale:
            if verdict.confirmed and source:
                # The next call need not read the data again to know it.
                store.note(verdict.run.place, {**store.records[verdict.run.place], "source": source})
            settle(Outcome(verdict.run, "unchanged", verdict.why))
    stale = [verdict.run for verdict in verdicts if verdict.stale]
    running: set[str] = set()
    try:
        for made in _results(stale, job, store, pool, running):
            with interrupts_held():
                settle(_kept(made, job, store, order[made.outcome.run.place], source))
    except KeyboardInterrupt:
        with interrupts_held():
            for run in stale:
                if run.place not in ended:
                    started = run.place in running
                    status = "interrupted" if started else "not started"
                    cause = "the batch was interrupted" + ("" if started else " before its turn")
                    made = Made(Outcome(run, status, cause))
                    ended[run.place] = _kept(made, job, store, order[run.place], source)
    return [ended[verdict.run.place] for verdict in verdicts]


def _results(runs: Sequence[Run], job: Job, store: Store, pool: Workers, running: set[str]) -> Iterator[Made]:
    """What came of each run, as it comes. `running` holds the places of those under way.

    A worker process that goes down takes its neighbours' work with it: whatever was under way runs once more,
    one at a time, so that the run which brings its process down is known and no other is blamed.
    """
    left, suspects = deque(runs), deque[Run]()
    while left or suspects:
        alone = bool(suspects)
        queue = suspects if alone else left
        lost: list[Run] = []
        width = 1 if alone else min(pool.count, len(queue))
        # One waits behind each that runs, so that no worker is ever idle and little is lost with the pool.
        ahead = 1 if alone else 2 * width
        with pool.open(width) as executor:
            yield from _pooled(queue, executor, (width, ahead), job, store, running, lost)
        if not alone:
            suspects.extend(lost)
        for run in lost if alone else ():
            yield Made(Outcome(run, "kernel died", "its worker process went down, twice", attempts=2))


def _pooled(
    queue: deque[Run],
    executor: Executor,
    count: tuple[int, int],
    job: Job,
    store: Store,
    running: set[str],
    lost: list[Run],
) -> Iterator[Made]:
    """What came of the runs of a queue; it ends early, with `lost` filled, when a worker goes down.

    `count` says how many run at a time, and how many are given to the executor.
    """
    width, ahead = count
    waiting: dict[Future[Made], Run] = {}
    while queue or waiting:
        while queue and len(waiting) < ahead:
            run = queue.popleft()
            try:
                waiting[executor.submit(make, run, job, earlier_of(store, run))] = run
            except BrokenExecutor:
                lost += [run, *waiting.values()]
                return
        running.update(run.place for run in list(waiting.values())[:width])
        ended = wait(waiting, return_when=FIRST_COMPLETED).done
        for future in sorted(ended, key=lambda future: future.exception() is not None):  # what is good first
            run, problem = waiting.pop(future), future.exception()
            if problem is not None and lost_worker(problem):
                lost += [run, *waiting.values()]
                return
            running.discard(run.place)
            if problem is None:
                yield future.result()
            else:
                said = f"its worker met an error: {type(problem).__name__}: {problem}"
                yield Made(Outcome(run, "failed", said))


def _kept(made: Made, job: Job, store: Store, order: int, source: str) -> Outcome:
    """Put a run's report, or what is known of its failure, into the folder; the outcome that is true then."""
    run, outcome = made.outcome.run, made.outcome
    files: dict[str, bytes | None] = dict(sidecars(made))
    if outcome.status == "done":
        former: dict[str, bytes | None] = {n: None for n in store.files(run.place) if is_sidecar(n)}
        files = former | files
        # A format not asked for this time would show the report before this one; a failure is over.
        files |= {run.place + ending: None for kind, ending in ENDINGS.items() if kind not in made.files}
    files |= {run.place + ENDINGS[kind]: content for kind, content in made.files.items()}
    before = store.records.get(run.place)
    try:
        store.commit(run.place, files, record_of(made, job, before, order, source))
    except NotWritten as problem:
        if outcome.status == "done":
            outcome = replace(outcome, status="failed", cause=problem.cause)
        else:
            outcome = replace(outcome, cause=f"{outcome.cause}; {problem.cause}")
        lost = Made(outcome, reads=made.reads, engine=made.engine)
        # On the same disk this may fail too: what was there is there, and the next call does the run again.
        with suppress(NotWritten):
            store.note(run.place, record_of(lost, job, before, order, source))
    return outcome


@contextmanager
def interrupts_held() -> Iterator[None]:
    """An interrupt that arrives here is answered when it is over: a report is being put in its place."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears signals
        return
    arrived: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: arrived.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if arrived:
        raise KeyboardInterrupt
