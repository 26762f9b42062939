"""The goal tree, its attainment and KPIs that pull apart: against numbers by hand, noise and planted
truths.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import small_company

from finops_toolkit import alignment
from finops_toolkit.books import Books, open_books

TREE = [
    ("T", "", ""),
    ("X", "T", "3"),
    ("Y", "T", "1"),
    ("X1", "X", "0.5"),
    ("X2", "X", "0.5"),
    ("Y1", "Y", "1"),
]
KPIS = {"X1": "revenue", "X2": "total_assets", "Y1": "otif"}


def books_with(folder: Path, goals: list[tuple], targets: list[tuple]) -> Books:
    """The small company with another goal tree and other targets."""
    data = small_company.tables()
    data["goals"] = [{"goal": g, "name": f"Goal {g}", "parent": p, "weight": w, "owner": "FIN",
                      "kpi": KPIS.get(g, "")} for g, p, w in goals]  # fmt: skip
    data["targets"] = [
        {"kpi": k, "unit": "A", "month": "2025-01", "value": str(v), "owner": "FIN"} for k, v in targets
    ]
    return open_books(small_company.write(folder, data))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """Attainments by hand: revenue 2 x its value as target (50 %), assets 1.25 x under their target, OTIF
    none.
    """
    from finops_toolkit.kpis import values

    plain = open_books(small_company.write(tmp_path_factory.mktemp("plain")))
    got = values(plain, ["revenue", "total_assets"], "A", "2025-03").set_index("kpi")["value"]
    targets = [
        ("revenue", round(2 * got["revenue"], 4)),
        ("total_assets", round(1.25 * got["total_assets"], 4)),
    ]
    return books_with(tmp_path_factory.mktemp("goals"), TREE, targets)


# --- the tree --------------------------------------------------------------------------------------


def test_weights_of_siblings_add_up_to_one(small: Books) -> None:
    """Weights 3 and 1 become 75 % and 25 %, shares multiply down the tree, and the odd sum is said."""
    goals = alignment.goal_tree(small)
    table = goals.table.set_index("goal")

    assert list(table.index) == ["T", "X", "X1", "X2", "Y", "Y1"]
    assert dict(table["weight"]) == {"T": 1, "X": 0.75, "Y": 0.25, "X1": 0.5, "X2": 0.5, "Y1": 1}
    assert table.loc["X1", "share"] == 0.375
    assert len(goals.problems) == 1 and "Goal T" in goals.problems[0]


def test_attainment_by_hand(small: Books) -> None:
    """X = (50 % + 100 %) / 2, capped; Y has no target and is left out, so that T = X, from 75 % of its
    weight.
    """
    table = alignment.goal_attainment(small, "A", "2025-03").table.set_index("goal")

    assert table.loc["X1", "attainment"] == pytest.approx(0.5)
    assert table.loc["X2", ["uncapped", "attainment"]].tolist() == pytest.approx([1.25, 1.0])
    assert table.loc["X", ["attainment", "covered"]].tolist() == pytest.approx([0.75, 1.0])
    assert np.isnan(table.loc["Y", "attainment"]) and table.loc["Y", "covered"] == 0
    assert table.loc["T", ["attainment", "covered"]].tolist() == pytest.approx([0.75, 0.75])
    assert "no target" in table.loc["Y1", "reason"]


def test_nothing_measured_is_no_zero(small: Books) -> None:
    """A unit without targets has no attainment, and a sentence says why."""
    found = alignment.goal_attainment(small, "B", "2025-03")

    assert np.isnan(found.total) and "no goal can be measured, because" in found.text


def test_no_goals_is_said(tmp_path: Path) -> None:
    """Books without goals give an empty tree and a reason."""
    data = small_company.tables()
    del data["goals"]
    books = open_books(small_company.write(tmp_path, data))

    assert alignment.goal_tree(books).table.empty
    assert "none, because" in alignment.goal_attainment(books, "A", "2025-03").text


def test_shares_of_the_company_add_up(books: Books) -> None:
    """The ends of the shipped company's tree share out the whole, and what is missing adds up to the top's
    gap.
    """
    table = alignment.goal_attainment(books, "NORTH", "2025-YTD").table
    ends = table[~table["goal"].isin(table["parent"].dropna())]

    assert ends["share"].sum() == pytest.approx(1)
    top = table[table["depth"] == 0]["attainment"].iloc[0]
    inner = table[table["depth"] == 1]
    assert top == pytest.approx(np.average(inner["attainment"], weights=inner["weight"]))


# --- KPIs that pull apart --------------------------------------------------------------------------


def compare(one: Any, other: Any) -> dict[str, Any]:
    """Two series of months, compared."""
    months = pd.period_range("2023-01", periods=len(one), freq="M")
    return alignment._compare(pd.Series(one, months), pd.Series(other, months), "")


def test_noise_is_seldom_called_a_quarrel() -> None:
    """Independent series, trending ones among them, are seldom called opposed."""
    chance = np.random.default_rng(5)
    plain = [compare(*chance.standard_normal((2, 36)))["against"] for _ in range(300)]
    walks = [compare(*chance.standard_normal((2, 36)).cumsum(axis=1))["against"] for _ in range(300)]

    assert np.mean(plain) < 0.05
    assert np.mean(walks) < 0.18


def test_a_shift_in_opposite_directions_is_found() -> None:
    """One KPI rises and the other falls from the same month on, under noise: mostly found."""
    chance = np.random.default_rng(6)
    step = np.repeat([0.0, 4.0], [17, 19])
    found = [compare(step + noise, -step + other)["against"]
             for noise, other in (chance.standard_normal((2, 36)) for _ in range(100))]  # fmt: skip

    assert np.mean(found) >= 0.7


@pytest.mark.parametrize("unit", ["NORTH", "SOUTH", "EAST", "WEST"])
def test_the_planted_quarrel_is_found_where_it_is(books: Books, unit: str) -> None:
    """Cheap brass at South: purchasing's price against quality's scrap. The other plants have no such
    quarrel.
    """
    table = alignment.pulls(books, unit, "latest-closed").table
    row = table[(table["kpi"] == "material_price_variance") & (table["other"] == "scrap_rate")].iloc[0]

    assert bool(row["against"]) == (unit == "SOUTH")
    if unit == "SOUTH":
        assert (row["owner"], row["other_owner"]) == ("Purchasing", "Quality")
        assert table.iloc[0]["kpi"] == "material_price_variance"


def test_a_pair_without_months_has_a_reason(books: Books) -> None:
    """A head office makes nothing and sells nothing: each pair is none, because."""
    table = alignment.pulls(books, "HQ", "latest-closed").table

    assert table["against"].isna().all() and (table["reason"] != "").all()
