"""What a commitment cost and what came of it, over all of its term that bills tell of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.domain.money import Money, share_ppm

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class CommitmentBalance:
    """One commitment in one currency; charges run from ``first_charge`` to ``last_charge``.

    ``purchased`` is what its purchases billed, ``None`` where it has none, as it is billed as it
    runs; ``billed`` and ``effective`` are of all of its lines.
    """

    commitment: str
    provider: str | None
    purchased: Money | None
    used: Money
    unused: Money
    billed: Money
    effective: Money
    first_charge: datetime
    last_charge: datetime
    cost_lines: int

    @property
    def currency(self) -> str:
        """The currency of all of its amounts."""
        return self.billed.currency

    @property
    def remaining(self) -> Money:
        """What was billed and is neither used nor unused yet: prepaid, and at its end 0.

        Less than 0 says that more was used than billed, as where its purchase was not loaded.
        """
        return self.billed - self.used - self.unused

    @property
    def is_settled(self) -> bool:
        """Whether used and unused are together what was billed."""
        return not self.remaining.pico

    @property
    def utilisation_ppm(self) -> int | None:
        """How much of what ran so far was used, in millionths; ``None`` before anything ran."""
        ran = self.used + self.unused
        return share_ppm(self.used, ran) if ran > Money.zero(self.currency) else None
