"""What commands show on a terminal, and the same for machines: JSON and CSV.

Colours and bars only where a person looks on; text from data is never taken for markup.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from .reports.diff import Differences

SCALE = 10_000
_PLAIN_WIDTH = 120  # where output goes to a file or a pipe
_REPORTS_SHOWN, _FIGURES_SHOWN = 20, 30  # of a difference between two folders of reports


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave the answer to the command line: whoever read our output has enough."""
        raise BrokenPipeError


def console(error: bool = False) -> Console:
    """Standard output (or error) as rich sees it; a fixed width where no terminal is."""
    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() else _PLAIN_WIDTH
    return _Console(file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def grid(columns: Mapping[str, str], rows: Iterable[Sequence[object]]) -> Table:
    """A plain table: column headings with "left" or "right", and rows of texts."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name, side in columns.items():
        table.add_column(Text(name), justify="right" if side == "right" else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    return table


class Bar:
    """A progress bar on a terminal, nothing elsewhere; `show(done, total)` moves it."""

    def __init__(self, text: str, total: int | None = None) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._seen = sys.stderr.isatty()
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=console(error=True), disable=not self._seen, transient=True)
        self._task = self._bar.add_task(text, total=total)

    def __enter__(self) -> Any:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def show(self, done: int, total: int) -> None:
        """Where the work stands."""
        self._bar.update(self._task, completed=done, total=total)


def show_reasons(verdicts: Sequence[Any]) -> None:
    """Of each run whether it is made or kept, and why."""
    for verdict in verdicts:
        word = "make" if verdict.stale else "keep"
        console().print(Text(f"{word} {verdict.run.key}: {verdict.why}"), soft_wrap=True)


class Progress(Bar):
    """Progress of a batch: a bar on a terminal, elsewhere a line for each report; a failure is a line."""

    def __init__(self, total: int) -> None:
        super().__init__("Reports", total)

    def show(self, outcome: Any, done: int, total: int) -> None:  # type: ignore[override]
        """One report has ended; of those that stand as they were nothing is said."""
        if outcome.status != "unchanged" and (not self._seen or not outcome.good):
            cause = f": {outcome.cause}" if outcome.cause else ""
            line = f"[{done}/{total}] {outcome.status}: {outcome.run.key}{cause} ({outcome.seconds:.1f} s)"
            self._bar.console.print(Text(line), soft_wrap=True)
        super().show(done, total)


# --- finops check ------------------------------------------------------------------------------------


def section(out: Console, title: str, *parts: Any) -> None:
    """A titled part of what is shown."""
    out.print()
    out.print(Text(title, style="bold underline"))
    for part in parts:
        out.print(part)


def show_export(record: Any, to: str) -> None:
    """What an export wrote: its tables with their rows."""
    rows = [[one.table, f"{one.rows:,}"] for one in record.tables]
    out = console()
    out.print(Text(f"{record.source}, months: {record.period}, units: {record.units}", style="bold"))
    out.print(grid({"table": "", "rows": "right"}, rows))
    out.print(
        Text(f"{len(rows)} tables, {sum(one.rows for one in record.tables):,} rows in {to}"), soft_wrap=True
    )


def show_trace(trace: Any, form: str) -> None:
    """How one value was made: a sentence and a table of its inputs."""
    if form == "csv":
        trace.table.to_csv(sys.stdout, index=False, lineterminator="\n")
    elif form == "json":
        print_json({"text": trace.text, "rows": [without_nan(row) for row in trace.table.to_dict("records")]})
    else:
        console().print(Text(trace.text))


# --- finops diff -------------------------------------------------------------------------------------


def show_diff(found: Differences, as_json: bool) -> None:
    """What changed between two folders of reports: the largest figures of each unit, and how much else."""
    from .reports.diff import counts

    if as_json:
        print_json(found.to_json())
        return
    out = console()
    out.print(Text(found.summary(), style="bold"))
    rows = [[one.report.name, one.before, one.after, one.cause] for one in found.outcomes]
    if rows:
        heads = {"report": "", "before": "", "after": "", "cause": ""}
        section(out, "Outcomes that differ", grid(heads, rows))
    for title, reports in (("New reports", found.new), ("Missing reports", found.missing)):
        if reports:
            names = [one.name for one in reports[:_REPORTS_SHOWN]]
            names += [f"and {len(reports) - len(names)} more"] if len(reports) > len(names) else []
            section(out, title, *map(Text, names))
    if not found.changed:
        return
    shown, most = found.changed[:_REPORTS_SHOWN], max(1, _FIGURES_SHOWN // len(found.changed))
    cells: list[list[str]] = []
    for report in shown:
        for place, change in enumerate(report.figures()[:most]):
            where = f"{change.where}, {change.column}" if change.role == "chart" else change.column
            sides = ("none" if text is None else text for text in (change.before, change.after))
            name = found.label(report) if place == 0 else ""
            cells.append([name, change.row, where, *sides, change.difference, change.unit])
    heads = {"report": "", "line": "", "figure": "", "before": "right", "after": "right"}
    heads |= {"difference": "right", "unit": ""}
    if cells:
        section(out, "Figures that changed, the largest of each report", grid(heads, cells))
    rows = [[found.label(report), report.unknown or counts(report.changes)] for report in shown]
    section(out, "All that changed", grid({"report": "", "what": ""}, rows))
    if len(found.changed) > len(shown):
        out.print(f"… and {len(found.changed) - len(shown)} more reports; --html FILE shows them all.")


def without_nan(row: Mapping[Any, Any]) -> dict[Any, Any]:
    """A row for JSON, which knows neither NaN nor infinity."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}


def print_json(content: Any) -> None:
    """A result for machines."""
    print(json.dumps(content, indent=1, ensure_ascii=False, default=str))
