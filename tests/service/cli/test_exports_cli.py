"""``comptroller sources create-export``, ``trigger-export`` and ``export-runs`` at Azure."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from ingest.port import RejectedSourceError
from service.cli import sources
from service.errors import InputError
from tests.peers.azure import ENVIRONMENT, SUBSCRIPTION, FakeAzure, fake_azure

STORAGE = f"/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/account"


@pytest.fixture
def peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAzure]:
    """Azure, with a service principal in the environment and two configured sources."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with fake_azure(tmp_path) as found:
        bill = {
            "name": "azure",
            "type": "azure-export",
            "container_url": found.container_url,
            "root_folder": "exports",
            "export": "daily",
            "scope": SUBSCRIPTION,
            "since": "2026-09",
            "authority": found.url,
            "endpoint": found.url,
            "ca_file": found.ca_file,
        }
        files = {"name": "files", "path": "*.csv"}
        monkeypatch.setenv("COMPTROLLER_SOURCES", json.dumps([bill, files]))
        yield found


@pytest.fixture
def app() -> typer.Typer:
    """The commands."""
    commands = typer.Typer()
    sources.register(commands)
    return commands


def invoke(commands: typer.Typer, *arguments: str) -> Result:
    """Run a command of the group; refusals come out as they are."""
    return CliRunner().invoke(commands, ["sources", *arguments])


def test_an_export_is_made_as_the_settings_say_and_run_for_a_month(
    app: typer.Typer, peer: FakeAzure
) -> None:
    """It brings FocusCost into the container's folder, and October is asked for by its days."""
    made = invoke(app, "create-export", "azure", "--storage-account-id", STORAGE)
    run = invoke(app, "trigger-export", "azure", "--period", "2026-10")

    assert (made.exit_code, run.exit_code) == (0, 0)
    assert "exports/daily" in made.output
    definition = peer.exports["daily"]["properties"]
    assert definition["definition"]["type"] == "FocusCost"
    assert definition["deliveryInfo"]["destination"]["rootFolderPath"] == "exports"
    [asked] = [call for call in peer.asked("/exports/daily/run") if call.method == "POST"]
    assert asked.json["timePeriod"] == {
        "from": "2026-10-01T00:00:00Z",
        "to": "2026-10-31T00:00:00Z",
    }


def test_the_last_runs_are_shown(app: typer.Typer, peer: FakeAzure) -> None:
    """One run, of which Azure tells the state."""
    peer.exports["daily"] = {}
    peer.history.append(
        {
            "name": "run-1",
            "properties": {
                "status": "Completed",
                "submittedTime": "2026-11-02T03:00:00Z",
                "startDate": "2026-10-01T00:00:00Z",
            },
        }
    )

    done = invoke(app, "export-runs", "azure")

    assert done.output.split()[-5:] == ["2026-11-02", "03:00", "2026-10", "Completed", "run-1"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("trigger-export", "azure", "--period", "abc"), "--period"),
        (("trigger-export", "azure", "--period", "2999-01"), "has not begun"),
    ],
)
def test_a_month_that_cannot_be_run_is_refused_before_azure_is_asked(
    app: typer.Typer, peer: FakeAzure, arguments: tuple[str, ...], sentence: str
) -> None:
    """Words are no month, and nobody has costs of the year 2999."""
    done = invoke(app, *arguments)

    assert isinstance(done.exception, InputError)
    assert sentence in str(done.exception)
    assert peer.calls == []


def test_only_exports_of_azure_are_set_up_from_here(app: typer.Typer, peer: FakeAzure) -> None:
    """A source of files has none; the sentence says where the others are described."""
    done = invoke(app, "create-export", "files")

    assert isinstance(done.exception, RejectedSourceError)
    assert "docs/connect" in str(done.exception)
    assert peer.calls == []
