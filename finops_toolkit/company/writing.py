"""The company as a folder: one Parquet file a table, books.toml, and the planted truths.

Everything is written into a folder beside the one asked for and moved into place at the end, so a killed run
leaves nothing that looks whole.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from finops_toolkit.books.contract import load_contract
from finops_toolkit.books.dictionary import dictionary_files
from finops_toolkit.errors import UsageError

from . import parameters as P
from .enlarging import check_lines, enlarge
from .simulation import check_size, closed_through, last_month, tables_of
from .truths import active_truths, as_records

BOOKS, TRUTHS, UNFINISHED = "books.toml", "planted_truths.json", "unfinished.txt"


def write_company(
    folder: str | os.PathLike,
    seed: int = 7,
    years: int = 3,
    scale: float = 1,
    lines: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write the generated company into `folder`; returns it.

    Memory is bounded by one division (about 400 MB) whatever the scale; `progress(done, total)` is called
    after each. A folder that holds a generated company is replaced, files beside it that are not ours are
    kept; any other folder that is not empty is refused (UsageError). `lines`: copy the ledger's entries until
    it has so many lines, and leave out the other documents.
    """
    divisions = check_size(seed, years, scale)
    if lines is not None:
        check_lines(lines)
    target = Path(folder)
    _refuse_foreign(target)
    active = active_truths(())
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        writers: dict[str, pq.ParquetWriter] = {}
        for division in range(divisions):
            for name, rows in tables_of(seed, years, division, active).items():
                if name not in writers:
                    writers[name] = _writer(aside / f"{name}.parquet", rows.schema)
                writers[name].write_table(rows)
            if progress is not None:
                progress(division + 1, divisions)
        for writer in writers.values():
            writer.close()
        made = {"seed": seed, "years": years, "scale": divisions}
        if lines is not None:
            made["lines"] = enlarge(aside, lines)
        (aside / BOOKS).write_text(_books(years, made), encoding="utf-8", newline="\n")
        truths = as_records(active, last_month(years))
        text = json.dumps(truths, indent=1, ensure_ascii=False) + "\n"
        (aside / TRUTHS).write_text(text, encoding="utf-8", newline="\n")
        for name, text in dictionary_files(
            aside, "generated-company", f"{P.NAME}, a generated company"
        ).items():
            (aside / name).write_text(text, encoding="utf-8", newline="\n")
        _move(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def _refuse_foreign(target: Path) -> None:
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file.", "Name a new folder, or one that holds a generated company.")
    if target.is_dir() and any(target.iterdir()) and not _is_company(target):
        raise UsageError(
            f"{target} is not empty and holds no generated company.",
            "Name a new or empty folder; nothing was written.",
        )


def _is_company(target: Path) -> bool:
    books = target / BOOKS
    if (target / UNFINISHED).is_file():
        return True
    return books.is_file() and "generated = true" in books.read_text(encoding="utf-8")


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Settings that give the same bytes each time.

    No statistics of the machine, one compression, one layout.
    """
    keys = {field.name for field in schema if field.type == pa.string()}
    unique = {
        "entry",
        "order",
        "delivery",
        "run",
        "invoice",
        "bill",
        "purchase",
        "document",
        "incident",
        "case",
        "response",
        "decision",
        "meeting",
        "text",
    }
    shared = sorted(keys - unique) + [f.name for f in schema if not pa.types.is_string(f.type)]
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=9,
        use_dictionary=shared,
        version="2.6",
        column_encoding=dict.fromkeys(sorted(keys & unique), "DELTA_BYTE_ARRAY"),
        store_schema=False,
    )


def _books(years: int, made: dict[str, int]) -> str:
    how = "".join(f"{name} = {number}\n" for name, number in made.items())
    return (
        "# Written with the company: it is generated, and everything in it is made up.\n"
        f'name = "{P.NAME}"\ncurrency = "{P.CURRENCY}"\nfiscal_year_start = 1\n'
        f'closed_through = "{closed_through(years)}"\ntranslate = false\n\n'
        f"[made]\ngenerated = true\n{how}"
    )


def _move(aside: Path, target: Path) -> None:
    """Put the finished files into place; without books.toml, which comes last, a folder is no company.

    Meanwhile a file of another name says that the folder is ours, so that the next run may finish the work.
    """
    target.mkdir(exist_ok=True)
    (target / UNFINISHED).write_text(
        "This folder was being replaced: make the data again.\n", encoding="utf-8"
    )
    (target / BOOKS).unlink(missing_ok=True)
    for name in load_contract().tables:
        if not (aside / f"{name}.parquet").exists():
            (target / f"{name}.parquet").unlink(missing_ok=True)
    for path in sorted(aside.iterdir()):
        if path.name != BOOKS:
            os.replace(path, target / path.name)
    os.replace(aside / BOOKS, target / BOOKS)
    (target / UNFINISHED).unlink()
