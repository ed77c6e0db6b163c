"""``comptroller config``: what the settings are and where they came from."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from service.config import SettingOrigin


class Format(StrEnum):
    """How the settings are shown."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("config")(config)


def config(
    form: Annotated[
        Format, typer.Option("--format", help="markdown: the table of docs/configuration.md")
    ] = Format.TABLE,
) -> None:
    """Show every setting, secrets masked, and where its value came from."""
    from service.bootstrap import setting_origins

    if form is Format.MARKDOWN:
        typer.echo(reference())
    elif form is Format.JSON:
        _show_json(setting_origins())
    else:
        _show_table(setting_origins())


def reference() -> str:
    """Every setting with its variable, default and meaning, as a Markdown table."""
    from service.config import PREFIX, Settings

    rows = (
        f"| `{name}` | `{PREFIX}{name.upper()}` | {_default(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    )
    head = ("| setting | variable | default | meaning |", "|---|---|---|---|")
    return "\n".join([*head, *rows])


def _default(field: "FieldInfo") -> str:
    default: Any = field.get_default(call_default_factory=True)
    if default is None or default in ([], {}):
        return "none"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _show_table(settings: "list[SettingOrigin]") -> None:
    from rich.markup import escape
    from rich.table import Table

    from service.cli.console import out

    table = Table()
    table.add_column("setting", no_wrap=True)
    table.add_column("value")
    table.add_column("from")
    for setting in settings:
        table.add_row(setting.name, escape(_text(setting.value)), escape(setting.origin))
    out.print(table)


def _show_json(settings: "list[SettingOrigin]") -> None:
    import json

    shown = [{"name": s.name, "value": s.value, "origin": s.origin} for s in settings]
    typer.echo(json.dumps({"settings": shown}, indent=2))


def _text(value: Any) -> str:  # noqa: ANN401 -- the values of all settings
    import json

    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
