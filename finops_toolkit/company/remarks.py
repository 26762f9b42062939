"""Owners' remarks on the figures of each month that differ most from the budget."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from . import parameters as P
from .accounts import ACCOUNTS, LINES
from .budgeting import Budget
from .calendar import FIRST_YEAR, RUN_UP
from .flow import Flow
from .masters import Ids
from .sayings import sayings
from .tables import months, table
from .truths import TRUTHS, Effects
from .world import INTERCOMPANY_CUSTOMER, World

MOST = 3  # remarks on the result a unit and month
SMALLEST = 8_000_00  # cents
BALANCE_SHARE = 0.12  # of the budget from which stock and receivables get a remark


def comment_table(
    world: World, flow: Flow, budgets: list[Budget], moved: np.ndarray, name: Ids
) -> dict[str, pa.Table]:
    """Three remarks on the result of each unit and month, and on balances far off budget."""
    closing = np.cumsum(moved, axis=0)
    families = _families(world, flow, budgets)
    rows = []
    for budget in budgets:
        for m in range(12):
            t = RUN_UP + 12 * (budget.year - FIRST_YEAR) + m
            for u in range(len(P.UNITS)):
                effects = _effects(moved[t, u], budget.by_account[m, u])
                balances = _balances(closing[t, u], budget.by_account[m, u])
                for topic, amount in effects + balances:
                    said = _text(world.effects, t, u, topic, amount, families[t, u])
                    rows.append((name.units[u], budget.year * 12 + m, topic, *said))
    unit, month, about, owner, text = (list(column) for column in zip(*rows, strict=True))
    columns = {"unit": unit, "month": months(np.array(month)), "about": about, "owner": owner, "text": text}
    return {"comments": table("comments", columns)}


def _effects(actual: np.ndarray, budget: np.ndarray) -> list[tuple[str, int]]:
    """What differs most from budget, as effects on the result in cents, favourable positive."""
    found = {}
    for about in (remark.about for remark in sayings().remarks):
        if about in ("inventory", "receivables"):
            continue
        at = [i for i, a in enumerate(ACCOUNTS) if (a[4] == about or a[2] == about) and a[0] >= "4000"]
        found[about] = int(budget[at].sum() - actual[at].sum())
    largest = sorted(found.items(), key=lambda item: -abs(item[1]))[:MOST]
    return [(about, amount) for about, amount in largest if abs(amount) >= SMALLEST]


def _balances(actual: np.ndarray, budget: np.ndarray) -> list[tuple[str, int]]:
    out = []
    for about in ("inventory", "receivables"):
        at = [i for i, line in enumerate(LINES) if line == about]
        planned, is_ = int(budget[at].sum()), int(actual[at].sum())
        if planned > 0 and abs(is_ - planned) > BALANCE_SHARE * planned:
            out.append((about, planned - is_))
    return out


def _families(world: World, flow: Flow, budgets: list[Budget]) -> np.ndarray:
    """By month and unit, the families whose sales differ most from budget, downwards and upwards.

    [t, u, 2].
    """
    pairs, d = world.pairs, flow.deliveries[flow.deliveries["customer"] != INTERCOMPANY_CUSTOMER]
    gap = np.zeros((world.calendar.months, len(P.UNITS), len(P.FAMILIES)))
    family = world.standards.family[pairs.product]
    np.add.at(gap, (world.calendar.month_of(d["day"]), pairs.unit[d["pair"]], family[d["pair"]]), d["amount"])
    for budget in budgets:
        first = RUN_UP + 12 * (budget.year - FIRST_YEAR)
        for m in range(12):
            np.add.at(gap[first + m], (pairs.unit, family), budget.amounts[m, :, 0])
    return np.stack([gap.argmin(axis=2), gap.argmax(axis=2)], axis=2)


def _text(effects: Effects, t: int, u: int, about: str, amount: int, families: np.ndarray) -> tuple[str, str]:
    """Owner and text of a remark; a planted truth at work in the unit explains what it causes."""
    remark = next(r for r in sayings().remarks if r.about == about)
    text = remark.bad if amount < 0 else remark.good
    month, unit = effects.calendar.text(t), P.UNITS[u]
    truths = {truth.id: truth for truth in TRUTHS if truth.id in effects.active}
    for cause in sayings().causes:
        truth = truths.get(cause.truth)
        if truth is None or cause.about != about or cause.when_good != (amount > 0):
            continue
        at_work = truth.start <= month <= (truth.end or "9999")
        if at_work and unit in truth.units and cause.unit in (None, unit):
            text = cause.text
    word = P.FAMILIES[families[0 if amount < 0 else 1]].lower()
    return remark.owner, text.format(amount=f"{abs(amount) / 1e5:,.0f}", family=word)
