"""The statement line of each account: by the words of its name, else by its number in a known chart."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..books.contract import load_contract
from .words import plain

UNMAPPED = "unmapped"
_AGREE = 0.6  # of the accounts that words decide, so many must lie in a chart's ranges for it to be used
_FEWEST = 5


@dataclass(frozen=True)
class Line:
    """An account with the line proposed for it, and why; `line` is "unmapped" where nothing says one."""

    account: str
    name: str
    line: str
    why: str


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("charts.toml").read_text(encoding="utf-8"))


@cache
def _phrases() -> list[tuple[str, list[tuple[str, ...]], list[tuple[str, ...]]]]:
    return [
        (group["line"], *([tuple(_words(one)) for one in group.get(key, ())] for key in ("words", "unless")))
        for group in _data()["words"]
    ]


def _words(text: str) -> list[str]:
    """The words of a text in their order, as compared."""
    return [word for word in (plain(part) for part in re.split(r"[\W_]+", text)) if word]


def _holds(words: list[str], phrase: tuple[str, ...]) -> bool:
    """Whether a phrase stands in the words; a long word may stand inside a longer one."""
    size = len(phrase)
    for start in range(len(words) - size + 1):
        part = words[start : start + size]
        if all(
            a == b or (len(b) > 5 and a.startswith(b)) or (len(b) > 7 and b in a)
            for a, b in zip(part, phrase, strict=True)
        ):
            return True
    return False


def line_by_name(name: str) -> tuple[str, str] | None:
    """The statement line that an account's name says, and the words that say it."""
    words = _words(name)
    for line, phrases, unless in _phrases():
        said = next((phrase for phrase in phrases if _holds(words, phrase)), None)
        if said and not any(_holds(words, phrase) for phrase in unless):
            return line, " ".join(said)
    return None


def _by_number(account: str, chart: str) -> str | None:
    digits = re.sub(r"\D", "", account).lstrip("0") if chart == "PCG" else re.sub(r"\D", "", account)
    for low, high, line in _data()["charts"][chart]["ranges"]:
        short = (
            digits.lstrip("0").rjust(4, "0")
            if chart != "PCG" and len(digits.lstrip("0")) <= 4
            else digits.lstrip("0")
        )
        if low <= short[: len(low)] <= high and len(short) >= len(low):
            return line
    return None


def lines_of(accounts: Iterable[tuple[str, str, str]]) -> tuple[list[Line], str]:
    """A line for each (account, name, its kind in the source), and the chart recognised or ""."""
    held = list(accounts)
    contract = load_contract()
    allowed = {*contract.lines_profit, *contract.lines_balance, *contract.lines_other}
    said: dict[str, tuple[str, str]] = {}
    for account, name, kind in held:
        if kind in allowed:
            said[account] = (kind, "the source says it")
        elif found := line_by_name(name):
            said[account] = (found[0], f"its name has “{found[1]}”")
    chart = _chart(said)
    lines = []
    for account, name, kind in held:
        line, why = said.get(account, (UNMAPPED, "nothing says it"))
        numbered = _by_number(account, chart) if chart else None
        # Wages, rent and repairs are costs of the plant in one range and of the office in another.
        general = (
            line in (UNMAPPED, "administration") and said.get(account, ("", ""))[1] != "the source says it"
        )
        if numbered and general:
            line, why = numbered, f"number range of {chart}"
        if line == UNMAPPED and kind and (found := line_by_name(kind)):
            line, why = found[0], f"its kind is “{kind[:40]}”"
        lines.append(Line(account, name, line, why))
    return lines, chart


def _chart(said: dict[str, tuple[str, str]]) -> str:
    """The chart whose ranges agree with most of what the names say; "" where none agrees with enough."""
    best, most = "", 0.0
    for chart in _data()["charts"]:
        hits = [(_by_number(account, chart), line) for account, (line, _) in said.items()]
        known = [number == line for number, line in hits if number]
        if len(known) >= max(_FEWEST, 0.5 * len(hits)) and sum(known) / len(known) > max(most, _AGREE):
            best, most = chart, sum(known) / len(known)
    return best
