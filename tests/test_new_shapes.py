"""Exports of other shapes: a budget among actuals, months as columns, a table in several files, zeros."""

from __future__ import annotations

import csv
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from finops_toolkit.books import Books, open_books
from finops_toolkit.mapping import draft
from finops_toolkit.mapping.drafting import Draft
from finops_toolkit.mapping.months import month_of

ACCOUNTS = [("4000", "Sales revenue"), ("5000", "Cost of goods sold"), ("6000", "Rent"), ("1000", "Bank")]
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def save(folder: Path, name: str, heads: list[str], rows: list[list[object]]) -> None:
    """A CSV file as a spreadsheet saves it."""
    folder.mkdir(exist_ok=True)
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([heads, *rows])


def chart(folder: Path) -> None:
    """The list of accounts."""
    save(folder, "accounts.csv", ["Account No", "Account Name"], [list(row) for row in ACCOUNTS])


def proposed(tmp_path: Path) -> tuple[Draft, Books]:
    """The draft of what lies in `from`, and the books it gives: usable, every row used or left out."""
    made = draft(tmp_path / "books", tmp_path / "from")
    books = open_books(tmp_path / "books", tmp_path / "from", strict=False)
    assert [str(finding) for finding in books.findings() if finding.level == "error"] == []
    for tie in books.opened.ties:
        assert tie.rows_missing == 0 and not tie.amount_missing, tie
    return made, books


def total(books: Books, table: str, where: str = "TRUE") -> Decimal:
    """The sum of a table's amounts, by the engine."""
    found = books.opened.connection.raw_sql(f"SELECT SUM(amount) FROM books.{table} WHERE {where}").fetchall()
    return Decimal(found[0][0] or 0)


def asked(made: Draft, *words: str) -> bool:
    """Whether some question holds all of these words."""
    return any(all(word in question.text for word in words) for question in made.questions)


def ledger(scenario: str, factor: int) -> list[list[object]]:
    """Balanced entries of three months."""
    rows: list[list[object]] = []
    for month in (1, 2, 3):
        for line, (account, amount) in enumerate((("4000", -100), ("5000", 60), ("1000", 40)), 1):
            rows.append(
                [
                    f"{scenario[0]}{month}",
                    line,
                    f"2025-{month:02d}-15",
                    account,
                    "North",
                    amount * factor * month,
                    scenario,
                ]
            )
    return rows


HEADS = ["Entry No", "Line No", "Posting Date", "Account No", "Business Unit", "Amount"]


def test_a_budget_among_the_actuals_becomes_the_budget(tmp_path: Path) -> None:
    """Actuals in the journal, the budget in budget.sql, a forecast in neither: nothing is added up across."""
    chart(tmp_path / "from")
    rows = ledger("Actual", 1) + ledger("Budget", 2) + ledger("Forecast", 5)
    save(tmp_path / "from", "general_ledger.csv", [*HEADS, "Scenario"], rows)

    made, books = proposed(tmp_path)

    assert {"journal", "budget"} <= set(made.proposals)
    assert total(books, "journal", "account = '4000'") == -600
    assert total(books, "budget", "account = '4000'") == -1200
    assert asked(made, "Scenario", "Actual", "Budget", "Forecast")
    left = {tie.table: {part.reason: part.rows for part in tie.rejected} for tie in books.opened.ties}
    assert left["journal"] == {"budget, see budget.sql": 9, "another scenario": 9}
    assert left["budget"] == {"actual, see journal.sql": 9, "another scenario": 9}


@pytest.mark.parametrize("year", ["in the name", "in a column", "in the headings"])
def test_months_side_by_side_become_rows(tmp_path: Path, year: str) -> None:
    """A budget with a column for each month: each cell in its month, and the money ties to the sheet."""
    chart(tmp_path / "from")
    save(tmp_path / "from", "general_ledger.csv", HEADS, [row[:-1] for row in ledger("Actual", 1)])
    heads = [f"{month} 2025" if year == "in the headings" else month for month in MONTHS]
    rows = [["4000", "North", *(-10 * n for n in range(1, 13))], ["6000", "North", *([7] * 11), ""]]
    own: list[str] = []
    if year == "in a column":
        own, rows = ["Year"], [[*row[:2], "2025", *row[2:]] for row in rows]
    name = "budget_2025.csv" if year == "in the name" else "budget.csv"
    save(tmp_path / "from", name, ["Account No", "Business Unit", *own, *heads], rows)

    made, books = proposed(tmp_path)

    assert made.proposals["budget"].match.main.origin
    assert total(books, "budget") == -780 + 77
    assert total(books, "budget", "account = '4000' AND month = DATE '2025-12-01'") == -120
    assert total(books, "budget", "account = '6000' AND month = DATE '2025-12-01'") == 0
    tie = next(tie for tie in books.opened.ties if tie.table == "budget")
    assert (tie.read, tie.used, tie.amount_read) == (2, 2, -7_030_000)


def test_months_without_a_year_are_a_question(tmp_path: Path) -> None:
    """No year is made up."""
    chart(tmp_path / "from")
    save(tmp_path / "from", "general_ledger.csv", HEADS, [row[:-1] for row in ledger("Actual", 1)])
    save(tmp_path / "from", "budget.csv", ["Account No", *MONTHS], [["4000", *range(1, 13)]])

    made, _ = proposed(tmp_path)

    assert "budget" not in made.proposals
    assert asked(made, "a column for each month", "which year")


@pytest.mark.parametrize(
    ("heading", "month"),
    [("Jan", ("", 1)), ("März", ("", 3)), ("févr. 2025", ("2025", 2)), ("Dez 24", ("2024", 12)),
     ("2025-07", ("2025", 7)), ("07.2025", ("2025", 7)), ("P03", ("", 3)), ("Marge", None), ("Total", None)],
)  # fmt: skip
def test_headings_that_mean_months(heading: str, month: tuple[str, int] | None) -> None:
    """In seven languages, short or long, with or without the year."""
    assert month_of(heading) == month


STATEMENT = ["Unit", "Period", "Revenue", "Material costs", "Sundries", "Selling", "Administration"]


@pytest.mark.parametrize("sign", [1, -1], ids=["costs as they are", "costs negative"])
def test_lines_of_a_statement_side_by_side_become_accounts(tmp_path: Path, sign: int) -> None:
    """Each column an account, what stands between them too; debits positive; rows and money tie."""
    rows = [
        ["North", f"20250{m}", 100 * m, *(sign * n for n in (60 * m, 3, 5, 7)), f"{m},{m}"] for m in (1, 2)
    ]
    save(
        tmp_path / "from",
        "pl.csv",
        [*STATEMENT, "Remark"],
        [*rows, ["South", "202502", 50, "", "", 0, 0, ""]],
    )

    made, books = proposed(tmp_path)

    assert set(made.proposals) == {"balances"} and asked(made, "a column for each line", "Revenue")
    found = books.opened.connection.raw_sql("SELECT account, SUM(flow) FROM books.balances GROUP BY 1")
    assert {name: int(flow) for name, flow in found.fetchall()} == {
        "Revenue": -350, "Material costs": 180, "Sundries": 6, "Selling": 10, "Administration": 14
    }  # fmt: skip
    (tie,) = books.opened.ties
    assert (tie.read, tie.used, tie.amount_read) == (3, 3, -1_400_000)
    assert {line.account: line.line for line in made.lines}["Sundries"] == "unmapped"
    # The file is counted once, and is used: nobody is asked what it might be.
    assert made.held == (1, 3) and made.near == []


def test_lines_of_documents_are_no_statement(tmp_path: Path) -> None:
    """Sales with their revenue, cost and freight are documents: none of these columns is an account."""
    heads = [
        "Order No",
        "Date",
        "Product",
        "Quantity",
        "Revenue",
        "Material costs",
        "Selling",
        "Administration",
    ]
    rows = [[f"O{n}", "2025-01-05", "P", n, 10 * n, 6, 1, 1] for n in range(1, 9)]
    save(tmp_path / "from", "orders.csv", heads, rows)

    made, _ = proposed(tmp_path)

    assert "balances" not in made.proposals and not asked(made, "a column for each line")


def test_a_budget_with_its_lines_side_by_side(tmp_path: Path) -> None:
    """The name of the file says that it is the budget."""
    chart(tmp_path / "from")
    save(tmp_path / "from", "general_ledger.csv", HEADS, [row[:-1] for row in ledger("Actual", 1)])
    rows = [["North", f"2025-0{m}-01", 100, 60, 3, 5, 7] for m in (1, 2, 3)]
    save(tmp_path / "from", "budget_2025.csv", STATEMENT, rows)

    made, books = proposed(tmp_path)

    assert {"journal", "budget"} <= set(made.proposals) and "balances" not in made.proposals
    assert total(books, "budget", "account = 'Revenue'") == -300


def test_two_files_with_the_same_columns_are_one_table(tmp_path: Path) -> None:
    """Both count, and tie; a copy of the first, whose numbers are there already, does not."""
    chart(tmp_path / "from")
    rows = [row[:-1] for row in ledger("Actual", 1)]
    south = [["S" + str(row[0]), *row[1:4], "South", *row[5:]] for row in rows]
    save(tmp_path / "from", "journal_north.csv", HEADS, rows)
    save(tmp_path / "from", "journal_south.csv", HEADS, south)

    made, books = proposed(tmp_path)

    assert total(books, "journal", "account = '4000'") == -1200
    assert sorted(books.units.unit) == ["North", "South", "company"]
    tie = next(tie for tie in books.opened.ties if tie.table == "journal")
    assert (len(tie.sources), tie.read, tie.used) == (2, 18, 18)
    assert asked(made, "both count")


def test_a_copy_is_not_counted_twice(tmp_path: Path) -> None:
    """A file whose numbers are all in the first is a question, not a second half."""
    chart(tmp_path / "from")
    rows = [row[:-1] for row in ledger("Actual", 1)]
    save(tmp_path / "from", "journal.csv", HEADS, rows)
    save(tmp_path / "from", "journal_copy.csv", HEADS, rows)

    made, books = proposed(tmp_path)

    assert total(books, "journal", "account = '4000'") == -600
    assert asked(made, "looks like journal, too")


def test_zeros_that_lead_on_one_side_only(tmp_path: Path) -> None:
    """0000400000 in the ledger is 400000 in the list: one account, under the longer number, with its name."""
    accounts = [["400000", "Sales revenue"], ["500000", "Cost of goods sold"], ["100000", "Bank"]]
    save(tmp_path / "from", "accounts.csv", ["Account No", "Account Name"], accounts)
    rows = [[*row[:3], f"{row[3]}00".zfill(10), *row[4:6]] for row in ledger("Actual", 1)]
    save(tmp_path / "from", "general_ledger.csv", HEADS, rows)

    made, books = proposed(tmp_path)

    held = books.opened.connection.raw_sql(
        "SELECT account, name, line FROM books.accounts ORDER BY 1"
    ).fetchall()
    assert [row[:2] for row in held] == [(a.zfill(10), name) for a, name in sorted(accounts)]
    assert "unmapped" not in {line for *_, line in held}
    assert "filled up with zeros to 10 digits" in made.proposals["accounts"].cells["account"].says


def test_one_date_for_due_and_shipped_says_nothing_of_being_on_time(tmp_path: Path) -> None:
    """Else every line would be on time, whatever happened."""
    heads = [
        "Order No",
        "Order Line No",
        "Customer No",
        "Item No",
        "Order Date",
        "Delivery Date",
        "Quantity",
        "Net Amount",
    ]
    rows = [[f"O{n}", 1, "C1", "P1", "2025-01-02", f"2025-01-{n + 3:02d}", 5, 50] for n in range(1, 20)]
    save(tmp_path / "from", "sales_order_lines.csv", heads, rows)

    made, books = proposed(tmp_path)

    assert {"orders", "deliveries"} <= set(made.proposals)
    assert not {"requested", "promised"} & set(made.proposals["orders"].match.picks)
    assert books.panel().matrix("delivered_amount").sum() == 19 * 50 * 10_000


def test_lines_of_other_lengths_are_written_down_and_asked_about(tmp_path: Path) -> None:
    """What a text's lines lack, or end in, stands in books.toml; nothing is taken in silence."""
    chart(tmp_path / "from")
    lines = [",".join(map(str, row[:-1])) for row in ledger("Actual", 1)]
    text = "\n".join([",".join([*HEADS, "Text", "User"]), *(f"{line},,x" for line in lines[:-1]), lines[-1]])
    (tmp_path / "from" / "general_ledger.csv").write_text(text + "\n", encoding="utf-8")

    made, books = proposed(tmp_path)

    assert "short_rows = true" in (tmp_path / "books" / "books.toml").read_text(encoding="utf-8")
    assert asked(made, "end early", "line 10 is the first")
    assert total(books, "journal") == 0


def test_a_delimiter_at_each_end_is_written_down(tmp_path: Path) -> None:
    """It stands for no column."""
    chart(tmp_path / "from")
    lines = [",".join(map(str, row[:-1])) + "," for row in ledger("Actual", 1)]
    text = "\n".join([",".join(HEADS), *lines])
    (tmp_path / "from" / "general_ledger.csv").write_text(text + "\n", encoding="utf-8")

    _, books = proposed(tmp_path)

    assert "trailing_delimiter = true" in (tmp_path / "books" / "books.toml").read_text(encoding="utf-8")
    assert total(books, "journal", "account = '4000'") == -600


def test_workbooks_and_misnamed_text_in_archives_are_looked_at(tmp_path: Path) -> None:
    """A workbook whose names repeat, text that calls itself a zip, and an archive, which is named."""
    folder = tmp_path / "from"
    folder.mkdir()
    heads = [*HEADS, "Text", "Text"]
    with xlsxwriter.Workbook(tmp_path / "ledger.xlsx") as book:
        page = book.add_worksheet("Ledger")
        for number, row in enumerate([heads, *([*row[:-1], "a", "b"] for row in ledger("Actual", 1))]):
            page.write_row(number, 0, row)
    chart(tmp_path / "own")
    with zipfile.ZipFile(folder / "export.zip", "w") as packed:
        packed.write(tmp_path / "ledger.xlsx", "general ledger.xlsx")
        packed.write(tmp_path / "own" / "accounts.csv", "accounts.zip")
        packed.writestr("inner.zip", b"PK\x03\x04")

    made, books = proposed(tmp_path)

    assert {"journal", "accounts"} <= set(made.proposals)
    assert total(books, "journal", "account = '4000'") == -600
    assert ("export.zip: inner.zip", "an archive in an archive: unpack the outer one") in made.seen.unread
