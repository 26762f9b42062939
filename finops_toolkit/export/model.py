"""The star schema as data: its tables, columns, keys and relations, from star.toml and the contract."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import pyarrow as pa

from ..books.contract import Table, load_contract

ARROW = {
    "id": pa.string(),
    "text": pa.string(),
    "date": pa.date32(),
    "month": pa.date32(),
    "time": pa.timestamp("us"),
    "money": pa.decimal128(19, 4),
    "quantity": pa.decimal128(19, 4),
    "rate": pa.decimal128(19, 8),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "number": pa.float64(),
    "key": pa.int32(),
}


@dataclass(frozen=True)
class Column:
    """A column of the star schema; `to` is the dimension that its values are found in."""

    name: str
    type: str
    text: str
    optional: bool = False
    to: str | None = None


@dataclass(frozen=True)
class StarTable:
    """A table of the star schema; `source` is the contract's table that it shows, None for a computed one.

    `key` is what makes a row the only one; it is the primary key where no column of it may be empty.
    """

    name: str
    kind: str
    text: str
    key: tuple[str, ...]
    columns: dict[str, Column]
    source: str | None = None

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The key where a database can take it as one, else nothing."""
        return () if any(self.columns[name].optional for name in self.key) else self.key

    @property
    def schema(self) -> pa.Schema:
        """The columns in Arrow's types; decimals and dates are what they are."""
        return pa.schema([pa.field(c.name, ARROW[c.type], c.optional) for c in self.columns.values()])


@cache
def _star() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("star.toml").read_text(encoding="utf-8"))


def dimensions() -> dict[str, str]:
    """The contract's tables that become dimensions, with the dimension's name."""
    return dict(_star()["dimensions"])


def rules() -> dict[str, str]:
    """What whoever sums these tables must know, by a short name."""
    return dict(_star()["rules"])


def example() -> dict[str, str]:
    """A KPI computed from the star schema: text, kpi, sql and dax."""
    return {name: text.strip() for name, text in _star()["example"].items()}


def star_tables(present: Collection[str]) -> list[StarTable]:
    """All tables of an export of books that hold these tables of the contract: dimensions, then facts."""
    star, contract = _star(), load_contract().tables
    computed = [
        StarTable(
            name,
            name.partition("_")[0].replace("dim", "dimension"),
            entry["text"],
            tuple(entry["key"]),
            _columns(entry["columns"]),
        )
        for name, entry in star["tables"].items()
    ]
    # A dimension is there even if its table is not: rows of facts may still name its members.
    shown = [_dimension(contract[name], to) for name, to in star["dimensions"].items()]
    facts = [
        _fact(table)
        for table in contract.values()
        if table.name in present and table.name not in dimensions()
    ]
    dims = [table for table in computed if table.kind == "dimension"]
    return [*dims, *shown, *(table for table in computed if table.kind == "fact"), *facts]


def _columns(entries: dict[str, Any]) -> dict[str, Column]:
    return {name: Column(name, **entry) for name, entry in entries.items()}


def _of_contract(table: Table) -> dict[str, Column]:
    found = {}
    for column in table.columns.values():
        to = dimensions().get(column.to or "")
        found[column.name] = Column(column.name, column.type, column.text, column.optional, to)
    return found


def _dimension(table: Table, name: str) -> StarTable:
    columns = _of_contract(table)
    # Of a member that only rows of facts name, nothing but the key is known.
    columns = {
        key: column if key in table.key else Column(key, column.type, column.text, True, column.to)
        for key, column in columns.items()
    }
    columns |= _columns(_star()["more"].get(name, {})) | _columns(_star()["more"]["dimension"])
    return StarTable(name, "dimension", table.text, table.key, columns, table.name)


def _fact(table: Table) -> StarTable:
    columns = _of_contract(table)
    if table.date is not None:
        columns |= _columns(_star()["more"]["fact"])
    return StarTable(f"fact_{table.name}", "fact", table.text, table.key, columns, table.name)


def relations(tables: Collection[StarTable]) -> list[dict[str, Any]]:
    """Many-to-one relations between tables; of two between the same two tables only the first is active."""
    seen: set[tuple[str, str]] = set()
    found = []
    for table in tables:
        for column in table.columns.values():
            if column.to is None or column.to == table.name:
                continue
            pair = (table.name, column.to)
            found.append(
                {
                    "from_table": table.name,
                    "from_column": column.name,
                    "to_table": column.to,
                    "to_column": key_of(column.to, tables),
                    "cardinality": "many to one",
                    "active": pair not in seen,
                }
            )
            seen.add(pair)
    return found


def key_of(name: str, tables: Collection[StarTable]) -> str:
    """The one column that is a dimension's key."""
    return next(table.key[0] for table in tables if table.name == name)
