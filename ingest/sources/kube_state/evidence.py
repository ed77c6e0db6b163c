"""What was told of pods in some stretches of time, added up pod by pod."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ingest.sources.kube_state.questions import own

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Elements = Sequence[Mapping[str, Any]]

PodKey = tuple[str, str, str]
"""Namespace, name and uid."""


@dataclass(slots=True)
class ContainerSeen:
    """One container: when it began, by the restarts before that, and when it crashed (seconds)."""

    starts: dict[int, float] = field(default_factory=dict)
    crashes: set[float] = field(default_factory=set)

    def began(self, first: Began, last: Began) -> None:
        """Note how a stretch of time begins and ends; each as restarts and start."""
        if last.start is not None:
            self.starts.setdefault(last.restarts, last.start)
        # Where both starts are one, the life before was over already and is told by no start.
        if first.start is not None and first.restarts < last.restarts and first.start != last.start:
            self.starts.setdefault(first.restarts, first.start)


@dataclass(frozen=True, slots=True)
class Began:
    """How often a container had been restarted, and when it began (seconds)."""

    restarts: int
    start: float | None


@dataclass(slots=True)
class PodSeen:
    """What was told of one pod; moments are in seconds since 1970.

    ``first`` and ``last`` are when it was in a phase, ``reasons`` and ``terminated`` when a reason
    of the pod or of its containers held last; ``labels`` and ``annotations`` come with when they
    were seen last.
    """

    namespace: str
    name: str
    gpus: dict[tuple[str, str], int] = field(default_factory=dict)
    gpus_before: dict[tuple[str, str], int] = field(default_factory=dict)
    node: str = ""
    created: float | None = None
    completed: float | None = None
    start_time: float | None = None
    first: dict[str, float] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, float] = field(default_factory=dict)
    terminated: dict[str, float] = field(default_factory=dict)
    crash_reasons: set[str] = field(default_factory=set)
    containers: dict[str, ContainerSeen] = field(default_factory=dict)
    labels: list[tuple[float, Mapping[str, str]]] = field(default_factory=list)
    annotations: list[tuple[float, Mapping[str, str]]] = field(default_factory=list)

    @property
    def seen(self) -> float | None:
        """When anything was told of it last."""
        return max(self.last.values(), default=None)


class Evidence:
    """The pods that were seen, and when anything was heard of any (seconds since 1970)."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.pods: dict[PodKey, PodSeen] = {}
        self.heard: float | None = None

    def hear(self, answer: Elements) -> None:
        """Note when anything was told last."""
        for _, at in _values(answer):
            self.heard = at if self.heard is None else max(self.heard, at)

    def add(self, told: Mapping[str, Elements]) -> None:
        """Add what was told of a stretch of time, by the names of the questions."""
        self._requests(told)
        for labels, at in _values(told["created"]):
            self._pod(labels).created = at
        for labels, at in _values(told["completed"]):
            pod = self._pod(labels)
            pod.completed = at if pod.completed is None else max(pod.completed, at)
        for labels, at in _values(told["start_time"]):
            self._pod(labels).start_time = at
        for labels, at in _values(told["phase_first"]):
            first = self._pod(labels).first
            first[labels["phase"]] = min(at, first.get(labels["phase"], at))
        for labels, at in _values(told["phase_last"]):
            _latest(self._pod(labels).last, labels["phase"], at)
        for labels, at in _values(told["reason"]):
            _latest(self._pod(labels).reasons, labels["reason"], at)
        for labels, at in _values(told["labels"]):
            self._pod(labels).labels.append((at, labels))
        for labels, at in _values(told["annotations"]):
            self._pod(labels).annotations.append((at, labels))
        self._containers(told)

    def _requests(self, told: Mapping[str, Elements]) -> None:
        for labels, count in _values(told["requests"]):
            pod = self._pod(labels)
            pod.node = own(labels, "node") or pod.node
            _most(pod.gpus, (own(labels, "container"), labels.get("resource", "")), count)
        for labels, count in _values(told["init_requests"]):
            pod = self._pod(labels)
            pod.node = own(labels, "node") or pod.node
            _most(pod.gpus_before, (own(labels, "container"), labels.get("resource", "")), count)

    def _containers(self, told: Mapping[str, Elements]) -> None:
        for labels, at in _values(told["terminated"]):
            _latest(self._pod(labels).terminated, labels["reason"], at)
        for labels, _ in _values(told["crashed"]):
            self._pod(labels).crash_reasons.add(labels["reason"])
        for labels, at in _values(told["crashed_at"]):
            self._container(labels).crashes.add(at)
        lives: defaultdict[tuple[PodKey, str], dict[str, float]] = defaultdict(dict)
        for name in ("started_first", "started_last", "restarts_first", "restarts_last"):
            least = name.endswith("first")
            for labels, value in _values(told[name]):
                life = lives[_key(labels), own(labels, "container")]
                life[name] = (min if least else max)(value, life.get(name, value))
        for (key, container), life in lives.items():
            seen = self.pods[key].containers.setdefault(container, ContainerSeen())
            seen.began(
                Began(int(life.get("restarts_first", 0)), life.get("started_first")),
                Began(int(life.get("restarts_last", 0)), life.get("started_last")),
            )

    def _pod(self, labels: Mapping[str, str]) -> PodSeen:
        key = _key(labels)
        return self.pods.setdefault(key, PodSeen(key[0], key[1]))

    def _container(self, labels: Mapping[str, str]) -> ContainerSeen:
        containers = self._pod(labels).containers
        return containers.setdefault(own(labels, "container"), ContainerSeen())


def _key(labels: Mapping[str, str]) -> PodKey:
    return own(labels, "namespace"), own(labels, "pod"), labels.get("uid", "")


def _values(answer: Elements) -> Iterator[tuple[Mapping[str, str], float]]:
    """Yield the labels and the number of each element; one that is no number says nothing."""
    for element in answer:
        value = float(element["value"][1])
        if value == value:  # noqa: PLR0124 - all but NaN
            yield element["metric"], value


def _latest(moments: dict[str, float], name: str, at: float) -> None:
    moments[name] = max(at, moments.get(name, at))


def _most(counts: dict[tuple[str, str], int], key: tuple[str, str], count: float) -> None:
    counts[key] = max(int(count), counts.get(key, 0))
