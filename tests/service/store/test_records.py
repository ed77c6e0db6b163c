"""Deliveries, allocation runs, documents, tokens and the audit trail in the store."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest

from service.domain.access import Scope, Token
from service.domain.records import (
    AllocationRun,
    AuditEntry,
    CostTotals,
    CurrencyTotals,
    DeliveryRecord,
    DocumentVersion,
    Finding,
)
from service.errors import ConflictError
from service.store.store import Store
from tests.service.store.values import NOW

DELIVERY = DeliveryRecord(
    id=UUID(int=1),
    source="aws",
    kind="focus",
    dialect="focus-1.2",
    version=1_795_000_000_000,
    complete=True,
    files=(("b.csv", "bb"), ("a.csv", "aa")),
    periods=("2026-10", "2026-11"),
    rows=12,
    quarantined=2,
    loaded_at=NOW,
    seconds=1.5,
    quarantined_cost={"USD": Decimal("3.000000000001")},
    rounding={"EUR": Decimal("-0.0000000000000004")},
    findings=(Finding("ChargeCategory is one of five values", "ChargeCategory", 3),),
)
ZERO = CostTotals(Decimal(0), Decimal(0), Decimal(0), Decimal(0))
TOTAL = CostTotals(
    Decimal("12345678901234567890123456.123456789012"), Decimal(2), Decimal("-3.5"), Decimal(4)
)
RUN = AllocationRun(
    id=UUID(int=2),
    period="2026-10",
    policy_version=None,
    at=NOW,
    snapshots={"cost_line": 9_007_199_254_740_993, "gpu_usage": None},
    allocation_snapshot=9_007_199_254_740_995,
    totals=(CurrencyTotals("EUR", TOTAL, TOTAL, ZERO), CurrencyTotals("USD", ZERO, ZERO, ZERO)),
    rows=7,
)
FIRST = DocumentVersion(1, date(2026, 10, 1), "aa", "pools: []\n", NOW, "cli:ann")
TOKEN = Token(
    id=UUID(int=3),
    name="ci",
    hash="ff",
    scopes=frozenset({Scope.SUBMIT, Scope.READ_TEAM}),
    teams=frozenset({"vision", "nlp"}),
    created_at=NOW,
)


def test_a_delivery_comes_back_as_it_was_recorded(store: Store) -> None:
    """Also files in their order, findings, and rounding beyond the twelfth decimal."""
    with store.work() as work:
        work.deliveries.add(DELIVERY)
    with store.work() as work:
        found = work.deliveries.by_id(DELIVERY.id)

    assert found == DELIVERY


def test_the_latest_deliveries_come_first(store: Store) -> None:
    """Three loads a minute apart; the last two, newest first, each with its own files."""
    loads = [
        replace(
            DELIVERY,
            id=UUID(int=10 + minute),
            loaded_at=NOW + timedelta(minutes=minute),
            files=((f"{minute}.csv", str(minute)),),
        )
        for minute in range(3)
    ]
    with store.work() as work:
        for load in loads:
            work.deliveries.add(load)

    with store.work() as work:
        latest = work.deliveries.latest(2)

    assert latest == [loads[2], loads[1]]


def test_an_unknown_load_is_nothing(store: Store) -> None:
    """``by_id`` answers ``None``, for allocations too."""
    with store.work() as work:
        found = (work.deliveries.by_id(UUID(int=9)), work.allocations.by_id(UUID(int=9)))

    assert found == (None, None)


def test_an_allocation_run_comes_back_to_the_last_digit(store: Store) -> None:
    """38 digits of money, and snapshot ids beyond 2 to the power of 53, are kept exactly."""
    with store.work() as work:
        work.allocations.add(RUN)
    with store.work() as work:
        found = work.allocations.by_id(RUN.id)

    assert found == RUN


def test_the_latest_allocation_of_a_period_counts(store: Store) -> None:
    """October was allocated twice and November never."""
    again = replace(RUN, id=UUID(int=4), at=NOW + timedelta(hours=1), totals=())
    with store.work() as work:
        work.allocations.add(again)
        work.allocations.add(RUN)

    with store.work() as work:
        found = (work.allocations.latest("2026-10"), work.allocations.latest("2026-11"))

    assert found == (again, None)


@pytest.mark.parametrize(
    ("day", "version"),
    [
        (date(2026, 9, 30), None),
        (date(2026, 10, 1), 1),
        (date(2026, 10, 31), 1),
        (date(2026, 11, 1), 3),
        (date(2026, 12, 1), 3),
    ],
)
def test_the_document_in_effect_is_the_one_from_the_latest_day(
    store: Store, day: date, version: int | None
) -> None:
    """1 holds from October, 2 and then 3 were stored for November: 3 replaced 2."""
    november = [replace(FIRST, version=v, effective_from=date(2026, 11, 1)) for v in (2, 3)]
    with store.work() as work:
        for document in (FIRST, *november):
            work.policies.add(document)

    with store.work() as work:
        found = work.policies.in_effect(day)

    assert (None if found is None else found.version) == version


def test_policies_and_capacities_are_counted_apart(store: Store) -> None:
    """A policy of version 1 does not show among the capacities."""
    with store.work() as work:
        work.policies.add(FIRST)
        policies = (work.policies.all(), work.policies.latest())
        capacities = (work.capacities.all(), work.capacities.latest())

    assert policies == ([FIRST], FIRST)
    assert capacities == ([], None)


def test_a_version_is_stored_once(store: Store) -> None:
    """A second version 1, applied at the same moment elsewhere, is a conflict."""
    with store.work() as work:
        work.policies.add(FIRST)

    with pytest.raises(ConflictError, match="pk_policy"), store.work() as work:
        work.policies.add(replace(FIRST, text="pools: [a]\n"))


@pytest.mark.parametrize("teams", [None, frozenset[str](), frozenset({"vision"})])
def test_a_token_comes_back_by_the_hash_of_its_secret(
    store: Store, teams: frozenset[str] | None
) -> None:
    """All teams, no team and one team are three different things."""
    token = replace(TOKEN, teams=teams)

    with store.work() as work:
        work.tokens.add(token)
    with store.work() as work:
        found = (work.tokens.by_hash("ff"), work.tokens.by_hash("fe"))

    assert found == (token, None)


def test_the_last_use_of_a_token_is_noted(store: Store) -> None:
    """Used an hour later, the token says so; nothing else of it changes."""
    later = NOW + timedelta(hours=1)
    with store.work() as work:
        work.tokens.add(TOKEN)

    with store.work() as work:
        work.tokens.touch(TOKEN.id, later)
    with store.work() as work:
        tokens = work.tokens.all()

    assert tokens == [replace(TOKEN, last_used_at=later)]


def test_a_token_that_is_ended_is_valid_no_more(store: Store) -> None:
    """Ended at half past two it is not valid at half past two, and still listed."""
    with store.work() as work:
        work.tokens.add(TOKEN)

    with store.work() as work:
        work.tokens.expire(TOKEN.id, NOW)
    with store.work() as work:
        tokens = work.tokens.all()

    assert [token.is_valid(NOW) for token in tokens] == [False]


def test_the_audit_trail_gives_the_last_entries_first(store: Store) -> None:
    """Two entries of the same moment keep the order in which they were written."""
    first = AuditEntry(NOW, "cli:ann", "policy.apply", "policy/1", {"sha256": "aa"})
    second = AuditEntry(NOW, "cli:bob", "token.create", "ci")

    with store.work() as work:
        work.audit.add(first)
        work.audit.add(second)
        entries = work.audit.latest(5)

    assert entries == [second, first]


def test_a_moment_without_a_timezone_is_refused(store: Store) -> None:
    """Nobody could say what 02:30 means without one."""
    naive = replace(FIRST, applied_at=datetime(2026, 11, 21, 2, 30))  # noqa: DTZ001 -- on purpose

    with pytest.raises(Exception, match="has no timezone"), store.work() as work:
        work.policies.add(naive)


def test_moments_come_back_in_utc(store: Store) -> None:
    """Half past three in Berlin is half past two in UTC."""
    berlin = datetime(2026, 11, 21, 3, 30, tzinfo=timezone(timedelta(hours=1)))
    with store.work() as work:
        work.policies.add(replace(FIRST, applied_at=berlin))

    with store.work() as work:
        found = work.policies.latest()

    assert found is not None
    assert found.applied_at == NOW
    assert found.applied_at.tzinfo is UTC


def test_what_raises_inside_a_transaction_is_not_stored(store: Store) -> None:
    """The error comes out as it was, and the policy added before it is gone."""

    def add_and_fail() -> None:
        with store.work() as work:
            work.policies.add(FIRST)
            raise KeyError

    with pytest.raises(KeyError):
        add_and_fail()

    with store.work() as work:
        assert work.policies.all() == []


@pytest.mark.parametrize("name", ["*", "a,b", ""])
def test_a_transaction_cannot_be_opened_for_a_name_that_means_more(store: Store, name: str) -> None:
    """A token for a team called ``*`` must not see everything."""
    with pytest.raises(ValueError, match="is no team name"), store.work(frozenset({name})):
        pass
