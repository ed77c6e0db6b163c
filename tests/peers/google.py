"""Google's peers: bqemulator with a billing export in it, and a Cloud Billing catalog over gRPC."""

import os
import socket
import subprocess
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Event

import grpc  # type: ignore[import-untyped]
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import BigQueryReadClient
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import (
    BigQueryReadGrpcTransport,
)
from google.cloud.billing_v1 import ListSkusRequest, ListSkusResponse, Sku

from tests.peers.serving import Handler, serving

PROJECT = "bills"
PEERS = Path(os.environ.get("COMPTROLLER_TEST_PEERS", Path(__file__).parents[2] / ".peers"))
Row = Mapping[str, object]


def _column(name: str, kind: str = "STRING", mode: str = "NULLABLE") -> bigquery.SchemaField:
    return bigquery.SchemaField(name, kind, mode)


def _record(
    name: str, *fields: bigquery.SchemaField, mode: str = "NULLABLE"
) -> bigquery.SchemaField:
    return bigquery.SchemaField(name, "RECORD", mode, fields=fields)


_PAIR = (_column("key"), _column("value"))
_LABELS = _record("labels", *_PAIR, mode="REPEATED")
STANDARD = (
    _column("billing_account_id"),
    _record("service", _column("id"), _column("description")),
    _record("sku", _column("id"), _column("description")),
    _column("usage_start_time", "TIMESTAMP"),
    _column("usage_end_time", "TIMESTAMP"),
    _record(
        "project",
        _column("id"),
        _column("number"),
        _column("name"),
        _LABELS,
        _column("ancestry_numbers"),
        _record("ancestors", _column("resource_name"), _column("display_name"), mode="REPEATED"),
    ),
    _LABELS,
    _record("system_labels", *_PAIR, mode="REPEATED"),
    _record(
        "location", _column("location"), _column("country"), _column("region"), _column("zone")
    ),
    _record("tags", *_PAIR, _column("inherited", "BOOLEAN"), _column("namespace"), mode="REPEATED"),
    _column("transaction_type"),
    _column("seller_name"),
    _column("export_time", "TIMESTAMP"),
    _column("cost", "FLOAT"),
    _column("currency"),
    _column("currency_conversion_rate", "FLOAT"),
    _record(
        "usage",
        _column("amount", "FLOAT"),
        _column("unit"),
        _column("amount_in_pricing_units", "FLOAT"),
        _column("pricing_unit"),
    ),
    _record(
        "credits",
        _column("name"),
        _column("amount", "FLOAT"),
        _column("full_name"),
        _column("id"),
        _column("type"),
        mode="REPEATED",
    ),
    _record("invoice", _column("month"), _column("publisher_type")),
    _column("cost_type"),
    _record(
        "adjustment_info",
        _column("id"),
        _column("description"),
        _column("mode"),
        _column("type"),
    ),
    _column("cost_at_list", "FLOAT"),
)
"""The columns of the standard usage cost export."""

DETAILED = (
    *STANDARD,
    _record("resource", _column("name"), _column("global_name")),
    _record(
        "price",
        _column("effective_price", "NUMERIC"),
        _column("tier_start_amount", "NUMERIC"),
        _column("unit"),
        _column("pricing_unit_quantity", "NUMERIC"),
    ),
    _record("subscription", _column("instance_id")),
    _record("consumption_model", _column("id"), _column("description")),
)
"""The columns of the detailed usage cost export."""


@dataclass(frozen=True)
class BigQuery:
    """A running emulator: its REST address, and clients of both its interfaces."""

    url: str
    client: bigquery.Client
    storage: BigQueryReadClient

    def create(
        self,
        table: str,
        schema: Sequence[bigquery.SchemaField] = DETAILED,
        *,
        by_day: bool = True,
    ) -> str:
        """Create an empty ``dataset.table``, and return its whole name."""
        name = f"{PROJECT}.{table}"
        self.client.create_dataset(table.partition(".")[0], exists_ok=True)
        wanted = bigquery.Table(name, schema=schema)
        if by_day:
            wanted.time_partitioning = bigquery.TimePartitioning(type_="DAY")
        self.client.create_table(wanted)
        return name


def deliver_google_rows(peer: BigQuery, table: str, rows: Sequence[Row]) -> None:
    """Append rows to an export, as Google does."""
    problems = peer.client.insert_rows_json(table, list(rows))
    assert not problems, problems


def usage(
    *,
    cost: float,
    month: str = "202610",
    sku: str = "A3 Instance Core running in Iowa",
    start: str = "2026-10-01T08:00:00Z",
    end: str = "2026-10-01T09:00:00Z",
    exported: str = "2026-10-02T00:00:00Z",
    quantity: float = 1.0,
    credit: Sequence[tuple[str, float]] = (),
    **others: object,
) -> dict[str, object]:
    """Make a row of the detailed export: one hour of a part of a machine in Iowa."""
    row: dict[str, object] = {
        "billing_account_id": "01AB-02CD",
        "service": {"id": "6F81-5844-456A", "description": "Compute Engine"},
        "sku": {"id": f"SKU-{sku}", "description": sku},
        "usage_start_time": start,
        "usage_end_time": end,
        "project": {"id": "research", "number": "7", "name": "Research"},
        "location": {"location": "us-central1", "region": "us-central1", "country": "US"},
        "export_time": exported,
        "cost": cost,
        "cost_at_list": cost,
        "currency": "USD",
        "currency_conversion_rate": 1.0,
        "usage": {
            "amount": quantity * 3600,
            "unit": "seconds",
            "amount_in_pricing_units": quantity,
            "pricing_unit": "hour",
        },
        "credits": [
            {"type": kind, "amount": amount, "name": kind.capitalize(), "id": kind}
            for kind, amount in credit
        ],
        "invoice": {"month": month},
        "cost_type": "regular",
        "resource": {"name": "trainer-1", "global_name": "//compute/trainer-1"},
    }
    return row | others


@contextmanager
def bqemulator() -> Iterator[BigQuery]:
    """Run bqemulator on free ports, with everything in memory."""
    rest, grpc_port = _free_port(), _free_port()
    ports = ["--rest-port", str(rest), "--grpc-port", str(grpc_port)]
    program = PEERS / "bqemulator" / "bin" / "bqemulator"
    with tempfile.TemporaryFile() as log, tempfile.TemporaryDirectory() as folder:
        running = subprocess.Popen(
            [program, "start", *ports, "--log-level", "error"],
            stdout=log,
            stderr=log,
            cwd=folder,
        )
        channel = grpc.insecure_channel(f"127.0.0.1:{grpc_port}")
        try:
            grpc.channel_ready_future(channel).result(timeout=60)
            _wait_for(rest)
            yield _clients(f"http://127.0.0.1:{rest}", channel)
        finally:
            channel.close()
            running.terminate()
            running.wait(timeout=30)


def _clients(url: str, channel: grpc.Channel) -> BigQuery:
    client = bigquery.Client(
        project=PROJECT,
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": url},
    )
    transport = BigQueryReadGrpcTransport(channel=channel)
    return BigQuery(url, client, BigQueryReadClient(transport=transport))  # type: ignore[no-untyped-call]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(port: int) -> None:
    """Knock until somebody answers: REST opens a moment after gRPC."""
    knocked = Event()
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            knocked.wait(0.1)
        else:
            return
    raise TimeoutError(f"nobody answers at port {port}")


@dataclass
class Catalog:
    """What a Cloud Billing catalog sells by service, and what was asked of it.

    ``faults`` are given in turn, before any answer.
    """

    skus: Mapping[str, Sequence[Sku]]
    page_rows: int = 2
    faults: deque[grpc.StatusCode] = field(default_factory=deque)
    asked: list[ListSkusRequest] = field(default_factory=list)
    url: str = ""

    def list_skus(
        self, request: ListSkusRequest, context: grpc.ServicerContext
    ) -> ListSkusResponse:
        """Answer one page; the token of the next is where it begins."""
        self.asked.append(request)
        if self.faults:
            context.abort(self.faults.popleft(), "out of order")
        found = self.skus.get(request.parent, ())
        begin = int(request.page_token or 0)
        end = begin + self.page_rows
        token = str(end) if end < len(found) else ""
        return ListSkusResponse(skus=found[begin:end], next_page_token=token)


@contextmanager
def cloud_catalog(skus: Mapping[str, Sequence[Sku]], page_rows: int = 2) -> Iterator[Catalog]:
    """Serve a Cloud Billing catalog over gRPC, in this process."""
    catalog = Catalog(skus, page_rows)
    handler = grpc.unary_unary_rpc_method_handler(
        catalog.list_skus,
        request_deserializer=ListSkusRequest.deserialize,
        response_serializer=ListSkusResponse.serialize,
    )
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    name = "google.cloud.billing.v1.CloudCatalog"
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(name, {"ListSkus": handler}),)
    )
    catalog.url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield catalog
    finally:
        server.stop(grace=None).wait()


@contextmanager
def broken_bigquery(status: int, body: bytes) -> Iterator[str]:
    """Serve a BigQuery that answers every request in the same bad way."""

    class _Handler(Handler):
        def respond(self) -> None:
            self.body()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), _Handler)) as port:
        yield f"http://127.0.0.1:{port}"
