"""Words of charts: a derived message says what the data say, and alternative texts read as sentences."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_toolkit.charts.words import (
    amount_text,
    gap_text,
    ranking_message,
    series_message,
    series_text,
    side_of,
    spoken,
    streak,
)

NAN = math.nan
MONTHS = ["August 2025", "September 2025", "October 2025", "November 2025"]
money = st.one_of(st.just(NAN), st.floats(-1e10, 1e10).map(lambda x: round(x, 2)), st.just(0.0))
shares = st.one_of(st.just(NAN), st.floats(-1, 2))
units = st.sampled_from(["EUR", "days", "", "%", "x", "units"])


def pairs(values):
    """Rows of a value and its reference."""
    return st.lists(st.tuples(values, values), min_size=1, max_size=15)


def months(n: int) -> list[str]:
    """Labels of n steps."""
    return [f"step {i}" for i in range(n)]


@pytest.mark.parametrize(
    ("values", "references", "unit", "good", "against", "expected"),
    [
        ([4.3e6, 4.1e6, 4.3e6, 4.2e6], [4.2e6, 4.4e6, 4.4e6, 4.47e6], "EUR", "up", "plan",
         "Plant North: revenue EUR 4.2 m, 6 % under plan, third month in a row"),
        ([1, 1, 1, 1.2e6], [1, 1, 1, 1e6], "EUR", "down", "budget",
         "Plant North: revenue EUR 1.2 m, 20 % over budget (worse)"),
        ([0, 0, 0, -2e5], [1, 1, 1, 1e6], "EUR", "up", "plan",
         "Plant North: revenue EUR −200 k, EUR 1.2 m under plan, fourth month in a row"),
        ([0, 0, 3, 8.4e4], [0, 0, 0, 0], "EUR", "up", "plan",
         "Plant North: revenue EUR 84 k, EUR 84 k over plan, second month in a row"),
        ([0.9, 0.9, 0.96, 0.932], [0.95] * 4, "%", "up", "target",
         "Plant North: revenue 93.2 %, 1.8 points under target"),
        ([1e6, 1e6, 1e6, 1.0001e6], [2e6, 2e6, 1e6, 1e6], "EUR", "up", "plan",
         "Plant North: revenue EUR 1.0 m, on plan, second month in a row"),
        ([1e6, 1e6, 1.2e6, NAN], [1e6, 1e6, 1e6, 1e6], "EUR", "up", "plan",
         "Plant North: revenue none in November 2025; last EUR 1.2 m in October 2025, 20 % over plan"),
        ([9, NAN, 9, 9], [10] * 4, "days", "down", "target",
         "Plant North: revenue 9 days, 10 % under target (better), second month in a row"),
        ([5, 7, 6, 8], None, "days", "up", "plan",
         "Plant North: revenue 8 days in November 2025, the highest of 4 months"),
        ([5, 7, 6, 3], None, "days", "up", "plan",
         "Plant North: revenue 3 days in November 2025, the lowest of 4 months"),
        ([5, 7, NAN, 6.3], None, "days", "up", "plan",
         "Plant North: revenue 6.3 days in November 2025, 10 % less than in September 2025"),
        ([NAN, NAN, NAN, 7], None, "days", "up", "plan", "Plant North: revenue 7 days in November 2025"),
        ([NAN] * 4, [1] * 4, "EUR", "up", "plan", "Plant North: revenue: none"),
    ],
)  # fmt: skip
def test_a_series_becomes_its_message(values, references, unit, good, against, expected):
    """Last value, gap and streak; what is missing is said; without a plan the series is its own measure."""
    said = series_message("Plant North", "Revenue", values, references, MONTHS, unit, good, against)

    assert said.replace("\u00a0", " ") == expected


@given(pairs(money), units, st.sampled_from(["up", "down"]), st.booleans())
def test_a_message_holds_no_number_that_is_none(rows, unit, good, planned):
    """Neither nan nor inf, no doubled stops or blanks, whatever comes."""
    values, references = ([row[i] for row in rows] for i in (0, 1))
    said = series_message("P", "A", values, references if planned else None, months(len(rows)), unit, good)
    ranked = ranking_message("P", "A", months(len(rows)), values, references if planned else None, unit, good)

    for text in (said, ranked, series_text("A", values, months(len(rows)), unit)):
        assert not re.search(r"\b(nan|inf|NaN|None|e\+)", text)
        assert not re.search(r"\.\.|  |,,| ,|: :|::", text)


@given(pairs(money | shares), st.sampled_from(["EUR", "%", "days"]))
def test_over_and_under_agree_with_the_figures(rows, unit):
    """Said over only above the reference, under only below; what is on plan differs by next to nothing."""
    value, reference = rows[-1]
    if math.isnan(value) or math.isnan(reference):
        return
    said = gap_text(value, reference, unit)

    if " over " in said:
        assert value > reference
    elif " under " in said:
        assert value < reference
    else:
        assert said == "on plan"
        allowed = 0.000501 if unit == "%" else max(0.0501, 0.0005 * abs(reference) * 1.001)
        assert abs(value - reference) <= allowed
    assert (said == "on plan") == (side_of(value, reference, unit) == 0)
    assert said == "on plan" or any(digit in said for digit in "123456789")


@given(pairs(st.sampled_from([NAN, 1.0, 2.0, 3.0])))
def test_the_streak_is_the_run_at_the_end(rows):
    """Counted anew as the last run of one sign in the differences written as letters."""
    letters = "".join("n" if math.isnan(a - b) else "u" if a < b else "o" if a > b else "e" for a, b in rows)
    run = re.search(r"(u+|o+|e+)$", letters)
    count = len(run[0]) if run else 0

    assert streak([a for a, _ in rows], [b for _, b in rows]) == count
    said = series_message("P", "A", [a for a, _ in rows], [b for _, b in rows], months(len(rows)))
    if run:
        assert ("in a row" in said) == (count > 1)


def test_long_streaks_are_counted_in_figures():
    """Past the tenth: 11th, 12th, 13th, 21st, 22nd, 23rd."""
    for n, ordinal in ((2, "second"), (10, "tenth"), (11, "11th"), (12, "12th"), (21, "21st"), (32, "32nd")):
        said = series_message("", "a", [1.0] * n, [2.0] * n, months(n))
        assert f", {ordinal} month in a row" in said


@pytest.mark.parametrize(
    ("values", "effects", "good", "expected"),
    [
        ([5e5, 4e5, 3e5], [-2e4, -84e3, 1e3], "up", "P: revenue under plan in 2 of 3, most in B: EUR 84 k"),
        ([5e5, 4e5, 3e5], [2e4, 84e3, 1e3], "up", "P: revenue over plan in 3 of 3, most in B: EUR 84 k"),
        ([5e5, 4e5, 3e5], [-2e4, 0, NAN], "down", "P: revenue over plan in 1 of 3, most in A: EUR 20 k"),
        ([5e5, 4e5, 3e5], [2e4, 0, 0], "down", "P: revenue under plan in 1 of 3, most in A: EUR 20 k"),
        ([5e5, 4e5, 3e5], [0, 0, 0], "up", "P: revenue on plan in all 3"),
        ([5e5, 4e5, NAN], [0, 0, 0], "up", "P: revenue on plan in 2 of 3"),
        ([5e5, 4e5, 1e5], None, "up", "P: revenue: largest is A EUR 500 k, 50 % of the total"),
        ([5e5, -4e5, 1e5], None, "up", "P: revenue: largest is A EUR 500 k"),
        ([NAN, NAN, NAN], None, "up", "P: revenue: none"),
    ],
)
def test_a_comparison_becomes_its_message(values, effects, good, expected):
    """How many on the wrong side, and the largest gap of them; where all is well, the best."""
    said = ranking_message("P", "Revenue", ["A", "B", "C"], np.array(values),
                           None if effects is None else np.array(effects), "EUR", good)  # fmt: skip

    assert said.replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            ("Plant North", "Valves fell short", "revenue 4 m."),
            "Plant North: Valves fell short. Revenue 4 m.",
        ),
        (("Plant North", "Valves fell short.", ""), "Plant North: Valves fell short."),
        (("Plant North", "", "Revenue 4 m"), "Plant North: Revenue 4 m."),
        (("", "", "revenue 4 m"), "Revenue 4 m."),
        (("", "why?", ": x."), "Why? X."),
        (("Plant North", "Plant North: revenue 4 m", "x"), "Plant North: revenue 4 m. X."),
        (("Plant North", "", ""), "Plant North."),
        (("", "", ""), ""),
    ],
)
def test_parts_are_joined_as_sentences(parts, expected):
    """Empty parts leave no colon and no full stop behind, and nothing is said twice."""
    assert spoken(*parts) == expected


@given(st.lists(st.text("ab .:!é", max_size=8), min_size=2, max_size=5))
def test_joined_parts_have_no_stray_marks(parts):
    """No leading colon, no blank at an end, a full stop at most once at the end."""
    said = spoken(*(part.replace("..", ".").replace("::", ":") for part in parts))

    assert said == said.strip()
    assert not said.startswith(":")
    assert not said or said[-1] in ".!?"


def test_amounts_carry_their_unit_as_everywhere():
    """A currency before, a unit of measure behind, shares in per cent, none as a word."""
    cases = [(4.2e6, "EUR"), (0.935, "%"), (44.2, "days"), (3.0, ""), (NAN, "EUR"), (math.inf, "EUR")]
    told = [amount_text(*case).replace("\u00a0", " ") for case in (*cases, (2e5, "money"))]

    assert told == ["EUR 4.2 m", "93.5 %", "44.2 days", "3", "none", "none", "200 k"]
