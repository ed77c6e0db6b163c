"""What the samplers saw on machines that are no pool's."""

from collections import Counter
from typing import Any

import pyarrow.parquet as pq
import pytest

from service.demo.company import Company
from service.demo.teams import SMALL_PROJECTS

TICK_MS = 36_000
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def own_usage(company: Company) -> Rows:
    """Every row of GPU usage of own machines."""
    return [row for path in company.own_usage for row in pq.read_table(path).to_pylist()]


def test_each_gpu_has_the_time_that_its_machine_was_up(company: Company, own_usage: Rows) -> None:
    """A tick is 36,000 ms; nothing is there before a machine came or after it went."""
    up = Counter(
        {
            uuid: sum(end - start for start, end in machine.spans) * TICK_MS
            for machine in company.machines
            if not machine.pool
            for uuid in machine.gpu_uuids
        }
    )

    seen: Counter[str] = Counter()
    for row in own_usage:
        seen[row["gpu_uuid"]] += row["capacity_ms"]

    assert seen == up


def test_time_is_held_whole_by_its_job_service_or_person_or_by_nobody(own_usage: Rows) -> None:
    """A desk without tags is nobody's; whoever holds a GPU holds all of it."""
    held = [row for row in own_usage if row["job_id"] or row["namespace"]]
    free = [row for row in own_usage if not row["job_id"] and not row["namespace"]]

    assert held
    assert free
    assert all(row["allocated_ms"] == row["capacity_ms"] for row in held)
    assert {row["allocated_ms"] for row in free} == {0}


def test_forgotten_desks_hold_gpus_without_a_process(own_usage: Rows) -> None:
    """At night a desk has no process, no memory and no activity; jobs always have one."""
    asleep = [row for row in own_usage if row["no_process_ms"]]
    jobs = [row for row in own_usage if row["job_id"]]

    assert asleep
    assert {row["pod"].partition("-")[0] for row in asleep} == {"notebook"}
    assert {(row["activity_ms"], row["memory_max"]) for row in asleep} == {(0, 0.0)}
    assert {row["no_process_ms"] for row in jobs} == {0}


def test_activity_is_never_more_than_the_time_and_small_work_has_little(
    company: Company, own_usage: Rows
) -> None:
    """Jobs of small projects are below 20 % busy on average, the others above 50 %."""
    project = {one.job.id: one.job.project for one in company.attempts}
    busy: dict[bool, list[float]] = {True: [], False: []}
    for row in own_usage:
        assert 0 <= row["activity_ms"] <= row["capacity_ms"]
        if row["job_id"]:
            small = project[row["job_id"]] in SMALL_PROJECTS
            busy[small].append(row["activity_ms"] / row["capacity_ms"])

    means = {small: sum(parts) / len(parts) for small, parts in busy.items()}
    assert means[True] < 0.2
    assert means[False] > 0.5
