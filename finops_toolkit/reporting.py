"""`finops report`: plan the batch from the books' outline, find what is stale, have it made, and say so.

Where nothing is stale neither the books nor any library of figures is opened.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__
from .books.kept import find_snapshot, read_outline
from .books.outline import Outline
from .books.stamps import folders_of, place_of, settled, stamps
from .errors import UsageError
from .reports import plan
from .reports.plan import Choice, Run, Template
from .wording import counted, is_whole, joined, sentence

if TYPE_CHECKING:
    from .books import Books
    from .reports.store import Store
    from .reports.worker import Job, Outcome

PROJECT = Path(__file__).resolve().parent.parent  # notebooks/ and datasets/ lie beside the package
_INTERRUPTED = 130
_SHARE = 0.8  # of a machine's memory is for the runs, the rest for everything else
_REHEARSAL = "finops_toolkit.rehearsal:rehearse"
# Two seconds, that spare each report a quarter of one: with fewer reports for a process it does not pay.
_MANY = 10


class Data:
    """The data of a batch: the state of its files, their outline, and a snapshot for the kernels.

    Each is found when it is first asked for; the books are opened only where no snapshot knows the answer.
    """

    def __init__(self, data: str, source: str, keep: Path) -> None:
        self._data, self._source, self._keep = data or None, source or None, keep
        self._began = time.time()
        self._stamps = stamps(self._data, self._source)  # before anything is read
        self._known = find_snapshot(keep, self._data, self._source)
        self.folders = [*folders_of(self._data), *([Path(source)] if source else [])]

    @cached_property
    def fingerprint(self) -> str:
        """A name for the state of the source's files; "" where one may change without its looking so."""
        from .reports.staleness import source_fingerprint

        return source_fingerprint(self._stamps) if settled(self._stamps, self._began) else ""

    @cached_property
    def outline(self) -> Outline:
        """Units, calendar and reconciliation."""
        return read_outline(self._known) if self._known else self.books.outline

    @cached_property
    def books(self) -> Books:
        """The books themselves. Raises ContractError where a table is unusable."""
        from .books import open_books

        return open_books(self._data, self._source)

    @property
    def is_known(self) -> bool:
        """Whether there is a snapshot of just this data."""
        return self._known is not None

    def snapshot(self) -> Path:
        """The snapshot's folder, written where there is none; those of other data are removed."""
        from .books.snapshot import keep_only, write_snapshot

        if self._known is None:
            self._known = write_snapshot(self.books, self._keep, self.outline)
            keep_only(self._known)
        return self._known.resolve()

    def replay(self, read: Mapping[str, Any]) -> str:
        """The hash that a recorded read has now."""
        from .books.replaying import replay

        return replay(self.books, read["name"], read["arguments"])


def report(arguments: argparse.Namespace) -> int:
    """Check everything, make what is stale, say what became of each run; gives the exit code."""
    with _stoppable():
        return _report(arguments)


def _report(arguments: argparse.Namespace) -> int:
    from .reports import record, staleness, upload, worker
    from .reports.batch import run_batch
    from .reports.executors import workers
    from .reports.software import leave_out_grammar
    from .reports.store import FOLDER, open_store
    from .terminal import Progress, show_reasons

    leave_out_grammar()
    started = dt.datetime.now(dt.UTC)
    target = upload.open_target(arguments.upload) if arguments.upload else None
    formats, given = _formats(arguments.formats, worker.FORMATS), _given(arguments.param)
    templates = plan.read_templates(_notebooks(arguments.notebooks))
    out = Path(arguments.out)
    data = Data(arguments.data, _absolute(arguments.source), out / FOLDER / "books")
    runs = _runs(arguments, data.outline, templates, given)
    job = worker.Job(
        {template.path: template.text for template in templates},
        _facts(data.outline, bool(arguments.data)),
        formats,
        arguments.timeout,
        arguments.memory or _memory(arguments.jobs),
        arguments.jobs,
    )
    seen = [*(template.path for template in templates), *data.folders]
    # A cluster that is not there is known before anything is written.
    there = workers(arguments.cluster, job.jobs, seen)
    with there as pool, open_store(out, data.outline.name) as store:
        verdicts = staleness.verdicts(
            runs,
            job,
            staleness.Known(store.records, store.check, lambda digest: record.load(out, digest)),
            data.fingerprint,
            data.replay,
            arguments.force,
        )
        if arguments.why:
            show_reasons(verdicts)
        if not data.is_known:
            data.snapshot()
        folder = _Folder(store, arguments, data, job, started)
        stale = sum(verdict.stale for verdict in verdicts)
        if stale:
            calls = (_REHEARSAL,) if stale > _MANY * job.jobs else ()
            job = replace(job, snapshot=str(data.snapshot()), calls=calls)
            folder.write([])  # one that cannot be written is known before any work
        with Progress(len(runs)) as progress:
            outcomes = run_batch(verdicts, job, store, pool, data.fingerprint, progress.show)
        folder.write(outcomes)
        code = _summary(outcomes, out, (dt.datetime.now(dt.UTC) - started).total_seconds(), store.remarks)
    if target and code != _INTERRUPTED:
        _send(out, target)
    return code


@dataclass
class _Folder:
    """What stands in the output folder beside the reports: run.json, and the index page made from it."""

    store: Store
    arguments: argparse.Namespace
    data: Data
    job: Job
    started: dt.datetime

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Write both: once before the first run, without outcomes, and once after the last."""
        from .reports.index import index_page
        from .reports.manifest import Batch, manifest_bytes, manifest_of
        from .reports.secrets import redacted

        known = vars(self.arguments).items()
        facts = dict(self.job.facts)
        batch = Batch(
            self.data.outline.name,
            facts["Data"],
            self.data.fingerprint,
            facts["Contract and reconciliation"],
            self.started,
            dt.datetime.now(dt.UTC) if outcomes else None,
            redacted({name: value for name, value in known if name != "command"}),
        )
        manifest = manifest_of(batch, self.store.records, [outcome.status for outcome in outcomes])
        self.store.finish(
            {
                "run.json": manifest_bytes(manifest),
                "index.html": index_page(manifest, self.job.facts).encode("utf-8", "replace"),
            }
        )


def _send(out: Path, target: Any) -> None:
    """Upload a finished batch."""
    from .reports.upload import upload
    from .terminal import Bar

    with Bar("Uploading") as bar:
        sent = upload(out, target, progress=bar.show)
    print(f"{counted(sent.sent, 'file')} uploaded, {sent.kept} there already ({sent.bytes / 1e6:.1f} MB)")


def _runs(
    arguments: argparse.Namespace, outline: Outline, templates: Sequence[Template], given: Mapping[str, str]
) -> list[Run]:
    """Every run of the batch, all checked."""
    fixed = {"data": _data_for_kernels(arguments.data), "source": _absolute(arguments.source)}
    if not arguments.runs:
        units, periods = _units(outline, arguments), _periods(outline, arguments, templates)
        return plan.plan_runs(templates, units, periods, given, fixed)
    from .reports.grid import read_grid

    choosers = {
        "unit": lambda text: _unit_choices(outline, {outline.unit(text)})[0],
        "period": lambda text: _period_choice(outline, text),
    }
    grid = read_grid(Path(arguments.runs), templates, choosers, given, fixed)
    print(grid.taken)
    units = None if "unit" in grid.columns else _units(outline, arguments)
    periods = None if "period" in grid.columns else _periods(outline, arguments, templates)
    return plan.plan_runs(templates, units, periods, given, fixed, grid.rows)


def _units(outline: Outline, arguments: argparse.Namespace) -> list[Choice] | None:
    """The units to report on, in tree order: those asked for, else all with bookings of their own or below
    them.
    """
    if arguments.by == "none":
        if arguments.unit:
            raise UsageError("--unit does not go with --by none.", "Leave one of them out.")
        return None
    wanted = {outline.unit(text) for text in arguments.unit} if arguments.unit else set(outline.reported())
    return _unit_choices(outline, wanted)


def _unit_choices(outline: Outline, wanted: set[str]) -> list[Choice]:
    return [
        Choice(unit.unit, unit.name or unit.unit, place)
        for place, unit in enumerate(outline.units)
        if unit.unit in wanted
    ]


def _periods(
    outline: Outline, arguments: argparse.Namespace, templates: Sequence[Template]
) -> list[Choice] | None:
    """The periods asked for; where none is, the latest closed one, if the notebooks take a period at all."""
    if not arguments.period and not all("period" in template.parameters for template in templates):
        return None
    texts = [part.strip() for word in arguments.period or ["latest-closed"] for part in word.split(",")]
    return [_period_choice(outline, text) for text in texts]


def _period_choice(outline: Outline, text: str) -> Choice:
    """A period of the books. It is final where the books themselves say that it is closed."""
    period = outline.period(text)
    label = period.label[:1].upper() + period.label[1:]
    final = outline.closed_given and period.last <= outline.closed
    return Choice(period.text, label, period.last, final=final)


def _facts(outline: Outline, named: bool) -> list[tuple[str, str]]:
    """What stands in the footer of every page: books, data, how they reconcile, version."""
    return [
        ("Books", f"{outline.name} ({outline.currency})" if outline.currency else outline.name),
        ("Data", outline.folder if named else "the generated company"),
        ("Contract and reconciliation", _reconciled(outline)),
        ("Made with", f"finops_toolkit {__version__}"),
    ]


def _reconciled(outline: Outline) -> str:
    """Which pairs of ledger and records agree and which do not, and what else differs.

    Of all units together, and so without the money: a unit's page holds no other unit's figures.
    """
    agreement = outline.agreement
    differing = [f"{pair} ({counted(n, 'unit-month')})" for pair, n in agreement.differing.items()]
    words = [f"agree to the cent: {joined(agreement.agreeing)}"] if agreement.agreeing else []
    words += [f"differ: {joined(differing)}"] if differing else []
    words += [] if agreement.pairs else ["nothing to reconcile: no ledger with records beside it"]
    if agreement.others:
        tables = joined(dict.fromkeys(agreement.others))
        words.append(f"{counted(len(agreement.others), 'other difference')} in {tables}")
    elif not differing:
        words.append("no differences")
    found = "; finops check lists them, with the money" if agreement.others or differing else ""
    return sentence("; ".join(words) + found)


def _formats(text: str, known: Sequence[str]) -> tuple[str, ...]:
    formats = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [name for name in formats if name not in known]
    if unknown or not formats:
        raise UsageError(f"--formats {text!r} is not understood.", f"Formats are {joined(known)}.")
    return formats


def _given(words: Sequence[str]) -> dict[str, str]:
    """K=V of --param as texts by name."""
    given: dict[str, str] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"--param {word!r} is not understood.", "Write --param name=value.")
        if not is_whole(text):
            raise UsageError(f"--param {word!r} holds bytes that are no text.", "Give it in UTF-8.")
        if name in given:
            raise UsageError(f"--param {name} is given twice.", "Give each parameter once.")
        given[name] = text
    return given


def _notebooks(words: Sequence[str]) -> list[Path]:
    """The notebooks meant: paths, names of bundled ones, or all bundled ones."""
    folder = PROJECT / "notebooks" / "reports"
    bundled = sorted(folder.glob("*.ipynb"))
    if not words and not bundled:
        raise UsageError(
            "The project's report notebooks are not here: they lie in notebooks/reports beside the package.",
            "Name the notebooks to run, or install the project from its folder (pip install -e .).",
        )
    named = {path.stem: path for path in bundled}
    chosen = [
        named.get(word, Path(word)) if not Path(word).exists() else Path(word) for word in words
    ] or bundled
    missing = [str(path) for path in chosen if not path.is_file()]
    if missing:
        known = f"The bundled ones are {', '.join(named)}." if named else "Give the path of an .ipynb file."
        raise UsageError(f"There is no notebook {', '.join(missing)}.", known)
    return chosen


def _absolute(text: str) -> str:
    return str(Path(text).expanduser().resolve()) if text else ""


def _data_for_kernels(text: str) -> str:
    """D for a notebook, whose working folder is another: a folder or a file by its full path, a bundled name
    as it is.
    """
    if "://" in text:
        return place_of(text)
    return _absolute(text) if text and Path(text).expanduser().exists() else text


def _memory(jobs: int) -> int:
    """A run's share of this machine's memory, in bytes; all runs together leave room for the rest."""
    import psutil

    return int(psutil.virtual_memory().total * _SHARE / jobs)


@contextmanager
def _stoppable() -> Iterator[None]:
    """A scheduler's request to end (SIGTERM) is answered like Ctrl-C: kernels end, what is done is kept."""
    before = signal.signal(signal.SIGTERM, lambda number, frame: os.kill(os.getpid(), signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _summary(outcomes: Sequence[Outcome], out: Path, seconds: float, remarks: Sequence[str]) -> int:
    """Say how the batch ended; its exit code."""
    for remark in remarks:
        print(remark)
    tally = Counter(outcome.status for outcome in outcomes)
    good = tally["done"] + tally["unchanged"]
    unchanged = f", {tally['unchanged']} unchanged" if tally["unchanged"] else ""
    print(f"{counted(good, 'report')} in {out / 'index.html'}{unchanged} ({seconds:.0f} s)")
    stopped = tally["interrupted"] + tally["not started"]
    for outcome in outcomes:
        if not outcome.good and outcome.status not in ("interrupted", "not started"):
            print(f"  {outcome.status}: {outcome.run.key}: {outcome.cause}")
    if stopped:
        print(f"  interrupted: {counted(stopped, 'report')} not made; the same command makes the rest")
        return _INTERRUPTED
    return 0 if good == len(outcomes) else 1
