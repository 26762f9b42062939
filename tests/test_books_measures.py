"""Every measure of the panel against figures worked out by hand from the small company's documents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small_company

from finops_toolkit.books import Books, Panel, open_books
from finops_toolkit.books.ledger import ledger_sums, measure_names
from finops_toolkit.errors import UsageError

DEC, JAN, FEB, MAR, APR = (2024 * 12 + 11 + step for step in range(5))

# Of each plant: December (the opening), January, February, March. The head company is their sum.
BY_HAND = {
    # Ledger, movements.
    "revenue": ([0, 560, 200, 200], [0, 0, 0, 220]),
    "other_income": ([0, 0, 0, 6], [0, 0, 0, 0]),
    "cogs": ([0, 405.5, 137, 180], [0, 0, 0, 120]),
    "selling": ([0, 0, 12, 0], [0, 0, 0, 0]),
    "distribution": ([0, 0, 8, 0], [0, 0, 0, 0]),
    "administration": ([0, 90.5, 0, 0], [0, 7, 0, 0]),
    "research": ([0, 0, 0, 0], [0, 0, 0, 0]),
    "depreciation": ([0, 20, 10, 20], [0, 0, 0, 0]),
    "interest": ([0, 0, 0, 3], [0, 0, 0, 0]),
    "tax": ([0, 0, 0, 4], [0, 0, 0, 0]),
    "intercompany_result": ([0, 5, 0, 0], [0, -5, 0, 0]),
    "variable_cost": ([0, 385.5, 137, 180], [0, 0, 0, 120]),
    "fixed_cost": ([0, 130.5, 30, 20], [0, 7, 0, 0]),
    "standard_cost_of_sales": ([0, 360, 120, 120], [0, 0, 0, 120]),
    "scrap_cost": ([0, 6, 0, 0], [0, 0, 0, 0]),
    "stock_adjustment_cost": ([0, 0, 0, 60], [0, 0, 0, 0]),
    "warranty_cost": ([0, 0, 12, 0], [0, 0, 0, 0]),
    "premium_freight": ([0, 0, 8, 0], [0, 0, 0, 0]),
    "material_price_variance": ([0, 0, 2, 0], [0, 0, 0, 0]),
    "material_usage_variance": ([0, 9, 0, 0], [0, 0, 0, 0]),
    "labour_variance": ([0, 10.5, -5, 0], [0, 0, 0, 0]),
    "overhead_spending": ([0, 120, 100, 0], [0, 0, 0, 0]),
    "overhead_absorption": ([0, -100, -80, 0], [0, 0, 0, 0]),
    "people_cost": ([0, 80, 0, 0], [0, 0, 0, 0]),
    "depreciation_charge": ([0, 20, 20, 20], [0, 0, 0, 0]),
    # Ledger, balances.
    "cash": ([1000, 848, 1265.4, 1502.4], [500, 493, 428, 528]),
    "receivables": ([119, 666.4, 238, 238], [0, 0, 0, 261.8]),
    "inventory": ([1100, 915, 965, 785], [240, 300, 300, 180]),
    "other_current_assets": ([0, 19, 19, 19], [0, 0, 0, 0]),
    "fixed_assets": ([2000, 2000, 2000, 2000], [0, 0, 0, 0]),
    "accumulated_depreciation": ([-200, -220, -240, -260], [0, 0, 0, 0]),
    "other_assets": ([0, 0, 0, 0], [0, 0, 0, 0]),
    "intercompany_balance": ([0, 65, 0, 0], [0, -65, 0, 0]),
    "payables": ([50, 169, 0, 0], [0, 0, 0, 0]),
    "other_current_liabilities": ([0, 106.4, 196.4, 234.4], [0, 0, 0, 41.8]),
    "debt": ([0, 0, 0, 0], [0, 0, 0, 100]),
    "other_liabilities": ([0, 0, 0, 0], [0, 0, 0, 0]),
    "equity": ([3969, 3969, 3969, 3969], [740, 740, 740, 740]),
    "profit_to_date": ([0, 49, 82, 81], [0, -12, -12, 88]),
    # Budget: from March the revision is the latest version of plant A; B has only the first.
    "budget_revenue": ([0, 500, 500, 600], [0, 100, 100, 100]),
    "budget_cogs": ([0, 300, 300, 350], [0, 0, 0, 0]),
    "budget_variable_cost": ([0, 300, 300, 350], [0, 0, 0, 0]),
    "budget_standard_cost_of_sales": ([0, 300, 300, 350], [0, 0, 0, 0]),
    "budget_cash": ([0, 0, 0, 1400], [0, 0, 0, 0]),
    "budget_sales_quantity": ([0, 5, 5, 6], [0, 0, 0, 0]),
    # Sales: without the pump sold to the sister (D6); the return D5 is deducted.
    "delivered_amount": ([0, 560, 200, 200], [0, 0, 0, 220]),
    "delivered_to_named": ([0, 560, 200, 200], [0, 0, 0, 220]),
    "delivered_cost": ([0, 360, 120, 120], [0, 0, 0, 120]),
    "delivered_quantity": ([0, 6, 2, 2], [0, 0, 0, 2]),
    "returned_quantity": ([0, 0, 1, 0], [0, 0, 0, 0]),
    "returned_amount": ([0, 0, 100, 0], [0, 0, 0, 0]),
    "delivery_lines": ([0, 3, 1, 2], [0, 0, 0, 1]),
    # Orders. O1: 4 at 90 and 2 at 100, the first line in two parts, the second part late. O2: in time, one
    # returned. O4 of plant B: 2 of 5, late. O5 perfect; O6 in time and in full, then a complaint.
    "order_lines": ([0, 3, 0, 2], [0, 0, 1, 0]),
    "ordered_quantity": ([0, 9, 0, 2], [0, 0, 5, 0]),
    "ordered_amount": ([0, 860, 0, 200], [0, 0, 550, 0]),
    "lines_due": ([0, 2, 1, 2], [0, 0, 0, 1]),
    "lines_ontime": ([0, 1, 1, 2], [0, 0, 0, 0]),
    "units_requested": ([0, 6, 3, 2], [0, 0, 0, 5]),
    "units_filled": ([0, 5, 3, 2], [0, 0, 0, 0]),
    "orders_due": ([0, 1, 1, 2], [0, 0, 0, 1]),
    "otif_orders": ([0, 0, 1, 2], [0, 0, 0, 0]),
    "ontime_orders": ([0, 0, 1, 2], [0, 0, 0, 0]),
    "infull_orders": ([0, 1, 1, 2], [0, 0, 0, 0]),
    "perfect_orders": ([0, 0, 0, 1], [0, 0, 0, 0]),
    "cycle_orders": ([0, 1, 1, 2], [0, 0, 0, 0]),
    "order_cycle_days": ([0, 13, 16, 8], [0, 0, 0, 0]),
    "backlog_quantity": ([0, 3, 0, 0], [0, 0, 5, 3]),
    "backlog_amount": ([0, 300, 0, 0], [0, 0, 550, 330]),
    "active_customers": ([0, 2, 0, 2], [0, 0, 1, 0]),
    # Receivables: the credit note I3 was due at once and stood overdue, negative, at the end of February.
    "invoiced_gross": ([119, 666.4, 238, 238], [0, 0, 0, 261.8]),
    "invoices_issued": ([1, 1, 2, 2], [0, 0, 0, 1]),
    "collected_gross": ([0, 119, 666.4, 357], [0, 0, 0, 0]),
    "paid_invoices": ([0, 1, 1, 1], [0, 0, 0, 0]),
    "paid_late_invoices": ([0, 1, 1, 0], [0, 0, 0, 0]),
    "days_to_pay": ([0, 41, 26, 30], [0, 0, 0, 0]),
    "open_invoices": ([119, 666.4, 238, 238], [0, 0, 0, 261.8]),
    "overdue_invoices": ([0, 0, -119, 119], [0, 0, 0, 0]),
    "billed_gross": ([50, 119, 0, 0], [0, 0, 0, 0]),
    "bills_paid": ([0, 0, 2, 0], [0, 0, 0, 0]),
    "bills_paid_late": ([0, 0, 1, 0], [0, 0, 0, 0]),
    "open_bills": ([50, 169, 0, 0], [0, 0, 0, 0]),
    "overdue_bills": ([0, 50, 0, 0], [0, 0, 0, 0]),
    # Making.
    "runs": ([0, 1, 1, 0], [0, 0, 0, 0]),
    "planned_minutes": ([0, 100, 60, 0], [0, 0, 0, 0]),
    "run_minutes": ([0, 80, 60, 0], [0, 0, 0, 0]),
    "ideal_minutes_made": ([0, 60, 40, 0], [0, 0, 0, 0]),
    "ideal_minutes_good": ([0, 40, 40, 0], [0, 0, 0, 0]),
    "made": ([0, 6, 4, 0], [0, 0, 0, 0]),
    "good": ([0, 5, 4, 0], [0, 0, 0, 0]),
    "first_pass_good": ([0, 4, 4, 0], [0, 0, 0, 0]),
    "scrapped": ([0, 1, 0, 0], [0, 0, 0, 0]),
    "planned_quantity": ([0, 6, 3, 0], [0, 0, 0, 0]),
    "attained_quantity": ([0, 5, 3, 0], [0, 0, 0, 0]),
    "standard_cost_made": ([0, 300, 240, 0], [0, 0, 0, 0]),
    "absorbed_overhead": ([0, 100, 80, 0], [0, 0, 0, 0]),
    "material_price_effect": ([0, -3.3, 0, 0], [0, 0, 0, 0]),
    "material_usage_effect": ([0, -15, 0, 0], [0, 0, 0, 0]),
    "labour_rate_effect": ([0, -5.5, 0, 0], [0, 0, 0, 0]),
    "labour_efficiency_effect": ([0, -5, 5, 0], [0, 0, 0, 0]),
    "labour_hours": ([0, 5.5, 3.5, 0], [0, 0, 0, 0]),
    "capacity_minutes": ([0, 180, 150, 180], [0, 0, 0, 0]),
    "people": ([0, 5, 5, 4], [0, 0, 0, 0]),
    # Buying: without the pump bought from the sister (Q3).
    "purchase_lines_due": ([0, 1, 1, 1], [0, 0, 0, 0]),
    "purchase_lines_ontime": ([0, 0, 1, 0], [0, 0, 0, 0]),
    "received_quantity": ([0, 24, 10, 0], [0, 0, 0, 0]),
    "rejected_quantity": ([0, 4, 0, 0], [0, 0, 0, 0]),
    "purchased_amount": ([0, 120, 52, 0], [0, 0, 0, 0]),
    # Stock: the last snapshot of the month; that of mid-January counts for nothing.
    "stock_value": ([1100, 915, 965, 785], [240, 300, 300, 180]),
    "stock_quantity": ([110, 95, 83, 80], [4, 5, 5, 3]),
    "stock_material_value": ([500, 435, 365, 365], [0, 0, 0, 0]),
    "stock_finished_value": ([600, 480, 600, 420], [240, 300, 300, 180]),
    # Customers, quality, forecasts: the snapshot of the month before, the last of it, against all orders.
    "nps_responses": ([0, 2, 1, 0], [0, 0, 0, 0]),
    "promoters": ([0, 1, 0, 0], [0, 0, 0, 0]),
    "detractors": ([0, 1, 0, 0], [0, 0, 0, 0]),
    "csat_responses": ([0, 2, 0, 0], [0, 0, 0, 1]),
    "satisfied": ([0, 1, 0, 0], [0, 0, 0, 1]),
    "safety_incidents": ([0, 1, 0, 0], [0, 0, 0, 0]),
    "complaints": ([0, 0, 0, 1], [0, 0, 0, 0]),
    # What a safety incident took in minutes and a complaint in units is not quality's.
    "quality_events": ([0, 0, 2, 0], [0, 0, 1, 0]),
    "incident_cost": ([0, 10, 0, 5], [0, 0, 2, 0]),
    "supplier_quality_events": ([0, 0, 1, 0], [0, 0, 1, 0]),
    "defective_quantity": ([0, 0, 4, 0], [0, 0, 1, 0]),
    "quality_downtime": ([0, 0, 0, 0], [0, 0, 45.5, 0]),
    "quality_events_timed": ([0, 0, 1, 0], [0, 0, 1, 0]),
    "consensus_forecast": ([0, 11, 2, 0], [0, 0, 4, 0]),
    "consensus_error": ([0, 1, 2, 0], [0, 0, -1, 0]),
    "consensus_abs_error": ([0, 1, 2, 0], [0, 0, 1, 0]),
    "forecast_actual": ([0, 10, 0, 0], [0, 0, 5, 0]),
    "statistical_forecast": ([0, 7, 0, 0], [0, 0, 0, 0]),
    "statistical_error": ([0, -3, 0, 0], [0, 0, 0, 0]),
    "statistical_abs_error": ([0, 3, 0, 0], [0, 0, 0, 0]),
    "statistical_actual": ([0, 10, 0, 0], [0, 0, 0, 0]),
    # Working together. “operations planning” is no function, so M5 was not held by both.
    "meetings_scheduled": ([0, 1, 1, 2], [0, 0, 1, 0]),
    "meetings_held": ([0, 1, 0, 2], [0, 0, 1, 0]),
    "meetings_cross_functional": ([0, 1, 0, 1], [0, 0, 0, 0]),
    "decisions_raised": ([0, 1, 2, 0], [0, 1, 0, 0]),
    "decisions_decided": ([0, 1, 2, 0], [0, 0, 0, 0]),
    "actions_due": ([0, 1, 0, 2], [0, 0, 0, 0]),
    "actions_closed_ontime": ([0, 0, 0, 1], [0, 0, 0, 0]),
    "open_actions": ([0, 1, 1, 1], [0, 0, 0, 0]),
    "overdue_actions": ([0, 1, 0, 1], [0, 0, 0, 0]),
    "handoffs": ([0, 2, 0, 0], [0, 0, 0, 1]),
    "rework_steps": ([0, 1, 0, 0], [0, 0, 0, 0]),
    "event_steps": ([0, 3, 0, 0], [0, 0, 1, 1]),
    "cases": ([0, 1, 0, 0], [0, 0, 0, 1]),
}
# (unit, month, days, count); the head company holds them all.
HISTOGRAMS = {
    "decision_days": [("A", JAN, 3, 1), ("A", FEB, 2, 1), ("A", MAR, 28, 1)],
    "closure_days": [("A", FEB, 37, 1), ("A", MAR, 40, 1)],
    "handoff_days": [("A", JAN, 1, 1), ("A", JAN, 2, 1), ("B", MAR, 6, 1)],
}
# Two years are needed to know who came back: see below.
LATER = {"customers_prior", "customers_kept"}
# A fifth of plant B belongs to others: that is a figure of those above it.
OF_OTHERS = {"minority_result", "minority_equity"}


@pytest.fixture(scope="module", params=["csv", "parquet"])
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Books:
    """The small company, once from text and once from Parquet."""
    return open_books(small_company.write(tmp_path_factory.mktemp("small"), kind=request.param))


@pytest.fixture(scope="module")
def panel(small: Books) -> Panel:
    """Its panel."""
    return small.panel()


def scaled(figures: list[float]) -> list[int]:
    """Figures of the table above as the panel keeps them."""
    return [int(Decimal(str(figure)) * 10_000) for figure in figures]


def test_every_measure_is_worked_out_by_hand(panel: Panel) -> None:
    """No measure that the small company can have is left without a figure made by hand."""
    computed = {name for name, measure in panel.measures.items() if measure.nature != "histogram"}
    assert computed - LATER - OF_OTHERS == set(BY_HAND)
    assert set(HISTOGRAMS) == set(panel.measures) - computed


@pytest.mark.parametrize("measure", BY_HAND)
def test_measure(panel: Panel, measure: str) -> None:
    """A measure is what the documents say, plant by plant and month by month; the company is the sum."""
    assert panel.units == ["CO", "A", "B"] and panel.months == [DEC, JAN, FEB, MAR, APR]
    matrix, (a, b) = panel.matrix(measure)[:, :4], BY_HAND[measure]
    assert matrix[1].tolist() == scaled(a)
    assert matrix[2].tolist() == scaled(b)
    assert matrix[0].tolist() == [x + y for x, y in zip(scaled(a), scaled(b), strict=True)]


def test_what_belongs_to_others(panel: Panel) -> None:
    """A fifth of plant B's result, and of its capital and result so far, belongs to others."""
    expected = {"minority_result": [0, -2.4, 0, 20], "minority_equity": [148, 145.6, 145.6, 165.6]}
    for name, amounts in expected.items():
        assert panel.matrix(name)[:, :4].tolist() == [scaled(amounts), [0] * 4, [0] * 4]


@pytest.mark.parametrize("name", HISTOGRAMS)
def test_histogram(panel: Panel, name: str) -> None:
    """Days are whole days, counted by the month they end in, and roll up to the company."""
    found = {tuple(row) for row in panel.histogram(name).itertuples(index=False)}
    expected = set(HISTOGRAMS[name])
    assert found == expected | {("CO", month, days, count) for _, month, days, count in expected}


def test_own_is_what_was_booked_on_the_unit_itself(panel: Panel) -> None:
    """Nothing is booked on the head company: its own figures are nothing, those of the plants everything."""
    assert not panel.own("revenue")[0].any()
    assert (panel.own("revenue")[1:] == panel.matrix("revenue")[1:]).all()


def test_rows_counted(panel: Panel) -> None:
    """The panel says how many rows of the source stand behind a figure."""
    assert panel.rows("delivered_amount")[:, 1:4].tolist() == [[3, 2, 3], [3, 2, 2], [0, 0, 1]]
    assert panel.rows("cash")[1, 1:4].tolist() == [4, 5, 2]


def test_coverage(panel: Panel) -> None:
    """A figure stands for a month only where its source speaks of it: else it is none, not 0."""
    assert panel.coverage("revenue") == (JAN, MAR)
    assert panel.coverage("cash") == (DEC, MAR)
    assert panel.coverage("budget_revenue") == (JAN, APR)
    assert panel.coverage("budget_cash") == (MAR, MAR)
    assert panel.coverage("delivered_amount") == (JAN, MAR)
    assert panel.coverage("open_invoices") == (DEC, MAR)
    frame = panel.frame(["budget_cash", "revenue"], "A")
    assert frame.budget_cash.isna().tolist() == [True, True, True, False, True]
    assert frame.revenue.iloc[1:4].tolist() == [560.0, 200.0, 200.0]


def test_missing_reasons(panel: Panel) -> None:
    """A measure that cannot be had says why, and nobody gets a 0 for it."""
    assert panel.missing["budget_debt"] == "it is not budgeted"
    assert "driver 'maintenance'" in panel.missing["maintenance_cost"]
    with pytest.raises(UsageError, match="not budgeted"):
        panel.matrix("budget_debt")
    with pytest.raises(UsageError, match="no measure 'profit'"):
        panel.matrix("profit")


def test_without_a_table_its_measures_are_missing(tmp_path: Path) -> None:
    """Each measure names the tables it needs: take one away and exactly its measures go, with the reason."""
    data = small_company.tables()
    del data["deliveries"], data["surveys"], data["budget"]
    panel = open_books(small_company.write(tmp_path, data)).panel()
    gone = {"delivered_amount", "backlog_amount", "otif_orders", "nps_responses", "budget_revenue"}
    assert gone <= set(panel.missing)
    assert panel.missing["nps_responses"] == "needs surveys, which the data does not have"
    assert "deliveries" in panel.missing["backlog_amount"]
    assert panel.missing["budget_revenue"] == "needs a budget"
    assert panel.matrix("ordered_amount")[1, 1] == 8_600_000


def test_retention(tmp_path: Path) -> None:
    """Of the customers of months 13 to 24 back, those who ordered again in the last 12. A sister is none."""
    bought = {
        "gone": ["2023-01-05"],  # 24 months before December 2024: the window's first month
        "kept": ["2023-12-31", "2024-12-31"],  # its last month; came back in the very last
        "late": ["2023-06-01", "2025-01-02"],  # came back only in the month after
        "new": ["2024-01-31"],  # in December too young for the window, in January its last month
        "older": ["2022-12-31", "2024-05-01"],  # too long ago to count
        "SIS": ["2023-05-05", "2024-05-05"],
    }
    data = {name: small_company.tables()[name] for name in ("units", "products", "customers")}
    data["customers"] = [
        {"customer": name, "name": name, "segment": "intercompany" if name == "SIS" else "trade"}
        for name in bought
    ]
    data["orders"] = [
        {
            "order": f"{name}{n}",
            "line": "1",
            "customer": name,
            "unit": "A",
            "product": "P",
            "ordered": day,
            "quantity": "1",
        }
        for name, days in bought.items()
        for n, day in enumerate(days)
    ]
    panel = open_books(small_company.write(tmp_path, data, books='closed_through = "2025-01"\n')).panel()
    at = panel.months.index(DEC)
    assert panel.matrix("customers_prior")[1, at : at + 2].tolist() == scaled([3, 3])
    assert panel.matrix("customers_kept")[1, at : at + 2].tolist() == scaled([1, 2])
    assert panel.coverage("customers_prior") == (2022 * 12 + 11 + 23, JAN)


def test_an_order_is_due_when_its_last_line_is(tmp_path: Path) -> None:
    """Order measures count an order once, in the month of its latest requested date; line measures do not."""
    data = {name: small_company.tables()[name] for name in ("units", "customers", "products")}
    data["orders"] = [
        {
            "order": "O",
            "line": str(line),
            "customer": "C1",
            "unit": "A",
            "product": "P",
            "ordered": "2025-01-02",
            "requested": requested,
            "quantity": "2",
        }
        for line, requested in [(1, "2025-01-31"), (2, "2025-02-01")]
    ]
    data["deliveries"] = [
        {
            "delivery": str(line),
            "order": "O",
            "line": str(line),
            "customer": "C1",
            "unit": "A",
            "product": "P",
            "shipped": "2025-01-31",
            "quantity": "2",
            "amount": "5",
        }
        for line in (1, 2)
    ]
    panel = open_books(small_company.write(tmp_path, data, books='closed_through = "2025-02"\n')).panel()
    assert panel.matrix("lines_due")[1].tolist() == scaled([1, 1])
    assert panel.matrix("orders_due")[1].tolist() == panel.matrix("otif_orders")[1].tolist() == scaled([0, 1])


def _closings(
    items: list[dict[str, str]], ends: list[dt.date], today: str
) -> Iterator[tuple[Decimal, Decimal]]:
    """Open and overdue at each date, item by item, as somebody with a pencil would count."""
    for end in ends:
        held = overdue = Decimal(0)
        for item in items:
            issued, due = (dt.date.fromisoformat(item[key]) for key in ("issued", "due"))
            paid = dt.date.fromisoformat(item["paid"] or today)
            if issued <= end < paid:
                held += Decimal(item["amount"])
                if due < end:
                    overdue += Decimal(item["amount"])
        yield held, overdue


def test_open_invoices_by_brute_force(tmp_path: Path) -> None:
    """What is open at a month's end, added up over movements, is what a count item by item gives."""
    random = np.random.default_rng(4)
    first = dt.date(2024, 1, 1)
    items = []
    for number in range(300):
        issued = first + dt.timedelta(int(random.integers(0, 420)))
        due = issued + dt.timedelta(int(random.integers(0, 60)))
        paid = issued + dt.timedelta(int(random.integers(0, 120)))
        cents = int(random.integers(-20_000, 100_000))
        items.append(
            {
                "invoice": str(number),
                "customer": "C1",
                "unit": str(random.choice(["A", "B"])),
                "issued": str(issued),
                "due": str(due),
                "paid": "" if number % 5 == 0 else str(paid),
                "amount": str(Decimal(cents) / 100),
            }
        )
    data = {name: small_company.tables()[name] for name in ("units", "customers")} | {"invoices": items}
    panel = open_books(small_company.write(tmp_path, data, books='closed_through = "2025-02"\n')).panel()
    ends = [
        dt.date(month // 12 + (month % 12 == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(1)
        for month in panel.months
    ]
    for unit in ("A", "B"):
        mine = [item for item in items if item["unit"] == unit]
        counted = list(_closings(mine, ends, "2999-01-01"))
        row = panel.index(unit)
        assert panel.matrix("open_invoices")[row].tolist() == [int(h * 10_000) for h, _ in counted]
        assert panel.matrix("overdue_invoices")[row].tolist() == [int(o * 10_000) for _, o in counted]


def test_the_names_of_the_ledgers_measures_are_known_without_a_ledger() -> None:
    """Those of no chart of accounts are all there are."""
    none = pd.DataFrame({"account": [], "line": [], "behaviour": [], "driver": []}, dtype="str")
    for prefix in ("", "budget_"):
        assert measure_names(prefix) == [s.measure.name for s in ledger_sums(none, (), False, prefix)]
