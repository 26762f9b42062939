"""One order through all tables: what operations sees and what finance books, event by event, to the cent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pandas as pd

from .books import Books
from .periods import Period
from .wording import SCALE, counted, date_text, joined, missing, money_text, number_text, sentence

CANDIDATES, MOST_LINES, MOST = 25, 3, 5000
COLUMNS = ["date", "event", "operations", "finance", "amount", "table", "document"]


@dataclass(frozen=True)
class Story:
    """`table`: date, event, operations, finance (what each side sees), amount (ten-thousandths), table,
    document.

    `proof`: what, records, ledger, difference (ten-thousandths); `notes` say what cannot be shown, and why.
    """

    order: str
    table: pd.DataFrame
    proof: pd.DataFrame
    text: str
    notes: tuple[str, ...]


def order_story(books: Books, unit: str, period: Period | str, order: str | None = None) -> Story:
    """Follow one order from the customer's call to the cash; None takes a large one that is paid within
    the period, of few lines.
    """
    unit, span = books.unit(unit), books.period(period)
    empty = pd.DataFrame(columns=COLUMNS)
    absent = [name for name in ("orders", "deliveries") if name not in books.tables]
    chosen = order if order or absent else _choose(books, unit, span)
    if chosen is None:
        sums = pd.DataFrame() if absent else books.sums("deliveries", ["order"], [], unit, span)
        linked = sums.empty or sums["order"].notna().any()
        unlinked = "its deliveries do not say which order they belong to"
        why = f"{unit} delivered no customer's order in {span.label}"
        why = f"the books hold no {absent[0]}" if absent else why if linked else unlinked
        return Story("", empty, pd.DataFrame(), f"An order to follow: none, because {why}.", ())
    lines = books.rows("orders", where={"order": chosen}, limit=MOST)
    sent = books.rows("deliveries", where={"order": chosen}, order=["shipped"], limit=MOST)
    ledger = _ledger_of(books, list(sent["delivery"]))
    invoices = _invoices_of(books, ledger)
    settled = _settled(books, invoices)
    events = [_ordered(chosen, lines), *_made(books, unit, lines, sent)]
    events += [_delivered(row, ledger) for row in sent.itertuples()]
    events += [event for row in invoices.itertuples() for event in _invoiced(row, settled)]
    table = pd.DataFrame(events, columns=COLUMNS).sort_values("date", kind="stable", ignore_index=True)
    table["amount"] = table["amount"].astype("Int64")
    proof = _proof(sent, invoices, ledger, settled)
    notes = _notes(books, table)
    return Story(chosen, table, proof, _text(books, chosen, table, proof), notes)


def _choose(books: Books, unit: str, span: Period) -> str | None:
    sums = books.sums("deliveries", ["order", "customer"], ["amount"], unit, span)
    if "customers" in books.tables:
        sisters = books.rows("customers", columns=["customer"], where={"segment": "intercompany"}, limit=MOST)
        sums = sums[~sums["customer"].isin(sisters["customer"])]
    sums = sums[sums["order"].notna() & (sums["amount"] > 0)]
    ranked = sums.sort_values(["amount", "order"], ascending=[False, True])["order"].head(CANDIDATES)
    for order in ranked:
        sent = books.rows("deliveries", where={"order": order}, limit=MOST)
        if len(sent) <= MOST_LINES and (sent["quantity"] > 0).all():
            invoices = _invoices_of(books, _ledger_of(books, list(sent["delivery"])))
            paid = pd.to_datetime(invoices["paid"])
            if (paid <= pd.Timestamp(span.end)).all():
                return str(order)
    return None if ranked.empty else str(ranked.iloc[0])


def _ledger_of(books: Books, documents: list[str]) -> pd.DataFrame:
    """Every line of the entries that name one of the documents, with the statement line of its account."""
    if "journal" not in books.tables or not documents:
        return pd.DataFrame(columns=["entry", "posted", "amount", "document", "line_"])
    named = books.rows("journal", columns=["entry"], where={"document": documents}, limit=MOST)
    entries = sorted(set(named["entry"]))
    if not entries:
        return pd.DataFrame(columns=["entry", "posted", "amount", "document", "line_"])
    rows = books.rows("journal", where={"entry": entries}, limit=MOST)
    accounts = books.rows("accounts", columns=["account", "line"], limit=100_000).set_index("account")["line"]
    rows["line_"] = rows["account"].map(accounts)
    rows["amount"] = (rows["amount"] * SCALE).round().astype("int64")
    return rows


def _invoices_of(books: Books, ledger: pd.DataFrame) -> pd.DataFrame:
    columns = ["invoice", "issued", "due", "paid", "amount", "tax"]
    owed = ledger[(ledger["line_"] == "receivables") & ledger["document"].notna()]
    if "invoices" not in books.tables or owed.empty:
        return pd.DataFrame(columns=columns)
    rows = books.rows("invoices", where={"invoice": sorted(set(owed["document"]))}, limit=MOST)
    for name in ("amount", "tax"):
        rows[name] = (rows[name].fillna(0) * SCALE).round().astype("int64")
    return rows[columns]


def _settled(books: Books, invoices: pd.DataFrame) -> pd.DataFrame:
    """The entries that took the invoices out of the receivables."""
    paid = list(invoices.loc[invoices["paid"].notna(), "invoice"])
    rows = _ledger_of(books, paid)
    gone = rows[(rows["line_"] == "receivables") & (rows["amount"] < 0)]
    return rows[rows["entry"].isin(set(gone["entry"]))]


# --- events ----------------------------------------------------------------------------------------


def _day(value: Any) -> dt.date:
    return pd.Timestamp(value).date()


def _ordered(order: str, lines: pd.DataFrame) -> dict[str, Any]:
    worth = (lines["quantity"] * lines["price"] * (1 - lines["discount"].fillna(0))).sum()
    wish = lines["requested"].dropna()
    by = f", wanted by {date_text(_day(wish.max()))}" if len(wish) else ""
    units = number_text(float(lines["quantity"].sum()))
    return {
        "date": _day(lines["ordered"].min()),
        "event": "Order",
        "operations": f"A customer orders {units} units ({counted(len(lines), 'line')}){by}: new load",
        "finance": "Nothing is booked: an order is a promise",
        "amount": round(float(worth) * SCALE),
        "table": "orders",
        "document": order,
    }


def _made(books: Books, unit: str, lines: pd.DataFrame, sent: pd.DataFrame) -> list[dict[str, Any]]:
    """The last run of each product before it was shipped."""
    if "production" not in books.tables or sent.empty:
        return []
    found = []
    for product, when in sent.groupby("product")["shipped"].min().items():
        runs = books.rows(
            "production", unit, None, where={"product": product}, order=["finished"], limit=MOST
        )
        runs = runs[runs["finished"] <= when]
        if runs.empty:
            continue
        run = runs.iloc[-1]
        booked = _ledger_of(books, [run["run"]])
        into = booked[(booked["line_"] == "inventory") & (booked["amount"] > 0)]
        value = int(into["amount"].sum()) if len(into) else None
        said = "Stock rises by the standard cost of the good units" if value else "No entry names this run"
        found.append(
            {
                "date": _day(run["finished"]),
                "event": "Production",
                "operations": f"A run makes {number_text(float(run['good']))} good units of {product}",
                "finance": f"{said}, overhead included" if value else said,
                "amount": value,
                "table": "production",
                "document": run["run"],
            }
        )
    return found


def _delivered(row: Any, ledger: pd.DataFrame) -> dict[str, Any]:
    own = ledger[ledger["document"] == row.delivery]
    cost = int(own.loc[own["line_"] == "cogs", "amount"].sum())
    said = (
        f"Revenue; and {money_text(cost)} go from stock to cost of sales"
        if len(own)
        else "Revenue, by the month's sum"
    )
    verb = "leave the dock" if row.quantity > 0 else "come back"
    return {
        "date": _day(row.shipped),
        "event": "Delivery" if row.quantity > 0 else "Return",
        "operations": f"{number_text(abs(float(row.quantity)))} units of {row.product} {verb}",
        "finance": said,
        "amount": round(float(row.amount) * SCALE),
        "table": "deliveries",
        "document": row.delivery,
    }


def _invoiced(row: Any, settled: pd.DataFrame) -> list[dict[str, Any]]:
    tax = f", of which {money_text(row.tax)} VAT" if row.tax else ", no VAT"
    found = [
        {
            "date": _day(row.issued),
            "event": "Invoice",
            "operations": "The goods are gone; the paper follows them",
            "finance": f"A receivable{tax}; due {date_text(_day(row.due))}",
            "amount": row.amount,
            "table": "invoices",
            "document": row.invoice,
        }
    ]
    if missing(row.paid):
        return found
    entries = set(settled.loc[settled["document"] == row.invoice, "entry"])
    cash = settled[settled["entry"].isin(entries) & (settled["line_"] == "cash")]["amount"].sum()
    late = (_day(row.paid) - _day(row.due)).days
    when = (
        f"{counted(late, 'day')} late"
        if late > 0
        else "on time"
        if late == 0
        else f"{counted(-late, 'day')} early"
    )
    rate = "; the exchange rate had moved" if entries and int(cash) != row.amount else ""
    found.append(
        {
            "date": _day(row.paid),
            "event": "Payment",
            "operations": f"Nothing to see in the plant: the customer pays {when}",
            "finance": f"Cash; the receivable is gone{rate}",
            "amount": int(cash) if entries else row.amount,
            "table": "invoices",
            "document": row.invoice,
        }
    )
    return found


# --- proof and words -------------------------------------------------------------------------------


def _proof(
    sent: pd.DataFrame, invoices: pd.DataFrame, ledger: pd.DataFrame, settled: pd.DataFrame
) -> pd.DataFrame:
    if ledger.empty:
        return pd.DataFrame(columns=["what", "records", "ledger", "difference"])
    own = ledger[ledger["document"].isin(sent["delivery"])]
    owed = ledger[ledger["document"].isin(invoices["invoice"]) & (ledger["line_"] == "receivables")]
    # A receipt may settle several invoices; only these are compared.
    gone = settled[
        settled["document"].isin(invoices["invoice"])
        & (settled["line_"] == "receivables")
        & (settled["amount"] < 0)
    ]
    exact = {name: int((sent[name] * SCALE).round().astype("int64").sum()) for name in ("amount", "cost")}
    rows = [
        (
            "Delivered value and revenue",
            exact["amount"],
            -int(own.loc[own["line_"] == "revenue", "amount"].sum()),
        ),
        (
            "Standard cost of deliveries and cost of sales",
            exact["cost"],
            int(own.loc[own["line_"] == "cogs", "amount"].sum()),
        ),
    ]
    if len(invoices):
        rows.append(("Invoices and receivables", int(invoices["amount"].sum()), int(owed["amount"].sum())))
        paid = invoices[invoices["paid"].notna()]
        rows.append(
            ("Invoices paid and receivables settled", int(paid["amount"].sum()), -int(gone["amount"].sum()))
        )
    table = pd.DataFrame(rows, columns=["what", "records", "ledger"])
    table["difference"] = table["records"] - table["ledger"]
    return table


def _notes(books: Books, table: pd.DataFrame) -> tuple[str, ...]:
    notes = []
    if "journal" not in books.tables:
        notes.append(
            "Entries of the ledger: none, because these books hold monthly balances; the order cannot be "
            "followed into the ledger."
        )
    for name in ("production", "invoices"):
        if name not in books.tables:
            notes.append(f"{name.capitalize()}: none, because the books hold no table of them.")
        elif name not in set(table["table"]) and "journal" in books.tables:
            notes.append(f"{name.capitalize()}: none that belongs to this order.")
    return tuple(notes)


def _text(books: Books, order: str, table: pd.DataFrame, proof: pd.DataFrame) -> str:
    days = (table["date"].iloc[-1] - table["date"].iloc[0]).days
    tables = joined(dict.fromkeys(table["table"]))
    text = f"Order {order}: {counted(len(table), 'event')} in {counted(days, 'day')}, found in {tables}"
    if len(proof):
        off = int(proof["difference"].abs().sum())
        text += (
            ". Records and ledger agree to the cent"
            if off == 0
            else f". Records and ledger differ by {money_text(off, books.currency)}"
        )
    return sentence(text)
