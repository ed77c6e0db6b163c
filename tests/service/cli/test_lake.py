"""``comptroller lake`` shows what the lake holds and takes away what it no longer needs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from service.bootstrap import Wiring, settings_from_environment, wire
from service.cli.lake import register
from service.store.roles import Logins
from tests.warehouse.rows import NOVEMBER, OCTOBER, deliver
from warehouse.tables import TABLES


@pytest.fixture
def app(
    database: Logins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[typer.Typer, Wiring]]:
    """The command group, and the parts that it finds in the environment."""
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    group = typer.Typer()
    register(group)
    group.command("other")(lambda: None)
    with wire(settings_from_environment()) as wiring:
        yield group, wiring


def test_the_status_shows_each_table_in_one_line(app: tuple[typer.Typer, Wiring]) -> None:
    """Two months hold 1 + 2 lines in 2 files; prices were never loaded."""
    group, wiring = app
    deliver(wiring.lake, {OCTOBER: ["1"], NOVEMBER: ["2", "3"]}, number=1)

    result = CliRunner().invoke(group, ["lake", "status"])

    header, *lines = [line.split() for line in result.stdout.splitlines()]
    shown = {line[0]: line[1:] for line in lines}
    assert result.exit_code == 0
    assert header[:4] == ["table", "rows", "files", "MiB"]
    assert list(shown) == list(TABLES)
    assert shown["cost_line"][:6] == ["3", "2", "0.0", "2", "1", "0"]
    assert shown["price"] == ["0", "0", "0.0", "0", "0", "0", "never"]


def test_maintenance_says_what_it_took_away(app: tuple[typer.Typer, Wiring]) -> None:
    """All is young, so nothing goes; the days come from the option, or else from the settings."""
    group, wiring = app
    deliver(wiring.lake, {OCTOBER: ["1"]}, number=1)

    texts = [
        " ".join(CliRunner().invoke(group, ["lake", "maintain", *options]).stdout.split())
        for options in ([], ["--keep-days", "7"])
    ]

    assert texts == [
        "Put 0 small files of 0 partitions together into 0. "
        f"Expired 0 snapshots older than {days} days; deleted 0 files (0.0 MiB)."
        for days in (30, 7)
    ]


def test_at_least_one_day_is_kept(app: tuple[typer.Typer, Wiring]) -> None:
    """Zero days is wrong usage."""
    group, _ = app

    assert CliRunner().invoke(group, ["lake", "maintain", "--keep-days", "0"]).exit_code == 2
