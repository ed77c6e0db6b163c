"""An HTTP server in a thread of the test, whose handler answers as a provider does."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

_LOOKS_FOR_THE_END_S = 0.01


class Handler(BaseHTTPRequestHandler, ABC):
    """What handlers share: one answer for all methods, kept connections, and silence."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Stay silent."""

    def do_POST(self) -> None:
        """Answer whatever is asked."""
        self.respond()

    do_GET = do_PUT = do_HEAD = do_POST  # noqa: N815 - the base's names

    @abstractmethod
    def respond(self) -> None:
        """Answer one request; each peer does it in its own way."""

    def body(self) -> bytes:
        """Read what was sent."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))


@contextmanager
def serving(server: HTTPServer) -> Iterator[int]:
    """Serve until the block ends; yields the port."""
    thread = threading.Thread(
        target=server.serve_forever, args=(_LOOKS_FOR_THE_END_S,), daemon=True
    )
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
