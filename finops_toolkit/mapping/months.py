"""Tables with a column for each month: the same figures as rows, one for each month."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..sources.sql import literal
from .profiling import Profile, Table, number
from .words import meanings, name_score, unaccented

_FEWEST = 6
_NAMES = (
    "january januar janvier enero gennaio januari janeiro",
    "february februar fevrier febrero febbraio februari fevereiro",
    "march maerz marz mrz mars marzo maart mrt marco",
    "april avril abril aprile",
    "may mai mayo maggio mei maio",
    "june juni juin junio giugno junho",
    "july juli juillet julio luglio julho",
    "august aout agosto augustus",
    "september septembre septiembre settembre setembro",
    "october oktober octobre octubre ottobre outubro",
    "november novembre noviembre novembro",
    "december dezember decembre diciembre dicembre dezembro",
)
_YEAR = r"(?:19|20)\d\d"


def month_of(heading: str) -> tuple[str, int] | None:
    """The year ("" where it is not said) and month that a heading means; None where it means no month."""
    text = unaccented(heading).lower().strip()
    if found := re.fullmatch(rf"({_YEAR})[-./ ]?(0[1-9]|1[0-2])", text):
        return found[1], int(found[2])
    if found := re.fullmatch(rf"(0?[1-9]|1[0-2])[-./ ]({_YEAR})", text):
        return found[2], int(found[1])
    if found := re.fullmatch(r"(?:p|m|per|period|periode|month|monat|mois|mes)[ ._-]?(0?[1-9]|1[0-2])", text):
        return "", int(found[1])
    found = re.fullmatch(rf"([a-z]{{3,}})\.?[ ._'-]*({_YEAR}|\d\d)?", text)
    if not found:
        return None
    for number_, names in enumerate(_NAMES, 1):
        if any(name.startswith(found[1]) for name in names.split()):
            year = found[2] or ""
            return (f"20{year}" if len(year) == 2 else year), number_
    return None


@dataclass(frozen=True)
class Below:
    """Columns one below the other: the SQL of the rows ("": no year is known), and of what a row counts for.

    Of the rows that a row becomes, the first stands for it (`counted`); `total` is their sum. `asked`: what a
    person is to confirm.
    """

    sql: str
    counted: str = ""
    total: str = ""
    asked: str = ""


def by_month(table: Table) -> Below | None:
    """How a table with a column for each month is read; None where it is no such table."""
    heads = [(c, month) for c in table.columns.values() if (month := month_of(c.name))]
    if len(heads) < _FEWEST or len({month for _, month in heads}) < len(heads):
        return None
    kinds = {column.kind for column, _ in heads}
    if not kinds <= {"number", "empty"} or "number" not in kinds:
        return None
    year = _year_column(table)
    said = re.findall(rf"(?<!\d){_YEAR}(?!\d)", table.source.shown)
    fixed = "" if year else said[-1] if said else ""
    if not (year or fixed) and not all(found for _, (found, _) in heads):
        return Below("")
    days = [_first(*month, fixed) for _, month in heads]
    listed = ",".join(
        f"\n        {column.sql} AS {literal(day)}" for (column, _), day in zip(heads, days, strict=True)
    )
    source = table.name
    if any(column.type != "VARCHAR" for column, _ in heads):
        # What is to stand in one column must be of one type.
        texts = ", ".join(f"CAST({c.sql} AS VARCHAR) AS {c.sql}" for c, _ in heads)
        source = f"(SELECT * REPLACE ({texts}) FROM {table.name})"
    kept = "* EXCLUDE (row_)" if "row_" in table.places else "*"
    if year:
        kept += f" REPLACE (TRIM(CAST({year.sql} AS VARCHAR)) || month_ AS month_)"
    unpivot = f"UNPIVOT INCLUDE NULLS (amount_ FOR month_ IN ({listed}\n    ))"
    total = " + ".join(f"COALESCE(TRY_CAST({number(c)} AS DECIMAL(19, 4)), 0)" for c, _ in heads)
    counted = f"CASE WHEN m.month_ LIKE {literal('%' + days[0])} THEN 1 ELSE 0 END"
    return Below(f"(\n    SELECT {kept} FROM {source} {unpivot}\n)", counted, total)


def _first(year: str, month: int, fixed: str) -> str:
    """The first day of a month; without its year where a column of the table says that."""
    return f"{year or fixed}-{month:02d}-01"


def _year_column(table: Table) -> Profile | None:
    for column in table.columns.values():
        years = column.values and all(re.fullmatch(_YEAR, value) for value in column.values)
        if years and name_score(column.name, meanings()["year"]) >= 0.85:
            return column
    return None
