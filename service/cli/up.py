"""``comptroller up``, and ``api``, ``scheduler`` and ``ui``, which it starts."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.cli.processes import Command
    from service.config import Settings

_HERE = "127.0.0.1"
_EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 -- to recognise it, not to listen there

Demo = Annotated[bool, typer.Option("--demo", help="In the demo's own house.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("up")(up)
    app.command("api")(api)
    app.command("scheduler")(scheduler)
    app.command("ui")(ui)


def up(demo: Demo = False) -> None:
    """Start API, scheduler and dashboard on this machine, until Ctrl-C."""
    from service.cli.console import out
    from service.cli.processes import Family, require_free_port
    from service.cli.serving import chosen_settings, wired

    settings = chosen_settings(demo=demo)
    require_free_port(settings.api_host, settings.api_port, "COMPTROLLER_API_PORT")
    require_free_port(_HERE, settings.ui_port, "COMPTROLLER_UI_PORT")
    with wired(demo=demo):
        out.print("The store is ready.")
    with Family(_commands(settings, demo=demo)) as family:
        if family.wait_until_ready():
            option = " --demo" if demo else ""
            out.print(f"API        {api_address(settings)}", soft_wrap=True)
            out.print(f"Dashboard  http://{_HERE}:{settings.ui_port}", soft_wrap=True)
            out.print(f"Scheduler  nightly at {settings.nightly_cron!r} UTC", soft_wrap=True)
            out.print(f"Sign in with: comptroller token create --admin --name you{option}")
            out.print("Ctrl-C ends all three.")
            family.wait()


def api(demo: Demo = False) -> None:
    """Serve the HTTP API."""
    import uvicorn

    from service.api.app import create_app
    from service.cli.processes import end_on_term, require_free_port
    from service.cli.serving import api_parts, chosen_settings, wired

    settings = chosen_settings(demo=demo)
    require_free_port(settings.api_host, settings.api_port, "COMPTROLLER_API_PORT")
    end_on_term()
    with wired(demo=demo) as wiring:
        uvicorn.run(
            create_app(api_parts(wiring)),
            host=settings.api_host,
            port=settings.api_port,
            log_level=settings.log_level,
            server_header=False,
        )


def scheduler(demo: Demo = False) -> None:
    """Wake the nightly run when it is due."""
    from service.cli.processes import end_on_term
    from service.cli.serving import nightly_job, wired
    from service.jobs.scheduler import scheduler_of

    end_on_term()
    with wired(demo=demo) as wiring:
        waker = scheduler_of(nightly_job(wiring))
        try:
            waker.start()
        finally:
            waker.shutdown(wait=False)


def ui() -> None:
    """Serve the dashboard."""
    from service.cli.console import out
    from service.cli.processes import Family, require_free_port
    from service.cli.serving import chosen_settings

    settings = chosen_settings(demo=False)
    require_free_port(_HERE, settings.ui_port, "COMPTROLLER_UI_PORT")
    with Family([ui_command(settings, settings.api_url or api_address(settings))]) as family:
        if family.wait_until_ready():
            out.print(f"Dashboard  http://{_HERE}:{settings.ui_port}", soft_wrap=True)
            out.print("Ctrl-C ends it.")
            family.wait()


def api_address(settings: "Settings") -> str:
    """Return where a process on this machine reaches the API."""
    host = _HERE if settings.api_host in _EVERYWHERE else settings.api_host
    return f"http://{host}:{settings.api_port}"


def ui_command(settings: "Settings", api_url: str) -> "Command":
    """Return how the dashboard is started: on this machine only, asking ``api_url``."""
    from service.bootstrap import environment_with
    from service.cli.processes import Command

    spec = find_spec("ui")
    page = Path(spec.origin or "").parent / "app.py" if spec else "app.py"
    address = f"--server.address={_HERE}", f"--server.port={settings.ui_port}"
    return Command(
        name="dashboard",
        arguments=(sys.executable, "-m", "streamlit", "run", str(page), *address),
        environment=environment_with(COMPTROLLER_API_URL=api_url),
        ready_url=f"http://{_HERE}:{settings.ui_port}/_stcore/health",
        quiet=True,
    )


def _commands(settings: "Settings", *, demo: bool) -> "list[Command]":
    from service.cli.processes import Command

    ourselves = (sys.executable, "-P", "-c", "from service.cli.main import main; main()")
    options = ("--demo",) if demo else ()
    address = api_address(settings)
    return [
        Command("API", (*ourselves, "api", *options), ready_url=f"{address}/readyz"),
        Command("scheduler", (*ourselves, "scheduler", *options)),
        ui_command(settings, address),
    ]
