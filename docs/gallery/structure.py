"""Charts of structure: bars, bullets, bridges, cards, tornados, heat maps."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from finops_toolkit import charts
from finops_toolkit.variance import make_bridge
from finops_toolkit.wording import SCALE

MONTHS = pd.period_range("2025-01", periods=11, freq="M")


def bars_with_variance() -> Axes:
    """Which products, customers or plants are ahead of plan and which behind, in money and in percent."""
    frame = pd.DataFrame(
        [
            ("Ball valves", 1_840_000, 2_120_000),
            ("Gate valves", 1_260_000, 1_180_000),
            ("Check valves", 905_000, 930_000),
            ("Actuators", 640_000, 560_000),
            ("Spare parts", 412_000, 405_000),
            ("Service contracts", 118_000, 150_000),
        ],
        columns=["name", "actual", "budget"],
    )
    return charts.bars_with_variance(
        frame,
        relative=True,
        total="All products",
        message="Ball valves sold EUR 280 k less than planned; actuators and gate valves make up for half",
        who="Plant North",
        what="Revenue",
        when="November 2025",
        unit="EUR",
    )


def bullet() -> Axes:
    """Many KPIs of different units against their targets: who gets there, and who misses by how much."""
    frame = pd.DataFrame(
        [
            ("On time in full", 0.93, "88.4 %", ""),
            ("Inventory turns", 1.08, "7.6 x", ""),
            ("Scrap within limit", 0.71, "3.1 %", ""),
            ("Savings delivered", 2.35, "EUR 470 k", ""),
            ("Training hours", 1.0, "24 h", ""),
            ("Net promoter score", None, "", "the survey runs in spring"),
        ],
        columns=["name", "attainment", "value_text", "reason"],
    )
    return charts.bullet(
        frame,
        message="Two of five goals are missed: delivery by 7 %, scrap by 29 %",
        who="Plant North",
        when="January to November 2025",
    )


def bridge() -> Axes:
    """Why an amount differs from plan or last year: each cause a step, and nothing left over."""
    steps = [
        ("volume", "Sales volume", 64_000),
        ("price", "Sales prices", -212_000),
        ("mix", "Product mix", 38_000),
        ("material", "Material prices", -41_000),
        ("scrap", "Scrap", -84_000),
        ("overhead", "Overheads", 52_000),
    ]
    start, end = 820_000, 820_000 + sum(amount for _, _, amount in steps)
    result = make_bridge(
        ("Budget", start * SCALE),
        [(key, name, amount * SCALE) for key, name, amount in steps],
        ("Actual", end * SCALE),
    )
    return charts.bridge(
        result,
        subtotals={"mix": "After sales"},
        message="Prices given away cost EUR 212 k, scrap another EUR 84 k",
        who="Plant North",
        what="Operating profit",
        when="November 2025",
        currency="EUR",
    )


def kpi_cards() -> Axes:
    """The few figures that a page opens with: the value, its target, and where it is heading."""
    rows = [
        ("On time in full (OTIF)", 0.884, "%", 0.95, False,
         [95, 94, 95, 93, 94, 92, 91, 90, 91, 89, 88.4], ""),
        ("Days sales outstanding (DSO)", 44.2, "days", 46, True,
         [51, 50, 48, 49, 47, 48, 46, 45, 46, 45, 44.2], ""),
        ("Operating profit", 637_000, "money", 820_000, False,
         [790, 805, 770, 812, None, 760, 741, 720, 733, 690, 637], ""),
        ("Net promoter score", None, "points", 30, None, [], "the survey runs in spring"),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["name", "value", "measure", "target", "met", "trend", "reason"])
    sizes = {"%": 0.01, "money": 1000.0}
    frame["trend"] = [
        [None if value is None else value * sizes.get(measure, 1.0) for value in trend]
        for trend, measure in zip(frame["trend"], frame["measure"], strict=True)
    ]
    return charts.kpi_cards(
        frame.assign(currency="EUR"),
        message="Delivery and profit slide together; customers pay faster",
        who="Plant North",
        what="KPIs, trend of 11 months",
        when="November 2025",
    )


def tornado() -> Axes:
    """Which assumption matters most: how far the result moves when each input is at its low or high end."""
    frame = pd.DataFrame(
        [
            ("Sales prices", 980_000, 1_820_000, "−5 %", "+5 %"),
            ("Steel price", 1_640_000, 1_120_000, "−10 %", "+15 %"),
            ("Sales volume", 1_190_000, 1_560_000, "−6 %", "+5 %"),
            ("Wage settlement", 1_480_000, 1_310_000, "2 %", "4.5 %"),
            ("Exchange rate", 1_430_000, 1_460_000, "USD 1.05", "USD 1.15"),
            ("Rent of the warehouse", 1_400_000, 1_380_000, "no rise", "EUR 20 k more"),
        ],
        columns=["name", "low", "high", "low_text", "high_text"],
    )
    return charts.tornado(
        frame,
        base=1_400_000,
        message="Five per cent on sales prices outweighs any other assumption of the plan",
        who="Plant North",
        what="operating profit",
        when="Plan 2026",
        unit="EUR",
    )


def heat_map() -> Axes:
    """A pattern over two dimensions, such as plants by months, that a table of numbers hides."""
    shares = {
        "Plant North": [95, 94, 95, 93, 94, 92, 91, 90, 91, 89, 88],
        "Plant South": [91, 92, 90, 93, 94, 95, 94, 96, 95, 96, 97],
        "Plant East": [97, 96, 97, None, 98, 97, 96, 97, 97, 98, 97],
        "Plant West": [88, 86, 89, 91, 90, 93, 92, 94, 95, 95, 96],
    }
    frame = pd.DataFrame(shares, index=MONTHS, dtype=float).T / 100
    return charts.heat_map(
        frame,
        unit="%",
        marks=(frame >= 0.95).astype(object).where(frame.notna(), None),
        message="North has slid since May while South and West caught up",
        who="Company",
        what="Orders on time in full",
        when="January to November 2025, ▲ on the target of 95 %, ▼ below it",
    )


CHARTS: tuple = (bars_with_variance, bullet, bridge, kpi_cards, tornado, heat_map)
