"""From prices and a queue to an instance: durations, costs, windows, and refusals."""

from datetime import timedelta
from typing import Any

import pytest

from optimizer.solve import solve
from service.usecases.build_instance import build_instance, requests_of, restricted
from service.usecases.current_prices import ON_DEMAND
from tests.service.planning import (
    A100X8,
    BOTH,
    CHECKPOINT,
    H100X1,
    H100X8,
    OD,
    SPOT,
    START,
    capacity,
    horizon,
    hour,
    market,
    only_job,
    options,
    price,
    problem,
    quota,
    stored,
    term,
    workload,
)


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
            problem(
                workload(nodes=nodes, preemptible=True, checkpoint={"interval_minutes": 60}),
                default=16,
            )
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
    ("changes", "code", "reason"),
    [
        (
            {"deadline": hour(3)},
            "window_too_short",
            "its shortest way to run takes 4 hours, its window has 3",
        ),
        (
            {"earliest_start": (START + timedelta(minutes=90)).isoformat(), "deadline": hour(2)},
            "window_too_short",
            "its shortest way to run takes 4 hours, its window has 0",
        ),
        (
            {"nodes": 9},
            "gang_exceeds_capacity",
            "it needs 9 machines together; no offer that it may use has more than 8",
        ),
    ],
)
def test_what_not_even_an_empty_cloud_could_run_is_told_so(
    changes: dict[str, Any], code: str, reason: str
) -> None:
    """It is no job of the instance, so it does not blow up cost, bound and gap."""
    made = problem(workload(**changes))

    assert made.instance.jobs == ()
    assert [(left.code, left.reason) for left in made.left_out] == [(code, reason)]


def test_machines_that_are_there_for_too_short_are_no_way_to_run() -> None:
    """A block of 3 hours does not hold 4 hours of work, one of 4 hours does."""
    blocks = [
        term("short", H100X8, 1, start=hour(0), end=hour(3), price_upfront="1"),
        term("long", H100X8, 1, start=hour(5), end=hour(9), price_upfront="1"),
    ]

    too_short = problem(workload(), prices=(), document=capacity(capacity_blocks=blocks[:1]))
    enough = problem(workload(), prices=(), document=capacity(capacity_blocks=blocks))

    assert [left.reason for left in too_short.left_out] == [
        "no offer has 1 machines together for long enough within its window of 24 hours"
    ]
    assert set(options(enough)) == {"aws/us-east-1/*/p5.48xlarge/capacity_block/long"}


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
