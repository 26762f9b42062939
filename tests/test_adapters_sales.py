"""Sales that nobody here made: a trader in SQLite, SAP samples and document flow, a year of daily bills.

What must come out is computed a second time from the raw files, with sqlite3, csv and pandas, by code that
knows nothing of the adapters; or it is published with the data.
"""

from __future__ import annotations

import csv
import io
import re
import sqlite3
import tarfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

import pandas as pd
import pytest

from finops_toolkit import kpis
from finops_toolkit.books import open_books
from finops_toolkit.books.tying import Tie

FOLDERS = {
    "northwind": "northwind",
    "sap_sales": "sap_bestrun",
    "sap_document_flow": "eventlogs",
    "online_retail": "online_retail",
}


@pytest.fixture(scope="module")
def opened(shared_data: Path) -> Any:
    """The books of an adapter by its name, each opened once. Shared: only read them."""
    return cache(lambda name: open_books(name, shared_data / FOLDERS[name]))


def ties(books: Any) -> dict[str, Tie]:
    """How the tables tie to their sources, by table."""
    return {tie.table: tie for tie in books.opened.ties}


def left_out(tie: Tie) -> dict[str, tuple[int, Decimal]]:
    """Rows and money left out, by the reason's first words."""
    return {part.reason: (part.rows, Decimal(part.amount or 0) / 10_000) for part in tie.rejected}


def by_month(books: Any, measure: str, unit: str | None = None) -> dict[str, Decimal]:
    """A measure by month up to the last closed one, without the months that have none of it."""
    panel = books.panel()
    series = panel.series(measure, unit or panel.units[0])
    months = [f"{month // 12}-{month % 12 + 1:02d}" for month in panel.months]
    return {
        text: Decimal(int(value)) / 10_000
        for text, month, value in zip(months, panel.months, series, strict=True)
        if value and month <= panel.closed
    }


def only(books: Any, kpi: str, period: str, unit: str | None = None) -> Any:
    """The one row of a KPI, of the whole company unless a unit is named."""
    return kpis.values(books, kpi, unit or books.panel().units[0], period).iloc[0]


# --- all four ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FOLDERS)
def test_every_row_of_the_source_is_accounted_for(opened: Any, name: str) -> None:
    """Rows read = rows used + rows left out with a reason, and so the money; nothing differs."""
    books = opened(name)
    facts = {"orders", "deliveries", "events"} & set(books.tables)

    assert facts == set(ties(books))
    for tie in books.opened.ties:
        assert tie.read > 0
        assert tie.rows_missing == 0, tie.table
        assert tie.amount_missing in (0, None), tie.table
        assert (tie.amount_read is None) == (tie.table != "deliveries")
    assert [finding for finding in books.findings() if finding.level != "note"] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("northwind", {"otif", "perfect_order", "on_time_lines", "fill_rate", "order_cycle_time",
                       "revenue_per_customer", "sales_delivered", "order_intake", "book_to_bill",
                       "backlog_value", "backlog_days"}),
        ("sap_sales", {"order_cycle_time", "revenue_per_customer", "sales_delivered", "backlog_value"}),
        ("sap_document_flow", {"handoff_days", "handoffs_per_case", "rework_share"}),
        ("online_retail", {"return_rate", "revenue_per_customer", "sales_delivered"}),
    ],
)  # fmt: skip
def test_which_kpis_result(opened: Any, name: str, expected: set[str]) -> None:
    """The KPIs of the adapter's page have values; every other says what it lacks, in words."""
    period = {"northwind": "1997", "sap_sales": "2018-Q4", "sap_document_flow": "2001"}.get(name, "2011-11")
    books = opened(name)

    found = kpis.values(books, None, books.panel().units[0], period)

    valued = found[found.value.notna()]
    assert expected <= set(valued.kpi)
    assert not {"gross_margin", "dso", "oee", "nps"} & set(valued.kpi)
    assert found[found.value.isna()].reason.str.len().min() > 10


def test_a_part_of_two_years_has_no_retention(opened: Any) -> None:
    """Retention compares two years of orders: with 22 months it says so, and no more."""
    assert only(opened("northwind"), "customer_retention", "1998-04").reason == (
        "needs orders of 24 months, and there are 22"
    )


@pytest.mark.prove
def test_a_scorecard_is_made_of_a_company_without_a_ledger(shared_data: Path, tmp_path: Path) -> None:
    """The scorecard of Northwind is made, shows on-time delivery, and says why the rest is missing."""
    from finops_toolkit.cli import main

    source = str(shared_data / "northwind")
    asked = [
        "--data",
        "northwind",
        "--source",
        source,
        "--unit",
        "usa",
        "--out",
        str(tmp_path),
        "--formats",
        "html",
    ]

    assert main(["report", "monthly_scorecard", *asked]) == 0

    (page,) = tmp_path.rglob("monthly_scorecard.html")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    assert re.search(r"On time in full \(OTIF\) \d\d\.\d", text)
    assert "Sales delivered: USD" in text and "There is no ledger" in text
    assert "nothing went wrong" not in text and "What moved the operating profit" not in text


# --- Northwind ---------------------------------------------------------------------------------------

_NET = "CAST(ROUND(d.UnitPrice * d.Quantity * (1 - d.Discount) * 10000) AS INTEGER)"
_JOINED = '"Order Details" d JOIN Orders o USING (OrderID) JOIN Employees e USING (EmployeeID)'


@pytest.fixture(scope="module")
def northwind(shared_data: Path) -> Iterator[sqlite3.Connection]:
    """The raw database."""
    path = shared_data / "northwind" / "northwind.sqlite"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def monthly(connection: sqlite3.Connection, value: str, day: str, where: str = "1") -> dict[str, Decimal]:
    """An exact sum of whole ten-thousandths by month of a date."""
    rows = connection.execute(
        f"SELECT SUBSTR({day}, 1, 7), SUM({value}) FROM {_JOINED} "
        f"WHERE {day} IS NOT NULL AND {where} GROUP BY 1"
    )
    return {month: Decimal(total) / 10_000 for month, total in rows if month <= "1998-04" and total}


@pytest.mark.parametrize(
    ("unit", "where"), [(None, "1"), ("usa", "e.Country = 'USA'"), ("uk", "e.Country = 'UK'")]
)
def test_northwind_by_month_and_office(
    opened: Any, northwind: sqlite3.Connection, unit: str | None, where: str
) -> None:
    """Orders by order date and shipments by shipping date, of each office, are those of the database."""
    books = opened("northwind")

    for measure, value, day in (
        ("ordered_amount", _NET, "o.OrderDate"),
        ("order_lines", "10000", "o.OrderDate"),
        ("delivered_amount", _NET, "o.ShippedDate"),
        ("delivered_quantity", "d.Quantity * 10000", "o.ShippedDate"),
    ):
        assert by_month(books, measure, unit) == monthly(northwind, value, day, where), measure


def test_northwind_in_all(opened: Any, northwind: sqlite3.Connection) -> None:
    """The sum of Northwind's own view of order subtotals is what was shipped and what was not yet."""
    (own,) = northwind.execute('SELECT SUM(Subtotal) FROM "Order Subtotals"').fetchone()
    tie = ties(opened("northwind"))["deliveries"]

    assert Decimal(tie.amount_read or 0) / 10_000 == Decimal("1265793.0395")
    assert own == pytest.approx(1_265_793.0395, abs=1)  # the view rounds each line to the cent
    assert left_out(tie) == {"not shipped yet": (73, Decimal("25937.4305"))}
    (freight,) = northwind.execute("SELECT ROUND(SUM(Freight), 2) FROM Orders").fetchone()
    assert f"{freight:,}" in " ".join(finding.text for finding in opened("northwind").findings())


def test_northwind_on_time(opened: Any, northwind: sqlite3.Connection) -> None:
    """On time is shipped by the date required, of the orders required in the year; the rest is late."""
    rows = northwind.execute("SELECT OrderDate, RequiredDate, ShippedDate FROM Orders").fetchall()
    due = [(required, shipped) for _, required, shipped in rows if required.startswith("1997")]
    ontime = [shipped is not None and shipped <= required for required, shipped in due]
    days = [
        (date.fromisoformat(shipped[:10]) - date.fromisoformat(ordered[:10])).days
        for ordered, _, shipped in rows
        if shipped and shipped.startswith("1997")
    ]

    assert only(opened("northwind"), "otif", "1997").value == pytest.approx(mean(ontime))
    assert only(opened("northwind"), "order_cycle_time", "1997").value == pytest.approx(mean(days))
    assert 0.9 < mean(ontime) < 1
    assert 8 < mean(days) < 9


def test_northwind_backlog(opened: Any, northwind: sqlite3.Connection) -> None:
    """The backlog at the end of a month is what was ordered by then and shipped later, or not yet."""
    (open_,) = northwind.execute(
        f"SELECT SUM({_NET}) FROM {_JOINED} WHERE o.OrderDate < '1998-05' "
        "AND (o.ShippedDate IS NULL OR o.ShippedDate >= '1998-05')"
    ).fetchone()

    assert by_month(opened("northwind"), "backlog_amount")["1998-04"] == Decimal(open_) / 10_000


# --- SAP's sample sales --------------------------------------------------------------------------------


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of a CSV file as they are."""
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def bestrun(shared_data: Path) -> list[dict[str, Any]]:
    """Items with the head of their order, and their net amount as price × quantity."""
    folder = shared_data / "sap_bestrun"
    heads = {row["SALESORDERID"]: row for row in table(folder, "SalesOrders")}
    return [
        {
            **item,
            "head": heads[item["SALESORDERID"]],
            "net": Decimal(item["NETAMOUNT"]) * int(item["QUANTITY"]),
        }
        for item in table(folder, "SalesOrderItems")
    ]


def test_sap_amounts_are_those_of_one_unit(bestrun: list[dict[str, Any]], opened: Any) -> None:
    """Items times quantity are the head's net amount in every order: so and not otherwise are they read."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for item in bestrun:
        found[item["SALESORDERID"]] += item["net"]
    heads = {item["SALESORDERID"]: Decimal(item["head"]["NETAMOUNT"]) for item in bestrun}

    assert found == heads
    tie = ties(opened("sap_sales"))["deliveries"]
    assert Decimal(tie.amount_read or 0) / 10_000 == sum(heads.values()) == Decimal("17879642.375")


@pytest.mark.parametrize("unit", [None, "AMER", "EMEA", "APJ"])
def test_sap_sales_by_month_and_region(bestrun: list[dict[str, Any]], opened: Any, unit: str | None) -> None:
    """Orders by entry, deliveries by delivery date if delivered; cancelled orders are in neither."""
    items = [item for item in bestrun if unit in (None, item["head"]["SALESORG"])]
    ordered: dict[str, Decimal] = defaultdict(Decimal)
    delivered: dict[str, Decimal] = defaultdict(Decimal)
    for item in items:
        head = item["head"]
        if head["LIFECYCLESTATUS"] != "X" and head["CREATEDAT"] < "201906":
            ordered[f"{head['CREATEDAT'][:4]}-{head['CREATEDAT'][4:6]}"] += item["net"]
        if head["DELIVERYSTATUS"] == "C" and item["DELIVERYDATE"] < "201906":
            delivered[f"{item['DELIVERYDATE'][:4]}-{item['DELIVERYDATE'][4:6]}"] += item["net"]
    books, short = opened("sap_sales"), unit and unit.lower()

    assert by_month(books, "ordered_amount", short) == ordered
    assert by_month(books, "delivered_amount", short) == delivered


def test_sap_sales_left_out(bestrun: list[dict[str, Any]], opened: Any) -> None:
    """What is not delivered is left out by its status, with its money."""
    found = left_out(ties(opened("sap_sales"))["deliveries"])

    for status, reason in (("X", "order cancelled (status X)"), ("I", "not delivered yet (status I)")):
        items = [item["net"] for item in bestrun if item["head"]["DELIVERYSTATUS"] == status]
        assert found.pop(reason) == (len(items), sum(items))
    assert found == {}


def test_sap_cycle_time(bestrun: list[dict[str, Any]], opened: Any) -> None:
    """Days from entry to delivery, order by order, of the orders delivered in the quarter."""
    days = {
        item["SALESORDERID"]: (day(item["DELIVERYDATE"]) - day(item["head"]["CREATEDAT"])).days
        for item in bestrun
        if item["head"]["DELIVERYSTATUS"] == "C" and "201810" <= item["DELIVERYDATE"] < "201901"
    }

    assert only(opened("sap_sales"), "order_cycle_time", "2018-Q4").value == pytest.approx(
        mean(days.values())
    )


def day(text: str) -> date:
    """A day as SAP writes it."""
    return datetime.strptime(text, "%Y%m%d").date()


def test_sap_texts_are_the_english_ones(opened: Any) -> None:
    """A product with texts in two languages is one product, under its English name."""
    products = opened("sap_sales").tables["products"].to_pandas().set_index("product")

    assert len(products) == 42
    assert products.loc["RC-1055"]["name"] == "Veloflash"
    assert products.loc["MB-1034"]["name"] == "Mt Discovery Ultimate"
    assert products.loc["MB-1034"]["family"] == "Mountain Bike"
    assert not products.name.str.contains("Rennsemmel").any()


# --- SAP's document flow -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flow(shared_data: Path) -> list[dict[str, str]]:
    """The rows of VBFA; the text in the archive is called .zip too."""
    with zipfile.ZipFile(shared_data / "eventlogs" / "VBFA.zip") as packed:
        text = io.TextIOWrapper(packed.open("VBFA.zip"), encoding="utf-8", newline="")
        return list(csv.DictReader(text))


@pytest.fixture(scope="module")
def cases(flow: list[dict[str, str]]) -> tuple[dict[str, dict[tuple[str, str], str]], Counter[str]]:
    """By order: its documents (category, number) with the earliest time; and rows without one, by category.

    Follows every row to the order behind it, one at a time.
    """
    items: dict[tuple[str, str, str], str] = {}
    heads: dict[tuple[str, str], str] = {}
    for row in flow:
        if row["VBTYP_V"] == "C" and row["VBTYP_N"] != "C":
            item, head = (row["VBTYP_N"], row["VBELN"], row["POSNN"]), (row["VBTYP_N"], row["VBELN"])
            items[item] = min(row["VBELV"], items.get(item, row["VBELV"]))
            heads[head] = min(row["VBELV"], heads.get(head, row["VBELV"]))
    found: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    without: Counter[str] = Counter()
    for row in flow:
        if row["VBTYP_N"] == "C":
            order: str | None = row["VBELN"]
        elif row["VBTYP_V"] == "C":
            order = row["VBELV"]
        else:
            head_of = heads.get((row["VBTYP_V"], row["VBELV"]))
            order = items.get((row["VBTYP_V"], row["VBELV"], row["POSNV"]), head_of)
        if order is None:
            without[row["VBTYP_V"]] += 1
            continue
        document, at = (row["VBTYP_N"], row["VBELN"]), row["ERDAT"] + row["ERZET"]
        found[order][document] = min(at, found[order].get(document, at))
    return found, without


@pytest.fixture(scope="module")
def events(opened: Any) -> pd.DataFrame:
    """The events of the books."""
    frame: pd.DataFrame = opened("sap_document_flow").tables["events"].to_pandas()
    return frame.sort_values(["case", "step"])


def test_flow_rows(flow: list[dict[str, str]], cases: Any, opened: Any) -> None:
    """167,766 rows; those with no order behind them are left out, by the kind of document they hang on."""
    tie, without = ties(opened("sap_document_flow"))["events"], cases[1]
    found = {reason.split(":")[0]: rows for reason, (rows, _) in left_out(tie).items()}

    assert tie.read == len(flow) == 167_766
    assert tie.used == len(flow) - without.total()
    assert found["external transaction (2)"] == without["2"]
    assert found["delivery without a sales order (J)"] == without["J"]
    assert found["inbound delivery (7)"] == without["7"]
    assert sum(found.values()) == without.total()


def test_flow_events_are_the_documents_of_an_order(cases: Any, events: pd.DataFrame) -> None:
    """One event a document and order, at its earliest time; steps are numbered from 1 without a gap."""
    expected = sorted(
        (order, datetime.strptime(at, "%Y%m%d%H%M%S"))
        for order, documents in cases[0].items()
        for at in documents.values()
    )

    assert sorted(zip(events["case"], events.time.dt.to_pydatetime(), strict=True)) == expected
    assert (events.step == events.groupby("case").cumcount() + 1).all()
    assert (events.groupby("case").time.diff().dropna() >= pd.Timedelta(0)).all()
    assert events.department.notna().all()


def test_flow_of_one_order(events: pd.DataFrame) -> None:
    """Order 5107, read by eye: two items, delivered, picked, issued and billed in three days of June 1997."""
    rows = events[events["case"] == "0000005107"]

    assert [*zip(rows.activity, rows.department, rows.time.astype(str), strict=True)] == [
        ("delivery created", "shipping", "1997-06-09 01:07:57"),
        ("goods picked", "warehouse", "1997-06-09 01:07:59"),
        ("goods issued", "warehouse", "1997-06-10 01:06:52"),
        ("invoice", "billing", "1997-06-11 01:06:29"),
    ]


def test_flow_handoffs(events: pd.DataFrame, opened: Any) -> None:
    """Hand-offs are changes of department within a case, by the month of the receiving step."""
    passed: Counter[int] = Counter()
    finished: Counter[int] = Counter()
    for _, rows in events.groupby("case"):
        finished[rows.time.iloc[-1].year] += 1
        for (before, _), (after, at) in pairwise(zip(rows.department, rows.time, strict=True)):
            passed[at.year] += before != after

    value = only(opened("sap_document_flow"), "handoffs_per_case", "2001").value
    assert value == pytest.approx(passed[2001] / finished[2001])
    assert 2 < value < 2.1


# --- Online Retail -------------------------------------------------------------------------------------

# Codes that are no goods, from the source's own descriptions of them.
CHARGES = {"POST", "DOT", "C2", "M", "D", "23444", "23574"}
NO_SALE = {"S", "B", "AMAZONFEE", "BANK CHARGES", "CRUK", "22016",
           *(f"GIFT_0001_{value}" for value in (10, 20, 30, 40, 50))}  # fmt: skip


@pytest.fixture(scope="module")
def lines(shared_data: Path) -> pd.DataFrame:
    """All lines as text, with their whole amounts in thousandths of a pound (`mills`) and pieces."""
    frames = []
    with tarfile.open(shared_data / "online_retail" / "by-day.tar.gz") as tar:
        for member in tar:
            if member.isfile():
                file = tar.extractfile(member)
                assert file is not None
                frames.append(pd.read_csv(file, dtype=str, keep_default_na=False))
    assert len(frames) == 305
    frame = pd.concat(frames, ignore_index=True)
    frame["pieces"] = frame.Quantity.astype("int64")
    frame["mills"] = frame.pieces * (frame.UnitPrice.astype(float) * 1000).round().astype("int64")
    frame["code"] = frame.StockCode.str.upper()
    frame["month"] = frame.InvoiceDate.str[:7]
    return frame


def sold(lines: pd.DataFrame) -> pd.DataFrame:
    """Lines that are sales: no fees, vouchers and the like, and no corrections of stock."""
    correction = (lines.UnitPrice.astype(float) == 0) & (lines.CustomerID == "")
    return lines[~correction & ~lines.code.isin(NO_SALE)]


def pounds(mills: Any) -> Decimal:
    """Thousandths as pounds."""
    return Decimal(int(mills)) / 1000


def test_retail_in_all(lines: pd.DataFrame, opened: Any) -> None:
    """541,909 lines of 9,747,747.934 pounds; what is no sale is left out, by code, with its money."""
    tie = ties(opened("online_retail"))["deliveries"]
    fees = lines[lines.code == "AMAZONFEE"]
    kept = sold(lines)

    assert tie.read == len(lines) == 541_909
    assert Decimal(tie.amount_read or 0) / 10_000 == pounds(lines.mills.sum()) == Decimal("9747747.934")
    assert (tie.used, Decimal(tie.amount_used or 0) / 10_000) == (len(kept), pounds(kept.mills.sum()))
    assert left_out(tie)["fee of a marketplace: a cost and no sale"] == (len(fees), pounds(fees.mills.sum()))
    assert sum(rows for rows, _ in left_out(tie).values()) == len(lines) - len(kept)


@pytest.mark.parametrize(
    ("unit", "country"),
    [(None, None), ("united-kingdom", "United Kingdom"), ("eire", "EIRE"), ("hong-kong", "Hong Kong")],
)
def test_retail_by_month_and_country(
    lines: pd.DataFrame, opened: Any, unit: str | None, country: str | None
) -> None:
    """Money of all sales, pieces of goods alone, cancelled lines as returns, by month and country."""
    books, found = opened("online_retail"), sold(lines)
    found = found[(found.month <= "2011-11") & (found.Country.eq(country) if country else True)]
    goods = found[~found.code.isin(CHARGES)]
    back, ordered = goods[goods.InvoiceNo.str.startswith("C")], goods[goods.pieces > 0]

    for measure, rows, column, scale in (
        ("delivered_amount", found, "mills", 1000),
        ("delivered_quantity", goods, "pieces", 1),
        ("returned_quantity", back, "pieces", -1),
        ("returned_amount", back, "mills", -1000),
        ("ordered_amount", ordered, "mills", 1000),
    ):
        sums = rows.groupby("month")[column].sum()
        expected = {month: Decimal(int(value)) / scale for month, value in sums.items() if value}
        assert by_month(books, measure, unit) == expected, measure


def test_retail_lines_without_a_customer_and_twice_the_same(lines: pd.DataFrame, opened: Any) -> None:
    """Lines without a customer are sales with the customer left empty; lines that are equal all count."""
    raw = [*lines.columns[:8]]
    tables = opened("online_retail").tables
    kept = sold(lines)
    deliveries = tables["deliveries"]
    nobody = deliveries.filter(deliveries.customer.isnull())

    assert ((lines.CustomerID == "").sum(), pounds(lines.mills[lines.CustomerID == ""].sum())) == (
        135_080, Decimal("1447682.12"))  # fmt: skip
    assert nobody.count().execute() == (kept.CustomerID == "").sum()
    assert (lines.duplicated(raw).sum(), pounds(lines.mills[lines.duplicated(raw)].sum())) == (
        5_268, Decimal("21740.98"))  # fmt: skip
    assert deliveries.delivery.nunique().execute() == deliveries.count().execute() == len(kept)
    assert (
        tables["customers"].count().execute() == lines.CustomerID[lines.CustomerID != ""].nunique() == 4_372
    )


def test_retail_returns(lines: pd.DataFrame, opened: Any) -> None:
    """All 9,288 cancelled lines are returns, charges or no sale; January 2011 stands out by 74,215 jars."""
    cancelled = lines[lines.InvoiceNo.str.startswith("C")]
    goods = sold(lines).query("month == '2011-01' and code not in @CHARGES")
    returned = -goods.pieces[goods.pieces < 0].sum()

    assert len(cancelled) == 9_288
    assert only(opened("online_retail"), "return_rate", "2011-01").value == pytest.approx(
        returned / goods.pieces[goods.pieces > 0].sum()
    )
    assert returned > 74_215
    # A usual month: some in a hundred.
    assert 0.005 < only(opened("online_retail"), "return_rate", "2011-10").value < 0.05


def test_retail_products(lines: pd.DataFrame, opened: Any) -> None:
    """A code in small and capital letters is one product, named as it is mostly sold, never as damaged."""
    products = opened("online_retail").tables["products"].to_pandas().set_index("product")
    lantern = sold(lines).query("code == '85123A'")

    assert lantern.StockCode.nunique() == 2
    assert set(products.index) == set(sold(lines).code)
    assert products.loc["85123A"]["name"] == lantern.Description.value_counts().index[0]
    # Goods are described in capitals; what was wrong with them, in small letters.
    assert products.name.str.contains("[A-Z]").all()
    assert set(products.index[products.kind == "service"]) == CHARGES
