"""A company of a few typed-in figures: what tests of KPIs compute with, without any files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from finops_toolkit.books.known import known_measures
from finops_toolkit.books.panel import SCALE, Panel
from finops_toolkit.errors import UsageError
from finops_toolkit.periods import Period, parse_period


class Figures:
    """Stands in for books: the given measures by unit and month; ledger lines not given are zero."""

    def __init__(
        self,
        given: dict[str, Any],
        first: str = "2025-01",
        months: int = 1,
        parents: dict[str, str | None] | None = None,
        fiscal_start: int = 1,
        covers: dict[str, tuple[str, str]] | None = None,
        targets: list[tuple] | None = None,
        histograms: dict[str, list[tuple[str, str, int, int]]] | None = None,
        folder: Path | None = None,
    ):
        parents = parents or {"U": None}
        start = parse_period(first, 0).first
        self.folder, self.fiscal_start, self.currency = folder, fiscal_start, "EUR"
        self.tables = {"targets": None} if targets is not None else {}
        self._targets = targets or []
        self._panel = Panel(list(parents), list(range(start, start + months)), start + months - 1, parents)
        for name, measure in known_measures().items():
            ledger = measure.source == "ledger"
            if name not in given and name not in (histograms or {}) and not ledger:
                self._panel.missing[name] = f"needs {measure.needs[0]}, which the data does not have"
                continue
            self._panel.measures[name] = measure
            span = (covers or {}).get(name)
            self._panel._coverage[name] = (
                (start, start + months - 1)
                if span is None
                else tuple(parse_period(one, 0).first for one in span)
            )
            if measure.nature == "histogram":
                self._add_days(name, (histograms or {})[name])
                continue
            matrix = self._matrix(given.get(name, 0), list(parents), months)
            self._panel._values[name] = matrix
            self._panel._rows[name] = (matrix != 0).astype("int64")

    def _matrix(self, given: Any, units: list[str], months: int) -> np.ndarray:
        """A number for all, a list by month, or such by unit; parents add up what is below."""
        own = given if isinstance(given, dict) else {units[0]: given}
        matrix = np.zeros((len(units), months), dtype="int64")
        for unit, figures in own.items():
            figures = figures if isinstance(figures, list) else [figures] * months
            matrix[units.index(unit)] = [round(figure * SCALE) for figure in figures]
        for row in range(len(units) - 1, 0, -1):
            parent = self._panel.parents[units[row]]
            if parent is not None:
                matrix[units.index(parent)] += matrix[row]
        return matrix

    def _add_days(self, name: str, rows: list[tuple[str, str, int, int]]) -> None:
        frame = pd.DataFrame(rows, columns=["unit", "month", "days", "count"])
        frame["month"] = [parse_period(month, 0).first for month in frame["month"]]
        self._panel._histograms[name] = frame

    def panel(self) -> Panel:
        """The figures."""
        return self._panel

    def unit(self, text: str) -> str:
        """A unit that is there."""
        if text not in self._panel.units:
            raise UsageError(f"There is no unit {text!r}.")
        return text

    def period(self, text: str | Period) -> Period:
        """A period of any time."""
        return text if isinstance(text, Period) else parse_period(text, self._panel.closed, self.fiscal_start)

    def file(self, name: str) -> Path | None:
        """A file beside the figures, if they have a folder."""
        path = None if self.folder is None else self.folder / name
        return path if path is not None and path.is_file() else None

    def rows(self, table: str, **_: Any) -> pd.DataFrame:
        """The targets given."""
        frame = pd.DataFrame(self._targets, columns=["kpi", "unit", "month", "value"])
        return frame.assign(month=pd.to_datetime(frame["month"] + "-01").dt.date)
