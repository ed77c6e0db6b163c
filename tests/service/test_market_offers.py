"""What quotas and contracts make of prices: capacities that never exceed what is allowed."""

from tests.service.planning import (
    A100X8,
    H100X1,
    H100X8,
    OD,
    SPOT,
    capacities,
    capacity,
    hour,
    price,
    problem,
    quota,
    term,
    workload,
)

A100 = {"model": "A100", "count_per_node": 8}
QUOTA = {"provider": "AWS", "region": "us-east-1"}


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
    nothing = problem(workload(), document=capacity(quotas=[quota(H100X8, 0)]))
    assert nothing.left_out[0].reason.endswith("no offer that it may use has more than 0")


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


def test_a_quota_of_vcpus_is_dealt_out_the_largest_machine_first() -> None:
    """400 vCPUs are 1 p5.48xlarge (192), 1 p4d.24xlarge (96), then 1 more of the latter: 384."""
    both = (price(H100X8, "50"), price(A100X8, "21"))
    one = workload(accelerators=[{"model": "H100", "count_per_node": 8}, A100])
    vcpus = {**QUOTA, "families": ["p5", "p4"], "vcpus": 400}

    made = problem(one, prices=both, document=capacity(quotas=[vcpus]))

    assert capacities(made) == {OD: 1, "aws/us-east-1/*/p4d.24xlarge/on_demand": 2}


def test_a_quota_of_accelerators_counts_whole_machines() -> None:
    """20 GPUs are 2 p5.48xlarge of 8 and 2 p5.4xlarge of 1, and the rest is 2 more of these."""
    both = (price(H100X8, "50"), price(H100X1, "7"))
    one = workload(accelerators=[{"model": "H100", "count_per_node": 1}])
    gpus = {**QUOTA, "family": "p5", "accelerators": 20}

    made = problem(one, prices=both, document=capacity(quotas=[gpus]))

    assert capacities(made) == {OD: 2, "aws/us-east-1/*/p5.4xlarge/on_demand": 4}


def test_a_quota_of_nothing_allows_nothing() -> None:
    """No vCPU, no machine, and the workload is told so."""
    none = {**QUOTA, "family": "p", "vcpus": 0}

    made = problem(workload(), document=capacity(quotas=[none]))

    assert capacities(made) == {}
    assert len(made.left_out) == 1


def test_the_longest_prefix_is_the_quota_that_holds() -> None:
    """Of p with 10 machines and [p4, p5] with 3, the latter holds for p5.48xlarge."""
    quotas = [quota(None, 10, family="p"), quota(None, 3, families=["p4", "p5"])]

    assert capacities(problem(workload(), document=capacity(quotas=quotas)))[OD] == 3


def test_a_savings_plan_is_noted_and_offers_nothing() -> None:
    """Money by the hour has no machine that could be planned."""
    plan = {
        "id": "sp",
        "provider": "AWS",
        "kind": "spend",
        "hourly_commitment": "12.5",
        "start": "2026-11-01T00:00:00Z",
        "end": "2027-11-01T00:00:00Z",
    }

    made = problem(workload(), document=capacity(commitments=[plan]))

    assert set(capacities(made)) == {OD}
    assert made.notes["savings plan, which plans do not use yet"] == 1


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
