"""Figures of lessons: the classic plant, months beside a year earlier, overhead in stock, a flexible
budget.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..books import Books
from ..kpis import values
from ..periods import Period, month_text
from ..variance import Bridge, flexible_budget, overhead_in_stock, profit, sales_bridge
from ..wording import SCALE, measure_text, money_text, share_text

# The classic example: 300 k of overhead a month, 10,000 sold, 15,000 made: profit is 100 k higher.
OVERHEAD, SOLD, PRICE, VARIABLE = 300_000, 10_000, 60, 20


def what_if_made(low: int = 8_000, high: int = 15_000, step: int = 1_000) -> pd.DataFrame:
    """One month of the classic plant for several outputs: [made, unit_cost, profit, cash, stock, text].

    10,000 are sold at 60; material and labour cost 20 a unit, overhead 300,000 a month whatever is made.
    What is not sold goes into stock at 20 and its share of the overhead; what is sold and not made comes
    from old stock at the cost of a normal month (50). The customer pays at once, so that only the making
    moves cash.
    """
    rows = []
    for made in range(low, high + 1, step):
        normal = (PRICE - VARIABLE) * SOLD - OVERHEAD
        parked = (
            overhead_in_stock(OVERHEAD * SCALE, made, SOLD) // SCALE
            if made >= SOLD
            else -(SOLD - made) * OVERHEAD // SOLD
        )
        cash = PRICE * SOLD - VARIABLE * made - OVERHEAD
        text = f"{made:,} made, {SOLD:,} sold: profit {money_text((normal + parked) * SCALE)}, "
        text += f"cash {money_text(cash * SCALE, sign=True)}, {OVERHEAD / made + VARIABLE:.0f} a unit"
        rows.append(
            {
                "made": made,
                "unit_cost": OVERHEAD / made + VARIABLE,
                "profit": normal + parked,
                "cash": cash,
                "stock": made - SOLD,
                "text": text,
            }
        )
    return pd.DataFrame(rows)


def by_month(books: Books, measure: str, unit: str, period: Period | str, months: int = 13) -> pd.DataFrame:
    """A measure month by month up to the period's end, beside the same months a year earlier: [actual,
    last_year].

    Index months (Period M), plain units. Empty where the books do not have the measure, or it is zero
    throughout.
    """
    panel, span = books.panel(), books.period(period)
    if measure not in panel.measures:
        return pd.DataFrame(columns=["actual", "last_year"])
    series = panel.frame([measure], books.unit(unit))[measure]
    frame = pd.DataFrame({"actual": series, "last_year": series.shift(12)})
    last = pd.Period(span.end, freq="M")
    frame = frame[(frame.index <= last) & (frame.index > last - months) & frame["actual"].notna()]
    return frame if (frame["actual"] != 0).any() else frame.iloc[:0]


def by_month_text(frame: pd.DataFrame, name: str, currency: str = "", closing: bool = False) -> str:
    """The message of `by_month`: the last month against a year earlier, else the first month shown."""
    if frame.empty:
        return f"{name}: none, because the books hold nothing of it here."
    now, then = frame["actual"].iloc[-1], frame["last_year"].iloc[-1]
    against, base = (
        (f"{frame.index[-1] - 12:%B %Y}", then)
        if then == then
        else (f"{frame.index[0]:%B %Y}", frame["actual"].iloc[0])
    )
    when = f"{'at the end of' if closing else 'in'} {frame.index[-1]:%B %Y}"
    text = f"{name} {when}: {money_text(round(now * SCALE), currency or None)}"
    change = now - base
    if base <= 0:
        return f"{text}."
    return f"{text}, {share_text(abs(change) / base)} {'more' if change >= 0 else 'less'} than in {against}."


def profit_and_parked(books: Books, unit: str, period: Period | str, years: int = 3) -> pd.DataFrame:
    """Twelve months each: operating profit, overhead parked in stock, profit without it, free cash flow.

    [months, profit, parked, without, cash], floats in the books' currency, NaN where there is none.
    """
    last = books.period(period).rolling()
    spans = [last]
    while len(spans) < years and spans[0].first - 12 >= books.first:
        spans.insert(0, spans[0].previous_year())
    spans = [span for span in spans if span.first >= books.first]
    if not spans:
        return pd.DataFrame(columns=["months", "profit", "parked", "without", "cash"])
    frame = values(books, ["ebit", "absorption_effect", "free_cash_flow"], unit, spans)
    wide = frame.pivot(index="period", columns="kpi", values="value").loc[[span.text for span in spans]]
    return pd.DataFrame(
        {
            "months": [span.label for span in spans],
            "profit": wide["ebit"].to_numpy(),
            "parked": wide["absorption_effect"].to_numpy(),
            "without": (wide["ebit"] - wide["absorption_effect"]).to_numpy(),
            "cash": wide["free_cash_flow"].to_numpy(),
        }
    )


def parked_text(frame: pd.DataFrame, currency: str) -> str:
    """What the last twelve months of `profit_and_parked` say, in a sentence."""
    if frame.empty or not np.isfinite(frame["parked"].iloc[-1]):
        return "Overhead in stock: none, because nothing was made here, or the books do not say what."
    row = frame.iloc[-1]
    parked, profit = round(row["parked"] * SCALE), round(row["profit"] * SCALE)
    way = (
        "went into stock and is not in the cost of these months"
        if parked > 0
        else "came back out of stock into cost"
    )
    text = f"{row['months']}: {money_text(abs(parked), currency)} of overhead {way}. "
    text += f"Operating profit is {money_text(profit, currency)}; without this it would be "
    text += money_text(profit - parked, currency)
    return f"{text}, from the same sales."


def money_by_year(books: Books, measures: dict[str, str], unit: str, period: Period | str) -> pd.DataFrame:
    """Flows of money, added up over twelve months each, the latest last: [months, one column a measure]."""
    panel, span = books.panel(), books.period(period).rolling()
    known = {name: head for name, head in measures.items() if name in panel.measures}
    unit = books.unit(unit)
    rows: list[dict[str, Any]] = []
    while span.first >= books.first and known:
        first, last = panel.months.index(span.first), panel.months.index(span.last) + 1
        sums = {head: int(panel.series(name, unit)[first:last].sum()) for name, head in known.items()}
        rows.insert(0, {"months": span.label} | sums)
        span = span.previous_year()
    return pd.DataFrame(rows)


def flexible_lines(books: Books, unit: str, period: Period | str) -> tuple[pd.DataFrame, str]:
    """Revenue, variable and fixed cost: budget, budget at the volume sold, and actual; or why there is none.

    Ten-thousandths, variances favourable positive; volume is units delivered against units budgeted.
    """
    panel, span = books.panel(), books.period(period)
    names = ("revenue", "variable_cost", "fixed_cost")
    volumes = ("budget_sales_quantity", "delivered_quantity")
    absent = [n for n in (*names, *(f"budget_{n}" for n in names), *volumes) if n not in panel.measures]
    if absent:
        return (
            pd.DataFrame(),
            f"Flexible budget: none, because {panel.missing.get(absent[0], 'the books lack its parts')}.",
        )
    unit, first, last = (
        books.unit(unit),
        panel.months.index(span.first),
        panel.months.index(span.last) + 1,
    )
    sums = {
        n: int(panel.series(n, unit)[first:last].sum())
        for n in (*names, *(f"budget_{n}" for n in names), *volumes)
    }
    if sums["budget_sales_quantity"] <= 0:
        return pd.DataFrame(), "Flexible budget: none, because no units are budgeted here."
    lines = [
        ("Revenue", "income", "variable"),
        ("Variable cost", "cost", "variable"),
        ("Fixed cost", "cost", "fixed"),
    ]
    frame = pd.DataFrame(
        [(*line, sums[f"budget_{n}"], sums[n]) for line, n in zip(lines, names, strict=True)],
        columns=["line", "kind", "behaviour", "static", "actual"],
    )
    table = flexible_budget(frame, sums["budget_sales_quantity"], sums["delivered_quantity"])
    table.loc[table.index[-1], "line"] = "What is left"
    volume, rest = (int(table[name].iloc[-1]) for name in ("volume_variance", "flexible_variance"))
    text = f"Selling {share_text(abs(sums['delivered_quantity'] / sums['budget_sales_quantity'] - 1))} "
    more = sums["delivered_quantity"] >= sums["budget_sales_quantity"]
    text += f"{'more' if more else 'fewer'} units than budgeted "
    text += f"moved the result by {money_text(volume, books.currency, sign=True)}; "
    text += f"prices, mix and spending by {money_text(rest, books.currency, sign=True)}."
    return table, text


def meeting_months(meetings: pd.DataFrame) -> pd.DataFrame:
    """Meetings by month: [scheduled, held], index months (Period M); empty where there are none."""
    if meetings.empty:
        return pd.DataFrame(columns=["scheduled", "held"])
    months = pd.PeriodIndex([f"{day:%Y-%m}" for day in meetings["date"]], freq="M", name="month")
    counts = pd.DataFrame({"scheduled": 1, "held": meetings["held"].astype(int).to_numpy()}, index=months)
    return counts.groupby(level=0).sum()


def waiting_days(books: Books, unit: str, period: Period | str, months: int = 24) -> pd.DataFrame:
    """Median days from raised to decided, by month: [value, target], index months; NaN where nothing was
    decided.
    """
    last = books.period(period).last
    texts = [month_text(month) for month in range(max(books.first, last - months + 1), last + 1)]
    frame = values(books, "decision_latency", unit, texts)
    frame.index = pd.PeriodIndex(frame["period"], freq="M")
    return frame[["value", "target"]]


def waiting_text(frame: pd.DataFrame) -> str:
    """The slowest and the latest month of `waiting_days`, in a sentence."""
    known = frame["value"].dropna()
    if known.empty:
        return "Waiting: none, because no decision was made here, or the books hold none."
    slow = known.idxmax()
    text = f"Half of the decisions of {known.index[-1]:%B %Y} had waited "
    text += f"{measure_text(known.iloc[-1], 'days')} or less"
    return f"{text}; slowest was {slow:%B %Y} with {measure_text(known[slow], 'days')}."


def run_text(frame: pd.DataFrame, name: str, measure: str) -> str:
    """How many of the last twelve months missed the target, and the latest value: the message of a line."""
    known = frame.dropna(subset=["value"]).tail(12)
    if known.empty:
        return f"{name}: none, because {frame['reason'].iloc[-1]}."
    latest = measure_text(known["value"].iloc[-1], measure)
    judged = known[known["met"].notna()]
    if judged.empty:
        return f"{name} stands at {latest}; no target is set."
    missed = int((~judged["met"].astype(bool)).sum())
    return f"{name} stands at {latest} and missed its target in {missed} of the last {len(judged)} months."


def sales_or_reason(
    books: Books, unit: str, period: Period, against: str | None
) -> tuple[Bridge | None, str]:
    """The sales bridge against the budget or last year, or None and why there is none."""
    if against is None:
        return None, "there is nothing to compare with"
    sold, why = profit.compared_sales(books, unit, period, against)
    if why or sold.empty:
        return None, why or "nothing was sold"
    return sales_bridge(books, unit, period, against), ""
