"""A finished batch to another place: S3, Azure, Google, SFTP, FTP, a folder, whatever fsspec reaches.

Reports go first, then run.json, the index page last: who reads there never finds a link to what is not there
yet. What the other place holds is known from its own run.json; a list of what is under way lies there while
an upload runs, so that one that was cut off is not taken for a whole one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import FinopsError, UsageError
from .files import digest_of
from .secrets import redacted

_LAST = ("run.json", "index.html")
_UNDER_WAY = ".finops/uploading.json"
_CONTENTS = ".finops/contents"
_AT_ONCE = 64  # files sent side by side, where the other place allows it
# Here a file is there while it is still being written, so it is renamed when whole; stores show whole ones.
_RENAMED = {"file", "local", "ftp", "sftp", "ssh"}
_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "gcs": "GOOGLE_APPLICATION_CREDENTIALS",
    "abfs": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}


@dataclass(frozen=True)
class Target:
    """A place to upload to: its `url` for people, its file system, and the path that is its root there."""

    url: str
    protocol: str
    system: Any
    root: str

    def path(self, name: str) -> str:
        """The full path there of a file of the batch."""
        return f"{self.root}/{name}"


@dataclass(frozen=True)
class Uploaded:
    """What an upload did: files sent, kept because they were there already, and removed; bytes sent."""

    sent: int
    kept: int
    removed: int
    bytes: int


def open_target(url: str) -> Target:
    """The place at an fsspec URL (s3://bucket/folder, sftp://host/folder, file:///folder …), asked once.

    Credentials come from the environment. Raises UsageError when no such place can be reached from here.
    """
    matched = re.fullmatch(r"([a-z][a-z0-9+.-]*)://(.+)", url)
    if not matched:
        raise UsageError(f"{url!r} is no URL to upload to.", "Write s3://bucket/folder, file:///folder …")
    protocol = matched[1]
    with suppress(ValueError):  # a password in a URL ends up in histories and in lists of processes
        if urlsplit(url).password:
            raise UsageError(
                f"The {protocol}:// URL to upload to holds a password.", f"Take it out. {_keys(protocol)}"
            )
    with _clearly(url, protocol, "reached", UsageError):
        system, root = _system(url, protocol)
        target = Target(url, protocol, system, root.rstrip("/"))
        system.exists(target.path(_LAST[0]))
        return target


def _system(url: str, protocol: str) -> tuple[Any, str]:
    import fsspec
    from fsspec.registry import known_implementations

    try:
        return fsspec.core.url_to_fs(url)
    except ImportError as problem:
        module = known_implementations.get(protocol, {}).get("class", "").split(".")[0]
        named = f"pip install {module}" if module not in ("", "fsspec") else str(problem)
        raise UsageError(f"Uploading to {protocol}:// needs a package that is not here.", named) from None
    except ValueError as problem:
        if "not known" not in str(problem):
            raise
        raise UsageError(
            f"Nothing is known of {protocol}://, so nothing can be uploaded there.",
            "Well-known ones are s3://, gs://, abfs://, sftp://, ftp:// and file://.",
        ) from None


def upload(
    folder: Path,
    target: Target,
    remove: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Uploaded:
    """Send a finished batch; what is there already with the same content is not sent again.

    Nothing is removed there, but with `remove` the files of reports that this batch no longer has. `progress`
    is called with how many files are sent and how many there are to send. Raises UsageError when the folder
    holds no finished batch or the place holds other books, FinopsError when the upload fails on the way:
    what was sent by then is kept, and the next upload goes on from there.
    """
    last = _read_last(folder)
    manifest = _manifest(last[_LAST[0]], f"{folder / _LAST[0]}")
    kept = _contents(manifest, (f"{_CONTENTS}/{path.name}" for path in (folder / _CONTENTS).glob("*")))
    wanted = _files(manifest) | {name: digest_of(folder / name) for name in sorted(kept)}
    with _clearly(target.url, target.protocol, "written", FinopsError):
        there = _listing(target)
        former = _former(target, there, manifest["books"])
        known = _known(target, there, former)
        send = [
            name
            for name, sha in wanted.items()
            # Contents are named by their hash, so those of the same name and size are the same.
            if (known.get(name) != sha and name not in kept)
            or there.get(name) != (folder / name).stat().st_size
        ]
        _send_noted(folder, target, {name: wanted[name] for name in send}, known, progress)
        if any((folder / name).read_bytes() != content for name, content in last.items()):
            raise UsageError(f"The reports in {folder} changed during the upload.", "Upload them again.")
        for name in _LAST:
            _send(folder, target, [name])
        gone = (({*_files(former)} & {*there}) | _contents(former, there)) - {*wanted} if remove else set()
        for name in sorted(gone | ({_UNDER_WAY} if send or _UNDER_WAY in there else set())):
            target.system.rm_file(target.path(name))
    size = sum((folder / name).stat().st_size for name in [*send, *_LAST])
    return Uploaded(len(send) + len(_LAST), len(wanted) - len(send), len(gone), size)


def _read_last(folder: Path) -> dict[str, bytes]:
    """run.json and the index page as they are now."""
    try:
        return {name: (folder / name).read_bytes() for name in _LAST}
    except OSError as problem:
        raise UsageError(
            f"{folder} holds no finished batch: {problem.filename} cannot be read.",
            "Run finops report first.",
        ) from None


def _manifest(content: bytes, where: str) -> dict[str, Any]:
    """run.json, read. Raises UsageError for one that finops report did not write or has not finished."""
    try:
        known = json.loads(content)
        _files(known)
        ended, _ = known["ended"], known["books"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{where} was not written by finops report.", "Choose another folder.") from None
    if ended is None:
        raise UsageError(f"The batch of {where} has not come to its end.", "Run finops report again first.")
    return dict(known)


def _files(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The sha256 of every file of a batch's reports, by name."""
    files = [file for record in manifest["reports"].values() for file in record["files"].values()]
    if any(".." in Path(file["path"]).parts or Path(file["path"]).is_absolute() for file in files):
        raise ValueError("a path leads out of the folder")
    return {file["path"]: file["sha256"] for file in files}


def _contents(manifest: Mapping[str, Any], names: Iterable[str]) -> set[str]:
    """Those of some names that hold what the reports say, for `finops diff`."""
    named = {record.get("contents") for record in manifest["reports"].values()}
    parts = ((name, name.rpartition("/")) for name in names)
    return {name for name, (parent, _, last) in parts if parent == _CONTENTS and last.split(".")[0] in named}


def _former(target: Target, there: Collection[str], books: str) -> dict[str, Any]:
    """The place's own run.json, or one without reports."""
    if _LAST[0] not in there:
        return {"reports": {}}
    former = _manifest(target.system.cat_file(target.path(_LAST[0])), target.path(_LAST[0]))
    if former["books"] != books:
        raise UsageError(
            f"{target.url} holds the reports of {former['books']}, not of {books}.",
            "Upload to another folder.",
        )
    return former


def _known(target: Target, there: Collection[str], former: Mapping[str, Any]) -> dict[str, str]:
    """The sha256 of the files there of which it is certain, whatever an upload that was cut off has left."""
    known = _files(former)
    if _UNDER_WAY in there:
        try:
            noted = json.loads(target.system.cat_file(target.path(_UNDER_WAY)))
            return {name: sha for name, sha in known.items() if name not in noted["sending"]} | noted["sent"]
        except (ValueError, KeyError, TypeError):
            return {}  # the list itself was cut off
    return known


def _listing(target: Target) -> dict[str, int]:
    """The sizes of the files that are there, by name."""
    target.system.invalidate_cache()
    try:
        found = target.system.find(target.root, detail=True)
    except FileNotFoundError:
        return {}
    return {path.removeprefix(target.root).lstrip("/"): info["size"] for path, info in found.items()}


def _send_noted(
    folder: Path,
    target: Target,
    send: Mapping[str, str],
    known: Mapping[str, str],
    progress: Callable[[int, int], None],
) -> None:
    """Send files (names to sha256), with a list there of what is under way until all else is sent, too."""
    if not send:
        return
    sent: dict[str, str] = {}

    def note() -> None:
        certain = {name: sha for name, sha in known.items() if name not in send}
        listed = {"sending": sorted(send), "sent": {**certain, **sent}}
        _put_text(target, _UNDER_WAY, json.dumps(listed, sort_keys=True).encode())

    note()
    names = list(send)
    try:
        for first in range(0, len(names), _AT_ONCE):
            part = names[first : first + _AT_ONCE]
            odd = [name for name in part if digest_of(folder / name) != send[name]]
            if odd:
                raise UsageError(
                    f"{folder / odd[0]} is not what run.json says.", "Run finops report again, then upload."
                )
            _send(folder, target, part)
            sent |= {name: send[name] for name in part}
            progress(len(sent), len(names))
    except BaseException:
        with suppress(Exception):
            note()  # so that what did arrive need not be sent again
        raise


def _send(folder: Path, target: Target, names: Sequence[str]) -> None:
    """Put files there, each whole or not at all."""
    system, renamed = target.system, target.protocol in _RENAMED
    places = [target.path(name) for name in names]
    if renamed:
        for parent in sorted({place.rpartition("/")[0] for place in places}):
            system.makedirs(parent, exist_ok=True)
        for name, place in zip(names, places, strict=True):
            system.put_file(str(folder / name), place + ".part")
            system.mv(place + ".part", place)
    else:
        system.put([str(folder / name) for name in names], places)


def _put_text(target: Target, name: str, content: bytes) -> None:
    if target.protocol in _RENAMED:
        target.system.makedirs(target.path(name).rpartition("/")[0], exist_ok=True)
    target.system.pipe_file(target.path(name), content)


@contextmanager
def _clearly(url: str, protocol: str, what: str, kind: type[FinopsError]) -> Iterator[None]:
    """Whatever a file system's own library raises, said so that a person can mend it."""
    try:
        yield
    except (FinopsError, KeyboardInterrupt):
        raise
    except Exception as problem:
        name = type(problem).__name__
        said = redacted((str(problem).strip().splitlines() or [name])[0])[:300]
        if isinstance(problem, FileNotFoundError):
            hint = "Make the bucket or the folder first; an upload makes neither."
        elif isinstance(problem, PermissionError) or re.search(
            r"(?i)credential|auth|token|login|530", name + said
        ):
            hint = _keys(protocol)
        else:
            hint = "Look at the address and the network; then upload again: it goes on from where it stopped."
        raise kind(f"{url} could not be {what}: {name}: {said}", hint) from None


def _keys(protocol: str) -> str:
    own = f"FSSPEC_{protocol.upper()}_USERNAME and FSSPEC_{protocol.upper()}_PASSWORD"
    return f"Credentials are taken from the environment: {_CREDENTIALS.get(protocol, own)}."
