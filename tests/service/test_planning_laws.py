"""Laws of planning: quotas hold together, and strict work never stands on spot."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.documents.workload import WorkloadDocument
from service.usecases.current_prices import Price
from tests.service.planning import (
    A100X8,
    H100X1,
    H100X8,
    capacity,
    hour,
    price,
    problem,
    quota,
    term,
    workload,
)

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
