"""Money of units in other currencies, translated to the books' own: exactly, and with its difference.

Movements are translated at the average rate of their month, balances at the closing rate of theirs, equity at
the rates of its movements (IAS 21.39-41). What is left over then stands as the translation difference, so
that a balance sheet that closes in its own currency closes in the books'. Each figure of a unit, a month and
a measure is rounded once, half to even, to ten-thousandths; nothing is a float.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import ContractError
from ..periods import month_text
from .calendars import Tables, month_of
from .exact import rounded
from .finding import Finding
from .ledger import ASSETS, SISTER, SOURCES, result_signs
from .measures import Measure

if TYPE_CHECKING:
    from .panel import Panel

Ints = npt.NDArray[np.int64]
# Rates are whole hundred-millionths.
UNIT_RATE = 10**8
DIFFERENCE = "translation_difference"


@dataclass(frozen=True)
class Rates:
    """The books' currency, the units that keep theirs in another one, and that one's rates.

    table: by currency and month (ordinal) the average and the closing rate, in hundred-millionths.
    """

    currency: str
    of: Mapping[str, str]
    table: Mapping[str, Mapping[int, tuple[int, int]]]

    def months(
        self, currency: str, months: Sequence[int], closing: bool
    ) -> tuple[Any, npt.NDArray[np.bool_]]:
        """The rates of months as Python's whole numbers, and which of them are given.

        A month without one has the last that was given before: what needs more asks for those given.
        """
        given = self.table.get(currency, {})
        rates, last = [], 0
        for month in months:
            last = given[month][closing] if month in given else last
            rates.append(last)
        return np.array(rates, dtype=object), np.array([month in given for month in months], dtype=bool)


def rates_of(tables: Tables, currency: str, currencies: Mapping[str, str]) -> Rates:
    """The rates of the units that do not keep their books in the books' currency.

    `currencies` by unit. Raises ContractError where nobody says what the books' currency is.
    """
    if not currency:
        raise ContractError(
            "Amounts cannot be translated: books.toml does not say to which currency.",
            'Write currency = "EUR", or the currency that is meant, in books.toml.',
        )
    table: dict[str, dict[int, tuple[int, int]]] = {}
    if "rates" in tables:
        rows = tables["rates"]
        chosen = rows.select("currency", "average", "closing", month=month_of(rows.month))
        for row in chosen.to_pyarrow().to_pylist():
            both = (int(row["average"] * UNIT_RATE), int(row["closing"] * UNIT_RATE))
            table.setdefault(row["currency"], {})[int(row["month"])] = both
    foreign = {unit: text for unit, text in currencies.items() if text and text != currency}
    return Rates(currency, foreign, table)


@dataclass
class _Lacking:
    """Rates that are missing: by currency the months, and the largest figure that waits for one."""

    months: dict[str, set[int]] = field(default_factory=dict)
    money: dict[str, int] = field(default_factory=dict)

    def note(self, currency: str, months: Sequence[int], values: Ints, lacks: npt.NDArray[np.bool_]) -> None:
        if lacks.any():
            there = {month for month, lack in zip(months, lacks, strict=True) if lack}
            self.months.setdefault(currency, set()).update(there)
            most = int(np.abs(values[lacks]).max())
            self.money[currency] = max(most, self.money.get(currency, 0))

    def error(self, currency: str) -> ContractError:
        said = []
        for name in sorted(self.months):
            months = sorted(self.months[name])
            shown = ", ".join(map(month_text, months[:6])) + (" …" if len(months) > 6 else "")
            said.append(
                f"{name} has none for {shown} (up to {self.money[name] / 10_000:,.2f} {name} in a figure)"
            )
        return ContractError(
            f"Rates to {currency} are missing: {'; '.join(said)}.",
            "Add the months to the table rates: average and closing, "
            f"{currency} for one unit of the other currency.",
        )


def translate(
    rates: Rates,
    places: Sequence[str],
    months: Sequence[int],
    needed: int,
    own: Mapping[str, Ints],
    measures: Mapping[str, Measure],
) -> dict[str, Ints]:
    """Own figures of `places` [place, month] in the books' currency; with the ledger's, the difference.

    A place is a unit, or a unit with its sister. Up to the month `needed` every rate must be given; a plan
    may reach beyond the last. Raises ContractError that names the rates that are missing.
    """
    out = {name: values.copy() for name, values in own.items()}
    lacking, difference = _Lacking(), np.zeros((len(places), len(months)), "int64")
    asked = np.array(months) <= needed
    for row, place in enumerate(places):
        currency = rates.of.get(place.split(SISTER)[0])
        if currency is None:
            continue
        (average, given), (closing, _) = (rates.months(currency, months, kind) for kind in (False, True))
        for name, values in own.items():
            if measures[name].unit == "money":
                lacking.note(
                    currency, months, values[row], (values[row] != 0) & ~given & (asked | (average == 0))
                )
                rate = closing if measures[name].nature == "closing" else average
                out[name][row] = rounded(values[row].astype(object) * rate, UNIT_RATE)
        if "equity" in own and measures["equity"].source == "ledger":
            _at_rates_of_movements(row, own, out, average, closing)
            difference[row] = _difference(row, own, out, closing)
    if lacking.months:
        raise lacking.error(rates.currency)
    return out | ({DIFFERENCE: difference} if "equity" in own else {})


def _at_rates_of_movements(
    row: int, own: Mapping[str, Ints], out: dict[str, Ints], average: Any, closing: Any
) -> None:
    """Equity, and the result not yet in it, of one place: each movement at the rate of its own month.

    The first movement, which opens the books, comes in at the closing rate. A result that goes from profit to
    equity keeps the rates it was made at.
    """
    equity, kept = own["equity"][row], own["profit_to_date"][row]
    result = sum(sign * own[name][row] for name, sign in result_signs(own).items())
    made = sum(sign * out[name][row] for name, sign in result_signs(own).items())
    begun = (equity != 0).cumsum() > 0
    standing = held = before = kept_before = 0
    for month in range(len(equity)):
        moved, grown = int(equity[month]) - before, int(kept[month]) - kept_before
        opens = begun[month] and not (month and begun[month - 1])
        if grown == int(result[month]):
            held += int(made[month])
        elif int(kept[month]) == int(result[month]):
            # A new year begins: last year's result has gone where the rest of equity is.
            standing += held if moved else 0
            moved -= kept_before if moved else 0
            held = int(made[month])
        else:
            held += rounded(grown * average[month], UNIT_RATE)
        standing += rounded(moved * (closing if opens else average)[month], UNIT_RATE)
        out["equity"][row, month], out["profit_to_date"][row, month] = standing, held
        before, kept_before = int(equity[month]), int(kept[month])


def _difference(row: int, own: Mapping[str, Ints], out: Mapping[str, Ints], closing: Any) -> Ints:
    """What assets less their sources come to after translation, beyond what they came to before."""

    def gap(figures: Mapping[str, Ints]) -> Ints:
        found = np.zeros_like(figures["equity"][row])
        for sign, names in ((1, ASSETS), (-1, SOURCES)):
            for name in names:
                found += sign * figures[name][row] if name in figures else 0
        # Money that nobody has given a line is in the books all the same.
        return found + (figures["unmapped"][row].cumsum() if "unmapped" in figures else 0)

    return gap(out) - rounded(gap(own).astype(object) * closing, UNIT_RATE)


def translation_findings(
    tables: Tables, panel: Panel, rates: Rates | None, said: bool, units: Any
) -> list[Finding]:
    """What was translated and at which rates; or that amounts of several currencies are summed as they stand.

    said: whether books.toml says that nothing is to be translated. units: as Books.units.
    """
    currencies = dict(zip(units.unit, units.currency, strict=True))
    found = _ledger_currencies(tables, currencies)
    if rates is None:
        return [] if said or len(found) < 2 else [_as_they_stand(panel, found)]
    used = [
        {"currency": name, "month": month_text(month)}
        | dict(
            zip(("average", "closing"), (rate / UNIT_RATE for rate in rates.table[name][month]), strict=True)
        )
        for name in sorted({*rates.of.values()} & {*found} & {*rates.table})
        for month in sorted(rates.table[name], reverse=True)
        if panel.months[0] <= month <= panel.closed
    ]
    if not used:
        return []
    place = panel.closed - panel.months[0]
    left = int(panel.matrix(DIFFERENCE)[0, place]) if DIFFERENCE in panel.measures else 0
    last = [f"{row['closing']:g} for 1 {row['currency']}" for row in used if row["month"] == used[0]["month"]]
    text = (
        f"Amounts are translated to {rates.currency}: movements at the average rate of their month, balances "
        f"at the closing rate, at the end of {used[0]['month']} {', '.join(last)}; the translation "
        f"difference in equity is {left / 10_000:,.2f}"
    )
    known = min(max(rates.table[name]) for name in {str(row["currency"]) for row in used})
    if panel.months[-1] > known:
        text += f"; what is planned after {month_text(known)} is at the rates of that month"
    return [Finding("note", "rates", "translated", text, len(used), left, pd.DataFrame(used[:5]))]


def _as_they_stand(panel: Panel, found: dict[str, list[str]]) -> Finding:
    shown = "; ".join(f"{name}: {', '.join(units[:5])}" for name, units in sorted(found.items()))
    text = f"Amounts of {len(found)} currencies are summed as they stand ({shown})"
    hint = (
        "write translate = true in books.toml where each unit's amounts are in its own currency, "
        "translate = false where all are in the books' currency"
    )
    rows = pd.DataFrame(
        [{"currency": name, "units": ", ".join(units)} for name, units in sorted(found.items())][:5]
    )
    return Finding("difference", "units", "currencies", text, len(found), None, rows, hint)


def _ledger_currencies(tables: Tables, currencies: Mapping[str, str]) -> dict[str, list[str]]:
    """The units with rows in the ledger, by their currency; without those that name none."""
    found: dict[str, list[str]] = {}
    for name in ("journal", "balances"):
        if name in tables:
            for unit in tables[name].select("unit").distinct().order_by("unit").to_pandas()["unit"].dropna():
                if currencies.get(unit) and unit not in found.setdefault(currencies[unit], []):
                    found[currencies[unit]].append(unit)
    return {currency: units for currency, units in found.items() if units}
