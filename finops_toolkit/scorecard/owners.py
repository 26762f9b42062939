"""Who answers for what: from a step of the profit bridge or a balance to the words used for it and its
owner.
"""

from __future__ import annotations

import pandas as pd

from ..books import Books
from ..wording import NONE

SALES = ("volume", "mix", "price", "new", "lost", "unpriced", "sales_other", "level", "line:revenue")
# KPIs, lines and drivers under which a decision or a comment may speak of the same thing.
ALIASES = {
    "price": ("price", "gross_margin"),
    "volume": ("volume", "volume_vs_budget", "revenue_vs_budget", "revenue_growth"),
    "mix": ("mix", "gross_margin"),
    "standard": ("standard_cost", "cogs", "cogs_total", "cost_per_unit"),
    "margin": ("gross_margin", "cogs", "cogs_total", "price"),
    "material_price": ("material_price", "material_price_variance"),
    "material_usage": ("material_usage", "material_usage_variance"),
    "labour": ("labour", "labour_variance", "labour_productivity"),
    "scrap": ("scrap", "scrap_rate", "quality_rate", "first_pass_yield", "rework_rate", "copq_share"),
    "stock_adjustment": ("stock_adjustment", "stock_adjustment_share"),
    "overhead_absorption": (
        "overhead_absorption",
        "absorption_effect",
        "availability",
        "oee",
        "utilisation",
        "schedule_attainment",
        "production_volume",
    ),
    "overhead_spending": ("overhead_spending",),
    "maintenance": ("maintenance", "maintenance_cost"),
    "people": ("people", "people_cost"),
    "warranty": ("warranty", "complaint_rate", "copq_share"),
    "freight": ("freight",),
    "premium_freight": ("premium_freight", "premium_freight_share", "otif", "on_time_lines"),
    "receivables": (
        "receivables",
        "dso",
        "dso_average",
        "dso_countback",
        "days_to_pay",
        "late_payment_share",
        "overdue_receivables_share",
        "collection_effectiveness",
    ),
    "inventory": (
        "inventory",
        "dio",
        "dio_average",
        "inventory_turns",
        "stock_cover",
        "inventory_vs_budget",
        "forecast_bias",
        "forecast_wape",
    ),
}
FUNCTIONS = {
    **dict.fromkeys(SALES, "sales"),
    "scrap": "quality",
    "warranty": "quality",
    "material_price": "purchasing",
    "freight": "logistics",
    "premium_freight": "logistics",
    "stock_adjustment": "logistics",
    "line:distribution": "logistics",
    "inventory": "operations",
    "maintenance": "engineering",
    "line:research": "engineering",
    "marketing": "sales",
    "line:selling": "sales",
    "people": "people",
    **dict.fromkeys(
        ("material_usage", "labour", "overhead_spending", "overhead_absorption", "standard"), "operations"
    ),
    **dict.fromkeys(("margin", "line:cogs"), "operations"),
}


def aliases(step: str) -> set[str]:
    """Everything a decision or comment may call a step: KPI, line or driver."""
    own = step.removeprefix("line:")
    found = {own, *ALIASES.get(step, ())}
    if step in SALES:
        found |= {"sales", "revenue"}
    return found


def departments(books: Books) -> pd.DataFrame:
    """Departments by id: [name, function]; empty where the books have none."""
    if "departments" not in books.tables:
        return pd.DataFrame(columns=["name", "function"])
    return books.rows("departments", limit=100_000).set_index("department")[["name", "function"]]


def department_name(known: pd.DataFrame, department: object) -> str:
    """A department's name for people, or its id, or "none"."""
    if department is None or pd.isna(department):
        return NONE
    return str(known["name"].get(department, department))


def default_owner(known: pd.DataFrame, step: str) -> str:
    """The department whose function a step belongs to: finance where no other fits."""
    function = FUNCTIONS.get(step, "finance")
    names = known.loc[known["function"] == function, "name"]
    return str(names.iloc[0]) if len(names) else function.capitalize()
