"""What each command of the command line does. Arguments come parsed; results go to the terminal or into
files.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__
from .errors import FinopsError, UsageError
from .periods import Period

if TYPE_CHECKING:
    import pandas as pd

    from .books import Books

PROJECT = Path(__file__).resolve().parent.parent  # notebooks/ and datasets/ lie beside the package


def report(arguments: argparse.Namespace) -> int:
    """`finops report`: check everything, make what is stale, say what became of each."""
    from .reporting import report as make

    return make(arguments)


def _open(arguments: argparse.Namespace, strict: bool = True) -> Books:
    from .books import open_books

    return open_books(arguments.data or None, arguments.source or None, strict=strict)


def _spans(books: Books, words: Sequence[str] | None, unit: str | None = None) -> list[Period]:
    texts = [part.strip() for word in words or ["latest-closed"] for part in word.split(",")]
    return [books.period(text, unit) for text in texts]


def check(arguments: argparse.Namespace) -> int:
    """`finops check`: everything that the contract and the reconciliation have to say."""
    from .terminal_check import show_check

    books = _open(arguments, strict=False)
    findings = books.findings()
    show_check(books, findings, arguments.json)
    return 3 if any(finding.level == "error" for finding in findings) else 0


def kpis(arguments: argparse.Namespace) -> int:
    """`finops kpis`: values by unit and period, or the trace of one KPI."""
    from . import kpis as module
    from . import terminal
    from .terminal_kpis import show_kpis

    if arguments.trace and len(arguments.kpi or []) != 1:
        raise UsageError("--trace tells how one KPI is made.", "Name it: --kpi ID --trace.")
    if bool(arguments.peers_source) > bool(arguments.peers):
        raise UsageError("--peers-source goes with --peers.", "Name the peers' books: --peers sec.")
    books = _open(arguments)
    units = [books.unit(text) for text in arguments.unit] if arguments.unit else None
    names = [part.strip() for word in arguments.kpi for part in word.split(",")] if arguments.kpi else None
    if arguments.peers:
        return _beside_peers(arguments, books, names, units)
    asked = _asked(books, units, arguments.period)
    if arguments.trace:
        for some, spans in asked if units or books.peers else [([books.units.unit[0]], asked[0][1])]:
            for unit in some or []:
                for span in spans:
                    terminal.show_trace(module.trace(books, arguments.kpi[0], unit, span), arguments.format)
        return 0
    frames = [module.values(books, names, some, spans) for some, spans in asked]
    frame = frames[0] if len(frames) == 1 else _in_kpi_order(frames)
    every = arguments.all or names is not None
    show_kpis(books, frame, module.catalogue_of(books), arguments.format, every)
    return 0


def _asked(
    books: Books, units: list[str] | None, words: Sequence[str] | None
) -> list[tuple[list[str] | None, list[Period]]]:
    """Units and their periods: of peers each its own months, where nobody says which or only one is asked."""
    if books.peers and (words is None or (units is not None and len(units) == 1)):
        every = list(books.units.unit) if units is None else units
        return [([unit], _spans(books, words, unit)) for unit in every]
    return [(units, _spans(books, words))]


def _in_kpi_order(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Values of several units, each KPI's together."""
    import pandas as pd

    frame = pd.concat(frames, ignore_index=True)
    order = {kpi: place for place, kpi in enumerate(frame.kpi.unique())}
    return frame.sort_values("kpi", key=lambda kpi: kpi.map(order), kind="stable", ignore_index=True)


def _beside_peers(
    arguments: argparse.Namespace, books: Books, names: list[str] | None, units: list[str] | None
) -> int:
    """`finops kpis --peers`: one's own twelve months beside those of others."""
    from . import kpis as module
    from .books import open_books
    from .terminal_peers import show_peers

    if arguments.trace:
        raise UsageError("--trace tells how one figure is made.", "Leave --peers out.")
    peers = open_books(arguments.peers, arguments.peers_source or None)
    words = [part.strip() for word in arguments.period or ["latest-closed"] for part in word.split(",")]
    frame = module.beside_peers(books, peers, names, units, words)
    show_peers(books, peers, frame, module.catalogue_of(books), arguments.format)
    return 0


def export(arguments: argparse.Namespace) -> int:
    """`finops export`: the star schema to a folder, a file or a database, and what was written."""
    from . import terminal
    from .export import export as write
    from .export import opener

    # A mistyped place is said at once, not after the books were read.
    opener(arguments.to, arguments.format)
    books = _open(arguments)
    spans = _spans(books, arguments.period) if arguments.period else None
    with terminal.Bar("Writing") as bar:
        record = write(
            books, arguments.to, units=arguments.unit, periods=spans, form=arguments.format, progress=bar.show
        )
    terminal.show_export(record, arguments.to)
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


def new(arguments: argparse.Namespace) -> int:
    """`finops new`: look at a folder of exports, propose a mapping, write it, check it."""
    from .terminal_new import new as start

    return start(arguments)


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
    options = {name: getattr(arguments, name) for name in ("seed", "years", "scale", "lines")}
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
