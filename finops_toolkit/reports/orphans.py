"""What a run leaves running behind it: its worker adopts these processes, and ends them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .warm import Zygote

_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE = 2.0  # seconds in which a killed process must be gone
_adopted: list[int] = []  # this process, where it is a worker that makes one run at a time


def adopt() -> None:
    """Make this process the parent of all that its kernels leave behind, however it went apart."""
    if sys.platform == "linux" and os.getpid() not in _adopted:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        _adopted.append(os.getpid())


@contextmanager
def orphans_ended(zygote: Zygote) -> Iterator[None]:
    """End what comes to this process as a child meanwhile, but for the warm process; only after `adopt`."""
    before = _children()
    try:
        yield
    finally:
        if os.getpid() in _adopted:
            end_children({*before, zygote.pid})


def end_children(kept: set[int | None] | frozenset[int | None] = frozenset()) -> None:
    """Kill this process's children but those kept, and theirs, which it inherits, until there are none."""
    end = time.monotonic() + _PATIENCE
    while (found := _children() - kept) and time.monotonic() < end:
        for child in found:
            with contextlib.suppress(OSError):  # it has ended
                os.kill(child, signal.SIGKILL)
        for child in found:
            with contextlib.suppress(OSError):  # somebody else has collected it
                while os.waitpid(child, os.WNOHANG)[0] == 0 and time.monotonic() < end:
                    time.sleep(0.001)


def _children() -> set[int]:
    found: set[int] = set()
    for path in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):  # a thread that has ended
            found.update(map(int, path.read_text().split()))
    return found
