"""``comptroller sampler``: what the GPUs of this machine do, for Prometheus."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("sampler")(sampler)


def sampler(
    *,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where Prometheus asks.")
    ] = "127.0.0.1:9400",
    interval: Annotated[
        float, typer.Option("--interval", help="Seconds between two samples at least, 1 to 3600.")
    ] = 10.0,
    once: Annotated[bool, typer.Option("--once", help="Print one sample and end.")] = False,
    record: Annotated[
        Path | None,
        typer.Option("--record", metavar="FILE", help="Append each sample to a file, as JSON."),
    ] = None,
    processes: Annotated[
        bool,
        typer.Option(
            "--processes/--no-processes", help="Tell which processes use a GPU, and whose they are."
        ),
    ] = True,
    job_files: Annotated[
        Path | None,
        typer.Option("--job-files", metavar="DIR", help="Where the scheduler says who holds what."),
    ] = None,
) -> None:
    """Tell Prometheus what the GPUs of this machine do; it needs NVIDIA's driver, and no store."""
    arguments = program(
        listen=listen,
        interval=interval,
        once=once,
        record=record,
        processes=processes,
        job_files=job_files,
    )
    # It takes our place: the agent knows nothing of the service, nor the service of the agent.
    os.execv(sys.executable, arguments)  # noqa: S606 -- our own program, without a shell


def program(
    *,
    listen: str,
    interval: float,
    once: bool,
    record: Path | None,
    processes: bool,
    job_files: Path | None,
) -> list[str]:
    """Return how the sampler's own program is started with the same options."""
    return [
        *(sys.executable, "-P", "-m", "agent.sampler"),
        *("--listen", listen, "--interval", f"{interval:g}"),
        *(["--once"] if once else []),
        *(["--record", str(record)] if record else []),
        "--processes" if processes else "--no-processes",
        *(["--job-files", str(job_files)] if job_files else []),
    ]
