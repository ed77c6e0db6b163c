"""The sampler's loop, run beside a test."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import httpx

from agent.sampler import Options, run
from tests.agent.documented_nvml import Nvml

ANY_PORT = Options("127.0.0.1", 0, 10.0, once=False, record=None, processes=True)


def processes_below(folder: Path) -> Path:
    """Make what /proc is to those who see every process of the machine."""
    (folder / "self" / "ns").mkdir(parents=True)
    (folder / "self" / "ns" / "pid").symlink_to("pid:[4026531836]")
    return folder


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(nvml: Nvml, options: Options, proc: Path = Path("/proc")) -> Iterator[str]:
    """Run the program's loop beside the test; the address of what it serves."""
    port = free_port()
    stop = Event()
    chosen = replace(options, port=port)
    thread = Thread(target=run, args=(chosen,), kwargs={"module": nvml, "stop": stop, "proc": proc})
    thread.start()
    address = f"http://127.0.0.1:{port}/metrics"
    try:
        transport = httpx.HTTPTransport(retries=8)
        with httpx.Client(transport=transport) as client:
            client.get(address)
        yield address
    finally:
        stop.set()
        thread.join()
