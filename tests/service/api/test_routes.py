"""What the routes say to whom may ask."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

ClientOf = Callable[..., TestClient]


def test_health_needs_no_token_and_tells_a_demo(client_of: ClientOf) -> None:
    """A sign-in page can mark the demo before anybody has a token."""
    answers = [client_of(None, demo=demo).get("/healthz").json() for demo in (True, False)]

    assert answers == [{"status": "ok", "demo": True}, {"status": "ok", "demo": False}]


def test_ready_means_that_the_store_answers(client_of: ClientOf) -> None:
    """A store that raises makes 503, and its own words stay inside."""

    def broken() -> None:
        raise ConnectionError("password of the database")

    ready = client_of(None).get("/readyz")
    unready = client_of(None, ready=broken).get("/readyz")

    assert (ready.status_code, unready.status_code) == (200, 503)
    assert "password" not in unready.text


def test_about_tells_version_and_freshness(client_of: ClientOf) -> None:
    """Two periods have costs, the last load was at half past two, nothing is planned."""
    body = client_of().get("/v1/about").json()

    assert body == {
        "version": "0.1.0",
        "demo": False,
        "periods": ["2026-11", "2026-10"],
        "loaded_at": "2026-11-21T02:30:00Z",
        "planned_at": None,
    }


def test_costs_leave_as_exact_decimal_strings(client_of: ClientOf) -> None:
    """70 + 5 idle + 30 = 105 USD, with a difference of 0; a cost that no bill says is null."""
    body = client_of().get("/v1/costs?period=2026-10").json()

    assert (body["period"], body["by"], body["policy_version"]) == ("2026-10", "team", 3)
    assert body["rows"][0] == {
        "team": "vision",
        "currency": "USD",
        "billed_cost": "75.00",
        "effective_cost": "75.00",
        "contracted_cost": "0.00",
        "list_cost": None,
        "direct": "70.00",
        "shared": "0.00",
        "idle": "5.00",
        "unused_commitment": "0.00",
        "distributed": "0.00",
        "unallocated": "0.00",
    }
    assert body["totals"][0]["effective_cost"] == "105.00"
    assert body["totals"][0]["difference"] == "0.00"


def test_the_key_of_a_row_is_named_by_the_question(client_of: ClientOf) -> None:
    """Asked by provider, each row has a provider."""
    body = client_of().get("/v1/costs?period=2026-10&by=provider").json()

    assert "provider" in body["rows"][0]
    assert "team" not in body["rows"][0]


def test_a_plan_has_cost_bound_gap_and_reasons(client_of: ClientOf) -> None:
    """10 + 20 are spent, 40 is the price of what is left out: 70 beside a bound of 63, 10 %.

    Cheapest first would spend 25 on one workload and leave out two for 55: 80 in all.
    """
    body = client_of().get("/v1/plans/latest").json()

    amounts = [body[name] for name in ("spend", "left_out", "cost", "bound")]
    assert amounts == ["30.00", "40.00", "70.00", "63.00"]
    assert body["gap"] == pytest.approx(0.1)
    greedy = {"spend": "25.00", "cost": "80.00", "placed": 1, "unplaced": 2}
    assert body["baselines"] == {"greedy": greedy}
    assert (body["placed"], body["unplaced"], body["stale_inputs"]) == (2, 1, ["aws"])
    assert body["unplaced_reasons"] == [
        {"reason_code": "no_capacity", "reason": "no room is left", "workloads": 1}
    ]


@pytest.mark.parametrize("many", [False, True])
def test_one_workload_or_a_list_is_submitted(
    many: bool,  # noqa: FBT001 -- a parameter of the test
    client_of: ClientOf,
    workload: dict[str, Any],
) -> None:
    """The answer has an id for each, in order, and the token is on record as the submitter."""
    body = [workload, {**workload, "name": "train-b"}] if many else workload

    answer = client_of().post("/v1/workloads", json=body)

    names = [w["name"] for w in answer.json()["workloads"]]
    assert answer.status_code == 201
    assert names == (["train-a", "train-b"] if many else ["train-a"])
    assert len({w["id"] for w in answer.json()["workloads"]}) == len(names)


@pytest.mark.parametrize(
    ("header", "own", "expected"),
    [(None, None, None), ("k", None, "k"), (None, "o", "o"), ("k", "o", "o")],
)
def test_the_key_of_a_request_is_for_workloads_without_their_own(
    header: str | None,
    own: str | None,
    expected: str | None,
    client_of: ClientOf,
    workload: dict[str, Any],
) -> None:
    """The field is the more exact of the two; in a list the header's key gets the place."""
    seen: list[str | None] = []

    def keep(documents: Any, _: str) -> list[Any]:  # noqa: ANN401 -- documents
        seen.extend(document.idempotency_key for document in documents)
        return []

    headers = {"Idempotency-Key": header} if header else {}
    keyed = workload if own is None else {**workload, "idempotency_key": own}
    client = client_of(submit=keep)

    client.post("/v1/workloads", json=keyed, headers=headers)
    client.post("/v1/workloads", json=[keyed], headers=headers)

    in_list = "k/1" if expected == "k" else expected
    assert seen == [expected, in_list]


def test_the_description_is_openapi_3_1_and_names_every_refusal(client_of: ClientOf) -> None:
    """Each route of /v1 documents 401 as problem+json, and every reference leads somewhere."""
    client = client_of(None)

    described, again = (client.get("/openapi.json").json() for _ in range(2))

    assert described == again
    assert re.fullmatch(r"3\.1\.\d+", described["openapi"])
    for path, operations in described["paths"].items():
        for operation in operations.values():
            refusals = {s: r for s, r in operation["responses"].items() if s >= "4"}
            assert ("401" in refusals) == path.startswith("/v1")
            assert {"500", "503"} <= set(refusals)
            assert all("application/problem+json" in r["content"] for r in refusals.values())
    for name in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(described)):
        assert name in described["components"]["schemas"]
