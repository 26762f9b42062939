"""What the workers of a test's cluster are given to do; imports little, as each worker imports it."""

from __future__ import annotations

import time
from pathlib import Path


def noted(folder: Path, number: int) -> None:
    """A run that notes that it began, and does not end."""
    (folder / f"{number}.began").touch()
    time.sleep(600)


def failing(words: str) -> None:
    """A run whose own code is wrong."""
    raise ValueError(words)
