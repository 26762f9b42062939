"""Ordinary kernels: what their client promises over jupyter_client's own."""

from __future__ import annotations

import asyncio
import select
from pathlib import Path

import zmq
import zmq.asyncio
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.session import Session
from jupyter_core.utils import run_sync  # a browser of another test may keep a loop running in this thread

from finops_toolkit.reports.ordinary import OrdinaryKernel, ShellChannel


async def a_reply_during_a_send(kind: type[AsyncZMQSocketChannel], address: str, seconds: float) -> bool:
    """Whether who waits for a reply gets it within a time, when it comes just before another send."""
    session = Session(key=b"")
    with zmq.Context() as kernels, kernels.socket(zmq.ROUTER) as kernel, zmq.asyncio.Context() as clients:
        kernel.bind(address)
        channel = kind(clients.socket(zmq.DEALER), session)
        channel.socket.connect(address)
        channel.send(session.msg("execute_request"))
        asked = kernel.recv_multipart()
        waiting = asyncio.create_task(channel.get_msg(timeout=2 * seconds))
        await asyncio.sleep(0)  # it waits now
        session.send(kernel, "execute_reply", ident=asked[0])
        assert select.select([channel.socket.FD], [], [], 30)[0], "the reply is there, and nobody has looked"
        while select.select([channel.socket.FD], [], [], 0)[0]:  # a send takes the sign with it, at times
            channel.send(session.msg("comm_msg"))
        seen, unseen = await asyncio.wait([waiting], timeout=seconds)
        for task in unseen:
            task.cancel()
        channel.close()
        return bool(seen)


def test_a_reply_that_comes_during_a_send_is_seen(tmp_path: Path) -> None:
    """No run waits until its time is up for a reply that is there: nbclient sends while it waits.

    Where jupyter_client's own channel sees it too, ours can go.
    """
    assert run_sync(a_reply_during_a_send)(ShellChannel, f"ipc://{tmp_path}/shell", 30)
    assert not run_sync(a_reply_during_a_send)(AsyncZMQSocketChannel, f"ipc://{tmp_path}/shell", 0.5)


def test_an_ordinary_kernel_is_spoken_to_over_that_channel(tmp_path: Path) -> None:
    """The client of the manager is the one that sees such replies."""
    assert OrdinaryKernel(str(tmp_path)).client_factory.shell_channel_class.klass is ShellChannel
