"""Properties of the books on made-up companies: totals are the rows' own sums, parts make the whole."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import small_company
from hypothesis import given, settings
from hypothesis import strategies as st
from small_company import Row, Tables

from finops_toolkit.books import Books, Panel, open_books
from finops_toolkit.books.exact import exact_integers
from finops_toolkit.errors import ContractError

# --- decimals to integers ------------------------------------------------------------------------

LIMIT = 2**63
WHOLE = st.integers(-LIMIT, LIMIT - 1)
NUMBERS = st.lists(st.one_of(st.none(), WHOLE, st.sampled_from([0, -1, 1, -LIMIT, LIMIT - 1])), max_size=40)


def decimals(numbers: list[int | None]) -> list[Decimal | None]:
    """Ten-thousandths as decimals."""
    return [None if n is None else Decimal(n).scaleb(-4) for n in numbers]


@given(NUMBERS, st.integers(0, 5), st.integers(1, 7))
def test_exact_integers(numbers: list[int | None], skipped: int, chunk: int) -> None:
    """Decimals become their own ten-thousandths, negative ones too; nothing becomes 0; however it is cut."""
    array = pa.array(decimals([7, *numbers]), pa.decimal128(38, 4))[1:]
    pieces = [array[n : n + chunk] for n in range(0, len(array), chunk)]
    column = pa.chunked_array(pieces, pa.decimal128(38, 4)).slice(min(skipped, len(array)))
    assert exact_integers(column).tolist() == [n or 0 for n in numbers][skipped:]


@given(st.lists(st.integers(-(2**40), 2**40), max_size=20))
def test_counts_are_scaled(numbers: list[int]) -> None:
    """Whole numbers become ten-thousandths as well."""
    assert exact_integers(pa.chunked_array([pa.array(numbers, pa.int64())])).tolist() == [
        n * 10_000 for n in numbers
    ]


@pytest.mark.parametrize("number", [LIMIT, -LIMIT - 1, 10**25, -(10**25), 10**37])
def test_what_does_not_fit_is_refused(number: int) -> None:
    """A sum beyond an int64 is refused: it never wraps around to another figure."""
    with np.errstate(all="raise"), pytest.raises(ContractError, match="922 trillion"):
        exact_integers(pa.chunked_array([pa.array(decimals([1, None, number]), pa.decimal128(38, 4))]))


# --- made-up companies ---------------------------------------------------------------------------

LINES = ("revenue", "cogs", "administration", "interest", "cash", "receivables", "payables", "equity")
DEBIT = {"revenue": -1, "payables": -1, "equity": -1}
MONTHS = [2024 * 12 + step for step in range(14)]


def made_up(random: np.random.Generator) -> Tables:
    """Units in a tree of any shape, a journal, orders and deliveries: all at random, with cents and more."""
    units = [f"u{n}" for n in range(int(random.integers(1, 9)))]
    parents = ["", *(str(random.choice([*units[:n], ""])) for n in range(1, len(units)))]

    def day() -> str:
        month = int(random.choice(MONTHS))
        return f"{month // 12:04d}-{month % 12 + 1:02d}-{int(random.integers(1, 29)):02d}"

    def number(low: int, high: int, places: int) -> str:
        return str(Decimal(int(random.integers(low, high))).scaleb(-places))

    def unit() -> str:
        return str(random.choice(units))

    # The ledger says when the books begin: the first entry is from the first day.
    journal: list[Row] = [
        {
            "entry": "first",
            "line": "1",
            "posted": "2024-01-01",
            "account": "cash",
            "unit": unit(),
            "amount": "1",
        }
    ]
    for entry in range(int(random.integers(1, 120))):
        journal += [
            {"entry": str(entry), "line": str(line), "posted": day(), "account": str(random.choice(LINES)),
             "unit": unit(), "amount": number(-(10**12), 10**12, 4)}
            for line in range(int(random.integers(1, 5)))
        ]  # fmt: skip
    deliveries = [
        {"delivery": str(n), "customer": str(random.choice(["C1", "C2", "SIS"])), "unit": unit(),
         "product": "P", "shipped": day(), "quantity": number(-20_000, 100_000, 3),
         "amount": number(-(10**7), 10**8, 2)}
        for n in range(int(random.integers(1, 150)))
    ]  # fmt: skip
    orders = [
        {"order": str(n), "line": "1", "customer": "C1", "unit": unit(), "product": "P", "ordered": day(),
         "quantity": number(1, 90_000, 3), "price": number(1, 10**7, 4), "discount": number(0, 10**8, 8)}
        for n in range(int(random.integers(1, 150)))
    ]  # fmt: skip
    return {
        "units": [
            {"unit": u, "name": u.upper(), "parent": p, "currency": "EUR"}
            for u, p in zip(units, parents, strict=True)
        ],
        "accounts": [{"account": line, "name": line, "line": line} for line in LINES],
        "journal": journal,
        "customers": small_company.tables()["customers"],
        "deliveries": deliveries,
        "orders": orders,
    }


def by_hand(rows: list[Row], date: str, column: str) -> dict[tuple[str, int], Decimal]:
    """Sums by unit and month, taken one by one."""
    sums: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for row in rows:
        month = int(row[date][:4]) * 12 + int(row[date][5:7]) - 1
        sums[row["unit"], month] += Decimal(row[column])
    return sums


def agrees(panel: Panel, measure: str, sums: dict[tuple[str, int], Decimal], closing: bool = False) -> None:
    """The panel's own figures are these sums; a balance is what they come to up to the month's end."""
    own = panel.own(measure)
    for row, unit in enumerate(panel.units):
        running = Decimal(0)
        for column, month in enumerate(panel.months):
            moved = sums.get((unit, month), Decimal(0))
            running = running + moved if closing else moved
            assert own[row, column] == running.scaleb(4), (measure, unit, month)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where made-up companies are written, one after the other."""
    return tmp_path_factory.mktemp("made-up")


def opened(place: Path, seed: int, kind: str) -> tuple[Tables, Books]:
    """A made-up company and its books."""
    data = made_up(np.random.default_rng(seed))
    folder = place / f"{seed}-{kind}"
    data_books = 'closed_through = "2025-02"\n'
    if kind == "csv":
        return data, open_books(small_company.write(folder, data, books=data_books))
    return data, open_books(small_company.write(folder, data, "parquet", books=data_books))


def check_company(place: Path, seed: int, kind: str) -> None:
    """All properties of one made-up company."""
    data, books = opened(place, seed, kind)
    panel = books.panel()
    for line in LINES:
        rows = [row for row in data["journal"] if row["account"] == line]
        sign = DEBIT.get(line, 1)
        sums = {key: sign * value for key, value in by_hand(rows, "posted", "amount").items()}
        agrees(panel, line, sums, closing=line in LINES[4:])
    sold = [row for row in data["deliveries"] if row["customer"] != "SIS"]
    agrees(panel, "delivered_amount", by_hand(sold, "shipped", "amount"))
    agrees(panel, "delivered_quantity", by_hand(sold, "shipped", "quantity"))
    _parts_make_the_whole(books, panel)
    _sums_agree_with_the_panel(books, panel, data)


def _parts_make_the_whole(books: Books, panel: Panel) -> None:
    for name, measure in panel.measures.items():
        if measure.nature == "histogram":
            continue
        matrix, own = panel.matrix(name), panel.own(name)
        for row, unit in enumerate(panel.units):
            below = [panel.index(u) for u in books.below(unit)]
            assert (matrix[row] == own[below].sum(axis=0)).all(), (name, unit)


def _sums_agree_with_the_panel(books: Books, panel: Panel, data: Tables) -> None:
    """A read for a unit is the panel's figure of that unit, and all rows are in it exactly once."""
    total = Decimal(0)
    for row, unit in enumerate(panel.units):
        frame = books.sums("deliveries", by=[], sums=["amount"], unit=unit, where={"customer": ["C1", "C2"]})
        assert frame.amount.sum() == panel.matrix("delivered_amount")[row].sum()
        if panel.parents[unit] is None:
            total += Decimal(int(books.sums("journal", by=[], sums=["amount"], unit=unit).amount.sum()))
    assert total == sum(Decimal(entry["amount"]) for entry in data["journal"]) * 10_000


@settings(max_examples=3)
@given(seed=st.integers(0, 10**6), kind=st.sampled_from(["csv", "parquet"]))
def test_made_up_companies(place: Path, seed: int, kind: str) -> None:
    """Whatever the tree and the amounts: the panel's figures are the plain sums of the rows, and roll up."""
    check_company(place, seed, kind)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(60))
def test_many_made_up_companies(place: Path, seed: int) -> None:
    """As above, many times."""
    check_company(place, 2_000_000 + seed, "csv" if seed % 2 else "parquet")


def test_the_order_of_rows_makes_no_difference(place: Path) -> None:
    """Files with the same rows in another order give the same figures to the last digit."""
    data = made_up(np.random.default_rng(3))
    panels = []
    for turn in range(2):
        shuffled = {name: rows if turn == 0 else rows[::-1] for name, rows in data.items()}
        shuffled["units"] = data["units"]
        folder = small_company.write(place / f"order-{turn}", shuffled, books='closed_through = "2025-02"\n')
        panels.append(open_books(folder).panel())
    for name in panels[0].measures:
        assert (panels[0].matrix(name) == panels[1].matrix(name)).all(), name
