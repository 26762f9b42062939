"""Every measure there can be, whatever some books hold: what KPI formulas may name."""

from __future__ import annotations

from functools import cache

import pandas as pd

from .ledger import GROUP, ledger_sums
from .measures import Measure
from .measures_together import HISTOGRAMS
from .panel import CUSTOMERS, QUERIES


@cache
def known_measures() -> dict[str, Measure]:
    """Measures by name; a ledger measure needs "journal or balances"."""
    none = pd.DataFrame({"account": [], "line": [], "behaviour": [], "driver": []}, dtype="str")
    found = [
        Measure(one.name, one.text, one.unit, one.nature, query.source, query.needs)
        for query in QUERIES
        for one in query.sums
    ]
    found += [
        Measure(name, text, "money", nature, "ledger", ("journal or balances", "accounts", "units"))
        for name, (text, nature) in GROUP.items()
    ]
    for prefix, table in (("", "journal or balances"), ("budget_", "budget")):
        found += [one.measure for one in ledger_sums(none, (table, "accounts"), False, prefix)]
    units = "budget_sales_quantity"
    found.append(Measure(units, "Budget: units sold", "quantity", "flow", "budget", ("budget", "accounts")))
    for name, text in CUSTOMERS.items():
        nature = "flow" if name == "active_customers" else "closing"
        found.append(Measure(name, text, "count", nature, "orders", ("orders",)))
    found += [Measure(one.name, one.text, "days", "histogram", one.source, one.needs) for one in HISTOGRAMS]
    return {one.name: one for one in found}
