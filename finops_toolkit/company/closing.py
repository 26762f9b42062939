"""What is settled at or after a month's end: wages, VAT, head office, sister units, interest, tax, cash."""

from __future__ import annotations

import numpy as np

from . import parameters as P
from .accounts import CODES, INDEX, PROFIT
from .calendar import to_workday
from .costs import Spending
from .journal import Journal
from .world import World

CASH = (2_600_000, 2_000_000, 2_200_000, 2_800_000, 3_500_000)  # EUR when the run-up begins
MACHINES = (22_000_000, 16_000_000, 18_000_000, 15_000_000, 3_000_000)
POOL = (-5_000_000, -4_000_000, -4_500_000, -4_000_000)  # what the plants owe head office
LOAN, REPAYMENT, LOAN_RATE = 14_000_000, 90_000, 0.044
DEPOSITS, PENSIONS = 150_000, 900_000
FEE = 28  # management fee, thousandths of sales
TAX_PERCENT = 25
SCRAP_METAL = 14  # percent of its cost that scrap brings
PAYOUT = 0.70  # of last year's profit, paid in May
FLOOR = 300_000  # EUR below which head office lends to a unit


def post_capital(
    world: World, spending: Spending, stock: tuple[np.ndarray, np.ndarray], journal: Journal
) -> None:
    """The balance sheet with which the run-up begins; capital is what makes each unit balance."""
    day = int(world.calendar.start[0])
    amounts = np.zeros((len(P.UNITS), len(CODES)), dtype=np.int64)
    amounts[:, INDEX["1000"]] = np.array(CASH) * 100
    amounts[:, INDEX["1500"]] = np.array(MACHINES) * 100
    amounts[:, INDEX["1590"]] = np.array(MACHINES) * -52
    amounts[:, INDEX["1700"]] = DEPOSITS * 100
    amounts[:, INDEX["2300"]] = -PENSIONS * 100
    amounts[:, INDEX["1300"]] = spending.insurance_year[0] // 12 * 9
    amounts[:4, INDEX["1810"]] = np.array(POOL) * 100
    amounts[P.HQ, INDEX["1810"]] = -sum(POOL) * 100
    amounts[P.HQ, INDEX["2200"]] = -LOAN * 100
    finished = stock[0] * world.standards.cost[world.pairs.product]
    np.add.at(amounts[:, INDEX["1200"]], world.pairs.unit, finished)
    amounts[:4, INDEX["1210"]] = (stock[1] * world.standards.material_price[:, None]).sum(axis=0)
    amounts[:, INDEX["3000"]] -= amounts.sum(axis=1)
    unit, account = np.nonzero(amounts)
    journal.post("capital", unit, day, unit, account, amounts[unit, account])


def _next_month(world: World, day: int) -> np.ndarray:
    """A day of the month after each month, moved off weekends (beyond the end for the last month)."""
    return to_workday(world.calendar.start[1:] + day - 1)


def post_month_ends(world: World, sales: np.ndarray, journal: Journal) -> None:
    """Wages, VAT, management fee, interest and tax of every month."""
    calendar = world.calendar
    months, units = calendar.months, len(P.UNITS)
    month, unit = (x.ravel() for x in np.indices((months, units)))
    entry, last = month * units + unit, calendar.last_workday()
    moved = journal.movements()

    wages = -moved[:, :, INDEX["2110"]].ravel()
    now = wages * 65 // 100
    for step, (day, amount) in enumerate(((last, now), (_next_month(world, 10), wages - now))):
        at = ("wages paid", entry * 2 + step, day[month], unit)
        journal.post(*at, "2110", amount)
        journal.post(*at, "1000", -amount)
    vat = -moved[:, :, INDEX["2100"]].ravel()
    at = ("VAT settled", entry, _next_month(world, 20)[month], unit)
    journal.post(*at, "2100", vat)
    journal.post(*at, "1000", -vat)

    fee = np.maximum(sales[:, :4], 0) * FEE // 1000
    t, plant = (x.ravel() for x in np.indices(fee.shape))
    for side, (who, sign) in enumerate(((plant, 1), (np.full(len(plant), P.HQ), -1))):
        at = ("management fee", (t * units + plant) * 2 + side, last[t], who)
        journal.post(*at, "7210", sign * fee.ravel())
        journal.post(*at, "1800", -sign * fee.ravel())

    scrap = np.maximum(moved[:, :, INDEX["5130"]], 0).ravel() * SCRAP_METAL // 100
    journal.post("scrap sold", entry, last[month], unit, "1000", scrap)
    journal.post("scrap sold", entry, last[month], unit, "4100", -scrap)

    t = np.arange(months)
    loan = np.maximum(LOAN - REPAYMENT * t, 0) * 100
    interest = np.rint(loan * LOAN_RATE / 12).astype(np.int64)
    repaid = np.minimum(REPAYMENT * 100, loan)
    for kind, code, amount in (("interest", "7000", interest), ("loan repaid", "2200", repaid)):
        journal.post(kind, t, last, P.HQ, code, amount)
        journal.post(kind, t, last, P.HQ, "1000", -amount)
    _post_tax(world, journal)
    _post_sister_settlement(world, journal)


def _post_tax(world: World, journal: Journal) -> None:
    """Each unit accrues tax on its result (a loss gives a credit) and settles it after each quarter."""
    calendar, units = world.calendar, len(P.UNITS)
    result = -journal.movements()[:, :, np.array(PROFIT)].sum(axis=2)
    tax = np.sign(result) * ((np.abs(result) * TAX_PERCENT + 50) // 100)
    month, unit = (x.ravel() for x in np.indices(tax.shape))
    at = ("tax", month * units + unit, calendar.last_workday()[month], unit)
    journal.post(*at, "7100", tax.ravel())
    journal.post(*at, "2120", -tax.ravel())
    quarter = tax.reshape(-1, 3, units).sum(axis=1)
    step, unit = (x.ravel() for x in np.indices(quarter.shape))
    at = ("tax paid", step * units + unit, _next_month(world, 15)[step * 3 + 2], unit)
    journal.post(*at, "2120", quarter.ravel())
    journal.post(*at, "1000", -quarter.ravel())


def _post_sister_settlement(world: World, journal: Journal) -> None:
    """What sister units and head office owe each other for a month is paid on the 20th of the next."""
    moved = journal.movements()[:, :, INDEX["1800"]]
    month, unit = (x.ravel() for x in np.indices(moved.shape))
    at = ("intercompany settled", month * len(P.UNITS) + unit, _next_month(world, 20)[month], unit)
    journal.post(*at, "1800", -moved.ravel())
    journal.post(*at, "1000", moved.ravel())


def post_cash_pool(world: World, planned: np.ndarray, journal: Journal) -> None:
    """Transfers between plants and head office.

    A plant pays a fixed amount each month, `planned` [year, plant] in cents, set with the budget; each
    January it hands over what it holds above its usual cash, or gets what it lacks. Head office lends what a
    plant would lack of its floor at a month's end, and pays last year's dividend in May.
    """
    calendar = world.calendar
    moved = journal.movements()
    cash = np.cumsum(moved[:, :4, INDEX["1000"]], axis=0)
    usual = np.array(CASH[:4]) * 100
    sent = np.zeros(4, dtype=np.int64)  # so far, to head office
    transfers = np.zeros((calendar.months, 4), dtype=np.int64)
    for t in range(calendar.months):
        year, of_year = divmod(int(calendar.ordinal[t]), 12)
        out = planned[year - 2022].copy()
        if of_year == 0 and t > 0:
            out += (cash[t - 1] - sent - usual) // 100 * 100
        short = np.maximum(FLOOR * 100 - (cash[t] - sent - out), 0)
        transfers[t] = out - short
        sent = sent + transfers[t]
    month, unit = (x.ravel() for x in np.indices(transfers.shape))
    day = to_workday(calendar.start[month] + 23)
    for side, (who, sign) in enumerate(((unit, 1), (np.full(len(unit), P.HQ), -1))):
        at = ("cash pool", (month * 5 + unit) * 2 + side, day, who)
        journal.post(*at, "1810", sign * transfers.ravel())
        journal.post(*at, "1000", -sign * transfers.ravel())
    _post_dividends(world, moved, journal)


def _post_dividends(world: World, moved: np.ndarray, journal: Journal) -> None:
    """In May the plants hand over last year's profit against the cash pool, and the owners are paid."""
    calendar = world.calendar
    result = -moved[:, :, np.array(PROFIT)].sum(axis=2)
    for t in np.flatnonzero(calendar.ordinal[: calendar.months] % 12 == 4):
        before = result[max(0, t - 16) : t - 4].sum(axis=0)
        if t < 13:  # the year before lies outside the run-up
            continue
        day = to_workday(calendar.start[t] + 14)
        out = np.maximum(before[:4], 0) // 100_000 * 100_000
        for who, amount in ((np.arange(4), out), (np.array([P.HQ]), -out.sum(keepdims=True))):
            journal.post("dividend", t * 10 + who, day, who, "3100", amount)
            journal.post("dividend", t * 10 + who, day, who, "1810", -amount)
        paid = np.array([max(int(before.sum()), 0) * int(PAYOUT * 100) // 100 // 100_000 * 100_000])
        journal.post("dividend", np.array([t * 10 + 9]), day, P.HQ, "3100", paid)
        journal.post("dividend", np.array([t * 10 + 9]), day, P.HQ, "1000", -paid)
