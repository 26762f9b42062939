"""A notebook's cells in a process forked from a warm one: ipykernel's own kernel, without ZMQ.

The shell, its displays, comms, tracebacks and magics are ipykernel's, and so is what it says: the messages
that a kernel sends on its IOPub and shell channels go as lines of JSON over one socket, and requests come in
the same way. A line is [channel, header, parent header, metadata, content, buffers in base64]; an empty line
asks for the end.

What differs from a kernel: nobody waits for a flush, and what is written to the file descriptors 1 and 2 (by
C code or another process) is read before each print and at the end of each cell, so that its place is always
the same.
"""

from __future__ import annotations

import asyncio
import atexit
import base64
import codecs
import contextlib
import contextvars
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import ipykernel.ipkernel
import ipykernel.kernelapp
import zmq
from ipykernel.displayhook import ZMQDisplayHook
from ipykernel.iostream import BackgroundSocket, IOPubThread, OutStream
from jupyter_client.session import DELIM
from tornado.ioloop import IOLoop
from traitlets import Any as AnyTrait
from traitlets import Type

from .opened import record_opened

_HELD = 1_000_000  # characters printed that may wait for the next flush
_ONE_READ = 1 << 16


def warm() -> None:
    """Import what every child needs, in the zygote; debugpy is left out, which takes longer than all else."""
    if "ipykernel.debugger" not in sys.modules:
        missing = "debugpy" not in sys.modules
        sys.modules.setdefault("debugpy", None)  # type: ignore[arg-type]
        importlib.import_module("ipykernel.debugger")
        if missing:
            del sys.modules["debugpy"]


def serve(arguments: Mapping[str, Any], files: Sequence[int]) -> int:
    """Run the cells that come over the socket `files[0]`; does not return: the process ends.

    `files[1]` and `files[2]` are what to read of the pipes that file descriptors 1 and 2 lead into,
    `files[3]` is for what is written to neither. Argument: `connection`, the path of a connection file, as a
    kernel is given; none is written.
    """
    warm()
    sys.modules["ipykernel.debugger"]._is_debugpy_available = False  # type: ignore[attr-defined]
    # As a kernel is called: notebooks look at it, and so do libraries that ask where they run.
    options = ["-f", arguments["connection"], "--HistoryManager.hist_file=:memory:"]
    launcher = find_spec("ipykernel_launcher")
    sys.argv = [(launcher and launcher.origin) or "", *options]
    asyncio.set_event_loop(asyncio.new_event_loop())
    app = IPKernelApp.instance()
    app.wire = _Wire(socket.socket(fileno=files[0]))
    app.pipes = {"stdout": files[1], "stderr": files[2]}
    app.aside = files[3]
    app.initialize(options)
    _show_pictures()
    if os.environ.get("FINOPS_READS"):
        record_opened(os.environ["FINOPS_READS"])
    app.start()
    _end(app)
    return 0


def _end(app: IPKernelApp) -> None:
    """End as a kernel does: its threads, what was registered for the end; and then at once."""
    with contextlib.suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    with contextlib.suppress(BaseException):
        sys.stdout.flush()
        sys.stderr.flush()
    app.wire.stop()
    os._exit(0)


def _show_pictures() -> None:
    """Arrange what matplotlib and the widgets do on their import in a kernel: here it was before one."""
    backend = os.environ.get("MPLBACKEND", "")
    if "matplotlib.pyplot" in sys.modules and backend.endswith("backend_inline"):
        import matplotlib
        import matplotlib.pyplot as plt

        plt.close("all")  # what was drawn to warm up leaves no figure and no setting behind
        matplotlib.rc_file_defaults()
        inline = sys.modules.get("matplotlib_inline.backend_inline")
        matplotlib.rcParams["backend"] = backend
        plt.switch_backend(backend)
        if inline is not None:
            inline._enable_matplotlib_integration()
    widgets = sys.modules.get("ipywidgets")
    if widgets is not None:
        widgets._handle_ipython()


class _Wire(IOPubThread):
    """The thread that writes to the socket, reads the pipes and flushes in time; stands for ipykernel's.

    A thread of its own, because a signal may end a write of the main thread in the middle of a line.
    """

    def __init__(self, ends: socket.socket):
        self.socket = ends
        self.session: Any = True  # what a ZMQ socket is asked for, nobody asks this one
        self.io_loop: Any = None
        self.background_socket = BackgroundSocket(self)
        self.streams: list[_Stream] = []
        self._events: deque[Callable[..., Any]] = deque()
        self._process, self._stopped = os.getpid(), False
        self._woken, self._wake = os.pipe()
        for end in (self._woken, self._wake):
            os.set_blocking(end, False)
        self._later: list[tuple[float, Callable[..., Any]]] = []
        self.thread = threading.Thread(target=self._run, name="IOPub", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """Write what is left and end the thread."""
        if self.thread.is_alive() and self.thread is not threading.current_thread():
            self._stopped = True
            self._wake_up()
            self.thread.join(30)

    def schedule(self, f: Callable[..., Any]) -> None:
        if threading.current_thread() is self.thread or not self.thread.is_alive():
            f()
        else:
            self._events.append(f)
            self._wake_up()

    def later(self, seconds: float, act: Callable[..., Any]) -> None:
        """Do something in this thread after some seconds."""
        self._later.append((time.monotonic() + seconds, act))
        self._wake_up()

    def send_multipart(self, msg: list[Any], *_: Any, **__: Any) -> None:
        """A message for everyone, as ipykernel hands it over."""
        self.send("iopub", msg)

    def send(self, channel: str, frames: list[Any]) -> None:
        """Send a message: its frames as a Session makes them."""
        at = frames.index(DELIM) + 2  # after the identities, the mark and the signature
        header, parent, metadata, content = frames[at : at + 4]
        buffers = json.dumps([base64.b64encode(b).decode() for b in frames[at + 4 :]]).encode()
        parts = [json.dumps(channel).encode(), header, parent, metadata, content, buffers]
        line = b"[" + b",".join(parts) + b"]\n"
        self.schedule(lambda: self._write(line))

    def _write(self, line: bytes) -> None:
        if os.getpid() == self._process:  # a process the notebook forked has no part in the conversation
            try:
                self.socket.sendall(line)
            except OSError:
                _leave()

    def _wake_up(self) -> None:
        with contextlib.suppress(BlockingIOError):  # the pipe is full: it is awake
            os.write(self._wake, b"\0")

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        poll.register(self.socket, 0)  # only whether the other end has gone
        for stream in self.streams:
            poll.register(stream.source, select.POLLIN)
        while not (self._stopped and not self._events):
            first = min((at for at, _ in self._later), default=None)
            wait = None if first is None else max(0.0, first - time.monotonic()) * 1000
            for number, what in poll.poll(wait):
                if number == self.socket.fileno() and what & (select.POLLHUP | select.POLLERR):
                    _leave()
                if number == self._woken:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._woken, _ONE_READ)
                for stream in self.streams:
                    if number == stream.source:
                        if not stream.drain():
                            poll.unregister(number)
                        if stream.held >= _HELD:
                            stream._flush()
            while self._events:
                self._events.popleft()()
            now = time.monotonic()
            due = [entry for entry in self._later if entry[0] <= now]
            for entry in due:
                self._later.remove(entry)
                entry[1]()


def _leave() -> None:
    """Whoever asked for the cells has gone: so do we, with all we have started."""
    os.killpg(0, signal.SIGKILL)


class _Stream(OutStream):
    """ipykernel's stdout or stderr, with what is written to the file descriptor in its right place."""

    flush_timeout = None  # type: ignore[assignment]  # a slow reader holds the writer up: no message is lost

    def __init__(self, session: Any, wire: _Wire, name: str, source: int, aside: int):
        super().__init__(session, wire, name, watchfd=False)
        self.source, self._target = source, getattr(sys, f"__{name}__").fileno()
        self._original_stdstream_copy = aside  # what `fileno()` says, as in a kernel
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.held = 0
        os.set_blocking(source, False)
        wire.streams.append(self)

    def drain(self) -> bool:
        """Take in what was written to the file descriptor. False when nobody can write there any more."""
        read = b""
        with self._buffer_lock:
            while self.held < _HELD:
                try:
                    read = os.read(self.source, _ONE_READ)
                except BlockingIOError:
                    return True
                if not read:
                    return False
                text = self._decoder.decode(read)
                self._buffers[frozenset(self._parent_header_global.items())].write(text)
                self.held += len(text)
                self._schedule_flush()
        return True

    def write(self, string: str) -> int:
        if not self._is_master_process() and isinstance(string, str):
            # A process the notebook forked: what it prints comes by the file descriptor.
            data = string.encode(errors="surrogateescape")
            while data:
                data = data[os.write(self._target, data) :]
            return len(string)
        self.drain()
        super().write(string)
        self.held += len(string)
        if self.held >= _HELD:
            self.flush()
        return len(string)

    def flush(self) -> None:
        if self._is_master_process():
            super().flush()

    def _flush(self) -> None:
        self.drain()
        self.held = 0
        super()._flush()

    def _schedule_flush(self) -> None:
        if not self._flush_pending:
            self._flush_pending = True
            self.pub_thread.later(self.flush_interval, self._flush)


class _Replies:
    """Where a kernel sends its replies to."""

    def __init__(self, wire: _Wire):
        self._wire = wire

    def send_multipart(self, frames: list[Any], *_: Any, **__: Any) -> None:
        self._wire.send("shell", frames)


class IPythonKernel(ipykernel.ipkernel.IPythonKernel):
    """ipykernel's kernel, whose requests come one after the other from one client."""

    shell_stream = AnyTrait()
    _supports_kernel_subshells = False
    _execute_sleep = 0.0

    def start(self) -> None:
        """Say that it starts, as ipykernel's does, which then listens to its ports."""
        self.io_loop = IOLoop.current()
        self._control_lock = asyncio.Lock()
        self._publish_status("starting", "shell")

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """The client asks for the next cell only when it has seen how this one ended."""


class IPKernelApp(ipykernel.kernelapp.IPKernelApp):
    """ipykernel's application, on a socket and two pipes; its name is that of its settings."""

    kernel_class = Type(IPythonKernel)
    wire: _Wire
    pipes: Mapping[str, int]
    aside: int

    def init_sockets(self) -> None:
        """The one socket, in the place of five."""
        self.session.key = b""  # nobody else can write to the socket
        self.iopub_thread = self.wire
        self.iopub_socket = self.wire.background_socket
        self.configure_tornado_logger()

    def _nothing(self) -> None:
        """No connection file, no port, no heartbeat."""

    init_connection_file = write_connection_file = log_connection_info = _nothing  # type: ignore[assignment]
    init_heartbeat = init_poller = close = _nothing

    def init_io(self) -> None:
        """What is printed goes to the wire."""
        sys.stdout.flush()
        sys.stderr.flush()
        for name, source in self.pipes.items():
            setattr(sys, name, _Stream(self.session, self.wire, name, source, self.aside))
        self.wire.start()
        self.displayhook = sys.displayhook = ZMQDisplayHook(self.session, self.iopub_socket)
        self.patch_io()

    def init_kernel(self) -> None:
        """The kernel with its shell."""
        self.kernel = self.kernel_class.instance(
            parent=self,
            session=self.session,
            shell_stream=_Replies(self.wire),
            shell_channel_thread=SimpleNamespace(parent_thread=threading.main_thread()),
            iopub_thread=self.wire,
            iopub_socket=self.iopub_socket,
            log=self.log,
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
        )
        self.displayhook.get_execution_count = lambda: self.kernel.execution_count

    def start(self) -> None:
        """Take requests until the end is asked for, or a cell has called `quit()`."""
        self.kernel.start()
        loop = asyncio.get_event_loop()
        self._rest, self._tasks, self._context = b"", set[Any](), contextvars.copy_context()
        loop.add_reader(self.wire.socket.fileno(), self._listen)
        IOLoop.current().start()

    def _listen(self) -> None:
        """Hand each request that came on to the kernel; tasks of the cells run meanwhile."""
        read = self.wire.socket.recv(_ONE_READ, socket.MSG_DONTWAIT)
        if not read:
            _leave()
        *lines, self._rest = (self._rest + read).split(b"\n")
        for line in lines:
            if not line:
                asyncio.get_event_loop().stop()
                return
            header, parent, metadata, content = json.loads(line)
            request = {"header": header, "parent_header": parent, "metadata": metadata, "content": content}
            frames = [zmq.Message(frame) for frame in self.session.serialize(request)]
            # One context for all cells: what a cell sets in it, the next one finds.
            task = asyncio.get_event_loop().create_task(
                self.kernel.shell_main(None, frames), context=self._context
            )
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
