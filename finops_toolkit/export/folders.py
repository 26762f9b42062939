"""An export as a folder: one Parquet or CSV file a table, and beside them what describes the tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as parquet

from ..errors import UsageError
from .aside import written_aside
from .describing import MARKER, Record, data_package, model_json, page
from .model import StarTable

_RECORD = f"{MARKER}.json"


class Folder:
    """A folder being written: a file for each table, then the pages."""

    def __init__(self, folder: Path, form: str, tables: Sequence[StarTable]):
        self.folder, self.form, self.tables = folder, form, tables

    def fill(self, table: StarTable, batches: Iterator[pa.RecordBatch]) -> None:
        """One table as a file; without rows it has its columns all the same."""
        path = self.folder / f"{table.name}.{self.form}"
        if self.form == "csv":
            with csv.CSVWriter(path, table.schema) as writer:
                for batch in batches:
                    writer.write_batch(batch)
        else:
            with parquet.ParquetWriter(path, table.schema, compression="zstd") as writer:
                for batch in batches:
                    writer.write_batch(batch)

    def finish(self, record: Record) -> None:
        """The model, the page for people, the data package, and the record that makes it an export."""
        texts = {
            "model.json": model_json(self.tables, record),
            "README.md": page(self.tables, record),
            "datapackage.json": data_package(self.tables, record, self.form),
            _RECORD: record.to_json(),
        }
        for name, text in texts.items():
            (self.folder / name).write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def folder(place: Path, form: str, tables: Sequence[StarTable]) -> Iterator[Folder]:
    """A folder to fill, put in place at the end. UsageError where other files than an export's lie there."""
    with written_aside(place) as aside:
        _only_an_export(place)
        aside.mkdir()
        yield Folder(aside, form, tables)


def _only_an_export(place: Path) -> None:
    if not place.exists():
        return
    if not place.is_dir():
        raise UsageError(f"{place} is a file.", "Give a folder, or a file like star.duckdb or star.xlsx.")
    there = {path.name for path in place.iterdir()}
    written: set[str] = set()
    if _RECORD in there:
        try:
            tables = json.loads((place / _RECORD).read_text(encoding="utf-8"))["tables"]
            names = {f"{one['table']}.{form}" for one in tables for form in ("parquet", "csv")}
            written = names | {_RECORD, "model.json", "README.md", "datapackage.json"}
        except (ValueError, KeyError, TypeError, OSError):
            pass
    others = sorted(there - written)
    if others:
        shown = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        raise UsageError(
            f"{place} holds what no export wrote: {shown}.",
            "An export replaces its folder as a whole. Give a folder of its own, or move these files.",
        )
