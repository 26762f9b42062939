"""The plan of a batch: parameters cells, typed values, safe names; all is refused before anything runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import nbformat.v4 as v4
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_toolkit.errors import UsageError
from finops_toolkit.reports.files import replace_file, safe_name, same_name
from finops_toolkit.reports.parameters import parameters_of, read_notebook, read_values
from finops_toolkit.reports.plan import Choice, plan_runs, read_templates

CELL = """\
data: str = ""  # folder of the books
unit: str = ""  # the unit
period: str = "latest-closed"
code: str = "001"
top: int = 3  # rows of the table
share: float = 1  # a whole default for a broken number
detail: bool = False
"""
UNITS = [Choice("NORTH", "Plant North", 0), Choice("SOUTH", "Plant South", 1)]
MONTHS = [Choice("2025-10", "October 2025", 24309), Choice("2025-11", "November 2025", 24310)]


def notebook(source: str | None = CELL, *cells: Any) -> Any:
    """A notebook with a parameters cell (None: without one) and further cells."""
    own = [] if source is None else [v4.new_code_cell(source, metadata={"tags": ["parameters"]})]
    return v4.new_notebook(cells=[*own, *cells])


def write(path: Path, *words: Any) -> Path:
    """Such a notebook as a file."""
    nbformat.write(notebook(*words), path)
    return path


def test_the_parameters_cell_is_read() -> None:
    """Names, types, defaults and helps are those of the cell; a whole default of a float is a float."""
    found = parameters_of(notebook(), "x.ipynb")

    assert list(found) == ["data", "unit", "period", "code", "top", "share", "detail"]
    assert [(p.kind, p.default) for p in found.values()][4:] == [("int", 3), ("float", 1.0), ("bool", False)]
    assert type(found["share"].default) is float
    assert found["top"].help == "rows of the table"


@pytest.mark.parametrize(
    "source",
    [
        None,
        "top = 3",
        "top: int",
        "top: int = 'three'",
        "top: int = True",
        "top: int = 1 + 1",
        "top: int = __import__('os').getpid()",
        "top: list = []",
        "top.x: int = 3",
        "import os",
        "top: int = 3; __import__('os').abort()",
        "top: int = 3\ntop: int = 4",
        "top: int = ",
        "%matplotlib inline",
    ],
)
def test_a_cell_that_is_no_parameters_cell_is_refused(source: str | None) -> None:
    """A missing cell, a line without type or default, a wrong default and any other code: an error."""
    with pytest.raises(UsageError, match=r"parameters cell"):
        parameters_of(notebook(source), "x.ipynb")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("code", "007", "007"),
        ("code", "1_000", "1_000"),
        ("code", "", ""),
        ("code", "true", "true"),
        ("code", "'; import os #", "'; import os #"),
        ("top", "-12", -12),
        ("top", "007", 7),
        ("share", "0.05", 0.05),
        ("share", "1e3", 1000.0),
        ("share", ".5", 0.5),
        ("detail", "true", True),
        ("detail", "False", False),
    ],
)
def test_values_arrive_typed(name: str, text: str, value: object) -> None:
    """A text stays the text it is; numbers and yes or no are read in the parameter's own type."""
    found = read_values(parameters_of(notebook(), "x.ipynb"), {name: text}, "x.ipynb")

    assert found == {name: value}
    assert type(found[name]) is type(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *[("top", text) for text in ("3.0", "1_000", "", "three", "0x10", "٣", "9" * 40)],
        *[("share", text) for text in ("nan", "inf", "1e999", "5 %", "1,5", "1_0.5", "")],
        *[("detail", text) for text in ("1", "yes", "", "0")],
    ],
)
def test_wrong_values_are_refused(name: str, text: str) -> None:
    """What is no whole number, no finite number, no true or false is an error that names what is allowed."""
    with pytest.raises(UsageError) as problem:
        read_values(parameters_of(notebook(), "x.ipynb"), {name: text}, "x.ipynb")

    assert repr(text) in problem.value.message
    assert f"{name} (" in str(problem.value.hint)


def test_all_wrong_parameters_are_named_at_once() -> None:
    """An unknown name and a wrong value stand in one error, with the parameters the notebook takes."""
    with pytest.raises(UsageError) as problem:
        read_values(parameters_of(notebook(), "x.ipynb"), {"tpo": "3", "top": "x"}, "x.ipynb")

    assert "tpo" in problem.value.message and "'x'" in problem.value.message
    assert "top (int, default 3)" in str(problem.value.hint)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b"\xff\xfe\x00", b'{"cells": 3}', b'{"cells": [{}]}', b"PK"]
)
def test_what_is_no_notebook_is_refused(tmp_path: Path, content: bytes) -> None:
    """A broken file is an error of usage, whatever is broken in it."""
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)

    with pytest.raises(UsageError, match="not a Jupyter notebook"):
        read_notebook(path)


def test_notebooks_of_other_languages_are_refused(tmp_path: Path) -> None:
    """A notebook that says it is R is not run as Python."""
    content = notebook()
    content.metadata["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R"}
    nbformat.write(content, tmp_path / "x.ipynb")

    with pytest.raises(UsageError, match="written in R"):
        read_notebook(tmp_path / "x.ipynb")


def test_the_plan_is_every_combination(tmp_path: Path) -> None:
    """Periods × units × notebooks, each with its place and typed parameters; empty ones are not passed."""
    templates = read_templates([write(tmp_path / "a.ipynb"), write(tmp_path / "b.ipynb")])
    runs = plan_runs(templates, UNITS, MONTHS, {"top": "5"}, {"data": "/d", "source": ""})

    assert [run.place for run in runs][:3] == ["2025-10/NORTH/a", "2025-10/NORTH/b", "2025-10/SOUTH/a"]
    assert len(runs) == 8
    assert runs[0].parameters == {"top": 5, "data": "/d", "unit": "NORTH", "period": "2025-10"}
    assert runs[0].heading == ["Plant North", "October 2025"]


def test_a_plan_without_units_leaves_the_notebook_its_own(tmp_path: Path) -> None:
    """With no units and no periods there is one run of each notebook, with nothing passed."""
    templates = read_templates([write(tmp_path / "a.ipynb", "top: int = 3")])
    (run,) = plan_runs(templates, None, None, {}, {"data": "", "source": ""})

    assert (run.place, run.parameters, run.heading) == ("a", {}, [])


@pytest.mark.parametrize(
    ("cell", "given", "fixed", "said"),
    [
        (CELL, {"unit": "X"}, {}, "--unit"),
        (CELL, {"data": "X"}, {"data": ""}, "--data"),
        (CELL, {"tpo": "3"}, {}, "tpo"),
        (CELL, {}, {"source": "/s"}, "`source: str`"),
        ("top: int = 3", {}, {}, "--by none"),
        ("unit: int = 3\nperiod: str = ''", {}, {}, "`unit: str`"),
        ("unit: str = ''", {}, {}, "--period"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(
    tmp_path: Path, cell: str, given: dict[str, str], fixed: dict[str, str], said: str
) -> None:
    """What a notebook does not take, and what --param may not set, is an error before anything runs."""
    templates = read_templates([write(tmp_path / "a.ipynb", cell)])

    with pytest.raises(UsageError, match=re.escape(said)):
        plan_runs(templates, UNITS, MONTHS, given, fixed)


def test_names_that_are_one_file_are_refused(tmp_path: Path) -> None:
    """The same stem twice, and units that differ in capitals only, would lose a report."""
    (tmp_path / "more").mkdir()
    twice = read_templates([write(tmp_path / "a.ipynb"), write(tmp_path / "more/a.ipynb")])
    once = twice[:1]

    for templates, units in (
        (twice, UNITS),
        (once, [Choice("North", ""), Choice("NORTH", "")]),
    ):
        with pytest.raises(UsageError, match="same file"):
            plan_runs(templates, units, MONTHS, {}, {})


def test_every_wrong_notebook_is_named(tmp_path: Path) -> None:
    """Two notebooks that do not take the parameter are both in the error."""
    paths = [write(tmp_path / "a.ipynb"), write(tmp_path / "b.ipynb")]

    with pytest.raises(UsageError, match=r"a\.ipynb(.|\n)*b\.ipynb"):
        plan_runs(read_templates(paths), UNITS, MONTHS, {"nope": "1"}, {})


HARD = [
    "../../etc/passwd",
    "/abs",
    "..",
    ".",
    "",
    " ",
    "a/b",
    "a\\b",
    "CON",
    "con",
    "nul",
    "COM1",
    "Lpt9",
    "con.txt",
    "a" * 300,
]
HARD += [
    "a\0b",
    "a\nb",
    "<b>",
    "NORTH ",
    ".hidden",
    "-x",
    "～／",
    "名前" * 100,
    "\ud800",
    "a:b",
    "C:",
    "*?",
    "é",
    "e\u0301",
    "🏭",
]


@given(st.one_of(st.text(), st.sampled_from(HARD)))
def test_any_text_makes_a_safe_name(text: str) -> None:
    """A name is never a path, empty, hidden, reserved, or too long, whatever the text."""
    name = safe_name(text)

    assert name == Path(name).name
    assert re.fullmatch(r"[^\s.\x00-\x1f/\\:*?\"<>|]+", name)
    assert len(name.encode()) < 80
    assert not re.fullmatch(r"(?i)con|prn|aux|nul|conin|conout|(com|lpt)\d", name)
    assert safe_name(text) == name


@given(st.lists(st.one_of(st.text(max_size=8), st.sampled_from(HARD)), unique_by=same_name))
def test_different_texts_keep_different_names(texts: list[str]) -> None:
    """Two texts that are not the same but for capitals do not meet in one file."""
    names = {same_name(safe_name(text)) for text in texts}

    assert len(names) == len(texts)


@pytest.mark.parametrize("text", ["NORTH", "Plant_1", "2025-11", "Köln", "2025-11-YTD", "名前"])
def test_plain_names_stay(text: str) -> None:
    """What is a safe name already is not changed, so that people find it."""
    assert safe_name(text) == text


def test_a_file_is_old_or_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If writing or renaming fails, the old file is there as it was, and nothing else."""
    path = tmp_path / "report.html"
    replace_file(path, "old")

    def full(*words: object) -> None:
        raise OSError(28, "No space left on device")

    for call in ("replace", "fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(f"finops_toolkit.reports.files.os.{call}", full)
            with pytest.raises(OSError, match="No space"):
                replace_file(path, "new")
        assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
        assert path.read_text() == "old"
