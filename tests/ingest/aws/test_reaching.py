"""How AWS is reached: what each of its refusals means, in plain words, and what to do."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from ingest.port import Check, RejectedSourceError, SourceError, TransientSourceError
from ingest.sources.aws.errors import plain_errors
from ingest.sources.aws.export import AwsExport
from tests.ingest.aws.bills import Shop, focus_csv
from tests.peers.moto import deliver_aws_export
from tests.peers.serving import Handler, serving

ROLE = "arn:aws:iam::123456789012:role/comptroller-bills"


@dataclass
class Answer:
    """What a local server answers to everything, and the bodies that it was sent."""

    status: int
    body: str
    length: int | None = None
    asked: list[str] = field(default_factory=list)


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """Serve one answer on a free port."""

    class Http(Handler):
        protocol_version = "HTTP/1.0"  # the end of the connection ends a body that is too short

        def respond(self) -> None:
            answer.asked.append(self.body().decode())
            content = b"" if self.command == "HEAD" else answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Length", str(answer.length or len(content)))
            self.send_header("x-amz-bucket-region", "eu-west-1")
            self.send_header("ETag", '"1"')
            self.send_header("Last-Modified", "Sat, 21 Nov 2026 02:00:00 GMT")
            self.end_headers()
            self.wfile.write(content)

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Http)) as port:
        yield f"http://127.0.0.1:{port}"


def _error(code: str) -> str:
    return f"<Error><Code>{code}</Code><Message>said</Message></Error>"


def _refusal(source: AwsExport) -> str:
    with pytest.raises(SourceError) as found:
        list(source.announced({}))
    return f"{type(found.value).__name__}: {found.value}"


def _failed(checks: list[Check]) -> Check:
    (found,) = [one for one in checks if not one.passed]
    return found


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (400, "ExpiredToken", "Rejected.*the credentials have expired; sign in again"),
        (403, "InvalidAccessKeyId", "Rejected.*AWS does not know these credentials"),
        (403, "RequestTimeTooSkewed", "Rejected.*the clock of this machine is wrong"),
        (403, "AccessDenied", "Rejected.*AWS refuses it; allow s3:GetObject on arn:aws:s3:::b-1/"),
        (404, "NoSuchBucket", "Rejected.*there is no such bucket; look at bucket"),
        (400, "AuthorizationHeaderMalformed", "Rejected.*the bucket lies in another region"),
        (301, "PermanentRedirect", "Rejected.*the bucket lies in another region"),
        (400, "Odd", r"Rejected.*AWS does not accept the request \(AWS says Odd: said\)"),
        (503, "SlowDown", r"Transient.*AWS is busy \(SlowDown\); try again later"),
        (500, "Odd", "Transient.*AWS is busy"),
        (429, "Odd", "Transient.*AWS is busy"),
    ],
)
@pytest.mark.usefixtures("aws_environment")
def test_every_refusal_is_said_in_plain_words(status: int, code: str, sentence: str) -> None:
    """What somebody has to mend is rejected; what passes by itself is tried again."""
    with answering(Answer(status, _error(code))) as url:
        said = _refusal(Shop(url, None, "b-1").source(since="2026-11"))

    assert re.match(sentence, said), said


@pytest.mark.usefixtures("aws_environment")
def test_a_file_that_ends_too_early_is_tried_again(tmp_path: Path) -> None:
    """AWS announces 100 bytes and the connection ends after 10."""
    with answering(Answer(200, "0123456789", length=100)) as url:
        bucket = Shop(url, None, "b-1").source()._bucket
        found = bucket.look("a")
        assert found is not None

        with pytest.raises(TransientSourceError, match="AWS cannot be reached; try again later"):
            bucket.download(found, tmp_path / "a")


@pytest.mark.usefixtures("aws_environment")
def test_an_object_that_comes_while_it_is_looked_for_is_tried_again() -> None:
    """A HEAD finds nothing, and the GET that asks for the reason finds it."""
    with answering(Answer(200, "{}")) as url:
        bucket = Shop(url, None, "b-1").source()._bucket

        with pytest.raises(TransientSourceError, match="came while it was looked for"):
            bucket._refuse_but_missing("a")


@pytest.mark.usefixtures("aws_environment")
def test_a_server_that_is_not_there_is_tried_again() -> None:
    """Nobody listens at the port of a server that has ended."""
    with answering(Answer(200, "")) as url:
        pass

    said = _refusal(Shop(url, None, "b-1").source())

    assert re.match("Transient.*AWS cannot be reached; try again later", said), said


@pytest.mark.usefixtures("aws_environment")
def test_a_certificate_that_is_not_trusted_is_said() -> None:
    """A server without TLS has none at all."""
    with answering(Answer(200, "")) as url:
        said = _refusal(Shop(url.replace("http:", "https:"), None, "b-1").source())

    assert re.match("Rejected.*the certificate is not trusted; set AWS_CA_BUNDLE", said), said


@pytest.mark.usefixtures("aws_environment")
def test_without_credentials_the_sentence_says_where_they_are_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither environment nor files have any; a role cannot be assumed without any either."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    shop = Shop("http://127.0.0.1:9", None, "b-1")

    for source in (shop.source(), shop.source(role_arn=ROLE)):
        said = _refusal(source)
        assert re.match("Rejected.*no AWS credentials were found; set a profile", said), said


@pytest.mark.usefixtures("aws_environment")
def test_a_profile_that_is_not_there_is_named() -> None:
    """The sentence says which setting is wrong."""
    said = _refusal(Shop("http://127.0.0.1:9", None, "b-1").source(profile="acme"))

    assert re.match("Rejected.*profile .acme. could not be found; look at profile", said), said


@pytest.mark.usefixtures("aws_environment")
def test_a_sign_in_that_has_ended_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile of single sign-on has no token until somebody signs in."""
    config = tmp_path / "config"
    config.write_text(
        "[profile sso]\nsso_start_url = https://acme.example/start\nsso_region = us-east-1\n"
        "sso_account_id = 123456789012\nsso_role_name = bills\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("HOME", str(tmp_path))

    said = _refusal(Shop("http://127.0.0.1:9", None, "b-1").source(profile="sso"))

    assert re.match("Rejected.*the credentials have expired; sign in again", said), said


@pytest.mark.usefixtures("aws_environment")
def test_a_role_is_assumed_with_its_external_id() -> None:
    """The request to assume it names role, external id and session."""
    answer = Answer(403, f"<ErrorResponse>{_error('AccessDenied')}</ErrorResponse>")
    with answering(answer) as url:
        said = _refusal(Shop(url, None, "b-1").source(role_arn=ROLE, external_id="acme-7"))

    assert "ExternalId=acme-7" in answer.asked[0]
    assert "RoleSessionName=comptroller" in answer.asked[0]
    assert re.match("Rejected.*AWS refuses it; allow sts:AssumeRole on the role", said), said


def test_the_role_is_who_we_are_once_it_is_assumed(shop: Shop) -> None:
    """The first check names the role and the session in it."""
    deliver_aws_export(
        shop.s3, shop.bucket, "bills", "gpu", "2026-11", {"a.csv.gz": focus_csv("1")}
    )

    found = shop.source(role_arn=ROLE).check()

    assert [one.passed for one in found] == [True, True, True]
    assert "assumed-role/comptroller-bills/comptroller" in found[0].what


def test_a_key_that_aws_does_not_know_is_said(shop: Shop) -> None:
    """The server is told to look at who asks, and does not know us."""
    with _authorising(shop.url):
        said = _refusal(shop.source())

    assert re.match("Rejected.*AWS does not know these credentials", said), said


@contextmanager
def _authorising(url: str) -> Iterator[None]:
    """Let the server look at permissions, and afterwards no longer."""
    address = f"{url}/moto-api/reset-auth"
    plain = {"Content-Type": "text/plain"}
    urlopen(Request(address, b"0", plain)).close()  # noqa: S310 - the local server
    try:
        yield
    finally:
        urlopen(Request(address, b"inf", plain)).close()  # noqa: S310 - the local server


def test_a_bucket_that_may_not_be_read_names_the_permission(shop: Shop) -> None:
    """The bucket's policy denies what is needed."""
    denied = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:GetObject", "s3:HeadObject"],
        "Resource": f"arn:aws:s3:::{shop.bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    shop.s3.put_bucket_policy(Bucket=shop.bucket, Policy=policy)

    said = _refusal(shop.source())

    assert f"allow s3:GetObject on arn:aws:s3:::{shop.bucket}/* and s3:ListBucket" in said


def test_a_bucket_that_is_not_there_fails_the_second_check(shop: Shop) -> None:
    """The credentials are good; what comes after the bucket is not tried."""
    found = shop.source(bucket="b-of-nobody").check()

    assert [one.passed for one in found] == [True, False]
    assert "reaching the bucket b-of-nobody: there is no such" in found[1].advice


def test_a_bill_without_any_delivery_fails_the_third_check(shop: Shop) -> None:
    """The advice names both places and how long the first delivery takes."""
    advice = _failed(shop.source(since="2026-11").check()).advice

    assert "BILLING_PERIOD=2026-11/gpu-Manifest.json nor s3://" in advice
    assert "AWS writes the first within 24 hours" in advice


def test_a_bill_whose_file_is_lost_fails_the_third_check(shop: Shop) -> None:
    """The manifest of last month is there, its file is not."""
    deliver_aws_export(
        shop.s3, shop.bucket, "bills", "gpu", "2026-10", {"a.csv.gz": focus_csv("1")}
    )
    lost = "bills/gpu/data/BILLING_PERIOD=2026-10/a.csv.gz"
    shop.s3.delete_object(Bucket=shop.bucket, Key=lost)

    assert f"names {lost}, which is not there" in _failed(shop.source().check()).advice


def test_what_is_no_error_of_aws_goes_through() -> None:
    """Only AWS's own errors are put into other words."""
    with pytest.raises(ZeroDivisionError), plain_errors("dividing"):
        _ = 1 // 0


def test_a_refusal_without_a_known_permission_says_so() -> None:
    """What was asked stands first in the sentence."""
    problem = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetIt")

    with pytest.raises(RejectedSourceError, match=r"^asking: AWS refuses it \(AWS says"):  # noqa: SIM117
        with plain_errors("asking"):
            raise problem


@pytest.mark.usefixtures("aws_environment")
def test_a_bucket_that_is_not_there_is_told_as_one() -> None:
    """The answer to a HEAD is a bare 404, which of a bucket means the bucket."""
    with answering(Answer(404, "")) as url:
        bucket = Shop(url, None, "b-1").source()._bucket

        with pytest.raises(RejectedSourceError, match="there is no such bucket; look at bucket"):
            bucket.reach()


@pytest.mark.usefixtures("aws_environment")
def test_an_address_that_is_none_is_refused() -> None:
    """Without http:// or https:// nothing can be asked; a region that is none stays botocore's."""
    check = _failed(Shop("127.0.0.1:9000", None, "b-1").source().check())
    with pytest.raises(RejectedSourceError, match="reaching s3 in us east"):
        Shop("http://127.0.0.1:9", None, "b-1").source(region="us east")._bucket.reach()

    assert "Invalid endpoint: 127.0.0.1:9000; accepted is an address as https://" in check.advice
