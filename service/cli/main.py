"""The command ``comptroller``: registers the groups, and turns refusals into one sentence."""

import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated

import typer

COMMANDS = (
    "load",
    "costs",
    "savings",
    "commitments",
    "unowned",
    "waste",
    "unit-costs",
    "rightsize",
    "statements",
    "dispute",
    "rates",
    "explain",
    "reconcile",
    "close",
    "verify",
    "export",
    "submit",
    "plan",
    "policy",
    "capacity",
    "sources",
    "nightly",
    "optimize",
    "up",
    "sampler",
    "token",
    "config",
    "db",
    "lake",
    "demo",
)
FAILED = 1
REFUSALS = frozenset(
    {
        "service.errors.ComptrollerError",
        "warehouse.errors.WarehouseError",
        "ingest.port.SourceError",
    }
)

app = typer.Typer(
    name="comptroller",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"comptroller {version('comptroller')}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where in the code a refusal came from.")
    ] = False,
    shown: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Who spent what on which GPUs, what should run where and when, and what it will cost."""
    del debug, shown  # ``main`` looks for the one, its callback has dealt with the other.


for _name in COMMANDS:
    import_module(f"service.cli.{_name.replace('-', '_')}").register(app)


def main() -> None:
    """Run the command; 0 is done, 1 refused, 2 wrong usage, 130 interrupted.

    A command may end with other codes of its own, which its help names.
    """
    try:
        app()
    except Exception as error:
        if "--debug" in sys.argv or not _is_refusal(error):
            raise
        from rich.markup import escape

        from service.cli.console import err

        err.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True, highlight=False)
        sys.exit(FAILED)


def _is_refusal(error: Exception) -> bool:
    """Whether the message is a sentence for the user; asked by name, as to import takes time."""
    kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
    return not REFUSALS.isdisjoint(kinds)
