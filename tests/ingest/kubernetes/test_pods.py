"""Pods become job runs: their times, states, attempts, GPUs, teams and checkpoints."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ingest.job_runs import JobRun
from ingest.port import Source
from ingest.registry import source_of
from tests.ingest.kubernetes.world import (
    FINISHED,
    NAME,
    NOW,
    at,
    container,
    ended,
    marks,
    node,
    pod,
    running,
    runs,
    settings,
    source_at,
    state,
    told,
)
from tests.ingest.source_contract import SourceContract
from tests.peers.kubernetes import NODES, PODS, FakeCluster


class TestContract(SourceContract):
    @pytest.fixture
    def source(self, cluster: FakeCluster) -> Source:
        cluster.add(PODS, FINISHED, pod("old", created="01 10:00"))
        cluster.add(NODES, node())
        return source_of(settings(cluster), clock=lambda: NOW)


def test_a_pod_that_is_done_is_a_run_of_its_gpus(cluster: FakeCluster) -> None:
    """Made at 10:00, at work from 10:05 to 14:00 on 8 H100 of gpu-1: one completed run."""
    labels = {"team": "vision-team", "comptroller-workload": "wl-7", "project": "detector"}
    meta = {"labels": labels, "annotations": {"comptroller-user": "ada"}}
    cluster.add(PODS, FINISHED | {"metadata": FINISHED["metadata"] | meta})
    cluster.add(NODES, node())

    assert runs(source_at(cluster)) == [
        JobRun(
            job_id=f"vision/{NAME}",
            attempt=1,
            workload_id="wl-7",
            user_name="ada",
            team="vision-team",
            project="detector",
            nodes=1,
            gpus=8,
            accelerator_model="H100",
            submitted=at("20 10:00"),
            started=at("20 10:05"),
            ended=at("20 14:00"),
            state="completed",
            hosts=("gpu-1",),
        )
    ]


@pytest.mark.parametrize(
    ("phase", "status", "expected"),
    [
        ("Failed", {}, "failed"),
        ("Failed", {"reason": "Evicted"}, "preempted"),
        ("Failed", {"reason": "DeadlineExceeded"}, "timeout"),
        (
            "Failed",
            {
                "conditions": [
                    {"type": "Ready", "status": "False", "lastTransitionTime": told("20 14:00")},
                    {"type": "DisruptionTarget", "status": "True"},
                ]
            },
            "preempted",
        ),
        ("Succeeded", {"reason": "Evicted"}, "completed"),
    ],
)
def test_how_a_pod_ended_is_told_by_phase_and_reason(
    cluster: FakeCluster, phase: str, status: dict[str, Any], expected: str
) -> None:
    """Evicted or disrupted is preempted, over its deadline is timeout, other failures failed."""
    over = state(terminated=ended("20 10:05", "20 14:00", 137, "OOMKilled"))
    cluster.add(PODS, pod(NAME, phase, over, status=status))

    [one] = runs(source_at(cluster))

    assert (one.state, one.ended) == (expected, at("20 14:00"))


def test_an_evicted_pod_without_containers_ends_with_its_last_condition(
    cluster: FakeCluster,
) -> None:
    """Nothing is left but conditions: it ended when the last of them changed, at 12:00."""
    conditions = [
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": told("20 10:01")},
        {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": told("20 12:00")},
    ]
    status = {"startTime": told("20 10:02"), "conditions": conditions, "containerStatuses": None}
    cluster.add(PODS, pod(NAME, "Failed", status=status))

    [one] = runs(source_at(cluster))

    assert (one.started, one.ended, one.state) == (at("20 10:02"), at("20 12:00"), "preempted")


def test_pods_that_wait_or_run_have_no_end(cluster: FakeCluster) -> None:
    """Pending is queued, without a node; Running is running since its container began."""
    cluster.add(
        PODS,
        pod("waits", "Pending", spec={"nodeName": None}),
        pod("works", "Running", state(running=running("20 11:00"))),
        pod("pulls", "Running", state(waiting={"reason": "ContainerCreating"})),
    )

    found = {one.job_id: one for one in runs(source_at(cluster))}

    assert {name: (one.state, one.started, one.ended) for name, one in found.items()} == {
        "vision/waits": ("queued", None, None),
        "vision/works": ("running", at("20 11:00"), None),
        "vision/pulls": ("queued", None, None),
    }
    assert found["vision/waits"].hosts is None


def test_a_restart_is_another_attempt(cluster: FakeCluster) -> None:
    """Begun for the third time at 13:00 after a crash at 12:50: attempts 2, failed, and 3."""
    crash = ended("20 11:00", "20 12:50", 1, "Error")
    cluster.add(
        PODS, pod(NAME, "Running", state(restarts=2, before=crash, running=running("20 13:00")))
    )

    found = runs(source_at(cluster))

    assert [(one.attempt, one.state, one.started, one.ended) for one in found] == [
        (2, "failed", at("20 11:00"), at("20 12:50")),
        (3, "running", at("20 13:00"), None),
    ]


def test_a_container_that_waits_after_a_crash_keeps_its_numbers(cluster: FakeCluster) -> None:
    """The restart count says 1 while the second life is over and the third waits: 2 and 3."""
    crash = ended("20 11:00", "20 12:50", 0)
    waits = state(restarts=1, before=crash, waiting={"reason": "CrashLoopBackOff"})
    cluster.add(PODS, pod(NAME, "Running", waits))

    found = runs(source_at(cluster))

    assert [(one.attempt, one.state) for one in found] == [(2, "completed"), (3, "queued")]


def test_a_container_that_never_began_has_no_start_in_1970(cluster: FakeCluster) -> None:
    """Runtimes write 1970 where a container could not be started; that is no time."""
    never = {
        "startedAt": "1970-01-01T00:00:00Z",
        "finishedAt": told("20 10:30"),
        "exitCode": 128,
        "reason": "StartError",
    }
    cluster.add(PODS, pod(NAME, "Failed", state(terminated=never)))

    [one] = runs(source_at(cluster))

    assert (one.started, one.ended, one.state) == (None, at("20 10:30"), "failed")


def test_gpus_are_counted_as_the_scheduler_does(cluster: FakeCluster) -> None:
    """2 + 1 of a sidecar are 3, and 4 before them are more; MIG slices count one each."""
    mig = {"limits": {"nvidia.com/mig-1g.10gb": "3", "cpu": "4"}}
    shared = {"name": "a", "resources": {"limits": {"nvidia.com/gpu.shared": "1"}}}
    before = [container("setup", "4"), container("side", "1", restartPolicy="Always")]
    cluster.add(
        PODS,
        pod("first", spec={"containers": [container(gpus="2")], "initContainers": before}),
        pod("slices", spec={"containers": [container() | {"resources": mig}]}),
        pod("asks", spec={"containers": [{"name": "a", "resources": {"requests": {}}}]}),
        pod("slow", spec={"containers": [container(gpus="1k")]}),
        pod("odd", spec={"containers": [container(gpus="some")]}),
        pod("shared", spec={"containers": [shared]}),
        pod("none", spec={"containers": [container(gpus=None)]}),
        pod(
            "amd",
            spec={"containers": [{"name": "a", "resources": {"limits": {"amd.com/gpu": "1"}}}]},
        ),
    )

    found = {one.job_id: one.gpus for one in runs(source_at(cluster))}
    other = {one.job_id: one.gpus for one in runs(source_at(cluster, gpu_resources=["amd.com/*"]))}

    assert found == {"vision/first": 4, "vision/slices": 3, "vision/slow": 1000, "vision/shared": 1}
    assert other == {"vision/amd": 1}


def test_a_namespace_may_stand_for_a_team(cluster: FakeCluster) -> None:
    """Without a label the team is not known, unless namespaces are teams here."""
    cluster.add(PODS, FINISHED)

    [unknown] = runs(source_at(cluster))
    [named] = runs(source_at(cluster, namespace_is_team=True))

    assert (unknown.team, named.team) == (None, "vision")


def test_the_last_checkpoint_is_read_from_the_pods_annotation(cluster: FakeCluster) -> None:
    """Saved at 12:00 in Berlin; a life that ended before has not got what was saved later."""
    saved = {"annotations": {"comptroller/checkpoint-at": "2026-11-20T13:00:00+01:00"}}
    crash = ended("20 10:05", "20 11:00", 1, "Error")
    again = state(restarts=1, before=crash, running=running("20 11:05"))
    cluster.add(PODS, pod(NAME, "Running", again, meta=saved))

    found = [(one.attempt, one.checkpoint_at) for one in runs(source_at(cluster))]

    assert found == [(1, None), (2, at("20 12:00"))]


@pytest.mark.parametrize("text", ["soon", "2026-11-20T13:00:00", "1763640000"])
def test_a_checkpoint_that_is_no_moment_is_a_finding(
    cluster: FakeCluster, tmp_path: Path, text: str
) -> None:
    """The run is loaded without one, and the night's report names the pod and its annotation."""
    done = state(terminated=ended("20 10:05", "20 14:00"))
    saved = {"annotations": {"comptroller/checkpoint-at": text}}
    cluster.add(PODS, pod(NAME, "Succeeded", done, meta=saved))
    source = source_at(cluster)
    [month] = list(source.announced({}))

    delivery = source.fetch(month, tmp_path, 7)

    [note] = delivery.notes
    assert note.startswith(f"vision/{NAME}: annotation comptroller/checkpoint-at is {text!r}; ")
    [row] = pq.read_table(delivery.files[0].uri).to_pylist()
    assert (row["checkpoint_at"], row["state"]) == (None, "completed")


def test_a_new_checkpoint_is_news(cluster: FakeCluster) -> None:
    """A pod that runs since the 18th saved on the 21st: it is told on the 22nd."""
    works = state(running=running("18 11:00"))
    cluster.add(PODS, pod(NAME, "Running", works, created="18 10:00"))
    known = marks(source_at(cluster, at("20 02:30")))
    assert runs(source_at(cluster, at("22 02:30")), known) == []
    saved = {"annotations": {"comptroller/checkpoint-at": "2026-11-21T12:00:00Z"}}
    meta = {"creationTimestamp": told("18 10:00"), **saved}
    cluster.add(PODS, pod(NAME, "Running", works, meta=meta))

    [one] = runs(source_at(cluster, at("22 02:30")), known)

    assert one.checkpoint_at == at("21 12:00")
