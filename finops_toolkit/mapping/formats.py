"""How values are written: dates, numbers, months, signs. From texts to a form, and SQL that reads it.

Every expression keeps what it cannot read as it is, so that the check of the books names it: nothing becomes
empty.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .words import currencies

# A form of a date: what it looks like, and SQL of the quoted column {c} that gives 2025-11-30.
_PARSED = "COALESCE(STRFTIME(TRY_STRPTIME(TRIM({c}), '%s'), '%%Y-%%m-%%d'), {c})"


@dataclass(frozen=True)
class DateForm:
    """A way to write a date: its pattern, the SQL that reads it, and an example for people."""

    name: str
    pattern: str
    sql: str
    example: str


_TIME = r"([ T]\d{1,2}:\d\d(:\d\d([.,]\d+)?)?)"
DATES = (
    DateForm("iso", rf"\d{{4}}-\d\d-\d\d{_TIME}?(Z|[+-]\d\d:?\d\d)?", "{c}", "2025-11-30"),
    DateForm("year first", rf"\d{{4}}/\d{{1,2}}/\d{{1,2}}{_TIME}?", "REPLACE({c}, '/', '-')", "2025/11/30"),
    DateForm(
        "sap",
        r"((19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])|00000000|99991231)",
        "day_sap({c})",
        "20251130",
    ),
    DateForm("eu", r"(0?[1-9]|[12]\d|3[01])[./-](0?[1-9]|1[0-2])[./-]\d{4}", "day_eu({c})", "30.11.2025"),
    DateForm("us", r"(0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])[/-]\d{4}", "day_us({c})", "11/30/2025"),
    DateForm(
        "eu with time",
        rf"(0?[1-9]|[12]\d|3[01])[./-](0?[1-9]|1[0-2])[./-]\d{{4}}{_TIME}",
        "day_eu(SPLIT_PART(TRIM({c}), ' ', 1))",
        "30.11.2025 14:05",
    ),
    DateForm(
        "us with time",
        rf"(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])/\d{{4}}{_TIME}",
        "day_us(SPLIT_PART(TRIM({c}), ' ', 1))",
        "11/30/2025 14:05",
    ),
    DateForm("eu short", r"(0?[1-9]|[12]\d|3[01])\.(0?[1-9]|1[0-2])\.\d\d", _PARSED % "%d.%m.%y", "30.11.25"),
    DateForm(
        "eu slash short", r"(0?[1-9]|[12]\d|3[01])/(0?[1-9]|1[0-2])/\d\d", _PARSED % "%d/%m/%y", "30/11/25"
    ),
    DateForm("us short", r"(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])/\d\d", _PARSED % "%m/%d/%y", "11/30/25"),
    DateForm("month by name", r"\d{1,2}-[A-Za-z]{3}-\d{4}", _PARSED % "%d-%b-%Y", "30-Nov-2025"),
    DateForm("month by name short", r"\d{1,2}-[A-Za-z]{3}-\d\d", _PARSED % "%d-%b-%y", "30-Nov-25"),
    DateForm("month by name first", r"[A-Za-z]{3} \d{1,2}, \d{4}", _PARSED % "%b %d, %Y", "Nov 30, 2025"),
)
MONTHS = (
    DateForm("iso month", r"\d{4}-(0[1-9]|1[0-2])", "TRIM({c}) || '-01'", "2025-11"),
    DateForm(
        "yyyymm",
        r"(19|20)\d\d(0[1-9]|1[0-2])",
        "REGEXP_REPLACE(TRIM({c}), '^([0-9]{{4}})([0-9]{{2}})$', '\\1-\\2-01')",
        "202511",
    ),
    DateForm(
        "sap period",
        r"(19|20)\d\d0(0[1-9]|1[0-2])",
        "REGEXP_REPLACE(TRIM({c}), '^([0-9]{{4}})0([0-9]{{2}})$', '\\1-\\2-01')",
        "2025011",
    ),
    DateForm(
        "mm.yyyy",
        r"(0?[1-9]|1[0-2])[./](19|20)\d\d",
        "COALESCE(STRFTIME(TRY_STRPTIME(REPLACE(TRIM({c}), '/', '.'), '%m.%Y'), '%Y-%m-01'), {c})",
        "11.2025",
    ),
    DateForm(
        "month year",
        r"[A-Za-z]{3}[ -]\d{4}",
        "COALESCE(STRFTIME(TRY_STRPTIME(REPLACE(TRIM({c}), '-', ' '), '%b %Y'), '%Y-%m-01'), {c})",
        "Nov 2025",
    ),
    DateForm(
        "fiscal year",
        r"FY ?\d\d(\d\d)?([-/]\d\d(\d\d)?)?",
        "REGEXP_REPLACE(TRIM({c}), '^FY ?(20)?([0-9]{{2}}).*$', '20\\2-07-01')",
        "FY13-14",
    ),
)
FORMS = {form.name: form for form in (*DATES, *MONTHS)}

_CURRENCY_SIGN = r"(?:[$€£]|EUR|USD|GBP|CHF)?"
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_EU = re.compile(r"[-−(+]?\s?(\d{1,3}(?:[.\s\u00a0\u202f'’]\d{3})+|\d+)?(,\d*)?\s?[-−)]?")
_US = re.compile(r"[-−(+]?\s?(\d{1,3}(?:[,\s\u00a0\u202f'’]\d{3})+|\d+)?(\.\d*)?\s?[-−)]?")
_TRUE = {"true", "yes", "y", "ja", "j", "oui", "si", "sí", "sim", "x", "wahr", "vrai"}
_FALSE = {"false", "no", "n", "nein", "non", "nee", "nao", "não", "falsch", "faux"}
INDICATORS = {"s", "h", "d", "c", "dr", "cr", "k", "soll", "haben", "debit", "credit", "debe", "haber"}


@dataclass(frozen=True)
class Form:
    """What a column's values are. kind: number, date, month, flag, boolean, currency, code, text or empty.

    `form` is how they are written: plain, eu or us for numbers, a name of FORMS for dates and months.
    `doubt` says what else they might be, `whole` that numbers have no decimals, `zeros` that some begin with
    0.
    """

    kind: str
    form: str = ""
    doubt: str = ""
    whole: bool = False
    zeros: bool = False
    point_zero: bool = False


def form_of(values: Sequence[str], comma: bool | None = None) -> Form:
    """The form of a column's distinct texts, trimmed, not empty. comma: the table's decimals are commas."""
    if not values:
        return Form("empty")
    few = {value.lower() for value in values}
    if few <= INDICATORS and len(few) <= 4 and (few & {"s", "h", "soll", "haben"} or len(few) > 1):
        return Form("flag")
    if few <= _TRUE | _FALSE and len(few) <= 2:
        return Form("boolean")
    if all(value in currencies() for value in values):
        return Form("currency")
    found = _date_form(values) or _number_form(values, comma)
    if found:
        return found
    short = all(len(value) <= 40 for value in values)
    spaced = sum(" " in value.strip() for value in values) > len(values) * 0.2
    return Form("code" if short and not spaced else "text")


def _share(values: Sequence[str], pattern: str) -> float:
    matcher = re.compile(pattern)
    return sum(bool(matcher.fullmatch(value)) for value in values) / len(values)


def _date_form(values: Sequence[str]) -> Form | None:
    """A date or month, where nearly all values are one: a stray one is better reported than a date unread."""
    for form in MONTHS[:5]:
        # Six or seven digits are a month only where there are few of them, as there are few months.
        digits = form.name in ("yyyymm", "sap period")
        if _share(values, form.pattern) == 1 and not (digits and len(values) > 400):
            return Form("month", form.name, "a number" if digits and len(values) < 3 else "")
    if _share(values, MONTHS[5].pattern) == 1:
        return Form("month", "fiscal year", "a fiscal year, not a month")
    shares = {form.name: _share(values, form.pattern) for form in DATES}
    name = max(shares, key=lambda key: shares[key])
    if shares[name] < 0.95:
        return None
    pairs = {
        "eu": "us",
        "us": "eu",
        "eu short": "us short",
        "eu slash short": "us short",
        "us short": "eu slash short",
        "eu with time": "us with time",
        "us with time": "eu with time",
    }
    other = pairs.get(name, "")
    # 01/02/2025 may be either; a dot is European.
    doubtful = other and shares.get(other, 0) == shares[name] and not any("." in value for value in values)
    return Form("date", name, f"{FORMS[other].name} ({FORMS[other].example})" if doubtful else "")


def _number_form(values: Sequence[str], comma: bool | None) -> Form | None:
    bare = [re.sub(rf"^{_CURRENCY_SIGN}\s?|\s?{_CURRENCY_SIGN}$", "", value) for value in values]
    if bare != list(values):
        # A sign of a currency stands in the cells: reading must take it off.
        inner = _number_form(bare, comma)
        return Form("text", doubt="amounts with a currency sign") if inner else None
    digits = [value for value in values if any(letter.isdigit() for letter in value)]
    if len(digits) < len(values) * 0.97:
        return None
    plain = sum(bool(_PLAIN.fullmatch(value)) for value in values) / len(values)
    zeros = any(re.fullmatch(r"0\d+", value) for value in values)
    if plain >= 0.97:
        dots = [value for value in values if "." in value]
        thousands = dots and all(re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})+", value) for value in dots)
        if thousands and comma:
            return Form("number", "eu", whole=True)
        point_zero = bool(dots) and all(value.endswith(".0") for value in dots)
        doubt = "in thousands (1.234 for 1234)" if thousands and len(dots) > 2 else ""
        return Form("number", "plain", doubt, not dots or point_zero, zeros, point_zero)
    eu = sum(bool(_EU.fullmatch(value)) for value in values) / len(values)
    us = sum(bool(_US.fullmatch(value)) for value in values) / len(values)
    if max(eu, us) < 0.97:
        return None
    if abs(eu - us) < 0.005:
        name = "eu" if comma else "us" if comma is False else _by_groups(values)
        return Form(
            "number",
            name,
            "" if comma is not None else "with a comma for a point, or the other way",
            zeros=zeros,
        )
    return Form("number", "eu" if eu > us else "us", zeros=zeros)


def _by_groups(values: Sequence[str]) -> str:
    """Eu or us by what stands before the last three digits: 1,234 is American, 1.234 European grouping."""
    marks = Counter(value[-4] for value in values if len(value) > 4 and value[-4] in ",.")
    return "eu" if marks["."] > marks[","] else "us"


def uses_comma(columns: Sequence[Sequence[str]]) -> bool | None:
    """Whether a table writes decimals with a comma; None where nothing shows it."""
    votes = Counter()  # type: Counter[bool]
    for values in columns:
        for value in values[:300]:
            if re.fullmatch(r"[-−(]?\s?[\d.\s\u00a0']*\d,\d{1,2}\s?[-−)]?|[-−(]?\d*,\d{4,}", value):
                votes[True] += 1
            elif re.fullmatch(r"[-−(]?\s?[\d,\s\u00a0']*\d\.\d{1,2}\s?[-−)]?|[-−(]?\d*\.\d{4,}", value):
                votes[False] += 1
    return votes[True] > votes[False] if votes else None
