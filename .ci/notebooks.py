"""Runs the lessons and the exercises' solutions in place, so that they are stored executed; makes what
follows from them.

    python .ci/notebooks.py [NOTEBOOK …]   run these, or all, and write the learners' notebooks anew
    python .ci/notebooks.py --session      write the session's pages for a laptop where nothing runs

What a run leaves behind is made to depend on nothing but the code and the data: no times, no widget's
number.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SESSION = ROOT / "build" / "session"
PAGES = (
    ("notebooks/01_one_set_of_books.ipynb", "one_set_of_books.html"),
    ("notebooks/facilitator/one_set_of_books.md", "facilitator.html"),
)
COMPARE = "nbval-check-output"  # what is stored must be what a fresh run gives
WIDGET = "application/vnd.jupyter.widget-view+json"


def lessons() -> list[Path]:
    """The notebooks that are stored executed, the templates of the reports aside."""
    found = [path for path in (ROOT / "notebooks").rglob("*.ipynb") if "reports" not in path.parts]
    return sorted([*found, *(ROOT / "exercises" / "solutions").glob("*.ipynb")])


def run(path: Path) -> Any:
    """A notebook executed in a kernel of this interpreter, its outputs cleared of chance."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    return cleaned(notebook)


def cleaned(notebook: Any) -> Any:
    """The notebook without times, widgets' numbers, and streams that only warn."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
        if cell.cell_type == "code" and COMPARE not in cell.metadata.get("tags", []):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), COMPARE]
    return notebook


def write_session(folder: Path) -> None:
    """The session's pages: the lesson, and the facilitator's two pages, each one file that loads nothing."""
    import nbformat

    from finops_toolkit.reports import report_page

    folder.mkdir(parents=True, exist_ok=True)
    for source, target in PAGES:
        path = ROOT / source
        if path.suffix == ".md":
            text = path.read_text(encoding="utf-8").replace("../01_one_set_of_books.ipynb", PAGES[0][1])
            notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
        else:
            notebook = nbformat.read(path, as_version=4)
        (folder / target).write_text(report_page(notebook), encoding="utf-8")


def main(words: list[str]) -> int:
    """See the top of this file."""
    import nbformat

    if words == ["--session"]:
        write_session(SESSION)
        print(f"{(SESSION / PAGES[0][1]).relative_to(ROOT)} and the facilitator's pages beside it")
        return 0
    for path in [Path(word).resolve() for word in words] or lessons():
        print(path.relative_to(ROOT), flush=True)
        nbformat.write(run(path), path)
    sys.path.insert(0, str(ROOT / "exercises"))
    import generate

    return generate.main([])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
