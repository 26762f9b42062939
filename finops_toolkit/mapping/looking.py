"""What lies in a folder: every table in every file, as the entry of books.toml that reads it.

Nothing outside the folder is opened, whatever a link or a name in an archive says. What cannot be read is
named
with the reason, and the rest goes on.
"""

from __future__ import annotations

import fnmatch
import gzip
import re
import tarfile
import tempfile
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..sources.archives import is_archive, unpack
from .documents import companyfacts, excel_sheets, json_tables, sqlite_tables
from .layout import SAMPLE, Layout, text_layout, twice
from .words import UMLAUTS, reserved, unaccented

MOST_FILES = 20_000
_TEXT = (".csv", ".tsv", ".txt", ".tab", ".dat", ".asc", ".prn", "")
_EXCEL = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_JSON = (".json", ".jsonl", ".ndjson")
_SQLITE = (".sqlite", ".sqlite3", ".db", ".db3", ".s3db")
_OUR_OWN = ("books.toml", "datapackage.json", "planted_truths.json")


@dataclass
class Source:
    """A table found: its name in the SELECTs, its entry in books.toml, and what was guessed about it."""

    name: str
    entry: dict[str, Any]
    shown: str  # the file, for people
    notes: list[str] = field(default_factory=list)
    view: bool = False


@dataclass
class Look:
    """A folder: its tables, the files that are none with the reason, and remarks on the whole."""

    folder: Path
    sources: list[Source] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    companyfacts: list[str] = field(default_factory=list)
    files: int = 0
    bytes: int = 0


@dataclass
class _Found:
    """A table before it has a name: the path in the folder, the entry, and what tells its layout."""

    file: str
    entry: dict[str, Any]
    signature: tuple[Any, ...] | None = None
    inside: str | None = None
    label: str = ""
    notes: list[str] = field(default_factory=list)
    view: bool = False


def look(folder: Path) -> Look:
    """All tables in a folder and below it. Files of one layout and one kind of name become one table."""
    seen = Look(folder)
    found: list[_Found] = []
    for path in _files(folder, seen):
        seen.files += 1
        seen.bytes += path.stat().st_size
        name = path.relative_to(folder).as_posix()
        try:
            tables = list(_tables(path, name, seen))
        except Exception as error:  # A file of any kind may break the library that reads it.
            seen.unread.append((name, f"it cannot be read: {_short(error)}"))
            continue
        found += tables
    used: set[str] = set()
    for group in _grouped(found, folder):
        seen.sources.append(_source(group, used))
    return seen


def _files(folder: Path, seen: Look) -> Iterator[Path]:
    base = folder.resolve()
    paths = sorted(path for path in folder.rglob("*") if not path.is_dir())
    for number, path in enumerate(paths):
        name = path.relative_to(folder).as_posix()
        if (
            any(part.startswith((".", "~$", "__MACOSX")) for part in Path(name).parts)
            or path.name in _OUR_OWN
        ):
            continue
        if number >= MOST_FILES:
            seen.unread.append((name, f"only the first {MOST_FILES:,} files are looked at"))
            return
        target = path.resolve()
        if base not in target.parents:
            seen.unread.append((name, "it is a link that leads out of the folder"))
        elif not target.is_file():
            seen.unread.append((name, "it is no file"))
        elif target.stat().st_size == 0:
            seen.unread.append((name, "it is empty (0 bytes)"))
        elif re.search(r"[*?\[\]\x00-\x1f]", name):
            # In books.toml a star or a bracket in `file` means a pattern.
            seen.unread.append((_printable(name), "its name holds *, ?, [ or a line break: rename it"))
        else:
            yield path


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _short(error: Exception) -> str:
    text = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return _printable(text[:160])


def _tables(path: Path, name: str, seen: Look) -> Iterator[_Found]:
    """The tables of one file. ValueError and the libraries' own errors where it is none."""
    with path.open("rb") as file:
        start = file.read(SAMPLE)
    suffix = path.suffix.lower()
    lowered = name.lower()
    if start.startswith(b"SQLite format 3\x00"):
        yield from _from_sqlite(path, name, seen)
    elif start.startswith(b"PAR1"):
        yield _Found(name, {"file": name})
    elif suffix in _EXCEL:
        yield from _from_excel(path, name, seen)
    elif lowered.endswith((".tar", ".tar.gz", ".tgz", ".zip")):
        yield from _from_archive(path, name, seen)
    elif lowered.endswith((".xes", ".xes.gz")):
        yield _Found(name, {"file": name}, notes=["an event log (XES): a row is an event"])
    elif suffix == ".gz":
        with gzip.open(path) as packed:
            inner = packed.read(SAMPLE)
        yield from _from_bytes(path, name, Path(name).stem, inner, seen)
    else:
        yield from _from_bytes(path, name, name, start, seen)


def _from_bytes(path: Path, name: str, inner: str, start: bytes, seen: Look) -> Iterator[_Found]:
    """Tables of a text or JSON file, plain or packed by gzip; `inner` is its name unpacked."""
    suffix = Path(inner).suffix.lower()
    if suffix in _JSON or (suffix == "" and start.lstrip()[:1] in (b"{", b"[")):
        if companyfacts(start):
            seen.companyfacts.append(name)
            return
        lists = list(json_tables(path, inner))
        for records, columns, note in lists:
            entry: dict[str, Any] = {"file": name} | ({"records": records} if records else {})
            signature = ("json", records, tuple(columns))
            yield _Found(
                name,
                entry,
                signature,
                label=records.split(".")[-1] if len(lists) > 1 else "",
                notes=[note] if note else [],
            )
        return
    plain = suffix in _TEXT
    layout = text_layout(path if name == inner else None, start) if plain else None
    if layout is None:
        why = "it is no text" if plain else f"files of this kind ({suffix}) hold no table that is read here"
        seen.unread.append((name, why))
        return
    yield _from_layout(name, layout)


def _from_layout(name: str, layout: Layout, inside: str | None = None) -> _Found:
    notes = []
    if layout.header is None:
        notes.append("no row names the columns: they are called column1, column2, …")
    elif layout.header > 1:
        notes.append(f"the columns are named in line {layout.header}; what stands above is not read")
    if layout.encoding != "utf-8":
        notes.append(f"the text is {layout.encoding}")
    repeated = twice(layout.columns)
    if repeated:
        notes.append(f"the name {', '.join(repeated[:3])} stands over several columns: numbers were added")
        layout.columns = _unique(layout.columns)
    entry = {"file": name, **({"inside": inside} if inside else {}), **layout.entry()}
    if repeated:
        entry["columns"] = layout.columns
        entry["header"] = layout.header
    signature = ("text", layout.delimiter, layout.quote, layout.header, tuple(layout.columns))
    return _Found(name, entry, signature, inside, notes=notes)


def _unique(columns: list[str]) -> list[str]:
    """Columns' names, a number added where one stands a second time."""
    taken: set[str] = set()
    out = []
    for name in columns:
        new, number = name, 2
        while new.lower() in taken:
            new, number = f"{name} {number}", number + 1
        taken.add(new.lower())
        out.append(new)
    return out


def _from_excel(path: Path, name: str, seen: Look) -> Iterator[_Found]:
    sheets = list(excel_sheets(path))
    for sheet, header, columns, why in sheets:
        if why:
            seen.unread.append((f"{name}, sheet {_printable(sheet)}", why))
            continue
        entry: dict[str, Any] = {"file": name}
        if len(sheets) > 1:
            entry["sheet"] = sheet
        notes = []
        if header is None:
            entry["columns"] = columns
            notes.append("no row names the columns: they are called column1, column2, …")
        elif header > 1:
            entry["header"] = header
            notes.append(f"the columns are named in row {header}; what stands above is not read")
        if header is not None and twice(columns):
            entry |= {"header": header, "columns": _unique(columns)}
            notes.append(f"the name {', '.join(twice(columns)[:3])} stands over several columns")
        label = sheet if len(sheets) > 1 else ""
        yield _Found(name, entry, ("excel", header, sheet, tuple(columns)), label=label, notes=notes)


def _from_sqlite(path: Path, name: str, seen: Look) -> Iterator[_Found]:
    for table, view, why in sqlite_tables(path):
        if why:
            seen.unread.append((f"{name}, {'view' if view else 'table'} {_printable(table)}", why))
        else:
            yield _Found(name, {"file": name, "table": table}, label=table, view=view)


def _from_archive(path: Path, name: str, seen: Look) -> Iterator[_Found]:
    """Tables of the text files in a zip or tar; other members are named as not read."""
    groups: dict[tuple[Any, ...], list[_Found]] = defaultdict(list)
    names: list[str] = []
    for member, start in _members(path):
        names.append(member)
        suffix = Path(member).suffix.lower()
        if suffix == ".parquet":
            groups[("parquet", member)].append(_Found(name, {"file": name, "inside": member}, None, member))
            continue
        if suffix in (*_EXCEL, *_JSON):
            groups[(member,)] += _inner_tables(path, name, member, seen)
            continue
        # SAP packs a table's text under the name of the archive.
        misnamed = is_archive(Path(member)) and not start.startswith((b"PK", b"\x1f\x8b"))
        layout = text_layout(None, start) if suffix in _TEXT or misnamed else None
        if layout is None:
            nested = is_archive(Path(member)) and not misnamed
            why = "an archive in an archive: unpack the outer one" if nested else "it is no table of text"
            seen.unread.append((f"{name}: {_printable(member)}", why))
            continue
        found = _from_layout(name, layout, member)
        if misnamed:
            found.entry["format"] = "text"
        groups[found.signature or ()].append(found)
    for group in groups.values():
        yield from _by_pattern(group, names)


def _inner_tables(path: Path, name: str, member: str, seen: Look) -> Iterator[_Found]:
    """The tables of a workbook or a JSON document in an archive."""
    with tempfile.TemporaryDirectory() as scratch:
        _, file = unpack(path, member, Path(scratch))[0]
        shown = f"{name}: {member}"
        of_excel = file.suffix in _EXCEL
        found = (
            _from_excel(file, shown, seen)
            if of_excel
            else _from_bytes(file, shown, file.name, file.read_bytes()[:SAMPLE], seen)
        )
        for one in list(found):
            one.file, one.inside = name, member
            one.entry |= {"file": name, "inside": member}
            one.label = " ".join(filter(None, [Path(member).stem, one.label]))
            yield one


def _by_pattern(group: list[_Found], names: list[str]) -> Iterator[_Found]:
    """The members of one layout as one table, where a pattern names them and no others; else each alone."""
    members = [found.inside or "" for found in group]
    mask = _pattern_of(members, names)
    if len(names) == 1 or mask is None:
        for found in group:
            yield found
            found.label = found.inside or ""
        return
    first = group[0]
    first.entry["inside"] = mask
    first.label = mask
    first.notes.append(f"{len(members)} files of one layout, read one below the other")
    yield first


def _pattern_of(members: list[str], names: list[str]) -> str | None:
    """A pattern that fits these names and no others: their digits become stars, else all of a folder."""
    if len(members) < 2:
        return None
    masks = {re.sub(r"\d+([-_. ]?\d+)*", "*", member) for member in members}
    folders = {member.rpartition("/")[0] for member in members}
    suffixes = {Path(member).suffix for member in members}
    if len(folders) == len(suffixes) == 1:
        folder = folders.pop()
        masks.add(f"{folder}/*{suffixes.pop()}" if folder else f"*{suffixes.pop()}")
    wanted = set(members)
    for mask in sorted(masks, key=len, reverse=True):
        if "[" not in mask and {n for n in names if _matches(n, mask)} == wanted:
            return mask
    return None


def _matches(name: str, mask: str) -> bool:
    """Whether a name fits a pattern, part for part: a star does not reach over a folder's end."""
    parts, masks = name.split("/"), mask.split("/")
    return len(parts) == len(masks) and all(map(fnmatch.fnmatchcase, parts, masks))


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    """The files in an archive with their first bytes; names that lead elsewhere are left out."""
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if _inside(info.filename) and not info.is_dir() and info.file_size:
                    with archive.open(info) as file:
                        yield info.filename, file.read(SAMPLE)
        return
    # The inner class reads through gzip as a stream: a bomb costs only what is looked at.
    try:
        with tarfile.open(path, "r|*") as archive:
            for member in archive:
                if member.isfile() and member.size and _inside(member.name):
                    held = archive.extractfile(member)
                    yield member.name, held.read(min(SAMPLE, member.size)) if held else b""
    except (EOFError, zlib.error) as error:
        raise ValueError(f"the archive is cut off or damaged ({_short(error)})") from None


def _inside(name: str) -> bool:
    parts = Path(name.replace("\\", "/")).parts
    hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return bool(parts) and not hidden and not name.startswith("/") and ".." not in parts


def _grouped(found: list[_Found], folder: Path) -> Iterator[_Found]:
    """Files of one layout whose names differ in digits only become one table, read by a pattern."""
    groups: dict[tuple[Any, ...], list[_Found]] = defaultdict(list)
    for number, one in enumerate(found):
        stem = re.sub(r"\d+([-_. ]?\d+)*", "*", Path(one.file).name)
        place = Path(one.file).parent.as_posix()
        alone = one.signature is None or one.inside or (one.signature[0] != "text")
        groups[(number,) if alone else (place, stem, one.signature)].append(one)
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    for group in groups.values():
        mask = _pattern_of([one.file for one in group], names)
        encodings = {one.entry.get("encoding") for one in group}
        if mask is None or len(encodings) > 1:
            yield from group
            continue
        first = group[0]
        first.entry["file"] = mask
        first.notes.append(f"{len(group)} files of one layout, read one below the other")
        yield first


def _source(one: _Found, used: set[str]) -> Source:
    """A found table with a name of its own that needs no quoting in SQL."""
    stem = re.sub(
        r"(\.(csv|tsv|txt|gz|json|jsonl|ndjson|zip|tar|tgz|parquet|xes|xlsx|xlsm|xls|xlsb|ods))+$",
        "",
        Path(one.entry["file"]).name,
    )
    if one.label and ("table" in one.entry or "sheet" in one.entry):
        stem = one.label if "table" in one.entry else f"{Path(stem).stem}_{one.label}"
    elif one.label and "records" in one.entry:
        stem = f"{stem}_{one.label}"
    elif one.label:
        inner = re.sub(r"\.\w+$", "", Path(one.label).name).strip("*-_ ")
        stem = inner or stem
    name = re.sub(
        r"[\W_]+", "_", unaccented(stem.translate(UMLAUTS)).encode("ascii", "ignore").decode()
    ).strip("_")
    if not name or name[0].isdigit():
        name = f"t_{name}".rstrip("_")
    name = name[:50]
    base, number = name, 2
    while name.lower() in used or name.lower() in reserved():
        name, number = f"{base}_{number}", number + 1
    used.add(name.lower())
    where = one.entry["file"] + (f": {one.entry['inside']}" if "inside" in one.entry else "")
    where += f", table {one.entry['table']}" if "table" in one.entry else ""
    where += f", sheet {one.entry['sheet']}" if "sheet" in one.entry else ""
    where += f", {one.entry['records']}" if "records" in one.entry else ""
    return Source(name, one.entry, _printable(where), one.notes, one.view)
