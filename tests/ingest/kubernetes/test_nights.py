"""A cluster loaded night after night: pods vanish, what was seen stays, each counts once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.bootstrap import Wiring
from tests.ingest.kubernetes.world import (
    at,
    ended,
    node,
    pod,
    running,
    source_at,
    state,
)
from tests.ingest.nights import asked, load, outcomes
from tests.peers.kubernetes import NODES, PODS, FakeCluster, fake_cluster

NEWEST = """SELECT job_id, attempt, state, strftime(ended, '%d %H:%M') FROM (
    SELECT *, row_number() OVER (
        PARTITION BY x_SourceId, job_id, submitted, attempt
        ORDER BY ended DESC NULLS LAST, started DESC NULLS LAST, x_LoadId
    ) AS newest
    FROM job_run
) WHERE newest = 1 ORDER BY job_id, submitted, attempt"""
"""Each attempt once, as docs/connect/kubernetes.md has it."""


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    """A cluster of its own."""
    with fake_cluster() as found:
        yield found


def test_pods_that_vanished_stay_and_none_counts_twice(
    cluster: FakeCluster, wiring: Wiring, tmp_path: Path
) -> None:
    """Night 1: a done, b runs. Night 2: a is gone, b done, c new. Night 3: all gone. 3 runs."""
    over = state(terminated=ended("19 10:00", "19 12:00"))
    cluster.add(PODS, pod("a", "Succeeded", over, created="19 10:00"))
    works = state(running=running("19 11:00"))
    cluster.add(PODS, pod("b", "Running", works, created="19 11:00"))
    cluster.add(NODES, node())
    first = load(source_at(cluster, at("20 02:30")), wiring, tmp_path)

    cluster.remove(PODS, "vision", "a")
    crashed = state(terminated=ended("19 11:00", "20 23:00", 1))
    cluster.add(PODS, pod("b", "Failed", crashed, created="19 11:00"))
    late = state(terminated=ended("20 11:00", "20 13:00"))
    cluster.add(PODS, pod("c", "Succeeded", late, created="20 10:00"))
    second = load(source_at(cluster, at("21 02:30")), wiring, tmp_path)

    cluster.remove(PODS, "vision", "b")
    cluster.remove(PODS, "vision", "c")
    cluster.remove(NODES, None, "gpu-1")
    third = load(source_at(cluster, at("22 02:30")), wiring, tmp_path)

    assert outcomes(first) == [("nodes", "*", "loaded", 1), ("jobs", "2026-11", "loaded", 2)]
    assert outcomes(second) == [("jobs", "2026-11", "loaded", 2)]
    assert third == []
    assert asked(wiring, "job_run", NEWEST) == [
        ("vision/a", 1, "completed", "19 12:00"),
        ("vision/b", 1, "failed", "20 23:00"),
        ("vision/c", 1, "completed", "20 13:00"),
    ]
    assert asked(wiring, "node", "SELECT resource_id, host FROM node") == [("i-0abc", "gpu-1")]


def test_the_same_pods_may_be_loaded_again_and_again(
    cluster: FakeCluster, wiring: Wiring, tmp_path: Path
) -> None:
    """Three looks an hour apart tell the same pod, which is one run, and nothing fails."""
    over = state(terminated=ended("19 10:00", "19 12:00"))
    cluster.add(PODS, pod("a", "Succeeded", over, created="19 10:00"))

    loads = [
        load(source_at(cluster, at(f"19 {hour}:30")), wiring, tmp_path) for hour in (12, 13, 14)
    ]

    assert [outcomes(one) for one in loads] == [[("jobs", "2026-11", "loaded", 1)]] * 3
    assert asked(wiring, "job_run", "SELECT count(*) FROM job_run") == [(3,)]
    assert asked(wiring, "job_run", NEWEST) == [("vision/a", 1, "completed", "19 12:00")]
