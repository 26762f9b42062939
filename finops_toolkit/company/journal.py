"""The journal under construction: entries by double entry, each balanced within one unit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import parameters as P
from .accounts import INDEX, PROFIT
from .calendar import Calendar

KINDS = (
    "opening",
    "sale",
    "cost of sale",
    "credit note",
    "return to stock",
    "intercompany sale",
    "intercompany purchase",
    "production",
    "overhead charged",
    "purchase",
    "purchase credit",
    "stock count",
    "expense",
    "investment",
    "payroll",
    "depreciation",
    "insurance",
    "management fee",
    "interest",
    "receipt",
    "refund",
    "write-off",
    "payment",
    "wages paid",
    "VAT settled",
    "intercompany settled",
    "scrap sold",
    "tax",
    "tax paid",
    "capital",
    "loan repaid",
    "dividend",
    "cash pool",
    "pension",
)
DOCUMENTS = ("", "INV", "DEL", "BIL", "RUN", "PUR")  # prefixes of the documents an entry refers to
DOCUMENT_STEP = 10**10
SUPPLIER_PARTY, SERVICE_PARTY = 10**6, 2 * 10**6  # parties: customers from 0, suppliers and services above
SISTER_SUPPLIER = 3 * 10**6
_COLUMNS = {"tax": 0, "dollars": 0, "document": 0, "product": -1, "party": -1}


def document(kind: str, number: np.ndarray) -> np.ndarray:
    """A document as one whole number: its kind and its number."""
    return DOCUMENTS.index(kind) * DOCUMENT_STEP + np.asarray(number)


class Journal:
    """Collects lines in blocks; amounts in cents, debit positive."""

    def __init__(self, calendar: Calendar):
        self.calendar = calendar
        self.blocks: list[dict[str, np.ndarray]] = []

    def post(
        self,
        kind: str,
        entry: ArrayLike,
        day: ArrayLike,
        unit: ArrayLike,
        account: Any,
        amount: ArrayLike,
        **more: Any,
    ) -> None:
        """Add lines. `entry` numbers the entries of this kind in order of time.

        `account` is a code or indices.

        All arguments are broadcast to the shape of `amount`; `more` may hold tax, dollars, document,
        product, party.
        """
        amount = np.asarray(amount, dtype=np.int64)
        if isinstance(account, str):
            account = INDEX[account]
        values = {"entry": entry, "day": day, "unit": unit, "account": account, **_COLUMNS, **more}
        block = {
            k: np.broadcast_to(np.asarray(v, dtype=np.int64), amount.shape).ravel() for k, v in values.items()
        }
        block["amount"] = amount.ravel()
        block["kind"] = np.full(amount.size, KINDS.index(kind))
        keep = block["amount"] != 0
        self.blocks.append({k: v[keep] for k, v in block.items()} if not keep.all() else block)

    def movements(self) -> np.ndarray:
        """Sums by month, unit and account so far, in cents. Lines after the last month are left out."""
        months, units, accounts = self.calendar.months, len(P.UNITS), len(PROFIT)
        out = np.zeros(months * units * accounts, dtype=np.int64)
        for block in self.blocks:
            t = self.calendar.month_of(block["day"])
            inside = t < months
            key = (t * units + block["unit"]) * accounts + block["account"]
            np.add.at(out, key[inside], block["amount"][inside])
        return out.reshape(months, units, accounts)

    def book(self) -> dict[str, np.ndarray]:
        """All lines up to the last day in order of entry, with an opening entry for each unit in place of the
        run-up; `number` is the entry's number and `line` the line's.
        """
        lines = {k: np.concatenate([b[k] for b in self.blocks]) for k in self.blocks[0]}
        opening = self.calendar.opening_day
        lines = {
            k: v[(lines["day"] > opening) & (lines["day"] <= self.calendar.last_day)]
            for k, v in lines.items()
        }
        first = self._opening(opening)
        lines = {k: np.concatenate([first[k], v]) for k, v in lines.items()}
        # the order is day, kind, entry, and within an entry the order in which its lines were posted
        key = ((lines["day"] - opening) << 40) | (lines["kind"] << 34) | lines["entry"]
        order = np.argsort(key, kind="stable")
        lines = {k: v[order] for k, v in lines.items()}
        key = key[order]
        new = np.concatenate([[True], key[1:] != key[:-1]])
        lines["number"] = np.cumsum(new)
        lines["line"] = 1 + np.arange(len(key)) - np.flatnonzero(new)[lines["number"] - 1]
        return lines

    def _opening(self, day: int) -> dict[str, np.ndarray]:
        past = np.zeros((len(P.UNITS), len(PROFIT)), dtype=np.int64)
        for block in self.blocks:
            before = block["day"] <= day
            np.add.at(past, (block["unit"][before], block["account"][before]), block["amount"][before])
        profit = np.array(PROFIT)
        past[:, INDEX["3100"]] += past[:, profit].sum(axis=1)
        past[:, profit] = 0
        unit, account = np.nonzero(past)
        n = len(unit)
        constants = {k: np.full(n, v) for k, v in _COLUMNS.items()}
        return {
            "entry": unit,
            "day": np.full(n, day),
            "unit": unit,
            "account": account,
            "amount": past[unit, account],
            "kind": np.zeros(n, dtype=np.int64),
            **constants,
        }
