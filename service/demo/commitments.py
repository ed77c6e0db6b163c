"""What the company has promised to pay, used or not, and which machine-hours it covers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.demo.clouds import AWS, AZURE, CLOUDS, Cloud
from service.demo.fleet import Pool
from service.demo.jobs import uuids
from service.demo.reference import pico
from service.demo.sharing import Sharing
from service.demo.timeline import Flags, Ints


@dataclass(frozen=True, slots=True)
class Commitment:
    """A promise for ``machines`` of a pool at ``rate`` (10⁻¹² USD an hour); ``covered`` by hour."""

    id: str
    name: str
    pool: Pool
    machines: int
    rate: int
    covered: Flags

    @property
    def cloud(self) -> Cloud:
        """Who was promised."""
        return next(cloud for cloud in CLOUDS if cloud.provider == self.pool.offer.provider)

    def unused(self) -> Ints:
        """How many of the promised machines stood unused in each hour."""
        return np.asarray(self.machines - self.covered.sum(axis=0), dtype=np.int64)


def commitments_of(sharings: Sequence[Sharing], rng: np.random.Generator) -> tuple[Commitment, ...]:
    """Commitments of all pools; each covers the first machines of its pool that are up."""
    return tuple(
        Commitment(
            id=_identifier(sharing.pool, uuids(2, rng)),
            name=f"{sharing.pool.name}-12-months",
            pool=sharing.pool,
            machines=sharing.pool.committed,
            rate=pico(sharing.pool.committed_rate),
            covered=_covered(sharing),
        )
        for sharing in sharings
        if sharing.pool.committed_rate is not None
    )


def _covered(sharing: Sharing) -> Flags:
    return sharing.up & (np.cumsum(sharing.up, axis=0) <= sharing.pool.committed)


def _identifier(pool: Pool, ids: Sequence[str]) -> str:
    if pool.offer.provider == AWS.provider:
        return f"arn:aws:savingsplans::{pool.account.id}:savingsplan/{ids[0]}"
    if pool.offer.provider == AZURE.provider:
        order = "/providers/Microsoft.Capacity/reservationOrders"
        return f"{order}/{ids[0]}/reservations/{ids[1]}"
    region = pool.offer.region
    return f"//compute.googleapis.com/projects/{pool.account.id}/regions/{region}/commitments/h100"
