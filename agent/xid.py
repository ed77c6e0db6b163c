"""The driver's error reports (XIDs): the last one of each GPU since the sampler listens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.nvml import GpuLost

if TYPE_CHECKING:
    from agent.nvml import Nvml

_AT_ONCE = 1000
"""More reports than this wait for the next sample, so that a storm cannot hold one up."""


class Xids:
    """Listens to the critical errors of every GPU that was watched."""

    def __init__(self, nvml: Nvml) -> None:
        """Ask ``nvml`` for a place where events gather."""
        self._nvml = nvml
        self._events = nvml.ask("nvmlEventSetCreate")
        self._last: dict[str, int] = {}
        self._deaf: set[str] = set()

    def watch(self, handle: object, uuid: str) -> None:
        """Listen to a GPU from now on; it has none until one comes."""
        if self._events is None or uuid in self._last or uuid in self._deaf:
            return
        kind = self._nvml.module.nvmlEventTypeXidCriticalError
        if self._nvml.do("nvmlDeviceRegisterEvents", handle, kind, self._events):
            self._last[uuid] = 0
        else:
            self._deaf.add(uuid)

    def gather(self) -> None:
        """Take in what was reported since the last time."""
        for _ in range(_AT_ONCE if self._last else 0):
            try:
                event = self._nvml.ask("nvmlEventSetWait_v2", self._events, 0)
                uuid = event and self._nvml.ask("nvmlDeviceGetUUID", event.device)
            except GpuLost:
                return
            if event is None:
                return
            if uuid in self._last:
                self._last[uuid] = int(event.eventData)

    def last(self, uuid: str) -> int | None:
        """Return the last XID of a GPU, 0 for none yet, ``None`` where nothing is told."""
        return self._last.get(uuid)
