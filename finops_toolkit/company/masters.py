"""Identifiers, and the tables of masters: units, accounts, products, customers, suppliers, rates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from . import parameters as P
from .accounts import ACCOUNTS, DEPARTMENTS
from .calendar import RUN_UP
from .journal import SERVICE_PARTY, SISTER_SUPPLIER, SUPPLIER_PARTY
from .tables import ids, money, months, pick, rate, table
from .world import INTERCOMPANY_CUSTOMER, World

DIVISION_STEP = 10_000_000  # numbers of a further division begin here times its place
PRODUCT_IDS = tuple(p[0] for p in P.PRODUCTS) + tuple(m[0] for m in P.MATERIALS)
LABOUR_GRADES = ("LAB-MACHINE", "LAB-ASSEMBLY")


def unit_ids(division: int) -> list[str]:
    """The units of a division: the first has plain names, the others carry its number."""
    return [u if division == 0 else f"{u}-{division + 1:02d}" for u in P.UNITS]


class Ids:
    """How numbers of one division become identifiers."""

    def __init__(self, division: int):
        self.division = division
        self.units = unit_ids(division)
        self.offset = division * DIVISION_STEP
        mark = "" if division == 0 else f"-{division + 1:02d}"
        self.sister_customer, self.sister_supplier = f"IC-NORTH{mark}", f"IC-WEST{mark}"
        self.mark = mark

    def number(self, prefix: str, numbers: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
        """Numbers of documents as identifiers."""
        return ids(prefix, np.asarray(numbers) + self.offset, 6, missing)

    def customers(self, world: World) -> list[str]:
        """Identifiers of all customers by position."""
        return [self.sister_customer] + [f"C{i:03d}{self.mark}" for i in range(1, len(world.customers.name))]

    def suppliers(self) -> list[str]:
        """Identifiers of suppliers, services and the sister unit by position."""
        return (
            [s[0] + self.mark for s in P.SUPPLIERS]
            + [v[0] + self.mark for v in P.SERVICES]
            + [self.sister_supplier]
        )

    def unit(self, codes: np.ndarray) -> pa.Array:
        """Identifiers of units."""
        return pick(codes, self.units)


def supplier_position(party: np.ndarray) -> np.ndarray:
    """Place of a party in the list of suppliers."""
    services = len(P.SUPPLIERS) + party - SERVICE_PARTY
    out = np.where(party >= SERVICE_PARTY, services, party - SUPPLIER_PARTY)
    return np.where(party >= SISTER_SUPPLIER, len(P.SUPPLIERS) + len(P.SERVICES), out)


def master_tables(world: World, name: Ids) -> dict[str, pa.Table]:
    """Units, departments, accounts, products, customers, suppliers, rates."""
    departments = _columns(("department", "name", "function"), DEPARTMENTS)
    accounts = _columns(("account", "name", "line", "behaviour", "driver"), [a[:5] for a in ACCOUNTS])
    time = np.arange(RUN_UP, world.calendar.months)
    rates = {
        "currency": [P.FOREIGN] * len(time),
        "month": months(world.calendar.ordinal[time]),
        "average": rate(world.rate_average[time] * 10_000),
        "closing": rate(world.rate_closing[time] * 10_000),
    }
    return {
        "units": _units(name),
        "departments": table("departments", departments),
        "accounts": table("accounts", accounts),
        "products": _products(world),
        "customers": _customers(world, name),
        "suppliers": _suppliers(name),
        "rates": table("rates", rates),
    }


def _columns(names: tuple[str, ...], rows: Sequence[tuple]) -> dict[str, list]:
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def _units(name: Ids) -> pa.Table:
    """The first division is the company itself; further ones stand below it."""
    further = name.division > 0
    top = f"DIVISION-{name.division + 1:02d}" if further else "COMPANY"
    words = [P.UNIT_NAMES[u] + (f" {name.division + 1}" if further else "") for u in ("COMPANY", *P.UNITS)]
    money_of = [P.FOREIGN if u == P.DOLLAR_PLANT else P.CURRENCY for u in range(len(P.UNITS))]
    columns = {
        "unit": [top, *name.units],
        "name": words,
        "parent": ["COMPANY" if further else None, *[top] * len(P.UNITS)],
        "kind": ["division" if further else "company", *["plant"] * len(P.PLANTS), "office"],
        "currency": [P.CURRENCY, *money_of],
        "ownership": rate(np.full(1 + len(P.UNITS), 10**8)),
    }
    return table("units", columns)


def _products(world: World) -> pa.Table:
    std = world.standards
    none = np.zeros(len(P.MATERIALS), dtype=np.int64)
    finished, materials = len(P.PRODUCTS), len(P.MATERIALS)
    columns = {
        "product": list(PRODUCT_IDS),
        "name": [p[1] for p in (*P.PRODUCTS, *P.MATERIALS)],
        "family": [P.FAMILIES[p[2]] for p in P.PRODUCTS] + ["Materials"] * materials,
        "kind": ["finished"] * finished + ["material"] * materials,
        "standard_cost": money(np.concatenate([std.cost, std.material_price])),
        "material_cost": money(np.concatenate([std.material, std.material_price])),
        "labour_cost": money(np.concatenate([std.labour, none])),
        "overhead_cost": money(np.concatenate([std.overhead, none])),
        "list_price": money(
            np.concatenate([std.list_price, none]), np.arange(finished + materials) >= finished
        ),
    }
    return table("products", columns)


def _customers(world: World, name: Ids) -> pa.Table:
    """Customers who have come by the end of the data, and the sister unit."""
    people = world.customers
    here = people.first < world.calendar.months
    here[INTERCOMPANY_CUSTOMER] = True
    columns = {
        "customer": name.customers(world),
        "name": people.name,
        "segment": pick(people.segment, P.SEGMENTS),
        "terms_days": people.terms.tolist(),
    }
    return table("customers", columns).filter(pa.array(here))


def _suppliers(name: Ids) -> pa.Table:
    material, service = len(P.SUPPLIERS), len(P.SERVICES)
    columns = {
        "supplier": name.suppliers(),
        "name": [s[1] for s in (*P.SUPPLIERS, *P.SERVICES)] + [f"{P.UNIT_NAMES['WEST']} (sister unit)"],
        "segment": ["material"] * material + ["service"] * service + ["intercompany"],
        "terms_days": [s[3] for s in P.SUPPLIERS] + [v[2] for v in P.SERVICES] + [20],
    }
    return table("suppliers", columns)
