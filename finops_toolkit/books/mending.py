"""What is to be mended: an engine's words on a SELECT, and values that cannot be read, with their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..sources.macros import readings
from ..sources.sql import literal, quote
from ..wording import joined
from .casting import EXAMPLES
from .contract import Column

if TYPE_CHECKING:
    from .opening import Opened

_REMARK = re.compile(r" \(not written like (.*)\)$")
# How many values are shown, and looked for in the source.
_SHOWN = 5

# What the engine says of a SELECT, and what a person who knows no SQL is told.
_SAID = (
    (r'Referenced column "(.*)" not found in FROM clause', "no source that it reads has a column {0}"),
    (r'Table "(.*)" does not have a column named "(.*)"', "{0} has no column {1}"),
    (r'Referenced table "(.*)" not found', "there is no {0} after FROM or JOIN"),
    (r"Macro (\w+)\(\) does not support the supplied arguments", "{0} is not given what it needs"),
    (r"Scalar Function with name (\S+) does not exist", "there is no function {0}"),
    (
        r"No function matches the given name and argument types '([^ (]+)\(.*VARCHAR.*\)'",
        "“{0}” needs numbers, and this is text: write CAST(… AS DECIMAL(19, 4)) around the column",
    ),
    (r'column "(.*)" must appear in the GROUP BY clause', "rows are added up, but {0} is not: GROUP BY it"),
    (r'syntax error at or near "(.*)"', "this is no SQL at “{0}”: is a comma missing, or one too many?"),
    (r"syntax error at end of input", "it ends too early: is a bracket or a word missing?"),
)
_UNREAD = (
    r"Could not convert string [\"'](.*?)[\"'] to (\w+)",
    r'invalid (date|timestamp) field format: "(.*?)"',
    r'(date|timestamp) field value out of range: "(.*?)"',
)


def place_in(text: str, error: str, before: int) -> str:
    """What the engine says of a SELECT, in plain words: the line and place in `text`.

    before: how many lines of ours stand above it.
    """
    said = plain_words(error)
    line, shown = line_of(text, error, before)
    return said if line is None else f"line {line}: {said}{shown}"


def line_of(text: str, error: str, before: int) -> tuple[int | None, str]:
    """The line of `text` an engine's error points at, and what stands there with a caret below."""
    lines = error.splitlines()
    for number, pointer in enumerate(lines):
        found = re.match(r"LINE (\d+): (.*)", pointer)
        if found is None:
            continue
        line = int(found[1]) - before
        written = text.splitlines()[line - 1] if 0 < line <= len(text.splitlines()) else found[2]
        at = (lines[number + 1].find("^") if number + 1 < len(lines) else -1) - len(f"LINE {found[1]}: ")
        if found[2].startswith("..."):
            at += written.find(found[2].strip(".")[:20]) - 3
        caret = f"\n    {' ' * at}^" if 0 <= at <= len(written) else ""
        return line, f"\n    {written}{caret}"
    return None, ""


def plain_words(error: str) -> str:
    """What an engine says is wrong, in plain words where there are some, and what may have been meant."""
    lines = error.splitlines()
    said = re.sub(r"^(\w+ )+Error: ", "", lines[0]).strip() if lines else "it cannot be run"
    for shape, words in _SAID:
        if found := re.search(shape, said):
            said = words.format(*found.groups())
            break
    meant = re.search(r"(?:Candidate bindings:|Candidate tables:|Did you mean)[ :]*(.*)", error)
    names = re.findall(r'"(\w[^"]*)"', meant[1]) if meant else []
    call = re.search(r"Candidate macros:\s+(.*)", error)
    if call:
        return f"{said}: write {call[1].strip()}"
    return said + (f"; did you mean {' or '.join(names[:2])}?" if names else "")


def unread_in(error: str) -> tuple[str, str] | None:
    """The value that an engine could not turn into a number or a date, and which; None of other errors."""
    for shape in _UNREAD:
        if found := re.search(shape, error):
            value, kind = found[1], found[2]
            if shape is not _UNREAD[0]:
                value, kind = kind, value
            dated = kind.lower() in ("date", "timestamp")
            return value, "date" if dated else "boolean" if kind == "BOOL" else "money"
    return None


def failed_value(opened: Opened, query: str, error: str, near: str = "") -> tuple[str, str] | None:
    """Of a SELECT that fails over a value: the value and its place, and how to mend it; None of other errors.

    near: the part of the SELECT that fails, whose columns are looked through first.
    """
    unread = unread_in(error)
    if unread is None:
        return None
    value, kind = unread
    column = re.search(r"when casting from source column (\S+)", error)
    places = places_of(opened, query, [value], near + (f" {column[1]}" if column else ""))
    what = {"date": "date", "boolean": "yes or no"}.get(kind, "number")
    said = f"{_bare(value)!r} is no {what}"
    named = places[0][1] if places else ""
    return said + (f" ({_shown_places(places)})" if places else ""), how_to_write([value], kind, named, True)


def names_in(query: str, names: Iterable[str]) -> list[str]:
    """The sources, or columns, that a SELECT speaks of."""
    return [name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", query)]


# Where a value stands: (file, column, rows in words, value).
Place = tuple[str, str, str, str]


def places_of(opened: Opened, query: str, values: Sequence[Any], near: str) -> list[Place]:
    """Where values stand that a SELECT reads; [] where none is found as it is."""
    wanted = list(dict.fromkeys(_bare(value) for value in values[:_SHOWN]))
    # What a view has made of a value no longer looks like it: the view's sources are looked through, too.
    for name, select in reversed(opened.views.items()):
        query += f"\n{select}" if names_in(query, [name]) else ""
    names = names_in(query, opened.sources)
    return [place for value in wanted if (place := _place_of(opened, names, query, value, near))]


def _bare(value: Any) -> str:
    return _REMARK.sub("", str(value)).strip()


def _place_of(opened: Opened, names: list[str], query: str, value: str, near: str) -> Place | None:
    """The first place of a value in the columns that a SELECT names, those in `near` before the others."""
    hits = []
    for name in names:
        described = opened.connection.raw_sql(f"DESCRIBE {quote(name)}").fetchall()
        columns = {str(column) for column, *_ in described}
        texts = [str(column) for column, kind, *_ in described if kind == "VARCHAR" and column != "file_"]
        texts = sorted(names_in(query, texts), key=lambda column: not names_in(near, [column]))
        if not texts or "row_" not in columns:
            continue
        sought = " ".join(
            f"WHEN TRIM({quote(column)}) = {literal(value)} THEN {rank}" for rank, column in enumerate(texts)
        )
        file = "file_" if "file_" in columns else "NULL"
        hit = opened.connection.raw_sql(
            f"SELECT place, {file}, LIST(row_ ORDER BY row_)[:{_SHOWN}], COUNT(*) FROM "
            f"(SELECT *, CASE {sought} END AS place FROM {quote(name)}) "
            "WHERE place IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 1"
        ).fetchall()
        if hit:
            rank, label, rows, count = hit[0]
            label = label or opened.settings["sources"].get(name, {}).get("file", name)
            told = f"row{'s' * (count > 1)} {', '.join(map(str, rows))}{' …' * (count > len(rows))}"
            hits.append((not names_in(near, [texts[rank]]), (label, texts[rank], told, value)))
    return min(hits, key=lambda hit: hit[0])[1] if hits else None


def _shown_places(places: Sequence[Place]) -> str:
    return "; ".join(f"{file}, {rows}, column {column}" for file, column, rows, _ in places)


def values_are_no(column: Column, count: int) -> str:
    """What is said of values that are there and could not be read: "2 values of amount are no money"."""
    things, be = ("1 value", "is") if count == 1 else (f"{count:,} values", "are")
    return f"{things} of {column.name} {be} no {column.type}"


def values_text(
    opened: Opened, table: str, column: str, values: Sequence[Any], rows: Sequence[str]
) -> tuple[str, str]:
    """Values that cannot be read, each with its place, and the source's column they stand in ("": unknown).

    Where a SELECT made them, the place is that in its source; rows: what the row of each is called elsewhere.
    """
    query = opened.selects.get(table, "")
    if not query:
        return ", ".join(f"{value!r} in {row}" for value, row in zip(values, rows, strict=True)), ""
    places = {place[3]: place for place in places_of(opened, query, values, _made_in(query, column))}
    columns = {place[:2] for place in places.values()}
    named = next(iter(columns))[1] if len(columns) == 1 else ""
    if named and {_bare(value) for value in values} == set(places):
        each = ", ".join(f"{value!r} in {rows}" for value, (_, _, rows, _) in places.items())
        return f"{each} of {next(iter(columns))[0]}, column {named}", named
    found = []
    for value in dict.fromkeys(map(str, values)):
        place = places.get(_bare(value))
        found.append(f"{_bare(value)!r} ({_shown_places([place])})" if place else repr(value))
    return ", ".join(found), named


def _made_in(query: str, column: str) -> str:
    """The lines of a SELECT in which a column of the contract is made."""
    made = [line for line in query.splitlines() if re.search(rf'\bAS\s+"?{column}"?\s*(,|--|$)', line, re.I)]
    return "\n".join(made)


def how_to_write(values: Sequence[Any], kind: str, column: str, select: bool) -> str:
    """How values are to be written, or which macro of a SELECT reads them as they are.

    column: what the source calls it, where that is known.
    """
    bare = [_bare(value) for value in values]
    if column and all(value.lower() == column.lower() for value in bare):
        return "the names of the columns stand there once more: leave that row out"
    found = readings(bare, "day" if kind in ("date", "month", "time") else "number") if kind in _READ else {}
    remarks = {said[1] for value in values if (said := _REMARK.search(str(value)))}
    example = EXAMPLES[kind]
    if not select:
        meant = joined(dict.fromkeys(found.values()), "or")
        return f"write them like {example}" + (f": {meant} for {bare[0]!r}" if found else "")
    if not found:
        written = f"like {joined(sorted(remarks), 'or')}" if remarks else f"like {example}"
        return f"it must be written {written}: mend the file, or leave the row out with its reason"
    calls = [f"{name}({column or '…'})" for name in found]
    if len(found) > 1 and len(set(found.values())) > 1:
        each = ", ".join(f"{text} with {call}" for call, text in zip(calls, found.values(), strict=True))
        return f"which is it? {bare[0]!r} is {each}"
    if remarks:
        expected = joined(sorted(remarks))
        return f"the SELECT expects {expected}; if all are like {bare[0]!r}, take {calls[0]}"
    return f"{bare[0]!r} is read by {calls[0]}"


_READ = ("date", "month", "time", "money", "quantity", "rate", "integer")
