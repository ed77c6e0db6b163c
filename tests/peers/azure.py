"""Azure as it answers over the wire: a TLS server for its APIs and blobs, and azurite for blobs.

``fake_azure`` signs in, runs Cost Management, lists reservations, savings plans and retail prices,
and holds blobs, all as the SDKs' own clients ask for them. ``azurite`` is Microsoft's emulator of
Blob storage, from npm. ``deliver_azure_export`` writes a run of an export into either.
"""

import json
import os
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import trustme
from azure.core.exceptions import ServiceRequestError
from azure.storage.blob import ContainerClient, ExponentialRetry

from tests.peers.serving import Handler, serving

TENANT = "tenant"
SUBSCRIPTION = "subscriptions/11111111-2222-3333-4444-555555555555"
ENVIRONMENT = {
    "AZURE_TENANT_ID": TENANT,
    "AZURE_CLIENT_ID": "client",
    "AZURE_CLIENT_SECRET": "secret",
}
"""What a service principal of the peer has in its environment."""

CONTAINER = "/account/bills"
_ROOT = Path(__file__).resolve().parents[2]
_AZURITE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
"""Everybody's key of the emulator; it opens nothing else."""


@dataclass(frozen=True)
class Request:
    """One request that arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever JSON it is
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; a body that is no bytes is written as JSON."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The bytes of the body."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Blob:
    """A blob's bytes, and when they were written."""

    data: bytes
    written: datetime

    @property
    def etag(self) -> str:
        """A name of content and time."""
        return f'"0x{sha256(self.data + str(self.written).encode()).hexdigest()[:15].upper()}"'


@dataclass
class FakeAzure:
    """What it holds and was asked; ``scripted`` answers come first, each once, by path."""

    ca_file: str
    url: str = ""
    blobs: dict[str, Blob] = field(default_factory=dict)
    changing: dict[str, bytes] = field(default_factory=dict)
    exports: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    reports: dict[str, list[Answer]] = field(default_factory=dict)
    lists: dict[str, list[Answer]] = field(default_factory=dict)
    scripted: list[tuple[str, Answer]] = field(default_factory=list)
    calls: list[Request] = field(default_factory=list)

    @property
    def container_url(self) -> str:
        """The address of the only container."""
        return f"{self.url}{CONTAINER}"

    def put(self, name: str, data: bytes, *, days_old: float = 0) -> None:
        """Write a blob; its time is now, or ``days_old`` days before."""
        written = datetime.now(UTC) - timedelta(days=days_old)
        self.blobs[name] = Blob(data, written)

    def delete(self, name: str) -> None:
        """Delete a blob."""
        del self.blobs[name]

    def asked(self, part: str) -> list[Request]:
        """Return the requests whose path holds ``part``."""
        return [call for call in self.calls if part in call.path]

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        self.calls.append(request)
        for scripted in self.scripted:
            if scripted[0] in request.path:
                self.scripted.remove(scripted)
                return scripted[1]
        if request.path.endswith("/.well-known/openid-configuration"):
            return self._openid()
        if request.path.endswith("/oauth2/v2.0/token"):
            token = {"token_type": "Bearer", "expires_in": 3600, "access_token": "a-token"}
            return Answer(body=token)
        if request.path.startswith(CONTAINER):
            return self._blob(request)
        if "Authorization" not in request.headers and "/retail/" not in request.path:
            return refused(401, "AuthenticationFailed", "no token")
        return self._management(request)

    def _openid(self) -> Answer:
        begin = f"{self.url}/{TENANT}/oauth2/v2.0"
        return Answer(
            body={
                "issuer": f"{self.url}/{TENANT}/v2.0",
                "authorization_endpoint": f"{begin}/authorize",
                "token_endpoint": f"{begin}/token",
            }
        )

    def _management(self, request: Request) -> Answer:
        path = request.path
        if "/exports/" in path:
            return self._export(request)
        if path.endswith("/generateCostDetailsReport"):
            return self._report(request.json["timePeriod"]["start"][:7])
        if "/costDetailsOperationResults/" in path:
            return self._report(path.rpartition("/")[2])
        if path.endswith("/Microsoft.CostManagement/query"):
            columns = [{"name": "Cost", "type": "Number"}, {"name": "Currency", "type": "String"}]
            return Answer(body={"properties": {"columns": columns, "rows": [[1.5, "USD"]]}})
        for prefix, pages in self.lists.items():
            if path.lower().startswith(prefix.lower()):
                return self._page(prefix, pages, int(request.query.get("page", "0")))
        return refused(404, "ResourceNotFound", f"nothing at {path}")

    def _page(self, path: str, pages: list[Answer], number: int) -> Answer:
        """Answer one page of a list, with the address of the next."""
        page = pages[number]
        if number + 1 == len(pages):
            return page
        link = "NextPageLink" if "/retail/" in path else "nextLink"
        return Answer(body=page.body | {link: f"{self.url}{path}?page={number + 1}"})

    def _report(self, month: str) -> Answer:
        """Answer the next of a report's answers; those of 202 say where to ask again."""
        answers = self.reports[month]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer.status != 202:
            return answer
        place = f"/{SUBSCRIPTION}/providers/Microsoft.CostManagement/costDetailsOperationResults"
        wait = {"Location": f"{self.url}{place}/{month}", "Retry-After": "0.01"}
        return Answer(202, b"", wait | dict(answer.headers))

    def _export(self, request: Request) -> Answer:
        name = request.path.partition("/exports/")[2].partition("/")[0]
        if request.method == "PUT":
            scope = request.path.rpartition("/exports/")[0].lstrip("/")
            made = {"id": f"/{scope}/exports/{name}", "name": name, **request.json}
            self.exports[name] = made
            return Answer(201, made)
        if name not in self.exports:
            return refused(404, "NotFound", f"export {name} is not there")
        if request.path.endswith("/runHistory"):
            return Answer(body={"value": self.history})
        return Answer() if request.path.endswith("/run") else Answer(body=self.exports[name])

    def _blob(self, request: Request) -> Answer:
        name = unquote(request.path).removeprefix(f"{CONTAINER}/")
        if request.query.get("comp") == "list":
            listing = self._listing(request.query.get("prefix", "")).encode()
            return Answer(200, listing, {"Content-Type": "application/xml"})
        blob = self.blobs.get(name)
        if blob is None:
            return refused(404, "BlobNotFound", "The specified blob does not exist.")
        if request.headers.get("If-Match", blob.etag) != blob.etag:
            return refused(412, "ConditionNotMet", "The condition is not met.")
        if request.method == "HEAD" and name in self.changing:
            self.put(name, self.changing.pop(name))
        return _content(blob, request)

    def _listing(self, prefix: str) -> str:
        found = "".join(
            f"<Blob><Name>{escape(name)}</Name><Properties>"
            f"<Last-Modified>{format_datetime(blob.written, usegmt=True)}</Last-Modified>"
            f"<Etag>{blob.etag.strip(chr(34))}</Etag><Content-Length>{len(blob.data)}"
            "</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>"
            for name, blob in sorted(self.blobs.items())
            if name.startswith(prefix)
        )
        return (
            f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="{self.url}'
            f'/account" ContainerName="bills"><Blobs>{found}</Blobs><NextMarker/>'
            "</EnumerationResults>"
        )


def _content(blob: Blob, request: Request) -> Answer:
    """Answer a blob or the part of it that was asked for."""
    size = len(blob.data)
    headers = {
        "ETag": blob.etag,
        "Last-Modified": format_datetime(blob.written, usegmt=True),
        "x-ms-blob-type": "BlockBlob",
        "Content-Type": "application/octet-stream",
    }
    wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("x-ms-range", ""))
    if not wanted:
        return Answer(200, blob.data, headers)
    begin, end = int(wanted[1]), min(int(wanted[2]), size - 1)
    if begin >= size:
        return refused(416, "InvalidRange", "The range is invalid.")
    headers["Content-Range"] = f"bytes {begin}-{end}/{size}"
    return Answer(206, blob.data[begin : end + 1], headers)


def refused(status: int, code: str, message: str) -> Answer:
    """An error as Azure answers it."""
    body = {"error": {"code": code, "message": message}}
    return Answer(status, body, {"x-ms-error-code": code, "Content-Type": "application/json"})


def report_of(url: str, *files: str, sizes: Sequence[int | None] = ()) -> Answer:
    """A cost-details report that is made, whose files lie at these names in the container."""
    blobs = [
        {"blobLink": f"{url}{CONTAINER}/{name}?sig=s", "byteCount": size}
        for name, size in zip(files, sizes or [None] * len(files), strict=True)
    ]
    manifest = {"manifestVersion": "2022-05-01", "blobCount": len(blobs), "blobs": blobs}
    return Answer(body={"id": "r", "name": "r", "status": "Completed", "manifest": manifest})


@contextmanager
def fake_azure(folder: Path) -> Iterator[FakeAzure]:
    """Serve on a free port over TLS; the certificate to trust is written into ``folder``."""
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    peer = FakeAzure(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = _Server(("127.0.0.1", 0), _http(peer))
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    with serving(server) as port:
        peer.url = f"https://localhost:{port}"
        yield peer


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: a client that does not trust the certificate hangs up."""


def _http(peer: FakeAzure) -> type[Handler]:
    class Http(Handler):
        timeout = 30
        wbufsize = -1  # one write for head and body: two are 40 ms apart (delayed ACK)

        def respond(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            request = Request(self.command, parts.path, query, dict(self.headers), self.body())
            answer = peer.answer(request)
            content = answer.content
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD" and answer.status != 204:
                self.wfile.write(content)

    return Http


class BlobStore(Protocol):
    """A place that a run can be delivered into."""

    def put(self, name: str, data: bytes) -> None:
        """Write a blob."""
        ...


@dataclass(frozen=True)
class Part:
    """One file of a run; ``rows_said`` and ``bytes_said`` are what the manifest says of it."""

    name: str
    data: bytes
    rows_said: int | None
    bytes_said: int | None = -1
    absent: bool = False

    @property
    def said(self) -> dict[str, Any]:
        """What stands in the manifest."""
        size = len(self.data) if self.bytes_said == -1 else self.bytes_said
        told = {"byteCount": size, "dataRowCount": self.rows_said}
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True)
class Run:
    """A run of an export: what it is of, when it was submitted, and how it is laid out."""

    month: str = "2026-10"
    submitted: str = "2026-11-02T03:00:00.1234567Z"
    run_id: str = "11111111-1111-1111-1111-111111111111"
    export: str = "daily"
    root: str = "exports"
    type: str = "FocusCost"
    data_version: str = "1.2-preview"
    scope: str = SUBSCRIPTION
    time_frame: str = "MonthToDate"
    start: str | None = None
    end: str | None = None
    overwrite: bool = False
    manifest_name: str = "manifest.json"
    rows_said: int | None = -1

    @property
    def folder(self) -> str:
        """Where the run lies: beside older ones, or where the one before it lay."""
        days = f"{self.month.replace('-', '')}01-{self.month.replace('-', '')}{self._last:02d}"
        begin = "/".join(part for part in (self.root, self.export, days) if part)
        if self.overwrite:
            return f"{begin}/22222222-2222-2222-2222-222222222222"
        moment = re.sub(r"\D", "", self.submitted)[:12]
        return f"{begin}/{moment}/{self.run_id}"

    @property
    def _last(self) -> int:
        year, month = int(self.month[:4]), int(self.month[5:])
        after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        return (after - timedelta(days=1)).day

    def manifest(self, parts: Sequence[Part]) -> dict[str, Any]:
        """What the manifest says."""
        total = sum(part.rows_said or 0 for part in parts)
        counted = {"dataRowCount": total if self.rows_said == -1 else self.rows_said}
        resource = f"/{self.scope}/providers/Microsoft.CostManagement/exports/{self.export}"
        return {
            "manifestVersion": "2024-04-01",
            "byteCount": sum(len(part.data) for part in parts),
            "blobCount": len(parts),
            **{name: value for name, value in counted.items() if value is not None},
            "exportConfig": {
                "exportName": self.export,
                "resourceId": resource,
                "dataVersion": self.data_version,
                "apiVersion": "2025-03-01",
                "type": self.type,
                "timeFrame": self.time_frame,
                "granularity": "Daily",
            },
            "deliveryConfig": {
                "partitionData": True,
                "dataOverwriteBehavior": "OverwritePreviousReport"
                if self.overwrite
                else "CreateNewReport",
                "fileFormat": "Csv",
                "containerUri": "/subscriptions/x/storageAccounts/account",
                "rootFolderPath": self.root,
            },
            "runInfo": {
                "executionType": "Scheduled",
                "submittedTime": self.submitted,
                "runId": self.run_id,
                "startDate": self.start or f"{self.month}-01T00:00:00",
                "endDate": self.end or f"{self.month}-{self._last:02d}T00:00:00",
            },
            "blobs": [{"blobName": f"{self.folder}/{part.name}", **part.said} for part in parts],
        }


def deliver_azure_export(store: BlobStore, run: Run, parts: Sequence[Part]) -> str:
    """Write a run's files and then its manifest, as Azure does; returns the manifest's name."""
    for part in parts:
        if not part.absent:
            store.put(f"{run.folder}/{part.name}", part.data)
    name = f"{run.folder}/{run.manifest_name}"
    store.put(name, json.dumps(run.manifest(parts)).encode())
    return name


@dataclass(frozen=True)
class Azurite:
    """The emulator with one container, ``bills``."""

    container_url: str
    connection_string: str

    def client(self) -> ContainerClient:
        """A client of the container."""
        return ContainerClient.from_connection_string(self.connection_string, "bills")

    def put(self, name: str, data: bytes) -> None:
        """Write a blob over what is there."""
        with self.client() as client:
            client.upload_blob(name, data, overwrite=True)

    def delete(self, name: str) -> None:
        """Delete a blob."""
        with self.client() as client:
            client.delete_blob(name)


@contextmanager
def azurite(folder: Path) -> Iterator[Azurite]:
    """Start azurite in memory on a free port; ``folder`` takes what it writes nevertheless."""
    peers = Path(os.environ.get("COMPTROLLER_TEST_PEERS") or _ROOT / ".peers")
    program = peers / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    port = _free_port()
    options = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    command = ["node", str(program), *options, "--blobPort", str(port)]
    begin = f"http://127.0.0.1:{port}/devstoreaccount1"
    account = f"AccountName=devstoreaccount1;AccountKey={_AZURITE_KEY}"
    peer = Azurite(
        f"{begin}/bills", f"DefaultEndpointsProtocol=http;{account};BlobEndpoint={begin};"
    )
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder)
    try:
        _make_container(peer)
        yield peer
    finally:
        process.terminate()
        process.wait(10)


def _make_container(peer: Azurite) -> None:
    """Make the container as soon as the emulator answers."""
    for _ in range(100):
        client = ContainerClient.from_connection_string(
            peer.connection_string, "bills", retry_policy=ExponentialRetry(retry_total=0)
        )
        with client:
            try:
                client.create_container()
            except ServiceRequestError:
                time.sleep(0.1)
            else:
                return
    raise TimeoutError("azurite does not answer")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
