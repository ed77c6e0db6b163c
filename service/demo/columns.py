"""The FOCUS Cost and Usage columns by version, and Arrow columns made of codes."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from service.demo.timeline import Ints

Column: TypeAlias = Any
"""A column of Arrow, which has no types that a checker could read."""

FOCUS_1_0 = (
    "AvailabilityZone",
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "SkuId",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "Tags",
)
FOCUS_1_2 = (
    *FOCUS_1_0,
    "BillingAccountType",
    "CapacityReservationId",
    "CapacityReservationStatus",
    "CommitmentDiscountQuantity",
    "CommitmentDiscountUnit",
    "InvoiceId",
    "PricingCurrency",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "ServiceSubcategory",
    "SkuMeter",
    "SkuPriceDetails",
    "SubAccountType",
)
FOCUS_1_3 = (
    *FOCUS_1_2,
    "AllocatedMethodDetails",
    "AllocatedMethodId",
    "AllocatedResourceId",
    "AllocatedResourceName",
    "AllocatedTags",
    "ContractApplied",
    "HostProviderName",
    "ServiceProviderName",
)

NUMBERS = (
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "ContractedCost",
    "ListUnitPrice",
    "ContractedUnitPrice",
    "PricingQuantity",
    "ConsumedQuantity",
    "CommitmentDiscountQuantity",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
)
"""The decimal columns; while a bill is made they are whole numbers of 10⁻¹²."""

TIMES = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")

MONTH = "_month"
"""The number of the billing period that a line is billed in; not written."""


def coded(values: Sequence[str | None], index: Ints) -> Column:
    """The values at ``index`` as a dictionary column, each text kept once."""
    return pa.array(values, pa.string()).dictionary_encode().take(pa.array(index))


def same(value: str | None, rows: int) -> Column:
    """One value for all rows."""
    return coded([value], np.zeros(rows, dtype=np.int64))


def moments(epoch_us: Ints) -> Column:
    """Microseconds since 1970 as a column of moments in UTC."""
    return pa.array(epoch_us).cast(pa.timestamp("us", tz="UTC"))


def whole(pico: Ints) -> Column:
    """Whole numbers of 10⁻¹² as a column."""
    return pa.array(pico, pa.int64())
