"""The dashboard's way to the API."""

import httpx
import pytest

from ui import client
from ui.client import ApiError, Client, Nothing, SignedOut


def asking(answer: httpx.Response | Exception, token: str = "cmt_x") -> Client:  # noqa: S107 -- invented
    """Return a client of an API that always answers so."""

    def say(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    http = httpx.Client(base_url="http://api.test", transport=httpx.MockTransport(say))
    return Client(http, token)


def test_the_token_travels_in_the_header_only() -> None:
    """Addresses end up in logs, headers do not."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={})

    http = httpx.Client(base_url="http://api.test", transport=httpx.MockTransport(answer))

    Client(http, "cmt_secret").costs("2026-10")

    assert str(asked[0].url) == "http://api.test/v1/costs?period=2026-10&by=team"
    assert asked[0].headers["Authorization"] == "Bearer cmt_secret"


@pytest.mark.parametrize("token", ["secret", "cmt_", "cmt_ä", "cmt_a b", "cmt_a\nX-Other: 1"])
def test_what_is_no_token_is_not_even_sent(token: str) -> None:
    """A token is cmt_ and letters, digits, - and _."""
    with pytest.raises(SignedOut, match="begins with cmt_"):
        asking(httpx.Response(200, json={}), token)


@pytest.mark.parametrize(
    ("status", "error"), [(401, SignedOut), (404, Nothing), (403, ApiError), (500, ApiError)]
)
def test_refusals_are_sorted_by_what_the_viewer_does_next(
    status: int, error: type[ApiError]
) -> None:
    """Sign in again, wait for the first plan, or read the API's own sentence."""
    refusing = asking(httpx.Response(status, json={"detail": "because"}))

    with pytest.raises(error) as refusal:
        refusing.latest_plan()

    assert type(refusal.value) is error


@pytest.mark.parametrize("body", [{"detail": "because"}, {}, ["what"]])
def test_a_refusal_says_why_if_the_api_does(body: object) -> None:
    """An answer without a reason still makes a sentence."""
    refusing = asking(httpx.Response(403, json=body))
    reason = "because" if body == {"detail": "because"} else "it gave no reason"

    with pytest.raises(ApiError, match=f"refused \\(403\\): {reason}"):
        refusing.about()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (httpx.ConnectError("refused"), "does not answer"),
        (httpx.ReadTimeout("slow"), "does not answer"),
        (httpx.Response(200, text="<html>"), "is no Comptroller"),
    ],
)
def test_an_api_that_is_not_there_is_a_sentence(
    answer: httpx.Response | Exception, sentence: str
) -> None:
    """It names the address, so that a wrong setting is seen."""
    with pytest.raises(ApiError, match=f"http://api.test/? {sentence}"):
        asking(answer, "").health()


def test_the_address_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """COMPTROLLER_API_URL says where the API is, else it is on this machine."""
    monkeypatch.setenv("COMPTROLLER_API_URL", "http://elsewhere:1234")
    client.open_http.cache_clear()

    with client.open_http() as http:
        address = str(http.base_url)

    client.open_http.cache_clear()
    assert address == "http://elsewhere:1234"
