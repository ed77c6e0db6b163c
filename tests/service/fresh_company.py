"""A company in a database and a lake of its own, where a test cannot share those of others."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from service.bootstrap import Wiring
from service.config import Settings
from service.store.store import Store
from tests.conftest import NOW, TEMPLATE
from tests.service.closing import Company
from warehouse.duck import DuckEngine
from warehouse.lake import open_lake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.store.roles import Logins
    from tests.conftest import Server


@contextmanager
def fresh_company(server: Server, name: str, folder: Path) -> Iterator[tuple[Company, Logins]]:
    """Make database ``name`` and a lake in ``folder``; the database goes again afterwards."""
    numbers = iter(range(1, 1_000_000))
    with server.new_database(name, TEMPLATE) as logins:
        store = Store(logins.app)
        lake = open_lake(logins.app, str(folder / "lake"), clock=lambda: NOW)
        try:
            lake.ensure_tables()
            engine = DuckEngine(lake, memory_limit="512MB", threads=2, temp_folder=folder / "spill")
            settings = Settings(data_dir=folder / "data", database_url=logins.app)
            new_id = lambda: UUID(int=next(numbers))  # noqa: E731 -- the ids of a test
            wiring = Wiring(settings, lambda: NOW, new_id, store, lake, engine)
            yield Company.of(wiring, folder), logins
        finally:
            lake.close()
            store.close()
