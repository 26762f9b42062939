"""The outline of some books: what a batch of reports is planned from, without the books and their engine.

Units, calendar and the state of the reconciliation fit on a page of JSON. Whoever has it need not open the
tables: an up-to-date batch is recognised from it, and nothing heavy is ever imported.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from ..calendars import MONTHS, Calendar
from ..errors import UsageError
from ..periods import ALLOWED, Period, month_text, parse_period

if TYPE_CHECKING:
    from .facts import Facts


@dataclass(frozen=True)
class Unit:
    """A unit in the tree; `depth` is 0 at the top, `name` and `parent` None where nobody says."""

    unit: str
    name: str | None
    parent: str | None
    depth: int


@dataclass(frozen=True)
class Agreement:
    """Ledger against records, without the money: a page may show it whoever's unit it is about.

    pairs: (name, unit-months that differ) of every pair there is; others: the table of each other difference.
    """

    pairs: tuple[tuple[str, int], ...]
    others: tuple[str, ...]

    @property
    def agreeing(self) -> list[str]:
        """The pairs that agree to the cent."""
        return [name for name, count in self.pairs if not count]

    @property
    def differing(self) -> dict[str, int]:
        """The pairs that do not, with the unit-months in which they differ."""
        return {name: count for name, count in self.pairs if count}


@dataclass(frozen=True)
class Outline:
    """Name, currency ("" where nobody says), units in tree order, calendar and agreement of some books.

    folder: the name of the folder or database they were opened from; first, closed: ordinals of the first
    and of the last closed month; closed_given: whether books.toml says closed_through (else it was found in
    the data); booked: units with bookings of their own; begun: the last month that has begun to be booked.
    """

    name: str
    folder: str
    currency: str
    fiscal_start: int
    first: int
    closed: int
    closed_given: bool
    units: tuple[Unit, ...]
    booked: tuple[str, ...]
    agreement: Agreement
    begun: int | None = None

    def unit(self, text: str) -> str:
        """The unit meant by its id or its name. Raises UsageError that names the units."""
        return find_unit(self.units, text, self.name)

    def below(self, unit: str) -> list[str]:
        """A unit and all units below it, in tree order."""
        return units_below(self.units, self.unit(unit))

    def reported(self) -> list[str]:
        """The units worth a report, in tree order: with bookings of their own or below them, else all."""
        booked = set(self.booked)
        every = [unit.unit for unit in self.units]
        return [unit for unit in every if not booked or booked & set(units_below(self.units, unit))]

    def period(self, text: str | Period) -> Period:
        """A period of these books. Raises UsageError where it is not understood or lies outside them."""
        return period_within(
            text, self.first, self.closed, self.fiscal_start, self.name, begun=self.begun or 0
        )

    def to_json(self) -> str:
        """As text; the same outline gives the same bytes."""
        return json.dumps(asdict(self), ensure_ascii=True, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Outline:
        """Back from the text of to_json. ValueError where it is anything else."""
        try:
            data: dict[str, Any] = json.loads(text)
            found = data.pop("agreement")
            pairs = tuple((str(name), int(count)) for name, count in found["pairs"])
            agreement = Agreement(pairs, tuple(map(str, found["others"])))
            units = tuple(Unit(**unit) for unit in data.pop("units"))
            return cls(units=units, booked=tuple(data.pop("booked")), agreement=agreement, **data)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"this is no outline of books: {error}") from error


def outline_of(books: Facts) -> Outline:
    """The outline of opened books. Raises ContractError where their figures cannot be computed."""
    booked = {
        unit
        for table in ("journal", "balances")
        if table in books.tables
        for unit in books.tables[table].select("unit").distinct().to_pandas()["unit"].dropna()
    }
    units = units_of(books.units.to_dict("records"))
    return Outline(
        name=books.name,
        folder=books.opened.name,
        currency=books.currency,
        fiscal_start=books.fiscal_start,
        first=books.first,
        closed=books.closed,
        begun=books.panel.begun,
        closed_given="closed_through" in books.opened.settings,
        units=units,
        booked=tuple(unit.unit for unit in units if unit.unit in booked),
        agreement=_agreement(books),
    )


def units_of(records: list[dict[Any, Any]]) -> tuple[Unit, ...]:
    """Units from rows with unit, name, parent and depth, in their order."""
    return tuple(
        Unit(str(row["unit"]), row["name"] or None, row["parent"] or None, int(row["depth"]))
        for row in records
    )


def _agreement(books: Facts) -> Agreement:
    found = {(finding.table, finding.rule): finding for finding in books.findings()}
    found = {key: finding for key, finding in found.items() if finding.level == "difference"}
    pairs = []
    for pair in books.reconciled.table["pair"].unique():
        finding = found.pop(("ledger", f"{pair}_agree"), None)
        pairs.append((str(pair), 0 if finding is None else finding.count))
    return Agreement(tuple(pairs), tuple(finding.table for finding in found.values()))


def find_unit(units: Sequence[Unit], text: str, books: str) -> str:
    """The unit meant by its id or its name; `books` is what to call them. UsageError names the units."""
    wanted = str(text).strip()
    ids = [unit.unit for unit in units]
    if wanted in ids:
        return wanted
    for named in ([(unit.unit, unit.unit) for unit in units], [(unit.name, unit.unit) for unit in units]):
        match = [unit for name, unit in named if name and name.casefold() == wanted.casefold()]
        if len(match) == 1:
            return match[0]
        if match:
            raise UsageError(f"{text!r} may be several units.", f"Give one of {', '.join(match)}.")
    names = ids + [unit.name for unit in units if unit.name]
    close = difflib.get_close_matches(str(text), names, 1, 0.6)
    hint = f"Did you mean {close[0]}? " if close else ""
    raise UsageError(f"There is no unit {text!r} in {books}.", f"{hint}The units are {', '.join(ids)}.")


def units_below(units: Sequence[Unit], unit: str) -> list[str]:
    """A unit and all units below it, in tree order: parents stand before their children."""
    inside = {unit}
    for row in units:
        if row.parent in inside:
            inside.add(row.unit)
    return [row.unit for row in units if row.unit in inside]


def period_within(
    text: str | Period,
    first: int,
    closed: int,
    fiscal_start: int,
    books: str,
    calendar: Calendar = MONTHS,
    begun: int = 0,
) -> Period:
    """A period between two months (ordinals). UsageError where it is not understood or lies outside them.

    Up to the month `begun` it may reach beyond the closed one: then it is called preliminary.
    """
    if isinstance(text, Period):
        return text
    period = parse_period(text, closed, fiscal_start, calendar)
    if closed < period.last <= begun and period.first >= first:
        return replace(period, label=f"{period.label}, preliminary")
    if period.last > closed or period.first < first:
        raise UsageError(
            f"{period.label} lies outside the books of {books}: "
            f"they run from {month_text(first)} and are closed to {month_text(closed)}.",
            f"Write {ALLOWED} within these months.",
        )
    return period
