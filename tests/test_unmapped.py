"""Accounts that nobody has given a statement line: their money is a line of its own, never dropped."""

from __future__ import annotations

from pathlib import Path

import small_company

from finops_toolkit.books import open_books
from finops_toolkit.scorecard import statement

MONEY = 10_000


def without_lines(folder: Path, *accounts: str):
    """The small company, where nobody has said what some accounts are."""
    data = small_company.tables()
    for row in data["accounts"]:
        if row["account"] in accounts:
            row.update(line="unmapped", behaviour="", driver="")
    return open_books(small_company.write(folder, data))


def found(books, rule: str):
    """The finding of a rule; fails where there is none, or more than one."""
    (finding,) = [finding for finding in books.findings() if finding.rule == rule]
    return finding


def booked(account: str, until: str = "2025-04") -> int:
    """What the journal holds of an account, in ten-thousandths."""
    rows = small_company.tables()["journal"]
    return round(
        sum(float(r["amount"]) for r in rows if r["account"] == account and r["posted"] < until) * MONEY
    )


def test_unmapped_money_is_a_line_and_a_finding(tmp_path: Path) -> None:
    """Rent and salaries without a line: the panel's `unmapped` is their sum; the finding names them."""
    books = without_lines(tmp_path, "6000", "6100")
    expected = booked("6000") + booked("6100")
    assert books.panel().series("unmapped", "CO").sum() == expected
    finding = found(books, "unmapped")
    assert finding.level == "difference" and finding.amount == expected
    assert finding.count == 2 and "6100, 6000" in finding.text  # salaries are more than rent
    shown = statement(books, "CO", "2025-02")
    month = booked("6000", "2025-03") + booked("6100", "2025-03")
    month -= booked("6000", "2025-02") + booked("6100", "2025-02")
    assert shown.value("unmapped") == month


def test_a_balance_sheet_that_lacks_an_account_says_so(tmp_path: Path) -> None:
    """Without the bank's line the balance sheet is open by the bank's balance, and the hint says why."""
    books = without_lines(tmp_path, "1000")
    finding = found(books, "balance_sheet")
    assert finding.amount == -booked("1000")
    assert "are all of it" in finding.hint


def test_nothing_unmapped_nothing_said(tmp_path: Path) -> None:
    """Where every account has a line there is no finding, and no line in the statement."""
    books = without_lines(tmp_path)
    assert not [finding for finding in books.findings() if finding.rule == "unmapped"]
    assert statement(books, "CO", "2025-02").value("unmapped") is None


def test_balances_alone_show_what_moved(tmp_path: Path) -> None:
    """A source of closing balances only: the change of an unmapped balance is its movement."""
    data = {name: small_company.tables()[name] for name in ("units", "accounts")}
    data["accounts"] += [
        {"account": "8888", "name": "What is it", "line": "unmapped", "behaviour": "", "driver": ""}
    ]
    rows = [("1000", "2025-01", "100"), ("1000", "2025-02", "150")]
    rows += [("8888", "2025-01", "-100"), ("8888", "2025-02", "-150")]
    data["balances"] = [
        {"account": account, "unit": "A", "month": month, "closing": closing}
        for account, month, closing in rows
    ]
    books = open_books(small_company.write(tmp_path, data, books='name = "Balances"\n'))
    assert books.panel().series("unmapped", "A").tolist() == [-100 * MONEY, -50 * MONEY]
    assert found(books, "unmapped").amount == 250 * MONEY
