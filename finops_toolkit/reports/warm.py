"""Processes that start at once: forked from a zygote, which has imported what they need (see zygote.py).

with Zygote(["pandas"]) as zygote:
    child = zygote.fork("package.module:function", {"x": 1}, environment={…}, folder=…, files=[0, 1, 2])
    child.wait()
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import FinopsError
from . import zygote as protocol

# Set before the libraries are imported: one thread each, so that nothing but the thread that forks exists.
_ALONE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
_READY = 120.0  # seconds the imports may take


class ColdStart(FinopsError):
    """No warm process can be had, and why: start an ordinary one."""


class Child:
    """A forked process, asked and ended as a subprocess.Popen is; `pid` is that of its session and group too.

    `fileno()` becomes readable when it ends.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, ending: int):
        self.pid = pid
        self.returncode: int | None = None
        self._ending = ending
        self._lock = threading.Lock()

    def fileno(self) -> int:
        """For select and poll."""
        return self._ending

    def poll(self) -> int | None:
        """The exit code, negative for a signal's number; None while it runs."""
        with self._lock:
            if self.returncode is None and select.select([self._ending], [], [], 0)[0]:
                said = os.read(self._ending, 4)
                # Nothing said: its zygote was killed, and the child with it.
                self.returncode = struct.unpack("!i", said)[0] if len(said) == 4 else -signal.SIGKILL
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code when it has ended. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(f"child {self.pid}", timeout or 0)
            select.select([self._ending], [], [], left)
        return code

    def signal(self, number: int) -> None:
        """Send a signal to its process group; nothing happens when it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    send_signal = signal

    def kill(self) -> None:
        """End it and what it has started, at once."""
        self.signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it and what it has started to end."""
        self.signal(signal.SIGTERM)

    def __del__(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._ending)


class Zygote:
    """The warm process of this process: it starts on first use, and ends with its children at `close`.

    `preload` are modules to import, `calls` functions ("module:function") to call once after that,
    `environment` that of the imports, `options` of the interpreter.
    """

    def __init__(
        self,
        preload: Sequence[str] = (),
        calls: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
    ):
        self.preload, self.calls, self.options = tuple(preload), tuple(calls), tuple(options)
        self.environment = dict(os.environ if environment is None else environment)
        self.pid: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._said: dict[str, Any] = {}
        self._children: dict[int, Child] = {}
        self._lock = threading.RLock()

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start it unless it runs; its imports are not waited for. Raises ColdStart where it cannot be."""
        with self._lock:
            if self._process and self._owner == os.getpid() and self._process.poll() is None:
                return
            self._end()
            if reason := forbidden():
                raise ColdStart(reason)
            self._socket, theirs = socket.socketpair()
            command = [sys.executable, *self.options, "-m", protocol.__name__, str(theirs.fileno())]
            try:
                self._process = subprocess.Popen(
                    command,
                    cwd=Path(__file__).parents[2],
                    env={**self.environment, **_ALONE},
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except OSError as problem:
                self._socket.close()
                raise ColdStart(f"no warm process could be started: {problem.strerror}") from problem
            finally:
                theirs.close()
            self.pid, self._owner, self._said = self._process.pid, os.getpid(), {}
            protocol.send(self._socket, {"preload": self.preload, "calls": self.calls})
            atexit.register(self.close)

    def ready(self, timeout: float = 0) -> bool:
        """Has it imported all, waiting `timeout` seconds at most? Raises ColdStart when it cannot serve."""
        with self._lock:
            self.start()
            if not self._said:
                if not select.select([self._socket], [], [], timeout)[0]:
                    return False
                self._said = self._answer()
            if self._said["problem"]:
                raise ColdStart(f"the warm process cannot serve: {self._said['problem']}")
            return True

    def stale(self) -> list[str]:
        """The files whose code is loaded in it and that have changed since it began; asked of a ready one."""
        began = self._said["began"]
        return [
            path
            for path, stamp in self._said["stamps"].items()
            if protocol.stamp_of(path) != stamp or stamp[1] / 1e9 > began
        ]

    @property
    def modules(self) -> dict[str, str]:
        """The file of each top-level module loaded in it; asked of a ready one."""
        return dict(self._said["modules"])

    def children(self) -> list[Child]:
        """Those that still run."""
        self._children = {pid: c for pid, c in self._children.items() if c.poll() is None}
        return list(self._children.values())

    def fork(
        self,
        task: str,
        arguments: Mapping[str, Any],
        *,
        environment: Mapping[str, str],
        folder: Path,
        files: Sequence[int],
    ) -> Child:
        """A child that calls `task` ("module:function") with the arguments (JSON) and a list of the files
        from the fourth on; the first three become its standard streams.

        `environment` is the child's whole environment, `folder` its working directory. What the task returns
        is its exit code. Raises ColdStart.
        """
        with self._lock:
            if not self.ready(_READY):
                raise ColdStart(f"the warm process was not ready within {_READY:g} s")
            ending, told = os.pipe()
            request = {
                "task": task,
                "arguments": dict(arguments),
                "environment": dict(environment),
                "folder": str(Path(folder).absolute()),
            }
            try:
                protocol.send(self._socket, request, [told, *files])
                answer = self._answer()
            except OSError as problem:
                answer = {"refused": f"the warm process is gone: {problem.strerror}"}
            finally:
                os.close(told)
            if "pid" not in answer:
                os.close(ending)
                raise ColdStart(answer.get("refused") or answer["problem"])
            child = Child(answer["pid"], ending)
            self._children = {c.pid: c for c in [*self.children(), child]}
            return child

    def _answer(self) -> dict[str, Any]:
        try:
            return protocol.receive(self._socket)[0]
        except (EOFError, OSError):
            self._end()
            return {"problem": "it ended by itself"}

    def close(self) -> None:
        """End it and all its children. It starts again on the next use."""
        with self._lock:
            atexit.unregister(self.close)
            self._end()

    def _end(self) -> None:
        process, self._process, self.pid = self._process, None, None
        if process is None:
            return
        self._socket.close()
        if self._owner != os.getpid():
            process.returncode = 0  # it belongs to the process this one was forked from
            self._children = {}
            return
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        # One that was killed could not end what its children have started.
        for pid in self._children:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        self._children = {}


def forbidden() -> str:
    """Why processes cannot be forked here; empty where they can."""
    system = str(sys.platform)  # a type checker would follow the branch of its own system only
    if system == "linux":
        return ""
    return f"forking a process that has libraries loaded is not safe on {system}"
