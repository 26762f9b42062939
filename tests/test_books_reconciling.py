"""Reconciliation: a difference put into the data comes out to the cent, by month and unit; nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import small_company
from small_company import Row, Tables

from finops_toolkit.books import Books, Finding, open_books
from finops_toolkit.periods import month_text

JAN, FEB, MAR = (2025 * 12 + step for step in range(3))
PAIRS = ("revenue", "cost of sales", "receivables", "payables", "inventory")


# The tables that take part in one reconciliation or another.
SALES = ("units", "customers", "suppliers", "orders", "deliveries", "invoices", "bills")
STOCK = ("production", "purchases", "consumption", "stock", "products")
LEDGERS = {
    name: rows
    for name, rows in small_company.tables().items()
    if name in (*SALES, "accounts", "journal", *STOCK)
}


def ledgers() -> Tables:
    """A fresh copy of the tables behind the pairs."""
    return {name: rows for name, rows in small_company.tables().items() if name in LEDGERS}


def pairs() -> Tables:
    """Without orders, production and what else takes part only in the balance of units."""
    left_out = ("orders", "production", "purchases", "consumption", "products")
    return {name: rows for name, rows in ledgers().items() if name not in left_out}


def units_in_stock() -> Tables:
    """The tables of the balance of units."""
    return {name: rows for name, rows in ledgers().items() if name in ("units", "deliveries", *STOCK)}


def books_of(folder: Path, data: Tables) -> Books:
    """The books of some tables, once they are on disk."""
    return open_books(small_company.write(folder, data))


def findings(books: Books) -> dict[tuple[str, str], Finding]:
    """Findings by table and rule."""
    return {(finding.table, finding.rule): finding for finding in books.findings()}


def differences(books: Books) -> dict[tuple[str, str, str], int]:
    """Where a pair differs: by pair, unit and month."""
    table = books.reconciliation()
    off = table[table.difference != 0]
    return {
        (row.pair, row.unit, month_text(row.month)): row.difference for row in off.itertuples(index=False)
    }


def test_the_two_sides_are_shown(tmp_path: Path) -> None:
    """Every pair is there with both sides by unit and month, and the difference is one less the other."""
    table = books_of(tmp_path, pairs()).reconciliation()
    assert tuple(dict.fromkeys(table.pair)) == PAIRS
    assert (table.difference == table.ledger - table.subledger).all() and not table.difference.any()
    sold = table[(table.pair == "revenue") & (table.unit == "A")]
    assert sold.month.tolist() == [JAN, FEB, MAR]
    assert sold.ledger.tolist() == sold.subledger.tolist() == [5_600_000, 2_000_000, 2_000_000]
    assert set(table.unit) == {"A", "B"}  # where it was booked: not the head company


def change(table: str, row: int, **values: str) -> Callable[[Tables], None]:
    """Change one row."""
    return lambda data: data[table][row].update(values)


# what is changed → the differences it makes (ledger less subledger), and the finding's amount
INJECTED: dict[str, tuple[Callable[[Tables], None], dict[tuple[str, str, str], float], float]] = {
    "a delivery worth a cent more": (
        change("deliveries", 3, amount="300.01"), {("revenue", "A", "2025-02"): -0.01}, -0.01,
    ),
    "a delivery in another month": (
        change("deliveries", 2, shipped="2025-02-01"),
        {("revenue", "A", "2025-01"): 200, ("revenue", "A", "2025-02"): -200,
         ("cost of sales", "A", "2025-01"): 120, ("cost of sales", "A", "2025-02"): -120}, 0,
    ),
    "a delivery in another unit": (
        change("deliveries", 6, unit="A"),
        {("revenue", "A", "2025-03"): -220, ("revenue", "B", "2025-03"): 220,
         ("cost of sales", "A", "2025-03"): -120, ("cost of sales", "B", "2025-03"): 120}, 0,
    ),
    "a sister's delivery booked as a sale": (
        lambda data: data["deliveries"][5].update(customer="C2"),
        {("revenue", "A", "2025-01"): -65, ("cost of sales", "A", "2025-01"): -60}, -65,
    ),
    "an invoice paid and not booked": (
        change("invoices", 4, paid="2025-03-31"), {("receivables", "B", "2025-03"): 261.8}, 261.8,
    ),
    "an invoice that is still open": (
        change("invoices", 1, paid=""),
        {("receivables", "A", "2025-02"): -666.4, ("receivables", "A", "2025-03"): -666.4}, -666.4,
    ),
    "a bill too many": (
        lambda data: data["bills"].append(
            {"bill": "V9", "supplier": "S1", "unit": "B", "issued": "2025-02-01", "due": "2025-03-01",
             "paid": "", "amount": "0.07", "tax": "0"}),
        {("payables", "B", "2025-02"): -0.07, ("payables", "B", "2025-03"): -0.07}, -0.07,
    ),
    "stock counted too high once": (
        change("stock", 3, value="610.00"), {("inventory", "A", "2025-02"): -10}, 0,
    ),
}  # fmt: skip
RULE = {"revenue": "revenue", "receivables": "receivables", "payables": "payables", "inventory": "inventory"}


@pytest.mark.parametrize("name", INJECTED)
def test_injected_difference(tmp_path: Path, name: str) -> None:
    """What was put in comes out in that unit and month and nowhere else, and the finding says how much."""
    inject, expected, amount = INJECTED[name]
    data = pairs()
    inject(data)
    books = books_of(tmp_path, data)
    assert differences(books) == {key: round(value * 10_000) for key, value in expected.items()}
    pair = next(iter(expected))[0]
    finding = findings(books)["ledger", f"{pair}_agree"]
    assert finding.level == "difference"
    assert finding.count == sum(key[0] == pair for key in expected)
    assert finding.amount == round(amount * 10_000)
    shown = {(row.unit, row.month): row.difference for row in finding.rows.itertuples(index=False)}
    assert shown == pytest.approx({key[1:]: value for key, value in expected.items() if key[0] == pair})


def test_a_pair_needs_both_sides(tmp_path: Path) -> None:
    """Where a book is missing, its pair is not compared: nothing is agreed by having nothing."""
    data = pairs()
    del data["stock"], data["bills"]
    books = books_of(tmp_path, data)
    assert set(books.reconciliation().pair) == {"revenue", "cost of sales", "receivables"}
    assert books.findings() == []


def test_without_any_pair(tmp_path: Path) -> None:
    """Without a ledger there is nothing to compare, and the table is there with its columns."""
    data = {name: small_company.tables()[name] for name in ("units", "orders", "products", "customers")}
    table = books_of(tmp_path, data).reconciliation()
    assert table.empty
    assert table.columns.tolist() == ["pair", "unit", "month", "ledger", "subledger", "difference"]


def test_entries_balance_within_a_unit(tmp_path: Path) -> None:
    """An entry that balances only over two units leaves each with a hole, and is found as two halves."""
    data = {name: pairs()[name] for name in ("units", "accounts", "journal")}
    row = next(row for row in data["journal"] if (row["entry"], row["line"]) == ("E07", "2"))
    row["unit"] = "B"
    finding = findings(books_of(tmp_path, data))["journal", "entry_balances"]
    assert (finding.count, finding.amount) == (2, 2_400_000)
    assert finding.rows.entry.tolist() == ["E07", "E07"] and finding.rows.unit.tolist() == ["A", "B"]


def test_head_counts_are_no_money(tmp_path: Path) -> None:
    """Statistical accounts stand on one side only; their entries are not out of balance."""
    data = pairs()
    assert any(row["account"] == "9000" for row in data["journal"])
    assert ("journal", "entry_balances") not in findings(books_of(tmp_path, data))


def test_balance_sheet(tmp_path: Path) -> None:
    """Every unit's balance sheet balances every month; where an entry does not, from then on it does not."""
    data = {name: pairs()[name] for name in ("units", "accounts", "journal")}
    row = next(row for row in data["journal"] if (row["entry"], row["line"]) == ("E18", "6"))
    row["amount"] = "-109.99"
    found = findings(books_of(tmp_path, data))
    assert found["journal", "entry_balances"].amount == 100
    sheet = found["ledger", "balance_sheet"]
    # February and March, and April, which the budget adds to the panel, is not looked at.
    assert (sheet.count, sheet.amount) == (2, 100)
    assert sheet.rows.unit.tolist() == ["A", "A"] and sheet.rows.month.tolist() == ["2025-02", "2025-03"]


# --- units in stock ------------------------------------------------------------------------------


def stock(data: Tables, product: str, unit: str, date: str) -> Row:
    """A snapshot."""
    return next(r for r in data["stock"] if (r["product"], r["unit"], r["date"]) == (product, unit, date))


def test_units_lost(tmp_path: Path) -> None:
    """Opening + made + bought − shipped − used + adjusted = closing: a lost unit is found where it went."""
    data = units_in_stock()
    snapshot = stock(data, "M", "A", "2025-02-28")
    snapshot["quantity"] = "72"  # one kilo less than there should be; it is back in March
    finding = findings(books_of(tmp_path, data))["stock", "units_balance"]
    assert finding.count == 2
    shown = finding.rows[["product", "unit", "month", "gap"]].values.tolist()
    assert shown == [["M", "A", "2025-02", 1.0], ["M", "A", "2025-03", -1.0]]


@pytest.mark.parametrize(
    ("table", "row", "values", "gap"),
    [
        ("deliveries", 5, {"quantity": "2"}, ("P", "A", "2025-01", -1.0)),
        ("production", 1, {"good": "3", "first_pass_good": "3"}, ("P", "A", "2025-02", -1.0)),
        ("purchases", 0, {"rejected_quantity": "3"}, ("M", "A", "2025-01", 1.0)),
        ("consumption", 2, {"actual_quantity": "23"}, ("M", "A", "2025-02", 1.0)),
        ("stock", 4, {"adjustment": "0"}, ("P", "A", "2025-03", 1.0)),
    ],
)
def test_each_movement_counts(
    tmp_path: Path, table: str, row: int, values: Row, gap: tuple[str, str, str, float]
) -> None:
    """Each book of movements takes part: change one and the balance opens by as much, in its month."""
    data = units_in_stock()
    data[table][row] |= values
    finding = findings(books_of(tmp_path, data))["stock", "units_balance"]
    assert [tuple(r) for r in finding.rows[["product", "unit", "month", "gap"]].values.tolist()] == [gap]


@pytest.mark.parametrize("absent", ["deliveries", "production", "purchases", "consumption"])
def test_units_without_every_book(tmp_path: Path, absent: str) -> None:
    """Where a book of movements is missing, no difference is made up of what is only not known."""
    data = units_in_stock()
    del data[absent]
    found = findings(books_of(tmp_path, data))
    finding = found.get(("stock", "units_balance"))
    assert finding is None or finding.level == "note", finding and finding.rows


def test_a_snapshot_that_is_not_there(tmp_path: Path) -> None:
    """A month without a snapshot counts as no stock: it is said for the unit, the money and the units."""
    data = pairs()
    data["stock"] = [row for row in data["stock"] if (row["unit"], row["date"]) != ("B", "2025-02-28")]
    books = books_of(tmp_path, data)
    found = findings(books)
    assert found["stock", "snapshot_missing"].count == 1
    assert found["stock", "snapshot_missing"].rows.values.tolist() == [["B", "2025-02"]]
    assert differences(books) == {("inventory", "B", "2025-02"): 3_000_000}


# --- what is not there ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "date", "month"),
    [("journal", "posted", "2025-02"), ("deliveries", "shipped", "2025-03"), ("orders", "ordered", "2025-02"),
     ("invoices", "issued", "2025-01"), ("stock", "date", "2025-03")],
)  # fmt: skip
def test_months_that_are_missing(tmp_path: Path, table: str, date: str, month: str) -> None:
    """A book that ends early, or has a hole, says so: no pair of totals shows it."""
    data = {name: ledgers()[name] for name in {"units", "accounts", "journal", table}}
    data[table] = [row for row in data[table] if not row[date].startswith(month)]
    finding = findings(books_of(tmp_path, data))[table, "months_missing"]
    assert (finding.level, finding.count, finding.rows.month.tolist()) == ("difference", 1, [month])


def test_rows_after_the_close(tmp_path: Path) -> None:
    """Rows after the last closed month are in no report: one note says how many, of which tables."""
    data = {name: LEDGERS[name] for name in ("units", "accounts", "journal", "deliveries", "invoices")}
    folder = small_company.write(tmp_path, data, books='closed_through = "2025-02"\n')
    note = findings(open_books(folder))["books", "after_close"]
    late = len([row for row in data["journal"] if row["posted"] > "2025-02-28"])
    assert (note.level, note.count) == ("note", late + 3 + 3)
    assert note.rows.values.tolist() == [
        [name, count, "2025-03", "2025-03"]
        for name, count in [("journal", late), ("deliveries", 3), ("invoices", 3)]
    ]


def test_rows_before_the_ledger(tmp_path: Path) -> None:
    """Rows from before the ledger begins are in no report, and that is said too; open invoices are in it."""
    data = {
        name: rows for name, rows in ledgers().items() if name in ("units", "accounts", "journal", "invoices")
    }
    data["deliveries"] = [row | {"shipped": "2024-11-30"} for row in ledgers()["deliveries"][:2]]
    data["deliveries"] += ledgers()["deliveries"][2:]
    data["invoices"][0]["issued"] = "2024-05-05"
    books = books_of(tmp_path, data)
    note = findings(books)["books", "before_first"]
    assert note.rows.values.tolist() == [["deliveries", 2, "2024-11", "2024-11"]]
    assert books.panel().matrix("open_invoices")[1, 0] == 1_190_000


def test_deliveries_of_orders_nobody_knows(tmp_path: Path) -> None:
    """A delivery whose order line is not there (1.0 in place of 1) would leave an order open for ever."""
    data = {name: ledgers()[name] for name in ("units", "orders", "deliveries")}
    for row in data["deliveries"][:3]:
        row["order"] += ".0"
    finding = findings(books_of(tmp_path, data))["deliveries", "order_known"]
    assert (finding.level, finding.count, finding.amount) == ("difference", 3, 5_600_000)
    assert finding.rows.delivery.tolist() == ["D1", "D2", "D3"]


# --- the journal and the balances ----------------------------------------------------------------


def balances(data: Tables) -> list[Row]:
    """Balances as another system would keep them: made here from the journal, by hand."""
    lines = {row["account"]: row["line"] for row in data["accounts"]}
    rows = []
    for account, unit in sorted({(row["account"], row["unit"]) for row in data["journal"]}):
        closing = 0.0
        mine = [row for row in data["journal"] if (row["account"], row["unit"]) == (account, unit)]
        closing = sum(float(row["amount"]) for row in mine if row["posted"] < "2025-01-01")
        for month in ("2025-01", "2025-02", "2025-03"):
            flow = sum(float(row["amount"]) for row in mine if row["posted"].startswith(month))
            closing += flow
            result = lines[account] in ("revenue", "cogs", "administration")
            rows.append(
                {"account": account, "unit": unit, "month": month, "flow": f"{flow:.2f}",
                 "closing": "" if result else f"{closing:.2f}"}
            )  # fmt: skip
    return rows


def test_balances_beside_a_journal(tmp_path: Path) -> None:
    """Where there are both, they agree; a cent between them is found, and figures come from the journal."""
    data = {name: pairs()[name] for name in ("units", "accounts", "journal")}
    data["balances"] = balances(data)
    assert ("balances", "ledgers_agree") not in findings(books_of(tmp_path / "sound", data))
    row = next(
        r for r in data["balances"] if (r["account"], r["unit"], r["month"]) == ("1000", "A", "2025-02")
    )
    row["closing"] = f"{float(row['closing']) + 0.01:.2f}"
    books = books_of(tmp_path / "off", data)
    finding = findings(books)["balances", "ledgers_agree"]
    assert (finding.count, finding.amount) == (1, 100)
    assert finding.rows[["account", "unit", "month", "difference"]].values.tolist() == [
        ["1000", "A", "2025-02", 0.01]
    ]  # fmt: skip
    assert books.panel().matrix("cash")[1, 2] == 12_654_000


def test_balances_in_place_of_a_journal(tmp_path: Path) -> None:
    """A source without entries gives the same lines and balances from its monthly ones."""
    data = pairs()
    expected = books_of(tmp_path / "journal", data).panel()
    data["balances"] = balances(data)
    del data["journal"]
    books = books_of(tmp_path / "balances", data)
    panel = books.panel()
    assert panel.months == expected.months[1:]
    for name in (
        "revenue",
        "cogs",
        "administration",
        "cash",
        "receivables",
        "inventory",
        "equity",
        "payables",
    ):
        assert (panel.matrix(name)[:, :3] == expected.matrix(name)[:, 1:4]).all(), name
    # From balances alone the first month's movement of a balance cannot be known.
    assert panel.matrix("depreciation_charge")[1, 1:3].tolist() == [200_000, 200_000]
