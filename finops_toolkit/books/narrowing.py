"""Sums that a wider read already holds: of fewer units, or fewer months, without the engine.

A report of a company asks the same of each unit below it, and the same of a month and of the year so far. The
part is the frame the engine would give, with the same hash: what was read this way is read again either way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

Arguments = Mapping[str, Any]


def part_of_sums(
    wide: Arguments, frame: pd.DataFrame, asked: Arguments, below: Collection[str], inside: Collection[Any]
) -> pd.DataFrame | None:
    """What `frame`, the answer to the sums `wide`, holds of the sums `asked`; None where it does not.

    `below` are the units of `wide`, `inside` those of `asked`, as Books.sums means them.
    """
    same = all(wide.get(name) == asked.get(name) for name in ("table", "by", "sums", "where"))
    if not same or ("unit" in wide) != ("unit" in asked):
        return None
    by, mask = asked["by"], pd.Series(True, index=frame.index)
    if wide.get("unit") != asked.get("unit"):
        if "unit" not in by or not set(inside) <= set(below):
            return None
        mask &= frame["unit"].isin(list(inside))
    months, given = asked.get("months"), wide.get("months")
    if months != given:
        # Sums of the wider months without a row for each say nothing of one of them.
        if (
            "month" not in by
            or months is None
            or (given and not given[0] <= months[0] <= months[1] <= given[1])
        ):
            return None
        mask &= frame["month"].between(*months)
    # A gap makes numbers another kind: the engine's frame of the part may have none.
    if any(frame[name].isna().any() for name in by if not pd.api.types.is_string_dtype(frame[name])):
        return None
    return frame[mask].reset_index(drop=True)
