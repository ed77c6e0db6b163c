"""The questions that are asked of Prometheus: of GPU pods and nodes only, one answer for each."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingest.settings import KubeStateSettings

REQUESTS = "kube_pod_container_resource_requests"
INIT_REQUESTS = "kube_pod_init_container_resource_requests"
CREATED = "kube_pod_created"
NODES = "kube_node_info"

_POD = "namespace, pod, exported_namespace, exported_pod"
"""Where the server was not told to honour labels, the pod's own are called exported_."""


@dataclass(frozen=True, slots=True)
class Questions:
    """What to ask about the milliseconds before a moment."""

    resources: str
    matchers: str
    step_ms: int

    def requests(self, metric: str, length_ms: int) -> str:
        """Ask how many GPUs containers asked for."""
        return self._most(self._of_gpus(metric), length_ms)

    def of_gpu_pods(self, length_ms: int) -> dict[str, str]:
        """Ask for all that is told of pods that asked for GPUs; named by what it tells."""
        asked = " or ".join(self.requests(one, length_ms) for one in (REQUESTS, INIT_REQUESTS))
        questions = {
            "created": self._most(self._all(CREATED), length_ms),
            "phase_last": self._when_so("max", "kube_pod_status_phase", length_ms),
            "phase_first": self._when_so("min", "kube_pod_status_phase", length_ms),
            "reason": self._when_so("max", "kube_pod_status_reason", length_ms),
            "completed": self._most(self._all("kube_pod_completion_time"), length_ms),
            "start_time": self._most(self._all("kube_pod_start_time"), length_ms),
            "terminated": self._when_so(
                "max", "kube_pod_container_status_terminated_reason", length_ms
            ),
            "crashed": self._when_so(
                "max", "kube_pod_container_status_last_terminated_reason", length_ms
            ),
            "crashed_at": self._most(
                self._all("kube_pod_container_status_last_terminated_timestamp"), length_ms
            ),
            "labels": self._when("kube_pod_labels", length_ms),
            "annotations": self._when("kube_pod_annotations", length_ms),
        }
        for name, metric in (
            ("started", "kube_pod_container_state_started"),
            ("restarts", "kube_pod_container_status_restarts_total"),
        ):
            questions[f"{name}_last"] = self._most(self._all(metric), length_ms)
            questions[f"{name}_first"] = self._least(self._all(metric), length_ms)
        return {
            name: f"{question} and on ({_POD}) ({asked})" for name, question in questions.items()
        }

    def heard(self, length_ms: int) -> str:
        """Ask when anything was told of any pod last."""
        return f"max({self._when(CREATED, length_ms)})"

    def of_nodes(self, length_ms: int) -> dict[str, str]:
        """Ask for all that is told of nodes; named by what it tells."""
        return {
            "info": self._when(NODES, length_ms),
            "created": self._most(self._all("kube_node_created"), length_ms),
            "labels": self._when("kube_node_labels", length_ms),
            "capacity": self._most(self._of_gpus("kube_node_status_capacity"), length_ms),
        }

    def selector(self, metric: str) -> str:
        """Return what chooses the series of a metric: those of GPUs, of metrics of resources."""
        return self._of_gpus(metric) if metric == REQUESTS else self._all(metric)

    def _all(self, metric: str) -> str:
        return f"{metric}{{{self.matchers}}}" if self.matchers else metric

    def _of_gpus(self, metric: str) -> str:
        more = f",{self.matchers}" if self.matchers else ""
        return f'{metric}{{resource=~"{self.resources}"{more}}}'

    def _most(self, selector: str, length_ms: int) -> str:
        return f"max_over_time({selector}[{length_ms}ms])"

    def _least(self, selector: str, length_ms: int) -> str:
        return f"min_over_time({selector}[{length_ms}ms])"

    def _when(self, metric: str, length_ms: int) -> str:
        """Ask when a series was told last."""
        told = f"timestamp({self._all(metric)})"
        return f"max_over_time({told}[{length_ms}ms:{self.step_ms}ms])"

    def _when_so(self, which: str, metric: str, length_ms: int) -> str:
        """Ask when what a series says was so, first (``min``) or last (``max``)."""
        series = self._all(metric)
        so = f"(timestamp({series}) and {series} == 1)"
        return f"{which}_over_time({so}[{length_ms}ms:{self.step_ms}ms])"


def questions_of(setting: KubeStateSettings) -> Questions:
    """Return the questions of a source."""
    return Questions(
        resources=resources_of(setting.gpu_resources),
        matchers=setting.matchers,
        step_ms=round(setting.step_s * 1000),
    )


def resources_of(patterns: Sequence[str]) -> str:
    """Write patterns of resources as kube-state-metrics spells them, as ``nvidia_com_gpu``."""
    spelled = (re.sub(r"[^a-zA-Z0-9_*?]", "_", one) for one in patterns)
    return "|".join(one.replace("*", ".*").replace("?", ".") for one in spelled)


def own(labels: Mapping[str, str], name: str) -> str:
    """Return a label of the pod or node, not of kube-state-metrics' own pod."""
    return labels.get(f"exported_{name}") or labels.get(name) or ""


def spelled(prefix: str, key: str) -> str:
    """Write the name of a label or annotation as kube-state-metrics does, in snake case."""
    plain = re.sub(r"[^a-zA-Z0-9_]", "_", key)
    snake = re.sub("([a-z0-9])([A-Z])", r"\1_\2", plain)
    return f"{prefix}_{snake.lower()}"
