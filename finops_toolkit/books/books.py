"""The books: one set of facts, opened once, read through recorded reads."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from ..calendars import Calendar
from ..errors import UsageError
from ..periods import Period
from . import details, opening
from .address import address_of
from .consolidation import currencies_of, is_plain
from .contract import Table, load_contract
from .digest import findings_hash, frame_hash, hash_of, structure_hash, unit_hash
from .facts import Facts
from .finding import LEVELS, Finding
from .narrowing import part_of_sums
from .outline import Outline, find_unit, period_within, units_below
from .panel import Panel
from .peers import as_meant
from .reads import Read, Reads, RecordedTables, failure, plain_value, read_id
from .snapshot import snapshot_of

# What a detail read gave is kept for whoever asks again, up to so many rows.
KEPT = 100_000


def open_books(
    data: str | Path | None = None, source: str | Path | None = None, *, strict: bool = True
) -> Books:
    """Open a company's books.

    data: None for the generated company, a folder of the contract's tables (Parquet or CSV), an adapter's
    folder, the name of a bundled adapter, or a database's URL (duckdb://, postgres://, spark://, sc://);
    source: the folder with an adapter's raw files.
    Raises UsageError where there is nothing to open and ContractError, with every problem, where a table
    is unusable. With strict=False the unusable tables are left out and `findings()` says why.
    Where the environment's FINOPS_SNAPSHOT has these books as they are now, they are taken from there. Where
    its FINOPS_READS names a file, each read is appended to it as it is made.
    """
    known = snapshot_of(data, source)
    if known is not None:
        return Books(Facts(known.opened()))
    facts = Facts(_opened(data, source))
    # Asked for in any case: tables with errors leave the books here.
    unusable = any(finding.level == "error" for finding in facts.contract_findings)
    if strict and unusable:
        facts.opened.release()
        raise opening.unusable(facts.opened, facts.contract_findings)
    return Books(facts)


def _opened(data: str | Path | None, source: str | Path | None) -> opening.Opened:
    address = address_of(data)
    if address is None:
        return opening.open_folder(data, source)
    if source:
        raise UsageError(
            f"--source goes with an adapter, and {address.text} is a database.", "Leave --source out."
        )
    from .database import open_database

    return open_database(address)


class Books:
    """What reports, lessons and commands know of a company: whatever they take from it is a recorded read.

    Not recorded are `folder`, a place and no data, and `facts` and `opened`, which are for this room alone.
    """

    def __init__(self, facts: Facts):
        self.facts, self.folder = facts, facts.folder
        self.tables = RecordedTables(facts.tables, self._list_tables, self._take_table)
        self._reads = Reads()
        self._kept: dict[str, pd.DataFrame] = {}
        self._sums: list[tuple[Mapping[str, Any], pd.DataFrame]] = []  # of those kept, for parts of them
        self._made: dict[Hashable, Any] = {}
        self._seen: set[str] = set()
        # The same question to other books is another read.
        opened = facts.opened
        self._reads.note_plain("source", lambda: hash_of([opened.place, str(opened.source or "")]))

    @property
    def opened(self) -> opening.Opened:
        """The source behind the facts: connection, settings, files."""
        return self.facts.opened

    @property
    def reads(self) -> list[Read]:
        """The reads made so far, each once, in the order they were first made."""
        return list(self._reads)

    # --- what there is, and whether it holds -------------------------------------------------------

    @property
    def missing(self) -> list[str]:
        """The contract's tables that these books do not have."""
        self._list_tables()
        return list(self.facts.missing)

    def has(self, table: str, *columns: str) -> bool:
        """Whether the books hold a table, with all these columns."""
        self._list_tables()
        return table in self.facts.tables and set(columns) <= set(load_contract().tables[table].columns)

    @property
    def sizes(self) -> dict[str, int]:
        """How many rows each table has."""
        rows = {name: self.facts.opened.rows[name] for name in self.facts.tables}
        self._reads.note_plain("sizes", lambda: hash_of(rows))
        return rows

    def file(self, name: str) -> Path | None:
        """A file beside the tables, such as kpis.toml; None where there is none."""
        path = self.folder / name
        there = path.is_file()
        self._reads.note(
            "file", {"name": name}, lambda: hashlib.sha256(path.read_bytes()).hexdigest() if there else "none"
        )
        return path if there else None

    @property
    def contract_findings(self) -> list[Finding]:
        """What opening and the contract's rules found."""
        found = self.facts.contract_findings
        self._reads.note_plain("contract_findings", lambda: findings_hash(found))
        return list(found)

    def findings(self) -> list[Finding]:
        """Everything the contract and the reconciliation have to say, errors first."""
        found = self.facts.findings()
        self._reads.note_plain("findings", lambda: findings_hash(found))
        return found

    def finding_levels(self) -> dict[str, int]:
        """How many errors, differences and notes there are among the findings."""
        levels = [finding.level for finding in self.facts.findings()]
        counts = {level: levels.count(level) for level in LEVELS}
        self._reads.note_plain("finding_levels", lambda: hash_of(counts))
        return counts

    def reconciliation(self, unit: str | None = None, period: Period | str | None = None) -> pd.DataFrame:
        """Ledger against subledgers: [pair, unit, month, ledger, subledger, difference], ten-thousandths.

        Of a unit and those below it, in a period; None: of all. The column `unit` is where it was booked (not
        rolled up), `month` an ordinal.
        """
        arguments: dict[str, Any] = {} if unit is None else {"unit": self.unit(unit)}
        if period is not None:
            arguments["months"] = _months(self.period(period))
        return self.read("reconciliation", arguments)

    # --- units and calendar ------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What the company is called."""
        self._see_company()
        return self.facts.name

    @property
    def currency(self) -> str:
        """The currency amounts are kept in; empty where nobody says."""
        self._see_company()
        return self.facts.currency

    @property
    def fiscal_start(self) -> int:
        """The month that fiscal years begin with, 1 to 12."""
        self._see_company()
        return self.facts.fiscal_start

    @property
    def peers(self) -> bool:
        """Whether the units are companies side by side, over which nothing is added up."""
        self._see_company()
        return bool(self.facts.opened.settings.get("peers"))

    def kept_in(self, unit: str) -> list[str]:
        """The currencies that the rows of a unit and those below it are kept in: what `rows` and `sums` give.

        One, and the books' own, but where money is translated.
        """
        self._see_company()
        return currencies_of(self.facts, self.below(unit))

    def plain(self, unit: str) -> bool:
        """Whether a unit's money is the sum of its rows: none of it translated, taken out between sisters or
        counted by share. Else `rows` and `sums` give what was booked, and the panel what it comes to.
        """
        self.panel()
        return is_plain(self.facts, self.below(unit))

    @property
    def calendar(self) -> Calendar:
        """What period a day lies in: calendar months, or periods of weeks."""
        self._see_company()
        return self.facts.calendar

    @property
    def units(self) -> pd.DataFrame:
        """Units in tree order, parents first: [unit, name, parent, kind, currency, depth]."""
        self._see_company()
        return self.facts.units.copy(deep=False)

    def unit(self, text: str) -> str:
        """The unit meant by its id or its name. Raises UsageError that names the units."""
        self._see_company()
        return find_unit(self.facts.tree, text, self.facts.name)

    def below(self, unit: str) -> list[str]:
        """A unit and all units below it, in tree order."""
        return units_below(self.facts.tree, self.unit(unit))

    @property
    def first(self) -> int:
        """The first month of the books, an ordinal: an opening entry alone makes no month."""
        self._see_calendar()
        return self.facts.first

    @property
    def closed(self) -> int:
        """The last closed month, an ordinal."""
        self._see_calendar()
        return self.facts.closed

    def period(self, text: str | Period, unit: str | None = None) -> Period:
        """A period of these books, where they hold peers: of this unit's own fiscal year.

        Raises UsageError where it is not understood, lies outside them, or means other months for each unit.
        """
        if isinstance(text, Period):
            return text
        first, closed, calendar = self.first, self.closed, self.facts.calendar
        written, start = as_meant(self.facts, text, unit)
        begun = self.facts.panel.begun
        return period_within(written, first, closed, start, self.name, calendar, begun)

    @property
    def outline(self) -> Outline:
        """Units, calendar and reconciliation on a page: enough to plan a batch without these books."""
        found = self.facts.outline
        self._reads.note_plain("outline", lambda: hash_of(found.to_json()))
        return found

    # --- figures and rows --------------------------------------------------------------------------

    def panel(self) -> Panel:
        """All monthly measures by unit; computed once. Each unit whose figures are asked for is a read."""
        return self._panel

    @cached_property
    def _panel(self) -> Panel:
        self._reads.note_plain("panel", lambda: structure_hash(self.facts.panel))
        return replace(self.facts.panel, _asked=self._see_unit)

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

        `unit` includes the units below it; `order` takes "-column" for descending; `where` says what a column
        must be, or a list of what it may be. Money and quantities come as floats in plain units: sums belong
        in the engine, see `sums`.
        """
        arguments = self._scope(table, unit, period, where) | {"limit": int(limit)}
        arguments |= {} if columns is None else {"columns": list(columns)}
        arguments |= {"order": list(order)} if order else {}
        return self.read("rows", arguments)

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
        a row belongs to. `unit` and `where` as in `rows`.
        """
        arguments = self._scope(table, unit, period, where)
        return self.read("sums", arguments | {"by": list(by), "sums": list(sums)})

    def read_hash(self, name: str, arguments: Mapping[str, Any]) -> str | None:
        """The hash of what a read gave; None where it was not made of these books."""
        return self._reads.sha256(name, arguments)

    def read(self, name: str, arguments: Mapping[str, Any]) -> pd.DataFrame:
        """A read that gives a frame ("rows", "sums", "reconciliation"), as it is recorded: in plain data.

        Asked again, the same frame is given again. Raises UsageError where it cannot be had; that is
        recorded, too: another day it may.
        """
        kept = self._kept.get(read_id(name, arguments))
        if kept is not None:
            return kept.copy(deep=False)
        try:
            frame = self._frame(name, arguments)
        except UsageError as problem:
            said = failure(problem)
            self._reads.note(name, arguments, lambda: said)
            raise
        self.facts.opened.check_unchanged()
        digest = frame_hash(frame)
        self._reads.note(name, arguments, lambda: digest)
        if len(frame) <= KEPT:
            self._kept[read_id(name, arguments)] = frame
            if name == "sums":
                self._sums.append((arguments, frame))
        return frame.copy(deep=False)

    def _frame(self, name: str, arguments: Mapping[str, Any]) -> pd.DataFrame:
        inside: list[str | None] | None = None
        if "unit" in arguments:
            inside = [*self.below(arguments["unit"])]
            # Rows without a unit belong to the company as a whole, as in the panel.
            inside += [None] if inside[0] == self.facts.units.unit[0] else []
        if name == "reconciliation":
            table = self.facts.reconciled.table
            table = table if inside is None else table[table["unit"].isin(inside)]
            first, last = arguments.get("months", (None, None))
            table = table if first is None else table[table["month"].between(first, last)]
            return table.reset_index(drop=True)
        self._spec(arguments["table"])
        if name == "sums" and (part := self._part(arguments, inside)) is not None:
            return part
        reader = {"rows": details.read_rows, "sums": details.read_sums}[name]
        return reader(self.facts.tables[arguments["table"]], arguments, inside, self.facts.calendar)

    def _part(self, arguments: Mapping[str, Any], inside: list[str | None] | None) -> pd.DataFrame | None:
        """Sums out of a wider read that was made; None where there is none."""
        for wide, frame in self._sums:
            if wide["table"] == arguments["table"] and list(wide["by"]) == list(arguments["by"]):
                below = units_below(self.facts.tree, wide["unit"]) if "unit" in wide else []
                part = part_of_sums(wide, frame, arguments, below, inside or [])
                if part is not None:
                    return part
        return None

    def remembered(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """What `compute` makes of reads of these books, made once for a key; not to be changed."""
        if key not in self._made:
            self._made[key] = compute()
        return self._made[key]

    def _scope(
        self, table: str, unit: str | None, period: Period | str | None, where: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Which rows are meant, in plain data: words that depend on the day or the tree are settled here."""
        spec = self._spec(table)
        found: dict[str, Any] = {"table": table}
        if unit is not None and "unit" in spec.columns:
            found["unit"] = self.unit(unit)
        if period is not None and spec.date:
            found["months"] = _months(self.period(period))
        if where:
            found["where"] = {column: plain_value(value) for column, value in where.items()}
        return found

    def _spec(self, table: str) -> Table:
        contract = load_contract().tables
        if table not in contract:
            close = difflib.get_close_matches(table, contract, 1)
            hint = f"Did you mean {close[0]}?" if close else f"The tables are {', '.join(contract)}."
            raise UsageError(f"There is no table {table!r} in the contract.", hint)
        if table not in self.facts.tables:
            self._list_tables()
            raise UsageError(
                f"{self.facts.name} has no table {table}.", f"It has {', '.join(self.facts.tables)}."
            )
        return contract[table]

    # --- what was read -----------------------------------------------------------------------------

    def _see_company(self) -> None:
        facts = self.facts
        weeks: list[Any] = [facts.calendar.pattern, facts.calendar.year_end] if facts.calendar.pattern else []
        weeks += [facts.fiscal_starts] if facts.fiscal_starts else []
        self._reads.note_plain(
            "company",
            lambda: hash_of(
                [facts.name, facts.currency, facts.fiscal_start, frame_hash(facts.units), *weeks]
            ),
        )

    def _see_calendar(self) -> None:
        self._reads.note_plain("calendar", lambda: hash_of([self.facts.first, self.facts.closed]))

    def _list_tables(self) -> None:
        self._reads.note_plain("tables", lambda: hash_of(sorted(self.facts.tables)))

    def _take_table(self, name: str) -> None:
        self._reads.note("table", {"table": name}, lambda: details.table_hash(self.facts.tables[name], name))

    def _see_unit(self, unit: str) -> None:
        if unit not in self._seen:
            self._seen.add(unit)
            self._reads.note("panel", {"unit": unit}, lambda: unit_hash(self.facts.panel, unit))


def _months(span: Period) -> list[int]:
    return [span.first, span.last]
