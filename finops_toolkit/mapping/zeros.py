"""Numbers that one file writes with leading zeros and another without: the longer form is the number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .proposing import Proposal
from .trying import source_of, where_of

_ENOUGH = 0.8  # of the numbers of the shorter list, so many must be found among the longer ones


@dataclass(frozen=True)
class _Numbers:
    """A column that holds numbers of accounts, customers …: its proposal, its name, and what stands in it."""

    proposal: Proposal
    column: str
    values: frozenset[str]

    @property
    def digits(self) -> frozenset[str]:
        return frozenset(value for value in self.values if value.isdigit())

    @property
    def width(self) -> int:
        """The length of all numbers, where some begin with 0 and all are as long; else 0."""
        lengths = {len(value) for value in self.digits}
        return lengths.pop() if len(lengths) == 1 and any(v[0] == "0" for v in self.digits) else 0


def same_width(engine: Any, proposals: Iterable[Proposal]) -> None:
    """Fill short numbers up with zeros where another file writes the same ones at full width."""
    held: dict[str, list[_Numbers]] = defaultdict(list)
    for proposal in proposals:
        for name in proposal.match.picks:
            column = proposal.match.table.columns[name]
            kind = proposal.name if name == proposal.match.table.key[0] else column.to
            if kind and column.type == "id":
                held[kind].append(_Numbers(proposal, name, _values(engine, proposal, name)))
    for numbers in held.values():
        full = [one for one in numbers if one.width]
        for short in numbers:
            if short.width or not short.digits or any(value[0] == "0" for value in short.digits):
                continue
            for long in full:
                filled = {value.zfill(long.width) for value in short.digits}
                smaller = min(len(filled), len(long.digits))
                if len(filled & long.digits) >= _ENOUGH * smaller:
                    _fill(short, long)
                    break


def _values(engine: Any, proposal: Proposal, name: str) -> frozenset[str]:
    value = f"CAST({proposal.cells[name].sql} AS VARCHAR)"
    rows = engine.execute(f"SELECT DISTINCT {value} {source_of(proposal)}{where_of(proposal)}").fetchall()
    return frozenset(str(value) for (value,) in rows if value)


def _fill(short: _Numbers, long: _Numbers) -> None:
    cell, width = short.proposal.cells[short.column], long.width
    # Letters and longer numbers stay as they are.
    cell.sql = (
        f"CASE WHEN REGEXP_FULL_MATCH({cell.sql}, '[0-9]{{1,{width}}}') "
        f"THEN LPAD({cell.sql}, {width}, '0') ELSE {cell.sql} END"
    )
    source = long.proposal.match.main.name
    cell.says += f", filled up with zeros to {width} digits, as {source} has it"
