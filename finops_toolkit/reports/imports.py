"""What notebooks import, read from their cells: once imported, runs can be forked that start at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator

# What may be imported before a fork: it starts no thread and opens nothing. Whatever else a notebook imports,
# it imports itself, files beside it too: they may change while the warm process lives.
_SAFE = {
    *("IPython", "finops_toolkit", "great_tables", "ibis", "ipywidgets", "matplotlib", "networkx"),
    *("numpy", "pandas", "pyarrow", "scipy", "seaborn", "statsmodels"),
}


def imports_of(text: str) -> set[str]:
    """The modules that a notebook (its text) imports, as far as they may be imported before a fork.

    A name taken from a module may be a module too, or may not: whoever imports them skips what is none.
    """
    import nbformat

    cells = nbformat.reads(text, as_version=4).cells
    found = {name for cell in cells if cell.cell_type == "code" for name in _imported(cell.source)}
    return {name for name in found if name.partition(".")[0] in _SAFE}


def _imported(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return  # a cell with magics imports for itself
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
