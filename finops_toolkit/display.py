"""Show results in a notebook: sentences, tables and charts for people, with nothing in them but what they
say.

Every text is escaped, so that a customer's name can be no markup. A chart is one image with its alternative
text;
a table is plain HTML with its styles inline, so that it looks the same in a notebook, on a page and without
trust.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from .charts.layout import fitted
from .charts.style import BAD, GOOD, QUIET
from .charts.words import alt_text, chart_table
from .errors import UsageError
from .tables.model import MIME
from .wording import MINUS, SCALE, date_text, missing, money_text, share_text

DPI = 120
# Notebooks turn $…$ into formulas; text from data is none.
LITERAL = 'class="tex2jax_ignore"'
CELL = "padding:2px 6px;border-bottom:1px solid #ddd;vertical-align:top;"


def show(*things: Any) -> None:
    """Show sentences, results, frames and charts, one below the other.

    A string or a result's `.text` becomes a paragraph, a DataFrame a table, axes or a figure an image. An
    empty
    string shows nothing. Raises UsageError for anything else.
    """
    for thing in things:
        if isinstance(thing, str):
            say(thing)
        elif isinstance(thing, pd.DataFrame):
            show_table(thing)
        elif hasattr(thing, "text") and isinstance(thing.text, str):
            say(thing.text)
        elif hasattr(thing, "savefig") or hasattr(thing, "get_figure"):
            show_chart(thing)
        else:
            raise UsageError(
                f"A {type(thing).__name__} cannot be shown.", "Give a text, a result, a frame or a chart."
            )


def _display(plain: str, html: str) -> None:
    from IPython.display import display

    display({"text/plain": plain, "text/html": html}, raw=True)


def say(text: str) -> None:
    """A paragraph, taken literally; nothing for an empty text."""
    if text:
        _display(text, f"<p {LITERAL}>{escape(text)}</p>")


def show_chart(chart: Any, alt: str | None = None) -> None:
    """A chart (axes or figure) as one image with its alternative text. Raises UsageError where it has
    none.
    """
    from IPython.display import display

    figure = chart if hasattr(chart, "savefig") else chart.get_figure()
    words = alt if alt is not None else alt_text(figure)
    if not words.strip():
        raise UsageError("The chart has no alternative text.", "Give alt=, a sentence with what it shows.")
    buffer = io.BytesIO()
    # No date and no version in the file: the same figures give the same bytes.
    figure.savefig(
        buffer,
        format="png",
        dpi=DPI,
        bbox_inches=None if fitted(figure) else "tight",
        pad_inches=0.06,
        metadata={"Software": None},
    )
    shown: dict[str, Any] = {"image/png": buffer.getvalue(), "text/plain": words}
    table = chart_table(figure)
    if table is not None:
        shown[MIME] = table.to_json()
    display(shown, metadata={"image/png": {"alt": words}}, raw=True)


def show_table(
    frame: pd.DataFrame,
    caption: str = "",
    formats: Mapping[str, Any] | None = None,
    names: Mapping[str, str] | None = None,
) -> None:
    """A frame without its index: numbers to the right with thousands separators, dates for people.

    `formats`: column → function from a value to its text; `names`: column → its heading.
    """
    formats, names = formats or {}, names or {}
    heads = [names.get(str(column), str(column).replace("_", " ")) for column in frame.columns]
    right = [pd.api.types.is_numeric_dtype(frame[column]) for column in frame.columns]
    rows = []
    for values in frame.itertuples(index=False):
        rows.append(
            [
                formats[str(column)](value) if str(column) in formats else _plain(value)
                for column, value in zip(frame.columns, values, strict=True)
            ]
        )
    _display(frame.to_string(index=False), _table([heads], rows, right, caption))


def _plain(value: Any) -> str:
    if missing(value):
        return "none"
    if isinstance(value, bool | str):
        return str(value)
    if hasattr(value, "year") and hasattr(value, "day") and not isinstance(value, pd.Period):
        return date_text(value)
    if isinstance(value, int | float) or hasattr(value, "dtype"):
        places = 0 if float(value) == round(float(value)) or abs(value) >= 1000 else 2
        return f"{value:,.{places}f}".replace("-", MINUS)
    return str(value)


def _table(
    heads: Sequence[Sequence[Any]],
    rows: Sequence[Sequence[str]],
    right: Sequence[bool],
    caption: str = "",
    bold: Sequence[bool] = (),
    styles: Mapping[tuple[int, int], str] | None = None,
    small: bool = False,
) -> str:
    """HTML of a table: head rows of texts or (text, span); cells are escaped here and nowhere else."""
    styles = styles or {}
    out = [
        f'<table {LITERAL} style="border-collapse:collapse;font-size:{"0.72em" if small else "0.88em"};'
        f'font-variant-numeric:tabular-nums">'
    ]
    if caption:
        out.append(f'<caption style="text-align:left;padding:4px 0">{escape(caption)}</caption>')
    out.append("<thead>")
    for row in heads:
        out.append("<tr>")
        for place, head in enumerate(row):
            text, span = head if isinstance(head, tuple) else (head, 1)
            align = "center" if span > 1 else "right" if place < len(right) and right[place] else "left"
            scope = f' scope="colgroup" colspan="{span}"' if span > 1 else ' scope="col"'
            style = f"{CELL}border-bottom:1px solid #555;text-align:{align}"
            out.append(f'<th{scope} style="{style}">{escape(str(text))}</th>')
        out.append("</tr>")
    out.append("</thead><tbody>")
    for number, values in enumerate(rows):
        weight = "font-weight:bold;" if number < len(bold) and bold[number] else ""
        out.append("<tr>")
        for place, text in enumerate(values):
            align = "text-align:right;white-space:nowrap;" if right[place] else "text-align:left;"
            align += "padding:2px 3px;" if small else ""
            tag = 'th scope="row"' if place == 0 else "td"
            normal = "font-weight:normal;" if place == 0 and not weight else ""
            style = f"{CELL}{align}{normal}{weight}{styles.get((number, place), '')}"
            out.append(f'<{tag} style="{style}">{escape(text)}</{tag.split()[0]}>')
        out.append("</tr>")
    out.append("</tbody></table>")
    return "".join(out)


# --- the scorecard's own results ---------------------------------------------------------------------


def show_statement(result: Any, currency: str = "", threshold: int = 0) -> None:
    """A scorecard.Statement: for each scope actual, the references and the variances, in thousands.

    Variances that reach `threshold` (ten-thousandths) stand out in bold and colour; the sign says good (+) or
    bad (−) too.
    """
    table, scopes = result.table, result.scopes
    if table.empty:
        return
    planned = table.groupby("scope")["budget"].apply(lambda column: column.notna().any())
    sizes = pd.concat([table["actual"], table["budget"]]).dropna().abs()
    unit, divisor = ("", SCALE) if sizes.empty or sizes.max() < 100_000 * SCALE else ("k", 1000 * SCALE)
    groups, columns = [("", 1)], [" ".join(part for part in (currency, unit) if part) or "Line"]
    shown: list[tuple[str, str]] = []
    for scope, label in scopes.items():
        own = [("actual", "AC")]
        if planned.get(scope, False):
            own += [("budget", "BU"), ("delta", "ΔBU"), ("delta_share", "%"), ("delta_last_year", "ΔPY")]
        else:
            own += [("last_year", "PY"), ("delta_last_year", "ΔPY"), ("delta_last_year_share", "%")]
        shown += [(scope, column) for column, _ in own]
        columns += [name for _, name in own]
        groups.append((label, len(own)))
    cells = {(row["line"], row["scope"]): row for row in table.to_dict("records")}
    lines = list(dict.fromkeys(table["line"]))
    rows, bold, styles = [], [], {}
    for number, line in enumerate(lines):
        first = next(cells[line, scope] for scope in scopes if (line, scope) in cells)
        texts = [first["name"]]
        for place, (scope, column) in enumerate(shown, 1):
            text, style = _statement_cell(cells.get((line, scope), {}), column, divisor, threshold)
            texts.append(text)
            edge = "border-left:1px solid #555;" if column == "actual" else ""
            styles[number, place] = style + edge
        rows.append(texts)
        bold.append(bool(first["total"]))
    plain = pd.DataFrame(rows, columns=columns).to_string(index=False)
    right = [False, *[True] * len(shown)]
    _display(plain, _table([groups, columns], rows, right, "", bold, styles, small=True))


def _statement_cell(row: Mapping[str, Any], column: str, divisor: int, threshold: int) -> tuple[str, str]:
    value = row.get(column)
    if missing(value):
        return "–", f"color:{QUIET};"
    assert value is not None
    if column.endswith("_share"):
        return share_text(value, sign=True).replace("\u00a0%", ""), ""
    text = f"{abs(round(int(value) / divisor)):,}"
    zero = text == "0"
    sign = MINUS if value < 0 and not zero else ""
    if not column.startswith("delta"):
        return sign + text, ""
    if zero or not threshold or abs(int(value)) < threshold:
        return ("0" if zero else (sign or "+") + text), ""
    return (sign or "+") + text, f"color:{GOOD if value > 0 else BAD};font-weight:bold;"


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


def show_actions(result: Any) -> None:
    """A scorecard.FollowUp: text, owner, due, status, value expected and whether it worked.

    The unit is named where the actions are of several.
    """
    if result.table.empty:
        return
    heads = ["Action", "Owner", "Due", "Status", "Value a year", "Did it work?"]
    rows, styles = [], {}
    several = result.table["unit"].nunique() > 1
    for number, row in enumerate(result.table.to_dict("records")):
        done = "" if missing(row["closed"]) else f" {date_text(row['closed'])}"
        value = "none" if missing(row["value"]) else money_text(round(float(row["value"]) * SCALE))
        text = f"{row['unit']}: {row['text']}" if several else str(row["text"])
        rows.append(
            [
                text,
                str(row["owner"]),
                date_text(row["due"]),
                f"{row['status']}{done}",
                value,
                str(row["worked"]),
            ]
        )
        if row["status"].endswith("late") or row["status"] == "late":
            styles[number, 3] = f"color:{BAD};"
    plain = pd.DataFrame(rows, columns=heads).to_string(index=False)
    _display(plain, _table([heads], rows, [False, False, False, False, True, False], "", (), styles))
