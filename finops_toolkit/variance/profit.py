"""Operating profit from the budget (or last year) to actual, by what moved it: each step is a driver.

Sales are split into volume, mix and price by product where the sales records agree with the ledger and the
reference has quantities by product; everything else comes from the ledger's accounts by their driver. The
effects of all accounts add up to the change of the operating profit, so the bridge closes exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..books import Books
from ..errors import UsageError
from ..periods import Period
from ..wording import SCALE, joined, money_text
from .bridges import Bridge, make_bridge, price_volume_mix, product_effects, ratio

PROFIT_LINES = (
    "revenue",
    "other_income",
    "cogs",
    "selling",
    "distribution",
    "administration",
    "research",
    "depreciation",
    "intercompany_result",
)
REFERENCES = {"budget": "Budget", "last_year": "Last year"}
SALES_STEPS = {
    "volume": "Sales volume",
    "mix": "Product mix",
    "price": "Sales prices",
    "new": "New products",
    "lost": "Products no longer sold",
    "unpriced": "Sold without a net quantity",
    "standard": "Standard cost",
    "sales_other": "Returns and other sales",
    # Where sales cannot be split by product: revenue at the old margin, and the margin itself.
    "level": "Sales level",
    "margin": "Gross margin rate",
}
DRIVER_STEPS = {
    "material_price": "Material prices",
    "material_usage": "Material usage",
    "labour": "Labour",
    "scrap": "Scrap",
    "stock_adjustment": "Stock counts",
    "overhead_absorption": "Overhead absorbed",
    "overhead_spending": "Overhead spending",
    "maintenance": "Maintenance",
    "people": "People",
    "warranty": "Warranty",
    "freight": "Freight",
    "premium_freight": "Premium freight",
    "marketing": "Marketing",
    "bad_debt": "Bad debts",
    "exchange": "Exchange rates",
}
LINE_STEPS = {
    "revenue": "Other revenue",
    "other_income": "Other income",
    "cogs": "Other cost of sales",
    "selling": "Selling",
    "distribution": "Distribution",
    "administration": "Administration",
    "research": "Research",
    "depreciation": "Depreciation",
    "intercompany_result": "Sister units",
}
# Sales records and ledger agree when they differ by no more than this share of the ledger.
AGREEMENT = 0.01
# By these, so that a read of a year and a whole company holds that of a month and a unit.
_PARTS = ("unit", "month")
SALES_DRIVERS = ("sales", "returns", "standard_cost")


def check_reference(against: str) -> None:
    """Raise a UsageError for a reference that is not known."""
    if against not in REFERENCES:
        raise UsageError(f"The reference {against!r} is not known.", f"Allowed: {joined(REFERENCES, 'or')}.")


def accounts_of(books: Books) -> pd.DataFrame:
    """The accounts of the operating profit: [account, name, line, driver]; driver "" where none is given."""
    return books.remembered("accounts of the profit", lambda: _accounts_of(books)).copy(deep=False)


def _accounts_of(books: Books) -> pd.DataFrame:
    if "accounts" not in books.tables:
        raise UsageError(f"{books.name} has no accounts, so its profit cannot be explained.")
    frame = books.rows("accounts", limit=100_000)
    frame["driver"] = frame["driver"].fillna("").astype(str) if "driver" in frame else ""
    chosen = frame["line"].isin(PROFIT_LINES)
    return frame.loc[chosen, ["account", "name", "line", "driver"]].reset_index(drop=True)


def account_effects(books: Books, unit: str, period: Period, what: str = "actual") -> pd.DataFrame:
    """Effect of each account on the operating profit in a period: [account, name, line, driver, effect].

    `effect` is int ten-thousandths, positive when it adds to profit; `what` is "actual" or "budget".
    """
    accounts = accounts_of(books)
    if what == "budget":
        sums = current_budget(books, unit, period).groupby("account", as_index=False)["amount"].sum()
    elif "journal" in books.tables:
        sums = _by_account(books.sums("journal", [*_PARTS, "account"], ["amount"], unit, period), "amount")
    else:
        sums = _by_account(books.sums("balances", [*_PARTS, "account"], ["flow"], unit, period), "flow")
    merged = accounts.merge(sums[["account", "amount"]], on="account", how="left")
    merged["effect"] = -merged["amount"].fillna(0).astype("int64")
    return merged.drop(columns="amount")


def _by_account(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    sums = frame.groupby("account", as_index=False)[column].sum()
    return sums.rename(columns={column: "amount"})


def current_budget(books: Books, unit: str, period: Period) -> pd.DataFrame:
    """Budget rows of the latest version of each unit and month: [account, product, amount, quantity]."""
    by = ["version", "unit", "month", "account"]
    by += [name for name in ("product",) if books.has("budget", name)]
    sums = ["amount", *(name for name in ("quantity",) if books.has("budget", name))]
    frame = books.sums("budget", by, sums, unit, period)
    newest = frame.groupby(["unit", "month"])["version"].transform("max")
    frame = frame[frame["version"] == newest]
    for name in ("product", "quantity"):
        if name not in frame:
            frame[name] = None if name == "product" else 0
    return frame


def why_no_reference(books: Books, unit: str, period: Period, against: str) -> str:
    """Why there is nothing to compare with; "" where there is."""
    panel = books.panel()
    if "revenue" not in panel.measures:
        return "there is no ledger"
    before = period.previous_year()
    for span in (period, before) if panel.statements is not None else ():
        refusal = panel.statements.refusal(unit, span.first, span.last, panel.months[0], closing=False)
        if refusal:
            return refusal
    if against == "last_year":
        ledger = before.first >= panel.coverage("revenue")[0]
        return "" if ledger else f"the books do not reach back to {before.label}"
    if "budget_revenue" not in panel.measures:
        return "there is no budget"
    first, last = panel.coverage("budget_revenue")
    if period.first < first or period.last > last:
        return f"the budget does not cover {period.label}"
    columns = [panel.months.index(month) for month in period.months]
    names = [f"budget_{line}" for line in PROFIT_LINES if f"budget_{line}" in panel.measures]
    rows = sum(int(panel.rows(name, [unit])[0, columns].sum()) for name in names)
    return "" if rows else "there is no budget for this unit"


def best_reference(books: Books, unit: str, period: Period) -> tuple[str | None, str]:
    """The reference to compare with, "budget" before "last_year", and why it is not the budget (or none)."""
    reason = why_no_reference(books, unit, period, "budget")
    if not reason:
        return "budget", ""
    second = why_no_reference(books, unit, period, "last_year")
    both = reason if reason == second else f"{reason}, and {second}"
    return (None, both) if second else ("last_year", reason)


def product_sales(books: Books, unit: str, period: Period, returns: bool = True) -> pd.DataFrame:
    """Deliveries to customers outside by product: [product, quantity, amount, cost], net of returns or
    without them.
    """
    key = ("product sales", unit, period.first, period.last, returns)
    return books.remembered(key, lambda: _product_sales(books, unit, period, returns)).copy(deep=False)


def _product_sales(books: Books, unit: str, period: Period, returns: bool) -> pd.DataFrame:
    sides: list[dict | None] = [None]
    sisters = _sisters(books)
    if sisters:
        sides.append({"customer": sisters})
    parts = []
    for sign, where in zip((1, -1), sides, strict=False):
        # By quantity too, so that returns (negative) can be told from sales.
        by = [*_PARTS, "product", "quantity"]
        frame = books.sums("deliveries", by, ["amount", "cost"], unit, period, where)
        each = [round(float(quantity) * SCALE) for quantity in frame["quantity"]]
        frame["quantity"] = pd.Series(each, dtype="int64") * frame["rows"]
        frame = frame if returns else frame[frame["quantity"] > 0]
        parts.append(frame.groupby("product")[["quantity", "amount", "cost"]].sum() * sign)
    total = pd.concat(parts).groupby(level=0).sum().astype("int64")
    return total[(total != 0).any(axis=1)].reset_index()


def _sisters(books: Books) -> list[str]:
    if not books.has("customers", "segment"):
        return []
    rows = books.rows("customers", columns=["customer"], where={"segment": "intercompany"}, limit=100_000)
    return list(rows["customer"])


def product_budget(books: Books, unit: str, period: Period) -> pd.DataFrame:
    """Budgeted sales by product: [product, quantity, amount, cost]; empty where the budget has no products,
    or a product no cost.

    The cost is the budget's own by product, or else quantity × standard cost.
    """
    empty = pd.DataFrame(columns=["product", "quantity", "amount", "cost"])
    frame = current_budget(books, unit, period)
    frame = frame[frame["product"].notna()]
    if frame.empty or not frame["quantity"].any():
        return empty
    lines = accounts_of(books).set_index("account")["line"]
    frame = frame.assign(line=frame["account"].map(lines))
    sales = frame[frame["line"] == "revenue"].groupby("product")[["quantity", "amount"]].sum()
    cost = frame[frame["line"] == "cogs"].groupby("product")["amount"].sum()
    sales["amount"] = -sales["amount"]
    if len(cost):
        sales["cost"] = cost.reindex(sales.index).fillna(0).astype("int64")
    else:
        if not books.has("products", "standard_cost"):
            return empty
        products = books.rows("products", columns=["product", "standard_cost"], limit=1_000_000)
        standard = products.set_index("product")["standard_cost"].reindex(sales.index)
        if standard.isna().any():
            return empty
        units = zip(sales["quantity"], standard, strict=True)
        sales["cost"] = [ratio(int(quantity) * round(each * SCALE), SCALE) for quantity, each in units]
    return sales.reset_index()[["product", "quantity", "amount", "cost"]]


def compared_sales(books: Books, unit: str, period: Period, against: str) -> tuple[pd.DataFrame, str]:
    """Sales by product, reference (…_0) and actual (…_1), and why they cannot be used ("" when they can).

    Without returns where the ledger books these on accounts of their own, else net of them.
    """
    key = ("compared sales", unit, period.first, period.last, against)
    frame, why = books.remembered(key, lambda: _compared_sales(books, unit, period, against))
    return frame.copy(deep=False), why


def _compared_sales(books: Books, unit: str, period: Period, against: str) -> tuple[pd.DataFrame, str]:
    if not books.has("deliveries", "cost"):
        return pd.DataFrame(), "there are no sales records with quantity and cost"
    net = not (accounts_of(books)["driver"] == "returns").any()
    new = product_sales(books, unit, period, net)
    if against == "budget":
        old = product_budget(books, unit, period)
        if old.empty and len(new):
            return pd.DataFrame(), "the budget has no quantities and costs by product"
    else:
        old = product_sales(books, unit, period.previous_year(), net)
    both = old.merge(new, on="product", how="outer", suffixes=("_0", "_1")).set_index("product")
    return both.fillna(0).astype("int64").sort_index(), ""


def sales_bridge(
    books: Books, unit: str, period: Period, against: str = "budget", method: str = "average"
) -> Bridge:
    """Sales by product from the reference to actual: price, volume and mix. Raises UsageError where there are
    none.
    """
    check_reference(against)
    reason = why_no_reference(books, unit, period, against)
    frame, why = (pd.DataFrame(), reason) if reason else compared_sales(books, unit, period, against)
    if why:
        raise UsageError(f"There is no sales bridge for {unit}, {period.label}: {why}.")
    named = {
        "old_quantity": "quantity_0",
        "new_quantity": "quantity_1",
        "old_amount": "amount_0",
        "new_amount": "amount_1",
    }
    return price_volume_mix(
        frame.reset_index(),
        method=method,
        start=REFERENCES[against],
        end="Actual",
        currency=books.currency or None,
        **named,
    )


def profit_bridge(books: Books, unit: str, period: Period, against: str = "budget") -> Bridge:
    """Operating profit (EBIT) from the reference to actual, by driver; `parts` [step, kind, id, name,
    amount].

    Volume and mix are valued at the reference's margin over standard cost, prices and standard cost at the
    actual quantity; the other steps are the differences of accounts by their driver. Favourable is positive.
    Raises UsageError where there is nothing to compare with.
    """
    check_reference(against)
    reason = why_no_reference(books, unit, period, against)
    if reason:
        raise UsageError(f"There is no profit bridge for {unit}, {period.label}: {reason}.")
    actual = account_effects(books, unit, period)
    before = period if against == "budget" else period.previous_year()
    reference = account_effects(books, unit, before, "budget" if against == "budget" else "actual")
    accounts = actual.assign(old=reference["effect"], amount=actual["effect"] - reference["effect"])
    sales, why = compared_sales(books, unit, period, against)
    if not why:
        why = _disagreement(books, unit, period, accounts, against)
    of_sales = _margin_parts(accounts) if why else _sales_parts(books, sales, accounts)
    table = pd.concat([_account_parts(accounts), of_sales], ignore_index=True)
    table = table[table["amount"] != 0].reset_index(drop=True)
    names = {**{f"line:{line}": name for line, name in LINE_STEPS.items()}, **DRIVER_STEPS, **SALES_STEPS}
    order = [*SALES_STEPS, *DRIVER_STEPS, *(f"line:{line}" for line in LINE_STEPS)]
    sums = table.groupby("step")["amount"].sum()
    steps = [(step, names[step], int(sums[step])) for step in order if step in sums]
    ends = int(accounts["old"].sum()), int(accounts["effect"].sum())
    note = f"Price and volume are not separated: {why}." if why else ""
    unknown = next((why for line, why in books.panel().missing.items() if line in PROFIT_LINES), "")
    note += f" This is not the operating profit: {unknown}." if unknown else ""
    return make_bridge(
        (REFERENCES[against], ends[0]),
        steps,
        ("Actual", ends[1]),
        table,
        note.strip(),
        books.currency or None,
    )


def _is_sales(accounts: pd.DataFrame) -> pd.Series:
    plain = (accounts["driver"] == "") & accounts["line"].isin(["revenue", "cogs"])
    return accounts["driver"].isin(SALES_DRIVERS) | plain


def _disagreement(books: Books, unit: str, period: Period, accounts: pd.DataFrame, against: str) -> str:
    """Where sales records and ledger tell different stories, price and volume cannot be told from the
    former.
    """
    ours = accounts[_is_sales(accounts)]
    sides = [("effect", period, "the sales records")]
    if against == "last_year":
        sides.append(("old", period.previous_year(), "last year's sales records"))
    for column, span, whose in sides:
        records = product_sales(books, unit, span)
        for line, item, sign in (("revenue", "amount", 1), ("cogs", "cost", -1)):
            ledger = sign * int(ours.loc[ours["line"] == line, column].sum())
            record = int(records[item].sum())
            if abs(record - ledger) > AGREEMENT * abs(ledger):
                word = "sales" if line == "revenue" else "cost of sales"
                return (
                    f"{whose} show {word} of {money_text(record, books.currency or None)}, "
                    f"the ledger {money_text(ledger, books.currency or None)}"
                )
    return ""


def _account_parts(accounts: pd.DataFrame) -> pd.DataFrame:
    """The accounts that are no sales, by driver, else by statement line."""
    rows = accounts[~_is_sales(accounts)]
    by_line = rows["driver"].isin(["", "other"]) | ~rows["driver"].isin(DRIVER_STEPS)
    step = rows["driver"].where(~by_line, "line:" + rows["line"])
    return pd.DataFrame(
        {
            "step": step,
            "kind": "account",
            "id": rows["account"],
            "name": rows["name"],
            "amount": rows["amount"],
        }
    )


def _margin_parts(accounts: pd.DataFrame) -> pd.DataFrame:
    """Sales in two steps from the ledger alone: more revenue at the old margin, and the change of the
    margin.
    """
    ours = accounts[_is_sales(accounts)]
    revenue = [int(ours.loc[ours["line"] == "revenue", column].sum()) for column in ("old", "effect")]
    profit = [int(ours[column].sum()) for column in ("old", "effect")]
    change = profit[1] - profit[0]
    level = ratio((revenue[1] - revenue[0]) * profit[0], revenue[0]) if revenue[0] > 0 else change
    rows = [("level", level, "Revenue at the old margin"), ("margin", change - level, "Gross margin")]
    return pd.DataFrame(
        [
            {"step": step, "kind": "margin", "id": "", "name": name, "amount": amount}
            for step, amount, name in rows
        ]
    )


def _sales_parts(books: Books, sales: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """Volume and mix at the reference margin, price and standard cost at the actual quantity, by product."""
    margin = pd.DataFrame(
        {
            "old_quantity": sales["quantity_0"],
            "new_quantity": sales["quantity_1"],
            "old_amount": sales["amount_0"] - sales["cost_0"],
            "new_amount": sales["amount_1"] - sales["cost_1"],
        }
    )
    effects = product_effects(margin, method="average")
    price = _at_new_quantity(sales, "amount")
    effects["standard"] = effects["price"] - price
    effects["price"] = price
    names = _product_names(books, sales.index)
    frames = [
        pd.DataFrame(
            {
                "step": step,
                "kind": "product",
                "id": effects.index,
                "name": names,
                "amount": effects[step].to_numpy(),
            }
        )
        for step in SALES_STEPS
        if step in effects
    ]
    frames.append(_rest_of_sales(accounts, int((margin["new_amount"] - margin["old_amount"]).sum())))
    return pd.concat(frames, ignore_index=True)


def _rest_of_sales(accounts: pd.DataFrame, explained: int) -> pd.DataFrame:
    """What the products do not explain: the accounts of returns, and all else in one row."""
    ours = accounts[_is_sales(accounts)]
    returns = ours[ours["driver"] == "returns"]
    rest = int(ours["amount"].sum()) - explained - int(returns["amount"].sum())
    rows = [
        ("sales_other", "account", row.account, row.name_, int(row.amount))
        for row in returns.rename(columns={"name": "name_"}).itertuples()
    ]
    rows.append(("sales_other", "account", "", "Cost of goods returned and entries without a product", rest))
    return pd.DataFrame(rows, columns=["step", "kind", "id", "name", "amount"])


def _at_new_quantity(sales: pd.DataFrame, item: str) -> pd.Series:
    """(p1 − p0)·q1 by product; 0 where a side has no price."""
    rows = sales[["quantity_0", "quantity_1", f"{item}_0", f"{item}_1"]].itertuples(index=False)
    found = [a1 - ratio(int(a0) * int(q1), int(q0)) if q0 > 0 and q1 > 0 else 0 for q0, q1, a0, a1 in rows]
    return pd.Series(found, index=sales.index, dtype="int64")


def _product_names(books: Books, products: Sequence[str] | pd.Index) -> list[str]:
    if "products" not in books.tables:
        return [str(product) for product in products]
    rows = books.rows("products", columns=["product", "name"], limit=1_000_000)
    known = dict(zip(rows["product"], rows["name"], strict=True))
    return [str(known.get(product, product)) for product in products]
