"""Checks of exercises: right is right, a typical mistake gets the hint that fits it, and nothing breaks a
check.
"""

from __future__ import annotations

import math
import time
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_toolkit import checks
from finops_toolkit.books import Books
from finops_toolkit.judging import Feedback, judge_choice, judge_number

UNIT, PERIOD = "EAST", "2025-Q3"


class Odd:
    """An object that refuses to be a number in every way."""

    size = 1

    def item(self) -> float:
        """Fail."""
        raise ValueError("no")

    def __str__(self) -> str:
        return "<b>odd</b>"


ODD = [
    None,
    ...,
    "",
    " ",
    "nan",
    "inf",
    "1e999",
    "12,34",
    "--3",
    "12 apples",
    True,
    [1.0],
    {},
    (),
    object(),
    Odd(),
    float("nan"),
    float("inf"),
    np.nan,
    pd.NA,
    pd.NaT,
    pd.Series([1.0, 2.0]),
    pd.DataFrame(),
    Decimal("NaN"),
    10**400,
    lambda: 1,
    1j,
    b"1",
]


@pytest.fixture(scope="module")
def months(books: Books) -> pd.DataFrame:
    """Three months of a plant, straight from the panel."""
    frame = books.panel().frame(["receivables", "revenue", "cogs"], UNIT)
    return frame.loc["2025-07":"2025-09"]  # type: ignore[misc]


# --- judging ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ODD, ids=lambda value: type(value).__name__)
def test_an_odd_answer_is_judged_not_raised(answer: Any) -> None:
    """Whatever a learner hands in, the answer is a feedback that says what is wrong with it."""
    for found in (judge_number(answer, 5.0), judge_choice(answer, "a", {"a": "", "b": ""})):
        assert isinstance(found, Feedback) and not found
        assert found.message and len(str(found)) < 300


@given(st.floats() | st.text(max_size=40) | st.integers() | st.decimals() | st.none() | st.booleans())
def test_any_answer_is_judged(answer: Any) -> None:
    """Numbers and texts of any kind: a feedback, never an exception, and right only near the value."""
    found = judge_number(answer, 1234.5, measure="money", currency="EUR", wrong=[(0.0, "zero")])

    assert found.right is False or isinstance(answer, (str, int, float, Decimal))
    if isinstance(answer, float) and math.isfinite(answer):
        assert found.right == (abs(answer - 1234.5) <= 0.005 * 1234.5)


@pytest.mark.parametrize(
    "answer",
    [
        1234.5,
        "1234.5",
        "1,234.5",
        " 1 234.50 ",
        "1.2345k",
        np.float64(1234.5),
        np.array([1234.5]),
        pd.Series([1234.5]),
        Decimal("1234.5"),
        1230,
    ],
)
def test_a_number_may_be_written_in_many_ways(answer: Any) -> None:
    """Types and spellings of one number count alike, within half a percent."""
    assert judge_number(answer, 1234.5)


def test_general_hints_fit() -> None:
    """Wrong sign, percent for a share, thousands, and nearly right are told apart."""
    assert "sign" in judge_number(-0.2, 0.2, measure="%").hint
    assert "share" in judge_number(20.0, 0.2, measure="%").hint
    assert judge_number("20 %", 0.2, measure="%")
    assert "thousands" in judge_number(1.2345, 1234.5).hint
    assert "close" in judge_number(1200, 1234.5).hint
    assert judge_number(3, 5).hint == "It is too low."


def test_no_value_is_answered_with_none() -> None:
    """Where the books have no value, None is right and a number is not."""
    assert judge_number(None, None) and not judge_number(0, None)


def test_feedback_shows_no_markup_of_an_answer() -> None:
    """What a learner typed is text on the page, whatever it is."""
    found = judge_number("<img src=x onerror=alert(1)>", 5.0)

    assert "<img" not in found._repr_html_() and "&lt;img" in found._repr_html_()


@pytest.mark.parametrize(
    ("check", "right", "letters"),
    [
        (checks.revenue_or_cash, "b", checks.REVENUE_OR_CASH),
        (checks.who_was_wrong, "d", checks.WHO_WAS_WRONG),
    ],
)
def test_every_choice_has_its_own_answer(check: Any, right: str, letters: dict[str, str]) -> None:
    """One letter is right; each other one says what speaks against it, in words of its own."""
    assert [letter for letter in letters if check(letter)] == [right]
    assert len({check(letter).message for letter in letters}) == len(letters)
    assert check(f" {right.upper()}) ")


# --- the exercises' checks -------------------------------------------------------------------------


def test_gross_margin(books: Books, months: pd.DataFrame) -> None:
    """Margin of the sums; the markup, the cost's share, the amount and the deliveries' margin are told
    apart.
    """
    revenue, cost = months["revenue"].sum(), months["cogs"].sum()

    assert checks.gross_margin((revenue - cost) / revenue, books, UNIT, PERIOD)
    assert "markup" in checks.gross_margin((revenue - cost) / cost, books, UNIT, PERIOD).hint
    assert "one minus" in checks.gross_margin(cost / revenue, books, UNIT, PERIOD).hint
    assert "gross profit" in checks.gross_margin(revenue - cost, books, UNIT, PERIOD).hint


def test_days_sales_outstanding(books: Books, months: pd.DataFrame) -> None:
    """92 days of a third quarter; 90, 365, one month, averaged ratios, VAT and the upside-down ratio are
    told apart.
    """
    owed, sold = months["receivables"].iloc[-1], months["revenue"].sum()
    ratios = (months["receivables"] / months["revenue"] * np.array([31, 31, 30])).to_numpy()

    assert checks.days_sales_outstanding(owed / sold * 92, books, UNIT, PERIOD)
    for wrong, hint in [
        (owed / sold * 90, "30 days a month"),
        (owed / sold * 365, "365"),
        (ratios.mean(), "averaged"),
        (ratios[-1], "last month alone"),
        (owed / 1.2 / sold * 92, "VAT"),
        (sold / owed * 92, "wrong way round"),
    ]:
        found = checks.days_sales_outstanding(wrong, books, UNIT, PERIOD)
        assert not found and hint in found.hint, (wrong, str(found))


def test_goal_attainment(books: Books) -> None:
    """Weighted and capped; the plain mean and the sum without the cap are told apart."""
    from finops_toolkit import alignment

    table = alignment.goal_attainment(books, "WEST", "2025-YTD").table
    parts = table[table["parent"] == "G1"]
    capped = parts["uncapped"].clip(upper=1)

    def check(answer: Any) -> Feedback:
        return checks.goal_attainment(answer, books, "G1", "WEST", "2025-YTD")

    assert check((capped * parts["weight"]).sum())
    assert "weights" in check(capped.mean()).hint
    assert "100 %" in check((parts["uncapped"] * parts["weight"]).sum()).hint
    assert not checks.goal_attainment(0.5, books, "no goal", "WEST", "2025-YTD")


def test_sales_price_effect(books: Books) -> None:
    """Prices at the quantity sold; the old quantity, the whole difference and the volume are told apart."""
    from finops_toolkit.variance import sales_bridge

    parts = sales_bridge(books, "SOUTH", books.period(PERIOD)).parts
    old, new = parts["amount_0"] / parts["quantity_0"], parts["amount_1"] / parts["quantity_1"]
    at_new = ((new - old) * parts["quantity_1"]).sum() / 10_000
    at_old = ((new - old) * parts["quantity_0"]).sum() / 10_000
    whole = (parts["amount_1"] - parts["amount_0"]).sum() / 10_000

    assert checks.sales_price_effect(at_new, books, "SOUTH", PERIOD)
    assert "sign" in checks.sales_price_effect(-at_new, books, "SOUTH", PERIOD).hint
    assert "old quantity" in checks.sales_price_effect(at_old, books, "SOUTH", PERIOD).hint
    assert "whole difference" in checks.sales_price_effect(whole, books, "SOUTH", PERIOD).hint


def test_forecast_bias(books: Books) -> None:
    """(forecast − ordered) ÷ ordered; the turned sign, the wrong base, the error and the units are told
    apart.
    """
    names = ["consensus_forecast", "forecast_actual", "consensus_abs_error"]
    said, came, off = books.panel().frame(names, "WEST").loc["2025-07":"2025-09"].sum()  # type: ignore[misc]

    def hint(answer: float) -> str:
        return checks.forecast_bias(answer, books, "WEST", PERIOD).hint

    assert checks.forecast_bias((said - came) / came, books, "WEST", PERIOD)
    assert "Above zero" in hint((came - said) / came)
    assert "forecast. What was ordered" in hint((said - came) / said)
    assert "WAPE" in hint(off / came)
    assert "units" in hint(said - came)


def test_decision_wait(books: Books) -> None:
    """The median of the days; mean, longest and count are told apart."""
    from finops_toolkit.collaboration import days_to_decide

    days = days_to_decide(books, "WEST", "2025-YTD")

    assert checks.decision_wait(float(np.median(days)), books, "WEST", "2025-YTD")
    assert "average" in checks.decision_wait(float(np.mean(days)), books, "WEST", "2025-YTD").hint
    assert "longest" in checks.decision_wait(max(days), books, "WEST", "2025-YTD").hint
    assert not checks.decision_wait(0.5, books, "HQ", "2023-01")


def test_overhead_parked() -> None:
    """240,000 ÷ 12,000 × 4,000 = 80,000; the share per unit sold, the shipped share and one unit's are told
    apart.
    """
    assert checks.overhead_parked("80,000") and checks.overhead_parked(80_000)
    assert "unit sold" in checks.overhead_parked(120_000).hint
    assert "went out" in checks.overhead_parked(160_000).hint
    assert "one unit" in checks.overhead_parked(20).hint
    assert "sign" in checks.overhead_parked(-80_000).hint


def test_a_check_takes_less_than_a_second(books: Books) -> None:
    """Once the books are open, an answer is judged at once."""
    books.panel()
    started = time.perf_counter()
    for check, unit in [(checks.gross_margin, UNIT), (checks.days_sales_outstanding, UNIT),
                        (checks.sales_price_effect, "SOUTH"), (checks.forecast_bias, "WEST"),
                        (checks.decision_wait, "WEST")]:  # fmt: skip
        check(1.0, books, unit, PERIOD)
    checks.goal_attainment(0.5, books, "G1", "WEST", PERIOD)

    assert time.perf_counter() - started < 6


def test_checks_on_books_without_the_tables(tmp_path: Any) -> None:
    """Where forecasts, decisions or goals are missing, a check says so and raises nothing."""
    import small_company

    from finops_toolkit.books import open_books

    data = small_company.tables()
    for name in ("forecasts", "decisions", "goals", "budget"):
        data.pop(name)
    poor = open_books(small_company.write(tmp_path, data))

    assert checks.forecast_bias(None, poor, "A", "2025-Q1")
    assert checks.decision_wait(None, poor, "A", "2025-Q1")
    assert not checks.goal_attainment(0.5, poor, "G1", "A", "2025-Q1")
    assert not checks.sales_price_effect(5.0, poor, "A", "2025-Q1")
