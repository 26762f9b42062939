"""The command line: words in, one of the commands called, an exit code out.

Exit codes: 0 good; 1 finished, some reports failed or differ (or an error of the toolkit itself); 2 wrong
usage or parameters, nothing ran; 3 the data breaks the contract; 130 interrupted. Nothing heavy is imported
before a command needs it, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from . import __version__
from .errors import FinopsError

DATA = (
    "a folder of the contract's tables (Parquet or CSV), an adapter's folder, the name of a bundled adapter, "
    "or a database: duckdb:///folder/books.duckdb, postgres://user@host/database?schema=x, "
    "spark://host:7077/database, sc://host:15002/database; the generated company if left out"
)
PERIOD = (
    "latest-closed (default), a month 2025-11, a quarter 2025-Q4, a year 2025, FY2025, FY2025-Q4, 2025-YTD, "
    "2025-11-YTD, 2025-11-R12 or 2025-11-R3"
)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code and prints errors without a traceback.

    The environment variable FINOPS_TRACEBACK=1 shows the traceback of an error that is the toolkit's own.
    """
    try:
        arguments = parser().parse_args(words)
        from . import commands

        code = getattr(commands, arguments.command.replace("-", "_"))(arguments)
        sys.stdout.flush()
        return code
    except FinopsError as problem:
        _say(problem.message, problem.hint)
        return problem.exit_code
    except KeyboardInterrupt:
        _say("interrupted")
        return 130
    except BrokenPipeError:
        # Whoever read our output has enough (finops kpis | head); Python shall not complain at its exit
        # either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as problem:
        if os.environ.get("FINOPS_TRACEBACK"):
            raise
        _say(
            f"an error of finops_toolkit itself, not of your input: {type(problem).__name__}: {problem}",
            "Run it again with FINOPS_TRACEBACK=1 set and report what it prints.",
        )
        return 1


def _say(message: str, hint: str | None = None) -> None:
    print(f"finops: {message}", *filter(None, [hint]), sep="\n", file=sys.stderr)


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(
        prog="finops",
        description="How a company's finance and operations departments work together: reports, checks and "
        "KPIs from one set of books. (Not about cloud cost.)",
        epilog="Exit codes: 0 good; 1 finished, some reports failed or differ; 2 wrong usage, nothing ran; 3 "
        "the data breaks the contract; 130 interrupted.",
    )
    top.add_argument("--version", action="version", version=f"finops_toolkit {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _report(commands)
    _diff(commands)
    _new(commands)
    _check(commands)
    _kpis(commands)
    _export(commands)
    _make_data(commands)
    lab = commands.add_parser("lab", help="open the lessons in JupyterLab", allow_abbrev=False)
    lab.add_argument(
        "options", nargs="*", help="options for JupyterLab, after --: finops lab -- --no-browser"
    )
    return top


def _report(commands: argparse._SubParsersAction) -> None:
    report = commands.add_parser(
        "report",
        help="one report for each unit, from notebooks",
        description="Make reports: notebooks × units × periods, in parallel, with an index page. Everything "
        "is checked before the first one starts, and what is up to date is kept.",
        allow_abbrev=False,
    )
    report.add_argument(
        "notebooks",
        nargs="*",
        metavar="NOTEBOOK",
        help="notebooks, or names of bundled ones (default: all of notebooks/reports)",
    )
    report.add_argument("--data", metavar="D", default="", help=DATA)
    report.add_argument("--source", metavar="DIR", default="", help="folder of an adapter's raw files")
    report.add_argument(
        "--by",
        choices=["unit", "none"],
        default="unit",
        help="unit: a report for each unit (default); none: one for each notebook, with its own default unit",
    )
    report.add_argument(
        "--unit",
        metavar="U",
        action="append",
        help="only this unit; may be repeated (default: all with bookings)",
    )
    report.add_argument(
        "--runs",
        metavar="FILE",
        default="",
        help="a table (CSV or Parquet) with a row for each report: columns are the notebook's parameters",
    )
    report.add_argument("--period", metavar="P", action="append", help=f"{PERIOD}; may be repeated")
    _report_ways(report)


def _report_ways(report: argparse.ArgumentParser) -> None:
    """How reports are made: where to, in which formats, how many at once, within which limits, where else."""
    report.add_argument(
        "--out", metavar="DIR", default="reports", help="folder for the reports (default: reports)"
    )
    report.add_argument(
        "--jobs",
        metavar="N",
        type=_count,
        default=_processors(),
        help="how many at once (default: one per processor)",
    )
    report.add_argument(
        "--formats",
        metavar="F",
        default="html,pdf,xlsx",
        help="any of html, pdf, xlsx and ipynb, the executed notebook (default: html,pdf,xlsx)",
    )
    report.add_argument(
        "--param",
        metavar="K=V",
        action="append",
        default=[],
        help="a parameter of the notebook; may be repeated",
    )
    report.add_argument(
        "--timeout",
        metavar="S",
        type=_seconds,
        default=600.0,
        help="seconds a report may take (default: 600)",
    )
    report.add_argument(
        "--memory",
        metavar="MB",
        type=_megabytes,
        default=None,
        help="megabytes a report may take (default: its share of four fifths of this machine's)",
    )
    report.add_argument("--why", action="store_true", help="say of each report why it is made or kept")
    report.add_argument("--force", action="store_true", help="make all, those that are up to date too")
    report.add_argument(
        "--cluster",
        metavar="URL",
        default="",
        help="make them on a Dask cluster: its scheduler, tcp://host:8786",
    )
    report.add_argument(
        "--upload", metavar="URL", default="", help="send the finished folder there: s3://bucket/reports …"
    )


def _diff(commands: argparse._SubParsersAction) -> None:
    diff = commands.add_parser(
        "diff",
        help="what changed between two folders of reports",
        description="Compare two folders that finops report has written: figures by line and unit, texts, "
        "charts, new and missing reports, outcomes. Ends with 0 if nothing differs, else with 1.",
        allow_abbrev=False,
    )
    diff.add_argument("before", metavar="A", help="the folder before")
    diff.add_argument("after", metavar="B", help="the folder after, or a later copy of it")
    diff.add_argument("--html", metavar="FILE", help="write it as a page, too")
    diff.add_argument("--json", action="store_true", help="the same for machines")


def _new(commands: argparse._SubParsersAction) -> None:
    new = commands.add_parser(
        "new",
        help="from a folder of exports to books: look, propose a mapping, check",
        description="Look at the files in FOLDER (text, Excel, Parquet, JSON, SQLite, archives), propose how "
        "they map to the contract's tables, and write that to DIR as text to change: books.toml, a SELECT "
        "for each table, questions where it is unsure. Then the first check. Files you have edited are "
        "kept.",
        allow_abbrev=False,
    )
    new.add_argument("folder", metavar="DIR", help="where to write; made if it is not there")
    new.add_argument(
        "--from",
        dest="source",
        metavar="FOLDER",
        default="",
        help="the folder of exports (without it: an empty start, with SELECTs to copy)",
    )


def _check(commands: argparse._SubParsersAction) -> None:
    check = commands.add_parser(
        "check",
        help="what the contract and the reconciliation say of this data",
        description="Everything that is wrong or missing in a company's data, at once: tables, rules, the "
        "ledger against its subledgers. Ends with 3 if the data is unusable.",
        allow_abbrev=False,
    )
    check.add_argument("data", nargs="?", metavar="D", default="", help=DATA)
    check.add_argument("--source", metavar="DIR", default="", help="folder of an adapter's raw files")
    check.add_argument("--json", action="store_true", help="the same for machines")


def _kpis(commands: argparse._SubParsersAction) -> None:
    kpis = commands.add_parser(
        "kpis",
        help="the KPIs of each unit, or the trace of one",
        description="KPIs by unit and period, each with its value or the reason why there is none.",
        allow_abbrev=False,
    )
    kpis.add_argument("data", nargs="?", metavar="D", default="", help=DATA)
    kpis.add_argument("--source", metavar="DIR", default="", help="folder of an adapter's raw files")
    kpis.add_argument("--unit", metavar="U", action="append", help="only this unit; may be repeated")
    kpis.add_argument("--period", metavar="P", action="append", help=f"{PERIOD}; may be repeated")
    kpis.add_argument("--kpi", metavar="ID", action="append", help="only this KPI; may be repeated")
    kpis.add_argument("--all", action="store_true", help="a row for the KPIs without a value too")
    kpis.add_argument("--format", choices=["table", "csv", "json"], default="table", help="default: table")
    kpis.add_argument(
        "--peers",
        metavar="P",
        default="",
        help="beside those of other companies, twelve months each: their books, such as the adapter sec",
    )
    kpis.add_argument("--peers-source", metavar="DIR", default="", help="folder of the peers' raw files")
    kpis.add_argument(
        "--trace",
        action="store_true",
        help="formula, inputs, rows counted and ledger difference of one KPI (--kpi), for the whole company "
        "unless --unit says otherwise",
    )


def _export(commands: argparse._SubParsersAction) -> None:
    export = commands.add_parser(
        "export",
        help="KPIs and tables for Power BI, Metabase, Superset or Excel",
        description="Write KPIs, monthly measures and the tables as a star schema, all or nothing. "
        "Only what an export wrote is replaced.",
        allow_abbrev=False,
    )
    export.add_argument("data", nargs="?", metavar="D", default="", help=DATA)
    export.add_argument("--source", metavar="DIR", default="", help="folder of an adapter's raw files")
    export.add_argument(
        "--to",
        metavar="PLACE",
        required=True,
        help="a folder, a file .xlsx, .duckdb or .sqlite, duckdb:///file?schema=NAME or "
        "postgres://user@host/database?schema=NAME (the password comes from PGPASSWORD or ~/.pgpass)",
    )
    export.add_argument(
        "--format", choices=["parquet", "csv"], default="parquet", help="of a folder (default: parquet)"
    )
    export.add_argument(
        "--unit", metavar="U", action="append", help="only this unit and those below it; may be repeated"
    )
    export.add_argument(
        "--period", metavar="P", action="append", help="only the months of this period; may be repeated"
    )


def _make_data(commands: argparse._SubParsersAction) -> None:
    make = commands.add_parser(
        "make-data",
        help="make a company's books",
        description="Simulate a company and write its tables as Parquet. The same seed gives the same bytes.",
        allow_abbrev=False,
    )
    make.add_argument("folder", metavar="DIR", help="where to write; made if it is not there")
    make.add_argument(
        "--seed", metavar="N", type=_whole, default=None, help="another company for each number"
    )
    make.add_argument("--years", metavar="N", type=_count, default=None, help="years to simulate")
    make.add_argument(
        "--scale", metavar="N", type=_count, default=None, help="times as many customers and documents"
    )
    make.add_argument(
        "--lines",
        metavar="N",
        type=_count,
        default=None,
        help="only a ledger, its entries copied until it has so many lines: to see how size is borne",
    )


def _processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number such as 7")
    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _megabytes(text: str) -> int:
    """So many megabytes, in bytes; what a run cannot start with is refused."""
    if not text.isascii() or not text.isdigit() or not 100 <= int(text) < 10_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of megabytes, 100 or more, such as 2000")
    return int(text) * 1_000_000


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 10_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds such as 600")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
