"""The contract as data: which tables and columns the books may hold, of what type, under which rules."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# The engine's type for each type of the contract. Money and quantities are exact decimals.
ENGINE_TYPES = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "date": "DATE",
    "month": "DATE",
    "time": "TIMESTAMP",
    "money": "DECIMAL(19,4)",
    "quantity": "DECIMAL(19,4)",
    "rate": "DECIMAL(19,8)",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
}
EXACT = ("money", "quantity")

# A row whose unit or account is unknown would drop out of every total: the data is unusable.
# Other references only leave a name unknown.
ESSENTIAL = ("units", "accounts")


@dataclass(frozen=True)
class Column:
    """A column: its type, whether it may be empty, where its values must be found."""

    name: str
    type: str
    text: str
    optional: bool = False
    to: str | None = None
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A condition every row must meet; `amount` is the column that says how much fails."""

    name: str
    check: str
    text: str
    level: str
    amount: str | None = None


@dataclass(frozen=True)
class Table:
    """A table of the contract; `date` is the column that decides the month of a row."""

    name: str
    text: str
    key: tuple[str, ...]
    columns: dict[str, Column]
    rules: tuple[Rule, ...]
    date: str | None = None

    @property
    def amount(self) -> str | None:
        """The column that says how much a row is worth: money first, else a quantity."""
        for kind in EXACT:
            for column in self.columns.values():
                if column.type == kind:
                    return column.name
        return None


@dataclass(frozen=True)
class Contract:
    """All tables, and the statement lines an account may belong to."""

    tables: dict[str, Table]
    lines_profit: tuple[str, ...]
    lines_balance: tuple[str, ...]
    lines_other: tuple[str, ...]


@cache
def load_contract() -> Contract:
    """The contract of this version, from contract.toml."""
    data = tomllib.loads(Path(__file__).with_name("contract.toml").read_text(encoding="utf8"))
    lines = (*data["lines_profit"], *data["lines_balance"], *data["lines_other"])

    def column(name: str, entry: dict) -> Column:
        one_of = entry.pop("one_of", ())
        return Column(name, one_of=lines if one_of == "lines" else tuple(one_of), **entry)

    tables = {
        name: Table(
            name,
            entry["text"],
            tuple(entry["key"]),
            {key: column(key, dict(value)) for key, value in entry["columns"].items()},
            tuple(Rule(**rule) for rule in entry.get("rules", ())),
            entry.get("date"),
        )
        for name, entry in data["tables"].items()
    }
    return Contract(
        tables, tuple(data["lines_profit"]), tuple(data["lines_balance"]), tuple(data["lines_other"])
    )
