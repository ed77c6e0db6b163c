"""Runs ``comptroller`` as a real process on ports of its own."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.config import Settings
from service.store.roles import Logins

COMPTROLLER = (sys.executable, "-P", "-c", "from service.cli.main import main; main()")


def a_free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def point_to(database: Logins, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Make this process and its children use a database, the lake in ``folder``, free ports."""
    wanted = {
        "COMPTROLLER_DATABASE_URL": database.app,
        "COMPTROLLER_DATA_DIR": str(folder / "data"),
        "COMPTROLLER_LAKE_URI": str(folder / "lake"),
        "COMPTROLLER_API_PORT": str(a_free_port()),
        "COMPTROLLER_UI_PORT": str(a_free_port()),
        "COLUMNS": "200",
    }
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)
    return Settings()


@contextmanager
def running(command: str, last_line: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command of ours until it has written ``last_line``, and end it afterwards."""
    process = subprocess.Popen([*COMPTROLLER, command], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        written = "".join(iter(process.stdout.readline, last_line))
        assert process.poll() is None, written
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)
