"""Files that a notebook opens by itself, beside the books: they too are data it depends on.

Python tells of each file it opens. What C code opens on its own (a query of DuckDB over a file's name) it
does not tell of: read such files through pandas, or as part of the books.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

NAME = "opened file"  # of the read that is recorded
_NOT_DATA = ("/proc", "/sys", "/dev")
SCRATCH = "finops-"  # begins the names of a batch's own temporary folders
_FOR_WRITING = os.O_WRONLY | os.O_RDWR


def record_opened(file: str) -> None:
    """From now on append a line to `file` for each file this process opens for reading, with its hash.

    Not for what belongs to Python, to libraries, to the system or to this batch, and not for what the process
    has itself written.
    """
    apart = [sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(__file__).parent.parent), *_NOT_DATA]
    apart += filter(None, [os.environ.get("FINOPS_SNAPSHOT")])  # what is read of the books is recorded there
    own = os.path.join(os.path.realpath(tempfile.gettempdir()), SCRATCH)
    known = (own, *(os.path.realpath(folder) + os.sep for folder in apart))
    seen: set[str] = set()
    busy = False

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal busy
        if event != "open" or busy or not isinstance(arguments[0], str | bytes):
            return
        busy = True  # what happens here opens files too
        try:
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if path.endswith(".pyc"):
                path = source_from_cache(path)  # a module is the same whether it was compiled before
            if path in seen or path.startswith(known):
                return
            seen.add(path)
            if not (arguments[2] or 0) & _FOR_WRITING and os.path.isfile(path):
                _append(file, path)
        except (OSError, ValueError):
            pass  # the notebook is told by its own attempt
        finally:
            busy = False

    sys.addaudithook(heard)


def hash_now(path: str) -> str:
    """The hash of such a file's content; a text where it cannot be read any more."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as problem:
        return f"failed: {problem.strerror}"


def _append(file: str, path: str) -> None:
    line = {"name": NAME, "arguments": {"path": path}, "sha256": hash_now(path)}
    content = (json.dumps(line, sort_keys=True) + "\n").encode()
    target = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        os.write(target, content)
    finally:
        os.close(target)
