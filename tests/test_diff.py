"""What changed between two issues of a report, and between two folders of reports, to the last figure."""

from __future__ import annotations

import base64
import copy
import gzip
import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat.v4 as v4
import pytest
from attacks import ATTACKS
from hypothesis import given
from hypothesis import strategies as st
from test_reports_pages import Page

from finops_toolkit import cli
from finops_toolkit.errors import UsageError
from finops_toolkit.reports.changes import Change, compare
from finops_toolkit.reports.contents import contents_bytes, contents_of, numbered
from finops_toolkit.reports.diff import counts, diff, diff_page
from finops_toolkit.reports.headlines import MIME as HEADLINE
from finops_toolkit.reports.issues import FINAL, PRELIMINARY, Issue, issue_facts, issue_heading, issue_of
from finops_toolkit.tables.model import MIME, Column, Table

COLUMNS = (
    Column("line", "Line"),
    Column("actual", "AC", "number", "EUR k", 0, 1000, group="November"),
    Column("share", "ΔBU", "share", "%", 1),
)
PROFIT = Table(
    "profit",
    COLUMNS,
    (("Revenue", 2_836_887.65, -0.1), ("Cost", 1_900_000.0, 0.02), ("Profit", 936_887.65, None)),
    ("revenue", "cost", "profit"),
    "Profit and cash",
    notes={(2, "share"): "none, because there is no budget"},
)
MONTHS = (Column("month", "Month"), Column("value", "AC", "number", "EUR"))
BARS = Table("bars", MONTHS, (("Oct", 1.0), ("Nov", 2.0)), ("r1", "r2"), "Bars")


def shown(table: Table, *mimes: str) -> Any:
    """A table as a notebook holds it; without another MIME type it is for the workbook alone."""
    data: dict[str, Any] = {MIME: json.loads(json.dumps(table.to_json())), **dict.fromkeys(mimes, "x")}
    return v4.new_output("display_data", data)


def chart(picture: bytes, alt: str, table: Table | None = None) -> Any:
    """A chart as a notebook holds it."""
    data: dict[str, Any] = {"image/png": base64.b64encode(picture).decode(), "text/plain": alt}
    data |= {MIME: table.to_json()} if table else {}
    return v4.new_output("display_data", data, metadata={"image/png": {"alt": alt, "width": 9}})


def notebook(*outputs: Any, text: str = "## Cash\n\nWhat it means.") -> Any:
    """A notebook with one cell that shows these outputs."""
    return v4.new_notebook(cells=[v4.new_markdown_cell(text), v4.new_code_cell("x", outputs=list(outputs))])


def said(*tables: Table) -> dict[str, Any]:
    """What a report with these tables says."""
    return contents_of(notebook(*(shown(table, "text/html", "text/plain") for table in tables)))


def with_value(table: Table, row: int, column: int, value: Any) -> Table:
    """The table with another value in one cell."""
    rows = [list(cells) for cells in table.rows]
    rows[row][column] = value
    return replace(table, rows=tuple(map(tuple, rows)))


# --- what a report says ------------------------------------------------------------------------------


def test_contents_of_any_notebook() -> None:
    """Texts stand under their heading; what is only for the ear, the log or the index is no text."""
    outputs = [
        v4.new_output("stream", text="\x1b[1mone\x1b[0m\n\ntwo at 0x7f00aabbccdd\n"),
        v4.new_output("stream", name="stderr", text="a warning"),
        v4.new_output("display_data", {"text/html": "<p>only <b>markup</b></p>"}),
        v4.new_output("display_data", {"text/plain": "aloud"}, metadata={"spoken": True}),
        v4.new_output("display_data", {HEADLINE: [{"label": "Cash", "value": "1", "status": "good"}]}),
        v4.new_output("display_data", {MIME: {"name": 3}, "text/plain": "no table"}),
        v4.new_output("error", ename="KeyError", evalue="x", traceback=[]),
        v4.new_output("display_data", {"image/svg+xml": "<svg/>"}),
        chart(b"picture", "Cash falls", BARS),
    ]
    contents = contents_of(notebook(*outputs))

    assert [text for _, text in contents["texts"]] == [
        *("## Cash", "What it means.", "one", "two at 0x…", "only  markup", "no table", "KeyError: x"),
    ]
    assert {heading for heading, _ in contents["texts"]} == {"Cash"}
    assert [(c["name"], c["alt"]) for c in contents["charts"]] == [("", ""), ("bars", "Cash falls")]
    assert contents["charts"][1]["sha256"] == hashlib.sha256(b"picture").hexdigest()
    assert contents["headline"] == [{"label": "Cash", "value": "1", "status": "good"}]
    assert [(t["name"], t["role"], t["keys"]) for t in contents["tables"]] == [
        ("bars", "chart", ["Oct", "Nov"])
    ]


def test_a_large_table_is_a_hash() -> None:
    """Rows behind the report are kept while they are few; of many there are a hash and how many."""
    rows = tuple((f"r{n}", float(n), None) for n in range(400))
    many = Table("ledger", COLUMNS, rows, caption="Ledger")
    outputs = [
        shown(many),
        shown(replace(many, name="seen"), "text/html"),
        shown(replace(PROFIT, hidden=True)),
    ]
    ledger, seen, profit = contents_of(notebook(*outputs))["tables"]

    assert (ledger["count"], "rows" in ledger) == (400, False)
    assert len(seen["rows"]) == 400 and len(profit["rows"]) == 3
    other = contents_of(notebook(shown(with_value(many, 7, 1, 7.5))))
    (change,) = compare(contents_of(notebook(shown(many))), other)
    assert (change.kind, change.role, change.before, change.after) == (
        "table",
        "hidden",
        "400 rows",
        "400 rows",
    )


def test_a_long_output_is_cut() -> None:
    """What prints without end takes little room, and a change at its end is still a change."""
    long = [contents_of(notebook(v4.new_output("stream", text="word " * 90_000 + end))) for end in "ab"]

    assert all(len(contents_bytes(one)) < 25_000 for one in long)
    assert compare(*long) != []


@given(st.lists(st.sampled_from(["a", "b", "a (2)", ""])))
def test_names_are_told_apart(names: list[str]) -> None:
    """Names that are the same get numbers, and no name is there twice."""
    told = numbered(names)

    assert len(set(told)) == len(told) == len(names)
    assert all(one.startswith(name) for one, name in zip(told, names, strict=True))


# --- what changed ------------------------------------------------------------------------------------


def test_a_figure_is_found_by_its_name() -> None:
    """Rows and columns that moved change nothing; a figure that changed is named by table, row and column."""
    order = (2, 0, 1)
    moved = replace(
        PROFIT,
        columns=tuple(COLUMNS[i] for i in (0, 2, 1)),
        rows=tuple(tuple(PROFIT.rows[r][i] for i in (0, 2, 1)) for r in order),
        keys=tuple(PROFIT.keys[r] for r in order),
        notes={(0, "share"): "none, because there is no budget"},
    )
    assert compare(said(PROFIT), said(moved)) == []

    assert compare(said(PROFIT), said(with_value(moved, 1, 2, 2_900_000.0))) == [
        Change("figure", "Profit and cash", "Revenue", "November, AC", "2,837", "2,900", "shown", "EUR k",
               63112.35, "+63"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "column", "value", "before", "after", "difference"),
    [
        (0, 1, 2_836_887.66, "2,836.88765", "2,836.88766", "+0.00001"),
        (1, 1, False, "1,900", "no", ""),
        (0, 2, -0.1 - 2e-17, "−10.000000000000000", "−10.000000000000002", "−0.000000000000002"),
        (2, 2, 0.5, None, "50.0", ""),
        (0, 1, None, "2,837", None, ""),
        (1, 1, 1_900_000, None, None, None),
        (1, 0, "Costs", "Cost", "Costs", ""),
        (1, 1, True, "1,900", "yes", ""),
    ],
)
def test_numbers_are_exact(
    row: int, column: int, value: Any, before: Any, after: Any, difference: Any
) -> None:
    """Two figures that read the same after rounding are shown with the decimals that tell them apart."""
    found = [
        c
        for c in compare(said(PROFIT), said(with_value(PROFIT, row, column, value)))
        if "note" not in c.column
    ]
    if difference is None:
        assert found == []
        return
    (change,) = found
    assert (change.before, change.after, change.difference) == (before, after, difference)


def test_small_changes_are_changes() -> None:
    """A zero that becomes a no, another note at the same figure, one of two equal lines that goes."""
    none = with_value(PROFIT, 2, 2, 0)
    (change,) = compare(said(none), said(with_value(PROFIT, 2, 2, False)))
    assert (change.before, change.after) == ("0.0", "no")

    noted = replace(PROFIT, notes={(2, "share"): "none, because it is zero"})
    (change,) = compare(said(PROFIT), said(noted))
    assert (change.kind, change.what) == ("text", "Profit, ΔBU (note)")

    lines = [contents_of(notebook(v4.new_output("stream", text=text))) for text in ("a\na\nb", "a\nb")]
    (change,) = compare(*lines)
    assert (change.kind, change.before, change.after) == ("text", "a", None)


def test_words_rows_and_charts_change_too() -> None:
    """Captions, heads, notes, texts, rows, columns, tables, pictures and headline figures: each is named."""
    wider = Table(
        "profit",
        (COLUMNS[0], replace(COLUMNS[1], unit="EUR"), Column("plan", "BU", "number")),
        (("Revenue", 2_836_887.65, 1.0), ("Profit", 936_887.65, None), ("Tax", 1.0, None)),
        ("revenue", "profit", "tax"),
        "Profit",
    )

    def whole(table: Table, picture: bytes, text: str, cash: str, *more: Any) -> dict[str, Any]:
        figure = {"label": "Cash", "value": cash, "status": "good"}
        outputs = [shown(table, "text/html"), chart(picture, "Down"), v4.new_output("stream", text=text)]
        return contents_of(notebook(*outputs, v4.new_output("display_data", {HEADLINE: [figure]}), *more))

    old = whole(PROFIT, b"a", "1 open\n2 late", "1", shown(BARS))
    new = whole(wider, b"b", "1 open\n3 late\nx", "2")

    found = compare(old, new)
    assert [(c.kind, c.what, c.before, c.after) for c in found] == [
        ("headline", "Cash", "1", "2"),
        ("text", "caption of the table", "Profit and cash", "Profit"),
        ("text", "head of a column", "November, AC (EUR k)", "November, AC (EUR)"),
        ("column", "", None, "BU"),
        ("column", "", "ΔBU (%)", None),
        ("row", "", None, "Tax"),
        ("row", "", "Cost", None),
        ("table", "", "2 rows", None),
        ("chart", "", "Down", "Down"),
        ("text", "", "2 late", "3 late"),
        ("text", "", None, "x"),
    ]


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(-1e9, 1e9), st.sampled_from("ab"))
NAMES = st.sampled_from(["a", "b", "c"])


@st.composite
def tables(draw: Any) -> Table:
    """Any small table."""
    kinds, units = st.sampled_from(["text", "number", "share"]), st.sampled_from(["", "EUR"])
    columns = tuple(
        Column(key, draw(NAMES), draw(kinds), draw(units))
        for key in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    )
    count = draw(st.integers(0, 3))
    rows = tuple(tuple(draw(VALUES) for _ in columns) for _ in range(count))
    keys = tuple(
        draw(st.lists(st.sampled_from(["x", "y", "z", "r1"]), min_size=count, max_size=count, unique=True))
    )
    return Table(draw(NAMES), columns, rows, keys if draw(st.booleans()) else (), draw(NAMES))


@st.composite
def reports(draw: Any) -> dict[str, Any]:
    """What any small report says."""
    outputs = [
        shown(table, *draw(st.sampled_from([(), ("text/html",)])))
        for table in draw(st.lists(tables(), max_size=3))
    ]
    outputs += [chart(draw(NAMES).encode(), draw(NAMES)) for _ in range(draw(st.integers(0, 2)))]
    outputs += [v4.new_output("stream", text="\n".join(draw(st.lists(NAMES, max_size=4))))]
    return contents_of(notebook(*outputs, text=f"## {draw(NAMES)}"))


@given(reports(), reports())
def test_there_and_back(old: dict[str, Any], new: dict[str, Any]) -> None:
    """A report differs in nothing from itself; what comes on the way there goes on the way back."""
    assert compare(old, copy.deepcopy(old)) == []

    def told(changes: list[Change], sign: int) -> Counter[Any]:
        return Counter(
            (c.kind, *(c.before, c.after)[::sign], None if c.amount is None else sign * c.amount)
            for c in changes
        )

    assert told(compare(old, new), 1) == told(compare(new, old), -1)


@given(tables().filter(lambda table: table.rows), st.data())
def test_no_change_is_missed(table: Table, data: Any) -> None:
    """One value that changes is one figure or text that changed, wherever it stands; the others are none."""
    row = data.draw(st.integers(0, len(table.rows) - 1))
    column = data.draw(st.integers(1, len(table.columns) - 1)) if len(table.columns) > 1 else None
    if column is None:
        return
    value = data.draw(VALUES)
    before, after = table.rows[row][column], value
    same = before == after and isinstance(before, bool) == isinstance(after, bool)

    found = compare(said(table), said(with_value(table, row, column, value)))
    assert len(found) == (not same)
    for change in found:
        assert change.before != change.after


# --- issued again ------------------------------------------------------------------------------------


def test_a_report_issued_again_says_so() -> None:
    """The same contents are the same issue; others are the next version, which says what changed."""
    first = issue_of(said(PROFIT), final=False)
    assert (first, issue_heading(first)) == (Issue(1, PRELIMINARY), ["preliminary"])
    assert issue_of(said(PROFIT), False, first, said(PROFIT)) == first
    assert issue_facts(first) == [("Version", "1, preliminary: the period is not closed yet")]

    changed = with_value(PROFIT, 0, 1, 2_900_000.0)
    second = issue_of(said(changed), False, first, said(PROFIT))
    assert second == Issue(2, PRELIMINARY, ("Revenue, November, AC: 2,837 → 2,900 EUR k",))
    assert issue_heading(second) == ["version 2", "preliminary"]
    assert issue_facts(second)[1] == ("Changed since version 1", second.changes[0])

    third = issue_of(said(changed), True, second, said(changed))
    assert third == Issue(3, FINAL, ("Preliminary before, final now", "No figure and no text changed"))
    assert issue_of(said(changed), True, third, said(changed)) == third
    assert issue_heading(third) == ["version 3"] and issue_heading(Issue(1, FINAL)) == []
    assert issue_facts(Issue(1, FINAL)) == [("Version", "1, final")]

    lost = issue_of(said(PROFIT), True, third, None)
    assert lost.version == 4 and "What version 3 said is not kept" in lost.changes[0]
    assert Issue.from_json(json.loads(json.dumps(lost.to_json()))) == lost


def test_what_changed_is_short() -> None:
    """Ten figures are told, the largest of each table first; the rest is counted; other things are named."""
    rows = tuple((f"Line {n}", 1000.0 * n, None) for n in range(30))
    long = Table("long", COLUMNS, rows, caption="Long")
    other = replace(long, rows=tuple((name, value * 2 + 1000, 0.5) for name, value, _ in rows))
    small = with_value(PROFIT, 1, 1, 1_900_001.0)
    issue = issue_of(said(other, small, BARS), True, Issue(1, FINAL), said(long, PROFIT))

    assert issue.changes[:2] == (
        "Line 29, November, AC: 29 → 59 EUR k",
        "Line 28, November, AC: 28 → 57 EUR k",
    )
    assert issue.changes[9:] == (
        "Cost, November, AC: 1,900.000 → 1,900.001 EUR k",
        "and 51\xa0more figures",
        "New tables: “Bars”",
    )


def test_another_order_is_no_other_figure() -> None:
    """Rows in another order make another issue, which says that nothing else has changed."""
    turned = replace(BARS, rows=BARS.rows[::-1])
    issue = issue_of(said(turned), True, Issue(1, FINAL), said(BARS))

    assert issue.changes == ("The same figures and texts, in another order or form",)


# --- two folders -------------------------------------------------------------------------------------


def write(folder: Path, reports: dict[str, Any], **more: Any) -> Path:
    """A folder of reports as `finops report` leaves it: unit → contents, or a record that differs."""
    records = {}
    for order, (unit, one) in enumerate(reports.items()):
        own = dict(one) if "status" in one else {"contents": one}
        contents = own.pop("contents", None)
        name = ""
        if contents is not None:
            content = contents_bytes(contents)
            name = hashlib.sha256(content).hexdigest()
            path = folder / ".finops/contents" / f"{name}.json.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress(content, mtime=0))
        digest = hashlib.sha256(repr((contents, own)).encode()).hexdigest()
        record: dict[str, Any] = {
            "title": "Scorecard",
            "unit_label": f"Plant {unit}",
            "period_label": "November 2025",
        }
        record |= {"status": "done", "cause": "", "order": order, "contents": name, "period_order": 24310}
        record |= {"files": {"html": {"path": f"{unit}.html", "bytes": 1, "sha256": digest}}}
        records[f"2025-11/{unit}/s"] = {**record, **own}
    folder.mkdir(exist_ok=True)
    manifest = {"books": "Nordic", "reports": records, "made_with": {"package": "1", "libraries": {"x": "1"}}}
    (folder / "run.json").write_text(json.dumps({**manifest, **more}), encoding="utf-8")
    return folder


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders: A is the same, B has another revenue, C fails now, D is missing, E is new."""
    before = {unit: said(PROFIT) for unit in "ABCD"}
    failed = {"status": "timed out", "cause": "took longer than 5 s", "contents": said(PROFIT)}
    after = {
        "A": said(PROFIT),
        "B": said(with_value(PROFIT, 0, 1, 2_900_000.0)),
        "C": failed,
        "E": said(BARS),
    }
    made = {"package": "2", "libraries": {"x": "1", "y": "3"}}
    return write(tmp_path / "before", before), write(tmp_path / "after", after, made_with=made)


def test_two_folders_are_compared(folders: tuple[Path, Path]) -> None:
    """Figures, outcomes, new and missing reports are found; a folder does not differ from itself."""
    found = diff(*folders)

    assert [report.name for report in found.changed] == ["Plant B · Scorecard · November 2025"]
    assert [change.after for change in found.changed[0].changes] == ["2,900"]
    assert [(o.report.unit, o.before, o.after, o.cause) for o in found.outcomes] == [
        ("Plant C", "made", "took too long", "took longer than 5 s")
    ]
    assert [report.unit for report in found.new + found.missing] == ["Plant E", "Plant D"]
    assert found.facts == (("finops_toolkit", "1", "2"), ("y", "", "3"))
    assert (found.same, found.any) == (2, True)
    back = diff(*folders[::-1])
    assert (back.new, [r.unit for r in back.missing]) == (found.missing, ["Plant E"])
    assert not diff(folders[0], folders[0]).any and not diff(folders[1], folders[1]).any


def test_up_to_date_is_as_good_as_made(tmp_path: Path) -> None:
    """A report that was left as it is has not changed; files with other bytes alone are told, no more."""
    one = write(tmp_path / "a", {"A": said(PROFIT)})
    two = write(tmp_path / "b", {"A": {"status": "unchanged", "contents": said(PROFIT)}})

    found = diff(one, two)
    assert (found.any, found.same, found.rewritten) == (False, 1, 1)


def test_without_contents_files_are_compared(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    """Where what a report says is lost or damaged, its files' hashes say whether it differs, no more."""

    def forge(path: Path) -> None:
        path.write_bytes(gzip.compress(contents_bytes(said(BARS))))

    for damage in (
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\x1f\x8bdamaged"),
        forge,
    ):
        for path in (folders[0] / ".finops/contents").iterdir():
            damage(path)
        found = diff(*folders)
        assert [report.unit for report in found.changed] == ["Plant B"]
        assert found.changed[0].unknown.startswith("Its page differs; what it says is not kept in ")
    record: dict[str, Any] = {"status": "done", "contents": None, "files": {}}
    assert not diff(write(tmp_path / "a", {"A": record}), write(tmp_path / "b", {"A": record})).any
    one = write(tmp_path / "c", {"A": record})
    manifest = json.loads((one / "run.json").read_text())
    manifest["reports"]["2025-11/A/s"]["contents"] = "../../run"
    (one / "run.json").write_text(json.dumps(manifest))
    assert diff(one, folders[0]).missing == ()


def test_the_command_ends_with_what_it_found(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """0: nothing differs; 1: something does; 2: wrong usage, with what to give instead."""
    before, after = map(str, folders)
    page = tmp_path / "pages" / "diff.html"

    assert cli.main(["diff", before, before]) == 0
    assert capsys.readouterr().out == "Nothing differs: 4\xa0reports say the same.\n"
    assert cli.main(["diff", before, after, "--html", str(page)]) == 1
    told = capsys.readouterr().out
    assert "1 of 3\xa0reports differ, 1 new, 1 missing and 1\xa0outcome changed." in told
    assert re.search(r"Plant B +Revenue +November, AC +2,837 +2,900 +\+63 +EUR k", told)
    assert "2,900" in page.read_text(encoding="utf-8")
    assert cli.main(["diff", before, after, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["changed"][0]["changes"][0]["amount"] == 63112.35
    for wrong in (tmp_path, tmp_path / "nowhere", folders[0] / "run.json"):
        assert cli.main(["diff", before, str(wrong)]) == 2
        assert "Give two folders that finops report has written." in capsys.readouterr().err
    assert cli.main(["diff", before, after, "--html", str(tmp_path)]) == 2
    assert "could not be written" in capsys.readouterr().err


def test_many_reports_are_told_shortly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of 60 reports that differ the terminal shows some and counts the rest; the page has all."""
    units = [f"U{n:02}" for n in range(60)]
    one = write(tmp_path / "a", dict.fromkeys(units, said(PROFIT)))
    two = write(tmp_path / "b", dict.fromkeys(units, said(with_value(PROFIT, 1, 1, 5.0))))

    assert cli.main(["diff", str(one), str(two)]) == 1
    told = capsys.readouterr().out
    assert len(told.splitlines()) < 60 and "… and 40 more reports; --html FILE shows them all." in told
    assert len(re.findall('<h2 id="report-', diff_page(diff(one, two)))) == 60


def attacked(text: str) -> dict[str, Any]:
    """What a report says where everything is called like that."""
    # Two figures a line: the page has them in the fold too.
    columns = (Column("a", text), *(Column(key, text, "number", text) for key in "bc"))
    size = float(len(text))
    table = Table("t", columns, (("x", size, size),), ("x",), text, text, notes={(0, "b"): text})
    output = v4.new_output("stream", text=text)
    return contents_of(notebook(shown(table, "text/html"), chart(b"x", text), output))


def test_attacks_do_nothing_on_the_page(tmp_path: Path) -> None:
    """Names and texts in two folders stay text on the page that compares them."""
    sides = []
    for side in ("x", "y"):
        labels = [f"{attack} {side * (1 + (side == 'y'))}" for attack in ATTACKS]
        records = {
            f"{n}": {"status": side, "contents": attacked(label), "cause": label,
                     **dict.fromkeys(("title", "unit_label", "period_label"), label)}
            for n, label in enumerate(labels)
        }  # fmt: skip
        only = {f"{side}{n}": {"status": "done", "title": label} for n, label in enumerate(labels)}
        sides.append(write(tmp_path / side, {**records, **only}, books=" ".join(labels)))

    found = diff(*sides)
    html = diff_page(found, [(attack, attack) for attack in ATTACKS])
    assert len(found.changed) == len(found.outcomes) == len(found.new) == len(ATTACKS)
    assert Page(html).wrong() == []
    assert len(re.findall(r"(?i)<html|</html>|<body|</body>|<main|</main>", html)) == 6
    assert "default-src 'none'" in html.replace("&#39;", "'")


def test_changes_are_counted_in_words() -> None:
    """Figures, texts and what came or went; what only the workbook shows is counted apart."""
    changes = [Change("figure", "x")] * 2 + [Change("text", "x"), Change("row", "x", role="hidden")]

    assert (
        counts(changes).replace("\xa0", " ") == "2 figures and 1 text; 1 behind the report, in its workbook"
    )
    with pytest.raises(UsageError, match=r"holds no run\.json"):
        diff(Path(__file__).parent, Path(__file__).parent)
