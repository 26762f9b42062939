"""Accounts without a line: their money is a line of its own, never dropped. Lines without an account."""

from __future__ import annotations

from pathlib import Path

import small_company

from finops_toolkit.books import open_books
from finops_toolkit.kpis import values
from finops_toolkit.scorecard import statement
from finops_toolkit.variance import profit_bridge

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


def ending_early(folder: Path, **lines: str):
    """Books of movements alone: revenue and cost of sales, with a budget, and accounts for more `lines`."""
    chart = {"4000": "revenue", "5000": "cogs", **{number: line for line, number in lines.items()}}
    accounts = [{"account": number, "name": line, "line": line} for number, line in chart.items()]
    amounts = {"4000": "-100.00", "5000": "60.00"}
    cells = [
        {"account": number, "unit": "U", "month": "2025-01-01", "flow": amounts.get(number, "5.00")}
        for number in chart
    ]
    budget = [
        {"version": "B", "unit": "U", "month": "2025-01-01", "account": number, "amount": amount}
        for number, amount in (("4000", "-90.00"), ("5000", "50.00"))
    ]
    units = [{"unit": "U", "name": "Works", "parent": "", "kind": "company", "currency": "EUR"}]
    tables = {"units": units, "accounts": accounts, "balances": cells, "budget": budget}
    return open_books(
        small_company.write(folder, tables, books='name = "Early"\nclosed_through = "2025-01"\n')
    )


def test_a_profit_that_ends_early_is_no_operating_profit(tmp_path: Path) -> None:
    """Without a balance sheet, cost without any account is unknown, not nothing; the bridge says so."""
    books = ending_early(tmp_path)
    shown = statement(books, "U", "2025-01")
    assert shown.value("gross_profit") == 40 * MONEY
    for line in ("selling", "ebit", "net_profit"):
        assert shown.value(line) is None
    table = values(books, ["operating_expenses", "ebit", "net_profit", "gross_profit"]).set_index("kpi")
    assert list(table.value.isna()) == [True, True, True, False]
    assert table.reason.str.contains("no account belongs to selling, distribution").tolist()[:3] == [True] * 3
    bridge = profit_bridge(books, "U", books.period("2025-01"))
    assert (bridge.start, bridge.end) == (40 * MONEY, 40 * MONEY)
    assert "This is not the operating profit: no account belongs to selling" in bridge.note


def test_one_account_of_a_kind_is_enough(tmp_path: Path) -> None:
    """Who books administration has no research; without tax and interest the net profit is unknown."""
    books = ending_early(tmp_path, administration="6000")
    shown = statement(books, "U", "2025-01")
    assert shown.value("ebit") == 35 * MONEY
    assert shown.value("net_profit") is None
    whole = ending_early(tmp_path / "whole", administration="6000", tax="7000")
    assert statement(whole, "U", "2025-01").value("net_profit") == 30 * MONEY
