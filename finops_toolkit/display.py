"""Show results in a notebook: sentences, tables and charts for people, with nothing in them but what they
say.

Every text is escaped, so that a customer's name can be no markup. A chart is one image with its alternative
text. A table has its styles inline, so that it looks the same in a notebook, on a page and without trust, and
carries its data for a workbook and a PDF.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from .charts.layout import fitted
from .charts.style import QUIET
from .charts.words import alt_text, chart_table
from .errors import UsageError
from .sheets import actions_table, statement_table
from .tables import MIME, Table, table_html, table_of
from .wording import date_text, missing, money_text

DPI = 120  # a chart's size on a screen
PRINTED = 200  # and the dots it is drawn with, so that it is sharp on paper
COLOURS = 128  # a palette makes such a picture half as large as one of 120 dots in full colour
# Notebooks turn $…$ into formulas; text from data is none.
LITERAL = 'class="tex2jax_ignore"'
SPOKEN = "position:absolute;width:1px;height:1px;overflow:hidden"


def show(*things: Any) -> None:
    """Show sentences, results, frames and charts, one below the other.

    A string or a result's `.text` becomes a paragraph, a DataFrame or a Table a table, axes or a figure an
    image. An empty string shows nothing. Raises UsageError for anything else.
    """
    for thing in things:
        if isinstance(thing, str):
            say(thing)
        elif isinstance(thing, pd.DataFrame | Table):
            show_table(thing)
        elif hasattr(thing, "text") and isinstance(thing.text, str):
            say(thing.text)
        elif hasattr(thing, "savefig") or hasattr(thing, "get_figure"):
            show_chart(thing)
        else:
            raise UsageError(
                f"A {type(thing).__name__} cannot be shown.", "Give a text, a result, a frame or a chart."
            )


def _display(plain: str, html: str, table: Table | None = None) -> None:
    from IPython.display import display

    data = {} if table is None else {MIME: table.to_json()}
    display({"text/plain": plain, "text/html": html, **data}, raw=True)


def say(text: str) -> None:
    """A paragraph, taken literally; nothing for an empty text."""
    if text:
        _display(text, f"<p {LITERAL}>{escape(text)}</p>")


def show_chart(chart: Any, alt: str | None = None) -> None:
    """A chart (axes or figure, of ours or not) as one image with its alternative text.

    Raises UsageError where it has none. Pages take the text from the image's metadata. JupyterLab does not
    look there, so the text follows the image once more, for those who listen to the notebook only.
    """
    from IPython.display import display

    figure = chart if hasattr(chart, "savefig") else chart.get_figure()
    words = alt if alt is not None else alt_text(figure)
    if not words.strip():
        raise UsageError("The chart has no alternative text.", "Give alt=, a sentence with what it shows.")
    picture, width = _png(figure)
    shown: dict[str, Any] = {"image/png": picture, "text/plain": words}
    table = chart_table(figure)
    if table is not None:
        shown[MIME] = table.to_json()
    display(shown, metadata={"image/png": {"alt": words, "width": width}}, raw=True)
    spoken = f'<p {LITERAL} style="{SPOKEN}">{escape(words)}</p>'
    display({"text/plain": words, "text/html": spoken}, metadata={"spoken": True}, raw=True)


def _png(figure: Any) -> tuple[bytes, int]:
    """A figure as PNG, sharp enough for paper, and the width it has on a screen, in pixels."""
    from PIL import Image

    drawn, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(
        drawn,
        format="png",
        dpi=PRINTED,
        bbox_inches=None if fitted(figure) else "tight",
        pad_inches=0.06,
    )
    image = Image.open(drawn).convert("RGB")
    # No date and no version in the file: the same figures give the same bytes.
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(packed, "png", optimize=True)
    return packed.getvalue(), round(image.width * DPI / PRINTED)


def show_table(
    frame: pd.DataFrame | Table,
    caption: str = "",
    formats: Mapping[str, str | int] | None = None,
    names: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    name: str = "table",
    signed: Sequence[str] = (),
) -> None:
    """A frame without its index, or a Table: numbers to the right, units in the head, dates for people.

    What can be said of a frame's columns, and the UsageErrors: see `tables.table_of`.
    """
    if isinstance(frame, pd.DataFrame):
        frame = table_of(frame, name, caption, names, units, formats, signed)
    # The data go along, so that a workbook and a PDF can be made of the same notebook.
    _display(frame.plain(), table_html(frame), frame)


def show_statement(result: Any, currency: str = "", threshold: int = 0) -> None:
    """A scorecard.Statement: for each scope actual, the references and the variances.

    Variances that reach `threshold` (ten-thousandths) stand out in bold and colour; the sign says good (+) or
    bad (−) too.
    """
    if not result.table.empty:
        show_table(statement_table(result, currency, threshold))


def show_actions(result: Any, currency: str = "") -> None:
    """A scorecard.FollowUp: text, owner, due, status, value expected and whether it worked."""
    if not result.table.empty:
        show_table(actions_table(result, currency))


def show_items(result: Any, currency: str = "") -> None:
    """A scorecard.Attention: each item with its money, cause, owner, due date, action and the owner's
    comment.
    """
    if result.table.empty:
        return
    plain, html = [], [f"<ol {LITERAL}>"]
    for row in result.table.to_dict("records"):
        # A period that is the year to date repeats no figure.
        sum_text = money_text(row["money"], currency or None, sign=True)
        so_far = "" if missing(row["to_date"]) else f", year to date {money_text(row['to_date'], sign=True)}"
        late = f"{row['action']} ({row['status']})" if row["status"] != "none" else row["action"]
        due = "no date set" if missing(row["due"]) else date_text(row["due"])
        facts = [
            [("Why", row["cause"])],
            [("Owner", row["owner"]), ("Due", due), ("Action", late)],
            [("Owner's comment", row["comment"])],
        ]
        name, rest = str(row["what"]).split(": ", 1)
        plain.append(f"{row['rank']}. {row['what']} ({sum_text}{so_far})")
        for line in facts:
            plain.append("   " + " · ".join(f"{label}: {text}" for label, text in line))
        html.append(
            f'<li style="margin-bottom:0.6em"><strong>{escape(name)}: {escape(rest)}</strong>{escape(so_far)}'
        )
        for line in facts:
            parts = [f'<span style="color:{QUIET}">{escape(k)}:</span> {escape(str(v))}' for k, v in line]
            html.append("<br>" + " · ".join(parts))
        html.append("</li>")
    _display("\n".join(plain), "".join([*html, "</ol>"]))
