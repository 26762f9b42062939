"""What computes: Python, the system, this package's files and the libraries it needs, as text to compare."""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def leave_out_grammar() -> None:
    """Keep this process, if it is all ours, from building a grammar of web addresses with the first notebook.

    jsonschema builds it, where the package is there, to check a format that notebooks do not have; it takes
    as long as all the rest of starting. Without the package jsonschema does without.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


@cache
def software() -> dict[str, str]:
    """Python, the system, a hash of this package's files, and each library's version, by name.

    It stays what it was when this process first asked: a worker that runs since yesterday still runs
    yesterday's package, whatever lies on the disk by now.
    """
    return {
        "Python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "finops_toolkit": _package(),
        **_libraries(),
    }


def digest(known: dict[str, str]) -> str:
    """A hash of it all, to compare in one go."""
    return hashlib.sha256(repr(sorted(known.items())).encode()).hexdigest()


def _package() -> str:
    """sha256 over the names and bytes of the package's files."""
    whole = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            content = path.read_bytes()
            whole.update(f"{path.relative_to(_PACKAGE).as_posix()}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()


def _libraries() -> dict[str, str]:
    """The versions of all that finops-toolkit requires, and what that requires in turn; extras aside."""
    found: dict[str, str] = {}
    wanted = ["finops-toolkit"]
    while wanted:
        name = re.sub(r"[-_.]+", "-", wanted.pop()).lower()
        if name in found:
            continue
        try:
            known = distribution(name)
        except PackageNotFoundError:
            continue  # for another system or Python than this one
        found[name] = known.version
        for line in known.requires or []:
            matched = _NAME.match(line)
            if matched and not re.search(r"\bextra\s*==", line):
                wanted.append(matched[0])
    return dict(sorted(found.items()))
