"""What Google's errors mean, in plain words: what is missing and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from ingest.port import RejectedSourceError, TransientSourceError

_BUSY_REASONS = frozenset({"quotaExceeded", "rateLimitExceeded", "resourcesExceeded"})
_BUSY = (
    api.TooManyRequests,
    api.ServerError,
    api.RetryError,
    api.Cancelled,
    auth.TransportError,
    requests.RequestException,
    ConnectionError,
    TimeoutError,
)
_SIGN_IN = (
    "run `gcloud auth application-default login`, or name the key file of a service account in "
    "GOOGLE_APPLICATION_CREDENTIALS"
)


@contextmanager
def answers(what: str, permission: str) -> Iterator[None]:
    """Turn Google's errors into ours; ``permission`` says which role asking takes.

    Raises:
        TransientSourceError: When asking again later may help.
        RejectedSourceError: When something is missing first.
    """
    try:
        yield
    except auth.DefaultCredentialsError as problem:
        raise RejectedSourceError(
            f"{what}: no Google credentials were found ({_first_line(problem)}); {_SIGN_IN}"
        ) from problem
    except _BUSY as problem:
        raise TransientSourceError(
            f"{what}: Google cannot answer now ({_first_line(problem)}); try again later"
        ) from problem
    except auth.GoogleAuthError as problem:
        raise RejectedSourceError(
            f"{what}: Google does not take these credentials ({_first_line(problem)}); sign in "
            "again or make a new key"
        ) from problem
    except api.GoogleAPICallError as problem:
        if _reasons(problem) & _BUSY_REASONS:
            raise TransientSourceError(
                f"{what}: a quota is used up ({_first_line(problem)}); try again later, or ask "
                "for more"
            ) from problem
        raise RejectedSourceError(f"{what}: {_meaning(problem, permission)}") from problem


def _meaning(problem: api.GoogleAPICallError, permission: str) -> str:
    said = _first_line(problem)
    if isinstance(problem, api.Unauthorized):
        return f"Google does not take these credentials ({said}); sign in again or make a new key"
    if isinstance(problem, api.Forbidden):
        return f"Google refuses it ({said}); it needs {permission}"
    if isinstance(problem, api.NotFound):
        return (
            f"there is no such thing ({said}); look at table and at location, which must be that "
            "of the dataset; a new export takes up to a day until its table is there"
        )
    return f"Google does not accept it: {said}"


def _reasons(problem: api.GoogleAPICallError) -> frozenset[str]:
    """Return the reasons that BigQuery gives beside a status."""
    given = [one for one in problem.errors or () if isinstance(one, dict)]
    return frozenset(str(one.get("reason")) for one in given)


def _first_line(problem: Exception) -> str:
    return (str(problem).strip() or type(problem).__name__).splitlines()[0]
