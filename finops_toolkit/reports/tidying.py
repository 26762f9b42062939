"""What a run's notebook says, and nothing that differs between two equal runs of it."""

from __future__ import annotations

import json
import re
import tempfile
from functools import cache
from typing import Any

import nbformat

from ..wording import is_whole

_WIDGETS = "application/vnd.jupyter.widget-state+json"


def tidy(notebook: Any) -> None:
    """Take out, in place, what papermill notes about the run, and make texts and names come out the same.

    A kernel sends what a cell prints in pieces as time passes, stdout and stderr each for itself. Pieces
    with nothing shown between them become one of stdout and one of stderr, as they are when it is quick.
    """
    notebook.cells = [
        c for c in notebook.cells if "papermill-error-cell-tag" not in c.metadata.get("tags", [])
    ]
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = "injected-parameters"
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
            for output in cell.outputs:
                _name_sources(output)
    _number_widgets(notebook)
    _make_whole(notebook)


def _joined(outputs: list[Any]) -> list[Any]:
    """Outputs with the texts between two other outputs put together."""
    found: list[Any] = []
    texts: dict[str, Any] = {}
    for output in [*outputs, None]:
        if output is not None and output.output_type == "stream":
            if output.name in texts:
                texts[output.name].text += output.text
            else:
                texts[output.name] = output
        else:
            found += [texts[name] for name in sorted(texts, reverse=True)]
            texts = {}
            if output is not None:
                found.append(output)
    return found


@cache
def _sources() -> re.Pattern[str]:
    """Where ipykernel says that a cell's source is, in warnings and tracebacks: by its process' number."""
    return re.compile(re.escape(tempfile.gettempdir()) + r"[/\\]+ipykernel_\d+[/\\]+")


def _name_sources(output: Any) -> None:
    if output.output_type == "stream":
        output.text = _sources().sub("", output.text)
    elif output.output_type == "error":
        output.traceback = [_sources().sub("", line) for line in output.traceback]
        output.evalue = _sources().sub("", output.evalue)


def _make_whole(notebook: Any) -> None:
    """Half a character (a lone surrogate), which no file can hold, becomes the sign for an unknown one."""
    text = json.dumps(notebook, ensure_ascii=False)
    if not is_whole(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        notebook.update(nbformat.from_dict(json.loads(text)))


def _number_widgets(notebook: Any) -> None:
    """Call widgets by the order they were made in, not by chance."""
    state = notebook.metadata.get("widgets", {}).get(_WIDGETS, {}).get("state", {})
    if not state:
        return
    names = {model: f"{number:032x}" for number, model in enumerate(state, 1)}
    text = re.sub("|".join(map(re.escape, names)), lambda found: names[found[0]], json.dumps(notebook))
    notebook.update(nbformat.from_dict(json.loads(text)))
