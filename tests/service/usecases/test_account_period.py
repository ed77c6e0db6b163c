"""Accounting and storing a period: two tables, one run, the newest facts."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from service.bootstrap import Wiring
from service.domain.gpu_accounts import HOUR_MS
from service.domain.periods import Period
from service.domain.records import PeriodRun
from service.errors import ConflictError, LeaseLostError, NotFoundError
from service.usecases.apply_policy import apply_policy, propose_policy
from service.usecases.gpu_time.account import AccountsDifferError
from service.usecases.gpu_time.account_period import account_period
from service.usecases.gpu_time.report_waste import report_waste
from service.usecases.gpu_time.state import ACCOUNTING, known_periods, unaccounted_periods
from service.usecases.lake_runs import stored_run
from tests.conftest import NOW
from tests.service.facts import job, put, usage
from tests.service.usage_example import POLICY, put_example
from warehouse.duck import DuckEngine
from warehouse.port import Guard, Question, View

OCTOBER = Period("2026-10")


@pytest.fixture
def parts(wiring: Wiring) -> Wiring:
    """Return the wiring with the worked example and a clock that moves a second at every look."""
    ticks = iter(range(10_000))
    put_example(wiring.lake)
    return replace(wiring, clock=lambda: NOW + timedelta(seconds=next(ticks)))


def run_of(parts: Wiring, guard: Guard = lambda: None) -> PeriodRun:
    """Account October."""
    return account_period(
        OCTOBER,
        lake=parts.lake,
        engine=parts.engine,
        store=parts.store,
        carbon={("aws", "us-east-1"): 400.0},
        new_id=parts.new_id,
        clock=parts.clock,
        guard=guard,
    )


def rows_of(parts: Wiring, table: str) -> list[dict[str, Any]]:
    """Return what the lake holds of a table."""
    assert isinstance(parts.engine, DuckEngine)
    with parts.engine.connection(parts.lake.view([table])) as connection:
        query = f"SELECT * FROM {table} ORDER BY x_RecordNumber"  # noqa: S608 - a test's
        rows: list[dict[str, Any]] = connection.execute(query).to_arrow_table().to_pylist()
    return rows


def stale(parts: Wiring) -> list[str]:
    """Return the periods that must be accounted."""
    return [str(one) for one in unaccounted_periods(lake=parts.lake, store=parts.store)]


def test_a_run_says_how_much_it_explained(parts: Wiring) -> None:
    """Of 192 GPU-hours 168 are held, 156 of them observed; all of 80 dollars found its hours."""
    run = run_of(parts)

    found = run.proof
    assert found["capacity_ms"] == 192 * HOUR_MS
    assert found["allocated_ms"] == 168 * HOUR_MS
    assert found["observed_ms"] == 156 * HOUR_MS
    assert found["gpu_ms"]["utilised"] == 66 * HOUR_MS
    assert (found["difference_ms"], found["difference"], found["unpriced_ms"]) == (
        0,
        {"USD": "0.00"},
        0,
    )
    assert found["cost_lines"] == found["matched"] == {"USD": "80.00"}
    assert found["unmatched"] == {
        "unmatched_no_node": {},
        "unmatched_no_usage": {},
        "unused_commitment": {},
    }
    assert run.policy_version is None
    assert found["attempts"] == 4


def test_the_record_of_a_run_is_stored_with_its_proof(parts: Wiring) -> None:
    """Both tables and their rows, what was read, and how much was explained: all comes back."""
    run = run_of(parts)

    with parts.store.work() as work:
        stored = work.period_runs.latest("account", "2026-10")
    held = parts.lake.view(["attempt_cost", "gpu_account"]).snapshots
    rows = rows_of(parts, "attempt_cost") + rows_of(parts, "gpu_account")
    assert stored == run
    assert (run.written, run.rows) == (held, len(rows))
    assert set(run.snapshots) == {"cost_line", "node", "gpu_usage", "job_run"}


def test_both_tables_hold_the_run(parts: Wiring) -> None:
    """Rows are numbered from 1; attempts of a job are one account of their day, but two runs."""
    run = run_of(parts)

    accounts, runs = rows_of(parts, "gpu_account"), rows_of(parts, "attempt_cost")
    assert {row["run_id"] for row in accounts + runs} == {str(run.id)}
    assert [row["x_RecordNumber"] for row in accounts] == list(range(1, len(accounts) + 1))
    train = [row for row in accounts if row["job_id"] == "train" and row["kind"] == "utilised"]
    assert [row["gpu_ms"] for row in train] == [48 * HOUR_MS]
    assert train[0]["carbon"] == pytest.approx(48 * 400)
    assert [(row["job_id"], row["attempt"]) for row in runs] == [
        ("notebook", 1),
        ("serve", 1),
        ("train", 1),
        ("train", 2),
    ]
    assert sum(row["effective_cost"] for row in accounts) == 80


def test_accounting_again_replaces_the_period(parts: Wiring) -> None:
    """The second run holds what the first one held, under its own id."""
    first = run_of(parts)
    before = [row | {"run_id": "", "x_LoadId": ""} for row in rows_of(parts, "gpu_account")]

    second = run_of(parts)

    after = [row | {"run_id": "", "x_LoadId": ""} for row in rows_of(parts, "gpu_account")]
    assert first.id != second.id
    assert after == before
    assert stored_run(ACCOUNTING, OCTOBER, parts.lake) == str(second.id)


def test_a_period_is_stale_until_its_newest_facts_are_accounted(
    parts: Wiring, tmp_path: Path
) -> None:
    """Usage, jobs of the month before and a policy make it stale; usage of November does not."""
    assert stale(parts) == ["2026-10"]
    run_of(parts)
    assert stale(parts) == []

    put(parts.lake, "gpu_usage", [usage("h", 1, "j")], period="2026-11-01", source="other")
    assert stale(parts) == ["2026-11"]
    put(parts.lake, "gpu_usage", [usage("h", 1, "j")], period="2026-10-06", source="other")
    assert stale(parts) == ["2026-10", "2026-11"]
    run_of(parts)
    put(parts.lake, "job_run", [job("j", None)], period="2026-09", source="other")
    assert stale(parts) == ["2026-10", "2026-11"]
    run_of(parts)
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY)
    lake, engine, store = parts.lake, parts.engine, parts.store
    proposal = propose_policy(file, lake=lake, engine=engine, store=store)
    apply_policy(
        proposal,
        lake=lake,
        engine=engine,
        store=store,
        new_id=parts.new_id,
        clock=parts.clock,
        actor="test",
    )
    assert stale(parts) == ["2026-10", "2026-11"]
    assert run_of(parts).policy_version == 1
    assert stale(parts) == ["2026-11"]
    assert [str(one) for one in known_periods(lake)] == ["2026-10", "2026-11"]


def test_half_a_run_is_no_run(parts: Wiring) -> None:
    """The lease is lost after the first table: the next one does it again, readers are told."""
    calls = iter(range(10))

    def lease_goes() -> None:
        if next(calls) == 1:
            raise LeaseLostError("the lease is another's")

    with pytest.raises(LeaseLostError):
        run_of(parts, guard=lease_goes)

    assert rows_of(parts, "attempt_cost") != []
    assert stale(parts) == ["2026-10"]
    with pytest.raises(ConflictError, match="is not accounted, or that was not finished"):
        report_waste(OCTOBER, "kind", lake=parts.lake, engine=parts.engine, store=parts.store)
    run_of(parts)
    assert stale(parts) == []


def test_what_nobody_loaded_is_not_found(parts: Wiring) -> None:
    """The sentence names the periods that are there."""
    with pytest.raises(NotFoundError, match=r"nothing was loaded for 2025-01 .*2026-10"):
        report_waste(
            Period("2025-01"), "kind", lake=parts.lake, engine=parts.engine, store=parts.store
        )


class SaysTwice(DuckEngine):
    """An engine that answers one question with its first row doubled."""

    doubled = ""

    def query(self, question: Question, view: View) -> pa.Table:
        """Answer, and say one thing twice."""
        answer = super().query(question, view)
        if question.name != self.doubled:
            return answer
        return pa.concat_tables([answer, answer.slice(0, 1)])


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("ask/node_costs", r"have 691200000 of 691200000 GPU-mill.* and 160.00 USD of 80.00 USD"),
        ("ask/usage_accounts", r"have \d+ of 691200000 GPU-mill.* and 80.00 USD of 80.00 USD"),
    ],
)
def test_accounts_that_do_not_add_up_are_refused(
    parts: Wiring, tmp_path: Path, question: str, sentence: str
) -> None:
    """192 GPU-hours and 80 dollars were counted by themselves; what comes twice is found."""
    engine = SaysTwice(parts.lake, temp_folder=tmp_path)
    engine.doubled = question

    with pytest.raises(AccountsDifferError, match=sentence):
        run_of(replace(parts, engine=engine))

    assert rows_of(parts, "gpu_account") == []


def test_a_team_sees_its_own_accounts_only(parts: Wiring) -> None:
    """Without a policy all is unallocated, so vision sees none of 192 hours."""
    run_of(parts)

    params = {"run": stored_run(ACCOUNTING, OCTOBER, parts.lake), "period": "2026-10", "by": "team"}
    question = Question("ask/gpu_accounts_by", params)
    view = parts.lake.view(["gpu_account"], frozenset({"vision"}))
    everything = View(view.snapshots)

    assert parts.engine.query(question, view).num_rows == 0
    shown = parts.engine.query(question, everything).to_pylist()
    assert {row["team"] for row in shown} == {"unallocated"}
    assert sum(Decimal(row["effective_cost"]) for row in shown) == 80
