"""Every kind of chart, drawn from one set of figures: ordinary ones, and all that can go wrong with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from finops_toolkit import charts
from finops_toolkit.variance import make_bridge

SCALE = 10_000
TODAY = dt.date(2025, 11, 30)
SAID = {"message": "Ball valves fell short by 6 % in November", "who": "Plant North", "when": "November 2025"}
LONG = [
    "Ball valves, stainless, DN 50 to DN 300, flanged and welded, for the process industry",
    "Price_of_$steel$ & <b>scrap</b> under {contract} \\alpha",
    "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenhersteller",
    "صمامات كروية من الفولاذ المقاوم للصدأ",
    "不锈钢球阀 北京工厂",
    "A",
]


@dataclass(frozen=True)
class Case:
    """Names of categories, their values and what they are compared with (plain units)."""

    names: list[str]
    values: np.ndarray
    aims: np.ndarray


def case(n: int, change: Callable[[np.ndarray], np.ndarray] = lambda values: values) -> Case:
    """`n` categories, their values around three million changed as said."""
    rng = np.random.default_rng(n)
    values = change(rng.normal(3e6, 6e5, n))
    aims = values * rng.normal(1.0, 0.1, n)
    return Case([f"Category {number}" for number in range(1, n + 1)], values, aims)


def some_missing(values: np.ndarray) -> np.ndarray:
    """Every third one is not known."""
    return np.where(np.arange(len(values)) % 3 == 1, np.nan, values)


def mixed(values: np.ndarray) -> np.ndarray:
    """Some far below zero."""
    return np.where(np.arange(len(values)) % 4 == 1, -values, values)


CASES: dict[str, Case] = {
    "one": case(1),
    "three": case(3),
    "twelve": case(12),
    "forty": case(40),
    "mixed": case(12, mixed),
    "negative": case(8, lambda values: -values),
    "zeros": case(6, lambda values: values * 0),
    "missing": case(12, some_missing),
    "nothing known": case(4, lambda values: values * np.nan),
    "one known": case(6, lambda values: np.where(np.arange(len(values)) == 2, values, np.nan)),
    "huge range": case(12, lambda values: values * 10.0 ** np.linspace(-5, 3, len(values))),
    "tiny": case(5, lambda values: values / 1e9),
    "equal": case(5, lambda values: values * 0 + 100.0),
    "names": Case(
        LONG, np.array([3e6, 2e6, -1e6, 4e6, 1e6, 5e5]), np.array([2e6, 3e6, 1e6, 4.4e6, 1e6, 5e5])
    ),
}


def frame(given: Case) -> pd.DataFrame:
    """Categories as rows."""
    return pd.DataFrame({"name": given.names, "actual": given.values, "budget": given.aims})


def by_month(given: Case) -> pd.DataFrame:
    """The values month by month."""
    months = pd.period_range("2023-02", periods=len(given.names), freq="M")
    return pd.DataFrame({"actual": given.values, "budget": given.aims}, index=months)


def known(value: float) -> float:
    """A value, 0 where it is not known."""
    return float(np.nan_to_num(value))


def draw_bridge(given: Case) -> Axes:
    """From 10 m by the differences to where they lead."""
    steps = [
        (f"s{number}", name, round(known(value - aim)) * SCALE)
        for number, (name, value, aim) in enumerate(zip(given.names, given.values, given.aims, strict=True))
    ]
    start = 10_000_000 * SCALE
    end = start + sum(amount for _, _, amount in steps)
    return charts.bridge(make_bridge(("Budget", start), steps, ("Actual", end)), currency="EUR", **SAID)


def draw_bullet(given: Case) -> Axes:
    """Values as shares of their targets."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(given.aims == 0, np.nan, given.values / given.aims)
    texts = [f"{value / 1e6:.1f} m" if np.isfinite(value) else "none" for value in given.values]
    return charts.bullet(
        pd.DataFrame({"name": given.names, "attainment": shares, "value_text": texts}), **SAID
    )


def draw_cards(given: Case) -> Axes:
    """A card each, with a trend that leads to its value."""
    missing = ~np.isfinite(given.values)
    table = pd.DataFrame({
        "name": given.names, "value": given.values, "measure": "EUR", "target": given.aims,
        "met": [None if gone else bool(value >= aim) for gone, value, aim in
                zip(missing, given.values, given.aims, strict=True)],
        "trend": [list(np.linspace(0.8, 1, 13) * value) for value in given.values],
        "reason": ["the survey was not held" if gone else "" for gone in missing],
    })  # fmt: skip
    return charts.kpi_cards(table, what="KPIs", **SAID)


def draw_tornado(given: Case) -> Axes:
    """Inputs that move a result of 3 m."""
    table = pd.DataFrame({"name": given.names, "low": given.values, "high": given.aims + 1e5})
    return charts.tornado(table, base=3e6, what="Profit", unit="EUR", **SAID)


def draw_heat(given: Case) -> Axes:
    """Categories × quarters."""
    table = pd.DataFrame({f"Q{n}": given.values * (0.7 + n / 10) for n in range(1, 5)}, index=given.names)
    return charts.heat_map(table, what="Revenue", unit="EUR", **SAID)


def draw_tree(given: Case) -> Axes:
    """A result and its drivers, one below the other; forty of them in branches of ten."""
    rows = [{"node": "top", "parent": None, "name": "Result", "value": 9e6, "delta": -1e5}]
    for n, (name, value, aim) in enumerate(zip(given.names, given.values, given.aims, strict=True)):
        rows.append({"node": f"n{n}", "parent": f"n{n // 10 - 1}" if n >= 10 else "top",
                     "name": name, "value": value, "delta": value - aim})  # fmt: skip
    return charts.driver_tree(pd.DataFrame(rows), unit="EUR", **SAID)


def draw_timeline(given: Case) -> Axes:
    """Decisions that take as long as their values say."""
    rows = []
    for n, (name, value) in enumerate(zip(given.names, given.values, strict=True)):
        start = dt.date(2025, 1, 7) + dt.timedelta(days=5 * n)
        end = start + dt.timedelta(days=int(abs(known(value)) % 90)) if n % 3 else None
        status = ("late" if n % 2 else "open") if end is None else "done"
        rows.append({"name": name, "owner": "Head of Sales", "start": start, "end": end, "status": status,
                     "due": start + dt.timedelta(days=30)})  # fmt: skip
    return charts.timeline(
        pd.DataFrame(rows), today=TODAY, milestones={"Close": dt.date(2025, 6, 30)}, **SAID
    )


def draw_control(given: Case) -> Axes:
    """A process whose limits step half-way; what is outside signals."""
    values = given.values / 1e5
    half = np.arange(len(values)) < len(values) / 2
    table = pd.DataFrame({
        "value": values, "centre": np.where(half, 30.0, 28.0), "lower": np.where(half, 20.0, 21.0),
        "upper": np.where(half, 40.0, 35.0), "out": (values > 38) | (values < 21),
    }, index=by_month(given).index)  # fmt: skip
    return charts.control_chart(
        table, signals="out", measure="days", good="down", what="Days to decide", **SAID
    )


def draw_fan(given: Case) -> Axes:
    """History, and six months of what may come."""
    start = known(given.values[-1])
    months = pd.period_range("2023-02", periods=len(given.values) + 6, freq="M")
    spread = np.concatenate([np.full(len(given.values), np.nan), np.linspace(0.05, 0.3, 6)]) * abs(start)
    table = pd.DataFrame({"actual": [*given.values, *[np.nan] * 6], "plan": np.nanmean([0, *given.aims])},
                         index=months)  # fmt: skip
    for name, share in (("p5", -1.6), ("p25", -0.7), ("p50", 0.0), ("p75", 0.7), ("p95", 1.6)):
        table[name] = start + spread * share
    return charts.fan_chart(table, plan="plan", what="Cash", unit="EUR", **SAID)


def draw_panels(given: Case) -> Axes:
    """Six months of each of the first twelve categories."""
    months = pd.period_range("2025-06", periods=6, freq="M")
    rows = [
        {"unit": name, "month": month, "actual": value * (0.8 + n / 12), "budget": aim}
        for name, value, aim in list(zip(given.names, given.values, given.aims, strict=True))[:12]
        for n, month in enumerate(months)
    ]
    return charts.small_multiples(pd.DataFrame(rows), plan="budget", what="Revenue", unit="EUR", **SAID)


def draw_portfolio(given: Case) -> Axes:
    """Where x, y and size are values; one that is not known is zero."""
    table = pd.DataFrame(
        {"name": given.names, "x": given.values, "y": given.values / 1e7, "size": given.aims}
    )
    table["y"] += np.linspace(0, 0.3, len(table))[::-1]
    table["chosen"] = np.arange(len(table)) % 2 == 0
    return charts.portfolio_map(
        table.fillna(0.0), across="Investment", up="Return", area="Value", units=("EUR", "%", "EUR"), **SAID
    )


DRAW: dict[str, Callable[[Case], Axes]] = {
    "columns_with_plan": lambda given: charts.columns_with_plan(
        by_month(given), plan="budget", what="Revenue", unit="EUR", **SAID
    ),
    "columns_with_plan, last year": lambda given: charts.columns_with_plan(
        by_month(given), plan="budget", scenario="PY", good="down", what="Cost", unit="EUR", **SAID
    ),
    "columns_with_plan, forecast": lambda given: charts.columns_with_plan(
        by_month(given), plan="budget", scenario="FC", what="Units", unit="", **SAID
    ),
    "columns_with_plan, alone": lambda given: charts.columns_with_plan(
        by_month(given), what="Revenue", unit="EUR", **SAID
    ),
    "columns_with_plan, named": lambda given: charts.columns_with_plan(
        frame(given).set_index("name"), plan="budget", what="Revenue", unit="EUR", **SAID
    ),
    "line_with_target": lambda given: charts.line_with_target(
        by_month(given) / 5e6, value="actual", target="budget", measure="%", what="OTIF", **SAID
    ),
    "line_with_target, limits": lambda given: charts.line_with_target(
        by_month(given) / 1e5, value="actual", target=28.0, limits=(20.0, 40.0), measure="days", what="DSO",
        good="down", **SAID,
    ),
    "bars_with_variance": lambda given: charts.bars_with_variance(
        frame(given), what="Revenue", unit="EUR", **SAID
    ),
    "bars_with_variance, all tiers": lambda given: charts.bars_with_variance(
        frame(given).assign(last_year=given.aims * 0.9), last_year="last_year", relative=True, total="Total",
        what="Revenue", unit="EUR", **SAID,
    ),
    "bars_with_variance, cost": lambda given: charts.bars_with_variance(
        frame(given), scenario="PY", good="down", what="Cost", unit="EUR", **SAID
    ),
    "bridge": draw_bridge,
    "bullet": draw_bullet,
    "kpi_cards": draw_cards,
    "tornado": draw_tornado,
    "heat_map": draw_heat,
    "driver_tree": draw_tree,
    "timeline": draw_timeline,
    "control_chart": draw_control,
    "fan_chart": draw_fan,
    "small_multiples": draw_panels,
    "portfolio_map": draw_portfolio,
}  # fmt: skip
