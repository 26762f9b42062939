"""Recorded reads: what was asked of the books, and the hash of what they gave.

All that comes out of books is a read, and a read can be made again. So a report is known to be stale without
a word from whoever wrote it: when one of its reads gives something else now.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pandas as pd

from ..errors import FinopsError, UsageError
from .digest import hash_of

# The environment's name for the file that reads are appended to.
VARIABLE = "FINOPS_READS"


@dataclass(frozen=True)
class Read:
    """A recorded read: what was asked, as plain data, and the hash of what it gave (or how it failed)."""

    name: str
    arguments: dict[str, Any]
    sha256: str

    @property
    def id(self) -> str:
        """What was asked in short: the same for the same question to any books."""
        return read_id(self.name, self.arguments)


def read_id(name: str, arguments: Mapping[str, Any]) -> str:
    """The SHA-256 of a question: a read's name and its arguments."""
    return hash_of([name, arguments])


def failure(problem: FinopsError) -> str:
    """What stands in a hash's place where a read gave nothing but a problem: another day it may give more."""
    return f"failed: {hash_of(str(problem))}"


class Reads:
    """The reads made of some books, each once.

    Where the environment's FINOPS_READS names a file, each is appended to it as a line of JSON before what it
    gave is given out: whoever reads may be killed at any moment, and has seen nothing that is not there.
    """

    def __init__(self) -> None:
        self._file = os.environ.get(VARIABLE, "")
        self._made: dict[str, tuple[str, Mapping[str, Any], Callable[[], str]]] = {}
        self._hashes: dict[str, str] = {}
        self._plain: set[str] = set()

    def note_plain(self, name: str, sha256: Callable[[], str]) -> None:
        """Note a read that has no arguments; quick where it was noted before."""
        if name not in self._plain:
            self.note(name, {}, sha256)
            self._plain.add(name)

    def note(self, name: str, arguments: Mapping[str, Any], sha256: Callable[[], str]) -> None:
        """Note a read. Its hash is computed now where a file is asked for, else when somebody asks for it.

        Raises FinopsError where the file cannot be written.
        """
        asked = read_id(name, arguments)
        if asked in self._made:
            return
        self._made[asked] = (name, arguments, sha256)
        if self._file:
            line = {"name": name, "arguments": arguments, "sha256": self._hash(asked)}
            self._append((json.dumps(line, ensure_ascii=True, sort_keys=True) + "\n").encode())

    def sha256(self, name: str, arguments: Mapping[str, Any]) -> str | None:
        """The hash of what a read gave; None where it was not made."""
        asked = read_id(name, arguments)
        return self._hash(asked) if asked in self._made else None

    def __iter__(self) -> Iterator[Read]:
        return (Read(name, dict(given), self._hash(asked)) for asked, (name, given, _) in self._made.items())

    def _hash(self, asked: str) -> str:
        if asked not in self._hashes:
            try:
                self._hashes[asked] = self._made[asked][2]()
            except FinopsError as problem:
                self._hashes[asked] = failure(problem)
        return self._hashes[asked]

    def _append(self, line: bytes) -> None:
        try:
            file = os.open(
                self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666
            )
            try:
                # One call for a line: lines of several processes never mix, and at most the last one is torn.
                if os.write(file, line) != len(line):
                    raise OSError("the disk is full")
            finally:
                os.close(file)
        except OSError as problem:
            raise FinopsError(
                f"The reads of a report cannot be recorded in {self._file}: {problem}.",
                f"Make room or give leave to write there, or leave {VARIABLE} out.",
            ) from problem


class RecordedTables(Mapping[str, ibis.Table]):
    """The typed tables by name, as expressions. Which there are is a read, and the whole of one taken."""

    def __init__(
        self, tables: Mapping[str, ibis.Table], listed: Callable[[], None], taken: Callable[[str], None]
    ):
        self._tables, self._listed, self._taken = tables, listed, taken

    def __getitem__(self, name: str) -> ibis.Table:
        self._listed()
        table = self._tables[name]
        # What an expression makes of a table is not seen here: any of its rows may matter.
        self._taken(name)
        return table

    def __contains__(self, name: object) -> bool:
        self._listed()
        return name in self._tables

    def __iter__(self) -> Iterator[str]:
        self._listed()
        return iter(list(self._tables))

    def __len__(self) -> int:
        self._listed()
        return len(self._tables)


# --- values to compare with, as plain data and back ------------------------------------------------


def plain_value(value: Any) -> Any:
    """A value, or a list of values, that a column is compared with, as JSON. Raises UsageError for others."""
    if isinstance(value, (list, tuple, set, frozenset)):
        plain = {json.dumps(plain_value(one), sort_keys=True) for one in value}
        return {"any": [json.loads(text) for text in sorted(plain)]}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dt.datetime):
        return {"moment": value.isoformat()}
    if isinstance(value, dt.date):
        return {"date": value.isoformat()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    raise UsageError(
        f"A column cannot be compared with {value!r}.",
        "Give a text, a number, a date, yes or no, or a list of these.",
    )


def value_of(plain: Any) -> Any:
    """Back from plain_value."""
    if not isinstance(plain, dict):
        return plain
    ((kind, text),) = plain.items()
    if kind == "any":
        return [value_of(one) for one in text]
    read: dict[str, Callable[[str], Any]] = {
        "moment": dt.datetime.fromisoformat,
        "date": dt.date.fromisoformat,
        "decimal": Decimal,
    }
    return read[kind](text)
