"""A lake in a bucket of S3, or of a server that speaks its language.

Credentials come the way of all AWS tools (environment, profile, role of the machine). They are
asked for anew at every use, as those of a role expire.
"""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from hashlib import file_digest
from importlib.resources import files as resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import boto3
import duckdb
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.exceptions import ConnectionError as NoConnection

from warehouse.catalog import private_folder
from warehouse.errors import LakeNotOpen
from warehouse.sql_text import literal
from warehouse.storage import LOADS, StoredFile, is_older, remove_folder, subfolders

_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([A-Za-z0-9_.=/-]*[A-Za-z0-9_=-])")
_AWS_REGION = "us-east-1"
_AT_ONCE = 8
ATTEMPTS = 5
"""How often a request is tried."""
_UPLOAD = TransferConfig(multipart_chunksize=16 * 2**20, max_concurrency=4)
"""A part of each of four threads is in memory: 64 MiB, and files of up to 160 GB."""


def open_bucket(uri: str, staging: Path, endpoint: str | None, region: str | None) -> "S3Storage":
    """Open ``s3://bucket/prefix`` and look into it once.

    Raises:
        LakeNotOpen: When the address is none, or the bucket cannot be listed.
    """
    found = _ADDRESS.fullmatch(uri.rstrip("/"))
    if found is None or any(part in {"", ".", ".."} for part in found[2].split("/")):
        raise LakeNotOpen(
            f"{uri} is no place for a lake; accepted is s3://bucket/prefix with letters, digits and"
            " - _ . = in a prefix of one or more names"
        )
    scheme = urlsplit(endpoint).scheme if endpoint else "https"
    if scheme not in {"http", "https"}:
        raise LakeNotOpen(f"lake_s3_endpoint must begin with http:// or https://, not {endpoint}")
    storage = S3Storage(found[1], found[2], private_folder(staging), endpoint, region)
    storage.look()
    return storage


class S3Storage:
    """A lake below a prefix of a bucket: a load writes into a local folder, a commit uploads."""

    def __init__(
        self, bucket: str, prefix: str, staging: Path, endpoint: str | None, region: str | None
    ) -> None:
        """Take the address in parts; ``open_bucket`` looks whether it is one."""
        self.uri = f"s3://{bucket}/{prefix}"
        self._bucket, self._prefix, self._staging = bucket, prefix, staging
        self._endpoint = endpoint.rstrip("/") if endpoint else None
        self._session = boto3.session.Session()
        self._region = region or self._session.region_name or _AWS_REGION
        # Servers other than AWS are addressed by path and know no checksums by default.
        own = {"s3": {"addressing_style": "path"}, "request_checksum_calculation": "when_required"}
        config = Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            max_pool_connections=2 * _AT_ONCE,
            **(own if endpoint else {}),
        )
        self._client = self._session.client(
            "s3", endpoint_url=self._endpoint, region_name=self._region, config=config
        )

    def look(self) -> None:
        """List one object, so that a wrong address or a missing right is told at once.

        Raises:
            LakeNotOpen: When that fails; the sentence says what to do.
        """
        with self._plain_words():
            self._client.list_objects_v2(Bucket=self._bucket, Prefix=f"{self._prefix}/", MaxKeys=1)

    def table_place(self, name: str) -> str:
        """An address below the lake's; a bucket has no folders to make."""
        return f"{self.uri}/{name}"

    def folder(self, load_id: UUID) -> Path:
        """A private folder of this machine."""
        return private_folder(self._staging / LOADS / str(load_id))

    def publish(self, path: str, load_id: str) -> str:
        """Upload the file under a name of its content: an object is never replaced by another."""
        file = Path(path)
        with file.open("rb") as stream:
            digest = file_digest(stream, "sha256").hexdigest()[:16]
        key = f"{self._prefix}/{LOADS}/{load_id}/{file.stem}-{digest}{file.suffix}"
        with self._plain_words():
            self._client.upload_file(path, self._bucket, key, Config=_UPLOAD)
        return f"s3://{self._bucket}/{key}"

    def close(self, load_id: UUID) -> None:
        """Remove the local folder: what counts was uploaded."""
        remove_folder(self._staging / LOADS / str(load_id))

    def loads(self) -> list[str]:
        """Those in the bucket and those on this machine."""
        base = f"{self._prefix}/{LOADS}/"
        pages = self._client.get_paginator("list_objects_v2")
        found = set(subfolders(self._staging / LOADS))
        with self._plain_words():
            for page in pages.paginate(Bucket=self._bucket, Prefix=base, Delimiter="/"):
                for one in page.get("CommonPrefixes", []):
                    found.add(one["Prefix"].removeprefix(base).rstrip("/"))
        return sorted(found)

    def files(self, place: str) -> Iterator[StoredFile]:
        """All objects below the place but the empty ones that stand for folders."""
        pages = self._client.get_paginator("list_objects_v2")
        with self._plain_words():
            for page in pages.paginate(Bucket=self._bucket, Prefix=f"{self._prefix}/{place}/"):
                for one in page.get("Contents", []):
                    if not one["Key"].endswith("/"):
                        uri = f"s3://{self._bucket}/{one['Key']}"
                        yield StoredFile(uri, one["Size"], one["LastModified"])

    def delete(self, files: Sequence[StoredFile]) -> None:
        """One request for each file, which every server understands."""
        with self._plain_words(), ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self._delete, [file.uri for file in files]))

    def _delete(self, uri: str) -> None:
        key = uri.removeprefix(f"s3://{self._bucket}/")
        self._client.delete_object(Bucket=self._bucket, Key=key)

    def tidy(self, dead: Sequence[str], before: datetime) -> None:
        """Local folders of loads that died on this machine."""
        for name in dead:
            folder = self._staging / LOADS / name
            if folder.exists() and is_older(folder, before):
                remove_folder(folder)

    def one_name(self, uri: str) -> str:
        """An object has one name only."""
        return uri

    def io_properties(self) -> dict[str, str]:
        """Credentials, region and endpoint by PyIceberg's names."""
        keys = self._credentials()
        found = {
            "s3.access-key-id": keys.access_key,
            "s3.secret-access-key": keys.secret_key,
            "s3.session-token": keys.token,
            "s3.region": self._region,
            "s3.endpoint": self._endpoint,
            "s3.force-virtual-addressing": None if self._endpoint else "true",
            "s3.connect-timeout": "10",
            "s3.request-timeout": "60",
        }
        return {name: str(value) for name, value in found.items() if value}

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Load the extension from the package it came with, and tell it the credentials.

        Raises:
            LakeNotOpen: When there is none for this version of DuckDB.
        """
        connection.execute(f"LOAD {literal(str(_extension()))}")
        keys = self._credentials()
        parts = urlsplit(self._endpoint or "")
        options = {
            "KEY_ID": keys.access_key,
            "SECRET": keys.secret_key,
            "SESSION_TOKEN": keys.token,
            "REGION": self._region,
            "SCOPE": f"{self.uri}/",
            "ENDPOINT": f"{parts.netloc}{parts.path}",
            "URL_STYLE": "path" if self._endpoint else None,
        }
        told = "".join(f", {name} {literal(value)}" for name, value in options.items() if value)
        secure = "false" if parts.scheme == "http" else "true"
        connection.execute(f"CREATE SECRET lake (TYPE s3, USE_SSL {secure}{told})")

    def open_places(self) -> list[str]:
        """The lake and, for what is being written, the local folder."""
        return [f"{self.uri}/", f"{self._staging}/"]

    def _credentials(self) -> Any:  # noqa: ANN401 - botocore has no annotations
        with self._plain_words():
            found = self._session.get_credentials()
            if found is None:
                raise NoCredentialsError
            return found.get_frozen_credentials()

    @contextmanager
    def _plain_words(self) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, Boto3Error, ClientError) as error:
            raise LakeNotOpen(self._sentence(error)) from error

    def _sentence(self, error: Exception) -> str:
        where = self._endpoint or f"AWS in {self._region}"
        if isinstance(error, NoCredentialsError):
            return (
                f"there are no AWS credentials for {self.uri}: set AWS_PROFILE, or"
                " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role"
            )
        if isinstance(error, NoConnection):
            return (
                f"no S3 answers at {where} for {self.uri}: check the network and lake_s3_endpoint"
            )
        cause = error.__context__ if isinstance(error, Boto3Error) else error
        code = cause.response["Error"]["Code"] if isinstance(cause, ClientError) else ""
        for codes, sentence in _SENTENCES.items():
            if code in codes:
                return sentence.format(uri=self.uri, bucket=self._bucket, where=where)
        return f"{self.uri} cannot be used at {where}: {error}"


_SENTENCES = {
    ("NoSuchBucket", "404"): "there is no bucket {bucket} at {where}: make it, or correct lake_uri",
    ("AccessDenied", "403", "AllAccessDisabled"): (
        "access to {uri} is denied: the credentials need s3:ListBucket on the bucket and"
        " s3:GetObject, s3:PutObject and s3:DeleteObject below the prefix"
    ),
    ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"): (
        "{where} does not accept the AWS credentials for {uri}: they are unknown or have expired"
    ),
    ("PermanentRedirect", "AuthorizationHeaderMalformed", "301"): (
        "bucket {bucket} is not at {where}: set lake_s3_region to the bucket's region"
    ),
}


def _extension() -> Path:
    package = Path(str(resources("duckdb_extension_httpfs")))
    found = package / "extensions" / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"
    if not found.exists():
        raise LakeNotOpen(
            f"the package duckdb-extension-httpfs has nothing for DuckDB {duckdb.__version__}:"
            " install the versions of requirements.lock"
        )
    return found
