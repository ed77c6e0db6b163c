"""What Google's refusals mean: whether to try again, and what is missing."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from google.api_core.exceptions import Unauthorized
from google.auth import exceptions as auth

from ingest.port import (
    Announcement,
    Kind,
    RejectedSourceError,
    SourceError,
    TransientSourceError,
)
from ingest.settings import GoogleBillingSettings
from ingest.sources.google import google_source
from ingest.sources.google.billing import GoogleBilling
from ingest.sources.google.errors import answers
from ingest.sources.google.session import (
    Patience,
    bigquery_client,
    catalog_client,
    is_here,
    storage_client,
)
from tests.peers.google import broken_bigquery

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)


def source(url: str) -> GoogleBilling:
    """A source of bills at an address, that soon gives up."""
    setting = GoogleBillingSettings(
        name="google", type="google-billing", project="p", endpoint=url, table="p.d.t",
        since="2026-10",
    )  # fmt: skip
    return GoogleBilling(
        setting, clock=lambda: NOW, patience=Patience(call_s=5, total_s=0.2, pause_s=0.01)
    )


def answer(status: int, reason: str, message: str) -> bytes:
    """An error as BigQuery words it."""
    errors = [{"reason": reason, "message": message}]
    return json.dumps({"error": {"code": status, "message": message, "errors": errors}}).encode()


@pytest.mark.parametrize(
    ("status", "reason", "kind", "words"),
    [
        (429, "rateLimitExceeded", TransientSourceError, "cannot answer now"),
        (403, "rateLimitExceeded", TransientSourceError, "Too busy"),
        (403, "quotaExceeded", TransientSourceError, "a quota is used up"),
        (500, "backendError", TransientSourceError, "cannot answer now"),
        (503, "backendError", TransientSourceError, "try again later"),
        (403, "accessDenied", RejectedSourceError, r"needs roles/bigquery\.dataViewer on the"),
        (404, "notFound", RejectedSourceError, "look at table and at location"),
        (400, "invalid", RejectedSourceError, "does not accept it: "),
    ],
)
def test_a_refusal_says_whether_to_try_again(
    status: int, reason: str, kind: type[SourceError], words: str
) -> None:
    """429, 5xx and quotas are for later; rights, names and credentials are for the reader."""
    with (
        broken_bigquery(status, answer(status, reason, "Too busy")) as url,
        pytest.raises(kind, match=words) as caught,
    ):
        source(url).announced({})

    assert str(caught.value).startswith("google: p.d.t: ")


def test_nobody_at_the_address_is_for_later() -> None:
    """A dead endpoint is tried for the time that the source has, not for ten minutes."""
    with broken_bigquery(200, b"{}") as url:
        gone = url

    with pytest.raises(TransientSourceError, match="try again later"):
        source(gone).announced({})


def test_a_check_tells_a_refusal_and_does_not_raise() -> None:
    """The advice is the sentence."""
    with broken_bigquery(403, answer(403, "accessDenied", "Access Denied: p.d.t")) as url:
        (check,) = source(url).check()

    assert (check.what, check.passed) == ("table p.d.t", False)
    assert "roles/bigquery.jobUser and roles/bigquery.readSessionUser" in check.advice


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (lambda: auth.DefaultCredentialsError("none"), "gcloud auth application-default login"),  # type: ignore[no-untyped-call]
        (lambda: auth.RefreshError("invalid_grant"), r"these credentials \(invalid_grant\)"),  # type: ignore[no-untyped-call]
        (lambda: Unauthorized("expired"), r"these credentials \(401 expired\)"),  # type: ignore[no-untyped-call]
    ],
)
def test_missing_or_old_credentials_are_told(problem: Callable[[], Exception], words: str) -> None:
    """Trying again cannot help."""
    with pytest.raises(RejectedSourceError, match=words), answers("google", "a role"):
        raise problem()


def test_a_key_file_that_cannot_be_had_is_named() -> None:
    """What Google's library says stands in brackets."""
    with (
        pytest.raises(RejectedSourceError, match=r"found \(File /no\.json was not found\.\); run"),
        answers("google", "a role"),
    ):
        raise auth.DefaultCredentialsError("File /no.json was not found.")  # type: ignore[no-untyped-call]


def test_a_check_waits_for_half_a_minute_at_most() -> None:
    """A person waits for it; a patience that is shorter stays."""
    assert Patience().short() == Patience(call_s=30, total_s=30)
    assert Patience(call_s=5, total_s=1).short() == Patience(call_s=5, total_s=1)


@pytest.mark.parametrize("endpoint", ["http://bigquery.example.com", "bigquery", "https://"])
def test_bills_do_not_travel_in_the_clear(endpoint: str) -> None:
    """Plain HTTP is for this machine alone."""
    with pytest.raises(RejectedSourceError, match="accepted are https addresses"):
        is_here(endpoint)


@pytest.mark.parametrize("clients", [bigquery_client, catalog_client])
def test_other_addresses_ask_for_real_credentials(
    clients: Callable[..., object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Behind https there is no anonymous way in: a file that is not there is said to be missing."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    place = ("p", "US") if clients is bigquery_client else ()

    with (
        pytest.raises(RejectedSourceError, match="no Google credentials were found"),
        answers("google", "a role"),
    ):
        clients(*place, "https://google.example.com")


def test_the_storage_read_api_is_used_at_googles_own_address_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Behind another address pages come over REST."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))

    assert storage_client("http://127.0.0.1:9050") is None
    with (
        pytest.raises(RejectedSourceError, match="no Google credentials were found"),
        answers("google", "a role"),
    ):
        storage_client(None)


def test_a_mark_of_another_kind_of_source_is_refused(tmp_path: Path) -> None:
    """An ETag is no time and number of rows; nothing is asked of Google for it."""
    announced = Announcement(Kind.FOCUS, "2026-10", '"etag"', None, "p.d.t, 2026-10")

    with pytest.raises(RejectedSourceError, match="is no mark of a billing export; accepted is"):
        source("http://127.0.0.1:1").fetch(announced, tmp_path, 1)


def test_a_setting_becomes_its_source() -> None:
    """The factory picks the class by the setting's type."""
    setting = GoogleBillingSettings(
        name="g", type="google-billing", project="p", table="p.d.t", since="2026-10"
    )

    assert isinstance(google_source(setting, clock=lambda: NOW), GoogleBilling)
