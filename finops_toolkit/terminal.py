"""What commands show on a terminal, and the same for machines: JSON and CSV.

Colours and bars only where a person looks on; text from data is never taken for markup.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .periods import month_label, month_text
from .wording import counted, joined, measure_text

if TYPE_CHECKING:
    import pandas as pd

    from .books import Books, Finding
    from .reports.diff import Differences

SCALE = 10_000
_PLAIN_WIDTH = 120  # where output goes to a file or a pipe
_MONTHS_SHOWN = 60
_UNITS_ACROSS = 7
_REPORTS_SHOWN, _FIGURES_SHOWN = 20, 30  # of a difference between two folders of reports
KPI_COLUMNS = ["kpi", "unit", "period", "value", "measure", "basis", "reason", "target"]


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


def show_check(books: Books, findings: Sequence[Finding], as_json: bool) -> None:
    """All that is known about a company's data."""
    usable = not any(finding.level == "error" for finding in findings)
    tables = _tables(books)
    costs = _costs(books) if usable else {}
    pairs = books.reconciliation() if usable else None
    if as_json:
        _print_json(
            {
                "books": books.name,
                "currency": books.currency,
                "usable": usable,
                "first": month_text(books.first) if usable else None,
                "closed": month_text(books.closed) if usable else None,
                "tables": tables,
                "missing": [{"table": name, "kpis": costs.get(name, [])} for name in books.missing],
                "findings": [_as_dict(finding) for finding in findings],
                "reconciliation": [] if pairs is None else _plain_pairs(pairs),
            }
        )
        return
    out = console()
    out.print(Text(f"{books.name}{f' ({books.currency})' if books.currency else ''}", style="bold"))
    if usable:
        months = counted(books.closed - books.first + 1, "month")
        span = f"{month_label(books.first)} to {month_label(books.closed)}, the last closed month"
        out.print(f"{months}, {span} · {counted(len(books.units), 'unit')}")
    shown = [[t["table"], f"{t['rows']:,}", t["from"] or "", t["to"] or ""] for t in tables]
    _section(out, "Tables", grid({"table": "", "rows": "right", "from": "", "to": ""}, shown))
    if books.missing and usable:
        rows = [[name, ", ".join(costs[name])] for name in books.missing if costs[name]]
        free = [name for name in books.missing if not costs[name]]
        parts: list[Any] = [grid({"table": "", "KPIs": ""}, rows)] if rows else []
        parts += [f"No KPI needs {joined(free, 'or')}."] if free else []
        _section(out, "Missing tables, and the KPIs they cost", *parts)
    _show_findings(out, findings)
    if pairs is not None:
        _show_pairs(out, pairs)
    bad, apart = (sum(finding.level == level for finding in findings) for level in ("error", "difference"))
    verdict = f"Usable, with {counted(apart, 'difference')}." if apart else "Usable, without differences."
    out.print()
    out.print(verdict if usable else f"Not usable: {counted(bad, 'error')} above.", style="bold")


def _section(out: Console, title: str, *parts: Any) -> None:
    out.print()
    out.print(Text(title, style="bold underline"))
    for part in parts:
        out.print(part)


def _tables(books: Books) -> list[dict[str, Any]]:
    """What the data holds: table, rows, first and last month."""
    from .books import load_contract

    found = []
    for name, table in books.tables.items():
        date = load_contract().tables[name].date
        first = last = None
        if date and date in table.columns:
            ends = table.aggregate(first=table[date].min(), last=table[date].max()).to_pandas().iloc[0]
            first, last = (
                None if end != end or end is None else str(end)[:7] for end in (ends["first"], ends["last"])
            )
        found.append({"table": name, "rows": books.sizes[name], "from": first, "to": last})
    return found


def _costs(books: Books) -> dict[str, list[str]]:
    """For each missing table the ids of the KPIs that have no value without it."""
    from .kpis import catalogue_of

    kpis, missing = catalogue_of(books), books.panel().missing

    def reasons(name: str) -> set[str]:
        if name in kpis:
            return {reason for part in kpis[name].names if part != name for reason in reasons(part)}
        return {missing[name]} if name in missing else set()

    told = {kpi: " ".join(reasons(kpi)) for kpi in kpis}
    return {
        table: [kpi for kpi, text in told.items() if re.search(rf"\b{re.escape(table)}\b", text)]
        for table in books.missing
    }


def _show_findings(out: Console, findings: Sequence[Finding]) -> None:
    from rich.padding import Padding

    if not findings:
        _section(out, "Findings", "Nothing: every rule of the contract holds.")
        return
    _section(out, "Findings")
    colours = {"error": "bold red", "difference": "yellow", "note": "cyan"}
    for finding in findings:
        size = f" · {counted(finding.count, 'row')}" if finding.count else ""
        size += f" · {finding.amount / SCALE:,.2f}" if finding.amount is not None else ""
        hint = f"\n→ {finding.hint}" if finding.hint else ""
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_column(width=len("difference"))
        line.add_column(overflow="fold")
        text = Text.assemble(f"{finding.table}: {finding.text}{size}", (hint, "dim"))
        line.add_row(Text(finding.level, style=colours[finding.level]), text)
        out.print(line)
        if len(finding.rows):
            out.print(Padding(frame_grid(finding.rows), (0, 0, 0, 12)))


def frame_grid(frame: pd.DataFrame) -> Table:
    """A frame as a plain table: numbers to the right, with two decimals where a column has any; empty for
    none.
    """
    heads, columns = {}, []
    for name in frame.columns:
        values = list(frame[name].astype(object))
        numeric = all(v is None or (hasattr(v, "__round__") and not isinstance(v, bool)) for v in values)
        places = 2 if numeric and any(v == v and v is not None and v % 1 for v in values) else 0
        heads[str(name)] = "right" if numeric else ""
        columns.append([_cell_text(value, places if numeric else None) for value in values])
    return grid(heads, zip(*columns, strict=True))


def _cell_text(value: Any, places: int | None) -> str:
    if value is None or value != value:
        return ""
    if places is not None:
        return f"{value:,.{places}f}"
    # A day is a day, not its midnight.
    return str(value.date()) if hasattr(value, "hour") and value == value.floor("D") else str(value)


def _show_pairs(out: Console, pairs: pd.DataFrame) -> None:
    """Ledger against subledger: a line for each pair, and the differences month by month."""
    if pairs.empty:
        _section(out, "Ledger against subledgers", "Nothing to compare: no subledger is in the data.")
        return
    totals = pairs.groupby(["pair", "month"], sort=True)[["ledger", "subledger", "difference"]].sum()
    apart = pairs[pairs.difference != 0]
    rows = []
    for pair, months in totals.groupby(level="pair"):
        lines = apart[apart.pair == pair]
        largest = lines.loc[lines.difference.abs().idxmax()] if len(lines) else None
        rows.append(
            [
                pair,
                len(months),
                lines.month.nunique() or "none",
                "" if largest is None else f"{largest.difference / SCALE:,.2f}",
                "" if largest is None else f"{largest.unit} {month_text(largest.month)}",
            ]
        )
    heads = {"pair": "", "months": "right", "differ": "right", "largest difference": "right", "where": ""}
    _section(out, "Ledger against subledgers", grid(heads, rows))
    if apart.empty:
        return
    wide = apart.groupby(["month", "pair"]).difference.sum().unstack("pair").sort_index()
    shown = wide.tail(_MONTHS_SHOWN)
    cells = [
        [month_text(month), *("" if value != value else f"{value / SCALE:,.2f}" for value in row)]
        for month, row in zip(shown.index, shown.to_numpy(), strict=True)
    ]
    table = grid({"month": "", **dict.fromkeys(map(str, shown.columns), "right")}, cells)
    _section(out, "Ledger minus subledger by month, where they differ", table)
    if len(wide) > len(shown):
        out.print(f"… and {len(wide) - len(shown)} months before them; --json has them all, by unit.")


def _plain_pairs(pairs: pd.DataFrame) -> list[dict[str, Any]]:
    frame = pairs.assign(month=[month_text(month) for month in pairs.month])
    for column in ("ledger", "subledger", "difference"):
        frame[column] = [value / SCALE for value in frame[column].tolist()]
    return frame.to_dict("records")


def _as_dict(finding: Finding) -> dict[str, Any]:
    amount = None if finding.amount is None else finding.amount / SCALE
    rows = json.loads(finding.rows.to_json(orient="records", date_format="iso", default_handler=str))
    names = ("level", "table", "rule", "text", "count", "hint")
    return {**{name: getattr(finding, name) for name in names}, "amount": amount, "rows": rows}


# --- finops kpis -------------------------------------------------------------------------------------


def show_kpis(books: Books, frame: pd.DataFrame, kpis: Mapping[str, Any], form: str) -> None:
    """KPI values as a table for people, or as CSV or JSON with full precision and an empty value where none
    is.
    """
    if form == "csv":
        frame[KPI_COLUMNS].to_csv(sys.stdout, index=False, lineterminator="\n")
        return
    if form == "json":
        _print_json([_without_nan(row) for row in frame[KPI_COLUMNS].to_dict("records")])
        return
    out = console()
    units, periods = frame.unit.unique(), frame.period.unique()
    across = "unit" if len(periods) == 1 else "period" if len(units) == 1 else ""
    if len(units) == len(periods) == 1:
        rows = [[kpis[r.kpi].name, *_value_and_target(r), r.reason] for r in frame.itertuples()]
        out.print(Text(f"{books.name}, {units[0]}, {periods[0]}", style="bold"))
        out.print(grid({"KPI": "", "value": "right", "target": "right", "why there is none": ""}, rows))
        return
    if across and frame[across].nunique() <= _UNITS_ACROSS:
        fixed = f"{books.name}, {periods[0]}" if across == "unit" else f"{books.name}, {units[0]}, by period"
        out.print(Text(fixed, style="bold"))
        out.print(_across(frame, kpis, across))
    else:
        rows = [
            [kpis[r.kpi].name, r.unit, r.period, *_value_and_target(r), r.reason] for r in frame.itertuples()
        ]
        heads = {"KPI": "", "unit": "", "period": "", "value": "right", "target": "right", "why none": ""}
        out.print(grid(heads, rows))
        return
    without = frame[frame.reason != ""].drop_duplicates(["kpi", "reason"])
    if len(without):
        rows = [[kpis[r.kpi].name, r.reason] for r in without.itertuples()]
        _section(out, "Why there is none", grid({"KPI": "", "reason": ""}, rows))


def _across(frame: pd.DataFrame, kpis: Mapping[str, Any], across: str) -> Table:
    heads = list(dict.fromkeys(frame[across]))
    rows = []
    for kpi, lines in frame.groupby("kpi", sort=False):
        cells = {getattr(r, across): _value_and_target(r)[0] for r in lines.itertuples()}
        rows.append([kpis[kpi].name, *(cells.get(head, "") for head in heads)])
    return grid({"KPI": "", **dict.fromkeys(heads, "right")}, rows)


def _value_and_target(row: Any) -> list[str]:
    texts = [measure_text(value, row.measure, None) for value in (row.value, row.target)]
    return [texts[0], "" if row.target != row.target else texts[1]]


def show_trace(trace: Any, form: str) -> None:
    """How one value was made: a sentence and a table of its inputs."""
    if form == "csv":
        trace.table.to_csv(sys.stdout, index=False, lineterminator="\n")
    elif form == "json":
        _print_json(
            {"text": trace.text, "rows": [_without_nan(row) for row in trace.table.to_dict("records")]}
        )
    else:
        console().print(Text(trace.text))


# --- finops diff -------------------------------------------------------------------------------------


def show_diff(found: Differences, as_json: bool) -> None:
    """What changed between two folders of reports: the largest figures of each unit, and how much else."""
    from .reports.diff import counts

    if as_json:
        _print_json(found.to_json())
        return
    out = console()
    out.print(Text(found.summary(), style="bold"))
    rows = [[one.report.name, one.before, one.after, one.cause] for one in found.outcomes]
    if rows:
        heads = {"report": "", "before": "", "after": "", "cause": ""}
        _section(out, "Outcomes that differ", grid(heads, rows))
    for title, reports in (("New reports", found.new), ("Missing reports", found.missing)):
        if reports:
            names = [one.name for one in reports[:_REPORTS_SHOWN]]
            names += [f"and {len(reports) - len(names)} more"] if len(reports) > len(names) else []
            _section(out, title, *map(Text, names))
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
        _section(out, "Figures that changed, the largest of each report", grid(heads, cells))
    rows = [[found.label(report), report.unknown or counts(report.changes)] for report in shown]
    _section(out, "All that changed", grid({"report": "", "what": ""}, rows))
    if len(found.changed) > len(shown):
        out.print(f"… and {len(found.changed) - len(shown)} more reports; --html FILE shows them all.")


def _without_nan(row: Mapping[Any, Any]) -> dict[Any, Any]:
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}


def _print_json(content: Any) -> None:
    print(json.dumps(content, indent=1, ensure_ascii=False, default=str))
