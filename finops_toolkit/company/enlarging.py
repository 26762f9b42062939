"""A ledger of any length: the simulated company with its entries copied, to see how size is borne.

Simulating a hundred million lines would take an hour and show no more: what costs time is their number, and
how many accounts, units and months they fall into, not what they say.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from finops_toolkit.errors import UsageError
from finops_toolkit.sources.sql import literal

# What the journal refers to; tables of documents would name each of them once, and are left out.
KEPT = ("units", "departments", "accounts", "products", "customers", "suppliers", "rates", "journal")
MOST_LINES = 1_000_000_000
_ROW_GROUP = 122_880


def check_lines(lines: int) -> int:
    """The number of lines asked for. UsageError beyond a billion."""
    if not 1 <= lines <= MOST_LINES:
        raise UsageError(f"{lines:,} lines of ledger cannot be made.", f"Ask for 1 to {MOST_LINES:,}.")
    return lines


def enlarge(folder: Path, lines: int) -> int:
    """Copy the entries of the journal in `folder` until there are `lines` lines or more; gives how many.

    Copies are whole, so that entries and balances hold; each entry has a number of its own. The other tables
    of documents are removed.
    """
    journal = folder / "journal.parquet"
    engine = duckdb.connect()
    # One thread writes rows as they come; with more the engine holds many of them back to keep their order.
    engine.execute("SET threads = 1")
    engine.execute(f"CREATE TABLE journal AS SELECT * FROM read_parquet({literal(str(journal))})")
    once = engine.execute("SELECT COUNT(*) FROM journal").fetchall()[0][0]
    copies = -(-lines // once)
    if copies > 1:
        # Copy after copy, as years follow years: side by side, equal rows would pack to nothing.
        numbered = (
            f"SELECT * REPLACE (entry || '-{number}' AS entry) FROM journal" for number in range(copies)
        )
        engine.execute(
            f"COPY ({' UNION ALL '.join(numbered)}) TO {literal(str(journal))} "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP})"
        )
    engine.close()
    for path in folder.glob("*.parquet"):
        if path.stem not in KEPT:
            path.unlink()
    return int(once * copies)
