"""What tests of the warehouse share."""

from pathlib import Path

import pytest

from tests.warehouse.staging import Stager
from warehouse.duck import DuckEngine
from warehouse.lake import Lake


@pytest.fixture
def stager(lake: Lake, engine: DuckEngine, tmp_path: Path) -> Stager:
    """Something to stage with."""
    return Stager(lake, engine, tmp_path)
