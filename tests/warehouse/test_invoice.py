"""Invoices of neoclouds and of owned clusters: what each kind of line is in FOCUS, to the cent."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ingest.forms import INVOICE_NEEDED, INVOICE_OTHERS
from ingest.reference_tables import reference_tables
from tests.docs_examples import page, section, table_rows
from tests.warehouse.staging import Stager, set_aside, written
from warehouse.load import Staged
from warehouse.load_dialects import read_dialect

MACHINES = {
    "provider": "CoreWeave",
    "invoice_id": "CW-1001",
    "billing_period": "2026-10",
    "charge_start": "2026-10-01T00:00:00Z",
    "charge_end": "2026-11-01T00:00:00Z",
    "account": "org-7",
    "project": "training",
    "region": "US-EAST-04",
    "resource_id": "pool-a",
    "machine_type": "gd-8xh100ib-i128",
    "accelerator_model": "H100",
    "accelerators": "8",
    "quantity": "10",
    "unit": "machine-hour",
    "unit_price": "49.24",
    "amount": "492.40",
    "currency": "USD",
    "charge": "usage",
    "tags": '{"team": "vision"}',
}


def invoice(stager: Stager, *lines: Mapping[str, str]) -> Staged:
    """Stage an invoice whose lines are ``MACHINES`` but for what they say themselves."""
    stager.references = reference_tables()
    rows = [{**MACHINES, **line} for line in lines]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    cells = [[quoted(row.get(column, "")) for column in columns] for row in rows]
    text = "\n".join(",".join(row) for row in [columns, *cells])
    return stager.text(text + "\n", dialect="invoice")


def quoted(cell: str) -> str:
    """A value as CSV writes it."""
    doubled = cell.replace('"', '""')
    return f'"{doubled}"'


def only(staged: Staged) -> dict[str, object]:
    """The one row of a delivery, in which every row was good."""
    assert staged.quarantined == 0
    [row] = written(staged)
    return row


def findings(staged: Staged) -> set[tuple[str, str]]:
    """Rules that rows broke, with their columns."""
    return {(one.column, one.rule) for one in staged.findings}


def test_a_dialect_knows_every_column_of_the_form() -> None:
    """What is documented as a column of an invoice is read, and nothing else is."""
    dialect = read_dialect("invoice")

    assert set(dialect.needs) == set(INVOICE_NEEDED)
    assert set(dialect.optional) == set(INVOICE_OTHERS)


def test_machine_hours_are_usage_with_accelerator_hours(stager: Stager) -> None:
    """10 machine-hours at 49.24 are 492.40 USD, and on machines of 8 accelerators 80 hours."""
    row = only(invoice(stager, {}))

    costs = ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost")
    assert [row[cost] for cost in costs] == [Decimal("492.40")] * 4
    assert (row["ChargeCategory"], row["PricingCategory"]) == ("Usage", "Standard")
    assert (row["PricingQuantity"], row["PricingUnit"]) == (Decimal(10), "Hours")
    assert (row["ConsumedQuantity"], row["ConsumedUnit"]) == (Decimal(10), "Hours")
    assert (row["x_AcceleratorModel"], row["x_AcceleratorCount"]) == ("H100", 8)
    assert row["x_AcceleratorHours"] == Decimal(80)
    assert row["x_PurchaseModel"] == "on_demand"
    assert row["ServiceProviderName"] == row["InvoiceIssuerName"] == "CoreWeave"
    assert (row["BillingAccountId"], row["SubAccountId"]) == ("org-7", "training")
    assert row["BillingPeriodStart"] == datetime(2026, 10, 1, tzinfo=UTC)
    assert row["BillingPeriodEnd"] == datetime(2026, 11, 1, tzinfo=UTC)
    assert row["Tags"] == '{"team": "vision"}'


def test_a_complete_invoice_has_no_finding_but_names_that_nobody_gave(stager: Stager) -> None:
    """Every rule of FOCUS holds; a resource without a type is all there is to say."""
    staged = invoice(stager, {})

    assert findings(staged) == {("ResourceType", "null although ResourceId is set")}


def test_accelerator_hours_are_counted_as_they_are_sold(stager: Stager) -> None:
    """640 accelerator-hours at 2.10 are 1,344.00 USD, however many accelerators a machine has."""
    line = {"unit": "accelerator-hour", "quantity": "640", "unit_price": "2.10"}

    row = only(invoice(stager, line | {"amount": "1344.00", "purchase_model": "spot"}))

    assert row["BilledCost"] == Decimal("1344.00")
    assert row["x_AcceleratorHours"] == Decimal(640)
    assert (row["PricingUnit"], row["PricingCategory"]) == ("Accelerator-Hours", "Dynamic")
    assert row["x_PurchaseModel"] == "spot"


def test_a_machine_type_of_the_reference_needs_no_accelerators(stager: Stager) -> None:
    """Nebius's 8 x H100 is known: 2 machine-hours are 16 accelerator-hours."""
    line = {
        "provider": "Nebius",
        "machine_type": "gpu-h100-sxm_8gpu-128vcpu-1600gb",
        "accelerator_model": "",
        "accelerators": "",
        "quantity": "2",
        "unit_price": "23.60",
        "amount": "47.20",
    }

    row = only(invoice(stager, line))

    assert (row["x_AcceleratorModel"], row["x_AcceleratorCount"]) == ("H100", 8)
    assert row["x_AcceleratorHours"] == Decimal(16)


def test_a_commitment_is_billed_once_and_its_cost_goes_to_the_hours(stager: Stager) -> None:
    """Paid 30,000; 900 of 1,000 hours were used at 30, so 27,000 are used and 3,000 are not."""
    reserved = {"commitment_id": "res-1", "unit_price": "30"}
    lines = (
        {"charge": "commitment_purchase", "quantity": "1000", "amount": "30000"},
        {"charge": "commitment_usage", "quantity": "900", "amount": "27000"},
        {"charge": "commitment_unused", "quantity": "100", "amount": "3000"},
    )

    staged = invoice(stager, *(reserved | line for line in lines))

    bought, used, unused = written(staged)
    assert [row["BilledCost"] for row in (bought, used, unused)] == [30000, 0, 0]
    assert [row["EffectiveCost"] for row in (bought, used, unused)] == [0, 27000, 3000]
    assert [row["CommitmentDiscountStatus"] for row in (bought, used, unused)] == [
        None,
        "Used",
        "Unused",
    ]
    assert bought["ChargeCategory"] == "Purchase"
    assert bought["ResourceId"] == unused["ResourceId"] == "res-1"
    assert used["ResourceId"] == "pool-a"
    assert (used["PricingCategory"], used["x_PurchaseModel"]) == ("Committed", "committed")
    assert used["x_AcceleratorHours"] == Decimal(7200)
    assert unused["ConsumedQuantity"] is None
    assert unused["x_AcceleratorHours"] is bought["x_AcceleratorHours"] is None
    assert findings(staged) == {("ResourceType", "null although ResourceId is set")}


def test_hours_of_a_reservation_that_is_billed_by_the_hour_are_committed(stager: Stager) -> None:
    """Without a purchase of its own the hours are what is billed: 10 at 30 are 300."""
    line = {"commitment_id": "res-2", "unit_price": "30", "amount": "300"}

    row = only(invoice(stager, line))

    assert (row["BilledCost"], row["EffectiveCost"]) == (300, 300)
    assert (row["CommitmentDiscountStatus"], row["PricingCategory"]) == ("Used", "Committed")
    assert row["CommitmentDiscountType"] == "Reserved capacity"
    assert row["x_PurchaseModel"] == "committed"


@pytest.mark.parametrize(
    ("charge", "category", "service", "frequency"),
    [
        ("credit", "Credit", "Other", "One-Time"),
        ("tax", "Tax", "Other", "Recurring"),
        ("support", "Purchase", "Other", "Recurring"),
        ("storage", "Usage", "Storage", "Usage-Based"),
        ("network", "Usage", "Networking", "Usage-Based"),
    ],
)
def test_other_charges_have_the_categories_of_focus(
    stager: Stager, charge: str, category: str, service: str, frequency: str
) -> None:
    """Case and blanks of the kind do not count, and none of them is about accelerators."""
    line = {"charge": f" {charge.upper()} ", "quantity": "5", "unit": "GB-month"}
    line |= {"unit_price": "2", "amount": "10", "machine_type": "", "accelerator_model": ""}

    row = only(invoice(stager, line | {"description": "what it was", "accelerators": ""}))

    assert (row["BilledCost"], row["EffectiveCost"]) == (10, 10)
    assert (row["ChargeCategory"], row["ServiceCategory"]) == (category, service)
    assert row["ChargeFrequency"] == frequency
    assert row["ChargeDescription"] == "what it was"
    assert row["x_AcceleratorHours"] is row["x_PurchaseModel"] is None
    has_price = charge not in {"credit", "tax"}
    assert row["PricingUnit"] == ("GB-Months" if has_price else None)
    assert (row["SkuPriceId"] is not None) == has_price


def test_a_price_that_does_not_fit_the_amount_is_a_finding_and_the_amount_stands(
    stager: Stager,
) -> None:
    """10 hours at 49.24 are not 500.00, which is what has to be paid."""
    staged = invoice(stager, {"amount": "500.00"})

    assert only(staged)["BilledCost"] == Decimal("500.00")
    assert ("ContractedCost", "differs from unit price x PricingQuantity") in findings(staged)


def test_a_list_price_is_kept_beside_the_price_that_was_agreed(stager: Stager) -> None:
    """Listed at 55.00, agreed at 49.24: ten hours are 550.00 by the list and 492.40 to pay."""
    staged = invoice(stager, {"list_unit_price": "55", "list_amount": "550"})

    row = only(staged)
    assert (row["ListUnitPrice"], row["ListCost"]) == (55, 550)
    assert (row["ContractedUnitPrice"], row["ContractedCost"]) == (
        Decimal("49.24"),
        Decimal("492.40"),
    )
    assert findings(staged) == {("ResourceType", "null although ResourceId is set")}


def test_an_unknown_kind_of_charge_is_kept_and_found(stager: Stager) -> None:
    """Nobody knows what a rebate is; its 492.40 are in the lake all the same."""
    staged = invoice(stager, {"charge": "rebate"})

    row = only(staged)
    assert (row["BilledCost"], row["EffectiveCost"]) == (Decimal("492.40"), Decimal("492.40"))
    assert row["ChargeCategory"] == "rebate"
    assert ("ChargeCategory", "value not allowed") in findings(staged)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"amount": "492,40"}, "BilledCost '492,40' cannot be read"),
        ({"amount": ""}, "BilledCost is empty"),
        ({"billing_period": "October"}, "BillingPeriodStart 'October' cannot be read"),
        ({"currency": "$"}, "BillingCurrency '$' cannot be read"),
    ],
)
def test_lines_without_readable_money_or_period_are_set_aside(
    stager: Stager, line: dict[str, str], reason: str
) -> None:
    """The other line of the invoice is loaded, and the reason tells what stood there."""
    staged = invoice(stager, {}, line)

    assert (staged.rows, staged.quarantined) == (1, 1)
    [row] = set_aside(staged)
    assert row["reason"].startswith(reason)


def test_a_parquet_invoice_with_numbers_is_the_same(stager: Stager) -> None:
    """Decimals, whole numbers and moments come typed; the row is that of the CSV file."""
    stager.references = reference_tables()
    typed = {
        "amount": Decimal("492.40"),
        "quantity": 10,
        "accelerators": 8,
        "unit_price": Decimal("49.24"),
        "charge_start": datetime(2026, 10, 1, tzinfo=UTC),
        "charge_end": datetime(2026, 11, 1, tzinfo=UTC),
    }

    row = only(stager.table([{**MACHINES, **typed}], dialect="invoice"))

    plain = only(invoice(stager, {}))
    assert {name for name in row if row[name] != plain[name]} <= {
        "x_LoadId",
        "x_FileId",
        "x_SourceId",
    }


def test_a_correction_of_an_earlier_invoice_is_marked(stager: Stager) -> None:
    """A refund of a closed month is negative usage with the class Correction."""
    row = only(invoice(stager, {"amount": "-49.24", "quantity": "-1", "correction": "yes"}))

    assert (row["BilledCost"], row["ChargeClass"]) == (Decimal("-49.24"), "Correction")
    assert row["x_AcceleratorHours"] == Decimal(-8)


def examples(title: str) -> list[str]:
    """The CSV blocks of a section of the page about invoices."""
    text = section(page("connect/invoices.md"), title)
    return re.findall(r"^```csv\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    ("title", "billed", "effective", "hours"),
    [
        ("Usage on demand and on spot", "50037.12", "50037.12", "8256"),
        ("A commitment with a purchase", "72000", "17856", "5600"),
        ("A reservation that is billed month by month", "17558.40", "17558.40", "5952"),
        ("Storage, network, support, credits and tax", "2040.00", "2040.00", "0"),
        ("An owned cluster", "59520.00", "59520.00", "23808"),
    ],
)
def test_every_example_of_the_page_is_loaded_as_the_page_says(
    stager: Stager, title: str, billed: str, effective: str, hours: str
) -> None:
    """Sums of the lines; no price differs from its amount and no value is unknown."""
    stager.references = reference_tables()
    [text] = examples(title)

    staged = stager.text(text, dialect="invoice")

    rows = written(staged)
    assert staged.quarantined == 0
    assert sum(row["BilledCost"] for row in rows) == Decimal(billed)
    assert sum(row["EffectiveCost"] for row in rows) == Decimal(effective)
    assert sum(row["x_AcceleratorHours"] or 0 for row in rows) == Decimal(hours)
    assert {rule for _, rule in findings(staged)} <= {
        "null although ResourceId is set",
        "null on usage or a purchase",
        "null on usage",
    }


def test_the_page_names_every_column_of_the_form() -> None:
    """The table has a row for each, with those that are needed first."""
    rows = table_rows(section(page("connect/invoices.md"), "The form"))

    told = {name: row[1] for row in rows for name in re.findall(r"`(\w+)`", row[0])}

    assert {name for name, needed in told.items() if needed == "yes"} == set(INVOICE_NEEDED)
    assert {name for name, needed in told.items() if needed == "no"} == set(INVOICE_OTHERS)


def test_the_rate_card_of_the_page_is_a_price_list(stager: Stager) -> None:
    """24.00 EUR on demand and 20.00 EUR under a contract of twelve months."""
    [text] = examples("Rate cards")

    staged = stager.text(text, "prices", "canonical-prices")

    prices = {(row["purchase_model"], row["amount"]) for row in written(staged)}
    assert prices == {("on_demand", Decimal(24)), ("committed", Decimal(20))}
