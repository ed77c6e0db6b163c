"""What was told of nodes becomes machine facts, and what checks and settings say."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from ingest.port import Check, Kind
from ingest.settings import AllSourceSettings
from ingest.sources.kube_state.questions import resources_of, spelled
from tests.ingest.kube_state.world import World, at, finished
from tests.peers.fake_prometheus import Scripted
from tests.peers.kube_state import Node

LABELS = {
    "label_node_kubernetes_io_instance_type": "p5.48xlarge",
    "label_nvidia_com_gpu_product": "NVIDIA-H100-80GB-HBM3",
    "label_eks_amazonaws_com_nodegroup": "training",
}


def told(world: World, **changes: Any) -> list[tuple[object, ...]]:  # noqa: ANN401 - any setting
    """Provider, id, host, type, model, accelerators and pool of the nodes that are announced."""
    source = world.source(**changes)
    list(source.announced({}))
    return [
        (one.provider, one.resource_id, one.host, one.machine_type, one.accelerator_model,
         one.accelerator_count, one.pool)
        for one in source._nodes
    ]  # fmt: skip


def test_a_node_is_the_machine_of_the_bill(world: World) -> None:
    """aws:///us-east-1a/i-0abc is the instance i-0abc, with the 8 H100 of a p5.48xlarge."""
    world.tell(finished())
    world.tell_nodes(
        Node("gpu-1", at("20 00:00"), at("20 03:00"), labels=LABELS),
        Node("cpu-1", at("20 00:00"), world.until, gpus=0),
    )

    assert told(world) == [("aws", "i-0abc", "gpu-1", "p5.48xlarge", "H100", 8, "training")]
    assert [one.accelerator_model for one in world.runs()] == ["H100"]


def test_a_node_without_labels_tells_its_id_and_its_gpus(world: World) -> None:
    """kube-state-metrics tells labels only where it is allowed to: --metric-labels-allowlist."""
    world.tell(finished())
    world.tell_nodes(Node("own-1", at("20 00:00"), world.until, provider_id=""))

    assert told(world) == [("on-premise", None, "own-1", None, None, 8, None)]
    assert told(world, provider="lab")[0][0] == "lab"


def test_nodes_are_told_again_where_they_changed_or_once_a_week(world: World) -> None:
    """Friday, Saturday, Monday: the same node is told on Friday and on Monday."""
    world.until = at("23 03:00")
    world.tell(finished())
    world.tell_nodes(Node("gpu-1", at("20 00:00"), world.until))
    known: dict[tuple[Kind, str], str] = {}
    days = {}

    for day in (21, 22, 23):
        found = [
            one
            for one in world.source(at(f"{day} 02:30"), kinds=["nodes"]).announced(known)
            if one.kind is Kind.NODES
        ]
        known |= {(one.kind, one.period or ""): one.mark or "" for one in found}
        days[day] = len(found)

    assert days == {21: 1, 22: 0, 23: 1}


def failed(checks: list[Check]) -> list[str]:
    """What is to be done about checks that failed."""
    return [one.advice for one in checks if not one.passed]


def test_every_part_is_named_where_nothing_is_missing(world: World) -> None:
    """The server, six metrics, labels of teams, the first day."""
    world.tell(finished(labels={"label_team": "vision"}))
    world.tell_nodes(Node("gpu-1", at("20 00:00"), world.until))

    found = list(world.source(at("20 23:00")).check())

    assert len(found) == 9
    assert [one for one in found if not one.passed or one.advice] == []


def test_what_is_missing_is_told_with_what_lacks_then(world: World) -> None:
    """Nothing is scraped: the metrics of pods are needed, the others make it better."""
    found = list(world.source().check())

    assert failed(found) == [
        "scrape kube-state-metrics, and look at matchers",
        "let kube-state-metrics tell it (--metric-allowlist, relabelling)",
    ]
    assert any("--metric-labels-allowlist=pods=[comptroller-team,team]" in o.advice for o in found)
    assert any("what the server has deleted" in one.advice for one in found)


def test_a_server_that_gives_no_answer_ends_the_check(world: World) -> None:
    """One line, with what to do."""
    world.peer.always.append(("", Scripted(401)))

    [advice] = failed(list(world.source().check()))

    assert "the sign-in is refused" in advice


def test_names_are_spelled_as_kube_state_metrics_does() -> None:
    """What is no letter or digit is _, and camel case is snake case."""
    assert resources_of(["nvidia.com/gpu", "nvidia.com/mig-*", "a?"]) == (
        "nvidia_com_gpu|nvidia_com_mig_.*|a."
    )
    assert spelled("label", "app.kubernetes.io/managedBy") == "label_app_kubernetes_io_managed_by"


METRICS = {
    "name": "metrics",
    "type": "kube-state-metrics",
    "url": "http://p:9090",
    "since": "2026-11-01",
}
API = {"name": "api", "type": "kubernetes", "server": "https://10.0.0.1:6443"}


def accepted(*sources: Mapping[str, object]) -> int:
    """How many sources the settings have."""
    return len(TypeAdapter(AllSourceSettings).validate_python(list(sources)))


def test_pods_of_one_cluster_are_not_told_twice() -> None:
    """The API and the metrics of a cluster: one brings the jobs, or they are of two clusters."""
    with pytest.raises(ValidationError, match="metrics and api may both tell of the pods"):
        accepted(METRICS, API)
    with pytest.raises(ValidationError, match="may both tell"):
        accepted({**METRICS, "cluster": "a"}, {**API, "cluster": "a"})

    assert accepted(METRICS, {**API, "kinds": ["nodes"]}) == 2
    assert accepted({**METRICS, "kinds": ["nodes"]}, API) == 2
    assert accepted({**METRICS, "cluster": "a"}, {**API, "cluster": "b"}) == 2
    assert accepted(API, {**API, "name": "other"}) == 2
    assert accepted(METRICS, {**METRICS, "name": "other"}) == 2
