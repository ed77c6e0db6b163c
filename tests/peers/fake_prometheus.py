"""A small server that speaks Prometheus's API over samples in memory, and can be made to fail."""

import json
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.peers.fake_promql import answer

_RANGE = re.compile(r"(?P<selector>.*)\[(?P<length>\d+)ms\]")
_TOP = re.compile(r"topk\(1, last_over_time\((?P<selector>.*)\[(?P<length>\d+)ms\]\)\)")
_SELECTOR = re.compile(r"(?P<name>[a-zA-Z_:][\w:]*)?(\{(?P<matchers>.*)\})?")
_MATCHER = re.compile(r'(\w+)(=~|=)"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Scripted:
    """An answer to give once, whatever was asked."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    """Whether the connection ends before the body does."""
    slow: bool = False
    """Whether nothing is said until the test is over."""
    drips: bool = False
    """Whether one blank after the other is said, without an end."""


@dataclass
class FakePrometheus:
    """The samples that it has, what it is to answer instead, and what it was asked."""

    url: str = ""
    series: list[tuple[dict[str, str], list[tuple[int, float]]]] = field(default_factory=list)
    scripted: list[tuple[str, Scripted]] = field(default_factory=list)
    """What to answer to the next request whose query (or path) and time fit a pattern."""
    always: list[tuple[str, Scripted]] = field(default_factory=list)
    """The same, every time."""
    warnings: dict[str, list[str]] = field(default_factory=dict)
    """What to warn of in answers to queries whose text and time fit a pattern."""
    version: int = 2
    """Prometheus 2 closes ranges on both sides, 3 leaves the left open."""
    most_samples: int | None = None
    asked: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    def add(
        self, metric: str, values: Sequence[float], *, start_ms: int, step_ms: int, **labels: str
    ) -> None:
        """Have a series with a sample every step."""
        samples = [(start_ms + n * step_ms, value) for n, value in enumerate(values)]
        self.series.append(({"__name__": metric, **labels}, samples))

    def queries(self, text: str = "") -> list[str]:
        """Return the queries for samples that hold a text."""
        return [one for one in self.asked if text in one and _RANGE.fullmatch(one)]

    def answer(self, path: str, asked: Mapping[str, str]) -> Scripted:
        """Answer a request."""
        query = asked.get("query", path)
        self.asked.append(query)
        told = f"{query} {asked.get('time', '')}"
        for pattern, scripted in self.always:
            if re.search(pattern, told):
                return scripted
        for n, (pattern, scripted) in enumerate(self.scripted):
            if re.search(pattern, told):
                del self.scripted[n]
                return scripted
        if path.endswith("/labels"):
            return self._labels(asked)
        return self._query(query, _ms(asked["time"]))

    def _labels(self, asked: Mapping[str, str]) -> Scripted:
        start, end = _ms(asked["start"]), _ms(asked["end"])
        chosen = self._chosen(asked["match[]"])
        there = [one for one, samples in chosen if any(start <= at <= end for at, _ in samples)]
        return success(sorted({name for labels in there for name in labels}))

    def _query(self, query: str, at: int) -> Scripted:
        if found := _RANGE.fullmatch(query):
            return self._range(query, found["selector"], at, int(found["length"]))
        if top := _TOP.fullmatch(query):
            recent = [
                {"metric": labels, "value": [at / 1000, str(samples[-1][1])]}
                for labels, samples in self._chosen(top["selector"])
                if any(at - int(top["length"]) < then <= at for then, _ in samples)
            ]
            return success({"resultType": "vector", "result": recent[:1]})
        if (vector := answer(query, at, self._chosen)) is not None:
            told = [{"metric": labels, "value": [at / 1000, repr(v)]} for labels, v in vector]
            return success({"resultType": "vector", "result": told}, self._warnings(query, at))
        return success({"resultType": "vector", "result": [{"metric": {}, "value": [at, "1"]}]})

    def _range(self, query: str, selector: str, end: int, length: int) -> Scripted:
        begin = end - length + (1 if self.version > 2 else 0)
        found = [
            {"metric": labels, "values": values}
            for labels, samples in self._chosen(selector)
            if (values := [[at / 1000, str(v)] for at, v in samples if begin <= at <= end])
        ]
        count = sum(len(one["values"]) for one in found)
        if self.most_samples is not None and count > self.most_samples:
            return failure(
                422,
                "execution",
                "query processing would load too many samples into memory in query execution",
            )
        return success({"resultType": "matrix", "result": found}, self._warnings(query, end))

    def _warnings(self, query: str, at: int) -> list[str]:
        asked = f"{query} {datetime.fromtimestamp(at / 1000, UTC).isoformat()}"
        return [w for one, told in self.warnings.items() if re.search(one, asked) for w in told]

    def _chosen(self, selector: str) -> Iterator[tuple[dict[str, str], list[tuple[int, float]]]]:
        parsed = _SELECTOR.fullmatch(selector)
        assert parsed, selector
        wanted = _MATCHER.findall(parsed["matchers"] or "")
        if parsed["name"]:
            wanted.append(("__name__", "=", parsed["name"]))
        for labels, samples in self.series:
            if all(
                re.fullmatch(value, labels.get(name, ""))
                if kind == "=~"
                else labels.get(name, "") == re.sub(r"\\(.)", r"\1", value)
                for name, kind, value in wanted
            ):
                yield labels, samples


def success(data: Any, warnings: Sequence[str] = ()) -> Scripted:  # noqa: ANN401 - any JSON
    """Answer as Prometheus does where it has an answer."""
    body = {"status": "success", "data": data} | ({"warnings": warnings} if warnings else {})
    return Scripted(body=json.dumps(body, separators=(",", ":")).encode())


def failure(status: int, kind: str, words: str, **headers: str) -> Scripted:
    """Answer as Prometheus does where it has none."""
    body = {"status": "error", "errorType": kind, "error": words}
    return Scripted(status, json.dumps(body).encode(), headers)


def busy(status: int) -> Scripted:
    """Answer that it may be asked again at once."""
    return Scripted(status, b"<html>busy</html>", {"Retry-After": "0"})


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hang up: tests look at what the client says."""


@contextmanager
def fake_prometheus(tls: ssl.SSLContext | None = None) -> Iterator[FakePrometheus]:
    """Serve on a free port until the test is over, with TLS where it is said how."""
    fake = FakePrometheus()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            where = urlsplit(self.path)
            fake.headers.append(dict(self.headers))
            asked = {name: values[0] for name, values in parse_qs(where.query).items()}
            self._say(fake.answer(where.path, asked))

        def _say(self, said: Scripted) -> None:
            if said.slow:
                fake.over.wait(timeout=60)
                self.close_connection = True
                return
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            if said.drips:
                self._drip()
                return
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body[: len(said.body) // 2] if said.cut else said.body)
            self.close_connection = said.cut

        def _drip(self) -> None:
            self.send_header("Content-Length", str(1 << 20))
            self.end_headers()
            self.close_connection = True
            while not fake.over.wait(0.01):
                self.wfile.write(b" ")
                self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    fake.url = f"{'https' if tls else 'http'}://localhost:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
