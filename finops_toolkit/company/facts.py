"""The tables of facts: orders, deliveries, runs, purchases, stock, invoices, bills, journal, incidents."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from . import parameters as P
from .accounts import ACCOUNTS, CODES, DEPARTMENTS
from .calendar import NEVER, RUN_UP
from .cost_ledger import Bills
from .flow import Flow
from .incidents import KINDS as INCIDENT_KINDS
from .journal import DOCUMENT_STEP, DOCUMENTS, KINDS, SUPPLIER_PARTY
from .making import capacity_minutes
from .masters import LABOUR_GRADES, PRODUCT_IDS, Ids, supplier_position
from .sales_ledger import Invoices
from .tables import dates, decimals, money, months, pick, quantity, rate, table
from .world import INTERCOMPANY_CUSTOMER, World


def orders_and_deliveries(world: World, flow: Flow, name: Ids) -> dict[str, pa.Table]:
    """Order lines (those open at the start with what was left of them) and deliveries since the start."""
    calendar = world.calendar
    lines = flow.lines[flow.lines["ordered"] > calendar.opening_day]
    old = flow.open_at_start.copy()
    old["quantity"] = old["left"]
    lines = np.concatenate([old, lines])
    lines = lines[np.lexsort((lines["line"], lines["order"]))]
    product, unit = world.pairs.product[lines["pair"]], world.pairs.unit[lines["pair"]]
    d = flow.deliveries
    number = np.arange(len(d)) + 1
    since = d["day"] > calendar.opening_day
    d, number = d[since], number[since]
    known = np.isin(d["order"] * 16 + d["line"], lines["order"] * 16 + lines["line"])
    p = world.pairs.product[d["pair"]]
    customers = name.customers(world)
    return {
        "orders": table(
            "orders",
            {
                "order": name.number("O", lines["order"]),
                "line": lines["line"],
                "customer": pick(lines["customer"], customers),
                "unit": name.unit(unit),
                "product": pick(product, PRODUCT_IDS),
                "ordered": dates(lines["ordered"]),
                "requested": dates(lines["requested"]),
                "promised": dates(lines["promised"]),
                "quantity": quantity(lines["quantity"]),
                "price": money(lines["price"]),
                "discount": rate(lines["discount"] * 1_000_000),
                "cost": money(world.standards.cost[product]),
            },
        ),
        "deliveries": table(
            "deliveries",
            {
                "delivery": name.number("D", number),
                "order": name.number("O", d["order"], ~known),
                "line": pc.if_else(pa.array(known), pa.array(d["line"]), pa.scalar(None, pa.int64())),
                "customer": pick(d["customer"], customers),
                "unit": name.unit(world.pairs.unit[d["pair"]]),
                "product": pick(p, PRODUCT_IDS),
                "shipped": dates(d["day"]),
                "quantity": quantity(d["quantity"]),
                "amount": money(d["amount"]),
                "cost": money(world.standards.cost[p] * d["quantity"]),
            },
        ),
    }


def production_tables(world: World, flow: Flow, name: Ids) -> dict[str, pa.Table]:
    """Runs, what they used, and the capacity of the machines."""
    since = flow.runs["finished"] > world.calendar.opening_day
    r, used, number = flow.runs[since], flow.used[since], np.flatnonzero(since) + 1
    product, unit = world.pairs.product[r["pair"]], world.pairs.unit[r["pair"]]
    runs = {
        "run": name.number("R", number),
        "unit": name.unit(unit),
        "resource": pick(r["resource"], [x[0] + name.mark for x in P.RESOURCES]),
        "product": pick(product, PRODUCT_IDS),
        "finished": dates(r["finished"]),
        "planned_minutes": quantity(r["planned_minutes"]),
        "run_minutes": quantity(r["run_minutes"]),
        "ideal_minutes": rate(world.pairs.ideal[r["pair"]] * 1_000_000),
        "planned_quantity": quantity(r["planned"]),
        "made": quantity(r["made"]),
        "first_pass_good": quantity(r["first_pass"]),
        "good": quantity(r["good"]),
    }
    return {
        "production": table("production", runs),
        "consumption": _consumption(world, r, used, number, name),
        "capacity": _capacity(world, name),
    }


def _consumption(world: World, r: np.ndarray, used: np.ndarray, number: np.ndarray, name: Ids) -> pa.Table:
    """Three materials and one grade of labour a run; quantities in ten-thousandths, prices in cents."""
    std, product, n = world.standards, world.pairs.product[r["pair"]], len(r)
    good, item = r["good"], np.concatenate([std.bom_item[product], np.full((n, 1), -1)], axis=1)
    labour = item < 0
    grade = np.where(std.family[product] >= 3, 1, 0)[:, None]
    word = np.where(labour, len(PRODUCT_IDS) + grade, len(P.PRODUCTS) + item)

    def beside(materials: np.ndarray, work: np.ndarray) -> np.ndarray:
        return np.concatenate([materials, work[:, None]], axis=1).ravel()

    standard = beside(good[:, None] * std.bom_tenths[product] * 1000, good * std.hours[product] * 100)
    price = beside(std.material_price[std.bom_item[product]], np.full(n, P.LABOUR_RATE))
    columns = {
        "run": name.number("R", np.repeat(number, 4)),
        "item": pick(word.ravel(), [*PRODUCT_IDS, *LABOUR_GRADES]),
        "kind": pick(labour.ravel().astype(np.int64), ("material", "labour")),
        "unit": name.unit(np.repeat(world.pairs.unit[r["pair"]], 4)),
        "used": dates(np.repeat(r["finished"], 4)),
        "standard_quantity": decimals(standard, 4),
        "actual_quantity": decimals(beside(used * 10_000, r["hours"] * 1000), 4),
        "standard_price": money(price),
        "actual_price": money(beside(_price_paid(world, r, product), r["wage"] * 10)),
    }
    return table("consumption", columns)


def _capacity(world: World, name: Ids) -> pa.Table:
    calendar = world.calendar
    month, which = (x.ravel() for x in np.indices((calendar.months - RUN_UP, len(P.RESOURCES))))
    hours = np.stack([capacity_minutes(world, t) // 60 for t in range(RUN_UP, calendar.months)])
    columns = {
        "resource": pick(which, [x[0] + name.mark for x in P.RESOURCES]),
        "unit": name.unit(np.array([x[1] for x in P.RESOURCES])[which]),
        "month": months(calendar.ordinal[RUN_UP + month]),
        "hours": quantity(hours.ravel()),
        "people": quantity(np.array(P.CREW)[which]),
    }
    return table("capacity", columns)


def _price_paid(world: World, r: np.ndarray, product: np.ndarray) -> np.ndarray:
    """Market price of each material in the month of the run."""
    month = world.calendar.month_of(r["finished"])
    return world.material_price[month[:, None], world.standards.bom_item[product]]


def purchase_table(world: World, flow: Flow, name: Ids) -> dict[str, pa.Table]:
    """Purchase lines received since the start or still open, and the buying plant's from its sister."""
    calendar, r = world.calendar, flow.receipts
    r = r[r["received"] > calendar.opening_day]
    waiting = r["received"] > calendar.last_day
    own = table(
        "purchases",
        {
            "purchase": name.number("P", r["purchase"]),
            "line": r["line"],
            "supplier": pick(r["supplier"], name.suppliers()),
            "unit": name.unit(r["unit"]),
            "product": pick(len(P.PRODUCTS) + r["material"], PRODUCT_IDS),
            "ordered": dates(r["ordered"]),
            "promised": dates(r["promised"]),
            "received": dates(r["received"], waiting),
            "quantity": quantity(r["quantity"]),
            "received_quantity": quantity(r["quantity"], waiting),
            "rejected_quantity": quantity(r["rejected"], waiting),
            "price": money(r["price"]),
        },
    )
    lines = flow.lines[flow.lines["customer"] == INTERCOMPANY_CUSTOMER]
    d = flow.deliveries[flow.deliveries["customer"] == INTERCOMPANY_CUSTOMER]
    key, shipped = lines["order"] * 16 + lines["line"], d["order"] * 16 + d["line"]
    place = np.searchsorted(shipped, key, sorter=(by := np.argsort(shipped)))
    place = by[np.minimum(place, len(by) - 1)]
    there = shipped[place] == key
    day = np.where(there, d["day"][place], NEVER)
    some = day > calendar.opening_day
    lines, there, day = lines[some], there[some], day[some]
    n = len(lines)
    sister = table(
        "purchases",
        {
            "purchase": name.number("PI", lines["order"]),
            "line": lines["line"],
            "supplier": [name.sister_supplier] * n,
            "unit": name.unit(np.full(n, P.BUYER)),
            "product": pick(world.pairs.product[lines["pair"]], PRODUCT_IDS),
            "ordered": dates(lines["ordered"]),
            "promised": dates(lines["promised"]),
            "received": dates(day, ~there),
            "quantity": quantity(lines["quantity"]),
            "received_quantity": quantity(lines["quantity"], ~there),
            "rejected_quantity": quantity(np.zeros(n, dtype=np.int64), ~there),
            "price": money(lines["price"]),
        },
    )
    return {"purchases": pa.concat_tables([own, sister])}


def stock_table(world: World, flow: Flow, name: Ids) -> dict[str, pa.Table]:
    """Stock at each month's end from the opening day on, finished products and materials."""
    std, calendar, pairs = world.standards, world.calendar, world.pairs
    used = np.argwhere(flow.opening_materials > 0)
    product = np.concatenate([pairs.product, len(P.PRODUCTS) + used[:, 0]])
    unit = np.concatenate([pairs.unit, used[:, 1]])
    order = np.lexsort((unit, product))
    now = np.concatenate([flow.stock, flow.materials[:, used[:, 0], used[:, 1]]], axis=1)[RUN_UP - 1 :, order]
    moved = np.concatenate([flow.counted, flow.materials_counted[:, used[:, 0], used[:, 1]]], axis=1)[
        RUN_UP - 1 :, order
    ]
    moved[0] = 0
    product, unit = product[order], unit[order]
    cost = np.concatenate([std.cost, std.material_price])[product]
    days = calendar.start[RUN_UP:] - 1
    rows = now.shape[0]
    return {
        "stock": table(
            "stock",
            {
                "product": pick(np.tile(product, rows), PRODUCT_IDS),
                "unit": name.unit(np.tile(unit, rows)),
                "date": dates(np.repeat(days, len(product))),
                "quantity": quantity(now.ravel()),
                "value": money((now * cost).ravel()),
                "adjustment": quantity(moved.ravel()),
            },
        )
    }


def documents(world: World, invoices: Invoices, bills: Bills, name: Ids) -> dict[str, pa.Table]:
    """Invoices and bills issued since the start or open on the opening day."""
    opening = world.calendar.opening_day
    live = np.flatnonzero((invoices.issued > opening) | (invoices.paid > opening))
    i = {k: getattr(invoices, k)[live] for k in Invoices.__dataclass_fields__}
    dollar = i["dollars"] != 0
    b_live = np.flatnonzero((bills.issued > opening) | (bills.paid > opening))
    b = {k: getattr(bills, k)[b_live] for k in Bills.__dataclass_fields__}
    return {
        "invoices": table(
            "invoices",
            {
                "invoice": name.number("INV", live + 1),
                "customer": pick(i["customer"], name.customers(world)),
                "unit": name.unit(i["unit"]),
                "issued": dates(i["issued"]),
                "due": dates(i["due"]),
                "paid": dates(i["paid"], i["paid"] == NEVER),
                "amount": money(i["gross"]),
                "tax": money(i["tax"]),
                "currency": pick(dollar.astype(np.int64), (P.CURRENCY, P.FOREIGN)),
                "amount_currency": money(np.where(dollar, i["dollars"], i["gross"])),
            },
        ),
        "bills": table(
            "bills",
            {
                "bill": name.number("BIL", b_live + 1),
                "supplier": pick(supplier_position(b["party"]), name.suppliers()),
                "unit": name.unit(b["unit"]),
                "issued": dates(b["issued"]),
                "due": dates(b["due"]),
                "paid": dates(b["paid"], b["paid"] == NEVER),
                "amount": money(b["gross"]),
                "tax": money(b["tax"]),
                "currency": [P.CURRENCY] * len(b_live),
                "amount_currency": money(b["gross"]),
            },
        ),
    }


def journal_table(world: World, lines: dict[str, np.ndarray], name: Ids) -> dict[str, pa.Table]:
    """The journal. Documents: INV invoice, D delivery, BIL bill, R run."""
    kind, number = lines["document"] // DOCUMENT_STEP, lines["document"] % DOCUMENT_STEP
    prefix = pick(kind, tuple({"DEL": "D", "RUN": "R"}.get(x, x) for x in DOCUMENTS))
    digits = pc.utf8_lpad(pa.array(number + name.offset).cast(pa.string()), 6, "0")
    none = kind == 0
    paper = pc.if_else(
        pa.array(none), pa.scalar(None, pa.string()), pc.binary_join_element_wise(prefix, digits, "")
    )
    customers = name.customers(world)
    party = lines["party"]
    place = np.where(party >= SUPPLIER_PARTY, len(customers) + supplier_position(party), party)
    department = [d[0] for d in DEPARTMENTS]
    of_account = np.array([department.index(a[5]) for a in ACCOUNTS])
    dollar = lines["dollars"] != 0
    return {
        "journal": table(
            "journal",
            {
                "entry": name.number("J", lines["number"]),
                "line": lines["line"],
                "posted": dates(lines["day"]),
                "document_date": dates(lines["day"]),
                "account": pick(lines["account"], CODES),
                "unit": name.unit(lines["unit"]),
                "department": pick(of_account[lines["account"]], department),
                "amount": money(lines["amount"]),
                "tax": money(lines["tax"], lines["tax"] == 0),
                "currency": pick(dollar.astype(np.int64), (P.CURRENCY, P.FOREIGN)),
                "amount_currency": money(np.where(dollar, lines["dollars"], lines["amount"])),
                "kind": pick(lines["kind"], KINDS),
                "document": paper,
                "product": pick(lines["product"], PRODUCT_IDS),
                "party": pick(place, [*customers, *name.suppliers()]),
            },
        )
    }


def incident_table(world: World, incidents: np.ndarray, flow: Flow, name: Ids) -> dict[str, pa.Table]:
    """Incidents since the start."""
    number = np.arange(len(incidents)) + 1
    since = incidents["day"] > world.calendar.opening_day
    i, number = incidents[since], number[since]
    return {
        "incidents": table(
            "incidents",
            {
                "incident": name.number("IN", number),
                "unit": name.unit(i["unit"]),
                "date": dates(i["day"]),
                "kind": pick(i["kind"], INCIDENT_KINDS),
                "order": name.number("O", i["order"], i["kind"] != 0),
                "cost": money(i["cost"]),
            },
        )
    }
