"""An ordinary kernel of this very interpreter: its manager, and a client that misses no reply."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import Type


class ShellChannel(AsyncZMQSocketChannel):
    """The channel of requests and replies, where a reply that comes during a send is seen.

    jupyter_client sends past the socket that waits for the reply. ZeroMQ signs once that something has come,
    and a send takes the sign with it: a reply that came just then was waited for until the time was up.
    nbclient sends while it waits when a notebook shows into an Output widget, as `interact` does.
    """

    def send(self, msg: dict[str, Any]) -> None:
        """Send a message, and look at once for what may have come meanwhile."""
        super().send(msg)
        self.socket.get(zmq.EVENTS)  # wakes who waits on this socket when there is something to read


class _OrdinaryClient(AsyncKernelClient):
    shell_channel_class = Type(ShellChannel)


class _OwnKernel(KernelSpecManager):
    """Whatever kernel is asked for: this interpreter."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")


class OrdinaryKernel(AsyncKernelManager):
    """A kernel of this interpreter, on files instead of ports."""

    def __init__(self, scratch: str):
        super().__init__(
            kernel_name="python3", kernel_spec_manager=_OwnKernel(), client_factory=_OrdinaryClient
        )
        self._process: Any = None
        self.connection_file = str(Path(scratch, "kernel.json"))
        if os.name == "posix" and len(scratch) < 80:  # a socket's path may be some 107 characters long
            self.transport, self.ip = "ipc", str(Path(scratch, "socket"))
        self._said = Path(scratch, "said")

    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        """Start it; what its process says itself goes to a file."""
        with open(self._said, "wb") as sink:
            await super().start_kernel(stdout=sink, stderr=sink, **options)
        self._process = getattr(self.provisioner, "process", None)

    @property
    def pid(self) -> int:
        """Its process' number."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """How its process ended, as of a Popen; none while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """End it with all it has started, at once."""
        if self._process is None or self._process.poll() is not None:
            return
        if hasattr(os, "killpg"):
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()

    def last_words(self) -> str:
        """The last of what its process said itself, past the notebook."""
        return self._said.read_text(errors="replace").strip()[-3000:]

    def close(self) -> None:
        """Nothing of it is left: nbclient has shut it down, and its files lie in the run's own folder."""

    problem = ""
