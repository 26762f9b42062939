"""Units as one: what is between sisters is taken out above them, and what belongs to others is shown."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import small_company
from hypothesis import given, settings
from hypothesis import strategies as st

from finops_toolkit.books import Books, open_books
from finops_toolkit.books.consolidation import belonging_to_others, roll_up, taken_out
from finops_toolkit.books.finding import Finding
from finops_toolkit.books.panel_file import panel_from_bytes, panel_to_bytes

MONEY = 10_000
LINES = {"1": "receivables", "2": "payables", "3": "cash", "4": "revenue", "5": "cogs", "8": "equity"}
TREE = (
    ("TOP", "", ""),
    ("NORTH", "TOP", ""),
    ("N1", "NORTH", "0.8"),
    ("N2", "NORTH", ""),
    ("SOUTH", "TOP", "0.6"),
)

# N1 sells to N2 for 100 in January and to SOUTH for 40 in February; N2 says it bought for 90 only.
SALES = [
    ("a", "2025-01-10", "1", "N1", "100", "N2"),
    ("a", "2025-01-10", "4", "N1", "-100", "N2"),
    ("b", "2025-01-11", "5", "N2", "90", "N1"),
    ("b", "2025-01-11", "2", "N2", "-90", "N1"),
    ("c", "2025-02-10", "1", "N1", "40", "SOUTH"),
    ("c", "2025-02-10", "4", "N1", "-40", "SOUTH"),
    ("d", "2025-02-11", "5", "SOUTH", "40", "N1"),
    ("d", "2025-02-11", "2", "SOUTH", "-40", "N1"),
    ("e", "2025-01-15", "3", "N1", "500", ""),
    ("e", "2025-01-15", "4", "N1", "-500", ""),
    ("f", "2025-02-15", "3", "SOUTH", "70", ""),
    ("f", "2025-02-15", "4", "SOUTH", "-70", ""),
]


def group(folder: Path, rows=SALES, tree=TREE, more: str = "") -> Books:
    """A group of units with these journal rows: entry, date, account, unit, amount, partner."""
    data: small_company.Tables = {
        "units": [
            {"unit": unit, "name": unit, "parent": parent, "currency": "EUR", "ownership": share}
            for unit, parent, share in tree
        ],
        "accounts": [{"account": account, "name": line, "line": line} for account, line in LINES.items()],
        "journal": [
            {
                "entry": entry,
                "line": str(number),
                "posted": posted,
                "account": account,
                "unit": unit,
                "amount": amount,
                "partner": partner,
            }
            for number, (entry, posted, account, unit, amount, partner) in enumerate(rows)
        ],
    }
    text = f'name = "Group"\ncurrency = "EUR"\nclosed_through = "2025-02"\n{more}'
    return open_books(small_company.write(folder, data, books=text))


@pytest.fixture(scope="module")
def books(tmp_path_factory) -> Books:
    """The group above."""
    return group(tmp_path_factory.mktemp("group"))


def money(books: Books, measure: str, unit: str) -> list[float]:
    """A measure by month, in plain units."""
    return [amount / MONEY for amount in books.panel().series(measure, unit).tolist()]


def finding(books: Books, rule: str) -> list[Finding]:
    """The findings of a rule."""
    return [found for found in books.findings() if found.rule == rule]


def test_what_is_between_sisters_is_not_in_those_above_both(books: Books) -> None:
    """N1 → N2 goes from NORTH up, N1 → SOUTH at the top alone; units keep what they booked."""
    assert money(books, "revenue", "N1") == [600, 40]
    assert money(books, "revenue", "NORTH") == [500, 40]
    assert money(books, "revenue", "TOP") == [500, 70]
    assert money(books, "cogs", "N2") == [90, 0]
    assert money(books, "cogs", "NORTH") == [0, 0]
    assert money(books, "cogs", "TOP") == [0, 0]


def test_balances_are_taken_out_as_they_stand(books: Books) -> None:
    """The receivable is taken out in every month after it arose, too."""
    assert money(books, "receivables", "N1") == [100, 140]
    assert money(books, "receivables", "NORTH") == [0, 40]
    assert money(books, "payables", "TOP") == [0, 0]
    assert money(books, "receivables", "TOP") == [0, 0]


def test_what_each_booked_is_still_its_own(books: Books) -> None:
    """`own` gives what was booked on a unit: nothing on those that only add up."""
    own = dict(zip(books.panel().units, books.panel().own("revenue").tolist(), strict=True))
    assert own["TOP"] == own["NORTH"] == [0, 0]
    assert own["N1"] == [600 * MONEY, 40 * MONEY]


def test_sisters_that_do_not_agree_are_named(books: Books) -> None:
    """N2 says 90 where N1 says 100: 10 of result in January, and 10 of balances from then on."""
    (found,) = finding(books, "sisters_agree")
    assert found.level == "difference" and found.amount == 20 * MONEY
    rows = found.rows.to_dict("records")
    assert {(row["unit"], row["sister"], row["month"], row["of"], row["difference"]) for row in rows} == {
        ("N1", "N2", "2025-01", "result", -10.0),
        ("N1", "N2", "2025-01", "balances", 10.0),
        ("N1", "N2", "2025-02", "balances", 10.0),
    }
    (note,) = finding(books, "eliminated")
    assert note.amount == 140 * MONEY and "140.00" in note.text


def test_others_have_their_share(books: Books) -> None:
    """Of N1 others own 20 %: 120 of January's 600 in NORTH. The top has that too, and 40 % of SOUTH."""
    assert money(books, "minority_result", "NORTH") == [0.2 * 600, 0.2 * 40]
    assert money(books, "minority_result", "TOP") == [0.2 * 600, 0.2 * 40 + 0.4 * 30]
    assert money(books, "minority_result", "N1") == [0, 0]
    assert money(books, "minority_equity", "TOP") == [0.2 * 600, 0.2 * 640 + 0.4 * 30]


def test_proportional_units_enter_by_their_share(tmp_path: Path) -> None:
    """N1 enters by 80 %: of its revenue of 600, 480, of which 80 are N2's in full; SOUTH by 60 %."""
    books = group(tmp_path, more='consolidation = "proportional"\n')
    assert money(books, "revenue", "N1") == [600, 40]
    assert money(books, "revenue", "NORTH") == [400, 32]
    # 32 of NORTH and 42 of SOUTH, less what is owned of both: 40 × 0.8 × 0.6.
    assert money(books, "revenue", "TOP") == [400, 32 + 42 - 19.2]
    own = dict(zip(books.panel().units, books.panel().own("revenue").tolist(), strict=True))
    assert own["TOP"] == own["NORTH"] == [0, 0] and own["SOUTH"] == [0, 70 * MONEY]
    assert "minority_result" in books.panel().missing


def test_without_sisters_nothing_changes(tmp_path: Path, books: Books) -> None:
    """The same rows without names of sisters are plain sums, and nothing is said."""
    plain = group(tmp_path, [(*row[:5], "") for row in SALES])
    panel = plain.panel()
    for name, measure in panel.measures.items():
        if measure.source == "ledger" and not name.startswith("minority"):
            leaves = sum(panel.series(name, unit) for unit in ("N1", "N2", "SOUTH"))
            assert (panel.series(name, "TOP") == leaves).all()
            for unit in ("N1", "N2", "SOUTH"):
                assert (panel.series(name, unit) == books.panel().series(name, unit)).all()
    assert not finding(plain, "eliminated") and not finding(plain, "sisters_agree")


def test_the_order_of_units_does_not_matter(tmp_path: Path, books: Books) -> None:
    """However the table units is sorted, each unit has the same figures."""
    for number, order in enumerate(itertools.islice(itertools.permutations(TREE), 7, 120, 41)):
        again = group(tmp_path / str(number), tree=order).panel()
        for unit in books.panel().units:
            for name in ("revenue", "receivables", "minority_result", "minority_equity"):
                assert (again.series(name, unit) == books.panel().series(name, unit)).all()


def test_a_sister_in_another_currency(tmp_path: Path) -> None:
    """What is between sisters is taken out in the books' currency, and the top's balance sheet closes."""
    rows = [row for row in SALES if row[0] not in ("a", "b")]
    data_rates = {"2025-01": ("2", "2"), "2025-02": ("2", "2.5")}
    folder = tmp_path / "two"
    group(folder, rows)
    units = (folder / "units.csv").read_text().replace("SOUTH,SOUTH,TOP,EUR", "SOUTH,SOUTH,TOP,GBP")
    (folder / "units.csv").write_text(units)
    lines = ["currency,month,average,closing", *(f"GBP,{m},{a},{c}" for m, (a, c) in data_rates.items())]
    (folder / "rates.csv").write_text("\n".join(lines) + "\n")
    (folder / "books.toml").write_text((folder / "books.toml").read_text() + "translate = true\n")
    books = open_books(folder)
    assert money(books, "revenue", "TOP") == [500, 140]
    assert money(books, "payables", "TOP") == [0, 0] and money(books, "payables", "SOUTH") == [0, 100]
    panel = books.panel()
    sources = ("payables", "equity", "profit_to_date", "translation_difference")
    gap = {
        unit: sum(panel.series(name, unit) for name in ("cash", "receivables"))
        - sum(panel.series(name, unit) for name in sources)
        for unit in panel.units
    }
    assert not gap["SOUTH"].any() and not gap["NORTH"].any()
    # N1 claims 40 euros, SOUTH owes 40 pounds: the pair is said not to agree, by its money.
    assert finding(books, "sisters_agree")


def test_a_panel_keeps_what_was_taken_out(books: Books) -> None:
    """Written to bytes and read back, `own` is the same."""
    again = panel_from_bytes(panel_to_bytes(books.facts.panel))
    assert (again.own("revenue") == books.panel().own("revenue")).all()
    assert (again.matrix("revenue") == books.panel().matrix("revenue")).all()


trees = st.lists(st.integers(0, 100), min_size=1, max_size=7)


@settings(max_examples=80, deadline=None)
@given(
    trees,
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(-999, 999)), max_size=8),
    st.data(),
)
def test_above_is_what_comes_from_outside(numbers, deals, data) -> None:
    """In any tree: a unit's figure is all that is booked below it, less what both sides of are below it."""
    parents = {"0": None} | {str(n + 1): str(number % (n + 1)) for n, number in enumerate(numbers)}
    order = {unit: place for place, unit in enumerate(_preorder(parents))}
    parents = {unit: parents[unit] for unit in order}
    own = np.array([[data.draw(st.integers(-(10**9), 10**9))] for _ in parents], dtype="int64")
    names = list(parents)
    pairs, amounts = [], []
    for one, other, amount in deals:
        unit, partner = names[one % len(names)], names[other % len(names)]
        if unit != partner and f"{unit}\x1f{partner}" not in pairs:
            pairs.append(f"{unit}\x1f{partner}")
            amounts.append([amount])
    between = np.array(amounts, dtype="int64").reshape(len(pairs), 1)
    total = roll_up(parents, own - taken_out(parents, pairs, between, {}), {})
    for place, unit in enumerate(names):
        below = {one for one in names if unit in _above(parents, one)}
        booked = sum(int(own[names.index(one), 0]) for one in below)
        inside = sum(
            int(amount[0])
            for pair, amount in zip(pairs, amounts, strict=True)
            if set(pair.split("\x1f")) <= below
        )
        assert total[place, 0] == booked - inside


@settings(max_examples=60, deadline=None)
@given(trees, st.data())
def test_shares_multiply_down_the_chain(numbers, data) -> None:
    """What belongs to others is Σ own × (1 − product of the shares up to the unit), rounded once."""
    parents = {"0": None} | {str(n + 1): str(number % (n + 1)) for n, number in enumerate(numbers)}
    parents = {unit: parents[unit] for unit in _preorder(parents)}
    shares = {unit: data.draw(st.integers(0, 10**8)) for unit in parents if parents[unit] is not None}
    own = np.array([[data.draw(st.integers(-(10**9), 10**9))] for _ in parents], dtype="int64")
    others = belonging_to_others(parents, roll_up(parents, own, {}), shares)
    names = list(parents)
    for place, unit in enumerate(names):
        expected = Fraction(0)
        for row, one in enumerate(names):
            chain = _above(parents, one)
            if unit in chain:
                share = Fraction(1)
                for step in chain[: chain.index(unit)]:
                    share *= Fraction(shares[step], 10**8)
                expected += int(own[row, 0]) * (1 - share)
        assert others[place, 0] == round(expected)


def _above(parents: dict[str, str | None], unit: str) -> list[str]:
    chain = [unit]
    while parents[chain[-1]] is not None:
        chain.append(str(parents[chain[-1]]))
    return chain


def _preorder(parents: dict[str, str | None], top: str | None = None) -> list[str]:
    """Parents before children, each with all below it."""
    return [one for unit in parents if parents[unit] == top for one in (unit, *_preorder(parents, unit))]
