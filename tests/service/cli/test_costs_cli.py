"""``comptroller costs``: a table that adds up, and exact amounts for programs."""

import csv
import io
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from service.bootstrap import Wiring
from service.cli import costs, policy
from service.errors import InputError, NotFoundError
from service.store.roles import Logins
from tests.service.facts import line, put

POLICY = """
version: 1
effective_from: 2026-08-01
teams: [{name: a}, {name: b}, {name: c}]
pools: [{name: gw, owner: a, share: evenly, teams: [a, b, c]}]
rules: [{match: {service: Gateway}, pool: gw}]
"""


@pytest.fixture
def app(
    database: Logins, wiring: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> typer.Typer:
    """Return the commands over a lake in which 1.00 USD is shared by three, and 5 JPY by nobody."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPTROLLER_LAKE_URI", str(wiring.lake.root))
    monkeypatch.setenv("COLUMNS", "160")
    put(
        wiring.lake,
        "cost_line",
        [
            line("1", ServiceName="Gateway"),
            line("5", BillingCurrency="JPY", ContractedCost=None, ServiceName="A [v2] [/b]"),
        ],
    )
    commands = typer.Typer()
    costs.register(commands)
    policy.register(commands)
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY)
    assert invoke(commands, "policy", "apply", str(file), "--yes").exit_code == 0
    return commands


def invoke(commands: typer.Typer, *arguments: str) -> Result:
    """Run a command; refusals come out as they are."""
    return CliRunner().invoke(commands, arguments)


def test_the_table_adds_up_with_a_rounding_line(app: typer.Typer) -> None:
    """Three thirds of 1.00 show as 0.33, so 0.01 is on the line rounding; yen have no cents."""
    result = invoke(app, "costs", "--period", "2026-10")

    lines = [text.replace("│", " ").split() for text in result.stdout.splitlines()]
    shown = {tuple(words[:2]): words[2:] for words in lines if len(words) == 8}
    assert result.exit_code == 0
    assert "Costs of 2026-10 by team" in result.stdout
    assert shown["a", "USD"] == ["0.33", "0.00", "0.33", "0.00", "0.00", "0.33"]
    assert shown["rounding", "USD"] == ["0.01", "0.00", "0.01", "0.00", "0.00", "0.01"]
    assert shown["total", "USD"] == ["1.00", "0.00", "1.00", "0.00", "0.00", "1.00"]
    assert shown["unallocated", "JPY"] == ["5", "0", "0", "0", "5", "5"]
    assert ("rounding", "JPY") not in shown


def test_names_and_amounts_are_shown_whole_and_as_they_stand(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Brackets of a bill are no markup, and 80 columns cut neither "unallocated" nor a number."""
    monkeypatch.setenv("COLUMNS", "80")

    result = invoke(app, "costs", "--period", "2026-10", "--by", "service")

    assert "A [v2] [/b]" in result.stdout
    assert "unallocated" in result.stdout
    assert "…" not in result.stdout


def test_json_is_exact_and_says_what_is_not_known(app: typer.Typer) -> None:
    """A third of 1.00 has twelve decimals; the yen's contracted cost is null, not 0."""
    result = invoke(app, "costs", "--period", "2026-10", "--format", "json")

    found = json.loads(result.stdout)
    assert (found["period"], list(found)) == ("2026-10", ["period", "run", "rows"])
    thirds = [row["effective_cost"] for row in found["rows"] if row["currency"] == "USD"]
    assert thirds == ["0.333333333334", "0.333333333333", "0.333333333333"]
    assert found["rows"][-1] == {
        "team": "unallocated",
        "currency": "JPY",
        "effective_cost": "5.00",
        "direct": "0.00",
        "shared": "0.00",
        "idle": "0.00",
        "unused_commitment": "0.00",
        "distributed": "0.00",
        "unallocated": "5.00",
        "billed_cost": "5.00",
        "contracted_cost": None,
        "list_cost": "5.00",
    }


def test_csv_has_the_same_amounts(app: typer.Typer) -> None:
    """A header and one line per service and currency."""
    result = invoke(app, "costs", "--period", "2026-10", "--by", "service", "--format", "csv")

    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(row["service"], row["currency"], row["effective_cost"]) for row in rows] == [
        ("A [v2] [/b]", "JPY", "5.00"),
        ("Gateway", "USD", "1.00"),
    ]
    assert (rows[0]["contracted_cost"], rows[1]["contracted_cost"]) == ("", "1.00")


def test_what_is_no_period_or_has_no_bills_is_refused(app: typer.Typer) -> None:
    """October 26 is no period; September has no bill, October has."""
    wrong = invoke(app, "costs", "--period", "10/26").exception
    empty = invoke(app, "costs", "--period", "2026-09").exception

    assert isinstance(wrong, InputError)
    assert str(wrong).startswith("--period: '10/26' is no billing period; accepted is YYYY-MM")
    assert isinstance(empty, NotFoundError)
    assert "periods with bills: 2026-10" in str(empty)
