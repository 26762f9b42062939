"""The three items that matter most in money: what, why, who, by when, what is being done, what the owner
says.

Candidates are the steps of the profit bridge (against the budget, or last year where there is no budget) and
two pots of cash: receivables overdue, and stock above plan (above last year without a plan). Profit lost is
lost in every month it goes on; cash tied up comes back once. So in the ranking a pot of cash counts with the
period's share of a year (a twelfth for a month), while the money shown is the whole of it. Adverse items come
first, by that weight; the largest favourable step is named beside them, never instead of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..books import Books
from ..errors import UsageError
from ..periods import Period, month_label
from ..variance.bridges import Bridge
from ..variance.profit import best_reference, profit_bridge, why_no_reference
from ..wording import counted, joined, missing, money_text, sentence
from .actions import decisions_until
from .causes import SOLD, Scene, cause_of, overdue_invoices, part_of
from .figures import LINES, actual, budget, covered
from .owners import aliases, default_owner, department_name, departments

SCALE = 10_000
NO_COMMENT = "No comment from the owner yet."
NO_ACTION = "No action decided yet."
COLUMNS = (
    "rank",
    "item",
    "what",
    "money",
    "to_date",
    "kind",
    "cause",
    "owner",
    "due",
    "action",
    "status",
    "comment",
)


@dataclass(frozen=True)
class Attention:
    """`table`: one row an item, see COLUMNS; money and to_date (year to date) as int ten-thousandths, adverse
    negative.

    `bright`: the largest favourable step in a sentence; `note`: how it was ranked, against what and from
    which amount on; they and `text` are empty where nothing can be weighed in money. `threshold` is in
    ten-thousandths; `against` is "budget", "last_year" or None, as the bridge.
    """

    table: pd.DataFrame
    text: str
    bright: str
    note: str
    threshold: int
    bridge: Bridge | None
    against: str | None


def threshold_of(books: Books, unit: str, period: Period, amount: float, percent: float) -> int:
    """The amount from which an item matters: `amount`, or `percent` of the period's revenue if that is
    more.
    """
    if amount < 0 or percent < 0:
        raise UsageError(f"Materiality cannot be negative: {amount} and {percent} %.", "Give 0 or more.")
    revenue = actual(books.panel(), unit, LINES[0], period.first, period.last).amount or 0
    return max(round(amount * SCALE), round(abs(revenue) * percent / 100))


def attention(
    books: Books,
    unit: str,
    period: Period | str,
    n: int = 3,
    materiality_amount: float = 10_000.0,
    materiality_percent: float = 0.2,
) -> Attention:
    """The `n` adverse items that matter most in a unit and period; fewer where fewer reach the materiality.

    `materiality_amount` is in the books' currency, `materiality_percent` a percentage of the period's
    revenue:
    the larger of the two is the threshold. Raises UsageError for an unknown unit or period.
    """
    unit, when = books.unit(unit), books.period(period)
    against, why = best_reference(books, unit, when)
    to_date = _to_date(books, unit, when, against)  # first: its reads hold those of the period
    bridge = profit_bridge(books, unit, when, against) if against else None
    scene = Scene(books, unit, when, bridge, against or "last_year")
    threshold = threshold_of(books, unit, when, materiality_amount, materiality_percent)
    found = [*_profit_items(books, scene, to_date), *_cash_items(scene)]
    adverse = [item for item in found if item["money"] < 0 and -item["money"] >= threshold]
    adverse.sort(key=lambda item: (item["weight"], item["item"]))
    people = _People(books, unit, when)
    rows = [_row(rank, item, scene, people) for rank, item in enumerate(adverse[:n], 1)]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"money": "int64", "to_date": "Int64"})
    good = max(
        (item for item in found if item["kind"] == "profit"), key=lambda item: item["money"], default=None
    )
    bright = ""
    if good is not None and good["money"] >= threshold:
        cause = cause_of(scene, good["item"])
        bright = sentence(f"On the good side: {good['what']}") + (f" {cause}" if cause else "")
    if against is None and not found and not _cash_is_known(books, when):
        return Attention(table, "", "", "", threshold, None, None)
    note = _note(books, scene, why, threshold, materiality_percent, bool(against))
    return Attention(
        table, _text(table, when, threshold, books, bool(against)), bright, note, threshold, bridge, against
    )


def _cash_is_known(books: Books, period: Period) -> bool:
    """Whether what cash is tied up can be known: by invoices, or by the balance of the inventory."""
    inventory = covered(books.panel(), "inventory", period.last, period.last)
    return "invoices" in books.tables or not inventory


def _to_date(books: Books, unit: str, period: Period, against: str | None) -> Bridge | None:
    """The bridge of the year to date; None where that is the period itself, or has no reference."""
    ytd = period.ytd(books.fiscal_start)
    if against is None or ytd.months == period.months or why_no_reference(books, unit, ytd, against):
        return None
    return profit_bridge(books, unit, ytd, against)


def _profit_items(books: Books, scene: Scene, to_date: Bridge | None) -> list[dict]:
    if scene.bridge is None:
        return []
    names = dict(zip(scene.bridge.steps["step"], scene.bridge.steps["name"], strict=True))
    steps: dict[str, tuple[str, ...]] = {step: (step,) for step in names if step not in SOLD}
    if any(step in SOLD for step in names):
        steps["volume"], names["volume"] = SOLD, "Sales volume and mix"
    items = []
    for step, members in steps.items():
        amount = sum(scene.bridge.step(member) for member in members)
        side = "less" if amount < 0 else "more"
        size = money_text(abs(amount), books.currency or None)
        what = f"{names[step]}: {size} {side} profit than {_against(scene)}"
        so_far = None if to_date is None else sum(to_date.step(member) for member in members)
        items.append(
            {
                "item": step,
                "what": what,
                "money": amount,
                "weight": amount,
                "kind": "profit",
                "to_date": so_far,
            }
        )
    return items


def _against(scene: Scene) -> str:
    return "budgeted" if scene.against == "budget" else "last year"


def _cash_items(scene: Scene) -> list[dict]:
    """Cash tied up: weighed with the period's share of a year."""
    books, months = scene.books, len(scene.period.months)
    end = month_label(scene.period.last)
    items: list[dict[str, Any]] = []
    if "invoices" in books.tables:
        money = -round(float(overdue_invoices(scene)["amount"].sum()) * SCALE)
        if money < 0:
            what = f"Receivables: {money_text(-money, books.currency or None)} overdue at the end of {end}"
            items.append({"item": "receivables", "what": what, "money": money})
    above, words = _stock_above(scene, scene.unit)
    if above > 0:
        what = f"Inventory: {money_text(above, books.currency or None)} above {words} at the end of {end}"
        items.append({"item": "inventory", "what": what, "money": -above})
    return [
        {**item, "kind": "cash", "to_date": None, "weight": round(item["money"] * min(months, 12) / 12)}
        for item in items
    ]


def _stock_above(scene: Scene, unit: str) -> tuple[int, str]:
    """Inventory less plan at the period's end (less last year's where there is no plan), and which of the
    two.
    """
    line = next(line for line in LINES if line.id == "inventory")
    panel, last = scene.books.panel(), scene.period.last
    now, plan = actual(panel, unit, line, last, last).amount, budget(panel, unit, line, last, last).amount
    words = "plan" if plan is not None else "last year"
    reference = plan if plan is not None else actual(panel, unit, line, last - 12, last - 12).amount
    return (now - reference if now is not None and reference is not None else 0), words


class _People:
    """Owners, actions and comments of a unit as they stood at the period's end."""

    def __init__(self, books: Books, unit: str, period: Period):
        self.unit = unit
        self.known = departments(books)
        self.decisions = decisions_until(books, unit, period.end)
        self.comments = pd.DataFrame()
        if "comments" in books.tables:
            self.comments = books.rows("comments", unit, period, limit=10_000)

    def action(self, step: str) -> pd.Series | None:
        """The action about a step: late before open before closed lately, the larger first."""
        frame = self.decisions
        if frame.empty:
            return None
        frame = frame[frame["about"].isin(aliases(step)) & frame["status"].isin(["late", "open"])]
        if frame.empty:
            return None
        size = pd.to_numeric(frame["value"], errors="coerce").fillna(0)
        order = frame.assign(rank=(frame["status"] != "late").astype(int), size=-size)
        return order.sort_values(["rank", "size", "due", "decision"]).iloc[0]

    def comment(self, step: str, unit: str) -> tuple[str, object]:
        """The owner's latest comment of the period on a step, and who wrote it; of `unit` before others."""
        frame = self.comments
        if frame.empty:
            return NO_COMMENT, None
        frame = frame[frame["about"].isin(aliases(step))]
        if frame.empty:
            return NO_COMMENT, None
        row = (
            frame.assign(first=frame["unit"] == unit).sort_values(["first", "month"], kind="stable").iloc[-1]
        )
        where = "" if row["unit"] == self.unit else f"{row['unit']}: "
        return f"{where}{row['text']}", row.get("owner")


def _row(rank: int, item: dict, scene: Scene, people: _People) -> dict:
    step = item["item"]
    carrier, name, amount = _carrier(scene, item)
    action, (comment, author) = people.action(step), people.comment(step, carrier)
    owner = default_owner(people.known, step)
    due, words, status = None, NO_ACTION, "none"
    if action is not None:
        due, words, status = action["due"], str(action["text"]), str(action["status"])
        if not missing(action["owner"]):
            owner = department_name(people.known, action["owner"])
    elif author is not None and not missing(author):
        owner = department_name(people.known, author)
    by_unit = f"By unit: {part_of(name, amount, item['money'])}." if amount else ""
    cause = " ".join(part for part in (cause_of(scene, step), by_unit) if part)
    cause = cause or "The records do not show a cause."
    return {
        "rank": rank,
        "item": step,
        "what": item["what"],
        "money": item["money"],
        "to_date": item["to_date"],
        "kind": item["kind"],
        "cause": cause,
        "owner": owner,
        "due": due,
        "action": words,
        "status": status,
        "comment": comment,
    }


def _carrier(scene: Scene, item: dict) -> tuple[str, str, int]:
    """Of the units right below, the one that carries most of an item: id, name, amount; the unit itself if
    none.
    """
    books, step = scene.books, item["item"]
    children = books.units.loc[books.units["parent"] == scene.unit, ["unit", "name"]]
    members = SOLD if step in SOLD else (step,)
    found = []
    for child in children.itertuples(index=False):
        if item["kind"] == "cash":
            amount = _tied_up(scene, child.unit, step)
        else:
            bridge = _bridge_below(scene, child.unit)
            amount = sum(bridge.step(member) for member in members) if bridge is not None else 0
        found.append((amount, str(child.unit), str(child.name)))
    amount, unit, name = min(found, default=(0, scene.unit, ""))
    return (unit, name, amount) if amount < 0 else (scene.unit, "", 0)


def _bridge_below(scene: Scene, unit: str) -> Bridge | None:
    """The profit bridge of a unit below; made once for all items."""
    below = scene.made.setdefault("below", {})
    if unit not in below:
        missing_reference = why_no_reference(scene.books, unit, scene.period, scene.against)
        below[unit] = (
            None if missing_reference else profit_bridge(scene.books, unit, scene.period, scene.against)
        )
    return below[unit]


def _tied_up(scene: Scene, unit: str, step: str) -> int:
    """What a unit below has of a cash item: overdue invoices, or stock above plan (last year); negative."""
    if step == "receivables":
        return -round(
            float(overdue_invoices(Scene(scene.books, unit, scene.period, None, ""))["amount"].sum()) * SCALE
        )
    return -max(0, _stock_above(scene, unit)[0])


def _text(table: pd.DataFrame, period: Period, threshold: int, books: Books, compared: bool) -> str:
    if table.empty:
        floor = money_text(threshold, books.currency or None)
        if not compared:
            return f"{period.label}: no cash item of {floor} or more; profit has nothing to be compared with."
        return f"{period.label}: nothing went wrong by {floor} or more."
    names = joined(
        f"{what.split(':')[0].lower()} {money_text(int(money), sign=True)}"
        for what, money in zip(table["what"], table["money"], strict=True)
    )
    undone = int((table["status"] == "none").sum())
    late = int((table["status"] == "late").sum())
    more = [
        counted(late, "action") + " late" if late else "",
        f"{undone} without an action" if undone else "",
    ]
    verb = "matters" if len(table) == 1 else "matter"
    tail = joined(part for part in more if part) if late or undone else "each has an action under way"
    return f"{period.label}: {names} {verb} most; {tail}."


def _note(books: Books, scene: Scene, why: str, threshold: int, percent: float, compared: bool) -> str:
    against = f"Profit items are differences to {scene.reference}" if compared else "Profit items: none"
    reason = f", because {why}" if why else ""
    months = len(scene.period.months)
    share = "in full" if months >= 12 else f"with {months}/12 of it"
    floor = money_text(threshold, books.currency or None)
    return (
        f"{against}{reason}. Cash items are cash tied up at the period's end; they come back once, while "
        f"lost profit recurs, so they are ranked {share}. Items count from {floor} on (the larger of the "
        f"amount and {percent:g} % of the period's revenue)."
    )
