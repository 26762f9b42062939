"""What the tests share: books, real data beside the project, settings of hypothesis, the clock of proofs."""

from __future__ import annotations

import gc
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from finops_toolkit.books import Books

ROOT = Path(__file__).resolve().parent.parent
NO_DATA = "the real data is not here: no folder ../shared/data beside the project"
NO_BROWSER = "pages were not opened: no Chromium is found (Debian: apt-get install chromium)"
NO_OFFICE = "workbooks were not recalculated: no LibreOffice is found (apt-get install libreoffice-calc)"
NO_TIME = "the minutes given to the proofs were up"

# They start browsers, batches, kernels and engines.
LONG = ("test_browser", "test_course", "test_staleness", "test_cli", "test_workbook", "test_engines",
        "test_sameness", "test_reports_batch", "test_fuzz", "test_warm_kernels", "test_cells",
        "test_machines", "test_manifest")  # fmt: skip

# The same examples in every run, so that a red test is red for everyone; `make prove` tries many more.
# Slow machines are not a failure: no deadlines.
settings.register_profile("test", derandomize=True, deadline=None, max_examples=50)
settings.register_profile(
    "prove",
    derandomize=True,
    deadline=None,
    max_examples=2000,
    suppress_health_check=[HealthCheck.too_slow],
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--prove-minutes`: proofs that would start later than this are skipped, and counted."""
    parser.addoption("--prove-minutes", type=float, default=None, help="start no test after so many minutes")


def pytest_configure(config: pytest.Config) -> None:
    """Many examples for the proofs, few for the tests; and Ctrl-C is heard."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        # So a shell starts what runs in the background; the processes that tests interrupt would inherit it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.option.loadscopereorder = False  # of xdist: it would begin with the modules of most tests
    settings.load_profile("prove" if config.getoption("markexpr") == "prove" else "test")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long modules first: at the end no process then waits for another's. Proofs are dealt out singly.

    Where their time is bounded, each commit begins with other modules: in time all are reached.
    """
    if config.getoption("markexpr") == "prove":
        if config.getoption("--prove-minutes") is not None:
            commit = _commit()
            items.sort(key=lambda item: hashlib.sha256(f"{commit} {item.path.stem}".encode()).digest())
        return
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


def _commit() -> str:
    """The commit that is tested; "" where there is none."""
    if not (git := shutil.which("git")):
        return ""
    return subprocess.run(
        [git, "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, check=False
    ).stdout.decode()


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """What a module leaves for good is not looked through for garbage again and again."""
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        gc.freeze()


def pytest_unconfigure() -> None:
    """What was left alone is freed at the end: libraries complain of what they find then."""
    gc.unfreeze()


@pytest.fixture(scope="session")
def _started() -> float:
    """When this process began to test."""
    return time.monotonic()


@pytest.fixture(autouse=True)
def _clock(_started: float, request: pytest.FixtureRequest) -> None:
    minutes = request.config.getoption("--prove-minutes")
    if minutes is not None and time.monotonic() - _started > 60 * minutes:
        pytest.skip(NO_TIME)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; a test that needs it is skipped where it is not, and the summary says so."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(NO_DATA)
    return folder


@pytest.fixture(scope="session")
def books() -> Books:
    """The books of the generated company, as shipped. Shared by all tests: only read them."""
    from finops_toolkit.books import open_books

    return open_books()


def needed(reason: str) -> None:
    """Skip a test that needs what is not here; where FINOPS_TEST_ALL is set nothing may be missing."""
    if os.environ.get("FINOPS_TEST_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium or Chrome; FINOPS_CHROMIUM names another."""
    names = (os.environ.get("FINOPS_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "chrome")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        needed(NO_BROWSER)
    return str(found)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """A headless Chromium, driven by Playwright. A page of it reaches files and nothing else."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        options = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                   "--disable-component-update", "--disable-sync", "--disable-quic"]  # fmt: skip
        window = driver.chromium.launch(executable_path=chromium, args=options)
        yield window
        window.close()


@pytest.fixture(scope="session")
def soffice() -> str:
    """The path of LibreOffice."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if found is None:
        needed(NO_OFFICE)
    return str(found)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say aloud what was not tested, so that nobody takes silence for success."""
    reasons = [str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", [])]
    left_out = {
        NO_DATA: "tests were not run",
        NO_BROWSER: "tests were not run",
        NO_OFFICE: "tests were not run",
        NO_TIME: "proofs were not run",
    }
    for reason, text in left_out.items():
        count = sum(reason in given for given in reasons)
        if count:
            terminalreporter.write_line(f"{count} {text}: {reason}", yellow=True, bold=True)
