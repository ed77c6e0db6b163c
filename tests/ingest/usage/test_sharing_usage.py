"""Who is given what of a GPU that several hold, or that is cut."""

import pytest

from ingest.usage.signals import Rules, Signal
from tests.ingest.usage.stories import STEP, cut, hour, labels, reduce, rows, series

PODS = ("a", "b", "c", "d")


def test_four_pods_of_a_quarter_are_one_gpu_hour() -> None:
    """Each was told 25 percent: 4 x 900,000 = 3,600,000 ms, and nothing is left."""
    told = [(Signal.ACTIVITY, hour(labels(pod=pod), 0.5)) for pod in PODS]
    told += [(Signal.SHARE, hour({"pod": pod, "namespace": "ml"}, 25)) for pod in PODS]

    listed = rows(told)

    assert [row["allocated_ms"] for row in listed] == [900_000] * 4
    assert {row["mode"] for row in listed} == {"fraction"}


def test_a_device_value_repeated_for_every_pod_is_not_multiplied() -> None:
    """A GPU half active for an hour is 1,800,000 ms, 80 GB are 80 GB, 400 W are 1.44 MJ."""
    told = [(Signal.ACTIVITY, hour(labels(pod=pod), 0.5)) for pod in PODS]
    told += [(Signal.MEMORY_USED, hour(labels(pod=pod), 80_000)) for pod in PODS]
    told += [(Signal.POWER, hour(labels(pod=pod), 400)) for pod in PODS]

    listed = rows(told)

    assert [row["activity_ms"] for row in listed] == [450_000] * 4
    assert [row["memory_mean"] for row in listed] == [20_000] * 4
    assert [row["memory_max"] for row in listed] == [20_000] * 4
    assert sum(row["energy"] for row in listed) == 1_440_000
    assert {row["mode"] for row in listed} == {"time_slicing"}


def test_values_that_differ_are_each_holders_own() -> None:
    """0.3 and 0.1 of the GPU are 1,080,000 and 360,000 ms of two halves; 0.9 is at most a half."""
    told = [
        (Signal.ACTIVITY, series(labels(pod="a"), [0.3] * 60 + [0.9] * 60)),
        (Signal.ACTIVITY, series(labels(pod="b"), [0.1] * 120)),
        (Signal.MEMORY_USED, hour(labels(pod="a"), 1_000)),
        (Signal.MEMORY_USED, hour(labels(pod="b"), 3_000)),
    ]

    first, second = rows(told)

    assert first["activity_ms"] == 0.3 * 1_800_000 + 0.5 * 1_800_000
    assert second["activity_ms"] == 360_000
    assert (first["memory_mean"], second["memory_mean"]) == (1_000, 3_000)


def test_two_pods_of_four_replicas_leave_half_a_gpu() -> None:
    """Time-slicing by four gives each pod 900,000 ms; 1,800,000 are nobody's, and observed."""
    rules = Rules(step_ms=STEP, replicas={"node-*": 4})

    nobody, first, second = rows(
        [(Signal.ACTIVITY, hour(labels(pod=pod), 0.8)) for pod in ("a", "b")], rules
    )

    assert (first["allocated_ms"], second["allocated_ms"]) == (900_000, 900_000)
    assert first["activity_ms"] == 720_000
    assert (nobody["pod"], nobody["allocated_ms"]) == (None, 0)
    assert (nobody["observed_ms"], nobody["activity_ms"]) == (1_800_000, 0)
    assert {row["mode"] for row in (nobody, first, second)} == {"time_slicing"}


def test_shares_of_more_than_one_are_scaled_down_and_counted() -> None:
    """Two pods of 100 percent have half an hour each, at 120 moments."""
    told = [(Signal.ACTIVITY, hour(labels(pod=pod), 0.5)) for pod in ("a", "b")]
    told += [(Signal.SHARE, hour(labels(pod=pod), 100)) for pod in ("a", "b")]

    reduction = reduce(told)

    assert reduction.table()["allocated_ms"].to_pylist() == [1_800_000] * 2
    assert reduction.findings.oversubscribed == 120


def test_who_was_told_no_share_has_what_is_left() -> None:
    """One pod was told 25 percent, so the two others have 37.5 each."""
    told = [(Signal.ACTIVITY, hour(labels(pod=pod), 0.5)) for pod in ("a", "b", "c")]
    told.append((Signal.SHARE, hour({"pod": "a", "namespace": "ml"}, 25)))

    assert [row["allocated_ms"] for row in rows(told)] == [900_000, 1_350_000, 1_350_000]


def test_a_share_holds_until_another_is_told() -> None:
    """25 percent told once, then 50 from the middle: 450,000 + 900,000 ms; guards tell nothing."""
    pod = {"pod": "a", "namespace": "ml"}
    told = [(Signal.ACTIVITY, hour(labels(pod="a"), 0.5))]
    told += [(Signal.SHARE, series(pod, [25, 0])), (Signal.SHARE, series(pod, [50], 1800))]

    nobody, row = rows(told)

    assert (row["allocated_ms"], nobody["observed_ms"]) == (1_350_000, 2_250_000)


@pytest.mark.parametrize(("by", "parts"), [("compute", [514_286, 514_285]), ("memory", [450_000])])
def test_seven_slices_have_a_seventh_or_an_eighth_each(by: str, parts: list[int]) -> None:
    """By compute 7 x 1/7 leave nothing; by memory 7 x 450,000 leave 450,000 ms as the rest."""
    rules = Rules(step_ms=STEP, mig_weight="memory" if by == "memory" else "compute")
    told = [(Signal.ACTIVITY, hour(cut("GPU-1", n, "1g.10gb", "a"), 1)) for n in range(7)]

    listed = rows(told, rules)

    slices = [row for row in listed if row["slice"] != "rest"]
    assert {row["allocated_ms"] for row in slices} == set(parts)
    assert all(row["activity_ms"] == row["capacity_ms"] == row["allocated_ms"] for row in slices)
    assert sum(row["capacity_ms"] for row in listed) == 3_600_000
    rest = [row["capacity_ms"] for row in listed if row["slice"] == "rest"]
    assert rest == ([450_000] if by == "memory" else [])


def test_what_no_slice_has_is_the_rest() -> None:
    """3g + 2g of seven leave 2/7: 1,542,857 + 1,028,572 + 1,028,571 = 3,600,000 ms."""
    told = [
        (Signal.ACTIVITY, hour(cut("GPU-1", 1, "3g.40gb", "a"), 0.5)),
        (Signal.ACTIVITY, hour(cut("GPU-1", 2, "2g.20gb"), 0)),
    ]

    large, small, rest = rows(told)

    assert (large["slice"], small["slice"], rest["slice"]) == ("1:3g.40gb", "2:2g.20gb", "rest")
    assert [row["capacity_ms"] for row in (large, small, rest)] == [1_542_857, 1_028_572, 1_028_571]
    assert large["activity_ms"] == 771_429
    assert (small["pod"], small["observed_ms"]) == (None, 1_028_572)
    assert (rest["pod"], rest["observed_ms"], rest["mode"]) == (None, 0, "mig")


def test_power_repeated_for_every_slice_is_the_gpus() -> None:
    """700 W for an hour are 2.52 MJ: 3/7 of it for each slice of 3g, the last seventh for none."""
    told = [(Signal.POWER, hour(cut("GPU-1", n, "3g.40gb", "a"), 700)) for n in (1, 2)]

    first, second, rest = rows(told)

    assert first["energy"] == pytest.approx(1_080_000, abs=1)
    assert second["energy"] == pytest.approx(1_080_000, abs=1)
    assert rest["energy"] == pytest.approx(360_000, abs=1)
    assert first["energy"] + second["energy"] + rest["energy"] == pytest.approx(2_520_000)


def test_a_gpu_cut_anew_within_an_hour_has_each_slice_for_its_time() -> None:
    """Half an hour whole, then half an hour of 1g: 1,800,000 + 257,143 ms, else the rest."""
    told = [
        (Signal.ACTIVITY, series(labels(pod="a"), [1] * 60)),
        (Signal.ACTIVITY, series(cut("GPU-1", 1, "1g.10gb", "b"), [1] * 60, 1800)),
    ]

    reduction = reduce(told)

    listed = reduction.table().to_pylist()
    assert {row["slice"]: row["allocated_ms"] for row in listed} == {
        "": 1_800_000,
        "1:1g.10gb": 257_143,
        "rest": 0,
    }
    assert sum(row["capacity_ms"] for row in listed) == 3_600_000
    assert reduction.findings.overfull == 1


def test_a_gpu_cut_anew_in_its_first_hour_has_the_rest_of_that_hour() -> None:
    """First seen at 00:30: 15 minutes whole, 15 of 1g, of 1,800,000 ms: 900,000 + 128,571."""
    told = [
        (Signal.ACTIVITY, series(labels(pod="a"), [1] * 30, 1800)),
        (Signal.ACTIVITY, series(cut("GPU-1", 1, "1g.10gb", "b"), [1] * 30, 2700)),
    ]

    listed = rows(told)

    assert {row["slice"]: row["allocated_ms"] for row in listed} == {
        "": 900_000,
        "1:1g.10gb": 128_571,
        "rest": 0,
    }
    assert sum(row["capacity_ms"] for row in listed) == 1_800_000


def test_the_whole_gpus_series_beside_its_slices_is_no_holder() -> None:
    """Where slices are told, what is told of the device as a whole only tells of power."""
    told = [
        (Signal.ACTIVITY, hour(cut("GPU-1", 1, "7g.80gb", "a"), 1)),
        (Signal.POWER, hour(labels(), 100)),
    ]

    [row] = rows(told)

    assert (row["slice"], row["allocated_ms"], row["energy"]) == ("1:7g.80gb", 3_600_000, 360_000)


def test_a_profile_that_no_table_knows_is_read_from_its_name_and_told() -> None:
    """``2g.77gb`` has two sevenths: 1,028,571 ms."""
    reduction = reduce([(Signal.ACTIVITY, hour(cut("GPU-1", 1, "2g.77gb", "a"), 1))])

    assert reduction.table()["capacity_ms"].to_pylist() == [1_028_571, 2_571_429]
    assert reduction.findings.unpublished_profiles == ("H100 2g.77gb",)


def test_a_value_told_without_holders_is_the_devices() -> None:
    """One exporter tells pods and memory, another the activity of the GPU: 0.5 of the hour."""
    told = [
        (Signal.MEMORY_USED, hour(labels(pod="a"), 1_000)),
        (Signal.ACTIVITY, hour(labels(), 0.5)),
    ]

    [row] = rows(told)

    assert (row["pod"], row["observed_ms"], row["activity_ms"]) == ("a", 3_600_000, 1_800_000)


def test_utilisation_in_percent_says_nothing_of_a_slice() -> None:
    """The old metric is the device's; the slice is held and unobserved."""
    told = [(Signal.ACTIVITY_FALLBACK, hour(cut("GPU-1", 1, "7g.80gb", "a"), 50))]

    [row] = rows(told)

    assert (row["allocated_ms"], row["observed_ms"], row["activity_ms"]) == (3_600_000, 0, None)


def test_a_share_of_no_pod_is_nobodys() -> None:
    """A series that tells no pod changes nothing, nor does one of a pod without a GPU."""
    told = [
        (Signal.ACTIVITY, hour(labels(pod="a"), 1)),
        (Signal.SHARE, hour({"namespace": "ml"}, 25)),
        (Signal.SHARE, hour({"namespace": "ml", "pod": "b"}, 25)),
    ]

    assert [row["allocated_ms"] for row in rows(told)] == [3_600_000]
