"""Meetings that are held or skipped, and the decisions and actions that come of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from . import parameters as P
from .calendar import RUN_UP, day_of, to_workday
from .masters import Ids
from .sayings import sayings
from .tables import dates, ids, money, table
from .truths import TRUTHS
from .world import World

SALES_AND_OPERATIONS, REVIEW = "S&OP", "Performance review"
HELD = {SALES_AND_OPERATIONS: (0.97, 0.88, 0.95, 0.94, 1.0), REVIEW: (0.97, 0.90, 0.94, 0.93, 0.97)}
FUNCTIONS = ("finance", "operations", "sales", "purchasing", "logistics")
PRESENT = (
    (0.96, 0.98, 0.95, 0.85, 0.80),
    (0.66, 0.95, 0.88, 0.70, 0.60),
    (0.90, 0.97, 0.92, 0.80, 0.75),
    (0.84, 0.96, 0.90, 0.75, 0.70),
    (1.0, 0.90, 0.85, 0.60, 0.40),
)
LATENCY = (5.0, 12.0, 7.0, 8.0, 6.0)  # days from raised to decided, on average
CLOSURE = (0.74, 0.98, 0.84, 0.90, 0.80)  # days taken to close, as a share of the days allowed
RAISED = (1.6, 1.4, 1.6, 1.5, 0.7)  # questions a month
LAPSE = next(t for t in TRUTHS if t.id == "lapsed_meetings")


@dataclass(frozen=True)
class _Meeting:
    number: int
    unit: int
    kind: str
    day: int
    held: bool
    present: str


def meeting_rows(world: World) -> list[_Meeting]:
    """Every scheduled meeting: S&OP at the plants, a performance review everywhere, each month."""
    out, number = [], 0
    for t in range(RUN_UP, world.calendar.months):
        luck = world.chance.at("meetings", t).random((len(P.UNITS), 2, 1 + len(FUNCTIONS)))
        days = world.calendar.workdays[t]
        for k, (kind, place) in enumerate(((REVIEW, 7), (SALES_AND_OPERATIONS, 12))):
            for u in range(len(P.UNITS)):
                if kind == SALES_AND_OPERATIONS and u == P.HQ:
                    continue
                held = luck[u, k, 0] < HELD[kind][u]
                if kind == SALES_AND_OPERATIONS and P.UNITS[u] in LAPSE.units and world.effects.lapsed[t]:
                    held = False
                who = [f for f, x, p in zip(FUNCTIONS, luck[u, k, 1:], PRESENT[u], strict=True) if x < p]
                number += 1
                out.append(_Meeting(number, u, kind, int(days[place + (u % 3)]), bool(held), ";".join(who)))
    return out


def meeting_table(rows: list[_Meeting], name: Ids) -> dict[str, pa.Table]:
    """The meetings; who was present stands only where one was held."""
    return {
        "meetings": table(
            "meetings",
            {
                "meeting": ids("M", np.array([m.number for m in rows]) + name.offset, 5),
                "unit": [name.units[m.unit] for m in rows],
                "kind": [m.kind for m in rows],
                "date": dates(np.array([m.day for m in rows])),
                "held": [m.held for m in rows],
                "present": [m.present if m.held else None for m in rows],
            },
        )
    }


def decision_table(world: World, rows: list[_Meeting], name: Ids) -> dict[str, pa.Table]:
    """Decisions and actions: routine ones drawn month by month, and those that belong to a planted truth."""
    found = _routine(world, rows) + _of_stories(world, rows)
    found.sort(key=lambda d: (d["raised"], d["unit"], d["text"]))
    last = world.calendar.last_day
    column = {k: [d[k] for d in found] for k in found[0]}
    missing = {k: np.array([d[k] is None or d[k] > last for d in found]) for k in ("decided", "closed")}
    undecided = missing["decided"]
    at = {
        k: np.array([0 if v is None else v for v in column[k]])
        for k in ("raised", "decided", "due", "closed", "meeting")
    }
    return {
        "decisions": table(
            "decisions",
            {
                "decision": ids("A", np.arange(len(found)) + 1 + name.offset, 5),
                "unit": [name.units[u] for u in column["unit"]],
                "meeting": ids("M", at["meeting"] + name.offset, 5, undecided | (at["meeting"] == 0)),
                "about": column["about"],
                "text": column["text"],
                "owner": column["owner"],
                "raised": dates(at["raised"]),
                "decided": dates(at["decided"], undecided),
                "due": dates(at["due"], undecided),
                "closed": dates(at["closed"], missing["closed"] | undecided),
                "value": money(np.array(column["value"]) * 100),
            },
        )
    }


def _routine(world: World, rows: list[_Meeting]) -> list[dict]:
    by_unit = {u: [m for m in rows if m.unit == u and m.held] for u in range(len(P.UNITS))}
    out = []
    for t in range(RUN_UP, world.calendar.months):
        rng = world.chance.at("decisions", t)
        days = world.calendar.workdays[t]
        for u in range(len(P.UNITS)):
            choices = [s for s in sayings().routine if not (s.plant and u == P.HQ)]
            for _ in range(int(rng.poisson(RAISED[u]))):
                saying = choices[int(rng.integers(0, len(choices)))]
                raised = int(days[int(rng.integers(0, len(days)))])
                wait = float(rng.exponential(LATENCY[u]))
                if P.UNITS[u] in LAPSE.units and world.effects.lapsed[t]:
                    wait += LAPSE.size
                allowed, pace = (
                    20 + 7 * int(rng.integers(0, 8)),
                    CLOSURE[u] * float(np.exp(0.35 * rng.standard_normal())),
                )
                decided = int(to_workday(np.array(raised + 1 + int(wait))))
                closed = int(to_workday(np.array(decided + 1 + int(allowed * pace))))
                value = int(rng.integers(4, 70)) * 2000
                forgotten = rng.random() < 0.02
                out.append(
                    {
                        "unit": u,
                        "about": saying.about,
                        "text": saying.text,
                        "owner": saying.owner,
                        "raised": raised,
                        "decided": decided,
                        "due": int(to_workday(np.array(decided + allowed))),
                        "closed": None if forgotten else closed,
                        "value": value,
                        "meeting": _meeting_before(by_unit[u], raised, decided),
                    }
                )
    return out


def _meeting_before(held: list[_Meeting], raised: int, decided: int) -> int | None:
    """The last meeting held between raising and deciding; none when it was decided between meetings."""
    between = [m.number for m in held if raised <= m.day <= decided]
    return between[-1] if between else None


def _of_stories(world: World, rows: list[_Meeting]) -> list[dict]:
    out = []
    for story in sayings().stories:
        raised = _day(story.raised)
        if story.truth not in world.effects.active or raised > world.calendar.last_day:
            continue
        u = P.UNITS.index(story.unit)
        decided, closed = (None if d is None else _day(d) for d in (story.decided, story.closed))
        due = None if story.due is None else _day(story.due)
        held = [m for m in rows if m.unit == u and m.held]
        meeting = None if decided is None else _meeting_before(held, raised, decided)
        out.append(
            {
                "unit": u,
                "about": story.about,
                "text": story.text,
                "owner": story.owner,
                "raised": raised,
                "decided": decided,
                "due": due,
                "closed": closed,
                "value": story.value,
                "meeting": meeting,
            }
        )
    return out


def _day(text: str) -> int:
    year, month, day = (int(x) for x in text.split("-"))
    return day_of(year, month, day)
