"""The scorecard's results as tables, and the rows behind them: every figure is the result's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import small_company

from finops_toolkit import scorecard
from finops_toolkit.books import Books, open_books
from finops_toolkit.books.ledger import GROUP
from finops_toolkit.kpis import catalogue_of
from finops_toolkit.records import MOST
from finops_toolkit.scorecard.figures import LINES
from finops_toolkit.sheets import actions_table, items_table, kpi_table, statement_table
from finops_toolkit.tables import Table
from finops_toolkit.wording import SCALE, missing
from finops_toolkit.workings import kpi_workings, ledger_rows, spans, workings

CASES = [("NORTH", "latest-closed"), ("COMPANY", "2025-Q1"), ("HQ", "2023-02"), ("WEST", "2024"),
         ("SOUTH", "2025-06-R12")]  # fmt: skip
SIMPLE = {line.name: line for line in LINES if not line.total}


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(case))
def result(request: pytest.FixtureRequest, books: Books) -> scorecard.Statement:
    """The statement of a unit and period."""
    return scorecard.statement(books, *request.param)


def _cells(table: Table) -> list[tuple[int, str, Any]]:
    return [
        (number, column.key, value)
        for number, row in enumerate(table.rows)
        for column, value in zip(table.columns, row, strict=True)
    ]


def test_the_statement_is_the_results_to_four_places(result: scorecard.Statement, books: Books) -> None:
    """Each amount is the result's ten-thousandths in plain units, each share its share, and none is lost."""
    table = statement_table(result, books.currency)
    assert list(table.keys) == list(dict.fromkeys(result.table["line"]))
    frame = result.table.set_index(["line", "scope"])
    seen = 0
    for number, key, value in _cells(table):
        if key == "line":
            continue
        scope, name = key.split("_", 1)
        exact = frame.loc[(table.keys[number], scope), name]
        if missing(exact):
            assert value is None
        elif name.endswith("share"):
            assert value == exact
        else:
            assert round(value * SCALE) == int(exact) and value == int(exact) / SCALE
            seen += 1
    assert seen > 30
    assert [table.keys[row] for row in table.totals] == [
        line for line in table.keys if line in ("gross_profit", "ebit", "net_profit")
    ]


def test_every_amount_of_the_statement_has_a_formula(result: scorecard.Statement, books: Books) -> None:
    """Where there is a figure there is a formula; where there is none, a reason stands in its place."""
    table = statement_table(result, books.currency)
    for number, key, value in _cells(table):
        if key != "line":
            assert ((number, key) in table.formulas) == (value is not None)
            if value is None:
                assert table.notes[number, key].startswith("none, because ")
                assert table.marks[number, key] == "quiet"


def test_only_variances_that_matter_are_marked(books: Books) -> None:
    """A variance is good or bad from the threshold on, by its sign: costs under budget are good."""
    result = scorecard.statement(books, "NORTH", "latest-closed")
    threshold = 100_000 * SCALE
    table = statement_table(result, books.currency, threshold)
    for number, key, value in _cells(table):
        mark = table.marks.get((number, key))
        if value is None or key == "line":
            continue
        matters = key.endswith(("delta", "delta_last_year")) and abs(value) >= 100_000
        assert mark == (("good" if value > 0 else "bad") if matters else None)
    assert {"good", "bad"} <= set(table.marks.values())
    assert set(statement_table(result, books.currency).marks.values()) <= {"quiet"}


def test_the_ledgers_rows_sum_to_the_statement(result: scorecard.Statement, books: Books) -> None:
    """Summed over the months of a span, the rows of a line are the line: actual, budget and last year."""
    assert _compared(books, result) > 15


@pytest.mark.parametrize("unit", ["CO", "A", "B"])
def test_of_a_budget_only_the_latest_version_counts(unit: str, tmp_path: Path) -> None:
    """A budget that was revised during the year is not counted twice."""
    revised = open_books(small_company.write(tmp_path / "small"))
    assert _compared(revised, scorecard.statement(revised, unit, "2025-03")) > 5


def _compared(books: Books, result: scorecard.Statement) -> int:
    """How many amounts that are not zero were compared with the sums of their rows."""
    rows, compared = ledger_rows(books, result).rows, 0
    months = dict(zip(result.scopes, spans(books, result).rows, strict=True))
    for scope, (_, first, last, _, before, until) in months.items():
        columns = {"actual": (first, last, 4), "budget": (first, last, 5), "last_year": (before, until, 4)}
        for name, line in SIMPLE.items():
            if line.id in GROUP:
                continue  # what belongs to others is reckoned from shares, not booked
            for column, (since, to, at) in columns.items():
                exact = result.value(line.id, scope, column)
                if exact is None or (scope, column) == ("outlook", "actual"):
                    continue
                since = to.replace(day=1) if line.nature == "closing" else since
                amounts = [row[at] or 0 for row in rows if row[0] == name and since <= row[3] <= to]
                assert sum(amounts) == pytest.approx(exact / SCALE, abs=0.001), (name, scope, column)
                compared += bool(exact)
    return compared


def test_nothing_booked_after_the_period_is_shown(books: Books) -> None:
    """A report of February does not hold March, though the books do; the budget goes to the year's end."""
    rows = ledger_rows(books, scorecard.statement(books, "NORTH", "2024-02")).rows
    assert max(row[3] for row in rows if row[4] is not None).isoformat() == "2024-02-29"
    assert max(row[3] for row in rows if row[5] is not None).isoformat() == "2024-12-31"


def test_each_line_leads_to_its_rows(result: scorecard.Statement, books: Books) -> None:
    """The name of each line of the ledger leads to the first of its rows, if it has any."""
    rows = ledger_rows(books, result)
    links = statement_table(result, books.currency).links
    for (number, _), link in links.items():
        line = link.removeprefix("ledger_rows:")
        name = next(name for name, one in SIMPLE.items() if one.id == line)
        places = [place for place, row in enumerate(rows.rows) if row[0] == name]
        assert rows.keys.index(line) == places[0]
        assert number == list(dict.fromkeys(result.table["line"])).index(line)


def test_kpis_are_formulas_over_their_inputs(books: Books) -> None:
    """Every KPI of the scorecard has a formula, unless it counts case by case; and says how it is made."""
    result = scorecard.statement(books, "NORTH", "latest-closed")
    figures = scorecard.key_figures(books, "NORTH", "latest-closed")
    table, inputs, *_ = kpi_workings(books, result, figures)
    known = catalogue_of(books)
    for number, key in enumerate(table.keys):
        whole = any(word in known[key].formula for word in ("median(", "p90(", "countback("))
        assert ((number, "value") in table.formulas) != whole
        assert known[key].formula in table.notes[number, "kpi"]
        assert known[key].source in table.notes[number, "kpi"]
        assert table.links[number, "kpi"].removeprefix("kpi_inputs:") in inputs.keys
    assert "1 of these values has no formula" in table.note
    # What the statement shows is not computed a second time.
    assert inputs.formulas[inputs.keys.index("revenue-flow"), "value"] == "{statement:revenue.period_actual}"


def test_kpis_are_read_in_their_own_measure(books: Books) -> None:
    """Shares are shares, days have days, and a KPI without a target is neither met nor missed."""
    table = kpi_table(scorecard.key_figures(books, "NORTH", "latest-closed"))
    texts = dict(zip(table.keys, table.texts(), strict=True))
    assert texts["operating_margin"][2:] == ["8.6", "16.9", "%", "no"]
    assert texts["dso"][2:] == ["57.2", "46.0", "days", "no"]
    assert texts["customer_retention"][3:] == ["–", "%", "no target"]
    assert table.formats[table.keys.index("operating_margin"), "value"] == ("share", 1)


def test_items_and_actions_are_the_results(books: Books) -> None:
    """Items keep their order, money and reasons; actions are late in words and in the mark."""
    attention = scorecard.attention(books, "NORTH", "latest-closed")
    table = items_table(attention, books.currency)
    assert [row[1] for row in table.rows] == list(attention.table["what"])
    assert [round(row[2] * SCALE) for row in table.rows] == list(attention.table["money"])
    assert table.hidden
    follow = scorecard.actions_follow_up(books, "COMPANY", "latest-closed")
    actions = actions_table(follow, books.currency)
    assert [row[0] for row in actions.rows] == list(follow.table["text"])
    assert [column.head for column in actions.columns][1] == "Unit"
    late = [number for number, status in enumerate(follow.table["status"]) if status.endswith("late")]
    assert late and [number for number, key in actions.marks if key == "status"] == late


def test_a_unit_without_anything_has_no_workings(books: Books) -> None:
    """Empty results make empty tables, and nothing is handed up for them."""
    result = scorecard.statement(books, "NORTH", "latest-closed")
    figures = scorecard.key_figures(books, "NORTH", "latest-closed")
    none = scorecard.Statement(result.table.iloc[:0], "", {}, (), "NORTH", result.period)
    gone = scorecard.KeyFigures(figures.table.iloc[:0], "", "")
    assert workings(books, none, gone) == []
    assert statement_table(none).rows == () and kpi_table(gone).rows == ()


def test_an_input_leads_to_its_records(result: scorecard.Statement, books: Books) -> None:
    """Rows behind operational inputs are the books' own: of the unit and period, all up to a said limit."""
    figures = scorecard.key_figures(books, result.unit, result.period)
    _, inputs, *records = kpi_workings(books, result, figures)
    below = set(books.below(result.unit))
    for table in records:
        frame = books.rows(table.name.removeprefix("rows_"), result.unit, result.period, limit=100_000)
        assert len(table.rows) == min(len(frame), MOST)
        assert ("The first" in table.note) == (len(frame) > MOST)
        place = [column.key for column in table.columns].index("unit")
        assert {row[place] for row in table.rows} <= below
    led = {link.split(":")[0] for link in inputs.links.values()}
    assert led <= {"ledger_rows", *(table.name for table in records)}
    assert bool(records) == any(link.startswith("rows_") for link in inputs.links.values())


# Those that something is computed from beside KPIs are tried always, the others as proofs.
LEFT_OUT = ("units", "journal", "journal and balances", "products", "budget", "decisions")
OTHERS = sorted(set(small_company.tables()) - set(LEFT_OUT))


@pytest.mark.parametrize("left_out", [*LEFT_OUT, *(pytest.param(t, marks=pytest.mark.prove) for t in OTHERS)])
def test_any_table_may_be_missing(tmp_path: Path, left_out: str) -> None:
    """Whatever table the data does not have, the scorecard and its workings come out."""
    gone = left_out.split(" and ")
    kept = {name: rows for name, rows in small_company.tables().items() if name not in gone}
    small_company.write(tmp_path, kept)
    books = open_books(tmp_path)
    for unit in books.units.unit:
        result = scorecard.statement(books, unit, "latest-closed")
        figures = scorecard.key_figures(books, unit, "latest-closed")
        items = scorecard.attention(books, unit, "latest-closed", 3, 100.0, 0.2)
        actions = scorecard.actions_follow_up(books, unit, "latest-closed")

        made = [*workings(books, result, figures), statement_table(result), items_table(items)]
        made.append(actions_table(actions))
        assert all(table.columns for table in made)
