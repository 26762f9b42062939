"""Random numbers: one independent stream for each concern, division and month.

A stream of its own for every month keeps two promises: simulating more years leaves the earlier ones as they
were, and leaving a planted truth out changes only what the truth touches.
"""

from __future__ import annotations

import numpy as np

CONCERNS = (
    "rates", "customers", "latent", "orders", "forecasts", "runs", "prices", "purchases", "shipping", "returns",
    "counts", "receipts", "payments", "costs", "surveys", "incidents", "meetings", "decisions", "events",
)  # fmt: skip


class Chance:
    """Streams of random numbers under one seed for one division."""

    def __init__(self, seed: int, division: int = 0):
        self.seed = seed
        self.division = division

    def at(self, concern: str, month: int = 0) -> np.random.Generator:
        """The stream of a concern in a month (an index that counts from the first month of the run-up)."""
        key = (self.division, CONCERNS.index(concern), month)
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=key)))

    def normal_by_month(self, concern: str, month: np.ndarray, columns: int = 1) -> np.ndarray:
        """Standard normal numbers, shape [event, columns], for events sorted by month.

        Each month draws from its own stream, so events of later months do not disturb earlier ones.
        """
        out = np.empty((len(month), columns))
        if len(month):
            first = np.searchsorted(month, np.arange(month[0], month[-1] + 2))
            for step, (a, b) in enumerate(zip(first[:-1], first[1:], strict=True)):
                if b > a:
                    stream = self.at(concern, int(month[0]) + step)
                    out[a:b] = stream.standard_normal((b - a, columns))
        return out
