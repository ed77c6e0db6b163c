"""Signing in and being answered at all, over TLS through the real clients."""

import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    IncompleteReadError,
    ServiceRequestError,
)
from azure.identity import DefaultAzureCredential

from ingest.port import RejectedSourceError, SourceError, TransientSourceError
from ingest.settings import AzureAccountSettings, AzureDetailsSettings, AzureExportSettings
from ingest.sources.azure.account import AzureAccount
from ingest.sources.azure.details import AzureDetails
from ingest.sources.azure.errors import plain_errors
from ingest.sources.azure.export import AzureExport
from ingest.sources.azure.session import AzureSession
from tests.ingest.azure.conftest import NOW
from tests.peers.azure import SUBSCRIPTION, Answer, FakeAzure


def advice(setting: AzureDetailsSettings) -> str:
    """What the check says of a source that does not pass."""
    [check] = AzureDetails(setting, clock=lambda: NOW).check()
    assert not check.passed
    return check.advice


def test_a_wrong_secret_names_the_variables(
    peer: FakeAzure, detailing: AzureDetailsSettings
) -> None:
    """Entra ID answers 401 invalid_client."""
    body = {"error": "invalid_client", "error_description": "AADSTS7000215: wrong secret"}
    peer.scripted.append(("/token", Answer(401, body)))

    assert "the sign-in failed; set AZURE_TENANT_ID, AZURE_CLIENT_ID and" in advice(detailing)


def test_a_sign_in_that_is_refused_is_tried_once_and_told_once(
    peer: FakeAzure, exporting: AzureExportSettings
) -> None:
    """Of container and export only the first is tried: 1 request for a token, 1 check."""
    body = {"error": "invalid_client", "error_description": "AADSTS7000215: wrong secret"}
    peer.scripted += [("/token", Answer(401, body))] * 3
    scoped = exporting.model_copy(update={"scope": SUBSCRIPTION})

    [check] = AzureExport(scoped, clock=lambda: NOW).check()

    assert "the sign-in failed; set AZURE_TENANT_ID" in check.advice
    assert len(peer.asked("/token")) == 1


def test_a_sign_in_that_nobody_answers_is_worth_another_try_later(
    detailing: AzureDetailsSettings,
) -> None:
    """Nothing listens at port 1: the settings may be right, the network is not."""
    told = advice(detailing.model_copy(update={"authority": "https://localhost:1"}))

    assert "nobody can sign in, as localhost cannot be reached; look at the network" in told


def test_contracts_are_not_asked_for_twice_where_nobody_can_sign_in(
    peer: FakeAzure, accounting: AzureAccountSettings
) -> None:
    """Reservations and savings plans need the same token: 1 request for it."""
    peer.scripted += [("/token", Answer(401, {"error": "invalid_client"}))] * 2

    with pytest.raises(RejectedSourceError, match="the sign-in failed"):
        AzureAccount(accounting, clock=lambda: NOW).capacity()

    assert len(peer.asked("/token")) == 1


def test_a_token_that_is_refused_is_a_failed_sign_in(
    peer: FakeAzure, detailing: AzureDetailsSettings
) -> None:
    """The management API answers 401 to a token of another tenant."""
    wrong = {"error": {"code": "InvalidAuthenticationTokenTenant", "message": "wrong issuer"}}
    peer.scripted.append(("/query", Answer(401, wrong)))

    assert "the sign-in failed" in advice(detailing)


def test_a_certificate_that_is_not_trusted_names_the_setting(
    peer: FakeAzure, detailing: AzureDetailsSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without ca_file the peer's certificate is nobody's."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    answer = advice(detailing.model_copy(update={"ca_file": None}))

    assert not peer.calls
    assert "certificate" in answer


def test_nobody_at_the_address_is_worth_another_try(detailing: AzureDetailsSettings) -> None:
    """Nothing listens at port 1."""
    nowhere = detailing.model_copy(update={"endpoint": "https://localhost:1"})
    session = AzureSession(nowhere)
    session.costs._config.retry_policy.total_retries = 0

    source = AzureDetails(nowhere, clock=lambda: NOW)
    source._session = session
    [check] = source.check()

    assert "Azure cannot be reached; try again later" in check.advice


@pytest.mark.parametrize(
    ("endpoint", "audience"),
    [
        ("https://management.azure.com", "https://management.azure.com/.default"),
        ("https://private.example.com/", "https://management.azure.com/.default"),
        (
            "https://management.usgovcloudapi.net",
            "https://management.usgovcloudapi.net/.default",
        ),
    ],
)
def test_a_token_is_for_the_cloud_that_is_asked(
    detailing: AzureDetailsSettings, endpoint: str, audience: str
) -> None:
    """A sovereign cloud has its own; a private address in front of the public one has none."""
    session = AzureSession(detailing.model_copy(update={"endpoint": endpoint}))

    assert session.costs._config.credential_scopes == [audience]


def test_a_connection_string_takes_the_place_of_a_sign_in(
    exporting: AzureExportSettings,
) -> None:
    """The container is that of the address, the account that of the string."""
    text = "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=a2V5;EndpointSuffix=x.net"

    client = AzureSession(exporting).container(exporting.container_url, text)

    assert (client.container_name, client.account_name) == ("bills", "acct")


@pytest.mark.parametrize("url", ["acmebills/bills", "https://acmebills.example", "ftp://a/bills"])
def test_an_address_without_a_container_is_refused(
    exporting: AzureExportSettings, url: str
) -> None:
    """The sentence shows a whole one."""
    with pytest.raises(RejectedSourceError, match="accepted is an address as https://account"):
        AzureSession(exporting).container(url, None)


def test_a_connection_string_that_is_none_is_refused_without_showing_it(
    exporting: AzureExportSettings,
) -> None:
    """The key in it is a secret, and the string has no account."""
    with pytest.raises(RejectedSourceError, match="accepted is one as the storage") as refused:
        AzureSession(exporting).container(exporting.container_url, "AccountKey=c2VjcmV0")

    assert "c2VjcmV0" not in str(refused.value)


def test_ways_to_sign_in_that_are_not_set_up_are_not_told_as_the_reason() -> None:
    """Of two lines the one about a missing program is passed over; what was tried is told."""
    lines = "none\nAzureCliCredential: Azure CLI not found on path\nXCredential: wrong secret"

    with (
        pytest.raises(RejectedSourceError, match=r"\(XCredential: wrong secret\)"),
        plain_errors("a"),
    ):
        raise ClientAuthenticationError(lines)


def test_where_no_way_to_sign_in_is_set_up_that_is_the_reason() -> None:
    """None of the chain's ways was tried, so there is nothing to tell in brackets."""
    lines = "DefaultAzureCredential failed to retrieve a token\nXCredential: unavailable"

    with (
        pytest.raises(RejectedSourceError, match=r"^a: there is nothing .* after az login$"),
        plain_errors("a"),
    ):
        raise ClientAuthenticationError(lines)


def test_without_an_authority_the_public_cloud_signs_in(detailing: AzureDetailsSettings) -> None:
    """Nothing is asked before the first call."""
    session = AzureSession(detailing.model_copy(update={"authority": None}))

    assert isinstance(session.credential, DefaultAzureCredential)


@pytest.mark.parametrize(
    ("problem", "kind", "told"),
    [
        (ServiceRequestError("x: CERTIFICATE_VERIFY_FAILED"), RejectedSourceError, "set ca_file"),
        (ServiceRequestError("no route"), TransientSourceError, "Azure cannot be reached"),
        (IncompleteReadError("cut"), TransientSourceError, "the answer broke off"),
        (AzureError("odd"), RejectedSourceError, "asking: odd"),
    ],
)
def test_what_the_client_itself_says_is_told(
    problem: AzureError, kind: type[SourceError], told: str
) -> None:
    """Errors that have no answer of Azure."""
    with pytest.raises(kind, match=told), plain_errors("asking"):
        raise problem


def test_an_answer_without_words_is_told_by_its_header(
    peer: FakeAzure, detailing: AzureDetailsSettings
) -> None:
    """A refusal without a body carries its name in x-ms-error-code."""
    peer.scripted.append(("/query", Answer(403, b"", {"x-ms-error-code": "RBACAccessDenied"})))
    peer.scripted.append(("/query", Answer(404, b"")))

    assert "give it the role Cost Management Reader" in advice(detailing)
    assert "there is no such thing (Azure says 404" in advice(detailing)
