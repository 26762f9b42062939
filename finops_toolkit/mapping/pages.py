"""What people read of a proposal: PROFILE.md, QUESTIONS.md and README.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..books.contract import load_contract
from ..wording import counted, joined
from .formats import FORMS
from .looking import Look
from .matching import Match
from .profiling import Join, Profile, Table
from .proposing import Proposal, Question, shown_name
from .words import table_words

_MOST_COLUMNS = 60
_KINDS = {"code": "short text", "flag": "sign (debit or credit)", "empty": "empty", "boolean": "yes or no"}


def _cell(text: str) -> str:
    """Text from data in a table of Markdown: on one line, and nothing in it taken for markup."""
    flat = shown_name(text)
    for sign in ("\\", "|", "`", "*", "_", "<", ">", "[", "]", "#"):
        flat = flat.replace(sign, "\\" + sign)
    return flat


def kind_text(column: Profile) -> str:
    """What a column's values are, in words."""
    form = column.form
    if column.kind in ("date", "month"):
        example = FORMS[form.form].example if form.form in FORMS else ""
        return f"{column.kind}, like {example}" if example else column.kind
    if column.kind == "number":
        kind = "whole number" if form.whole else "number"
        kind += {"eu": ", like 1.234,56", "us": ", like 1,234.56"}.get(form.form, "")
        return kind + (", some begin with 0" if form.zeros else "")
    return _KINDS.get(column.kind, column.kind)


def held_in(tables: Iterable[Table]) -> tuple[int, int]:
    """How many tables the files hold, and how many rows: what was set one below the other is in them."""
    own = [table.rows for table in tables if not table.origin]
    return len(own), sum(own)


def profile_page(
    seen: Look, tables: dict[str, Table], joins: Sequence[Join], chosen: dict[str, Match]
) -> str:
    """PROFILE.md: every table and its columns, and what could not be read."""
    uses: dict[str, list[str]] = {}
    for name, match in chosen.items():
        uses.setdefault(match.main.name, []).append(name)
    held, rows = held_in(tables.values())
    lines = [
        "# What the files hold",
        "",
        f"{counted(seen.files, 'file')}, {counted(held, 'table')}, {counted(rows, 'row')}. "
        "Rows and empty cells are counted over everything; kinds are told from a sample.",
        "",
    ]
    if seen.unread:
        lines += ["## Not read", "", "| file | why |", "|---|---|"]
        lines += [f"| {_cell(file)} | {_cell(why)} |" for file, why in seen.unread] + [""]
    for table in tables.values():
        used = f" Used for {joined(uses[table.name], 'and')}." if table.name in uses else " Not used."
        lines += [
            f"## {table.name}",
            "",
            f"{_cell(table.source.shown)}: {counted(table.rows, 'row')}.{used}",
            "",
        ]
        lines += [f"- {note[0].upper()}{note[1:]}." for note in table.source.notes]
        lines += [
            f"- {counted(one.count, 'row')}: {one.reason}, for example: {_cell(one.example)}"
            for one in table.apart
        ]
        keys = [column.name for column in table.columns.values() if column.unique]
        lines += [f"- Different in each row: {joined([_cell(k) for k in keys[:8]], 'and')}."] if keys else []
        lines += [
            f"- {_cell(j.column)} leads to {_cell(j.key)} of {j.other} ({j.share:.0%} of its values are "
            f"there)."
            for j in joins
            if j.table == table.name
        ][:12]
        lines += ["", "| column | filled | different | what it holds | examples |", "|---|---:|---:|---|---|"]
        for column in list(table.columns.values())[:_MOST_COLUMNS]:
            share = f"{column.filled / table.rows:.0%}" if column.filled < table.rows else "all"
            examples = ", ".join(_cell(value[:24]) for value in column.examples[:3])
            lines.append(
                f"| {_cell(column.name)} | {share} | {column.distinct:,} | {kind_text(column)} | {examples} |"
            )
        left = len(table.columns) - _MOST_COLUMNS + table.unprofiled
        lines += [f"| … and {left:,} more columns | | | | |"] if left > 0 else []
        lines.append("")
    return "\n".join(lines)


def questions_page(questions: Sequence[Question]) -> str:
    """QUESTIONS.md: what to confirm, what matters most first."""
    lines = [
        "# Questions",
        "",
        "What the proposal was not sure of, the most important first. Answer by a change in the file that "
        "is named, "
        "or leave it if the proposal is right. Then run the check again.",
        "",
    ]
    for number, question in enumerate(questions, 1):
        lines += [f"{number}. {_plain(question.text)}  ", f"   Where: {question.where}"]
    return "\n".join(lines if questions else [*lines, "None."]) + "\n"


def _plain(text: str) -> str:
    flat = "".join(letter if letter.isprintable() else " " for letter in text)
    for sign in ("\\", "|", "`", "*", "_", "<", ">", "[", "]"):
        flat = flat.replace(sign, "\\" + sign)
    return flat


def readme_page(
    name: str,
    folder: str,
    proposals: dict[str, Proposal],
    extra: Sequence[str],
    near: Sequence[Match],
    check: str,
) -> str:
    """README.md: what this folder is, what is mapped, and the next steps."""
    lines = [
        f"# {_plain(name)}: from exports to books",
        "",
        f"Proposed by `finops new` from the files in `{folder.replace('`', '')}`. Nothing here is final: "
        f"it is text, "
        "and made to be changed.",
        "",
        "## Next steps",
        "",
        "1. Read QUESTIONS.md. Each question says which file to change.",
        f"2. Run the check: `{check.replace('`', '')}`. It names each problem with the line of the SELECT "
        f"or the row of the file.",
        "3. Look through accounts.csv, if it is there: the column `line` says where an account stands in "
        "the statement. "
        "An account without a line shows as `unmapped`.",
        "4. Change, check, change, until the check says *usable* and the sums are those you know.",
        f"5. See the figures: `{check.replace('finops check', 'finops kpis').replace('`', '')}`. "
        f"Make reports: `{check.replace('finops check', 'finops report --data').replace('`', '')}`.",
        "",
        "Next month: put the new files into the same folder, under the same names or patterns, and run it "
        "again.",
        "",
        "## What is mapped",
        "",
        "| table | from | rows used | at least sure |",
        "|---|---|---:|---:|",
    ]
    for table, proposal in proposals.items():
        words = table_words()[table]["core"]
        scores = [
            proposal.match.picks[c][1]
            for group in words
            for c in group.split("|")
            if c in proposal.match.picks
        ]
        sure = f"{min(scores):.0%}" if scores else ""
        lines.append(f"| {table} | {_cell(proposal.match.main.source.shown)} | {proposal.rows:,} | {sure} |")
    lines += [f"| {table} | the rows that name them | | |" for table in extra]
    if near:
        lines += ["", "## Nearly", ""]
        lines += [
            f"- {match.main.name} looks like {match.table.name}, but {joined(match.missing, 'and')} is not "
            f"found in it."
            for match in near[:6]
        ]
    lines += ["", "## The files", "", "| file | what it is |", "|---|---|"]
    lines += [
        "| books.toml | the company, how each file is read, and what must add up |",
        "| *table*.sql | a SELECT that makes a table of the contract; behind each column where it comes "
        "from |",
        "| *table*.rejected.sql | the rows left out on purpose, with the reason |",
        "| accounts.csv | the statement line of each account |",
        "| PROFILE.md | what the files hold, column by column |",
        "| QUESTIONS.md | what to confirm, the most important first |",
    ]
    return "\n".join(lines) + "\n"


def template(name: str) -> str:
    """A SELECT to start a table from: every column of the contract with what it means."""
    contract = load_contract().tables[name]
    lines = [
        f"-- {name}: {contract.text}.",
        "-- Copy this beside books.toml, and put the names of your columns in.",
    ]
    lines += ["-- m is your table; books.toml says which file it is.", "SELECT"]
    columns = list(contract.columns.values())
    for column in columns:
        end = "," if column is not columns[-1] else ""
        need = "may be left out" if column.optional else "needed"
        allowed = f"; one of {', '.join(column.one_of)}" if column.one_of and len(column.one_of) < 12 else ""
        lines.append(
            f'    m."..." AS "{column.name}"{end}  -- {column.text} ({column.type}, {need}{allowed})'
        )
    return "\n".join([*lines, "FROM MyTable m", ""])
