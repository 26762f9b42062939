"""The rows of the star schema: taken from some books table by table, in a fixed order, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from ..books import Books, ledger
from ..books.calendars import period_of_rows
from ..books.contract import load_contract
from ..kpis import catalogue_of, values
from ..kpis.entries import Kpi
from ..kpis.formulas import Product, text_of
from ..periods import Period, fiscal_year_first, month_label, month_text
from .model import StarTable, star_tables

# Rows of a batch: enough for the engine to work in one go, few enough to keep in memory many times over.
ROWS = 122_880
# KPI values that are computed at a time.
_CELLS = 400_000


class Star:
    """The star schema of some books: all of it, or the rows of some units (those below included) and months.

    `months` are ordinals; None: all. With months, rows that have no date stay out.
    """

    def __init__(self, books: Books, units: Sequence[str] | None = None, months: Sequence[int] | None = None):
        self.books, self.panel = books, books.panel()
        self.months = None if months is None else sorted(set(months))
        chosen = {inner for unit in units or [] for inner in books.below(unit)}
        self.units = [unit for unit in self.panel.units if units is None or unit in chosen]
        self.tables = star_tables([name for name in load_contract().tables if books.has(name)])
        self._every_unit = units is None

    def batches(self, table: StarTable) -> Iterator[pa.RecordBatch]:
        """All rows of a table in the order of its key, in its types."""
        made = getattr(self, f"_{table.name}", None)
        parts = made() if made else self._shown(table)
        for part in parts:
            yield part.select(table.schema.names).cast(table.schema)

    # --- tables of the contract ---

    def _shown(self, table: StarTable) -> Iterator[pa.RecordBatch]:
        """A table of the contract as it is: masters with the members that only rows of facts name."""
        if table.kind == "fact":
            yield from self._ordered(self._fact(table), table.key)
            return
        if table.source in self.books.tables:
            yield from self._ordered(self.books.tables[str(table.source)].mutate(known=True), table.key)
        inferred = [{table.key[0]: member, "known": False} for member in self._only_named(table)]
        if inferred:
            yield pa.RecordBatch.from_pylist(inferred, schema=table.schema)

    def _ordered(self, rows: ibis.Table, key: Iterable[str]) -> Iterator[pa.RecordBatch]:
        yield from _read(rows.order_by([rows[name].asc(nulls_first=False) for name in key]))

    def _fact(self, table: StarTable) -> ibis.Table:
        """The rows of a fact that are wanted, with the month each belongs to."""
        name = str(table.source)
        rows, date = self.books.tables[name], load_contract().tables[name].date
        if date is not None:
            month = period_of_rows(self.books.calendar, name, rows)
            rows = rows.mutate(month_key=((month // 12) * 100 + month % 12 + 1).cast("int32"))
            if self.months is not None:
                rows = rows.filter(rows.month_key.isin([_key(month) for month in self.months]))
        if not self._every_unit and "unit" in table.columns:
            inside = rows.unit.isin(self.units)
            # Rows without a unit belong to the company as a whole, as in the panel.
            rows = rows.filter(inside | rows.unit.isnull() if self.panel.units[0] in self.units else inside)
        return rows

    def _named(self, dimension: str) -> Iterator[tuple[ibis.Table, str]]:
        """The columns of facts that point to a dimension, each with its rows."""
        for table in self.tables:
            if table.kind == "fact" and table.source is not None:
                for column in table.columns.values():
                    if column.to == dimension:
                        yield self._fact(table), column.name

    def _only_named(self, table: StarTable) -> list[str]:
        """Members that rows of facts name and the dimension's own table does not hold."""
        found: set[str] = set()
        for rows, column in self._named(table.name):
            named = rows.filter(rows[column].notnull()).select(member=rows[column]).distinct()
            if table.source in self.books.tables:
                held = self.books.tables[str(table.source)]
                named = named.anti_join(held, named.member == held[table.key[0]])
            found |= set(named.to_pyarrow()["member"].to_pylist())
        return sorted(found)

    # --- dimensions that are computed ---

    def _dim_unit(self) -> Iterator[pa.RecordBatch]:
        units = self.books.units
        if self.books.has("units"):
            table = self.books.tables["units"].to_pandas()
            units = units.merge(
                table[["unit", *table.columns.difference(units.columns)]], on="unit", how="left"
            )
        units = units.reindex(columns=self._schema("dim_unit").names).astype(object)
        units = units.where(units.notna(), None)
        rows: dict[str, dict[str, Any]] = {}
        for row in units[units.unit.isin(self.units)].to_dict("records"):
            above = rows.get(row["parent"])
            rows[row["unit"]] = row | {
                "parent": row["parent"] if above else None,
                "level": above["level"] + 1 if above else 0,
                "path": f"{above['path']}|{row['unit']}" if above else row["unit"],
                "position": len(rows) + 1,
                "known": True,
            }
        yield pa.RecordBatch.from_pylist(list(rows.values()), schema=self._schema("dim_unit"))

    def _dim_account(self) -> Iterator[pa.RecordBatch]:
        schema, contract = self._schema("dim_account"), load_contract()
        if not self.books.has("accounts"):
            return
        accounts = self.books.tables["accounts"].order_by("account").to_pandas()
        lines = (*contract.lines_profit, *contract.lines_balance, *contract.lines_other)
        signs = {one.measure.name: one.sign for one in ledger.ledger_sums(accounts, (), True)}
        rows = [
            {name: None if pd.isna(value) else value for name, value in row.items()}
            | {
                "statement": "profit and loss"
                if row["line"] in contract.lines_profit
                else "balance sheet"
                if row["line"] in contract.lines_balance
                else "other",
                "position": lines.index(row["line"]) + 1,
                "sign": signs.get(row["line"], 1),
                "known": True,
            }
            for row in accounts.to_dict("records")
        ]
        yield pa.RecordBatch.from_pylist(rows, schema=schema)

    def _dim_month(self) -> Iterator[pa.RecordBatch]:
        start, calendar = self.books.fiscal_start, self.books.calendar
        rows = []
        for month in self._all_months:
            first = fiscal_year_first(month, start)
            rows.append(
                {
                    "month_key": _key(month),
                    "ordinal": month,
                    "month": month_text(month),
                    "label": month_label(month),
                    "year": month // 12,
                    "quarter": f"{month // 12:04d}-Q{month % 12 // 3 + 1}",
                    "fiscal_year": f"FY{(first + 11) // 12:04d}",
                    "fiscal_quarter": (month - first) // 3 + 1,
                    "fiscal_month": month - first + 1,
                    "start_date": calendar.start(month),
                    "end_date": calendar.end(month),
                    "closed": month <= self.books.closed,
                    "in_books": self.books.first <= month <= self.panel.months[-1],
                }
            )
        yield pa.RecordBatch.from_pylist(rows, schema=self._schema("dim_month"))

    @cached_property
    def _all_months(self) -> list[int]:
        """The months wanted; else those of the panel and all that rows of facts name."""
        if self.months is not None:
            return self.months
        found = set(self.panel.months)
        for rows, column in self._named("dim_month"):
            keys = rows.filter(rows[column].notnull()).select(key=rows[column]).distinct()
            found |= {(key // 100) * 12 + key % 100 - 1 for key in keys.to_pyarrow()["key"].to_pylist()}
        return sorted(found)

    def _dim_kpi(self) -> Iterator[pa.RecordBatch]:
        rows = []
        for kpi in catalogue_of(self.books).values():
            above, below = _fraction(kpi)
            rows.append(
                {name: getattr(kpi, name) for name in ("name", "formula", "measure", "owner", "basis")}
                | {name: getattr(kpi, name) for name in ("source", "text", "reference")}
                | {"kpi": kpi.id, "perspective": kpi.group, "direction": kpi.good}
                | {"numerator": above, "denominator": below}
            )
        yield pa.RecordBatch.from_pylist(rows, schema=self._schema("dim_kpi"))

    def _dim_measure(self) -> Iterator[pa.RecordBatch]:
        rows = [
            {"measure": one.name, "text": one.text, "unit_of_measure": one.unit, "nature": one.nature}
            | {"source": one.source, "adds_over_months": one.nature == "flow"}
            for one in self._summed()
        ]
        yield pa.RecordBatch.from_pylist(rows, schema=self._schema("dim_measure"))

    # --- facts that are computed ---

    def _summed(self) -> list[Any]:
        """Measures that are amounts or counts; distributions of days have no one value a month."""
        found = [one for one in self.panel.measures.values() if one.nature != "histogram"]
        return sorted(found, key=lambda one: one.name)

    def _fact_measure(self) -> Iterator[pa.RecordBatch]:
        wanted = set(self._all_months)
        places = np.array([self.panel.index(unit) for unit in self.units], dtype="int64")
        for measure in self._summed():
            first, last = self.panel.coverage(measure.name)
            months = [m for m in range(max(first, self.panel.months[0]), last + 1) if m in wanted]
            columns = np.array(months, dtype="int64") - self.panel.months[0]
            own, total = (
                values[np.ix_(places, columns)].ravel()
                for values in (self.panel.own(measure.name), self.panel.matrix(measure.name))
            )
            data = {
                "measure": pa.array([measure.name] * len(own), pa.string()),
                "unit": pa.array(np.repeat(np.array(self.units, dtype=object), len(months)), pa.string()),
                "month_key": pa.array(np.tile([_key(m) for m in months], len(places)), pa.int32()),
                "own_value": _exact(own),
                "rolled_up_value": _exact(total),
            }
            yield pa.RecordBatch.from_pydict(data, schema=self._schema("fact_measure"))

    def _fact_kpi(self) -> Iterator[pa.RecordBatch]:
        spans = self._spans()
        ids = sorted(catalogue_of(self.books))
        at_once = max(1, _CELLS // max(1, len(ids) * len(spans)))
        for begin in range(0, len(self.units) if spans else 0, at_once):
            texts = {span.text: (kind, _key(span.last)) for kind, span in spans}
            frame = values(self.books, ids, self.units[begin : begin + at_once], [span for _, span in spans])
            frame["period_kind"] = [texts[text][0] for text in frame["period"]]
            frame["month_key"] = [texts[text][1] for text in frame["period"]]
            for name in ("reason", "note", "reconciliation"):
                frame[name] = frame[name].where(frame[name] != "", None)
            schema = self._schema("fact_kpi")
            yield from pa.Table.from_pandas(frame, schema, preserve_index=False).to_batches(ROWS)

    def _spans(self) -> list[tuple[str, Period]]:
        """Kind and period of everything KPIs are asked for: each closed month, alone and at a span's end.

        A span that begins before the books has no value that `finops kpis` would give.
        """
        start, first, closed = self.books.fiscal_start, self.books.first, self.books.closed
        months = [m for m in self._all_months if first <= m <= closed]
        alone = [self.books.period(month_text(month)) for month in months]
        kinds = (
            ("month", alone),
            ("ytd", [m.ytd(start) for m in alone]),
            ("r12", [m.rolling() for m in alone]),
        )
        return [(kind, span) for kind, spans in kinds for span in spans if span.first >= first]

    def _schema(self, name: str) -> pa.Schema:
        return next(table.schema for table in self.tables if table.name == name)


def _read(rows: ibis.Table) -> Iterator[pa.RecordBatch]:
    """What an expression gives, a batch at a time, from whatever engine it lies in."""
    engine: Any = rows._find_backend()
    if engine.name != "duckdb":
        yield from rows.to_pyarrow_batches(chunk_size=ROWS)
        return
    # Ibis asks DuckDB for batches by a name that DuckDB has given up.
    engine._run_pre_execute_hooks(rows)
    yield from engine.con.sql(engine.compile(rows)).to_arrow_reader(ROWS)


def _key(month: int) -> int:
    """The key of a month, 202511 of its ordinal."""
    return month // 12 * 100 + month % 12 + 1


def _exact(values: np.ndarray) -> pa.Array:
    """int64 ten-thousandths as decimals of four places, without a detour over floats."""
    wide = np.empty((len(values), 2), dtype="<i8")
    wide[:, 0], wide[:, 1] = values, values >> 63
    return pa.Array.from_buffers(pa.decimal128(19, 4), len(values), [None, pa.py_buffer(wide.tobytes())])


def _fraction(kpi: Kpi) -> tuple[str | None, str | None]:
    """Numerator and denominator of a formula that is one division, else None twice."""
    tree = kpi.tree
    if not isinstance(tree, Product) or [sign for sign, _ in tree.factors].count("/") != 1:
        return None, None
    above = Product(tuple(factor for factor in tree.factors if factor[0] != "/"))
    below = next(factor for sign, factor in tree.factors if sign == "/")
    top = above.factors[0][1] if len(above.factors) == 1 else above
    return text_of(top), text_of(below)
