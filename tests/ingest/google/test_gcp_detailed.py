"""The usage cost export as cost lines: what is billed, what is effective, what it is called."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingest.reference_tables import reference_tables
from tests.ingest.google.rows import CUD, FEE, spooled
from tests.peers.google import usage
from tests.warehouse.staging import Stager, written

CORE = "A3 Instance Core running in Iowa"
EXPECTED = {
    ("null on usage or a purchase", "SkuPriceId"),
    ("null on usage or a purchase", "PricingQuantity"),
}
"""The export has no price ids, and a spend-based commitment no quantity that was not used."""

Line = Mapping[str, Any]


def lines(stager: Stager, rows: Sequence[Line]) -> list[dict[str, Any]]:
    """Spool rows of October 2026 and load them."""
    path = spooled(rows, stager.folder)
    staged = stager.files([path], dialect="gcp-detailed", period="2026-10")
    assert staged.quarantined == 0, staged.rejected
    assert {(one.rule, one.column) for one in staged.findings} <= EXPECTED
    return written(staged)


def told(found: Sequence[Line], *names: str) -> list[tuple[Any, ...]]:
    """Some columns of each line."""
    return [tuple(line[name] for name in names) for line in found]


def money(found: Sequence[Line], column: str) -> Decimal:
    """The sum of a column."""
    return sum((line[column] for line in found), Decimal(0))


def test_a_credit_is_a_line_of_its_own(stager: Stager) -> None:
    """10.25 of usage and a promotion of -0.25: two lines, 10 in all, the hours counted once."""
    found = lines(stager, [usage(cost=10.25, quantity=4, credit=[("PROMOTION", -0.25)])])

    assert told(found, "ChargeCategory", "BilledCost", "EffectiveCost", "PricingQuantity") == [
        ("Usage", Decimal("10.25"), Decimal("10.25"), Decimal(4)),
        ("Credit", Decimal("-0.25"), Decimal("-0.25"), None),
    ]
    assert told(found, "ResourceId", "SubAccountId", "RegionId")[1] == (
        "//compute/trainer-1",
        "research",
        "us-central1",
    )
    assert found[1]["ChargeDescription"] == f"Promotion on {CORE}"


def test_covered_usage_takes_its_share_of_the_fee_and_the_rest_is_unused(stager: Stager) -> None:
    """Fee 7 for 10 core-hours; 8 of 10 used hours are covered: 5.6 + 2 uncovered, 1.4 unused."""
    rows = [
        usage(cost=10.0, quantity=10, credit=[(CUD, -8.0)]),
        usage(cost=7.0, sku=FEE, quantity=10),
    ]

    found = lines(stager, rows)

    names = ("ChargeCategory", "BilledCost", "EffectiveCost", "CommitmentDiscountStatus")
    assert told(found, *names) == [
        ("Usage", Decimal(2), Decimal("7.6"), "Used"),
        ("Purchase", Decimal(7), Decimal(0), None),
        ("Usage", Decimal(0), Decimal("1.4"), "Unused"),
    ]
    assert told(found, "CommitmentDiscountId", "CommitmentDiscountQuantity") == [
        ("cud/us-central1/A3 core", Decimal(8)),
        ("cud/us-central1/A3 core", Decimal(10)),
        ("cud/us-central1/A3 core", Decimal(2)),
    ]
    assert money(found, "ListCost") == money(found, "ContractedCost") == 10


def test_a_spend_based_fee_is_unused_as_far_as_google_did_not_pay_it_back(stager: Stager) -> None:
    """Fee 5, of which 4.5 were used and paid back: usage keeps its lower price, 0.5 is unused."""
    fee = "Commitment - dollar based v1: GCE Flexible CUDs for 1 Year"
    rows = [
        usage(cost=4.5, quantity=10),
        usage(
            cost=5.0,
            sku=fee,
            credit=[("FEE_UTILIZATION_OFFSET", -4.5)],
            subscription={"instance_id": "sub-1"},
        ),
    ]

    found = lines(stager, rows)

    assert told(found, "ChargeCategory", "BilledCost", "EffectiveCost", "CommitmentDiscountId") == [
        ("Usage", Decimal("4.5"), Decimal("4.5"), None),
        ("Purchase", Decimal("0.5"), Decimal(0), "cud/sub-1"),
        ("Usage", Decimal(0), Decimal("0.5"), "cud/sub-1"),
    ]
    assert found[1]["CommitmentDiscountCategory"] == "Spend"


def test_a_fee_that_meets_no_usage_it_could_be_told_from_stays_what_it_is(stager: Stager) -> None:
    """A legacy spend-based fee of 5 is a purchase that costs 5; its credit makes usage free."""
    rows = [
        usage(cost=6.0, credit=[("COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE", -6.0)]),
        usage(cost=5.0, sku="Commitment - dollar based v1: Cloud SQL in Iowa for 1 Year"),
    ]

    found = lines(stager, rows)

    assert {
        (line["ChargeCategory"], line["EffectiveCost"], line["CommitmentDiscountId"])
        for line in found
    } == {("Usage", 0, None), ("Purchase", 5, None)}


def test_taxes_and_adjustments_are_told_apart(stager: Stager) -> None:
    """Only an adjustment of a month before is a correction; late usage is none."""
    september: dict[str, Any] = {"start": "2026-09-30T08:00:00Z", "end": "2026-09-30T09:00:00Z"}
    rows = [
        usage(cost=1.0, sku="Tax", cost_type="tax"),
        usage(cost=-2.0, cost_type="adjustment", adjustment_info={"description": "SLA"}),
        usage(cost=-3.0, cost_type="adjustment", **september),
        usage(cost=0.01, cost_type="rounding_error"),
        usage(cost=4.0, **september),
    ]

    found = lines(stager, rows)

    names = ("BilledCost", "ChargeCategory", "ChargeClass")
    assert sorted(told(found, *names), key=lambda line: line[0]) == [
        (Decimal(-3), "Adjustment", "Correction"),
        (Decimal(-2), "Adjustment", None),
        (Decimal("0.01"), "Adjustment", None),
        (Decimal(1), "Tax", None),
        (Decimal(4), "Usage", None),
    ]
    assert "SLA" in {line["ChargeDescription"] for line in found}


def test_a_month_begins_at_midnight_in_california(stager: Stager) -> None:
    """06:30 UTC of 1 October is still September there, 07:30 is October."""
    rows = [
        usage(cost=-1.0, cost_type="adjustment", start="2026-10-01T06:30:00Z"),
        usage(cost=-2.0, cost_type="adjustment", start="2026-10-01T07:30:00Z"),
    ]

    found = lines(stager, rows)

    assert told(found, "BilledCost", "ChargeClass") == [(-1, "Correction"), (-2, None)]


def test_labels_become_tags_and_only_gpu_skus_count_gpu_hours(stager: Stager) -> None:
    """8 GPUs for an hour are 8 hours; the 208 core-hours of the same machine are none."""
    stager.references = reference_tables()
    machine: dict[str, Any] = {
        "machine_spec": "a3-highgpu-8g",
        "labels": [{"key": "team", "value": 'a "b"'}],
    }
    rows = [
        usage(cost=78.0, sku="Nvidia H100 80GB GPU running in Iowa", quantity=8, **machine),
        usage(cost=6.0, quantity=208, **machine),
        usage(
            cost=1.0,
            sku="Nvidia H100 80GB GPU attached to Spot Preemptible VMs running in Iowa",
            **machine,
        ),
    ]

    found = lines(stager, rows)

    names = ("x_MachineType", "x_AcceleratorModel", "x_AcceleratorHours", "x_PurchaseModel")
    assert told(found, *names) == [
        ("a3-highgpu-8g", "H100", Decimal(8), "on_demand"),
        ("a3-highgpu-8g", "H100", None, "on_demand"),
        ("a3-highgpu-8g", "H100", Decimal(1), "spot"),
    ]
    assert found[0]["Tags"] == '{"team":"a \\"b\\""}'
    assert told(found, "PricingCategory") == [("Standard",), ("Standard",), ("Dynamic",)]


def test_another_currency_names_the_price_in_dollars(stager: Stager) -> None:
    """At 0.9 EUR for a dollar, 9 EUR are 10 USD."""
    rows = [usage(cost=9.0, currency="EUR", currency_conversion_rate=0.9)]

    (line,) = lines(stager, rows)

    assert (line["BillingCurrency"], line["EffectiveCost"]) == ("EUR", 9)
    assert (line["PricingCurrency"], line["PricingCurrencyEffectiveCost"]) == ("USD", 10)


AMOUNTS = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)
CREDITS = st.lists(
    st.tuples(st.sampled_from([CUD, "PROMOTION", "FREE_TIER", "FEE_UTILIZATION_OFFSET"]), AMOUNTS),
    max_size=3,
)
ROWS = st.builds(
    usage,
    cost=AMOUNTS,
    sku=st.sampled_from(
        [CORE, FEE, "Nvidia L4 GPU running in Iowa", "Commitment - dollar based v1: GCE for 1 Year"]
    ),
    quantity=st.floats(min_value=0, max_value=1e5),
    credit=CREDITS,
    cost_type=st.sampled_from(["regular", "regular", "tax", "adjustment"]),
)


def exact(amount: float) -> Decimal:
    """An amount as it is written, to 12 decimals."""
    return Decimal(repr(amount)).quantize(Decimal("1e-12"), ROUND_HALF_EVEN)


@settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=st.lists(ROWS, min_size=1, max_size=40))
def test_a_month_costs_its_costs_and_credits(stager: Stager, rows: list[dict[str, Any]]) -> None:
    """Billed = all costs + all credits; effective is the same money, moved to who used it."""
    path = spooled(rows, stager.folder)
    found = written(stager.files([path], dialect="gcp-detailed", period="2026-10"))

    billed = sum((exact(row["cost"]) for row in rows), Decimal(0)) + sum(
        (exact(one["amount"]) for row in rows for one in row["credits"]), Decimal(0)
    )

    assert money(found, "BilledCost") == billed
    assert money(found, "EffectiveCost") == billed


def test_no_more_than_the_fee_is_handed_out(tmp_path: Path) -> None:
    """15 covered hours of 10 committed ones share the fee of 7: nothing is left, nothing more."""
    rows = [
        usage(cost=15.0, quantity=15, credit=[(CUD, -15.0)]),
        usage(cost=7.0, sku=FEE, quantity=10),
    ]

    found = pq.read_table(spooled(rows, tmp_path)).to_pylist()

    assert [one["commitment_share"] for one in found if one["record_type"] != "credit"] == [
        Decimal(7),
        None,
    ]


@pytest.mark.parametrize("projects", [("research",), ("research", "search")])
def test_the_unused_rest_is_of_a_project_when_only_one_pays(
    tmp_path: Path, projects: tuple[str, ...]
) -> None:
    """Fees of one project leave a rest of that project, those of two a rest of none."""
    rows = [usage(cost=2.0, sku=FEE, project={"id": project}) for project in projects]

    found = pq.read_table(spooled(rows, tmp_path)).to_pylist()

    assert found[-1]["record_type"] == "unused"
    assert found[-1]["commitment_share"] == 2 * len(projects)
    assert found[-1]["project_id"] == (projects[0] if len(projects) == 1 else None)
