"""The books against hand-written SQL and pandas: the monthly measures of a long ledger, and the check of it.

Each way runs in a process of its own, so that its memory is its own, and is timed from after its imports.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .timing import Row

MILLIONS = (1, 10, 100)
_RUNS = 3
_LONG = 50  # million lines; from there on each way runs once, and only sums are compared
_LONGEST = 900  # seconds; a way that takes longer, or more memory than there is, has not survived
_SHIPPED = Path(__file__).resolve().parent.parent / "datasets" / "company"


def ours_measures(folder: Path) -> int:
    """Every ledger measure by unit and month, rolled up, from opening the folder on."""
    from finops_toolkit.books.facts import Facts
    from finops_toolkit.books.opening import open_folder

    return _timed(lambda: int(Facts(open_folder(folder, None)).panel.matrix("revenue")[0].sum()))


def sql_measures(folder: Path) -> int:
    """The same sums by hand: each line of the statement by unit and month, for the company too; the same
    without opening entries, and how many rows.
    """
    import duckdb

    journal, accounts = folder / "journal.parquet", folder / "accounts.parquet"
    query = f"""SELECT a.line, unit, YEAR(posted) * 12 + MONTH(posted) AS month, SUM(amount) AS flow,
            SUM(amount) FILTER (kind IS DISTINCT FROM 'opening') AS moved, COUNT(*) AS rows
        FROM read_parquet('{journal}') JOIN read_parquet('{accounts}') AS a USING (account)
        GROUP BY GROUPING SETS ((a.line, unit, month), (a.line, month))"""

    def run() -> int:
        found = duckdb.sql(query).to_arrow_table().to_pydict()
        rows = zip(found["line"], found["unit"], found["flow"], strict=True)
        return -int(sum(flow for line, unit, flow in rows if line == "revenue" and unit is None) * 10_000)

    return _timed(run)


def pandas_measures(folder: Path) -> int:
    """The same with pandas, as most analysts would write it: floats, so only about right."""
    import pandas as pd

    def run() -> int:
        frame = pd.read_parquet(
            folder / "journal.parquet", columns=["posted", "account", "unit", "amount", "kind"]
        )
        lines = pd.read_parquet(folder / "accounts.parquet").set_index("account")["line"]
        frame["amount"] = frame.amount.astype("float64")
        frame["month"] = pd.to_datetime(frame.posted).dt.to_period("M")
        frame["line"] = frame.account.map(lines)
        flows = frame.groupby(["line", "unit", "month"])["amount"].agg(["sum", "size"])
        moved = frame[frame.kind.ne("opening")].groupby(["line", "unit", "month"])["amount"].sum()
        assert len(moved) <= len(flows)
        return -round(flows.loc["revenue"]["sum"].sum() * 10_000)

    return _timed(run)


def ours_check(folder: Path) -> int:
    """Every rule of the contract on the ledger."""
    from finops_toolkit.books import open_books

    return _timed(lambda: len([f for f in open_books(folder).facts.contract_findings if f.level != "note"]))


def pandas_check(folder: Path) -> int:
    """The rules an analyst would check with pandas: keys, empty cells, accounts and units known, dates."""
    import pandas as pd

    def run() -> int:
        frame = pd.read_parquet(folder / "journal.parquet")
        accounts = set(pd.read_parquet(folder / "accounts.parquet").account)
        units = set(pd.read_parquet(folder / "units.parquet").unit)
        posted = pd.to_datetime(frame.posted)
        return int(
            frame.duplicated(["entry", "line"]).any()
            + frame[["entry", "line", "posted", "account", "unit", "amount"]].isna().any(axis=None)
            + (~frame.account.isin(accounts)).any()
            + (~frame.unit.isin(units)).any()
            + ((posted < "1950-01-01") | (posted > "2149-12-31")).any()
        )

    return _timed(run)


def ours_everything(folder: Path) -> int:
    """The shipped company: opened, checked, every KPI for every unit and month; CPU of all threads."""
    from finops_toolkit import kpis
    from finops_toolkit.books import open_books
    from finops_toolkit.periods import month_text

    def run() -> int:
        books = open_books(folder)
        assert not [finding for finding in books.findings() if finding.level == "error"]
        months = [books.period(month_text(month)) for month in range(books.first, books.closed + 1)]
        return len(kpis.values(books, None, list(books.units.unit), months))

    return _timed(run, time.process_time)


WAYS: dict[str, Callable[[Path], int]] = {
    way.__name__: way
    for way in (ours_measures, sql_measures, pandas_measures, ours_check, pandas_check, ours_everything)
}


def _timed(run: Callable[[], int], clock: Callable[[], float] = time.perf_counter) -> int:
    """Run, and print what it came to, in how many seconds, with how many bytes at most."""
    start = clock()
    answer = run()
    seconds = clock() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"answer": answer, "seconds": seconds, "peak": peak}))
    return answer


def begin(way: str) -> None:
    """Let this process ask for as much memory as the machine has; what Ibis imports late comes first."""
    if way.startswith("ours"):
        import ibis
        import ibis.formats.pandas
        import pyarrow.vendored.version

        assert ibis.duckdb and ibis.formats.pandas and pyarrow.vendored.version
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    resource.setrlimit(resource.RLIMIT_AS, (there, there))


def _measured(way: str, folder: Path) -> dict[str, float] | None:
    """What one process of a way came to; None where it did not survive."""
    words = [
        sys.executable,
        "-c",
        f"from benchmarks.books import WAYS, begin; from pathlib import Path\n"
        f"begin({way!r})\nWAYS[{way!r}](Path({str(folder)!r}))",
    ]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_LONGEST, check=False)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode < 0 or "MemoryError" in done.stderr:
        return None
    if done.returncode:
        raise RuntimeError(f"{way}: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _compared(name: str, folder: Path, ways: Sequence[str], labels: Sequence[str], times: int = _RUNS) -> Row:
    """Ours and the others, in turn; they must come to the same, but for what floats lose."""
    runs: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for _ in range(times):
        for way in ways:
            found = _measured(way, folder)
            if found is not None:
                runs[way].append(found)
    answers = {way: found[0]["answer"] for way, found in runs.items() if found}
    if max(answers.values()) - min(answers.values()) > abs(answers[ways[0]]) * 1e-9:
        raise AssertionError(f"{name}: the ways disagree: {answers}")
    seconds = {
        way: statistics.median(one["seconds"] for one in found) for way, found in runs.items() if found
    }
    others = {label: seconds[way] for way, label in zip(ways[1:], labels, strict=True) if way in seconds}
    peak = max(one["peak"] for one in runs[ways[0]]) / 1e6
    return Row(f"{name} ({peak:,.0f} MB at most)", seconds[ways[0]], others)


def make_ledger(folder: Path, million: int) -> None:
    """Books with a journal of so many million lines."""
    words = [sys.executable, "-m", "finops_toolkit.cli", "make-data", str(folder), "--lines"]
    subprocess.run([*words, f"{million}000000"], check=True, stdout=subprocess.DEVNULL)


def run(millions: Sequence[int] = MILLIONS) -> list[Row]:
    """The rows of the table, for ledgers of so many million lines."""
    rows = [
        _compared(
            "Shipped company: opened, checked, every KPI, unit and month; CPU",
            _SHIPPED,
            ["ours_everything"],
            [],
        )
    ]
    with tempfile.TemporaryDirectory() as name:
        for million in millions:
            folder, times = Path(name) / f"ledger{million}", 1 if million >= _LONG else _RUNS
            make_ledger(folder, million)
            label, others = f"{million} million ledger lines", ["hand-written SQL", "pandas"]
            ways = ["ours_measures", "sql_measures", "pandas_measures"]
            rows.append(_compared(f"Monthly measures, {label}", folder, ways, others, times))
            if million < _LONG:
                ways = ["ours_check", "pandas_check"]
                rows.append(_compared(f"Checking the contract, {label}", folder, ways, ["pandas"]))
    return rows
