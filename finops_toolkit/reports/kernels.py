"""One notebook through papermill, within a time and a memory, with the true cause of its end.

Two ways, one result. Warm: its cells run in a process forked from one that has imported everything
(forked.py, cells.py). Kernel: in an ordinary kernel (ordinary.py), where nothing can be forked or the
notebook needs what only a kernel has. papermill is given an engine of ours: it looks for no kernelspec (so
none, or a foreign one, does no harm), gives the run one deadline instead of one a cell, and keeps the
notebook as far as it got.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import papermill
from nbclient.exceptions import (
    CellExecutionComplete,
    CellExecutionError,
    CellTimeoutError,
    DeadKernelError,
)
from nbconvert.filters import strip_ansi
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines

from .forked import ForkedKernel, early_variables
from .limits import MEMORY_ERRORS, Watch, size
from .ordinary import OrdinaryKernel
from .tidying import tidy
from .warm import ColdStart, Zygote

_PRINTED = 50_000_000  # characters of output after which a run is ended: it prints without end
_CELLS = f"{__package__}.cells"
_WARM = 120.0  # seconds the imports of a warm process may take
_PICTURES = "matplotlib.pyplot"
# What a system, a scheduler or a person ends a process with; a crash of its own has other signals.
_FROM_OUTSIDE = (signal.SIGTERM, getattr(signal, "SIGKILL", 9), getattr(signal, "SIGHUP", 1))
_shared: dict[frozenset[tuple[str, str]], Zygote] = {}
_starting = threading.Lock()
_running: set[Callable[[], None]] = set()  # what ends this process' kernels
# Only a kernel has them: an event loop with windows, ports, a debugger.
_ONLY_A_KERNEL = re.compile(
    r"^\s*%(?:gui|connect_info|qtconsole|subshell)\b"
    r"|^\s*%(?:matplotlib|pylab)\s+(?:qt\w*|gtk\w*|tk|wx|osx|macosx|auto)\b"
    r"|^\s*(?:import|from)\s+(?:ipyparallel|ipykernel|debugpy|pydevd)\b"
    r"|\bget_ipython\(\)\.kernel\b|\bIPKernelApp\.instance\b",
    re.MULTILINE,
)


@dataclass
class Execution:
    """How a notebook's run ended: `status` is done, failed, timed out, out of memory or kernel died.

    `cause` is one line for people, `cell` (counted from one) and `source` say where it ended, `tail` is the
    last of the error, `notebook` the notebook as far as it got. `engine` is warm or kernel, `fallback` why it
    was a kernel when warm was to be tried. `again` says that it may go well another time: what ended the
    kernel came from outside.
    """

    notebook: Any
    status: str = "done"
    cause: str = ""
    cell: int | None = None
    source: str = ""
    tail: str = ""
    engine: str = "kernel"
    fallback: str = ""
    again: bool = False


def execute(
    notebook: Any,
    parameters: dict[str, Any],
    folder: Path,
    timeout: float,
    *,
    memory: int | None = None,
    environment: Mapping[str, str] | None = None,
    zygote: Zygote | None = None,
    way: str = "auto",
) -> Execution:
    """Run a notebook (a NotebookNode) with typed parameters, working in `folder`, for `timeout` seconds at
    most.

    `memory` limits it, with all it starts, in bytes; `environment` is added to this process' own; `zygote` is
    the warm process to fork from (see `warm_process`; by default one for all runs of this process); `way` is
    warm, kernel, or auto: warm, and a kernel where that cannot be. Does not raise for what the notebook does:
    the Execution says how it ended. Raises ColdStart where `way` is warm and there is no warm process.
    """
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    papermill_engines.register(_Engine.name, _Engine)
    limits = _Limits(folder, time.monotonic() + timeout, timeout, memory, dict(environment or {}))
    if way == "kernel":
        return _run(notebook, parameters, limits, None)
    fallback = only_a_kernel(notebook) if way == "auto" else ""
    if not fallback:
        try:
            zygote = zygote or shared_process(_environment("finops"), [_PICTURES])
            zygote.ready(_WARM)
            # The time is the notebook's: it begins when the warm process is there.
            limits = replace(limits, deadline=time.monotonic() + timeout)
            return _run(notebook, parameters, limits, zygote)
        except ColdStart as problem:
            if way == "warm":
                raise
            fallback = problem.message
        except Exception as problem:
            # Not the notebook's doing: that ends in an Execution.
            if way == "warm":
                raise
            fallback = f"the warm process failed: {type(problem).__name__}: {problem}"
    ended = _run(notebook, parameters, limits, None)
    ended.fallback = fallback
    return ended


def warm_process(
    preload: Sequence[str] = (), calls: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Zygote:
    """A warm process for `execute`: with what cells need, and modules to import and functions to call
    besides, in this process' environment and what is added to it.
    """
    modules = [*preload, _PICTURES, _CELLS]
    around = {**_environment("finops"), **(environment or {})}
    return Zygote(modules, [f"{_CELLS}:warm", *calls], environment=around)


def shared_process(environment: Mapping[str, str], preload: Sequence[str] = ()) -> Zygote:
    """The warm process for runs that bring none: one for each environment that needs its own."""
    early = frozenset(early_variables(environment).items())
    with _starting:
        if early not in _shared:
            _shared[early] = Zygote([*preload, _CELLS], [f"{_CELLS}:warm"], environment=environment)
        return _shared[early]


def only_a_kernel(notebook: Any) -> str:
    """What the notebook uses that only a real kernel has, as a reason; empty when nothing."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and (found := _ONLY_A_KERNEL.search(cell.source)):
            return f"the notebook uses what only a kernel has: {found[0].strip()}"
    return ""


def end_kernels() -> None:
    """Kill every kernel this process has started, with what the kernel started itself."""
    for kill in list(_running):
        with contextlib.suppress(OSError):  # it has ended already
            kill()


@dataclass(frozen=True)
class _Limits:
    folder: Path
    deadline: float  # of time.monotonic
    timeout: float
    memory: int | None
    environment: dict[str, str]


def _run(notebook: Any, parameters: dict[str, Any], limits: _Limits, zygote: Zygote | None) -> Execution:
    ended = Execution(notebook, engine="warm" if zygote else "kernel")
    try:
        # In two steps: in one, papermill would write the executed notebook out once more, to nowhere.
        prepared = papermill.execute_notebook(
            notebook,
            None,
            parameters=parameters,
            kernel_name="python3",
            language="python",
            prepare_only=True,
        )
        papermill_engines.execute_notebook_with_engine(
            _Engine.name,
            prepared,
            kernel_name="python3",
            progress_bar=False,
            ended=ended,
            limits=limits,
            zygote=zygote,
        )
    except CellTimeoutError:
        ended.status = "timed out"
    except RuntimeError as problem:
        if ended.cell is None and zygote:
            raise  # no cell was reached, in a process of our making
        if ended.cell is None:  # jupyter_client's word for a kernel that did not come up
            ended.status, ended.cause = "kernel died", f"the kernel did not start: {problem}"
            ended.again = True
        elif not isinstance(problem, DeadKernelError):
            raise
    if ended.status == "timed out":
        ended.cause = f"took longer than {limits.timeout:g} s (in cell {ended.cell})"
    tidy(ended.notebook)
    return ended


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
    # ipykernel does not read what C code prints where pytest says that it is at work.
    kept = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return {**kept, **threads, **own}


class _Client(PapermillNotebookClient):
    """papermill's client with one deadline for the whole run, and a note of where and why it stopped."""

    def __init__(
        self, nb_man: Any, ended: Execution, limits: _Limits, zygote: Zygote | None, **options: Any
    ) -> None:
        self._ended, self._limits, self._zygote, self._printed = ended, limits, zygote, 0
        self._unfit = ""  # what a cell showed that cannot be part of a notebook
        # nbclient takes 0 for "no limit": a run whose time is up gets a moment instead. Its limit on the
        # wait for output after a cell would call a slow machine a timeout, so it is wide.
        super().__init__(
            nb_man,
            timeout_func=lambda cell: max(limits.deadline - time.monotonic(), 0.01),
            iopub_timeout=300,
            record_timing=False,
            **options,
        )

    def execute(self, **options: Any) -> Any:
        limits = self._limits
        with tempfile.TemporaryDirectory(prefix="finops-", ignore_cleanup_errors=True) as scratch:
            environment = {**_environment(scratch), **limits.environment}
            kernel: Any
            if self._zygote:
                kernel = ForkedKernel(self._zygote, scratch)
            else:
                kernel = OrdinaryKernel(scratch)
            self.km = self._kernel = kernel
            _running.add(kernel.kill)
            try:
                with self.setup_kernel(cleanup_kc=True, cwd=str(limits.folder), env=environment):
                    with Watch(kernel.pid, kernel.kill, limits.deadline, limits.memory) as self._watch:
                        self.papermill_execute_cells()
                    self.set_widgets_metadata()
            except RuntimeError:
                self._ended.tail = kernel.last_words()
                raise
            finally:
                _running.discard(kernel.kill)
                kernel.close()
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
                self._ended.status, cause = self._death()
                self._ended.cause = f"{cause} (in cell {number})"
                raise
            except CellExecutionError as problem:
                self._ended.status = "out of memory" if problem.ename in MEMORY_ERRORS else "failed"
                self._ended.cause = f"{_said(problem)} (in cell {number})"
                shown = ["\n".join(o.traceback) for o in cell.outputs if o.output_type == "error"]
                self._ended.tail = strip_ansi(shown[-1] if shown else problem.traceback)[-3000:]
                return
            if self._unfit:
                self._ended.status = "failed"
                self._ended.cause = f"its output does not fit a notebook: {self._unfit} (in cell {number})"
                return
        self._ended.source = ""

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        if msg["msg_type"] == "stream":
            self._printed += len(msg["content"]["text"])
            if self._printed > _PRINTED:
                self._kernel.kill()
        try:
            return super().process_message(msg, cell, cell_index)
        except CellExecutionComplete:
            raise
        except Exception as problem:
            # Libraries may send what a notebook's format does not allow; the cell is let run to its end.
            self._unfit = f"{type(problem).__name__}: {(str(problem) or 'no words').splitlines()[0][:500]}"
            return None

    def _death(self) -> tuple[str, str]:
        """The outcome and how the kernel's process ended, in words."""
        if self._watch.passed == "time":
            return "timed out", ""
        if self._watch.passed == "memory":
            return "out of memory", f"took more memory than its limit of {size(self._limits.memory or 0)}"
        if self._printed > _PRINTED:
            return (
                "kernel died",
                f"printed more than {_PRINTED // 1_000_000} million characters and was ended",
            )
        if self._kernel.problem:
            return "kernel died", self._kernel.problem
        code = self._kernel.exit_code()
        status, cause = self._watch.death(code)
        self._ended.again = status == "kernel died" and code is not None and -code in _FROM_OUTSIDE
        return status, cause


class _Engine(Engine):
    """papermill's engine for a batch: the notebook is kept in the Execution however the run ends."""

    name = "finops-report"

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        ended, limits, zygote = (options[name] for name in ("ended", "limits", "zygote"))
        ended.notebook = nb_man.nb
        _Client(nb_man, ended, limits, zygote, kernel_name=kernel_name, startup_timeout=120).execute()


def _said(problem: CellExecutionError) -> str:
    """An exception's type and the first line of its message."""
    lines = strip_ansi(problem.evalue).strip().splitlines()
    if problem.ename == "SystemExit":
        return "SystemExit: the notebook stopped itself before its end"
    return f"{problem.ename}: {lines[0][:500]}" if lines else problem.ename
