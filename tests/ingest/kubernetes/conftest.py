"""What the tests of Kubernetes share: a cluster with nothing in it."""

from collections.abc import Iterator

import pytest

from tests.peers.kubernetes import FakeCluster, fake_cluster


@pytest.fixture(scope="module")
def serving() -> Iterator[FakeCluster]:
    """A cluster for all tests of this module."""
    with fake_cluster() as found:
        yield found


@pytest.fixture
def cluster(serving: FakeCluster) -> Iterator[FakeCluster]:
    """The cluster, with nothing in it and no fault."""
    yield serving
    serving.faults.once.clear()
    serving.faults.always.clear()
    serving.faults.garbage = False
    serving.asked.clear()
    serving._emulator.objects.clear()
