"""The words by which companies call things: names compared with the synonyms of words.toml."""

from __future__ import annotations

import difflib
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..books.contract import load_contract

# Endings and beginnings that say only that something is a number or a key.
_NOISE = r"(id|no|nr|num|number|key|code|nummer|kennung|schluessel|alternatekey)"
_SMALL = {
    "de",
    "di",
    "da",
    "do",
    "du",
    "des",
    "del",
    "della",
    "der",
    "van",
    "of",
    "the",
    "la",
    "le",
    "el",
    "d",
    "l",
}
UMLAUTS = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "Ä": "Ae",
        "Ö": "Oe",
        "Ü": "Ue",
        "ß": "ss",
        "æ": "ae",
        "ø": "oe",
        "å": "aa",
    }
)


def plain(name: str) -> str:
    """A name as compared: small letters and digits only, umlauts as two letters, accents taken off."""
    small = unicodedata.normalize("NFC", name).lower().translate(UMLAUTS)
    return re.sub(r"[^a-z0-9]+", "", unaccented(small))


def unaccented(text: str) -> str:
    """A text without the accents on its letters."""
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)
    )


def _squeezed(name: str) -> str:
    """A name as compared, without the small words in it, and without what says only that it is a number."""
    kept = [word for word in re.split(r"[\W_]+", name) if plain(word) not in _SMALL]
    return re.sub(f"^(numero|codigo|codice|code)|{_NOISE}$", "", plain("".join(kept)))


def tokens(name: str) -> set[str]:
    """The words of a name: OrderDate, order_date and "Order Date" have the same."""
    split = re.sub(r"(?<=[a-zà-ÿ0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return {word for word in (plain(part) for part in re.split(r"[\W_]+", split)) if word}


@dataclass(frozen=True)
class Meaning:
    """A meaning: the kind of its values, its names as compared, and their words."""

    kind: str
    names: tuple[str, ...]
    words: tuple[frozenset[str], ...]
    squeezed: tuple[str, ...]


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))


@cache
def meanings() -> dict[str, Meaning]:
    """All meanings by name."""
    return {
        name: Meaning(
            entry["kind"],
            tuple(plain(one) for one in entry["names"]),
            tuple(frozenset(tokens(one)) for one in entry["names"]),
            tuple(_squeezed(one) for one in entry["names"]),
        )
        for name, entry in _data()["meanings"].items()
    }


@cache
def table_words() -> dict[str, dict[str, Any]]:
    """For each table of the contract what words.toml says of it."""
    return _data()["tables"]


@cache
def allowed_values(column: str) -> dict[str, str]:
    """Words for the values that `table.column` allows: word as compared -> value of the contract."""
    found = _data()["values"].get(column, {})
    return {plain(word): value for value, words in found.items() for word in [*words, value]}


@cache
def reserved() -> frozenset[str]:
    """Words of SQL, which no source may be called and no column without quotation marks."""
    return frozenset(_data()["sql"]["reserved"].split())


@cache
def currencies() -> frozenset[str]:
    """The ISO codes that are taken for currencies."""
    return frozenset(_data()["currencies"]["codes"].split())


@cache
def totals() -> tuple[str, ...]:
    """Words with which a row says that it sums others up, without accents."""
    return tuple(dict.fromkeys(unaccented(word) for word in _data()["totals"]["words"]))


def meaning_of(table: str, column: str) -> Meaning:
    """What a column of the contract is called elsewhere; a column without an entry is called as it is."""
    entry = table_words().get(table, {})
    name = entry.get("columns", {}).get(column, column)
    if name in meanings():
        return meanings()[name]
    kinds = {"money": "number", "quantity": "number", "rate": "number", "integer": "number", "time": "date"}
    kind = load_contract().tables[table].columns[column].type
    return Meaning(
        kinds.get(kind, "any" if kind == "boolean" else kind),
        (plain(column),),
        (frozenset(tokens(column)),),
        (_squeezed(column),),
    )


def name_score(name: str, meaning: Meaning, table: str = "") -> float:
    """How well a column's name says a meaning, 0 to 1. table: its table's name, for names like "ID"."""
    return _name_score(name, meaning.names, meaning.words, meaning.squeezed, table)


@cache
def _name_score(
    name: str,
    names: tuple[str, ...],
    words: tuple[frozenset[str], ...],
    squeezed: tuple[str, ...],
    table: str,
) -> float:
    mine, best = plain(name), 0.0
    if not mine:
        return 0.0
    bare = _squeezed(name)
    mine_words = tokens(name)
    stem = re.sub(r"^(dim|fact|tbl)|(s|en|e)$", "", plain(table))
    whole = mine if mine not in ("id", "no", "nr", "code", "key", "number", "nummer") else stem + mine
    for place, (its, its_words, its_bare) in enumerate(zip(names, words, squeezed, strict=True)):
        # What stands earlier in the list says it better.
        late = 0.06 * place / max(1, len(names))
        if whole == its:
            best = max(best, 1.0 - late)
        elif len(bare) > 1 and bare == its_bare:
            best = max(best, 0.92 - late)
        elif len(its) > 3 and its_words and its_words < mine_words:
            best = max(best, 0.72 * len(its_words) / len(mine_words) + 0.15 - late)
        elif len(its) > 5 and len(mine) > 5 and best < 0.6 and abs(len(its) - len(mine)) < 4:
            ratio = difflib.SequenceMatcher(None, mine, its).quick_ratio()
            if ratio > 0.86 and difflib.SequenceMatcher(None, mine, its).ratio() > 0.86:
                best = max(best, 0.6)
    if best < 0.85 and stem and mine.startswith(stem) and len(mine) > len(stem) + 1:
        # CustomerName in a table Customers is a name.
        best = max(best, 0.9 * _name_score(mine[len(stem) :], names, words, squeezed, ""))
    return best


def called_score(name: str, table: str) -> float:
    """How well a file's or a sheet's name says that it holds a table of the contract, 0 to 1."""
    mine, its_tokens = plain(name), tokens(name)
    best = 0.0
    for place, one in enumerate([table, *table_words().get(table, {}).get("called", ())]):
        its = plain(one)
        late = 0.1 * min(place, 10) / 10
        if (
            mine == its
            or re.sub(r"^(dim|fact|tbl|stg|export|sap|t)|(export|data|list|liste|alle?|\d+)$", "", mine)
            == its
        ):
            best = max(best, 1.0 - late)
        elif tokens(one) and tokens(one) < its_tokens:
            best = max(best, 0.7 - late)
        elif len(its) > 4 and its in mine:
            best = max(best, 0.55 - late)
    return best
