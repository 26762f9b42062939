"""`finops new`: from a folder of exports to a proposed adapter that opens, asks, and changes no figure."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import exports
import numpy as np
import pytest
import small_company

from finops_toolkit import cli
from finops_toolkit.books import Books, load_contract, open_books
from finops_toolkit.errors import UsageError
from finops_toolkit.mapping import blank, draft
from finops_toolkit.mapping.accounts import line_by_name
from finops_toolkit.mapping.formats import form_of
from finops_toolkit.mapping.layout import encoding_of, header_row, text_layout
from finops_toolkit.mapping.matching import assign
from finops_toolkit.mapping.words import meanings, name_score

# What every export must bring back, to the cent, for each unit and month.
FIGURES = (
    "revenue",
    "cogs",
    "administration",
    "depreciation",
    "cash",
    "receivables",
    "inventory",
    "payables",
    "equity",
    "delivered_amount",
    "delivered_cost",
    "delivered_quantity",
    "returned_amount",
    "ordered_quantity",
    "lines_due",
    "lines_ontime",
    "otif_orders",
    "order_cycle_days",
    "backlog_quantity",
    "active_customers",
)


def export(tmp_path: Path, make: Callable[[Path], None]) -> tuple[Path, Path]:
    """A folder with an export, and the folder beside it for the proposal."""
    folder = tmp_path / "from"
    folder.mkdir()
    make(folder)
    return folder, tmp_path / "books"


def small_original(tmp_path: Path, tables: tuple[str, ...]) -> Books:
    """The company itself, opened as the contract's tables: what the figures must be."""
    data = small_company.tables()
    data["journal"] = [row for row in data["journal"] if row["account"] != "9000"]
    kept = {name: data[name] for name in ("units", "accounts", *tables)}
    return open_books(small_company.write(tmp_path / "original", kept))


@pytest.mark.parametrize("make", [exports.german, exports.workbook, exports.documents, exports.database])
def test_a_foreign_export_gives_the_same_figures_without_an_edit(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    """In whatever language and kind of file: the proposal opens, and no figure is another."""
    folder, target = export(tmp_path, make)

    made = draft(target, folder)
    proposed = open_books(target, folder, strict=False)
    original = small_original(tmp_path, ("journal", "orders", "deliveries"))

    assert [str(f) for f in proposed.findings() if f.level == "error"] == []
    assert {"journal", "accounts", "orders", "deliveries"} <= set(made.proposals)
    ours, theirs = proposed.panel(), original.panel()
    months = [list(ours.months).index(month) for month in theirs.months]
    # What needs the behaviour of costs, a discount or a share that these exports do not hold cannot be the
    # same.
    held = [name for name in theirs.measures if name not in theirs.missing and name not in ours.missing]
    held = [name for name in held if name not in ("depreciation_charge", "ordered_amount")]
    assert set(FIGURES) <= set(held)
    for name in held:
        for unit in ("A", "B"):
            mine = ours.matrix(name)[ours.units.index(unit)][months]
            assert mine.tolist() == theirs.matrix(name)[theirs.units.index(unit)].tolist(), (
                f"{name} of {unit}"
            )
    # Depreciation is the movement without the opening balances, and these exports do not say which entry
    # opens the books: the month that does holds the depreciation of all years before, and no other differs.
    opening = [
        row
        for row in small_company.tables()["journal"]
        if row["kind"] == "opening" and row["account"] == "1590"
    ]
    charge = "depreciation_charge"
    for unit in ("A", "B"):
        before = -sum(Decimal(row["amount"]) for row in opening if row["unit"] == unit) * 10_000
        mine = ours.matrix(charge)[ours.units.index(unit)][months]
        its = theirs.matrix(charge)[theirs.units.index(unit)]
        assert (mine - its).tolist() == [int(before), *([0] * (len(months) - 1))]


def test_rows_of_totals_and_repeated_headers_are_left_out_and_counted(tmp_path: Path) -> None:
    """Rows read = rows used + rows left out with a reason, and the same for the money."""
    folder, target = export(tmp_path, exports.german)
    draft(target, folder)

    ties = open_books(target, folder, strict=False).opened.ties
    tie = next(tie for tie in ties if tie.table == "journal")

    accounts = {row["account"] for row in exports.company("de")["journal"]}
    assert {part.reason: part.rows for part in tie.rejected} == {
        "row of totals": len(accounts),
        "repeated header row": 2,
    }
    assert tie.rows_missing == 0
    assert tie.read == tie.used + len(accounts) + 2
    assert tie.amount_missing == 0


# --- real data, made by nobody here -------------------------------------------------------------------

# For each folder the sources that its tables must come from, as a person who read the data would say.
REAL = {
    "northwind": {
        "orders": "Order_Details",
        "deliveries": "Order_Details",
        "customers": "Customers",
        "products": "Products",
        "suppliers": "Suppliers",
    },
    "sap_bestrun": {
        "orders": "SalesOrderItems",
        "deliveries": "SalesOrderItems",
        "customers": "BusinessPartners",
        "products": "Products",
    },
    "budget_oakland": {"budget": "FY_adopted"},
    "obvience": {"customers": "Customer", "products": "Product", "suppliers": "Vendor", "units": "BU"},
}


@pytest.mark.parametrize(
    "name",
    ["sap_bestrun", *(pytest.param(one, marks=pytest.mark.prove) for one in REAL if one != "sap_bestrun")],
)
def test_real_folders_are_mapped_as_a_person_would(name: str, tmp_path: Path, shared_data: Path) -> None:
    """The tables one expects, from the files one expects, and the proposal opens without an error."""
    made = draft(tmp_path / "books", shared_data / name)

    found = {table: proposal.match.main.name for table, proposal in made.proposals.items()}
    assert {table: found.get(table) for table in REAL[name]} == REAL[name]
    books = open_books(tmp_path / "books", shared_data / name, strict=False)
    assert [str(finding) for finding in books.findings() if finding.level == "error"] == []


def test_northwinds_sales_are_those_of_its_own_database(tmp_path: Path, shared_data: Path) -> None:
    """Price × quantity × (1 − discount) of what was shipped, to the cent, computed by SQLite itself."""
    draft(tmp_path / "books", shared_data / "northwind")
    books = open_books(tmp_path / "books", shared_data / "northwind")

    with sqlite3.connect(shared_data / "northwind" / "northwind.sqlite") as store:
        rows = store.execute(
            "SELECT d.UnitPrice, d.Quantity, d.Discount FROM [Order Details] d JOIN Orders o ON o.OrderID "
            "= d.OrderID "
            "WHERE o.ShippedDate IS NOT NULL"
        ).fetchall()
    store.close()
    expected = sum(
        round(float(price) * quantity * (1 - float(discount)) * 10_000) for price, quantity, discount in rows
    )
    total = books.opened.connection.raw_sql("SELECT SUM(amount) FROM books.deliveries").fetchall()[0][0]
    assert int(total * 10_000) == expected


def test_a_statement_in_columns_gives_the_figures_of_its_adapter(tmp_path: Path, shared_data: Path) -> None:
    """Customer profitability without an edit: each account's money by unit and month, actual and budget."""
    source = shared_data / "obvience" / "customer_profitability"
    draft(tmp_path / "books", source)
    sums = (
        "SELECT account, unit, month, SUM(flow) FROM books.balances GROUP BY ALL HAVING SUM(flow) <> 0",
        "SELECT account, month, SUM(amount) FROM books.budget GROUP BY ALL HAVING SUM(amount) <> 0",
    )
    ours, known = open_books(tmp_path / "books", source), open_books("profitability", source)
    for query in sums:
        found, expected = ({(str(row[0]), *(str(cell).removeprefix("bu-") for cell in row[1:]))
                            for row in books.opened.connection.raw_sql(query).fetchall()}
                           for books in (ours, known))  # fmt: skip
        assert found == expected


@pytest.mark.prove
@pytest.mark.parametrize(
    ("name", "tables"),
    [
        (
            "adventureworks",
            {"products", "orders", "deliveries", "journal", "accounts", "units", "departments", "stock"},
        ),
        ("online_retail", {"deliveries"}),
    ],
)
def test_large_real_folders_are_mapped_too(
    name: str, tables: set[str], tmp_path: Path, shared_data: Path
) -> None:
    """The warehouse of 56 tables, and the year of 305 daily files."""
    made = draft(tmp_path / "books", shared_data / name)

    assert tables <= set(made.proposals)
    books = open_books(tmp_path / "books", shared_data / name, strict=False)
    assert [str(finding) for finding in books.findings() if finding.level == "error"] == []
    if name == "online_retail":
        assert made.tables["by_day"].rows == books.opened.rows["deliveries"] == 541_909


# Columns that the adapters written by hand map one to one: what the proposal must find by itself.
BY_HAND = {
    "northwind": {
        ("orders", "order"): "OrderID",
        ("orders", "customer"): "CustomerID",
        ("orders", "product"): "ProductID",
        ("orders", "ordered"): "OrderDate",
        ("orders", "requested"): "RequiredDate",
        ("orders", "quantity"): "Quantity",
        ("orders", "price"): "UnitPrice",
        ("orders", "discount"): "Discount",
        ("deliveries", "order"): "OrderID",
        ("deliveries", "shipped"): "ShippedDate",
        ("deliveries", "quantity"): "Quantity",
        ("customers", "customer"): "CustomerID",
        ("customers", "name"): "CompanyName",
        ("products", "product"): "ProductID",
        ("products", "name"): "ProductName",
        ("suppliers", "supplier"): "SupplierID",
        ("suppliers", "name"): "CompanyName",
        ("products", "list_price"): "UnitPrice",
    },
    "sap_bestrun": {
        ("orders", "order"): "SALESORDERID",
        ("orders", "line"): "SALESORDERITEM",
        ("orders", "customer"): "PARTNERID",
        ("orders", "product"): "PRODUCTID",
        ("orders", "ordered"): "CREATEDAT",
        ("orders", "quantity"): "QUANTITY",
        ("deliveries", "shipped"): "DELIVERYDATE",
        ("deliveries", "amount"): "NETAMOUNT",
        ("customers", "customer"): "PARTNERID",
        ("customers", "name"): "COMPANYNAME",
        ("products", "product"): "PRODUCTID",
        ("products", "list_price"): "PRICE",
    },
}


@pytest.mark.prove
def test_columns_are_found_as_the_adapters_written_by_hand_have_them(
    tmp_path: Path, shared_data: Path
) -> None:
    """Recall over the columns that were mapped by hand is at least nine in ten."""
    hits, wanted, wrong = 0, 0, []
    for name, columns in BY_HAND.items():
        made = draft(tmp_path / name, shared_data / name)
        for (table, column), source in columns.items():
            pick = made.proposals[table].match.picks.get(column) if table in made.proposals else None
            found = pick[0].column.name if pick else None
            hits, wanted = hits + (found == source), wanted + 1
            wrong += [] if found == source else [(name, table, column, found)]
    assert hits >= 0.9 * wanted, wrong


# --- hostile folders ----------------------------------------------------------------------------------

EVIL = [
    '"; DROP TABLE x; --',
    "select",
    "a'b",
    "x\ny",
    "from",
    "*/ SELECT 1 --",
    "--",
    "‮gro",
    "Order No",
    "Quantity",
]


def test_a_folder_without_a_table_is_refused_with_the_reasons(tmp_path: Path) -> None:
    """Empty files and binaries are named with why they are not read."""
    folder = tmp_path / "from"
    folder.mkdir()
    (folder / "empty.csv").write_bytes(b"")
    (folder / "noise.bin").write_bytes(os.urandom(5000))
    (folder / "noise.csv").write_bytes(bytes(range(256)) * 40)
    (folder / "cut.parquet").write_bytes(b"PAR1" + os.urandom(100))
    (folder / "book.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "base.sqlite").write_bytes(b"SQLite format 3\x00" + b"\x00" * 200)

    with pytest.raises(UsageError, match="holds no table") as refused:
        draft(tmp_path / "books", folder)

    assert "empty (0 bytes)" in refused.value.message
    assert not (tmp_path / "books").exists()


def test_text_from_data_is_never_code(tmp_path: Path) -> None:
    """Names of columns, files, sheets and values that are SQL, TOML, Markdown or line breaks stay names."""
    folder = tmp_path / "from"
    folder.mkdir()
    row = ["'; DROP TABLE orders; --", "1", "b", "c\nd", "e", "f", "g", "h", "O1", "3"]
    with (folder / "sales orders'; --.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [[*EVIL, "Item No", "Order Date"], [*row, "P1", "2025-01-02"], [*row, "P2", "2025-01-03"]]
        )
    with sqlite3.connect(folder / "x.db") as store:
        store.execute(
            'CREATE TABLE "orders""; DROP TABLE y; --" '
            '("Order No", "a""b", "Item No", "Order Date", "Quantity")'
        )
        store.execute("INSERT INTO \"orders\"\"; DROP TABLE y; --\" VALUES ('1', '2', 'P', '2025-01-01', 4)")
    store.close()

    made = draft(tmp_path / "books", folder)

    tomllib.loads((tmp_path / "books" / "books.toml").read_text(encoding="utf-8"))
    assert "orders" in made.proposals
    for path in (tmp_path / "books").glob("*.sql"):
        assert [kind.type for kind in duckdb.extract_statements(path.read_text(encoding="utf-8"))] == [
            duckdb.StatementType.SELECT
        ]
    books = open_books(tmp_path / "books", folder, strict=False)
    assert [str(finding) for finding in books.findings() if finding.level == "error"] == []


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    """What a link leads to outside the folder is not opened."""
    folder, secret = tmp_path / "from", tmp_path / "secret.csv"
    folder.mkdir()
    secret.write_text("Customer No,Name\n1,hidden\n")
    (folder / "link.csv").symlink_to(secret)
    (folder / "Customers.csv").write_text("Customer No,Name\n1,seen\n2,too\n")

    made = draft(tmp_path / "books", folder)

    assert made.seen.unread == [("link.csv", "it is a link that leads out of the folder")]
    assert "hidden" not in "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "books").rglob("*.*"))


def test_wide_tables_and_long_cells_are_looked_at_without_harm(tmp_path: Path) -> None:
    """5,000 columns, and a cell of 10 MB."""
    folder = tmp_path / "from"
    folder.mkdir()
    wide = [f"c{number}" for number in range(5000)]
    (folder / "wide.csv").write_text(",".join(wide) + "\n" + ",".join("1" * 5000) + "\n")
    (folder / "Long.csv").write_text("Customer No,Name\n1," + "x" * 10_000_000 + "\n2,short\n")
    (folder / "Customers.csv").write_text("Customer No,Name\n1," + "y" * 1_000_000 + "\n2,short\n")

    made = draft(tmp_path / "books", folder)

    assert made.proposals["customers"].match.main.name == "Customers"
    assert [name for name, _ in made.seen.unread] in ([], ["Long.csv"])  # read, or named with the reason
    assert (tmp_path / "books" / "PROFILE.md").stat().st_size < 200_000


# --- what a person edited stays -----------------------------------------------------------------------


def test_an_edited_file_is_never_overwritten(tmp_path: Path) -> None:
    """The edited SELECT stays, the new proposal stands beside it, and what nobody touched is written anew."""
    folder, target = export(tmp_path, exports.german)
    draft(target, folder)
    edited = "-- mine\n" + (target / "orders.sql").read_text(encoding="utf-8")
    (target / "orders.sql").write_text(edited, encoding="utf-8")

    for _ in range(2):
        made = draft(target, folder)
        assert made.kept == ["orders.sql"]
        assert (target / "orders.sql").read_text(encoding="utf-8") == edited
        assert (target / "orders.sql.new").exists()


def test_somebody_elses_folder_is_not_written_to(tmp_path: Path) -> None:
    """A folder with files that no proposal wrote is refused; so is one inside the exports."""
    folder, target = export(tmp_path, exports.german)
    target.mkdir()
    (target / "notes.txt").write_text("mine")

    with pytest.raises(UsageError, match="not empty"):
        draft(target, folder)
    with pytest.raises(UsageError, match="lies in the folder"):
        draft(folder / "books", folder)
    assert sorted(path.name for path in target.iterdir()) == ["notes.txt"]


def test_an_empty_start_has_a_select_for_each_table_people_start_with(tmp_path: Path) -> None:
    """Every column of the contract stands in it, with what it means."""
    blank(tmp_path / "books")

    for name in ("orders", "journal", "units"):
        text = (tmp_path / "books" / "templates" / f"{name}.sql").read_text(encoding="utf-8")
        assert all(f'AS "{column}"' in text for column in load_contract().tables[name].columns)


def test_the_command_says_what_was_read_mapped_and_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The terminal has the counts, the tables, the KPIs, the questions and the next step."""
    folder, target = export(tmp_path, exports.german)

    code = cli.main(["new", str(target), "--from", str(folder)])
    said = capsys.readouterr().out.replace("\u00a0", " ")

    assert code == 0, said
    for part in (
        "Read 4 files",
        "Mapped to",
        "Usable",
        "KPIs of",
        "One more table would bring most",
        "question",
        f"finops check {target}",
    ):
        assert part in said
    kept = json.loads((target / ".finops-new.json").read_text(encoding="utf-8"))
    assert set(kept) == {p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()} - {
        ".finops-new.json"
    }


# --- the parts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "kind", "form"),
    [
        (["1.234,56-", "12,00"], "number", "eu"),
        (["(1,234.56)", "12.00"], "number", "us"),
        (["20250131", "00000000", "20241231"], "date", "sap"),
        (["31.12.2024", "01.02.2024"], "date", "eu"),
        (["12/31/2024", "01/02/2024"], "date", "us"),
        (["202501", "202502"], "month", "yyyymm"),
        (["2018001", "2018012"], "month", "sap period"),
        (["S", "H"], "flag", ""),
        (["0000100", "0000200"], "number", "plain"),
        (["EUR", "USD"], "currency", ""),
        (["Mr Smith", "Mrs Jones"], "text", ""),
    ],
)
def test_forms_are_told_from_values(values: list[str], kind: str, form: str) -> None:
    """Dates, numbers and signs by how they are written."""
    assert (form_of(values).kind, form_of(values).form) == (kind, form)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "+|"])
def test_layouts_are_told_from_the_first_rows(encoding: str, delimiter: str, tmp_path: Path) -> None:
    """Separator, encoding and header line, with a title above."""
    lines = ["Größe der Aufträge für Köln", "", delimiter.join(["Nummer", "Straße", "Betrag"])]
    lines += [delimiter.join([str(n), f"Königsstraße {n}", f"{n}00"]) for n in range(1, 30)]
    path = tmp_path / "x.csv"
    path.write_bytes("\n".join(lines).encode(encoding))

    layout = text_layout(path, path.read_bytes())

    assert layout is not None
    assert (layout.delimiter, layout.header, layout.columns) == (delimiter, 3, ["Nummer", "Straße", "Betrag"])
    assert layout.encoding == {"utf-8-sig": "utf-8"}.get(encoding, encoding)


def test_bytes_that_are_no_text_have_no_encoding() -> None:
    """Neither control characters nor zeros here and there are text."""
    assert encoding_of(None, bytes(range(256)) * 8) is None
    assert encoding_of(None, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" * 9) is None
    assert encoding_of(None, "Nummer;Straße\n1;Königsweg\n".encode("utf-16-le")) == "utf-16-le"


def test_a_table_without_a_header_has_none() -> None:
    """A first row of values is no header; a row of years may be one."""
    assert header_row([["1", "2025-01-01", "4.5"], ["2", "2025-01-02", "4.6"]]) == (
        None,
        ["column1", "column2", "column3"],
    )
    assert header_row([["Account", "2024", "2025"], ["Rent", "1.5", "2.5"], ["Sales", "3.5", "1.0"]])[0] == 0


def test_the_assignment_is_the_best_there_is() -> None:
    """Against trying all: the sum of the scores is the largest."""
    from itertools import permutations

    scores = np.random.default_rng(3).random((5, 7)).round(3)
    found = assign(scores.tolist())
    best = max(
        sum(scores[row, column] for row, column in enumerate(way)) for way in permutations(range(7), 5)
    )
    assert sum(
        scores[row, column] for row, column in enumerate(found) if column is not None
    ) == pytest.approx(best)


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("BUKRS", "unit"),
        ("HKONT", "account"),
        ("DMBTR", "amount"),
        ("SHKZG", "indicator"),
        ("BUDAT", "posted"),
        ("MATNR", "product"),
        ("KOSTL", "department"),
        ("Posting Date", "posted"),
        ("G/L Account No.", "account"),
        ("Fälligkeitsdatum", "due"),
        ("N° de facture", "invoice"),
        ("Fecha de pedido", "ordered"),
        ("Codice cliente", "customer"),
        ("Leveranciersnummer", "supplier"),
        ("CustomerID", "customer"),
        ("order_date", "ordered"),
    ],
)
def test_names_of_known_systems_are_understood(name: str, meaning: str) -> None:
    """SAP, Dynamics and seven languages."""
    assert name_score(name, meanings()[meaning]) >= 0.8


def test_account_names_say_their_statement_line(books: Books) -> None:
    """Of the generated company's accounts eight in ten are told right by their name alone."""
    table = books.opened.connection.raw_sql("SELECT name, line FROM books.accounts").fetchall()
    right = [line_by_name(name) is not None and line_by_name(name)[0] == line for name, line in table]
    assert sum(right) >= 0.8 * len(right)
