"""What one handle of NVML tells, in the units of the metrics; absent values are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent import metrics
from agent.nvml import known, percent

if TYPE_CHECKING:
    from agent.nvml import Nvml

MIB = 2**20


def power_and_energy(nvml: Nvml, handle: object) -> dict[str, float]:
    """Return watts, and the millijoules since the driver was loaded."""
    milliwatts = nvml.number("nvmlDeviceGetPowerUsage", handle)
    return present(
        {
            metrics.POWER: None if milliwatts is None else milliwatts / 1000,
            metrics.ENERGY: nvml.number("nvmlDeviceGetTotalEnergyConsumption", handle),
        }
    )


def utilisation(nvml: Nvml, handle: object) -> dict[str, float]:
    """Return the per cent of time in which a kernel ran; under MIG NVML has no answer."""
    told = nvml.ask("nvmlDeviceGetUtilizationRates", handle)
    return present({metrics.GPU_UTIL: None if told is None else percent(told.gpu)})


def memory(nvml: Nvml, handle: object) -> dict[str, float]:
    """Return MiB used, free and reserved.

    The older form of the call, which drivers before 510 have, counts what is reserved as used.
    """
    version = getattr(nvml.module, "nvmlMemory_v2", None)
    told = version and nvml.ask("nvmlDeviceGetMemoryInfo", handle, version)
    told = told or nvml.ask("nvmlDeviceGetMemoryInfo", handle)
    if told is None:
        return {}
    return present(
        {
            metrics.FB_USED: mib(told.used),
            metrics.FB_FREE: mib(told.free),
            metrics.FB_RESERVED: mib(getattr(told, "reserved", None)),
        }
    )


def mib(size: float | None) -> float | None:
    """Return bytes as MiB."""
    number = known(size)
    return None if number is None else number / MIB


def present(values: dict[str, float | None]) -> dict[str, float]:
    """Leave out what is absent."""
    return {name: value for name, value in values.items() if value is not None}
