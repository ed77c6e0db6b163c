"""Every page over canned answers of the API."""

from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any

import httpx
import pytest
from streamlit.testing.v1 import AppTest

import ui
from ui.pages import PAGES, PageSpec

TOKEN = "cmt_a-token-of-the-canned-api"  # noqa: S105 -- invented
UI = Path(ui.__file__).parent

Answers = dict[str, tuple[int, Any]]
Over = Callable[[httpx.BaseTransport], None]


@pytest.fixture
def app(canned: httpx.MockTransport, over: Over) -> AppTest:
    """Return the dashboard before anybody signed in."""
    over(canned)
    return AppTest.from_file(str(UI / "app.py"), default_timeout=30)


def signed_in(app: AppTest) -> AppTest:
    """Paste the token and press the button."""
    app.run()
    app.text_input[0].set_value(f" {TOKEN} ")
    return app.button[0].click().run()


@pytest.mark.parametrize("page", PAGES, ids=attrgetter("file"))
def test_every_page_opens(page: PageSpec, app: AppTest) -> None:
    """Every registered page renders from canned answers without an exception or an error."""
    signed_in(app).switch_page(f"views/{page.file}").run()

    assert not app.exception
    assert not app.error
    assert app.title[0].value == page.title


def test_the_registry_names_every_page() -> None:
    """A file in ui/views that nobody can reach is a mistake."""
    files = {path.name for path in (UI / "views").glob("*.py")} - {"__init__.py"}

    assert files == {page.file for page in PAGES}


def test_without_a_token_there_is_a_form_and_nothing_else(app: AppTest) -> None:
    """The first thing a viewer sees asks for a token and says that this is a demo."""
    app.run()

    assert not app.exception
    assert app.text_input[0].label == "Token"
    assert "invented" in app.warning[0].value
    assert not app.metric


@pytest.mark.parametrize("token", ["cmt_wrong", "no token"])
def test_a_wrong_token_is_not_kept(token: str, app: AppTest) -> None:
    """The form stays, with a sentence; nothing is remembered."""
    app.run()
    app.text_input[0].set_value(token)
    app.button[0].click().run()

    assert len(app.error) == 1
    assert app.text_input[0].label == "Token"
    assert "token" not in app.session_state


def test_the_overview_shows_cost_by_team_and_the_plan(app: AppTest) -> None:
    """The canned totals are 10,000 USD with a difference of 0, and a gap of 2 %."""
    signed_in(app)

    figures = {metric.label: metric.value for metric in app.metric}
    assert figures["Effective cost"] == "10,000.00"
    assert figures["Difference to the bills"] == "0.00"
    assert figures["Gap"] == "2.00 %"
    assert app.dataframe[0].value["Team"].tolist() == ["vision", "nlp", "unallocated"]
    assert "stale inputs: aws" in app.warning[1].value


def test_an_empty_house_says_what_to_do_first(answers: Answers, app: AppTest) -> None:
    """Before the first load and plan the page names the commands."""
    about = answers["/v1/about"][1]
    answers["/v1/about"] = (200, {**about, "periods": [], "loaded_at": None, "planned_at": None})
    answers["/v1/plans/latest"] = (404, {"detail": "nothing has been planned yet"})

    signed_in(app)

    assert not app.exception
    assert [info.value.split("`")[1] for info in app.info] == [
        "comptroller load FILE --source NAME",
        "comptroller plan",
    ]


def test_a_period_without_own_cost_says_so(answers: Answers, app: AppTest) -> None:
    """A team's token may see nothing of a period that others have costs in."""
    costs = answers["/v1/costs"][1]
    answers["/v1/costs"] = (200, {**costs, "rows": [], "totals": []})

    signed_in(app)

    assert not app.exception
    assert "No cost of 2026-11" in app.info[0].value


def test_signing_out_forgets_the_token(app: AppTest) -> None:
    """After the button only the form is left."""
    signed_in(app)

    app.button[0].click().run()

    assert "token" not in app.session_state
    assert app.text_input[0].label == "Token"


def test_a_token_that_ran_out_signs_the_viewer_out(answers: Answers, app: AppTest) -> None:
    """The API refuses in the middle of a visit: the token is forgotten, a sentence says why."""
    app.run()
    answers["/v1/costs"] = (401, {"detail": "expired"})

    signed_in(app)

    assert "sign in again" in app.error[0].value
    assert "token" not in app.session_state


def test_an_unreachable_api_is_a_sentence(over: Over) -> None:
    """No trace is shown, but the address that does not answer."""

    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    over(httpx.MockTransport(refuse))
    app = AppTest.from_file(str(UI / "app.py"), default_timeout=30).run()

    assert not app.exception
    assert "http://api.test" in app.error[0].value
    assert "does not answer" in app.error[0].value
