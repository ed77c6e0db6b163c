"""What part of a GPU a MIG slice is, by compute or by memory, in integers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Literal

from ingest.device_models import model_of_device
from ingest.machines import reference_rows
from ingest.usage.labels import memory_gib

WHOLE = 720_720
"""A whole GPU: divisible by 1 to 16, so that sevenths and eighths are exact."""

REST = "rest"
"""What no slice of a GPU has."""

_USUAL_GIB = MappingProxyType({"A30": 24, "H100": 80, "H100-NVL": 94, "H200": 141, "B200": 180})
"""Where the driver's name of a model tells no memory."""

_NAMED = re.compile(r"(?P<compute>\d+)g\.(?P<memory>\d+)gb")
_COMPUTE_SLICES = 7


@dataclass(frozen=True, slots=True)
class MigProfile:
    """A published profile: its slices of compute and memory, of how many the GPU has."""

    model: str
    memory_gib: int
    profile: str
    compute_slices: int
    max_compute: int
    memory_slices: int
    max_memory: int
    version: date
    source: str


@dataclass(frozen=True, slots=True)
class Weight:
    """A slice's part of ``WHOLE``; ``published`` where the table knows its profile."""

    part: int
    published: bool


@cache
def mig_profiles() -> Mapping[tuple[str, int, str], MigProfile]:
    """Every published profile by family of GPU (as ``A100``), memory and name."""
    return MappingProxyType(
        {
            (row["model"], int(row["memory_gib"]), row["profile"]): MigProfile(
                model=row["model"],
                memory_gib=int(row["memory_gib"]),
                profile=row["profile"],
                compute_slices=int(row["compute_slices"]),
                max_compute=int(row["max_compute"]),
                memory_slices=int(row["memory_slices"]),
                max_memory=int(row["max_memory"]),
                version=date.fromisoformat(row["version"]),
                source=row["source"],
            )
            for row in reference_rows("mig_profiles.csv")
        }
    )


@cache
def slice_weight(model_name: str, name: str, by: Literal["compute", "memory"]) -> Weight:
    """Return the weight of slice ``name`` (``7:1g.10gb``; empty for a whole GPU).

    A profile that is not published is read from its name: ``2g.20gb`` of 80 GB has two of seven
    slices of compute and a quarter of the memory. One without a profile counts as one seventh.
    """
    profile = name.rpartition(":")[2]
    if not name:
        return Weight(WHOLE, published=True)
    model = model_of_device(model_name)
    gib = memory_gib(model_name) or _USUAL_GIB.get(model)
    found = mig_profiles().get((model.partition("-")[0], gib or 0, profile))
    if found is None:
        return Weight(_told_by_name(profile, gib, by), published=False)
    if by == "compute":
        return Weight(WHOLE * found.compute_slices // found.max_compute, published=True)
    return Weight(WHOLE * found.memory_slices // found.max_memory, published=True)


def _told_by_name(profile: str, gib: int | None, by: Literal["compute", "memory"]) -> int:
    named = _NAMED.match(profile)
    if named is None:
        return WHOLE // _COMPUTE_SLICES
    if by == "memory" and gib:
        return min(WHOLE, WHOLE * int(named["memory"]) // gib)
    return min(WHOLE, WHOLE * int(named["compute"]) // _COMPUTE_SLICES)
