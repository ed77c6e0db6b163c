"""Lakes in a bucket for the tests: of moto's server, each test with a bucket of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from service.store.roles import Logins
from tests.peers.moto import ENVIRONMENT, moto_server, s3_client
from tests.warehouse.staging import Stager
from warehouse.duck import DuckEngine
from warehouse.lake import Lake, open_lake


@dataclass(frozen=True)
class Bucket:
    """An empty bucket, and whoever looks into it behind the lake's back."""

    endpoint: str
    name: str
    client: Any

    def objects(self, prefix: str = "") -> list[str]:
        """The names of all objects, without those that stand for folders."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=prefix
        )
        found = [one["Key"] for page in pages for one in page.get("Contents", [])]
        return [key for key in found if not key.endswith("/")]


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """The address of a local S3."""
    with moto_server() as url:
        yield url


@pytest.fixture
def bucket(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket of this test alone, and credentials for it in the environment."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    found = Bucket(s3_url, f"lake-{uuid4()}", s3_client(s3_url))
    found.client.create_bucket(Bucket=found.name)
    return found


def open_in(
    bucket: Bucket, url: str, staging: Path, clock: Callable[[], datetime], prefix: str = "a/lake"
) -> Lake:
    """Open the lake below ``prefix``."""
    uri = f"s3://{bucket.name}/{prefix}"
    return open_lake(url, uri, clock=clock, staging=staging, endpoint=bucket.endpoint)


@pytest.fixture
def s3_lake(
    bucket: Bucket, database: Logins, tmp_path: Path, clock: Callable[[], datetime]
) -> Iterator[Lake]:
    """An empty lake in a bucket."""
    opened = open_in(bucket, database.app, tmp_path / "staging", clock)
    opened.ensure_tables()
    yield opened
    opened.close()


@pytest.fixture(params=["lake", "s3_lake"], ids=["folder", "bucket"])
def any_lake(request: pytest.FixtureRequest) -> Lake:
    """An empty lake, once in a folder and once in a bucket."""
    found: Lake = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def stager(lake: Lake, engine: DuckEngine, tmp_path: Path) -> Stager:
    """Something to stage with."""
    return Stager(lake, engine, tmp_path)
