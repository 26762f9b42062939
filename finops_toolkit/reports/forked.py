"""A kernel for nbclient that is a forked process without ZMQ: a manager and a client over one socket.

nbclient assembles the notebook from the same messages by the same code as from a real kernel; only how they
come differs. At the other end is cells.py. What it sends is data from code that nobody has checked: it is
read as JSON, counted, and never executed.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.client import KernelClient
from jupyter_client.jsonutil import extract_dates
from nbclient.exceptions import DeadKernelError

from .warm import Child, ColdStart, Zygote

_CELLS = f"{__package__}.cells:serve"
_SENT = 1_000_000_000  # bytes of messages after which a run is ended
_ASKING = "NotebookClient._async_poll_kernel_alive"
_REAPED = 2.0  # seconds after its socket has closed
_LEAVE = 5.0  # seconds a notebook's own code may take to clean up, as with a real kernel
# Read when a library is imported or the interpreter starts: a child cannot change them any more.
_EARLY = ("PYTHON", "MPL", "MATPLOTLIB", "OMP_", "OPENBLAS_", "MKL_", "NUMEXPR_", "LD_", "LANG", "LC_")


class Garbled(Exception):
    """What came from the child is no message."""


class ForkedKernel:
    """What nbclient needs of a kernel manager; `scratch` is a folder for the files of one run.

    Raises ColdStart from `start_kernel` when there is no warm process to fork.
    """

    def __init__(self, zygote: Zygote, scratch: str):
        self.zygote, self._said = zygote, Path(scratch, "said")
        self._connection = str(Path(scratch, "kernel.json"))
        self._pipes: list[int] = []
        self.child: Child | None = None
        self.wire: Wire | None = None
        self.problem = ""  # why it was ended from here
        self.pack: Any = None  # a message's part as bytes; the client sets it

    @property
    def has_kernel(self) -> bool:
        """Has it been started?"""
        return self.child is not None

    async def start_kernel(
        self, *, cwd: str | None = None, env: Mapping[str, str] | None = None, **_: Any
    ) -> None:
        """Fork the child, working in `cwd`."""
        environment = {**(os.environ if env is None else env), "JPY_PARENT_PID": str(os.getpid())}
        early, there = early_variables(environment), early_variables(self.zygote.environment)
        if differing := sorted(name for name in {*early, *there} if early.get(name) != there.get(name)):
            raise ColdStart(f"the warm process was started with another {differing[0]}")
        ours, theirs = socket.socketpair()
        said = os.open(self._said, os.O_WRONLY | os.O_CREAT, 0o600)
        out, err = os.pipe(), os.pipe()
        self._pipes = [out[0], err[0]]
        nothing = os.open(os.devnull, os.O_RDONLY)
        try:
            self.child = self.zygote.fork(
                _CELLS,
                {"connection": self._connection},
                environment=environment,
                folder=Path(cwd or os.getcwd()),
                files=[nothing, out[1], err[1], theirs.fileno(), out[0], err[0], said],
            )
        finally:
            theirs.close()
            for number in (nothing, said, out[1], err[1]):
                os.close(number)
            if self.child is None:
                ours.close()
        self.wire = Wire(ours)

    def client(self) -> _Client:
        """Who talks to it."""
        return _Client(self)

    async def is_alive(self) -> bool:
        """Does it run?"""
        return self.child is not None and self.child.poll() is None

    async def interrupt_kernel(self) -> None:
        """As Ctrl-C does."""
        if self.child:
            self.child.signal(signal.SIGINT)

    async def shutdown_kernel(self, now: bool = False) -> None:
        """End the child; unless `now`, what its notebook has registered for the end may run."""
        if self.child and self.wire:
            await self.wire.close(ask=not now)
            if not now:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.child.wait(_LEAVE)
            self.child.kill()

    async def cleanup_resources(self) -> None:
        """Forget the child; its last words stay until `close`."""
        if self.wire:
            await self.wire.close()

    @property
    def pid(self) -> int:
        """The process' number."""
        assert self.child is not None
        return self.child.pid

    def exit_code(self) -> int | None:
        """How the child ended, as Popen says it; None when it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            # Its end of the socket closes a little before the zygote can say how it ended.
            return self.child.wait(_REAPED) if self.child else None
        return None

    def kill(self) -> None:
        """End the child with all it has started, at once."""
        if self.child:
            self.child.kill()

    def last_words(self) -> str:
        """What the child wrote to its standard streams and nobody took up: a crash speaks there."""
        words = [self._said.read_bytes() if self._said.exists() else b""]
        for pipe in self._pipes:
            os.set_blocking(pipe, False)
            with contextlib.suppress(BlockingIOError):
                words.append(os.read(pipe, 1 << 16))
        text = b"".join(words).decode(errors="replace").strip()
        # A crash says first what it is; whatever else ends a process says it last.
        return text if len(text) <= 3000 else f"{text[:1500]}\n…\n{text[-1500:]}"

    def close(self) -> None:
        """Leave nothing behind."""
        self.kill()
        if self.wire:
            self.wire.socket.close()
        for pipe in self._pipes:
            os.close(pipe)
        self._pipes = []
        self.child = self.wire = None


def early_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that are read when an interpreter starts or a library is imported."""
    return {name: value for name, value in environment.items() if name.startswith(_EARLY)}


class Wire:
    """The messages that come over a socket, by channel, and those that go."""

    def __init__(self, ours: socket.socket):
        self.socket = ours
        self.messages: dict[str, deque[dict[str, Any]]] = {"iopub": deque(), "shell": deque()}
        self.closed = False  # nothing will come any more
        self.left = False  # because we do not listen any more
        self.problem = ""  # why we stopped to listen
        self._rest, self._sought, self._seen = bytearray(), 0, 0
        self._reading: asyncio.Future[None] | None = None
        self._going = b""
        self._writing: asyncio.Future[None] | None = None
        ours.setblocking(False)

    async def more(self, timeout: float | None) -> None:
        """Wait until something comes, or the end, or the time is up."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.ensure_future(self._read())
        await asyncio.wait([self._reading], timeout=timeout)

    async def _read(self) -> None:
        try:
            read = await asyncio.get_running_loop().sock_recv(self.socket, 1 << 20)
            self._take(read)
        except OSError:
            self.closed = True
        except Garbled as problem:
            self.closed, self.problem = True, str(problem)

    def _take(self, read: bytes) -> None:
        self.closed = not read
        self._seen += len(read)
        if self._seen > _SENT:
            raise Garbled(f"sent more than {_SENT // 1_000_000} million characters and was ended")
        self._rest += read
        while (end := self._rest.find(b"\n", self._sought)) >= 0:
            line = bytes(self._rest[:end])
            del self._rest[: end + 1]
            self._sought = 0
            channel, message = _message(line)
            self.messages[channel].append(message)
        self._sought = len(self._rest)

    def send(self, line: bytes) -> None:
        """Send a line, without waiting."""
        self._going += line + b"\n"
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._write())

    async def _write(self) -> None:
        while self._going:
            data, self._going = self._going, b""
            with contextlib.suppress(OSError):  # that it has ended shows when we read
                await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def close(self, ask: bool = False) -> None:
        """Stop listening; `ask` the child to end."""
        if ask:
            self.send(b"")
            assert self._writing is not None
            await asyncio.wait([self._writing], timeout=1)
        self.closed = self.left = True
        # nbclient forgets to end the one that asks each second whether the kernel lives.
        asking = [task for task in asyncio.all_tasks() if _name_of(task) == _ASKING]
        for task in (self._reading, self._writing, *asking):
            if task is not None and not task.done():
                task.cancel()
                await asyncio.wait([task])
        # The next socket may get the number of this one.
        asyncio.get_running_loop().remove_reader(self.socket)
        asyncio.get_running_loop().remove_writer(self.socket)


def _name_of(task: asyncio.Task[Any]) -> str:
    return getattr(task.get_coro(), "__qualname__", "")


def _message(line: bytes) -> tuple[str, dict[str, Any]]:
    """The channel and the message of a line, as a Session gives it. Raises Garbled."""
    try:
        channel, header, parent, metadata, content, buffers = json.loads(line.decode("utf-8", "replace"))
        if channel not in ("iopub", "shell"):
            raise ValueError
        return channel, {
            "header": extract_dates(header),
            "msg_id": header["msg_id"],
            "msg_type": header["msg_type"],
            "parent_header": extract_dates(parent),
            "metadata": metadata,
            "content": content,
            "buffers": [memoryview(base64.b64decode(text)) for text in buffers],
        }
    except (ValueError, TypeError, KeyError, RecursionError) as problem:
        raise Garbled("sent what is no message and was ended") from problem


class _Channel:
    def __init__(self, kernel: ForkedKernel, name: str):
        self._kernel, self._name = kernel, name

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next message. Raises queue.Empty when none comes in time, DeadKernelError when none will."""
        wire = self._kernel.wire
        assert wire is not None
        end = None if timeout is None else time.monotonic() + timeout
        while not wire.messages[self._name]:
            if wire.closed:
                await self._end(wire)
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise Empty
            await wire.more(left)
        return wire.messages[self._name].popleft()

    async def _end(self, wire: Wire) -> None:
        if wire.problem:
            self._kernel.problem = wire.problem
            self._kernel.kill()
        if wire.left:
            raise asyncio.CancelledError  # nbclient forgets whom it has waiting here after a timeout
        if self._name == "iopub":
            await asyncio.Event().wait()  # whoever waits for the reply is told, and ends this
        for _ in range(1000):  # what was said last is still to be read
            if not wire.messages["iopub"]:
                break
            await asyncio.sleep(0)
        raise DeadKernelError("Kernel died")

    def send(self, message: dict[str, Any]) -> None:
        wire, pack = self._kernel.wire, self._kernel.pack
        assert wire is not None
        parts = (message[part] for part in ("header", "parent_header", "metadata", "content"))
        wire.send(b"[" + b",".join(pack(part) for part in parts) + b"]")


class _Client(KernelClient):
    """What nbclient needs of a kernel client."""

    def __init__(self, kernel: ForkedKernel):
        super().__init__()
        self._kernel = kernel
        kernel.pack = self.session.pack
        self._shell_channel = _Channel(kernel, "shell")
        self._iopub_channel = _Channel(kernel, "iopub")

    def start_channels(self, *_: Any, **__: Any) -> None:
        pass

    def stop_channels(self) -> None:
        pass

    async def is_alive(self) -> bool:
        return await self._kernel.is_alive()

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait for its first message. Raises RuntimeError when none comes."""
        end = None if timeout is None else time.monotonic() + timeout
        wire = self._kernel.wire
        assert wire is not None
        while not wire.messages["iopub"]:
            if wire.closed:
                raise RuntimeError("Kernel died before replying to kernel_info")
            if end is not None and time.monotonic() > end:
                raise RuntimeError(f"Kernel didn't respond in {timeout:g} seconds")
            await wire.more(None if end is None else end - time.monotonic())
