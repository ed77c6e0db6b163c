"""What the ledger asks of the bills: invoices, commitments, and what was saved."""

from decimal import Decimal

import pytest

from tests.service.facts import Row, at, line, put
from warehouse.lake import Lake
from warehouse.port import Engine, Question

PLAN = {"CommitmentDiscountId": "sp-1"}
USED = PLAN | {"CommitmentDiscountStatus": "Used"}
UNUSED = PLAN | {"CommitmentDiscountStatus": "Unused"}


def answers(lake: Lake, engine: Engine, name: str, **params: object) -> list[Row]:
    """Ask one question of the lake."""
    rows: list[Row] = engine.query(Question(f"ask/{name}", params), lake.view()).to_pylist()
    return rows


def bought(billed: str, **columns: object) -> Row:
    """Return the purchase of the savings plan: billed at once, effective as it is used."""
    usual = {"BilledCost": Decimal(billed), "ChargeCategory": "Purchase"}
    return line("0", **usual | PLAN | columns)


def covered(effective: str, **columns: object) -> Row:
    """Return use that the savings plan pays for: effective, and billed already."""
    return line(effective, **{"BilledCost": Decimal(0)} | USED | columns)


def test_charges_are_told_apart_by_invoice_commitment_and_category(
    lake: Lake, engine: Engine
) -> None:
    """1 + 2 stand on invoice A, 4 on B, 8 on none; a purchase of 100 is effective as 0."""
    on_a = {"InvoiceIssuerName": "AWS", "InvoiceId": "A"}
    lines = [
        line("1", **on_a),
        line("2", **on_a),
        line("4", InvoiceIssuerName="AWS", InvoiceId="B"),
        line("8"),
        bought("100", **on_a),
        line("16", CapacityReservationId="cr-1", BillingCurrency="EUR"),
    ]
    put(lake, "cost_line", lines)
    put(lake, "cost_line", [line("99")], period="2026-11")

    found = answers(lake, engine, "ledger_charges", period="2026-10")

    names = ("invoice_issuer", "invoice", "commitment", "charge_category", "currency")
    sums = ("billed_cost", "effective_cost", "cost_lines")
    assert {tuple(row[one] for one in names): tuple(row[one] for one in sums) for row in found} == {
        ("AWS", "A", None, "Usage", "USD"): (3, 3, 2),
        ("AWS", "A", "sp-1", "Purchase", "USD"): (100, 0, 1),
        ("AWS", "B", None, "Usage", "USD"): (4, 4, 1),
        (None, None, None, "Usage", "USD"): (8, 8, 1),
        (None, None, "cr-1", "Usage", "EUR"): (16, 16, 1),
    }


def test_over_its_term_a_commitment_is_what_was_used_and_unused_of_it(
    lake: Lake, engine: Engine
) -> None:
    """A plan of 100 over two months: 60 + 15 used and 25 unused are the 100 of its purchase."""
    put(lake, "cost_line", [bought("100"), covered("60")])
    later = {"ChargePeriodStart": at(1, month=11), "ChargePeriodEnd": at(2, month=11)}
    unused = line("25", **UNUSED, **later, BilledCost=Decimal(0))
    put(lake, "cost_line", [covered("15", **later), unused], period="2026-11")

    (row,) = answers(lake, engine, "commitment_balance")

    assert (row["commitment"], row["currency"], row["provider"]) == ("sp-1", "USD", "AWS")
    assert (row["purchased_cost"], row["used_cost"], row["unused_cost"]) == (100, 75, 25)
    assert (row["billed_cost"], row["effective_cost"], row["cost_lines"]) == (100, 100, 4)
    assert (row["first_charge"], row["last_charge"]) == (at(5), at(2, month=11))


def test_a_reservation_billed_as_it_runs_has_no_purchase(lake: Lake, engine: Engine) -> None:
    """20 machines reserved, 15 run: 15 used + 5 unused are billed and effective alike."""
    cr = {"CapacityReservationId": "cr-1"}
    lines = [
        line("15", **cr, CapacityReservationStatus="Used"),
        line("5", **cr, CapacityReservationStatus="Unused"),
        line("7", InvoiceId="not committed"),
    ]
    put(lake, "cost_line", lines)

    (row,) = answers(lake, engine, "commitment_balance")

    assert (row["commitment"], row["purchased_cost"]) == ("cr-1", None)
    assert (row["used_cost"], row["unused_cost"]) == (15, 5)
    assert row["billed_cost"] == row["effective_cost"] == 20


@pytest.mark.parametrize("reserved", ["Used", "Unused"])
def test_a_reservation_that_a_discount_covers_counts_with_the_discount(
    lake: Lake, engine: Engine, reserved: str
) -> None:
    """The plan of 9 was used for it, whether or not a machine ran in it."""
    cr = {"CapacityReservationId": "cr-1", "CapacityReservationStatus": reserved}
    put(lake, "cost_line", [bought("9"), covered("9", **cr)])

    (row,) = answers(lake, engine, "commitment_balance")

    assert (row["commitment"], row["purchased_cost"]) == ("sp-1", 9)
    assert (row["used_cost"], row["unused_cost"]) == (9, None)
