"""Notebooks out: runs planned and checked, executed in parallel, written as pages with an index."""

from __future__ import annotations

from typing import Any

_NAMES = {"headline": "headlines", "report_page": "pages", "plan_runs": "plan", "run_batch": "batch"}
__all__ = list(_NAMES)


def __getattr__(name: str) -> Any:
    """Names on first use: a notebook that only hands up headlines does not import the batch."""
    if name in _NAMES:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_NAMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
