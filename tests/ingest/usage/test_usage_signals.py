"""What samples of one holder say: activity, gaps, energy, errors, processes, tokens."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from ingest.usage.signals import Rules, Series, Signal
from tests.ingest.usage.stories import (
    START,
    STEP,
    cut,
    hour,
    in_pieces,
    labels,
    reduce,
    rows,
    series,
)

A = labels(pod="a")
GUARD = 9223372036854775794.0


def test_activity_is_the_part_of_the_hour_in_which_the_gpu_computed() -> None:
    """60 moments of 0.5 and 60 of 1: 900,000 + 1,800,000 ms of 3,600,000."""
    [row] = rows([(Signal.ACTIVITY, series(A, [0.5] * 60 + [1] * 60))])

    assert row["hour"] == datetime(2026, 10, 1, tzinfo=UTC)
    assert (row["host"], row["accelerator_model"], row["mode"]) == ("node-1", "H100", "whole")
    assert (row["observed_ms"], row["activity_ms"]) == (3_600_000, 2_700_000)


def test_percent_stands_in_where_activity_is_absent() -> None:
    """One half hour of activity 1, then only the old metric with 50 percent: 2,700,000 ms."""
    told = [
        (Signal.ACTIVITY, series(A, [1] * 60)),
        (Signal.ACTIVITY_FALLBACK, hour(A, 50)),
    ]

    assert rows(told)[0]["activity_ms"] == 2_700_000


@pytest.mark.parametrize("guard", [GUARD, float("nan"), float("inf"), -1.0])
def test_guard_values_are_absent_and_absent_is_not_zero(guard: float) -> None:
    """Nothing was observed although the pod held the GPU; its activity is unknown."""
    told = [(signal, hour(A, guard)) for signal in Signal if signal is not Signal.SHARE]

    [row] = rows(told)

    assert (row["allocated_ms"], row["observed_ms"]) == (3_600_000, 0)
    absent = ("activity_ms", "sm_activity_ms", "memory_mean", "memory_max", "energy", "tokens_in")
    assert [row[name] for name in (*absent, "no_process_ms", "memory_total")] == [None] * 8


def test_a_gap_between_samples_of_one_holder_is_held_and_unobserved() -> None:
    """Samples of minutes 0 to 10 and 30 to 60: the hour is held, 40 minutes of it observed."""
    told = [
        (Signal.ACTIVITY, series(A, [1] * 20)),
        (Signal.ACTIVITY, series(A, [1] * 60, 1800)),
    ]

    [row] = rows(told)

    assert (row["allocated_ms"], row["observed_ms"]) == (3_600_000, 2_400_000)


def test_a_gap_between_two_holders_is_nobodys() -> None:
    """Minutes 10 to 30 are neither of ``a`` before them nor of ``b`` after."""
    told = [
        (Signal.ACTIVITY, series(A, [1] * 20)),
        (Signal.ACTIVITY, series(labels(pod="b"), [1] * 60, 1800)),
    ]

    nobody, first, second = rows(told)

    assert (first["allocated_ms"], second["allocated_ms"]) == (600_000, 1_800_000)
    assert (nobody["capacity_ms"], nobody["observed_ms"]) == (3_600_000, 0)


def test_hours_between_the_first_and_the_last_look_have_full_capacity() -> None:
    """Seen at 00:30 and 03:30: 30 minutes, two full hours, and 30 minutes and 30 seconds."""
    told = [(Signal.ACTIVITY, series(labels(), [0], begin_s)) for begin_s in (1800, 12_600)]

    listed = rows(told)

    assert [row["hour"].hour for row in listed] == [0, 1, 2, 3]
    assert [row["capacity_ms"] for row in listed] == [1_800_000, 3_600_000, 3_600_000, 1_830_000]
    assert [row["observed_ms"] for row in listed] == [30_000, 0, 0, 30_000]


def test_a_gpu_counts_from_its_first_look_to_a_step_after_its_last() -> None:
    """A node lived from 10:35 to 11:25: 25 + 25 minutes of capacity, all of them held."""
    begin_s = 10 * 3600 + 35 * 60

    listed = rows([(Signal.ACTIVITY, series(A, [1] * 100, begin_s))])

    assert [row["hour"].hour for row in listed] == [10, 11]
    assert [row["capacity_ms"] for row in listed] == [1_500_000, 1_500_000]
    assert [row["allocated_ms"] for row in listed] == [1_500_000, 1_500_000]


def test_a_gpu_that_is_seen_beside_the_day_is_there_at_its_edges() -> None:
    """Seen at 23:59:45 the day before, at 00:20 and after midnight: full hours from first to last.

    Without the look after midnight the hour of 23:00 ends at 23:10:30.
    """
    looks = [(Signal.ACTIVITY, series(A, [1], at)) for at in (-15, 1200, 83_400, 86_410)]

    both, before = rows(looks), rows(looks[:-1])

    assert [row["capacity_ms"] for row in both] == [3_600_000] * 24
    assert [row["capacity_ms"] for row in before] == [3_600_000] * 23 + [630_000]


def test_slices_add_up_to_the_time_that_their_gpu_was_there() -> None:
    """From 00:30 on 3g has 3/7 of 1,800,000 ms and the rest 4/7: 771,429 + 1,028,571."""
    told = [(Signal.ACTIVITY, series(cut("GPU-1", 1, "3g.40gb", "a"), [1] * 60, 1800))]
    told.append((Signal.POWER, series(labels(), [700] * 60, 1800)))

    held, rest = rows(told)

    assert (held["capacity_ms"], held["allocated_ms"]) == (771_429, 771_429)
    assert (held["observed_ms"], held["activity_ms"]) == (771_429, 771_429)
    assert (rest["slice"], rest["capacity_ms"]) == ("rest", 1_028_571)
    assert held["energy"] + rest["energy"] == pytest.approx(1_260_000)


def test_samples_of_the_days_beside_tell_of_gaps_at_the_edges() -> None:
    """Held before midnight and again at 00:10, and after the next midnight: the whole day."""
    told = [
        (Signal.ACTIVITY, series(A, [1], -15)),
        (Signal.ACTIVITY, series(A, [1], 600)),
        (Signal.ACTIVITY, series(A, [1], 86_410)),
    ]

    listed = rows(told)

    assert len(listed) == 24
    assert sum(row["allocated_ms"] for row in listed) == 86_400_000
    assert [row["observed_ms"] for row in listed] == [45_000, *([0] * 23)]


def test_a_gpu_seen_only_on_another_day_has_no_rows() -> None:
    """A sample before midnight covers 15 seconds of a day in which the GPU was not seen."""
    assert rows([(Signal.ACTIVITY, series(A, [1], -15))]) == []


def test_layouts_on_both_sides_of_a_long_gap_leave_whole_hours_between() -> None:
    """Slices at midnight and a whole GPU at three: what it was between is not known."""
    sliced = labels(GPU_I_ID="1", GPU_I_PROFILE="7g.80gb")
    told = [(Signal.ACTIVITY, series(sliced, [1])), (Signal.ACTIVITY, series(A, [1], 10_800))]

    listed = rows(told)

    assert [(row["hour"].hour, row["slice"]) for row in listed if row["pod"] is None] == [
        (0, "1:7g.80gb"),
        (1, ""),
        (2, ""),
    ]


def test_energy_is_the_growth_of_the_counter() -> None:
    """121 samples that grow by 9 J a moment are 1,080 J in the hour; power is not asked."""
    counter = series(A, [1e9 + 9_000 * n for n in range(121)])
    told = [(Signal.ENERGY, counter), (Signal.POWER, hour(A, 700))]

    assert rows(told)[0]["energy"] == 1_080


def test_power_tells_the_energy_where_the_counter_is_missing_or_began_again() -> None:
    """One interval of 30 s: 300 W are 9,000 J while the counter falls, else it grew by 6,000 J."""
    counter = series(A, [5e9, 5e9 + 6e6, 4e6, 1e7])
    told = [(Signal.ENERGY, counter), (Signal.POWER, series(A, [300] * 4))]

    [held] = rows(told)

    assert held["energy"] == 6_000 + 9_000 + 6_000 + 9_000


def test_a_counter_that_began_again_tells_at_least_its_new_value() -> None:
    """Without power, 5,000 kJ followed by 4 kJ is 4 kJ; the last moment is unknown."""
    [held] = rows([(Signal.ENERGY, series(A, [5e9, 4e6]))])

    assert held["energy"] == 4_000


def test_energy_of_a_gap_goes_to_who_held_on() -> None:
    """The counter grew by 60 kJ over an hour of three samples: the pod has all of it."""
    told = [(Signal.ENERGY, series(A, [0, 6e7, 6e7], 0, 1800))]

    assert [row["energy"] for row in rows(told) if row["pod"]] == [60_000, None]


def test_errors_are_counted_when_they_change() -> None:
    """0, 31, 31, 79, 0, 79 are three new errors, counted once for two pods."""
    codes = [0, 31, 31, 79, 0, 79, *([79] * 114)]
    told = [(Signal.XID, series(labels(pod=pod), codes)) for pod in ("a", "b")]

    assert [row["xid_count"] for row in rows(told)] == [3, 0]


def test_the_next_holder_does_not_inherit_an_error() -> None:
    """The gauge stays at 31 after ``a`` gave the GPU to ``b``."""
    told = [
        (Signal.XID, series(A, [0, *([31] * 59)])),
        (Signal.XID, series(labels(pod="b"), [31] * 60, 1800)),
    ]

    assert [row["xid_count"] for row in rows(told)] == [1, 0]


def test_no_process_is_what_counts_processes_says() -> None:
    """None for half an hour, then two: 1,800,000 ms, although memory says otherwise."""
    told = [
        (Signal.ACTIVITY, hour(A, 0)),
        (Signal.MEMORY_USED, hour(A, 500)),
        (Signal.PROCESSES, series(labels(), [0] * 60 + [2] * 60, 5)),
    ]

    assert rows(told)[0]["no_process_ms"] == 1_800_000


def test_without_a_count_little_memory_and_no_activity_are_no_process() -> None:
    """Of four quarters of an hour only the first has at most 64 MiB and no activity."""
    told = [
        (Signal.ACTIVITY, series(A, [0] * 60 + [0.5] * 60)),
        (Signal.MEMORY_USED, series(A, [64] * 30 + [65] * 30 + [64] * 60)),
    ]

    assert rows(told)[0]["no_process_ms"] == 900_000


def test_memory_is_that_of_the_holders_own_time() -> None:
    """20 minutes of 1,000 and 10 of 4,000 MiB are 2,000 on average; the GPU has 80,000."""
    told = [
        (Signal.MEMORY_USED, series(A, [1_000] * 40 + [4_000] * 20)),
        (Signal.MEMORY_FREE, series(A, [79_000] * 40 + [76_000] * 20)),
        (Signal.MEMORY_USED, series(labels(), [9] * 60, 1800)),
    ]

    nobody, held = rows(told)

    assert (held["memory_mean"], held["memory_max"], held["memory_total"]) == (2_000, 4_000, 80_000)
    assert nobody["memory_max"] == 9


def test_parts_of_the_gpu_are_read_where_activity_was_observed() -> None:
    """SM active 0.25 of an hour whose first half was observed: 450,000 ms."""
    told = [(Signal.ACTIVITY, series(A, [1] * 60)), (Signal.SM, hour(A, 0.25))]

    [row] = rows(told)

    assert (row["sm_activity_ms"], row["dram_activity_ms"]) == (450_000, None)


def test_tokens_go_to_the_pods_gpus_by_time() -> None:
    """101 tokens on two GPUs, one held for half the time: 67 and 34."""
    told = [
        (Signal.ACTIVITY, hour(labels("GPU-1", "a"), 1)),
        (Signal.ACTIVITY, series(labels("GPU-2", "a"), [1] * 60)),
        (Signal.TOKENS_OUT, series({"pod": "a", "namespace": "ml", "x": "1"}, [7, 100, 108], 60)),
    ]

    listed = rows(told)

    assert [row["tokens_out"] for row in listed] == [67, 34]
    assert [row["tokens_in"] for row in listed] == [None] * 2


def test_a_counter_that_fell_began_again() -> None:
    """100, 150, 20, 50 grew by 50 + 20 + 30; a sample at one o'clock tells of the hour before."""
    counter = series({"pod": "a", "namespace": "ml"}, [100, 150, 20, 50], 0, 1200)
    told = [(Signal.ACTIVITY, hour(A, 1)), (Signal.TOKENS_IN, counter)]

    assert rows(told)[0]["tokens_in"] == 100


SCRAPES = (
    {"job": "ml/vllm-pods", "instance": "10.0.0.1:8000", "endpoint": "http"},
    {"job": "vllm", "instance": "vllm-0", "endpoint": "web", "service": "vllm", "prometheus": "b"},
)


def tokens(
    looks: Sequence[tuple[int, Sequence[float], float]], step_s: float = 60, **others: str
) -> int:
    """Return the tokens of pod ``a`` in the first hour, of scrapes that begin at some second."""
    its = {"pod": "a", "namespace": "ml"} | others
    told = [(Signal.ACTIVITY, hour(A, 1))]
    for scrape, values, begin_s in looks:
        told.append((Signal.TOKENS_IN, series(its | SCRAPES[scrape], values, begin_s, step_s)))
    closed = in_pieces(told, [START + 100_000, START + 130_000])
    assert closed.to_pylist() == rows(told)
    assert closed.to_pylist() == rows(told[::-1])
    return int(closed["tokens_in"].to_pylist()[0])


@pytest.mark.parametrize("apart_s", [0, 1, 30])
def test_a_pod_that_two_jobs_scrape_counts_its_tokens_once(apart_s: int) -> None:
    """A PodMonitor sees 100, 160, 220 and a Service 5 more each time: 125 tokens, and not 240."""
    least = 125 if apart_s else 120

    found = tokens([(0, [100, 160, 220], 0), (1, [105, 165, 225], apart_s)])

    assert found == least


def test_of_two_scrapes_that_answer_in_another_order_none_began_again() -> None:
    """100, 99, 160, 158, 220, 219 a second apart are one counter that grew by 120."""
    assert tokens([(0, [100, 160, 220], 0), (1, [99, 158, 219], 1)]) == 120


def test_a_counter_that_began_again_is_seen_once_by_two_scrapes() -> None:
    """1,000 to 1,050, then 20 and a second later 21, then 60 and 61: 50 + 1 + 20 + 1 + 39 + 1."""
    looks = [(0, [1000, 1050, 20, 60], 0), (1, [1000, 1051, 21, 61], 1)]

    assert tokens(looks) == 51 + 61


def test_a_pod_that_is_made_anew_under_its_name_begins_again() -> None:
    """At another address it has 20 and 60 tokens, after 1,000 and 1,050: 50 + 20 + 40."""
    assert tokens([(0, [1000, 1050], 0), (1, [20, 60], 120)]) == 110


def test_a_scrape_that_takes_over_goes_on_where_the_other_ended() -> None:
    """One job sees 100 and 160, from then on another 220 and 250: 150 tokens."""
    assert tokens([(0, [100, 160], 0), (1, [220, 250], 120)]) == 150


def test_other_labels_tell_counters_apart() -> None:
    """Two models of one pod in one scrape grew by 60 and 7."""
    its = {"pod": "a", "namespace": "ml"} | SCRAPES[0]
    told = [
        (Signal.ACTIVITY, hour(A, 1)),
        (Signal.TOKENS_IN, series(its | {"model_name": "x"}, [100, 160])),
        (Signal.TOKENS_IN, series(its | {"model_name": "y"}, [3, 10])),
    ]

    assert rows(told)[0]["tokens_in"] == 67


def test_tokens_of_a_pod_without_a_gpu_are_told_apart() -> None:
    """Two replicas of a pod that held none served 10 + 20; its requests are its own."""
    pods = [{"pod": "x", "namespace": "ml", "replica": str(n)} for n in (1, 2)]
    reduction = reduce(
        [
            (Signal.ACTIVITY, hour(A, 1)),
            (Signal.TOKENS_IN, series(pods[0], [0, 10])),
            (Signal.TOKENS_IN, series(pods[1], [5, 25])),
            (Signal.REQUESTS, series(pods[1], [1, 2])),
        ]
    )

    assert reduction.table()["tokens_in"].to_pylist() == [None]
    assert reduction.unattributed_tokens.tokens_in == 30
    assert reduction.unattributed_tokens.requests == 1


def test_two_exporters_looking_at_once_are_one_moment() -> None:
    """One tells pods each half minute, the other power ten seconds later: nothing is lost."""
    told = [
        (Signal.ACTIVITY, hour(A, 1)),
        (Signal.POWER, hour(labels(), 100, begin_s=10)),
    ]

    [row] = rows(told)

    assert (row["allocated_ms"], row["observed_ms"], row["energy"]) == (3_600_000, 3_600_000, 3.6e5)


def test_a_series_without_a_gpu_is_counted_and_left_out() -> None:
    """Neither an id nor host and number: one kind of series is told."""
    reduction = reduce([(Signal.ACTIVITY, series({"job": "x"}, [1])) for _ in range(2)])

    assert reduction.table().num_rows == 0
    assert reduction.findings.unidentified == 1


def test_a_day_without_samples_has_no_rows() -> None:
    """Nothing was added, or stretches without samples."""
    assert reduce([]).table().num_rows == 0
    assert reduce([(Signal.ACTIVITY, series(A, []))]).table().num_rows == 0


def test_nothing_can_be_added_to_a_day_that_is_reduced() -> None:
    """The table was made, so another sample would be lost."""
    reduction = reduce([(Signal.ACTIVITY, series(A, [1]))])
    reduction.table()

    with pytest.raises(ValueError, match="the day 2026-10-01 is reduced"):
        reduction.add(Signal.ACTIVITY, [])


def test_rules_that_could_not_add_up_are_refused() -> None:
    """A step of nothing or of more than half an hour, and no replicas."""
    with pytest.raises(ValueError, match="step_ms is 0"):
        Rules(step_ms=0)
    with pytest.raises(ValueError, match="replicas must be 1 or more"):
        Rules(step_ms=STEP, replicas={"*": 0})


def test_samples_of_other_days_are_left_out() -> None:
    """A stretch that reaches two days back counts from this day on."""
    long = series(A, [1] * (3 * 2880), -2 * 86_400)
    told = [(Signal.ACTIVITY, Series(long.labels, long.times_ms, long.values))]

    listed = rows(told)

    assert len(listed) == 24
    assert {row["activity_ms"] for row in listed} == {3_600_000}
