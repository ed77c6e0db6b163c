"""Signing in to a Prometheus, and whom it trusts and is trusted by."""

import base64
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from ingest.port import SourceError
from ingest.prometheus.client import PrometheusClient
from ingest.settings import PrometheusSettings
from tests.ingest.prometheus.conftest import START_MS, setting_of
from tests.peers.fake_prometheus import FakePrometheus, fake_prometheus


def asked(setting: PrometheusSettings) -> None:
    """Ask something."""
    with PrometheusClient(setting, pause=lambda _: None) as client:
        client.vector("vector(1)", START_MS)


def refused(setting: PrometheusSettings) -> str:
    """Ask something, and say why there is no answer."""
    with pytest.raises(SourceError) as problem:
        asked(setting)
    return str(problem.value)


def said(peer: FakePrometheus) -> str | None:
    """Return how the last question was signed."""
    return peer.headers[-1].get("Authorization")


def test_nobody_signs_in_where_nothing_is_said(peer: FakePrometheus) -> None:
    """No Authorization."""
    asked(setting_of(peer.url))

    assert said(peer) is None


def test_a_token_is_sent(peer: FakePrometheus) -> None:
    """As it stands in the settings; it is not shown with them."""
    setting = setting_of(peer.url, bearer_token="t0ken")  # noqa: S106 - of a test

    asked(setting)

    assert said(peer) == "Bearer t0ken"
    assert "t0ken" not in repr(setting)


def test_a_token_in_a_file_is_read_for_each_request(peer: FakePrometheus, tmp_path: Path) -> None:
    """Kubernetes exchanges it every hour: the second request has the second token."""
    file = tmp_path / "token"
    setting = setting_of(peer.url, bearer_token_file=str(file))
    with PrometheusClient(setting) as client:
        for token in ("first", "second"):
            file.write_text(f"{token}\n")
            client.vector("vector(1)", START_MS)

    assert [one.get("Authorization") for one in peer.headers] == ["Bearer first", "Bearer second"]


@pytest.mark.parametrize("way", ["password", "password_file"])
def test_name_and_password_are_sent(peer: FakePrometheus, tmp_path: Path, way: str) -> None:
    """Basic, with a colon between them; a letter beyond ASCII is UTF-8."""
    (tmp_path / "password").write_text("grün\n", encoding="utf-8")
    value = "grün" if way == "password" else str(tmp_path / "password")

    asked(setting_of(peer.url, username="ops", **{way: value}))

    pair = base64.b64decode((said(peer) or "").removeprefix("Basic "))
    assert pair.decode() == "ops:grün"


@pytest.mark.parametrize("name", ["bearer_token_file", "password_file"])
def test_a_file_that_cannot_be_read_is_named_with_its_setting(name: str) -> None:
    """Before anything is asked."""
    other = {"username": "ops"} if name == "password_file" else {}

    told = refused(setting_of("http://localhost:1", **{name: "/nowhere/x"}, **other))

    assert told.startswith(f"{name} /nowhere/x cannot be read (")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Whoever signs certificates here."""
    return trustme.CA()


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    """The certificates to trust, and one to show."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    shown = authority.issue_cert("comptroller")
    shown.cert_chain_pems[0].write_to_path(tmp_path / "shown.pem")
    shown.private_key_pem.write_to_path(tmp_path / "shown.key")
    return {
        "ca_file": str(tmp_path / "ca.pem"),
        "certificate_file": str(tmp_path / "shown.pem"),
        "key_file": str(tmp_path / "shown.key"),
    }


@pytest.fixture
def guarded(authority: trustme.CA) -> Iterator[FakePrometheus]:
    """A server that wants a certificate of us."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with fake_prometheus(context) as found:
        yield found


def test_a_certificate_is_shown(guarded: FakePrometheus, files: dict[str, str]) -> None:
    """Both trust the same authority."""
    asked(setting_of(guarded.url, **files))

    assert guarded.asked == ["vector(1)"]


def test_a_certificate_that_is_missing_names_the_setting(
    guarded: FakePrometheus, files: dict[str, str]
) -> None:
    """The server closes the connection with an alert."""
    told = refused(setting_of(guarded.url, ca_file=files["ca_file"]))

    assert "look at certificate_file and key_file" in told
    assert guarded.asked == []


def test_a_server_that_is_not_trusted_names_the_setting(guarded: FakePrometheus) -> None:
    """Without ca_file its certificate is nobody's."""
    assert "the certificate is not trusted; set ca_file" in refused(setting_of(guarded.url))


@pytest.mark.parametrize("name", ["ca_file", "certificate_file"])
def test_files_of_certificates_that_are_none_are_named(tmp_path: Path, name: str) -> None:
    """A key instead of a certificate, or nothing at all."""
    (tmp_path / "empty.pem").write_text("nothing")

    for file in (str(tmp_path / "empty.pem"), "/nowhere/x.pem"):
        assert refused(setting_of("https://localhost:1", **{name: file})).startswith(f"{name} ")
