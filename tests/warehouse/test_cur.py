"""AWS's Cost and Usage Report as FOCUS: which kind each line becomes, and that no cent is lost."""

import os
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.reference_tables import reference_tables
from tests.warehouse.cur import (
    CAPACITY,
    PLAN,
    RESERVED,
    Line,
    amortised,
    as_csv,
    as_table,
    line,
)
from tests.warehouse.staging import Stager, set_aside, written
from warehouse.load import Staged
from warehouse.load_dialects import read_dialect

DIALECTS = ("cur-1", "cur-2")
MAPPING = Path(__file__).parents[2] / "docs" / "connect" / "cur-mapping.md"


def _staged(stager: Stager, dialect: str, *lines: Line) -> Staged:
    if dialect == "cur-1":
        return stager.text(as_csv(lines), dialect=dialect, period="2026-10")
    return stager.table(as_table(lines), dialect=dialect, period="2026-10")


def _rows(stager: Stager, dialect: str, *lines: Line) -> list[dict[str, Any]]:
    staged = _staged(stager, dialect, *lines)
    assert set_aside(staged) == []
    return written(staged)


def _told(row: dict[str, Any], *columns: str) -> tuple[Any, ...]:
    return tuple(row[column] for column in columns)


COSTS = ("ChargeCategory", "BilledCost", "EffectiveCost")


def test_usage_on_demand_costs_what_is_billed(stager: Stager) -> None:
    """2 hours at 55.04 are 110.08 by list, by contract, billed and effective."""
    said = {"line_item_usage_amount": "2", "line_item_unblended_rate": "55.04"}
    listed = {"pricing_public_on_demand_cost": "110.08", "pricing_public_on_demand_rate": "55.04"}

    (row,) = _rows(stager, "cur-2", line("Usage", "110.08", **said, **listed))

    assert _told(row, *COSTS) == ("Usage", Decimal("110.08"), Decimal("110.08"))
    assert _told(row, "ListCost", "ContractedCost") == (Decimal("110.08"),) * 2
    assert _told(row, "PricingCategory", "PricingQuantity", "PricingUnit") == ("Standard", 2, "Hrs")
    assert _told(row, "x_MachineType", "x_PurchaseModel") == ("p5.48xlarge", "on_demand")
    assert _told(row, "ServiceProviderName", "SubAccountId") == ("AWS", "210987654321")


def test_a_savings_plan_is_billed_by_its_fee_and_counts_where_it_is_used(stager: Stager) -> None:
    """Of the hour's 40.00, usage took 38.00, so 2.00 are unused; 55.04 on demand are not billed."""
    plan = {"savings_plan_savings_plan_a_r_n": PLAN}
    covered = line(
        "SavingsPlanCoveredUsage",
        "55.04",
        savings_plan_savings_plan_effective_cost="38",
        pricing_public_on_demand_cost="55.04",
        **plan,
    )
    fee = line(
        "SavingsPlanRecurringFee",
        "40",
        savings_plan_total_commitment_to_date="40",
        savings_plan_used_commitment="38",
        **plan,
    )

    used, negated, unused = _rows(
        stager, "cur-2", covered, line("SavingsPlanNegation", "-55.04", **plan), fee
    )

    assert _told(used, *COSTS) == ("Usage", 0, 38)
    assert _told(used, "CommitmentDiscountStatus", "PricingCategory") == ("Used", "Committed")
    assert _told(used, "ListCost", "ContractedCost") == (Decimal("55.04"),) * 2
    assert _told(negated, *COSTS) == ("Adjustment", 0, 0)
    assert _told(unused, *COSTS) == ("Usage", 40, 2)
    assert _told(unused, "CommitmentDiscountStatus", "CommitmentDiscountQuantity") == ("Unused", 2)
    assert {one["CommitmentDiscountId"] for one in (used, negated, unused)} == {PLAN}
    assert _told(used, "CommitmentDiscountCategory", "x_PurchaseModel") == ("Spend", "committed")


def test_fees_that_are_used_up_are_purchases_without_effective_cost(stager: Stager) -> None:
    """An upfront fee of 1000, a recurring one of 40 that is used whole, an RI's of 8000 and 500."""
    stager.references = reference_tables()
    used = {"savings_plan_total_commitment_to_date": "40", "savings_plan_used_commitment": "40"}
    none = {
        "reservation_unused_amortized_upfront_fee_for_billing_period": "0",
        "reservation_unused_recurring_fee": "0",
    }
    lines = (
        line("SavingsPlanUpfrontFee", "1000", savings_plan_savings_plan_a_r_n=PLAN),
        line("SavingsPlanRecurringFee", "40", savings_plan_savings_plan_a_r_n=PLAN, **used),
        line("Fee", "8000", reservation_reservation_a_r_n=RESERVED),
        line("RIFee", "500", reservation_reservation_a_r_n=RESERVED, **none),
    )

    rows = _rows(stager, "cur-2", *lines)

    assert [_told(row, *COSTS) for row in rows] == [
        ("Purchase", billed, 0) for billed in (1000, 40, 8000, 500)
    ]
    assert [row["ChargeFrequency"] for row in rows] == [
        "One-Time",
        "Recurring",
        "One-Time",
        "Recurring",
    ]
    assert {row["CommitmentDiscountStatus"] for row in rows} == {None}
    assert {row["x_AcceleratorHours"] for row in rows} == {None}


def test_a_reserved_instance_counts_where_it_is_used_and_the_rest_at_its_fee(
    stager: Stager,
) -> None:
    """The usage has 20.5 of it; 1.25 of the upfront and 0.75 of the monthly fee are unused: 2."""
    reserved = {"reservation_reservation_a_r_n": RESERVED}
    usage = line("DiscountedUsage", "0", reservation_effective_cost="20.5", **reserved)
    fee = line(
        "RIFee",
        "15000",
        line_item_usage_end_date="2026-10-31T23:59:59Z",
        reservation_unused_amortized_upfront_fee_for_billing_period="1.25",
        reservation_unused_recurring_fee="0.75",
        reservation_unused_quantity="0.5",
        **reserved,
    )

    used, unused = _rows(stager, "cur-2", usage, fee)

    assert _told(used, *COSTS) == ("Usage", 0, Decimal("20.5"))
    assert _told(used, "CommitmentDiscountType", "CommitmentDiscountStatus") == (
        "Reserved Instance",
        "Used",
    )
    assert _told(unused, *COSTS) == ("Usage", 15000, 2)
    assert _told(unused, "CommitmentDiscountStatus", "PricingQuantity") == (
        "Unused",
        Decimal("0.5"),
    )
    assert _told(unused, "ConsumedQuantity", "x_AcceleratorHours") == (None, None)
    assert unused["ChargePeriodEnd"].isoformat() == "2026-11-01T00:00:00+00:00"


def test_where_aws_does_not_amortise_a_reservation_its_fee_counts_when_paid(stager: Stager) -> None:
    """A Dedicated Host: 300 are billed, and AWS says of no usage or fee what of it was used."""
    reserved = {"reservation_reservation_a_r_n": RESERVED}

    usage, fee = _rows(
        stager, "cur-2", line("DiscountedUsage", "0", **reserved), line("RIFee", "300", **reserved)
    )

    assert _told(usage, *COSTS) == ("Usage", 0, 0)
    assert _told(fee, "BilledCost", "EffectiveCost") == (300, 300)


def test_every_other_line_counts_as_it_is_billed(stager: Stager) -> None:
    """Minus 7.25 are minus 7.25, billed and effective; only their category differs."""
    vat = {"line_item_tax_type": "VAT"}
    before = {"line_item_usage_start_date": "2026-09-30T00:00:00Z"}
    lines = (
        line("Fee", "-7.25"),
        line("Tax", "-7.25", **vat),
        line("Credit", "-7.25"),
        line("Refund", "-7.25"),
        line("Refund", "-7.25", **vat),
        line("Refund", "-7.25", **before),
        line("EdpDiscount", "-7.25"),
        line("PrivateRateDiscount", "-7.25"),
        line("BundledDiscount", "-7.25"),
    )

    rows = _rows(stager, "cur-2", *lines)

    assert {_told(row, "BilledCost", "EffectiveCost") for row in rows} == {(Decimal("-7.25"),) * 2}
    assert [_told(row, "ChargeCategory", "ChargeClass") for row in rows] == [
        ("Purchase", None),
        ("Tax", None),
        ("Credit", None),
        ("Usage", None),
        ("Tax", None),
        ("Usage", "Correction"),
        ("Adjustment", None),
        ("Adjustment", None),
        ("Adjustment", None),
    ]
    assert {_told(row, "ChargeFrequency", "ConsumedQuantity") for row in rows} == {
        ("One-Time", None)
    }


def test_an_unknown_kind_of_line_is_kept_and_reported(stager: Stager) -> None:
    """AWS invents a kind: its 3.00 count, and the finding says that the category is none."""
    staged = _staged(stager, "cur-2", line("MysteryFee", "3"))

    (row,) = written(staged)
    assert _told(row, *COSTS) == ("MysteryFee", 3, 3)
    assert ("value not allowed", "ChargeCategory", 1) in {
        (one.rule, one.column, one.rows) for one in staged.findings
    }


def test_a_cost_that_aws_does_not_say_is_unknown_and_not_zero(stager: Stager) -> None:
    """Usage under a Savings Plan without its effective cost is set aside, with the reason."""
    staged = _staged(
        stager,
        "cur-2",
        line("SavingsPlanCoveredUsage", "55.04", savings_plan_savings_plan_a_r_n=PLAN),
        line("Usage", "1"),
    )

    (aside,) = set_aside(staged)
    assert aside["reason"].startswith("EffectiveCost is empty")
    assert staged.rows == 1


def test_negotiated_discounts_count_where_the_usage_is(stager: Stager) -> None:
    """Of 100 less 10 percent, the net columns put 90 at the usage and 0 at the discount's line."""
    usage = line("Usage", "100", line_item_net_unblended_cost="90")
    discount = line("EdpDiscount", "-10", line_item_net_unblended_cost="0")

    rows = _rows(stager, "cur-2", usage, discount)

    assert [row["BilledCost"] for row in rows] == [90, 0]
    assert [row["EffectiveCost"] for row in rows] == [90, 0]
    assert rows[0]["ListCost"] == 100


def test_machines_are_named_with_how_they_were_bought(stager: Stager) -> None:
    """The type is the product's, of SageMaker that of the usage type."""
    stager.references = reference_tables()
    block = {"capacity_reservation_capacity_reservation_type": "EC2 Capacity Block for ML"}
    lines = (
        line("Usage", "1", line_item_usage_type="SpotUsage:p5.48xlarge"),
        line(
            "Usage",
            "1",
            line_item_usage_type="USE1-Train:ml.p5.48xlarge",
            line_item_product_code="AmazonSageMaker",
            product_instance_type="p5.48xlarge-Training",
        ),
        line("Usage", "1", **block),
        line("Usage", "1", line_item_usage_type="EBSOptimized:p3.8xlarge"),
    )

    rows = _rows(stager, "cur-2", *lines)

    columns = ("x_MachineType", "x_PurchaseModel", "x_AcceleratorHours")
    assert [_told(row, *columns) for row in rows[:3]] == [
        ("p5.48xlarge", "spot", 8),
        ("ml.p5.48xlarge", "on_demand", 8),
        ("p5.48xlarge", "capacity_block", 8),
    ]
    assert rows[3]["x_AcceleratorHours"] is None


def test_reserved_capacity_is_used_unused_or_only_held(stager: Stager) -> None:
    """Of 2 held hours 1 is used, 1 is not; the line of the 2 hours has neither cost nor hours."""
    arn = {"capacity_reservation_capacity_reservation_arn": CAPACITY}
    status = "capacity_reservation_capacity_reservation_status"
    used = line("Usage", "55.04", **arn, **{status: "Used"})
    unused = line(
        "Usage", "55.04", line_item_usage_type="UnusedBox:p5.48xlarge", **arn, **{status: "Unused"}
    )
    held = line("Usage", "0", line_item_usage_amount="2", **arn, **{status: "Reserved"})

    rows = _rows(stager, "cur-2", used, unused, held)

    assert [row["CapacityReservationStatus"] for row in rows] == ["Used", "Unused", None]
    assert [row["PricingQuantity"] for row in rows] == [1, 1, None]
    assert {row["CapacityReservationId"] for row in rows} == {CAPACITY}


def test_the_legacy_report_names_reserved_capacity_in_the_reservation(stager: Stager) -> None:
    """CUR 1.0 has the capacity reservation where Reserved Instances are named: it is none."""
    (row,) = _rows(stager, "cur-1", line("Usage", "1", reservation_reservation_a_r_n=CAPACITY))

    assert _told(row, "CapacityReservationId", "CapacityReservationStatus") == (CAPACITY, "Used")
    assert row["CommitmentDiscountId"] is None


def test_tags_are_called_as_people_wrote_them(stager: Stager) -> None:
    """user_team and user:team are team; AWS's own keep their prefix; values stay as they are."""
    maps = stager.table(as_table([line("Usage", "1")]), dialect="cur-2")
    own = line("Usage", "1", **{"resource_tags_user:team": "nlp", "resource_tags_aws:by": "root"})
    columns = stager.text(
        as_csv([own], ["resource_tags_aws:by", "resource_tags_user:team"]), dialect="cur-1"
    )

    (first,), (second,) = written(maps), written(columns)
    assert first["Tags"] == '{"aws:created_by":"root","team":"a \\"b\\", c","env":"x"}'
    assert second["Tags"] == '{"aws:by":"root","team":"nlp"}'
    assert first["ServiceName"] == "Elastic Compute Cloud"


def test_software_of_others_is_theirs(stager: Stager) -> None:
    """A line of AWS Marketplace is provided by its seller, on AWS."""
    sold = {"bill_billing_entity": "AWS Marketplace", "line_item_legal_entity": "Acme Models"}

    (row,) = _rows(stager, "cur-2", line("Usage", "1", **sold))

    assert _told(row, "ServiceProviderName", "HostProviderName") == ("Acme Models", "AWS")


_ON_PLAN = {"savings_plan_savings_plan_a_r_n": PLAN}
_ON_RESERVED = {"reservation_reservation_a_r_n": RESERVED}
_BILL = [
    line("Usage", "110.0800000001"),
    line(
        "SavingsPlanCoveredUsage",
        "55.04",
        savings_plan_savings_plan_effective_cost="38.0000000003",
        **_ON_PLAN,
    ),
    line("SavingsPlanNegation", "-55.04", **_ON_PLAN),
    line(
        "SavingsPlanRecurringFee",
        "40",
        savings_plan_total_commitment_to_date="40",
        savings_plan_used_commitment="38.0000000003",
        **_ON_PLAN,
    ),
    line("SavingsPlanUpfrontFee", "1000", **_ON_PLAN),
    line("DiscountedUsage", "0", reservation_effective_cost="20.0000000007", **_ON_RESERVED),
    line(
        "RIFee",
        "15000",
        reservation_unused_amortized_upfront_fee_for_billing_period="1.2500000001",
        reservation_unused_recurring_fee="0.75",
        **_ON_RESERVED,
    ),
    line("Fee", "8000", **_ON_RESERVED),
    line("Fee", "100"),
    line("Credit", "-50"),
    line("Refund", "-5"),
    line("Tax", "7.7"),
    line("EdpDiscount", "-11.008"),
]


_MONEY = st.decimals("-9999", "9999", places=6).map(str)
_PAIDS = st.decimals("0", "9999", places=6)


@st.composite
def _lines(draw: st.DrawFn) -> list[Line]:
    """A bill in which every covered usage is negated, as AWS does."""
    bill: list[Line] = []
    for kind in draw(st.lists(st.sampled_from(_KINDS), min_size=1, max_size=12)):
        bill += kind(draw)
    return bill


def _covered(draw: st.DrawFn) -> list[Line]:
    plan = {"savings_plan_savings_plan_a_r_n": PLAN}
    cost, effective = draw(_PAIDS), str(draw(_PAIDS))
    first = {"savings_plan_savings_plan_effective_cost": effective} | plan
    return [
        line("SavingsPlanCoveredUsage", str(cost), **first),
        line("SavingsPlanNegation", str(-cost), **plan),
    ]


def _plan_fee(draw: st.DrawFn) -> list[Line]:
    total, used = sorted((draw(_PAIDS), draw(_PAIDS)), reverse=True)
    said = {
        "savings_plan_savings_plan_a_r_n": PLAN,
        "savings_plan_total_commitment_to_date": str(total),
        "savings_plan_used_commitment": str(used),
    }
    return [line("SavingsPlanRecurringFee", str(total), **said)]


def _reserved_usage(draw: st.DrawFn) -> list[Line]:
    said = {"reservation_effective_cost": str(draw(_PAIDS))}
    return [line("DiscountedUsage", "0", reservation_reservation_a_r_n=RESERVED, **said)]


def _reserved_fee(draw: st.DrawFn) -> list[Line]:
    said = {
        "reservation_reservation_a_r_n": RESERVED,
        "reservation_unused_amortized_upfront_fee_for_billing_period": str(draw(_PAIDS)),
        "reservation_unused_recurring_fee": str(draw(_PAIDS)),
    }
    return [line("RIFee", draw(_MONEY), **said)]


def _upfront(draw: st.DrawFn) -> list[Line]:
    return [
        line("SavingsPlanUpfrontFee", draw(_MONEY), savings_plan_savings_plan_a_r_n=PLAN),
        line("Fee", draw(_MONEY), reservation_reservation_a_r_n=RESERVED),
    ]


def _plain(draw: st.DrawFn) -> list[Line]:
    kinds = ["Usage", "Fee", "Credit", "Refund", "Tax", "EdpDiscount", "PrivateRateDiscount"]
    return [line(draw(st.sampled_from(kinds)), draw(_MONEY))]


_KINDS = (_covered, _plan_fee, _reserved_usage, _reserved_fee, _upfront, _plain)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_cent_of_a_bill_with_every_kind_of_line_is_lost_or_made(
    stager: Stager, dialect: str
) -> None:
    """Billed is the sum of unblended cost, effective AWS's own amortised cost, to the digit."""
    _check_sums(stager, dialect, _BILL)


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS)
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(bill=_lines())
def test_no_cent_of_any_bill_is_lost_or_made(
    stager: Stager, dialect: str, bill: list[Line]
) -> None:
    """The same of bills that nobody chose."""
    _check_sums(stager, dialect, bill)


def _check_sums(stager: Stager, dialect: str, bill: Sequence[Line]) -> None:
    rows = _rows(stager, dialect, *bill)

    billed = sum(Decimal(one["line_item_unblended_cost"]) for one in bill)
    assert len(rows) == len(bill)
    assert sum(row["BilledCost"] for row in rows) == billed
    assert sum(row["EffectiveCost"] for row in rows) == sum(map(amortised, bill))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_page_on_the_mapping_names_every_column(dialect: str) -> None:
    """Every column that is read stands on the page, and every FOCUS column that is given."""
    page = MAPPING.read_text(encoding="utf-8")
    mapping = read_dialect(dialect)
    given = re.findall(r"\bAS ([A-Z]\w+|x_\w+)\b", mapping.sql.rpartition("\nSELECT\n")[2])

    wanted = {*mapping.columns, *mapping.gathers, *given} - {"DOUBLE", "VARCHAR"}

    assert sorted(name for name in wanted if f"`{name}`" not in page) == []


@pytest.mark.needs_shared
def test_a_generated_report_of_48_gpu_hours(stager: Stager) -> None:
    """48 hours of p5.48xlarge at 38.00 under a Savings Plan are 1824.00, and 8 GPUs x 48 hours."""
    shared = os.environ.get("COMPTROLLER_SHARED_DATA") or MAPPING.parents[3] / "shared" / "data"
    path = Path(shared) / "billing" / "nise-gpu" / "aws_cur1_p5_48xlarge_2days.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not there; COMPTROLLER_SHARED_DATA names the folder of real data")
    stager.references = reference_tables()

    rows = written(stager.files([path], dialect="cur-1", period="2026-10"))

    assert len(rows) == 48
    assert sum(row["EffectiveCost"] for row in rows) == Decimal("1824.00")
    assert sum(row["ListCost"] for row in rows) == 48 * Decimal("55.04")
    assert sum(row["x_AcceleratorHours"] for row in rows) == 8 * 48
    assert {_told(row, "BilledCost", "x_MachineType", "x_PurchaseModel") for row in rows} == {
        (0, "p5.48xlarge", "committed")
    }
