"""What the samplers saw fits what the jobs held."""

from collections import Counter
from typing import Any

from service.demo.company import Company
from service.demo.teams import STRAY_NAMESPACES

Rows = list[dict[str, Any]]
HOUR_MS = 3_600_000


def test_a_gpu_is_never_held_for_longer_than_an_hour_has(usage: Rows) -> None:
    """The rows of one GPU and hour cover its 3,600,000 ms exactly: held or held by nobody."""
    allocated: Counter[tuple[Any, str]] = Counter()
    observed: Counter[tuple[Any, str]] = Counter()
    for row in usage:
        allocated[row["hour"], row["gpu_uuid"]] += row["allocated_ms"]
        observed[row["hour"], row["gpu_uuid"]] += row["observed_ms"]

    assert {row["capacity_ms"] for row in usage} == {HOUR_MS}
    assert max(allocated.values()) == HOUR_MS
    assert set(observed.values()) == {HOUR_MS}


def test_each_gpu_hour_of_a_pool_is_there_once_while_its_machine_is_up(
    company: Company, usage: Rows
) -> None:
    """GPU-hours = hours that pool machines were up times the accelerators of each."""
    up = sum(
        (end - start) // 100 * machine.offer.type.accelerators
        for machine in company.machines
        if machine.pool
        for start, end in machine.spans
    )

    seen = {(row["hour"], row["gpu_uuid"], row["slice"]) for row in usage}

    assert len(seen) == up
    assert {row["host"] for row in usage} == {m.host for m in company.machines if m.pool}


def test_what_was_allocated_is_what_jobs_held(company: Company, usage: Rows) -> None:
    """Each job's allocated time is its GPUs times how long it ran; a tick is 36,000 ms."""
    held = Counter(
        {
            attempt.job.id: attempt.job.gpus * (attempt.end - attempt.start) * 36_000
            for attempt in company.attempts
            if attempt.pool and not attempt.job.stray
        }
    )

    seen: Counter[str] = Counter()
    for row in usage:
        if row["job_id"]:
            seen[row["job_id"]] += row["allocated_ms"]

    assert seen == held


def test_a_gpu_that_nobody_held_is_idle_and_nameless(usage: Rows) -> None:
    """Rows without a namespace have allocated_ms 0; a fifth to a half of all GPU time is idle."""
    nobody = [row for row in usage if not row["namespace"]]

    idle = sum(row["observed_ms"] for row in nobody)
    there = sum(row["observed_ms"] for row in usage)

    assert {row["allocated_ms"] for row in nobody} == {0}
    assert {row["job_id"] + row["user_name"] + row["pod"] for row in nobody} == {""}
    assert 0.1 < idle / there < 0.5


def test_pods_started_by_hand_have_no_job(usage: Rows) -> None:
    """What runs in a namespace of nobody's names neither a job nor a user."""
    stray = [row for row in usage if row["namespace"] in STRAY_NAMESPACES]

    assert stray
    assert {row["job_id"] + row["user_name"] for row in stray} == {""}


def test_an_absent_signal_is_absent_and_never_more_than_observed(
    company: Company, usage: Rows
) -> None:
    """A pool without profiling has no activity; elsewhere it is at most the observed time."""
    blind = {machine.host for machine in company.machines if machine.pool == "aws-a100"}

    assert {row["activity_ms"] for row in usage if row["host"] in blind} == {None}
    known = [row for row in usage if row["activity_ms"] is not None]
    assert len(known) > len(usage) / 2
    assert all(0 <= row["activity_ms"] <= row["observed_ms"] for row in known)
    assert all(row["memory_mean"] <= row["memory_max"] for row in usage)


def test_only_serving_jobs_count_tokens(company: Company, usage: Rows) -> None:
    """Tokens are there on the pool of L4s only, and a quarter as many go out as come in."""
    small = {machine.host for machine in company.machines if machine.pool == "aws-l4"}
    counted = [row for row in usage if row["tokens_in"] is not None]

    assert counted
    assert {row["host"] for row in counted} <= small
    assert all(row["tokens_out"] == row["tokens_in"] // 4 for row in counted)
