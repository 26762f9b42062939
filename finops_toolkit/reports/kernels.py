"""One notebook through papermill, in a kernel of this very interpreter, within a time, with the true cause
of its end.

papermill is given an engine of ours: it looks for no kernelspec (so none, or a foreign one, does no harm),
gives the run one deadline instead of one a cell, and keeps the notebook as far as it got.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import papermill
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert.filters import strip_ansi
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.exceptions import PapermillExecutionError

_PRINTED = 50_000_000  # characters of output after which a run is ended: it prints without end
_running: set[int] = set()  # process ids of this process' kernels


@dataclass
class Execution:
    """How a notebook's run ended: `status` is done, failed, timed out or kernel died.

    `cause` is one line for people, `cell` (counted from one) and `source` say where it ended, `tail` is the
    last of the error, `notebook` the notebook as far as it got.
    """

    notebook: Any
    status: str = "done"
    cause: str = ""
    cell: int | None = None
    source: str = ""
    tail: str = ""


def execute(notebook: Any, parameters: dict[str, Any], folder: Path, timeout: float) -> Execution:
    """Run a notebook (a NotebookNode) with typed parameters, its kernel working in `folder`.

    Does not raise for what the notebook does: the Execution says how it ended.
    """
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    papermill_engines.register("finops", _Engine)
    ended = Execution(notebook)
    try:
        papermill.execute_notebook(
            notebook,
            None,
            parameters=parameters,
            engine_name="finops",
            kernel_name="python3",
            language="python",
            progress_bar=False,
            ended=ended,
            folder=folder,
            deadline=time.monotonic() + timeout,
        )
    except CellTimeoutError:
        ended.status, ended.cause = "timed out", f"took longer than {timeout:g} s (in cell {ended.cell})"
    except RuntimeError as problem:
        if ended.cell is None:  # no cell was reached: jupyter_client's word for a kernel that did not come up
            ended.status, ended.cause = "kernel died", f"the kernel did not start: {problem}"
        elif isinstance(problem, DeadKernelError):
            ended.status, ended.cause = "kernel died", f"{ended.cause} (in cell {ended.cell})"
        else:
            raise
    except PapermillExecutionError:
        pass  # the client has noted the error; one that a cell's tag allows is none
    _tidy(ended.notebook)
    return ended


def end_kernels() -> None:
    """Kill every kernel this process has started, with what the kernel started itself."""
    for process in list(_running - {0}):
        try:
            if hasattr(os, "killpg"):
                os.killpg(process, signal.SIGKILL)
            else:
                os.kill(process, signal.SIGTERM)
        except OSError:
            pass  # it has ended already


def _tidy(notebook: Any) -> None:
    """Leave in the notebook what the run said, and nothing that differs between two equal runs."""
    notebook.cells = [
        c for c in notebook.cells if "papermill-error-cell-tag" not in c.metadata.get("tags", [])
    ]
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = "injected-parameters"


def _environment(scratch: str) -> dict[str, str]:
    """The kernel's environment: one thread, no one's own IPython or matplotlib settings, hashes the same
    each run.
    """
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    own = {
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "IPYTHONDIR": str(Path(scratch, "ipython")),
    }
    matplotlib = find_spec("matplotlib")
    if matplotlib and matplotlib.origin:
        own["MATPLOTLIBRC"] = str(Path(matplotlib.origin).with_name("mpl-data") / "matplotlibrc")
    return {**os.environ, **threads, **own}


class _OwnKernel(KernelSpecManager):
    """Whatever kernel is asked for: this interpreter."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")


class _Client(PapermillNotebookClient):
    """papermill's client with one deadline for the whole run, and a note of where and why it stopped."""

    def __init__(self, nb_man: Any, ended: Execution, folder: Path, deadline: float, **options: Any) -> None:
        self._ended, self._folder, self._printed = ended, folder, 0
        # nbclient takes 0 for "no limit": a run whose time is up gets a moment instead. Its limit on the
        # wait for output after a cell would call a slow machine a timeout, so it is wide.
        super().__init__(
            nb_man,
            timeout_func=lambda cell: max(deadline - time.monotonic(), 0.01),
            iopub_timeout=300,
            **options,
        )

    def execute(self, **options: Any) -> Any:
        with tempfile.TemporaryDirectory(prefix="finops-", ignore_cleanup_errors=True) as scratch:
            said = Path(scratch, "said")
            self.km = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=_OwnKernel())
            self.km.connection_file = str(Path(scratch, "kernel.json"))
            if os.name == "posix" and len(scratch) < 80:  # a socket's path may be some 107 characters long
                self.km.transport, self.km.ip = "ipc", str(Path(scratch, "socket"))
            with open(said, "wb") as sink:
                start = {
                    "cwd": str(self._folder),
                    "env": _environment(scratch),
                    "stdout": sink,
                    "stderr": sink,
                }
                try:
                    with self.setup_kernel(cleanup_kc=True, **start):
                        _running.add(getattr(self.km.provisioner, "pid", None) or 0)
                        self.papermill_execute_cells()
                        self.set_widgets_metadata()
                except RuntimeError:
                    self._ended.tail = said.read_text(errors="replace").strip()[-3000:]
                    raise
                finally:
                    _running.clear()
        return self.nb

    def papermill_execute_cells(self) -> None:
        number = 0
        for index, cell in enumerate(self.nb.cells):
            number += "injected-parameters" not in cell.metadata.get("tags", [])  # as the author counts them
            self._ended.cell, self._ended.source = number, cell.source
            try:
                self.execute_cell(cell, index)
            except CellTimeoutError:
                self.shutdown_kernel = "immediate"
                raise
            except DeadKernelError:
                self._ended.cause = self._death()
                raise
            except CellExecutionError as problem:
                self._ended.status = "failed"
                self._ended.cause = f"{_said(problem)} (in cell {number})"
                shown = ["\n".join(o.traceback) for o in cell.outputs if o.output_type == "error"]
                self._ended.tail = strip_ansi(shown[-1] if shown else problem.traceback)[-3000:]
                return
        self._ended.source = ""

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        if msg["msg_type"] == "stream":
            self._printed += len(msg["content"]["text"])
            if self._printed > _PRINTED:
                end_kernels()
        return super().process_message(msg, cell, cell_index)

    def _death(self) -> str:
        """How the kernel's process ended, in words."""
        if self._printed > _PRINTED:
            return f"printed more than {_PRINTED // 1_000_000} million characters and was ended"
        process = getattr(self.km.provisioner, "process", None)
        code = process.poll() if process else None
        if code is None:
            return "the kernel died"
        if code < 0:
            name = signal.Signals(-code).name
            hint = ", most likely for want of memory" if name == "SIGKILL" else ""
            return f"the kernel was ended by {name}{hint}"
        return f"the kernel ended itself with exit code {code}"


class _Engine(Engine):
    """papermill's engine for a batch: the notebook is kept in the Execution however the run ends."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        ended, folder, deadline = (options[name] for name in ("ended", "folder", "deadline"))
        ended.notebook = nb_man.nb
        _Client(nb_man, ended, folder, deadline, kernel_name=kernel_name, startup_timeout=120).execute()


def _said(problem: CellExecutionError) -> str:
    """An exception's type and the first line of its message."""
    lines = strip_ansi(problem.evalue).strip().splitlines()
    if problem.ename == "SystemExit":
        return "SystemExit: the notebook stopped itself before its end"
    return f"{problem.ename}: {lines[0][:500]}" if lines else problem.ename
