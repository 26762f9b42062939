"""The books: one set of facts, opened once, read through a few recorded reads."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pandas as pd
from ibis.common.exceptions import IbisError

from .. import periods
from ..errors import ContractError, UsageError
from ..periods import Period
from . import opening
from .checking import SCALE, check_table
from .contract import Table, load_contract
from .files import reason
from .finding import LEVELS, Finding
from .gaps import gaps
from .measures import EXACT, month_of
from .outline import Outline, Unit, find_unit, outline_of, period_within, units_below, units_of
from .panel import Panel, build_panel, fetch
from .reconciling import Reconciliation, reconcile
from .snapshot import snapshot_of

TOP = "TOTAL"


@dataclass(frozen=True)
class Read:
    """A recorded read: what was asked, for what scope, and the hash of what it gave."""

    name: str
    scope: str
    sha256: str


def open_books(
    data: str | Path | None = None, source: str | Path | None = None, *, strict: bool = True
) -> Books:
    """Open a company's books.

    data: None for the generated company, a folder of the contract's tables (Parquet or CSV), an adapter's
    folder or the name of a bundled adapter; source: the folder with an adapter's raw files.
    Raises UsageError where there is nothing to open and ContractError, with every problem, where a table
    is unusable. With strict=False the unusable tables are left out and `findings()` says why.
    Where the environment's FINOPS_SNAPSHOT has these books as they are now, they are taken from there.
    """
    known = snapshot_of(data, source)
    if known is not None:
        return Books(known.opened())
    books = Books(opening.open_folder(data, source))
    # Asked for in any case: tables with errors leave the books here.
    unusable = any(finding.level == "error" for finding in books.contract_findings)
    if strict and unusable:
        raise opening.unusable(books.opened, books.contract_findings)
    return books


class Books:
    """Typed tables in one engine, the units' tree, the calendar, and the reads made of them."""

    def __init__(self, opened: opening.Opened):
        self.opened = opened
        self.folder: Path = opened.folder
        self.name: str = opened.settings.get("name", opened.folder.name)
        self.fiscal_start: int = opened.settings.get("fiscal_year_start", 1)
        self.tables: dict[str, ibis.Table] = opened.tables
        self.missing: list[str] = [name for name in load_contract().tables if name not in opened.tables]
        self.reads: list[Read] = []

    @cached_property
    def contract_findings(self) -> list[Finding]:
        """What opening and the contract's rules found; tables with errors leave `tables` for good."""
        if self.opened.snapshot is not None:
            return self.opened.findings
        contract = load_contract()
        found = list(self.opened.findings)
        for name in list(self.tables):
            try:
                found += check_table(contract.tables[name], self.tables, contract, self.opened.unread)
            except Exception as error:
                # A file may be sound at its edges and broken in the middle: only reading it all tells.
                text = f"cannot be read to the end: {reason(error)}"
                found.append(
                    Finding("error", name, "unreadable", text, hint="the file may be damaged; write it again")
                )
        for finding in found:
            if finding.level == "error":
                self.tables.pop(finding.table, None)
        self.missing = [name for name in contract.tables if name not in self.tables]
        return found

    def findings(self) -> list[Finding]:
        """Everything the contract and the reconciliation have to say, errors first."""
        found = list(self.contract_findings)
        if not any(finding.level == "error" for finding in found):
            try:
                found += self._reconciled.findings + self._gaps
            except ContractError as error:
                found.append(Finding("error", "books", "unusable", error.message, hint=error.hint))
        order = {"error": 0, "difference": 1, "note": 2}
        return sorted(found, key=lambda finding: order[finding.level])

    def finding_levels(self) -> dict[str, int]:
        """How many errors, differences and notes there are among the findings."""
        levels = [finding.level for finding in self.findings()]
        return {level: levels.count(level) for level in LEVELS}

    def reconciliation(self, unit: str | None = None, period: Period | str | None = None) -> pd.DataFrame:
        """Ledger against subledgers: [pair, unit, month, ledger, subledger, difference], ten-thousandths.

        Of a unit and those below it, in a period; None: of all. The column `unit` is where it was booked (not
        rolled up), `month` an ordinal.
        """
        table = self._reconciled.table
        if unit is not None:
            table = table[table["unit"].isin(self.below(unit))]
        if period is not None:
            span = self.period(period)
            table = table[table["month"].between(span.first, span.last)]
        return table.reset_index(drop=True)

    @cached_property
    def _reconciled(self) -> Reconciliation:
        """Compared once: a page asks both for the findings and for the table."""
        known = self.opened.snapshot
        return reconcile(self) if known is None else known.reconciliation()

    @cached_property
    def _gaps(self) -> list[Finding]:
        known = self.opened.snapshot
        return gaps(self.tables, self.panel()) if known is None else known.findings("gaps")

    def has(self, table: str, *columns: str) -> bool:
        """Whether the books hold a table, with all these columns."""
        return table in self.tables and set(columns) <= set(self.tables[table].columns)

    # --- units and calendar ------------------------------------------------------------------------

    @cached_property
    def units(self) -> pd.DataFrame:
        """Units in tree order, parents first: [unit, name, parent, kind, currency, depth]."""
        if self.opened.snapshot is not None:
            return self.opened.snapshot.units()
        if "units" in self.tables:
            frame = self.tables["units"].to_pandas()
            frame = frame.reindex(columns=["unit", "name", "parent", "kind", "currency"])
        else:
            found = set()
            for name, table in self.tables.items():
                if "unit" in load_contract().tables[name].columns:
                    found |= set(table.unit.name("unit").as_table().distinct().to_pandas()["unit"].dropna())
            frame = pd.DataFrame({"unit": sorted(found)})
            frame = frame.assign(name=frame.unit, parent=None, kind=None, currency=None)
        frame = frame.astype(object).where(frame.notna(), None)
        roots = frame[frame.parent.isna() | ~frame.parent.isin(frame.unit)]
        if len(roots) > 1:
            # Somebody's unit may be called so.
            name = next(
                text for text in (TOP, f"{TOP} OF ALL", f"{TOP} OF ALL UNITS") if text not in set(frame.unit)
            )
            top = {"unit": name, "name": "All units", "parent": None, "kind": "company", "currency": None}
            frame.loc[roots.index, "parent"] = name
            frame = pd.concat([pd.DataFrame([top]), frame], ignore_index=True)
        ordered = _tree_order(frame)
        return ordered.reset_index(drop=True)

    @property
    def currency(self) -> str:
        """The currency amounts are kept in; empty where nobody says."""
        if "currency" in self.opened.settings:
            return self.opened.settings["currency"]
        known = set(self.units.currency.dropna())
        return known.pop() if len(known) == 1 else ""

    @cached_property
    def outline(self) -> Outline:
        """Units, calendar and reconciliation on a page: enough to plan a batch without these books."""
        return outline_of(self) if self.opened.snapshot is None else self.opened.snapshot.outline

    @cached_property
    def _tree(self) -> tuple[Unit, ...]:
        return units_of(self.units.to_dict("records"))

    def unit(self, text: str) -> str:
        """The unit meant by its id or its name. Raises UsageError that names the units."""
        return find_unit(self._tree, text, self.name)

    def below(self, unit: str) -> list[str]:
        """A unit and all units below it, in tree order."""
        return units_below(self._tree, self.unit(unit))

    @cached_property
    def closed(self) -> int:
        """The last closed month, an ordinal."""
        given = self.opened.settings.get("closed_through")
        if given is not None:
            return periods.parse_period(given, 0).last
        return self.panel().closed

    @cached_property
    def first(self) -> int:
        """The first month of the books, an ordinal: an opening entry alone makes no month."""
        panel = self.panel()
        return panel.coverage("revenue")[0] if "revenue" in panel.measures else panel.months[0]

    def period(self, text: str | Period) -> Period:
        """A period of these books. Raises UsageError where it is not understood or lies outside them."""
        if isinstance(text, Period):
            return text
        return period_within(text, self.first, self.closed, self.fiscal_start, self.name)

    # --- reads -------------------------------------------------------------------------------------

    def panel(self) -> Panel:
        """All monthly measures by unit; computed once."""
        return self._panel

    @cached_property
    def _panel(self) -> Panel:
        known = self.opened.snapshot
        panel = self._computed_panel() if known is None else known.panel()
        digest = hashlib.sha256()
        for name in sorted(panel.measures):
            if panel.measures[name].nature != "histogram":
                digest.update(name.encode())
                digest.update(panel.matrix(name).tobytes())
        self.opened.check_unchanged()
        self.reads.append(Read("panel", "", digest.hexdigest()))
        return panel

    def _computed_panel(self) -> Panel:
        given = self.opened.settings.get("closed_through")
        closed = None if given is None else periods.parse_period(given, 0).last
        parents = dict(zip(self.units.unit, self.units.parent, strict=True))
        try:
            return build_panel(self.tables, parents, closed)
        except duckdb.Error as error:
            self.opened.check_unchanged()
            raise ContractError(
                f"The figures of {self.name} cannot be computed: {reason(error)}",
                "Look for impossible values with `finops check`.",
            ) from error

    def rows(
        self,
        table: str,
        unit: str | None = None,
        period: Period | str | None = None,
        columns: Sequence[str] | None = None,
        where: Mapping[str, Any] | None = None,
        order: Sequence[str] | None = None,
        limit: int = 1000,
    ) -> pd.DataFrame:
        """Rows of a table for showing, at most `limit`, in a fixed order (the key unless `order` is given).

        `unit` includes the units below it; `order` takes "-column" for descending. Money and quantities
        come as floats in plain units: sums belong in the engine, see `sums`.
        """
        spec, scoped = self._scoped(table, unit, period, where)
        wanted = [*(order or ()), *spec.key]
        names = [name.lstrip("-") for name in wanted]
        self._require(spec, scoped, [*names[: len(order or ())], *(columns or ())])
        keys = [
            scoped[name].desc(nulls_first=False) if text.startswith("-") else scoped[name]
            for name, text in zip(names, wanted, strict=True)
            if name in scoped.columns
        ]
        result = scoped.order_by(keys).limit(limit)
        if columns is not None:
            result = result.select(*columns)
        exact = {
            name: result[name].cast("float64") for name in result.columns if result[name].type().is_decimal()
        }
        with _understood(table):
            frame = result.mutate(**exact).to_pandas() if exact else result.to_pandas()
        self._record(
            f"rows {table}", f"unit={unit} period={period} where={where} order={order} limit={limit}", frame
        )
        return frame

    def sums(
        self,
        table: str,
        by: Sequence[str],
        sums: Sequence[str],
        unit: str | None = None,
        period: Period | str | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Exact sums, grouped and ordered by `by`, with a column `rows`.

        Money and quantities come as int64 ten-thousandths. `by` may name "month": the ordinal of the month
        a row belongs to.
        """
        spec, scoped = self._scoped(table, unit, period, where)
        if "month" in by and spec.date:
            scoped = scoped.mutate(month=month_of(scoped[spec.date]))
        self._require(spec, scoped, [*by, *sums])
        inexact = [name for name in sums if spec.columns[name].type not in ("money", "quantity", "integer")]
        if inexact:
            raise UsageError(
                f"{', '.join(inexact)} of {table} cannot be summed.",
                "Sum money, quantities or whole numbers.",
            )
        total = {name: scoped[name].cast(EXACT).sum() for name in sums}
        whole = scoped.aggregate if not by else scoped.group_by(list(by)).aggregate
        grouped = whole(**total, rows=scoped.count())
        grouped = grouped.order_by(list(by)) if by else grouped
        with _understood(table):
            frame = fetch(grouped, list(by), [*sums, "rows"])
        frame["rows"] //= SCALE
        self._record(
            f"sums {table}",
            f"by={list(by)} sums={list(sums)} unit={unit} period={period} where={where}",
            frame,
        )
        return frame

    def _scoped(
        self, table: str, unit: str | None, period: Period | str | None, where: Mapping[str, Any] | None
    ) -> tuple[Table, ibis.Table]:
        contract = load_contract().tables
        if table not in contract:
            close = difflib.get_close_matches(table, contract, 1)
            hint = f"Did you mean {close[0]}?" if close else f"The tables are {', '.join(contract)}."
            raise UsageError(f"There is no table {table!r} in the contract.", hint)
        if table not in self.tables:
            raise UsageError(f"{self.name} has no table {table}.", f"It has {', '.join(self.tables)}.")
        spec, scoped = contract[table], self.tables[table]
        if unit is not None and "unit" in scoped.columns:
            inside = self.below(unit)
            # Rows without a unit belong to the company as a whole, as in the panel.
            whole = inside[0] == self.units.unit[0]
            scoped = scoped.filter(scoped.unit.isin(inside) | (scoped.unit.isnull() & whole))
        if period is not None and spec.date:
            span = self.period(period)
            date = scoped[spec.date].cast("date")
            scoped = scoped.filter(
                date.between(ibis.date(span.start.isoformat()), ibis.date(span.end.isoformat()))
            )
        for column, value in (where or {}).items():
            self._require(spec, scoped, [column])
            many = isinstance(value, (list, tuple, set))
            with _understood(table):
                scoped = scoped.filter(scoped[column].isin(list(value)) if many else scoped[column] == value)
        return spec, scoped

    def _require(self, spec: Table, table: ibis.Table, columns: Sequence[str]) -> None:
        absent = [name for name in columns if name not in table.columns]
        if absent:
            raise UsageError(
                f"{spec.name} has no column {', '.join(absent)}.", f"It has {', '.join(table.columns)}."
            )

    def _record(self, name: str, scope: str, frame: pd.DataFrame) -> None:
        self.opened.check_unchanged()
        digest = hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()
        self.reads.append(Read(name, scope, digest))


@contextmanager
def _understood(table: str) -> Iterator[None]:
    """What the engine cannot compare or read is the reader's mistake, and no traceback."""
    try:
        yield
    except (duckdb.Error, IbisError) as error:
        hint = "Compare a column with values of its own type."
        raise UsageError(f"This cannot be read from {table}: {reason(error)}", hint) from error


def _tree_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Parents before children, siblings as they came; adds `depth`."""
    children: dict[Any, list[int]] = {}
    for position, parent in zip(frame.index, frame.parent, strict=True):
        children.setdefault(parent, []).append(position)
    order: list[int] = []
    depth: list[int] = []
    stack = [(position, 0) for position in reversed(children.get(None, []))]
    while stack:
        position, level = stack.pop()
        order.append(position)
        depth.append(level)
        stack += [(child, level + 1) for child in reversed(children.get(frame.unit[position], []))]
    return frame.loc[order].assign(depth=depth)
