"""Bridges and flexible budgets: against published answers, and closing exactly for any figures."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_toolkit.errors import UsageError
from finops_toolkit.variance.bridges import (
    Bridge,
    condensed,
    flexible_budget,
    make_bridge,
    overhead_in_stock,
    price_volume_mix,
    product_effects,
    ratio,
)

SCALE = 10_000


def sales(rows) -> pd.DataFrame:
    """Rows of (product, old price, new price, old quantity, new quantity) in plain units."""
    table = [(p, q0 * SCALE, q1 * SCALE, p0 * q0 * SCALE, p1 * q1 * SCALE) for p, p0, p1, q0, q1 in rows]
    return pd.DataFrame(
        table, columns=["product", "old_quantity", "new_quantity", "old_amount", "new_amount"]
    )


PUBLISHED = sales([("A", 10, 11, 1000, 1000), ("B", 15, 15, 800, 700), ("C", 20, 23, 500, 800)])


def test_joint_method_gives_the_published_answer():
    """Price at old quantity 2,500 + volume at old price 4,500 + joint 900 = 7,900."""
    bridge = price_volume_mix(PUBLISHED, method="joint")

    assert [bridge.step(s) / SCALE for s in ("price", "volume", "joint")] == [2500, 4500, 900]
    assert (bridge.end - bridge.start) / SCALE == 7900


def test_average_method_gives_the_published_answer():
    """Rate at new quantity 3,400, volume at average old price 2,782.61, mix 1,717.39."""
    bridge = price_volume_mix(PUBLISHED, method="average")

    assert [round(bridge.step(s) / SCALE, 2) for s in ("price", "volume", "mix")] == [3400, 2782.61, 1717.39]


def test_new_and_lost_products_stand_apart():
    """A product of one side only has no price change: it is new or lost, whole."""
    bridge = price_volume_mix(sales([("A", 10, 11, 100, 100), ("N", 0, 7, 0, 30), ("L", 5, 0, 40, 0)]))

    assert {s: bridge.step(s) / SCALE for s in ("price", "new", "lost")} == {
        "price": 100,
        "new": 210,
        "lost": -200,
    }


def test_a_product_that_was_returned_on_balance_has_no_price():
    """Net quantity ≤ 0 gives no price; the change stands apart instead of an absurd price effect."""
    frame = pd.DataFrame(
        {
            "product": ["A"],
            "old_quantity": [10 * SCALE],
            "new_quantity": [-2 * SCALE],
            "old_amount": [100 * SCALE],
            "new_amount": [-25 * SCALE],
        }
    )

    assert price_volume_mix(frame).step("unpriced") == -125 * SCALE


money = st.integers(-(10**15), 10**15)
quantity = st.integers(-(10**13), 10**13) | st.just(0)


@given(
    st.lists(st.tuples(st.sampled_from("ABCDEFG"), quantity, quantity, money, money), max_size=12),
    st.sampled_from(["joint", "average"]),
)
def test_every_bridge_closes_exactly(rows, method):
    """Start + Σ steps = end to the ten-thousandth, and each product's effects add to its own change."""
    columns = ["product", "old_quantity", "new_quantity", "old_amount", "new_amount"]
    bridge = price_volume_mix(pd.DataFrame(rows, columns=columns), method=method)

    assert bridge.residual == 0
    parts = bridge.parts
    effects = parts[["price", "volume", "joint", "mix", "new", "lost", "unpriced"]].astype(object).sum(axis=1)
    assert (effects == parts["new_amount"].astype(object) - parts["old_amount"].astype(object)).all()


@given(st.lists(st.tuples(quantity, quantity, money, money), min_size=1, max_size=8))
def test_methods_agree_on_what_they_share(rows):
    """Price + joint of one method is the price of the other; volume likewise is volume + mix."""
    frame = pd.DataFrame(rows, columns=["old_quantity", "new_quantity", "old_amount", "new_amount"])
    joint, average = (product_effects(frame, method=m) for m in ("joint", "average"))

    # Each rounds one step to a ten-thousandth on its own, so they may differ by one or two of them.
    assert ((joint["volume"] - average["volume"] - average["mix"]).abs() <= 2).all()
    assert ((joint["price"] + joint["joint"] - average["price"]).abs() <= 2).all()


def test_a_bridge_that_does_not_close_cannot_be_made():
    """A gap is an error in the making, not a step called rounding."""
    with pytest.raises(ValueError, match="does not close"):
        make_bridge(("Budget", 10), [("price", "Price", 5)], ("Actual", 16))


def test_condensing_keeps_the_sum_and_the_largest_steps():
    """The smallest steps become one; the bridge still closes and keeps its order."""
    steps = [(f"s{i}", f"Step {i}", amount) for i, amount in enumerate([5, -90, 3, 70, -2, 8])]
    short = condensed(make_bridge(("Budget", 0), steps, ("Actual", -6)), keep=3)

    assert short.steps["amount"].tolist() == [-90, 70, 14]
    assert isinstance(short, Bridge) and short.residual == 0


def test_the_sentence_names_the_change_and_its_two_largest_steps():
    """A reader gets the message without the chart."""
    bridge = price_volume_mix(PUBLISHED, currency="EUR")

    assert bridge.text == (
        "Actual EUR\u00a040\u00a0k is EUR\u00a07.9\u00a0k above budget EUR\u00a032\u00a0k: "
        "volume +4.5\u00a0k and price +2.5\u00a0k."
    )


def test_wrong_columns_and_methods_are_named():
    """An error says what arrived, all of what is missing, and what is allowed."""
    with pytest.raises(UsageError, match="old_amount and new_amount"):
        price_volume_mix(pd.DataFrame({"product": [], "old_quantity": [], "new_quantity": []}))
    with pytest.raises(UsageError, match="joint or average"):
        price_volume_mix(PUBLISHED, method="classic")
    with pytest.raises(UsageError, match="old_price is no argument"):
        price_volume_mix(PUBLISHED, old_price="p")


MILAN = pd.DataFrame(
    [
        ("Revenue", "income", "variable", 4_662_000, 4_446_000),
        ("Materials", "cost", "variable", 856_800, 783_000),
        ("Labour", "cost", "variable", 661_500, 590_400),
        ("Fixed", "cost", "fixed", 1_500_000, 1_230_000),
    ],
    columns=["line", "kind", "behaviour", "static", "actual"],
)


def test_flexible_budget_gives_the_published_answer():
    """Milan Statuary: flexible income 1,344,300; flexible-budget variance 498,300 F, sales volume 299,400
    U.
    """
    table = flexible_budget(MILAN, static_volume=21, actual_volume=19).set_index("line")

    assert table["flexible"].tolist() == [4_218_000, 775_200, 598_500, 1_500_000, 1_344_300]
    assert table.loc["Operating income", ["volume_variance", "flexible_variance"]].tolist() == [
        -299_400,
        498_300,
    ]
    assert table.loc["Operating income", ["static", "actual"]].tolist() == [1_643_700, 1_842_600]
    assert table.loc["Materials", "flexible_variance"] == -7_800


@given(
    st.integers(1, 10**9), st.integers(0, 10**9), st.lists(st.tuples(money, money), min_size=4, max_size=4)
)
def test_flexible_budget_variances_add_to_the_whole(static_volume, actual_volume, pairs):
    """Volume variance + flexible variance = actual − static, favourable positive, in every line and the
    income.
    """
    frame = MILAN.assign(static=[a for a, _ in pairs], actual=[b for _, b in pairs])
    table = flexible_budget(frame, static_volume, actual_volume)
    sign = table["kind"].map({"income": 1, "cost": -1})

    whole = (table["actual"] - table["static"]) * sign
    assert (table["volume_variance"] + table["flexible_variance"] == whole).all()


def test_no_flexible_budget_without_a_volume():
    """A budgeted volume of zero gives an error that says so, never a division."""
    with pytest.raises(UsageError, match="budgeted volume is 0"):
        flexible_budget(MILAN, 0, 19)


def test_overhead_parked_in_stock_is_the_textbook_quarrel():
    """300 k fixed overhead, 10,000 sold, 15,000 made: profit +100 k. Running stock down costs profit."""
    assert overhead_in_stock(300_000, 15_000, 10_000) == 100_000
    assert overhead_in_stock(300_000, 10_000, 15_000) == -150_000
    assert overhead_in_stock(300_000, 0, 10_000) == 0


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**20))
def test_ratio_is_the_nearest_integer(numerator, denominator):
    """Exact beyond 64 bits; a half goes away from zero."""
    found = ratio(numerator, denominator)

    assert abs(2 * (found * denominator - numerator)) <= denominator
