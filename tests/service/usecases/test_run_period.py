"""Running something over a period: it begins again until its facts rest, and is stored whole."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest

from service.bootstrap import Wiring
from service.domain.periods import Period
from service.domain.records import PeriodRun
from service.errors import LeaseLostError
from service.usecases.lake_runs import RunKind, own_month, stored_run
from service.usecases.run_period import Attempt, FactsChangedError, Runner, no_guard, numbered
from tests.conftest import NOW
from tests.service.facts import line, put
from warehouse.port import Guard, Partition
from warehouse.tables import arrow_schema

OCTOBER = Period("2026-10")
TRIAL = RunKind(
    name="trial",
    verb="try",
    method="trial 1",
    reads={"cost_line": own_month},
    tables=("allocation", "attempt_cost"),
)
ADDED = {"run_id", "x_SourceId", "x_BillingPeriod", "x_LoadId", "x_FileId", "x_RecordNumber"}


@pytest.fixture
def parts(wiring: Wiring) -> Wiring:
    """Return the wiring with a bill of October and a clock that moves a second at every look."""
    ticks = iter(range(10_000))
    put(wiring.lake, "cost_line", [line("1")])
    return replace(wiring, clock=lambda: NOW + timedelta(seconds=next(ticks)))


def runner(parts: Wiring, guard: Guard = no_guard) -> Runner:
    """Return who runs trials over October."""
    return Runner(
        TRIAL,
        OCTOBER,
        lake=parts.lake,
        engine=parts.engine,
        store=parts.store,
        new_id=parts.new_id,
        clock=parts.clock,
        guard=guard,
    )


def rows(table: str, count: int) -> pa.Table:
    """Return rows of which nothing is known but their number."""
    fields = [one for one in arrow_schema(table) if one.name not in ADDED]
    return numbered(pa.table({one.name: pa.nulls(count, one.type) for one in fields}))


def writes(who: Runner) -> Callable[[Attempt], PeriodRun]:
    """Return what writes two rows into one table and one into the other."""
    tables = {"allocation": rows("allocation", 2), "attempt_cost": rows("attempt_cost", 1)}
    return lambda attempt: who.write(attempt, tables, {"tries": "1"})


def brings_bills(parts: Wiring, sources: str) -> Callable[[], None]:
    """Return a guard that loads a bill from the next of ``sources``, as long as there is one."""
    names = iter(sources)

    def guard() -> None:
        for name in names:
            put(parts.lake, "cost_line", [line("1")], source=name)
            return

    return guard


def test_a_run_is_written_into_every_table_of_its_kind(parts: Wiring) -> None:
    """2 and 1 rows are 3, in partitions that carry the run's id; the record says all of it."""
    who = runner(parts)

    run = who.until_settled(writes(who))

    view = parts.lake.view(["allocation", "attempt_cost", "cost_line"]).snapshots
    assert stored_run(TRIAL, OCTOBER, parts.lake) == str(run.id)
    assert run == PeriodRun(
        id=run.id,
        kind="trial",
        period="2026-10",
        policy_version=None,
        at=NOW,
        snapshots={"cost_line": view["cost_line"]},
        written={"allocation": view["allocation"], "attempt_cost": view["attempt_cost"]},
        rows=3,
        proof={"tries": "1"},
    )


def test_facts_that_come_in_meanwhile_make_it_begin_again(parts: Wiring) -> None:
    """One more bill before the first commit: the second try sees it, and is the stored one."""
    who = runner(parts, brings_bills(parts, "a"))
    views = []

    def once(attempt: Attempt) -> PeriodRun:
        views.append(attempt.reader.view.snapshots["cost_line"])
        return writes(who)(attempt)

    run = who.until_settled(once)

    assert len(set(views)) == len(views) == 2
    assert run.snapshots == parts.lake.view(["cost_line"]).snapshots
    assert stored_run(TRIAL, OCTOBER, parts.lake) == str(run.id)


def test_facts_that_never_rest_are_left_for_later(parts: Wiring) -> None:
    """A new source at each of five tries: then it is said, and nothing is stored."""
    who = runner(parts, brings_bills(parts, "abcde"))

    with pytest.raises(FactsChangedError, match="2026-10 change all the time; try them later"):
        who.until_settled(writes(who))

    assert parts.lake.view(TRIAL.tables).snapshots == {"allocation": None, "attempt_cost": None}
    assert who.until_settled(writes(who)).rows == 3


def test_a_run_that_began_earlier_than_the_stored_one_begins_again(parts: Wiring) -> None:
    """The stored run began at 0:10; one from 0:00 would be older, so it is done again at 0:20."""
    moments = iter(NOW + timedelta(minutes=minutes) for minutes in (10, 0, 20))
    who = runner(replace(parts, clock=lambda: next(moments)))
    who.until_settled(writes(who))

    second = who.until_settled(writes(who))

    assert second.at == NOW + timedelta(minutes=20)
    assert stored_run(TRIAL, OCTOBER, parts.lake) == str(second.id)


def test_who_lost_the_lease_half_way_leaves_no_whole_run(parts: Wiring) -> None:
    """The guard refuses the second table: the first one is written, and no run is stored."""
    calls = iter((True, False))

    def goes_half_way() -> None:
        if not next(calls):
            raise LeaseLostError("another process holds the lease nightly now")

    who = runner(parts, goes_half_way)

    with pytest.raises(LeaseLostError):
        who.until_settled(writes(who))

    assert parts.lake.state(Partition("allocation", "trial", "2026-10")) is not None
    assert stored_run(TRIAL, OCTOBER, parts.lake) is None
