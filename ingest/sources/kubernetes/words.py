"""Reads what objects of Kubernetes have in common: labels, annotations and times."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

Json = Mapping[str, Any]

_COUNT = re.compile(r"(\d+)(k?)")
_KILO = 1000


def first_told(meta: Json, keys: Sequence[str]) -> str | None:
    """Return the first of some labels or annotations that says anything."""
    labels, annotations = meta.get("labels") or {}, meta.get("annotations") or {}
    told = (labels.get(key) or annotations.get(key) for key in keys)
    return next((str(value) for value in told if value), None)


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
