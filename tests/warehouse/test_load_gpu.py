"""Accelerators of a bill's lines: which machine, how many, how long, and how they were bought."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from tests.warehouse.staging import Stager, written
from tests.warehouse.test_load import LINE
from warehouse.load_checks import Finding

MACHINES = [
    ("aws", "p5.48xlarge", "H100", 8),
    ("aws", "ml.p5.48xlarge", "H100", 8),
    ("azure", "Standard_ND96isr_H100_v5", "H100", 8),
    ("gcp", "a3-highgpu-8g", "H100", 8),
]
REFERENCES = {
    "machine_type": pa.table(
        dict(
            zip(
                ("provider", "machine_type", "accelerator_model", "accelerator_count"),
                zip(*MACHINES, strict=True),
                strict=True,
            )
        )
    ),
    "accelerator_sku": pa.table(
        {
            "provider": ["gcp", "gcp"],
            "pattern": ["Nvidia H100 80GB GPU %", "TpuV5e %"],
            "accelerator_model": ["H100", "TPU-v5e"],
            "accelerators_per_unit": [1, 1],
        }
    ),
    "accelerator_family": pa.table(
        {"provider": ["aws", "azure"], "prefix": ["p6.", "Standard_ND"]}
    ),
}
USED: Mapping[str, object] = dict(
    LINE, ConsumedQuantity="2.5", ConsumedUnit="Hours", PricingCategory="Standard"
)
GOOGLE = dict(USED, ServiceProviderName="Google Cloud")
AZURE = dict(USED, ServiceProviderName="Microsoft")


@pytest.fixture
def known(stager: Stager) -> Stager:
    """A stager that knows four machines."""
    stager.references = REFERENCES
    return stager


def _gpu(row: Mapping[str, Any]) -> tuple[Any, ...]:
    hours = row["x_AcceleratorHours"]
    return (
        row["x_MachineType"],
        row["x_AcceleratorModel"],
        row["x_AcceleratorCount"],
        None if hours is None else hours.normalize(),
        row["x_PurchaseModel"],
    )


H20 = Decimal(20)
WAYS: list[tuple[Mapping[str, object], tuple[object, ...]]] = [
    (
        dict(USED, x_UsageType="USE1-BoxUsage:p5.48xlarge"),
        ("p5.48xlarge", "H100", 8, H20, "on_demand"),
    ),
    (dict(USED, SkuMeter="SpotUsage:p5.48xlarge"), ("p5.48xlarge", "H100", 8, H20, "spot")),
    (
        dict(USED, x_UsageType="USE1-UnusedBox:p5.48xlarge", CapacityReservationId="cr-1"),
        ("p5.48xlarge", "H100", 8, H20, "on_demand"),
    ),
    (
        dict(USED, x_UsageType="USE1-Reservation:p5.48xlarge"),
        ("p5.48xlarge", "H100", 8, None, "on_demand"),
    ),
    (
        dict(USED, x_UsageType="USE1-Host:ml.p5.48xlarge"),
        ("ml.p5.48xlarge", "H100", 8, H20, "on_demand"),
    ),
    (
        dict(USED, SkuPriceDetails='{"CoreCount": 192, "InstanceType": "p5.48xlarge"}'),
        ("p5.48xlarge", "H100", 8, H20, "on_demand"),
    ),
    (
        dict(USED, x_UsageType="BoxUsage:p5.48xlarge", ServiceName="Amazon Elastic MapReduce"),
        ("p5.48xlarge", "H100", 8, None, "on_demand"),
    ),
    (
        dict(USED, x_UsageType="SoftwareUsage:x", x_MachineType="p5.48xlarge"),
        ("p5.48xlarge", "H100", 8, None, "on_demand"),
    ),
    (
        dict(USED, x_UsageType="USE1-BoxUsage:m7i.large"),
        ("m7i.large", None, None, None, "on_demand"),
    ),
    (dict(USED, x_UsageType="USE1-NatGateway-Hours"), (None, None, None, None, None)),
    (
        dict(USED, x_MachineType="p5.48xlarge", CommitmentDiscountId="sp-1"),
        ("p5.48xlarge", "H100", 8, H20, "committed"),
    ),
    (
        dict(USED, x_MachineType="p5.48xlarge", x_PurchaseModel="flex_start"),
        ("p5.48xlarge", "H100", 8, H20, "flex_start"),
    ),
    (
        dict(
            USED,
            x_MachineType="p5.48xlarge",
            CapacityReservationId="cr-1",
            ChargeDescription="p5 Capacity Block hour",
        ),
        ("p5.48xlarge", "H100", 8, H20, "capacity_block"),
    ),
    (
        dict(AZURE, x_SkuDetails='{"ServiceType":"Standard_ND96isr_H100_v5","VMName":"a"}'),
        ("Standard_ND96isr_H100_v5", "H100", 8, H20, "on_demand"),
    ),
    (
        dict(AZURE, x_SkuMeterName="ND96isr H100 v5 Low Priority"),
        ("Standard_ND96isr_H100_v5", "H100", 8, H20, "spot"),
    ),
    (dict(AZURE, x_SkuMeterName="Standard Data Transfer Out"), (None, None, None, None, None)),
    (
        dict(
            GOOGLE, x_MachineType="a3-highgpu-8g", SkuMeter="Nvidia H100 80GB GPU running in Iowa"
        ),
        ("a3-highgpu-8g", "H100", 8, Decimal("2.5"), "on_demand"),
    ),
    (
        dict(GOOGLE, x_MachineType="a3-highgpu-8g", SkuMeter="A3 Instance Core running in Iowa"),
        ("a3-highgpu-8g", "H100", 8, None, "on_demand"),
    ),
    (
        dict(GOOGLE, SkuMeter="TpuV5e running in Iowa", PricingCategory="Dynamic"),
        (None, "TPU-v5e", 1, Decimal("2.5"), "spot"),
    ),
    (
        dict(USED, ServiceProviderName="Own", x_AcceleratorModel="B200", x_AcceleratorCount=4),
        (None, "B200", 4, Decimal(10), "on_demand"),
    ),
]


def test_a_line_tells_its_machine_in_many_ways(known: Stager) -> None:
    """2.5 hours of a machine of eight are 20; a fee on top of it, or a reservation, counts none."""
    every = dict.fromkeys(name for line, _ in WAYS for name in line)

    rows = written(known.table([every | dict(line) for line, _ in WAYS]))

    for row, (line, wanted) in zip(rows, WAYS, strict=True):
        assert _gpu(row) == wanted, line


HOURS: list[tuple[Mapping[str, object], str | None]] = [
    ({"ConsumedQuantity": "9000", "ConsumedUnit": "seconds"}, "20"),
    ({"ConsumedQuantity": "1", "ConsumedUnit": "Second"}, "0.002222222222"),
    ({"ConsumedQuantity": "90", "ConsumedUnit": "Minutes"}, "12"),
    ({"ConsumedQuantity": "0.025", "ConsumedUnit": "100 Hours"}, "20"),
    ({"ConsumedQuantity": "2.5", "ConsumedUnit": "Hrs"}, "20"),
    ({"ConsumedQuantity": "2.5", "ConsumedUnit": "GPU-Hours"}, "2.5"),
    ({"ConsumedQuantity": "2.5", "ConsumedUnit": "GB"}, "8"),
    ({"ConsumedQuantity": None}, "8"),
    ({"ConsumedQuantity": "-1"}, "-8"),
    ({"ConsumedQuantity": None, "PricingUnit": "10 Hours"}, "80"),
    ({"ConsumedQuantity": None, "PricingUnit": "accelerator-hour"}, "1"),
    ({"ConsumedQuantity": None, "PricingUnit": "Units"}, None),
    ({"ConsumedQuantity": "1000000000000"}, None),
    ({"ChargeCategory": "Purchase"}, None),
    ({"ChargeCategory": "Credit"}, None),
    ({"CommitmentDiscountStatus": "Unused"}, None),
    ({"CapacityReservationStatus": "Unused"}, "20"),
]


def test_hours_are_those_of_the_unit(known: Stager) -> None:
    """The consumed quantity counts, else one priced hour: 8; what never ran counts nothing."""
    line = dict(USED, x_MachineType="p5.48xlarge", CommitmentDiscountStatus=None)
    line["CapacityReservationStatus"] = None

    rows = written(known.table([line | dict(change) for change, _ in HOURS]))

    for row, (change, hours) in zip(rows, HOURS, strict=True):
        assert row["x_AcceleratorHours"] == (None if hours is None else Decimal(hours)), change


def test_a_machine_that_must_have_accelerators_is_told(known: Stager) -> None:
    """Two lines of p6.96xlarge and one of an ND size are kept without a model; m7i is none."""
    types = ["p6.96xlarge", "p6.96xlarge", "m7i.large"]
    lines = [dict(USED, x_MachineType=name) for name in types]
    staged = known.table([*lines, dict(AZURE, x_MachineType="Standard_ND128_X_v9")])

    told = [one for one in staged.findings if one.column == "x_MachineType"]
    assert told == [
        Finding("machine type Standard_ND128_X_v9 is not in the reference", "x_MachineType", 1),
        Finding("machine type p6.96xlarge is not in the reference", "x_MachineType", 2),
    ]
    assert [row["x_AcceleratorModel"] for row in written(staged)] == [None] * 4


def test_every_line_is_there_once(known: Stager) -> None:
    """A machine that two rows of the reference know is joined once; money is untouched."""
    known.references = {"machine_type": pa.concat_tables([REFERENCES["machine_type"]] * 2)}

    staged = known.table([dict(USED, x_MachineType="P5.48XLARGE"), USED])

    first, second = written(staged)
    assert (staged.rows, first["x_MachineType"], second["x_MachineType"]) == (
        2,
        "p5.48xlarge",
        None,
    )
    assert (first["BilledCost"], first["x_AcceleratorHours"]) == (Decimal("1.5"), 20)
