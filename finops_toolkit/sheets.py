"""The scorecard's results as tables: what a page shows, and what a workbook computes again.

Amounts are in plain units of the currency (the int ten-thousandths of the results, divided). Formulas of the
statement read the tables `ledger_rows` and `spans` (see workings); where a workbook has none, values stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .books.ledger import GROUP
from .scorecard.figures import LINES, Line
from .tables.model import Column, Table
from .wording import SCALE, date_text, measure_text, missing

LARGE = 100_000  # from this amount on the statement is shown in thousands
_BY_ID = {line.id: line for line in LINES}
_SIMPLE = {part: line for line in LINES if not line.total for part in line.parts}
_REFERENCES = {"delta": "budget", "delta_last_year": "last_year"}
_WORDS = {"budget": "budget", "last_year": "amount of last year"}


# --- the statement -----------------------------------------------------------------------------------


def statement_table(result: Any, currency: str = "", threshold: int = 0) -> Table:
    """A scorecard.Statement as a table: a row for each line, for each scope a group of columns.

    Variances that reach `threshold` (ten-thousandths) are marked good or bad. Row keys are the ids of the
    lines, column keys "{scope}_{column of the statement}".
    """
    frame = result.table
    cells = {(row["line"], row["scope"]): row for row in frame.to_dict("records")}
    lines = list(dict.fromkeys(frame["line"]))
    columns = _statement_columns(result, currency)
    at: dict[str, Any] = {"marks": {}, "notes": {}, "formulas": {}, "links": {}}
    rows, totals = [], []
    for number, line in enumerate(lines):
        first = next(cells[line, scope] for scope in result.scopes if (line, scope) in cells)
        values: list[Any] = [first["name"]]
        for column in columns[1:]:
            scope, name = _place(column.key)
            row = cells.get((line, scope), {})
            value = row.get(name)
            values.append(None if missing(value) else _plain(value, name))
            where = (number, column.key)
            mark, note = _mark(value, name, threshold), _statement_note(row, name)
            at["marks"] |= {where: mark} if mark else {}
            at["notes"] |= {where: note} if note else {}
        if first["total"]:
            totals.append(number)
        elif line not in GROUP:
            at["links"][number, "line"] = f"ledger_rows:{line}"
        rows.append(tuple(values))
    table = Table("statement", tuple(columns), tuple(rows), tuple(lines), "Profit and cash",
                  totals=tuple(totals), **at)  # fmt: skip
    formulas = _Formulas(result, table).all()
    return Table("statement", tuple(columns), tuple(rows), tuple(lines), "Profit and cash",
                 " ".join(result.notes), tuple(totals), **{**at, "formulas": formulas})  # fmt: skip


def _place(key: str) -> tuple[str, str]:
    scope, name = key.split("_", 1)
    return scope, name


def _plain(value: Any, name: str) -> float:
    return float(value) if name.endswith("share") else int(value) / SCALE


def _statement_columns(result: Any, currency: str) -> list[Column]:
    frame = result.table
    sizes = frame[["actual", "budget"]].astype("Float64").abs().max().max()
    large = not missing(sizes) and sizes >= LARGE * SCALE
    unit = " ".join(part for part in (currency, "k" if large else "") if part)
    columns = [Column("line", "Line")]
    for scope, label in result.scopes.items():
        planned = frame.loc[frame["scope"] == scope, "budget"].notna().any()
        heads = {"actual": "AC"}
        booked = frame.loc[frame["scope"] == scope, "actual"].notna().any()
        if planned and not booked:
            heads = {"budget": "BU"}
        elif planned:
            heads |= {"budget": "BU", "delta": "ΔBU", "delta_share": "ΔBU", "delta_last_year": "ΔPY"}
        else:
            heads |= {"last_year": "PY", "delta_last_year": "ΔPY", "delta_last_year_share": "ΔPY"}
        for name, head in heads.items():
            signed = name.startswith("delta")
            if name.endswith("share"):
                columns.append(Column(f"{scope}_{name}", head, "share", "%", 1, signed=True, group=label))
            else:
                scale = 1000 if large else 1
                columns.append(
                    Column(f"{scope}_{name}", head, "number", unit, 0, scale, signed=signed, group=label)
                )
    return columns


def _mark(value: Any, name: str, threshold: int) -> str:
    if missing(value):
        return "quiet"
    if name in _REFERENCES and threshold and abs(int(value)) >= threshold:
        return "good" if value > 0 else "bad"
    return ""


def _statement_note(row: Mapping[str, Any], name: str) -> str:
    """Why there is none, or what a reader must know of an amount."""
    if not row:
        return "none, because there is no such figure in these months"
    if not missing(row[name]):
        return str(row["note"]) if name == "budget" and row["note"] else ""
    base = name.removesuffix("_share")
    against = _REFERENCES.get(base, base)
    reason = row["reason"] if against == "actual" or missing(row["actual"]) else row[f"reason_{against}"]
    if not reason and name.endswith("share"):
        reason = f"the {_WORDS[against]} is zero or less"
    return f"none, because {reason or 'the books hold none'}"


class _Formulas:
    """How each amount of the statement is made from the rows of the ledger and the other amounts."""

    def __init__(self, result: Any, table: Table):
        self.table, self.methods, self.scopes = table, result.methods, list(result.scopes)
        self.keys = [column.key for column in table.columns]
        self.so_far = "ytd" if "ytd" in self.scopes else "period"
        self.values = {
            (line, key): value
            for line, row in zip(table.keys, table.rows, strict=True)
            for key, value in zip(self.keys, row, strict=True)
        }

    def all(self) -> dict[tuple[int, str], str]:
        """(row, column key) → formula, for each amount there is."""
        made: dict[tuple[int, str], str] = {}
        for number, line in enumerate(self.table.keys):
            for key in self.keys[1:]:
                if self.values[line, key] is not None:
                    formula = self.one(_BY_ID[line], *_place(key))
                    made |= {(number, key): formula} if formula else {}
        return made

    def one(self, line: Line, scope: str, name: str) -> str:
        """The formula of an amount; "" where it has none: the ledger's rows hold no figure of a group's."""
        if line.id in GROUP:
            return ""
        if name.endswith("share"):
            delta = name.removesuffix("_share")
            below = self.amount(line, scope, _REFERENCES[delta])
            return f"IF({below}>0,{{{scope}_{delta}}}/{below},0)" if below else ""
        if line.total:
            # A variance is good when positive, whatever the line: those of the parts add up.
            signs = {part: 1 if name in _REFERENCES else sign for part, sign in line.parts.items()}
            words = [
                f"{'+' if sign > 0 else '-'}{{{_SIMPLE[part].id}.{scope}_{name}}}"
                for part, sign in signs.items()
                if _SIMPLE[part].id in self.table.keys
            ]
            return "".join(words).removeprefix("+")
        if name in _REFERENCES:
            below = self.amount(line, scope, _REFERENCES[name])
            return f"{'' if line.good > 0 else '-'}({{{scope}_actual}}-{below})" if below else ""
        if scope == "outlook" and name == "actual":
            return self.outlook(line)
        return self.booked(line, scope, name)

    def amount(self, line: Line, scope: str, name: str) -> str:
        """An amount in a formula: its cell where the table shows it, else the rows it is the sum of."""
        if f"{scope}_{name}" in self.keys:
            return f"{{{scope}_{name}}}"
        return "" if line.total else self.booked(line, scope, name)

    def booked(self, line: Line, scope: str, name: str) -> str:
        """The sum of the ledger's rows of a simple line; of a balance, those of the last month."""
        column = "budget" if name == "budget" else "actual"
        before = "_before" if name == "last_year" else ""
        words = f"SUMIFS({{ledger_rows:{column}}},{{ledger_rows:line}},{{line}},{{ledger_rows:month}},"
        last = f"{{spans:{scope}.last{before}}}"
        if line.nature == "closing":
            return f"{words}{last})"
        return f'{words}">="&{{spans:{scope}.first{before}}},{{ledger_rows:month}},"<="&{last})'

    def outlook(self, line: Line) -> str:
        """What is booked so far and what the rest of the year may bring: see scorecard.outlook.METHODS."""
        how, now = self.methods.get(line.id, ""), f"{{{self.so_far}_actual}}"
        if f"{self.so_far}_actual" not in self.keys or self.values[line.id, f"{self.so_far}_actual"] is None:
            return ""
        source = {"rate": "budget", "budget": "budget", "growth": "last_year", "last_year": "last_year"}
        if how in source:
            done, whole = (self.amount(line, scope, source[how]) for scope in (self.so_far, "outlook"))
            if how in ("rate", "growth"):
                return f"{now}+ROUND(({whole}-{done})*{now}/{done},4)"
            return f"{now}+({whole}-{done})"
        if how == "average":
            done, whole = f"{{spans:{self.so_far}.months}}", "{spans:outlook.months}"
            return f"{now}+ROUND({now}*({whole}-{done})/{done},4)"
        return now if how in ("stays", "done") else ""


# --- what matters, and what is done about it ----------------------------------------------------------


def items_table(attention: Any, currency: str = "") -> Table:
    """A scorecard.Attention as a table: a row for each item. The page shows a list in its place."""
    columns = (
        Column("rank", "Rank", "number"),
        Column("item", "Item", wide=True),
        Column("money", "Better (+) or worse (−)", "number", currency, signed=True),
        Column("to_date", "Year to date", "number", currency, signed=True),
        Column("cause", "Why", wide=True),
        Column("owner", "Owner"),
        Column("due", "Due", "date"),
        Column("action", "Action", wide=True),
        Column("status", "Status"),
        Column("comment", "Owner's comment", wide=True),
    )
    rows, marks, notes = [], {}, {}
    for number, row in enumerate(attention.table.to_dict("records")):
        amounts = [None if missing(row[key]) else int(row[key]) / SCALE for key in ("money", "to_date")]
        status = "" if row["status"] == "none" else row["status"]
        rows.append((int(row["rank"]), row["what"], *amounts, row["cause"], row["owner"],
                     None if missing(row["due"]) else row["due"], row["action"], status,
                     row["comment"]))  # fmt: skip
        marks[number, "money"] = "bad" if row["money"] < 0 else "good"
        if amounts[1] is None:
            marks[number, "to_date"] = "quiet"
            notes[number, "to_date"] = (
                "none, because the period is the year to date, or the item is a balance, which has no sum"
            )
    return Table("items", columns, tuple(rows), caption="Items that matter most", note=attention.note,
                 marks=marks, notes=notes, hidden=True)  # fmt: skip


def actions_table(result: Any, currency: str = "") -> Table:
    """A scorecard.FollowUp as a table; the unit is named where the actions are of several."""
    several = len(result.table) and result.table["unit"].nunique() > 1
    columns = [
        Column("action", "Action", wide=True),
        *([Column("unit", "Unit")] if several else []),
        Column("owner", "Owner"),
        Column("due", "Due", "date"),
        Column("status", "Status"),
        Column("value", "Value a year", "number", currency),
        Column("worked", "Did it work?", wide=True),
    ]
    rows, marks, notes = [], {}, {}
    for number, row in enumerate(result.table.to_dict("records")):
        done = "" if missing(row["closed"]) else f" {date_text(row['closed'])}"
        value = None if missing(row["value"]) else float(row["value"])
        due = None if missing(row["due"]) else row["due"]
        rows.append((row["text"], *([row["unit"]] if several else []), row["owner"], due,
                     f"{row['status']}{done}", value, row["worked"]))  # fmt: skip
        if row["status"].endswith("late"):
            marks[number, "status"] = "bad"
        if value is None:
            marks[number, "value"] = "quiet"
            notes[number, "value"] = "none, because nobody put a value on it"
    return Table("actions", tuple(columns), tuple(rows), caption="Actions", marks=marks, notes=notes)


# --- KPIs --------------------------------------------------------------------------------------------


def kpi_table(figures: Any) -> Table:
    """A scorecard.KeyFigures as a table: value, unit, target, and whether it is met. Keys: the KPIs' ids.

    Shares are shares (0.12 is 12 %), money is in plain units, all else in the unit beside it.
    """
    columns = (
        Column("kpi", "KPI"),
        Column("group", "Group"),
        Column("value", "Value", "number", places=1),
        Column("target", "Target", "number", places=1),
        Column("unit", "Unit"),
        Column("met", "Target met?"),
    )
    rows, formats, marks, notes = [], {}, {}, {}
    for number, row in enumerate(figures.table.to_dict("records")):
        target = None if missing(row["target"]) else float(row["target"])
        met = "" if missing(row["met"]) or target is None else "yes" if row["met"] else "no"
        unit = row["currency"] or "" if row["measure"] == "money" else row["measure"]
        rows.append((row["name"], row["group"], float(row["value"]), target, unit, met or "no target"))
        kind, places = max(kpi_format(row["measure"], row[key]) for key in ("value", "target"))
        formats[number, "value"] = formats[number, "target"] = (kind, places)
        if target is None:
            marks[number, "target"] = marks[number, "met"] = "quiet"
            notes[number, "target"] = "none, because no target is set for this unit"
        else:
            marks[number, "met"] = "good" if met == "yes" else "bad"
    keys = tuple(str(kpi) for kpi in figures.table["kpi"]) if len(figures.table) else ()
    return Table("kpis", columns, tuple(rows), keys, "KPIs against target", figures.absent,
                 formats=formats, marks=marks, notes=notes)  # fmt: skip


def compared_table(figures: Any) -> Table | None:
    """A scorecard.KeyFigures beside the same period a year earlier; None where no KPI has a value there."""
    rows, formats = [], {}
    for number, row in enumerate(figures.table.to_dict("records")):
        before = None if missing(row["last_year"]) else float(row["last_year"])
        unit = row["currency"] or "" if row["measure"] == "money" else row["measure"]
        rows.append((row["name"], float(row["value"]), before, unit))
        kind, places = max(kpi_format(row["measure"], row[key]) for key in ("value", "last_year"))
        formats[number, "value"] = formats[number, "last_year"] = (kind, places)
    if not any(row[2] is not None for row in rows):
        return None
    columns = (
        Column("kpi", "KPI"),
        Column("value", "Value", "number", places=1),
        Column("last_year", "Last year", "number", places=1),
        Column("unit", "Unit"),
    )
    notes = {
        (number, "last_year"): "none, because the data do not reach back or hold none"
        for number, row in enumerate(rows)
        if row[2] is None
    }
    return Table("compared", columns, tuple(rows), tuple(figures.table["kpi"]), "KPIs against last year",
                 formats=formats, notes=notes)  # fmt: skip


def kpi_format(measure: str, value: Any) -> tuple[str, int]:
    """Kind and decimals in which a KPI's value is read: those of wording.measure_text."""
    if measure == "%":
        return "share", 1
    if measure == "money" or missing(value) or abs(float(value)) >= 1000:
        return "number", 0
    digits = measure_text(float(value), measure).partition("\u00a0")[0].partition(".")[2]
    return "number", len(digits)
