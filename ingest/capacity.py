"""What a source can say beside deliveries: quotas and contracts that it found at a provider.

Everything stands as the provider says it; what becomes of it is decided by who reads it.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, runtime_checkable


class QuotaUnit(StrEnum):
    """What a provider counts in a quota."""

    MACHINE = "machine"
    VCPU = "vcpu"
    ACCELERATOR = "accelerator"


class Market(StrEnum):
    """Which machines a quota counts."""

    ON_DEMAND = "on_demand"
    SPOT = "spot"


class CommitmentKind(StrEnum):
    """What was promised: to use machines, or to spend money by the hour."""

    USAGE = "usage"
    SPEND = "spend"


@dataclass(frozen=True, slots=True)
class QuotaFact:
    """How much may run at once in a region, or in one of its zones.

    ``limit`` counts ``unit``. It holds for one ``machine_type``, or for all machine types together
    that begin with one of ``families``. ``id`` and ``title`` are the provider's own.
    """

    id: str
    title: str
    provider: str
    region: str
    market: Market
    unit: QuotaUnit
    limit: int
    machine_type: str | None = None
    families: tuple[str, ...] = ()
    zone: str | None = None

    def __post_init__(self) -> None:
        """Refuse a quota of nothing, and one of less than nothing."""
        if (self.machine_type is None) == (not self.families):
            raise ValueError(f"quota {self.id}: needs machine_type or families, one of them")
        if self.limit < 0:
            raise ValueError(f"quota {self.id}: limit {self.limit} is negative")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and for what a contract counts; ``None`` is no bound.

    ``family`` is a prefix of machine types, ``account`` whose use it covers.
    """

    region: str | None = None
    zone: str | None = None
    machine_type: str | None = None
    family: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class CommitmentFact:
    """A contract that is paid whether used or not: RI, savings plan, CUD, reservation.

    Of kind ``usage`` it covers ``machines``, each at ``hourly_rate`` (upfront payment spread over
    the term included); of kind ``spend`` it is ``hourly_rate`` of money an hour in all. A rate of
    ``None`` is not known. It holds from ``start`` up to, not including, ``end``. ``product``,
    ``payment_option`` and ``state`` are in the provider's words.
    """

    id: str
    provider: str
    kind: CommitmentKind
    product: str
    start: datetime
    end: datetime
    scope: Scope
    currency: str
    hourly_rate: Decimal | None = None
    machines: int | None = None
    payment_option: str | None = None
    state: str | None = None

    def __post_init__(self) -> None:
        """Refuse an empty term, and machines that are missing or out of place."""
        _refuse_empty_term(self.id, self.start, self.end)
        if (self.kind is CommitmentKind.USAGE) != (self.machines is not None):
            raise ValueError(f"commitment {self.id}: machines belong to kind usage, and only there")


@dataclass(frozen=True, slots=True)
class ReservationFact:
    """Machines kept free for us in a zone; an ``end`` of ``None`` is until it is cancelled."""

    id: str
    provider: str
    region: str
    zone: str
    machine_type: str
    machines: int
    start: datetime
    end: datetime | None = None
    account: str | None = None
    state: str | None = None

    def __post_init__(self) -> None:
        """Refuse an empty term."""
        if self.end is not None:
            _refuse_empty_term(self.id, self.start, self.end)


@dataclass(frozen=True, slots=True)
class CapacityBlockFact:
    """Machines bought for a stretch of time and paid in advance.

    ``price_upfront`` is for the whole block, and ``None`` where the provider does not say it.
    """

    id: str
    provider: str
    region: str
    zone: str
    machine_type: str
    machines: int
    start: datetime
    end: datetime
    currency: str
    price_upfront: Decimal | None = None
    account: str | None = None
    state: str | None = None

    def __post_init__(self) -> None:
        """Refuse an empty term."""
        _refuse_empty_term(self.id, self.start, self.end)


@dataclass(frozen=True, slots=True)
class CapacityFacts:
    """Everything that one source found about capacity; ``notes`` say what it could not tell."""

    quotas: tuple[QuotaFact, ...] = ()
    commitments: tuple[CommitmentFact, ...] = ()
    reservations: tuple[ReservationFact, ...] = ()
    capacity_blocks: tuple[CapacityBlockFact, ...] = ()
    notes: tuple[str, ...] = ()


@runtime_checkable
class CapacitySource(Protocol):
    """A source that knows quotas and contracts as well; ``name`` is that of the source."""

    name: str

    def capacity(self) -> CapacityFacts:
        """Ask the provider what may be used and what is paid already.

        Raises:
            SourceError: When that cannot be found out.
        """
        ...


def _refuse_empty_term(name: str, start: datetime, end: datetime) -> None:
    if end <= start:
        raise ValueError(f"{name}: its end {end} is not after its start {start}")
