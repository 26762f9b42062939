"""Business charts on matplotlib: each takes a frame and an `ax`, returns the axes and shows nothing itself.

Notation: actual solid dark, last year light, budget outlined, forecast hatched; good and bad by business
effect,
in a colour and by a sign; values at the elements; a message above and three lines that say who, what and
when.
"""

from __future__ import annotations

from .bridges import bridge
from .bullets import bullet
from .cards import kpi_cards
from .checking import Finding, check_chart
from .heat import heat_map
from .layout import new_axes
from .lines import line_with_target
from .monitoring import control_chart, fan_chart
from .multiples import small_multiples
from .portfolio import portfolio_map
from .sensitivity import tornado
from .structure import bars_with_variance
from .time import columns_with_plan
from .timelines import timeline
from .trees import driver_tree
from .words import alt_text

__all__ = [
    "Finding",
    "alt_text",
    "bars_with_variance",
    "bridge",
    "bullet",
    "check_chart",
    "columns_with_plan",
    "control_chart",
    "driver_tree",
    "fan_chart",
    "heat_map",
    "kpi_cards",
    "line_with_target",
    "new_axes",
    "portfolio_map",
    "small_multiples",
    "timeline",
    "tornado",
]
