"""``comptroller submit`` and ``plan``: a file goes in, a plan that anyone can check comes out."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from service.bootstrap import Wiring
from service.cli import optimize, plan, submit
from service.documents.yaml_file import DocumentError
from service.errors import NotFoundError
from service.store.roles import Logins
from tests.service.planning import load_prices

QUEUE = """\
workloads:
  - name: a
    team: research
    run: {image: i}
    kind: training
    accelerators: [{model: H100, count_per_node: 8}]
    work: {duration_hours: 4}
    idempotency_key: a
  - name: b
    team: vision
    run: {image: i}
    kind: training
    accelerators: [{model: L4, count_per_node: 1}]
    work: {duration_hours: 1}
"""


@pytest.fixture
def app(
    database: Logins, wiring: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> typer.Typer:
    """Return the commands over a price list with p5.48xlarge at 10 USD an hour."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPTROLLER_LAKE_URI", str(wiring.lake.root))
    monkeypatch.setenv("COMPTROLLER_PLAN_HORIZON_HOURS", "24")
    monkeypatch.setenv("COLUMNS", "160")
    load_prices(wiring.lake, [{"valid_from": "2020-01-01T00:00:00Z"}])
    (tmp_path / "queue.yaml").write_text(QUEUE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    commands = typer.Typer()
    for module in (submit, plan, optimize):
        module.register(commands)
    return commands


def invoke(commands: typer.Typer, *arguments: str) -> Result:
    """Run a command; refusals come out as they are."""
    return CliRunner().invoke(commands, arguments)


def words(result: Result) -> str:
    """Return what was printed, in one line and without the frames of tables."""
    assert result.exit_code == 0, result.exception
    return " ".join(result.stdout.replace("│", " ").split())


def answer(result: Result) -> dict[str, Any]:
    """Return what was printed as JSON."""
    assert result.exit_code == 0, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_file_of_workloads_goes_into_the_queue(app: typer.Typer) -> None:
    """Both workloads are shown with id and state."""
    text = words(invoke(app, "submit", "queue.yaml"))

    assert "a research queued" in text
    assert text.endswith("2 workloads are in the queue; comptroller plan places them.")


def test_submitting_twice_gives_the_same_workload_for_the_same_key(app: typer.Typer) -> None:
    """A has a key and keeps its id; b has none and comes in again."""
    first = answer(invoke(app, "submit", "queue.yaml", "--format", "json"))["workloads"]
    again = answer(invoke(app, "submit", "queue.yaml", "--format", "json"))["workloads"]

    assert [one["name"] for one in first] == ["a", "b"]
    assert first[0]["id"] == again[0]["id"]
    assert first[1]["id"] != again[1]["id"]


def test_a_bad_file_puts_nothing_into_the_queue(
    app: typer.Typer, wiring: Wiring, tmp_path: Path
) -> None:
    """The refusal names file, line and field."""
    (tmp_path / "bad.yaml").write_text(QUEUE + "    nodes: none\n", encoding="utf-8")

    refused = invoke(app, "submit", "bad.yaml")

    assert isinstance(refused.exception, DocumentError)
    assert str(refused.exception).startswith("bad.yaml:15: workloads[2].nodes: 'none' must be")
    with wiring.store.work() as work:
        assert work.workloads.count_by_state() == {}


def test_a_plan_shows_cost_bound_gap_and_reasons(app: typer.Typer) -> None:
    """A takes 4 hours at 10 USD in every way; b wants an L4, which nobody sells."""
    invoke(app, "submit", "queue.yaml")

    text = words(invoke(app, "plan", "--time-limit", "5"))

    assert "spend, 1 workloads placed 40.00 USD" in text
    assert "price of what is left out, 1 workloads 0.00 USD" in text
    assert "total cost 40.00 USD lower bound, proven 40.00 USD gap 0.00 %" in text
    assert "this plan 1 1 40.00 40.00 cheapest offer first 1 1 40.00 40.00" in text
    assert "on demand, without limits 1 1 40.00 40.00" in text
    assert "1 x no_offer, for example: no offer is left with 1 x L4" in text
    assert "note: offer without a quota, 8 machines assumed (1)" in text


def test_an_empty_queue_has_a_plan_without_placements(app: typer.Typer) -> None:
    """It costs nothing and shows no table of placements."""
    text = words(invoke(app, "plan"))

    assert "total cost 0.00 USD" in text
    assert "start (UTC)" not in text


def test_the_newest_plan_can_be_shown_again(app: typer.Typer) -> None:
    """The same numbers, for programs, with the folder of its files."""
    invoke(app, "submit", "queue.yaml")
    made = answer(invoke(app, "plan", "--format", "json"))

    shown = answer(invoke(app, "plan", "show", "--format", "json"))

    assert shown | {"notes": made["notes"]} == made
    assert (shown["cost"], shown["spend"], shown["gap"]) == ("40.00", "40.00", 0)
    assert [one["name"] for one in shown["placements"]] == ["a"]
    assert [one["reason_code"] for one in shown["unplaced"]] == ["no_offer"]


def test_the_files_of_a_plan_pass_check_plan(app: typer.Typer, tmp_path: Path) -> None:
    """--out-dir holds instance.json and plan.json."""
    invoke(app, "submit", "queue.yaml")
    words(invoke(app, "plan", "--out-dir", "out"))

    files = [str(tmp_path / "out" / name) for name in ("instance.json", "plan.json")]

    assert "valid: 1 jobs placed, 0 unplaced" in words(invoke(app, "check-plan", *files))


def test_many_placements_are_cut_and_stale_inputs_are_named(
    app: typer.Typer, wiring: Wiring, tmp_path: Path
) -> None:
    """The table has 20 rows and says how many more there are."""
    from service.usecases.plan_queue import PlanSettings, plan_queue

    one = QUEUE.split("    idempotency_key", maxsplit=1)[0]
    many = one + "".join(
        one.partition("\n")[2].replace("name: a", f"name: a{n}") for n in range(21)
    )
    (tmp_path / "many.yaml").write_text(many, encoding="utf-8")
    invoke(app, "submit", "many.yaml")
    settings = PlanSettings.of(wiring.settings)
    plan_queue(
        lake=wiring.lake,
        engine=wiring.engine,
        store=wiring.store,
        settings=settings,
        clock=wiring.clock,
        new_id=wiring.new_id,
        stale_inputs=("aws-bills",),
    )

    text = words(invoke(app, "plan", "show"))

    assert "and 2 more; --format json has all" in text
    assert "planned on stale inputs: aws-bills" in text


def test_without_a_plan_there_is_nothing_to_show(app: typer.Typer) -> None:
    """The refusal says what to do."""
    refused = invoke(app, "plan", "show")

    assert isinstance(refused.exception, NotFoundError)
