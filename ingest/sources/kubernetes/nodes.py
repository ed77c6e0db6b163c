"""Makes machine facts of nodes that have GPUs: which machine of which provider has which name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.device_models import model_of_device
from ingest.machines import machine_types
from ingest.sources.kubernetes.words import Json, first_told, gpus_in, moment, whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ingest.settings import KubernetesSettings

_PRODUCTS = ("nvidia.com/gpu.product", "cloud.google.com/gke-accelerator")
_TYPES = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
_COUNT = "nvidia.com/gpu.count"
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
class NodeReader:
    """Reads nodes by the settings."""

    setting: KubernetesSettings

    def __call__(self, node: Json) -> Iterator[SeenNode]:
        """Yield the facts of a node; none where it has no GPU."""
        meta, status = node.get("metadata") or {}, node.get("status") or {}
        labels = meta.get("labels") or {}
        provider, resource_id = machine_of((node.get("spec") or {}).get("providerID"))
        provider = self.setting.provider or provider or NO_PROVIDER
        created = moment(meta.get("creationTimestamp"))
        machine_type = first_told({"labels": labels}, _TYPES)
        known = machine_types().get((provider, machine_type or ""))
        there = gpus_in(status.get("capacity"), self.setting.gpu_resources)
        count = whole(labels.get(_COUNT)) or there
        product = first_told({"labels": labels}, _PRODUCTS)
        if created is None or not (known or count):
            return
        told = model_of_device(product) if product else None
        yield SeenNode(
            provider=provider,
            resource_id=resource_id,
            host=str(meta["name"]),
            machine_type=machine_type,
            accelerator_model=known.accelerator_model if known else told,
            accelerator_count=known.accelerator_count if known else count,
            pool=first_told({"labels": labels}, self.setting.pool_labels),
            valid_from=created,
        )


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
