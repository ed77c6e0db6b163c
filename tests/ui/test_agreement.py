"""The dashboard over the API's own application: they share no code, so this is where they meet."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from streamlit.testing.v1 import AppTest

import ui
from service.api.app import create_app
from service.bootstrap import Wiring
from service.cli.serving import api_parts
from tests.service.api.house import a_secret, furnish

Over = Callable[[httpx.BaseTransport], None]


@pytest.fixture
def dashboard(wiring: Wiring, tmp_path: Path, over: Over) -> Callable[[str | None], AppTest]:
    """Return a function that opens the dashboard as a team, or as the admin."""
    furnish(wiring, tmp_path)
    api = TestClient(create_app(api_parts(wiring)))

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        answered = api.request(request.method, path, headers=dict(request.headers))
        return httpx.Response(answered.status_code, content=answered.content)

    over(httpx.MockTransport(answer))

    def open_as(team: str | None) -> AppTest:
        page = Path(ui.__file__).parent / "app.py"
        app = AppTest.from_file(str(page), default_timeout=60).run()
        app.text_input[0].set_value(a_secret(wiring, team))
        return app.button[0].click().run()

    return open_as


def test_the_admin_sees_what_the_store_has(dashboard: Callable[[str | None], AppTest]) -> None:
    """100 + 40 + 10 = 150 USD in October, and a plan of 12 USD that no other can beat."""
    app = dashboard(None)

    figures = {metric.label: metric.value for metric in app.metric}
    assert not app.exception
    assert not app.error
    assert figures["Effective cost"] == "150.00"
    assert figures["Unallocated"] == "10.00"
    assert figures["Difference to the bills"] == "0.00"
    assert (figures["Plan cost"], figures["Gap"]) == ("12.00", "0.00 %")
    assert set(app.dataframe[0].value["Team"]) == {"vision", "nlp", "unallocated"}


def test_a_team_sees_itself_only(dashboard: Callable[[str | None], AppTest]) -> None:
    """Vision's October is 100 USD and its part of the plan 7."""
    app = dashboard("vision")

    figures = {metric.label: metric.value for metric in app.metric}
    assert not app.exception
    assert figures["Effective cost"] == "100.00"
    assert figures["Spend"] == "7.00"
    assert "Plan cost" not in figures
    assert app.dataframe[0].value["Team"].tolist() == ["vision"]
