"""The processes that have a compute context on a GPU or a MIG instance."""

from __future__ import annotations

from collections import defaultdict
from statistics import fmean
from typing import TYPE_CHECKING

from agent.nvml import percent
from agent.sample import Process
from agent.values import mib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from agent.nvml import Nvml
    from agent.proc import Owner

_LISTS = ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetMPSComputeRunningProcesses")
_MPS_SERVER = "nvidia-cuda-mps-server"[:15]
"""As the kernel cuts names. The server holds a context for others, also when it has no client."""


class Users:
    """Asks who uses a GPU, and remembers up to when it was told how busy they were."""

    def __init__(self, nvml: Nvml, owner_of: Callable[[int], Owner] | None, *, tell: bool) -> None:
        """Ask ``nvml``, and ``owner_of`` about each process; ``tell`` more than their number."""
        self._nvml = nvml
        self._owner_of = owner_of
        self._tell = tell
        self._told_until: dict[str, int] = {}

    def of(
        self, handles: Iterable[object], whole: tuple[object, str] | None
    ) -> tuple[int | None, tuple[Process, ...]]:
        """Return how many there are, and who; ``None`` where NVML does not say.

        ``whole`` is the handle and UUID of a GPU without instances: those alone tell how busy
        each process is.
        """
        memory = self._memory_by_pid(handles) if self._owner_of else None
        if memory is None or self._owner_of is None:
            return None, ()
        owners = {pid: self._owner_of(pid) for pid in sorted(memory)}
        owners = {pid: one for pid, one in owners.items() if one.command != _MPS_SERVER}
        if not self._tell:
            return len(owners), ()
        busy = self._busy_by_pid(*whole) if whole else {}
        return len(owners), tuple(
            Process(
                pid=pid,
                command=one.command,
                user=one.user,
                slurm_job_id=one.slurm_job_id,
                pod_uid=one.pod_uid,
                memory_mib=memory[pid],
                sm_utilization=busy.get(pid),
            )
            for pid, one in owners.items()
        )

    def _memory_by_pid(self, handles: Iterable[object]) -> dict[int, float | None] | None:
        """Return MiB by process; a client of MPS stands in either list or in both."""
        answers = [self._nvml.ask(function, one) for one in handles for function in _LISTS]
        if all(answer is None for answer in answers):
            return None
        listed = [process for answer in answers for process in answer or ()]
        return {process.pid: mib(process.usedGpuMemory) for process in listed}

    def _busy_by_pid(self, handle: object, uuid: str) -> Mapping[int, float]:
        """Return the mean per cent of SM time since the last look, of those that had any."""
        since = self._told_until.get(uuid, 0)
        samples = self._nvml.ask("nvmlDeviceGetProcessUtilization", handle, since) or ()
        shares = defaultdict(list)
        for sample in samples:
            self._told_until[uuid] = max(self._told_until.get(uuid, 0), sample.timeStamp)
            share = percent(sample.smUtil)
            if share is not None and sample.timeStamp > since:
                shares[sample.pid].append(share)
        return {pid: fmean(some) for pid, some in shares.items()}
