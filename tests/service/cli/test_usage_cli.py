"""``comptroller waste`` and ``comptroller unit-costs``: for people, and exact for programs."""

import csv
import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import typer
from typer.testing import CliRunner

from service.bootstrap import Wiring
from service.cli import unit_costs, waste
from service.domain.gpu_accounts import HOUR_MS
from service.domain.money import Money
from service.domain.rightsizing import (
    Confidence,
    Excess,
    Recommendation,
    RightsizingRun,
    Rule,
    Work,
)
from service.errors import InputError
from service.store.roles import Logins
from tests.conftest import NOW
from tests.service.facts import put, usage
from tests.service.usage_example import put_example
from tests.service.usecases.test_report_waste import account_october


@pytest.fixture
def app(
    database: Logins, wiring: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> typer.Typer:
    """Return both commands over the accounts of the worked example."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPTROLLER_LAKE_URI", str(wiring.lake.root))
    monkeypatch.setenv("COLUMNS", "160")
    put_example(wiring.lake)
    account_october(wiring, tmp_path)
    commands = typer.Typer()
    waste.register(commands)
    unit_costs.register(commands)
    return commands


def shown(commands: typer.Typer, *arguments: str) -> str:
    """Run a command of October and return what it writes; refusals come out as they are."""
    command, *options = arguments
    line = [command, "--period", "2026-10", *options]
    ended = CliRunner().invoke(commands, line, catch_exceptions=False)
    assert ended.exit_code == 0
    return ended.stdout


def cells(text: str) -> list[list[str]]:
    """Return the rows of a table as words."""
    return [line.replace("│", " ").split() for line in text.splitlines()]


def test_waste_is_a_table_with_sums_and_what_was_thrown_away(app: typer.Typer) -> None:
    """126 GPU-hours for 52.50 dollars, and of the held time 8 hours for 3.33."""
    text = shown(app, "waste", "--by", "kind")

    rows = cells(text)
    assert ["unused", "vision", "48.0", "20.00", "USD"] in rows
    assert ["waste", "126.0", "52.50", "USD"] in rows
    assert ["lost_failed", "vision", "8.0", "3.33", "USD"] in rows
    assert "thrown away, part of held time" in text
    assert "GPU-hours: reserved 192.0, allocated 168.0, utilised 66.0" in text
    assert "not explained" not in text


def test_what_is_not_explained_stands_apart(
    app: typer.Typer, wiring: Wiring, tmp_path: Path
) -> None:
    """Nobody saw the machine that costs 80 dollars: nothing is wasted, as far as anyone knows."""
    put(wiring.lake, "gpu_usage", [], period="2026-10-05")
    put(wiring.lake, "job_run", [])
    account_october(wiring, tmp_path)

    rows = cells(shown(app, "waste", "--by", "kind"))

    assert ["unmatched_no_usage", "platform", "0.0", "80.00", "USD"] in rows
    assert ["waste", "0.0"] in rows
    assert ["not", "explained", "0.0", "80.00", "USD"] in rows


def test_waste_for_programs_is_exact(app: typer.Typer) -> None:
    """JSON and CSV have GPU-milliseconds and all decimals; lost work comes last."""
    found: dict[str, Any] = json.loads(shown(app, "waste", "--format", "json"))
    rows = list(csv.DictReader(io.StringIO(shown(app, "waste", "--format", "csv"))))

    assert found["bases"]["utilised"]["gpu_ms"] == 66 * HOUR_MS
    assert found["unexplained"] == []
    assert [row["kind"] for row in found["of_which_lost"]] == ["lost_failed"]
    assert [row["kind"] for row in rows] == [
        row["kind"] for row in found["waste"] + found["of_which_lost"]
    ]
    assert rows[-1] == {
        "period": "2026-10",
        "team": "vision",
        "kind": "lost_failed",
        "gpu_ms": str(8 * HOUR_MS),
        "currency": "USD",
        "effective_cost": found["of_which_lost"][0]["effective_cost"],
        "contained_in": "utilised unused no_process unobserved",
    }
    assert found["of_which_over_sized"] is None


def judged(wiring: Wiring, run: str, *found: Recommendation) -> None:
    """Store what was said of the kinds of work in October."""
    first, end = date(2026, 10, 1), date(2026, 11, 1)
    with wiring.store.work() as work:
        work.recommendations.add(
            RightsizingRun(UUID(int=9), NOW, first, end, 3, 0, found, account_run=UUID(run))
        )


def test_over_sized_work_says_in_which_classes_it_is_contained(
    app: typer.Typer, wiring: Wiring
) -> None:
    """Team vision held 96 hours too large, 17.14 dollars beyond what suffices: in no sum twice."""
    assert "over-sized work: not judged yet" in shown(app, "waste")
    run = json.loads(shown(app, "waste", "--format", "json"))["run"]
    excess = Excess(96 * HOUR_MS, Money.parse("17.14", "USD"))
    work = Work("vision", "detector", "train", "H100", "whole")
    advice = Recommendation(
        work, Rule.MIG_SLICE, "3g.40gb", Money.parse("3", "USD"), 0, excess, Confidence.HIGH
    )
    idle = replace(advice, rule=Rule.RELEASE_IDLE)
    judged(wiring, run, advice, idle)

    found = json.loads(shown(app, "waste", "--format", "json"))
    lines = list(csv.DictReader(io.StringIO(shown(app, "waste", "--format", "csv"))))
    text = shown(app, "waste", "--by", "kind")

    assert found["of_which_over_sized"] == [
        {
            "team": "vision",
            "kind": "over_sized",
            "gpu_ms": 96 * HOUR_MS,
            "currency": "USD",
            "effective_cost": "17.14",
            "contained_in": ["utilised", "unused", "unobserved"],
        }
    ]
    assert lines[-1]["contained_in"] == "utilised unused unobserved"
    assert lines[0]["contained_in"] == ""
    rows = cells(text)
    assert ["over_sized", "vision", "96.0", "17.14", "USD"] in rows
    assert ["waste", "126.0", "52.50", "USD"] in rows
    assert "held too much, part of held time" in text
    assert "over-sized work: GPU-hours that it held, cost beyond what suffices" in text


def test_unit_costs_are_a_table_with_reasons_as_notes(app: typer.Typer) -> None:
    """What is unknown says how much is known; 96 hours drew 96 kWh of unknown carbon."""
    text = shown(app, "unit-costs")

    rows = cells(text)
    [vision] = [row for row in rows if row[:1] == ["vision"]]
    assert vision[1:6] == ["USD", "96.0", "0.3958", "0.7917", "40.0000"]
    assert vision[6:] == ["(2)", "(2)", "0.4545", "1", "0", "96.0"]
    assert any(row[:6] == ["nlp", "USD", "72.0", "0.3958", "83.3", "%"] for row in rows)
    assert "(1) activity was measured for less than 90 % of the time" in text
    assert "(2) no tokens were counted" in text


def test_unit_costs_for_programs_say_why_a_figure_is_not_known(app: typer.Typer) -> None:
    """In JSON beside the amount, in CSV in a column of its own."""
    found = json.loads(shown(app, "unit-costs", "--by", "workload", "--format", "json"))
    table = shown(app, "unit-costs", "--by", "workload", "--format", "csv")
    rows = {row["workload"]: row for row in csv.DictReader(io.StringIO(table))}

    serve = next(row for row in found["rows"] if row["workload"] == "serve")
    reason = "activity was measured for less than 90 % of the time"
    assert serve["million_tokens_used"] == {
        "amount": None,
        "unknown": reason,
        "known_permille": 750,
    }
    assert rows["serve"]["million_tokens_used"] == ""
    assert rows["serve"]["million_tokens_used_unknown"] == reason
    assert rows["serve"]["million_tokens"] == serve["million_tokens"]["amount"]
    assert rows["train"]["lost_ms"] == str(8 * HOUR_MS)
    assert serve["known_by"] == rows["serve"]["known_by"] == "job"
    assert serve["finished"] == {
        "jobs": 1,
        "without_cost": 0,
        "cost": "20.00",
        "not_accounted": [],
    }
    assert [rows["serve"][f"running_{name}"] for name in ("jobs", "without_cost", "cost")] == [
        "0",
        "0",
        "0.00",
    ]


def test_a_workload_of_which_only_a_namespace_is_known_says_so(
    app: typer.Typer, wiring: Wiring, tmp_path: Path
) -> None:
    """A pod that no job run tells of: its row is the whole namespace, and has no known cost."""
    seen = usage("host-x", 1, None, namespace="bots", pod="b-0")
    put(wiring.lake, "gpu_usage", [seen], period="2026-10-05")
    put(wiring.lake, "job_run", [])
    account_october(wiring, tmp_path)

    text = shown(app, "unit-costs", "--by", "workload")
    found = json.loads(shown(app, "unit-costs", "--by", "workload", "--format", "json"))

    assert ["bots", "1.0"] in [row[:2] for row in cells(text)]
    assert "(namespace)" in text
    assert found["rows"][0]["finished"]["cost"] is None


@pytest.mark.parametrize("command", ["waste", "unit-costs"])
def test_a_period_is_a_month(app: typer.Typer, command: str) -> None:
    """Anything else is refused, with what is accepted."""
    with pytest.raises(InputError, match="--period: 'May' is no billing period"):
        CliRunner().invoke(app, [command, "--period", "May"], catch_exceptions=False)
