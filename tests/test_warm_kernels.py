"""Warm kernels: started at once from a process with the libraries loaded, and otherwise like any kernel."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from jupyter_client.multikernelmanager import MultiKernelManager

from finops_toolkit.reports import provisioner, warm
from finops_toolkit.reports.warm import Child, ColdStart, Zygote

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
ROOT = Path(__file__).resolve().parent.parent
COMMAND = ("python", "-m", "ipykernel_launcher", "-f", "{connection_file}")
WARM, COLD = "finops-warm", "local-provisioner"


class Specs(KernelSpecManager):
    """Kernelspecs named by their provisioner, of one command."""

    command: tuple[str, ...] = COMMAND

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """An ipykernel by this provisioner."""
        chosen = {"kernel_provisioner": {"provisioner_name": kernel_name}, "debugger": True}
        return KernelSpec(argv=list(self.command), display_name="", language="python", metadata=chosen)


class Kernel:
    """A kernel with its client: a cell in, what it printed (or its messages) out."""

    def __init__(self, name: str = WARM, command: tuple[str, ...] = COMMAND, **options: Any):
        specs = Specs()
        specs.command = command
        self.manager = KernelManager(kernel_name=name, kernel_spec_manager=specs)
        self.manager.start_kernel(**options)
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    @property
    def cold_reason(self) -> str:
        """Why it was started the ordinary way."""
        return str(self.manager.provisioner.cold_reason)  # type: ignore[union-attr]

    def messages(self, source: str) -> list[tuple[str, dict[str, Any]]]:
        """Type and content of what a cell sends."""
        sent: list[tuple[str, dict[str, Any]]] = []
        self.client.execute_interactive(
            source,
            timeout=60,
            allow_stdin=False,
            output_hook=lambda m: sent.append((m["msg_type"], m["content"])),
        )
        return [(kind, content) for kind, content in sent if kind not in ("status", "execute_input")]

    def __call__(self, source: str) -> str:
        """What a cell prints; its error, if it fails."""
        said = [
            content.get("text") or "\n".join(content["traceback"])
            for kind, content in self.messages(textwrap.dedent(source))
            if kind in ("stream", "error")
        ]
        return "".join(said).strip()

    def close(self) -> None:
        """End it at once."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@contextmanager
def started(*arguments: Any, **options: Any) -> Iterator[Kernel]:
    """A kernel for a while."""
    kernel = Kernel(*arguments, **options)
    try:
        yield kernel
    finally:
        kernel.close()


@pytest.fixture(scope="module")
def warm_kernel() -> Iterator[Kernel]:
    """A warm kernel shared by tests that leave it as it was."""
    with started() as kernel:
        assert kernel.cold_reason == ""
        yield kernel


@pytest.fixture
def own_zygotes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Zygote]]:
    """No zygote yet, and those of the test ended after it."""
    zygotes: list[Zygote] = []
    monkeypatch.setattr(provisioner, "_zygotes", zygotes)
    monkeypatch.setattr(provisioner, "PRELOAD", ("ipykernel.kernelapp", "finops_toolkit.reports.warm_kernel"))
    yield zygotes
    for zygote in zygotes:
        zygote.close()


def alive(pid: int) -> bool:
    """Does a process run? One that has ended and was not asked how does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def soon(what: Callable[[], bool], seconds: float = 5) -> bool:
    """Does it become true in time?"""
    end = time.monotonic() + seconds
    while not (true := what()) and time.monotonic() < end:
        time.sleep(0.02)
    return true


# --- as a cold one ---------------------------------------------------------------------------------------

PROBE = """
import asyncio, ctypes, decimal, gc, json, locale, logging, os, pathlib, resource, signal, sys, threading
import warnings
import numpy, pandas, matplotlib.pyplot, seaborn, ipywidgets

openblas = list(pathlib.Path(numpy.__file__).parents[1].glob("numpy.libs/libscipy_openblas*"))

def stream(s):
    return [s.name, s.encoding, s.errors, s.line_buffering, s.write_through, s.isatty(),
            s.fileno(), type(s.buffer).__name__]

def kind(number):
    try:
        return os.readlink(f"/proc/self/fd/{number}").split(":")[0].rstrip("0123456789")
    except OSError:
        return ""

print(json.dumps({
    "environment": dict(os.environ),
    "folder": os.getcwd(),
    "argv": sys.argv[:-1], "orig_argv": sys.orig_argv[:-1], "path": sys.path,
    "flags": str(sys.flags), "xoptions": sys._xoptions, "main": __name__,
    "signals": {int(s): str(getattr(signal.getsignal(s), "__qualname__", signal.getsignal(s)))
                for s in signal.valid_signals()},
    "mask": list(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "session": [os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()],
    "streams": [stream(sys.__stdin__), stream(sys.__stdout__), stream(sys.__stderr__)],
    "standard": [kind(0), kind(1) , kind(2)],
    # How many sockets and what belongs to them differs from one moment to the next.
    "files": sorted(k for n in os.listdir("/proc/self/fd")
                    if (k := kind(n)) and k not in ("socket", "anon_inode") and "/profile_default" not in k),
    "limits": [resource.getrlimit(n) for n in range(16)], "umask": os.umask(0o022),
    "rcParams": {k: str(v) for k, v in matplotlib.rcParams.items()},
    "figures": matplotlib.pyplot.get_fignums(),
    "threads": sorted(type(t).__name__ for t in threading.enumerate()),
    "processors": [ctypes.CDLL(str(p)).scipy_openblas_get_num_threads64_() for p in openblas],
    "warnings": sorted(map(str, warnings.filters)),
    "logging": [str(logging.root), str(logging.root.handlers)],
    "locale": locale.setlocale(locale.LC_ALL), "filesystem": sys.getfilesystemencoding(),
    "numpy": [numpy.geterr(), numpy.get_printoptions()],
    "pandas": str([pandas.get_option(o) for o in ("display.max_rows", "plotting.backend")]),
    "decimal": str(decimal.getcontext()), "gc": [gc.isenabled(), gc.get_threshold()],
    "recursion": sys.getrecursionlimit(), "switch": sys.getswitchinterval(),
    "hooks": [sys.excepthook.__qualname__, type(sys.displayhook).__name__, type(sys.stdout).__name__],
    "events": {k: [f.__qualname__ for f in v] for k, v in get_ipython().events.callbacks.items()},
    "extensions": sorted(get_ipython().extension_manager.loaded),
    "comms": sorted(get_ipython().kernel.comm_manager.targets),
    "parent": sys.modules["ipykernel.kernelapp"].IPKernelApp.instance().poller.is_alive(),
}, default=str))
"""


def looks(name: str, folder: Path, environment: Mapping[str, str]) -> Any:
    """What a kernel can see of itself."""
    with started(name, cwd=str(folder), env=dict(environment)) as kernel:
        said = kernel(PROBE)
        assert said.endswith("}"), said[-2000:]
        return json.loads(said)


def test_a_warm_kernel_sees_itself_as_a_cold_one(tmp_path: Path) -> None:
    """Environment, folder, arguments, path, streams, signals, limits, settings of libraries: all the same."""
    environment = {**os.environ, "FINOPS_SEEN": "here", "TZ": "Asia/Tokyo"}
    environment.pop("JUPYTER_DEFAULT_PROVISIONER_NAME", None)

    cold, hot = (looks(name, tmp_path, environment) for name in (COLD, WARM))

    assert cold["environment"]["FINOPS_SEEN"] == "here"
    assert {name: hot[name] for name in cold} == cold


CELLS = (
    "print('one'); import sys; print('two', file=sys.stderr); print('three')",
    "import matplotlib.pyplot as plt, numpy as np, pandas as pd, seaborn as sns, warnings, time",
    "fig, ax = plt.subplots(); ax.plot(np.arange(5) ** 2, label='äöü €'); ax.legend(); ax.set_title('A')",
    "%matplotlib inline\nsns.barplot(x=['a', 'b'], y=[1, 2])",
    "plt.figure(); plt.plot([1, 2, 3]); plt.show(); print('after')",
    "frame = pd.DataFrame({'a': [1.5, None], 'b': ['x', 'y']}); frame",
    "frame.style.format(precision=1).set_uuid('u')",
    "warnings.warn('careful'); 1",
    "1 / 0",
    "import ipywidgets; slider = ipywidgets.IntSlider(); slider",
    "from IPython.display import display, HTML\nh = display(HTML('<b>1</b>'), display_id='i'); h.update(2)",
    "%timeit -n1 -r1 pass\n%who",
    "time.strftime('%Z', time.localtime(0)), np.random.RandomState(3).normal(size=3)",
    "!echo out; echo err >&2",
    "import asyncio; await asyncio.sleep(0); print('awaited')",
    "%config InlineBackend.figure_formats = ['svg']\nplt.rcParams['svg.hashsalt'] = 's'; plt.plot([1, 2])",
    "input('?')",
)
CHANCE = re.compile(
    r"0x[0-9a-f]{6,}|\d+(\.\d+)? (ns|µs|ms|us)|/tmp/ipykernel_\d+/\d+|<dc:date>.*</dc:date>|[0-9a-f]{32}"
)


def test_a_warm_kernel_shows_what_a_cold_one_shows() -> None:
    """Cell by cell the same messages: texts, tables, errors, and each picture byte for byte."""
    shown = []
    for name in (COLD, WARM):
        with started(name, cwd="/") as kernel:
            shown.append([CHANCE.sub("", json.dumps(joined(kernel.messages(cell)))) for cell in CELLS])
    cold, hot = shown

    assert sum('"image/png"' in cell for cell in cold) == 3
    assert '"image/svg+xml"' in cold[-2]
    assert dict(zip(CELLS, hot, strict=True)) == dict(zip(CELLS, cold, strict=True))


def joined(messages: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    """Messages with what one stream said in a row as one text: how it is cut is for the clock to decide."""
    whole: list[Any] = []
    for kind, content in messages:
        if kind == "stream" and whole and whole[-1][0] == kind and whole[-1][1]["name"] == content["name"]:
            whole[-1][1]["text"] += content["text"]
        else:
            whole.append((kind, dict(content)))
    return whole


def test_kernels_share_no_chance() -> None:
    """Random numbers, identifiers and secrets of two kernels of one process differ."""
    source = """
    import random, uuid, tempfile, multiprocessing, numpy, secrets, os, IPython
    print(random.random(), numpy.random.random(), numpy.random.default_rng().random(), uuid.uuid4(),
          secrets.token_hex(), multiprocessing.current_process().authkey.hex(),
          next(tempfile._get_candidate_names()))
    """
    seen = []
    for _ in range(2):
        with started() as kernel:
            seen.append(kernel(source).split())

    assert len(seen[0]) == 7
    assert not set(seen[0]) & set(seen[1])


# --- what one does with kernels --------------------------------------------------------------------------


def test_interrupt_stops_the_cell_and_not_the_kernel(warm_kernel: Kernel) -> None:
    """A cell that runs for ever ends with KeyboardInterrupt, and the next one runs."""
    warm_kernel("mark = 41")
    message = warm_kernel.client.execute("while True: pass")
    assert soon(lambda: warm_kernel.client.get_iopub_msg(timeout=5)["msg_type"] == "execute_input")
    warm_kernel.manager.interrupt_kernel()
    reply = warm_kernel.client.get_shell_msg(timeout=10)

    assert reply["parent_header"]["msg_id"] == message
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    # What is asked for before it says so is thrown away with the rest of the failed cell's queue.
    idle = lambda message: message["content"].get("execution_state") == "idle"  # noqa: E731
    assert soon(lambda: idle(warm_kernel.client.get_iopub_msg(timeout=5)))
    assert warm_kernel("print(mark + 1)") == "42"


def test_the_debugger_works(tmp_path: Path) -> None:
    """A breakpoint is set, hit, and the cell goes on: over the control channel, as JupyterLab does it."""
    with started(cwd=str(tmp_path)) as kernel:
        sequence = iter(range(1, 100))

        def ask(command: str, **arguments: Any) -> dict[str, Any]:
            content = {"type": "request", "seq": next(sequence), "command": command, "arguments": arguments}
            message = kernel.client.session.msg("debug_request", content)
            kernel.client.control_channel.send(message)
            while True:
                reply = kernel.client.get_control_msg(timeout=20)
                if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                    return dict(reply["content"])

        assert ask("debugInfo")["body"]["isStarted"] is False
        assert ask("initialize", clientID="t", adapterID="", pathFormat="path")["success"]
        assert ask("attach")["success"]
        source = "a = 1\nb = a + 1\nprint(b)"
        path = ask("dumpCell", code=source)["body"]["sourcePath"]
        lines = ask("setBreakpoints", source={"path": path}, breakpoints=[{"line": 2}], sourceModified=False)
        assert [line["verified"] for line in lines["body"]["breakpoints"]] == [True]
        assert ask("configurationDone")["success"]
        kernel.client.execute(source)
        events: list[dict[str, Any]] = []

        def event(name: str) -> bool:
            message = kernel.client.get_iopub_msg(timeout=20)
            events.append(message["content"])
            return bool(message["msg_type"] == name or message["content"].get("event") == name)

        assert soon(lambda: event("stopped"), 20)
        assert ask("continue", threadId=events[-1]["body"]["threadId"])["success"]
        assert soon(lambda: event("stream"), 20)
        assert events[-1]["text"].strip() == "2"


def test_restart_gives_a_new_process_and_shutdown_ends_it() -> None:
    """A restarted kernel is a new process with nothing of the first; one that has ended takes no signal."""
    kernel = Kernel()
    first = int(kernel("import os; x = 1; print(os.getpid())"))
    kernel.manager.restart_kernel()
    kernel.client.wait_for_ready(timeout=30)
    second = int(kernel("import os; print(os.getpid())"))

    assert first != second
    assert not alive(first)
    assert "NameError" in kernel("x")
    process = kernel.manager.provisioner.process  # type: ignore[union-attr]
    assert isinstance(process, Child)
    kernel.client.stop_channels()
    kernel.manager.shutdown_kernel()
    assert not alive(second)
    assert process.poll() == 0
    process.send_signal(signal.SIGINT)
    process.kill()
    assert not kernel.manager.is_alive()


def test_a_file_left_open_is_written_at_shutdown(tmp_path: Path) -> None:
    """What a cell has written to a file it never closed is there when the kernel is shut down."""
    kernel = Kernel(cwd=str(tmp_path))
    kernel(
        "f = open('kept.txt', 'w'); f.write('kept'); import atexit; atexit.register(open, 'exit.txt', 'w')"
    )
    kernel.client.stop_channels()
    kernel.manager.shutdown_kernel()

    assert (tmp_path / "kept.txt").read_text() == "kept"
    assert (tmp_path / "exit.txt").exists()


def test_a_kernel_runs_over_sockets_in_the_file_system(tmp_path: Path) -> None:
    """The transport that needs no port works as well."""
    manager = KernelManager(kernel_name=WARM, kernel_spec_manager=Specs(), transport="ipc")
    manager.ip = (
        str(tmp_path / "s") if len(str(tmp_path)) < 80 else str(Path("/tmp", f"finops-{os.getpid()}"))
    )
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=30)
    client.stop_channels()
    manager.shutdown_kernel(now=True)

    assert manager.provisioner.cold_reason == ""  # type: ignore[union-attr]


@pytest.mark.usefixtures("own_zygotes")
def test_a_new_kernel_has_the_code_as_it_is_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that the warm process has loaded is edited: the next kernel has it so, and is warm."""
    module = tmp_path / "edited_module.py"
    module.write_text("VALUE = 1\n")
    monkeypatch.setattr(provisioner, "PRELOAD", (*provisioner.PRELOAD, "edited_module"))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    show = "import edited_module; print(edited_module.VALUE)"
    kernel = Kernel(env=environment)
    assert kernel(show) == "1"
    module.write_text("VALUE = 22\n")
    with started(env=environment) as second:
        assert (second(show), second.cold_reason) == ("22", "")
    kernel.manager.restart_kernel()
    kernel.client.wait_for_ready(timeout=30)

    assert kernel(show) == "22"
    kernel.close()


@pytest.mark.usefixtures("own_zygotes")
def test_a_servers_first_kernel_does_not_wait_for_the_libraries(tmp_path: Path) -> None:
    """Under a manager of many kernels, as in JupyterLab, the first starts cold and the next one warm."""
    server = MultiKernelManager(kernel_spec_manager=Specs(), connection_dir=str(tmp_path))
    first = server.get_kernel(server.start_kernel(kernel_name=WARM))
    assert "still imports" in first.provisioner.cold_reason
    assert soon(lambda: provisioner._zygotes[-1].ready(), 30)
    second = server.get_kernel(server.start_kernel(kernel_name=WARM))

    assert second.provisioner.cold_reason == ""
    server.shutdown_all(now=True)


def test_papermill_and_jupyter_find_the_kernelspec() -> None:
    """The installed package brings the kernel `finops`: the file of the package itself."""
    folder = KernelSpecManager().find_kernel_specs().get("finops", "")
    installed = Path(folder, "kernel.json")

    assert installed.exists(), "install the package anew: pip install --no-deps -e ."
    assert json.loads(installed.read_text()) == json.loads(
        (ROOT / "finops_toolkit" / "reports" / "kernelspec" / "kernel.json").read_text()
    )


# --- where a fork would not be the same ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"env": {"PYTHONPATH": "/nowhere"}}, "environment differs in PYTHONPATH"),
        ({"env": {"PYTHONHASHSEED": "7"}}, "environment differs in PYTHONHASHSEED"),
        ({"env": {"MPLCONFIGDIR": "/tmp"}}, "environment differs in MPLCONFIGDIR"),
        ({"command": (COMMAND[0], "-I", *COMMAND[1:])}, "is given -I"),
        ({"command": (COMMAND[0], "-c", "import runpy; runpy.run_module('ipykernel')",
                      *COMMAND[3:])}, "no plain ipykernel"),
        ({"stdout": subprocess.PIPE}, "asked for a pipe"),
        ({"start_new_session": False, "close_fds": True}, "started with close_fds"),
        ({"folder": {"pandas.py": "X = 1"}}, "pandas.py in the working folder"),
        ({"folder": {"matplotlibrc": "figure.dpi: 33"}}, "matplotlibrc in the working folder"),
    ],
)  # fmt: skip
def test_what_a_fork_cannot_give_starts_the_ordinary_way(
    change: dict[str, Any], reason: str, tmp_path: Path, warm_kernel: Kernel
) -> None:
    """Another environment of the interpreter, other options, shadowed modules: a cold kernel, and why."""
    assert warm_kernel.cold_reason == ""
    for name, text in change.pop("folder", {}).items():
        (tmp_path / name).write_text(text)
    command = change.pop("command", COMMAND)
    options = {**change, "env": {**os.environ, **change.get("env", {})}, "cwd": str(tmp_path)}
    manager = KernelManager(kernel_name=WARM, kernel_spec_manager=Specs())
    manager.kernel_spec_manager.command = command
    manager.start_kernel(**options)
    found = manager.provisioner.cold_reason  # type: ignore[union-attr]
    running = manager.is_alive()
    manager.shutdown_kernel(now=True)

    assert running
    assert reason in found


def test_another_interpreter_starts_the_ordinary_way(tmp_path: Path) -> None:
    """A kernelspec that names another Python gets that Python."""
    (tmp_path / "python").symlink_to("/bin/true")
    manager = KernelManager(kernel_name=WARM, kernel_spec_manager=Specs())
    manager.kernel_spec_manager.command = (str(tmp_path / "python"), *COMMAND[1:])
    manager.start_kernel()

    assert "its interpreter is" in manager.provisioner.cold_reason  # type: ignore[union-attr]
    assert soon(lambda: not manager.is_alive())


@pytest.mark.usefixtures("own_zygotes")
def test_a_process_with_threads_is_not_forked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries that start threads when imported make forks unsafe: kernels start the ordinary way."""
    (tmp_path / "threaded.py").write_text(
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    monkeypatch.setattr(provisioner, "PRELOAD", ("threaded",))
    with started(env={**os.environ, "PYTHONPATH": str(tmp_path)}) as kernel:
        assert "2 threads run" in kernel.cold_reason
        assert kernel("print(1)") == "1"


@pytest.mark.usefixtures("own_zygotes")
def test_libraries_that_cannot_be_imported_are_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that is not installed is left out; one whose import fails: kernels start the ordinary way."""
    (tmp_path / "broken_library.py").write_text("raise ValueError('no licence')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    monkeypatch.setattr(provisioner, "PRELOAD", (*provisioner.PRELOAD, "no_such_module"))
    with started(env=environment) as kernel:
        assert kernel.cold_reason == ""
    provisioner._zygotes.pop().close()
    monkeypatch.setattr(provisioner, "PRELOAD", ("broken_library",))
    with started(env=environment) as kernel:
        assert "ValueError: no licence" in kernel.cold_reason


def test_systems_without_a_safe_fork_start_the_ordinary_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS and Windows there is no zygote, and a kernel still starts."""
    monkeypatch.setattr(warm.sys, "platform", "darwin")
    assert "not safe on darwin" in warm.forbidden()
    with pytest.raises(ColdStart, match="not safe on darwin"):
        Zygote().start()


# --- what becomes of the processes -----------------------------------------------------------------------

TASKS = """
import os, signal, subprocess, sys, time

def show(arguments, files):
    opened = len(os.listdir("/proc/self/fd")) - 1
    print(arguments["word"], len(files), opened, os.getcwd(), os.environ.get("A"), flush=True)
    print("problem", file=sys.stderr)
    return arguments.get("code")

def wait(arguments, files):
    helper = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    os.write(files[0], f"{os.getpid()} {helper.pid}\\n".encode())
    signal.pause()

def leave(arguments, files):
    helper = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    os.write(files[0], f"{helper.pid}\\n".encode())

def fall(arguments, files):
    os.kill(os.getpid(), signal.SIGSEGV)

def fail(arguments, files):
    raise ValueError("told so")
"""


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which `zygote_tasks` can be imported."""
    folder = tmp_path_factory.mktemp("tasks")
    (folder / "zygote_tasks.py").write_text(TASKS)
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder)}


@pytest.fixture
def zygote(tasks: dict[str, str]) -> Iterator[Zygote]:
    """A zygote with next to nothing loaded."""
    with Zygote(["zygote_tasks"], environment=tasks) as one:
        yield one


def run(zygote: Zygote, task: str, folder: Path, **arguments: Any) -> tuple[Child, Path]:
    """A child whose standard output and error, and one file more, are a file."""
    out = folder / f"{task}.txt"
    with open(out, "ab") as file, open(os.devnull, "rb") as empty:
        numbers = [empty.fileno(), file.fileno(), file.fileno(), file.fileno()]
        child = zygote.fork(
            f"zygote_tasks:{task}", arguments, environment={"A": "b"}, folder=folder, files=numbers
        )
    return child, out


def test_a_child_does_its_task_and_says_how_it_ended(zygote: Zygote, tmp_path: Path) -> None:
    """Arguments, environment, folder and streams reach the child; its exit code or signal comes back."""
    child, out = run(zygote, "show", tmp_path, word="hello")
    assert child.wait(10) == 0
    assert out.read_text() == f"hello 1 4 {tmp_path} b\nproblem\n"
    assert run(zygote, "show", tmp_path, word="", code=3)[0].wait(10) == 3
    assert run(zygote, "fall", tmp_path)[0].wait(10) == -signal.SIGSEGV
    failed, said = run(zygote, "fail", tmp_path)
    assert failed.wait(10) == 1
    assert "ValueError: told so" in said.read_text()
    waiting, _ = run(zygote, "wait", tmp_path)
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(0.05)
    waiting.terminate()
    assert waiting.wait(10) == -signal.SIGTERM


def test_a_zygote_has_one_thread_and_few_files(warm_kernel: Kernel) -> None:
    """With all libraries loaded it is one thread, with its streams, its socket and its pipes."""
    pid = provisioner._zygotes[-1].pid

    assert len(os.listdir(f"/proc/{pid}/task")) == 1
    # matplotlib closes its fonts in a child by itself.
    links = [os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")]
    links = [link for link in links if not link.endswith(".ttf")]
    assert sorted({re.sub(r"[:\d].*", "", link) for link in links}) == ["/dev/null", "pipe", "socket"]


def test_what_a_child_started_ends_with_it(zygote: Zygote, tmp_path: Path) -> None:
    """When a child ends by itself or is killed, its own children end too."""
    child, out = run(zygote, "leave", tmp_path)
    assert child.wait(10) == 0
    assert soon(lambda: not alive(int(out.read_text())))
    child, out = run(zygote, "wait", tmp_path)
    assert soon(lambda: out.read_text().endswith("\n"))
    child.kill()
    assert child.wait(10) == -signal.SIGKILL
    assert soon(lambda: not any(map(alive, map(int, out.read_text().split()))))


def test_closing_ends_all_children(tasks: dict[str, str], tmp_path: Path) -> None:
    """After `close` neither the zygote, nor a child, nor what a child started is left."""
    zygote = Zygote(["zygote_tasks"], environment=tasks)
    child, out = run(zygote, "wait", tmp_path)
    assert soon(lambda: out.read_text().endswith("\n"))
    pids = [zygote.pid, *map(int, out.read_text().split())]
    zygote.close()

    assert soon(lambda: not any(map(alive, pids)))
    assert child.poll() == -signal.SIGKILL


def test_a_killed_zygote_takes_its_children_along_and_is_replaced(zygote: Zygote, tmp_path: Path) -> None:
    """The children of a killed zygote end, this is seen, and the next fork comes from a new one."""
    child, out = run(zygote, "wait", tmp_path)
    assert soon(lambda: out.read_text().endswith("\n"))
    first = zygote.pid
    os.kill(first, signal.SIGKILL)
    assert child.wait(10) == -signal.SIGKILL
    assert soon(lambda: not alive(child.pid))
    assert run(zygote, "show", tmp_path, word="again")[0].wait(30) == 0
    assert zygote.pid != first
    assert soon(lambda: not any(map(alive, map(int, out.read_text().split()))))


def test_a_killed_owner_leaves_nothing_behind(tasks: dict[str, str], tmp_path: Path) -> None:
    """Zygote, children and theirs are gone within two seconds of the owner's death, though a process that it
    had forked still holds the socket.
    """
    out = tmp_path / "out.txt"
    source = f"""
    import os, sys, time
    from pathlib import Path
    from finops_toolkit.reports.warm import Zygote
    zygote = Zygote(["zygote_tasks"], environment={tasks!r})
    out = open({str(out)!r}, "ab")
    for _ in range(3):
        zygote.fork("zygote_tasks:wait", {{}}, environment={tasks!r}, folder=Path("."),
                    files=[0, 1, 2, out.fileno()])
    other = os.fork()
    if other == 0:
        time.sleep(20)
        os._exit(0)
    print(zygote.pid, other, flush=True)
    time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(source)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        zygote, other = map(int, owner.stdout.readline().split())
        assert soon(lambda: out.read_text().count("\n") == 3, 20)
        pids = [zygote, *map(int, out.read_text().split())]
        assert all(map(alive, pids))
        owner.kill()
        gone = soon(lambda: not any(map(alive, pids)), 2)
        os.kill(other, signal.SIGKILL)
    assert gone


def test_a_process_forked_from_the_owner_gets_a_zygote_of_its_own(zygote: Zygote, tmp_path: Path) -> None:
    """A pool forks its workers: each has its own zygote, and its end is not the end of the first one."""
    assert run(zygote, "show", tmp_path, word="")[0].wait(10) == 0
    first = zygote.pid
    child = os.fork()
    if child == 0:
        code = run(zygote, "show", tmp_path, word="")[0].wait(20)
        own = zygote.pid
        zygote.close()
        os._exit(0 if code == 0 and own != first and first and alive(first) else 9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert run(zygote, "show", tmp_path, word="")[0].wait(10) == 0
    assert zygote.pid == first


def test_twenty_children_at_once(zygote: Zygote, tmp_path: Path) -> None:
    """Twenty are forked before the first has ended; each says its own exit code."""
    children = [run(zygote, "show", tmp_path, word="", code=number)[0] for number in range(20)]
    assert [child.wait(20) for child in children] == list(range(20))


@pytest.mark.prove
def test_twenty_kernels_at_once() -> None:
    """Twenty real kernels of one process run side by side, each with its own numbers."""
    kernels = [Kernel() for _ in range(20)]
    numbers = {kernel("import random; print(random.random())") for kernel in kernels}
    pids = [kernel.manager.provisioner.pid for kernel in kernels]  # type: ignore[union-attr]
    for kernel in kernels:
        kernel.close()

    assert len(numbers) == 20
    assert soon(lambda: not any(map(alive, pids)))


def test_a_further_kernel_needs_little_memory(warm_kernel: Kernel) -> None:
    """The memory of its own of a further kernel is a fraction of what its libraries take."""
    warm_kernel("import pandas, seaborn, ibis, matplotlib.pyplot")
    pid = warm_kernel.manager.provisioner.pid  # type: ignore[union-attr]
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kilobytes = {name: int(number) for name, number in re.findall(r"(\w+): +(\d+) kB", rollup)}
    own = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]

    assert own < 80_000
    assert own < kilobytes["Rss"] / 2
