"""The plan of a batch: notebooks × units × periods become runs, all checked before the first one starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ..errors import UsageError
from .files import safe_name, same_name
from .parameters import Parameter, Value, listing, parameters_of, read_notebook, read_values

_LONGEST = 120  # bytes that the parameters of a row may take in a file's name before they are cut
_SHOWN = 20  # problems said in full; more would scroll the first ones away


@dataclass(frozen=True)
class Choice:
    """A unit or a period to report on: its `value` for the notebook, its `label` for people, its `order` in
    lists. A period is `final` once it is closed.
    """

    value: str
    label: str
    order: int = 0
    final: bool = True


@dataclass(frozen=True)
class Template:
    """A notebook to make reports from, read and understood."""

    path: Path
    name: str
    title: str
    text: str
    parameters: dict[str, Parameter]


@dataclass(frozen=True)
class Row:
    """What a row of a grid asks of one notebook: `said` names the row for people ("row 7").

    `values` are its parameters other than unit and period, typed; those it leaves out keep their default.
    `name` is what the report is called, empty where the row does not say.
    """

    template: Template
    said: str
    values: dict[str, Value]
    unit: Choice | None = None
    period: Choice | None = None
    name: str = ""


@dataclass(frozen=True)
class Run:
    """One report to make: where its notebook is, what it is given, where its pages go.

    `place` is the path of its files below the output folder, without the ending: PERIOD/UNIT/NOTEBOOK, and
    one part more for a run of a grid. `variant` says for people what tells that run from others.
    """

    notebook: Path
    report: str
    title: str
    unit: Choice | None
    period: Choice | None
    place: str
    parameters: dict[str, Value] = field(hash=False)
    variant: str = ""

    @property
    def heading(self) -> list[str]:
        """Unit, period and variant for people."""
        return [
            *(choice.label for choice in (self.unit, self.period) if choice),
            *filter(None, [self.variant]),
        ]

    @property
    def final(self) -> bool:
        """Whether its period is closed."""
        return self.period is None or self.period.final

    @property
    def key(self) -> str:
        """What the run is called on the terminal."""
        choices = [choice.value for choice in (self.unit, self.period) if choice]
        return " ".join([self.report, *choices, *filter(None, [self.variant])])


def read_templates(paths: Sequence[Path]) -> list[Template]:
    """The notebooks, read. Raises UsageError for one that is missing, no notebook or without parameters
    cell.
    """
    import nbformat

    templates = []
    for path in paths:
        notebook = read_notebook(path)
        parameters = parameters_of(notebook, path.name)
        title = path.stem.replace("_", " ").capitalize()
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None  # what it showed when it was stored
        text = nbformat.writes(notebook)
        templates.append(Template(path.resolve(), path.stem, title, text, parameters))
    return templates


def plan_runs(
    templates: Sequence[Template],
    units: Sequence[Choice] | None,
    periods: Sequence[Choice] | None,
    given: Mapping[str, str],
    fixed: Mapping[str, str],
    rows: Sequence[Row] = (),
) -> list[Run]:
    """Every run of the batch, in order of period, unit, notebook; with `rows` of a grid, of its rows.

    `units` and `periods` fill the parameters `unit` and `period`; None leaves them to the rows, and where
    these do not say, to the notebook's own default. `given` are the user's own parameters as text; `fixed`
    are those the batch sets itself (data, source; an empty text means the default and is not passed). Raises
    UsageError that names all that is wrong and what is allowed.
    """
    problems = []
    values: dict[Path, dict[str, Value]] = {}
    for template in templates:
        try:
            values[template.path] = _values(template, units, periods, given, fixed)
        except UsageError as problem:
            problems.append(str(problem))
    if problems:
        raise UsageError("\n".join(problems))
    for name, choices in (("unit", units), ("period", periods)):
        if choices is not None and any(getattr(row, name) for row in rows):
            raise UsageError(f"The rows say the {name}, and so does --{name}.", "Leave one of them out.")
    rows = rows or [Row(template, "", {}) for template in templates]
    leaves = [_leaf(row) for row in rows]
    runs, origins = [], []
    for period in periods or (None,):
        for unit in units or (None,):
            for row, leaf in zip(rows, leaves, strict=True):
                runs.append(_run(row, leaf, unit, period, values[row.template.path]))
                origins.append(row)
    _no_twins(runs, origins)
    _no_clash(runs, origins)
    return runs


def _run(
    row: Row, leaf: tuple[str, str], unit: Choice | None, period: Choice | None, values: Mapping[str, Value]
) -> Run:
    """The run of a row; a unit or a period that the row itself names goes before that of the batch."""
    template, unit, period = row.template, row.unit or unit, row.period or period
    parts = [_part(choice.value) for choice in (period, unit) if choice] + [_part(template.name)]
    last, variant = leaf
    chosen = {name: choice.value for name, choice in (("unit", unit), ("period", period)) if choice}
    return Run(
        template.path,
        template.name,
        template.title,
        unit,
        period,
        "/".join([*parts, *filter(None, [last])]),
        {**values, **row.values, **chosen},
        variant,
    )


_part = lru_cache(maxsize=100_000)(safe_name)  # ten thousand runs share a few names


def _leaf(row: Row) -> tuple[str, str]:
    """The last part of a row's place and what people call it: its name, else its parameters; "" for neither.

    Parameters stand in the order of their names, so that a column moved or added empty moves no report. A
    safe name holds neither `=` nor `,`, so no two different rows meet in one.
    """
    if row.name:
        return _part(row.name), row.name
    # A float's own dot does no harm within a name: 0.05 is a number, not an ending.
    texts = {k: repr(v) if isinstance(v, float) else str(v) for k, v in row.values.items()}
    safe = {k: t if isinstance(row.values[k], float) else _part(t) for k, t in texts.items()}
    last = ",".join(f"{name}={safe[name]}" for name in sorted(safe))
    if len(last.encode()) > _LONGEST:
        last = _part(repr(sorted(texts.items())))
    return last, ", ".join(f"{name} = {text}" for name, text in texts.items())


def _values(
    template: Template,
    units: Sequence[Choice] | None,
    periods: Sequence[Choice] | None,
    given: Mapping[str, str],
    fixed: Mapping[str, str],
) -> dict[str, Value]:
    """The typed values of one notebook's parameters, other than unit and period."""
    name, parameters = template.path.name, template.parameters
    own = {"unit": "--unit or --by", "period": "--period", **{key: f"--{key}" for key in fixed}}
    taken = [f"{key} (use {own[key]})" for key in given if key in own]
    if taken:
        raise UsageError(f"These parameters are not set by --param: {', '.join(taken)}.")
    needed = {key: text for key, text in fixed.items() if text}
    needed |= {key: "" for key, choices in (("unit", units), ("period", periods)) if choices is not None}
    for key in needed:
        if key not in parameters or parameters[key].kind != "str":
            way = "Use --by none for one report of it." if key == "unit" else f"Leave {own[key]} out for it."
            raise UsageError(
                f"{name} takes no parameter `{key}: str`, so it cannot be made by {key}.",
                f"{name} takes {listing(parameters)}. {way}",
            )
    values = read_values(parameters, dict(given), name)
    return {**values, **{key: text for key, text in fixed.items() if text}}


def _no_twins(runs: Sequence[Run], rows: Sequence[Row]) -> None:
    """Refuse two rows of a grid that ask for one and the same, be it that one spells out a default."""
    seen: dict[tuple[object, ...], Row] = {}
    twins: dict[str, None] = {}
    for run, row in zip(runs, rows, strict=True):
        known = {name: parameter.default for name, parameter in row.template.parameters.items()}
        values = {**known, **run.parameters}
        other = seen.setdefault((run.notebook, *values.values()), row)
        if other.said and other is not row:
            twins.setdefault(f"{other.said} and {row.said} ask for the same: {run.key}.")
    if twins:
        raise UsageError(listed(twins), "Name each combination of parameters once.")


def _no_clash(runs: Sequence[Run], rows: Sequence[Row]) -> None:
    """Refuse two runs whose files are one and the same on some system."""
    seen: dict[str, str] = {}
    clashes: dict[str, None] = {}
    for run, row in zip(runs, rows, strict=True):
        called = f"{row.said}, {run.key}" if row.said else run.key
        place = same_name(run.place)
        if place in seen:
            clashes.setdefault(
                f"Two reports would have the same file {run.place}: {seen[place]} and {called}."
            )
        seen.setdefault(place, called)
    if clashes:
        raise UsageError(
            listed(clashes),
            "Name each notebook, unit and period once; names that differ only in capitals are one name. A "
            "grid's column `name` gives each row a name of its own.",
        )


def listed(problems: Iterable[str]) -> str:
    """Problems one a line: the first of them, and how many more there are."""
    lines = list(problems)
    more = len(lines) - _SHOWN
    return "\n".join([*lines[:_SHOWN], *([f"… and {more} more"] if more > 0 else [])])
