"""A grid of parameters from a file: each row is typed and checked before any runs, its files are safe."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import nbformat
import nbformat.v4 as v4
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops_toolkit.errors import UsageError
from finops_toolkit.reports.files import same_name
from finops_toolkit.reports.grid import Grid, read_grid
from finops_toolkit.reports.index import index_page
from finops_toolkit.reports.plan import Choice, Row, Run, Template, plan_runs, read_templates

CELL = (
    'unit: str = ""\nperiod: str = ""\ncode: str = "001"\ntop: int = 3\nrate: float = 0.5\nfull: bool = True'
)
UNITS = {"NORTH": Choice("NORTH", "Plant North", 1), "Plant South": Choice("SOUTH", "Plant South", 2)}


def unit(text: str) -> Choice:
    """A unit by its name, as the books know it."""
    if text not in UNITS:
        raise UsageError(f"There is no unit {text!r}.", "Units are NORTH and Plant South.")
    return UNITS[text]


def period(text: str) -> Choice:
    """A period by its text; `latest` is November."""
    if not re.fullmatch(r"latest|\d{4}-\d\d", text):
        raise UsageError(f"There is no period {text!r}.")
    return Choice("2025-11" if text == "latest" else text, text)


CHOOSERS = {"unit": unit, "period": period}


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> list[Template]:
    """Two notebooks, the second without the parameter `code`."""
    folder = tmp_path_factory.mktemp("notebooks")
    cells = {"card": CELL, "other": 'unit: str = ""\nperiod: str = ""\ntop: int = 3'}
    for name, cell in cells.items():
        first = v4.new_code_cell(cell, metadata={"tags": ["parameters"]})
        nbformat.write(v4.new_notebook(cells=[first]), folder / f"{name}.ipynb")
    return read_templates([folder / f"{name}.ipynb" for name in cells])


def grid_of(folder: Path, content: str | bytes, templates: list[Template], **given: str) -> Grid:
    """A grid from a file of this content."""
    path = folder / "runs.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_grid(path, templates, CHOOSERS, given, {"data": "", "source": ""})


def runs_of(folder: Path, content: str | bytes, templates: list[Template]) -> list[Run]:
    """The runs of a grid from a file of this content."""
    return plan_runs(templates, None, None, {}, {}, grid_of(folder, content, templates).rows)


def refused(folder: Path, content: str | bytes, templates: list[Template]) -> str:
    """What is said of a grid that cannot be run."""
    with pytest.raises(UsageError) as problem:
        runs_of(folder, content, templates)
    return str(problem.value)


def test_a_row_is_a_run(tmp_path: Path, templates: list[Template]) -> None:
    """Cells are typed as the notebook declares, text stays as it is, an empty cell leaves the default."""
    content = "unit,period,code,top,rate,full\nNORTH,latest,007,5,.25,false\nPlant South,2025-10,1_000,,,\n"
    first, second = runs_of(tmp_path, content, templates[:1])

    assert first.parameters == {
        **{"unit": "NORTH", "period": "2025-11", "code": "007"},
        **{"top": 5, "rate": 0.25, "full": False},
    }
    assert type(first.parameters["top"]) is int and first.parameters["full"] is False
    assert second.parameters == {"unit": "SOUTH", "period": "2025-10", "code": "1_000"}
    assert first.place == "2025-11/NORTH/card/code=007,full=False,rate=0.25,top=5"
    assert first.heading == ["Plant North", "latest", "code = 007, top = 5, rate = 0.25, full = False"]
    assert second.place == "2025-10/SOUTH/card/code=1_000"


def test_rows_choose_notebooks_and_names(tmp_path: Path, templates: list[Template]) -> None:
    """`notebook` says for which notebook a row is (empty: each), `name` what its report is called."""
    content = "notebook,top,name\ncard,5,five\nother.ipynb,6,\n,7,both\n"
    places = [run.place for run in runs_of(tmp_path, content, templates)]

    assert places == ["card/five", "other/top=6", "card/both", "other/both"]


def test_rows_go_with_units_and_periods_of_the_batch(tmp_path: Path, templates: list[Template]) -> None:
    """Where a grid names no unit, each of its rows is made for every unit and period of the batch."""
    grid = grid_of(tmp_path, "top\n5\n6\n", templates[:1])
    units, periods = list(UNITS.values()), [period("2025-10"), period("2025-11")]
    runs = plan_runs(templates[:1], units, periods, {"code": "9"}, {}, grid.rows)

    assert len(runs) == 8 and grid.columns == ("top",)
    assert runs[1].place == "2025-10/NORTH/card/top=6"
    assert runs[1].parameters == {"code": "9", "top": 6, "unit": "NORTH", "period": "2025-10"}
    rows = grid_of(tmp_path, "unit\nNORTH\n", templates[:1]).rows
    with pytest.raises(UsageError, match="so does --unit"):
        plan_runs(templates[:1], units, None, {}, {}, rows)


@pytest.mark.parametrize(
    ("content", "taken"),
    [
        ("unit,top,code\nNORTH,5,a", "UTF-8 text, cells between commas"),
        ("\ufeffunit;top;code\r\nNORTH;5;a\r\n", "UTF-8 text, cells between semicolons"),
        ("unit\ttop\tcode\nNORTH\t5\ta\n\n", "UTF-8 text, cells between tabs"),
        ("unit;top;code\nNORTH;5;a\n".encode("utf-16"), "UTF-16 text, cells between semicolons"),
        (' unit , top ,code\n,,\n"NORTH","5",a\n', "UTF-8 text, cells between commas"),
    ],
)
def test_text_is_read_as_spreadsheets_write_it(
    tmp_path: Path, templates: list[Template], content: str | bytes, taken: str
) -> None:
    """Commas, semicolons, tabs, a byte order mark, Windows line ends and empty rows: the same run."""
    (run,) = runs_of(tmp_path, content, templates[:1])

    assert run.parameters == {"unit": "NORTH", "top": 5, "code": "a"}
    assert grid_of(tmp_path, content, templates[:1]).taken == f"runs.csv: {taken}"


def test_everything_wrong_is_said_at_once(tmp_path: Path, templates: list[Template]) -> None:
    """Every wrong value of every row, with row and column, and what the notebooks take."""
    content = "notebook,unit,period,code,top,full\ncard,WEST,2025-13x,,x,\n\nother,,,7,1.5,\nnone,,,,,\n"
    content += "card,,,,,yes\n"
    said = refused(tmp_path, content, templates)

    for part in (
        "row 2, unit: There is no unit 'WEST'.",
        "row 2, period: There is no period",
        "row 2, top: 'x', but card.ipynb takes a whole number",
        "row 4, code: other.ipynb takes no parameter code",
        "row 4, top: '1.5', but other.ipynb takes",
        "row 5, notebook: 'none' is not among card.ipynb or other.ipynb",
        "row 6, full: 'yes', but card.ipynb takes true or false",
        "top (int, default 3)",
    ):
        assert part in said, part


def test_many_problems_are_counted(tmp_path: Path, templates: list[Template]) -> None:
    """The first twenty problems are said in full, the others counted."""
    said = refused(tmp_path, "top\n" + "x\n" * 130, templates[:1])

    assert said.count("row ") == 20
    assert "… and 110 more" in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "asks for no runs"),
        ("top\n", "asks for no runs"),
        ("\n\n", "asks for no runs"),
        ("tpo\n5\n", "The column 'tpo' is no parameter of card.ipynb"),
        ("tpo\n5\n", "Columns may be code, full, period, rate, top, unit, notebook, name."),
        ("data\nx\n", "The column data is set by --data"),
        ("top,top\n1,2\n", "the column top twice"),
        ("top,\n1,2\n", "a column without a name"),
        ("top,code\n1\n2,a,b\n", "row 3: 3 cells under 2 columns"),
        ('code\n"a', "is no CSV"),
        (b"code\na\n\xe4\n", "is not UTF-8 text (line 3)"),
        (b"PK\x03\x04", "Save the sheet as CSV UTF-8"),
        (b"PAR1....", "is no Parquet file"),
        (b"\xff\xfea", "is not UTF-8 text"),
        ("top\n5\n6\n5\n", "row 2 and row 4 ask for the same: card top = 5."),
        ("top,code\n3,001\n,x\n,001\n", "row 2 and row 4 ask for the same"),
        ("code\na\nA\n", "row 2, card code = a and row 3, card code = A"),
        ("top,name\n1,x\n2,X\n", "Two reports would have the same file card/X"),
    ],
)
def test_what_cannot_be_run_is_refused(
    tmp_path: Path, templates: list[Template], content: str | bytes, said: str
) -> None:
    """A file that is none, unknown columns, rows that ask for the same report or the same file."""
    assert said in refused(tmp_path, content, templates[:1])


def test_missing_files_and_parameters_set_twice_are_refused(
    tmp_path: Path, templates: list[Template]
) -> None:
    """A file that is not there, a folder, and a parameter that --param sets as well."""
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            read_grid(path, templates, CHOOSERS, {}, {})
    with pytest.raises(UsageError, match="column top is set by --param"):
        grid_of(tmp_path, "top\n5\n", templates[:1], top="5")


def parquet(path: Path, **columns: Any) -> Path:
    """A Parquet file of these columns."""
    pq.write_table(pa.table(columns), path)
    return path


def test_parquet_is_typed_by_the_file_and_the_notebook(tmp_path: Path, templates: list[Template]) -> None:
    """Numbers, texts and truth values come as they are; whole floats, as pandas leaves them, are whole."""
    path = parquet(
        tmp_path / "runs.parquet",
        code=pa.array(["007", None]).dictionary_encode(),
        top=pa.array([5.0, None]),
        rate=[1, 2],
        full=[None, False],
    )
    grid = read_grid(path, templates[:1], CHOOSERS, {}, {})
    first, second = plan_runs(templates[:1], None, None, {}, {}, grid.rows)

    assert first.parameters == {"code": "007", "top": 5, "rate": 1.0}
    assert type(first.parameters["top"]) is int and type(first.parameters["rate"]) is float
    assert second.parameters == {"rate": 2.0, "full": False}
    assert grid.taken == "runs.parquet: Parquet"


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("code", [7], "row 1, code: 7 (int), but card.ipynb takes text: store the column as text"),
        ("top", [1, 2.5], "row 2, top: 2.5 (float), but card.ipynb takes a number"),
        ("top", [True], "row 1, top: True (bool)"),
        ("full", [1], "card.ipynb takes true or false"),
        ("rate", [float("nan")], "row 1, rate: nan (float)"),
        ("rate", [[1.0]], "row 1, rate: [1.0] (list)"),
        ("name", [1], "row 1, name: 1 (int) is no text"),
    ],
)
def test_parquet_of_other_types_is_refused(
    tmp_path: Path, templates: list[Template], column: str, values: list[Any], said: str
) -> None:
    """A number is no text (007 may have been lost before), a fraction is no whole number, NaN is nothing."""
    path = parquet(tmp_path / "runs.parquet", **{column: values})

    with pytest.raises(UsageError) as problem:
        read_grid(path, templates[:1], CHOOSERS, {}, {})
    assert said in str(problem.value)


def test_a_parameter_called_as_a_column_is_refused(tmp_path: Path) -> None:
    """A notebook's own parameter `name` cannot be told from the report's name; a unit must be a text."""
    first = v4.new_code_cell('name: str = ""\nunit: int = 1', metadata={"tags": ["parameters"]})
    nbformat.write(v4.new_notebook(cells=[first]), tmp_path / "n.ipynb")
    own = read_templates([tmp_path / "n.ipynb"])

    with pytest.raises(UsageError, match="which is meant cannot be told"):
        grid_of(tmp_path, "name\nx\n", own)
    with pytest.raises(UsageError, match="needs a parameter `unit: str`"):
        grid_of(tmp_path, "unit\nNORTH\n", own)


HARD = [
    "../../etc/passwd",
    "/abs",
    "..",
    "a/b",
    "a\\b",
    "CON",
    "nul",
    "COM1",
    "con.txt",
    "a" * 300,
    "🏭",
    "a.",
    "a ",
]
HARD += [
    "\u202egnp.exe",
    "名前" * 100,
    "a\0b",
    "C:",
    "*?",
    "é",
    "e\u0301",
    "a=b",
    "a,b",
    "\ud800",
    "-x",
    ".hidden",
    " ",
]
HARD += [
    "ＣＯＮ",
    "a\u200bb",
    "ß",
    "ss",
    "'=1+1",
    "&lt;",
    "%2e%2e%2f",
    "~",
    "$HOME",
    "`id`",
    "{unit}",
    "a\nb",
]
STRANGE = r"\x00-\x1f/\\:*?\"<>|\u202a-\u202e\u200b-\u200f"  # in a name, on some system or to people
TEXTS = st.one_of(st.text(min_size=1), st.sampled_from(HARD))


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(TEXTS, TEXTS, st.integers(), st.floats(allow_nan=False, allow_infinity=False)),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_files_of_any_parameters_are_safe_and_own(
    templates: list[Template], cells: list[tuple[str, str, int, float]], named: bool
) -> None:
    """Whatever the values are, a report's files lie below the output folder, no part of their path is too
    long, reserved, hidden or strange to any system, and two runs never share a file: they are refused.
    """
    rows = [
        Row(
            templates[0],
            f"row {number}",
            {} if named else {"code": code, "top": top, "rate": rate, "note": code},
            Choice(where, where),
            None,
            code if named else "",
        )
        for number, (where, code, top, rate) in enumerate(cells, 1)
    ]
    try:
        places = [run.place for run in plan_runs(templates[:1], None, None, {}, {}, rows)]
    except UsageError as problem:
        said = str(problem)
        assert "row 1" in said or "row 2" in said or "row 3" in said
        folded = [tuple(same_name(str(cell)) for cell in row) for row in cells]
        assert len(set(folded)) < len(folded) or named
        return
    assert len({same_name(place) for place in places}) == len(cells)
    for place in places:
        parts = place.split("/")
        assert len(parts) == 3
        for part in parts:
            assert len(part.encode()) <= 140
            assert re.fullmatch(rf"[^\s.{STRANGE}][^{STRANGE}]*", part)
            assert part[-1] not in ". "
            assert not re.match(r"(?i)(con|prn|aux|nul|conin|conout|(com|lpt)\d)(\.|$)", part)


def test_ten_thousand_rows_are_planned_at_once(tmp_path: Path, templates: list[Template]) -> None:
    """A grid of 10,000 rows is read, typed, checked and planned in less than a second of processor time."""
    lines = [f"NORTH,2025-{n % 12 + 1:02},C{n},{n},{n / 7}" for n in range(10_000)]
    content = "\n".join(["unit,period,code,top,rate", *lines])
    before = time.process_time()
    runs = runs_of(tmp_path, content, templates[:1])
    seconds = time.process_time() - before

    assert len({run.place for run in runs}) == 10_000
    assert seconds < 1


def test_the_index_has_a_row_for_each_row_of_a_grid() -> None:
    """Reports of one notebook, unit and period that differ in a parameter all stand in the index, by name."""
    records = {
        place: {
            **{
                "place": place,
                "report": "card",
                "title": "Card",
                "unit": "NORTH",
                "unit_label": "Plant North",
            },
            **{"period": "", "period_label": "", "period_order": 0, "order": 0, "parameters": {}},
            **{"status": "done", "cause": "", "headline": [], "variant": variant},
            "files": {"html": {"path": f"{place}.html", "bytes": 1, "sha256": "0" * 64}},
        }
        for place, variant in (("card/top=3", "top = 3"), ("card/long", "long"), ("card", ""))
    }
    page = index_page({"books": "Test", "reports": records}, [])

    for place, said in (("card/top%3D3", "Plant North · top = 3"), ("card/long", "Plant North · long")):
        assert f'href="{place}.html"' in page and said in page
    assert 'href="card.html"' in page
