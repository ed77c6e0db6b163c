"""What tests of Google's sources share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.google import BigQuery, bqemulator
from tests.warehouse.staging import Stager
from warehouse.duck import DuckEngine
from warehouse.lake import Lake


@pytest.fixture(scope="session")
def peer() -> Iterator[BigQuery]:
    """One emulator for all tests: each has a dataset of its own."""
    with bqemulator() as running:
        yield running


@pytest.fixture
def stager(lake: Lake, engine: DuckEngine, tmp_path: Path) -> Stager:
    """Something to load with."""
    return Stager(lake, engine, tmp_path)
