"""papermill's engine `finops`: cells in a warm process. `papermill --engine finops in.ipynb out.ipynb`.

papermill loads every engine there is when it is imported, so this module loads nothing before it is used.
"""

from __future__ import annotations

from typing import Any

# Slow to import; those that the first notebook names are imported once for all that follow.
_SLOW = ("numpy", "pandas", "pyarrow", "matplotlib.pyplot", "seaborn", "scipy", "sklearn")


class WarmEngine:
    """What papermill calls of an engine. Its options are papermill's own."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **options: Any) -> Any:
        """Run a notebook as papermill's NBClientEngine does, with our kernel in place of the one it would
        start.

        Where that cannot be, an ordinary kernel is started, and papermill's log says why.
        """
        import logging

        from papermill.engines import NBClientEngine

        from .kernels import only_a_kernel
        from .warm import ColdStart

        reason = _foreign(kernel_name) or only_a_kernel(nb)
        if not reason:
            try:
                return _execute(nb, kernel_name, options)
            except ColdStart as problem:
                reason = problem.message
        logging.getLogger("papermill").warning("An ordinary kernel is started: %s.", reason)
        return NBClientEngine.execute_notebook(nb, kernel_name, **options)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """The kernel a notebook asks for, as papermill finds it."""
        from papermill.utils import nb_kernel_name

        return nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """The language a notebook is written in, as papermill finds it."""
        from papermill.utils import nb_language

        return nb_language(nb, language)


def _execute(nb: Any, kernel_name: str, options: dict[str, Any]) -> Any:
    import os
    import tempfile

    from jupyter_core.utils import run_sync
    from papermill.engines import NBClientEngine

    from .forked import ForkedKernel
    from .kernels import shared_process
    from .warm import ColdStart

    source = "\n".join(cell.source for cell in nb.cells if cell.cell_type == "code")
    zygote = shared_process(dict(os.environ), [name for name in _SLOW if name in source])
    timeout = options.get("start_timeout") or 60
    if not zygote.ready(timeout):
        raise ColdStart(f"the warm process was not ready within {timeout:g} s")
    with tempfile.TemporaryDirectory(prefix="finops-", ignore_cleanup_errors=True) as scratch:
        kernel = ForkedKernel(zygote, scratch)
        try:
            return NBClientEngine.execute_notebook(nb, kernel_name, km=kernel, **options)
        finally:
            run_sync(kernel.shutdown_kernel)()
            kernel.close()


def _foreign(kernel_name: str) -> str:
    """Why a kernel of that name is not this interpreter's ipykernel; empty when it is."""
    import sys

    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec(kernel_name)
    except NoSuchKernel:
        return f"there is no kernel {kernel_name}"
    own = ("python", f"python{sys.version_info[0]}", sys.executable)
    if spec.argv[:1] and spec.argv[0] in own and "ipykernel_launcher" in spec.argv and not spec.env:
        return ""
    return f"the kernel {kernel_name} is another program"
