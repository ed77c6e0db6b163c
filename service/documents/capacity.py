"""The capacity file: quotas, commitments, reservations and capacity blocks."""

from __future__ import annotations

from collections import Counter
from datetime import date  # noqa: TC003  (Pydantic reads the annotation)
from typing import TYPE_CHECKING, Literal

from service.documents.base import Amount, Count, Currency, Document, Moment, Name, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from service.documents.marks import Loc

Market = Literal["on_demand", "spot"]


SIZES = ("machines", "vcpus", "accelerators")
"""What a quota may count."""


class Quota(Document):
    """How much the provider allows at once; by machine type, family or families, by one of them.

    ``family`` is a prefix of the machine type, as ``p5`` or ``a2-ultragpu``; ``families`` share
    one quota. It counts machines, or vCPUs or accelerators of machines, one of them. ``zone`` left
    out means all zones of the region together.
    """

    provider: Text
    region: Text
    zone: Text | None = None
    machine_type: Text | None = None
    family: Text | None = None
    families: tuple[Text, ...] = ()
    market: Market = "on_demand"
    machines: Count | None = None
    vcpus: Count | None = None
    accelerators: Count | None = None

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The families that share the quota."""
        return self.families or ((self.family,) if self.family else ())

    def problems(self) -> Iterator[str]:
        """Yield what is missing or too much."""
        subjects = (self.machine_type, self.family, *self.families[:1])
        if sum(subject is not None for subject in subjects) != 1:
            yield "needs machine_type, family or families, one of them"
        if sum(getattr(self, size) is not None for size in SIZES) != 1:
            yield "needs machines, vcpus or accelerators, one of them"


class Term(Document):
    """Something that holds from ``start`` up to, not including, ``end``."""

    id: Text
    provider: Text
    region: Text
    zone: Text | None = None
    machine_type: Text
    machines: Count
    start: Moment
    end: Moment
    owner: Name | None = None


CommitmentKind = Literal["usage", "spend"]

_OF_KIND: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "usage": (("region", "machine_type", "machines"), ("hourly_commitment", "family")),
    "spend": (("hourly_commitment",), ("machines", "hourly_rate")),
}
"""Which fields each kind needs, and which have no place in it."""


class Commitment(Document):
    """What is paid whether used or not.

    Of kind ``usage`` (RI, CUD) it is machine-hours of one type in a region or zone, each at
    ``hourly_rate``. Of kind ``spend`` (savings plan) it is ``hourly_commitment`` of money an hour;
    region, zone, machine type, family and account say what it counts for, left out: everything.
    """

    id: Text
    provider: Text
    kind: CommitmentKind = "usage"
    product: Text | None = None
    region: Text | None = None
    zone: Text | None = None
    machine_type: Text | None = None
    family: Text | None = None
    account: Text | None = None
    machines: Count | None = None
    start: Moment
    end: Moment
    owner: Name | None = None
    hourly_rate: Amount | None = None
    hourly_commitment: Amount | None = None
    currency: Currency | None = None
    payment_option: Text | None = None
    state: Text | None = None

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield fields that the kind needs, and fields that it cannot have."""
        needed, excluded = _OF_KIND[self.kind]
        for name in needed:
            if getattr(self, name) is None:
                yield (
                    name,
                    "is missing" if self.kind == "usage" else f"is missing (kind {self.kind})",
                )
        for name in excluded:
            if getattr(self, name) is not None:
                yield name, f"has no place in a commitment of kind {self.kind}"

    def term(self) -> Term | None:
        """Return the machines that are paid; ``None`` where money is promised, not machines."""
        if self.region is None or self.machine_type is None or self.machines is None:
            return None
        return Term(
            id=self.id,
            provider=self.provider,
            region=self.region,
            zone=self.zone,
            machine_type=self.machine_type,
            machines=self.machines,
            start=self.start,
            end=self.end,
            owner=self.owner,
        )


class Reservation(Term):
    """Machines kept free for us in one zone, at the rate of the market while they are kept."""


class CapacityBlock(Term):
    """Machines bought for a stretch of time and paid in advance; a price left out is not known."""

    price_upfront: Amount | None = None
    currency: Currency | None = None


class CapacityDocument(Document):
    """Everything a company may use and has paid for, from a day on."""

    version: Literal[1]
    effective_from: date
    currency: Currency = "USD"
    quotas: tuple[Quota, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    capacity_blocks: tuple[CapacityBlock, ...] = ()

    @property
    def committed(self) -> tuple[Term, ...]:
        """The machines of commitments of kind ``usage``."""
        terms = (commitment.term() for commitment in self.commitments)
        return tuple(term for term in terms if term is not None)

    @property
    def spend_commitments(self) -> tuple[Commitment, ...]:
        """The commitments of kind ``spend``."""
        return tuple(one for one in self.commitments if one.kind == "spend")

    def contradictions(self) -> Iterator[tuple[Loc, str]]:
        """Yield quotas without exactly one subject or said twice, empty terms, repeated ids."""
        yield from self._quotas()
        for index, commitment in enumerate(self.commitments):
            for name, problem in commitment.problems():
                yield ("commitments", index, name), problem
        for part in ("commitments", "reservations", "capacity_blocks"):
            yield from _terms(part, getattr(self, part))

    def _quotas(self) -> Iterator[tuple[Loc, str]]:
        seen: Counter[tuple[object, ...]] = Counter()
        for index, quota in enumerate(self.quotas):
            for problem in quota.problems():
                yield ("quotas", index), problem
            key = tuple(quota.model_dump(exclude=set(SIZES)).values())
            seen[key] += 1
            if seen[key] == 2:  # noqa: PLR2004  (the second is one too many)
                yield ("quotas", index), "says again what an earlier quota says"


def _terms(part: str, terms: tuple[Term | Commitment, ...]) -> Iterator[tuple[Loc, str]]:
    seen: set[str] = set()
    for index, term in enumerate(terms):
        if term.end <= term.start:
            yield (part, index, "end"), "must come after start"
        if term.id in seen:
            yield (part, index, "id"), f"{term.id!r} is the id of another of the {part}"
        seen.add(term.id)
