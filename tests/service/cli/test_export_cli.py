"""``comptroller export focus``: a file, and a sentence that says what is in it."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner, Result

from service.bootstrap import Wiring
from service.cli import export
from service.errors import InputError
from service.store.roles import Logins
from tests.service.closing import OCTOBER, Company
from tests.service.facts import line, put


@pytest.fixture
def app(
    database: Logins, wiring: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> typer.Typer:
    """Return the command over a lake with two cost lines of October."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPTROLLER_LAKE_URI", str(wiring.lake.root))
    put(wiring.lake, "cost_line", [line("1"), line("5")])
    commands = typer.Typer()
    export.register(commands)
    return commands


def invoke(commands: typer.Typer, *arguments: str | Path) -> Result:
    """Run a command; refusals come out as they are."""
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


def test_a_period_is_written_and_told(app: typer.Typer, tmp_path: Path) -> None:
    """Two lines are two rows; the sentence names rows, columns and file."""
    target = tmp_path / "out[1].parquet"

    done = invoke(app, "export", "focus", "--period", "2026-10", "--output", target)

    assert done.exit_code == 0
    assert pq.read_metadata(target).num_rows == 2
    columns = pq.read_metadata(target).num_columns
    assert done.stdout == f"2 rows of 2026-10 in {columns} columns written to {target}\n"


def test_a_period_that_is_none_is_refused(app: typer.Typer, tmp_path: Path) -> None:
    """October is written 2026-10."""
    done = invoke(app, "export", "focus", "--period", "October", "--output", tmp_path / "a.csv")

    assert isinstance(done.exception, InputError)
    assert str(done.exception).startswith("--period: ")


def test_an_allocated_period_is_written_and_its_close_is_told(
    app: typer.Typer, wiring: Wiring, tmp_path: Path
) -> None:
    """Without a policy both lines are nobody's; once it is closed, its head is printed."""
    company = Company.of(wiring, tmp_path)
    company.load(OCTOBER, line("1"), line("5"))
    command = ("export", "focus", "--period", "2026-10", "--allocated", "--output")

    first = invoke(app, *command, tmp_path / "a.csv")
    closed = company.closer().close(OCTOBER, approver="cli:ada")
    second = invoke(app, *command, tmp_path / "b.csv")

    assert first.exit_code == second.exit_code == 0
    assert first.stdout.startswith("2 rows of 2026-10 in ")
    assert second.stdout.splitlines()[1:] == [f"closed; head {closed.head}"]
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()
