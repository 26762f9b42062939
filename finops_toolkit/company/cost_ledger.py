"""Production, purchases, spending and its payment, posted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import parameters as P
from .accounts import INDEX
from .calendar import NEVER, to_friday, to_workday
from .costs import Spending
from .flow import Flow
from .journal import SERVICE_PARTY, SUPPLIER_PARTY, Journal, document
from .world import World

SERVICE_OF = {
    "5150": 1,
    "5210": 3,
    "5220": 2,
    "5230": 4,
    "6010": 5,
    "6020": 1,
    "6100": 0,
    "6110": 0,
    "6210": 6,
    "6310": 7,
    "1500": 8,
    "1300": 4,
}
NO_VAT = ("1300", "6020")


@dataclass
class Bills:
    """Suppliers' bills and credit notes in order of issue; cents with VAT, `paid` is NEVER while open."""

    party: np.ndarray
    unit: np.ndarray
    issued: np.ndarray
    due: np.ndarray
    paid: np.ndarray
    gross: np.ndarray
    tax: np.ndarray
    account: np.ndarray  # index of the account charged, -1 for material
    receipt: np.ndarray  # index of the purchase line, -1 for services


def post_production(world: World, flow: Flow, journal: Journal) -> None:
    """A run turns material and labour into stock at standard; what differs goes to its variance."""
    runs, std = flow.runs, world.standards
    product, unit = world.pairs.product[runs["pair"]], world.pairs.unit[runs["pair"]]
    number = np.arange(len(runs)) + 1
    at = ("production", number, runs["finished"], unit)
    more = {"product": product, "document": document("RUN", number)}
    material = (flow.used * std.material_price[std.bom_item[product]]).sum(axis=1)
    hours, wage, standard_wage = runs["hours"], runs["wage"], P.LABOUR_RATE // 10
    good, scrap = runs["good"], (runs["made"] - runs["good"]) * std.material[product]
    journal.post(*at, "1200", good * std.cost[product], **more)
    journal.post(*at, "5130", scrap, **more)
    journal.post(*at, "5110", material - runs["made"] * std.material[product], **more)
    journal.post(*at, "5120", hours * (wage - standard_wage), **more)
    journal.post(*at, "5125", hours * standard_wage - good * std.labour[product], **more)
    journal.post(*at, "1210", -material, **more)
    journal.post(*at, "2110", -hours * wage, **more)
    journal.post(*at, "5290", -good * std.overhead[product], **more)


def post_counts(world: World, flow: Flow, journal: Journal) -> None:
    """What counts take from stock or add to it, at standard, on each month's last working day."""
    std, last = world.standards, world.calendar.last_workday()
    month, pair = np.nonzero(flow.counted)
    finished = flow.counted[month, pair] * std.cost[world.pairs.product[pair]]
    t, material, plant = np.nonzero(flow.materials_counted)
    value = flow.materials_counted[t, material, plant] * std.material_price[material]
    unit = np.concatenate([world.pairs.unit[pair], plant])
    product = np.concatenate([world.pairs.product[pair], len(P.PRODUCTS) + material])
    time, amount = np.concatenate([month, t]), np.concatenate([finished, value])
    account = np.where(product < len(P.PRODUCTS), INDEX["1200"], INDEX["1210"])
    at = ("stock count", time * len(P.UNITS) + unit, last[time], unit)
    journal.post(*at, account, amount, product=product)
    journal.post(*at, "5140", -amount, product=product)


def make_bills(world: World, flow: Flow, spending: Spending) -> Bills:
    """Bills of materials received (with credit notes for rejects), of services and of machines."""
    parts = [*_material_bills(world, flow), *_service_bills(world, spending)]
    columns = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    keep = (columns["net"] != 0) & (columns["issued"] <= world.calendar.last_day)
    columns = {name: v[keep] for name, v in columns.items()}
    order = np.lexsort(
        (
            np.arange(len(columns["net"])),
            columns["receipt"],
            columns["account"],
            columns["unit"],
            columns["issued"],
        )
    )
    c = {name: v[order] for name, v in columns.items()}
    tax = np.sign(c["net"]) * ((np.abs(c["net"]) * c["vat"] + 50) // 100)
    due = c["issued"] + c["terms"]
    noise, _ = world.chance.draws("payments", world.calendar.month_of(c["issued"]), c["unit"], normals=1)
    slack = np.rint(np.clip(1.5 + 4 * noise[:, 0], -3, 14)).astype(np.int64)
    paid = to_friday(np.maximum(due + slack, c["issued"] + 1))
    paid = np.where(paid > world.calendar.last_day, NEVER, paid)
    return Bills(
        c["party"], c["unit"], c["issued"], due, paid, c["net"] + tax, tax, c["account"], c["receipt"]
    )


def _material_bills(world: World, flow: Flow) -> list[dict[str, np.ndarray]]:
    r = flow.receipts
    out = []
    for sign, units in ((1, r["quantity"]), (-1, r["rejected"])):
        some = np.flatnonzero(units > 0)
        supplier = r["supplier"][some]
        out.append(
            {
                "party": SUPPLIER_PARTY + supplier,
                "unit": r["unit"][some],
                "issued": r["received"][some],
                "net": sign * units[some] * r["price"][some],
                "vat": np.array([s[2] for s in P.SUPPLIERS])[supplier],
                "terms": np.array([s[3] for s in P.SUPPLIERS])[supplier],
                "account": np.full(len(some), -1),
                "receipt": some,
            }
        )
    return out


def _service_bills(world: World, spending: Spending) -> list[dict[str, np.ndarray]]:
    calendar, out = world.calendar, []
    accounts = {**spending.bills, "1500": spending.investment, "1300": _premiums(world, spending)}
    for code, amounts in accounts.items():
        parts = 2 if code in ("6100", "5210", "6210") else 1  # those come twice a month
        for part in range(parts):
            share = (
                amounts // 2 if part == 0 and parts == 2 else amounts - (amounts // 2 if parts == 2 else 0)
            )
            month, unit = np.nonzero(share)
            day = to_workday(calendar.start[month] + (13 if part == 0 and parts == 2 else 9))
            if part == parts - 1 and code != "1300":
                day = calendar.last_workday()[month]
            service = SERVICE_OF[code]
            full = {
                "party": SERVICE_PARTY + service,
                "vat": 0 if code in NO_VAT else 20,
                "terms": P.SERVICES[service][2],
                "account": INDEX[code],
                "receipt": -1,
            }
            out.append(
                {
                    "unit": unit,
                    "issued": day,
                    "net": share[month, unit],
                    **{k: np.full(len(unit), v) for k, v in full.items()},
                }
            )
    return out


def _premiums(world: World, spending: Spending) -> np.ndarray:
    month = world.calendar.ordinal[: world.calendar.months]
    return np.where((month % 12 == 0)[:, None], spending.insurance_year[month // 12 - 2022], 0)


def post_bills(world: World, flow: Flow, bills: Bills, journal: Journal) -> None:
    """Bills go to payables; materials to stock at standard and the rest to the price variance."""
    number = np.arange(len(bills.issued)) + 1
    net = bills.gross - bills.tax
    credit = bills.gross < 0
    for kind, rows in (
        ("purchase", (bills.receipt >= 0) & ~credit),
        ("purchase credit", (bills.receipt >= 0) & credit),
        ("investment", bills.account == INDEX["1500"]),
        ("expense", (bills.receipt < 0) & (bills.account != INDEX["1500"])),
    ):
        at = (number[rows], bills.issued[rows], bills.unit[rows])
        more: dict[str, Any] = {"document": document("BIL", number[rows]), "party": bills.party[rows]}
        if kind.startswith("purchase"):
            line = flow.receipts[bills.receipt[rows]]
            units = line["quantity"] if kind == "purchase" else -line["rejected"]
            value = units * world.standards.material_price[line["material"]]
            product = len(P.PRODUCTS) + line["material"]
            journal.post(kind, *at, "1210", value, product=product, **more)
            journal.post(kind, *at, "5100", net[rows] - value, product=product, **more)
        else:
            journal.post(kind, *at, bills.account[rows], net[rows], **more)
        journal.post(kind, *at, "2100", bills.tax[rows], **more)
        journal.post(kind, *at, "2000", -bills.gross[rows], tax=-bills.tax[rows], **more)
    paid = bills.paid < NEVER
    at = (number[paid], bills.paid[paid], bills.unit[paid])
    more = {"document": document("BIL", number[paid]), "party": bills.party[paid]}
    journal.post("payment", *at, "2000", bills.gross[paid], **more)
    journal.post("payment", *at, "1000", -bills.gross[paid], **more)


def post_spending(world: World, spending: Spending, journal: Journal) -> None:
    """Payroll, depreciation, insurance used up, and overhead charged to production at its normal level."""
    last = world.calendar.last_workday()
    month, unit = (x.ravel() for x in np.indices(spending.depreciation.shape))
    entry, day = month * len(P.UNITS) + unit, last[month]
    wages = np.zeros(len(month), dtype=np.int64)
    for code, amount in spending.people.items():
        journal.post("payroll", entry, day, unit, code, amount.ravel())
        wages += amount.ravel()
    journal.post("payroll", entry, day, unit, "2110", -wages)
    journal.post("depreciation", entry, day, unit, "6400", spending.depreciation.ravel())
    journal.post("depreciation", entry, day, unit, "1590", -spending.depreciation.ravel())
    year = world.calendar.ordinal[month] // 12 - 2022
    used = spending.insurance_year[year, unit] // 12
    journal.post("insurance", entry, day, unit, "6220", used)
    journal.post("insurance", entry, day, unit, "1300", -used)
    plants = unit < len(P.PLANTS)
    normal = spending.normal_overhead[month[plants], unit[plants]]
    at = ("overhead charged", entry[plants], day[plants], unit[plants])
    journal.post(*at, "5290", normal)
    journal.post(*at, "5280", -normal)
