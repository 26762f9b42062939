"""Why a step of the profit or a balance moved, from operations: products, machines, suppliers, customers.

Each cause is one or two sentences of what the records show beside the money; it names the largest contributor
and its size. It is what moved together, not proof. Where no record speaks, the largest account does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ..books import Books
from ..periods import Period
from ..variance.bridges import Bridge, ratio
from ..variance.profit import compared_sales
from ..wording import SCALE, counted, joined, money_text, number_text, sentence, share_text
from . import figures

# Volume and mix are two views of one thing, what was sold; in words they go together.
SOLD = ("volume", "mix", "new", "lost", "unpriced")
PRODUCT_STEPS = (*SOLD, "price", "standard")
# Runs, used items or invoices of a year in one unit: beyond this the causes are read from the first of them.
MOST = 500_000


@dataclass(frozen=True)
class Scene:
    """What the causes are told from: a unit's books, the period, its bridge and what it is compared with."""

    books: Books
    unit: str
    period: Period
    bridge: Bridge | None
    against: str
    # What was read or computed once for several causes.
    made: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def reference(self) -> str:
        """The reference as it reads in a sentence."""
        return "budget" if self.against == "budget" else "last year"

    def before(self) -> Period | None:
        """The twelve months before the period, as far as the books reach; None where they begin with it."""
        first = max(self.period.first - 12, self.books.first)
        return (
            Period("before", "span", first, self.period.first - 1, "") if first < self.period.first else None
        )

    def has(self, table: str, *columns: str) -> bool:
        """Whether the books hold a table with these columns."""
        return self.books.has(table, *columns)


def cause_of(scene: Scene, step: str) -> str:
    """The cause of a step in a sentence or two; "" where the records say nothing."""
    if scene.books.kept_in(scene.unit) != [scene.books.currency]:
        return ""  # rows in other currencies explain no money of the page's
    tell = TELLERS.get(step)
    words = tell(scene) if tell is not None else ""
    if not words:
        words = _products(scene, step) if step in PRODUCT_STEPS else _accounts(scene, step)
    return sentence(words) if words else ""


def part_of(name: str, amount: int, total: int) -> str:
    """A part beside its whole: "A −60 k of −90 k", or where the rest goes the other way, "A −60 k, the rest
    +20 k".
    """
    if abs(amount) > abs(total):
        return f"{name} {money_text(amount, sign=True)}, the rest {money_text(total - amount, sign=True)}"
    return f"{name} {money_text(amount, sign=True)} of {money_text(total, sign=True)}"


def _units(quantity: int) -> str:
    """A quantity in ten-thousandths as whole units: 14,012."""
    return f"{round(quantity / SCALE):,}"


def _largest(parts: pd.DataFrame, total: int) -> tuple[str, int]:
    """The part that pulls hardest in the direction of the total: its name and amount."""
    sums = parts.groupby("name", sort=True)["amount"].sum()
    place = sums.idxmin() if total < 0 else sums.idxmax()
    return str(place), int(sums[place])


def _accounts(scene: Scene, step: str) -> str:
    parts = scene.bridge.parts if scene.bridge is not None else pd.DataFrame(columns=["step"])
    rows = parts[(parts["step"] == step) & (parts["kind"] == "account")] if len(parts) else parts
    if rows.empty:
        return ""
    total = int(rows["amount"].sum())
    name, amount = _largest(rows, total)
    if len(rows) == 1:
        return (
            f"All of it on account {rows['id'].iloc[0]} {name}"
            if rows["id"].iloc[0]
            else f"All of it: {name}"
        )
    return f"{'Mostly' if abs(2 * amount) >= abs(total) else 'Largest part:'} {part_of(name, amount, total)}"


def _margin(scene: Scene) -> str:
    """Gross margin and revenue of the period and its reference, from the ledger."""
    if scene.bridge is None:
        return ""
    panel, columns = scene.books.panel(), (figures.LINES[0], figures.LINES[2])
    now, plan, before = zip(
        *(figures.in_period(panel, scene.unit, line, scene.period) for line in columns), strict=True
    )
    old = plan if scene.against == "budget" else before
    amounts = [figure.amount for figure in (*now, *old)]
    if any(amount is None or amount <= 0 for amount in amounts):
        return ""
    revenue, profit, old_revenue, old_profit = (float(amount) for amount in amounts if amount is not None)
    change = share_text(revenue / old_revenue - 1, sign=True)
    rates = share_text(profit / revenue), share_text(old_profit / old_revenue)
    when = "in the budget" if scene.against == "budget" else "last year"
    return f"Revenue {change}; gross margin {rates[0]} of it, {rates[1]} {when}"


def _families(scene: Scene) -> pd.Series:
    """Product → family (its name where it has none)."""
    if "products" not in scene.made:
        frame = pd.DataFrame(columns=["product", "name", "family"])
        if scene.has("products"):
            frame = scene.books.rows("products", limit=MOST).reindex(columns=["product", "name", "family"])
        scene.made["products"] = frame.set_index("product")
    frame = scene.made["products"]
    return frame["family"].fillna(frame["name"])


def _sales(scene: Scene) -> pd.DataFrame:
    """Sales of reference (…_0) and period (…_1) by product, with the family."""
    if "sales" not in scene.made:
        frame, _ = compared_sales(scene.books, scene.unit, scene.period, scene.against)
        families = _families(scene)
        scene.made["sales"] = frame.assign(family=[families.get(product, product) for product in frame.index])
    return scene.made["sales"]


def _products(scene: Scene, step: str) -> str:
    """The product family that carries most of a sales step, with the price or the units behind it."""
    if scene.bridge is None:
        return ""
    parts = scene.bridge.parts
    rows = parts[parts["step"].isin(SOLD if step in SOLD else [step]) & (parts["kind"] == "product")]
    if rows.empty:
        return ""
    families = _families(scene)
    rows = rows.assign(
        name=[families.get(product, name) for product, name in zip(rows["id"], rows["name"], strict=True)]
    )
    total = int(rows["amount"].sum())
    family, amount = _largest(rows, total)
    sales = _sales(scene)
    sold = sales[sales["family"] == family]
    both = sold[(sold["quantity_0"] > 0) & (sold["quantity_1"] > 0)]
    old, new = int(sold["quantity_0"].sum()), int(sold["quantity_1"].sum())
    words = part_of(family, amount, total)
    if step == "price" and len(both):
        at_old = sum(
            ratio(int(a) * int(q1), int(q0))
            for a, q0, q1 in zip(both["amount_0"], both["quantity_0"], both["quantity_1"], strict=True)
        )
        change = (int(both["amount_1"].sum()) - at_old) / at_old if at_old else 0.0
        return (
            f"{words}: {share_text(abs(change))} {'under' if change < 0 else 'over'} {_whose(scene)} prices"
        )
    if step in SOLD and old:
        units = f"{_units(new)} units sold against {_units(old)}"
        return f"{words}: {units} {'budgeted' if scene.against == 'budget' else 'last year'}"
    return words


def _whose(scene: Scene) -> str:
    return "budgeted" if scene.against == "budget" else "last year's"


def _resources(scene: Scene, good: str, base: str) -> pd.DataFrame:
    """Resources with their loss (base − good) as a share of base in the period and in the year before, worst
    first.
    """
    before = scene.before()
    if before is None or not scene.has("production"):
        return pd.DataFrame()
    frames = [
        scene.books.sums("production", ["resource"], [good, base], scene.unit, span).set_index("resource")
        for span in (scene.period, before)
    ]
    both = frames[0].join(frames[1].add_suffix("_0"), how="inner")
    both = both[(both[base] > 0) & (both[f"{base}_0"] > 0)]
    both["share"] = 1 - both[good] / both[base]
    both["before"] = 1 - both[f"{good}_0"] / both[f"{base}_0"]
    both["excess"] = (both["share"] - both["before"]) * both[base]
    return both.sort_values("excess", ascending=False)


def _downtime(scene: Scene) -> str:
    found = _resources(scene, "run_minutes", "planned_minutes")
    if found.empty or found["excess"].iloc[0] <= 0 or found["share"].iloc[0] - found["before"].iloc[0] < 0.02:
        return ""
    top = found.iloc[0]
    return (
        f"{top.name} stood still {share_text(top['share'])} of its planned minutes, "
        f"{share_text(top['before'])} in the twelve months before"
    )


def _scrap(scene: Scene) -> str:
    found = _resources(scene, "good", "made")
    if found.empty:
        return ""
    lost = (found["made"] - found["good"]).sum()
    top = (
        found.iloc[0]
        if found["excess"].iloc[0] > 0
        else found.assign(lost=found["made"] - found["good"]).sort_values("lost", ascending=False).iloc[0]
    )
    share = (top["made"] - top["good"]) / lost if lost else 0
    return (
        f"{top.name} scrapped {share_text(top['share'])} of what it made ({share_text(top['before'])} in the "
        f"twelve months before): {share_text(share, places=0)} of all units scrapped"
    )


def _absorption(scene: Scene) -> str:
    """Made against sold and against plan, then the machine that stood still."""
    words = []
    if scene.has("production"):
        sums = ["good"] + (["planned_quantity"] if scene.has("production", "planned_quantity") else [])
        frame = scene.books.sums("production", ["unit"], sums, scene.unit, scene.period)
        made = int(frame["good"].sum())
        panel = scene.books.panel()
        if "delivered_quantity" in panel.measures and made:
            columns = [panel.months.index(month) for month in scene.period.months]
            sold = int(panel.series("delivered_quantity", scene.unit)[columns].sum())
            words.append(f"{_units(made)} units made, {_units(sold)} sold")
        effect = scene.bridge.step("overhead_absorption") if scene.bridge is not None else 0
        if made and words and made > sold * 1.02 and effect > 0:
            words.append("making more than is sold parks overhead in stock: profit rises, cash does not")
        elif made and words and sold > made * 1.02 and effect < 0:
            words.append("stock was run down, and the overhead parked in it came back into cost")
    stopped = _downtime(scene)
    return ". ".join(sentence(text).rstrip(".") for text in [*words, stopped] if text)


def _used(scene: Scene, kind: str, price: bool) -> str:
    """The material that cost most against standard, by its price or by the quantity used."""
    if not scene.has("consumption"):
        return ""
    columns = ["item", "standard_quantity", "actual_quantity", "standard_price", "actual_price"]
    frame = scene.books.rows("consumption", scene.unit, scene.period, columns, {"kind": kind}, limit=MOST)
    if frame.empty:
        return ""
    if price:
        frame["effect"] = (frame["standard_price"] - frame["actual_price"]) * frame["actual_quantity"]
        frame["base"] = frame["standard_price"] * frame["actual_quantity"]
    else:
        frame["effect"] = (frame["standard_quantity"] - frame["actual_quantity"]) * frame["standard_price"]
        frame["base"] = frame["standard_price"] * frame["standard_quantity"]
    sums = frame.groupby("item", sort=True)[["effect", "base"]].sum()
    total = float(sums["effect"].sum())
    item = sums["effect"].idxmin() if total < 0 else sums["effect"].idxmax()
    effect, base = float(sums.loc[item, "effect"]), float(sums.loc[item, "base"])
    _families(scene)
    name = scene.made["products"]["name"].get(item, item)
    change = (
        f" ({share_text(abs(effect) / base)} {'above' if effect < 0 else 'below'} standard)"
        if base > 0
        else ""
    )
    return f"{name} {number_text(round(effect), sign=True)} against standard{change}"


def _labour(scene: Scene) -> str:
    panel = scene.books.panel()
    names = ("labour_rate_effect", "labour_efficiency_effect")
    if any(name not in panel.measures for name in names):
        return ""
    columns = [panel.months.index(month) for month in scene.period.months]
    rate, hours = (int(panel.series(name, scene.unit)[columns].sum()) for name in names)
    words = f"Wage rates {money_text(rate, sign=True)}, hours used {money_text(hours, sign=True)}"
    return f"{words} against standard"


def _late_lines(scene: Scene) -> str:
    """Order lines late in the period and before, then the machine or supplier behind it."""
    panel, before = scene.books.panel(), scene.before()
    if "lines_due" not in panel.measures or before is None:
        return ""
    shares = []
    for span in (scene.period, before):
        columns = [panel.months.index(month) for month in span.months]
        due = int(panel.series("lines_due", scene.unit)[columns].sum())
        late = due - int(panel.series("lines_ontime", scene.unit)[columns].sum())
        shares.append((late, due))
    if not shares[0][1] or not shares[1][1]:
        return ""
    words = [
        f"{share_text(shares[0][0] / shares[0][1])} of order lines were late, "
        f"{share_text(shares[1][0] / shares[1][1])} in the twelve months before"
    ]
    words += [text for text in (_downtime(scene), _late_supplier(scene)) if text]
    return ". ".join(words[:2])


def _late_supplier(scene: Scene) -> str:
    if not scene.has("purchases", "supplier", "promised", "received"):
        return ""
    frame = scene.books.rows(
        "purchases", scene.unit, scene.period, ["supplier", "promised", "received"], limit=MOST
    )
    frame = frame.dropna()
    if frame.empty:
        return ""
    late = (pd.to_datetime(frame["received"]) - pd.to_datetime(frame["promised"])).dt.days
    means = late.groupby(frame["supplier"]).mean()
    if means.max() < 5:
        return ""
    names = (
        scene.books.rows("suppliers", limit=MOST).set_index("supplier")["name"]
        if scene.has("suppliers", "name")
        else {}
    )
    return f"{names.get(means.idxmax(), means.idxmax())} delivered {means.max():.0f} days late on average"


def overdue_invoices(scene: Scene) -> pd.DataFrame:
    """Invoices overdue at the period's end, issued in the two years before it: [customer, segment, amount,
    days].
    """
    if "overdue" in scene.made:
        return scene.made["overdue"]
    end = scene.period.end
    first = max(scene.period.last - 23, scene.books.first)
    span = Period("issued", "span", first, scene.period.last, "")
    columns = ["customer", "due", "paid", "amount"]
    frame = scene.books.rows("invoices", scene.unit, span, columns, limit=MOST)
    due, paid, limit = (pd.to_datetime(value) for value in (frame["due"], frame["paid"], end))
    frame = frame.assign(days=(limit - due).dt.days)[(due < limit) & (paid.isna() | (paid > limit))]
    known = pd.DataFrame()
    if scene.has("customers"):
        # Only those who owe: a customer somebody else gets is no news here.
        owing = {"customer": sorted(set(frame["customer"].dropna()))}
        known = scene.books.rows("customers", where=owing, limit=MOST).set_index("customer")
        if "segment" in known:
            frame = frame.assign(segment=frame["customer"].map(known["segment"]))
            frame = frame[frame["segment"] != "intercompany"]
        if "name" in known:
            frame = frame.assign(customer=frame["customer"].map(known["name"]).fillna(frame["customer"]))
    scene.made["overdue"] = frame
    return frame


def _overdue(scene: Scene) -> str:
    frame = overdue_invoices(scene)
    if frame.empty:
        return ""
    total = float(frame["amount"].sum())
    top = frame.groupby("customer")["amount"].sum().sort_values(ascending=False, kind="stable").head(3)
    largest = joined(f"{name} {number_text(round(amount))}" for name, amount in top.items())
    words = f"{counted(len(frame), 'invoice')} overdue, largest {largest}"
    if "segment" in frame and total > 0:
        segments = frame.groupby("segment")["amount"].sum().sort_values(ascending=False, kind="stable")
        days = frame[frame["segment"] == segments.index[0]]["days"].median()
        words += (
            f". Segment {segments.index[0]}: {share_text(float(segments.iloc[0]) / total, places=0)} of it, "
            f"half of it more than {counted(int(days), 'day')} late"
        )
    return words


def _stock(scene: Scene) -> str:
    """The family whose stock grew most in twelve months, and what was made against what was sold."""
    if not scene.has("stock", "value"):
        return ""
    families = _families(scene)
    ends = []
    for month in (scene.period.last, max(scene.period.last - 12, scene.books.first)):
        span = Period("end", "month", month, month, "")
        dates = scene.books.sums("stock", ["date"], ["value"], scene.unit, span)
        if dates.empty:
            return ""
        day: dt.date = pd.Timestamp(dates["date"].max()).date()
        frame = scene.books.sums("stock", ["product"], ["value"], scene.unit, span, {"date": day})
        ends.append(
            frame.groupby([families.get(product, product) for product in frame["product"]])["value"].sum()
        )
    growth = (ends[0] - ends[1].reindex(ends[0].index).fillna(0)).astype("int64")
    total = int(ends[0].sum()) - int(ends[1].sum())
    if not total or growth.empty:
        return ""
    name = growth.idxmax() if total > 0 else growth.idxmin()
    words = f"{part_of(name, int(growth[name]), total)} in twelve months"
    ledger = _ledger_stock(scene)
    if ledger is not None and abs(total - ledger) > 0.1 * abs(ledger):
        words += f" by the stock records; the ledger has {money_text(ledger, sign=True)}"
    made = _absorption(scene).split(". ")[0]
    return f"{words}. {made} in the period" if "units made" in made else words


def _ledger_stock(scene: Scene) -> int | None:
    """The ledger's change of inventory over the same twelve months."""
    line = next(line for line in figures.LINES if line.id == "inventory")
    panel, last = scene.books.panel(), scene.period.last
    first = max(last - 12, scene.books.first)
    ends = [figures.actual(panel, scene.unit, line, month, month).amount for month in (first, last)]
    return None if ends[0] is None or ends[1] is None else ends[1] - ends[0]


TELLERS: dict[str, Callable[[Scene], str]] = {
    "level": _margin,
    "margin": _margin,
    "scrap": _scrap,
    "overhead_absorption": _absorption,
    "material_price": lambda scene: _used(scene, "material", price=True),
    "material_usage": lambda scene: _used(scene, "material", price=False),
    "labour": _labour,
    "premium_freight": _late_lines,
    "receivables": _overdue,
    "inventory": _stock,
}
