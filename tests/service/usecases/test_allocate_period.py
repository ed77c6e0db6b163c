"""Allocating and storing a period: one commit, one run, the newest bills."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from service.bootstrap import Wiring
from service.domain.periods import Period
from service.domain.records import AllocationRun
from service.errors import LeaseLostError
from service.usecases.allocate import AllocationDiffersError
from service.usecases.allocate_period import allocate_period
from service.usecases.stale_periods import loaded_periods
from tests.conftest import NOW
from tests.service.facts import line, put
from warehouse.duck import DuckEngine
from warehouse.port import Guard, Partition, Question, View

OCTOBER = Period("2026-10")


@pytest.fixture
def parts(wiring: Wiring) -> Wiring:
    """Return the wiring with a clock that moves a second at every look."""
    ticks = iter(range(10_000))
    return replace(wiring, clock=lambda: NOW + timedelta(seconds=next(ticks)))


def run_of(parts: Wiring, period: Period = OCTOBER, guard: Guard = lambda: None) -> AllocationRun:
    """Allocate ``period``."""
    return allocate_period(
        period,
        lake=parts.lake,
        engine=parts.engine,
        store=parts.store,
        new_id=parts.new_id,
        clock=parts.clock,
        guard=guard,
    )


def stored_rows(parts: Wiring, run: AllocationRun) -> list[dict[str, object]]:
    """Return what the run left in the lake, as its own snapshot has it."""
    params = {"run": str(run.id), "period": run.period, "by": "team"}
    view = View({"allocation": run.allocation_snapshot})
    rows: list[dict[str, object]] = parts.engine.query(
        Question("ask/costs_by", params), view
    ).to_pylist()
    return rows


def test_a_run_keeps_what_it_saw_and_that_it_adds_up(parts: Wiring) -> None:
    """1.25 and -0.25 in USD: 1 on both sides, from snapshots that are written down."""
    seen = put(parts.lake, "cost_line", [line("1.25"), line("-0.25")])

    run = run_of(parts)

    (dollar,) = run.totals
    assert dollar.bills == dollar.allocations
    assert dollar.bills.effective_cost == Decimal("1.000000000000")
    assert dollar.difference.list_cost == 0
    assert run.policy_version is None
    assert run.snapshots == {"cost_line": seen, "node": None, "gpu_usage": None, "job_run": None}
    assert run.rows == 1
    with parts.store.work() as work:
        assert work.allocations.by_id(run.id) == run
    state = parts.lake.state(Partition("allocation", "allocation", "2026-10"))
    assert state is not None
    assert state.load_id == str(run.id)


def test_allocating_again_replaces_the_period_and_leaves_the_others(parts: Wiring) -> None:
    """October is allocated twice and November once: three runs, and two periods in the lake."""
    put(parts.lake, "cost_line", [line("1")])
    put(parts.lake, "cost_line", [line("2")], period="2026-11")

    first, november, second = run_of(parts), run_of(parts, Period("2026-11")), run_of(parts)

    now = parts.lake.view(["allocation"]).snapshots["allocation"]
    assert stored_rows(parts, replace(november, allocation_snapshot=now)) != []
    assert stored_rows(parts, replace(first, allocation_snapshot=now)) == []
    assert stored_rows(parts, first) == stored_rows(parts, second)
    with parts.store.work() as work:
        assert work.allocations.latest("2026-10") == second
    assert loaded_periods(parts.lake) == [OCTOBER, Period("2026-11")]


def test_a_period_without_bills_is_an_empty_run(parts: Wiring) -> None:
    """Nothing was billed, so nothing is allocated, and that is written down too."""
    run = run_of(parts)

    assert (run.rows, run.totals) == (0, ())


def test_what_is_odd_about_the_facts_goes_to_the_audit_trail(parts: Wiring) -> None:
    """A bill without contracted cost is allocated, and one line is told."""
    put(parts.lake, "cost_line", [line("1", ContractedCost=None)])

    run = run_of(parts)

    with parts.store.work() as work:
        (entry,) = work.audit.latest(10)
    assert (entry.action, entry.subject) == ("allocate.findings", "period 2026-10")
    assert entry.detail == {
        "run": str(run.id),
        "findings": ["the cost is not known and is left out of its sum: ContractedCost, 1"],
    }


def test_who_lost_the_lease_writes_nothing(parts: Wiring) -> None:
    """The guard refuses right before the commit: no rows, no run."""
    put(parts.lake, "cost_line", [line("1")])

    def refuse() -> None:
        raise LeaseLostError("another process holds the lease nightly now")

    with pytest.raises(LeaseLostError):
        run_of(parts, guard=refuse)

    assert parts.lake.view(["allocation"]).snapshots == {"allocation": None}
    with parts.store.work() as work:
        assert work.allocations.latest("2026-10") is None


class LosesACent(DuckEngine):
    """An engine in whose sums of groups one cost line is a cent short."""

    def query(self, question: Question, view: View) -> pa.Table:
        """Answer, and lose a cent of the billed cost on the way."""
        answer = super().query(question, view)
        if question.name != "ask/charge_groups":
            return answer
        rows = answer.to_pylist()
        rows[0]["billed_cost"] -= Decimal("0.01")
        return pa.Table.from_pylist(rows, answer.schema)


def test_a_difference_of_a_cent_stores_nothing(parts: Wiring, tmp_path: Path) -> None:
    """Bills say 1, parts say 0.99: the run is refused and names both."""
    put(parts.lake, "cost_line", [line("1")])
    broken = replace(parts, engine=LosesACent(parts.lake, temp_folder=tmp_path))

    with pytest.raises(AllocationDiffersError, match=r"1\.00.*0\.99.*nothing was stored"):
        run_of(broken)

    assert parts.lake.view(["allocation"]).snapshots == {"allocation": None}
