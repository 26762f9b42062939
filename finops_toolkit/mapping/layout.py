"""How text and sheets are laid out: encoding, separator, quotation mark, and the row that names the columns.

This is guessing, from the first rows. What was guessed is written into books.toml, where a person can see and
change it: reading itself guesses nothing.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SAMPLE = 1_000_000  # bytes of a file looked at for its layout
_ROWS = 200  # records looked at
_DELIMITERS = (";", ",", "\t", "|", "+|", "||", "~", "^", "¦", "\x1f", ":")
_NUMBER = re.compile(r"[(+-]?\s?[$€£]?\s?[\d.,'\s\u00a0]*\d[\d.,'\s\u00a0]*\s?[)%-]?(?:[eE][+-]?\d+)?")
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}([ T].*)?")
_YEAR = re.compile(r"(19|20)\d\d|FY ?\d\d(\d\d)?")
# Letters that European words hold: of two encodings, the one that finds these between letters is right.
_LETTERS = set("äöüÄÖÜßéèêëàâçñóíáúôîûœæøåÅØÆõãìòùÉÈÀÇÑÓÍÁÚ")


@dataclass
class Layout:
    """How text is laid out. `header` counts from 1 and is None where no row names the columns."""

    delimiter: str = ","
    encoding: str = "utf-8"
    quote: str = '"'
    header: int | None = 1
    columns: list[str] = field(default_factory=list)

    def entry(self) -> dict[str, Any]:
        """What books.toml says of it: only what is not the rule."""
        entry: dict[str, Any] = {"delimiter": self.delimiter}
        if self.encoding != "utf-8":
            entry["encoding"] = self.encoding
        if self.quote != '"':
            entry["quote"] = self.quote
        if self.header is None:
            entry["columns"] = self.columns
        elif self.header > 1:
            entry["header"] = self.header
        return entry


def text_layout(path: Path | None, start: bytes) -> Layout | None:
    """The layout of a text whose first bytes are `start`; None where this is no table of text.

    `path`, where there is one, is read to its end for the encoding: a later line may be the first that says.
    """
    encoding = encoding_of(path, start)
    if encoding is None:
        return None
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(start)
    text = text.removeprefix("\ufeff")
    if not text.strip() or "\x00" in text:
        return None
    best = max(_splits(text), key=lambda split: split[0], default=None)
    if best is None:
        return None
    _, delimiter, quote, records = best
    header, columns = header_row([cells for _, cells in records])
    if header is None:
        return Layout(delimiter, encoding, quote, None, columns)
    return Layout(delimiter, encoding, quote, records[header][0], columns)


def encoding_of(path: Path | None, start: bytes) -> str | None:
    """The encoding of a text, None for bytes that are no text."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8"
    head = start[:4000]
    if b"\x00" in head:
        even, odd = head[::2].count(0), head[1::2].count(0)
        name = (
            "utf-16-le"
            if odd > len(head) / 6 and even == 0
            else "utf-16-be"
            if even > len(head) / 6 and odd == 0
            else ""
        )
        letters = head[: len(head) // 2 * 2].decode(name, errors="replace") if name else ""
        return (
            name
            if sum(one.isprintable() or one.isspace() for one in letters) > 0.98 * len(letters) > 0
            else None
        )
    control = sum(byte < 32 and byte not in (9, 10, 12, 13, 27, 31) for byte in head)
    if control > len(head) / 100:
        return None
    odd_bytes = _not_utf8(path, start)
    if odd_bytes is None:
        return "utf-8"
    return max(("cp1252", "cp850", "cp437", "latin-1"), key=lambda name: _plausible(odd_bytes, name))


def _not_utf8(path: Path | None, start: bytes) -> bytes | None:
    """A part of a text that is not UTF-8; None where all of it is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    if path is None:
        try:
            decoder.decode(start)
        except UnicodeDecodeError:
            return start
        return None
    with path.open("rb") as file:
        while chunk := file.read(1 << 22):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return chunk[max(0, error.start - 1000) : error.start + SAMPLE]
    return None


def _plausible(sample: bytes, encoding: str) -> float:
    """How much a text reads like words in this encoding: letters of words, less what stands in no word."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return -1e9
    good = bad = 0
    for found in re.finditer(r"[^\x00-\x7f]", text):
        beside = text[max(0, found.start() - 1) : found.start()] + text[found.end() : found.end() + 1]
        if found[0] in _LETTERS and any(letter.isalpha() for letter in beside):
            good += 1
        elif found[0] not in "€£–—’“”„…°²³½§\u00a0":
            bad += 1
    return good - bad


def _splits(text: str) -> list[tuple[float, str, str, list[tuple[int, list[str]]]]]:
    """For each separator: how evenly it splits the lines, and the records it gives with their first lines."""
    lines = text.splitlines(keepends=True)
    if len(text) >= SAMPLE // 2 and len(lines) > 1:
        lines = lines[:-1]
    found = []
    for delimiter in _DELIMITERS:
        if not any(delimiter in line for line in lines[:_ROWS]):
            continue
        records, quote = _records(lines, delimiter)
        widths = Counter(len(cells) for _, cells in records)
        wide = {width: count for width, count in widths.items() if width > 1}
        if not wide:
            continue
        width, count = max(wide.items(), key=lambda item: (item[1], item[0]))
        even = count / max(1, sum(widths.values()))
        named = _namelike_share(records, width)
        # A colon stands in times, a longer separator holds the shorter ones.
        doubt = 0.8 if delimiter == ":" else -0.05 * (len(delimiter) - 1)
        found.append((even + 0.3 * named + min(width, 20) / 100 - doubt, delimiter, quote, records))
    if not found:
        records, quote = _records(lines, ",")
        found.append((0.0, ",", quote, records))
    return found


def _records(lines: Sequence[str], delimiter: str) -> tuple[list[tuple[int, list[str]]], str]:
    """The first records as (line they begin on, cells), and the quotation mark they were read with."""
    quote = '"' if len(delimiter) == 1 else ""
    if quote and not any('"' in line for line in lines[:_ROWS]):
        single = sum(
            bool(re.search(rf"(^|{re.escape(delimiter)})'[^']*'(?={re.escape(delimiter)}|\s*$)", line))
            for line in lines[:_ROWS]
        )
        quote = "'" if single > min(len(lines), _ROWS) / 2 else '"'
    records: list[tuple[int, list[str]]] = []
    if not quote:
        for number, line in enumerate(lines[:_ROWS], 1):
            records.append((number, line.rstrip("\r\n").split(delimiter)))
        return [(n, cells) for n, cells in records if any(cell.strip() for cell in cells)], quote
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote)
    first = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                records.append((first, cells))
            first = reader.line_num + 1
            if len(records) >= _ROWS:
                break
    except csv.Error:
        pass
    return records, quote


def _namelike_share(records: Sequence[tuple[int, list[str]]], width: int) -> float:
    """How much the first full record looks like a row of names."""
    full = next((cells for _, cells in records if len(cells) == width), [])
    return sum(is_name(cell) for cell in full) / width if full else 0.0


def is_name(cell: str) -> bool:
    """Whether a cell may name a column: short words, no amount and no date."""
    text = cell.strip()
    if not text or len(text) > 80:
        return False
    return bool(_YEAR.fullmatch(text)) or not (_NUMBER.fullmatch(text) or _DATE.fullmatch(text))


def header_row(rows: Sequence[Sequence[str]]) -> tuple[int | None, list[str]]:
    """The index of the row that names the columns (None: there is none), and the columns' names.

    What stands above it, titles and printing dates, is narrower than the table or is no row of names.
    """
    filled = [len([cell for cell in row if cell.strip()]) for row in rows]
    if not filled:
        return None, []
    widths = Counter(width for width in filled if width)
    # The table's width: what many rows reach. Totals and titles fill less.
    usual = max(
        (width for width, count in widths.items() if count >= max(1, len(rows) * 0.2)), default=max(filled)
    )
    for index, row in enumerate(rows[:60]):
        cells = [cell.strip() for cell in row]
        named = [cell for cell in cells if cell]
        if len(named) < max(1, min(usual, 0.7 * usual + 0.5)) or (len(named) < 2 <= usual):
            continue
        if all(is_name(cell) for cell in named) and _differs(cells, rows[index + 1 :]):
            return index, names_of(cells)
        if len(named) >= usual:
            break  # A full row that names nothing is data already.
    width = max(len(row) for row in rows)
    return None, [f"column{number}" for number in range(1, width + 1)]


def _differs(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a row of words is a header: its words are distinct, and do not stand again among the values."""
    named = [cell.lower() for cell in cells if cell]
    if len(set(named)) < 0.6 * len(named):
        return False
    if any(len(cell) > 60 for cell in named):
        return False
    again = 0
    for number, cell in enumerate(cells):
        values = [row[number].strip() for row in below if number < len(row)]
        again += bool(cell) and sum(value == cell for value in values) > max(2, len(values) * 0.2)
    return again <= len(named) / 3


def names_of(cells: Sequence[str]) -> list[str]:
    """Columns' names as reading gives them: an empty one is called by its place."""
    return [cell.strip() or f"column{number}" for number, cell in enumerate(cells, 1)]


def twice(columns: Sequence[str]) -> list[str]:
    """Names that stand more than once; case makes no difference."""
    counted = Counter(name.lower() for name in columns)
    return [name for name, count in counted.items() if count > 1]
