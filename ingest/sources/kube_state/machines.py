"""Makes machine facts of what was told of nodes, day by day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingest.clusters.nodes import SeenNode, ToldNode, machine_fact
from ingest.sources.kube_state.questions import NODES, own, spelled
from ingest.usage.signals import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest.settings import KubeStateSettings
    from ingest.sources.kube_state.asking import Asking, Told


@dataclass(slots=True)
class _Node:
    """What was told of one node; of what may change, what was seen last counts."""

    created: float | None = None
    provider_id: tuple[float, str] = (0.0, "")
    labels: list[tuple[float, Mapping[str, str]]] = field(default_factory=list)
    gpus: dict[str, int] = field(default_factory=dict)

    def label(self, key: str) -> str | None:
        """Return what a label said last."""
        name = spelled("label", key)
        told = [(at, labels[name]) for at, labels in self.labels if labels.get(name)]
        return max(told)[1] if told else None


def read_nodes(
    asking: Asking, setting: KubeStateSettings, begin_ms: int, until_ms: int
) -> list[SeenNode]:
    """Return the nodes with GPUs of a time, by host.

    Raises:
        SourceError: When a day cannot be had.
    """
    found: dict[str, _Node] = {}
    for day_ms in range(begin_ms, until_ms, DAY_MS):
        end_ms = min(day_ms + DAY_MS, until_ms)
        if asking.anything(NODES, day_ms, end_ms):
            for told in asking.nodes(day_ms, end_ms):
                _add(found, told)
    facts = (_fact(host, node, setting) for host, node in sorted(found.items()))
    return [one for one in facts if one is not None]


def _add(found: dict[str, _Node], told: Told) -> None:
    for name, answer in told.items():
        for element in answer:
            labels, value = element["metric"], float(element["value"][1])
            node = found.setdefault(own(labels, "node"), _Node())
            if name == "created":
                node.created = value
            elif name == "info":
                node.provider_id = max(node.provider_id, (value, labels.get("provider_id", "")))
            elif name == "labels":
                node.labels.append((value, labels))
            else:
                resource = labels["resource"]
                node.gpus[resource] = max(int(value), node.gpus.get(resource, 0))


def _fact(host: str, node: _Node, setting: KubeStateSettings) -> SeenNode | None:
    created = None if node.created is None else datetime.fromtimestamp(node.created, UTC)
    provider_id = node.provider_id[1] or None
    told = ToldNode(host, provider_id, created, sum(node.gpus.values()), node.label)
    return machine_fact(told, setting)
