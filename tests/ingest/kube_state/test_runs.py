"""What was told of pods becomes job runs: their times, states, restarts, GPUs and owners."""

from typing import Any

import pytest

from ingest.job_runs import JobRun
from ingest.port import Source
from ingest.registry import source_of
from tests.ingest.kube_state.world import World, at, finished, running
from tests.ingest.source_contract import SourceContract
from tests.peers.kube_state import Node


class TestContract(SourceContract):
    @pytest.fixture
    def source(self, world: World) -> Source:
        world.tell(finished(), running("serve-0"))
        world.tell_nodes(Node("gpu-1", at("19 00:00"), world.until))
        return source_of(world.setting(), clock=lambda: at("21 02:30"))


def test_a_pod_that_is_done_is_a_run_of_its_gpus(world: World) -> None:
    """Made at 10:00, at work from 10:10 to 14:02 on 8 GPUs of gpu-1: one completed run."""
    labels = {"label_team": "vision-team", "label_comptroller_workload": "wl-7"}
    told = [(at("20 10:00"), {"annotation_comptroller_user": "ada"})]
    world.tell(finished(labels=labels, annotations=told))

    assert world.runs() == [
        JobRun(
            job_id="vision/train-0",
            attempt=1,
            workload_id="wl-7",
            user_name="ada",
            team="vision-team",
            project=None,
            nodes=1,
            gpus=8,
            accelerator_model=None,
            submitted=at("20 10:00"),
            started=at("20 10:10"),
            ended=at("20 14:02"),
            state="completed",
            hosts=("gpu-1",),
        )
    ]


def test_a_pod_that_lived_between_two_nights_is_seen(world: World) -> None:
    """Made at 10:00 and deleted at 18:00: at 02:30 no API knows it, and Prometheus does."""
    world.tell(finished(until=at("20 18:00")))

    assert [one.state for one in world.runs(at("21 02:30"))] == ["completed"]


@pytest.mark.parametrize(
    ("reason", "terminated", "expected"),
    [
        (None, "Error", "failed"),
        (None, None, "failed"),
        ("Evicted", None, "preempted"),
        ("NodeLost", "Error", "preempted"),
        ("PreemptionByScheduler", None, "preempted"),
        (None, "DeadlineExceeded", "timeout"),
    ],
)
def test_how_a_pod_failed_is_told_by_its_reasons(
    world: World, reason: str | None, terminated: str | None, expected: str
) -> None:
    """Somebody took its place: preempted; over its deadline: timeout; any other: failed."""
    phases = [(at("20 10:00"), "Running"), (at("20 14:05"), "Failed")]
    world.tell(finished(phases=phases, reason=reason, terminated=terminated))

    assert [(one.state, one.ended) for one in world.runs()] == [(expected, at("20 14:02"))]


def test_a_pod_without_a_completion_time_ended_when_it_was_seen_failed(world: World) -> None:
    """Evicted, its containers are gone: it is seen Failed at 14:05 first."""
    phases = [(at("20 10:00"), "Running"), (at("20 14:05"), "Failed")]
    world.tell(finished(phases=phases, completed=None, reason="Evicted"))

    assert [(one.state, one.ended) for one in world.runs()] == [("preempted", at("20 14:05"))]


def test_a_pod_that_failed_at_an_unknown_time_before_reading_began_is_not_told(
    world: World,
) -> None:
    """Failed is all that was ever seen of it since the first sample: nobody knows since when."""
    phases = [(at("18 10:00"), "Failed")]
    world.tell(finished(created=at("18 10:00"), phases=phases, starts=(), completed=None))

    assert world.runs() == []


def test_a_pod_that_ended_before_reading_began_is_not_told(world: World) -> None:
    """It was over on the 18th and is still listed; reading began on the 20th."""
    phases = [(at("18 10:00"), "Succeeded")]
    over = at("18 12:00")
    world.tell(finished(created=at("18 10:00"), phases=phases, completed=over))

    assert world.runs() == []


def test_pods_that_wait_or_run_have_no_end(world: World) -> None:
    """Seen at 01:55 last, half an hour before: they are still there."""
    waits = running("waits", phases=[(at("20 10:00"), "Pending")], starts=(), node="")
    world.tell(waits, running("works"))

    found = {one.job_id: one for one in world.runs()}

    assert {name: (one.state, one.started, one.ended) for name, one in found.items()} == {
        "vision/waits": ("queued", None, None),
        "vision/works": ("running", at("20 10:10"), None),
    }
    assert found["vision/waits"].hosts is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("cancelled", "20 22:05")),
        ({"terminated": "Completed", "completed": "20 21:58"}, ("completed", "20 21:58")),
        ({"terminated": "OOMKilled", "completed": "20 21:58"}, ("failed", "20 21:58")),
        ({"reason": "NodeLost", "phase": "Failed"}, ("preempted", "20 22:00")),
    ],
)
def test_a_pod_of_which_nothing_is_told_any_more_has_ended(
    world: World, changes: dict[str, str], expected: tuple[str, str]
) -> None:
    """Running at 22:00 and not at 22:05, at 01:55 others were: deleted, 5 minutes after 22:00."""
    phases = [(at("20 10:10"), "Running")]
    if "phase" in changes:
        phases.append((at("20 22:00"), changes["phase"]))
    told: dict[str, Any] = {
        "terminated": changes.get("terminated"),
        "reason": changes.get("reason"),
        "completed": at(changes["completed"]) if "completed" in changes else None,
    }
    gone = running("gone", created=at("20 10:10"), phases=phases, until=at("20 22:01"), **told)
    world.tell(gone)

    [one] = world.runs()

    assert (one.state, one.ended) == (expected[0], at(expected[1]))


def test_a_pod_that_was_deleted_while_its_node_was_taken_is_preempted(world: World) -> None:
    """It never became Failed, but a reason was told while it ran."""
    phases = [(at("20 10:00"), "Running"), (at("20 21:00"), "Failed"), (at("20 21:05"), "Running")]
    world.tell(running(phases=phases, reason="NodeLost", until=at("20 22:01")))

    assert [(one.state, one.ended) for one in world.runs()] == [("preempted", at("20 22:05"))]


def test_a_pod_may_only_not_have_been_told_of_yet(world: World) -> None:
    """Unseen since 23:30, less than 3 hours before 01:55: it still counts as running."""
    world.tell(running(until=at("20 23:31")))

    assert [(one.state, one.ended) for one in world.runs()] == [("running", None)]


def test_where_nothing_at_all_is_told_nobody_has_ended(world: World) -> None:
    """Nobody scraped since 18:00, so that of 17:55 is the last that is known of all."""
    world.scraped.gaps = [(at("20 18:00"), at("22 00:00"))]
    world.tell(running())

    assert [(one.state, one.ended) for one in world.runs()] == [("running", None)]


def test_a_restart_is_another_attempt(world: World) -> None:
    """Begun at 10:10, 13:00 and 16:00, after crashes at 12:50 and 15:55: attempts 1 to 3."""
    starts = [at("20 10:10"), at("20 13:00"), at("20 16:00")]
    world.tell(running(starts=starts, crashes=[at("20 12:50"), at("20 15:55")]))

    assert [(one.attempt, one.state, one.started, one.ended) for one in world.runs()] == [
        (1, "failed", at("20 10:10"), at("20 12:50")),
        (2, "failed", at("20 13:00"), at("20 15:55")),
        (3, "running", at("20 16:00"), None),
    ]


def test_a_life_of_which_no_crash_is_told_ended_when_the_next_one_began(world: World) -> None:
    """Older versions of kube-state-metrics do not tell when a container crashed."""
    world.tell(running(starts=[at("20 10:10"), at("20 13:00")]))

    assert [(one.attempt, one.state, one.ended) for one in world.runs()] == [
        (1, "failed", at("20 13:00")),
        (2, "running", None),
    ]


def test_a_life_that_ended_well_is_completed(world: World) -> None:
    """A container that is begun again after exit code 0."""
    lives: dict[str, Any] = {
        "starts": [at("20 10:10"), at("20 13:00")],
        "crashes": [at("20 12:00")],
    }
    world.tell(running(crash_reason="Completed", **lives))

    first, _ = world.runs()

    assert (first.state, first.ended) == ("completed", at("20 12:00"))


def test_many_restarts_are_asked_for_in_shorter_stretches(world: World) -> None:
    """Four lives between 12:00 and 16:00, one an hour: each hour is asked for on its own."""
    starts = [at(f"20 {hour}:10") for hour in (12, 13, 14, 15)]
    world.tell(running(starts=starts))

    assert [(one.attempt, one.started) for one in world.runs()] == list(
        zip([1, 2, 3, 4], starts, strict=True)
    )


def test_two_lives_within_an_hour_are_two_attempts(world: World) -> None:
    """Begun at 13:05 and again at 13:30."""
    world.tell(running(starts=[at("20 13:05"), at("20 13:30")]))

    assert [(one.attempt, one.started) for one in world.runs()] == [
        (1, at("20 13:05")),
        (2, at("20 13:30")),
    ]


def test_without_the_start_of_containers_the_pods_counts(world: World) -> None:
    """Before version 2.1 only the pod's own start time was told; here not even that."""
    world.tell(finished(starts=()))
    labels = {"__name__": "kube_pod_start_time", "namespace": "vision", "pod": "train-0"}
    begun = at("20 10:01")
    sample = (int(at("20 12:00").timestamp() * 1000), begun.timestamp())
    world.peer.series.append(({**labels, "uid": "uid-train-0"}, [sample]))

    assert [one.started for one in world.runs()] == [begun]


def test_gpus_are_counted_as_the_scheduler_does(world: World) -> None:
    """8 of an init container are more than 2; slices count one each; pods without are no jobs."""
    slices = {"nvidia_com_mig_1g_10gb": 2, "nvidia_com_mig_3g_40gb": 1}
    world.tell(
        finished("first", gpus={"nvidia_com_gpu": 2}, gpus_before=8),
        finished("slices", gpus=slices),
        finished("shared", gpus={"nvidia_com_gpu_shared": 1}),
        finished("amd", gpus={"amd_com_gpu": 4}),
        finished("none", gpus={"nvidia_com_gpu": 0}),
    )

    found = {one.job_id: one.gpus for one in world.runs()}
    other = {one.job_id: one.gpus for one in world.runs(gpu_resources=["amd.com/*"])}

    assert found == {"vision/first": 8, "vision/slices": 3, "vision/shared": 1}
    assert other == {"vision/amd": 4}


def test_labels_of_the_target_are_not_taken_for_the_pods(world: World) -> None:
    """Without honor_labels the pod of kube-state-metrics itself stands in ``pod``."""
    world.scraped.exported = True
    world.tell(finished(), finished("cpu", gpus={}))

    assert [(one.job_id, one.hosts) for one in world.runs()] == [("vision/train-0", ("gpu-1",))]


def test_two_servers_of_the_metrics_tell_one_pod(world: World) -> None:
    """kube-state-metrics moved at noon, so every series comes from two addresses."""
    world.tell(finished())
    noon = int(at("20 12:00").timestamp() * 1000)
    split = []
    for labels, samples in world.peer.series:
        split.append(({**labels, "instance": "a"}, [one for one in samples if one[0] < noon]))
        split.append(({**labels, "instance": "b"}, [one for one in samples if one[0] >= noon]))
    world.peer.series = split

    [one] = world.runs()

    assert (one.gpus, one.started, one.ended) == (8, at("20 10:10"), at("20 14:02"))


def test_a_pod_made_again_under_its_name_is_another_submission(world: World) -> None:
    """The uid tells them apart: made at 10:00, and again at 15:00."""
    later = [(at("20 15:00"), "Running")]
    world.tell(
        finished("ps-0", uid="a", until=at("20 14:30")),
        running("ps-0", uid="b", created=at("20 15:00"), phases=later, starts=[at("20 15:01")]),
    )

    found = [(one.job_id, one.submitted, one.attempt, one.state) for one in world.runs()]

    assert found == [
        ("vision/ps-0", at("20 10:00"), 1, "completed"),
        ("vision/ps-0", at("20 15:00"), 1, "running"),
    ]


def test_a_namespace_may_stand_for_a_team(world: World) -> None:
    """Without a label the team is not known, unless namespaces are teams here."""
    world.tell(finished())

    assert [one.team for one in world.runs()] == [None]
    assert [one.team for one in world.runs(namespace_is_team=True)] == ["vision"]


def test_a_label_that_changed_counts_as_it_was_last(world: World) -> None:
    """The team was a until 12:00 and b from then on."""
    told = [
        (at("20 10:00"), {"annotation_comptroller_team": "a"}),
        (at("20 12:00"), {"annotation_comptroller_team": "b"}),
    ]
    world.tell(finished(annotations=told))

    assert [one.team for one in world.runs()] == ["b"]


def test_each_life_has_the_last_checkpoint_before_its_end(world: World) -> None:
    """Saved at 12:00 and 14:00; the first life ended at 12:50, so 12:00 is what it leaves."""
    name = "annotation_comptroller_checkpoint_at"
    told = [
        (at("20 12:05"), {name: "2026-11-20T12:00:00Z"}),
        (at("20 14:05"), {name: "2026-11-20T15:00:00+01:00"}),
        (at("20 16:00"), {name: "soon"}),
    ]
    lives: dict[str, Any] = {
        "starts": [at("20 10:10"), at("20 13:00")],
        "crashes": [at("20 12:50")],
    }
    world.tell(running(annotations=told, **lives))
    source = world.source()

    [month] = list(source.announced({}))

    runs = source._runs[month.period or ""]
    assert [one.checkpoint_at for one in runs] == [at("20 12:00"), at("20 14:00")]
    [finding] = source._findings["2026-11"]
    assert finding.startswith("vision/train-0: annotation comptroller/checkpoint-at is 'soon'; ")
