"""What a bill in S3 needs, tried one after the other: credentials, bucket, manifest, data."""

from collections.abc import Callable

from ingest.port import Check, RejectedSourceError, SourceError
from ingest.sources.aws.bucket import Bucket, S3Object
from ingest.sources.aws.errors import plain_errors
from ingest.sources.aws.manifest import Manifest
from ingest.sources.aws.session import AwsClients


def bill_checks(
    clients: AwsClients, bucket: Bucket, latest: Callable[[], tuple[S3Object, Manifest]]
) -> list[Check]:
    """Try everything in the order in which it is needed; what follows a failure is not tried."""
    tries: tuple[tuple[str, Callable[[], str]], ...] = (
        ("AWS credentials", lambda: _identity(clients)),
        (f"bucket {bucket.name}", lambda: _reached(bucket)),
        ("manifest and data file of this or the last month", lambda: _readable(bucket, latest)),
    )
    found: list[Check] = []
    for what, attempt in tries:
        found.append(_tried(what, attempt))
        if not found[-1].passed:
            break
    return found


def _tried(what: str, attempt: Callable[[], str]) -> Check:
    try:
        detail = attempt()
    except SourceError as problem:
        return Check(what, passed=False, advice=str(problem))
    return Check(f"{what} ({detail})", passed=True)


def _identity(clients: AwsClients) -> str:
    with plain_errors("asking AWS who we are"):
        return str(clients.client("sts").get_caller_identity()["Arn"])


def _reached(bucket: Bucket) -> str:
    bucket.reach()
    return "reachable"


def _readable(bucket: Bucket, latest: Callable[[], tuple[S3Object, Manifest]]) -> str:
    """Read the newest manifest, and look at the first file that it names."""
    found, manifest = latest()
    for key in manifest.keys[:1]:
        if bucket.look(key) is None:
            raise RejectedSourceError(
                f"{bucket.place(found.key)}: names {key}, which is not there; if a lifecycle rule "
                "of the bucket removed it, let AWS deliver the period again"
            )
    return f"{found.key}, {len(manifest.keys)} files"
