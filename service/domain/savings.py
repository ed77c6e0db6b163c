"""What was saved against list prices: by negotiation, by commitment, and in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.domain.money import share_ppm

if TYPE_CHECKING:
    from service.domain.money import Money


@dataclass(frozen=True, slots=True)
class Pair:
    """Two costs of the same lines; both are ``None`` where no line knows both."""

    higher: Money | None
    lower: Money | None

    @property
    def saved(self) -> Money | None:
        """The one less the other; less than 0 is a loss and stays one."""
        if self.higher is None or self.lower is None:
            return None
        return self.higher - self.lower


@dataclass(frozen=True, slots=True)
class Savings:
    """Savings in one currency; what is not known is ``None``, and never 0.

    ``negotiated`` is list against contracted cost, ``commitment`` contracted against effective,
    ``total`` list against effective. The effective costs say of how much one price is not known.
    """

    negotiated: Pair
    commitment: Pair
    total: Pair
    effective: Money
    effective_without_contracted: Money
    effective_without_list: Money

    @property
    def rate_ppm(self) -> int | None:
        """The effective savings rate, total savings ÷ list, in millionths."""
        saved, of_list = self.total.saved, self.total.higher
        if saved is None or of_list is None or of_list.pico <= 0:
            return None
        return share_ppm(saved, of_list)
