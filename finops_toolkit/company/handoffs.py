"""Hand-offs of purchase-to-pay: who did what when, from requisition to payment."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from .accounts import DEPARTMENTS
from .calendar import NEVER
from .cost_ledger import Bills
from .facts import Ids
from .flow import Flow
from .tables import pick, table
from .world import World

ACTIVITIES = (
    ("Requisition raised", "OPS"), ("Sent back for details", "FIN"), ("Requisition completed", "OPS"),
    ("Approved", "FIN"), ("Order placed", "PUR"), ("Goods received", "LOG"), ("Goods checked", "QUA"),
    ("Invoice received", "FIN"), ("Price difference queried", "FIN"), ("Price difference cleared", "PUR"),
    ("Invoice approved", "OPS"), ("Paid", "FIN"),
)  # fmt: skip
SENT_BACK = (0.08, 0.22, 0.12, 0.11)  # share of requisitions, by plant
QUERIED = (0.09, 0.20, 0.13, 0.15)  # share of invoices
EVERY = 2  # one purchase order in so many is followed
DAY, HOUR = 24 * 60, 60


def event_table(world: World, flow: Flow, bills: Bills, name: Ids) -> dict[str, pa.Table]:
    """The events of every second purchase order received since the start or still open, up to the last day."""
    r = flow.receipts
    head = np.flatnonzero((r["line"] == 1) & (r["received"] > world.calendar.opening_day) & (r["purchase"] % EVERY == 0))
    order = r[head]
    paid = np.full(len(r), NEVER)
    first = (bills.receipt >= 0) & (bills.gross > 0)
    paid[bills.receipt[first]] = bills.paid[first]
    month = world.calendar.month_of(order["ordered"])
    u = order["unit"]
    noise, _ = world.chance.draws("events", month, u, normals=12)
    back = noise[:, 0] > _normal_above(np.array(SENT_BACK)[u])
    query = noise[:, 1] > _normal_above(np.array(QUERIED)[u])
    slow = np.exp(0.5 * np.clip(noise[:, 2:], -2.5, 2.5))  # log-normal waiting times around their usual length
    slow[:, :3] *= np.array((0.8, 1.5, 1.0, 1.1))[u][:, None]
    placed = order["ordered"] * DAY + 9 * HOUR + (np.abs(noise[:, 9]) * 150).astype(np.int64)
    approved = placed - (slow[:, 0] * 0.7 * DAY).astype(np.int64)
    complete = approved - (slow[:, 1] * 0.6 * DAY).astype(np.int64)
    sent = complete - (slow[:, 2] * 1.6 * DAY).astype(np.int64)
    raised = np.where(back, sent, complete) - (slow[:, 3] * 1.1 * DAY).astype(np.int64)
    received = order["received"] * DAY + 7 * HOUR + (np.abs(noise[:, 10]) * 140).astype(np.int64)
    checked = received + (slow[:, 4] * 0.4 * DAY).astype(np.int64)
    invoice = checked + (slow[:, 5] * 1.5 * DAY).astype(np.int64)
    queried = invoice + (slow[:, 6] * 1.2 * DAY).astype(np.int64)
    cleared = queried + (slow[:, 7] * 5.0 * DAY).astype(np.int64)
    agreed = np.where(query, cleared, invoice) + (slow[:, 6] * 1.4 * DAY).astype(np.int64)
    due = paid[head] * DAY + 15 * HOUR
    times = np.stack([raised, sent, complete, approved, placed, received, checked, invoice, queried, cleared, agreed,
                      np.maximum(due, agreed + HOUR)], axis=1)  # fmt: skip
    there = np.ones(times.shape, dtype=bool)
    there[:, [1, 2]] = back[:, None]
    there[:, [8, 9]] = query[:, None]
    there &= times < (world.calendar.last_day + 1) * DAY
    case, step = np.nonzero(there)
    place = np.cumsum(there, axis=1)[case, step]
    departments = [d[0] for d in DEPARTMENTS]
    minute = times[case, step]
    return {"events": table("events", {
        "case": name.number("P", order["purchase"][case]), "step": place, "unit": name.unit(u[case]),
        "activity": pick(step, [a for a, _ in ACTIVITIES]),
        "department": pick(np.array([departments.index(d) for _, d in ACTIVITIES])[step], departments),
        "time": pa.array((minute * 60_000_000).astype("datetime64[us]")),
    })}  # fmt: skip


def _normal_above(share: np.ndarray) -> np.ndarray:
    """The standard normal value that is exceeded with a probability of 0.05 to 0.25 (linear between known points)."""
    return np.interp(share, (0.05, 0.10, 0.15, 0.20, 0.25), (1.645, 1.282, 1.036, 0.842, 0.674))
