"""How a Prometheus is reached: certificates, and the sign-in that its proxy or itself asks for."""

import base64
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx

from ingest.port import RejectedSourceError
from ingest.settings import PrometheusServer

CONNECT_TIMEOUT_S = 10


def http_client(setting: PrometheusServer) -> httpx.Client:
    """Return a client for the server of a setting; nothing is asked yet.

    Raises:
        RejectedSourceError: When a file of certificates or keys is none.
    """
    timeout = httpx.Timeout(setting.timeout_s, connect=min(CONNECT_TIMEOUT_S, setting.timeout_s))
    return httpx.Client(verify=_trust(setting), timeout=timeout, auth=_SignIn(setting))


class _SignIn(httpx.Auth):
    """Puts token or password into each request; files are read anew, as tokens are exchanged."""

    def __init__(self, setting: PrometheusServer) -> None:
        """Keep the setting; its files are read with each request."""
        self._setting = setting

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override] # a generator that is sent nothing
        """Sign in, if the setting says how."""
        if said := self._said():
            request.headers["Authorization"] = said
        yield request

    def _said(self) -> str | None:
        one = self._setting
        if one.bearer_token is not None:
            return f"Bearer {one.bearer_token.get_secret_value()}"
        if one.bearer_token_file is not None:
            return f"Bearer {_text_of('bearer_token_file', one.bearer_token_file)}"
        if one.username is None:
            return None
        if one.password is not None:
            password = one.password.get_secret_value()
        else:
            password = _text_of("password_file", one.password_file or "")
        pair = f"{one.username}:{password}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"


def _text_of(name: str, file: str) -> str:
    """Return what a file holds, without the line's end.

    Raises:
        RejectedSourceError: When it cannot be read.
    """
    try:
        return Path(file).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise RejectedSourceError(f"{name} {file} cannot be read ({problem})") from problem


def _trust(setting: PrometheusServer) -> ssl.SSLContext:
    """Return what is trusted, and the certificate to show.

    Raises:
        RejectedSourceError: When a file is none; says which setting names it.
    """
    if setting.url.startswith("http:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # Nobody shows a certificate.
    try:
        trust = ssl.create_default_context(cafile=setting.ca_file)
    except (OSError, ssl.SSLError) as problem:
        raise RejectedSourceError(
            f"ca_file {setting.ca_file} holds no certificates to trust ({problem})"
        ) from problem
    if setting.certificate_file is not None:
        try:
            trust.load_cert_chain(setting.certificate_file, setting.key_file)
        except (OSError, ssl.SSLError) as problem:
            raise RejectedSourceError(
                f"certificate_file {setting.certificate_file} and its key cannot be used "
                f"({problem}); accepted is PEM, without a passphrase"
            ) from problem
    return trust
