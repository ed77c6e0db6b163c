"""What the company wrote down is accepted by those who read it."""

from service.demo.company import Company
from service.demo.fleet import MACHINE_TYPES
from service.documents.capacity import CapacityDocument
from service.documents.policy import PolicyDocument
from service.documents.workload_file import load_workloads
from service.documents.yaml_file import load_document
from service.domain.policy import Charge, Owner


def test_the_policy_names_twelve_teams_and_six_pools(company: Company) -> None:
    """Five pools of machines and one of overhead; all three ways of sharing occur."""
    document = load_document(company.policy, PolicyDocument)

    assert len(document.teams) == 12
    assert len(document.pools) == 6
    assert {pool.share for pool in document.pools} == {"by_use", "by_reservation", "evenly"}
    assert f"{document.effective_from}" == "2026-09-01"


def test_the_policy_knows_whose_a_charge_is(company: Company) -> None:
    """Unused promises, pools, accounts, tags by old names, namespaces, overhead, and nobody."""
    policy = load_document(company.policy, PolicyDocument).policy()

    owners = [
        policy.owner(charge)
        for charge in (
            Charge(commitment_status="Unused", tags={"pool": "aws-h100"}),
            Charge(pool="aws-h100"),
            Charge(charge_category="Purchase", tags={"pool": "gcp-h100"}),
            Charge(sub_account="lh-speech"),
            Charge(tags={"team": "cv"}),
            Charge(namespace="search-dev"),
            Charge(service="Kubernetes Engine"),
            Charge(service="Amazon Elastic Compute Cloud"),
        )
    ]

    assert owners == [
        Owner(team="inference-platform"),
        Owner(pool="aws-h100"),
        Owner(pool="gcp-h100"),
        Owner(team="speech"),
        Owner(team="vision"),
        Owner(team="search"),
        Owner(pool="overhead"),
        Owner(team="unallocated"),
    ]


def test_the_capacity_has_a_quota_for_every_offer_that_can_be_bought(company: Company) -> None:
    """Each machine type has a quota; the commitments are those that the bills show."""
    capacity = load_document(company.capacity, CapacityDocument)

    assert {quota.machine_type for quota in capacity.quotas} == set(MACHINE_TYPES)
    assert {one.id for one in capacity.commitments} == {one.id for one in company.commitments}
    assert len(capacity.reservations) == len(capacity.capacity_blocks) == 1


def test_the_queue_can_be_submitted(company: Company) -> None:
    """Forty workloads, five of them hopeless; all levels of service and most kinds occur."""
    workloads = load_workloads(company.workloads)

    assert len(workloads) == 40
    assert len({one.idempotency_key for one in workloads}) == 40
    assert {one.sla.sla_class for one in workloads} == {"strict", "target", "best_effort"}
    assert [one.name for one in workloads[-5:]] == [
        "q035-gang-too-large",
        "q036-deadline-too-near",
        "q037-residency-without-offer",
        "q038-memory-too-large",
        "q039-cap-too-low",
    ]
    assert all(one.kind for one in workloads)
