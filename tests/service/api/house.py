"""A small company in a real store and lake: 100 USD of vision, 40 of nlp, 10 of nobody."""

from datetime import timedelta
from pathlib import Path
from secrets import token_bytes
from uuid import UUID

from service.bootstrap import Wiring
from service.domain.access import Scope
from service.domain.plans import PlacedWorkload, StoredPlan
from service.domain.workloads import Workload, WorkloadState
from service.usecases.apply_policy import apply_policy, propose_policy
from service.usecases.create_token import TokenRequest, create_token
from tests.service.facts import line, put

POLICY = """
version: 1
effective_from: 2026-08-01
teams: [{name: vision}, {name: nlp}]
rules:
  - match: {account: "111"}
    team: vision
  - match: {account: "222"}
    team: nlp
"""


def furnish(wiring: Wiring, folder: Path) -> None:
    """Load three cost lines of October, allocate them, and store a plan of two workloads."""
    lines = [
        line("100"),
        line("40", SubAccountId="222"),
        line("10", SubAccountId="333"),
    ]
    put(wiring.lake, "cost_line", lines)
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    lake, engine, store = wiring.lake, wiring.engine, wiring.store
    apply_policy(
        propose_policy(policy, lake=lake, engine=engine, store=store),
        lake=lake,
        engine=engine,
        store=store,
        new_id=wiring.new_id,
        clock=wiring.clock,
        actor="test",
    )
    with wiring.store.work() as work:
        work.workloads.add_all(
            [a_workload(1001, "vision", wiring), a_workload(1002, "nlp", wiring)]
        )
        work.plans.add(a_plan(wiring))


def a_workload(number: int, team: str, wiring: Wiring) -> Workload:
    """Return a queued workload."""
    return Workload(
        id=UUID(int=number),
        name=f"train-{team}",
        team=team,
        project=None,
        user=None,
        state=WorkloadState.QUEUED,
        submitted_at=wiring.clock(),
        idempotency_key=None,
        body_sha256="0" * 64,
        document={},
    )


def a_plan(wiring: Wiring) -> StoredPlan:
    """Return a plan: vision's workload for 7 USD, nlp's for 5; the bound is 12."""
    now = wiring.clock()

    def placed(number: int, team: str, micros: int) -> PlacedWorkload:
        return PlacedWorkload(
            workload_id=UUID(int=number),
            workload_name=f"train-{team}",
            team=team,
            offer="aws/us-east-1/p5.48xlarge/spot",
            start=now,
            end=now + timedelta(hours=2),
            cost_micros=micros,
            reason_code="cheapest",
            reason="the cheapest offer with room",
        )

    return StoredPlan(
        id=wiring.new_id(),
        run_id=None,
        created_at=now,
        horizon_start=now,
        slot_minutes=60,
        status="optimal",
        cost_micros=12_000_000,
        bound_micros=12_000_000,
        currency="USD",
        instance_sha256="0" * 64,
        placements=(placed(1001, "vision", 7_000_000), placed(1002, "nlp", 5_000_000)),
    )


def a_secret(wiring: Wiring, team: str | None = None) -> str:
    """Make a token for a team, or for everything, and return its secret."""
    scopes = {Scope.ADMIN} if team is None else {Scope.READ_TEAM, Scope.SUBMIT}
    made = create_token(
        TokenRequest(
            asked_by="test",
            name=team or "admin",
            scopes=frozenset(scopes),
            teams=None if team is None else frozenset({team}),
        ),
        store=wiring.store,
        clock=wiring.clock,
        new_id=wiring.new_id,
        random_bytes=token_bytes,
    )
    return made.secret
