"""What the GPUs of one machine told at one moment, and how it is written down as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Process:
    """A process with a compute context on a GPU; what is not known is ``None`` or empty."""

    pid: int
    command: str
    user: str
    slurm_job_id: str
    pod_uid: str
    memory_mib: float | None
    sm_utilization: float | None


@dataclass(frozen=True, slots=True)
class Use:
    """What a GPU, or one MIG instance of it, told: ``values`` by metric, absent ones left out.

    ``jobs`` are those that a scheduler says hold it. ``refused`` has the answer of each NVML
    function that gave no value.
    """

    gpu: int
    uuid: str
    device: str
    pci_bus_id: str
    model: str
    instance: int | None
    profile: str
    jobs: tuple[str, ...]
    values: Mapping[str, float]
    processes: tuple[Process, ...]
    refused: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Lost:
    """A GPU that was asked and did not answer any more, with how often that happened."""

    gpu: int
    uuid: str
    samples: int


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer that is neither a value nor "there is none here", with how often it came."""

    function: str
    error: str
    count: int


@dataclass(frozen=True, slots=True)
class Sample:
    """All GPUs of a host at ``time`` (ISO 8601, UTC)."""

    time: str
    host: str
    driver: str
    uses: tuple[Use, ...]
    lost: tuple[Lost, ...]
    faults: tuple[Fault, ...]


def to_json(sample: Sample) -> dict[str, Any]:
    """Return what is written down of a sample."""
    return asdict(sample)


def from_json(told: Mapping[str, Any]) -> Sample:
    """Return the sample that ``to_json`` wrote."""
    uses = (
        Use(
            **{
                **use,
                "jobs": tuple(use["jobs"]),
                "processes": tuple(Process(**one) for one in use["processes"]),
            }
        )
        for use in told["uses"]
    )
    return Sample(
        time=told["time"],
        host=told["host"],
        driver=told["driver"],
        uses=tuple(uses),
        lost=tuple(Lost(**one) for one in told["lost"]),
        faults=tuple(Fault(**one) for one in told["faults"]),
    )
