"""``comptroller up`` and what it starts, as real processes on real ports."""

import signal
import socket
from pathlib import Path

import httpx
import pytest
import typer
from typer.testing import CliRunner

from service.bootstrap import Wiring
from service.cli import up
from service.cli.processes import PortInUse
from service.cli.serving import chosen_settings
from service.config import Settings
from service.store.roles import Logins
from tests.service.api.house import a_secret, furnish
from tests.service.cli.serving import point_to, running


@pytest.fixture
def settings(database: Logins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return settings of the test's own database and lake, with free ports."""
    return point_to(database, tmp_path, monkeypatch)


def test_up_starts_all_three_and_ctrl_c_ends_them(
    settings: Settings, wiring: Wiring, tmp_path: Path
) -> None:
    """The API tells 150 USD of October, the dashboard answers, and Ctrl-C leaves nobody behind."""
    furnish(wiring, tmp_path)
    headers = {"Authorization": f"Bearer {a_secret(wiring)}"}
    api, ui = (f"http://127.0.0.1:{port}" for port in (settings.api_port, settings.ui_port))

    with running("up", "Ctrl-C ends all three.\n") as process:
        costs = httpx.get(f"{api}/v1/costs?period=2026-10", headers=headers).json()
        page = httpx.get(ui)
        process.send_signal(signal.SIGINT)
        status = process.wait(30)

    assert costs["totals"][0]["effective_cost"] == "150.00"
    assert page.status_code == 200
    assert status == 0
    for address in (api, ui):
        with pytest.raises(httpx.ConnectError):
            httpx.get(address)


def test_the_dashboard_can_run_alone(settings: Settings) -> None:
    """It needs neither database nor API to start: the page says what does not answer."""
    with running("ui", "Ctrl-C ends it.\n") as process:
        page = httpx.get(f"http://127.0.0.1:{settings.ui_port}")
        process.terminate()
        status = process.wait(30)

    assert page.status_code == 200
    assert status == 0


def test_the_dashboard_asks_the_api_that_it_is_told(settings: Settings) -> None:
    """The address travels in the environment of the child."""
    command = up.ui_command(settings, "http://127.0.0.1:1")

    assert command.environment is not None
    assert command.environment["COMPTROLLER_API_URL"] == "http://127.0.0.1:1"


@pytest.mark.parametrize("command", ["up", "api", "ui"])
def test_a_port_in_use_is_one_sentence(command: str, settings: Settings) -> None:
    """Before anything is started the setting that chooses another port is named."""
    app = typer.Typer()
    up.register(app)
    port = settings.ui_port if command == "ui" else settings.api_port

    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        result = CliRunner().invoke(app, [command])

    assert isinstance(result.exception, PortInUse)
    assert str(port) in str(result.exception)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8400"),
        ("0.0.0.0", "http://127.0.0.1:8400"),  # noqa: S104 -- to see what becomes of it
        ("10.0.0.5", "http://10.0.0.5:8400"),
    ],
)
def test_an_api_that_listens_everywhere_is_reached_here(host: str, address: str) -> None:
    """No process connects to 0.0.0.0."""
    assert up.api_address(Settings(api_host=host)) == address


def test_the_demo_has_a_house_of_its_own(settings: Settings) -> None:
    """With --demo neither the configured database nor its folder is used."""
    chosen = chosen_settings(demo=True)

    assert chosen.demo
    assert chosen.database_url is None
    assert chosen.data_dir != settings.data_dir
