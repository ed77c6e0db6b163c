"""What Azure's errors mean, in plain words: what is missing and what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceModifiedError,
    ServiceRequestError,
    ServiceResponseError,
)

from ingest.port import RejectedSourceError, SourceError, TransientSourceError

_ABSENT = re.compile("unavailable|not found on path")
"""What azure-identity says of a way to sign in that is not set up."""

_NOBODY_THERE = re.compile(r"HTTPS?Connection\w*\(host='(?P<host>[^']+)'")
"""How azure-identity's transport names the address that did not answer."""

_BUSY = frozenset({408, 429})
_REDIRECTS = 300
_FORBIDDEN = 403
_MISSING = 404
_PRECONDITION_FAILED = 412
_SERVER_ERRORS = 500

_MEANINGS = {
    "AuthorizationPermissionMismatch": "the identity may not read it; give it the role Storage "
    "Blob Data Reader on the container",
    "AuthorizationFailure": "the storage account's firewall refuses this address, or the sign-in "
    "is of another account; let the address in under Networking, or use a private endpoint",
    "AuthenticationFailed": "the storage account does not accept the sign-in; look at "
    "connection_string, or at authority",
    "ContainerNotFound": "there is no such container; look at container_url",
    "BlobNotFound": "there is no such blob",
    "RBACAccessDenied": "the identity may not read costs there; give it the role Cost Management "
    "Reader on the scope",
    "AuthorizationFailed": "the identity may not do this; give it the role Cost Management Reader "
    "on the scope (Cost Management Contributor to create or run an export)",
    "SubscriptionNotFound": "there is no such subscription, or the identity may not see it; look "
    "at scope",
}


def code_of(problem: HttpResponseError) -> str:
    """Return Azure's own name of an error, else the HTTP status."""
    named = getattr(problem, "error_code", None) or getattr(problem.error, "code", None)
    if not named:
        named = getattr(problem.response, "headers", {}).get("x-ms-error-code")
    return word(named) or str(problem.status_code)


def word(value: object) -> str:
    """Return Azure's own word for a state or a type, which its client may hold as an enum."""
    return str(value.value if isinstance(value, Enum) else value or "")


@contextmanager
def plain_errors(what: str) -> Iterator[None]:
    """Turn Azure's errors of doing ``what`` (as ``reading https://…``) into a source's.

    Raises:
        TransientSourceError: When another try may help.
        RejectedSourceError: When somebody has to change something first; says what.
    """
    try:
        yield
    except ClientAuthenticationError as problem:
        raise _of_sign_in(problem, what) from problem
    except HttpResponseError as problem:
        raise _of_answer(problem, what) from problem
    except AzureError as problem:
        raise _of_no_answer(problem, what) from problem


def nobody_signed_in(problem: SourceError) -> bool:
    """Say whether the sign-in itself failed, so that no service of Azure can be asked."""
    cause = problem.__cause__
    return isinstance(cause, ClientAuthenticationError) and cause.response is None


def _of_sign_in(problem: ClientAuthenticationError, what: str) -> SourceError:
    """Say why the sign-in failed; a service that refuses a token says so with a status."""
    if untrusted := _untrusted(problem):
        return RejectedSourceError(f"{what}: {untrusted}")
    if problem.response is not None and problem.status_code == _FORBIDDEN:
        return RejectedSourceError(f"{what}: {_meaning(problem)}")
    if silent := _NOBODY_THERE.search(str(problem)):
        return TransientSourceError(
            f"{what}: nobody can sign in, as {silent['host']} cannot be reached; look at the "
            "network, at the proxy and at authority, and try again"
        )
    told = _told(problem)
    return RejectedSourceError(
        f"{what}: {'the sign-in failed' if told else 'there is nothing to sign in with'}; set "
        "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run with a managed identity "
        f"or after az login{told and f' ({told})'}"
    )


def _told(problem: ClientAuthenticationError) -> str:
    """Return what was said of a sign-in that was tried; nothing where none was set up."""
    first = _first_line(problem)
    return "" if first.startswith("DefaultAzureCredential failed") else first


def _of_answer(problem: HttpResponseError, what: str) -> SourceError:
    """Say what an error that Azure answered means."""
    status = problem.status_code or 0
    if isinstance(problem, ResourceModifiedError) or status == _PRECONDITION_FAILED:
        return TransientSourceError(f"{what}: it was replaced while it was read; try again")
    if status < _REDIRECTS:
        return TransientSourceError(
            f"{what}: the answer broke off or is none of Azure's; try again later, and look at "
            "what stands between this machine and Azure"
        )
    if status in _BUSY or status >= _SERVER_ERRORS:
        return TransientSourceError(f"{what}: Azure is busy ({code_of(problem)}); try again later")
    return RejectedSourceError(f"{what}: {_meaning(problem)}")


def _meaning(problem: HttpResponseError) -> str:
    code = code_of(problem)
    otherwise = "there is no such thing" if problem.status_code == _MISSING else "Azure refuses it"
    return f"{_MEANINGS.get(code, otherwise)} (Azure says {code}: {_first_line(problem)})"


def _of_no_answer(problem: AzureError, what: str) -> SourceError:
    """Say what an error means that happened before Azure could answer."""
    text = _first_line(problem)
    if untrusted := _untrusted(problem):
        return RejectedSourceError(f"{what}: {untrusted}")
    if isinstance(problem, ServiceRequestError | ServiceResponseError):
        return TransientSourceError(f"{what}: Azure cannot be reached; try again later ({text})")
    return RejectedSourceError(f"{what}: {text}")


def _untrusted(problem: AzureError) -> str | None:
    """Say what to do about a certificate that is not trusted, where that is the problem."""
    if "CERTIFICATE_VERIFY_FAILED" not in str(problem):
        return None
    return "the certificate is not trusted; set ca_file to the file of your company's certificates"


def _first_line(problem: AzureError) -> str:
    """Return the line that tells most: of several ways to sign in, the one that was tried."""
    lines = [line.strip() for line in (problem.message or str(problem)).strip().splitlines()]
    tried = [line for line in lines if "Credential: " in line and not _ABSENT.search(line)]
    return (tried or lines or [""])[0]
