"""What `finops check` shows: what there is, what became of the source's rows, what is wrong or missing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .periods import month_label, month_text
from .terminal import SCALE, console, grid, print_json, section
from .wording import counted, joined

if TYPE_CHECKING:
    import pandas as pd

    from .books import Books, Finding
    from .books.tying import Tie

_MONTHS_SHOWN = 60
_LEDGERS = ("journal", "balances")


def show_check(books: Books, findings: Sequence[Finding], as_json: bool) -> None:
    """All that is known about a company's data."""
    usable = not any(finding.level == "error" for finding in findings)
    tables = _tables(books)
    costs = _costs(books) if usable else {}
    pairs = books.reconciliation() if usable else None
    if as_json:
        print_json(
            {
                "books": books.name,
                "currency": books.currency,
                "usable": usable,
                "first": month_text(books.first) if usable else None,
                "closed": month_text(books.closed) if usable else None,
                "tables": tables,
                "sources": [_plain_tie(tie) for tie in books.opened.ties],
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
    section(out, "Tables", grid({"table": "", "rows": "right", "from": "", "to": ""}, shown))
    _show_ties(out, books.opened.ties)
    if books.missing and usable:
        _show_costs(out, books.missing, costs)
    _show_findings(out, findings)
    if pairs is not None:
        _show_pairs(out, pairs)
    bad, apart = (sum(finding.level == level for finding in findings) for level in ("error", "difference"))
    verdict = f"Usable, with {counted(apart, 'difference')}." if apart else "Usable, without differences."
    out.print()
    out.print(verdict if usable else f"Not usable: {counted(bad, 'error')} above.", style="bold")


def _plain_tie(tie: Tie) -> dict[str, Any]:
    """How a table ties to its source: rows, and money in plain units."""

    def plain(amount: int | None) -> float | None:
        return None if amount is None else amount / SCALE

    return {
        "table": tie.table,
        "sources": list(tie.sources),
        "rows": {"read": tie.read, "used": tie.used, "missing": tie.rows_missing},
        "rejected": [
            {"reason": part.reason, "rows": part.rows, "amount": plain(part.amount)} for part in tie.rejected
        ],
        "column": tie.column,
        "amount": {
            "read": plain(tie.amount_read),
            "used": plain(tie.amount_used),
            "missing": plain(tie.amount_missing),
        },
    }


def _show_ties(out: Console, ties: Sequence[Tie]) -> None:
    """What became of each row of the source, and of its money."""
    if not ties:
        return

    def money(amount: int | None) -> str:
        return "" if amount is None else f"{amount / SCALE:,.2f}"

    rows = []
    for tie in ties:
        read = f"read from {', '.join(tie.sources)}"
        rows.append([tie.table, read, f"{tie.read:,}", money(tie.amount_read)])
        rows.append(["", "used", f"{tie.used:,}", money(tie.amount_used)])
        rows += [
            ["", f"left out: {part.reason}", f"{part.rows:,}", money(part.amount)] for part in tie.rejected
        ]
        if tie.rows_missing or tie.amount_missing:
            rows.append(["", "NOT ACCOUNTED FOR", f"{tie.rows_missing:,}", money(tie.amount_missing)])
    heads = {"table": "", "rows of the source": "", "rows": "right", "amount": "right"}
    section(out, "From the source", grid(heads, rows))


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

    kpis, panel = catalogue_of(books), books.panel()

    def reasons(kpi: str) -> set[str]:
        found: set[str] = set()
        for name in kpis[kpi].names:
            if name in panel.missing:
                found.add(panel.missing[name])
            elif name in kpis and name not in panel.measures:
                found |= reasons(name)
        return found

    told = {kpi: " ".join(reasons(kpi)) for kpi in kpis}
    return {
        table: [kpi for kpi, text in told.items() if re.search(rf"\b{re.escape(table)}\b", text)]
        for table in books.missing
    }


def _show_costs(out: Console, missing: Sequence[str], costs: Mapping[str, list[str]]) -> None:
    """The KPIs without a value, each once, under the tables it lacks; those that cost most first."""
    lacking: dict[str, list[str]] = {}
    for table in missing:
        for kpi in costs[table]:
            lacking.setdefault(kpi, []).append(table)
    groups: dict[str, list[str]] = {}
    for kpi, tables in lacking.items():
        groups.setdefault(_in_words(tables), []).append(kpi)
    rows = [
        [words, len(kpis), ", ".join(kpis)]
        for words, kpis in sorted(groups.items(), key=lambda group: -len(group[1]))
    ]
    free = [name for name in missing if not costs[name]]
    parts: list[Any] = [grid({"tables": "", "KPIs": "right", "": ""}, rows)] if rows else []
    parts += [f"No KPI needs {joined(free, 'or')}."] if free else []
    section(out, "Missing tables, and the KPIs they cost", *parts)


def _in_words(tables: Sequence[str]) -> str:
    """The tables that are missing: either of two books holds the ledger's movements."""
    ledgers = [name for name in _LEDGERS if name in tables]
    others = [name for name in tables if name not in ledgers]
    either = joined(ledgers, "or") if ledgers else ""
    return f"{joined(others)}, with {either}" if others and either else either or joined(others)


def _show_findings(out: Console, findings: Sequence[Finding]) -> None:
    if not findings:
        section(out, "Findings", "Nothing: every rule of the contract holds.")
        return
    section(out, "Findings")
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
        # Values that cannot be read stand in the sentence, each with its place.
        if len(finding.rows) and finding.rule != "unreadable_value":
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
        section(out, "Ledger against subledgers", "Nothing to compare: no subledger is in the data.")
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
    section(out, "Ledger against subledgers", grid(heads, rows))
    if apart.empty:
        return
    wide = apart.groupby(["month", "pair"]).difference.sum().unstack("pair").sort_index()
    shown = wide.tail(_MONTHS_SHOWN)
    cells = [
        [month_text(month), *("" if value != value else f"{value / SCALE:,.2f}" for value in row)]
        for month, row in zip(shown.index, shown.to_numpy(), strict=True)
    ]
    table = grid({"month": "", **dict.fromkeys(map(str, shown.columns), "right")}, cells)
    section(out, "Ledger minus subledger by month, where they differ", table)
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
