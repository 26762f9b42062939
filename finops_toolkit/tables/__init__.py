"""Tables as people read them, whoever shows them: a notebook, a page, a PDF or a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .frames import table_of
    from .html import table_html
    from .model import MIME, Column, NativeChart, Table, tables_of

__all__ = ["MIME", "Column", "NativeChart", "Table", "table_html", "table_of", "tables_of"]


def __getattr__(name: str) -> Any:
    """Import on first use: a table is read without pandas."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = {"table_html": "html", "table_of": "frames"}.get(name, "model")
    found = globals()[name] = getattr(import_module(f".{home}", __name__), name)
    return found
