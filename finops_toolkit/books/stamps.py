"""Where a source lies, and stamps of its files: has anything been written since, without reading it?

A server has no files: its stamp says that nobody knows, and what was read of it is read again. A stamp
is [size, time of writing, time of change] of a file. The third one no program can set: a copy that keeps the
time of writing does not go unseen.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import UsageError
from .address import address_of
from .contract import load_contract

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
UNSETTLED_SECONDS = 2.0
_IGNORED = (".", "_", "~$")
_NOBODY_KNOWS = (-1, -1, -1)

Stamps = dict[str, list[int]]


def stamps(data: str | Path | None, source: str | Path | None) -> Stamps:
    """The stamp of every file a source consists of, by its full path, in order of paths.

    Without an adapter that is what lies in the folder itself, and the part files of a table that is a folder:
    nothing else is read below it. An adapter's SELECTs
    may read anything in their own folder and in the source's, so everything in both counts. What vanishes
    meanwhile has the stamp [-1, -1, -1], as has a server. Raises UsageError where there is no such folder.
    """
    address = address_of(data)
    if address is not None:
        file = address.file
        lies = [] if file is None else [path for path in (file, Path(f"{file}.wal")) if path.exists()]
        return {str(path): stamp(path) for path in lies} or {address.text: list(_NOBODY_KNOWS)}
    folder = data_folder(data)
    if source is None or source == "":
        seen = [path for path in folder.iterdir() if is_read(path)]
        paths = [path for path in seen if not path.is_dir()]
        paths += [part for path in seen if path.is_dir() for part in parts_of_table(path)]
    else:
        paths = [path for root in {folder, source_folder(source)} for path in _below(root)]
    return {str(path): stamp(path) for path in sorted(paths)}


def stamp(path: Path) -> list[int]:
    """Size, time of writing and time of change (ns) of a file; -1 for each where it has gone."""
    try:
        status = path.stat()
    except OSError:
        return list(_NOBODY_KNOWS)
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def settled(found: Stamps, now: float) -> bool:
    """Whether stamps taken at `now` (seconds since 1970) tell of every later change.

    File systems keep time in ticks, some of two seconds long: a file written to again within the tick of its
    stamp may look the same afterwards. Stamps of files that young prove nothing, nor does a server:
    look at what they hold.
    """
    return all(
        size >= 0 and max(written, changed) / 1e9 < now - UNSETTLED_SECONDS
        for size, written, changed in found.values()
    )


def parts_of_table(path: Path) -> list[Path]:
    """The Parquet files of a table that is a folder in a lake, however deep, in order; none if it is no such
    folder. Hidden and put-aside ones (`_temporary`) are not read.
    """
    if not path.is_dir() or path.stem.lower() not in load_contract().tables:
        return []
    below = [part for part in _below(path) if part.suffix.lower() == ".parquet"]
    return sorted(part for part in below if all(is_read(Path(name)) for name in part.relative_to(path).parts))


def is_read(path: Path) -> bool:
    """Whether opening looks at a file in a folder of tables: not at hidden, put-aside and lock files."""
    return not path.name.startswith(_IGNORED)


def place_of(data: str | Path | None) -> str:
    """The full path of the folder meant, or the URL of the database. UsageError where there is none."""
    address = address_of(data)
    return str(data_folder(data)) if address is None else address.text


def folders_of(data: str | Path | None) -> list[Path]:
    """The folders that must be seen from a machine which is to read the data; of a server there is none."""
    address = address_of(data)
    if address is None:
        return [data_folder(data)]
    return [] if address.file is None else [address.file.parent]


def data_folder(data: str | Path | None) -> Path:
    """The folder meant: of the generated company (None or ""), a folder, or a bundled adapter's.

    Raises UsageError where there is none.
    """
    if data is None or data == "":
        folder = DATASETS / "company"
        if not folder.is_dir():
            raise UsageError(
                "The generated company is not here: it lies beside the package in the project's folder.",
                "Give --data FOLDER, or make a company with `finops make-data FOLDER`.",
            )
        return folder
    found = _directory(data)
    if found is not None:
        return found
    bundled = DATASETS / "adapters" / str(data)
    if bundled.parent == DATASETS / "adapters" and _directory(bundled):
        return bundled
    names = sorted(path.name for path in (DATASETS / "adapters").glob("*/"))
    raise UsageError(
        f"There is no folder {data}.",
        "Give a folder of the contract's tables, an adapter's folder, or a bundled adapter: "
        + f"{', '.join(names)}."
        if names
        else "Give a folder of the contract's tables or an adapter's folder.",
    )


def source_folder(source: str | Path) -> Path:
    """The folder with an adapter's raw files. Raises UsageError where there is none."""
    folder = _directory(source)
    if folder is None:
        raise UsageError(f"There is no folder {source}.", "Give --source the folder with the raw files.")
    return folder


def _below(root: Path) -> list[Path]:
    return [Path(folder) / name for folder, _, names in os.walk(root) for name in names]


def _directory(path: str | Path) -> Path | None:
    """The folder meant, None where there is none; UsageError where it may not be read."""
    try:
        folder = Path(path).expanduser().resolve()
        if not folder.is_dir():
            return None
        next(folder.iterdir(), None)
    except PermissionError:
        raise UsageError(f"The folder {path} may not be read.", "Ask for the right to read it.") from None
    except (OSError, ValueError, RuntimeError):
        # A name too long, with a NUL, or of a user who does not exist: no folder.
        return None
    return folder
