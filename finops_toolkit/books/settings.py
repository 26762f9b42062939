"""books.toml, beside the tables: the company's name and calendar, and where an adapter finds its files."""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from pathlib import Path
from typing import Any

from ..calendars import calendar_of
from ..errors import UsageError
from ..periods import month_text, parse_period
from .checking import EARLIEST, LATEST
from .finding import Finding

_ALLOWED = {
    "name": str,
    "currency": str,
    "fiscal_year_start": int,
    "calendar": str,
    "year_end": str,
    "closed_through": str,
    "late_days": int,
    "closed_on": dt.date,
    "translate": bool,
    "consolidation": str,
    "description": str,
    "account_map": str,
    "sources": dict,
    "tables": dict,
    "notes": list,
    "made": dict,
    "peers": bool,
}
_KINDS = {
    bool: "true or false",
    dt.date: "a date without quotes, like 2025-12-05",
    str: "text in quotes",
    int: "a whole number",
    dict: "a table",
    list: "a list of tables",
}


def read_settings(folder: Path) -> tuple[dict[str, Any], list[Finding]]:
    """The settings that are sound, and what is wrong with the others: all of it."""
    path = folder / "books.toml"
    if not os.path.lexists(path):
        return {}, []
    hint = "mend it there, or take the file away to work without it"
    if not path.is_file():
        # A pipe that nobody writes to would be waited for.
        return {}, [_wrong("books.toml cannot be read: it is no file", hint)]
    try:
        text = path.read_text(encoding="utf8")
    except UnicodeDecodeError:
        return {}, [_wrong("books.toml cannot be read: it is not UTF-8 text", "save it as UTF-8")]
    except OSError as error:
        return {}, [_wrong(f"books.toml cannot be read: {error}", hint)]
    return settings_in(text)


def settings_in(text: str) -> tuple[dict[str, Any], list[Finding]]:
    """As read_settings, of the text of a books.toml."""
    hint = "mend it there, or take the file away to work without it"
    try:
        # Editors on Windows begin a file with a mark that TOML does not know.
        settings = tomllib.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        return {}, [_wrong("books.toml cannot be read: it is nested too deep", hint)]
    except ValueError as error:
        said = str(error).replace("Cannot overwrite a value", "A key stands there twice")
        return {}, [_wrong(f"books.toml cannot be read: {said}", hint)]
    return sound_settings(settings)


def sound_settings(settings: dict[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """As read_settings, of settings wherever they were found."""
    found = []
    for key, value in list(settings.items()):
        if key not in _ALLOWED:
            text = f"books.toml has a key {_short(key)}"
            found.append(_wrong(text, "allowed are " + ", ".join(_ALLOWED)))
        elif not isinstance(value, _ALLOWED[key]) or isinstance(value, bool) != (_ALLOWED[key] is bool):
            text = f"books.toml: {key} = {_short(value)}"
            found.append(_wrong(text, f"it must be {_KINDS[_ALLOWED[key]]}"))
            del settings[key]
    if not 1 <= settings.get("fiscal_year_start", 1) <= 12:
        month = settings.pop("fiscal_year_start")
        found.append(_wrong(f"books.toml: fiscal_year_start = {month}", "a month from 1 to 12"))
    if "closed_through" in settings and not _is_month(settings["closed_through"]):
        text = f"books.toml: closed_through = {settings.pop('closed_through')!r} is no month"
        found.append(_wrong(text, f"write it like 2025-11, from {EARLIEST[:4]} to {LATEST[:4]}"))
    found += _calendar(settings)
    if settings.get("consolidation", "full") not in ("full", "proportional"):
        text = f"books.toml: consolidation = {settings.pop('consolidation')!r}"
        found.append(_wrong(text, 'write "full" or "proportional"'))
    return settings, found + _notes(settings.get("notes", []))


def _calendar(settings: dict[str, Any]) -> list[Finding]:
    """What is wrong with the calendar; that is taken out, and months stand in its place."""
    try:
        calendar = calendar_of(settings.get("calendar"), settings.get("year_end"))
    except UsageError as error:
        settings.pop("calendar", None)
        settings.pop("year_end", None)
        return [_wrong(f"books.toml: {error.message}", error.hint)]
    given = settings.get("fiscal_year_start", calendar.fiscal_start)
    if calendar.pattern and given != calendar.fiscal_start:
        del settings["fiscal_year_start"]
        text = f"books.toml: fiscal_year_start = {given}, but a year that ends on the {calendar.year_end}"
        return [_wrong(f"{text} begins with month {calendar.fiscal_start}", "leave fiscal_year_start out")]
    return []


def _wrong(text: str, hint: str | None = None) -> Finding:
    return Finding("error", "books.toml", "settings", text, hint=hint)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"


def _is_month(text: str) -> bool:
    """Whether a text is a month that a company may be closed through."""
    try:
        period = parse_period(text, 0)
    except UsageError:
        return False
    return period.kind == "month" and EARLIEST[:4] <= month_text(period.last)[:4] <= LATEST[:4]


def _notes(notes: list[Any]) -> list[Finding]:
    """What the source has to say of itself stands among the findings."""
    found = []
    for note in notes:
        if isinstance(note, dict) and isinstance(note.get("text"), str):
            found.append(Finding("note", str(note.get("table", "books.toml")), "source", note["text"]))
        else:
            hint = 'write [[notes]] with table = "…" and text = "…"'
            found.append(_wrong(f"books.toml: the note {_short(note)} is not understood", hint))
    return found
