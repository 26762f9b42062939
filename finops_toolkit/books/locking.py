"""The engine, locked down: it reads the folders it was given, writes nothing, downloads nothing."""

from __future__ import annotations

import os
import tempfile
import uuid
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..sources.sql import literal
from ..sources.text import pattern


def lock_down(connection: Any, folders: list[Path]) -> None:
    """Make a new connection fit to read from these folders and nowhere else, and share the machine.

    The environment's FINOPS_JOBS says how many do so at a time: each takes its part of cores and memory.
    """
    # Each connection spills into a folder of its own: two processes in one would spoil each other's files.
    spill = Path(tempfile.gettempdir()) / f"finops_toolkit_{uuid.uuid4().hex}"
    spellings = [text for folder in folders for text in (folder.as_posix(), pattern(folder))]
    allowed = ", ".join(literal(text + "/") for text in dict.fromkeys(spellings))
    for statement in (
        *_shares(connection),
        "SET enable_progress_bar = false",
        "SET parquet_metadata_cache = true",  # a file's is asked for four times before its first row is read
        "SET autoinstall_known_extensions = false",
        "SET autoload_known_extensions = false",
        f"SET temp_directory = {literal(spill.as_posix())}",
        f"SET allowed_directories = [{allowed}]",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        connection.raw_sql(statement)
    # Foreign files are views in `main`, what a file or a SELECT gave is in `raw`, typed tables in `books`.
    connection.raw_sql("CREATE SCHEMA raw")
    connection.raw_sql("CREATE SCHEMA books")


def _shares(connection: Any) -> list[str]:
    """Statements that leave room for the others of FINOPS_JOBS. UsageError where it is no number."""
    text = os.environ.get("FINOPS_JOBS", "")
    if not text:
        return []
    if not (text.isascii() and text.isdigit() and int(text)):
        raise UsageError(f"FINOPS_JOBS={text!r} is not understood.", "Write a whole number of 1 or more.")
    jobs = int(text)
    cores = connection.raw_sql("SELECT current_setting('threads')").fetchall()[0][0]
    return [f"SET threads = {max(1, int(cores) // jobs)}", f"SET memory_limit = '{80 / jobs:.3f}%'"]
