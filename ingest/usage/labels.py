"""Reads from a series' labels which GPU or slice it is of, who held that, and what GPU it is."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

from ingest.usage.signals import LabelNames

_EXPORTER = "dcgm-exporter"
"""An exporter's own pod, which Prometheus puts where no pod was told, holds no GPU."""

_ROLES = (
    *("gpu_uuid", "gpu_index", "host", "model", "slice_id", "slice_profile"),
    *("namespace", "pod", "job_id", "user_name"),
)

_GIB = re.compile(r"\b(\d+) ?GB\b")


class Holder(NamedTuple):
    """Who held a GPU; all empty where nobody did. The pod served, where a counter tells it."""

    namespace: str = ""
    pod: str = ""
    job_id: str = ""
    user_name: str = ""


NOBODY = Holder()


@dataclass(frozen=True, slots=True)
class Place:
    """What a series' labels tell; ``host_rank`` is less the better the label of the host fits."""

    gpu_uuid: str
    slice: str
    holder: Holder
    host: str
    host_rank: int
    model: str


@dataclass(frozen=True, slots=True)
class _Schema:
    """Which labels a series with certain label names is asked for."""

    number: int
    values: Callable[[Mapping[str, str]], Any]
    roles: tuple[tuple[str, int], ...]


class LabelReader:
    """Reads labels by their names; series with the same names are asked for the same labels."""

    def __init__(self, names: LabelNames) -> None:
        """Take the labels of each fact, best first."""
        self._names = [
            (role, rank, name) for role in _ROLES for rank, name in enumerate(getattr(names, role))
        ]
        self._schemas: dict[tuple[str, ...], _Schema] = {}

    def key(self, labels: Mapping[str, str]) -> tuple[int, Any]:
        """Return what tells this place from others: quick, for every stretch of every series."""
        names = tuple(labels)
        schema = self._schemas.get(names) or self._schema(names)
        return schema.number, schema.values(labels)

    def place(self, labels: Mapping[str, str]) -> Place:
        """Return the place that the labels tell."""
        schema = self._schemas.get(names := tuple(labels)) or self._schema(names)
        values = schema.values(labels)
        told: dict[str, str] = {}
        rank = len(self._names)
        for (role, its_rank), value in zip(schema.roles, values, strict=False):
            if value and role not in told:
                told[role] = value
                rank = its_rank if role == "host" else rank
        host = _without_port(told.get("host", ""))
        return Place(
            gpu_uuid=told.get("gpu_uuid") or _by_index(host, told.get("gpu_index", "")),
            slice=_slice(told),
            holder=_holder(told),
            host=host,
            host_rank=rank,
            model=told.get("model", ""),
        )

    def _schema(self, names: tuple[str, ...]) -> _Schema:
        asked = [(role, rank, name) for role, rank, name in self._names if name in names]
        first = [name for *_, name in asked[:1]]
        # The first label once more keeps the answer a tuple where only one is asked for.
        values: Callable[[Mapping[str, str]], Any] = (
            itemgetter(*(name for *_, name in asked), *first) if asked else lambda _labels: ()
        )
        roles = tuple((role, rank) for role, rank, _ in asked)
        schema = _Schema(len(self._schemas), values, roles)
        self._schemas[names] = schema
        return schema


def memory_gib(model_name: str) -> int | None:
    """Return the memory that a model's name tells, as 80 of ``NVIDIA H100 80GB HBM3``."""
    found = _GIB.search(model_name.replace("-", " "))
    return int(found[1]) if found else None


def _by_index(host: str, index: str) -> str:
    return f"{host}/{index}" if host and index else ""


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and ":" not in name else host


def _slice(told: Mapping[str, str]) -> str:
    profile = told.get("slice_profile", "").lower().removeprefix("mig ").strip()
    identifier = told.get("slice_id", "")
    return f"{identifier}:{profile}" if profile or identifier else ""


def _holder(told: Mapping[str, str]) -> Holder:
    pod = told.get("pod", "")
    if _EXPORTER in pod:
        pod = ""
    return Holder(
        namespace=told.get("namespace", "") if pod else "",
        pod=pod,
        job_id=told.get("job_id", ""),
        user_name=told.get("user_name", ""),
    )
