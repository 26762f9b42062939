"""Deliveries become invoices, cost of sales and, in time, cash."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import parameters as P
from .calendar import NEVER, to_workday
from .demand import to_euro
from .flow import Flow
from .journal import SISTER_SUPPLIER, Journal, document
from .world import INTERCOMPANY_CUSTOMER, World

WRITE_OFF_DAYS = 240
GIVEN_UP = 3.04  # standard normal value that 0.12 % exceed: the invoices that are never paid


@dataclass
class Invoices:
    """Invoices and credit notes in order of issue; amounts in cents with VAT, `paid` is NEVER while open."""

    customer: np.ndarray
    unit: np.ndarray
    issued: np.ndarray
    due: np.ndarray
    paid: np.ndarray
    gross: np.ndarray
    tax: np.ndarray
    dollars: np.ndarray
    write_off: np.ndarray  # this is the credit note of an invoice that was given up
    settled_without_cash: np.ndarray


def post_sales(world: World, flow: Flow, journal: Journal) -> Invoices:
    """Post deliveries, returns and their payment; returns the invoices."""
    d = flow.deliveries
    outside = d["customer"] != INTERCOMPANY_CUSTOMER
    _post_sister(world, d[~outside], np.flatnonzero(~outside) + 1, journal)
    d, delivery = d[outside], np.flatnonzero(outside) + 1
    back = d["quantity"] < 0
    # one invoice for what leaves on an order on a day; each return has a credit note of its own
    key = np.where(back, (1 << 62) + delivery, d["order"] * 65_536 + d["day"])
    _, head, group = np.unique(key, return_index=True, return_inverse=True)
    order = np.lexsort((delivery[head], back[head], d["day"][head]))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    group, head = rank[group], head[order]
    invoices = _invoices(world, d, head, group, back[head])
    number, gross_number = _with_write_offs(invoices)
    _post_documents(world, d, delivery, number[group], journal)
    _post_heads(invoices, gross_number, journal)
    _post_settlement(world, invoices, journal)
    return invoices


def _invoices(
    world: World, d: np.ndarray, head: np.ndarray, group: np.ndarray, credit: np.ndarray
) -> Invoices:
    people = world.customers
    customer, day = d["customer"][head], d["day"][head]
    net = np.zeros(len(head), dtype=np.int64)
    dollars = np.zeros(len(head), dtype=np.int64)
    np.add.at(net, group, d["amount"])
    np.add.at(dollars, group, d["dollars"])
    tax = np.sign(net) * ((np.abs(net) * people.vat[customer] + 50) // 100)
    month = world.calendar.month_of(day)
    unit = world.pairs.unit[d["pair"][head]]
    noise, _ = world.chance.draws("receipts", month, unit, normals=2)
    late = world.effects.payment_delay[np.minimum(month, world.calendar.months - 1), people.segment[customer]]
    due = day + people.terms[customer]
    delay = people.habit[customer] + np.rint(6 * np.clip(noise[:, 0], -2.5, 3) + late).astype(np.int64)
    paid = to_workday(np.maximum(due + delay, day + 2))
    given_up = (noise[:, 1] > GIVEN_UP) & ~credit
    paid = np.where(given_up, to_workday(due + WRITE_OFF_DAYS), paid)
    paid = np.where(credit, to_workday(day + 14), paid)
    due = np.where(credit, day + 14, due)
    paid = np.where(paid > world.calendar.last_day, NEVER, paid)
    none = np.zeros(len(head), dtype=bool)
    return Invoices(customer, unit, day, due, paid, net + tax, tax, dollars, none, given_up & (paid < NEVER))


def _with_write_offs(invoices: Invoices) -> tuple[np.ndarray, np.ndarray]:
    """Add credit notes for invoices given up, in order of issue; returns old and new numbers."""
    lost = np.flatnonzero(invoices.settled_without_cash)
    n = len(invoices.issued)
    extra = {name: getattr(invoices, name)[lost] for name in Invoices.__dataclass_fields__}
    extra["issued"] = extra["due"] = extra["paid"]
    extra["gross"], extra["tax"], extra["dollars"] = -extra["gross"], -extra["tax"], -extra["dollars"]
    extra["write_off"] = np.ones(len(lost), dtype=bool)
    for name in Invoices.__dataclass_fields__:
        setattr(invoices, name, np.concatenate([getattr(invoices, name), extra[name]]))
    order = np.lexsort((np.arange(len(invoices.issued)), invoices.write_off, invoices.issued))
    for name in Invoices.__dataclass_fields__:
        setattr(invoices, name, getattr(invoices, name)[order])
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[:n] + 1, np.arange(len(order)) + 1


def _post_documents(
    world: World, d: np.ndarray, delivery: np.ndarray, number: np.ndarray, journal: Journal
) -> None:
    """Revenue and cost of sales, a line for each delivery."""
    std, unit, product = world.standards, world.pairs.unit[d["pair"]], world.pairs.product[d["pair"]]
    back = d["quantity"] < 0
    paper = document("DEL", delivery)
    for rows, sale, cost, revenue in (
        (~back, "sale", "cost of sale", "4000"),
        (back, "credit note", "return to stock", "4010"),
    ):
        at = {"entry": number[rows], "day": d["day"][rows], "unit": unit[rows]}
        q, p = d["quantity"][rows], product[rows]
        more = {"product": p, "document": paper[rows]}
        journal.post(
            sale,
            at["entry"],
            at["day"],
            at["unit"],
            revenue,
            -d["amount"][rows],
            dollars=-d["dollars"][rows],
            party=d["customer"][rows],
            **more,
        )
        journal.post(
            cost, at["entry"], at["day"], at["unit"], "5000", q * (std.material + std.labour)[p], **more
        )
        journal.post(cost, at["entry"], at["day"], at["unit"], "5010", q * std.overhead[p], **more)
        journal.post(cost, at["entry"], at["day"], at["unit"], "1200", -q * std.cost[p], **more)


def _post_heads(invoices: Invoices, number: np.ndarray, journal: Journal) -> None:
    """Receivable and VAT of each document; the loss where an invoice is given up."""
    for kind, rows in (
        ("sale", (invoices.gross > 0) & ~invoices.write_off),
        ("credit note", (invoices.gross < 0) & ~invoices.write_off),
        ("write-off", invoices.write_off),
    ):
        at = (kind, number[rows], invoices.issued[rows], invoices.unit[rows])
        more = {"document": document("INV", number[rows]), "party": invoices.customer[rows]}
        gross, tax = invoices.gross[rows], invoices.tax[rows]
        journal.post(*at, "1100", gross, tax=tax, dollars=invoices.dollars[rows], **more)
        journal.post(*at, "2100", -tax, **more)
        if kind == "write-off":
            journal.post(*at, "6030", -(gross - tax), **more)


def _post_settlement(world: World, invoices: Invoices, journal: Journal) -> None:
    """Cash comes in at the rate of its month; the difference to the booked amount is an exchange result."""
    settled = (invoices.paid < NEVER) & ~invoices.write_off & ~invoices.settled_without_cash
    for kind, rows in (
        ("receipt", settled & (invoices.gross > 0)),
        ("refund", settled & (invoices.gross < 0)),
    ):
        number, day = np.flatnonzero(rows) + 1, invoices.paid[rows]
        rate = world.rate_average[world.calendar.month_of(day)]
        dollars, gross = invoices.dollars[rows], invoices.gross[rows]
        cash = np.where(dollars != 0, to_euro(dollars, rate), gross)
        at = (kind, number, day, invoices.unit[rows])
        more = {"document": document("INV", number), "party": invoices.customer[rows]}
        journal.post(*at, "1000", cash, dollars=dollars, **more)
        journal.post(*at, "1100", -gross, dollars=-dollars, **more)
        journal.post(*at, "4200", gross - cash, **more)


def _post_sister(world: World, d: np.ndarray, delivery: np.ndarray, journal: Journal) -> None:
    """Both sides of a delivery to the sister unit; the margin nets to zero over the company."""
    product = world.pairs.product[d["pair"]]
    cost, price = world.standards.cost[product] * d["quantity"], d["amount"]
    number = np.arange(len(d)) + 1
    paper = document("DEL", delivery)
    for kind, unit, sign, party in (
        ("intercompany sale", P.SELLER, 1, INTERCOMPANY_CUSTOMER),
        ("intercompany purchase", P.BUYER, -1, SISTER_SUPPLIER),
    ):
        at = (kind, number, d["day"], unit)
        journal.post(*at, "1800", sign * price, party=party, document=paper)
        journal.post(*at, "1200", -sign * cost, product=product, document=paper)
        journal.post(*at, "7200", -sign * (price - cost), product=product, document=paper)
