"""Run benchmarks, all or those named, and print the table of README.md: `python -m benchmarks [NAME …]`."""

from __future__ import annotations

import sys
from collections.abc import Callable

from . import batch, books, engines
from .timing import Row

PARTS: dict[str, Callable[[], list[Row]]] = {
    "books": books.run,
    "engines": engines.run,
    "batch": batch.batch,
    "nbval": batch.nbval,
}


def main() -> None:
    """Print a row for each comparison: ours in seconds, and how many times longer the others took."""
    print("| what | ours | the alternative takes |")
    print("|---|---|---|")
    for name in sys.argv[1:] or PARTS:
        for row in PARTS[name]():
            others = ", ".join(f"{way} {seconds / row.ours:.3g}×" for way, seconds in row.others.items())
            print(f"| {row.name} | {row.ours:.2f} s | {others} |", flush=True)


if __name__ == "__main__":
    main()
