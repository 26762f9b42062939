"""What a folder of reports holds: run.json, from which the index page is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .files import replace_file
from .index import index_page
from .pages import Facts

NAME = "run.json"


def read_manifest(folder: Path, books: str) -> dict[str, Any]:
    """The manifest of an output folder, or an empty one.

    Raises UsageError when the folder holds the reports of other books: they would be mixed or lost.
    """
    path = folder / NAME
    try:
        known = (
            json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"books": books, "reports": {}}
        )
        if not isinstance(known["reports"], dict):
            raise TypeError
    except (ValueError, KeyError, TypeError):
        raise UsageError(
            f"{path} was not written by finops report.", "Choose another --out, or move that file away."
        ) from None
    if known.get("books") != books:
        raise UsageError(
            f"The folder {folder} holds the reports of {known.get('books')}, not of {books}.",
            "Choose another --out.",
        )
    return known


def write_manifest(folder: Path, manifest: Mapping[str, Any], facts: Facts) -> None:
    """Write run.json and the index page that shows it, each whole or not at all."""
    replace_file(folder / NAME, json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    replace_file(folder / "index.html", index_page(manifest, facts))
