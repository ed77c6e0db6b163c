"""What tests of use cases share: a way to load files into an empty lake."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest

from service.store.store import Store
from tests.service.loads import Loads
from warehouse.duck import DuckEngine
from warehouse.lake import Lake


@pytest.fixture
def loads(
    lake: Lake,
    engine: DuckEngine,
    store: Store,
    new_id: Callable[[], UUID],
    clock: Callable[[], datetime],
) -> Loads:
    """An empty lake to load into."""
    return Loads(lake, engine, store, new_id, clock)
