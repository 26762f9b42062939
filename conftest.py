"""How nbval runs the notebooks: in warm kernels, on books that one process has opened for all of them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent
SNAPSHOT = "FINOPS_SNAPSHOT"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """With the first cell of a notebook nbval starts its kernel; where nothing can be forked, a usual one."""
    if not hasattr(os, "fork") or type(item.parent).__name__ != "IPyNbFile" or item.parent.kernel is not None:  # type: ignore[union-attr]
        return (yield)
    from jupyter_client.provisioning import KernelProvisionerFactory

    # By its name in the environment it would be chosen for the kernels of all other tests as well.
    factory = KernelProvisionerFactory.instance()
    usual, factory.default_provisioner_name = factory.default_provisioner_name, "finops-warm"
    given = os.environ.get(SNAPSHOT)
    os.environ[SNAPSHOT] = given or str(_snapshot(item.config.cache.mkdir("books")))  # type: ignore[union-attr]
    try:
        return (yield)
    finally:
        factory.default_provisioner_name = usual
        if given is None:
            del os.environ[SNAPSHOT]


def _snapshot(folder: Path) -> Path:
    """A snapshot of the generated company, of data and code as they are now; written if there is none.

    Whether one fits is guessed here by what is quick to ask. The kernels do not guess: they open the books
    themselves where it does not.
    """
    import fcntl

    from finops_toolkit.books.stamps import stamps

    code = [*(ROOT / "finops_toolkit" / "books").iterdir(), ROOT / "finops_toolkit" / "periods.py"]
    seen = {
        str(path): path.stat().st_mtime_ns for path in [*code, ROOT / "requirements.lock"] if path.is_file()
    }
    key = hashlib.sha256(json.dumps([seen, stamps(None, None)], sort_keys=True).encode()).hexdigest()
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of several processes the first one writes it
        if not (folder / key).is_dir():
            for old in [path for path in folder.iterdir() if path.is_dir()]:
                shutil.rmtree(old)
            _write_snapshot(folder / key)
    return next((folder / key).iterdir())


def _write_snapshot(folder: Path) -> None:
    from finops_toolkit.books import open_books
    from finops_toolkit.books.snapshot import write_snapshot

    books = open_books()
    aside = folder.with_suffix(".writing")
    aside.mkdir()
    write_snapshot(books, aside, books.outline)
    aside.rename(folder)
