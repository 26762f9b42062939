"""A grid of parameters: a table in which each row is a run, read as text, typed as the notebooks declare."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .parameters import Parameter, Value, listing
from .plan import Choice, Row, Template, listed

Chooser = Callable[[str], Choice]

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_KINDS = {"str": (str,), "int": (int,), "float": (int, float, Decimal), "bool": (bool,)}
_ASKS = "Row 1 names the parameters, each further row is one run."


@dataclass(frozen=True)
class Grid:
    """The rows of a grid, each for one notebook; its `columns` of parameters; how the file was `taken`."""

    rows: list[Row]
    columns: tuple[str, ...]
    taken: str


@dataclass(frozen=True)
class _Table:
    """A file as a table: `cells` by column, row by row, with the number that people know each row by.

    `values` are the column's own Python values where the file has types (Parquet), else texts.
    """

    columns: tuple[str, ...]
    rows: list[tuple[int, tuple[Any, ...]]]
    taken: str


@dataclass
class _Problems:
    """All that is wrong with a file, in the order found, each once."""

    found: dict[str, None] = field(default_factory=dict)

    def add(self, problem: str) -> None:
        """Note one."""
        self.found.setdefault(problem)

    def raise_any(self, path: Path, hint: str) -> None:
        """Raise UsageError with all of them, if there are any."""
        if self.found:
            raise UsageError(f"The runs of {path.name} cannot be planned.\n{listed(self.found)}", hint)


def read_grid(
    path: Path,
    templates: Sequence[Template],
    choosers: Mapping[str, Chooser],
    given: Mapping[str, str],
    fixed: Mapping[str, str],
) -> Grid:
    """The runs that a CSV or Parquet file asks for: a row for each of its rows and notebooks.

    Columns are parameters of the notebooks; `notebook` says which notebook a row is for (empty: all), `name`
    what its report is called. An empty cell leaves the notebook its default. Texts are typed by what the
    notebook declares: 007 stays 007 for a str. `choosers` turn the texts of `unit` and `period` into
    choices and raise UsageError for one that there is not; a column may repeat neither what `given` (--param)
    nor what `fixed` (data, source) sets. Raises UsageError with all that is wrong, by row and column.
    """
    table = _read(path)
    _known_columns(table, path, templates, {*choosers}, given, fixed)
    problems = _Problems()
    rows = list(_rows(table, templates, choosers, problems))
    allowed = "; ".join(f"{t.path.name} takes {listing(t.parameters)}" for t in templates)
    problems.raise_any(path, f"{allowed}.")
    parameters = tuple(name for name in table.columns if name not in ("notebook", "name"))
    return Grid(rows, parameters, table.taken)


def _known_columns(
    table: _Table,
    path: Path,
    templates: Sequence[Template],
    choosers: set[str],
    given: Mapping[str, str],
    fixed: Mapping[str, str],
) -> None:
    """Refuse columns that no notebook takes or that an option sets, all at once."""
    problems = _Problems()
    known = {name for template in templates for name in template.parameters}
    for name in ("notebook", "name"):
        if name in known & set(table.columns):
            problems.add(
                f"The column {name} is a parameter of a notebook too: which is meant cannot be told."
            )
    for name in sorted(choosers.intersection(table.columns)):
        odd = [t.path.name for t in templates if name in t.parameters and t.parameters[name].kind != "str"]
        if odd:
            problems.add(f"The column {name} needs a parameter `{name}: str` in {', '.join(odd)}.")
    for name in table.columns:
        if name in fixed:
            problems.add(f"The column {name} is set by --{name} for the whole batch.")
        elif name in given:
            problems.add(f"The column {name} is set by --param, too.")
        elif name not in known | {"notebook", "name"}:
            problems.add(f"The column {name!r} is no parameter of {_named(templates)}.")
    allowed = [name for name in known if name not in fixed and name not in given]
    problems.raise_any(path, f"Columns may be {', '.join([*sorted(allowed), 'notebook, name'])}.")


def _named(templates: Sequence[Template]) -> str:
    return " or ".join(template.path.name for template in templates)


def _rows(
    table: _Table, templates: Sequence[Template], choosers: Mapping[str, Chooser], problems: _Problems
) -> Iterator[Row]:
    """Each row for each of its notebooks; what is wrong goes to `problems`."""
    by_name = {alias: t for t in templates for alias in (t.name, t.path.name)}
    chosen: dict[tuple[str, str], Choice | str] = {}
    for number, cells in table.rows:
        row = {name: cell for name, cell in zip(table.columns, cells, strict=True) if cell not in (None, "")}
        wanted, name = row.pop("notebook", None), row.pop("name", "")
        if wanted is not None and wanted not in by_name:
            problems.add(f"row {number}, notebook: {_shown(wanted)} is not among {_named(templates)}.")
            continue
        if not isinstance(name, str):
            problems.add(f"row {number}, name: {_shown(name)} is no text; store the column as text.")
            continue
        for template in templates if wanted is None else (by_name[wanted],):
            values: dict[str, Value] = {}
            choices: dict[str, Choice] = {}
            for column, cell in row.items():
                try:
                    value = _value(template, column, cell)
                    if column in choosers:
                        choices[column] = _chosen(choosers[column], column, str(value), chosen)
                    else:
                        values[column] = value
                except ValueError as problem:
                    problems.add(f"row {number}, {column}: {problem}")
            yield Row(template, f"row {number}", values, choices.get("unit"), choices.get("period"), name)


def _value(template: Template, column: str, cell: Any) -> Value:
    """A cell as the value of a notebook's parameter. Raises ValueError that says what is wrong."""
    if column not in template.parameters:
        raise ValueError(f"{template.path.name} takes no parameter {column}.")
    parameter = template.parameters[column]
    try:
        return parameter.read(cell if isinstance(cell, str) else _text(parameter, cell))
    except ValueError as allowed:
        raise ValueError(f"{_shown(cell)}, but {template.path.name} takes {allowed}.") from None


def _text(parameter: Parameter, cell: Any) -> str:
    """A typed value from Parquet as the text it would be in a CSV. Raises ValueError for another type.

    A number is not taken for a text: where the file has 7, the code may have been 007.
    """
    if parameter.kind == "int" and isinstance(cell, float) and cell.is_integer():
        return str(int(cell))  # pandas makes floats of whole numbers beside an empty cell
    if not isinstance(cell, _KINDS[parameter.kind]) or (isinstance(cell, bool) and parameter.kind != "bool"):
        takes = {"str": "text: store the column as text", "bool": "true or false"}
        raise ValueError(takes.get(parameter.kind, "a number"))
    return str(cell)


def _chosen(choose: Chooser, column: str, text: str, known: dict[tuple[str, str], Choice | str]) -> Choice:
    """A unit or a period, asked for once a text. Raises ValueError with what is wrong."""
    if (column, text) not in known:
        try:
            known[column, text] = choose(text)
        except UsageError as problem:
            known[column, text] = problem.message
    found = known[column, text]
    if isinstance(found, str):
        raise ValueError(found)
    return found


def _shown(cell: Any) -> str:
    text = repr(cell) if isinstance(cell, str) else f"{cell} ({type(cell).__name__})"
    return text if len(text) <= 80 else f"{text[:79]}…"


def _read(path: Path) -> _Table:
    """The file as a table. Raises UsageError when it is none."""
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise UsageError(
            f"The runs in {path} cannot be read: {problem.strerror}.", "Give a CSV or Parquet file."
        ) from None
    if content.startswith(b"PK"):
        raise UsageError(f"{path} is a workbook or an archive.", "Save the sheet as CSV UTF-8.")
    table = _parquet(path, content) if content.startswith(b"PAR1") else _csv(path, content)
    doubled = sorted({name for name in table.columns if table.columns.count(name) > 1})
    if doubled or "" in table.columns:
        what = f"the column {', '.join(doubled)} twice" if doubled else "a column without a name"
        raise UsageError(f"{path.name} has {what}.", _ASKS)
    if not table.rows:
        raise UsageError(f"{path.name} asks for no runs.", _ASKS)
    return table


def _csv(path: Path, content: bytes) -> _Table:
    """Text with commas, semicolons or tabs, whichever its first line holds most of."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
        first = text.splitlines()[0] if text.strip() else ""
        mark = max(_SEPARATORS, key=first.count)
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        raise UsageError(f"{path.name} is not UTF-8 text (line {line}).", "Save it as CSV UTF-8.") from None
    except csv.Error as problem:
        raise UsageError(f"{path.name} is no CSV: {problem}.", "Quote cells that hold quotes.") from None
    columns = tuple(name.strip() for name in lines[0]) if lines else ()
    problems = _Problems()
    rows = []
    for number, cells in enumerate(lines[1:], 2):  # as a spreadsheet counts them
        if not any(cells):
            continue
        if len(cells) != len(columns):
            problems.add(f"row {number}: {len(cells)} cells under {len(columns)} columns.")
        rows.append((number, tuple(cells)))
    problems.raise_any(path, f"It was read as cells between {_SEPARATORS[mark]}; quote cells that hold one.")
    name = "UTF-16" if encoding == "utf-16" else "UTF-8"
    return _Table(columns, rows, f"{path.name}: {name} text, cells between {_SEPARATORS[mark]}")


def _parquet(path: Path, content: bytes) -> _Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as problem:
        raise UsageError(f"{path.name} is no Parquet file: {str(problem).splitlines()[0]}") from None
    rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return _Table(tuple(table.column_names), list(enumerate(rows, 1)), f"{path.name}: Parquet")
