"""``comptroller dispute``: open, list and answer."""

import csv
import io
import json
from pathlib import Path
from uuid import UUID

import pytest
import typer
from typer.testing import CliRunner, Result

from service.bootstrap import Wiring, operator
from service.cli import dispute
from service.errors import InputError
from service.store.roles import Logins
from service.usecases.ledger.statements import period_lines
from tests.service.closing import OCTOBER, Company, charge, usd


@pytest.fixture
def app(
    database: Logins, wiring: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> typer.Typer:
    """Return the commands over a company whose October has 60 of vision and 30 of nlp."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPTROLLER_LAKE_URI", str(wiring.lake.root))
    company = Company.of(wiring, tmp_path)
    company.load(OCTOBER, charge("60", "111"), charge("30", "222"))
    commands = typer.Typer()
    dispute.register(commands)
    return commands


@pytest.fixture
def line(app: typer.Typer, wiring: Wiring) -> str:
    """Return the id of vision's line, once the commands are there."""
    del app
    found = period_lines(OCTOBER, lake=wiring.lake, engine=wiring.engine, store=wiring.store).lines
    return next(one.id for one in found if one.effective == usd("60"))


def invoke(commands: typer.Typer, *arguments: str) -> Result:
    """Run a command; refusals come out as they are."""
    return CliRunner().invoke(commands, ["dispute", *arguments])


def opened(app: typer.Typer, line: str) -> str:
    """Question vision's line, and return the id of the dispute."""
    options = ("--period", "2026-10", "--team", "vision", "--comment", "not [b]ours")
    result = invoke(app, "open", line, *options)
    assert result.stdout.startswith("dispute ")
    assert result.stdout.endswith(" is open\n")
    return str(UUID(result.stdout.split()[1]))


def test_a_dispute_is_opened_accepted_with_a_move_and_listed(app: typer.Typer, line: str) -> None:
    """20 of vision's 60 come to nlp; the list then has the answer and its batch."""
    found = opened(app, line)

    move = ("--move-to", "nlp", "--amount", "20")
    answered = invoke(app, "answer", found, "--accept", "--text", "true", *move)
    listed = invoke(app, "list", "--format", "json")

    first, second = answered.stdout.splitlines()
    [one] = json.loads(listed.stdout)
    assert first == f"dispute {found}: accepted"
    assert second.startswith("20.00 USD moved from team:vision to team:nlp in 2026-10, batch ")
    assert (one["id"], one["state"], one["comment"]) == (found, "accepted", "not [b]ours")
    assert (one["by"], one["line"]) == (operator(), line)
    assert [(each["outcome"], each["text"]) for each in one["answers"]] == [("accepted", "true")]
    assert second.endswith(one["answers"][0]["batch"])


def test_a_refused_dispute_is_no_longer_among_the_open_ones(app: typer.Typer, line: str) -> None:
    """A comment leaves it open."""
    found = opened(app, line)

    said = invoke(app, "answer", found, "--comment", "--text", "we look")
    still = invoke(app, "list", "--period", "2026-10", "--open")
    refused = invoke(app, "answer", found, "--refuse", "--text", "yours")
    none = invoke(app, "list", "--open", "--format", "csv")
    all_ = invoke(app, "list", "--format", "csv")

    assert said.stdout == f"dispute {found}: comment\n"
    assert found in still.stdout
    assert "not [b]ours" in still.stdout
    assert refused.stdout == f"dispute {found}: refused\n"
    assert len(none.stdout.splitlines()) == 1
    [row] = csv.DictReader(io.StringIO(all_.stdout))
    assert (row["state"], row["answers"]) == ("refused", "2")
    [each] = json.loads(invoke(app, "list", "--format", "json").stdout)
    assert [one["batch"] for one in each["answers"]] == [None, None]


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--accept", "--refuse"),
        ("--accept", "--move-to", "nlp"),
        ("--accept", "--amount", "1"),
        ("--accept", "--move-to", "nlp", "--amount", "much"),
    ],
    ids=["nothing", "both", "no-amount", "no-team", "no-number"],
)
def test_an_answer_is_one_thing_and_a_move_is_whole(
    app: typer.Typer, options: tuple[str, ...]
) -> None:
    """Wrong usage is told before anything is read."""
    result = invoke(app, "answer", str(UUID(int=1)), "--text", "x", *options)

    assert result.exit_code == 2


def test_a_refusal_comes_out_as_a_sentence(app: typer.Typer, line: str) -> None:
    """Nlp does not bear the line of vision."""
    options = ("--period", "2026-10", "--team", "nlp", "--comment", "x")
    result = invoke(app, "open", line, *options)

    assert isinstance(result.exception, InputError)
    assert "is borne by vision, not by nlp" in str(result.exception)
