"""The words that sources of samples and their reduction share: signals, series and rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

HOUR_MS = 3_600_000
"""A full GPU-hour, over all rows of one GPU and hour."""

DAY_MS = 24 * HOUR_MS


class Signal(StrEnum):
    """What a metric tells, whatever it is called where it comes from."""

    ACTIVITY = "activity"
    """Part of the time in which the GPU computed, 0 to 1."""
    ACTIVITY_FALLBACK = "activity_fallback"
    """The same in percent; used for whole GPUs where ``ACTIVITY`` is absent."""
    SM = "sm"
    TENSOR = "tensor"
    DRAM = "dram"
    MEMORY_USED = "memory_used"
    """MiB."""
    MEMORY_FREE = "memory_free"
    """MiB."""
    POWER = "power"
    """Watts."""
    ENERGY = "energy"
    """A counter of millijoules."""
    XID = "xid"
    """The number of the last error."""
    PROCESSES = "processes"
    """How many processes are on the GPU."""
    SHARE = "share"
    """Percent of one GPU that a pod was given."""
    TOKENS_IN = "tokens_in"
    """A counter of a pod, as are the two below."""
    TOKENS_OUT = "tokens_out"
    REQUESTS = "requests"


COUNTERS = (Signal.TOKENS_IN, Signal.TOKENS_OUT, Signal.REQUESTS)
"""Counters of what a pod served; they know no GPU."""


@dataclass(frozen=True, slots=True)
class Series:
    """A stretch of one series: its labels, and samples in time order (UTC, ms since 1970)."""

    labels: Mapping[str, str]
    times_ms: NDArray[np.int64]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelNames:
    """The label of each fact; of several, the first that a series has and that is not empty."""

    gpu_uuid: tuple[str, ...] = ("UUID", "uuid", "gpu_uuid", "deviceuuid", "device_uuid")
    gpu_index: tuple[str, ...] = ("gpu", "GPU", "deviceidx", "minor_number")
    host: tuple[str, ...] = ("Hostname", "hostname", "host", "node", "nodename", "instance")
    model: tuple[str, ...] = ("modelName", "model_name", "devicetype", "name")
    slice_id: tuple[str, ...] = ("GPU_I_ID", "gpu_i_id")
    slice_profile: tuple[str, ...] = ("GPU_I_PROFILE", "gpu_i_profile", "mig_profile")
    namespace: tuple[str, ...] = (
        *("exported_namespace", "pod_namespace", "podnamespace", "namespace"),
    )
    pod: tuple[str, ...] = ("exported_pod", "pod_name", "podname", "pod")
    job_id: tuple[str, ...] = ("hpc_job", "slurm_job_id", "job_id")
    user_name: tuple[str, ...] = ("user_name", "username", "user")


@dataclass(frozen=True, slots=True)
class Rules:
    """How samples are read: ``step_ms`` between two scrapes, and what shared GPUs are cut into.

    ``replicas`` maps patterns of host names (as of a shell) to how many holders time-slicing or
    MPS offers each of their GPUs to. With at most ``no_process_mib`` of memory used and no
    activity there was no process, where nothing counts processes.
    """

    step_ms: int
    mig_weight: Literal["compute", "memory"] = "compute"
    replicas: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    no_process_mib: float = 64.0
    labels: LabelNames = LabelNames()

    def __post_init__(self) -> None:
        """Refuse steps and replicas with which nothing could be added up."""
        if not 0 < self.step_ms <= HOUR_MS // 2:
            raise ValueError(
                f"step_ms is {self.step_ms}; accepted is more than 0 and at most {HOUR_MS // 2}"
            )
        if any(replicas < 1 for replicas in self.replicas.values()):
            raise ValueError("replicas must be 1 or more for every pattern of hosts")
