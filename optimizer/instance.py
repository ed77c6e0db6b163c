"""What is to be planned: slots, offers and jobs, in whole numbers only."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

SLOTS_MAX = 200_000
COUNT_MAX = 10**9  # machines, gangs and slot numbers
PRICE_MAX = 10**15  # millionths for one machine and slot
AMOUNT_MAX = 10**18  # millionths for one fixed or unplaced cost
TOTAL_MAX = 2**61  # millionths that the dearest plan may cost, so that 64-bit sums stay exact


class InvalidInstance(ValueError):
    """The instance breaks a rule of the format; ``where`` is the JSON path of the fault."""

    def __init__(self, sentence: str, where: str = "") -> None:
        """Keep the sentence for the user and, when known, the place in the document."""
        super().__init__(sentence)
        self.where = where


def _within(what: str, value: object, low: int, high: int) -> None:
    """Refuse anything but an integer from ``low`` to ``high``."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidInstance(f"{what} must be an integer from {low} to {high}, not {value!r}")


def _named(what: str, name: object) -> None:
    """Refuse an empty or non-text id."""
    if not isinstance(name, str) or not name:
        raise InvalidInstance(f"{what} id must be a text of at least one character, not {name!r}")


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that can be bought: per slot, the price of a machine and how many there are."""

    id: str
    price: tuple[int, ...]
    capacity: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse negative or absurd numbers."""
        _named("offer", self.id)
        # One look at the extremes is enough and keeps large instances fast to build.
        for value in {*self.price}:
            _within(f"offer {self.id}: price", value, 0, PRICE_MAX)
        for value in {*self.capacity}:
            _within(f"offer {self.id}: capacity", value, 0, COUNT_MAX)


@dataclass(frozen=True, slots=True)
class Option:
    """A way to run a job: on which offer, for how many slots, with what cost on top."""

    offer: str
    slots: int
    fixed_cost: int = 0

    def __post_init__(self) -> None:
        """Refuse an option that runs for no slot or costs less than nothing."""
        _named("offer", self.offer)
        _within(f"option {self.offer}: slots", self.slots, 1, COUNT_MAX)
        _within(f"option {self.offer}: fixed_cost", self.fixed_cost, 0, AMOUNT_MAX)


@dataclass(frozen=True, slots=True)
class Job:
    """A gang that runs once, inside [release, due), or is left out at a cost."""

    id: str
    release: int
    due: int
    gang: int
    unplaced_cost: int
    options: tuple[Option, ...]

    def __post_init__(self) -> None:
        """Refuse bad numbers and a second option for one offer."""
        _named("job", self.id)
        _within(f"job {self.id}: release", self.release, 0, COUNT_MAX)
        _within(f"job {self.id}: due", self.due, 0, COUNT_MAX)
        _within(f"job {self.id}: gang", self.gang, 1, COUNT_MAX)
        _within(f"job {self.id}: unplaced_cost", self.unplaced_cost, 0, AMOUNT_MAX)
        offers = [option.offer for option in self.options]
        if (double := _first_double(offers)) is not None:
            raise InvalidInstance(
                f"job {self.id} has more than one option for offer {double}; one is accepted"
            )


@dataclass(frozen=True, slots=True)
class Instance:
    """A planning problem: ``slots`` slots of ``slot_minutes``, what can be bought, what waits."""

    slots: int
    slot_minutes: int
    offers: tuple[Offer, ...]
    jobs: tuple[Job, ...]

    def __post_init__(self) -> None:
        """Refuse what the parts alone cannot see: doubles, lengths, unknown offers, overflow."""
        _within("slots", self.slots, 1, SLOTS_MAX)
        _within("slot_minutes", self.slot_minutes, 1, COUNT_MAX)
        self._ids_are_unique()
        self._offers_cover_every_slot()
        self._options_name_known_offers()
        self._costs_can_be_summed()

    def starts(self, job: Job, option: Option) -> range:
        """Slots in which ``job`` may begin and still end in time; capacity is not looked at."""
        return range(job.release, max(job.release, self.end(job) - option.slots + 1))

    def end(self, job: Job) -> int:
        """The slot before which ``job`` must have ended."""
        return min(job.due, self.slots)

    def _ids_are_unique(self) -> None:
        for kind, ids in (
            ("offer", [offer.id for offer in self.offers]),
            ("job", [job.id for job in self.jobs]),
        ):
            if (double := _first_double(ids)) is not None:
                where = f"{kind}s[{len(ids) - 1 - ids[::-1].index(double)}].id"
                raise InvalidInstance(f"{kind} id {double} is used twice", where)

    def _offers_cover_every_slot(self) -> None:
        for index, offer in enumerate(self.offers):
            for field, values in (("price", offer.price), ("capacity", offer.capacity)):
                if len(values) != self.slots:
                    raise InvalidInstance(
                        f"offer {offer.id}: {field} has {len(values)} values; "
                        f"one per slot, {self.slots}, is accepted",
                        f"offers[{index}].{field}",
                    )

    def _options_name_known_offers(self) -> None:
        known = {offer.id for offer in self.offers}
        for j, job in enumerate(self.jobs):
            for k, option in enumerate(job.options):
                if option.offer not in known:
                    raise InvalidInstance(
                        f"job {job.id}: offer {option.offer} is not among the offers",
                        f"jobs[{j}].options[{k}].offer",
                    )

    def _costs_can_be_summed(self) -> None:
        dearest = {offer.id: max(offer.price) for offer in self.offers}
        largest = {offer.id: max(offer.capacity) for offer in self.offers}
        total = 0
        for job in self.jobs:
            costs = [
                option.fixed_cost + dearest[option.offer] * job.gang * option.slots
                for option in job.options
                if option.slots <= self.slots and job.gang <= largest[option.offer]
            ]
            total += max([job.unplaced_cost, *costs])
        if total >= TOTAL_MAX:
            raise InvalidInstance(
                f"the dearest plan would cost {total}; less than {TOTAL_MAX} is accepted", "jobs"
            )


def _first_double(ids: list[str]) -> str | None:
    """The first id that occurs a second time, in sorted order."""
    if len(set(ids)) == len(ids):
        return None
    return next(left for left, right in pairwise(sorted(ids)) if left == right)
