"""Why a figure moved: price, volume and mix, the flexible budget, and profit from plan to actual by its
drivers.
"""

from __future__ import annotations

from .bridges import (
    Bridge,
    condensed,
    flexible_budget,
    make_bridge,
    overhead_in_stock,
    price_volume_mix,
    product_effects,
)
from .profit import account_effects, profit_bridge, sales_bridge

__all__ = [
    "Bridge",
    "account_effects",
    "condensed",
    "flexible_budget",
    "make_bridge",
    "overhead_in_stock",
    "price_volume_mix",
    "product_effects",
    "profit_bridge",
    "sales_bridge",
]
