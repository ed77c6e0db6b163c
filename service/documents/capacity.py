"""The capacity file: quotas, commitments, reservations and capacity blocks."""

from __future__ import annotations

from collections import Counter
from datetime import date  # noqa: TC003  (Pydantic reads the annotation)
from typing import TYPE_CHECKING, Literal

from service.documents.base import Amount, Count, Currency, Document, Moment, Name, Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from service.documents.marks import Loc

Market = Literal["on_demand", "spot"]


class Quota(Document):
    """How many machines the provider allows at once; by machine type or by family, by one of them.

    ``family`` is a prefix of the machine type, as ``p5`` or ``a2-ultragpu``. ``zone`` left out
    means all zones of the region together.
    """

    provider: Text
    region: Text
    zone: Text | None = None
    machine_type: Text | None = None
    family: Text | None = None
    market: Market = "on_demand"
    machines: Count


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

    def holds(self, moment: datetime) -> bool:
        """Say whether it can be used at ``moment``."""
        return self.start <= moment < self.end


class Commitment(Term):
    """Machine-hours that are paid for whether used or not: RI, savings plan, CUD."""

    hourly_rate: Amount | None = None


class Reservation(Term):
    """Machines kept free for us in one zone, at the rate of the market while they are kept."""


class CapacityBlock(Term):
    """Machines bought for a stretch of time and paid in advance."""

    price_upfront: Amount


class CapacityDocument(Document):
    """Everything a company may use and has paid for, from a day on."""

    version: Literal[1]
    effective_from: date
    currency: Currency = "USD"
    quotas: tuple[Quota, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    capacity_blocks: tuple[CapacityBlock, ...] = ()

    def contradictions(self) -> Iterator[tuple[Loc, str]]:
        """Yield quotas without exactly one subject or said twice, empty terms, repeated ids."""
        yield from self._quotas()
        for part in ("commitments", "reservations", "capacity_blocks"):
            yield from _terms(part, getattr(self, part))

    def _quotas(self) -> Iterator[tuple[Loc, str]]:
        seen: Counter[tuple[object, ...]] = Counter()
        for index, quota in enumerate(self.quotas):
            if (quota.machine_type is None) == (quota.family is None):
                yield ("quotas", index), "needs machine_type or family, one of them"
            key = tuple(quota.model_dump(exclude={"machines"}).values())
            seen[key] += 1
            if seen[key] == 2:  # noqa: PLR2004  (the second is one too many)
                yield ("quotas", index), "says again what an earlier quota says"


def _terms(part: str, terms: tuple[Term, ...]) -> Iterator[tuple[Loc, str]]:
    seen: set[str] = set()
    for index, term in enumerate(terms):
        if term.end <= term.start:
            yield (part, index, "end"), "must come after start"
        if term.id in seen:
            yield (part, index, "id"), f"{term.id!r} is the id of another of the {part}"
        seen.add(term.id)
