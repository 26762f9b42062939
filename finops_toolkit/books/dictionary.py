"""The data dictionary, made from the contract: a Frictionless datapackage.json and a page for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .contract import Column, Table, load_contract

# The nearest type of the Frictionless Table Schema for each type of the contract.
_FRICTIONLESS = {
    "id": "string",
    "text": "string",
    "date": "date",
    "month": "date",
    "time": "datetime",
    "money": "number",
    "quantity": "number",
    "rate": "number",
    "integer": "integer",
    "boolean": "boolean",
}
_WORDS = {
    "id": "identifier",
    "text": "text",
    "date": "date",
    "month": "month (its first day)",
    "time": "date and time",
    "money": "money, 4 decimals",
    "quantity": "quantity, 4 decimals",
    "rate": "number, 8 decimals",
    "integer": "whole number",
    "boolean": "true or false",
}


def data_package(folder: Path, name: str, title: str) -> dict[str, Any]:
    """A Frictionless data package of the contract's tables that lie in `folder` as Parquet or CSV."""
    contract = load_contract().tables
    here = [(table, path) for table in contract.values() for path in _files(folder, table.name)]
    present = {table.name for table, _ in here}
    resources = [
        {
            "name": table.name.replace("_", "-"),
            "path": path.name,
            "format": path.suffix[1:],
            "description": table.text,
            "schema": _schema(table, present),
        }
        for table, path in here
    ]
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": name,
        "title": title,
        "licenses": [{"name": "MIT", "title": "MIT License"}],
        "resources": resources,
    }


def _files(folder: Path, table: str) -> list[Path]:
    return [path for suffix in (".parquet", ".csv") if (path := folder / f"{table}{suffix}").is_file()]


def _schema(table: Table, present: set[str]) -> dict[str, Any]:
    keys = [
        {
            "fields": [c.name],
            "reference": {
                "resource": "" if c.to == table.name else c.to,
                "fields": list(load_contract().tables[c.to].key),
            },
        }
        for c in table.columns.values()
        if c.to in present
    ]
    schema: dict[str, Any] = {
        "fields": [_field(column) for column in table.columns.values()],
        "primaryKey": [name for name in table.key if not table.columns[name].optional],
    }
    return schema | ({"foreignKeys": keys} if keys else {})


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": _FRICTIONLESS[column.type],
        "description": column.text,
    }
    constraints: dict[str, Any] = {} if column.optional else {"required": True}
    if column.one_of:
        constraints["enum"] = list(column.one_of)
    return field | ({"constraints": constraints} if constraints else {})


def dictionary_page(title: str) -> str:
    """The contract as a Markdown page: every table, column, rule."""
    contract = load_contract()
    lines = [
        f"# {title}",
        "",
        "Made from the contract (`finops_toolkit/books/contract.toml`); change it there.",
        "Every table is optional; a KPI says what it needs. Debits are positive.",
        "Amounts are in the books' currency.",
        "",
        "Statement lines an account may belong to: profit and loss – "
        + ", ".join(contract.lines_profit)
        + "; balance sheet – "
        + ", ".join(contract.lines_balance)
        + "; neither – "
        + ", ".join(contract.lines_other)
        + ".",
        "",
    ]
    for table in contract.tables.values():
        lines += [f"## {table.name}", "", f"{table.text}. Key: {', '.join(table.key)}."]
        if table.date:
            lines[-1] += f" A row belongs to the month of `{table.date}`."
        lines += ["", "| column | type | what it is |", "|---|---|---|"]
        for column in table.columns.values():
            kind = _WORDS[column.type] + (", may be empty" if column.optional else "")
            more = f" (found in {column.to})" if column.to else ""
            if column.one_of and column.name != "line":
                more += f"; one of: {', '.join(column.one_of)}"
            lines.append(f"| {column.name} | {kind} | {column.text}{more} |")
        if table.rules:
            lines += ["", "Rules: " + "; ".join(f"{rule.text} ({rule.level})" for rule in table.rules) + "."]
        lines.append("")
    return "\n".join(lines)


def dictionary_files(folder: Path, name: str, title: str) -> dict[str, str]:
    """What stands beside the tables of a folder, by file name: the data package and the page for people."""
    package = json.dumps(data_package(folder, name, title), indent=1, ensure_ascii=False)
    return {
        "datapackage.json": package + "\n",
        "DICTIONARY.md": dictionary_page(f"Data dictionary: {title}"),
    }
