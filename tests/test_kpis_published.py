"""KPIs against answers published elsewhere, on figures typed in from there."""

import numpy as np
import pytest
from figures import Figures

from finops_toolkit import kpis


def value(books, kpi, period, unit="U", days=None):
    """One value; fails with the reason where there is none."""
    row = kpis.values(books, kpi, unit, period, days=days).iloc[0]
    assert row["reason"] == ""
    return row["value"]


@pytest.fixture(scope="module")
def apple():
    """Apple, fiscal year 2023 (10-K, USD m): October 2022 to September 2023, the balances before it first."""
    year = [0] * 11
    before, after = {}, {}
    before |= {"receivables": 28184, "inventory": 4946, "payables": 64115, "equity": 50672}
    after |= {"receivables": 29508, "inventory": 6331, "payables": 62611, "equity": 62146}
    before["cash"] = 352755 - 28184 - 4946
    after["cash"] = 352583 - 29508 - 6331
    flows = {
        "revenue": 383285, "cogs": 214137, "administration": 383285 - 214137 - 114301,
        "interest": 114301 - 113736, "tax": 113736 - 96995,
    }  # fmt: skip
    given = {name: [amount, *year, after[name]] for name, amount in before.items()}
    given |= {name: [0, *year, amount] for name, amount in flows.items()}
    return Figures(given, "2022-09", 13, fiscal_start=10)


@pytest.mark.parametrize(
    ("kpi", "published"),
    [("dso_average", 27.4699), ("dio_average", 9.6109), ("dpo_average", 108.0033), ("ccc_average", -70.9225)],
)
def test_working_capital_days_of_apple(apple, kpi, published):
    """Average balances and 365 days give the published days; the cycle is negative, and may be."""
    assert value(apple, kpi, "FY2023", days=365) == pytest.approx(published, abs=5e-5)


def test_days_are_the_actual_ones_unless_said_otherwise(apple):
    """A fiscal year of 371 days gives 27.92 and -72.09: the ratio is the same, the days are its own."""
    assert value(apple, "dso_average", "FY2023", days=371) == pytest.approx(27.92, abs=5e-3)
    assert value(apple, "ccc_average", "FY2023", days=371) == pytest.approx(-72.09, abs=5e-3)
    assert value(apple, "dso_average", "FY2023") == pytest.approx(27.4699, abs=5e-5)


@pytest.mark.parametrize(
    ("kpi", "published"),
    [
        ("tax_burden", 0.8528), ("interest_burden", 0.9951), ("operating_margin", 0.2982),
        ("asset_turnover", 1.0868), ("equity_multiplier", 6.2520), ("roe", 1.7195),
    ],
)  # fmt: skip
def test_dupont_of_apple(apple, kpi, published):
    """The five factors and the return on equity."""
    assert value(apple, kpi, "FY2023") == pytest.approx(published, abs=5e-5)


def test_dupont_factors_multiply_to_return_on_equity(apple):
    """The product of the five factors is ROE; of the first four, ROA."""
    factors = ["tax_burden", "interest_burden", "operating_margin", "asset_turnover", "equity_multiplier"]
    product = 1.0
    for kpi in factors:
        product *= value(apple, kpi, "FY2023")
        if kpi == "asset_turnover":
            assert product == pytest.approx(value(apple, "roa", "FY2023"))
    assert product == pytest.approx(value(apple, "roe", "FY2023"))


def test_a_month_is_stated_as_a_yearly_rate():
    """A month that earns a twelfth has the year's return; the days of a month are its own."""
    months = Figures({"revenue": 120, "equity": 1000, "receivables": 100, "cash": 900}, months=12)

    assert value(months, "roe", "2025-11") == pytest.approx(120 * 12 / 1000)
    assert value(months, "dso", "2025-11") == pytest.approx(100 / 120 * 30)
    assert value(months, "dso", "2025-Q3") == pytest.approx(100 / 360 * 92)


def test_oee_of_two_machines_is_three_quarters():
    """Machines of 1 and 10 minutes a unit, 100 minutes each, 50 and 10 good: 75 %, not 54.5 %."""
    books = Figures(
        {
            "planned_minutes": {"A": 100, "B": 100}, "run_minutes": {"A": 100, "B": 100},
            "ideal_minutes_made": {"A": 100, "B": 100}, "ideal_minutes_good": {"A": 50, "B": 100},
            "made": {"A": 100, "B": 10}, "good": {"A": 50, "B": 10}, "first_pass_good": {"A": 50, "B": 10},
        },
        parents={"ALL": None, "A": "ALL", "B": "ALL"},
    )  # fmt: skip

    assert value(books, "oee", "2025-01", "ALL") == 0.75
    assert value(books, "first_pass_yield", "2025-01", "ALL") == pytest.approx(60 / 110)
    for unit in ("ALL", "A", "B"):
        factors = [
            value(books, kpi, "2025-01", unit) for kpi in ("availability", "performance", "quality_rate")
        ]
        assert factors[0] * factors[1] * factors[2] == pytest.approx(value(books, "oee", "2025-01", unit))


def test_performance_over_one_is_reported_as_a_wrong_cycle_time():
    """More than 100 % performance keeps its value and says that the ideal cycle time is wrong."""
    books = Figures({"ideal_minutes_made": [110, 90], "run_minutes": [100, 100]}, months=2)
    rows = kpis.values(books, "performance", periods=["2025-01", "2025-02"])

    assert rows["value"].tolist() == [1.1, 0.9]
    assert rows["note"].tolist() == ["more than 100 %: the ideal cycle time is wrong", ""]


def test_payers_of_sixty_days_look_worse_when_sales_drop():
    """Sales fall from 100 to 60 while everyone pays after 60 days: plain DSO says 80 days, count-back 60."""
    books = Figures(
        {
            "revenue": [100, 100, 60], "receivables": [200, 200, 160],
            "invoiced_gross": [100, 100, 60], "open_invoices": [200, 200, 160],
        },
        "2025-04", 3,
    )  # fmt: skip

    assert value(books, "dso", "2025-06") == pytest.approx(80)
    # May and June have 61 days.
    assert value(books, "dso_countback", "2025-06") == pytest.approx(61)
    assert value(books, "dso_countback", "2025-05") == pytest.approx(61)


def test_count_back_takes_the_last_month_in_part():
    """A balance of one month and a half reaches back a month and half the days of the one before."""
    books = Figures({"invoiced_gross": [80, 100], "open_invoices": [0, 140]}, "2025-01", 2)

    assert value(books, "dso_countback", "2025-02") == pytest.approx(28 + 40 / 80 * 31)


def test_count_back_beyond_the_data_has_no_value():
    """Receivables older than all invoices known cannot be dated."""
    books = Figures({"invoiced_gross": [80, 100], "open_invoices": [0, 181]}, "2025-01", 2)
    rows = kpis.values(books, "dso_countback", periods="2025-02")

    assert "older than the first month" in rows["reason"].iloc[0]


def test_making_more_than_is_sold_lifts_profit_by_the_overhead_parked_in_stock():
    """300,000 of fixed overhead, 10,000 sold, 15,000 made at 80: 100,000 of profit is overhead in stock."""
    books = Figures(
        {
            "absorbed_overhead": 300_000, "standard_cost_made": 15_000 * 80,
            "stock_finished_value": [16_000, 16_000 + 5_000 * 80],
        },
        months=2,
    )  # fmt: skip

    assert value(books, "absorption_effect", "2025-02") == pytest.approx(100_000)


def test_cash_flow_takes_what_went_into_stock_off_profit():
    """Profit 100, stock +30, receivables +20, payables +10, depreciation 20, machines 50: 30 of free cash."""
    books = Figures(
        {
            "revenue": [0, 180], "cogs": [0, 60], "depreciation": [0, 20], "depreciation_charge": [0, 20],
            "accumulated_depreciation": [-100, -120], "fixed_assets": [500, 550], "inventory": [70, 100],
            "receivables": [40, 60], "payables": [25, 35],
        },
        months=2,
    )  # fmt: skip

    assert value(books, "operating_cash_flow", "2025-02") == 100 + 20 - 30 - 20 + 10
    assert value(books, "capital_expenditure", "2025-02") == 50
    assert value(books, "free_cash_flow", "2025-02") == 30
    assert value(books, "ebitda", "2025-02") == 120


def test_milan_statuary_contribution_and_break_even():
    """The actual figures of Milan Statuary give its operating income of 1,842,600."""
    books = Figures({
        "revenue": 4_446_000, "variable_cost": 783_000 + 590_400, "fixed_cost": 1_230_000,
        "cogs": 783_000 + 590_400 + 1_230_000,
    })  # fmt: skip

    assert value(books, "ebit", "2025-01") == 1_842_600
    contribution = (4_446_000 - 1_373_400) / 4_446_000
    assert value(books, "contribution_margin", "2025-01") == pytest.approx(contribution)
    assert value(books, "break_even_revenue", "2025-01") == pytest.approx(1_230_000 / contribution)


def test_break_even_is_infeasible_when_price_does_not_cover_variable_cost():
    """Price at or below variable cost: infeasible, in so many words."""
    books = Figures({"revenue": 100, "variable_cost": 100, "fixed_cost": 10, "delivered_quantity": 5})
    rows = kpis.values(books, ["break_even_revenue", "break_even_units", "margin_of_safety"])

    assert rows["value"].isna().all()
    assert rows["reason"].str.contains("infeasible").all()
    idle = Figures({"revenue": 0, "variable_cost": 0, "fixed_cost": 10})
    assert (kpis.values(idle, "break_even_revenue")["reason"] == "there was no revenue in the period").all()


def test_wape_bias_and_value_added():
    """Forecasts 100 and 100 for actuals 80 and 120: error 20 %, bias 0; FVA is the model's 30 % less that."""
    books = Figures({
        "forecast_actual": 200, "consensus_abs_error": 40, "consensus_error": 0,
        "statistical_actual": 200, "statistical_abs_error": 60,
    })  # fmt: skip

    assert value(books, "forecast_wape", "2025-01") == 0.2
    assert value(books, "forecast_bias", "2025-01") == 0
    assert value(books, "fva", "2025-01") == pytest.approx(0.1)


def test_nps_counts_promoters_less_detractors():
    """50 of 100 answer 9 or 10, 20 answer 0 to 6: 30 points; few answers carry a warning."""
    assert value(Figures({"promoters": 50, "detractors": 20, "nps_responses": 100}), "nps", "2025-01") == 30
    few = kpis.values(Figures({"promoters": 5, "detractors": 2, "nps_responses": 10}), "nps").iloc[0]
    assert "fewer than 30" in few["note"]


def test_collection_effectiveness():
    """Opening 100, invoiced 50, closing 60 of which 40 are current: (100 + 50 - 60) / (100 + 50 - 40)."""
    books = Figures(
        {"open_invoices": [100, 60], "overdue_invoices": [0, 20], "invoiced_gross": [0, 50]}, months=2
    )

    assert value(books, "collection_effectiveness", "2025-02") == pytest.approx(90 / 110)


def test_book_to_bill_as_the_chip_industry_reads_it():
    """SEMI: 1.03 means orders of 103 for every 100 billed; a backlog of 60 is 18 days at 100 a month."""
    books = Figures({"ordered_amount": 103, "delivered_amount": 100, "backlog_amount": 60})

    assert value(books, "book_to_bill", "2025-01") == pytest.approx(1.03)
    assert value(books, "backlog_days", "2025-01") == pytest.approx(60 / 100 * 31)


def test_sales_without_a_customer_are_nobodys():
    """Of 100 delivered 60 name a customer, and three customers ordered: 20 each, not 33."""
    given = {"delivered_amount": 100, "delivered_to_named": 60, "active_customers": 3}
    assert value(Figures(given), "revenue_per_customer", "2025-01") == pytest.approx(20)

    row = kpis.values(Figures(given | {"delivered_to_named": 0}), "revenue_per_customer").iloc[0]
    assert row["reason"] == "nothing was delivered to a customer with a name"


def test_incident_rate_is_per_200000_hours():
    """OSHA's example: 3 incidents in 400,000 hours are a rate of 1.5."""
    assert value(Figures({"safety_incidents": 3, "labour_hours": 400_000}), "incident_rate", "2025-01") == 1.5


def test_downtime_per_event_counts_events_that_say_how_long():
    """Of four events three are timed, 0, 30 and 60 minutes: 30 a timed event; none timed is no value."""
    books = Figures({"quality_events": 4, "quality_events_timed": 3, "quality_downtime": 90})
    assert value(books, "downtime_per_quality_event", "2025-01") == 30
    none = Figures({"quality_events": 4, "quality_events_timed": 0, "quality_downtime": 0})
    row = kpis.values(none, "downtime_per_quality_event", periods="2025-01").iloc[0]
    assert np.isnan(row["value"]) and "how long production stood" in row["reason"]


def test_medians_are_of_single_days_not_of_monthly_medians():
    """Median and 90th percentile of a quarter come from the days, interpolated."""
    days = [1, 1, 1, 1, 30, 2, 4, 40]
    books = Figures(
        {}, months=3,
        histograms={"decision_days": [("U", "2025-01", 1, 4), ("U", "2025-01", 30, 1), ("U", "2025-02", 2, 1),
                                      ("U", "2025-03", 4, 1), ("U", "2025-03", 40, 1)]},
    )  # fmt: skip

    ordered = sorted(days)
    assert value(books, "decision_latency", "2025-Q1") == (ordered[3] + ordered[4]) / 2
    assert value(books, "decision_latency_p90", "2025-Q1") == pytest.approx(30 + 0.3 * 10)
    assert value(books, "decision_latency", "2025-01") == 1
