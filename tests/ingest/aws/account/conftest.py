"""One peer for all tests of the account, as each client of EC2 takes long to make."""

from collections.abc import Iterator

import pytest

from tests.ingest.aws.account.world import nothing
from tests.peers.aws_model import FakeAws, fake_aws


@pytest.fixture(scope="session")
def running_peer() -> Iterator[FakeAws]:
    """A server that answers what it is told to."""
    with fake_aws({}) as peer:
        yield peer


@pytest.fixture
def peer(running_peer: FakeAws, aws_environment: None) -> Iterator[FakeAws]:
    """An account in which there is nothing yet; at the end every reply must have fitted."""
    del aws_environment
    running_peer.handlers = nothing()
    running_peer.files = {}
    running_peer.calls = []
    yield running_peer
    running_peer.check()
