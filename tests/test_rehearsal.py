"""A rehearsal makes later reports quick and leaves nothing behind that a forked process could trip over."""

from __future__ import annotations

import os
import subprocess
import sys

REHEARSED = """
import os
import sys
import matplotlib
before = matplotlib.rcParams.copy()  # dict() would choose a backend
from finops_toolkit.rehearsal import rehearse
rehearse()
from finops_toolkit.charts import layout
assert layout._set.cache_info().currsize > 200, layout._set.cache_info()
assert matplotlib.rcParams.copy() == before
print(len(os.listdir("/proc/self/task")), "matplotlib.pyplot" in sys.modules)
"""


def test_a_rehearsal_leaves_letters_measured_and_no_thread_setting_or_pyplot():
    """A second thread would be missing in a forked process; pyplot would choose how pictures are shown."""
    limits = {"JE_ARROW_MALLOC_CONF": "background_thread:false", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", REHEARSED],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **limits},
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1", "False"]
    assert not done.stderr
