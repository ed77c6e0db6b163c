"""Debian's Prometheus over a folder of its own: with a history, a scrape target, or a sign-in."""

import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

TRIES = 600
_NAP_S = 0.05
_LONGEST_BLOCK = "--max-block-duration=720h"
_SCRAPE = """\
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: dcgm
    static_configs: [{{targets: ["{target}"], labels: {{pod: exporter-0, namespace: monitoring}}}}]
"""


def backfill(open_metrics: str, folder: Path) -> Path:
    """Make the blocks of a history below ``folder``; returns the data folder."""
    text, data = folder / "history.om", folder / "data"
    text.write_text(open_metrics, encoding="utf-8")
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", _LONGEST_BLOCK, "openmetrics", text, data],
        check=True,
        capture_output=True,
    )
    text.unlink()
    return data


@contextmanager
def prometheus(
    folder: Path,
    *,
    target: str | None = None,
    web_config: str | None = None,
    flags: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Run a server over ``folder / "data"`` and give its port; its log is in the folder.

    ``target`` is scraped each second, ``web_config`` says who may ask, ``flags`` are more options.
    """
    port = _free_port()
    config = folder / "prometheus.yml"
    config.write_text(_SCRAPE.format(target=target) if target else "{}\n", encoding="utf-8")
    options = {
        "config.file": str(config),
        "storage.tsdb.path": str(folder / "data"),
        "storage.tsdb.retention.time": "10y",
        "web.listen-address": f"127.0.0.1:{port}",
        **(flags or {}),
    }
    if web_config is not None:
        (folder / "web.yml").write_text(web_config, encoding="utf-8")
        options["web.config.file"] = str(folder / "web.yml")
    command = ["prometheus", *(f"--{name}={value}" for name, value in options.items())]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_for(port, process, folder / "prometheus.log")
            yield port
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the log says that it is ready: with TLS nobody may simply ask."""
    for _ in range(TRIES):
        if process.poll() is not None:
            break
        if b"Server is ready to receive web requests" in log.read_bytes():
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                return
        Event().wait(_NAP_S)
    raise RuntimeError(f"prometheus did not start: {log.read_text(errors='replace')[-2000:]}")


@contextmanager
def exporter(text: str) -> Iterator[str]:
    """Serve a page of metrics and give its host and port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
