"""The forms of file that can be loaded: per kind, what it is called and which columns it needs."""

from dataclasses import dataclass

from ingest.port import Kind


@dataclass(frozen=True, slots=True)
class Form:
    """One kind's file: the columns without which nothing can be said, and those it may have."""

    kind: Kind
    title: str
    needed: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the form knows by name."""
        return self.needed + self.others


FOCUS_NEEDED = ("BilledCost", "EffectiveCost", "BillingCurrency", "BillingPeriodStart")

FOCUS_INTRODUCED = {
    "1.1": (
        "CapacityReservationId",
        "CapacityReservationStatus",
        "CommitmentDiscountQuantity",
        "CommitmentDiscountUnit",
        "ServiceSubcategory",
        "SkuMeter",
        "SkuPriceDetails",
    ),
    "1.2": (
        "BillingAccountType",
        "SubAccountType",
        "InvoiceId",
        "PricingCurrency",
        "PricingCurrencyContractedUnitPrice",
        "PricingCurrencyEffectiveCost",
        "PricingCurrencyListUnitPrice",
    ),
    "1.3": (
        "ServiceProviderName",
        "HostProviderName",
        "ContractApplied",
        "AllocatedMethodId",
        "AllocatedMethodDetails",
        "AllocatedResourceId",
        "AllocatedResourceName",
        "AllocatedTags",
    ),
    "1.4": ("InvoiceDetailId", "CommitmentProgramEligibilityDetails"),
}
"""The Cost and Usage columns that each version of FOCUS added."""

FOCUS_REMOVED_IN_1_4 = ("ProviderName", "PublisherName")

_TELLING_FOCUS = (
    "ListCost",
    "ContractedCost",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "BillingPeriodEnd",
    "BillingAccountId",
    "ServiceName",
    "ResourceId",
    "PricingQuantity",
    "Tags",
)

FORMS = (
    Form(Kind.FOCUS, "a FOCUS bill, version 1.0 to 1.4", FOCUS_NEEDED, _TELLING_FOCUS),
    Form(
        Kind.PRICES,
        "a price list",
        (
            "provider",
            "region",
            "machine_type",
            "purchase_model",
            "unit",
            "amount",
            "currency",
            "valid_from",
        ),
        ("zone", "term_months", "valid_to"),
    ),
    Form(
        Kind.USAGE,
        "GPU usage by the hour",
        ("hour", "gpu_uuid", "host", "capacity_ms", "observed_ms", "allocated_ms"),
        (
            "slice",
            "namespace",
            "pod",
            "job_id",
            "user_name",
            "activity_ms",
            "memory_mean",
            "memory_max",
            "energy",
            "tokens_in",
            "tokens_out",
            "xid_count",
        ),
    ),
    Form(
        Kind.JOBS,
        "a list of job runs",
        ("job_id", "gpus", "submitted", "state"),
        (
            "attempt",
            "workload_id",
            "user_name",
            "team",
            "project",
            "nodes",
            "accelerator_model",
            "started",
            "ended",
            "checkpoint_at",
        ),
    ),
    Form(
        Kind.NODES,
        "a list of machines",
        ("provider", "resource_id", "host"),
        (
            "gpu_uuids",
            "machine_type",
            "accelerator_model",
            "accelerator_count",
            "pool",
            "valid_from",
            "valid_to",
        ),
    ),
)


def form_of(kind: Kind) -> Form:
    """Return the form of one kind."""
    return next(form for form in FORMS if form.kind is kind)
