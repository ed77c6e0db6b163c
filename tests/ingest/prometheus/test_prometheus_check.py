"""What ``comptroller sources check`` says of a Prometheus."""

from datetime import UTC, date, datetime

import pytest

from ingest.port import Check
from tests.ingest.prometheus.conftest import GPU, START_MS, STEP_MS, Source
from tests.peers.fake_prometheus import FakePrometheus, Scripted, failure

EVENING = datetime(2026, 11, 20, 18, 20, tzinfo=UTC)


def about(checks: list[Check], what: str) -> Check:
    """Return the one check about something."""
    [found] = [one for one in checks if what in one.what]
    return found


def checked(source: Source, **changes: object) -> list[Check]:
    """Check the source in the evening."""
    return list(source(now=EVENING, **changes).check())


@pytest.mark.usefixtures("busy_gpu")
def test_every_part_is_named_where_nothing_is_missing(source: Source) -> None:
    """The address, three metrics, labels, interval, retention."""
    found = checked(source)

    assert [one.what.split(" (")[0] for one in found] == [
        f"asking {source()._client.place}",
        "activity_metric DCGM_FI_PROF_GR_ENGINE_ACTIVE",
        "memory_used_metric DCGM_FI_DEV_FB_USED",
        "memory_free_metric DCGM_FI_DEV_FB_FREE",
        "labels that tell who holds a GPU",
        "the scrape interval, beside step_s = 600",
        "samples since 2026-11-20",
    ]
    assert all(one.passed and not one.advice for one in found)


@pytest.mark.parametrize(
    ("fault", "advice"),
    [
        (Scripted(401), "the sign-in is refused"),
        (Scripted(200, b"<html>sign in</html>"), "none of Prometheus's"),
        (failure(422, "execution", "too many"), "status 422"),
    ],
)
def test_a_server_that_gives_no_answer_ends_the_check(
    peer: FakePrometheus, source: Source, fault: Scripted, advice: str
) -> None:
    """One line, with what to do."""
    peer.always.append(("vector", fault))

    [found] = checked(source)

    assert not found.passed
    assert advice in found.advice


@pytest.mark.usefixtures("busy_gpu")
def test_a_metric_without_which_it_works_is_only_told(source: Source) -> None:
    """SM activity is not in dcgm-exporter's default list."""
    found = about(checked(source, sm_metric="DCGM_FI_PROF_SM_ACTIVE"), "sm_metric")

    assert found.passed
    assert found.what == "sm_metric DCGM_FI_PROF_SM_ACTIVE: no series within a day"
    assert "set sm_metric to the name that it has here, or to nothing" in found.advice


@pytest.mark.usefixtures("busy_gpu")
def test_either_activity_is_enough(source: Source) -> None:
    """GPU_UTIL is not there and GR_ENGINE_ACTIVE is; misspelt and alone it is missing."""
    found = checked(source, activity_fallback_metric="DCGM_FI_DEV_GPU_UTIL")
    assert about(found, "activity_fallback_metric").passed

    misspelt = checked(source, activity_metric="DCGM_FI_PROF_GR_ENGINE")
    assert not about(misspelt, "activity_metric").passed


def test_labels_without_a_holder_are_missing(peer: FakePrometheus, source: Source) -> None:
    """dcgm-exporter outside of Kubernetes tells no pod."""
    for metric in ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_DEV_FB_USED"):
        peer.add(metric, [0.0] * 120, start_ms=START_MS, step_ms=STEP_MS, UUID="GPU-1")

    found = about(checked(source), "who holds")

    assert not found.passed
    assert "DCGM_EXPORTER_KUBERNETES=true" in found.advice


@pytest.mark.usefixtures("busy_gpu")
def test_another_scrape_interval_is_named(source: Source) -> None:
    """It is 600 seconds where the settings say 300."""
    found = about(checked(source, step_s=300.0), "interval")

    assert (found.passed, found.advice) == (False, "it is 600 s; set step_s = 600")


def test_an_exporter_that_stands_still_is_told(peer: FakePrometheus, source: Source) -> None:
    """The last sample is of 10:00, and it is 18:20."""
    peer.add("DCGM_FI_DEV_FB_USED", [1.0] * 60, start_ms=START_MS, step_ms=STEP_MS, **GPU)

    found = about(checked(source), "interval")

    assert not found.passed
    assert "no GPU was scraped twice in the last 40 minutes" in found.advice


@pytest.mark.usefixtures("busy_gpu")
def test_what_the_server_has_deleted_is_told(source: Source) -> None:
    """It begins on the 19th, one hour before midnight."""
    found = about(checked(source, since=date(2026, 11, 1)), "samples since")

    assert found.passed
    assert found.what == "samples since 2026-11-01: there are none before 2026-11-19"
    assert "what is older cannot be loaded" in found.advice


def test_a_server_without_samples_lacks_all_of_it(peer: FakePrometheus, source: Source) -> None:
    """Nothing but the address passes; free memory alone would not be missed."""
    found = checked(source)

    assert [one.what.split(" ")[0] for one in found if one.passed] == [
        "asking",
        "memory_free_metric",
    ]
    assert peer.asked


@pytest.mark.usefixtures("busy_gpu")
def test_a_first_day_in_the_future_lacks_nothing(source: Source) -> None:
    """There is nothing to have yet."""
    assert about(checked(source, since=date(2026, 12, 1)), "samples since").passed
