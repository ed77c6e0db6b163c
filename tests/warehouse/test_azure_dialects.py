"""Actual and amortised costs of Azure as FOCUS, in the spellings of each agreement."""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.reference_tables import reference_tables
from tests.warehouse.staging import Stager, set_aside, written

SHARED = (
    Path(os.environ.get("COMPTROLLER_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")
    / "billing"
)
RESERVATION = "/providers/Microsoft.Capacity/reservationOrders/o/reservations/r"
PLAN = "/providers/Microsoft.BillingBenefits/savingsPlanOrders/o/savingsPlans/p"
MACHINE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/gpu-1"
MCA: Mapping[str, str] = {
    "invoiceId": "T1",
    "billingAccountId": "account",
    "billingAccountName": "Acme",
    "billingProfileId": "profile",
    "billingProfileName": "Acme EU",
    "billingPeriodStartDate": "10/01/2026",
    "billingPeriodEndDate": "10/31/2026",
    "date": "10/05/2026",
    "serviceFamily": "Compute",
    "consumedService": "Microsoft.Compute",
    "meterId": "m-1",
    "meterName": "ND96isr H100 v5",
    "meterCategory": "Virtual Machines",
    "ProductId": "DZH318Z0",
    "ProductName": "Virtual Machines NDsr H100 v5 Series - ND96isr H100 v5 - US East",
    "SubscriptionId": "s",
    "subscriptionName": "Research",
    "publisherType": "Azure",
    "publisherName": "Microsoft",
    "ResourceId": MACHINE,
    "resourceLocation": "EastUS",
    "effectivePrice": "98.32",
    "quantity": "24",
    "unitOfMeasure": "1 Hour",
    "chargeType": "Usage",
    "billingCurrency": "EUR",
    "pricingCurrency": "USD",
    "costInBillingCurrency": "2123.712",
    "costInPricingCurrency": "2359.68",
    "exchangeRatePricingToBilling": "0.9",
    "paygCostInBillingCurrency": "2123.712",
    "additionalInfo": '{"UsageType":"ComputeHR","ServiceType":"Standard_ND96isr_H100_v5"}',
    "tags": '{"team":"vision"}',
    "frequency": "UsageBased",
    "pricingModel": "OnDemand",
    "unitPrice": "98.32",
    "payGPrice": "98.32",
}
EA: Mapping[str, str] = {
    "Date": "10/05/2026",
    "SubscriptionId": "s",
    "SubscriptionName": "Research",
    "ResourceGroup": "g",
    "ResourceLocation": "US East 2",
    "ProductName": "Virtual Machines NCads A100 v4 Series - NC24ads A100 v4 - US East 2",
    "MeterCategory": "Virtual Machines",
    "MeterSubCategory": "NCads A100 v4 Series",
    "MeterId": "m-2",
    "MeterName": "NC24ads A100 v4",
    "UnitOfMeasure": "10 Hours",
    "Quantity": "24",
    "EffectivePrice": "3.673",
    "CostInBillingCurrency": "88.152",
    "ConsumedService": "Microsoft.Compute",
    "ResourceId": MACHINE,
    "Tags": '"team": "nlp","cost center": "7"',
    "AdditionalInfo": '{"ServiceType":"Standard_NC24ads_A100_v4"}',
    "ResourceName": "gpu-1",
    "ReservationId": "",
    "ReservationName": "",
    "UnitPrice": "36.73",
    "ProductOrderId": "",
    "PublisherType": "Azure",
    "ChargeType": "Usage",
    "Frequency": "UsageBased",
    "PricingModel": "OnDemand",
    "BillingAccountId": "1234567",
    "BillingAccountName": "Acme",
    "BillingCurrencyCode": "USD",
    "BillingPeriodStartDate": "10/01/2026",
    "BillingPeriodEndDate": "10/31/2026",
    "BillingProfileId": "1234567",
    "BillingProfileName": "Acme",
    "PayGPrice": "0",
}
PAYG: Mapping[str, str] = {
    "SubscriptionGuid": "s",
    "ResourceGroup": "g",
    "ResourceLocation": "US East",
    "UsageDateTime": "2026-10-05",
    "MeterCategory": "Load Balancer",
    "MeterId": "m-3",
    "MeterName": "Included LB Rules",
    "UsageQuantity": "3",
    "ResourceRate": "0.025",
    "PreTaxCost": "0.075",
    "ConsumedService": "Microsoft.Network",
    "InstanceId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/loadBalancers/lb",
    "Tags": "",
    "AdditionalInfo": "",
    "Currency": "USD",
    "UnitOfMeasure": "100 Hours",
}


def bill(*records: Mapping[str, str]) -> str:
    """A CSV file of records with the same columns."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(records[0]))
    writer.writeheader()
    writer.writerows(records)
    return stream.getvalue()


def rows(
    stager: Stager, *records: Mapping[str, str], dialect: str = "azure-actual"
) -> list[dict[str, Any]]:
    """What becomes of records."""
    stager.references = reference_tables()
    staged = stager.text(bill(*records), dialect=dialect)
    assert [one["reason"] for one in set_aside(staged)] == []
    return written(staged)


def costs(found: Sequence[Mapping[str, Any]]) -> list[tuple[Any, Any]]:
    """Billed and effective cost of each row."""
    return [(row["BilledCost"], row["EffectiveCost"]) for row in found]


def test_a_gpu_machine_of_a_customer_agreement(stager: Stager) -> None:
    """24 hours at 98.32 USD are 2,359.68 USD or, at 0.9, 2,123.712 EUR: 192 H100-hours."""
    [row] = rows(stager, MCA)

    assert costs([row]) == [(Decimal("2123.712"), Decimal("2123.712"))]
    assert (row["ContractedCost"], row["ListCost"]) == (Decimal("2123.712"), Decimal("2123.712"))
    assert (row["ContractedUnitPrice"], row["BillingCurrency"]) == (Decimal("88.488"), "EUR")
    assert row["PricingCurrency"] == "USD"
    assert row["PricingCurrencyContractedUnitPrice"] == Decimal("98.32")
    assert row["PricingCurrencyEffectiveCost"] == Decimal("2359.68")
    assert (row["BillingAccountId"], row["BillingAccountType"]) == ("profile", "Billing Profile")
    assert row["BillingPeriodStart"] == datetime(2026, 10, 1, tzinfo=UTC)
    assert row["BillingPeriodEnd"] == datetime(2026, 11, 1, tzinfo=UTC)
    assert row["ChargePeriodStart"] == datetime(2026, 10, 5, tzinfo=UTC)
    assert row["ChargePeriodEnd"] == datetime(2026, 10, 6, tzinfo=UTC)
    assert (row["ChargeCategory"], row["ChargeFrequency"]) == ("Usage", "Usage-Based")
    assert (row["PricingCategory"], row["RegionId"]) == ("Standard", "eastus")
    assert (row["ResourceName"], row["ResourceType"]) == (
        "gpu-1",
        "microsoft.compute/virtualmachines",
    )
    assert (row["ServiceName"], row["ServiceCategory"]) == ("Virtual Machines", "Compute")
    assert (row["SkuId"], row["InvoiceId"], row["Tags"]) == ("DZH318Z0", "T1", '{"team":"vision"}')
    assert (row["x_AcceleratorModel"], row["x_AcceleratorCount"]) == ("H100", 8)
    assert (row["x_AcceleratorHours"], row["x_PurchaseModel"]) == (192, "on_demand")


def test_a_gpu_machine_of_an_enterprise_agreement(stager: Stager) -> None:
    """24 hours in blocks of 10 are 2.4 blocks at 36.73, which is 88.152 USD; tags get braces."""
    [row] = rows(stager, EA)

    assert costs([row]) == [(Decimal("88.152"), Decimal("88.152"))]
    assert (row["PricingQuantity"], row["PricingUnit"]) == (Decimal("2.4"), "10 Hours")
    assert (row["ConsumedQuantity"], row["ConsumedUnit"]) == (24, "Hours")
    assert (row["ContractedUnitPrice"], row["ContractedCost"]) == (
        Decimal("36.73"),
        Decimal("88.152"),
    )
    assert (row["ListUnitPrice"], row["RegionId"]) == (None, "eastus2")
    assert row["Tags"] == '{"team": "nlp","cost center": "7"}'
    assert (row["BillingAccountId"], row["BillingAccountType"]) == ("1234567", "Billing Account")
    assert (row["x_MachineType"], row["x_AcceleratorHours"]) == ("Standard_NC24ads_A100_v4", 24)


def test_a_line_of_a_pay_as_you_go_subscription(stager: Stager) -> None:
    """It has no charge type, no period and other names; it is usage of October."""
    [row] = rows(stager, PAYG)

    assert costs([row]) == [(Decimal("0.075"), Decimal("0.075"))]
    assert (row["BillingAccountId"], row["BillingAccountType"]) == ("s", "Subscription")
    assert row["BillingPeriodStart"] == datetime(2026, 10, 1, tzinfo=UTC)
    assert (row["ChargeCategory"], row["ServiceCategory"]) == ("Usage", "Networking")
    assert (row["PricingQuantity"], row["PricingUnit"]) == (Decimal("0.03"), "100 Hours")
    assert (row["Tags"], row["RegionId"]) == (None, "eastus")


def test_a_period_that_is_no_calendar_month_becomes_the_month_of_the_day(stager: Stager) -> None:
    """A subscription is billed from the 19th on; the export holds October."""
    [row] = rows(stager, {**MCA, "billingPeriodStartDate": "09/19/2026"})

    assert row["BillingPeriodStart"] == datetime(2026, 10, 1, tzinfo=UTC)


def promises() -> list[Mapping[str, str]]:
    """A reservation: its payment, usage that it covers, and an hour that nobody used."""
    held = {"benefitId": RESERVATION, "benefitName": "H100", "pricingModel": "Reservation"}
    payment = {
        "chargeType": "Purchase",
        "frequency": "OneTime",
        "ProductName": "Reserved VM Instance, Standard_ND96isr_H100_v5, US East, 1 Year",
        "ResourceId": "",
        "additionalInfo": "",
        "quantity": "1",
        "unitOfMeasure": "1",
    }
    return [
        {**MCA, **held, **payment, "costInBillingCurrency": "525600"},
        {**MCA, **held, "costInBillingCurrency": "1440"},
        {**MCA, **held, "chargeType": "UnusedReservation", "costInBillingCurrency": "60"},
        {**MCA, "benefitId": "", "benefitName": "", "costInBillingCurrency": "7"},
    ]


def test_actual_costs_take_a_payment_for_what_it_is(stager: Stager) -> None:
    """525,600 are paid and covered usage costs 0: both costs are the file's own."""
    payment, covered, _, plain = promises()

    found = rows(stager, payment, {**covered, "costInBillingCurrency": "0"}, plain)

    assert costs(found) == [(525600, 525600), (0, 0), (7, 7)]
    assert [row["ChargeCategory"] for row in found] == ["Purchase", "Usage", "Usage"]
    assert [row["PricingCategory"] for row in found] == ["Standard", "Committed", "Standard"]
    assert [row["CommitmentDiscountStatus"] for row in found] == [None, "Used", None]
    assert found[0]["ResourceId"] == found[0]["CommitmentDiscountId"] == RESERVATION
    assert found[0]["ChargeFrequency"] == "One-Time"
    assert [row["x_MachineType"] for row in found] == ["Standard_ND96isr_H100_v5"] * 3
    assert [row["x_AcceleratorHours"] for row in found] == [None, 192, 192]


def test_amortised_costs_bill_nothing_for_what_is_covered_or_unused(stager: Stager) -> None:
    """1,440 of the reservation were used and 60 were not; 7 were paid by use."""
    found = rows(stager, *promises()[1:], dialect="azure-amortized")

    assert costs(found) == [(0, 1440), (0, 60), (7, 7)]
    assert [row["CommitmentDiscountStatus"] for row in found] == ["Used", "Unused", None]
    assert [row["ConsumedQuantity"] for row in found] == [24, None, 24]
    assert [row["CommitmentDiscountCategory"] for row in found] == ["Usage", "Usage", None]
    assert (found[0]["CommitmentDiscountType"], found[0]["CommitmentDiscountName"]) == (
        "Reservation",
        "H100",
    )
    assert (found[0]["CommitmentDiscountQuantity"], found[0]["CommitmentDiscountUnit"]) == (
        24,
        "Hours",
    )
    assert [row["x_PurchaseModel"] for row in found] == ["committed", "committed", "on_demand"]
    assert [row["x_AcceleratorHours"] for row in found] == [192, None, 192]


def test_a_payment_in_an_amortised_file_has_no_effect_twice(stager: Stager) -> None:
    """Azure leaves payments out; were one there, the usage has its cost already."""
    [row] = rows(stager, promises()[0], dialect="azure-amortized")

    assert costs([row]) == [(525600, 0)]


def test_a_savings_plan_is_spent(stager: Stager) -> None:
    """12.5 EUR of the plan were used and 2.5 were not."""
    plan = {"benefitId": PLAN, "benefitName": "Compute", "pricingModel": "SavingsPlan"}
    used = {**MCA, **plan, "costInBillingCurrency": "12.5"}
    unused = {**MCA, **plan, "chargeType": "UnusedSavingsPlan", "costInBillingCurrency": "2.5"}

    found = rows(stager, used, unused, dialect="azure-amortized")

    assert costs(found) == [(0, Decimal("12.5")), (0, Decimal("2.5"))]
    assert [row["CommitmentDiscountStatus"] for row in found] == ["Used", "Unused"]
    assert {row["CommitmentDiscountCategory"] for row in found} == {"Spend"}
    assert [row["CommitmentDiscountQuantity"] for row in found] == [Decimal("12.5"), Decimal("2.5")]
    assert {row["CommitmentDiscountUnit"] for row in found} == {"EUR"}


def test_an_enterprise_agreement_names_the_reservation_in_columns_of_its_own(
    stager: Stager,
) -> None:
    """ReservationId without a pricing model is covered usage all the same."""
    held = {"ReservationId": "r-1", "ReservationName": "A100", "PricingModel": ""}
    found = rows(stager, {**EA, **held}, dialect="azure-amortized")

    assert costs(found) == [(0, Decimal("88.152"))]
    assert (found[0]["CommitmentDiscountId"], found[0]["CommitmentDiscountName"]) == ("r-1", "A100")


def test_kinds_of_charge(stager: Stager) -> None:
    """Azure's word becomes FOCUS's category; a refund that names an invoice corrects it."""
    plain = {**MCA, "previousInvoiceId": ""}

    found = rows(
        stager,
        {**plain, "chargeType": "Refund"},
        {**plain, "chargeType": "Refund", "previousInvoiceId": "T0"},
        {**plain, "chargeType": "Tax"},
        {**plain, "chargeType": "Credit"},
        {**plain, "chargeType": "RoundingAdjustment"},
        {**plain, "pricingModel": "Spot"},
        {**plain, "meterName": "ND96isr H100 v5 Spot"},
    )

    assert [
        (row["ChargeCategory"], row["ChargeClass"], row["PricingCategory"]) for row in found
    ] == [
        ("Purchase", None, "Standard"),
        ("Purchase", "Correction", "Standard"),
        ("Tax", None, None),
        ("Credit", None, None),
        ("Adjustment", None, None),
        ("Usage", None, "Dynamic"),
        ("Usage", None, "Dynamic"),
    ]
    assert [row["PricingQuantity"] for row in found] == [24, 24, None, None, None, 24, 24]


def test_units_are_blocks(stager: Stager) -> None:
    """24 of "100 Hours" are 0.24 blocks of a hundred, and 24 hours."""
    units = (
        "1 Hour",
        "100 Hours",
        "10K",
        "1M",
        "1 /Month",
        "102400 TiB/Hour",
        "1 GB",
        "5 Units",
        "",
    )

    found = rows(stager, *({**MCA, "unitOfMeasure": unit} for unit in units))

    assert {row["ConsumedQuantity"] for row in found} == {24}
    assert [
        (str(row["PricingQuantity"].normalize()), row["PricingUnit"], row["ConsumedUnit"])
        for row in found
    ] == [
        ("24", "Hours", "Hours"),
        ("0.24", "100 Hours", "Hours"),
        ("0.0024", "10000 Units", "Units"),
        ("0.000024", "1000000 Units", "Units"),
        ("24", "Units/Month", "Units/Month"),
        ("0.000234375", "102400 TiB/Hour", "TiB/Hour"),
        ("24", "GB", "GB"),
        ("4.8", "5 Units", "Units"),
        ("24", "Units", "Units"),
    ]


def test_services(stager: Stager) -> None:
    """Machine learning's own machines are its service; the rest goes by meter and family."""
    kinds = (
        {"consumedService": "Microsoft.MachineLearningServices"},
        {"meterCategory": "Storage", "serviceFamily": "Storage"},
        {"meterCategory": "SQL Database", "serviceFamily": ""},
        {"meterCategory": "Sentinel", "serviceFamily": "Security"},
        {"meterCategory": "Log Analytics", "serviceFamily": ""},
        {"meterCategory": "Key Vault", "serviceFamily": ""},
        {"meterCategory": "Quantum", "serviceFamily": "Quantum"},
    )

    found = rows(stager, *({**MCA, **kind} for kind in kinds))

    assert [(row["ServiceName"], row["ServiceCategory"]) for row in found] == [
        ("Azure Machine Learning", "AI and Machine Learning"),
        ("Storage", "Storage"),
        ("SQL Database", "Databases"),
        ("Sentinel", "Security"),
        ("Log Analytics", "Management and Governance"),
        ("Key Vault", "Security"),
        ("Quantum", "Other"),
    ]


def test_publishers_and_places(stager: Stager) -> None:
    """Microsoft invoices what Contoso provides; Azure writes words where there is no region."""
    market, *nowhere = rows(
        stager,
        {**MCA, "publisherType": "Marketplace", "publisherName": "Contoso"},
        *({**MCA, "resourceLocation": place} for place in ("Unassigned", "Unknown", "NA")),
    )

    assert (market["ServiceProviderName"], market["InvoiceIssuerName"]) == ("Contoso", "Microsoft")
    assert {(row["RegionId"], row["RegionName"]) for row in nowhere} == {(None, None)}


def test_parquet_gives_the_same_as_text(stager: Stager) -> None:
    """Amounts as decimals, days as timestamps and nothing as an empty text."""
    number = pa.decimal128(38, 18)
    typed = {
        "costInBillingCurrency": pa.array([Decimal("2123.712")], number),
        "quantity": pa.array([Decimal(24)], number),
        "unitPrice": pa.array([Decimal("98.32")], number),
        "exchangeRatePricingToBilling": pa.array([Decimal("0.9")], number),
        "date": pa.array([datetime(2026, 10, 5, tzinfo=UTC)], pa.timestamp("ms")),
        "billingPeriodStartDate": pa.array([datetime(2026, 10, 1, tzinfo=UTC)], pa.timestamp("ms")),
        "benefitId": pa.array([""]),
    }
    table = pa.table({name: [value] for name, value in MCA.items() if name not in typed} | typed)
    stager.references = reference_tables()

    [parquet] = written(stager.table(table, dialect="azure-actual"))
    [text] = written(stager.text(bill(MCA), dialect="azure-actual"))

    trace = {"x_LoadId", "x_FileId"}
    assert {k: v for k, v in parquet.items() if k not in trace} == {
        k: v for k, v in text.items() if k not in trace
    }


def test_what_cannot_be_read_is_set_aside_with_what_stood_there(stager: Stager) -> None:
    """The cost is a word, and the days are none."""
    broken = [
        MCA,
        {**MCA, "costInBillingCurrency": "much"},
        {**MCA, "date": "soon", "billingPeriodStartDate": "never"},
    ]

    staged = stager.text(bill(*broken), dialect="azure-actual")

    cost, day = sorted(one["reason"] for one in set_aside(staged))
    assert "BilledCost 'much' cannot be read" in cost
    assert "BillingPeriodStart 'never' cannot be read" in day


def test_huge_quantities_and_prices_leave_the_costs_alone(stager: Stager) -> None:
    """What cannot be multiplied exactly is not: the contracted cost is the cost then."""
    [row] = rows(stager, {**MCA, "quantity": "1e30", "unitPrice": "99999999.5"})

    assert costs([row]) == [(Decimal("2123.712"), Decimal("2123.712"))]
    assert row["ContractedCost"] == Decimal("2123.712")


_MONEY = st.decimals(-(10**9), 10**9, places=12)
_KIND = st.sampled_from(["Usage", "UnusedReservation", "Tax", "Credit"])


@pytest.mark.needs_shared
@pytest.mark.parametrize("dialect", ["azure-actual", "azure-amortized"])
def test_a_generated_bill_keeps_its_sum(stager: Stager, dialect: str) -> None:
    """Every record of it is usage that was paid as it came, so both costs sum to the file's."""
    path = SHARED / "nise-gpu" / "azure_mca_2days.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not there; COMPTROLLER_SHARED_DATA names the folder of real data")
    with path.open(encoding="utf-8", newline="") as stream:
        records = list(csv.DictReader(stream))
    exact = sum((Decimal(one["CostInBillingCurrency"]) for one in records), Decimal(0))

    staged = stager.files([path], dialect=dialect, period="2026-10")

    found = written(staged)
    added = staged.rounding["USD"]
    assert (staged.rows, staged.quarantined) == (len(records), 0)
    assert sum(row["BilledCost"] for row in found) == exact + added
    assert sum(row["EffectiveCost"] for row in found) == exact + added


@pytest.mark.slow
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(_MONEY, _KIND, st.booleans()), min_size=1, max_size=30))
def test_sums_are_the_files_own(stager: Stager, lines: Sequence[tuple[Decimal, str, bool]]) -> None:
    """Actual: both costs sum to the file's; amortised: the effective does, to the last digit."""
    records = [
        {
            **MCA,
            "chargeType": kind,
            "costInBillingCurrency": f"{cost:f}",
            "benefitId": RESERVATION if held else "",
        }
        for cost, kind, held in lines
    ]
    total = sum((cost for cost, _, _ in lines), Decimal(0))
    uncovered = sum(
        (
            cost
            for cost, kind, held in lines
            if kind != "UnusedReservation" and not (held and kind == "Usage")
        ),
        Decimal(0),
    )

    actual = rows(stager, *records)
    amortised = rows(stager, *records, dialect="azure-amortized")

    assert sum(row["BilledCost"] for row in actual) == total
    assert sum(row["EffectiveCost"] for row in actual) == total
    assert sum(row["EffectiveCost"] for row in amortised) == total
    assert sum(row["BilledCost"] for row in amortised) == uncovered
