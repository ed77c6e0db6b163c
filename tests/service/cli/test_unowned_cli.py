"""``comptroller unowned``: a table with rules to paste, and exact amounts for programs."""

import csv
import io
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from service.bootstrap import Wiring
from service.cli import policy, unowned
from service.errors import InputError
from service.store.roles import Logins
from tests.service.facts import job, line, node, put, usage

POLICY = """
version: 1
effective_from: 2026-08-01
teams: [{name: vision}, {name: nlp}]
pools: [{name: a100, owner: nlp, share: by_use}]
rules:
  - {match: {account: "111", service: EC2}, team: vision}
  - {match: {account: "222", service: EC2}, team: nlp}
  - {match: {service: GPU}, pool: a100}
  - {match: {service: Fees}, unallocated: true}
"""


@pytest.fixture
def app(
    database: Logins, wiring: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> typer.Typer:
    """Return the commands over a lake with parts of every sort, and a policy."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPTROLLER_LAKE_URI", str(wiring.lake.root))
    monkeypatch.setenv("COLUMNS", "160")
    tagged = {"SubAccountId": "333", "Tags": json.dumps({"owner": "visoin"})}
    put(
        wiring.lake,
        "cost_line",
        [
            line("60"),
            line("10.005", ServiceName="S3 [/b]"),
            line("1", SubAccountId="222"),
            line("9", SubAccountId="222", ServiceName="Fees"),
            line("30", SubAccountId="333", ServiceName="EC2"),
            line("40", **tagged),
            line("20", SubAccountId="333", ServiceName="GPU", ResourceId="i-1"),
        ],
    )
    put(wiring.lake, "node", [node("i-1", "a100")])
    put(wiring.lake, "job_run", [job("j-1", None)])
    put(wiring.lake, "gpu_usage", [usage("host-i-1", 4, "j-1")], period="2026-10-05")
    commands = typer.Typer()
    unowned.register(commands)
    policy.register(commands)
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY)
    assert invoke(commands, "policy", "apply", str(file), "--yes").exit_code == 0
    return commands


def invoke(commands: typer.Typer, *arguments: str) -> Result:
    """Run a command; refusals come out as they are."""
    return CliRunner().invoke(commands, arguments)


def test_the_table_has_the_parts_and_below_it_their_rules(app: typer.Typer) -> None:
    """Of 109.005 in all the two largest are shown, and 39.005 are the rest."""
    result = invoke(app, "unowned", "--period", "2026-10", "--limit", "2")

    lines = [text.split() for text in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert result.stdout.startswith("Cost of 2026-10 without an owner (policy 1)\n")
    assert ["owner", "visoin", "USD", "40.00", "36.7", "1", "1"] in lines
    assert ["account", "333", "USD", "30.00", "27.5", "1", "2"] in lines
    assert ["rest", "USD", "39.00", "3"] in [one[:4] for one in lines]
    assert ["total", "USD", "109.00", "5"] in [one[:4] for one in lines]
    assert result.stdout.endswith(
        "rules:\n"
        "  # 1: its value is like the name of team vision; moves 40.00 USD to vision\n"
        '  - {match: {tag: [{key: "owner", value: "visoin"}]}, team_from_tag: "owner",'
        ' aliases: {"visoin": "vision"}}\n'
        "  # 2: nothing tells the owner; name the team of these 30.00 USD\n"
        '  - {match: {account: "333"}, team: ...}\n'
    )


def test_a_rule_that_comes_too_late_is_said_to_move_nothing(app: typer.Typer) -> None:
    """Fees of account 222 are left to nobody by rule 4; the use of the pool has no rule at all."""
    result = invoke(app, "unowned", "--period", "2026-10")

    assert "moves nothing, as a rule before it leaves this cost unallocated" in result.stdout
    assert "use of pool  a100" in result.stdout
    assert "rest" not in result.stdout


def test_json_has_exact_amounts_reasons_and_effects(app: typer.Typer) -> None:
    """The S3 of account 111 is vision's by majority, to the last half cent."""
    result = invoke(app, "unowned", "--period", "2026-10", "--format", "json")

    found = json.loads(result.stdout)
    items = {item["value"]: item for item in found["items"]}
    assert found["totals"]["USD"]["effective_cost"] == "109.005"
    assert found["rest"]["USD"] == {"effective_cost": "0.00", "cost_lines": 0}
    assert items["111"]["would_move"] == [
        {"team": "vision", "currency": "USD", "effective_cost": "10.005"}
    ]
    assert items["111"]["why"] == "100 % of its cost that has an owner is vision's"
    assert (items["a100"]["rule"], items["a100"]["why"]) == (
        None,
        "work on the pool that no team is known for",
    )
    assert (items["333"]["guessed"], items["333"]["key"]) == (False, None)


def test_csv_ends_with_the_rest_of_each_currency(app: typer.Typer) -> None:
    """A line for each part, and one for what is in none of those that are shown."""
    result = invoke(app, "unowned", "--period", "2026-10", "--limit", "1", "--format", "csv")

    head, first, last = csv.reader(io.StringIO(result.stdout))
    assert len(head) == len(first) == len(last)
    assert first[:8] == ["2026-10", "USD", "tag", "owner", "visoin", "40.00", "36.7", "1"]
    assert first[-1] == "40.00 USD to vision"
    assert last[:6] == ["2026-10", "USD", "rest", "", "", "69.005"]


def test_what_several_teams_have_cost_of_asks_to_look_closer(
    app: typer.Typer, wiring: Wiring
) -> None:
    """Vision and nlp own half each of account 111: its other 5 may be anybody's."""
    put(
        wiring.lake,
        "cost_line",
        [
            line("60"),
            line("60", Tags=json.dumps({"x": "1"}), SubAccountId="222"),
            line("5", SubAccountId=None, BillingAccountId=None),
        ],
    )

    result = invoke(app, "unowned", "--period", "2026-10")

    assert "several own other cost of it, so look closer" in result.stdout


def test_what_is_no_period_is_refused(app: typer.Typer) -> None:
    """The option is named."""
    result = invoke(app, "unowned", "--period", "October")

    assert isinstance(result.exception, InputError)
    assert str(result.exception).startswith("--period: ")
