"""NVML as its documentation says that it answers. This is no recording of a GPU.

No GPU was to be had when this was written. Each function has the name and the form of pynvml's,
gives what the comments of ``nvml.h`` and the NVML API reference say, and raises pynvml's own
errors; constants and structures are pynvml's own. What the documentation leaves open (how many
MiB an idle GPU uses, how many watts it draws) is invented and plain to see.
"""

# ruff: noqa: N802, N815 -- the names are NVIDIA's

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from types import SimpleNamespace
from typing import Any

pynvml = import_module("pynvml")  # it has no types to follow

MIB = 2**20
NOT_AVAILABLE = 2**64 - 1
GPU_A = "GPU-11111111-2222-3333-4444-555555555555"
GPU_B = "GPU-66666666-7777-8888-9999-000000000000"
XID_EVENT = pynvml.nvmlEventTypeXidCriticalError


@dataclass
class Running:
    """A process on a GPU, with the bytes that it uses and the SM shares it had, by time in us."""

    pid: int
    memory: int | None = 1024 * MIB
    busy: dict[int, int] = field(default_factory=dict)


@dataclass(eq=False)
class Cut:
    """A MIG device: a compute instance in a GPU instance."""

    instance: int
    name: str
    used: int = 0
    total: int = 9856 * MIB
    running: list[Running] = field(default_factory=list)


@dataclass(eq=False)
class Card:
    """A GPU; ``None`` is what it does not support."""

    uuid: str = GPU_A
    name: str = "NVIDIA H100 80GB HBM3"
    minor: int = 0
    utilisation: int | None = 37
    milliwatts: int | None = 412_500
    millijoules: int | None = 9_000_000
    total: int = 81_559 * MIB
    reserved: int = 551 * MIB
    used: int = 4 * MIB
    running: list[Running] = field(default_factory=list)
    clients: list[Running] = field(default_factory=list)
    mig: bool = False
    cuts: dict[int, Cut] = field(default_factory=dict)
    gpm: dict[int, float] | None = None
    lost: bool = False
    xids: bool = True


Handle = Card | Cut


@dataclass
class Nvml:
    """The functions that the sampler asks, over some cards."""

    cards: list[Card]
    memory_versions: Sequence[int] = (1, 2)
    events: list[Any] = field(default_factory=list)
    count_fails: bool = False
    starts: int = 0
    ends: int = 0
    samples_held: int = 0
    missing: set[str] = field(default_factory=set)
    mismatched: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)
    lost_in: set[str] = field(default_factory=set)

    NVMLError = pynvml.NVMLError
    NVMLLibraryMismatchError = pynvml.NVMLLibraryMismatchError
    NVML_GPM_METRICS_GET_VERSION = pynvml.NVML_GPM_METRICS_GET_VERSION
    nvmlEventTypeXidCriticalError = XID_EVENT
    nvmlMemory_v2 = pynvml.nvmlMemory_v2
    c_nvmlGpmMetricsGet_t = pynvml.c_nvmlGpmMetricsGet_t

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401 -- any attribute
        """Leave functions out, or let them fail, as a test wants it."""
        if name.startswith("nvml"):
            if name in self.missing:
                raise AttributeError(name)
            if name in self.mismatched:
                return _failing(pynvml.NVMLLibraryMismatchError("another version"))
            if name in self.forbidden:
                return _failing(pynvml.NVMLError(pynvml.NVML_ERROR_NO_PERMISSION))
            if name in self.lost_in:
                return _failing(pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST))
        return super().__getattribute__(name)

    def nvmlInit(self) -> None:
        """Start."""
        self.starts += 1

    def nvmlShutdown(self) -> None:
        """End."""
        self.ends += 1

    def nvmlSystemGetDriverVersion(self) -> str:
        """Tell the driver's version."""
        return "580.65.06"

    def nvmlDeviceGetCount(self) -> int:
        """Tell the number of GPUs, MIG instances not counted."""
        if self.count_fails:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Card:
        """Give a GPU: ``INVALID_ARGUMENT`` from the number of GPUs on."""
        if index >= len(self.cards):
            raise pynvml.NVMLError(pynvml.NVML_ERROR_INVALID_ARGUMENT)
        return self._there(self.cards[index])

    def nvmlDeviceGetUUID(self, handle: Handle) -> str:
        """Tell a GPU's UUID."""
        return self._there(handle).uuid

    def nvmlDeviceGetMinorNumber(self, handle: Handle) -> int:
        """Tell N of /dev/nvidiaN."""
        return self._there(handle).minor

    def nvmlDeviceGetPciInfo(self, handle: Handle) -> SimpleNamespace:
        """Tell where it is plugged in; text in structures is bytes."""
        return SimpleNamespace(busId=f"00000000:{self._there(handle).minor + 15:02X}:00.0".encode())

    def nvmlDeviceGetName(self, handle: Handle) -> str:
        """Tell the product's name; that of a MIG device ends with MIG and its profile."""
        return handle.name

    def nvmlDeviceGetUtilizationRates(self, handle: Handle) -> SimpleNamespace:
        """Tell per cents: "on MIG-enabled GPUs, ... not currently supported"."""
        card = self._there(handle)
        if card.mig:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return SimpleNamespace(gpu=_supported(card.utilisation), memory=0)

    def nvmlDeviceGetPowerUsage(self, handle: Handle) -> int:
        """Tell milliwatts of a whole GPU."""
        return _supported(self._there(handle).milliwatts)

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: Handle) -> int:
        """Tell millijoules since the driver was loaded, from Volta on."""
        return _supported(self._there(handle).millijoules)

    def nvmlDeviceGetMemoryInfo(self, handle: Handle, version: int = 0) -> SimpleNamespace:
        """Tell bytes: the second form has ``reserved`` apart, the first counts it as used."""
        if (2 if version else 1) not in self.memory_versions:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_FUNCTION_NOT_FOUND)
        reserved = handle.reserved if isinstance(handle, Card) else 0
        free = handle.total - handle.used - reserved
        if version:
            return SimpleNamespace(
                total=handle.total, free=free, used=handle.used, reserved=reserved
            )
        return SimpleNamespace(total=handle.total, free=free, used=handle.used + reserved)

    def nvmlDeviceGetComputeRunningProcesses(self, handle: Handle) -> list[SimpleNamespace]:
        """List processes with a compute context; of a MIG device its own."""
        return _listed(handle.running)

    def nvmlDeviceGetMPSComputeRunningProcesses(self, handle: Handle) -> list[SimpleNamespace]:
        """List clients of MPS."""
        return _listed(self._there(handle).clients if isinstance(handle, Card) else [])

    def nvmlDeviceGetProcessUtilization(self, handle: Handle, since: int) -> list[SimpleNamespace]:
        """List what came after ``since``; NOT_FOUND for nothing, NOT_SUPPORTED under MIG."""
        card = self._there(handle)
        if card.mig:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        found = [
            SimpleNamespace(pid=one.pid, timeStamp=time, smUtil=share)
            for one in card.running
            for time, share in one.busy.items()
            if time > since
        ]
        if not found:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return found

    def nvmlDeviceGetMigMode(self, handle: Handle) -> list[int]:
        """Tell the current and the pending mode; GPUs before Ampere have none."""
        if "V100" in handle.name:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return [int(self._there(handle).mig)] * 2

    def nvmlDeviceGetMaxMigDeviceCount(self, handle: Handle) -> int:
        """Tell how many MIG devices there may be."""
        return 7 if self._there(handle).mig else 0

    def nvmlDeviceGetMigDeviceHandleByIndex(self, handle: Handle, index: int) -> Cut:
        """Give a MIG device: NOT_FOUND where the place is free."""
        cuts = self._there(handle).cuts
        if index not in cuts:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return cuts[index]

    def nvmlDeviceGetGpuInstanceId(self, handle: Cut) -> int:
        """Tell in which GPU instance a MIG device is."""
        return handle.instance

    def nvmlEventSetCreate(self) -> object:
        """Give a place where events gather."""
        return object()

    def nvmlDeviceRegisterEvents(self, handle: Handle, kinds: int, _: object) -> None:
        """Listen; the binding returns nothing."""
        assert kinds == XID_EVENT
        if not self._there(handle).xids:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)

    def nvmlEventSetWait_v2(self, _: object, timeout_ms: int) -> object:
        """Give the next event: TIMEOUT when none came in time."""
        assert timeout_ms == 0
        if not self.events:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_TIMEOUT)
        return self.events.pop(0)

    def nvmlGpmQueryDeviceSupport(self, handle: Handle) -> SimpleNamespace:
        """Tell whether there is GPM: from Hopper on."""
        return SimpleNamespace(isSupportedDevice=int(self._there(handle).gpm is not None))

    def nvmlGpmSampleAlloc(self) -> object:
        """Give room for a sample, which the caller has to give back."""
        self.samples_held += 1
        return pynvml.c_nvmlGpmSample_t()

    def nvmlGpmSampleFree(self, _: object) -> None:
        """Take the room back."""
        self.samples_held -= 1

    def nvmlGpmSampleGet(self, handle: Handle, sample: object) -> object:
        """Fill a sample of a GPU."""
        self._there(handle)
        return sample

    def nvmlGpmMigSampleGet(self, handle: Handle, instance: int, sample: object) -> object:
        """Fill a sample of a GPU instance, which is named beside its GPU."""
        assert instance in {one.instance for one in self._there(handle).cuts.values()}
        return sample

    def nvmlGpmMetricsGet(self, wanted: Any) -> Any:  # noqa: ANN401 -- a structure of ctypes
        """Answer each metric by itself: one may be unsupported where others are not."""
        assert wanted.version == pynvml.NVML_GPM_METRICS_GET_VERSION
        values = next(card.gpm for card in self.cards if card.gpm is not None)
        for one in wanted.metrics[: wanted.numMetrics]:
            one.nvmlReturn = 0 if one.metricId in values else pynvml.NVML_ERROR_NOT_SUPPORTED
            one.value = values.get(one.metricId, 0.0)
        return wanted

    def _there(self, handle: Handle) -> Card:
        """Refuse as a lost GPU does, and for a MIG device what only a GPU has."""
        if isinstance(handle, Cut):
            raise pynvml.NVMLError(pynvml.NVML_ERROR_INVALID_ARGUMENT)
        if handle.lost:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
        return handle


def xid(card: Card, number: int) -> SimpleNamespace:
    """Return the event of an XID error."""
    return SimpleNamespace(device=card, eventType=XID_EVENT, eventData=number)


def _failing(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


def _listed(running: list[Running]) -> list[SimpleNamespace]:
    return [SimpleNamespace(pid=one.pid, usedGpuMemory=one.memory) for one in running]


def _supported(value: int | None) -> int:
    if value is None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
    return value
