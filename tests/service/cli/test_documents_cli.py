"""``comptroller policy`` and ``capacity``: preview, confirmation, versions."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from service.bootstrap import Wiring
from service.cli import capacity, policy
from service.documents.yaml_file import DocumentError
from service.errors import InputError, NotFoundError
from service.store.roles import Logins
from tests.service.facts import line, put

POLICY = """version: 1
effective_from: 2026-08-01
teams: [{name: vision}]
rules: [{match: {provider: AWS}, team: vision}]
"""
CAPACITY = """version: 1
effective_from: 2026-08-15
quotas: [{provider: AWS, region: us-east-1, family: p5, machines: 12}]
"""
ALONE = (
    "import typer; from service.cli import policy; a = typer.Typer(); policy.register(a);"
    " a.command('other')(lambda: None); a()"
)


@pytest.fixture
def app(
    database: Logins, wiring: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> typer.Typer:
    """Return both groups over an empty lake."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPTROLLER_LAKE_URI", str(wiring.lake.root))
    monkeypatch.setenv("COLUMNS", "160")
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "capacity.yaml").write_text(CAPACITY)
    monkeypatch.chdir(tmp_path)
    commands = typer.Typer()
    policy.register(commands)
    capacity.register(commands)
    return commands


def invoke(commands: typer.Typer, *arguments: str) -> Result:
    """Run a command; refusals come out as they are."""
    return CliRunner().invoke(commands, arguments)


def words(result: Result) -> str:
    """Return what was printed, in one line and without the frames of tables."""
    assert result.exit_code == 0, result.exception
    return " ".join(result.stdout.replace("│", " ").split())


def test_a_policy_is_previewed_and_applied(app: typer.Typer, wiring: Wiring) -> None:
    """10 USD of October move from nobody to vision, and October is allocated at once."""
    put(wiring.lake, "cost_line", [line("10")])

    text = words(invoke(app, "policy", "apply", "policy.yaml", "--yes"))

    assert "Valid: 1 teams, 0 pools, 1 rules, from 2026-08-01 on." in text
    assert "Effective cost of 2026-10 by team" in text
    assert "unallocated USD 10.00 0.00 -10.00" in text
    assert "vision USD 0.00 10.00 10.00" in text
    assert text.endswith("Stored as policy version 1. Allocated again: 2026-10.")


def test_the_same_policy_twice_is_one_version(app: typer.Typer) -> None:
    """The second time needs no word, says so and stores nothing."""
    invoke(app, "policy", "apply", "policy.yaml", "--yes")

    text = words(invoke(app, "policy", "apply", "policy.yaml"))

    assert "No loaded bill is affected." in text
    assert text.endswith("This is policy version 1 already; no new version was stored.")


@pytest.mark.parametrize("group", ["policy", "capacity"])
def test_a_preview_stores_nothing(app: typer.Typer, group: str) -> None:
    """After the preview there is still no version to show."""
    text = words(invoke(app, group, "apply", f"{group}.yaml", "--preview-only"))
    shown = invoke(app, group, "show").exception

    assert text.endswith("Nothing was stored.")
    assert isinstance(shown, NotFoundError)
    assert str(shown) == f"no {group} was applied yet; use comptroller {group} apply FILE.yaml"


@pytest.mark.parametrize("group", ["policy", "capacity"])
def test_without_a_terminal_the_word_is_an_option(app: typer.Typer, group: str) -> None:
    """A script that does not say --yes is told to."""
    refused = invoke(app, group, "apply", f"{group}.yaml").exception

    assert isinstance(refused, InputError)
    assert "use --yes to apply, --preview-only to look" in str(refused)


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(("answer", "stored"), [("y", True), ("n", False)])
def test_on_a_terminal_it_asks(wiring: Wiring, answer: str, *, stored: bool) -> None:
    """Yes stores version 1, no stores nothing."""
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())

    done = subprocess.run(
        [sys.executable, "-c", ALONE, "policy", "apply", "policy.yaml"],
        stdin=theirs,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    os.close(theirs)
    os.close(ours)
    assert "Apply this policy?" in done.stdout
    with wiring.store.work() as work:
        assert (work.policies.latest() is not None) is stored


def test_capacity_lists_what_comes_and_goes(app: typer.Typer, tmp_path: Path) -> None:
    """12 machines come; then they go and 16 come; applied again there is nothing to do."""
    first = words(invoke(app, "capacity", "apply", "capacity.yaml", "--yes"))
    (tmp_path / "capacity.yaml").write_text(CAPACITY.replace("12", "16"))
    second = words(invoke(app, "capacity", "apply", "capacity.yaml", "--yes"))
    third = words(invoke(app, "capacity", "apply", "capacity.yaml", "--yes"))

    assert "Valid: 1 quotas, 0 commitments, 0 reservations, 0 capacity blocks" in first
    assert "+ quotas: provider AWS, region us-east-1, family p5, market on_demand, machines 12" in (
        first
    )
    assert "- quotas:" in second
    assert second.endswith("machines 16 Stored as capacity version 2.")
    assert third.endswith("This is capacity version 2 already; nothing new was stored.")


@pytest.mark.parametrize(("group", "text"), [("policy", POLICY), ("capacity", CAPACITY)])
def test_versions_are_listed_and_shown_as_they_were_given(
    app: typer.Typer, group: str, text: str
) -> None:
    """Version 1 is shown to the letter; there is no version 2."""
    invoke(app, group, "apply", f"{group}.yaml", "--yes")

    assert invoke(app, group, "show").stdout == text
    assert invoke(app, group, "show", "--version", "1").stdout == text
    assert "1 2026-08-" in words(invoke(app, group, "list"))
    assert "cli:" in words(invoke(app, group, "list"))
    missing = invoke(app, group, "show", "--version", "2").exception
    assert str(missing) == f"there is no {group} version 2; there are 1 to 1"


def test_a_wrong_file_is_refused(app: typer.Typer, tmp_path: Path) -> None:
    """The sentence names file, line and field."""
    (tmp_path / "policy.yaml").write_text("version: 1\nteam: []\n")

    refused = invoke(app, "policy", "apply", "policy.yaml", "--yes").exception

    assert isinstance(refused, DocumentError)
    assert "policy.yaml:2: team: is no known key; did you mean 'teams'?" in str(refused)
