"""The settings of Kubernetes: its API, and kube-state-metrics in a Prometheus."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ingest.settings.base import SourceBase, fits
from ingest.settings.prometheus import PrometheusServer

ApiUrl = Annotated[str, fits(r"https?://[^\s@]+", "an address as https://10.0.0.1:6443")]
ClusterKind = Literal["jobs", "nodes"]


class ClusterWords(SourceBase):
    """How pods and nodes of a cluster are read, whoever tells of them."""

    kinds: Annotated[tuple[ClusterKind, ...], Field(min_length=1)] = Field(
        ("jobs", "nodes"), description="what it brings: jobs (pods), nodes (machines), or both"
    )
    cluster: str | None = Field(
        None, description="the cluster's name, where several sources tell of pods"
    )
    gpu_resources: tuple[str, ...] = Field(
        ("nvidia.com/gpu", "nvidia.com/gpu.shared", "nvidia.com/mig-*"),
        description="the resources that are GPUs, shares or slices",
    )
    team_keys: tuple[str, ...] = Field(
        ("comptroller-team", "team"), description="labels or annotations with the team, best first"
    )
    namespace_is_team: bool = Field(
        default=False, description="whether a pod without such a label is its namespace's"
    )
    project_keys: tuple[str, ...] = Field(
        ("comptroller-project", "project"), description="labels or annotations with the project"
    )
    user_keys: tuple[str, ...] = Field(
        ("comptroller-user", "user"), description="labels or annotations with the user"
    )
    provider: str | None = Field(
        None, description="of the nodes, where their providerID does not tell"
    )
    pool_labels: tuple[str, ...] = Field(
        (
            "comptroller-pool",
            "karpenter.sh/nodepool",
            "eks.amazonaws.com/nodegroup",
            "cloud.google.com/gke-nodepool",
            "kubernetes.azure.com/agentpool",
            "agentpool",
        ),
        description="labels of nodes with their pool, best first",
    )


class KubernetesSettings(ClusterWords):
    """Pods that asked for GPUs, and the nodes that have them, from the API of a cluster."""

    type: Literal["kubernetes"]
    kubeconfig: str | None = Field(
        None, description="a kubeconfig file; left out, with server left out too: as a pod inside"
    )
    context: str | None = Field(None, description="a context of the kubeconfig file")
    server: ApiUrl | None = Field(
        None, description="the address of the API, as https://10.0.0.1:6443"
    )
    token_file: str | None = Field(None, description="a file with the bearer token for server")
    ca_file: str | None = Field(None, description="certificates to trust for server")
    namespaces: tuple[str, ...] = Field((), description="only these; all if left out")
    page_size: int = Field(500, ge=1, le=10000, description="pods or nodes in one answer")
    timeout_s: float = Field(60, gt=0, le=3600, description="the longest wait for one answer (s)")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        """Refuse two clusters, or details of one that is not named."""
        if self.kubeconfig is not None and self.server is not None:
            raise PydanticCustomError("way_in", "set kubeconfig or server, not both")
        if self.context is not None and self.kubeconfig is None:
            raise PydanticCustomError("way_in", "context needs kubeconfig beside it")
        if self.server is None and (self.token_file or self.ca_file):
            raise PydanticCustomError("way_in", "token_file and ca_file need server beside them")
        return self


class KubeStateSettings(PrometheusServer, ClusterWords):
    """Pods that asked for GPUs, and nodes, from kube-state-metrics in a Prometheus."""

    type: Literal["kube-state-metrics"]
    since: date = Field(description="the first day to read, as 2026-01-31 (UTC)")
    step_s: float = Field(30, gt=0, le=300, description="the scrape interval (seconds)")
    settle_hours: int = Field(
        3,
        ge=1,
        le=48,
        description="how long nothing is heard of a pod, while others are, until it counts as"
        " deleted (hours)",
    )
