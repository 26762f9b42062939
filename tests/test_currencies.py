"""Units in other currencies: translated exactly, every balance sheet closes, and no rate is ever guessed."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import small_company
from hypothesis import given, settings
from hypothesis import strategies as st

from finops_toolkit.books import Books, open_books
from finops_toolkit.books.exact import rounded
from finops_toolkit.books.finding import Finding
from finops_toolkit.books.ledger import ASSETS, SOURCES
from finops_toolkit.errors import ContractError
from finops_toolkit.scorecard import key_figures, statement
from finops_toolkit.workings import workings

MONEY = 10_000
# Euros for one dollar: average, closing.
RATES = {
    "2024-12": ("0.95", "0.96"),
    "2025-01": ("0.9712", "0.9643"),
    "2025-02": ("0.9601", "0.9615"),
    "2025-03": ("0.9255", "0.92460001"),
}
BOOKS = small_company.BOOKS + "translate = true\n"


def two_currencies(folder: Path, books: str = BOOKS, without: str = "") -> Books:
    """The small company, its plant B in dollars."""
    data = small_company.tables()
    for row in data["units"]:
        row["currency"] = "USD" if row["unit"] == "B" else "EUR"
    data["rates"] = [
        {"currency": "USD", "month": month, "average": average, "closing": closing}
        for month, (average, closing) in RATES.items()
        if month != without
    ]
    return open_books(small_company.write(folder, data, books=books))


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Books:
    """The amounts as they stand, which books.toml says they may."""
    folder = tmp_path_factory.mktemp("local")
    return two_currencies(folder, small_company.BOOKS + "translate = false\n")


@pytest.fixture(scope="module")
def translated(tmp_path_factory) -> Books:
    """The same, translated."""
    return two_currencies(tmp_path_factory.mktemp("translated"))


def finding(books: Books, rule: str) -> list[Finding]:
    """The findings of a rule."""
    return [found for found in books.findings() if found.rule == rule]


def exactly(amount: int, rate: str) -> int:
    """An amount in ten-thousandths at a rate, by Python's decimals: the rule of rounding, from elsewhere."""
    return int((Decimal(int(amount)) * Decimal(rate)).quantize(Decimal(1), ROUND_HALF_EVEN))


def test_every_figure_is_translated_once(local: Books, translated: Books) -> None:
    """Each money measure of B: a movement at its month's average, a balance at the closing rate."""
    before, after = local.panel(), translated.panel()
    skipped = {"equity", "profit_to_date", "translation_difference", "minority_result", "minority_equity"}
    checked = 0
    for name, measure in after.measures.items():
        if measure.unit != "money" or name in skipped or measure.source == "budget":
            continue
        kind = 1 if measure.nature == "closing" else 0
        for place, month in enumerate(after.months[:4]):
            text = f"{month // 12}-{month % 12 + 1:02d}"
            expected = exactly(before.series(name, "B")[place], RATES[text][kind])
            assert after.series(name, "B")[place] == expected, (name, text)
            checked += expected != 0
        assert (after.series(name, "A") == before.series(name, "A")).all()
        assert (after.series(name, "CO") == after.series(name, "A") + after.series(name, "B")).all()
    assert checked > 30


def test_counts_and_quantities_are_not_money(local: Books, translated: Books) -> None:
    """What is no money stays as it was."""
    for name, measure in local.panel().measures.items():
        if measure.unit != "money" and measure.nature != "histogram":
            assert (translated.panel().series(name, "B") == local.panel().series(name, "B")).all()


def test_every_balance_sheet_closes(translated: Books) -> None:
    """Assets are liabilities, equity, result and translation difference, in every unit and month."""
    panel = translated.panel()
    for unit in panel.units:
        gap = np.zeros(len(panel.months), "int64")
        for sign, names in ((1, ASSETS), (-1, SOURCES)):
            for name in names:
                gap += sign * panel.series(name, unit)
        assert not gap[: panel.months.index(panel.closed) + 1].any()
    assert not finding(translated, "balance_sheet")


def net_assets(books: Books, unit: str) -> list[Fraction]:
    """Assets less liabilities at the end of each month, in the unit's own currency."""
    panel = books.panel()
    liabilities = SOURCES[: SOURCES.index("equity")]
    total = sum(panel.series(name, unit) for name in ASSETS) - sum(
        panel.series(name, unit) for name in liabilities
    )
    return [Fraction(int(amount)) for amount in total]


def test_the_difference_is_what_ias_21_says(local: Books, translated: Books) -> None:
    """IAS 21.41: opening net assets × (closing rate now − before) + result × (closing − average), added up.

    Each of some 30 measures is rounded by half a ten-thousandth at most.
    """
    panel = translated.panel()
    owned = net_assets(local, "B")
    result = np.diff(local.panel().series("profit_to_date", "B"), prepend=0)
    rates = [tuple(map(Fraction, RATES[month])) for month in RATES]
    expected = Fraction(0)
    for month in range(1, 4):
        (average, now), (_, before) = rates[month], rates[month - 1]
        put_in = owned[month] - owned[month - 1] - int(result[month])
        assert put_in == 0, "no capital is paid in within the quarter"
        expected += owned[month - 1] * (now - before) + int(result[month]) * (now - average)
        assert abs(panel.series("translation_difference", "B")[month] - expected) <= 30
    assert panel.series("translation_difference", "B")[3] < 0, "the dollar fell"


def test_reports_are_in_the_books_currency(translated: Books, local: Books) -> None:
    """The statement of the company adds euros to euros, and shows the difference."""
    shown = statement(translated, "CO", "2025-03")
    panel = translated.panel()
    assert shown.value("revenue") == panel.series("revenue", "CO")[3]
    assert shown.value("revenue") != local.panel().series("revenue", "CO")[3]
    assert shown.value("translation_difference") == panel.series("translation_difference", "CO")[3]


def test_ledger_and_subledgers_still_agree(local: Books, translated: Books) -> None:
    """Both sides are translated at the same rates: what agreed before agrees now."""
    for books in (local, translated):
        assert not [found for found in books.findings() if found.rule.endswith("_agree")]


def test_it_says_what_rates_were_used(translated: Books) -> None:
    """A note names the currencies, the closing rate and the difference."""
    (note,) = finding(translated, "translated")
    assert note.level == "note" and "0.9246 for 1 USD" in note.text and "EUR" in note.text
    assert note.amount == translated.panel().series("translation_difference", "CO")[3]
    assert list(note.rows.columns) == ["currency", "month", "average", "closing"]


def test_a_missing_rate_is_an_error_with_month_and_money(tmp_path: Path) -> None:
    """Without February's rates nothing is computed: never 1, never January's."""
    books = two_currencies(tmp_path, without="2025-02")
    with pytest.raises(ContractError) as error:
        books.panel()
    said = str(error.value)
    assert "USD has none for 2025-02 (up to" in said and "Add the months to the table rates" in said
    (one,) = [found for found in books.findings() if found.level == "error"]
    assert "2025-02" in one.text


def test_no_rates_at_all_is_an_error(tmp_path: Path) -> None:
    """A company that is to be translated without a table of rates."""
    data = small_company.tables()
    data["units"][2]["currency"] = "USD"
    data.pop("rates", None)
    books = open_books(small_company.write(tmp_path, data, books=BOOKS))
    with pytest.raises(ContractError, match="USD has none for 2024-12"):
        books.panel()


def test_currencies_summed_as_they_stand_are_a_difference(tmp_path: Path) -> None:
    """Two currencies and no word of translation: that is said loudly, with what to write."""
    books = two_currencies(tmp_path, small_company.BOOKS)
    (found,) = finding(books, "currencies")
    assert found.level == "difference" and "USD: B" in found.text
    assert "translate = true" in found.hint


def test_who_says_that_amounts_are_in_one_currency_is_believed(local: Books) -> None:
    """With translate = false nothing is translated, and nothing said."""
    assert not finding(local, "currencies") and not finding(local, "translated")
    assert "translation_difference" in local.panel().missing


def test_balances_alone_are_translated(tmp_path: Path) -> None:
    """A source of balances, by hand: a branch with capital 1,000 earns 100 and 50; rates 2.0, 2.2, 2.5.

    Equity stays 2,000; result 100 × 2.1 + 50 × 2.4 = 330; net assets 1,150 × 2.5 = 2,875; difference 545 =
    1,000 × 0.2 + 100 × (2.2 − 2.1) + 1,100 × 0.3 + 50 × (2.5 − 2.4).
    """
    accounts = [("1", "Cash", "cash"), ("3", "Capital", "equity"), ("4", "Sales", "revenue")]
    data: small_company.Tables = {
        "units": [{"unit": "X", "name": "Branch", "currency": "GBP"}],
        "accounts": [{"account": a, "name": n, "line": line} for a, n, line in accounts],
        "rates": [
            {"currency": "GBP", "month": month, "average": average, "closing": closing}
            for month, average, closing in (
                ("2024-12", "2", "2.0"),
                ("2025-01", "2.1", "2.2"),
                ("2025-02", "2.4", "2.5"),
            )
        ],
    }
    rows = [("1", "2024-12", "", "1000"), ("3", "2024-12", "", "-1000"), ("4", "2024-12", "0", "0")]
    rows += [("1", "2025-01", "", "1100"), ("3", "2025-01", "", "-1000"), ("4", "2025-01", "-100", "-100")]
    rows += [("1", "2025-02", "", "1150"), ("3", "2025-02", "", "-1000"), ("4", "2025-02", "-50", "-150")]
    data["balances"] = [
        {"account": account, "unit": "X", "month": month, "flow": flow, "closing": closing}
        for account, month, flow, closing in rows
    ]
    books = 'name = "Branch"\ncurrency = "EUR"\nclosed_through = "2025-02"\ntranslate = true\n'
    panel = open_books(small_company.write(tmp_path, data, books=books)).panel()
    got = {
        name: [int(amount) // MONEY for amount in panel.series(name, "X")]
        for name in ("cash", "equity", "profit_to_date", "translation_difference")
    }
    assert got == {
        "cash": [2000, 2420, 2875],
        "equity": [2000, 2000, 2000],
        "profit_to_date": [0, 210, 330],
        "translation_difference": [0, 210, 545],
    }


@given(st.integers(-(10**16), 10**16), st.integers(1, 10**11))
def test_rounding_is_half_to_even(amount: int, rate: int) -> None:
    """The panel's rounding is that of Python's fractions, for one number and for arrays."""
    expected = round(Fraction(amount * rate, 10**8))
    assert rounded(amount * rate, 10**8) == expected
    if abs(expected) < 9 * 10**18:
        assert rounded(np.array([amount], dtype=object) * rate, 10**8).tolist() == [expected]


@settings(max_examples=5, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 3 * 10**8), st.integers(1, 3 * 10**8)), min_size=4, max_size=4, unique=True
    )
)
def test_any_rates_leave_balance_sheets_closed(tmp_path_factory, rates: list[tuple[int, int]]) -> None:
    """Whatever the rates: the sheet closes to the ten-thousandth."""
    data = small_company.tables()
    data["units"][2]["currency"] = "USD"
    keep = ("units", "accounts", "journal")
    data = {name: data[name] for name in keep}
    data["rates"] = [
        {
            "currency": "USD",
            "month": month,
            "average": str(Decimal(average).scaleb(-8)),
            "closing": str(Decimal(closing).scaleb(-8)),
        }
        for month, (average, closing) in zip(RATES, rates, strict=True)
    ]
    books = open_books(small_company.write(tmp_path_factory.mktemp("any"), data, books=BOOKS))
    assert not finding(books, "balance_sheet")


def test_rows_of_other_currencies_explain_no_translated_money(local: Books, translated: Books) -> None:
    """Rows stay as they were booked: where money is translated, no workbook sums them up to the statement."""
    top = translated.units.unit[0]
    foreign = [
        unit
        for unit, kept in zip(translated.units.unit, translated.units.currency, strict=True)
        if kept == "USD"
    ]
    assert translated.kept_in(foreign[0]) == ["USD"] and translated.kept_in(top) == ["EUR", "USD"]
    assert not translated.plain(foreign[0]) and not translated.plain(top)
    assert local.kept_in(top) == ["EUR"] and local.plain(top)
    for books, tables in ((translated, False), (local, True)):
        period = books.period("latest-closed")
        found = workings(books, statement(books, top, period), key_figures(books, top, period))
        assert ("ledger_rows" in {table.name for table in found}) == tables
