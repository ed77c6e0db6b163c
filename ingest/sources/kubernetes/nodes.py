"""Makes machine facts of the nodes that a cluster lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.clusters.nodes import SeenNode, ToldNode, machine_fact
from ingest.clusters.words import Json, gpus_in, moment, told_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.settings import KubernetesSettings


@dataclass(frozen=True, slots=True)
class NodeReader:
    """Reads nodes by the settings."""

    setting: KubernetesSettings

    def __call__(self, node: Json) -> Iterator[SeenNode]:
        """Yield the facts of a node; none where it has no GPU."""
        meta, status = node.get("metadata") or {}, node.get("status") or {}
        told = ToldNode(
            host=str(meta["name"]),
            provider_id=(node.get("spec") or {}).get("providerID"),
            created=moment(meta.get("creationTimestamp")),
            gpus=gpus_in(status.get("capacity"), self.setting.gpu_resources),
            label=told_in({"labels": meta.get("labels")}),
        )
        if found := machine_fact(told, self.setting):
            yield found
