"""From a KPI's value back to its formula, inputs, rows and reconciliation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import UsageError
from ..periods import Period, month_text
from ..wording import SCALE, counted, measure_text
from .agreement import pairs_of, reconciliation_table
from .entries import Catalogue, Kpi, catalogue_of, close_to, known_measures
from .evaluation import Cells, plain
from .formulas import Call, Name, Node, Number, Product, Sum, text_of
from .scope import Scope, scope_of

# A balance out of these tables is a snapshot of its month; out of any other it is the sum of all rows so far.
SNAPSHOTS = ("stock", "capacity", "balances", "budget")
COLUMNS = ["level", "input", "part", "value", "unit", "text", "source", "tables", "rows", "covers", "reason"]


@dataclass(frozen=True)
class Trace:
    """Where one value comes from.

    table: a row for each input, in the order of the formula: level (0 in the formula itself, 1 in a KPI it
    is made of …), input, part (flow, ending, opening …), value (Decimal, or None), unit, text, source,
    tables, rows counted, covers, reason. `exact` is the value as a Decimal where no division made it
    inexact. reconciliation: [pair, text, ledger, subledger, difference, reason].
    """

    kpi: Kpi
    unit: str
    period: Period
    value: float | None
    exact: Decimal | None
    reason: str
    worked: str
    table: pd.DataFrame
    reconciliation: pd.DataFrame
    text: str


def trace(
    books: Any,
    kpi: str,
    unit: str | None = None,
    period: str | Period | None = None,
    *,
    days: float | None = None,
    extra: str | Path | None = None,
) -> Trace:
    """Formula, inputs, rows counted and ledger difference of one value; None: the whole, the latest month.

    Raises UsageError for an unknown KPI, unit or period.
    """
    everything = catalogue_of(books, extra)
    found = everything.find(kpi)
    top = books.panel().units[0] if unit is None else unit
    scope, (name,), (span,) = scope_of(books, everything, [top], None if period is None else [period], days)
    cells = scope.spread_out(scope.kpi(found))
    reason = scope.reasons[int(cells.why[0, 0])]
    exact = None if reason or not np.issubdtype(cells.data.dtype, np.integer) else _decimal(cells)
    value = None if reason else float(plain(cells.data)[0, 0])
    table = _input_table(scope, found)
    pairs = reconciliation_table(scope, pairs_of(found, everything, scope.panel.measures))
    worked = _worked(found.tree, scope)
    note = scope.reasons[int(np.broadcast_to(scope.rule_codes(found.warn), scope.shape)[0, 0])]
    shown = f"none, because {reason}" if value is None else measure_text(value, found.measure, books.currency)
    text = _text(found, name, span, shown, exact, worked, note, table, pairs, books.currency)
    return Trace(found, name, span, value, exact, reason, worked, table, pairs, text)


def inputs_of(books: Any, kpis: Sequence[str], unit: str, period: str | Period) -> dict[str, list[Row]]:
    """By KPI the rows of its trace's table, by column: for who needs no more of the traces.

    Raises as `trace` does.
    """
    everything = catalogue_of(books)
    scope, _, _ = scope_of(books, everything, [unit], [period], None)
    return {kpi: _input_rows(scope, everything.find(kpi)) for kpi in kpis}


def _decimal(cells: Cells) -> Decimal:
    return Decimal(int(cells.data[0, 0])) / SCALE


# --- inputs ----------------------------------------------------------------------------------------


Asked = tuple[str, str, int]
Row = dict[str, Any]


def _inputs(tree: Node, scope: Scope, when: str, back: int, level: int = 0) -> Iterator[tuple[Asked, int]]:
    """Every name a tree reads, the balance it stands for and how many months earlier; and its level."""
    if isinstance(tree, Name):
        yield (tree.name, when, back), level
        if not _is_measure(scope, tree.name) and tree.name in scope.kpis:
            yield from _inputs(scope.kpis[tree.name].tree, scope, when, back, level + 1)
    elif isinstance(tree, Call):
        moments = {
            "average": ("opening", "ending"),
            "change": ("opening", "ending"),
            "opening": ("opening",),
            "ending": ("ending",),
        }.get(tree.function, (when,))
        for moment in moments:
            for one in tree.arguments:
                earlier = back + (12 if tree.function == "prior_year" else 0)
                yield from _inputs(one, scope, moment, earlier, level)
    elif isinstance(tree, Sum):
        for _, node in tree.terms:
            yield from _inputs(node, scope, when, back, level)
    elif isinstance(tree, Product):
        for _, node in tree.factors:
            yield from _inputs(node, scope, when, back, level)


def _is_measure(scope: Scope, name: str) -> bool:
    return name in scope.panel.measures or name in scope.panel.missing


def _input_table(scope: Scope, kpi: Kpi) -> pd.DataFrame:
    rows = [tuple(row.values()) for row in _input_rows(scope, kpi)]
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)


def _input_rows(scope: Scope, kpi: Kpi) -> list[Row]:
    conditions = [side for rule in kpi.refuse for side in (rule.condition.left, rule.condition.right)]
    asked: dict[Asked, int] = {}
    for tree in (kpi.tree, *conditions):
        for one, level in _inputs(tree, scope, "ending", 0):
            asked.setdefault(one, level)
    rows: dict[tuple[str, str], Row] = {}
    for one, level in asked.items():
        row = dict(zip(COLUMNS, (level, *_input_row(scope, *one)), strict=True))
        rows.setdefault((row["input"], row["part"]), row)
    return list(rows.values())


def _input_row(scope: Scope, name: str, when: str, back: int) -> tuple:
    if not _is_measure(scope, name):
        return _named_row(scope, name, when, back)
    if name in scope.panel.missing:
        return name, "", None, "", "", "", "", None, "", scope.panel.missing[name]
    measure, part = scope.panel.measures[name], part_of(scope.panel, scope.kpis, name, when, back)
    covers = " to ".join(month_text(month) for month in scope.covered(name) or ())
    common = measure.unit, measure.text, measure.source, ", ".join(measure.needs)
    if measure.nature == "histogram":
        return name, part, None, *common, scope.spread_count(name, back), covers, ""
    cells = scope.spread_out(scope.look_up(name, when, back))
    reason = scope.reasons[int(cells.why[0, 0])]
    value = None if reason else _decimal(cells)
    return name, part, value, *common, None if reason else _rows(scope, name, when, back), covers, reason


def part_of(panel: Any, kpis: Catalogue, name: str, when: str, back: int) -> str:
    """Which figure of a name a formula reads, as a trace's table calls it: flow, opening, ending …"""
    earlier = ", a year earlier" if back else ""
    if name in panel.measures:
        nature = panel.measures[name].nature
        return (
            "each counted" if nature == "histogram" else (when if nature == "closing" else nature) + earlier
        )
    if name in kpis:
        return f"KPI {when}{earlier}" if when == "opening" else f"KPI{earlier}"
    return "assumption" if name in kpis.assumptions else f"calendar{earlier}"


def _named_row(scope: Scope, name: str, when: str, back: int) -> tuple:
    """A row for what is no measure: the period's length, an assumption, another KPI."""
    cells = scope.spread_out(scope.look_up(name, when, back))
    reason = scope.reasons[int(cells.why[0, 0])]
    exact = np.issubdtype(cells.data.dtype, np.integer)
    value = None if reason else _decimal(cells) if exact else Decimal(f"{float(cells.data[0, 0]):.12g}")
    part = part_of(scope.panel, scope.kpis, name, when, back)
    if name in scope.kpis:
        kpi = scope.kpis[name]
        return name, part, value, kpi.measure, f"{kpi.name}: {kpi.formula}", kpi.source, "", None, "", reason
    text = scope.kpis.assumptions[name].text if name in scope.kpis.assumptions else f"{name} of the period"
    return name, part, value, "", text, "", "", None, "", reason


def _rows(scope: Scope, name: str, when: str, back: int) -> int:
    """Rows of the source that were counted for a unit and period."""
    counts = scope.panel.rows(name, scope.units)[0]
    measure = scope.panel.measures[name]
    first, last = (int(month[0]) - back - scope.begin for month in (scope.first, scope.last))
    if measure.nature == "closing":
        last = first - 1 if when == "opening" else last
        first = last if measure.needs[0] in SNAPSHOTS else 0
    return int(counts[first : last + 1].sum())


# --- in words --------------------------------------------------------------------------------------


def _worked(tree: Node, scope: Scope, when: str = "ending", back: int = 0) -> str:
    """The formula with figures in the names' places."""

    def figure(name: str, moment: str, months: int) -> Node:
        cells = scope.spread_out(scope.look_up(name, moment, months))
        if int(cells.why[0, 0]):
            return Name("none")
        if np.issubdtype(cells.data.dtype, np.integer):
            amount = _decimal(cells)
            return Number(
                f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.4f}".rstrip("0")
            )
        return Number(f"{float(cells.data[0, 0]):,.6g}")

    def filled(node: Node, moment: str, months: int) -> Node:
        if isinstance(node, Name):
            return figure(node.name, moment, months)
        if isinstance(node, Sum):
            return Sum(tuple((sign, filled(term, moment, months)) for sign, term in node.terms))
        if isinstance(node, Product):
            return Product(tuple((sign, filled(factor, moment, months)) for sign, factor in node.factors))
        if isinstance(node, Call) and node.function in ("ending", "opening"):
            return filled(node.arguments[0], node.function, months)
        if isinstance(node, Call) and node.function == "prior_year":
            return filled(node.arguments[0], moment, months + 12)
        if isinstance(node, Call) and node.function in ("average", "change"):
            opening, ending = (filled(node.arguments[0], part, months) for part in ("opening", "ending"))
            if node.function == "change":
                return Sum(((1, ending), (-1, opening)))
            return Product((("*", Sum(((1, opening), (1, ending)))), ("/", Number("2"))))
        return node

    return text_of(filled(tree, when, back))


def _text(
    kpi: Kpi,
    unit: str,
    span: Period,
    shown: str,
    exact: Decimal | None,
    worked: str,
    note: str,
    table: pd.DataFrame,
    pairs: pd.DataFrame,
    currency: str,
) -> str:
    lines = [
        f"{kpi.name} ({kpi.id}) of {unit}, {span.label}: {shown}",
        *([f"  exactly     {exact:,.4f}"] if exact is not None else []),
        f"  formula     {kpi.formula}",
        f"  in figures  {worked}",
        f"  basis       {kpi.basis}",
        f"  source      {kpi.source}",
        *([f"  note        {note}"] if note else []),
        "Inputs",
    ]
    lines += [_input_line(row, currency) for row in table.itertuples(index=False)]
    lines.append("Reconciliation")
    if pairs.empty:
        lines.append("  nothing in this formula has a second book to agree with")
    lines += [f"  {row.text}: {_pair_outcome(row)}" for row in pairs.itertuples(index=False)]
    return "\n".join(lines)


def _pair_outcome(row: Any) -> str:
    if row.reason:
        return f"not compared, because {row.reason}"
    agree = "they agree" if row.difference == 0 else f"ledger − subledger = {row.difference:,.2f}"
    return f"{row.ledger:,.2f} and {row.subledger:,.2f}, {agree}"


def _input_line(row: Any, currency: str) -> str:
    name = "  " * (row.level + 1) + row.input + (f" ({row.part})" if row.part else "")
    if row.reason:
        return f"{name}: none, because {row.reason}"
    line = f"{name}: {_amount(row.value, row.unit, currency)}{row.text}"
    if row.rows is None:
        return line
    # What is open is the sum of what opened and closed it: an invoice counts more than once.
    moved = row.part in ("opening", "ending") and row.tables.split(", ")[0] not in (*SNAPSHOTS, "journal")
    return f"{line}; {row.tables}, {counted(row.rows, 'movement' if moved else 'row')}, covers {row.covers}"


def _amount(value: Decimal | None, unit: str, currency: str) -> str:
    """A value with its unit, exact but without needless zeros; nothing for what is counted one by one."""
    if value is None:
        return ""
    if unit == "%":
        return f"{value * 100:,.4g} % · "
    places = max(2 if unit == "money" else 0, -int(value.normalize().as_tuple().exponent))
    word = currency if unit == "money" else "" if unit in ("count", "x") else unit
    return f"{value:,.{min(places, 4)}f} {word}".rstrip() + " · "


# --- rows ------------------------------------------------------------------------------------------


def source_rows(
    books: Any,
    measure: str,
    unit: str | None = None,
    period: str | Period | None = None,
    limit: int = 20,
) -> pd.DataFrame:
    """The first rows behind an input of a trace, as booked: of its accounts in the journal, or of its table.

    None: the whole, the latest closed month. Of a balance these are the movements of the period. Raises
    UsageError for a measure, unit or period there is not, and for a table the data does not have.
    """
    known = known_measures()
    if measure not in known:
        raise UsageError(f"There is no measure {measure!r}.", close_to(measure, known))
    span = books.period("latest-closed" if period is None else period)
    table, chosen = known[measure].needs[0], None
    if known[measure].source in ("ledger", "budget"):
        table = "budget" if measure.startswith("budget_") else "journal"
        table = "balances" if table == "journal" and table not in books.tables else table
        chosen = {"account": _accounts(books, measure.removeprefix("budget_"))}
    return books.rows(table, unit, span, where=chosen, limit=limit)


def _accounts(books: Any, measure: str) -> list[str]:
    """The accounts a ledger measure adds up."""
    from ..books.ledger import ledger_sums

    accounts = books.rows("accounts", limit=1_000_000)
    measure = "revenue" if measure == "sales_quantity" else measure
    sums = {one.measure.name: one.accounts for one in ledger_sums(accounts, (), False)}
    return sorted(sums[measure])
