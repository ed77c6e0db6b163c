"""What holds of every day of samples, however they come."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.usage.rows import SCHEMA
from ingest.usage.signals import HOUR_MS
from tests.ingest.usage.stories import START, in_pieces, reduce, rows, story

SEEDS = st.integers(0, 1 << 30)
CUTS = st.lists(st.integers(-20 * 60, 26 * 3600), max_size=6)


def _by(listed: Iterable[dict[str, Any]], *names: str) -> dict[Any, list[dict[str, Any]]]:
    grouped = defaultdict(list)
    for row in listed:
        grouped[tuple(row[name] for name in names)].append(row)
    return grouped


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_every_gpu_hour_is_accounted_for_exactly(seed: int) -> None:
    """Capacities of slots add up to the GPU's time, allocated and free to each slot's capacity.

    That is 3,600,000 ms in every hour between the first and the last one.
    """
    listed = rows(story(seed))

    edges = {
        (found(row["hour"] for row in its), *gpu)
        for gpu, its in _by(listed, "gpu_uuid").items()
        for found in (min, max)
    }
    for key, hours in _by(listed, "hour", "gpu_uuid").items():
        slots = _by(hours, "slice")
        there = sum(its[0]["capacity_ms"] for its in slots.values())
        assert 0 < there <= HOUR_MS
        assert there == HOUR_MS or key in edges
        for its in slots.values():
            free = [row for row in its if row["pod"] is None]
            allocated = sum(row["allocated_ms"] for row in its)
            assert len({row["capacity_ms"] for row in its}) == 1
            assert allocated <= its[0]["capacity_ms"]
            assert len(free) == (allocated < its[0]["capacity_ms"])
            assert all(row["observed_ms"] <= row["capacity_ms"] - allocated for row in free)


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_what_is_less_stays_less(seed: int) -> None:
    """Observed is at most allocated, activity and no process together at most observed."""
    for row in rows(story(seed)):
        active = row["activity_ms"]
        if row["pod"] is not None:
            assert row["allocated_ms"] > 0
            assert row["observed_ms"] <= row["allocated_ms"]
        assert (active is None) == (row["observed_ms"] == 0)
        assert (active or 0) + (row["no_process_ms"] or 0) <= row["observed_ms"]
        assert (row["sm_activity_ms"] or 0) <= row["observed_ms"]
        assert row["energy"] is None or row["energy"] >= 0
        assert row["memory_max"] is None or row["memory_mean"] <= row["memory_max"] + 1e-6


@given(SEEDS, CUTS, st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_table_does_not_depend_on_how_the_stream_was_cut(
    seed: int,
    cuts: list[int],
    twice: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    """Closed anywhere, in pieces, and with every piece delivered twice: the same rows."""
    told = story(seed)

    pieces = in_pieces(told, [START + 1000 * cut for cut in cuts], twice=twice)

    assert pieces.to_pylist() == reduce(told).table().to_pylist()


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_the_table_does_not_depend_on_the_order_of_series(seed: int) -> None:
    """Signals and series told backwards give the same rows, in the same order."""
    told = story(seed)

    assert reduce(told[::-1]).table().equals(reduce(told).table())


@pytest.mark.parametrize("seed", range(5))
def test_rows_come_in_the_columns_and_order_of_the_table(seed: int) -> None:
    """Hour, GPU, slice and holder ascend, and every row has another key."""
    table = reduce(story(seed)).table()

    names = ("hour", "gpu_uuid", "slice", "namespace", "pod", "job_id", "user_name")
    keys = [tuple(row[name] or "" for name in names[1:]) for row in table.to_pylist()]
    hours = table["hour"].to_pylist()
    keyed = list(zip(hours, keys, strict=True))
    assert table.schema == SCHEMA
    assert keyed == sorted(set(keyed))
