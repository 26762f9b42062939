"""An event log in XES, the standard of process mining: one row for each event of each trace."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa

from .records import table_of_records

CASE = "concept:name"
_VALUES = {"string", "date", "int", "float", "boolean", "id"}


def read_xes(path: Path, entry: Mapping[str, Any]) -> pa.Table:
    """Columns case, step (from 1), each attribute of the event by its name, of the trace as "trace:NAME".

    All as text, as the log has it. ValueError where the file is no XES.
    """
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            return table_of_records(_events(file))
    except (ElementTree.ParseError, OSError, EOFError) as error:
        raise ValueError(f"the event log cannot be read: {error}") from None


def _events(file: Any) -> Iterator[dict[str, str | None]]:
    number, log = 0, None
    for event, element in ElementTree.iterparse(file, events=("start", "end")):
        name = element.tag.rpartition("}")[2]
        if log is None:
            log = element
            if name != "log":
                raise ValueError(
                    f"the event log cannot be read: it begins with <{name[:40]}>, not with <log>"
                )
        if event == "start" or name != "trace":
            continue
        number += 1
        trace = {f"trace:{key}": value for key, value in _attributes(element)}
        case = trace.pop(f"trace:{CASE}", None) or str(number)
        events = [child for child in element if child.tag.rpartition("}")[2] == "event"]
        for step, child in enumerate(events, 1):
            yield {"case": case, "step": str(step), **dict(_attributes(child)), **trace}
        # What was read is not needed any more: a log may be larger than the memory.
        log.clear()


def _attributes(element: Any) -> Iterator[tuple[str, str | None]]:
    for child in element:
        if child.tag.rpartition("}")[2] in _VALUES and child.get("key"):
            yield child.get("key"), child.get("value") or None
