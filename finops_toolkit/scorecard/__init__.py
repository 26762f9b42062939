"""The monthly scorecard: the statement, the three items that matter most, KPIs against target, and the actions."""

from __future__ import annotations

from .statement import Statement, statement

__all__ = ["Statement", "statement"]
