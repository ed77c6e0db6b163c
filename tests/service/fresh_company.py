"""A company in a database and a lake of its own, where a test cannot share those of others."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from service.bootstrap import Wiring
from service.config import Settings
from service.store.store import Store
from tests.conftest import NOW, TEMPLATE
from tests.service.closing import NOVEMBER, OCTOBER, POLICY, Company, charge, of_november
from tests.service.facts import job, node, put, usage
from warehouse.duck import DuckEngine
from warehouse.lake import open_lake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.store.roles import Logins
    from tests.conftest import Server

SHARED_BY_USE = POLICY.replace(
    "pools: [", "pools: [{name: a100, owner: platform, share: by_use}, "
).replace("rules:", "rules:\n  - {match: {pool: a100}, pool: a100}")
"""A policy in which machines are shared by use as well."""


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


@contextmanager
def two_closed_months(server: Server, name: str, folder: Path) -> Iterator[tuple[Company, Logins]]:
    """Close October, and November with a correction of October, in a database of their own."""
    with fresh_company(server, name, folder) as (company, logins):
        lake = company.parts.lake
        company.apply(SHARED_BY_USE)
        put(lake, "node", [node("i-1", "a100")], source="nodes")
        put(lake, "job_run", [job("j1", "vision")], source="jobs")
        used = [usage("host-i-1", 6, "j1"), usage("host-i-1", 0, capacity_ms=7_200_000)]
        put(lake, "gpu_usage", used, period="2026-10-05", source="usage")
        bills = [charge("60", "111"), charge("30", "222"), charge("8", "9", ResourceId="i-1")]
        company.load(OCTOBER, *bills)
        company.closer().close(OCTOBER, approver="cli:ada")
        company.load(OCTOBER, *bills, charge("5", "333"))
        company.load(NOVEMBER, of_november("1", "111"))
        company.closer().close(NOVEMBER, approver="cli:ada")
        yield company, logins
