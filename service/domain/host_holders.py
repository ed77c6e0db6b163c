"""Whose the GPUs of a host were in an hour of which no label tells: those who ran there."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from service.domain.gpu_accounts import HOUR_MS
from service.domain.money import apportion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Device:
    """An hour of a GPU or slice that no label gives to anybody; ``None`` is not measured."""

    gpu_uuid: str
    slice: str
    capacity_ms: int
    observed_ms: int = 0
    activity_ms: int | None = None
    no_process_ms: int | None = None
    counted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """An attempt that ran on a host from ``begin_ms`` to ``end_ms`` of an hour, on ``gpus``."""

    source: str
    job_id: str
    attempt: int
    begin_ms: int
    end_ms: int
    gpus: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What an attempt held of a device, and how much of that was measured, at work and empty."""

    device: Device
    claim: Claim
    allocated_ms: int
    observed_ms: int
    activity_ms: int | None
    no_process_ms: int | None
    counted: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Moment:
    """A stretch of the hour in which the same claims ran: the GPUs of each, by its number."""

    length_ms: int
    gpus: Mapping[int, int]


def is_disputed(claims: Sequence[Claim]) -> bool:
    """Return whether claims of two sources ran at once: then nobody knows which host is meant."""
    return len({one.source for one in claims}) > 1 and any(
        one.source != other.source
        and max(one.begin_ms, other.begin_ms) < min(one.end_ms, other.end_ms)
        for one, other in combinations(claims, 2)
    )


def take(devices: Sequence[Device], claims: Sequence[Claim]) -> Iterator[Taken]:
    """Give the devices of a host and hour to the attempts that ran there.

    At any moment these hold together as many devices as they have GPUs: all if they have as many,
    else the most active ones (ties by id). Which of them is whose nobody knows, so that each is
    divided by their GPUs: two half-node jobs have a half of every device.
    """
    ranked = sorted(devices, key=_rank)
    moments = list(_moments(claims))
    held: list[dict[int, int]] = [{} for _ in ranked]
    given = [_given(device, place, moments) for place, device in enumerate(ranked)]
    for number, moment in enumerate(moments):
        long = [times.get(number, 0) for times in given]
        left = apportion(sum(long), moment.gpus)
        for ms, parts in zip(long, held, strict=True):
            for claim, part in _drawn(ms, left).items():
                parts[claim] = parts.get(claim, 0) + part
    for device, parts in zip(ranked, held, strict=True):
        yield from _taken(device, claims, {number: part for number, part in parts.items() if part})


def _moments(claims: Sequence[Claim]) -> Iterator[_Moment]:
    """Cut the hour where a claim begins or ends, and leave out when none ran."""
    cuts = sorted({cut for one in claims for cut in (one.begin_ms, one.end_ms)})
    for begin, end in pairwise(cuts):
        running = {
            number: one.gpus
            for number, one in enumerate(claims)
            if one.begin_ms <= begin and end <= one.end_ms
        }
        if running:
            yield _Moment(end - begin, running)


def _given(device: Device, place: int, moments: Sequence[_Moment]) -> Mapping[int, int]:
    """Return what a device gives to each moment in which it was held, by the moment's number.

    A GPU was there for its capacity, nobody knows when: it was held for as much of that as there
    was work. What is no whole GPU may count by its size, so that it gives by the hour's part.
    """
    lengths = {
        number: one.length_ms
        for number, one in enumerate(moments)
        if place < sum(one.gpus.values())
    }
    ran_ms = sum(lengths.values())
    if not ran_ms:
        return {}
    part_ms = device.capacity_ms * ran_ms // HOUR_MS
    whole = part_ms if device.slice else min(device.capacity_ms, ran_ms)
    return _drawn(whole, lengths)


def _rank(device: Device) -> tuple[int, str, str]:
    """Put what is known to rest before what nobody knows anything of."""
    active = -1 if device.activity_ms is None else device.activity_ms
    return -active, device.gpu_uuid, device.slice


def _taken(device: Device, claims: Sequence[Claim], parts: Mapping[int, int]) -> Iterator[Taken]:
    """Yield a device's parts; as of a labelled row, what is at work is at work for its holders."""
    if not parts:
        return
    whole = sum(parts.values())
    active = device.activity_ms
    observed = 0 if active is None else max(min(device.observed_ms, whole), 0)
    utilised = max(min(active or 0, observed), 0)
    empty = max(min(device.no_process_ms or 0, observed - utilised), 0)
    left = dict(parts)
    used, alone, rest = (_drawn(ms, left) for ms in (utilised, empty, observed - utilised - empty))
    counted = {name: apportion(value, parts) for name, value in device.counted.items()}
    for number, part in parts.items():
        yield Taken(
            device,
            claims[number],
            allocated_ms=part,
            observed_ms=used[number] + alone[number] + rest[number],
            activity_ms=None if active is None else used[number],
            no_process_ms=None if device.no_process_ms is None else alone[number],
            counted={name: values[number] for name, values in counted.items()},
        )


def _drawn(total: int, left: dict[int, int]) -> dict[int, int]:
    """Divide ``total`` by what each has left, and take it away from that."""
    if len(left) == 1:
        # Most hosts are one job's; millions of GPU-hours need no proportions.
        drawn = dict.fromkeys(left, total)
    else:
        drawn = apportion(total, left) if total else dict.fromkeys(left, 0)
    for number, part in drawn.items():
        left[number] -= part
    return drawn
