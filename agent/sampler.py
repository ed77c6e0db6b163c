"""The program that tells Prometheus what the GPUs of this machine do.

Here, as in the service's bootstrap, the clock, the name of the machine and its processes enter.
"""

from __future__ import annotations

import argparse
import math
import signal
import socket
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, generate_latest, start_http_server

from agent.errors import AgentError
from agent.exposition import Exposition
from agent.gpus import Gpus, Machine
from agent.job_files import JobFiles
from agent.nvml import opened
from agent.pace import Pace, open_record, recorder
from agent.proc import owner_of, sees_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agent.proc import Owner
    from agent.sample import Sample

FAILED = 1
_SHORTEST_S = 1.0
_LONGEST_S = 3600.0
_SECOND_LOOK_S = 1.0
_HIGHEST_PORT = 65535
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Options:
    """How the program was started."""

    host: str
    port: int
    interval_s: float
    once: bool
    record: Path | None
    processes: bool
    job_files: Path | None = None


def main(
    arguments: Sequence[str],
    *,
    module: Any = None,  # noqa: ANN401 -- pynvml has no types
    stop: Event | None = None,
    proc: Path = _PROC,
) -> int:
    """Run until ``stop``, or Ctrl-C or TERM; return the exit status, 1 for a refusal."""
    options = parsed(arguments)
    try:
        run(options, module=module, stop=stop or _stop_on_signals(), proc=proc)
    except AgentError as error:
        sys.stderr.write(f"error: {error}\n")
        return FAILED
    return 0


def parsed(arguments: Sequence[str]) -> Options:
    """Read the command line; wrong usage ends the program with 2."""
    parser = argparse.ArgumentParser("comptroller sampler", description=__doc__)
    parser.add_argument("--listen", type=_address, default="127.0.0.1:9400")
    parser.add_argument("--interval", type=_interval, default="10")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--record", type=Path)
    parser.add_argument("--processes", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--job-files", type=Path)
    told = parser.parse_args(arguments)
    host, port = told.listen
    return Options(
        host, port, told.interval, told.once, told.record, told.processes, told.job_files
    )


def run(
    options: Options,
    *,
    module: Any,  # noqa: ANN401 -- the same
    stop: Event,
    proc: Path = _PROC,
) -> None:
    """Serve samples, or print one.

    Raises:
        AgentError: When there is no NVML, no place to listen, or no file to write or read.
    """
    job_files = JobFiles(options.job_files)
    with ExitStack() as stack:
        nvml = stack.enter_context(opened(module))
        file = stack.enter_context(open_record(options.record)) if options.record else None
        record = recorder(file) if file else _nothing
        machine = Machine(
            host=socket.gethostname(),
            clock=lambda: datetime.now(UTC),  # noqa: TID251 -- the program's own clock enters here
            owner_of=_owners(proc),
            jobs_on=job_files.jobs_on,
        )
        gpus = Gpus(nvml, machine, tell_processes=options.processes)
        if options.once:
            _print_one(gpus, record, stop)
            return
        pace = Pace(
            gpus.sample, interval_s=options.interval_s, elapsed_s=time.monotonic, record=record
        )
        _serve(options, pace, stop)


def _owners(proc: Path) -> Callable[[int], Owner] | None:
    if sees_all(proc):
        return partial(owner_of, proc=proc)
    sys.stderr.write(
        "This container does not see the machine's processes: none are told, nor how many.\n"
    )
    return None


def _print_one(gpus: Gpus, record: Callable[[Sample], None], stop: Event) -> None:
    sample = gpus.sample()
    if gpus.waits_for_a_second_look:
        stop.wait(_SECOND_LOOK_S)
        sample = gpus.sample()
    record(sample)
    sys.stdout.write(generate_latest(_registry(lambda: sample)).decode())


def _serve(options: Options, pace: Pace, stop: Event) -> None:
    registry = _registry(pace.sample)
    try:
        server, thread = start_http_server(options.port, options.host, registry)
    except OSError as error:
        raise AgentError(
            f"cannot listen on {options.host}:{options.port} ({error.strerror});"
            " choose another address with --listen"
        ) from error
    try:
        address = f"{options.host}:{server.server_port}"
        sys.stderr.write(f"What the GPUs do: http://{address}/metrics\n")
        sys.stderr.flush()
        pace.sample()
        # A recording goes on by itself; without one, samples are taken when somebody asks.
        while not stop.wait(options.interval_s if options.record else None):
            pace.sample()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _registry(take: Callable[[], Sample]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(Exposition(take))
    return registry


def _nothing(_: Sample) -> None:
    """Record nowhere."""


def _stop_on_signals() -> Event:
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isdecimal() and int(port) <= _HIGHEST_PORT):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not host:port, for example 127.0.0.1:9400 or [::1]:9400"
        )
    return host, int(port)


def _interval(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not _SHORTEST_S <= seconds <= _LONGEST_S:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of seconds from {_SHORTEST_S:g} to {_LONGEST_S:g}"
        )
    return seconds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
