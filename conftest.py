"""How nbval runs the notebooks: in warm kernels, on books that one process has opened for all of them."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

SNAPSHOT = "FINOPS_SNAPSHOT"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """With the first cell of a notebook nbval starts its kernel."""
    if type(item.parent).__name__ != "IPyNbFile" or item.parent.kernel is not None:  # type: ignore[union-attr]
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
    """The snapshot of the generated company, of data and code as they are now; written if there is none."""
    from finops_toolkit.books import open_books
    from finops_toolkit.books.snapshot import snapshot_of, write_snapshot

    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of several processes the first one writes it
        written = [path for path in folder.iterdir() if path.is_dir()]
        for path in written:
            os.environ[SNAPSHOT] = str(path)
            if snapshot_of(None, None) is not None:
                return path
            shutil.rmtree(path)
        books = open_books()
        return write_snapshot(books, folder, books.outline)
