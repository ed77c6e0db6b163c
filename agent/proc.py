"""Who a process is: its name, its user, and the Slurm job or pod that its cgroup belongs to."""

from __future__ import annotations

import pwd
import re
from dataclasses import dataclass
from pathlib import Path

_POD = re.compile(
    r"pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})"
)
_SLURM_JOB = re.compile(r"slurm.*?/job_(\d+)(?:/|$)")


_FIRST_NAMESPACE = "pid:[4026531836]"
"""The kernel's fixed number of the namespace in which every process has a number."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What is known of a process; empty where it is not."""

    command: str = ""
    user: str = ""
    slurm_job_id: str = ""
    pod_uid: str = ""


def sees_all(proc: Path = Path("/proc")) -> bool:
    """Say whether we see the processes of the whole machine.

    NVML shows to others, as in a container of its own, no processes, which is not that there are
    none, or numbers that are not theirs.
    """
    try:
        return (proc / "self" / "ns" / "pid").readlink().name == _FIRST_NAMESPACE
    except OSError:
        return False


def owner_of(pid: int, proc: Path = Path("/proc")) -> Owner:
    """Return who a process is, as far as its folder in ``proc`` tells.

    The name only: arguments and environment may hold secrets and are never read.
    """
    folder = proc / str(pid)
    cgroup = _text(folder / "cgroup")
    return Owner(
        command=_text(folder / "comm").strip(),
        user=_user_of(folder),
        slurm_job_id=slurm_job_in(cgroup),
        pod_uid=pod_in(cgroup),
    )


def slurm_job_in(cgroup: str) -> str:
    """Return the job of a path like ``/system.slice/slurmstepd.scope/job_7/step_0``."""
    found = _SLURM_JOB.search(cgroup)
    return found[1] if found else ""


def pod_in(cgroup: str) -> str:
    """Return the pod's UID of a path below ``kubepods``, as the API writes it."""
    found = _POD.search(cgroup) if "kubepods" in cgroup else None
    return found[1].replace("_", "-") if found else ""


def user_named(number: int) -> str:
    """Return a user's name; the number where this machine knows none, as for a container's."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _user_of(folder: Path) -> str:
    try:
        return user_named(folder.stat().st_uid)
    except OSError:
        return ""
