"""What becomes of attempts that schedulers tell of twice, late, or never to the end."""

from typing import Any

import pytest

from service.domain.gpu_accounts import HOUR_MS
from service.domain.periods import Period
from service.domain.policy import Policy
from service.usecases.charge_owners import Reader
from service.usecases.gpu_time.account import account
from service.usecases.gpu_time.tables import run_table
from service.usecases.stale_periods import READS
from tests.service.facts import Row, at, job, put, usage
from warehouse.lake import Lake
from warehouse.port import Engine

OCTOBER = Period("2026-10")
POLICY = Policy(OCTOBER.first_day, frozenset(("vision", "nlp")))
RAN = {"gpus": 2, "state": "failed"}


@pytest.fixture
def attempts(lake: Lake, engine: Engine) -> Any:  # noqa: ANN401 - a function of facts
    """Account some job runs and usage, and return the attempts by job and number."""

    def of(runs: list[Row], seen: list[Row]) -> dict[tuple[str, int], dict[str, Any]]:
        put(lake, "job_run", runs)
        put(lake, "gpu_usage", seen, period="2026-10-05")
        found = account(OCTOBER, POLICY, Reader(engine, lake.view(READS)), {})
        rows = run_table(found.runs).to_pylist()
        return {(row["job_id"], row["attempt"]): row for row in rows}

    return of


def test_a_pod_made_again_under_its_name_is_another_attempt(attempts: Any) -> None:  # noqa: ANN401
    """The first life failed after 2 hours of 2 GPUs: 4 GPU-hours are lost; the second is apart."""
    first = job("ml/p-0", "nlp", submitted=at(5, 1), started=at(5, 1), ended=at(5, 3), **RAN)
    second = job(
        "ml/p-0",
        "nlp",
        submitted=at(5, 4),
        started=at(5, 4),
        ended=at(5, 5),
        gpus=2,
        state="completed",
    )

    found = attempts([first, second], [])

    assert {key: row["lost_ms"] // HOUR_MS for key, row in found.items()} == {
        ("ml/p-0", 1): 4,
        ("ml/p-0", 2): 0,
    }


def test_an_attempt_without_an_end_is_over_when_the_next_one_comes(attempts: Any) -> None:  # noqa: ANN401
    """It ran from 1 to 4 o'clock on 2 GPUs, so it held 6 GPU-hours and not the whole month."""
    first = job("j", "nlp", submitted=at(5, 1), started=at(5, 1), gpus=2, state="running")
    second = job(
        "j", "nlp", attempt=2, submitted=at(5, 4), started=at(5, 4), ended=at(5, 5), gpus=2,
        state="completed",
    )  # fmt: skip

    found = attempts([first, second], [])

    assert found["j", 1]["gpu_ms"] == 6 * HOUR_MS


def test_one_told_twice_counts_once_as_it_ended(attempts: Any) -> None:  # noqa: ANN401
    """First it was running, later it had ended: 2 GPUs for 2 hours."""
    running = job("j", "nlp", submitted=at(5, 1), started=at(5, 1), gpus=2, state="running")
    ended = {**running, "ended": at(5, 3), "state": "completed"}

    found = attempts([running, ended], [])

    assert {key: row["gpu_ms"] for key, row in found.items()} == {("j", 1): 4 * HOUR_MS}


def test_what_is_submitted_after_the_period_changes_nothing_of_it(attempts: Any) -> None:  # noqa: ANN401
    """The pod of October is still there when it was made again in November."""
    october = job("p", "nlp", submitted=at(5, 1), started=at(5, 1), ended=at(5, 2), **RAN)
    november = job("p", "nlp", submitted=at(5, month=11), started=at(5, month=11), **RAN)

    found = attempts([october, november], [])

    assert {key: row["lost_ms"] for key, row in found.items()} == {("p", 1): 2 * HOUR_MS}


def test_a_run_that_no_gpu_of_its_machines_tells_of_is_over(attempts: Any) -> None:  # noqa: ANN401
    """The GPUs of h1 tell of another job only; on h2, which tells nothing, it may still run."""
    ghost = job("ghost", "nlp", started=at(1), gpus=1, state="running", hosts='["h1"]')
    unseen = job("unseen", "nlp", started=at(5), gpus=1, state="running", hosts='["h2"]')

    found = attempts([ghost, unseen], [usage("h1", 1, "other")])

    assert set(found) == {("unseen", 1)}


def test_what_was_served_is_not_thrown_away(attempts: Any) -> None:  # noqa: ANN401
    """A server that crashed after an hour of tokens has lost nothing; a training has."""
    crashed = {"started": at(5, 3), "ended": at(5, 4), "gpus": 1, "state": "failed"}
    served = usage("h", 1, "serve", tokens_in=5, tokens_out=1)

    found = attempts(
        [job("serve", "nlp", **crashed), job("train", "nlp", **crashed)],
        [served, usage("h", 1, "train")],
    )

    assert found["serve", 1]["lost_ms"] == 0
    assert found["train", 1]["lost_ms"] == HOUR_MS


def test_a_slice_of_a_gpu_loses_a_slices_time(attempts: Any) -> None:  # noqa: ANN401
    """The scheduler says one GPU for an hour, the GPU says a seventh: half of that was saved."""
    run = job(
        "j", "nlp", started=at(5, 3), ended=at(5, 4), checkpoint_at=at(5, 3).replace(minute=30),
        gpus=1, state="preempted",
    )  # fmt: skip
    seventh = HOUR_MS // 7

    found = attempts([run], [usage("h", 1, "j", allocated_ms=seventh, capacity_ms=seventh)])

    assert (found["j", 1]["gpu_ms"], found["j", 1]["lost_ms"]) == (seventh, seventh // 2)
