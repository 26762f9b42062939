"""Recorded reads made again: what would a report be given now?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import FinopsError
from .books import Books


def replay(books: Books, name: str, arguments: Mapping[str, Any]) -> str:
    """The hash of what a recorded read gives now, of these books.

    Equal to the recorded one exactly where the read gives the same, or fails in the same way. Where it cannot
    be made any more, a text that says why, and that equals no hash.
    """
    try:
        _read_again(books, name, arguments)
        problem = "it is asked for in another way now"
    except FinopsError as error:
        problem = error.message
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        problem = f"there is no such read: {error}"
    return books.read_hash(name, arguments) or f"{name} cannot be read again: {problem}"


# What gives each read that has no arguments.
_PLAIN: dict[str, Callable[[Books], Any]] = {
    "source": lambda books: books.folder,
    "company": lambda books: books.name,
    "calendar": lambda books: books.closed,
    "tables": lambda books: books.missing,
    "sizes": lambda books: books.sizes,
    "contract_findings": lambda books: books.contract_findings,
    "findings": lambda books: books.findings(),
    "finding_levels": lambda books: books.finding_levels(),
    "outline": lambda books: books.outline,
    "panel": lambda books: books.panel(),
}


def _read_again(books: Books, name: str, arguments: Mapping[str, Any]) -> None:
    if name in ("rows", "sums", "reconciliation"):
        books.read(name, arguments)
    elif name == "table":
        books.tables[arguments["table"]]
    elif name == "file":
        books.file(arguments["name"])
    elif name == "panel" and arguments:
        books.panel()._places([arguments["unit"]])
    else:
        _PLAIN[name](books)
