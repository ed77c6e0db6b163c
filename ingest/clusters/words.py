"""Reads what objects of Kubernetes have in common: labels, annotations, times and counts."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from ingest.settings import ClusterWords

Json = Mapping[str, Any]

_COUNT = re.compile(r"(\d+)(k?)")
_KILO = 1000
_WORKLOAD = "comptroller-workload"


Told = Callable[[str], str | None]
"""What a label or annotation says, by its name."""

PREEMPTED = frozenset(
    (
        *("Evicted", "Preempted", "Preempting", "NodeShutdown", "Shutdown", "Terminated"),
        *("NodeLost", "PreemptionByScheduler", "TerminationByKubelet"),
    )
)
"""Reasons of pods that failed because somebody took their node or their place."""

CHECKPOINT = "comptroller/checkpoint-at"
"""The annotation in which a pod keeps when its last checkpoint was whole."""


def told_in(meta: Json) -> Told:
    """Return what looks a label or annotation up, as ``metadata`` of an object has them."""
    labels, annotations = meta.get("labels") or {}, meta.get("annotations") or {}
    return lambda key: labels.get(key) or annotations.get(key) or None


def first_of(told: Told, keys: Sequence[str]) -> str | None:
    """Return the first of some labels or annotations that says anything."""
    return next((str(value) for value in map(told, keys) if value), None)


@dataclass(frozen=True, slots=True)
class PodWords:
    """Whose a pod is, by its labels and annotations."""

    workload_id: str | None
    user_name: str | None
    team: str | None
    project: str | None


def pod_words(told: Told, namespace: str, setting: ClusterWords) -> PodWords:
    """Read whose a pod is; its namespace is its team where the settings say so."""
    team = first_of(told, setting.team_keys)
    return PodWords(
        workload_id=first_of(told, (_WORKLOAD,)),
        user_name=first_of(told, setting.user_keys),
        team=team or (namespace if setting.namespace_is_team else None),
        project=first_of(told, setting.project_keys),
    )


def checkpoint_in(text: str) -> datetime | None:
    """Return when a checkpoint was whole; ``None`` where the text is no moment of RFC 3339."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return None if found.tzinfo is None else found.astimezone(UTC)


def bad_checkpoint(job_id: str, text: str) -> str:
    """Say that a pod's checkpoint is no moment."""
    return (
        f"{job_id}: annotation {CHECKPOINT} is {text!r}; accepted is a moment of RFC 3339, as "
        "2026-11-20T09:30:00Z; it counts as without a checkpoint"
    )


def moment(text: object) -> datetime | None:
    """Return a moment in UTC; ``None`` where there is none, or 1970 in its place."""
    if not isinstance(text, str):
        return None
    found = datetime.fromisoformat(text).astimezone(UTC)
    return found if found.timestamp() > 0 else None


def latest(found: Iterable[datetime | None]) -> datetime | None:
    """Return the last of some moments, if there is any."""
    return max((one for one in found if one is not None), default=None)


def earliest(found: Iterable[datetime | None]) -> datetime | None:
    """Return the first of some moments, if there is any."""
    return min((one for one in found if one is not None), default=None)


def gpus_in(resources: Json | None, wanted: Sequence[str]) -> int:
    """Count the GPUs and slices in a list of resources, as ``{"nvidia.com/gpu": "8"}``."""
    return sum(
        whole(count)
        for name, count in (resources or {}).items()
        if any(fnmatchcase(name, pattern) for pattern in wanted)
    )


def whole(count: object) -> int:
    """Return a count as Kubernetes writes whole ones, as ``8`` or ``1k``; 0 for anything else."""
    told = _COUNT.fullmatch(str(count))
    return int(told[1]) * (_KILO if told[2] else 1) if told else 0
