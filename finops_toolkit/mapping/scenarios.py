"""Actuals and a budget in one file: the ledger takes the actuals, budget.sql the budget"""

from __future__ import annotations

from typing import Any

from ..books.contract import load_contract
from ..sources.sql import literal, quote
from .matching import Match, Place
from .profiling import Join, Profile, Table, key_text, text
from .proposing import Left, Proposal, propose
from .words import allowed_values, meanings, name_score, plain

_SAME = {"posted": "month", "month": "month", "flow": "amount", "amount": "amount"}


def split(
    engine: Any, proposal: Proposal, tables: dict[str, Table], joins: list[Join], root: str
) -> Proposal | None:
    """Keep the actuals in a ledger's proposal; returns that of the budget in its file, if any."""
    found = _scenarios(engine, proposal.match, tables, joins)
    if found is None:
        return None
    column, meant, names = found
    value = text(column, "m.")
    groups = {kind: [one for one, kinds in meant.items() if kinds == kind] for kind in ("actual", "budget")}
    others = [one for one in meant if not meant[one]]
    count = _counts(engine, proposal.match.main, column)

    def left(values: list[str], reason: str) -> Left:
        listed = ", ".join(map(literal, values))
        tests = (
            (f"IN ({listed})", f"NOT IN ({listed})") if len(values) > 1 else (f"= {listed}", f"<> {listed}")
        )
        rows = sum(count.get(one, 0) for one in values)
        return Left(f"{value} {tests[0]}", reason, rows, names[values[0]], f"{value} {tests[1]}")

    rest = [left(others, "another scenario")] if others else []
    empty = count.get(None, 0)
    if empty:
        rest.append(Left(f"{value} IS NULL", "no scenario", empty, "", f"{value} IS NOT NULL"))
    budget = propose(_budget_of(proposal.match, column), tables, root)
    proposal.left += [left(groups["budget"], "budget, see budget.sql"), *rest]
    budget.left += [left(groups["actual"], f"actual, see {proposal.name}.sql"), *rest]
    shown = {kind: " and ".join(names[one] for one in values) for kind, values in groups.items()}
    also = f" {', '.join(names[one] for one in others)} is left out." if others else ""
    proposal.ask(
        f"{proposal.match.main.name} holds actuals and a budget (column {column.name}): {proposal.name}.sql "
        f"takes {shown['actual']}, budget.sql takes {shown['budget']}.{also} Is that right?",
        9.7,
    )
    budget.questions.clear()
    if len(groups["budget"]) == 1:
        (one,) = groups["budget"]
        budget.cells["version"].sql = literal(names[one])
        budget.cells["version"].says = f"{column.name} {one}"
    month = budget.cells.get("month")
    if month and "month" in budget.match.picks and budget.match.picks["month"][0].column.kind == "date":
        month.sql = f"CAST(DATE_TRUNC('month', CAST({month.sql} AS DATE)) AS DATE)"
    return budget


def _budget_of(match: Match, column: Profile) -> Match:
    """The budget in a ledger's file: the same columns, and the scenario as its version."""
    contract = load_contract().tables["budget"]
    found = Match(contract, match.main, score=match.score)
    for name, pick in match.picks.items():
        name = _SAME.get(name, name)
        if name in contract.columns:
            found.picks[name] = pick
    for name, parts in match.made.items():
        name = _SAME.get(name, name)
        if name in contract.columns:
            found.made[name] = parts
            found.picks.pop(name, None)
    found.picks["version"] = (Place(match.main.name, column), 1.0)
    return found


def _scenarios(
    engine: Any, match: Match, tables: dict[str, Table], joins: list[Join]
) -> tuple[Profile, dict[str, str], dict[str, str]] | None:
    """The column that tells actuals from a budget, what each of its values is, and what people call it."""
    for column in match.main.columns.values():
        if not 2 <= column.distinct <= 20:
            continue
        named = name_score(column.name, meanings()["version"]) >= 0.85
        values = list(_counts(engine, match.main, column))
        names = {value: value for value in values if value is not None}
        for join in joins:
            if named and join.table == match.main.name and join.column == column.name:
                names = _names_in(engine, tables[join.other], join, names)
        words = allowed_values("scenario")
        meant = {value: words.get(plain(name), "") for value, name in names.items()}
        if {"actual", "budget"} <= set(meant.values()) and (named or all(meant.values())):
            return column, meant, names
    return None


def _names_in(engine: Any, other: Table, join: Join, names: dict[str, str]) -> dict[str, str]:
    """What a list calls the numbers of scenarios, where it has names that say actual and budget."""
    words = allowed_values("scenario")
    for column in other.columns.values():
        rows = engine.execute(
            f"SELECT {key_text(join.to)}, {text(column)} FROM {quote(other.name)} LIMIT 100"
        ).fetchall()
        called = {str(key): str(name) for key, name in rows if name}
        if {"actual", "budget"} <= {words.get(plain(name), "") for name in called.values()}:
            return {value: called.get(value, value) for value in names}
    return names


def _counts(engine: Any, table: Table, column: Profile) -> dict[Any, int]:
    rows = engine.execute(
        f"SELECT {text(column, 'm.')}, COUNT(*) FROM {quote(table.name)} m GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return dict(rows)
