"""One kernel for many notebooks: each starts from an empty namespace, none waits for a start."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import KernelManager

from finops_toolkit.books import Books
from finops_toolkit.books.snapshot import write_snapshot

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 120
EMPTY = "get_ipython().run_line_magic('reset', '-f -s')"


class LessonKernel:
    """A running kernel: `run` gives what each code cell showed, or an AssertionError for one that failed."""

    def __init__(self, books: Books) -> None:
        """`books` are opened in no time, as in a batch: from a snapshot."""
        self.folder = tempfile.TemporaryDirectory()
        self.manager = KernelManager(kernel_name="python3")
        if os.name == "posix":
            # A file of its own instead of an open port.
            self.manager.transport, self.manager.ip = "ipc", str(Path(self.folder.name, "socket"))
        kept = write_snapshot(books, Path(self.folder.name), books.outline)
        quiet = {**os.environ, "IPYTHONDIR": self.folder.name, "FINOPS_SNAPSHOT": str(kept)}
        self.manager.start_kernel(cwd=str(ROOT / "notebooks"), env=quiet)
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def close(self) -> None:
        """Stop the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.folder.cleanup()

    def run(self, path: Path, parameters: dict[str, Any] | None = None) -> dict[str, str]:
        """The text of the outputs of each code cell, by cell id."""
        notebook = nbformat.read(path, as_version=4)
        self._cell(EMPTY)
        shown = {}
        for cell in notebook.cells:
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            text, problem = self._cell(cell.source)
            assert problem == "", f"{path.name}, cell {cell['id']}: {problem}\n{cell.source}"
            if "parameters" in cell.metadata.get("tags", []):
                self._cell("\n".join(f"{key} = {value!r}" for key, value in (parameters or {}).items()))
            shown[cell["id"]] = text
        return shown

    def _cell(self, source: str) -> tuple[str, str]:
        texts: list[str] = []
        problems: list[str] = []

        def keep(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] in ("display_data", "execute_result"):
                texts.append(content["data"].get("text/plain", ""))
            elif message["msg_type"] == "error":
                problems.append(f"{content['ename']}: {content['evalue']}")

        self.client.execute_interactive(source, store_history=False, output_hook=keep, timeout=SECONDS)
        return "\n".join(texts), "; ".join(problems)
