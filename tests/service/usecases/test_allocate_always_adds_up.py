"""Whatever is billed and whatever the machines did: parts and bills are equal."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.documents.policy import PolicyDocument
from service.documents.yaml_file import parse_document
from service.domain.money import Money
from service.domain.periods import Period
from service.usecases.allocate import allocate
from service.usecases.charge_owners import Reader
from service.usecases.stale_periods import READS
from tests.service.facts import HOUR_MS, Row, at, job, line, node, put, usage
from warehouse.lake import Lake
from warehouse.port import Engine

POLICY = """
version: 1
effective_from: 2026-08-01
teams: [{name: vision}, {name: nlp}, {name: platform}]
pools:
  - {name: a100, owner: platform, share: by_use}
  - {name: gateway, owner: nlp, share: evenly, teams: [vision, nlp, platform]}
rules:
  - {match: {pool: a100}, pool: a100}
  - {match: {service: Gateway}, pool: gateway}
  - {match: {tag: {key: team}}, team_from_tag: team}
"""
AMOUNTS = st.integers(-(10**30), 10**30).map(lambda pico: Money(pico, "USD").decimal)
LINES = st.lists(
    st.builds(
        line,
        st.integers(-(10**20), 10**20).map(str),
        BilledCost=AMOUNTS,
        ContractedCost=st.none() | AMOUNTS,
        ListCost=st.none() | AMOUNTS,
        BillingCurrency=st.sampled_from(["USD", "EUR"]),
        ResourceId=st.sampled_from([None, "i-1", "i-2"]),
        ServiceName=st.sampled_from([None, "EC2", "Gateway"]),
        Tags=st.sampled_from([None, '{"team": "nlp"}', '{"team": "x"}', "[]"]),
        ChargePeriodEnd=st.sampled_from([at(5), at(6), at(7, 5)]),
    ),
    min_size=1,
    max_size=12,
)
USE = st.lists(
    st.builds(
        usage,
        st.just("host-i-1"),
        st.integers(0, 5),
        st.sampled_from([None, "j1", "j2"]),
        gpu_uuid=st.sampled_from(["GPU-1", "GPU-2"]),
        capacity_ms=st.none() | st.integers(-HOUR_MS, HOUR_MS),
    ),
    max_size=6,
)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(LINES, USE)
def test_parts_and_bills_are_equal_in_all_four_costs(
    lake: Lake, engine: Engine, lines: list[Row], use: list[Row]
) -> None:
    """Negative, huge, unknown, in two currencies, with use that no capacity explains."""
    put(lake, "cost_line", lines)
    put(lake, "node", [node("i-1", "a100")])
    put(lake, "job_run", [job("j1", "vision"), job("j2", "nlp")])
    put(lake, "gpu_usage", use, period="2026-10-05")
    policy = parse_document(POLICY, "policy.yaml", PolicyDocument).policy()

    found = allocate(Period("2026-10"), policy, Reader(engine, lake.view(READS)))

    assert found.totals
    assert all(total.bills == total.allocations for total in found.totals)
    assert sum(row["cost_lines"] or 0 for row in found.rows.to_pylist()) == len(lines)
    for row in found.rows.to_pylist():
        assert Decimal(0) < row["allocated_ratio"] <= 1
