"""Checks of the exercises: an answer in, a result and a hint out.

What is right is computed from the books each time; typical wrong answers are computed beside it, so that the
hint fits the mistake.
"""

from __future__ import annotations

from typing import Any

from .books import Books
from .judging import Feedback, judge_choice, judge_number

# --- 00 start here ---------------------------------------------------------------------------------


def gross_margin(answer: Any, books: Books, unit: str, period: str) -> Feedback:
    """What share of revenue is left after the cost of goods sold?"""
    sums = _sums(books, unit, period, "revenue", "cogs")
    revenue, cost = sums["revenue"], sums["cogs"]
    left = _ratio(revenue - cost, revenue)
    wrong = [
        (
            _ratio(revenue - cost, cost),
            "You divided by cost: that is the markup. A margin is a share of revenue.",
        ),
        (_ratio(cost, revenue), "That is the share that cost takes. What is left is one minus it."),
        (revenue - cost, "That is the gross profit in money. Divide it by revenue."),
        (
            _value(books, "gross_margin", unit, period, rival=True),
            "That is the margin at standard cost, from the deliveries. The ledger has the variances too.",
        ),
    ]
    return judge_number(
        answer, left, measure="%", wrong=wrong, why="(revenue − cost of goods sold) ÷ revenue"
    )


# --- 01 one set of books: without code -------------------------------------------------------------

REVENUE_OR_CASH = {
    "a": "Revenue in November, cash in November",
    "b": "Revenue in November, cash in January",
    "c": "Revenue in January, cash in January",
    "d": "Revenue in October, cash in January",
}
WHO_WAS_WRONG = {
    "a": "Operations: they should have made less",
    "b": "Finance: they should not look at profit",
    "c": "Sales: they should have sold more",
    "d": "Nobody by their own KPI; the KPIs do not see the company's cash",
}
EXAMPLE = {"overhead": 240_000, "sold": 8_000, "made": 12_000}


def revenue_or_cash(answer: Any) -> Feedback:
    """Ordered in October, delivered on 30 November, paid on 10 January: in which months stand revenue and
    cash?
    """
    return judge_choice(
        answer,
        "b",
        {
            "a": "The delivery makes the revenue. Until January the money is a receivable, not cash.",
            "b": "Delivery makes the revenue, payment makes the cash; between them stands a receivable.",
            "c": "Cash comes in January. But revenue is booked when the goods leave, whoever has paid.",
            "d": "An order is a promise. Operations sees load in October; the ledger books nothing yet.",
        },
    )


def who_was_wrong(answer: Any) -> Feedback:
    """Each department followed its own KPI, and the company's cash fell. Who was wrong?"""
    return judge_choice(
        answer,
        "d",
        {
            "a": "A full line has the lowest cost per unit, and that is what operations is asked for.",
            "b": "Profit rose as it was meant to: parking overhead in stock is a rule of the books.",
            "c": "More sales would help, but nobody can order customers to buy.",
            "d": "Neither side is the villain. Give both one KPI that sees cash, and they decide alike.",
        },
    )


def overhead_parked(answer: Any) -> Feedback:
    """Overhead 240,000 a month, 8,000 sold, 12,000 made: by how much is profit higher than when 8,000 are
    made?
    """
    overhead, sold, made = (float(EXAMPLE[name]) for name in ("overhead", "sold", "made"))
    wrong = [
        (
            overhead / sold * (made - sold),
            "You took the overhead per unit sold. It is spread over the units made.",
        ),
        (
            overhead / made * sold,
            "That is the overhead that went out with the units sold. The rest is in stock.",
        ),
        (
            0.0,
            "The overhead spent is the same, yes. But part of it leaves the profit statement for the stock.",
        ),
        (overhead, "Not all of it: only the part that belongs to the units not sold."),
        (overhead / made, "That is the overhead in one unit. How many units lie in stock?"),
    ]
    return judge_number(
        answer,
        overhead * (made - sold) / made,
        wrong=wrong,
        why="240,000 ÷ 12,000 = 20 a unit, times 4,000 units in stock. No customer has paid for it.",
    )


# --- 10 the goal tree ------------------------------------------------------------------------------


def goal_attainment(answer: Any, books: Books, goal: str, unit: str, period: str) -> Feedback:
    """How far is a goal reached, by its sub-goals and their weights?"""
    from .alignment import goal_attainment as attained

    rows = attained(books, unit, period).table
    own, parts = rows[rows["goal"] == goal], rows[rows["parent"] == goal]
    if own.empty or parts.empty:
        return Feedback(
            False, f"{goal!r} is no goal with sub-goals in these books.", "Take one that has some."
        )
    reached = own["attainment"].iloc[0]
    known = parts[parts["attainment"].notna()]
    weights = known["weight"] / known["weight"].sum() if len(known) else known["weight"]
    wrong = [
        (_plain(known["attainment"].mean()), "That is the plain average. The sub-goals have weights."),
        (
            _plain((parts["attainment"].fillna(0) * parts["weight"]).sum()),
            "A sub-goal without a value is not a zero: leave it out, and share its weight among the others.",
        ),
        (
            _plain((known["uncapped"] * weights).sum()),
            "Attainment counts up to 100 %: more of one goal does not make up for another.",
        ),
    ]
    return judge_number(
        answer, _plain(reached), measure="%", wrong=wrong, why="Weight × attainment, added up."
    )


# --- 20 the scorecard ------------------------------------------------------------------------------


def days_sales_outstanding(answer: Any, books: Books, unit: str, period: str) -> Feedback:
    """For how many days of sales do customers owe money at the end of the period?"""
    span = books.period(period)
    owed, sold = (
        _closing(books, unit, span.last, "receivables"),
        _sums(books, unit, period, "revenue")["revenue"],
    )
    right = _ratio(owed * span.days, sold)
    monthly = [
        _ratio(
            _closing(books, unit, month, "receivables") * _days(books, month),
            _month(books, unit, month, "revenue"),
        )
        for month in span.months
    ]
    known = [value for value in monthly if value is not None]
    usual = 30 * len(span.months)
    wrong = [
        (_ratio(owed * usual, sold), f"You took 30 days a month. {span.label} has {span.days} days."),
        (_ratio(owed * 365, sold), f"365 days go with a year of sales; these are {span.days} days' sales."),
        (
            _ratio(owed * _days(books, span.last), sold),
            f"Receivables and sales must cover the same span: {span.label} has {span.days} days.",
        ),
        (
            sum(known) / len(known) if known else None,
            "You averaged the months' ratios. Add the sales first, divide last.",
        ),
        (
            monthly[-1],
            f"That is the last month alone. Take the sales of all {len(span.months)} months.",
        ),
        (
            _ratio(owed / 1.2 * span.days, sold),
            "You took VAT off, which this KPI does not: its basis says receivables with VAT, sales without.",
        ),
        (
            _value(books, "dso", unit, period, rival=True),
            "That is by invoices, VAT in both. The ledger's definition was asked.",
        ),
        (_ratio(sold * span.days, owed), "You divided the wrong way round."),
    ]
    return judge_number(
        answer, right, measure="days", wrong=wrong, why=f"receivables ÷ revenue × {span.days} days"
    )


# --- 30 budget against actual ----------------------------------------------------------------------


def sales_price_effect(answer: Any, books: Books, unit: str, period: str) -> Feedback:
    """What did prices alone do to sales, product by product, at the quantities sold?"""
    from .variance import profit, sales_bridge

    span = books.period(period)
    against, _ = profit.best_reference(books, unit, span)
    if against is None:
        return judge_number(answer, None, why="There is neither a budget nor a last year to compare with.")
    bridge = sales_bridge(books, unit, span, against)
    sold = bridge.parts[(bridge.parts["quantity_0"] > 0) & (bridge.parts["quantity_1"] > 0)]
    at_old = (sold["amount_1"] / sold["quantity_1"] * sold["quantity_0"] - sold["amount_0"]).sum()
    wrong = [
        (
            at_old / 1e4,
            "You valued the change of price at the old quantity. Take the quantity that was sold.",
        ),
        ((bridge.end - bridge.start) / 1e4, "That is the whole difference. Volume and mix are in it."),
        (bridge.step("volume") / 1e4, "That is the volume: more or fewer units at the old price."),
        (bridge.step("mix") / 1e4, "That is the mix."),
        (
            (bridge.step("price") + bridge.step("mix")) / 1e4,
            "Price and mix are in it. You took one average price for all products; go product by product.",
        ),
    ]
    return judge_number(
        answer,
        bridge.step("price") / 1e4,
        measure="money",
        currency=books.currency,
        wrong=wrong,
        why="(new price − old price) × units sold, added up over the products",
    )


# --- 40 the S&OP cycle -----------------------------------------------------------------------------


def forecast_bias(answer: Any, books: Books, unit: str, period: str) -> Feedback:
    """Does the agreed forecast lean to one side, as a share of what was ordered?"""
    names = ("consensus_forecast", "forecast_actual", "consensus_abs_error")
    if any(name not in books.panel().measures for name in names):
        return judge_number(answer, None, why="These books hold no forecasts.")
    sums = _sums(books, unit, period, *names)
    said, came, off = (sums[name] for name in names)
    wrong = [
        (
            _ratio(came - said, came),
            "The size is right. Above zero means: the forecast was higher than the orders.",
        ),
        (_ratio(said - came, said), "You divided by the forecast. What was ordered goes below the line."),
        (
            _ratio(off, came),
            "That is the size of the error (WAPE), without its direction. Let plus and minus cancel.",
        ),
        (_ratio(said, came), "That is forecast to orders. The bias is what is above or below one."),
        (said - came, "That is the bias in units. Divide it by what was ordered."),
    ]
    return judge_number(
        answer, _ratio(said - came, came), measure="%", wrong=wrong, why="(forecast − ordered) ÷ ordered"
    )


def decision_wait(answer: Any, books: Books, unit: str, period: str) -> Feedback:
    """How many days did half of the decisions wait at most, from raised to decided?"""
    from .collaboration import days_to_decide

    days = sorted(days_to_decide(books, unit, period))
    if not days:
        return judge_number(
            answer, None, why="Nothing was decided in the period, or the books hold no decisions."
        )
    middle = _value(books, "decision_latency", unit, period)
    wrong = [
        (
            sum(days) / len(days),
            "That is the average; a few that wait for months pull it up. The median stands in the middle.",
        ),
        (
            _value(books, "decision_latency_p90", unit, period),
            "That is what nine of ten wait at most. The median was asked.",
        ),
        (float(days[-1]), "That is the longest wait."),
        (float(len(days)), "That is how many were decided, not how long they waited."),
    ]
    return judge_number(answer, middle, measure="days", wrong=wrong, why="Half wait longer, half shorter.")


# --- figures from the books ------------------------------------------------------------------------


def _sums(books: Books, unit: str, period: str, *measures: str) -> dict[str, float]:
    span = books.period(period)
    return {name: sum(_month(books, unit, month, name) for month in span.months) for name in measures}


def _month(books: Books, unit: str, month: int, measure: str) -> float:
    panel = books.panel()
    return float(panel.series(measure, unit)[panel.months.index(month)]) / 1e4


def _closing(books: Books, unit: str, month: int, measure: str) -> float:
    return _month(books, unit, month, measure)


def _days(books: Books, month: int) -> int:
    from .periods import month_text

    return books.period(month_text(month)).days


def _ratio(above: float, below: float) -> float | None:
    return above / below if below else None


def _plain(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def _value(books: Books, kpi: str, unit: str, period: str, rival: bool = False) -> float | None:
    """A KPI's value, or its rival's where that differs, or None."""
    from .kpis import values

    row = values(books, kpi, unit, period).iloc[0]
    return _plain(row["rival" if rival else "value"])
