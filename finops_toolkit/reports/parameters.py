"""A notebook's parameters cell: what may be passed to it, and checking what is passed.

The cell is tagged `parameters`; each line is `name: type = default  # help`. It is read, never run, and a
value arrives in the notebook as a typed Python object: nothing that is passed can become code.
"""

from __future__ import annotations

import ast
import io
import json
import math
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError

Value = str | int | float | bool
_KINDS: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}
_FORM = (
    "Each line of the cell tagged `parameters` reads: name: type = default  # help, "
    "with type str, int, float or bool."
)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a notebook: its name, type (`str`, `int`, `float` or `bool`), default and help."""

    name: str
    kind: str
    default: Value
    help: str = ""

    def read(self, text: str) -> Value:
        """The value a text stands for, in this parameter's type; text stays text (007 is not 7).

        Raises ValueError that says what is allowed.
        """
        if self.kind == "str":
            return text
        plain = text.strip()
        if self.kind == "bool":
            if plain.lower() in ("true", "false"):
                return plain.lower() == "true"
            raise ValueError("true or false")
        if self.kind == "int":
            if re.fullmatch(r"[+-]?[0-9]{1,18}", plain):
                return int(plain)
            raise ValueError("a whole number such as 12")
        if re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", plain):
            number = float(plain)
            if math.isfinite(number):
                return number
        raise ValueError("a number such as 0.05")


def read_notebook(path: Path) -> Any:
    """The notebook at `path` (a NotebookNode, format 4). Raises UsageError when it is none."""
    import nbformat

    if not path.is_file():
        raise UsageError(f"There is no notebook {path}.", "Give the path of an .ipynb file.")
    try:
        content = path.read_text(encoding="utf-8")
        if not isinstance(json.loads(content).get("cells"), list):
            raise ValueError
        notebook = nbformat.reads(content, as_version=4)
        nbformat.validate(notebook)
    except OSError as problem:
        raise UsageError(f"The notebook {path} cannot be read: {problem.strerror}.") from None
    except Exception:
        # Whatever is wrong inside the file, it is for the person one thing: not a notebook.
        raise UsageError(
            f"{path} is not a Jupyter notebook (format 4).", "Save it again from JupyterLab."
        ) from None
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if language.lower() != "python":
        raise UsageError(
            f"The notebook {path} is written in {language}.", "Reports are made from Python notebooks."
        )
    return notebook


def title_of(notebook: Any, otherwise: str) -> str:
    """The notebook's first heading of level one, as plain text; `otherwise` where it has none."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found = re.search(r"^#[ \t]+(.+?)[ \t#]*$", cell.source, re.MULTILINE)
            if found:
                return re.sub(r"[*_`]|<[^>]*>", "", found[1]).strip() or otherwise
    return otherwise


def parameters_of(notebook: Any, name: str) -> dict[str, Parameter]:
    """The parameters a notebook takes, by name. Raises UsageError when it has no such cell or a line is
    wrong.
    """
    cells = [
        c for c in notebook.cells if c.cell_type == "code" and "parameters" in c.metadata.get("tags", [])
    ]
    if not cells:
        raise UsageError(
            f"The notebook {name} has no parameters cell.",
            "Tag the cell with its parameters `parameters` (in JupyterLab: property inspector, cell tags). "
            + _FORM,
        )
    source = cells[0].source
    try:
        lines = ast.parse(source).body
    except (SyntaxError, ValueError) as problem:
        raise UsageError(f"The parameters cell of {name} is not Python: {problem}.", _FORM) from None
    helps = _helps(source)
    found: dict[str, Parameter] = {}
    for line in lines:
        parameter = _parameter(line, helps.get(line.lineno, ""))
        if parameter is None:
            written = source.splitlines()[line.lineno - 1].strip()
            raise UsageError(
                f"The parameters cell of {name} has a line that is no parameter: {written}", _FORM
            )
        if parameter.name in found:
            raise UsageError(f"The parameters cell of {name} names {parameter.name} twice.", _FORM)
        found[parameter.name] = parameter
    return found


def _helps(source: str) -> dict[int, str]:
    """The comment that ends each line, by line number."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ").strip() for t in tokens if t.type == tokenize.COMMENT}


def _parameter(line: ast.stmt, help: str) -> Parameter | None:
    """The parameter a statement declares, None when it is anything else."""
    if not isinstance(line, ast.AnnAssign) or not isinstance(line.target, ast.Name) or line.value is None:
        return None
    if not isinstance(line.annotation, ast.Name) or line.annotation.id not in _KINDS:
        return None
    try:
        default = ast.literal_eval(line.value)
    except (ValueError, TypeError):
        return None
    kind = line.annotation.id
    if kind == "float" and type(default) is int:
        default = float(default)
    if type(default) is not _KINDS[kind]:
        return None
    return Parameter(line.target.id, kind, default, help)  # type: ignore[arg-type]


def read_values(parameters: dict[str, Parameter], given: dict[str, str], name: str) -> dict[str, Value]:
    """What `given` (texts by name) means for a notebook's parameters, typed.

    Raises UsageError with every unknown name and wrong value at once.
    """
    values: dict[str, Value] = {}
    problems = []
    for key, text in given.items():
        if key not in parameters:
            problems.append(f"{name} takes no parameter {key!r}.")
            continue
        try:
            values[key] = parameters[key].read(text)
        except ValueError as allowed:
            problems.append(f"{name}: the parameter {key} is {text!r}, but takes {allowed}.")
    if problems:
        raise UsageError("\n".join(problems), f"{name} takes {listing(parameters)}.")
    return values


def listing(parameters: dict[str, Parameter]) -> str:
    """The parameters in a line: name (type, default)."""
    return (
        ", ".join(f"{p.name} ({p.kind}, default {p.default!r})" for p in parameters.values())
        or "no parameters"
    )
