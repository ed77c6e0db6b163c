"""What the tests of kube-state-metrics share: a server, a source over it, and its runs."""

from collections.abc import Iterator

import pytest

from tests.ingest.kube_state.world import World
from tests.peers.fake_prometheus import fake_prometheus


@pytest.fixture
def world() -> Iterator[World]:
    """A server without samples, from the 19th on."""
    with fake_prometheus() as peer:
        yield World(peer)
