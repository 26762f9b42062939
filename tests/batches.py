"""A batch without books: runs of a plan made in an output folder, as `finops report` makes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from finops_toolkit.reports import record, staleness
from finops_toolkit.reports.batch import run_batch
from finops_toolkit.reports.executors import workers
from finops_toolkit.reports.index import index_page
from finops_toolkit.reports.manifest import Batch, manifest_bytes, manifest_of
from finops_toolkit.reports.plan import Run
from finops_toolkit.reports.store import open_store
from finops_toolkit.reports.worker import Job, Outcome

FACTS = [("Books", "Test")]


def made(
    runs: Sequence[Run],
    out: Path,
    formats: tuple[str, ...] = ("html",),
    timeout: float = 60,
    memory: int | None = None,
    jobs: int = 2,
    cluster: str = "",
    progress: Callable[[Outcome, int, int], None] = lambda *_: None,
) -> list[Outcome]:
    """Make what is stale of the runs; the outcomes of all. They read no books, so all of them are stale."""
    texts = {run.notebook: run.notebook.read_text(encoding="utf-8") for run in runs}
    job = Job(texts, FACTS, formats, timeout, memory, jobs)

    def nothing(_: Any) -> str:
        raise AssertionError("no read was recorded, and one is made again")

    with open_store(out, "Test") as store:
        known = staleness.Known(store.records, store.check, lambda digest: record.load(out, digest))
        verdicts = staleness.verdicts(runs, job, known, "", nothing)
        with workers(cluster, jobs, list(texts)) as pool:
            outcomes = run_batch(verdicts, job, store, pool, progress=progress)
        now = dt.datetime.now(dt.UTC)
        statuses = [outcome.status for outcome in outcomes]
        manifest = manifest_of(Batch("Test", "", "", "", now, now), store.records, statuses)
        page = index_page(manifest, FACTS).encode()
        store.finish({"run.json": manifest_bytes(manifest), "index.html": page})
    return outcomes
