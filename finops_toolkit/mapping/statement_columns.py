"""Tables with a column for each line of a statement: the same figures as rows, one for each account."""

from __future__ import annotations

from ..books.contract import load_contract
from ..sources.sql import literal
from .accounts import line_by_name
from .months import Below
from .profiling import Profile, Table, number
from .words import meanings, name_score

_FEWEST = 3
_CREDITS = ("revenue", "other_income")
# With one of these a row is a line of a document, and its amounts are no accounts.
_DOCUMENTS = ("account", "order", "purchase", "invoice", "bill", "delivery", "quantity", "price")
_MONEY = "DECIMAL(19, 4)"


def by_account(table: Table) -> Below | None:
    """How a table with a column for each line of profit and loss is read; None where it is no such table.

    Revenue is among the columns, and two other lines at least; those between them count, too, whatever they
    are called. Debits are positive: the signs of revenue, and of costs shown as negative, are turned.
    """
    columns = list(table.columns.values())
    if any(_means(column, name) for column in columns for name in _DOCUMENTS):
        return None
    lines = {column.name: _line(column) for column in columns}
    known = [place for place, column in enumerate(columns) if lines[column.name]]
    if len(known) < _FEWEST or "revenue" not in lines.values() or len({*lines.values()}) < _FEWEST:
        return None
    taken = [c for c in columns[known[0] : known[-1] + 1] if c.kind in ("number", "empty")]
    credits = [column for column in taken if lines[column.name] in _CREDITS]
    costs = [column for column in taken if column not in credits]
    turned = [*(credits if _shown_positive(credits) else []), *([] if _shown_positive(costs) else costs)]
    amounts = {
        c.name: f"{'-' if c in turned else ''}COALESCE(CAST({_filled(c)} AS {_MONEY}), 0)" for c in taken
    }
    replaced = ",\n        ".join(f"{amounts[c.name]} AS {c.sql}" for c in taken)
    listed = ", ".join(f"{c.sql} AS {literal(c.name)}" for c in taken)
    kept = "* EXCLUDE (row_)" if "row_" in table.places else "*"
    sql = (
        f"(\n    SELECT {kept} FROM (SELECT * REPLACE (\n        {replaced}\n    ) FROM {table.name})\n"
        f"    UNPIVOT (amount_ FOR account_ IN ({listed}))\n)"
    )
    counted = f"CASE WHEN m.account_ = {literal(taken[0].name)} THEN 1 ELSE 0 END"
    words = (
        "the signs of " + ", ".join(c.name for c in turned[:4]) + " are turned" if turned else "as they are"
    )
    asked = (
        f"{table.name} has a column for each line of a statement ({taken[0].name} to {taken[-1].name}): each "
        f"is an account, with debits positive: {words}. Is that right?"
    )
    return Below(sql, counted, " + ".join(amounts.values()), asked)


def _line(column: Profile) -> str:
    """The line of profit and loss that a column's heading says, if it holds numbers."""
    found = line_by_name(column.name) if column.kind == "number" else None
    return found[0] if found and found[0] in load_contract().lines_profit else ""


def _means(column: Profile, name: str) -> bool:
    return name_score(column.name, meanings()[name]) >= 0.85


def _shown_positive(columns: list[Profile]) -> bool:
    return sum(column.most + column.least for column in columns) >= 0


def _filled(column: Profile) -> str:
    read = number(column)
    return f"NULLIF(TRIM({read}), '')" if read == column.sql and column.type == "VARCHAR" else read
