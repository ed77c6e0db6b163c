"""Asks Azure's public list of retail prices, page by page; nobody needs to sign in for it."""

import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from ingest.port import RejectedSourceError, TransientSourceError
from ingest.settings import AzureAccountSettings
from ingest.sources.azure.session import CONNECT_TIMEOUT_S, LONGEST_WAIT_S, READ_TIMEOUT_S, RETRIES

_API = "2023-01-01-preview"
_TYPES_A_REQUEST = 10
_MOST_PAGES = 1000
_SERVER_ERRORS = 500
_BUSY = frozenset({408, 429})

Item = Mapping[str, Any]


class _Busy(TransientSourceError):
    """The list could not answer now; ``wait_s`` is how long it asks to be left alone."""

    def __init__(self, sentence: str, wait_s: float | None) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s


class RetailPrices:
    """The price list, for the regions, machine types and currency of a setting."""

    def __init__(self, setting: AzureAccountSettings) -> None:
        """Keep the setting; nothing is asked yet."""
        self._setting = setting

    def items(self, machine_types: Sequence[str]) -> Iterator[Item]:
        """Yield every price of virtual machines of these types in the setting's regions.

        Raises:
            SourceError: When the list cannot be had; says what to do.
        """
        with self._client() as client:
            for region in self._setting.regions:
                some = iter(machine_types)
                while asked := list(islice(some, _TYPES_A_REQUEST)):
                    yield from self._pages(client, region, asked)

    def first(self, machine_type: str) -> list[Item]:
        """Return one page about one machine type, to see whether the list can be reached.

        Raises:
            SourceError: When it cannot.
        """
        with self._client() as client:
            question = self._question(self._setting.regions[0], [machine_type])
            page = self._page(client, self._setting.prices_url, question)
            return list(page.get("Items", []))

    def _pages(self, client: httpx.Client, region: str, types: list[str]) -> Iterator[Item]:
        url: str | None = self._setting.prices_url
        question: dict[str, str] | None = self._question(region, types)
        for _ in range(_MOST_PAGES):
            page = self._page(client, str(url), question)
            yield from page.get("Items", [])
            # The address of the next page holds the question.
            url, question = page.get("NextPageLink"), None
            if not url:
                return
        raise RejectedSourceError(f"{self._setting.prices_url}: the list does not end")

    def _question(self, region: str, types: list[str]) -> dict[str, str]:
        """Ask for one region and some types; values are compared with upper and lower case."""
        any_type = " or ".join(f"armSkuName eq '{name}'" for name in types)
        return {
            "api-version": _API,
            "currencyCode": self._setting.currency,
            "meterRegion": "'primary'",
            "$filter": f"serviceName eq 'Virtual Machines' and armRegionName eq '{region}' "
            f"and ({any_type})",
        }

    def _page(
        self, client: httpx.Client, url: str, question: dict[str, str] | None
    ) -> dict[str, Any]:
        tries = Retrying(
            retry=retry_if_exception_type(_Busy),
            stop=stop_after_attempt(RETRIES),
            wait=_wait_s,
            reraise=True,
        )
        return tries(self._answer, client, url, question)

    def _answer(
        self, client: httpx.Client, url: str, question: dict[str, str] | None
    ) -> dict[str, Any]:
        place = f"reading prices at {self._setting.prices_url}"
        try:
            answer = client.get(url, params=question)
        except httpx.TransportError as problem:
            if "CERTIFICATE_VERIFY_FAILED" in str(problem):
                raise RejectedSourceError(
                    f"{place}: the certificate is not trusted; set ca_file ({problem})"
                ) from problem
            raise _Busy(
                f"{place}: cannot be reached; try again later ({problem})", None
            ) from problem
        if answer.status_code in _BUSY or answer.status_code >= _SERVER_ERRORS:
            wait = answer.headers.get("Retry-After", "")
            raise _Busy(
                f"{place}: is busy (status {answer.status_code}); try again later",
                float(wait) if wait.isdigit() else None,
            )
        return _read(answer, place)

    def _client(self) -> httpx.Client:
        trust = ssl.create_default_context(cafile=self._setting.ca_file)
        timeout = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        return httpx.Client(verify=trust, timeout=timeout, follow_redirects=True)


def _read(answer: httpx.Response, place: str) -> dict[str, Any]:
    """Read a page; its numbers stay what they were written as."""
    if not answer.is_success:
        raise RejectedSourceError(
            f"{place}: Azure refuses it (status {answer.status_code}: {answer.text[:200]}); look "
            "at prices_url, regions and currency"
        )
    try:
        found = json.loads(answer.text, parse_float=Decimal)
    except ValueError as problem:
        raise RejectedSourceError(
            f"{place}: the answer is no JSON ({problem}); look at prices_url"
        ) from problem
    return dict(found)


def _wait_s(state: RetryCallState) -> float:
    """Wait as long as was asked for, else 1, 2, 4 ... seconds; never longer than a minute."""
    problem = state.outcome.exception() if state.outcome else None
    asked = problem.wait_s if isinstance(problem, _Busy) else None
    return min(2.0 ** (state.attempt_number - 1) if asked is None else asked, LONGEST_WAIT_S)
