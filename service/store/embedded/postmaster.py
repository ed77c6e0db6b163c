"""Finds the running server of a cluster, and clears away what a killed one left."""

from dataclasses import dataclass
from pathlib import Path

import psutil

_SOCKET_LINE = 4
_STATE_LINE = 7
_LAST_WORDS_S = 5


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A running server: its process id and the folder of its socket."""

    pid: int
    socket_folder: Path
    ready: bool


def find_postmaster(cluster: Path) -> Postmaster | None:
    """Read ``postmaster.pid`` and believe it only if that process is this cluster's server."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if len(lines) <= _SOCKET_LINE or not _serves(int(lines[0]), cluster):
        return None
    ready = len(lines) > _STATE_LINE and lines[_STATE_LINE].strip() == "ready"
    return Postmaster(int(lines[0]), Path(lines[_SOCKET_LINE]), ready)


def clear_leftovers(cluster: Path) -> None:
    """Make a cluster without a running server startable again after a ``kill -9``.

    Children of a killed server end by themselves; the pid file goes only after they did, because
    PostgreSQL refuses to start when it names a living process, which may be another one by now.
    """
    orphans = [process for process in psutil.process_iter(["name"]) if _lives_in(process, cluster)]
    _, living = psutil.wait_procs(orphans, timeout=_LAST_WORDS_S)
    for process in living:
        process.kill()
    psutil.wait_procs(living, timeout=_LAST_WORDS_S)
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def _serves(pid: int, cluster: Path) -> bool:
    try:
        process = psutil.Process(pid)
        return process.name() == "postgres" and str(cluster) in process.cmdline()
    except psutil.Error:
        return False


def _lives_in(process: psutil.Process, cluster: Path) -> bool:
    try:
        return process.info["name"] == "postgres" and process.cwd() == str(cluster)
    except psutil.Error:
        return False
