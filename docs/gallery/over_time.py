"""Charts over time: columns, lines, control charts, fans, small multiples."""

from __future__ import annotations

from typing import Any

import pandas as pd

from finops_toolkit import charts

NONE = float("nan")


def _months(first: str, count: int) -> pd.PeriodIndex:
    return pd.period_range(first, periods=count, freq="M")


def columns_with_plan() -> Any:
    """For an amount by month: against budget and last year, with what is still to come."""
    k = 1000.0
    frame = pd.DataFrame(
        {
            "actual": [
                3920 * k,
                3710 * k,
                4180 * k,
                4260 * k,
                4390 * k,
                4120 * k,
                4310 * k,
                3480 * k,
                4240 * k,
                4170 * k,
                4080 * k,
                NONE,
            ],
            "forecast": [NONE] * 11 + [3650 * k],
            "budget": [
                3850 * k,
                3800 * k,
                4100 * k,
                4150 * k,
                4250 * k,
                4200 * k,
                4250 * k,
                3600 * k,
                4300 * k,
                4380 * k,
                4350 * k,
                3900 * k,
            ],
            "last_year": [
                3690 * k,
                3560 * k,
                3930 * k,
                3880 * k,
                4010 * k,
                3970 * k,
                4060 * k,
                3420 * k,
                4150 * k,
                4210 * k,
                4130 * k,
                3580 * k,
            ],
        },
        index=_months("2025-01", 12),
    )
    return charts.columns_with_plan(
        frame,
        plan="budget",
        last_year="last_year",
        forecast="forecast",
        relative=True,
        who="Plant North",
        message="Revenue is under budget for the fourth month in a row; December will not make up for it",
        what="Revenue",
        when="2025",
        unit="EUR",
    )


def line_with_target() -> Any:
    """For a rate by month against its target: where it stands, and which months miss."""
    shares = [0.941, 0.952, 0.957, 0.951, 0.961, 0.955, 0.938, NONE, 0.926, 0.917, 0.921, 0.904, 0.912]
    frame = pd.DataFrame({"value": shares, "target": [0.94] * 2 + [0.95] * 11}, index=_months("2024-11", 13))
    return charts.line_with_target(
        frame,
        target="target",
        measure="%",
        who="Plant North",
        what="Orders on time and in full",
        message="On time in full has missed its target since May; June was not measured",
        when="November 2024 to November 2025",
    )


def control_chart() -> Any:
    """For a process by month: is a change a signal or noise? The limits are given, not computed here."""
    values = [
        4.1,
        3.8,
        4.4,
        4.0,
        4.3,
        3.7,
        4.2,
        5.9,
        4.1,
        3.9,
        4.2,
        4.0,
        3.1,
        2.9,
        3.3,
        3.0,
        2.7,
        3.2,
        2.8,
        3.1,
        3.0,
        2.9,
        2.0,
        3.1,
    ]
    before, after = [0.041, 0.030, 0.052], [0.030, 0.023, 0.038]
    limits = pd.DataFrame([before] * 12 + [after] * 12, columns=["centre", "lower", "upper"])
    frame = limits.assign(
        value=[value / 100 for value in values],
        signal=[place in (7, 22) for place in range(24)],
        phase=["Before the new moulds"] * 12 + ["With the new moulds"] * 12,
    ).set_index(_months("2023-12", 24))
    return charts.control_chart(
        frame,
        signals="signal",
        phase="phase",
        good="down",
        who="Plant North",
        measure="%",
        what="Scrap, share of output",
        message="The new moulds took scrap from 4.1 to 3.0 %; October's 2.0 % was no chance",
        when="December 2023 to November 2025",
    )


def fan_chart() -> Any:
    """For what may come: the median and how far the outcomes spread around it."""
    m = 1e6
    history = [2.9, 3.1, 3.0, 2.7, 2.8, 2.5, 2.4, 2.6, 2.2, 2.1, 2.0]
    ahead = [2.0, 1.9, 1.95, 1.85, 1.8, 1.9, 1.95, 2.0]
    spread = [0.12, 0.2, 0.27, 0.33, 0.4, 0.46, 0.52, 0.58]
    frame = pd.DataFrame({"actual": [v * m for v in history] + [NONE] * 8}, index=_months("2025-01", 19))
    for name, width in (("p10", -1.28), ("p25", -0.67), ("p50", 0.0), ("p75", 0.67), ("p90", 1.28)):
        frame[name] = [NONE] * 11 + [(v + s * width) * m for v, s in zip(ahead, spread, strict=True)]
    frame["floor"] = 1.5 * m
    return charts.fan_chart(
        frame,
        plan="floor",
        plan_name="bank covenant",
        who="Plant North",
        what="Cash at month's end",
        unit="EUR",
        message="In one case of five, cash falls below the bank's covenant by April",
        when="January 2025 to July 2026",
    )


def small_multiples() -> Any:
    """For the same amount in many units: who is large, who is off, on one scale."""
    k = 1000.0
    units = {
        "Plant North": (4100, -30),
        "Plant South": (2900, 8),
        "Plant East": (1750, -12),
        "Plant West": (3300, 22),
        "Trading": (900, -4),
        "Spare parts": (640, 9),
        "Service": (410, 3),
    }
    season = [0.97, 0.93, 1.02, 1.03, 1.05, 1.0, 1.03, 0.86, 1.03, 1.05, 1.04, 0.92, 1.0]
    rows = [
        (name, month, (level * season[i] + drift * i) * k, level * season[i] * k)
        for name, (level, drift) in units.items()
        for i, month in enumerate(_months("2024-11", 13))
    ]
    frame = pd.DataFrame(rows, columns=["unit", "month", "actual", "budget"])
    frame.loc[(frame["unit"] == "Service") & (frame["month"] < "2025-03"), "actual"] = NONE
    return charts.small_multiples(
        frame,
        plan="budget",
        who="Company",
        what="Revenue",
        unit="EUR",
        when="13 months to November 2025",
        message="Plant North falls behind its budget month by month; Plant West makes up for most of it",
    )


CHARTS = (columns_with_plan, line_with_target, control_chart, fan_chart, small_multiples)
