"""What a machine-hour costs under a Savings Plan that could be bought."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ingest.sources.aws.asking import all_pages, asking, portions
from ingest.sources.aws.rates import amount, months_of
from ingest.sources.aws.session import AwsClients
from ingest.sources.aws.spooled import PriceRow

_TYPES_AT_ONCE = 50
_PLANS = ["Compute", "EC2Instance"]


def savings_plan_rates(
    clients: AwsClients, regions: Sequence[str], machine_types: Sequence[str], at: datetime
) -> Iterator[PriceRow]:
    """Yield the rates of every plan and payment option; AWS does not say since when they hold.

    Raises:
        SourceError: When AWS cannot be asked, or its answer cannot be read.
    """
    sold_in = [region for region in regions if not region.startswith("cn-")]
    client = clients.client("savingsplans")
    for region in sold_in:
        for types in portions(machine_types, _TYPES_AT_ONCE):
            asked = {
                "savingsPlanTypes": _PLANS,
                "products": ["EC2"],
                "serviceCodes": ["AmazonEC2"],
                "filters": _filters(region, types),
            }
            what = f"rates of Savings Plans in {region}"
            with asking(what, "savingsplans:DescribeSavingsPlansOfferingRates"):
                operation = "describe_savings_plans_offering_rates"
                for one in all_pages(client, operation, "searchResults", asked, "nextToken"):
                    yield from _rows(one, region, at)


def _filters(region: str, machine_types: Sequence[str]) -> list[dict[str, Any]]:
    wanted = {
        "region": [region],
        "instanceType": list(machine_types),
        "tenancy": ["shared"],
        "productDescription": ["Linux/UNIX"],
    }
    return [{"name": name, "values": values} for name, values in wanted.items()]


def _rows(found: Mapping[str, Any], region: str, at: datetime) -> Iterator[PriceRow]:
    offering = found["savingsPlanOffering"]
    properties = {one["name"]: one["value"] for one in found.get("properties", ())}
    machine_type = properties.get("instanceType")
    if machine_type is None or found.get("unit") != "Hrs":
        return
    yield PriceRow(
        region=region,
        machine_type=machine_type,
        purchase_model="committed",
        amount=amount(found["rate"], f"Savings Plan rate of {machine_type} in {region}"),
        currency=offering["currency"],
        valid_from=at,
        term_months=months_of(offering["durationSeconds"]),
        contract=f"savings plan {offering['planType']}, {offering['paymentOption']}",
    )
