"""The index page of a batch: units × reports with status, headline figures and links to every format."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..wording import missing, number_text
from .issues import Issue, issue_heading
from .outcomes import GOOD, in_words
from .pages import POLICY, Facts, markup, shell_page

_SCRIPT = Path(__file__).with_name("template") / "search.js"
_FIGURES = 8  # headline figures a table has room for
_WIDTH, _HEIGHT, _MARGIN = 84, 24, 3  # of a sparkline, in CSS pixels
FORMATS = (("html", "Page"), ("pdf", "PDF"), ("xlsx", "Excel"), ("ipynb", "Notebook"))


def index_page(manifest: Mapping[str, Any], facts: Facts) -> str:
    """The index page: for each period a table of units × reports with status, links and headline figures.

    Units that need attention stand first: a failed report, then figures judged bad, then the order of the
    units. The one script on the page, the search, is allowed by its hash and by nothing else.
    """
    records = list(manifest["reports"].values())
    periods = sorted({(r["period_order"], r["period"], r["period_label"]) for r in records}, reverse=True)
    groups = [
        _group(label or "Reports", [r for r in records if r["period"] == value])
        for _, value, label in periods
    ]
    script = "\n" + _SCRIPT.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return shell_page(
        "batch",
        title=f"Reports of {manifest['books']}",
        policy=f"{POLICY}; script-src 'sha256-{digest}'",
        summary=_summary(records, groups),
        groups=groups,
        facts=facts,
        script=markup(script),
    )


def _summary(records: Sequence[Mapping[str, Any]], groups: Sequence[Mapping[str, Any]]) -> str:
    """How many reports there are, how many failed, and how many units need attention."""
    bad = sum(r["status"] not in GOOD for r in records)
    early = sum(r.get("issue", {}).get("state") == "preliminary" for r in records)
    summary = f"{len(records)} report{'s' * (len(records) != 1)}"
    summary += f", {bad} of them not made this time: the reason stands beside each." if bad else ", all made."
    if early:
        many = "All" if early == len(records) else str(early)
        summary += (
            f" {many} of them {'is' if early == 1 else 'are'} preliminary: the period is not closed yet."
        )
    rows = [row for group in groups[:1] for row in group["rows"]]
    poor = sum(row["attention"] > 0 for row in rows)
    if poor:
        summary += f" In {groups[0]['label']} figures of {poor} of {len(rows)} units need attention."
    return summary


def _group(label: str, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    reports = list(dict.fromkeys(r["report"] for r in sorted(records, key=lambda r: r["report"])))
    titles = {r["report"]: r["title"] for r in records}
    shown = [figure["label"] for r in sorted(records, key=lambda r: r["order"]) for figure in r["headline"]]
    figures = list(dict.fromkeys(shown))[:_FIGURES]
    rows = []
    subjects: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for r in records:
        subjects.setdefault((r["unit"], r.get("variant", "")), {})[r["report"]] = r
    for (_, variant), own in subjects.items():
        headline = {f["label"]: f for r in own.values() if r["status"] in GOOD for f in r["headline"]}
        failed = sum(r["status"] not in GOOD for r in own.values())
        attention = sum(f["status"] == "bad" for f in headline.values())
        first = next(iter(own.values()))
        rows.append(
            {
                "unit": " · ".join(filter(None, [first["unit_label"], variant])) or "–",
                "cells": [_cell(own.get(report)) for report in reports],
                "figures": [_figure(headline.get(label)) for label in figures],
                "failed": failed,
                "attention": attention,
                "words": _words(own.values(), failed, attention),
                "order": (-failed, -attention, first["order"]),
            }
        )
    rows.sort(key=lambda row: row["order"])
    return {"label": label, "reports": [titles[r] for r in reports], "figures": figures, "rows": rows}


def _words(records: Any, failed: int, attention: int) -> str:
    """What the search finds a row by: unit, reports, status and cause."""
    named = ("unit", "unit_label", "variant", "title", "report", "cause")
    known = [str(r.get(key, "")) for r in records for key in named]
    for record in records:
        known += [in_words(record["status"]), "made" if record["status"] in GOOD else str(record["status"])]
        known += [_issue(record)]
    known += ["not made"] * (failed > 0) + ["needs attention"] * (failed + attention > 0)
    return " ".join(dict.fromkeys(word for word in known if word)).lower()


def _cell(record: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the table says of one report; links are paths as a browser wants them."""
    if record is None:
        return None
    files = record["files"]
    links = [(name, quote(files[kind]["path"])) for kind, name in FORMATS if kind in files]
    failure = quote(files["failure"]["path"]) if "failure" in files else ""
    said = {key: record[key] for key in ("cause", "title")}
    state = {"good": record["status"] in GOOD, "status": in_words(record["status"]), "issue": _issue(record)}
    return {**said, **state, "links": links, "failure": failure}


def _issue(record: Mapping[str, Any]) -> str:
    """Version and state, where there is something to say: "version 2, preliminary"."""
    return ", ".join(issue_heading(Issue.from_json(record["issue"]))) if record.get("issue") else ""


def _figure(figure: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if figure is None else {**figure, "line": sparkline(figure.get("trend") or [])}


def sparkline(trend: Sequence[float | None]) -> dict[str, Any] | None:
    """A line's points for an <svg>, broken where a value is missing, and in words; None below two values.

    `zero` is the height of the zero line where the values lie on both sides of it, else None.
    """
    known = [(place, value) for place, value in enumerate(trend) if value is not None and not missing(value)]
    if len(known) < 2:
        return None
    values = [value for _, value in known]
    low, high = min(values), max(values)
    span, step = (high - low) or 1.0, (_WIDTH - 2 * _MARGIN) / (len(trend) - 1)

    def height(value: float) -> float:
        # Values that are all the same make a line through the middle.
        share = (value - low) / span if high > low else 0.5
        return round(_HEIGHT - _MARGIN - share * (_HEIGHT - 2 * _MARGIN), 1)

    path, before = [], -9
    for place, value in known:
        path.append(
            f"{'L' if place == before + 1 else 'M'}{round(_MARGIN + place * step, 1)} {height(value)}"
        )
        before = place
    x, y = path[-1][1:].split()
    changes = sum(later != earlier for earlier, later in pairwise(values))
    words = f"trend over {len(trend)}: from {number_text(values[0])} to {number_text(values[-1])}"
    words += f", lowest {number_text(low)}, highest {number_text(high)}" if changes else ", unchanged"
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "path": "".join(path),
        "x": x,
        "y": y,
        "zero": height(0.0) if low < 0 < high else None,
        "words": words,
    }
