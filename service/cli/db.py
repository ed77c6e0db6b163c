"""``comptroller db``: the embedded server, and the schema of whichever database is used."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from service.config import Settings
    from service.store.embedded import EmbeddedServer, ServerStatus
    from service.store.migrate import SchemaStatus

ATTENTION = 3


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(
        help="The embedded PostgreSQL server, and the schema.", no_args_is_help=True
    )
    for command in (start, stop, status, upgrade):
        group.command(command.__name__)(command)
    group.command("check-models")(check_models)
    app.add_typer(group, name="db")


def start() -> None:
    """Start the embedded server if it does not run, and upgrade its schema."""
    from service.bootstrap import open_database, settings_from_environment

    settings = settings_from_environment()
    server = _embedded(settings)
    open_database(settings).ensure_schema()
    _show_server(server.status())


def stop() -> None:
    """Stop the embedded server; who uses it loses the connection."""
    from service.bootstrap import settings_from_environment
    from service.cli.console import out

    stopped = _embedded(settings_from_environment()).stop()
    out.print("stopped" if stopped else "it did not run")


def status() -> None:
    """Show whether the server runs and the schema is up to date; if not, the exit code is 3."""
    from service.bootstrap import open_database, settings_from_environment

    settings = settings_from_environment()
    if settings.database_url is None:
        server = _embedded(settings).status()
        _show_server(server)
        if not server.running:
            raise typer.Exit(ATTENTION)
    if not _show_schema(open_database(settings).status()):
        raise typer.Exit(ATTENTION)


def upgrade() -> None:
    """Run the migrations that the database lacks, as the owner of its tables."""
    from service.bootstrap import open_database, settings_from_environment

    _show_schema(open_database(settings_from_environment()).upgrade())


def check_models() -> None:
    """Compare models and migrations on a throw-away server; differences end with exit code 1."""
    from service.cli.console import err, out
    from service.store.check_models import differences_on_a_new_server

    differences = differences_on_a_new_server()
    for difference in differences:
        err.print(difference, highlight=False, markup=False)
    if differences:
        raise typer.Exit(1)
    out.print("models and migrations agree")


def _embedded(settings: "Settings") -> "EmbeddedServer":
    from service.errors import ConflictError
    from service.store.embedded import EmbeddedServer

    if settings.database_url is not None:
        raise ConflictError(
            "COMPTROLLER_DATABASE_URL names a server that somebody else starts and stops"
        )
    return EmbeddedServer(settings.data_dir)


def _show_server(server: "ServerStatus") -> None:
    from service.cli.console import out

    state = f"runs as process {server.pid}" if server.running else "does not run"
    line = f"server {state}, files in {server.cluster}"
    out.print(line, soft_wrap=True, highlight=False, markup=False)


def _show_schema(schema: "SchemaStatus") -> bool:
    from service.cli.console import out

    at = schema.current or "empty"
    rest = "up to date" if schema.up_to_date else f"newest is {schema.newest}"
    out.print(f"schema {at}, {rest}", soft_wrap=True, highlight=False)
    return schema.up_to_date
