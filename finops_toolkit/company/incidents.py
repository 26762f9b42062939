"""Complaints that come of deliveries, quality events and accidents."""

from __future__ import annotations

import numpy as np

from . import parameters as P
from .flow import Flow
from .world import INTERCOMPANY_CUSTOMER, World

INCIDENT = np.dtype([("day", "i8"), ("unit", "i8"), ("kind", "i8"), ("order", "i8"), ("cost", "i8")])
KINDS = ("complaint", "safety", "quality")
COMPLAINT_AT = (2.35, 2.05, 2.25, 2.20)  # standard normal value above which a delivery is complained about
ACCIDENTS = (0.35, 0.80, 0.55, 0.50)  # a month


def make_incidents(world: World, flow: Flow) -> np.ndarray:
    """All incidents by day, costs in cents; those of complaints are booked, the others reported only."""
    d = flow.deliveries
    month = world.calendar.month_of(d["day"])
    unit = world.pairs.unit[d["pair"]]
    noise, _ = world.chance.draws("incidents", month, unit, normals=3)
    resource = np.maximum(world.pairs.resource[d["pair"]], 0)
    limit = np.array(COMPLAINT_AT)[unit] - 8 * world.effects.scrap[month, resource]
    bad = (noise[:, 0] > limit) & (d["quantity"] > 0) & (d["customer"] != INTERCOMPANY_CUSTOMER)
    complaints = np.zeros(int(bad.sum()), dtype=INCIDENT)
    complaints["day"] = (
        d["day"][bad] + 3 + np.floor(np.minimum(np.abs(noise[bad, 1]) * 8, 24)).astype(np.int64)
    )
    complaints["unit"], complaints["order"] = unit[bad], d["order"][bad]
    complaints["cost"] = np.rint(20_000 + d["amount"][bad] * np.clip(0.11 + 0.04 * noise[bad, 2], 0.02, 0.25))
    parts = [complaints]
    for t in range(world.calendar.months):
        rng = world.chance.at("accidents", t)
        days = world.calendar.workdays[t]
        for kind, rates in ((1, ACCIDENTS), (2, tuple(3 * a for a in ACCIDENTS))):
            count = rng.poisson(rates)
            rows = np.zeros(int(count.sum()), dtype=INCIDENT)
            rows["day"] = days[rng.integers(0, len(days), len(rows))]
            rows["unit"], rows["kind"] = np.repeat(np.arange(len(P.PLANTS)), count), kind
            rows["cost"] = (
                np.rint(np.exp(7.0 + 0.8 * np.clip(rng.standard_normal(len(rows)), -2.5, 2.5))) * 100
            )
            parts.append(rows)
    rows = np.concatenate(parts)
    rows = rows[rows["day"] <= world.calendar.last_day]
    return rows[np.lexsort((rows["cost"], rows["order"], rows["kind"], rows["unit"], rows["day"]))]
