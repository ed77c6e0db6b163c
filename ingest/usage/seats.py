"""Numbers the GPUs, their slices and who held them: a seat is one holder on one GPU or slice."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.usage.labels import NOBODY, Holder, LabelReader, Place
from ingest.usage.signals import Rules

BLOCK_GPUS = 512
"""GPUs that are reduced together: few enough that their samples stay in the processor's cache."""


@dataclass(slots=True)
class Gpu:
    """A physical GPU; of several host or model names the best label's, then the first by name."""

    uuid: str
    host: str
    host_rank: int
    model: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A whole GPU (no name) or one of its slices, and the seat of nobody on it."""

    gpu: int
    name: str
    nobody: int


@dataclass(slots=True)
class Seats:
    """Every seat, slot and GPU in the order in which they were first told."""

    rules: Rules
    gpus: list[Gpu] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    slot_of: list[int] = field(default_factory=list)
    holder_of: list[Holder] = field(default_factory=list)
    unidentified: int = 0
    _reader: LabelReader = field(init=False)
    _told: dict[tuple[int, object], int] = field(default_factory=dict)
    _gpu_numbers: dict[str, int] = field(default_factory=dict)
    _slot_numbers: dict[tuple[int, str], int] = field(default_factory=dict)
    _seat_numbers: dict[tuple[int, Holder], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read labels by the rules' names."""
        self._reader = LabelReader(self.rules.labels)

    def seat(self, labels: Mapping[str, str]) -> int:
        """Return the number of the seat that the labels tell, -1 where they tell no GPU."""
        key = self._reader.key(labels)
        seat = self._told.get(key)
        if seat is None:
            seat = self._told[key] = self._new(self._reader.place(labels))
        return seat

    def place(self, labels: Mapping[str, str]) -> Place:
        """Return what the labels tell of a series that is not of a GPU."""
        return self._reader.place(labels)

    def gpu_of(self, seat: int) -> int:
        """Return the number of a seat's GPU."""
        return self.slots[self.slot_of[seat]].gpu

    def names(self, seat: int) -> tuple[str, ...]:
        """Return what seats are ordered by: GPU, slice and holder."""
        slot = self.slots[self.slot_of[seat]]
        return (self.gpus[slot.gpu].uuid, slot.name, *self.holder_of[seat])

    def slot(self, gpu: int, name: str) -> int:
        """Return the number of a GPU's slot, which may be new."""
        number = self._slot_numbers.setdefault((gpu, name), len(self.slots))
        if number == len(self.slots):
            self.slots.append(Slot(gpu, name, nobody=len(self.slot_of)))
            self._seat(number, NOBODY)
        return number

    def _new(self, place: Place) -> int:
        if not place.gpu_uuid:
            self.unidentified += 1
            return -1
        return self._seat(self.slot(self._gpu(place), place.slice), place.holder)

    def _gpu(self, place: Place) -> int:
        number = self._gpu_numbers.setdefault(place.gpu_uuid, len(self.gpus))
        if number == len(self.gpus):
            self.gpus.append(Gpu(place.gpu_uuid, place.host, place.host_rank, place.model))
            return number
        gpu = self.gpus[number]
        better = min((gpu.host_rank, gpu.host), (place.host_rank, place.host))
        gpu.host_rank, gpu.host = better
        gpu.model = min(filter(None, (gpu.model, place.model)), default="")
        return number

    def _seat(self, slot: int, holder: Holder) -> int:
        number = self._seat_numbers.setdefault((slot, holder), len(self.slot_of))
        if number == len(self.slot_of):
            self.slot_of.append(slot)
            self.holder_of.append(holder)
        return number
