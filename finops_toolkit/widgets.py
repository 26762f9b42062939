"""What a lesson lets people touch: one slider, one question. Nothing is computed here.

Both have a second form for places where nothing runs: a slider stands as a table of the steps it takes, a
question as text. Words that come from data are escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import pandas as pd

from .errors import UsageError
from .judging import Feedback

_RIGHT = ' style="text-align:right;padding:2px 10px"'
_MARKED = ' style="background:#dfe9f2;font-weight:bold"'


def slider(
    frame: pd.DataFrame, label: str, names: Mapping[str, str], text: str = "text", start: int = 0
) -> None:
    """A slider over the rows of a frame: where it stands, the row is marked and its sentence shown.

    `names` heads the columns that are shown; the first is what the slider moves over; `text` names the
    column with a row's sentence. Where nothing runs, the table alone is shown. Raises UsageError for an
    empty frame.
    """
    import ipywidgets  # type: ignore[import-untyped]
    from IPython.display import display

    if frame.empty:
        raise UsageError(
            "The slider has nothing to move over: the frame has no rows.", "Check unit and period."
        )
    options = [(_written(value), place) for place, value in enumerate(frame[next(iter(names))])]
    handle = ipywidgets.SelectionSlider(
        options=options,
        value=start,
        description=label,
        style={"description_width": "initial"},
        layout=ipywidgets.Layout(width="520px"),
    )
    view = ipywidgets.HTML()

    def turn(_: Any = None) -> None:
        view.value = _steps(frame, names, text, handle.value)

    handle.observe(turn, "value")
    turn()
    bundle = ipywidgets.VBox([handle, view])._repr_mimebundle_()
    still = "<p>Run this cell to move the slider. These are its steps.</p>" + _steps(frame, names, text, None)
    plain = frame[list(names)].to_string(index=False)
    display({**bundle, "text/html": still, "text/plain": plain}, raw=True)


def _steps(frame: pd.DataFrame, names: Mapping[str, str], text: str, chosen: int | None) -> str:
    head = "".join(f'<th scope="col"{_RIGHT}>{escape(name)}</th>' for name in names.values())
    body = ""
    for place, values in enumerate(frame[list(names)].itertuples(index=False)):
        cells = "".join(f"<td{_RIGHT}>{escape(_written(value))}</td>" for value in values)
        body += f"<tr{_MARKED if place == chosen else ''}>{cells}</tr>"
    words = "" if chosen is None else f"<p><b>{escape(str(frame[text].iloc[chosen]))}</b></p>"
    return f"{words}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _written(value: Any) -> str:
    return (
        f"{value:,.0f}".replace("-", "−")
        if isinstance(value, (int, float)) or hasattr(value, "dtype")
        else str(value)
    )


# --- one question ----------------------------------------------------------------------------------


class Question:
    """A question answered without code: choose or type, then look at the answer's result and hint.

    `options` for a choice (letter -> text), none for a number. `value` is the answer so far; `feedback()`
    judges it.
    """

    def __init__(self, text: str, judge: Callable[[Any], Feedback], options: Mapping[str, str] | None = None):
        self.text, self.judge, self.options = text, judge, dict(options or {})
        self.value: str | None = None

    def feedback(self) -> Feedback:
        """The result and the hint for the answer as it stands."""
        return self.judge(self.value)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        box = self._box()
        display({**box._repr_mimebundle_(), "text/html": self._html(), "text/plain": self._plain()}, raw=True)

    def _box(self) -> Any:
        import ipywidgets

        if self.options:
            shown = [(f"{letter}  {text}", letter) for letter, text in self.options.items()]
            entry = ipywidgets.RadioButtons(
                options=shown, value=self.value, layout=ipywidgets.Layout(width="100%")
            )
        else:
            entry = ipywidgets.Text(value=self.value or "", placeholder="a number")
        button, result = ipywidgets.Button(description="Check", button_style="primary"), ipywidgets.HTML()

        def keep(change: Any) -> None:
            self.value = change["new"]

        def check(_: Any) -> None:
            result.value = self.feedback()._repr_html_()

        entry.observe(keep, "value")
        button.on_click(check)
        return ipywidgets.VBox([ipywidgets.HTML(f"<p>{escape(self.text)}</p>"), entry, button, result])

    def _html(self) -> str:
        items = "".join(
            f"<li><b>{escape(letter)}</b> {escape(text)}</li>" for letter, text in self.options.items()
        )
        blank = f"<ul>{items}</ul>" if items else "<p>Answer: ________</p>"
        return f"<p>{escape(self.text)}</p>{blank}"

    def _plain(self) -> str:
        return "\n".join([self.text, *(f"{letter}  {text}" for letter, text in self.options.items())])
