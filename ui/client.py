"""The dashboard's only way to the service, and the one place where its environment enters."""

from __future__ import annotations

import functools
import os
import re
from typing import TYPE_CHECKING, Any, cast

import httpx

if TYPE_CHECKING:
    from ui.answers import About, Costs, Health, Plan

_DEFAULT_URL = "http://127.0.0.1:8400"
_TIMEOUT_S = 60.0
_TOKEN = re.compile(r"cmt_[A-Za-z0-9_-]+")


class ApiError(Exception):
    """The API did not answer as hoped; the sentence is for the viewer."""


class SignedOut(ApiError):
    """The token is not, or no longer, accepted."""


class Nothing(ApiError):
    """There is no such thing yet."""


@functools.cache
def open_http() -> httpx.Client:
    """Open the connection that all viewers share; it carries no token of its own."""
    base_url = os.environ.get("COMPTROLLER_API_URL", _DEFAULT_URL)
    return httpx.Client(base_url=base_url, timeout=_TIMEOUT_S)


class Client:
    """The API as one viewer sees it."""

    def __init__(self, http: httpx.Client, token: str = "") -> None:
        """Ask over ``http`` with the viewer's own token.

        Raises:
            SignedOut: When ``token`` does not even look like one.
        """
        if token and not _TOKEN.fullmatch(token):
            raise SignedOut("This is not a token. A token begins with cmt_.")
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def health(self) -> Health:
        """Say whether the API is there; needs no token."""
        return cast("Health", self._get("/healthz"))

    def about(self) -> About:
        """Say which Comptroller this is and how fresh its data are."""
        return cast("About", self._get("/v1/about"))

    def costs(self, period: str) -> Costs:
        """Return the cost by team in ``period``, written YYYY-MM."""
        return cast("Costs", self._get("/v1/costs", period=period, by="team"))

    def latest_plan(self) -> Plan:
        """Return the newest plan."""
        return cast("Plan", self._get("/v1/plans/latest"))

    def _get(self, path: str, **params: str) -> object:
        try:
            answer = self._http.get(path, params=params, headers=self._headers)
            body = answer.json()
        except httpx.TransportError as error:
            raise ApiError(f"The API at {self._http.base_url} does not answer.") from error
        except ValueError as error:
            raise ApiError(f"What answers at {self._http.base_url} is no Comptroller.") from error
        if answer.is_success:
            return body
        raise _refusal(answer.status_code, body)


def _refusal(status: int, body: Any) -> ApiError:  # noqa: ANN401 -- whatever JSON came back
    detail = body.get("detail") if isinstance(body, dict) else None
    sentence = f"The API refused ({status}): {detail or 'it gave no reason'}."
    if status == httpx.codes.UNAUTHORIZED:
        return SignedOut("This token is not accepted: unknown, expired or revoked.")
    if status == httpx.codes.NOT_FOUND:
        return Nothing(sentence)
    return ApiError(sentence)
