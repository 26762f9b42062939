"""What a folder of reports holds: run.json, from which the index page is made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .files import replace_file
from .pages import Facts, shell_page

NAME = "run.json"
_FIGURES = 8  # headline figures a table of the index page has room for


def read_manifest(folder: Path, books: str) -> dict[str, Any]:
    """The manifest of an output folder, or an empty one.

    Raises UsageError when the folder holds the reports of other books: they would be mixed or lost.
    """
    path = folder / NAME
    try:
        known = (
            json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"books": books, "reports": {}}
        )
        if not isinstance(known["reports"], dict):
            raise TypeError
    except (ValueError, KeyError, TypeError):
        raise UsageError(
            f"{path} was not written by finops report.", "Choose another --out, or move that file away."
        ) from None
    if known.get("books") != books:
        raise UsageError(
            f"The folder {folder} holds the reports of {known.get('books')}, not of {books}.",
            "Choose another --out.",
        )
    return known


def write_manifest(folder: Path, manifest: Mapping[str, Any], facts: Facts) -> None:
    """Write run.json and the index page that shows it, each whole or not at all."""
    replace_file(folder / NAME, json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    replace_file(folder / "index.html", index_page(manifest, facts))


def index_page(manifest: Mapping[str, Any], facts: Facts) -> str:
    """The index page: for each period a table of units × reports with status, links and headline figures.

    Units that need attention stand first: a failed report, then figures judged bad, then the order of the
    units.
    """
    records = list(manifest["reports"].values())
    bad = [r for r in records if r["status"] != "done"]
    periods = sorted({(r["period_order"], r["period"], r["period_label"]) for r in records}, reverse=True)
    groups = [
        _group(label or "Reports", [r for r in records if r["period"] == value])
        for _, value, label in periods
    ]
    summary = f"{len(records)} report{'s' * (len(records) != 1)}"
    summary += (
        f", {len(bad)} of them not made this time: the reason stands beside each." if bad else ", all made."
    )
    return shell_page(
        "batch", title=f"Reports of {manifest['books']}", summary=summary, groups=groups, facts=facts
    )


def _group(label: str, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    reports = list(dict.fromkeys(r["report"] for r in sorted(records, key=lambda r: r["report"])))
    titles = {r["report"]: r["title"] for r in records}
    shown = [figure["label"] for r in sorted(records, key=lambda r: r["order"]) for figure in r["headline"]]
    figures = list(dict.fromkeys(shown))[:_FIGURES]
    rows = []
    for unit in {r["unit"]: None for r in records}:
        own = {r["report"]: r for r in records if r["unit"] == unit}
        headline = {f["label"]: f for r in own.values() if r["status"] == "done" for f in r["headline"]}
        first = next(iter(own.values()))
        failed = sum(r["status"] != "done" for r in own.values())
        attention = sum(f["status"] == "bad" for f in headline.values())
        rows.append(
            {
                "unit": first["unit_label"] or "–",
                "cells": [_cell(own.get(report)) for report in reports],
                "figures": [headline.get(label) for label in figures],
                "order": (-failed, -attention, first["order"]),
            }
        )
    rows.sort(key=lambda row: row["order"])
    return {"label": label, "reports": [titles[r] for r in reports], "figures": figures, "rows": rows}


def _cell(record: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the table says of one report; links are paths as a browser wants them."""
    if record is None:
        return None
    from urllib.parse import quote

    links = {
        key: quote(record[key]) if record.get(key) else ""
        for key in ("page", "pdf", "workbook", "notebook", "failure")
    }
    return {**{key: record[key] for key in ("status", "cause", "title")}, **links}
