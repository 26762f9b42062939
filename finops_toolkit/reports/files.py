"""Names and files on the disk: safe names for whatever a unit is called, and whole files or none."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from pathlib import Path

# Names that Windows keeps for devices, whatever their case.
_RESERVED = re.compile(r"(con|prn|aux|nul|conin|conout|com\d|lpt\d)", re.IGNORECASE)
_LONGEST = 60  # bytes in UTF-8; a path of three such names stays under every system's limit


def safe_name(text: str) -> str:
    """A file or folder name made from any text: letters, digits, `_` and `-`, never a path.

    A text that is already such a name stays as it is; any other gets a short hash of the original, so
    that two different texts do not meet in one name.
    """
    plain = unicodedata.normalize("NFKC", text)
    kept = "".join(c if c in "-_" or unicodedata.category(c)[0] in "LNM" else "-" for c in plain)
    kept = re.sub(r"-{2,}", "-", kept).strip("-").encode()[:_LONGEST].decode(errors="ignore")
    if kept and kept == text and not _RESERVED.fullmatch(kept):
        return kept
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{kept or 'unnamed'}-{mark}"


def same_name(path: str) -> str:
    """The form in which two names are one file on some system: case and composition do not count."""
    return unicodedata.normalize("NFKC", path).casefold()


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a file so that at every moment it is the old one or the new one, never a part.

    Raises OSError (disk full, folder not writable); the old file is then still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(aside, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
