"""A report as a workbook: a sheet for each table, with formulas that recompute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .pages import Facts


def report_workbook(notebook: Any, heading: Sequence[str] = (), facts: Facts = (), title: str = "") -> bytes:
    """An executed notebook's tables as an Excel workbook."""
    raise NotImplementedError
