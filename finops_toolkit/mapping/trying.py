"""Proposals tried in the engine: keys that repeat, rows that lack what is needed, days that are none.

What is found is dealt with in the open: rows are left out with a reason, and a person is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..books.checking import EARLIEST, LATEST
from ..books.contract import load_contract
from ..sources.sql import quote
from ..wording import counted
from .matching import Place
from .profiling import key_text
from .proposing import Cell, Left, Proposal, alias_of, named_of, order_of_rows, row_key

_SUMMED = ("balances", "budget")


def body(proposal: Proposal, columns: Iterable[str] | None = None) -> str:
    """The SELECT without comments; `columns`: only these."""
    names = list(columns or proposal.cells)
    listed = ", ".join(f"{proposal.cells[name].sql} AS {quote(name)}" for name in names)
    return f"SELECT {listed} {source_of(proposal)}{where_of(proposal)}"


def source_of(proposal: Proposal) -> str:
    """FROM, with the joins."""
    main = proposal.match.main
    lines = [f"FROM {main.relation or main.name} m"]
    seen = set()
    places = [place for place, _ in proposal.match.picks.values()]
    places += [place for made in proposal.match.made.values() for place in made.values()]
    for place in places:
        join = place.join
        if join is None or place.table in seen:
            continue
        seen.add(place.table)
        alias = proposal.aliases[place.table]
        mine = key_text(proposal.match.main.columns[join.column], "m.")
        its = key_text(join.to, f"{alias}.")
        lines.append(f"LEFT JOIN {join.other} {alias} ON {its} = {mine}")
    return "\n".join(lines)


def where_of(proposal: Proposal) -> str:
    """WHERE that leaves out what is left out on purpose; empty where nothing is."""
    if not proposal.left:
        return ""
    tests = "\n    AND ".join(left.others for left in proposal.left)
    return f"\nWHERE {tests}"


def attempt(engine: Any, proposal: Proposal) -> bool:
    """Run a proposal: leave out rows that lack what is needed, mend keys that repeat. False: it is empty."""
    contract = proposal.match.table
    _leave_out_empty(engine, proposal)
    _leave_out_odd_days(engine, proposal)
    count = _one(engine, f"SELECT COUNT(*) FROM ({body(proposal, contract.key)})")
    if not count:
        return False
    proposal.rows = count
    if proposal.match.main.origin:
        proposal.summed = True
    elif _repeated(engine, proposal):
        _mend_key(engine, proposal)
    _tie(proposal)
    return True


def _one(engine: Any, sql: str) -> Any:
    return engine.execute(sql).fetchall()[0][0]


def _repeated(engine: Any, proposal: Proposal) -> int:
    return repeated_in(engine, [proposal], proposal.match.table.key)


def repeated_in(engine: Any, parts: Sequence[Proposal], key: Sequence[str]) -> int:
    """How many rows of a table, made of one source or of several, have a key that another has."""
    keys = ", ".join(quote(name) for name in key)
    rows = " UNION ALL ".join(body(part, key) for part in parts)
    return int(_one(engine, f"SELECT COUNT(*) - COUNT(DISTINCT ({keys})) FROM ({rows})"))


def _leave_out_empty(engine: Any, proposal: Proposal) -> None:
    """Rows without a date or a name that the contract needs: left out, counted, asked about."""
    for name, (place, _) in proposal.match.picks.items():
        column, cell = proposal.match.table.columns[name], proposal.cells[name]
        if column.optional or cell.sql.startswith("'"):
            continue
        empty, keep = _emptiness(place, cell.sql, alias_of(proposal, place))
        count = _one(
            engine,
            f"SELECT COUNT(*) FROM (SELECT {empty} AS e {source_of(proposal)}{where_of(proposal)}) WHERE e",
        )
        if count == proposal.match.main.rows:
            continue
        if not count:
            continue
        reason = "not shipped yet" if name == "shipped" else f"no {name}"
        proposal.left.append(Left(empty, reason, count, keep=keep))
        if name != "shipped":
            proposal.ask(
                f"{counted(count, 'row')} with nothing in {named_of(place)} ({column.text}): left out. Is "
                f"that right?",
                6,
            )
        else:
            proposal.ask(f"{counted(count, 'row')} without {named_of(place)}: taken as not delivered yet.", 3)


def _emptiness(place: Place, sql: str, alias: str) -> tuple[str, str]:
    """Conditions of the rows where a column is empty, and where it is not."""
    named = f"{alias}{place.column.sql}"
    if place.column.form.form == "sap":
        return f"{sql} IS NULL", f"{sql} IS NOT NULL"
    if place.column.type != "VARCHAR":
        return f"{named} IS NULL", f"{named} IS NOT NULL"
    return f"COALESCE(TRIM({named}), '') = ''", f"TRIM({named}) <> ''"


def _leave_out_odd_days(engine: Any, proposal: Proposal) -> None:
    """Days like 9999-12-31 stand for none: empty where that is allowed, else the row is left out."""
    for name, (place, _) in proposal.match.picks.items():
        column, cell = proposal.match.table.columns[name], proposal.cells[name]
        if column.type not in ("date", "month"):
            continue
        day = f"TRY_CAST({cell.sql} AS DATE)"
        odd = f"{day} NOT BETWEEN '{EARLIEST}' AND '{LATEST}'"
        found = engine.execute(
            f"SELECT COUNT(*), MIN({day}) "
            f"{source_of(proposal)}{where_of(proposal) or chr(10) + 'WHERE TRUE'} AND {odd}"
        ).fetchall()[0]
        if not found[0]:
            continue
        if column.optional:
            cell.sql = f"CASE WHEN {odd} THEN NULL ELSE {cell.sql} END"
            cell.says += f"; {found[1]} and the like stand for none"
        else:
            proposal.left.append(Left(odd, f"no real day in {name}", found[0], str(found[1])))
            proposal.ask(
                f"{counted(found[0], 'row')} with a day like {found[1]} in {named_of(place)}: left out.", 5
            )


def _mend_key(engine: Any, proposal: Proposal) -> None:
    """A key that repeats: summed where the table is one of sums, else numbered anew by row."""
    name, key = proposal.name, proposal.match.table.key
    repeated = _repeated(engine, proposal)
    if name in _SUMMED:
        proposal.summed = True
        return
    if name == "rates":
        proposal.summed = True
        proposal.ask(
            "There are several rates in a month: the average of them is taken, and the last as closing rate.",
            2,
        )
        return
    table = proposal.match.table
    if {"entry", "unit"} <= set(proposal.match.picks) and name == "journal":
        cell = proposal.cells["entry"]
        cell.sql = f"{proposal.cells['unit'].sql} || '-' || {cell.sql}"
        cell.says += ", with the unit before it: numbers repeat between units"
        if not _repeated(engine, proposal):
            return
    last = table.columns[key[-1]]
    if last.type == "integer":
        document = proposal.cells[key[0]].sql
        place = order_of_rows(proposal.match.main)
        order = f" ORDER BY {place}" if place else ""
        proposal.cells[last.name] = Cell(
            last,
            f"ROW_NUMBER() OVER (PARTITION BY {document}{order})",
            "the source's own numbers repeat: numbered anew",
        )
    elif len(key) == 1 and name not in (
        "products",
        "customers",
        "suppliers",
        "accounts",
        "units",
        "departments",
    ):
        proposal.cells[key[0]] = Cell(
            last, row_key(proposal.match.main), "the source's own numbers repeat: the number of the row"
        )
    proposal.ask(
        f"{counted(repeated, 'row')} with a key ({', '.join(key)}) that another row has, too: doubles, or "
        f"lines of their own? "
        "They count as lines of their own.",
        7,
    )


def _tie(proposal: Proposal) -> None:
    """The column whose money can be summed over the source alone, to be compared with what came out."""
    columns = [
        name for name in ("amount", "value", "flow", "closing", "quantity", "made") if name in proposal.cells
    ]
    amount = next((name for name in columns if proposal.cells[name].bare), None)
    if amount and load_contract().tables[proposal.name].date:
        proposal.amount = amount
