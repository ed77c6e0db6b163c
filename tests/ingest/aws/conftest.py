"""What tests of AWS as a source share: a local server, and credentials that it takes."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.ingest.aws.bills import Shop
from tests.peers.moto import ENVIRONMENT, moto_server, s3_client


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """The address of a local S3 and STS."""
    with moto_server() as url:
        yield url


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that the server takes, and nothing of whoever runs the tests."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def s3(moto_url: str) -> Any:  # noqa: ANN401 - boto3 has no types
    """The hand that delivers into the local S3."""
    return s3_client(moto_url)


@pytest.fixture
def shop(moto_url: str, s3: Any, aws_environment: None) -> Shop:  # noqa: ANN401 - boto3 has no types
    """A new bucket."""
    del aws_environment
    bucket = f"bills-{uuid4()}"
    s3.create_bucket(Bucket=bucket)
    return Shop(moto_url, s3, bucket)
