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

import numpy as np
import pandas as pd
from PIL import Image

from .charts.layout import fitted
from .charts.style import QUIET
from .charts.words import alt_text, chart_table
from .errors import UsageError
from .sheets import actions_table, statement_table
from .tables import MIME, Table, table_html, table_of
from .wording import date_text, missing, money_text

DPI = 120  # a chart's size on a screen
PRINTED = 200  # and the dots it is drawn with, so that it is sharp on paper
AREA = 0.0005  # a colour of at least this share of a picture is an area's
ROUNDED = 17  # the step to which other colours are rounded: white and black are multiples of it
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
    drawn, width = picture(figure)
    shown: dict[str, Any] = {"image/png": drawn, "text/plain": words}
    table = chart_table(figure)
    if table is not None:
        shown[MIME] = table.to_json()
    display(shown, metadata={"image/png": {"alt": words, "width": width}}, raw=True)
    spoken = f'<p {LITERAL} style="{SPOKEN}">{escape(words)}</p>'
    display({"text/plain": words, "text/html": spoken}, metadata={"spoken": True}, raw=True)


def picture(figure: Any) -> tuple[bytes, int]:
    """A figure as PNG, sharp enough for paper, and the width it has on a screen, in pixels."""
    image = with_few_colours(_drawn(figure))
    packed = io.BytesIO()
    # No date and no version in the file: the same figures give the same bytes.
    image.save(packed, "png")
    return packed.getvalue(), round(image.width * DPI / PRINTED)


def _drawn(figure: Any) -> Image.Image:
    """The figure's pixels; of one that is not ours, cut to what is drawn."""
    drawn = io.BytesIO()
    if not fitted(figure):
        figure.savefig(drawn, format="png", dpi=PRINTED, bbox_inches="tight", pad_inches=0.06)
        return Image.open(drawn).convert("RGB")
    # Packing the pixels as PNG and unpacking them again takes as long as drawing them.
    figure.savefig(drawn, format="raw", dpi=PRINTED)
    wide, tall = (int(pixels) for pixels in figure.get_size_inches() * PRINTED)
    return Image.frombytes("RGBA", (wide, tall), drawn.getvalue()).convert("RGB")


def with_few_colours(image: Image.Image) -> Image.Image:
    """The picture (RGB) with a palette: half as large as in full colour, and nothing looks different.

    Colours of areas stay as they are; the shades at the edges of letters and lines, hundreds of them, are
    rounded to a sixteenth of a channel. Pictures with more colours than a palette holds get the nearest.
    """
    pixels = np.asarray(image, dtype=np.uint32).reshape(-1, 3)
    packed = pixels[:, 0] << 16 | pixels[:, 1] << 8 | pixels[:, 2]
    # Most pixels are as their left neighbour: looked at are the places where the colour changes.
    starts = np.flatnonzero(np.diff(packed, prepend=~packed[:1]))
    lengths = np.diff(starts, append=len(packed))
    colours, which = np.unique(packed[starts], return_inverse=True)
    shades = colours[:, None] >> np.array([16, 8, 0], dtype=np.uint32) & 255
    areas = np.bincount(which, lengths) >= AREA * len(packed)
    shades = np.where(areas[:, None], shades, (shades + ROUNDED // 2) // ROUNDED * ROUNDED)
    palette, place = np.unique(shades, axis=0, return_inverse=True)
    if len(palette) > 256:
        return image.quantize(256, dither=Image.Dither.NONE)
    found = np.repeat(place.reshape(-1)[which].astype(np.uint8), lengths)
    result = Image.frombytes("P", image.size, found.tobytes())
    result.putpalette(palette.astype(np.uint8).tobytes())
    return result


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
