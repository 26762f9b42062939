"""The planted truths are seen in the tables at their size, and are the cause: without one, no effect."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from simulated import database, number, rows

from finops_toolkit.company import simulate
from finops_toolkit.company.truths import IDS, TRUTHS

SIZES = {truth.id: truth.size for truth in TRUTHS}
ON_TIME = """select avg(case when shipped <= requested then 1.0 else 0 end)
             from deliveries d join orders o on o."order" = d."order" and o.line = d.line
             where d.quantity > 0 and d.unit = '{unit}'
             and shipped between date '{first}' and date '{last}'"""
PROFIT = """select -sum(amount) from journal j join accounts c on j.account = c.account
            where unit = '{unit}' and posted >= date '{first}' and c.line in ('revenue', 'other_income',
            'cogs', 'selling', 'distribution', 'administration', 'research', 'depreciation')"""
CASH = """select sum(closing) from balances where account = '1000' and month = date '2025-12-01'
          and unit = '{unit}'"""


@pytest.fixture(scope="module")
def books():
    """The shipped company."""
    return database()


def change(books, query: str, *spans: tuple[str, str]) -> float:
    """The measure in the second span less that in the first."""
    before, after = (number(books, query.format(first=a, last=b)) for a, b in spans)
    return after - before


def test_the_file_beside_the_data_names_the_truths_of_the_shipped_company():
    """planted_truths.json holds the truths of the simulation, sizes and dates included."""
    folder = Path(__file__).parent.parent / "datasets" / "company"
    written = json.loads((folder / "planted_truths.json").read_text(encoding="utf-8"))

    assert written == json.loads(json.dumps(simulate()[1]))
    assert [t["id"] for t in written] == list(IDS)


def test_truths_that_begin_after_the_data_are_not_claimed():
    """A company of one year tells of no truth that begins later."""
    truths = simulate(years=2)[1]
    assert truths
    assert all(t["start"] <= "2024-12" for t in truths)


@pytest.mark.parametrize("unit", ["NORTH", "SOUTH"])
def test_the_price_war_is_seen_in_order_prices(books, unit):
    """Prices of ball valves fall by 8 % from March 2025, against the list of January."""
    query = f"""select avg(price / list_price) from orders join products using (product)
                where family = 'Ball valves'
                and unit = '{unit}' and ordered between date '{{first}}' and date '{{last}}'"""
    before = number(books, query.format(first="2025-01-01", last="2025-02-28"))
    after = number(books, query.format(first="2025-03-01", last="2025-12-31"))
    assert after / before - 1 == pytest.approx(SIZES["price_war"], abs=0.005)


def test_the_failing_machine_is_seen_in_its_downtime_and_in_premium_freight(books):
    """E-L1 stands still 20 points more from July 2025; East then ships late and pays for express."""
    query = """select 1 - sum(run_minutes) / sum(planned_minutes) from production where resource = 'E-L1'
               and finished between date '{first}' and date '{last}'"""
    assert change(books, query, ("2025-01-01", "2025-06-30"), ("2025-07-01", "2025-12-31")) == pytest.approx(
        SIZES["failing_machine"], abs=0.02
    )
    without = database(without=("failing_machine",))
    freight = """select sum(amount) from journal where account = '6110' and unit = '{}'
                 and posted >= date '2025-07-01'"""
    assert number(books, freight.format("EAST")) > 2 * number(without, freight.format("EAST"))
    assert number(books, freight.format("SOUTH")) == number(without, freight.format("SOUTH"))
    span = {"unit": "EAST", "first": "2025-09-01", "last": "2025-12-31"}
    assert number(books, ON_TIME.format(**span)) < number(without, ON_TIME.format(**span)) - 0.08


def test_the_late_supplier_is_seen_in_receipts_and_at_the_customers(books):
    """S07 delivers 42 days later for orders of April to September 2024, and East's customers wait."""
    query = """select avg(received - promised) from purchases where supplier = 'S07' and received is not null
               and ordered between date '{first}' and date '{last}'"""
    later = change(books, query, ("2023-01-01", "2024-03-31"), ("2024-04-01", "2024-09-30"))
    assert later == pytest.approx(SIZES["late_supplier"], abs=2)
    without = database(without=("late_supplier",))
    span = {"unit": "EAST", "first": "2024-08-01", "last": "2024-10-31"}
    assert number(books, ON_TIME.format(**span)) < number(without, ON_TIME.format(**span)) - 0.01


def test_the_slow_payers_are_the_distributors(books):
    """Distributors pay invoices of October 2024 and later 20 days later; others pay as before."""
    query = """select avg(paid - issued) from invoices join customers using (customer) where segment {segment}
               and amount > 0 and paid - issued < 200
               and issued between date '{{first}}' and date '{{last}}'"""
    spans = ("2023-06-01", "2024-09-30"), ("2024-10-01", "2025-08-31")
    assert change(books, query.format(segment="= 'distributor'"), *spans) == pytest.approx(20, abs=1.5)
    assert change(books, query.format(segment="<> 'distributor'"), *spans) == pytest.approx(0, abs=1.5)


def test_the_biased_forecast_lifts_profit_and_lowers_cash(books):
    """West's forecast is 18 % higher than it would be: stock and profit rise, cash falls, others stay."""
    without = database(without=("biased_forecast",))
    forecast = """select sum(quantity) from forecasts where version = 'consensus' and unit = '{unit}'
                  and month >= date '2025-01-01' and made_on = month - interval 1 day"""
    at = {"unit": "WEST", "first": "2025-01-01"}
    ratio = number(books, forecast.format(**at)) / number(without, forecast.format(**at))
    assert ratio - 1 == pytest.approx(SIZES["biased_forecast"], abs=0.01)
    stock = "select sum(value) from stock where unit = '{unit}' and date = date '2025-12-31'"
    assert number(books, stock.format(**at)) > number(without, stock.format(**at)) + 500_000
    assert number(books, PROFIT.format(**at)) > number(without, PROFIT.format(**at)) + 50_000
    assert number(books, CASH.format(**at)) < number(without, CASH.format(**at)) - 400_000
    for unit in ("NORTH", "SOUTH", "EAST"):
        other = {"unit": unit, "first": "2025-01-01"}
        assert number(books, PROFIT.format(**other)) == number(without, PROFIT.format(**other))


def test_the_biased_forecast_is_seen_against_the_orders(books):
    """In 2025 West orders fall short of the agreed forecast, and the model is better than the agreement."""
    query = """
        with asked as (select product, unit, date_trunc('month', ordered) as month, sum(quantity) as q
                       from orders group by all)
        select sum(f.quantity - coalesce(asked.q, 0)) / sum(asked.q) from forecasts f
        left join asked using (product, unit, month)
        where version = '{version}' and f.unit = '{unit}' and made_on = f.month - interval 1 day
        and f.month between date '{first}' and date '2025-12-01'"""
    bias = {
        unit: number(books, query.format(version="consensus", unit=unit, first="2025-01-01"))
        for unit in ("NORTH", "SOUTH", "EAST", "WEST")
    }
    assert bias["WEST"] > 0.12
    assert all(abs(bias[unit]) < 0.09 for unit in ("NORTH", "SOUTH", "EAST"))


def test_faster_changeovers_lift_availability_at_north(books):
    """North's lines run 5 points more of their planned minutes from March 2024."""
    query = """select sum(run_minutes) / sum(planned_minutes) from production where unit = 'NORTH'
               and finished between date '{first}' and date '{last}'"""
    gain = change(books, query, ("2023-01-01", "2024-02-29"), ("2024-03-01", "2025-12-31"))
    assert gain == pytest.approx(SIZES["faster_changeovers"], abs=0.012)


def test_dispatch_slots_make_east_more_punctual(books):
    """Before the machine fails, 3 points more of East's deliveries are on time than without the slots."""
    without = database(without=("dispatch_slots",))
    span = {"unit": "EAST", "first": "2025-03-01", "last": "2025-07-31"}
    gain = number(books, ON_TIME.format(**span)) - number(without, ON_TIME.format(**span))
    assert gain == pytest.approx(-SIZES["dispatch_slots"], abs=0.015)


def test_scrap_training_changes_nothing():
    """The initiative without effect is one: the company without it is the same, apart from its being told."""
    with_it, without = simulate()[0], simulate(without="scrap_training")[0]
    for name in ("production", "journal", "deliveries"):
        assert with_it[name].equals(without[name])


def test_cheap_brass_helps_purchasing_and_hurts_the_plant(books):
    """South's brass is cheaper, its ball-valve scrap 2.5 points higher; the gain is less than the cost."""
    query = """select 1 - sum(good) / sum(made) from production where resource = 'S-L1'
               and finished between date '{first}' and date '{last}'"""
    more = change(books, query, ("2023-01-01", "2024-05-31"), ("2024-06-01", "2025-12-31"))
    assert more == pytest.approx(SIZES["cheap_brass"], abs=0.005)
    without = database(without=("cheap_brass",))
    account = "select coalesce(sum(amount), 0) from journal where unit = 'SOUTH' and account in {}"
    price, harm = "('5100')", "('5110', '5125', '5130', '5140', '5150')"
    gain = number(without, account.format(price)) - number(books, account.format(price))
    cost = number(books, account.format(harm)) - number(without, account.format(harm))
    assert gain > 100_000
    assert cost > gain


def test_meetings_of_west_lapsed_and_decisions_waited(books):
    """No S&OP at West from May to October 2025; what was raised then waited weeks longer than elsewhere."""
    held = """select count(*) from meetings where kind = 'S&OP' and held and unit = '{}'
              and date between date '2025-05-01' and date '2025-10-31'"""
    assert number(books, held.format("WEST")) == 0
    assert number(books, held.format("NORTH")) >= 5
    wait = """select median(decided - raised) from decisions where unit {} 'WEST'
              and raised between date '2025-05-01' and date '2025-10-31'"""
    assert number(books, wait.format("=")) > number(books, wait.format("<>")) + 25


@pytest.mark.parametrize("unit", ["EAST", "WEST"])
def test_pumps_spike_in_july_2024(books, unit):
    """Orders for pumps are 40 % higher in the one month than they would have been."""
    query = f"""select sum(quantity) from orders join products using (product) where family = 'Pumps'
                and unit = '{unit}' and ordered between date '2024-07-01' and date '2024-07-31'"""
    ratio = number(books, query) / number(database(without=("pump_spike",)), query)
    assert ratio - 1 == pytest.approx(SIZES["pump_spike"], abs=0.12)


def test_the_last_month_has_something_to_talk_about(books):
    """December 2025 has remarks, actions open and overdue, and a question without a decision."""
    assert number(books, "select count(distinct unit) from comments where month = date '2025-12-01'") >= 4
    late = "closed is null and due < date '2025-12-31'"
    assert number(books, f"select count(distinct unit) from decisions where {late}") >= 4
    assert number(books, "select count(*) from decisions where decided is null") >= 1
    abouts = {r[0] for r in rows(books, "select distinct about from decisions where closed is null")}
    assert {"oee", "dso", "inventory", "gross_margin"} <= abouts
