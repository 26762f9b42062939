"""Simulated companies for the tests, each made once, as tables and as a DuckDB database of its own."""

from __future__ import annotations

from functools import cache

import duckdb
import pyarrow as pa

from finops_toolkit.company import simulate

MONTH_ENDS = """
    (select last_day(x::date) as day from
     (select unnest(generate_series(date '2022-12-01', date '{last}-12-01', interval 1 month)) as x))
"""


@cache
def tables(
    seed: int = 7, years: int = 3, without: tuple[str, ...] = (), scale: int = 1
) -> dict[str, pa.Table]:
    """The tables of a simulation."""
    return simulate(seed, years, scale, without)[0]


def database(
    seed: int = 7, years: int = 3, without: tuple[str, ...] = (), scale: int = 1
) -> duckdb.DuckDBPyConnection:
    """The same in a database; month_ends are the last days of the months from the opening on."""
    connection = duckdb.connect()
    for name, rows in tables(seed, years, without, scale).items():
        connection.register(name, rows)
    connection.execute(f"create view month_ends as select * from {MONTH_ENDS.format(last=2022 + years)}")
    return connection


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    """The rows of a query."""
    return connection.execute(query).fetchall()


def number(connection: duckdb.DuckDBPyConnection, query: str) -> float:
    """The one number a query gives."""
    return float(rows(connection, query)[0][0])
