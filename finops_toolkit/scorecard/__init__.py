"""The monthly scorecard: the statement, the items that matter most, KPIs against target, and the actions."""

from __future__ import annotations

from .actions import FollowUp, actions_follow_up
from .attention import Attention, attention
from .key_figures import KeyFigures, key_figures
from .opening import Opening, opening
from .sources import Sources, sources
from .statement import Statement, headline_figures, statement
from .trends import Trend, trend

__all__ = [
    "Attention",
    "FollowUp",
    "KeyFigures",
    "Opening",
    "Sources",
    "Statement",
    "Trend",
    "actions_follow_up",
    "attention",
    "headline_figures",
    "key_figures",
    "opening",
    "sources",
    "statement",
    "trend",
]
