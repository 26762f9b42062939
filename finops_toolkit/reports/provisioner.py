"""Warm kernels for every Jupyter tool: a kernel provisioner that forks real kernels from one warm process.

Chosen by a kernelspec (`finops` is one) or by JUPYTER_DEFAULT_PROVISIONER_NAME=finops-warm. What it cannot do
safely it leaves to the ordinary start, and says why: in the log and in `cold_reason`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from .warm import Child, ColdStart, Zygote, forbidden
from .warm_kernel import PRELOAD

_LAUNCHER = ["-m", "ipykernel_launcher"]
# Read when an interpreter starts or when a library is imported: a fork cannot change them any more.
_AT_START = ("PYTHON", "LC_", "LD_", "MALLOC_", "ARROW_", "MPLCONFIGDIR", "MATPLOTLIBRC")
_EXACTLY = ("LANG", "LANGUAGE", "HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "JUPYTER_PLATFORM_DIRS")
_zygotes: list[Zygote] = []  # the last one is the one to fork from; those before it still have kernels


class WarmProvisioner(LocalProvisioner):
    """Starts an ipykernel of this interpreter by a fork; any other kernel as LocalProvisioner does.

    `cold_reason` says why the last start was an ordinary one; it is empty when it was not.
    """

    cold_reason = ""
    process: Any = None  # a Child or, after an ordinary start, a Popen

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork the kernel. A server's first kernel does not wait for the libraries; a single one would import
        them anyway, and waits.
        """
        try:
            self.process = await self._fork(cmd, **kwargs)
        except ColdStart as problem:
            self.cold_reason = problem.message
            self.log.info("Kernel started the ordinary way: %s", self.cold_reason)
            return await super().launch_kernel(cmd, **kwargs)
        self.cold_reason = ""
        self.pid, self.pgid = self.process.pid, None  # None: signals go by way of the child, never too late
        self.cwd = kwargs.get("cwd") or Path.cwd()
        return self.connection_info

    async def _fork(self, cmd: list[str], **kwargs: Any) -> Child:
        environment = dict(kwargs.pop("env", None) or os.environ)
        folder = Path(kwargs.pop("cwd", None) or Path.cwd())
        streams = [kwargs.pop(name, None) for name in ("stdin", "stdout", "stderr")]
        kwargs.pop("kernel_id", None)
        if reason := forbidden() or _foreign(cmd, {k: v for k, v in kwargs.items() if v}):
            raise ColdStart(reason)
        zygote = _current(tuple(cmd[1 : cmd.index("-m")]), environment)
        if reason := _differs(zygote, tuple(cmd[1 : cmd.index("-m")]), environment):
            raise ColdStart(reason)
        server = getattr(self.parent, "parent", None) is not None
        while not zygote.ready():
            if server:
                raise ColdStart("the warm process still imports its libraries")
            await asyncio.sleep(0.01)
        if zygote.stale():
            zygote = _current(zygote.options, environment, renew=True)
            if server:
                raise ColdStart("files of loaded modules have changed: the warm process imports them anew")
            while not zygote.ready():
                await asyncio.sleep(0.01)
        if name := _hidden(zygote, folder):
            raise ColdStart(f"{name} in the working folder comes before the module of this name")
        environment["JPY_PARENT_PID"] = str(os.getpid())
        with contextlib.ExitStack() as opened:
            files = _streams(streams, opened)
            task = "finops_toolkit.reports.warm_kernel:start"
            return zygote.fork(task, {"command": cmd}, environment=environment, folder=folder, files=files)


def _foreign(cmd: list[str], options: Mapping[str, Any]) -> str:
    """Why a command is none of ours; empty when it is an ipykernel of this interpreter."""
    if not any(cmd[place : place + 2] == _LAUNCHER for place in (1, 2)):
        return "it is no plain ipykernel"
    if Path(cmd[0]) != Path(sys.executable):
        return f"its interpreter is {cmd[0]}, the warm process runs {sys.executable}"
    if cmd[1] not in ("-m", "-Xfrozen_modules=off"):
        return f"its interpreter is given {cmd[1]}"
    return f"it is started with {', '.join(options)}" if options else ""


def _read_early(environment: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in environment.items() if k.startswith(_AT_START) or k in _EXACTLY}


def _current(options: tuple[str, ...], environment: Mapping[str, str], renew: bool = False) -> Zygote:
    """The zygote to fork from, started if there is none; with `renew` a new one beside those with kernels."""
    if renew or not _zygotes:
        for old in [z for z in _zygotes if not z.children()]:
            old.close()
            _zygotes.remove(old)
        calls = ["finops_toolkit.reports.warm_kernel:prepare"]
        _zygotes.append(Zygote(PRELOAD, calls, environment, options))
    _zygotes[-1].start()
    return _zygotes[-1]


def _differs(zygote: Zygote, options: tuple[str, ...], environment: Mapping[str, str]) -> str:
    """In what a kernel should start differently from the zygote, which cannot be changed any more."""
    if options != zygote.options:
        return f"its interpreter is given {' '.join(options) or 'no options'}, unlike the warm process"
    ours, theirs = _read_early(zygote.environment), _read_early(environment)
    names = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    return f"its environment differs in {', '.join(names)}" if names else ""


def _hidden(zygote: Zygote, folder: Path) -> str:
    """A file of the kernel's folder that `import` would take in place of a module loaded already."""
    try:
        here = {Path(name).stem: name for name in os.listdir(folder)}
    except OSError as problem:
        raise ColdStart(f"its working folder cannot be read: {problem.strerror}") from problem
    if "matplotlibrc" in here:
        return "matplotlibrc"
    for name in here.keys() & zygote.modules.keys():
        if not Path(zygote.modules[name]).is_relative_to(folder.resolve()):
            return here[name]
    return ""


def _streams(wanted: list[Any], opened: contextlib.ExitStack) -> list[int]:
    """Descriptors for the kernel's standard streams, as subprocess.Popen would make them."""
    files: list[int] = []
    for number, stream in enumerate(wanted):
        if stream is None and number == 0:
            stream, empty = os.pipe()  # no input: a closed pipe
            os.close(empty)
            opened.callback(os.close, stream)
        elif stream is None:
            stream = number
        elif stream == DEVNULL:
            stream = os.open(os.devnull, os.O_RDWR)
            opened.callback(os.close, stream)
        elif stream == STDOUT:
            stream = files[1]
        elif stream == PIPE:
            raise ColdStart("it is asked for a pipe")
        files.append(stream if isinstance(stream, int) else stream.fileno())
    for number in files:
        try:
            os.fstat(number)
        except OSError:
            raise ColdStart("a standard stream is closed") from None
    return files
