"""What lessons show: an order from call to cash, the classic plant, sliders and questions."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pytest
import small_company

from finops_toolkit import checks, lessons, widgets
from finops_toolkit.alignment import goal_attainment
from finops_toolkit.books import Books, open_books
from finops_toolkit.collaboration import decision_log
from finops_toolkit.errors import UsageError
from finops_toolkit.story import order_story
from finops_toolkit.variance import sales_bridge


@pytest.mark.parametrize("unit", ["NORTH", "SOUTH", "EAST", "WEST"])
def test_an_order_reconciles_to_the_cent(books: Books, unit: str) -> None:
    """Every plant has an order that is found in all tables, in order of time, and ties to the ledger."""
    story = order_story(books, unit, "2025-Q2")

    assert set(story.table["event"]) >= {"Order", "Delivery", "Invoice", "Payment"}
    assert story.table["date"].is_monotonic_increasing
    assert len(story.proof) == 4 and (story.proof["difference"] == 0).all()
    assert story.proof["records"].min() > 0


def test_a_named_order_is_followed(books: Books) -> None:
    """The events of an order are those of its rows, counted one by one."""
    order = order_story(books, "EAST", "2025-Q2").order
    story = order_story(books, "EAST", "2025-Q2", order)
    sent = books.rows("deliveries", where={"order": order})

    assert (story.table["event"] == "Delivery").sum() == len(sent)
    delivered = story.table.loc[story.table["event"] == "Delivery", "amount"].sum() / 10_000
    assert delivered == pytest.approx(sent["amount"].sum())


def test_where_no_order_can_be_followed_the_reason_is_said(books: Books, tmp_path: Path) -> None:
    """A head office delivers nothing; books without orders hold none."""
    data = small_company.tables()
    del data["orders"]
    poor = open_books(small_company.write(tmp_path, data))

    assert "HQ delivered no customer's order" in order_story(books, "HQ", "2025-Q2").text
    assert "the books hold no orders" in order_story(poor, "A", "2025-Q1").text


def test_the_classic_example() -> None:
    """300 k of overhead, 10,000 sold, 15,000 made: profit 100 k higher, cash 100 k lower at 20 a unit."""
    steps = lessons.what_if_made().set_index("made")

    assert steps.loc[15_000, "profit"] - steps.loc[10_000, "profit"] == 100_000
    assert steps.loc[15_000, "cash"] - steps.loc[10_000, "cash"] == -100_000


def test_ratings_are_five_marks_from_one_to_five() -> None:
    """Anything else is refused, and what is allowed is said."""
    assert list(lessons.self_assessment([1, 2, 3, 4, 5])["yours"]) == [1, 2, 3, 4, 5]
    for wrong in ([1, 2, 3], [0, 1, 2, 3, 4], [1, 2, 3, 4, 6]):
        with pytest.raises(UsageError, match="five whole numbers"):
            lessons.self_assessment(wrong)


def test_the_flexible_budget_closes(books: Books) -> None:
    """Volume and the rest are, line by line, the whole difference between budget and actual."""
    table, text = lessons.flexible_lines(books, "NORTH", "2025-YTD")
    sign = table["kind"].map({"income": 1, "cost": -1})

    assert (
        (table["actual"] - table["static"]) * sign == table["volume_variance"] + table["flexible_variance"]
    ).all()
    assert "units than budgeted" in text


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """What is displayed, as bundles."""
    import IPython.display

    found: list[dict] = []
    monkeypatch.setattr(IPython.display, "display", lambda data, **_: found.append(data))
    return found


def test_a_slider_moves_and_stands_still(page: list[dict], monkeypatch: pytest.MonkeyPatch) -> None:
    """Moved, it shows the row's sentence; where nothing runs, the bundle has the whole table."""
    import ipywidgets

    made: list[ipywidgets.VBox] = []
    plain = ipywidgets.VBox.__init__
    keep = lambda box, *given, **named: (plain(box, *given, **named), made.append(box))[0]  # noqa: E731
    monkeypatch.setattr(ipywidgets.VBox, "__init__", keep)
    steps = lessons.what_if_made()
    widgets.slider(steps, "units made", {"made": "units", "cash": "cash"}, start=2)
    handle, view = made[-1].children

    assert all(f"{units:,}" in page[-1]["text/html"] for units in steps["made"])
    assert any("widget-view" in mime for mime in page[-1])
    assert steps["text"].iloc[2] in view.value
    handle.value = 7
    assert steps["text"].iloc[7] in view.value and steps["text"].iloc[2] not in view.value


def test_a_question_is_judged_without_code(page: list[dict]) -> None:
    """No answer, a wrong one, the right one; on paper the options stand as text, and data is no markup."""
    question = widgets.Question("Who <b>was</b> wrong?", checks.who_was_wrong, checks.WHO_WAS_WRONG)
    question._ipython_display_()
    html = page[-1]["text/html"]

    assert not question.feedback()
    question.value = "a"
    assert not question.feedback()
    question.value = "d"
    assert question.feedback()
    assert "&lt;b&gt;was" in html and all(escape(text) in html for text in checks.WHO_WAS_WRONG.values())


def test_an_empty_slider_is_refused() -> None:
    """There is nothing to move over: the message says so."""
    with pytest.raises(UsageError, match="no rows"):
        widgets.slider(lessons.what_if_made().iloc[:0], "units", {"made": "units"})


def test_kpis_keep_their_numbers(books: Books) -> None:
    """A table of KPIs holds figures and not words; what would say the same in every row is left out."""
    every = lessons.kpi_lines(books, ["otif", "dso", "ebit"], "NORTH", ["2025-Q3"])
    units = lessons.kpi_lines(books, ["otif"], ["NORTH", "EAST"], ["2025-Q3"])

    assert [column.key for column in every.columns] == ["kpi", "value", "target", "unit", "reached"]
    assert [every.formats[row, "value"][0] for row in range(3)] == ["share", "number", "number"]
    assert [row[2] for row in every.texts()] and all(isinstance(row[1], float) for row in every.rows)
    assert units.caption == "On time in full (OTIF)" and units.columns[0].key == "of"


def test_plants_stand_beside_each_other(books: Books) -> None:
    """Each plant and month once, in percent; the message names the lowest and the best of the last month."""
    frame = lessons.by_plant(books, "otif", "2025-11")
    last = frame[frame["month"] == frame["month"].max()]

    assert lessons.plants(books) == ["NORTH", "SOUTH", "EAST", "WEST"] and len(frame) == 4 * 13
    assert last["unit"][last["actual"].idxmin()] in lessons.by_plant_text(frame, "On time").split("lowest")[0]


def test_goals_of_units_are_distances_from_the_target(books: Books) -> None:
    """A row a measured goal that nothing serves: below zero where missed, as the attainment says."""
    found = [(unit, goal_attainment(books, unit, "2025-YTD")) for unit in ("NORTH", "WEST")]
    frame = lessons.goals_by_unit(found)
    table = found[0][1].table.set_index("name")

    assert list(frame) == ["NORTH", "WEST"] and len(frame) > 5
    for name, value in frame["NORTH"].dropna().items():
        assert (value < 0) == (table.loc[name, "attainment"] < 1)
    boxes = lessons.goal_boxes(found[0][1].table)
    assert boxes["parent"].isna().sum() == 1 and set(boxes["parent"].dropna()) <= set(boxes["node"])


def test_decisions_are_bars(books: Books) -> None:
    """What is not done comes before what is, and a bar ends where the decision was closed."""
    log = decision_log(books, "WEST", "2025-YTD")
    bars = lessons.decision_bars(log, most=100)

    assert len(bars) == (log.table["status"] != "").sum()
    assert (bars["end"].notna() == (bars["status"] == "done")).all()
    assert set(lessons.decision_bars(log, most=len(log.unfinished()))["status"]) <= {"late", "open"}
    assert bars["start"].is_monotonic_increasing and "late" in lessons.decision_text(bars)


def test_families_add_up_to_sales(books: Books) -> None:
    """The sales of the families are those of the products, and the message names the widest gap."""
    bridge = sales_bridge(books, "NORTH", books.period("2025-Q3"), "budget")
    frame = lessons.sales_by_family(books, bridge.parts)

    assert frame["actual"].sum() == pytest.approx(bridge.parts["amount_1"].sum() / 10_000)
    assert frame["name"].is_unique and len(frame) < len(bridge.parts)
    gap = (frame["actual"] - frame["budget"]).abs()
    assert lessons.sales_by_family_text(frame, "budget").startswith(frame["name"][gap.idxmax()])
