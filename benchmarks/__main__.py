"""Run all benchmarks and print the table that stands in README.md: `python -m benchmarks`."""

from __future__ import annotations

from . import books


def main() -> None:
    """Print a row for each comparison: ours in seconds, and how many times longer the others took."""
    print("| what | ours | the alternative takes |")
    print("|---|---|---|")
    for row in books.run():
        others = ", ".join(f"{name} {seconds / row.ours:.2g}×" for name, seconds in row.others.items())
        print(f"| {row.name} | {row.ours:.2f} s | {others} |")


if __name__ == "__main__":
    main()
