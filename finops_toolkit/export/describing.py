"""What an export says of itself: the model as JSON, as a page and as rows, a data package, and the record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from .. import __version__
from .model import Column, StarTable, example, key_of, relations, rules

# The table, sheet or file that makes an export known as one.
MARKER = "finops_export"
MODEL = "finops_model"

_WORDS = {
    "id": "identifier",
    "text": "text",
    "date": "date",
    "month": "date, the first of a month",
    "time": "date and time",
    "money": "decimal(19,4)",
    "quantity": "decimal(19,4)",
    "rate": "decimal(19,8)",
    "integer": "whole number",
    "boolean": "true or false",
    "number": "double",
    "key": "whole number, year and month",
}
_FRICTIONLESS = {
    **dict.fromkeys(("id", "text"), "string"),
    **dict.fromkeys(("date", "month"), "date"),
    **dict.fromkeys(("money", "quantity", "rate", "number"), "number"),
    **dict.fromkeys(("integer", "key"), "integer"),
    "time": "datetime",
    "boolean": "boolean",
}


@dataclass(frozen=True)
class Filled:
    """A table that was written: how many rows, and the SHA-256 of their values."""

    table: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Record:
    """What was exported: of which books, which months and units, by which version, what came of it."""

    source: str
    period: str
    units: str
    tables: tuple[Filled, ...]
    version: str = __version__

    @property
    def sha256(self) -> str:
        """One hash of all that was written."""
        return hashlib.sha256("".join(one.sha256 for one in self.tables).encode()).hexdigest()

    def to_json(self) -> str:
        """The record for a folder."""
        return json.dumps(asdict(self) | {"sha256": self.sha256}, indent=1, ensure_ascii=False) + "\n"

    def rows(self) -> pa.RecordBatch:
        """The record as a table, a row for each table written."""
        shared = {"version": self.version, "source": self.source, "period": self.period, "units": self.units}
        return pa.RecordBatch.from_pylist(
            [
                {"table_name": one.table, "row_count": one.rows, "sha256": one.sha256} | shared
                for one in self.tables
            ],
            schema=MARKER_TABLE.schema,
        )


def _texts(name: str, text: str, columns: str, **others: str) -> StarTable:
    found = {
        one: Column(one, others.get(one, "text"), one.replace("_", " "), True) for one in columns.split()
    }
    return StarTable(name, "about", text, (), found)


MARKER_TABLE = _texts(
    MARKER,
    "What finops export wrote: it replaces these tables and no others",
    "table_name row_count sha256 version source period units model",
    row_count="integer",
)
MODEL_TABLE = _texts(
    MODEL,
    "Every table and column of the export in words, with keys and relations",
    "table_name column_name type key found_in text",
)


def model_rows(tables: Sequence[StarTable]) -> pa.RecordBatch:
    """The model as a table: a row for each table, each column and each rule."""
    rows = [{"table_name": "rule", "column_name": name, "text": text} for name, text in rules().items()]
    for table in tables:
        rows.append({"table_name": table.name, "type": table.kind, "text": table.text})
        rows += [
            {"table_name": table.name, "column_name": column.name, "type": _WORDS[column.type]}
            | {
                "key": "key" if column.name in table.key else "",
                "found_in": column.to or "",
                "text": column.text,
            }
            for column in table.columns.values()
        ]
    return pa.RecordBatch.from_pylist(rows, schema=MODEL_TABLE.schema)


def model_json(tables: Sequence[StarTable], record: Record) -> str:
    """The model for programs: tables, columns, types, keys, relations, rules and an example."""
    described = [
        {
            "name": table.name,
            "kind": table.kind,
            "text": table.text,
            "key": list(table.key),
            "primary_key": list(table.primary_key),
            "columns": [
                {"name": c.name, "type": _WORDS[c.type], "text": c.text, "may_be_empty": c.optional}
                | ({"found_in": c.to} if c.to else {})
                for c in table.columns.values()
            ],
        }
        for table in tables
    ]
    return _json(
        {"name": record.source, "version": record.version, "tables": described}
        | {"relations": relations(tables), "rules": rules(), "example": example()}
    )


def data_package(tables: Sequence[StarTable], record: Record, form: str) -> str:
    """A Frictionless data package of a folder of files, one a table."""
    return _json(
        {
            "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
            "name": MARKER.replace("_", "-"),
            "title": record.source,
            "resources": [
                {
                    "name": table.name,
                    "path": f"{table.name}.{form}",
                    "format": form,
                    "description": table.text,
                    "schema": _schema(table, tables),
                }
                for table in tables
            ],
        }
    )


def _schema(table: StarTable, tables: Sequence[StarTable]) -> dict[str, Any]:
    fields = [
        {"name": c.name, "type": _FRICTIONLESS[c.type], "description": c.text}
        | ({} if c.optional else {"constraints": {"required": True}})
        for c in table.columns.values()
    ]
    foreign = [
        {
            "fields": [c.name],
            "reference": {"resource": "" if c.to == table.name else c.to, "fields": [key_of(c.to, tables)]},
        }
        for c in table.columns.values()
        if c.to
    ]
    return (
        {"fields": fields}
        | ({"primaryKey": list(table.primary_key)} if table.primary_key else {})
        | ({"foreignKeys": foreign} if foreign else {})
    )


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def page(tables: Sequence[StarTable], record: Record) -> str:
    """The page beside a folder of files: what was written, how to sum it, every table and column."""
    sizes = {one.table: one.rows for one in record.tables}
    lines = [
        f"# {record.source}: a star schema",
        "",
        f"Written by finops_toolkit {record.version}. Period: {record.period}. Units: {record.units}.",
        "",
        *rules_page(),
        "## Tables",
        "",
        "| table | rows | a row is |",
        "|---|---|---|",
        *(f"| {table.name} | {sizes[table.name]:,} | {table.text} |" for table in tables),
        "",
        *tables_page(tables),
        "## Relations",
        "",
        "| from | to | |",
        "|---|---|---|",
        *(
            f"| {one['from_table']}.{one['from_column']} | {one['to_table']}.{one['to_column']} "
            f"| many to one{'' if one['active'] else ', a second one: make it inactive in Power BI'} |"
            for one in relations(tables)
        ),
        "",
    ]
    return "\n".join(lines)


def rules_page() -> list[str]:
    """The rules of summing and the example, as lines of a page."""
    shown = example()
    return [
        "## How to sum",
        "",
        *(f"- {text}" for text in rules().values()),
        "",
        f"{shown['text']}, in SQL:",
        "",
        *("```sql", shown["sql"], "```", "", "and in DAX (Power BI):", "", "```", shown["dax"], "```", ""),
    ]


def tables_page(tables: Sequence[StarTable]) -> list[str]:
    """Every table with its columns, as lines of a page."""
    lines = []
    for table in tables:
        lines += [f"### {table.name}", "", f"{table.text}. Key: {', '.join(table.key)}.", ""]
        lines += ["| column | type | what it is |", "|---|---|---|"]
        for column in table.columns.values():
            kind = _WORDS[column.type] + (", may be empty" if column.optional else "")
            more = f" (found in {column.to})" if column.to else ""
            lines.append(f"| {column.name} | {kind} | {column.text.replace('|', chr(92) + '|')}{more} |")
        lines.append("")
    return lines
