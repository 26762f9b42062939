"""The adapter's folder: books.toml, a SELECT for each table, the account map. What a person has edited stays.

Text from data becomes SQL only as a quoted name or a quoted text, and stands in comments on one line.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import textwrap
from pathlib import Path
from typing import Any

from ..errors import FinopsError, UsageError
from .accounts import Line
from .proposing import Proposal, with_parts
from .trying import source_of, where_of

WRITTEN = ".finops-new.json"  # what was written, with its hash: what differs was edited
_WIDTH = 110


def sql_text(proposal: Proposal) -> str:
    """The SELECT of a table, each column with where it comes from and how sure that is.

    Where several sources hold the table, a SELECT for each, put together.
    """
    return "\nUNION ALL BY NAME\n".join(map(_select_text, with_parts([proposal])))


def _select_text(proposal: Proposal) -> str:
    match = proposal.match
    lines = [f"-- {match.table.name}: {match.table.text}."]
    lines += _comment(f"From {match.main.source.shown} ({match.main.rows:,} rows), here called m.")
    for name, alias in proposal.aliases.items():
        lines += _comment(f"With {name}, here called {alias}, which a number in each row leads to.")
    for question in proposal.questions:
        lines += _comment(f"QUESTION: {question.text}")
    lines.append(
        "-- Beside each column stands where it comes from, and how sure that is where there is doubt."
    )
    lines.append("SELECT")
    cells = list(proposal.cells.values())
    shown = [c for c in cells if c.sql != "NULL" or not c.column.optional]
    for cell in shown:
        sql = _aggregated(proposal, cell.column.name, cell.sql) if proposal.summed else cell.sql
        end = "," if cell is not shown[-1] or proposal.summed else ""
        sure = f", {cell.score * 100:.0f} % sure" if cell.score is not None and cell.score < 0.95 else ""
        name = cell.column.name
        quoted = (
            f'"{name}"'
            if name in ("order", "case", "text", "date", "time", "month", "line", "function")
            else name
        )
        said = f"-- {shown_line(cell.says)}{sure}"
        line = f"    {sql} AS {quoted}{end}"
        lines += [f"{line}  {said}"] if len(line) + len(said) < _WIDTH + 10 else [f"    {said}", line]
    if proposal.summed:
        counted = f"SUM({match.main.counted})" if match.main.counted else "COUNT(*)"
        lines.append(f"    {counted} AS source_rows  -- several rows of the source in one")
    lines += [source_of(proposal) + where_of(proposal)]
    if proposal.summed:
        lines.append("GROUP BY ALL")
    empty = [c for c in cells if c not in shown]
    nothing = "nothing found"
    if empty:
        lines.append("")
        lines.append(
            "-- Optional columns for which nothing was found. Add them above if the source has them:"
        )
        for cell in empty:
            perhaps = cell.says.removeprefix(nothing).strip("; ")
            more = f" {perhaps[0].upper()}{perhaps[1:]}?" if perhaps else ""
            lines += _comment(f"{cell.column.name}: {cell.column.text}.{more}", "--   ")
    return "\n".join(lines) + "\n"


def _aggregated(proposal: Proposal, name: str, sql: str) -> str:
    column = proposal.match.table.columns[name]
    if name in proposal.match.table.key:
        if column.type == "month" and not sql.startswith("CAST(DATE_TRUNC"):
            return f"CAST(DATE_TRUNC('month', CAST({sql} AS DATE)) AS DATE)"
        return sql
    if proposal.name == "rates":
        rate = f"CAST({sql} AS DECIMAL(19, 8))"
        if name == "closing":
            day = proposal.cells["month"].sql
            return f"ARG_MAX({rate}, CAST({day} AS DATE))"
        return f"CAST(ROUND(SUM({rate}) / COUNT(*), 8) AS DECIMAL(19, 8))"
    if column.type in ("money", "quantity"):
        total = f"SUM(CAST({sql} AS DECIMAL(19, 4)))"
        # A month without an amount is one of nothing.
        return f"COALESCE({total}, 0)" if proposal.match.main.origin else total
    return f"MAX({sql})"


def _comment(text: str, start: str = "-- ") -> list[str]:
    flat = " ".join(shown_line(text).split())
    return (
        textwrap.wrap(flat, _WIDTH, initial_indent=start, subsequent_indent=start, break_long_words=False)
        or []
    )


def shown_line(text: str) -> str:
    """A text on one line, whatever characters it holds."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def rejected_text(proposal: Proposal) -> str:
    """The rows left out on purpose, with the reason, and with their amount where the money is tied."""
    first = (
        f"-- Rows that {proposal.name}.sql leaves out, each with the reason. `finops check` counts them.\n"
    )
    parts = [part for one in with_parts([proposal]) for part in _rejected_parts(one)]
    return first + "\nUNION ALL\n".join(parts) + "\n"


def _rejected_parts(proposal: Proposal) -> list[str]:
    """A SELECT for each reason why rows of a source are left out."""
    amount = ""
    if proposal.amount:
        cell = proposal.cells[proposal.amount]
        amount = f", TRY_CAST({cell.sql} AS DECIMAL(19, 4)) AS amount"
    if proposal.match.main.counted:
        amount += f", {proposal.match.main.counted} AS source_rows"
    parts = []
    for place, left in enumerate(proposal.left):
        # A row is left out once, for the first reason that holds.
        before = [one.others for one in proposal.left[:place]]
        tests = "\n    AND ".join([f"({left.condition})", *before])
        note = "\n".join(
            _comment(f"{left.count:,} rows" + (f", for example: {left.example}" if left.example else ""))
        )
        parts.append(
            f"{note}\nSELECT '{left.reason}' AS reason{amount}\n{source_of(proposal)}\nWHERE {tests}"
        )
    return parts


def toml_text(
    settings: dict[str, Any],
    entries: dict[str, tuple[dict[str, Any], list[str]]],
    ties: dict[str, dict[str, Any]],
) -> str:
    """books.toml: settings, how each source is read, and what each table is tied to."""
    lines = [
        "# How the files are read, and what is known of the company. A proposal: change what is wrong.",
        "",
    ]
    for key, value in settings.items():
        lines.append(f"{key} = {toml_value(value)}")
    for name, (entry, notes) in entries.items():
        lines += ["", *(f"# {shown_line(note)}" for note in notes), f"[sources.{name}]"]
        lines += [f"{key} = {toml_value(value)}" for key, value in entry.items()]
    if ties:
        lines += [
            "",
            "# Nothing may get lost: rows read = rows used + rows left out with a reason, and so for money.",
        ]
    for table, entry in ties.items():
        lines += (
            [f"[tables.{table}]"] + [f"{key} = {toml_value(value)}" for key, value in entry.items()] + [""]
        )
    return "\n".join(lines).rstrip() + "\n"


def toml_value(value: Any) -> str:
    """A value as TOML writes it; text with every odd character escaped."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(one) for one in value) + "]"
    escaped = json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    return escaped


def accounts_text(lines: list[Line]) -> str:
    """The account map: every account found with its proposed statement line, and why."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["account", "name", "line", "why"])
    for one in sorted(lines, key=lambda one: one.account):
        writer.writerow([one.account, shown_line(one.name), one.line, one.why])
    return out.getvalue()


def write(folder: Path, files: dict[str, str]) -> tuple[list[str], list[str]]:
    """Write an adapter's files; returns (written, kept because edited: the new text stands beside as .new).

    UsageError where the folder holds somebody else's files; FinopsError where it cannot be written.
    """
    known = _known(folder)
    if folder.exists() and known is None and any(folder.iterdir()):
        raise UsageError(
            f"{folder} is not empty, and nothing in it was proposed by finops new.",
            "Give a new folder: what you have stays as it is.",
        )
    written, kept = [], []
    hashes: dict[str, str] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            here = path.read_bytes() if path.exists() else None
            new = text.encode("utf-8")
            if here is not None and here != new and _hash(here) != (known or {}).get(name):
                path = path.with_name(path.name + ".new")
                kept.append(name)
                hashes[name] = (known or {}).get(name, "")
            else:
                written.append(name)
                hashes[name] = _hash(new)
            path.write_bytes(new)
        # What an earlier proposal held and this one does not goes, unless somebody worked on it.
        for name, old in (known or {}).items():
            path = folder / name
            if name not in files and path.is_file() and _hash(path.read_bytes()) == old:
                path.unlink()
        (folder / WRITTEN).write_text(json.dumps(hashes, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as problem:
        raise FinopsError(f"{folder} could not be written: {problem.strerror or problem}.") from None
    return written, kept


def _known(folder: Path) -> dict[str, str] | None:
    try:
        found = json.loads((folder / WRITTEN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    safe = isinstance(found, dict) and all(
        isinstance(value, str) and re.fullmatch(r"(templates/)?[\w-]+\.[\w.]+", name)
        for name, value in found.items()
    )
    return {str(key): str(value) for key, value in found.items()} if safe else None


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
