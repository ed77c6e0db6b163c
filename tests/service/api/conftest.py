"""The API over plain functions: every token is named after what it may do."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.api.parts import Parts, Teams
from service.documents.workload import WorkloadDocument
from service.domain.access import Scope, Token, hash_token
from service.domain.money import Money
from service.domain.periods import Period
from service.domain.plans import Baseline, PlacedWorkload, StoredPlan
from service.domain.records import AllocationRun, CostTotals, CurrencyTotals
from service.domain.workloads import Workload, WorkloadState
from service.errors import NotAuthenticatedError
from service.usecases.read_plan import PlanReading
from service.usecases.report_costs import CostReport, CostRow
from service.usecases.tell_freshness import Freshness

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)


def a_token(name: str, scopes: set[Scope], teams: set[str] | None = None) -> Token:
    """Return a token whose secret is ``cmt_`` and its name."""
    known = None if teams is None else frozenset(teams)
    return Token(UUID(int=1), name, hash_token(f"cmt_{name}"), frozenset(scopes), known, NOW)


TOKENS = {
    token.hash: token
    for token in (
        a_token("admin", {Scope.ADMIN}),
        a_token("reader", {Scope.READ_ALL}),
        a_token("vision", {Scope.READ_TEAM, Scope.SUBMIT}, {"vision"}),
        a_token("submitter", {Scope.SUBMIT}),
        a_token("agent", {Scope.AGENT}),
    )
}


def authenticate(secret: str) -> Token:
    """Know the five tokens."""
    token = TOKENS.get(hash_token(secret))
    if token is None:
        raise NotAuthenticatedError("this token is not accepted")
    return token


def usd(text: str) -> Money:
    """Return dollars."""
    return Money.parse(text, "USD")


def a_row(team: str, direct: str, idle: str) -> CostRow:
    """Return what a team bears: something direct, something idle."""
    whole, none = usd(direct) + usd(idle), usd("0")
    return CostRow(
        key=team,
        currency="USD",
        billed_cost=whole,
        effective_cost=whole,
        contracted_cost=none,
        list_cost=None,
        direct=usd(direct),
        shared=none,
        idle=usd(idle),
        unused_commitment=none,
        distributed=none,
        unallocated=none,
    )


def costs(period: Period, by: str, teams: Teams) -> CostReport:
    """Report 70 USD and 5 idle of vision and 30 of nlp, to whom may see them."""
    rows = (a_row("vision", "70", "5"), a_row("nlp", "30", "0"))
    both = CostTotals(*(Decimal(105),) * 4)
    run = AllocationRun(
        id=UUID(int=7),
        period=str(period),
        policy_version=3,
        at=NOW,
        snapshots={"cost_line": 1},
        allocation_snapshot=2,
        totals=(CurrencyTotals("USD", both, both, CostTotals(*(Decimal(0),) * 4)),),
        rows=2,
    )
    seen = tuple(row for row in rows if teams is None or row.key in teams)
    return CostReport(period, run, by, seen)


def a_placement(name: str, team: str, offer: str | None, micros: int) -> PlacedWorkload:
    """Return a workload that runs for an hour, or has no place."""
    start = NOW if offer else None
    end = NOW.replace(hour=3) if offer else None
    reason = ("cheapest", "the cheapest offer") if offer else ("no_capacity", "no room is left")
    return PlacedWorkload(UUID(int=9), name, team, offer, start, end, micros, *reason)


def latest_plan(teams: Teams) -> PlanReading:
    """Read a plan of two placed workloads of 10 and 20 USD and one left out at 40 USD."""
    placements = (
        a_placement("train", "vision", "aws/spot", 10_000_000),
        a_placement("serve", "nlp", "gcp/spot", 20_000_000),
        a_placement("tune", "nlp", None, 40_000_000),
    )
    plan = StoredPlan(
        id=UUID(int=8),
        run_id=None,
        created_at=NOW,
        horizon_start=NOW,
        slot_minutes=60,
        status="feasible",
        cost_micros=70_000_000,
        bound_micros=63_000_000,
        currency="USD",
        instance_sha256="0" * 64,
        baselines={"greedy": Baseline(80_000_000, 25_000_000, placed=1, unplaced=2)},
        stale_inputs=("aws",),
        placements=tuple(p for p in placements if teams is None or p.team in teams),
    )
    return PlanReading(plan, whole=teams is None)


def submit(documents: Sequence[WorkloadDocument], actor: str) -> list[Workload]:
    """Take workloads; the user tells who submitted them, so that a test can see it."""
    return [
        Workload(
            id=UUID(int=100 + place),
            name=document.name,
            team=document.team,
            project=None,
            user=actor,
            state=WorkloadState.QUEUED,
            submitted_at=NOW,
            idempotency_key=document.idempotency_key,
            body_sha256="",
            document={},
        )
        for place, document in enumerate(documents)
    ]


@pytest.fixture
def parts() -> Parts:
    """Return the parts of a house without a store."""
    return Parts(
        version="0.1.0",
        demo=False,
        authenticate=authenticate,
        ready=lambda: None,
        submit=submit,
        costs=costs,
        latest_plan=latest_plan,
        freshness=lambda: Freshness((Period("2026-11"), Period("2026-10")), NOW, None),
    )


@pytest.fixture
def client_of(parts: Parts) -> Callable[..., TestClient]:
    """Return a function that makes a client of the API with a token and changed parts."""

    def make(
        token: str | None = "admin",  # noqa: S107 -- the name of a token
        max_body_bytes: int = 2**20,
        **changes: Any,  # noqa: ANN401 -- any part
    ) -> TestClient:
        app = create_app(replace(parts, **changes), max_body_bytes=max_body_bytes)
        headers = {"Authorization": f"Bearer cmt_{token}"} if token else {}
        return TestClient(app, headers=headers, raise_server_exceptions=False)

    return make


@pytest.fixture
def workload() -> dict[str, Any]:
    """Return a small valid workload of team vision."""
    return {
        "name": "train-a",
        "team": "vision",
        "run": {"image": "registry.example/train:1"},
        "kind": "training",
        "accelerators": [{"model": "H100", "count_per_node": 8}],
        "work": {"duration_hours": 5},
    }
