"""What a team is charged for a period, line by line."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from service.domain.policy import CostBasis

if TYPE_CHECKING:
    from service.domain.money import Money

_ID_DIGITS = 16


@dataclass(frozen=True, slots=True)
class LineKey:
    """What allocated cost is summed by into one line; an empty text is none.

    ``origin_period`` is set on restatements: the closed period whose cost they correct.
    """

    team: str
    line: str
    pool: str
    provider: str
    account: str
    service: str
    charge_category: str
    commitment: str
    method_id: str
    currency: str
    origin_period: str = ""

    @property
    def id(self) -> str:
        """The first 16 digits of the SHA-256 over the texts as a JSON array: stable for ever."""
        texts = [getattr(self, field.name) for field in fields(self)]
        encoded = json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode()
        return hashlib.sha256(encoded).hexdigest()[:_ID_DIGITS]


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A sum of allocated cost of one team; an empty text is none.

    On restatements ``origin_period`` and ``reason`` are set, and amounts and the count of cost
    lines are differences. Of a cost that is not known for all that is summed the known part is
    given; ``None`` is a cost that is not known at all. ``charged`` is what the team owes: the cost
    that the period charges by, and effective cost of whatever has no such price.
    """

    id: str
    team: str
    line: str
    pool: str
    provider: str
    account: str
    service: str
    charge_category: str
    commitment: str
    method_id: str
    currency: str
    origin_period: str
    reason: str
    billed: Money
    effective: Money
    contracted: Money | None
    list: Money | None
    charged: Money
    cost_lines: int

    @classmethod
    def of(  # noqa: PLR0913  five amounts, a count and a reason are seven things
        cls,
        key: LineKey,
        *,
        billed: Money,
        effective: Money,
        contracted: Money | None,
        list: Money | None,  # noqa: A002  the name of the cost in FOCUS
        charged: Money,
        cost_lines: int,
        reason: str = "",
    ) -> StatementLine:
        """Make the line of ``key``, whose id follows from it."""
        return cls(
            id=key.id,
            team=key.team,
            line=key.line,
            pool=key.pool,
            provider=key.provider,
            account=key.account,
            service=key.service,
            charge_category=key.charge_category,
            commitment=key.commitment,
            method_id=key.method_id,
            currency=key.currency,
            origin_period=key.origin_period,
            reason=reason,
            billed=billed,
            effective=effective,
            contracted=contracted,
            list=list,
            charged=charged,
            cost_lines=cost_lines,
        )

    @property
    def key(self) -> LineKey:
        """What the line is the sum of."""
        return LineKey(
            self.team,
            self.line,
            self.pool,
            self.provider,
            self.account,
            self.service,
            self.charge_category,
            self.commitment,
            self.method_id,
            self.currency,
            self.origin_period,
        )

    def cost(self, basis: CostBasis) -> Money | None:
        """Return what is known of one of the costs; ``None`` is nothing known, which is not 0."""
        return {
            CostBasis.EFFECTIVE: self.effective,
            CostBasis.BILLED: self.billed,
            CostBasis.CONTRACTED: self.contracted,
            CostBasis.LIST: self.list,
        }[basis]
