"""The rules for notebooks, as code. nbval runs each, too, and compares what it shows with what is stored."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest

from finops_toolkit.reports.parameters import parameters_of

ROOT = Path(__file__).resolve().parent.parent
STORED = sorted([*(ROOT / "notebooks").rglob("*.ipynb"), *(ROOT / "exercises" / "solutions").glob("*.ipynb")])
LEARNERS = sorted((ROOT / "exercises").glob("*.ipynb"))
LESSONS = [path for path in STORED if path.is_relative_to(ROOT / "notebooks") and "reports" not in path.parts]
LONGEST_CELL, USUAL_CELL = 14, 6
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
PARAMETERS = {"data": "str", "source": "str", "unit": "str", "period": "str"}


def name(path: Path) -> str:
    """A notebook's name for the report."""
    return path.relative_to(ROOT).as_posix()


def read(path: Path) -> Any:
    """A notebook."""
    return nbformat.read(path, as_version=4)


def code(notebook: Any) -> list[Any]:
    """Its code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook: Any) -> list[Any]:
    """Its text cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def headings(notebook: Any) -> list[tuple[int, str]]:
    """Its headings in order: (level, text)."""
    text = "\n".join(re.sub(r"(?ms)^```.*?^```", "", cell.source) for cell in prose(notebook))
    return [(len(marks), words) for marks, words in re.findall(r"(?m)^(#{1,6}) +(.+)$", text)]


@pytest.mark.parametrize("path", [*STORED, *LEARNERS], ids=name)
def test_a_notebook_is_sound(path: Path) -> None:
    """The file is a valid notebook, its cells have ids of their own, and it asks for plain Python."""
    notebook = read(path)
    nbformat.validate(notebook)

    ids = [cell["id"] for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


@pytest.mark.parametrize("path", [*STORED, *LEARNERS], ids=name)
def test_headings_are_in_order(path: Path) -> None:
    """One heading of the first level, at the top; no level is skipped on the way down."""
    levels = [level for level, _ in headings(read(path))]

    assert levels[0] == 1 and levels.count(1) == 1
    assert [(a, b) for a, b in pairwise(levels) if b > a + 1] == []


@pytest.mark.parametrize("path", [*STORED, *LEARNERS], ids=name)
def test_parameters_are_declared(path: Path) -> None:
    """The parameters cell is in papermill's form and takes data, source, unit and period."""
    kinds = {key: one.kind for key, one in parameters_of(read(path), path.name).items()}

    assert {key: kinds.get(key) for key in PARAMETERS} == PARAMETERS
    assert all(one.help for one in parameters_of(read(path), path.name).values())


@pytest.mark.parametrize("path", STORED, ids=name)
def test_a_notebook_is_stored_executed(path: Path) -> None:
    """Every code cell ran, in order, from a fresh kernel, without an error or a warning."""
    cells = [cell for cell in code(read(path)) if cell.source.strip()]
    outputs = [output for cell in cells for output in cell.outputs]

    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert [output for output in outputs if output.output_type in ("error", "stream")] == []


@pytest.mark.parametrize("path", [*STORED, *LEARNERS], ids=name)
def test_code_is_short_and_plain(path: Path) -> None:
    """No function or class is defined, no package installed, no cell is long: code belongs in the package."""
    cells = [cell.source for cell in code(read(path))]

    for source in cells:
        assert not re.search(r"(?m)^\s*[!%]", source), source
        nodes = list(ast.walk(ast.parse(source)))
        assert not any(isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for n in nodes), (
            source
        )
        assert len(source.splitlines()) <= LONGEST_CELL, source
    lengths = [len(source.splitlines()) for source in cells]
    assert sum(lengths) / len(lengths) <= USUAL_CELL


@pytest.mark.parametrize("path", STORED, ids=name)
def test_every_figure_has_its_text(path: Path) -> None:
    """Each image, drawn or linked, says in words what it shows."""
    notebook = read(path)
    for cell in code(notebook):
        for output in cell.outputs:
            for mime in [mime for mime in output.get("data", {}) if mime.startswith("image/")]:
                words = output.metadata.get(mime, {}).get("alt", "")
                assert len(words) > 20, f"{cell['id']}: {words!r}"
    for cell in prose(notebook):
        assert not re.search(r"!\[\s*\]\(|<img(?![^>]*alt=\"[^\"]+\")", cell.source), cell.source


@pytest.mark.parametrize("path", [*STORED, *LEARNERS], ids=name)
def test_nothing_of_the_machine_is_in_it(path: Path) -> None:
    """No path of the machine it was made on, no user's name, no address in memory, no time of the run."""
    text = path.read_text(encoding="utf-8")

    assert str(ROOT) not in text and str(Path.home()) + "/" not in text
    assert re.findall(r"/(?:home|Users|work|tmp|var)/\w+|[A-Z]:\\\\\w+|0x[0-9a-f]{8,}", text) == []
    assert [cell["id"] for cell in read(path).cells if "execution" in cell.metadata] == []


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_a_lesson_has_its_form(path: Path) -> None:
    """A question at the top, what one will do, needs and how long; 25 to 45 cells, text and code about 1:1; a
    decision, the words, a recap.
    """
    notebook = read(path)
    first, titles = prose(notebook)[0].source, [text for _, text in headings(notebook)]
    share = len(prose(notebook)) / len(notebook.cells)

    assert titles[0].endswith("?")
    assert all(word in first for word in ("**You will**", "**You need**", "**Time**", "minutes"))
    assert 25 <= len(notebook.cells) <= 45
    assert 0.4 <= share <= 0.65
    assert "What you have seen" in titles
    assert "What to decide" in "\n".join(cell.source for cell in prose(notebook))
    assert "| finance says | operations says | it is |" in "\n".join(cell.source for cell in prose(notebook))


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_what_is_shown_is_explained(path: Path) -> None:
    """After a table or a chart there is text before long: no more than three cells of code in a row."""
    kinds = "".join("m" if cell.cell_type == "markdown" else "c" for cell in read(path).cells)

    assert "cccc" not in kinds
    assert kinds[-1] == "m"


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_stored_outputs_are_compared(path: Path) -> None:
    """Nbval compares every code cell's output with what is stored: each carries the tag for it."""
    assert [c["id"] for c in code(read(path)) if "nbval-check-output" not in c.metadata.get("tags", [])] == []


def test_the_session_hides_its_code() -> None:
    """The lesson of the 90 minutes shows no code until somebody unfolds it."""
    notebook = read(ROOT / "notebooks" / "01_one_set_of_books.ipynb")

    assert all(cell.metadata.get("jupyter", {}).get("source_hidden") for cell in code(notebook))
