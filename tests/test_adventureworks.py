"""Adventure Works, a company nobody here made: its published figures come out of the adapter to the cent.

The figures are those of the data's own documentation. What they do not cover is computed a second time
from the raw files, in a connection of its own that knows nothing of the adapter.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from finops_toolkit.books import open_books
from finops_toolkit.books.contract import load_contract
from finops_toolkit.errors import ContractError

ADAPTER = Path(__file__).resolve().parent.parent / "datasets" / "adapters" / "adventureworks"
CENT = Decimal("0.01")
TYPES = {
    "id": "VARCHAR", "text": "VARCHAR", "date": "DATE", "month": "DATE", "time": "TIMESTAMP",
    "money": "DECIMAL(19,4)", "quantity": "DECIMAL(19,4)", "rate": "DECIMAL(19,8)", "integer": "BIGINT",
    "boolean": "BOOLEAN",
}  # fmt: skip
SHIFT_DAYS = 4170


@pytest.fixture(scope="module")
def source(shared_data: Path) -> Path:
    """The folder with dw/ and oltp/."""
    return shared_data / "adventureworks"


@pytest.fixture(scope="module")
def works(source: Path) -> Any:
    """The books of Adventure Works. Shared: only read them."""
    return open_books(ADAPTER, source)


@pytest.fixture(scope="module")
def raw(source: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The raw files in a connection of their own."""
    connection = duckdb.connect()
    for path in sorted((source / "dw").glob("*.parquet")):
        connection.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM read_parquet('{path}')")
    for name, columns in (("PurchaseOrderHeader", 13), ("CurrencyRate", 7)):
        names = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(columns))
        connection.execute(
            f"CREATE VIEW {name} AS SELECT * FROM read_csv('{source}/oltp/{name}.csv', delim='\t', quote='', "
            f"header=false, auto_detect=false, columns={{{names}}})"
        )
    yield connection
    connection.close()


def one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """The only row of a query."""
    rows = connection.execute(query).fetchall()
    assert len(rows) == 1
    return rows[0]


def cents(value: int | Decimal) -> Decimal:
    """Ten-thousandths (an int) or money (a Decimal) rounded to the cent, halves up."""
    money = value if isinstance(value, Decimal) else Decimal(int(value)) / 10_000
    return money.quantize(CENT, ROUND_HALF_UP)


def sums(table: Any, **columns: str) -> dict[str, Any]:
    """Exact sums of columns of a table, by the names they are given."""
    found = table.aggregate(**{name: table[column].sum() for name, column in columns.items()})
    return dict(found.to_pyarrow().to_pylist()[0])


def total(works: Any, table: str, column: str, **scope: Any) -> int:
    """Exact sum of a column in ten-thousandths."""
    return int(works.sums(table, by=["month"], sums=[column], **scope)[column].sum())


def measure(works: Any, name: str, period: str) -> int:
    """A measure of the whole company: the period's movement, or the balance at its end."""
    panel, span = works.panel(), works.period(period)
    row = panel.matrix(name)[panel.units.index("adventureworks-cycle")]
    first, last = (panel.months.index(month) for month in (span.first, span.last))
    return int(row[last] if panel.measures[name].nature == "closing" else row[first : last + 1].sum())


# --- the ledger --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("year", "line", "amount"),
    [
        ("2011", "revenue", "24246689.54"),
        ("2011", "cogs", "8006174.63"),
        ("2012", "revenue", "35298263.43"),
        ("2012", "cogs", "10725214.82"),
    ],
)
def test_ledger_lines(works: Any, year: str, line: str, amount: str) -> None:
    """Net sales and cost of sales of a calendar year, summed over organisations without exchange rates."""
    assert cents(measure(works, line, year)) == Decimal(amount)


def test_net_income(works: Any) -> None:
    """Net income 2011 is what all profit-and-loss lines leave."""
    income = sum(measure(works, line, "2011") for line in ("revenue", "other_income", "intercompany_result"))
    operating = ("cogs", "selling", "distribution", "administration", "research", "depreciation")
    costs = sum(measure(works, line, "2011") for line in (*operating, "interest", "tax"))
    assert cents(income - costs) == Decimal("5462068.53")


@pytest.mark.parametrize(
    ("balance", "flow", "days"),
    [("receivables", "revenue", "67.505"), ("inventory", "cogs", "158.629"), ("payables", "cogs", "57.300")],
)
def test_days_of_working_capital(works: Any, balance: str, flow: str, days: str) -> None:
    """DSO, DIO and DPO of 2011 from ending balances and 365 days."""
    value = Decimal(measure(works, balance, "2011")) / Decimal(measure(works, flow, "2011")) * 365
    assert value.quantize(Decimal("0.001")) == Decimal(days)


def test_balance_sheet_balances(works: Any) -> None:
    """In every organisation and month the balances posted add up to nothing, as debits and credits must."""
    tables = works.tables
    accounts = tables["accounts"].filter(tables["accounts"].line != "statistical").account
    posted = tables["balances"].filter(lambda t: t.closing.notnull() & t.account.isin(accounts))
    left = posted.group_by(["unit", "month"]).aggregate(left=posted.closing.sum()).to_pandas()
    # Three more are the balanced corrections in the stub of December 2013.
    assert len(left) == 6 * 36 + 2 * 24 + 12 + 3
    assert (left.left == 0).all()


def test_earnings_of_the_year(works: Any) -> None:
    """The fiscal year begins in December: the account of current earnings holds the result since then."""
    tables = works.tables
    income = tables["accounts"].filter(lambda t: t.line.isin(load_contract().lines_profit))
    balances = tables["balances"].filter(lambda t: t.month < "2013-12-01")
    flows = balances.filter(balances.account.isin(income.account))
    result = flows.group_by(["unit", "month"]).aggregate(result=flows.flow.sum()).order_by(["unit", "month"])
    earned = balances.filter(balances.account == "3550").select("unit", "month", "closing")
    frame = result.join(earned, ["unit", "month"]).order_by(["unit", "month"]).to_pandas()
    assert len(frame) == 6 * 36 + 2 * 24 + 12
    earned_so_far: dict[tuple[str, int], Decimal] = {}
    for row in frame.itertuples():
        year = (row.unit, row.month.year + (row.month.month == 12))
        earned_so_far[year] = earned_so_far.get(year, Decimal(0)) + row.result
        assert earned_so_far[year] == row.closing, (row.unit, row.month)
    assert works.fiscal_start == 12


def test_no_ledger_row_is_lost(works: Any, raw: duckdb.DuckDBPyConnection) -> None:
    """Rows and money read equal rows and money used, account by account, for the actuals and the budget."""
    for scenario, table, columns in ((1, "balances", "flow + closing"), (2, "budget", "amount")):
        source = raw.execute(
            f"""SELECT CAST(AccountCodeAlternateKey AS VARCHAR), SUM(CAST(Amount AS DECIMAL(19, 4))),
                       COUNT(DISTINCT (OrganizationKey, MonthNumber))
                FROM (SELECT *, strftime(Date - INTERVAL 1 DAY, '%Y-%m') AS MonthNumber FROM FactFinance)
                JOIN DimAccount USING (AccountKey) WHERE ScenarioKey = {scenario} GROUP BY ALL"""
        ).fetchall()
        frame = works.tables[table]
        value = sum(frame[name].fill_null(0) for name in columns.split(" + "))
        used = frame.mutate(value=value).group_by("account")
        used = used.aggregate(value=lambda t: t.value.sum(), n=lambda t: t.count())
        found = {row.account: (abs(row.value), row.n) for row in used.to_pandas().itertuples()}
        assert found == {account: (abs(amount), rows) for account, amount, rows in source}
    kept = """SELECT COUNT(*), COUNT(*) FILTER (ScenarioKey IN (1, 2)),
                     COUNT(*) FILTER (CAST(CAST(Amount AS DECIMAL(19, 4)) AS DOUBLE) = Amount)
              FROM FactFinance"""
    assert one(raw, kept) == (39_409, 39_409, 39_409)


def test_every_account_is_mapped(works: Any, raw: duckdb.DuckDBPyConnection) -> None:
    """accounts.csv maps every account that can be posted to, under the source's own name, and no other."""
    with (ADAPTER / "accounts.csv").open(encoding="utf8", newline="") as file:
        written = sorted((row["account"], row["name"]) for row in csv.DictReader(file))
    leaves = raw.execute(
        """SELECT CAST(AccountCodeAlternateKey AS VARCHAR), AccountDescription FROM DimAccount
           WHERE AccountKey NOT IN (SELECT COALESCE(ParentAccountKey, -1) FROM DimAccount) ORDER BY 1"""
    ).fetchall()
    assert written == leaves
    assert len(works.tables["accounts"].to_pandas()) == len(leaves) == 72


def test_unmapped_account_is_said(source: Path, tmp_path: Path) -> None:
    """An account missing from the map stops the opening by name: its money is never dropped or guessed."""
    adapter = tmp_path / "adapter"
    shutil.copytree(ADAPTER, adapter)
    lines = (adapter / "accounts.csv").read_text().splitlines(True)
    (adapter / "accounts.csv").write_text("".join(line for line in lines if not line.startswith("4200,")))
    with pytest.raises(ContractError) as caught:
        open_books(adapter, source)
    assert "accounts" in str(caught.value) and "line" in str(caught.value)


# --- the traps -----------------------------------------------------------------------------------------


def test_budget_like_for_like(works: Any, raw: duckdb.DuckDBPyConnection) -> None:
    """Gross sales are 9.8 % under budget over its twelve postings; by calendar year they look 4.2 % over."""
    where = {"account": ["4200", "4500"]}
    actual = -total(works, "balances", "flow", period="FY2011", where=where)
    budget = -total(works, "budget", "amount", period="FY2011", where=where)
    assert (cents(actual), cents(budget)) == (Decimal("22874082.30"), Decimal("25354800.00"))
    assert round(Decimal(actual) / budget * 100 - 100, 1) == Decimal("-9.8")
    # Like for like without this package: the same posting dates on both sides.
    left, right = one(
        raw,
        """SELECT SUM(CAST(Amount AS DECIMAL(19, 4))) FILTER (ScenarioKey = 1),
                  SUM(CAST(Amount AS DECIMAL(19, 4))) FILTER (ScenarioKey = 2)
           FROM FactFinance JOIN DimAccount USING (AccountKey) WHERE AccountCodeAlternateKey IN (4200, 4500)
           AND Date IN (SELECT Date FROM FactFinance WHERE ScenarioKey = 2)""",
    )
    assert (left, right) == (cents(actual), cents(budget))
    actual = -total(works, "balances", "flow", period="2011", where=where)
    budget = -total(works, "budget", "amount", period="2011", where=where)
    assert round(Decimal(actual) / budget * 100 - 100, 1) == Decimal("4.2")
    assert len(works.sums("budget", by=["month"], sums=["amount"])) == 12
    assert len(works.sums("budget", by=["month"], sums=["amount"], period="2011")) == 11


def test_budget_by_the_panel(works: Any) -> None:
    """The panel's months of the budget are the budget's twelve postings; after them there is none."""
    panel, year = works.panel(), works.period("FY2011")
    assert panel.coverage("budget_revenue") == (year.first, year.last)
    assert cents(measure(works, "revenue", "FY2011")) == Decimal("21821826.43")
    assert cents(measure(works, "budget_revenue", "FY2011")) == Decimal("24161650.00")


def test_drifting_postings(works: Any, raw: duckdb.DuckDBPyConnection) -> None:
    """Each business month is one run of postings (two Decembers: and corrections of the day before)."""
    pairs = works.tables["balances"].select("month", "posted").distinct()
    frame = pairs.order_by(["month", "posted"]).to_pandas()
    dates: dict[str, list[str]] = {}
    for row in frame.itertuples():
        dates.setdefault(str(row.month)[:7], []).append(str(row.posted)[:10])
    assert len(dates) == 37
    assert dates["2011-02"] == ["2011-03-01"] and dates["2011-06"] == ["2011-07-01"]
    assert {month for month, days in dates.items() if len(days) > 1} == {"2011-12", "2012-12"}
    rule = one(
        raw,
        """SELECT COUNT(DISTINCT strftime(Date - INTERVAL 1 DAY, '%Y-%m')), COUNT(DISTINCT Date)
           FROM FactFinance WHERE ScenarioKey = 1""",
    )
    assert rule == (37, 39)


def test_december_2013_is_open(works: Any, raw: duckdb.DuckDBPyConnection) -> None:
    """December 2013 is a stub of 33 rows: the books are closed to November, and it is in no closed year."""
    assert one(raw, "SELECT COUNT(*) FROM FactFinance WHERE DateKey >= 20131201") == (33,)
    assert works.period("latest-closed").text == "2013-11"
    december = works.tables["balances"].filter(lambda t: t.month == "2013-12-01").to_pandas()
    assert len(december) == 33 and set(december.account) == {"3010", "3020", "6860", "8030", "8040"}


def test_statistical_accounts(works: Any) -> None:
    """Headcount, units and square feet are in no line of money."""
    accounts = works.tables["accounts"].to_pandas()
    assert set(accounts[accounts.line == "statistical"].account) == {"9510", "9520", "9530", "9540"}
    headcount = total(works, "balances", "closing", period="2011-12", where={"account": "9510"})
    assert headcount == 184 * 10_000


def test_ledger_against_sales_and_stock(works: Any) -> None:
    """2011 by the ledger and by the company's own records: shown side by side, not made to agree."""
    assert cents(measure(works, "cogs", "2011")) == Decimal("8006174.63")
    assert cents(measure(works, "delivered_cost", "2011")) == Decimal("22394844.77")
    assert cents(measure(works, "inventory", "2011")) == Decimal("3479490.93")
    assert cents(measure(works, "stock_value", "2011")) == Decimal("23130673.42")


# --- sales and stock -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("internet", "amount", "cost", "quantity"),
    [
        (True, "29358677.2207", "17277793.5757", 60_398),
        (False, "80450596.9823", "79980114.379", 214_378),
    ],
)
def test_channels(works: Any, internet: bool, amount: str, cost: str, quantity: int) -> None:
    """Sales, cost and units of each channel, to the last digit."""
    customers, deliveries = works.tables["customers"], works.tables["deliveries"]
    chosen = customers.filter((customers.segment == "Internet") == internet).customer
    sold = deliveries.filter(deliveries.customer.isin(chosen))
    found = sums(sold, amount="amount", cost="cost", quantity="quantity")
    assert found == {"amount": Decimal(amount), "cost": Decimal(cost), "quantity": quantity}


@pytest.mark.parametrize(
    ("year", "amount", "cost"),
    [
        (2011, "25268328.64", "22394844.77"),
        (2012, "34036116.73", "30692210.67"),
        (2013, "49926384.50", "43652843.53"),
    ],
)
def test_sales_years(works: Any, year: int, amount: str, cost: str) -> None:
    """Both channels by calendar year (2013 to its end, past the closed months); margin 2011 is 11.37 %."""
    sold = works.tables["deliveries"].filter(lambda t: t.shipped.year() == year)
    found = sums(sold, amount="amount", cost="cost")
    assert (cents(found["amount"]), cents(found["cost"])) == (Decimal(amount), Decimal(cost))
    if year == 2011:
        assert round((1 - found["cost"] / found["amount"]) * 100, 2) == Decimal("11.37")


def test_no_sale_is_lost(works: Any, raw: duckdb.DuckDBPyConnection) -> None:
    """Every line of both channels is an order line and a delivery, with a unit, a customer and a product."""
    rows = sum(one(raw, f"SELECT COUNT(*) FROM {t}")[0] for t in ("FactInternetSales", "FactResellerSales"))
    assert rows == 121_253
    for table in ("orders", "deliveries"):
        read = works.tables[table].select("unit", "customer", "product").to_pandas()
        assert len(read) == rows
        assert read.notna().all(axis=None)
    orders = works.tables["orders"].select("quantity", "price", "discount").to_pyarrow()
    # Narrow enough that the product is exact: each line is rounded by itself.
    line = "quantity::DECIMAL(9, 0) * price::DECIMAL(13, 4) * (1 - discount)::DECIMAL(9, 8)"
    with duckdb.connect() as engine:
        engine.register("orders", orders)
        net = one(engine, f"SELECT SUM(ROUND({line}, 4)) FROM orders")[0]
    assert abs(net - Decimal("29358677.2207") - Decimal("80450596.9823")) < CENT


def test_goods_leave_stock_on_the_order_date(works: Any, raw: duckdb.DuckDBPyConnection) -> None:
    """Units out of stock equal units sold, 274,776, and even product by product and day by day.

    This is why a delivery counts on its order date. On the source's ship date it would not hold.
    """
    out = raw.execute(
        """SELECT CAST(ProductKey AS VARCHAR), CAST(MovementDate AS VARCHAR), UnitsOut
           FROM FactProductInventory WHERE UnitsOut <> 0"""
    ).fetchall()
    assert sum(row[2] for row in out) == 274_776
    deliveries = works.tables["deliveries"]
    sold = deliveries.group_by(["product", "shipped"]).aggregate(quantity=deliveries.quantity.sum())
    found = {(row.product, str(row.shipped)[:10]): int(row.quantity) for row in sold.to_pandas().itertuples()}
    assert found == {(product, day): units for product, day, units in out}


def test_fulfilment_is_unknown(works: Any) -> None:
    """Constant dates tell no punctuality, cycle time or backlog: these are missing, never 0 or 100 %."""
    unknown = {"otif_orders", "lines_ontime", "units_filled", "order_cycle_days", "backlog_amount"}
    assert unknown | {"purchase_lines_ontime"} <= set(works.panel().missing)


@pytest.mark.parametrize(
    ("day", "value"),
    [("2011-12-31", "23130673.42"), ("2012-12-31", "22952033.49"), ("2013-12-31", "23320461.76")],
)
def test_stock(works: Any, day: str, value: str) -> None:
    """The perpetual inventory at each year's end."""
    stock = works.tables["stock"].filter(lambda t: t.date == day)
    assert cents(sums(stock, value="value")["value"]) == Decimal(value)


def test_negative_stock_is_shown(works: Any) -> None:
    """3,319 negative daily balances are reported with their value, and stay in."""
    found = [f for f in works.contract_findings if f.rule == "not_negative"]
    assert [(f.table, f.level, f.count) for f in found] == [("stock", "difference", 3_319)]
    assert works.opened.rows["stock"] == 776_286


# --- purchases, rates, structure -----------------------------------------------------------------------


def test_purchases(works: Any, raw: duckdb.DuckDBPyConnection) -> None:
    """Ordered value, units received and rejected, to the digit; every line has its supplier and product."""
    bought = works.tables["purchases"].to_pandas()
    assert len(bought) == 8_845 and bought.purchase.nunique() == 4_012
    assert bought[["supplier", "product"]].notna().all(axis=None)
    assert set(bought.supplier) <= set(works.tables["suppliers"].to_pandas().supplier)
    assert (bought.quantity * bought.price).sum() == Decimal("63791994.838")
    subtotal = one(raw, "SELECT SUM(CAST(c8 AS DECIMAL(19, 4))) FROM PurchaseOrderHeader")
    assert subtotal == (Decimal("63791994.838"),)
    assert (bought.received_quantity.sum(), bought.rejected_quantity.sum()) == (2_327_299, 72_700)


def test_purchase_dates_are_moved_by_evidence(works: Any, raw: duckdb.DuckDBPyConnection) -> None:
    """Both databases hold the same exchange rates 4,170 days apart, on all 1,097 days: dates move by that."""
    for currency in ("EUR", "GBP", "CAD", "AUD"):
        same = one(
            raw,
            f"""SELECT COUNT(*) FROM CurrencyRate o
                JOIN FactCurrencyRate w ON CAST(w.Date AS DATE) = CAST(o.c1[:10] AS DATE) - {SHIFT_DAYS}
                JOIN DimCurrency c ON c.CurrencyKey = w.CurrencyKey AND c.CurrencyAlternateKey = o.c3
                WHERE o.c3 = '{currency}'
                AND ABS(1 / CAST(o.c5 AS DOUBLE) - w.EndOfDayRate) < 1e-5 * w.EndOfDayRate""",
        )
        assert same == (1_097,)
    orders = raw.execute(
        f"""SELECT c0, CAST(c6[:10] AS DATE) - {SHIFT_DAYS}, CAST(c7[:10] AS DATE) - {SHIFT_DAYS}
            FROM PurchaseOrderHeader"""
    ).fetchall()
    bought = works.tables["purchases"].select("purchase", "ordered", "received").distinct().to_pandas()
    assert {(r.purchase, str(r.ordered)[:10], str(r.received)[:10]) for r in bought.itertuples()} == {
        (number, str(ordered), str(shipped)) for number, ordered, shipped in orders
    }


def test_rates(works: Any, raw: duckdb.DuckDBPyConnection) -> None:
    """Dollars for one unit of foreign money: the euro in June 2011, computed again from its days."""
    rates = works.tables["rates"].to_pandas()
    euro = rates[(rates.currency == "EUR") & (rates.month.astype(str).str[:7] == "2011-06")].iloc[0]
    days = raw.execute(
        """SELECT AverageRate, EndOfDayRate FROM FactCurrencyRate JOIN DimCurrency USING (CurrencyKey)
           WHERE CurrencyAlternateKey = 'EUR' AND DateKey BETWEEN 20110601 AND 20110630 ORDER BY DateKey"""
    ).fetchall()
    assert len(days) == 30
    assert float(euro.average) == pytest.approx(sum(day[0] for day in days) / 30, abs=1e-7)
    assert float(euro.closing) == pytest.approx(days[-1][1], abs=1e-8)
    assert "USD" not in set(rates.currency) and len(set(rates.currency)) == 13


def test_organisations(works: Any) -> None:
    """The tree of organisations with currencies and shares owned, and the company on top."""
    units = works.tables["units"].to_pandas().set_index("unit")
    assert len(units) == 14 and units.parent.isna().sum() == 1
    divisions = ["central", "northeast", "northwest", "southeast", "southwest"]
    assert works.below("north-america") == ["north-america", "canadian", "usa", *divisions]
    assert dict(units.currency[["canadian", "france", "germany", "australia", "usa"]]) == {
        "canadian": "CAD", "france": "EUR", "germany": "EUR", "australia": "AUD", "usa": "USD",
    }  # fmt: skip
    assert units.ownership["germany"] == Decimal("0.25")


def test_types_and_findings(works: Any) -> None:
    """Every column has the contract's type, every value was read, and only negative stock differs."""
    for name in works.tables:
        spec = load_contract().tables[name]
        described = works.opened.connection.raw_sql(f'DESCRIBE books."{name}"').fetchall()
        for column, kind, *_ in described:
            assert kind == TYPES[spec.columns[column].type], f"{name}.{column}"
    assert [f.rule for f in works.contract_findings if f.level != "note"] == ["not_negative"]
    assert not {f.rule for f in works.contract_findings} & {
        "rounded",
        "unreadable_value",
        "extra_column",
        "unknown_table",
    }


def test_notes_tell_the_truth(works: Any, raw: duckdb.DuckDBPyConnection) -> None:
    """Every trap has a note, every note is shown, and the figures the notes state are those of the data."""
    notes = works.opened.settings["notes"]
    shown = {(finding.table, finding.text) for finding in works.findings() if finding.level == "note"}
    assert {(note["table"], note["text"]) for note in notes} <= shown
    said = " ".join(note["text"] for note in notes)
    traps = ("drift", "33 rows", "disagree", "Nothing is converted", "statistical", "3,319")
    assert all(words in said for words in (*traps, "9.8 % under", "4.2 % over"))
    sides = ("inventory", "stock_value", "cogs", "standard_cost_of_sales", "delivered_cost")
    for figure in (measure(works, name, "2011") for name in sides):
        assert f"{cents(figure):,}" in said
    for period in ("FY2011", "2011"):
        for table, column in (("balances", "flow"), ("budget", "amount")):
            gross = -total(works, table, column, period=period, where={"account": ["4200", "4500"]})
            assert f"{cents(gross):,}" in said
    due = """SELECT COUNT(*) FILTER (s = 8 AND d = 13), COUNT(*) FILTER (s = 7 AND d = 12), COUNT(*) FROM (
        SELECT ShipDate::DATE - OrderDate::DATE AS s, DueDate::DATE - OrderDate::DATE AS d
        FROM (SELECT OrderDate, ShipDate, DueDate FROM FactInternetSales UNION ALL
              SELECT OrderDate, ShipDate, DueDate FROM FactResellerSales))"""
    assert one(raw, due) == (9, 121_244, 121_253)
    march = """SELECT COUNT(*) FILTER (OrderDateKey < 20110301), COUNT(DISTINCT OrderDateKey)
               FROM FactResellerSales WHERE OrderDateKey BETWEEN 20110201 AND 20110331"""
    assert one(raw, march) == (0, 2)
    states = "SELECT COUNT(*), COUNT(*) FILTER (c2 = '3'), COUNT(*) FILTER (c2 = '1')"
    assert one(raw, f"{states} FROM PurchaseOrderHeader") == (4_012, 86, 225)
    gaps = """SELECT CAST(c7[:10] AS DATE) - CAST(c6[:10] AS DATE) AS days, COUNT(*)
              FROM PurchaseOrderHeader GROUP BY days ORDER BY days"""
    assert raw.execute(gaps).fetchall() == [(9, 4_000), (25, 12)]
    prices = """SELECT COUNT(*) FROM (SELECT ProductKey, OrderDate FROM FactInternetSales GROUP BY ALL
                HAVING COUNT(DISTINCT CurrencyKey) > 1 AND COUNT(DISTINCT UnitPrice) > 1)"""
    assert one(raw, prices) == (0,)
