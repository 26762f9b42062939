"""The contract's rules: each fires with the right count, amount and first rows; sound data fires none."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest
import small_company
from small_company import Tables

from finops_toolkit.books import Finding, load_contract, open_books

# The column that says what a row of a table is worth, as a reader would say: money first, else a quantity.
AMOUNTS = {
    "journal": "amount", "budget": "amount", "forecasts": "amount", "invoices": "amount", "bills": "amount",
    "products": "standard_cost", "orders": "price", "deliveries": "amount", "production": "planned_minutes",
    "consumption": "standard_price", "purchases": "price", "stock": "value", "capacity": "hours",
    "incidents": "cost", "initiatives": "outlay", "decisions": "value",
}  # fmt: skip
# table, rule, row, what is written into it, and the amount that stands behind it then
BROKEN = [
    ("units", "ownership_share", 2, {"ownership": "1.2"}, None),
    ("units", "fiscal_year_month", 1, {"fiscal_year_start": "13"}, None),
    ("journal", "partner_is_another", 0, {"partner": "A"}, "1000"),
    ("balances", "partner_is_another", 0, {"partner": "A"}, "5"),
    ("forecasts", "made_before", 1, {"made_on": "2025-02-02"}, "3000"),
    ("invoices", "due_after_issue", 1, {"due": "2025-01-14"}, "666.40"),
    ("invoices", "paid_after_issue", 2, {"paid": "2025-02-04"}, "357"),
    ("bills", "due_after_issue", 0, {"due": "2024-12-14"}, "50"),
    ("bills", "paid_after_issue", 1, {"paid": "2025-01-11"}, "119"),
    ("products", "cost_parts", 0, {"labour_cost": "10.01"}, "60"),
    ("orders", "requested_after_order", 0, {"requested": "2025-01-01"}, "4"),
    ("orders", "positive_quantity", 1, {"quantity": "0"}, "0"),
    ("production", "good_within_made", 0, {"good": "7"}, "6"),
    ("production", "run_within_plan", 1, {"run_minutes": "60.5"}, "60.5"),
    ("purchases", "received_after_order", 0, {"received": "2025-01-01"}, "25"),
    ("purchases", "rejected_within_received", 3, {"rejected_quantity": "2"}, "2"),
    ("stock", "not_negative", 4, {"quantity": "-7", "value": "-420"}, "-420"),
    ("surveys", "nps_scale", 0, {"nps": "11"}, None),
    ("surveys", "csat_scale", 1, {"csat": "0"}, None),
    ("incidents", "quantity_not_negative", 3, {"quantity": "-4"}, "-4"),
    ("incidents", "minutes_not_negative", 2, {"minutes": "-0.5"}, "-0.5"),
    ("rates", "positive_rate", 0, {"average": "0"}, None),
    ("decisions", "decided_after_raised", 2, {"decided": "2025-01-31"}, None),
    ("decisions", "closed_after_decided", 0, {"closed": "2025-01-03"}, "40"),
]


def with_balances() -> small_company.Tables:
    """The small company's tables, with balances beside the journal: another way to say the same."""
    cells = [{"account": "1000", "unit": "A", "month": "2025-01-01", "flow": "5.00"}]
    return small_company.tables() | {"balances": cells}


def found(folder: Path) -> dict[tuple[str, str], Finding]:
    """Findings of the contract by table and rule: of books that may be unusable."""
    findings = open_books(folder, strict=False).contract_findings
    assert len({(f.table, f.rule, f.text) for f in findings}) == len(findings), "said twice"
    return {(finding.table, finding.rule): finding for finding in findings}


def money(values: Iterable[str]) -> int | None:
    """The exact sum in ten-thousandths; None where there is nothing to add."""
    known = [Decimal(value) for value in values if value]
    return int(sum(known) * 10_000) if known else None


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_sound_company_has_no_finding(tmp_path: Path, kind: str) -> None:
    """No rule fires and everything reconciles where nothing is wrong."""
    assert open_books(small_company.write(tmp_path, kind=kind)).findings() == []


def test_every_rule_of_the_contract_is_tried() -> None:
    """A rule added to the contract is added to this test."""
    rules = {(table.name, rule.name) for table in load_contract().tables.values() for rule in table.rules}
    assert rules == {(table, rule) for table, rule, *_ in BROKEN}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Finding]:
    """One row broken for every rule, all at once."""
    data = with_balances()
    for table, _, row, change, _ in BROKEN:
        for other in data[table]:
            other |= {column: "" for column in change if column not in other}
        data[table][row] |= change
    return found(small_company.write(tmp_path_factory.mktemp("broken"), data))


@pytest.mark.parametrize(("table", "rule", "row", "change", "amount"), BROKEN)
def test_rule(
    broken: dict[tuple[str, str], Finding],
    table: str,
    rule: str,
    row: int,
    change: dict[str, str],
    amount: str | None,
) -> None:
    """A broken row is found by its own rule, once, with its money, its key and the rule's level."""
    finding = broken[table, rule]
    spec = load_contract().tables[table]
    assert finding.count == 1
    assert finding.amount == (None if amount is None else money([amount]))
    assert finding.level == next(r.level for r in spec.rules if r.name == rule)
    key = [str(value) for value in finding.rows[list(spec.key)].iloc[0]]
    assert key[0] == with_balances()[table][row][spec.key[0]]


def test_rules_fire_for_nothing_else(broken: dict[tuple[str, str], Finding]) -> None:
    """What was not broken is not blamed."""
    assert set(broken) == {(table, rule) for table, rule, *_ in BROKEN}


@pytest.mark.parametrize("table", list(small_company.TEXT))
def test_required_columns_must_be_filled(tmp_path: Path, table: str) -> None:
    """An empty value in a required column is an error with its count and money: all columns at once."""
    data, spec = small_company.tables(), load_contract().tables[table]
    rows = data[table]
    required = [column.name for column in spec.columns.values() if not column.optional]
    blanked = {column: number % len(rows) for number, column in enumerate(required)}
    for column, number in blanked.items():
        rows[number][column] = ""
    findings = found(small_company.write(tmp_path, {table: rows}))
    for column, number in blanked.items():
        finding = findings[table, f"{column}_present"]
        assert (finding.level, finding.count) == ("error", 1)
        expected = money([rows[number][AMOUNTS[table]]]) if table in AMOUNTS else None
        assert finding.amount == expected, column


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (t.name, c.name)
        for t in load_contract().tables.values()
        for c in t.columns.values()
        if (c.to or c.one_of) and t.name in small_company.TEXT
    ],
)
def test_values_must_be_known(unknown: dict[tuple[str, str], Finding], table: str, column: str) -> None:
    """A unit or account nobody knows makes the data unusable; another name only stays unknown."""
    spec = load_contract().tables[table].columns[column]
    finding = unknown[table, f"{column}_{'allowed' if spec.one_of else 'known'}"]
    essential = bool(spec.one_of) or spec.to in ("units", "accounts")
    assert (finding.level, finding.count) == ("error" if essential else "difference", 1)


@pytest.fixture(scope="module")
def unknown(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Finding]:
    """In the last row of every table each reference and each word of a list is one that nobody knows."""
    data = small_company.tables()
    for name, table in load_contract().tables.items():
        for column in table.columns.values():
            if (column.to or column.one_of) and name in data:
                if column.name not in data[name][0]:
                    data[name] = [row | {column.name: ""} for row in data[name]]
                data[name][-1][column.name] = "nobody"
    return found(small_company.write(tmp_path_factory.mktemp("unknown"), data))


def test_dates_out_of_all_time(tmp_path: Path) -> None:
    """A date no company has is an error where it decides the month, a difference elsewhere."""
    data = small_company.tables()
    data["journal"][3]["posted"] = "0001-01-01"
    data["journal"][5]["posted"] = "2999-12-31"
    data["invoices"][1]["due"] = "2999-12-31"
    data = {name: data[name] for name in ("journal", "invoices")}
    findings = found(small_company.write(tmp_path, data))
    assert set(findings) == {("journal", "posted_plausible"), ("invoices", "due_plausible")}
    posted, due = findings["journal", "posted_plausible"], findings["invoices", "due_plausible"]
    assert (posted.level, posted.count, posted.amount) == ("error", 2, money(["2000", "-50"]))
    assert (due.level, due.count, due.amount) == ("difference", 1, money(["666.40"]))


def test_first_rows_by_key(tmp_path: Path) -> None:
    """However many rows fail and in whatever order they lie, the first five by key are shown."""
    data = small_company.tables()
    data["journal"].reverse()
    for row in data["journal"]:
        if row["unit"] == "B":
            row["unit"] = "X"
    rows = [row for row in small_company.tables()["journal"] if row["unit"] == "B"]
    data = {name: data[name] for name in ("units", "accounts", "journal")}
    finding = found(small_company.write(tmp_path, data))["journal", "unit_known"]
    assert (finding.count, finding.amount) == (len(rows), money(row["amount"] for row in rows))
    shown = list(zip(finding.rows.entry, finding.rows.line, strict=True))
    assert shown == sorted((row["entry"], int(row["line"])) for row in rows)[:5]


def test_repeated_keys(tmp_path: Path) -> None:
    """A row that stands there twice would be counted twice: an error that says how many."""
    data = small_company.tables()
    data["journal"] += [dict(data["journal"][n]) for n in (0, 0, 7)]
    data["budget"] += [dict(data["budget"][4])]  # its key is partly empty
    data = {name: data[name] for name in ("journal", "budget")}
    findings = found(small_company.write(tmp_path, data))
    assert findings["journal", "unique_key"].count == 3
    assert findings["journal", "unique_key"].rows.times.tolist() == [3, 2]
    assert findings["budget", "unique_key"].count == 1


def _units(*parents: tuple[str, str]) -> Tables:
    rows = [{"unit": u, "name": u, "parent": p, "currency": "EUR"} for u, p in parents]
    return {"units": rows}


@pytest.mark.parametrize(
    ("units", "count"),
    [
        (_units(("A", "A")), 1),
        (_units(("A", "B"), ("B", "A")), 2),
        (_units(("T", ""), ("A", "C"), ("B", "A"), ("C", "B"), ("D", "C")), 3),
    ],
)
def test_trees_do_not_run_in_circles(tmp_path: Path, units: Tables, count: int) -> None:
    """A unit that is its own ancestor makes the data unusable; those below it are not blamed."""
    finding = found(small_company.write(tmp_path, units))["units", "parent_tree"]
    assert (finding.level, finding.count) == ("error", count)
