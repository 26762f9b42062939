"""The course: solutions pass, unsolved exercises fail, lessons run elsewhere, the session is whole."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lesson_kernel import LessonKernel

from finops_toolkit.books import Books

ROOT = Path(__file__).resolve().parent.parent
SOLUTIONS = sorted((ROOT / "exercises" / "solutions").glob("*.ipynb"))
LESSONS = sorted(path for path in (ROOT / "notebooks").rglob("*.ipynb") if "reports" not in path.parts)


def script(path: str) -> Any:
    """A script of the project as a module."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def kernel(books: Books) -> Iterator[LessonKernel]:
    """One kernel for this module."""
    running = LessonKernel(books)
    yield running
    running.close()


def verdicts(path: Path, shown: dict[str, str]) -> list[str]:
    """What the cells tagged `check` showed."""
    notebook = nbformat.read(path, as_version=4)
    return [shown[cell["id"]] for cell in notebook.cells if "check" in cell.metadata.get("tags", [])]


# --- exercises -------------------------------------------------------------------------------------


def test_learners_notebooks_are_what_the_solutions_give() -> None:
    """exercises/ holds exactly what the generator makes; if not: python exercises/generate.py."""
    generate = script("exercises/generate.py")

    there = {path: path.read_text(encoding="utf-8") for path in (ROOT / "exercises").glob("*.ipynb")}
    assert {path.name for path in there} == {path.name for path in SOLUTIONS}
    assert {path.name for path, text in generate.generated().items() if there.get(path) != text} == set()


def test_nothing_of_a_solution_is_left() -> None:
    """A learner's notebook has no mark, no line of a solution, no explanation of it, and no output."""
    for path in SOLUTIONS:
        learner = nbformat.read(ROOT / "exercises" / path.name, as_version=4)
        text = "\n".join(cell.source for cell in learner.cells)

        assert "SOLUTION" not in text
        assert all(not cell.get("outputs") for cell in learner.cells)
        for cell in nbformat.read(path, as_version=4).cells:
            if "solution" in cell.metadata.get("tags", []):
                hidden = cell.source
                if "### BEGIN SOLUTION" in hidden:
                    hidden = hidden.split("### BEGIN SOLUTION\n")[1].split("### END SOLUTION")[0]
                assert hidden.strip() not in text


def test_a_mark_without_its_partner_is_refused() -> None:
    """A forgotten END would give the solution away: the generator says which cell."""
    cell = nbformat.v4.new_code_cell("x = None\n### BEGIN SOLUTION\nx = 1", metadata={"tags": ["solution"]})
    notebook = nbformat.v4.new_notebook(cells=[cell])

    with pytest.raises(ValueError, match=cell["id"]):
        script("exercises/generate.py").learner_notebook(notebook)


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_a_solution_passes_and_the_unsolved_exercise_fails(path: Path, kernel: LessonKernel) -> None:
    """Run for real: every check is right in the solution, and none in the notebook that learners get."""
    solved = verdicts(path, kernel.run(path))
    unsolved = verdicts(path, kernel.run(ROOT / "exercises" / path.name))

    assert solved and len(solved) == len(unsolved)
    assert [text for text in solved if not text.startswith("✔")] == []
    assert [text for text in unsolved if not text.startswith("✘")] == []


def test_a_split_or_doubled_check_still_judges(kernel: LessonKernel, tmp_path: Path) -> None:
    """A learner who copies cells or adds some breaks no grading: a check needs only the answer's name."""
    notebook = nbformat.read(SOLUTIONS[0], as_version=4)
    check = next(cell for cell in notebook.cells if "check" in cell.metadata.get("tags", []))
    notebook.cells += [nbformat.v4.new_code_cell("pass"), nbformat.v4.new_code_cell(check.source)]
    nbformat.write(notebook, tmp_path / "copied.ipynb")

    shown = list(kernel.run(tmp_path / "copied.ipynb").values())

    assert shown[-1].startswith("✔") and shown[-1] in shown[:-1]


def test_solutions_carry_what_nbgrader_needs() -> None:
    """Answers and checks have nbgrader's metadata, version 3, each with an id of its own."""
    for path in SOLUTIONS:
        found = [cell.metadata["nbgrader"] for cell in nbformat.read(path, as_version=4).cells
                 if "nbgrader" in cell.metadata]  # fmt: skip

        assert len({one["grade_id"] for one in found}) == len(found) >= 2
        assert {one["schema_version"] for one in found} == {3}
        assert any(one["grade"] for one in found) and any(one["solution"] for one in found)


# --- lessons ---------------------------------------------------------------------------------------


def test_every_lesson_has_its_exercise() -> None:
    """Each lesson links an exercise that is there, and each exercise its lesson; no link leads nowhere."""
    assert [path.name[:2] for path in sorted(SOLUTIONS)] == sorted(path.name[:2] for path in LESSONS)
    for path in [*LESSONS, *(ROOT / "exercises").glob("*.ipynb")]:
        text = "\n".join(
            c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown"
        )
        links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]

        assert [link for link in links if not (path.parent / link).resolve().is_file()] == [], path.name
        if path in LESSONS:
            assert any(f"exercises/{path.name}" in link for link in links), path.name


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_runs_on_adventure_works(path: Path, kernel: LessonKernel, shared_data: Path) -> None:
    """On a company with half of the tables, a lesson says "none, because …" and goes on to its end."""
    given = {"data": "adventureworks", "source": str(shared_data / "adventureworks"), "unit": "southwest",
             "period": "2012-Q4"}  # fmt: skip

    text = "\n".join(kernel.run(path, given).values())

    assert "none, because" in text.lower()


@pytest.mark.prove
@pytest.mark.parametrize("period", ["latest-closed", "2023-01", "2024-Q3", "2024", "2025-06-YTD"])
@pytest.mark.parametrize("unit", ["COMPANY", "NORTH", "SOUTH", "EAST", "WEST", "HQ"])
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_runs_by_papermill(path: Path, unit: str, period: str, tmp_path: Path) -> None:
    """Every lesson for every unit and several periods, as the batch would run it."""
    import papermill

    done = tmp_path / path.name
    papermill.execute_notebook(path, done, {"unit": unit, "period": period}, kernel_name="python3",
                               progress_bar=False, cwd=path.parent)  # fmt: skip

    assert json.loads(done.read_text(encoding="utf-8"))["metadata"]["papermill"]["exception"] is None


# --- the session -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The session's pages by name."""
    folder = tmp_path_factory.mktemp("session")
    script(".ci/notebooks.py").write_session(folder)
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_the_session_runs_where_nothing_runs(session: dict[str, str]) -> None:
    """The page loads nothing and runs nothing; the slider stands as a table, the question as text."""
    page = session["one_set_of_books.html"]

    assert re.findall(r"<script|<link|<iframe|src=\"(?!data:)", page) == []
    assert "15,000" in page and "200,000" in page and "units made" in page
    assert "Revenue in November, cash in January" in page
    assert "widget" not in re.sub(r"<(code|pre).*?</\1>", "", page, flags=re.DOTALL).lower()


def test_the_facilitators_pages_are_two(session: dict[str, str]) -> None:
    """Two pages that print: an agenda that fills 90 minutes without a gap, and what happens in the room."""
    text = (ROOT / "notebooks" / "facilitator" / "one_set_of_books.md").read_text(encoding="utf-8")
    spans = [tuple(map(int, found)) for found in re.findall(r"^\| (\d+)–(\d+) \|", text, re.MULTILINE)]

    assert "facilitator.html" in session
    assert text.count("\n## ") == 2 and len(text.split()) < 1200
    assert spans[0][0] == 0 and spans[-1][1] == 90
    assert all(end == start for (_, end), (start, _) in pairwise(spans))


def test_the_sessions_answers_are_true() -> None:
    """What the facilitator's page says of the textbook plant is what the slider shows."""
    from finops_toolkit import checks, lessons

    steps = lessons.what_if_made().set_index("made")
    normal, most = steps.loc[10_000], steps.loc[15_000]

    assert (normal["unit_cost"], normal["profit"], normal["cash"]) == (50, 100_000, 100_000)
    assert (most["unit_cost"], most["profit"], most["cash"]) == (40, 200_000, 0)
    assert (steps.loc[8_000, "profit"], steps.loc[8_000, "cash"]) == (40_000, 140_000)
    assert steps["unit_cost"].idxmin() == steps["profit"].idxmax() == 15_000 == steps["cash"].idxmin()
    assert checks.overhead_parked(80_000) and checks.revenue_or_cash("b") and checks.who_was_wrong("d")
