"""Refusals are problem+json with a sentence, a stable code and the place."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.errors import ComptrollerError, ConflictError, NotFoundError, UnavailableError

ClientOf = Callable[..., TestClient]


def raising(error: Exception) -> Callable[..., Any]:
    """Return a part that fails."""

    def fail(*_: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("error", [NotFoundError, ConflictError])
def test_a_refusal_carries_its_status_code_and_sentence(
    error: type[ComptrollerError], client_of: ClientOf
) -> None:
    """The body has the members of RFC 9457 and the stable code."""
    answer = client_of(latest_plan=raising(error("there is none"))).get("/v1/plans/latest")

    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, body["status"]) == (error.status, error.status)
    assert (body["code"], body["detail"]) == (error.code, "there is none")
    assert body["type"] == f"urn:comptroller:problem:{error.code}"
    assert set(body) == {"type", "title", "status", "code", "detail"}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RuntimeError("secret"), 500, "internal"),
        (ComptrollerError("secret"), 500, "internal"),
        (UnavailableError("secret"), 503, "unavailable"),
    ],
)
def test_what_was_not_foreseen_tells_nothing_of_the_inside(
    error: Exception, status: int, code: str, client_of: ClientOf
) -> None:
    """The operator's words for it stay in the log, the caller gets the code."""
    answer = client_of(latest_plan=raising(error)).get("/v1/plans/latest")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not-found"),
        ("DELETE", "/v1/costs", 405, "method-not-allowed"),
        ("GET", "/docs", 404, "not-found"),
    ],
)
def test_unknown_places_and_methods_are_problems_too(
    method: str, path: str, status: int, code: str, client_of: ClientOf
) -> None:
    """No answer of the API has another form."""
    answer = client_of().request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "field", "accepted"),
    [
        ("", "period", "required"),
        ("?period=2026-13", "period", "YYYY-MM"),
        ("?period=october", "period", "YYYY-MM"),
        ("?period=2026-10&by=colour", "by", "'team'"),
    ],
)
def test_a_bad_parameter_is_named_with_what_is_accepted(
    query: str, field: str, accepted: str, client_of: ClientOf
) -> None:
    """Costs want a period as YYYY-MM and one of six questions."""
    answer = client_of().get(f"/v1/costs{query}")

    body = answer.json()
    assert (answer.status_code, body["code"]) == (422, "invalid-input")
    assert body["detail"].startswith(f"query {field}: ")
    assert [(fault["where"], fault["field"]) for fault in body["errors"]] == [("query", field)]
    assert accepted in body["detail"].replace("Field r", "r")


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"name": "Train A"}, "/name", "'Train A'"),
        ({"colour": "red"}, "/colour", "is no known key"),
        ({"team": None}, "/team", "must be text"),
        ({"accelerators": [{"model": "H100"}]}, "/accelerators/0/count_per_node", "is missing"),
        ({"work": {}}, "/work", "duration_hours"),
        ({"sla": {"class": "strict"}}, "/sla/class", "needs a deadline"),
    ],
)
def test_a_bad_workload_is_named_by_its_place(
    change: dict[str, Any],
    field: str,
    said: str,
    client_of: ClientOf,
    workload: dict[str, Any],
) -> None:
    """The pointer leads to the field, in a list by way of the index."""
    bad = {**workload, **change}

    one = client_of().post("/v1/workloads", json=bad).json()
    many = client_of().post("/v1/workloads", json=[workload, bad]).json()

    assert (one["status"], many["status"]) == (422, 422)
    assert one["errors"][0]["field"] == field
    assert many["errors"][0]["field"] == f"/1{field}"
    assert said in one["errors"][0]["detail"] == many["errors"][0]["detail"]


@pytest.mark.parametrize("body", ["", "null", "7", '"text"', "[]", "[7]", "{", '{"name": }'])
def test_a_body_that_is_no_workload_is_refused(body: str, client_of: ClientOf) -> None:
    """Nothing, another type, an empty list and broken JSON are all 422."""
    headers = {"content-type": "application/json"}

    answer = client_of().post("/v1/workloads", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")


def test_a_list_has_at_most_ten_thousand_workloads(
    client_of: ClientOf, workload: dict[str, Any]
) -> None:
    """10,001 small ones are refused whole, and the sentence says the limit."""
    client = client_of(max_body_bytes=16 * 2**20)

    answer = client.post("/v1/workloads", json=[workload] * 10_001)

    assert answer.status_code == 422
    assert "10000" in answer.json()["detail"]


def test_many_faults_are_counted_and_the_first_twenty_listed(
    client_of: ClientOf, workload: dict[str, Any]
) -> None:
    """30 workloads without a team have 30 faults."""
    body = [{**workload, "team": None}] * 30

    problem = client_of().post("/v1/workloads", json=body).json()

    assert problem["detail"].endswith("(and 29 more)")
    assert len(problem["errors"]) == 20


def test_a_key_that_comes_twice_in_a_request_is_refused(
    client_of: ClientOf, workload: dict[str, Any]
) -> None:
    """Two workloads of one team cannot be the same submission."""
    keyed = {**workload, "idempotency_key": "k/1"}
    client = client_of()

    twice = client.post("/v1/workloads", json=[keyed, keyed]).json()
    by_header = client.post(
        "/v1/workloads", json=[workload, keyed], headers={"Idempotency-Key": "k"}
    ).json()

    assert twice["errors"][0]["field"] == "/1/idempotency_key"
    assert by_header["errors"][0]["field"] == "/1/idempotency_key"


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_above_the_limit_is_refused_whether_announced_or_not(
    announced: bool,  # noqa: FBT001 -- a parameter of the test
    client_of: ClientOf,
) -> None:
    """2000 bytes meet a limit of 1000."""

    def pieces() -> Iterator[bytes]:
        yield from (b"[" * 500 for _ in range(4))

    content = b"[" * 2000 if announced else pieces()

    answer = client_of(max_body_bytes=1000).post("/v1/workloads", content=content)

    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert "1000 bytes" in answer.json()["detail"]
