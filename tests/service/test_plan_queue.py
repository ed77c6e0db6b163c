"""Planning a queue over a real lake and store: cost, publication, states, files, idempotency."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.files import read_instance, read_plan
from optimizer.instance import Instance
from optimizer.referee import violations
from optimizer.solve import Solution, solve
from service.bootstrap import Wiring
from service.config import Settings
from service.documents.workload import WorkloadDocument
from service.domain.exchange import Exchange
from service.domain.plans import Baseline, PlacedWorkload, StoredPlan
from service.domain.records import DocumentVersion
from service.domain.workloads import WorkloadState
from service.errors import LeaseLostError
from service.usecases.build_instance import build_instance, requests_of
from service.usecases.plan_baselines import baselines
from service.usecases.plan_queue import (
    Planned,
    Planner,
    PlanSettings,
    RefusedPlan,
    plan_queue,
)
from service.usecases.store_plan import placed_workloads
from service.usecases.submit_workloads import submit
from tests.service.planning import (
    A100X8,
    H100X8,
    capacity,
    horizon,
    hour,
    load_prices,
    market,
    price,
    quota,
    stored,
    term,
    workload,
)
from warehouse.port import Guard

RUN = UUID(int=77)
NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """A store and a lake with prices: p5.48xlarge at 10 USD on demand, 4 USD on spot."""

    wiring: Wiring
    folder: Path

    def submit(self, *documents: WorkloadDocument) -> None:
        """Put workloads into the queue."""
        w = self.wiring
        submit(documents, store=w.store, clock=w.clock, new_id=w.new_id, actor="cli:ana")

    def apply(self, **parts: Sequence[dict[str, Any]]) -> None:
        """Put a capacity file into effect."""
        text = capacity(**parts).model_dump_json(exclude_none=True)
        version = DocumentVersion(
            1, datetime(2026, 1, 1, tzinfo=UTC).date(), "0", text, self.wiring.clock(), "cli:ana"
        )
        with self.wiring.store.work() as work:
            work.capacities.add(version)

    def plan(
        self,
        *,
        run_id: UUID | None = None,
        stale_inputs: Sequence[str] = (),
        guard: Guard = lambda: None,
        solver: Callable[..., Solution] = solve,
    ) -> Planned:
        """Plan 24 hours ahead within 5 seconds, 8 machines where no quota is given."""
        w, chosen = self.wiring, PlanSettings("USD", {}, 24, 5, 0, 1, 8, self.folder)
        planner = Planner(w.lake, w.engine, w.store, chosen, w.clock, w.new_id, solver)
        return planner.plan(actor="cli:ana", guard=guard, run_id=run_id, stale_inputs=stale_inputs)

    def states(self) -> dict[WorkloadState, int]:
        """How many workloads are in which state."""
        with self.wiring.store.work() as work:
            return work.workloads.count_by_state()


@pytest.fixture
def world(wiring: Wiring, tmp_path: Path) -> World:
    """A world in which nothing is queued yet."""
    spot = {"purchase_model": "spot", "zone": "az1", "amount": "4"}
    load_prices(wiring.lake, [{}, spot])
    return World(wiring, tmp_path / "plans")


def by_name(plan: StoredPlan) -> dict[str, PlacedWorkload]:
    """What the plan says about each workload."""
    return {one.workload_name: one for one in plan.placements}


def test_a_queue_is_planned_at_its_least_cost(world: World) -> None:
    """A takes 4 h at 10 USD = 40; b, preemptible, takes 5 spot hours at 4 = 20; 60 in all."""
    checkpoint = {"interval_minutes": 30}
    world.submit(workload(name="a"), workload(name="b", preemptible=True, checkpoint=checkpoint))

    plan = world.plan().plan

    assert plan.cost_micros == plan.bound_micros == 60_000_000
    assert plan.status == "optimal"
    assert plan.gap == 0
    a, b = by_name(plan)["a"], by_name(plan)["b"]
    assert (a.offer, a.cost_micros) == ("aws/us-east-1/*/p5.48xlarge/on_demand", 40_000_000)
    assert (b.offer, b.cost_micros) == ("aws/us-east-1/az1/p5.48xlarge/spot", 20_000_000)
    assert a.start is not None
    assert a.end is not None
    assert (a.end - a.start).total_seconds() == 4 * 3600
    assert plan.horizon_start == datetime(2026, 11, 21, 3, tzinfo=UTC)


def test_baselines_buy_the_same_queue_in_other_ways(world: World) -> None:
    """All on demand: 40 + 40 for both; with a committed machine the plan pays 20 for spot only."""
    world.apply(commitments=[term("sp", H100X8, 1, end=hour(4))], quotas=[quota(H100X8, 2)])
    checkpoint = {"interval_minutes": 30}
    world.submit(workload(name="a"), workload(name="b", preemptible=True, checkpoint=checkpoint))

    plan = world.plan().plan

    assert plan.cost_micros == 20_000_000
    both_on_demand = Baseline(80_000_000, 80_000_000, placed=2, unplaced=0)
    assert plan.baselines["all_on_demand"] == plan.baselines["on_demand_list"] == both_on_demand
    assert plan.baselines["greedy"].cost_micros >= plan.cost_micros


def test_within_the_quota_on_demand_leaves_out_what_the_list_price_would_buy(world: World) -> None:
    """One machine, two strict jobs of 4 h at 40 that must both end in 4 h; c wants another region.

    Within the quota 40 are spent and 2 x 40 x 150 % are the price of the second: 160 in all.
    Without limits both cost 40. C has no offer at all, so no way places it.
    """
    world.apply(quotas=[quota(H100X8, 1)])
    strict = {"sla": {"class": "strict"}, "deadline": hour(4)}
    world.submit(
        workload(name="a", **strict),
        workload(name="b", **strict),
        workload(name="c", regions=["eu-west-1"]),
    )

    plan = world.plan().plan

    within = Baseline(160_000_000, 40_000_000, placed=1, unplaced=2)
    assert plan.baselines["greedy"] == plan.baselines["all_on_demand"] == within
    assert plan.baselines["on_demand_list"] == Baseline(80_000_000, 80_000_000, 2, 1)
    assert (plan.spend_micros, plan.left_out_micros) == (40_000_000, 120_000_000)


def test_the_list_price_is_paid_where_leaving_out_would_cost_less() -> None:
    """Only a paid machine is there for a, 4 h; leaving it out costs 4 x 1 x 150 % = 6, not 40."""
    document = capacity(quotas=[quota(H100X8, 1)], commitments=[term("sp", H100X8, 1)])
    world = market([price(H100X8, "10")], document)
    made = build_instance(requests_of([stored(workload(name="a"))]), world, horizon(24))

    others = baselines(made, world)

    assert [job.unplaced_cost for job in made.instance.jobs] == [6_000_000]
    assert others["all_on_demand"] == Baseline(6_000_000, 0, placed=0, unplaced=1)
    assert others["on_demand_list"] == Baseline(40_000_000, 40_000_000, placed=1, unplaced=0)


def test_the_list_price_buys_nothing_that_would_end_too_late() -> None:
    """A paid H100 machine is done in 4 h, A100 at half the speed in 8; the deadline is in 4."""
    document = capacity(commitments=[term("sp", H100X8, 1)])
    world = market([price(A100X8, "5")], document)
    models = [
        {"model": "H100", "count_per_node": 8},
        {"model": "A100", "count_per_node": 8, "relative_throughput": "0.5"},
    ]
    late = workload(name="a", accelerators=models, deadline=hour(4))
    made = build_instance(requests_of([stored(late)]), world, horizon(24))

    others = baselines(made, world)

    assert others["greedy"] == Baseline(0, 0, placed=1, unplaced=0)
    assert others["on_demand_list"] == Baseline(6_000_000, 0, placed=0, unplaced=1)


def test_what_has_no_place_stays_queued_with_a_reason_in_money(world: World) -> None:
    """One machine, two strict jobs of 4 h that must both end in 4 h: one costs 120 to leave out."""
    world.apply(quotas=[quota(H100X8, 1)])
    strict = {"sla": {"class": "strict"}, "deadline": hour(4)}
    world.submit(workload(name="a", **strict), workload(name="b", **strict))

    plan = world.plan().plan

    assert plan.cost_micros == 160_000_000
    (left,) = [one for one in plan.placements if one.offer is None]
    assert left.reason_code == "capacity_full"
    assert "costs less than 120.00 USD" in left.reason
    assert world.states() == {WorkloadState.PLANNED: 1, WorkloadState.QUEUED: 1}


def test_what_cannot_be_taken_up_is_in_the_plan_with_its_reason(world: World) -> None:
    """It costs nothing in this plan and stays queued."""
    world.submit(workload(name="a", regions=["eu-west-1"]), workload(name="b"))

    plan = world.plan().plan

    left = by_name(plan)["a"]
    assert (left.offer, left.cost_micros, left.reason_code) == (None, 0, "no_offer")
    assert left.reason == "no offer is left with regions eu-west-1"
    assert world.states() == {WorkloadState.PLANNED: 1, WorkloadState.QUEUED: 1}


def test_the_files_of_a_plan_pass_the_referee(world: World) -> None:
    """Anyone can check: instance.json and plan.json agree with each other and the store."""
    world.submit(workload(name="a"), workload(name="b", nodes=2))

    made = world.plan()

    instance = read_instance(made.folder / "instance.json")
    plan = read_plan(made.folder / "plan.json")
    assert violations(instance, plan) == []
    assert plan.cost == made.plan.cost_micros == 120_000_000
    assert made.folder == world.folder / str(made.plan.id)
    assert made.notes == {"offer without a quota, 8 machines assumed": 2}


def test_an_empty_queue_has_an_empty_plan(world: World) -> None:
    """Nothing to do costs nothing, and that is proven."""
    plan = world.plan().plan

    assert (plan.cost_micros, plan.status, plan.placements) == (0, "optimal", ())


def test_without_prices_nothing_is_placed(wiring: Wiring, tmp_path: Path) -> None:
    """The queue is answered all the same."""
    bare = World(wiring, tmp_path / "plans")
    bare.submit(workload())

    (left,) = bare.plan().plan.placements

    assert left.reason == "no offer is left with 8 x H100"


def test_a_run_has_one_plan_however_often_it_is_asked(world: World) -> None:
    """The second call gives the stored plan back, although the queue has grown."""
    run_id = _open_run(world.wiring)
    world.submit(workload(name="a"))
    first = world.plan(run_id=run_id, stale_inputs=["aws-bills"])
    world.submit(workload(name="b"))

    again = world.plan(run_id=run_id)

    assert again.plan == first.plan
    assert again.folder == first.folder
    assert first.plan.stale_inputs == ("aws-bills",)


def test_a_later_plan_takes_up_what_an_earlier_one_placed(world: World) -> None:
    """Nobody claimed a yet, so both are planned together: 40 + 40."""
    world.submit(workload(name="a"))
    world.plan()
    world.submit(workload(name="b"))
    later = replace(world, wiring=replace(world.wiring, clock=lambda: NOW + timedelta(minutes=1)))

    plan = later.plan().plan

    assert set(by_name(plan)) == {"a", "b"}
    assert plan.cost_micros == 80_000_000
    with world.wiring.store.work() as work:
        assert work.plans.latest() == plan


def test_a_lost_lease_stores_nothing(world: World) -> None:
    """The guard is asked within the transaction; plan and states stand or fall together."""
    world.submit(workload())

    def lost() -> None:
        raise LeaseLostError("another process holds the lease")

    with pytest.raises(LeaseLostError):
        world.plan(guard=lost)

    assert world.states() == {WorkloadState.QUEUED: 1}
    with world.wiring.store.work() as work:
        assert work.plans.latest() is None


def test_what_changed_while_planning_is_left_alone(world: World) -> None:
    """A workload that is cancelled during the solve stays cancelled."""
    world.submit(workload())

    def solve_slowly(instance: Instance, **limits: Any) -> Solution:  # noqa: ANN401 -- as solve
        with world.wiring.store.work() as work:
            ids = [one.id for one in work.workloads.queued()]
            work.workloads.set_state(ids, WorkloadState.CANCELLED)
        return solve(instance, **limits)

    world.plan(solver=solve_slowly)

    assert world.states() == {WorkloadState.CANCELLED: 1}


def test_a_plan_that_the_referee_refuses_is_not_stored(world: World) -> None:
    """A solver that forgets a job is found out."""
    world.submit(workload())

    def forget(instance: Instance, **limits: Any) -> Solution:  # noqa: ANN401 -- as solve
        found = solve(instance, **limits)
        return replace(found, plan=replace(found.plan, placements=()))

    with pytest.raises(RefusedPlan, match="job w is neither placed nor unplaced"):
        world.plan(solver=forget)

    assert world.states() == {WorkloadState.QUEUED: 1}


def test_settings_say_where_plans_lie_and_how_they_are_made(wiring: Wiring, tmp_path: Path) -> None:
    """Every setting of the planner comes from the settings."""
    chosen = PlanSettings.of(
        Settings(data_dir=tmp_path, exchange_rates={"EUR": Decimal("1.1")}, plan_seed=3)
    )

    assert chosen.folder == tmp_path / "plans"
    assert (chosen.seed, chosen.exchange_rates) == (3, {"EUR": Decimal("1.1")})
    plan = plan_queue(
        lake=wiring.lake,
        engine=wiring.engine,
        store=wiring.store,
        settings=chosen,
        clock=wiring.clock,
        new_id=wiring.new_id,
    )
    assert plan.run_id is None


QUEUES = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.integers(1, 6),
        st.booleans(),
        st.sampled_from(("strict", "target", "best_effort")),
        st.integers(1, 12),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(QUEUES, st.integers(0, 4), st.integers(0, 4), st.integers(0, 2))
def test_the_referee_accepts_every_plan(
    queue: list[tuple[int, int, bool, str, int]], on_demand: int, spot: int, committed: int
) -> None:
    """Whatever is queued and allowed: rules kept, strict never on spot, costs add up."""
    offers = (price(H100X8, "10"), price(H100X8, "4", market="spot", zone="az1"))
    document = capacity(
        quotas=[quota(H100X8, on_demand), quota(H100X8, spot, market="spot")],
        commitments=[term("sp", H100X8, committed)] if committed else [],
    )
    world = market(offers, document)
    documents = [
        workload(
            name=f"w{number}",
            nodes=nodes,
            work={"duration_hours": hours},
            preemptible=preemptible,
            checkpoint={"interval_minutes": 30},
            deadline=hour(due),
            sla={"class": kind, "probability": "0.9"} if kind == "target" else {"class": kind},
        )
        for number, (nodes, hours, preemptible, kind, due) in enumerate(queue)
    ]
    made = build_instance(
        requests_of(stored(one, n) for n, one in enumerate(documents)), world, horizon(12)
    )

    solution = solve(made.instance, time_limit_s=2)
    placed = list(placed_workloads(made, solution, Exchange("USD")))

    assert violations(made.instance, solution.plan) == []
    assert sum(one.cost_micros for one in placed) == solution.plan.cost
    assert len(placed) == len(queue)
    for one in placed:
        form = next(d for d in documents if d.name == one.workload_name)
        if one.offer is not None and one.offer.endswith("/spot"):
            assert form.preemptible
            assert form.sla.sla_class != "strict"
    others = baselines(made, world)
    assert others["greedy"].cost_micros >= solution.plan.bound
    assert {one.placed + one.unplaced for one in others.values()} == {len(queue)}


def _open_run(wiring: Wiring) -> UUID:
    with wiring.store.work() as work:
        return work.runs.open("nightly", wiring.clock(), RUN, wiring.clock()).id
