"""How departments work together, and what customers say: forecasts, meetings, decisions, surveys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis

from .calendars import Tables, month_of
from .measures import EXACT, Histogram, Query, Sum, dated, plain


def _forecast_errors(version: str) -> Callable[[Tables], ibis.Table]:
    """Forecast made in the month before against what was ordered, by product; only months with a forecast."""

    def build(tables: Tables) -> ibis.Table:
        forecasts = tables["forecasts"]
        forecasts = forecasts.filter(forecasts.version == version)
        forecasts = forecasts.mutate(
            month=month_of(forecasts.month), made_=tables.period_of(forecasts.made_on)
        )
        forecasts = forecasts.filter(forecasts.made_ == forecasts.month - 1)
        keys = ["unit", "month", "product"]
        last = forecasts.group_by(keys).aggregate(last_=forecasts.made_on.max())
        last = last.rename(u_="unit", m_="month", p_="product")
        made = forecasts.join(
            last,
            [
                forecasts.unit == last.u_,
                forecasts.month == last.m_,
                forecasts["product"] == last.p_,
                forecasts.made_on == last.last_,
            ],
        )
        zero = ibis.literal(0).cast(EXACT)
        said = made.select("unit", "month", "product", forecast=made.quantity.cast(EXACT), actual=zero)
        # Sister units' orders count: a plant forecasts, and makes, what they will order too.
        orders = dated(tables, tables["orders"], "ordered")
        came = orders.select("unit", "month", "product", forecast=zero, actual=orders.quantity.cast(EXACT))
        spans = made.select("unit", "month").distinct()
        came = came.semi_join(spans, ["unit", "month"])
        both = said.union(came)
        return both.group_by(keys).aggregate(
            forecast=both.forecast.sum().cast(EXACT), actual=both.actual.sum().cast(EXACT)
        )

    return build


def _forecast_sums(version: str) -> tuple[Sum, ...]:
    label = {"consensus": "agreed", "statistical": "statistical"}[version]
    sums = (
        Sum(
            f"{version}_forecast",
            f"Units in the {label} forecast made the month before",
            "quantity",
            lambda t: t.forecast,
        ),
        Sum(
            f"{version}_error",
            "Its error: forecast − ordered (positive is over-forecast)",
            "quantity",
            lambda t: t.forecast - t.actual,
        ),
        Sum(
            f"{version}_abs_error",
            "Its absolute error, product by product",
            "quantity",
            lambda t: (t.forecast - t.actual).abs(),
        ),
    )
    return sums + (
        (
            Sum(
                "forecast_actual",
                "Units ordered in months that were forecast",
                "quantity",
                lambda t: t.actual,
            ),
        )
        if version == "consensus"
        else (
            Sum(
                "statistical_actual",
                "Units ordered in months with a statistical forecast",
                "quantity",
                lambda t: t.actual,
            ),
        )
    )


def _has_function(table: ibis.Table, name: str) -> Any:
    present = table.present.fill_null("")
    return (ibis.literal(";") + present.replace(" ", "") + ";").contains(f";{name};")


def _action_movements(tables: Tables) -> ibis.Table:
    """Movements of what is decided and not closed; overdue from the day after it was due."""
    actions = tables["decisions"]
    actions = actions.filter(actions.decided.notnull())
    one, zero = ibis.literal(1), ibis.literal(0)
    late = actions.filter(actions.due.notnull() & (actions.closed.isnull() | (actions.closed > actions.due)))
    parts = [
        actions.select("unit", date=actions.decided, open=one, overdue=zero),
        actions.filter(actions.closed.notnull()).select(
            "unit", date=lambda t: t.closed, open=-one, overdue=zero
        ),
        late.select("unit", date=(late.due + ibis.interval(days=1)).cast("date"), open=zero, overdue=one),
        late.filter(late.closed.notnull()).select("unit", date=lambda t: t.closed, open=zero, overdue=-one),
    ]
    parts = [part.mutate(open=part.open.cast("int64"), overdue=part.overdue.cast("int64")) for part in parts]
    return dated(tables, ibis.union(*parts), "date")


def _due_actions(tables: Tables) -> ibis.Table:
    actions = tables["decisions"]
    return dated(tables, actions.filter(actions.decided.notnull()), "due")


def steps(tables: Tables) -> ibis.Table:
    """Steps of the cases with the department and time of the step before, and whether it is a repetition."""
    events = tables["events"]
    case = ibis.window(group_by="case", order_by=["step"])
    again = ibis.window(group_by=["case", "activity"], order_by=["step"])
    events = events.mutate(
        before=events.department.lag().over(case),
        since=events.time.lag().over(case),
        last=events.step == events.step.max().over(ibis.window(group_by="case")),
        repeated=ibis.row_number().over(again) > 0,
    )
    hand_off = events.before.notnull() & events.department.notnull() & (events.before != events.department)
    # Calendar days: what waits for one night has waited a day, however many hours the night had.
    days = events.time.date().delta(events.since.date(), unit="day")
    return dated(tables, events.mutate(hand_off=hand_off, days=days), "time")


def _of_quality(incidents: Any, value: Any) -> Any:
    """What quality events say, empty for all other incidents.

    A value and not a condition on rows: where no event says anything, there is no figure, and not 0.
    """
    return ibis.cases((incidents.kind == "quality", value))


TOGETHER = (
    Query(
        ("surveys",),
        "surveys",
        plain("surveys", "date"),
        (
            Sum(
                "nps_responses",
                "Answers to: would you recommend us?",
                "count",
                None,
                lambda t: t.nps.notnull(),
            ),
            Sum("promoters", "Answers 9 and 10", "count", None, lambda t: t.nps >= 9),
            Sum("detractors", "Answers 0 to 6", "count", None, lambda t: t.nps <= 6),
            Sum(
                "csat_responses",
                "Answers to: how satisfied are you?",
                "count",
                None,
                lambda t: t.csat.notnull(),
            ),
            Sum("satisfied", "Answers 4 and 5", "count", None, lambda t: t.csat >= 4),
        ),
        sparse=True,
    ),
    Query(
        ("incidents",),
        "incidents",
        plain("incidents", "date"),
        (
            Sum(
                "safety_incidents", "Recordable safety incidents", "count", None, lambda t: t.kind == "safety"
            ),
            Sum("complaints", "Complaints", "count", None, lambda t: t.kind == "complaint"),
            Sum("quality_events", "Quality events", "count", None, lambda t: t.kind == "quality"),
            Sum("incident_cost", "Cost of incidents as reported", "money", lambda t: t.cost),
            Sum(
                "supplier_quality_events",
                "Of the quality events, those that name a supplier",
                "count",
                lambda t: ibis.cases(((t.kind == "quality") & t.supplier.notnull(), 1)),
            ),
            Sum(
                "defective_quantity",
                "Units found defective in quality events",
                "quantity",
                lambda t: _of_quality(t, t.quantity),
            ),
            Sum(
                "quality_downtime",
                "Minutes that production stood for quality events",
                "minutes",
                lambda t: _of_quality(t, t.minutes),
            ),
            Sum(
                "quality_events_timed",
                "Of the quality events, those with minutes, were it none",
                "count",
                lambda t: ibis.cases(((t.kind == "quality") & t.minutes.notnull(), 1)),
            ),
        ),
        sparse=True,
    ),
    Query(("forecasts", "orders"), "forecasts", _forecast_errors("consensus"), _forecast_sums("consensus")),
    Query(
        ("forecasts", "orders"), "forecasts", _forecast_errors("statistical"), _forecast_sums("statistical")
    ),
    Query(
        ("meetings",),
        "meetings",
        plain("meetings", "date"),
        (
            Sum("meetings_scheduled", "Meetings scheduled"),
            Sum("meetings_held", "Of these, held", "count", None, lambda t: t.held),
            Sum(
                "meetings_cross_functional",
                "Held with finance and operations present",
                "count",
                None,
                lambda t: t.held & _has_function(t, "finance") & _has_function(t, "operations"),
            ),
        ),
        sparse=True,
    ),
    Query(
        ("decisions",),
        "decisions",
        plain("decisions", "raised"),
        (
            Sum("decisions_raised", "Questions raised"),
            Sum(
                "decisions_decided", "Of these, decided by now", "count", None, lambda t: t.decided.notnull()
            ),
        ),
        sparse=True,
    ),
    Query(
        ("decisions",),
        "decisions",
        _due_actions,
        (
            Sum("actions_due", "Actions due"),
            Sum(
                "actions_closed_ontime",
                "Of these, closed by the due date",
                "count",
                None,
                lambda t: t.closed <= t.due,
            ),
        ),
        sparse=True,
    ),
    Query(
        ("decisions",),
        "decisions",
        _action_movements,
        (
            Sum("open_actions", "Actions decided and not closed", "count", lambda t: t.open, None, "closing"),
            Sum("overdue_actions", "Of these, overdue", "count", lambda t: t.overdue, None, "closing"),
        ),
        accumulate=True,
        sparse=True,
    ),
    Query(
        ("events",),
        "events",
        steps,
        (
            Sum("handoffs", "Hand-offs from one department to another", "count", None, lambda t: t.hand_off),
            Sum("rework_steps", "Steps done again in the same case", "count", None, lambda t: t.repeated),
            Sum("event_steps", "Steps"),
            Sum("cases", "Cases finished", "count", None, lambda t: t["last"]),
        ),
        sparse=True,
    ),
)


def _span(start: str, end: str) -> Callable[[Tables], ibis.Table]:
    def build(tables: Tables) -> ibis.Table:
        table = tables["decisions"]
        return dated(tables, table.filter(table[start].notnull()), end).mutate(
            days=lambda t: t[end].delta(t[start], unit="day")
        )

    return build


HISTOGRAMS = (
    Histogram(
        "decision_days",
        "Days from raised to decided, by month decided",
        "decisions",
        ("decisions",),
        _span("raised", "decided"),
    ),
    Histogram(
        "closure_days",
        "Days from decided to closed, by month closed",
        "decisions",
        ("decisions",),
        _span("decided", "closed"),
    ),
    Histogram(
        "handoff_days",
        "Days a case waits when it passes to another department",
        "events",
        ("events",),
        lambda tables: steps(tables).filter(lambda t: t.hand_off),
    ),
)
