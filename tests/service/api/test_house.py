"""The API over a real store and a real lake."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.bootstrap import Wiring
from service.cli.serving import api_parts
from service.usecases.report_costs import BY
from tests.service.api.house import a_secret, furnish

As = Callable[[str | None], TestClient]


@pytest.fixture
def house(wiring: Wiring, tmp_path: Path) -> Wiring:
    """Return the furnished company."""
    furnish(wiring, tmp_path)
    return wiring


@pytest.fixture
def as_team(house: Wiring) -> As:
    """Return a function that makes a client with a new token of a team, or of the admin."""
    app = create_app(api_parts(house))

    def make(team: str | None) -> TestClient:
        return TestClient(app, headers={"Authorization": f"Bearer {a_secret(house, team)}"})

    return make


def test_everybody_who_may_sees_everything(as_team: As) -> None:
    """100 of vision, 40 of nlp and 10 of nobody are 150, and nothing is lost: 150 - 150 = 0."""
    body = as_team(None).get("/v1/costs?period=2026-10").json()

    assert {row["team"]: row["effective_cost"] for row in body["rows"]} == {
        "vision": "100.00",
        "nlp": "40.00",
        "unallocated": "10.00",
    }
    assert body["totals"][0]["effective_cost"] == "150.00"
    assert body["totals"][0]["difference"] == "0.00"


def test_no_question_shows_a_team_the_costs_of_others(as_team: As) -> None:
    """However vision asks, the sum is its own 100 of the company's 150."""
    client = as_team("vision")

    bodies = [client.get(f"/v1/costs?period=2026-10&by={by}").json() for by in BY]

    assert [body["totals"][0]["effective_cost"] for body in bodies] == ["100.00"] * len(BY)
    assert "nlp" not in str(bodies)


def test_a_team_sees_its_own_placements_only(as_team: As) -> None:
    """Vision's workload costs 7, nlp's 5, and together they are 12 for who sees both."""
    own = as_team("vision").get("/v1/plans/latest").json()
    whole = as_team(None).get("/v1/plans/latest").json()

    assert [p["workload_name"] for p in own["placements"]] == ["train-vision"]
    assert (own["spend"], whole["spend"], whole["cost"]) == ("7.00", "12.00", "12.00")
    assert "nlp" not in str(own)


def test_before_the_first_load_and_plan_there_is_nothing(wiring: Wiring) -> None:
    """An empty house is ready, answers 404 with a sentence, and about says that it is empty."""
    headers = {"Authorization": f"Bearer {a_secret(wiring)}"}
    client = TestClient(create_app(api_parts(wiring)), headers=headers)

    ready, about, costs, plan = (
        client.get(path)
        for path in ("/readyz", "/v1/about", "/v1/costs?period=2026-10", "/v1/plans/latest")
    )

    assert ready.status_code == 200
    assert (about.json()["periods"], about.json()["planned_at"]) == ([], None)
    assert (costs.status_code, plan.status_code) == (404, 404)
    assert "comptroller plan" in plan.json()["detail"]


def test_about_names_the_periods_and_the_plan(as_team: As) -> None:
    """October is allocated, and the plan was made when the clock stands."""
    body = as_team("vision").get("/v1/about").json()

    assert body["periods"] == ["2026-10"]
    assert body["planned_at"] == "2026-11-21T02:30:00Z"


def test_the_same_key_again_gives_the_same_workload_and_another_body_a_conflict(
    as_team: As, workload: dict[str, Any]
) -> None:
    """Two requests with one key are one workload; a changed one is refused with 409."""
    client, headers = as_team("vision"), {"Idempotency-Key": "k"}

    first = client.post("/v1/workloads", json=workload, headers=headers)
    again = client.post("/v1/workloads", json=workload, headers=headers)
    other = client.post("/v1/workloads", json={**workload, "nodes": 2}, headers=headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


def test_a_list_with_one_bad_key_is_refused_whole(
    as_team: As, house: Wiring, workload: dict[str, Any]
) -> None:
    """The first is new, the second contradicts what is stored: neither is queued."""
    client = as_team("vision")
    known = {**workload, "idempotency_key": "k"}
    client.post("/v1/workloads", json=known)

    answer = client.post("/v1/workloads", json=[workload, {**known, "nodes": 2}])

    with house.store.work() as work:
        names = [queued.name for queued in work.workloads.queued()]
    assert answer.status_code == 409
    assert names.count("train-a") == 1


def test_who_submits_is_on_record(as_team: As, house: Wiring, workload: dict[str, Any]) -> None:
    """The audit trail names the token, not a person of this host."""
    as_team("vision").post("/v1/workloads", json=workload)

    with house.store.work() as work:
        actors = [entry.actor for entry in work.audit.latest(10)]
    assert any(actor.startswith("token:") for actor in actors)
