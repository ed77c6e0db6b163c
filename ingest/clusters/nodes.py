"""Makes machine facts of nodes that have GPUs: which machine of which provider has which name."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ingest.clusters.words import first_of, whole
from ingest.device_models import model_of_device
from ingest.job_runs import spool_nodes
from ingest.machines import machine_types

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from ingest.port import DeliveredFile
    from ingest.settings import ClusterWords

_PRODUCTS = ("nvidia.com/gpu.product", "cloud.google.com/gke-accelerator")
_TYPES = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
_COUNT = ("nvidia.com/gpu.count",)
_ID = re.compile(r"(?P<scheme>[a-z0-9+.-]+)://(?P<rest>.+)")
NO_PROVIDER = "on-premise"
"""What a node's provider is called where neither the node nor the settings tell one."""


@dataclass(frozen=True, slots=True)
class SeenNode:
    """A node with GPUs, as ``node`` of the lake holds it."""

    provider: str
    resource_id: str | None
    host: str
    machine_type: str | None
    accelerator_model: str | None
    accelerator_count: int | None
    pool: str | None
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class ToldNode:
    """A node as somebody tells of it; ``label`` returns the value of one of its labels."""

    host: str
    provider_id: str | None
    created: datetime | None
    gpus: int
    label: Callable[[str], str | None]


def machine_fact(node: ToldNode, setting: ClusterWords) -> SeenNode | None:
    """Return the facts of a node; ``None`` where it has no GPU, or nobody says since when it is."""
    provider, resource_id = machine_of(node.provider_id)
    provider = setting.provider or provider or NO_PROVIDER
    machine_type = first_of(node.label, _TYPES)
    known = machine_types().get((provider, machine_type or ""))
    count = whole(first_of(node.label, _COUNT)) or node.gpus
    product = first_of(node.label, _PRODUCTS)
    if node.created is None or not (known or count):
        return None
    told = model_of_device(product) if product else None
    return SeenNode(
        provider=provider,
        resource_id=resource_id,
        host=node.host,
        machine_type=machine_type,
        accelerator_model=known.accelerator_model if known else told,
        accelerator_count=known.accelerator_count if known else count,
        pool=first_of(node.label, setting.pool_labels),
        valid_from=node.created,
    )


def models_of(nodes: Sequence[SeenNode]) -> dict[str, str]:
    """Return the accelerators of the hosts that have known ones."""
    return {one.host: one.accelerator_model for one in nodes if one.accelerator_model}


def spool_machines(
    nodes: Sequence[SeenNode], source: str, folder: Path, mark: str
) -> DeliveredFile:
    """Write the machines of a source as they were seen at one look."""
    return spool_nodes([asdict(one) for one in nodes], f"{source}-nodes", folder, {"look": mark})


def machine_of(provider_id: str | None) -> tuple[str | None, str | None]:
    """Return provider and ResourceId, as bills spell them, of a node's ``providerID``."""
    told = _ID.fullmatch(provider_id or "")
    if not told:
        return None, None
    scheme, rest = told["scheme"], told["rest"].lstrip("/")
    if scheme == "aws":
        return "aws", rest.rpartition("/")[2]
    if scheme == "azure":
        return "azure", f"/{rest}"
    if scheme == "gce" and rest.count("/") == 2:  # noqa: PLR2004 - project/zone/name
        project, zone, name = rest.split("/")
        path = f"projects/{project}/zones/{zone}/instances/{name}"
        return "gcp", f"//compute.googleapis.com/{path}"
    return scheme, rest
