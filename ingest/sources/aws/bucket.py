"""Objects in one S3 bucket, read by their keys: never listed, never changed."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from ingest.port import TransientSourceError
from ingest.sources.aws.errors import code_of, plain_errors
from ingest.sources.aws.session import AwsClients

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class S3Object:
    """What is known of an object without its content."""

    key: str
    etag: str
    size_bytes: int
    modified: datetime


class Bucket:
    """A bucket that AWS delivers bills into."""

    def __init__(self, name: str, clients: AwsClients, region: str) -> None:
        """Ask nothing yet."""
        self.name = name
        self._clients = clients
        self._region = region

    def place(self, key: str) -> str:
        """Return the address of an object, for messages."""
        return f"s3://{self.name}/{key}"

    def look(self, key: str) -> S3Object | None:
        """Say what is known of an object; nothing where there is none.

        Raises:
            SourceError: When AWS does not answer that.
        """
        with plain_errors(f"reading {self.place(key)}", self._permission):
            try:
                found = self._client.head_object(Bucket=self.name, Key=key)
            except ClientError:
                self._refuse_but_missing(key)
                return None
        return S3Object(key, found["ETag"], found["ContentLength"], found["LastModified"])

    def content(self, found: S3Object) -> bytes:
        """Return a small object's content.

        Raises:
            SourceError: When it cannot be had, or has been replaced since it was looked at.
        """
        with plain_errors(f"reading {self.place(found.key)}", self._permission):
            content: bytes = self._body(found).read()
            return content

    def download(self, found: S3Object, path: Path) -> None:
        """Write an object's content to a file, piece by piece.

        Raises:
            SourceError: When it cannot be had whole, or has been replaced since it was looked at.
        """
        with (
            plain_errors(f"reading {self.place(found.key)}", self._permission),
            path.open("wb") as file,
        ):
            for chunk in self._body(found).iter_chunks(_CHUNK_BYTES):
                file.write(chunk)

    def refuse_change(self, found: S3Object) -> None:
        """Refuse to go on when an object is no longer what it was.

        Raises:
            TransientSourceError: When it has been replaced or removed.
        """
        now = self.look(found.key)
        if now is None or now.etag != found.etag:
            raise TransientSourceError(
                f"{self.place(found.key)}: a new delivery came while this one was read; try again"
            )

    def reach(self) -> None:
        """Find out whether the bucket is there and may be asked.

        Raises:
            SourceError: When it may not; says why.
        """
        with plain_errors(f"reaching the bucket {self.name}", self._permission):
            self._client.head_bucket(Bucket=self.name)

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - boto3 has no types
        return self._clients.client("s3", self._region)

    @property
    def _permission(self) -> str:
        """Without leave to list, AWS answers "denied" where it should say "not there"."""
        bucket = f"arn:aws:s3:::{self.name}"
        return f"s3:GetObject on {bucket}/* and s3:ListBucket on {bucket}"

    def _body(self, found: S3Object) -> Any:  # noqa: ANN401 - boto3 has no types
        """Open the content that was looked at; boto3 refuses fewer bytes than AWS announced."""
        return self._client.get_object(Bucket=self.name, Key=found.key, IfMatch=found.etag)["Body"]

    def _refuse_but_missing(self, key: str) -> None:
        """Ask again for the reason: the answer to a HEAD has none, not even "no such bucket"."""
        try:
            self._client.get_object(Bucket=self.name, Key=key)["Body"].close()
        except ClientError as problem:
            if code_of(problem) != "NoSuchKey":
                raise
        else:
            raise TransientSourceError(
                f"{self.place(key)}: came while it was looked for; try again"
            )
