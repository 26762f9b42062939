"""A table as HTML, by great-tables."""

from __future__ import annotations

from html import escape

from .model import Table


def table_html(table: Table) -> str:
    """The table as HTML that looks the same in a notebook and on a page; all text is escaped."""
    heads = "".join(f"<th>{escape(column.head)}</th>" for column in table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in table.texts()
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
