"""A small company whose months are posted and closed, for the tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from service.domain.hindrances import ClosingRule
from service.domain.money import Money
from service.domain.periods import Period
from service.usecases.allocate_period import allocate_period
from service.usecases.apply_policy import apply_policy, propose_policy
from service.usecases.ledger.close_period import Closer
from service.usecases.ledger.post_period import Posted, post_period
from service.usecases.ledger.verify import Verification, verify_closes
from service.usecases.stale_periods import stale_periods
from tests.service.facts import line, put

if TYPE_CHECKING:
    from pathlib import Path

    from service.bootstrap import Wiring
    from tests.service.facts import Row

OCTOBER, NOVEMBER = Period("2026-10"), Period("2026-11")
LATER = datetime(2026, 12, 20, 6, tzinfo=UTC)
_ASKED = ("lake", "engine", "store")
POLICY = """
version: 1
effective_from: 2026-08-01
teams: [{name: vision}, {name: nlp}, {name: platform}]
pools: [{name: gateway, owner: platform, share: evenly, teams: [vision, nlp]}]
rules:
  - {match: {account: "111"}, team: vision}
  - {match: {account: "222"}, team: nlp}
  - {match: {account: "333"}, pool: gateway}
"""


def usd(amount: str) -> Money:
    """Return an amount of dollars."""
    return Money.parse(amount, "USD")


def charge(amount: str, account: str, invoice: str | None = "A-1", **columns: Any) -> Row:  # noqa: ANN401 -- any column
    """Return a cost line of an account on an invoice of AWS."""
    usual = {"SubAccountId": account, "InvoiceIssuerName": "AWS", "InvoiceId": invoice}
    return line(amount, **(usual | columns))


def of_november(amount: str, account: str, **columns: Any) -> Row:  # noqa: ANN401 -- any column
    """Return a cost line of 5 November."""
    days = {
        "ChargePeriodStart": datetime(2026, 11, 5, tzinfo=UTC),
        "ChargePeriodEnd": datetime(2026, 11, 6, tzinfo=UTC),
    }
    return charge(amount, account, "A-2", **(days | columns))


def committed(billed: str, effective: str, status: str | None, account: str) -> Row:
    """Return the purchase of plan sp-1, or an hour of it."""
    return charge(
        effective,
        account,
        BilledCost=Decimal(billed),
        CommitmentDiscountId="sp-1",
        CommitmentDiscountStatus=status,
        ChargeCategory="Usage" if status else "Purchase",
    )


@dataclass(frozen=True)
class Company:
    """Parts whose clock moves a second at every look, late in December."""

    parts: Wiring
    folder: Path

    @classmethod
    def of(cls, wiring: Wiring, folder: Path) -> Company:
        """Apply the policy."""
        ticks = iter(range(100_000))
        clock = lambda: LATER + timedelta(seconds=next(ticks))  # noqa: E731 -- the clock of a test
        company = cls(replace(wiring, clock=clock), folder)
        company.apply(POLICY)
        return company

    def apply(self, text: str) -> None:
        """Apply a policy as ada."""
        file = self.folder / "policy.yaml"
        file.write_text(text)
        parts = self.parts
        proposal = propose_policy(file, lake=parts.lake, engine=parts.engine, store=parts.store)
        apply_policy(proposal, **self.wires(), actor="cli:ada")

    def wires(self) -> dict[str, Any]:
        """Return the long-lived parts by name."""
        parts = self.parts
        return {
            "lake": parts.lake,
            "engine": parts.engine,
            "store": parts.store,
            "new_id": parts.new_id,
            "clock": parts.clock,
        }

    def asks(self) -> dict[str, Any]:
        """Return the parts that a report asks, by name."""
        return {name: part for name, part in self.wires().items() if name in _ASKED}

    def load(self, period: Period, *rows: Row) -> None:
        """Make these rows all that is billed in a period, and allocate what is stale."""
        put(self.parts.lake, "cost_line", rows, period=str(period))
        for stale in stale_periods(lake=self.parts.lake, store=self.parts.store):
            allocate_period(stale, **self.wires())

    def post(self, period: Period) -> Posted:
        """Post a period as the nightly run does."""
        return post_period(period, **self.wires(), actor="nightly")

    def closer(self) -> Closer:
        """Return what closes periods of which at most 5 % are unallocated, 10 days later."""
        return Closer(ClosingRule(Decimal(5), 10), **self.wires())

    def verify(self, *heads: str) -> Verification:
        """Prove all closed periods."""
        parts = self.parts
        return verify_closes(lake=parts.lake, engine=parts.engine, store=parts.store, heads=heads)
