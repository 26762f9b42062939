"""Random numbers: one independent stream for each concern, division and month.

A stream of its own for every month keeps two promises: simulating more years leaves the earlier ones as they
were, and leaving a planted truth out changes only what the truth touches.
"""

from __future__ import annotations

import numpy as np

CONCERNS = (
    "rates", "customers", "latent", "orders", "forecasts", "runs", "prices", "purchases", "shipping",
    "returns", "counts", "receipts", "payments", "costs", "surveys", "incidents", "meetings", "decisions",
    "events", "waste", "accidents", "memory",
)  # fmt: skip
PLACES = 8  # room for the units of a division in the key of a stream


class Chance:
    """Streams of random numbers under one seed for one division."""

    def __init__(self, seed: int, division: int = 0):
        self.seed = seed
        self.division = division

    def at(self, concern: str, month: int = 0) -> np.random.Generator:
        """The stream of a concern in a month (an index that counts from the first month of the run-up)."""
        key = (self.division, CONCERNS.index(concern), month)
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=key)))

    def draws(
        self, concern: str, month: int | np.ndarray, place: np.ndarray, normals: int = 0, uniforms: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Standard normal and uniform numbers for events, shapes [event, normals] and [event, uniforms].

        Each month and place (a plant) draws from a stream of its own, so more or fewer events in one plant
        leave the others as they were.
        """
        key = np.broadcast_to(np.asarray(month) * PLACES + place, np.shape(place))
        normal, uniform = np.empty((len(key), normals)), np.empty((len(key), uniforms))
        order = np.argsort(key, kind="stable")
        keys, first = np.unique(key[order], return_index=True)
        for value, a, b in zip(keys, first, np.append(first[1:], len(key)), strict=True):
            rng, rows = self.at(concern, int(value)), order[a:b]
            normal[rows] = rng.standard_normal((b - a, normals))
            uniform[rows] = rng.random((b - a, uniforms))
        return normal, uniform
