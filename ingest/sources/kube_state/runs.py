"""Makes job runs of what was seen of pods: one for each time that its containers began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from ingest.clusters.words import (
    CHECKPOINT,
    PREEMPTED,
    Told,
    bad_checkpoint,
    checkpoint_in,
    pod_words,
)
from ingest.job_runs import JobRun
from ingest.sources.kube_state.questions import spelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ingest.settings import KubeStateSettings
    from ingest.sources.kube_state.evidence import ContainerSeen, PodSeen

_OVER = frozenset(("Succeeded", "Failed"))
_DONE = frozenset(("Completed",))
_CHECKPOINT = spelled("annotation", CHECKPOINT)


@dataclass(frozen=True, slots=True)
class Seeing:
    """How far pods were seen (seconds since 1970).

    ``edges`` are where reading began, and began again after what could not be read: what is seen
    there first may have been so for long. ``heard`` is when anything was told of any pod last.
    """

    edges: Sequence[float]
    heard: float
    settle_s: float
    step_s: float

    @property
    def begin(self) -> float:
        """When reading began."""
        return self.edges[0]

    def gone(self, pod: PodSeen) -> bool:
        """Whether others were heard of for long since the pod was."""
        return self.heard - (pod.seen or 0.0) >= self.settle_s

    def witnessed(self, at: float) -> bool:
        """Whether what was first seen at a moment came about then."""
        return not any(edge - self.step_s <= at <= edge + 2 * self.step_s for edge in self.edges)


@dataclass(frozen=True, slots=True)
class Life:
    """One time that a pod's containers began; moments are in seconds since 1970."""

    attempt: int
    state: str
    started: float | None
    ended: float | None


@dataclass(frozen=True, slots=True)
class PodRuns:
    """Makes runs by the settings; ``models`` are the accelerators of nodes by name."""

    setting: KubeStateSettings
    seeing: Seeing
    models: Mapping[str, str]

    def of(self, pod: PodSeen) -> Iterator[JobRun]:
        """Yield the runs of a pod; none where it asked for no GPU, or all was over before."""
        gpus = gpus_of(pod)
        if not gpus or pod.created is None or pod.seen is None:
            return
        told = _told(pod)
        whose = pod_words(told, pod.namespace, self.setting)
        saved = [at for text in checkpoints_of(pod) if (at := checkpoint_in(text))]
        for life in lives_of(pod, self.seeing):
            ended = _moment(life.ended)
            yield JobRun(
                job_id=f"{pod.namespace}/{pod.name}",
                attempt=life.attempt,
                workload_id=whose.workload_id,
                user_name=whose.user_name,
                team=whose.team,
                project=whose.project,
                nodes=1,
                gpus=gpus,
                accelerator_model=self.models.get(pod.node),
                submitted=datetime.fromtimestamp(pod.created, UTC),
                started=_moment(life.started),
                ended=ended,
                state=life.state,
                hosts=(pod.node,) if pod.node else None,
                checkpoint_at=max(
                    (at for at in saved if ended is None or at <= ended), default=None
                ),
            )


def gpus_of(pod: PodSeen) -> int:
    """Count as the scheduler does: containers together, or one that goes before them."""
    before: dict[str, int] = {}
    for (container, _), count in pod.gpus_before.items():
        before[container] = before.get(container, 0) + count
    return max(sum(pod.gpus.values()), max(before.values(), default=0))


def lives_of(pod: PodSeen, seeing: Seeing) -> Iterator[Life]:
    """Yield the lives that were seen, the last one with how the pod ended."""
    lead = _lead(pod)
    starts = sorted(lead.starts.items()) if lead else []
    for (restarts, start), (_, following) in pairwise(starts):
        crashes = (at for at in lead.crashes if start <= at <= following) if lead else ()
        state = "completed" if pod.crash_reasons and pod.crash_reasons <= _DONE else "failed"
        yield Life(restarts + 1, state, start, max(crashes, default=following))
    restarts, begun = starts[-1] if starts else (0, pod.start_time)
    if (last := _last(pod, restarts + 1, begun, seeing)) is not None:
        yield last


def _lead(pod: PodSeen) -> ContainerSeen | None:
    """The container with GPUs that was begun most often."""
    holders = {container for (container, _), count in pod.gpus.items() if count}
    held = [one for name, one in pod.containers.items() if name in holders and one.starts]
    held = held or [one for one in pod.containers.values() if one.starts]
    return max(held, key=lambda one: (max(one.starts), -one.starts[max(one.starts)]), default=None)


def _last(pod: PodSeen, number: int, begun: float | None, seeing: Seeing) -> Life | None:
    """The last life; ``None`` where it was over before reading began, or nobody saw when it was."""
    phase = max(pod.last, key=lambda one: (pod.last[one], one in _OVER))
    started = None if phase == "Pending" else begun
    if phase in _OVER:
        ended = _ended(pod, phase, seeing)
        if ended is None:
            return None
        state = "completed" if phase == "Succeeded" else _failed(pod)
        return Life(number, state, started, max(ended, started or ended))
    if not seeing.gone(pod):
        return Life(number, "queued" if phase == "Pending" else "running", started, None)
    ended, state = _deleted(pod, seeing)
    return Life(number, state, started, max(ended, started or ended))


def _ended(pod: PodSeen, phase: str, seeing: Seeing) -> float | None:
    """When a pod that is over ended; ``None`` where that was told before."""
    witnessed = seeing.witnessed(pod.first[phase])
    if pod.completed is None:
        return pod.first[phase] if witnessed else None
    return pod.completed if witnessed or pod.completed >= seeing.begin else None


def _failed(pod: PodSeen) -> str:
    if PREEMPTED.intersection(pod.reasons):
        return "preempted"
    late = {"DeadlineExceeded"}.intersection((*pod.reasons, *pod.terminated))
    return "timeout" if late else "failed"


def _deleted(pod: PodSeen, seeing: Seeing) -> tuple[float, str]:
    """When and how a pod ended of which nothing was told any more before it was over."""
    seen = pod.seen or 0.0
    if PREEMPTED.intersection(pod.reasons):
        return seen + seeing.step_s, "preempted"
    last = max(pod.terminated, key=lambda one: (pod.terminated[one], one), default=None)
    # A container that was over when the pod was seen last: the phase would have followed.
    if last is not None and pod.completed is not None and pod.terminated[last] >= seen:
        return pod.completed, "completed" if last in _DONE else _failed(pod)
    return seen + seeing.step_s, "cancelled"


def _told(pod: PodSeen) -> Told:
    """Look labels and annotations up as they were seen last."""
    labels = max(pod.labels, key=lambda one: (one[0], sorted(one[1].items())), default=(0.0, {}))[1]
    annotations = max(
        pod.annotations, key=lambda one: (one[0], sorted(one[1].items())), default=(0.0, {})
    )[1]
    return lambda key: (
        labels.get(spelled("label", key)) or annotations.get(spelled("annotation", key)) or None
    )


def checkpoints_of(pod: PodSeen) -> list[str]:
    """Return what a pod's annotation said of its checkpoints, each text once."""
    told = {labels.get(_CHECKPOINT) for _, labels in pod.annotations}
    return sorted(text for text in told if text)


def findings_of(pod: PodSeen) -> Iterator[str]:
    """Yield what of a pod could not be read."""
    for text in checkpoints_of(pod):
        if checkpoint_in(text) is None:
            yield bad_checkpoint(f"{pod.namespace}/{pod.name}", text)


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
