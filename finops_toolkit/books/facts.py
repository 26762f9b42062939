"""The facts of some books: tables, units, calendar, findings and panel, each computed once when asked for.

What reports are made from is read through Books, which records it; the facts themselves record nothing.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from .. import periods
from ..calendars import calendar_of
from ..errors import ContractError
from ..sources.text import reason
from . import opening
from .calendars import Tables
from .checking import check_table
from .closing import closing_findings
from .consolidation import Group, group_of
from .contract import load_contract
from .finding import Finding
from .gaps import gaps
from .outline import Outline, Unit, outline_of, units_of
from .panel import Panel, build_panel
from .peers import fiscal_starts
from .reconciling import Reconciliation, reconcile

TOP = "TOTAL"


class Facts:
    """Typed tables in one engine, units, calendar and panel; taken from a snapshot where there is one."""

    def __init__(self, opened: opening.Opened):
        self.opened = opened
        self.folder: Path = opened.folder
        self.name: str = opened.settings.get("name", opened.name)
        self.calendar = calendar_of(opened.settings.get("calendar"), opened.settings.get("year_end"))
        self.fiscal_start: int = opened.settings.get("fiscal_year_start", self.calendar.fiscal_start)
        self.tables = Tables(opened.tables, self.calendar)
        self.missing: list[str] = [name for name in load_contract().tables if name not in opened.tables]

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
                found += self.reconciled.findings + self.gaps
            except ContractError as error:
                found.append(Finding("error", "books", "unusable", error.message, hint=error.hint))
        order = {"error": 0, "difference": 1, "note": 2}
        return sorted(found, key=lambda finding: order[finding.level])

    @cached_property
    def reconciled(self) -> Reconciliation:
        """Compared once: a page asks both for the findings and for the table."""
        known = self.opened.snapshot
        return reconcile(self) if known is None else known.reconciliation()

    @cached_property
    def gaps(self) -> list[Finding]:
        """What is not there that one would expect."""
        known = self.opened.snapshot
        if known is not None:
            return known.findings("gaps")
        closing = closing_findings(self.tables, self.panel.closed, self.opened.settings)
        return [*gaps(self.tables, self.panel), *closing]

    # --- units and calendar ------------------------------------------------------------------------

    @cached_property
    def units(self) -> pd.DataFrame:
        """Units in tree order, parents first: [unit, name, parent, kind, currency, depth]."""
        if self.opened.snapshot is not None:
            return self.opened.snapshot.units()
        if "units" in self.tables:
            columns = ["unit", "name", "parent", "kind", "currency"]
            frame = pd.DataFrame(self._unit_rows, columns=columns, dtype=object)
        else:
            found = set()
            for name, table in self.tables.items():
                if "unit" in load_contract().tables[name].columns:
                    found |= set(table.unit.name("unit").as_table().distinct().to_pandas()["unit"].dropna())
            frame = pd.DataFrame({"unit": sorted(found)})
            frame = frame.assign(name=frame.unit, parent=None, kind=None, currency=None)
        frame = frame.astype(object).where(frame.notna(), None)
        roots = frame[frame.parent.isna() | ~frame.parent.isin(frame.unit)]
        if self.opened.settings.get("peers"):
            frame.loc[roots.index, "parent"] = None
        elif len(roots) != 1:
            # Somebody's unit may be called so.
            name = next(
                text for text in (TOP, f"{TOP} OF ALL", f"{TOP} OF ALL UNITS") if text not in set(frame.unit)
            )
            top = {"unit": name, "name": "All units", "parent": None, "kind": "company", "currency": None}
            frame.loc[roots.index, "parent"] = name
            frame = pd.concat([pd.DataFrame([top]), frame], ignore_index=True)
        ordered = _tree_order(frame)
        return ordered.reset_index(drop=True)

    @cached_property
    def _unit_rows(self) -> list[dict[str, Any]]:
        """The table units as it is; no row where there is none."""
        return self.tables["units"].to_pyarrow().to_pylist() if "units" in self.tables else []

    @cached_property
    def fiscal_starts(self) -> dict[str, int]:
        """The month each unit's own fiscal year begins with, where the units are peers."""
        return fiscal_starts(self)

    @property
    def currency(self) -> str:
        """The currency amounts are kept in; empty where nobody says."""
        if "currency" in self.opened.settings:
            return self.opened.settings["currency"]
        known = set(self.units.currency.dropna())
        return known.pop() if len(known) == 1 else ""

    @cached_property
    def group(self) -> Group:
        """How units become a whole. Raises ContractError where nobody says enough to translate amounts."""
        currencies = dict(zip(self.units.unit, self.units.currency, strict=True))
        owned = {row["unit"]: row["ownership"] for row in self._unit_rows}
        return group_of(self.tables, self.opened.settings, self.currency, currencies, owned)

    @cached_property
    def outline(self) -> Outline:
        """Units, calendar and reconciliation on a page: enough to plan a batch without these books."""
        return outline_of(self) if self.opened.snapshot is None else self.opened.snapshot.outline

    @cached_property
    def tree(self) -> tuple[Unit, ...]:
        """The units in tree order, without their kind and currency."""
        return units_of(self.units.to_dict("records"))

    @cached_property
    def closed(self) -> int:
        """The last closed month, an ordinal."""
        given = self.opened.settings.get("closed_through")
        if given is not None:
            return periods.parse_period(given, 0).last
        return self.panel.closed

    @cached_property
    def first(self) -> int:
        """The first month of the books, an ordinal: an opening entry alone makes no month."""
        panel = self.panel
        return panel.coverage("revenue")[0] if "revenue" in panel.measures else panel.months[0]

    @cached_property
    def panel(self) -> Panel:
        """All monthly measures by unit. Raises ContractError where they cannot be computed."""
        known = self.opened.snapshot
        panel = self._computed_panel() if known is None else known.panel()
        self.opened.check_unchanged()
        self.opened.release()
        return panel

    def _computed_panel(self) -> Panel:
        given = self.opened.settings.get("closed_through")
        closed = None if given is None else periods.parse_period(given, 0).last
        parents = dict(zip(self.units.unit, self.units.parent, strict=True))
        try:
            return build_panel(self.tables, parents, closed, self.group)
        except duckdb.Error as error:
            self.opened.check_unchanged()
            raise ContractError(
                f"The figures of {self.name} cannot be computed: {reason(error)}",
                "Look for impossible values with `finops check`.",
            ) from error


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
