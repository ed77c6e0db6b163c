"""``optimize`` and ``check-plan`` as a user runs them: files in, files out, exit statuses."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from service.cli.optimize import register

INSTANCE: dict[str, Any] = {
    "version": 1,
    "slots": 4,
    "slot_minutes": 60,
    "offers": [
        {"id": "cheap", "price": 10, "capacity": 1},
        {"id": "dear", "price": [15, 15, 20, 20], "capacity": [1, 1, 1, 1]},
    ],
    "jobs": [
        {
            "id": name, "release": 0, "due": 2, "gang": gang, "unplaced_cost": 1000,
            "options": [{"offer": "cheap", "slots": 2}, {"offer": "dear", "slots": 2}],
        }
        for name, gang in (("a", 1), ("b", 1), ("c", 2))
    ],
}  # fmt: skip


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """Two jobs that fit beside each other, 20 + 30, and one whose gang of 2 fits nowhere."""
    path = tmp_path / "instance.json"
    path.write_text(json.dumps(INSTANCE), encoding="utf-8")
    return path


def run(*arguments: object) -> Result:
    """Call the root command with only these two commands in it."""
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def optimized(instance: Path, *more: object) -> Path:
    """The plan that ``optimize`` writes."""
    plan = instance.with_name("plan.json")
    done = run("optimize", instance, "--time-limit", 10, "--out", plan, *more)
    assert done.exit_code == 0, done.output
    return plan


def test_a_plan_is_written_and_summed_up(instance: Path) -> None:
    """20 + 30 for a and b, 1000 for c whose gang is too large: 1050, proven."""
    plan = instance.with_name("plan.json")

    done = run("optimize", instance, "--time-limit", 10, "--out", plan, "--seed", 3)

    lines = done.output.splitlines()
    assert done.exit_code == 0
    assert lines[:-1] == [
        "optimal: 2 jobs placed, 1 unplaced",
        "  gang_exceeds_capacity 1",
        "cost 1050",
        "bound 1050",
        "gap 0.000000",
    ]
    assert json.loads(plan.read_text(encoding="utf-8"))["unplaced"] == ["c"]


def test_the_plan_that_was_written_is_valid(instance: Path) -> None:
    """``check-plan`` prints the same cost, bound and gap, and exits 0."""
    plan = optimized(instance, "--workers", 2)

    done = run("check-plan", instance, plan)

    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "valid: 2 jobs placed, 1 unplaced",
        "cost 1050",
        "bound 1050",
        "gap 0.000000",
    ]


def test_every_broken_rule_of_a_plan_is_listed(instance: Path) -> None:
    """Both jobs on the one machine, a wrong cost and an unknown field: exit 1, four sentences."""
    plan = optimized(instance)
    document = json.loads(plan.read_text(encoding="utf-8"))
    document["placements"] = [{"job": job, "offer": "cheap", "start": 0} for job in "ab"]
    document["cost"] = 1049
    document["note"] = "by hand"
    plan.write_text(json.dumps(document), encoding="utf-8")

    done = run("check-plan", instance, plan)

    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        (
            "note is not a known field; accepted are version, status, cost, bound, gap, "
            "placements, unplaced"
        ),
        "offer cheap runs 2 machines in slots [0, 2); its capacity is 1",
        "cost is given as 1049; the placements and unplaced jobs cost 1040",
        "bound 1050 is above the cost 1049",
        "status is optimal, but cost 1049 and bound 1050 differ",
    ]
    assert done.stderr == f"not valid: 5 broken rules in {plan}\n"


@pytest.mark.parametrize("command", ["optimize", "check-plan"])
def test_an_instance_that_cannot_be_used_exits_2(instance: Path, command: str) -> None:
    """The sentence names the file, the JSON path and what is accepted."""
    document = {**INSTANCE, "jobs": [{**INSTANCE["jobs"][0], "gang": 0}]}
    instance.write_text(json.dumps(document), encoding="utf-8")
    plan = instance.with_name("plan.json")
    more = ("--out", plan) if command == "optimize" else (plan,)

    done = run(command, instance, *more)

    assert done.exit_code == 2
    assert done.stderr == (
        f"{instance}: jobs[0]: job a: gang must be an integer from 1 to 1000000000, not 0\n"
    )
    assert not plan.exists()


def test_a_plan_that_cannot_be_read_exits_2(instance: Path) -> None:
    """A missing plan is no broken rule."""
    done = run("check-plan", instance, instance.with_name("none.json"))

    assert done.exit_code == 2
    assert done.stderr.endswith("none.json: cannot be read: No such file or directory\n")


def test_a_place_that_cannot_be_written_is_refused_before_planning(instance: Path) -> None:
    """A folder that does not exist is said at once, one that is a folder itself after."""
    nowhere = instance.parent / "none" / "plan.json"

    early = run("optimize", instance, "--out", nowhere)
    late = run("optimize", instance, "--out", instance.parent)

    assert (early.exit_code, late.exit_code) == (2, 2)
    assert early.stderr == f"{nowhere}: there is no folder {nowhere.parent}\n"
    assert late.stderr == f"{instance.parent}: cannot be written: Is a directory\n"


@pytest.mark.parametrize("limit", ["nan", "inf", "0", "-1"])
def test_a_time_limit_must_be_a_positive_number_of_seconds(instance: Path, limit: str) -> None:
    """Typer's usage errors exit 2 as well."""
    done = run("optimize", instance, "--time-limit", limit, "--out", instance.with_name("p.json"))

    assert done.exit_code == 2
    assert "time-limit" in done.stderr
