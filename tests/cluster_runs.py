"""What the workers of a test's cluster are given to do; imports little, as each worker imports it."""

from __future__ import annotations

import os
import time
from pathlib import Path


def noted(folder: Path, number: int) -> None:
    """A run that notes that it began, and does not end."""
    (folder / f"{number}.began").touch()
    time.sleep(600)


def failing(words: str) -> None:
    """A run whose own code is wrong."""
    raise ValueError(words)


def run_notebook(path: Path, number: int, folder: Path) -> tuple[str, str, str]:
    """A run as a worker makes it: how the notebook ended, what it printed, and how it was run."""
    from finops_toolkit.reports.kernels import execute
    from finops_toolkit.reports.parameters import read_notebook

    (folder / f"{number}.worker").write_text(str(os.getpid()))
    ended = execute(read_notebook(path), {"number": number, "folder": str(folder)}, folder, 60)
    outputs = [out.get("text", "") for cell in ended.notebook.cells for out in cell.get("outputs", [])]
    return ended.status, "".join(outputs).strip(), f"{ended.engine} {ended.fallback} {ended.cause}"
