"""A report as PDF: its page through pandoc and Typst, from wheels alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .pages import Facts


def report_pdf(notebook: Any, heading: Sequence[str] = (), facts: Facts = (), title: str = "") -> bytes:
    """An executed notebook as a PDF: the same texts, tables and charts as its page, on numbered sheets."""
    raise NotImplementedError
