"""KPIs of the generated company against SQL over its files, and against what accounting says must hold."""

import time
from pathlib import Path

import duckdb
import numpy as np
import pytest

from finops_toolkit import kpis
from finops_toolkit.books.reconciling import PAIRS
from finops_toolkit.errors import UsageError
from finops_toolkit.periods import month_text
from finops_toolkit.wording import SCALE

COMPANY = Path(__file__).resolve().parent.parent / "datasets" / "company"


PREPARE = """
CREATE VIEW ledger AS SELECT j.* EXCLUDE (line), a.line FROM journal j JOIN accounts a USING (account);
CREATE MACRO year(day) AS day BETWEEN DATE '2025-01-01' AND DATE '2025-11-30';
CREATE MACRO share(part, whole) AS part::DOUBLE / whole;
CREATE VIEW outsiders AS SELECT customer FROM customers WHERE segment <> 'intercompany';
CREATE VIEW vendors AS SELECT supplier FROM suppliers WHERE segment <> 'intercompany';
"""


@pytest.fixture(scope="module")
def sql():
    """Asks the company's files themselves, without the toolkit; ? is the unit."""
    connection = duckdb.connect()
    for path in COMPANY.glob("*.parquet"):
        connection.execute(f"CREATE VIEW {path.stem} AS FROM read_parquet('{path}')")
    connection.execute(PREPARE)
    return lambda query, unit: connection.execute(query, [unit]).fetchone()[0]


@pytest.fixture(scope="module")
def plant(books):
    """A unit that makes things: the first at the tree's end with production."""
    panel = books.panel()
    made = panel.matrix("made")[:, :].sum(axis=1)
    leaves = [unit for unit in panel.units if unit not in set(panel.parents.values())]
    return next(unit for unit in leaves if made[panel.index(unit)] > 0)


def own(books, kpi, unit, period):
    """A value, or a failure with its reason."""
    row = kpis.values(books, kpi, unit, period).iloc[0]
    assert row["reason"] == ""
    return row["value"]


# January to November 2025, of one unit.
QUERIES = {
    "revenue": "SELECT -sum(amount) FROM ledger WHERE line = 'revenue' AND year(posted) AND unit = ?",
    "ebit": """
        SELECT -sum(amount) FROM ledger WHERE year(posted) AND unit = ? AND line IN (
            'revenue', 'other_income', 'intercompany_result', 'cogs', 'selling', 'distribution',
            'administration', 'research', 'depreciation')""",
    "gross_margin": """
        SELECT share(sum(amount) FILTER (line IN ('revenue', 'cogs')), sum(amount) FILTER (line = 'revenue'))
        FROM ledger WHERE year(posted) AND unit = ?""",
    "dso": """
        SELECT 334 * share(sum(amount) FILTER (line = 'receivables'),
            -sum(amount) FILTER (line = 'revenue' AND year(posted)))
        FROM ledger WHERE posted <= '2025-11-30' AND unit = ?""",
    "inventory_turns": """
        SELECT 12 / 11 * share(sum(amount) FILTER (line = 'cogs' AND year(posted)),
            (sum(amount) FILTER (line = 'inventory')
            + sum(amount) FILTER (line = 'inventory' AND posted < '2025-01-01')) / 2)
        FROM ledger WHERE posted <= '2025-11-30' AND unit = ?""",
    "oee": """
        SELECT share(sum(first_pass_good * ideal_minutes), sum(planned_minutes))
        FROM production WHERE year(finished) AND unit = ?""",
    "scrap_rate": """
        SELECT share(sum(made - good), sum(made)) FROM production WHERE year(finished) AND unit = ?""",
    "supplier_on_time": """
        SELECT share(count(*) FILTER (received <= promised), count(*))
        FROM purchases SEMI JOIN vendors USING (supplier) WHERE year(promised) AND unit = ?""",
    "otif": """
        WITH filled AS (
            SELECT o."order", o.line, o.requested, o.quantity, coalesce(sum(d.quantity) FILTER (
                d.quantity > 0 AND d.shipped <= o.requested), 0) AS in_time
            FROM orders o SEMI JOIN outsiders USING (customer)
            LEFT JOIN deliveries d ON d."order" = o."order" AND d.line = o.line
            WHERE o.unit = ? GROUP BY ALL
        ), whole AS (
            SELECT max(requested) AS due, bool_and(in_time >= quantity) AS otif FROM filled GROUP BY "order"
        )
        SELECT share(count(*) FILTER (otif), count(*)) FROM whole WHERE year(due)""",
    "days_to_pay": """
        SELECT avg(paid - issued) FROM invoices SEMI JOIN outsiders USING (customer)
        WHERE year(paid) AND amount > 0 AND unit = ?""",
    "overdue_receivables_share": """
        SELECT share(sum(amount) FILTER (due < '2025-11-30'), sum(amount))
        FROM invoices SEMI JOIN outsiders USING (customer)
        WHERE issued <= '2025-11-30' AND (paid IS NULL OR paid > '2025-11-30') AND unit = ?""",
    "sales_delivered": """
        SELECT sum(amount) FROM deliveries SEMI JOIN outsiders USING (customer)
        WHERE year(shipped) AND unit = ?""",
    "order_intake": """
        SELECT sum(quantity * price * (1 - coalesce(discount, 0)))
        FROM orders SEMI JOIN outsiders USING (customer) WHERE year(ordered) AND unit = ?""",
    "book_to_bill": """
        SELECT share((SELECT sum(quantity * price * (1 - coalesce(discount, 0)))
            FROM orders SEMI JOIN outsiders USING (customer) WHERE year(ordered) AND unit = plant),
            (SELECT sum(amount) FROM deliveries SEMI JOIN outsiders USING (customer)
            WHERE year(shipped) AND unit = plant)) FROM (SELECT ? AS plant)""",
    "backlog_value": """
        WITH lines AS (
            SELECT "order", line, unit, quantity, price * (1 - coalesce(discount, 0)) AS net
            FROM orders SEMI JOIN outsiders USING (customer) WHERE ordered <= '2025-11-30'
        ), gone AS (
            SELECT "order", line, sum(quantity) AS out FROM deliveries
            WHERE quantity > 0 AND shipped <= '2025-11-30' GROUP BY ALL
        )
        SELECT sum((quantity - coalesce(out, 0)) * net) FROM lines LEFT JOIN gone USING ("order", line)
        WHERE unit = ?""",
    "purchases_received": """
        SELECT sum(received_quantity * price) FROM purchases SEMI JOIN vendors USING (supplier)
        WHERE year(received) AND unit = ?""",
    "stock_on_hand": """
        SELECT sum(value) FROM stock
        WHERE date = (SELECT max(date) FROM stock WHERE date <= '2025-11-30') AND unit = ?""",
    "complaints": """
        SELECT count(*) FROM incidents WHERE kind = 'complaint' AND year(date) AND unit = ?""",
    "quality_events": """
        SELECT count(*) FROM incidents WHERE kind = 'quality' AND year(date) AND unit = ?""",
    "revenue_per_customer": """
        SELECT share((SELECT sum(amount) FROM deliveries SEMI JOIN outsiders USING (customer)
            WHERE year(shipped) AND unit = plant),
            (SELECT count(DISTINCT (customer, month(ordered)))
            FROM orders SEMI JOIN outsiders USING (customer) WHERE year(ordered) AND unit = plant))
        FROM (SELECT ? AS plant)""",
    "handoff_days": """
        WITH steps AS (
            SELECT unit, time, department <> lag(department) OVER cases AS passed,
                time::DATE - (lag(time) OVER cases)::DATE AS waited
            FROM events WINDOW cases AS (PARTITION BY "case" ORDER BY step)
        )
        SELECT quantile_cont(waited, 0.5) FROM steps WHERE passed AND year(time::DATE) AND unit = ?""",
    "nps": """
        SELECT 100 * share((count(*) FILTER (nps >= 9)) - (count(*) FILTER (nps <= 6)), count(nps))
        FROM surveys WHERE year(date) AND unit = ?""",
    "decision_latency": """
        SELECT quantile_cont(decided - raised, 0.5) FROM decisions WHERE year(decided) AND unit = ?""",
    "decision_latency_p90": """
        SELECT quantile_cont(decided - raised, 0.9) FROM decisions WHERE year(decided) AND unit = ?""",
    "meeting_cadence": """
        SELECT share(count(*) FILTER (held), count(*)) FROM meetings WHERE year(date) AND unit = ?""",
    "forecast_wape": """
        WITH figures AS (
            SELECT unit, product, month, quantity AS said, 0 AS came FROM forecasts
            WHERE version = 'consensus' AND date_trunc('month', made_on) = month - INTERVAL 1 MONTH
            UNION ALL
            SELECT unit, product, date_trunc('month', ordered), 0, quantity
            FROM orders
        ), errors AS (
            SELECT sum(said) - sum(came) AS error, sum(came) AS came FROM figures
            WHERE year(month) AND unit = ? GROUP BY product, month
        )
        SELECT share(sum(abs(error)), sum(came)) FROM errors""",
}


@pytest.mark.parametrize("kpi", QUERIES)
def test_a_kpi_equals_sql_over_the_files(books, sql, plant, kpi):
    """January to November 2025 of a plant, computed from the files without the toolkit."""
    expected = sql(QUERIES[kpi], plant)

    assert own(books, kpi, plant, "2025-11-YTD") == pytest.approx(float(expected), rel=1e-9)


def test_ebit_is_exact_to_the_ten_thousandth(books, sql, plant):
    """The trace's exact value is the ledger's sum, digit by digit."""
    found = kpis.trace(books, "ebit", plant, "2025-11-YTD")

    assert found.exact == sql(QUERIES["ebit"], plant)


def test_rows_of_a_trace_are_the_ledgers_rows(books, sql, plant):
    """The rows counted for revenue are the journal's lines on revenue accounts in the period."""
    table = kpis.trace(books, "revenue", plant, "2025-11-YTD").table

    lines = sql("SELECT count(*) FROM ledger WHERE line = 'revenue' AND year(posted) AND unit = ?", plant)
    assert table["rows"].tolist() == [lines]


def test_the_rows_behind_an_input_are_the_journals(books, sql, plant):
    """From an input one gets to its journal lines: they add up to it, and others are left out."""
    lines = kpis.source_rows(books, "revenue", plant, "2025-11-YTD", limit=100_000)

    assert -lines["amount"].sum() == pytest.approx(float(sql(QUERIES["revenue"], plant)))
    assert set(kpis.source_rows(books, "made", plant, "2025-11")["unit"]) == {plant}
    with pytest.raises(UsageError, match="Did you mean"):
        kpis.source_rows(books, "revenu")


def test_every_kpi_has_a_value_for_the_latest_year(books):
    """The generated company has every table: each KPI has a value for the whole of it over twelve months.

    Only its incidents say neither how many units were defective nor how long production stood.
    """
    top = books.panel().units[0]
    rows = kpis.values(books, None, top, f"{month_text(books.closed)}-R12")
    none = rows.loc[rows["reason"] != "", ["kpi", "reason"]].set_index("kpi")["reason"]

    assert set(none.index) == {
        "supplier_quality_events", "defective_quantity", "quality_downtime", "downtime_per_quality_event",
    }, none.to_string()  # fmt: skip
    assert none.str.contains("the data holds no values for it in incidents").all(), none.to_string()


def test_percentages_lie_where_they_can(books):
    """Shares of a whole lie between 0 and 1 in every unit and month."""
    shares = ["otif", "perfect_order", "on_time_lines", "fill_rate", "oee", "availability", "csat",
              "first_pass_yield", "scrap_rate", "rework_rate", "schedule_attainment", "supplier_on_time",
              "quality_rate",
              "customer_retention", "meeting_cadence", "cross_functional_attendance", "action_closure",
              "overdue_receivables_share", "late_payment_share", "rework_share"]  # fmt: skip
    months = [month_text(month) for month in range(books.first, books.closed + 1)]
    rows = kpis.values(books, shares, periods=months)
    values = rows["value"].dropna()

    assert len(values) > len(rows) / 3
    assert values.between(0, 1).all()


def test_profit_and_cash_close(books):
    """Net profit is what equity's result grows by; free cash flow and financing are what cash grows by."""
    panel = books.panel()
    months = [month for month in panel.months if month <= books.closed]
    first = panel.coverage("cash")[0]
    spans = [month_text(month) for month in months if month > first]
    rows = kpis.values(books, ["net_profit", "free_cash_flow"], periods=spans)
    start, stop = first - panel.months[0], books.closed - panel.months[0] + 1

    def change(name):
        return np.diff(panel.matrix(name)[:, start:stop], axis=1) / SCALE

    profit, cash = (rows.loc[rows["kpi"] == kpi, "value"].to_numpy().reshape(len(panel.units), len(spans))
                    for kpi in ("net_profit", "free_cash_flow"))  # fmt: skip
    financing = change("debt") + change("equity") + change("other_liabilities")
    lent = change("other_assets") + change("intercompany_balance")
    np.testing.assert_allclose(profit, change("profit_to_date"), atol=0.001)
    np.testing.assert_allclose(cash + financing - lent, change("cash"), atol=0.001)


def test_the_reconciliation_beside_a_value_is_the_books_own(books):
    """Ledger less subledger in a trace is what the books' reconciliation says of the units below."""
    table = books.reconciliation()
    closing = {pair.name: books.panel().measures[pair.ledger].nature == "closing" for pair in PAIRS}
    span = books.period("2025-11-YTD")
    for kpi in ("gross_margin", "ccc"):
        found = kpis.trace(books, kpi, None, span).reconciliation
        assert len(found) >= 2
        for row in found.itertuples(index=False):
            months = [span.last] if closing[row.pair] else span.months
            rows = table[(table["pair"] == row.pair) & table["month"].isin(months)]
            assert row.difference * SCALE == int(rows["difference"].sum())
            assert row.ledger * SCALE == int(rows["ledger"].sum())


def test_departments_define_the_same_names_differently(books):
    """Each pair of definitions has two values here, and some of them differ by more than a hundredth."""
    result = kpis.conflicts(books)

    assert (result.table["reason"] == "").all()
    assert result.table["material"].any()
    assert result.table.loc[result.table["kpi"] == "dpo", "rival_owner"].item() == "purchasing"


def test_all_kpis_of_all_units_and_months_take_less_than_a_second(books):
    """Values come as arrays: every KPI, unit and month at once, well below a second."""
    months = [month_text(month) for month in range(books.first, books.closed + 1)]
    kpis.values(books)
    start = time.process_time()
    rows = kpis.values(books, periods=months)

    assert time.process_time() - start < 1
    assert len(rows) == len(kpis.catalogue()) * len(books.panel().units) * len(months)


def test_targets_of_the_company_are_for_kpis_there_are(books):
    """Every target and goal names a KPI of the catalogue, so that none is silently left unused."""
    for table in ("targets", "goals"):
        named = books.rows(table, columns=["kpi"], limit=100_000)["kpi"].dropna()
        assert set(named) <= set(kpis.catalogue())
