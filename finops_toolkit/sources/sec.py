"""What companies report to the SEC: their XBRL facts as JSON, and the quarterly data sets, as one table.

Both give one row a fact, as it was filed: an item filed five times is five rows, and which of them counts is
for a SELECT to say. Values stay text, digit by digit.
"""

from __future__ import annotations

import calendar
import datetime as dt
import gzip
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from .records import table_of

FORMATS = ("companyfacts", "statement_data_sets")
COLUMNS = (
    "cik", "company", "taxonomy", "tag", "unit", "start", "end", "month", "months", "value", "fy", "fp",
    "form", "filed", "accession", "part",
)  # fmt: skip
# The largest company's file is 30 MB; what unpacks to more than this is none.
_MOST_BYTES = 512 * 1024**2
# A fiscal period ends at most so many days beside the end of a month (52- and 53-week years).
_BESIDE = 10
_SUB = ("adsh", "cik", "name", "form", "fy", "fp", "filed")
_NUM = ("adsh", "tag", "version", "ddate", "qtrs", "uom", "value")


def read_sec(path: Path, entry: Mapping[str, Any]) -> pa.Table:
    """The facts of a file, columns COLUMNS, all text; `entry["format"]` is one of FORMATS.

    month: first day of the month whose end the period's end is nearest to, empty where it lies more than ten
    days beside one. months: length of the period in such months, "0" for a value on a day. start and end are
    days as reported; the data sets give neither start nor exact end, but month ends and quarters. part is
    empty for a figure of the whole company. ValueError where the file is damaged or something else.
    """
    if entry.get("format") == "statement_data_sets":
        return _data_set(path, entry)
    return table_of(COLUMNS, _facts(_document(path)))


# --- companyfacts ----------------------------------------------------------------------------------


def _document(path: Path) -> dict[str, Any]:
    """The JSON of a file, packed with gzip or not; numbers stay as they are written."""
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ValueError("it is larger than any company's facts are")
        found = json.loads(content, parse_float=str, parse_int=str, parse_constant=str)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"it is no JSON that can be read to its end: {error}") from None
    if not (isinstance(found, dict) and isinstance(found.get("facts"), dict) and "cik" in found):
        raise ValueError("it is no companyfacts JSON: that has cik, entityName and facts")
    return found


def _facts(document: dict[str, Any]) -> Iterator[list[str | None]]:
    cik, company = _text(document["cik"]), _text(document.get("entityName"))
    for taxonomy, tags in document["facts"].items():
        for tag, about in _mapping(tags, taxonomy).items():
            for unit, facts in _mapping(_mapping(about, tag).get("units", {}), tag).items():
                for fact in facts if isinstance(facts, list) else [facts]:
                    held = _mapping(fact, tag)
                    start, end = _text(held.get("start")), _text(held.get("end"))
                    more = [_text(held.get(name)) for name in ("val", "fy", "fp", "form", "filed", "accn")]
                    period = [start, end, *months_of(start, end)]
                    yield [cik and cik.lstrip("0"), company, taxonomy, tag, unit, *period, *more, None]


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"it is no companyfacts JSON: {where[:60]} holds {type(value).__name__}, not names")
    return value


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    return json.dumps(value)


def months_of(start: str | None, end: str | None) -> tuple[str | None, str | None]:
    """The month a period ends with (its first day) and how many months it lasts, "0" where it has no start.

    A day until the 15th belongs to the end of the month before: 2025-01-26 ends January, 2024-05-01 ended
    April, and what began on 2022-09-25 began with October. (None, None) for a day too far from a month's end.
    """
    last = None if end is None else _month_ended(end)
    if last is None:
        return None, None
    month = f"{last // 12:04d}-{last % 12 + 1:02d}-01"
    if start is None:
        return month, "0"
    before = _month_ended(start, -1)
    return (month, str(last - before)) if before is not None and last > before else (None, None)


def _month_ended(text: str, days: int = 0) -> int | None:
    """The month (year x 12 + month - 1) whose end a day, or the one `days` after it, is nearest to."""
    try:
        day = dt.date.fromisoformat(text) + dt.timedelta(days)
    except (ValueError, OverflowError):
        return None
    length = calendar.monthrange(day.year, day.month)[1]
    if day.day > 15:
        return day.year * 12 + day.month - 1 if length - day.day <= _BESIDE else None
    return day.year * 12 + day.month - 2 if day.day <= _BESIDE else None


# --- financial statement data sets -----------------------------------------------------------------


def _data_set(path: Path, entry: Mapping[str, Any]) -> pa.Table:
    """The facts of a quarter's zip (sub.txt, num.txt); `companies` in the entry: only these CIK numbers."""
    try:
        with zipfile.ZipFile(path) as packed:
            filings = _member(packed, "sub.txt", _SUB, lambda block: block)
            wanted = [str(cik).lstrip("0") for cik in entry.get("companies", [])]
            if pc.count_distinct(filings["adsh"]).as_py() != len(filings):
                raise ValueError(
                    "it is no SEC data set: sub.txt has a filing twice, or one without its number"
                )
            ciks = pc.utf8_ltrim(filings["cik"], "0")
            filings = filings.set_column(filings.column_names.index("cik"), "cik", ciks)
            if wanted:
                filings = filings.filter(pc.is_in(ciks, pa.array(wanted)))
            ours = filings["adsh"].combine_chunks()
            numbers = _member(
                packed, "num.txt", _NUM, lambda block: block.filter(pc.is_in(block["adsh"], ours))
            )
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, RuntimeError, pa.ArrowInvalid) as error:
        raise ValueError(f"it is no data set that can be read to its end: {error}") from None
    return _joined(numbers, filings)


def _member(packed: zipfile.ZipFile, name: str, needed: tuple[str, ...], keep: Any) -> pa.Table:
    """A member's rows, all text; read block by block, because num.txt of all companies is half a gigabyte."""
    if name not in packed.namelist():
        raise ValueError(f"it is no SEC data set: {name} is not in it")
    with packed.open(name) as file:
        head = file.readline().decode("utf-8-sig").rstrip("\r\n").split("\t")
        absent = [column for column in needed if column not in head]
        if absent:
            raise ValueError(f"it is no SEC data set: {name} lacks {', '.join(absent)}")
        table = pyarrow.csv.open_csv(
            file,
            pyarrow.csv.ReadOptions(column_names=head),
            pyarrow.csv.ParseOptions(delimiter="\t", quote_char=False),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(head, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
        )
        kept = [keep(pa.Table.from_batches([block])) for block in table]
    return (
        pa.concat_tables(kept) if kept else pa.table({column: pa.array([], pa.string()) for column in head})
    )


def _joined(numbers: pa.Table, filings: pa.Table) -> pa.Table:
    """Numbers with what is known of their filing, columns COLUMNS; by columns, for there are millions."""
    pairs = numbers.group_by(["ddate", "qtrs"]).aggregate([]).to_pylist()
    periods = table_of(
        ("ddate", "qtrs", "start", "end", "month", "months"),
        [(pair["ddate"], pair["qtrs"], *_quarters(**pair)) for pair in pairs],
    )
    empty = pa.nulls(len(numbers), pa.string())
    more = [numbers[name] if name in numbers.column_names else empty for name in ("coreg", "segments")]
    part = pc.utf8_trim(pc.binary_join_element_wise(*more, " ", null_handling="replace"), " ")
    # A tag of the company's own has the filing's number where others have the taxonomy's year.
    own = pc.equal(numbers["version"], numbers["adsh"])
    taxonomy = pc.if_else(own, "own", pc.replace_substring_regex(numbers["version"], "/.*$", ""))
    found = numbers.select(_NUM).append_column("taxonomy", taxonomy)
    found = found.append_column("part", pc.if_else(pc.equal(part, ""), pa.scalar(None, pa.string()), part))
    found = found.join(periods, ["ddate", "qtrs"]).join(filings.select(_SUB), "adsh", join_type="inner")
    days = pc.replace_substring_regex(found["filed"], r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3")
    found = found.set_column(found.column_names.index("filed"), "filed", days)
    names = {"company": "name", "unit": "uom", "accession": "adsh"}
    return pa.table({name: found[names.get(name, name)] for name in COLUMNS})


def _quarters(ddate: str | None, qtrs: str | None) -> tuple[str | None, ...]:
    """start, end, month and months; the set rounds ends to month ends and gives lengths in quarters."""
    end = _day(ddate)
    month, _ = months_of(None, end)
    if month is None or qtrs is None or not qtrs.isdecimal():
        return None, end, None, None
    if qtrs == "0":
        return None, end, month, "0"
    last = int(month[:4]) * 12 + int(month[5:7])
    first = last - 3 * int(qtrs[:4])
    return (
        (f"{first // 12:04d}-{first % 12 + 1:02d}-01" if first > 11 else None),
        end,
        month,
        str(last - first),
    )


def _day(text: str | None) -> str | None:
    """20240930 as 2024-09-30; anything else as it is."""
    digits = text is not None and len(text) == 8 and text.isdecimal()
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if digits and text else text
