"""A report issued again says so: its version, preliminary or final, and what changed since the last issue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from ..wording import counted, joined
from .changes import Change, compare
from .contents import contents_bytes

PRELIMINARY, FINAL = "preliminary", "final"
_TOLD = 10  # figures told one by one
_NAMED = 4  # headings named one by one
_LONGEST = 90  # characters of a text that is quoted


@dataclass(frozen=True)
class Issue:
    """An issue of a report: `version` from 1, `state` preliminary or final, and in `changes` what changed
    since the version before, in short sentences; none in version 1.
    """

    version: int
    state: str
    changes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As run.json has it."""
        return {"version": self.version, "state": self.state, "changes": list(self.changes)}

    @staticmethod
    def from_json(packed: Mapping[str, Any]) -> Issue:
        """The issue that `to_json` packed."""
        return Issue(packed["version"], packed["state"], tuple(packed["changes"]))


def issue_of(
    contents: Mapping[str, Any],
    final: bool,
    before: Issue | None = None,
    earlier: Mapping[str, Any] | None = None,
) -> Issue:
    """The issue that contents make, after the issue `before`, which said `earlier`.

    The same contents in the same state are the same issue, with the same sentences: so its files have the
    same bytes. Where the earlier contents are lost (None), the new issue says that.
    """
    state = FINAL if final else PRELIMINARY
    if before is None:
        return Issue(1, state)
    same = earlier is not None and contents_bytes(earlier) == contents_bytes(contents)
    if same and state == before.state:
        return before
    told = [] if state == before.state else [f"{before.state.capitalize()} before, {state} now"]
    if earlier is None:
        told.append(f"What version {before.version} said is not kept, so it cannot be compared")
    elif same:
        told.append("No figure and no text changed")
    else:
        told += sentences(compare(earlier, contents))
    return Issue(before.version + 1, state, tuple(told))


def issue_heading(issue: Issue) -> list[str]:
    """What stands above the report beside unit and period; nothing for a first and final issue."""
    version = [f"version {issue.version}"] if issue.version > 1 else []
    return [*version, *([PRELIMINARY] if issue.state == PRELIMINARY else [])]


def issue_facts(issue: Issue) -> list[tuple[str, str]]:
    """What stands among the facts of a page, PDF and workbook; what changed is a line each."""
    state = issue.state if issue.state == FINAL else f"{issue.state}: the period is not closed yet"
    facts = [("Version", f"{issue.version}, {state}")]
    if issue.changes:
        facts.append((f"Changed since version {issue.version - 1}", "\n".join(issue.changes)))
    return facts


def sentences(changes: Sequence[Change]) -> list[str]:
    """What changed, for a reader of the report: the largest figures of each table, and what else there is."""
    seen = [change for change in changes if change.role != "hidden"]
    figures = [change for change in seen if change.kind == "figure"]
    chosen = _chosen(main_figures(figures))
    told = [figure_sentence(change) for change in chosen]
    more = len(figures) - len(chosen)
    told += [f"and {counted(more, 'more figure')}"] if more else []
    if not figures:  # else they repeat one of the report
        told += [figure_sentence(c) for c in seen if c.kind == "headline" and c.before != c.after]
    for kind, noun in (("table", "tables"), ("column", "columns"), ("row", "lines")):
        own = [change for change in seen if change.kind == kind]
        sides = {
            "New": [change for change in own if change.before is None],
            "Left out": [change for change in own if change.after is None],
            "Changed": [change for change in own if None not in (change.before, change.after)],
        }
        told += [f"{word} {noun}: {_named(map(_place, some))}" for word, some in sides.items() if some]
    for kind, words in (("text", "Texts changed in"), ("chart", "Charts drawn anew:")):
        places = [change.where for change in seen if change.kind == kind]
        told += [f"{words} {_named(places)}"] if places else []
    behind = [change.where for change in changes if change.role == "hidden"]
    told += [f"Behind the report, in its workbook: {_named(behind)}"] if behind else []
    return told or ["The same figures and texts, in another order or form"]


def main_figures(figures: Sequence[Change]) -> list[list[Change]]:
    """For each table the first figure that changed in each row, the largest change first.

    A table's columns start with what matters most; a chart repeats figures of a table before it.
    """
    tables: dict[str, dict[str, Change]] = {}
    told: set[tuple[object, ...]] = set()
    for change in sorted(figures, key=lambda change: change.role == "chart"):
        # By its own name and scale, perhaps, but by the same amount.
        same = [(change.row, change.before, change.after), (change.before, change.after), (change.amount,)]
        if told.isdisjoint(same if change.role == "chart" else same[:1]):
            told.update(entry for entry in same if entry != (None,))
            tables.setdefault(change.where, {}).setdefault(change.row, change)
    return [sorted(rows.values(), key=lambda c: -abs(c.amount or 0)) for rows in tables.values()]


def figure_sentence(change: Change) -> str:
    """Such as "Revenue, November 2025, AC: 2,837 → 2,850 EUR k"; after a chart's figure the chart's name."""
    place = f"{change.what} ({change.where})" if change.role == "chart" else change.what
    sides = " → ".join("none" if text is None else short(text) for text in (change.before, change.after))
    return f"{place}: {sides} {change.unit}".rstrip()


def _place(change: Change) -> str:
    """Where a row, a column or a table came or went."""
    name = change.after if change.after is not None else change.before or ""
    return change.where if change.kind == "table" else f"{short(name)} in {change.where}"


def short(text: str) -> str:
    """A text as it is quoted: its beginning, where it is long."""
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1].rstrip() + "…"


def _chosen(tables: Sequence[Sequence[Change]]) -> list[Change]:
    """As many as are told: some of each table, in the order of the tables."""
    turns = [change for turn in zip_longest(*tables) for change in turn if change is not None][:_TOLD]
    return [change for rows in tables for change in rows if change in turns]


def _named(names: Iterable[str]) -> str:
    known = [f"“{name}”" for name in dict.fromkeys(names)]
    if len(known) <= _NAMED:
        return joined(known)
    return joined([*known[: _NAMED - 1], f"{len(known) - _NAMED + 1} more"])
