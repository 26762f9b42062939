"""`finops new`: from a folder of exports to the first check, and what comes of it, said on the terminal."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import FinopsError
from .wording import counted, joined

if TYPE_CHECKING:
    from .books import Books
    from .mapping import Draft

_QUESTIONS_SHOWN, _KPIS_SHOWN, _ERRORS_SHOWN = 7, 12, 6


def new(arguments: argparse.Namespace) -> int:
    """Look, propose, write, check; 0 where the proposal can be used as it is, else 3."""
    from .mapping import blank, draft
    from .terminal import Bar, console

    target = Path(arguments.folder)
    out = console()
    if not arguments.source:
        blank(target)
        out.print(f"An empty start in {target}: books.toml, README.md, and SELECTs to copy in templates/.")
        out.print(f"With your exports it is less work: finops new {shlex.quote(str(target))} --from FOLDER")
        return 0
    folder = Path(arguments.source)
    with Bar("Reading") as bar:
        made = draft(target, folder, bar.show)
    _say_read(out, made)
    if not made.proposals:
        return _say_nothing(out, made)
    _say_mapped(out, made)
    usable = _say_checked(out, made)
    _say_questions(out, made)
    _say_next(out, made, usable)
    return 0 if usable else 3


def _heading(out: Any, text: str) -> None:
    out.print()
    out.print(text, style="bold")


def _say_read(out: Any, made: Draft) -> None:
    held, rows = made.held
    out.print(
        f"Read {counted(made.seen.files, 'file')} ({made.seen.bytes / 1e6:,.1f} MB): "
        f"{counted(held, 'table')}, {counted(rows, 'row')}.",
        style="bold",
    )
    for name, why in made.seen.unread[:5]:
        out.print(f"  not read: {name}: {why}", soft_wrap=True)
    if len(made.seen.unread) > 5:
        out.print(f"  … and {len(made.seen.unread) - 5} more: PROFILE.md names them.")
    if made.seen.companyfacts:
        out.print(
            f"  {joined(made.seen.companyfacts[:3])}: XBRL facts of listed companies, as the SEC serves them."
        )
        out.print(
            f"  These need no mapping: finops check sec --source {shlex.quote(str(made.seen.folder))}",
            soft_wrap=True,
        )


def _say_nothing(out: Any, made: Draft) -> int:
    if made.tables:
        _heading(out, "No table of the contract was recognised.")
        out.print(
            f"{made.target}/PROFILE.md shows what the files hold; QUESTIONS.md what came near.",
            soft_wrap=True,
        )
        out.print("Copy a SELECT to start from: finops new EMPTY makes a folder with one for each table.")
    return 0 if made.seen.companyfacts and not made.tables else 3


def _say_mapped(out: Any, made: Draft) -> None:
    from .mapping.proposing import with_parts
    from .terminal import grid

    _heading(out, f"Mapped to {counted(len(made.proposals) + len(made.listed), 'table')} in {made.target}")
    rows = []
    for name, proposal in made.proposals.items():
        scores = [
            score
            for column, (_, score) in proposal.match.picks.items()
            if not proposal.match.table.columns[column].optional
        ]
        parts = with_parts([proposal])
        left = sum(one.count for part in parts for one in part.left)
        rows.append(
            [
                name,
                joined(part.match.main.source.shown for part in parts),
                f"{sum(part.match.main.rows for part in parts):,}",
                f"{left:,}" if left else "",
                f"{min(scores, default=1):.0%}",
            ]
        )
    rows += [[name, "the rows that name them", "", "", ""] for name in made.listed]
    heads = {"table": "", "from": "", "rows read": "right", "left out": "right", "at least sure": "right"}
    out.print(grid(heads, rows))


def _say_checked(out: Any, made: Draft) -> bool:
    """Open the draft as `finops check` does; its errors, or the KPIs that result. True where it is usable."""
    from .books import open_books

    _heading(out, "First check")
    dated = [name for name, proposal in made.proposals.items() if proposal.match.table.date]
    if not dated:
        lists = joined(made.proposals)
        out.print(
            f"Not usable yet: {lists} are lists. No table with dates and figures is mapped.", soft_wrap=True
        )
        return False
    try:
        books = open_books(made.target, made.seen.folder, strict=False)
        findings = books.findings()
    except FinopsError as problem:
        out.print(f"{problem.message} {problem.hint or ''}", soft_wrap=True)
        return False
    errors = [finding for finding in findings if finding.level == "error"]
    for finding in errors[:_ERRORS_SHOWN]:
        out.print(f"  error in {finding}", soft_wrap=True)
    if len(errors) > _ERRORS_SHOWN:
        out.print(f"  … and {len(errors) - _ERRORS_SHOWN} more.")
    apart = [finding for finding in findings if finding.level == "difference"]
    if errors:
        out.print(f"Not usable yet: {counted(len(errors), 'error')}.")
        return False
    out.print(
        "Usable, without differences." if not apart else f"Usable, with {counted(len(apart), 'difference')}:"
    )
    for finding in apart[:_ERRORS_SHOWN]:
        out.print(f"  {finding.table}: {finding.text}", soft_wrap=True)
    _say_kpis(out, books)
    return True


def _say_kpis(out: Any, books: Books) -> None:
    from . import kpis
    from .terminal_check import _costs

    frame = kpis.values(books, None, [books.units.unit[0]], [books.period("latest-closed")])
    catalogue = kpis.catalogue_of(books)
    held = [
        catalogue[row.kpi].name
        for row in frame.itertuples()
        if row.value == row.value and row.value is not None
    ]
    shown = ", ".join(held[:_KPIS_SHOWN]) + (
        f" and {len(held) - _KPIS_SHOWN} more" if len(held) > _KPIS_SHOWN else ""
    )
    out.print(
        f"{counted(len(held), 'KPI')} of {len(frame)} for {frame.period.iloc[0]}: {shown}."
        if held
        else "No KPI has a value yet.",
        soft_wrap=True,
    )
    costs = {table: names for table, names in _costs(books).items() if names}
    if costs:
        table = max(costs, key=lambda name: len(costs[name]))
        names = [catalogue[name].name for name in costs[table][:4]]
        more = f" and {len(costs[table]) - 4} more" if len(costs[table]) > 4 else ""
        out.print(f"One more table would bring most: {table} ({', '.join(names)}{more}).", soft_wrap=True)


def _say_questions(out: Any, made: Draft) -> None:
    if not made.questions:
        return
    _heading(
        out, f"{counted(len(made.questions), 'question')}, the most important first (all in QUESTIONS.md)"
    )
    for number, question in enumerate(made.questions[:_QUESTIONS_SHOWN], 1):
        text = re.sub(r"[^\S ]|[\x00-\x1f\x7f-\x9f]", " ", question.text)
        out.print(f"{number}. {text}", soft_wrap=True)
        out.print(f"   → {question.where}", soft_wrap=True, style="dim")


def _say_next(out: Any, made: Draft, usable: bool) -> None:
    words = f"{shlex.quote(str(made.target))} --source {shlex.quote(str(made.seen.folder))}"
    _heading(out, "Next")
    if made.kept:
        out.print(
            f"You have edited {joined(made.kept)}: these are kept, the new proposal stands beside them as "
            f".new files.",
            soft_wrap=True,
        )
    out.print(f"Read {made.target}/README.md, change what is wrong, and check again:", soft_wrap=True)
    out.print(f"  finops check {words}", soft_wrap=True)
    if usable:
        out.print(f"  finops kpis {words}", soft_wrap=True)
        out.print(f"  finops report --data {words}", soft_wrap=True)
