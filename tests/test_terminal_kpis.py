"""What the terminal shows of books without a ledger: values first, and each KPI without one told once."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import small_company

from finops_toolkit import cli, kpis

Run = Callable[..., str]
SALES = ("units", "customers", "products", "orders", "deliveries")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The output of a command that ends well."""

    def finops(*words: object) -> str:
        assert cli.main([str(word) for word in words]) == 0
        return capsys.readouterr().out

    return finops


@pytest.fixture
def sales_only(tmp_path: Path) -> Path:
    """The small company with its orders and deliveries, and without a ledger."""
    every = small_company.tables()
    return small_company.write(tmp_path / "sales", {name: every[name] for name in SALES})


def test_values_stand_first_and_the_others_are_counted_by_reason(run: Run, sales_only: Path) -> None:
    """No row of "none" for a KPI without any value; every KPI is shown or counted, none twice."""
    shown = run("kpis", sales_only)
    values, reasons = shown.split("Why there is none")

    names = [kpi.name for kpi in kpis.catalogue().values()]
    valued = [name for name in names if re.search(rf"^{re.escape(name)}  ", values, re.MULTILINE)]
    assert "Sales delivered" in valued and "On time in full (OTIF)" in valued
    assert "Gross margin" not in values and "EUR" in values.splitlines()[0]
    assert reasons.count("needs a journal or balances, with accounts") == 1
    assert f"{len(valued)} of {len(names)} KPIs have a value" in reasons
    folded = sum(map(int, re.findall(r"^\S.*? {2,}(\d+)  \w", reasons, re.MULTILINE)))
    assert folded >= len(names) - len(valued)


def test_all_shows_every_kpi(run: Run, sales_only: Path) -> None:
    """With --all, and for KPIs asked for by name, each has its row, value or not."""
    every = run("kpis", sales_only, "--all", "--unit", "A")
    assert all(f"\n{kpi.name}" in every for kpi in kpis.catalogue().values() if len(kpi.name) < 30)
    assert "needs a journal" in run("kpis", sales_only, "--kpi", "gross_margin", "--unit", "A")


def test_machines_get_every_row(run: Run, sales_only: Path) -> None:
    """CSV and JSON hold each KPI and unit, whatever the table leaves out, and --all changes nothing."""
    rows = list(csv.DictReader(io.StringIO(run("kpis", sales_only, "--format", "csv"))))

    assert len(rows) == 3 * len(kpis.catalogue())
    assert list(rows[0]) == ["kpi", "unit", "period", "value", "measure", "basis", "reason", "target"]
    assert len(json.loads(run("kpis", sales_only, "--format", "json"))) == len(rows)
    assert run("kpis", sales_only, "--format", "csv", "--all") == run("kpis", sales_only, "--format", "csv")


def test_many_units_stand_in_blocks(run: Run, tmp_path: Path) -> None:
    """Twelve units do not fit side by side: the KPIs come again for the next ones, and no line is folded."""
    tables = {name: small_company.tables()[name] for name in SALES}
    for number in range(9):
        tables["units"].append({**tables["units"][1], "unit": f"X{number}", "name": f"Plant {number}"})
    shown = run("kpis", small_company.write(tmp_path / "wide", tables)).split("Why there is none")[0]

    blocks = len(re.findall(r"^KPI ", shown, re.MULTILINE))
    assert blocks >= 2 and len(re.findall(r"^Sales delivered ", shown, re.MULTILINE)) == blocks
    assert max(map(len, shown.splitlines())) <= 120
    assert all(re.search(rf"\b{unit}\b", shown) for unit in ["CO", "A", "B", *(f"X{n}" for n in range(9))])


def test_a_missing_table_names_each_kpi_once(run: Run, sales_only: Path) -> None:
    """Accounts, journal and balances are one lack, not three; what also needs a budget says so."""
    shown = run("check", sales_only)
    part = shown[shown.index("Missing tables") : shown.index("Findings")]

    ids = re.findall(r"\b[a-z0-9_]+\b(?=,|\s*$)", part, re.MULTILINE)
    for kpi in ("revenue", "ebit", "gross_margin", "opex_vs_budget", "complaints", "handoff_days"):
        assert ids.count(kpi) == 1, kpi
    assert "accounts, with journal or balances" in part
    assert "accounts and budget, with journal or balances" in part
    costs = {one["table"]: one["kpis"] for one in json.loads(run("check", sales_only, "--json"))["missing"]}
    assert {"revenue", "ebit"} <= set(costs["journal"]) & set(costs["balances"]) & set(costs["accounts"])
