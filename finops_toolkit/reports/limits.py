"""What a run may take, in time and memory, and how its process ended when it took more."""

from __future__ import annotations

import contextlib
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_LOOK = 0.1  # seconds between two looks at the memory of the run's own process
_LOOK_AROUND = (
    0.5  # and at least so many between two at all it has started: that takes a walk over all processes
)
_GRACE = 1.0  # seconds after its time before a run is killed: whoever waits for it is told first
_SLACK = 2 << 30  # bytes libraries reserve and never use: Arrow alone a gigabyte
# What exceptions for want of memory are called: by Python, NumPy, Arrow and DuckDB.
MEMORY_ERRORS = {
    "MemoryError",
    "_ArrayMemoryError",
    "ArrowMemoryError",
    "OutOfMemoryException",
}


class Watch:
    """Watches a process and all it starts, and calls `kill` when `deadline` (of time.monotonic) has passed or
    they take more than `memory` bytes together. `passed` then says which: time or memory.
    """

    def __init__(self, process: int, kill: Callable[[], None], deadline: float, memory: int | None = None):
        self.passed = ""
        self._process, self._kill, self._deadline, self._memory = process, kill, deadline + _GRACE, memory
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._ooms = oom_kills()

    def __enter__(self) -> Watch:
        if self._memory is not None:
            self._forbid(self._memory + _SLACK)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _forbid(self, size: int) -> None:
        """Refuse the process one allocation so large that it would be over before we look."""
        try:
            import resource

            resource.prlimit(self._process, resource.RLIMIT_DATA, (size, resource.RLIM_INFINITY))
        except (ImportError, AttributeError, OSError, ValueError):
            pass  # only some systems can; the looks remain

    def _look(self) -> None:
        step = _LOOK if self._memory else None
        next_around, others = 0.0, 0
        while True:
            left = self._deadline - time.monotonic()
            if self._done.wait(max(0.0, left if step is None else min(left, step))):
                return
            if time.monotonic() >= self._deadline:
                self._end("time")
                return
            if self._memory:
                began = time.monotonic()
                if began >= next_around:
                    others = self._resident(around=True)
                    took = time.monotonic() - began
                    next_around = began + max(_LOOK_AROUND, 50 * took)
                if others + self._resident() > self._memory and self._all() > self._memory:
                    self._end("memory")
                    return

    def _end(self, what: str) -> None:
        self.passed = what
        self._kill()

    def _resident(self, around: bool = False) -> int:
        """Bytes in memory of the process itself, or of all it has started."""
        import psutil

        total = 0
        try:
            own = psutil.Process(self._process)
            for process in own.children(recursive=True) if around else [own]:
                with contextlib.suppress(psutil.Error):  # it has ended
                    total += process.memory_info().rss
        except psutil.Error:
            pass
        return total

    def _all(self) -> int:
        """Bytes of all of them, where what several share counts once."""
        import psutil

        total = 0
        try:
            own = psutil.Process(self._process)
            for process in [own, *own.children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    whole = process.memory_full_info()
                    total += getattr(whole, "pss", whole.rss)
        except psutil.Error:
            pass
        return total

    def death(self, code: int | None) -> tuple[str, str]:
        """The outcome of a process that ended with an exit code (as of Popen), and its cause in words."""
        if code is None:
            return "kernel died", "the kernel died"
        if code >= 0:
            return "kernel died", f"the kernel ended itself with exit code {code}"
        name = signal.Signals(-code).name if -code in signal.valid_signals() else f"signal {-code}"
        ended = f"the kernel was ended by {name}"
        if name != "SIGKILL":
            return "kernel died", ended
        now = oom_kills()
        if now is None or self._ooms is None:
            return "kernel died", f"{ended}, most likely for want of memory"
        if now > self._ooms:
            return "out of memory", f"{ended}: the machine or its container had no memory left"
        return "kernel died", f"{ended}, most likely by a program or a person: memory was not short"


def size(count: int) -> str:
    """Bytes in words."""
    return f"{count / 1e9:g} GB" if count >= 1e9 else f"{count / 1e6:g} MB"


def oom_kills() -> int | None:
    """How many processes the system has killed for want of memory, here and in our container; None: it does
    not say.
    """
    found: list[int] = []
    paths = [Path("/proc/vmstat"), Path("/sys/fs/cgroup/memory.events"), *_own_groups()]
    for path in dict.fromkeys(paths):
        try:
            counted = re.search(r"^oom_kill (\d+)$", path.read_text(), re.MULTILINE)
        except OSError:
            continue
        if counted:
            found.append(int(counted[1]))
    return sum(found) if found else None


def _own_groups() -> list[Path]:
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    named: list[Any] = [line.split(":", 2) for line in lines if line.count(":") >= 2]
    return [Path(f"/sys/fs/cgroup{path}/memory.events") for _, kinds, path in named if kinds == ""] + [
        Path(f"/sys/fs/cgroup/memory{path}/memory.oom_control")
        for _, kinds, path in named
        if "memory" in kinds
    ]
