"""Runs over a billing period in PostgreSQL, of any kind, and what became of older allocations."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import psycopg

from service.domain.records import AllocationRun, PeriodRun
from service.store.migrate import downgrade, upgrade
from service.store.roles import Logins
from service.store.store import Store
from tests.service.store.values import NOW

RUN = PeriodRun(
    id=UUID(int=5),
    kind="account",
    period="2026-10",
    policy_version=None,
    at=NOW,
    snapshots={"gpu_usage": 9_007_199_254_740_993, "node": None},
    written={"attempt_cost": 9_007_199_254_740_995, "gpu_account": 2},
    rows=12,
    proof={"capacity_ms": 9_007_199_254_740_997, "difference": {"USD": "0.000000000001"}},
)
BEFORE = "20261121_recommendations"
COLUMNS = "id, period, policy_version, at, snapshots, allocation_snapshot, row_count"
OLD = (str(UUID(int=7)), "2026-10", NOW, '{"cost_line": 3}', 9_007_199_254_740_993, 4)
EMPTY = (str(UUID(int=8)), "2026-11", NOW, "{}", None, 0)


def test_a_run_comes_back_as_it_was_recorded(store: Store) -> None:
    """Also counts and snapshots beyond 2 to the power of 53, and amounts to the twelfth decimal."""
    with store.work() as work:
        work.period_runs.add(RUN)
    with store.work() as work:
        found = work.period_runs.by_id(RUN.id)

    assert found == RUN


def test_the_latest_run_of_a_kind_counts(store: Store) -> None:
    """October was accounted twice and allocated later; November never."""
    again = replace(RUN, id=UUID(int=6), at=NOW + timedelta(hours=1))
    other = replace(RUN, id=UUID(int=7), at=NOW + timedelta(hours=2), kind="allocation")
    with store.work() as work:
        for run in (again, other, RUN):
            work.period_runs.add(run)

    with store.work() as work:
        latest = [work.period_runs.latest("account", month) for month in ("2026-10", "2026-11")]

    assert latest == [again, None]


def test_a_run_of_another_kind_is_no_allocation(store: Store) -> None:
    """An accounting of October leaves October without an allocation, by period and by id."""
    with store.work() as work:
        work.period_runs.add(RUN)

    with store.work() as work:
        found = (work.allocations.latest("2026-10"), work.allocations.by_id(RUN.id))

    assert found == (None, None)


def test_allocations_from_before_are_runs_like_others(empty_database: Logins) -> None:
    """Up, one allocation with a snapshot and one without are read; down, both are as they were."""
    owner, app = empty_database.owner, empty_database.app
    upgrade(owner, app, BEFORE)
    with psycopg.connect(owner.replace("+psycopg", "")) as connection:
        insert = f"INSERT INTO allocation_run ({COLUMNS}) VALUES (%s, %s, NULL, %s, %s, %s, %s)"  # noqa: S608 - a test's
        for values in (OLD, EMPTY):
            connection.execute(insert, values)

    upgrade(owner, app)
    store = Store(app)
    with store.work() as work:
        found = work.allocations.by_id(UUID(int=7))
        empty = work.allocations.latest("2026-11")
        work.period_runs.add(RUN)
    store.close()
    downgrade(owner, app, BEFORE)

    assert found == AllocationRun(
        id=UUID(int=7),
        period="2026-10",
        policy_version=None,
        at=NOW,
        snapshots={"cost_line": 3},
        allocation_snapshot=9_007_199_254_740_993,
        totals=(),
        rows=4,
    )
    assert empty is not None
    assert empty.allocation_snapshot is None
    with psycopg.connect(owner.replace("+psycopg", "")) as connection:
        query = "SELECT id, allocation_snapshot FROM allocation_run ORDER BY id"
        assert connection.execute(query).fetchall() == [
            (UUID(int=7), 9_007_199_254_740_993),
            (UUID(int=8), None),
        ]
