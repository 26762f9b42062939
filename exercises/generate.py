"""Makes the learners' notebooks from exercises/solutions/, their only source.

    python exercises/generate.py            write exercises/*.ipynb
    python exercises/generate.py --check    write nothing, exit 1 and say what differs

In a solution, a cell tagged `solution` is left out, except for the part of a code cell that stands outside
`### BEGIN SOLUTION` and `### END SOLUTION` (nbgrader's marks, so that nbgrader can use the sources as they
are).
"""

from __future__ import annotations

import copy
import re
import sys
from pathlib import Path
from typing import Any

import nbformat

HERE = Path(__file__).resolve().parent
MARKED = re.compile(
    r"^[ \t]*### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION[ \t]*\n?", re.DOTALL | re.MULTILINE
)


def learner_notebook(solution: Any) -> Any:
    """The notebook for learners: no solutions, no outputs. Raises ValueError for a mark without its
    partner.
    """
    notebook = copy.deepcopy(solution)
    notebook.metadata.pop("widgets", None)
    kept = []
    for cell in notebook.cells:
        if "solution" in cell.metadata.get("tags", []):
            if cell.cell_type != "code" or "### BEGIN SOLUTION" not in cell.source:
                continue
            cell.source = MARKED.sub("", cell.source + "\n").rstrip("\n")
            cell.metadata.pop("jupyter", None)
            cell.metadata["tags"] = ["answer" if tag == "solution" else tag for tag in cell.metadata["tags"]]
        if "### BEGIN SOLUTION" in cell.source or "### END SOLUTION" in cell.source:
            raise ValueError(
                f"cell {cell['id']} has a mark outside a cell tagged solution, or without its partner"
            )
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        cell.metadata.pop("execution", None)
        kept.append(cell)
    notebook.cells = kept
    return notebook


def generated() -> dict[Path, str]:
    """Every learner's notebook as text, by its path."""
    found = {}
    for path in sorted((HERE / "solutions").glob("*.ipynb")):
        notebook = learner_notebook(nbformat.read(path, as_version=4))
        found[HERE / path.name] = nbformat.writes(notebook) + "\n"
    return found


def main(words: list[str]) -> int:
    """Write, or with --check compare."""
    made = generated()
    there = {path: path.read_text(encoding="utf-8") for path in HERE.glob("*.ipynb")}
    drifted = sorted(path.name for path in {*made, *there} if made.get(path) != there.get(path))
    if "--check" in words:
        print(
            "\n".join(f"{name} is not what exercises/solutions/ gives" for name in drifted)
            or "all as generated"
        )
        return 1 if drifted else 0
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    for path in set(there) - set(made):
        path.unlink()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
