"""Where a company's books lie when they are no folder of files: the URL of a database.

A password is never part of it: a command line is seen by everybody on the machine and kept in histories.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from ..errors import UsageError

FORMS = (
    "duckdb:///folder/books.duckdb",
    "postgres://user@host:5432/database?schema=public",
    "spark://host:7077/database",
    "spark://local[2]/database",
    "sc://host:15002/database",
)
_ENGINES = {
    "duckdb": "duckdb",
    "postgres": "postgres",
    "postgresql": "postgres",
    "spark": "spark",
    "sc": "spark",
}
# What may stand behind the question mark, for each engine.
_OPTIONS = {
    "duckdb": ("schema",),
    "postgres": ("schema", "host", "service", "sslmode", "sslrootcert"),
    "spark": ("lake",),
}
_CREDENTIALS = (
    "For PostgreSQL set PGPASSWORD or PGSERVICE, or write the password into ~/.pgpass "
    "(PGPASSFILE names another file); for Spark the cluster's own configuration holds it."
)


@dataclass(frozen=True)
class Address:
    """Where a database is, without anything secret.

    engine: "duckdb", "postgres" or "spark". server: "host:port" as it stands in the URL, for Spark its
    master; empty where the environment says. options: schema, host, service, sslmode, sslrootcert, lake.
    """

    engine: str
    scheme: str
    user: str
    server: str
    database: str
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str) -> str:
        """What an option says; empty where it is not given."""
        return dict(self.options).get(name, "")

    @property
    def file(self) -> Path | None:
        """The file of a DuckDB database; None for a server."""
        return Path(self.database) if self.engine == "duckdb" else None

    @property
    def name(self) -> str:
        """What the books are called where they do not say so themselves."""
        if self.file is not None:
            return self.file.stem
        return self.database or Path(self.option("lake")).name or self.option("service") or self.engine

    @property
    def text(self) -> str:
        """As a URL: the same for the same place."""
        user = quote(self.user) + "@" if self.user else ""
        given = "&".join(f"{name}={quote(value, safe='/:@')}" for name, value in self.options)
        path = quote(self.database) if self.file is not None else "/" + quote(self.database)
        return f"{self.scheme}://{user}{self.server}{path}" + (f"?{given}" if given else "")


def address_of(data: str | Path | None) -> Address | None:
    """The database that `data` names; None where it is no URL.

    Raises UsageError for a URL of another kind, with a password, or that is not understood; its message
    repeats nothing of what may be secret.
    """
    found = (
        re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://([^?]*)(?:\?(.*))?$", data, re.DOTALL)
        if isinstance(data, str)
        else None
    )
    if found is None:
        return None
    scheme = found[1].lower()
    if scheme not in _ENGINES:
        raise UsageError(
            f"Books cannot be opened from {scheme}://.", f"Give a folder, or a URL like {', '.join(FORMS)}."
        )
    engine = _ENGINES[scheme]
    options = _options(engine, found[3] or "")
    if engine == "duckdb":
        if not found[2]:
            raise _unclear(scheme)
        file = Path(unquote(found[2])).expanduser().resolve()
        return Address(engine, scheme, "", "", file.as_posix(), options)
    authority, _, path = found[2].partition("/")
    user, _, server = authority.rpartition("@")
    if ":" in user or "@" in path:
        raise _secret()
    server = unquote(server)
    host = r"local(\[[0-9*]+(,[0-9]+)?\])?|" if scheme == "spark" else ""
    if not re.fullmatch(rf"{host}[A-Za-z0-9._-]*(:[0-9]{{1,5}})?|\[[0-9a-fA-F:.]+\](:[0-9]{{1,5}})?", server):
        raise _unclear(scheme)
    spark = engine == "spark"
    if "/" in path or (spark and (user or not server or not re.fullmatch(r"[A-Za-z0-9_.-]*", path))):
        raise _unclear(scheme)
    scheme = "postgres" if engine == "postgres" else scheme
    return Address(engine, scheme, unquote(user), server, unquote(path), options)


def _options(engine: str, text: str) -> tuple[tuple[str, str], ...]:
    given = dict(part.partition("=")[::2] for part in text.split("&") if part)
    if any(re.search("pass|token|secret|key", name, re.IGNORECASE) for name in given):
        raise _secret()
    unknown = sorted(set(given) - set(_OPTIONS[engine]))
    if unknown or not all(given.values()):
        raise UsageError(
            f"The URL says something after “?” that is not understood for {engine}.",
            f"There may stand {', '.join(f'{name}=…' for name in _OPTIONS[engine])}.",
        )
    return tuple(sorted((name, unquote(value)) for name, value in given.items()))


def _secret() -> UsageError:
    return UsageError(
        "The URL holds a password or a key. Take it out: others can see it there.", _CREDENTIALS
    )


def _unclear(scheme: str) -> UsageError:
    forms = [form for form in FORMS if _ENGINES[form.partition(":")[0]] == _ENGINES[scheme]]
    return UsageError(f"This {scheme}:// URL is not understood.", f"Write it like {', '.join(forms)}.")
