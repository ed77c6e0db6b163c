"""Names for processes that hold a lease, and the proof that one of them is dead."""

import platform
from pathlib import Path

import psutil

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def this_process() -> str:
    """Name this process so that no other one, before or after, has the same name."""
    process = psutil.Process()
    return f"{_machine()}/{process.pid}/{process.create_time():.2f}"


def is_gone(holder: str) -> bool:
    """Say whether ``holder`` is surely dead: of this machine and boot, and no longer running.

    Of a process elsewhere nothing is known, so it counts as alive until its lease expires.
    """
    machine, _, rest = holder.partition("/")
    if machine != _machine():
        return False
    pid, _, created = rest.partition("/")
    try:
        process = psutil.Process(int(pid))
        alive = process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        return not alive or f"{process.create_time():.2f}" != created
    except (psutil.NoSuchProcess, ValueError):
        return True


def _machine() -> str:
    """Host name, boot and namespace of process ids: where a process id means one process."""
    boot = _BOOT.read_text().strip()[:8] if _BOOT.exists() else f"{psutil.boot_time():.0f}"
    namespace = Path("/proc/self/ns/pid")
    scope = namespace.readlink().name.strip("pid:[]") if namespace.exists() else "0"
    return f"{platform.node()}-{boot}-{scope}"
