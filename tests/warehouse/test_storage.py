"""A lake opens where it can be used, and says in a sentence where it cannot."""

import shutil
import socket
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import duckdb
import pytest
import requests

from service.store.roles import Logins
from tests.warehouse.conftest import Bucket, open_in
from tests.warehouse.rows import OCTOBER, amounts, costs, deliver, load_id, stage
from warehouse import storage_s3
from warehouse.commit import commit
from warehouse.duck import DuckEngine
from warehouse.errors import LakeNotOpen, StorageFailed
from warehouse.lake import Lake, open_lake
from warehouse.places import open_storage
from warehouse.port import Question
from warehouse.storage import StoredFile


def refusal(uri: str, staging: Path, endpoint: str | None = None) -> str:
    """What is said when the place is opened."""
    with pytest.raises(LakeNotOpen) as found:
        open_storage(uri, staging, endpoint, None)
    return str(found.value)


@pytest.mark.parametrize(
    "uri",
    [
        "s3://bucket",
        "s3://bucket/",
        "s3://Bucket/lake",
        "s3://bucket/a//b",
        "s3://bucket/../b",
        "s3://bucket/a b",
        "s3://bucket/lake*",
        "s3:///lake",
    ],
)
def test_an_address_is_a_bucket_and_a_prefix_of_plain_characters(uri: str, tmp_path: Path) -> None:
    """Stars would be patterns to the engine, and two dots lead out of the lake."""
    assert f"{uri} is no place for a lake; accepted is s3://bucket/prefix" in refusal(uri, tmp_path)


def test_an_endpoint_is_a_web_address(tmp_path: Path) -> None:
    """A host name alone does not say whether it speaks TLS."""
    assert refusal("s3://bucket/lake", tmp_path, "minio:9000") == (
        "lake_s3_endpoint must begin with http:// or https://, not minio:9000"
    )


def test_a_bucket_needs_a_folder_of_this_machine() -> None:
    """Files are written there before they are uploaded."""
    with pytest.raises(LakeNotOpen, match="needs a local folder for what is being written"):
        open_storage("s3://bucket/lake", None, None, None)


def test_a_bucket_that_is_not_there_is_named(bucket: Bucket, tmp_path: Path) -> None:
    """The name may be misspelt, or the server the wrong one."""
    assert refusal("s3://nowhere-at-all/lake", tmp_path, bucket.endpoint) == (
        f"there is no bucket nowhere-at-all at {bucket.endpoint}: make it, or correct lake_uri"
    )


def test_a_server_that_does_not_answer_is_named(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing listens on a port that was just given back."""
    del bucket
    monkeypatch.setattr(storage_s3, "ATTEMPTS", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"

    assert refusal("s3://bucket/lake", tmp_path, endpoint) == (
        f"no S3 answers at {endpoint} for s3://bucket/lake: check the network and lake_s3_endpoint"
    )


def test_no_credentials_are_told_with_the_ways_to_give_them(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None in the environment, no profile, no role."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    uri = f"s3://{bucket.name}/lake"

    assert refusal(uri, tmp_path, bucket.endpoint) == (
        f"there are no AWS credentials for {uri}: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and"
        " AWS_SECRET_ACCESS_KEY, or give this machine a role"
    )


def test_credentials_and_rights_that_are_missing_are_told_apart(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that nobody has is not accepted; a user without a policy is denied."""
    from boto3.session import Session

    session = Session("k", "s", region_name="us-east-1")
    iam = session.client("iam", endpoint_url=bucket.endpoint)
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    uri = f"s3://{bucket.name}/lake"
    requests.post(f"{bucket.endpoint}/moto-api/reset-auth", data="0", timeout=10)
    try:
        unknown = refusal(uri, tmp_path, bucket.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        denied = refusal(uri, tmp_path, bucket.endpoint)
    finally:
        requests.post(f"{bucket.endpoint}/moto-api/reset-auth", data="inf", timeout=10)

    assert unknown.startswith(f"{bucket.endpoint} does not accept the AWS credentials for {uri}")
    assert denied.startswith(f"access to {uri} is denied: the credentials need s3:ListBucket")


def test_an_unknown_trouble_is_passed_on(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that knows no GET answers 501."""
    del bucket
    monkeypatch.setattr(storage_s3, "ATTEMPTS", 1)
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        Thread(target=server.handle_request).start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        said = refusal("s3://bucket/lake", tmp_path, endpoint)

    assert said.startswith(
        f"s3://bucket/lake cannot be used at {endpoint}: An error occurred (501)"
    )


def test_a_version_of_duckdb_without_extension_is_refused(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extension must be of exactly the engine's version."""
    opened = open_storage(f"s3://{bucket.name}/lake", tmp_path, bucket.endpoint, None)

    with duckdb.connect() as connection:
        monkeypatch.setattr(duckdb, "__version__", "1.5.6")
        with pytest.raises(LakeNotOpen, match=r"nothing for DuckDB 1\.5\.6: install the versions"):
            opened.prepare(connection)


def test_aws_is_addressed_by_the_name_of_the_bucket_and_with_the_session_token(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials of a role have a token, and AWS wants the bucket in the host name."""
    del bucket
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    opened = storage_s3.S3Storage("bucket", "lake", tmp_path, None, "eu-west-1")

    with duckdb.connect() as connection:
        opened.prepare(connection)
        [(secret,)] = connection.execute("SELECT secret_string FROM duckdb_secrets()").fetchall()

    properties = opened.io_properties()
    assert properties["s3.session-token"] == "token"
    assert properties["s3.region"] == "eu-west-1"
    assert properties["s3.force-virtual-addressing"] == "true"
    assert "s3.endpoint" not in properties
    assert {"region=eu-west-1", "use_ssl=true", "scope=s3://bucket/lake/"} <= set(secret.split(";"))
    assert "url_style" not in secret


@pytest.mark.slow
def test_nothing_is_kept_in_the_home_folder(
    s3_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extension is loaded from its package, and no secret is stored."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    deliver(s3_lake, {OCTOBER: ["1"]}, number=1)
    engine = DuckEngine(s3_lake, threads=1, temp_folder=tmp_path / "spill")

    engine.query(Question("ask/cost_by_source"), s3_lake.view())

    assert list(home.iterdir()) == []


@pytest.mark.slow
def test_two_lakes_in_one_bucket_do_not_meet(
    bucket: Bucket, database: Logins, tmp_path: Path, clock: Callable[[], datetime]
) -> None:
    """A lake that was made below another prefix is refused, as one that was moved."""
    first = open_in(bucket, database.app, tmp_path / "one", clock)
    first.ensure_tables()
    second = open_in(bucket, database.app, tmp_path / "two", clock, "a/lake-2")

    with pytest.raises(LakeNotOpen, match="a lake cannot be moved"):
        second.ensure_tables()
    for opened in (first, second):
        opened.close()


def test_a_bucket_that_vanishes_fails_each_act_in_a_sentence(bucket: Bucket, s3_lake: Lake) -> None:
    """Looking at a table, uploading and listing: each names the lake, and nothing is half done."""
    file = stage(s3_lake, OCTOBER, ["1"], load_id(1))
    view = s3_lake.view()
    for key in bucket.objects():
        bucket.client.delete_object(Bucket=bucket.name, Key=key)
    bucket.client.delete_bucket(Bucket=bucket.name)

    with pytest.raises(LakeNotOpen, match="there is no bucket"):
        commit(
            s3_lake,
            "cost_line",
            partitions=[OCTOBER],
            files=[file],
            load_id=load_id(1),
            version=1,
            delivered={},
        )
    with pytest.raises(LakeNotOpen, match="there is no bucket"):
        s3_lake.storage.loads()
    with pytest.raises(LakeNotOpen, match="there is no bucket"):
        s3_lake.storage.delete([StoredFile(f"{s3_lake.storage.uri}/x", 1, s3_lake.clock())])
    s3_lake._catalog._known.clear()
    with pytest.raises(StorageFailed, match=r"the storage of price failed \("):
        s3_lake.view(["price"])
    assert view.snapshots["price"] is None


def test_files_that_vanish_are_told_as_trouble_of_the_storage(
    lake: Lake, engine: DuckEngine
) -> None:
    """The snapshot is kept, but someone deleted its file: not a fault of the question."""
    deliver(lake, {OCTOBER: ["1"]}, number=1)
    view = lake.view(["cost_line"])
    [path] = lake.files("cost_line", view.snapshots["cost_line"])
    Path(path).unlink()

    with pytest.raises(StorageFailed, match="the storage of the lake failed"):
        engine.query(Question("ask/cost_by_source"), view)


def test_a_folder_that_cannot_be_written_is_told(lake: Lake) -> None:
    """Where the folder of table metadata was is a file: the commit fails, and says of what."""
    shutil.rmtree(lake.root / "cost_line" / "metadata")
    (lake.root / "cost_line" / "metadata").touch()

    with pytest.raises(StorageFailed, match=r"the storage of cost_line failed \("):
        deliver(lake, {OCTOBER: ["1"]}, number=1)


def test_what_was_read_of_a_table_is_read_once(lake: Lake) -> None:
    """A table's metadata file never changes; a commit of another process brings a new one."""
    other = open_lake(lake.url, lake.storage.uri, clock=lake.clock)
    first = lake.table("price").metadata

    deliver(other, {OCTOBER: ["1"]}, number=1)
    other.close()

    assert lake.table("price").metadata is first
    assert costs(lake) == {"2026-10": amounts("1")}
