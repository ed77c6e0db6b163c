"""The wiring: everything opens from settings alone, and closes."""

import getpass
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from service.bootstrap import (
    configure_logging,
    operator,
    settings_from_environment,
    system_clock,
    wire,
)
from service.cli.console import open_wiring
from service.config import Settings
from service.errors import UnavailableError
from service.store.embedded import EmbeddedServer
from service.store.roles import Logins


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder whose embedded server is stopped at the end."""
    parent = Path(tempfile.mkdtemp(prefix="comptroller-wire-"))
    EmbeddedServer(parent / "data", settings={"fsync": "off"}).start()
    yield parent / "data"
    EmbeddedServer(parent / "data").stop()
    shutil.rmtree(parent)


def test_without_a_database_everything_opens_on_the_embedded_server(data_dir: Path) -> None:
    """Schema, lake tables and engine are there; what is below the data folder is private."""
    settings = Settings(data_dir=data_dir)

    with wire(settings) as wiring:
        with wiring.store.work() as work:
            plan = work.plans.latest()
        snapshots = wiring.lake.view().snapshots
    with wire(settings):
        pass

    assert plan is None
    assert snapshots["cost_line"] is None
    assert {data_dir.joinpath(name).stat().st_mode & 0o777 for name in ("lake", "temp")} == {0o700}


def test_a_configured_database_is_used_as_it_is(database: Logins, tmp_path: Path) -> None:
    """No server is started below the data folder; the plain ``postgresql://`` form is accepted."""
    url = database.app.replace("+psycopg", "")
    settings = Settings(data_dir=tmp_path / "data", database_url=url, lake_uri=str(tmp_path / "l"))

    with wire(settings) as wiring, wiring.store.work() as work:
        audit = work.audit.latest(1)

    assert audit == []
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["temp"]
    assert (tmp_path / "l").is_dir()


def test_a_configured_database_without_schema_is_not_touched(
    empty_database: Logins, tmp_path: Path
) -> None:
    """The refusal names the command that brings the schema."""
    settings = Settings(data_dir=tmp_path / "data", database_url=empty_database.app)

    with pytest.raises(UnavailableError, match="run comptroller db upgrade"), wire(settings):
        pass


def test_commands_open_what_the_environment_configures(
    database: Logins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``open_wiring`` is the one way that commands get to store, lake and engine."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))

    with open_wiring() as wiring, wiring.store.work() as work:
        plan = work.plans.latest()

    assert plan is None
    assert wiring.settings.data_dir == tmp_path / "data"


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """``COMPTROLLER_PLAN_SEED`` of 7 arrives."""
    monkeypatch.setenv("COMPTROLLER_PLAN_SEED", "7")

    seed = settings_from_environment().plan_seed

    assert seed == 7


def test_the_clock_tells_utc() -> None:
    """The offset of what it says is zero."""
    offset = system_clock().utcoffset()

    assert offset is not None
    assert offset.total_seconds() == 0


def test_the_operator_is_the_user_of_this_host() -> None:
    """As the audit trail writes it."""
    name = operator()

    assert name == f"cli:{getpass.getuser()}"


def test_an_operator_without_a_name_is_called_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may run as a user that no file knows."""
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)

    name = operator()

    assert name == "cli:4000000"


def test_json_logs_have_one_object_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Level, event and time are there; below the level nothing is written."""
    configure_logging(Settings(log_format="json", log_level="warning"))

    structlog.get_logger().info("hidden")
    structlog.get_logger().warning("load", rows=12)

    lines = capsys.readouterr().err.splitlines()
    entry = json.loads(lines[0])
    assert len(lines) == 1
    assert (entry["event"], entry["level"], entry["rows"]) == ("load", "warning", 12)


def test_logs_for_people_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Results and log lines do not mix."""
    configure_logging(Settings())

    structlog.get_logger().info("load", rows=12)

    captured = capsys.readouterr()
    assert "rows=12" in captured.err
    assert captured.out == ""
