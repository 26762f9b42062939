"""Where runs are made: processes of this machine, or a Dask cluster, checked before the first run.

A worker writes nothing to the output folder: it is given a run and gives back its files as bytes. So it
needs the same software, the notebooks and the data, and no more.
"""

from __future__ import annotations

import hashlib
import logging
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakSet

from ..errors import FinopsError, UsageError
from .orphans import adopt, end_children
from .software import digest, leave_out_grammar, software

_REACH = 10  # seconds in which a scheduler must answer and have a worker
_AT_LEAST = 8  # runs given to a cluster at a time, however small it is when the batch begins
_PATIENCE = 300.0  # seconds without any worker after which what is left is given up
_working: set[str] = set()  # in a worker: the batch whose run it is making


@dataclass(frozen=True)
class Workers:
    """Where a batch's runs are made: `open(n)` gives an executor for n at a time, `count` is how many
    there may be.
    """

    open: Callable[[int], AbstractContextManager[Executor]]
    count: int


@contextmanager
def workers(url: str, jobs: int, paths: Sequence[Path] = ()) -> Iterator[Workers]:
    """The workers of a batch: `jobs` processes of this machine, or those of the cluster at `url`."""
    if not url:
        yield Workers(process_pool, jobs)
        return
    with cluster(url, paths) as executor:
        yield Workers(lambda count: nullcontext(executor), executor.count)


@contextmanager
def process_pool(jobs: int) -> Iterator[Executor]:
    """So many processes of this machine; leaving it ends them, with all they have started."""
    context = multiprocessing.get_context("spawn")
    # Workers hold the reading end: it closes when this process closes it or ends in whatever way.
    stopped, stop = context.Pipe(duplex=False)
    # A worker that is killed leaves its files: they lie where they are found.
    with tempfile.TemporaryDirectory(prefix="finops-", ignore_cleanup_errors=True) as scratch:
        with _interrupts_ignored():  # the processes inherit it: Ctrl-C is answered here alone
            pool = ProcessPoolExecutor(jobs, context, _prepare, (stopped, scratch))
            for _ in range(jobs):
                pool.submit(os.getpid)  # each starts here
        try:
            yield pool
            pool.shutdown()
        finally:
            stop.close()
            with _interrupts_ignored():
                pool.shutdown(wait=True, cancel_futures=True)
            stopped.close()
            # A worker that ends is the signal to end the others, which may still be cleaning up.
            for aside in Path(scratch).parent.glob(f"{Path(scratch).name}-*"):
                shutil.rmtree(aside, ignore_errors=True)


def _prepare(stopped: Any, scratch: str) -> None:
    """Make this process a worker: its files lie in `scratch`, and it is gone with its kernels and these files
    once `stopped`, the end of a pipe, closes.
    """
    leave_out_grammar()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # one that was started later, too
    adopt()
    os.environ["TMPDIR"] = tempfile.tempdir = scratch  # for all that it starts, too
    threading.Thread(target=_leave_when, args=(stopped, scratch), daemon=True).start()


def _leave_when(stopped: Any, scratch: str) -> None:
    from .kernels import end_kernels

    with suppress(EOFError, OSError):
        stopped.recv_bytes()
    end_kernels()
    end_children()
    aside = f"{scratch}-{os.getpid()}"
    with suppress(OSError):  # another worker was first
        os.rename(scratch, aside)  # else a run that is still being begun here could put files into it
    shutil.rmtree(aside, ignore_errors=True)
    os._exit(1)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears signals
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def cluster(url: str, paths: Sequence[Path] = ()) -> Iterator[_Workers]:
    """The workers of the Dask scheduler at `url` (tcp://host:8786); leaving it ends what still runs there.

    `paths` are the files and folders that every worker must see as this machine does. Raises UsageError when
    Dask is not installed, the scheduler does not answer, or a worker differs in software or data.
    """
    client = _client(url)
    batch = uuid.uuid4().hex
    done = threading.Event()
    try:
        _check(client, url, paths)
        executor = _Workers(client, batch)
        threading.Thread(target=_watch, args=(client, executor, done), daemon=True).start()
        try:
            yield executor
        finally:
            if executor.give_up():  # interrupted: nobody waits for these runs any more
                with suppress(Exception):
                    client.run(_end, batch, on_error="ignore")
    finally:
        done.set()
        client.close(timeout=5)


class _Workers(Executor):
    """Dask's own executor, whose tasks know which batch and which software they are of."""

    def __init__(self, client: Any, batch: str) -> None:
        # Not pure: the same run may be asked for twice, and is then made twice.
        self._client, self._inner = client, client.get_executor(pure=False)
        self._stamp = (batch, digest(software()))
        self._futures: WeakSet[Future[Any]] = WeakSet()  # a result is its receiver's to keep

    @property
    def count(self) -> int:
        """How many workers there are now; a cluster that grows is kept busy with a few more."""
        return max(len(self._client.scheduler_info(n_workers=-1)["workers"]), _AT_LEAST)

    def submit(self, function: Callable[..., Any], /, *words: Any, **named: Any) -> Future[Any]:
        """Have a worker call a function; any exception but a worker's end is the function's own."""
        future = self._inner.submit(_carry_out, *self._stamp, function, words, named)
        self._futures.add(future)
        return future

    def give_up(self) -> int:
        """Cancel what is not done; how many that were."""
        left = sum(not future.done() for future in list(self._futures))
        self._inner.shutdown(wait=False)
        return left

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As every Executor's."""
        if cancel_futures:
            self.give_up()
        self._inner.shutdown(wait=wait)


def _carry_out(
    batch: str, wanted: str, function: Callable[..., Any], words: Sequence[Any], named: Mapping[str, Any]
) -> Any:
    """In a worker: make a run, unless this worker came later than the check and differs."""
    if digest(software()) != wanted:
        raise FinopsError(
            "A worker that joined the cluster later has other software than this machine.",
            "Install the same lock and package on it and restart it.",
        )
    adopt()
    _working.add(batch)
    try:
        return function(*words, **named)
    finally:
        _working.discard(batch)


def _end(batch: str) -> None:
    """In a worker: end the run it is making, if it is one of this batch."""
    from .kernels import end_kernels

    if batch in _working:
        end_kernels()


def lost(problem: BaseException) -> str:
    """Why a run's worker is lost, where that is what a future's exception means; else "".

    Such a run may be well with another worker; whatever else an exception says is the run's own doing.
    """
    from concurrent.futures import BrokenExecutor, CancelledError

    if isinstance(problem, BrokenExecutor):
        return "its worker process went down"
    if isinstance(problem, CancelledError):
        return "the cluster's scheduler or all of its workers went away"
    if type(problem).__name__ == "KilledWorker" and type(problem).__module__.startswith("distributed"):
        return "every worker that was given it went down"
    return ""


def _client(url: str) -> Any:
    """A connection to the scheduler."""
    try:
        from distributed import Client
    except ImportError:
        raise UsageError(
            "--cluster needs Dask, which is not installed here.",
            "Install it: pip install 'finops-toolkit[cluster]'",
        ) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what goes wrong is said in our own words
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # versions are compared below, and in words
            return Client(url, timeout=_REACH, set_as_default=False, name="finops")
    except (OSError, ValueError, TypeError) as problem:
        raise UsageError(
            f"No Dask scheduler answers at {url}: {_first_line(problem)}",
            "Start one (dask scheduler) and give its address: --cluster tcp://HOST:8786",
        ) from None


def _first_line(problem: BaseException) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]


def _check(client: Any, url: str, paths: Sequence[Path]) -> None:
    """Refuse a cluster without workers, and workers that would make other reports than this machine."""
    from distributed.utils import TimeoutError as TooLate

    try:
        client.wait_for_workers(1, timeout=_REACH)
    except (TooLate, TimeoutError):
        raise UsageError(
            f"The cluster at {url} has no workers.", f"Start some: dask worker {url} --nthreads 1"
        ) from None
    names = [str(path) for path in paths]
    ours = {"threads": 1, "software": software(), "seen": _seen(names)}
    wrong: dict[str, list[str]] = {}
    for worker, theirs in client.run(_describe, names, on_error="return").items():
        for complaint in _complaints(ours, theirs):
            wrong.setdefault(complaint, []).append(worker)
    if wrong:
        lines = [f"{_some(workers)}: {complaint}" for complaint, workers in wrong.items()]
        raise UsageError(
            f"The workers of {url} are not ready for this batch; nothing was run.\n" + "\n".join(lines),
            "Every machine needs the same lock and package, the same data and notebooks at the same paths, "
            "and workers started with --nthreads 1.",
        )


def _some(workers: Sequence[str]) -> str:
    more = f" and {len(workers) - 3} more" if len(workers) > 3 else ""
    return ", ".join(workers[:3]) + more


def _describe(paths: Sequence[str], dask_worker: Any = None) -> dict[str, Any]:
    """In a worker: what it has and sees."""
    return {"threads": dask_worker.state.nthreads, "software": software(), "seen": _seen(paths)}


def _seen(paths: Sequence[str]) -> dict[str, str]:
    """Each file by its content, each folder by the names and sizes of what is in it; "" for neither."""
    found = {}
    for name in paths:
        path, whole = Path(name), hashlib.sha256()
        if path.is_file():
            whole.update(path.read_bytes())
        elif path.is_dir():
            inner = sorted(p for p in path.rglob("*") if p.is_file())
            whole.update(repr([(p.relative_to(path).as_posix(), p.stat().st_size) for p in inner]).encode())
        found[name] = whole.hexdigest() if path.exists() else ""
    return found


def _complaints(ours: Mapping[str, Any], theirs: Any) -> Iterator[str]:
    """What keeps a worker from making the same reports as this machine."""
    if isinstance(theirs, BaseException):
        said = f"{type(theirs).__name__}: {_first_line(theirs)}"
        # Dask wraps what a worker cannot import for want of the package.
        missing = isinstance(theirs, ImportError) or "ModuleNotFoundError" in said
        yield f"finops_toolkit is not installed there as it is here ({said})" if missing else said
        return
    if theirs["threads"] != 1:
        yield f"it would make {theirs['threads']} reports in one process; start it with --nthreads 1"
    here, there = ours["software"], theirs["software"]
    for name in sorted({*here, *there}, key=str.lower):
        if here.get(name) == there.get(name):
            continue
        if name == "finops_toolkit":
            yield "other files of finops_toolkit, or it still runs those from before a change"
        else:
            yield f"{name} is {there.get(name, 'missing')}, here it is {here.get(name, 'missing')}"
    for name, seen in ours["seen"].items():
        if not theirs["seen"][name]:
            yield f"it does not see {name}"
        elif theirs["seen"][name] != seen:
            yield f"{name} is not the same there as here"


def _watch(client: Any, executor: _Workers, done: threading.Event) -> None:
    """Give up what is left once there has been no worker for long: nobody would ever make it."""
    without = 0.0
    while not done.wait(2.0):
        with suppress(Exception):  # a scheduler that is gone has ended every future itself
            without = 0.0 if client.scheduler_info()["workers"] else without + 2.0
        if without >= _PATIENCE:
            executor.give_up()
            return
