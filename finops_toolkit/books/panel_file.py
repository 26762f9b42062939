"""The panel as bytes and back, for a snapshot: arrays of numbers and a text, and nothing to be executed."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from ..calendars import Calendar
from .measures import Measure
from .panel import Panel
from .statements import Statements

# The columns of a histogram besides its unit.
_COUNTED = ("month", "days", "count")
_STATED = ("months", "days", "sheets")


def panel_to_bytes(panel: Panel) -> bytes:
    """A panel as an .npz: its arrays as they are, its structure as JSON."""
    structure = {
        "units": panel.units,
        "months": panel.months,
        "closed": panel.closed,
        "parents": panel.parents,
        "closings": panel.closings,
        "calendar": asdict(panel.calendar),
        "shares": panel.shares,
        "begun": panel.begun,
        "preliminary": panel._preliminary,
        "taken_out": list(panel._taken_out),
        "measures": [asdict(measure) for measure in panel.measures.values()],
        "missing": panel.missing,
        "values": list(panel._values),
        "rows": list(panel._rows),
        "coverage": panel._coverage,
        "histograms": list(panel._histograms),
    }
    arrays = {
        "structure": np.frombuffer(json.dumps(structure, default=int).encode(), dtype="uint8"),
        "values": _stacked(panel, panel._values),
        "taken out": _stacked(panel, panel._taken_out),
        "rows": _stacked(panel, panel._rows),
    }
    if panel.statements is not None:
        arrays |= {f"statements {name}": getattr(panel.statements, name) for name in _STATED}
    for name, frame in panel._histograms.items():
        arrays[f"{name} unit"] = pd.Index(panel.units).get_indexer(frame["unit"]).astype("int64")
        arrays |= {f"{name} {column}": frame[column].to_numpy() for column in _COUNTED}
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def panel_from_bytes(data: bytes) -> Panel:
    """The panel that panel_to_bytes was given; its arrays cannot be written to."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    for array in arrays.values():
        array.flags.writeable = False
    structure: dict[str, Any] = json.loads(arrays["structure"].tobytes())
    measures = [Measure(**entry | {"needs": tuple(entry["needs"])}) for entry in structure["measures"]]
    units = structure["units"]
    stated = {name: arrays[f"statements {name}"] for name in _STATED if f"statements {name}" in arrays}
    names = pd.Index(units, dtype="str")
    return Panel(
        units=units,
        months=structure["months"],
        closed=structure["closed"],
        parents=structure["parents"],
        closings=structure["closings"],
        statements=Statements(**stated, units=units, parents=structure["parents"]) if stated else None,
        calendar=Calendar(**structure["calendar"]),
        shares=structure["shares"],
        begun=structure["begun"],
        _preliminary=structure["preliminary"],
        _taken_out=dict(zip(structure["taken_out"], arrays["taken out"], strict=True)),
        measures={measure.name: measure for measure in measures},
        missing=structure["missing"],
        _values=dict(zip(structure["values"], arrays["values"], strict=True)),
        _rows=dict(zip(structure["rows"], arrays["rows"], strict=True)),
        _coverage={name: (first, last) for name, (first, last) in structure["coverage"].items()},
        _histograms={
            name: pd.DataFrame(
                {"unit": names.take(arrays[f"{name} unit"])}
                | {column: arrays[f"{name} {column}"] for column in _COUNTED}
            )
            for name in structure["histograms"]
        },
    )


def _stacked(panel: Panel, matrices: dict[str, np.ndarray]) -> np.ndarray:
    """Matrices of one shape one after the other: [measure, unit, month]."""
    shape = (len(matrices), len(panel.units), len(panel.months))
    return np.array(list(matrices.values()), dtype="int64").reshape(shape)
