"""The rules KPIs keep: reasons, roll-ups, targets, rivals, the catalogue, traces."""

from decimal import Decimal

import numpy as np
import pytest
import small_company
from figures import Figures
from hypothesis import given
from hypothesis import strategies as st

from finops_toolkit import kpis
from finops_toolkit.books import open_books
from finops_toolkit.books.known import known_measures
from finops_toolkit.errors import UsageError
from finops_toolkit.kpis.entries import measures_of
from finops_toolkit.kpis.formulas import Call, Name, Number, Sum, denominators, parse, text_of

TREE = {"ALL": None, "EAST": "ALL", "A": "EAST", "B": "EAST", "C": "ALL"}
LEAVES = ("A", "B", "C")
ENTRY = """
[{id}]
name = "Cost of freight"
formula = "{formula}"
measure = "%"
good = "down"
owner = "operations"
basis = "flow of the period"
source = "ledger"
text = "Freight to revenue."
"""


def only(books, kpi, unit=None, period=None, **more):
    """The one row of a KPI."""
    return kpis.values(books, kpi, unit, period, **more).iloc[0]


# --- the catalogue -----------------------------------------------------------------------------------


def test_the_catalogue_is_large_and_complete():
    """At least fifty KPIs in four groups, each with words, basis, source, owner and reference; names once."""
    catalogue = kpis.catalogue()

    assert len(catalogue) >= 50
    assert {kpi.group for kpi in catalogue.values()} == {"finance", "operations", "customer", "collaboration"}
    assert len({kpi.name for kpi in catalogue.values()}) == len(catalogue)
    assert (catalogue.table["needs"] != "").all()
    assert catalogue.table.set_index("kpi").loc["dso", "needs"] == "journal or balances, accounts"
    for kpi in catalogue.values():
        assert all((kpi.name, kpi.basis, kpi.source, kpi.owner, kpi.text.endswith("."), kpi.reference)), (
            kpi.id
        )
        assert parse(text_of(kpi.tree)) == kpi.tree, kpi.id


def test_what_divides_says_what_it_means_when_there_is_nothing_to_divide_by():
    """Every KPI that divides once has its own words for a denominator of zero, or refuses before."""
    for kpi in kpis.catalogue().values():
        assert not denominators(kpi.tree) or kpi.zero or kpi.refuse, kpi.id


def dimension(tree, catalogue, units):
    """What a formula measures: exponents of money, quantity …; None for a plain number, which fits all."""
    if isinstance(tree, Number):
        return {}
    if isinstance(tree, Name):
        if tree.name in units:
            return {units[tree.name]: 1} if units[tree.name] != "count" else {}
        if tree.name in ("days", "months"):
            return {"days": 1} if tree.name == "days" else {}
        return dimension(catalogue[tree.name].tree, catalogue, units) if tree.name in catalogue else {}
    if isinstance(tree, Call):
        return {"days": 1} if tree.function == "countback" else dimension(tree.arguments[0], catalogue, units)
    if isinstance(tree, Sum):
        found = [dimension(term, catalogue, units) for _, term in tree.terms if not isinstance(term, Number)]
        assert all(one == found[0] for one in found), text_of(tree)
        return found[0]
    total = {}
    for sign, factor in tree.factors:
        for unit, power in dimension(factor, catalogue, units).items():
            total[unit] = total.get(unit, 0) + (power if sign == "*" else -power)
    return {unit: power for unit, power in total.items() if power}


@pytest.mark.parametrize("kpi_id", list(kpis.catalogue()))
def test_a_kpi_is_in_the_unit_its_formula_gives(kpi_id):
    """Money is added to money only, and the measure stated is the one the formula comes to, rivals too."""
    catalogue = kpis.catalogue()
    kpi = catalogue[kpi_id]
    units = {name: measure.unit for name, measure in known_measures().items()}
    expected = {
        "money": {"money": 1}, "days": {"days": 1}, "minutes": {"minutes": 1}, "units": {"quantity": 1},
        "money/customer": {"money": 1},
        "money/unit": {"money": 1, "quantity": -1},
        "units/hour": {"quantity": 1, "hours": -1}, "per 200,000 hours": {"hours": -1},
    }.get(kpi.measure, {})  # fmt: skip
    for tree in (kpi.tree, *([kpi.rival.tree] if kpi.rival else [])):
        assert dimension(tree, catalogue, units) == expected


def test_an_analyst_adds_a_kpi_by_adding_an_entry(tmp_path):
    """An entry in a file of one's own is a KPI like any other, and may build on the bundled ones."""
    file = tmp_path / "own.toml"
    file.write_text(ENTRY.format(id="freight_share", formula="distribution / revenue * quick_ratio"))
    books = Figures({"distribution": 5, "revenue": 50, "cash": 30, "payables": 10})

    assert only(books, "freight_share", extra=file)["value"] == pytest.approx(0.3)
    assert "freight_share" in kpis.values(books, extra=file)["kpi"].to_numpy()


def test_a_file_beside_the_data_is_found(tmp_path):
    """A kpis.toml in the data's folder is read without being named."""
    (tmp_path / "kpis.toml").write_text(ENTRY.format(id="freight_share", formula="distribution / revenue"))
    books = Figures({"distribution": 5, "revenue": 50}, folder=tmp_path)

    assert only(books, "freight_share")["value"] == 0.1


def test_assumptions_can_be_set_in_an_own_file(tmp_path):
    """A company's tax rate replaces the assumed one."""
    (tmp_path / "kpis.toml").write_text('[assumptions]\ntax_rate = { value = 0.3, text = "Ours" }\n')

    assert only(Figures({"revenue": 100}), "nopat")["value"] == pytest.approx(75)
    assert only(Figures({"revenue": 100}, folder=tmp_path), "nopat")["value"] == pytest.approx(70)


def test_all_problems_of_a_catalogue_are_named_at_once(tmp_path):
    """Missing and unknown keys, wrong words, unreadable formulas and taken ids: one error lists them all."""
    file = tmp_path / "own.toml"
    file.write_text(
        ENTRY.format(id="gross_margin", formula="revenue")
        + ENTRY.format(id="one", formula="revenue +").replace('good = "down"', 'good = "less"')
        + ENTRY.format(id="two", formula="revenue").replace("owner", "ownr")
        + ENTRY.format(id="three", formula="revenue")
        + 'refuse = [{ when = "revenue", because = "no" }]\nrival = { source = "x" }\n'
        + "[assumptions]\nrate = 3\n"
    )
    with pytest.raises(UsageError) as caught:
        kpis.catalogue(file)
    text = str(caught.value)
    for told in ("gross_margin", "already taken", "one: formula", "good 'less'", "two: missing: owner",
                 "unknown key 'ownr'. Did you mean owner", "three: refuse", "three: rival",
                 "assumptions.rate"):  # fmt: skip
        assert told in text


def test_an_unknown_measure_is_named_with_what_is_close(tmp_path):
    """A misspelt measure gets the name that was probably meant."""
    file = tmp_path / "own.toml"
    file.write_text(ENTRY.format(id="own", formula="distribution / revenues"))

    with pytest.raises(UsageError, match=r"no measure 'revenues'\. Did you mean revenue"):
        kpis.catalogue(file)


def test_a_kpi_made_of_itself_is_refused(tmp_path):
    """Circles of KPIs are found when the catalogue is read, not when a value is wanted."""
    file = tmp_path / "own.toml"
    file.write_text(
        ENTRY.format(id="left", formula="right + 1") + ENTRY.format(id="right", formula="left + 1")
    )

    with pytest.raises(UsageError, match="made of itself"):
        kpis.catalogue(file)


@pytest.mark.parametrize("content", ["not toml", 'x = "y"', "[a]\n[a]\n"])
def test_a_file_that_is_no_catalogue_is_refused(tmp_path, content):
    """What is not TOML, or holds no entries, gives an error that names the file."""
    file = tmp_path / "own.toml"
    file.write_text(content)

    with pytest.raises(UsageError, match=r"own\.toml"):
        kpis.catalogue(file)
    with pytest.raises(UsageError, match="cannot be read"):
        kpis.catalogue(tmp_path / "absent.toml")


def test_unknown_kpis_are_named_with_what_is_close():
    """A KPI may be asked for by id or name; another gets suggestions."""
    assert only(Figures({"revenue": 1}), "Gross margin")["kpi"] == "gross_margin"
    with pytest.raises(UsageError, match="gross_margin"):
        kpis.values(Figures({"revenue": 1}), "gros_margin")


# --- none, because -----------------------------------------------------------------------------------


def test_every_value_is_a_number_or_has_a_reason():
    """Neither infinity nor a bare NaN, for whatever is zero, negative or missing."""
    for figure in (0, -5, 7):
        given_figures = {name: figure for name, one in known_measures().items() if one.nature != "histogram"}
        rows = kpis.values(Figures(given_figures, months=14), periods=["2025-01", "2026-02", "2025"])
        defined = rows["reason"] == ""

        assert np.isfinite(rows.loc[defined, "value"]).all()
        assert rows.loc[~defined, "value"].isna().all()
    assert defined.mean() > 0.7


def test_a_denominator_of_zero_is_told_in_words():
    """Nothing due means no value, with the reason in plain words; never 0 %."""
    row = only(Figures({"otif_orders": 0, "orders_due": 0}), "otif")

    assert np.isnan(row["value"])
    assert row["reason"] == "no orders were due in the period"


def test_a_negative_denominator_gives_no_value():
    """Net returns larger than sales make a margin meaningless."""
    row = only(Figures({"revenue": -10, "cogs": 5}), "gross_margin")

    assert row["reason"] == "revenue is negative, so a ratio to it would mislead"


def test_a_missing_table_is_named():
    """A KPI says which table it needs that the data does not have."""
    assert only(Figures({"revenue": 1}), "nps")["reason"] == "needs surveys, which the data does not have"
    assert only(Figures({"revenue": 1}), "nps")["note"] == ""
    assert only(Figures({"revenue": 1}), "decision_latency")["reason"].startswith("needs decisions")


def test_a_period_the_table_does_not_cover_has_no_value():
    """Budgeted months are compared with the same months only: a year beyond them has no value."""
    span = {"budget_revenue": ("2025-01", "2025-11")}
    books = Figures({"revenue": 90, "budget_revenue": 100}, "2024-12", 13, covers=span)
    rows = kpis.values(books, "revenue_vs_budget", periods=["2025-11", "2025-Q4", "2025", "2024-12"])

    assert rows["value"].iloc[0] == 0.9
    assert rows["reason"].tolist()[1:] == ["budget covers 2025-01 to 2025-11 only"] * 3


def test_a_period_that_begins_too_early_names_the_next_one():
    """The first quarter or year that is whole in the data is named; a month names itself, a late one none."""
    span = {"budget_revenue": ("2025-02", "2026-12")}
    books = Figures({"revenue": 90, "budget_revenue": 100}, "2025-01", 24, covers=span)
    rows = kpis.values(books, "revenue_vs_budget", periods=["2025-Q1", "2025", "2025-12-R12", "2025-01"])

    told = "budget covers 2025-02 to 2026-12 only"
    asks = [": ask for 2025-Q2 or later", ": ask for 2026 or later", ": ask for 2026-01-R12 or later", ""]
    assert rows["reason"].tolist() == [told + ask for ask in asks]
    assert kpis.values(books, "revenue_vs_budget", periods="2025-Q2")["value"].item() == pytest.approx(0.9)


def test_returns_that_nobody_wrote_down_are_no_rate_of_zero(tmp_path):
    """One return anywhere: units and months without any have 0 %. None at all: no value, and why."""
    tables = small_company.tables()
    with_one = open_books(small_company.write(tmp_path / "one", tables))
    rows = kpis.values(with_one, "return_rate", ["A", "B"], ["2025-02", "2025-03"])
    assert rows["value"].tolist()[1] == 0 and rows["value"].tolist()[0] > 0

    tables["deliveries"] = [row for row in tables["deliveries"] if not row["quantity"].startswith("-")]
    without = open_books(small_company.write(tmp_path / "none", tables))
    row = kpis.values(without, "return_rate", "A", "2025-03").iloc[0]
    assert row["reason"] == "no return is in the data: none came back, or none was recorded"
    assert kpis.values(without, "sales_delivered", "A", "2025-03")["value"].item() == 200


def test_without_an_opening_balance_there_is_no_average():
    """The first month has no balance before it; the second one's is the first one's ending balance."""
    books = Figures({"revenue": 100, "receivables": [100, 300]}, months=2)
    rows = kpis.values(books, "dso_average", periods=["2025-01", "2025-02"])

    assert (
        rows["reason"].iloc[0]
        == "the opening balance is not available: journal or balances begins in 2025-01"
    )
    assert rows["value"].iloc[1] == pytest.approx(200 / 100 * 28)


def test_growth_needs_the_year_before():
    """Growth compares with the same period a year earlier, or says that it is not there."""
    books = Figures({"revenue": [100, 110, 90] + [7] * 9 + [110, 120, 100]}, months=15)
    rows = kpis.values(books, "revenue_growth", periods=["2026-Q1", "2025-Q1"])

    assert rows["value"].iloc[0] == pytest.approx(0.1)
    assert rows["reason"].iloc[1] == (
        "a year earlier: journal or balances covers 2025-01 to 2026-03 only: ask for 2026-Q1 or later"
    )


def test_without_inventory_days_of_inventory_do_not_apply():
    """No inventory is 'not applicable', never 0 days; the cash cycle says the same."""
    books = Figures({"revenue": 100, "cogs": 60, "receivables": 50, "payables": 20})

    for kpi in ("dio", "ccc", "inventory_turns"):
        period = "2025-01" if kpi != "inventory_turns" else "2025-02"
        books = Figures({"revenue": 100, "cogs": 60, "receivables": 50, "payables": 20}, months=2)
        assert only(books, kpi, None, period)["reason"] == "not applicable: there is no inventory"


def test_returns_on_capital_that_is_not_positive_are_refused():
    """Negative invested capital or equity gives a stated refusal, not a flattering ratio."""
    books = Figures({"revenue": -100, "equity": -50, "payables": 500, "cash": 450}, months=2)

    assert only(books, "roic", None, "2025-02")["reason"] == "refused: invested capital is not positive"
    assert only(books, "roe", None, "2025-02")["reason"].startswith("flagged: equity is not positive")


# --- roll-up -----------------------------------------------------------------------------------------

figures_by_leaf = st.fixed_dictionaries(
    {
        leaf: st.lists(st.integers(1, 10**9).map(lambda n: n / 100), min_size=12, max_size=12)
        for leaf in LEAVES
    }
)


@given(figures_by_leaf, figures_by_leaf)
def test_a_ratio_rolls_up_from_numerators_and_denominators(part, whole):
    """The whole's ratio lies between its parts' ratios, over units and over months."""
    part = {leaf: [min(a, b) for a, b in zip(part[leaf], whole[leaf], strict=True)] for leaf in LEAVES}
    books = Figures({"otif_orders": part, "orders_due": whole}, months=12, parents=TREE)
    table = kpis.values(books, "otif", periods=["2025-05", "2025-Q2", "2025"])
    by = table.pivot_table(index="unit", columns="period", values="value")
    months = kpis.values(books, "otif", "ALL", [f"2025-{m:02d}" for m in (4, 5, 6)])["value"]
    close = 1e-12

    for period in ("2025-05", "2025-Q2", "2025"):
        assert (
            by[period][["A", "B"]].min() - close <= by[period]["EAST"] <= by[period][["A", "B"]].max() + close
        )
        assert by[period][["EAST", "C"]].min() - close <= by[period]["ALL"]
        assert by[period]["ALL"] <= by[period][["EAST", "C"]].max() + close
    assert months.min() - close <= by["2025-Q2"]["ALL"] <= months.max() + close


@given(figures_by_leaf, figures_by_leaf, figures_by_leaf)
def test_amounts_of_the_parts_add_up_to_the_whole_exactly(revenue, cogs, receivables):
    """EBIT adds up over units and months, working capital over units; to the ten-thousandth."""
    given_figures = {"revenue": revenue, "cogs": cogs, "receivables": receivables}
    books = Figures(given_figures, months=12, parents=TREE)

    def exact(kpi, unit, period):
        return kpis.trace(books, kpi, unit, period).exact

    for kpi in ("ebit", "nwc"):
        assert exact(kpi, "ALL", "2025") == sum(exact(kpi, leaf, "2025") for leaf in LEAVES)
    assert exact("ebit", "A", "2025-Q1") == sum(exact("ebit", "A", f"2025-0{m}") for m in (1, 2, 3))
    # Balances add over units, not over time.
    assert exact("nwc", "A", "2025-Q1") == exact("nwc", "A", "2025-03")


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_more_cost_is_a_lower_margin(cogs, more, revenue):
    """Gross margin falls when cost rises, and 'up' is its good direction; scrap rises with scrap, 'down'."""
    low, high = (
        only(Figures({"revenue": revenue, "cogs": c}), "gross_margin")["value"] for c in (cogs, cogs + more)
    )

    assert high < low
    assert kpis.catalogue()["gross_margin"].good == "up"
    assert kpis.catalogue()["scrap_rate"].good == "down"


def test_year_to_date_and_rolling_twelve():
    """Sums run over the months of the period: fiscal year to date, rolling twelve, a fiscal year."""
    books = Figures({"revenue": [float(n) for n in range(1, 25)]}, "2024-01", 24, fiscal_start=4)
    spans = {"2025-06-YTD": sum(range(16, 19)), "2025-06-R12": sum(range(7, 19)), "FY2025": sum(range(4, 16)),
             "2025-Q2": sum(range(16, 19)), "2024": sum(range(1, 13))}  # fmt: skip
    rows = kpis.values(books, "revenue", periods=list(spans))

    assert rows["value"].tolist() == list(spans.values())
    assert rows["period"].tolist() == list(spans)


# --- targets -----------------------------------------------------------------------------------------


def test_the_latest_target_holds_until_the_next_one():
    """A target is valid from its month on, for its own unit: a unit below does not inherit it."""
    books = Figures(
        {"otif_orders": {"A": 8}, "orders_due": {"A": 10}}, months=12, parents=TREE,
        targets=[("otif", "ALL", month, target)
                 for month, target in (("2025-03", 0.9), ("2025-06", 0.5), ("2020-01", 0.1))],
    )  # fmt: skip
    periods = ["2025-02", "2025-03", "2025-05", "2025-06", "2025"]
    rows = kpis.values(books, "otif", ["ALL", "A"], periods)

    assert rows["target"].tolist()[:5] == [0.1, 0.9, 0.9, 0.5, 0.5]
    assert rows["target"].isna().tolist()[5:] == [True] * 5
    assert rows["attainment"].iloc[1] == pytest.approx(0.8 / 0.9)
    assert rows["met"].tolist()[:5] == [True, False, False, True, True]
    assert rows["met"].tolist()[5:] == [None] * 5


def test_a_target_of_an_amount_is_one_months():
    """Revenue of a quarter is measured against the three months' targets; a month without one leaves none."""
    targets = [
        ("revenue", "U", "2025-02", 100),
        ("revenue", "U", "2025-03", 130),
        ("dso", "U", "2025-02", 40),
    ]
    books = Figures({"revenue": 115, "receivables": 100}, months=12, targets=targets)
    rows = kpis.values(books, "revenue", periods=["2025-02", "2025-Q2", "2025-Q1"])

    assert rows["target"].tolist()[:2] == [100, 390]
    assert np.isnan(rows["target"].iloc[2])
    assert only(books, "dso", None, "2025-Q2")["target"] == 40


@pytest.mark.parametrize(
    ("kpi", "figure", "target", "attainment", "met"),
    [("revenue", 90, 100, 0.9, False), ("revenue", 110, 100, 1.1, True), ("revenue", -5, 100, None, False),
     ("revenue", 5, -100, None, True), ("overdue_actions", 8, 4, 0.5, False),
     ("overdue_actions", 0, 4, None, True), ("overdue_actions", 4, 4, 1.0, True),
     ("material_price_variance", -4, 5, 0.8, False)],
)  # fmt: skip
def test_attainment_and_what_is_met(kpi, figure, target, attainment, met):
    """More or less is better as the KPI says; where a sign makes the share meaningless there is none."""
    row = only(Figures({kpi: figure}, targets=[(kpi, "U", "2025-01", target)]), kpi)

    assert row["met"] is met or row["met"] == met
    assert (
        np.isnan(row["attainment"]) if attainment is None else row["attainment"] == pytest.approx(attainment)
    )


def test_near_to_zero_is_good_for_a_bias():
    """A bias of -3 % keeps a target of 5 %, one of +8 % does not; there is no attainment."""
    for error, met in ((-3, True), (8, False)):
        books = Figures(
            {"consensus_error": error, "forecast_actual": 100},
            targets=[("forecast_bias", "U", "2025-01", 0.05)],
        )
        row = only(books, "forecast_bias")
        assert (row["met"], np.isnan(row["attainment"])) == (met, True)


# --- rivals and traces -------------------------------------------------------------------------------

SALES = {"revenue": 100, "cogs": 33, "delivered_amount": 100, "delivered_cost": 88.6}


def test_a_rival_stands_beside_a_value_where_it_matters():
    """The rival source's value is shown where it differs by more than the materiality, and named."""
    apart, close = (
        only(Figures(SALES), "gross_margin"),
        only(Figures(SALES | {"delivered_cost": 33.5}), "gross_margin"),
    )

    assert apart["rival"] == pytest.approx(0.114)
    assert apart["rival_source"] == "sales"
    assert not np.isnan(only(Figures(SALES | {"delivered_cost": 34}), "gross_margin")["rival"])
    assert np.isnan(close["rival"])
    assert close["rival_source"] == ""
    assert not np.isnan(
        only(Figures(SALES | {"delivered_cost": 33.5}), "gross_margin", materiality=0.001)["rival"]
    )


def test_conflicting_definitions_are_listed_with_both_values():
    """Every KPI with two definitions is listed: owners, values, difference; the material first."""
    result = kpis.conflicts(Figures(SALES | {"payables": 30, "purchased_amount": 20}))
    table = result.table.set_index("kpi")

    assert table.loc["gross_margin", "difference"] == pytest.approx(0.114 - 0.67)
    assert table.loc["dpo", "rival"] == pytest.approx(30 / 20 * 31)
    assert table.loc["dpo", "rival_owner"] == "purchasing"
    assert not table.loc["revenue", "material"]
    assert table.loc["utilisation", "reason"].startswith("needs production")
    assert table["material"].is_monotonic_decreasing
    assert "two figures" in result.text


def test_a_trace_shows_inputs_exactly_and_reconciles():
    """Formula, inputs to the ten-thousandth, rows counted, and what ledger and subledger differ by."""
    books = Figures(
        {"revenue": [100.1234, 50], "cogs": [60.0001, 20], "delivered_amount": [100, 50]}, months=2
    )
    found = kpis.trace(books, "gross_profit", "U", "2025-01")

    assert found.exact == Decimal("40.1233")
    assert found.table["value"].tolist() == [Decimal("100.1234"), Decimal("60.0001")]
    assert found.table["rows"].tolist() == [1, 1]
    assert found.reconciliation.set_index("pair").loc["revenue", "difference"] == Decimal("0.1234")
    for told in (
        "Gross profit",
        "revenue - cogs",
        "100.1234 - 60.0001",
        "journal",
        "0.12",
        "2025-01 to 2025-02",
    ):
        assert told in found.text
    assert (
        only(books, "gross_profit", "U", "2025-01")["reconciliation"] == "revenue: ledger − subledger = 0.12"
    )
    assert only(books, "gross_profit", "U", "2025-02")["reconciliation"] == "revenue: agrees"


def test_a_trace_follows_kpis_into_their_inputs():
    """A KPI made of KPIs shows them and what they are made of; averages show both balances."""
    books = Figures(
        {"revenue": 100, "receivables": [40, 60], "inventory": 5, "cogs": 50, "payables": 1}, months=2
    )
    table = kpis.trace(books, "ccc_average", "U", "2025-02").table
    named = list(zip(table["input"], table["part"], strict=True))

    for wanted in (("dso_average", "KPI"), ("receivables", "opening"), ("receivables", "ending"),
                   ("revenue", "flow"), ("days", "calendar")):  # fmt: skip
        assert wanted in named
    assert len(set(named)) == len(named)
    rows = dict(zip(named, table["rows"], strict=True))
    # A balance is the sum of all rows so far: those of one month before the period, of two at its end.
    assert (rows["receivables", "opening"], rows["receivables", "ending"], rows["revenue", "flow"]) == (
        1,
        2,
        1,
    )


@pytest.mark.parametrize("kpi_id", list(kpis.catalogue()))
def test_every_kpi_can_be_traced(kpi_id):
    """Each KPI has a trace: all measures it is made of are inputs, and its value is the same."""
    figures = {name: 7.5 for name, one in known_measures().items() if one.nature != "histogram"}
    days = {name: [("U", "2026-01", 4, 3)] for name in ("decision_days", "closure_days", "handoff_days")}
    books = Figures(figures, "2023-12", 26, histograms=days)
    found = kpis.trace(books, kpi_id, "U", "2026-01")
    value = only(books, kpi_id, "U", "2026-01")["value"]

    assert set(measures_of(found.kpi, kpis.catalogue())) <= set(found.table["input"])
    assert (found.value is None and np.isnan(value)) or found.value == value
    assert found.kpi.formula in found.text


def test_a_trace_of_no_value_says_why():
    """Without a value the trace begins with the reason and still shows the inputs there are."""
    found = kpis.trace(Figures({"revenue": 0, "cogs": 5}), "gross_margin")

    assert found.value is None
    assert found.reason == "there was no revenue in the period"
    assert "none, because there was no revenue in the period" in found.text
    assert found.table["value"].tolist() == [Decimal(0), Decimal(5)]
