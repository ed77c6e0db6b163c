"""What AWS's errors mean, in plain words: what is missing and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's, which is not Python's
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
    SSOError,
    TokenRetrievalError,
)

from ingest.port import RejectedSourceError, SourceError, TransientSourceError

_TOO_MANY_REQUESTS = 429
_SERVER_ERRORS = 500

_BUSY = frozenset({
    "SlowDown", "Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded",
    "RequestThrottled", "TooManyRequestsException", "LimitExceededException", "RequestTimeout",
    "RequestTimeoutException", "PriorRequestNotComplete", "InternalError",
})  # fmt: skip
_CHANGED = frozenset({"PreconditionFailed", "412"})

_EXPIRED = "the credentials have expired; sign in again, or use credentials that renew themselves"
_UNKNOWN = "AWS does not know these credentials; look at the access key, the secret and the profile"
_DENIED = "AWS refuses it"
_ROLE_PERMISSION = (
    "sts:AssumeRole on the role, and name this account and the external id in its trust policy"
)
_ELSEWHERE = "the bucket lies in another region; set region to the bucket's"
_NO_CREDENTIALS = (
    "no AWS credentials were found; set a profile, or give this machine credentials (environment "
    "variables, a shared credentials file or an instance role)"
)

_NO_CREDENTIALS_AT_ALL = (
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
    CredentialRetrievalError,
)

_MEANINGS = {
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "RequestExpired": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "InvalidAccessKeyId": _UNKNOWN,
    "InvalidClientTokenId": _UNKNOWN,
    "UnrecognizedClientException": _UNKNOWN,
    "SignatureDoesNotMatch": _UNKNOWN,
    "AuthFailure": _UNKNOWN,
    "InvalidToken": _UNKNOWN,
    "RequestTimeTooSkewed": "the clock of this machine is wrong by more than 15 minutes; set it",
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "UnauthorizedOperation": _DENIED,
    "403": _DENIED,
    "NoSuchBucket": "there is no such bucket; look at bucket in the source's settings",
    "NoSuchKey": "there is no such object",
    "404": "there is no such object",
    "PermanentRedirect": _ELSEWHERE,
    "301": _ELSEWHERE,
    "AuthorizationHeaderMalformed": _ELSEWHERE,
    "IllegalLocationConstraintException": _ELSEWHERE,
    "InvalidObjectState": "the object is archived; restore it, or keep the export out of lifecycle "
    "rules that move objects to Glacier",
}


def code_of(problem: ClientError) -> str:
    """Return AWS's own name of an error; of an answer without a body, the HTTP status."""
    return str(problem.response.get("Error", {}).get("Code", ""))


@contextmanager
def plain_errors(what: str, permission: str = "") -> Iterator[None]:
    """Turn AWS's errors of doing ``what`` (as ``reading s3://bucket/key``) into a source's.

    ``permission`` is what AWS asks for (as ``s3:GetObject on arn:…``), named when it refuses.

    Raises:
        TransientSourceError: When another try may help.
        RejectedSourceError: When somebody has to change something first; says what.
    """
    try:
        yield
    except ClientError as problem:
        raise _of_answer(problem, what, permission) from problem
    except BotoCoreError as problem:
        raise _of_no_answer(problem, what) from problem


def is_unreachable(problem: SourceError) -> bool:
    """Say whether the address did not answer, so that it answers no other question either."""
    return isinstance(problem.__cause__, HTTPClientError | ConnectionError)


def is_of_credentials(problem: SourceError) -> bool:
    """Say whether the credentials are missing or no good, so that they are good for nothing."""
    cause = problem.__cause__
    if isinstance(cause, ClientError):
        return _MEANINGS.get(code_of(cause)) in {_EXPIRED, _UNKNOWN}
    return isinstance(cause, _NO_CREDENTIALS_AT_ALL)


def _of_answer(problem: ClientError, what: str, permission: str) -> SourceError:
    """Say what an error that AWS answered means."""
    code = code_of(problem)
    status = int(problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _CHANGED:
        return TransientSourceError(f"{what}: it was replaced while it was read; try again")
    if code in _BUSY or status == _TOO_MANY_REQUESTS or status >= _SERVER_ERRORS:
        return TransientSourceError(f"{what}: AWS is busy ({code}); try again later")
    said = problem.response.get("Error", {}).get("Message", "")
    # The answer to a HEAD has no body that could say that it is the bucket that is not there.
    named = "NoSuchBucket" if (problem.operation_name, code) == ("HeadBucket", "404") else code
    meaning = _MEANINGS.get(named, "AWS does not accept the request")
    asked = _ROLE_PERMISSION if problem.operation_name == "AssumeRole" else permission
    if meaning == _DENIED and asked:
        meaning += f"; allow {asked}"
    return RejectedSourceError(f"{what}: {meaning} (AWS says {code}: {said})")


def _of_no_answer(problem: BotoCoreError, what: str) -> SourceError:
    """Say what an error means that happened before AWS could answer."""
    if isinstance(problem, SSLError):
        return RejectedSourceError(
            f"{what}: the certificate is not trusted; set AWS_CA_BUNDLE to the file of your "
            f"company's certificates ({problem})"
        )
    if isinstance(problem, HTTPClientError | ConnectionError | IncompleteReadError):
        return TransientSourceError(f"{what}: AWS cannot be reached; try again later ({problem})")
    if isinstance(problem, NoCredentialsError | PartialCredentialsError):
        return RejectedSourceError(f"{what}: {_NO_CREDENTIALS} ({problem})")
    if isinstance(problem, SSOError | TokenRetrievalError | CredentialRetrievalError):
        return RejectedSourceError(f"{what}: {_EXPIRED} ({problem})")
    if isinstance(problem, ProfileNotFound):
        return RejectedSourceError(f"{what}: {problem}; look at profile in the source's settings")
    return RejectedSourceError(f"{what}: {' '.join(str(problem).split())}")
