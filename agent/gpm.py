"""How busy the units of a GPU were between two looks: NVML's GPM, from Hopper on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.nvml import Code, percent

if TYPE_CHECKING:
    from agent.nvml import Nvml

METRICS = {
    1: "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
    2: "DCGM_FI_PROF_SM_ACTIVE",
    3: "DCGM_FI_PROF_SM_OCCUPANCY",
    5: "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE",
    10: "DCGM_FI_PROF_DRAM_ACTIVE",
}
"""NVML's metric number, and how dcgm-exporter names the same."""

Key = tuple[str, int | None]


class Gpm:
    """Remembers the last look at each GPU and MIG instance, as a value needs two."""

    def __init__(self, nvml: Nvml) -> None:
        """Ask ``nvml``."""
        self._nvml = nvml
        self._supported: dict[str, bool] = {}
        self._before: dict[Key, Any] = {}

    @property
    def waits_for_a_second_look(self) -> bool:
        """Whether any GPU can tell more when it is looked at again."""
        return any(self._supported.values())

    def look(self, handle: object, uuid: str, instance: int | None = None) -> dict[str, float]:
        """Return shares of 1 since the last look; empty at the first, or where unsupported."""
        now = self._snapshot(handle, uuid, instance) if self._supports(handle, uuid) else None
        before = self._before.pop((uuid, instance), None)
        if now is not None:
            self._before[uuid, instance] = now
        values = {} if now is None or before is None else self._between(before, now)
        self._free(before)
        return values

    def keep_only(self, seen: set[Key]) -> None:
        """Forget the looks at what is not there any more."""
        for key in self._before.keys() - seen:
            self._free(self._before.pop(key))

    def _supports(self, handle: object, uuid: str) -> bool:
        if uuid not in self._supported:
            told = self._nvml.ask("nvmlGpmQueryDeviceSupport", handle)
            self._supported[uuid] = told is not None and bool(told.isSupportedDevice)
        return self._supported[uuid]

    def _snapshot(self, handle: object, uuid: str, instance: int | None) -> object | None:
        room = self._nvml.ask("nvmlGpmSampleAlloc")
        if room is None:
            return None
        try:
            if instance is None:
                taken = self._nvml.ask("nvmlGpmSampleGet", handle, room)
            else:
                taken = self._nvml.ask("nvmlGpmMigSampleGet", handle, instance, room)
        except Exception:
            self._free(room)
            self._supported.pop(uuid)
            raise
        if taken is None:
            self._free(room)
        return taken  # type: ignore[no-any-return]

    def _between(self, before: object, now: object) -> dict[str, float]:
        module = self._nvml.module
        wanted = module.c_nvmlGpmMetricsGet_t()
        wanted.version = module.NVML_GPM_METRICS_GET_VERSION
        wanted.numMetrics = len(METRICS)
        wanted.sample1, wanted.sample2 = before, now
        for place, number in enumerate(METRICS):
            wanted.metrics[place].metricId = number
        told = self._nvml.ask("nvmlGpmMetricsGet", wanted)
        if told is None:
            return {}
        answers = [told.metrics[place] for place in range(len(METRICS))]
        shares = {
            METRICS[one.metricId]: percent(one.value)
            for one in answers
            if one.nvmlReturn == Code.NO_ERROR
        }
        return {name: share / 100 for name, share in shares.items() if share is not None}

    def _free(self, sample: object | None) -> None:
        if sample is not None:
            self._nvml.ask("nvmlGpmSampleFree", sample)
