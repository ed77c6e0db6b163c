"""The compiled loops once more as plain Python, so that coverage sees their lines."""

import os
import subprocess
import sys
from pathlib import Path


def test_the_loops_do_the_same_without_the_compiler() -> None:
    """The kernel tests pass in a process in which Numba compiles nothing."""
    tests = Path(__file__).with_name("test_kernel.py")
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)],
        env=environment,
        cwd=tests.parents[2],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
