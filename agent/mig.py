"""The MIG instances that a GPU is cut into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.nvml import Nvml


@dataclass(frozen=True, slots=True)
class Instance:
    """A GPU instance; it has a handle for each compute instance in it."""

    number: int
    profile: str
    handles: tuple[object, ...]


def instances_of(nvml: Nvml, gpu: object) -> list[Instance]:
    """Return the instances by their numbers; none where the GPU is whole."""
    mode = nvml.ask("nvmlDeviceGetMigMode", gpu)
    if not mode or not mode[0]:
        return []
    found: dict[int, Instance] = {}
    for place in range(int(nvml.number("nvmlDeviceGetMaxMigDeviceCount", gpu) or 0)):
        # NVML answers "not found" for the places that are free.
        handle = nvml.ask("nvmlDeviceGetMigDeviceHandleByIndex", gpu, place)
        number = handle and nvml.ask("nvmlDeviceGetGpuInstanceId", handle)
        if number is None:
            continue
        others = found[number].handles if number in found else ()
        profile = profile_in(str(nvml.ask("nvmlDeviceGetName", handle) or ""))
        found[number] = Instance(number, profile, (*others, handle))
    return [found[number] for number in sorted(found)]


def profile_in(name: str) -> str:
    """Return ``3g.40gb`` of ``NVIDIA H100 80GB HBM3 MIG 1c.3g.40gb``."""
    profile = name.rpartition(" MIG ")[2] if " MIG " in name else ""
    first, _, rest = profile.partition(".")
    return rest if first.endswith("c") and rest else profile
