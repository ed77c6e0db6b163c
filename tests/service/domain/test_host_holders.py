"""Who held the GPUs of a host in an hour of which no label tells."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.gpu_accounts import HOUR_MS
from service.domain.host_holders import Claim, Device, Taken, is_disputed, take

MINUTE_MS = HOUR_MS // 60


def device(number: int, activity: int | None = 0, **columns: Any) -> Device:  # noqa: ANN401
    """Return an hour of a GPU that was observed throughout, at work for some minutes."""
    usual: dict[str, Any] = {"capacity_ms": HOUR_MS, "observed_ms": HOUR_MS}
    active = None if activity is None else activity * MINUTE_MS
    return Device(f"GPU-{number}", "", activity_ms=active, **usual | columns)


def claim(job: str, gpus: int, begin: int = 0, end: int = 60) -> Claim:
    """Return an attempt that ran between two minutes of the hour."""
    return Claim("slurm", job, 1, begin * MINUTE_MS, end * MINUTE_MS, gpus)


def minutes(found: Sequence[Taken], *names: str) -> dict[tuple[str, ...], float]:
    """Sum the minutes held, by job and GPU or one of them."""
    sums: Counter[tuple[str, ...]] = Counter()
    for one in found:
        words = {"job": one.claim.job_id, "gpu": one.device.gpu_uuid[-1]}
        sums[tuple(words[name] for name in names)] += one.allocated_ms
    return {key: ms / MINUTE_MS for key, ms in sums.items()}


def test_a_job_with_all_gpus_of_the_host_has_their_time_for_as_long_as_it_ran() -> None:
    """Two GPUs for 45 minutes, one of them at rest: 45 minutes of each."""
    found = list(take([device(1, 30), device(2, 0)], [claim("j", 2, 0, 45)]))

    assert minutes(found, "gpu") == {("1",): 45, ("2",): 45}


def test_jobs_that_fill_a_host_together_have_their_part_of_each_gpu() -> None:
    """4 + 4 of 8 GPUs: 240 GPU-minutes each, half an hour of every GPU; none is guessed."""
    devices = [device(number, number) for number in range(8)]

    found = list(take(devices, [claim("a", 4), claim("b", 4)]))

    assert minutes(found, "job") == {("a",): 240, ("b",): 240}
    assert set(minutes(found, "job", "gpu").values()) == {30}


def test_jobs_one_after_the_other_have_the_host_one_after_the_other() -> None:
    """Both GPUs are a's for 20 minutes and b's for 40; of 30 minutes of work 10 and 20."""
    found = list(take([device(1, 30), device(2, 0)], [claim("a", 2, 0, 20), claim("b", 2, 20, 60)]))

    assert minutes(found, "job") == {("a",): 40, ("b",): 80}
    work = {one.claim.job_id: one.activity_ms for one in found if one.device.gpu_uuid == "GPU-1"}
    assert work == {"a": 10 * MINUTE_MS, "b": 20 * MINUTE_MS}


def test_a_job_with_fewer_gpus_has_the_most_active_ones() -> None:
    """2 of 4: the ones with 50 and 9 minutes of work, and of two that rest none."""
    devices = [device(1, 0), device(2, 50), device(3, 9), device(4, None)]

    found = list(take(devices, [claim("j", 2)]))

    assert minutes(found, "gpu") == {("2",): 60, ("3",): 60}


def test_what_rests_goes_by_id_and_before_what_nobody_saw() -> None:
    """3 of 4 without any work: GPU 1 was not seen at all, so 2, 3 and 4."""
    devices = [device(4, 0), device(1, None, observed_ms=0), device(3, 0), device(2, 0)]

    found = list(take(devices, [claim("j", 3)]))

    assert minutes(found, "gpu") == {("2",): 60, ("3",): 60, ("4",): 60}


def test_a_later_job_takes_the_gpus_that_an_earlier_one_left() -> None:
    """Each needs 1 of 2 GPUs for half an hour, and only GPU 1 was at work."""
    found = list(take([device(1, 55), device(2, 0)], [claim("a", 1, 0, 30), claim("b", 1, 30, 60)]))

    assert minutes(found, "job", "gpu") == {("a", "1"): 30, ("b", "1"): 30}


def test_jobs_that_say_more_than_there_is_share_what_there_is() -> None:
    """3 + 1 GPUs of one: 45 and 15 minutes, never more than the hour."""
    found = list(take([device(1, 60)], [claim("a", 3), claim("b", 1)]))

    assert minutes(found, "job") == {("a",): 45, ("b",): 15}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"activity": 40}, (30, 30, None)),
        ({"activity": 10}, (30, 10, None)),
        ({"activity": 0, "no_process_ms": HOUR_MS}, (30, 0, 30)),
        ({"activity": 10, "no_process_ms": 5 * MINUTE_MS}, (30, 10, 5)),
        ({"activity": 10, "observed_ms": 20 * MINUTE_MS}, (20, 10, None)),
        ({"activity": None}, (0, None, None)),
        ({"activity": 10, "observed_ms": -5}, (0, 0, None)),
    ],
)
def test_signals_are_those_of_the_held_time_first(
    columns: dict[str, Any], expected: tuple[float | None, ...]
) -> None:
    """Of an hour half was held: observed, at work and empty are at most these 30 minutes."""
    [found] = take([device(1, **columns)], [claim("j", 1, 0, 30)])

    times = (found.observed_ms, found.activity_ms, found.no_process_ms)
    assert tuple(ms if ms is None else ms / MINUTE_MS for ms in times) == expected


def test_what_is_counted_is_divided_among_those_who_held() -> None:
    """9 tokens, of attempts that held 20 and 40 minutes."""
    served = device(1, 60, counted={"tokens_out": 9})

    found = take([served], [claim("a", 1, 0, 20), claim("b", 1, 20, 60)])

    assert {one.claim.job_id: one.counted for one in found} == {
        "a": {"tokens_out": 3},
        "b": {"tokens_out": 6},
    }


def test_what_was_there_for_a_part_of_the_hour_is_its_jobs() -> None:
    """8 GPUs were there from 03:40 on, and the job ran from then on: all 160 minutes are its."""
    devices = [device(number, 20, capacity_ms=20 * MINUTE_MS) for number in range(8)]

    found = list(take(devices, [claim("j", 8, 40, 60)]))

    assert minutes(found, "job") == {("j",): 160}


def test_too_little_time_for_all_is_divided_by_how_long_each_ran() -> None:
    """A GPU was there for 30 minutes, and jobs for 40 and 20, one after the other: 20 and 10."""
    short = device(1, 30, capacity_ms=30 * MINUTE_MS)

    found = list(take([short], [claim("a", 1, 0, 40), claim("b", 1, 40, 60)]))

    assert minutes(found, "job") == {("a",): 20, ("b",): 10}


def test_a_slice_that_counts_by_its_size_gives_by_the_hours_part() -> None:
    """Half a GPU has 30 minutes an hour: a job of 20 minutes has 10 of them."""
    half = Device("GPU-1", "1:3g.40gb", 30 * MINUTE_MS)

    found = list(take([half], [claim("j", 1, 0, 20)]))

    assert minutes(found, "job") == {("j",): 10}


@pytest.mark.parametrize(
    ("source", "begin", "expected"),
    [("other", 29, True), ("other", 30, False), ("slurm", 0, False)],
)
def test_a_host_is_disputed_where_jobs_of_two_sources_ran_at_once(
    source: str, begin: int, *, expected: bool
) -> None:
    """The first ran until minute 30: one from minute 29 on disputes it, one from 30 on not."""
    other = Claim(source, "b", 1, begin * MINUTE_MS, HOUR_MS, 1)

    assert is_disputed([claim("a", 1, 0, 30), other]) is expected


SIGNAL = st.none() | st.integers(-5, HOUR_MS + 5)
DEVICES = st.lists(
    st.builds(
        Device,
        st.sampled_from([f"GPU-{number}" for number in range(8)]),
        st.sampled_from(["", "1:3g.40gb"]),
        st.sampled_from([HOUR_MS, HOUR_MS // 7, 1_234_567]),
        st.integers(-5, HOUR_MS),
        SIGNAL,
        SIGNAL,
        st.fixed_dictionaries({}, optional={"tokens_in": st.integers(0, 10**9)}),
    ),
    max_size=8,
    unique_by=lambda one: (one.gpu_uuid, one.slice),
)
CLAIMS = st.lists(
    st.builds(
        lambda job, times, gpus: Claim("slurm", job, 1, min(times), max(times), gpus),
        st.sampled_from("abcde"),
        st.tuples(st.integers(0, HOUR_MS), st.integers(0, HOUR_MS)),
        st.integers(1, 9),
    ),
    max_size=5,
    unique_by=lambda one: one.job_id,
)


@given(DEVICES, CLAIMS)
def test_no_device_is_held_for_more_than_it_has(devices: list[Device], claims: list[Claim]) -> None:
    """Parts add up to the capacity at most; what was at work or empty was observed, and held."""
    held: Counter[tuple[str, str]] = Counter()
    for one in take(devices, claims):
        held[one.device.gpu_uuid, one.device.slice] += one.allocated_ms
        assert one.allocated_ms > 0
        assert 0 <= (one.activity_ms or 0) + (one.no_process_ms or 0) <= one.observed_ms
        assert one.observed_ms <= one.allocated_ms
    for gpu in devices:
        assert held[gpu.gpu_uuid, gpu.slice] <= gpu.capacity_ms


@given(DEVICES, CLAIMS)
def test_work_and_tokens_of_a_held_device_are_its_holders_once(
    devices: list[Device], claims: list[Claim]
) -> None:
    """At work are the device's minutes of work, up to those observed and held; all tokens."""
    of_device: dict[tuple[str, str], list[Taken]] = {}
    for one in take(devices, claims):
        of_device.setdefault((one.device.gpu_uuid, one.device.slice), []).append(one)

    for parts in of_device.values():
        whole = parts[0].device
        held = sum(one.allocated_ms for one in parts)
        active = sum(one.activity_ms or 0 for one in parts)
        assert active == max(min(whole.activity_ms or 0, whole.observed_ms, held), 0)
        tokens = sum(one.counted.get("tokens_in", 0) for one in parts)
        assert tokens == whole.counted.get("tokens_in", 0)


@given(st.integers(1, 8), CLAIMS)
def test_each_job_has_its_gpus_for_as_long_as_it_ran(gpus: int, claims: list[Claim]) -> None:
    """Where the host has room for all: its GPUs x its time, to the millisecond."""
    devices = [device(number, number) for number in range(sum(one.gpus for one in claims) + gpus)]

    held: Counter[Claim] = Counter()
    for one in take(devices, claims):
        held[one.claim] += one.allocated_ms

    for run in claims:
        assert held[run] == run.gpus * (run.end_ms - run.begin_ms)


@given(DEVICES, CLAIMS)
def test_the_order_of_facts_changes_nothing(devices: list[Device], claims: list[Claim]) -> None:
    """Devices and attempts in the other order give the same times."""
    claims = sorted(claims)

    def times(found: Sequence[Device]) -> Mapping[tuple[str, ...], int]:
        return {
            (one.claim.job_id, one.device.gpu_uuid, one.device.slice): one.allocated_ms
            for one in take(found, claims)
        }

    assert times(devices) == times(devices[::-1])
