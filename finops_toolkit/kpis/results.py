"""The values of KPIs as a frame, with target, reason and rival; and the definitions that conflict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..periods import Period, month_ordinal
from ..wording import measure_text, sentence
from .agreement import agreement
from .entries import Kpi, accumulates, catalogue_of
from .evaluation import Cells, plain
from .scope import Scope, scope_of, several

COLUMNS = (
    "kpi",
    "unit",
    "period",
    "value",
    "measure",
    "basis",
    "reason",
    "target",
    "attainment",
    "met",
    "source",
    "rival",
    "rival_source",
    "note",
    "reconciliation",
)
MATERIALITY = 0.01
# More targets than any company sets: the read stays bounded.
MOST_TARGETS = 2_000_000


def values(
    books: Any,
    kpis: str | Sequence[str] | None = None,
    units: str | Sequence[str] | None = None,
    periods: str | Period | Sequence[str | Period] | None = None,
    *,
    days: float | None = None,
    extra: str | Path | None = None,
    materiality: float = MATERIALITY,
) -> pd.DataFrame:
    """The values of KPIs by unit and period, a row each, in that order; see COLUMNS.

    kpis, units, periods: one or several; None means all, all, and the latest closed month. `days` replaces
    the actual days of the periods (365 reproduces most published figures). `extra` is a TOML file of own
    KPIs, instead of the kpis.toml beside the data.

    value, target and rival are float64 in the KPI's measure (0.35 for 35 %), NaN where there is none;
    `reason` then says why, and is empty otherwise. A target holds for its own unit from its month on; that
    of an amount is one month's, and is added up over a longer period. attainment is value / target (target /
    value where less is better), NaN where a sign makes that meaningless; met says whether the target is
    reached, None without one. The rival value stands where it differs by more than `materiality`, relative
    to the value. `note` warns, `reconciliation` says whether the books behind the value agree.

    Raises UsageError for an unknown KPI, unit or period, and for a catalogue that cannot be used.
    """
    everything = catalogue_of(books, extra)
    chosen = list(everything.values()) if kpis is None else [everything.find(one) for one in several(kpis)]
    scope, unit_names, spans = scope_of(books, everything, units, periods, days)
    targets = _Targets(books, scope, unit_names, spans)
    flows = {name for name, measure in scope.panel.measures.items() if measure.nature == "flow"}
    blocks = []
    for kpi in chosen:
        cells = scope.spread_out(scope.kpi(kpi))
        value = _as_values(cells)
        target = targets.of(kpi, summed=accumulates(kpi, everything, flows))
        rival = _rival(scope, kpi, value, materiality)
        blocks.append(
            {
                "value": value,
                "reason": cells.why,
                "target": target,
                "attainment": _attainment(kpi.good, value, target),
                "met": _met(kpi.good, value, target),
                "rival": rival,
                "note": np.broadcast_to(scope.rule_codes(kpi.warn), scope.shape),
                "reconciliation": agreement(scope, kpi),
            }
        )
    return _frame(chosen, unit_names, spans, blocks, np.array(scope.reasons, dtype=object))


def _as_values(cells: Cells) -> npt.NDArray:
    return np.where(cells.why == 0, plain(cells.data), np.nan)


def _frame(
    kpis: list[Kpi],
    units: list[str],
    spans: list[Period],
    blocks: list[dict[str, npt.NDArray]],
    texts: npt.NDArray,
) -> pd.DataFrame:
    size = len(units) * len(spans)

    def joined(name: str) -> npt.NDArray:
        return np.concatenate([np.ravel(block[name]) for block in blocks]) if blocks else np.empty(0)

    def by_kpi(words: list[str]) -> npt.NDArray:
        return np.repeat(np.array(words, dtype=object), size)

    rivals = [kpi.rival.source if kpi.rival else "" for kpi in kpis]
    rival = joined("rival")
    data = {
        "kpi": by_kpi([kpi.id for kpi in kpis]),
        "unit": np.tile(np.repeat(np.array(units, dtype=object), len(spans)), len(kpis)),
        "period": np.tile(np.array([span.text for span in spans], dtype=object), len(kpis) * len(units)),
        "value": joined("value"),
        "measure": by_kpi([kpi.measure for kpi in kpis]),
        "basis": by_kpi([kpi.basis for kpi in kpis]),
        "reason": texts[joined("reason").astype("int64")],
        "target": joined("target"),
        "attainment": joined("attainment"),
        "met": joined("met"),
        "source": by_kpi([kpi.source for kpi in kpis]),
        "rival": rival,
        "rival_source": np.where(np.isnan(rival.astype("float64")), "", by_kpi(rivals)),
        "note": texts[joined("note").astype("int64")],
        "reconciliation": joined("reconciliation"),
    }
    return pd.DataFrame(data, columns=list(COLUMNS))


# --- targets ---------------------------------------------------------------------------------------


class _Targets:
    """Targets as they were valid: from their month until the next one, for their own unit only."""

    def __init__(self, books: Any, scope: Scope, units: list[str], spans: list[Period]):
        self.scope, self.units = scope, units
        self.begin = min([scope.begin, *(span.first for span in spans)])
        self.width = max(span.last for span in spans) - self.begin + 1 if spans else 0
        self.rows: dict[str, pd.DataFrame] = {}
        if "targets" in books.tables:
            columns = ["kpi", "unit", "month", "value"]
            rows = books.rows("targets", columns=columns, where={"unit": units}, limit=MOST_TARGETS)
            rows["month"] = [month_ordinal(date) for date in pd.to_datetime(rows["month"]).dt.date]
            # In order of month, so that a later target takes over from its month on.
            rows = rows[rows["unit"].isin(units)].sort_values("month", kind="stable")
            self.rows = dict(iter(rows.groupby("kpi", sort=False)))

    def of(self, kpi: Kpi, summed: bool) -> npt.NDArray:
        """Targets [unit, period]: of the period's last month, or of all its months together."""
        rows = self.rows.get(kpi.id)
        valid = np.full((len(self.units), self.width), np.nan)
        if rows is None or not self.width:
            return np.full(self.scope.shape, np.nan)
        place = {unit: number for number, unit in enumerate(self.units)}
        rows = rows[rows["month"] < self.begin + self.width]
        for unit, month, value in zip(rows["unit"], rows["month"], rows["value"], strict=True):
            valid[place[unit], max(month - self.begin, 0) :] = value
        first, last = self.scope.first - self.begin, self.scope.last - self.begin
        if not summed:
            return valid[:, last]
        running = np.concatenate([np.zeros((len(self.units), 1)), np.nancumsum(valid, axis=1)], axis=1)
        absent = np.concatenate([np.zeros((len(self.units), 1)), np.isnan(valid).cumsum(axis=1)], axis=1)
        total = running[:, last + 1] - running[:, first]
        return np.where(absent[:, last + 1] - absent[:, first] > 0, np.nan, total)


def _attainment(good: str, value: npt.NDArray, target: npt.NDArray) -> npt.NDArray:
    over, under = (target, value) if good == "down" else (value, target)
    sensible = (under > 0) & (over >= 0) & (good != "zero")
    return np.where(sensible, over / np.where(sensible, under, 1), np.nan)


def _met(good: str, value: npt.NDArray, target: npt.NDArray) -> npt.NDArray:
    reached = {"up": value >= target, "down": value <= target, "zero": np.abs(value) <= np.abs(target)}[good]
    met: npt.NDArray = reached.astype(object)
    met[np.isnan(value) | np.isnan(target)] = None
    return met


# --- definitions that conflict ---------------------------------------------------------------------


def _rival(scope: Scope, kpi: Kpi, value: npt.NDArray, materiality: float) -> npt.NDArray:
    """The rival definition's values where they differ by more than the materiality, NaN elsewhere."""
    if kpi.rival is None:
        return np.full(scope.shape, np.nan)
    rival = _as_values(scope.spread_out(scope.formula(kpi, kpi.rival.tree)))
    return np.where(np.abs(rival - value) > materiality * np.abs(value), rival, np.nan)


@dataclass(frozen=True)
class Conflicts:
    """KPIs that two departments define differently, for one unit and period.

    table: [kpi, name, measure, owner, definition, source, value, rival_owner, rival_definition, rival_source,
    rival, difference (rival - value), material, reason].
    """

    table: pd.DataFrame
    text: str


def conflicts(
    books: Any,
    unit: str | None = None,
    period: str | Period | None = None,
    *,
    days: float | None = None,
    extra: str | Path | None = None,
    materiality: float = MATERIALITY,
) -> Conflicts:
    """Every KPI with two definitions, both values and their difference; None: the whole, the latest month.

    Raises UsageError for an unknown unit or period.
    """
    everything = catalogue_of(books, extra)
    top = books.panel().units[0] if unit is None else unit
    scope, names, spans = scope_of(books, everything, [top], None if period is None else [period], days)
    rows = []
    for kpi in everything.values():
        if kpi.rival is None:
            continue
        own = scope.spread_out(scope.kpi(kpi))
        other = scope.spread_out(scope.formula(kpi, kpi.rival.tree))
        value, rival = float(_as_values(own)[0, 0]), float(_as_values(other)[0, 0])
        rows.append(
            {
                "kpi": kpi.id,
                "name": kpi.name,
                "measure": kpi.measure,
                "owner": kpi.owner,
                "definition": kpi.formula,
                "source": kpi.source,
                "value": value,
                "rival_owner": kpi.rival.owner,
                "rival_definition": kpi.rival.formula,
                "rival_source": kpi.rival.source,
                "rival": rival,
                "difference": rival - value,
                "material": bool(abs(rival - value) > materiality * abs(value)),
                "reason": scope.reasons[int(own.why[0, 0] or other.why[0, 0])],
            }
        )
    table = pd.DataFrame(rows).sort_values("material", ascending=False, kind="stable", ignore_index=True)
    return Conflicts(table, _conflict_text(table, names[0], spans[0], books.currency))


def _conflict_text(table: pd.DataFrame, unit: str, span: Period, currency: str) -> str:
    both = table[table["reason"] == ""]
    apart = both[both["material"]]
    shown = ["name", "measure", "source", "value", "rival_source", "rival"]
    text = f"{unit}, {span.label}: {len(apart)} of {len(both)} KPIs with two definitions come to two figures"
    examples = [
        f"{name} is {measure_text(value, measure, currency)} by the {source} and "
        f"{measure_text(rival, measure, currency)} by the {rival_source}"
        for name, measure, source, value, rival_source, rival in apart[shown].head(2).to_numpy(dtype=object)
    ]
    return sentence("; ".join([text, *examples]))
