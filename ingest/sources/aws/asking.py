"""Calls of AWS's APIs: each says what it is for and which IAM action it needs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from ingest.port import SourceError
from ingest.sources.aws.errors import code_of, plain_errors

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})


@contextmanager
def asking(what: str, action: str) -> Iterator[None]:
    """Turn what goes wrong into a sentence that names ``what`` was asked for and the action.

    Raises:
        SourceError: In the place of AWS's error.
    """
    with plain_errors(f"asking AWS for {what} ({action})"):
        yield


def is_denied(problem: SourceError) -> bool:
    """Say whether AWS refused because a permission is missing."""
    cause = problem.__cause__
    return isinstance(cause, ClientError) and code_of(cause) in _DENIED


def all_pages(
    client: Any,  # noqa: ANN401 - boto3 has no types
    operation: str,
    key: str,
    arguments: Mapping[str, Any],
    token: str = "NextToken",  # noqa: S107 - a name
) -> Iterator[Any]:
    """Yield what stands under ``key``, page by page, also where boto3 knows no paginator."""
    more: dict[str, Any] = {}
    while True:
        answer = getattr(client, operation)(**arguments, **more)
        yield from answer.get(key, ())
        if not answer.get(token):
            return
        more = {token: answer[token]}


def portions(items: Sequence[str], size: int) -> Iterator[list[str]]:
    """Cut a list that AWS takes only ``size`` of at once."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
