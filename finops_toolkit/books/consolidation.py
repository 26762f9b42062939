"""Units as one: what is between sister units is taken out, and what belongs to others is shown.

A row that names a sister unit is taken out of the units above both, from the lowest on; the two units' own
figures stay as they were booked. Units count in full, and what others own of them is a measure; or, where the
books say "proportional", each enters the unit above it by the share that is owned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..periods import month_text
from .calendars import Tables
from .checking import SCALE
from .exact import rounded
from .finding import Finding
from .ledger import ASSETS, SISTER, SOURCES, result_signs
from .translation import Rates, rates_of

if TYPE_CHECKING:
    from .facts import Facts
    from .panel import Panel

Ints = npt.NDArray[np.int64]
Parents = Mapping[str, str | None]
# A share is kept in hundred-millionths, as the contract has rates.
WHOLE = 10**8
ELIMINATED = "eliminated"


@dataclass(frozen=True)
class Group:
    """How units become a whole: the shares below 1 that are owned of them, and the rates of their money.

    proportional: units enter those above them by their share, instead of in full. rates: None where amounts
    are in the books' currency, or stand as they are.
    """

    shares: Mapping[str, int]
    proportional: bool = False
    rates: Rates | None = None

    @property
    def entering(self) -> dict[str, int]:
        """The share that enters the unit above, of the units that do not enter in full."""
        return dict(self.shares) if self.proportional else {}


def group_of(
    tables: Tables,
    settings: Mapping[str, Any],
    currency: str,
    currencies: Mapping[str, str],
    owned: Mapping[str, Decimal | None],
) -> Group:
    """What books.toml and the units' ownership say. Raises ContractError where they do not say enough."""
    shares = {unit: int(share * WHOLE) for unit, share in owned.items() if share is not None and share < 1}
    rates = rates_of(tables, currency, currencies) if settings.get("translate") else None
    return Group(shares, settings.get("consolidation") == "proportional", rates)


def roll_up(parents: Parents, own: Ints, shares: Mapping[str, int]) -> Ints:
    """Own figures plus what enters of all units below; rows are the units in tree order, parents first."""
    total, units = own.copy(), list(parents)
    place = {unit: row for row, unit in enumerate(units)}
    for row in range(len(units) - 1, -1, -1):
        parent = parents[units[row]]
        if parent is not None:
            total[place[parent]] += enters(total[row], shares.get(units[row], WHOLE))
    return total


def enters(values: Ints, share: int) -> Ints:
    """What of a unit's figures enters the unit above it, to the ten-thousandth."""
    return values if share == WHOLE else rounded(values.astype(object) * share, WHOLE)


def above(parents: Parents, unit: str | None) -> list[str]:
    """A unit and those above it, the nearest first."""
    found = []
    while unit is not None:
        found.append(unit)
        unit = parents[unit]
    return found


def common(parents: Parents, unit: str, partner: str) -> str | None:
    """The lowest unit that has both in it; None where there is none."""
    inside = set(above(parents, partner))
    return next((one for one in above(parents, unit) if one in inside), None)


def taken_out(parents: Parents, pairs: Sequence[str], values: Ints, shares: Mapping[str, int]) -> Ints:
    """What sister units booked with each other, [unit, month] at the lowest unit that has both in it.

    values: [pair, month], a pair being a unit and, behind SISTER, the sister. Where units enter by their
    share, what is between them is what is owned of both.
    """
    units = list(parents)
    found = np.zeros((len(units), values.shape[1]), "int64")
    for row, pair in enumerate(pairs):
        unit, partner = pair.split(SISTER)
        top = common(parents, unit, partner)
        if top is None:
            continue
        share = _chain(parents, unit, top, shares) * _chain(parents, partner, top, shares)
        whole = share == 1
        part = (
            values[row] if whole else rounded(values[row].astype(object) * share.numerator, share.denominator)
        )
        found[units.index(top)] += part
    return found


def _chain(parents: Parents, unit: str, top: str, shares: Mapping[str, int]) -> Fraction:
    """The share of a unit that reaches a unit above it."""
    share = Fraction(1)
    for one in above(parents, unit):
        if one == top:
            break
        share *= Fraction(shares.get(one, WHOLE), WHOLE)
    return share


def belonging_to_others(parents: Parents, total: Ints, shares: Mapping[str, int]) -> Ints:
    """The share of others in the rolled-up figures of each unit, [unit, month], rounded once.

    Of a unit below, others have what the unit above does not own, and of the rest what they have already.
    """
    units = list(parents)
    others = np.full(total.shape, Fraction(0), dtype=object)
    for row in range(len(units) - 1, -1, -1):
        parent = parents[units[row]]
        if parent is not None:
            share = Fraction(shares.get(units[row], WHOLE), WHOLE)
            part = total[row].astype(object) * (1 - share) + others[row] * share
            others[units.index(parent)] += part
    # Python rounds a fraction half to even.
    return np.array([[round(value) for value in row] for row in others], dtype="int64").reshape(total.shape)


@dataclass(frozen=True)
class Between:
    """What sister units say of each other, [pair, month], debit positive: the result and the balances."""

    pairs: list[str]
    result: Ints
    balances: Ints


def between_of(pairs: list[str], own: Mapping[str, Ints]) -> Between:
    """From the figures of units with their sisters, all measures of the ledger, [pair, month]."""
    shape = next(iter(own.values())).shape
    result, balances = np.zeros(shape, "int64"), np.zeros(shape, "int64")
    for name, sign in result_signs(own).items():
        result -= sign * own[name]
    for sign, names in ((1, ASSETS), (-1, SOURCES[: SOURCES.index("profit_to_date")])):
        for name in names:
            balances += sign * own[name] if name in own else 0
    return Between(pairs, result, balances)


def sister_findings(panel: Panel) -> list[Finding]:
    """What is taken out between sister units, and where the two sides do not say the same."""
    between = panel.between
    if between is None:
        return []
    upto = panel.closed - panel.months[0] + 1
    gone = {name: int(values[:, :upto].sum()) for name, values in panel._taken_out.items()}
    revenue, owed = gone.get("revenue", 0) / SCALE, 0
    for name in ASSETS:
        owed += int(panel._taken_out[name][:, upto - 1].sum()) if name in panel._taken_out else 0
    text = (
        f"Between sister units, revenue of {revenue:,.2f} in all months and balances of {owed / SCALE:,.2f} "
        f"at the end of {month_text(panel.closed)} are taken out of the units above both"
    )
    note = Finding("note", "ledger", ELIMINATED, text, len(between.pairs), gone.get("revenue", 0))
    return [note, *_disagreements(panel, between, upto)]


def currencies_of(facts: Facts, units: Sequence[str]) -> list[str]:
    """The currencies that the rows of some units are kept in, in order of their names."""
    if not facts.opened.settings.get("translate"):
        return [facts.currency]
    known = dict(zip(facts.units.unit, facts.units.currency, strict=True))
    return sorted({known[unit] or facts.currency for unit in units})


def is_plain(facts: Facts, units: Sequence[str]) -> bool:
    """Whether what a unit and those below it (`units`, it first) come to is the sum of what they booked."""
    if currencies_of(facts, units) != [facts.currency]:
        return False
    if any(unit in facts.panel.shares for unit in units[1:]):
        return False
    return len(units) == 1 or not any(finding.rule == ELIMINATED for finding in facts.reconciled.findings)


def _disagreements(panel: Panel, between: Between, upto: int) -> list[Finding]:
    rows = []
    sides = {frozenset(pair.split(SISTER)): sorted(pair.split(SISTER)) for pair in between.pairs}
    for one, other in sorted(sides.values()):
        for what, said in (("result", between.result), ("balances", between.balances)):
            ours, theirs = (
                said[between.pairs.index(pair), :upto] if pair in between.pairs else np.zeros(upto, "int64")
                for pair in (f"{one}{SISTER}{other}", f"{other}{SISTER}{one}")
            )
            for place in np.nonzero(ours + theirs)[0]:
                amounts = (int(ours[place]), int(theirs[place]), int(ours[place] + theirs[place]))
                rows.append((one, other, int(place), what, *amounts))
    if not rows:
        return []
    frame = pd.DataFrame(
        rows, columns=["unit", "sister", "place", "of", "unit_says", "sister_says", "difference"]
    )
    results = int(frame.difference[frame.of == "result"].abs().sum())
    open_ = int(frame.difference[(frame.of == "balances") & (frame.place == upto - 1)].abs().sum())
    months = len(frame[["unit", "sister", "place"]].drop_duplicates())
    text = (
        f"Sister units do not agree in {months:,} months of a pair: results by {results / SCALE:,.2f} "
        f"over all months, balances by {open_ / SCALE:,.2f} at the end of {month_text(panel.closed)}"
    )
    hint = "what one side books and the other does not stays in the figures of the units above both"
    worst = frame.reindex(frame.difference.abs().sort_values(ascending=False, kind="stable").index).head(5)
    worst = worst.assign(month=[month_text(panel.months[0] + int(place)) for place in worst.place])
    for column in ("unit_says", "sister_says", "difference"):
        worst[column] /= SCALE
    shown = worst[["unit", "sister", "month", "of", "unit_says", "sister_says", "difference"]]
    shown = shown.reset_index(drop=True)
    return [Finding("difference", "ledger", "sisters_agree", text, len(frame), results + open_, shown, hint)]
