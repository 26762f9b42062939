"""The plan of a batch: notebooks × units × periods become runs, all checked before the first one starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .files import safe_name, same_name
from .parameters import Parameter, Value, listing, parameters_of, read_notebook, read_values


@dataclass(frozen=True)
class Choice:
    """A unit or a period to report on: its `value` for the notebook, its `label` for people, its `order` in
    lists.
    """

    value: str
    label: str
    order: int = 0


@dataclass(frozen=True)
class Template:
    """A notebook to make reports from, read and understood."""

    path: Path
    name: str
    title: str
    notebook: Any
    parameters: dict[str, Parameter]


@dataclass(frozen=True)
class Run:
    """One report to make: where its notebook is, what it is given, where its pages go.

    `place` is the path of its files below the output folder, without the ending: PERIOD/UNIT/NOTEBOOK.
    """

    notebook: Path
    report: str
    title: str
    unit: Choice | None
    period: Choice | None
    place: str
    parameters: dict[str, Value] = field(hash=False)

    @property
    def heading(self) -> list[str]:
        """Unit and period for people."""
        return [choice.label for choice in (self.unit, self.period) if choice]

    @property
    def key(self) -> str:
        """What the run is called on the terminal."""
        return " ".join([self.report, *(c.value for c in (self.unit, self.period) if c)])


def read_templates(paths: Sequence[Path]) -> list[Template]:
    """The notebooks, read. Raises UsageError for one that is missing, no notebook or without parameters
    cell.
    """
    templates = []
    for path in paths:
        notebook = read_notebook(path)
        parameters = parameters_of(notebook, path.name)
        title = path.stem.replace("_", " ").capitalize()
        templates.append(Template(path.resolve(), path.stem, title, notebook, parameters))
    return templates


def plan_runs(
    templates: Sequence[Template],
    units: Sequence[Choice] | None,
    periods: Sequence[Choice] | None,
    given: Mapping[str, str],
    fixed: Mapping[str, str],
) -> list[Run]:
    """Every run of the batch, in order of period, unit, notebook.

    `units` and `periods` fill the parameters `unit` and `period`; None leaves the notebook its own default.
    `given` are the user's own parameters as text; `fixed` are those the batch sets itself (data, source; an
    empty text means the default and is not passed). Raises UsageError that names all that is wrong and what
    is allowed.
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
    runs = []
    for period in periods or (None,):
        for unit in units or (None,):
            for template in templates:
                chosen = {"unit": unit, "period": period}
                parts = [safe_name(c.value) for c in (period, unit) if c]
                runs.append(
                    Run(
                        template.path,
                        template.name,
                        template.title,
                        unit,
                        period,
                        "/".join([*parts, safe_name(template.name)]),
                        {**values[template.path], **{k: c.value for k, c in chosen.items() if c}},
                    )
                )
    _no_clash(runs)
    return runs


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


def _no_clash(runs: Sequence[Run]) -> None:
    """Refuse two runs whose files are one and the same on some system."""
    seen: dict[str, Run] = {}
    for run in runs:
        other = seen.setdefault(same_name(run.place), run)
        if other is not run:
            raise UsageError(
                f"Two reports would have the same file {run.place}: {other.key} and {run.key}.",
                "Name each notebook, unit and period once; names that differ only in capitals are one name.",
            )
