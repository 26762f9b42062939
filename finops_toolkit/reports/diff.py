"""What changed between two folders of reports: figures by unit, texts, charts, new and missing reports.

Read from run.json and from what each report says (see contents.py). Nothing is written, nothing is run.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..wording import counted, joined
from .changes import Change, compare
from .issues import figure_sentence, main_figures, sentences
from .manifest import NAME, known_manifest
from .outcomes import good, in_words
from .pages import Facts, shell_page

CONTENTS = ".finops/contents"
_LISTED = 200  # figures of a report that its page lists one by one
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CALLED = {"html": "page", "pdf": "PDF", "xlsx": "workbook", "ipynb": "notebook"}
_COUNTED = (
    ("text", "text", "texts"),
    ("chart", "chart", "charts"),
    ("row", "line that came or went", "lines that came or went"),
    ("column", "column that came or went", "columns that came or went"),
    ("table", "table that came or went", "tables that came or went"),
)


@dataclass(frozen=True)
class Report:
    """A report that differs: what it is called, and what it says otherwise (`changes`).

    Where figures could not be compared, `unknown` says why; the changes are then empty.
    """

    place: str
    title: str
    unit: str
    period: str
    changes: tuple[Change, ...] = ()
    unknown: str = ""

    @property
    def name(self) -> str:
        """Unit, report and period in one."""
        return " · ".join(part for part in (self.unit, self.title, self.period) if part)

    def figures(self) -> list[Change]:
        """The figures on the page that changed, one for each row of a table, the largest change first."""
        seen = [c for c in self.changes if c.kind == "figure" and c.role != "hidden"]
        found = [change for rows in main_figures(seen) for change in rows]
        return sorted(found, key=lambda change: -abs(change.amount or 0))


@dataclass(frozen=True)
class Outcome:
    """A report whose outcome differs: before and after in words, and the cause after."""

    report: Report
    before: str
    after: str
    cause: str


@dataclass(frozen=True)
class Differences:
    """What two folders say differently. `same`: reports that say the same in both; `rewritten`: those of
    them whose files have other bytes all the same. `facts`: what differs of the batches: name, before, after.
    """

    before: str
    after: str
    changed: tuple[Report, ...]
    new: tuple[Report, ...]
    missing: tuple[Report, ...]
    outcomes: tuple[Outcome, ...]
    same: int
    rewritten: int
    facts: tuple[tuple[str, str, str], ...]

    @property
    def any(self) -> bool:
        """Whether a report differs, came, went or ended otherwise."""
        return bool(self.changed or self.new or self.missing or self.outcomes)

    def label(self, report: Report) -> str:
        """A report's unit, and of its title and period what is not the same for all that changed."""
        titles, periods = ({getattr(r, name) for r in self.changed} for name in ("title", "period"))
        parts = [report.unit, report.title if len(titles) > 1 or not report.unit else ""]
        return " · ".join(filter(None, [*parts, report.period if len(periods) > 1 else ""])) or report.place

    def summary(self) -> str:
        """One sentence: how many reports differ, are new, missing, ended otherwise."""
        if not self.any:
            return f"Nothing differs: {counted(self.same, 'report')} say the same."
        parts = [f"{len(self.changed)} of {counted(len(self.changed) + self.same, 'report')} differ"]
        parts += [f"{len(self.new)} new"] if self.new else []
        parts += [f"{len(self.missing)} missing"] if self.missing else []
        parts += [f"{counted(len(self.outcomes), 'outcome')} changed"] if self.outcomes else []
        return f"{joined(parts)}."

    def to_json(self) -> dict[str, Any]:
        """The same for machines."""
        return {**asdict(self), "any": self.any}


def diff(before: Path, after: Path) -> Differences:
    """What `after` says differently from `before`, two folders of `finops report`; reports are matched by
    their place. Raises UsageError for a folder without a run.json.
    """
    sides = [(folder, _manifest(folder)) for folder in (before, after)]
    (_, old), (_, new) = sides
    records = [{p: r for p, r in manifest["reports"].items() if isinstance(r, dict)} for _, manifest in sides]
    changed, outcomes, same, rewritten = [], [], 0, 0
    for place in sorted(set(records[0]) & set(records[1]), key=_order(records[1])):
        pair = [own[place] for own in records]
        report = _report(place, pair[1])
        earlier, later = (in_words("done" if good(r["status"]) else str(r["status"])) for r in pair)
        if earlier != later:
            outcomes.append(Outcome(report, earlier, later, str(pair[1].get("cause", ""))))
        changes, unknown = _compared([folder for folder, _ in sides], pair)
        if changes or unknown:
            changed.append(_report(place, pair[1], tuple(changes), unknown))
        else:
            same, rewritten = same + 1, rewritten + bool(_other_files(*pair))
    come = [_report(place, records[1][place]) for place in sorted(set(records[1]) - set(records[0]))]
    gone = [_report(place, records[0][place]) for place in sorted(set(records[0]) - set(records[1]))]
    return Differences(
        str(before),
        str(after),
        tuple(changed),
        tuple(come),
        tuple(gone),
        tuple(outcomes),
        same,
        rewritten,
        tuple(_facts(old, new)),
    )


def _manifest(folder: Path) -> dict[str, Any]:
    known = known_manifest(folder)
    if known is None:
        raise UsageError(
            f"{folder} holds no {NAME}." if folder.is_dir() else f"There is no folder {folder}.",
            "Give two folders that finops report has written.",
        )
    return known


def _order(records: Mapping[str, Any]) -> Any:
    """Latest period first, then units in the order of their tree."""
    return lambda place: (
        -int(records[place].get("period_order", 0)),
        int(records[place].get("order", 0)),
        place,
    )


def _report(
    place: str, record: Mapping[str, Any], changes: tuple[Change, ...] = (), unknown: str = ""
) -> Report:
    named = ("title", "variant", "unit_label", "period_label")
    title, variant, unit, period = (str(record.get(key) or "") for key in named)
    return Report(place, f"{title} ({variant})" if variant else title, unit, period, changes, unknown)


def _facts(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What differs of the batches themselves."""
    told = [{"Books": one.get("books"), "Data": one.get("data"),
             "Contract and reconciliation": one.get("reconciliation")} for one in (old, new)]  # fmt: skip
    for one, side in zip((old, new), told, strict=True):
        made = one.get("made_with") or {}
        side |= {
            "finops_toolkit": made.get("package"),
            "Python": made.get("python"),
            **made.get("libraries", {}),
        }
    names = dict.fromkeys([*told[0], *told[1]])
    rows = [(name, str(told[0].get(name) or ""), str(told[1].get(name) or "")) for name in names]
    return [row for row in rows if row[1] != row[2]]


# --- one report in two folders -----------------------------------------------------------------------


def _compared(folders: Sequence[Path], pair: Sequence[Mapping[str, Any]]) -> tuple[list[Change], str]:
    """What a report says differently; or, where what it says is not kept, that its files differ."""
    names = [str(record.get("contents") or "") for record in pair]
    if names[0] and names[0] == names[1]:
        return [], ""
    contents = [_contents(folder, name) for folder, name in zip(folders, names, strict=True)]
    if contents[0] is not None and contents[1] is not None:
        return compare(contents[0], contents[1]), ""
    other = _other_files(*pair)
    if not other:
        return [], ""
    lacking = [str(folder) for folder, one in zip(folders, contents, strict=True) if one is None]
    said = f"what it says is not kept in {joined(lacking)}, so its figures are not compared"
    return [], f"Its {joined(_CALLED[kind] for kind in other)} {'differ' if other[1:] else 'differs'}; {said}"


def _other_files(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The kinds of file that both have and that have other bytes."""
    files = [record.get("files") or {} for record in (old, new)]
    shared = [kind for kind in _CALLED if kind in files[0] and kind in files[1]]
    return [kind for kind in shared if files[0][kind].get("sha256") != files[1][kind].get("sha256")]


def _contents(folder: Path, name: str) -> dict[str, Any] | None:
    """What a report says, by its hash; None where it is not kept or damaged."""
    if not _SHA256.fullmatch(name):
        return None
    try:
        content = gzip.decompress((folder / CONTENTS / f"{name}.json.gz").read_bytes())
    except (OSError, EOFError, zlib.error):
        return None
    return dict(json.loads(content)) if hashlib.sha256(content).hexdigest() == name else None


# --- the page ----------------------------------------------------------------------------------------


def diff_page(differences: Differences, facts: Facts = ()) -> str:
    """The differences as one HTML page that loads and runs nothing."""
    return shell_page(
        "diff",
        title="What changed between two batches of reports",
        found=differences,
        reports=[_shown(report) for report in differences.changed],
        facts=[("Before", differences.before), ("After", differences.after), *facts],
    )


def _shown(report: Report) -> dict[str, Any]:
    """What the page says of a report."""
    seen = [change for change in report.changes if change.role != "hidden"]
    own = {kind: [c for c in seen if c.kind == kind] for kind in ("figure", "text", "chart")}
    main = report.figures()
    behind = Counter(change.where for change in report.changes if change.role == "hidden")
    return {
        "name": report.name,
        "unknown": report.unknown,
        "counts": counts(report.changes),
        "main": main,
        "largest": figure_sentence(main[0]) if main else "",
        "figures": own["figure"][:_LISTED] if len(own["figure"]) > len(main) else [],
        "all": len(own["figure"]),
        "texts": own["text"][:_LISTED],
        "charts": own["chart"],
        "lines": sentences([c for c in seen if c.kind in ("row", "column", "table")])
        if _placed(seen)
        else [],
        "behind": [f"{where} ({count:,})" for where, count in behind.items()],
    }


def _placed(changes: Sequence[Change]) -> bool:
    return any(change.kind in ("row", "column", "table") for change in changes)


def counts(changes: Sequence[Change]) -> str:
    """How much changed: "12 figures, 3 texts and 1 chart; 40 behind the report, in its workbook"."""
    seen = Counter(change.kind for change in changes if change.role != "hidden")
    parts = [counted(seen["figure"], "figure")] if seen["figure"] else []
    parts += [counted(seen[kind], one, many) for kind, one, many in _COUNTED if seen[kind]]
    parts += [counted(seen["headline"], "headline figure")] if seen["headline"] and not parts else []
    hidden = sum(change.role == "hidden" for change in changes)
    behind = [f"{hidden:,} behind the report, in its workbook"] if hidden else []
    return "; ".join([*([joined(parts)] if parts else []), *behind])
