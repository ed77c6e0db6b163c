"""What tests share: a real PostgreSQL server, and a fresh database and lake for each test."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

from service.bootstrap import Wiring
from service.config import Settings
from service.store.embedded import EmbeddedServer
from service.store.migrate import upgrade
from service.store.roles import APP, OWNER, READER, Logins, ensure_roles
from service.store.store import Store
from warehouse.duck import DuckEngine
from warehouse.lake import Lake, open_lake

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
UNSAFE_AND_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
PASSWORD = "only-for-tests"  # noqa: S105 -- of a server that lives as long as the tests
MEANT_FOR_TESTS = {
    "COMPTROLLER_TEST_DATABASE_URL",
    "COMPTROLLER_TEST_PEERS",
    "COMPTROLLER_SHARED_DATA",
}
TEMPLATE = f"comptroller_template_{os.getpid()}"


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server for the whole run; every database on it is made from one template."""

    admin: URL

    def logins(self, database: str) -> Logins:
        """Give the addresses of a database for each role."""
        admin, owner, app, reader = (
            url.set(database=database).render_as_string(hide_password=False)
            for url in (
                self.admin,
                *(self.admin.set(username=r, password=PASSWORD) for r in (OWNER, APP, READER)),
            )
        )
        return Logins(admin, owner, app, reader)

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection]:
        """Log in as the administrator, outside of transactions."""
        address = self.admin.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            yield connection

    @contextmanager
    def new_database(self, name: str, template: str = "template0") -> Iterator[Logins]:
        """Make a database that is the owner role's, and drop it afterwards."""
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
        dropped = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        with self.connected() as connection:
            connection.execute(made.format(*map(sql.Identifier, (name, template, OWNER))))
        try:
            yield self.logins(name)
        finally:
            with self.connected() as connection:
                connection.execute(dropped.format(sql.Identifier(name)))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let ``make test-all`` ask for everything."""
    parser.addoption("--all", action="store_true", help="run the tests marked slow as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is slow or needs more than the lock file, unless everything is asked for."""
    if not config.getoption("--all"):
        for item in items:
            if item.get_closest_marker("slow") or item.get_closest_marker("needs_peers"):
                item.add_marker(pytest.mark.skip(reason="make test-all runs it"))


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of whoever runs it."""
    for name in os.environ:
        if name.startswith("COMPTROLLER_") and name not in MEANT_FOR_TESTS:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """An embedded server in a temporary folder, or the one in COMPTROLLER_TEST_DATABASE_URL."""
    with _admin_url() as admin:
        found = Server(admin.set(drivername="postgresql+psycopg"))
        with found.connected() as connection:
            ensure_roles(connection, dict.fromkeys((OWNER, APP, READER), PASSWORD))
        with found.new_database(TEMPLATE) as logins:
            upgrade(logins.owner, logins.app)
            yield found


@contextmanager
def _admin_url() -> Iterator[URL]:
    external = os.environ.get("COMPTROLLER_TEST_DATABASE_URL")
    if external:
        yield make_url(external)
        return
    folder = Path(tempfile.mkdtemp(prefix="comptroller-tests-"))
    embedded = EmbeddedServer(folder, settings=UNSAFE_AND_FAST)
    try:
        yield make_url(embedded.start().admin).set(database="postgres")
    finally:
        embedded.stop()
        shutil.rmtree(folder)


@pytest.fixture
def database(server: Server, request: pytest.FixtureRequest) -> Iterator[Logins]:
    """A fresh, migrated database of this test alone."""
    name = f"comptroller_test_{os.getpid()}_{abs(hash(request.node.nodeid)):x}"
    with server.new_database(name, TEMPLATE) as logins:
        yield logins


@pytest.fixture
def empty_database(server: Server) -> Iterator[Logins]:
    """A database without any schema of ours."""
    with server.new_database(f"comptroller_empty_{os.getpid()}") as logins:
        yield logins


@pytest.fixture
def store(database: Logins) -> Iterator[Store]:
    """The store as the app role."""
    opened = Store(database.app)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """A clock that stands at half past two in the night of 21 November 2026."""
    return lambda: NOW


@pytest.fixture
def new_id() -> Callable[[], UUID]:
    """Ids that count from 1."""
    numbers = iter(range(1, 1_000_000))
    return lambda: UUID(int=next(numbers))


@pytest.fixture
def lake(database: Logins, tmp_path: Path, clock: Callable[[], datetime]) -> Iterator[Lake]:
    """An empty lake whose catalog is in the test's database."""
    opened = open_lake(database.app, str(tmp_path / "lake"), clock=clock)
    opened.ensure_tables()
    yield opened
    opened.close()


@pytest.fixture
def engine(lake: Lake, tmp_path: Path) -> DuckEngine:
    """The engine over the test's lake."""
    return DuckEngine(lake, memory_limit="512MB", threads=2, temp_folder=tmp_path / "spill")


@pytest.fixture
def wiring(
    *,
    database: Logins,
    store: Store,
    lake: Lake,
    engine: DuckEngine,
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID],
    tmp_path: Path,
) -> Wiring:
    """All parts together, as a command gets them."""
    settings = Settings(data_dir=tmp_path / "data", database_url=database.app)
    return Wiring(settings, clock, new_id, store, lake, engine)
