"""The zygote: a process with the heavy libraries imported that does nothing but fork.

    python -m finops_toolkit.reports.zygote FD

FD is one end of a stream socket; at the other end is `warm.Zygote`. The zygote imports what it is told, says
what came of it, and then answers each request with a child. It stays a process of one thread, without event
loop, ZMQ context or database: a fork copies one thread only, and whatever the others held would stay locked.

A child is as if newly started: a session, environment, folder, standard streams, signals and random state of
its own. When the owner ends, however it ends, the zygote ends all its children with all they have started.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import io
import json
import os
import random
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

FILES = 16  # descriptors one request may carry
_LENGTH = struct.Struct("!I")
_PR_SET_PDEATHSIG = 1
_IGNORED_BY_PYTHON = {signal.SIGPIPE, signal.SIGXFSZ}
_OWNER_SEEN = 0.5  # seconds between two looks whether the owner still lives


def send(to: socket.socket, message: Mapping[str, Any], files: Sequence[int] = ()) -> None:
    """Send a message of JSON with open descriptors."""
    data = json.dumps(message).encode()
    socket.send_fds(to, [_LENGTH.pack(len(data))], files)
    to.sendall(data)


def receive(source: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """The next message and its descriptors. Raises EOFError when the other end is closed."""
    head, files, _, _ = socket.recv_fds(source, _LENGTH.size, FILES)
    data = bytearray()
    while head and len(data) < _LENGTH.unpack(head)[0]:
        part = source.recv(_LENGTH.unpack(head)[0] - len(data))
        if not part:
            break
        data += part
    if not head or len(data) < _LENGTH.unpack(head)[0]:
        raise EOFError("the other end is closed")
    return json.loads(data), files


@dataclass
class _Zygote:
    """`ends`: of each living child the end of a pipe to which the zygote writes how the child ended."""

    socket: socket.socket
    owner: int  # process id
    ends: dict[int, int] = field(default_factory=dict)

    def serve(self) -> tuple[dict[str, Any], list[int]]:
        """Fork at each request. Returns in a child only, with its request and its files."""
        woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while True:
            # A process the owner has forked may hold the owner's end of the socket open when the owner is
            # gone, so a change of parent counts as much as the socket's closing.
            watched: list[Any] = [self.socket, woken]
            ready = select.select(watched, [], [], _OWNER_SEEN)[0]
            if woken in ready:
                os.read(woken, 4096)
            self._reap()
            if os.getppid() != self.owner:
                self._leave()
            if self.socket in ready:
                try:
                    request, files = receive(self.socket)
                except (EOFError, OSError):
                    self._leave()
                if self._forked(request, files):
                    os.close(woken)
                    os.close(wake)
                    return request, files[1:]

    def _forked(self, request: dict[str, Any], files: list[int]) -> bool:
        """Fork, and say so to the owner. True in the child."""
        own, started = os.pipe()
        zygote = os.getpid()
        try:
            child = os.fork()
        except OSError as problem:
            for number in (own, started, *files):
                os.close(number)
            send(self.socket, {"refused": f"fork failed: {problem.strerror}"})
            return False
        if child == 0:
            signal.set_wakeup_fd(-1)
            _leave_family(zygote)
            for number in (own, started, self.socket.detach(), files[0], *self.ends.values()):
                os.close(number)
            return True
        os.close(started)
        os.read(own, 1)  # its end: the child is a session of its own, so that a signal to its group arrives
        os.close(own)
        self.ends[child] = files[0]
        for number in files[1:]:
            os.close(number)
        send(self.socket, {"pid": child})
        return False

    def _reap(self) -> None:
        """Say of each child that has ended how; what it had started ends too."""
        while self.ends:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            _end_group(ended.si_pid)  # before its number is free for another process
            _, status = os.waitpid(ended.si_pid, 0)
            number = self.ends.pop(ended.si_pid, None)
            if number is not None:
                _tell(number, os.waitstatus_to_exitcode(status))

    def _leave(self) -> None:
        for child in self.ends:
            _end_group(child)
        os._exit(0)


def _tell(number: int, code: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody waits for this child any more
        os.write(number, struct.pack("!i", code))
    os.close(number)


def _end_group(process: int) -> None:
    with contextlib.suppress(OSError):  # nothing of it is left
        os.killpg(process, signal.SIGKILL)


def _leave_family(zygote: int) -> None:
    """In a child: a session of its own, and an end with the zygote."""
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != zygote:
            os._exit(1)  # it ended before we asked to be told


def start_anew(environment: Mapping[str, str], folder: str, files: Sequence[int]) -> None:
    """Make this process look like one that has just started; `files[0:3]` become its standard streams."""
    for number, target in zip(files, range(3), strict=False):
        os.dup2(number, target)
        os.close(number)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in signal.valid_signals():
        if signal.getsignal(number) not in (signal.SIG_DFL, signal.SIG_IGN, None):
            signal.signal(number, signal.SIG_DFL)
    for number in _IGNORED_BY_PYTHON:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _open_streams()
    _forget()


def _open_streams() -> None:
    """Python's streams as at its start: whether one is a terminal is looked up once, when it is made."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        old = getattr(sys, name)
        raw = io.FileIO(number, "rb" if number == 0 else "wb", closefd=False)
        raw.name = f"<{name}>"
        layer: Any = io.BufferedReader if number == 0 else io.BufferedWriter
        new = io.TextIOWrapper(
            raw if old.write_through and number else layer(raw),
            old.encoding,
            old.errors,
            newline=None if number == 0 else "\n",
            line_buffering=not old.write_through and (name == "stderr" or raw.isatty()),
            write_through=old.write_through,
        )
        new.mode = "r" if number == 0 else "w"  # type: ignore[misc]
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)


def _forget() -> None:
    """Chance and secrets drawn before the fork would be the same in all children."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
    if "multiprocessing.process" in sys.modules:
        sys.modules["multiprocessing.process"].current_process().authkey = os.urandom(32)
    importlib.invalidate_caches()


def preload(modules: Sequence[str], calls: Sequence[str]) -> None:
    """Import, call, and leave no trace of warnings that were said meanwhile."""
    for name in modules:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as problem:
            # A name that is no module, or one that is not installed: whoever imports it is told.
            if problem.name != name:
                raise
    for call in calls:
        found(call)()
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType):
            module.__dict__.pop("__warningregistry__", None)


def found(name: str) -> Callable[..., Any]:
    """The function named "module:function"."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def stamps() -> dict[str, list[int]]:
    """Size, time of change and number of each file that code was loaded from; of packages outside the
    interpreter's own folders all files, because they are being worked on.
    """
    loaded = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    files = {Path(name) for name in loaded if name}
    lasting = (sys.prefix, sys.base_prefix)
    for name, module in list(sys.modules.items()):
        for folder in getattr(module, "__path__", []) if "." not in name else []:
            if not folder.startswith(lasting):
                files |= {path for path in Path(folder).rglob("*.*") if path.suffix not in (".pyc", ".pyi")}
    return {str(path): stamp for path in files if (stamp := stamp_of(path))}


def origins() -> dict[str, str]:
    """Where each loaded top-level module lies, by its name."""
    modules = {name: module for name, module in list(sys.modules.items()) if "." not in name}
    return {name: path for name, m in modules.items() if (path := getattr(m, "__file__", None))}


def stamp_of(path: Path | str) -> list[int] | None:
    """What differs when a file was written or replaced; None when it is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns, found.st_ino]


def main(number: int) -> None:
    """See the top of this file."""
    sys.path.pop(0)  # the folder of the package, where `-m` found this file
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the owner to answer
    began = time.time()
    server = _Zygote(socket.socket(fileno=number), os.getppid())
    try:
        order, _ = receive(server.socket)
        before = dict(os.environ)
        preload(order["preload"], order["calls"])
    except EOFError:
        return
    except Exception as problem:
        send(server.socket, {"problem": f"{type(problem).__name__}: {problem}"})
        return
    threads = len(os.listdir("/proc/self/task")) if sys.platform == "linux" else 1
    unsafe = f"{threads} threads run after the imports" if threads > 1 else ""
    send(server.socket, {"problem": unsafe, "began": began, "stamps": stamps(), "modules": origins()})
    gc.collect()
    gc.freeze()  # else each child would copy every page the collector marks
    # What imports tell those after them (as debugpy does) they would have told in a process of its own.
    told = {name: value for name, value in os.environ.items() if before.get(name) != value}
    request, files = server.serve()
    start_anew({**told, **request["environment"]}, request["folder"], files)
    sys.exit(found(request["task"])(request["arguments"], files[3:]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
