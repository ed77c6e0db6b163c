"""The history of a fleet of GPUs with waste of every class in it, and the truth about it.

64 GPUs on 8 hosts: whole, cut by MIG, time-sliced and fractional. Everything begins and ends with
full hours, so that what each holder did of each hour can be added up by hand. The text is what
``promtool tsdb create-blocks-from openmetrics`` reads, in dcgm-exporter's and vLLM's names.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

HOUR_MS = 3_600_000
HOURS = 168
GPUS_A_HOST = 8
REPLICAS = 4
SHARE_METRIC = "gpu_share_percent"
H100 = ("NVIDIA H100 80GB HBM3", 81_559)
A100 = ("NVIDIA A100-SXM4-80GB", 81_920)


@dataclass(frozen=True)
class Host:
    """A machine; ``reserved`` is paid for, used or not."""

    name: str
    machine_type: str
    accelerator_model: str
    model_name: str
    memory_mib: int
    mode: str
    reserved: bool


@dataclass(frozen=True)
class Part:
    """A GPU, or a slice of it: what it has of each hour, and of the memory."""

    gpu_uuid: str
    number: int
    host: Host
    slice: str = ""
    capacity_ms: int = HOUR_MS
    memory_mib: int = 0


@dataclass(frozen=True)
class Stay:
    """Somebody who holds a part, or a share of it, for some hours ``[first, last)``.

    ``seen`` is false where the activity is not told; ``away`` where nothing at all is.
    """

    part: Part
    first: int
    last: int
    pod: str = ""
    namespace: str = "research"
    job_id: str = ""
    activity: float = 0.0
    used_mib: int = 0
    share: float = 1.0
    seen: bool = True
    away: bool = False
    waste: str = ""
    tokens_a_step: int = 0

    @property
    def allocated_ms(self) -> int:
        """What the holder has of each hour."""
        return round(self.part.capacity_ms * self.share) if self.pod or self.job_id else 0

    @property
    def kind(self) -> str:
        """What the holder's time is where it is not utilised."""
        if not self.seen or self.away:
            return "unobserved"
        if self.activity == 0 and self.used_mib == 0:
            return "no_process"
        return "unused"


@dataclass(frozen=True)
class Run:
    """An attempt of a job; ``checkpoint`` is the hour since which all work is lost if it failed."""

    job_id: str
    attempt: int
    state: str
    first: int
    last: int
    host: Host
    checkpoint: int | None = None
    gpus: int = 1

    @property
    def lost_hours(self) -> int:
        """The hours of work that were thrown away."""
        if self.state not in {"failed", "preempted"}:
            return 0
        return self.last - (self.first if self.checkpoint is None else self.checkpoint)


@dataclass(frozen=True)
class Row:
    """The truth about one holder (or nobody) of one part in one hour: milliseconds by kind."""

    hour: int
    part: Part
    namespace: str
    pod: str
    job_id: str
    kinds: Mapping[str, int]
    waste: str = ""


@dataclass
class History:
    """A fleet, who held it, and how it went with their jobs."""

    hosts: list[Host] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def truth(self) -> Iterator[Row]:
        """Yield what became of each part of each hour; every hour of a GPU adds up to 3,600,000."""
        held: dict[tuple[str, str], list[Stay]] = {}
        for stay in self.stays:
            held.setdefault((stay.part.gpu_uuid, stay.part.slice), []).append(stay)
        for part in self.parts:
            stays = held.get((part.gpu_uuid, part.slice), [])
            for hour in range(HOURS):
                now = [stay for stay in stays if stay.first <= hour < stay.last and stay.pod]
                yield from (_row(hour, stay) for stay in now)
                idle = part.capacity_ms - sum(stay.allocated_ms for stay in now)
                if idle:
                    kind = "reserved_idle" if part.host.reserved else "unreserved_idle"
                    yield Row(hour, part, "", "", "", {kind: idle}, kind)

    def open_metrics(self, start_ms: int, step_ms: int, metrics: Sequence[str] = ()) -> str:
        """Write the week's samples from ``start_ms`` on, of all ``METRICS`` or some of them."""
        in_order = sorted((*self.stays, *self._free()), key=lambda stay: stay.first)
        lines = [
            _series(name, stay, start_ms, step_ms)
            for name in metrics or METRICS
            for stay in in_order
            if not stay.away and stay.part.slice != "rest"
        ]
        return "".join([*filter(None, lines), "# EOF\n"])

    def _free(self) -> Iterator[Stay]:
        """Yield the hours in which nobody holds a part: it is told without a pod."""
        held: dict[tuple[str, str], set[int]] = {}
        for stay in self.stays:
            hours = held.setdefault((stay.part.gpu_uuid, stay.part.slice), set())
            hours.update(range(stay.first, stay.last))
        for part in self.parts:
            taken = held.get((part.gpu_uuid, part.slice), set())
            first: int | None = None
            for hour in range(HOURS + 1):
                free = hour < HOURS and hour not in taken
                if free and first is None:
                    first = hour
                if not free and first is not None:
                    yield Stay(part, first, hour, namespace="")
                    first = None


def _row(hour: int, stay: Stay) -> Row:
    if stay.kind == "unobserved":
        kinds = {"unobserved": stay.allocated_ms}
    else:
        utilised = round(stay.allocated_ms * stay.activity)
        kinds = {"utilised": utilised, stay.kind: stay.allocated_ms - utilised}
    return Row(hour, stay.part, stay.namespace, stay.pod, stay.job_id, kinds, stay.waste)


ACTIVITY = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
METRICS = (
    ACTIVITY,
    "DCGM_FI_PROF_SM_ACTIVE",
    "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE",
    "DCGM_FI_PROF_DRAM_ACTIVE",
    "DCGM_FI_DEV_FB_USED",
    "DCGM_FI_DEV_FB_FREE",
    "DCGM_FI_DEV_POWER_USAGE",
    SHARE_METRIC,
    "vllm:prompt_tokens_total",
    "vllm:generation_tokens_total",
    "vllm:request_success_total",
)
"""What the exporters of the fleet tell."""


def _value(metric: str, stay: Stay) -> float | None:
    """Return what a metric says during a stay; ``None`` where it says nothing."""
    gauges = {
        "DCGM_FI_DEV_FB_USED": stay.used_mib,
        "DCGM_FI_DEV_FB_FREE": stay.part.memory_mib - stay.used_mib,
        "DCGM_FI_DEV_POWER_USAGE": 100 + 500 * stay.activity,
        SHARE_METRIC: 100 * stay.share if stay.part.host.mode == "fraction" and stay.pod else None,
    }
    if metric in gauges:
        return gauges[metric]
    return stay.activity if stay.seen else None


def _series(metric: str, stay: Stay, start_ms: int, step_ms: int) -> str | None:
    times = range(stay.first * HOUR_MS, stay.last * HOUR_MS, step_ms)
    if metric.startswith("vllm:"):
        if not stay.tokens_a_step:
            return None
        head = f'{metric}{{namespace="{stay.namespace}",pod="{stay.pod}",model_name="llama"}}'
        step = {"vllm:prompt_tokens_total": 4, "vllm:generation_tokens_total": 1}.get(metric, 0.25)
        return "".join(
            f"{head} {stay.tokens_a_step * step * n:g} {(start_ms + at) / 1000}\n"
            for n, at in enumerate(times)
        )
    value = _value(metric, stay)
    if value is None:
        return None
    head = f"{metric}{{{_labels(stay)}}} {value:g} "
    return "".join(f"{head}{(start_ms + at) / 1000}\n" for at in times)


def _labels(stay: Stay) -> str:
    part = stay.part
    labels = {
        "gpu": str(part.number % GPUS_A_HOST),
        "UUID": part.gpu_uuid,
        "Hostname": part.host.name,
        "modelName": part.host.model_name,
    }
    if part.slice:
        labels["GPU_I_ID"], _, labels["GPU_I_PROFILE"] = part.slice.partition(":")
    told = {"namespace": stay.namespace, "pod": stay.pod, "hpc_job": stay.job_id}
    if stay.pod:
        labels |= {name: value for name, value in told.items() if value}
    return ",".join(f'{name}="{value}"' for name, value in labels.items())


def fleet_history() -> History:
    """Return the week of the 64 GPUs."""
    history = History()
    for number in range(8):
        history.hosts.append(_host(number))
    for host in history.hosts:
        first = GPUS_A_HOST * history.hosts.index(host)
        for number in range(first, first + GPUS_A_HOST):
            _FILL[host.mode](history, host, number)
    return history


def _host(number: int) -> Host:
    mode = ("whole",) * 4 + ("mig",) * 2 + ("time_slicing", "fraction")
    (model, memory), kind = (A100, "A100-80GB") if mode[number] == "mig" else (H100, "H100")
    machine = "p4de.24xlarge" if mode[number] == "mig" else "p5.48xlarge"
    return Host(f"gpu-{number}", machine, kind, model, memory, mode[number], number % 2 == 0)


def _gpu(host: Host, number: int) -> Part:
    return Part(f"GPU-{number:08d}", number, host, memory_mib=host.memory_mib)


def _whole(history: History, host: Host, number: int) -> None:
    """Plant one thing on each of the eight GPUs of a host."""
    part = _gpu(host, number)
    history.parts.append(part)
    _PLANTED[number % GPUS_A_HOST](history, part)


def _serving(history: History, part: Part) -> None:
    history.stays.append(
        Stay(
            part, 0, HOURS, f"serve-{part.number}", "serving",
            activity=0.9, used_mib=60_000, tokens_a_step=1000,
        )
    )  # fmt: skip


def _nobody(history: History, part: Part) -> None:
    """Nobody holds it all week."""


def _unused(history: History, part: Part) -> None:
    """Three days of a process that does nothing, between two that it works."""
    pod = f"notebook-{part.number}"
    for first, last, activity in ((0, 24, 0.8), (24, 96, 0.0), (96, HOURS, 0.8)):
        waste = "" if activity else "allocated_unused"
        stay = Stay(part, first, last, pod, activity=activity, used_mib=20_000, waste=waste)
        history.stays.append(stay)


def _no_process(history: History, part: Part) -> None:
    stay = Stay(part, 48, 120, f"forgotten-{part.number}", waste="no_process")
    history.stays.append(stay)


def _unobserved(history: History, part: Part) -> None:
    """Twelve hours without the exporter on even hosts, without the activity on odd ones."""
    pod = f"quiet-{part.number}"
    away = (part.number // GPUS_A_HOST) % 2 == 0
    for first, last in ((0, 72), (84, HOURS)):
        history.stays.append(Stay(part, first, last, pod, activity=0.6, used_mib=30_000))
    history.stays.append(
        Stay(
            part, 72, 84, pod,
            activity=0.6, used_mib=30_000, seen=away, away=away, waste="allocated_unobserved",
        )
    )  # fmt: skip


def _over_sized(history: History, part: Part) -> None:
    pod = f"small-{part.number}"
    history.stays.append(
        Stay(part, 0, HOURS, pod, activity=0.1, used_mib=4_000, waste="over_sized")
    )


def _failed(history: History, part: Part) -> None:
    """The first attempt fails ten hours after its checkpoint; the second ends."""
    job = f"fail-{part.number}"
    _attempts(history, part, job, ((0, 30, "failed", 20), (30, 100, "completed", None)))


def _preempted(history: History, part: Part) -> None:
    """The first attempt is thrown out and had no checkpoint; the second ends."""
    job = f"spot-{part.number}"
    _attempts(history, part, job, ((10, 40, "preempted", None), (50, 90, "completed", None)))


def _attempts(
    history: History,
    part: Part,
    job: str,
    attempts: Sequence[tuple[int, int, str, int | None]],
) -> None:
    for number, (first, last, state, checkpoint) in enumerate(attempts, start=1):
        waste = "" if state == "completed" else state
        history.runs.append(Run(job, number, state, first, last, part.host, checkpoint))
        history.stays.append(
            Stay(
                part, first, last, f"{job}-{number}",
                job_id=job, activity=0.7, used_mib=50_000, waste=waste,
            )
        )  # fmt: skip


def _mig(history: History, host: Host, number: int) -> None:
    """Even GPUs are cut into 3 + 2 + 1 + 1 of 7, odd ones into 4 + 1, and 2 are left."""
    whole = _gpu(host, number)
    cuts = (
        (("1:3g.40gb", 1_542_857), ("2:2g.20gb", 1_028_571), ("3:1g.10gb", 514_286),
         ("4:1g.10gb", 514_286))
        if number % 2 == 0
        else (("1:4g.40gb", 2_057_143), ("2:1g.10gb", 514_286), ("rest", 1_028_571))
    )  # fmt: skip
    for place, (name, capacity_ms) in enumerate(cuts):
        memory = int(name.split(".")[1].removesuffix("gb")) * 1024 if "." in name else 0
        part = Part(whole.gpu_uuid, number, host, name, capacity_ms, memory)
        history.parts.append(part)
        if name != "rest" and place < 3:
            history.stays.append(_mig_stay(part, place))


def _mig_stay(part: Part, place: int) -> Stay:
    """The first slice works, the second is held without work, the third without a process."""
    pod = f"mig-{part.number}-{place}"
    if place == 0:
        return Stay(part, 0, HOURS, pod, activity=0.5, used_mib=9_000)
    if place == 1:
        return Stay(part, 0, HOURS, pod, used_mib=5_000, waste="allocated_unused")
    return Stay(part, 24, HOURS, pod, waste="no_process")


def _shared(history: History, host: Host, number: int) -> None:
    """Four pods on even GPUs; one or two on odd ones, so that half of the GPU is free."""
    part = _gpu(host, number)
    history.parts.append(part)
    several = number % 2 == 0 or host.mode == "time_slicing"
    share = 0.25 if several else 0.5
    pods = {0: 4, 1: 2 if several else 1}[number % 2]
    for place in range(pods):
        pod = f"{host.mode.replace('_', '-')}-{number}-{place}"
        history.stays.append(Stay(part, 0, HOURS, pod, activity=0.8, used_mib=40_000, share=share))


_PLANTED = (
    _serving, _nobody, _unused, _no_process, _unobserved, _over_sized, _failed, _preempted,
)  # fmt: skip
_FILL = {"whole": _whole, "mig": _mig, "time_slicing": _shared, "fraction": _shared}
