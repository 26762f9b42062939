"""Calendars of weeks: published year ends, every day in one period, the engine's periods as Python's."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import ibis
import pandas as pd
import pytest
import small_company
from hypothesis import given, settings
from hypothesis import strategies as st

from finops_toolkit.books import Books, open_books
from finops_toolkit.books.calendars import period_of, period_sql
from finops_toolkit.books.panel_file import panel_from_bytes, panel_to_bytes
from finops_toolkit.calendars import MONTHS, PATTERNS, Calendar, calendar_of
from finops_toolkit.errors import ContractError, UsageError
from finops_toolkit.kpis import values
from finops_toolkit.periods import month_text, parse_period

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTH_NAMES = tuple(dt.date(2001, month, 1).strftime("%B").lower() for month in range(1, 13))
YEARS = [f"last {day} of {month}" for day in WEEKDAYS for month in MONTH_NAMES]
YEARS += [f"{day} nearest to {at} {month}" for day in WEEKDAYS for at in (1, 15, 28) for month in MONTH_NAMES]
YEARS += ["saturday nearest to 31 january", "sunday nearest to 31 december"]

# Fiscal year ends as the companies' annual reports (10-K) name them.
APPLE = {
    2013: "2013-09-28",
    2014: "2014-09-27",
    2015: "2015-09-26",
    2016: "2016-09-24",
    2017: "2017-09-30",
    2018: "2018-09-29",
    2019: "2019-09-28",
    2020: "2020-09-26",
    2021: "2021-09-25",
    2022: "2022-09-24",
    2023: "2023-09-30",
    2024: "2024-09-28",
}
NVIDIA = {
    2014: "2014-01-26",
    2015: "2015-01-25",
    2016: "2016-01-31",
    2017: "2017-01-29",
    2018: "2018-01-28",
    2019: "2019-01-27",
    2020: "2020-01-26",
    2021: "2021-01-31",
    2022: "2022-01-30",
    2023: "2023-01-29",
    2024: "2024-01-28",
    2025: "2025-01-26",
}
# The National Retail Federation's 4-5-4 calendar: years of 53 weeks end in 2007, 2013, 2018 and 2024.
RETAIL = {
    2007: "2007-02-03",
    2008: "2008-02-02",
    2013: "2013-02-02",
    2014: "2014-02-01",
    2018: "2018-02-03",
    2019: "2019-02-02",
    2024: "2024-02-03",
    2025: "2025-02-01",
}
PUBLISHED = {
    "last saturday of september": APPLE,
    "last sunday of january": NVIDIA,
    "saturday nearest to 31 january": RETAIL,
}

calendars = st.builds(calendar_of, st.sampled_from(PATTERNS), st.sampled_from(YEARS))
days = st.dates(dt.date(1950, 1, 1), dt.date(2149, 12, 31))


@pytest.mark.parametrize("rule", PUBLISHED)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_years_end_when_the_companies_say(rule: str, pattern: str) -> None:
    """The last period of each fiscal year ends on the published day, whatever the weeks of a quarter."""
    calendar = calendar_of(pattern, rule)
    for year, day in PUBLISHED[rule].items():
        period = parse_period(f"FY{year}", 0, calendar.fiscal_start, calendar)
        assert period.end.isoformat() == day
        assert period.months[-1] == calendar.period_of(period.end)


def test_years_of_53_weeks_are_the_published_ones() -> None:
    """Apple's year 2023 had 371 days and 2017 too; NVIDIA's 2016 and 2022 likewise; the others 364."""
    for rule, ends, long in (
        ("last saturday of september", APPLE, {2017, 2023}),
        ("last sunday of january", NVIDIA, {2016, 2021}),
    ):
        calendar = calendar_of("4-4-5", rule)
        spans = {year: parse_period(f"FY{year}", 0, calendar.fiscal_start, calendar).days for year in ends}
        assert {year for year, count in spans.items() if count == 371} == long
        assert set(spans.values()) == {364, 371}
    nrf = calendar_of("4-5-4", "saturday nearest to 31 january")
    assert [parse_period(f"FY{y}", 0, 2, nrf).days for y in (2007, 2013, 2018, 2024)] == [371] * 4


def test_periods_have_the_weeks_of_the_pattern_and_the_53rd_comes_last() -> None:
    """Apple's 2023 in 4-4-5 weeks: 4, 4, 5 each quarter, and 6 in its last period, September 2023."""
    calendar = calendar_of("4-4-5", "last saturday of september")
    year = parse_period("FY2023", 0, calendar.fiscal_start, calendar)
    assert [calendar.days(m, m) // 7 for m in year.months] == [4, 4, 5] * 3 + [4, 4, 6]
    assert [month_text(m) for m in (year.first, year.last)] == ["2022-10", "2023-09"]
    assert year.start == dt.date(2022, 9, 25)


@settings(max_examples=60, deadline=None)
@given(calendars, days)
def test_every_day_lies_in_one_period(calendar: Calendar, day: dt.date) -> None:
    """A day's period holds it, the next begins the day after it ends; a year is twelve, of 52 or 53 weeks."""
    period = calendar.period_of(day)
    assert calendar.start(period) <= day <= calendar.end(period)
    assert calendar.start(period + 1) == calendar.end(period) + dt.timedelta(days=1)
    assert calendar.period_of(calendar.start(period)) == period == calendar.period_of(calendar.end(period))
    first = period - (period - calendar.fiscal_start + 1) % 12
    assert calendar.days(first, first + 11) in (364, 371)
    weeks = [int(number) for number in calendar.pattern.split("-")] * 4
    assert [calendar.days(first + n, first + n) // 7 for n in range(11)] == weeks[:11]


@settings(max_examples=40, deadline=None)
@given(calendars, days)
def test_a_period_is_called_by_the_month_it_mostly_covers(calendar: Calendar, day: dt.date) -> None:
    """The middle day of a period lies in the month it is called by, or in the one beside it."""
    period = calendar.period_of(day)
    middle = calendar.start(period) + (calendar.end(period) - calendar.start(period)) / 2
    assert abs(MONTHS.period_of(middle) - period) <= 1


@pytest.mark.parametrize("rule", ["last saturday of september", "saturday nearest to 31 january"])
def test_common_calendars_are_called_by_the_month_that_holds_most_days(rule: str) -> None:
    """With years to the end of a month, that month is the one with most of the period's days."""
    calendar = calendar_of("4-5-4", rule)
    for period in range(1990 * 12, 2050 * 12):
        span = pd.date_range(calendar.start(period), calendar.end(period))
        months = (span.year * 12 + span.month - 1).value_counts()
        assert months.idxmax() == period


@pytest.fixture(scope="module")
def every_day():
    """Every day of 1990 to 2050 in an engine."""
    engine = ibis.duckdb.connect()
    spans = "DATE '1990-01-01', DATE '2050-12-31', INTERVAL 1 DAY"
    engine.raw_sql(
        f"CREATE TABLE days AS SELECT CAST(day AS DATE) AS day FROM generate_series({spans}) s(day)"
    )
    return engine, engine.table("days")


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("rule", [*PUBLISHED, "last friday of february", "sunday nearest to 31 december"])
def test_the_engine_gives_pythons_periods(every_day, rule: str, pattern: str) -> None:
    """For every day of 1990 to 2050 the engine's expression, and its SQL, is Python's period."""
    engine, table = every_day
    calendar = calendar_of(pattern, rule)
    frame = table.select("day", period=period_of(calendar, table.day)).order_by("day").to_pandas()
    expected = [calendar.period_of(pd.Timestamp(day).date()) for day in frame["day"]]
    assert frame["period"].tolist() == expected
    sql = f"SELECT {period_sql(calendar, 'day')} FROM days AS t ORDER BY t.day"
    assert [row[0] for row in engine.raw_sql(sql).fetchall()] == expected


@settings(max_examples=25, deadline=None)
@given(calendars)
def test_the_engine_gives_pythons_periods_in_any_calendar(every_day, calendar: Calendar) -> None:
    """The same for calendars nobody uses, on every 13th day."""
    _, table = every_day
    table = table.filter(table.day.day_of_year() % 13 == 0)
    frame = table.select("day", period=period_of(calendar, table.day)).to_pandas()
    for day, period in zip(frame["day"], frame["period"], strict=True):
        assert calendar.period_of(pd.Timestamp(day).date()) == period


@pytest.mark.parametrize("dialect", ["postgres", "pyspark"])
def test_other_engines_can_say_it(dialect: str) -> None:
    """The expression compiles for PostgreSQL and Spark: it needs no function of DuckDB's own."""
    text = period_sql(calendar_of("4-4-5", "last saturday of september"), "day", dialect)
    assert "FLOOR" in text.upper()


WEEKS = 'calendar = "4-4-5"\nyear_end = "last friday of march"\n'


@pytest.fixture(scope="module")
def weekly(tmp_path_factory) -> Books:
    """The small company with years that end on the last Friday of March: 2025-03-28."""
    folder = tmp_path_factory.mktemp("weekly")
    text = small_company.BOOKS.replace("fiscal_year_start = 1\n", WEEKS)
    return open_books(small_company.write(folder, books=text))


def by_hand(calendar: Calendar, accounts: set[str]) -> dict[int, int]:
    """Journal amounts of some accounts by period, in ten-thousandths."""
    found: dict[int, int] = {}
    for row in small_company.tables()["journal"]:
        if row["account"] in accounts:
            period = calendar.period_of(dt.date.fromisoformat(row["posted"]))
            found[period] = found.get(period, 0) + round(float(row["amount"]) * 10_000)
    return found


def test_measures_follow_the_weeks(weekly: Books) -> None:
    """Cost of overhead by period is the journal's, summed by hand over the days of each period."""
    panel = weekly.panel()
    expected = by_hand(weekly.calendar, {"6000", "6100"})
    # What is booked on 31 January belongs to the period called February: weeks 5 to 8 of the quarter.
    assert weekly.calendar.period_of(dt.date(2025, 1, 31)) == 2025 * 12 + 1
    got = dict(zip(panel.months, panel.series("administration", "CO").tolist(), strict=True))
    assert {month: amount for month, amount in got.items() if amount} == {
        month: amount for month, amount in expected.items() if amount and month <= panel.months[-1]
    }


def test_detail_reads_follow_the_weeks(weekly: Books) -> None:
    """Rows and sums of a period are those of its days, and sums by month are the panel's."""
    rows = weekly.rows("journal", period="2025-02")
    inside = weekly.period("2025-02")
    assert inside.start == dt.date(2025, 1, 25) and inside.end == dt.date(2025, 2, 21)
    assert {str(day)[:10] for day in rows["posted"]} <= {
        str(day)[:10] for day in pd.date_range(inside.start, inside.end)
    }
    sums = weekly.sums("journal", ["month"], ["amount"], where={"account": ["6000", "6100"]})
    expected = by_hand(weekly.calendar, {"6000", "6100"})
    assert dict(zip(sums["month"], sums["amount"], strict=True)) == expected


def test_days_in_kpis_are_the_periods_own(weekly: Books) -> None:
    """DSO of a period of 28 days: receivables ÷ sales × 28."""
    assert weekly.period("2025-02").days == 28
    frame = values(weekly, ["dso"], "CO", ["2025-02"])
    actual = values(weekly, ["dso"], "CO", ["2025-02"], days=28)
    assert frame["value"].iloc[0] == actual["value"].iloc[0]
    thirty_one = values(weekly, ["dso"], "CO", ["2025-02"], days=31)
    assert thirty_one["value"].iloc[0] == pytest.approx(frame["value"].iloc[0] * 31 / 28)


def test_the_calendar_is_kept_with_the_panel(weekly: Books) -> None:
    """A panel written to bytes and read back has its calendar."""
    again = panel_from_bytes(panel_to_bytes(weekly.facts.panel))
    assert again.calendar == weekly.calendar and again.calendar.pattern == "4-4-5"


def test_months_stay_what_they_were(tmp_path: Path) -> None:
    """Without a calendar in books.toml periods are calendar months."""
    books = open_books(small_company.write(tmp_path))
    assert books.calendar == MONTHS
    assert (books.period("2025-02").start, books.period("2025-02").days) == (dt.date(2025, 2, 1), 28)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('calendar = "4-4-4"\nyear_end = "last saturday of september"\n', "is no calendar of weeks"),
        ('calendar = "4-4-5"\n', "needs the day that years end on"),
        ('year_end = "last saturday of september"\n', "year_end goes with calendar"),
        ('calendar = "4-4-5"\nyear_end = "last caturday of september"\n', "is not understood"),
        ('calendar = "4-4-5"\nyear_end = "saturday nearest to 31 february"\n', "is not understood"),
        ('calendar = "4-4-5"\nyear_end = "last saturday of september"\nfiscal_year_start = 1\n', "month 10"),
    ],
)
def test_a_calendar_that_is_none_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """books.toml with half a calendar, or one that contradicts itself, is refused with what to write."""
    books = 'name = "Small"\ncurrency = "EUR"\n' + text
    with pytest.raises(ContractError, match=words):
        open_books(small_company.write(tmp_path, books=books))


def test_a_wrong_year_end_names_what_is_allowed() -> None:
    """The hint shows how it is written."""
    with pytest.raises(UsageError) as error:
        calendar_of("4-4-5", "30 september")
    assert "last saturday of september" in str(error.value)
