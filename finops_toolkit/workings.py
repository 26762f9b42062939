"""What a report's figures were made from, as tables a workbook computes with: ledger rows and KPI inputs.

The tables are hidden: a page does not show them. Amounts are in plain units of the currency.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from itertools import accumulate
from typing import Any

import pandas as pd

from .books import Books
from .books.ledger import ledger_sums
from .kpis import Catalogue, Kpi, catalogue_of
from .kpis.formulas import Call, Name, Node, Number, Product, Sum
from .kpis.tracing import inputs_of, part_of
from .records import records_of
from .scorecard.figures import LINES
from .sheets import kpi_table
from .tables.model import MIME, Column, Table
from .wording import SCALE, missing

_SIMPLE = {line.id: line for line in LINES if not line.total}
_MOST_ACCOUNTS = 1_000_000
_COUNTED = "it counts case by case, which no cell can do"


def hand_up(*tables: Table) -> None:
    """Give tables to the workbook of this notebook; nothing is shown for them here."""
    from IPython.display import display

    for table in tables:
        display({MIME: replace(table, hidden=True).to_json()}, raw=True)


def workings(books: Books, statement: Any, figures: Any) -> list[Table]:
    """All tables behind a scorecard: the KPIs, their inputs and records, the ledger's rows, the spans of
    months.

    `statement` and `figures` are the scorecard's results for one unit and period.
    """
    kpis, records = [], []
    if len(figures.table):
        made = kpi_workings(books, statement, figures)
        kpis, records = made[:2], made[2:]
    rows = []
    # Where money was translated or taken out between sisters, rows as booked do not add up to the statement.
    if len(statement.table) and books.plain(statement.unit):
        rows = [ledger_rows(books, statement), spans(books, statement)]
    return [*kpis, *rows, *records]


# --- the statement's rows ----------------------------------------------------------------------------


def spans(books: Books, statement: Any) -> Table:
    """The months each part of the statement covers: a row for period, year to date and outlook."""
    when = statement.period
    whole = {"period": when, "ytd": when.ytd(books.fiscal_start), "outlook": when.year(books.fiscal_start)}
    columns = (
        Column("scope", "Part of the statement"),
        Column("first", "From", "date"),
        Column("last", "To", "date"),
        Column("months", "Months", "number"),
        Column("first_before", "Last year from", "date"),
        Column("last_before", "Last year to", "date"),
    )
    rows = []
    for scope, label in statement.scopes.items():
        span = whole[scope]
        days = (when.calendar.start(span.first - 12), when.calendar.end(span.last - 12))
        rows.append((label, span.start, span.end, len(span.months), *days))
    return Table("spans", columns, tuple(rows), tuple(statement.scopes), "Months of the statement",
                 hidden=True)  # fmt: skip


def ledger_rows(books: Books, statement: Any) -> Table:
    """What the ledger holds for each account of the statement and month, as the statement's lines count it.

    A unit's rows hold those of the units below it. A flow is the month's movement, a balance that at the
    month's end; costs are positive, as in the statement. From the fiscal year before the period's to its
    end; nothing booked after the period. The first row of each line has the line's id as its key.
    """
    when, year = statement.period, statement.period.year(books.fiscal_start)
    months = (min(when.first, year.first) - 12, year.last)
    accounts = books.rows("accounts", limit=_MOST_ACCOUNTS)
    names = dict(zip(accounts["account"], accounts["name"], strict=True))
    actual = {
        place: amount
        for place, amount in _booked(books, statement.unit, accounts).items()
        if place[2] <= when.last
    }
    budget = _budgeted(books, statement.unit, accounts)
    known = list(dict.fromkeys(statement.table["line"]))
    order = {line: number for number, line in enumerate(line for line in _SIMPLE if line in known)}
    places = [
        place
        for place in actual.keys() | budget.keys()
        if place[0] in order and months[0] <= place[2] <= months[1]
        and (actual.get(place) or budget.get(place))
    ]  # fmt: skip
    rows, keys, seen = [], [], dict[str, int]()
    for place in sorted(places, key=lambda place: (order[place[0]], *place[1:])):
        line, account, month = place
        name = names.get(account)
        amounts = [amount / SCALE if (amount := side.get(place)) else None for side in (actual, budget)]
        called = "" if missing(name) else str(name)
        rows.append((_SIMPLE[line].name, account, called, when.calendar.end(month),
                     *amounts))  # fmt: skip
        number = seen[line] = seen.get(line, -1) + 1
        keys.append(line if number == 0 else f"{line}-{number}")
    columns = (
        Column("line", "Line of the statement"),
        Column("account", "Account"),
        Column("name", "Name"),
        Column("month", "Month to", "date"),
        Column("actual", "AC", "number", books.currency, 2),
        Column("budget", "BU", "number", books.currency, 2),
    )
    note = (
        "The statement sums these rows: flows over its months, balances at the end of the last one. Costs "
        "are positive. A row that is not here is zero."
    )
    return Table("ledger_rows", columns, tuple(rows), tuple(keys), "Ledger by account and month", note,
                 hidden=True)  # fmt: skip


_Amounts = dict[tuple[str, str, int], int]  # of a line, an account and a month, in ten-thousandths


def _booked(books: Books, unit: str, accounts: pd.DataFrame) -> _Amounts:
    """What was booked."""
    panel, by = books.panel(), ["account", "unit", "month"]
    if "journal" in books.tables:
        frame, given = books.sums("journal", by, ["amount"], unit).rename(columns={"amount": "flow"}), False
    elif "balances" in books.tables:
        frame, given = books.sums("balances", by, ["flow", "closing"], unit), panel.closings
    else:
        return {}
    frame = frame[frame["unit"].isin(books.below(unit)) & (frame["month"] <= panel.months[-1])]
    flows = _by_account(frame, "flow")
    closings = _by_account(frame, "closing") if given else {}
    found: _Amounts = {}
    for item in ledger_sums(accounts, (), given):
        line = item.measure.name
        if line not in _SIMPLE:
            continue
        for account in item.accounts & flows.keys():
            amounts = closings[account] if item.column == "closing" else flows[account]
            if item.accumulate:
                # What was never moved again still stands: a balance runs on through every month.
                months = range(min(amounts), panel.months[-1] + 1)
                amounts = dict(
                    zip(months, accumulate(amounts.get(month, 0) for month in months), strict=True)
                )
            found |= {(line, account, month): item.sign * amount for month, amount in amounts.items()}
    return found


def _budgeted(books: Books, unit: str, accounts: pd.DataFrame) -> _Amounts:
    """The budget's latest version."""
    if "budget" not in books.tables:
        return {}
    frame = books.sums("budget", ["account", "unit", "month", "version"], ["amount"], unit)
    newest = frame.groupby(["unit", "month"])["version"].transform("max")
    frame = frame[(frame["version"] == newest) & frame["unit"].isin(books.below(unit))]
    amounts = _by_account(frame, "amount")
    return {
        (line, account, month): item.sign * amount
        for item in ledger_sums(accounts, (), True, "budget_")
        if (line := item.measure.name.removeprefix("budget_")) in _SIMPLE
        for account in item.accounts & amounts.keys()
        for month, amount in amounts[account].items()
    }


def _by_account(frame: pd.DataFrame, column: str) -> dict[str, dict[int, int]]:
    """Account → month → the sum of a column over units."""
    found: dict[str, dict[int, int]] = {}
    for account, month, amount in zip(
        *(frame[name].tolist() for name in ("account", "month", column)), strict=True
    ):
        if not missing(account) and not missing(month):
            months = found.setdefault(account, {})
            months[int(month)] = months.get(int(month), 0) + amount
    return found


# --- the KPIs' inputs --------------------------------------------------------------------------------


def kpi_workings(books: Books, statement: Any, figures: Any) -> list[Table]:
    """The KPIs with their values as formulas, the inputs these read (a row for each input and part), and the
    records of operations that inputs count.

    A KPI that counts case by case (a median, days counted back) keeps its value, with a note that says so.
    """
    known = catalogue_of(books)
    inputs = _Inputs(books, known, statement)
    table = kpi_table(figures)
    traced = inputs_of(books, table.keys, statement.unit, statement.period)
    notes, formulas, links = dict(table.notes), {}, {}
    for number, key in enumerate(table.keys):
        kpi = known[key]
        inputs.add(kpi, traced[key])
        formula = inputs.formula(kpi.tree)
        reading = f"{kpi.text}\nFormula: {kpi.formula}\nBasis: {kpi.basis}\nSource: {kpi.source}"
        notes[number, "kpi"] = reading
        if formula:
            formulas[number, "value"] = formula.replace("{", "{kpi_inputs:")
        else:
            notes[number, "value"] = f"The value as the books compute it, without a formula: {_COUNTED}"
        links[number, "kpi"] = f"kpi_inputs:{inputs.first_of(kpi)}"
    said = dict.fromkeys((table.note, _without_formula(len(table.rows) - len(formulas))))
    note = " ".join(text for text in said if text)
    table = replace(table, notes=notes, formulas=formulas, links=links, note=note, hidden=True)
    used = [name for row in inputs.rows.values() for name in str(row["tables"]).split(", ")]
    records = records_of(books, statement.unit, statement.period, used)
    return [table, inputs.table({record.name for record in records}), *records]


def _without_formula(count: int) -> str:
    return (
        f"{count} of these values {'has' if count == 1 else 'have'} no formula: {_COUNTED}." if count else ""
    )


class _Inputs:
    """The inputs of some KPIs for a unit and period, each once, and KPIs as formulas over them."""

    def __init__(self, books: Books, known: Catalogue, statement: Any):
        self.books, self.known, self.statement = books, known, statement
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}
        self.users: dict[tuple[str, str], list[str]] = {}
        self.made: dict[tuple[str, str], str] = {}

    def add(self, kpi: Kpi, rows: list[dict[str, Any]]) -> None:
        """The inputs of a KPI: the rows of its trace."""
        for row in rows:
            place = (row["input"], row["part"])
            self.rows.setdefault(place, row)
            self.users.setdefault(place, []).append(kpi.name)

    def first_of(self, kpi: Kpi) -> str:
        """The key of a KPI's first input."""
        return next(_slug(place) for place, users in self.users.items() if kpi.name in users)

    def formula(self, tree: Node, when: str = "ending", back: int = 0) -> str:
        """A formula over the inputs' rows; "" where it has a function that no cell can compute."""
        if isinstance(tree, Number):
            return tree.text
        if isinstance(tree, Name):
            return self._named(tree.name, when, back)
        if isinstance(tree, Call):
            return self._called(tree, when, back)
        if isinstance(tree, Sum):
            terms = [("+" if sign > 0 else "-", self.formula(node, when, back)) for sign, node in tree.terms]
            said = "".join(f"{sign}{term}" for sign, term in terms)
        else:
            assert isinstance(tree, Product)
            terms = [(sign, self.formula(node, when, back)) for sign, node in tree.factors]
            said = "".join(f"{sign}{term}" for sign, term in terms)
        return f"({said.lstrip('+*')})" if all(term for _, term in terms) else ""

    def _named(self, name: str, when: str, back: int) -> str:
        place = (name, part_of(self.books.panel(), self.known, name, when, back))
        row = self.rows.get(place)
        if row is None or row["value"] is None or back > 12:
            return ""
        if name in self.known and name not in self.books.panel().measures:
            made = self.formula(self.known[name].tree, when, back)
            if not made:
                return ""
            self.made[place] = made
        return f"{{{_slug(place)}.value}}"

    def _called(self, tree: Call, when: str, back: int) -> str:
        inner = tree.arguments[0]
        if tree.function in ("ending", "opening"):
            return self.formula(inner, tree.function, back)
        if tree.function == "prior_year":
            return self.formula(inner, when, back + 12)
        if tree.function not in ("average", "change"):
            return ""
        opening, ending = (self.formula(inner, one, back) for one in ("opening", "ending"))
        if not opening or not ending:
            return ""
        return f"(({opening}+{ending})/2)" if tree.function == "average" else f"({ending}-{opening})"

    def _from_statement(self, place: tuple[str, str]) -> str:
        """The cell of the statement that holds an input; "" where none does."""
        name, part = place
        line, column = name.removeprefix("budget_"), "budget" if name.startswith("budget_") else "actual"
        if line not in _SIMPLE or part not in ("flow", "ending"):
            return ""
        held = self.statement.value(line, "period", column)
        return "" if held is None else f"{{statement:{line}.period_{column}}}"

    def table(self, records: Collection[str] = ()) -> Table:
        """A row for each input and part: its value, what it is, and the rows of the books it was made of."""
        columns = (
            Column("input", "Input"),
            Column("part", "Which"),
            Column("value", "Value", "number", "", 2),
            Column("unit", "Unit"),
            Column("text", "What it is", wide=True),
            Column("tables", "Tables"),
            Column("rows", "Rows counted", "number"),
            Column("covers", "Records cover"),
            Column("users", "Used by", wide=True),
        )
        rows: list[tuple[Any, ...]] = []
        at: dict[str, Any] = {"formats": {}, "notes": {}, "formulas": {}, "links": {}}
        for number, (place, row) in enumerate(self.rows.items()):
            value = None if row["value"] is None else float(row["value"])
            unit = self.books.currency if row["unit"] == "money" else row["unit"]
            count = None if row["rows"] is None else int(row["rows"])
            rows.append((place[0], place[1], value, unit, row["text"], row["tables"], count, row["covers"],
                         ", ".join(dict.fromkeys(self.users[place]))))  # fmt: skip
            where = (number, "value")
            at["formats"][where] = _input_format(row["unit"], value)
            if value is None:
                why = _COUNTED if place[1] == "each counted" else row["reason"]
                at["notes"][where] = f"none, because {why}"
                continue
            formula = self.made.get(place) or self._from_statement(place)
            at["formulas"] |= {where: formula} if formula else {}
            if formula.startswith("{statement:"):
                at["links"][number, "input"] = f"ledger_rows:{place[0].removeprefix('budget_')}"
            elif (held := f"rows_{str(row['tables']).split(', ')[0]}") in records:
                at["links"][number, "input"] = f"{held}:r0"
        note = (
            "What the KPIs are computed from. A figure of the statement is read there; a KPI that "
            "others use is a formula."
        )
        keys = tuple(_slug(place) for place in self.rows)
        return Table("kpi_inputs", columns, tuple(rows), keys, "Inputs of the KPIs", note, **at, hidden=True)


def _slug(place: tuple[str, str]) -> str:
    """What a row of the inputs is called in formulas."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", "-".join(part for part in place if part))


def _input_format(unit: str, value: float | None) -> tuple[str, int]:
    if unit == "%":
        return "share", 1
    return "number", 0 if value is None or value == round(value) else 2
