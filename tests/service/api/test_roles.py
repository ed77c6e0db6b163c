"""Which token may do what, and which teams it sees."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

ClientOf = Callable[..., TestClient]

ROUTES = ["/v1/about", "/v1/costs?period=2026-10", "/v1/plans/latest", "/v1/workloads"]


def ask(client: TestClient, route: str, body: object = None) -> Any:  # noqa: ANN401 -- a response
    """Call a route the way it is meant."""
    return client.post(route, json=body) if route == "/v1/workloads" else client.get(route)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("token", [None, "unknown"])
def test_nothing_is_told_without_a_known_token(
    route: str, token: str | None, client_of: ClientOf, workload: dict[str, Any]
) -> None:
    """Every route of /v1 answers 401 and says which kind of credentials it wants."""
    answer = ask(client_of(token), route, workload)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "not-authenticated"


@pytest.mark.parametrize("header", ["Basic cmt_admin", "cmt_admin", "Bearer", ""])
def test_other_credentials_are_no_token(header: str, client_of: ClientOf) -> None:
    """Only the scheme Bearer is accepted."""
    answer = client_of(None).get("/v1/about", headers={"Authorization": header})

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("token", "allowed"),
    [
        ("admin", [200, 200, 200, 201]),
        ("reader", [200, 200, 200, 403]),
        ("vision", [200, 200, 200, 201]),
        ("submitter", [200, 403, 403, 201]),
        ("agent", [200, 403, 403, 403]),
    ],
)
def test_each_scope_opens_its_doors_only(
    token: str, allowed: list[int], client_of: ClientOf, workload: dict[str, Any]
) -> None:
    """About is for every token; costs and plans are for readers, the queue for submitters."""
    statuses = [ask(client_of(token), route, workload).status_code for route in ROUTES]

    assert statuses == allowed


def test_a_token_submits_for_its_own_teams_only(
    client_of: ClientOf, workload: dict[str, Any]
) -> None:
    """One workload of another team refuses the whole list; a token without teams may do it."""
    both = [workload, {**workload, "team": "nlp"}]

    refused = client_of("vision").post("/v1/workloads", json=both)
    accepted = client_of("submitter").post("/v1/workloads", json=both)

    assert refused.status_code == 403
    assert "may not act for team 'nlp'" in refused.json()["detail"]
    assert accepted.status_code == 201


def test_a_team_sees_its_own_costs_and_nothing_of_the_whole(client_of: ClientOf) -> None:
    """Vision bears 70 direct and 5 idle; the 30 of nlp and the company's check are not told."""
    body = client_of("vision").get("/v1/costs?period=2026-10").json()

    assert [row["team"] for row in body["rows"]] == ["vision"]
    assert body["totals"][0]["effective_cost"] == "75.00"
    assert body["totals"][0]["difference"] is None


def test_a_team_sees_its_own_placements_and_nothing_of_the_whole(client_of: ClientOf) -> None:
    """Vision's one placement costs 10 USD; what concerns all teams is the company's."""
    body = client_of("vision").get("/v1/plans/latest").json()

    assert [placement["team"] for placement in body["placements"]] == ["vision"]
    assert (body["spend"], body["placed"], body["unplaced"]) == ("10.00", 1, 0)
    whole = ("left_out", "cost", "bound", "gap", "baselines")
    assert [body[name] for name in whole] == [None, None, None, None, {}]
