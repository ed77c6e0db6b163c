"""``comptroller db``, in this process, on a server of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from sqlalchemy import Column, Integer, Table
from typer.testing import CliRunner, Result

from service.cli import db
from service.errors import ConflictError
from service.store.base import Base
from service.store.embedded import EmbeddedServer
from service.store.roles import Logins

APP = typer.Typer()
db.register(APP)


def run(*arguments: str) -> Result:
    """Run a command of the group."""
    return CliRunner().invoke(APP, ["db", *arguments])


@pytest.fixture
def data_dir(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The configured data folder; its server is stopped at the end."""
    parent = Path(tempfile.mkdtemp(prefix="comptroller-db-"))
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(parent / "data"))
    yield parent / "data"
    EmbeddedServer(parent / "data").stop()
    shutil.rmtree(parent)


def test_start_status_and_stop(data_dir: Path) -> None:
    """The status ends with 3 before the start and after the stop, and with 0 between them."""
    codes = [run("status").exit_code]
    started = run("start")
    running = run("status")
    codes += [started.exit_code, running.exit_code, run("stop").exit_code, run("status").exit_code]

    assert codes == [3, 0, 0, 0, 3]
    assert f"files in {data_dir}/postgres" in started.stdout
    assert "up to date" in running.stdout
    assert "it did not run" in run("stop").stdout


def test_an_external_database_is_neither_started_nor_stopped(
    database: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else runs it, so both commands refuse."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)

    refusals = [run("start").exception, run("stop").exception]

    assert [type(refusal) for refusal in refusals] == [ConflictError] * 2


def test_an_external_database_is_upgraded_by_its_owner(
    empty_database: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outdated (3), then upgraded (0), then up to date (0)."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", empty_database.app)
    monkeypatch.setenv("COMPTROLLER_DATABASE_OWNER_URL", empty_database.owner)

    results = [run("status"), run("upgrade"), run("status")]

    assert [result.exit_code for result in results] == [3, 0, 0]
    assert "schema empty, newest is" in results[0].stdout
    assert "up to date" in results[2].stdout


def test_models_that_agree_with_the_migrations_pass() -> None:
    """The migrations make every table of the models, so the exit code is 0."""
    agree = run("check-models")

    assert agree.exit_code == 0
    assert "agree" in agree.stdout


def test_a_model_without_a_migration_is_printed() -> None:
    """A table that only the models know ends with 1 and its name."""
    surprise = Table("surprise", Base.metadata, Column("id", Integer, primary_key=True))

    differ = run("check-models")
    Base.metadata.remove(surprise)

    assert differ.exit_code == 1
    assert "surprise" in differ.stderr
