"""Hand-offs of purchase-to-pay: who did what when, from requisition to payment."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from .accounts import DEPARTMENTS
from .calendar import NEVER
from .cost_ledger import Bills
from .flow import Flow
from .masters import Ids
from .tables import pick, table
from .world import World

ACTIVITIES = (
    ("Requisition raised", "OPS"),
    ("Sent back for details", "FIN"),
    ("Requisition completed", "OPS"),
    ("Approved", "FIN"),
    ("Order placed", "PUR"),
    ("Goods received", "LOG"),
    ("Goods checked", "QUA"),
    ("Invoice received", "FIN"),
    ("Price difference queried", "FIN"),
    ("Price difference cleared", "PUR"),
    ("Invoice approved", "OPS"),
    ("Paid", "FIN"),
)
SENT_BACK = (0.08, 0.22, 0.12, 0.11)  # share of requisitions, by plant
QUERIED = (0.09, 0.20, 0.13, 0.15)  # share of invoices
APPROVAL = (0.8, 1.5, 1.0, 1.1)  # how long approvals take, by plant
EVERY = 2  # one purchase order in so many is followed
DAY, HOUR = 24 * 60, 60


def event_table(world: World, flow: Flow, bills: Bills, name: Ids) -> dict[str, pa.Table]:
    """The events, up to the last day, of every second order received since the start or still open."""
    r = flow.receipts
    since = r["received"] > world.calendar.opening_day
    head = np.flatnonzero((r["line"] == 1) & since & (r["purchase"] % EVERY == 0))
    order, plant = r[head], r["unit"][head]
    paid = np.full(len(r), NEVER)
    first = (bills.receipt >= 0) & (bills.gross > 0)
    paid[bills.receipt[first]] = bills.paid[first]
    month = world.calendar.month_of(order["ordered"])
    noise, _ = world.chance.draws("events", month, plant, normals=12)
    back = noise[:, 0] > _normal_above(np.array(SENT_BACK)[plant])
    query = noise[:, 1] > _normal_above(np.array(QUERIED)[plant])
    times = _times(order, paid[head], back, query, noise)
    there = np.ones(times.shape, dtype=bool)
    there[:, [1, 2]] = back[:, None]
    there[:, [8, 9]] = query[:, None]
    there &= times < (world.calendar.last_day + 1) * DAY
    case, step = np.nonzero(there)
    departments = [d[0] for d in DEPARTMENTS]
    who = np.array([departments.index(d) for _, d in ACTIVITIES])
    columns = {
        "case": name.number("P", order["purchase"][case]),
        "step": np.cumsum(there, axis=1)[case, step],
        "unit": name.unit(plant[case]),
        "activity": pick(step, [a for a, _ in ACTIVITIES]),
        "department": pick(who[step], departments),
        "time": pa.array((times[case, step] * 60_000_000).astype("datetime64[us]")),
    }
    return {"events": table("events", columns)}


def _times(
    order: np.ndarray, paid: np.ndarray, back: np.ndarray, query: np.ndarray, noise: np.ndarray
) -> np.ndarray:
    """Minutes since 1970 of each activity by order, [order, activity], in order of time.

    Waiting times are log-normal around their usual length in days; plants differ in how fast they approve.
    """
    slow = np.exp(0.5 * np.clip(noise[:, 2:], -2.5, 2.5))
    slow[:, :3] *= np.array(APPROVAL)[order["unit"]][:, None]

    def wait(column: int, usual_days: float) -> np.ndarray:
        return (slow[:, column] * usual_days * DAY).astype(np.int64)

    placed = order["ordered"] * DAY + 9 * HOUR + (np.abs(noise[:, 9]) * 150).astype(np.int64)
    approved = placed - wait(0, 0.7)
    complete = approved - wait(1, 0.6)
    sent = complete - wait(2, 1.6)
    raised = np.where(back, sent, complete) - wait(3, 1.1)
    received = order["received"] * DAY + 7 * HOUR + (np.abs(noise[:, 10]) * 140).astype(np.int64)
    checked = received + wait(4, 0.4)
    invoice = checked + wait(5, 1.5)
    queried = invoice + wait(6, 1.2)
    cleared = queried + wait(7, 5.0)
    agreed = np.where(query, cleared, invoice) + wait(6, 1.4)
    last = np.maximum(paid * DAY + 15 * HOUR, agreed + HOUR)
    before = [raised, sent, complete, approved, placed, received, checked]
    return np.stack([*before, invoice, queried, cleared, agreed, last], axis=1)


def _normal_above(share: np.ndarray) -> np.ndarray:
    """Standard normal value exceeded with a probability of 0.05 to 0.25, linear between known points."""
    return np.interp(share, (0.05, 0.10, 0.15, 0.20, 0.25), (1.645, 1.282, 1.036, 0.842, 0.674))
