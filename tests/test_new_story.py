"""The story of docs/new.md: a folder of exports, three questions answered, a check, reports of two units."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from decimal import Decimal
from html import unescape
from pathlib import Path

import exports
import pytest
import small_company

from finops_toolkit import cli
from finops_toolkit.books import open_books


def edit(path: Path, old: str, new: str) -> None:
    """What a person does in an editor: find a text that is there, and write another."""
    text = path.read_text(encoding="utf-8")
    assert old in text, text
    path.write_text(text.replace(old, new), encoding="utf-8")


def export_with_three_doubts(folder: Path) -> None:
    """The German export without its currency, its sales called by an odd name, its units by another's."""
    folder.mkdir()
    exports.german(folder)
    orders = folder / "Kundenaufträge.csv"
    orders.write_bytes(orders.read_bytes().replace(b";W\xe4hrung", b"").replace(b";EUR", b""))
    accounts = folder / "Sachkonten.csv"
    accounts.write_bytes(accounts.read_bytes().replace("Umsatzerlöse".encode("cp1252"), b"Zinsen Pumpen"))
    sent = folder / "Lieferungen.csv"
    sent.write_bytes(sent.read_bytes().replace(b";Werk;", b";Land;"))


def revenue_of(unit: str, month: str) -> Decimal:
    """What the company's own journal says, added up by hand."""
    rows = [
        row for row in small_company.tables()["journal"] if row["account"] == "4000" and row["unit"] == unit
    ]
    return -sum((Decimal(row["amount"]) for row in rows if row["posted"].startswith(month)), Decimal(0))


def answered(tmp_path: Path) -> tuple[Path, Path]:
    """The exports and the books, the three questions answered by a change in the file that each names."""
    source, books = tmp_path / "exports", tmp_path / "books"
    export_with_three_doubts(source)
    assert cli.main(["new", str(books), "--from", str(source)]) == 0
    questions = (books / "QUESTIONS.md").read_text(encoding="utf-8")
    assert "In which currency are the amounts?" in questions
    assert "The statement lines of 30 accounts are told from the names" in questions
    assert "Nothing says which unit a row belongs to" in questions and "Might Land be the unit?" in questions

    edit(books / "books.toml", 'name = "books"', 'name = "Pumpen GmbH"\ncurrency = "EUR"')
    edit(books / "units.sql", "'XXX'", "'EUR'")
    edit(books / "accounts.csv", "0000004000,Zinsen Pumpen,interest,", "0000004000,Zinsen Pumpen,revenue,")
    edit(books / "deliveries.sql", "'company' AS unit", "TRIM(m.Land) AS unit")
    return source, books


def test_three_answers_and_a_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After the answers revenue is that of the journal, and what was delivered stands with its unit."""
    source, books = answered(tmp_path)
    capsys.readouterr()

    assert cli.main(["check", str(books), "--source", str(source)]) == 0
    said = capsys.readouterr().out

    assert "Pumpen GmbH" in said
    panel = open_books(books, source).panel()
    months = list(panel.months)
    for unit in ("A", "B"):
        revenue = panel.matrix("revenue")[panel.units.index(unit)]
        for number, month in enumerate(("2025-01", "2025-02", "2025-03")):
            place = months.index(2025 * 12 + number)
            assert Decimal(int(revenue[place])) / 10_000 == revenue_of(unit, month)
    assert {row["unit"] for row in small_company.tables()["deliveries"]} == {
        unit for unit in ("A", "B") if panel.matrix("delivered_amount")[panel.units.index(unit)].any()
    }

    # New exports next month: what was answered stays.
    assert cli.main(["new", str(books), "--from", str(source)]) == 0
    assert "Zinsen Pumpen,revenue," in (books / "accounts.csv").read_text(encoding="utf-8")
    assert "You have edited" in capsys.readouterr().out


@pytest.mark.prove
def test_reports_of_two_units_from_a_folder_of_exports(tmp_path: Path) -> None:
    """`finops report` makes a page for each unit, and the revenue on it is that of the journal."""
    source, books = answered(tmp_path)
    out = tmp_path / "reports"
    words = ["--data", str(books), "--source", str(source), "--out", str(out), "--period", "2025-03"]
    asked = ["monthly_scorecard", *words, "--unit", "A", "--unit", "B", "--formats", "html"]
    assert cli.main(["report", *asked]) == 0

    pages = [page for page in out.rglob("*.html") if page.name != "index.html"]
    assert len(pages) == 2 and (out / "index.html").is_file()
    for unit in ("A", "B"):
        (page,) = [
            page
            for page in pages
            if re.search(rf"(^|[-_/]){unit}([-_./]|$)", page.relative_to(out).as_posix(), re.I)
        ]
        shown = re.sub(r"<[^>]+>", " ", unescape(page.read_text(encoding="utf-8")))
        assert f"{revenue_of(unit, '2025-03'):,.0f}" in shown
        assert "Pumpen GmbH" in shown


@pytest.mark.prove
@pytest.mark.parametrize("make", [exports.german, None])
def test_the_first_check_comes_within_seconds(
    make: Callable[[Path], None] | None, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """From the folder to the first check: the German export, and Northwind's 27 tables and views."""
    if make is None:
        source = request.getfixturevalue("shared_data") / "northwind"
    else:
        source = tmp_path / "exports"
        source.mkdir()
        make(source)
    before = time.process_time()
    assert cli.main(["new", str(tmp_path / "books"), "--from", str(source)]) == 0
    assert time.process_time() - before < 20
