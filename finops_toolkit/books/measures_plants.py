"""What plants make, buy and hold: measures of production, consumption, purchases, stock and capacity."""

from __future__ import annotations

import ibis

from .calendars import Tables, month_of
from .measures import Query, Sum, dated, external_dated, plain, times


def _with_products(tables: Tables, table: ibis.Table, *columns: str) -> ibis.Table:
    products = tables.get("products")
    if products is None:
        return table.mutate(**{f"{column}_": ibis.null("decimal(19, 4)") for column in columns})
    known = products.select(product_="product", **{f"{column}_": products[column] for column in columns})
    return table.left_join(known, table.product == known.product_)


def _runs(tables: Tables) -> ibis.Table:
    return _with_products(
        tables, dated(tables, tables["production"], "finished"), "standard_cost", "overhead_cost"
    )


def _last_stock(tables: Tables) -> ibis.Table:
    """The last snapshot of each month in each unit."""
    stock = dated(tables, tables["stock"], "date")
    last = (
        stock.group_by(["unit", "month"])
        .aggregate(last_=stock.date.max())
        .rename(unit_="unit", month_="month")
    )
    stock = stock.join(last, [stock.unit == last.unit_, stock.month == last.month_, stock.date == last.last_])
    products = tables.get("products")
    if products is None:
        return stock.mutate(kind=ibis.null("string"))
    kinds = products.select(product_="product", kind="kind")
    return stock.left_join(kinds, stock.product == kinds.product_)


def _capacity(tables: Tables) -> ibis.Table:
    return tables["capacity"].mutate(month=lambda t: month_of(t.month))


MAKING = (
    Query(
        ("production",),
        "production",
        _runs,
        (
            Sum("runs", "Production runs"),
            Sum("planned_minutes", "Minutes planned", "minutes", lambda t: t.planned_minutes),
            Sum("run_minutes", "Minutes run", "minutes", lambda t: t.run_minutes),
            Sum(
                "ideal_minutes_made",
                "Ideal minutes of the units made",
                "minutes",
                lambda t: times(t.made, t.ideal_minutes),
            ),
            Sum(
                "ideal_minutes_good",
                "Ideal minutes of the units good at first pass",
                "minutes",
                lambda t: times(t.first_pass_good, t.ideal_minutes),
            ),
            Sum("made", "Units made", "quantity", lambda t: t.made),
            Sum("good", "Units good in the end", "quantity", lambda t: t.good),
            Sum("first_pass_good", "Units good at the first pass", "quantity", lambda t: t.first_pass_good),
            Sum("scrapped", "Units scrapped", "quantity", lambda t: t.made - t.good),
            Sum("planned_quantity", "Units planned", "quantity", lambda t: t.planned_quantity),
            Sum(
                "attained_quantity",
                "Units made of those planned, run by run",
                "quantity",
                lambda t: ibis.least(t.planned_quantity, t.good),
            ),
            Sum(
                "standard_cost_made",
                "Standard cost of the good units",
                "money",
                lambda t: times(t.good, t.standard_cost_),
            ),
            Sum(
                "absorbed_overhead",
                "Overhead absorbed by the good units",
                "money",
                lambda t: times(t.good, t.overhead_cost_),
            ),
        ),
    ),
    Query(
        ("consumption",),
        "production",
        plain("consumption", "used"),
        (
            Sum(
                "material_price_effect",
                "Material price: (standard − actual price) × actual quantity",
                "money",
                lambda t: times(t.standard_price - t.actual_price, t.actual_quantity),
                lambda t: t.kind == "material",
            ),
            Sum(
                "material_usage_effect",
                "Material usage: (standard − actual quantity) × standard price",
                "money",
                lambda t: times(t.standard_quantity - t.actual_quantity, t.standard_price),
                lambda t: t.kind == "material",
            ),
            Sum(
                "labour_rate_effect",
                "Labour rate: (standard − actual rate) × actual hours",
                "money",
                lambda t: times(t.standard_price - t.actual_price, t.actual_quantity),
                lambda t: t.kind == "labour",
            ),
            Sum(
                "labour_efficiency_effect",
                "Labour efficiency: (standard − actual hours) × standard rate",
                "money",
                lambda t: times(t.standard_quantity - t.actual_quantity, t.standard_price),
                lambda t: t.kind == "labour",
            ),
            Sum(
                "labour_hours",
                "Hours worked in production",
                "hours",
                lambda t: t.actual_quantity,
                lambda t: t.kind == "labour",
            ),
        ),
    ),
    Query(
        ("purchases",),
        "purchases",
        external_dated("purchases", "supplier", "promised"),
        (
            Sum("purchase_lines_due", "Purchase lines promised for the month"),
            Sum(
                "purchase_lines_ontime",
                "Of these, received by the promised date",
                "count",
                None,
                lambda t: t.received <= t.promised,
            ),
        ),
    ),
    Query(
        ("purchases",),
        "purchases",
        external_dated("purchases", "supplier", "received"),
        (
            Sum("received_quantity", "Units received", "quantity", lambda t: t.received_quantity),
            Sum("rejected_quantity", "Of these, rejected", "quantity", lambda t: t.rejected_quantity),
            Sum(
                "purchased_amount",
                "Value of what was received",
                "money",
                lambda t: times(t.received_quantity, t.price),
            ),
        ),
    ),
    Query(
        ("stock",),
        "stock",
        _last_stock,
        (
            Sum("stock_value", "Value of stock", "money", lambda t: t.value, None, "closing"),
            Sum("stock_quantity", "Units in stock", "quantity", lambda t: t.quantity, None, "closing"),
            Sum(
                "stock_material_value",
                "Value of materials in stock",
                "money",
                lambda t: t.value,
                lambda t: t.kind == "material",
                "closing",
            ),
            Sum(
                "stock_finished_value",
                "Value of finished products in stock",
                "money",
                lambda t: t.value,
                lambda t: t.kind == "finished",
                "closing",
            ),
        ),
    ),
    Query(
        ("capacity",),
        "capacity",
        _capacity,
        (
            Sum(
                "capacity_minutes",
                "Minutes available",
                "minutes",
                lambda t: times(t.hours, ibis.literal(60).cast("decimal(4, 0)")),
            ),
            Sum(
                "people",
                "People in production (full-time equivalents)",
                "quantity",
                lambda t: t.people,
                None,
                "closing",
            ),
        ),
    ),
)
