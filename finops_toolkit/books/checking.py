"""The contract's rules, compiled to Ibis: one aggregate a table, and the first rows by key of what fails."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any

import ibis
import pandas as pd

from ..sources.sql import quote
from .contract import ESSENTIAL, EXACT, Contract, Table
from .finding import Finding

SCALE = 10_000
_HASHED_AT_ONCE = 60_000_000  # keys, some 40 bytes each: two and a half gigabytes

# A date outside these years is a typing error or a placeholder, and one of them would make the books
# span centuries.
EARLIEST, LATEST = "1950-01-01", "2149-12-31"

_OPERATORS: dict[type, Any] = {
    ast.LtE: operator.le,
    ast.NotEq: operator.ne,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.And: operator.and_,
    ast.Add: operator.add,
}


@dataclass(frozen=True)
class Check:
    """A rule ready to run: the rows that fail it (where this is true, not where it is unknown), the column
    that says how much they are worth, the columns it looks at, and what to do about an error.
    """

    rule: str
    text: str
    level: str
    fails: ibis.expr.types.BooleanValue
    amount: str | None
    columns: tuple[str, ...]
    hint: str


def condition(table: ibis.Table, text: str) -> ibis.expr.types.BooleanValue:
    """A rule's condition as an Ibis expression: comparisons, and, +, columns and numbers."""

    def build(node: ast.AST) -> Any:
        match node:
            case ast.Name(id=name):
                return table[name]
            case ast.Constant(value=int() as value):
                return ibis.literal(value)
            case ast.BinOp(left=left, op=op, right=right):
                return _OPERATORS[type(op)](build(left), build(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return _OPERATORS[type(op)](build(left), build(right))
            case ast.BoolOp(op=op, values=parts):
                return reduce(_OPERATORS[type(op)], map(build, parts))
        raise ValueError(f"A rule may not say {ast.dump(node)}.")

    return build(ast.parse(text, mode="eval").body)


def _checks(
    spec: Table, table: ibis.Table, tables: dict[str, ibis.Table], contract: Contract
) -> Iterator[Check]:
    for column in spec.columns.values():
        value = table[column.name]
        if not column.optional:
            rule, text = f"{column.name}_present", f"{column.name} is empty"
            hint = f"every row needs it: {column.text.split(':')[0]}"
            yield Check(rule, text, "error", value.isnull(), spec.amount, (), hint)
        if column.one_of:
            rule, text = f"{column.name}_allowed", f"{column.name} is none of {', '.join(column.one_of)}"
            fails = ~value.isin(column.one_of)
            yield Check(rule, text, "error", fails, spec.amount, (column.name,), "write one of these words")
        if column.type in ("date", "month", "time"):
            outside = (value < ibis.literal(EARLIEST).cast(value.type())) | (
                value > ibis.literal(LATEST).cast(value.type())
            )
            level = "error" if column.name == spec.date else "difference"
            text = f"{column.name} lies outside {EARLIEST[:4]} to {LATEST[:4]}"
            hint = "correct the date; where there is none, leave it empty"
            yield Check(f"{column.name}_plausible", text, level, outside, spec.amount, (column.name,), hint)
        if column.to in tables:
            key = contract.tables[column.to].key[0]
            level = "error" if column.to in ESSENTIAL else "difference"
            text = f"{column.name} is not in {column.to}"
            keys = tables[column.to][key]
            fails = ~value.isin(tables[column.to].filter(keys.notnull())[key])
            hint = f"correct it, or add it to {column.to}; capitals, leading zeros and blanks count"
            yield Check(f"{column.name}_known", text, level, fails, spec.amount, (column.name,), hint)
    for own in spec.rules:
        columns = tuple(name for name in spec.columns if re.search(rf"\b{name}\b", own.check))
        fails = ~condition(table, own.check)
        yield Check(own.name, own.text, own.level, fails, own.amount, columns, "correct the values")


def _amount(table: ibis.Table, spec: Table, column: str | None, fails: Any) -> Any:
    """Exact sum behind the rows that fail, or a typed empty value."""
    if column is None or spec.columns[column].type not in EXACT:
        return ibis.null("decimal(38, 4)")
    return table[column].cast("decimal(38, 4)").sum(where=fails)


def scaled(value: Any) -> int | None:
    """An exact decimal from the engine in ten-thousandths; None stays None."""
    return None if value is None or pd.isna(value) else int(value * SCALE)


def first_rows(table: ibis.Table, key: tuple[str, ...], fails: Any, limit: int = 5) -> pd.DataFrame:
    """The first rows by key that fail: a bounded read however many fail."""
    return table.filter(fails).order_by([table[name] for name in key]).limit(limit).to_pandas()


def _shown(rows: pd.DataFrame, spec: Table, check: Check) -> pd.DataFrame:
    """The rows without columns that are empty in all of them, but for the key and what was checked."""
    asked = {*spec.key, check.rule.rsplit("_", 1)[0]}
    return rows[[name for name in rows.columns if name in asked or rows[name].notna().any()]]


def _places(rows: pd.DataFrame, key: tuple[str, ...], columns: tuple[str, ...]) -> str:
    """The first rows in words: "unit 'X' in entry 'E07', line 2"."""

    def named(row: dict, names: tuple[str, ...]) -> str:
        return ", ".join(f"{name} {_value(row[name])}" for name in names)

    places = []
    for row in rows.head(3).to_dict("records"):
        said = tuple(name for name in columns if name not in key)
        places.append(" in ".join(filter(None, (named(row, said), named(row, key)))))
    return "; ".join(places) + ("; …" if len(rows) > 3 else "")


def _value(value: Any) -> str:
    if pd.isna(value):
        return "empty"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    text = repr(value) if isinstance(value, str) else str(value).removesuffix(" 00:00:00")
    return text if len(text) <= 40 else text[:40] + "…"


def check_table(
    spec: Table,
    tables: dict[str, ibis.Table],
    contract: Contract,
    unread: Mapping[tuple[str, str], int] | None = None,
) -> list[Finding]:
    """All findings of one table: the rules of its columns, its own rules, its key, its tree.

    `unread` says of (table, column) how many values could not be read: they count as said, not as empty.
    """
    table = tables[spec.name]
    said = {f"{column}_present": n for (name, column), n in (unread or {}).items() if name == spec.name}
    findings = []
    for check, count, worth in _failed(spec, table, list(_checks(spec, table, tables, contract))):
        if count == said.get(check.rule):
            continue
        rows = first_rows(table, spec.key, check.fails)
        amount, shown = scaled(worth), _shown(rows, spec, check)
        text, hint = check.text, None
        if check.level == "error":
            text, hint = f"{text}: {_places(rows, spec.key, check.columns)}", check.hint
        findings.append(Finding(check.level, spec.name, check.rule, text, count, amount, shown, hint))
    findings += _repeated_keys(spec, table)
    parents = [c.name for c in spec.columns.values() if c.to == spec.name]
    return findings + [f for parent in parents for f in _circles(spec, table, parent)]


def _failed(spec: Table, table: ibis.Table, checks: list[Check]) -> Iterator[tuple[Check, int, Any]]:
    """The rules that rows fail, with how many rows and what these are worth.

    Most tables break no rule: they are asked first whether a row fails any, which is half the work.
    """
    failing = table.filter(reduce(operator.or_, [check.fails for check in checks]))
    if not failing.count().to_pyarrow().as_py():
        return
    aggregates: dict[str, Any] = {}
    for index, check in enumerate(checks):
        aggregates[f"n{index}"] = table.count(where=check.fails)
        aggregates[f"a{index}"] = _amount(table, spec, check.amount, check.fails)
    result = table.aggregate(**aggregates).to_pyarrow().to_pylist()[0]
    for index, check in enumerate(checks):
        if result[f"n{index}"]:
            yield check, int(result[f"n{index}"]), result[f"a{index}"]


def _repeated_keys(spec: Table, table: ibis.Table) -> list[Finding]:
    """Rows that stand in the table more than once by key: a total would count them twice."""
    if _hashes_differ(spec, table):
        return []
    key = list(spec.key)
    repeated = table.group_by(key).aggregate(times=ibis._.count())
    repeated = repeated.filter(repeated.times > 1)
    total = repeated.aggregate(keys=repeated.count(), rows=repeated.times.sum()).to_pyarrow().to_pylist()[0]
    if not total["keys"]:
        return []
    rows = repeated.order_by(key).limit(5).to_pandas()
    things = "1 value stands" if total["keys"] == 1 else f"{total['keys']:,} values stand"
    text = f"{', '.join(key)} must be unique: {things} in {total['rows']:,} rows: "
    text += _places(rows, spec.key, ())
    hint = "take out what stands there twice; totals would count it twice"
    count = int(total["rows"] - total["keys"])
    return [Finding("error", spec.name, "unique_key", text, count, None, rows, hint)]


def _hashes_differ(spec: Table, table: ibis.Table) -> bool:
    """Whether all keys have hashes of their own, and so are keys of their own; where the engine is DuckDB.

    A hash takes a fifth of the memory of a key. Equal hashes prove nothing: then the keys are looked at.
    """
    engine = table._find_backend()
    if engine.name != "duckdb":
        return False
    hashed = f"hash({', '.join(map(quote, spec.key))})"
    place = f"books.{quote(spec.name)}"
    rows = engine.raw_sql(f"SELECT COUNT(*) FROM {place}").fetchall()[0][0]
    passes = rows // _HASHED_AT_ONCE + 1
    for number in range(passes):
        part = f" WHERE {hashed} % {passes} = {number}" if passes > 1 else ""
        count, distinct = engine.raw_sql(
            f"SELECT COUNT(*), COUNT(DISTINCT {hashed}) FROM {place}{part}"
        ).fetchall()[0]
        if count != distinct:
            return False
    return True


def _circles(spec: Table, table: ibis.Table, parent: str) -> list[Finding]:
    """Nodes of a tree that are their own ancestors."""
    frame = table.select(spec.key[0], parent).to_pandas()
    above = {k: p for k, p in zip(frame[spec.key[0]], frame[parent], strict=True) if isinstance(p, str)}
    circling = []
    for node in above:
        seen, at = set(), node
        while at in above and at not in seen:
            seen.add(at)
            at = above[at]
        if at == node:
            circling.append(node)
    if not circling:
        return []
    rows = frame[frame[spec.key[0]].isin(circling)].sort_values(spec.key[0]).head(5)
    text = f"{parent} leads back to where it started: {', '.join(sorted(circling)[:5])}"
    hint = f"leave the {parent} of the topmost one empty"
    return [Finding("error", spec.name, f"{parent}_tree", text, len(circling), None, rows, hint)]
