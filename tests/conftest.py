"""What the tests share: books, real data beside the project, settings of hypothesis, the clock of proofs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from finops_toolkit.books import Books

ROOT = Path(__file__).resolve().parent.parent
NO_DATA = "the real data is not here: no folder ../shared/data beside the project"
NO_TIME = "the minutes given to the proofs were up"

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
    """Many examples for the proofs, few for the tests."""
    settings.load_profile("prove" if config.getoption("markexpr") == "prove" else "test")


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


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say aloud what was not tested, so that nobody takes silence for success."""
    reasons = [str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", [])]
    for reason, text in ((NO_DATA, "tests were not run"), (NO_TIME, "proofs were not run")):
        count = sum(reason in given for given in reasons)
        if count:
            terminalreporter.write_line(f"{count} {text}: {reason}", yellow=True, bold=True)
