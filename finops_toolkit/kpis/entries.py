"""The catalogue of KPIs: entries of TOML, read, checked all at once, and linked to what they are made of.

An analyst adds a KPI with an entry of the same kind, in a `kpis.toml` beside the data or in any file given as
`extra`; the bundled entries are the examples to copy.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import UsageError
from ..wording import joined
from .formulas import (
    Comparison,
    FormulaError,
    Name,
    Node,
    names_used,
    parse,
    parse_condition,
    walk,
)

MEASURES = (
    "%",
    "money",
    "days",
    "minutes",
    "x",
    "units",
    "count",
    "ppm",
    "points",
    "money/unit",
    "money/customer",
    "units/hour",
    "per 200,000 hours",
)
GOOD = ("up", "down", "zero")
GROUPS = ("finance", "operations", "customer", "collaboration")
REQUIRED = ("name", "formula", "measure", "good", "owner", "basis", "source", "text")
OPTIONAL = ("group", "reference", "zero", "refuse", "warn", "rival", "may_lack")
CALENDAR = ("days", "months")
# A chain of KPIs made of KPIs stays short, so that computing one takes bounded depth.
MAX_REFERENCES = 8


@dataclass(frozen=True)
class Rule:
    """A condition and what follows from it in words: no value (`refuse`) or a warning beside it (`warn`)."""

    condition: Comparison
    text: str


@dataclass(frozen=True)
class Rival:
    """The same name as another department or source defines it."""

    owner: str
    source: str
    formula: str
    text: str
    tree: Node


@dataclass(frozen=True)
class Kpi:
    """One entry. `names` is everything the formula, its rules and its rival read, in order of appearance.

    may_lack: lines of the formula, a statement's total, that a unit which reports statements may not have.
    """

    id: str
    name: str
    formula: str
    measure: str
    good: str
    owner: str
    basis: str
    source: str
    text: str
    group: str
    reference: str
    zero: str
    tree: Node = field(repr=False)
    refuse: tuple[Rule, ...] = ()
    warn: tuple[Rule, ...] = ()
    rival: Rival | None = None
    may_lack: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Names in the formula and the rules that can refuse it."""
        return list(
            dict.fromkeys(
                [
                    *names_used(self.tree),
                    *(name for rule in self.refuse for name in names_used(rule.condition)),
                ]
            )
        )


@dataclass(frozen=True)
class Assumption:
    """A number that is nobody's measurement, such as a tax rate: stated, and traced as what it is."""

    name: str
    value: float
    text: str


class Catalogue(dict[str, Kpi]):
    """KPIs by id, in order; `assumptions` holds the stated numbers their formulas may use."""

    def __init__(self, kpis: Iterable[Kpi] = (), assumptions: Iterable[Assumption] = ()):
        super().__init__((kpi.id, kpi) for kpi in kpis)
        self.assumptions = {one.name: one for one in assumptions}

    @property
    def table(self) -> pd.DataFrame:
        """The catalogue as a frame, a row each; `needs` names the tables that must be there."""
        rows = [
            (
                *(kpi.id, kpi.name, kpi.group, kpi.formula, kpi.measure, kpi.good, kpi.owner, kpi.basis),
                *(kpi.source, ", ".join(needs_of(kpi, self)), kpi.text, kpi.reference),
                *((kpi.rival.owner, kpi.rival.formula) if kpi.rival else ("", "")),
            )
            for kpi in self.values()
        ]
        words = "kpi name group formula measure good owner basis source needs text reference"
        return pd.DataFrame(rows, columns=[*words.split(), "rival_owner", "rival_formula"])

    def find(self, text: str) -> Kpi:
        """A KPI by id or by name. Raises UsageError with the closest ids."""
        wanted = str(text).strip()
        for kpi in self.values():
            if wanted.casefold() in (kpi.id.casefold(), kpi.name.casefold()):
                return kpi
        raise UsageError(f"There is no KPI {wanted!r}.", close_to(wanted, self))


def close_to(word: str, allowed: Collection[str]) -> str:
    """What may have been meant, for an error's second line."""
    close = difflib.get_close_matches(word, list(allowed), n=3, cutoff=0.5)
    return f"Did you mean {joined(close, 'or')}?" if close else f"Allowed: {', '.join(sorted(allowed))}."


def catalogue(extra: str | Path | None = None, measures: Collection[str] | None = None) -> Catalogue:
    """The bundled KPIs and those of a TOML file, as a dict from id to Kpi.

    `measures` are the names formulas may use (the panel's by default). Raises UsageError that lists every
    problem of every entry: missing or unknown keys, unreadable formulas, unknown names, ids used twice.
    """
    bundled = resources.files(__package__).joinpath("kpis.toml").read_text(encoding="utf-8")
    texts = [("kpis.toml of finops_toolkit", bundled)]
    if extra is not None:
        path = Path(extra)
        try:
            texts.append((str(path), path.read_text(encoding="utf-8-sig")))
        except (OSError, UnicodeDecodeError) as problem:
            raise UsageError(
                f"The KPI file {path} cannot be read: {problem}.", "Give a TOML file in UTF-8."
            ) from None
    measures = known_measures() if measures is None else measures
    return _read(tuple(texts), frozenset(measures))


def catalogue_of(books: Any, extra: str | Path | None = None) -> Catalogue:
    """The bundled KPIs, with those of a `kpis.toml` beside the data, or of the file `extra` instead."""
    return catalogue(extra if extra is not None else books.file("kpis.toml"))


def known_measures() -> dict[str, Any]:
    """Every measure a panel may hold, by name: what formulas may name."""
    # The engine is imported only when somebody reads the catalogue.
    from ..books.known import known_measures as known

    return known()


@cache
def _read(texts: tuple[tuple[str, str], ...], measures: frozenset[str]) -> Catalogue:
    problems: list[str] = []
    kpis: dict[str, Kpi] = {}
    assumptions: dict[str, Assumption] = {}
    for place, text in texts:
        try:
            entries = tomllib.loads(text)
        except tomllib.TOMLDecodeError as problem:
            raise UsageError(
                f"{place} is not readable TOML: {problem}.", "See the bundled kpis.toml."
            ) from None
        for name, entry in entries.pop("assumptions", {}).items():
            _assume(place, name, entry, assumptions, problems)
        for kpi_id, entry in entries.items():
            kpi = _entry(place, kpi_id, entry, kpis, problems)
            if kpi is not None:
                kpis[kpi_id] = kpi
    if not problems:
        problems = _unlinked(kpis, measures, assumptions)
    if problems:
        raise UsageError(
            "The KPI catalogue cannot be used:\n" + "\n".join(f"- {one}" for one in problems),
            "Mend these entries; the bundled kpis.toml shows the form.",
        )
    return Catalogue(kpis.values(), assumptions.values())


def _assume(place: str, name: str, entry: Any, found: dict[str, Assumption], problems: list[str]) -> None:
    if not (
        isinstance(entry, dict)
        and set(entry) == {"value", "text"}
        and isinstance(entry["text"], str)
        and isinstance(entry["value"], int | float)
        and not isinstance(entry["value"], bool)
    ):
        problems.append(
            f'{place}, assumptions.{name}: write {name} = {{ value = 0.25, text = "what it is" }}'
        )
        return
    found[name] = Assumption(name, float(entry["value"]), entry["text"])


def _entry(place: str, kpi_id: str, entry: Any, kpis: dict[str, Kpi], problems: list[str]) -> Kpi | None:
    """One entry as a Kpi, or None with its problems added to the list."""
    found: list[str] = []
    if not isinstance(entry, dict):
        problems.append(f"{place}: {kpi_id!r} is no entry; begin one with [{kpi_id}]")
        return None
    if not kpi_id.isidentifier() or kpi_id in CALENDAR:
        found.append("an id is one word of letters, digits and _")
    if kpi_id in kpis:
        found.append("this id is already taken; choose another one")
    if missing := [key for key in REQUIRED if key not in entry]:
        found.append(f"missing: {', '.join(missing)}")
    for key in entry:
        if key not in (*REQUIRED, *OPTIONAL):
            found.append(f"unknown key {key!r}. {close_to(key, (*REQUIRED, *OPTIONAL))}")
    words = (*REQUIRED, "group", "reference", "zero")
    found += [
        f"{key} is a text, not {entry[key]!r}" for key in words if not isinstance(entry.get(key, ""), str)
    ]
    for key, allowed in (("measure", MEASURES), ("good", GOOD), ("group", GROUPS)):
        if isinstance(entry.get(key), str) and entry[key] not in allowed:
            found.append(f"{key} {entry[key]!r} is not allowed; one of {', '.join(allowed)}")
    tree = _tree(entry.get("formula"), "formula", found)
    refuse, warn = (_rules(entry.get(key, []), key, found) for key in ("refuse", "warn"))
    rival = _rival(entry["rival"], found) if "rival" in entry else None
    may_lack = entry.get("may_lack", [])
    if not (isinstance(may_lack, list) and tree and set(map(str, may_lack)) <= set(names_used(tree))):
        found.append('may_lack: write a list of names of the formula, such as ["inventory"]')
    if found or tree is None:
        problems += [f"{place}, {kpi_id}: {one}" for one in found]
        return None
    texts = {key: entry.get(key, "") for key in (*REQUIRED, "reference", "zero")}
    return Kpi(
        id=kpi_id,
        **texts,
        group=entry.get("group", "finance"),
        tree=tree,
        refuse=refuse,
        warn=warn,
        rival=rival,
        may_lack=tuple(may_lack),
    )


def _tree(text: Any, key: str, found: list[str]) -> Node | None:
    if text is None:
        return None
    try:
        return parse(text)
    except FormulaError as problem:
        found.append(f"{key}: {problem.message}")
        return None


def _rules(entries: Any, key: str, found: list[str]) -> tuple[Rule, ...]:
    rules = []
    for entry in entries if isinstance(entries, list) else [entries]:
        if (
            not isinstance(entry, dict)
            or set(entry) != {"when", "because"}
            or not isinstance(entry["because"], str)
        ):
            found.append(f'{key}: write {key} = [{{ when = "a condition", because = "in words" }}]')
            continue
        try:
            rules.append(Rule(parse_condition(entry["when"]), entry["because"]))
        except FormulaError as problem:
            found.append(f"{key}: {problem.message}")
    return tuple(rules)


def _rival(entry: Any, found: list[str]) -> Rival | None:
    keys = ("owner", "source", "formula", "text")
    if (
        not isinstance(entry, dict)
        or sorted(entry) != sorted(keys)
        or not all(isinstance(value, str) for value in entry.values())
    ):
        found.append(f"rival: give {', '.join(keys)}, each a text")
        return None
    tree = _tree(entry["formula"], "rival", found)
    return None if tree is None else Rival(**entry, tree=tree)


def _unlinked(kpis: dict[str, Kpi], measures: Collection[str], assumptions: Collection[str]) -> list[str]:
    """Names that mean nothing, and KPIs made of themselves."""
    problems = []
    allowed = {*measures, *assumptions, *kpis, *CALENDAR}
    for kpi in kpis.values():
        trees = [
            kpi.tree,
            *(rule.condition for rule in (*kpi.refuse, *kpi.warn)),
            *([kpi.rival.tree] if kpi.rival else []),
        ]
        for name in dict.fromkeys(name for tree in trees for name in names_used(tree)):
            if name not in allowed:
                problems.append(f"{kpi.id}: there is no measure {name!r}. {close_to(name, allowed)}")
    if not problems:
        problems = [
            f"{kpi.id}: it is made of itself, or of a chain of more than {MAX_REFERENCES} KPIs"
            for kpi in kpis.values()
            if _chain(kpi, kpis, measures) > MAX_REFERENCES
        ]
    return problems


def _chain(kpi: Kpi, kpis: dict[str, Kpi], measures: Collection[str], depth: int = 1) -> int:
    """How many KPIs stand inside each other; more than MAX_REFERENCES is not counted on."""
    if depth > MAX_REFERENCES:
        return depth
    trees = [
        kpi.tree,
        *(rule.condition for rule in (*kpi.refuse, *kpi.warn)),
        *([kpi.rival.tree] if kpi.rival else []),
    ]
    inner = {name for tree in trees for name in names_used(tree) if name in kpis and name not in measures}
    return max([depth, *(_chain(kpis[name], kpis, measures, depth + 1) for name in inner)])


def measures_of(kpi: Kpi, kpis: Catalogue) -> list[str]:
    """The measures a KPI is made of, directly or through other KPIs, in order of appearance."""
    found: dict[str, None] = {}
    for name in kpi.names:
        if name in known_measures():
            found[name] = None
        elif name in kpis:
            found.update(dict.fromkeys(measures_of(kpis[name], kpis)))
    return list(found)


def needs_of(kpi: Kpi, kpis: Catalogue) -> list[str]:
    """The tables a KPI needs, in order of appearance."""
    known = known_measures()
    return list(dict.fromkeys(table for name in measures_of(kpi, kpis) for table in known[name].needs))


def accumulates(kpi: Kpi, kpis: Catalogue, flows: Collection[str]) -> bool:
    """True for an amount or a number that grows with the length of the period, such as revenue.

    Its target is one month's and is added up over the months; a ratio's or a balance's is not.
    """
    return kpi.measure in ("money", "units", "count") and _has_flow(kpi.tree, kpis, flows)


def _has_flow(tree: Node, kpis: Catalogue, flows: Collection[str]) -> bool:
    for node, function in walk(tree):
        if not isinstance(node, Name) or function in ("ending", "opening", "average"):
            continue
        if node.name in flows or function == "change":
            return True
        inner = kpis.get(node.name) if node.name not in known_measures() else None
        if inner is not None and _has_flow(inner.tree, kpis, flows):
            return True
    return False
