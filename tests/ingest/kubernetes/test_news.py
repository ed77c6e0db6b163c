"""What changed since the last look is told, and adds to what was told before."""

from pathlib import Path

import pyarrow.parquet as pq

from ingest.port import Kind
from tests.ingest.kubernetes.world import (
    FINISHED,
    NAME,
    at,
    ended,
    marks,
    node,
    pod,
    running,
    source_at,
    state,
)
from tests.peers.kubernetes import NODES, PODS, FakeCluster


def test_what_has_not_changed_is_not_told_again(cluster: FakeCluster) -> None:
    """Two nights later only the pod that ended meanwhile is news, and the new node."""
    works = pod("works", "Running", state(running=running("19 11:00")), created="19 10:00")
    cluster.add(PODS, works, pod("over", "Failed", created="18 10:00"))
    cluster.add(NODES, node())
    known = marks(source_at(cluster, at("20 02:30")))
    over = state(terminated=ended("19 11:00", "21 20:00"))
    cluster.add(PODS, pod("works", "Succeeded", over, created="19 10:00"))
    cluster.add(NODES, node("gpu-2", "aws:///us-east-1a/i-0def", created="21 08:00"))

    later = source_at(cluster, at("22 02:30"))
    announced = [(one.kind, one.period) for one in later.announced(known)]

    assert announced == [(Kind.NODES, "*"), (Kind.JOBS, "2026-11")]
    assert [one.host for one in later._nodes] == ["gpu-2"]
    assert [(run.job_id, run.state) for run in later._runs["2026-11"]] == [
        ("vision/works", "completed")
    ]
    quiet = marks(source_at(cluster, at("25 02:30")))
    assert list(source_at(cluster, at("29 02:30")).announced(quiet)) == []


def test_once_a_week_all_nodes_are_told_again(cluster: FakeCluster) -> None:
    """A node of the 1st got its GPUs by the 20th, a Friday: it is told on Monday, the 23rd."""
    cluster.add(NODES, node(), node("late", gpus="0", **{"node.kubernetes.io__instance-type": "m"}))
    known = marks(source_at(cluster, at("19 02:30")))
    cluster.add(NODES, node("late", **{"node.kubernetes.io__instance-type": "m"}))

    friday, monday = source_at(cluster, at("20 02:30")), source_at(cluster, at("23 02:30"))

    assert list(friday.announced(known)) == []
    assert [one.kind for one in monday.announced(known)] == [Kind.NODES]
    assert [one.host for one in monday._nodes] == ["gpu-1", "late"]


def test_what_is_told_adds_to_what_was_told_before(cluster: FakeCluster, tmp_path: Path) -> None:
    """Pods vanish from the API, so a delivery never replaces; one more look is another file."""
    cluster.add(PODS, FINISHED)
    first, second = source_at(cluster), source_at(cluster, at("21 03:30"))
    [early], [late] = list(first.announced({})), list(second.announced({}))
    (tmp_path / "b").mkdir()

    deliveries = [first.fetch(early, tmp_path, 7), second.fetch(late, tmp_path / "b", 8)]

    assert [one.complete for one in deliveries] == [False, False]
    assert early.mark == "seen 2026-11-21T02:30:00Z"
    assert deliveries[0].files[0].sha256 != deliveries[1].files[0].sha256
    rows = pq.read_table(deliveries[0].files[0].uri).to_pylist()
    assert [(row["job_id"], row["hosts"]) for row in rows] == [(f"vision/{NAME}", '["gpu-1"]')]


def test_months_are_those_in_which_pods_were_made(cluster: FakeCluster) -> None:
    """A pod of 31 October that runs in November is of 2026-10."""
    older = pod("older") | {}
    older["metadata"] = older["metadata"] | {"creationTimestamp": "2026-10-31T23:00:00Z"}
    cluster.add(PODS, FINISHED, older)

    found = [one.period for one in source_at(cluster).announced({})]

    assert found == ["2026-10", "2026-11"]
