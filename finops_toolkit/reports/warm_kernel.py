"""What a forked process does to be an ordinary ipykernel, and what its zygote has loaded for it.

Some libraries look round once, when they are imported: for the environment, and for the shell they run in. In
a zygote there is neither yet, so the child asks them to look again.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import pkgutil
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# What a kernel imports to start, and what the notebooks of this package's users import sooner or later.
PRELOAD = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger", "ipywidgets", "sqlite3", "psutil"),
    *("IPython.core.completerlib", "IPython.core.debugger", "IPython.extensions.storemagic"),
    *("tornado.platform.asyncio", "encodings.idna", "xmlrpc.client"),
    *("numpy", "pandas", "matplotlib.pyplot", "seaborn", "pyarrow.parquet", "pyarrow.pandas_compat"),
    *("ibis.backends.duckdb", "ibis.backends.sql.compilers.duckdb", "ibis.formats.pandas", "great_tables"),
    __name__,
)
INLINE = "module://matplotlib_inline.backend_inline"
_STDERR = 2


def start(arguments: Mapping[str, Any], _files: Sequence[int]) -> None:
    """Be the kernel of a command [python, …, -m, ipykernel_launcher, words …], until it is shut down."""
    command = list(arguments["command"])
    words = command[command.index("ipykernel_launcher") + 1 :]
    launcher = find_spec("ipykernel_launcher")
    sys.orig_argv[:] = command
    sys.argv[:] = [str(launcher.origin) if launcher else "", *words]
    if "duckdb" in sys.modules:
        # It calls a leak what gc.freeze kept from being freed; the last thing at exit is to hear no more.
        atexit.register(lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), _STDERR))
    _use_all_processors()
    from ipykernel.kernelapp import IPKernelApp

    before_shell()
    app = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize(words)
    after_shell()
    app.start()


def before_shell() -> None:
    """As at its import, matplotlib takes its backend from the environment: a kernel's is the inline one."""
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].rcParams["backend"] = os.environ.get("MPLBACKEND") or INLINE
    # The inline backend binds itself to the shell when it is imported, and without one draws nothing.
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib_inline"]:
        del sys.modules[name]


def after_shell() -> None:
    """Widgets register with the kernel, as at their import."""
    if "ipywidgets" in sys.modules:
        sys.modules["ipywidgets"].register_comm_target()


def prepare() -> None:
    """In the zygote: import the modules of this package, none of which acts on import, and draw a chart."""
    package = __name__.partition(".")[0]
    for module in pkgutil.iter_modules(import_module(package).__path__):
        import_module(f"{package}.{module.name}")
    _draw()


def _draw() -> None:
    """Draw a small chart, so that fonts are found and read; pyplot does not come to know of it."""
    import io

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1], label="1")
    FigureCanvasAgg(figure).print_png(io.BytesIO())


def _use_all_processors() -> None:
    """Let OpenBLAS compute with as many threads as in a process of its own; in a zygote it has one."""
    words = (os.environ.get(name, "") for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"))
    count = next((int(word) for word in words if word.isdecimal()), len(os.sched_getaffinity(0)))
    numpy = find_spec("numpy")
    if count > 1 and numpy and numpy.origin:
        for path in Path(numpy.origin).parents[1].glob("numpy.libs/libscipy_openblas*"):
            with contextlib.suppress(OSError, AttributeError):
                ctypes.CDLL(str(path)).scipy_openblas_set_num_threads64_(count)
