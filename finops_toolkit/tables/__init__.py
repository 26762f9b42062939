"""Tables as people read them, whoever shows them: a notebook, a page, a PDF or a workbook."""

from __future__ import annotations

from .frames import table_of
from .html import table_html
from .model import MIME, Column, NativeChart, Table, tables_of

__all__ = ["MIME", "Column", "NativeChart", "Table", "table_html", "table_of", "tables_of"]
