"""Alignment: the goal tree, how far each goal is reached, and which departments' KPIs pull against each
other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .books import Books
from .kpis import catalogue_of, values
from .periods import Period, month_text
from .wording import SCALE, counted, joined, missing, sentence, share_text

MOST = 100_000
# What a department can do for its own KPI that another department pays for: (KPI, other KPI, how).
TENSIONS = (
    ("material_price_variance", "scrap_rate", "cheaper material can be worse material"),
    ("schedule_attainment", "dio", "a full line fills the warehouse when orders do not follow"),
    ("oee", "dio", "long runs keep machines busy and stock high"),
    ("dio", "fill_rate", "less stock saves cash and misses orders"),
    ("premium_freight_share", "otif", "without express freight, late orders stay late"),
    ("revenue_growth", "gross_margin", "a lower price wins the order"),
    ("revenue_growth", "dso", "longer terms win the order"),
    ("dpo", "supplier_on_time", "a supplier who waits for money lets us wait for goods"),
    ("dio", "otif", "less stock saves cash and makes orders late"),
)
WINDOW, FEWEST = 36, 12
# Against each other: a clear rank correlation that shifting one series in time rarely equals. Of independent
# months one pair in forty is called so by chance, of long drifts one in seven (tests measure it).
CLEAR, RARE = -0.4, 0.06


@dataclass(frozen=True)
class Goals:
    """The goal tree, parents first. `table`: goal, name, parent, depth, weight (share among its siblings),
    share (of the whole), owner, owner_name, kpi, kpi_name; `problems` are sentences.
    """

    table: pd.DataFrame
    text: str
    problems: tuple[str, ...] = ()


def goal_tree(books: Books) -> Goals:
    """The goals of a company as a tree; weights of siblings are made to add up to one.

    An empty table where the books have no goals. (Goals in a circle are refused when the books are opened.)
    """
    columns = ["goal", "name", "parent", "depth", "weight", "share", "owner", "owner_name", "kpi", "kpi_name"]
    if "goals" not in books.tables:
        return Goals(pd.DataFrame(columns=columns), "Goals: none, because the books hold no goals.")
    frame = books.rows("goals", limit=MOST).set_index("goal", drop=False)
    parents = [None if missing(parent) else parent for parent in frame["parent"]]
    frame["parent"] = pd.Series(parents, index=frame.index, dtype=object)
    order = list(_tree_order(dict(zip(frame["goal"], frame["parent"], strict=True))))
    frame = frame.loc[[goal for goal, _ in order]]
    frame["depth"] = [depth for _, depth in order]
    given = pd.to_numeric(frame["weight"], errors="coerce")
    family = frame["parent"].fillna("")
    problems = _weight_problems(frame, given, family)
    given = given.fillna(1.0).where(given.groupby(family).transform("count") > 0, 1.0)
    frame["weight"] = given / given.groupby(family).transform("sum")
    shares: dict[Any, float] = {None: 1.0}
    for row in frame.itertuples():
        shares[row.goal] = shares[row.parent] * row.weight
    frame["share"] = [shares[goal] for goal in frame["goal"]]
    known, departments = catalogue_of(books), _departments(books)
    frame["owner_name"] = [None if missing(one) else departments.get(one, one) for one in frame["owner"]]
    frame["kpi_name"] = [known[kpi].name if kpi in known else None for kpi in frame["kpi"]]
    problems += [
        f"{row.name_} names the KPI {row.kpi!r}, which the catalogue does not have."
        for row in frame.rename(columns={"name": "name_"}).itertuples()
        if not missing(row.kpi) and row.kpi not in known
    ]
    measured = frame[frame["kpi_name"].notna()]
    owners = measured["owner_name"].dropna().nunique()
    text = (
        f"{counted(len(frame), 'goal')}, {len(measured)} of them measured by a KPI, "
        f"in the hands of {counted(owners, 'department')}"
    )
    return Goals(frame[columns].reset_index(drop=True), sentence(text), tuple(problems))


def _tree_order(parents: dict[str, str | None]) -> Iterator[tuple[str, int]]:
    children: dict[str | None, list[str]] = {}
    for goal, parent in parents.items():
        children.setdefault(parent if parent in parents else None, []).append(goal)
    stack = [(goal, 0) for goal in reversed(children.get(None, []))]
    while stack:
        goal, depth = stack.pop()
        yield goal, depth
        stack += [(child, depth + 1) for child in reversed(children.get(goal, []))]


def _weight_problems(frame: pd.DataFrame, given: pd.Series, family: pd.Series) -> list[str]:
    sums = given.groupby(family).sum(min_count=1).dropna()
    names = frame["name"]
    return [
        f"The weights below {names[parent]} add up to {share_text(float(total))}, not to 100 %."
        for parent, total in sums.items()
        if parent and abs(total - 1) > 1e-6
    ]


def _departments(books: Books) -> dict[str, str]:
    if "departments" not in books.tables:
        return {}
    rows = books.rows("departments", columns=["department", "name"], limit=MOST)
    return dict(zip(rows["department"], rows["name"], strict=True))


# --- attainment ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attainment:
    """`table`: the goal tree with value, target, measure, met, attainment (0 to 1), uncapped, covered (share
    of the goal's weight that could be measured) and reason; `total` is the top's attainment, NaN where
    there is none.
    """

    table: pd.DataFrame
    text: str
    total: float


def goal_attainment(books: Books, unit: str, period: Period | str) -> Attainment:
    """How far a unit reached its goals in a period.

    A goal without goals below it is measured by its KPI: its attainment is value ÷ target (target ÷ value
    where less is better), at most 1: more of one goal does not make up for another. Any other goal's is the
    weighted mean of those below it that have one, whatever its own KPI says; a goal without a value is left
    out, its weight is shared among its siblings, and `covered` says how much of the weight counts.
    """
    unit, span = books.unit(unit), books.period(period)
    goals = goal_tree(books)
    table = goals.table.copy()
    if table.empty:
        return Attainment(table.assign(value=[], target=[], attainment=[]), goals.text, float("nan"))
    wanted = list(dict.fromkeys(table.loc[table["kpi_name"].notna(), "kpi"]))
    found = values(books, wanted, unit, span).set_index("kpi") if wanted else pd.DataFrame()
    rows = [
        _leaf(found.loc[row.kpi]) if row.kpi in found.index else _leaf(None) for row in table.itertuples()
    ]
    table = pd.concat([table, pd.DataFrame(rows, index=table.index)], axis=1)
    _roll_up(table)
    tops = table[table["depth"] == 0]
    counts = tops["attainment"].notna()
    total = (
        float(np.average(tops["attainment"][counts], weights=tops["share"][counts]))
        if counts.any()
        else np.nan
    )
    return Attainment(table, _attainment_text(table, unit, span, total), total)


def _leaf(row: pd.Series | None) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "value": np.nan,
        "target": np.nan,
        "measure": "",
        "met": None,
        "uncapped": np.nan,
        "attainment": np.nan,
        "covered": 0.0,
        "reason": "",
    }
    if row is None:
        return empty
    reason = row["reason"] or ("" if not missing(row["target"]) else "no target is set for this unit")
    empty |= {name: row[name] for name in ("value", "target", "measure", "met")} | {"reason": reason}
    if reason:
        return empty
    ratio = row["attainment"]
    if missing(ratio):
        # Around zero there is no ratio: within the target it is reached, beyond it as far as the target goes.
        far = abs(row["target"]) / abs(row["value"]) if row["value"] else 0.0
        ratio = 1.0 if row["met"] else min(far, 1.0) if row["target"] * row["value"] > 0 else 0.0
    return empty | {"uncapped": float(ratio), "attainment": min(float(ratio), 1.0), "covered": 1.0}


def _roll_up(table: pd.DataFrame) -> None:
    """Parents from their children, from the leaves up."""
    place = {goal: number for number, goal in enumerate(table["goal"])}
    for number in range(len(table) - 1, -1, -1):
        below = [place[goal] for goal in table.loc[table["parent"] == table.at[number, "goal"], "goal"]]
        if not below:
            continue
        parts = table.loc[below]
        weights = parts["weight"] * parts["covered"]
        table.at[number, "covered"] = float(weights.sum())
        known = parts["attainment"].notna()
        if known.any() and parts["weight"][known].sum() > 0:
            table.at[number, "attainment"] = float(
                np.average(parts["attainment"][known], weights=parts["weight"][known])
            )
            table.at[number, "reason"] = ""
        else:
            table.at[number, "reason"] = "nothing below it can be measured"


def _attainment_text(table: pd.DataFrame, unit: str, span: Period, total: float) -> str:
    leaves = table[table["kpi_name"].notna() & ~table["goal"].isin(table["parent"].dropna())]
    known = leaves[leaves["attainment"].notna()]
    if missing(total):
        return sentence(f"{unit}, {span.label}: no goal can be measured, because {_few(leaves['reason'])}")
    behind = known[known["attainment"] < 1].copy()
    behind["lost"] = (1 - behind["attainment"]) * behind["share"]
    text = f"{unit}, {span.label}: the goals are reached to {share_text(total, places=0)}"
    text += f"; {len(known) - len(behind)} of {len(known)} that can be measured are met"
    if len(behind):
        worst = behind.sort_values("lost", ascending=False).iloc[0]
        text += f". Most is missing at “{worst['name']}”"
        text += f" ({worst['owner_name']})" if not missing(worst["owner_name"]) else ""
    return sentence(text)


def _few(reasons: pd.Series) -> str:
    """The two most common reasons."""
    common = list(reasons[reasons != ""].value_counts(sort=True).index)
    return joined([*common[:2], "the like"] if len(common) > 2 else common)


# --- KPIs that pull against each other -------------------------------------------------------------


@dataclass(frozen=True)
class Pulls:
    """`table`: a row for each known tension: kpi, name, owner, other, other_name, other_owner, because,
    months, correlation (of the two in their good directions), chance (share of shifts in time with as low a
    one), against (True, False, None) and reason. `series` holds the values so compared, a column a KPI.
    """

    table: pd.DataFrame
    text: str
    series: pd.DataFrame


def pulls(books: Books, unit: str, period: Period | str, window: int = WINDOW) -> Pulls:
    """Which departments' KPIs moved against each other in the months up to the period's end.

    Each pair of TENSIONS is compared by the rank correlation of its monthly values, turned so that up is
    good, less what sister units had in the same month, and freed from the season. `chance` asks how often
    the correlation is as low when one series is shifted in time: trends alone then make no finding. It
    shows what went together, and is no proof of a cause.
    """
    unit, span = books.unit(unit), books.period(period)
    first = max(books.first, span.last - window + 1)
    months = [month_text(month) for month in range(first, span.last + 1)]
    known = catalogue_of(books)
    pairs = [pair for pair in TENSIONS if pair[0] in known and pair[1] in known]
    names = sorted({name for pair in pairs for name in pair[:2]})
    peers = _peers(books, unit)
    found = values(books, names, [unit, *peers], months)
    found["turned"] = _turned(books, found, known)
    wide = found.pivot(index="period", columns=["kpi", "unit"], values="turned").loc[months]
    wide.index = pd.PeriodIndex(wide.index, freq="M")
    series = pd.DataFrame({name: _own_part(wide[name], unit, peers) for name in names})
    owners, rows = _owners(books, unit), []
    said = found[(found["reason"] != "") & (found["unit"] == unit)]
    reasons = said.groupby("kpi")["reason"].last()
    for one, other, because in pairs:
        row: dict[str, Any] = {
            "kpi": one,
            "name": known[one].name,
            "owner": owners.get(one, known[one].owner.capitalize()),
            "other": other,
            "other_name": known[other].name,
            "other_owner": owners.get(other, known[other].owner.capitalize()),
            "because": because,
        }
        rows.append(row | _compare(series[one], series[other], reasons.get(one) or reasons.get(other) or ""))
    table = pd.DataFrame(rows).sort_values("correlation", kind="stable", ignore_index=True)
    return Pulls(table, _pulls_text(table, unit, months), series)


def _peers(books: Books, unit: str) -> list[str]:
    """Sister units: the same parent and kind."""
    tree = books.units.set_index("unit")
    own = tree.loc[unit]
    if missing(own["parent"]):
        return []
    alike = (tree["parent"] == own["parent"]) & (
        tree["kind"].fillna("") == ("" if missing(own["kind"]) else own["kind"])
    )
    return [name for name in tree.index[alike] if name != unit]


def _turned(books: Books, found: pd.DataFrame, known: Any) -> list[float]:
    """Values with up as good; amounts of money as a share of the month's revenue, so that units compare."""
    panel = books.panel()
    turned = []
    for row in found.itertuples():
        value = row.value
        if row.measure == "money":
            month, base = panel.months.index(books.period(row.period).last), 0.0
            if "revenue" in panel.measures:
                base = panel.series("revenue", row.unit)[month] / SCALE
            value = value / base if base > 0 else np.nan
        good = known[row.kpi].good
        turned.append(-abs(value) if good == "zero" else -value if good == "down" else value)
    return turned


def _own_part(frame: pd.DataFrame, unit: str, peers: list[str]) -> pd.Series:
    """A unit's series less the median of its sister units': what moved all of them is out, what moved one is
    not.
    """
    others = frame[[name for name in peers if name in frame]].median(axis=1)
    return frame[unit] - others.fillna(0.0)


def _owners(books: Books, unit: str) -> dict[str, str]:
    """Who answers for a KPI: the owner of its target in the unit, else of its goal."""
    departments, found = _departments(books), {}
    for table, scope in (("goals", None), ("targets", {"unit": unit})):
        if table in books.tables:
            for row in books.rows(table, columns=["kpi", "owner"], where=scope, limit=MOST).itertuples():
                if not missing(row.kpi) and not missing(row.owner):
                    found[row.kpi] = departments.get(row.owner, row.owner)
    return found


def _compare(one: pd.Series, other: pd.Series, why: str) -> dict[str, Any]:
    both = one.notna() & other.notna()
    count = int(both.sum())
    empty: dict[str, Any] = {"months": count, "correlation": np.nan, "chance": np.nan, "against": None}
    if count < FEWEST:
        return empty | {"reason": why or f"only {counted(count, 'month')} can be compared"}
    left, right = (_freed_of_season(series[both]) for series in (one, other))
    if left.nunique() < 3 or right.nunique() < 3:
        return empty | {"reason": "one of the two hardly moved"}
    a, b = left.rank().to_numpy(), right.rank().to_numpy()
    found = float(np.corrcoef(a, b)[0, 1])
    shifted = [float(np.corrcoef(a, np.roll(b, step))[0, 1]) for step in range(1, count)]
    chance = (1 + sum(value <= found for value in shifted)) / count
    return {
        "months": count,
        "correlation": found,
        "chance": chance,
        "against": found <= CLEAR and chance <= RARE,
        "reason": "",
    }


def _freed_of_season(series: pd.Series) -> pd.Series:
    """Less the mean of the calendar month, where there are at least two years."""
    if len(series) < 24:
        return series
    return series - series.groupby(series.index.month).transform("mean")


def _pulls_text(table: pd.DataFrame, unit: str, months: list[str]) -> str:
    tested, clear = table[table["against"].notna()], table[table["against"] == True]  # noqa: E712
    if tested.empty:
        return sentence(f"{unit}: no pair of KPIs can be compared, because {_few(table['reason'])}")
    text = f"{unit}, {months[0]} to {months[-1]}: {len(clear)} of {counted(len(tested), 'pair')} of KPIs"
    text += " moved against each other more than chance explains"
    if len(clear):
        top = clear.iloc[0]
        text += (
            f". The clearest: {top['name']} ({top['owner']}) and {top['other_name']} ({top['other_owner']}): "
        )
        text += top["because"]
    return sentence(text)
