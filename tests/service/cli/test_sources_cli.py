"""``comptroller sources``: what is configured, whether it works, what it brought."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from service.bootstrap import Wiring
from service.cli import load, sources
from service.store.roles import Logins
from service.usecases.check_sources import UnknownSource
from tests.service.loads import bill


@pytest.fixture
def app(
    database: Logins, wiring: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> typer.Typer:
    """The commands over an empty lake, with a source of files and one whose files are missing."""
    configured = [
        {"name": "aws", "kind": "focus", "path": f"{tmp_path}/aws-*.csv"},
        {"name": "lost", "path": f"{tmp_path}/lost/*.csv"},
    ]
    monkeypatch.setenv("COMPTROLLER_SOURCES", json.dumps(configured))
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPTROLLER_LAKE_URI", str(wiring.lake.root))
    monkeypatch.setenv("COLUMNS", "160")
    bill(tmp_path, "aws-1.csv", "10", "2.5")
    commands = typer.Typer()
    sources.register(commands)
    load.register(commands)
    return commands


def invoke(commands: typer.Typer, *arguments: str | Path) -> Result:
    """Run a command; refusals come out as they are."""
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


def test_a_check_says_what_is_missing_and_needs_no_database(app: typer.Typer) -> None:
    """One source passes, the other has no files; the exit code is 3."""
    done = invoke(app, "sources", "check")

    assert done.exit_code == 3
    assert "ok      files at" in done.output
    assert "missing files at" in done.output
    assert "lost: no file fits" in done.output


def test_a_check_of_sources_that_lack_nothing_ends_well(app: typer.Typer) -> None:
    """Only the named source is looked at."""
    done = invoke(app, "sources", "check", "aws")

    assert (done.exit_code, "lost" in done.output) == (0, False)


def test_a_source_that_is_not_configured_is_refused(app: typer.Typer) -> None:
    """The sentence says which there are."""
    done = invoke(app, "sources", "check", "gcp")

    assert isinstance(done.exception, UnknownSource)
    assert str(done.exception) == "no source is called 'gcp'; configured are aws, lost"


def test_one_source_that_fails_does_not_stop_the_others(app: typer.Typer) -> None:
    """Two lines are loaded, the lost files are told, the exit code is 3; again: unchanged."""
    first = invoke(app, "sources", "load")
    second = invoke(app, "sources", "load", "aws")

    assert first.exit_code == 3
    assert "lost" in first.output
    assert "allocated 2026-10" in first.output
    assert (second.exit_code, "unchanged" in second.output) == (0, True)


def test_the_list_shows_how_fresh_each_source_is(app: typer.Typer) -> None:
    """One source has a newest period, the other was never loaded."""
    invoke(app, "sources", "load", "aws")

    done = invoke(app, "sources", "list")

    [aws, lost] = done.output.strip().splitlines()[-2:]
    assert aws.split()[:3] == ["aws", "files", "2026-10"]
    assert lost.split() == ["lost", "files", "never"]


def test_history_and_findings_tell_of_the_last_loads(app: typer.Typer) -> None:
    """A bill without a BillingAccountId breaks a rule of FOCUS in both of its rows."""
    invoke(app, "sources", "load", "aws")

    history = invoke(app, "sources", "history", "aws")
    findings = invoke(app, "sources", "findings")

    assert "focus-1.0" in history.output
    assert "BillingAccountId" in findings.output
    assert "null not allowed" in findings.output


def test_a_restatement_is_shown_with_lines_and_money(app: typer.Typer, tmp_path: Path) -> None:
    """Of 10 and 2.50 the second becomes 3: one changed line, +0.50."""
    invoke(app, "sources", "load", "aws")
    bill(tmp_path, "aws-1.csv", "10", "3")
    invoke(app, "sources", "load", "aws")

    done = invoke(app, "sources", "changes", "aws")

    assert done.output.split()[-4:] == ["0", "0", "1", "+0.50"]


def test_without_sources_the_commands_say_how_to_add_one(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty list is no fault."""
    monkeypatch.setenv("COMPTROLLER_SOURCES", "[]")

    for command in ("list", "check"):
        done = invoke(app, "sources", command)

        assert done.exit_code == 0
        assert "docs/configuration.md" in done.output


def test_many_columns_that_are_not_kept_share_a_line(app: typer.Typer, tmp_path: Path) -> None:
    """Seven columns of a provider's own: five are named and two counted, below the rules."""
    path = tmp_path / "aws-1.csv"
    header, *rows = path.read_text().splitlines()
    own = [",".join([header, *(f"own{n}" for n in range(7))]), *(f"{row},,,,,,," for row in rows)]
    path.write_text("\n".join(own) + "\n")
    loaded = invoke(app, "load", path, "--source", "aws")

    few = invoke(app, "sources", "findings", "aws")
    every = invoke(app, "sources", "findings", "aws", "--all")

    assert "own4 and 2 more" in loaded.output
    assert few.output.splitlines()[-1].split() == [
        *("aws", "2026-10", "own0,", "own1,", "own2,", "own3,", "own4", "and", "2", "more"),
        *("columns", "are", "not", "kept", "2"),
    ]
    assert every.output.count("column is not kept") == 7


def test_a_load_that_finds_nothing_says_so(app: typer.Typer) -> None:
    """No source has anything of a month of 2020."""
    done = invoke(app, "sources", "load", "aws", "--period", "2020-01")

    assert (done.exit_code, "Nothing new" in done.output) == (0, True)


def test_a_name_under_which_nothing_was_loaded_is_told(app: typer.Typer) -> None:
    """It may be a mistyped one; the table is empty."""
    done = invoke(app, "sources", "history", "asw")

    assert "Nothing was ever loaded of asw." in done.stderr


def test_the_types_are_told_as_markdown(app: typer.Typer) -> None:
    """Eleven types, each with its own table."""
    done = invoke(app, "sources", "types")

    assert done.output.count("### `") == 12
    assert "| `bucket` | needed | the bucket that AWS delivers into |" in done.output
    assert "| None |" not in done.output
