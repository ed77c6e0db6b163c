"""Reporting costs from the newest stored run."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from service.bootstrap import Wiring
from service.domain.money import Money
from service.domain.periods import Period
from service.errors import ConflictError, InputError, NotFoundError
from service.usecases.allocate_period import allocate_period
from service.usecases.apply_policy import apply_policy, propose_policy
from service.usecases.report_costs import BY, CostReport, report_costs
from tests.conftest import NOW
from tests.service.facts import line, put
from warehouse.commit import commit
from warehouse.maintain import maintain
from warehouse.port import Partition

POLICY = """
version: 1
effective_from: 2026-08-01
teams: [{name: vision}, {name: nlp}]
pools: [{name: gw, owner: nlp, share: by_reservation, capacity_gpus: 4, reservations: {vision: 3}}]
rules:
  - {match: {service: Gateway}, pool: gw}
  - {match: {tag: {key: team}}, team_from_tag: team}
"""


@pytest.fixture
def parts(wiring: Wiring, tmp_path: Path) -> Wiring:
    """Return parts with a clock that moves, two bills of October, and the policy applied.

    Vision has 10 USD direct and 3 of the gateway's 4, nlp the idle 1; 5 USD and 2 EUR of Azure,
    which says no contracted cost, are nobody's.
    """
    ticks = iter(range(10_000))
    moving = replace(wiring, clock=lambda: NOW + timedelta(seconds=next(ticks)))
    azure = {"ServiceProviderName": "Azure", "SubAccountId": None, "ContractedCost": None}
    lines = [
        line("10", Tags='{"team": "vision"}'),
        line("4", ServiceName="Gateway"),
        line("5", **azure),
        line("2", **azure, BillingCurrency="EUR", ServiceName=None),
    ]
    put(moving.lake, "cost_line", lines)
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY)
    lake, engine, store = moving.lake, moving.engine, moving.store
    apply_policy(
        propose_policy(file, lake=lake, engine=engine, store=store),
        lake=lake,
        engine=engine,
        store=store,
        new_id=moving.new_id,
        clock=moving.clock,
        actor="cli:ada",
    )
    return moving


def report(
    parts: Wiring, by: str = "team", teams: frozenset[str] | None = None, period: str = "2026-10"
) -> CostReport:
    """Report a period by one property."""
    return report_costs(
        Period(period), by, lake=parts.lake, engine=parts.engine, store=parts.store, teams=teams
    )


def usd(text: str) -> Money:
    """Return an amount of US dollars."""
    return Money.parse(text, "USD")


def test_costs_by_team_say_how_they_came_about(parts: Wiring) -> None:
    """Vision: 10 direct + 3 shared = 13; nlp: 1 idle; nobody: 2 EUR and 5 USD, kept apart."""
    found = report(parts)

    rows = {(row.key, row.currency): row for row in found.rows}
    assert list(rows) == [
        ("nlp", "USD"),
        ("unallocated", "EUR"),
        ("unallocated", "USD"),
        ("vision", "USD"),
    ]
    vision = rows["vision", "USD"]
    assert (vision.effective_cost, vision.direct, vision.shared) == (usd("13"), usd("10"), usd("3"))
    assert (vision.idle, vision.unallocated, vision.list_cost) == (usd("0"), usd("0"), usd("13"))
    assert rows["nlp", "USD"].idle == usd("1") == rows["nlp", "USD"].effective_cost
    assert (
        rows["unallocated", "USD"].unallocated == usd("5") == rows["unallocated", "USD"].billed_cost
    )
    assert rows["unallocated", "EUR"].effective_cost == Money.parse("2", "EUR")


def test_a_cost_that_no_bill_says_is_not_known(parts: Wiring) -> None:
    """Azure has no contracted cost: it is unknown, not 0."""
    rows = {row.key: row for row in report(parts, "provider").rows if row.currency == "USD"}

    assert rows["Azure"].contracted_cost is None
    assert rows["AWS"].contracted_cost == usd("14")


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("provider", ["AWS", "Azure", "Azure"]),
        ("service", ["EC2", "Gateway", "(none)"]),
        ("account", ["111", "payer", "payer"]),
        ("pool", ["gw", "(none)", "(none)"]),
        ("charge_category", ["Usage", "Usage"]),
    ],
)
def test_the_same_costs_are_shown_by_other_properties(
    parts: Wiring, by: str, keys: list[str]
) -> None:
    """Whatever they are shown by, they sum to 19 USD and 2 EUR; what has no key is (none)."""
    rows = report(parts, by).rows

    assert [row.key for row in rows] == keys
    assert sum(row.effective_cost.pico for row in rows if row.currency == "USD") == 19 * 10**12
    assert sum(row.effective_cost.pico for row in rows if row.currency == "EUR") == 2 * 10**12
    assert all(
        row.direct + row.shared + row.idle + row.unused_commitment + row.distributed
        == row.effective_cost - row.unallocated
        for row in rows
    )


def test_a_reader_of_some_teams_sees_these_only(parts: Wiring) -> None:
    """Nlp sees its idle 1 and neither vision's 13 nor what is unallocated."""
    rows = report(parts, teams=frozenset({"nlp"})).rows

    assert [(row.key, row.effective_cost) for row in rows] == [("nlp", usd("1"))]
    assert report(parts, teams=frozenset()).rows == ()


def test_only_the_listed_properties_can_be_reported_by(parts: Wiring) -> None:
    """Asking by sku names what is accepted."""
    with pytest.raises(InputError, match=f"by 'sku'; accepted are {', '.join(BY)}"):
        report(parts, "sku")


def test_a_period_without_bills_names_the_periods_that_have_some(parts: Wiring) -> None:
    """September was never loaded; October was."""
    with pytest.raises(NotFoundError, match=r"2026-09 was loaded \(periods with bills: 2026-10\)"):
        report(parts, period="2026-09")


def test_an_empty_lake_asks_for_a_bill(wiring: Wiring) -> None:
    """There is nothing at all yet."""
    with pytest.raises(NotFoundError, match="none yet; load a bill first"):
        report(wiring)


def test_bills_without_an_allocation_are_said(wiring: Wiring) -> None:
    """October's bill is in the lake, but its load was killed before the allocation."""
    put(wiring.lake, "cost_line", [line("1")])

    with pytest.raises(ConflictError, match="loaded and not allocated yet"):
        report(wiring)


def test_the_answer_is_that_of_the_run_whatever_was_loaded_since(parts: Wiring) -> None:
    """A new bill of 100 is in the lake and not allocated: the report still says 19 USD."""
    before = report(parts)
    put(parts.lake, "cost_line", [line("100")], source="late")

    assert report(parts) == before


def test_a_run_outlives_its_snapshot(parts: Wiring) -> None:
    """November's allocation made a newer snapshot and maintenance took October's away."""
    before = report(parts)
    allocate_november(parts)
    maintain(parts.lake, now=NOW + timedelta(days=400))

    assert report(parts) == before


def test_rows_of_a_run_that_was_never_recorded_are_not_mixed_up(parts: Wiring) -> None:
    """Another run's rows were committed and its process died: the recorded run still answers."""
    before = report(parts)

    commit_without_a_record(parts)

    assert report(parts) == before


def test_a_run_whose_rows_are_gone_is_not_answered_from_other_rows(parts: Wiring) -> None:
    """The same, and maintenance took the recorded run's snapshot away: that is said."""
    commit_without_a_record(parts)
    maintain(parts.lake, now=NOW + timedelta(days=400))

    with pytest.raises(ConflictError, match="newest allocation of 2026-10 was not finished"):
        report(parts)


def commit_without_a_record(parts: Wiring) -> None:
    """Replace October's allocation as a process does that dies before it records its run."""
    commit(
        parts.lake,
        "allocation",
        partitions=[Partition("allocation", "allocation", "2026-10")],
        files=[],
        load_id=uuid4(),
        version=9_999_999_999_999,
        delivered={},
    )


def allocate_november(parts: Wiring) -> None:
    """Allocate another period, so that October's snapshot is not the current one."""
    allocate_period(
        Period("2026-11"),
        lake=parts.lake,
        engine=parts.engine,
        store=parts.store,
        new_id=parts.new_id,
        clock=parts.clock,
    )


def test_what_is_unused_and_what_is_passed_on_are_parts_of_their_own(
    parts: Wiring, tmp_path: Path
) -> None:
    """Nlp has 1 idle and 6 unused and passes 7 on to vision: 1 + 6 - 7 = 0, and 13 + 7 = 20."""
    put(parts.lake, "cost_line", [line("6", CommitmentDiscountStatus="Unused")], source="plans")
    file = tmp_path / "next.yaml"
    more = "  - {match: {commitment_status: Unused}, team: nlp}\n"
    file.write_text(f"{POLICY}{more}distribute: [{{team: nlp, share: proportional}}]\n")
    lake, engine, store = parts.lake, parts.engine, parts.store

    apply_policy(
        propose_policy(file, lake=lake, engine=engine, store=store),
        lake=lake,
        engine=engine,
        store=store,
        new_id=parts.new_id,
        clock=parts.clock,
        actor="cli:ada",
    )

    rows = {row.key: row for row in report(parts).rows if row.currency == "USD"}
    nlp, vision = rows["nlp"], rows["vision"]
    assert (nlp.idle, nlp.unused_commitment, nlp.distributed) == (usd("1"), usd("6"), usd("-7"))
    assert nlp.effective_cost == usd("0")
    assert (vision.direct, vision.shared, vision.effective_cost) == (
        usd("10"),
        usd("10"),
        usd("20"),
    )
