"""A snapshot: books as a batch found them, in a folder, so that its reports need not open them again.

Opening, checking and the panel cost seconds, and hundreds of reports would pay them hundreds of times. A
snapshot holds what they come to. Tables that lie as Parquet are still read where they lie; all others are in
the snapshot, typed, so that every report of a batch sees the same state of them.

The folder is called by the hash of its record, and the record has the hash of every other file: what is
damaged, of another version or of other data is not used, and the books are opened the ordinary way.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import uuid
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import ContractError, UsageError
from ..sources.sql import quote
from .address import Address, address_of
from .contract import ENGINE_TYPES, load_contract
from .database import attached_view, beside, engine_of, reopened
from .deferred import DeferredEngine
from .finding import Finding
from .kept import OUTLINE, RECORD, books_version
from .opening import Found, Opened, raw_view, typed_table, typed_view, unusable
from .outline import Outline
from .panel import Panel
from .panel_file import panel_from_bytes, panel_to_bytes
from .reconciling import Reconciliation
from .settings import read_settings
from .stamps import Stamps, parts_of_table, place_of, source_folder, stamp, stamps

if TYPE_CHECKING:
    from .books import Books
    from .facts import Facts

VARIABLE = "FINOPS_SNAPSHOT"
_TABLES = "tables/"
_ROWS = 122_880  # of a group in a Parquet file, as the engine writes and likes to read them
_loaded: dict[Path, Snapshot] = {}


def write_snapshot(books: Books, folder: Path, outline: Outline) -> Path:
    """Write a snapshot of sound books into a folder of its own in `folder`; gives its path.

    The folder is called by what is in it, and is there whole or not at all. Raises ContractError where books
    have errors or a file was written to since they were opened, OSError where nothing can be written.
    """
    opened = books.opened
    if any(finding.level == "error" for finding in books.facts.contract_findings):
        raise unusable(opened, books.facts.contract_findings)
    aside = folder / f".writing-{uuid.uuid4().hex}"
    try:
        if opened.snapshot is None:
            name = _write(books, aside, outline)
        else:
            shutil.copytree(opened.snapshot.place, aside)
            name = opened.snapshot.place.name
        if stamps(opened.place, opened.source) != opened.before:
            raise ContractError(
                f"The files of {books.name} changed while the books were open.",
                "Open them again once the files are written.",
            )
        return _put(aside, folder / name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write(books: Books, aside: Path, outline: Outline) -> str:
    """Write a snapshot's files into a new folder; gives the name the folder is to have."""
    (aside / "tables").mkdir(parents=True)
    (aside / "findings").mkdir()
    record = _contents(books.facts, aside)
    (aside / OUTLINE).write_text(outline.to_json(), encoding="utf-8")
    (aside / "panel.npz").write_bytes(panel_to_bytes(books.facts.panel))
    (aside / "reconciliation.arrow").write_bytes(_frame_to_bytes(books.facts.reconciled.table))
    settings = books.opened.folder / "books.toml"
    if settings.exists():
        shutil.copyfile(settings, aside / settings.name)
    written = sorted(path for path in aside.rglob("*") if path.is_file())
    files = {path.relative_to(aside).as_posix(): _file_sha256(path) for path in written}
    text = json.dumps(record | {"files": files}, sort_keys=True).encode()
    (aside / RECORD).write_bytes(text)
    return _sha256(text)


def _contents(facts: Facts, aside: Path) -> dict[str, Any]:
    """The record of a snapshot but for its files; writes the tables and the rows of findings."""
    opened = facts.opened
    return {
        "version": books_version(),
        "data": opened.place,
        "settings": None if opened.address is None else opened.settings,
        "source": None if opened.source is None else str(opened.source),
        "stamps": opened.before,
        "rows": opened.rows,
        "tables": {name: _table(facts, name, aside) for name in facts.tables},
        "units": facts.units.to_dict("split", index=False),
        "findings": {
            origin: [_finding(finding, aside) for finding in found]
            for origin, found in (
                ("contract", facts.contract_findings),
                ("reconciliation", facts.reconciled.findings),
                ("gaps", facts.gaps),
            )
        },
    }


def _table(facts: Facts, name: str, aside: Path) -> dict[str, Any]:
    """Where a table is read, and the columns as they are there; writes it where that is the snapshot."""
    if name in facts.opened.in_place:
        path, found = facts.opened.in_place[name]
        return {"in_place": path.name, "found": found, "called": facts.opened.called.get(name, name)}
    file = f"{_TABLES}{name}.parquet"
    rows = facts.opened.connection.con.sql(f"SELECT * FROM books.{quote(name)}").to_arrow_reader(_ROWS)
    with pq.ParquetWriter(aside / file, rows.schema) as writer:
        for batch in rows:
            writer.write_batch(batch)
    columns = load_contract().tables[name].columns.values()
    return {"file": file, "found": {c.name: (c.name, ENGINE_TYPES[c.type]) for c in columns}}


def _finding(finding: Finding, aside: Path) -> dict[str, Any]:
    """A finding as data; writes the rows it shows."""
    fields = {name: getattr(finding, name) for name in ("level", "table", "rule", "text", "hint")}
    fields["count"] = int(finding.count)
    fields["amount"] = None if finding.amount is None else int(finding.amount)
    if not len(finding.rows.columns):
        return fields | {"rows": None}
    data = _frame_to_bytes(finding.rows)
    file = f"findings/{_sha256(data)}.arrow"
    (aside / file).write_bytes(data)
    return fields | {"rows": file}


def _put(aside: Path, place: Path) -> Path:
    """Move what was written aside to its place, unless the same is there already and sound."""
    if load_snapshot(place) is not None:
        os.utime(place / RECORD)  # it is known to be true now: see kept.py
    else:
        if place.exists():
            shutil.rmtree(place)
        try:
            aside.rename(place)
        except OSError:
            # Another process came first with the very same.
            if load_snapshot(place) is None:
                raise
    return place


def keep_only(place: Path) -> None:
    """Remove whatever else lies beside a snapshot: those of other data, and what a killed process left."""
    for other in set(place.parent.iterdir()) - {place}:
        shutil.rmtree(other, ignore_errors=True)


def warm() -> None:
    """Load the snapshot of the environment's FINOPS_SNAPSHOT, for processes to be forked from this one.

    Connects to no engine and leaves no thread behind.
    """
    if os.environ.get(VARIABLE):
        found = load_snapshot(Path(os.environ[VARIABLE]))
        if found is not None:
            found.opened()
            found.panel()


def snapshot_of(data: str | Path | None, source: str | Path | None) -> Snapshot | None:
    """The environment's snapshot if it is one of this very source as it is now; else None."""
    if not os.environ.get(VARIABLE):
        return None
    found = load_snapshot(Path(os.environ[VARIABLE]))
    try:
        same = found is not None and (
            found.record["data"] == place_of(data)
            and found.source == (None if source is None else source_folder(source))
            and found.record["stamps"] == stamps(data, source)
        )
    except (UsageError, OSError):
        # What is wrong with the source is said by opening it.
        return None
    return found if same else None


def load_snapshot(path: Path) -> Snapshot | None:
    """The snapshot in a folder, with every file checked; None where it is not what it was written as.

    A process loads a snapshot once, and again only if a file of it was written to.
    """
    try:
        path = path.resolve()
        known = _loaded.get(path)
        if known is None or not known.is_unchanged():
            _loaded.pop(path, None)
            known = _loaded[path] = _load(path)
        return known
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _load(path: Path) -> Snapshot:
    text = (path / RECORD).read_bytes()
    if _sha256(text) != path.name:
        raise ValueError("the record is not what the folder is called by")
    record = json.loads(text)
    if record["version"] != books_version():
        raise ValueError("written by another version")
    seen = {str(path / name): stamp(path / name) for name in (RECORD, *record["files"])}
    held = {name: (path / name).read_bytes() for name in record["files"] if not name.startswith(_TABLES)}
    for name, digest in record["files"].items():
        if digest != (_sha256(held[name]) if name in held else _file_sha256(path / name)):
            raise ValueError(f"{name} is damaged")
    return Snapshot(path, record, seen, held)


@dataclass(frozen=True)
class Snapshot:
    """A snapshot as it was checked: its record, the stamps of its files, and what all but the tables hold."""

    place: Path
    record: dict[str, Any]
    seen: Stamps
    held: dict[str, bytes]

    def is_unchanged(self) -> bool:
        """Whether no file of it was written to since it was loaded."""
        return all(stamp(Path(path)) == found for path, found in self.seen.items())

    @property
    def folder(self) -> Path:
        """The folder of tables, or of an adapter, it was made from; of a server a path to nothing."""
        address = self.address
        return Path(self.record["data"]) if address is None else beside(address)

    @property
    def address(self) -> Address | None:
        """The database it was made from, if it was one."""
        return address_of(self.record["data"])

    @property
    def source(self) -> Path | None:
        """The folder of the adapter's raw files, if there is one."""
        return None if self.record["source"] is None else Path(self.record["source"])

    def opened(self) -> Opened:
        """As opening gives it, but nothing is connected yet and no table looked at."""
        tables, address = self.record["tables"], self.address
        opened = Opened(
            self.folder, None, self._settings(), source=self.source, snapshot=self, address=address
        )
        opened.rows, opened.before = dict(self.record["rows"]), dict(self.record["stamps"])
        opened.findings = self.findings("contract")
        if address is not None and address.file is None:
            opened.connection = engine_of(address)
            opened.release()
            for name, entry in tables.items():
                table = load_contract().tables[name]
                opened.tables[name] = reopened(opened.connection, table, entry["called"], _found(entry))
            return opened
        views = {name: self._views(name) for name in tables}
        folders = [self.folder, *([] if self.source is None else [self.source]), self.place]
        opened.connection = DeferredEngine(views, folders, address)
        for name, entry in tables.items():
            opened.tables[name] = typed_table(opened.connection, load_contract().tables[name])
            path = self._file(name)
            if "in_place" in entry:
                opened.in_place[name] = (path, _found(entry))
                for part in parts_of_table(path) or [path]:
                    opened.stamps[part] = opened.before[str(part)]
            else:
                opened.stamps[path] = self.seen[str(path)]
        return opened

    def _settings(self) -> dict[str, Any]:
        given = self.record["settings"]
        return dict(read_settings(self.place)[0] if given is None else given)

    def _file(self, name: str) -> Path:
        entry = self.record["tables"][name]
        return self.folder / entry["in_place"] if "in_place" in entry else self.place / entry["file"]

    def _views(self, name: str) -> list[str]:
        table = load_contract().tables[name]
        entry, address = self.record["tables"][name], self.address
        if address is None or "in_place" not in entry:
            raw = raw_view(table, self._file(name))
        else:
            raw = attached_view(address, table, entry["called"])
        return [raw, typed_view(table, _found(entry))]

    @cached_property
    def outline(self) -> Outline:
        """The outline of the books."""
        return Outline.from_json(self.held[OUTLINE])

    @cached_property
    def _panel(self) -> Panel:
        return panel_from_bytes(self.held["panel.npz"])

    def panel(self) -> Panel:
        """The panel, its own for each caller; the arrays in it are shared, and cannot be written to."""
        histograms = {name: frame.copy(deep=False) for name, frame in self._panel._histograms.items()}
        return replace(self._panel, _histograms=histograms)

    def units(self) -> pd.DataFrame:
        """As Books.units."""
        frame = pd.DataFrame(**self.record["units"], dtype=object)
        return frame.astype({"depth": "int64"})

    def findings(self, origin: str) -> list[Finding]:
        """What was found by the "contract", the "reconciliation" or as "gaps"."""
        return [
            Finding(**entry | {"rows": self._frame(entry["rows"])})
            for entry in self.record["findings"][origin]
        ]

    def reconciliation(self) -> Reconciliation:
        """As reconcile gives it."""
        return Reconciliation(self._frame("reconciliation.arrow"), self.findings("reconciliation"))

    def _frame(self, file: str | None) -> pd.DataFrame:
        return pd.DataFrame() if file is None else _frame_from_bytes(self.held[file])


def _found(entry: dict[str, Any]) -> Found:
    return {column: (name, kind) for column, (name, kind) in entry["found"].items()}


def _frame_to_bytes(frame: pd.DataFrame) -> bytes:
    """A small frame as an Arrow file. ValueError where it does not come back the very same."""
    table = pa.Table.from_pandas(frame)
    file = io.BytesIO()
    with pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    data = file.getvalue()
    if not _frame_from_bytes(data).equals(frame):
        raise ValueError(f"a frame with {', '.join(map(str, frame.columns))} cannot be kept as it is")
    return data


def _frame_from_bytes(data: bytes) -> pd.DataFrame:
    # In this thread alone: a process that forks others may have no further one.
    options = pa.ipc.IpcReadOptions(use_threads=False)
    return pa.ipc.open_file(pa.BufferReader(data), options=options).read_all().to_pandas(use_threads=False)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
