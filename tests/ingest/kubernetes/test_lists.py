"""Pods and nodes are listed page by page, anew where the cluster forgot the list."""

import pytest

from ingest.port import Kind, TransientSourceError
from tests.ingest.kubernetes.world import (
    ALL_NODES,
    ALL_PODS,
    FINISHED,
    NAME,
    node,
    pod,
    runs,
    source_at,
)
from tests.peers.kubernetes import NODES, PODS, FakeCluster


def test_only_the_named_namespaces_are_asked(cluster: FakeCluster) -> None:
    """Two namespaces are two lists, and nobody asks for all pods."""
    cluster.add(PODS, FINISHED)

    found = runs(source_at(cluster, namespaces=["vision", "nlp"]))

    assert [one.job_id for one in found] == [f"vision/{NAME}"]
    assert [one.path for one in cluster.asked] == [
        ALL_NODES,
        "/api/v1/namespaces/vision/pods",
        "/api/v1/namespaces/nlp/pods",
    ]


def test_lists_come_in_pages(cluster: FakeCluster) -> None:
    """5 pods by 2 are three pages, and each pod is there once."""
    cluster.add(PODS, *(pod(f"p{number}") for number in range(5)))

    found = runs(source_at(cluster, page_size=2))

    assert sorted(one.job_id for one in found) == [f"vision/p{number}" for number in range(5)]
    pages = [one.params.get("continue") for one in cluster.asked if one.path == ALL_PODS]
    assert pages == [None, "2", "4"]


def test_a_list_that_the_cluster_forgot_is_begun_again(cluster: FakeCluster) -> None:
    """410 Gone on the second page: the first is asked for again, and no pod counts twice."""
    cluster.add(PODS, *(pod(f"p{number}") for number in range(3)))
    cluster.faults.once.append((ALL_PODS, 410))

    found = runs(source_at(cluster, page_size=2))

    assert len(found) == 3
    pages = [one.params.get("continue") for one in cluster.asked if one.path == ALL_PODS]
    assert pages == [None, "2", None, "2"]


def test_a_list_that_is_forgotten_always_is_given_up(cluster: FakeCluster) -> None:
    """Three times are enough for one night."""
    cluster.add(PODS, *(pod(f"p{number}") for number in range(3)))
    cluster.faults.always[ALL_PODS] = 410

    with pytest.raises(TransientSourceError, match="forgot the list 3 times"):
        runs(source_at(cluster, page_size=2))


def test_only_what_the_settings_name_is_listed(cluster: FakeCluster) -> None:
    """Another source brings the jobs: nobody lists pods, nor tries to."""
    cluster.add(PODS, FINISHED)
    cluster.add(NODES, node())
    source = source_at(cluster, kinds=["nodes"])

    assert [one.kind for one in source.announced({})] == [Kind.NODES]
    assert [one.what for one in source.check()] == ["list nodes (1 with GPUs)"]
    assert {one.path for one in cluster.asked} == {ALL_NODES}
    assert [one.kind for one in source_at(cluster, kinds=["jobs"]).announced({})] == [Kind.JOBS]
