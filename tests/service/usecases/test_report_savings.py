"""Reporting savings from the newest stored run."""

from decimal import Decimal

import pytest

from service.bootstrap import Wiring
from service.domain.money import Money
from service.domain.periods import Period
from service.errors import InputError, NotFoundError
from service.usecases.allocate_period import allocate_period
from service.usecases.report_savings import SavingsRow, report_savings
from tests.service.facts import Row, line, put

OCTOBER = Period("2026-10")


def usd(text: str) -> Money:
    """Return an amount of US dollars."""
    return Money.parse(text, "USD")


def priced(list_: str | None, contracted: str | None, effective: str, **columns: object) -> Row:
    """Return a line with these three costs; ``None`` is not known."""
    costs = {"ListCost": list_, "ContractedCost": contracted}
    known = {name: None if text is None else Decimal(text) for name, text in costs.items()}
    return line(effective, **known, **columns)


@pytest.fixture
def parts(wiring: Wiring) -> Wiring:
    """Return parts with a bill of October, allocated without a policy.

    On H100: 100 at list, 90 by contract, 60 in effect under a plan; 40 with no list price and 35
    by contract; 7 of which no price is known. Of the plan: its purchase of 500, and 5 unused.
    """
    plan, h100 = {"CommitmentDiscountId": "sp-1"}, {"x_AcceleratorModel": "H100"}
    bought = {"ChargeCategory": "Purchase", "BilledCost": Decimal(500)}
    lines = [
        priced("100", "90", "60", **plan, **h100),
        priced(None, "35", "40", **h100),
        priced(None, None, "7", **h100),
        priced("500", "500", "0", **plan, **bought),
        priced("300", "300", "0", **bought),
        priced("0", "0", "5", **plan, CommitmentDiscountStatus="Unused", ServiceName="Plans"),
    ]
    put(wiring.lake, "cost_line", lines)
    allocate_period(
        OCTOBER,
        lake=wiring.lake,
        engine=wiring.engine,
        store=wiring.store,
        new_id=wiring.new_id,
        clock=wiring.clock,
    )
    return wiring


def rows(parts: Wiring, by: str) -> dict[str, SavingsRow]:
    """Report October by one property."""
    report = report_savings(OCTOBER, by, lake=parts.lake, engine=parts.engine, store=parts.store)
    return {row.key: row for row in report.rows}


def test_savings_are_of_rows_that_know_both_costs(parts: Wiring) -> None:
    """Negotiated 100 - 90, commitment (90 - 60) + (35 - 40), total 100 - 60; 40 % of list."""
    found = rows(parts, "model")["H100"].savings

    assert found.negotiated.saved == usd("10")
    assert found.commitment.saved == usd("25")
    assert found.total.saved == usd("40")
    assert found.rate_ppm == 400_000


def test_what_has_no_price_stands_beside_the_savings(parts: Wiring) -> None:
    """Of 107 in effect 47 have no list price and 7 no contracted one."""
    found = rows(parts, "model")["H100"].savings

    assert found.effective == usd("107")
    assert found.effective_without_list == usd("47")
    assert found.effective_without_contracted == usd("7")


def test_a_purchase_is_not_counted_with_the_use_that_it_pays_for(parts: Wiring) -> None:
    """The 500 and 300 of purchases are no savings; 5 unused are a loss of 5: 40 - 5 = 35."""
    found = rows(parts, "provider")["AWS"].savings

    assert found.total.saved == usd("35")
    assert found.total.higher == usd("100")
    assert rows(parts, "service")["Plans"].savings.total.saved == usd("-5")


def test_savings_by_team_and_of_what_has_no_key(parts: Wiring) -> None:
    """Without a policy all is unallocated's; what is on no accelerator is (none)."""
    assert list(rows(parts, "team")) == ["unallocated"]
    assert set(rows(parts, "model")) == {"H100", "(none)"}


def test_only_the_listed_properties_can_be_asked_for(parts: Wiring) -> None:
    """Asking by sku names what is accepted; September has no bills."""
    with pytest.raises(InputError, match="by 'sku'; accepted are team, provider, service, model"):
        rows(parts, "sku")
    with pytest.raises(NotFoundError, match="no bill of 2026-09 was loaded"):
        report_savings(Period("2026-09"), lake=parts.lake, engine=parts.engine, store=parts.store)
