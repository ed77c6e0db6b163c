"""``comptroller submit``: puts the workloads of a file into the queue."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path  # noqa: TC003  (Typer reads the annotation)
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from service.api.schemas.workloads import WorkloadOut
    from service.documents.workload import WorkloadDocument


class Format(StrEnum):
    """How the answer is written."""

    TABLE = "table"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("submit")(submit)


def submit(
    file: Annotated[Path, typer.Argument(help="Workloads, YAML or JSON (docs/formats.md).")],
    format_: Annotated[
        Format, typer.Option("--format", help="A table for people, json for programs.")
    ] = Format.TABLE,
) -> None:
    """Check a file of workloads and put them all into the queue, or none."""
    from service.cli.console import out
    from service.documents.workload_file import load_workloads

    workloads = _submitted(load_workloads(file))
    if format_ is Format.JSON:
        json.dump(as_json(workloads), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        out.print(as_table(workloads))
        out.print(f"{len(workloads)} workloads are in the queue; comptroller plan places them.")


def _submitted(documents: Sequence[WorkloadDocument]) -> Sequence[WorkloadOut]:
    """Hand them to the configured API, or to this host."""
    from service.cli.console import open_remote, open_wiring

    with open_remote() as remote:
        if remote is not None:
            return remote.submit(documents)
    from service.api.schemas.workloads import WorkloadOut
    from service.bootstrap import operator
    from service.usecases.submit_workloads import submit as submit_workloads

    with open_wiring() as wiring:
        workloads = submit_workloads(
            documents,
            store=wiring.store,
            clock=wiring.clock,
            new_id=wiring.new_id,
            actor=operator(),
        )
    return [WorkloadOut.of(workload) for workload in workloads]


def as_json(workloads: Sequence[WorkloadOut]) -> dict[str, object]:
    """Return what was submitted for programs."""
    return {
        "workloads": [
            {
                "id": str(one.id),
                "name": one.name,
                "team": one.team,
                "state": one.state,
                "submitted_at": one.submitted_at.isoformat(),
            }
            for one in workloads
        ]
    }


def as_table(workloads: Sequence[WorkloadOut]) -> Table:
    """Return what was submitted for people."""
    from rich.table import Table

    table = Table("id", "name", "team", "state")
    for one in workloads:
        table.add_row(str(one.id), one.name, one.team, one.state)
    return table
