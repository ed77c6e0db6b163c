"""The forms of file that can be loaded: per kind, what it is called and which columns it needs.

Bills come in more dialects than FOCUS; ``BILL_FORMS`` tells these by columns that no other has.
"""

import re
from collections.abc import Iterable
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

    def missing(self, columns: Iterable[str]) -> list[str]:
        """The needed columns that are not among these, exactly as they are spelled."""
        there = set(columns)
        return [name for name in self.needed if name not in there]


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
        ("zone", "term_months", "contract", "valid_to"),
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
            "no_process_ms",
            "sm_activity_ms",
            "tensor_activity_ms",
            "dram_activity_ms",
            "memory_total",
            "requests",
            "accelerator_model",
            "mode",
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
            "hosts",
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
    Form(
        Kind.AVAILABILITY,
        "looks at whether machines could be had",
        ("at", "provider", "region", "machine_type", "market", "requested", "obtained"),
        ("zone", "score"),
    ),
)


INVOICE_NEEDED = (
    "provider",
    "billing_period",
    "charge_start",
    "charge_end",
    "account",
    "charge",
    "amount",
    "currency",
)

INVOICE_OTHERS = (
    "invoice_id",
    "invoice_issuer",
    "account_name",
    "project",
    "project_name",
    "region",
    "zone",
    "resource_id",
    "resource_name",
    "service",
    "description",
    "machine_type",
    "accelerator_model",
    "accelerators",
    "purchase_model",
    "quantity",
    "unit",
    "unit_price",
    "list_unit_price",
    "list_amount",
    "commitment_id",
    "commitment_type",
    "correction",
    "tags",
)

_SEPARATORS = re.compile(r"[^A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class BillForm:
    """A bill that is not FOCUS: its dialects and the columns by which it is known.

    Names are compared by their letters and digits. ``without`` must not be there. Of several
    ``dialects`` the name of the file decides: it holds the word beside the dialect.
    """

    title: str
    dialects: tuple[tuple[str, str], ...]
    needed: tuple[str, ...]
    others: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it is known by."""
        return self.needed + self.others

    def missing(self, columns: Iterable[str]) -> list[str]:
        """The needed columns that are not among these, however they are spelled."""
        there = {letters(column) for column in columns}
        return [name for name in self.needed if letters(name) not in there]

    def fits(self, columns: Iterable[str]) -> bool:
        """Say whether a file with these columns is such a bill."""
        there = {letters(column) for column in columns}
        return not self.missing(there) and there.isdisjoint(map(letters, self.without))


def letters(name: str) -> str:
    """The letters and digits of a column's name, in lower case, by which dialects know it."""
    return _SEPARATORS.sub("", name).lower()


_CUR = (
    "bill_payer_account_id",
    "bill_billing_period_start_date",
    "line_item_line_item_type",
    "line_item_currency_code",
    "line_item_unblended_cost",
)
_CUR_2_ONLY = ("bill_payer_account_name", "discount", "product", "resource_tags")

BILL_FORMS = (
    BillForm("an invoice", (("invoice", ""),), INVOICE_NEEDED, INVOICE_OTHERS),
    BillForm("an AWS Cost and Usage Report 1.0", (("cur-1", ""),), _CUR, (), _CUR_2_ONLY),
    BillForm("an AWS Cost and Usage Report 2.0", (("cur-2", ""),), _CUR, _CUR_2_ONLY),
    BillForm(
        "an Azure cost export",
        (("azure-actual", "actual"), ("azure-amortized", "amortized")),
        ("SubscriptionId", "MeterId", "ChargeType", "CostInBillingCurrency"),
    ),
    BillForm(
        "Google's detailed usage export as its source writes it, each credit a record of its own",
        (("gcp-detailed", ""),),
        ("record_type", "invoice_month", "billing_account_id", "cost", "currency"),
    ),
)


def bill_form(columns: Iterable[str]) -> BillForm | None:
    """Return the bill that a file with these columns is, where it is one that is not FOCUS."""
    there = tuple(columns)
    return next((form for form in BILL_FORMS if form.fits(there)), None)


def form_of(kind: Kind) -> Form:
    """Return the form of one kind."""
    return next(form for form in FORMS if form.kind is kind)
