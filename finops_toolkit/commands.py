"""What each command of the command line does. Arguments come parsed; results go to the terminal or into
files.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__
from .errors import FinopsError, UsageError
from .periods import Period
from .reports.plan import Choice

if TYPE_CHECKING:
    from .books import Books

PROJECT = Path(__file__).resolve().parent.parent  # notebooks/ and datasets/ lie beside the package
_INTERRUPTED = 130


def report(arguments: argparse.Namespace) -> int:
    """`finops report`: check everything, make the reports, say what became of each."""
    from .reports import batch, plan, worker

    formats = _formats(arguments.formats, worker.FORMATS)
    given = _given(arguments.param)
    templates = plan.read_templates(_notebooks(arguments.notebooks))
    books = _open(arguments)
    fixed = {"data": _data_for_kernels(arguments.data), "source": _absolute(arguments.source)}
    runs = plan.plan_runs(
        templates, _units(books, arguments), _periods(books, arguments, templates), given, fixed
    )
    facts = _facts(books, arguments)
    out = Path(arguments.out)
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file, not a folder.", "Give --out a folder.")
    job = worker.Job(out.resolve(), facts, formats, arguments.timeout)
    from .terminal import Progress

    began = time.monotonic()
    with Progress(len(runs)) as progress:
        try:
            outcomes = batch.run_batch(runs, job, books.name, arguments.jobs, progress.show)
        except OSError as problem:
            raise UsageError(
                f"Nothing can be written to {out}: {problem.strerror or problem}.",
                "Choose another --out, or free space.",
            ) from None
    return _summary(outcomes, out, time.monotonic() - began)


def _summary(outcomes: Sequence[Any], out: Path, seconds: float) -> int:
    from .wording import counted

    bad = [outcome for outcome in outcomes if outcome.status != "done"]
    stopped = [outcome for outcome in bad if outcome.status == "interrupted"]
    good = len(outcomes) - len(bad)
    print(f"{counted(good, 'report')} in {out / 'index.html'} ({seconds:.0f} s)")
    for outcome in bad:
        if outcome not in stopped:
            print(f"  {outcome.status}: {outcome.run.key}: {outcome.cause}")
    if stopped:
        print(f"  interrupted: {counted(len(stopped), 'report')} not made")
        return _INTERRUPTED
    return 1 if bad else 0


def _formats(text: str, known: Sequence[str]) -> tuple[str, ...]:
    from .wording import joined

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


def _open(arguments: argparse.Namespace, strict: bool = True) -> Books:
    from .books import open_books

    return open_books(arguments.data or None, arguments.source or None, strict=strict)


def _absolute(text: str) -> str:
    return str(Path(text).expanduser().resolve()) if text else ""


def _data_for_kernels(text: str) -> str:
    """D for a notebook, whose working folder is another: a folder by its full path, a bundled name as it
    is.
    """
    return _absolute(text) if text and Path(text).expanduser().exists() else text


def _units(books: Books, arguments: argparse.Namespace) -> list[Choice] | None:
    """The units to report on, in tree order: those asked for, else all with bookings of their own or below
    them.
    """
    if arguments.by == "none":
        if arguments.unit:
            raise UsageError("--unit does not go with --by none.", "Leave one of them out.")
        return None
    if arguments.unit:
        wanted = {books.unit(text) for text in arguments.unit}
    else:
        booked: set[str] = set()
        for table in ("journal", "balances"):
            if table in books.tables:
                booked |= set(books.sums(table, by=["unit"], sums=[])["unit"])
        wanted = {unit for unit in books.units.unit if not booked or booked & set(books.below(unit))}
    rows = enumerate(zip(books.units.unit, books.units.name, strict=True))
    return [Choice(str(unit), str(name or unit), place) for place, (unit, name) in rows if unit in wanted]


def _periods(books: Books, arguments: argparse.Namespace, templates: Sequence[Any]) -> list[Choice] | None:
    """The periods asked for; where none is, the latest closed one, if the notebooks take a period at all."""
    if not arguments.period and not all("period" in template.parameters for template in templates):
        return None
    periods = _spans(books, arguments.period)
    return [Choice(p.text, p.label[:1].upper() + p.label[1:], p.last) for p in periods]


def _spans(books: Books, words: Sequence[str] | None) -> list[Period]:
    texts = [part.strip() for word in words or ["latest-closed"] for part in word.split(",")]
    return [books.period(text) for text in texts]


def _facts(books: Books, arguments: argparse.Namespace) -> list[tuple[str, str]]:
    """What stands in the footer of every page: books, data, how they reconcile, version."""
    return [
        ("Books", f"{books.name} ({books.currency})" if books.currency else books.name),
        ("Data", books.folder.name if arguments.data else "the generated company"),
        ("Contract and reconciliation", _reconciled(books)),
        ("Made with", f"finops_toolkit {__version__}"),
    ]


def _reconciled(books: Books) -> str:
    """Which pairs of ledger and records agree and which do not, and what else differs.

    Of all units together, and so without the money: a unit's page holds no other unit's figures.
    """
    from .wording import counted, joined, sentence

    found = {f"{finding.table} {finding.rule}": finding for finding in books.findings()}
    found = {name: finding for name, finding in found.items() if finding.level == "difference"}
    pairs = {
        str(pair): found.pop(f"ledger {pair}_agree", None) for pair in books.reconciliation()["pair"].unique()
    }
    agreeing = [pair for pair, finding in pairs.items() if finding is None]
    differing = [
        f"{pair} ({counted(finding.count, 'unit-month')})"
        for pair, finding in pairs.items()
        if finding is not None
    ]
    words = [f"agree to the cent: {joined(agreeing)}"] if agreeing else []
    words += [f"differ: {joined(differing)}"] if differing else []
    words += [] if pairs else ["nothing to reconcile: no ledger with records beside it"]
    if found:
        tables = joined(dict.fromkeys(finding.table for finding in found.values()))
        words.append(f"{counted(len(found), 'other difference')} in {tables}")
    elif not differing:
        words.append("no differences")
    return sentence(
        "; ".join(words) + ("; finops check lists them, with the money" if found or differing else "")
    )


def check(arguments: argparse.Namespace) -> int:
    """`finops check`: everything that the contract and the reconciliation have to say."""
    from . import terminal

    books = _open(arguments, strict=False)
    findings = books.findings()
    terminal.show_check(books, findings, arguments.json)
    return 3 if any(finding.level == "error" for finding in findings) else 0


def kpis(arguments: argparse.Namespace) -> int:
    """`finops kpis`: values by unit and period, or the trace of one KPI."""
    from . import kpis as module
    from . import terminal

    if arguments.trace and len(arguments.kpi or []) != 1:
        raise UsageError("--trace tells how one KPI is made.", "Name it: --kpi ID --trace.")
    books = _open(arguments)
    spans = _spans(books, arguments.period)
    units = [books.unit(text) for text in arguments.unit] if arguments.unit else None
    if arguments.trace:
        for unit in units or [books.units.unit[0]]:
            for span in spans:
                terminal.show_trace(module.trace(books, arguments.kpi[0], unit, span), arguments.format)
        return 0
    names = [part.strip() for word in arguments.kpi for part in word.split(",")] if arguments.kpi else None
    frame = module.values(books, names, units, spans)
    terminal.show_kpis(books, frame, module.catalogue_of(books), arguments.format)
    return 0


def diff(arguments: argparse.Namespace) -> int:
    """`finops diff`: what changed between two folders of reports, on the terminal and as a page."""
    from . import terminal
    from .reports import diff as module
    from .reports.files import replace_file

    found = module.diff(Path(arguments.before), Path(arguments.after))
    if arguments.html:
        try:
            replace_file(
                Path(arguments.html),
                module.diff_page(found, [("Made with", f"finops_toolkit {__version__}")]),
            )
        except OSError as problem:
            raise UsageError(
                f"{arguments.html} could not be written: {problem.strerror or problem}.",
                "Choose another --html.",
            ) from None
    terminal.show_diff(found, arguments.json)
    return 1 if found.any else 0


def make_data(arguments: argparse.Namespace) -> int:
    """`finops make-data`: simulate a company and write its tables."""
    from .company import write_company
    from .terminal import Bar

    folder = Path(arguments.folder)
    if (
        folder.exists()
        and (not folder.is_dir() or any(folder.iterdir()))
        and not (folder / "planted_truths.json").exists()
    ):
        raise UsageError(f"{folder} holds something else than a made company.", "Give a new or empty folder.")
    options = {name: getattr(arguments, name) for name in ("seed", "years", "scale")}
    try:
        with Bar("Simulating") as bar:
            write_company(folder, progress=bar.show, **{k: v for k, v in options.items() if v is not None})
    except OSError as problem:
        raise FinopsError(f"{folder} could not be written: {problem.strerror or problem}.") from None
    print(f"A company in {folder}. Look at it with: finops check {folder}")
    return 0


def lab(arguments: argparse.Namespace) -> int:
    """`finops lab`: JupyterLab in the project's folder of notebooks."""
    folder = PROJECT / "notebooks"
    if not folder.is_dir():
        raise UsageError(
            "The project's notebooks are not here: they lie in notebooks/ beside the package.",
            "Install the project from its folder (pip install -e .).",
        )
    # The project's folder is the root, so that lessons can open exercises and data beside them.
    words = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={PROJECT}", *arguments.options]
    if os.name == "nt":  # execv on Windows gives the prompt back while the program still runs
        return subprocess.call(words)
    os.execv(sys.executable, words)
