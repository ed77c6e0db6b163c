"""From prices, capacity and a queue to an instance: durations, costs, quotas, and refusals."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.instance import Job, Option
from optimizer.solve import solve
from service.documents.capacity import CapacityDocument
from service.documents.workload import WorkloadDocument
from service.usecases.build_instance import (
    Problem,
    build_instance,
    requests_of,
    restricted,
)
from service.usecases.current_prices import ON_DEMAND, Price
from tests.service.planning import (
    A100X8,
    H100X1,
    H100X8,
    capacity,
    horizon,
    hour,
    market,
    price,
    quota,
    stored,
    term,
    workload,
)

OD = "aws/us-east-1/*/p5.48xlarge/on_demand"
SPOT = "aws/us-east-1/use1-az1/p5.48xlarge/spot"
BOTH = (
    price(H100X8, "50"),
    price(H100X8, "20", market="spot", zone="use1-az1"),
)
CHECKPOINT = {"interval_minutes": 30, "save_minutes": 0, "restore_minutes": 9}


def problem(
    *documents: WorkloadDocument,
    prices: Sequence[Price] = BOTH,
    document: CapacityDocument | None = None,
    default: int = 8,
    slots: int = 24,
) -> Problem:
    """The problem of these workloads."""
    queue = requests_of(stored(one, number) for number, one in enumerate(documents, 1))
    return build_instance(queue, market(prices, document, default), horizon(slots))


def only_job(made: Problem) -> Job:
    """The one job that was made."""
    (job,) = made.instance.jobs
    return job


def options(made: Problem) -> dict[str, Option]:
    """The options of the one job by offer."""
    return {option.offer: option for option in only_job(made).options}


def capacities(made: Problem) -> dict[str, int]:
    """The capacity of each offer, which is the same in every slot."""
    assert all(len(set(offer.capacity)) == 1 for offer in made.instance.offers)
    return {offer.id: offer.capacity[0] for offer in made.instance.offers}


def test_work_in_accelerator_hours_is_divided_among_all_accelerators() -> None:
    """320 H100-hours on 2 nodes of 8 H100 take 20 hours; A100s at 0.4 take 50 hours."""
    document = workload(
        nodes=2,
        work={"accelerator_hours": 320, "reference_model": "H100"},
        accelerators=[
            {"model": "H100", "count_per_node": 8},
            {"model": "A100", "count_per_node": 8, "relative_throughput": 0.4},
        ],
    )

    made = problem(document, prices=(price(H100X8, "50"), price(A100X8, "20")), slots=72)

    assert only_job(made).gang == 2
    assert {name: one.slots for name, one in options(made).items()} == {
        OD: 20,
        "aws/us-east-1/*/p4d.24xlarge/on_demand": 50,
    }


def test_a_throughput_that_is_left_out_is_the_default_of_the_kind_of_work() -> None:
    """64 H100-hours of training on 8 A100-40GB at 0.32 take 64 / (8 x 0.32) = 25 hours."""
    document = workload(
        work={"accelerator_hours": 64, "reference_model": "H100"},
        accelerators=[{"model": "A100-40GB", "count_per_node": 8}],
    )

    made = problem(document, prices=[price(A100X8, "20")], slots=48)

    assert [one.slots for one in options(made).values()] == [25]


def test_a_duration_is_rounded_up_to_whole_hours() -> None:
    """3.2 hours occupy 4 slots; a minute of work occupies one."""
    hours = [
        only_job(problem(workload(work={"duration_hours": amount}))).options[0].slots
        for amount in ("3.2", "0.01", "4")
    ]

    assert hours == [4, 1, 4]


def test_a_machine_with_more_accelerators_than_asked_for_will_do() -> None:
    """One H100 is had with p5.4xlarge or with p5.48xlarge, which is paid whole; 9 are not."""
    both = (price(H100X8, "50"), price(H100X1, "7"))
    one = workload(accelerators=[{"model": "H100", "count_per_node": 1}])
    nine = workload(accelerators=[{"model": "H100", "count_per_node": 9}])

    assert set(options(problem(one, prices=both))) == {
        OD,
        "aws/us-east-1/*/p5.4xlarge/on_demand",
    }
    assert problem(nine, prices=both).left_out[0].reason == "no offer is left with 9 x H100"


def test_spot_takes_longer_by_what_interruptions_are_expected_to_cost() -> None:
    """Each costs 15 + 9 + 6 = 30 min, one in 4 hours, so 8 h take 8 / (1 - 1/8) = 9.14."""
    document = workload(work={"duration_hours": 8}, preemptible=True, checkpoint=CHECKPOINT)

    made = options(problem(document))

    assert (made[OD].slots, made[SPOT].slots) == (8, 10)


def test_saving_checkpoints_takes_time_on_spot() -> None:
    """Saving 30 min an hour makes 4 h 6, and losing 45 + 6 min makes 6 / (1 - 0.85 / 4) = 7.6."""
    checkpoint = {"interval_minutes": 60, "save_minutes": 30}
    document = workload(preemptible=True, checkpoint=checkpoint)

    assert options(problem(document))[SPOT].slots == 8


def test_without_a_checkpoint_spot_is_for_short_work_only() -> None:
    """1 hour becomes (e^0.25 - 1) x 4.1 = 1.17, 2 slots; 4 h would become 7.04 and 12 h 78."""
    hours = {
        amount: options(problem(workload(preemptible=True, work={"duration_hours": amount})))
        for amount in (1, 4, 12)
    }

    assert hours[1][SPOT].slots == 2
    assert hours[4][SPOT].slots == 8
    assert SPOT not in hours[12]


def test_large_gangs_are_interrupted_more_often() -> None:
    """4 h with 1 h between checkpoints, 0.6 h lost: 4 / (1 - 0.15), / (1 - 0.3), / (1 - 0.45)."""
    slots = [
        options(
            problem(workload(nodes=nodes, preemptible=True, checkpoint={"interval_minutes": 60}))
        )[SPOT].slots
        for nodes in (7, 8, 16)
    ]

    assert slots == [5, 6, 8]


def test_spot_that_loses_more_than_it_gains_is_not_offered() -> None:
    """An interval of 20 hours loses 10 hours an interruption, 2.5 for every hour of work."""
    document = workload(preemptible=True, checkpoint={"interval_minutes": 1200})

    assert set(options(problem(document))) == {OD}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"preemptible": False}, {OD}),
        ({"preemptible": True}, {OD, SPOT}),
        ({"preemptible": True, "sla": {"class": "strict"}, "deadline": hour(20)}, {OD}),
        (
            {
                "preemptible": True,
                "sla": {"class": "target", "probability": 0.9},
                "deadline": hour(20),
            },
            {OD, SPOT},
        ),
    ],
)
def test_spot_is_for_preemptible_workloads_that_are_not_strict(
    changes: dict[str, Any], expected: set[str]
) -> None:
    """Who says nothing keeps the machines; a hard deadline never stands on spot."""
    document = workload(checkpoint=CHECKPOINT, **changes)

    assert set(options(problem(document))) == expected


def test_a_target_on_spot_keeps_time_to_start_again_on_demand() -> None:
    """9.14 h and a reserve of 30 + 9 + 6 min are 9.89; with hourly checkpoints 9.85 + 1.25."""
    target = {"sla": {"class": "target", "probability": 0.9}, "deadline": hour(20)}
    longer = {"interval_minutes": 60, "restore_minutes": 9}
    form: dict[str, Any] = {"work": {"duration_hours": 8}, "preemptible": True}

    slots = [
        options(problem(workload(**form, checkpoint=checkpoint, **changes)))[SPOT].slots
        for checkpoint in (CHECKPOINT, longer)
        for changes in ({}, target)
    ]

    assert slots == [10, 10, 10, 12]


@pytest.mark.parametrize(
    ("changes", "obstacle"),
    [
        ({"memory_per_accelerator_gib": 100}, "memory_per_accelerator_gib 100"),
        ({"providers": ["gcp"]}, "providers gcp"),
        ({"regions": ["eu-west-1"]}, "regions eu-west-1"),
        ({"residency": ["DE", "EU"]}, "residency DE, EU"),
    ],
)
def test_a_rule_that_leaves_no_offer_is_named(changes: dict[str, Any], obstacle: str) -> None:
    """The workload is left out with the first rule that nothing meets."""
    (left,) = problem(workload(**changes)).left_out

    assert left.code == "no_offer"
    assert left.reason == f"no offer is left with {obstacle}"


def test_rules_that_are_met_exclude_nothing() -> None:
    """80 GiB, EFA, AWS by another name, the region and its country all hold for p5.48xlarge."""
    document = workload(
        memory_per_accelerator_gib=80,
        interconnect_required=True,
        providers=["Amazon Web Services"],
        regions=["us-east-1"],
        residency=["US"],
    )

    assert set(options(problem(document))) == {OD}


def test_only_spot_left_and_too_long_for_it_is_said() -> None:
    """12 hours without a checkpoint would take 78 on spot, and nothing else is for sale."""
    document = workload(preemptible=True, work={"duration_hours": 12})

    (left,) = problem(document, prices=BOTH[1:]).left_out

    assert left.reason.startswith("only spot offers are left")


def test_an_interconnect_is_not_had_with_a_single_accelerator_machine() -> None:
    """p5.4xlarge has ordinary networking only."""
    document = workload(
        interconnect_required=True, accelerators=[{"model": "H100", "count_per_node": 1}]
    )

    assert set(options(problem(document, prices=(BOTH[0], price(H100X1, "7"))))) == {OD}


def test_data_that_must_move_is_a_fixed_cost() -> None:
    """100 GB between AWS regions at 0.08 and 10 GB from Google at 0.12: 8 + 1.2 = 9.20 USD."""
    document = workload(
        data=[
            {"provider": "aws", "region": "us-west-2", "size_gb": 100},
            {"provider": "Google Cloud", "region": "us-central1", "size_gb": 10},
            {"provider": "aws", "region": "us-east-1", "size_gb": 5000},
        ]
    )

    assert options(problem(document))[OD].fixed_cost == 9_200_000


def test_a_cap_on_the_whole_run_excludes_what_costs_more() -> None:
    """4 hours at 50 USD are 200 and 5 spot hours at 20 are 100: a cap of 150 leaves spot."""
    document = workload(preemptible=True, checkpoint=CHECKPOINT, spending_caps={"total": 150})

    assert set(options(problem(document))) == {SPOT}


def test_a_cap_per_hour_is_for_all_nodes_and_in_the_workloads_currency() -> None:
    """2 nodes cost 100 USD an hour: above 92 EUR (99.36 USD), within 93 EUR (100.44 USD)."""
    below, above = (
        problem(workload(nodes=2, currency="EUR", spending_caps={"per_hour": cap}))
        for cap in (92, 93)
    )

    assert below.left_out[0].reason == (
        f"every offer is above spending_caps; the cheapest, {OD}, costs"
        " 400.00 USD in all and 100.00 USD an hour"
    )
    assert set(options(above)) == {OD}


def test_earliest_start_and_deadline_become_slots() -> None:
    """From slot 2 on and done before slot 10; without them the whole horizon."""
    bound = only_job(problem(workload(earliest_start=hour(2), deadline=hour(10))))
    free = only_job(problem(workload(), slots=24))

    assert (bound.release, bound.due) == (2, 10)
    assert (free.release, free.due) == (0, 24)


def test_a_deadline_beyond_the_horizon_is_the_horizon() -> None:
    """A plan of 24 hours cannot use hour 100."""
    assert only_job(problem(workload(deadline=hour(100)))).due == 24


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"earliest_start": hour(24)}, "beyond_horizon"),
        ({"deadline": hour(0)}, "deadline_passed"),
    ],
)
def test_what_lies_outside_the_horizon_is_left_for_another_plan(
    changes: dict[str, Any], code: str
) -> None:
    """It is no job of the instance, and the reason says so."""
    made = problem(workload(**changes))

    assert made.instance.jobs == ()
    assert [left.code for left in made.left_out] == [code]


@pytest.mark.parametrize(
    ("changes", "dollars"),
    [
        ({"priority": 0}, 200),
        ({"priority": 50}, 300),
        ({"sla": {"class": "strict"}, "deadline": hour(20), "priority": 0}, 400),
        (
            {
                "sla": {"class": "target", "probability": 0.9, "lateness_price_per_hour": 10},
                "deadline": hour(20),
                "priority": 100,
            },
            880,
        ),
        (
            {"sla": {"class": "target", "probability": 0.9}, "deadline": hour(20), "priority": 0},
            200,
        ),
    ],
)
def test_leaving_out_costs_by_class_and_priority(changes: dict[str, Any], dollars: int) -> None:
    """4 h x 50 USD = 200 x (1 + priority / 100); strict twice; a target + 24 x 10 for lateness."""
    assert only_job(problem(workload(**changes))).unplaced_cost == dollars * 10**6


def test_leaving_out_what_runs_on_paid_machines_is_not_free() -> None:
    """2 nodes for 4 hours on committed machines: at least 1 USD a machine-hour, 8 USD."""
    document = capacity(commitments=[term("sp", H100X8, 4)])

    made = problem(workload(nodes=2, priority=0), prices=(), document=document)

    assert only_job(made).unplaced_cost == 8_000_000


def test_two_workloads_of_one_name_are_told_apart() -> None:
    """A name that is taken twice gets its id behind it."""
    made = problem(workload(), workload(), workload(name="other"))

    assert [job.id for job in made.instance.jobs] == [
        "w#00000000-0000-0000-0000-000000000001",
        "w#00000000-0000-0000-0000-000000000002",
        "other",
    ]


def test_without_a_quota_the_default_holds_and_is_noted() -> None:
    """8 machines are assumed for each of the two offers."""
    made = problem(workload(preemptible=True))

    assert capacities(made) == {OD: 8, SPOT: 8}
    assert made.notes == {"offer without a quota, 8 machines assumed": 2}


def test_a_default_of_none_offers_only_what_quotas_name() -> None:
    """With no default the spot quota of 3 is all there is; a quota of 0 would be shown."""
    document = capacity(quotas=[quota(H100X8, 3, market="spot")])

    made = problem(workload(preemptible=True), document=document, default=0)

    assert capacities(made) == {SPOT: 3}
    assert capacities(problem(workload(), document=capacity(quotas=[quota(H100X8, 0)]))) == {OD: 0}


def test_the_cheapest_zone_carries_the_quota_of_its_region() -> None:
    """10 spot machines in three zones: all of them in az2, the cheapest."""
    zones = [
        price(H100X8, dollars, market="spot", zone=zone)
        for zone, dollars in (("az1", "21"), ("az2", "19"), ("az3", "20"))
    ]
    document = capacity(quotas=[quota(H100X8, 10, market="spot")])

    made = problem(workload(preemptible=True), prices=zones, document=document)

    assert capacities(made) == {"aws/us-east-1/az2/p5.48xlarge/spot": 10}


def test_quotas_of_zones_divide_the_quota_of_the_region() -> None:
    """10 in the region, 4 of them at most in az2: 4 in az2, then 6 in az3."""
    zones = [
        price(H100X8, dollars, market="spot", zone=zone)
        for zone, dollars in (("az1", "21"), ("az2", "19"), ("az3", "20"))
    ]
    quotas = [
        quota(H100X8, 10, market="spot"),
        quota(H100X8, 4, market="spot", zone="az2"),
    ]

    made = problem(workload(preemptible=True), prices=zones, document=capacity(quotas=quotas))

    assert capacities(made) == {
        "aws/us-east-1/az2/p5.48xlarge/spot": 4,
        "aws/us-east-1/az3/p5.48xlarge/spot": 6,
    }


def test_a_region_wide_offer_has_the_largest_of_its_zones() -> None:
    """A gang sits in one zone: quotas of 4 and 6 let 6 machines run together."""
    quotas = [quota(H100X8, 4, zone="az1"), quota(H100X8, 6, zone="az2")]

    made = problem(workload(), document=capacity(quotas=quotas))

    assert capacities(made) == {OD: 6}


def test_a_family_shares_its_quota_evenly() -> None:
    """7 machines of family p5 are 4 p5.48xlarge and 3 p5.4xlarge; a quota of a type goes first."""
    both = (price(H100X8, "50"), price(H100X1, "7"))
    one = workload(accelerators=[{"model": "H100", "count_per_node": 1}])
    family = quota(None, 7, family="p5")

    shared = problem(one, prices=both, document=capacity(quotas=[family]))
    named = problem(one, prices=both, document=capacity(quotas=[family, quota(H100X1, 5)]))

    small = "aws/us-east-1/*/p5.4xlarge/on_demand"
    assert capacities(shared) == {OD: 4, small: 3}
    assert capacities(named) == {OD: 7, small: 5}


def test_what_is_paid_for_comes_out_of_the_quota_first() -> None:
    """A quota of 10 with 4 committed machines: 4 at no further cost and 6 on demand."""
    document = capacity(quotas=[quota(H100X8, 10)], commitments=[term("sp", H100X8, 4)])

    made = problem(workload(), document=document)

    assert capacities(made) == {"aws/us-east-1/*/p5.48xlarge/committed/sp": 4, OD: 6}
    assert {offer.id: offer.price[0] for offer in made.instance.offers} == {
        "aws/us-east-1/*/p5.48xlarge/committed/sp": 0,
        OD: 50_000_000,
    }


def test_a_reservation_and_a_commitment_of_the_same_machines_are_one() -> None:
    """3 reserved and 4 committed machines are 4 machines: 3 reserved, 1 more."""
    document = capacity(
        commitments=[term("sp", H100X8, 4)],
        reservations=[term("cr", H100X8, 3, zone="use1-az1")],
    )

    made = problem(workload(), prices=(), document=document)

    assert capacities(made) == {
        "aws/us-east-1/*/p5.48xlarge/committed/sp": 1,
        "aws/us-east-1/use1-az1/p5.48xlarge/committed/cr": 3,
    }


def test_a_capacity_block_is_free_within_its_window_and_absent_outside() -> None:
    """Slots 2 to 5 of 8, beside a quota of nothing."""
    block = term("cb", H100X8, 2, start=hour(2), end=hour(6), price_upfront="99")
    document = capacity(capacity_blocks=[block], quotas=[quota(H100X8, 0)])

    made = problem(workload(), prices=(), document=document, slots=8)

    (offer,) = made.instance.offers
    assert offer.id == "aws/us-east-1/*/p5.48xlarge/capacity_block/cb"
    assert offer.capacity == (0, 0, 2, 2, 2, 2, 0, 0)
    assert set(offer.price) == {0}


def test_a_contract_on_an_unknown_machine_type_is_noted() -> None:
    """Nothing is known about p99, so nothing runs on it."""
    document = capacity(commitments=[term("sp", "p99.large", 4)])

    made = problem(workload(), document=document)

    assert made.notes["committed machine type is not in ingest/machines.csv"] == 1


def test_a_contract_that_is_over_offers_nothing() -> None:
    """Its last day was before the horizon."""
    over = term("sp", H100X8, 4, start=hour(-9), end=hour(0))

    made = problem(workload(), document=capacity(commitments=[over]))

    assert capacities(made) == {OD: 8}


def test_all_on_demand_asks_without_contracts_and_without_spot() -> None:
    """The whole quota of 10 is on demand then; the prices of leaving out stay the same."""
    document = capacity(quotas=[quota(H100X8, 10)], commitments=[term("sp", H100X8, 4)])
    world = market(BOTH, document)
    made = build_instance(requests_of([stored(workload(preemptible=True))]), world, horizon())

    bare = restricted(made, world, lambda one: one.market == ON_DEMAND)

    assert [(offer.id, offer.capacity[0]) for offer in bare.offers] == [(OD, 10)]
    assert bare.jobs[0].unplaced_cost == made.instance.jobs[0].unplaced_cost
    assert [option.offer for option in bare.jobs[0].options] == [OD]


def test_offers_that_nobody_asks_for_are_not_in_the_instance() -> None:
    """A queue that wants H100 sees no A100."""
    made = problem(workload(), prices=(price(H100X8, "50"), price(A100X8, "20")))

    assert [offer.id for offer in made.instance.offers] == [OD]


ZONES = ("az1", "az2", None)
DOLLARS = st.integers(1, 60).map(str)
prices_of_any_kind = st.lists(
    st.builds(
        lambda machine, dollars, kind, zone: price(machine, dollars, market=kind, zone=zone),
        st.sampled_from((H100X8, H100X1, A100X8)),
        DOLLARS,
        st.sampled_from(("on_demand", "spot")),
        st.sampled_from(ZONES),
    ),
    max_size=8,
    unique_by=lambda one: (one.machine.name, one.market, one.zone),
)
quotas_of_any_kind = st.lists(
    st.builds(
        lambda subject, machines, kind, zone: (
            quota(None, machines, market=kind, zone=zone) | subject
        ),
        st.sampled_from(
            ({"machine_type": H100X8}, {"machine_type": H100X1}, {"family": "p"}, {"family": "p5"})
        ),
        st.integers(0, 9),
        st.sampled_from(("on_demand", "spot")),
        st.sampled_from(ZONES),
    ),
    max_size=5,
    unique_by=lambda one: (one.get("machine_type"), one.get("family"), one["market"], one["zone"]),
)
contracts = st.lists(
    st.builds(
        lambda number, machine, machines, zone: term(str(number), machine, machines, zone=zone),
        st.integers(0, 99),
        st.sampled_from((H100X8, A100X8)),
        st.integers(1, 9),
        st.sampled_from(ZONES),
    ),
    max_size=3,
    unique_by=lambda one: one["id"],
)
documents = st.lists(
    st.builds(
        lambda nodes, hours, count, spot, strict: workload(
            nodes=nodes,
            preemptible=spot,
            work={"duration_hours": hours},
            accelerators=[{"model": model, "count_per_node": count} for model in ("H100", "A100")],
            **({"sla": {"class": "strict"}, "deadline": hour(6)} if strict else {}),
        ),
        st.integers(1, 4),
        st.integers(1, 3),
        st.sampled_from((1, 8)),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


@given(prices_of_any_kind, quotas_of_any_kind, contracts, contracts)
def test_together_all_offers_never_exceed_a_quota(
    prices: list[Price],
    quotas: list[dict[str, Any]],
    committed: list[dict[str, Any]],
    reserved: list[dict[str, Any]],
) -> None:
    """Whatever is for sale or paid for: summed over offers, no quota of region or zone breaks."""
    document = capacity(quotas=quotas, commitments=committed, reservations=reserved)
    wants_all = workload(
        preemptible=True,
        accelerators=[{"model": model, "count_per_node": 1} for model in ("H100", "A100")],
    )

    made = problem(wants_all, prices=prices, document=document, slots=2)

    for one in quotas:
        used = Counter[int]()
        for offer in made.instance.offers:
            _, _, zone, machine, model = offer.id.split("/")[:5]
            if ("spot" if model == "spot" else "on_demand") != one["market"]:
                continue
            if one["zone"] is not None and zone != one["zone"]:
                continue
            if _quota_of(machine, one, quotas) is one:
                used.update(dict(enumerate(offer.capacity)))
        assert max(used.values(), default=0) <= one["machines"]


def _quota_of(
    machine: str, like: dict[str, Any], quotas: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """The most specific quota of the same market and zone, found in the plainest way."""
    same = [q for q in quotas if (q["market"], q["zone"]) == (like["market"], like["zone"])]
    for subject in ({"machine_type": machine}, {"family": "p5"}, {"family": "p"}):
        for one in same:
            family = subject.get("family")
            if subject.items() <= one.items() and machine.startswith(family or machine):
                return one
    return None


@given(documents, prices_of_any_kind)
def test_a_strict_workload_never_has_a_spot_option(
    queue: list[WorkloadDocument], prices: list[Price]
) -> None:
    """Nor has one that is not preemptible."""
    named = [one.model_copy(update={"name": f"w{n}"}) for n, one in enumerate(queue)]

    made = problem(*named, prices=prices, slots=8)

    for job in made.instance.jobs:
        document = made.requests[job.id].document
        if document.sla.sla_class == "strict" or not document.preemptible:
            assert not any(option.offer.endswith("/spot") for option in job.options)


def test_the_solver_takes_what_was_built() -> None:
    """Two jobs of 4 hours, one committed machine: one free, one on demand at 4 x 50 = 200 USD."""
    document = capacity(
        quotas=[quota(H100X8, 2)],
        commitments=[term("sp", H100X8, 1, end=hour(5))],
    )
    made = problem(workload(name="a"), workload(name="b"), document=document, slots=6)

    solution = solve(made.instance, time_limit_s=5)

    assert solution.plan.cost == 200_000_000
    assert solution.plan.gap == 0
