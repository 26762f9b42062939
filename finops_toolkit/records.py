"""The records of operations behind a report's KPIs: rows of orders, production, purchases … as tables.

A workbook leads from a KPI to its inputs, and from an input to these rows; the ledger's are in workings.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from .books import Books
from .books.contract import load_contract
from .periods import Period
from .tables import Table
from .tables.frames import table_of
from .wording import counted, joined

MOST = 500  # rows of a table: a workbook is for reading; the books have them all
_LEDGER = ("journal", "balances", "budget", "accounts")
_DECIMALS = {"price": 4, "cost": 2, "amount": 2, "value": 2}


def records_of(books: Books, unit: str, period: Period, tables: Iterable[str]) -> list[Table]:
    """The first rows of each of these tables in a period, of a unit and those below it; the ledger left out.

    A table the data does not have, without a date or without a row there, is left out, and for a unit below
    the top one that does not say whose its rows are. Keys are r0, r1, …
    """
    made = []
    for name in dict.fromkeys(tables):
        if name in _LEDGER or name not in books.tables or not load_contract().tables[name].date:
            continue
        # Rows that do not say whose they are could be another unit's.
        if not books.has(name, "unit") and unit != books.units["unit"].iloc[0]:
            continue
        frame = books.rows(name, unit, period, limit=MOST + 1)
        if len(frame):
            made.append(_table(name, frame.head(MOST), len(frame) > MOST, books, unit, period))
    return made


def _table(name: str, frame: Any, cut: bool, books: Books, unit: str, period: Period) -> Table:
    label = str(books.units.set_index("unit")["name"].get(unit) or unit)
    many = f"The first {counted(MOST, 'row')} of more" if cut else counted(len(frame), "row")
    note = (
        f"{many} of the table {name}: {label}, {period.label}, in order of the key. An input may count some "
        "of them, or by another of their dates."
    )
    kept = books.kept_in(unit)
    if kept != [books.currency]:
        note += f" Amounts as they were booked, in {joined(kept)}."
    places = {column: decimals for column, decimals in _DECIMALS.items() if column in frame.columns}
    table = table_of(frame, f"rows_{name}", f"Rows of {name}", formats=places)
    keys = tuple(f"r{number}" for number in range(len(table.rows)))
    return replace(table, keys=keys, note=note, hidden=True)
