"""Time that nobody held is idle only where it was seen, and nothing was at work in it."""

from typing import Any

import pytest

from service.domain.gpu_accounts import HOUR_MS
from service.domain.periods import Period
from service.domain.policy import Policy
from service.domain.pools import Pool, Sharing
from service.usecases.charge_owners import Reader
from service.usecases.gpu_time.account import account
from service.usecases.gpu_time.tables import entry_table
from service.usecases.stale_periods import READS
from tests.service.facts import Row, at, job, line, node, put
from warehouse.lake import Lake
from warehouse.port import Engine

POLICY = Policy(
    at(1).date(),
    frozenset(("vision", "platform")),
    pools={"h100": Pool("h100", "platform", Sharing.BY_RESERVATION, {"vision": 1}, 4)},
)


def free(gpu: int, hour: int = 3, **columns: object) -> Row:
    """Return an hour of a GPU of host-i-1 that nobody held, seen and at rest."""
    usual = {"hour": at(5, hour), "gpu_uuid": f"GPU-{gpu}", "host": "host-i-1"}
    times = {"capacity_ms": HOUR_MS, "allocated_ms": 0, "observed_ms": HOUR_MS, "activity_ms": 0}
    return usual | times | columns


def rows_of(
    lake: Lake, engine: Engine, use: list[Row], pool: str = "none", **columns: object
) -> list[dict[str, Any]]:
    """Return the rows of the accounts of a machine with the given use."""
    put(lake, "node", [node("i-1", pool, **columns)])
    put(lake, "job_run", [job("j", "vision")])
    put(lake, "cost_line", [line("8", ResourceId="i-1")])
    put(lake, "gpu_usage", use, period="2026-10-05")
    found = account(Period("2026-10"), POLICY, Reader(engine, lake.view(READS)), {})
    rows: list[dict[str, Any]] = entry_table(found.entries, found.node_split).to_pylist()
    return rows


def minutes(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Sum GPU-minutes by class."""
    return {row["kind"]: row["gpu_ms"] * 60 / HOUR_MS for row in rows}


UNSEEN: dict[str, Any] = {"observed_ms": 0, "activity_ms": None, "memory_mean": None}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, {"unreserved_idle": 60}),
        ({"activity_ms": None, "memory_mean": 700.0}, {"unreserved_idle": 60}),
        ({"activity_ms": HOUR_MS // 4}, {"busy_unheld": 15, "unreserved_idle": 45}),
        ({"observed_ms": HOUR_MS // 2}, {"unreserved_idle": 30, "unseen": 30}),
        (
            {"observed_ms": HOUR_MS // 2, "activity_ms": HOUR_MS // 3},
            {"busy_unheld": 20, "unreserved_idle": 10, "unseen": 30},
        ),
        (UNSEEN, {"unseen": 60}),
        (UNSEEN | {"memory_mean": 0.0}, {"unreserved_idle": 60}),
        (UNSEEN | {"slice": "rest"}, {"unreserved_idle": 60}),
        (UNSEEN | {"activity_ms": HOUR_MS}, {"unseen": 60}),
    ],
)
def test_an_hour_without_a_holder_is_idle_busy_or_unseen(
    lake: Lake, engine: Engine, columns: dict[str, Any], expected: dict[str, float]
) -> None:
    """Its 60 minutes: the seen ones are at work or idle; what no MIG slice has is at rest."""
    rows = rows_of(lake, engine, [free(1, **columns)])

    assert minutes(rows) == expected


def test_what_no_row_tells_of_is_unseen(lake: Lake, engine: Engine) -> None:
    """A job held 20 minutes, and of the other 40 nothing is known; with a row, they are idle."""
    held = free(1, job_id="j", allocated_ms=HOUR_MS // 3, activity_ms=HOUR_MS // 3)
    rest = free(1, observed_ms=HOUR_MS * 2 // 3)

    without = rows_of(lake, engine, [held])
    with_row = rows_of(lake, engine, [held, rest])

    assert minutes(without) == {"utilised": 20, "unseen": 40}
    assert minutes(with_row) == {"utilised": 20, "unreserved_idle": 40}


def test_work_of_nobody_is_the_pool_owners_and_idle_time_its_teams(
    lake: Lake, engine: Engine
) -> None:
    """Of 4 GPU-hours 2 are at work, 1 is unseen: the idle one is vision's, which reserved more."""
    use = [free(1), free(2, activity_ms=HOUR_MS, energy=9.0), free(3, activity_ms=HOUR_MS)]

    rows = rows_of(lake, engine, [*use, free(4, **UNSEEN)], "h100")

    found = {(row["kind"], row["team"]): (row["gpu_ms"], row["effective_cost"]) for row in rows}
    assert found == {
        ("busy_unheld", "platform"): (2 * HOUR_MS, 4),
        ("unseen", "platform"): (HOUR_MS, 2),
        ("reserved_idle", "vision"): (HOUR_MS, 2),
    }
    assert sum(row["energy"] for row in rows) == pytest.approx(9)


def test_a_gpu_without_a_signal_keeps_its_part_of_the_bill(lake: Lake, engine: Engine) -> None:
    """Of 8 GPUs one was seen, for 24 hours: 1 of 8 dollars, and 168 GPU-hours are not matched."""
    use = [free(1, hour) for hour in range(24)]

    rows = rows_of(lake, engine, use, accelerator_count=8)

    assert [(row["kind"], row["gpu_ms"] / HOUR_MS, row["effective_cost"]) for row in rows] == [
        ("unreserved_idle", 24, 1),
        ("unmatched_no_usage", 168, 7),
    ]
