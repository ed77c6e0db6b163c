"""``comptroller config``, and the page that documents every setting."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from service.cli import config
from service.config import Settings

APP = typer.Typer()
config.register(APP)
PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"


def run(*arguments: str) -> Result:
    """Run the command; a wide terminal keeps the table's cells on one line."""
    return CliRunner().invoke(APP, arguments, env={"COLUMNS": "400"})


def test_json_tells_value_and_origin_of_every_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """One entry per setting; a variable is named, and a secret is masked."""
    monkeypatch.setenv("COMPTROLLER_PLAN_SEED", "7")
    monkeypatch.setenv("COMPTROLLER_API_TOKEN", "geheim")

    shown = run("--format", "json").stdout

    entries = {entry["name"]: entry for entry in json.loads(shown)["settings"]}
    assert set(entries) == set(Settings.model_fields)
    assert entries["plan_seed"] == {
        "name": "plan_seed",
        "value": 7,
        "origin": "env COMPTROLLER_PLAN_SEED",
    }
    assert entries["api_token"]["value"] == "**********"
    assert "geheim" not in shown


def test_the_table_has_a_row_for_every_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text as it is, everything else as JSON."""
    monkeypatch.setenv("COMPTROLLER_SOURCES", '[{"name": "[aws]", "path": "a.csv"}]')

    shown = run().stdout

    assert [name for name in Settings.model_fields if name not in shown] == []
    assert '"name": "[aws]"' in shown


def test_the_documented_table_is_the_one_that_the_settings_give() -> None:
    """``docs/configuration.md`` holds what ``comptroller config --format markdown`` prints."""
    printed = run("--format", "markdown").stdout

    assert printed.strip() in PAGE.read_text()
