"""The bills follow from what ran, to the last digit."""

import json
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import pytest

from service.demo.columns import FOCUS_1_0, FOCUS_1_2, FOCUS_1_3
from service.demo.company import Company

Lines = dict[str, list[dict[str, Any]]]
NOTHING = Decimal(0)


def test_what_the_files_sum_to_is_what_was_charged(company: Company, lines: Lines) -> None:
    """For each cloud and month, the four costs read from the files equal the totals before them."""
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for provider, rows in lines.items():
        for row in rows:
            sums = found[provider, str(row["BillingPeriodStart"])[:7]]
            sums["lines"] += 1
            for cost in ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost"):
                sums[cost] += row[cost]

    assert len(company.totals) == 6  # three clouds in September and October
    for total in company.totals:
        sums = found[total.provider, total.period]
        assert sums["lines"] == total.lines
        assert sums["BilledCost"] == total.billed.decimal
        assert sums["EffectiveCost"] == total.effective.decimal
        assert sums["ContractedCost"] == total.contracted.decimal
        assert sums["ListCost"] == total.listed.decimal


def test_a_job_pays_for_its_machine_hours_and_for_no_more(company: Company, lines: Lines) -> None:
    """The hours on the lines tagged with a job are its attempts' nodes times how long they ran."""
    ran: Counter[str] = Counter()
    for machine in company.machines:
        if "job" in dict(machine.tags):
            ran[machine.job_id] += machine.end - machine.start
    wanted: Counter[str] = Counter()
    for attempt in company.attempts:
        if attempt.job.id in ran:
            wanted[attempt.job.id] += attempt.nodes * (attempt.end - attempt.start)

    billed: Counter[str] = Counter()
    for row in _machine_lines(lines):
        if row["ChargeClass"] is None and (job := json.loads(row["Tags"] or "{}").get("job")):
            billed[job] += row["PricingQuantity"] * 100

    assert len(ran) > 300
    assert billed == ran
    assert all(ran[job] <= ticks for job, ticks in wanted.items())  # an attempt may lack its tags


def test_a_machine_of_one_hour_costs_its_price(company: Company, lines: Lines) -> None:
    """An on-demand p5.48xlarge lists at 55.04; at 93 % of that an hour costs 51.1872."""
    burst = [
        row
        for row in _machine_lines(lines)
        if row["ChargeDescription"] == "p5.48xlarge in US East (N. Virginia), on demand, per hour"
        and row["PricingCategory"] == "Standard"
        and row["PricingQuantity"] == 1
    ]

    assert burst
    assert {row["ListCost"] for row in burst} == {Decimal("55.04")}
    assert {row["BilledCost"] for row in burst} == {Decimal("51.1872")}
    assert company.cost_lines == sum(map(len, lines.values()))


def test_price_times_quantity_is_the_cost(lines: Lines) -> None:
    """On every line with a price, ListCost and ContractedCost are price times quantity, exactly."""
    priced = [row for rows in lines.values() for row in rows if row["PricingQuantity"] is not None]

    wrong = [
        row
        for row in priced
        if row["ListUnitPrice"] * row["PricingQuantity"] != row["ListCost"]
        or row["ContractedUnitPrice"] * row["PricingQuantity"] != row["ContractedCost"]
    ]

    assert len(priced) > 15_000
    assert wrong == []


def test_effective_is_billed_where_nothing_is_covered(lines: Lines) -> None:
    """Commitments part the two: a payment is worth 0, covered and unused hours are billed 0."""
    rows = [row for rows in lines.values() for row in rows]

    plain = [row for row in rows if row["CommitmentDiscountId"] is None]
    payments = [row for row in rows if row["CommitmentDiscountId"] and _is(row, "Purchase")]
    covered = [row for row in rows if row["CommitmentDiscountId"] and _is(row, "Usage")]

    assert all(row["EffectiveCost"] == row["BilledCost"] for row in plain)
    assert payments
    assert all(row["EffectiveCost"] == 0 < row["BilledCost"] for row in payments)
    assert all(row["CommitmentDiscountStatus"] is None for row in payments)
    assert {row["CommitmentDiscountStatus"] for row in covered} == {"Used", "Unused"}
    assert all(row["BilledCost"] == 0 < row["EffectiveCost"] for row in covered)
    assert {row["PricingCategory"] for row in covered} == {"Committed"}


def test_a_commitment_is_worth_what_was_paid_for_it(company: Company, lines: Lines) -> None:
    """Used + unused = paid; 4 p5.48xlarge at 36.32 for 144 hours are 20,920.32."""
    worth: Counter[str] = Counter()
    paid: Counter[str] = Counter()
    for rows in lines.values():
        for row in rows:
            if (commitment := row["CommitmentDiscountId"]) is not None:
                worth[commitment] += row["EffectiveCost"]
                paid[commitment] += row["BilledCost"]

    assert worth == paid
    assert set(paid) == {one.id for one in company.commitments}
    assert len(paid) == 4
    h100 = next(one for one in company.commitments if one.pool.name == "aws-h100")
    assert paid[h100.id] == Decimal("20920.32")


def test_unused_hours_are_told_apart(company: Company, lines: Lines) -> None:
    """The quantity on Unused lines is the promised machines that were not up, hour by hour."""
    unused = {one.id: int(one.unused().sum()) for one in company.commitments}

    billed: Counter[str] = Counter()
    for rows in lines.values():
        for row in rows:
            if row["CommitmentDiscountStatus"] == "Unused":
                billed[row["CommitmentDiscountId"]] += row["PricingQuantity"]
                assert row["ResourceId"] == row["CommitmentDiscountId"]
                assert row["ConsumedQuantity"] is None

    assert billed == Counter({name: hours for name, hours in unused.items() if hours})
    assert billed


@pytest.mark.parametrize(
    ("provider", "columns"), [("aws", FOCUS_1_2), ("azure", FOCUS_1_0), ("gcp", FOCUS_1_3)]
)
def test_each_cloud_has_all_columns_of_its_version(
    lines: Lines, provider: str, columns: tuple[str, ...]
) -> None:
    """FOCUS 1.0 has 43 columns, 1.2 has 57 and 1.3 has 65."""
    row = lines[provider][0]

    assert tuple(row) == columns
    assert len(set(columns)) == {"aws": 57, "azure": 43, "gcp": 65}[provider]


def test_every_kind_of_charge_is_there(lines: Lines) -> None:
    """Usage, purchases, credits and tax; standard, spot and committed prices; three clouds."""
    rows = [row for rows in lines.values() for row in rows]

    assert {row["ChargeCategory"] for row in rows} == {"Usage", "Purchase", "Credit", "Tax"}
    assert {row["PricingCategory"] for row in rows} == {"Standard", "Dynamic", "Committed", None}
    assert {row["ServiceCategory"] for row in rows} == {
        "Compute",
        "Storage",
        "Networking",
        "Management and Governance",
        "Other",
    }
    assert all(row["BilledCost"] < 0 for row in rows if _is(row, "Credit"))
    assert {row["BillingCurrency"] for row in rows} == {"USD"}


def test_a_correction_takes_back_hours_of_the_month_before(lines: Lines) -> None:
    """AWS and Google correct three machine-hours of September in October's bill, by their price."""
    corrected = [
        row for rows in lines.values() for row in rows if row["ChargeClass"] == "Correction"
    ]

    assert [row["ProviderName"] for row in corrected] == ["AWS"] * 3 + ["Google Cloud"] * 3
    for row in corrected:
        assert str(row["ChargePeriodStart"]).startswith("2026-09")
        assert str(row["BillingPeriodStart"]).startswith("2026-10-01")
        assert row["BilledCost"] == row["ContractedUnitPrice"] * row["PricingQuantity"] < 0


def test_a_refund_is_negative_usage_of_the_same_month(lines: Lines) -> None:
    """Azure takes back one day's traffic; it corrects no invoiced month, so it has no class."""
    [refund] = [row for row in lines["azure"] if row["ChargeDescription"].startswith("Refund: ")]

    charged = [row for row in lines["azure"] if row["BilledCost"] == -refund["BilledCost"]]

    assert refund["BilledCost"] < 0
    assert refund["ChargeClass"] is None
    assert refund["ChargeCategory"] == "Usage"
    assert len(charged) == 1


def test_most_lines_say_whose_they_are(lines: Lines) -> None:
    """Between 85 % and 97 % of the lines of machines outside the pools carry a team's tag."""
    tags = [json.loads(row["Tags"] or "{}") for row in _machine_lines(lines)]
    own = [tag for tag in tags if "pool" not in tag and "k8s-namespace" not in tag]

    tagged = sum("team" in tag for tag in own)

    assert 0.85 < tagged / len(own) < 0.97


def test_only_closed_months_have_an_invoice(lines: Lines) -> None:
    """September is invoiced; October is open, so its lines have no InvoiceId yet."""
    invoices = {
        (str(row["BillingPeriodStart"])[:7], row["InvoiceId"])
        for provider in ("aws", "gcp")
        for row in lines[provider]
    }

    assert invoices == {("2026-09", "AWS-2026-09"), ("2026-09", "GCP-2026-09"), ("2026-10", None)}


def _machine_lines(lines: Lines) -> list[dict[str, Any]]:
    kinds = ("Instance", "Virtual machine")
    return [row for rows in lines.values() for row in rows if row["ResourceType"] in kinds]


def _is(row: dict[str, Any], category: str) -> bool:
    return bool(row["ChargeCategory"] == category)
