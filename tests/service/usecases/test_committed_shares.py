"""Which part of what machines cost was paid by commitments."""

from decimal import Decimal
from fractions import Fraction

from service.usecases.charge_owners import Reader
from service.usecases.gpu_time.committed_shares import Committed, Share, committed_of
from tests.service.facts import Row, line, node, put
from warehouse.lake import Lake
from warehouse.port import Engine

MONTHS: dict[str, object] = {"first_period": "2026-10", "end_period": "2026-11"}


def shares(lake: Lake, engine: Engine, *lines: Row) -> Committed:
    """Return the shares of October, with machines i-1 and i-2 on h1 and h2."""
    machines = [node(f"i-{one}", "p", host=f"h{one}", accelerator_model="H100") for one in (1, 2)]
    put(lake, "node", machines)
    put(lake, "cost_line", lines)
    reader = Reader(engine, lake.view(["cost_line", "node"]))
    return committed_of(reader.ask("committed_shares", MONTHS).to_pylist())


def paid(cost: str, hours: int | None, resource: str | None = "i-1", **columns: object) -> Row:
    """Return a line of a machine with H100s."""
    told = None if hours is None else Decimal(hours)
    return line(
        cost, ResourceId=resource, x_AcceleratorModel="H100", x_AcceleratorHours=told, **columns
    )


def test_a_machine_has_a_share_of_its_own(lake: Lake, engine: Engine) -> None:
    """On h1 10 of 40 USD and 10 of 20 hours are covered; on h2 all; on others 60 of 90 USD."""
    found = shares(
        lake,
        engine,
        paid("10", 10, CommitmentDiscountStatus="Used"),
        paid("30", 10),
        paid("50", 40, "i-2", x_PurchaseModel="capacity_block"),
        paid("7", 99, CommitmentDiscountStatus="Unused"),
    )

    assert found.of("h1", "H100") == Share(Fraction(1, 4), Fraction(1, 2))
    assert found.of("h2", "H100") == Share(Fraction(1), Fraction(1))
    assert found.of("elsewhere", "H100") == Share(Fraction(2, 3), Fraction(5, 6))
    assert found.of("elsewhere", "L4") == Share()


def test_where_no_hours_are_told_the_share_of_the_cost_stands_for_them(
    lake: Lake, engine: Engine
) -> None:
    """A quarter of the cost is a quarter of the hours."""
    found = shares(lake, engine, paid("10", None, x_PurchaseModel="committed"), paid("30", None))

    assert found.of("h1", "H100") == Share(Fraction(1, 4), Fraction(1, 4))


def test_credits_and_several_currencies_leave_a_share_between_nothing_and_all(
    lake: Lake, engine: Engine
) -> None:
    """20 USD of 15 are at most all; the euros have fewer hours; a cost of nothing tells nothing."""
    found = shares(
        lake,
        engine,
        paid("20", 10, x_PurchaseModel="committed"),
        paid("-5", 10),
        paid("99", 1, BillingCurrency="EUR"),
        paid("0", 5, "i-2"),
    )

    assert found.of("h1", "H100") == Share(Fraction(1), Fraction(1, 2))
    assert "h2" not in found.hosts
