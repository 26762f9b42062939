"""What customers answer in surveys: it follows how punctually their plant shipped."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from . import parameters as P
from .calendar import RUN_UP
from .flow import Flow
from .masters import Ids
from .tables import dates, pick, table
from .world import INTERCOMPANY_CUSTOMER, World

ANSWERS = 15  # a plant and month
LIKED = (8.35, 7.95, 8.15, 8.25)  # mean answer at usual punctuality
PUNCTUAL = (0.945, 0.905, 0.94, 0.93)
WEIGHT = 5.5  # points an answer falls when nothing is punctual


def punctuality(world: World, flow: Flow) -> np.ndarray:
    """Share of deliveries that left by the requested date, by month and plant."""
    d = flow.deliveries[
        (flow.deliveries["quantity"] > 0) & (flow.deliveries["customer"] != INTERCOMPANY_CUSTOMER)
    ]
    at = (world.calendar.month_of(d["day"]), world.pairs.unit[d["pair"]])
    good, all_ = np.zeros((2, world.calendar.months, len(P.PLANTS)))
    np.add.at(good, at, d["day"] <= d["requested"])
    np.add.at(all_, at, 1)
    return good / np.maximum(all_, 1)


def survey_table(world: World, flow: Flow, name: Ids) -> dict[str, pa.Table]:
    """Answers of the customers who order from a plant, since the start of the books."""
    share = punctuality(world, flow)
    people, parts = world.customers, []
    for t in range(RUN_UP, world.calendar.months):
        rng = world.chance.at("surveys", t)
        days = world.calendar.workdays[t]
        for u in range(len(P.PLANTS)):
            count = int(np.clip(np.rint(ANSWERS + 2.5 * rng.standard_normal()), 6, 24))
            here = np.flatnonzero((people.unit == u) & (people.first <= t) & (t <= people.last))
            mood = LIKED[u] + WEIGHT * ((share[t, u] + share[t - 1, u]) / 2 - PUNCTUAL[u])
            feeling = rng.standard_normal((count, 2))
            nps = np.clip(np.rint(mood + 1.7 * feeling[:, 0]), 0, 10)
            csat = np.clip(np.rint(4.1 + 0.32 * (nps - 8.1) + 0.5 * feeling[:, 1]), 1, 5)
            customer, day = (
                here[rng.integers(0, len(here), count)],
                np.sort(days[rng.integers(0, len(days), count)]),
            )
            parts.append(np.stack([np.full(count, u), customer, day, nps, csat], axis=1).astype(np.int64))
    rows = np.concatenate(parts)
    unit, customer, day, nps, csat = rows.T
    return {
        "surveys": table(
            "surveys",
            {
                "response": name.number("SV", np.arange(len(rows)) + 1),
                "unit": name.unit(unit),
                "customer": pick(customer, name.customers(world)),
                "date": dates(day),
                "nps": nps,
                "csat": csat,
            },
        )
    }
