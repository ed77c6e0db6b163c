"""Lines of AWS's Cost and Usage Report, made by hand, and AWS's own definition of their costs."""

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal

import pyarrow as pa

PLAN = "arn:aws:savingsplans::123456789012:savingsplan/sp-1"
RESERVED = "arn:aws:ec2:us-east-1:123456789012:reserved-instances/ri-1"
CAPACITY = "arn:aws:ec2:us-east-1:123456789012:capacity-reservation/cr-1"

AMOUNTS = (
    "line_item_unblended_cost",
    "line_item_net_unblended_cost",
    "line_item_usage_amount",
    "pricing_public_on_demand_cost",
    "reservation_effective_cost",
    "reservation_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_quantity",
    "reservation_unused_recurring_fee",
    "savings_plan_savings_plan_effective_cost",
    "savings_plan_total_commitment_to_date",
    "savings_plan_used_commitment",
)
TEXTS = (
    "bill_billing_entity",
    "bill_billing_period_end_date",
    "bill_billing_period_start_date",
    "bill_invoice_id",
    "bill_payer_account_id",
    "capacity_reservation_capacity_reservation_arn",
    "capacity_reservation_capacity_reservation_status",
    "capacity_reservation_capacity_reservation_type",
    "line_item_currency_code",
    "line_item_legal_entity",
    "line_item_line_item_description",
    "line_item_line_item_type",
    "line_item_product_code",
    "line_item_resource_id",
    "line_item_tax_type",
    "line_item_unblended_rate",
    "line_item_usage_account_id",
    "line_item_usage_account_name",
    "line_item_usage_end_date",
    "line_item_usage_start_date",
    "line_item_usage_type",
    "pricing_public_on_demand_rate",
    "pricing_unit",
    "product_instance_type",
    "product_product_family",
    "product_region_code",
    "product_sku",
    "reservation_reservation_a_r_n",
    "savings_plan_savings_plan_a_r_n",
)
USUAL = {
    "bill_billing_entity": "AWS",
    "bill_billing_period_end_date": "2026-11-01T00:00:00Z",
    "bill_billing_period_start_date": "2026-10-01T00:00:00Z",
    "bill_payer_account_id": "123456789012",
    "line_item_currency_code": "USD",
    "line_item_legal_entity": "Amazon Web Services, Inc.",
    "line_item_line_item_type": "Usage",
    "line_item_product_code": "AmazonEC2",
    "line_item_usage_account_id": "210987654321",
    "line_item_usage_amount": "1",
    "line_item_usage_end_date": "2026-10-01T01:00:00Z",
    "line_item_usage_start_date": "2026-10-01T00:00:00Z",
    "line_item_usage_type": "BoxUsage:p5.48xlarge",
    "pricing_unit": "Hrs",
    "product_instance_type": "p5.48xlarge",
}

Line = Mapping[str, str]


def line(kind: str, cost: str, **said: str) -> dict[str, str]:
    """One line: what it says and the usual, amounts as text."""
    money = {"line_item_line_item_type": kind, "line_item_unblended_cost": cost}
    return {**USUAL, **money, **said}


def as_csv(lines: Sequence[Line], tags: Sequence[str] = ()) -> str:
    """CUR 1.0: names with slashes, amounts as text, a column for each tag."""
    names = [*TEXTS, *AMOUNTS, *tags]
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow([_legacy(name) for name in names])
    writer.writerows([[one.get(name, "") for name in names] for one in lines])
    return sink.getvalue()


def as_table(lines: Sequence[Line]) -> pa.Table:
    """CUR 2.0 in Parquet: amounts are doubles, product and tags are maps."""
    columns: dict[str, pa.Array] = {
        name: pa.array([one.get(name) for one in lines], pa.string()) for name in TEXTS
    }
    for name in AMOUNTS:
        amounts = [float(one[name]) if one.get(name) else None for one in lines]
        columns[name] = pa.array(amounts, pa.float64())
    texts = pa.map_(pa.string(), pa.string())
    columns["product"] = pa.array([[("product_name", "Elastic Compute Cloud")]] * len(lines), texts)
    tags = [("aws_created_by", "root"), ("user_team", 'a "b", c'), ("user_env", "x")]
    columns["resource_tags"] = pa.array([tags] * len(lines), texts)
    return pa.table(columns)


def amortised(one: Line) -> Decimal:
    """AWS's definition of the amortised cost of a line.

    It is the one of AWS's own query library: what a commitment cost counts where it is used, and
    what is unused of it at its fee.
    """

    def amount(name: str) -> Decimal:
        return Decimal(one.get(name) or "0")

    unused_ri = amount("reservation_unused_amortized_upfront_fee_for_billing_period") + amount(
        "reservation_unused_recurring_fee"
    )
    total = amount("savings_plan_total_commitment_to_date")
    otherwise = {
        "SavingsPlanCoveredUsage": amount("savings_plan_savings_plan_effective_cost"),
        "SavingsPlanRecurringFee": total - amount("savings_plan_used_commitment"),
        "SavingsPlanNegation": Decimal(0),
        "SavingsPlanUpfrontFee": Decimal(0),
        "DiscountedUsage": amount("reservation_effective_cost"),
        "RIFee": unused_ri,
    }
    if one.get("reservation_reservation_a_r_n"):
        otherwise["Fee"] = Decimal(0)
    return otherwise.get(one["line_item_line_item_type"], amount("line_item_unblended_cost"))


def _legacy(name: str) -> str:
    """Write ``line_item_usage_type`` as ``lineItem/UsageType``."""
    for group in ("capacity_reservation", "line_item", "savings_plan", "resource_tags"):
        if name.startswith(group + "_"):
            return f"{_camel(group)}/{_rest(name.removeprefix(group + '_'))}"
    group, _, rest = name.partition("_")
    return f"{group}/{_rest(rest)}"


def _rest(words: str) -> str:
    return words if ":" in words else "".join(word.capitalize() for word in words.split("_"))


def _camel(words: str) -> str:
    first, *rest = words.split("_")
    return first + "".join(word.capitalize() for word in rest)
