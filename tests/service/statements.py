"""Statements for tests: small ones that a reader can add up."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from service.domain.closing import PeriodState
from service.domain.money import Money
from service.domain.periods import Period
from service.domain.statements import StatementLine
from service.exports.statement import Statement

HEAD = "9f" * 32


def usd(text: str) -> Money:
    """Return an amount of US dollars."""
    return Money.parse(text, "USD")


def line(number: int, amount: Money, **more: Any) -> StatementLine:  # noqa: ANN401 -- as replace
    """Return a line of vision that costs ``amount``; ``more`` are texts of it."""
    whole = StatementLine(
        id=f"{number:016x}",
        team="vision",
        line="direct",
        pool="",
        provider="AWS",
        account="123456789012",
        service="Amazon EC2",
        charge_category="Usage",
        commitment="",
        method_id="direct.v1",
        currency=amount.currency,
        origin_period="",
        reason="",
        billed=amount,
        effective=amount,
        contracted=amount,
        list=None,
        charged=amount,
        cost_lines=3,
    )
    return replace(whole, **more)


VISION = Statement(
    company="Example Corp",
    period=Period("2026-10"),
    team="vision",
    team_title="Computer Vision",
    state=PeriodState.CLOSED,
    lines=(
        line(1, usd("100.004")),
        line(2, usd("50.004")),
        line(3, usd("25.004"), line="shared", pool="a100", method_id="by-use.v1"),
        line(4, usd("-7.5"), origin_period="2026-09", reason="late bill"),
    ),
    currency="USD",
    created=datetime(2026, 11, 8, 6, 0, tzinfo=UTC),
    reconciliation="All lines of all teams sum to all bills; the difference is 0.",
    final_through=date(2026, 10, 31),
    head=HEAD,
    previous={"USD": usd("150")},
)
"""Direct 150.008, shared 25.004, a correction of -7.50: 167.512 USD in all."""
