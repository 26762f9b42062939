"""Timing several ways to the same answer, interleaved in one run, so that a busy machine is busy for all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """Median seconds of ours, and of each alternative."""

    name: str
    ours: float
    others: Mapping[str, float]


def compare(
    name: str, ours: Callable[[], int], others: Mapping[str, Callable[[], int]], runs: int = 5
) -> Row:
    """Time all ways `runs` times in turn. They must give the same answer, or the comparison means nothing."""
    ways = {"ours": ours, **others}
    answers = {way: function() for way, function in ways.items()}
    if len(set(answers.values())) != 1:
        raise AssertionError(f"{name}: the ways disagree: {answers}")
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(runs):
        for way, function in ways.items():
            start = time.perf_counter()
            function()
            seconds[way].append(time.perf_counter() - start)
    medians = {way: statistics.median(times) for way, times in seconds.items()}
    return Row(name, medians.pop("ours"), medians)
