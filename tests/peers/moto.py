"""A local S3 (and STS): moto's own server in a thread, and deliveries as AWS makes them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from boto3.session import Session
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

Mode = Literal["OVERWRITE_REPORT", "CREATE_NEW_REPORT"]

KEY = "testing-key"
SECRET = "testing-secret"  # noqa: S105 - of a server that lives as long as the tests
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nowhere/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials",
    "AWS_MAX_ATTEMPTS": "1",
}
"""What a process that talks to the server has in its environment, and nothing of the user's."""


@contextmanager
def moto_server() -> Iterator[str]:
    """Start a server on a free port and give its address; every test takes a bucket of its own."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        assert server._server is not None
        server._server.server_close()


def s3_client(url: str, key: str = KEY, secret: str = SECRET) -> Any:  # noqa: ANN401 - boto3 has no types
    """Return a client for deliveries, which is the test's own and not the program's."""
    session = Session(key, secret, region_name="us-east-1")
    return session.client("s3", endpoint_url=url)


def deliver_aws_export(  # noqa: PLR0917 - where, what and when: all of it is always said
    s3: Any,  # noqa: ANN401 - boto3 has no types
    bucket: str,
    prefix: str,
    export: str,
    period: str,
    files: Mapping[str, bytes],
    *,
    mode: Mode = "OVERWRITE_REPORT",
    execution: str = "2026-11-01T00:00:00.000Z-1",
    columns: Sequence[str] = (),
) -> str:
    """Deliver a billing period as Data Exports does: the files first, then the manifest.

    Returns the manifest's key. With ``CREATE_NEW_REPORT`` the files lie in the execution's folder.
    """
    home = "/".join(part for part in (prefix, export) if part)
    part = f"BILLING_PERIOD={period}"
    folder = f"{home}/data/{part}" + (f"/{execution}" if mode == "CREATE_NEW_REPORT" else "")
    keys = _put_all(s3, bucket, folder, files)
    manifest = {
        "executionId": execution,
        "dataFiles": [f"s3://{bucket}/{key}" for key in keys],
        "columns": [{"name": name, "type": "string"} for name in columns],
        "additionalOutputFiles": [],
    }
    return _put_manifest(s3, bucket, f"{home}/metadata/{part}/{export}-Manifest.json", manifest)


def deliver_legacy_report(  # noqa: PLR0917 - as above
    s3: Any,  # noqa: ANN401 - boto3 has no types
    bucket: str,
    prefix: str,
    report: str,
    period: str,
    files: Mapping[str, bytes],
    *,
    mode: Mode = "CREATE_NEW_REPORT",
    assembly: str = "20261101T000000Z",
    columns: Sequence[tuple[str, str]] = (),
) -> str:
    """Deliver a billing period as the legacy Cost and Usage Report does, and return its manifest.

    ``columns`` are categories and names, as ``("lineItem", "UsageType")``.
    """
    year, month = int(period[:4]), int(period[5:])
    start = f"{year:04}{month:02}01"
    end = f"{year + month // 12:04}{month % 12 + 1:02}01"
    home = f"{prefix}/{report}/{start}-{end}"
    folder = home + (f"/{assembly}" if mode == "CREATE_NEW_REPORT" else "")
    manifest = {
        "assemblyId": assembly,
        "bucket": bucket,
        "billingPeriod": {"start": f"{start}T000000.000Z", "end": f"{end}T000000.000Z"},
        "reportKeys": _put_all(s3, bucket, folder, files),
        "columns": [{"category": category, "name": name} for category, name in columns],
        "compression": "GZIP",
    }
    return _put_manifest(s3, bucket, f"{home}/{report}-Manifest.json", manifest)


def _put_all(s3: Any, bucket: str, folder: str, files: Mapping[str, bytes]) -> list[str]:  # noqa: ANN401 - boto3 has no types
    for name, content in files.items():
        s3.put_object(Bucket=bucket, Key=f"{folder}/{name}", Body=content)
    return [f"{folder}/{name}" for name in files]


def _put_manifest(s3: Any, bucket: str, key: str, manifest: Mapping[str, object]) -> str:  # noqa: ANN401 - boto3 has no types
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(manifest).encode())
    return key
