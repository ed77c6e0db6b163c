"""What a run depends on, and when the stored one still holds."""

from dataclasses import replace
from uuid import UUID

import pytest

from service.bootstrap import Wiring
from service.domain.periods import Period
from service.domain.records import PeriodRun
from service.usecases.lake_runs import (
    RunKind,
    fingerprint,
    is_current,
    month_before_too,
    months_around_too,
    own_month,
    stored_run,
)
from service.usecases.run_period import Runner, no_guard
from tests.conftest import NOW
from tests.service.facts import job, line, put
from tests.service.usecases.test_run_period import rows
from warehouse.port import Partition

OCTOBER = Period("2026-10")
TRIAL = RunKind(
    name="trial",
    verb="try",
    method="trial 1",
    reads={
        "cost_line": own_month,
        "job_run": month_before_too,
        "gpu_usage": months_around_too,
        "node": own_month,
    },
    tables=("allocation",),
)


def trial(parts: Wiring) -> PeriodRun:
    """Run a trial over October and write it to the lake, but leave it without a record."""
    who = Runner(
        TRIAL,
        OCTOBER,
        parts.lake,
        parts.engine,
        parts.store,
        parts.new_id,
        parts.clock,
        no_guard,
    )
    return who.until_settled(lambda one: who.write(one, {"allocation": rows("allocation", 1)}))


def holds(parts: Wiring) -> bool:
    """Say whether October's trial is current."""
    return is_current(TRIAL, OCTOBER, parts.lake, parts.store)


@pytest.mark.parametrize(
    ("table", "places"),
    [
        ("cost_line", ["2026-10"]),
        ("job_run", ["2026-09", "2026-10"]),
        ("gpu_usage", ["2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01"]),
        ("node", ["*"]),
    ],
)
def test_partitions_of_the_months_that_matter_are_seen(table: str, places: list[str]) -> None:
    """Of the days and months around October, and of whole sources, these touch it."""
    months = ["2025-10", "2026-08", "2026-09", "2026-10", "2026-11", "2026-12"]
    days = ["2026-08-31", "2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01", "2026-12-01"]
    possible = {"gpu_usage": days, "node": ["*"]}.get(table, months)

    seen = [one for one in possible if TRIAL.touches(Partition(table, "s", one), OCTOBER)]

    assert seen == places


def test_the_fingerprint_changes_with_what_matters_only(wiring: Wiring) -> None:
    """Method, policy and a load of October count; a load of November does not."""
    lake = wiring.lake
    put(lake, "cost_line", [line("1")])
    first = fingerprint(TRIAL, OCTOBER, lake, 1)

    others = {
        fingerprint(replace(TRIAL, method="trial 2"), OCTOBER, lake, 1),
        fingerprint(TRIAL, OCTOBER, lake, 2),
        fingerprint(TRIAL, OCTOBER, lake, None),
    }
    put(lake, "cost_line", [line("1")], period="2026-11")
    same = fingerprint(TRIAL, OCTOBER, lake, 1)
    put(lake, "job_run", [job("j", None)], period="2026-09")
    others.add(fingerprint(TRIAL, OCTOBER, lake, 1))

    assert same == first
    assert len(others | {first}) == 5


def test_a_run_counts_when_lake_and_record_agree(wiring: Wiring) -> None:
    """Rows without a record do not hold, nor does a record whose rows another run replaced."""
    put(wiring.lake, "cost_line", [line("1")])
    before = holds(wiring)

    run = trial(wiring)
    unrecorded = holds(wiring)
    with wiring.store.work() as work:
        work.period_runs.add(run)
    recorded = holds(wiring)
    with wiring.store.work() as work:
        work.period_runs.add(replace(run, id=UUID(int=99), at=NOW.replace(year=2027)))

    assert stored_run(TRIAL, OCTOBER, wiring.lake) == str(run.id)
    assert (before, unrecorded, recorded, holds(wiring)) == (False, False, True, False)


def test_a_run_holds_until_its_facts_change(wiring: Wiring) -> None:
    """A second bill of October makes the recorded run stale; nothing else happened."""
    put(wiring.lake, "cost_line", [line("1")])
    run = trial(wiring)
    with wiring.store.work() as work:
        work.period_runs.add(run)

    put(wiring.lake, "cost_line", [line("2")], source="late")

    assert not holds(wiring)
