"""Makes job runs of a pod that asked for GPUs: one for each time that its containers began."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.clusters.words import (
    CHECKPOINT,
    PREEMPTED,
    Json,
    bad_checkpoint,
    checkpoint_in,
    earliest,
    gpus_in,
    latest,
    moment,
    pod_words,
    told_in,
)
from ingest.job_runs import JobRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from ingest.settings import KubernetesSettings

_DISRUPTION = "DisruptionTarget"
_OVER = frozenset(("Succeeded", "Failed"))


@dataclass(frozen=True, slots=True)
class SeenRun:
    """A run, when anything about its pod changed last, and what of it could not be read."""

    run: JobRun
    touched: datetime
    finding: str | None = None


@dataclass(frozen=True, slots=True)
class PodReader:
    """Reads pods by the settings; ``models`` are the accelerators of the nodes by name."""

    setting: KubernetesSettings
    models: Mapping[str, str]

    def __call__(self, pod: Json) -> Iterator[SeenRun]:
        """Yield the runs of a pod; none where it asked for no GPU."""
        spec, meta = pod.get("spec") or {}, pod.get("metadata") or {}
        gpus, names = self._gpus(spec)
        created = moment(meta.get("creationTimestamp"))
        if not gpus or created is None:
            return
        status = _Status(pod.get("status") or {}, names, created)
        node = spec.get("nodeName") or None
        namespace = str(meta.get("namespace") or "default")
        job_id = f"{namespace}/{meta['name']}"
        whose = pod_words(told_in(meta), namespace, self.setting)
        text = (meta.get("annotations") or {}).get(CHECKPOINT)
        saved = checkpoint_in(text) if text else None
        finding = bad_checkpoint(job_id, text) if text and saved is None else None
        for life in status.lives():
            run = JobRun(
                job_id=job_id,
                attempt=life.attempt,
                workload_id=whose.workload_id,
                user_name=whose.user_name,
                team=whose.team,
                project=whose.project,
                nodes=1,
                gpus=gpus,
                accelerator_model=self.models.get(node) if node else None,
                submitted=created,
                started=life.started,
                ended=life.ended,
                state=life.state,
                hosts=(node,) if node else None,
                checkpoint_at=life.saved(saved),
            )
            yield SeenRun(run, latest([status.touched, saved]) or created, finding)

    def _gpus(self, spec: Json) -> tuple[int, frozenset[str]]:
        """Count as the scheduler does: containers together, or one that goes before them."""
        wanted = self.setting.gpu_resources
        lasting = list(spec.get("containers") or ())
        before: list[Json] = []
        for one in spec.get("initContainers") or ():
            (lasting if one.get("restartPolicy") == "Always" else before).append(one)
        counts = {one["name"]: _asked(one, wanted) for one in lasting}
        most = max((_asked(one, wanted) for one in before), default=0)
        holders = frozenset(name for name, count in counts.items() if count)
        return max(sum(counts.values()), most), holders


def _asked(container: Json, wanted: tuple[str, ...]) -> int:
    resources = container.get("resources") or {}
    return gpus_in(resources.get("limits") or resources.get("requests"), wanted)


@dataclass(frozen=True, slots=True)
class _Life:
    """One time that a pod's containers began, or wait to begin."""

    attempt: int
    state: str
    started: datetime | None
    ended: datetime | None

    def saved(self, checkpoint: datetime | None) -> datetime | None:
        """The checkpoint, unless it is of a life after this one."""
        if checkpoint is None or (self.ended is not None and checkpoint > self.ended):
            return None
        return checkpoint


class _Status:
    """What a pod's status says of the containers that hold its GPUs."""

    def __init__(self, status: Json, names: frozenset[str], created: datetime) -> None:
        every = [*(status.get("containerStatuses") or ())]
        every += status.get("initContainerStatuses") or ()
        self._held = [one for one in every if one.get("name") in names] or every
        self._status = status
        self._phase = str(status.get("phase") or "Pending")
        self._conditions = list(status.get("conditions") or ())
        self._created = created

    @property
    def touched(self) -> datetime:
        """When anything changed last, as far as it is told."""
        told = [one.get("lastTransitionTime") for one in self._conditions]
        for one in self._held:
            for what in _states(one):
                told += [what.get("startedAt"), what.get("finishedAt")]
        return latest([self._created, *map(moment, told)]) or self._created

    def lives(self) -> Iterator[_Life]:
        """Yield the last crash that is still known, and what came after it."""
        restarts, crashed = self._last_crash()
        number = restarts + 1
        if crashed:
            waits = self._phase not in _OVER and not any(map(_begun, self._held))
            # A container that waits after a crash is not counted as begun again yet.
            number += waits
            yield _Life(
                number - 1,
                "completed" if crashed.get("exitCode") == 0 else "failed",
                self._after(crashed.get("startedAt")),
                self._after(crashed.get("finishedAt")),
            )
        if self._phase in _OVER:
            yield _Life(number, self._end_state(), self._started(), self._ended())
        elif self._phase == "Pending" or not any(map(_begun, self._held)):
            yield _Life(number, "queued", None, None)
        else:
            yield _Life(number, "running", self._started(), None)

    def _last_crash(self) -> tuple[int, Json | None]:
        """The most restarts of a container, and how the last of its lives before ended."""
        if not self._held:
            return 0, None
        lead = max(self._held, key=lambda one: int(one.get("restartCount") or 0))
        crashed = (lead.get("lastState") or {}).get("terminated")
        return int(lead.get("restartCount") or 0), crashed

    def _started(self) -> datetime | None:
        current = [what for one in self._held for what in _states(one)[:1]]
        told = earliest(self._after(what.get("startedAt")) for what in current)
        return told or self._after(self._status.get("startTime"))

    def _ended(self) -> datetime | None:
        current = [what for one in self._held for what in _states(one)[:1]]
        told = latest(self._after(what.get("finishedAt")) for what in current)
        changed = (self._after(one.get("lastTransitionTime")) for one in self._conditions)
        found = told or latest(changed)
        started = self._started()
        return max(found, started) if found and started else found

    def _after(self, text: object) -> datetime | None:
        """A moment; one before the pod was made tells of a container that never began."""
        found = moment(text)
        return found if found and found >= self._created else None

    def _end_state(self) -> str:
        if self._phase == "Succeeded":
            return "completed"
        reason = self._status.get("reason")
        disrupted = any(
            one.get("type") == _DISRUPTION and one.get("status") == "True"
            for one in self._conditions
        )
        if reason in PREEMPTED or disrupted:
            return "preempted"
        return "timeout" if reason == "DeadlineExceeded" else "failed"


def _states(container: Json) -> list[Json]:
    """What is said of a container's life now, then of the one before; waiting says no time."""
    now, before = container.get("state") or {}, container.get("lastState") or {}
    return [
        now.get("running") or now.get("terminated") or {},
        before.get("terminated") or {},
    ]


def _begun(container: Json) -> bool:
    now = container.get("state") or {}
    return bool(now.get("running") or now.get("terminated"))
