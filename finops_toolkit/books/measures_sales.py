"""What customers order, get, and pay: measures of orders, deliveries, invoices and bills."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis

from .measures import EXACT, Query, Sum, Tables, dated, external, external_dated, once, times


def _net_price(order: ibis.Table) -> Any:
    """Price less discount with eight decimals: only its product with the quantity is rounded to money."""
    share = (ibis.literal(1) - order.discount.fill_null(ibis.literal(0).cast("decimal(19, 8)"))).cast(
        "decimal(19, 8)"
    )
    return (order.price * share).cast("decimal(20, 8)")


def _value(price: Any, quantity: Any) -> Any:
    return times(price, quantity.cast("decimal(18, 4)"))


# What the measures look at in an order line.
_ORDER = ("order", "line", "unit", "ordered", "requested", "quantity")


def _orders(tables: Tables) -> ibis.Table:
    """Orders of outside customers with their net price and value, which are long multiplications."""

    def build() -> ibis.Table:
        orders = external(tables, "orders", "customer")
        orders = orders.select(*_ORDER, net_price=_net_price(orders))
        return orders.mutate(net_value=_value(orders.net_price, orders.quantity))

    return once(tables, "orders", "orders", build)


def _followed(tables: Tables) -> ibis.Table:
    """Orders of outside customers; none where no delivery names its order: what became of them is unknown."""
    orders, deliveries = _orders(tables), tables["deliveries"]
    naming = deliveries.filter(deliveries.order.notnull())
    return orders.filter(naming.count().as_scalar() > 0)


def order_lines(tables: Tables) -> ibis.Table:
    """Order lines of outside customers with what became of them.

    Adds: filled (units delivered by the requested date, at most those ordered), delivered, last (date of
    the last delivery), late (a delivery came after the requested date), returned (something came back).
    """
    return once(tables, "orders", "order_lines", lambda: _followed_up(tables))


def _followed_up(tables: Tables) -> ibis.Table:
    orders, deliveries = _followed(tables), tables["deliveries"]
    keys = orders.select("order", "line", requested_="requested")
    moved = deliveries.join(keys, [deliveries.order == keys.order, deliveries.line == keys.line], how="inner")
    out = moved.quantity > 0
    met = moved.group_by([moved.order, moved.line]).aggregate(
        on_time_=moved.quantity.sum(where=out & (moved.shipped <= moved.requested_)),
        delivered_=moved.quantity.sum(where=out),
        last_=moved.shipped.max(where=out),
        late_=(out & (moved.shipped > moved.requested_)).sum(),
        back_=(~out).sum(),
    )
    met = met.rename(order_="order", line_="line")
    zero = ibis.literal(0).cast(EXACT)
    joined = orders.left_join(met, [orders.order == met.order_, orders.line == met.line_])
    return joined.select(
        *_ORDER,
        filled=ibis.least(joined.on_time_.fill_null(zero), joined.quantity.cast(EXACT)),
        delivered=joined.delivered_.fill_null(zero),
        last=joined.last_,
        late=joined.late_.fill_null(0) > 0,
        returned=joined.back_.fill_null(0) > 0,
    )


def _due_lines(tables: Tables) -> ibis.Table:
    return dated(tables, order_lines(tables), "requested")


def _due_orders(tables: Tables) -> ibis.Table:
    lines = order_lines(tables)
    lines = lines.filter(lines.requested.notnull())
    orders = lines.group_by(["order", "unit"]).aggregate(
        requested=lines.requested.max(),
        otif=(lines.filled >= lines.quantity).all(),
        in_full=(lines.delivered >= lines.quantity).all(),
        late=lines.late.any(),
        any_delivered=(lines.delivered > 0).any(),
        returned=lines.returned.any(),
    )
    complaint: Any = ibis.literal(False)
    incidents = tables.get("incidents")
    if incidents is not None:
        concerned = incidents.filter((incidents.kind == "complaint") & incidents.order.notnull()).order
        complaint = orders.order.isin(concerned)
    return dated(tables, orders.mutate(complaint=complaint), "requested")


def _completed_orders(tables: Tables) -> ibis.Table:
    lines = order_lines(tables)
    orders = lines.group_by(["order", "unit"]).aggregate(
        ordered=lines.ordered.min(),
        last=lines["last"].max(),
        complete=(lines.delivered >= lines.quantity).all(),
    )
    orders = orders.filter(orders.complete)
    return dated(tables, orders, "last").mutate(days=lambda t: t["last"].delta(t.ordered, unit="day"))


def _backlog(tables: Tables) -> ibis.Table:
    orders = _followed(tables)
    ordered = dated(tables, orders, "ordered").select(
        "unit",
        "month",
        quantity=lambda t: t.quantity.cast(EXACT),
        amount=lambda t: t.net_value,
    )
    deliveries = tables["deliveries"]
    keys = orders.select("order", "line", "net_price")
    moved = deliveries.filter(deliveries.quantity > 0)
    moved = moved.join(keys, [moved.order == keys.order, moved.line == keys.line], how="inner")
    shipped = dated(tables, moved, "shipped").select(
        "unit",
        "month",
        quantity=lambda t: -t.quantity.cast(EXACT),
        amount=lambda t: -_value(t.net_price, t.quantity),
    )
    return ordered.union(shipped)


ORDERS = (
    Query(
        ("deliveries",),
        "sales",
        external_dated("deliveries", "customer", "shipped"),
        (
            Sum("delivered_amount", "Sales value delivered, returns deducted", "money", lambda t: t.amount),
            Sum(
                "delivered_to_named",
                "Sales value delivered to customers with a name, returns deducted",
                "money",
                lambda t: t.amount,
                lambda t: t.customer.notnull(),
            ),
            Sum("delivered_cost", "Standard cost of what was delivered", "money", lambda t: t.cost),
            Sum("delivered_quantity", "Units delivered, returns deducted", "quantity", lambda t: t.quantity),
            Sum(
                "returned_quantity",
                "Units returned",
                "quantity",
                lambda t: -t.quantity,
                lambda t: t.quantity < 0,
            ),
            Sum(
                "returned_amount",
                "Sales value returned",
                "money",
                lambda t: -t.amount,
                lambda t: t.quantity < 0,
            ),
            Sum("delivery_lines", "Delivery lines", "count", None, lambda t: t.quantity > 0),
        ),
    ),
    Query(
        ("orders",),
        "orders",
        lambda tables: dated(tables, _orders(tables), "ordered"),
        (
            Sum("order_lines", "Order lines received"),
            Sum("ordered_quantity", "Units ordered", "quantity", lambda t: t.quantity),
            Sum(
                "ordered_amount",
                "Value ordered, net of discount",
                "money",
                lambda t: t.net_value,
            ),
        ),
    ),
    Query(
        ("orders", "deliveries"),
        "orders",
        _due_lines,
        (
            Sum("lines_due", "Order lines due in the month, by requested date"),
            Sum(
                "lines_ontime",
                "Of these, complete by the requested date",
                "count",
                None,
                lambda t: t.filled >= t.quantity,
            ),
            Sum(
                "units_requested",
                "Units due in the month, by requested date",
                "quantity",
                lambda t: t.quantity,
            ),
            Sum("units_filled", "Of these, delivered by the requested date", "quantity", lambda t: t.filled),
        ),
    ),
    Query(
        ("orders", "deliveries"),
        "orders",
        _due_orders,
        (
            Sum("orders_due", "Orders due in the month, by latest requested date"),
            Sum("otif_orders", "Of these, delivered on time and in full", "count", None, lambda t: t.otif),
            Sum(
                "ontime_orders",
                "Of these, with nothing delivered late",
                "count",
                None,
                lambda t: t.any_delivered & ~t.late,
            ),
            Sum("infull_orders", "Of these, delivered in full by now", "count", None, lambda t: t.in_full),
            Sum(
                "perfect_orders",
                "On time, in full, nothing returned, no complaint",
                "count",
                None,
                lambda t: t.otif & ~t.returned & ~t.complaint,
            ),
        ),
    ),
    Query(
        ("orders", "deliveries"),
        "orders",
        _completed_orders,
        (
            Sum("cycle_orders", "Orders completed"),
            Sum(
                "order_cycle_days",
                "Days from order to last delivery, of the orders completed",
                "days",
                lambda t: t.days,
            ),
        ),
    ),
    Query(
        ("orders", "deliveries"),
        "orders",
        _backlog,
        (
            Sum(
                "backlog_quantity",
                "Units ordered and not delivered",
                "quantity",
                lambda t: t.quantity,
                None,
                "closing",
            ),
            Sum(
                "backlog_amount",
                "Value ordered and not delivered",
                "money",
                lambda t: t.amount,
                None,
                "closing",
            ),
        ),
        accumulate=True,
    ),
)


def _open_items(name: str, party: str) -> Callable[[Tables], ibis.Table]:
    """Movements of what is open: up on issue, down on payment; overdue from the day after it was due."""

    def build(tables: Tables) -> ibis.Table:
        items = external(tables, name, party)
        zero = ibis.literal(0).cast(EXACT)
        amount = items.amount.cast(EXACT)
        paid = items.paid
        issued = items.select("unit", date=items.issued, open=amount, overdue=zero)
        closed = items.filter(paid.notnull()).select("unit", date=paid, open=-amount, overdue=zero)
        # It becomes overdue the day after it was due, unless it has been paid by then.
        late = items.filter(paid.isnull() | (paid > items.due))
        turned = late.select(
            "unit", date=late.due + ibis.interval(days=1), open=zero, overdue=late.amount.cast(EXACT)
        )
        settled = items.filter(paid.notnull() & (paid > items.due))
        settled = settled.select("unit", date=settled.paid, open=zero, overdue=-settled.amount.cast(EXACT))
        parts = [part.mutate(date=part.date.cast("date")) for part in (issued, closed, turned, settled)]
        return dated(tables, ibis.union(*parts), "date")

    return build


def _paid(name: str, party: str) -> Callable[[Tables], ibis.Table]:
    def build(tables: Tables) -> ibis.Table:
        items = external(tables, name, party)
        # Credit notes are set off, not paid: they say nothing of how long a customer takes.
        items = items.filter(items.amount > 0)
        return dated(tables, items, "paid").mutate(days=lambda t: t.paid.delta(t.issued, unit="day"))

    return build


ITEMS = (
    Query(
        ("invoices",),
        "receivables",
        external_dated("invoices", "customer", "issued"),
        (
            Sum("invoiced_gross", "Invoices issued, with VAT", "money", lambda t: t.amount),
            Sum("invoices_issued", "Invoices issued"),
        ),
    ),
    Query(
        ("invoices",),
        "receivables",
        _paid("invoices", "customer"),
        (
            Sum("collected_gross", "Invoices paid, with VAT", "money", lambda t: t.amount),
            Sum("paid_invoices", "Invoices paid"),
            Sum(
                "paid_late_invoices", "Of these, after they were due", "count", None, lambda t: t.paid > t.due
            ),
            Sum("days_to_pay", "Days from issue to payment, of the invoices paid", "days", lambda t: t.days),
        ),
    ),
    Query(
        ("invoices",),
        "receivables",
        _open_items("invoices", "customer"),
        (
            Sum("open_invoices", "Invoices open, with VAT", "money", lambda t: t.open, None, "closing"),
            Sum("overdue_invoices", "Of these, overdue", "money", lambda t: t.overdue, None, "closing"),
        ),
        accumulate=True,
        sparse=True,
    ),
    Query(
        ("bills",),
        "payables",
        external_dated("bills", "supplier", "issued"),
        (Sum("billed_gross", "Bills received, with VAT", "money", lambda t: t.amount),),
    ),
    Query(
        ("bills",),
        "payables",
        _paid("bills", "supplier"),
        (
            Sum("bills_paid", "Bills paid"),
            Sum("bills_paid_late", "Of these, after they were due", "count", None, lambda t: t.paid > t.due),
        ),
    ),
    Query(
        ("bills",),
        "payables",
        _open_items("bills", "supplier"),
        (
            Sum("open_bills", "Bills open, with VAT", "money", lambda t: t.open, None, "closing"),
            Sum("overdue_bills", "Of these, overdue", "money", lambda t: t.overdue, None, "closing"),
        ),
        accumulate=True,
        sparse=True,
    ),
)
