"""What a notebook reads through the books: units, calendar, bounded rows, exact sums; each read recorded."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import small_company
from small_company import Row

from finops_toolkit.books import Books, open_books
from finops_toolkit.errors import UsageError

DEC, JAN, FEB, MAR = (2024 * 12 + 11 + step for step in range(4))


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """The small company."""
    return open_books(small_company.write(tmp_path_factory.mktemp("small"), kind="parquet"))


def journal(**wanted: str) -> list[Row]:
    """Rows of the small company's journal, taken without the books."""
    rows = small_company.tables()["journal"]
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def exact(rows: list[Row]) -> int:
    """Their amount in ten-thousandths."""
    return int(sum(Decimal(row["amount"]) for row in rows) * 10_000)


# --- units and calendar --------------------------------------------------------------------------


def test_the_books_say_who_and_when(books: Books) -> None:
    """Name, currency and calendar come from books.toml; the first month is not that of the opening entry."""
    assert (books.name, books.currency, books.fiscal_start) == ("Small Company", "EUR", 1)
    assert (books.first, books.closed) == (JAN, MAR)
    assert books.missing == ["balances"]
    assert books.units.unit.tolist() == ["CO", "A", "B"] and books.units.depth.tolist() == [0, 1, 1]


@pytest.mark.parametrize("text", ["A", "a", " A ", "Plant Aachen", "plant aachen"])
def test_a_unit_by_id_or_name(books: Books, text: str) -> None:
    """A unit may be given by its id or its name, in any case."""
    assert books.unit(text) == "A"


def test_an_unknown_unit(books: Books) -> None:
    """A misspelt unit is wrong usage: the message has the likeliest and all of them."""
    with pytest.raises(UsageError) as caught:
        books.unit("Plant Achen")
    assert "Did you mean Plant Aachen?" in str(caught.value) and "CO, A, B" in str(caught.value)


def test_a_name_that_two_units_have(tmp_path: Path) -> None:
    """A name of two units is not taken for one of them; an id goes before a name and before another case."""
    rows = [
        {"unit": unit, "name": name, "parent": parent, "currency": "EUR"}
        for unit, name, parent in [
            ("T", "Top", ""),
            ("A", "Plant", "T"),
            ("a", "Plant", "T"),
            ("P", "A", "T"),
        ]
    ]
    books = open_books(small_company.write(tmp_path, {"units": rows}))
    assert (books.unit("A"), books.unit("a"), books.unit("top")) == ("A", "a", "T")
    with pytest.raises(UsageError, match="Give one of A, a"):
        books.unit("plant")


def _tree(tmp_path: Path, *units: tuple[str, str]) -> Books:
    rows = [{"unit": u, "name": u.title(), "parent": p, "currency": "EUR"} for u, p in units]
    data = {"units": rows, "meetings": [
        {"meeting": u, "unit": u, "kind": "x", "date": "2025-01-01", "held": "true"} for u, _ in units
    ]}  # fmt: skip
    return open_books(small_company.write(tmp_path, data))


def test_the_tree_of_units(tmp_path: Path) -> None:
    """Units come in tree order whatever their order in the file; a unit's scope is it and all below it."""
    books = _tree(tmp_path, ("c", "b"), ("x", "t"), ("b", "a"), ("a", "t"), ("t", ""), ("y", "t"))
    assert books.units.unit.tolist() == ["t", "x", "a", "b", "c", "y"]
    assert books.units.depth.tolist() == [0, 1, 1, 2, 3, 1]
    assert books.below("a") == ["a", "b", "c"] and books.below("t") == books.units.unit.tolist()
    assert books.panel().matrix("meetings_held")[:, 0].tolist() == [
        n * 10_000 for n in (6, 1, 3, 2, 1, 1)
    ]  # fmt: skip


def test_several_roots_get_a_total(tmp_path: Path) -> None:
    """Units without a common parent get one, so that there is a whole; a unit called TOTAL keeps its name."""
    books = _tree(tmp_path / "one", ("n", ""), ("s", ""), ("s1", "s"))
    assert books.units.unit.tolist() == ["TOTAL", "n", "s", "s1"]
    assert books.panel().matrix("meetings_held")[0, 0] == 30_000
    assert len(books.rows("meetings", unit="TOTAL")) == 3
    books = _tree(tmp_path / "two", ("TOTAL", ""), ("s", ""))
    assert books.units.unit.tolist() == ["TOTAL OF ALL", "TOTAL", "s"]
    assert books.panel().matrix("meetings_held")[:, 0].tolist() == [20_000, 10_000, 10_000]


def test_without_a_table_of_units(tmp_path: Path) -> None:
    """Books without units have those that their rows name."""
    data = {name: small_company.tables()[name] for name in ("journal", "accounts", "stock")}
    books = open_books(small_company.write(tmp_path, data))
    assert books.units.unit.tolist() == ["TOTAL", "A", "B"]
    assert books.panel().matrix("revenue")[:, 1].tolist() == [5_600_000, 5_600_000, 0]
    assert books.unit("a") == "A" and books.currency == "EUR"


def test_periods_outside_the_books(books: Books) -> None:
    """A period the books do not hold whole is wrong usage; the message says from when to when they run."""
    assert books.period("latest-closed").last == MAR
    assert books.period("2025-Q1").months == [JAN, FEB, MAR]
    assert books.period("2025-YTD").months == [JAN, FEB, MAR]
    for text in ("2024-12", "2025-04", "2025", "2025-Q2", "2025-03-R12", "FY2025", "1999-01"):
        with pytest.raises(UsageError, match="from 2025-01 and are closed to 2025-03"):
            books.period(text)
    with pytest.raises(UsageError, match="not understood"):
        books.period("March")


@pytest.mark.parametrize(
    ("extra", "closed"), [(0, MAR), (1, MAR), (40, MAR + 1)], ids=["no more", "a stub", "a full month"]
)
def test_the_last_closed_month_is_found(tmp_path: Path, extra: int, closed: int) -> None:
    """Where nobody says it, the last closed month is the last of the ledger that is no stub, and is over."""
    data = {
        name: small_company.tables()[name] for name in ("units", "accounts", "journal", "budget", "products")
    }
    data["journal"] += [
        {"entry": f"F{n}", "line": str(line), "posted": "2025-04-28", "account": account, "unit": "A",
         "amount": amount, "kind": "", "department": ""}
        for n in range(extra)
        for line, account, amount in [(1, "1000", "5"), (2, "4900", "-5")]
    ]  # fmt: skip
    books = open_books(small_company.write(tmp_path, data, books=None))
    assert books.closed == closed
    notes = [finding for finding in books.findings() if finding.rule == "after_close"]
    assert [finding.count for finding in notes] == ([2] if extra == 1 else [])


def test_a_budget_closes_no_month(tmp_path: Path) -> None:
    """Without a ledger the last month with something that happened is closed, not the budget's last."""
    data = {name: small_company.tables()[name] for name in ("units", "accounts", "deliveries", "budget")}
    assert open_books(small_company.write(tmp_path, data, books=None)).closed == MAR


# --- rows ----------------------------------------------------------------------------------------


def test_rows_of_a_unit_and_a_period(books: Books) -> None:
    """Rows come for a unit with those below it and no other's, within the period, ordered by key."""
    frame = books.rows("journal", unit="B", period="2025-01")
    expected = [row for row in journal(unit="B") if row["posted"].startswith("2025-01")]
    assert [(e, n) for e, n in zip(frame.entry, frame.line, strict=True)] == sorted(
        (row["entry"], int(row["line"])) for row in expected
    )
    assert set(frame.unit) == {"B"}
    assert frame.amount.tolist() == [60.0, 5.0, -65.0, 7.0, -7.0]
    assert len(books.rows("journal", unit="CO")) == len(books.rows("journal")) == len(journal())


@pytest.mark.parametrize("table", list(small_company.TEXT))
def test_no_other_units_rows(books: Books, table: str) -> None:
    """Whatever table is read for a unit, no row of a unit outside its branch comes along."""
    frame = books.rows(table, unit="B")
    if "unit" in frame.columns:
        rows = small_company.tables()[table]
        assert set(frame.unit) <= {"B"}
        assert len(frame) == sum(row["unit"] == "B" for row in rows)


def test_rows_ordered_chosen_and_limited(books: Books) -> None:
    """Rows may be filtered, ordered either way, limited, and reduced to some columns."""
    frame = books.rows(
        "invoices",
        where={"customer": ["C1", "C2"]},
        order=["-amount"],
        columns=["invoice", "amount"],
        limit=3,
    )
    assert frame.to_dict("list") == {"invoice": ["I1", "I2", "I4"], "amount": [666.4, 357.0, 261.8]}
    last = books.rows("invoices", order=["-paid"], limit=2)
    assert last.invoice.tolist() == ["I2", "I3"]
    assert books.rows("invoices", where={"unit": "B"}).invoice.tolist() == ["I4"]
    assert books.rows("invoices", where={"customer": "nobody"}).empty


WRONG = {
    "table": lambda books: books.rows("jurnal"),
    "absent table": lambda books: books.rows("balances"),
    "column": lambda books: books.rows("journal", columns=["total"]),
    "order": lambda books: books.rows("journal", order=["-total"]),
    "where": lambda books: books.rows("journal", where={"total": 1}),
    "value of where": lambda books: books.rows("journal", where={"amount": "a lot"}),
    "unit": lambda books: books.rows("journal", unit="X"),
    "period": lambda books: books.rows("journal", period="2031-01"),
    "by": lambda books: books.sums("journal", by=["town"], sums=["amount"]),
    "sums": lambda books: books.sums("journal", by=["unit"], sums=["total"]),
    "sums of text": lambda books: books.sums("journal", by=["unit"], sums=["account"]),
    "month of a table without one": lambda books: books.sums("products", by=["month"], sums=["list_price"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_reads(books: Books, name: str) -> None:
    """A read of something that is not there is wrong usage, and says what there is; it has no hash."""
    books.panel()
    before = list(books.reads)
    with pytest.raises(UsageError) as caught:
        WRONG[name](books)
    assert caught.value.hint
    more = [read for read in books.reads if read not in before and "table" in read.arguments]
    assert all(read.sha256.startswith("failed: ") for read in more)


# --- sums ----------------------------------------------------------------------------------------


def test_sums_are_exact(books: Books) -> None:
    """Sums are what the rows' decimals add up to, in ten-thousandths, ordered by the groups."""
    frame = books.sums("journal", by=["account", "unit"], sums=["amount"])
    groups = sorted({(row["account"], row["unit"]) for row in journal()})
    assert list(zip(frame.account, frame.unit, strict=True)) == groups
    assert frame.amount.tolist() == [exact(journal(account=a, unit=u)) for a, u in groups]
    assert frame.rows.tolist() == [len(journal(account=a, unit=u)) for a, u in groups]
    assert frame.amount.dtype == "int64"


def test_sums_by_month_within_a_scope(books: Books) -> None:
    """A sum may be by month, of a unit's branch, within a period, and of rows with a value."""
    frame = books.sums(
        "journal", by=["month"], sums=["amount"], unit="A", period="2025-Q1", where={"account": "4000"}
    )
    assert frame.month.tolist() == [JAN, FEB, MAR]
    assert frame.amount.tolist() == [-5_600_000, -2_000_000, -2_000_000]
    whole = books.sums("journal", by=[], sums=["amount"], unit="CO")
    assert whole.amount.tolist() == [exact(journal())] and whole.rows.tolist() == [len(journal())]
    assert books.sums("journal", by=["unit"], sums=["amount"], where={"account": "0"}).empty


# --- reads are recorded --------------------------------------------------------------------------


def test_reads_are_recorded(tmp_path: Path) -> None:
    """Every read is recorded with the hash of what it gave: the same for the same data, another for other."""
    data = small_company.tables()
    first = open_books(small_company.write(tmp_path / "first", data))
    second = open_books(small_company.write(tmp_path / "second", data, kind="parquet"))
    data["journal"][0]["amount"], data["journal"][6]["amount"] = "1000.0001", "-3969.0001"
    third = open_books(small_company.write(tmp_path / "third", data))
    for books in (first, second, third):
        books.panel()
        books.panel()
        books.rows("journal", unit="A", limit=5)
        books.sums("journal", by=["unit"], sums=["amount"], where={"account": "1000"})
        books.rows("products")
        books.panel().series("revenue", "A")
    names = ["source", "panel", "company", "rows", "sums", "rows", "panel"]
    assert [read.name for read in first.reads] == names
    assert first.reads[1:] == second.reads[1:] and first.reads[0] != second.reads[0]
    differ = [a.sha256 != b.sha256 for a, b in zip(first.reads[1:], third.reads[1:], strict=True)]
    assert differ == [False, False, True, True, False, True]
    again = first.rows("journal", unit="A", limit=5)
    assert len(again) == 5 and len(first.reads) == len(names)


def test_rows_without_a_unit_belong_to_the_whole(tmp_path: Path) -> None:
    """An event that names no unit counts for the company as a whole, in figures and in rows, for no plant."""
    data = {name: small_company.tables()[name] for name in ("units", "events")}
    data["events"][3]["unit"] = data["events"][4]["unit"] = ""
    books = open_books(small_company.write(tmp_path, data))
    assert books.panel().matrix("handoffs").sum(axis=1).tolist() == [30_000, 20_000, 0]
    assert books.panel().own("handoffs").sum(axis=1).tolist() == [10_000, 20_000, 0]
    assert [len(books.rows("events", unit=unit)) for unit in ("CO", "A", "B")] == [5, 3, 0]
