"""Signing in and being answered at all, over TLS through the real clients."""

import pytest

from ingest.settings import AzureDetailsSettings
from ingest.sources.azure.details import AzureDetails
from ingest.sources.azure.session import AzureSession
from tests.ingest.azure.conftest import NOW
from tests.peers.azure import SUBSCRIPTION, Answer, FakeAzure


def advice(setting: AzureDetailsSettings) -> str:
    """What the check says of a source that does not pass."""
    [check] = AzureDetails(setting, clock=lambda: NOW).check()
    assert not check.passed
    return check.advice


@pytest.fixture
def setting(peer: FakeAzure) -> AzureDetailsSettings:
    """Cost details of the peer."""
    return AzureDetailsSettings(
        name="azure",
        type="azure-details",
        scope=SUBSCRIPTION,
        since="2026-10",
        authority=peer.url,
        endpoint=peer.url,
        ca_file=peer.ca_file,
    )


def test_a_wrong_secret_names_the_variables(peer: FakeAzure, setting: AzureDetailsSettings) -> None:
    """Entra ID answers 401 invalid_client."""
    body = {"error": "invalid_client", "error_description": "AADSTS7000215: wrong secret"}
    peer.scripted.append(("/token", Answer(401, body)))

    assert "the sign-in failed; set AZURE_TENANT_ID, AZURE_CLIENT_ID and" in advice(setting)


def test_a_token_that_is_refused_is_a_failed_sign_in(
    peer: FakeAzure, setting: AzureDetailsSettings
) -> None:
    """The management API answers 401 to a token of another tenant."""
    wrong = {"error": {"code": "InvalidAuthenticationTokenTenant", "message": "wrong issuer"}}
    peer.scripted.append(("/query", Answer(401, wrong)))

    assert "the sign-in failed" in advice(setting)


def test_a_certificate_that_is_not_trusted_names_the_setting(
    peer: FakeAzure, setting: AzureDetailsSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without ca_file the peer's certificate is nobody's."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    answer = advice(setting.model_copy(update={"ca_file": None}))

    assert not peer.calls
    assert "certificate" in answer


def test_nobody_at_the_address_is_worth_another_try(setting: AzureDetailsSettings) -> None:
    """Nothing listens at port 1."""
    nowhere = setting.model_copy(update={"endpoint": "https://localhost:1"})
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
    setting: AzureDetailsSettings, endpoint: str, audience: str
) -> None:
    """A sovereign cloud has its own; a private address in front of the public one has none."""
    session = AzureSession(setting.model_copy(update={"endpoint": endpoint}))

    assert session.costs._config.credential_scopes == [audience]
