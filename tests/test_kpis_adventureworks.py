"""KPIs of Adventure Works, a company nobody here made, against its published figures."""

import pytest

from finops_toolkit import kpis
from finops_toolkit.books import open_books


@pytest.fixture(scope="module")
def adventureworks(shared_data):
    """The books through the bundled adapter."""
    return open_books("adventureworks", shared_data / "adventureworks")


def only(books, kpi, period, **more):
    """The one row of a KPI, of the whole."""
    return kpis.values(books, kpi, books.panel().units[0], period, **more).iloc[0]


@pytest.mark.parametrize(("kpi", "published"), [("dso", 67.505), ("dio", 158.629), ("dpo", 57.300)])
def test_days_of_2011(adventureworks, kpi, published):
    """Ending balances and 365 days give the published days of 2011."""
    assert only(adventureworks, kpi, "2011", days=365)["value"] == pytest.approx(published, abs=5e-4)


def test_gross_margin_by_the_ledger_and_by_the_sales(adventureworks):
    """67.0 % by the ledger, 11.4 % by the sales: both stand there, with the books' difference."""
    row = only(adventureworks, "gross_margin", "2011")

    assert row["value"] == pytest.approx(0.670, abs=5e-4)
    assert row["rival"] == pytest.approx(0.1137, abs=5e-5)
    assert row["rival_source"] == "sales"
    assert "ledger − subledger" in row["reconciliation"]


@pytest.mark.parametrize(
    ("kpi", "year", "published"),
    [
        ("revenue", "2011", 24_246_689.54), ("cogs_total", "2011", 8_006_174.63),
        ("net_profit", "2011", 5_462_068.53),
        ("revenue", "2012", 35_298_263.43), ("cogs_total", "2012", 10_725_214.82),
    ],
)  # fmt: skip
def test_amounts_of_the_ledger(adventureworks, kpi, year, published):
    """Net sales, cost of goods sold and net income are the published ones, to the cent."""
    assert only(adventureworks, kpi, year)["value"] == pytest.approx(published, abs=0.005)


def test_rival_revenue_is_both_channels(adventureworks):
    """Sales of both channels in 2011: 25,268,328.64, cost 22,394,844.77."""
    assert only(adventureworks, "revenue", "2011")["rival"] == pytest.approx(25_268_328.64, abs=0.005)
    assert only(adventureworks, "cogs_total", "2011")["rival"] == pytest.approx(22_394_844.77, abs=0.005)


def test_the_budget_is_compared_like_for_like_only(adventureworks):
    """A budget of twelve postings is no calendar year's: 2011 has no attainment, and the reason says why."""
    row = only(adventureworks, "revenue_vs_budget", "2011")

    assert row["reason"] == "budget covers 2010-12 to 2011-11 only"


def test_tables_it_does_not_have_are_named(adventureworks):
    """What needs production, surveys or meetings says so."""
    for kpi, table in (("oee", "production"), ("nps", "surveys"), ("meeting_cadence", "meetings")):
        assert only(adventureworks, kpi, "2011")["reason"] == f"needs {table}, which the data does not have"
